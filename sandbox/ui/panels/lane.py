"""The panel that chooses the lane that the others edit."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout

from sandbox.ui import theme
from sandbox.ui.kit import Card, Choice, Toggle
from sandbox.ui.lane_styles import Badge, LaneStyle


class LanePanel(Card):
    """Chooses one lane to edit, or all. Hidden while there is only one.

    Signals
    -------
    lane_chosen(str)
        The user wants to see and edit another lane.
    all_changed(bool)
        The user wants to edit all lanes at once, or only one.
    """

    lane_chosen = Signal(str)
    all_changed = Signal(bool)

    def __init__(self) -> None:
        self._row = QHBoxLayout()  # `fit` needs it, and the card's constructor calls `fit`
        super().__init__("Edit lane")
        self.badge = Badge()
        self.choice = Choice()
        self.choice.setAccessibleName("Lane to edit")
        self.choice.setToolTip("The lane edited below and shown in the lenses; \u2260 marks where lanes differ.")
        self.choice.setMinimumContentsLength(8)
        self.choice.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.all = Toggle("All lanes")
        self.all.setToolTip("Applies every change below to all lanes at once.")
        self._row.addWidget(self.badge)
        self._row.addWidget(self.choice, 1)
        self.body.addLayout(self._row)
        self.header.addWidget(self.all)
        self.choice.changed.connect(lambda name, _: self.lane_chosen.emit(str(name)))
        self.all.changed.connect(lambda on, _: self.all_changed.emit(bool(on)))
        self.hide()

    def show_lanes(self, styles: Sequence[LaneStyle], current: str) -> None:
        """List these lanes; the current one is edited."""
        self.choice.set_items([(style.name, style.words, f"Shows and edits lane {style.full}.") for style in styles])
        self.choice.set_value(current)
        self.badge.set_style(next((style for style in styles if style.name == current), None))
        self.setVisible(len(styles) > 1)

    def fit(self) -> None:
        super().fit()
        self._row.setSpacing(theme.px(theme.GRID))
