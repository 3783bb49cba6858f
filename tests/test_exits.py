"""Whatever ends the commands: what is done is written, in whole files, and no process is left behind."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from sandbox import cli, files
from sandbox.errors import InputError
from sandbox.files import check_can_write, draft_path, remove_old_drafts, write_somewhere, write_together
from sandbox.signals import noted_signals
from tests.processes import SIGNALS, Program, heed_signals

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")

LONG = """
[data]
samples = 40
[network]
hidden = [3]
[run]
epochs = 9000000
"""
SHORT = LONG.replace("9000000", "3")
NAMES = {number: "Ctrl+C" if number == signal.SIGINT else number.name for number in SIGNALS}


@pytest.fixture(autouse=True)
def foreground() -> None:
    heed_signals()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.toml").write_text(SHORT)
    return tmp_path


def in_folders(folder: Path, text: str) -> list[Path]:
    """Make a folder with an experiment for each signal."""
    for number in SIGNALS:
        (folder / number.name).mkdir()
        (folder / number.name / "x.toml").write_text(text)
    return [folder / number.name for number in SIGNALS]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


# Signals


def test_every_signal_ends_a_run_and_what_is_trained_is_written(tmp_path: Path) -> None:
    command = ("run", "x.toml", "--no-pictures", "--every", "1000")
    with ExitStack() as stack:
        programs = [stack.enter_context(Program(*command, folder=path)) for path in in_folders(tmp_path, LONG)]
        for program, number in zip(programs, SIGNALS, strict=True):
            program.wait_for("cost")
            program.send(number)
            code, output = program.end()
            said = program.errors
            assert code == 1 and "Traceback" not in said
            assert said.splitlines()[-1].startswith(f"loss-sandbox: ended by {NAMES[number]} after epoch ")
            epoch = int(said.split("after epoch ")[1].split(" ")[0].replace(",", ""))
            out = program.errors_file.parent / "x"
            assert int(rows(out / "history.csv")[-1]["epoch"]) == epoch > 0
            assert sorted(os.listdir(out)) == ["history.csv", "weights-A.npz"]
            assert "In x: history.csv, weights-A.npz" in output
            assert program.is_gone()


def test_every_signal_ends_a_sweep_and_the_cells_that_are_done_are_kept(tmp_path: Path) -> None:
    text = LONG.replace("9000000", "3000")
    rates = ",".join(f"0.{k:03d}" for k in range(1, 100))
    command = ("sweep", "x.toml", "--set", f"optimizer.learning_rate={rates}", "--workers", "1", "--no-pictures")
    with ExitStack() as stack:
        programs = [stack.enter_context(Program(*command, folder=path)) for path in in_folders(tmp_path, text)]
        for program, number in zip(programs, SIGNALS, strict=True):
            program.wait_for(" 1/99")
            program.send(number, everyone=number != signal.SIGTERM)  # as a terminal does
        for program, number in zip(programs, SIGNALS, strict=True):
            code, _ = program.end()
            said = program.errors
            assert code == 1 and "Traceback" not in said and "Warning" not in said
            assert f"loss-sandbox: ended by {NAMES[number]}; " in said
            assert program.is_gone()
            out = program.errors_file.parent / "x-sweep"
            done = list((out / "cells").iterdir())
            assert len(rows(out / "sweep.csv")) == len(done) and 1 <= len(done) < 99
            assert all(json.loads(cell.read_text())["epochs"] == 3000 for cell in done)
            assert sorted(os.listdir(out)) == ["cells", "sweep.csv"]


def test_no_worker_outlives_a_sweep_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(LONG)  # cells that would train for hours
    grid = ("--set", "optimizer.learning_rate=0.1,1", "--set", "run.epochs=0,9000000")
    with Program("sweep", "x.toml", *grid, "--workers", "2", folder=tmp_path) as program:
        program.wait_for(" 1/4")
        program.send(signal.SIGKILL)
        assert program.end()[0] == -signal.SIGKILL
        assert program.is_gone()


def test_ctrl_c_while_importing_ends_without_a_word(tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text(
        "import sys, time\nprint('importing', file=sys.stderr, flush=True)\ntime.sleep(99)"
    )
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[1])])
    with Program("list", folder=tmp_path, PYTHONPATH=path) as program:
        program.wait_for("importing\n")
        program.send(signal.SIGINT)
        assert program.end() == (-signal.SIGINT, "") and program.errors == "importing\n"


def test_nohup_is_heeded_and_a_terminal_that_vanishes_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(LONG)
    command = ("run", "x.toml", "--every", "1000", "--no-pictures", "--out")
    with Program(*command, "nohup", folder=tmp_path, ignoring=signal.SIGHUP) as program:
        program.wait_for("cost")
        program.send(signal.SIGHUP)
        program.send(signal.SIGTERM)
        assert program.end()[0] == 1 and "ended by SIGTERM after" in program.errors
    terminal = f"""
import os, pty, sys, termios
child, master = pty.fork()
if child == 0:
    os.execv(sys.executable, [sys.executable, "-m", "sandbox", *{command!r}, "lost"])
termios.tcsetwinsize(master, (24, 200))
text = b""
while b"cost" not in text:
    text += os.read(master, 100)
os.close(master)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    with Program("-c", terminal, folder=tmp_path) as program:
        assert program.end() == (0, "1\n")
    for out in ("nohup", "lost"):
        assert int(rows(tmp_path / out / "history.csv")[-1]["epoch"]) > 0


def test_a_second_request_counts_only_if_it_is_not_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """timeout(1) and a closing terminal send TERM or HUP twice at once; a person presses Ctrl+C again."""
    now = [0.0]
    monkeypatch.setattr("sandbox.signals.monotonic", lambda: now[0])
    again: list[int] = []
    before = [signal.getsignal(number) for number in SIGNALS]
    with noted_signals(again.append) as noted:
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGHUP):
            signal.raise_signal(number)
        assert (noted, again) == ([signal.SIGTERM], [])
        signal.raise_signal(signal.SIGINT)
        now[0] = 1.5
        signal.raise_signal(signal.SIGHUP)
        assert (noted, again) == ([signal.SIGTERM], [signal.SIGINT, signal.SIGHUP])
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_a_second_ctrl_c_ends_the_window_at_once(tmp_path: Path) -> None:
    code = """
import sys, time
from sandbox.signals import end_at_once, noted_signals
with noted_signals(end_at_once) as noted:
    print("waiting", file=sys.stderr, flush=True)
    while not noted:
        time.sleep(0.001)
    print("noted", file=sys.stderr, flush=True)
    time.sleep(99)
"""
    with Program("-c", code, folder=tmp_path) as program:
        program.wait_for("waiting")
        program.send(signal.SIGINT)
        program.wait_for("noted")
        program.send(signal.SIGINT)
        assert program.end() == (-signal.SIGINT, "") and program.errors == "waiting\nnoted\n"


# Where results go


def train(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    code = cli.main([*arguments, "--no-pictures", "--quiet"])
    return code, capsys.readouterr().err


def test_a_folder_that_vanishes_is_made_again(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    train_all = cli.run._train  # type: ignore[attr-defined]

    def train_and_lose(*arguments: object) -> bool:
        interrupted = bool(train_all(*arguments))
        shutil.rmtree(folder / "x")
        return interrupted

    (folder / "x").mkdir()
    monkeypatch.setattr("sandbox.cli.run._train", train_and_lose)
    assert train(capsys, "run", "x.toml") == (
        0,
        "loss-sandbox: x: this folder has vanished meanwhile; it is made again.\n",
    )
    assert sorted(os.listdir(folder / "x")) == ["history.csv", "weights-A.npz"]


@pytest.mark.parametrize("obstacle", ["a target is a folder", "the folder is a file", "nothing beside it either"])
def test_results_are_written_beside_a_folder_that_cannot_be_used(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, obstacle: str
) -> None:
    train_all = cli.run._train  # type: ignore[attr-defined]
    (folder / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder / "tmp"))

    def train_and_obstruct(*arguments: object) -> bool:
        if obstacle == "a target is a folder":
            (folder / "out" / "x" / "weights-A.npz").mkdir(parents=True)
            (folder / "out" / "x" / "history.csv").write_text("old")
        else:
            (folder / "out").mkdir()
            (folder / "out" / "x").write_text("mine")
        if obstacle == "nothing beside it either":
            mkdir = Path.mkdir

            def refuse(path: Path, *rest: object, **more: object) -> None:
                if path.is_relative_to(folder / "out"):
                    raise PermissionError(13, "Permission denied")
                mkdir(path, *rest, **more)  # type: ignore[arg-type]

            monkeypatch.setattr(Path, "mkdir", refuse)
        return bool(train_all(*arguments))

    monkeypatch.setattr("sandbox.cli.run._train", train_and_obstruct)
    code, said = train(capsys, "run", "x.toml", "--out", "out/x")
    place = folder / "tmp" / "x-2" if obstacle.startswith("nothing") else folder / "out" / "x-2"
    why = "weights-A.npz: this is a folder" if obstacle == "a target is a folder" else "this is a file"
    assert (
        code == 1 and why in said and said.endswith(f"The results are in {place} instead.\n") and said.count("\n") == 1
    )
    assert sorted(os.listdir(place)) == ["history.csv", "weights-A.npz"]
    if obstacle == "a target is a folder":
        assert (folder / "out" / "x" / "history.csv").read_text() == "old"
        assert sorted(os.listdir(folder / "out" / "x")) == ["history.csv", "weights-A.npz"]


def test_a_sweep_saves_its_cells_again_if_their_folder_has_vanished(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sandbox.cli import sweep as module

    run_cells = module._run_cells

    def run_and_lose(*arguments: object) -> bool:
        interrupted = run_cells(*arguments)  # type: ignore[arg-type]
        shutil.rmtree(folder / "x-sweep")
        return interrupted

    (folder / "x-sweep").mkdir()
    monkeypatch.setattr(module, "_run_cells", run_and_lose)
    grid = ("sweep", "x.toml", "--set", "loss.objective=mse,mae", "--workers", "1")
    code, said = train(capsys, *grid)
    assert code == 0 and said == "loss-sandbox: x-sweep: this folder has vanished meanwhile; it is made again.\n"
    assert len(list((folder / "x-sweep" / "cells").iterdir())) == len(rows(folder / "x-sweep" / "sweep.csv")) == 2
    shutil.rmtree(folder / "x-sweep" / "cells")
    (folder / "x-sweep" / "cells").write_text("")
    monkeypatch.setattr(module, "_run_cells", run_cells)
    code, said = train(capsys, *grid)
    assert code == 1 and "not every cell could be saved" in said and said.count("\n") == 1
    assert len(rows(folder / "x-sweep" / "sweep.csv")) == 2


def test_looking_whether_a_folder_can_be_used_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "last").write_text("old")
    check_can_write(tmp_path, ["last", "a"])
    check_can_write(tmp_path / "new" / "deep", ["last", "a"])
    assert os.listdir(tmp_path) == ["last"] and (tmp_path / "last").read_text() == "old"
    (tmp_path / "a").mkdir()
    with pytest.raises(InputError, match="a: this is a folder"):
        check_can_write(tmp_path, ["last", "a"])


def test_a_mixture_of_old_and_new_never_looks_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["last", "a", "b"]
    for name in names:
        (tmp_path / name).write_text("old")
    replace, seen = os.replace, []

    def watch(source: Path, target: Path) -> None:
        replace(source, target)
        seen.append({name: (tmp_path / name).read_text() for name in names if (tmp_path / name).exists()})

    monkeypatch.setattr(files.os, "replace", watch)
    with write_together(tmp_path, names) as draft:
        for name in names:
            (draft / name).write_text("new")
    assert all("last" not in state for state in seen[:-1]) and len(seen) >= 4
    assert seen[-1] == dict.fromkeys(names, "new")
    assert sorted(os.listdir(tmp_path)) == sorted(names)


def test_what_cannot_be_moved_leaves_the_folder_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["last", "a", "b"]
    for name in ("last", "a"):
        (tmp_path / name).write_text("old")
    replace = os.replace

    def fail(source: Path, target: Path) -> None:
        if Path(target) == tmp_path / "b":
            raise OSError(5, "Input/output error")
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(InputError, match="input/output error"), write_together(tmp_path, names) as draft:
        for name in names:
            (draft / name).write_text("new")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"last": "old", "a": "old"}


def test_nothing_is_lost_if_it_can_be_written_nowhere_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    tried = []

    def fill(draft: Path) -> None:
        tried.append(draft.parent.name)
        raise OSError(28, "No space left on device")

    with pytest.raises(InputError, match=r"x: the results could not be written: no space left"):
        write_somewhere(tmp_path / "x", ["last"], fill)
    assert tried == ["x", "x-2", "x-2"]
    assert os.listdir(tmp_path) == []


def test_drafts_of_the_dead_are_removed_and_those_of_the_living_stay(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    out = folder / "x"
    out.mkdir()
    living = [draft_path(out), draft_path(out, ".tmp")]
    monkeypatch.setattr(os, "getpid", lambda: dead.pid)
    left = [draft_path(out), draft_path(out, ".tmp")]
    monkeypatch.undo()
    os.chdir(folder)
    monkeypatch.setattr(files, "_host", lambda: "0123abcd")
    living.append(draft_path(out))  # of another machine: who knows
    monkeypatch.undo()
    os.chdir(folder)
    other = out / ".loss-sandbox-notes"
    for path in (living[0], left[0], living[2]):
        path.mkdir()
        (path / "history.csv").write_text("half")
    for path in (living[1], left[1], other):
        path.write_text("half")
    assert train(capsys, "run", "x.toml") == (0, "")
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in (*living, other))
    remove_old_drafts(folder / "nowhere")  # nothing there, nothing to say
