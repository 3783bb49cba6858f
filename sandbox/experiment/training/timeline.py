"""The timeline of a lane: its parameters, and its last update, at some of the recorded epochs.

Recording every loss at every epoch would cost more than training. Copying the parameters costs next to nothing, and
from them a loss that is only shown from now on has its past computed when it is first drawn. From two timelines
follows how far apart two lanes have been, whether they were trained at the same time or not.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from sandbox.arrays import Array, Floats
from sandbox.experiment.training.history import History
from sandbox.experiment.training.samples import Samples
from sandbox.nn import LOSSES, METRICS, Loss, Metric, Network

if TYPE_CHECKING:
    from sandbox.experiment.training.lanes import Lane
    from sandbox.experiment.training.replica import Replica

MOST, SOME, LEAST = 256, 16, 4  # states kept: fewer, the more parameters there are
NUMBERS, MOST_NUMBERS = 2**21, 2**23  # kept in all, about, down to SOME states and down to LEAST: 16 and 67 MB
AT_ONCE = 2**20  # parameters of two lanes that are compared in one go
WORK = 4e8  # multiplications for one column, about: a fraction of a second


@dataclass(eq=False, slots=True)
class _State:
    """A lane after `epoch` epochs.

    `lane` has the settings, objective and coding of that moment, `networks` says how many networks it has; `thetas`
    (k P,) are the parameters of those that were running, one after the other, `steps` (k P,) their last updates,
    `numbers` which ones those are, `parts` the samples of the "train" and the "test" part at that time. Readings (k,),
    once computed, are kept by part and name.
    """

    epoch: int
    lane: Lane
    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    networks: int
    numbers: tuple[int, ...]
    thetas: Array
    steps: Array
    parts: Mapping[str, Samples]
    readings: dict[tuple[str, str], Array] = field(default_factory=dict)

    @property
    def shape(self) -> object:
        """Which states can be computed with one network."""
        return self.sizes, self.activations, len(self.numbers)

    def rows(self, numbers: Array) -> Array:
        """Return the parameters or the steps as (k, P)."""
        return numbers.reshape(len(self.numbers), -1)


def most_states(parameters: int) -> int:
    """Return how many states are kept of a lane whose networks have so many parameters in all, each with its update."""
    return max(LEAST, min(SOME, MOST_NUMBERS // (2 * parameters)), min(MOST, NUMBERS // (2 * parameters)))


class Timeline:
    """The parameters of a lane's networks, at up to `MOST` epochs spread evenly over the run."""

    def __init__(self) -> None:
        self._states: list[_State] = []
        self._stride = 1
        self._then: Lane | None = None  # the lane as it has been since its last edit

    def __len__(self) -> int:
        return len(self._states)

    def copy(self) -> Timeline:
        """Return a copy that can grow independently; the states never change."""
        copied = copy.copy(self)
        copied._states = list(self._states)
        return copied

    def takes(self, epoch: int) -> bool:
        """Return whether it is the turn of this epoch."""
        return not epoch % self._stride and not (self._states and self._states[-1].epoch >= epoch)

    def keep(
        self, epoch: int, lane: Lane, running: Sequence[Replica], steps: Array, parts: Mapping[str, Samples]
    ) -> None:
        """Keep the current state, with the last updates (k, P) of the running networks; drop half if there are many."""
        if self._then is None or self._then.settings is not lane.settings:
            self._then = _as_it_is(lane)
        numbers = tuple([replica.number for replica in running])
        thetas = np.concatenate([replica.theta for replica in running])
        first, networks = running[0], len(lane.replicas)
        shape = first.sizes, first.activations, networks, numbers
        state = _State(epoch, self._then, *shape, thetas, steps.ravel(), parts)
        self._states.append(state)
        if len(self._states) > most_states(thetas.size):
            self._stride *= 2
            self._states = [state for state in self._states if state.epoch % self._stride == 0]

    def column(self, name: str, part: str, networks: int) -> tuple[Floats, Floats]:
        """Return a loss or metric over the samples of the "train" or the "test" part.

        Returns
        -------
        epochs : array (k,)
        values : array (k, networks)
            As they would have been recorded at that time; nan of a network that had stopped.
        """
        known = [state for state in self._states if len(state.parts[part])]
        if not known:
            return np.empty(0), np.empty((0, networks))
        size = len(known[-1].parts[part]) * known[-1].thetas.size
        states = known[:: max(1, -(-len(known) * size // int(WORK)))]
        with np.errstate(all="ignore"):
            _read(states, name, part)
        values = np.full((len(states), networks), np.nan)
        for row, state in zip(values, states, strict=True):
            row[list(state.numbers)] = state.readings[part, name]
        return np.array([float(state.epoch) for state in states]), values

    def apart(self, other: Timeline) -> tuple[Floats, Floats, Floats]:
        """Return how far apart two lanes of the same shape have been, where both were kept and ran with all networks.

        Returns
        -------
        epochs : array (k,)
        distances : array (k,)
            The Euclidean distances between their parameters.
        angles : array (k,)
            The angles between their last updates, in degrees; nan before the first. Of several networks, medians.
        """
        theirs = {state.epoch: state for state in other._states}
        shared = [(state, theirs[state.epoch]) for state in self._states if state.epoch in theirs]
        pairs = [(a, b) for a, b in shared if a.sizes == b.sizes and len(a.numbers) == len(b.numbers) == a.networks]
        distances, angles = [np.empty(0)], [np.empty(0)]
        for ours, others in _in_parts(pairs):
            distances.append(distance([a.rows(a.thetas) for a in ours], [b.rows(b.thetas) for b in others]))
            angles.append(angle([a.rows(a.steps) for a in ours], [b.rows(b.steps) for b in others]))
        return np.array([float(a.epoch) for a, _ in pairs]), np.concatenate(distances), np.concatenate(angles)


def _in_parts(pairs: Sequence[tuple[_State, _State]]) -> Iterator[tuple[tuple[_State, ...], tuple[_State, ...]]]:
    """Yield pairs of states of one shape together, but of large networks only as many as fit into little memory."""
    for _, group in groupby(pairs, key=lambda pair: pair[0].sizes):
        alike = list(group)
        most = max(1, AT_ONCE // alike[0][0].thetas.size)
        for start in range(0, len(alike), most):
            ours, others = zip(*alike[start : start + most], strict=True)
            yield ours, others


def distance(one: ArrayLike, other: ArrayLike) -> Floats:
    """Return the median (...) over replicas of the Euclidean distances between parameters (..., replicas, P)."""
    with np.errstate(all="ignore"):  # a lane that is about to stop may be as far as infinity
        median: Floats = np.median(np.linalg.norm(np.asarray(one) - np.asarray(other), axis=-1), axis=-1)
    return median


def angle(one: ArrayLike, other: ArrayLike) -> Floats:
    """Return the median (...) over replicas of the angles in degrees between steps (..., replicas, P); nan for none."""
    step, other_step = np.asarray(one), np.asarray(other)
    with np.errstate(all="ignore"):
        lengths = np.linalg.norm(step, axis=-1) * np.linalg.norm(other_step, axis=-1)
        lengths = np.where(lengths < np.inf, lengths, np.nan)  # where squares overflow
        cosines = np.clip((step * other_step).sum(axis=-1) / lengths, -1.0, 1.0)
        median: Floats = np.median(np.degrees(np.arccos(cosines)), axis=-1)
    return median


def _as_it_is(lane: Lane) -> Lane:
    """Return a lane with the present settings to read losses with: it has no networks, and nothing is recorded."""
    copied = copy.copy(lane)
    copied.replicas, copied.history, copied.replica_history, copied.timeline = [], History(), None, Timeline()
    return copied


def _read(states: Iterable[_State], name: str, part: str) -> None:
    """Compute one loss or metric for the states that lack it."""
    shape: object = None
    for state in states:
        if (part, name) in state.readings:
            continue
        if shape != state.shape:
            count, shape = len(state.numbers), state.shape
            dtype = state.parts[part].X.dtype
            net = Network(state.sizes, state.activations, None if count == 1 else count, dtype)
        samples = state.parts[part]
        net.theta.reshape(-1)[:] = state.thetas
        last, lane = net.forward(samples.X), state.lane
        value = lane.reading(name, _kind(name, lane), last.Z[-1], last.A[-1], samples, net.activations[-1])
        state.readings[part, name] = np.atleast_1d(np.asarray(value, np.float64))


def _kind(name: str, lane: Lane) -> Loss | Metric:
    """Return a loss or metric as the lane would show it."""
    if name == lane.objective.name:
        return lane.objective
    return METRICS[name]() if name in METRICS else LOSSES[name].tuned(lane.settings.loss.parameters)
