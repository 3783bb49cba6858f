"""One sample's numbers, painted in the network's own layout: columns are layers, boxes are units."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QToolTip, QWidget

from sandbox import words
from sandbox.experiment.lens.sample import SamplePath
from sandbox.nn import ACTIVATIONS
from sandbox.ui import theme
from sandbox.ui.theme import Theme

Floats = NDArray[np.floating]

LOSS = "\u2113"  # of one sample, as the equations write it
MOST_UNITS = 12  # a larger layer is folded
FOLDED_UNITS = 8
MOST_LINES = 400

_CACHED_HEIGHT = 4000  # up to this height all but the numbers is cached as a pixmap
_LINED_GAP = 24  # columns closer than this leave no room for lines

_COMPACT, _ROOMY = ("−0.000", "−9e−9"), ("−0.0000", "−9.9e−99")


@dataclass(frozen=True)
class NumberCell:
    """One number; or two, the objective's on the left; or two of different kinds, if `right_name` is set."""

    name: str
    left: float
    right: float | None = None
    right_name: str = ""

    @property
    def decided(self) -> bool:
        """Whether the loss decides it: the two differ by more than rounding."""
        if self.right is None or self.right_name:
            return False
        both_none = math.isnan(self.left) and math.isnan(self.right)
        return not (both_none or math.isclose(self.left, self.right, rel_tol=1e-9))


@dataclass(frozen=True)
class UnitBox:
    """The numbers of one unit, under a title if it has one; `tip` gives them all in full."""

    rows: tuple[NumberCell, ...]
    title: str = ""
    tip: str = ""
    unit: int = -1


@dataclass
class Column:
    """One layer, and what is shown below its units."""

    head: str
    boxes: list[UnitBox]
    narrow: bool = False
    hidden: int = 0
    below: str = ""
    details: list[UnitBox] = field(default_factory=list)


def columns_of(
    followed: SamplePath, features: tuple[str, ...], outputs: tuple[str, ...], expanded: bool = False
) -> list[Column]:
    """Return the columns to paint, from the input to the output."""
    x = followed.x.tolist()
    shown = _shown(len(x), expanded)
    boxes = [
        UnitBox(
            (NumberCell("", x[i]),), features[i], f"{features[i]}: {words.number(x[i], 10)} as the network sees it", i
        )
        for i in range(shown)
    ]
    columns = [Column("Input", boxes, narrow=True, hidden=len(x) - shown)]
    last = len(followed.Z)
    for l in range(1, last + 1):
        columns.append(_layer(followed, l, outputs, expanded))
    if followed.part == "train":
        columns[-1].below = f"Share in dW[{last}]"
        columns[-1].details = _shares(followed, outputs, expanded)
    return columns


def _shown(count: int, expanded: bool) -> int:
    return count if expanded or count <= MOST_UNITS else FOLDED_UNITS


def _layer(followed: SamplePath, l: int, outputs: tuple[str, ...], expanded: bool) -> Column:
    Z, A, slopes = followed.Z[l - 1], followed.A[l - 1], followed.slopes[l - 1]
    left, right = followed.back
    is_output = l == len(followed.Z)
    label = ACTIVATIONS[followed.activations[l - 1]].label
    column = Column(f"{'Output' if is_output else f'Layer {l}'} · {label}", [])
    if is_output:
        loss = [NumberCell(LOSS, left.value, right.value)]
        column.boxes.append(UnitBox(tuple(loss), "", _tip("Loss of this sample", loss)))
    shown = _shown(len(Z), expanded)
    column.hidden = len(Z) - shown
    for k in range(shown):
        rows = [NumberCell("z", float(Z[k]), float(A[k]), "a")]
        if is_output:
            rows.append(NumberCell("y", float(left.target[k]), float(right.target[k])))
        rows += [
            NumberCell("da", float(left.dA[l - 1][k]), float(right.dA[l - 1][k])),
            NumberCell("g'", float(slopes[k])),
            NumberCell("dz", float(left.dZ[l - 1][k]), float(right.dZ[l - 1][k])),
        ]
        title = _output_name(outputs, k) if is_output and len(Z) > 1 else ""
        tip = _tip(f"Unit {k + 1} of layer {l}", rows)
        if not ACTIVATIONS[followed.activations[l - 1]].elementwise:
            tip += "\nEvery a depends on every z: dz comes through the whole Jacobian, of which g' is the diagonal."
        column.boxes.append(UnitBox(tuple(rows), title, tip, k))
    return column


def _shares(followed: SamplePath, outputs: tuple[str, ...], expanded: bool) -> list[UnitBox]:
    left, right = followed.back
    boxes = []
    units, before = left.dW.shape
    for k in range(_shown(units, expanded)):
        rows = [
            NumberCell(f"{j + 1}", float(left.dW[k, j]), float(right.dW[k, j])) for j in range(_shown(before, expanded))
        ]
        rows.append(NumberCell("b", float(left.db[k]), float(right.db[k])))
        name = (
            f"Share in row {k + 1} of dW[{len(followed.Z)}], unit by unit below: {words.number(followed.factor)} dz a"
        )
        boxes.append(UnitBox(tuple(rows), _output_name(outputs, k) if units > 1 else "", _tip(name, rows), k))
    return boxes


def _output_name(outputs: tuple[str, ...], k: int) -> str:
    return outputs[k] if k < len(outputs) else f"output {k + 1}"


def _tip(name: str, rows: list[NumberCell]) -> str:
    """Return the numbers in full, one per line."""
    lines = [name]
    for row in rows:
        if row.right is None:
            lines.append(f"{row.name}: {words.number(row.left, 10)}")
        elif row.right_name:
            lines += [f"{row.name}: {words.number(row.left, 10)}", f"{row.right_name}: {words.number(row.right, 10)}"]
        else:
            lines.append(f"{row.name}: {words.number(row.left, 10)} | {words.number(row.right, 10)}")
    return "\n".join(lines)


class SampleCanvas(QWidget):
    """Paints the columns, spread over the visible width as far as the gaps may grow.

    Signals
    -------
    expand_requested()
        A click on "24 more".
    reshaped()
        A network of another shape is shown.
    """

    expand_requested = Signal()
    reshaped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("column")  # on the card's own ground
        self.setAccessibleName("Numbers of the sample, layer by layer")
        self._theme: Theme = theme.current()
        self._followed: SamplePath | None = None
        self._labels: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self._expanded = False
        self._room = 0
        self._shape: tuple[object, ...] = ()
        self.columns: list[Column] = []
        self.places: list[tuple[QRectF, UnitBox]] = []  # every box with its rectangle, in order
        self._heads: list[QRectF] = []
        self._more: list[tuple[QRectF, str]] = []
        self._below: QRectF = QRectF()
        self._ends: list[list[tuple[float, float, float, int]]] = []  # per column: left, right, middle, unit
        self._gap = 0.0
        self._background = QPixmap()
        self._background_state: tuple[object, ...] | None = None
        self._drawn_weights: tuple[Floats, ...] = ()
        self.roomy = False
        self.fit()

    # What is shown

    @property
    def folds(self) -> bool:
        """Whether some layer is too large to be shown in full at first."""
        if self._followed is None:
            return False
        return max(len(self._followed.x), *map(len, self._followed.Z)) > MOST_UNITS

    def show_sample(self, followed: SamplePath, features: tuple[str, ...], outputs: tuple[str, ...]) -> None:
        """Show a sample's numbers."""
        self._followed, self._labels = followed, (features, outputs)
        self._refill()

    def set_expanded(self, expanded: bool) -> None:
        """Show all units of large layers, or the first ones."""
        self._expanded = expanded
        self._refill()

    def set_theme(self, colours: Theme) -> None:
        """Apply a theme."""
        self._theme = colours
        self.update()

    def set_room(self, width: int) -> None:
        """Set the visible width, in pixels."""
        if width != self._room:
            self._room = width
            self._lay_out(True)

    def fit(self) -> None:
        """Measure the font again."""
        self._font = theme.font(theme.SMALL)
        self._bold = theme.font(theme.SMALL, bold=True)
        self._metrics = metrics = QFontMetrics(self._font)
        self._line = metrics.height() + theme.px(1)
        self._label = max(metrics.horizontalAdvance(name) for name in ("da", "dz", "g'")) + theme.px(4)
        self._second = metrics.horizontalAdvance("a") + theme.px(11)
        self._pad = theme.px(4)
        self._numbers = [max(metrics.horizontalAdvance(text) for text in texts) for texts in (_COMPACT, _ROOMY)]
        self._lay_out(True)

    def _refill(self) -> None:
        if self._followed is not None:
            self.columns = columns_of(self._followed, *self._labels, self._expanded)
            self._lay_out(False)

    # Layout

    def _widths(self, roomy: bool) -> tuple[list[float], float]:
        """Return the width of each column, and that of one number."""
        number = float(self._numbers[roomy])
        unit_width = self._label + number + self._second + number + 2 * self._pad
        metrics = self._metrics
        widths = []
        for column in self.columns:
            if column.narrow:
                names = max(metrics.horizontalAdvance(box.title) for box in column.boxes)
                head = QFontMetrics(self._bold).horizontalAdvance(column.head)
                title_width = min(names, theme.px(90)) if roomy else 0
                widths.append(max(number, title_width, head - 2 * self._pad) + 2 * self._pad)
            else:
                widths.append(unit_width)
        return widths, number

    def _lay_out(self, forced: bool) -> None:
        shape = tuple((c.head, c.hidden, c.below, *(len(b.rows) for b in (*c.boxes, *c.details))) for c in self.columns)
        if not self.columns or (shape == self._shape and not forced):
            self._fill_places()
            self.update()
            return
        reshaped = shape != self._shape
        self._shape = shape
        gaps = len(self.columns) - 1
        self.roomy = True
        widths, _ = self._widths(True)
        if sum(widths) + gaps * theme.px(14) > self._room:
            self.roomy = False
            widths, _ = self._widths(False)
        spare = (self._room - sum(widths)) / max(gaps, 1)
        self._gap = float(max(theme.px(6), min(spare, theme.px(120))))
        self._place(widths)
        width = math.ceil(sum(widths) + gaps * self._gap)
        self.setFixedSize(max(width, 1), math.ceil(self._height) + theme.px(4))
        if reshaped:
            self.reshaped.emit()
        self.update()

    def _place(self, widths: list[float]) -> None:
        self.places, self._heads, self._more, self._ends = [], [], [], []
        x, self._height = 0.0, 0.0
        between = theme.px(4)
        for column, width in zip(self.columns, widths, strict=True):
            self._heads.append(QRectF(x, 0.0, width + (self._gap if self._gap > theme.px(20) else 0.0), self._line))
            y, ends = float(self._line + theme.px(3)), []
            for box in column.boxes:
                rect = QRectF(x, y, width, self._box_height(box))
                self.places.append((rect, box))
                if box.unit >= 0:
                    ends.append((rect.left(), rect.right(), rect.center().y(), box.unit))
                y = rect.bottom() + between
            self._ends.append(ends)
            if column.hidden:
                self._more.append((QRectF(x, y, width, self._line), f"{column.hidden} more"))
                y += self._line + between
            if column.details:
                y += theme.px(4)
                self._below = QRectF(x, y, width + self._gap, self._line)
                y += self._line + theme.px(3)
                for box in column.details:
                    self.places.append((QRectF(x, y, width, self._box_height(box)), box))
                    y += self._box_height(box) + between
            self._height = max(self._height, y)
            x += width + self._gap

    def _fill_places(self) -> None:
        boxes = [box for column in self.columns for box in (*column.boxes, *column.details)]
        self.places = [(rect, box) for (rect, _), box in zip(self.places, boxes, strict=True)]

    def _box_height(self, box: UnitBox) -> float:
        lines = len(box.rows) + bool(box.title)
        return float(lines * self._line + theme.px(5))

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._followed is None:
            return
        painter = QPainter(self)
        visible = QRectF(event.rect())
        if self.height() <= _CACHED_HEIGHT:
            painter.drawPixmap(QPointF(0.0, 0.0), self._cached_background())
        else:
            self._paint_background(painter, visible)
        painter.setFont(self._font)
        for rect, box in self.places:
            if rect.intersects(visible):
                self._paint_numbers(painter, rect, box)

    def _cached_background(self) -> QPixmap:
        """Return all but the numbers as a pixmap: it changes rarely, and takes longer to paint than they do."""
        assert self._followed is not None
        ratio = self.devicePixelRatioF()
        decided = tuple(row.decided for _, box in self.places for row in box.rows)
        state = (self._shape, decided, self._theme.name, self.size(), ratio, self.roomy, self._line)
        if state != self._background_state or not self._weights_as_drawn():
            self._background_state, self._drawn_weights = state, self._followed.W
            self._background = QPixmap(self.size() * ratio)
            self._background.setDevicePixelRatio(ratio)
            self._background.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._background)
            self._paint_background(painter, QRectF(self.rect()))
            painter.end()
        return self._background

    def _weights_as_drawn(self) -> bool:
        """Whether the drawn lines still match the weights, as far as the eye can see."""
        assert self._followed is not None
        if self._gap < theme.px(_LINED_GAP):
            return True
        pairs = zip(self._followed.W, self._drawn_weights, strict=True)
        return all(float(np.abs(new - old).max()) <= 0.03 * float(np.abs(old).max()) for new, old in pairs)

    def _paint_background(self, painter: QPainter, visible: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_lines(painter, visible)
        painter.setFont(self._bold)
        painter.setPen(QColor(self._theme.text_color))
        metrics = QFontMetrics(self._bold)
        texts = [(rect, column.head) for rect, column in zip(self._heads, self.columns, strict=True)]
        if self.columns[-1].below:
            texts.append((self._below, self.columns[-1].below))
        for rect, text in texts:
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, round(rect.width()))
            painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, text)
        painter.setFont(self._font)
        painter.setPen(QColor(self._theme.accent))
        for rect, text in self._more:
            painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, text)
        for rect, box in self.places:
            if rect.intersects(visible):
                self._paint_frame(painter, rect, box)

    def _paint_lines(self, painter: QPainter, visible: QRectF) -> None:
        """Paint weights as lines between the boxes: purple below 0, green above, wider the larger they are."""
        assert self._followed is not None
        if self._gap < theme.px(_LINED_GAP):
            return
        for l, W in enumerate(self._followed.W, start=1):
            before, after = self._ends[l - 1], self._ends[l]
            if len(before) * len(after) > MOST_LINES:
                continue
            top = float(np.abs(W).max()) or 1.0
            for _, start, y0, j in before:
                for end, _, y1, k in after:
                    if max(y0, y1) < visible.top() or min(y0, y1) > visible.bottom():
                        continue
                    w = float(W[k, j])
                    colour = QColor(self._theme.positive if w > 0 else self._theme.negative)
                    colour.setAlphaF(0.25 + 0.55 * abs(w) / top)
                    painter.setPen(QPen(colour, theme.px(1) * (0.4 + 2.0 * abs(w) / top)))
                    painter.drawLine(QPointF(start, y0), QPointF(end, y1))

    def _rows(self, rect: QRectF, box: UnitBox) -> tuple[float, float, float]:
        """Return the first baseline, and where the left and the right number end."""
        metrics = self._metrics
        y = rect.top() + theme.px(2.5) + metrics.ascent() + self._line * bool(box.title)
        end = rect.right() - self._pad
        first = end - self._numbers[self.roomy] - self._second if box.rows[0].name else end
        return y, first, end

    def _paint_frame(self, painter: QPainter, rect: QRectF, box: UnitBox) -> None:
        colours, line, metrics = self._theme, self._line, self._metrics
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.setBrush(QColor(colours.field))
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), theme.px(4), theme.px(4))
        left = rect.left() + self._pad
        y, first, end = self._rows(rect, box)
        if box.title:
            painter.setPen(QColor(colours.muted))
            title = metrics.elidedText(box.title, Qt.TextElideMode.ElideRight, round(end - left))
            painter.drawText(QPointF(left, y - line), title)
        number, edge = self._numbers[self.roomy], theme.px(2)
        for row in box.rows:
            if row.decided:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(colours.decided_soft))
                width = end - first + number + 2 * edge
                painter.drawRoundedRect(QRectF(first - number - edge, y - metrics.ascent(), width, line), edge, edge)
            painter.setPen(QColor(colours.muted))
            painter.drawText(QPointF(left, y), row.name)
            if row.right_name:
                painter.drawText(QPointF(first + theme.px(7), y), row.right_name)
            y += line

    def _paint_numbers(self, painter: QPainter, rect: QRectF, box: UnitBox) -> None:
        y, first, end = self._rows(rect, box)
        text_color, decided = QColor(self._theme.text_color), QColor(self._theme.on_decided)
        for row in box.rows:
            painter.setPen(decided if row.decided else text_color)
            texts = [(first, row.left)] if row.right is None else [(first, row.left), (end, row.right)]
            for right, value in texts:
                text = words.brief(value, self.roomy)
                painter.drawText(QPointF(right - self._metrics.horizontalAdvance(text), y), text)
            y += self._line

    # Mouse

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def tip_at(self, place: QPointF) -> str:
        """Return the numbers of the box at a point, in full."""
        return next((box.tip for rect, box in self.places if rect.contains(place)), "")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if any(rect.contains(event.position()) for rect, _ in self._more):
            self.expand_requested.emit()
        else:
            event.ignore()
