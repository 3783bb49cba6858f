"""The trainer: runs an experiment, update by update, all lanes in lock-step.

A run is a function of its experiment alone. Recording, showing or querying it does not change a bit of it.
The training loop itself is `Trainer._update`.
"""

from __future__ import annotations

import dataclasses
import itertools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sandbox import words
from sandbox.arrays import Array, Floats
from sandbox.data import Data, load_data, points_data, with_points
from sandbox.errors import InputError
from sandbox.experiment.document import texts
from sandbox.experiment.document.defaults import objective_for
from sandbox.experiment.document.entries import MOST_ENTRIES, parse_entry
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.lanes import forked, renamed, scales_target, with_lane, without_lane
from sandbox.experiment.document.parts import Edit
from sandbox.experiment.document.settings import SETTINGS
from sandbox.experiment.document.units import Units, inverse_units
from sandbox.experiment.training.batches import Batches
from sandbox.experiment.training.diagnosis import reason_to_stop
from sandbox.experiment.training.edits import EditLog
from sandbox.experiment.training.effect import effect_of, marks_of
from sandbox.experiment.training.entries import Change, Place, check_weights, replaced_entries, set_entries
from sandbox.experiment.training.frozen import check_frozen
from sandbox.experiment.training.groups import Group, grouped
from sandbox.experiment.training.history import History
from sandbox.experiment.training.lanes import Lane, build_lane, shape_of
from sandbox.experiment.training.pairs import PairRecord, Pairs
from sandbox.experiment.training.probe import LaneProbe
from sandbox.experiment.training.recorder import Recorder
from sandbox.experiment.training.replica import Replica, numbers_before
from sandbox.experiment.training.samples import Samples, samples_of
from sandbox.experiment.training.size import SIZING, Plan, check_edits, check_size, plan_of
from sandbox.experiment.training.snapshot import EditEffect, EditMark, Snapshot, Wanted
from sandbox.experiment.training.timeline import Timeline
from sandbox.experiment.training.views import snapshot
from sandbox.experiment.training.weights import assign_parameters, given_weights
from sandbox.nn import LOSSES, Network
from sandbox.nn.network import ForwardPass

_DRAWN = frozenset({"data.points", "data.test_points", "data.scaling"})
SHAPING = frozenset({"network.hidden", "network.frozen", "data.features", "weights"})
"""What an edit may change that must fit the shape of the networks."""

_TOGETHER = 256  # updates at most until it is looked whether lanes that are trained together still must be
_ALONG = 1_000  # updates at least for which a lane that lacks a loss is trained along with one that catches up


def load_experiment_data(experiment: Experiment) -> Data:
    """Load the data that an experiment names, with paths relative to its folder."""
    data = experiment.data
    values = {field.name: getattr(data, field.name) for field in dataclasses.fields(data)}
    values["standardize_target"] = scales_target(experiment)
    points, test_points, scale = (values.pop(name) for name in ("points", "test_points", "scaling"))
    if points is None:
        return load_data(**values, folder=experiment.folder)
    same = {name: values[name] for name in ("task", "classes", "standardize", "standardize_target", "features")}
    return points_data(points, test_points or (), scale=scale, **same)


@dataclasses.dataclass(frozen=True, eq=False)
class RemovedLane:
    """A removed lane with its position, marks and pair records, and the experiment before and after."""

    lane: Lane
    index: int
    marks: tuple[EditMark, ...]
    pairs: PairRecord
    before: Experiment
    after: Experiment
    update: int


class Trainer:
    """Trains the lanes of an experiment.

    Parameters
    ----------
    experiment : Experiment
        Its edits take effect at their updates.
    data : Data, optional
        The data of the experiment, if already loaded; what edits have made of them does not matter.
    every : int
        Epochs between records of the history.
    watched : bool
        Whether a person watches and compares lanes: each lane then records the objectives of all, distances between
        lanes are recorded, and long histories of replicas only as far as can be seen. No bit of a run depends on it.
    losses : iterable of str
        Losses recorded for every lane, besides those that it learns with and shows. No bit depends on them.

    Attributes
    ----------
    data : Data
    update, epoch : int
        Updates done, whole epochs done.
    lanes : list of Lane
    effect : EditEffect, optional
        What the last edit made while training did to the weights by itself.

    Raises
    ------
    InputError
        If the data or a weights file cannot be used.
    """

    def __init__(
        self,
        experiment: Experiment,
        data: Data | None = None,
        every: int = 1,
        watched: bool = False,
        losses: Iterable[str] = (),
    ) -> None:
        data = load_experiment_data(experiment) if data is None else data
        self.data = self._at_start = data.origin or data
        self._settings_at_start = experiment.data
        self.every, self.watched, self._losses = every, watched, frozenset(losses)
        self._log = EditLog(experiment, self.data.feature_names)
        check_size(self._plan(experiment))
        check_edits(experiment, self._plan)
        self.update = self.epoch = 0
        self.effect: EditEffect | None = None
        dtype = np.dtype(experiment.run.precision)
        self._train = samples_of(self.data.X_train, self.data.y_train, self.data, dtype)
        self._test = samples_of(self.data.X_test, self.data.y_test, self.data, dtype)
        self._batches = Batches(self._train, experiment.optimizer.seed)
        self._recorder = Recorder(self._train, self._test, watched)
        self._check_parts_throughout(experiment)
        self._keys = itertools.count()
        self.lanes = [self._new_lane(lane.name) for lane in experiment.lanes]
        self._groups: list[Group] = []
        self._regroup()
        self._apply_pending()

    def _plan(self, settings: Experiment) -> Plan:
        """Return what decides how much memory these settings need in this run."""
        return plan_of(settings, self._featured(settings), self.every, self.watched, len(self._losses))

    def _data_for(self, settings: Experiment) -> Data:
        """Return the data with the features and the points of these settings; scaled as before unless they say."""
        data, before, now = self._featured(settings), self.current.data, settings.data
        scale = now.scaling if now.scaling != before.scaling else None
        if scale is None and (now.points, now.test_points) == (before.points, before.test_points):
            return data
        return with_points(data, now.points or (), now.test_points or (), scale)

    def _featured(self, settings: Experiment) -> Data:
        """Return the data with the features of these settings."""
        features = settings.data.features
        same = features is None or features == self.current.data.features
        return self.data if same else self.data.with_features(features)  # type: ignore[arg-type]

    # State

    @property
    def bytes(self) -> int:
        """How much memory it takes, about."""
        return dataclasses.replace(self._plan(self.current), rows=self.epoch // self.every + 1).bytes

    @property
    def experiment(self) -> Experiment:
        """The experiment with the edits made while training added."""
        return self._log.experiment

    @property
    def current(self) -> Experiment:
        """The settings in force, without edits."""
        return self._log.current

    @property
    def marks(self) -> list[EditMark]:
        """Where edits took effect."""
        return self._log.marks

    @property
    def pairs(self) -> Pairs:
        """When each pair of lanes parted, if a person watches."""
        return self._recorder.pairs

    @property
    def epoch_position(self) -> float:
        """Epochs done, counting the part of the current one."""
        return self.epoch + self._batches.position / max(len(self._train), 1)

    @property
    def waits(self) -> bool:
        """Whether there is nothing to learn from: all points have been erased, or none has been drawn yet."""
        return not len(self._train)

    @property
    def running(self) -> bool:
        """Whether any lane is still running."""
        return bool(self._groups) or any(lane.rests for lane in self.lanes)

    def lane(self, name: str) -> Lane:
        """Return a lane by its name.

        Raises
        ------
        InputError
            If there is none.
        """
        for lane in self.lanes:
            if lane.name == name:
                return lane
        raise InputError(f'There is no lane "{name}"; known lanes: {", ".join(lane.name for lane in self.lanes)}.')

    def history(self, name: str | None = None) -> History:
        """Return the history of a lane (the first by default), up to the present state."""
        self._record_if_due()
        return (self.lane(name) if name is not None else self.lanes[0]).history

    def parameters(self, name: str | None = None) -> dict[str, Array]:
        """Return copies of a lane's W1, b1, W2, ...: W of shape (n_out, n_in), b of shape (n_out,)."""
        return (self.lane(name) if name is not None else self.lanes[0]).replicas[0].parameters()

    def set_parameters(self, parameters: Mapping[str, Array], name: str | None = None) -> None:
        """Set the parameters W1, b1, W2, ... of a lane before the first update.

        Raises
        ------
        InputError
            If a name or a shape is not the network's.
        """
        if self.update:
            raise InputError("Parameters can only be set before the first update.")
        lane = self.lane(name) if name is not None else self.lanes[0]
        for replica in lane.replicas:
            assign_parameters(replica.theta, replica.sizes, parameters, "the parameters")
        for other in self.lanes:  # a row of epoch 0 that is recorded already has the old parameters
            other.history = History()
            other.replica_history = History() if other.has_replicas else None
            other.timeline = Timeline()
        self._recorder.due = True

    def readings(self, lane: Lane, replica: int | None = None) -> dict[str, float]:
        """Return the columns of the history for the current parameters, without recording them.

        For several networks, medians and quartiles; with `replica`, only the columns of that one. For a stopped lane
        or network, the last recorded values. Without training samples there are none.
        """
        if self.waits:
            return {}
        picked = replica if lane.has_replicas else None
        last = lane.history.last
        up_to_date = last is not None and (lane.stopped or lane.edited < last.update == self.update)
        if picked is None and last is not None and up_to_date:
            return dict(last.values)
        with np.errstate(all="ignore"):
            readings = self._recorder.readings(lane, self._groups, picked)
        if readings is not None:
            return readings
        if picked is None:
            return {} if last is None else dict(last.values)
        recorded = None if lane.replica_history is None else lane.replica_history.last
        values, suffix = {} if recorded is None else recorded.values, f"#{picked}"
        return {name.removesuffix(suffix): value for name, value in values.items() if name.endswith(suffix)}

    def probe(self, lane: str, replica: int | None = None) -> LaneProbe | None:
        """Return the probe that answers questions about a lane: about the given replica, or the first.

        None if there is no such lane.
        """
        for candidate in self.lanes:
            if candidate.name == lane:
                chosen = candidate.replicas[min(replica or 0, len(candidate.replicas) - 1)]
                return LaneProbe(chosen, self.data, self._train, self._next_batch, self)
        return None

    def last_step(self, replica: Replica) -> Array:
        """Return by how much the last update changed a network's parameters (P,); nan before the first."""
        for group in self._groups:
            if replica in group.replicas:
                row = group.replicas.index(replica)
                step: Array = group.last_step(slice(row, row + 1))[0]
                return step
        before = replica.before
        if before is None or before.size != replica.theta.size:
            return np.full_like(replica.theta, np.nan)
        return replica.theta - before

    def _next_batch(self) -> Samples:
        return self._batches.next_batch(self.current.optimizer)

    def snapshot(self, run: int = 0, wanted: Wanted | None = None) -> Snapshot:
        """Return an immutable copy of what the views asked for."""
        self._record_if_due()
        return snapshot(self, run, wanted or Wanted())

    def past(self, lane: Lane, name: str, part: str) -> tuple[Floats, Floats]:
        """Return a loss or metric of a lane where its parameters were kept: epochs (k,), and values (k, networks)."""
        return lane.timeline.column(name, part, len(lane.replicas))

    # Training

    def run(self, epochs: int | None = None) -> None:
        """Train for `epochs` more epochs; by default, up to the [run] epochs of the experiment."""
        target = self.experiment.run.epochs if epochs is None else self.epoch + epochs
        with np.errstate(all="ignore"):
            while self.epoch + self._batches.is_over < target and self._update():
                pass
            if self._batches.position == 0:
                self._record()

    def advance(self, go_on: Callable[[], bool], most: int | None = None) -> int:
        """Train until `go_on()` is False, `most` updates are done or no lane is running; return the updates done."""
        first = self.update
        last = None if most is None else first + most
        with np.errstate(all="ignore"):
            while self.update != last and go_on() and self._update():
                pass
        return self.update - first

    def step_epoch(self) -> bool:
        """Train to the end of the current epoch; return whether any lane is still running."""
        epoch = self.epoch
        while self.epoch == epoch:
            if not self.step():
                return False
        return True

    def step(self) -> bool:
        """Do one update in every lane; return whether any lane is still running."""
        with np.errstate(all="ignore"):
            return self._update()

    def _update(self) -> bool:
        """Do one update in every lane: forward, cost, backward, update; return whether any lane is still running."""
        batches, recorder = self._batches, self._recorder
        if self._log.pending:
            self._apply_pending()
        if not (self._groups or self.running) or self.waits:
            return False
        settings = self._log.current.optimizer
        if batches.end_epoch():
            self.epoch += 1
            recorder.due = self.epoch % self.every == 0
        if batches.position == 0 and batches.begin_epoch(settings):
            batches.deal_targets(self._codings())
        if recorder.due and not batches.is_full_batch:
            self._record()
        X, Y, size = batches.next(settings)
        passes = [group.forward(X) for group in self._groups]
        if recorder.due:
            self._record(passes)  # the cost: only recorded, it changes nothing
        failed: list[Replica] = []
        for group, forward_pass in zip(self._groups, passes):  # noqa: B905  (strict costs a tenth of a microsecond)
            group.backward(forward_pass, Y)
            failed += group.update()
        if failed:
            self._stop(failed, X, Y, batches.rows(size))
            if not self.running:
                self._apply_pending()
                return False
        self.update += 1
        if self.watched:
            self.pairs.check(self.update)
        if batches.use(size):
            self.epoch += 1
            recorder.due = self.epoch % self.every == 0
        return True

    def _codings(self) -> set[str]:
        """Return the codings of targets used by any lane."""
        return {lane.coding for lane in self.lanes}

    def _record(self, passes: Sequence[ForwardPass] | None = None) -> None:
        self._recorder.record(self._groups, self.epoch, self.update, passes)

    def _record_if_due(self) -> None:
        if self._recorder.due:
            with np.errstate(all="ignore"):
                self._record()

    def _stop(self, failed: list[Replica], X: Array, Y: dict[str, Array], rows: NDArray[np.intp]) -> None:
        """Stop networks whose update, over a batch of these rows, would not be finite, and find the reason."""
        for replica in failed:
            replica.stopped = "overflow"  # a placeholder: takes it out of its group before the cost is examined
        self._regroup(learned=1)
        dtype = self._train.X.dtype
        for replica in failed:
            group = Group([replica], dtype)
            Z, A = group.outputs_of(group.forward(X), replica)
            replica.stopped = reason_to_stop(replica, Z, A, Y[replica.lane.coding], group.output, rows)
            group.dissolve()
        for lane in dict.fromkeys(replica.lane for replica in failed):
            if lane.stopped:
                lane.stopped_at = self.epoch_position
            if lane.stopped and lane.history.last_update != self.update:
                group = Group([replica for replica in lane.replicas if replica in failed], dtype)
                self._recorder.record_group(group, self.epoch, self.update)
                group.dissolve()

    # Edits

    def edit(
        self,
        changes: Mapping[str, object],
        lane: str | None = None,
        weights: Mapping[str, float] | None = None,
        units: Units | None = None,
    ) -> Edit:
        """Make an edit now, before the next update, in one lane or in all; see `Edit`.

        In the middle of an epoch, a new batch size applies to the remaining samples; a new `shuffle` applies from the
        next epoch on. Repeated changes of a setting before the next update, as when dragging a number, make one edit
        with the last value, or none if that is the value from before.

        Raises
        ------
        InputError
            If a value is not allowed; then nothing has changed.
        """
        return self.take_edit(self.experiment.checked_edit(changes, lane, self.update, weights, units))

    def take_edit(self, edit: Edit) -> Edit:
        """Change settings now by an edit whose values have been checked; return it with its update.

        Raises
        ------
        InputError
            If it does not fit the other settings or the networks; then nothing has changed.
        """
        self._apply_pending()  # scheduled edits of this update come first, as in a replay
        edit = dataclasses.replace(edit, update=self._edit_update)
        experiment, changed = self._log.with_edit(edit), self.current.changed_by(edit)
        if not SIZING.isdisjoint(edit.changes):
            check_size(self._plan(changed))
        if edit.keys & _DRAWN:
            self._data_for(changed)  # raises if it cannot be computed with
        if edit.keys & SHAPING:
            self._check_parts(changed, edit)
        if edit.weights:
            self._check_running(edit)
        before = marks_of(self, edit) if self.watched else {}
        self._log.enter(edit, experiment)
        self._apply(edit)
        self.effect = effect_of(edit, before, self) if self.watched else None
        return edit

    @property
    def _edit_update(self) -> int:
        """Before which update, counted from 0, an edit made now takes effect: not before one that stopped all lanes."""
        return self.update if self.running else self.update + 1

    def inverse(self, edit: Edit) -> tuple[Edit, ...]:
        """Return the edits that undo one which is about to be made: settings and weights are to the bit what they were.

        What the optimiser remembered is not brought back where a shape changed. Of so many weights that one edit cannot
        set them, new ones are drawn.
        """
        if edit.lane is not None and edit.lane not in {lane.name for lane in self.lanes}:
            return ()  # it is refused, too
        changed = self.current.changed_by(edit)
        data, edits = self._data_for(changed), []
        inputs = numbers_before(self.data.feature_names, data.feature_names)
        if inputs is not None:
            edits.append(Edit(edit.update, {"data.features": self.data.feature_names}))
        for lane in self.lanes:
            if edit.lane not in (None, lane.name) or not lane.running:
                continue
            present = {key: self.current.get(key, lane.name) for key in edit.changes if SETTINGS[key].per_lane}
            values = {key: value for key, value in present.items() if value is not None}
            sizes = shape_of(changed.lane(lane.name), data)[0]
            weights: dict[str, float] = {}
            for replica in lane.running:
                weights |= replaced_entries(replica, edit, sizes, inputs, lane.has_replicas)
            weights = weights if len(weights) <= MOST_ENTRIES else {}
            back = Edit(edit.update, values, lane.name, weights, inverse_units(edit.units))
            edits += [back] if back.keys else []
        return tuple(edits)

    def _check_running(self, edit: Edit) -> None:
        """Refuse to set weights where no network is running: a stopped one stays as it is."""
        lanes = [lane for lane in self.lanes if edit.lane in (None, lane.name)]
        numbers = {parse_entry(name).replica for name in edit.weights}
        if not any(numbers & {None, replica.number} for lane in lanes for replica in lane.running):
            stopped = f"lane {lanes[0].name} has" if len(self.lanes) > 1 else "it has"
            raise InputError(f"A network that has stopped keeps its weights, and {stopped}; reset to start over.")

    def _check_parts(self, settings: Experiment, edit: Edit | None = None) -> None:
        """Check that lanes have the units that are frozen, and the weights that an edit sets, with these settings."""
        data, sizes = self._data_for(settings), {}
        for entry in settings.lanes:
            lane = settings.lane(entry.name)
            sizes[lane.name] = shape_of(lane, data)[0]
            where = [] if edit is None else [f"edit of update {edit.update}"]
            where += [f"lane {lane.name}"] if len(settings.lanes) > 1 else []
            check_frozen(lane.network.frozen, sizes[lane.name], ", ".join(where))
        if edit is not None and edit.weights:
            check_weights(edit, sizes, settings.run.replicas, self._train.X.dtype)

    def _check_parts_throughout(self, experiment: Experiment) -> None:
        """Check these at the start of an experiment and after each of its edits that matters for them."""
        settings = dataclasses.replace(experiment, edits=())
        self._check_parts(settings)
        if any(edit.keys & SHAPING for edit in experiment.edits):
            for edit in experiment.edits:
                settings = settings.changed_by(edit)
                if edit.keys & SHAPING:
                    self._check_parts(settings, edit)

    def _apply_pending(self) -> None:
        while (edit := self._log.take_due(self._edit_update)) is not None:
            self._apply(edit)

    def _apply(self, edit: Edit) -> None:
        """Apply an edit to all running lanes."""
        self._record_if_due()
        inputs = self._follow_data(edit)
        before = self._log.apply(edit)
        running = [lane for lane in self.lanes if not lane.stopped]
        at = self.update, self.epoch_position
        reshaped = [
            lane.follow(
                self.current.lane(lane.name),
                self.data,
                *at,
                inputs,
                edit.units if edit.lane in (None, lane.name) else None,
            )
            for lane in running
        ]
        if inputs is not None:
            for lane in self.lanes:
                lane.reconnect_stopped(inputs)
        self._batches.resize(self._codings())
        changes = self._set_weights(edit, running) if edit.weights else {}
        if changes or any(reshaped):
            self._regroup()
        else:
            self._compare_losses()
            for group in self._groups:
                group.follow_settings()
        self._log.mark(edit, before, self.epoch_position, self.data.task, changes, self._changes_text)

    def _follow_data(self, edit: Edit) -> tuple[int, ...] | None:
        """Take the features and the points of an edit; return what number each feature had before, None if the same."""
        before, settings, changed = self.data, self.current.data, self.current.changed_by(edit)
        self.data = self._data_for(changed)
        inputs = numbers_before(before.feature_names, self.data.feature_names)
        if self.data is before:
            return inputs
        dtype = self._train.X.dtype
        self._train = samples_of(self.data.X_train, self.data.y_train, self.data, dtype)
        self._test = samples_of(self.data.X_test, self.data.y_test, self.data, dtype)
        self._recorder.follow_samples(self._train, self._test)
        if self.data.drawn is None:
            self._batches.follow_features(self._train)
        else:
            self._batches.exchange(self._train, settings.points or (), changed.data.points or ())
        return inputs

    def _set_weights(self, edit: Edit, lanes: Iterable[Lane]) -> dict[Place, Change]:
        """Set the weights and biases of an edit in running networks, which leave their groups; return what changed."""
        for group in self._groups:
            group.dissolve()
        self._groups = []
        changes: dict[Place, Change] = {}
        for lane in lanes:
            for replica in lane.running if edit.lane in (None, lane.name) else ():
                changed = set_entries(replica, edit.weights)
                changes |= {(lane.key, replica.number, name): change for name, change in changed.items()}
        return changes

    def _changes_text(self, changes: Mapping[Place, Change]) -> str:
        """Say which weights and biases were changed: "bias of unit 1 of layer 2: 0 to 0.5"."""
        (key, number, name), (old, new) = next(iter(changes.items()))
        if len(names := {name for _, _, name in changes}) > 1:
            return f"{words.count(len(names), 'weight')} and biases set"
        lane = next(lane for lane in self.lanes if lane.key == key)
        entry = texts.entry_within(parse_entry(name), lane.sizes, self.data.feature_names)
        seed = f" (seed {lane.replicas[number].seed})" if lane.has_replicas and len(changes) == 1 else ""
        values = f"{words.number(old)} to {words.number(new)}" if len(changes) == 1 else words.number(new)
        return f"{entry}{seed}: {values}"

    def settle(self) -> None:
        """Record the current state, and apply all edits that are due before the next update."""
        self._record_if_due()
        self._apply_pending()

    # Lanes

    def _new_lane(self, name: str) -> Lane:
        settings = self.current.lane(name)
        lane = build_lane(settings, self.data, self.current.run.replicas, next(self._keys))
        weights = given_weights(settings.network, lane.sizes, self.current.locate, self._train.X.dtype)
        if weights is not None:
            for replica in lane.replicas:
                replica.theta = weights.copy()
        return lane

    def _regroup(self, learned: int = 0) -> None:
        """Rebuild the groups; `learned` is 1 if they have done an update that is not counted yet."""
        for group in self._groups:
            group.dissolve()
        self._compare_losses()
        running = [replica for lane in self.lanes if not lane.rests for replica in lane.running]
        self._groups = grouped(running, self._train.X.dtype)
        if self.watched:
            self.pairs.follow(self.lanes, self._groups, self.update + learned)

    def _compare_losses(self) -> None:
        """Make every running lane record the requested losses and, if watched, the objectives of the others."""
        learned = self._losses | ({lane.objective.name for lane in self.lanes} if self.watched else set())
        for lane in self.lanes:
            shown = {lane.objective.name, *(name for name, _ in lane.monitors)}
            if not lane.stopped:
                lane.compare_with([name for name in LOSSES if name in learned - shown])

    def fork_lane(self, name: str, new: str) -> None:
        """Add a copy of a lane: its parameters, optimiser memory, history and all its edits.

        Raises
        ------
        InputError
            If there is no such lane, there are too many lanes, or the new name is not allowed.
        """
        self.settle()
        lane = self.lane(name)
        experiment = with_lane(self.experiment, *forked(self.experiment, name, new))
        check_size(self._plan(experiment.effective(self.update)))
        self._log.adopt(experiment, self.update)
        copied = lane.copy(self.current.lane(new), next(self._keys))
        self.pairs.copy(lane.key, copied.key)
        self.lanes.append(copied)
        self._regroup()

    def release(self) -> None:
        """Let go of all networks; the trainer cannot be used any more.

        Lanes and networks refer to each other: their arrays would stay until Python looks for such circles.
        """
        for lane in self.lanes:
            lane.replicas.clear()
        self.lanes.clear()
        self._groups.clear()

    def restarted(self, experiment: Experiment) -> Trainer:
        """Return a trainer of another experiment on the same data, or on other points, from the start.

        Trained as far as this one, it has a new lane as if that had been there from the start, on the same batches.
        """
        drawn = operator.attrgetter("points", "test_points", "scaling")
        same = drawn(experiment.data) == drawn(self._settings_at_start)
        return Trainer(experiment, self._at_start if same else None, self.every, self.watched, self._losses)

    def joined_by(self, experiment: Experiment) -> Trainer:
        """Return a trainer of this experiment with one more lane, from the start, for that lane to catch up.

        Of the lanes of this one it records only the losses that they lack: each lane records what the others learn
        with. Call `catch_up` until it is as far as this one.
        """
        successor = self.restarted(experiment)
        known = {lane.name: lane for lane in self.lanes}
        edited = (successor.current.changed_by(edit) for edit in experiment.edits if "loss.objective" in edit.changes)
        losses = [settings.lane(lane.name).loss for settings in (successor.current, *edited)
                  for lane in successor.lanes if lane.name not in known]  # fmt: skip
        learned = {objective_for(loss, self.data.task) for loss in losses}
        for lane in successor.lanes:
            if lane.name in known:
                history = known[lane.name].history
                lane.record_only(loss for loss in learned if not history.always_has(f"train_{loss}"))
        successor._regroup()
        return successor

    def catch_up(self, run: Trainer, go_on: Callable[[], bool]) -> bool:
        """Train this run, see `joined_by`, until it is as far as `run`, and take over from it; return whether it has.

        A lane that is known is trained only until the new lanes have parted from it. One that lacks a loss is trained
        and recorded for a part of the run, in which most levels are reached; of the rest, its timeline tells enough,
        and catching up takes no longer than training did.
        """
        while self.update < run.update and self.running and go_on():
            waiting = self._let_rest(max(_ALONG, run.update // 4))
            left = run.update - self.update
            self.advance(go_on, min(left, 1 if self.update == 0 else _TOGETHER) if waiting else left)
        if self.update < run.update and self.running:
            return False
        self._take_over(run)
        return True

    def _let_rest(self, along: int) -> bool:
        """Train known lanes no further than is needed; return whether any might rest later.

        Those that lack a loss are trained for `along` updates. In a larger group of networks than `Network.MOST_EXACT`,
        the bits of each depend on the others.
        """
        trained = [lane for lane in self.lanes if lane.only is not None and not lane.rests]
        if not trained or sum(len(lane.replicas) for lane in self.lanes) > Network.MOST_EXACT:
            return False
        new = [lane for lane in self.lanes if lane.only is None]
        done = [lane for lane in trained if not lane.only or self.update >= along]
        resting = [lane for lane in done if all(self.pairs.have_parted(lane, other) for other in new)]
        if resting:
            self._record_if_due()
            for lane in resting:
                lane.rests = True
            self._regroup()
        return len(resting) < len(trained)

    def _take_over(self, run: Trainer) -> None:
        """Adopt what is known of the lanes of a run that this one has caught up with."""
        run.settle()
        self.settle()  # the new lane's row of this moment, while the others still count as recorded
        known = {lane: run.lane(lane.name) for lane in self.lanes if lane.only is not None}
        for lane, old in known.items():
            lane.adopt(old)
        self.pairs.adopt(run.pairs, {old.key: lane.key for lane, old in known.items()})
        self._regroup()

    def remove_lane(self, name: str) -> RemovedLane:
        """Remove a lane, and return it as it is, for `restore_lane`.

        Raises
        ------
        InputError
            If there is no such lane, or it is the only one.
        """
        self.settle()
        lane, before = self.lane(name), self.experiment
        self._log.adopt(without_lane(before, name)[0], self.update)
        index = self.lanes.index(lane)
        self.lanes.remove(lane)
        pairs = self.pairs.remove(lane.key)
        marks = self._log.remove_lane(name)
        self._regroup()
        return RemovedLane(lane, index, marks, pairs, before, self.experiment, self.update)

    def restore_lane(self, removed: RemovedLane) -> bool:
        """Put back a lane removed from this run, unless anything has changed since; return whether it was put back."""
        if (self.experiment, self.update) != (removed.after, removed.update):
            return False
        self._log.adopt(removed.before, self.update)
        self.lanes.insert(removed.index, removed.lane)
        self.pairs.restore(removed.pairs)
        self._log.restore(removed.marks)
        self._regroup()
        return True

    def rename_lane(self, name: str, new: str) -> None:
        """Rename a lane.

        Raises
        ------
        InputError
            If there is no such lane, or the new name is not allowed.
        """
        self.settle()
        lane = self.lane(name)
        self._log.adopt(renamed(self.experiment, name, new), self.update)
        lane.settings = self.current.lane(new)
        self._log.rename_lane(name, new)
