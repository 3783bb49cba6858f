"""Which units and layers an edit removes and adds, and where those of the network after it come from."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sandbox.errors import input_error
from sandbox.experiment.document.settings import MOST_LAYERS, MOST_UNITS, SETTINGS
from sandbox.experiment.document.validation import check_count, described
from sandbox.words import count

NEW = -1
REMOVED, ADDED = "removed", "added"
_FORM, _PATTERN = SETTINGS["network.frozen"].form, SETTINGS["network.frozen"].pattern

Units = Mapping[str, tuple[str, ...]]
"""The names of the units and layers that are removed, as they are numbered before, and added, as after that."""


@dataclass(frozen=True)
class Origin:
    """Where a layer comes from, 0 being the inputs: its number before an edit, and that of each unit then.

    `layer` is None for a new layer, and a unit is `NEW`.
    """

    layer: int | None
    units: tuple[int, ...]


def unit_of(name: str) -> tuple[int, int | None]:
    """Return the layer, from 1, and the unit, from 0, that a name such as "2[3]" means; None for a whole layer."""
    layer, bracket, unit = name.rstrip("]").partition("[")
    return int(layer), int(unit) if bracket else None


def unit_name(layer: int, unit: int | None) -> str:
    """Return the name of a layer, or of one unit of it."""
    return f"{layer}" if unit is None else f"{layer}[{unit}]"


def checked_units(units: object, where: str) -> dict[str, tuple[str, ...]]:
    """Check the names of what an edit removes and adds; return them by "removed" and "added".

    Raises
    ------
    InputError
        If they are no such lists.
    """
    if not isinstance(units, Mapping) or not {*units} <= {REMOVED, ADDED}:
        shown = described(units) if not isinstance(units, Mapping) else ", ".join(map(described, units))
        raise input_error(where, f"units has {shown}, but must be a table of {REMOVED} and {ADDED}.")
    checked = {}
    for key, names in units.items():
        if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
            raise input_error(where, f"units.{key} is {described(names)}, but must be a list of strings.")
        check_count(len(names), MOST_LAYERS * MOST_UNITS, f"units in units.{key}", where)
        seen: set[str] = set()
        for name in names:
            if re.fullmatch(_PATTERN, name, re.ASCII) is None:
                raise input_error(where, f"an entry of units.{key} is {described(name)}, but must be {_FORM}.")
            if name in seen:
                raise input_error(where, f"units.{key} has {described(name)} more than once; once is enough.")
            seen.add(name)
        if names:
            checked[key] = tuple(names)
    return checked


def rearranged(before: Sequence[int], after: Sequence[int], units: Units, where: str = "") -> tuple[Origin, ...]:
    """Return where each hidden layer comes from when an edit removes and adds units.

    Parameters
    ----------
    before, after : sequence of int
        The units of the hidden layers before and after.
    units : mapping
    where : str
        What an error names first.

    Raises
    ------
    InputError
        If there is no such unit, or the layers after the edit are others than it says.
    """
    layers: list[tuple[int | None, list[int]]] = [(l, list(range(n))) for l, n in enumerate(before, start=1)]
    _remove(layers, units.get(REMOVED, ()), where)
    _add(layers, after, units.get(ADDED, ()), where)
    sizes = [len(origins) for _, origins in layers]
    if sizes != list(after):
        raise input_error(
            where, f"network.hidden is {described(list(after))}, but what units removes and adds makes it {sizes}."
        )
    return tuple(Origin(layer, tuple(origins)) for layer, origins in layers)


def _remove(layers: list[tuple[int | None, list[int]]], names: Collection[str], where: str) -> None:
    gone = [unit_of(name) for name in names]
    for (layer, unit), name in zip(gone, names, strict=True):
        if layer > len(layers):
            has = f"this network has {count(len(layers), 'hidden layer')}"
        elif unit is not None and unit >= len(layers[layer - 1][1]):
            has = f"layer {layer} has {count(len(layers[layer - 1][1]), 'unit')}, counted from 0"
        else:
            continue
        raise input_error(where, f"units.removed has {described(name)}, but {has}.")
    out = set(gone)
    layers[:] = [
        (number, [k for k in origins if (number, k) not in out])
        for number, origins in layers
        if (number, None) not in out
    ]


def _add(layers: list[tuple[int | None, list[int]]], after: Sequence[int], names: Collection[str], where: str) -> None:
    for layer, unit in sorted(map(unit_of, names), key=lambda place: (place[1] is not None, place)):
        place = unit_name(layer, unit)
        if unit is None and layer <= min(len(layers) + 1, len(after)):
            layers.insert(layer - 1, (None, [NEW] * after[layer - 1]))
        elif unit is not None and layer <= len(layers) and unit <= len(layers[layer - 1][1]):
            layers[layer - 1][1].insert(unit, NEW)
        else:
            raise input_error(where, f"units.added has {described(place)}, but network.hidden has no place for it.")


def renumbered(names: Sequence[str], origins: Sequence[Origin], layers: int) -> tuple[str, ...]:
    """Return names of units and layers as they are numbered after an edit; those that are gone are left out.

    Parameters
    ----------
    names : sequence of str
    origins : sequence of Origin
        Of the hidden layers.
    layers : int
        How many hidden layers there were: the one after them is the output.
    """
    after = {layers + 1: len(origins) + 1}
    after |= {origin.layer: number for number, origin in enumerate(origins, start=1) if origin.layer is not None}
    kept = []
    for layer, unit in map(unit_of, names):
        number = after.get(layer)
        if number is None:
            continue
        if unit is None or number > len(origins):
            kept.append(unit_name(number, unit))
        elif unit in origins[number - 1].units:
            kept.append(unit_name(number, origins[number - 1].units.index(unit)))
    return tuple(kept)


def inverse_units(units: Units) -> dict[str, tuple[str, ...]]:
    """Return the units and layers that are removed and added to undo an edit."""
    other = {REMOVED: ADDED, ADDED: REMOVED}
    return {other[key]: names for key, names in units.items()}
