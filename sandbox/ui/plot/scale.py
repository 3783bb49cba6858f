"""A colour scale with numbers."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from sandbox import words
from sandbox.ui.plot.colormap import Cells
from sandbox.ui.plot.ticks import whole_ticks


class ColourScale(QWidget):
    """A bar of colours beside a plot, as high as its area, with ticks."""

    BAR = 12

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._range = (0.0, 1.0)
        self._table: Cells | None = None
        self._text_color, self._line = QColor("black"), QColor("gray")
        self._scale = 1.0
        self.setAccessibleName("Colour scale")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored)
        self.hide()

    def set_colors(self, text_color: QColor, line: QColor, font: QFont, scale: float) -> None:
        """Set the colours and the font."""
        self._text_color, self._line, self._scale = text_color, line, scale
        self.setFont(font)
        self._fit_width()
        self.update()

    def set_table(self, table: Cells) -> None:
        """Show these colours, lowest first."""
        self._table = np.ascontiguousarray(table[::-1])
        self.update()

    def set_range(self, low: float, high: float) -> None:
        """Set the values of the lowest and highest colour."""
        self._range = (low, high)
        self._fit_width()
        self.setAccessibleDescription(f"from {words.number(low)} to {words.number(high)}")
        self.setToolTip("The output and the target of each colour; values beyond the range have the end colours.")
        self.update()

    def _fit_width(self) -> None:
        """Leave room for the longest number, however many of them there is height for."""
        texts = [text for most in (4, 8, 16, 32) for _, text in whole_ticks(*self._range, most)]
        longest = max(map(self.fontMetrics().horizontalAdvance, texts), default=0)
        width = round(self.BAR * self._scale) + max(round(44 * self._scale), longest + 14)
        if width != self.minimumWidth():
            self.setFixedWidth(width)

    def ticks(self, height: float) -> list[tuple[float, str]]:
        """Return the values that are marked on a bar of a height, with their text."""
        return whole_ticks(*self._range, max(2, int(height / (34 * self._scale))))

    def sizeHint(self) -> QSize:
        return QSize(self.BAR + 44, 100)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._table is None:
            return
        painter = QPainter(self)
        bar = QRectF(4.0, 5.0, self.BAR * self._scale, self.height() - 26.0 * self._scale)
        image = QImage(self._table.data, 1, len(self._table), 4, QImage.Format.Format_RGB32)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(bar, image)
        low, high = self._range
        for value, text in self.ticks(bar.height()):
            y = bar.bottom() - (value - low) / (high - low) * bar.height()
            painter.setPen(QPen(self._line, 1))
            painter.drawLine(round(bar.right()), round(y), round(bar.right()) + 3, round(y))
            painter.setPen(self._text_color)
            box = QRectF(bar.right() + 6.0, y - 8.0 * self._scale, self.width() - bar.right() - 6.0, 16.0 * self._scale)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
