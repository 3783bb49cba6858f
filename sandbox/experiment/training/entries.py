"""Single weights and biases of networks in training: where they are, and setting them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from sandbox.errors import input_error
from sandbox.experiment.document.entries import Entry, parse_entry
from sandbox.experiment.document.parts import Edit
from sandbox.experiment.training.replica import Replica, kept_places, origins_of
from sandbox.nn.network import parameter_count

Sizes = tuple[int, ...]
Place = tuple[int, int, str]
"""A lane's key, the number of one of its networks, and the name of an entry in that."""

Change = tuple[float, float]
"""The value of an entry before and after an edit."""


def position(entry: Entry, sizes: Sizes) -> int | None:
    """Return where an entry stands in theta (P,); None if a network of these sizes has no such entry."""
    if entry.layer >= len(sizes):
        return None
    n_in, n_out = sizes[entry.layer - 1 : entry.layer + 1]
    if entry.unit >= n_out or (entry.below is not None and entry.below >= n_in):
        return None
    column = n_in if entry.below is None else entry.below
    return parameter_count(sizes[: entry.layer]) + entry.unit * (n_in + 1) + column


def check_weights(edit: Edit, sizes: Mapping[str, Sizes], replicas: int, dtype: np.dtype[Any]) -> None:
    """Check that the lanes of an edit have the weights and biases that it sets.

    Parameters
    ----------
    edit : Edit
    sizes : mapping of str to tuple of int
        Units per layer, input first, of each lane after the edit.
    replicas : int
        Networks per lane.
    dtype : numpy dtype
        The precision, which must have room for the values.

    Raises
    ------
    InputError
        If one of them has not.
    """
    for lane in sizes if edit.lane is None else (edit.lane,):
        where = f"edit of update {edit.update}" + (f", lane {lane}" if len(sizes) > 1 else "")
        for name, value in edit.weights.items():
            entry = parse_entry(name, where)
            if position(entry, sizes[lane]) is None:
                raise input_error(where, f"weights has {name}, but this network has {_shapes(entry, sizes[lane])}.")
            if entry.replica is not None and entry.replica >= replicas:
                numbers = "only number 0" if replicas == 1 else f"the numbers 0 to {replicas - 1}"
                raise input_error(where, f"weights has {name}, but of the networks of a lane there is {numbers}.")
            with np.errstate(over="ignore"):
                if not np.isfinite(dtype.type(value)):
                    raise input_error(where, f"weights has {value!r} for {name}, which is too large for {dtype}.")


def _shapes(entry: Entry, sizes: Sizes) -> str:
    """Say which entries a network has, in the layer of one that it lacks: "W1[0,0] to W1[5,1]"."""
    last = len(sizes) - 1
    if entry.layer > last:
        return f"{last} layers, the output included" if last > 1 else "1 layer, the output"
    n_in, n_out = sizes[entry.layer - 1 : entry.layer + 1]
    ends = Entry(entry.layer, n_out - 1, None if entry.below is None else n_in - 1)
    start = Entry(entry.layer, 0, None if entry.below is None else 0)
    return f"{start.name} to {ends.name} there, counted from 0"


def named(weights: Iterable[str], replica: Replica) -> dict[str, int]:
    """Return where the entries with these names that belong to a network stand in theta (P,), without its number."""
    found: dict[str, int] = {}
    for entry in map(parse_entry, weights):
        place = position(entry, replica.sizes)
        if entry.replica in (None, replica.number) and place is not None:
            found[Entry(entry.layer, entry.unit, entry.below).name] = place
    return found


def replaced_entries(
    replica: Replica, edit: Edit, sizes: Sizes, inputs: tuple[int, ...] | None, numbered: bool
) -> dict[str, float]:
    """Return the weights and biases of a network, by name, that an edit sets, or that are lost in the new sizes.

    With `numbered`, names end with the number of the network.
    """
    mark = f"#{replica.number}" if numbered else ""
    if (sizes, inputs) == (replica.sizes, None) and not edit.units:
        return {name + mark: float(replica.theta[i]) for name, i in named(edit.weights, replica).items()}
    places, sources = kept_places(replica.sizes, sizes, origins_of(replica.sizes, sizes, inputs, edit.units))
    set_after = {position(parse_entry(name), sizes) for name in edit.weights}
    kept = {old for new, old in zip(places.tolist(), sources.tolist(), strict=True) if new not in set_after}
    lost = [i for i in range(replica.theta.size) if i not in kept]
    return {_entry_at(i, replica.sizes).name + mark: float(replica.theta[i]) for i in lost}


def _entry_at(place: int, sizes: Sizes) -> Entry:
    """Return the entry that stands at a place of theta (P,)."""
    layer = next(l for l in range(1, len(sizes)) if place < parameter_count(sizes[: l + 1]))
    n_in = sizes[layer - 1]
    unit, column = divmod(place - parameter_count(sizes[:layer]), n_in + 1)
    return Entry(layer, unit, None if column == n_in else column)


def set_entries(replica: Replica, weights: Mapping[str, float]) -> dict[str, Change]:
    """Set weights and biases of a network, which no group has; return what changed, by name without its number.

    What its optimiser remembers of them stays, as does the last step that it took.
    """
    changes: dict[str, Change] = {}
    for key, value in weights.items():
        for name, i in named([key], replica).items():
            old, new = replica.theta[i], replica.theta.dtype.type(value)
            if replica.before is not None and replica.before.size == replica.theta.size:
                replica.before[i] += new - old
            replica.theta[i] = new
            changes[name] = float(old), float(new)
    return changes
