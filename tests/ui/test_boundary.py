"""The boundary view: what it asks for, and what it shows."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QApplication, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from sandbox.data import Data, load_data
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.training.snapshot import (
    BinarySurface,
    CurveSurface,
    MulticlassSurface,
    RegressionSurface,
    SurfaceRequest,
)
from sandbox.ui import theme
from sandbox.ui.plot import colormap
from sandbox.ui.plot.plot import Plot
from sandbox.ui.plot.ticks import coordinate, grown, linear_ticks, log_ticks, whole_ticks
from sandbox.ui.views.boundary import BoundaryView
from sandbox.ui.views.slices import STRETCH, DataSlice


def _view(qtbot: QtBot, colours: theme.Theme = theme.LIGHT, **settings: Any) -> tuple[BoundaryView, Data]:
    view = BoundaryView()
    qtbot.addWidget(view)
    view.set_theme(colours, 1.0)
    view.resize(520, 420)
    data = load_data(**settings)
    view.set_data(data, None)
    with qtbot.waitExposed(view):
        view.show()
    return view, data


def _grid(request: SurfaceRequest) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    x = np.linspace(*request.x_range, request.resolution)
    y = np.linspace(*request.y_range, request.resolution)
    return x, y, *np.meshgrid(x, y)


def _request(view: BoundaryView) -> SurfaceRequest:
    request = view.wanted("A")
    assert request is not None
    return request


def _binary(
    request: SurfaceRequest, values: np.ndarray | None = None, span: tuple[float, float] = (0.0, 1.0)
) -> BinarySurface:
    x, y, gx, _ = _grid(request)
    if values is None:
        values = (gx > x.mean()).astype(float) * (span[1] - span[0]) + span[0]
    middle = sum(span) / 2
    values = values.astype(np.float32)
    return BinarySurface(request, x, values, 1, y, middle, span, values - np.float32(middle))


def _pixel(view: BoundaryView, x: float, y: float) -> QColor:
    """The colour on screen at shares of the plot's area (y upwards)."""
    image = view.plot.grab().toImage()
    area = view.plot.area
    scene = area.mapToScene(x * area.rect().width(), (1 - y) * area.rect().height())
    return image.pixelColor(view.plot.mapFromScene(scene))


def _near(one: QColor, other: QColor, distance: int = 12) -> bool:
    return all(abs(a - b) <= distance for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True))


def _move(port: QWidget, point: QPoint, buttons: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
    """Move the mouse over a widget, even if another window lies above it."""
    at = QPointF(point)
    none, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(port, QMouseEvent(QEvent.Type.MouseMove, at, port.mapToGlobal(at), none, buttons, keys))


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=lambda t: t.name)
def test_sides_have_the_colours_of_their_classes(qtbot: QtBot, colours: theme.Theme) -> None:
    view, _ = _view(qtbot, colours)
    view.draw(_binary(_request(view)))
    view.samples.points.set_groups(())
    low = colormap.mix(QColor(colours.class_colour(0)), QColor(colours.middle), colormap.SOFTNESS)
    high = colormap.mix(QColor(colours.class_colour(1)), QColor(colours.middle), colormap.SOFTNESS)
    assert _near(_pixel(view, 0.1, 0.5), low)
    assert _near(_pixel(view, 0.9, 0.5), high)
    assert _near(_pixel(view, 0.5, 0.5), QColor(colours.boundary), 60)


def test_up_is_up(qtbot: QtBot) -> None:
    view, _ = _view(qtbot)
    request = _request(view)
    _, y, _, gy = _grid(request)
    view.draw(_binary(request, (gy > y.mean()).astype(float)))
    view.samples.points.set_groups(())
    upper, lower = _pixel(view, 0.3, 0.9), _pixel(view, 0.3, 0.1)
    assert upper.blue() > upper.red() and lower.red() > lower.blue()


def test_line_is_at_the_middle_of_the_coding(qtbot: QtBot) -> None:
    view, _ = _view(qtbot)
    request = _request(view)
    x, _, gx, _ = _grid(request)
    middle = x.mean()
    view.draw(_binary(request, np.tanh(gx - middle), (-1.0, 1.0)))
    np.testing.assert_allclose(view.lines.lines[0].x, middle, atol=1e-3)
    assert view.lines.lines[0].pairs


def test_the_request_covers_the_data_with_a_margin(qtbot: QtBot) -> None:
    view, data = _view(qtbot)
    request = _request(view)
    assert request.lane == "A" and request.axes == (0, 1) and request.resolution >= 100
    for feature, (low, high) in enumerate((request.x_range, request.y_range)):
        values = np.concatenate([data.inputs_train, data.inputs_test])[:, feature]
        span = values.max() - values.min()
        assert low == pytest.approx(values.min() - 0.12 * span)
        assert high == pytest.approx(values.max() + 0.12 * span)
    view.hide()
    assert view.wanted("A") is None
    assert view.request("B") == SurfaceRequest("B", (0, 1), request.x_range, request.y_range, request.resolution)


def test_symbols_show_part_and_class(qtbot: QtBot) -> None:
    view, data = _view(qtbot)
    groups = view.samples.points.groups
    assert len(groups) == 4
    assert sorted((g.symbol, g.hole is None) for g in groups) == [
        ("o", False),
        ("o", True),
        ("s", False),
        ("s", True),
    ]
    filled = [g for g in groups if g.hole is None]
    assert sum(len(g.x) for g in filled) == len(data.y_train)
    for group in groups:
        assert group.fill == QColor(theme.LIGHT.class_colour(0 if group.symbol == "s" else 1))
    ones = next(g for g in filled if g.symbol == "o")
    np.testing.assert_allclose(ones.x, data.inputs_train[data.y_train == 1, 0])
    for words in ("filled: training", "hollow: test", *data.class_names):
        assert words in view.legend.text()


def test_a_point_is_painted_at_its_coordinates(qtbot: QtBot) -> None:
    view, data = _view(qtbot, dataset="one_point")
    assert data.inputs_train.shape == (1, 1)
    group = view.samples.points.groups[0]
    (x0, x1), (y0, y1) = view.plot.x_range, view.plot.y_range
    position = (group.x[0] - x0) / (x1 - x0), (group.y[0] - y0) / (y1 - y0)
    assert _near(_pixel(view, *position), QColor(theme.LIGHT.class_colour(0)))
    assert "hollow" not in view.legend.text()


def test_a_new_frame_does_not_repaint_the_points(qtbot: QtBot) -> None:
    view, _ = _view(qtbot)
    surface = _binary(_request(view))
    view.draw(surface)
    view.plot.grab()
    picture = view.samples.points._picture.cacheKey()
    view.draw(surface)
    view.plot.grab()
    assert view.samples.points._picture.cacheKey() == picture


@pytest.mark.parametrize("classes", [3, 10])
def test_many_classes(qtbot: QtBot, classes: int) -> None:
    view, data = _view(qtbot, dataset="blobs", classes=classes)
    request = _request(view)
    x, y, gx, _ = _grid(request)
    which = np.minimum(((gx - x[0]) / (x[-1] - x[0]) * classes).astype(int), classes - 1)
    shares = np.eye(classes, dtype=np.float32)[which]
    view.draw(MulticlassSurface(request, x, shares, 1, y))
    view.samples.points.set_groups(())
    for k in range(classes):
        pure = colormap.mix(QColor(theme.LIGHT.class_colour(k)), QColor(theme.LIGHT.middle), colormap.SOFTNESS)
        assert _near(_pixel(view, (k + 0.5) / classes, 0.5), pure)
    borders = x[0] + (x[-1] - x[0]) * np.arange(1, classes) / classes
    line = view.lines.lines[0]
    assert len(line.x) and np.abs(line.x[:, None] - borders).min(axis=1).max() < 1.1 * (x[1] - x[0])
    assert len(data.class_names) == classes


def test_regression_has_a_scale_that_grows_in_steps(qtbot: QtBot) -> None:
    view, data = _view(qtbot, dataset="hills")
    assert view.colour_scale.isVisible()
    request = _request(view)
    x, y, gx, _ = _grid(request)
    targets = np.concatenate([data.y_train, data.y_test])

    def flat(value: float) -> RegressionSurface:
        return RegressionSurface(request, x, np.full(gx.shape, value, np.float32), 1, y)

    view.draw(flat(targets.mean()))
    before = view.slice.value_range
    assert before == (pytest.approx(targets.min()), pytest.approx(targets.max()))
    view.draw(flat(targets.max() + 0.1))
    grown_once = view.slice.value_range
    assert grown_once[1] > targets.max() + 0.1 and grown_once[0] == before[0]
    view.draw(flat(targets.max() + 0.11))
    assert view.slice.value_range == grown_once
    view.draw(flat(1e9))
    assert view.slice.value_range[1] < 4 * targets.max() + 4  # the targets stay distinguishable
    assert len({g.fill.name() for g in view.samples.points.groups}) > 5


def test_one_input_is_a_curve_through_the_points(qtbot: QtBot) -> None:
    view, data = _view(qtbot, dataset="sine")
    request = _request(view)
    x = np.linspace(*request.x_range, request.resolution)
    view.draw(CurveSurface(request, x, np.sin(x)[:, None].astype(np.float32), 1, np.nan, (np.nan, np.nan)))
    np.testing.assert_allclose(view.lines.lines[-1].y, np.sin(x), atol=1e-6)
    train = next(g for g in view.samples.points.groups if g.hole is None)
    np.testing.assert_allclose(train.y, data.y_train[:, 0])
    view.plot.probed.emit(0.5, 0.0)
    assert "0.48" in view.readout.text()


def test_one_input_with_two_classes_follows_the_coding(qtbot: QtBot) -> None:
    view, _ = _view(qtbot, dataset="one_point")
    request = _request(view)
    x = np.linspace(*request.x_range, request.resolution)
    values = np.tanh(x - 1.0)[:, None].astype(np.float32)
    view.draw(CurveSurface(request, x, values, 1, 0.0, (-1.0, 1.0)))
    assert view.samples.points.groups[0].y[0] == -1.0
    level = view.lines.lines[0]
    assert level.dash and set(level.y) == {0.0}
    assert view.plot.y_range[0] < -1.0 < 1.0 < view.plot.y_range[1]


def test_slices_of_many_inputs(qtbot: QtBot) -> None:
    view, data = _view(qtbot, dataset="digits")
    boxes = view.findChildren(QComboBox)
    assert len(boxes) == 2 and all(box.isVisible() and box.count() == 64 for box in boxes)
    assert "other inputs at their mean" in view.legend.text() and all(g.opacity < 1 for g in view.samples.points.groups)
    before = _request(view)
    assert before.axes[0] != before.axes[1]
    with qtbot.waitSignal(view.wanted_changed):
        view.across.setFocus()
        qtbot.keyClick(view.across, Qt.Key.Key_Down)
    after = _request(view)
    assert after.axes == (before.axes[0] + 1, before.axes[1])
    x, y, gx, _ = _grid(before)
    late = MulticlassSurface(before, x, np.full((*gx.shape, 10), 0.1, np.float32), 1, y)
    view.draw(late)  # of the previous axes: not shown
    assert view._surface is None
    values = data.inputs_train[:, after.axes[0]]
    assert after.x_range[0] <= values.min() and values.max() <= after.x_range[1]


def test_choosing_the_same_input_twice_swaps_the_axes(qtbot: QtBot) -> None:
    view, _ = _view(qtbot, dataset="digits")
    x, y = _request(view).axes
    view.across.setCurrentIndex(y)
    view.across.activated.emit(y)
    assert _request(view).axes == (y, x)
    assert (view.across.currentIndex(), view.upward.currentIndex()) == (y, x)


def test_hover_and_keys_read_the_output(qtbot: QtBot) -> None:
    view, _ = _view(qtbot)
    view.draw(_binary(_request(view)))
    area = view.plot.area
    spot = view.plot.mapFromScene(area.mapToScene(area.rect().width() * 0.9, area.rect().height() * 0.5))
    _move(view.plot.viewport(), QPoint(spot))
    assert "(class 1)" in view.readout.text()
    view.plot.setFocus()
    for _ in range(45):
        qtbot.keyClick(view.plot, Qt.Key.Key_Left)
    assert "(class 0)" in view.readout.text()
    qtbot.keyClick(view.plot, Qt.Key.Key_Escape)
    assert view.readout.text() == "x1"


def test_nan_is_drawn_in_the_neutral_colour(qtbot: QtBot) -> None:
    view, _ = _view(qtbot)
    request = _request(view)
    _, _, gx, _ = _grid(request)
    view.draw(_binary(request, np.full(gx.shape, np.nan)))
    view.samples.points.set_groups(())
    assert _near(_pixel(view, 0.5, 0.5), QColor(theme.LIGHT.middle))
    view.plot.probed.emit(0.0, 0.0)
    assert "not a number" in view.readout.text()


def test_ends_of_the_colour_table() -> None:
    table = colormap.diverging(QColor("#ff0000"), QColor("#808080"), QColor("#0000ff"), 0.0)
    assert [f"{int(table[k]):08x}" for k in (0, 255)] == ["ffff0000", "ff0000ff"]
    assert colormap.indices(np.array([-5.0, 0.0, 1.0, 9.0, np.nan, np.inf, -np.inf]), 0.0, 1.0).tolist() == [
        0, 0, 255, 255, 127, 255, 0,
    ]  # fmt: skip
    assert len(colormap.sequential()) == 256


def test_colours_are_blended_by_share() -> None:
    cells = colormap.blended(
        np.array([[[1.0, 0.0], [0.5, 0.5]]]), [QColor("#ff0000"), QColor("#0000ff")], QColor("#ffffff")
    )
    soft = round(255 * colormap.SOFTNESS)
    first, second = colormap.color_of(cells[0, 0]), colormap.color_of(cells[0, 1])
    assert _near(first, QColor(255, soft, soft), 1)
    assert second.red() == second.blue() and _near(second, QColor((255 + soft) // 2, soft, (255 + soft) // 2), 1)


def test_ticks_are_round_numbers() -> None:
    assert [text for _, text in linear_ticks(-1.2, 2.3, 5)] == ["−1", "0", "1", "2"]
    assert [position for position, _ in linear_ticks(0.0, 1000.0, 5)] == [0.0, 200.0, 400.0, 600.0, 800.0, 1000.0]
    assert len(linear_ticks(-1.4, 1.4, 1)) >= 2
    assert [text for _, text in linear_ticks(-3.6, 3.6, 3)] == ["−2", "0", "2"]
    assert [text for _, text in log_ticks(-2.0, 1.0, 4)] == ["0.01", "0.1", "1", "10"]
    assert {"2", "5"} <= {text for _, text in log_ticks(0.0, 1.0, 8)}
    narrow = log_ticks(math.log10(0.2), math.log10(0.26), 3)  # where 0.2 would be the only tick
    assert [text for _, text in narrow] == ["0.2", "0.22", "0.24", "0.26"]
    assert [position for position, _ in narrow] == pytest.approx([math.log10(float(text)) for _, text in narrow])
    assert linear_ticks(0.0, float("inf"), 5) == [] == linear_ticks(1.0, 1.0, 5)
    assert coordinate(-0.123456, 3.0) == "−0.12"
    assert grown((0.0, 1.0), 0.1, 1.0) == (0.0, 1.0)


def test_numbers_on_a_colour_scale_are_whole_where_they_can_be(qtbot: QtBot) -> None:
    def texts(low: float, high: float, most: int = 12) -> list[str]:
        return [text for _, text in whole_ticks(low, high, most)]

    assert texts(-1.1, 1.2) == ["\u22121", "0", "1"] and texts(0.0, 4.0) == ["0", "1", "2", "3", "4"]
    assert texts(2600.0, 6300.0, 5) == ["3,000", "4,000", "5,000", "6,000"]
    assert texts(0.2, 1.9) == [text for _, text in linear_ticks(0.2, 1.9, 12)]  # a single whole number shows no scale
    assert [position for position, _ in whole_ticks(-2.5, 2.5, 12)] == [-2.0, -1.0, 0.0, 1.0, 2.0]
    for dataset in ("hills", "plane"):
        view, _ = _view(qtbot, dataset=dataset)
        for height in (90.0, 300.0, 700.0):
            marks = view.colour_scale.ticks(height)
            assert len(marks) >= 3 and all(value == round(value) for value, _ in marks)


def test_names_from_files_are_shown_as_they_are(qtbot: QtBot, tmp_path: Path) -> None:
    rows = [f"{k},{k % 3},{'<b>yes</b>' if k % 2 else 'a & b'}" for k in range(12)]
    (tmp_path / "odd.csv").write_text("<i>x</i>,y&z,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    view, _ = _view(qtbot, dataset=None, file="odd.csv", folder=tmp_path)
    assert "<b>yes</b>" in view.legend.text()
    assert "&lt;b&gt;yes&lt;/b&gt;" in view.legend.toolTip()
    assert "<i>x</i>" in view.readout.text() and "y&amp;z" in view.plot.axes["left"].labelString()


def test_tab_focus_on_the_plot_is_visible(qtbot: QtBot) -> None:
    view, _ = _view(qtbot)
    assert view.plot.focusPolicy() == Qt.FocusPolicy.StrongFocus and view.plot.accessibleName()
    view.plot.setFocus(Qt.FocusReason.TabFocusReason)
    assert view.plot.area.border is not None
    view.plot.clearFocus()
    assert view.plot.area.border.style() == Qt.PenStyle.NoPen


@pytest.mark.parametrize("size", [1.0, 5e4, 3e6])
@pytest.mark.parametrize("scale", [1.0, 1.6])
def test_the_numbers_of_the_colour_scale_are_whole(qtbot: QtBot, tmp_path: Path, size: float, scale: float) -> None:
    path = tmp_path / "scale.csv"
    a, b = np.random.default_rng(1).uniform(-1.0, 1.0, (2, 40)).round(4)
    rows = [f"{p},{q},{size * (p - q)}" for p, q in zip(a, b, strict=True)]
    path.write_text("\n".join(["a,b,y", *rows]), encoding="utf-8")
    view, _ = _view(qtbot, dataset=None, file=str(path))
    view.set_theme(theme.LIGHT, scale)
    bar = view.colour_scale
    assert bar.isVisible()
    texts = [text for _, text in linear_ticks(*view.slice.value_range, bar.height() // 34)]  # type: ignore[union-attr]
    longest = max(bar.fontMetrics().horizontalAdvance(text) for text in texts)
    assert bar.width() >= 4 + bar.BAR * scale + 6 + longest


def test_the_name_of_the_value_axis_lies_beside_its_numbers(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("area,price\n" + "\n".join(f"{x},{5e4 * x + 0.5}" for x in range(30)), encoding="utf-8")
    view, _ = _view(qtbot, dataset=None, file=str(path))
    view.resize(520, 440)
    axis = view.plot.axes["left"]
    texts = [text for _, text in view.plot.ticks["left"]]
    assert max(map(len, texts)) >= 7
    numbers = max(view.plot.fontMetrics().horizontalAdvance(text) for text in texts)
    assert axis.width() >= numbers + axis.label.boundingRect().height()


@pytest.mark.parametrize(("width", "height"), [(400.0, 300.0), (200.0, 500.0), (700.0, 90.0), (0.0, 0.0)])
def test_alike_inputs_keep_nearly_their_proportions_in_any_plot(width: float, height: float) -> None:
    shown = DataSlice(Trainer(Experiment()).data)
    x, y = shown.ranges_for(width, height)
    for (low, high), (start, end) in ((x, shown.x_range), (y, shown.y_range)):
        assert low <= start < end <= high  # all data are inside
        assert low + high == pytest.approx(start + end)
    if width:
        assert 1 / STRETCH - 1e-9 <= (x[1] - x[0]) / width / ((y[1] - y[0]) / height) <= STRETCH + 1e-9
        assert x == shown.x_range or y == shown.y_range  # no larger than need be


def test_unlike_inputs_fill_the_plot() -> None:
    data = Trainer(Experiment().with_value("data.dataset", "breast_cancer")).data
    names = list(data.inputs)
    shown = DataSlice(data, (names.index("mean_area"), names.index("mean_smoothness")))
    assert shown.proportion is None
    assert shown.ranges_for(300.0, 200.0) == (shown.x_range, shown.y_range)


def test_numbers_of_the_axis_do_not_make_it_narrower_and_wider_in_turns(qtbot: QtBot) -> None:
    """A narrower axis makes a wider area, whose range may need longer numbers again."""
    plot = Plot("A small one")
    qtbot.addWidget(plot)
    plot.set_tight(True)
    plot.resize(200, 200)
    plot.show()
    plot.set_range((0.0, 1.0), (-0.5, 0.5))
    wide = plot.axes["left"].minimumWidth()
    plot.set_range((0.0, 1.0), (0.0, 4.0))
    assert plot.axes["left"].minimumWidth() == wide
    plot.resize(210, 200)
    plot.set_range((0.0, 1.0), (0.0, 9.0))
    assert plot.axes["left"].minimumWidth() < wide


def test_a_map_of_one_of_several_outputs_says_of_which(qtbot: QtBot) -> None:
    data = load_data(dataset="plane")
    view = BoundaryView()
    qtbot.addWidget(view)
    view.set_theme(theme.LIGHT, 1.0)
    view.set_data(data)
    assert "colours" not in view.legend.text()
    view.set_data(dataclasses.replace(data, target_names=("height", "width")))
    assert "colours: height" in view.legend.text()
