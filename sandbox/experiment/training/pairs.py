"""Pairs of lanes: whether their weights are identical to the bit, since when not, and how far apart they are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sandbox.arrays import Array
from sandbox.experiment.training.groups import Group, Rows
from sandbox.experiment.training.history import History
from sandbox.experiment.training.lanes import Lane

Pair = frozenset[int]  # of the keys of two lanes
PairRecord = tuple[dict[Pair, int], dict[Pair, History]]  # when each pair parted, and how far apart it is

COLUMNS = ("distance", "angle")
_AT_ONCE = 2**20  # numbers of all pairs that are compared in one go: large networks are compared lane by lane


@dataclass(frozen=True, eq=False)
class Member:
    """A lane in its group: its key, the group and its rows there; `whole`: whether all its networks are running."""

    key: int
    group: Group
    rows: slice
    whole: bool

    def bits(self) -> Array:
        """Return its parameters (replicas, P) as integers, equal only if they are identical to the bit."""
        parameters = self.group.rows[self.rows]
        return parameters.view(np.uint64 if parameters.itemsize == 8 else np.uint32)


class Pairs:
    """The records of each pair of lanes of a run, by their keys.

    Attributes
    ----------
    diverged_at : dict
        After how many updates the parameters of a pair first differed in any bit, 0 for from the start; a pair that
        is identical so far has no entry.
    histories : dict
        Per pair of lanes of one shape, epoch by epoch: "distance", the Euclidean distance between their parameters,
        and "angle", that between their last updates, in degrees. Of several replicas, the median.
    """

    def __init__(self) -> None:
        self.diverged_at: dict[Pair, int] = {}
        self.histories: dict[Pair, History] = {}
        self._shapes: list[list[Member]] = []  # the lanes of each shape
        self._same: list[list[Member]] = []  # sets of lanes that are identical so far

    def follow(self, lanes: Sequence[Lane], groups: list[Group], update: int) -> None:
        """Compare all lanes, as after an edit or a change of lanes."""
        contents = {lane.key: _content(lane) for lane in lanes}
        for one, other in combinations(lanes, 2):
            pair = frozenset((one.key, other.key))
            if pair not in self.diverged_at and contents[one.key] != contents[other.key]:
                self.diverged_at[pair] = update
        shapes: dict[tuple[int, ...], list[Member]] = {}
        for group in groups:  # lanes with other activations are in another group, but can have equal parameters
            for lane, replicas, rows in group.lanes:
                whole = len(replicas) == len(lane.replicas)
                shapes.setdefault(replicas[0].sizes, []).append(Member(lane.key, group, _as_slice(rows), whole))
        self._shapes = list(shapes.values())
        self._same = [equal for members in self._shapes for equal in self._split(members)]

    def _split(self, members: Iterable[Member]) -> list[list[Member]]:
        """Split lanes into sets of two or more that have not parted."""
        classes: list[list[Member]] = []
        for member in members:
            for equal in classes:
                if frozenset((member.key, equal[0].key)) not in self.diverged_at:
                    equal.append(member)
                    break
            else:
                classes.append([member])
        return [equal for equal in classes if len(equal) > 1]

    def check(self, update: int) -> None:
        """Record which lanes have parted by this update."""
        for equal in list(self._same):
            first = equal[0].bits()
            if all((member.bits() == first).all() for member in equal[1:]):
                continue
            for one, other in combinations(equal, 2):
                if (one.bits() != other.bits()).any():
                    self.diverged_at.setdefault(frozenset((one.key, other.key)), update)
            self._same.remove(equal)
            self._same += self._split(equal)

    def record(self, epoch: int, update: int) -> None:
        """Append the current distances and angles between the lanes of each shape."""
        for shape in self._shapes:
            members = [member for member in shape if member.whole]
            if len(members) < 2:
                continue
            thetas = [member.group.rows[member.rows] for member in members]  # (replicas, P) of each lane
            steps = [member.group.last_step(member.rows) for member in members]
            if len(members) == 2 and len(thetas[0]) == 1:
                values = [_distance_and_angle(thetas[0][0], thetas[1][0], steps[0][0], steps[1][0])]
            else:
                values = _distances_and_angles(np.array(thetas), np.array(steps))
            for (one, other), distance_and_angle in zip(combinations(members, 2), values, strict=True):
                pair = frozenset((one.key, other.key))
                history = self.histories.get(pair)
                if history is None:
                    history = self.histories[pair] = History()
                history.append(epoch, update, COLUMNS, distance_and_angle)

    def angle(self, one: Lane, other: Lane) -> float:
        """Return the angle between the last updates of two running lanes of one shape, in degrees; else nan."""
        for shape in self._shapes:
            found = {member.key: member for member in shape if member.whole}
            if one.key in found and other.key in found:
                pair = found[one.key], found[other.key]
                thetas = np.array([member.group.rows[member.rows] for member in pair])
                steps = np.array([member.group.last_step(member.rows) for member in pair])
                with np.errstate(all="ignore"):
                    return _distances_and_angles(thetas, steps)[0][1]
        return math.nan

    def remove(self, key: int) -> PairRecord:
        """Remove and return the records of a lane."""
        diverged_at = {pair: self.diverged_at.pop(pair) for pair in list(self.diverged_at) if key in pair}
        return diverged_at, {pair: self.histories.pop(pair) for pair in list(self.histories) if key in pair}

    def restore(self, record: PairRecord) -> None:
        """Put back the records of a removed lane."""
        self.diverged_at.update(record[0])
        self.histories.update(record[1])

    def copy(self, key: int, new: int) -> None:
        """Copy when a lane parted from others to its copy, a new lane."""
        for pair, update in list(self.diverged_at.items()):
            if key in pair:
                self.diverged_at[pair - {key} | {new}] = update


def _as_slice(rows: Rows) -> slice:
    """Return the rows of a lane's networks in their group as a slice."""
    return slice(rows, rows + 1) if isinstance(rows, int) else rows if isinstance(rows, slice) else slice(None)


def _content(lane: Lane) -> tuple[object, ...]:
    """Return a key that is equal for lanes identical to the bit."""
    return (lane.sizes, *(replica.theta.tobytes() for replica in lane.replicas))


def _distance_and_angle(one: Array, other: Array, step: Array, other_step: Array) -> tuple[float, float]:
    """Return the distance and the angle in degrees of two networks' parameters and steps (P,), in half the time."""
    between = one - other
    length = math.sqrt(step.dot(step)) * math.sqrt(other_step.dot(other_step))
    known = 0.0 < length < math.inf  # not of a step that is nan, nor where squares overflow
    cosine = float(step.dot(other_step)) / length if known else math.nan
    angle = math.degrees(math.acos(min(max(cosine, -1.0), 1.0))) if math.isfinite(cosine) else math.nan
    return math.sqrt(between.dot(between)), angle


def _distances_and_angles(thetas: Array, steps: Array) -> list[tuple[float, float]]:
    """Return distance and angle in degrees of each pair of lanes, given parameters and steps (lanes, replicas, P)."""
    distances, products = np.empty((2, len(thetas), *thetas.shape[:-1]), thetas.dtype)
    at_once = max(1, _AT_ONCE // thetas.size)
    for start in range(0, len(thetas), at_once):
        rows = slice(start, start + at_once)
        between = thetas[rows, None] - thetas[None]
        between *= between
        np.add.reduce(between, axis=-1, out=distances[rows])
        np.multiply(steps[rows, None], steps[None], out=between)
        np.add.reduce(between, axis=-1, out=products[rows])
    distances = np.sqrt(distances)
    lengths = np.sqrt(np.add.reduce(steps * steps, axis=-1))
    lengths[lengths == np.inf] = np.nan  # where squares overflow
    cosines = products / (lengths[:, None] * lengths[None])
    np.maximum(cosines, -1.0, out=cosines)  # np.clip takes three times as long
    np.minimum(cosines, 1.0, out=cosines)
    angles = np.degrees(np.arccos(cosines))
    of_pairs = combinations(range(len(thetas)), 2)
    medians = _median(distances), _median(angles)
    return [(float(medians[0][i, j]), float(medians[1][i, j])) for i, j in of_pairs]


def _median(values: Array) -> Array:
    """Return the median over the last axis; nan if any value is."""
    if values.shape[-1] == 1:
        return values[..., 0]
    ordered = np.sort(values, axis=-1)
    count = ordered.shape[-1]
    middle: Array = 0.5 * (ordered[..., (count - 1) // 2] + ordered[..., count // 2])
    return np.where(np.isnan(ordered[..., -1]), np.nan, middle)
