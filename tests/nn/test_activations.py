"""Activations against their published formulas and known values."""

from __future__ import annotations

from math import erf, exp, log, sqrt, tanh

import mpmath
import numpy as np
import pytest

from sandbox.nn import ACTIVATIONS, Activation

FORMULAS = {
    "linear": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
    "tanh": mpmath.tanh,
    "relu": lambda z: max(z, mpmath.mpf(0)),
    "leaky_relu": lambda z: z if z > 0 else z / 100,
    "elu": lambda z: z if z > 0 else mpmath.expm1(z),
    "gelu": lambda z: z / 2 * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (z + 44715 * z**3 / 10**6))),
    "softplus": lambda z: mpmath.log(1 + mpmath.exp(z)),
    "silu": lambda z: z / (1 + mpmath.exp(-z)),
    "exp": mpmath.exp,
}
POINTS = np.array([-700.0, -40.0, -8.0, -1.5, -1e-3, -1e-12, 0.0, 1e-12, 1e-3, 0.3, 2.0, 8.0, 40.0, 700.0])


def test_registry_is_the_list_of_the_contract() -> None:
    assert set(ACTIVATIONS) == {*FORMULAS, "softmax"}
    for name, kind in ACTIVATIONS.items():
        assert issubclass(kind, Activation) and kind.name == name
        assert kind.label and kind.summary.endswith(".") and kind.formula and kind.derivative_formula


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("copies", [1, 200])  # large arrays may take another code path
def test_value(name: str, copies: int) -> None:
    with mpmath.workdps(700):
        wanted = [float(FORMULAS[name](mpmath.mpf(z))) for z in POINTS]
    Z = np.tile(POINTS, (copies, 1))
    before = Z.copy()
    with np.errstate(over="ignore", under="ignore"):
        values = ACTIVATIONS[name]().value(Z)
        into = np.empty_like(Z)
        assert ACTIVATIONS[name]().value(Z, into) is into
    np.testing.assert_array_equal(into, values)
    np.testing.assert_array_equal(Z, before)
    np.testing.assert_allclose(values, np.tile(wanted, (copies, 1)), rtol=2e-15, atol=4e-16)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_finite_values_do_not_overflow(name: str) -> None:
    if name == "exp":
        pytest.skip("exp 1000 has no value")
    Z = np.array([[1000.0, -1000.0, 0.0]])
    g = ACTIVATIONS[name]()
    with np.errstate(all="ignore"):
        A = g.value(Z)
        slope = g.derivative(Z, A)
    assert np.isfinite(A).all() and np.isfinite(slope).all()


def test_small_sigmoids_keep_their_digits() -> None:
    g = ACTIVATIONS["sigmoid"]()
    np.testing.assert_allclose(g.value(np.array([[-50.0, -700.0]])), [[exp(-50.0), exp(-700.0)]], rtol=1e-13)


def test_gelu_is_its_tanh_approximation() -> None:
    """Close to z Phi(z), but not equal to it."""
    value = float(ACTIVATIONS["gelu"]().value(np.array([[2.0]]))[0, 0])
    assert value == pytest.approx(1.0 + tanh(sqrt(2.0 / np.pi) * (2.0 + 0.044715 * 8.0)), rel=1e-15)
    assert 1e-5 < abs(value - (1.0 + erf(sqrt(2.0)))) < 1e-3


def test_softmax() -> None:
    g = ACTIVATIONS["softmax"]()
    np.testing.assert_allclose(g.value(np.log([[1.0, 2.0, 5.0]])), [[0.125, 0.25, 0.625]], rtol=1e-15)
    far = g.value(np.array([[1000.0, 1000.0 + log(3.0), -1000.0]]))
    np.testing.assert_allclose(far, [[0.25, 0.75, 0.0]], rtol=1e-12)
    rows = g.value(np.random.default_rng(1).normal(0.0, 50.0, (20, 4)))
    np.testing.assert_allclose(rows.sum(axis=1), 1.0, rtol=1e-15)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("count", [1, 2000])
def test_the_unit_input_gives_exactly_one(name: str, dtype: type, count: int) -> None:
    g = ACTIVATIONS[name]()
    if g.unit_input is None:
        return
    Z = np.full((count, 1), g.unit_input, dtype)
    out = np.empty_like(Z)
    g.kernel(count, np.dtype(dtype))(Z, out)
    assert (out == 1.0).all() and np.isfinite(g.derivative(Z, out)).all()
