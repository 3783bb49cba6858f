"""A curve that the person draws over the cost plot before the network is trained."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from sandbox.arrays import Floats
from sandbox.ui import theme
from sandbox.ui.accessible import PictureInterface
from sandbox.ui.kit.base import call_later
from sandbox.ui.plot.plot import ARROWS, Plot

POINTS = 61  # of a drawn curve
DASHES = (5.0, 4.0)  # pixels on and off
_PALE = 0.5  # opacity of those of its parts that were not drawn
_STEPS = 40  # of the pen from the bottom to the top of the plot


@dataclass(frozen=True)
class Sketch:
    """A drawn curve: what it is of, and its epochs and values (k,); none before anything is drawn."""

    lane: str
    column: str
    until: int
    epochs: Floats
    values: Floats

    @classmethod
    def of(cls, lane: str, column: str, until: int, points: tuple[tuple[float, float], ...]) -> Sketch:
        """Return a curve through points of an epoch and a value each."""
        epochs, values = np.array(points, dtype=np.float64).reshape(-1, 2).T
        return cls(lane, column, until, epochs, values)

    def value_at(self, epoch: float) -> float:
        """Return its value at an epoch."""
        return float(np.interp(epoch, self.epochs, self.values))


@dataclass(frozen=True)
class Axes:
    """How a value of the curve becomes a height in the plot, and back; likewise its epochs."""

    x: Callable[[Floats], Floats]
    y: Callable[[Floats], Floats]
    epoch: Callable[[float], float]
    value: Callable[[float], float]


class Pen(QWidget):
    """Lies over the area of a plot and takes a curve from mouse or keys.

    The curve begins where that of the run does, once that is known, and goes on level from the last point that was
    drawn; both are shown, paler, as part of what is drawn.

    Signals
    -------
    drawn()
        The curve has changed.
    finished()
        Return was pressed.
    """

    drawn = Signal()
    finished = Signal()

    def __init__(self, plot: Plot) -> None:
        super().__init__(plot)
        self._plot = plot
        self._axes: Axes | None = None
        self._until = 1
        self._heights: dict[int, float] = {}  # in the plot's coordinates, by the number of the point
        self._start: float | None = None  # the height at epoch 0
        self._at, self._height = 0, 0.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Curve to draw")
        self.setAccessibleDescription(
            "Draw with the mouse, or with the arrow keys: right and left move the pen, up and down raise and lower it."
        )
        self.setToolTip(
            "Draw how the curve will run: with the mouse, or with the arrow keys. After its last point it is level."
        )
        plot.installEventFilter(self)
        plot.area_changed.connect(lambda: call_later(self, self._cover))
        self.hide()

    def accessible_interface(self) -> PictureInterface:
        """Return what a screen reader is told: name and description."""
        return PictureInterface(self)

    def take_up(self, axes: Axes, until: int, start: float | None) -> None:
        """Begin a new curve from epoch 0 to `until`, at the value that is there already; None if it is not known."""
        low, high = self._plot.y_range
        self._axes, self._until, self._heights, self._start = axes, until, {}, None
        self._at, self._height = 0, 0.5 * (low + high)
        self.follow(axes, start)
        self._cover()
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)  # so that the arrow keys draw at once

    def follow(self, axes: Axes, start: float | None) -> None:
        """Take over other axes, and the value at which the curve begins in the run that has come since."""
        self._axes = axes
        if start is not None:
            self._start = float(axes.y(np.array([start]))[0])
            if not self._heights and not self._at:
                self._height = self._start
        self.update()

    @property
    def value_height(self) -> float:
        """Where the pen is, in the plot's coordinates."""
        return self._height

    def curve(self) -> tuple[Floats, Floats]:
        """Return epochs and values of what has been drawn; both empty before that."""
        if not self._heights or self._axes is None:
            return np.empty(0), np.empty(0)
        values = np.array([self._axes.value(float(height)) for height in self._all_heights()])
        return np.linspace(0.0, self._until, POINTS), values

    def _all_heights(self) -> Floats:
        """Return the heights of all points of the curve, with those that were not drawn."""
        known = self._heights if self._start is None else {0: self._start} | self._heights
        points = sorted(known)
        heights: Floats = np.interp(np.arange(POINTS), points, [known[point] for point in points])
        return heights

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            call_later(self, self._cover)
        return False

    def _cover(self) -> None:
        area = self._plot.area
        self.setGeometry(self._plot.mapFromScene(area.mapRectToScene(area.rect())).boundingRect())

    # Drawing

    def _point_at(self, position: QPointF) -> tuple[int, float]:
        """Return the number of the nearest point of the curve, and the height, at a position in pixels."""
        assert self._axes is not None
        (x0, x1), (y0, y1) = self._plot.x_range, self._plot.y_range
        epoch = self._axes.epoch(x0 + position.x() / max(self.width(), 1) * (x1 - x0))
        share = 1.0 - position.y() / max(self.height(), 1)
        point = round(epoch / self._until * (POINTS - 1))
        return min(max(point, 0), POINTS - 1), y0 + min(max(share, 0.0), 1.0) * (y1 - y0)

    def _draw_to(self, point: int, height: float, joined: bool) -> None:
        """Move the pen to a point; `joined` draws all points on the way."""
        first, from_height = self._at, self._height
        self._at, self._height = point, height
        reach = point - first if joined else 0
        for step in range(1, abs(reach)):
            share = step / abs(reach)
            self._heights[first + (step if reach > 0 else -step)] = from_height + share * (height - from_height)
        self._heights[point] = height
        self.update()
        self.drawn.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._draw_to(*self._point_at(event.position()), joined=False)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._draw_to(*self._point_at(event.position()), joined=True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        low, high = self._plot.y_range
        key = Qt.Key(event.key())
        if key in ARROWS:
            along, up = ARROWS[key]
            height = min(max(self._height + up * (high - low) / _STEPS, low), high)
            self._draw_to(min(max(self._at + along, 0), POINTS - 1), height, joined=True)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._heights:
            self.finished.emit()
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._axes is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(theme.current().accent)
        if self._heights:
            self._paint_curve(painter, colour, self._axes)
        here = self._axes.x(np.array([self._at * self._until / (POINTS - 1)]))
        x, y = self._plot.pixels(here, np.array([self._height]))
        painter.setBrush(colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(QPointF(float(x[0]), float(y[0])), theme.px(4), theme.px(4))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour, theme.px(1)))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_curve(self, painter: QPainter, colour: QColor, axes: Axes) -> None:
        """Paint what was drawn, and paler how it begins and goes on."""
        x, y = self._plot.pixels(axes.x(np.linspace(0.0, self._until, POINTS)), self._all_heights())
        points = [QPointF(*at) for at in zip(x.tolist(), y.tolist(), strict=True)]
        first, last = min(self._heights), max(self._heights)
        pale = QColor(colour)
        pale.setAlphaF(_PALE)
        parts = ((points[first : last + 1], colour), (points[: first + 1], pale), (points[last:], pale))
        for part, ink in parts:
            pen = QPen(ink, theme.px(2))
            pen.setDashPattern([length / 2.0 for length in DASHES])
            painter.setPen(pen)
            seen = [point for point in part if math.isfinite(point.x())]  # epoch 0 has no logarithm
            painter.drawPolyline(QPolygonF(seen))
