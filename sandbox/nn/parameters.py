"""The tunable numbers of losses and optimisers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from sandbox.nn.kind import Kind

_MANTISSAS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)


def log_stops(low: float, high: float, zero: bool = False) -> tuple[float, ...]:
    """Return ten round numbers per decade from low to high, both included; 0 first if `zero`."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    values = (float(f"{m}e{decade}") for decade in range(first, last + 1) for m in _MANTISSAS)
    inner = [value for value in values if low < value < high]
    return ((0.0,) if zero else ()) + (float(low), *inner, float(high))


def linear_stops(low: float, high: float, step: float) -> tuple[float, ...]:
    """Return the numbers from low to high in steps, high included."""
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
        The bounds, inclusive unless `above` or `below` says otherwise.
    summary : str
        One sentence: what it does.
    label : str
        What the window calls it.
    above, below : bool
        Whether `low` (`high`) itself is excluded.
    symbol : str
        Its symbol in formulas, in LaTeX.
    neutral : float or None
        The value at which it has no effect, so that generated code omits it.
    stops : tuple of float
        The values that a slider offers; by default hundredths for a share, else round numbers.
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
    """A kind with parameters: each is an attribute of that name.

    Attributes
    ----------
    parameters : tuple of Parameter
    """

    parameters: ClassVar[tuple[Parameter, ...]] = ()

    def __init__(self, **values: float) -> None:
        defaults = {parameter.name: parameter.default for parameter in self.parameters}
        unknown = sorted(set(values) - set(defaults))
        if unknown:
            raise TypeError(f"{self.name} has no parameter {unknown[0]!r}; it has {sorted(defaults) or 'none'}")
        for name, value in {**defaults, **values}.items():
            setattr(self, name, float(value))

    @classmethod
    def tuned(cls, values: Mapping[str, float]) -> Self:
        """Create one from those values that are its parameters, the others at their defaults."""
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
        """Return the parameters that have an effect for any of the given sets of values."""
        rows = list(used)
        return frozenset(
            p.name
            for p in cls.parameters
            if p.neutral is None or any(row.get(p.name, p.default) != p.neutral for row in rows)
        )
