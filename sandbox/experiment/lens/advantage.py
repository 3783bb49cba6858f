"""Which of two lanes reaches a level first, and by how much: paired by seed, with an interval.

For each seed, the epochs that B needs to reach a level are divided by those that A needs; the reported ratio is the
median over the seeds, that of an even number the geometric mean of the middle two, so that it does not matter which
lane is A. Its interval contains 95 % of the medians of bootstrap samples, seeds drawn with replacement
(B. Efron, "Bootstrap methods: another look at the jackknife", 1979: the percentile method). A seed that reaches the
level in only one lane counts as infinitely slow in the other; a seed that reaches it in neither is left out.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sandbox.arrays import Array
from sandbox.experiment.lens.known import Known, known
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.probe import LaneProbe
from sandbox.experiment.training.scales import Scale, scales_of
from sandbox.nn import METRICS

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
class End:
    """Where the latest values of a lane are from.

    Attributes
    ----------
    epoch, update : int
    networks : int
        How many have one: those that are running or, once the lane has stopped, all.
    stopped : bool
        Whether the lane has stopped.
    """

    epoch: int
    update: int
    networks: int
    stopped: bool = False


@dataclass(frozen=True)
class Advantage:
    """How two lanes compare in one column.

    Attributes
    ----------
    lane, other, column : str
    level : float
        The level to reach: at least, for a metric; at most, for a loss, as a mean over samples.
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
    ends : tuple of End
        Where the latest values of either lane are from.
    scales : tuple of (tuple of Scale)
        On which scales the column, if it is a loss, has been read in either lane.
    reductions : frozenset of str
        How the lanes reduce losses now.
    compared, sooner, other_sooner : int
        How many seeds have reached the level in either lane; in how many of them this one was first, or the other one.
    step : int
        The most epochs between one at which a network has reached the level and the one before that is known.
    since : int
        The first epoch of which anything is known in both lanes.
    gaps : bool
        Whether there are epochs of which nothing is known.
    alike : bool
        Whether all seeds of a lane are one and the same network, in both lanes.
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
    ends: tuple[End, End]
    scales: tuple[tuple[Scale, ...], tuple[Scale, ...]] = ((), ())
    reductions: frozenset[str] = frozenset()
    compared: int = 0
    sooner: int = 0
    other_sooner: int = 0
    step: int = 1
    since: int = 0
    gaps: bool = False
    alike: bool = False

    @property
    def comparable(self) -> bool:
        """Whether the column counts the same mistake alike in both lanes, and always has."""
        return len({*self.scales[0], *self.scales[1]}) < 2


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
        lanes = probe.lane, rival.lane
        both = one, two = known(probe, lanes[0], self.column), known(rival, lanes[1], self.column)
        name = self.column.partition("_")[2]
        needed, other_needed = (found.first(self.level, name in METRICS) for found in both)
        last, other_last = (_latest(lane, found) for lane, found in zip(lanes, both, strict=True))
        ends = _end(lanes[0], one, last), _end(lanes[1], two, other_last)
        alike = all(_is_one_network(probe, lane) for lane in lanes)
        quotients = ratios(needed, other_needed)
        same_moment = not (ends[0].stopped or ends[1].stopped) and ends[0].epoch == ends[1].epoch
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
            ratio=estimate_of_ratio(quotients, not alike),
            last=_median(last),
            other_last=_median(other_last),
            gap=estimate(_difference(last, other_last), in_doubt=same_moment and not alike),
            ends=ends,
            scales=(scales_of(lanes[0].terms, name), scales_of(lanes[1].terms, name)),
            reductions=frozenset(lane.settings.loss.reduction for lane in lanes),
            compared=len(quotients),
            sooner=int((needed < other_needed).sum()),
            other_sooner=int((other_needed < needed).sum()),
            step=max(one.step(needed), two.step(other_needed)),
            since=max(one.since, two.since),
            gaps=one.has_gaps or two.has_gaps,
            alike=alike,
        )


def _latest(lane: Lane, found: Known) -> Array:
    """Return the latest values: of the networks that are running or, once the lane has stopped, the last of each."""
    return found.final if lane.stopped else found.latest


def estimate_of_ratio(quotients: Array, in_doubt: bool = True) -> Estimate:
    """Return the median of ratios with its interval; the reciprocals have the reciprocal one.

    If the two in the middle are 0 and infinity, there is none.
    """
    found = estimate(quotients, _between_ratios, in_doubt)
    ordered, count = np.sort(quotients), len(quotients)
    split = count > 0 and ordered[(count - 1) // 2] == 0.0 and ordered[count // 2] == np.inf
    return dataclasses.replace(found, value=math.nan) if split else found


def _difference(one: Array, other: Array) -> Array:
    with np.errstate(invalid="ignore"):  # infinity minus infinity
        difference: Array = one - other
    return difference


def _end(lane: Lane, found: Known, latest: Array) -> End:
    row = (lane.replica_history or lane.history).last
    networks = int((~np.isnan(latest)).sum())
    epoch = int(found.epochs[-1]) if found.epochs.size else 0
    return End(epoch, 0 if row is None else row.update, networks, bool(lane.stopped))


def _is_one_network(probe: LaneProbe, lane: Lane) -> bool:
    """Whether all seeds of a lane are one and the same network, now and from the start, as if its weights are given."""
    first, *others = lane.replicas
    if not others or not all(np.array_equal(first.theta, other.theta) for other in others):
        return False
    start, *starts = (probe.at_start(replica).replica.theta for replica in lane.replicas)
    return all(np.array_equal(start, other) for other in starts)


def default_level(column: str) -> float:
    """Return the default level to reach in a column."""
    name = column.partition("_")[2]
    return METRICS[name].goal if name in METRICS else _COST_GOAL


def ratios(one: Array, other: Array) -> Array:
    """Return the other lane's epochs divided by this one's, for each seed that reaches the level in either lane.

    Where only one lane starts at the level, the other one is infinitely slow.
    """
    either = np.isfinite(one) | np.isfinite(other)
    one, other = one[either], other[either]
    with np.errstate(divide="ignore", invalid="ignore"):
        quotients: Array = np.where(one == other, 1.0, other / one)
    return quotients


Between = Callable[[Array, Array], Array]


def _between_values(low: Array, high: Array) -> Array:
    middle: Array = 0.5 * (low + high)
    return middle


def _between_ratios(low: Array, high: Array) -> Array:
    """Return the geometric mean; 1 between 0 and infinity, since neither lane is then the quicker one."""
    middle: Array = np.sqrt(low * high)
    middle[np.isnan(middle)] = 1.0
    return middle


def estimate(values: Array, between: Between = _between_values, in_doubt: bool = True) -> Estimate:
    """Return the median over the seeds, ignoring nan, with its bootstrap interval.

    Parameters
    ----------
    values : array (seeds,)
    between : callable
        Returns the median of an even number from the two in the middle.
    in_doubt : bool
        Whether other seeds might give other values; else there is no interval.
    """
    values = values[~np.isnan(values)]
    if not values.size:
        return Estimate(math.nan, math.nan, math.nan)
    middle = _median(values, between)
    if values.size < FEWEST or not in_doubt:
        return Estimate(middle, math.nan, math.nan)
    drawn = np.random.default_rng(0).integers(0, values.size, (SAMPLES, values.size))
    medians = _medians(values[drawn], between)
    medians.sort()
    low, high = medians[math.floor(0.025 * (SAMPLES - 1))], medians[math.ceil(0.975 * (SAMPLES - 1))]
    return Estimate(middle, float(low), float(high))


def _median(values: Array, between: Between = _between_values) -> float:
    valid = values[~np.isnan(values)]
    return float(_medians(valid[None], between)[0]) if valid.size else math.nan


def _medians(rows: Array, between: Between) -> Array:
    """Return the median of each row, which may hold infinities."""
    ordered = np.sort(rows, axis=1)
    count = rows.shape[1]
    low, high = ordered[:, (count - 1) // 2], ordered[:, count // 2]
    with np.errstate(invalid="ignore"):  # infinity minus infinity
        middle: Array = np.where(low == high, low, between(low, high))
    return middle
