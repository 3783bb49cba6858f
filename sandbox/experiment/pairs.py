"""Pairs of lanes: whether their weights are the same to the bit, since when not, and how far apart they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.experiment.history import History
from sandbox.experiment.lanes import Group, TrainingLane

Array = NDArray[Any]
Pair = frozenset[int]  # of the keys of two lanes

COLUMNS = ("distance", "angle")


class Pairs:
    """What is known of every two lanes of a run, by their keys.

    Attributes
    ----------
    parted : dict
        After how many updates the parameters of a pair first differed in any bit; a pair that is the same so far has
        no entry. 0 is from the start.
    histories : dict
        Per pair of lanes of one shape, epoch by epoch: "distance", the Euclidean distance between their parameters,
        and "angle", that between their last updates, in degrees. Of several replicas the median.
    """

    def __init__(self) -> None:
        self.parted: dict[Pair, int] = {}
        self.histories: dict[Pair, History] = {}
        self._same: list[tuple[Group, list[tuple[int, Array]]]] = []  # lanes that are equal so far: keys and rows
        self._groups: list[Group] = []

    def follow(self, lanes: Sequence[TrainingLane], groups: list[Group], update: int) -> None:
        """Look at all lanes anew, as after an edit or when one has come."""
        self._groups, self._same = groups, []
        contents = {lane.key: _content(lane) for lane in lanes}
        for one, other in combinations(lanes, 2):
            pair = frozenset((one.key, other.key))
            if pair not in self.parted and contents[one.key] != contents[other.key]:
                self.parted[pair] = update
        for group in groups:
            rows = [(lane.key, np.arange(len(group.lanes))[_rows(index)]) for lane, _, index in group.families]
            self._same += [(group, equal) for equal in self._split(rows) if len(equal) > 1]

    def _split(self, rows: Iterable[tuple[int, Array]]) -> list[list[tuple[int, Array]]]:
        """Return lanes in groups of those that have not parted."""
        found: list[list[tuple[int, Array]]] = []
        for key, own in rows:
            for equal in found:
                if frozenset((key, equal[0][0])) not in self.parted:
                    equal.append((key, own))
                    break
            else:
                found.append([(key, own)])
        return found

    def look(self, update: int) -> None:
        """Note which lanes have parted by this update."""
        for group, equal in list(self._same):
            bits = group.rows.view(np.uint64 if group.rows.itemsize == 8 else np.uint32)
            first = bits[equal[0][1]]
            if all((bits[own] == first).all() for _, own in equal[1:]):
                continue
            for (one, rows), (other, others) in combinations(equal, 2):
                if not np.array_equal(bits[rows], bits[others]):
                    self.parted.setdefault(frozenset((one, other)), update)
            self._same.remove((group, equal))
            self._same += [(group, rest) for rest in self._split(equal) if len(rest) > 1]

    def record(self, epoch: int, update: int) -> None:
        """Append how far the lanes of each shape are apart now."""
        for group in self._groups:
            lanes = [(lane.key, _rows(index)) for lane, networks, index in group.families if _whole(lane, networks)]
            if len(lanes) < 2:
                continue
            rows = np.array([np.arange(len(group.lanes))[index] for _, index in lanes])  # (lanes, replicas)
            distances, angles = _apart(group.rows[rows], group.last_step()[rows])
            for (i, (one, _)), (j, (other, _)) in combinations(enumerate(lanes), 2):
                history = self.histories.setdefault(frozenset((one, other)), History())
                history.append(epoch, update, COLUMNS, (float(distances[i, j]), float(angles[i, j])))

    def forget(self, key: int) -> None:
        """Know no more of a lane that is gone."""
        for pairs in (self.parted, self.histories):
            for pair in [pair for pair in pairs if key in pair]:
                del pairs[pair]

    def copy(self, key: int, new: int) -> None:
        """Let a new lane have what is known of the one that it is a copy of."""
        for pair, update in list(self.parted.items()):
            if key in pair:
                self.parted[pair - {key} | {new}] = update


def _rows(index: Any) -> slice:
    """Return the rows of a lane in its group."""
    return slice(index, index + 1) if isinstance(index, int) else index if isinstance(index, slice) else slice(None)


def _whole(lane: TrainingLane, networks: list[TrainingLane]) -> bool:
    return len(networks) == len(lane.replicas)


def _content(lane: TrainingLane) -> tuple[object, ...]:
    """Return what is equal where two lanes are the same to the bit."""
    return (lane.sizes, *(network.theta.tobytes() for network in lane.replicas))


def _apart(thetas: Array, steps: Array) -> tuple[Array, Array]:
    """Return distances and angles in degrees (lanes, lanes) of parameters and steps (lanes, replicas, P)."""
    between = thetas[:, None] - thetas[None]
    distances = np.sqrt(np.add.reduce(between * between, axis=-1))
    lengths = np.sqrt(np.add.reduce(steps * steps, axis=-1))
    products = np.add.reduce(steps[:, None] * steps[None], axis=-1)
    cosines = products / (lengths[:, None] * lengths[None])
    angles = np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0)))
    return _median(distances), _median(angles)


def _median(values: Array) -> Array:
    """Return the median over the last axis."""
    ordered = np.sort(values, axis=-1)
    count = ordered.shape[-1]
    middle: Array = 0.5 * (ordered[..., (count - 1) // 2] + ordered[..., count // 2])
    return middle
