"""The column of panels."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from sandbox.ui import theme
from sandbox.ui.kit import Card
from sandbox.ui.kit.base import StyleFollower

_WIDTH = 272


class PanelColumn(StyleFollower, QScrollArea):
    """The panels one below the other, with a slim scroll bar if they are taller than the window.

    It is as wide as the widest panel, so that nothing is cut in a wide font, and ends in a gutter for the scroll
    bar, so that nothing moves when the bar appears: the widget beside it needs no further gap.
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
        """Set the spacing and the width."""
        step = theme.px(theme.GRID)
        has_bar = self.verticalScrollBar().maximum() > 0
        self._layout.setContentsMargins(0, 0, 0 if has_bar else step, 0)
        if self._layout.spacing() != step:  # setting it requests a layout, which would call this again
            self._layout.setSpacing(step)
        needed = self._column.minimumSizeHint().width() - (0 if has_bar else step)
        width = max(theme.px(_WIDTH), needed)
        if self.minimumWidth() != width + step:
            self.setFixedWidth(width + step)
