"""The sweep command: worker processes, resuming, interruption, and a cluster."""

from __future__ import annotations

import asyncio
import csv
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from PySide6.QtGui import QImage

from sandbox import cli
from sandbox.experiment.results.sweep import Result, run_cell

# Use the tests' application: one made for pictures would keep their scale factor for all later tests.
pytestmark = pytest.mark.usefixtures("qapp")

ROOT = Path(__file__).parents[1]
SMALL = """
[data]
samples = 40
[network]
hidden = [3]
[run]
epochs = 5
"""
GRID = ("--set", "optimizer.learning_rate=0.1,1", "--set", "loss.objective=mse,mae,focal")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.toml").write_text(SMALL)
    return tmp_path


def run_sweep(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = cli.main(["sweep", *arguments])
    return code, *capsys.readouterr()


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def cell_times(path: Path) -> dict[str, float]:
    return {cell.name: cell.stat().st_mtime_ns for cell in path.glob("*.json")}


def test_a_sweep_writes_its_table_and_picture_and_resumes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run_sweep(capsys, "x.toml", *GRID, "--replicas", "2", "--workers", "2")
    assert code == 0, err
    assert "6/6" in err  # the progress bar
    table = rows(folder / "x-sweep" / "sweep.csv")
    assert [(row["optimizer.learning_rate"], row["loss.objective"]) for row in table] == [
        (rate, loss) for rate in ("0.1", "1") for loss in ("mse", "mae", "focal")
    ]
    assert all(row["seeds"] == "2" and row["epochs"] == "5" for row in table)
    assert len(out.splitlines()) == 8 and out.splitlines()[-1] == "In x-sweep: sweep.csv, heatmap.png, cells"
    picture = QImage(str(folder / "x-sweep" / "heatmap.png"))
    assert picture.width() > 400 and picture.height() > 200
    first = cell_times(folder / "x-sweep" / "cells")
    next(iter((folder / "x-sweep" / "cells").glob("*.json"))).unlink()
    code, out, _ = run_sweep(capsys, "x.toml", *GRID, "--replicas", "2", "--no-pictures")
    assert code == 0 and out.startswith("5 of 6 cells were already done.")
    assert out.splitlines()[-1] == "In x-sweep: sweep.csv, cells"
    again = cell_times(folder / "x-sweep" / "cells")
    assert again.keys() == first.keys() and sum(again[name] == first[name] for name in first) == 5
    assert [row["train_cost"] for row in rows(folder / "x-sweep" / "sweep.csv")] == [row["train_cost"] for row in table]


def test_a_diverging_cell_is_reported_and_others_finish(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "x.toml").write_text(
        SMALL.replace("epochs = 5", "epochs = 300").replace("[run]", 'output="linear"\n[run]')
    )
    grid = ("--set", "optimizer.learning_rate=0.01,1e6", "--set", "loss.objective=mse")
    code, out, err = run_sweep(capsys, "x.toml", *grid, "--replicas", "2", "--workers", "1", "--out", "wild")
    assert code == 1
    assert "cell 1 (optimizer.learning_rate=1e6, loss.objective=mse): 2 of 2 seeds stopped: overflow" in err
    stable, diverged = rows(folder / "wild" / "sweep.csv")
    assert float(stable["train_cost"]) > 0.0 and stable["stopped"] == "0"
    assert diverged["train_cost"] == "" and diverged["stopped"] == "2" and "overflow" in diverged["error"]
    assert "2 stopped" in out and (folder / "wild" / "heatmap.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x.toml",), "nothing to sweep over"),
        (("x.toml", "--set", "loss.objectiv=mse"), "loss.objective"),
        (("x.toml", "--set", "loss.objective=msee"), "mse"),
        (("x.toml", *GRID, "--column", "test_acuracy"), "test_accuracy"),
        (("x.toml", *GRID, "--replicas", "65"), "from 1 to 64"),
        (("x.toml", *GRID, "--workers", "0"), "from 1 to 1,024"),
        (("gone.toml", *GRID), "gone.toml"),
        (("x.toml", *GRID, "--out", "x.toml"), "a folder to write into is needed"),
    ],
)
def test_bad_input_is_one_message_and_nothing_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    code, out, err = run_sweep(capsys, *arguments)
    assert (code, out) == (2, "") and message in err and err.count("\n") == 1
    assert [path.name for path in folder.iterdir()] == ["x.toml"]


def test_another_column_can_be_chosen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--set", "optimizer.learning_rate=0.1,1", "--workers", "1", "--quiet", "--no-pictures", "--out", "o")
    assert run_sweep(capsys, "x.toml", *options, "--column", "test_cost") == (0, "", "")
    code, _, err = run_sweep(capsys, "x.toml", *options, "--column", "test_mae")
    assert code == 0 and "no cell has test_mae" in err


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C is sent differently on Windows")
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_keeps_the_finished_cells(folder: Path, times: int) -> None:
    (folder / "x.toml").write_text(SMALL.replace("epochs = 5", "epochs = 3000"))
    rates = ",".join(f"0.{k:03d}" for k in range(1, 200))
    command = [sys.executable, "-m", "sandbox", "sweep", "x.toml", "--set", f"optimizer.learning_rate={rates}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [*command, "--workers", "2", "--no-pictures"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=environment, start_new_session=True,
    )  # fmt: skip
    cells = folder / "x-sweep" / "cells"
    end = time.monotonic() + 60
    while len(cell_times(cells)) < 3 and time.monotonic() < end:
        time.sleep(0.05)
    for _ in range(times):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.02)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    done = cell_times(cells)
    assert 3 <= len(done) < 199
    assert "Traceback" not in err
    for name in done:
        assert json.loads((cells / name).read_text())["epochs"] == 3000
    if times == 1:
        assert f"{len(done)} of 199 cells are done; run the same command again to continue" in err
        assert len(rows(folder / "x-sweep" / "sweep.csv")) == len(done)


@pytest.mark.skipif(find_spec("distributed") is None, reason="Dask's distributed is an extra")
def test_a_sweep_runs_on_a_cluster(folder: Path) -> None:
    """In a separate process: a cluster leaves threads behind."""
    code = """
from distributed import LocalCluster
from sandbox import cli
if __name__ == "__main__":
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        arguments = ["x.toml", "--set", "optimizer.learning_rate=0.1,1", "--scheduler", cluster.scheduler_address]
        raise SystemExit(cli.main(["sweep", *arguments, "--no-pictures", "--quiet", "--replicas", "2"]))
"""
    (folder / "cluster.py").write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    child = subprocess.run(
        [sys.executable, "cluster.py"], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert child.returncode == 0, child.stderr
    cluster_rows = rows(folder / "x-sweep" / "sweep.csv")
    assert cli.main(["sweep", "x.toml", "--set", "optimizer.learning_rate=0.1,1", "--replicas", "2", "--quiet",
                     "--no-pictures", "--workers", "1", "--out", "here"]) == 0  # fmt: skip
    local_rows = rows(folder / "here" / "sweep.csv")
    assert [row["train_cost"] for row in cluster_rows] == [row["train_cost"] for row in local_rows]


class FakeDask(ModuleType):
    """Dask's distributed, as far as a sweep uses it: a scheduler that answers as it is told."""

    def __init__(self, answer: Callable[[], Awaitable[dict[str, Any]]], executor: Executor | None = None) -> None:
        super().__init__("distributed")
        self.answer, self.executor = answer, executor
        self.asked: list[str] = []

    def Security(self) -> Any:
        return SimpleNamespace(get_connection_args=lambda role: {"role": role})

    @asynccontextmanager
    async def rpc(self, address: str, connection_args: Any, timeout: float) -> AsyncIterator[Any]:
        assert connection_args == {"role": "client"}
        self.asked.append(address)
        yield SimpleNamespace(identity=self.answer)

    def Client(self, address: str, timeout: float, set_as_default: bool) -> Any:
        assert address == self.asked[-1] and not set_as_default
        return SimpleNamespace(get_executor=lambda pure: self.executor, close=lambda timeout: None)


async def never() -> dict[str, Any]:
    await asyncio.Event().wait()
    return {}


async def without_certificates() -> dict[str, Any]:
    raise TypeError("TLS expects a `ssl_context` argument of type ssl.SSLContext. Instead got None")


async def closed() -> dict[str, Any]:
    raise OSError("Timed out trying to connect")


async def without_workers() -> dict[str, Any]:
    return {"workers": {}}


async def with_a_worker() -> dict[str, Any]:
    return {"workers": {"tcp://127.0.0.1:2": {}}}


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (never, 'no Dask scheduler can be reached at "tls://host:1" (no answer within 0.05 seconds).'),
        (
            without_certificates,
            '"tls://host:1" needs certificates, and Dask\'s configuration names none: set ',
        ),
        (closed, 'no Dask scheduler can be reached at "tls://host:1" (Timed out trying to connect).'),
        (without_workers, 'the Dask scheduler at "tls://host:1" has no workers; start some first.'),
    ],
)
def test_a_scheduler_that_cannot_be_used_is_told_in_a_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, answer: Any, sentence: str
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", FakeDask(answer))
    monkeypatch.setattr("sandbox.cli.sweep._ANSWER", 0.05)
    code, _, err = run_sweep(capsys, "x.toml", *GRID, "--scheduler", "tls://host:1", "--quiet", "--no-pictures")
    assert code == 2 and err.count("\n") == 1 and f"--scheduler: {sentence}" in err


def test_a_scheduler_that_is_lost_is_told_in_a_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lost(Executor):
        """Does the first two cells; the others are cancelled, as Dask does when it loses its scheduler."""

        done = 0

        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            self.done += 1
            if self.done <= 2:
                future.set_result(fn(*args))
            else:
                future.cancel()
                future.set_running_or_notify_cancel()
            return future

    monkeypatch.setitem(sys.modules, "distributed", FakeDask(with_a_worker, Lost()))
    noise = logging.getLogger("distributed.client")
    noise.setLevel(logging.WARNING)
    arguments = ("x.toml", *GRID, "--scheduler", "tcp://host:1", "--quiet", "--no-pictures")
    code, _, err = run_sweep(capsys, *arguments)
    assert code == 2 and err.count("\n") == 1 and "was lost. The cells that are done are kept" in err
    assert len(cell_times(folder / "x-sweep" / "cells")) == 2
    assert not noise.isEnabledFor(logging.ERROR)


def test_the_help_says_whom_a_scheduler_trusts(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sweep", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "neither encrypted nor authenticated: whoever reaches the scheduler's port can run code" in text


def deadly_cell(text: str, folder: str | None, digest: str) -> Result:
    """Run a cell in a process that dies of those with the focal loss."""
    if "focal" in text:
        os._exit(1)
    return run_cell(text, folder, digest)


def test_a_process_that_dies_takes_no_other_cell_with_it(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.experiment.results.sweep.run_cell", deadly_cell)
    arguments = ("--set", "loss.objective=mse,focal,mae,huber", "--workers", "1", "--quiet", "--no-pictures")
    code, _, err = run_sweep(capsys, "x.toml", *arguments)
    assert code == 1
    assert err.splitlines() == [
        "loss-sandbox: a process that ran cells has died, perhaps because memory ran out; its cells are run again.",
        "loss-sandbox: cell 1 (loss.objective=focal): the process that ran it died, twice",
    ]
    table = {row["loss.objective"]: row["error"] for row in rows(folder / "x-sweep" / "sweep.csv")}
    assert [name for name, error in table.items() if error] == ["focal"] and len(table) == 4


def test_without_the_extra_a_scheduler_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, _, err = run_sweep(capsys, "x.toml", *GRID, "--scheduler", "tcp://127.0.0.1:1", "--quiet")
    assert code == 2 and "loss-sandbox[dask]" in err
