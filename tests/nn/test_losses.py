"""Every row of the table of losses against values worked out by hand from its formula."""

from __future__ import annotations

from math import cosh, log

import numpy as np
import pytest

from sandbox.nn import LOSSES, Loss


def value(loss: str, a: list[float], y: list[float], **parameters: float) -> float:
    values, _ = LOSSES[loss](**parameters).value_and_delta(np.array([a]), np.array([y]))
    assert values.shape == (1,)
    return float(values[0])


@pytest.mark.parametrize(
    ("loss", "parameters", "a", "y", "wanted"),
    [
        ("mse", {}, [3.0], [1.0], 4.0),
        ("half_mse", {}, [3.0], [1.0], 2.0),
        ("mae", {}, [-1.0], [1.5], 2.5),
        ("huber", {}, [0.5], [0.0], 0.125),
        ("huber", {}, [-3.0], [0.0], 2.5),
        ("huber", {"delta": 2.0}, [5.0], [0.0], 8.0),
        ("huber", {"delta": 2.0}, [1.0], [2.5], 1.125),
        ("log_cosh", {}, [2.5], [1.0], log(cosh(1.5))),
        ("log_cosh", {}, [-800.0], [0.0], 800.0 - log(2.0)),
        ("log_cosh", {}, [1e-9], [0.0], 5e-19),
        ("quantile", {}, [1.0], [3.0], 1.8),
        ("quantile", {}, [3.0], [1.0], 0.2),
        ("quantile", {"quantile": 0.25}, [1.0], [3.0], 0.5),
        ("quantile", {"quantile": 0.25}, [3.0], [1.0], 1.5),
        ("binary_cross_entropy", {}, [0.8], [1.0], -log(0.8)),
        ("binary_cross_entropy", {}, [0.8], [0.0], -log(0.2)),
        ("binary_cross_entropy", {}, [0.8], [0.3], -0.3 * log(0.8) - 0.7 * log(0.2)),
        ("binary_cross_entropy", {"positive_weight": 4.0}, [0.8], [1.0], -4.0 * log(0.8)),
        ("binary_cross_entropy", {"positive_weight": 4.0}, [0.8], [0.0], -log(0.2)),
        ("binary_cross_entropy", {"label_smoothing": 0.2}, [0.8], [1.0], -0.9 * log(0.8) - 0.1 * log(0.2)),
        ("binary_cross_entropy", {"label_smoothing": 0.2}, [0.8], [0.0], -0.1 * log(0.8) - 0.9 * log(0.2)),
        ("binary_cross_entropy", {"label_smoothing": 0.2, "positive_weight": 3.0}, [0.8], [1.0],
         -3.0 * 0.9 * log(0.8) - 0.1 * log(0.2)),
        ("categorical_cross_entropy", {}, [0.5, 0.3, 0.2], [0.0, 1.0, 0.0], -log(0.3)),
        ("categorical_cross_entropy", {"label_smoothing": 0.3}, [0.5, 0.3, 0.2], [0.0, 1.0, 0.0],
         -0.1 * log(0.5) - 0.8 * log(0.3) - 0.1 * log(0.2)),
        ("focal", {}, [0.9], [1.0], -0.01 * log(0.9)),
        ("focal", {}, [0.9], [0.0], -0.81 * log(0.1)),
        ("focal", {"gamma": 3.0}, [0.6], [1.0], -0.064 * log(0.6)),
        ("hinge", {}, [0.3], [1.0], 0.7),
        ("hinge", {}, [0.3], [-1.0], 1.3),
        ("hinge", {}, [1.5], [1.0], 0.0),
        ("squared_hinge", {}, [0.3], [-1.0], 1.69),
        ("squared_hinge", {}, [-2.0], [-1.0], 0.0),
        ("poisson", {}, [2.0], [3.0], 2.0 - 3.0 * log(2.0)),
        ("poisson", {}, [2.0], [0.0], 2.0),
        ("kl_divergence", {}, [0.5, 0.25, 0.25], [0.2, 0.8, 0.0], 0.2 * log(0.4) + 0.8 * log(3.2)),
        ("kl_divergence", {}, [0.3, 0.7], [0.3, 0.7], 0.0),
    ],
)  # fmt: skip
def test_value(loss: str, parameters: dict[str, float], a: list[float], y: list[float], wanted: float) -> None:
    assert value(loss, a, y, **parameters) == pytest.approx(wanted, rel=1e-12, abs=1e-30)


def test_every_loss_is_compared_with_a_hand_value() -> None:
    (mark,) = [m for m in test_value.pytestmark if m.name == "parametrize"]
    assert {case[0] for case in mark.args[1]} == set(LOSSES)


@pytest.mark.parametrize("loss", LOSSES)
def test_loss_of_a_sample_is_the_sum_over_its_units(loss: str) -> None:
    a, y = [0.2, 0.7, 0.4], [0.5, 0.1, 0.9]
    single = sum(value(loss, [a_k], [y_k]) for a_k, y_k in zip(a, y, strict=True))
    assert value(loss, a, y) == pytest.approx(single, rel=1e-14)


@pytest.mark.parametrize("activation", ["sigmoid", "softmax", "linear"])
@pytest.mark.parametrize("numerics", ["fused", "clamped", "naive"])
def test_focal_without_gamma_is_binary_cross_entropy(activation: str, numerics: str) -> None:
    Z, Y = np.array([[0.2, 0.5, 0.7], [0.9, 0.1, 0.4]]), np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.3]])
    focal = LOSSES["focal"](gamma=0.0).value_and_delta(Z, Y, activation, numerics)
    plain = LOSSES["binary_cross_entropy"]().value_and_delta(Z, Y, activation, numerics)
    for one, other in zip(focal, plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14)


def test_published_deltas() -> None:
    """Cross-entropy through sigmoid and softmax leaves a - y; squared error keeps the factor a (1 - a)."""
    Z, Y = np.array([[0.3, -1.2, 2.0], [4.0, 0.1, -0.5]]), np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    sigmoid = 1.0 / (1.0 + np.exp(-Z))
    softmax = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    for loss, activation, wanted in (
        ("binary_cross_entropy", "sigmoid", sigmoid - Y),
        ("categorical_cross_entropy", "softmax", softmax - Y),
        ("half_mse", "sigmoid", (sigmoid - Y) * sigmoid * (1.0 - sigmoid)),
        ("mse", "linear", 2.0 * (Z - Y)),
        ("poisson", "exp", np.exp(Z) - Y),
        ("half_mse", "linear", Z - Y),
    ):
        _, dZ = LOSSES[loss]().value_and_delta(Z, Y, activation)
        np.testing.assert_allclose(dZ, wanted, rtol=1e-13)


def test_nielsen_saturated_neuron() -> None:
    """x = 1, target 0, w = b = 2: half squared error sends back a * a (1 - a), cross-entropy a."""
    a = 1.0 / (1.0 + np.exp(-4.0))
    assert round(a, 6) == 0.982014
    Z, Y = np.array([[4.0]]), np.array([[0.0]])
    _, slow = LOSSES["half_mse"]().value_and_delta(Z, Y, "sigmoid")
    _, quick = LOSSES["binary_cross_entropy"]().value_and_delta(Z, Y, "sigmoid")
    assert slow[0, 0] == pytest.approx(a * a * (1.0 - a), rel=1e-13)
    assert quick[0, 0] == pytest.approx(a, rel=1e-14)


@pytest.mark.parametrize("loss", LOSSES)
def test_whole_number_targets_and_single_precision(loss: str) -> None:
    Z = np.array([[1, 2, 1], [2, 1, 2]])
    Y = np.array([[1, 0, 1], [0, 1, 1]])
    for activation in ("softmax", "exp", "linear"):
        wanted = LOSSES[loss]().value_and_delta(Z.astype(float), Y.astype(float), activation)
        for numbers in (Y, Y.astype(np.uint8), Y.astype(bool), Y.tolist()):
            actual = LOSSES[loss]().value_and_delta(Z.tolist(), numbers, activation)
            np.testing.assert_array_equal(actual[0], wanted[0])
            np.testing.assert_array_equal(actual[1], wanted[1])
        values, dZ = LOSSES[loss]().value_and_delta(Z.astype(np.float32), Y, activation)
        assert values.dtype == dZ.dtype == np.float32
        np.testing.assert_allclose(values, wanted[0], rtol=1e-5, atol=1e-6)


def test_defaults_and_bounds_of_the_parameters() -> None:
    parameters = {
        (name, p.name): (p.default, p.low, p.above, p.below) for name, kind in LOSSES.items() for p in kind.parameters
    }
    assert parameters == {
        ("huber", "delta"): (1.0, 0.0, True, False),
        ("quantile", "quantile"): (0.9, 0.0, True, True),
        ("binary_cross_entropy", "positive_weight"): (1.0, 0.0, True, False),
        ("binary_cross_entropy", "label_smoothing"): (0.0, 0.0, False, True),
        ("categorical_cross_entropy", "label_smoothing"): (0.0, 0.0, False, True),
        ("focal", "gamma"): (2.0, 0.0, False, False),
    }


def test_registry_is_the_table_of_the_contract() -> None:
    assert set(LOSSES) == {
        "mse", "half_mse", "mae", "huber", "log_cosh", "quantile", "binary_cross_entropy",
        "categorical_cross_entropy", "focal", "hinge", "squared_hinge", "poisson", "kl_divergence",
    }  # fmt: skip
    for name, kind in LOSSES.items():
        assert issubclass(kind, Loss) and kind.name == name
        assert kind.label and kind.summary.endswith(".") and kind.formula and kind.derivative_formula
    assert {name for name, kind in LOSSES.items() if kind.plus_minus_one} == {"hinge", "squared_hinge"}


def test_invalid_arguments_are_explained() -> None:
    Z = np.zeros((2, 1))
    with pytest.raises(TypeError, match="huber has no parameter 'gamma'"):
        LOSSES["huber"](gamma=1.0)
    with pytest.raises(ValueError, match="numerics is 'exact'"):
        LOSSES["mse"]().value_and_delta(Z, Z, numerics="exact")
    with pytest.raises(ValueError, match=r"\(2, 1\).*\(2,\)"):
        LOSSES["mse"]().value_and_delta(Z, np.zeros(2))
