"""The picture of the network in the real window, by mouse and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication

from sandbox import words
from sandbox.experiment import Experiment
from sandbox.ui import theme
from sandbox.ui.network.canvas import DERIVATIVES, WEIGHTS
from sandbox.ui.network.looks import MOST_LINES
from sandbox.ui.network.parts import Kind, Part
from sandbox.ui.network.view import HINT
from tests.colours import distance

OpenWindow = Callable[..., Any]


@pytest.fixture(autouse=True)
def _as_at_first() -> Iterator[None]:
    """Forget what earlier tests left remembered."""
    QSettings().remove("network")
    yield
    QSettings().remove("network")


def view_of(driver: Any) -> Any:
    return driver.window.network.view


def canvas_of(driver: Any) -> Any:
    return view_of(driver).canvas


def point_of(driver: Any, part: Part) -> QPoint:
    """Return a point of the canvas where a part can be pointed at."""
    canvas = canvas_of(driver)
    if part.kind is Kind.WEIGHT:
        x0, y0, x1, y1 = canvas.geometry_.lines[part.column - 1][part.unit, part.source].tolist()
        shares = np.linspace(0.05, 0.95, 37)
        points = [QPointF(x0 + s * (x1 - x0), y0 + s * (y1 - y0)) for s in shares]
        return next(p.toPoint() for p in points if canvas.part_at(QPointF(p.toPoint())) == part)
    return canvas.place(part).center().toPoint()


def hover(driver: Any, part: Part) -> None:
    for aside in (QPoint(40, 40), QPoint(0, 0)):  # where the picture has moved, the mouse may be there already
        driver.qtbot.mouseMove(canvas_of(driver), point_of(driver, part) + aside)
    driver.wait(lambda: canvas_of(driver).hovered == part)


def click(driver: Any, part: Part) -> None:
    driver.qtbot.mouseClick(canvas_of(driver), Qt.MouseButton.LeftButton, pos=point_of(driver, part))


def leave(driver: Any) -> None:
    QApplication.sendEvent(canvas_of(driver), QEvent(QEvent.Type.Leave))
    driver.wait(lambda: canvas_of(driver).hovered is None)


def drawn(driver: Any) -> QImage:
    image: QImage = canvas_of(driver).grab().toImage()
    return image


def has_colour(image: QImage, colour: str) -> bool:
    """Return whether some pixel has exactly a colour."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32) & 0xFFFFFF
    return int(colour[1:], 16) in pixels


def test_at_the_first_start_it_stands_under_the_boundary(driver: Any) -> None:
    window = driver.window
    window.resize(1280, 720)
    driver.settle()
    card = window.network.card
    boundary, below = (w.mapTo(window, QPoint(0, 0)) for w in (window.boundary_card, card))
    assert card.isVisible() and view_of(driver).isVisible()
    assert below.x() == boundary.x()
    assert below.y() > boundary.y() + window.boundary_card.height() - 1
    assert canvas_of(driver).shown.state.sizes == (2, 6, 4, 1)
    assert window.boundary_card.height() > card.height() > 150
    area = view_of(driver).area
    assert not area.verticalScrollBar().isVisible() and not area.horizontalScrollBar().isVisible()
    assert view_of(driver).strip.first.text() == HINT


def test_a_unit_that_is_pointed_at_is_explained_and_shown_large(driver: Any) -> None:
    driver.play(40)
    driver.pause()
    driver.wait(lambda: view_of(driver).state is not None)
    driver.settle()
    boundary = driver.window.boundary.current
    before = boundary.plot.grab().toImage()
    hover(driver, Part(Kind.UNIT, 1, 2))
    driver.wait(lambda: boundary.overlay.unit is not None)
    weights, data = driver.weights(), driver.last.data
    A = np.tanh(data.X_train @ weights["W1"].T + weights["b1"])[:, 2]
    strip = view_of(driver).strip
    for number in (A.min(), A.max(), A.mean()):
        assert words.brief(float(number)) in strip.first.text()
    assert strip.first.text().startswith("Unit 3 of layer 1")
    assert f"{words.brief(abs(float(weights['W1'][2, 0])))} x1" in strip.second.text()
    unit = boundary.overlay.unit
    assert unit.cells.shape == (unit.view.resolution,) * 2 == (boundary.request("A").resolution,) * 2
    assert "unit 3 of layer 1" in boundary.readout.text()
    assert boundary.plot.grab().toImage() != before
    leave(driver)
    driver.wait(lambda: boundary.overlay.unit is None)
    assert strip.first.text() == HINT
    assert boundary.plot.grab().toImage() == before
    assert "unit" not in boundary.readout.text()


def test_a_line_and_a_bias_that_are_pointed_at_tell_their_numbers(driver: Any) -> None:
    driver.play(5)
    driver.pause()
    driver.wait(lambda: not np.isnan(view_of(driver).state.changes[0].W).any())
    hover(driver, Part(Kind.WEIGHT, 2, 3, 1))
    strip, weights = view_of(driver).strip, driver.weights()
    assert strip.first.text() == "Weight from unit 2 of layer 1 to unit 4 of layer 2"
    assert f"w = {words.number(float(weights['W2'][3, 1]), 5)} " in strip.second.text()
    hover(driver, Part(Kind.BIAS, 3, 0))
    assert strip.first.text() == "Bias of the output"
    assert f"b = {words.number(float(weights['b3'][0]), 5)} " in strip.second.text()
    assert "db = " in strip.second.text() and "last change " in strip.second.text()


def test_what_is_pointed_at_has_its_curve_over_the_run(driver: Any) -> None:
    driver.play(30)
    driver.pause()
    trail = view_of(driver).strip.trail
    assert not trail.isVisible()
    hover(driver, Part(Kind.WEIGHT, 2, 1, 0))
    driver.wait(trail.isVisible)
    assert trail.past.epochs[0] == 0.0 and trail.past.epochs[-1] == driver.last.epoch_position
    assert trail.past.values[-1] == driver.weights()["W2"][1, 0]
    assert words.brief(float(trail.past.values.max())) in trail.accessibleDescription()
    hover(driver, Part(Kind.UNIT, 1, 3))
    driver.wait(lambda: trail.isVisible() and (trail.past.low < trail.past.high).all())
    leave(driver)
    assert not trail.isVisible()


def test_the_switch_shows_derivatives_and_is_remembered(driver: Any, open_window: OpenWindow) -> None:
    view = view_of(driver)
    driver.click(view.number.button(DERIVATIVES))
    assert canvas_of(driver).number == DERIVATIVES
    assert view.legend.text.startswith("|dW| = ")
    largest = max(np.abs(part.W).max() for part in view.state.gradients)
    assert canvas_of(driver).top >= largest
    colours = theme.LIGHT
    assert has_colour(drawn(driver), colours.decided)
    again = open_window()
    assert canvas_of(again).number == DERIVATIVES
    again.click(view_of(again).number.button(WEIGHTS))
    assert view_of(again).legend.text.startswith("|w| = ")
    image = drawn(again)
    assert has_colour(image, colours.positive) and not has_colour(image, colours.decided)


def test_lines_fade_where_the_loss_sends_nothing_back(open_window: OpenWindow) -> None:
    """A saturated sigmoid that is wrong: wide lines under cross-entropy, hardly any under mse, on one scale."""
    text = '[data]\nsamples = 60\n[network]\nhidden = [3]\noutput = "sigmoid"\ninitializer_scale = 40.0'
    driver = open_window(Experiment.loads(text))
    view = view_of(driver)
    driver.click(view.number.button(DERIVATIVES))
    top = canvas_of(driver).top
    strong = [float(width.max()) for width in canvas_of(driver).strokes.lines]
    driver.choose(driver.control("loss.objective"), "Mean squared error")
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].objective == "mse")
    driver.settle()
    driver.wait(lambda: driver.last.answers.get(view.question("A")) is view.state)
    faint = [float(width.max()) for width in canvas_of(driver).strokes.lines]
    assert canvas_of(driver).top == top
    assert max(strong) > 3.0
    assert all(after < 0.5 * before for after, before in zip(faint, strong, strict=True))


def test_signs_differ_in_more_than_colour(driver: Any) -> None:
    state, canvas = view_of(driver).state, canvas_of(driver)
    below = np.concatenate([part.W.ravel() < 0.0 for part in state.values])
    assert (np.concatenate([sign.ravel() for sign, _ in canvas.strokes.below]) == below).all()
    assert below.any() and not below.all()
    driver.play(60)
    driver.pause()
    driver.settle()
    card = QColor(theme.LIGHT.card).name()
    state = view_of(driver).state
    image = drawn(driver)
    for column in (1, 2, 3):
        for unit, bias in enumerate(state.values[column - 1].b):
            middle = canvas.geometry_.bias(column, unit)
            x, y = (round(v * image.devicePixelRatio()) for v in (middle.x() - 0.5, middle.y() - 0.5))
            hollow = distance(image.pixelColor(int(x), int(y)).name(), card) < 25.0
            assert hollow == (bias < 0.0), (column, unit, bias)


def test_the_keys_go_through_the_network_and_are_followed_by_a_description(driver: Any) -> None:
    canvas = canvas_of(driver)
    canvas.setFocus(Qt.FocusReason.TabFocusReason)
    assert "The arrow keys" in canvas.accessibleDescription()
    driver.key(Qt.Key.Key_Right, on=canvas)
    assert canvas.current == Part(Kind.UNIT, 0, 0)
    driver.key(Qt.Key.Key_Right, on=canvas)
    assert canvas.current == Part(Kind.WEIGHT, 1, 0, 0)
    driver.key(Qt.Key.Key_Down, on=canvas)
    driver.key(Qt.Key.Key_Down, on=canvas)
    assert canvas.current == Part(Kind.BIAS, 1, 0)
    assert view_of(driver).strip.first.text() == "Bias of unit 1 of layer 1"
    driver.wait(lambda: canvas.accessibleDescription().startswith("Bias of unit 1 of layer 1. b = "))
    driver.key(Qt.Key.Key_Return, on=canvas)
    assert view_of(driver).strip.field.edit.hasFocus()
    driver.key(Qt.Key.Key_Escape)
    assert canvas.hasFocus()
    driver.key(Qt.Key.Key_Escape)
    assert canvas.current is None and not view_of(driver).strip.field.isVisible()


def test_a_weight_that_is_typed_or_dragged_is_set_undone_and_saved(driver: Any) -> None:
    driver.play(3)
    driver.pause()
    driver.settle()
    strip, before = view_of(driver).strip, driver.weights()
    cost = driver.last.lanes[0].readings["train_cost"]
    click(driver, Part(Kind.WEIGHT, 1, 4, 1))
    assert strip.field.isVisible()
    driver.type(strip.field.edit, "2.5")
    driver.settle()
    after = driver.weights()
    assert after["W1"][4, 1] == 2.5
    changed = {key for key in before if not np.array_equal(before[key], after[key])}
    assert changed == {"W1"} and (before["W1"] != after["W1"]).sum() == 1
    assert driver.last.lanes[0].readings["train_cost"] != cost
    driver.wait(lambda: strip.second.text().startswith("w = 2.5 "))
    assert view_of(driver).state.values[0].W[4, 1] == 2.5
    click(driver, Part(Kind.BIAS, 3, 0))
    driver.drag(strip.field.slider, 0.5, 0.6, 0.8)
    driver.settle()
    dragged = driver.weights()["b3"][0]
    assert 3.0 < dragged < 7.0
    assert driver.last.experiment.edits[-1].weights == {"b3[0]": dragged}
    driver.undo()
    driver.settle()
    assert driver.weights()["b3"][0] == before["b3"][0]
    driver.undo()
    driver.settle()
    assert np.array_equal(driver.weights()["W1"], before["W1"])


def test_what_is_typed_is_not_lost_when_the_mouse_wanders(driver: Any) -> None:
    click(driver, Part(Kind.BIAS, 1, 0))
    edit = view_of(driver).strip.field.edit
    driver.qtbot.keyClicks(edit, "0.7")
    hover(driver, Part(Kind.UNIT, 2, 0))
    driver.settle()
    assert edit.isVisible() and edit.text() == "0.7"
    driver.key(Qt.Key.Key_Return, on=edit)
    driver.settle()
    assert driver.weights()["b1"][0] == 0.7


def test_units_and_layers_are_added_and_removed_and_the_rest_keeps_its_weights(driver: Any) -> None:
    driver.play(3)
    driver.pause()
    before = driver.weights()
    click(driver, Part(Kind.MORE_UNITS, 1))
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes == (2, 7, 4, 1))
    driver.settle()
    assert np.array_equal(driver.weights()["W1"][:6], before["W1"])
    driver.wait(lambda: canvas_of(driver).geometry_.sizes == (2, 7, 4, 1))
    click(driver, Part(Kind.FEWER_UNITS, 2))
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes == (2, 7, 3, 1))
    driver.settle()
    driver.wait(lambda: canvas_of(driver).geometry_.sizes == (2, 7, 3, 1))
    click(driver, Part(Kind.NEW_LAYER, 3))
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes == (2, 7, 3, 3, 1))
    driver.undo()
    driver.undo()
    driver.undo()
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes == (2, 6, 4, 1))


def test_a_unit_is_frozen_and_let_go_again(driver: Any) -> None:
    view, part = view_of(driver), Part(Kind.UNIT, 1, 2)
    driver.settle()
    plain = drawn(driver)
    click(driver, part)
    driver.click(view.strip.freeze)
    driver.wait(lambda: view.state.frozen[1].tolist() == [False, False, True, False, False, False])
    before = driver.weights()
    driver.play(5)
    driver.pause()
    driver.settle()
    after = driver.weights()
    assert np.array_equal(after["W1"][2], before["W1"][2]) and after["b1"][2] == before["b1"][2]
    assert not (after["W1"][[0, 1, 3, 4, 5]] == before["W1"][[0, 1, 3, 4, 5]]).any()
    assert (
        view.strip.first.text().endswith("frozen")
        and view.strip.freeze.accessibleName() == "Unfreeze unit 3 of layer 1"
    )
    hover(driver, Part(Kind.WEIGHT, 1, 2, 0))
    assert view.strip.second.text().endswith("which does not change it: frozen")
    hover(driver, part)
    driver.click(view.strip.freeze)
    driver.wait(lambda: not view.state.frozen[1].any())
    driver.undo()
    driver.wait(lambda: bool(view.state.frozen[1][2]))
    assert drawn(driver) != plain


def test_inputs_are_switched_on_from_the_menu_and_off_again_and_weights_stay(driver: Any) -> None:
    driver.window.resize(1280, 660)
    driver.play(3)
    driver.pause()
    driver.settle()
    before, canvas, view = driver.weights(), canvas_of(driver), view_of(driver)
    assert canvas.folds_others and "sin(x1)" in canvas.others
    hover(driver, Part(Kind.OTHER_INPUT, 0, 0))
    assert view.strip.first.text().startswith(f"{len(canvas.others)} more inputs: ")
    click(driver, Part(Kind.OTHER_INPUT, 0, 0))
    driver.wait(view.menu.isVisible)
    action = next(action for action in view.menu.actions() if action.text() == "x1*x2")
    driver.qtbot.mouseClick(view.menu, Qt.MouseButton.LeftButton, pos=view.menu.actionGeometry(action).center())
    driver.activate()
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes == (3, 6, 4, 1))
    driver.settle()
    assert driver.last.run == driver.drawn[0].run and driver.last.update >= 3
    assert np.array_equal(driver.weights()["W1"][:, :2], before["W1"])
    driver.wait(lambda: canvas.geometry_.sizes == (3, 6, 4, 1))
    assert "x1*x2" not in canvas.others
    click(driver, Part(Kind.UNIT, 0, 0))
    driver.wait(view.strip.remove.isVisible)
    driver.click(view.strip.remove)
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes == (2, 6, 4, 1))
    driver.settle()
    assert np.array_equal(driver.weights()["W1"][:, 0], before["W1"][:, 1])
    driver.undo()
    driver.undo()
    driver.settle()
    assert np.array_equal(driver.weights()["W1"], before["W1"])


def test_where_there_is_room_the_other_inputs_stand_below_and_a_click_takes_one(driver: Any) -> None:
    driver.click(driver.window.network.card.whole_button)
    driver.settle()
    canvas = canvas_of(driver)
    driver.wait(lambda: not canvas.folds_others and canvas.geometry_.others == len(canvas.others) == 7)
    name = canvas.others[3]
    hover(driver, Part(Kind.OTHER_INPUT, 0, 3))
    assert view_of(driver).strip.first.text() == f"{name}: not an input now."
    click(driver, Part(Kind.OTHER_INPUT, 0, 3))
    driver.wait(lambda: name in view_of(driver).state.inputs)
    assert driver.last.data.feature_names == view_of(driver).state.inputs


def test_a_given_unit_is_removed_by_its_button_or_a_key(driver: Any) -> None:
    driver.play(3)
    driver.pause()
    driver.settle()
    before, view = driver.weights(), view_of(driver)
    click(driver, Part(Kind.UNIT, 1, 2))
    driver.click(view.strip.remove)
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes == (2, 5, 4, 1))
    driver.settle()
    assert np.array_equal(driver.weights()["W1"], np.delete(before["W1"], 2, axis=0))
    assert np.array_equal(driver.weights()["W2"], np.delete(before["W2"], 2, axis=1))
    driver.wait(lambda: canvas_of(driver).geometry_.sizes == (2, 5, 4, 1))
    canvas_of(driver).setFocus()
    canvas_of(driver).choose(Part(Kind.UNIT, 2, 0))
    driver.key(Qt.Key.Key_Delete, on=canvas_of(driver))
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes == (2, 5, 3, 1))
    driver.settle()
    assert np.array_equal(driver.weights()["W3"], np.delete(before["W3"], 0, axis=1))
    canvas_of(driver).choose(Part(Kind.UNIT, 3, 0))
    assert not view.strip.remove.isVisible()
    driver.undo()
    driver.undo()
    driver.settle()
    assert all(np.array_equal(driver.weights()[key], before[key]) for key in before)


def test_the_last_unit_takes_its_layer_along(open_window: OpenWindow) -> None:
    driver = open_window(Experiment().with_value("network.hidden", (3, 1)))
    click(driver, Part(Kind.FEWER_UNITS, 2))
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes == (2, 3, 1))
    driver.settle()
    driver.wait(lambda: canvas_of(driver).geometry_.sizes == (2, 3, 1))


def test_it_folds_and_is_folded_at_the_next_start(driver: Any, open_window: OpenWindow) -> None:
    card, boundary = driver.window.network.card, driver.window.boundary_card
    height = boundary.height()
    driver.click(card.fold_button)
    driver.wait(lambda: card.height() < 50 and boundary.height() > height + 100)
    assert not view_of(driver).isVisible() and card.title.isVisible()
    assert view_of(driver).questions("A") == ()
    again = open_window()
    assert not view_of(again).isVisible()
    again.key(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier)
    again.wait(lambda: view_of(again).isVisible() and view_of(again).state is not None)


def test_it_takes_the_whole_middle_and_gives_it_back(driver: Any) -> None:
    card, boundary = driver.window.network.card, driver.window.boundary_card
    tile = canvas_of(driver).geometry_.tile
    driver.click(card.whole_button)
    driver.settle()
    driver.wait(lambda: canvas_of(driver).geometry_.tile > 1.5 * tile)
    assert not boundary.isVisible() and card.isVisible()
    driver.click(card.whole_button)
    driver.settle()
    assert boundary.isVisible()
    driver.wait(lambda: canvas_of(driver).geometry_.tile == tile)


def test_in_a_low_window_it_opens_in_place_of_the_boundary(driver: Any) -> None:
    card, boundary = driver.window.network.card, driver.window.boundary_card
    driver.window.resize(1024, 560)
    driver.settle()
    driver.wait(lambda: not view_of(driver).isVisible())
    assert boundary.isVisible() and card.isVisible()
    driver.click(card.fold_button)
    driver.wait(lambda: view_of(driver).isVisible() and not boundary.isVisible())
    driver.click(card.fold_button)
    driver.wait(lambda: boundary.isVisible() and not view_of(driver).isVisible())


def test_many_lanes_in_a_small_window_fold_it(open_window: OpenWindow) -> None:
    lanes = "".join(f'[[lanes]]\nname = "{name}"\noptimizer.learning_rate = 0.{k}\n' for k, name in enumerate("ABC", 1))
    driver = open_window(Experiment.loads(f"[data]\nsamples = 60\n{lanes}"))
    driver.window.resize(1280, 720)
    driver.wait(lambda: not view_of(driver).isVisible())
    driver.window.resize(1280, 960)
    driver.wait(view_of(driver).isVisible)


def test_one_update_is_played_and_then_done(driver: Any) -> None:
    view, follower = view_of(driver), view_of(driver).follower
    driver.play(3)
    driver.click(view.follow_button)
    driver.wait(lambda: not driver.session.playing)
    driver.settle()
    before, update, idle = driver.weights(), driver.last.update, drawn(driver)
    assert follower.is_playing and "Forward" in view.strip.first.text()
    seen = set()
    while follower.is_playing:
        follower.advance(0.4)
        seen.add(view.strip.first.text().split(" ")[0])
        assert canvas_of(driver).flow is None or drawn(driver) != idle
    assert seen >= {"Forward:", "The", "Back:"}
    driver.wait_drawn(lambda snapshot: snapshot.update == update + 1)
    driver.settle()
    assert not np.array_equal(driver.weights()["W1"], before["W1"])
    assert canvas_of(driver).flow is None and not view.follow_button.isChecked()
    assert view.strip.first.text() == HINT


def test_one_update_is_played_for_two_losses_beside_each_other_on_one_scale(open_window: OpenWindow) -> None:
    """Where the lines of squared error go pale, those of cross-entropy stay."""
    net = '[network]\nhidden = [3]\noutput = "sigmoid"\ninitializer_scale = 40.0'
    lanes = (
        '[[lanes]]\nname = "A"\nloss.objective = "mse"\n[[lanes]]\nname = "B"\nloss.objective = "binary_cross_entropy"'
    )
    driver = open_window(Experiment.loads(f"[data]\nsamples = 60\n{net}\n{lanes}"))
    view = view_of(driver)
    driver.click(view.follow_button)
    driver.wait(view.second.isVisible)
    while view.canvas.flow.phase.name != "BACKWARD":
        view.follower.advance(0.4)
    faint, strong = (canvas._flowing[1] for canvas in (view.canvas, view.second))
    assert view.canvas.top_of(DERIVATIVES) == view.second.top_of(DERIVATIVES)
    assert all(a.max() < 0.5 * b.max() for a, b in zip(faint.lines, strong.lines, strict=True))
    assert (view.canvas.label, view.second.label) == ("A \u00b7 mean squared error", "B \u00b7 binary cross-entropy")
    assert " and B " in view.strip.second.text()
    driver.click(view.follow_button)
    assert not view.follower.is_playing and not view.second.isVisible()
    assert driver.last.update == 0


def test_it_stands_in_a_window_of_its_own(driver: Any) -> None:
    card = driver.window.network.card
    driver.click(card.detach_button)
    window = view_of(driver).window()
    assert window is not driver.window and window.isVisible()
    driver.play(3)
    driver.pause()
    state = view_of(driver).state
    assert np.array_equal(state.values[0].W, driver.weights()["W1"])
    window.close()
    assert view_of(driver).window() is driver.window and view_of(driver).isVisible()


def test_a_large_network_scrolls_and_says_what_is_not_drawn(open_window: OpenWindow) -> None:
    driver = open_window(Experiment().with_value("network.hidden", 8 * (32,)))
    view, canvas = view_of(driver), canvas_of(driver)
    driver.wait(lambda: canvas.geometry_ is not None and canvas.height() > view.area.viewport().height())
    assert view.area.verticalScrollBar().maximum() > 0
    lines = sum(a * b for a, b in zip((2, *(8 * (32,))), (*(8 * (32,)), 1), strict=True))
    driver.wait(lambda: f"{lines - MOST_LINES:,} thin lines not drawn" in view.strip.second.text())
    middle = view.area.verticalScrollBar().maximum() // 2
    driver.wait(lambda: view.area.verticalScrollBar().value() == middle)
    canvas.setFocus(Qt.FocusReason.TabFocusReason)
    canvas.choose(Part(Kind.UNIT, 4, 31))
    assert view.area.verticalScrollBar().value() > middle


def test_of_several_networks_the_picked_one_is_shown(open_window: OpenWindow) -> None:
    driver = open_window(Experiment().with_values({"run.replicas": 3, "network.seed": 7}))
    driver.play(3)
    driver.pause()
    trainer = driver.trainer()
    for replica in (2, 0):
        driver.window.desk.pick_replica(replica)
        driver.settle()
        wanted = trainer.lanes[0].replicas[replica].parameters()["W1"]
        driver.wait(lambda wanted=wanted: np.array_equal(view_of(driver).state.values[0].W, wanted))
        assert driver.window.network.card.subtitle.text() == f"seed {7 + replica}"


def test_the_lane_in_view_is_shown(open_window: OpenWindow) -> None:
    text = '[data]\nsamples = 60\n[[lanes]]\nname = "A"\n[[lanes]]\nname = "B"\nnetwork.hidden = [3]'
    driver = open_window(Experiment.loads(text))
    assert canvas_of(driver).shown.state.sizes == (2, 6, 4, 1)
    driver.window.desk.view("B")
    driver.wait(lambda: canvas_of(driver).shown.state.sizes == (2, 3, 1))
    assert "lane B" in driver.window.network.card.subtitle.text()


@pytest.mark.parametrize("data", ['dataset = "sine"', 'dataset = "iris"', 'dataset = "blobs"\nclasses = 3'])
def test_it_shows_every_kind_of_data(open_window: OpenWindow, data: str) -> None:
    driver = open_window(Experiment.loads(f"[data]\n{data}\n[network]\nhidden = [4]"))
    driver.play(3)
    driver.pause()
    driver.settle()
    before = drawn(driver)
    hover(driver, Part(Kind.UNIT, 2, 0))
    driver.wait(lambda: driver.window.boundary.current.overlay.unit is not None)
    assert drawn(driver) != before
    assert "output" in view_of(driver).strip.first.text()


def test_no_bit_of_a_run_depends_on_the_picture(open_window: OpenWindow) -> None:
    found = []
    for folded in (False, True):
        driver = open_window(Experiment.loads("[data]\nsamples = 60\n[optimizer]\nbatch_size = 10"))
        if folded:
            driver.click(driver.window.network.card.fold_button)
        else:
            hover(driver, Part(Kind.UNIT, 1, 0))
        for epoch in range(1, 9):
            driver.click(driver.window.controls.step_epoch)
            driver.wait_drawn(lambda snapshot, epoch=epoch: snapshot.epoch == epoch)
        driver.settle()
        found.append(driver.weights())
    assert all(np.array_equal(found[0][key], found[1][key]) for key in found[0])


def set_by_hand(driver: Any, part: Part, text: str) -> None:
    """Choose a weight or bias, type a number and press Return."""
    canvas = canvas_of(driver)
    if part.kind is Kind.BIAS:
        click(driver, part)
    else:  # with the keys, as lines may cross
        canvas.setFocus()
        canvas.choose(part)
        driver.key(Qt.Key.Key_Return, on=canvas)
    edit = view_of(driver).strip.field.edit
    assert edit.hasFocus() and edit.selectedText() == edit.text()
    driver.qtbot.keyClicks(edit, text)
    driver.key(Qt.Key.Key_Return, on=edit)


def test_xor_is_solved_by_hand(open_window: OpenWindow) -> None:
    """Four rectified units compute |x1 + x2| and |x1 - x2|, of which the larger one tells the class."""
    net = '[network]\nhidden = [4]\nactivation = "relu"'
    driver = open_window(Experiment.loads(f'[data]\ndataset = "xor"\nnoise = 0.0\nstandardize = false\n{net}'))
    for unit, (first, second) in enumerate((("1", "1"), ("-1", "-1"), ("1", "-1"), ("-1", "1"))):
        set_by_hand(driver, Part(Kind.WEIGHT, 1, unit, 0), first)
        set_by_hand(driver, Part(Kind.WEIGHT, 1, unit, 1), second)
        set_by_hand(driver, Part(Kind.WEIGHT, 2, 0, unit), "-9" if unit < 2 else "9")
    driver.settle()
    readings = driver.last.lanes[0].readings
    found = {key: value for key, value in readings.items() if key.endswith("accuracy")}
    assert driver.last.update == 0
    assert set(found.values()) == {1.0}
    assert len(driver.last.experiment.edits) == 12


def test_a_neuron_put_to_sleep_by_hand_sleeps_under_squared_error_and_wakes_under_cross_entropy(
    open_window: OpenWindow,
) -> None:
    text = '[data]\nsamples = 60\n[network]\nhidden = []\noutput = "sigmoid"\n[loss]\nobjective = "mse"'
    driver = open_window(Experiment.loads(text))
    view = view_of(driver)
    set_by_hand(driver, Part(Kind.BIAS, 1, 0), "-15")
    driver.settle()
    driver.click(view.number.button(DERIVATIVES))

    def widest() -> float:
        strokes = canvas_of(driver).strokes
        return float(max(strokes.biases[0].max(), *(line.max() for line in strokes.lines)))

    def learn_with(label: str, name: str) -> None:
        driver.choose(driver.control("loss.objective"), label)
        driver.wait_drawn(lambda snapshot: snapshot.lanes[0].objective == name)
        driver.settle()
        driver.wait(lambda: driver.last.answers.get(view.question("A")) is view.state)

    learn_with("Binary cross-entropy", "binary_cross_entropy")
    assert widest() > 3.0
    hover(driver, Part(Kind.UNIT, 1, 0))
    assert "100" in view.strip.first.text() and "saturated" in view.strip.first.text()
    learn_with("Mean squared error", "mse")
    assert widest() < 1.0
