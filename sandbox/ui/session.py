"""The session: what the window edits and watches, without any widget.

It holds the settings that the controls show, sends commands to the training thread, takes its snapshots, and records
every change, so that each can be undone.
"""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QUndoStack

from sandbox import words
from sandbox.data import DATASETS
from sandbox.data.features import offered
from sandbox.errors import OUT_OF_MEMORY, InputError, input_error
from sandbox.experiment import Edit, Experiment
from sandbox.experiment.document import texts
from sandbox.experiment.document.defaults import FIRST_MONITORS, objective_for
from sandbox.experiment.document.frozen import FrozenMapping
from sandbox.experiment.document.lanes import (
    free_name,
    renamed,
    scales_target,
    with_other_loss,
    without_lane,
    without_own,
)
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.document.rearranging import rearranging
from sandbox.experiment.document.recommended import brought, with_dataset, with_file
from sandbox.experiment.document.rules import lane_index
from sandbox.experiment.document.settings import SETTINGS
from sandbox.experiment.document.units import ADDED, REMOVED, Units, unit_name
from sandbox.experiment.training.by_hand import with_weights_by_hand
from sandbox.experiment.training.frozen import still_frozen, with_frozen, without_frozen
from sandbox.experiment.training.snapshot import Snapshot, Wanted
from sandbox.nn.network import parameter_count
from sandbox.ui.collecting import Collector
from sandbox.ui.undo import (
    Before,
    EditCommand,
    HideLaneCommand,
    NetworkCommand,
    NewLaneCommand,
    PointsCommand,
    RemoveLaneCommand,
    RenameLaneCommand,
    Run,
    RunCommand,
)
from sandbox.worker import TrainerThread
from sandbox.worker.commands import (
    AddLane,
    ApplyEdit,
    Command,
    ForkLane,
    Refresh,
    Return,
    RevertEdit,
    Start,
    Step,
    TogglePlay,
    Train,
)

MOST_LANES = 6  # in the window, which has room and colours for these
_RESCALED = "The run starts again: with these settings the target is {}learned in standard deviations."
_AFTER_PAINTING = Qt.EventPriority.LowEventPriority.value - 1

# What was chosen for a lane and one task; another task may not be learned with it.
_OF_A_TASK = ("network.output", "network.target_coding", "loss.objective", "loss.monitors")

# Changes of these let the initial weights be drawn again, if they were given.
_REDRAWING = {"network.seed", "network.initial", "network.initializer", "network.initializer_scale"}
_REDRAWING |= {"data.dataset", "data.features"}
_DRAWN = ("data.points", "data.test_points", "data.scaling")


@dataclasses.dataclass(frozen=True)
class _PendingRun:
    """A run that was requested and that the thread has not accepted yet; `undoable` says whether it is a new one."""

    run: Run
    key: str
    final: bool
    undoable: bool
    notice: str = ""


@dataclasses.dataclass(frozen=True)
class _Deferred:
    """A request made while a run is pending; it replaces the one before it if both have the same key."""

    key: object
    act: Callable[[], None]


class Session(QObject):
    """One experiment in the window.

    Signals
    -------
    shown(Snapshot)
        To be drawn; the thread waits until it has been painted.
    settings_changed()
        The controls no longer show `experiment`.
    playing_changed(bool)
    message(str, bool)
        A sentence for the user, and whether it is about something refused or failed.
    succeeded()
        What the user asked for was done, so that what was refused or failed before is over.
    leaving()
        Another experiment is about to be opened.
    """

    _PAINTED = QEvent.Type(QEvent.registerEventType())

    shown = Signal(object)
    settings_changed = Signal()
    playing_changed = Signal(bool)
    message = Signal(str, bool)
    succeeded = Signal()
    leaving = Signal()

    def __init__(self, experiment: Experiment, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.experiment = _without_edits(experiment)
        self.hidden: frozenset[str] = frozenset()  # lanes that are not shown
        self.snapshot: Snapshot | None = None
        self.playing = False
        self.is_opened = False  # whether the run in view began an experiment, rather than changed the one before
        self.undo_stack = QUndoStack(self)
        self.opened_with = experiment
        self._run = Run(-1, self.experiment)
        self._settled = self.experiment  # the settings of the run in view; `experiment` may be ahead of them
        self._pending_run: _PendingRun | None = None
        self._deferred: list[_Deferred] = []
        self._numbers = iter(range(1_000_000_000))
        self._tokens = iter(range(1_000_000_000))
        self._marks = 0, -1  # how many, and the update of the last one
        self._was_refused = False
        self._started = 0.0
        self._collector = Collector(self)
        self._thread = TrainerThread(self)
        self._thread.playing_changed.connect(self._set_playing)
        self._thread.rejected.connect(self._rejected)
        self._thread.refused.connect(self._refused)
        self._thread.failed.connect(self._failed)

    # Start and end

    def start(self) -> None:
        """Start the thread and the first run."""
        self._collector.start()
        self._thread.start()
        self._begin(self.opened_with, "", True)

    def close(self) -> None:
        """End the thread; nothing is drawn from now on."""
        self._thread.close()
        self._collector.stop()

    @property
    def is_pending(self) -> bool:
        """Whether a run was requested that the thread has not accepted yet."""
        return self._pending_run is not None

    @property
    def deferred(self) -> int:
        """How many requests wait for that."""
        return len(self._deferred)

    @property
    def is_settled(self) -> bool:
        """Whether the snapshot has all that the controls show; what was just changed may still wait for the thread."""
        snapshot = self.snapshot
        if snapshot is None or self._pending_run is not None:
            return snapshot is None
        return _meaning(snapshot.experiment.effective(snapshot.update)) == _meaning(self.experiment)

    def settle(self, milliseconds: int) -> None:
        """Wait, so long at most, until the snapshot has all that the controls show; meanwhile take nothing more."""
        if self.is_settled:
            return
        loop = QEventLoop()
        connection = self.shown.connect(lambda _: loop.quit() if self.is_settled else None)
        QTimer.singleShot(milliseconds, loop, loop.quit)
        loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        self.shown.disconnect(connection)

    # Training

    def send(self, command: Command) -> None:
        """Send a command to the thread."""
        self._thread.send(command)

    def toggle(self) -> None:
        """Play or pause."""
        self.send(TogglePlay())

    def step(self, epoch: bool = False) -> None:
        """Train one update, or to the end of the epoch."""
        self.send(Step(epoch))

    def train(self, epochs: int) -> None:
        """Train until this many epochs are done in all, then pause."""
        self.send(Train(epochs))

    def reset(self) -> None:
        """Restart with the current settings, from the same initial weights."""
        if self._pending_run is not None:
            self._defer("reset", self.reset)
            return
        self._begin(self._with_weights_by_hand(self._with_fitting_weights()), "reset", True)

    def _with_weights_by_hand(self, experiment: Experiment) -> Experiment:
        """Return the experiment with the weights that were set before the first update as those that it starts from."""
        if self.snapshot is None or self.snapshot.run != self._run.number:
            return experiment
        try:
            return with_weights_by_hand(experiment, self.snapshot.experiment, self.snapshot.data)
        except InputError:  # too large to be typed
            return experiment

    def _with_fitting_weights(self) -> Experiment:
        """Return the experiment, without typed initial weights that no longer fit the layers."""
        experiment = self.experiment
        lanes = () if self.snapshot is None else self.snapshot.lanes
        for state in lanes:
            if state.name not in self._lane_names():
                continue  # the snapshot is of a run before
            name = state.name if len(experiment.lanes) > 1 else None
            network = experiment.lane(state.name).network
            sizes = (len(self._features()), *network.hidden, state.sizes[-1])
            if network.initial and len(network.initial) != parameter_count(sizes):
                experiment = experiment.with_value("network.initial", (), name)
                self.message.emit(
                    "The initial weights that were typed no longer fit the layers: they are drawn.", False
                )
        return experiment

    def new_weights(self) -> None:
        """Restart from other initial weights."""
        seed = random.SystemRandom().randrange(100_000)
        self.change("network.seed", seed + (seed == self.experiment.network.seed), True)

    def undo(self) -> None:
        """Undo the last change."""
        if self._pending_run is not None:
            self._defer(object(), self.undo)
            return
        self.undo_stack.undo()

    def redo(self) -> None:
        """Redo the change that was undone last."""
        if self._pending_run is not None:
            self._defer(object(), self.redo)
            return
        self.undo_stack.redo()

    def want(self, wanted: Wanted) -> None:
        """Set what the next snapshots should contain."""
        self._thread.want(wanted)

    def set_speed(self, speed: float) -> None:
        """Set the updates per second; infinity is as fast as possible."""
        self._thread.set_speed(None if math.isinf(speed) else speed)

    def refresh(self) -> None:
        """Ask for a snapshot, at once if none comes by itself."""
        self.send(Refresh())

    # Settings

    def change(self, key: str, value: object, final: bool, lane: str | None = None) -> None:
        """Change one setting, between two updates if possible, else by starting a new run.

        A change that is not allowed is reported and has no effect.
        """
        if key == "data.features" and (features := self._live_features(value)) is not None:
            self.set_inputs(features)
            return
        live = SETTINGS[key].live and key != "data.features"
        lane = lane if len(self.experiment.lanes) > 1 and SETTINGS[key].per_lane else None
        if lane is not None and lane not in self._lane_names():
            return  # the lane was removed before this deferred change
        lanes = self._lane_names() if lane is None else [lane]
        if self._pending_run is None and all(value == self.experiment.get(key, name) for name in lanes):
            if final:
                self._close_drag()
            return
        try:
            changes = self._changes(key, value, lane)
            if live:
                edit = self._checked(changes, lane)
                changed = self.experiment.changed_by(edit)
                live = not self._rescales(changed)
            else:
                changed = self._with_data(str(value)) if key == "data.dataset" else self._with(changes, lane)
        except InputError as error:
            self.message.emit(str(error), True)
            self.settings_changed.emit()
            return
        if self._pending_run is not None:
            self.experiment = changed
            drag_key = object() if live and final else (key, lane)
            self._defer(drag_key, lambda: self.change(key, value, final, lane))
            self.settings_changed.emit()
        elif live:
            self.succeeded.emit()
            self.undo_stack.push(EditCommand(self, edit, self._values_now(changes, lanes, lane), final))
        else:
            self._begin(changed, key, final, notice=self._notice_of_run(changed, key))

    def _rescales(self, experiment: Experiment) -> bool:
        """Return whether an experiment scales the targets of this regression otherwise, which takes a new run."""
        regression = self.snapshot is not None and self.snapshot.data.task == "regression"
        return regression and scales_target(experiment) != scales_target(self.experiment)

    def _notice_of_run(self, experiment: Experiment, key: str) -> str:
        """Return what to tell the user, once it is accepted, about a run that a change of this setting starts."""
        if key == "data.dataset":
            return brought(self.experiment, experiment)
        if SETTINGS[key].live and self._rescales(experiment):
            return _RESCALED.format("" if scales_target(experiment) else "no longer ")
        return ""

    def _values_now(
        self, keys: Iterable[str], lanes: list[str], lane: str | None
    ) -> list[tuple[str | None, dict[str, Any]]]:
        """Return what undoes a change: one edit, or one for each lane if their values differ.

        A parameter that a lane's optimiser does not have has no value there, and needs no undoing.
        """
        present = {name: {key: self.experiment.get(key, name) for key in keys} for name in lanes}
        values = {name: {k: value for k, value in old.items() if value is not None} for name, old in present.items()}
        same = all(old == values[lanes[0]] for old in values.values())
        edits = [(lane, values[lanes[0]])] if same else list(values.items())
        return [(name, old) for name, old in edits if old]

    def _changes(self, key: str, value: object, lane: str | None) -> dict[str, Any]:
        """Return what has to change together with a setting."""
        changes: dict[str, Any] = {key: value}
        if key in _REDRAWING:
            changes |= self._drawn_weights(key, lane)
        if key == "network.hidden":
            changes |= self._fitting_activation(value, lane) | self._fitting_frozen(value, lane)
        if key == "data.classes" and self.experiment.data.points is not None:
            changes["data.task"] = "binary" if value == 2 else "multiclass"
        if key == "loss.objective" and self.snapshot is not None:
            changes |= self._swapped_monitors(str(value), lane)
        return changes

    def _drawn_weights(self, key: str, lane: str | None) -> dict[str, Any]:
        """Return the change that lets the initial weights be drawn: those given no longer fit, or are not asked for."""
        network = self.experiment.lane(lane or self.experiment.lanes[0].name).network
        changes: dict[str, Any] = {}
        if network.initial:
            changes["network.initial"] = ()
        if network.weights is not None and key in ("network.seed", "network.initial"):
            changes["network.weights"] = None
        return {name: value for name, value in changes.items() if name != key}

    def _swapped_monitors(self, objective: str, lane: str | None) -> dict[str, Any]:
        """Return the change of monitors that adds the old objective and drops the new one."""
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
        if lane is None:  # a change for all lanes replaces each lane's own value
            differing = [entry.name for entry in experiment.lanes if entry.changes.keys() & changes.keys()]
            for name in differing:
                experiment = experiment.with_values(dict.fromkeys(changes), name)
        return experiment.with_values(changes, lane)

    def _checked(self, changes: Mapping[str, Any], lane: str | None) -> Edit:
        """Return an edit that is allowed and fits the current settings."""
        edit = self.experiment.checked_edit(changes, lane)
        self.experiment.with_checked(edit)
        return edit

    def _fitting_activation(self, hidden: object, lane: str | None) -> dict[str, Any]:
        """Return the change that fits a list of activations to the new layers."""
        names = self.experiment.get("network.activation", lane or self.experiment.lanes[0].name)
        if isinstance(names, str) or not isinstance(hidden, tuple) or not isinstance(names, tuple):
            return {}
        fill = names[-1] if names else SETTINGS["network.activation"].default
        return {"network.activation": (names + (fill,) * len(hidden))[: len(hidden)]}

    def _fitting_frozen(self, hidden: object, lane: str | None) -> dict[str, Any]:
        """Return the change that lets go of frozen units that the new layers do not have."""
        frozen = self.experiment.get("network.frozen", lane or self.experiment.lanes[0].name)
        state = None if self.snapshot is None else self.snapshot.lane(lane or self.experiment.lanes[0].name)
        if not isinstance(frozen, tuple) or not isinstance(hidden, tuple) or state is None:
            return {}
        fitting = still_frozen(tuple(map(str, frozen)), (state.sizes[0], *hidden, state.sizes[-1]))
        return {} if fitting == frozen else {"network.frozen": fitting}

    def _with_data(self, name: str) -> Experiment:
        """Return the experiment with another data set and what it brings; a new task resets output and objective."""
        dataset, experiment = DATASETS[name], with_dataset(self.experiment, name)
        if self.snapshot is None or dataset.task != self.snapshot.data.task:
            experiment = experiment.with_values({"network.output": "auto", "loss.objective": "auto"})
            old = "" if self.snapshot is None else objective_for(experiment.loss, self.snapshot.data.task)
            experiment = _with_monitors(experiment, None, old, dataset.task)
            for lane in experiment.lanes:
                if "loss.monitors" in lane.changes:
                    experiment = _with_monitors(experiment, lane.name, old, dataset.task)
        return experiment

    def apply_edit(self, edit: Edit, token: int | None = None) -> None:
        """Apply an edit that has been checked; called by the undo stack."""
        self._settled = self.experiment = self.experiment.changed_by(edit)
        self.send(ApplyEdit(edit, token))
        if not edit.changes.keys() <= set(_DRAWN):  # no control shows the points: a drag must be quick
            self.settings_changed.emit()

    # Points

    def start_points(self, experiment: Experiment, key: str, updates: int, notice: str) -> None:
        """Start a run on points of one's own, first trained as far as `updates`; undo goes back to the run before.

        `key` is "points" for the samples that were there, and "canvas" for none.
        """
        if self._pending_run is None:
            self._begin(experiment, key, True, updates, notice)

    def edit_points(self, changes: Mapping[str, Any], stroke: object, name: str) -> None:
        """Change points or their scaling between two updates; all edits with the same `stroke` are undone together.

        `name` is what the undo menu calls it.
        """
        if self.experiment.data.points is None:
            return  # the run that has points was refused
        changes = {key: value for key, value in changes.items() if value != self.experiment.get(key)}
        if not changes:
            return
        try:
            edit = self._checked(changes, None)
        except InputError as error:
            self.message.emit(str(error), True)
            return
        if self._pending_run is not None:
            self.experiment = self.experiment.changed_by(edit)
            known = ((key, self.experiment.get(key)) for key in _DRAWN)
            whole = {key: value for key, value in known if value is not None}
            self._defer(stroke, lambda: self.edit_points(whole, stroke, name))
            return
        before = {key: self.experiment.get(key) for key in changes}
        before = {key: value for key, value in before.items() if value is not None}
        self.succeeded.emit()
        self.undo_stack.push(PointsCommand(self, edit, before, stroke, name))

    def revert_edit(self, token: int, before: Before) -> None:
        """Set back what the edits with a token replaced; called by the undo stack."""
        for lane, values in before:
            self.experiment = self.experiment.changed_by(self.experiment.checked_edit(values, lane))
        self._settled = self.experiment
        self.send(RevertEdit(token))
        self.settings_changed.emit()

    # The network itself

    def change_weight(self, name: str, value: float, final: bool, lane: str, replica: int | None = None) -> None:
        """Set a weight or bias of a lane, "W1[0,1]" or "b2[3]", between two updates.

        Parameters
        ----------
        name : str
        value : float
        final : bool
            Whether it is typed, or the last value of a drag. All values of a drag are one step that can be undone.
        lane : str
        replica : int, optional
            The number of the network, if the lane has several; None is the first.
        """
        if self._pending_run is not None:
            self._defer((name, lane), lambda: self.change_weight(name, value, final, lane, replica))
            return
        if lane not in self._lane_names():
            return
        several = self.experiment.run.replicas > 1
        key = f"{name}#{replica or 0}" if several else name
        try:
            edit = self.experiment.checked_edit({}, lane if len(self.experiment.lanes) > 1 else None, 0, {key: value})
        except InputError as error:
            self.message.emit(str(error), True)
            return
        drag = self._open_drag(edit)
        token = next(self._tokens) if drag is None else drag.token
        self.succeeded.emit()
        self.undo_stack.push(NetworkCommand(self, edit, token, f"change of {name}", final))

    def _open_drag(self, edit: Edit) -> NetworkCommand | None:
        """Return the command of a drag that an edit of weights goes on with; None if it is another change."""
        index = self.undo_stack.index()
        command = self.undo_stack.command(index - 1) if index else None
        if not isinstance(command, NetworkCommand) or command.final:
            return None
        same = (command.edit.lane, command.edit.weights.keys()) == (edit.lane, edit.weights.keys())
        return command if same else None

    def freeze(self, layer: int, unit: int | None, frozen: bool, lane: str) -> None:
        """Freeze a layer (from 1; `unit` None) or one of its units (from 0) of a lane, or let it learn again.

        Their weights and biases stay as they are. Of a frozen layer, a single unit can be let go: the others stay.
        """
        if lane not in self._lane_names():
            return
        state = None if self.snapshot is None else self.snapshot.lane(lane)
        if state is None or not 1 <= layer < len(state.sizes):
            return
        before = self.experiment.lane(lane).network.frozen
        names = with_frozen(before, layer, unit) if frozen else without_frozen(before, layer, unit, state.sizes[layer])
        self.change("network.frozen", names, True, lane)

    def remove_unit(self, layer: int, unit: int, lane: str) -> None:
        """Remove one unit (from 0) of a hidden layer (from 1) while the lane trains; all others keep their weights."""
        hidden = self._hidden(lane)
        if 1 <= layer <= len(hidden) and hidden[layer - 1] == 1:
            self.remove_layer(layer, lane)
            return
        self._rearrange(lane, layer, -1, {REMOVED: (unit_name(layer, unit),)})

    def add_unit(self, layer: int, lane: str, unit: int | None = None) -> None:
        """Add a unit to a hidden layer (from 1), to be number `unit` (from 0) there, else the last."""
        hidden = self._hidden(lane)
        if 1 <= layer <= len(hidden):
            place = hidden[layer - 1] if unit is None else unit
            self._rearrange(lane, layer, 1, {ADDED: (unit_name(layer, place),)})

    def remove_layer(self, layer: int, lane: str) -> None:
        """Remove a hidden layer (from 1)."""
        self._rearrange(lane, layer, None, {REMOVED: (unit_name(layer, None),)})

    def add_layer(self, layer: int, units: int, lane: str) -> None:
        """Add a hidden layer of so many units, to be number `layer` (from 1)."""
        self._rearrange(lane, layer, units, {ADDED: (unit_name(layer, None),)}, whole=True)

    def _hidden(self, lane: str) -> tuple[int, ...]:
        return self.experiment.lane(lane).network.hidden if lane in self._lane_names() else ()

    def _rearrange(self, lane: str, layer: int, by: int | None, units: Units, whole: bool = False) -> None:
        """Change a layer `by` so many units (None: remove it; `whole`: it is new), in one step that can be undone."""
        if self._pending_run is not None:
            self._defer(object(), lambda: self._rearrange(lane, layer, by, units, whole))
            return
        if lane not in self._lane_names():
            return
        several = lane if len(self.experiment.lanes) > 1 else None
        try:
            changes = rearranging(self.experiment.lane(lane).network, layer, by, units, whole)
            edit = self.experiment.checked_edit(changes, several, 0, None, units)
            self.experiment.with_checked(edit)
        except InputError as error:
            self.message.emit(str(error), True)
            return
        self.succeeded.emit()
        before = self._values_now(changes, [lane], several)
        ((what, (name,)),) = units.items()
        text = f"{'removal of' if what == REMOVED else 'new'} {texts.unit_within(name)}"
        self.undo_stack.push(NetworkCommand(self, edit, next(self._tokens), text, before=before))

    def switch_input(self, name: str, on: bool) -> None:
        """Switch one of the inputs that `offered_inputs` names on or off, for all lanes, while they train."""
        if self._pending_run is not None:
            self._defer(object(), lambda: self.switch_input(name, on))
            return
        now = self._features()
        if (name in now) == on:
            return
        if not on:
            wanted = [other for other in now if other != name]
        else:
            order = self.offered_inputs()
            places = {other: place for place, other in enumerate(order)}
            wanted = sorted((*now, name), key=lambda other: places.get(other, len(order)))
        if wanted:
            self.change("data.features", tuple(wanted), True)
        else:
            self.message.emit("A network has one input at least: switch another one on first.", True)

    def offered_inputs(self) -> tuple[str, ...]:
        """Return the inputs, off or on, that can be switched while it trains."""
        if self.snapshot is None:
            return ()
        data = self.snapshot.data
        return tuple(dict.fromkeys((*offered(data.columns or data.inputs), *self._features())))

    def set_inputs(self, features: tuple[str, ...]) -> None:
        """Give all networks these inputs while they train; weights of those that stay are kept."""
        if self._pending_run is not None:
            self._defer("data.features", lambda: self.change("data.features", features, True))
            return
        now = self._features()
        if features == now:
            return
        try:
            edit = self._checked({"data.features": features}, None)
        except InputError as error:
            self.message.emit(str(error), True)
            self.settings_changed.emit()
            return
        self.succeeded.emit()
        before = [(None, {"data.features": now})]
        self.undo_stack.push(NetworkCommand(self, edit, next(self._tokens), "change of features", before=before))

    def _features(self) -> tuple[str, ...]:
        """Return the features in use, also where the data decide them."""
        assert self.snapshot is not None
        return self.experiment.data.features or self.snapshot.data.feature_names

    def _live_features(self, value: object) -> tuple[str, ...] | None:
        """Return the features that are asked for; None if these data cannot have them without a new run."""
        if self._pending_run is not None or self.snapshot is None:
            return None
        data, dataset = self.snapshot.data, self.experiment.data.dataset
        if value is None and dataset is not None:
            value = tuple(name for name in DATASETS[dataset].features if name not in data.target_names)
        if not isinstance(value, tuple):
            return None
        try:
            data.with_features(value)
        except InputError:
            return None
        return value

    # Lanes

    def fork_lane(self, lane: str) -> None:
        """Copy a lane in its current state."""

        def fork() -> None:
            name = free_name(self._lane_names())
            settings = LaneEntry(name, self._lane_changes(lane))
            self._push_lane(settings, ForkLane(lane, name), f"fork of lane {lane}")

        self._on_lanes(fork)

    def add_lane(self, like: str, changes: Mapping[str, Any] | None = None) -> None:
        """Add a lane from the initial weights, with the settings of another lane except for `changes`."""

        def add() -> None:
            name, more = free_name(self._lane_names()), dict(changes or {})
            if "loss.objective" in more and "loss.monitors" not in more and self.snapshot is not None:
                more |= self._swapped_monitors(str(more["loss.objective"]), like)
            settings = LaneEntry(name, {**self._lane_changes(like), **more})
            self._push_lane(settings, AddLane(like, name, FrozenMapping(more)), "new lane")

        self._on_lanes(add)

    def train_beside(self, lane: str) -> str | None:
        """Train a lane's current loss from the start in another lane, beside that lane with the loss it began with.

        It is one new run, as long as this one, and can be undone. Return the name of the new lane; None if it cannot
        be added.
        """
        if self._pending_run is not None or self.snapshot is None:
            return None
        snapshot, name = self.snapshot, free_name(self._lane_names())
        try:
            self._check_room()
            experiment = with_other_loss(snapshot.experiment, self.experiment, lane, name, snapshot.data.task)
        except InputError as error:
            self.message.emit(str(error), True)
            return None
        task = snapshot.data.task
        first, second = (texts.label_within(objective_for(experiment.lane(x).loss, task)) for x in (lane, name))
        notice = f"{lane} learns with {first} throughout, {name} with {second} from the same start. Undo goes back."
        self._begin(experiment, "beside", True, snapshot.update, notice)
        return name

    def _lane_names(self) -> list[str]:
        return [entry.name for entry in self.experiment.lanes]

    def _lane_changes(self, lane: str) -> Mapping[str, Any]:
        return self.experiment.lanes[lane_index(self.experiment.lanes, lane)].changes

    def _push_lane(self, settings: LaneEntry, command: Command, text: str) -> None:
        self._check_room()
        with_it = dataclasses.replace(self.experiment, lanes=(*self.experiment.lanes, settings)).checked()
        if self._rescales(with_it):
            self._begin(with_it, "lane", True, notice=_RESCALED.format("" if scales_target(with_it) else "no longer "))
            return
        self.undo_stack.push(NewLaneCommand(self, settings, command, next(self._tokens), text))

    def _check_room(self) -> None:
        if len(self.experiment.lanes) >= MOST_LANES:
            raise input_error("", f"there are {MOST_LANES} lanes already, and no room for more; remove one first.")

    def remove_lane(self, lane: str) -> None:
        """Remove a lane."""

        def remove() -> None:
            without_lane(self.experiment, lane)  # raises if it is the only one
            self.undo_stack.push(RemoveLaneCommand(self, lane, next(self._tokens)))

        self._on_lanes(remove)

    def rename_lane(self, lane: str, name: str) -> None:
        """Rename a lane."""

        def rename() -> None:
            if name != lane:
                renamed(self.experiment, lane, name)
                self.undo_stack.push(RenameLaneCommand(self, lane, name))

        self._on_lanes(rename)

    def hide_lane(self, lane: str, hidden: bool = True) -> None:
        """Hide a lane in all views, or show it again; it goes on learning."""
        if (lane in self.hidden) != hidden and lane in self._lane_names():
            self.undo_stack.push(HideLaneCommand(self, lane, hidden))

    def set_rates(self, rates: Mapping[str, float]) -> None:
        """Set the learning rates of several lanes, in one step that can be undone."""
        key = "optimizer.learning_rate"
        present = set(rates) & set(self._lane_names())
        rates = {lane: rates[lane] for lane in sorted(present) if self.experiment.get(key, lane) != rates[lane]}
        if not rates:
            return
        if self._pending_run is not None:
            self._defer(object(), lambda: self.set_rates(rates))
            return
        self.undo_stack.beginMacro("matched learning rates")
        for lane, rate in rates.items():
            self.change(key, rate, True, lane)
        self.undo_stack.endMacro()

    def _on_lanes(self, act: Callable[[], None]) -> None:
        if self._pending_run is not None:
            self._defer(object(), lambda: self._on_lanes(act))
            return
        try:
            act()
        except InputError as error:
            self.message.emit(str(error), True)

    def apply_lanes(self, experiment: Experiment, command: Command | None, hidden: frozenset[str]) -> None:
        """Replace the lanes; called by the undo stack."""
        self._settled = self.experiment = experiment
        self.hidden = hidden & {lane.name for lane in experiment.lanes}
        if command is not None:
            self.send(command)
        self.succeeded.emit()
        self.settings_changed.emit()

    # Files

    def open_new(self) -> None:
        """Start the first experiment; undo returns to what was there, as it was left."""
        self._open(first_experiment)

    def open_experiment(self, path: Path, updates: int = 0, hidden: frozenset[str] = frozenset()) -> None:
        """Open the experiment of a file and start its run.

        Parameters
        ----------
        path : Path
        updates : int
            How far to train it at once, at full speed.
        hidden : frozenset of str
            Lanes that are not shown.
        """
        self._open(lambda: Experiment.load(path), updates, hidden)

    def open_table(self, path: Path) -> None:
        """Start a run on a CSV file."""
        auto = {"network.output": "auto", "loss.objective": "auto"}

        def read() -> Experiment:
            return with_file(without_own(self.experiment, _OF_A_TASK), str(path)).with_values(auto)

        self._open(read, notice=brought)

    def open_cell(self, experiment: Experiment) -> None:
        """Start the experiment of a sweep's cell."""
        self._open(lambda: experiment)

    def open_lesson(self, experiment: Experiment, keep: bool) -> None:
        """Start an experiment of a lesson; what was there is kept first, if it is not the lesson's own."""
        self._open(lambda: experiment, keep=keep)

    def _open(
        self,
        read: Callable[[], Experiment],
        updates: int = 0,
        hidden: frozenset[str] = frozenset(),
        notice: Callable[[Experiment, Experiment], str] = lambda *_: "",
        keep: bool = True,
    ) -> None:
        if self._pending_run is not None:
            self._defer(object(), lambda: self._open(read, updates, hidden, notice, keep))
            return
        try:
            experiment = read()
        except InputError as error:
            self.message.emit(str(error), True)
            return
        except MemoryError:
            self.message.emit(words.capital(OUT_OF_MEMORY), True)
            return
        text = notice(self.experiment, experiment)
        if keep:
            self.leaving.emit()
        number = self._begin(experiment, "open", True, updates, text)
        if hidden:
            self._defer(object(), lambda: self._hide_in(number, hidden))

    def _hide_in(self, number: int, hidden: frozenset[str]) -> None:
        """Hide lanes of a run, if it has been accepted."""
        if self._run.number == number:
            self.apply_lanes(self.experiment, None, hidden)

    def save_experiment(self, path: Path) -> bool:
        """Write the experiment with the edits made while training, to be replayed; return whether it was written."""
        experiment = self.experiment if self.snapshot is None else self.snapshot.experiment
        try:
            experiment.save(path)
        except (InputError, OSError) as error:
            self.message.emit(f"{path.name} could not be written: {error}", True)
            return False
        self.message.emit(f"Saved as {path.name}: the whole run can be replayed from it.", False)
        return True

    # Runs

    def _begin(self, experiment: Experiment, key: str, final: bool, updates: int = 0, notice: str = "") -> int:
        """Ask the thread for a new run, first trained as far as `updates`; return its number.

        Once it is accepted, the user is told the notice.
        """
        self.experiment = _without_edits(experiment)
        run = Run(next(self._numbers), self.experiment, bool(experiment.edits))
        self._pending_run = _PendingRun(run, key, final, undoable=self._run.number >= 0, notice=notice)
        self.send(Start(run.number, experiment, updates))
        self.settings_changed.emit()
        return run.number

    def go_to(self, run: Run) -> None:
        """Ask the thread to return to an earlier run, as it was left; called by the undo stack."""
        self.experiment = run.experiment
        self._pending_run = _PendingRun(run, "", True, undoable=False)
        self.send(Return(run.number, run.experiment))
        self.settings_changed.emit()

    def _accepted(self, pending: _PendingRun) -> None:
        self._was_refused = False
        before, self._run, self._pending_run = self.current_run(), pending.run, None
        self._settled = self.experiment = pending.run.experiment
        self.is_opened = pending.key == "open"
        self.hidden = frozenset() if self.is_opened else self.hidden & {x.name for x in self.experiment.lanes}
        self._marks = 0, -1
        self.succeeded.emit()
        if pending.undoable:
            self.undo_stack.push(RunCommand(self, before, pending.run, pending.key, pending.final))
        if pending.notice:
            self.message.emit(pending.notice, False)
        self._run_deferred()

    @Slot(int, str)
    def _rejected(self, number: int, reason: str) -> None:
        """Report that a run was rejected; the run in view goes on."""
        if self._pending_run is None or self._pending_run.run.number != number:
            return
        self._pending_run = None
        self.experiment = self._settled
        self.message.emit(reason, True)
        self._run_deferred()
        self.settings_changed.emit()

    def _defer(self, key: object, act: Callable[[], None]) -> None:
        """Queue a request until the thread has answered; of a drag only the last one is needed."""
        if self._deferred and self._deferred[-1].key == key:
            self._deferred.pop()
        self._deferred.append(_Deferred(key, act))

    def _run_deferred(self) -> None:
        """Run the queued requests, up to the first that starts a new run."""
        while self._deferred and self._pending_run is None:
            self._deferred.pop(0).act()

    def current_run(self) -> Run:
        """Return the current run, to come back to later."""
        return dataclasses.replace(self._run, experiment=self._settled)

    def _close_drag(self) -> None:
        """Mark the last command as final: a drag has ended at its last value."""
        index = self.undo_stack.index()
        command = self.undo_stack.command(index - 1) if index else None
        if isinstance(command, (EditCommand, RunCommand)):
            command.final = True

    # From the thread

    def event(self, event: QEvent) -> bool:
        if event.type() == TrainerThread.SNAPSHOT:
            self._show_newest()
            return True
        if event.type() == self._PAINTED:
            self._thread.painted(perf_counter() - self._started)
            return True
        return super().event(event)

    def _show_newest(self) -> None:
        self._started = perf_counter()
        snapshot = self._thread.take()
        if snapshot is None:
            return
        try:
            if self._pending_run is not None and snapshot.run == self._pending_run.run.number:
                self.snapshot = snapshot
                self._accepted(self._pending_run)
            if snapshot.run == self._run.number:
                self.snapshot = snapshot
                self._show_settings_of_run()
                self._follow_edits_of_file(snapshot)
                self.shown.emit(snapshot)
        finally:
            # Qt paints at a lower priority than everything else; this event comes after that.
            QCoreApplication.postEvent(self, QEvent(self._PAINTED), _AFTER_PAINTING)

    def _follow_edits_of_file(self, snapshot: Snapshot) -> None:
        """Show in the controls what the edits of an opened file have changed so far."""
        marks = len(snapshot.marks), snapshot.marks[-1].update if snapshot.marks else -1
        if self._run.has_edits and self._pending_run is None and marks != self._marks:
            self._marks = marks
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
        """Report a refused change, and show the settings of the run again."""
        self._was_refused = True
        self._show_settings_of_run()
        self.message.emit(reason, True)

    def _show_settings_of_run(self) -> None:
        """After a refusal, show the settings of the run, once a snapshot has all lanes: some may be on their way."""
        snapshot = self.snapshot
        if not self._was_refused or snapshot is None or self._pending_run is not None:
            return
        if [lane.name for lane in snapshot.experiment.lanes] == self._lane_names():
            self._was_refused = False
            self._settled = self.experiment = _without_edits(snapshot.experiment.effective(snapshot.update))
            self.settings_changed.emit()

    @Slot(str)
    def _failed(self, reason: str) -> None:
        self.message.emit(reason, True)


def first_experiment() -> Experiment:
    """Return the experiment of the first start: two moons, one loss to learn with and another that is only shown."""
    return Experiment().with_value("loss.monitors", FIRST_MONITORS)


def _with_monitors(experiment: Experiment, lane: str | None, old: str, task: str) -> Experiment:
    """Replace the monitor that suited the old task by the loss for the new one; never monitor the objective."""
    loss = (experiment if lane is None else experiment.lane(lane)).loss
    suits = objective_for(dataclasses.replace(loss, objective="auto"), task)
    monitors = dict.fromkeys(suits if name == old else name for name in loss.monitors)
    monitors.pop(objective_for(loss, task), None)
    return experiment.with_value("loss.monitors", tuple(monitors), lane)


def _meaning(experiment: Experiment) -> object:
    """Return what an experiment without edits says of each lane, however it is written."""
    lanes = {lane.name: experiment.lane(lane.name) for lane in experiment.lanes}
    return experiment.data, experiment.run, lanes


def _without_edits(experiment: Experiment) -> Experiment:
    """Return what the controls show: no edits, and the settings of a single lane as the experiment's."""
    experiment = dataclasses.replace(experiment, edits=())
    if len(experiment.lanes) > 1 or not experiment.lanes[0].changes:
        return experiment
    name, changes = experiment.lanes[0].name, experiment.lanes[0].changes
    return dataclasses.replace(experiment, lanes=(LaneEntry(name),)).with_values(changes)
