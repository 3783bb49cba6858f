"""The row that adds lanes, brings hidden ones back, and says what of them is to be seen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from sandbox.ui import theme
from sandbox.ui.kit import Choice
from sandbox.ui.kit.base import StyleFollower
from sandbox.ui.lane_styles import LaneStyle
from sandbox.ui.session import MOST_LANES

_FORK = "Copies the lane in view as it is now: weights, optimiser and history."
_ADD = "Adds a lane like the one in view, from the initial weights, trained as far as the others."


class LaneBar(StyleFollower, QWidget):
    """Fork, Add lane, and what depends on how many lanes and networks there are.

    Signals
    -------
    fork_requested(), add_requested()
    shown_again(str)
        A hidden lane is to be seen again.
    rival_chosen(str)
        The lane in view is to be compared with this one; "" is with none.
    replica_chosen(object)
        The number of a network to be picked out; None is all together.
    """

    fork_requested = Signal()
    add_requested = Signal()
    shown_again = Signal(str)
    rival_chosen = Signal(str)
    replica_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.hidden: list[QToolButton] = []
        self.rival = Choice()
        self.rival.setAccessibleName("Boundary of each lane, or a difference")
        self.rival.setToolTip("Shows every lane, or where the lane that is edited and another one are at odds.")
        self.rival.changed.connect(lambda name, _: self.rival_chosen.emit(str(name)))
        self.rival.give_way(72)
        self.replica = Choice()
        self.replica.give_way(72)
        self.replica.setAccessibleName("Seeds in view")
        self.replica.setToolTip("Shows what all seeds do together, or picks one of them out.")
        self.replica.changed.connect(lambda number, _: self.replica_chosen.emit(number))
        self.fork, self.add = _button("Fork", _FORK, "Fork lane"), _button("Add lane", _ADD)
        self.fork.clicked.connect(self.fork_requested)
        self.add.clicked.connect(self.add_requested)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.rival, self.replica, self.fork, self.add):
            self._row.addWidget(widget)
        self.rival.hide()
        self.replica.hide()
        self.follow_style()

    def show_lanes(self, all_lanes: Sequence[LaneStyle], seen: Sequence[LaneStyle], current: str, rival: str) -> None:
        """Offer what there is to be done with these lanes."""
        out = [style for style in all_lanes if style not in seen]
        if [button.property("lane") for button in self.hidden] != [style.name for style in out]:
            for button in self.hidden:
                self._row.removeWidget(button)
                button.hide()
                button.deleteLater()
            self.hidden = [self._hidden_button(style) for style in out]
            for place, button in enumerate(self.hidden):
                self._row.insertWidget(place, button)
        for button, tip in ((self.fork, _FORK), (self.add, _ADD)):
            button.setEnabled(len(all_lanes) < MOST_LANES)
            button.setToolTip(tip if button.isEnabled() else f"There are {MOST_LANES} lanes; remove one first.")
        mine = next((style for style in seen if style.name == current), None)
        others = [style for style in seen if style.name != current]
        items = [("", "Each lane", "Shows the boundary of every lane.")]
        if mine is not None:
            items += [
                (
                    style.name,
                    f"{mine.letter} against {style.letter}",
                    f"Shows where {mine.full} and {style.full} are at odds.",
                )
                for style in others
            ]
        self.rival.set_items(items)
        self.rival.set_value(rival)
        self.rival.setVisible(len(seen) > 1)

    def show_replicas(self, count: int, seed: int, picked: int | None) -> None:
        """Offer so many networks, the first from this seed; 0 is nothing to offer."""
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
