"""The session: what the window edits and watches, without a widget.

It holds the settings that the controls show, hands commands to the thread that trains, takes its snapshots, and
remembers every change, so that each can be undone.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QUndoCommand, QUndoStack

from sandbox.data import DATASETS
from sandbox.errors import InputError
from sandbox.experiment import Edit, Experiment
from sandbox.experiment.settings import SETTINGS
from sandbox.experiment.snapshot import Snapshot, Wanted
from sandbox.worker import TrainerThread
from sandbox.worker.commands import (
    Change, Command, Pause, Play, Refresh, Return, Start, Step, Train,
)  # fmt: skip

_AFTER_PAINTING = Qt.EventPriority.LowEventPriority.value - 1

# A new data set brings its own of all that was chosen for the old one.
_OWN_TO_DATA = ("samples", "noise", "fraction", "classes", "features", "target", "seed", "task")


@dataclasses.dataclass(frozen=True)
class Run:
    """A run and the settings that the controls showed in it when it was last in view."""

    number: int
    experiment: Experiment


class Session(QObject):
    """One experiment in the window.

    Signals
    -------
    shown(Snapshot)
        To be drawn; the thread waits until it has been painted too.
    settings_changed()
        `experiment` is not what the controls show.
    playing_changed(bool)
    said(str, bool)
        A sentence for the person, and whether it is about something refused or broken.
    """

    _PAINTED = QEvent.Type(QEvent.registerEventType())

    shown = Signal(object)
    settings_changed = Signal()
    playing_changed = Signal(bool)
    said = Signal(str, bool)

    def __init__(self, experiment: Experiment, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.experiment = dataclasses.replace(experiment, edits=())
        self.snapshot: Snapshot | None = None
        self.playing = False
        self.undo_stack = QUndoStack(self)
        self._file = experiment
        self._run = Run(-1, self.experiment)
        self._before = self.experiment  # what the controls showed when the last run was accepted or edited
        self._outstanding: tuple[Run, str, bool] | None = None  # begun, not yet accepted: run, key, final
        self._next: tuple[Experiment, str, bool] | None = None  # to be begun after that
        self._numbers = iter(range(1_000_000_000))
        self._marks = 0
        self._started = 0.0
        self.thread_ = TrainerThread(self)
        self.thread_.playing_changed.connect(self._set_playing)
        self.thread_.rejected.connect(self._rejected)
        self.thread_.failed.connect(self._failed)

    # Life

    def start(self) -> None:
        """Start the thread and the first run."""
        self.thread_.start()
        self._begin(self._file, "", True)

    def close(self) -> None:
        """End the thread; nothing is drawn from here on."""
        self.thread_.close()

    # Training

    def send(self, command: Command) -> None:
        """Hand a command to the thread."""
        self.thread_.send(command)

    def toggle(self) -> None:
        """Play or pause."""
        self.send(Pause() if self.playing else Play())

    def step(self, epoch: bool = False) -> None:
        """Train one update, or to the end of the epoch."""
        self.send(Step(epoch))

    def train(self, epochs: int) -> None:
        """Train until so many epochs are done in all, then pause."""
        self.send(Train(epochs))

    def reset(self) -> None:
        """Begin anew with the settings as they are, from the same initial weights."""
        self._begin(self.experiment, "reset", True)

    def new_weights(self) -> None:
        """Begin anew from other initial weights."""
        seed = random.SystemRandom().randrange(100_000)
        self.change("network.seed", seed, True)

    def want(self, wanted: Wanted) -> None:
        """Say what the next snapshots are to hold."""
        self.thread_.want(wanted)

    def refresh(self) -> None:
        """Ask for a snapshot where none comes by itself."""
        if not self.playing:
            self.send(Refresh())

    # Settings

    def change(self, key: str, value: object, final: bool, lane: str | None = None) -> None:
        """Change one setting, between two updates where that can be, else by beginning a new run.

        What is not allowed is said, and changes nothing.
        """
        changes: dict[str, Any] = {key: value}
        setting = SETTINGS[key]
        lane = lane if len(self.experiment.lanes) > 1 and setting.per_lane else None
        try:
            if key == "network.seed" and self.experiment.network.weights is not None:
                changes["network.weights"] = None
            if key == "network.hidden":
                changes |= self._fitting_activation(value, lane)
            if not setting.live:
                self._begin(self._with_data(changes) if key == "data.dataset" else self._with(changes, lane), key, final)
                return
            changed = self._edited(changes, lane)
        except InputError as error:
            self.said.emit(str(error), True)
            self.settings_changed.emit()
            return
        old = {name: self.experiment.get(name, lane or self.experiment.lanes[0].name) for name in changes}
        if changed != self.experiment:
            self.undo_stack.push(_EditCommand(self, changes, old, lane, final))
        elif final:
            self._close_drag()

    def _with(self, changes: Mapping[str, Any], lane: str | None) -> Experiment:
        return self.experiment.with_values(changes, lane)

    def _edited(self, changes: Mapping[str, Any], lane: str | None) -> Experiment:
        return self.experiment.with_edit(Edit(0, changes, lane)).effective()

    def _fitting_activation(self, hidden: object, lane: str | None) -> dict[str, Any]:
        """A list of activations grows and shrinks with the layers it belongs to."""
        names = self.experiment.get("network.activation", lane or self.experiment.lanes[0].name)
        if isinstance(names, str) or not isinstance(hidden, tuple) or not isinstance(names, tuple):
            return {}
        fill = names[-1] if names else "tanh"
        return {"network.activation": (names + (fill,) * len(hidden))[: len(hidden)]}

    def _with_data(self, changes: Mapping[str, Any]) -> Experiment:
        """Other data bring all that is their own; another task lets output and objective follow it."""
        taken_back = {f"data.{name}": None for name in _OWN_TO_DATA}
        experiment = self.experiment.with_values({**taken_back, "data.file": None, **changes})
        new = DATASETS[str(changes["data.dataset"])].task
        if self.snapshot is None or new != self.snapshot.data.task:
            experiment = experiment.with_values({"network.output": "auto", "loss.objective": "auto"})
        return experiment

    def apply_edit(self, changes: Mapping[str, Any], lane: str | None) -> None:
        """Let an edit take effect; called by the undo stack."""
        self._before = self.experiment = self._edited(changes, lane)
        self.send(Change(changes, lane))
        self.settings_changed.emit()

    # Files

    def open_experiment(self, path: Path) -> None:
        """Begin the experiment of a file."""
        try:
            self._begin(Experiment.load(path), "open", True)
        except InputError as error:
            self.said.emit(str(error), True)

    def open_table(self, path: Path) -> None:
        """Begin a run on a person's own CSV file."""
        taken_back = {f"data.{name}": None for name in _OWN_TO_DATA}
        auto = {"network.output": "auto", "loss.objective": "auto"}
        try:
            self._begin(self.experiment.with_values({**taken_back, **auto, "data.file": str(path)}), "open", True)
        except InputError as error:
            self.said.emit(str(error), True)

    def save_experiment(self, path: Path) -> None:
        """Write the experiment with the edits made while training, so that it can be replayed."""
        experiment = self.experiment if self.snapshot is None else self.snapshot.experiment
        try:
            experiment.save(path)
        except (InputError, OSError) as error:
            self.said.emit(f"{path.name} could not be written: {error}", True)
        else:
            self.said.emit(f"Saved as {path.name}: the whole run can be replayed from it.", False)

    # Runs

    def _begin(self, experiment: Experiment, key: str, final: bool) -> None:
        """Begin a run; while one is on its way, the newest wish waits and the ones between are skipped."""
        self.experiment = dataclasses.replace(experiment, edits=())
        self.settings_changed.emit()
        if self._outstanding is not None:
            self._next = (experiment, key, final)
            return
        run = Run(next(self._numbers), self.experiment)
        self._outstanding = (run, key, final)
        self.send(Start(run.number, experiment))

    def _accepted(self) -> None:
        assert self._outstanding is not None
        run, key, final = self._outstanding
        before = dataclasses.replace(self._run, experiment=self._before)
        self._run, self._outstanding = run, None
        self._before = run.experiment
        if before.number >= 0:
            self.undo_stack.push(_RunCommand(self, before, run, key, final))
        self._begin_next()

    def _begin_next(self) -> None:
        if self._next is not None:
            waiting, self._next = self._next, None
            self._begin(*waiting)

    @Slot(int, str)
    def _rejected(self, number: int, reason: str) -> None:
        self._outstanding = None
        self.said.emit(reason, True)
        if self._next is not None:
            self._begin_next()
        else:
            self.experiment = self._before
            self.settings_changed.emit()

    def go_to(self, run: Run) -> None:
        """Go back to a run as it was left; called by the undo stack."""
        self._run = run
        self._before = self.experiment = run.experiment
        self._outstanding = self._next = None
        self._marks = 0
        self.send(Return(run.number, run.experiment))
        self.settings_changed.emit()

    def leave(self) -> Run:
        """Return the present run, to come back to."""
        return dataclasses.replace(self._run, experiment=self.experiment)

    def _close_drag(self) -> None:
        """A drag that ends where it was last counts as ended."""
        index = self.undo_stack.index()
        command = self.undo_stack.command(index - 1) if index else None
        if isinstance(command, (_EditCommand, _RunCommand)):
            command.final = True

    # From the thread

    def event(self, event: QEvent) -> bool:
        if event.type() == TrainerThread.SNAPSHOT:
            self._show_newest()
            return True
        if event.type() == self._PAINTED:
            self.thread_.painted(perf_counter() - self._started)
            return True
        return super().event(event)

    def _show_newest(self) -> None:
        self._started = perf_counter()
        snapshot = self.thread_.take()
        if snapshot is None:
            return
        try:
            if self._outstanding is not None and snapshot.run == self._outstanding[0].number:
                self._accepted()
            if snapshot.run == self._run.number:
                self.snapshot = snapshot
                self._follow_edits_of_file(snapshot)
                self.shown.emit(snapshot)
        finally:
            # Qt paints at a lower priority than it does all else; this comes when that has been done.
            QCoreApplication.postEvent(self, QEvent(self._PAINTED), _AFTER_PAINTING)

    def _follow_edits_of_file(self, snapshot: Snapshot) -> None:
        """Show in the controls what the edits of an opened file have changed by now."""
        if self._file.edits and len(snapshot.marks) != self._marks:
            self._marks = len(snapshot.marks)
            settings = snapshot.experiment.effective(snapshot.update)
            if settings != self.experiment:
                self._before = self.experiment = settings
                self.settings_changed.emit()

    @Slot(bool)
    def _set_playing(self, playing: bool) -> None:
        self.playing = playing
        self.playing_changed.emit(playing)

    @Slot(str)
    def _failed(self, reason: str) -> None:
        self.said.emit(reason, True)


class _EditCommand(QUndoCommand):
    """An edit that takes effect while training goes on. Undoing it is another edit: time does not run back."""

    def __init__(
        self, session: Session, new: Mapping[str, Any], old: Mapping[str, Any], lane: str | None, final: bool
    ) -> None:
        super().__init__(f"change of {', '.join(SETTINGS[key].label.lower() for key in new)}")
        self.session, self.new, self.old, self.lane, self.final = session, dict(new), dict(old), lane, final

    def redo(self) -> None:
        self.session.apply_edit(self.new, self.lane)

    def undo(self) -> None:
        self.session.apply_edit(self.old, self.lane)

    def id(self) -> int:
        return 1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """One drag is one step."""
        same = isinstance(other, _EditCommand) and other.new.keys() == self.new.keys() and other.lane == self.lane
        if not same or self.final:
            return False
        self.new, self.final = other.new, other.final  # type: ignore[attr-defined]
        return True


class _RunCommand(QUndoCommand):
    """A new run; undoing it brings back the old one as it was left."""

    def __init__(self, session: Session, before: Run, after: Run, key: str, final: bool) -> None:
        what = SETTINGS[key].label.lower() if key in SETTINGS else {"reset": "reset", "open": "file"}.get(key, "run")
        super().__init__(f"change of {what}" if key in SETTINGS else what)
        self.session, self.before, self.after, self.key, self.final = session, before, after, key, final
        self._begun = True  # the first redo, by the push, finds the run begun already

    def redo(self) -> None:
        if self._begun:
            self._begun = False
            return
        self.before = self.session.leave()
        self.session.go_to(self.after)

    def undo(self) -> None:
        self.after = self.session.leave()
        self.session.go_to(self.before)

    def id(self) -> int:
        return 2

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _RunCommand) or other.key != self.key or self.final:
            return False
        self.after, self.final = other.after, other.final
        return True
