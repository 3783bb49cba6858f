"""Another theme, and presenting: what a switch costs, and that it leaves everything where it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import QApplication, QMenuBar, QWidget

from sandbox.experiment import Experiment
from sandbox.ui import theme

LANES = '[[lanes]]\nname = "A"\n[[lanes]]\nname = "B"\nloss.objective = "mse"\n'


class Heard(QObject):
    """Counts what widgets hear: of another style, and of another size."""

    def __init__(self) -> None:
        super().__init__()
        self.styled: Counter[QWidget] = Counter()
        self.resized: Counter[QObject] = Counter()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.StyleChange and isinstance(watched, QWidget):
            self.styled[watched] += 1
        elif isinstance(event, QResizeEvent) and event.size() != event.oldSize():
            self.resized[watched] += 1
        return False


@contextmanager
def listening(application: QApplication) -> Iterator[Heard]:
    heard = Heard()
    application.installEventFilter(heard)
    yield heard
    application.removeEventFilter(heard)


@pytest.fixture
def driver(open_window: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """The window on a screen of 1280x720; the tests' own is smaller."""
    result = open_window(Experiment.loads(f"[data]\nsamples = 60\n{LANES}"))
    window = result.window
    screen = SimpleNamespace(availableGeometry=lambda: QRect(0, 0, 1280, 720))
    monkeypatch.setattr(window, "screen", lambda: screen)
    monkeypatch.setattr(window, "showFullScreen", lambda: None)
    window.resize(1280, 720)
    return result


def often(heard: Counter[QWidget]) -> set[str]:
    """Return what heard something more than once, but for parts with a style sheet of their own."""
    return {type(widget).__name__ for widget, times in heard.items() if times > 1 and not has_own_sheet(widget)}


def has_own_sheet(widget: QWidget | None) -> bool:
    return widget is not None and (bool(widget.styleSheet()) or has_own_sheet(widget.parentWidget()))


def settle(driver: Any) -> None:
    for _ in range(5):
        driver.settle()
        QApplication.processEvents()


def picture(driver: Any) -> QImage:
    settle(driver)
    return driver.window.grab().toImage()  # type: ignore[no-any-return]


def test_every_widget_is_styled_once_by_another_theme(driver: Any, qapp: QApplication) -> None:
    settle(driver)
    widgets = set(driver.window.findChildren(QWidget))
    with listening(qapp) as heard:
        driver.window.switch_theme()
    assert widgets <= heard.styled.keys()
    assert often(heard.styled) == set()


def test_another_theme_moves_nothing(driver: Any, qapp: QApplication) -> None:
    driver.window.resize(1280, 560)
    settle(driver)
    bar = driver.window.page.settings.verticalScrollBar()
    assert bar.maximum() > 0
    bar.setValue(bar.maximum())
    settle(driver)
    before = bar.value()
    with listening(qapp) as heard:
        driver.window.switch_theme()
        settle(driver)
    assert bar.value() == before
    assert {type(widget).__name__ for widget in heard.resized if not isinstance(widget, QMenuBar)} == set()


def test_presenting_styles_every_widget_once(driver: Any, qapp: QApplication) -> None:
    settle(driver)
    widgets = set(driver.window.findChildren(QWidget))
    with listening(qapp) as heard:
        driver.key(Qt.Key.Key_F11)
    assert theme.scale() > 1.3
    assert widgets <= heard.styled.keys()
    assert heard.styled.total() < 1.05 * len(heard.styled)
    driver.key(Qt.Key.Key_F11)


def test_a_window_looks_as_before_after_switching_there_and_back(driver: Any) -> None:
    driver.window.page.open_settings(False)
    light = picture(driver)
    driver.window.switch_theme()
    dark = picture(driver)
    assert dark.pixelColor(2, 700).name() == theme.DARK.ground != light.pixelColor(2, 700).name()
    driver.key(Qt.Key.Key_F11)
    settle(driver)
    driver.key(Qt.Key.Key_F11)
    assert picture(driver) == dark
    driver.window.switch_theme()
    assert picture(driver) == light
