"""Lanes in the real window, by mouse and keys: forked, added, renamed, hidden, removed, edited together, compared."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from sandbox import words
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.lens import comparison
from sandbox.experiment.lens.advantage import Advantage, End, Estimate
from sandbox.experiment.training.snapshot import DifferenceSurface
from sandbox.ui import theme
from sandbox.ui.lane_styles import lane_styles
from sandbox.ui.lanes.grid import best_columns

COPY, SAME = "A copy as it is now", "Nothing: the same again"  # entries of the menu for a new lane
TWO = (LaneEntry("A"), LaneEntry("B", {"loss.objective": "mse"}))


def with_lanes(*lanes: LaneEntry, **values: Any) -> Experiment:
    experiment = Experiment().with_values({"data.samples": 60, **{k.replace("__", "."): v for k, v in values.items()}})
    return dataclasses.replace(experiment, lanes=lanes or TWO).checked()


def names(driver: Any) -> list[str]:
    return [lane.name for lane in driver.last.lanes]


def frame(driver: Any, name: str) -> Any:
    return next(f for f in driver.window.boundary.frames if f.lane_style is not None and f.lane_style.name == name)


def act(driver: Any, lane: str, action: str) -> None:
    """Open a lane's menu and trigger one of its entries."""
    lane_frame = frame(driver, lane)
    driver.click(lane_frame.menu_button)
    driver.wait(lane_frame.menu.isVisible)
    position = lane_frame.menu.actionGeometry(lane_frame.actions_[action]).center()
    QTest.mouseClick(lane_frame.menu, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, position)
    driver.activate()


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(np.array_equal(one[key], other[key]) for key in one)


# Adding and removing lanes


def test_a_fork_is_a_copy_that_trains_independently(driver: Any) -> None:
    driver.play(updates=20)
    driver.pause()
    driver.new_lane(COPY)
    driver.wait(lambda: names(driver) == ["A", "B"])
    driver.settle()
    assert same(driver.weights("A"), driver.weights("B"))
    assert len(driver.trainer().history("B")) == len(driver.trainer().history("A"))
    assert driver.window.lane_panel.choice.value() == "B"  # what is changed next is changed in the new lane
    driver.choose(driver.control("loss.objective"), "Mean squared")
    driver.play(updates=10)
    driver.pause()
    assert driver.field("loss.objective", "B") == "mse" and driver.field("loss.objective", "A") == "auto"
    assert not same(driver.weights("A"), driver.weights("B"))
    replayed = Trainer(driver.last.experiment, driver.last.data)
    replayed.advance(lambda: True, driver.last.update)
    assert same(replayed.parameters("A"), driver.weights("A")) and same(replayed.parameters("B"), driver.weights("B"))


def test_a_fork_is_undone_and_redone(driver: Any) -> None:
    driver.play(updates=10)
    driver.pause()
    driver.new_lane(COPY)
    driver.wait(lambda: names(driver) == ["A", "B"])
    driver.undo()
    driver.wait(lambda: names(driver) == ["A"])
    driver.play(updates=10)
    driver.pause()
    driver.redo()
    driver.wait(lambda: names(driver) == ["A", "B"])
    driver.settle()
    assert same(driver.weights("A"), driver.weights("B"))  # it has trained as far as the other


def test_a_lane_added_late_is_as_if_added_first(driver: Any) -> None:
    driver.play(updates=30)
    driver.pause()
    driver.type(driver.control("optimizer.learning_rate").edit, "0.1")
    driver.wait(lambda: driver.field("optimizer.learning_rate") == 0.1)
    driver.play(updates=20)
    driver.pause()
    before, update = driver.weights("A"), driver.last.update
    driver.new_lane(SAME)
    driver.wait(lambda: names(driver) == ["A", "B"] and driver.last.catch_up_progress == 1.0)
    driver.settle()
    assert driver.last.update == update and same(driver.weights("A"), before)
    reference = Trainer(Experiment().with_value("optimizer.learning_rate", 0.1), driver.last.data)
    reference.advance(lambda: True, update)
    assert same(driver.weights("B"), reference.parameters())


def test_there_are_at_most_six_lanes(driver: Any) -> None:
    for count in range(2, 7):
        driver.new_lane(SAME)
        driver.wait(lambda count=count: len(driver.last.lanes) == count)
    driver.wait(lambda: len(driver.last.surfaces) == 6)
    assert names(driver) == list("ABCDEF")
    button = driver.window.lane_bar.new
    assert not button.isEnabled() and button.toolTip() == "There are 6 lanes; remove one first."
    driver.session.fork_lane("A")
    assert driver.messages[-1][1] and "6 lanes already" in driver.messages[-1][0]
    assert len(driver.session.experiment.lanes) == 6
    act(driver, "F", "remove")
    driver.wait(lambda: len(driver.last.lanes) == 5)
    assert button.isEnabled()


def test_a_recent_change_survives_adding_a_lane(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes())
    driver.play(updates=9)
    driver.pause()
    driver.choose(driver.control("loss.objective"), "Huber")
    driver.wait(lambda: driver.last.lanes[0].objective == "huber")
    marks = driver.last.marks
    driver.new_lane(SAME)
    driver.wait(lambda: names(driver) == ["A", "B", "C"] and driver.last.catch_up_progress == 1.0)
    driver.settle()
    assert driver.last.lanes[0].objective == "huber" and driver.last.marks == marks


def test_undo_removes_the_mark_too(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes())
    driver.play(updates=9)
    driver.pause()
    pair = choose_rival(driver, "A against B")
    driver.wait(lambda: pair.match.isEnabled())
    bar = pair.area.verticalScrollBar()
    bar.setValue(bar.maximum())
    scrolled = bar.value()
    assert scrolled > 0
    driver.click(pair.match)
    driver.wait(lambda: len(driver.last.marks) == 1)
    assert bar.value() >= scrolled  # what was clicked stays in view
    assert driver.window.focusWidget() is not driver.window.cost
    driver.wait(lambda: pair.changed_.isVisible())
    assert pair.changed_.text() == (
        f"Settings were changed during training, last after update {driver.last.update}. "
        "Reset compares both from the start with the current settings."
    )
    driver.undo()
    driver.wait(lambda: driver.last.marks == () and driver.last.experiment.edits == ())
    driver.wait(lambda: not pair.changed_.isVisible())
    driver.redo()
    driver.wait(lambda: len(driver.last.marks) == 1)
    driver.session.reset()
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    driver.wait(lambda: not pair.changed_.isVisible())


def test_a_removed_lane_is_restored_as_if_never_removed(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes())
    driver.play(updates=10)
    driver.pause()
    act(driver, "B", "remove")
    driver.wait(lambda: names(driver) == ["A"])
    assert not driver.window.lane_panel.isVisible()
    driver.play(updates=10)
    driver.pause()
    driver.undo()
    driver.wait(lambda: names(driver) == ["A", "B"])
    driver.settle()
    reference = Trainer(with_lanes(), driver.last.data)
    reference.advance(lambda: True, driver.last.update)
    for name in "AB":
        assert same(driver.weights(name), reference.parameters(name))


def test_the_only_lane_cannot_be_removed(driver: Any) -> None:
    driver.session.remove_lane("A")
    assert driver.messages[-1][1] and "The only lane cannot be removed." in driver.messages[-1][0]


def test_a_lane_is_renamed_by_typing(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes())
    lane_frame = frame(driver, "B")
    position = lane_frame.head.geometry().center() - QPoint(40, 0)
    for press in (QTest.mouseDClick, QTest.mouseRelease):
        press(lane_frame, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, position)
    driver.wait(lane_frame.edit.isVisible)
    driver.qtbot.keyClicks(lane_frame.edit, "slow learner")
    driver.key(Qt.Key.Key_Return, on=lane_frame.edit)
    driver.wait(lambda: names(driver) == ["A", "B slow learner"])
    assert frame(driver, "B slow learner").words.text() == "slow learner"
    act(driver, "B slow learner", "rename")
    driver.wait(lane_frame.edit.isVisible)
    driver.qtbot.keyClicks(lane_frame.edit, "x: y")
    driver.key(Qt.Key.Key_Return, on=lane_frame.edit)
    notice = driver.window.notice
    assert notice.sentence.text() == "A lane's name may contain letters, digits, inner spaces, - and _, but not :"
    assert (
        notice.isVisible() and lane_frame.edit.isVisible() and lane_frame.edit.text() == "x: y"
    )  # what was typed stays
    driver.type(lane_frame.edit, "a")  # this lane's letter stays, even where the text is another's
    driver.wait(lambda: names(driver) == ["A", "B a"])
    driver.undo()
    driver.wait(lambda: names(driver) == ["A", "B slow learner"])
    driver.undo()
    driver.wait(lambda: names(driver) == ["A", "B"])


def test_escape_keeps_the_old_name(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes())
    lane_frame = frame(driver, "A")
    act(driver, "A", "rename")
    driver.wait(lane_frame.edit.isVisible)
    driver.qtbot.keyClicks(lane_frame.edit, "other")
    driver.key(Qt.Key.Key_Escape, on=lane_frame.edit)
    assert not lane_frame.edit.isVisible() and lane_frame.words.isVisible() and names(driver) == ["A", "B"]


def test_a_hidden_lane_is_not_drawn_but_still_learns(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes())
    act(driver, "B", "hide")
    driver.wait(lambda: len(driver.last.surfaces) == 1)
    driver.play(updates=5)
    driver.pause()
    assert {row.lane for row in driver.window.cost.legend.rows} == {"A"}
    assert driver.last.lanes[1].readings["train_cost"] != driver.trainer().history("B").column("train_cost")[1][0]
    (button,) = driver.window.lane_bar.hidden
    driver.click(button)
    driver.wait(lambda: len(driver.last.surfaces) == 2)
    driver.undo()
    driver.wait(lambda: len(driver.last.surfaces) == 1)


def test_reset_restarts_all_lanes_together(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes())
    starts = {name: driver.weights(name) for name in "AB"}
    driver.play(updates=8)
    driver.click(driver.window.controls.reset)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    driver.pause()
    driver.click(driver.window.controls.reset)
    driver.wait_drawn(lambda snapshot: snapshot.run == 2 and snapshot.update == 0)
    assert all(same(driver.weights(name), starts[name]) for name in "AB")


def test_a_click_on_a_lane_selects_it_for_editing(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes())
    assert driver.control("loss.objective").value() == "auto"
    lane_frame = frame(driver, "B")
    QTest.mouseClick(
        lane_frame, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, lane_frame.head.geometry().center()
    )
    driver.wait(lambda: driver.control("loss.objective").value() == "mse")
    assert lane_frame.property("current") == "true" and frame(driver, "A").property("current") == "false"


# Settings of one lane and of all


def test_settings_that_differ_are_marked_and_explained(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes(LaneEntry("A"), LaneEntry("B", {"optimizer.learning_rate": 0.05})))
    rows = {key: row for panel in driver.window.panels for key, row in panel.rows.items()}
    marked = {key for key, row in rows.items() if row.label.property("role") == "differs"}
    assert marked == {"optimizer.learning_rate"}
    assert "A rate 0.5, B rate 0.05" in rows["optimizer.learning_rate"].control.toolTip()


def test_auto_does_not_differ_from_what_it_means(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes(TWO[0], LaneEntry("B", {"loss.objective": "mse"}), data__dataset="sine"))
    rows = {key: row for panel in driver.window.panels for key, row in panel.rows.items()}
    assert rows["loss.objective"].label.text() == "Learn with"
    driver.choose(driver.control("data.dataset"), "Two moons")
    driver.wait(lambda: driver.last.data.task == "binary")
    assert rows["loss.objective"].label.text() == "Learn with \u2260"


def test_monitors_follow_the_task(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes(LaneEntry("A"), LaneEntry("B")))
    driver.window.desk.view("B")
    driver.choose(driver.control("loss.objective"), "Mean squared error")
    driver.wait(lambda: driver.field("loss.monitors", "B") == ("binary_cross_entropy",))
    driver.choose(driver.control("data.dataset"), "Iris")
    driver.wait(lambda: driver.last.data.task == "multiclass")
    assert driver.field("loss.monitors", "B") == ("categorical_cross_entropy",)
    driver.choose(driver.control("data.dataset"), "Sine")
    driver.wait(lambda: driver.last.data.task == "regression")
    assert driver.field("loss.monitors", "A") == driver.field("loss.monitors", "B") == ()
    driver.choose(driver.control("data.dataset"), "Two moons")
    driver.wait(lambda: driver.last.data.task == "binary")
    assert driver.field("loss.objective", "B") == "mse"


def test_a_change_in_all_lanes_is_undone_in_all(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes(LaneEntry("A"), LaneEntry("B", {"optimizer.learning_rate": 0.05})))
    driver.play(updates=3)
    driver.pause()
    toggle = driver.window.lane_panel.all
    driver.qtbot.mouseClick(toggle, Qt.MouseButton.LeftButton, pos=QPoint(8, toggle.height() // 2))
    driver.type(driver.control("optimizer.learning_rate").edit, "0.2")
    driver.wait(lambda: [driver.field("optimizer.learning_rate", name) for name in "AB"] == [0.2, 0.2])
    assert driver.last.experiment.edits[-1].lane is None
    driver.undo()
    driver.wait(lambda: [driver.field("optimizer.learning_rate", name) for name in "AB"] == [0.5, 0.05])


def test_a_setting_that_no_optimiser_uses_can_be_undone(driver: Any) -> None:
    driver.session.change("optimizer.epsilon", 1e-3, True)  # as if the optimiser was replaced while this was deferred
    driver.settle()
    driver.session.undo()
    driver.session.redo()
    driver.settle()
    assert not [sentence for sentence, error in driver.messages if error]


def test_a_setting_of_one_lanes_optimiser_is_changed_in_all_and_undone(open_window: Callable[..., Any]) -> None:
    lanes = LaneEntry("A", {"optimizer.name": "adam"}), LaneEntry("B")
    driver = open_window(with_lanes(*lanes))
    driver.play(updates=3)
    driver.pause()
    driver.session.change("optimizer.epsilon", 1e-3, True)
    driver.wait(lambda: driver.field("optimizer.epsilon", "A") == 1e-3)
    driver.undo()
    driver.wait(lambda: driver.field("optimizer.epsilon", "A") == 1e-8)
    driver.redo()
    driver.wait(lambda: driver.field("optimizer.epsilon", "A") == 1e-3)
    assert not [sentence for sentence, error in driver.messages if error]


def test_a_seed_for_all_lanes_is_set_in_all_and_undone(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes(LaneEntry("A"), LaneEntry("B", {"network.seed": 9})))
    driver.session.change("network.seed", 4, True, None)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    assert [driver.field("network.seed", name) for name in "AB"] == [4, 4]
    driver.undo()
    driver.wait_drawn(lambda snapshot: snapshot.run == 0)
    assert [driver.field("network.seed", name) for name in "AB"] == [7, 9]


def test_lane_styles_say_what_differs() -> None:
    lanes = (
        LaneEntry("A"),
        LaneEntry("B", {"loss.objective": "mse"}),
        LaneEntry("C", {"optimizer.name": "adam", "optimizer.learning_rate": 0.02}),
        LaneEntry("D long run", {"network.hidden": ()}),
        LaneEntry("other", {"network.hidden": (8, 8)}),
    )
    styles = lane_styles(with_lanes(*lanes), "binary")
    assert [style.letter for style in styles] == ["A", "B", "C", "D", "E"]
    assert [style.words for style in styles] == [
        "Binary cross-entropy", "Mean squared error", "Adam, rate 0.02", "long run", "other",
    ]  # fmt: skip
    (style,) = lane_styles(with_lanes(LaneEntry("A")), "regression")
    assert style.words == "Mean squared error"
    monitors = lane_styles(with_lanes(LaneEntry("A"), LaneEntry("B", {"loss.monitors": ("mae",)})), "binary")
    assert [style.words for style in monitors] == ["shows no other loss", "shows mean absolute error"]
    for key, told in (("loss.objective", "Squared error (sum)"), ("loss.monitors", "shows squared error (sum)")):
        value = "mse" if key == "loss.objective" else ("mse",)
        lanes = (LaneEntry("A", {key: value}), LaneEntry("B"))
        summed = lane_styles(with_lanes(*lanes).with_value("loss.reduction", "sum"), "binary")
        assert summed[0].words == told, "a sum is not called a mean"
    lanes = (LaneEntry("A"), LaneEntry("B", {"loss.objective": "huber", "loss.delta": 0.5}))
    assert [style.words for style in lane_styles(with_lanes(*lanes), "regression")] == [
        "Mean squared error", "Huber, delta 0.5",
    ]  # fmt: skip


def test_letters_keep_their_colours(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes())
    cost = driver.window.cost
    colours = {
        row.lane: cost.legend.stroke(row, "train").color.name() for row in cost.legend.rows if row.role == "objective"
    }
    assert colours == {"A": theme.LIGHT.lane(0), "B": theme.LIGHT.lane(1)}
    act(driver, "A", "remove")
    driver.wait(lambda: names(driver) == ["B"])
    driver.settle()
    assert cost.legend.stroke(cost.legend.rows[0], "train").color.name() == theme.LIGHT.lane(1)


# Curves


def test_one_loss_is_drawn_for_every_lane(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes())
    driver.play(updates=12)
    driver.pause()
    cost = driver.window.cost
    driver.choose(cost.only, "Mean squared error")
    driver.wait(lambda: {curve.name for curve in driver.last.curves} == {"mse"})
    assert {(curve.lane, curve.role) for curve in driver.last.curves} == {("A", "monitor"), ("B", "objective")}
    assert [row.lane for row in cost.legend.rows] == ["B", "A"]
    trainer = driver.trainer()
    for curve in driver.last.curves:
        lane = trainer.lane(curve.lane)
        X = trainer.data.X_train if curve.part == "train" else trainer.data.X_test
        y = trainer.data.y_train if curve.part == "train" else trainer.data.y_test
        for l in range(1, 4):
            W, b = lane.replicas[0].parameters()[f"W{l}"], lane.replicas[0].parameters()[f"b{l}"]
            X = X @ W.T + b
            X = np.tanh(X) if l < 3 else 1.0 / (1.0 + np.exp(-X))
        assert curve.values[-1] == pytest.approx(np.mean((X[:, 0] - y) ** 2), rel=1e-9)


def test_with_many_lanes_only_objectives_are_drawn_at_first(open_window: Callable[..., Any]) -> None:
    lanes = [LaneEntry("ABCD"[i], {"optimizer.learning_rate": 0.1 * (i + 1)}) for i in range(4)]
    driver = open_window(with_lanes(*lanes, loss__monitors=("mse",)))
    driver.play(updates=3)
    driver.pause()
    drawn = driver.window.cost.lines.lines
    assert len(drawn) == 4 and all(line.dash == () for line in drawn)
    hidden = [curve for curve in driver.last.curves if curve.name == "mse"]
    assert hidden and all(not len(curve.epochs) for curve in hidden)  # and the thread does not thin them
    chip = driver.window.cost.legend.chips["B", "train_mse"]
    driver.click(driver.window.cost.legend.more)
    driver.window.cost.legend.ensureWidgetVisible(chip)
    driver.click(chip)
    driver.wait(lambda: any(len(curve.epochs) for curve in driver.last.curves if curve.name == "mse"))


# Two lanes


def choose_rival(driver: Any, text: str) -> Any:
    driver.choose(driver.window.lane_bar.rival, text)
    driver.wait(lambda: driver.window.boundary.pair is not None and bool(driver.window.boundary.pair.proof.text()))
    return driver.window.boundary.pair


def test_monitors_leave_the_weights_identical(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes(LaneEntry("A"), LaneEntry("B", {"loss.monitors": ("mse", "hinge")})))
    driver.play(updates=9)
    update = driver.pause().update
    pair = choose_rival(driver, "A against B")
    count = 6 * 2 + 6 + 4 * 6 + 4 + 4 + 1
    driver.wait(lambda: pair.proof.text() == f"Weights identical: 0 of {count} differ after {update:,} updates.")
    assert "changes no weight" in pair.difference.text()
    assert same(driver.weights("A"), driver.weights("B"))


def test_other_objectives_diverge_and_the_picture_shows_where(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes())
    driver.play(updates=60)
    driver.pause()
    pair = choose_rival(driver, "A against B")
    driver.wait_drawn(lambda s: len(s.surfaces) == 1 and isinstance(s.surfaces[0], DifferenceSurface))
    a, b = (np.concatenate([v.ravel() for v in driver.weights(name).values()]) for name in "AB")
    assert "first differ after one update" in pair.proof.text()
    assert f"Now {np.count_nonzero(a != b)} of {a.size} differ" in pair.proof.text()
    assert f"{np.linalg.norm(a - b):.4f} apart" in pair.proof.text()
    assert "Binary cross-entropy | Mean squared error" in pair.difference.text()
    assert all(len(layer.lines) == 1 for layer in pair.lines)
    surface = driver.last.surfaces[0]
    trainer, outputs = driver.trainer(), []
    point = surface.y.size // 3, surface.x.size // 2
    for name in "AB":
        X = trainer.data.from_inputs(np.array([[surface.x[point[1]], surface.y[point[0]]]]))
        for l in range(1, 4):
            weights = trainer.lane(name).replicas[0].parameters()
            X = X @ weights[f"W{l}"].T + weights[f"b{l}"]
            X = np.tanh(X) if l < 3 else 1.0 / (1.0 + np.exp(-X))
        outputs.append(float(X[0, 0]))
    assert surface.values[point] == pytest.approx(outputs[0] - outputs[1], abs=1e-5)
    told = frame(driver, "A").score.text()
    assert told.startswith("class 1 of A minus B, at most ")
    assert float(told.split()[-1]) == pytest.approx(np.abs(surface.values).max(), abs=5e-4)
    driver.choose(driver.window.lane_bar.rival, "Each lane")
    driver.wait(lambda: len(driver.last.surfaces) == 2)
    assert not pair.isVisible()
    driver.wait(lambda: frame(driver, "A").score.text().endswith("%"))


def test_the_first_lane_to_reach_a_level_is_named(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes(TWO[0], LaneEntry("B", {"optimizer.learning_rate": 0.1})))
    driver.play(updates=150)
    driver.pause()
    pair = choose_rival(driver, "A against B")
    driver.choose(pair.column_choice, "Training binary cross-entropy")
    driver.type(pair.level.edit, "0.45")
    needed = {}
    for name in "AB":
        epochs, values = driver.trainer().history(name).column("train_binary_cross_entropy")
        needed[name] = next((int(e) for e, v in zip(epochs, values, strict=True) if v <= 0.45), None)
    assert needed["A"] is not None
    if needed["B"] is None:
        text = f"A reached a training binary cross-entropy of 0.45 after {needed['A']} epochs; B has not yet."
    else:
        ratio = needed["B"] / needed["A"]
        text = f"B needed {ratio:.2g} times as many epochs as A to reach a training binary cross-entropy of 0.45"
    driver.wait(lambda: pair.first.text().startswith(text))


def test_one_click_matches_the_rates_and_one_undo_restores_them(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes())
    pair = choose_rival(driver, "A against B")
    driver.wait(lambda: bool(pair.table.rows) and pair.match.isEnabled())
    before = {name: driver.weights(name) for name in "AB"}
    assert "which keeps its 0.5." in pair.rates_note.text()
    told = pair.rates_note.text().split("Matching sets the rate of A from 0.5 to ")[1].split(":")[0]
    driver.click(pair.match)
    driver.wait(lambda: driver.field("optimizer.learning_rate", "A") != 0.5)
    assert words.number(driver.field("optimizer.learning_rate", "A")) == told
    assert driver.field("optimizer.learning_rate", "B") == 0.5  # the lane in view follows
    driver.wait(lambda: not pair.match.isEnabled())
    assert pair.rates_note.text() == "The first update of A, from the initial weights, is as long as that of B."
    driver.click(driver.window.controls.step_update)
    driver.wait_drawn(lambda snapshot: snapshot.update == 1)
    driver.settle()
    steps = []
    for name in "AB":
        after = driver.weights(name)
        steps.append(math.sqrt(sum(float(((after[k] - before[name][k]) ** 2).sum()) for k in after)))
    assert steps[1] == pytest.approx(steps[0], rel=2e-3)
    texts = [number.text() for number in pair.table.rows[0][1]]
    assert texts[3].startswith(f"{driver.field('optimizer.learning_rate', 'A'):.4g}")
    driver.undo()
    driver.wait(lambda: driver.field("optimizer.learning_rate", "A") == 0.5)


def test_whichever_lane_is_in_view_follows_the_other(open_window: Callable[..., Any]) -> None:
    lanes = (*TWO, LaneEntry("C", {"loss.objective": "mae"}))
    driver = open_window(with_lanes(*lanes))
    driver.window.desk.view("B")
    pair = choose_rival(driver, "B against A")
    driver.wait(lambda: bool(pair.table.rows) and pair.match.isEnabled())
    driver.click(pair.match)
    driver.wait(lambda: driver.field("optimizer.learning_rate", "B") != 0.5)
    driver.wait(lambda: not pair.match.isEnabled())
    assert [driver.field("optimizer.learning_rate", name) for name in "AC"] == [0.5, 0.5]
    assert pair.rates_note.text() == "The first update of B, from the initial weights, is as long as that of A."


def test_rates_are_also_shown_as_those_of_a_sum(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes(TWO[0], LaneEntry("B", {"loss.reduction": "sum"}), optimizer__batch_size=7))
    pair = choose_rival(driver, "A against B")
    driver.wait(lambda: bool(pair.table.rows))
    assert [row[1][1].text() for row in pair.table.rows] == ["0.5", "3.5"]
    driver.click(pair.reduction.button("sum"))
    assert [row[1][1].text() for row in pair.table.rows] == ["0.07143", "0.5"]
    assert pair.table.heads[2].text() == "\u2026 as a sum"


def advantage(**changes: Any) -> Advantage:
    defaults: dict[str, Any] = {
        "lane": "A", "other": "B", "column": "test_accuracy", "level": 0.95, "seeds": 32, "reached": 32,
        "other_reached": 31, "epochs": 300.0, "other_epochs": 570.0, "ratio": Estimate(1.9, 1.6, 2.3), "last": 0.98,
        "other_last": 0.97, "gap": Estimate(0.01, 0.0, 0.02), "ends": (End(1200, 1200, 32), End(1200, 1200, 32)),
        "compared": 32, "sooner": 30, "other_sooner": 2,
    }  # fmt: skip
    return Advantage(**(defaults | changes))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {},
            "B needs 1.9 times as many epochs as A "
            "to reach a test accuracy of 95\u2009%, 1.6 to 2.3 (95\u2009% interval), "
            "32 seeds. 32 of 32 seeds of A reach it, 31 of 32 of B.",
        ),
        (
            {"ratio": Estimate(0.5, 0.4, 0.8)},
            "A needs 2 times as many epochs as B "
            "to reach a test accuracy of 95\u2009%, 1.2 to 2.5 (95\u2009% interval), "
            "32 seeds. 32 of 32 seeds of A reach it, 31 of 32 of B.",
        ),
        ({"reached": 0, "other_reached": 0}, "Neither lane has reached a test accuracy of 95\u2009% yet."),
        (
            {"ratio": Estimate(math.inf, 2.0, math.inf), "other_reached": 3},
            "A reaches a test accuracy of 95\u2009% first with 30 of 32 seeds, B with 2. "
            "32 of 32 seeds of A reach it, 3 of 32 of B.",
        ),
        (
            {
                "ratio": Estimate(1.0, 0.0, math.inf),
                "reached": 16,
                "other_reached": 16,
                "sooner": 16,
                "other_sooner": 16,
            },
            "Neither lane is first: each reaches a test accuracy of 95\u2009% first with 16 of 32 seeds. "
            "16 of 32 seeds of A reach it, 16 of 32 of B.",
        ),
        (
            {
                "ratio": Estimate(math.inf, math.nan, math.nan),
                "reached": 1,
                "other_reached": 0,
                "compared": 1,
                "sooner": 1,
                "other_sooner": 0,
            },
            "A reaches a test accuracy of 95\u2009% first with 1 of 32 seeds, B with 0. "
            "1 of 32 seeds of A reach it, 0 of 32 of B.",
        ),
        (
            {"ratio": Estimate(1.004, 1.001, 1.2), "compared": 31, "step": 8, "gaps": True},
            "B needs about as many epochs as A to reach a test accuracy of 95\u2009%, 1 to 1.2 (95\u2009% interval), "
            "31 of 32 seeds. The interval contains 1: the difference may be chance. "
            "32 of 32 seeds of A reach it, 31 of 32 of B. "
            "Only recorded epochs count: the one before may be 8 epochs earlier.",
        ),
        (
            {"seeds": 1, "reached": 1, "other_reached": 1, "epochs": 100.0, "other_epochs": 102.0},
            "B needed 1.02 times as many epochs as A to reach a test accuracy of 95\u2009% "
            "(100 epochs of A, 102 of B). One seed says little.",
        ),
        (
            {"seeds": 1, "reached": 1, "other_reached": 1, "epochs": 997.0, "other_epochs": 10.0},
            "A needed 99.7 times as many epochs as B to reach a test accuracy of 95\u2009% (997 epochs of A, 10 of B). "
            "One seed says little.",
        ),
        (
            {"seeds": 1, "reached": 1, "other_reached": 1, "epochs": 1000.0, "other_epochs": 1001.0},
            "B needed about as many epochs as A to reach a test accuracy of 95\u2009% (1,000 epochs of A, 1,001 of B). "
            "One seed says little.",
        ),
        (
            {"seeds": 1, "reached": 1, "other_reached": 1, "epochs": 0.0, "other_epochs": 1.0},
            "A reached a test accuracy of 95\u2009% before the first epoch, B after 1 epoch.",
        ),
        (
            {"alike": True, "epochs": 100.0, "other_epochs": 940.0, "ratio": Estimate(9.4, math.nan, math.nan)},
            "B needed 9.4 times as many epochs as A to reach a test accuracy of 95\u2009% (100 epochs of A, 940 of B). "
            "All 32 seeds are one and the same network.",
        ),
        (
            {"seeds": 1, "reached": 0, "other_reached": 0, "gaps": True},
            "Neither lane has reached a test accuracy of 95\u2009% at any recorded epoch.",
        ),
        (
            {"ratio": Estimate(3.0, 2.0, math.inf)},
            "B needs 3 times as many epochs as A "
            "to reach a test accuracy of 95\u2009%, 2 or more (95\u2009% interval), "
            "32 seeds. 32 of 32 seeds of A reach it, 31 of 32 of B.",
        ),
        (
            {"ratio": Estimate(1.2, 0.9, 1.5)},
            "B needs 1.2 times as many epochs as A "
            "to reach a test accuracy of 95\u2009%, 0.9 to 1.5 (95\u2009% interval), "
            "32 seeds. The interval contains 1: the difference may be chance. "
            "32 of 32 seeds of A reach it, 31 of 32 of B.",
        ),
        (
            {"seeds": 1, "reached": 1, "other_reached": 0, "other_epochs": math.inf},
            "A reached a test accuracy of 95\u2009% after 300 epochs; B has not yet.",
        ),
        (
            {
                "seeds": 1,
                "reached": 1,
                "other_reached": 0,
                "other_epochs": math.inf,
                "ends": (End(400, 400, 1), End(7, 7, 1, stopped=True)),
            },
            "A reached a test accuracy of 95\u2009% after 300 epochs; B stopped before it did.",
        ),
        (
            {"seeds": 1, "reached": 1, "other_reached": 1, "ratio": Estimate(1.9, math.nan, math.nan)},
            "B needed 1.9 times as many epochs as A to reach a test accuracy of 95\u2009% (300 epochs of A, 570 of B). "
            "One seed says little.",
        ),
    ],
)
def test_sentences_about_who_is_first(changes: dict[str, Any], text: str) -> None:
    assert comparison.first(advantage(**changes), "A", "B") == text


def test_sentences_about_the_current_gap() -> None:
    text = comparison.gap(advantage(), "A", "B")
    expected = "After epoch 1,200: 98.0\u2009% (A) and 97.0\u2009% (B), medians; "
    expected += "seed by seed, A minus B: 0 to +2 points"
    assert text == f"{expected} (95\u2009% interval)."

    small = Estimate(0.0097, -2e-5, 0.0098)
    text = comparison.gap(advantage(column="test_mse", last=0.01, other_last=0.0003, gap=small), "A", "B")
    expected = "After epoch 1,200: 0.0100 (A) and 3.00e\u22124 (B), medians; seed by seed, A minus B: "
    expected += "\u22122.0e\u22125 to +0.00980"
    assert text == f"{expected} (95\u2009% interval)."

    text = comparison.gap(advantage(gap=Estimate(0.0, 0.0, 0.0)), "A", "B")
    assert text.endswith("seed by seed, A minus B: 0 points (95\u2009% interval).")

    stopped = {"gap": Estimate(0.01, math.nan, math.nan), "ends": (End(0, 3, 1, stopped=True), End(12, 36, 1))}
    assert comparison.gap(advantage(seeds=1, **stopped), "A", "B") == (
        "The latest values: 98.0\u2009% (A, stopped after update 3) and 97.0\u2009% (B, after epoch 12)."
    )
    some = comparison.gap(advantage(ends=(End(12, 12, 30), End(12, 12, 32))), "A", "B")
    assert some.startswith("After epoch 12: 98.0\u2009% (A, 30 of 32 seeds) and 97.0\u2009% (B), medians; ")


# Several seeds


def test_several_seeds_are_shown_together_and_one_by_one(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes(run__replicas=5))
    driver.window.resize(1400, 800)
    driver.play(updates=20)
    driver.pause()
    networks = driver.trainer().lane("A").replicas
    costs = []
    for network in networks:
        X, y = driver.last.data.X_train, driver.last.data.y_train
        for l in range(1, 4):
            weights = network.parameters()
            X = X @ weights[f"W{l}"].T + weights[f"b{l}"]
            X = np.tanh(X) if l < 3 else 1.0 / (1.0 + np.exp(-X))
        a = X[:, 0]
        costs.append(float(np.mean(-y * np.log(a) - (1 - y) * np.log(1 - a))))
    low, middle, high = np.percentile(costs, (25, 50, 75))
    controls = driver.window.controls
    assert controls.train.number.text() == f"{middle:.4f}"
    assert controls.train.findChild(QLabel).text() == f"A: train cost  {low:.4f}\u2013{high:.4f}"
    assert driver.last.surfaces[0].replicas == 5
    assert driver.window.lenses.seed.text() == "seed 7"  # one network has equations and gradients
    assert set(np.unique(driver.last.surfaces[0].values)) <= {np.float32(k / 5) for k in range(6)}
    assert (
        len(driver.window.cost.bands.bands)
        == len([r for r in driver.window.cost.legend.rows if r.role != "metric"]) * 2
    )
    driver.choose(driver.window.lane_bar.replica, "Seed 9")  # the network's seed is 7
    driver.wait(lambda: driver.last.surfaces[0].replicas == 1)
    assert driver.window.lenses.seed.text() == "seed 9"
    curve = next(c for c in driver.last.curves if (c.lane, c.column) == ("A", "train_binary_cross_entropy"))
    assert curve.picked is not None and curve.picked[1][-1] == pytest.approx(costs[2], rel=1e-9)
    assert controls.train.number.text() == driver.window.cost.legend.chips["A", curve.column].value == f"{costs[2]:.4f}"
    assert controls.train.caption.text() == "A: train cost  seed 9" and "median" not in controls.train.toolTip()
    driver.choose(driver.window.lane_bar.replica, "All 5 seeds")
    driver.wait(lambda: driver.last.surfaces[0].replicas == 5)


def test_seeds_are_set_in_the_network_panel(driver: Any) -> None:
    driver.type(driver.control("run.replicas").edit, "4")
    driver.wait(lambda: driver.last.lanes[0].replicas == 4)
    driver.undo()
    driver.wait(lambda: driver.last.lanes[0].replicas == 1)


# Layout


@pytest.mark.parametrize(
    ("count", "size", "columns"),
    [
        (1, (400, 600), 1),
        (2, (400, 600), 1),
        (2, (900, 600), 2),
        (4, (600, 600), 2),
        (6, (480, 640), 2),
        (6, (900, 500), 3),
    ],
)
def test_frames_are_as_large_as_possible(count: int, size: tuple[int, int], columns: int) -> None:
    assert best_columns(count, *size) == columns


def test_a_followed_sample_has_a_ring_in_every_lane(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes())
    view = driver.window.boundary.current
    driver.key(Qt.Key.Key_Period, on=view.plot)
    rings = [f.view.samples.ring.place for f in driver.window.boundary.frames]
    assert rings[0] is not None and rings[0] == rings[1]


def test_chosen_axes_are_shown_in_every_lane(open_window: Callable[..., Any]) -> None:
    driver = open_window(with_lanes(data__dataset="iris"))
    driver.choose(driver.window.boundary.across, "sepal_length")
    driver.wait(
        lambda: (
            len({s.request.axes for s in driver.last.surfaces}) == 1 and driver.last.surfaces[0].request.axes[0] == 0
        )
    )
    assert {s.request.lane for s in driver.last.surfaces} == {"A", "B"}


# Space


@pytest.mark.parametrize("seeds", [1, 16])
@pytest.mark.parametrize("lanes", [1, 2, 6])
def test_a_window_of_many_lanes_fits_on_a_small_screen(open_window: Callable[..., Any], lanes: int, seeds: int) -> None:
    named = [LaneEntry("ABCDEF"[i], {"optimizer.learning_rate": 0.1 + i}) for i in range(lanes)]
    driver = open_window(with_lanes(*named, run__replicas=seeds))
    driver.window.resize(1280, 720)
    driver.settle()
    assert driver.window.minimumSizeHint().width() <= 1120
    assert driver.window.width() == 1280
    note = driver.window.controls.train.caption
    assert ("\u2013" in note.text()) == (seeds > 1)  # there is room for the quartiles
    driver.window.resize(960, 720)
    driver.settle()
    assert driver.window.width() == 960
    assert "\u2013" not in note.text()
    if lanes > 1:
        driver.choose(driver.window.lane_bar.rival, "A against B")
        driver.settle()
        assert driver.window.width() == 960
