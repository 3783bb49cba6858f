"""The network itself, changed while it trains: one step of undo each, set back and replayed to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Edit, Experiment, Trainer
from sandbox.experiment.document.parts import LaneEntry
from tests.ui.test_session import Hold


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


@pytest.mark.parametrize("lanes", [1, 2])
def test_reset_comes_back_to_weights_set_before_the_first_update(open_window: Any, lanes: int) -> None:
    driver = open_window(Experiment(lanes=tuple(LaneEntry("AB"[k]) for k in range(lanes))))
    driver.session.remove_unit(2, 0, "A")
    driver.session.change_weight("W1[0,0]", 0.1, True, "A")
    driver.session.change_weight("b3[0]", -0.3, True, "A")
    driver.settle()
    before = {name: driver.weights(name) for name in "AB"[:lanes]}
    driver.play(updates=5)
    driver.session.change("optimizer.learning_rate", 0.25, True)
    driver.session.change_weight("W1[0,0]", 9.0, True, "A")
    driver.pause()
    driver.session.reset()
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    snapshot = driver.settle()
    assert all(same(driver.weights(name), before[name]) for name in before)
    assert snapshot.experiment.edits == () and driver.field("optimizer.learning_rate") == 0.25
    driver.session.add_layer(1, 2, "A")
    driver.settle()
    again = driver.weights("A")
    driver.session.reset()
    driver.wait_drawn(lambda snapshot: snapshot.run == 2)
    assert driver.settle().lanes[0].sizes == (2, 2, 6, 3, 1) and same(driver.weights("A"), again)
    driver.session.add_layer(1, 2, "A")
    driver.session.reset()  # at once, before a snapshot has the new layer
    driver.wait_drawn(lambda snapshot: snapshot.run == 3)
    assert driver.settle().lanes[0].sizes == (2, 2, 2, 6, 3, 1)


def test_reset_draws_weights_that_were_set_for_other_layers(driver: Any) -> None:
    driver.session.change_weight("W1[0,0]", 0.1, True, "A")
    driver.play(updates=5)
    driver.session.remove_unit(1, 0, "A")
    driver.pause()
    driver.session.reset()
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    assert driver.settle().experiment.network.initial == ()


# Inputs


def inputs(driver: Any) -> tuple[str, ...]:
    return driver.last.data.feature_names  # type: ignore[no-any-return]


def test_an_input_is_switched_while_it_trains(driver: Any) -> None:
    driver.play(updates=10)
    driver.session.switch_input("cos(x1)", True)
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes == (3, 6, 4, 1))
    assert inputs(driver) == ("x1", "x2", "cos(x1)") and driver.last.run == 0
    driver.session.switch_input("x1^2", True)  # in the order in which they are offered
    driver.wait_drawn(lambda snapshot: snapshot.data.feature_names == ("x1", "x2", "x1^2", "cos(x1)"))
    driver.session.switch_input("x1", False)
    driver.wait_drawn(lambda snapshot: snapshot.data.feature_names == ("x2", "x1^2", "cos(x1)"))
    assert driver.last.surfaces and len(driver.last.data.inputs) == 2
    driver.pause()
    assert driver.last.update > 10 and driver.last.run == 0 and replays(driver)
    assert driver.last.marks[0].text == "features x1, x2 to x1, x2, cos(x1)"


def test_an_input_that_comes_back_by_undo_has_its_weights(driver: Any) -> None:
    driver.play(updates=10)
    driver.pause()
    before = driver.weights()
    driver.session.switch_input("x2", False)
    assert driver.settle().lanes[0].sizes[0] == 1
    driver.undo()
    assert driver.settle().lanes[0].sizes[0] == 2 and same(driver.weights(), before)
    assert driver.session.experiment.get("data.features") == ("x1", "x2")
    driver.redo()
    assert inputs(driver) == ("x1", "x2") and driver.settle().lanes[0].sizes[0] == 1
    driver.play(updates=5)
    driver.pause()
    assert replays(driver)


def test_the_panel_switches_them_too(driver: Any) -> None:
    driver.play(updates=10)
    driver.pause()
    driver.tick(driver.control("data.features"), "sin(x2)")
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes[0] == 3)
    assert driver.last.run == 0 and driver.last.update >= 10
    driver.session.change("data.features", None, True)  # the data set's own
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes[0] == 2)
    assert driver.last.run == 0 and inputs(driver) == ("x1", "x2")


def test_the_last_input_stays(driver: Any) -> None:
    driver.session.switch_input("x1", False)
    driver.session.switch_input("x2", False)
    assert driver.settle().data.feature_names == ("x2",)
    assert driver.messages[-1] == ("A network has one input at least: switch another one on first.", True)


def test_all_that_can_be_switched(driver: Any) -> None:
    names = ("x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)", "cos(x1)", "cos(x2)")
    assert driver.session.offered_inputs() == names


def test_a_column_that_would_leave_out_samples_begins_a_new_run(open_window: Any, tmp_path: Any) -> None:
    rows = [f"{i % 7},{(i * 5) % 11},{'' if i == 4 else i % 3},{i % 2}" for i in range(40)]
    (tmp_path / "table.csv").write_text("a,b,gap,y\n" + "\n".join(rows) + "\n")
    experiment = Experiment(folder=tmp_path).with_values({"data.file": "table.csv", "data.features": ("a",)})
    driver = open_window(experiment)
    assert driver.session.offered_inputs() == ("a", "b", "a^2", "b^2", "a*b", "sin(a)", "sin(b)", "cos(a)", "cos(b)")
    driver.session.change("data.features", ("a", "b"), True)
    assert driver.settle().run == 0 and inputs(driver) == ("a", "b")
    driver.session.change("data.features", ("a", "gap"), True)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    assert inputs(driver) == ("a", "gap") and len(driver.last.data.X_train) + len(driver.last.data.X_test) == 39


def test_every_lens_follows_other_inputs(open_window: Any) -> None:
    driver = open_window(Experiment(lanes=(LaneEntry("A"), LaneEntry("B", {"loss.objective": "mse"}))))
    driver.play(updates=5)
    for lens in driver.window.lenses.lenses:
        driver.window.lenses.show_lens(lens)
        for on in (True, False):
            driver.session.switch_input("x1*x2", on)
            sizes = 2 + on
            driver.wait_drawn(lambda snapshot, sizes=sizes: snapshot.lanes[0].sizes[0] == sizes)
            update = driver.last.update
            driver.wait_drawn(lambda snapshot, update=update: snapshot.update > update and bool(snapshot.answers))
    driver.pause()
    assert replays(driver)
    assert not [text for text, error in driver.messages if error]


# Frozen units


def test_a_unit_is_frozen_and_let_go(driver: Any) -> None:
    driver.play(updates=5)
    driver.session.freeze(1, 2, True, "A")
    driver.wait_drawn(lambda snapshot: len(snapshot.marks) == 1)
    driver.pause()
    before = driver.weights()
    assert driver.session.experiment.network.frozen == ("1[2]",)
    driver.play(updates=20)
    driver.pause()
    after = driver.weights()
    assert np.array_equal(after["W1"][2], before["W1"][2]) and after["b1"][2] == before["b1"][2]
    assert not np.array_equal(after["W1"][1], before["W1"][1]) and driver.last.run == 0
    assert driver.last.marks[0].text == "what is frozen: none to 1[2]"
    driver.undo()
    driver.settle()
    assert driver.field("network.frozen") == ()
    driver.redo()
    driver.session.freeze(1, None, True, "A")
    driver.settle()
    assert driver.field("network.frozen") == ("1",)
    driver.session.freeze(1, 0, False, "A")
    driver.settle()
    assert driver.field("network.frozen") == tuple(f"1[{k}]" for k in range(1, 6))
    assert replays(driver)


def test_fewer_units_let_go_of_those_that_were_frozen(driver: Any) -> None:
    driver.session.freeze(2, 3, True, "A")
    driver.session.freeze(2, 0, True, "A")
    driver.session.change("network.hidden", (6, 3), True)
    assert driver.settle().lanes[0].sizes == (2, 6, 3, 1) and driver.field("network.frozen") == ("2[0]",)
    driver.undo()
    assert driver.settle().lanes[0].sizes == (2, 6, 4, 1) and driver.field("network.frozen") == ("2[0]", "2[3]")
    driver.session.change("data.dataset", "circles", True)
    driver.wait_drawn(lambda snapshot: snapshot.data.name == "circles")
    assert driver.session.experiment.network.frozen == ()


# Units and layers


def test_a_unit_is_removed_in_its_place_and_comes_back_with_its_weights(driver: Any) -> None:
    driver.play(updates=10)
    driver.pause()
    before = driver.weights()
    driver.session.remove_unit(1, 2, "A")
    assert driver.settle().lanes[0].sizes == (2, 5, 4, 1) and driver.last.run == 0
    assert np.array_equal(driver.weights()["W1"], np.delete(before["W1"], 2, axis=0))
    assert np.array_equal(driver.weights()["W2"], np.delete(before["W2"], 2, axis=1))
    assert driver.control("network.hidden").value() == (5, 4)
    assert driver.session.undo_stack.undoText() == "removal of unit 3 of layer 1"
    driver.undo()
    assert driver.settle().lanes[0].sizes == (2, 6, 4, 1) and same(driver.weights(), before)
    driver.redo()
    assert driver.settle().lanes[0].sizes == (2, 5, 4, 1)
    driver.play(updates=5)
    driver.pause()
    assert replays(driver)


def test_units_and_layers_come_and_go_while_it_trains(driver: Any) -> None:
    driver.play(updates=5)
    session = driver.session
    steps = [
        (lambda: session.add_unit(2, "A"), (2, 6, 5, 1)),
        (lambda: session.add_unit(1, "A", 0), (2, 7, 5, 1)),
        (lambda: session.add_layer(2, 3, "A"), (2, 7, 3, 5, 1)),
        (lambda: session.remove_layer(1, "A"), (2, 3, 5, 1)),
        (lambda: session.remove_unit(2, 4, "A"), (2, 3, 4, 1)),
    ]
    for act, sizes in steps:
        act()
        driver.wait_drawn(lambda snapshot, sizes=sizes: snapshot.lanes[0].sizes == sizes)
    driver.pause()
    assert driver.last.run == 0 and session.undo_stack.count() == len(steps) and replays(driver)
    for _, sizes in [*reversed(steps[:-1]), (None, (2, 6, 4, 1))]:
        driver.undo()
        assert driver.settle().lanes[0].sizes == sizes
    driver.play(updates=5)
    driver.pause()
    assert replays(driver)


def test_the_last_unit_of_a_layer_takes_the_layer_with_it(open_window: Any) -> None:
    experiment = Experiment().with_values({"network.hidden": (1,), "network.activation": ("relu",)})
    driver = open_window(experiment)
    driver.session.remove_unit(1, 0, "A")
    assert driver.settle().lanes[0].sizes == (2, 1)
    driver.undo()
    assert driver.settle().lanes[0].sizes == (2, 1, 1)
    assert driver.session.experiment.network.activation == ("relu",)


def test_activations_and_frozen_units_go_with_their_layer(open_window: Any) -> None:
    lanes = (LaneEntry("A"), LaneEntry("B", {"network.activation": ("relu", "sigmoid"), "network.frozen": ("2[1]",)}))
    driver = open_window(Experiment(lanes=lanes))
    driver.session.add_layer(1, 2, "B")
    driver.settle()
    assert driver.field("network.activation", "B") == ("relu", "relu", "sigmoid")
    assert driver.field("network.frozen", "B") == ("3[1]",) and driver.last.lanes[0].sizes == (2, 6, 4, 1)
    driver.session.remove_unit(3, 0, "B")
    driver.settle()
    assert driver.field("network.frozen", "B") == ("3[0]",)
    driver.undo()
    driver.undo()
    driver.settle()
    assert driver.field("network.activation", "B") == ("relu", "sigmoid")
    assert driver.field("network.frozen", "B") == ("2[1]",) and driver.field("network.hidden", "B") == (6, 4)


def test_there_is_a_largest_network(open_window: Any) -> None:
    driver = open_window(Experiment().with_value("network.hidden", (2,) * 8))
    driver.session.add_layer(1, 2, "A")
    driver.session.add_unit(9, "A")
    driver.session.remove_layer(12, "A")
    assert driver.settle().lanes[0].sizes == (2, *(2,) * 8, 1)
    said = [text for text, error in driver.messages if error]
    assert "network.hidden" in said[0] and said[-1] == "there is no hidden layer 12: this network has 8."


def test_a_refused_weight_forgets_no_lane_that_is_on_its_way(driver: Any) -> None:
    hold = Hold(driver.session)
    driver.session.add_lane("A")
    driver.session.change_weight("b1[99]", 1.0, True, "A")
    driver.wait(lambda: any("b1[99]" in text for text, error in driver.messages if error))
    assert [lane.name for lane in driver.session.experiment.lanes] == ["A", "B"]
    hold.release()
    driver.wait_drawn(lambda snapshot: len(snapshot.lanes) == 2)
    driver.undo()
    driver.undo()
    driver.wait_drawn(lambda snapshot: len(snapshot.lanes) == 1)
