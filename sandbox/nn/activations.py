"""Activations: g, its derivative, and for those that give a probability or a rate, log g and log(1 - g).

All arrays have shape (..., m, n): samples are rows, units are columns, and any leading axes are networks
computed side by side. `dA` and `dZ` are derivatives of the same number with respect to A and Z.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from sandbox.arrays import Array
from sandbox.nn.kind import Kind


def _sigmoid(Z: Array, out: Array | None = None) -> Array:
    """Return 1 / (1 + exp(-z)), with full relative precision however small it is."""
    out = np.negative(Z, out=out)
    np.exp(out, out=out)
    np.add(out, 1.0, out=out)
    return np.reciprocal(out, out=out)


@lru_cache(maxsize=32)
def _others(units: int, dtype: np.dtype[Any]) -> Array:
    """Return ones with a zero diagonal: A @ this sums, at each unit, the other units without cancellation."""
    matrix: Array = np.ones((units, units), dtype) - np.eye(units, dtype=dtype)
    matrix.setflags(write=False)
    return matrix


class Activation(Kind):
    """g, applied to the pre-activations Z of one layer.

    A subclass defines `value` and `derivative`, and both again as formulas and as numpy code; one whose output is not
    elementwise defines `backward` as well. All else has a default that is correct, if slower, for any activation.

    Attributes
    ----------
    formula, derivative_formula : str
        g(z) and g'(z) in LaTeX; abbreviations in it are defined after ",\\quad ".
    code, backward_code : str
        a and dz in numpy, samples as columns: {Z}, {A} and {dA} are arrays, {h} is the value of `helper_code`.
    helper, helper_code : str
        Name and code of a line before `code`; "" if there is none.
    limits : tuple of float
        The range of a.
    saturates : bool
        Whether it is flat towards both ends.
    dies : bool
        Whether it is 0, with slope 0, for a whole range of z.
    kinks : tuple of float
        Each z at which the slope jumps.
    elementwise : bool
        Whether each a depends only on its own z.
    sums_to_one : bool
        Whether the outputs of a layer sum to 1, so that a single unit is always 1.
    unit_input : float or None
        A z at which a is exactly 1, in either precision; None if there is none.
    has_logs : bool
        Whether `logs` and `complement` give log A, log(1 - A) and 1 - A from Z, where A may have rounded to 0 or 1.
        Then the code attributes below are required too.
    has_finite_logs : bool
        Whether both logs are finite for every finite z.
    log_code, log_complement_code, complement_code : str
        log a, log(1 - a) and 1 - a in numpy, from {Z}; the second may also use {s} = log a, the third {t} = log(1 - a).
    log_backward_code, logs_backward_code : str
        dz from {ds}, the derivative of the loss with respect to log a; and from {ds} and {dt}, with respect to
        log(1 - a).
    logs_backward_lines : tuple of (str, str, str)
        Lines before that: the target of each, its code, and a comment.
    above_one_code : str
        The condition for a > 1, from {Z}; "" if it never holds.
    """

    formula: ClassVar[str]
    derivative_formula: ClassVar[str]
    code: ClassVar[str]
    backward_code: ClassVar[str]
    helper: ClassVar[str] = ""
    helper_code: ClassVar[str] = ""
    limits: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    saturates: ClassVar[bool] = False
    dies: ClassVar[bool] = False
    kinks: ClassVar[tuple[float, ...]] = ()
    elementwise: ClassVar[bool] = True
    sums_to_one: ClassVar[bool] = False
    unit_input: ClassVar[float | None] = None
    has_logs: ClassVar[bool] = False
    has_finite_logs: ClassVar[bool] = False
    log_code: ClassVar[str] = ""
    log_complement_code: ClassVar[str] = ""
    complement_code: ClassVar[str] = ""
    log_backward_code: ClassVar[str] = ""
    logs_backward_code: ClassVar[str] = ""
    logs_backward_lines: ClassVar[tuple[tuple[str, str, str], ...]] = ()
    above_one_code: ClassVar[str] = ""

    @classmethod
    def is_share(cls) -> bool:
        """Return whether a always lies between 0 and 1."""
        return cls.limits[0] >= 0.0 and cls.limits[1] <= 1.0

    @classmethod
    def has_slope_of(cls, other: type[Activation]) -> bool:
        """Return whether g' is the same function of a as that of another activation."""
        return cls.derivative_formula == other.derivative_formula

    def kernel(self, count: int, dtype: DTypeLike) -> Callable[[Array, Array], object]:
        """Return the function of (Z, out) that `value` uses for `count` numbers of one network.

        Chosen once, it is also right for networks side by side, whose numbers share one array.
        """
        return self.value

    def value(self, Z: Array, out: Array | None = None) -> Array:
        """Return A = g(Z), in `out` if given (shape of Z; never Z itself)."""
        raise NotImplementedError

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        """Return g'(Z), the shape of Z, in `out` if given."""
        raise NotImplementedError

    def backward(self, Z: Array, A: Array, dA: Array, out: Array | None = None) -> Array:
        """Return dZ = dA * g'(Z), in `out` if given (never dA itself)."""
        D = self.derivative(Z, A, out=out)
        return np.multiply(dA, D, out=D)

    def log(self, Z: Array, A: Array) -> Array:
        """Return s = log A, from Z: exact where A rounds to 0 or 1, and finite for every finite z."""
        return self.logs(Z, A)[0]

    def logs(self, Z: Array, A: Array) -> tuple[Array, Array]:
        """Return s = log A and t = log(1 - A), from Z: exact where A rounds to 0 or 1."""
        raise NotImplementedError

    def complement(self, Z: Array, A: Array) -> Array:
        """Return 1 - A, from Z: exact where A rounds to 1."""
        raise NotImplementedError

    def logs_backward(self, Z: Array, A: Array, ds: Array, dt: Array | None) -> Array:
        """Return dZ from the loss's derivatives `ds` with respect to s and `dt` to t; `dt` is None if it has no t."""
        raise NotImplementedError

    def line_values(self, Z: Array, A: Array) -> dict[str, Array]:
        """Return the values of the lines of `helper` and `logs_backward_lines`, by name, with samples as columns."""
        return {}


class Linear(Activation):
    """The identity.

    An output that may be any number: the prediction of a regression. In hidden layers it adds nothing, since a
    chain of linear layers is one linear layer. With half the squared error its dz is the residual a - y itself.

    References
    ----------
    B. Widrow and M. E. Hoff, "Adaptive switching circuits", IRE WESCON Convention Record, 1960.
    """

    name = "linear"
    label = "Linear"
    summary = "Passes z on unchanged."
    formula = "z"
    unit_input = 1.0
    derivative_formula = "1"
    code = "{Z}"
    backward_code = "{dA}"

    def value(self, Z: Array, out: Array | None = None) -> Array:
        return np.positive(Z, out=out)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        if out is None:
            return np.ones_like(Z)
        out.fill(1.0)
        return out

    def backward(self, Z: Array, A: Array, dA: Array, out: Array | None = None) -> Array:
        return np.positive(dA, out=out)


class Sigmoid(Activation):
    """The logistic function.

    An output that reads as the probability of class 1, since z is then the log of the odds. Its slope a (1 - a)
    is at most 1/4 and vanishes at both ends: a unit that is sure and wrong passes almost nothing back unless
    the loss divides by the same a (1 - a), as cross-entropy does.

    References
    ----------
    D. E. Rumelhart, G. E. Hinton and R. J. Williams, "Learning representations by back-propagating errors",
    Nature 323, 1986.
    """

    name = "sigmoid"
    label = "Sigmoid"
    summary = "Squeezes z into a probability between 0 and 1; flat at both ends."
    formula = r"\frac{1}{1 + e^{-z}}"
    unit_input = 40.0
    derivative_formula = r"a\,(1 - a)"
    code = "1 / (1 + np.exp(-{Z}))"
    backward_code = "{dA} * {A} * (1 - {A})"
    log_code = "-np.logaddexp(0, -{Z})"
    log_complement_code = "-np.logaddexp(0, {Z})"
    complement_code = "1 / (1 + np.exp({Z}))"
    log_backward_code = "{ds} * (1 - {A})"
    logs_backward_code = "{ds} * {c} - {dt} * {A}"
    limits = (0.0, 1.0)
    saturates = True
    has_logs = True
    has_finite_logs = True

    def value(self, Z: Array, out: Array | None = None) -> Array:
        return _sigmoid(Z, out)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        out = np.subtract(1.0, A, out=out)
        return np.multiply(out, A, out=out)

    def logs(self, Z: Array, A: Array) -> tuple[Array, Array]:
        # Both start from minus the log of the larger share, log1p(exp(-|z|)); terms of one sign cannot cancel.
        small = np.abs(Z)
        np.negative(small, out=small)
        np.exp(small, out=small)
        np.log1p(small, out=small)
        s = np.minimum(Z, 0.0)
        s -= small
        small += np.maximum(Z, 0.0)
        return s, np.negative(small, out=small)

    def complement(self, Z: Array, A: Array) -> Array:
        out = np.exp(Z)
        out += 1.0
        return np.reciprocal(out, out=out)

    def logs_backward(self, Z: Array, A: Array, ds: Array, dt: Array | None) -> Array:
        C = self.complement(Z, A)
        C *= ds
        return C if dt is None else np.subtract(C, dt * A, out=C)


class Tanh(Activation):
    """The hyperbolic tangent.

    The sigmoid stretched to -1 ... 1: tanh z = 2 sigmoid(2z) - 1. Its outputs are centred on 0 and its slope at
    0 is 1, four times that of the sigmoid, so that hidden tanh layers learn faster; it is just as flat at both
    ends.

    References
    ----------
    Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller, "Efficient BackProp", in Neural Networks: Tricks of the
    Trade, 1998.
    """

    name = "tanh"
    label = "tanh"
    summary = "Squeezes z into -1 to 1; flat at both ends."
    formula = r"\tanh z"
    unit_input = 40.0
    derivative_formula = r"1 - a^{2}"
    code = "np.tanh({Z})"
    backward_code = "{dA} * (1 - {A}**2)"
    limits = (-1.0, 1.0)
    saturates = True

    _MANY = 1500  # from this many numbers on, five quick passes with exp beat numpy's own tanh

    def kernel(self, count: int, dtype: DTypeLike) -> Callable[[Array, Array], object]:
        return np.tanh if count < self._MANY or dtype != np.float64 else self._by_exp

    def value(self, Z: Array, out: Array | None = None) -> Array:
        if math.prod(Z.shape[-2:]) < self._MANY or Z.dtype != np.float64:  # of one network
            return np.tanh(Z, out=out)
        return self._by_exp(Z, out)

    def _by_exp(self, Z: Array, out: Array | None = None) -> Array:
        out = np.multiply(Z, 2.0, out=out)
        np.exp(out, out=out)
        np.add(out, 1.0, out=out)
        np.divide(-2.0, out, out=out)
        return np.add(out, 1.0, out=out)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        out = np.multiply(A, A, out=out)
        return np.subtract(1.0, out, out=out)


class Relu(Activation):
    """The rectified linear unit.

    It passes positive z on with slope 1, however large they are, so that gradients neither shrink nor grow on
    their way through it. For negative z its slope is 0: a unit that is negative for every sample no longer
    gets a gradient and stays as it is.

    References
    ----------
    V. Nair and G. E. Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010; X.
    Glorot, A. Bordes and Y. Bengio, "Deep sparse rectifier neural networks", AISTATS 2011.
    """

    name = "relu"
    label = "ReLU"
    summary = "Keeps what is positive, drops the rest; a unit that is never positive is dead."
    formula = r"\max(0, z)"
    unit_input = 1.0
    derivative_formula = r"\begin{cases} 1 & z > 0 \\ 0 & \text{else} \end{cases}"
    code = "np.maximum(0, {Z})"
    backward_code = "{dA} * ({Z} > 0)"
    limits = (0.0, math.inf)
    dies = True
    kinks = (0.0,)

    def value(self, Z: Array, out: Array | None = None) -> Array:
        return np.maximum(Z, 0.0, out=out)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        if out is None:
            return (Z > 0.0).astype(Z.dtype)
        return np.greater(Z, 0.0, out=out)


class LeakyRelu(Activation):
    """ReLU with a small slope for negative z.

    A hundredth of the gradient still passes where a ReLU would stop it, which is enough for a unit to come
    back. The price is the exact zeros, and so the sparse outputs, of ReLU.

    References
    ----------
    A. L. Maas, A. Y. Hannun and A. Y. Ng, "Rectifier nonlinearities improve neural network acoustic models",
    ICML workshop, 2013.
    """

    name = "leaky_relu"
    label = "Leaky ReLU"
    summary = "ReLU with a slope of 0.01 for negative z, so that no unit dies."
    formula = r"\max(0.01\,z, z)"
    unit_input = 1.0
    derivative_formula = r"\begin{cases} 1 & z > 0 \\ 0.01 & \text{else} \end{cases}"
    code = "np.maximum(0.01 * {Z}, {Z})"
    backward_code = "{dA} * np.where({Z} > 0, 1, 0.01)"
    kinks = (0.0,)
    slope = 0.01

    def value(self, Z: Array, out: Array | None = None) -> Array:
        out = np.multiply(Z, self.slope, out=out)
        return np.maximum(Z, out, out=out)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        D: Array = np.where(Z > 0.0, Z.dtype.type(1.0), Z.dtype.type(self.slope))
        return D if out is None else np.positive(D, out=out)


class Elu(Activation):
    """The exponential linear unit, with alpha 1.

    Like ReLU for positive z; for negative z it bends smoothly towards -1, so that the mean output of a layer comes
    closer to 0 and a negative unit keeps a slope. Far below 0 it is flat on purpose: how absent a feature is
    matters little.

    References
    ----------
    D.-A. Clevert, T. Unterthiner and S. Hochreiter, "Fast and accurate deep network learning by exponential
    linear units (ELUs)", ICLR 2016.
    """

    name = "elu"
    label = "ELU"
    summary = "z where positive, else exp z - 1: smooth, and bounded below by -1."
    formula = r"\begin{cases} z & z \geq 0 \\ e^{z} - 1 & \text{else} \end{cases}"
    unit_input = 1.0
    derivative_formula = r"\begin{cases} 1 & z \geq 0 \\ e^{z} & \text{else} \end{cases}"
    code = "np.maximum({Z}, np.expm1(np.minimum({Z}, 0)))"
    backward_code = "{dA} * np.exp(np.minimum({Z}, 0))"
    limits = (-1.0, math.inf)

    def value(self, Z: Array, out: Array | None = None) -> Array:
        out = np.minimum(Z, 0.0, out=out)
        np.expm1(out, out=out)
        return np.maximum(out, Z, out=out)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        out = np.minimum(Z, 0.0, out=out)
        return np.exp(out, out=out)


class Gelu(Activation):
    """The Gaussian error linear unit, by its tanh approximation.

    z times the probability that a standard normal variable is below z: a ReLU whose gate opens gradually. It is
    smooth, and not monotonic: slightly negative z give the most negative outputs, about -0.17.

    References
    ----------
    D. Hendrycks and K. Gimpel, "Gaussian error linear units (GELUs)", arXiv:1606.08415, 2016.
    """

    name = "gelu"
    label = "GELU"
    summary = "z weighted by how likely a normal variable is below z, by its tanh approximation."
    formula = r"\frac{1}{2}z\,(1 + \tanh(\sqrt{\frac{2}{\pi}}\,(z + 0.044715\,z^{3})))"
    derivative_formula = (
        r"\frac{1}{2}(1 + \tau) + \frac{1}{2}z\,(1 - \tau^{2})\,\sqrt{\frac{2}{\pi}}\,(1 + 0.134145\,z^{2}),\quad "
        r"\tau = \tanh(\sqrt{\frac{2}{\pi}}\,(z + 0.044715\,z^{3}))"
    )
    code = "{Z} / 2 * (1 + {h})"
    backward_code = "{dA} * ((1 + {h}) / 2 + {Z} / 2 * (1 - {h}**2) * np.sqrt(2 / np.pi) * (1 + 0.134145 * {Z}**2))"
    helper, helper_code = "T", "np.tanh(np.sqrt(2 / np.pi) * ({Z} + 0.044715 * {Z}**3))"
    limits = (-0.2, math.inf)
    _SCALE = float(np.sqrt(2.0 / np.pi))
    _CUBIC = 0.044715

    def _tau(self, Z: Array) -> Array:
        return np.tanh(self._SCALE * (Z + self._CUBIC * Z * Z * Z))

    def value(self, Z: Array, out: Array | None = None) -> Array:
        return np.multiply(0.5 * Z, 1.0 + self._tau(Z), out=out)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        tau = self._tau(Z)
        bend = 0.5 * Z * (1.0 - tau * tau) * self._SCALE * (1.0 + 3.0 * self._CUBIC * Z * Z)
        return np.add(0.5 * (1.0 + tau), bend, out=out)

    def line_values(self, Z: Array, A: Array) -> dict[str, Array]:
        return {self.helper: self._tau(Z).swapaxes(-1, -2)}


class Softplus(Activation):
    """A smooth ReLU.

    Its slope is the sigmoid, so it is ReLU with the kink rounded off: always positive, always increasing. As an
    output it suits numbers that must be positive, such as a scale or a rate.

    References
    ----------
    C. Dugas, Y. Bengio, F. Bélisle, C. Nadeau and R. Garcia, "Incorporating second-order functional knowledge
    for better option pricing", NIPS 2000.
    """

    name = "softplus"
    label = "Softplus"
    summary = "log(1 + exp z): a smooth ReLU, always positive."
    formula = r"\log(1 + e^{z})"
    derivative_formula = r"\frac{1}{1 + e^{-z}}"
    code = "np.logaddexp(0, {Z})"
    backward_code = "{dA} / (1 + np.exp(-{Z}))"
    limits = (0.0, math.inf)

    def value(self, Z: Array, out: Array | None = None) -> Array:
        return np.logaddexp(0.0, Z, out=out, dtype=Z.dtype)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        return _sigmoid(Z, out)


class Silu(Activation):
    """The sigmoid-weighted linear unit, also known as swish.

    z times its own sigmoid: like GELU a ReLU with a soft gate, smooth everywhere, with a dip to about -0.28
    below 0.

    References
    ----------
    S. Elfwing, E. Uchibe and K. Doya, "Sigmoid-weighted linear units for neural network function approximation
    in reinforcement learning", Neural Networks 107, 2018.
    """

    name = "silu"
    label = "SiLU"
    summary = "z times its sigmoid: smooth, with a small dip below 0."
    formula = r"\frac{z}{1 + e^{-z}}"
    derivative_formula = r"\sigma\,(1 + z\,(1 - \sigma)),\quad \sigma = \frac{1}{1 + e^{-z}}"
    code = "{Z} * {h}"
    backward_code = "{dA} * {h} * (1 + {Z} * (1 - {h}))"
    helper, helper_code = "S", "1 / (1 + np.exp(-{Z}))"
    limits = (-0.3, math.inf)

    def value(self, Z: Array, out: Array | None = None) -> Array:
        out = _sigmoid(Z, out)
        return np.multiply(out, Z, out=out)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        S = _sigmoid(Z)
        return np.multiply(S, 1.0 + Z * (1.0 - S), out=out)

    def line_values(self, Z: Array, A: Array) -> dict[str, Array]:
        return {self.helper: _sigmoid(Z).swapaxes(-1, -2)}


class Exp(Activation):
    """The exponential: the log link of a generalised linear model.

    The output is a positive rate and z its logarithm: each step in z multiplies the rate. Its slope is a
    itself, which cancels against the a in the derivative of the Poisson loss and leaves a - y.

    References
    ----------
    P. McCullagh and J. A. Nelder, Generalized Linear Models, 2nd edition, 1989, chapter 6.
    """

    name = "exp"
    label = "Exponential"
    summary = "exp z: a rate, always positive; the usual output of Poisson regression."
    formula = "e^{z}"
    unit_input = 0.0
    derivative_formula = "a"
    code = "np.exp({Z})"
    backward_code = "{dA} * {A}"
    log_code = "{Z}"
    log_complement_code = "np.log(-np.expm1({Z}))"
    complement_code = "-np.expm1({Z})"
    log_backward_code = "{ds}"
    logs_backward_code = "{ds} + times({dt}, {A} / np.expm1({Z}))"
    above_one_code = "{Z} > 0"
    limits = (0.0, math.inf)
    has_logs = True

    def value(self, Z: Array, out: Array | None = None) -> Array:
        return np.exp(Z, out=out)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        return np.positive(A, out=out)

    def log(self, Z: Array, A: Array) -> Array:
        return Z

    def logs(self, Z: Array, A: Array) -> tuple[Array, Array]:
        # log1p keeps a small a, which 1 - a would round away; expm1 keeps a small 1 - a.
        return Z, np.where(A < 0.5, np.log1p(-A), np.log(self.complement(Z, A)))

    def complement(self, Z: Array, A: Array) -> Array:
        complement: Array = -np.expm1(Z)
        return complement

    def logs_backward(self, Z: Array, A: Array, ds: Array, dt: Array | None) -> Array:
        if dt is None:
            return np.array(np.broadcast_to(ds, Z.shape))
        # Where the loss does not depend on t, 1 - a = 0 must not give 0/0.
        dZ: Array = ds + np.where(dt == 0.0, 0.0, dt * A / np.expm1(Z))
        return dZ


class Softmax(Activation):
    """Probabilities of several classes that exclude each other.

    Each unit gets its share of the sum of all exponentials, so that only differences of z count and raising one
    unit lowers all others. Its derivative is a whole matrix, a_k ((1 if k = j else 0) - a_j). With
    categorical cross-entropy this matrix collapses, and a - y is left.

    References
    ----------
    J. S. Bridle, "Probabilistic interpretation of feedforward classification network outputs, with
    relationships to statistical pattern recognition", in Neurocomputing, 1990.
    """

    name = "softmax"
    label = "Softmax"
    summary = "Shares of 1 among the units of a layer: one probability per class."
    formula = r"\frac{e^{z_{j}}}{\sum_{k} e^{z_{k}}}"
    derivative_formula = r"\frac{\partial a_{k}}{\partial z_{j}} = a_{k}\,(\delta_{kj} - a_{j})"
    code = "{h} / {h}.sum(axis=0)"
    backward_code = "{A} * ({dA} - ({dA} * {A}).sum(axis=0))"
    helper, helper_code = "E", "np.exp({Z} - {Z}.max(axis=0))"
    log_code = "{Z} - np.logaddexp.reduce({Z}, axis=0)"
    # From the other units' shares: 1 - a itself may round to 0.
    log_complement_code = "np.stack([np.logaddexp.reduce(np.delete({s}, k, 0)) for k in range({n_out})])"
    complement_code = "np.exp({t})"
    log_backward_code = "{ds} - {A} * {ds}.sum(axis=0)"
    logs_backward_code = "{ds} - {A} * {ds}.sum(axis=0) + (pull * {dt}).sum(axis=1)"
    logs_backward_lines = (
        ("pull", "np.exp({s}[:, None] + ({s} - {t})[None])", "a_j a_k / (1 - a_k): ({n_out}, {n_out}, {m})"),
        ("pull[range({n_out}), range({n_out})]", "-{A}", "j = k"),
    )
    limits = (0.0, 1.0)
    saturates = True
    sums_to_one = True
    has_logs = True
    elementwise = False

    def value(self, Z: Array, out: Array | None = None) -> Array:
        out = np.subtract(Z, np.maximum.reduce(Z, axis=-1, keepdims=True), out=out)
        np.exp(out, out=out)
        return np.divide(out, np.add.reduce(out, axis=-1, keepdims=True), out=out)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        """Return the diagonal of the Jacobian, a (1 - a); `backward` uses all of it."""
        out = np.subtract(1.0, A, out=out)
        return np.multiply(out, A, out=out)

    def backward(self, Z: Array, A: Array, dA: Array, out: Array | None = None) -> Array:
        inner = np.add.reduce(dA * A, axis=-1, keepdims=True)
        out = np.subtract(dA, inner, out=out)
        return np.multiply(out, A, out=out)

    def log(self, Z: Array, A: Array) -> Array:
        # The largest z is taken out of the sum; log1p then keeps the other terms, however small.
        s: Array = Z - np.maximum.reduce(Z, axis=-1, keepdims=True)
        E = np.exp(s)
        np.put_along_axis(E, np.argmax(Z, axis=-1, keepdims=True), 0.0, axis=-1)
        s -= np.log1p(np.add.reduce(E, axis=-1, keepdims=True))
        return s

    def logs(self, Z: Array, A: Array) -> tuple[Array, Array]:
        s = self.log(Z, A)
        if Z.shape[-1] == 1:
            return s, np.full_like(Z, -np.inf)  # a single unit is always 1: log(1 - 1)
        top = np.argmax(Z, axis=-1, keepdims=True)
        # Only the top unit can exceed one half: the others are summed in logs; for them, log1p is exact.
        others = s.copy()
        np.put_along_axis(others, top, -np.inf, axis=-1)
        high = np.maximum.reduce(others, axis=-1, keepdims=True)
        log_others = high + np.log(np.add.reduce(np.exp(others - high), axis=-1, keepdims=True))
        return s, np.where(A > 0.5, log_others, np.log1p(-A))

    def complement(self, Z: Array, A: Array) -> Array:
        complement: Array = np.matmul(A, _others(Z.shape[-1], Z.dtype))
        return complement

    def logs_backward(self, Z: Array, A: Array, ds: Array, dt: Array | None) -> Array:
        if Z.shape[-1] == 1:
            return np.zeros_like(Z)  # the only share is always 1, whatever z
        dZ: Array = ds * self.complement(Z, A) - A * np.matmul(ds, _others(Z.shape[-1], Z.dtype))
        if dt is None:
            return dZ
        s, t = self.logs(Z, A)
        # dt_k / dz_j is -a_k for j = k, else a_j a_k / (1 - a_k): in logs, since 1 - a_k may round to 0.
        pull = np.exp(s[..., :, None] + (s - t)[..., None, :])  # [..., j, k]
        units = np.arange(s.shape[-1])
        pull[..., units, units] = -A
        dZ += np.matmul(pull, dt[..., None])[..., 0]
        return dZ

    def line_values(self, Z: Array, A: Array) -> dict[str, Array]:
        E = np.exp(Z - np.maximum.reduce(Z, axis=-1, keepdims=True))
        s, t = self.logs(Z, A)
        pull = np.exp(s[..., :, None] + (s - t)[..., None, :])
        units = np.arange(s.shape[-1])
        pull[..., units, units] = -A
        return {self.helper: E.swapaxes(-1, -2), "pull": np.moveaxis(pull, -3, -1)}


ACTIVATIONS: dict[str, type[Activation]] = {
    kind.name: kind for kind in (Linear, Sigmoid, Tanh, Relu, LeakyRelu, Elu, Gelu, Softplus, Silu, Exp, Softmax)
}
