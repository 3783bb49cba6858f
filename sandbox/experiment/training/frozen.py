"""Frozen layers and units: their weights and biases stay as they are, to the bit."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
from numpy.typing import NDArray

from sandbox import words
from sandbox.errors import input_error
from sandbox.experiment.document.units import unit_name, unit_of
from sandbox.nn.network import layer_views, parameter_count


def check_frozen(frozen: Collection[str], sizes: tuple[int, ...], where: str = "") -> None:
    """Raise InputError if a network of these sizes, input first, lacks a layer or unit that is frozen."""
    for name in frozen:
        layer, unit = unit_of(name)
        if layer >= len(sizes):
            layers = words.count(len(sizes) - 1, "layer")
            raise input_error(
                where, f'network.frozen has "{name}", but this network has {layers}, the output included.'
            )
        if unit is not None and unit >= sizes[layer]:
            units = words.count(sizes[layer], "unit")
            raise input_error(where, f'network.frozen has "{name}", but layer {layer} has {units}, counted from 0.')


def still_frozen(frozen: Collection[str], sizes: tuple[int, ...]) -> tuple[str, ...]:
    """Return those of the frozen layers and units that a network of these sizes has."""
    units = ((name, *unit_of(name)) for name in frozen)
    return tuple(name for name, l, unit in units if l < len(sizes) and (unit is None or unit < sizes[l]))


def with_frozen(frozen: Collection[str], layer: int, unit: int | None) -> tuple[str, ...]:
    """Return the names with one more layer, or unit of it, frozen."""
    whole = unit_name(layer, None)
    if unit is not None:
        return _in_order({*frozen} if whole in frozen else {*frozen, unit_name(layer, unit)})
    return _in_order({*(name for name in frozen if unit_of(name)[0] != layer), whole})


def without_frozen(frozen: Collection[str], layer: int, unit: int | None, units: int) -> tuple[str, ...]:
    """Return the names without a layer of so many units, or without one of these: the others stay frozen."""
    others = {name for name in frozen if unit_of(name)[0] != layer}
    if unit is not None:
        own = {unit_of(name)[1] for name in frozen if unit_of(name)[0] == layer}
        left = ({*range(units)} if None in own else {k for k in own if k is not None}) - {unit}
        others |= {unit_name(layer, k) for k in left}
    return _in_order(others)


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: (unit_of(name)[0], unit_of(name)[1] or 0)))


def frozen_places(frozen: Collection[str], sizes: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which parameters (P,) stay: the weights to the frozen units, and their biases."""
    stays = np.zeros(parameter_count(sizes), np.bool_)
    W, b = layer_views(stays, sizes)
    for name in frozen:
        layer, unit = unit_of(name)
        rows = slice(None) if unit is None else unit
        W[layer - 1][rows] = True
        b[layer - 1][0, rows] = True
    return stays
