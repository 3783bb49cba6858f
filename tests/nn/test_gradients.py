"""Analytic gradients against central differences: every loss with every output activation and numerics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.experiment import Experiment, Trainer
from sandbox.nn import ACTIVATIONS, LOSSES, NUMERICS, REDUCTIONS, Network
from sandbox.nn.losses import Loss, reduction_factor
from sandbox.nn.network import with_ones

STEP = 1e-5
CLEAR = 1e-2  # how far from a kink an activation's input must be for central differences to mean anything


def parameter_sets(kind: type[Loss]) -> list[dict[str, float]]:
    """Return the defaults, and each parameter alone at a few of its stops."""
    sets: list[dict[str, float]] = [{}]
    for p in kind.parameters:
        stops = p.stops or np.linspace(p.low, p.high, 6)[1:-1].tolist()
        sets += [{p.name: value} for value in stops[:: max(1, len(stops) // 4)]]
    return sets


def central_differences(value: Callable[[Any], Any], Z: Any, unit: int) -> tuple[Any, Any]:
    """Return the slope in one column of Z, and for which samples it is one.

    It is none where the value jumps, bends or has a pole within two steps: there the differences to either side
    disagree, or a step of twice the length gives another slope.
    """
    shift = np.zeros_like(Z)
    shift[:, unit] = STEP
    here, above, below = value(Z), value(Z + shift), value(Z - shift)
    with np.errstate(all="ignore"):
        slope = (above - below) / (2.0 * STEP)
        wider = (value(Z + 2.0 * shift) - value(Z - 2.0 * shift)) / (4.0 * STEP)
        size = 1.0 + np.abs(slope)
        bend = np.abs(above - 2.0 * here + below) / STEP
        smooth = (bend < 1e-2 * size) & (np.abs(wider - slope) < 3e-6 * size)
    return slope, smooth


@st.composite
def outputs(draw: st.DrawFn, units: int) -> tuple[Any, Any]:
    shape = (6, units)
    Z = draw(hnp.arrays(np.float64, shape, elements=st.floats(-3.0, 3.0, width=32)))
    Y = draw(hnp.arrays(np.float64, shape, elements=st.sampled_from([0.0, 1.0, 0.25, 0.7, -1.0])))
    return Z, Y


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
@settings(max_examples=4)
@given(data=st.data())
def test_delta_is_the_derivative_of_the_value(loss: str, activation: str, data: st.DataObject) -> None:
    units = data.draw(st.sampled_from([1, 3]))
    Z, Y = data.draw(outputs(units))
    kind = LOSSES[loss](**data.draw(st.sampled_from(parameter_sets(LOSSES[loss]))))
    for numerics in NUMERICS:

        def value_and_delta(Z: Any, numerics: str = numerics) -> tuple[Any, Any]:
            return kind.value_and_delta(Z, Y, activation=activation, numerics=numerics)

        values, dZ = value_and_delta(Z)
        assert values.shape == (6,) and dZ.shape == Z.shape
        for unit in range(units):
            slope, smooth = central_differences(lambda Z: value_and_delta(Z)[0], Z, unit)
            np.testing.assert_allclose(dZ[smooth, unit], slope[smooth], rtol=1e-5, atol=1e-5)
        if numerics == "fused" and not kind.has_target_logs:  # log y of a negative target does not depend on a
            undefined = np.isnan(values)
            assert not np.isfinite(dZ[undefined]).all(axis=-1).any(), "a domain error must reach the gradient"


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_central_differences_compare_most_samples(loss: str, activation: str) -> None:
    """Where targets and outputs lie in the loss's domain, so that the test above cannot pass by skipping all."""
    rng = np.random.default_rng(2)
    Z, Y = rng.uniform(0.2, 0.8, (40, 3)), rng.uniform(0.1, 0.9, (40, 3))
    if ACTIVATIONS[activation]().value(Z).max() >= 1.0:
        Z = -Z
    kind = LOSSES[loss]()
    for numerics in NUMERICS:

        def values(Z: Any, numerics: str = numerics) -> Any:
            return kind.value_and_delta(Z, Y, activation=activation, numerics=numerics)[0]

        _, smooth = central_differences(values, Z, 0)
        assert smooth.mean() > 0.9


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
@np.errstate(all="ignore")
def test_whole_gradient_of_a_small_network(loss: str, activation: str) -> None:
    """All of dW and db under each reduction; shifted copies of the network are computed side by side."""
    for units, hidden in ((1, "tanh"), (3, "silu")):
        sizes, names = (2, 3, 2, units), (hidden, "softplus", activation)
        rng = np.random.default_rng(5)
        X = rng.normal(size=(5, 2))
        Y = rng.uniform(0.1, 0.9, (5, units))
        single = Network(sizes, names)
        single.theta[:] = rng.normal(0.0, 0.7, single.theta.shape)
        if LOSSES[loss].has_logs or activation == "relu":  # keep outputs inside 0..1, and units alive
            single.W[-1][:] *= 0.1
            single.b[-1][:] = -1.0 if activation in ("exp", "softplus") else 0.4
        kind, g = LOSSES[loss](), ACTIVATIONS[activation]()
        if units == 1 and activation == "softmax" and kind.uses_complement:
            continue  # log(1 - 1)

        count = single.theta.size
        shifted = Network(sizes, names, lanes=2 * count)
        shifted.theta[:count] = single.theta + STEP * np.eye(count)
        shifted.theta[count:] = single.theta - STEP * np.eye(count)
        forward_pass, shifted_pass = single.forward(with_ones(X)), shifted.forward(with_ones(X))
        for numerics in NUMERICS:
            losses = kind.elements(shifted_pass.Z[-1], shifted_pass.A[-1], Y, g, numerics).sum(axis=(-1, -2))
            summed = (losses[:count] - losses[count:]) / (2.0 * STEP)
            assert np.isfinite(summed).all()
            assert (units == 1 and activation == "softmax") or np.abs(summed).max() > 1e-3
            for reduction in REDUCTIONS:
                factor = {"mean": 1 / 5, "sum": 1.0, "element_mean": 1 / (5 * units)}[reduction]
                assert reduction_factor(reduction, 5, units) == factor
                dZ = kind.dZ(forward_pass.Z[-1], forward_pass.A[-1], Y, g, numerics) * factor
                single.backward(forward_pass, dZ)
                np.testing.assert_allclose(single.grad, factor * summed, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@settings(max_examples=8)
@given(data=st.data())
def test_activation_backward_is_its_jacobian(activation: str, data: st.DataObject) -> None:
    shape = (2, 3, 4)
    floats = st.floats(-4.0, 4.0, width=32)
    Z = data.draw(hnp.arrays(np.float64, shape, elements=floats.filter(lambda z: abs(z) > CLEAR)))
    dA = data.draw(hnp.arrays(np.float64, shape, elements=floats))
    g = ACTIVATIONS[activation]()
    dZ = g.backward(Z, g.value(Z), dA)
    into = np.empty(shape)
    assert g.backward(Z, g.value(Z), dA, into) is into
    np.testing.assert_array_equal(into, dZ)
    for unit in range(4):
        shift = np.zeros(shape)
        shift[..., unit] = STEP
        slope = (g.value(Z + shift) - g.value(Z - shift)) / (2.0 * STEP)
        np.testing.assert_allclose(dZ[..., unit], (dA * slope).sum(axis=-1), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(
    ("dataset", "objective"),
    [("moons", "binary_cross_entropy"), ("blobs", "categorical_cross_entropy"), ("plane", "huber")],
)
def test_an_update_follows_the_gradient_of_the_whole_cost(dataset: str, objective: str, reduction: str) -> None:
    """One step of plain descent against central differences of the recorded cost, L1 and L2 included."""
    rate = 0.01
    experiment = Experiment.loads(
        f'''
        [data]
        dataset = "{dataset}"
        samples = 24
        [network]
        hidden = [3]
        [loss]
        objective = "{objective}"
        reduction = "{reduction}"
        [optimizer]
        learning_rate = {rate}
        l1 = 0.03
        l2 = 0.2
        '''
    )
    trainer = Trainer(experiment)
    lane = trainer.lanes[0]
    rng = np.random.default_rng(8)
    start = {name: rng.normal(size=array.shape) for name, array in trainer.parameters().items()}
    slopes = {}
    for name, array in start.items():
        slopes[name] = np.empty_like(array)
        for index in np.ndindex(array.shape):
            costs = []
            for shift in (STEP, -STEP):
                changed = {key: value.copy() for key, value in start.items()}
                changed[name][index] += shift
                trainer.set_parameters(changed)
                costs.append(trainer.readings(lane)["train_cost"])
            slopes[name][index] = (costs[0] - costs[1]) / (2.0 * STEP)
    trainer.set_parameters(start)
    assert trainer.step()
    for name, after in trainer.parameters().items():
        np.testing.assert_allclose((start[name] - after) / rate, slopes[name], rtol=1e-5, atol=1e-7)
