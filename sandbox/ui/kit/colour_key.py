"""What the colour of "decided by the loss" means, beside a sample of it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget

from sandbox.ui import theme
from sandbox.ui.kit.base import StyleFollower

DECIDED = "decided by the loss"


class DecidedKey(StyleFollower, QLabel):
    """A square in the colour of what the loss decides, and what it means; then notes."""

    def __init__(self, *notes: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", "hint")
        self.set_notes(*notes)
        self.follow_style()

    def set_notes(self, *notes: str) -> None:
        """Say what else there is to know, after what the colour means."""
        self.setText(" \u00b7 ".join((DECIDED, *notes)))

    def fit(self) -> None:
        self.setContentsMargins(theme.px(14), 0, 0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.current().decided))
        side = float(theme.px(9))
        painter.drawRoundedRect(QRectF(0.0, (self.height() - side) / 2, side, side), theme.px(2), theme.px(2))
