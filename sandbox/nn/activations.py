"""Activations: g, its derivative, and for those that end in a probability or a rate, log g and log(1 - g).

All arrays have shape (..., m, n): samples are rows, units are columns, and any leading axes are networks
that are computed side by side. `dA` and `dZ` are derivatives of the same number by A and by Z.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]  # float64 or float32


def _sigmoid(Z: Array, out: Array | None = None) -> Array:
    """1 / (1 + exp(-z)), with full relative precision however small it gets."""
    out = np.negative(Z, out=out)
    np.exp(out, out=out)
    np.add(out, 1.0, out=out)
    return np.reciprocal(out, out=out)


@lru_cache(maxsize=32)
def _others(units: int, dtype: np.dtype[Any]) -> Array:
    """1 but on the diagonal: P @ this is, at each unit, the sum of the others, with nothing cancelled."""
    matrix: Array = np.ones((units, units), dtype) - np.eye(units, dtype=dtype)
    matrix.setflags(write=False)
    return matrix


class Activation:
    """g, applied to the pre-activations Z of one layer.

    A subclass gives `value` and `derivative`; one whose output is not elementwise gives `backward` as well.

    Attributes
    ----------
    name, label, summary : str
        Registry key, what people call it, and one sentence about it.
    formula, derivative_formula : str
        g(z) and g'(z) in LaTeX; what is abbreviated in it follows after ",\\quad ".
    has_logs : bool
        Whether `logs` and `rest` give log A, log(1 - A) and 1 - A from Z, where A may have rounded to 0 or 1.
    has_finite_logs : bool
        Whether both logs are finite wherever z is.
    elementwise : bool
        Whether each a depends on its own z alone.
    one : float or None
        A z at which a is exactly 1, in either precision; None where there is none.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    summary: ClassVar[str]
    formula: ClassVar[str]
    derivative_formula: ClassVar[str]
    has_logs: ClassVar[bool] = False
    has_finite_logs: ClassVar[bool] = False
    elementwise: ClassVar[bool] = True
    one: ClassVar[float | None] = None

    def kernel(self, count: int, dtype: DTypeLike) -> Callable[[Array, Array], object]:
        """Return the function of (Z, out) that `value` takes for `count` numbers of one network.

        Given once for all, it is the same for networks side by side, whose numbers stand in one array.
        """
        return self.value

    def value(self, Z: Array, out: Array | None = None) -> Array:
        """Return A = g(Z), in `out` where given (shape of Z; never Z itself)."""
        raise NotImplementedError

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        """Return g'(Z), the shape of Z, in `out` where given."""
        raise NotImplementedError

    def backward(self, Z: Array, A: Array, dA: Array, out: Array | None = None) -> Array:
        """Return dZ = dA * g'(Z), in `out` where given (never dA itself)."""
        D = self.derivative(Z, A, out=out)
        return np.multiply(dA, D, out=D)

    def log(self, Z: Array, A: Array) -> Array:
        """Return s = log A, from Z: exact where A rounds to 0 or 1, and finite wherever z is."""
        return self.logs(Z, A)[0]

    def logs(self, Z: Array, A: Array) -> tuple[Array, Array]:
        """Return s = log A and t = log(1 - A), from Z: exact where A rounds to 0 or 1."""
        raise NotImplementedError

    def rest(self, Z: Array, A: Array) -> Array:
        """Return 1 - A, from Z: exact where A rounds to 1."""
        raise NotImplementedError

    def logs_backward(self, Z: Array, A: Array, ds: Array, dt: Array | None) -> Array:
        """Return dZ for a loss with the derivatives `ds` by s and `dt` by t, None where it has no t."""
        raise NotImplementedError


class Linear(Activation):
    name = "linear"
    label = "Linear"
    summary = "Passes z on unchanged."
    formula = "z"
    one = 1.0
    derivative_formula = "1"

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
    name = "sigmoid"
    label = "Sigmoid"
    summary = "Squeezes z into a probability between 0 and 1; flat at both ends."
    formula = r"\frac{1}{1 + e^{-z}}"
    one = 40.0
    derivative_formula = r"a\,(1 - a)"
    has_logs = True
    has_finite_logs = True

    def value(self, Z: Array, out: Array | None = None) -> Array:
        return _sigmoid(Z, out)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        out = np.subtract(1.0, A, out=out)
        return np.multiply(out, A, out=out)

    def logs(self, Z: Array, A: Array) -> tuple[Array, Array]:
        # Both start from the log of the larger share, log1p(exp(-|z|)); z is only ever added to its like.
        small = np.abs(Z)
        np.negative(small, out=small)
        np.exp(small, out=small)
        np.log1p(small, out=small)
        s = np.minimum(Z, 0.0)
        s -= small
        small += np.maximum(Z, 0.0)
        return s, np.negative(small, out=small)

    def rest(self, Z: Array, A: Array) -> Array:
        out = np.exp(Z)
        out += 1.0
        return np.reciprocal(out, out=out)

    def logs_backward(self, Z: Array, A: Array, ds: Array, dt: Array | None) -> Array:
        C = self.rest(Z, A)
        C *= ds
        return C if dt is None else np.subtract(C, dt * A, out=C)


class Tanh(Activation):
    name = "tanh"
    label = "tanh"
    summary = "Squeezes z into -1 to 1; flat at both ends."
    formula = r"\tanh z"
    one = 40.0
    derivative_formula = r"1 - a^{2}"

    _MANY = 1500  # from so many numbers on, the form in exp, five quick passes, beats numpy's own tanh

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
    name = "relu"
    label = "ReLU"
    summary = "Keeps what is positive, drops the rest; a unit that is never positive is dead."
    formula = r"\max(0, z)"
    one = 1.0
    derivative_formula = r"\begin{cases} 1 & z > 0 \\ 0 & \text{else} \end{cases}"

    def value(self, Z: Array, out: Array | None = None) -> Array:
        return np.maximum(Z, 0.0, out=out)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        if out is None:
            return (Z > 0.0).astype(Z.dtype)
        return np.greater(Z, 0.0, out=out)


class LeakyRelu(Activation):
    name = "leaky_relu"
    label = "Leaky ReLU"
    summary = "ReLU with a slope of 0.01 for negative z, so that no unit dies."
    formula = r"\max(0.01\,z, z)"
    one = 1.0
    derivative_formula = r"\begin{cases} 1 & z > 0 \\ 0.01 & \text{else} \end{cases}"
    slope = 0.01

    def value(self, Z: Array, out: Array | None = None) -> Array:
        out = np.multiply(Z, self.slope, out=out)
        return np.maximum(Z, out, out=out)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        D: Array = np.where(Z > 0.0, Z.dtype.type(1.0), Z.dtype.type(self.slope))
        return D if out is None else np.positive(D, out=out)


class Elu(Activation):
    name = "elu"
    label = "ELU"
    summary = "z where positive, else exp z - 1: smooth, and bounded below by -1."
    formula = r"\begin{cases} z & z \geq 0 \\ e^{z} - 1 & \text{else} \end{cases}"
    one = 1.0
    derivative_formula = r"\begin{cases} 1 & z \geq 0 \\ e^{z} & \text{else} \end{cases}"

    def value(self, Z: Array, out: Array | None = None) -> Array:
        out = np.minimum(Z, 0.0, out=out)
        np.expm1(out, out=out)
        return np.maximum(out, Z, out=out)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        out = np.minimum(Z, 0.0, out=out)
        return np.exp(out, out=out)


class Gelu(Activation):
    name = "gelu"
    label = "GELU"
    summary = "z weighted by how likely a normal variable is below z, by its tanh approximation."
    formula = r"\frac{1}{2}z\,(1 + \tanh(\sqrt{\frac{2}{\pi}}\,(z + 0.044715\,z^{3})))"
    derivative_formula = (
        r"\frac{1}{2}(1 + \tau) + \frac{1}{2}z\,(1 - \tau^{2})\,\sqrt{\frac{2}{\pi}}\,(1 + 0.134145\,z^{2}),\quad "
        r"\tau = \tanh(\sqrt{\frac{2}{\pi}}\,(z + 0.044715\,z^{3}))"
    )
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


class Softplus(Activation):
    name = "softplus"
    label = "Softplus"
    summary = "log(1 + exp z): a smooth ReLU, always positive."
    formula = r"\log(1 + e^{z})"
    derivative_formula = r"\frac{1}{1 + e^{-z}}"

    def value(self, Z: Array, out: Array | None = None) -> Array:
        return np.logaddexp(0.0, Z, out=out, dtype=Z.dtype)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        return _sigmoid(Z, out)


class Silu(Activation):
    name = "silu"
    label = "SiLU"
    summary = "z times its sigmoid: smooth, with a small dip below 0."
    formula = r"\frac{z}{1 + e^{-z}}"
    derivative_formula = r"\sigma\,(1 + z\,(1 - \sigma)),\quad \sigma = \frac{1}{1 + e^{-z}}"

    def value(self, Z: Array, out: Array | None = None) -> Array:
        out = _sigmoid(Z, out)
        return np.multiply(out, Z, out=out)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        S = _sigmoid(Z)
        return np.multiply(S, 1.0 + Z * (1.0 - S), out=out)


class Exp(Activation):
    name = "exp"
    label = "Exponential"
    summary = "exp z: a rate, always positive; the output that Poisson regression asks for."
    formula = "e^{z}"
    one = 0.0
    derivative_formula = "a"
    has_logs = True

    def value(self, Z: Array, out: Array | None = None) -> Array:
        return np.exp(Z, out=out)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        return np.positive(A, out=out)

    def log(self, Z: Array, A: Array) -> Array:
        return Z

    def logs(self, Z: Array, A: Array) -> tuple[Array, Array]:
        # log1p keeps a small a, which 1 - a would round away; expm1 keeps a small 1 - a.
        return Z, np.where(A < 0.5, np.log1p(-A), np.log(self.rest(Z, A)))

    def rest(self, Z: Array, A: Array) -> Array:
        rest: Array = -np.expm1(Z)
        return rest

    def logs_backward(self, Z: Array, A: Array, ds: Array, dt: Array | None) -> Array:
        if dt is None:
            return np.array(np.broadcast_to(ds, Z.shape))
        # Where the loss does not feel t at all, 1 - a = 0 must not turn nothing into 0/0.
        dZ: Array = ds + np.where(dt == 0.0, 0.0, dt * A / np.expm1(Z))
        return dZ


class Softmax(Activation):
    name = "softmax"
    label = "Softmax"
    summary = "Shares of 1 among the units of a layer: one probability per class."
    formula = r"\frac{e^{z_{j}}}{\sum_{k} e^{z_{k}}}"
    derivative_formula = r"\frac{\partial a_{k}}{\partial z_{j}} = a_{k}\,(\delta_{kj} - a_{j})"
    has_logs = True
    elementwise = False

    def value(self, Z: Array, out: Array | None = None) -> Array:
        out = np.subtract(Z, np.maximum.reduce(Z, axis=-1, keepdims=True), out=out)
        np.exp(out, out=out)
        return np.divide(out, np.add.reduce(out, axis=-1, keepdims=True), out=out)

    def derivative(self, Z: Array, A: Array, out: Array | None = None) -> Array:
        """Return the diagonal of the Jacobian, a (1 - a); `backward` goes through all of it."""
        out = np.subtract(1.0, A, out=out)
        return np.multiply(out, A, out=out)

    def backward(self, Z: Array, A: Array, dA: Array, out: Array | None = None) -> Array:
        along = np.add.reduce(dA * A, axis=-1, keepdims=True)
        out = np.subtract(dA, along, out=out)
        return np.multiply(out, A, out=out)

    def log(self, Z: Array, A: Array) -> Array:
        # The largest z is taken out of the sum, whose rest log1p then keeps however small it is.
        s: Array = Z - np.maximum.reduce(Z, axis=-1, keepdims=True)
        E = np.exp(s)
        np.put_along_axis(E, np.argmax(Z, axis=-1, keepdims=True), 0.0, axis=-1)
        s -= np.log1p(np.add.reduce(E, axis=-1, keepdims=True))
        return s

    def logs(self, Z: Array, A: Array) -> tuple[Array, Array]:
        s = self.log(Z, A)
        if Z.shape[-1] == 1:
            return s, np.full_like(Z, -np.inf)  # a single unit has nothing beside it: log(1 - 1)
        top = np.argmax(Z, axis=-1, keepdims=True)
        # Only the top unit can have more than half: its rest is summed in logs; for others, log1p is exact.
        others = s.copy()
        np.put_along_axis(others, top, -np.inf, axis=-1)
        high = np.maximum.reduce(others, axis=-1, keepdims=True)
        rest = high + np.log(np.add.reduce(np.exp(others - high), axis=-1, keepdims=True))
        return s, np.where(A > 0.5, rest, np.log1p(-A))

    def rest(self, Z: Array, A: Array) -> Array:
        rest: Array = np.matmul(A, _others(Z.shape[-1], Z.dtype))
        return rest

    def logs_backward(self, Z: Array, A: Array, ds: Array, dt: Array | None) -> Array:
        if Z.shape[-1] == 1:
            return np.zeros_like(Z)  # the only share is always 1, whatever z
        dZ: Array = ds * self.rest(Z, A) - A * np.matmul(ds, _others(Z.shape[-1], Z.dtype))
        if dt is None:
            return dZ
        s, t = self.logs(Z, A)
        # dt_k / dz_j is -a_k for j = k, else a_j a_k / (1 - a_k): in logs, since 1 - a_k may round to 0.
        pull = np.exp(s[..., :, None] + (s - t)[..., None, :])  # [..., j, k]
        units = np.arange(s.shape[-1])
        pull[..., units, units] = -A
        dZ += np.matmul(pull, dt[..., None])[..., 0]
        return dZ


ACTIVATIONS: dict[str, type[Activation]] = {
    kind.name: kind for kind in (Linear, Sigmoid, Tanh, Relu, LeakyRelu, Elu, Gelu, Softplus, Silu, Exp, Softmax)
}
