"""The network itself, changed while it trains: one step of undo each, set back and replayed to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np

from sandbox.experiment import Edit, Experiment, Trainer
from sandbox.experiment.document.parts import LaneEntry


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def replays(driver: Any) -> bool:
    """Whether the experiment, written and read, gives the bits of the window."""
    snapshot = driver.settle()
    replayed = Trainer(Experiment.loads(snapshot.experiment.dumps()))
    replayed.advance(lambda: True, snapshot.update)
    replayed.settle()
    names = [lane.name for lane in snapshot.lanes]
    return all(same(replayed.parameters(name), driver.weights(name)) for name in names)


# Weights


def test_a_weight_is_set_while_paused_and_undone_to_the_bit(driver: Any) -> None:
    driver.play(updates=10)
    driver.pause()
    before = driver.weights()
    cost = driver.last.lanes[0].readings["train_cost"]
    driver.session.change_weight("W1[0,1]", 0.5, True, "A")
    snapshot = driver.settle()
    assert driver.weights()["W1"][0, 1] == 0.5 and snapshot.lanes[0].readings["train_cost"] != cost
    assert driver.session.undo_stack.undoText() == "change of W1[0,1]"
    driver.undo()
    driver.settle()
    assert same(driver.weights(), before) and driver.last.experiment.edits == ()
    driver.redo()
    driver.settle()
    assert driver.weights()["W1"][0, 1] == 0.5
    driver.play(updates=5)
    driver.pause()
    assert replays(driver)


def test_a_drag_while_it_trains_is_one_step_of_undo(driver: Any) -> None:
    driver.play(updates=10)
    for step in range(20):
        driver.session.change_weight("b2[3]", 0.1 * step, step == 19, "A")
        update = driver.last.update
        driver.wait_drawn(lambda snapshot, update=update: snapshot.update > update)
    driver.session.change_weight("b2[3]", 3.0, True, "A")  # another one
    driver.pause()
    assert driver.session.undo_stack.count() == 2
    assert len(driver.settle().experiment.edits) > 10 and replays(driver)
    driver.undo()
    driver.undo()
    assert not driver.session.undo_stack.canUndo()
    driver.play(updates=3)
    driver.pause()
    assert replays(driver)


def test_undoing_a_drag_sets_back_what_was_there_before_it(driver: Any) -> None:
    driver.play(updates=10)
    driver.pause()
    before = driver.weights()
    for value in (0.25, 0.5, 0.75):
        driver.session.change_weight("W2[1,2]", value, value == 0.75, "A")
    driver.settle()
    assert driver.weights()["W2"][1, 2] == 0.75
    driver.undo()
    driver.settle()
    assert same(driver.weights(), before)
    driver.redo()
    driver.settle()
    assert driver.weights()["W2"][1, 2] == 0.75


def test_two_weights_are_two_steps(driver: Any) -> None:
    driver.session.change_weight("W1[0,0]", 1.0, False, "A")
    driver.session.change_weight("W1[0,1]", 2.0, False, "A")
    assert driver.session.undo_stack.count() == 2


def test_a_weight_set_before_the_first_update_is_an_edit_of_update_0(driver: Any) -> None:
    driver.session.change_weight("b1[0]", -1.5, True, "A")
    snapshot = driver.settle()
    assert snapshot.experiment.edits == (Edit(0, {}, None, {"b1[0]": -1.5}),)
    driver.play(updates=3)
    driver.pause()
    assert replays(driver)


def test_it_is_the_weight_of_one_network_of_one_lane(open_window: Any) -> None:
    lanes = (LaneEntry("A"), LaneEntry("B"))
    driver = open_window(Experiment(lanes=lanes).with_value("run.replicas", 2))
    driver.session.change_weight("b1[0]", 2.0, True, "B", 1)
    driver.settle()
    values = [replica.parameters()["b1"][0] for lane in driver.trainer().lanes for replica in lane.replicas]
    assert values == [0.0, 0.0, 0.0, 2.0]
    driver.undo()
    driver.settle()
    assert driver.trainer().lanes[1].replicas[1].parameters()["b1"][0] == 0.0


def test_what_is_not_allowed_is_said_and_changes_nothing(driver: Any) -> None:
    before = driver.weights()
    driver.session.change_weight("b1[0]", float("nan"), True, "A")
    driver.session.change_weight("b1[99]", 1.0, True, "A")
    driver.settle()
    said = [text for text, error in driver.messages if error]
    assert "nan for b1[0], but must have a finite number" in said[0] and "b1[0] to b1[5] there" in said[1]
    assert same(driver.weights(), before)
    driver.undo()  # of the refused step, which changes nothing
    driver.settle()
    assert same(driver.weights(), before)


def test_a_weight_set_while_a_run_begins_belongs_to_that_run(driver: Any) -> None:
    driver.session.change("data.noise", 0.3, True)
    driver.session.change_weight("b1[0]", 1.0, True, "A")
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    driver.settle()
    assert driver.weights()["b1"][0] == 1.0
