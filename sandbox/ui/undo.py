"""What the user can undo: each change is a command that makes and reverts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from PySide6.QtGui import QUndoCommand

from sandbox.experiment import Edit, Experiment
from sandbox.experiment.document import texts
from sandbox.experiment.document.lanes import renamed, with_lane, without_lane
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.document.settings import SETTINGS
from sandbox.worker.commands import Command, RemoveLane, RenameLane, RestoreLane


@dataclass(frozen=True)
class Run:
    """A run and the settings that the controls showed when it was last in view.

    `has_edits` says whether it came from a file with edits, which change settings during the run.
    """

    number: int
    experiment: Experiment
    has_edits: bool = False


class Editable(Protocol):
    """What the commands change: the session."""

    experiment: Experiment
    hidden: frozenset[str]

    def apply_edit(self, edit: Edit, token: int | None = None) -> None:
        """Apply an edit that has been checked; with a token, keep what it replaces."""

    def revert_edit(self, token: int, before: Before) -> None:
        """Set back what the edits with a token replaced; `before` are the settings among it, for each lane."""

    def apply_lanes(self, experiment: Experiment, command: Command | None, hidden: frozenset[str]) -> None:
        """Replace the lanes, and send the command to the thread."""

    def current_run(self) -> Run:
        """Return the current run, to come back to later."""

    def go_to(self, run: Run) -> None:
        """Return to an earlier run, as it was left."""


Before = Sequence[tuple[str | None, Mapping[str, Any]]]
"""Settings as they were before a change: of lanes, or of all if None."""


class EditCommand(QUndoCommand):
    """An edit that takes effect while training goes on. Undoing it is another edit: training does not go back."""

    def __init__(
        self, session: Editable, edit: Edit, before: list[tuple[str | None, dict[str, Any]]], final: bool
    ) -> None:
        super().__init__(f"change of {', '.join(map(texts.setting_within, edit.changes))}")
        self.session, self.edit, self.before, self.final = session, edit, before, final

    def redo(self) -> None:
        self.session.apply_edit(self.edit)

    def undo(self) -> None:
        for lane, values in self.before:
            self.session.apply_edit(self.session.experiment.checked_edit(values, lane))

    def id(self) -> int:
        return 1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Merge the edits of one drag into one step."""
        if not isinstance(other, EditCommand) or self.final:
            return False
        older, newer = self.edit, other.edit
        if newer.changes.keys() != older.changes.keys() or newer.lane != older.lane:
            return False
        self.edit, self.final = newer, other.final
        return True


class NetworkCommand(QUndoCommand):
    """A change of the network itself, of a weight or the inputs, undone to the bit by the thread.

    What is set back is as it was before the change: training itself does not go back.
    """

    def __init__(
        self, session: Editable, edit: Edit, token: int, text: str, final: bool = True, before: Before = ()
    ) -> None:
        super().__init__(text)
        self.session, self.edit, self.token, self.final, self.before = session, edit, token, final, before

    def redo(self) -> None:
        self.session.apply_edit(self.edit, self.token)

    def undo(self) -> None:
        self.session.revert_edit(self.token, self.before)

    def id(self) -> int:
        return 3

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Merge the values of one drag, which share a token, into one step."""
        if not isinstance(other, NetworkCommand) or other.token != self.token:
            return False
        self.edit, self.final = other.edit, other.final
        return True


class PointsCommand(QUndoCommand):
    """Points that were drawn, moved or erased while training goes on; all edits of one stroke are one step."""

    def __init__(self, session: Editable, edit: Edit, before: dict[str, Any], stroke: object, name: str) -> None:
        super().__init__(name)
        self.session, self.edit, self.before, self.stroke = session, edit, before, stroke

    def redo(self) -> None:
        self.session.apply_edit(self.edit)

    def undo(self) -> None:
        self.session.apply_edit(self.session.experiment.checked_edit(self.before))

    def id(self) -> int:
        return 4

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, PointsCommand) or other.stroke is not self.stroke:
            return False
        self.edit = Edit(other.edit.update, {**self.edit.changes, **other.edit.changes})
        self.before = {**other.before, **self.before}
        return True


class NewLaneCommand(QUndoCommand):
    """A lane that was forked or added; undo removes it, redo restores it."""

    def __init__(self, session: Editable, settings: LaneEntry, command: Command, token: int, text: str) -> None:
        super().__init__(text)
        self.session, self.settings, self.token = session, settings, token
        self._command = command  # for the first redo; later ones restore the lane

    def redo(self) -> None:
        session = self.session
        session.apply_lanes(with_lane(session.experiment, self.settings), self._command, session.hidden)
        self._command = RestoreLane(self.token)

    def undo(self) -> None:
        session, name = self.session, self.settings.name
        experiment, self.settings, _ = without_lane(session.experiment, name)
        session.apply_lanes(experiment, RemoveLane(name, self.token), session.hidden)


class RemoveLaneCommand(QUndoCommand):
    """A lane that was removed; undo restores it, trained as far as the others."""

    def __init__(self, session: Editable, lane: str, token: int) -> None:
        super().__init__(f"removal of lane {lane}")
        self.session, self.lane, self.token = session, lane, token

    def redo(self) -> None:
        session = self.session
        self.hidden = session.hidden
        self.place = [lane.name for lane in session.experiment.lanes].index(self.lane)
        experiment, self.settings, _ = without_lane(session.experiment, self.lane)
        session.apply_lanes(experiment, RemoveLane(self.lane, self.token), session.hidden)

    def undo(self) -> None:
        session = self.session
        experiment = with_lane(session.experiment, self.settings, place=self.place)
        session.apply_lanes(experiment, RestoreLane(self.token), session.hidden | (self.hidden & {self.lane}))


class RenameLaneCommand(QUndoCommand):
    """A lane that was renamed."""

    def __init__(self, session: Editable, old: str, new: str) -> None:
        super().__init__(f"renaming of lane {old}")
        self.session, self.old, self.new = session, old, new

    def redo(self) -> None:
        self._rename(self.old, self.new)

    def undo(self) -> None:
        self._rename(self.new, self.old)

    def _rename(self, old: str, new: str) -> None:
        session = self.session
        hidden = frozenset(new if name == old else name for name in session.hidden)
        session.apply_lanes(renamed(session.experiment, old, new), RenameLane(old, new), hidden)


class HideLaneCommand(QUndoCommand):
    """A lane that was hidden in all views, or shown again."""

    def __init__(self, session: Editable, lane: str, hidden: bool) -> None:
        super().__init__(f"{'hiding' if hidden else 'showing'} of lane {lane}")
        self.session, self.lane, self.hidden = session, lane, hidden

    def redo(self) -> None:
        self._hide(self.hidden)

    def undo(self) -> None:
        self._hide(not self.hidden)

    def _hide(self, hidden: bool) -> None:
        session = self.session
        names = session.hidden | {self.lane} if hidden else session.hidden - {self.lane}
        session.apply_lanes(session.experiment, None, names)


_RUNS = {
    "reset": "reset", "open": "opening", "beside": "training from the start beside it",
    "points": "turning of samples into points", "canvas": "empty canvas",
}  # fmt: skip


class RunCommand(QUndoCommand):
    """A new run; undo returns to the old one as it was left."""

    def __init__(self, session: Editable, before: Run, after: Run, key: str, final: bool) -> None:
        name = texts.setting_within(key) if key in SETTINGS else _RUNS.get(key, "run")
        super().__init__(f"change of {name}" if key in SETTINGS else name)
        self.session, self.before, self.after, self.key, self.final = session, before, after, key, final
        self._is_running = True  # at the first redo, by the push, the run has already started

    def redo(self) -> None:
        if self._is_running:
            self._is_running = False
            return
        self.before = self.session.current_run()
        self.session.go_to(self.after)

    def undo(self) -> None:
        self.after = self.session.current_run()
        self.session.go_to(self.before)

    def id(self) -> int:
        return 2

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, RunCommand) or other.key != self.key or self.final:
            return False
        self.after, self.final = other.after, other.final
        return True
