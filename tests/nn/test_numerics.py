"""What fused, clamped and naive mean at the ends of the range, and which derivative is used at a kink."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sandbox.nn import ACTIVATIONS, LOSSES, NUMERICS

LOG_LOSSES = [name for name, kind in LOSSES.items() if kind.has_logs]
INF, NAN = math.inf, math.nan


def element(
    loss: str, z: float, y: float, activation: str = "linear", numerics: str = "fused", **parameters: float
) -> tuple[float, float]:
    values, dZ = LOSSES[loss](**parameters).value_and_delta(
        np.array([[z]]), np.array([[y]]), activation=activation, numerics=numerics
    )
    return float(values[0]), float(dZ[0, 0])


@pytest.mark.parametrize("numerics", ["fused", "naive"])
@pytest.mark.parametrize(
    ("loss", "a", "y", "fused", "naive"),
    [
        ("binary_cross_entropy", 0.0, 0.0, (0.0, 1.0), (NAN, NAN)),
        ("binary_cross_entropy", 1.0, 1.0, (0.0, -1.0), (NAN, NAN)),
        ("binary_cross_entropy", 0.0, 1.0, (INF, -INF), (INF, -INF)),
        ("binary_cross_entropy", 1.0, 0.0, (INF, INF), (INF, INF)),
        ("categorical_cross_entropy", 0.0, 0.0, (0.0, 0.0), (NAN, NAN)),
        ("categorical_cross_entropy", 1.0, 1.0, (0.0, -1.0), (0.0, -1.0)),
        ("categorical_cross_entropy", 0.0, 1.0, (INF, -INF), (INF, -INF)),
        ("focal", 0.0, 0.0, (0.0, 0.0), (NAN, NAN)),
        ("focal", 1.0, 1.0, (0.0, 0.0), (NAN, NAN)),
        ("focal", 0.0, 1.0, (INF, -INF), (INF, -INF)),
        ("focal", 1.0, 0.0, (INF, INF), (INF, INF)),
        ("poisson", 0.0, 0.0, (0.0, 1.0), (NAN, NAN)),
        ("poisson", 0.0, 2.0, (INF, -INF), (INF, -INF)),
        ("kl_divergence", 0.0, 0.0, (0.0, 0.0), (NAN, NAN)),
        ("kl_divergence", 1.0, 0.0, (0.0, 0.0), (NAN, 0.0)),
        ("kl_divergence", 0.0, 1.0, (INF, -INF), (INF, -INF)),
    ],
)
def test_exact_outputs_0_and_1(
    loss: str, a: float, y: float, fused: tuple[float, float], naive: tuple[float, float], numerics: str
) -> None:
    """Linear output, so that a = z: 0 log 0 is 0 when fused, nan when naive; log 0 is -inf in both."""
    np.testing.assert_array_equal(element(loss, a, y, numerics=numerics), fused if numerics == "fused" else naive)


@pytest.mark.parametrize("z", [40.0, 800.0])
def test_a_saturated_sigmoid(z: float) -> None:
    assert ACTIVATIONS["sigmoid"]().value(np.array([[40.0]])) == 1.0
    loss = "binary_cross_entropy"
    assert element(loss, z, 0.0, "sigmoid", "fused") == (z, 1.0)
    value, slope = element(loss, z, 0.0, "sigmoid", "naive")
    assert value == INF and math.isnan(slope)  # 1/0 times the flat end of the sigmoid
    assert all(math.isnan(number) for number in element(loss, z, 1.0, "sigmoid", "naive"))
    value, slope = element(loss, z, 0.0, "sigmoid", "clamped")
    assert value == pytest.approx(-math.log(1e-7), rel=1e-8) and slope == 0.0
    value, slope = element(loss, z, 1.0, "sigmoid", "clamped")
    assert value == pytest.approx(1e-7, rel=1e-6) and slope == 0.0
    value, slope = element(loss, -z, 1.0, "sigmoid", "clamped")
    assert value == pytest.approx(-math.log(1e-7), rel=1e-14) and slope == 0.0


@pytest.mark.parametrize(
    ("loss", "low", "high", "slope_high"),  # at a = 0, which is clipped, and at a = 2 with the slope there, of target 1
    [
        ("binary_cross_entropy", -math.log(1e-7), 1e-7, 0.0),
        ("categorical_cross_entropy", -math.log(1e-7), 1e-7, 0.0),
        ("focal", -((1 - 1e-7) ** 2) * math.log(1e-7), 1e-21, 0.0),
        ("poisson", 1e-7 - math.log(1e-7), 2.0 - math.log(2.0), 0.5),  # a rate has no upper end
        ("kl_divergence", -math.log(1e-7), 0.0, 0.0),
    ],
)
def test_clamped_uses_the_clipped_output(loss: str, low: float, high: float, slope_high: float) -> None:
    for a, wanted, slope_wanted in ((0.0, low, 0.0), (-3.0, low, 0.0), (2.0, high, slope_high)):
        value, slope = element(loss, a, 1.0, "linear", "clamped")
        assert value == pytest.approx(wanted, rel=1e-6)
        assert slope == slope_wanted
    inside, _ = element(loss, 1e-6, 1.0, "linear", "clamped")
    assert inside == element(loss, 1e-6, 1.0, "linear", "fused")[0]
    assert element(loss, 1e-6, 1.0, "linear", "clamped")[1] < -1.0


@pytest.mark.parametrize(
    ("a", "y", "value", "dZ"),  # as PyTorch's poisson_nll_loss, which clips nothing from above
    [(2.0, 2.0, 0.61370563, 0.0), (3.2, 5.0, -2.61575406, -1.8), (0.5, 2.0, 1.88629436, -1.5)],
)
def test_clamped_rates_above_1_are_left_as_they_are(a: float, y: float, value: float, dZ: float) -> None:
    found, slope = element("poisson", math.log(a), y, "exp", "clamped")
    assert found == pytest.approx(value, abs=2e-8)
    assert slope == pytest.approx(dZ, abs=1e-12)


def test_clamped_kl_divergence_is_clipped_above_1_and_not_at_1() -> None:
    assert element("kl_divergence", 1.0, 1.0, "linear", "clamped") == (0.0, -1.0)
    assert element("kl_divergence", 1.0 - 1e-9, 1.0, "linear", "clamped")[1] == pytest.approx(-1.0, rel=1e-8)
    assert element("kl_divergence", np.nextafter(1.0, 2.0), 1.0, "linear", "clamped") == (0.0, 0.0)


def test_clamped_softmax_stops_the_gradient_only_of_clipped_units() -> None:
    """a = (1, 4e-18, 2e-18): where every unit is clipped, nothing is sent back; others still learn."""
    loss = LOSSES["categorical_cross_entropy"]()
    Z, Y = np.array([[40.0, 0.0, -1.0]]), np.array([[0.0, 1.0, 0.0]])
    value, dZ = loss.value_and_delta(Z, Y, "softmax", "clamped")
    np.testing.assert_allclose(value, -math.log(1e-7), rtol=1e-14)
    np.testing.assert_array_equal(dZ, 0.0)
    _, dZ = loss.value_and_delta(np.array([[5.0, 0.0, -30.0]]), Y, "softmax", "clamped")
    _, fused = loss.value_and_delta(np.array([[5.0, 0.0, -30.0]]), Y, "softmax", "fused")
    np.testing.assert_allclose(dZ, fused, rtol=1e-12)


@pytest.mark.parametrize("loss", [name for name in LOSSES if name not in LOG_LOSSES])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_losses_without_logs_ignore_the_numerics(loss: str, activation: str) -> None:
    Z, Y = np.array([[0.3, -60.0], [60.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    first, *others = [LOSSES[loss]().value_and_delta(Z, Y, activation, numerics) for numerics in NUMERICS]
    for values, dZ in others:
        np.testing.assert_array_equal(values, first[0])
        np.testing.assert_array_equal(dZ, first[1])


@pytest.mark.parametrize("numerics", NUMERICS)
@pytest.mark.parametrize("loss", LOG_LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_numerics_agree_where_nothing_rounds(loss: str, activation: str, numerics: str) -> None:
    Z, Y = np.array([[0.4, 0.7, 0.2]]) - (activation in ("exp", "softplus")), np.array([[1.0, 0.25, 0.7]])
    values, dZ = LOSSES[loss]().value_and_delta(Z, Y, activation, numerics)
    wanted = LOSSES[loss]().value_and_delta(Z, Y, activation, "fused")
    np.testing.assert_allclose(values, wanted[0], rtol=1e-12)
    np.testing.assert_allclose(dZ, wanted[1], rtol=1e-12)


@pytest.mark.parametrize("numerics", ["fused", "naive"])
@pytest.mark.parametrize(
    ("loss", "z", "y", "activation"),
    [
        ("binary_cross_entropy", -0.5, 1.0, "linear"),
        ("binary_cross_entropy", 1.5, 0.0, "linear"),
        ("binary_cross_entropy", -0.5, -1.0, "tanh"),
        ("binary_cross_entropy", 0.5, 0.0, "exp"),
        ("categorical_cross_entropy", -0.5, 1.0, "linear"),
        ("focal", -0.5, 1.0, "linear"),
        ("focal", 1.5, 0.0, "linear"),
        ("focal", 0.5, 0.0, "exp"),
        ("poisson", -0.5, 3.0, "linear"),
        ("kl_divergence", -0.5, 1.0, "tanh"),
    ],
)
def test_domain_error_reaches_the_gradient(loss: str, z: float, y: float, activation: str, numerics: str) -> None:
    """-y/a of a negative output is a number, but the loss of that output is not."""
    value, slope = element(loss, z, y, activation, numerics)
    assert math.isnan(value) and math.isnan(slope)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("numerics", NUMERICS)
def test_a_nan_output_is_never_hidden(loss: str, numerics: str) -> None:
    value, slope = element(loss, NAN, 1.0, "linear", numerics)
    assert math.isnan(value) and math.isnan(slope)


def test_a_softmax_of_one_unit_never_learns() -> None:
    """Its output is 1 whatever z: cross-entropy is 0 for target 1, infinite (log 0) for target 0."""
    assert element("categorical_cross_entropy", 3.0, 1.0, "softmax") == (0.0, 0.0)
    assert element("binary_cross_entropy", 3.0, 1.0, "softmax") == (0.0, 0.0)
    assert element("binary_cross_entropy", 3.0, 0.0, "softmax") == (INF, 0.0)


@pytest.mark.parametrize(
    ("loss", "a", "y", "slope"),
    [
        ("mae", 2.0, 2.0, 0.0),
        ("quantile", 2.0, 2.0, 0.0),
        ("hinge", 1.0, 1.0, 0.0),
        ("hinge", -1.0, -1.0, 0.0),
        ("squared_hinge", 1.0, 1.0, 0.0),
        ("huber", 3.0, 2.0, 1.0),  # |r| = delta: both sides agree
        ("huber", 2.0, 2.0, 0.0),
        ("log_cosh", 2.0, 2.0, 0.0),
    ],
)
def test_loss_at_its_kink(loss: str, a: float, y: float, slope: float) -> None:
    assert element(loss, a, y)[1] == slope
    below, above = element(loss, np.nextafter(a, -9.0), y)[1], element(loss, np.nextafter(a, 9.0), y)[1]
    assert (abs(below - above) > 1e-9) == (LOSSES[loss].kink_name != "")


@pytest.mark.parametrize(
    ("activation", "left", "at", "right"),
    [("relu", 0.0, 0.0, 1.0), ("leaky_relu", 0.01, 0.01, 1.0), ("elu", math.exp(-0.5), 1.0, 1.0)],
)
def test_activation_at_its_kink(activation: str, left: float, at: float, right: float) -> None:
    g = ACTIVATIONS[activation]()
    Z = np.array([[-0.5, 0.0, 0.5]])
    for out in (None, np.empty_like(Z)):
        slope: Any = g.derivative(Z, g.value(Z), out)
        np.testing.assert_allclose(slope, [[left, at, right]], rtol=1e-15)
