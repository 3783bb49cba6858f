"""Quantities of a run, written as a teacher says them: `B test_accuracy after 150`.

=======================================  ==========================================================================
`B test_accuracy after 150`              a column of the history of lane B, after 150 epochs
`A epochs to train_mse 0.1`              the first epoch at which lane A has reached a level, or never
`A and B differ since`                   the first update that gave two lanes different weights, or never
`A stops after`                          the epoch at which lane A stopped because a number was not finite, or never
=======================================  ==========================================================================

Each has a value for every network of its lanes (their seeds): infinity for never, nan for what is not reached yet.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, Self

import numpy as np

from sandbox import words
from sandbox.arrays import Array
from sandbox.errors import InputError
from sandbox.experiment import Experiment
from sandbox.experiment.document import texts
from sandbox.experiment.lens.known import epochs_to
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.probe import RunView
from sandbox.nn import LOSSES, METRICS

NEVER = "never"
SHORT = 3  # significant digits of a figure that has as many as usual; more tell two of them apart
_EXACT = 12  # significant digits of a number as somebody typed it
_LANE = r"(?P<lane>.+?)"
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
KINDS = ("LANE COLUMN after EPOCH", "LANE epochs to COLUMN LEVEL", "LANE and LANE differ since", "LANE stops after")


class Quantity(Protocol):
    """Something that a run can be asked for: a frozen value."""

    @property
    def lanes(self) -> tuple[str, ...]:
        """The lanes that it speaks of."""

    @property
    def epoch(self) -> int:
        """The epoch that it needs: it is nan before."""

    def values(self, run: RunView) -> Array:
        """Return the value for each network of its lanes."""

    def text(self, value: float, digits: int = SHORT) -> str:
        """Format a value for people; a number that is not whole in more digits than usual if they are asked for."""

    def bound(self, value: float) -> str:
        """Format a value to compare with: exactly, and as shortly as it can be told."""

    def target(self, value: float, tolerance: float) -> str:
        """Format a value to come near to, and how near: "0.933, give or take 0.001", "between 48 % and 52 %"."""

    @property
    def phrase(self) -> str:
        """What it is, as written within a sentence: "training accuracy of B after 150 epochs"."""

    def beside(self, other: Quantity) -> str:
        """Return its phrase after that of another, without what was just said: "that of A"."""

    @property
    def never(self) -> str:
        """What it means that it is infinite, as a sentence: "A and B never differ"."""

    def told_in(self, experiment: Experiment) -> Self:
        """Return the same quantity, in the words that fit an experiment."""


@dataclass(frozen=True, kw_only=True)
class _Told:
    """How the lane is spoken of, which changes nothing of what is asked.

    Attributes
    ----------
    reduction : str
        How its costs are reduced over samples: a sum is not called a mean.
    is_alone : bool
        Whether there is no other lane: it then needs no name.
    """

    lane: str
    reduction: str = field(default="mean", compare=False)
    is_alone: bool = field(default=False, compare=False)

    def told_in(self, experiment: Experiment) -> Self:
        reduction = experiment.lane(self.lane).loss.reduction
        return replace(self, reduction=reduction, is_alone=len(experiment.lanes) == 1)

    @property
    def phrase(self) -> str:
        raise NotImplementedError

    def beside(self, other: Quantity) -> str:
        return f"the {self.phrase}"

    @property
    def _of_lane(self) -> str:
        return "" if self.is_alone else f" of {_named(self.lane)}"

    @property
    def _it(self) -> str:
        return "the network" if self.is_alone else _named(self.lane)


def _named(lane: str) -> str:
    """Return the name of a lane within a sentence: a letter as it is, words in quotation marks."""
    return lane if len(lane) == 1 else f"\u201c{lane}\u201d"


@dataclass(frozen=True, kw_only=True)
class _OfColumn(_Told):
    """Something about a column of a lane's history."""

    column: str

    @property
    def _column(self) -> str:
        return words.within(texts.column_words(self.column, self.reduction))


@dataclass(frozen=True)
class Reading(_OfColumn):
    """A column of a lane's history after an epoch."""

    lane: str
    column: str
    epoch: int

    @property
    def lanes(self) -> tuple[str, ...]:
        return (self.lane,)

    def values(self, run: RunView) -> Array:
        epochs, values = _recorded(run, self.lane, self.column)
        place = int(np.searchsorted(epochs, self.epoch))
        if place == epochs.size or epochs[place] != self.epoch:
            return np.full(len(values), math.nan)
        taken: Array = values[:, place]
        return taken

    def text(self, value: float, digits: int = SHORT) -> str:
        if digits <= SHORT:
            return texts.column_text(self.column, value)
        return words.share(value, digits - 2) if texts.is_share(self.column) else words.number(value, digits)

    def bound(self, value: float) -> str:
        return _level(self.column, value)

    def target(self, value: float, tolerance: float) -> str:
        if not tolerance or not texts.is_share(self.column):
            return _near(self, value, tolerance)
        low, high = max(value - tolerance, 0.0), min(value + tolerance, 1.0)
        return f"between {self.bound(low)} and {self.bound(high)}"

    @property
    def phrase(self) -> str:
        return f"{self._column}{self._of_lane} {self._when}"

    def beside(self, other: Quantity) -> str:
        if not isinstance(other, Reading) or other._column != self._column:
            return super().beside(other)
        when = "" if other.epoch == self.epoch and not self.is_alone else f" {self._when}"
        return f"that{self._of_lane}{when}"

    @property
    def _when(self) -> str:
        return f"after {words.count(self.epoch, 'epoch')}"

    @property
    def never(self) -> str:
        return f"{words.capital(self.phrase)} is infinite"


@dataclass(frozen=True)
class Reached(_OfColumn):
    """The first epoch at which a lane has reached a level of a column."""

    lane: str
    column: str
    level: float
    epoch: int = 0

    @property
    def lanes(self) -> tuple[str, ...]:
        return (self.lane,)

    def values(self, run: RunView) -> Array:
        epochs, values = _recorded(run, self.lane, self.column)
        return epochs_to(epochs, values, self.level, self.column.partition("_")[2] in METRICS)

    def text(self, value: float, digits: int = SHORT) -> str:
        return _counted(value, "epoch")

    bound = text

    def target(self, value: float, tolerance: float) -> str:
        return _near(self, value, tolerance)

    @property
    def phrase(self) -> str:
        return f"epochs{self._needed} to reach {self._goal}"

    def beside(self, other: Quantity) -> str:
        is_same = isinstance(other, Reached) and other._goal == self._goal and not self.is_alone
        return f"those{self._needed}" if is_same else super().beside(other)

    @property
    def _needed(self) -> str:
        return "" if self.is_alone else f" that {_named(self.lane)} needs"

    @property
    def never(self) -> str:
        return f"{words.capital(self._it)} never reaches {self._goal}"

    @property
    def _goal(self) -> str:
        return f"a {self._column} of {_level(self.column, self.level)}"


@dataclass(frozen=True)
class Parted(_Told):
    """The first update that gave two lanes different weights; 0 if they differ from the start."""

    lane: str
    other: str
    epoch: int = 0

    @property
    def lanes(self) -> tuple[str, ...]:
        return (self.lane, self.other)

    def values(self, run: RunView) -> Array:
        keys = {lane.name: lane.key for lane in run.lanes}
        parted = run.pairs.diverged_at.get(frozenset((keys[self.lane], keys[self.other])))
        return np.array([math.inf if parted is None else float(parted)])

    def text(self, value: float, digits: int = SHORT) -> str:
        return NEVER if math.isinf(value) else f"update {words.bound(value)}"

    bound = text

    def target(self, value: float, tolerance: float) -> str:
        return _near(self, value, tolerance)

    @property
    def phrase(self) -> str:
        return f"first update after which the weights of {_named(self.lane)} and {_named(self.other)} differ"

    @property
    def never(self) -> str:
        return f"The weights of {_named(self.lane)} and {_named(self.other)} never differ"


@dataclass(frozen=True)
class Stopped(_Told):
    """The epoch at which a lane stopped because a number was not finite."""

    lane: str
    epoch: int = 0

    @property
    def lanes(self) -> tuple[str, ...]:
        return (self.lane,)

    def values(self, run: RunView) -> Array:
        (lane,) = (lane for lane in run.lanes if lane.name == self.lane)
        # Every column of a network ends with it; only some may lack a value before, as a cost of infinity.
        recorded = [_values(lane, column) for column in lane.columns]
        has_value = np.any([np.isfinite(values) for _, values in recorded], axis=0)
        epochs = recorded[0][0]
        return np.array(
            [
                float(epochs[row].max(initial=0)) if replica.stopped else math.inf
                for replica, row in zip(lane.replicas, has_value, strict=True)
            ]
        )

    def text(self, value: float, digits: int = SHORT) -> str:
        return _counted(value, "epoch")

    bound = text

    def target(self, value: float, tolerance: float) -> str:
        return _near(self, value, tolerance)

    @property
    def phrase(self) -> str:
        return f"epoch at which {self._it} stops"

    @property
    def never(self) -> str:
        return f"{words.capital(self._it)} never stops"


def _recorded(run: RunView, name: str, column: str) -> tuple[Array, Array]:
    (lane,) = (lane for lane in run.lanes if lane.name == name)
    return _values(lane, column)


def _values(lane: Lane, column: str) -> tuple[Array, Array]:
    """Return the recorded epochs, and a row of a column's values, reduced as in the lane, for each of its networks."""
    if lane.replica_history is None:
        return lane.history.columns([column])
    return lane.replica_history.columns([f"{column}#{number}" for number in range(len(lane.replicas))])


def _level(column: str, value: float) -> str:
    """Format a level of a column exactly, and as shortly as it can be told."""
    return texts.level_text(column, value) if texts.is_share(column) else words.number(value, _EXACT)


def _near(quantity: Quantity, value: float, tolerance: float) -> str:
    """Write a value to come near to, and how near."""
    return f"{quantity.bound(value)}, give or take {quantity.bound(tolerance)}" if tolerance else quantity.bound(value)


def _counted(value: float, noun: str) -> str:
    return NEVER if math.isinf(value) else words.count(round(value), noun) if math.isfinite(value) else words.NOTHING


# Reading

_FORMS: Mapping[str, Callable[[re.Match[str]], Quantity]] = {
    rf"{_LANE} (?P<column>\w+) after (?P<epoch>\d{{1,9}})": lambda found: Reading(
        found["lane"], found["column"], int(found["epoch"])
    ),
    rf"{_LANE} epochs to (?P<column>\w+) (?P<level>{NUMBER})": lambda found: Reached(
        found["lane"], found["column"], float(found["level"])
    ),
    rf"{_LANE} and (?P<other>.+?) differ since": lambda found: Parted(found["lane"], found["other"]),
    rf"{_LANE} stops after": lambda found: Stopped(found["lane"]),
}


def read_quantity(text: str) -> Quantity:
    """Read a quantity.

    Raises
    ------
    InputError
        If it is none of those above, or there is no such column.
    """
    for form, made in _FORMS.items():
        found = re.fullmatch(form, " ".join(text.split()))
        if found:
            if "column" in found.groupdict():
                _check_column(found["column"])
            return made(found)
    raise InputError(f'"{text}" is not a quantity; it must be one of: {"; ".join(KINDS)}.')


def _check_column(column: str) -> None:
    names = ("cost", "penalty", *METRICS, *LOSSES)
    columns = [f"{part}_{name}" for part in ("train", "test") for name in names]
    if column not in columns:
        raise InputError(f'there is no column "{column}"; {words.known_names(column, columns)}.')
