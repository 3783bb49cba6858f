"""Which of two lanes gets there first, and by how much: paired by their seeds, with an interval.

Seed by seed, the epochs that B needs to reach a level are divided by those that A needs; the ratio that is told is
the median over the seeds. Its interval holds 95 % of the medians of bootstrap samples, seeds drawn with replacement
(B. Efron, "Bootstrap methods: another look at the jackknife", 1979: the percentile method). A seed that reaches it
in one lane alone counts as infinitely slow in the other; one that does in neither tells nothing and is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sandbox.arrays import Array
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.probe import LaneProbe
from sandbox.nn import METRICS

_COST_GOAL = 0.1
SAMPLES = 2000  # of the bootstrap
FEWEST = 5  # seeds for an interval: of fewer, resampling knows too little


@dataclass(frozen=True)
class Estimate:
    """A median over seeds with its 95 % interval; nan where there is none."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Advantage:
    """How two lanes compare in one column.

    Attributes
    ----------
    lane, other, column : str
    level : float
        What is to be reached: at least, for a metric; at most, for a loss.
    seeds : int
        Networks per lane.
    reached, other_reached : int
        How many of them have reached it.
    epochs, other_epochs : float
        The median of the epochs that they needed; infinite where less than half have.
    ratio : Estimate
        The other lane's epochs by this one's, seed by seed.
    last, other_last : float
        The median of the newest values.
    gap : Estimate
        This lane's newest value less the other's, seed by seed: the difference that the boundary view shows too.
    epoch : int
        The newest that is recorded.
    """

    lane: str
    other: str
    column: str
    level: float
    seeds: int
    reached: int
    other_reached: int
    epochs: float
    other_epochs: float
    ratio: Estimate
    last: float
    other_last: float
    gap: Estimate
    epoch: int = 0


@dataclass(frozen=True)
class AskAdvantage:
    """When does each of two lanes reach a level of a column ("test_accuracy"), and what do they have now?"""

    lane: str
    other: str
    column: str
    level: float

    def answer(self, probe: LaneProbe) -> Advantage | None:
        """Return how they compare; None where there is no such other lane."""
        rival = None if probe.run is None else probe.run.probe(self.other)
        if rival is None:
            return None
        epochs, one = seed_values(probe.lane, self.column)
        other_epochs, two = seed_values(rival.lane, self.column)
        rising = self.column.partition("_")[2] in METRICS
        first = epochs_to(epochs, one, self.level, rising)
        second = epochs_to(other_epochs, two, self.level, rising)
        last, other_last = _newest(one), _newest(two)
        return Advantage(
            self.lane,
            self.other,
            self.column,
            self.level,
            seeds=len(first),
            reached=int(np.isfinite(first).sum()),
            other_reached=int(np.isfinite(second).sum()),
            epochs=_median(first),
            other_epochs=_median(second),
            ratio=estimate(ratios(first, second)),
            last=_median(last),
            other_last=_median(other_last),
            gap=estimate(last - other_last),
            epoch=int(epochs[-1]) if epochs.size else 0,
        )


def usual_level(column: str) -> float:
    """Return what of a column is usually to be reached."""
    name = column.partition("_")[2]
    return METRICS[name].goal if name in METRICS else _COST_GOAL


def seed_values(lane: Lane, column: str) -> tuple[Array, Array]:
    """Return the epochs recorded, and a row of a column's values for each of a lane's networks."""
    if lane.replica_history is None:
        return lane.history.columns([column])
    return lane.replica_history.columns([f"{column}#{r}" for r in range(len(lane.replicas))])


def epochs_to(epochs: Array, values: Array, level: float, rising: bool) -> Array:
    """Return the first epoch at which each row of values reaches a level; infinity where none has."""
    with np.errstate(invalid="ignore"):
        there = values >= level if rising else values <= level
    first = np.full(len(values), np.inf)
    reached = there.any(axis=1)
    if reached.any():
        first[reached] = epochs[there[reached].argmax(axis=1)]
    return first


def ratios(one: Array, other: Array) -> Array:
    """Return how many times as many epochs the other needs, for each seed that reaches the level in either lane.

    A network that is there from the start counts as if it needed one epoch.
    """
    either = np.isfinite(one) | np.isfinite(other)
    found: Array = np.maximum(other[either], 1.0) / np.maximum(one[either], 1.0)
    return found


def estimate(values: Array) -> Estimate:
    """Return the median over the seeds, nan left out, with its bootstrap interval."""
    values = values[~np.isnan(values)]
    if not values.size:
        return Estimate(math.nan, math.nan, math.nan)
    middle = _median(values)
    if values.size < FEWEST:
        return Estimate(middle, math.nan, math.nan)
    drawn = np.random.default_rng(0).integers(0, values.size, (SAMPLES, values.size))
    medians = _medians(values[drawn])
    medians.sort()
    low, high = medians[math.floor(0.025 * (SAMPLES - 1))], medians[math.ceil(0.975 * (SAMPLES - 1))]
    return Estimate(middle, float(low), float(high))


def _newest(values: Array) -> Array:
    """Return the last value of each row; nan where there is none, or the network has stopped."""
    return values[:, -1] if values.shape[1] else np.full(len(values), np.nan)


def _median(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(_medians(known[None])[0]) if known.size else math.nan


def _medians(rows: Array) -> Array:
    """Return the median of each row, which may hold infinities."""
    ordered = np.sort(rows, axis=1)
    count = rows.shape[1]
    low, high = ordered[:, (count - 1) // 2], ordered[:, count // 2]
    with np.errstate(invalid="ignore"):  # infinity less infinity
        middle: Array = np.where(low == high, low, 0.5 * (low + high))
    return middle
