"""A small curve: how the number that is pointed at changed over the run."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAccessibleWidget, QSizePolicy, QWidget

from sandbox import words
from sandbox.arrays import Floats
from sandbox.experiment.lens.network import Past
from sandbox.ui import theme
from sandbox.ui.accessible import PictureInterface
from sandbox.ui.kit.base import StyleFollower

WIDTH = 150


class Trail(StyleFollower, QWidget):
    """Paints a number over all epochs so far, of a unit its mean within its range, with the ends of the scale."""

    def __init__(self) -> None:
        super().__init__()
        self.past: Past | None = None
        self.setAccessibleName("Over the run")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.follow_style()

    def show_past(self, past: Past | None) -> None:
        """Show how a number changed; nothing before there are two epochs."""
        self.past = past if past is not None and past.epochs.size > 1 else None
        self.setVisible(self.past is not None)
        if self.past is not None:
            self.setToolTip(self.text)
            self.setAccessibleDescription(self.text)
            self.update()

    @property
    def text(self) -> str:
        """What it shows, as a sentence."""
        if self.past is None:
            return ""
        low, high = self._ends(self.past)
        since = words.number(float(self.past.epochs[0]))
        return (
            f"From epoch {since} to {words.number(float(self.past.epochs[-1]), 6)}: between {words.brief(low)} and "
            f"{words.brief(high)}."
        )

    def fit(self) -> None:
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        return QSize(theme.px(WIDTH), theme.px(32))

    def _ends(self, past: Past) -> tuple[float, float]:
        numbers = np.concatenate((past.low, past.high))
        finite = numbers[np.isfinite(numbers)]
        return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)

    def paintEvent(self, event: QPaintEvent) -> None:
        past = self.past
        if past is None:
            return
        colours, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(theme.SMALL))
        low, high = self._ends(past)
        texts = words.brief(high), words.brief(low)
        metrics = QFontMetricsF(painter.font())
        room = max(metrics.horizontalAdvance(text) for text in texts) + theme.px(4)
        area = QRectF(1.0, 3.0, self.width() - room - 2.0, self.height() - 6.0)
        painter.setPen(QColor(colours.muted))
        for text, align in zip(texts, (Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom), strict=True):
            painter.drawText(QRectF(self.rect()), int(Qt.AlignmentFlag.AlignRight | align), text)
        span = (float(past.epochs[0]), float(past.epochs[-1])), (low, high)
        if not np.array_equal(past.low, past.high):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.border))
            back = _points(past.epochs, past.low, area, span)[::-1]
            painter.drawPolygon(QPolygonF([*_points(past.epochs, past.high, area, span), *back]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.text_color), 1.2 * theme.scale()))
        painter.drawPolyline(QPolygonF(_points(past.epochs, past.values, area, span)))

    def accessible_interface(self) -> QAccessibleWidget:
        """Return what a screen reader is told."""
        return PictureInterface(self)


def _points(
    epochs: Floats, values: Floats, area: QRectF, span: tuple[tuple[float, float], tuple[float, float]]
) -> list[QPointF]:
    """Return the places of a curve within an area, for ranges of epochs and of values."""
    (start, end), (low, high) = span
    x = area.left() + area.width() * (epochs - start) / (end - start)
    height = high - low
    shares = (values - low) / height if height > 0.0 else np.full(values.size, 0.5)
    y = area.bottom() - area.height() * np.nan_to_num(shares, nan=0.5, posinf=1.0, neginf=0.0)
    return [QPointF(*point) for point in np.stack((x, y), axis=1).tolist()]
