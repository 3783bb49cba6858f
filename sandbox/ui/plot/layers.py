"""Layers that paint into a plot: images, curves, bands, points and marks.

What changes with every frame is painted by a few layers, in pixels, each one graphics item for all it shows. That is
several times cheaper than an item per curve or per class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from sandbox.arrays import Floats
from sandbox.ui.plot.plot import Plot
from sandbox.ui.plot.smooth import thin

# Symbols with corners look smaller than a disc of the same width.
SIZES = {
    "cross": 0.95,
    "s": 0.95,
    "o": 1.0,
    "t": 1.15,
    "t1": 1.15,
    "t2": 1.15,
    "t3": 1.15,
    "d": 1.3,
    "star": 1.4,
    "p": 1.1,
}

# Two strokes: no class has this symbol.
CROSS = "cross"

# Size of the hole in a hollow point, relative to the point.
HOLE = 0.54

# Above this many points wide antialiased strokes cost too much; thin strokes side by side look the same.
_FEW_POINTS = 160
# With more points than this in all, each line gets one thin stroke: curves that dense are visible anyway.
_MANY_POINTS = 6000


class Layer(QGraphicsItem):
    """An item that paints over the whole plot area, in pixels."""

    def __init__(self, plot: Plot, z: float) -> None:
        super().__init__(plot.area)
        self.plot = plot
        self._bounds = QRectF(plot.area.rect())
        self.setZValue(z)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        plot.area.sigResized.connect(self._fit)

    def _fit(self) -> None:
        self.prepareGeometryChange()
        self._bounds = QRectF(self.plot.area.rect())
        self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if self._bounds.width() >= 1.0 and self._bounds.height() >= 1.0:
            self.draw(painter, self._bounds)

    def draw(self, painter: QPainter, bounds: QRectF) -> None:
        """Paint; `bounds` starts at (0, 0)."""
        raise NotImplementedError

    def state(self) -> tuple[object, ...]:
        """Return what cached pictures depend on besides the layer's own content."""
        return (
            self.plot.x_range,
            self.plot.y_range,
            self._bounds.width(),
            self._bounds.height(),
            self.ratio(),
        )

    def ratio(self) -> float:
        """Return the device pixels per pixel."""
        return float(self.plot.devicePixelRatioF())


class GridLayer(Layer):
    """Faint lines at the ticks of both axes."""

    def __init__(self, plot: Plot) -> None:
        super().__init__(plot, -20)
        self.color = QColor("#dddddd")

    def draw(self, painter: QPainter, bounds: QRectF) -> None:
        painter.setPen(QPen(self.color, 0))
        x, _ = self.plot.pixels(np.array([value for value, _ in self.plot.ticks["bottom"]]), np.zeros(1))
        _, y = self.plot.pixels(np.zeros(1), np.array([value for value, _ in self.plot.ticks["left"]]))
        for across in x:
            painter.drawLine(QPointF(round(across), 0), QPointF(round(across), bounds.height()))
        for down in y:
            painter.drawLine(QPointF(0, round(down)), QPointF(bounds.width(), round(down)))


class ImageLayer(Layer):
    """A coarse image, stretched smoothly over a rectangle of the plot."""

    def __init__(self, plot: Plot) -> None:
        super().__init__(plot, -30)
        self._cells: NDArray[np.uint32] | None = None
        self._image = QImage()
        self._extent = (0.0, 0.0, 1.0, 1.0)

    def set_cells(self, cells: NDArray[np.uint32] | None, where: tuple[float, float, float, float]) -> None:
        """Show cells (ny, nx) of 0xffRRGGBB, row 0 at the bottom, centred on a grid (x0, y0) to (x1, y1)."""
        self._extent = where
        if cells is None:
            self._cells, self._image = None, QImage()
        else:
            self._cells = np.ascontiguousarray(cells[::-1])  # keep it: the image only borrows the memory
            rows, columns = self._cells.shape
            self._image = QImage(self._cells.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32)
        self.update()

    def draw(self, painter: QPainter, bounds: QRectF) -> None:
        if self._cells is None:
            return
        rows, columns = self._cells.shape
        x0, y0, x1, y1 = self._extent
        dx, dy = (x1 - x0) / max(columns - 1, 1) / 2, (y1 - y0) / max(rows - 1, 1) / 2
        x, y = self.plot.pixels(np.array([x0 - dx, x1 + dx]), np.array([y1 + dy, y0 - dy]))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(QPointF(x[0], y[0]), QPointF(x[1], y[1])), self._image)


@dataclass(frozen=True)
class Line:
    """A curve, or separate segments if `pairs`, in plot coordinates; nan breaks it.

    `dash` is in pixels: on, off, ...; empty is solid.
    """

    x: Floats
    y: Floats
    color: QColor
    width: float = 2.0
    dash: tuple[float, ...] = ()
    pairs: bool = False


@dataclass(frozen=True)
class Band:
    """The area between two lines, each with its own x, in plot coordinates; nan points are skipped."""

    low: tuple[Floats, Floats]
    high: tuple[Floats, Floats]
    color: QColor


class BandsLayer(Layer):
    """Any number of bands, filled faintly."""

    def __init__(self, plot: Plot, z: float) -> None:
        super().__init__(plot, z)
        self.bands: tuple[Band, ...] = ()

    def set_bands(self, bands: tuple[Band, ...]) -> None:
        """Replace the bands."""
        if bands or self.bands:
            self.bands = bands
            self.update()

    def draw(self, painter: QPainter, bounds: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        for band in self.bands:
            painter.setBrush(band.color)
            painter.drawPath(self._outline(band, bounds.height()))

    def _outline(self, band: Band, height: float) -> QPainterPath:
        """Return the outline, forth along the upper line and back along the lower one."""
        upper, lower = (self._finite_pixels(line, height) for line in (band.high, band.low))
        x = np.concatenate((upper[0], lower[0][::-1]))
        y = np.concatenate((upper[1], lower[1][::-1]))
        if len(x) < 3:
            return QPainterPath()
        path: QPainterPath = pg.arrayToQPath(x, y, connect="all")
        path.closeSubpath()
        return path

    def _finite_pixels(self, line: tuple[Floats, Floats], height: float) -> tuple[Floats, Floats]:
        x, y = self.plot.pixels(*line)
        finite = np.isfinite(x) & np.isfinite(y)
        return thin(x[finite], np.clip(y[finite], -height, 2.0 * height))


class LinesLayer(Layer):
    """Any number of lines, painted in order."""

    def __init__(self, plot: Plot, z: float) -> None:
        super().__init__(plot, z)
        self.lines: tuple[Line, ...] = ()
        self._paths: list[tuple[QPainterPath, int]] = []
        self._state: tuple[object, ...] | None = None

    def set_lines(self, lines: tuple[Line, ...]) -> None:
        """Replace the lines."""
        self.lines = lines
        self._state = None
        self.update()

    def _path(self, line: Line, height: float) -> tuple[QPainterPath, int]:
        x, y = self.plot.pixels(line.x, line.y)
        if line.pairs:
            return pg.arrayToQPath(x, y, connect="pairs"), len(x)
        # Far outside, the rasteriser's numbers would overflow; the changed slope at the edge does not show.
        y = np.clip(y, -4.0 * height, 5.0 * height)
        x, y = thin(x, y)
        return pg.arrayToQPath(x, y, connect="finite"), len(x)

    def draw(self, painter: QPainter, bounds: QRectF) -> None:
        state = self.state()
        if state != self._state:
            self._paths = [self._path(line, bounds.height()) for line in self.lines]
            self._state = state
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for line, (path, points) in zip(self.lines, self._paths, strict=True):
            if points:
                self._stroke(painter, line, path, points)

    def _stroke(self, painter: QPainter, line: Line, path: QPainterPath, points: int) -> None:
        if not line.pairs and points > _FEW_POINTS:
            self._stroke_thin(painter, line, path)
            return
        pen = QPen(line.color, line.width)
        # square caps close the joints of separate segments; round caps take 40 times as long
        pen.setCapStyle(Qt.PenCapStyle.SquareCap if line.pairs else Qt.PenCapStyle.FlatCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        if line.dash:
            pen.setDashPattern([length / line.width for length in line.dash])
        painter.setPen(pen)
        painter.drawPath(path)

    def _stroke_thin(self, painter: QPainter, line: Line, path: QPainterPath) -> None:
        """Draw strokes one device pixel wide side by side: only these are fast."""
        ratio = self.ratio()
        pen = QPen(line.color, 0)
        if line.dash:
            pen.setDashPattern([length * ratio for length in line.dash])
        painter.setPen(pen)
        strokes = max(1, round(line.width * ratio))
        total = sum(points for _, points in self._paths)
        strokes = 1 if total > _MANY_POINTS else min(strokes, 4)
        reach = (line.width - 1.0 / ratio) / 2 if strokes > 1 else 0.0
        for shift in np.linspace(-reach, reach, strokes).tolist():
            painter.drawPath(path.translated(shift, shift / 2))


@dataclass(frozen=True)
class Points:
    """Points of one style, in plot coordinates; a `hole` colour makes them hollow."""

    x: Floats
    y: Floats
    symbol: str
    fill: QColor
    outline: QColor
    width: float
    size: float
    hole: QColor | None = None
    opacity: float = 1.0


def symbol_path(symbol: str) -> QPainterPath:
    """Return the outline of a symbol, one unit across, centred on (0, 0); of a cross, its two strokes."""
    if symbol == CROSS:
        path = QPainterPath()
        for side in (-0.5, 0.5):
            path.moveTo(-0.5, side)
            path.lineTo(0.5, -side)
        return path
    return QPainterPath(pg.graphicsItems.ScatterPlotItem.Symbols[symbol])


def symbol_pixmap(points: Points, ratio: float) -> QPixmap:
    """Return the picture of one point, with room for its outline."""
    size = points.size * SIZES.get(points.symbol, 1.15)
    side = int(np.ceil(size + 2 * points.width)) + 2
    pixmap = QPixmap(round(side * ratio), round(side * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(side / 2, side / 2)
    painter.scale(size, size)
    pen = QPen(points.outline, points.width)
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    painter.setPen(pen)
    painter.setBrush(points.fill)
    path = symbol_path(points.symbol)
    painter.drawPath(path)
    if points.hole is not None:
        painter.scale(HOLE, HOLE)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(points.hole)
        painter.drawPath(path)
    painter.end()
    return pixmap


class PointsLayer(Layer):
    """All points as one cached picture: they change far less often than what lies beneath them."""

    def __init__(self, plot: Plot) -> None:
        super().__init__(plot, 10)
        self.groups: tuple[Points, ...] = ()
        self._picture = QPixmap()
        self._state: tuple[object, ...] | None = None

    def set_groups(self, groups: tuple[Points, ...]) -> None:
        """Replace the points."""
        self.groups = groups
        self._state = None
        self.update()

    def draw(self, painter: QPainter, bounds: QRectF) -> None:
        state = self.state()
        if state != self._state:
            self._picture = self._render(bounds)
            self._state = state
        painter.drawPixmap(QPointF(0.0, 0.0), self._picture)

    def _render(self, bounds: QRectF) -> QPixmap:
        ratio = self.ratio()
        picture = QPixmap(max(1, round(bounds.width() * ratio)), max(1, round(bounds.height() * ratio)))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        for group in self.groups:
            painter.setOpacity(group.opacity)
            pixmap = symbol_pixmap(group, ratio)
            half = pixmap.width() / ratio / 2
            x, y = self.plot.pixels(group.x, group.y)
            # whole device pixels keep every symbol equally crisp
            x, y = np.round((x - half) * ratio) / ratio, np.round((y - half) * ratio) / ratio
            for corner in zip(x.tolist(), y.tolist(), strict=True):
                painter.drawPixmap(QPointF(*corner), pixmap)
        painter.end()
        return picture


class CrosshairLayer(Layer):
    """A vertical line at the probed x, or a ring if y is given too."""

    def __init__(self, plot: Plot) -> None:
        super().__init__(plot, 30)
        self.color = QColor("#888888")
        self._x: float | None = None
        self._y: float | None = None

    def set_position(self, x: float | None, y: float | None = None) -> None:
        """Show a line at x or a ring at x and y (plot coordinates), or nothing."""
        if (x, y) != (self._x, self._y):
            self._x, self._y = x, y
            self.update()

    def draw(self, painter: QPainter, bounds: QRectF) -> None:
        if self._x is None:
            return
        x, y = self.plot.pixels(np.array([self._x]), np.array([self._y or 0.0]))
        painter.setPen(QPen(self.color, 1))
        if self._y is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.drawEllipse(QPointF(x[0], y[0]), 6.0, 6.0)
            return
        painter.drawLine(QPointF(round(x[0]) + 0.5, 0.0), QPointF(round(x[0]) + 0.5, bounds.height()))


class RingLayer(Layer):
    """A ring around one point with a lighter or darker halo, visible on any background."""

    RADIUS = 8.5

    def __init__(self, plot: Plot) -> None:
        super().__init__(plot, 20)
        self.color = QColor("#000000")
        self.halo = QColor("#ffffff")
        self.place: tuple[float, float] | None = None

    def set_place(self, place: tuple[float, float] | None) -> None:
        """Show the ring at x and y (plot coordinates), or hide it."""
        if place != self.place:
            self.place = place
            self.update()

    def draw(self, painter: QPainter, bounds: QRectF) -> None:
        if self.place is None:
            return
        x, y = self.plot.pixels(np.array([self.place[0]]), np.array([self.place[1]]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        radius = self.RADIUS * self.plot.enlarged
        for color, width in ((self.halo, 4.0), (self.color, 2.0)):
            painter.setPen(QPen(color, width * self.plot.enlarged))
            painter.drawEllipse(QPointF(x[0], y[0]), radius, radius)


class MarksLayer(Layer):
    """Small triangles that stand on the x axis; each has a text, for whoever points at it."""

    SIDE, HEIGHT = 4.0, 8.0  # half the width of a triangle, and its height

    def __init__(self, plot: Plot) -> None:
        super().__init__(plot, 5)
        self.color = QColor("#888888")
        self.texts: tuple[str, ...] = ()
        self._positions: Floats = np.empty(0)
        self._picture = QPixmap()
        self._state: tuple[object, ...] | None = None

    def set_marks(self, places: Floats, texts: tuple[str, ...]) -> None:
        """Show marks at these x (plot coordinates); do nothing if they are unchanged."""
        if texts == self.texts and np.array_equal(places, self._positions):
            return
        self._positions, self.texts = places, texts
        self.restyle()

    def restyle(self) -> None:
        """Repaint after a change of colours."""
        self._state = None
        self.update()

    def text_near(self, x: float, pixels: float = 6.0) -> str:
        """Return the texts of the last three marks within `pixels` of x."""
        if not self.texts:
            return ""
        x_pixels, _ = self.plot.pixels(np.array([x]), np.zeros(1))
        mark_pixels, _ = self.plot.pixels(self._positions, np.zeros(1))
        near = np.flatnonzero(np.abs(mark_pixels - x_pixels[0]) <= pixels)
        return " · ".join(self.texts[index] for index in near[-3:])

    def draw(self, painter: QPainter, bounds: QRectF) -> None:
        if not self.texts:
            return
        state = self.state()
        if state != self._state:
            self._picture = self._render(bounds)
            self._state = state
        painter.drawPixmap(QPointF(0.0, 0.0), self._picture)

    def _render(self, bounds: QRectF) -> QPixmap:
        ratio = self.ratio()
        picture = QPixmap(max(1, round(bounds.width() * ratio)), max(1, round(bounds.height() * ratio)))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.color)
        positions, _ = self.plot.pixels(self._positions, np.zeros(1))
        side, height = self.SIDE * self.plot.enlarged, self.HEIGHT * self.plot.enlarged
        foot = bounds.height()
        shown = positions[(positions >= 0.0) & (positions <= bounds.width())]
        for x in np.unique(np.round(shown)).clip(side, bounds.width() - side).tolist():  # whole, also in a corner
            corners = [QPointF(x - side, foot), QPointF(x, foot - height), QPointF(x + side, foot)]
            painter.drawPolygon(corners)
        painter.end()
        return picture


@dataclass(frozen=True)
class Letter:
    """A letter on a curve, at x and y in plot coordinates; those `at_end` stand beside the curve's end."""

    x: float
    y: float
    text: str
    color: QColor
    at_end: bool = True


class LettersLayer(Layer):
    """Letters that tell curves apart without their colours: at their ends, and once along the way.

    Letters at the ends of curves that end at the same height share one place, as "A B"; others are moved up or down
    where they would overlap.
    """

    def __init__(self, plot: Plot) -> None:
        super().__init__(plot, 6)
        self.ground, self.text_color = QColor("#ffffff"), QColor("#000000")
        self.font = QFont()
        self.letters: tuple[Letter, ...] = ()

    def set_letters(self, letters: tuple[Letter, ...]) -> None:
        """Replace the letters."""
        if letters or self.letters:
            self.letters = letters
            self.update()

    def layout(self) -> list[tuple[QRectF, Letter]]:
        """Return the box of each letter, in pixels."""
        metrics, bounds = QFontMetricsF(self.font), self.boundingRect()
        height = metrics.height() - 1.0
        on_line: list[tuple[QRectF, Letter]] = []
        at_end: list[tuple[QRectF, Letter]] = []
        for letter in self._merged(height / 2):
            x, y = self._pixel(letter)
            width = metrics.horizontalAdvance(letter.text) + 5.0
            left = x + 2.0 if letter.at_end else x - width / 2
            box = QRectF(min(max(left, 0.0), bounds.width() - width), y - height / 2, width, height)
            box.moveTop(min(max(box.top(), 0.0), bounds.height() - height))
            (at_end if letter.at_end else on_line).append((box, letter))
        spread([box for box, _ in at_end], bounds.height())
        return [*on_line, *at_end]

    def _pixel(self, letter: Letter) -> tuple[float, float]:
        x, y = self.plot.pixels(np.array([letter.x]), np.array([letter.y]))
        return float(x[0]), float(y[0])

    def _merged(self, near: float) -> list[Letter]:
        """Return the letters, those at ends that are `near` pixels apart at most as one, in the order of the lanes."""
        merged = [letter for letter in self.letters if not letter.at_end]
        groups: list[list[Letter]] = []
        for letter in sorted((one for one in self.letters if one.at_end), key=lambda one: self._pixel(one)[1]):
            x, y = self._pixel(letter)
            first = self._pixel(groups[-1][0]) if groups else (np.inf, np.inf)
            if abs(first[0] - x) <= near and abs(first[1] - y) <= near:
                groups[-1].append(letter)
            else:
                groups.append([letter])
        for group in groups:
            texts = sorted({letter.text for letter in group})
            at = group[len(group) // 2]
            color = at.color if len(texts) == 1 else self.text_color
            merged.append(Letter(at.x, at.y, " ".join(texts), color))
        return merged

    def draw(self, painter: QPainter, bounds: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.font)
        ground = QColor(self.ground)
        ground.setAlpha(225)
        for box, letter in self.layout():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawRoundedRect(box.adjusted(0.0, 1.0, 0.0, -1.0), 3.0, 3.0)
            painter.setPen(letter.color)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, letter.text)


def spread(boxes: list[QRectF], height: float) -> None:
    """Move boxes up or down, as little as one pass each way allows, so that none overlap and all lie within `height`.

    If there is no room for all, they overlap evenly.
    """
    if not boxes:
        return
    ordered = sorted(boxes, key=QRectF.top)
    step = min(ordered[0].height(), (height - ordered[0].height()) / max(len(ordered) - 1, 1))
    free = 0.0
    for box in ordered:
        box.moveTop(max(box.top(), free))
        free = box.top() + step
    free = height - ordered[0].height()
    for box in reversed(ordered):
        box.moveTop(min(box.top(), free))
        free = box.top() - step
