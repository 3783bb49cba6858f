"""The trainer: runs an experiment, update by update, all lanes in lock-step.

A run is a function of its experiment alone. What is recorded, shown or asked for in between changes no bit of it.
"""

from __future__ import annotations

import copy
import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sandbox.arrays import Array, read_only
from sandbox.data import Data, load_data
from sandbox.errors import InputError
from sandbox.experiment.document import texts
from sandbox.experiment.document.defaults import objective_for, output_for
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.frozen import FrozenMapping
from sandbox.experiment.document.lanes import forked, renamed, with_lane, without_lane
from sandbox.experiment.document.parts import Edit, Lane
from sandbox.experiment.document.settings import Value
from sandbox.experiment.training.diagnosis import reason_to_stop
from sandbox.experiment.training.groups import Group
from sandbox.experiment.training.history import History
from sandbox.experiment.training.lanes import (
    HIGH,
    LOW,
    TrainingLane,
    as_lane,
    build_lane,
    named_loss,
    resized_parameters,
)
from sandbox.experiment.training.pairs import Known, Pairs
from sandbox.experiment.training.replicas import spread
from sandbox.experiment.training.samples import Samples, samples_of
from sandbox.experiment.training.scene import Question, Scene
from sandbox.experiment.training.snapshot import Curve, CurveRequest, LaneState, Mark, Snapshot, Surface, Wanted
from sandbox.experiment.training.surface import difference, surface
from sandbox.experiment.training.weights import load_weights, put_parameters
from sandbox.nn import LOSSES
from sandbox.nn.network import ForwardPass

_LOSING = {"network.hidden", "optimizer.name"}  # an edit of these and back leaves other weights or an empty memory
_TEST = 1  # the slot of passes over the test part


def load_experiment_data(experiment: Experiment) -> Data:
    """Return the data that an experiment names, paths relative to its folder."""
    return load_data(**dataclasses.asdict(experiment.data), folder=experiment.folder)


@dataclasses.dataclass(frozen=True, eq=False)
class _Made:
    """An edit made while training, the experiment that was told without it, and the settings in force before it."""

    edit: Edit
    experiment: Experiment
    settings: Experiment


@dataclasses.dataclass(frozen=True, eq=False)
class Removed:
    """A lane that was taken out, with all that was known of it, and the experiment before and after."""

    lane: TrainingLane
    place: int
    marks: tuple[Mark, ...]
    known: Known
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
        What the experiment's [data] gives, where it is loaded already.
    every : int
        Every how many epochs the history is recorded.
    watched : bool
        Whether a person looks on, who compares lanes: what one learns with is then recorded in all, how far lanes are
        apart is too, and of many replicas over many epochs no more than can be seen. No bit of a run depends on it.
    losses : iterable of str
        Losses that are recorded of every lane, beside those that it learns with and shows. No bit depends on them.

    Attributes
    ----------
    experiment : Experiment
        With the edits made while training added.
    current : Experiment
        The settings in force, without edits.
    update, epoch : int
        Updates done, whole epochs done.
    lanes : list of TrainingLane
        The first network of each lane, which knows the others.

    Raises
    ------
    InputError
        When the data or a file of weights cannot be used.
    """

    def __init__(
        self,
        experiment: Experiment,
        data: Data | None = None,
        every: int = 1,
        watched: bool = False,
        losses: Iterable[str] = (),
    ) -> None:
        self.data = load_experiment_data(experiment) if data is None else data
        self.experiment = experiment
        self.every, self.watched, self._losses = every, watched, frozenset(losses)
        self.update = self.epoch = 0
        self.marks: list[Mark] = []
        self._pending = list(experiment.edits)
        self._made: list[_Made] = []  # since the last update
        self.current = dataclasses.replace(experiment, edits=())
        dtype = np.dtype(experiment.run.precision)
        self._train = samples_of(self.data.X_train, self.data.y_train, self.data, dtype)
        self._test = samples_of(self.data.X_test, self.data.y_test, self.data, dtype)
        self._shuffled = Samples(
            self._train.X.copy(), {coding: Y.copy(order="K") for coding, Y in self._train.Y.items()}
        )
        self._batches: dict[int, tuple[Array, dict[str, Array], int]] = {}  # by position in the epoch
        self._rng = np.random.default_rng(experiment.optimizer.seed)
        self._order: Any = slice(None)  # of the samples in the current epoch
        self._position = 0  # samples of the current epoch that were used
        self._whole = True  # whether the current epoch is one batch of all samples, in their own order
        self._due = True  # whether the present state is to be recorded before anything changes it
        self._keys = itertools.count()
        self.pairs = Pairs()
        self.lanes = [self._new_lane(lane.name) for lane in experiment.lanes]
        self._groups: list[Group] = []
        self._regroup()
        self._apply_pending()

    # Lanes

    def _new_lane(self, name: str) -> TrainingLane:
        settings, weights = self.current.lane(name), None
        networks = [build_lane(settings, self.data, replica=r) for r in range(self.current.run.replicas)]
        if settings.network.weights is not None:
            place = self.current.locate(settings.network.weights)
            weights = load_weights(place, networks[0].sizes, self._train.X.dtype)
        for network in networks:
            network.theta = network.theta if weights is None else weights.copy()
        return as_lane(networks, next(self._keys))

    def _regroup(self, learned: int = 0) -> None:
        """Form the groups anew; `learned` is 1 where they have done an update that is not counted yet."""
        for group in self._groups:
            group.release()
        self._compare()
        running = [network for lane in self.lanes for network in lane.replicas if not network.stopped]
        shapes = dict.fromkeys((lane.sizes, lane.activations) for lane in running)
        dtype = self._train.X.dtype
        self._groups = [
            Group([lane for lane in running if (lane.sizes, lane.activations) == shape], dtype) for shape in shapes
        ]
        if self.watched:
            self.pairs.follow(self.lanes, self._groups, self.update + learned)

    def _compare(self) -> None:
        """Let every lane that goes on record what it is asked for, and what the others learn with."""
        learned = self._losses | ({lane.objective.name for lane in self.lanes} if self.watched else set())
        for lane in self.lanes:
            shown = {lane.objective.name, *(name for name, _ in lane.monitors)}
            names = [name for name in LOSSES if name in learned - shown]
            if not lane.ended and names != [name for name, _ in lane.compared]:
                lane.compared = [(name, named_loss(name, lane.settings.loss.parameters)) for name in names]
                lane.forget_columns()

    def fork_lane(self, name: str, new: str) -> None:
        """Add a copy of a lane: its parameters, what its optimiser remembers, its history and all it was told.

        Raises
        ------
        InputError
            If there is no such lane, there are too many, or the new name is not allowed.
        """
        self.settle()
        lane = self.lane(name)
        self._tell(with_lane(self.experiment, *forked(self.experiment, name, new)))
        networks = [
            dataclasses.replace(
                network, theta=network.theta.copy(), memory=[slot.copy() for slot in network.memory],
                count=network.steps, descent=None, of=None, replicas=[], each=None,
            )
            for network in lane.replicas
        ]  # fmt: skip
        for network in networks:
            network.settings = self.current.lane(new)
        copied = as_lane(networks, next(self._keys))
        copied.history, copied.each = lane.history.copy(), None if lane.each is None else lane.each.copy()
        self.pairs.copy(lane.key, copied.key)
        self.lanes.append(copied)
        self._regroup()

    def anew(self, experiment: Experiment) -> Trainer:
        """Return a trainer of another experiment on the same data, from the start: to come as far as this one.

        So a lane is added as if it had been there from the start, on the same batches.
        """
        return Trainer(experiment, self.data, self.every, self.watched, self._losses)

    def remove_lane(self, name: str) -> Removed:
        """Take a lane out, and return it as it is, for `put_back`.

        Raises
        ------
        InputError
            If there is no such lane, or no other.
        """
        self.settle()
        lane, before, marks = self.lane(name), self.experiment, self.marks
        self._tell(without_lane(before, name)[0])
        place = self.lanes.index(lane)
        self.lanes.remove(lane)
        known = self.pairs.forget(lane.key)
        self.marks = [mark for mark in marks if mark.lane != name]
        self._regroup()
        return Removed(lane, place, tuple(marks), known, before, self.experiment, self.update)

    def put_back(self, removed: Removed) -> bool:
        """Put a lane back that was taken out of this very run, unless anything was done since; return whether it is."""
        if (self.experiment, self.update) != (removed.after, removed.update):
            return False
        self._tell(removed.before)
        self.lanes.insert(removed.place, removed.lane)
        self.pairs.recall(removed.known)
        self.marks = list(removed.marks)
        self._regroup()
        return True

    def rename_lane(self, name: str, new: str) -> None:
        """Call a lane something else.

        Raises
        ------
        InputError
            If there is no such lane, or the new name is not allowed.
        """
        self.settle()
        lane = self.lane(name)
        self._tell(renamed(self.experiment, name, new))
        for network in lane.replicas:
            network.settings = self.current.lane(new)
        self.marks = [dataclasses.replace(mark, lane=new) if mark.lane == name else mark for mark in self.marks]

    def settle(self) -> None:
        """Record what there is, and do all edits that are to come before the next update."""
        self._record_if_due()
        self._apply_pending()

    def _tell(self, experiment: Experiment) -> None:
        """Let the experiment be another, which tells the lanes that stay the same as before."""
        self.experiment, self.current = experiment, experiment.effective(self.update)
        self._made = []
        self._pending = [edit for edit in experiment.edits if edit.update > self.update]

    @property
    def running(self) -> bool:
        """Whether any lane goes on."""
        return bool(self._groups)

    def lane(self, name: str) -> TrainingLane:
        """Return a lane by its name.

        Raises
        ------
        InputError
            If there is none.
        """
        for lane in self.lanes:
            if lane.name == name:
                return lane
        raise InputError(f'There is no lane "{name}"; there is {", ".join(lane.name for lane in self.lanes)}.')

    def history(self, name: str | None = None) -> History:
        """Return the history of a lane (the first by default), up to the present state."""
        self._record_if_due()
        return (self.lane(name) if name is not None else self.lanes[0]).history

    def parameters(self, name: str | None = None) -> dict[str, Array]:
        """Return copies of a lane's W1, b1, W2, ...: W of shape (n_out, n_in), b of shape (n_out,)."""
        return (self.lane(name) if name is not None else self.lanes[0]).parameters()

    def set_parameters(self, parameters: Mapping[str, Array], name: str | None = None) -> None:
        """Give a lane other parameters W1, b1, W2, ... before its first update.

        Raises
        ------
        InputError
            If a name or a shape is not the network's.
        """
        if self.update:
            raise InputError("Parameters can be set before the first update only.")
        lane = self.lane(name) if name is not None else self.lanes[0]
        for network in lane.replicas:
            put_parameters(network.theta, lane.sizes, parameters, "the parameters")
        for each in self.lanes:  # the row of epoch 0, where it has been asked for already, was of other parameters
            each.history, each.each = History(), History() if each.each is not None else None
        self._due = True

    # Training

    def run(self, epochs: int | None = None) -> None:
        """Train for so many more epochs; without a number, up to the [run] epochs of the experiment."""
        target = self.experiment.run.epochs if epochs is None else self.epoch + epochs
        with np.errstate(all="ignore"):
            while self.epoch < target and self._step():
                pass
            if self._position == 0:
                self._record(None)

    def advance(self, go_on: Callable[[], bool], most: int | None = None) -> int:
        """Train until `go_on` says no, so many updates are done or no lane goes on; return how many were done."""
        first = self.update
        last = None if most is None else first + most
        with np.errstate(all="ignore"):
            while self.update != last and go_on() and self._step():
                pass
        return self.update - first

    def step_epoch(self) -> bool:
        """Train to the end of the current epoch; return whether any lane goes on."""
        epoch = self.epoch
        while self.epoch == epoch:
            if not self.step():
                return False
        return True

    def step(self) -> bool:
        """Do one update in every lane; return whether any lane goes on."""
        with np.errstate(all="ignore"):
            return self._step()

    def _step(self) -> bool:
        if self._pending:
            self._apply_pending()
        if not self._groups:
            return False
        if self._position == 0:
            self._begin_epoch()
        if self._due and not self._whole:
            self._record(None)
        X, Y, size = self._batch()
        if len(self._groups) == 1:  # as below, in half the time
            (group,) = self._groups
            done = group.forward(X)
            if self._due:
                self._record([done])
            failed = group.learn(done, Y)
        else:
            passes = [group.forward(X) for group in self._groups]
            if self._due:
                self._record(passes)
            failed = [lane for group, done in zip(self._groups, passes, strict=True) for lane in group.learn(done, Y)]
        if failed:
            self._stop(failed)
            if not self._groups:
                return False
        self.update += 1
        if self.watched and len(self.lanes) > 1:
            self.pairs.look(self.update)
        self._position += size
        if self._position >= len(self._train):
            self._position = 0
            self.epoch += 1
            self._due = self.epoch % self.every == 0
        return True

    def _begin_epoch(self) -> None:
        """Choose the order of the samples. All in one batch need no order, so none is drawn."""
        settings = self.current.optimizer
        self._whole = not 0 < settings.batch_size < len(self._train)
        if self._whole:
            return
        self._order = self._rng.permutation(len(self._train)) if settings.shuffle else slice(None)
        self._shuffled.X[...] = self._train.X[:, self._order]
        self._deal_targets()

    def _deal_targets(self) -> None:
        """Put the targets, as the lanes code them, in the order of the current epoch."""
        for coding in {lane.coding for lane in self.lanes}:
            self._shuffled.Y[coding][...] = self._train.Y[coding][self._order]

    def _batch(self) -> tuple[Array, dict[str, Array], int]:
        """Return X, Y and size of the next batch: views that are made once, since the epochs fill the same arrays."""
        if self._whole:
            return self._train.X, self._train.Y, len(self._train)
        found = self._batches.get(self._position)
        if found is None:
            start = self._position
            end = min(start + (self.current.optimizer.batch_size or len(self._train)), len(self._train))
            Y = {coding: Y[start:end] for coding, Y in self._shuffled.Y.items()}
            found = self._batches[start] = (self._shuffled.X[:, start:end], Y, end - start)
        return found

    def _stop(self, failed: list[TrainingLane]) -> None:
        for network in failed:
            network.stopped = "overflow"  # a placeholder that takes it out of its group before the cost is looked at
        self._regroup(learned=1)
        for network in failed:
            group = Group([network], self._train.X.dtype)
            done = group.forward(self._train.X)
            network.stopped = reason_to_stop(network, *group.lane_outputs(done, network), self._train, group.outputs)
            group.release()
        for lane in dict.fromkeys(network.first for network in failed):
            if lane.ended and lane.history.last_update != self.update:
                group = Group([network for network in lane.replicas if network in failed], self._train.X.dtype)
                self._record_group(group, group.forward(self._train.X))
                group.release()

    # Edits

    def edit(self, changes: Mapping[str, object], lane: str | None = None) -> Edit:
        """Change settings now, before the next update, in one lane or in all.

        In the middle of an epoch, another batch size cuts those samples that are left into new batches; another
        `shuffle` holds from the next epoch on. What is changed again before the next update, as while a number is
        dragged, makes one edit with its last value; none where that is what it was before.

        Raises
        ------
        InputError
            If a value is not allowed; then nothing has changed.
        """
        edit = Edit(self.update, changes, lane)  # type: ignore[arg-type]
        if self._made and self._made[-1].edit.update != self.update:
            self._made = []
        last = self._made[-1] if self._made and _changes_again(self._made[-1].edit, edit) else None
        experiment = self.experiment if last is None else last.experiment
        self.experiment = experiment.with_edit(edit)
        self._apply_pending()  # what the experiment foresees for this very update comes first, as when it is replayed
        if last is not None:
            self.marks.pop()
            self._made.pop()
        settings = self.current if last is None else last.settings
        applied = self._apply(edit, settings)
        told = [other for other in self.experiment.edits if other.update == self.update][-1]
        self._made.append(_Made(told, experiment, settings))
        self._forget_taken_back()
        return applied

    def _forget_taken_back(self) -> None:
        """Let the newest edits be no edits where, taken together, they change nothing."""
        for k, first in enumerate(self._made):
            keys = {key for made in self._made[k:] for key in made.edit.changes}
            names = [lane.name for lane in self.lanes]
            back = all(self.current.get(key, lane) == first.settings.get(key, lane) for key in keys for lane in names)
            if back and not keys & _LOSING:
                del self.marks[-len(self._made[k:]) :]
                self.experiment, self.current, self._made = first.experiment, first.settings, self._made[:k]
                return

    def _apply_pending(self) -> None:
        while self._pending and self._pending[0].update <= self.update:
            self._apply(self._pending.pop(0))

    def _apply(self, edit: Edit, told_from: Experiment | None = None) -> Edit:
        """Change the settings in force; return the edit as a file would tell it.

        Its mark tells what changed, from `told_from` on where that is not what was in force just now.
        """
        self._record_if_due()
        before = self.current
        after = before.with_edit(edit)
        self.current, (edit,) = after.effective(), after.edits
        for group in self._groups:
            group.release()
        self._groups = []
        self._batches.clear()
        for i, lane in enumerate(self.lanes):
            if not lane.ended:
                self.lanes[i] = self._edited(lane)
        if self._position:  # the epoch goes on, and a lane may code its targets otherwise from now on
            self._deal_targets()
        self._regroup()
        told = [key for key in edit.changes if key != "loss.monitors" or "loss.objective" not in edit.changes]
        text = "; ".join(self._described(key, told_from or before, edit.lane) for key in told)
        self.marks.append(Mark(edit.update, self.epoch_position, edit.lane, text))
        return edit

    def _edited(self, lane: TrainingLane) -> TrainingLane:
        settings = self.current.lane(lane.name)
        edited = as_lane([self._edited_network(network, settings) for network in lane.replicas], lane.key)
        edited.history, edited.each = lane.history, lane.each
        before = tuple(each for each in lane.learned if each[0] < self.epoch_position)
        now = (self.epoch_position, edited.objective.name)
        edited.learned = before if before and before[-1][1] == now[1] else (*before, now)
        return edited

    def _edited_network(self, old: TrainingLane, settings: Lane) -> TrainingLane:
        new = build_lane(settings, self.data, old.theta, replica=old.replica)
        new.edited = self.update
        if old.stopped:  # it keeps the shape that it had
            new.sizes, new.activations, new.stopped = old.sizes, old.activations, old.stopped
        elif new.sizes != old.sizes:
            fresh = build_lane(settings, self.data, draw=self.update + 1, replica=old.replica).theta
            new.theta = resized_parameters(old, new.sizes, fresh)
        elif settings.optimizer.name == old.settings.optimizer.name:
            new.memory, new.count = old.memory, old.count
        return new

    def _described(self, key: str, before: Experiment, lane: str | None) -> str:
        """Return what an edit changed, for its mark: "learning rate 0.1 to 0.5"."""
        name = lane or before.lanes[0].name
        old, new = (self._in_force(key, settings, name) for settings in (before, self.current))
        return f"{texts.setting_within(key)} {texts.value_text(old)} to {texts.value_text(new)}"

    def _in_force(self, key: str, settings: Experiment, lane: str) -> Value:
        """Return the value of a setting, what "auto" stands for in its place."""
        value, task = settings.get(key, lane), self.data.task
        if value == "auto" and key == "loss.objective":
            return objective_for(settings.lane(lane).loss, task)
        return output_for(settings.lane(lane).network, task) if value == "auto" and key == "network.output" else value

    @property
    def epoch_position(self) -> float:
        """Epochs done, counting the part of the current one."""
        return self.epoch + self._position / len(self._train)

    # Recording

    def _record_if_due(self) -> None:
        if self._due:
            with np.errstate(all="ignore"):
                self._record(None)

    def _record(self, passes: list[ForwardPass] | None) -> None:
        """Append the present state to every running lane's history; `passes` saves computing it where it is known."""
        self._due = False
        for i, group in enumerate(self._groups):
            if group.families[0][0].history.last_update == self.update:
                continue
            self._record_group(group, group.forward(self._train.X) if passes is None else passes[i])
        if self.watched and len(self.lanes) > 1:
            self.pairs.record(self.epoch, self.update)

    def _record_group(self, group: Group, done: ForwardPass) -> None:
        test = group.forward(self._test.X, _TEST) if len(self._test) else None
        for lanes, index in group.alike:
            if len(lanes[0].replicas) == 1:
                for lane, values in zip(lanes, self._readings(lanes, group, index, done, test), strict=True):
                    lane.history.append(self.epoch, self.update, lane.columns, values)
                continue
            (lane,), networks = lanes, group.networks_of(lanes[0])
            table = self._table(lane, networks, group, index, done, test)
            lane.history.append(self.epoch, self.update, lane.spread_columns, spread(table))
            if lane.each is not None and not (self.watched and self.epoch % _stride(self.epoch)):
                lane.each.append(self.epoch, self.update, lane.each_columns, table.ravel().tolist())

    def _readings(
        self, lanes: Sequence[TrainingLane], group: Group, index: Any, done: ForwardPass, test: ForwardPass | None
    ) -> list[list[float]]:
        """Return for each of several lanes of one network, which read alike, the values of its columns."""
        first = lanes[0]
        penalties: Any = [lane.penalty(group.net.weights) for lane in lanes]
        penalties = penalties[0] if len(lanes) == 1 else np.array(penalties)
        values: list[Any] = []
        for part, samples in ((done, self._train), (test, self._test)):
            if part is None:
                continue
            Z, A = part.Z[-1][index], part.A[-1][index]
            read = [first.reading(name, kind, Z, A, samples, group.outputs) for name, kind in first.kinds]
            values += [read[0] + penalties, *([penalties] if part is done else []), *read]
        if len(lanes) == 1:
            return [values]
        rows: list[list[float]] = np.array(values).T.tolist()
        return rows

    def _table(
        self,
        lane: TrainingLane,
        networks: list[TrainingLane],
        group: Group,
        index: Any,
        done: ForwardPass,
        test: ForwardPass | None,
    ) -> Array:
        """Return the values (columns, replicas) of a lane's networks; nan for those that have stopped."""
        penalties = lane.penalties(group.rows[index if group.alone is False else slice(None)], group.net.weights)
        values: list[Array] = []
        for part, samples in ((done, self._train), (test, self._test)):
            if part is None:
                continue
            Z, A = (array[index].reshape(len(networks), *array.shape[-2:]) for array in (part.Z[-1], part.A[-1]))
            read = [lane.reading(name, kind, Z, A, samples, group.outputs) for name, kind in lane.kinds]
            values += [read[0] + penalties, *([penalties] if part is done else []), *read]
        table = np.full((len(values), len(lane.replicas)), np.nan)
        table[:, [network.replica for network in networks]] = values
        return table

    # Views

    def readings(self, lane: TrainingLane, replica: int | None = None) -> dict[str, float]:
        """Return the columns of the history at the parameters of this moment, recording nothing.

        Of several networks the medians and quartiles; with `replica`, the columns of that one alone.
        """
        if replica is not None and len(lane.replicas) > 1:
            return self._readings_of(lane, replica)
        last = lane.history.last
        if last is not None and (lane.ended or lane.edited < last.update == self.update):
            return dict(last.values)
        with np.errstate(all="ignore"):
            for group in self._groups:
                for first, networks, index in group.families:
                    if first is not lane:
                        continue
                    done = group.forward(self._train.X)
                    test = group.forward(self._test.X, _TEST) if len(self._test) else None
                    if len(lane.replicas) == 1:
                        (values,) = self._readings([lane], group, index, done, test)
                        return dict(zip(lane.columns, values, strict=True))
                    table = self._table(lane, networks, group, index, done, test)
                    return dict(zip(lane.spread_columns, spread(table), strict=True))
        return dict(last.values) if last is not None else {}

    def _readings_of(self, lane: TrainingLane, replica: int) -> dict[str, float]:
        """Return the columns of one of a lane's networks; of one that has stopped, the last that were kept."""
        with np.errstate(all="ignore"):
            for group in self._groups:
                for first, networks, index in group.families:
                    if first is not lane or lane.replicas[replica].stopped:
                        continue
                    test = group.forward(self._test.X, _TEST) if len(self._test) else None
                    table = self._table(lane, networks, group, index, group.forward(self._train.X), test)
                    return dict(zip(lane.columns, table[:, replica].tolist(), strict=True))
        last, end = None if lane.each is None else lane.each.last, f"#{replica}"
        values = {} if last is None else last.values
        return {name.removesuffix(end): value for name, value in values.items() if name.endswith(end)}

    def snapshot(self, run: int = 0, wanted: Wanted | None = None) -> Snapshot:
        """Return an immutable copy of what the views asked for."""
        wanted = wanted or Wanted()
        self._record_if_due()
        lanes = tuple(self._state(lane, wanted.replica) for lane in self.lanes)
        with np.errstate(all="ignore"):
            surfaces = tuple(self._surfaces(wanted))
            answers = self._answers(wanted)
        curves = () if wanted.curves is None else tuple(self._curves(wanted.curves, wanted.replica))
        return Snapshot(
            run, self.experiment, self.data, self.update, self.epoch, self.epoch_position, lanes, surfaces, curves,
            tuple(self.marks), FrozenMapping(answers),
        )  # fmt: skip

    def _surfaces(self, wanted: Wanted) -> Iterator[Surface]:
        lanes = {lane.name: lane for lane in self.lanes}
        for request in wanted.surfaces:
            if request.lane not in lanes or (request.other and request.other not in lanes):
                continue
            if request.other:
                yield difference(request, lanes[request.lane], lanes[request.other], self.data, wanted.replica)
            else:
                yield surface(request, lanes[request.lane], self.data, wanted.replica)

    def _answers(self, wanted: Wanted) -> dict[Question, Any]:
        scenes: dict[str, Scene | None] = {}
        answers = {}
        for question in wanted.questions:
            if question.lane not in scenes:
                scenes[question.lane] = self.scene(question.lane, wanted.replica)
            scene = scenes[question.lane]
            if scene is not None:
                answers[question] = question.answer(scene)
        return answers

    def scene(self, lane: str, replica: int | None = None) -> Scene | None:
        """Return what questions about a lane are asked of: of several networks the one given, or the first.

        None where there is no such lane.
        """
        for each in self.lanes:
            if each.name == lane:
                network = each.replicas[min(replica or 0, len(each.replicas) - 1)]
                return Scene(network, self.data, self._train, self._next_batch, self)
        return None

    def _next_batch(self) -> Samples:
        """Return the samples of the next update, without drawing what that update is to draw."""
        size = self.current.optimizer.batch_size
        if self._position == 0:
            if not 0 < size < len(self._train):
                return self._train
            shuffle = self.current.optimizer.shuffle
            order = copy.deepcopy(self._rng).permutation(len(self._train)) if shuffle else np.arange(len(self._train))
            return Samples(self._train.X[:, order[:size]], {c: Y[order[:size]] for c, Y in self._train.Y.items()})
        X, Y, _ = self._batch()
        return Samples(X.copy(), {coding: targets.copy() for coding, targets in Y.items()})

    def _state(self, lane: TrainingLane, replica: int | None) -> LaneState:
        readings = FrozenMapping(self.readings(lane, replica))
        lost = sum(bool(network.stopped) for network in lane.replicas)
        return LaneState(
            lane.name, lane.sizes, lane.activations[-1], lane.objective.name, readings, lane.ended,
            len(lane.replicas), lost,
        )  # fmt: skip

    def _curves(self, request: CurveRequest, replica: int | None) -> list[Curve]:
        curves = []
        for lane in self.lanes:
            for name, role in self._shown(lane, request.only):
                for part in ("train", "test") if len(self._test) else ("train",):
                    column = f"{part}_{name}"
                    if (lane.name, column) in request.hidden:
                        nothing = read_only(np.empty(0))
                        curves.append(Curve(lane.name, column, name, part, role, nothing, nothing))
                    else:
                        curves.append(self._curve(lane, column, name, part, role, request, replica))
        return curves

    def _shown(self, lane: TrainingLane, only: str) -> list[tuple[str, str]]:
        """Return the names that a lane's curves are of, and their roles."""
        # By its own name, so that a loss that was only shown before goes on where it was when it learns.
        learned = [(lane.objective.name, "objective")]
        if lane.settings.optimizer.l1 or lane.settings.optimizer.l2:
            learned.append(("cost", "objective"))
        shown = [(name, "monitor" if name in LOSSES else "metric") for name, _ in (*lane.monitors, *lane.compared)]
        if only:
            return [(name, role) for name, role in (*learned, *shown) if name == only]
        compared = {name for name, _ in lane.compared}
        return [*learned, *((name, role) for name, role in shown if name not in compared)]

    def _curve(
        self, lane: TrainingLane, column: str, name: str, part: str, role: str, request: CurveRequest,
        replica: int | None,
    ) -> Curve:  # fmt: skip
        def line(history: History, key: str) -> tuple[Array, Array]:
            epochs, values = history.curve(key, request.pixels, request.log_x, request.epochs)
            return read_only(epochs), read_only(values)

        several = len(lane.replicas) > 1
        band = tuple(line(lane.history, column + end) for end in (LOW, HIGH)) if several else ()
        single = None
        if several and lane.each is not None and replica is not None:
            single = line(lane.each, f"{column}#{replica}")
        return Curve(
            lane.name, column, name, part, role, *line(lane.history, column), band, single, _learned(lane, name)
        )  # fmt: skip


def _learned(lane: TrainingLane, name: str) -> tuple[tuple[float, float], ...] | None:
    """Return from where to where a lane has learned with a loss; None where that never changed."""
    if len(lane.learned) < 2 or name not in LOSSES:
        return None
    ends = [start for start, _ in lane.learned[1:]] + [math.inf]
    return tuple((start, end) for (start, own), end in zip(lane.learned, ends, strict=True) if own == name)


def _stride(epoch: int) -> int:
    """Return every how many epochs all replicas are kept: the later the fewer, some thousand for a doubling."""
    return 1 << max(0, epoch.bit_length() - 11)


def _changes_again(made: Edit, edit: Edit) -> bool:
    """Whether an edit only gives other values to the settings of the one just made: the way there leaves no trace."""
    same = made.update == edit.update and made.lane == edit.lane and made.changes.keys() == edit.changes.keys()
    return same and not _LOSING & edit.changes.keys()
