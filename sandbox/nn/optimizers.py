"""Optimisers: how a gradient becomes a step.

All parameters of a network lie in one flat array theta (..., P), its gradient in another; leading axes are
networks side by side. An optimiser keeps its memory in `slots` arrays of that shape, which start at 0, and
counts its steps. Definitions are PyTorch's (torch.optim, documentation of version 2): eps stands outside the
root, momentum starts at the first gradient, AdamW's decay is decoupled from the gradient; but decay here
spares the biases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sandbox.nn.parameters import Parameter

Array = NDArray[Any]

_MOMENTUM = Parameter(
    "momentum", 0.9, 0.0, 1.0, "How much of the last step is carried into the next.", "Momentum", below=True
)
_BETA1 = Parameter("beta1", 0.9, 0.0, 1.0, "How slowly the average of the gradients forgets.", "Beta 1", below=True)
_BETA2 = Parameter("beta2", 0.999, 0.0, 1.0, "How slowly the average of their squares forgets.", "Beta 2", below=True)
_RHO = Parameter("rho", 0.99, 0.0, 1.0, "How slowly the average of the squared gradients forgets.", "Rho", below=True)
_DECAY = Parameter("weight_decay", 0.01, 0.0, 1e3, "How fast weights shrink beside the gradient step.", "Weight decay")


def _epsilon(default: float) -> Parameter:
    return Parameter(
        "epsilon", default, 0.0, 1.0, "Keeps the step finite where gradients vanish.", "Epsilon", above=True
    )


@dataclass
class Descent:
    """What an optimiser works on.

    Attributes
    ----------
    theta, grad, scratch : array (..., P)
        `scratch` is overwritten.
    weights : array (P,)
        1 where the parameter is a weight, 0 where it is a bias.
    memory : list of array (..., P)
        The optimiser's slots.
    count : int
        Which step this is since the memory was zero, from 1.
    """

    theta: Array
    grad: Array
    scratch: Array
    weights: Array
    memory: list[Array]
    count: int = 0


class Optimizer:
    """Turns gradients into steps.

    Attributes
    ----------
    name, label, summary : str
    parameters : tuple of Parameter
    slots : int
        How many arrays of the shape of theta it remembers.
    formula : str
        One step in LaTeX, for the parameters theta and their gradient g.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    summary: ClassVar[str]
    formula: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    slots: ClassVar[int] = 0

    def __init__(self, **parameters: float) -> None:
        known = {parameter.name: parameter.default for parameter in self.parameters}
        unknown = sorted(set(parameters) - set(known))
        if unknown:
            raise TypeError(f"{self.name} has no parameter {unknown[0]!r}; it has {sorted(known) or 'none'}")
        for name, value in {**known, **parameters}.items():
            setattr(self, name, float(value))

    def step(self, at: Descent, rate: float) -> None:
        """Change `at.theta` and `at.memory` in place, by one step of learning rate `rate`."""
        raise NotImplementedError


class GradientDescent(Optimizer):
    name = "gradient_descent"
    label = "Gradient descent"
    summary = "Steps straight down the gradient."
    formula = r"\theta \leftarrow \theta - \eta\,g"

    def step(self, at: Descent, rate: float) -> None:
        np.multiply(at.grad, rate, out=at.scratch)
        np.subtract(at.theta, at.scratch, out=at.theta)


class Momentum(Optimizer):
    name = "momentum"
    label = "Momentum"
    summary = "Steps along a running sum of gradients, like a ball that rolls."
    formula = r"v \leftarrow \mu v + g,\quad \theta \leftarrow \theta - \eta\,v"
    parameters = (_MOMENTUM,)
    slots = 1
    momentum: float

    def step(self, at: Descent, rate: float) -> None:
        (v,) = at.memory
        v *= self.momentum
        v += at.grad
        np.multiply(v, rate, out=at.scratch)
        np.subtract(at.theta, at.scratch, out=at.theta)


class Nesterov(Optimizer):
    name = "nesterov"
    label = "Nesterov momentum"
    summary = "Momentum that looks one step ahead."
    formula = r"v \leftarrow \mu v + g,\quad \theta \leftarrow \theta - \eta\,(g + \mu v)"
    parameters = (_MOMENTUM,)
    slots = 1
    momentum: float

    def step(self, at: Descent, rate: float) -> None:
        (v,) = at.memory
        v *= self.momentum
        v += at.grad
        np.multiply(v, self.momentum, out=at.scratch)
        at.scratch += at.grad
        at.scratch *= rate
        np.subtract(at.theta, at.scratch, out=at.theta)


class Adam(Optimizer):
    name = "adam"
    label = "Adam"
    summary = "Steps along the average gradient, each parameter scaled by the size its gradient has had."
    formula = (
        r"m \leftarrow \beta_1 m + (1 - \beta_1) g,\quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2,\quad "
        r"\theta \leftarrow \theta - \eta\,\frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}"
    )
    parameters: ClassVar[tuple[Parameter, ...]] = (_BETA1, _BETA2, _epsilon(1e-8))
    slots = 2
    beta1: float
    beta2: float
    epsilon: float

    def step(self, at: Descent, rate: float) -> None:
        m, v = at.memory
        np.multiply(at.grad, 1.0 - self.beta1, out=at.scratch)
        m *= self.beta1
        m += at.scratch
        np.multiply(at.grad, at.grad, out=at.scratch)
        at.scratch *= 1.0 - self.beta2
        v *= self.beta2
        v += at.scratch
        np.sqrt(v, out=at.scratch)
        at.scratch *= 1.0 / math.sqrt(1.0 - self.beta2**at.count)
        at.scratch += self.epsilon
        np.divide(m, at.scratch, out=at.scratch)
        at.scratch *= rate / (1.0 - self.beta1**at.count)
        np.subtract(at.theta, at.scratch, out=at.theta)


class AdamW(Adam):
    name = "adamw"
    label = "AdamW"
    summary = "Adam whose weights also shrink by themselves, apart from the gradient."
    formula = r"W \leftarrow (1 - \eta\lambda)\,W,\ \text{then as Adam}"
    parameters = (*Adam.parameters, _DECAY)
    weight_decay: float

    def step(self, at: Descent, rate: float) -> None:
        np.multiply(at.theta, at.weights, out=at.scratch)
        at.scratch *= rate * self.weight_decay
        np.subtract(at.theta, at.scratch, out=at.theta)
        super().step(at, rate)


class RmsProp(Optimizer):
    name = "rmsprop"
    label = "RMSProp"
    summary = "Divides each parameter's step by the recent size of its gradient."
    formula = (
        r"v \leftarrow \rho v + (1 - \rho) g^2,\quad "
        r"\theta \leftarrow \theta - \eta\,\frac{g}{\sqrt{v} + \epsilon}"
    )
    parameters = (_RHO, _epsilon(1e-8))
    slots = 1
    rho: float
    epsilon: float

    def step(self, at: Descent, rate: float) -> None:
        (v,) = at.memory
        np.multiply(at.grad, at.grad, out=at.scratch)
        at.scratch *= 1.0 - self.rho
        v *= self.rho
        v += at.scratch
        _scaled_step(at, v, rate, self.epsilon)


class Adagrad(Optimizer):
    name = "adagrad"
    label = "Adagrad"
    summary = "Divides each parameter's step by all the gradient it has seen, so steps only get smaller."
    formula = r"v \leftarrow v + g^2,\quad \theta \leftarrow \theta - \eta\,\frac{g}{\sqrt{v} + \epsilon}"
    parameters = (_epsilon(1e-10),)
    slots = 1
    epsilon: float

    def step(self, at: Descent, rate: float) -> None:
        (v,) = at.memory
        np.multiply(at.grad, at.grad, out=at.scratch)
        v += at.scratch
        _scaled_step(at, v, rate, self.epsilon)


def _scaled_step(at: Descent, v: Array, rate: float, epsilon: float) -> None:
    """theta -= rate * grad / (sqrt(v) + epsilon), without a new array."""
    scratch = np.sqrt(v, out=at.scratch)
    scratch += epsilon
    np.divide(at.grad, scratch, out=scratch)
    scratch *= rate
    np.subtract(at.theta, scratch, out=at.theta)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    kind.name: kind for kind in (GradientDescent, Momentum, Nesterov, Adam, AdamW, RmsProp, Adagrad)
}
