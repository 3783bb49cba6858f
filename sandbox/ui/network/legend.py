"""What the lines of the network mean: the number of the widest, and how a negative one looks."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from sandbox import words
from sandbox.ui import theme
from sandbox.ui.kit.base import StyleFollower
from sandbox.ui.network import painting
from sandbox.ui.network.looks import WIDEST

SAMPLE, GAP, BETWEEN = 20, 5, 12  # pixels of a line, to its words, and between two entries
NEGATIVE = "negative"


class Legend(StyleFollower, QWidget):
    """A line as wide as the widest with its number, and a negative one; what does not fit is left out."""

    def __init__(self) -> None:
        super().__init__()
        self._top, self._signed, self._text = 0.0, True, ""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.follow_style()

    def show_scale(self, top: float, signed: bool) -> None:
        """Show the number of the widest line, of weights or of derivatives."""
        if (top, signed) != (self._top, self._signed) or not self._text:
            self._top, self._signed = top, signed
            self._text = f"{'|w|' if signed else '|dW|'} = {words.number(top, 2)}"
            self.setAccessibleName(f"The widest line is {self._text}")
            self.updateGeometry()
            self.update()

    @property
    def text(self) -> str:
        """What is written beside the widest line."""
        return self._text

    def fit(self) -> None:
        self.setFixedHeight(theme.px(theme.CONTROL))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, theme.px(theme.CONTROL))

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(theme.font(theme.SMALL))
        texts = (self._text, NEGATIVE) if self._signed else (self._text,)
        width = sum(metrics.horizontalAdvance(text) + theme.px(SAMPLE + GAP + BETWEEN) for text in texts)
        return QSize(int(width), theme.px(theme.CONTROL))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._text:
            return
        colours, scale = theme.current(), theme.scale()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(theme.SMALL))
        left = self._entry(painter, 0.0, WIDEST * scale, colours.positive if self._signed else colours.decided, "")
        if self._signed:
            self._entry(painter, left, 2.0 * scale, colours.negative, NEGATIVE)

    def _entry(self, painter: QPainter, left: float, width: float, colour: str, text: str) -> float:
        """Paint a line and its words, if there is room; return where the next entry begins."""
        metrics, gap, sample = QFontMetricsF(painter.font()), theme.px(GAP), float(theme.px(SAMPLE))
        words_ = text or self._text
        end = left + sample + gap + metrics.horizontalAdvance(words_)
        if end > self.width():
            return end
        pen = QPen(QColor(colour), width)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if text:
            pen.setDashPattern([length * theme.scale() / width for length in painting.DASH])
        middle = self.height() / 2
        painter.setPen(pen)
        painter.drawLine(QPointF(left, middle), QPointF(left + sample, middle))
        painter.setPen(QColor(theme.current().muted))
        around = QRectF(left + sample + gap, 0.0, end - left - sample, float(self.height()))
        painter.drawText(around, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words_)
        return end + theme.px(BETWEEN)
