"""A clean start: after whatever a group has done, the window stands as a new one in which a presenter begins."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QRect, QSettings, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QWidget,
)

from sandbox.lessons import lesson_folders
from sandbox.ui.plot.plot import Plot
from sandbox.ui.window import MainWindow
from tests.ui.conftest import Driver


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """Begin and end with nothing remembered."""
    QSettings().clear()
    yield
    QSettings().clear()


def state_of(widget: QWidget) -> object:
    """Return what a person may have changed in a widget."""
    if isinstance(widget, QAbstractButton):
        return widget.isChecked() if widget.isCheckable() else None
    if isinstance(widget, QComboBox):
        return widget.currentText(), str(getattr(widget, "value", lambda: "")())
    if isinstance(widget, QAbstractSpinBox | QLineEdit):
        return widget.text()
    if isinstance(widget, QStackedWidget):
        return widget.currentIndex()
    if isinstance(widget, Plot):
        return tuple(round(end, 9) for end in (*widget.x_range, *widget.y_range))
    if isinstance(widget, QAbstractScrollArea):
        return widget.verticalScrollBar().value()
    return None


def standing(window: MainWindow) -> dict[tuple[object, ...], object]:
    """Return the state of all that can be seen in a window, by what and where it is."""
    found: dict[tuple[object, ...], object] = {}
    for widget in window.findChildren(QWidget):
        if widget.isVisible() and not isinstance(widget, QLabel):
            place = QRect(widget.mapTo(window, widget.rect().topLeft()), widget.size()).getRect()
            name = type(widget).__name__, widget.accessibleName(), place
            found[name] = state_of(widget)
    return found


def choices(driver: Driver) -> dict[tuple[str, ...], list[object]]:
    """Open every lens, the network and the bar of tools, and return what is chosen in all of them, by what it is."""
    window, found = driver.window, defaultdict[tuple[str, ...], list[object]](list)
    for key in (Qt.Key.Key_L, Qt.Key.Key_N):
        driver.key(key, on=window)
    for lens in window.lenses.lenses:
        window.lenses.show_lens(lens)
        driver.settle()
        driver.settle()
    driver.key(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier, on=window)
    driver.settle()
    for view in (window.boundary, window.cost, window.lenses, window.network.card, window.drawing.bar, *window.panels):
        for widget in view.findChildren(QWidget):
            if is_choice(widget) or isinstance(widget, QStackedWidget):
                found[type(view).__name__, type(widget).__name__, widget.accessibleName()].append(state_of(widget))
    return {name: sorted(map(str, states)) for name, states in found.items()}


def is_choice(widget: QWidget) -> bool:
    return isinstance(widget, QComboBox) or (isinstance(widget, QAbstractButton) and widget.isCheckable())


def begin_afresh(driver: Driver) -> None:
    driver.key(Qt.Key.Key_F5, on=driver.window)
    driver.settle()
    for _ in range(6):
        QApplication.processEvents()
        driver.settle()


@pytest.fixture
def room(open_window: Callable[..., Driver], monkeypatch: pytest.MonkeyPatch) -> Callable[[], Driver]:
    """Open windows on a screen of 1280x720."""

    def make() -> Driver:
        driver = open_window()
        window = driver.window
        screen = SimpleNamespace(availableGeometry=lambda: QRect(0, 0, 1280, 720))
        monkeypatch.setattr(window, "screen", lambda: screen)
        monkeypatch.setattr(window, "showFullScreen", lambda: window.resize(1280, 720))
        return driver

    return make


def toggles(window: MainWindow) -> list[QAbstractButton | QComboBox]:
    """Return the switches and the choices that can be reached now, but for those that end presenting."""
    return [
        widget
        for widget in window.findChildren(QWidget)
        if widget.isVisible() and widget.isEnabled() and widget is not window.controls.present and is_choice(widget)
    ]


def use(driver: Driver, widget: QWidget, chance: random.Random) -> None:
    """Click a switch, or choose another entry."""
    if isinstance(widget, QComboBox):
        if widget.count() > 1:
            index = chance.randrange(widget.count())
            widget.setCurrentIndex(index)
            widget.activated.emit(index)
    else:
        widget.click()


KEYS = (Qt.Key.Key_S, Qt.Key.Key_C, Qt.Key.Key_L, Qt.Key.Key_N, Qt.Key.Key_R, Qt.Key.Key_D, Qt.Key.Key_T)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_after_a_clean_start_everything_stands_as_in_a_new_window(room: Callable[[], Driver], seed: int) -> None:
    new = room()
    begin_afresh(new)
    expected = standing(new.window)
    assert sum(value is not None for value in expected.values()) > 10
    chosen = choices(new)
    new.delete()
    QSettings().clear()
    driver, chance = room(), random.Random(seed)
    driver.key(Qt.Key.Key_F11, on=driver.window)
    for _ in range(60):
        if chance.random() < 0.2:
            driver.key(chance.choice(KEYS), on=driver.window)
        else:
            use(driver, chance.choice(toggles(driver.window)), chance)
        driver.settle()
    begin_afresh(driver)
    assert standing(driver.window) == expected
    assert driver.window.page.hasFocus() and not QSettings().value("presenting/parts")
    assert choices(driver) == chosen


def test_what_a_step_lent_and_a_presenter_folded_comes_back_as_at_first(room: Callable[[], Driver]) -> None:
    new = room()
    begin_afresh(new)
    expected = standing(new.window)
    new.delete()
    driver = room()
    window = driver.window
    begin_afresh(driver)
    driver.key(Qt.Key.Key_C, on=window)
    driver.key(Qt.Key.Key_S, on=window)
    window.lessons.open_lesson(lesson_folders()["05-sum-or-mean"])
    for _ in range(4):
        window.lessons.go_on()
        driver.settle()
    window.boundary.current.samples.clicked.emit("train", 3)
    window.cost.plot.zoomed.emit(2.0, 0.5)
    window.lenses.take_out(window.lenses.lenses[2])
    window.network.card.take_out()
    begin_afresh(driver)
    assert standing(window) == expected
    assert window.cost.invitation.isVisible(), "it invites as at first"
    assert window.boundary.current.samples.chosen is None
    assert not window.page.settings_open and window.cost_card.isVisible()
    assert not [each for each in QApplication.topLevelWidgets() if each.isVisible() and each is not window]
