"""How the picture is painted: lines first, then biases and units, then what stands above the columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from sandbox.arrays import Floats
from sandbox.ui import theme
from sandbox.ui.network.flow import Flow, Phase
from sandbox.ui.network.geometry import Geometry
from sandbox.ui.network.looks import WIDEST
from sandbox.ui.network.parts import Kind, Part
from sandbox.ui.plot.colormap import Cells
from sandbox.ui.theme import Theme

DASH = (5.0, 3.0)  # pixels on and off of a negative weight
Signs = NDArray[np.bool_]
_LEVELS = 14  # widths are rounded to so many steps, so that lines of one width are drawn in one call
_PLAIN = 1  # up to this level a negative line is too thin to be dashed
_FAINT = 0.3  # how much colour the thinnest lines have
_BIAS = 2.0  # the radius of a bias of 0


@dataclass(frozen=True, eq=False)
class Strokes:
    """What lines and biases look like.

    Attributes
    ----------
    lines : tuple of array (n_out, n_in)
        The width of each line, 0 where it is not drawn.
    biases : tuple of array (n_out,)
        The width that a line of that size would have.
    below : tuple of (bool array, bool array)
        Where each of them is negative; nowhere for derivatives, whose size alone is shown.
    colours : tuple of str
        Of those that are not negative, and of those that are.
    """

    lines: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    below: tuple[tuple[Signs, Signs], ...]
    colours: tuple[str, str]


def radius(width: float, scale: float) -> float:
    """Return the radius of a bias whose line would have this width."""
    return _BIAS * scale + width / 2


def paint_lines(
    painter: QPainter,
    geometry: Geometry,
    strokes: Strokes,
    colours: Theme,
    columns: range | None = None,
    reach: tuple[float, float] = (0.0, 1.0),
) -> None:
    """Paint the lines into some columns, all by default, the widest last: those of one width and sign in one call.

    Each is painted from the first share of its length to the second.
    """
    chosen = [column - 1 for column in columns or range(1, len(geometry.sizes))]
    ends = np.concatenate([geometry.lines[k].reshape(-1, 4) for k in chosen])
    widths = np.concatenate([strokes.lines[k].ravel() for k in chosen])
    below = np.concatenate([strokes.below[k][0].ravel() for k in chosen])
    if reach != (0.0, 1.0):
        start, way = ends[:, :2].copy(), ends[:, 2:] - ends[:, :2]
        ends = np.hstack((start + reach[0] * way, start + reach[1] * way))
    step = WIDEST * geometry.scale / _LEVELS
    levels = np.where(widths > 0.0, np.ceil(widths / step - 1e-9), 0.0).astype(int)
    for level in range(1, _LEVELS + 1):
        for sign in (False, True):
            lines = (levels == level) & (below == sign)
            if lines.any():
                width = max(level * step, 0.6 * geometry.scale)
                dashed = sign and level > _PLAIN
                painter.setPen(_pen(width, level / _LEVELS, strokes.colours[sign], colours, dashed, geometry.scale))
                painter.drawLines([QLineF(*line) for line in ends[lines].tolist()])


def paint_flow(
    painter: QPainter, geometry: Geometry, weights: Strokes, derivatives: Strokes, flow: Flow, colours: Theme
) -> None:
    """Paint the lines that the signal has passed: weights on the way forward, on the way back derivatives."""
    last, whole = len(geometry.sizes) - 1, int(flow.place)
    part = flow.place - whole
    if flow.phase in (Phase.FORWARD, Phase.LOSS):
        if whole:
            paint_lines(painter, geometry, weights, colours, range(1, whole + 1))
        if part > 0.0:
            paint_lines(painter, geometry, weights, colours, range(whole + 1, whole + 2), (0.0, part))
        return
    if whole + (part > 0.0) < last:
        paint_lines(painter, geometry, derivatives, colours, range(whole + 1 + (part > 0.0), last + 1))
    if part > 0.0:
        paint_lines(painter, geometry, derivatives, colours, range(whole + 1, whole + 2), (part, 1.0))


def paint_veil(painter: QPainter, place: QRectF, colours: Theme) -> None:
    """Paint over a unit that the signal has not reached."""
    veil = QColor(colours.card)
    veil.setAlphaF(0.75)
    painter.fillRect(place.adjusted(-1, -1, 1, 1), veil)


def paint_label(painter: QPainter, text: str, width: float, colours: Theme) -> None:
    """Paint whose network it is, at the upper left corner."""
    painter.setPen(QColor(colours.text_color))
    metrics = QFontMetricsF(painter.font())
    painter.drawText(QPointF(2.0, metrics.ascent() + 1.0), metrics.elidedText(text, Qt.TextElideMode.ElideRight, width))


def _pen(width: float, share: float, colour: str, colours: Theme, dashed: bool, scale: float) -> QPen:
    strength = _FAINT + (1.0 - _FAINT) * min(1.0, 2.5 * share)
    pen = QPen(QColor(theme.blend(colours.card, colour, strength)), width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if dashed:
        pen.setDashPattern([length * scale / width for length in DASH])
    return pen


def paint_marked_line(painter: QPainter, geometry: Geometry, strokes: Strokes, part: Part, colours: Theme) -> None:
    """Paint a line again, above all others and with an edge."""
    line = QLineF(*geometry.lines[part.column - 1][part.unit, part.source].tolist())
    width = max(float(strokes.lines[part.column - 1][part.unit, part.source]), 1.0)
    sign = bool(strokes.below[part.column - 1][0][part.unit, part.source])
    for colour, more, dashed in (
        (colours.text_color, 3.0 * geometry.scale, False),
        (colours.card, 1.0 * geometry.scale, False),
        (strokes.colours[sign], 0.0, sign),
    ):
        painter.setPen(_pen(width + more, 1.0, colour, colours, dashed, geometry.scale))
        painter.drawLine(line)


def paint_biases(painter: QPainter, geometry: Geometry, strokes: Strokes, colours: Theme, visible: QRectF) -> None:
    """Paint every bias: a disc, or a ring where it is negative."""
    for column in range(1, len(geometry.sizes)):
        widths, below = strokes.biases[column - 1].tolist(), strokes.below[column - 1][1].tolist()
        for unit, (width, sign) in enumerate(zip(widths, below, strict=True)):
            if geometry.unit(column, unit).adjusted(-9, -9, 9, 9).intersects(visible):
                colour = strokes.colours[sign] if width > 0.0 else colours.muted
                paint_bias(painter, geometry.bias(column, unit), radius(width, geometry.scale), sign, colour, colours)


def paint_bias(painter: QPainter, middle: QPointF, r: float, hollow: bool, colour: str, colours: Theme) -> None:
    """Paint one disc or ring, apart from the picture that it lies on by an edge."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.card))
    painter.drawEllipse(middle, r + 1.2, r + 1.2)
    painter.setBrush(QColor(colour))
    painter.drawEllipse(middle, r, r)
    if hollow:
        painter.setBrush(QColor(colours.card))
        painter.drawEllipse(middle, 0.5 * r, 0.5 * r)


def paint_unit(painter: QPainter, place: QRectF, picture: Cells, colours: Theme) -> None:
    """Paint what a unit computes over a plane, with an edge."""
    rows, columns = picture.shape
    image = QImage(picture.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32)
    painter.drawImage(place, image)
    _edge(painter, place, colours)


def paint_curve(painter: QPainter, place: QRectF, heights: Floats, colours: Theme) -> None:
    """Paint what a unit computes over one input: a curve of heights from 0 to 1."""
    painter.fillRect(place, QColor(colours.field))
    x = np.linspace(place.left(), place.right(), heights.size)
    inner = place.height() - 4.0
    y = place.bottom() - 2.0 - inner * np.clip(np.nan_to_num(heights, nan=0.5), 0.0, 1.0)
    painter.setPen(QPen(QColor(colours.text_color), 1.2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF([QPointF(*point) for point in np.stack((x, y), axis=1).tolist()]))
    _edge(painter, place, colours)


def _edge(painter: QPainter, place: QRectF, colours: Theme) -> None:
    painter.setPen(QPen(QColor(colours.muted), 1.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(place.adjusted(-0.5, -0.5, 0.5, 0.5))


def paint_lock(painter: QPainter, place: QRectF, colours: Theme, scale: float) -> None:
    """Paint a lock at the upper right corner of a unit that is frozen."""
    body = QRectF(place.right() - 5.0 * scale, place.top() - 1.0 * scale, 9.0 * scale, 7.0 * scale)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.card))
    painter.drawRoundedRect(body.adjusted(-1.5, -5.0 * scale, 1.5, 1.5), 2.0, 2.0)
    painter.setPen(QPen(QColor(colours.text_color), 1.4 * scale))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    shackle = QRectF(body.left() + 2.0 * scale, body.top() - 3.5 * scale, 5.0 * scale, 7.0 * scale)
    painter.drawArc(shackle, 0, 180 * 16)
    painter.fillRect(body, QColor(colours.text_color))


def paint_mark(painter: QPainter, place: QRectF, colour: str, scale: float) -> None:
    """Paint a frame around a unit or a bias that is pointed at."""
    painter.setPen(QPen(QColor(colour), 2.0 * scale))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    away = 2.5 * scale
    painter.drawRoundedRect(place.adjusted(-away, -away, away, away), 3.0 * scale, 3.0 * scale)


def paint_names(
    painter: QPainter, geometry: Geometry, column: int, names: tuple[str, ...], colours: Theme, room: float
) -> None:
    """Paint the name of each unit of the first column to its left, of the last to its right."""
    metrics = QFontMetricsF(painter.font())
    painter.setPen(QColor(colours.muted))
    for unit, name in enumerate(names):
        place = geometry.unit(column, unit)
        text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room)
        align = Qt.AlignmentFlag.AlignRight if column == 0 else Qt.AlignmentFlag.AlignLeft
        left = place.left() - room - 5.0 if column == 0 else place.right() + 5.0
        around = QRectF(left, place.center().y() - metrics.height() / 2, room, metrics.height())
        painter.drawText(around, int(align | Qt.AlignmentFlag.AlignVCenter), text)


def paint_other(painter: QPainter, place: QRectF, name: str, tile: float, colours: Theme, marked: bool) -> None:
    """Paint an input that is off: its name, pale, and the outline of a unit."""
    painter.setPen(QColor(colours.text_color if marked else colours.muted))
    side = place.height() - 5.0
    metrics = QFontMetricsF(painter.font())
    text = place.adjusted(0.0, 0.0, -tile - 5.0, 0.0)
    painter.drawText(
        text,
        int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
        metrics.elidedText(name, Qt.TextElideMode.ElideRight, text.width()),
    )
    box = QRectF(place.right() - tile / 2 - side / 2, place.center().y() - side / 2, side, side)
    pen = QPen(QColor(colours.text_color if marked else colours.edge), 1.0)
    if not marked:
        pen.setStyle(Qt.PenStyle.DotLine)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(box)


def paint_head(painter: QPainter, geometry: Geometry, column: int, text: str, colours: Theme) -> None:
    """Paint how many units a column has, above it."""
    painter.setPen(QColor(colours.muted))
    painter.drawText(geometry.head(column), int(Qt.AlignmentFlag.AlignCenter), text)


def paint_button(painter: QPainter, geometry: Geometry, part: Part, colours: Theme, marked: bool) -> None:
    """Paint a plus or a minus; for a new layer, a plus in a dotted ring."""
    place = geometry.button(part)
    arm, middle = 0.2 * place.width(), place.center()
    if marked:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent_soft))
        painter.drawEllipse(place)
    pen = QPen(QColor(colours.on_soft if marked else colours.muted), 1.4 * geometry.scale)
    painter.setPen(pen)
    for line in _arms(middle, arm, part.kind is not Kind.FEWER_UNITS):
        painter.drawLine(line)
    if part.kind is Kind.NEW_LAYER and not marked:
        painter.setPen(QPen(QColor(colours.edge), 1.0, Qt.PenStyle.DotLine))
        painter.setBrush(QBrush(Qt.BrushStyle.NoBrush))
        painter.drawEllipse(place.adjusted(2, 2, -2, -2))


def _arms(middle: QPointF, arm: float, both: bool) -> Iterator[QLineF]:
    yield QLineF(middle.x() - arm, middle.y(), middle.x() + arm, middle.y())
    if both:
        yield QLineF(middle.x(), middle.y() - arm, middle.x(), middle.y() + arm)
