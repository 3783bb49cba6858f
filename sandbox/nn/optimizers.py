"""Optimisers: how a gradient becomes a step.

All parameters of a network lie in one flat array theta (..., P), its gradient in another; leading axes are
networks side by side. An optimiser keeps its memory in arrays of that shape, which start at 0, and counts its
steps. Definitions are PyTorch's (torch.optim, documentation of version 2): eps is outside the root, momentum
starts at the first gradient, AdamW's decay is decoupled from the gradient; but here decay spares the biases.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sandbox.arrays import Array
from sandbox.nn.parameters import Parameter, Tunable, log_stops

_NEAR_ONE = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999)
_MOMENTUM = Parameter(
    "momentum", 0.9, 0.0, 1.0, "How much of the last step is carried into the next.", "Momentum", below=True,
)  # fmt: skip
_BETA1 = Parameter(
    "beta1", 0.9, 0.0, 1.0, "How slowly the average of the gradients forgets.", "Beta 1", below=True,
)  # fmt: skip
_BETA2 = Parameter(
    "beta2", 0.999, 0.0, 1.0, "How slowly the average of the squared gradients forgets.", "Beta 2", below=True,
    stops=_NEAR_ONE,
)  # fmt: skip
_RHO = Parameter(
    "rho", 0.99, 0.0, 1.0, "How slowly the average of the squared gradients forgets.", "Rho", below=True,
    stops=_NEAR_ONE,
)  # fmt: skip
_DECAY = Parameter(
    "weight_decay", 0.01, 0.0, 1e3, "How fast weights shrink in addition to the gradient step.", "Weight decay",
    stops=log_stops(1e-5, 1.0, zero=True),
)  # fmt: skip


def _epsilon(default: float) -> Parameter:
    return Parameter(
        "epsilon", default, 0.0, 1.0, "Keeps the step finite where gradients vanish.", "Epsilon", above=True,
        stops=log_stops(1e-12, 1e-2),
    )  # fmt: skip


@dataclass
class OptimizerState:
    """What an optimiser works on.

    Attributes
    ----------
    theta, grad, scratch : array (..., P)
        `scratch` is overwritten.
    weights : array (P,)
        1 where the parameter is a weight, 0 where it is a bias.
    memory : list of array (..., P)
        What the optimiser remembers: one array per letter of its `memory`.
    count : int
        The number of this step since the memory was zero, from 1.
    """

    theta: Array
    grad: Array
    scratch: Array
    weights: Array
    memory: list[Array]
    count: int = 0


class Optimizer(Tunable):
    """Turns gradients into steps.

    A subclass defines `step`, and the same as a formula and as numpy code.

    Attributes
    ----------
    memory : tuple of str
        What it remembers of every parameter, one letter each.
    formula : str
        One step in LaTeX, for the parameters theta and their gradient g.
    step_code : tuple of str
        Lines in numpy for one parameter P with its derivative dP, `learning_rate`, the letters of its memory, which it
        changes in place, its own parameters by name, and `step`, the number of this step from 1.
    decay_code : str
        A line that comes first, for weights W only; "" if there is none.
    rescales : bool
        Whether it divides the step of each parameter by the size of its past gradients, so that the step hardly
        changes if the cost is multiplied by a factor.
    """

    formula: ClassVar[str]
    step_code: ClassVar[tuple[str, ...]]
    decay_code: ClassVar[str] = ""
    memory: ClassVar[tuple[str, ...]] = ()
    rescales: ClassVar[bool] = False

    def step(self, state: OptimizerState, rate: float) -> None:
        """Change `at.theta` and `at.memory` in place, by one step of learning rate `rate`."""
        raise NotImplementedError

    def next_step(
        self, theta: Array, grad: Array, weights: Array, rate: float, memory: Sequence[Array] = (), count: int = 0
    ) -> Array:
        """Return by how much the next step would change the parameters (..., P); nothing is changed.

        By default that is the first step, before which nothing is remembered. It is proportional to the rate.
        """
        slots = [slot.copy() for slot in memory] or [np.zeros_like(theta) for _ in self.memory]
        # from 0, so that nothing of a short step is rounded off; only a decay depends on where it starts
        state = OptimizerState(np.zeros_like(theta), grad, np.empty_like(theta), weights, slots, count + 1)
        self.step(state, rate)
        change: Array = state.theta + (self.decayed(theta, weights, rate) - theta)
        return change

    def decayed(self, theta: Array, weights: Array, rate: float) -> Array:
        """Return the parameters (..., P) after the line of `decay_code`, before the step itself."""
        return theta

    def line_values(self, state: OptimizerState) -> dict[str, Array]:
        """Return the other values that the lines of `step_code` assign, by name, after a step."""
        return {}


class GradientDescent(Optimizer):
    """Steepest descent.

    Each step goes along the negative gradient, the direction in which the cost falls fastest locally, by the
    learning rate times its length. With mini-batches the gradient is an estimate, and the method is stochastic
    gradient descent. All parameters share one rate, so the steepest direction dictates it.

    References
    ----------
    A. Cauchy, "Méthode générale pour la résolution des systèmes d'équations simultanées", 1847; H. Robbins and
    S. Monro, "A stochastic approximation method", Annals of Mathematical Statistics 22(3), 1951.
    """

    name = "gradient_descent"
    label = "Gradient descent"
    summary = "Steps straight down the gradient."
    formula = r"\theta \leftarrow \theta - \eta\,g"
    step_code = ("P -= learning_rate * dP",)

    def step(self, state: OptimizerState, rate: float) -> None:
        np.multiply(state.grad, rate, out=state.scratch)
        np.subtract(state.theta, state.scratch, out=state.theta)


class Momentum(Optimizer):
    """Heavy-ball momentum.

    Gradients that keep pointing one way add up, to 1 / (1 - mu) times the step in the end; those that change
    sign cancel. So it runs along a narrow valley instead of bouncing between its walls, and it overshoots what
    it reaches fast.

    References
    ----------
    B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", USSR Computational
    Mathematics and Mathematical Physics 4(5), 1964.
    """

    name = "momentum"
    label = "Momentum"
    summary = "Steps along a running sum of gradients, like a ball that rolls."
    formula = r"v \leftarrow \mu v + g,\quad \theta \leftarrow \theta - \eta\,v"
    step_code = ("V[...] = momentum * V + dP", "P -= learning_rate * V")
    parameters = (_MOMENTUM,)
    memory = ("V",)
    momentum: float

    def step(self, state: OptimizerState, rate: float) -> None:
        (v,) = state.memory
        v *= self.momentum
        v += state.grad
        np.multiply(v, rate, out=state.scratch)
        np.subtract(state.theta, state.scratch, out=state.theta)


class Nesterov(Optimizer):
    """Momentum corrected by a look ahead.

    The gradient counts as if it were taken where the momentum is about to lead, so that the ball brakes before
    it climbs. On convex problems this improves the rate of convergence; in training networks it mostly damps
    the overshoot.

    References
    ----------
    Y. Nesterov, "A method for solving the convex programming problem with convergence rate O(1/k^2)", 1983; I.
    Sutskever, J. Martens, G. Dahl and G. Hinton, "On the importance of initialization and momentum in deep
    learning", ICML 2013.
    """

    name = "nesterov"
    label = "Nesterov momentum"
    has_proper_name = True
    summary = "Momentum that looks one step ahead."
    formula = r"v \leftarrow \mu v + g,\quad \theta \leftarrow \theta - \eta\,(g + \mu v)"
    step_code = ("V[...] = momentum * V + dP", "P -= learning_rate * (dP + momentum * V)")
    parameters = (_MOMENTUM,)
    memory = ("V",)
    momentum: float

    def step(self, state: OptimizerState, rate: float) -> None:
        (v,) = state.memory
        v *= self.momentum
        v += state.grad
        np.multiply(v, self.momentum, out=state.scratch)
        state.scratch += state.grad
        state.scratch *= rate
        np.subtract(state.theta, state.scratch, out=state.theta)


class Adam(Optimizer):
    """Adaptive moments.

    The average of the recent gradients, divided by the root of the average of their squares: at most about one
    learning rate a step for each parameter, whatever the scale of the loss. That is why two losses differ less
    under Adam than under plain descent. The hats undo the bias of averages that started at 0.

    References
    ----------
    D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015.
    """

    name = "adam"
    label = "Adam"
    has_proper_name = True
    summary = "Steps along the average gradient, each parameter scaled by the size of its past gradients."
    formula = (
        r"m \leftarrow \beta_1 m + (1 - \beta_1) g,\quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2,\quad "
        r"\theta \leftarrow \theta - \eta\,\frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}"
    )
    step_code: ClassVar[tuple[str, ...]] = (
        "M[...] = beta1 * M + (1 - beta1) * dP",
        "V[...] = beta2 * V + (1 - beta2) * dP**2",
        "M_hat = M / (1 - beta1**step)",
        "V_hat = V / (1 - beta2**step)",
        "P -= learning_rate * M_hat / (np.sqrt(V_hat) + epsilon)",
    )
    parameters: ClassVar[tuple[Parameter, ...]] = (_BETA1, _BETA2, _epsilon(1e-8))
    memory: ClassVar[tuple[str, ...]] = ("M", "V")
    rescales = True
    beta1: float
    beta2: float
    epsilon: float

    def step(self, state: OptimizerState, rate: float) -> None:
        m, v = state.memory
        np.multiply(state.grad, 1.0 - self.beta1, out=state.scratch)
        m *= self.beta1
        m += state.scratch
        np.multiply(state.grad, state.grad, out=state.scratch)
        state.scratch *= 1.0 - self.beta2
        v *= self.beta2
        v += state.scratch
        np.sqrt(v, out=state.scratch)
        state.scratch *= 1.0 / math.sqrt(1.0 - self.beta2**state.count)
        state.scratch += self.epsilon
        np.divide(m, state.scratch, out=state.scratch)
        state.scratch *= rate / (1.0 - self.beta1**state.count)
        np.subtract(state.theta, state.scratch, out=state.theta)

    def line_values(self, state: OptimizerState) -> dict[str, Array]:
        m, v = state.memory
        return {"M_hat": m / (1.0 - self.beta1**state.count), "V_hat": v / (1.0 - self.beta2**state.count)}


class AdamW(Adam):
    """Adam with decoupled weight decay.

    A penalty in the cost goes through the scaling of Adam, and so hardly shrinks weights with large gradients.
    Here weights shrink by a share proportional to the learning rate, apart from the step; biases do not.

    References
    ----------
    I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019.
    """

    name = "adamw"
    label = "AdamW"
    summary = "Adam whose weights also shrink independently of the gradient."
    formula = r"W \leftarrow (1 - \eta\lambda)\,W,\ \text{then as Adam}"
    decay_code = "W -= learning_rate * weight_decay * W"
    parameters = (*Adam.parameters, _DECAY)
    weight_decay: float

    def step(self, state: OptimizerState, rate: float) -> None:
        np.multiply(state.theta, state.weights, out=state.scratch)
        state.scratch *= rate * self.weight_decay
        np.subtract(state.theta, state.scratch, out=state.theta)
        super().step(state, rate)

    def decayed(self, theta: Array, weights: Array, rate: float) -> Array:
        decayed: Array = theta - theta * weights * (rate * self.weight_decay)
        return decayed


class RmsProp(Optimizer):
    """Gradients scaled by their recent size.

    Each parameter is divided by the root mean square of its recent gradients, so that flat and steep directions
    take steps of about the same size. The average forgets, so a direction that becomes steep is braked within some 1
    / (1 - rho) steps.

    References
    ----------
    T. Tieleman and G. Hinton, "Lecture 6.5: RMSProp", Neural Networks for Machine Learning, 2012.
    """

    name = "rmsprop"
    label = "RMSProp"
    summary = "Divides each parameter's step by the recent size of its gradient."
    formula = (
        r"v \leftarrow \rho v + (1 - \rho) g^2,\quad "
        r"\theta \leftarrow \theta - \eta\,\frac{g}{\sqrt{v} + \epsilon}"
    )
    step_code = ("V[...] = rho * V + (1 - rho) * dP**2", "P -= learning_rate * dP / (np.sqrt(V) + epsilon)")
    parameters = (_RHO, _epsilon(1e-8))
    memory = ("V",)
    rescales = True
    rho: float
    epsilon: float

    def step(self, state: OptimizerState, rate: float) -> None:
        (v,) = state.memory
        np.multiply(state.grad, state.grad, out=state.scratch)
        state.scratch *= 1.0 - self.rho
        v *= self.rho
        v += state.scratch
        _scaled_step(state, v, rate, self.epsilon)


class Adagrad(Optimizer):
    """Gradients scaled by their whole history.

    Parameters that rarely get a gradient keep long steps, those that get many slow down for good, as one over
    the root of the count. It suits sparse inputs and convex costs; in long training it may stop too
    soon.

    References
    ----------
    J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization", Journal of Machine Learning Research 12, 2011.
    """

    name = "adagrad"
    label = "Adagrad"
    has_proper_name = True
    summary = "Divides each parameter's learning rate by the size of all its past gradients, so that it only falls."
    formula = r"v \leftarrow v + g^2,\quad \theta \leftarrow \theta - \eta\,\frac{g}{\sqrt{v} + \epsilon}"
    step_code = ("V[...] = V + dP**2", "P -= learning_rate * dP / (np.sqrt(V) + epsilon)")
    parameters = (_epsilon(1e-10),)
    memory = ("V",)
    rescales = True
    epsilon: float

    def step(self, state: OptimizerState, rate: float) -> None:
        (v,) = state.memory
        np.multiply(state.grad, state.grad, out=state.scratch)
        v += state.scratch
        _scaled_step(state, v, rate, self.epsilon)


def _scaled_step(state: OptimizerState, v: Array, rate: float, epsilon: float) -> None:
    """Subtract rate * grad / (sqrt(v) + epsilon) from theta, without a new array."""
    scratch = np.sqrt(v, out=state.scratch)
    scratch += epsilon
    np.divide(state.grad, scratch, out=scratch)
    scratch *= rate
    np.subtract(state.theta, scratch, out=state.theta)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    kind.name: kind for kind in (GradientDescent, Momentum, Nesterov, Adam, AdamW, RmsProp, Adagrad)
}
