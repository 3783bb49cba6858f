"""Single weights and biases by name: "W1[0,1]" is the weight of input 1 to unit 0 of layer 1, "b2[3]" a bias."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.errors import input_error
from sandbox.experiment.document.settings import MOST_LAYERS, MOST_REPLICAS
from sandbox.experiment.document.validation import check_count, described

MOST_ENTRIES = 10_000  # that one edit sets
_NAME = re.compile(r"(?:W(\d{1,6})\[(\d{1,6}),\s?(\d{1,6})\]|b(\d{1,6})\[(\d{1,6})\])(?:#(\d{1,6}))?", re.ASCII)
_ALLOWED = (
    'named like "W1[0,1]" or "b2[3]": the layer, and as numpy counts them, from 0, the unit and the input. "#2" after '
    "that is the network with number 2 of several, also from 0"
)


@dataclass(frozen=True)
class Entry:
    """One weight or bias.

    Attributes
    ----------
    layer, unit : int
        The layer from 1, and its unit from 0.
    below : int, optional
        The unit of the layer before, or the input, that the weight comes from; None for a bias.
    replica : int, optional
        The number of the network that it belongs to; None is every network of its lane.
    """

    layer: int
    unit: int
    below: int | None = None
    replica: int | None = None

    @property
    def name(self) -> str:
        """Its name as a key of a file."""
        index = f"b{self.layer}[{self.unit}]" if self.below is None else f"W{self.layer}[{self.unit},{self.below}]"
        return index if self.replica is None else f"{index}#{self.replica}"


def parse_entry(name: str, where: str = "") -> Entry:
    """Return the weight or bias with a name.

    Raises
    ------
    InputError
        If it is no such name. Whether a network has that entry is for the trainer to say.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise input_error(where, f"weights has {described(name)}, but a weight or bias is {_ALLOWED}.")
    W, unit, below, b, bias_unit, number = (None if text is None else int(text) for text in found.groups())
    layer, unit = (W, unit) if b is None else (b, bias_unit)
    assert layer is not None
    assert unit is not None
    if not 1 <= layer <= MOST_LAYERS + 1:
        problem = f"weights has {described(name)}, but layers are counted from 1 to {MOST_LAYERS + 1}"
        raise input_error(where, f"{problem}, the last of them the output.")
    if number is not None and number >= MOST_REPLICAS:
        problem = f"weights has {described(name)}, but a lane has at most {MOST_REPLICAS} networks"
        raise input_error(where, f"{problem}, counted from 0.")
    return Entry(layer, unit, below, number)


def checked_weights(weights: object, where: str) -> dict[str, float]:
    """Check the weights and biases that an edit sets; return them under their proper names, in order.

    Raises
    ------
    InputError
        For a name or a value that is not allowed, or more of them than one edit may set.
    """
    if not isinstance(weights, Mapping):
        raise input_error(
            where, f'weights is {described(weights)}, but must be a table, such as weights."W1[0,1]" = 0.5.'
        )
    check_count(len(weights), MOST_ENTRIES, "weights and biases in one edit", where)
    checked: dict[str, float] = {}
    for key, value in weights.items():
        name = parse_entry(key, where).name
        if name in checked:
            raise input_error(where, f"weights has {name} twice; once is enough.")
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not _is_finite(value):
            raise input_error(where, f"weights has {described(value)} for {name}, but must have a finite number.")
        checked[name] = float(value)
    return checked


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number too large for float64
        return False
