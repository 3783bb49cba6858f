"""Claims about a run, that are true or not: `B test_accuracy after 150 > 0.93`.

A claim compares a quantity with a number, or with another quantity, if need be multiplied: `A epochs to train_mse 0.1
> 3 * B epochs to train_mse 0.1`. Operators are `<`, `<=`, `>`, `>=` and `=`; after `=`, `within` gives a tolerance.
Over several seeds it is judged in each network, and for their median.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from sandbox import words
from sandbox.arrays import Array
from sandbox.errors import InputError
from sandbox.experiment import Experiment
from sandbox.experiment.training.probe import RunView
from sandbox.lessons.quantity import NEVER, NUMBER, SHORT, Quantity, read_quantity

_COMPARE: dict[str, Callable[[Array, Array], Array]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_MOST = 9  # digits of a figure
SIGNS = {"<": "below ", "<=": "at most ", ">": "above ", ">=": "at least ", "=": ""}


@dataclass(frozen=True)
class Verdict:
    """What became of a claim in a run.

    Attributes
    ----------
    value, other : float
        Medians of both sides; nan where the run has not come that far.
    holds : bool
        Whether the claim is true of the medians.
    seeds, of : int
        In how many networks it is true, and of how many.
    """

    value: float
    other: float
    holds: bool
    seeds: int
    of: int

    @property
    def is_known(self) -> bool:
        """Whether the run has come far enough to tell."""
        return not (math.isnan(self.value) or math.isnan(self.other))


@dataclass(frozen=True)
class Claim:
    """A claim: its text as written, and its parts; `right` is a number if `other` is None."""

    text: str
    left: Quantity
    sign: str
    right: float
    other: Quantity | None
    tolerance: float = 0.0

    @property
    def lanes(self) -> tuple[str, ...]:
        """The lanes that it speaks of."""
        return self.left.lanes + (() if self.other is None else self.other.lanes)

    @property
    def epoch(self) -> int:
        """The epoch that a run must have reached."""
        return max(self.left.epoch, 0 if self.other is None else self.other.epoch)

    @property
    def is_never(self) -> bool:
        """Whether it says that something never happens."""
        return self.sign == "=" and math.isinf(self.right)

    def told_in(self, experiment: Experiment) -> Claim:
        """Return the same claim, in the words that fit an experiment."""
        other = None if self.other is None else self.other.told_in(experiment)
        return replace(self, left=self.left.told_in(experiment), other=other)

    @property
    def sentence(self) -> str:
        """The claim as people write it: "Training accuracy of A after 200 epochs: below 90 %"."""
        if self.is_never:
            return self.left.never
        if self.other is None:
            right = self.left.target(self.right, self.tolerance)
        else:
            times = "" if self.right == 1.0 else f"{words.number(self.right)} times "
            within = f", give or take {self.left.bound(self.tolerance)}" if self.tolerance else ""
            right = f"{times}{self.other.beside(self.left)}{within}"
        return f"{words.capital(self.left.phrase)}: {SIGNS[self.sign]}{right}"

    def figures(self, verdict: Verdict) -> str:
        """Return what was found, with digits enough to judge it by: "0.693048", "0.69298 against 0.69305"."""
        if self.other is None and self.sign == "=":
            return self.left.text(verdict.value, len(Decimal(repr(self.right)).as_tuple().digits))
        compared, scale = (self.left, 1.0) if self.other is None else (self.other, self.right)
        for digits in range(SHORT, _MOST + 1):
            ours, theirs = self.left.text(verdict.value, digits), compared.text(verdict.other / scale, digits)
            if ours != theirs or verdict.value == verdict.other:
                break
        return ours if self.other is None else f"{ours} against {theirs}"

    def judge(self, run: RunView) -> Verdict:
        """Return what became of it."""
        left = self.left.values(run)
        right = np.array([self.right]) if self.other is None else self.right * self.other.values(run)
        left, right = np.broadcast_arrays(left, right)
        value, other = median(left), median(right)
        with np.errstate(invalid="ignore"):
            true = self._compare(left, right)
            holds = bool(self._compare(np.array(value), np.array(other)))
        return Verdict(value, other, holds, int(np.count_nonzero(true)), left.size)

    def _compare(self, left: Array, right: Array) -> Array:
        if self.sign in _COMPARE:
            return _COMPARE[self.sign](left, right)
        equal: Array = (left == right) | (abs(left - right) <= self.tolerance)
        return equal


def median(values: Array) -> float:
    """Return the median, ignoring nan; infinite unless more than half are finite."""
    ordered = np.sort(values[~np.isnan(values)])
    if not ordered.size:
        return math.nan
    low, high = float(ordered[(ordered.size - 1) // 2]), float(ordered[ordered.size // 2])
    return low if low == high else 0.5 * (low + high)


def read_claim(text: str) -> Claim:
    """Read a claim.

    Raises
    ------
    InputError
        If it is not a quantity, an operator, and what to compare it with.
    """
    found = re.fullmatch(r"(?P<left>[^<>=]+)(?P<sign><=|>=|<|>|=)(?P<right>[^<>=]+)", " ".join(text.split()))
    if not found:
        raise InputError(f'"{text}" is no claim: it needs one of < <= > >= = between what it compares.')
    left, sign, right = read_quantity(found["left"].strip()), found["sign"], found["right"].strip()
    right, _, within = right.partition(" within ")
    if within and (sign != "=" or not re.fullmatch(NUMBER, within)):
        raise InputError(f'"{text}" is no claim: "within" and a number can only follow "=".')
    if right == NEVER:
        return Claim(text, left, sign, math.inf, None)
    if re.fullmatch(NUMBER, right):
        return Claim(text, left, sign, float(right), None, float(within or 0.0))
    factor, times, rest = right.partition("*")
    if times and not re.fullmatch(NUMBER, factor.strip()):
        raise InputError(f'"{text}" is no claim: a quantity can only be multiplied by a number in front of it.')
    other = read_quantity((rest if times else right).strip())
    return Claim(text, left, sign, float(factor) if times else 1.0, other, float(within or 0.0))
