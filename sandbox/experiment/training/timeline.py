"""The timeline of a lane: its parameters at some of the recorded epochs.

Recording every loss at every epoch would cost more than training. Copying the parameters costs next to nothing, and
from them a loss that is only shown from now on has its past computed when it is first drawn.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sandbox.arrays import Array, Floats
from sandbox.experiment.training.history import History
from sandbox.experiment.training.samples import Samples
from sandbox.nn import LOSSES, METRICS, Loss, Metric, Network

if TYPE_CHECKING:
    from sandbox.experiment.training.lanes import Lane

MOST, SOME, LEAST = 256, 16, 4  # states kept: fewer, the more parameters there are
NUMBERS, MOST_NUMBERS = (
    2**21,
    2**23,
)  # parameters kept in all, about, down to SOME states and down to LEAST: 16 and 67 MB
WORK = 4e8  # multiplications for one column, about: a fraction of a second


@dataclass(eq=False, slots=True)
class _State:
    """A lane after `epoch` epochs.

    `lane` has the settings, objective and coding of that moment; `thetas` (k P,) are the parameters of the networks
    that were running, one after the other, `numbers` which ones those are. Readings (k,), once computed, are kept by
    part and name.
    """

    epoch: int
    lane: Lane
    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    numbers: tuple[int, ...]
    thetas: Array
    readings: dict[tuple[str, str], Array] = field(default_factory=dict)

    @property
    def shape(self) -> object:
        """Which states can be computed with one network."""
        return self.sizes, self.activations, len(self.numbers)


def most_states(parameters: int) -> int:
    """Return how many states are kept of a lane whose networks have so many parameters in all."""
    return max(LEAST, min(SOME, MOST_NUMBERS // parameters), min(MOST, NUMBERS // parameters))


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

    def keep(self, epoch: int, lane: Lane) -> None:
        """Keep the current state, if it is the turn of this epoch; half of them are dropped when there are many."""
        if epoch % self._stride or (self._states and self._states[-1].epoch >= epoch):
            return
        running = lane.running
        if not running:
            return
        if self._then is None or self._then.settings is not lane.settings:
            self._then = _as_it_is(lane)
        numbers = tuple([replica.number for replica in running])
        thetas = np.concatenate([replica.theta for replica in running])
        first = running[0]
        self._states.append(_State(epoch, self._then, first.sizes, first.activations, numbers, thetas))
        if len(self._states) > most_states(thetas.size):
            self._stride *= 2
            self._states = [state for state in self._states if state.epoch % self._stride == 0]

    def column(self, name: str, part: str, samples: Samples, networks: int) -> tuple[Floats, Floats]:
        """Return a loss or metric over `samples`, which are the "train" or the "test" part.

        Returns
        -------
        epochs : array (k,)
        values : array (k, networks)
            As they would have been recorded at that time; nan of a network that had stopped.
        """
        if not self._states:
            return np.empty(0), np.empty((0, networks))
        size = len(samples) * self._states[-1].thetas.size
        states = self._states[:: max(1, -(-len(self._states) * size // int(WORK)))]
        with np.errstate(all="ignore"):
            _read(states, name, part, samples)
        values = np.full((len(states), networks), np.nan)
        for row, state in zip(values, states, strict=True):
            row[list(state.numbers)] = state.readings[part, name]
        return np.array([float(state.epoch) for state in states]), values


def _as_it_is(lane: Lane) -> Lane:
    """Return a lane with the present settings to read losses with: it has no networks, and nothing is recorded."""
    copied = copy.copy(lane)
    copied.replicas, copied.history, copied.replica_history, copied.timeline = [], History(), None, Timeline()
    return copied


def _read(states: Iterable[_State], name: str, part: str, samples: Samples) -> None:
    """Compute one loss or metric for the states that lack it."""
    shape: object = None
    for state in states:
        if (part, name) in state.readings:
            continue
        if shape != state.shape:
            count, shape = len(state.numbers), state.shape
            net = Network(state.sizes, state.activations, None if count == 1 else count, samples.X.dtype)
        net.theta.reshape(-1)[:] = state.thetas
        last, lane = net.forward(samples.X), state.lane
        value = lane.reading(name, _kind(name, lane), last.Z[-1], last.A[-1], samples, net.activations[-1])
        state.readings[part, name] = np.atleast_1d(np.asarray(value, np.float64))


def _kind(name: str, lane: Lane) -> Loss | Metric:
    """Return a loss or metric as the lane would show it."""
    if name == lane.objective.name:
        return lane.objective
    return METRICS[name]() if name in METRICS else LOSSES[name].tuned(lane.settings.loss.parameters)
