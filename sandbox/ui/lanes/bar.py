"""The row that adds lanes, shows hidden ones again, and chooses what is in view."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from sandbox.ui import theme
from sandbox.ui.kit import Choice
from sandbox.ui.kit.base import StyleFollower
from sandbox.ui.lane_styles import LaneStyle
from sandbox.ui.lanes.new_lane import NewLaneButton
from sandbox.ui.session import MOST_LANES

_NEW = "Adds a lane like the one in view that differs in one thing, or a copy of it."


class LaneBar(StyleFollower, QWidget):
    """The menu for a new lane, and the controls that depend on the number of lanes and replicas.

    Signals
    -------
    shown_again(str)
        Show a hidden lane again.
    rival_chosen(str)
        Compare the lane in view with this one; "" is with none.
    replica_chosen(object)
        Index of the replica to show; None is all together.
    """

    shown_again = Signal(str)
    rival_chosen = Signal(str)
    replica_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.hidden: list[QToolButton] = []
        self._brief = False
        self.rival = Choice()
        self.rival.setAccessibleName("Boundary of each lane, or a difference")
        self.rival.setToolTip("Shows every lane, or where the lane in view and another one differ.")
        self.rival.changed.connect(lambda name, _: self.rival_chosen.emit(str(name)))
        self.rival.allow_shrinking(72)
        self.replica = Choice()
        self.replica.allow_shrinking(72)
        self.replica.setAccessibleName("Seeds in view")
        self.replica.setToolTip("Shows all seeds together, or only one of them.")
        self.replica.changed.connect(lambda number, _: self.replica_chosen.emit(number))
        self.new = NewLaneButton()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.rival, self.replica, self.new):
            self._row.addWidget(widget)
        self.rival.hide()
        self.replica.hide()
        self.follow_style()

    def show_lanes(self, all_lanes: Sequence[LaneStyle], seen: Sequence[LaneStyle], current: str, rival: str) -> None:
        """Offer the actions and comparisons for these lanes."""
        hidden_styles = [style for style in all_lanes if style not in seen]
        if [button.property("lane") for button in self.hidden] != [style.name for style in hidden_styles]:
            for button in self.hidden:
                self._row.removeWidget(button)
                button.hide()
                button.deleteLater()
            self.hidden = [self._hidden_button(style) for style in hidden_styles]
            for index, button in enumerate(self.hidden):
                self._row.insertWidget(index, button)
                button.setVisible(not self._brief)
        self.new.setEnabled(len(all_lanes) < MOST_LANES)
        self.new.setToolTip(_NEW if self.new.isEnabled() else f"There are {MOST_LANES} lanes; remove one first.")
        current_style = next((style for style in seen if style.name == current), None)
        others = [style for style in seen if style.name != current]
        items = [("", "Each lane", "Shows the boundary of every lane.")]
        if current_style is not None:
            items += [
                (
                    style.name,
                    f"{current_style.letter} against {style.letter}",
                    f"Shows where {current_style.full} and {style.full} differ.",
                )
                for style in others
            ]
        self.rival.set_items(items)
        self.rival.set_value(rival)
        self.rival.setVisible(len(seen) > 1)

    def set_brief(self, brief: bool) -> None:
        """Leave out the menu for a new lane, and the lanes that are hidden: an audience needs neither."""
        self._brief = brief
        for button in (self.new, *self.hidden):
            button.setVisible(not brief)

    def show_replicas(self, count: int, seed: int, picked: int | None) -> None:
        """Offer `count` replicas, the first with seed `seed`; hide the choice unless there are several."""
        items: list[tuple[object, str, str]] = [(None, f"All {count} seeds", "Medians, quartiles and shares of all.")]
        items += [
            (r, f"Seed {seed + r}", f"The network whose weights were drawn from seed {seed + r}.") for r in range(count)
        ]
        self.replica.set_items(items)
        self.replica.set_value(picked)
        self.replica.setVisible(count > 1)

    def _hidden_button(self, style: LaneStyle) -> QToolButton:
        button = _button(f"Show {style.letter}", f"Shows lane {style.full} again.", f"Show lane {style.letter}")
        button.setProperty("lane", style.name)
        button.clicked.connect(lambda: self.shown_again.emit(style.name))
        return button

    def fit(self) -> None:
        self._row.setSpacing(theme.px(theme.HALF))


def _button(text: str, tip: str, name: str = "") -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setProperty("role", "more")
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setToolTip(tip)
    button.setAccessibleName(name or text)
    return button
