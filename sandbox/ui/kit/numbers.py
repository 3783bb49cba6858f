"""Controls for numbers: a slider over round numbers, and an edit that keeps exactly what is typed."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QEvent, QRandomGenerator, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSlider, QStyle, QWidget

from sandbox import words
from sandbox.nn.parameters import log_stops
from sandbox.ui import theme
from sandbox.ui.accessible import SliderInterface
from sandbox.ui.kit.base import IconButton, StyleFollower, focused_wheel, is_undo_shortcut, label, say, set_state

Number = float | int

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_WHOLE = re.compile(r"[+-]?\d+")
_LONGEST = 40  # characters of a typed number at most


class NumberField(StyleFollower, QWidget):
    """A number, set by a slider over round numbers or an edit that takes any allowed one.

    Parameters
    ----------
    stops : sequence of float
        The values of the slider, left to right; empty for no slider. They may cover less than is allowed.
    low, high : float
        The allowed range, both ends included.
    above, below : bool
        Whether `low` and `high` themselves are excluded.
    integer : bool
        Whether only whole numbers are allowed.
    names : mapping of float to str
        Words for certain numbers, e.g. {0: "all"}; they can be typed too.
    name : str
        What its messages call it.

    Signals
    -------
    changed(object, bool)
        The value the user chose, and whether it is final (False while the slider is dragged). None asks for the
        setting's default.
    refused(str)
        One sentence on why typed text was rejected.
    """

    changed = Signal(object, bool)
    refused = Signal(str)

    def __init__(
        self,
        stops: Sequence[float] = (),
        *,
        low: float = -math.inf,
        high: float = math.inf,
        above: bool = False,
        below: bool = False,
        integer: bool = False,
        names: Mapping[float, str] | None = None,
        name: str = "This",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.name = name
        self._stops = tuple(stops)
        self._bounds = (low, high, above, below)
        self._integer = integer
        self._names = dict(names or {})
        self._value: Number | None = None
        self._default: Number | None = None
        self._dragged = False
        self.slider = _Slider(len(self._stops), self._shown_text, lambda: self._stops)
        if not self._stops:  # showing it before it has a parent would make it a window
            self.slider.hide()
        self.edit = _Edit(self)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self.slider, 1)
        self._layout.addWidget(self.edit, 0 if self._stops else 1)
        self.setFocusProxy(self.slider if self._stops else self.edit)
        if self._stops:
            self.edit.setProperty("role", "number")
            self.edit.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.slider.valueChanged.connect(self._slide)
        self.slider.released.connect(self._release)
        self.edit.editingFinished.connect(self._take_text)
        self.follow_style()
        self.set_value(self._stops[0] if self._stops else max(low, 0) if math.isfinite(low) else 0)

    # Display

    def value(self) -> Number | None:
        """Return the number; None if the setting's default applies."""
        return self._value

    def set_value(self, value: Number | None) -> None:
        """Show a number without emitting; None shows the default, greyed (see `set_default`)."""
        self._value = value
        self._show()

    def set_default(self, own: Number | None) -> None:
        """Set the default that None means; without one, the user cannot ask for None."""
        self._default = own
        self._show()

    def set_bounds(self, low: float, high: float) -> None:
        """Set the allowed range, both ends included."""
        self._bounds = (low, high, False, False)

    def set_stops(self, stops: Sequence[float]) -> None:
        """Set the values of the slider."""
        if tuple(stops) != self._stops:
            self._stops = tuple(stops)
            with QSignalBlocker(self.slider):
                self.slider.setRange(0, len(self._stops) - 1)
            self._show()

    def text(self, value: Number | None) -> str:
        """Return a number as the edit shows it."""
        if value is None:
            return ""
        return self._names.get(value) or words.exact(value)

    def _shown_text(self) -> str:
        return self.text(self._default if self._value is None else self._value)

    def allowed(self) -> str:
        """Describe in words what can be typed."""
        low, high, above, below = self._bounds
        kind = "a whole number" if self._integer else "a number"
        parts = []
        if math.isfinite(low):
            parts.append(f"above {words.bound(low)}" if above else f"from {words.bound(low)}")
        if math.isfinite(high):
            upper = f"to {words.bound(high)}" if parts and not above else f"up to {words.bound(high)}"
            parts.append(f"below {words.bound(high)}" if below else upper)
        named = "".join(f', or "{word}"' for word in self._names.values())
        return " ".join([kind, " and ".join(parts) if above or below else " ".join(parts)]).strip() + named

    def _show(self) -> None:
        shown = self._default if self._value is None else self._value
        is_default = "true" if self._value is None and self._default is not None else "false"
        set_state(self.edit, "own", is_default)
        if not self.edit.typing:
            text = self.text(shown)
            if self.edit.text() != text:
                self.edit.setText(text)
                self.edit.setCursorPosition(0)
        if shown is not None and self._stops and not self.slider.isSliderDown():
            with QSignalBlocker(self.slider):
                self.slider.setValue(self._nearest(shown))

    def _nearest(self, value: float) -> int:
        return min(range(len(self._stops)), key=lambda index: abs(self._stops[index] - value))

    # Input

    def _slide(self, index: int) -> None:
        stop = self._stops[index]
        self._value = int(stop) if self._integer else stop
        dragging = self.slider.isSliderDown() or self.slider.pressing
        self._dragged = dragging
        self.edit.typing = False
        self._show()
        self.changed.emit(self._value, not dragging)

    def _release(self) -> None:
        if self._dragged:
            self._dragged = False
            self.changed.emit(self._value, True)

    def step(self, stops: int) -> None:
        """Move the slider by this many stops."""
        if self._stops:
            self.edit.typing = False
            self.slider.setValue(self.slider.value() + stops)

    def _take_text(self) -> None:
        typed = self.edit.text().strip()
        was_typing, self.edit.typing = self.edit.typing, False
        if not was_typing:
            return
        if not typed and self._default is not None:
            if self._value is not None:
                self.set_value(None)
                self.changed.emit(None, True)
            self._show()
            return
        value = self.parse(typed)
        if value is None:
            sentence = f"{self.name} takes {self.allowed()}, not {_quoted(typed)}."
            self._show()
            say(self.edit, sentence)
            self.refused.emit(sentence)
        else:  # also if it is the number shown: lanes that are edited together may have others
            self.set_value(value)
            self.changed.emit(value, True)

    def parse(self, typed: str) -> Number | None:
        """Parse a number exactly ("95 %" is 0.95); None if invalid or out of range."""
        for number, word in self._names.items():
            if typed.lower() == word.lower():
                return int(number) if self._integer else number
        scale = 1.0
        if typed.endswith("%") and not self._integer:
            typed, scale = typed[:-1].rstrip(), 100.0
        if len(typed) > _LONGEST or not (_WHOLE if self._integer else _NUMBER).fullmatch(typed):
            return None
        value: Number = int(typed) if self._integer else float(typed) / scale
        low, high, above, below = self._bounds
        inside = (low < value if above else low <= value) and (value < high if below else value <= high)
        return value if inside and math.isfinite(value) else None

    # Names and size

    def setAccessibleName(self, name: str) -> None:
        super().setAccessibleName(name)
        self.name = name
        self.slider.setAccessibleName(name)
        self.edit.setAccessibleName(name)

    def setAccessibleDescription(self, text: str) -> None:
        super().setAccessibleDescription(text)
        self.slider.setAccessibleDescription(text)
        self.edit.setAccessibleDescription(text)

    def setToolTip(self, text: str) -> None:
        super().setToolTip(text)
        self.slider.setToolTip(text)
        self.edit.setToolTip(text)

    def fit(self) -> None:
        self._layout.setSpacing(theme.px(theme.HALF))
        if self._stops:
            self.edit.setFixedWidth(QFontMetrics(theme.font()).horizontalAdvance("0.00000") + theme.px(12))


class LogSlider(NumberField):
    """A number on a logarithmic scale with ten round stops per decade.

    Parameters
    ----------
    low, high : float
        The ends of the slider, above 0.
    zero : bool
        Whether 0 comes before the low end.
    allowed : tuple of float
        The range that may be typed, both ends included; by default that of the slider.
    above, below, name
        As for `NumberField`.
    """

    def __init__(
        self,
        low: float,
        high: float,
        *,
        zero: bool = False,
        allowed: tuple[float, float] | None = None,
        above: bool = False,
        below: bool = False,
        name: str = "This",
        parent: QWidget | None = None,
    ) -> None:
        floor, ceiling = allowed or (0.0 if zero else low, high)
        super().__init__(
            log_stops(low, high, zero),
            low=floor,
            high=ceiling,
            above=above,
            below=below,
            name=name,
            parent=parent,
        )


class SeedField(StyleFollower, QWidget):
    """A seed: an edit, and a button that draws another one.

    Signals
    -------
    changed(object, bool)
        The seed, always final; None asks for the setting's default.
    refused(str)
        One sentence on why typed text was rejected.
    """

    changed = Signal(object, bool)
    refused = Signal(str)

    def __init__(self, low: int = 0, high: int = 2**32 - 1, name: str = "Seed") -> None:
        super().__init__()
        self._field = NumberField(low=low, high=high, integer=True, name=name)
        self.edit = self._field.edit
        self.dice = IconButton("dice", "Draws another seed.", f"Draw another {name.lower()}")
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self._field, 1)
        self._layout.addWidget(self.dice)
        self.setFocusProxy(self.edit)
        self._field.changed.connect(self.changed)
        self._field.refused.connect(self.refused)
        self.dice.clicked.connect(self._draw)
        self.follow_style()

    def value(self) -> Number | None:
        """Return the seed; None if the setting's default applies."""
        return self._field.value()

    def set_value(self, value: Number | None) -> None:
        """Show a seed without emitting."""
        self._field.set_value(value)

    def set_default(self, own: Number | None) -> None:
        """Set the default that None means."""
        self._field.set_default(own)

    def _draw(self) -> None:
        seed = QRandomGenerator.global_().bounded(1, 10_000)
        self.set_value(seed)
        self.changed.emit(seed, True)

    def setAccessibleName(self, name: str) -> None:
        super().setAccessibleName(name)
        self._field.setAccessibleName(name)

    def setToolTip(self, text: str) -> None:
        super().setToolTip(text)
        self._field.setToolTip(text)

    def fit(self) -> None:
        self._layout.setSpacing(theme.px(theme.HALF))


SPEEDS = (*(float(m * 10**d) for d in range(4) for m in (1, 2, 5)), 10_000.0, math.inf)


class SpeedSlider(StyleFollower, QWidget):
    """Updates per second, from one to as fast as possible (infinity), with the speed as text beside it.

    The text is the speed that is asked for or, while the network trains, the one that is reached.

    Signals
    -------
    changed(object, bool)
        Updates per second, and whether that is final.
    """

    changed = Signal(object, bool)

    def __init__(self, speeds: Sequence[float] = SPEEDS, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._speeds = tuple(speeds)
        self._reached: float | None = None
        self._dragged = False
        self.slider = _Slider(len(self._speeds), lambda: _speed_text(self.value()), lambda: self._speeds)
        self.words = label("", "hint")
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self.slider, 1)
        self._layout.addWidget(self.words)
        self.setFocusProxy(self.slider)
        self.slider.valueChanged.connect(self._slide)
        self.slider.released.connect(self._release)
        self.follow_style()
        self._show_text()

    def value(self) -> float:
        """Return the updates per second."""
        return self._speeds[self.slider.value()]

    def set_value(self, speed: float) -> None:
        """Show the lowest offered speed that is at least this one, else the highest, without emitting."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(min(bisect_left(self._speeds, speed), len(self._speeds) - 1))
        self._show_text()

    def show_reached(self, speed: float | None) -> None:
        """Show the updates per second that are reached; None shows those that are asked for."""
        self._reached = speed
        self._show_text()

    def _slide(self) -> None:
        self._reached = None  # the choice, until the new speed has been measured
        self._show_text()
        dragging = self.slider.isSliderDown() or self.slider.pressing
        self._dragged = dragging
        self.changed.emit(self.value(), not dragging)

    def _release(self) -> None:
        if self._dragged:
            self._dragged = False
            self.changed.emit(self.value(), True)

    def _show_text(self) -> None:
        text = _speed_text(self.value() if self._reached is None else self._reached)
        spoken = text if self._reached is None else f"reached: {text}"
        if spoken != self.words.accessibleName():
            self.words.setText(text)
            self.words.setAccessibleName(spoken)

    def setAccessibleName(self, name: str) -> None:
        super().setAccessibleName(name)
        self.slider.setAccessibleName(name)

    def setToolTip(self, text: str) -> None:
        super().setToolTip(text)
        self.slider.setToolTip(text)
        self.words.setToolTip(text)

    def fit(self) -> None:
        self._layout.setSpacing(theme.px(theme.GRID))
        self.slider.setMinimumWidth(theme.px(44))
        metrics = QFontMetrics(theme.font(theme.SMALL))
        widest = max(metrics.horizontalAdvance(_speed_text(speed)) for speed in (*self._speeds, 88_888.0, 0.088))
        self.words.setFixedWidth(widest + theme.px(2))


def _speed_text(speed: float) -> str:
    if math.isinf(speed):
        return "max"
    return "1 update/s" if speed == 1.0 else f"{words.number(speed, 2)} updates/s"


class _Slider(QSlider):
    """A slider that jumps to where it is clicked, and ignores the wheel unless it has the focus."""

    released = Signal()

    def __init__(self, count: int, text: Callable[[], str], stops: Callable[[], tuple[float, ...]]) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._text, self._stops = text, stops
        self.pressing = False
        self.setRange(0, max(0, count - 1))
        self.setSingleStep(1)
        self.setPageStep(max(1, min(10, count // 8)))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def accessible_interface(self) -> SliderInterface:
        """Return what a screen reader is told."""
        return SliderInterface(self, self._text, self._stops)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        knob = theme.px(10) + 2 * theme.px(2)
        room = self.width() - knob
        clicked_x = round(event.position().x()) - knob // 2
        clicked_value = QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), clicked_x, room)
        self.pressing = True
        knob_x = QStyle.sliderPositionFromValue(self.minimum(), self.maximum(), self.value(), room)
        if abs(clicked_x - knob_x) > knob // 2:
            self.setValue(clicked_value)
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self.pressing and event.button() == Qt.MouseButton.LeftButton:
            self.pressing = False
            self.released.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        focused_wheel(self, event, super().wheelEvent)


class _Edit(QLineEdit):
    """The edit of a `NumberField`: Up and Down step the value, Escape discards what was typed."""

    def __init__(self, field: NumberField) -> None:
        super().__init__()
        self._field = field
        self.typing = self._clicked_into = False
        self.textEdited.connect(self._start)

    def _start(self) -> None:
        self.typing = True

    def event(self, event: QEvent) -> bool:
        if is_undo_shortcut(event, self.typing):
            event.ignore()
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._clicked_into = event.reason() == Qt.FocusReason.MouseFocusReason
        if event.reason() == Qt.FocusReason.TabFocusReason:
            self.selectAll()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self._clicked_into and not self.hasSelectedText():  # the first click selects all, to be typed over
            self.selectAll()
        self._clicked_into = False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.selectAll()  # a number is one word, including its decimal point

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 10, Qt.Key.Key_PageDown: -10}
        if event.key() in steps:
            self._field.step(steps[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Escape:
            self.typing = False
            self._field.set_value(self._field.value())
            self.selectAll()
        else:
            super().keyPressEvent(event)


def _quoted(text: str) -> str:
    short = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "\u2026"
    return f'"{short}"' if short else "nothing"
