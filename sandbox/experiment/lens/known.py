"""What is known of a loss or metric of a lane, network by network: recorded, or computed later where it was not shown.

Values of a loss are means over samples, however the lane reduces it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sandbox.arrays import Array, Floats
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.probe import LaneProbe
from sandbox.experiment.training.scales import to_means


@dataclass(frozen=True, eq=False)
class Known:
    """The values of a column.

    Attributes
    ----------
    epochs : array (k,)
        Ascending. Where a lane stopped within an epoch, it counts as done.
    values : array (networks, k)
        nan once a network has stopped.
    """

    epochs: Floats
    values: Floats

    @property
    def has_gaps(self) -> bool:
        """Whether there are epochs up to the last one that nothing is known of."""
        return self.epochs.size > 0 and bool(self.epochs[0] > 0.0 or (np.diff(self.epochs) > 1.0).any())

    def first(self, level: float, rising: bool) -> Floats:
        """Return for each network the first of the epochs at which it is at a level; infinity if it never is."""
        return epochs_to(self.epochs, self.values, level, rising)

    @property
    def since(self) -> int:
        """The first epoch of which anything is known."""
        return int(self.epochs[0]) if self.epochs.size else 0

    def step(self, first: Floats) -> int:
        """Return the most epochs between any of these first ones and the known one before it."""
        reached = np.searchsorted(self.epochs, first[np.isfinite(first)])
        return int(np.max(np.diff(self.epochs, prepend=self.epochs[:1])[reached], initial=0.0))

    @property
    def latest(self) -> Floats:
        """The last value of each network; nan if there is none, or it has stopped."""
        return self.values[:, -1] if self.epochs.size else np.full(len(self.values), np.nan)

    @property
    def final(self) -> Floats:
        """The last value of each network before it stopped, if it has."""
        return np.array([row[~np.isnan(row)][-1] if not np.isnan(row).all() else math.nan for row in self.values])


def known(probe: LaneProbe, lane: Lane, column: str) -> Known:
    """Return what is known of a column ("train_mse") of a lane of the probe's run."""
    part, _, name = column.partition("_")
    epochs, values = _recorded(probe, lane, part, name)
    factors = to_means(lane.terms, name, epochs, part, lane.sizes[-1])
    epochs, values = epochs[~np.isnan(factors)], (values * factors)[:, ~np.isnan(factors)]
    last = (lane.replica_history or lane.history).last
    if lane.stopped and epochs.size and last is not None and last.update == lane.history.last_update:
        epochs = np.append(epochs[:-1], math.ceil(min(lane.stopped_at, epochs[-1] + 1.0)))
    return Known(epochs, values)


def _recorded(probe: LaneProbe, lane: Lane, part: str, name: str) -> tuple[Floats, Floats]:
    """Return epochs (k,) and values (networks, k), completed by what was not shown at the time."""
    history, keys = lane.history, [f"{part}_{name}"]
    if lane.replica_history is not None:
        history = lane.replica_history
        keys = [f"{part}_{name}#{number}" for number in range(len(lane.replicas))]
    epochs, values = history.columns(keys)
    missing = history.missing(keys[0])
    if not missing or probe.run is None:
        return epochs, values
    past, lines = probe.run.past(lane, name, part)
    filled = np.zeros(past.size, dtype=bool)
    for start, end in missing:
        filled |= (past >= start) & (past < end)
    epochs, values = np.concatenate((epochs, past[filled])), np.hstack((values, lines[filled].T))
    order = np.argsort(epochs, kind="stable")
    return epochs[order], values[:, order]


def epochs_to(epochs: Array, values: Array, level: float, rising: bool) -> Array:
    """Return the first epoch at which each row of values reaches a level; infinity if it never does."""
    with np.errstate(invalid="ignore"):
        at_level = values >= level if rising else values <= level
    first = np.full(len(values), np.inf)
    reached = at_level.any(axis=1)
    if reached.any():
        first[reached] = epochs[at_level[reached].argmax(axis=1)]
    return first
