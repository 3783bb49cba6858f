"""Lets the code of a step and the equations light up together."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject

from sandbox.experiment.lens.equations import setup_of
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.lessons.listing import COST, Listing, Quantity
from sandbox.lessons.meaning import is_learned_with, parts
from sandbox.notation.agreement import changed
from sandbox.notation.equations import EquationSetup, decided_arrays, equations
from sandbox.ui.lessons.listing import Network
from sandbox.ui.lessons.places import Stage, lens_named
from sandbox.ui.lessons.text import StepText

if TYPE_CHECKING:
    from sandbox.ui.lens.equations import EquationsLens

LENS = "equations"  # what a step points at for its code to light up with it


class CodeBeside(QObject):
    """Passes what is pointed at in the code to the equations, and back, and says where the two part.

    The code is that of a lane as the step begins. What is compared later are two states of the network, never the
    code itself: so it is said for sure which of its lines compute what is computed otherwise now.
    """

    def __init__(self, stage: Stage, text: StepText, parent: QObject) -> None:
        super().__init__(parent)
        self._stage, self._text = stage, text
        self._lane = ""  # the lane whose code it is
        self._own: EquationSetup | None = None  # what that was when the step began
        self._seen: tuple[object, ...] = ()
        text.listed.connect(self._connect_code)

    @property
    def _lens(self) -> EquationsLens | None:
        return cast("EquationsLens | None", lens_named(self._stage, LENS))

    def follow_views(self) -> None:
        """Follow the equations, which are loaded after the window is on screen."""
        lens = self._lens
        if lens is not None:
            lens.lit.connect(self._light_code)
            lens.answered.connect(self._show_shape)

    def _connect_code(self) -> None:
        """Follow other code; nothing of the code before is pointed at any more."""
        self._seen = ()
        self._point(None)
        for box in self._text.boxes:
            box.view.pointed.connect(self._point)
            box.view.chosen.connect(self._pin)
            box.view.dismissed.connect(self._let_go)
        self.follow(self._stage.session.snapshot)

    def begin(self, lane: str) -> None:
        """Take a lane as it is now for the one whose code it is; nothing of another step is kept."""
        self._let_go()
        self._lane, self._own, self._seen = lane, None, ()
        self.follow(self._stage.session.snapshot)

    def follow(self, snapshot: Snapshot | None) -> None:
        """Follow the network of the lane in view."""
        if snapshot is None or not self._text.boxes:
            return
        lane = self._stage.desk.viewed
        state = snapshot.lane(lane)
        seen = (snapshot.experiment, lane, None if state is None else (state.objective, state.output))
        if seen == self._seen:
            return
        setup = setup_of(snapshot, lane)
        if setup is None:
            return
        self._seen = seen
        self._own = self._own or setup_of(snapshot, self._lane)
        for box in self._text.boxes:
            box.show_network(self._network(setup, lane, box.view.listing))

    def _network(self, setup: EquationSetup, lane: str, listing: Listing) -> Network:
        decided, own = decided_arrays(equations(setup)), self._own or setup
        names = {f"{name}{layer}": (name, layer) for name, layer in listing.computes if (name, layer) != COST}
        other = frozenset(names[name] for name in changed(own, setup, names)) if setup != own else frozenset()
        costs = {n: is_learned_with(listing, n, setup) for n, line in enumerate(listing.lines) if COST in line.computes}
        learned = frozenset(number for number, is_it in costs.items() if is_it)
        printed = frozenset(number for number, is_it in costs.items() if is_it is False)
        within = {
            number: found
            for number, line in enumerate(listing.lines)
            if not line.computes & other and (number in learned or number not in costs)
            if (found := parts(listing, number, setup))
        }
        why = "" if setup == own else self._why(setup, own, lane)
        return Network(setup.layers, decided, other, why, learned, printed, within)

    def _why(self, setup: EquationSetup, own: EquationSetup, lane: str) -> str:
        """Return why lines would have to change."""
        if setup.kind is own.kind:
            return f"{lane} is not the network of this code"
        now = "now " if lane == self._lane else ""
        return f"{lane} {now}learns with {setup.kind.label_within()}"

    def _point(self, quantity: Quantity | None, within: frozenset[Quantity] = frozenset()) -> None:
        if self._lens is not None:
            self._lens.point_at(quantity, within)

    def _let_go(self) -> None:
        if self._lens is not None:
            self._lens.unpin()

    def _pin(self, quantity: Quantity) -> None:
        if self._lens is not None:
            self._lens.pin(quantity)

    def _light_code(self, quantity: Quantity | None, alike: frozenset[Quantity]) -> None:
        for box in self._text.boxes:
            box.light(quantity, alike)

    def _show_shape(self) -> None:
        lens = self._lens
        if lens is not None and lens.panel.shown is not None:
            shown = lens.panel.shown
            for box in self._text.boxes:
                box.show_shape((shown.name, shown.layer), lens.panel.shape)
