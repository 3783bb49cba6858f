"""What the lines of a listing are to a network: which of its equations are part of them, and what a cost is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

import numpy as np

from sandbox.arrays import Array
from sandbox.lessons.listing import COST, TARGETS, Listing, Quantity, quantity_named
from sandbox.nn.activations import ACTIVATIONS
from sandbox.notation.arithmetic import value_of
from sandbox.notation.equations import EquationSetup, Symbol, equations, subjects

INPUTS, SAMPLES = 2, 6
NEAR, FAR = (0.5, 2.0), 20.0  # standard deviations of weights: where any formula is exact, and where outputs are large
EXACT = 1e-6  # relative


def parts(listing: Listing, number: int, setup: EquationSetup) -> frozenset[Quantity]:
    """Return the arrays that a line computes on its way, without a name of their own.

    Such an array stands in the equation of what the line computes; no line computes it; and all that its own equation
    reads is read by the line.

    Parameters
    ----------
    listing : Listing
    number : int
        Of the line, from 0.
    setup : EquationSetup
        Of the network whose code it is.
    """
    line, readings = listing.lines[number], _readings(setup)
    found = set[Quantity]()
    waiting = list(line.computes)
    while waiting:
        for reading in readings.get(waiting.pop(), ()):
            for other in reading - line.uses - listing.computes - found:
                if any(_is_read(own, line.uses, readings) for own in readings.get(other, ())):
                    found.add(other)
                    waiting.append(other)
    return frozenset(found)


def _is_read(
    reading: frozenset[Quantity], uses: Collection[Quantity], readings: Mapping[Quantity, list[frozenset[Quantity]]]
) -> bool:
    """Return whether a line reads all that an equation reads, itself or through other equations."""
    return all(q in uses or any(_is_read(own, uses, readings) for own in readings.get(q, ())) for q in reading)


@lru_cache(maxsize=64)
def _readings(setup: EquationSetup) -> Mapping[Quantity, list[frozenset[Quantity]]]:
    """Return for each array what its equations read: one set for each equation, empty ones left out.

    Where most of the chain rule cancels, what has cancelled is computed nowhere: only what is left counts.
    """
    lines = equations(setup)
    last = {subject: line.key for line, subject in zip(lines, subjects(lines), strict=True)}
    cancelled = {subject for line, subject in zip(lines, subjects(lines), strict=True) if line.key == "product"}
    found: dict[Quantity, list[frozenset[Quantity]]] = {}
    for line, subject in zip(lines, subjects(lines), strict=True):
        if subject is None or (subject in cancelled and line.key != last[subject]):
            continue
        right = [piece.symbol for piece in line.pieces[1 if line.left else 0 :] if piece.symbol is not None]
        for layer in range(1, setup.layers + 1):
            of = _resolved(subject, layer)
            reading = frozenset(_resolved(symbol, layer) for symbol in right) - {of}
            if reading and _exists(of) and reading not in found.setdefault(of, []):
                found[of].append(reading)
    return found


def _exists(quantity: Quantity) -> bool:
    return quantity[1] > 0 or quantity[0] in ("C", "R")


def _resolved(symbol: Symbol, layer: int) -> Quantity:
    if symbol.shift is None:
        return symbol.name, symbol.layer
    at = layer + symbol.shift
    return ("X", 0) if symbol.name == "A" and at == 0 else (symbol.name, at)


# The cost


def is_learned_with(listing: Listing, number: int, setup: EquationSetup) -> bool | None:
    """Return whether a line computes the very cost that a network learns with; None if that is not known for sure.

    The right side of the line is compared with that cost on networks with random weights; samples are columns.

    Parameters
    ----------
    listing : Listing
    number : int
        Of the line, from 0.
    setup : EquationSetup
    """
    text = listing.lines[number].value
    names = {name for line in listing.lines for name in line.reads}
    meanings = {name: found for name in names if (found := quantity_named(name)) not in (None, COST)}
    definitions = _definitions(listing)
    is_shifted = any(TARGETS in line.computes for line in listing.lines)  # the targets are not what they were
    if not text or definitions is None or is_shifted:
        return None
    near: list[bool | None] = []
    far: list[bool | None] = []
    for kind in range(len(_TARGETS)):
        for scale in (*NEAR, FAR):
            arrays, cost = _example(setup, kind, scale)
            known = {name: arrays[found] for name, found in meanings.items() if found in arrays}
            value = value_of(text, known, definitions)
            (far if scale == FAR else near).append(_agrees(value, cost))
    return _verdict(near, far)


def _definitions(listing: Listing) -> Mapping[str, str] | None:
    """Return the names that stand for an expression; None if one of them is given another value later."""
    found: dict[str, str] = {}
    for line in listing.lines:
        for name in line.assigns:
            if quantity_named(name) is not None:
                continue
            if name in found:
                return None
            found[name] = line.value
    return {name: text for name, text in found.items() if text}


def _agrees(value: Array | None, cost: float) -> bool | None:
    """Return whether a value is the cost; None if it is not a number, or the cost is none."""
    if value is None or value.size != 1 or not np.isfinite(value).all() or not np.isfinite(cost):
        return None
    return bool(abs(float(value.reshape(())) - cost) <= EXACT * max(abs(cost), 1e-12))


def _verdict(near: list[bool | None], far: list[bool | None]) -> bool | None:
    """Return what all examples say: that cost in each of them, or another one for every sort of targets."""
    if all(near) and False not in far:
        return True
    size = len(NEAR)
    each = [near[start : start + size] for start in range(0, len(near), size)]
    return False if all(False in found for found in each) else None


_TARGETS = ("shares", "zero or one", "minus one or one")  # a cost may be written for one of them alone


def _targets(kind: int, rng: np.random.Generator, outputs: int) -> Array:
    if kind == 0:
        shares: Array = rng.uniform(0.1, 0.9, (SAMPLES, outputs))
        return shares
    chosen = rng.integers(0, max(2, outputs), SAMPLES)
    one_hot: Array = (chosen[:, None] == (np.arange(outputs) if outputs > 1 else 1)).astype(np.float64)
    return one_hot if kind == 1 else 2.0 * one_hot - 1.0


@lru_cache(maxsize=64)
def _example(setup: EquationSetup, kind: int, scale: float) -> tuple[Mapping[Quantity, Array], float]:
    """Return the arrays of a network with random weights, and its cost."""
    rng = np.random.default_rng(0)
    sizes = (INPUTS, *(3 + l for l in range(setup.layers - 1)), setup.outputs)
    Y = _targets(kind, rng, setup.outputs)
    arrays: dict[Quantity, Array] = {("X", 0): rng.normal(size=(SAMPLES, INPUTS)), TARGETS: Y}
    A, penalty = arrays["X", 0], 0.0
    with np.errstate(all="ignore"):
        for l, name in enumerate(setup.activations, start=1):
            W, b = scale * rng.normal(size=(sizes[l], sizes[l - 1])), scale * rng.normal(size=(1, sizes[l]))
            g = ACTIVATIONS[name]()
            Z = A @ W.T + b
            A = g.value(Z)
            arrays |= {("W", l): W, ("b", l): b, ("Z", l): Z, ("A", l): A}
            penalty += setup.l1 * float(np.abs(W).sum()) + 0.5 * setup.l2 * float((W**2).sum())
        losses = setup.loss.elements(Z, A, Y, g, setup.numerics)
    shares = {"sum": 1, "mean": SAMPLES, "element_mean": SAMPLES * setup.outputs}
    cost = float(losses.sum()) / shares[setup.reduction] + penalty
    return {q: array if q[0] == "W" else array.T for q, array in arrays.items()}, cost
