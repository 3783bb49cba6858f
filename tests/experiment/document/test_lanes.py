"""Adding, removing and renaming lanes leave the settings and the numbers of the others as they are."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from sandbox.errors import InputError
from sandbox.experiment import Edit, Experiment, Trainer
from sandbox.experiment.document.lanes import (
    differing,
    forked,
    free_name,
    lane_like,
    letter,
    renamed,
    slots,
    with_lane,
    without_lane,
)
from sandbox.experiment.document.parts import LaneEntry


def make_experiment(*lanes: LaneEntry, **changes: Any) -> Experiment:
    values = {"data.samples": 60, "network.hidden": (4, 3), "optimizer.learning_rate": 0.05, "optimizer.batch_size": 9}
    experiment = Experiment().with_values(values | {key.replace("__", "."): v for key, v in changes.items()})
    return dataclasses.replace(experiment, lanes=lanes or (LaneEntry("A"),)).checked()


def assert_same_numbers(actual: Trainer, name: str, expected: Trainer, expected_name: str) -> None:
    np.testing.assert_array_equal(actual.lane(name).replicas[0].theta, expected.lane(expected_name).replicas[0].theta)
    rows, expected_rows = (
        list(trainer.history(lane).rows()) for trainer, lane in ((actual, name), (expected, expected_name))
    )
    assert [(row.epoch, row.update) for row in rows] == [(row.epoch, row.update) for row in expected_rows]
    for row, expected_row in zip(rows, expected_rows, strict=True):
        assert {key: row.values[key] for key in expected_row.values} == expected_row.values


# Names and letters


def test_a_lane_keeps_its_letter_while_others_come_and_go() -> None:
    assert slots(("A", "B", "C")) == {"A": (0, ""), "B": (1, ""), "C": (2, "")}
    assert slots(("B", "C")) == {"B": (1, ""), "C": (2, "")}
    assert slots(("B slow", "control")) == {"B slow": (1, "slow"), "control": (0, "control")}
    assert slots(("control", "treatment", "A")) == {
        "control": (1, "control"),
        "treatment": (2, "treatment"),
        "A": (0, ""),
    }
    assert slots(("A", "A one")) == {"A": (0, ""), "A one": (1, "A one")}
    assert letter(2) == "C"


@pytest.mark.parametrize(
    ("names", "free"), [((), "A"), (("A",), "B"), (("A", "C"), "B"), (("B x",), "A"), (("x", "y"), "C")]
)
def test_a_new_lane_takes_the_first_free_letter(names: tuple[str, ...], free: str) -> None:
    assert free_name(names) == free


# Documents


def test_a_fork_copies_changes_and_edits() -> None:
    experiment = make_experiment(LaneEntry("A", {"optimizer.l2": 0.1}), LaneEntry("B"))
    experiment = dataclasses.replace(
        experiment,
        edits=(
            Edit(3, {"optimizer.learning_rate": 0.2}, "A"),
            Edit(4, {"loss.objective": "mse"}),
            Edit(5, {"optimizer.l1": 0.1}, "B"),
        ),
    ).checked()  # fmt: skip
    lane, edits = forked(experiment, "A", "C")
    assert lane == LaneEntry("C", {"optimizer.l2": 0.1})
    assert edits == (Edit(3, {"optimizer.learning_rate": 0.2}, "C"),)
    extended = with_lane(experiment, lane, edits)
    assert extended.effective().lane("C") == dataclasses.replace(extended.effective().lane("A"), name="C")
    assert extended.effective().lane("B") == experiment.effective().lane("B")


def test_a_new_lane_starts_with_current_settings_and_without_earlier_edits() -> None:
    experiment = make_experiment(LaneEntry("A"), LaneEntry("B"))
    edits = (
        Edit(2, {"optimizer.learning_rate": 0.3, "optimizer.batch_size": 5}),
        Edit(4, {"optimizer.learning_rate": 0.7}, "A"),
        Edit(6, {"loss.objective": "mse"}),
    )
    experiment = dataclasses.replace(experiment, edits=edits).checked()
    current = experiment.effective()
    lane = lane_like(experiment, current, "A", "C")
    assert lane.changes == {"loss.objective": "mse", "optimizer.learning_rate": 0.7}
    extended = with_lane(experiment, lane, alone=True)
    for update in (None, 0, 2, 4, 6):
        for name in "AB":
            assert extended.effective(update).lane(name) == experiment.effective(update).lane(name)
        assert extended.effective(update).optimizer.batch_size == experiment.effective(update).optimizer.batch_size
        new_lane = extended.effective(update).lane("C")
        assert (new_lane.loss, new_lane.optimizer.learning_rate) == (current.lane("A").loss, 0.7)
    assert Experiment.loads(extended.dumps()) == extended


def test_a_removed_lane_can_be_restored_in_its_position() -> None:
    experiment = make_experiment(LaneEntry("A"), LaneEntry("B", {"optimizer.l2": 0.1}), LaneEntry("C"))
    experiment = dataclasses.replace(
        experiment, edits=(Edit(1, {"optimizer.l1": 0.1}, "B"), Edit(2, {"optimizer.l2": 0.2}))
    )
    others, lane, edits = without_lane(experiment, "B")
    assert [entry.name for entry in others.lanes] == ["A", "C"] and others.edits == (Edit(2, {"optimizer.l2": 0.2}),)
    assert with_lane(others, lane, edits, place=1) == experiment


def test_a_renamed_lane_keeps_its_changes_and_edits() -> None:
    experiment = make_experiment(LaneEntry("A"), LaneEntry("B", {"optimizer.l2": 0.1}))
    experiment = dataclasses.replace(experiment, edits=(Edit(1, {"optimizer.l1": 0.1}, "B"),))
    after = renamed(experiment, "B", "B slow")
    assert after.lanes[1] == LaneEntry("B slow", {"optimizer.l2": 0.1}) and after.edits[0].lane == "B slow"
    with pytest.raises(InputError, match="lane A has that name already"):
        renamed(experiment, "B", "a")
    with pytest.raises(InputError, match="name is "):
        renamed(experiment, "B", "B: mse")


def test_bad_requests_are_explained() -> None:
    with pytest.raises(InputError, match="The only lane cannot be removed"):
        without_lane(make_experiment(), "A")
    with pytest.raises(InputError, match=r"lane is .*X.*, but must be one of A"):
        without_lane(make_experiment(), "X")
    many = make_experiment(*(LaneEntry(f"L{i}") for i in range(16)))
    with pytest.raises(InputError, match="17 lanes, but at most 16"):
        with_lane(many, LaneEntry("M"))


def test_settings_that_differ_between_lanes() -> None:
    lanes = (LaneEntry("A"), LaneEntry("B", {"loss.objective": "mse", "optimizer.learning_rate": 0.05}))
    experiment = make_experiment(*lanes)
    assert differing(experiment) == ("loss.objective",)  # the lane's rate equals the shared one
    assert differing(make_experiment()) == ()


# Trainers


EDITS: tuple[dict[str, Any], ...] = (
    {"optimizer.learning_rate": 0.2},
    {"loss.objective": "mse"},
    {"network.hidden": (5, 3)},
    {"optimizer.name": "adam"},
)


@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize("edit", EDITS)
def test_a_fork_trains_like_a_lane_there_from_the_start(replicas: int, edit: dict[str, Any]) -> None:
    experiment = make_experiment(LaneEntry("A"), LaneEntry("B", {"optimizer.l2": 0.01}), run__replicas=replicas)
    trainer = Trainer(experiment, watched=True)
    trainer.run(2)
    trainer.edit({"optimizer.momentum": 0.5}, "A")
    trainer.advance(lambda: True, 4)
    trainer.fork_lane("A", "C")
    trainer.advance(lambda: True, 4)
    trainer.edit(edit, "C")
    trainer.advance(lambda: True, 30)
    replayed = Trainer(trainer.experiment, trainer.data)
    replayed.advance(lambda: True, trainer.update)
    for lane in trainer.lanes:
        assert_same_numbers(trainer, lane.name, replayed, lane.name)
        for ours, theirs in zip(lane.replicas, replayed.lane(lane.name).replicas, strict=True):
            np.testing.assert_array_equal(ours.theta, theirs.theta)
    assert not np.array_equal(trainer.lane("C").replicas[0].theta, trainer.lane("A").replicas[0].theta)


def test_a_fork_continues_its_own_history() -> None:
    trainer = Trainer(make_experiment())
    trainer.run(3)
    trainer.fork_lane("A", "B")
    trainer.edit({"optimizer.learning_rate": 1.0}, "B")
    trainer.run(3)
    a, b = (trainer.history(name).column("train_cost")[1] for name in "AB")
    assert len(a) == len(b) == 7
    np.testing.assert_array_equal(a[:4], b[:4])
    assert (a[4:] != b[4:]).all()


def test_a_fork_keeps_a_history_that_is_stored_in_a_file() -> None:
    trainer = Trainer(
        make_experiment(data__samples=10, network__hidden=(), optimizer__batch_size=0, data__test_fraction=0.0)
    )
    trainer.lanes[0].history._spilled = 0  # everything but the newest chunks goes to the file
    trainer.run(60_000)
    trainer.fork_lane("A", "B")
    before = trainer.history("B").column("train_cost")[1].copy()
    trainer.remove_lane("A")
    trainer.run(60_000)
    after = trainer.history("B").column("train_cost")[1]
    assert len(after) == 120_001
    np.testing.assert_array_equal(after[: len(before)], before)


def test_a_lane_added_later_equals_one_there_from_the_start() -> None:
    trainer = Trainer(make_experiment(optimizer__batch_size=9), watched=True)
    trainer.run(2)
    trainer.edit({"optimizer.learning_rate": 0.2})
    trainer.advance(lambda: True, 9)
    lane = lane_like(trainer.experiment, trainer.current, "A", "B")
    lane = LaneEntry("B", {**lane.changes, "loss.objective": "mse"})
    late = trainer.restarted(with_lane(trainer.experiment, lane, alone=True))
    late.advance(lambda: True, trainer.update)
    assert_same_numbers(late, "A", trainer, "A")
    alone = Trainer(dataclasses.replace(make_experiment(lane, optimizer__batch_size=9)))
    alone.advance(lambda: True, trainer.update)
    assert_same_numbers(late, "B", alone, "B")
    assert [(mark.update, mark.lane, mark.text) for mark in late.marks] == [(10, "A", "learning rate 0.05 to 0.2")]


def test_removing_a_lane_leaves_the_others_as_they_are() -> None:
    lanes = (
        LaneEntry("A"),
        LaneEntry("B", {"loss.objective": "mse"}),
        LaneEntry("C", {"optimizer.name": "adam"}),
    )
    trainer = Trainer(make_experiment(*lanes))
    trainer.run(2)
    trainer.edit({"optimizer.l2": 0.1}, "B")
    trainer.advance(lambda: True, 3)
    trainer.remove_lane("B")
    trainer.advance(lambda: True, 12)
    without = Trainer(make_experiment(lanes[0], lanes[2]), trainer.data)
    without.advance(lambda: True, trainer.update)
    for name in "AC":
        assert_same_numbers(trainer, name, without, name)
    assert [lane.name for lane in trainer.experiment.lanes] == ["A", "C"] and trainer.experiment.edits == ()
    assert all(mark.lane != "B" for mark in trainer.marks)


def test_a_renamed_lane_continues() -> None:
    lanes = (LaneEntry("A"), LaneEntry("B", {"loss.objective": "mse"}))
    trainer, other = Trainer(make_experiment(*lanes)), Trainer(make_experiment(*lanes))
    for either in (trainer, other):
        either.run(2)
        either.edit({"optimizer.l2": 0.1}, "B")
        if either is trainer:
            either.rename_lane("B", "B slow")
        either.run(2)
    assert_same_numbers(trainer, "B slow", other, "B")
    assert trainer.marks[0].lane == "B slow"
    trainer.edit({"optimizer.l2": 0.2}, "B slow")
    assert trainer.current.lane("B slow").optimizer.l2 == 0.2


def test_edits_scheduled_in_a_file_reach_a_fork() -> None:
    experiment = dataclasses.replace(make_experiment(), edits=(Edit(20, {"optimizer.learning_rate": 0.3}),)).checked()
    trainer = Trainer(experiment)
    trainer.advance(lambda: True, 10)
    trainer.fork_lane("A", "B")
    trainer.advance(lambda: True, 20)
    assert {trainer.current.lane(name).optimizer.learning_rate for name in "AB"} == {0.3}
    np.testing.assert_array_equal(trainer.lane("A").replicas[0].theta, trainer.lane("B").replicas[0].theta)
