"""The column the panels stand in."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from sandbox.ui import theme
from sandbox.ui.kit import Card
from sandbox.ui.kit.base import StyleFollower

_WIDTH = 272


class PanelColumn(StyleFollower, QScrollArea):
    """The panels one under the other, with a slim bar beside them where they are taller than the window.

    It is as wide as the widest panel needs, so that nothing is cut in a wide type, and ends in a gutter that
    holds the bar, so that nothing moves when the bar comes: what stands beside it needs no further gap.
    """

    def __init__(self, panels: Sequence[Card]) -> None:
        super().__init__()
        self._column = QWidget()
        self._column.setObjectName("column")
        self._layout = QVBoxLayout(self._column)
        for panel in panels:
            self._layout.addWidget(panel)
        self._layout.addStretch(1)
        self.setWidget(self._column)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._column.installEventFilter(self)
        self.verticalScrollBar().rangeChanged.connect(self.fit)
        self.follow_style()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.fit()
        return super().eventFilter(watched, event)

    def fit(self) -> None:
        """Set spacings and the width."""
        step = theme.px(theme.GRID)
        barred = self.verticalScrollBar().maximum() > 0
        self._layout.setContentsMargins(0, 0, 0 if barred else step, 0)
        if self._layout.spacing() != step:  # setting it asks for a layout, and that would lead here again
            self._layout.setSpacing(step)
        needed = self._column.minimumSizeHint().width() - (0 if barred else step)
        wide = max(theme.px(_WIDTH), needed)
        if self.minimumWidth() != wide + step:
            self.setFixedWidth(wide + step)
