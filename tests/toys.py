"""Losses, activations and an optimiser that the program does not know: one class each, registered only by tests.

Each class defines all that a new loss, activation or optimiser has to define, and nothing more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from sandbox.nn import ACTIVATIONS, LOSSES, OPTIMIZERS, Activation, Loss, Optimizer, OptimizerState
from sandbox.nn.losses import Huber, LogLoss, Product
from sandbox.nn.optimizers import Momentum

Array = NDArray[Any]


class ToyCauchy(Loss):
    """Elementwise, with a parameter, written in the residual."""

    name = "toy_cauchy"
    label = "Toy Cauchy"
    summary = "Grows with the logarithm of the residual."
    parameters = Huber.parameters
    formula = r"\tfrac{1}{2}\delta^2\log(1 + \frac{r^2}{\delta^2})"
    derivative_formula = r"\frac{r}{1 + \frac{r^2}{\delta^2}}"
    code = "delta**2 / 2 * np.log1p(({R} / delta)**2)"
    slope_code = "{R} / (1 + ({R} / delta)**2)"
    delta: float

    def values(self, A: Array, Y: Array) -> Array:
        values: Array = 0.5 * self.delta**2 * np.log1p(((A - Y) / self.delta) ** 2)
        return values

    def dA(self, A: Array, Y: Array) -> Array:
        R = A - Y
        slope: Array = R / (1.0 + (R / self.delta) ** 2)
        return slope


class ToyExponential(Loss):
    """For targets -1 and +1."""

    name = "toy_exponential"
    label = "Toy exponential"
    summary = "What boosting descends: e to the minus margin."
    formula = r"e^{-y\,a}"
    derivative_formula = r"-y\,e^{-y\,a}"
    code = "np.exp(-{Y} * {A})"
    slope_code = "-{Y} * np.exp(-{Y} * {A})"
    plus_minus_one = True

    def values(self, A: Array, Y: Array) -> Array:
        values: Array = np.exp(-Y * A)
        return values

    def dA(self, A: Array, Y: Array) -> Array:
        slope: Array = -Y * np.exp(-Y * A)
        return slope


class ToyFading(LogLoss):
    """Written in log a, log(1 - a), a and 1 - a; says nothing about what cancels."""

    name = "toy_fading"
    label = "Toy fading"
    summary = "Cross-entropy weighted by how wrong a sample is."
    formula = r"-y\,(1 - a)\log a - (1 - y)\,a\log(1 - a)"
    derivative_formula = (
        r"y\,\left(\log a - \frac{1 - a}{a}\right) - (1 - y)\,\left(\log(1 - a) - \frac{a}{1 - a}\right)"
    )
    code = "-product({Y} * {c}, {s}) - product((1 - {Y}) * {a}, {t})"
    slope_code = "quotient({ds}, {a}) - quotient({dt}, {c})"
    grads_code = (
        "-{Y} * {c} - product((1 - {Y}) * {a}, {t})",
        "-product({Y} * {c}, {s}) - (1 - {Y}) * {a}",
    )

    def value_from_logs(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> Array:
        return -product(Y * c, s) - product((1.0 - Y) * a, t)

    def grads_from_logs(
        self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product
    ) -> tuple[Array, Array | None]:
        hit, miss = Y * c, (1.0 - Y) * a
        return -hit - product(miss, t), -product(hit, s) - miss


class ToyArctan(Activation):
    """Flat at both ends."""

    name = "toy_arctan"
    label = "Toy arctan"
    summary = "An angle, scaled to -1 to 1."
    formula = r"\frac{2}{\pi}\arctan z"
    derivative_formula = r"\frac{2}{\pi\,(1 + z^{2})}"
    code = "2 / np.pi * np.arctan({Z})"
    backward_code = "{dA} * 2 / np.pi / (1 + {Z}**2)"
    limits = (-1.0, 1.0)
    saturates = True

    def value(self, Z: Array, out: Array | None = None) -> Array:
        return np.multiply(np.arctan(Z), 2.0 / math.pi, out=out)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        return np.divide(2.0 / math.pi, 1.0 + Z * Z, out=out)


class ToyRamp(Activation):
    """From 0 to 1 in straight lines, with two kinks and a helper line of code."""

    name = "toy_ramp"
    label = "Toy ramp"
    summary = "A straight line from 0 to 1."
    formula = r"\min(1, \max(0, \frac{z}{4} + \frac{1}{2}))"
    derivative_formula = r"\begin{cases} \frac{1}{4} & \left|z\right| < 2 \\ 0 & \text{else} \end{cases}"
    helper, helper_code = "K", "np.abs({Z}) < 2"
    code = "np.clip({Z} / 4 + 0.5, 0, 1)"
    backward_code = "{dA} * {h} / 4"
    limits = (0.0, 1.0)
    saturates = True
    kinks = (-2.0, 2.0)

    def value(self, Z: Array, out: Array | None = None) -> Array:
        return np.clip(0.25 * Z + 0.5, 0.0, 1.0, out=out)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        return np.multiply(np.abs(Z) < 2.0, 0.25, out=out, dtype=Z.dtype)

    def line_values(self, Z: Array, A: Array) -> dict[str, Array]:
        return {"K": np.abs(Z).swapaxes(-1, -2) < 2.0}


class ToyTwice(Optimizer):
    """Keeps two arrays, named with its own letters, and counts its steps."""

    name = "toy_twice"
    label = "Toy twice"
    summary = "Momentum of momentum."
    parameters = Momentum.parameters
    formula = (
        r"u \leftarrow \mu u + g,\quad k \leftarrow \mu k + u,\quad \theta \leftarrow \theta - \frac{\eta}{1 + t}\,k"
    )
    memory: ClassVar[tuple[str, ...]] = ("U", "K")
    step_code = (
        "U[...] = momentum * U + dP",
        "K[...] = momentum * K + U",
        "rate = learning_rate / (1 + step)",
        "P -= rate * K",
    )
    momentum: float

    def step(self, state: OptimizerState, rate: float) -> None:
        u, k = state.memory
        u *= self.momentum
        u += state.grad
        k *= self.momentum
        k += u
        np.multiply(k, rate / (1.0 + state.count), out=state.scratch)
        np.subtract(state.theta, state.scratch, out=state.theta)


TOY_LOSSES: tuple[type[Loss], ...] = (ToyCauchy, ToyExponential, ToyFading)
TOY_ACTIVATIONS: tuple[type[Activation], ...] = (ToyArctan, ToyRamp)


@contextmanager
def registered() -> Iterator[None]:
    """Register all toys, as if the program had always had them."""
    with pytest.MonkeyPatch.context() as patch:
        for loss in TOY_LOSSES:
            patch.setitem(LOSSES, loss.name, loss)
        for activation in TOY_ACTIVATIONS:
            patch.setitem(ACTIVATIONS, activation.name, activation)
        patch.setitem(OPTIMIZERS, ToyTwice.name, ToyTwice)
        yield
