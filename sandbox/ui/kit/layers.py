"""The control for the hidden layers."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QWheelEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from sandbox.ui import theme
from sandbox.ui.kit.base import IconButton, StyleFollower, focused_wheel, is_undo_shortcut, set_state

_PER_LINE = 3


class LayersEditor(StyleFollower, QWidget):
    """The hidden layers: a spin box and a remove button for each, and an add button.

    Parameters
    ----------
    most : int
        Maximum number of layers.
    units : int
        Maximum units of a layer.

    Signals
    -------
    changed(object, bool)
        The tuple of units, layer by layer; always final.
    """

    changed = Signal(object, bool)

    def __init__(self, most: int = 8, units: int = 1024, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most = most
        self._units = units
        self._value: tuple[int, ...] = ()
        self.cells = [_Layer(index, units, self) for index in range(most)]
        self.plus = IconButton("plus", "Adds a hidden layer before the output.", "Add a hidden layer")
        self.plus.clicked.connect(self._add)
        self._lines = QVBoxLayout(self)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._rows: list[QHBoxLayout] = []
        for _ in range(most // _PER_LINE + 1):
            line = QHBoxLayout()
            line.setContentsMargins(0, 0, 0, 0)
            self._lines.addLayout(line)
            self._rows.append(line)
        for index, cell in enumerate(self.cells):
            self._rows[index // _PER_LINE].addWidget(cell)
        for line in self._rows:
            line.addStretch(1)
        self.follow_style()
        self._arrange()

    def value(self) -> tuple[int, ...]:
        """Return the units, layer by layer."""
        return self._value

    def set_value(self, value: Sequence[int]) -> None:
        """Show these layers without emitting."""
        value = tuple(value)
        if value != self._value:
            self._value = value
            self._arrange()

    def _arrange(self) -> None:
        count = len(self._value)
        for index, cell in enumerate(self.cells):
            cell.setVisible(index < count)
            if index < count:
                cell.show_units(self._value[index])
        self._rows[count // _PER_LINE].insertWidget(count % _PER_LINE, self.plus)
        self.plus.setEnabled(count < self._most)
        self.plus.setVisible(count < self._most)

    def _add(self) -> None:
        self._apply((*self._value, self._value[-1] if self._value else 4))

    def remove(self, index: int) -> None:
        """Remove a layer, as its cross does."""
        focus = min(index, len(self._value) - 2)
        self._apply(self._value[:index] + self._value[index + 1 :])
        (self.cells[focus].spin if focus >= 0 else self.plus).setFocus()

    def set_units(self, index: int, units: int) -> None:
        """Set the units of a layer, as its spin box does."""
        if units != self._value[index]:
            self._apply((*self._value[:index], units, *self._value[index + 1 :]))

    def _apply(self, value: tuple[int, ...]) -> None:
        self._value = value
        self._arrange()
        self.changed.emit(value, True)

    def setToolTip(self, text: str) -> None:
        super().setToolTip(text)
        for cell in self.cells:
            cell.spin.setToolTip(text)

    def fit(self) -> None:
        self._lines.setSpacing(theme.px(theme.HALF))
        for line in self._rows:
            line.setSpacing(theme.px(theme.HALF))


class _Layer(StyleFollower, QFrame):
    """One hidden layer's units, with a cross to remove it."""

    def __init__(self, index: int, units: int, owner: LayersEditor) -> None:
        super().__init__(owner)
        self.setObjectName("layer")
        self._owner = owner
        self._index = index
        self.spin = _Spin(self)
        self.spin.setRange(1, units)
        self.spin.setKeyboardTracking(False)
        self.spin.setAccessibleName(f"Units of hidden layer {index + 1}")
        self.cross = _Cross("close", "Removes this hidden layer.", f"Remove hidden layer {index + 1}", True)
        self.cross.setProperty("role", "cross")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addWidget(self.spin, 1)
        layout.addWidget(self.cross)
        self.spin.valueChanged.connect(lambda units: owner.set_units(index, units))
        self.cross.clicked.connect(lambda: owner.remove(index))
        self.follow_style()

    def show_units(self, units: int) -> None:
        """Show the units without emitting."""
        if self.spin.value() != units:
            with QSignalBlocker(self.spin):
                self.spin.setValue(units)

    def fit(self) -> None:
        """Make room for four digits."""
        digits = QFontMetrics(theme.font()).horizontalAdvance("0000")
        self.spin.setFixedWidth(digits + theme.px(18))
        self.setFixedHeight(theme.px(theme.CONTROL))


class _Cross(IconButton):
    """A small button that fits into a layer's frame."""

    def fit(self) -> None:
        self.setIconSize(QSize(theme.px(10), theme.px(10)))
        self.setFixedSize(theme.px(16), theme.px(theme.CONTROL - 4))


class _Spin(QSpinBox):
    """A spin box that highlights its frame when it has the focus, and ignores the wheel when not."""

    def __init__(self, frame: QFrame) -> None:
        super().__init__()
        self._frame = frame
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrame(False)

    def event(self, event: QEvent) -> bool:
        if is_undo_shortcut(event, self.text() != self.textFromValue(self.value())):
            event.ignore()
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        set_state(self._frame, "focused", True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        set_state(self._frame, "focused", False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        focused_wheel(self, event, super().wheelEvent)
