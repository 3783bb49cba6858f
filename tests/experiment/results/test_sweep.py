"""Sweeps: the grid, its cells against single runs, resuming, and failures."""

from __future__ import annotations

import csv
import dataclasses
import math
import statistics
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sandbox.errors import InputError
from sandbox.experiment import Edit, Experiment, Trainer
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.results.sweep import (
    Axis,
    LaneResult,
    Sweep,
    axis,
    cells,
    columns,
    default_column,
    incomparable,
    read_axis,
    redundancy_note,
    redundant_lanes,
    run_cell,
    write_table,
)


class InlineExecutor(Executor):
    """Does the work at once, in this thread, and remembers the digests of the cells."""

    def __init__(self) -> None:
        self.digests: list[str] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.digests.append(args[-1])
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def make_experiment(**changes: Any) -> Experiment:
    values = {"data.samples": 40, "network.hidden": (3,), "run.epochs": 5, "optimizer.batch_size": 7}
    return Experiment().with_values(values | {key.replace("__", "."): value for key, value in changes.items()})


RATES, LOSSES_ = axis("optimizer.learning_rate", (0.1, 1.0)), axis("loss.objective", ("mse", "hinge", "focal"))


# The grid


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("optimizer.learning_rate=0.01,0.1,1", Axis("optimizer.learning_rate", (0.01, 0.1, 1.0))),
        ("loss.objective=mse,binary_cross_entropy", Axis("loss.objective", ("mse", "binary_cross_entropy"))),
        ('loss.objective="mse", "mae"', Axis("loss.objective", ("mse", "mae"))),
        ("network.hidden=[4],[8,8],[]", Axis("network.hidden", ((4,), (8, 8), ()))),
        ("optimizer.shuffle=true,false", Axis("optimizer.shuffle", (True, False))),
        ("data.noise=0.1", Axis("data.noise", (0.1,))),
        ("network.activation=tanh,relu", Axis("network.activation", ("tanh", "relu"))),
    ],
)
def test_axes_are_read_as_people_write_them(text: str, expected: Axis) -> None:
    assert read_axis(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optimizer.learning_rate", "must be KEY=V1,V2"),
        ("optimizer.learning_rat=0.1", "learning_rate"),
        ("optimizer.learning_rate=fast", "optimizer.learning_rate"),
        ("optimizer.learning_rate=", "at least one"),
        ("optimizer.learning_rate=0.1,0.1", "twice"),
        ("loss.objective=msee", "mse"),
        ("run.replicas=1,2", "--replicas"),
        ("title=a,b", "cannot be swept"),
        ("network.hidden=" + "[" * 30_000, "network.hidden: line 1 has values nested too deeply"),
        ("network.hidden=" + "[" * 450 + "]" * 450, "network.hidden: line 1 has values nested too deeply"),
        ("network.hidden=" + "[" * 450 + "]" * 450 + ",nothing of TOML", "nested too deeply"),
        ("optimizer.learning_rate=" + "9" * 5_000, "optimizer.learning_rate: line 1 has a number of too many digits"),
        ("optimizer.learning_rate={" + "a." * 20_000 + "a=1}", "more than 16 parts"),
        ("optimizer.learning_rate=\x1b[31m", 'is "\\u001b[31m"'),
        ("\x9b" * 30_000, "must be KEY=V1,V2"),
        ("\x9b" * 30_000 + "=1", "not a known key"),
    ],
)
def test_invalid_axes_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        read_axis(text)
    assert message in str(error.value) and str(error.value).isprintable() and len(str(error.value)) < 800


def test_cells_are_the_product_of_the_axes() -> None:
    grid = cells(make_experiment(), [RATES, LOSSES_], replicas=2)
    assert [cell.number for cell in grid] == list(range(6))
    assert [tuple(cell.values.values()) for cell in grid] == [
        (rate, loss) for rate in (0.1, 1.0) for loss in ("mse", "hinge", "focal")
    ]
    for cell in grid:
        lane = cell.experiment.lane("A")
        assert (lane.optimizer.learning_rate, lane.loss.objective) == tuple(cell.values.values())
        assert cell.experiment.run.replicas == 2
    assert len({cell.digest for cell in grid}) == 6


def test_swept_settings_apply_to_every_lane() -> None:
    lanes = (LaneEntry("A"), LaneEntry("B", {"optimizer.learning_rate": 9.0, "loss.objective": "mse"}))
    experiment = dataclasses.replace(make_experiment(), lanes=lanes).checked()
    for cell in cells(experiment, [RATES]):
        rates = {cell.experiment.lane(name).optimizer.learning_rate for name in "AB"}
        assert rates == {cell.values["optimizer.learning_rate"]}
        assert cell.experiment.lane("B").loss.objective == "mse"


def test_invalid_grids_are_refused() -> None:
    with pytest.raises(InputError, match="nothing to sweep"):
        cells(make_experiment(), [])
    with pytest.raises(InputError, match="is given twice"):
        cells(make_experiment(), [RATES, RATES])
    many = axis("network.seed", range(101))
    with pytest.raises(InputError, match="10,201 cells, but at most 10,000"):
        cells(make_experiment(), [many, axis("optimizer.seed", range(101))])
    with pytest.raises(InputError, match="length"):
        cells(make_experiment(network__activation=("tanh",)), [axis("network.hidden", ((3,), (3, 3)))])


# Results


@pytest.mark.parametrize("replicas", [1, 3])
def test_a_cell_matches_the_same_networks_alone(replicas: int, tmp_path: Path) -> None:
    sweep = Sweep(cells(make_experiment(), [RATES, LOSSES_], replicas), tmp_path)
    assert list(cell.number for cell in sweep.run(InlineExecutor())) == list(range(6))
    for cell in sweep.cells:
        (lane,) = sweep.results[cell.number].lanes
        assert (lane.stopped, lane.reason) == (0, "")
        for r in range(replicas):
            single = cell.experiment.with_values({"run.replicas": 1, "network.seed": 7 + r})
            trainer = Trainer(single)
            trainer.run()
            last = trainer.history().last
            assert last is not None and last.epoch == 5
            for column, value in last.values.items():
                assert lane.values[column][r] == pytest.approx(value, rel=1e-9)


def test_a_finished_cell_is_not_run_again(tmp_path: Path) -> None:
    grid = cells(make_experiment(), [RATES, LOSSES_])
    first = Sweep(grid, tmp_path)
    running = first.run(InlineExecutor())
    for _ in range(2):
        next(running)
    running.close()
    again = Sweep(cells(make_experiment(), [RATES, LOSSES_]), tmp_path)
    assert again.resume() == 2
    worker = InlineExecutor()
    list(again.run(worker))
    assert worker.digests == [cell.digest for cell in grid[2:]]
    third = Sweep(grid, tmp_path)
    assert third.resume() == 6 and third.missing == [] and list(third.run(InlineExecutor())) == []
    assert third.results[0].lanes == first.results[0].lanes


def test_a_cell_is_run_again_if_what_determines_it_changed(tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_text("x,y\n" + "".join(f"{i},{i % 2}\n" for i in range(20)))
    experiment = dataclasses.replace(
        make_experiment().with_values({"data.dataset": None, "data.file": "points.csv"}), folder=tmp_path
    )
    list(Sweep(cells(experiment, [RATES]), tmp_path / "cells").run(InlineExecutor()))
    assert Sweep(cells(experiment, [RATES]), tmp_path / "cells").resume() == 2
    assert Sweep(cells(experiment.with_value("run.epochs", 6), [RATES]), tmp_path / "cells").resume() == 0
    points.write_text("x,y\n" + "".join(f"{i},{i % 3 % 2}\n" for i in range(20)))
    assert Sweep(cells(experiment, [RATES]), tmp_path / "cells").resume() == 0


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"digest": 3}', '{"lanes": [{"lane": "A"}]}', "\x00"])
def test_a_cell_with_an_unreadable_result_is_run_again(broken: str, tmp_path: Path) -> None:
    grid = cells(make_experiment(), [RATES])
    (tmp_path / f"{grid[0].digest}.json").write_text(broken)
    sweep = Sweep(grid, tmp_path)
    assert sweep.resume() == 0
    list(sweep.run(InlineExecutor()))
    assert len(sweep.results) == 2 and not any(result.error for result in sweep.results.values())


def test_a_diverging_cell_is_reported_and_others_finish(tmp_path: Path) -> None:
    rates = axis("optimizer.learning_rate", (0.01, 1e6))
    sweep = Sweep(
        cells(make_experiment(network__output="linear", loss__objective="mse", run__epochs=200), [rates], 3), tmp_path
    )
    list(sweep.run(InlineExecutor()))
    stable, diverged = (sweep.results[number].lanes[0] for number in range(2))
    assert (stable.stopped, diverged.stopped) == (0, 3) and "overflow" in diverged.reason
    assert all(map(math.isnan, diverged.spread("train_cost"))) and np.isfinite(stable.spread("train_cost")).all()
    again = Sweep(sweep.cells, tmp_path)
    assert again.resume() == 2
    assert again.resume() == 2  # it would diverge again


def test_a_cell_that_cannot_be_run_says_why(tmp_path: Path) -> None:
    np.savez(tmp_path / "start.npz", **Trainer(make_experiment()).parameters())
    experiment = dataclasses.replace(make_experiment(), folder=tmp_path)
    sweep = Sweep(cells(experiment, [axis("network.weights", ("start.npz", "gone.npz"))]), tmp_path)
    list(sweep.run(InlineExecutor()))
    assert sweep.results[0].error == "" and "no such file" in sweep.results[1].error


def test_a_cell_with_a_program_error_is_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = Sweep(cells(make_experiment(), [RATES]), tmp_path)

    def fail(*_: Any) -> None:
        raise RuntimeError("no such luck")

    with monkeypatch.context() as patch:
        patch.setattr("sandbox.experiment.results.sweep.run_cell", fail)
        list(sweep.run(InlineExecutor()))
    assert all("no such luck" in result.error for result in sweep.results.values())
    assert Sweep(sweep.cells, tmp_path).resume() == 0


def test_no_cell_starts_after_a_request_to_stop(tmp_path: Path) -> None:
    class Waiting(InlineExecutor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            return super().submit(fn, *args) if len(self.digests) < 2 else Future()

    sweep = Sweep(cells(make_experiment(), [RATES, LOSSES_]), tmp_path)
    done = [cell.number for cell in sweep.run(Waiting(), lambda: True)]
    assert done == [0, 1] and len(sweep.missing) == 4


def test_quartiles_of_a_lane_leave_out_stopped_seeds() -> None:
    lane = LaneResult("A", "mse", ("train_cost",), {"train_cost": (1.0, math.nan, 2.0, 4.0)}, 1, "overflow")
    middle, low, high = lane.spread("train_cost")
    assert (middle, low, high) == (statistics.median((1.0, 2.0, 4.0)), 1.5, 3.0)
    assert all(map(math.isnan, lane.spread("test_cost")))


def test_the_table_has_a_row_per_cell_and_lane(tmp_path: Path) -> None:
    lanes = (LaneEntry("A"), LaneEntry("B", {"loss.objective": "mse"}))
    experiment = dataclasses.replace(make_experiment(), lanes=lanes).checked()
    sweep = Sweep(cells(experiment, [RATES, axis("network.hidden", ((3,), (2, 2)))], 3), tmp_path / "cells")
    list(sweep.run(InlineExecutor()))
    write_table(tmp_path / "sweep.csv", sweep)
    with (tmp_path / "sweep.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["cell"], row["lane"]) for row in rows] == [(str(c), lane) for c in range(4) for lane in "AB"]
    assert [row["network.hidden"] for row in rows[:4]] == ["[3]", "[3]", "[2, 2]", "[2, 2]"]
    row, lane = rows[5], sweep.results[2].lanes[1]
    for column in ("train_cost", "test_accuracy", "train_mse"):
        values = lane.values[column]
        assert float(row[column]) == pytest.approx(statistics.median(values))
        assert float(row[f"{column}_q1"]) == pytest.approx(np.percentile(values, 25))
        assert float(row[f"{column}_q3"]) == pytest.approx(np.percentile(values, 75))
    assert (row["seeds"], row["stopped"], row["epochs"], row["error"]) == ("3", "0", "5", "")
    # Lane A neither learns with it nor shows it; it is recorded to compare A with a lane that learns with it.
    monitored = Trainer(sweep.cells[0].experiment.with_value("loss.monitors", ("mse",), "A"))
    monitored.run()
    assert float(rows[0]["train_mse"]) == pytest.approx(monitored.history("A").column("train_mse")[1][-1])
    assert "train_huber" not in rows[0]


def test_every_cell_records_the_objectives_of_all_cells(tmp_path: Path) -> None:
    # with the linear output of the hinge, the logarithms of another cell's loss would be no numbers
    sweep = Sweep(cells(make_experiment(network__output="sigmoid"), [LOSSES_]), tmp_path)
    list(sweep.run(InlineExecutor()))
    names = columns(sweep.results.values())
    for name in LOSSES_.values:
        for part in ("train", "test"):
            assert f"{part}_{name}" in names
            assert all(math.isfinite(result.lanes[0].spread(f"{part}_{name}")[0]) for result in sweep.results.values())
    assert incomparable("train_cost", sweep.results.values()) == "costs of different losses: not comparable"
    assert incomparable("test_accuracy", sweep.results.values()) == ""
    assert incomparable("train_mse", sweep.results.values()) == ""
    assert incomparable("train_cost", [sweep.results[0]]) == ""


def test_a_loss_of_cells_with_other_codings_is_not_compared(tmp_path: Path) -> None:
    outputs = axis("network.output", ("sigmoid", "tanh"))
    sweep = Sweep(cells(make_experiment(loss__monitors=("mse", "hinge")), [outputs]), tmp_path)
    list(sweep.run(InlineExecutor()))
    reason = "classes are 0 and 1 in some cells, \u22121 and +1 in others: not comparable"
    assert incomparable("train_mse", sweep.results.values()) == reason
    assert incomparable("train_hinge", sweep.results.values()) == ""
    assert incomparable("test_accuracy", sweep.results.values()) == ""
    again = Sweep(sweep.cells, tmp_path)
    assert again.resume() == 2
    assert incomparable("train_mse", again.results.values()) == reason  # as read back from the files


def test_lanes_that_would_repeat_another_are_listed() -> None:
    lanes = LaneEntry("A"), LaneEntry("B", {"loss.objective": "mse"}), LaneEntry("C", {"optimizer.l2": 0.1})
    experiment = dataclasses.replace(make_experiment(), lanes=lanes).checked()
    assert redundant_lanes(experiment, ["loss.objective"]) == {"B": "A"}
    assert [lane.name for lane in cells(experiment, [LOSSES_])[0].experiment.lanes] == ["A", "C"]
    note = 'Swept settings are the same in every lane. Left out: "B" (same as "A").'
    assert redundancy_note(experiment, ["loss.objective"]) == note
    assert redundancy_note(experiment, ["optimizer.learning_rate"]) == ""


def test_choices_can_be_given_by_their_labels() -> None:
    assert read_axis("loss.objective=Mean squared error, mae").values == ("mse", "mae")
    assert read_axis('optimizer.name="Gradient descent", adam').values == ("gradient_descent", "adam")


def test_the_default_column_prefers_the_test_accuracy() -> None:
    assert default_column(["train_cost", "train_accuracy", "test_accuracy"]) == "test_accuracy"
    assert default_column(["train_cost", "train_r2"]) == "train_r2"
    assert columns([]) == []


def test_a_result_can_be_pickled(tmp_path: Path) -> None:
    import pickle

    result = run_cell(make_experiment().dumps(), str(tmp_path), "x")
    assert pickle.loads(pickle.dumps(result)) == result


def test_lanes_that_the_sweep_makes_equal_are_run_once() -> None:
    lanes = (
        LaneEntry("A"), LaneEntry("B", {"optimizer.learning_rate": 0.1}),
        LaneEntry("C", {"loss.objective": "mse"}),
        LaneEntry("D", {"optimizer.learning_rate": 2.0, "loss.objective": "mse"}),
    )  # fmt: skip
    experiment = dataclasses.replace(Experiment(), lanes=lanes).checked()
    rates = axis("optimizer.learning_rate", (0.1, 1.0))
    assert [[lane.name for lane in cell.experiment.lanes] for cell in cells(experiment, [rates])] == [["A", "C"]] * 2
    other = cells(experiment, [axis("network.hidden", ((3,),))])
    assert [lane.name for lane in other[0].experiment.lanes] == ["A", "B", "C", "D"]
    edited = experiment.with_edit(Edit(3, {"optimizer.l2": 0.1}, "B"))
    assert [lane.name for lane in cells(edited, [rates])[0].experiment.lanes] == ["A", "B", "C"]


# Processes that die


class Mortal(InlineExecutor):
    """Breaks, like a pool of processes, when it is given a cell for which `kills` says so."""

    def __init__(self, kills: Callable[[str], bool]) -> None:
        super().__init__()
        self.kills, self.broken = kills, False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.broken |= self.kills(args[0])
        if not self.broken:
            return super().submit(fn, *args, **kwargs)
        future: Future[Any] = Future()
        future.set_exception(BrokenExecutor("a process died"))
        return future


def test_the_cells_of_a_process_that_dies_are_run_again(tmp_path: Path) -> None:
    deaths, said = iter([False, False, True]), list[str]()
    sweep = Sweep(cells(make_experiment(), [RATES, LOSSES_]), tmp_path)
    done = list(sweep.run_on(lambda _: Mortal(lambda text: next(deaths, False)), say=said.append))
    assert sorted(cell.number for cell in done) == list(range(6)) and sweep.missing == []
    assert [bool(result.error) for result in sweep.results.values()] == [False] * 6
    assert len(said) == 1 and "a process that ran cells has died" in said[0]


def test_a_cell_that_always_ends_its_process_gets_an_error(tmp_path: Path) -> None:
    said = list[str]()
    sweep = Sweep(cells(make_experiment(), [RATES, LOSSES_]), tmp_path)
    lethal = sweep.cells[3].experiment.dumps()
    done = list(sweep.run_on(lambda _: Mortal(lambda text: text == lethal), say=said.append))
    assert sorted(cell.number for cell in done) == list(range(6))
    assert [number for number, result in sweep.results.items() if result.error] == [3] and len(said) == 1
    assert sweep.results[3].error == "the process that ran it died, twice"
    again = Sweep(sweep.cells, tmp_path)
    assert again.resume() == 5 and [cell.number for cell in again.missing] == [3]  # it is tried again next time


def test_processes_that_all_die_end_the_sweep(tmp_path: Path) -> None:
    started, said = list[int](), list[str]()

    def executors(tasks: int) -> Mortal:
        started.append(tasks)
        return Mortal(lambda text: True)

    sweep = Sweep(cells(make_experiment(), [Axis("network.seed", tuple(range(100)))]), tmp_path)
    with pytest.raises(InputError, match=r"die one after the other\. The cells that are done are kept"):
        list(sweep.run_on(executors, say=said.append))
    assert len(started) <= 6 and len(said) <= 2 and len(sweep.results) <= 3


def test_a_lost_cluster_ends_the_sweep_in_a_sentence(tmp_path: Path) -> None:
    class Lost(InlineExecutor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    sweep = Sweep(cells(make_experiment(), [RATES]), tmp_path)
    with pytest.raises(InputError, match="was lost"):
        list(sweep.run_on(lambda _: Lost()))
