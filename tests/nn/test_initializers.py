"""Initialisers against their formulas: bounds, variances, and the same draws from the same seed."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from sandbox.nn import INITIALIZERS

N_OUT, N_IN = 300, 500
VARIANCES = {  # published: Glorot and Bengio 2010, He et al. 2015
    "zeros": 0.0,
    "uniform": 1.0 / 3.0,
    "normal": 1.0,
    "xavier_uniform": 2.0 / (N_IN + N_OUT),
    "xavier_normal": 2.0 / (N_IN + N_OUT),
    "he_uniform": 2.0 / N_IN,
    "he_normal": 2.0 / N_IN,
}
BOUNDS = {"uniform": 1.0, "xavier_uniform": sqrt(6.0 / (N_IN + N_OUT)), "he_uniform": sqrt(6.0 / N_IN)}


def draw(name: str, n_out: int = N_OUT, n_in: int = N_IN, seed: int = 1) -> np.ndarray:
    return INITIALIZERS[name]().draw(np.random.default_rng(seed), n_out, n_in)


def test_registry_is_the_list_of_the_contract() -> None:
    assert set(INITIALIZERS) == set(VARIANCES)
    for name, kind in INITIALIZERS.items():
        assert kind.name == name and kind.label and kind.summary.endswith(".")


@pytest.mark.parametrize("name", INITIALIZERS)
def test_spread(name: str) -> None:
    """150,000 draws: the mean within 5 and the variance within 6 of their standard errors."""
    W, variance = draw(name), VARIANCES[name]
    assert W.shape == (N_OUT, N_IN) and W.dtype == np.float64
    assert abs(W.mean()) <= 5.0 * sqrt(variance / W.size)
    assert abs(W.var() - variance) <= 6.0 * variance * sqrt(2.0 / W.size)
    # Rows and columns are alike: no axis was mistaken for the other.
    np.testing.assert_allclose(W.var(axis=0), variance, rtol=0.5)
    np.testing.assert_allclose(W.var(axis=1), variance, rtol=0.5)


@pytest.mark.parametrize("name", BOUNDS)
def test_uniform_bounds(name: str) -> None:
    largest = np.abs(draw(name)).max()
    assert BOUNDS[name] * 0.9999 < largest <= BOUNDS[name]


@pytest.mark.parametrize("name", ["normal", "xavier_normal", "he_normal"])
def test_normal_tails(name: str) -> None:
    """Kurtosis 3, where a uniform distribution has 1.8: standard error 0.013."""
    W = draw(name) / sqrt(VARIANCES[name])
    assert abs((W**4).mean() - 3.0) < 0.08


@pytest.mark.parametrize("name", INITIALIZERS)
def test_same_seed_same_weights(name: str) -> None:
    np.testing.assert_array_equal(draw(name, 4, 3), draw(name, 4, 3))
    if name != "zeros":
        assert not np.array_equal(draw(name, 4, 3), draw(name, 4, 3, seed=2))
        assert np.unique(draw(name, 4, 3)).size == 12
