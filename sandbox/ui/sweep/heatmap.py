"""A sweep as a picture: a square for every cell, brighter for better, with its value and its spread."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QToolTip, QWidget

from sandbox.experiment.document import texts
from sandbox.experiment.document.settings import SETTINGS, Value
from sandbox.experiment.document.texts import value_text as words
from sandbox.experiment.results.sweep import Cell, LaneResult, Result
from sandbox.nn import METRICS
from sandbox.ui import theme
from sandbox.ui.kit.base import StyleFollower
from sandbox.ui.plot.colormap import color_of, sequential

SIDE, HIGH = 96, 52  # of a cell
_GAP = 2
_SPAN = 30.0  # costs that differ by more than this factor are coloured by their logarithm


@dataclass(frozen=True)
class Square:
    """One square: the cell and lane, its row and column within its map, and its result."""

    cell: int
    lane: str
    row: int
    column: int
    result: LaneResult | None
    error: str


@dataclass(frozen=True)
class Facet:
    """A map of two settings, all others fixed: its title, and its squares."""

    title: str
    squares: tuple[Square, ...]


@dataclass(frozen=True)
class Map:
    """All maps of a sweep, for one column of its results.

    Attributes
    ----------
    column : str
    across, up : str
        The settings of columns and rows; `up` is "" if there is only one.
    columns, rows : tuple of str
        Their values, as text.
    facets : tuple of Facet
    """

    column: str
    across: str
    up: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    facets: tuple[Facet, ...]

    def value(self, square: Square) -> float:
        """Return the median of a square; nan if there is none."""
        return math.nan if square.result is None else square.result.spread(self.column)[0]


def map_of(cells: Sequence[Cell], results: Mapping[int, Result], column: str) -> Map:
    """Return the maps of a sweep: the two longest axes as columns and rows, a map per combination of the others."""
    keys = list(cells[0].values)
    values = {key: tuple(dict.fromkeys(cell.values[key] for cell in cells)) for key in keys}
    longest = sorted(keys, key=lambda key: -len(values[key]))
    across, up = longest[0], longest[1] if len(longest) > 1 and len(values[longest[1]]) > 1 else ""
    others = [key for key in keys if key not in (across, up) and len(values[key]) > 1]
    lanes = list(dict.fromkeys(lane.lane for result in results.values() for lane in result.lanes)) or [""]
    facets = []
    for lane, fixed in itertools.product(lanes, itertools.product(*(values[key] for key in others))):
        facet_cells = [cell for cell in cells if all(cell.values[k] == v for k, v in zip(others, fixed, strict=True))]
        title = [f"lane {lane}"] if len(lanes) > 1 else []
        title += [f"{SETTINGS[key].label} {words(value)}" for key, value in zip(others, fixed, strict=True)]
        squares = tuple(_square(cell, results.get(cell.number), lane, values, across, up) for cell in facet_cells)
        facets.append(Facet(", ".join(title), squares))
    labels = {key: tuple(map(words, values[key])) for key in (across, up) if key}
    return Map(column, across, up, labels[across], labels.get(up, ("",)), tuple(facets))


def _square(
    cell: Cell, result: Result | None, lane: str, values: Mapping[str, tuple[Value, ...]], across: str, up: str
) -> Square:
    lane_result = None if result is None else next((r for r in result.lanes if r.lane == lane), None)
    row = values[up].index(cell.values[up]) if up else 0
    column = values[across].index(cell.values[across])
    return Square(cell.number, lane, row, column, lane_result, "" if result is None else result.error)


def larger_is_better(column: str) -> bool:
    """Whether larger is better."""
    return column.partition("_")[2] in METRICS


class HeatView(StyleFollower, QWidget):
    """Paints the maps; a square can be pointed at, reached by the arrow keys and chosen.

    Signals
    -------
    chosen(int, str)
        The number of a cell, and the lane, of a square that was clicked or on which Return was pressed.
    """

    chosen = Signal(int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("column")  # on the background of the card
        self.setAccessibleName("Results of the sweep")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.map: Map | None = None
        self.current = -1  # index in `boxes`; -1 for none
        self.boxes: list[tuple[QRectF, Square]] = []
        self._heads: list[tuple[QRectF, str, Qt.AlignmentFlag, bool]] = []
        self._table = sequential()
        self.follow_style()

    def show_map(self, shown: Map | None) -> None:
        """Show these results."""
        self.map = shown
        self.fit()

    # Layout

    def fit(self) -> None:
        """Place squares and headings."""
        self.boxes, self._heads = [], []
        shown = self.map
        if shown is None:
            return
        small = QFontMetricsF(theme.font(theme.SMALL))
        line, side, height = small.height() + theme.px(4), theme.px(SIDE), theme.px(HIGH)
        left = float(theme.px(_GAP))
        if shown.up:
            label_width = max(small.horizontalAdvance(text) for text in (*shown.rows, SETTINGS[shown.up].label))
            left = min(label_width, theme.px(160)) + theme.px(theme.GRID)
        middle = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
        y = 0.0
        for facet in shown.facets:
            if facet.title:
                self._heads.append((QRectF(0, y, 2000, line), facet.title, Qt.AlignmentFlag.AlignVCenter, True))
                y += line
            across = SETTINGS[shown.across].label
            across_rect = QRectF(left, y, len(shown.columns) * side, line)
            self._heads.append((across_rect, across, middle, False))
            if shown.up:
                head = QRectF(0, y + line, left - theme.px(theme.GRID), line)
                right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                self._heads.append((head, SETTINGS[shown.up].label, right, False))
            for column, text in enumerate(shown.columns):
                self._heads.append((QRectF(left + column * side, y + line, side, line), text, middle, False))
            top = y + 2 * line
            for row, text in enumerate(shown.rows):
                box = QRectF(0, top + row * height, left - theme.px(theme.GRID), height)
                right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                self._heads.append((box, text, right, False))
            for square in facet.squares:
                rect = QRectF(left + square.column * side, top + square.row * height, side - _GAP, height - _GAP)
                self.boxes.append((rect, square))
            y = top + len(shown.rows) * height + theme.px(2 * theme.GRID)
        width = left + len(shown.columns) * side
        self.setMinimumSize(math.ceil(width), math.ceil(y))
        self.resize(self.minimumSize())
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def _range(self) -> tuple[float, float, bool]:
        """Return the ends of the colour scale, and whether they are logarithms."""
        shown = self.map
        values = [] if shown is None else [shown.value(square) for _, square in self.boxes]
        finite = [value for value in values if math.isfinite(value)]
        if not finite or shown is None:
            return 0.0, 1.0, False
        low, high = min(finite), max(finite)
        log = not larger_is_better(shown.column) and low > 0.0 and high > _SPAN * low
        return (math.log10(low), math.log10(high), True) if log else (low, high, False)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = self.map
        if shown is None:
            return
        colours, painter = theme.current(), QPainter(self)
        for rect, text, flags, bold in self._heads:
            font = theme.font(theme.SMALL, bold=bold)
            painter.setFont(font)
            painter.setPen(QColor(colours.text_color if bold else colours.muted))
            elided = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
            painter.drawText(rect, flags, elided)
        ends = self._range()
        for index, (rect, square) in enumerate(self.boxes):
            self._paint_square(painter, shown, rect, square, ends)
            if index == self.current:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(colours.accent), theme.px(3)))
                painter.drawRect(rect.adjusted(1, 1, -1, -1))

    def _paint_square(
        self, painter: QPainter, shown: Map, rect: QRectF, square: Square, ends: tuple[float, float, bool]
    ) -> None:
        colours = theme.current()
        value = shown.value(square)
        background = QColor(colours.ground)
        if math.isfinite(value):
            background = self._colour(value, shown.column, ends)
        painter.fillRect(rect, background)
        if not math.isfinite(value):
            painter.fillRect(rect, Qt.BrushStyle.BDiagPattern if square.result or square.error else background)
        text_color = QColor(theme.text_color_on(background.name())) if math.isfinite(value) else QColor(colours.muted)
        painter.setPen(text_color)
        lines = square_lines(shown, square)
        fonts = [theme.font(theme.NORMAL, bold=True), *[theme.font(theme.SMALL)] * 2]
        heights = [QFontMetricsF(font).height() for font in fonts[: len(lines)]]
        y = rect.center().y() - sum(heights) / 2
        for text, font, height in zip(lines, fonts, heights, strict=False):
            painter.setFont(font)
            elided = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
            painter.drawText(QRectF(rect.left(), y, rect.width(), height), Qt.AlignmentFlag.AlignCenter, elided)
            y += height

    def _colour(self, value: float, column: str, ends: tuple[float, float, bool]) -> QColor:
        low, high, log = ends
        position = math.log10(value) if log and value > 0.0 else value
        share = 0.5 if high == low else (position - low) / (high - low)
        share = share if larger_is_better(column) else 1.0 - share
        return color_of(self._table[int(np.clip(round(40 + 215 * share), 0, 255))])

    # Mouse and keys

    def _at(self, point: QPointF) -> int:
        return next((index for index, (rect, _) in enumerate(self.boxes) if rect.contains(point)), -1)

    def _point(self, index: int) -> None:
        if index != self.current:
            self.current = index
            self.setAccessibleDescription(self.tip(index))
            self.update()

    def tip(self, index: int) -> str:
        """Return the text of a square in full."""
        if self.map is None or not 0 <= index < len(self.boxes):
            return ""
        square = self.boxes[index][1]
        lines = [f"cell {square.cell}", *square_lines(self.map, square)]
        if square.error:
            lines.append(square.error)
        elif square.result is not None and square.result.reason:
            lines.append(square.result.reason)
        return "\n".join(lines)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        if not self.hasFocus():
            self._point(-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._at(event.position())
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._point(index)
            self._choose(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Up: (-1, 0)}
        key = Qt.Key(event.key())
        if key in steps and self.boxes:
            self._step(*steps[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and 0 <= self.current < len(self.boxes):
            self._choose(self.current)
        else:
            super().keyPressEvent(event)

    def _choose(self, index: int) -> None:
        square = self.boxes[index][1]
        self.chosen.emit(square.cell, square.lane)

    def _step(self, down: int, right: int) -> None:
        if self.current < 0:
            self._point(0)
            return
        center = self.boxes[self.current][0].center()
        candidates = [
            (abs(rect.center().x() - center.x()) + abs(rect.center().y() - center.y()), index)
            for index, (rect, _) in enumerate(self.boxes)
            if (rect.center().x() - center.x()) * right + (rect.center().y() - center.y()) * down > 1.0
            and (right == 0 or abs(rect.center().y() - center.y()) < 1.0)
            and (down == 0 or abs(rect.center().x() - center.x()) < 1.0)
        ]
        if candidates:
            self._point(min(candidates)[1])

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self.current < 0 and self.boxes and event.reason() != Qt.FocusReason.MouseFocusReason:
            self._point(0)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip(self._at(QPointF(event.pos()))), self)
            return True
        return super().event(event)


def square_lines(shown: Map, square: Square) -> list[str]:
    """Return the lines of a square: the median, the quartiles, and how many have stopped."""
    if square.error:
        return ["failed"]
    if square.result is None:
        return [""]
    median, low, high = square.result.spread(shown.column)
    seeds = max((len(values) for values in square.result.values.values()), default=0)
    stopped = f"{square.result.stopped} of {seeds} stopped" if square.result.stopped else ""
    if math.isnan(median):
        return ["stopped" if square.result.stopped else "none"]
    lines = [texts.column_text(shown.column, median)]
    if seeds > 1 and not square.result.is_one_network:
        lines.append(f"{texts.column_text(shown.column, low)}\u2013{texts.column_text(shown.column, high)}")
    return [*lines, stopped] if stopped else lines
