"""The ring around what a step points at, and the shade over the rest."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QMargins, QObject, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from sandbox.ui import theme
from sandbox.ui.kit.base import StyleFollower, call_later

_MOVING = (
    QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.LayoutRequest,
    QEvent.Type.ParentChange,
)  # fmt: skip


class Pointer(StyleFollower, QWidget):
    """Lies over everything in the window and lets the mouse through.

    Parameters
    ----------
    over : QWidget
        What it covers.

    Attributes
    ----------
    ring : QRect
        Where the ring is, in its own coordinates; empty if there is nothing to see.
    """

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self._targets: tuple[QWidget, ...] = ()
        self._spared: tuple[QWidget, ...] = ()
        self._watched: set[QWidget] = set()
        self._due = False
        self._shaded = False
        self.ring = QRect()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        self.follow_style()

    def point_at(self, targets: Sequence[QWidget], spared: Sequence[QWidget] = ()) -> None:
        """Draw the ring around some widgets, and shade all but them and those to be spared."""
        self._forget()
        self._targets, self._spared, self._shaded = tuple(targets), tuple(spared), True
        for widget in (*self._targets, *self._spared):
            self._watch(widget)
        self._place()
        self.show()
        self.raise_()

    def lift_shade(self) -> None:
        """Keep the ring alone: the person has begun, or the network learns and is to be seen."""
        if self._shaded:
            self._shaded = False
            self.update()

    def point_nowhere(self) -> None:
        """Take the ring away."""
        self._forget()
        self.hide()

    @property
    def is_shading(self) -> bool:
        """Whether what is not pointed at is shaded."""
        return self._shaded and self.isVisible()

    def _watch(self, widget: QWidget) -> None:
        """Follow a widget and everything that it is in, up to what this covers."""
        current: QWidget | None = widget
        while current is not None:
            if current not in self._watched:
                self._watched.add(current)
                current.installEventFilter(self)
            if current is self._over:
                return
            current = current.parentWidget()

    def _forget(self) -> None:
        for widget in filter(isValid, self._watched):
            widget.removeEventFilter(self)
        self._watched, self._targets, self._spared = set(), (), ()
        self.ring = QRect()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _MOVING and not self._due:
            self._due = True
            call_later(self, self._place)
        return False

    def _place(self) -> None:
        self._due = False
        ring = QRect()
        for widget in filter(isValid, self._targets):
            ring = ring.united(self._seen(widget))
        room = self._over.rect()
        if self.geometry() != room:
            self.setGeometry(room)
        if not ring.isEmpty():
            ring = ring.marginsAdded(_margins(theme.px(3))).intersected(room.marginsRemoved(_margins(1)))
        self.ring = ring
        self.update()

    def _seen(self, widget: QWidget) -> QRect:
        """Return the part of a widget that is not cut by what it is in; empty if it is hidden."""
        if not widget.isVisibleTo(self._over):
            return QRect()
        seen = QRect(widget.mapTo(self._over, QPoint(0, 0)), widget.size())
        outer = widget.parentWidget()
        while outer is not None and outer is not self._over:
            seen = seen.intersected(QRect(outer.mapTo(self._over, QPoint(0, 0)), outer.size()))
            outer = outer.parentWidget()
        return seen

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.ring.isEmpty():
            return
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = float(theme.px(theme.GRID))
        if self._shaded:
            shade = QColor(colours.ground)
            shade.setAlphaF(colours.shade)
            outside = QPainterPath()
            outside.setFillRule(Qt.FillRule.OddEvenFill)
            outside.addRect(QRectF(self.rect()))
            clear = QPainterPath()
            clear.addRoundedRect(QRectF(self.ring), radius, radius)
            for widget in filter(isValid, self._spared):
                place = self._seen(widget)
                if not place.isEmpty():
                    rounded = QPainterPath()
                    rounded.addRoundedRect(QRectF(place), radius, radius)
                    clear = clear.united(rounded)
            painter.fillPath(outside.subtracted(clear), shade)
        width = theme.px(2)
        painter.setPen(QPen(QColor(colours.accent), width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        half = width / 2.0
        painter.drawRoundedRect(QRectF(self.ring).adjusted(half, half, -half, -half), radius, radius)

    def fit(self) -> None:
        """Place it again: all lengths have changed."""
        call_later(self, self._place)


def _margins(width: int) -> QMargins:
    return QMargins(width, width, width, width)
