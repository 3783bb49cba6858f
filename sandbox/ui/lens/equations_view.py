"""The typeset equations as one picture: what the loss decides in colour, bars for the norms, symbols to point at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from sandbox import words
from sandbox.notation.equations import SAME, Equation, Symbol
from sandbox.notation.latex import atoms
from sandbox.ui import theme
from sandbox.ui.mathematics import EM, TypesetFormula, atom_box, draw_marks, joined_boxes, set_line

TYPE = 15.0  # pixels per em
NOTES = 560  # pixels: where the notes end at most, so that they stay near their lines
_BARS = ("dW", "db")
_FAINT = 0.5  # of the tint of what is lit up


@dataclass(frozen=True)
class Target:
    """A symbol or a bar, and where it is in the picture."""

    rect: QRectF
    symbol: Symbol
    row: int


@dataclass
class _Row:
    equation: Equation
    line: TypesetFormula
    top: float
    height: float
    bars: float = 0.0  # left edge of the bars of its norms; 0 if it has none
    bars_top: float = 0.0


class EquationsView(QWidget):
    """Draws equations, and reports which symbol is pointed at.

    Signals
    -------
    pointed(object)
        The `Target` under the pointer, or reached by the keys; None when it is left.
    chosen(object)
        The `Target` that was clicked, or on which Enter was pressed.
    dismissed()
        Escape was pressed.
    stepped(int)
        Page up or down was pressed: another layer.
    """

    pointed = Signal(object)
    chosen = Signal(object)
    dismissed = Signal()
    stepped = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("What the loss changes")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._equations: tuple[Equation, ...] = ()
        self._norms: dict[str, tuple[float, ...]] = {}
        self._rows: list[_Row] = []
        self._header = 0.0
        self.targets: list[Target] = []
        self._current: Target | None = None
        self._pinned: Symbol | None = None
        self._lit: frozenset[Symbol] = frozenset()
        self._lit_rows: frozenset[int] = frozenset()
        self._faint_rows: frozenset[int] = frozenset()
        self._height = 0
        self._laid_out_width = 0

    # What is shown

    @property
    def equations(self) -> tuple[Equation, ...]:
        """The equations shown."""
        return self._equations

    @property
    def current(self) -> Target | None:
        """The symbol or bar that is pointed at."""
        return self._current

    def set_equations(self, equations: tuple[Equation, ...], layers: int) -> None:
        """Show other equations."""
        if equations == self._equations:
            return
        self._equations = equations
        self._norms = {name: (math.nan,) * layers for name in _BARS}
        self._lit, self._lit_rows, self._faint_rows = frozenset(), frozenset(), frozenset()
        self._point(None)
        self.lay_out()
        self.setAccessibleDescription(spoken(equations))

    def set_norms(self, dW: tuple[float, ...], db: tuple[float, ...]) -> None:
        """Show other norms: repaint only their bars, but lay out again if the number of layers changed."""
        new = {"dW": dW, "db": db}
        if new == self._norms:
            return
        resized = any(len(new[name]) != len(self._norms.get(name, ())) for name in _BARS)
        self._norms = new
        if resized:
            self.lay_out()
        for row in self._rows:
            if row.bars:
                self.update(QRectF(row.bars, row.bars_top, self.width(), row.height).toAlignedRect())

    def set_pinned(self, symbol: Symbol | None) -> None:
        """Mark the symbol whose array is pinned."""
        if symbol != self._pinned:
            self._pinned = symbol
            self.update()

    def set_lit(self, symbols: frozenset[Symbol], rows: frozenset[int], faint: frozenset[int]) -> None:
        """Light up symbols and whole equations, some of them faintly, by their numbers from 0."""
        if (symbols, rows, faint) != (self._lit, self._lit_rows, self._faint_rows):
            self._lit, self._lit_rows, self._faint_rows = symbols, rows, faint
            self.update()

    @property
    def lit_place(self) -> QRectF:
        """Where the equations are that are lit up; if there are none, where the first lit symbol is."""
        place = QRectF()
        for number in sorted(self._lit_rows):
            place = place.united(self._row_rect(self._rows[number]))
        if place.isNull():
            place = next((target.rect for target in self.targets if target.symbol in self._lit), QRectF())
        return place

    def _row_rect(self, row: _Row) -> QRectF:
        return QRectF(theme.px(6), row.top - theme.px(2), self.width() - theme.px(8), row.height + theme.px(4))

    # Layout

    def lay_out(self) -> None:
        """Lay out all lines for the current width."""
        width, scale = float(self.width()), self._scale
        left, gap = float(theme.px(12)), float(theme.px(5))
        inner = (width - left - theme.px(4)) / scale
        self._rows, y, indent = [], float(theme.px(2)), 0.0
        self._header = 0.0
        for equation in self._equations:
            if equation.key == "dW":
                y += theme.px(4)
                self._header = y
                y += theme.px(18)
            if equation.left and equation.key == "chain":
                indent = joined_boxes([atom_box(atom, False) for atom in atoms(equation.left)]).width + 0.28 * EM
            line = set_line(equation.pieces, inner, 0.0 if equation.left else indent)
            self._rows.append(_Row(equation, line, y, line.height * scale))
            y += line.height * scale + gap
        y = self._place_bars(y)
        self._find_targets()
        self._height = math.ceil(y)
        self._laid_out_width = self.width()
        self.setFixedHeight(max(1, self._height))
        self.update()

    @property
    def _scale(self) -> float:
        return theme.px(TYPE) / EM

    def _place_bars(self, y: float) -> float:
        """Put the bars right of their lines if there is room, else below; move what follows down."""
        left, bar_height = float(theme.px(12)), float(theme.px(17))
        rows = [row for row in self._rows if row.equation.key in _BARS]
        if not rows:
            return y
        right = left + max(row.line.width for row in rows) * self._scale + theme.px(20)
        beside = self.width() - right >= theme.px(150)
        shift = 0.0
        for row in self._rows:
            row.top += shift
            if row.equation.key not in _BARS:
                continue
            need = bar_height * len(self._norms[row.equation.key])
            line_height = row.height
            row.bars = right if beside else left + theme.px(16)
            row.bars_top = row.top if beside else row.top + line_height + theme.px(2)
            row.height = max(line_height, need) if beside else line_height + need + theme.px(2)
            shift += row.height - line_height
        return y + shift

    def _find_targets(self) -> None:
        left, scale = float(theme.px(12)), self._scale
        self.targets = []
        for number, row in enumerate(self._rows):
            for spot in row.line.spots:
                x, y, width, height = (value * scale for value in spot.rect)
                rect = QRectF(left + x, row.top + y, width, height).adjusted(-2.0, -2.0, 2.0, 2.0)
                self.targets.append(Target(rect, spot.symbol, number))
            for layer, rect in enumerate(self._bar_rects(row), start=1):
                self.targets.append(Target(rect, Symbol(row.equation.key, None, layer), number))

    def _bar_rects(self, row: _Row) -> list[QRectF]:
        if not row.bars:
            return []
        bar_height, count = float(theme.px(17)), len(self._norms[row.equation.key])
        width = min(self.width() - row.bars - theme.px(4), theme.px(260))
        return [QRectF(row.bars, row.bars_top + i * bar_height, width, bar_height) for i in range(count)]

    def sizeHint(self) -> QSize:
        return QSize(theme.px(420), max(1, self._height))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.width() != self._laid_out_width:
            self._point(None)  # it has moved
            self.lay_out()

    # Drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, ratio = theme.current(), self.devicePixelRatioF()
        painter = QPainter(self)
        damage = QRectF(event.rect())
        self._paint_marks(painter)
        if self._header:
            painter.setPen(QColor(colours.muted))
            painter.setFont(theme.font(theme.SMALL))
            painter.drawText(QRectF(0, self._header, self.width(), theme.px(16)), Qt.AlignmentFlag.AlignVCenter, SAME)
        left = theme.px(12)
        for row in self._rows:
            if not QRectF(0, row.top - 4, self.width(), row.height + 8).intersects(damage):
                continue
            decided = row.equation.decided
            bar = QRectF(0, row.top, theme.px(4) if decided else theme.px(2), row.height)
            painter.fillRect(bar, QColor(colours.decided if decided else colours.edge))
            text_color = colours.text_color if decided else colours.muted
            if damage.left() < left + row.line.width * self._scale:
                draw_marks(
                    painter, row.line.marks, QPointF(left, row.top), self._scale, text_color, colours.decided, ratio
                )
            self._paint_note(painter, row)
            self._paint_bars(painter, row)

    def _paint_marks(self, painter: QPainter) -> None:
        """Highlight what is pointed at, what is pinned and what is lit up."""
        colours = theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(colours.accent_soft))
        painter.setPen(Qt.PenStyle.NoPen)
        for number in self._lit_rows:
            painter.drawRoundedRect(self._row_rect(self._rows[number]), theme.px(3), theme.px(3))
        painter.setBrush(QColor(theme.blend(colours.card, colours.accent_soft, _FAINT)))
        for number in self._faint_rows:
            painter.drawRoundedRect(self._row_rect(self._rows[number]), theme.px(3), theme.px(3))
        painter.setBrush(QColor(colours.accent_soft))
        for target in self.targets:
            current = self._current is not None and target.rect == self._current.rect
            lit = target.symbol in self._lit
            if not current and not lit and (self._pinned is None or target.symbol != self._pinned):
                continue
            outlined = lit or (current and self.hasFocus())
            painter.setPen(QPen(QColor(colours.accent), theme.px(1)) if outlined else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(target.rect, theme.px(3), theme.px(3))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_note(self, painter: QPainter, row: _Row) -> None:
        font = theme.font(theme.SMALL)
        metrics = QFontMetricsF(font)
        start = theme.px(12) + row.line.width * self._scale + theme.px(12)
        note = row.equation.note
        right = min(self.width() - theme.px(4), theme.px(NOTES))
        if note == SAME or not note or start + metrics.horizontalAdvance(note) > right:
            return
        painter.setFont(font)
        painter.setPen(QColor(theme.current().muted))
        rect = QRectF(start, row.top, right - start, row.height)
        painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, note)

    def _paint_bars(self, painter: QPainter, row: _Row) -> None:
        rects = self._bar_rects(row)
        if not rects:
            return
        colours, norms = theme.current(), self._norms[row.equation.key]
        largest = max((norm for norm in norms if math.isfinite(norm)), default=0.0)
        font = theme.font(theme.SMALL)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        head = max(metrics.horizontalAdvance(f"{name}[{len(norms)}]") for name in _BARS) + theme.px(6)
        tail = metrics.horizontalAdvance("0.00000") + theme.px(8)
        for layer, (rect, norm) in enumerate(zip(rects, norms, strict=True), start=1):
            painter.setPen(QColor(colours.muted))
            painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, f"{row.equation.key}[{layer}]")
            track = QRectF(rect.left() + head, rect.center().y() - 3, rect.width() - head - tail, 6)
            painter.fillRect(track, QColor(colours.grid))
            if math.isfinite(norm) and largest > 0.0:
                painter.fillRect(
                    QRectF(track.left(), track.top(), track.width() * norm / largest, 6), QColor(colours.muted)
                )
            painter.setPen(QColor(colours.text_color))
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(rect, right, words.cost(norm))

    # Pointing

    def target_at(self, place: QPointF) -> Target | None:
        """Return the symbol or bar at a point; the smallest if there are several."""
        hits = [target for target in self.targets if target.rect.contains(place)]
        return min(hits, key=lambda target: target.rect.width() * target.rect.height(), default=None)

    def _point(self, target: Target | None) -> None:
        if target != self._current:
            self._current = target
            self.update()
            self.pointed.emit(target)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self.target_at(event.position()))

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._point(self.target_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        target = self.target_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and target is not None:
            self._point(target)
            self.chosen.emit(target)
        else:
            super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        steps = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}
        if key in steps:
            self._step(steps[Qt.Key(key)])
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self._step_row(1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._current is not None:
            self.chosen.emit(self._current)
        elif key == Qt.Key.Key_Escape and (self._current is not None or self._pinned is not None):
            self._point(None)
            self.dismissed.emit()
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.stepped.emit(-1 if key == Qt.Key.Key_PageUp else 1)
        else:
            super().keyPressEvent(event)

    def _step(self, by: int) -> None:
        if not self.targets:
            return
        index = self._index()
        self._point(self.targets[(index + by) % len(self.targets) if index >= 0 else (0 if by > 0 else -1)])

    def _index(self) -> int:
        rects = [target.rect for target in self.targets]
        return rects.index(self._current.rect) if self._current and self._current.rect in rects else -1

    def _step_row(self, by: int) -> None:
        """Go to the nearest symbol of the next line that has one."""
        index = self._index()
        if index < 0:
            self._step(by)
            return
        current = self.targets[index]
        rows = sorted({target.row for target in self.targets if (target.row - current.row) * by > 0})
        if rows:
            row = rows[0] if by > 0 else rows[-1]
            near = [target for target in self.targets if target.row == row]
            self._point(min(near, key=lambda target: abs(target.rect.left() - current.rect.left())))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()


def spoken(equations: Sequence[Equation]) -> str:
    """Return the equations as text, for screen readers."""
    parts = []
    for equation in equations:
        note = "decided by the loss" if equation.decided else "the same for every loss"
        parts.append(f"{equation.latex.strip()} ({note})")
    return "; ".join(parts)
