"""What a presenter draws over the window, with the pen."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QCursor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QWidget

from sandbox import words
from sandbox.ui import theme
from sandbox.ui.icons import icon
from sandbox.ui.kit.base import StyleFollower
from sandbox.ui.presenting.overlay import Overlay

WIDTH = 4  # of a stroke, in pixels at the usual scale
_RIM = 2  # around it, in the colour of the ground: it is seen on lines and areas of every colour
_CURSOR = 24


class Drawing(StyleFollower, Overlay):
    """Strokes over a window, which the left button draws while the pen is out.

    They are kept in shares of the window, so that they stay in place when it changes its size, and are painted once,
    into a picture.

    Attributes
    ----------
    strokes : list of list of QPointF
        The points of each, in shares of the width and of the height.

    Signals
    -------
    changed()
        A stroke was begun or taken back.
    """

    changed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.strokes: list[list[QPointF]] = []
        self._stroke: list[QPointF] | None = None  # the one being drawn
        self._end: QPointF | None = None  # of a straight line that is being drawn, in pixels
        self._picture: QPixmap | None = None  # None: to be painted anew
        self._inked = QRect()  # the part of it with strokes
        self.setAccessibleName("Drawing")
        self.take_pen(False)
        self.follow_style()

    @property
    def has_pen(self) -> bool:
        """Whether the left button draws."""
        return not self.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def take_pen(self, out: bool) -> None:
        """Take the pen out, or put it away; what was drawn stays."""
        if not out:
            self._finish()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not out)
        self._show()

    def take_back(self) -> None:
        """Erase the stroke that was drawn last."""
        if self.strokes:
            self._drop(self.strokes[:-1])

    def erase(self) -> None:
        """Erase everything."""
        self._drop([])

    def _drop(self, left: list[list[QPointF]]) -> None:
        self.strokes, self._stroke, self._end = left, None, None
        self._repaint()
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        """Be there only with a pen or with strokes: else it costs nothing."""
        self.setVisible(self.has_pen or bool(self.strokes))
        self.setAccessibleDescription(f"{words.count(len(self.strokes), 'stroke')} over the picture.")

    # Drawing

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._stroke = []
            self.strokes.append(self._stroke)
            self._go_to(event.position())
            self._show()
            self.changed.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._stroke is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._aim(event.position())
        else:
            self._aim(None)
            self._go_to(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._finish()

    def _go_to(self, place: QPointF) -> None:
        """Draw on to a place, in pixels."""
        assert self._stroke is not None
        self._stroke.append(QPointF(place.x() / max(self.width(), 1), place.y() / max(self.height(), 1)))
        if self._picture is not None:
            self.update(self._burn(self._stroke[-2:]))
        else:
            self.update()

    def _aim(self, end: QPointF | None) -> None:
        """Show a straight line from the end of the stroke to a place; None: no longer."""
        for place in (self._end, end):
            if place is not None:
                self.update(self._around([self._last(), place]))
        self._end = end

    def _finish(self) -> None:
        """End the stroke that is being drawn, where it is aimed at."""
        end = self._end
        if self._stroke is not None and end is not None:
            self._aim(None)
            self._go_to(end)
        self._stroke = None

    # Painting

    def _last(self) -> QPointF:
        assert self._stroke is not None
        return self._pixels(self._stroke[-1:])[0]

    def _pixels(self, points: Sequence[QPointF]) -> list[QPointF]:
        return [QPointF(point.x() * self.width(), point.y() * self.height()) for point in points]

    def _around(self, places: Sequence[QPointF]) -> QRect:
        """Return what a line through some places covers."""
        reach = theme.px(WIDTH) + theme.px(_RIM)
        return QPolygonF(places).boundingRect().adjusted(-reach, -reach, reach, reach).toAlignedRect()

    def _burn(self, points: Sequence[QPointF]) -> QRect:
        """Paint a line into the picture; return what it covers."""
        assert self._picture is not None
        places = self._pixels(points)
        painter = QPainter(self._picture)
        _burn_line(painter, places)
        painter.end()
        covered = self._around(places)
        self._inked = self._inked.united(covered)
        return covered

    def _repaint(self) -> None:
        """Paint all strokes anew: the place or the look of them has changed."""
        self._picture = None
        self.update()

    def _paint_all(self, ratio: float) -> None:
        self._picture = QPixmap(_whole(self.size(), ratio))
        self._picture.setDevicePixelRatio(ratio)
        self._picture.fill(Qt.GlobalColor.transparent)
        self._inked = QRect()
        for stroke in self.strokes:
            self._burn(stroke)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.strokes:
            return
        ratio = self.devicePixelRatioF()
        if self._picture is None or self._picture.devicePixelRatio() != ratio:
            self._paint_all(ratio)
        assert self._picture is not None
        painter = QPainter(self)
        painter.setClipRect(self._inked)
        painter.drawPixmap(0, 0, self._picture)
        painter.setClipping(False)
        if self._end is not None:
            line = [self._last(), self._end]
            _paint_line(painter, line, *_rim())
            _paint_line(painter, line, *_ink())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._repaint()

    def fit(self) -> None:
        """Take the widths and colours of the present style."""
        side, ratio = theme.px(_CURSOR), self.devicePixelRatioF()
        pen = icon("pen", "ink").pixmap(QSize(side, side), ratio)
        tip = round(side * 3 / 24), round(side * 21 / 24)  # where the icon's point is
        self.setCursor(QCursor(pen, *tip))
        self._repaint()


def _whole(size: QSize, ratio: float) -> QSize:
    """Return the size in pixels of the screen, no smaller than the widget."""
    return QSize(max(1, math.ceil(size.width() * ratio)), max(1, math.ceil(size.height() * ratio)))


def _burn_line(painter: QPainter, places: Sequence[QPointF]) -> None:
    """Paint a line into the picture, and its rim beneath all that is there: strokes go on without a seam."""
    modes = QPainter.CompositionMode
    _paint_line(painter, places, *_ink())
    painter.setCompositionMode(modes.CompositionMode_DestinationOver)
    _paint_line(painter, places, *_rim())


def _ink() -> tuple[str, int]:
    return theme.current().ink, theme.px(WIDTH)


def _rim() -> tuple[str, int]:
    return theme.current().card, theme.px(WIDTH) + 2 * theme.px(_RIM)


def _paint_line(painter: QPainter, places: Sequence[QPointF], colour: str, width: int) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(QColor(colour), width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    if len(places) == 1:
        painter.drawPoint(places[0])
    else:
        painter.drawPolyline(QPolygonF(places))
