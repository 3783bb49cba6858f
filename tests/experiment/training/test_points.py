"""Points of one's own: trained on as a plain loop does, edited while training, and replayed to the same bits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.data import points_of, scaling_of
from sandbox.data.canvas import Point, Points
from sandbox.errors import InputError
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.lanes import with_lane
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.results.script import script
from sandbox.experiment.training.snapshot import CurveRequest, SurfaceRequest, Wanted

SQUARE: Points = ((0.0, 0.0, 0.0), (0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0), (2.0, 0.5, 1.0))
SCALE = {"x1": (0.5, 0.5), "x2": (0.25, 2.0)}


def of(points: Points, **values: Any) -> Experiment:
    keys = {"data.scaling": SCALE, **{key.replace("__", "."): value for key, value in values.items()}}
    return Experiment().with_values({"data.points": points, **keys})


def moved(points: Points, index: int, point: Point) -> Points:
    return (*points[:index], point, *points[index + 1 :])


def same(one: Trainer, other: Trainer) -> bool:
    """Whether two runs have the same bits: parameters, and every row of every history."""
    return (one.update, one.epoch) == (other.update, other.epoch) and all(
        all(np.array_equal(mine.parameters()[name], theirs.parameters()[name]) for name in mine.parameters())
        and [(r.update, r.values) for r in a.history.rows()] == [(r.update, r.values) for r in b.history.rows()]
        for a, b in zip(one.lanes, other.lanes, strict=True)
        for mine, theirs in zip(a.replicas, b.replicas, strict=True)
    )


# A reference: the textbook's loop over lists of points, with the edits made between its updates


class Loop:
    """One neuron that learns two classes by cross-entropy, in plain numpy over the list of points."""

    def __init__(self, W: Any, b: Any, rate: float, batch: int, seed: int) -> None:
        self.W, self.b, self.rate, self.batch = W.copy(), b.copy(), rate, batch
        self.rng = np.random.default_rng(seed)
        self.turn: list[Point] = []  # the points that are left of this epoch

    def update(self, points: list[Point]) -> None:
        if not self.turn:
            order = self.rng.permutation(len(points)) if self.batch < len(points) else range(len(points))
            self.turn = [points[i] for i in order]
        taken, self.turn = self.turn[: self.batch], self.turn[self.batch :]
        rows = np.array(taken)
        X = (rows[:, :2] - [SCALE[name][0] for name in SCALE]) / [SCALE[name][1] for name in SCALE]
        A = 1.0 / (1.0 + np.exp(-(X @ self.W.T + self.b)))
        dZ = (A - rows[:, 2:]) / len(rows)
        self.W -= self.rate * dZ.T @ X
        self.b -= self.rate * dZ.sum(axis=0)


@pytest.mark.parametrize("batch", [2, 100])
def test_it_learns_from_the_points_as_a_plain_loop_does_while_they_come_go_and_move(batch: int) -> None:
    trainer = Trainer(of(SQUARE, network__hidden=(), optimizer__learning_rate=0.3, optimizer__batch_size=batch % 100))
    start = trainer.parameters()
    loop, points = Loop(start["W1"], start["b1"], 0.3, batch, trainer.experiment.optimizer.seed), list(SQUARE)

    def train(updates: int) -> None:
        for _ in range(updates):
            trainer.step()
            loop.update(points)
        assert np.allclose(trainer.parameters()["W1"], loop.W, rtol=1e-12)
        assert np.allclose(trainer.parameters()["b1"], loop.b, rtol=1e-12)

    train(7)
    far = (5.0, -3.0, 1.0)  # one moves, and keeps its turn in the epoch
    loop.turn = [far if point == points[1] else point for point in loop.turn]
    points[1] = far
    trainer.edit({"data.points": tuple(points)})
    train(3)
    new = (0.3, 0.4, 0.0)  # one comes, and is dealt last
    points.append(new)
    loop.turn += [new] * bool(loop.turn)
    trainer.edit({"data.points": tuple(points)})
    train(4)
    gone = points.pop(2)  # one goes
    loop.turn = [point for point in loop.turn if point != gone]
    trainer.edit({"data.points": tuple(points)})
    train(9)


def test_the_cost_is_that_of_the_points() -> None:
    trainer = Trainer(of(SQUARE, network__hidden=()))
    W, b = trainer.parameters()["W1"], trainer.parameters()["b1"]
    points = moved(SQUARE, 0, (3.0, 3.0, 0.0))
    trainer.edit({"data.points": points, "data.test_points": SQUARE[:1]})

    def cost(rows: Any) -> float:
        X = (rows[:, :2] - [0.5, 0.25]) / [0.5, 2.0]
        A = 1.0 / (1.0 + np.exp(-(X @ W.T + b)))
        return float(-np.mean(np.where(rows[:, 2:] == 1.0, np.log(A), np.log(1.0 - A))))

    readings = trainer.readings(trainer.lanes[0])
    assert readings["train_cost"] == pytest.approx(cost(np.array(points)), rel=1e-12)
    assert readings["test_cost"] == pytest.approx(cost(np.array(SQUARE[:1])), rel=1e-12)


@pytest.mark.parametrize(
    "dataset", ["moons", "spiral", "blobs", "imbalanced", "plane", "hills", "sine", "line_with_outliers"]
)
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"optimizer.batch_size": 16},
        {"run.precision": "float32", "data.label_noise": 0.2},
        {"data.standardize": False},
        {"data.standardize_target": True},
    ],
)
def test_a_generated_set_as_points_has_the_same_bits(dataset: str, values: dict[str, Any]) -> None:
    experiment = Experiment().with_values({"data.dataset": dataset, "data.samples": 60, "run.epochs": 6, **values})
    generated = Trainer(experiment)
    points, test_points = points_of(generated.data)
    data = generated.data
    drawn = Trainer(Experiment.loads(experiment.with_values(
        {"data.points": points, "data.test_points": test_points, "data.scaling": scaling_of(data),
         "data.task": data.task, "data.classes": max(len(data.class_names), 2), "data.features": None}
    ).dumps()))  # fmt: skip
    for trainer in (generated, drawn):
        trainer.run()
    assert same(generated, drawn)
    assert np.array_equal(generated.data.X_test, drawn.data.X_test)


# Scaling


def test_scaling_is_fitted_once_and_stays_while_points_move() -> None:
    trainer = Trainer(Experiment().with_values({"data.points": SQUARE}))
    inputs = np.array(SQUARE)[:, :2]
    assert np.allclose(trainer.data.mean, inputs.mean(axis=0))
    assert np.allclose(trainer.data.scale, inputs.std(axis=0))
    mean, scale = trainer.data.mean, trainer.data.scale
    trainer.step()
    trainer.edit({"data.points": moved(SQUARE, 0, (100.0, 100.0, 0.0))})
    assert np.array_equal(trainer.data.mean, mean) and np.array_equal(trainer.data.scale, scale)
    trainer.edit({"data.scaling": {"x1": (1.0, 2.0)}})
    assert trainer.data.mean.tolist() == [1.0, mean[1]] and trainer.data.scale.tolist() == [2.0, scale[1]]


# Nothing to learn from


def test_without_points_training_waits_and_nothing_is_recorded() -> None:
    trainer = Trainer(of(()), watched=True)
    assert trainer.waits and trainer.running and not trainer.step()
    wanted = Wanted((SurfaceRequest("A", (0, 1), (0.0, 1.0), (0.0, 1.0), 5),), CurveRequest(100))
    snapshot = trainer.snapshot(0, wanted)
    assert snapshot.surfaces[0].values.shape == (5, 5) and not snapshot.lanes[0].readings
    trainer.edit({"data.points": SQUARE})
    assert trainer.step() and not trainer.waits
    trainer.edit({"data.points": ()})
    assert not trainer.step() and trainer.update == 1
    trainer.edit({"data.points": SQUARE[:2]})
    trainer.run(3)
    assert math.isfinite(trainer.history().last.values["train_cost"])  # type: ignore[union-attr]
    again = Trainer(Experiment.loads(trainer.experiment.dumps()))
    again.run(trainer.epoch)
    assert same(trainer, again)


def test_without_test_points_there_is_no_test_cost() -> None:
    trainer = Trainer(of(SQUARE, data__test_points=SQUARE[:1]))
    trainer.run(2)
    assert "test_cost" in trainer.readings(trainer.lanes[0])
    trainer.edit({"data.test_points": ()})
    trainer.run(2)
    rows = list(trainer.history().rows())
    assert ["test_cost" in row.values for row in rows] == [True, True, True, False, False]
    assert not [name for name in trainer.readings(trainer.lanes[0]) if name.startswith("test")]


def test_a_loss_shown_later_is_read_on_the_points_of_that_time() -> None:
    late, early = (
        Trainer(of(SQUARE, loss__monitors=monitors, network__hidden=()), watched=True) for monitors in ((), ("mae",))
    )
    for trainer in (late, early):
        trainer.run(5)
        trainer.edit({"data.points": moved(SQUARE, 3, (9.0, 9.0, 0.0))[1:]})
        trainer.run(5)
    late.edit({"loss.monitors": ("mae",)})
    epochs, values = late.past(late.lanes[0], "mae", "train")
    at, recorded = early.history().column("train_mae")
    assert np.isin(epochs, at).all()
    assert np.allclose(values[:, 0], recorded[np.searchsorted(at, epochs)], rtol=1e-12)


# Edits


def test_an_epoch_ends_when_all_that_is_left_of_it_is_erased() -> None:
    trainer = Trainer(of(SQUARE, optimizer__batch_size=4, optimizer__shuffle=False))
    trainer.step()
    assert trainer.epoch == 0
    trainer.edit({"data.points": SQUARE[:4]})
    trainer.step()
    assert (trainer.epoch, trainer.update) == (2, 2)  # the first was over, the second took one update
    again = Trainer(Experiment.loads(trainer.experiment.dumps()))
    again.run(2)
    trainer.settle()
    assert same(trainer, again)


def test_points_edited_back_before_the_next_update_leave_no_trace() -> None:
    trainer, other = (Trainer(of(SQUARE, optimizer__batch_size=2)) for _ in range(2))
    for each in (trainer, other):
        each.step()
    trainer.edit({"data.points": SQUARE[1:]})
    trainer.edit({"data.points": SQUARE})
    assert trainer.experiment == other.experiment
    for each in (trainer, other):
        each.run(4)
    assert same(trainer, other)


def test_a_stroke_has_one_mark() -> None:
    trainer, points = Trainer(of(SQUARE), watched=True), SQUARE
    trainer.run(100)
    for k in range(6):
        points = (*points, (0.1 * k, 0.2, 1.0))
        trainer.edit({"data.points": points})
        trainer.run(1)
    assert [mark.text for mark in trainer.snapshot().marks] == ["points 5 to 11"]
    trainer.run(300)
    trainer.edit({"data.points": moved(points, 0, (7.0, 7.0, 1.0))})
    assert [mark.text for mark in trainer.snapshot().marks] == ["points 5 to 11", "points moved"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"data.points": [[0.0, 0.0, 2.0]]},
            "entry 1 of data.points has the class 2, but must have a whole number from 0",
        ),
        ({"data.points": [[0.0, 0.0]]}, "entry 1 of data.points has 2 numbers, but must have 3"),
        ({"data.points": [[0.0, math.nan, 1.0]]}, "entry 1 of data.points has something else"),
        ({"data.points": "x"}, "data.points is a str, but must be a list of 0 to 5,000 points"),
        (
            {"data.test_points": [[0.0, 0.0, 0.0]] * 4_999},
            "there are 5,004 points in all, but at most 5,000 are allowed",
        ),
        ({"data.scaling": {"x1": (0.0, 0.0)}}, "data.scaling must be a table of [mean, scale]"),
    ],
)
def test_what_is_not_allowed_is_refused_in_one_sentence_and_changes_nothing(changes: Any, sentence: str) -> None:
    trainer = Trainer(of(SQUARE))
    trainer.run(2)
    before = trainer.experiment, trainer.parameters()["W1"]
    with pytest.raises(InputError, match=None) as error:
        trainer.edit(changes)
    assert sentence in str(error.value)
    assert trainer.experiment == before[0] and np.array_equal(trainer.parameters()["W1"], before[1])


def test_points_cannot_come_into_a_run_on_other_data() -> None:
    with pytest.raises(InputError, match=r"data\.points can only change where data\.points is given from the start"):
        Trainer(Experiment()).edit({"data.points": SQUARE})


def test_the_script_says_that_it_cannot_follow_points() -> None:
    trainer = Trainer(of(SQUARE))
    assert "points" in script(trainer.experiment, "A", trainer.data, 3)
    trainer.step()
    trainer.edit({"data.points": SQUARE[1:]})
    with pytest.raises(InputError, match="The script cannot follow points that were changed while training"):
        script(trainer.experiment, "A", trainer.data, 3)


# Random edits


_COORDINATES = st.integers(-40, 40).map(lambda tenth: tenth / 10)
_FEATURES = st.sampled_from([("x1", "x2"), ("x2",), ("x1", "x1*x2"), ("x1^2", "x2", "x1")])
_POINTS = st.tuples(_COORDINATES, _COORDINATES, st.sampled_from([0.0, 1.0]))


@st.composite
def edited(draw: st.DrawFn) -> Trainer:
    """A run whose points are edited at random: added, moved, erased, of another class, to the test part and back."""
    start = tuple(draw(st.lists(_POINTS, min_size=0, max_size=6)))
    drawn = {
        "network__hidden": draw(st.sampled_from([(), (3,)])),
        "optimizer__batch_size": draw(st.sampled_from([0, 1, 3])),
        "optimizer__name": draw(st.sampled_from(["gradient_descent", "adam"])),
        "run__replicas": draw(st.sampled_from([1, 2])),
    }
    trainer = Trainer(of(start, **drawn), watched=True)
    done: list[dict[str, Points]] = []
    for _ in range(draw(st.integers(1, 8))):
        trainer.advance(lambda: True, draw(st.integers(0, 7)))
        data = trainer.current.data
        points, test_points = list(data.points or ()), list(data.test_points or ())
        done.append({"data.points": tuple(points), "data.test_points": tuple(test_points)})
        match draw(
            st.sampled_from(["add", "move", "erase", "class", "test", "train", "clear", "undo", "scale", "features"])
        ):
            case "add":
                points += draw(st.lists(_POINTS, min_size=1, max_size=3))
            case "move" if points:
                points[draw(st.integers(0, len(points) - 1))] = draw(_POINTS)
            case "erase" if points:
                del points[draw(st.integers(0, len(points) - 1))]
            case "class" if points:
                place = draw(st.integers(0, len(points) - 1))
                points[place] = (*points[place][:2], 1.0 - points[place][2])
            case "test" if points:
                test_points.append(points.pop(draw(st.integers(0, len(points) - 1))))
            case "train" if test_points:
                points.append(test_points.pop(draw(st.integers(0, len(test_points) - 1))))
            case "clear":
                points = []
            case "undo":
                trainer.edit(done[draw(st.integers(0, len(done) - 1))])
                continue
            case "features":
                trainer.edit({"data.features": draw(_FEATURES)})
                continue
            case "scale":
                trainer.edit({"data.scaling": {"x1": (draw(_COORDINATES), 2.0)}})
                continue
        trainer.edit({"data.points": tuple(points), "data.test_points": tuple(test_points)})
    trainer.advance(lambda: True, draw(st.integers(0, 9)))
    return trainer


@settings(max_examples=60, deadline=None)
@given(edited())
def test_any_edits_are_saved_and_replayed_to_the_same_bits(trainer: Trainer) -> None:
    trainer.settle()
    text = trainer.experiment.dumps()
    read = Experiment.loads(text)
    assert read == trainer.experiment
    again = Trainer(read)
    again.advance(lambda: True, trainer.update)
    again.settle()
    assert again.current.data == trainer.current.data
    assert np.array_equal(again.data.X_train, trainer.data.X_train)
    assert np.array_equal(again.data.y_test, trainer.data.y_test)
    assert same(trainer, again)


@settings(max_examples=40, deadline=None)
@given(edited())
def test_a_lane_that_joins_later_is_as_if_it_had_been_there(trainer: Trainer) -> None:
    if trainer.update == 0:
        return
    run = trainer
    late = run.joined_by(with_lane(run.experiment, LaneEntry("B", {"loss.objective": "mse"}), alone=True))
    while not late.catch_up(run, lambda: True):
        pass
    whole = Trainer(late.experiment, watched=True)
    whole.advance(lambda: True, run.update)
    whole.settle()
    for name in ("A", "B"):
        assert np.array_equal(late.parameters(name)["W1"], whole.parameters(name)["W1"])
