"""The cost view: lines, legend, axes, marks, read-out and zoom."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from sandbox.experiment import Experiment
from sandbox.experiment.document.lanes import with_lane
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.training.scales import Scale
from sandbox.experiment.training.snapshot import Curve, EditMark, LaneState
from sandbox.ui import theme
from sandbox.ui.contrast import contrast
from sandbox.ui.lane_styles import LaneStyle
from sandbox.ui.plot.layers import spread
from sandbox.ui.plot.legend import CurveName
from sandbox.ui.plot.ranges import epochs_end, value_range
from sandbox.ui.plot.ticks import log_ticks
from sandbox.ui.views.cost import CostView, reading_at, rows_of
from tests.ui.conftest import Driver

EPOCHS = np.arange(0.0, 901.0)
COSTS = 0.6 * np.exp(-EPOCHS / 100.0) + 0.05


def _curve(column: str, name: str, role: str, values: np.ndarray = COSTS, lane: str = "A") -> Curve:
    return Curve(lane, column, name, column.split("_")[0], role, EPOCHS[: len(values)], values)


def _lane(name: str = "A", objective: str = "binary_cross_entropy") -> LaneState:
    return LaneState(name, (2, 6, 4, 1), "sigmoid", objective, {})


CURVES = (
    _curve("train_cost", "cost", "objective"),
    _curve("test_binary_cross_entropy", "binary_cross_entropy", "objective", COSTS * 1.1),
    _curve("train_mse", "mse", "monitor", COSTS / 3),
    _curve("test_mse", "mse", "monitor", COSTS / 2),
    _curve("train_accuracy", "accuracy", "metric", 1 - COSTS / 2),
)


def _view(qtbot: QtBot, curves: tuple[Curve, ...] = CURVES, marks: tuple[EditMark, ...] = ()) -> CostView:
    view = CostView()
    qtbot.addWidget(view)
    view.set_theme(theme.LIGHT, 1.0)
    view.resize(640, 420)
    with qtbot.waitExposed(view):
        view.show()
    view.draw(curves, marks, [_lane()], 900.0)
    return view


def _move(port: QWidget, point: QPoint, buttons: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
    """Move the mouse over a widget, even if another window lies above it."""
    at = QPointF(point)
    none, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(port, QMouseEvent(QEvent.Type.MouseMove, at, port.mapToGlobal(at), none, buttons, keys))


def test_objective_is_solid_and_monitors_are_dashed(qtbot: QtBot) -> None:
    view = _view(qtbot)
    lines = {tuple(line.y): line for line in view.lines.lines}
    assert len(lines) == 4  # the metric is hidden until asked for
    train, test, shown = (lines[tuple(np.log10(v))] for v in (COSTS, COSTS * 1.1, COSTS / 3))
    assert train.dash == test.dash == () and len(shown.dash) == 2
    assert train.color == QColor(theme.LIGHT.lane(0))
    assert test.width < train.width and test.color.lightness() > train.color.lightness()


def test_several_monitors_and_lanes_are_distinct(qtbot: QtBot) -> None:
    curves = tuple(
        _curve(f"train_{name}", name, role, COSTS * (k + 1), lane)
        for lane in ("A", "B")
        for k, (name, role) in enumerate([("cost", "objective"), ("mse", "monitor"), ("mae", "monitor")])
    )
    view = _view(qtbot)
    view.draw(curves, (), [_lane("A"), _lane("B")], 900.0)
    styles = {(line.color.name(), line.dash) for line in view.lines.lines}
    assert len(styles) == 6
    assert {line.color.name() for line in view.lines.lines} == {theme.LIGHT.lane(0), theme.LIGHT.lane(1)}
    assert view.legend.chips["B", "train_cost"].accessibleName() == "B: Binary cross-entropy · train (learns)"


def test_the_legend_names_every_curve(qtbot: QtBot) -> None:
    view = _view(qtbot)
    words = [chip.accessibleName() for chip in view.legend.chips.values()]
    assert words == [
        "Binary cross-entropy · train (learns)",
        "Binary cross-entropy · test (learns)",
        "Mean squared error · train (shown)",
        "Mean squared error · test (shown)",
        "Accuracy · train (shown, right axis)",
    ]


def test_a_click_on_a_name_hides_and_shows_all_curves_of_its_row(qtbot: QtBot) -> None:
    view = _view(qtbot)
    name = view.legend.findChildren(CurveName)[1]
    assert name.name == "Mean squared error"
    qtbot.mouseClick(name, Qt.MouseButton.LeftButton)
    assert len(view.lines.lines) == 2 and not view.legend.chips["A", "test_mse"].isChecked()
    qtbot.mouseClick(name, Qt.MouseButton.LeftButton)
    assert len(view.lines.lines) == 4


def test_cost_with_penalty_is_a_separate_row() -> None:
    rows = rows_of([*CURVES, _curve("train_binary_cross_entropy", "binary_cross_entropy", "objective")], [_lane()])
    assert [row.label for row in rows][:2] == ["Cost with penalty", "Binary cross-entropy"]


def test_curves_hidden_by_click_or_key_stay_hidden(qtbot: QtBot) -> None:
    view = _view(qtbot)
    chip = view.legend.chips["A", "train_mse"]
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert len(view.lines.lines) == 3
    view.legend.chips["A", "test_mse"].setFocus()
    qtbot.keyClick(view.legend.chips["A", "test_mse"], Qt.Key.Key_Space)
    assert len(view.lines.lines) == 2
    view.draw(CURVES[:2], (), [_lane()], 3.0)  # another run, without monitors at first
    view.draw(CURVES, (), [_lane()], 900.0)
    assert len(view.lines.lines) == 2 and not view.legend.chips["A", "train_mse"].isChecked()
    qtbot.mouseClick(view.legend.chips["A", "train_mse"], Qt.MouseButton.LeftButton)
    assert len(view.lines.lines) == 3


def test_metrics_use_the_right_axis(qtbot: QtBot) -> None:
    view = _view(qtbot)
    assert not view.plot.axes["right"].isVisible() and not view.metrics.lines
    qtbot.mouseClick(view.legend.chips["A", "train_accuracy"], Qt.MouseButton.LeftButton)
    assert view.plot.axes["right"].isVisible()
    low, high = view.plot.y_range
    np.testing.assert_allclose((view.metrics.lines[0].y - low) / (high - low), 1 - COSTS / 2)


def test_axes_linear_and_logarithmic(qtbot: QtBot) -> None:
    view = _view(qtbot)
    assert view.request().log_x is False
    low, high = view.plot.y_range
    assert 10**low <= COSTS.min() / 3 and 10**high >= COSTS.max() * 1.1
    with qtbot.waitSignal(view.wanted_changed):
        qtbot.mouseClick(view.log_x, Qt.MouseButton.LeftButton)
    assert view.request().log_x is True
    assert view.plot.x_range == (0.0, 3.0)  # 1 to 1,000
    x = view.lines.lines[-1].x
    assert np.isnan(x[0]) and x[1] == 0.0 and x[100] == 2.0  # epoch 0 has no logarithm
    qtbot.mouseClick(view.log_y, Qt.MouseButton.LeftButton)
    assert view.plot.y_range[0] == 0.0 and view.plot.y_range[1] >= COSTS.max() * 1.1
    np.testing.assert_allclose(view.lines.lines[-1].y, COSTS)


def test_nan_and_infinity_break_lines_but_no_axis(qtbot: QtBot) -> None:
    values = COSTS.copy()
    values[100], values[200], values[300] = np.nan, np.inf, -np.inf
    view = _view(qtbot, (_curve("train_cost", "cost", "objective", values),))
    view.set_log(False, False)
    line = view.lines.lines[0]
    assert np.flatnonzero(np.isnan(line.y)).tolist() == [100, 200, 300]
    assert all(np.isfinite(view.plot.y_range)) and view.plot.y_range[1] < 2
    view.grab()
    view.draw((_curve("train_cost", "cost", "objective", np.full(901, np.nan)),), (), [_lane()], 900.0)
    view.grab()
    assert all(np.isfinite(view.plot.y_range))
    view.draw(
        (_curve("train_cost", "cost", "objective", 10.0 ** np.linspace(-300, 300, 901)),),
        (),
        [_lane()],
        900.0,
    )
    view.grab()
    assert all(np.isfinite(view.plot.y_range))


def test_values_without_a_logarithm_are_left_out_with_a_note(qtbot: QtBot) -> None:
    values = COSTS - 0.2
    view = _view(qtbot, (_curve("train_cost", "cost", "objective", values),))
    assert np.array_equal(np.isnan(view.lines.lines[0].y), values <= 0)
    assert view.note.isVisible() and "logarithmic" in view.note.text()
    view.set_log(False, False)
    assert not view.note.isVisible()
    assert view.plot.y_range[0] <= values.min()


def test_a_loss_is_solid_only_while_it_was_the_objective(qtbot: QtBot) -> None:
    learned = Curve("A", "train_mse", "mse", "train", "objective", EPOCHS, COSTS / 3, learned=((400.0, math.inf),))
    shown = Curve(
        "A", "train_binary_cross_entropy", "binary_cross_entropy", "train", "monitor", EPOCHS, COSTS,
        learned=((0.0, 400.0),),
    )  # fmt: skip
    view = CostView()
    qtbot.addWidget(view)
    view.set_theme(theme.LIGHT, 1.0)
    view.draw((learned, shown), (), [_lane(objective="mse")], 900.0)
    lines = {(bool(line.dash), round(float(line.y[np.isfinite(line.y)][0]), 6)): line for line in view.lines.lines}
    assert len(lines) == 4
    for values, solid_first in ((COSTS / 3, False), (COSTS, True)):
        early = lines[not solid_first, round(float(np.log10(values[0])), 6)]
        late = lines[solid_first, round(float(np.log10(values[400])), 6)]
        assert np.isfinite(early.y[:401]).all() and np.isnan(early.y[401:]).all()
        assert np.isnan(late.y[:400]).all() and np.isfinite(late.y[400:]).all()
        solid = early if solid_first else late
        assert solid.width > (late if solid_first else early).width


def test_a_metric_shown_alone_uses_the_left_axis(qtbot: QtBot) -> None:
    lanes = [_lane("A"), _lane("B")]
    lanes = [LaneState(x.name, x.sizes, x.output, x.objective, {"train_accuracy": 0.5}) for x in lanes]
    shares = 1 - COSTS / 2
    curves = tuple(_curve("train_accuracy", "accuracy", "metric", shares, lane) for lane in "AB")
    view = _view(qtbot)
    view.set_lanes([LaneStyle("A", 0, "one"), LaneStyle("B", 1, "two")])
    view.draw(curves, (), lanes, 900.0)
    view.only.set_value("accuracy")
    view._see_only("accuracy")
    view.set_theme(theme.DARK)  # the legend stays as it is until the requested curves arrive
    assert len(view.legend.names) == 2
    view.draw(curves, (), lanes, 900.0)
    assert not view.log_y.isEnabled()
    assert [name.role for name in view.legend.names] == ["", ""]
    for line in view.lines.lines:
        np.testing.assert_array_equal(line.y, shares)
    low, high = view.plot.y_range
    assert low >= 0.0 and 0.9 < high <= 1.2


def test_a_loss_of_another_coding_is_left_out_and_the_note_says_why(qtbot: QtBot) -> None:
    codings = {"A": "zero_one", "B": "plus_minus_one", "C": "zero_one"}
    readings = {"train_mse": 0.1}
    lanes = [
        LaneState(name, (2, 1), "tanh", "mse", readings, scales={"mse": Scale(coding)})
        for name, coding in codings.items()
    ]
    curves = tuple(_curve("train_mse", "mse", "objective", COSTS, lane) for lane in codings)
    view = _view(qtbot)
    view.set_lanes([LaneStyle(name, slot, name.lower()) for slot, name in enumerate(codings)])
    view.draw(curves, (), lanes, 900.0)
    assert len(view.lines.lines) == 3 and not view.note.isVisible()  # each on its own terms
    view.only.set_value("mse")
    view._see_only("mse")
    view.draw(curves, (), lanes, 900.0)
    assert {line.color.name() for line in view.lines.lines} == {theme.LIGHT.lane(0), theme.LIGHT.lane(2)}
    assert view.note.text() == (
        "Mean squared error is not compared: the classes are 0 and 1 in A and \u22121 and +1 in B, so the same mistake "
        "is another number in each."
    )
    assert view.note.isVisible()
    view.draw(curves[:1], (), lanes[:1], 900.0)
    assert not view.note.isVisible()


def test_marks_stand_on_the_axis_and_say_what_changed_when_pointed_at(qtbot: QtBot) -> None:
    marks = tuple(EditMark(k, 330.0 + 100 * k, None, f"learning rate 0.{k} to 0.{k + 1}") for k in range(3))
    view = _view(qtbot, marks=marks)
    assert view.readout.text() == "epoch" and "triangle" in view.plot.toolTip()
    x, _ = view.plot.pixels(np.array([430.0]), np.zeros(1))
    height = view.plot.area.rect().height()
    image = view.plot.grab().toImage()

    def colour(up: float) -> QColor:
        spot = view.plot.mapFromScene(view.plot.area.mapToScene(float(x[0]), height - up))
        return image.pixelColor(spot)

    assert contrast(colour(3.0), theme.LIGHT.card) >= 4.5  # a mark
    assert colour(24.0) == QColor(theme.LIGHT.card)  # and nothing above it
    view.plot.probed.emit(430.0, -1.0)
    assert view.readout.text() == "epoch 430 · learning rate 0.1 to 0.2"
    assert view.plot.toolTip() == "learning rate 0.1 to 0.2"
    view.plot.probe_ended.emit()
    assert view.readout.text() == "epoch" and "triangle" in view.plot.toolTip()


def test_a_mark_in_a_corner_is_whole(qtbot: QtBot) -> None:
    painted = []
    for epoch in (0.0, 450.0, 1000.0):
        view = _view(qtbot, marks=(EditMark(1, epoch, None, "l2 0 to 0.1"),))
        assert view.plot.x_range == (0.0, 1000.0)
        image = view.marks._render(view.marks.boundingRect()).toImage()
        painted.append(sum(image.pixelColor(x, image.height() - 2).alpha() > 128 for x in range(image.width())))
    assert painted[0] == painted[1] == painted[2] > 4


def test_marks_name_their_lane_if_there_are_several(qtbot: QtBot) -> None:
    view = _view(qtbot)
    view.draw(CURVES, [EditMark(9, 400.0, "B", "l2 0 to 0.1")], [_lane("A"), _lane("B")], 900.0)
    assert view.marks.texts == ("B: l2 0 to 0.1",)


def test_letters_tell_lanes_apart_and_do_not_overlap(qtbot: QtBot) -> None:
    view = _view(qtbot)
    assert not view.letters.letters  # a single lane needs none
    values = [COSTS * (1 + 0.1 * k) for k in range(4)]
    curves = [_curve("train_cost", "cost", "objective", v, "ABCD"[k]) for k, v in enumerate(values)]
    layers = view.plot.scene().items()
    view.draw(curves, (), [_lane(name) for name in "ABCD"], 900.0)
    placed = view.letters.layout()
    ends = [(box, letter) for box, letter in placed if letter.at_end]
    assert sorted(letter.text for _, letter in ends) == list("ABCD")
    assert sorted(letter.text for _, letter in placed if not letter.at_end) == list("ABCD")
    area = view.plot.area.rect()
    for k, (box, letter) in enumerate(ends):
        assert box.left() >= 0 and box.right() <= area.width() and box.top() >= 0 and box.bottom() <= area.height()
        assert letter.color == QColor(theme.LIGHT.lane("ABCD".index(letter.text)))
        assert not any(box.intersects(other) for other, _ in ends[:k])
    tops = {letter.text: box.top() for box, letter in ends}
    assert tops["D"] < tops["C"] < tops["B"] < tops["A"]  # in the order of the curves
    view.draw(curves, (), [_lane(name) for name in "ABCD"], 900.5)
    assert len(view.plot.scene().items()) == len(layers)  # nothing is created with a frame


def test_a_zoomed_plot_has_its_letters_at_its_edge(qtbot: QtBot) -> None:
    view = _view(qtbot)
    curves = [_curve("train_cost", "cost", "objective", COSTS * k, lane) for k, lane in ((1, "A"), (3, "B"))]
    view.draw(curves, (), [_lane("A"), _lane("B")], 900.0)
    view._show_range(100.0, 200.0)
    assert {letter.x for letter in view.letters.letters if letter.at_end} == {200.0}


@given(
    st.lists(st.floats(-50.0, 400.0), min_size=1, max_size=16),
    st.floats(30.0, 300.0),
)
def test_spread_boxes_stay_inside_and_in_order(tops: list[float], height: float) -> None:
    boxes = [QRectF(0.0, top, 10.0, 12.0) for top in tops]
    spread(boxes, height)
    placed = [boxes[k] for k in sorted(range(len(boxes)), key=lambda k: tops[k])]
    room = len(boxes) * 12.0 <= height
    for box, below in itertools.pairwise(placed):
        assert below.top() - box.top() >= (12.0 - 1e-9 if room else -1e-9)
    assert all(box.top() >= -1e-6 and box.bottom() <= height + 1e-6 for box in boxes)


def test_many_marks_are_cached_as_one_picture(qtbot: QtBot) -> None:
    marks = tuple(EditMark(k, k * 0.9, None, f"edit {k}") for k in range(1000))
    view = _view(qtbot, marks=marks)
    view.plot.grab()
    key = view.marks._picture.cacheKey()
    view.draw(CURVES, marks, [_lane()], 900.5)
    view.plot.grab()
    assert view.marks._picture.cacheKey() == key


def test_hover_reads_every_visible_curve(qtbot: QtBot) -> None:
    view = _view(qtbot)
    chip = view.legend.chips["A", "train_cost"]
    assert chip.value == f"{COSTS[-1]:.4f}"
    area = view.plot.area
    width = area.rect().width()
    spot = view.plot.mapFromScene(area.mapToScene(width * 100.0 / view.plot.x_range[1], 40.0))
    size = chip.size()
    _move(view.plot.viewport(), QPoint(spot))
    epoch = int(view.readout.text().removeprefix("epoch "))
    assert abs(epoch - 100) <= 2
    assert abs(float(chip.value) - COSTS[epoch]) < 0.01
    assert abs(float(view.legend.chips["A", "test_mse"].value) - COSTS[epoch] / 2) < 0.01
    assert chip.size() == size
    view.plot.setFocus()
    qtbot.keyClick(view.plot, Qt.Key.Key_Right)
    assert int(view.readout.text().removeprefix("epoch ")) > epoch
    qtbot.keyClick(view.plot, Qt.Key.Key_Escape)
    assert view.readout.text() == "epoch" and chip.value == f"{COSTS[-1]:.4f}"


def test_value_at_an_epoch() -> None:
    """Between two known epochs the nearer one is read; before the first and after the last there is no value."""
    epochs, values = np.array([2.0, 10.0, 20.0, 30.0]), np.array([3.0, 2.0, np.nan, 1.0])
    curve = Curve("A", "train_cost", "cost", "train", "objective", epochs, values)
    read = {epoch: reading_at(curve, epoch) for epoch in (0, 2, 4, 7, 20, 21, 99)}
    assert [(r.epoch, r.value) for r in read.values() if r is not None] == [
        (0, pytest.approx(math.nan, nan_ok=True)), (2, 3.0), (2, 3.0), (10, 2.0),
        (20, pytest.approx(math.nan, nan_ok=True)), (30, 1.0), (99, pytest.approx(math.nan, nan_ok=True)),
    ]  # fmt: skip
    thinned = Curve("A", "train_cost", "cost", "train", "objective", np.array([0.0, 0.0, 9.0]), np.arange(3.0))
    assert reading_at(thinned, 4) is None and reading_at(thinned, 9) is None


def test_wheel_zooms_drag_moves_double_click_shows_all(qtbot: QtBot) -> None:
    view = _view(qtbot)
    assert view.request().epochs is None
    port = view.plot.viewport()
    area = view.plot.area
    spot = QPointF(view.plot.mapFromScene(area.mapToScene(area.rect().center())))
    none = Qt.MouseButton.NoButton
    turn = QWheelEvent(
        spot, port.mapToGlobal(spot), QPoint(), QPoint(0, 480), none, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    with qtbot.waitSignal(view.wanted_changed):
        QApplication.sendEvent(port, turn)
    zoomed = view.request().epochs
    assert zoomed is not None and zoomed[1] - zoomed[0] == pytest.approx(1000 * 0.85**4, rel=1e-6)
    assert view.plot.x_range == zoomed
    start = spot.toPoint()
    qtbot.mousePress(port, Qt.MouseButton.LeftButton, pos=start)
    _move(port, start - QPoint(30, 0), Qt.MouseButton.LeftButton)
    qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=start - QPoint(30, 0))
    moved = view.request().epochs
    assert moved is not None and moved[0] > zoomed[0] and moved[1] - moved[0] == pytest.approx(zoomed[1] - zoomed[0])
    qtbot.mouseDClick(port, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=start)
    assert view.request().epochs is None
    view.plot.setFocus()
    qtbot.keyClick(view.plot, Qt.Key.Key_Plus)
    assert view.request().epochs is not None
    qtbot.keyClick(view.plot, Qt.Key.Key_Home)
    assert view.request().epochs is None


def test_a_hidden_view_wants_nothing(qtbot: QtBot) -> None:
    view = _view(qtbot)
    wanted = view.wanted()
    assert wanted is not None and wanted.pixels == round(view.plot.area.rect().width())
    view.hide()
    assert view.wanted() is None


def test_ranges_move_in_steps(qtbot: QtBot) -> None:
    view = _view(qtbot)
    seen = set()
    for last in range(1, 901, 9):
        part = tuple(Curve(c.lane, c.column, c.name, c.part, c.role, c.epochs[:last], c.values[:last]) for c in CURVES)
        view.draw(part, (), [_lane()], float(last))
        assert last <= view.plot.x_range[1] <= max(10.0, 1.5 * last)
        seen.add((view.plot.x_range, view.plot.y_range))
    assert len(seen) < 35
    assert epochs_end(1000.0, 900.0) == 1000.0 and epochs_end(1000.0, 1001.0) == 1200.0
    assert epochs_end(0.0, 3.0) == 10.0
    assert value_range((0.0, 1.0), [np.array([0.1, 0.6])], False) == (0.0, 1.0)
    assert value_range((0.0, 1.0), [np.array([0.01, 0.02])], False)[1] < 0.05
    low, high = value_range(None, [np.array([-3.1, 1.0])], False)
    assert -4.0 <= low < -3.1 and 1.0 < high <= 2.0
    assert value_range(None, [np.array([0.5, 0.5])], False) == (0.0, 0.6)
    odd = ([0.0], [-3.0], [1e6, 1e6 + 1e-9], [1e-310, 2e-310], [-1e150, 1e150], [5.0, 5.0 + 1e-5])
    for values, log in [*((v, False) for v in odd), ([-310.0, -309.0], True), ([300.0], True), ([0.0], True)]:
        low, high = value_range(None, [np.array(values)], log)
        assert np.isfinite([low, high]).all() and low < high
        assert low <= min(values) and high >= max(values)


def test_lines_have_their_colour_on_screen(qtbot: QtBot) -> None:
    flat = np.full(901, 0.5)
    for colours in (theme.LIGHT, theme.DARK):
        view = _view(qtbot, (_curve("train_cost", "cost", "objective", flat),))
        view.set_theme(colours, 1.0)
        view.set_log(False, False)
        image = view.plot.grab().toImage()
        x, y = view.plot.pixels(np.array([450.0]), np.array([0.5]))
        spot = view.plot.mapFromScene(view.plot.area.mapToScene(x[0], y[0]))
        around = [image.pixelColor(spot.x(), spot.y() + dy) for dy in (-2, -1, 0, 1, 2)]
        aim = QColor(colours.lane(0))
        assert min(abs(c.red() - aim.red()) + abs(c.blue() - aim.blue()) for c in around) < 60
        assert image.pixelColor(spot.x() + 3, spot.y() + 25) == QColor(colours.card)


def test_legend_leaves_room_for_the_plot(qtbot: QtBot) -> None:
    names = ("mse", "mae", "huber", "log_cosh", "hinge", "focal")
    curves = (*CURVES, *(_curve(f"train_{name}", name, "monitor") for name in names))
    view = _view(qtbot, curves)
    tall = view.legend.height()
    view.resize(640, 300)
    qtbot.waitUntil(lambda: view.legend.height() < tall)
    assert view.plot.height() > 120


@pytest.mark.parametrize("log", [True, False])
def test_a_diverged_lane_leaves_the_others_in_view(qtbot: QtBot, log: bool) -> None:
    view = _view(qtbot)
    diverging = 0.6 * 10.0 ** (np.arange(200.0) * 1.5)
    curves = (_curve("train_cost", "cost", "objective"), _curve("train_cost", "cost", "objective", diverging, "B"))
    stopped = LaneState("B", (2, 6, 4, 1), "sigmoid", "mse", {}, "overflow")
    view.set_log(False, log)
    view.draw(curves, (), [_lane("A"), stopped], 900.0)
    low, high = view.plot.y_range
    assert low <= (np.log10(COSTS.min()) if log else COSTS.min())
    assert high <= (4.0 if log else 1000.0)


def test_the_readouts_and_the_legend_show_the_same_numbers(open_window: Callable[..., Driver]) -> None:
    experiment = Experiment().with_values({"loss.monitors": ("accuracy",), "optimizer.batch_size": 20})
    driver = open_window(experiment)
    controls, chips = driver.window.controls, driver.window.cost.legend.chips
    for chip in chips.values():
        chip.setChecked(True)

    def shown() -> dict[str, tuple[str, str]]:
        objective = "binary_cross_entropy"
        return {
            "train": (controls.train.number.text(), chips["A", f"train_{objective}"].value),
            "test": (controls.test.number.text(), chips["A", f"test_{objective}"].value),
            "score": (controls.score.number.text(), chips["A", "test_accuracy"].value),
        }

    differing = []
    driver.window.drawn.connect(lambda _: differing.extend(one for one in shown().values() if one[0] != one[1]))
    driver.play(200)
    driver.pause()
    for _ in range(3):  # in the middle of an epoch, where the history has no row
        driver.click(controls.step_update)
        driver.settle()
        assert all(one == other for one, other in shown().values()), shown()
    assert shown()["score"][0].endswith("%") and not differing
    driver.choose(driver.control("loss.objective"), "Mean squared error")
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].objective == "mse")
    driver.settle()
    assert controls.train.number.text() == driver.window.cost.legend.chips["A", "train_mse"].value


def test_a_loss_chosen_later_is_drawn_from_the_start(driver: Driver) -> None:
    driver.session.train(50)
    driver.wait_drawn(lambda snapshot: snapshot.epoch == 50)
    driver.tick(driver.control("loss.monitors"), "Mean squared error")
    driver.wait_drawn(lambda snapshot: any(curve.name == "mse" and len(curve.epochs) for curve in snapshot.curves))
    (curve,) = (curve for curve in driver.last.curves if curve.column == "train_mse")
    assert curve.epochs.tolist() == list(range(51)) and np.isfinite(curve.values).all()
    assert any(line.dash and np.isfinite(line.y).sum() == 51 for line in driver.window.cost.lines.lines)


def test_the_axes_fit_again_after_a_zoom(driver: Driver) -> None:
    driver.session.train(60)
    driver.wait_drawn(lambda snapshot: snapshot.epoch == 60)
    cost = driver.window.cost
    full = cost.plot.x_range

    def places() -> list[QPoint]:
        return [switch.mapTo(driver.window, QPoint(0, 0)) for switch in (cost.log_x, cost.log_y)]

    before = places()
    assert not cost.fit_button.isVisible()
    for fit in (
        lambda: driver.click(cost.fit_button),
        lambda: driver.qtbot.mouseDClick(cost.plot.viewport(), Qt.MouseButton.LeftButton),
        lambda: driver.key(Qt.Key.Key_Home, on=cost.plot),
    ):
        cost.plot.setFocus()
        driver.key(Qt.Key.Key_Plus, on=cost.plot)
        assert cost.plot.x_range != full and cost.fit_button.isVisible()
        QApplication.processEvents()
        assert places() == before  # nothing has moved
        fit()
        assert cost.plot.x_range == full and not cost.fit_button.isVisible()


def test_another_run_has_new_axes_even_if_it_is_first_seen_later(driver: Driver) -> None:
    driver.session.train(20)
    driver.wait_drawn(lambda snapshot: snapshot.epoch == 20)
    cost = driver.window.cost
    driver.key(Qt.Key.Key_Plus, on=cost.plot)
    assert cost.request().epochs is not None
    driver.click(driver.window.controls.reset)
    driver.wait_drawn(lambda snapshot: snapshot.update == 0)
    assert cost.request().epochs is None and cost.plot.x_range[0] == 0.0


def test_a_zoom_that_holds_nothing_is_undone(qtbot: QtBot) -> None:
    view = _view(qtbot)
    view._show_range(500.0, 600.0)
    assert view.request().epochs is not None
    short = tuple(Curve(c.lane, c.column, c.name, c.part, c.role, c.epochs[:99], c.values[:99]) for c in CURVES)
    view.draw(short, (), [_lane()], 900.0)
    assert view.request().epochs is None and np.isfinite(view.lines.lines[0].y).any()


def test_the_legend_says_since_when_a_loss_is_learned_with(qtbot: QtBot) -> None:
    """Left of that epoch its curve is dashed, as it was only shown then."""
    new = dataclasses.replace(_curve("train_mse", "mse", "objective", COSTS), learned=((300.0, math.inf),))
    old = dataclasses.replace(
        _curve("train_binary_cross_entropy", "binary_cross_entropy", "monitor", COSTS), learned=((0.0, 300.0),)
    )
    never = dataclasses.replace(_curve("train_mae", "mae", "monitor", COSTS), learned=())
    rows = rows_of((new, old, never), (LaneState("A", (2, 1), "sigmoid", "mse", {}),))
    assert [row.does for row in rows] == ["learns since 300", "learned until 300", "shown"]


# The legend of several lanes


def test_what_a_lane_learns_with_is_marked_in_all_lanes_or_in_none(qtbot: QtBot) -> None:
    names = ("mean", "the sum of all of them")
    curves = tuple(_curve("train_mse", "mse", "objective", COSTS * k, lane) for k, lane in enumerate(names, start=1))
    view = _view(qtbot)
    view.draw(curves, (), [_lane(name, "mse") for name in names], 900.0)
    short, long = rows = view.legend.names
    assert [row.name for row in rows] == [f"{name} · Mean squared error" for name in names]
    view.resize(900, 420)
    qtbot.waitUntil(lambda: short.shows_role and long.shows_role)
    between = round((short.sizeHint().width() + long.sizeHint().width()) / 2)  # room for the mark of one alone
    for row in rows:
        row.resize(between, row.height())
    assert not short.shows_role and not long.shows_role


def _of_lanes(qtbot: QtBot, metric: bool = True) -> CostView:
    """Return a view of two lanes with names; what each learns with is drawn, the metrics are not."""
    curves = []
    for k, lane in enumerate(("A short one", "B"), start=1):
        curves.append(_curve("train_mse", "mse", "objective", COSTS * k, lane))
        if metric:
            curves.append(_curve("train_r2", "r2", "metric", 1 - COSTS / 2, lane))
    view = _view(qtbot)
    view.draw(tuple(curves), (), [_lane(name, "mse") for name in ("A short one", "B")], 900.0)
    return view


def _listed(view: CostView) -> list[str]:
    return [name.accessibleName() for name in view.legend.names if name.isVisible()]


def test_an_audience_sees_no_rows_of_hidden_curves_until_they_are_asked_for(qtbot: QtBot) -> None:
    view = _of_lanes(qtbot)
    assert len(_listed(view)) == 4 and not view.legend.more.isVisible()
    high = view.legend.height()
    view.present(True, True)
    assert _listed(view) == ["A: short one \u00b7 Mean squared error (learns)", "B: Mean squared error (learns)"]
    assert view.legend.more.text() == "+2 hidden" and view.legend.height() == high // 2
    qtbot.mouseClick(view.legend.more, Qt.MouseButton.LeftButton)
    assert len(_listed(view)) == 4
    qtbot.mouseClick(view.legend.chips["B", "train_r2"], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(view.legend.more, Qt.MouseButton.LeftButton)
    assert len(_listed(view)) == 3 and view.legend.more.text() == "+1 hidden"
    view.present(False, False)
    assert len(_listed(view)) == 4 and not view.legend.more.isVisible()


def test_nothing_says_that_rows_are_hidden_if_none_are(qtbot: QtBot) -> None:
    view = _of_lanes(qtbot, metric=False)
    view.present(True, True)
    assert len(_listed(view)) == 2 and not view.legend.more.isVisible()


def test_a_low_view_leaves_the_room_to_its_curves(qtbot: QtBot) -> None:
    view = _of_lanes(qtbot)
    view.setMinimumSize(1, 1)  # as a card in the window
    view.resize(500, 420)
    qtbot.waitUntil(lambda: len(_listed(view)) == 4 and view.readout.isVisible())
    view.resize(500, 180)
    qtbot.waitUntil(lambda: len(_listed(view)) == 2 and not view.readout.isVisible())
    assert view.plot.height() >= 90
    view.resize(500, 420)
    qtbot.waitUntil(lambda: len(_listed(view)) == 4 and view.readout.isVisible())


def test_names_in_a_narrow_legend_lose_the_name_of_the_lane_before_their_own(qtbot: QtBot) -> None:
    view = _of_lanes(qtbot)
    view.resize(900, 420)
    name, chip = view.legend.names[0], view.legend.chips["A short one", "train_mse"]
    qtbot.waitUntil(lambda: name.shown_name == "short one \u00b7 Mean squared error")
    roomy = chip.width()
    view.resize(name.least_width + roomy - 30, 420)
    qtbot.waitUntil(lambda: name.shown_name == "Mean squared error")
    assert chip.width() < roomy  # without "train", as there is no other part
    view.resize(150, 420)
    qtbot.waitUntil(lambda: "\u2026" in name.shown_name)
    assert name.shown_name.startswith("M") and name.shown_name.endswith("r")


def test_curves_that_end_at_one_place_share_their_letters(qtbot: QtBot) -> None:
    view = _view(qtbot)
    ends = {"A": 1.0, "B": 1.0, "C": 30.0}
    curves = tuple(_curve("train_mse", "mse", "objective", COSTS * k, lane) for lane, k in ends.items())
    view.draw(curves, (), [_lane(lane, "mse") for lane in ends], 900.0)
    at_end = {letter.text: box for box, letter in view.letters.layout() if letter.at_end}
    assert set(at_end) == {"A B", "C"}
    assert not at_end["A B"].intersects(at_end["C"])


# Beside the previous run, and beyond the axis


def _with_ghost(qtbot: QtBot, pale: np.ndarray, log: bool) -> CostView:
    """Return a view of a run after one of these costs, which is kept pale."""
    view = _view(qtbot, (_curve("train_cost", "cost", "objective", pale),))
    view.keep_ghosts()
    view.set_log(False, log)
    view.draw((_curve("train_cost", "cost", "objective"),), (), [_lane()], 900.0)
    assert len(view.ghosts.lines) == 1
    return view


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("factor", [1e-7, 0.01, 0.5, 5.0, 500.0, 1e7])
def test_the_previous_run_lengthens_the_axis_only_so_far(qtbot: QtBot, log: bool, factor: float) -> None:
    view = _with_ghost(qtbot, factor * COSTS, log)
    (low, high), shown = view.plot.y_range, np.log10(COSTS) if log else COSTS
    assert low <= shown.min() and shown.max() <= high
    least = np.ptp(shown) / (np.ptp(shown) + 2 * max(np.ptp(shown), 2.0 if log else shown.max()))
    assert np.ptp(shown) / (high - low) > 0.8 * least
    near = abs(math.log10(factor)) <= 2.0 if log else factor <= 1.9
    pale = view.ghosts.lines[0].y
    assert (low <= pale.min() and pale.max() <= high) == near


@pytest.mark.parametrize("log", [True, False])
def test_a_previous_run_that_overflowed_does_not_move_the_axis(qtbot: QtBot, log: bool) -> None:
    diverging = 0.6 * 10.0 ** (np.arange(200.0) * 1.5)
    ranges = [_with_ghost(qtbot, pale, log).plot.y_range for pale in (diverging, COSTS)]
    assert ranges[0] == ranges[1]


def test_where_a_curve_leaves_the_axis_stands_its_letter_and_how_far_it_went(qtbot: QtBot) -> None:
    diverging = 0.6 * 10.0 ** (np.arange(10.0) * 4.0)
    curves = (_curve("train_cost", "cost", "objective"), _curve("train_cost", "cost", "objective", diverging, "B"))
    stopped = LaneState("B", (2, 6, 4, 1), "sigmoid", "mse", {}, "overflow")
    view = _view(qtbot)
    view.draw(curves, (), [_lane("A"), stopped], 900.0)
    _, top = view.plot.y_range
    assert top < np.log10(diverging[2])
    letters = [letter for letter in view.letters.letters if letter.text == "B"]
    assert letters and all(10.0**letter.y in diverging[:2] for letter in letters)
    assert view.note.text() == "Beyond the axis: B up to 6.0e35."
    view.draw(curves[:1], (), [_lane("A")], 900.0)
    assert view.note.text() == "" and not view.note.isVisible()


@given(st.floats(-6, 6), st.floats(0.05, 14), st.integers(2, 20))
def test_numbers_on_a_logarithmic_axis_do_not_overlap(low: float, span: float, most: int) -> None:
    positions = [position for position, _ in log_ticks(low, low + span, most)]
    assert len(positions) >= 2 and np.diff(positions).min() >= 0.5 * span / most * (1 - 1e-9)


# A curve to draw


def _to_draw(qtbot: QtBot, log: bool = True, column: str = "train_cost") -> CostView:
    """Return a view of a run that has only begun, in which a curve is to be drawn up to epoch 1,000."""
    view = _view(qtbot, (_curve("train_binary_cross_entropy", "binary_cross_entropy", "objective", COSTS[:2]),))
    view.set_log(False, log)
    view.ask_for_sketch("A", column, 1000)
    return view


@pytest.mark.parametrize("log", [True, False])
def test_the_axis_has_room_for_what_may_be_drawn(qtbot: QtBot, log: bool) -> None:
    view = _to_draw(qtbot, log)
    (low, high), start = view.plot.y_range, COSTS[0]
    assert view.pen.value_height == pytest.approx(np.log10(start) if log else start)  # without a penalty the same
    assert low <= np.log10(1e-3 * start) if log else low == 0.0
    assert high >= (np.log10(2 * start) if log else 1.5 * start)


@pytest.mark.parametrize("log_x", [True, False])
def test_a_drawn_curve_begins_where_the_run_did_and_goes_on_level(qtbot: QtBot, log_x: bool) -> None:
    view = _to_draw(qtbot)
    view.log_x.setChecked(log_x)
    size = view.pen.rect()
    middle = QPoint(round(size.width() * (0.8 if log_x else 0.5)), size.height() // 2)
    qtbot.mouseClick(view.pen, Qt.MouseButton.LeftButton, pos=middle)
    epochs, values = view.pen.curve()
    assert epochs[-1] == 1000.0 and values[0] == pytest.approx(COSTS[0])
    drawn = int(np.argmin(values))
    assert 10 < drawn < 50 and (np.diff(values[: drawn + 1]) < 0.0).all()
    assert values[drawn:] == pytest.approx(np.full(len(values) - drawn, values[drawn]))
    image, ground = view.pen.grab().toImage(), QColor(theme.LIGHT.card)
    y = round(middle.y())
    accent = [x for x in range(middle.x() + 8, size.width() - 4) if image.pixelColor(x, y) != ground]
    assert accent  # the level rest is shown


@pytest.mark.parametrize("width", [300, 345, 500])
def test_the_card_of_the_costs_keeps_its_name(open_window: Callable[..., Driver], width: int) -> None:
    """However long the losses and metrics are that can be shown for every lane."""
    experiment = Experiment().with_values({"loss.monitors": ("categorical_accuracy", "categorical_cross_entropy")})
    driver = open_window(with_lane(experiment, LaneEntry("B", {"loss.objective": "mse"})))
    card = driver.window.cost_card
    assert driver.window.cost.only.isVisible()
    card.setFixedWidth(width)
    driver.settle()
    assert card.title.text() == "Cost" and card.title.width() >= card.title.fontMetrics().horizontalAdvance("Cost")
