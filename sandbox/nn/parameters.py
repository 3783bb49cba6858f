"""The numbers by which a loss or an optimiser can be tuned."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from sandbox.nn.kind import Kind

_MANTISSAS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)


def log_stops(low: float, high: float, zero: bool = False) -> tuple[float, ...]:
    """Return ten round numbers a decade from low to high, both included; 0 before them where asked."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    values = (float(f"{m}e{decade}") for decade in range(first, last + 1) for m in _MANTISSAS)
    inner = [value for value in values if low < value < high]
    return ((0.0,) if zero else ()) + (float(low), *inner, float(high))


def linear_stops(low: float, high: float, step: float) -> tuple[float, ...]:
    """Return the numbers from low to high by steps, high included."""
    count = round((high - low) / step)
    inner = (float(f"{low + index * step:.10g}") for index in range(count))
    return (*inner, float(high))


@dataclass(frozen=True)
class Parameter:
    """A named number with its default and its bounds.

    Attributes
    ----------
    name : str
        The key in an experiment file and the keyword of the class.
    default : float
    low, high : float
        The bounds, themselves allowed unless `above` or `below` says otherwise.
    summary : str
        One sentence: what it does.
    label : str
        What the window calls it.
    above, below : bool
        Whether `low` (`high`) itself is excluded.
    symbol : str
        What stands for it in a formula, in LaTeX.
    neutral : float or None
        The value at which it changes nothing, so that code leaves it out.
    stops : tuple of float
        What a slider offers; without them, hundredths of a share and round numbers of all else.
    """

    name: str
    default: float
    low: float
    high: float
    summary: str
    label: str
    above: bool = False
    below: bool = False
    symbol: str = ""
    neutral: float | None = None
    stops: tuple[float, ...] = ()


class Tunable(Kind):
    """A kind that is tuned by parameters: each is an attribute under its own name.

    Attributes
    ----------
    parameters : tuple of Parameter
    """

    parameters: ClassVar[tuple[Parameter, ...]] = ()

    def __init__(self, **values: float) -> None:
        known = {parameter.name: parameter.default for parameter in self.parameters}
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise TypeError(f"{self.name} has no parameter {unknown[0]!r}; it has {sorted(known) or 'none'}")
        for name, value in {**known, **values}.items():
            setattr(self, name, float(value))

    @classmethod
    def tuned(cls, values: Mapping[str, float]) -> Self:
        """Return one with those of the values that are its own parameters, the others at their defaults."""
        return cls(**{key: value for key, value in values.items() if key in cls.parameter_names()})

    @classmethod
    def parameter_names(cls) -> tuple[str, ...]:
        """Return the names of all parameters."""
        return tuple(parameter.name for parameter in cls.parameters)

    @property
    def parameter_values(self) -> dict[str, float]:
        """The value of each parameter."""
        return {name: getattr(self, name) for name in self.parameter_names()}

    @classmethod
    def in_use(cls, used: Iterable[Mapping[str, float]]) -> frozenset[str]:
        """Return the parameters that change something under any of the given values."""
        rows = list(used)
        return frozenset(
            each.name
            for each in cls.parameters
            if each.neutral is None or any(row.get(each.name, each.default) != each.neutral for row in rows)
        )
