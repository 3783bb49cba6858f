"""The points of the boundary view: that they can be seen, which ones are drawn, and which are marked as wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sandbox.data import Data, load_data
from sandbox.experiment.training.snapshot import (
    BinarySurface,
    DifferenceSurface,
    MulticlassSurface,
    RegressionSurface,
    Surface,
)
from sandbox.ui import theme
from sandbox.ui.views.boundary import BoundaryView
from sandbox.ui.views.boundary_legend import SWITCHES, Drawn
from sandbox.ui.views.samples import PARTS
from sandbox.ui.views.slices import sample_indices
from tests.colours import contrast

EITHER = pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=lambda colours: colours.name)
TASKS = {"two": {"dataset": "moons"}, "many": {"dataset": "blobs", "classes": 8}, "regression": {"dataset": "hills"}}


def _view(
    qtbot: QtBot, colours: theme.Theme = theme.LIGHT, size: tuple[int, int] = (700, 600), **settings: Any
) -> tuple[BoundaryView, Data]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, colours)
    view = BoundaryView()
    qtbot.addWidget(view)
    view.set_theme(colours, 1.0)
    view.resize(*size)
    data = load_data(**settings)
    view.set_data(data, None)
    with qtbot.waitExposed(view):
        view.show()
    return view, data


@pytest.fixture(autouse=True)
def light_again(qapp: QApplication) -> Any:
    yield
    theme.apply(qapp, theme.LIGHT)


def _flat(view: BoundaryView, data: Data, level: float, wrong: tuple[Any, Any] | None = None) -> Surface:
    """A surface that is the same everywhere: from 0, surely the first class or the lowest value, to 1."""
    request = view.request("A")
    assert request is not None
    x, y = np.linspace(*request.x_range, 40), np.linspace(*request.y_range, 40)
    if data.task == "regression":
        low, high = view.slice.value_range  # type: ignore[union-attr]
        return RegressionSurface(request, x, np.full((40, 40), low + level * (high - low), np.float32), 1, y)
    if data.task == "multiclass":
        last = len(data.class_names) - 1
        shares = np.eye(last + 1, dtype=np.float32)[round(level * last)]
        return MulticlassSurface(request, x, np.tile(shares, (40, 40, 1)), 1, y, wrong=wrong)
    values = np.full((40, 40), level, np.float32)
    return BinarySurface(request, x, values, 1, y, 0.5, (0.0, 1.0), values - np.float32(0.5), wrong=wrong)


def _picture(view: BoundaryView) -> QImage:
    return view.plot.grab().toImage()


def _centres(view: BoundaryView, part: str, alone: float = 0.0) -> list[tuple[float, float]]:
    """Where the samples of a part are in the picture of the plot; only those this many pixels from any other."""
    assert view.slice is not None
    places = {}
    for name in PARTS:
        x, y = view.plot.pixels(*view.slice.positions(*view.slice.part(name)))
        places[name] = np.column_stack([x, y])
    everything = np.concatenate(list(places.values()))
    origin = view.plot.mapFromScene(view.plot.area.mapToScene(0.0, 0.0))
    far = [np.sort(np.hypot(*(everything - place).T))[1] >= alone for place in places[part]]
    return [(origin.x() + x, origin.y() + y) for (x, y), lonely in zip(places[part], far, strict=True) if lonely]


@EITHER
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_every_point_stands_out_from_the_region_below_it(
    qtbot: QtBot, colours: theme.Theme, task: str, level: float
) -> None:
    """In whatever direction one goes from a point's centre, one meets a pixel of 3:1 against the region."""
    view, data = _view(qtbot, colours, **TASKS[task])
    view.draw(_flat(view, data, level))
    with_points = _picture(view)
    view.samples.points.set_groups(())
    without = _picture(view)
    checked = 0
    for part in PARTS:
        for x, y in _centres(view, part, alone=16.0)[:25]:
            ground = without.pixelColor(round(x), round(y)).name()
            for angle in np.arange(8) * np.pi / 4:
                ray = [(x + r * np.cos(angle), y + r * np.sin(angle)) for r in np.arange(0.0, 7.5, 0.5)]
                best = max(contrast(with_points.pixelColor(round(a), round(b)).name(), ground) for a, b in ray)
                assert best >= 3, (part, x, y, angle, ground)
            checked += 1
    assert checked >= 10


@EITHER
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("level", [-1.0, 0.0, 1.0])
def test_points_stand_out_from_a_difference_too(qtbot: QtBot, colours: theme.Theme, task: str, level: float) -> None:
    view, data = _view(qtbot, colours, **TASKS[task])
    view.compare_with("B", QColor(colours.lane(0)), QColor(colours.lane(1)))
    request = view.request("A")
    assert request is not None
    x, y = np.linspace(*request.x_range, 40), np.linspace(*request.y_range, 40)
    span = (0.0, 1.0) if data.task == "multiclass" else (-1.0, 1.0)
    edges = () if data.task == "regression" else (np.full((40, 40), 1.0, np.float32),) * 2
    if data.task == "multiclass":
        edges = (np.tile(np.eye(8, dtype=np.float32)[0], (40, 40, 1)),) * 2
    view.draw(DifferenceSurface(request, x, np.full((40, 40), level, np.float32), 1, y, span, edges))
    with_points = _picture(view)
    view.samples.points.set_groups(())
    ground = _picture(view)
    for px, py in _centres(view, "train", alone=16.0)[:15]:
        below = ground.pixelColor(round(px), round(py)).name()
        around = [(a, b) for a in range(-5, 6) for b in range(-5, 6)]
        seen = [contrast(with_points.pixelColor(round(px) + a, round(py) + b).name(), below) for a, b in around]
        assert sum(value >= 3 for value in seen) >= 8


@EITHER
@pytest.mark.parametrize("task", ["two", "many"])
def test_a_cross_marks_the_wrong_samples_alone(qtbot: QtBot, colours: theme.Theme, task: str) -> None:
    view, data = _view(qtbot, colours, **TASKS[task])
    wrong = tuple(np.arange(len(y)) % 5 == 0 for y in (data.y_train, data.y_test))
    view.draw(_flat(view, data, 0.0))
    plain = _picture(view)
    view.draw(_flat(view, data, 0.0, wrong))
    crossed = _picture(view)
    marked = sum(len(group.x) for group in view.samples.crosses.groups)
    assert marked == sum(int(part.sum()) for part in wrong)
    for part, which in zip(PARTS, wrong, strict=True):
        for index, (x, y) in enumerate(_centres(view, part)):
            at = round(x), round(y)
            if which[index]:
                assert contrast(crossed.pixelColor(*at).name(), plain.pixelColor(*at).name()) >= 3 or (
                    _covered(view, part, index)
                )


def _covered(view: BoundaryView, part: str, index: int) -> bool:
    """Whether another sample lies over this one."""
    (x, y), others = _centres(view, part)[index], [c for name in PARTS for c in _centres(view, name)]
    return sum(np.hypot(x - a, y - b) < 9.0 for a, b in others) > 1


def test_a_frame_with_the_same_mistakes_repaints_neither_points_nor_crosses(qtbot: QtBot) -> None:
    view, data = _view(qtbot)
    wrong = np.zeros(len(data.y_train), bool), np.ones(len(data.y_test), bool)
    view.draw(_flat(view, data, 0.0, wrong))
    view.plot.grab()
    items = len(view.plot.scene().items())
    layers = view.samples.points, view.samples.crosses
    pictures = [layer._picture.cacheKey() for layer in layers]
    view.draw(_flat(view, data, 1.0, (wrong[0].copy(), wrong[1].copy())))
    view.plot.grab()
    assert [layer._picture.cacheKey() for layer in layers] == pictures
    view.draw(_flat(view, data, 1.0, (~wrong[0], wrong[1])))
    view.plot.grab()
    assert view.samples.points._picture.cacheKey() == pictures[0] != view.samples.crosses._picture.cacheKey()
    assert len(view.plot.scene().items()) == items  # drawn without new items


def _counts(view: BoundaryView) -> tuple[int, int]:
    """How many filled and how many hollow points are drawn."""
    groups = view.samples.points.groups
    return sum(len(g.x) for g in groups if g.hole is None), sum(len(g.x) for g in groups if g.hole is not None)


def test_only_wrong_points_and_no_test_points(qtbot: QtBot) -> None:
    view, data = _view(qtbot)
    wrong = np.arange(len(data.y_train)) % 7 == 0, np.arange(len(data.y_test)) % 3 == 0
    view.draw(_flat(view, data, 0.0, wrong))
    assert _counts(view) == (len(data.y_train), len(data.y_test))
    qtbot.mouseClick(view.legend.switches["wrong_only"], Qt.MouseButton.LeftButton, pos=_box(view, "wrong_only"))
    assert _counts(view) == (wrong[0].sum(), wrong[1].sum())
    view.draw(_flat(view, data, 0.0, (~wrong[0], wrong[1])))
    assert _counts(view) == ((~wrong[0]).sum(), wrong[1].sum())
    qtbot.mouseClick(view.legend.switches["test"], Qt.MouseButton.LeftButton, pos=_box(view, "test"))
    assert _counts(view) == ((~wrong[0]).sum(), 0)
    assert sum(len(g.x) for g in view.samples.crosses.groups) == (~wrong[0]).sum()


def _box(view: BoundaryView, name: str) -> Any:
    return view.legend.switches[name].rect().center()


def test_what_is_not_drawn_can_be_chosen_neither_by_click_nor_by_key(qtbot: QtBot) -> None:
    view, data = _view(qtbot)
    view.show_drawn(Drawn(test=False, wrong_only=True))
    wrong = np.arange(len(data.y_train)) % 9 == 4, np.zeros(len(data.y_test), bool)
    view.draw(_flat(view, data, 0.0, wrong))
    chosen: list[tuple[str, int]] = []
    view.sample_clicked.connect(lambda part, index: chosen.append((part, index)))
    for _ in range(3):
        qtbot.keyClick(view.plot, Qt.Key.Key_Period)
    qtbot.keyClick(view.plot, Qt.Key.Key_Comma)
    assert chosen == [("train", 4), ("train", 13), ("train", 22), ("train", 13)]
    chosen.clear()
    view.plot.picked.emit(*data.inputs_train[40])
    view.plot.picked.emit(*data.inputs_test[0])
    assert all(wrong[0][index] and part == "train" for part, index in chosen)
    view.plot.picked.emit(*data.inputs_train[13])
    assert chosen[-1][0] == "train" and wrong[0][chosen[-1][1]]


def test_keys_go_on_from_a_sample_that_is_no_longer_drawn(qtbot: QtBot) -> None:
    view, data = _view(qtbot)
    view.choose_sample("train", 10)
    view.show_drawn(Drawn(wrong_only=True))
    view.draw(_flat(view, data, 0.0, (np.arange(len(data.y_train)) % 8 == 0, np.zeros(len(data.y_test), bool))))
    with qtbot.waitSignal(view.sample_clicked) as forth:
        qtbot.keyClick(view.plot, Qt.Key.Key_Period)
    assert forth.args == ["train", 16]
    view.choose_sample("train", 10)
    with qtbot.waitSignal(view.sample_clicked) as back:
        qtbot.keyClick(view.plot, Qt.Key.Key_Comma)
    assert back.args == ["train", 8]


@EITHER
def test_discretised_each_place_has_the_colour_of_its_class(qtbot: QtBot, colours: theme.Theme) -> None:
    view, _ = _view(qtbot, colours)
    request = view.request("A")
    assert request is not None
    x, y = np.linspace(*request.x_range, 40), np.linspace(*request.y_range, 40)
    values = np.tile(np.linspace(0.3, 0.9, 40, dtype=np.float32), (40, 1))
    view.draw(BinarySurface(request, x, values, 1, y, 0.5, (0.0, 1.0), values - np.float32(0.5)))
    view.samples.points.set_groups(())
    assert len(set(_row(view))) > 10  # shaded
    view.show_drawn(Drawn(discrete=True))
    view.samples.points.set_groups(())
    row = _row(view)
    assert row[0] == row[8] != row[-1] == row[-30]
    border = float(np.interp(0.5, values[0], np.linspace(0.0, 1.0, 40)))
    for share, colour in zip(np.linspace(0.02, 0.98, len(row)), row, strict=True):
        if abs(share - border) > 0.04:
            assert colour == (row[0] if share < border else row[-1])


def _row(view: BoundaryView) -> list[str]:
    """Colours along the middle of the plot, from left to right."""
    image = _picture(view)
    area = view.plot.area
    places = [area.mapToScene(s * area.rect().width(), 0.5 * area.rect().height()) for s in np.linspace(0.02, 0.98, 97)]
    return [image.pixelColor(view.plot.mapFromScene(place)).name() for place in places]


def test_discretised_many_classes_and_differences(qtbot: QtBot) -> None:
    view, _ = _view(qtbot, **TASKS["many"])
    request = view.request("A")
    assert request is not None
    x, y = np.linspace(*request.x_range, 40), np.linspace(*request.y_range, 40)
    shares = np.full((40, 40, 8), 0.1, np.float32)
    shares[:, :20, 2] = shares[:, 20:, 5] = 0.3
    view.show_drawn(Drawn(discrete=True))
    view.draw(MulticlassSurface(request, x, shares, 1, y))
    view.samples.points.set_groups(())
    row, sure = _row(view), np.zeros_like(shares)
    sure[:, :20, 2] = sure[:, 20:, 5] = 1.0
    view.show_drawn(Drawn())
    view.draw(MulticlassSurface(request, x, sure, 1, y))
    view.samples.points.set_groups(())
    assert _row(view) == row
    other = shares.copy()
    other[:, 10:, 5] = 0.9
    view.compare_with("B", QColor("#00838c"), QColor("#7a4a00"))
    compared = dataclasses.replace(request, other="B")
    values = np.full((40, 40), 0.4, np.float32)
    view.draw(DifferenceSurface(compared, x, values, 1, y, (0.0, 1.0), (shares, other)))
    view.show_drawn(Drawn(discrete=True))
    view.samples.points.set_groups(())
    row = _row(view)
    assert row[0] == row[15] == row[-1] != row[37]  # they disagree only between the two borders


def test_switches_are_reached_and_named(qtbot: QtBot) -> None:
    view, _ = _view(qtbot)
    for name, switch in view.legend.switches.items():
        assert switch.isVisible() and switch.accessibleName() and SWITCHES[name][0] == switch.text()
        assert switch.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert view.legend.rect().contains(switch.geometry())
        switch.setFocus()
        before = getattr(view.legend.drawn, name)
        qtbot.keyClick(switch, Qt.Key.Key_Space)
        assert getattr(view.legend.drawn, name) is not before
    assert view.legend.drawn == Drawn(test=False, wrong_only=True, discrete=True)


@pytest.mark.parametrize("width", [140, 240, 330, 480, 900])
def test_the_legend_wraps_and_covers_nothing(qtbot: QtBot, width: int) -> None:
    view, _ = _view(qtbot, size=(width, 600), **TASKS["many"])
    legend = view.legend
    qtbot.waitUntil(lambda: legend.height() == legend.heightForWidth(legend.width()))
    boxes = [switch.geometry() for switch in legend.switches.values()]
    assert all(legend.rect().contains(box) for box in boxes)
    assert not any(one.intersects(other) for i, one in enumerate(boxes) for other in boxes[:i])
    last = legend._positions(legend.width())[-1]
    end = last[0] + legend._width(*legend._entries[-1][:2])
    first = min(boxes, key=lambda box: (box.top(), box.left()))
    assert first.left() >= end or first.top() >= last[1] + legend._line() - 1


def test_the_legend_is_not_laid_out_anew_while_points_change(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    view, data = _view(qtbot)
    view.show_drawn(Drawn(wrong_only=True))
    laid_out: list[int] = []
    monkeypatch.setattr(view.legend, "updateGeometry", lambda: laid_out.append(1))
    for step in range(2, 6):
        wrong = np.arange(len(data.y_train)) % step == 0, np.zeros(len(data.y_test), bool)
        view.draw(_flat(view, data, 0.0, wrong))
        assert _counts(view) == (wrong[0].sum(), 0)
    assert laid_out == []
    view.set_theme(theme.DARK)
    assert laid_out


def test_a_regression_has_only_test_points_to_switch(qtbot: QtBot) -> None:
    view, _ = _view(qtbot, **TASKS["regression"])
    assert [name for name, switch in view.legend.switches.items() if switch.isVisible()] == ["test"]
    view, _ = _view(qtbot, dataset="one_point")
    assert [name for name, switch in view.legend.switches.items() if switch.isVisible()] == ["wrong_only", "discrete"]


def test_two_lanes_have_no_wrong_samples_in_common(qtbot: QtBot) -> None:
    view, data = _view(qtbot)
    view.draw(_flat(view, data, 0.0, (np.ones(len(data.y_train), bool), np.ones(len(data.y_test), bool))))
    view.show_drawn(Drawn(wrong_only=True))
    view.compare_with("B", QColor("#00838c"), QColor("#7a4a00"))
    assert not view.legend.switches["wrong_only"].isVisible()
    assert _counts(view) == (len(data.y_train), len(data.y_test)) and not view.samples.crosses.groups


def test_thinned_points_are_counted_among_those_to_be_drawn(qtbot: QtBot) -> None:
    view, data = _view(qtbot, samples=9000, test_fraction=0.1)
    assert "5,100 points not drawn" in view.legend.text()
    wrong = np.arange(len(data.y_train)) < 500, np.zeros(len(data.y_test), bool)
    view.show_drawn(Drawn(wrong_only=True))
    view.draw(_flat(view, data, 0.0, wrong))
    assert "not drawn" not in view.legend.text() and _counts(view) == (500, 0)
    assert len(sample_indices(len(data.y_train))) == 3000


# In the window


def test_switches_hold_for_all_lanes_and_for_the_next_run(driver: Any) -> None:
    grid = driver.window.boundary
    legend = grid.frames[0].view.legend
    driver.click(legend.switches["discrete"], pos=legend.switches["discrete"].rect().center())
    driver.click(legend.switches["test"], pos=legend.switches["test"].rect().center())
    driver.window.desk.add({})
    driver.wait(lambda: len(driver.last.lanes) == 2 and len(grid.frames) == 2)
    wanted = Drawn(test=False, discrete=True)
    assert [frame.view.legend.drawn for frame in grid.frames] == [wanted] * 2
    driver.choose(driver.control("data.dataset"), "Two circles")
    driver.wait(lambda: driver.last.data.name == "circles")
    driver.settle()
    for frame in grid.frames:
        assert frame.view.legend.drawn == wanted and frame.view.samples.drawn == wanted
        assert _counts(frame.view)[1] == 0
    driver.click(legend.switches["wrong_only"], pos=legend.switches["wrong_only"].rect().center())
    driver.wait(lambda: all(
        _counts(frame.view)[0] == surface.wrong[0].sum()
        for frame, surface in zip(grid.frames, driver.last.surfaces, strict=True)
    ))  # fmt: skip


def test_tab_reaches_every_switch_and_the_space_bar_sets_it(driver: Any) -> None:
    legend = driver.window.boundary.frames[0].view.legend
    driver.window.controls.play.setFocus()
    reached = []
    for _ in range(80):
        driver.key(Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        if focused in legend.switches.values() and focused not in reached:
            reached.append(focused)
            driver.key(Qt.Key.Key_Space)
    assert reached == list(legend.switches.values())
    assert legend.drawn == Drawn(test=False, wrong_only=True, discrete=True)


def test_as_many_crosses_as_the_accuracy_says(open_window: Callable[..., Any]) -> None:
    driver = open_window()
    driver.play(30)
    driver.pause()
    snapshot, view = driver.last, driver.window.boundary.current
    hollow = sum(len(group.x) for group in view.samples.crosses.groups)
    total = len(snapshot.data.y_train), len(snapshot.data.y_test)
    readings = snapshot.lanes[0].readings
    missed = sum(round((1 - readings[f"{part}_accuracy"]) * count) for part, count in zip(PARTS, total, strict=True))
    assert hollow == missed > 0
