"""The digits on screen are those that the program writes, whatever the system's language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QSpinBox, QTabBar

from sandbox.experiment import Experiment
from sandbox.ui import app, theme
from sandbox.ui.kit.base import discard
from sandbox.ui.window import MainWindow


@pytest.fixture
def arabic() -> Iterator[None]:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.Arabic, QLocale.Country.Egypt))
    yield
    QLocale.setDefault(before)


def _texts(window: MainWindow) -> Iterator[str]:
    for label in window.findChildren(QLabel):
        yield label.text()
    for button in window.findChildren(QAbstractButton):
        yield button.text()
    for edit in window.findChildren(QLineEdit):  # those of spin boxes, too
        yield edit.text()
    for box in window.findChildren(QComboBox):
        yield from (box.itemText(index) for index in range(box.count()))
    for bar in window.findChildren(QTabBar):
        yield from (bar.tabText(index) for index in range(bar.count()))
    for action in window.findChildren(QAction):
        yield action.text()


@pytest.mark.usefixtures("arabic")
def test_an_arabic_system_shows_one_kind_of_digits(qtbot: object) -> None:
    spin = QSpinBox()
    spin.setValue(12)
    assert not spin.text().isascii()  # what such a system shows by itself
    app.application()
    window = MainWindow(Experiment(), theme.LIGHT)
    window.show()
    window.start()
    qtbot.waitUntil(lambda: window.lenses is not None and window.session.snapshot is not None, timeout=20_000)  # type: ignore[attr-defined]
    assert len(window.findChildren(QSpinBox)) >= 2
    shown = "".join(_texts(window))
    assert any(digit.isdigit() for digit in shown)
    assert [digit for digit in shown if digit.isdigit() and not digit.isascii() and digit not in "²³¹"] == []
    window.close()
    discard(window)
