"""The key of the signal's curves: for each its stroke, and loss and signal in two columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from sandbox import words
from sandbox.ui import theme
from sandbox.ui.plot.legend import Stroke
from sandbox.ui.theme import SMALL

COLUMNS = ("loss", "signal")
WIDEST = 440  # pixels


@dataclass(frozen=True)
class Entry:
    """A curve's row; without numbers, `values` are nan."""

    name: str
    stroke: Stroke
    values: tuple[float, float]


def value_text(value: float) -> str:
    """Format a number in seven characters, or say in a word why there is none."""
    return words.cost(value) if math.isfinite(value) else "none" if math.isnan(value) else "infinite"


class SignalKey(QWidget):
    """A row per curve, under a heading that says where the numbers are from."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Key of the curves")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.head = ""
        self.entries: tuple[Entry, ...] = ()

    def show_entries(self, head: str, entries: Sequence[Entry]) -> None:
        """Show a heading and entries; do nothing if they are unchanged."""
        content = head, tuple(entries)
        if content == (self.head, self.entries):
            return
        if len(content[1]) != len(self.entries):
            self.updateGeometry()
        self.head, self.entries = content
        rows = [f"{e.name}: loss {value_text(e.values[0])}, signal {value_text(e.values[1])}" for e in self.entries]
        self.setAccessibleDescription("; ".join([self.head, *rows]))
        self.update()

    def line(self) -> int:
        """Return the height of a row."""
        return round(QFontMetricsF(theme.font(SMALL)).height()) + theme.px(1)

    def sizeHint(self) -> QSize:
        return QSize(200, self.line() * (len(self.entries) + 1))

    def minimumSizeHint(self) -> QSize:
        return QSize(100, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(SMALL))
        metrics = QFontMetricsF(painter.font())
        line, width = float(self.line()), metrics.horizontalAdvance("0.0e\u2212000 ") + theme.px(6)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        end = min(float(self.width()), float(theme.px(WIDEST)))  # numbers stay near their names
        ends = (end - width, end)
        glyph = float(theme.px(30))
        painter.setPen(QColor(colours.muted))
        painter.drawText(QRectF(0.0, 0.0, ends[0] - width, line), left, self.head)
        for end, text in zip(ends, COLUMNS, strict=True):
            painter.drawText(QRectF(end - width, 0.0, width, line), right, text)
        for row, entry in enumerate(self.entries, start=1):
            y = row * line
            pen = QPen(entry.stroke.color, entry.stroke.width)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            if entry.stroke.dash:
                pen.setDashPattern([length / entry.stroke.width for length in entry.stroke.dash])
            painter.setPen(pen)
            painter.drawLine(QPointF(0.0, y + line / 2), QPointF(glyph - theme.px(6), y + line / 2))
            painter.setPen(QColor(colours.text_color))
            room = ends[0] - width - glyph
            name = metrics.elidedText(entry.name, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRectF(glyph, y, room, line), left, name)
            for end, value in zip(ends, entry.values, strict=True):
                painter.drawText(QRectF(end - width, y, width, line), right, value_text(value))
