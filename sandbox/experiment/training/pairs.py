"""Pairs of lanes: whether their weights are identical to the bit, since when not, and where their updates point."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sandbox.arrays import Array
from sandbox.experiment.training.groups import Group, Rows
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.timeline import angle

Pair = frozenset[int]  # of the keys of two lanes
PairRecord = dict[Pair, int]  # when each pair parted


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
    """

    def __init__(self) -> None:
        self.diverged_at: dict[Pair, int] = {}
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
                shapes.setdefault(replicas[0].sizes, []).append(Member(lane.key, group, as_slice(rows), whole))
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

    def angle(self, one: Lane, other: Lane) -> float:
        """Return the angle between the last updates of two running lanes of one shape, in degrees; else nan."""
        for shape in self._shapes:
            found = {member.key: member for member in shape if member.whole}
            if one.key in found and other.key in found:
                pair = found[one.key], found[other.key]
                return float(angle(*(member.group.last_step(member.rows) for member in pair)))
        return math.nan

    def adopt(self, run: Pairs, keys: Mapping[int, int]) -> None:
        """Adopt from another run when its lanes parted; `keys` are those that they have here, by those there."""
        for one, other in combinations(keys, 2):
            here = frozenset((keys[one], keys[other]))
            self.diverged_at.pop(here, None)
            if (update := run.diverged_at.get(frozenset((one, other)))) is not None:
                self.diverged_at[here] = update

    def have_parted(self, one: Lane, other: Lane) -> bool:
        """Return whether two lanes have parted."""
        return frozenset((one.key, other.key)) in self.diverged_at

    def remove(self, key: int) -> PairRecord:
        """Remove and return the records of a lane."""
        return {pair: self.diverged_at.pop(pair) for pair in list(self.diverged_at) if key in pair}

    def restore(self, record: PairRecord) -> None:
        """Put back the records of a removed lane."""
        self.diverged_at.update(record)

    def copy(self, key: int, new: int) -> None:
        """Copy when a lane parted from others to its copy, a new lane."""
        for pair, update in list(self.diverged_at.items()):
            if key in pair:
                self.diverged_at[pair - {key} | {new}] = update


def as_slice(rows: Rows) -> slice:
    """Return the rows of a lane's networks in their group as a slice."""
    return slice(rows, rows + 1) if isinstance(rows, int) else rows if isinstance(rows, slice) else slice(None)


def _content(lane: Lane) -> tuple[object, ...]:
    """Return a key that is equal for lanes identical to the bit."""
    return (lane.sizes, *(replica.theta.tobytes() for replica in lane.replicas))
