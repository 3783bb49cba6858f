"""How much memory a run needs, reckoned from its settings before anything is allocated.

Each setting has bounds of its own, but their product is what fills the memory: lanes times seeds times weights, or
times units and samples. A run that would need more than `MOST_RUN_BYTES` is refused, wherever it comes from: a file, an
edit, another lane, a cell of a sweep. The figure is the same on every machine: what runs on one runs on all.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from sandbox import words
from sandbox.data import Data
from sandbox.errors import InputError
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.parts import LaneSettings
from sandbox.experiment.training import history, timeline
from sandbox.experiment.training.lanes import recorded_names, shape_of
from sandbox.nn import OPTIMIZERS
from sandbox.nn.network import parameter_count

MOST_RUN_BYTES = 2_000_000_000
SIZING = frozenset({
    "network.hidden", "network.activation", "optimizer.name", "optimizer.batch_size", "loss.monitors", "data.features",
    "data.points", "data.test_points",
})  # fmt: skip
"""The settings that an edit may change and that decide how much memory is needed."""

_FIXED = 1_000_000  # of the smallest run
_PARAMETERS = 4  # arrays of all parameters: themselves, their gradient, a copy to go back to, and room to compute in
_TEMPORARY = 2  # more of them for a moment, as for a penalty
_OF_OUTPUTS = 8  # arrays of all outputs, while a loss is computed
_NUMBER = 8  # bytes of a number of the data and the history


@dataclass(frozen=True)
class Shape:
    """What one lane adds.

    Attributes
    ----------
    sizes : tuple of int
        Units per layer, input first.
    memory : int
        Numbers that its optimiser remembers of each parameter.
    columns : int
        Columns of its history.
    """

    sizes: tuple[int, ...]
    memory: int
    columns: int


@dataclass(frozen=True)
class Plan:
    """What decides how much memory a run needs.

    Attributes
    ----------
    lanes : tuple of Shape
    seeds : int
        Networks per lane.
    train, test, batch : int
        Samples of each part, and of an update.
    inputs : int
        Numbers of a sample before features are made from them.
    rows : int
        Epochs recorded.
    itemsize : int
        Bytes of a number in training.
    watched : bool
        Whether a person watches, see `Trainer`.
    """

    lanes: tuple[Shape, ...]
    seeds: int
    train: int
    test: int
    batch: int
    inputs: int
    rows: int
    itemsize: int
    watched: bool

    @property
    def bytes(self) -> int:
        """How much memory it needs while it runs, about."""
        return _FIXED + self._data() + self._histories() + sum(map(self._group, self._groups().items()))

    def _groups(self) -> dict[tuple[int, ...], list[Shape]]:
        """Return the lanes of each shape, whose networks are computed side by side."""
        groups: dict[tuple[int, ...], list[Shape]] = {}
        for lane in self.lanes:
            groups.setdefault(lane.sizes, []).append(lane)
        return groups

    def _data(self) -> int:
        """The samples: as read, as features, as columns for the network and once more in the order of an epoch."""
        features, outputs = self.lanes[0].sizes[0], self.lanes[0].sizes[-1]
        read = (self.train + self.test) * _NUMBER * (2 * self.inputs + 2 * features + 2)
        return read + (2 * self.train + self.test) * self.itemsize * (features + 1 + 2 * outputs)

    def _histories(self) -> int:
        columns = [1 + lane.columns for lane in self.lanes]
        if self.seeds > 1:
            columns = [3 * number for number in columns] + [self.seeds * number for number in columns]
        if self.watched:
            columns += [2] * math.comb(len(self.lanes), 2)
        return sum(history.needed_bytes(number, self.rows) for number in columns)

    def _group(self, group: tuple[tuple[int, ...], list[Shape]]) -> int:
        sizes, lanes = group
        parameters, networks = parameter_count(sizes), len(lanes) * self.seeds
        numbers = networks * parameters * (_PARAMETERS + _TEMPORARY)
        numbers += self.seeds * parameters * sum(lane.memory for lane in lanes)
        if self.watched:
            kept = min(self.rows, timeline.most_states(self.seeds * parameters) + 1)
            compared = 3 if len(lanes) > 1 else 0  # copies in which lanes are compared with each other
            numbers += networks * parameters * (2 * kept + compared)  # parameters and last updates
        parts = {self.train, self.test, *self._batches()}
        numbers += sum(networks * self._pass(sizes, samples) for samples in parts)
        return numbers * self.itemsize

    def _batches(self) -> set[int]:
        """The numbers of samples in an update: a whole batch, and what remains at the end of an epoch."""
        if not 0 < self.batch < self.train:
            return set()
        return {self.batch, self.train % self.batch}

    def _pass(self, sizes: tuple[int, ...], samples: int) -> int:
        """The numbers of one pass over so many samples: Z, A, dZ and dA of each layer, and room to compute one in."""
        *hidden, outputs = sizes[1:]
        layers = sum(4 * (units + 1) for units in hidden) + max(hidden, default=0)
        return samples * (layers + (2 + _OF_OUTPUTS) * outputs)


def plan_of(settings: Experiment, data: Data, every: int = 1, watched: bool = False, losses: int = 0) -> Plan:
    """Return the plan of a run with these settings, ignoring edits.

    Parameters
    ----------
    settings : Experiment
    data : Data
    every, watched
        As `Trainer` takes them.
    losses : int
        Losses recorded besides those that lanes show.
    """
    return Plan(
        tuple(_shape(settings.lane(lane.name), data, losses, watched * len(settings.lanes)) for lane in settings.lanes),
        settings.run.replicas,
        len(data.X_train) if settings.data.points is None else len(settings.data.points),
        len(data.X_test) if settings.data.points is None else len(settings.data.test_points or ()),
        settings.optimizer.batch_size,
        len(data.inputs),
        settings.run.epochs // every + 1,
        np.dtype(settings.run.precision).itemsize,
        watched,
    )


def _shape(lane: LaneSettings, data: Data, losses: int, lanes: int) -> Shape:
    """Return what a lane adds; it also records `losses`, and the objectives of up to so many `lanes`."""
    names = len(recorded_names(lane.loss, data.task)) + losses + max(lanes - 1, 0)
    columns = (2 if len(data.X_test) else 1) * (1 + names) + 1
    return Shape(shape_of(lane, data)[0], len(OPTIMIZERS[lane.optimizer.name].memory), columns)


def check_size(plan: Plan) -> None:
    """Refuse a run that would need too much memory.

    Raises
    ------
    InputError
        Naming what it would need, what is allowed, and the setting that adds most.
    """
    needed = plan.bytes
    if needed <= MOST_RUN_BYTES:
        return
    weights = max(parameter_count(lane.sizes) for lane in plan.lanes)
    networks = f"{words.count(len(plan.lanes), 'lane')} x {words.count(plan.seeds, 'seed')}"
    raise InputError(
        f"This needs about {words.memory(needed)} of memory, but a run may have {words.memory(MOST_RUN_BYTES)}; "
        f"the largest factor is {_largest_factor(plan)} ({networks} x {weights:,} weights and biases, "
        f"{words.count(plan.train + plan.test, 'sample')})."
    )


def check_edits(experiment: Experiment, plan: Callable[[Experiment], Plan]) -> None:
    """Refuse an experiment whose edits would need too much memory at any time.

    Parameters
    ----------
    experiment : Experiment
    plan : callable
        Returns the plan of the settings after some edits.

    Raises
    ------
    InputError
        As `check_size` does.
    """
    if all(SIZING.isdisjoint(edit.changes) for edit in experiment.edits):
        return
    current = dataclasses.replace(experiment, edits=())
    for edit in experiment.edits:
        current = current.changed_by(edit)
        if not SIZING.isdisjoint(edit.changes):
            check_size(plan(current))


def _largest_factor(plan: Plan) -> str:
    """Name what makes a run so large: that without which least would be left."""
    biggest = max(plan.lanes, key=lambda lane: parameter_count(lane.sizes))
    units = biggest.sizes[1:-1]
    layers = f"{len(units)} x {units[0]:,}" if len(set(units)) == 1 else " - ".join(f"{count:,}" for count in units)
    small = tuple(
        dataclasses.replace(lane, sizes=(lane.sizes[0], *(1 for _ in lane.sizes[1:-1]), lane.sizes[-1]))
        for lane in plan.lanes
    )
    narrow = tuple(dataclasses.replace(lane, sizes=(1, *lane.sizes[1:])) for lane in plan.lanes)
    factors: Iterable[tuple[Plan, str]] = (
        (dataclasses.replace(plan, lanes=small), f"the hidden layers, {layers} units"),
        (dataclasses.replace(plan, seeds=1), f"the number of seeds, {plan.seeds}"),
        (dataclasses.replace(plan, lanes=(biggest,)), f"the number of lanes, {len(plan.lanes)}"),
        (dataclasses.replace(plan, train=1, test=0), f"the number of samples, {plan.train + plan.test:,}"),
        (dataclasses.replace(plan, lanes=narrow, inputs=1), f"the number of features, {biggest.sizes[0]:,}"),
        (dataclasses.replace(plan, rows=1), f"the number of recorded epochs, {plan.rows:,}"),
    )
    return min(factors, key=lambda factor: factor[0].bytes)[1]
