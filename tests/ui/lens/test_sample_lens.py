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


class Bench:
    """A lens and a paused trainer that answers it at once."""

    def __init__(self, qtbot: QtBot, epochs: int = 5, size: tuple[int, int] = (450, 290), **values: Any) -> None:
        settings = {key.replace("__", "."): value for key, value in values.items()}
        self.qtbot = qtbot
        self.trainer = Trainer(Experiment().with_values(settings))
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
        """Draw as the window does; what is requested while drawing comes with the next snapshot."""
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
        """A row of a box in the last column; box 0 is the loss."""
        return next(row for row in self.canvas.columns[-1].boxes[unit_box].rows if row.name == name)


def test_numbers_are_laid_out_like_the_network(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    data, weights = bench.trainer.data, bench.trainer.parameters("A")
    assert [len(column.boxes) for column in bench.canvas.columns] == [2, 6, 4, 2]  # the loss above the output
    a = data.X_train[0]
    for l in (1, 2, 3):
        z = weights[f"W{l}"] @ a + weights[f"b{l}"]
        a = 1.0 / (1.0 + np.exp(-z)) if l == 3 else np.tanh(z)
        boxes = [box for box in bench.canvas.columns[l].boxes if box.unit >= 0]
        np.testing.assert_allclose([box.rows[0].left for box in boxes], z, rtol=1e-12)
        np.testing.assert_allclose([box.rows[0].right for box in boxes], a, rtol=1e-12)
    y = float(data.y_train[0])
    assert bench.row(1, "dz").left == pytest.approx(a[0] - y)  # cross-entropy sends the whole residual back
    assert bench.row(1, "dz").right == pytest.approx(2 * (a[0] - y) * a[0] * (1 - a[0]))
    assert bench.lens.words.text() == f"class {int(y)}, predicted {int(a[0] > 0.5)}"
    assert bench.lens.number.text() == "1 of 210"


def test_only_what_the_loss_decides_is_marked(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    for column in bench.canvas.columns:
        for box in column.boxes:
            decided = {row.name: row.decided for row in box.rows}
            assert not any(decided.get(name, False) for name in ("z", "g'", "y", ""))
            assert all(decided.get(name, True) for name in ("da", "dz", "\u2113"))
    box = next(rect for rect, box in bench.canvas.places if box.unit == 0 and len(box.rows) == 4)
    bench.lens.area.horizontalScrollBar().setValue(0)
    image = bench.canvas.grab().toImage()
    colours = {image.pixelColor(x, y).name() for x in range(int(box.left()), int(box.right())) for y in (
        int(box.top() + 1.5 * box.height() / 4), int(box.top() + 0.5 * box.height() / 4))}  # fmt: skip
    assert theme.LIGHT.decided_soft in colours


def test_another_loss_changes_only_the_right_side(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    before = bench.row(1, "dz")
    bench.lens.other.setFocus()
    qtbot.keyClicks(bench.lens.other, "Half sq")
    after = bench.row(1, "dz")
    assert bench.lens.other.value() == "half_mse"
    assert after.left == before.left and after.right == pytest.approx(before.right / 2)


def test_the_objective_is_never_compared_with_itself(qtbot: QtBot) -> None:
    bench = Bench(qtbot, loss__objective="mse")
    assert bench.lens.left.text() == "Left: Mean squared error"
    assert bench.lens.other.value() == "binary_cross_entropy"
    assert all(bench.lens.other.itemText(i) != "Mean squared error" for i in range(bench.lens.other.count()))
    bench.trainer.edit({"loss.objective": "binary_cross_entropy"})
    bench.draw()
    assert bench.lens.left.text() == "Left: Binary cross-entropy" and bench.lens.other.value() == "mse"


def test_samples_are_chosen_by_keys_and_number(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    chosen: list[tuple[str, int]] = []
    bench.lens.sample_chosen.connect(lambda part, index: chosen.append((part, index)))
    lens = bench.lens
    lens.activateWindow()
    qtbot.waitUntil(lens.isActiveWindow)
    lens.area.setFocus()
    qtbot.keyClick(lens.area, Qt.Key.Key_Period)
    qtbot.keyClick(lens.area, Qt.Key.Key_Comma)
    qtbot.keyClick(lens.area, Qt.Key.Key_Comma)
    assert chosen == [("train", 1), ("train", 0), ("test", 89)]
    assert lens.number.text() == "90 of 90" and lens.part.value() == "test"
    assert lens.share.text() == "a test sample takes no part in any update"
    assert not bench.canvas.columns[-1].details
    qtbot.keyClick(lens.area, Qt.Key.Key_Period)
    lens.number.setFocus()
    lens.number.selectAll()
    qtbot.keyClicks(lens.number, "17")
    qtbot.keyClick(lens.number, Qt.Key.Key_Return)
    assert chosen[-1] == lens.sample == ("train", 16)
    x = bench.trainer.data.X_train[16]
    assert [box.rows[0].left for box in bench.canvas.columns[0].boxes] == x.tolist()


def test_choosing_from_outside_emits_no_signal(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    with qtbot.assertNotEmitted(bench.lens.sample_chosen):
        bench.lens.choose("test", 3)
        bench.lens.choose("train", 10_000)
    assert bench.lens.sample == ("train", 209)


def test_a_hidden_or_just_answered_lens_asks_nothing(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    assert bench.lens.questions("A") == ()
    assert bench.lens.questions("B") != ()
    bench.lens.hide()
    assert bench.lens.questions("A") == ()


def test_the_last_update_of_a_paused_run_is_shown(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    before = bench.row(1, "z").left
    bench.trainer.run(1)
    bench.lens.draw(bench.trainer.snapshot(), "A")  # too soon after the last: no question was asked
    assert bench.row(1, "z").left == before
    qtbot.waitUntil(lambda: bench.row(1, "z").left != before)


def test_large_layers_fold(qtbot: QtBot) -> None:
    bench = Bench(qtbot, 1, data__dataset="digits", network__hidden=(32,))
    canvas, lens = bench.canvas, bench.lens
    assert [(len(c.boxes), c.hidden) for c in canvas.columns] == [(8, 56), (8, 24), (11, 0)]
    assert lens.expanded.isVisible()
    folded = canvas.height()
    details = canvas._more[0][0].center().toPoint()
    qtbot.mouseClick(canvas, LEFT, pos=details)
    assert [(len(c.boxes), c.hidden) for c in canvas.columns] == [(64, 0), (32, 0), (11, 0)]
    assert lens.expanded.value() and canvas.height() > folded
    qtbot.keyClick(lens.expanded, Qt.Key.Key_Space)
    assert canvas.height() == folded


def test_a_small_lens_shows_the_output_and_a_large_one_more_digits(qtbot: QtBot) -> None:
    small = Bench(qtbot, network__hidden=(6, 6, 6, 4))
    bar = small.lens.area.horizontalScrollBar()
    assert bar.maximum() > 0 and bar.value() == bar.maximum() and not small.canvas.roomy
    wide = Bench(qtbot, size=(900, 560))
    assert wide.canvas.roomy and wide.lens.area.horizontalScrollBar().maximum() == 0


def test_tooltips_show_numbers_in_full(qtbot: QtBot) -> None:
    bench = Bench(qtbot, data__dataset="iris")
    rect, box = next((rect, box) for rect, box in bench.canvas.places if box.title == "versicolor")
    tip = bench.canvas.tip_at(rect.center())
    z = bench.row(2, "z")
    assert f"z: {z.left:.10g}".replace("-", "\u2212") in tip and f"a: {z.right:.10g}" in tip
    assert tip.startswith("Unit 2 of layer 3") and "Jacobian" in tip
    assert bench.canvas.tip_at(QPointF(-5, -5)) == ""
    assert box.rows[1].name == "y"


def test_the_chosen_sample_stays_within_smaller_data(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.lens.choose("test", 80)
    bench.trainer = Trainer(Experiment().with_values({"data.samples": 20, "data.test_fraction": 0.0}))
    bench.draw()
    assert bench.lens.sample == ("train", 19)
    assert bench.lens.part.count() == 1 and bench.lens.number.maximum() == 20


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
    data = view.slice.data
    assert data is not None
    X = data.inputs_train if part == "train" else data.inputs_test
    all_inputs = np.vstack([data.inputs_train, data.inputs_test])
    isolated = max(range(len(X)), key=lambda i: np.sort(np.hypot(*(all_inputs - X[i]).T))[1])
    with qtbot.waitSignal(view.sample_clicked) as clicked:
        qtbot.mouseClick(view.plot.viewport(), LEFT, pos=_at(view, *X[isolated]) + QPoint(3, -2))
    assert clicked.args == [part, isolated]
    assert view.samples.ring.place == pytest.approx(tuple(X[isolated]))


def test_a_distant_click_and_a_drag_choose_nothing(qtbot: QtBot, boundary: Callable[..., BoundaryView]) -> None:
    view = boundary()
    data = view.slice.data
    assert data is not None
    corner = _at(view, view.slice.x_range[0], view.slice.y_range[1]) + QPoint(4, 4)
    port = view.plot.viewport()
    with qtbot.assertNotEmitted(view.sample_clicked):
        qtbot.mouseClick(port, LEFT, pos=corner)
        qtbot.mousePress(port, LEFT, pos=corner)
        qtbot.mouseRelease(port, LEFT, pos=_at(view, *data.inputs_train[0]))
    assert view.samples.ring.place is None


def test_keys_choose_samples_in_the_boundary_view(qtbot: QtBot, boundary: Callable[..., BoundaryView]) -> None:
    view = boundary()
    chosen: list[tuple[str, int]] = []
    view.sample_clicked.connect(lambda part, index: chosen.append((part, index)))
    for key in (Qt.Key.Key_Period, Qt.Key.Key_Period, Qt.Key.Key_Comma, Qt.Key.Key_Comma):
        qtbot.keyClick(view.plot, key)
    assert chosen == [("train", 0), ("train", 1), ("train", 0), ("test", 89)]


def test_return_chooses_at_the_probed_position(qtbot: QtBot, boundary: Callable[..., BoundaryView]) -> None:
    view = boundary(dataset="sine")
    data = view.slice.data
    assert data is not None
    x, y = float(data.inputs_train[5, 0]), float(data.y_train[5, 0])
    (left, right), (low, high) = view.slice.x_range, view.slice.y_range
    view.plot._probe = ((x - left) / (right - left), (y - low) / (high - low))
    with qtbot.waitSignal(view.sample_clicked):
        qtbot.keyClick(view.plot, Qt.Key.Key_Return)
    assert view.samples.ring.place == pytest.approx((x, y))


def test_the_ring_is_painted_and_follows_its_sample(qtbot: QtBot, boundary: Callable[..., BoundaryView]) -> None:
    view = boundary(dataset="iris")
    data = view.slice.data
    assert data is not None
    before = view.plot.grab().toImage()
    view.choose_sample("train", 3)
    assert view.plot.grab().toImage() != before
    assert view.samples.ring.place == pytest.approx(tuple(data.inputs_train[3, list(view.slice.axes)]))
    view.across.setCurrentIndex(2)
    view.across.activated.emit(2)
    assert view.samples.ring.place == pytest.approx((data.inputs_train[3, 2], data.inputs_train[3, view.slice.axes[1]]))
    view.choose_sample("train", 500)
    assert view.samples.ring.place is None
