"""Fused forms against 1,000 digits of mpmath: where a rounds to 0 or 1, its logarithms would be lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import mpmath
import numpy as np
import pytest

from sandbox.nn import LOSSES

LOG_LOSSES = [name for name, kind in LOSSES.items() if kind.has_logs]
POINTS = [0.0, 1e-9, 1e-3, 0.5, 3.0, 20.0, 36.0, 40.0, 100.0, 300.0, 700.0]
TINY = 1e-300  # doubles cannot be trusted below it
SHIFT = mpmath.mpf(10) ** -330


@pytest.fixture(autouse=True)
def digits() -> Iterator[None]:
    with mpmath.workdps(1000):
        yield


def activate(activation: str, z: list[Any]) -> list[tuple[Any, Any]]:
    """a and 1 - a of each unit."""
    if activation == "sigmoid":
        pairs = [1 / (1 + mpmath.exp(-x)) for x in z]
    else:
        pairs = [mpmath.exp(x) for x in z]
        if activation == "softmax":
            total = mpmath.fsum(pairs)
            pairs = [e / total for e in pairs]
    return [(a, 1 - a) for a in pairs]


def times_log(factor: Any, number: Any) -> Any:
    return mpmath.mpf(0) if factor == 0 else factor * mpmath.log(number)


def formula(loss: str, a: Any, c: Any, y: float) -> Any:
    """The contract's table."""
    if loss == "binary_cross_entropy":
        return -times_log(y, a) - times_log(1 - y, c)
    if loss == "categorical_cross_entropy":
        return -times_log(y, a)
    if loss == "focal":
        return -times_log(y * c**2, a) - times_log((1 - y) * a**2, c)
    if loss == "poisson":
        return a - times_log(y, a)
    return times_log(y, y / a)


def cost(loss: str, activation: str, z: list[Any], y: list[float]) -> Any:
    return mpmath.fsum(formula(loss, a, c, t) for (a, c), t in zip(activate(activation, z), y, strict=True))


def check(loss: str, activation: str, z: list[float], y: list[float]) -> None:
    exact = [mpmath.mpf(x) for x in z]
    value, dZ = LOSSES[loss]().value_and_delta(np.array([z]), np.array([y]), activation, "fused")
    # a - y and a - y log a are differences by definition: there the error is measured against their terms.
    pairs = activate(activation, exact)
    terms = [a + t for (a, _), t in zip(pairs, y, strict=True)] if loss == "poisson" else [0] * len(y)
    bulk = mpmath.fsum(a + abs(times_log(t, a)) for (a, _), t in zip(pairs, y, strict=True))
    wanted = cost(loss, activation, exact, y)
    scale = max(abs(wanted), bulk if loss == "poisson" else 0)
    assert abs(mpmath.mpf(float(value[0])) - wanted) <= 1e-12 * scale + TINY, (value, mpmath.nstr(wanted, 20))
    for unit in range(len(z)):
        up, down = list(exact), list(exact)
        up[unit] += SHIFT
        down[unit] -= SHIFT
        slope = (cost(loss, activation, up, y) - cost(loss, activation, down, y)) / (2 * SHIFT)
        allowed = 1e-12 * max(abs(slope), terms[unit]) + TINY
        assert abs(mpmath.mpf(float(dZ[0, unit])) - slope) <= allowed, (dZ, unit, mpmath.nstr(slope, 20))


@pytest.mark.parametrize("loss", LOG_LOSSES)
def test_sigmoid(loss: str) -> None:
    for z in POINTS:
        for y in (0.0, 1.0):
            check(loss, "sigmoid", [z], [y])
            check(loss, "sigmoid", [-z], [y])


@pytest.mark.parametrize("loss", LOG_LOSSES)
def test_exp(loss: str) -> None:
    for z in POINTS[1:]:
        for y in (0.0, 1.0):
            check(loss, "exp", [-z], [y])
            if loss not in ("binary_cross_entropy", "focal"):  # those need log(1 - a), and here a > 1
                check(loss, "exp", [z], [y])


@pytest.mark.parametrize("loss", LOG_LOSSES)
def test_softmax(loss: str) -> None:
    for z in (
        [0.0, 0.0, 0.0], [1.0, 2.0, 3.0], [40.0, 0.0, -3.0], [36.5, -2.0, 0.1], [300.0, 299.0, -300.0],
        [-350.0, 350.0, 340.0], [0.0, 20.0],
    ):  # fmt: skip
        for right in range(len(z)):
            check(loss, "softmax", z, [float(unit == right) for unit in range(len(z))])


@pytest.mark.parametrize("loss", LOG_LOSSES)
def test_softmax_at_the_ends_of_the_range(loss: str) -> None:
    check(loss, "softmax", [700.0, 0.0, -700.0], [1.0, 0.0, 0.0])
    check(loss, "softmax", [700.0, 0.0, -700.0], [0.0, 0.0, 1.0])
    check(loss, "softmax", [-700.0, -700.0, 700.0], [1.0, 0.0, 0.0])


def test_log_of_the_complement_of_a_share_that_rounds_to_one() -> None:
    """An example: a[0] is 1 to the last bit, and log(1 - a[0]) is the log-sum of the other two."""
    Z = np.array([[100.0, 2.0, 1.0]])
    Y = np.zeros((1, 3))
    values, _ = LOSSES["binary_cross_entropy"]().value_and_delta(Z, Y, "softmax", "fused")
    np.testing.assert_allclose(values, 100.0 - np.log(np.exp(2.0) + np.exp(1.0)), rtol=1e-14)
