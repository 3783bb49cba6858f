"""Matched learning rates: losses differ in scale, and so do their gradients; the same rate is not the same step.

The matched rate of a lane makes its first update as long as that of one of them: the step that its optimiser
takes at the initial parameters, on the first batch, whose losses it reduces in its own way. Since a sum over m samples
has a gradient m times that of their mean, a rate means something only together with the reduction: given for one, it
can be converted to the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sandbox.arrays import norm
from sandbox.experiment.document.settings import SETTINGS
from sandbox.experiment.training.batches import Batches
from sandbox.experiment.training.lanes import Lane, build_lane
from sandbox.experiment.training.probe import LaneProbe
from sandbox.experiment.training.samples import Samples
from sandbox.nn import OPTIMIZERS
from sandbox.nn.losses import reduction_factor

DIGITS = 4  # of an offered rate


@dataclass(frozen=True)
class RateRow:
    """The learning rate of one lane.

    Attributes
    ----------
    lane : str
    optimizer, reduction : str
        Registry names.
    step : float
        How long the first update is with the rate as set; the median over replicas.
    rate : float
        As set.
    matched : float
        The rate that makes the first update as long as that of the lane to match; nan if there is none.
    of_mean, of_sum : float
        The equivalent rate for a cost that is the mean over the samples of a batch, and for their sum; nan if there
        is none, because a penalty in the cost is the same for both.
    """

    lane: str
    optimizer: str
    reduction: str
    step: float
    rate: float
    matched: float
    of_mean: float
    of_sum: float

    @property
    def factor(self) -> float:
        """What to multiply the rate by."""
        return self.matched / self.rate

    @property
    def can_follow(self) -> bool:
        """Whether there is a matched rate, other than the one it has."""
        return math.isfinite(self.matched) and self.matched != self.rate


@dataclass(frozen=True)
class MatchedRates:
    """All lanes, in their order; `lane` is the one to match, `batch` the samples per update."""

    lane: str
    batch: int
    rows: tuple[RateRow, ...]


@dataclass(frozen=True)
class AskMatchedRates:
    """How long is the first update of every lane, and at which rate would it be as long as that of this one?"""

    lane: str

    def answer(self, probe: LaneProbe) -> MatchedRates:
        """Return a row for every lane."""
        lanes = [_restarted(lane, probe) for lane in ([probe.lane] if probe.run is None else probe.run.lanes)]
        settings = probe.lane.settings.optimizer if probe.run is None else probe.run.current.optimizer
        first = Batches(probe.samples, settings.seed).next_batch(settings)
        lengths = {lane.name: _first_length(lane, probe, first) for lane in lanes}
        rows = tuple(_row(lane, lengths[lane.name], lengths[self.lane], len(first)) for lane in lanes)
        return MatchedRates(self.lane, len(first), rows)


def _restarted(lane: Lane, probe: LaneProbe) -> Lane:
    """Return a lane from the start, with the settings in force: one that has stopped keeps those of that time."""
    settings = lane.settings if probe.run is None else probe.run.current.lane(lane.name)
    return build_lane(settings, probe.data, len(lane.replicas))


def _row(lane: Lane, length: float, wanted: float, batch: int) -> RateRow:
    optimizer, reduction = lane.settings.optimizer, lane.settings.loss.reduction
    return RateRow(
        lane.name, optimizer.name, reduction, length, optimizer.learning_rate,
        _matched(optimizer.learning_rate, length, wanted), _equivalent(lane, "mean", batch),
        _equivalent(lane, "sum", batch),
    )  # fmt: skip


def _matched(rate: float, length: float, wanted: float) -> float:
    """Return the rate, to a few digits, at which an update of this length has the wanted one; nan if there is none."""
    if not (0.0 < length < math.inf and 0.0 < wanted < math.inf):
        return math.nan
    matched, as_set = (float(f"{number:.{DIGITS}g}") for number in (rate * (wanted / length), rate))
    if matched > SETTINGS["optimizer.learning_rate"].high:
        return math.nan
    return rate if matched == as_set else matched


def _equivalent(lane: Lane, reduction: str, batch: int) -> float:
    """Return the rate with which another reduction would take the same steps; nan if there is none."""
    settings, outputs = lane.settings.optimizer, lane.sizes[-1]
    own, wanted = (reduction_factor(name, batch, outputs) for name in (lane.settings.loss.reduction, reduction))
    if own == wanted:
        return settings.learning_rate
    if settings.l1 or settings.l2:
        return math.nan
    return settings.learning_rate * (1.0 if OPTIMIZERS[settings.name].rescales else own / wanted)


def _first_length(lane: Lane, probe: LaneProbe, batch: Samples) -> float:
    """Return how long the first update of a lane is on a batch; of several networks, the median."""
    starts = [probe.at_start(replica).on(batch) for replica in lane.replicas]
    return float(np.median([norm(start.next_step(start.gradient())) for start in starts]))
