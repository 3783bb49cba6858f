"""What the picture of the network has to do with the rest of the window."""

from __future__ import annotations

from PySide6.QtCore import QObject

from sandbox.experiment.training.snapshot import Snapshot
from sandbox.ui.lanes.desk import LaneDesk
from sandbox.ui.lanes.grid import LaneGrid
from sandbox.ui.network.card import NetworkCard
from sandbox.ui.network.view import Plane
from sandbox.ui.session import Session
from sandbox.ui.theme import Theme
from sandbox.ui.views.unit_overlay import LargeUnit

UNITS = 4  # of the first layer that is added to a network without any


class NetworkDesk(QObject):
    """The card of the network, and what becomes of what a person does in it.

    Attributes
    ----------
    card : NetworkCard
    view : NetworkView
    """

    def __init__(self, session: Session, desk: LaneDesk, boundary: LaneGrid, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._desk, self._boundary = session, desk, boundary
        self.card = NetworkCard(self._plane, self._lane_beside)
        self.view = view = self.card.view
        view.weight_changed.connect(self._change_weight)
        view.unit_added.connect(lambda layer: session.add_unit(layer, desk.viewed))
        view.unit_removed.connect(lambda layer, unit: session.remove_unit(layer, unit, desk.viewed))
        view.unit_frozen.connect(lambda layer, unit, on: session.freeze(layer, unit, on, desk.viewed))
        view.input_switched.connect(session.switch_input)
        view.layer_added.connect(self._add_layer)
        view.following_began.connect(self._pause)
        view.step_requested.connect(session.step)
        view.unit_shown.connect(self._show_unit)
        view.refused.connect(lambda sentence: session.message.emit(sentence, True))

    def _plane(self, lane: str) -> Plane | None:
        """Return the inputs that the boundary of a lane shows."""
        view = self._boundary.current
        whole = view.request(lane)
        return None if view.slice is None or whole is None else Plane(view.slice, whole)

    def set_theme(self, colours: Theme, scale: float = 1.0) -> None:
        """Apply a theme."""
        self.view.set_theme(colours, scale)

    def follow(self) -> None:
        """Say which network is shown if there are several."""
        seed = self._desk.picked_seed
        lane = f"lane {self._desk.letter(self._desk.viewed)}" if self._desk.several else ""
        self.card.set_subtitle(" \u00b7 ".join(filter(None, (lane, "" if seed is None else f"seed {seed}"))))

    def draw(self, snapshot: Snapshot, lane: str) -> None:
        """Show a snapshot, if the picture can be seen."""
        if self.view.is_asking:
            offered = self._session.offered_inputs()
            self.view.canvas.set_others(tuple(name for name in offered if name not in snapshot.data.feature_names))
            self.view.draw(snapshot, lane)

    def _show_unit(self, unit: LargeUnit | None) -> None:
        for frame in self._boundary.frames:
            if frame.view is not self._boundary.current:
                frame.view.show_unit(None)
        self._boundary.current.show_unit(unit)

    def _lane_beside(self) -> str:
        """Return the lane that an update is compared with: the rival, else the next one that is seen; "" for none."""
        viewed = self._desk.viewed
        others = [style.name for style in self._desk.seen if style.name != viewed]
        return self._desk.rival or next(iter(others), "")

    def _pause(self) -> None:
        if self._session.playing:
            self._session.toggle()

    # Changes

    def _change_weight(self, name: str, value: float, final: bool) -> None:
        self._session.change_weight(name, value, final, self._desk.viewed, self._desk.replica)

    def _add_layer(self, layer: int) -> None:
        """Add a layer with as many units as the one before it, or as the one after."""
        hidden = self._session.experiment.lane(self._desk.viewed).network.hidden
        units = hidden[layer - 2] if layer > 1 else hidden[0] if hidden else UNITS
        self._session.add_layer(layer, units, self._desk.viewed)
