"""Two lanes compared: whether their weights are identical to the bit, if not since when, and how far apart they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sandbox.arrays import Array, read_only
from sandbox.experiment.document.lanes import PER_LANE
from sandbox.experiment.document.settings import Value
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.probe import LaneProbe


@dataclass(frozen=True)
class Difference:
    """A setting in which two lanes differ: its dotted key, and both values."""

    key: str
    one: Value
    other: Value


@dataclass(frozen=True, eq=False)
class PairState:
    """How two lanes differ.

    Attributes
    ----------
    lane, other : str
    update : int
        Updates done.
    differences : tuple of Difference
        The settings in which they differ now.
    parameters : int
        How many each network has; 0 if their shapes differ.
    differ : int
        How many of them differ now in any bit; with several replicas, in the pair that differs most.
    diverged_at : int or None
        After how many updates they first differed: 0 means from the start, None not yet.
    distance, angle : float
        Between their parameters, and, in degrees, between their last updates; nan if there is none.
    distances, angles : tuple of array (epochs, values)
        The same at the epochs at which both were kept in their timelines.
    replicas : int
        How many each lane has; distance and angle are medians over them.
    """

    lane: str
    other: str
    update: int
    differences: tuple[Difference, ...]
    parameters: int
    differ: int
    diverged_at: int | None
    distance: float
    angle: float
    distances: tuple[Array, Array]
    angles: tuple[Array, Array]
    replicas: int


@dataclass(frozen=True)
class AskPair:
    """How do these two lanes differ?"""

    lane: str
    other: str

    def answer(self, probe: LaneProbe) -> PairState | None:
        """Return how the lanes differ; None if there is no such other lane."""
        run = probe.run
        rival = None if run is None else run.probe(self.other)
        if run is None or rival is None:
            return None
        one, two = probe.lane, rival.lane
        pair = frozenset((one.key, two.key))
        replicas = list(zip(one.replicas, two.replicas, strict=True))
        same_shape = all(a.sizes == b.sizes for a, b in replicas)  # stopped ones keep their old shape
        diverged_at = run.pairs.diverged_at.get(pair)
        epochs, distances, angles = one.timeline.apart(two.timeline)
        thetas = [(a.theta, b.theta) for a, b in replicas] if same_shape else []
        return PairState(
            self.lane,
            self.other,
            run.update,
            _differences(probe, rival),
            parameters=one.replicas[0].theta.size if same_shape else 0,
            differ=max((_count_different(a, b) for a, b in thetas), default=0),
            diverged_at=diverged_at,
            distance=float(np.median([np.linalg.norm(a - b) for a, b in thetas])) if thetas else math.nan,
            angle=run.pairs.angle(one, two),
            distances=(read_only(epochs), read_only(distances)),
            angles=(read_only(epochs), read_only(angles)),
            replicas=len(one.replicas),
        )


def _count_different(one: Array, other: Array) -> int:
    """Count the numbers that differ in any bit."""
    kind = np.uint64 if one.itemsize == 8 else np.uint32
    return int(np.count_nonzero(np.ascontiguousarray(one).view(kind) != np.ascontiguousarray(other).view(kind)))


def _differences(probe: LaneProbe, rival: LaneProbe) -> tuple[Difference, ...]:
    assert probe.run is not None
    current = probe.run.current
    differences = []
    for key in PER_LANE:
        one, other = (_resolved(current.get(key, lane.name), key, lane) for lane in (probe.lane, rival.lane))
        if one != other:
            differences.append(Difference(key, one, other))
    return tuple(differences)


def _resolved(value: Value, key: str, lane: Lane) -> Value:
    """Return a setting's value, with "auto" replaced by what it means."""
    if value != "auto":
        return value
    return {"loss.objective": lane.objective.name, "network.output": lane.activations[-1]}.get(key, value)
