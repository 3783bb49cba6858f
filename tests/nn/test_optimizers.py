"""Optimisers against sequences worked out by hand, and against PyTorch where it is installed."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest

from sandbox.nn import OPTIMIZERS, Optimizer, OptimizerState

DEFAULTS = {
    "gradient_descent": {},
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9},
    "adam": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    "adamw": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.01},
    "rmsprop": {"rho": 0.99, "epsilon": 1e-8},
    "adagrad": {"epsilon": 1e-10},
}


def make_state(optimizer: Optimizer, theta: Any, weights: Any | None = None) -> OptimizerState:
    theta = np.array(theta)
    weights = np.ones(theta.shape[-1], theta.dtype) if weights is None else np.array(weights, theta.dtype)
    memory = [np.zeros_like(theta) for _ in optimizer.memory]
    return OptimizerState(theta, np.zeros_like(theta), np.empty_like(theta), weights, memory)


def step(optimizer: Optimizer, state: OptimizerState, grad: Any, rate: float) -> None:
    state.grad[...] = grad
    state.count += 1
    optimizer.step(state, rate)


def test_defaults_are_the_contracts() -> None:
    assert {name: {p.name: p.default for p in kind.parameters} for name, kind in OPTIMIZERS.items()} == DEFAULTS
    for name, kind in OPTIMIZERS.items():
        assert kind.name == name and kind.label and kind.summary.endswith(".") and kind.formula
        assert {p: getattr(kind(), p) for p in DEFAULTS[name]} == DEFAULTS[name]
    with pytest.raises(TypeError, match="adagrad has no parameter 'momentum'"):
        OPTIMIZERS["adagrad"](momentum=0.9)


# One parameter from 1, gradients 2, -1, 0.5, learning rate 0.1; each step's numbers are written out.
_M = (2.0 * (1 - 0.9), 2.0 * (1 - 0.9) * 0.9 - 0.1, (2.0 * (1 - 0.9) * 0.9 - 0.1) * 0.9 + 0.05)
_V = (0.004, 0.004 * 0.999 + 0.001, (0.004 * 0.999 + 0.001) * 0.999 + 0.00025)
_ADAM = tuple(
    0.1 * (m / (1 - 0.9**t)) / (sqrt(v / (1 - 0.999**t)) + 1e-8) for t, m, v in zip((1, 2, 3), _M, _V, strict=True)
)
_RMS = (0.04, 0.04 * 0.99 + 0.01, (0.04 * 0.99 + 0.01) * 0.99 + 0.0025)


def _after(*steps: float) -> list[float]:
    theta, values = 1.0, []
    for down in steps:
        theta -= down
        values.append(theta)
    return values


def _decayed(steps: tuple[float, ...], keep: float) -> list[float]:
    theta, values = 1.0, []
    for down in steps:
        theta = theta * keep - down
        values.append(theta)
    return values


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("gradient_descent", [0.8, 0.9, 0.85]),
        ("momentum", [0.8, 0.72, 0.598]),  # v: 2, 0.8, 1.22
        ("nesterov", [0.62, 0.648, 0.4882]),  # g + 0.9 v: 3.8, -0.28, 1.598
        ("adam", _after(*_ADAM)),
        ("adamw", _decayed(_ADAM, 1.0 - 0.1 * 0.01)),
        ("rmsprop", _after(*(0.1 * g / (sqrt(v) + 1e-8) for g, v in zip((2, -1, 0.5), _RMS, strict=True)))),
        ("adagrad", _after(*(0.1 * g / (sqrt(v) + 1e-10) for g, v in ((2, 4), (-1, 5), (0.5, 5.25))))),
    ],
)
def test_three_steps_by_hand(name: str, wanted: list[float]) -> None:
    optimizer = OPTIMIZERS[name]()
    state = make_state(optimizer, [1.0])
    values = []
    for grad in (2.0, -1.0, 0.5):
        step(optimizer, state, grad, 0.1)
        values.append(float(state.theta[0]))
    np.testing.assert_allclose(values, wanted, rtol=1e-13, atol=1e-15)


def test_first_steps_of_adaptive_methods() -> None:
    """Whatever the gradient's size, Adam and Adagrad first step by the rate, RMSProp by ten times it."""
    for name, length in (("adam", 0.01), ("adagrad", 0.01), ("rmsprop", 0.1)):
        optimizer = OPTIMIZERS[name]()
        state = make_state(optimizer, [0.0, 0.0])
        step(optimizer, state, [1e3, -1e-2], 0.01)
        np.testing.assert_allclose(state.theta, [-length, length], rtol=2e-5)


def test_epsilon_is_added_outside_the_root() -> None:
    for name, length in (("adam", 3.0 / 4.0), ("adagrad", 3.0 / 4.0), ("rmsprop", 3.0 / (0.3 + 1.0))):
        optimizer = OPTIMIZERS[name](epsilon=1.0)
        state = make_state(optimizer, [0.0])
        step(optimizer, state, 3.0, 1.0)
        np.testing.assert_allclose(state.theta, [-length], rtol=1e-14)


def test_decay_leaves_biases_alone() -> None:
    decayed, plain = OPTIMIZERS["adamw"](weight_decay=0.5), OPTIMIZERS["adam"]()
    state = make_state(decayed, [2.0, 2.0, -2.0], weights=[1, 0, 1])
    plain_state = make_state(plain, [2.0, 2.0, -2.0])
    for _ in range(2):
        step(decayed, state, 0.0, 0.1)
    np.testing.assert_allclose(state.theta, [2.0 * 0.95**2, 2.0, -2.0 * 0.95**2], rtol=1e-15)
    state = make_state(decayed, [2.0, 2.0, -2.0], weights=[1, 0, 1])
    for grad in (1.0, -3.0):
        step(decayed, state, grad, 0.1)
        step(plain, plain_state, grad, 0.1)
    assert (
        state.theta[1] == plain_state.theta[1]
        and state.theta[0] < plain_state.theta[0]
        and state.theta[2] > plain_state.theta[2]
    )


def torch_counterpart(torch: Any, name: str, tensor: Any, parameters: dict[str, float], rate: float) -> Any:
    betas = {"betas": (parameters.get("beta1"), parameters.get("beta2")), "eps": parameters.get("epsilon"), "lr": rate}
    return {
        "gradient_descent": lambda: torch.optim.SGD([tensor], lr=rate),
        "momentum": lambda: torch.optim.SGD([tensor], lr=rate, momentum=parameters["momentum"]),
        "nesterov": lambda: torch.optim.SGD([tensor], lr=rate, momentum=parameters["momentum"], nesterov=True),
        "adam": lambda: torch.optim.Adam([tensor], **betas),
        "adamw": lambda: torch.optim.AdamW([tensor], **betas, weight_decay=parameters["weight_decay"]),
        "rmsprop": lambda: torch.optim.RMSprop([tensor], lr=rate, alpha=parameters["rho"], eps=parameters["epsilon"]),
        "adagrad": lambda: torch.optim.Adagrad([tensor], lr=rate, eps=parameters["epsilon"]),
    }[name]()


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        *((name, {}) for name in OPTIMIZERS),
        ("momentum", {"momentum": 0.5}),
        ("nesterov", {"momentum": 0.3}),
        ("adam", {"beta1": 0.5, "beta2": 0.9, "epsilon": 1e-2}),
        ("adamw", {"weight_decay": 0.3, "beta1": 0.0}),
        ("rmsprop", {"rho": 0.5, "epsilon": 0.1}),
        ("adagrad", {"epsilon": 0.5}),
    ],
)
def test_twenty_steps_match_pytorch(name: str, changed: dict[str, float]) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(11)
    start, rate = rng.normal(size=7), 0.07
    tensor = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    reference = torch_counterpart(torch, name, tensor, {**DEFAULTS[name], **changed}, rate)
    optimizer = OPTIMIZERS[name](**changed)
    state = make_state(optimizer, start)
    for k in range(20):
        grad = rng.normal(size=7) * 10.0 ** rng.integers(-3, 3)
        if k == 10:  # a rate changed during training takes effect at once in both
            rate = reference.param_groups[0]["lr"] = 0.011
        tensor.grad = torch.tensor(grad, dtype=torch.float64)
        reference.step()
        step(optimizer, state, grad, rate)
        np.testing.assert_allclose(state.theta, tensor.detach().numpy(), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_networks_side_by_side_step_as_if_alone(name: str) -> None:
    rng = np.random.default_rng(4)
    start, weights = rng.normal(size=(3, 5)), [1, 1, 1, 0, 0]
    optimizer = OPTIMIZERS[name]()
    together = make_state(optimizer, start, weights)
    alone = [make_state(optimizer, row, weights) for row in start]
    for _ in range(4):
        grad = rng.normal(size=(3, 5))
        step(optimizer, together, grad, 0.05)
        for state, row in zip(alone, grad, strict=True):
            step(optimizer, state, row, 0.05)
    np.testing.assert_array_equal(together.theta, [state.theta for state in alone])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_single_precision_stays_and_nothing_is_reallocated(name: str) -> None:
    optimizer = OPTIMIZERS[name]()
    state = make_state(optimizer, np.linspace(-1.0, 1.0, 6, dtype=np.float32))
    theta, memory = state.theta, list(state.memory)
    grad = np.linspace(2.0, -3.0, 6, dtype=np.float32)
    for _ in range(3):
        step(optimizer, state, grad, 0.1)
    assert state.theta is theta and theta.dtype == np.float32
    assert all(now is then and now.dtype == np.float32 for now, then in zip(state.memory, memory, strict=True))
    np.testing.assert_array_equal(state.grad, grad)
