"""Which of two lanes reaches a level first, and by how much: paired by seed, with an interval.

For each seed, the epochs that B needs to reach a level are divided by those that A needs; the reported ratio is the
median over the seeds. Its interval contains 95 % of the medians of bootstrap samples, seeds drawn with replacement
(B. Efron, "Bootstrap methods: another look at the jackknife", 1979: the percentile method). A seed that reaches the
level in only one lane counts as infinitely slow in the other; a seed that reaches it in neither is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sandbox.arrays import Array
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.probe import LaneProbe
from sandbox.nn import LOSSES, METRICS

_COST_GOAL = 0.1
SAMPLES = 2000  # bootstrap samples
FEWEST = 5  # seeds for an interval; resampling fewer tells too little


@dataclass(frozen=True)
class Estimate:
    """A median over seeds with its 95 % interval; nan if there is none."""

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
        The level to reach: at least, for a metric; at most, for a loss.
    seeds : int
        Replicas per lane.
    reached, other_reached : int
        How many of them have reached it.
    epochs, other_epochs : float
        Median of the epochs needed; infinite unless more than half have reached the level.
    ratio : Estimate
        The other lane's epochs divided by this one's, seed by seed.
    last, other_last : float
        Median of the latest values.
    gap : Estimate
        This lane's latest value minus the other's, seed by seed, as in the boundary view.
    epoch : int
        The latest recorded epoch.
    codings : tuple of str
        If the column is a loss of classes, the coding in which it is read in either lane, else "".
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
    codings: tuple[str, str] = ("", "")

    @property
    def comparable(self) -> bool:
        """Whether the column counts the same mistake alike in both lanes."""
        return self.codings[0] == self.codings[1]


@dataclass(frozen=True)
class AskAdvantage:
    """When does each of two lanes reach a level of a column ("test_accuracy"), and what are its values now?"""

    lane: str
    other: str
    column: str
    level: float

    def answer(self, probe: LaneProbe) -> Advantage | None:
        """Return the comparison; None if there is no such other lane."""
        rival = None if probe.run is None else probe.run.probe(self.other)
        if rival is None:
            return None
        epochs, values = seed_values(probe.lane, self.column)
        other_epochs, other_values = seed_values(rival.lane, self.column)
        rising = self.column.partition("_")[2] in METRICS
        needed = epochs_to(epochs, values, self.level, rising)
        other_needed = epochs_to(other_epochs, other_values, self.level, rising)
        last, other_last = _latest(values), _latest(other_values)
        return Advantage(
            self.lane,
            self.other,
            self.column,
            self.level,
            seeds=len(needed),
            reached=int(np.isfinite(needed).sum()),
            other_reached=int(np.isfinite(other_needed).sum()),
            epochs=_median(needed),
            other_epochs=_median(other_needed),
            ratio=estimate(ratios(needed, other_needed)),
            last=_median(last),
            other_last=_median(other_last),
            gap=estimate(last - other_last),
            epoch=int(epochs[-1]) if epochs.size else 0,
            codings=(_coding(probe, self.column), _coding(rival, self.column)),
        )


def _coding(probe: LaneProbe, column: str) -> str:
    name = column.partition("_")[2]
    return probe.lane.codings[name] if name in LOSSES and probe.data.task != "regression" else ""


def default_level(column: str) -> float:
    """Return the default level to reach in a column."""
    name = column.partition("_")[2]
    return METRICS[name].goal if name in METRICS else _COST_GOAL


def seed_values(lane: Lane, column: str) -> tuple[Array, Array]:
    """Return the recorded epochs, and a row of a column's values for each replica of a lane."""
    if lane.replica_history is None:
        return lane.history.columns([column])
    return lane.replica_history.columns([f"{column}#{r}" for r in range(len(lane.replicas))])


def epochs_to(epochs: Array, values: Array, level: float, rising: bool) -> Array:
    """Return the first epoch at which each row of values reaches a level; infinity if it never does."""
    with np.errstate(invalid="ignore"):
        at_level = values >= level if rising else values <= level
    first = np.full(len(values), np.inf)
    reached = at_level.any(axis=1)
    if reached.any():
        first[reached] = epochs[at_level[reached].argmax(axis=1)]
    return first


def ratios(one: Array, other: Array) -> Array:
    """Return the other lane's epochs divided by this one's, for each seed that reaches the level in either lane.

    A replica that starts at the level counts as needing one epoch.
    """
    either = np.isfinite(one) | np.isfinite(other)
    quotients: Array = np.maximum(other[either], 1.0) / np.maximum(one[either], 1.0)
    return quotients


def estimate(values: Array) -> Estimate:
    """Return the median over the seeds, ignoring nan, with its bootstrap interval."""
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


def _latest(values: Array) -> Array:
    """Return the last value of each row; nan if there is none, or the replica has stopped."""
    return values[:, -1] if values.shape[1] else np.full(len(values), np.nan)


def _median(values: Array) -> float:
    valid = values[~np.isnan(values)]
    return float(_medians(valid[None])[0]) if valid.size else math.nan


def _medians(rows: Array) -> Array:
    """Return the median of each row, which may hold infinities."""
    ordered = np.sort(rows, axis=1)
    count = rows.shape[1]
    low, high = ordered[:, (count - 1) // 2], ordered[:, count // 2]
    with np.errstate(invalid="ignore"):  # infinity minus infinity
        middle: Array = np.where(low == high, low, 0.5 * (low + high))
    return middle
