"""The blank screen: black, until a key or a click brings the picture back."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from sandbox.ui.presenting.overlay import Overlay

_HELD = (  # they do nothing by themselves: whoever switches to another window holds one
    Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_Meta,
)  # fmt: skip


class Blank(QObject):
    """Covers a window, and the lenses and dialogs that stand in windows of their own, with black.

    The key or click that lifts it does nothing else. Training goes on beneath it.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.covers: list[_Cover] = []

    @property
    def is_on(self) -> bool:
        """Whether the screen is blank."""
        return bool(self.covers)

    def cover(self) -> None:
        """Turn the screen black."""
        if self.is_on:
            return
        others = self._window.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        for window in (self._window, *(other for other in others if other.isWindow() and other.isVisible())):
            self.covers.append(_Cover(window))
            self.covers[-1].lifted.connect(self.lift)
        self.covers[0].setFocus()

    def lift(self) -> None:
        """Bring the picture back, and the focus to where it was."""
        covers, self.covers = self.covers, []
        for cover in filter(isValid, covers):
            cover.end()


class _Cover(Overlay):
    """The black over one window."""

    lifted = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._focused = window.focusWidget()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # what is beneath it is not even painted
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.BlankCursor)
        self.setAccessibleName("Blank screen")
        self.setAccessibleDescription("Any key or click brings the picture back.")
        self.show()
        self.setFocus()

    def end(self) -> None:
        """Give the focus back, and go."""
        if self._focused is not None and isValid(self._focused):
            self._focused.setFocus()
        else:
            self.clearFocus()  # else it would go to whatever control comes next
        self.hide()
        self.deleteLater()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):  # also a shortcut and Tab, which are to do nothing else
            pressed = event.type() == QEvent.Type.KeyPress and not event.isAutoRepeat()
            if pressed and event.key() not in _HELD:
                self.lifted.emit()
            event.accept()
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.lifted.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), Qt.GlobalColor.black)
