"""The lens "Sample" and the boundary view's choice of a sample, by mouse and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from sandbox.data import load_data
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.training.snapshot import Wanted
from sandbox.ui import theme
from sandbox.ui.lens.sample import SampleLens
from sandbox.ui.lens.sample_canvas import SampleCanvas
from sandbox.ui.views.boundary import BoundaryView

LEFT = Qt.MouseButton.LeftButton


class ShownArray:
    """A lens beside a trainer at rest: whatever is wanted comes at once."""

    def __init__(self, qtbot: QtBot, epochs: int = 5, size: tuple[int, int] = (450, 290), **values: Any) -> None:
        named = {key.replace("__", "."): value for key, value in values.items()}
        self.qtbot = qtbot
        self.trainer = Trainer(Experiment().with_values(named))
        if epochs:
            self.trainer.run(epochs)
        self.lens = SampleLens()
        qtbot.addWidget(self.lens)
        self.lens.set_theme(theme.LIGHT)
        self.lens.resize(*size)
        self.lens.wanted_changed.connect(self.draw)
        self.drawing = False
        with qtbot.waitExposed(self.lens):
            self.lens.show()
        self.draw()

    def draw(self) -> None:
        """Do as the window does; what is wanted while drawing comes with the next snapshot."""
        if self.drawing:
            self.again = True
            return
        self.drawing = self.again = True
        while self.again:
            self.again = False
            questions = self.lens.questions("A")
            self.lens.draw(self.trainer.snapshot(0, Wanted(questions=questions)), "A")
        self.drawing = False

    @property
    def canvas(self) -> SampleCanvas:
        return self.lens.canvas

    def row(self, unit_box: int, name: str) -> Any:
        """A row of the last column's boxes, counted from 0 with the loss first."""
        return next(row for row in self.canvas.columns[-1].boxes[unit_box].rows if row.name == name)


def test_numbers_stand_in_the_networks_layout(qtbot: QtBot) -> None:
    shown = ShownArray(qtbot)
    data, weights = shown.trainer.data, shown.trainer.parameters("A")
    assert [len(column.boxes) for column in shown.canvas.columns] == [2, 6, 4, 2]  # the loss above the output
    a = data.X_train[0]
    for l in (1, 2, 3):
        z = weights[f"W{l}"] @ a + weights[f"b{l}"]
        a = 1.0 / (1.0 + np.exp(-z)) if l == 3 else np.tanh(z)
        boxes = [box for box in shown.canvas.columns[l].boxes if box.unit >= 0]
        np.testing.assert_allclose([box.rows[0].left for box in boxes], z, rtol=1e-12)
        np.testing.assert_allclose([box.rows[0].right for box in boxes], a, rtol=1e-12)
    y = float(data.y_train[0])
    assert shown.row(1, "dz").left == pytest.approx(a[0] - y)  # cross-entropy sends the whole residual back
    assert shown.row(1, "dz").right == pytest.approx(2 * (a[0] - y) * a[0] * (1 - a[0]))
    assert shown.lens.words.text() == f"class {int(y)}, predicted {int(a[0] > 0.5)}"
    assert shown.lens.number.text() == "1 of 210"


def test_what_the_loss_decides_is_marked_and_nothing_else(qtbot: QtBot) -> None:
    shown = ShownArray(qtbot)
    for column in shown.canvas.columns:
        for box in column.boxes:
            decided = {row.name: row.decided for row in box.rows}
            assert not any(decided.get(name, False) for name in ("z", "g'", "y", ""))
            assert all(decided.get(name, True) for name in ("da", "dz", "\u2113"))
    box = next(rect for rect, box in shown.canvas.places if box.unit == 0 and len(box.rows) == 4)
    shown.lens.area.horizontalScrollBar().setValue(0)
    image = shown.canvas.grab().toImage()
    colours = {image.pixelColor(x, y).name() for x in range(int(box.left()), int(box.right())) for y in (
        int(box.top() + 1.5 * box.height() / 4), int(box.top() + 0.5 * box.height() / 4))}  # fmt: skip
    assert theme.LIGHT.accent_soft in colours


def test_another_loss_changes_the_right_side_alone(qtbot: QtBot) -> None:
    shown = ShownArray(qtbot)
    before = shown.row(1, "dz")
    shown.lens.other.setFocus()
    qtbot.keyClicks(shown.lens.other, "Half sq")
    after = shown.row(1, "dz")
    assert shown.lens.other.value() == "half_mse"
    assert after.left == before.left and after.right == pytest.approx(before.right / 2)


def test_objective_itself_is_never_its_own_comparison(qtbot: QtBot) -> None:
    shown = ShownArray(qtbot, loss__objective="mse")
    assert shown.lens.left.text() == "Left: Mean squared error"
    assert shown.lens.other.value() == "binary_cross_entropy"
    assert all(shown.lens.other.itemText(i) != "Mean squared error" for i in range(shown.lens.other.count()))
    shown.trainer.edit({"loss.objective": "binary_cross_entropy"})
    shown.draw()
    assert shown.lens.left.text() == "Left: Binary cross-entropy" and shown.lens.other.value() == "mse"


def test_samples_by_keys_and_number(qtbot: QtBot) -> None:
    shown = ShownArray(qtbot)
    told: list[tuple[str, int]] = []
    shown.lens.sample_chosen.connect(lambda part, index: told.append((part, index)))
    lens = shown.lens
    lens.activateWindow()
    qtbot.waitUntil(lens.isActiveWindow)
    lens.area.setFocus()
    qtbot.keyClick(lens.area, Qt.Key.Key_Period)
    qtbot.keyClick(lens.area, Qt.Key.Key_Comma)
    qtbot.keyClick(lens.area, Qt.Key.Key_Comma)
    assert told == [("train", 1), ("train", 0), ("test", 89)]
    assert lens.number.text() == "90 of 90" and lens.part.value() == "test"
    assert lens.share.text() == "a test sample takes no part in any update"
    assert not shown.canvas.columns[-1].details
    qtbot.keyClick(lens.area, Qt.Key.Key_Period)
    lens.number.setFocus()
    lens.number.selectAll()
    qtbot.keyClicks(lens.number, "17")
    qtbot.keyClick(lens.number, Qt.Key.Key_Return)
    assert told[-1] == lens.sample == ("train", 16)
    x = shown.trainer.data.X_train[16]
    assert [box.rows[0].left for box in shown.canvas.columns[0].boxes] == x.tolist()


def test_choosing_from_outside_tells_nothing_back(qtbot: QtBot) -> None:
    shown = ShownArray(qtbot)
    with qtbot.assertNotEmitted(shown.lens.sample_chosen):
        shown.lens.choose("test", 3)
        shown.lens.choose("train", 10_000)
    assert shown.lens.sample == ("train", 209)


def test_hidden_or_answered_just_now_it_asks_nothing(qtbot: QtBot) -> None:
    shown = ShownArray(qtbot)
    assert shown.lens.questions("A") == ()
    assert shown.lens.questions("B") != ()
    shown.lens.hide()
    assert shown.lens.questions("A") == ()


def test_last_update_of_a_run_that_rests_is_shown(qtbot: QtBot) -> None:
    shown = ShownArray(qtbot)
    before = shown.row(1, "z").left
    shown.trainer.run(1)
    shown.lens.draw(shown.trainer.snapshot(), "A")  # too soon after the last: no question was asked
    assert shown.row(1, "z").left == before
    qtbot.waitUntil(lambda: shown.row(1, "z").left != before)


def test_large_layers_fold(qtbot: QtBot) -> None:
    shown = ShownArray(qtbot, 1, data__dataset="digits", network__hidden=(32,))
    canvas, lens = shown.canvas, shown.lens
    assert [(len(c.boxes), c.hidden) for c in canvas.columns] == [(8, 56), (8, 24), (11, 0)]
    assert lens.expanded.isVisible()
    folded = canvas.height()
    details = canvas._more[0][0].center().toPoint()
    qtbot.mouseClick(canvas, LEFT, pos=details)
    assert [(len(c.boxes), c.hidden) for c in canvas.columns] == [(64, 0), (32, 0), (11, 0)]
    assert lens.expanded.value() and canvas.height() > folded
    qtbot.keyClick(lens.expanded, Qt.Key.Key_Space)
    assert canvas.height() == folded


def test_small_room_shows_the_output_and_large_room_more_digits(qtbot: QtBot) -> None:
    small = ShownArray(qtbot, network__hidden=(6, 6, 6, 4))
    bar = small.lens.area.horizontalScrollBar()
    assert bar.maximum() > 0 and bar.value() == bar.maximum() and not small.canvas.roomy
    wide = ShownArray(qtbot, size=(900, 560))
    assert wide.canvas.roomy and wide.lens.area.horizontalScrollBar().maximum() == 0


def test_tips_say_numbers_in_full(qtbot: QtBot) -> None:
    shown = ShownArray(qtbot, data__dataset="iris")
    rect, box = next((rect, box) for rect, box in shown.canvas.places if box.title == "versicolor")
    tip = shown.canvas.tip_at(rect.center())
    z = shown.row(2, "z")
    assert f"z: {z.left:.10g}".replace("-", "\u2212") in tip and f"a: {z.right:.10g}" in tip
    assert tip.startswith("Unit 2 of layer 3") and "Jacobian" in tip
    assert shown.canvas.tip_at(QPointF(-5, -5)) == ""
    assert box.rows[1].name == "y"


def test_fewer_samples_of_other_data(qtbot: QtBot) -> None:
    shown = ShownArray(qtbot)
    shown.lens.choose("test", 80)
    shown.trainer = Trainer(Experiment().with_values({"data.samples": 20, "data.test_fraction": 0.0}))
    shown.draw()
    assert shown.lens.sample == ("train", 19)
    assert shown.lens.part.count() == 1 and shown.lens.number.maximum() == 20


# The boundary view


@pytest.fixture
def boundary(qtbot: QtBot) -> Callable[..., BoundaryView]:
    def make(**settings: Any) -> BoundaryView:
        view = BoundaryView()
        qtbot.addWidget(view)
        view.set_theme(theme.LIGHT, 1.0)
        view.resize(520, 420)
        view.set_data(load_data(**settings))
        with qtbot.waitExposed(view):
            view.show()
        return view

    return make


def _at(view: BoundaryView, x: float, y: float) -> QPoint:
    across, up = view.plot.pixels(np.array([x]), np.array([y]))
    return view.plot.mapFromScene(view.plot.area.mapToScene(float(across[0]), float(up[0])))


@pytest.mark.parametrize("part", ["train", "test"])
def test_click_chooses_the_nearest_sample(qtbot: QtBot, boundary: Callable[..., BoundaryView], part: str) -> None:
    view = boundary()
    data = view._data
    assert data is not None
    X = data.inputs_train if part == "train" else data.inputs_test
    everything = np.vstack([data.inputs_train, data.inputs_test])
    alone = max(range(len(X)), key=lambda i: np.sort(np.hypot(*(everything - X[i]).T))[1])
    with qtbot.waitSignal(view.sample_clicked) as clicked:
        qtbot.mouseClick(view.plot.viewport(), LEFT, pos=_at(view, *X[alone]) + QPoint(3, -2))
    assert clicked.args == [part, alone]
    assert view.ring.place == pytest.approx(tuple(X[alone]))


def test_click_far_from_all_and_a_drag_choose_nothing(qtbot: QtBot, boundary: Callable[..., BoundaryView]) -> None:
    view = boundary()
    data = view._data
    assert data is not None
    corner = _at(view, view._x_range[0], view._y_range[1]) + QPoint(4, 4)
    port = view.plot.viewport()
    with qtbot.assertNotEmitted(view.sample_clicked):
        qtbot.mouseClick(port, LEFT, pos=corner)
        qtbot.mousePress(port, LEFT, pos=corner)
        qtbot.mouseRelease(port, LEFT, pos=_at(view, *data.inputs_train[0]))
    assert view.ring.place is None


def test_samples_by_keys_in_the_boundary(qtbot: QtBot, boundary: Callable[..., BoundaryView]) -> None:
    view = boundary()
    told: list[tuple[str, int]] = []
    view.sample_clicked.connect(lambda part, index: told.append((part, index)))
    for key in (Qt.Key.Key_Period, Qt.Key.Key_Period, Qt.Key.Key_Comma, Qt.Key.Key_Comma):
        qtbot.keyClick(view.plot, key)
    assert told == [("train", 0), ("train", 1), ("train", 0), ("test", 89)]


def test_return_chooses_at_the_probed_position(qtbot: QtBot, boundary: Callable[..., BoundaryView]) -> None:
    view = boundary(dataset="sine")
    data = view._data
    assert data is not None
    x, y = float(data.inputs_train[5, 0]), float(data.y_train[5, 0])
    (left, right), (low, high) = view._x_range, view._y_range
    view.plot._probe = ((x - left) / (right - left), (y - low) / (high - low))
    with qtbot.waitSignal(view.sample_clicked):
        qtbot.keyClick(view.plot, Qt.Key.Key_Return)
    assert view.ring.place == pytest.approx((x, y))


def test_ring_is_painted_and_goes_with_its_sample(qtbot: QtBot, boundary: Callable[..., BoundaryView]) -> None:
    view = boundary(dataset="iris")
    data = view._data
    assert data is not None
    before = view.plot.grab().toImage()
    view.choose_sample("train", 3)
    assert view.plot.grab().toImage() != before
    assert view.ring.place == pytest.approx(tuple(data.inputs_train[3, list(view._axes)]))
    view.across.setCurrentIndex(2)
    view.across.activated.emit(2)
    assert view.ring.place == pytest.approx((data.inputs_train[3, 2], data.inputs_train[3, view._axes[1]]))
    view.choose_sample("train", 500)
    assert view.ring.place is None
