"""Matched learning rates: losses differ in scale, and so do their gradients; the same rate is not the same step.

The matched rate of a lane makes its first step (rate times the norm of the gradient at the initial parameters) as
long as that of the lane in view. Since a sum over m samples has a gradient m times that of their mean, a rate means
something only together with the reduction: given for one, it can be converted to the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.probe import LaneProbe
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
    norm : float
        Of the gradient at the initial parameters, over all training samples; the median over replicas.
    rate : float
        As set.
    matched : float
        The rate that makes the first step as long as that of the lane in view; nan if there is none.
    of_mean, of_sum : float
        The equivalent rate for a cost that is the mean over the samples of a batch, and for their sum.
    """

    lane: str
    optimizer: str
    reduction: str
    norm: float
    rate: float
    matched: float
    of_mean: float
    of_sum: float

    @property
    def factor(self) -> float:
        """What to multiply the rate by."""
        return self.matched / self.rate


@dataclass(frozen=True)
class MatchedRates:
    """All lanes, in their order; `lane` is the one to match, `batch` the samples per update."""

    lane: str
    batch: int
    rows: tuple[RateRow, ...]


@dataclass(frozen=True)
class AskMatchedRates:
    """How long is the first step of every lane, and at which rate would it be as long as that of this one?"""

    lane: str

    def answer(self, probe: LaneProbe) -> MatchedRates:
        """Return a row for every lane."""
        lanes = [probe.lane] if probe.run is None else probe.run.lanes
        norms = {lane.name: initial_norm(lane, probe) for lane in lanes}
        size = probe.lane.settings.optimizer.batch_size
        batch = size if 0 < size < probe.m else probe.m
        reference = next(lane for lane in lanes if lane.name == self.lane)
        length = reference.settings.optimizer.learning_rate * norms[self.lane]
        rows = tuple(_row(lane, norms[lane.name], length, batch) for lane in lanes)
        return MatchedRates(self.lane, batch, rows)


def _row(lane: Lane, norm: float, length: float, batch: int) -> RateRow:
    rate, reduction = lane.settings.optimizer.learning_rate, lane.settings.loss.reduction
    matched = length / norm if norm > 0.0 and math.isfinite(norm) and length > 0.0 else math.nan
    as_sum = rate * reduction_factor(reduction, batch, lane.sizes[-1])
    return RateRow(
        lane.name, lane.settings.optimizer.name, reduction, norm, rate, float(f"{matched:.{DIGITS}g}"),
        of_mean=as_sum * batch, of_sum=as_sum,
    )  # fmt: skip


def initial_norm(lane: Lane, probe: LaneProbe) -> float:
    """Return the norm of the gradient that a lane's optimiser gets at its initial parameters, over all samples."""
    norms = [np.linalg.norm(probe.at_start(replica).gradient()) for replica in lane.replicas]
    return float(np.median(norms))
