"""Timing two things in turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

from tests.benchmarks.table import Effort

Work = Callable[[], int]
"""Does some work and returns its number of updates."""


@dataclass(frozen=True)
class Rates:
    """Updates per second of two kinds of work, round by round."""

    first: tuple[float, ...]
    second: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The median over the rounds of first to second."""
        return median(a / b for a, b in zip(self.first, self.second, strict=True))

    @property
    def note(self) -> str:
        """Both rates, for the table."""
        return f"{median(self.first):,.0f}/s to {median(self.second):,.0f}/s"


def rate(work: Work, seconds: float) -> float:
    """Return the updates per second of `work`, repeated for at least `seconds`."""
    start = now = perf_counter()
    updates = 0
    while updates == 0 or now - start < seconds:
        updates += work()
        now = perf_counter()
    return updates / (now - start)


def in_turn(first: Work, second: Work, effort: Effort) -> Rates:
    """Time both in alternating rounds, after letting each run once."""
    first(), second()
    pairs = [(rate(first, effort.seconds), rate(second, effort.seconds)) for _ in range(effort.rounds)]
    return Rates(tuple(a for a, _ in pairs), tuple(b for _, b in pairs))
