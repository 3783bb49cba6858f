"""A countdown for those who think about what will happen."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from sandbox import words
from sandbox.ui import theme
from sandbox.ui.accessible import PictureInterface
from sandbox.ui.kit.base import StyleFollower

SECONDS = 30.0  # that one press gives
STAYS = 2.0  # seconds that it is still seen at 0
SIDE = 112  # of the square around it, in pixels at the usual scale
_PERIOD = 100  # milliseconds: the ring shrinks by about a pixel
_LINE = 8  # the width of the ring
_TURN = 360 * 16  # as Qt counts angles


class Countdown(StyleFollower, QWidget):
    """A ring that shrinks, and in it the seconds that are left.

    Parameters
    ----------
    window : QWidget
        What it lies over.
    place : callable
        Returns where, given its size; asked ten times a second, so that it follows the window.
    """

    def __init__(self, window: QWidget, place: Callable[[QSize], QRect]) -> None:
        super().__init__(window)
        self._place = place
        self._now: Callable[[], float] = monotonic
        self._end = self._whole = 0.0  # when it is over; how much was left at the last press
        self._timer = QTimer(self)
        self._timer.setInterval(_PERIOD)
        self._timer.timeout.connect(self.tick)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Countdown")
        self.hide()
        self.follow_style()

    def accessible_interface(self) -> PictureInterface:
        """Return what a screen reader is told: name and description."""
        return PictureInterface(self)

    @property
    def is_on(self) -> bool:
        """Whether it counts, or still shows that the time is over."""
        return self._timer.isActive()

    @property
    def left(self) -> float:
        """How many seconds are left."""
        return max(self._end - self._now(), 0.0)

    def add(self) -> None:
        """Begin, or give half a minute more."""
        self._end = self._now() + self.left + SECONDS
        self._whole = self.left
        self._timer.start()
        self.tick()
        self.show()

    def stop(self) -> None:
        """End it, and take it away."""
        self._end = 0.0
        self._timer.stop()
        self.hide()

    def tick(self) -> None:
        """Show how much is left now."""
        if self._now() > self._end + STAYS:
            self.stop()
            return
        self.setGeometry(self._place(self.size()))
        said = f"{words.count(self.seconds, 'second')} left"
        if said != self.accessibleDescription():  # not oftener than it changes: it may be read aloud
            self.setAccessibleDescription(said)
        self.update()

    @property
    def seconds(self) -> int:
        """How many seconds it shows."""
        return math.ceil(self.left)

    def fit(self) -> None:
        """Set the size; its place follows."""
        side = theme.px(SIDE)
        self.resize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, width = theme.current(), theme.px(_LINE)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        disc = QRectF(self.rect()).adjusted(1.0, 1.0, -1.0, -1.0)
        painter.setPen(QPen(QColor(colours.edge), theme.px(1)))
        painter.setBrush(QColor(colours.card))
        painter.drawEllipse(disc)
        inset = width / 2.0 + theme.px(theme.GRID)
        ring = disc.adjusted(inset, inset, -inset, -inset)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.border), width))
        painter.drawEllipse(ring)
        pen = QPen(QColor(colours.ink), width)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawArc(ring, _TURN // 4, round(_TURN * self.left / self._whole))
        painter.setPen(QColor(colours.text_color))
        painter.setFont(theme.font(theme.LARGE * 1.6, bold=True))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, words.number(self.seconds))
