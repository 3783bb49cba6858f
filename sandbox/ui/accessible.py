"""What screen readers are told about our own controls, where Qt alone would say something else.

A widget with a method `accessible_interface` is described by what that returns. Qt asks for it only while a screen
reader is listening.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAccessible, QAccessibleInterface, QAccessibleValueInterface
from PySide6.QtWidgets import QAbstractButton, QAccessibleWidget, QComboBox, QSlider, QWidget

_Role, _Text = QAccessible.Role, QAccessible.Text


def install() -> None:
    """Let widgets describe themselves. Call this once."""
    QAccessible.installFactory(_described)


def _described(_: str, widget: QObject) -> QAccessibleInterface | None:
    describe: Callable[[], QAccessibleInterface] | None = getattr(widget, "accessible_interface", None)
    return None if describe is None else describe()


class PictureInterface(QAccessibleWidget):
    """A widget that paints: its name and description say all there is."""

    def __init__(self, widget: QWidget, role: QAccessible.Role = _Role.Chart) -> None:
        super().__init__(widget, role, "")

    def childCount(self) -> int:
        return 0


class ValueInterface(QAccessibleWidget):
    """A control whose value is written as it is on screen.

    Parameters
    ----------
    widget : QWidget
    role : QAccessible.Role
    text : callable
        Returns the value as shown.
    """

    def __init__(self, widget: QWidget, role: QAccessible.Role, text: Callable[[], str]) -> None:
        super().__init__(widget, role, "")
        self._shown = text

    def text(self, kind: QAccessible.Text) -> str:
        return self._shown() if kind == _Text.Value else super().text(kind)


class SliderInterface(ValueInterface):
    """A slider over given numbers: it tells and takes these numbers, not the positions of the knob.

    Parameters
    ----------
    slider : QSlider
    text : callable
        Returns the value as shown.
    stops : callable
        Returns the numbers, one per position.
    """

    def __init__(self, slider: QSlider, text: Callable[[], str], stops: Callable[[], tuple[float, ...]]) -> None:
        super().__init__(slider, _Role.Slider, text)
        self._slider = slider
        self._numbers = _Numbers(slider, stops)

    def text(self, kind: QAccessible.Text) -> str:
        shown, name = self._shown(), super().text(kind)
        # A screen reader speaks the number of a slider, but no word that stands for it ("all", "max").
        return f"{name} {shown}" if kind == _Text.Name and not shown[:1].isdecimal() else name

    def interface_cast(self, kind: QAccessible.InterfaceType) -> Any:
        return self._numbers if kind == QAccessible.InterfaceType.ValueInterface else super().interface_cast(kind)

    def actionNames(self) -> list[str]:
        return [*super().actionNames(), self.increaseAction(), self.decreaseAction()]

    def doAction(self, name: str) -> None:
        if name == self.increaseAction():
            self._slider.setValue(self._slider.value() + 1)
        elif name == self.decreaseAction():
            self._slider.setValue(self._slider.value() - 1)
        else:
            super().doAction(name)


class _Numbers(QAccessibleValueInterface):
    """The numbers of a slider."""

    def __init__(self, slider: QSlider, stops: Callable[[], tuple[float, ...]]) -> None:
        super().__init__()
        self._slider, self._stops = slider, stops

    def currentValue(self) -> float:
        stops = self._stops()
        return stops[self._slider.value()] if stops else 0.0

    def setCurrentValue(self, value: Any) -> None:
        stops = self._stops()
        nearest = min(range(len(stops)), key=lambda index: abs(stops[index] - float(value)), default=0)
        self._slider.setValue(nearest)

    def minimumValue(self) -> float:
        return min(self._stops(), default=0.0)

    def maximumValue(self) -> float:
        return max(filter(math.isfinite, self._stops()), default=0.0)

    def minimumStepSize(self) -> float:
        return 0.0  # the numbers are not equally far apart


class ChoiceInterface(ValueInterface):
    """A drop-down whose list opens by an action."""

    def __init__(self, box: QComboBox, text: Callable[[], str]) -> None:
        super().__init__(box, _Role.ComboBox, text)
        self._box = box

    def text(self, kind: QAccessible.Text) -> str:
        name = super().text(kind)
        return f"{name}: {self._shown()}" if kind == _Text.Name else name  # on Linux only the name is spoken

    def childCount(self) -> int:
        return 0  # its list is a window of its own

    def state(self) -> QAccessible.State:
        state = super().state()
        state.hasPopup = state.expandable = 1
        return state

    def actionNames(self) -> list[str]:
        return [self.showMenuAction(), *super().actionNames()]

    def doAction(self, name: str) -> None:
        if name == self.showMenuAction():
            self._box.showPopup()
        else:
            super().doAction(name)


class ToggleInterface(ValueInterface):
    """A button that is on or off and shows a value."""

    def __init__(self, button: QAbstractButton, text: Callable[[], str]) -> None:
        super().__init__(button, _Role.CheckBox, text)
        self._button = button

    def state(self) -> QAccessible.State:
        state = super().state()
        state.checkable, state.checked = 1, int(self._button.isChecked())
        return state

    def actionNames(self) -> list[str]:
        return [self.toggleAction(), *super().actionNames()]

    def doAction(self, name: str) -> None:
        if name == self.toggleAction():
            self._button.click()
        else:
            super().doAction(name)


class OneOfInterface(QAccessibleWidget):
    """A button out of several, of which one is chosen: a tab or a radio button."""

    def __init__(self, button: QAbstractButton, role: QAccessible.Role) -> None:
        super().__init__(button, role, "")
        self._button = button

    def state(self) -> QAccessible.State:
        state = super().state()
        chosen = int(self._button.isChecked())
        if self.role() == _Role.PageTab:
            state.selectable, state.selected = 1, chosen
        else:
            state.checkable, state.checked = 1, chosen
        return state

    def actionNames(self) -> list[str]:
        return [self.pressAction(), *super().actionNames()]

    def doAction(self, name: str) -> None:
        if name == self.pressAction():
            self._button.click()
        else:
            super().doAction(name)


class LiveDescription(QObject):
    """Keeps the accessible description of a widget up to date, at most once a second.

    Parameters
    ----------
    widget : QWidget
    """

    PERIOD = 1000  # milliseconds; a screen reader cannot read faster

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self._sentence: Callable[[], str] | None = None  # what is to be written next
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._write)

    def follow(self, sentence: Callable[[], str]) -> None:
        """Write this sentence: now if the last one is old enough, else later, unless a newer one comes before."""
        self._sentence = sentence
        if not self._timer.isActive():
            self._write()

    def _write(self) -> None:
        if self._sentence is None:
            return
        text, self._sentence = self._sentence(), None
        self._timer.start(self.PERIOD)
        if text != self._widget.accessibleDescription():
            self._widget.setAccessibleDescription(text)
