"""Which lanes are in view, which one is edited, and the actions on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from sandbox import words
from sandbox.errors import InputError
from sandbox.experiment.document import texts
from sandbox.experiment.document.lanes import PER_LANE, renamed, shared_differences
from sandbox.ui.lane_styles import LaneStyle, lane_styles
from sandbox.ui.lanes.new_lane import Choice, new_lane_choices
from sandbox.ui.session import Session

if TYPE_CHECKING:
    from sandbox.experiment.results.sweep import Cell


class LaneDesk(QObject):
    """The lanes of a session as the user sees them.

    Attributes
    ----------
    viewed : str
        The lane whose readouts, settings and lenses are shown.
    rival : str
        The lane that it is compared with; "" for none.
    replica : int, optional
        Index of the replica that is picked; None is all of them.
    edits_all : bool
        Whether a change is made in all lanes.

    Signals
    -------
    changed()
        Something else is in view, or is edited.
    message(str, bool)
        A sentence for the user, and whether it says that something was refused.
    rename_refused(str, str)
        A lane, and the name that it cannot have.
    """

    changed = Signal()
    message = Signal(str, bool)
    rename_refused = Signal(str, str)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.viewed = session.experiment.lanes[0].name
        self.rival = ""
        self.replica: int | None = None
        self.edits_all = False

    # What is in view

    @property
    def styles(self) -> tuple[LaneStyle, ...]:
        """Letter, colour and words of every lane."""
        snapshot = self._session.snapshot
        return lane_styles(self._session.experiment, None if snapshot is None else snapshot.data.task)

    @property
    def seen(self) -> tuple[LaneStyle, ...]:
        """The lanes that are not hidden, and the one in view."""
        hidden = self._session.hidden
        return tuple(style for style in self.styles if style.name not in hidden or style.name == self.viewed)

    @property
    def several(self) -> bool:
        """Whether there is more than one lane."""
        return len(self._session.experiment.lanes) > 1

    @property
    def replicas(self) -> int:
        """How many networks each lane trains."""
        return self._session.experiment.run.replicas

    @property
    def seed(self) -> int:
        """The seed of the first replica of the lane in view."""
        return int(self._session.experiment.lane(self.viewed).network.seed)

    @property
    def picked_seed(self) -> int | None:
        """The seed of the replica that the lenses show; None if there is only one."""
        return self.seed + (self.replica or 0) if self.replicas > 1 else None

    @property
    def edited(self) -> str | None:
        """The lane that a change is for; None is all of them."""
        return None if self.edits_all else self.viewed

    def style(self, name: str) -> LaneStyle | None:
        """Return how a lane looks; None if there is no such lane."""
        return next((style for style in self.styles if style.name == name), None)

    def letter(self, name: str) -> str:
        """Return a lane's letter; its name if there is no such lane."""
        style = self.style(name)
        return name if style is None else style.letter

    def settle(self) -> None:
        """Change what is in view, if lanes or replicas are hidden or no longer exist."""
        names, hidden = [lane.name for lane in self._session.experiment.lanes], self._session.hidden
        visible = [name for name in names if name not in hidden]
        if self.viewed not in names:
            self.viewed = names[0]
        if self.viewed in hidden and visible:
            self.viewed = visible[0]
        if self.rival == self.viewed or self.rival not in visible:
            self.rival = ""
        if self.replica is not None and self.replica >= self.replicas:
            self.replica = None

    # Actions

    def view(self, name: str) -> None:
        """Show another lane's readouts, settings and lenses."""
        if name != self.viewed:
            self.viewed = name
            self.changed.emit()

    def view_next(self, by: int) -> None:
        """View the lane `by` places further on among those that are seen, and after the last the first."""
        names = [style.name for style in self.seen]
        self.view(names[(names.index(self.viewed) + by) % len(names)])

    def begin_afresh(self) -> None:
        """View the first lane by itself, and all its networks; a change is for it alone."""
        self.viewed, self.rival, self.replica, self.edits_all = self._session.experiment.lanes[0].name, "", None, False
        self.changed.emit()

    def compare(self, rival: str) -> None:
        """Compare the lane in view with another; "" with none."""
        self.rival = rival
        self.changed.emit()

    def pick_replica(self, replica: int | None) -> None:
        """Show one replica; None is all of them."""
        self.replica = replica
        self.changed.emit()

    def edit_all(self, everyone: bool) -> None:
        """Make changes in all lanes, or in the one in view."""
        self.edits_all = everyone

    def fork(self, lane: str) -> None:
        """Copy a lane as it is now, and view the copy."""
        self._view_new(lambda: self._session.fork_lane(lane))

    def new_lane_choices(self) -> tuple[str, list[Choice]]:
        """Return how the lane in view is called in a menu, and the lanes that can be added like it."""
        snapshot, style = self._session.snapshot, self.style(self.viewed)
        task = None if snapshot is None else snapshot.data.task
        like = self.viewed if style is None else style.full if self.several else words.within(style.words)
        return like, new_lane_choices(self._session.experiment, self.viewed, task)

    def add(self, changes: Mapping[str, Any]) -> None:
        """Add a lane like the one in view but for some changes, and view it."""
        self._view_new(lambda: self._session.add_lane(self.viewed, changes))

    def train_beside(self) -> None:
        """Train the loss of the lane in view from the start, beside the loss it began with, and view the difference."""
        viewed = self.viewed
        name = self._session.train_beside(viewed)
        if name is not None:
            self.edits_all = False
            self.viewed, self.rival = name, viewed
            self.changed.emit()

    def act(self, lane: str, action: str) -> None:
        """Hide or remove a lane."""
        acts: dict[str, Callable[[], None]] = {
            "hide": lambda: self._session.hide_lane(lane),
            "remove": lambda: self._session.remove_lane(lane),
        }
        acts[action]()

    def rename(self, lane: str, text: str) -> None:
        """Name a lane by its letter and the typed text; by its letter alone if the text is empty."""
        letter = self.letter(lane)
        new = f"{letter} {text}" if text else letter
        viewed = self.viewed == lane
        try:
            renamed(self._session.experiment, lane, new)
        except InputError as error:
            forbidden = [c for c in dict.fromkeys(text) if not (c.isalpha() or c.isdecimal() or c in " -_")]
            allowed = "A lane's name may contain letters, digits, inner spaces, - and _"
            self.message.emit(f"{allowed}, but not {' '.join(forbidden)}" if forbidden else str(error), True)
            self.rename_refused.emit(lane, text)
            return
        self._session.rename_lane(lane, new)
        if viewed and self.style(new) is not None:
            self.view(new)

    def open_cell(self, cell: Cell, lane: str) -> None:
        """Open a cell of a sweep: as a lane if it differs in nothing that lanes share, else as a separate run."""
        session = self._session
        shared = shared_differences(session.experiment, cell.experiment)
        if shared:
            session.open_cell(cell.experiment)
            differ = ", ".join(map(texts.setting_within, shared))
            sentence = f"All lanes share {differ}: the cell is opened as a separate run, which can be undone."
            self.message.emit(sentence, False)
            return
        cell_values = {key: cell.experiment.get(key, lane or cell.experiment.lanes[0].name) for key in PER_LANE}
        changes = {key: value for key, value in cell_values.items() if value is not None}
        added = self._view_new(lambda: session.add_lane(self.viewed, changes))
        if added and cell.experiment.run.replicas != self.replicas:
            cell_seeds, lane_seeds = (
                words.count(number, "seed") for number in (cell.experiment.run.replicas, self.replicas)
            )
            self.message.emit(
                f"The new lane has {lane_seeds}, like all lanes here; the cell was trained with {cell_seeds}.", False
            )

    def _view_new(self, make: Callable[[], None]) -> bool:
        """Add a lane, view it and make further changes in it; return whether one was added."""
        before = len(self._session.experiment.lanes)
        make()
        lanes = self._session.experiment.lanes
        if len(lanes) <= before:
            return False
        self.edits_all = False
        self.viewed = lanes[-1].name
        self.changed.emit()
        return True
