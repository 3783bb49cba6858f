"""The window at every size: no part outside the screen, none cut, and nothing that a resize could break."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QApplication, QLabel, QToolButton, QWidget

from sandbox.cli.window import SMALLEST
from sandbox.experiment import Experiment, Trainer
from sandbox.ui import theme
from sandbox.ui.controls import ActionButton
from sandbox.ui.kit import Elided, MoreButton
from sandbox.ui.layout import LEAST, TALL, WIDE
from sandbox.ui.lens.card import GUEST

SIZES = [(960, 540), (1024, 700), (1280, 720), (1920, 1080)]
OpenWindow = Callable[..., Any]
OFF = Qt.ScrollBarPolicy.ScrollBarAlwaysOff


LANES = ("", 'loss.objective = "mse"', "optimizer.learning_rate = 2.0")  # how each differs


def experiment(lanes: int, more: str = "") -> Experiment:
    text = more + '[data]\nsamples = 60\n[optimizer]\nbatch_size = 10\n[loss]\nmonitors = ["mse"]\n'
    entries = (f'[[lanes]]\nname = "{name}"\n{differs}\n' for name, differs in zip("ABC", LANES, strict=True))
    return Experiment.loads(text + "".join(list(entries)[:lanes]))


def surroundings(widget: QWidget, window: QWidget) -> tuple[QRect, bool]:
    """Return what must contain a widget, in the window's coordinates, and whether its height matters.

    Within a scroll area it is the visible part; only across, and only if the area cannot be scrolled that way.
    """
    inner: QWidget = widget
    while inner is not window:
        outer = inner.parentWidget()
        assert outer is not None
        area = outer.parentWidget()
        if isinstance(area, QAbstractScrollArea) and area.viewport() is outer:
            if area.horizontalScrollBarPolicy() != OFF:
                return QRect(-100_000, -100_000, 200_000, 200_000), False
            return QRect(outer.mapTo(window, QPoint(0, 0)), outer.size()), False
        inner = outer
    return window.rect(), True


def problems(window: QWidget) -> list[str]:
    """Return every visible widget that is not where it can be seen, or that is narrower than its text."""
    found = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or widget.window() is not window or widget.size().isEmpty():
            continue
        place = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
        around, high = surroundings(widget, window)
        text = getattr(widget, "text", None)
        name = f"{type(widget).__name__} {widget.accessibleName() or (text() if callable(text) else '')!r} at {place}"
        if place.left() < around.left() or place.right() > around.right():
            found.append(f"{name} is not within {around} across")
        if high and not around.contains(place):
            found.append(f"{name} is not within {around}")
        if is_cut(widget):
            found.append(f"{name} is cut: it needs {widget.sizeHint()}")
    return found


def is_cut(widget: QWidget) -> bool:
    """Return whether a text does not fit into its widget."""
    if isinstance(widget, Elided | MoreButton):
        return False
    if isinstance(widget, QLabel):
        wraps = widget.wordWrap() or not widget.text() or not widget.pixmap().isNull()
        return not wraps and widget.width() < widget.sizeHint().width()
    if isinstance(widget, QToolButton) and widget.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly:
        return bool(widget.text()) and widget.icon().isNull() and widget.width() < widget.sizeHint().width()
    return isinstance(widget, QAbstractButton) and widget.width() < widget.minimumSizeHint().width()


def settle(driver: Any) -> None:
    driver.settle()
    for _ in range(5):
        QApplication.processEvents()
    driver.settle()


def all_problems(window: Any, driver: Any) -> list[str]:
    """Return the problems with the settings open and closed, and with every view in front."""
    found = []
    for opened in (True, False):
        window.page.open_settings(opened)
        for value, button in window.lenses.tabs._buttons.items():
            window.lenses.show_guest() if value == GUEST else window.lenses.show_tab(value)
            settle(driver)
            where = f"{button.text()}, settings {'open' if opened else 'closed'}"
            found += [f"{where}: {problem}" for problem in problems(window)]
    return found


@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("size", SIZES)
def test_every_widget_is_inside_the_window(open_window: OpenWindow, size: tuple[int, int], lanes: int) -> None:
    driver = open_window(experiment(lanes))
    window = driver.window
    window.resize(*size)
    driver.click(window.controls.step_epoch)
    driver.wait_drawn(lambda snapshot: snapshot.epoch >= 1)
    window.notice.say("The cost is not finite any more. " * 8, error=True, action="Reset")
    found = all_problems(window, driver)
    if lanes > 1:
        window.desk.compare("B")
        found += all_problems(window, driver)
    assert (window.width(), window.height()) == size
    assert not found, "\n".join(found)


def test_the_test_finds_what_is_outside_or_cut(open_window: OpenWindow) -> None:
    window = open_window(experiment(1)).window
    assert not problems(window)
    window.controls.move(-5, window.controls.y())
    assert any("is not within" in problem for problem in problems(window))
    window.controls.move(8, window.controls.y())
    window.controls.play.setFixedWidth(30)
    assert [problem for problem in problems(window) if "is cut" in problem and "Play" in problem]


@pytest.mark.parametrize("lanes", [1, 3])
def test_everything_enlarged_for_the_back_row_is_inside_the_window(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch, lanes: int
) -> None:
    driver = open_window(experiment(lanes))
    window = driver.window
    monkeypatch.setattr(window, "screen", lambda: SimpleNamespace(availableGeometry=lambda: QRect(0, 0, 1280, 720)))
    driver.key(Qt.Key.Key_F11)
    window.showNormal()
    window.resize(1280, 720)
    assert theme.scale() == pytest.approx(1.33, abs=0.01)
    settle(driver)
    assert not (found := all_problems(window, driver)), "\n".join(found)
    driver.key(Qt.Key.Key_F11)


def test_a_resize_while_training_changes_no_bit(open_window: OpenWindow) -> None:
    driver = open_window(experiment(3))
    driver.play()
    for _ in range(3):
        for size in (*SIZES, LEAST, *reversed(SIZES)):
            driver.window.resize(*size)
            driver.window.page.open_settings(not driver.window.page.settings_open)
            before = driver.last.update
            driver.wait_drawn(lambda snapshot, before=before: snapshot.update > before)
    last = driver.pause()
    alone = Trainer(driver.session.experiment)
    alone.advance(lambda: True, last.update)
    for lane in "ABC":
        expected, weights = alone.parameters(lane), driver.weights(lane)
        assert all(np.array_equal(expected[name], weights[name]) for name in expected)


def test_the_settings_are_closed_in_a_narrow_window_and_open_by_their_button(open_window: OpenWindow) -> None:
    driver = open_window(experiment(1))
    window = driver.window
    assert window.page.settings.isVisible()
    window.resize(WIDE - 1, 700)
    driver.wait(lambda: not window.page.settings.isVisible())
    driver.click(window.controls.settings)
    assert window.page.settings.isVisible() and window.controls.settings.isChecked()
    driver.type(driver.control("optimizer.learning_rate").edit, "0.25")
    driver.wait(lambda: driver.field("optimizer.learning_rate") == 0.25)
    window.resize(WIDE, 700)
    settle(driver)
    driver.key(Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert not window.page.settings.isVisible()
    window.resize(WIDE - 1, 700)  # as it was left in a narrow window, and then in a wide one
    driver.wait(window.page.settings.isVisible)
    window.resize(WIDE, 700)
    driver.wait(lambda: not window.page.settings.isVisible())


def test_the_cost_is_a_tab_in_a_low_window_and_a_card_in_a_high_one(open_window: OpenWindow) -> None:
    driver = open_window(experiment(1))
    window = driver.window
    assert window.cost_card.isAncestorOf(window.cost) and not window.actions_["cost"].isEnabled()
    window.resize(1280, TALL - 1)
    driver.wait(lambda: window.lenses.isAncestorOf(window.cost))
    assert window.cost.isVisible() and not window.cost_card.isVisible()
    driver.click(window.lenses.tabs.button(1))
    assert not window.cost.isVisible() and window.lenses.current is window.lenses.lenses[1]
    driver.key(Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert window.cost.isVisible() and not window.lenses.detach.isVisible()
    driver.click(window.lenses.tabs.button(1))
    driver.click(window.lenses.tabs.button(GUEST))
    assert window.cost.isVisible() and not window.lenses.isHidden()
    driver.click(window.controls.step_epoch)
    driver.wait_drawn(lambda snapshot: snapshot.epoch >= 1)
    driver.wait(lambda: bool(window.cost.lines.lines))
    window.resize(1280, TALL)
    driver.wait(lambda: window.cost_card.isAncestorOf(window.cost))
    assert window.cost.isVisible() and window.cost.log_x.isVisible()
    assert window.lenses.current is window.lenses.lenses[1] and window.lenses.lenses[1].isVisible()


def test_buttons_without_room_are_in_a_menu(open_window: OpenWindow) -> None:
    driver = open_window(experiment(1))
    controls = driver.window.controls
    assert not controls.more.isVisible()
    driver.window.resize(960, 540)
    driver.wait(controls.more.isVisible)
    hidden = [button for button in controls.findChildren(ActionButton) if not button.isVisible()]
    driver.click(controls.more)
    offered = {action.text() for action in controls._menu.actions()}
    assert offered == {button.defaultAction().text() for button in hidden} >= {"Switch &theme"}
    next(action for action in controls._menu.actions() if action.text() == "Switch &theme").trigger()
    controls._menu.hide()
    assert driver.window.theme.dark
    driver.window.resize(1280, 720)
    driver.wait(lambda: not controls.more.isVisible())
    assert all(button.isVisible() for button in hidden)


def test_the_smallest_screenshot_is_the_smallest_window(open_window: OpenWindow) -> None:
    window = open_window(experiment(3)).window
    assert SMALLEST == LEAST == (window.minimumWidth(), window.minimumHeight())
    window.resize(1, 1)
    assert (window.width(), window.height()) == LEAST


def test_the_choices_of_the_boundary_are_legible_beside_no_title(open_window: OpenWindow) -> None:
    window = open_window(experiment(3, "run.replicas = 4\n")).window
    bar, title = window.lane_bar, window.boundary_card.title
    window.resize(1024, 700)
    window.page.open_settings(True)
    QApplication.processEvents()
    QApplication.processEvents()
    for choice in (bar.rival, bar.replica):
        assert choice.isVisible() and choice.width() >= choice.sizeHint().width() - 2
    assert not title.isVisible()
    window.resize(1920, 1080)
    QApplication.processEvents()
    QApplication.processEvents()
    assert title.isVisible()
