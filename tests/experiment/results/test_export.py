"""The files of a run: the same numbers as in memory, complete or not at all."""

from __future__ import annotations

import csv
import math
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sandbox.errors import InputError
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.results.export import history_columns, result_names, write_history, write_results
from sandbox.experiment.training.history import History
from sandbox.files import write_together

TWO_LANES = """
[data]
samples = 50
[network]
hidden = [3]
[loss]
monitors = ["mse"]
[optimizer]
batch_size = 8
l2 = 0.01
[[lanes]]
name = "A"
[[lanes]]
name = "other one"
loss.objective = "hinge"
loss.monitors = ["binary_accuracy"]
[[edits]]
update = 23
lane = "A"
loss.monitors = ["huber"]
optimizer.learning_rate = 0.1
"""


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def history(*rows: tuple[int, int, dict[str, float]]) -> History:
    result = History()
    for epoch, update, values in rows:
        result.append(epoch, update, tuple(values), list(values.values()))
    return result


def test_the_columns_are_the_union_over_lanes_and_time(tmp_path: Path) -> None:
    trainer = Trainer(Experiment.loads(TWO_LANES))
    trainer.run(6)
    write_results(trainer, tmp_path)
    header = (tmp_path / "history.csv").read_text().splitlines()[0]
    assert header == (
        "lane,epoch,update,train_cost,train_penalty,train_binary_cross_entropy,test_binary_cross_entropy,"
        "train_mse,test_mse,train_huber,test_huber,train_hinge,test_hinge,train_accuracy,test_accuracy,"
        "train_binary_accuracy,test_binary_accuracy"
    )


def test_a_row_per_lane_and_epoch_in_order(tmp_path: Path) -> None:
    trainer = Trainer(Experiment.loads(TWO_LANES))
    trainer.run(4)
    write_results(trainer, tmp_path)
    rows = read(tmp_path / "history.csv")
    per_epoch = math.ceil(35 / 8)
    expected = [(lane, k, k * per_epoch) for k in range(5) for lane in ("A", "other one")]
    assert [(row["lane"], int(row["epoch"]), int(row["update"])) for row in rows] == expected


def test_numbers_read_back_exactly_and_cells_that_do_not_apply_are_empty(
    tmp_path: Path,
) -> None:
    trainer = Trainer(Experiment.loads(TWO_LANES))
    trainer.run(6)
    write_results(trainer, tmp_path)
    written = read(tmp_path / "history.csv")
    for lane in trainer.lanes:
        lane_rows = [row for row in written if row["lane"] == lane.name]
        recorded = list(lane.history.rows())
        assert len(lane_rows) == len(recorded)
        for cells, row in zip(lane_rows, recorded, strict=True):
            values = {column: float(cell) for column, cell in list(cells.items())[3:] if cell}
            assert values == {name: value for name, value in row.values.items() if name != "test_cost"}
    assert {row["epoch"] for row in written if row["lane"] == "A" and row["train_huber"]} == {"5", "6"}


def test_the_cost_is_the_objective_plus_the_penalty(tmp_path: Path) -> None:
    trainer = Trainer(Experiment.loads(TWO_LANES))
    trainer.run(2)
    write_results(trainer, tmp_path)
    for row in read(tmp_path / "history.csv"):
        objective = row["train_hinge"] if row["lane"] == "other one" else row["train_binary_cross_entropy"]
        assert float(row["train_penalty"]) > 0.0
        assert float(row["train_cost"]) == pytest.approx(float(objective) + float(row["train_penalty"]), rel=1e-14)


def test_without_a_test_part_its_columns_are_empty(tmp_path: Path) -> None:
    trainer = Trainer(Experiment.loads("[data]\ntest_fraction = 0.0\nsamples = 20"))
    trainer.run(1)
    write_results(trainer, tmp_path)
    rows = read(tmp_path / "history.csv")
    assert [row["test_accuracy"] + row["test_binary_cross_entropy"] for row in rows] == ["", ""]


def test_numbers_that_are_not_finite_are_named(tmp_path: Path) -> None:
    values = {"train_cost": math.inf, "train_penalty": 0.0, "train_mse": math.nan}
    write_history(tmp_path / "h.csv", {"A": history((0, 0, values))})
    assert (tmp_path / "h.csv").read_text().splitlines()[1] == "A,0,0,inf,0.0,nan,"


def test_losses_come_before_metrics() -> None:
    one = {"train_cost": 0.0, "train_penalty": 0.0, "train_mse": 0.0, "train_r2": 0.0}
    other = {"train_cost": 0.0, "train_penalty": 0.0, "train_mae": 0.0, "train_r2": 0.0, "test_cost": 0.0}
    columns = history_columns([history((0, 0, one)), history((0, 0, other))])
    assert columns[5:] == ("train_mse", "test_mse", "train_mae", "test_mae", "train_r2", "test_r2")


def test_a_long_history_is_written_with_little_memory(tmp_path: Path) -> None:
    names, count = ("train_cost", "train_penalty", "train_mse"), 24_000
    long = History()
    for k in range(count):
        long.append(k, 2 * k, names, (k / 7, 0.0, k / 3))
    tracemalloc.start()
    try:
        write_history(tmp_path / "h.csv", {"A": long})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000  # all rows at once would take several times as much
    with (tmp_path / "h.csv").open() as file:
        lines = file.read().splitlines()
    assert len(lines) == count + 1
    for k in (0, 1, 4095, 4096, 9_000, count - 1):
        assert lines[k + 1] == f"A,{k},{2 * k},{k / 7!r},0.0,{k / 3!r},"


def steps(trainer: Trainer) -> None:
    while trainer.epoch < 6:
        trainer.step()


def bursts(trainer: Trainer) -> None:
    while trainer.epoch < 6:
        trainer.advance(lambda: trainer.epoch < 6, most=7)


def observed(trainer: Trainer) -> None:
    for _ in range(6):
        trainer.step()
        trainer.snapshot()
        trainer.step_epoch()


@pytest.mark.parametrize(
    "train",
    [lambda t: (t.run(3), t.run(3)), lambda t: [t.step_epoch() for _ in range(6)], steps, bursts, observed],
    ids=["in two", "by epochs", "by updates", "in bursts", "observed"],
)
def test_the_files_are_the_same_however_it_was_trained(tmp_path: Path, train: Callable[[Trainer], object]) -> None:
    for name, how in (("whole", lambda t: t.run(6)), ("other", train)):
        trainer = Trainer(Experiment.loads(TWO_LANES))
        how(trainer)
        (tmp_path / name).mkdir()
        write_results(trainer, tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "whole").iterdir())
    assert files == ["history.csv", "weights-A.npz", "weights-other one.npz"]
    for name in files:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "other" / name).read_bytes(), name


def test_saved_weights_can_start_another_run(tmp_path: Path) -> None:
    trainer = Trainer(Experiment.loads(TWO_LANES))
    trainer.run(2)
    write_results(trainer, tmp_path)
    again = Experiment.loads('[network]\nhidden = [3]\nweights = "weights-other one.npz"', folder=tmp_path)
    for name, values in Trainer(again).parameters().items():
        np.testing.assert_array_equal(values, trainer.parameters("other one")[name])


def test_files_are_written_together_and_others_stay(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with write_together(folder, ["one", "two"]) as draft:
        (draft / "one").write_text("1")
        assert not (folder / "one").exists()
        (draft / "two").write_text("2")
    (folder / "other").write_text("kept")
    with write_together(folder, ["one"]) as draft:
        (draft / "one").write_text("new")
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "one": "new",
        "two": "2",
        "other": "kept",
    }


def test_nothing_is_written_if_anything_fails(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "one").write_text("old")
    for folder in (tmp_path / "old", tmp_path / "new" / "deeper"):
        with pytest.raises(KeyboardInterrupt), write_together(folder, ["one"]) as draft:
            (draft / "one").write_text("half")
            raise KeyboardInterrupt
    assert [path.name for path in tmp_path.rglob("*")] == ["old", "one"]
    assert (tmp_path / "old" / "one").read_text() == "old"


def test_a_full_disk_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no space left"), write_together(tmp_path / "new", ["one"]):
        raise OSError(28, "No space left on device")
    assert not (tmp_path / "new").exists()


def test_an_obstacle_is_reported_before_anything_is_done(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "history.csv").mkdir()
    for folder in (tmp_path / "file", tmp_path / "file" / "below", tmp_path):
        with pytest.raises(InputError, match=folder.name), write_together(folder, result_names({"A": [7]})):
            pytest.fail("it started")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "history.csv"]
