"""The network: its parameters in one array, and its equations against numbers worked out by hand."""

from __future__ import annotations

from math import exp, log, tanh

import numpy as np
import pytest

from sandbox.nn import ACTIVATIONS, LOSSES, NUMERICS, Network
from sandbox.nn.network import layer_views, parameter_count, with_ones

SIZES = (3, 5, 4, 2)


def random_network(
    sizes: tuple[int, ...] = SIZES, names: tuple[str, ...] = ("tanh", "relu", "sigmoid"), **more: object
) -> Network:
    network = Network(sizes, names, **more)  # type: ignore[arg-type]
    network.theta[...] = np.random.default_rng(2).normal(size=network.theta.shape)
    return network


@pytest.mark.parametrize("lead", [(), (3,), (2, 3)])
def test_layer_views_cover_theta_exactly(lead: tuple[int, ...]) -> None:
    count = parameter_count(SIZES)
    assert count == 5 * 3 + 5 + 4 * 5 + 4 + 2 * 4 + 2
    flat = np.zeros((*lead, count))
    W, b = layer_views(flat, SIZES)
    assert [w.shape for w in W] == [(*lead, 5, 3), (*lead, 4, 5), (*lead, 2, 4)]
    assert [bias.shape for bias in b] == [(*lead, 1, 5), (*lead, 1, 4), (*lead, 1, 2)]
    for part in (*W, *b):
        assert np.shares_memory(part, flat)
        part += 1.0
    np.testing.assert_array_equal(flat, 1.0)  # every number once


def test_weights_and_biases_are_distinguished() -> None:
    network = Network(SIZES, ("tanh", "relu", "sigmoid"))
    W, b = layer_views(network.weights, SIZES)
    assert all((w == 1.0).all() for w in W) and all((bias == 0.0).all() for bias in b)
    assert network.weights.sum() == 15 + 20 + 8


def test_tanh_sigmoid_network_by_hand() -> None:
    """2-2-1 as courses write it: dZ2 = A2 - Y, dW2 = dZ2 A1 / m, dZ1 = W2 dZ2 (1 - A1^2), dW1 = dZ1 X / m."""
    W1, b1, W2, b2 = [[0.1, -0.2], [0.3, 0.4]], [0.05, -0.1], [0.7, -0.5], 0.2
    samples = [((1.0, 2.0), 1.0), ((-0.5, 0.25), 0.0)]
    dW1, db1, dW2, db2 = [[0.0, 0.0], [0.0, 0.0]], [0.0, 0.0], [0.0, 0.0], 0.0
    outputs, losses = [], []
    for x, y in samples:
        a1 = [tanh(W1[i][0] * x[0] + W1[i][1] * x[1] + b1[i]) for i in range(2)]
        a2 = 1.0 / (1.0 + exp(-(W2[0] * a1[0] + W2[1] * a1[1] + b2)))
        outputs.append(a2)
        losses.append(-y * log(a2) - (1.0 - y) * log(1.0 - a2))
        dz2 = (a2 - y) / 2.0
        db2 += dz2
        for i in range(2):
            dW2[i] += dz2 * a1[i]
            dz1 = W2[i] * dz2 * (1.0 - a1[i] ** 2)
            db1[i] += dz1
            for j in range(2):
                dW1[i][j] += dz1 * x[j]

    network = Network((2, 2, 1), ("tanh", "sigmoid"))
    network.W[0][:], network.b[0][:], network.W[1][:], network.b[1][:] = W1, b1, [W2], b2
    X, Y = np.array([x for x, _ in samples]), np.array([[y] for _, y in samples])
    forward_pass = network.forward(with_ones(X))
    np.testing.assert_allclose(forward_pass.A[-1][:, 0], outputs, rtol=1e-14)
    values, dZ = LOSSES["binary_cross_entropy"]().value_and_delta(forward_pass.Z[-1], Y, "sigmoid")
    np.testing.assert_allclose(values, losses, rtol=1e-13)
    network.backward(forward_pass, dZ / 2.0)
    for gradient, wanted in (
        (network.dW[0], dW1), (network.db[0], [db1]), (network.dW[1], [dW2]), (network.db[1], [[db2]]),
    ):  # fmt: skip
        np.testing.assert_allclose(gradient, wanted, rtol=1e-13)


def test_sigmoid_network_with_published_numbers() -> None:
    """Mazur's worked example, 2-2-2 with half squared error: outputs, error, weights after one step."""
    network = Network((2, 2, 2), ("sigmoid", "sigmoid"))
    network.W[0][:], network.b[0][:] = [[0.15, 0.20], [0.25, 0.30]], 0.35
    network.W[1][:], network.b[1][:] = [[0.40, 0.45], [0.50, 0.55]], 0.60
    forward_pass = network.forward(with_ones(np.array([[0.05, 0.10]])))
    np.testing.assert_allclose(forward_pass.A[1], [[0.593269992, 0.596884378]], atol=5e-10)
    np.testing.assert_allclose(forward_pass.A[2], [[0.75136507, 0.772928465]], atol=5e-9)
    values, dZ = LOSSES["half_mse"]().value_and_delta(forward_pass.Z[-1], np.array([[0.01, 0.99]]), "sigmoid")
    np.testing.assert_allclose(values, 0.298371109, atol=5e-10)
    network.backward(forward_pass, dZ)
    np.testing.assert_allclose(network.dW[1][0, 0], 0.082167041, atol=5e-10)
    np.testing.assert_allclose(
        network.W[1] - 0.5 * network.dW[1],
        [[0.35891648, 0.408666186], [0.511301270, 0.561370121]], atol=5e-9,
    )  # fmt: skip
    np.testing.assert_allclose(
        network.W[0] - 0.5 * network.dW[0],
        [[0.149780716, 0.19956143], [0.24975114, 0.29950229]], atol=5e-9,
    )  # fmt: skip


@pytest.mark.parametrize("hidden", ACTIVATIONS)
@pytest.mark.parametrize("output", ["sigmoid", "softmax", "linear"])
def test_outputs_are_the_last_layer_of_forward(hidden: str, output: str) -> None:
    network = random_network(names=(hidden, "tanh", output))
    X = np.random.default_rng(3).normal(size=(37, 3))
    wanted = network.forward(with_ones(X)).A[-1].copy()
    np.testing.assert_allclose(network.outputs(X), wanted, rtol=1e-13)
    np.testing.assert_allclose(network.outputs(X, chunk=10), wanted, rtol=1e-13)
    assert network.outputs(X[:0]).shape == (0, 2)


def test_outputs_leave_a_forward_pass_alone() -> None:
    network = random_network()
    X, other = np.random.default_rng(3).normal(size=(2, 6, 3))
    forward_pass = network.forward(with_ones(X))
    before = [A.copy() for A in forward_pass.A]
    network.outputs(other)
    network.forward(with_ones(other), 1)  # another slot
    network.forward(with_ones(other[:5]))  # another number of samples
    for now, then in zip(forward_pass.A, before, strict=True):
        np.testing.assert_array_equal(now, then)
    # the same slot and number: overwritten, not allocated
    assert network.forward(with_ones(other)).A[-1] is forward_pass.A[-1]


def test_any_number_of_batch_sizes() -> None:
    network = random_network()
    X = np.random.default_rng(3).normal(size=(30, 3))
    wanted = network.outputs(X)
    for m in [*range(1, 31), 1, 17]:
        np.testing.assert_allclose(network.forward(with_ones(X[:m])).A[-1], wanted[:m], rtol=1e-12)
    assert len(network._passes) <= 8


@pytest.mark.parametrize("hidden", ACTIVATIONS)
@pytest.mark.parametrize("m", [1, 7, 200, 400])
def test_networks_side_by_side_equal_single_ones(hidden: str, m: int) -> None:
    names = (hidden, "tanh", "softmax")
    together = random_network(names=names, lanes=3)
    together.theta *= 0.5
    rng = np.random.default_rng(6)
    X, Y = rng.normal(size=(m, 3)), np.eye(2)[rng.integers(0, 2, m)]
    loss, g = LOSSES["categorical_cross_entropy"](), ACTIVATIONS["softmax"]()
    forward_pass = together.forward(with_ones(X))
    dZ = loss.dZ(forward_pass.Z[-1], forward_pass.A[-1], Y, g, "fused")
    together.backward(forward_pass, dZ)
    assert together.outputs(X).shape == (3, m, 2)
    for lane in range(3):
        single = random_network(names=names)
        single.theta[:] = together.theta[lane]
        alone = single.forward(with_ones(X))
        for A, A_alone in zip(forward_pass.A[1:], alone.A[1:], strict=True):
            np.testing.assert_allclose(A[lane], A_alone, rtol=1e-13, atol=1e-15)
        single.backward(alone, loss.dZ(alone.Z[-1], alone.A[-1], Y, g, "fused"))
        np.testing.assert_allclose(together.grad[lane], single.grad, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
@np.errstate(all="ignore")
def test_losses_of_networks_side_by_side_equal_single_ones(loss: str, activation: str) -> None:
    """Z has a leading axis that Y lacks; outputs outside log's domain are included."""
    rng = np.random.default_rng(9)
    Z, Y = rng.normal(size=(2, 4, 3)), np.eye(3)[rng.integers(0, 3, 4)]
    kind, g = LOSSES[loss](), ACTIVATIONS[activation]()
    A = g.value(Z)
    for numerics in NUMERICS:
        elements, dZ = kind.elements(Z, A, Y, g, numerics), kind.dZ(Z, A, Y, g, numerics)
        assert elements.shape == dZ.shape == Z.shape
        for lane in range(2):
            values, delta = kind.value_and_delta(Z[lane], Y, activation, numerics)
            np.testing.assert_allclose(elements[lane].sum(axis=-1), values, rtol=1e-13)
            np.testing.assert_allclose(dZ[lane], delta, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("lanes", [None, 2])
def test_single_precision_stays_single(activation: str, lanes: int | None) -> None:
    names = (activation, "tanh", activation)
    network = random_network(names=names, lanes=lanes, dtype=np.float32)
    network.theta *= 0.3
    X = np.random.default_rng(1).normal(size=(900, 3)).astype(np.float32)
    Y = np.full((900, 2), 0.4, np.float32)
    forward_pass = network.forward(with_ones(X))
    assert {array.dtype for array in (*forward_pass.Z[1:], *forward_pass.A, network.outputs(X))} == {
        np.dtype(np.float32)
    }
    double = random_network(names=names, lanes=lanes)
    double.theta[...] = network.theta
    np.testing.assert_allclose(network.outputs(X), double.outputs(X.astype(float)), rtol=1e-3, atol=1e-5)
    g = ACTIVATIONS[activation]()
    with np.errstate(all="ignore"):
        for loss in LOSSES.values():
            for numerics in ("fused", "clamped", "naive"):
                assert loss().elements(forward_pass.Z[-1], forward_pass.A[-1], Y, g, numerics).dtype == np.float32
                assert loss().dZ(forward_pass.Z[-1], forward_pass.A[-1], Y, g, numerics).dtype == np.float32
    network.backward(forward_pass, LOSSES["mse"]().dZ(forward_pass.Z[-1], forward_pass.A[-1], Y, g, "fused"))
    assert network.grad.dtype == network.theta.dtype == network.weights.dtype == np.float32
    assert np.isfinite(network.grad).all()


def test_no_hidden_layer_and_a_wrong_number_of_activations() -> None:
    network = Network((2, 1), ("linear",))
    network.theta[:] = [2.0, 3.0, 5.0]
    np.testing.assert_array_equal(network.outputs(np.array([[1.0, 10.0]])), [[37.0]])
    with pytest.raises(ValueError, match="2 layers need as many activations, not 1"):
        Network((2, 3, 1), ("tanh",))
