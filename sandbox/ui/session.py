"""The session: what the window edits and watches, without a widget.

It holds the settings that the controls show, hands commands to the thread that trains, takes its snapshots, and
remembers every change, so that each can be undone.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QUndoCommand, QUndoStack

from sandbox.data import DATASETS
from sandbox.errors import InputError, fail
from sandbox.experiment import Edit, Experiment
from sandbox.experiment.document import texts
from sandbox.experiment.document.defaults import objective_for
from sandbox.experiment.document.frozen import FrozenMapping
from sandbox.experiment.document.lanes import free_name, renamed, with_lane, without_lane
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.document.rules import lane_index
from sandbox.experiment.document.settings import SETTINGS
from sandbox.experiment.training.snapshot import Snapshot, Wanted
from sandbox.ui.collecting import Collector
from sandbox.ui.lane_styles import MOST_LANES
from sandbox.worker import TrainerThread
from sandbox.worker.commands import (
    AddLane,
    ApplyEdit,
    Command,
    ForkLane,
    Refresh,
    RemoveLane,
    RenameLane,
    RestoreLane,
    Return,
    Start,
    Step,
    TogglePlay,
    Train,
)

_AFTER_PAINTING = Qt.EventPriority.LowEventPriority.value - 1

# A new data set brings its own of all that was chosen for the old one.
_OWN_TO_DATA = {
    f"data.{name}": SETTINGS[f"data.{name}"].default
    for name in ("samples", "noise", "fraction", "classes", "features", "target", "seed", "task")
}


@dataclasses.dataclass(frozen=True)
class Run:
    """A run and the settings that the controls showed in it when it was last in view.

    `has_edits` says whether it came from a file with edits, which change settings while it goes on.
    """

    number: int
    experiment: Experiment
    has_edits: bool = False


@dataclasses.dataclass(frozen=True)
class _Begun:
    """A run that the thread was asked for and has not accepted yet; `undoable` says whether it is a new one."""

    run: Run
    key: str
    final: bool
    undoable: bool


@dataclasses.dataclass(frozen=True)
class _Wish:
    """What was asked for meanwhile; a wish takes the place of the one before it where both have the same `of`."""

    of: object
    act: Callable[[], None]


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
        self.experiment = _without_edits(experiment)
        self.hidden: frozenset[str] = frozenset()  # lanes that are not to be seen
        self.snapshot: Snapshot | None = None
        self.playing = False
        self.undo_stack = QUndoStack(self)
        self.opened_with = experiment
        self._run = Run(-1, self.experiment)
        self._settled = self.experiment  # the settings of the run in view; `experiment` may be ahead of them
        self._begun: _Begun | None = None
        self._wishes: list[_Wish] = []
        self._numbers = iter(range(1_000_000_000))
        self._tokens = iter(range(1_000_000_000))
        self._marks = 0
        self._started = 0.0
        self._collector = Collector(self)
        self.thread_ = TrainerThread(self)
        self.thread_.playing_changed.connect(self._set_playing)
        self.thread_.rejected.connect(self._rejected)
        self.thread_.refused.connect(self._refused)
        self.thread_.failed.connect(self._failed)

    # Life

    def start(self) -> None:
        """Start the thread and the first run."""
        self._collector.start()
        self.thread_.start()
        self._begin(self.opened_with, "", True)

    def close(self) -> None:
        """End the thread; nothing is drawn from here on."""
        self.thread_.close()
        self._collector.stop()

    # Training

    def send(self, command: Command) -> None:
        """Hand a command to the thread."""
        self.thread_.send(command)

    def toggle(self) -> None:
        """Play or pause."""
        self.send(TogglePlay())

    def step(self, epoch: bool = False) -> None:
        """Train one update, or to the end of the epoch."""
        self.send(Step(epoch))

    def train(self, epochs: int) -> None:
        """Train until so many epochs are done in all, then pause."""
        self.send(Train(epochs))

    def reset(self) -> None:
        """Begin anew with the settings as they are, from the same initial weights."""
        if self._begun is not None:
            self._wish("reset", self.reset)
            return
        self._begin(self.experiment, "reset", True)

    def new_weights(self) -> None:
        """Begin anew from other initial weights."""
        seed = random.SystemRandom().randrange(100_000)
        self.change("network.seed", seed + (seed == self.experiment.network.seed), True)

    def undo(self) -> None:
        """Take the last change back."""
        if self._begun is not None:
            self._wish(object(), self.undo)
            return
        self.undo_stack.undo()

    def redo(self) -> None:
        """Make the change that was taken back last."""
        if self._begun is not None:
            self._wish(object(), self.redo)
            return
        self.undo_stack.redo()

    def want(self, wanted: Wanted) -> None:
        """Say what the next snapshots are to hold."""
        self.thread_.want(wanted)

    def refresh(self) -> None:
        """Ask for a snapshot, at once where none comes by itself."""
        self.send(Refresh())

    # Settings

    def change(self, key: str, value: object, final: bool, lane: str | None = None) -> None:
        """Change one setting, between two updates where that can be, else by beginning a new run.

        What is not allowed is said, and changes nothing.
        """
        live = SETTINGS[key].live
        lane = lane if len(self.experiment.lanes) > 1 and SETTINGS[key].per_lane else None
        if lane is not None and lane not in self._lane_names():
            return  # taken out before its turn came
        of = self._lane_names() if lane is None else [lane]
        if self._begun is None and all(value == self.experiment.get(key, name) for name in of):
            if final:
                self._close_drag()
            return
        try:
            changes = self._changes(key, value, lane)
            if live:
                edit = self._checked(changes, lane)
                changed = self.experiment.changed_by(edit)
            else:
                changed = self._with_data(changes) if key == "data.dataset" else self._with(changes, lane)
        except InputError as error:
            self.said.emit(str(error), True)
            self.settings_changed.emit()
            return
        if self._begun is not None:
            self.experiment = changed
            drag = object() if live and final else (key, lane)
            self._wish(drag, lambda: self.change(key, value, final, lane))
            self.settings_changed.emit()
        elif live:
            self.undo_stack.push(_EditCommand(self, edit, self._values_now(changes, of, lane), final))
        else:
            self._begin(changed, key, final)

    def _values_now(
        self, keys: Iterable[str], of: list[str], lane: str | None
    ) -> list[tuple[str | None, dict[str, Any]]]:
        """Return what takes a change back: one edit, or one for each lane where they are not the same.

        What a lane's optimiser does not know has no value there, and nothing that could be taken back.
        """
        there = {name: {key: self.experiment.get(key, name) for key in keys} for name in of}
        values = {name: {key: value for key, value in own.items() if value is not None} for name, own in there.items()}
        same = all(own == values[of[0]] for own in values.values())
        edits = [(lane, values[of[0]])] if same else list(values.items())
        return [(name, own) for name, own in edits if own]

    def _changes(self, key: str, value: object, lane: str | None) -> dict[str, Any]:
        """Return what has to change together with a setting."""
        changes: dict[str, Any] = {key: value}
        if key == "network.seed" and self.experiment.network.weights is not None:
            changes["network.weights"] = None
        if key == "network.hidden":
            changes |= self._fitting_activation(value, lane)
        if key == "loss.objective" and self.snapshot is not None:
            changes |= self._swapped_monitors(str(value), lane)
        return changes

    def _swapped_monitors(self, objective: str, lane: str | None) -> dict[str, Any]:
        """The loss that no longer learns is shown from now on, and the one that learns is no longer only shown."""
        assert self.snapshot is not None
        task, shown = self.snapshot.data.task, self.experiment.lane(lane or self.experiment.lanes[0].name).loss
        old = objective_for(shown, task)
        new = objective_for(dataclasses.replace(shown, objective=objective), task)
        monitors = tuple(name for name in shown.monitors if name != new)
        if old != new and old not in monitors:
            monitors = (old, *monitors)
        return {"loss.monitors": monitors} if monitors != shown.monitors else {}

    def _with(self, changes: Mapping[str, Any], lane: str | None) -> Experiment:
        experiment = self.experiment
        if lane is None:  # what is changed for all lanes is the same in all of them
            own = [each.name for each in experiment.lanes if each.changes.keys() & changes.keys()]
            for name in own:
                experiment = experiment.with_values(dict.fromkeys(changes), name)
        return experiment.with_values(changes, lane)

    def _checked(self, changes: Mapping[str, Any], lane: str | None) -> Edit:
        """Return an edit that is allowed and fits the settings as they are."""
        edit = self.experiment.checked_edit(changes, lane)
        self.experiment.with_checked(edit)
        return edit

    def _fitting_activation(self, hidden: object, lane: str | None) -> dict[str, Any]:
        """A list of activations grows and shrinks with the layers it belongs to."""
        names = self.experiment.get("network.activation", lane or self.experiment.lanes[0].name)
        if isinstance(names, str) or not isinstance(hidden, tuple) or not isinstance(names, tuple):
            return {}
        fill = names[-1] if names else SETTINGS["network.activation"].default
        return {"network.activation": (names + (fill,) * len(hidden))[: len(hidden)]}

    def _with_data(self, changes: Mapping[str, Any]) -> Experiment:
        """Other data bring all that is their own; another task lets output and objective follow it."""
        dataset = DATASETS[str(changes["data.dataset"])]
        own = {} if dataset.fraction is None else {"data.fraction": dataset.fraction}
        experiment = self.experiment.with_values({**_OWN_TO_DATA, **own, "data.file": None, **changes})
        if self.snapshot is None or dataset.task != self.snapshot.data.task:
            experiment = experiment.with_values({"network.output": "auto", "loss.objective": "auto"})
            old = "" if self.snapshot is None else objective_for(experiment.loss, self.snapshot.data.task)
            experiment = _with_monitors(experiment, None, old, dataset.task)
            for lane in experiment.lanes:
                if "loss.monitors" in lane.changes:
                    experiment = _with_monitors(experiment, lane.name, old, dataset.task)
        return experiment

    def apply_edit(self, edit: Edit) -> None:
        """Let an edit that has been checked take effect; called by the undo stack."""
        self._settled = self.experiment = self.experiment.changed_by(edit)
        self.send(ApplyEdit(edit))
        self.settings_changed.emit()

    # Lanes

    def fork_lane(self, lane: str) -> None:
        """Copy a lane as it is now."""

        def fork() -> None:
            name = free_name(self._lane_names())
            settings = LaneEntry(name, self._lane_changes(lane))
            self._take_lane(settings, ForkLane(lane, name), f"fork of lane {lane}")

        self._on_lanes(fork)

    def add_lane(self, like: str, changes: Mapping[str, Any] | None = None) -> None:
        """Add a lane from the initial weights, with the settings that another has, but for some."""

        def add() -> None:
            name = free_name(self._lane_names())
            settings = LaneEntry(name, {**self._lane_changes(like), **(changes or {})})
            self._take_lane(settings, AddLane(like, name, FrozenMapping(changes)), "new lane")

        self._on_lanes(add)

    def _lane_names(self) -> list[str]:
        return [each.name for each in self.experiment.lanes]

    def _lane_changes(self, lane: str) -> Mapping[str, Any]:
        return self.experiment.lanes[lane_index(self.experiment.lanes, lane)].changes

    def _take_lane(self, settings: LaneEntry, command: Command, text: str) -> None:
        if len(self.experiment.lanes) >= MOST_LANES:
            raise fail("", f"there are {MOST_LANES} lanes already, and no more can be told apart; remove one first.")
        self.undo_stack.push(_NewLaneCommand(self, settings, command, next(self._tokens), text))

    def remove_lane(self, lane: str) -> None:
        """Take a lane out."""

        def remove() -> None:
            without_lane(self.experiment, lane)  # raises where it is the only one
            self.undo_stack.push(_RemoveLaneCommand(self, lane, next(self._tokens)))

        self._on_lanes(remove)

    def rename_lane(self, lane: str, name: str) -> None:
        """Call a lane something else."""

        def rename() -> None:
            if name != lane:
                renamed(self.experiment, lane, name)
                self.undo_stack.push(_RenameLaneCommand(self, lane, name))

        self._on_lanes(rename)

    def hide_lane(self, lane: str, hidden: bool = True) -> None:
        """Leave a lane out of all pictures, or show it again; it goes on learning."""
        if (lane in self.hidden) != hidden and lane in self._lane_names():
            self.undo_stack.push(_HideLaneCommand(self, lane, hidden))

    def set_rates(self, rates: Mapping[str, float]) -> None:
        """Give several lanes learning rates of their own, in one step that can be undone."""
        key = "optimizer.learning_rate"
        there = set(rates) & set(self._lane_names())
        rates = {lane: rates[lane] for lane in sorted(there) if self.experiment.get(key, lane) != rates[lane]}
        if not rates:
            return
        if self._begun is not None:
            self._wish(object(), lambda: self.set_rates(rates))
            return
        self.undo_stack.beginMacro("matched learning rates")
        for lane, rate in rates.items():
            self.change(key, rate, True, lane)
        self.undo_stack.endMacro()

    def _on_lanes(self, act: Callable[[], None]) -> None:
        if self._begun is not None:
            self._wish(object(), lambda: self._on_lanes(act))
            return
        try:
            act()
        except InputError as error:
            self.said.emit(str(error), True)

    def apply_lanes(self, experiment: Experiment, command: Command | None, hidden: frozenset[str]) -> None:
        """Let other lanes be; called by the undo stack."""
        self._settled = self.experiment = experiment
        self.hidden = hidden & {lane.name for lane in experiment.lanes}
        if command is not None:
            self.send(command)
        self.settings_changed.emit()

    # Files

    def open_experiment(self, path: Path) -> None:
        """Begin the experiment of a file."""
        self._open(lambda: Experiment.load(path))

    def open_table(self, path: Path) -> None:
        """Begin a run on a person's own CSV file."""
        auto = {"network.output": "auto", "loss.objective": "auto"}
        self._open(lambda: self.experiment.with_values({**_OWN_TO_DATA, **auto, "data.file": str(path)}))

    def open_cell(self, experiment: Experiment) -> None:
        """Begin the experiment of a sweep's cell."""
        self._open(lambda: experiment)

    def _open(self, read: Callable[[], Experiment]) -> None:
        if self._begun is not None:
            self._wish(object(), lambda: self._open(read))
            return
        try:
            self._begin(read(), "open", True)
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
        """Ask the thread for a new run."""
        self.experiment = _without_edits(experiment)
        run = Run(next(self._numbers), self.experiment, bool(experiment.edits))
        self._begun = _Begun(run, key, final, undoable=self._run.number >= 0)
        self.send(Start(run.number, experiment))
        self.settings_changed.emit()

    def go_to(self, run: Run) -> None:
        """Ask the thread for a run begun before, as it was left; called by the undo stack."""
        self.experiment = run.experiment
        self._begun = _Begun(run, "", True, undoable=False)
        self.send(Return(run.number, run.experiment))
        self.settings_changed.emit()

    def _accepted(self, begun: _Begun) -> None:
        before, self._run, self._begun = self.leave(), begun.run, None
        self._settled = self.experiment = begun.run.experiment
        self.hidden = frozenset() if begun.key == "open" else self.hidden & {x.name for x in self.experiment.lanes}
        self._marks = 0
        if begun.undoable:
            self.undo_stack.push(_RunCommand(self, before, begun.run, begun.key, begun.final))
        self._grant()

    @Slot(int, str)
    def _rejected(self, number: int, reason: str) -> None:
        """The run in view goes on."""
        if self._begun is None or self._begun.run.number != number:
            return
        self._begun = None
        self.experiment = self._settled
        self.said.emit(reason, True)
        self._grant()
        self.settings_changed.emit()

    def _wish(self, of: object, act: Callable[[], None]) -> None:
        """Keep what is asked for until the thread has answered; of a whole drag the last place is enough."""
        if self._wishes and self._wishes[-1].of == of:
            self._wishes.pop()
        self._wishes.append(_Wish(of, act))

    def _grant(self) -> None:
        """Do what was asked for meanwhile, up to what begins a run again."""
        while self._wishes and self._begun is None:
            self._wishes.pop(0).act()

    def leave(self) -> Run:
        """Return the present run, to come back to."""
        return dataclasses.replace(self._run, experiment=self._settled)

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
            if self._begun is not None and snapshot.run == self._begun.run.number:
                self.snapshot = snapshot
                self._accepted(self._begun)
            if snapshot.run == self._run.number:
                self.snapshot = snapshot
                self._follow_edits_of_file(snapshot)
                self.shown.emit(snapshot)
        finally:
            # Qt paints at a lower priority than it does all else; this comes when that has been done.
            QCoreApplication.postEvent(self, QEvent(self._PAINTED), _AFTER_PAINTING)

    def _follow_edits_of_file(self, snapshot: Snapshot) -> None:
        """Show in the controls what the edits of an opened file have changed by now."""
        if self._run.has_edits and self._begun is None and len(snapshot.marks) != self._marks:
            self._marks = len(snapshot.marks)
            settings = _without_edits(snapshot.experiment.effective(snapshot.update))
            if settings != self.experiment:
                self._settled = self.experiment = settings
                self.settings_changed.emit()

    @Slot(bool)
    def _set_playing(self, playing: bool) -> None:
        self.playing = playing
        self.playing_changed.emit(playing)

    @Slot(str)
    def _refused(self, reason: str) -> None:
        """Show the settings again that the run has."""
        if self.snapshot is not None and self._begun is None:
            self._settled = self.experiment = _without_edits(self.snapshot.experiment.effective(self.snapshot.update))
            self.settings_changed.emit()
        self.said.emit(reason, True)

    @Slot(str)
    def _failed(self, reason: str) -> None:
        self.said.emit(reason, True)


def _with_monitors(experiment: Experiment, lane: str | None, old: str, task: str) -> Experiment:
    """Show the loss that suits the new task instead of the one that suited the old; none that is learned with."""
    loss = (experiment if lane is None else experiment.lane(lane)).loss
    suits = objective_for(dataclasses.replace(loss, objective="auto"), task)
    shown = dict.fromkeys(suits if name == old else name for name in loss.monitors)
    shown.pop(objective_for(loss, task), None)
    return experiment.with_value("loss.monitors", tuple(shown), lane)


def _without_edits(experiment: Experiment) -> Experiment:
    """Return what the controls show: no edits, and the settings of an only lane as the experiment's own."""
    experiment = dataclasses.replace(experiment, edits=())
    if len(experiment.lanes) > 1 or not experiment.lanes[0].changes:
        return experiment
    name, changes = experiment.lanes[0].name, experiment.lanes[0].changes
    return dataclasses.replace(experiment, lanes=(LaneEntry(name),)).with_values(changes)


class _EditCommand(QUndoCommand):
    """An edit that takes effect while training goes on. Undoing it is another edit: time does not run back."""

    def __init__(
        self, session: Session, edit: Edit, before: list[tuple[str | None, dict[str, Any]]], final: bool
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
        """One drag is one step."""
        if not isinstance(other, _EditCommand) or self.final:
            return False
        mine, newer = self.edit, other.edit
        if newer.changes.keys() != mine.changes.keys() or newer.lane != mine.lane:
            return False
        self.edit, self.final = newer, other.final
        return True


class _NewLaneCommand(QUndoCommand):
    """A lane that was forked or added; undoing it takes the lane out, and doing it again puts it back."""

    def __init__(self, session: Session, settings: LaneEntry, command: Command, token: int, text: str) -> None:
        super().__init__(text)
        self.session, self.settings, self.token = session, settings, token
        self._command = command  # the first time; later on the lane is put back

    def redo(self) -> None:
        session = self.session
        session.apply_lanes(with_lane(session.experiment, self.settings), self._command, session.hidden)
        self._command = RestoreLane(self.token)

    def undo(self) -> None:
        session, name = self.session, self.settings.name
        experiment, self.settings, _ = without_lane(session.experiment, name)
        session.apply_lanes(experiment, RemoveLane(name, self.token), session.hidden)


class _RemoveLaneCommand(QUndoCommand):
    """A lane that was taken out; undoing it puts it back, trained as far as the others."""

    def __init__(self, session: Session, lane: str, token: int) -> None:
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


class _RenameLaneCommand(QUndoCommand):
    """Another name for a lane."""

    def __init__(self, session: Session, old: str, new: str) -> None:
        super().__init__(f"name of lane {old}")
        self.session, self.old, self.new = session, old, new

    def redo(self) -> None:
        self._rename(self.old, self.new)

    def undo(self) -> None:
        self._rename(self.new, self.old)

    def _rename(self, old: str, new: str) -> None:
        session = self.session
        hidden = frozenset(new if name == old else name for name in session.hidden)
        session.apply_lanes(renamed(session.experiment, old, new), RenameLane(old, new), hidden)


class _HideLaneCommand(QUndoCommand):
    """A lane that is left out of all pictures, or shown again."""

    def __init__(self, session: Session, lane: str, hidden: bool) -> None:
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


class _RunCommand(QUndoCommand):
    """A new run; undoing it brings back the old one as it was left."""

    def __init__(self, session: Session, before: Run, after: Run, key: str, final: bool) -> None:
        what = texts.setting_within(key) if key in SETTINGS else {"reset": "reset", "open": "file"}.get(key, "run")
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
