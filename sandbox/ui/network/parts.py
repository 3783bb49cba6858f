"""The parts of the picture that one can point at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What a part is."""

    UNIT = auto()
    WEIGHT = auto()
    BIAS = auto()
    FEWER_UNITS = auto()
    MORE_UNITS = auto()
    NEW_LAYER = auto()
    OTHER_INPUT = auto()


PARAMETERS = (Kind.WEIGHT, Kind.BIAS)


@dataclass(frozen=True)
class Part:
    """One part of the picture.

    Attributes
    ----------
    kind : Kind
    column : int
        The column it belongs to, from the inputs, which are 0; a weight belongs to the unit it leads to. A new layer
        would become this column.
    unit : int
        The unit in that column, from 0; of an input that is off, its place among those.
    source : int
        Of a weight, the unit of the column before that it comes from.
    """

    kind: Kind
    column: int
    unit: int = 0
    source: int = 0

    @property
    def is_parameter(self) -> bool:
        """Whether it is a weight or a bias."""
        return self.kind in PARAMETERS

    @property
    def key(self) -> str:
        """The name of a weight or bias: "W1[0,1]", "b2[3]"."""
        if self.kind is Kind.WEIGHT:
            return f"W{self.column}[{self.unit},{self.source}]"
        return f"b{self.column}[{self.unit}]"


def exists(part: Part, sizes: tuple[int, ...], others: int = 0) -> bool:
    """Return whether a network of these sizes, with so many inputs that are off, has a part."""
    last = len(sizes) - 1
    match part.kind:
        case Kind.OTHER_INPUT:
            return part.unit < others
        case Kind.NEW_LAYER:
            return 1 <= part.column <= last
        case Kind.FEWER_UNITS | Kind.MORE_UNITS:
            return 1 <= part.column < last
        case Kind.UNIT:
            return part.column <= last and part.unit < sizes[part.column]
        case Kind.BIAS:
            return 1 <= part.column <= last and part.unit < sizes[part.column]
    return 1 <= part.column <= last and part.unit < sizes[part.column] and part.source < sizes[part.column - 1]


def neighbour(part: Part | None, right: int, up: int, sizes: tuple[int, ...]) -> Part:
    """Return the part that an arrow key leads to.

    Right and left lead from a unit to a line and on to the unit at its other end; up and down through the units of a
    column, or through what leads into a unit: its weights, then its bias.
    """
    if part is None or part.kind not in (Kind.UNIT, *PARAMETERS):
        return Part(Kind.UNIT, 0)
    if part.kind is Kind.UNIT:
        return _from_unit(part, right, up, sizes)
    return _from_parameter(part, right, up, sizes)


def _from_unit(part: Part, right: int, up: int, sizes: tuple[int, ...]) -> Part:
    if up:
        return Part(Kind.UNIT, part.column, min(max(part.unit - up, 0), sizes[part.column] - 1))
    if right > 0 and part.column + 1 < len(sizes):
        return Part(Kind.WEIGHT, part.column + 1, min(part.unit, sizes[part.column + 1] - 1), part.unit)
    if right < 0 and part.column > 0:
        return Part(Kind.WEIGHT, part.column, part.unit, min(part.unit, sizes[part.column - 1] - 1))
    return part


def _from_parameter(part: Part, right: int, up: int, sizes: tuple[int, ...]) -> Part:
    before = sizes[part.column - 1]
    if right > 0:
        return Part(Kind.UNIT, part.column, part.unit)
    if right < 0 and part.kind is Kind.WEIGHT:
        return Part(Kind.UNIT, part.column - 1, part.source)
    place = before if part.kind is Kind.BIAS else part.source
    place = min(max(place - up, 0), before)
    if place == before:
        return Part(Kind.BIAS, part.column, part.unit)
    return Part(Kind.WEIGHT, part.column, part.unit, place)
