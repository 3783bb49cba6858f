"""Losses: what one sample costs, how that changes with the output, and the forms that stay exact.

A loss is a small class that owns all of it, so that swapping the class is swapping the equations. Arrays have
shape (..., m, n_out): samples are rows, output units are columns, leading axes are networks side by side.

The losses that take log a or log(1 - a) are written once in s = log a and t = log(1 - a), beside a and
c = 1 - a. Three ways of getting those four numbers are the three `numerics`:

fused
    from the pre-activations wherever the output activation knows them (sigmoid, softmax, exp), so that
    nothing is lost where a rounds to 0 or 1; elsewhere from a, with 0 log 0 = 0.
clamped
    from a clipped to [1e-7, 1 - 1e-7], as common libraries do; the gradient is 0 where it was clipped.
naive
    from a, to the letter: it meets log 0 and 0 log 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sandbox.nn.activations import ACTIVATIONS, Activation
from sandbox.nn.parameters import Parameter

Array = NDArray[Any]
Product = Callable[[Array, Array], Array]

NUMERICS: dict[str, str] = {
    "fused": "Logarithms are taken from the pre-activations where that is possible: exact everywhere.",
    "clamped": "Outputs are kept 1e-7 away from 0 and 1 for the logarithm; where clipped, no gradient flows.",
    "naive": "The formula to the letter: it meets log 0.",
}
REDUCTIONS: dict[str, str] = {
    "mean": "The losses are averaged over the samples of the batch.",
    "sum": "The losses are added up, so that a larger batch takes larger steps.",
    "element_mean": "The losses are averaged over samples and output units.",
}
CLAMP = 1e-7


def reduction_factor(reduction: str, samples: int, outputs: int) -> float:
    """Return what the summed losses are multiplied by: 1/m, 1 or 1/(m n_out)."""
    if reduction == "mean":
        return 1.0 / samples
    return 1.0 if reduction == "sum" else 1.0 / (samples * outputs)


def zero_product(factor: Array, logarithm: Array) -> Array:
    """Return factor * logarithm, and 0 where the factor is 0 whatever the logarithm: 0 log 0 = 0."""
    product = np.zeros_like(logarithm)
    return np.multiply(factor, logarithm, out=product, where=factor != 0.0)


class Loss:
    """The loss of one sample, summed over its output units.

    A subclass gives `values` and `dA`, both elementwise.

    Attributes
    ----------
    name, label, summary : str
        Registry key, what people call it, and one sentence about it.
    parameters : tuple of Parameter
    formula, derivative_formula : str
        The loss of one output unit and its derivative by a, in LaTeX; r is a - y, parameters stand by their symbols.
    target_formula : str
        What takes the place of y where `smooths` says so, in LaTeX; K is the number of output units.
    plus_minus_one : bool
        Whether its targets are -1 and +1 rather than 0 and 1.
    has_logs : bool
        Whether it takes log a or log(1 - a).
    """

    name: ClassVar[str]
    label: ClassVar[str]
    summary: ClassVar[str]
    formula: ClassVar[str]
    derivative_formula: ClassVar[str]
    target_formula: ClassVar[str] = ""
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    plus_minus_one: ClassVar[bool] = False
    has_logs: ClassVar[bool] = False

    def __init__(self, **parameters: float) -> None:
        known = {parameter.name: parameter.default for parameter in self.parameters}
        unknown = sorted(set(parameters) - set(known))
        if unknown:
            raise TypeError(f"{self.name} has no parameter {unknown[0]!r}; it has {sorted(known) or 'none'}")
        for name, value in {**known, **parameters}.items():
            setattr(self, name, float(value))

    @property
    def smooths(self) -> bool:
        """Whether targets are drawn towards an even spread."""
        return False

    def formulas(self) -> tuple[str, str]:
        """Return `formula` and `derivative_formula` as these parameters make them; symbols stand for numbers."""
        return self.formula, self.derivative_formula

    def collapsed(self, activation: str, one_hot: bool) -> tuple[str, str] | None:
        """Return dL/dA times the output activation's derivative: with what cancels struck out, and what is left.

        Both in LaTeX, in a and y; None where nothing cancels. With `one_hot`, the targets of a sample sum to 1.
        """
        return None

    def values(self, A: Array, Y: Array) -> Array:
        """Return the loss of each element, the shape of A."""
        raise NotImplementedError

    def dA(self, A: Array, Y: Array) -> Array:
        """Return the derivative of each element's loss by its own a, the shape of A."""
        raise NotImplementedError

    def elements(self, Z: Array, A: Array, Y: Array, activation: Activation, numerics: str) -> Array:
        """Return the loss of each element, given the last layer's Z and A = g(Z)."""
        return self.values(A, Y)

    def dZ(self, Z: Array, A: Array, Y: Array, activation: Activation, numerics: str) -> Array:
        """Return dZ (..., m, n_out): the derivative of each sample's loss by its own z."""
        return activation.backward(Z, A, self.dA(A, Y))

    def value_and_delta(
        self, Z: Array, Y: Array, activation: str = "linear", numerics: str = "fused"
    ) -> tuple[Array, Array]:
        """Return the loss of each sample and its derivative by the pre-activations.

        Parameters
        ----------
        Z, Y : array (m, n_out)
            Pre-activations and targets of the output layer.
        activation : str
            Registry name of the output activation.
        numerics : str
            "fused", "clamped" or "naive".

        Returns
        -------
        values : array (m,)
            The loss of each sample, summed over the output units.
        dZ : array (m, n_out)
            The derivative of each sample's loss by its own Z.
        """
        if numerics not in NUMERICS:
            raise ValueError(f"numerics is {numerics!r}; it can be {', '.join(NUMERICS)}")
        Z = np.asarray(Z)
        if not np.issubdtype(Z.dtype, np.floating):
            Z = Z.astype(np.float64)
        Y = np.asarray(Y, dtype=Z.dtype)
        if Z.shape != Y.shape:
            raise ValueError(f"Z has shape {Z.shape}, Y has shape {Y.shape}; they must be the same")
        g = ACTIVATIONS[activation]()
        with np.errstate(all="ignore"):
            A = g.value(Z)
            elements = self.elements(Z, A, Y, g, numerics)
            return np.add.reduce(elements, axis=-1), self.dZ(Z, A, Y, g, numerics)


class LogLoss(Loss):
    """A loss in s = log a, t = log(1 - a), a and c = 1 - a.

    A subclass gives `of_logs` and `by_logs`. Products with a logarithm go through `product`, which knows
    whether 0 log 0 is 0 (fused) or no number (naive).
    """

    has_logs = True
    has_rest: ClassVar[bool] = True  # whether it looks at t
    has_target_logs: ClassVar[bool] = False  # whether it takes log y, which may be log 0
    has_powers: ClassVar[bool] = False  # whether it looks at c at all, and `by_logs` at s and t

    def of_logs(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> Array:
        """Return the loss of each element."""
        raise NotImplementedError

    def by_logs(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> tuple[Array, Array | None]:
        """Return the derivatives by s and by t, with a = exp s and c = exp t; None where t does not occur."""
        raise NotImplementedError

    def values(self, A: Array, Y: Array) -> Array:
        c = 1.0 - A
        return self.of_logs(np.log(A), np.log(c), A, c, Y, zero_product)

    def dA(self, A: Array, Y: Array) -> Array:
        c = 1.0 - A
        return self._dA(np.log(A), np.log(c), A, c, Y, zero_product)

    def elements(self, Z: Array, A: Array, Y: Array, activation: Activation, numerics: str) -> Array:
        if numerics == "fused" and activation.has_logs:
            s, t = activation.logs(Z, A) if self.has_rest else (activation.log(Z, A), A)
            # Where both logs are finite, or the only one that is looked at, 0 times it is 0 without further care.
            finite = (activation.has_finite_logs or not self.has_rest) and not self.has_target_logs
            product = np.multiply if finite else zero_product
            return self.of_logs(s, t, A, activation.rest(Z, A) if self.has_powers else A, Y, product)
        if numerics == "clamped":
            A = np.clip(A, CLAMP, 1.0 - CLAMP)
        c = 1.0 - A
        product = np.multiply if numerics == "naive" else zero_product
        return self.of_logs(np.log(A), np.log(c), A, c, Y, product)

    def dZ(self, Z: Array, A: Array, Y: Array, activation: Activation, numerics: str) -> Array:
        if numerics == "fused" and activation.has_logs:
            s = t = c = A
            if self.has_powers or activation.name == "exp":
                s, t, c = *activation.logs(Z, A), activation.rest(Z, A)
            dZ = activation.logs_backward(Z, A, *self.by_logs(s, t, A, c, Y, zero_product))
            # Of the three, exp alone can leave the logarithm's domain: it may be above 1.
            return self._outside_nan(dZ, s, t, A, c, Y) if activation.name == "exp" else dZ
        if numerics == "clamped":
            a = np.clip(A, CLAMP, 1.0 - CLAMP)
            c = 1.0 - a
            dA = self._dA(np.log(a), np.log(c), a, c, Y, zero_product)
            dA[(A < CLAMP) | (A > 1.0 - CLAMP)] = 0.0
            return activation.backward(Z, A, dA)
        c = 1.0 - A
        product = np.multiply if numerics == "naive" else zero_product
        return activation.backward(Z, A, self._dA(np.log(A), np.log(c), A, c, Y, product))

    def _dA(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> Array:
        ds, dt = self.by_logs(s, t, a, c, Y, product)
        dA = product(ds, 1.0 / a)
        if dt is not None:
            dA = dA - product(dt, 1.0 / c)
        return self._outside_nan(dA, s, t, a, c, Y)

    def _outside_nan(self, derivative: Array, s: Array, t: Array, a: Array, c: Array, Y: Array) -> Array:
        """Mark where the loss is the log of a negative number: 1/a would pretend that it has a slope."""
        outside = (a < 0.0) | (c < 0.0)
        if outside.any():
            derivative[outside & np.isnan(self.of_logs(s, t, a, c, Y, zero_product))] = np.nan
        return derivative


class Mse(Loss):
    name = "mse"
    label = "Mean squared error"
    summary = "The square of the residual; through a sigmoid, almost nothing comes back of a confident mistake."
    formula = r"(a - y)^2"
    derivative_formula = r"2\,(a - y)"

    def values(self, A: Array, Y: Array) -> Array:
        R: Array = A - Y
        return np.multiply(R, R, out=R)

    def dA(self, A: Array, Y: Array) -> Array:
        R: Array = A - Y
        return np.multiply(R, 2.0, out=R)


class HalfMse(Loss):
    name = "half_mse"
    label = "Half squared error"
    summary = "Half the square of the residual, so that its derivative is the residual itself."
    formula = r"\tfrac{1}{2}(a - y)^2"
    derivative_formula = r"a - y"

    def values(self, A: Array, Y: Array) -> Array:
        R: Array = A - Y
        return 0.5 * R * R

    def dA(self, A: Array, Y: Array) -> Array:
        return np.subtract(A, Y)


class Mae(Loss):
    name = "mae"
    label = "Mean absolute error"
    summary = "The size of the residual: an outlier pulls no harder than any other sample."
    formula = r"\left|a - y\right|"
    derivative_formula = r"\mathrm{sign}(a - y)"

    def values(self, A: Array, Y: Array) -> Array:
        return np.abs(np.subtract(A, Y))

    def dA(self, A: Array, Y: Array) -> Array:
        return np.sign(np.subtract(A, Y))


class Huber(Loss):
    name = "huber"
    label = "Huber"
    summary = "Squared for small residuals, absolute beyond delta: smooth near 0, calm about outliers."
    formula = (
        r"\begin{cases} \tfrac{1}{2}r^2 & \left|r\right| \leq \delta \\"
        r" \delta\,(\left|r\right| - \tfrac{1}{2}\delta) & \text{else} \end{cases}"
    )
    derivative_formula = r"\max(-\delta, \min(r, \delta))"
    parameters = (
        Parameter(
            "delta", 1.0, 0.0, 1e6, "Residuals beyond this count by their size only.", "Delta", above=True,
            symbol=r"\delta",
        ),
    )  # fmt: skip
    delta: float

    def values(self, A: Array, Y: Array) -> Array:
        size: Array = np.abs(A - Y)
        return np.where(size <= self.delta, 0.5 * size * size, self.delta * (size - 0.5 * self.delta))

    def dA(self, A: Array, Y: Array) -> Array:
        return np.clip(np.subtract(A, Y), -self.delta, self.delta)


class LogCosh(Loss):
    name = "log_cosh"
    label = "Log-cosh"
    summary = "Like half the squared error near 0, like the absolute error far out, smooth throughout."
    formula = r"\log\cosh(a - y)"
    derivative_formula = r"\tanh(a - y)"

    def values(self, A: Array, Y: Array) -> Array:
        size: Array = np.abs(A - Y)
        # For small residuals log cosh r = log1p(2 sinh(r/2)^2); the other form would cancel them away.
        small = np.minimum(size, 1.0)
        near = np.log1p(2.0 * np.sinh(0.5 * small) ** 2)
        far = size + np.log1p(np.exp(-2.0 * size)) - float(np.log(2.0))
        return np.where(size < 1.0, near, far)

    def dA(self, A: Array, Y: Array) -> Array:
        return np.tanh(np.subtract(A, Y))


class Quantile(Loss):
    name = "quantile"
    label = "Quantile"
    summary = "Too low costs q, too high 1 - q for each unit of residual: learns the q-quantile, not the mean."
    formula = r"\max(q\,(y - a), (q - 1)\,(y - a))"
    derivative_formula = r"\begin{cases} -q & a < y \\ 1 - q & a > y \\ 0 & \text{else} \end{cases}"
    parameters = (
        Parameter(
            "quantile", 0.9, 0.0, 1.0, "The share of targets that should lie below the output.", "Quantile",
            above=True, below=True, symbol="q",
        ),
    )  # fmt: skip
    quantile: float

    def values(self, A: Array, Y: Array) -> Array:
        short = Y - A
        return np.maximum(self.quantile * short, (self.quantile - 1.0) * short)

    def dA(self, A: Array, Y: Array) -> Array:
        R = A - Y
        slope = np.where(R > 0.0, 1.0 - self.quantile, np.where(R < 0.0, -self.quantile, 0.0 * R))
        return slope.astype(R.dtype, copy=False)


_SMOOTHING = Parameter(
    "label_smoothing", 0.0, 0.0, 1.0, "How far targets are drawn from 0 and 1 towards an even spread.",
    "Label smoothing", below=True, symbol=r"\varepsilon",
)  # fmt: skip


class BinaryCrossEntropy(LogLoss):
    name = "binary_cross_entropy"
    label = "Binary cross-entropy"
    summary = "Minus the log of the probability given to what happened; with a sigmoid the full residual goes back."
    formula = r"-w\,y\log a - (1 - y)\log(1 - a)"
    derivative_formula = r"-\frac{w\,y}{a} + \frac{1 - y}{1 - a}"
    target_formula = r"(1 - \varepsilon)\,y + \tfrac{1}{2}\varepsilon"
    parameters = (
        Parameter(
            "positive_weight", 1.0, 0.0, 1e6, "How much more class 1 counts than class 0.", "Positive weight",
            above=True, symbol="w",
        ),
        _SMOOTHING,
    )  # fmt: skip
    positive_weight: float
    label_smoothing: float

    @property
    def smooths(self) -> bool:
        return self.label_smoothing > 0.0

    def formulas(self) -> tuple[str, str]:
        formula, derivative = super().formulas()
        if self.positive_weight == 1.0:
            return formula.replace(r"w\,", ""), derivative.replace(r"w\,", "")
        return formula, derivative

    def collapsed(self, activation: str, one_hot: bool) -> tuple[str, str] | None:
        if activation != "sigmoid":
            return None
        if self.positive_weight == 1.0:
            return r"\frac{a - y}{\cancel{a\,(1 - a)}} \odot \cancel{a\,(1 - a)}", "a - y"
        return (
            r"-\frac{w\,y}{\cancel{a}} \odot \cancel{a}\,(1 - a)"
            r" + \frac{1 - y}{\cancel{1 - a}} \odot a\,\cancel{(1 - a)}",
            r"(1 - y)\,a - w\,y\,(1 - a)",
        )

    def _targets(self, Y: Array) -> Array:
        e = self.label_smoothing
        return (1.0 - e) * Y + 0.5 * e if e else Y

    def of_logs(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> Array:
        y = self._targets(Y)
        return -product(self.positive_weight * y, s) - product(1.0 - y, t)

    def by_logs(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> tuple[Array, Array | None]:
        y = self._targets(Y)
        return -self.positive_weight * y, y - 1.0


def _collapsed_share(activation: str, one_hot: bool) -> tuple[str, str] | None:
    """Return what is left of -y/a behind an output activation, as `Loss.collapsed` does."""
    return {
        "sigmoid": (r"-\frac{y}{\cancel{a}} \odot \cancel{a}\,(1 - a)", r"-y\,(1 - a)"),
        "exp": (r"-\frac{y}{\cancel{a}} \odot \cancel{a}", "-y"),
        "softmax": (
            r"-\sum_{k} \frac{y_{k}}{\cancel{a_{k}}}\,\cancel{a_{k}}\,(\delta_{kj} - a_{j})",
            "a - y" if one_hot else r"a\,\sum_{k} y_{k} - y",
        ),
    }.get(activation)


class CategoricalCrossEntropy(LogLoss):
    name = "categorical_cross_entropy"
    label = "Categorical cross-entropy"
    summary = "Minus the log of the share given to the true class; the other units are felt through softmax alone."
    formula = r"-y\log a"
    derivative_formula = r"-\frac{y}{a}"
    target_formula = r"(1 - \varepsilon)\,y + \frac{\varepsilon}{K}"
    parameters = (_SMOOTHING,)
    label_smoothing: float
    has_rest = False

    @property
    def smooths(self) -> bool:
        return self.label_smoothing > 0.0

    def collapsed(self, activation: str, one_hot: bool) -> tuple[str, str] | None:
        return _collapsed_share(activation, one_hot)

    def _targets(self, Y: Array) -> Array:
        e = self.label_smoothing
        return (1.0 - e) * Y + e / Y.shape[-1] if e else Y

    def of_logs(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> Array:
        return -product(self._targets(Y), s)

    def by_logs(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> tuple[Array, Array | None]:
        return -self._targets(Y), None


class Focal(LogLoss):
    name = "focal"
    label = "Focal"
    summary = "Cross-entropy that fades for samples already told well, so that the hard ones lead."
    formula = r"-y\,(1 - a)^{\gamma}\log a - (1 - y)\,a^{\gamma}\log(1 - a)"
    derivative_formula = (
        r"y\,\left(\gamma\,(1 - a)^{\gamma - 1}\log a - \frac{(1 - a)^{\gamma}}{a}\right)"
        r" - (1 - y)\,\left(\gamma\,a^{\gamma - 1}\log(1 - a) - \frac{a^{\gamma}}{1 - a}\right)"
    )
    parameters = (
        Parameter(
            "gamma", 2.0, 0.0, 20.0, "How fast well-told samples fade; 0 is cross-entropy.", "Gamma",
            symbol=r"\gamma",
        ),
    )  # fmt: skip
    gamma: float
    has_powers = True

    def formulas(self) -> tuple[str, str]:
        return super().formulas() if self.gamma else BinaryCrossEntropy().formulas()

    def collapsed(self, activation: str, one_hot: bool) -> tuple[str, str] | None:
        if self.gamma == 0.0:
            return BinaryCrossEntropy().collapsed(activation, one_hot)
        if activation != "sigmoid":
            return None
        return (
            r"y\,\left(\gamma\,(1 - a)^{\gamma - 1}\log a - \frac{(1 - a)^{\gamma}}{\cancel{a}}\right)"
            r" \odot \cancel{a}\,(1 - a)"
            r" - (1 - y)\,\left(\gamma\,a^{\gamma - 1}\log(1 - a) - \frac{a^{\gamma}}{\cancel{1 - a}}\right)"
            r" \odot a\,\cancel{(1 - a)}",
            r"y\,(1 - a)^{\gamma}\,(\gamma\,a\log a - (1 - a))"
            r" - (1 - y)\,a^{\gamma}\,(\gamma\,(1 - a)\log(1 - a) - a)",
        )

    def of_logs(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> Array:
        return -product(Y * c**self.gamma, s) - product((1.0 - Y) * a**self.gamma, t)

    def by_logs(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> tuple[Array, Array | None]:
        hit, miss = Y * c**self.gamma, (1.0 - Y) * a**self.gamma
        return -hit - self.gamma * product(miss, t), -self.gamma * product(hit, s) - miss


class Hinge(Loss):
    name = "hinge"
    label = "Hinge"
    summary = "Nothing once the margin y a reaches 1, a straight line below it; targets are -1 and +1."
    formula = r"\max(0, 1 - y\,a)"
    derivative_formula = r"\begin{cases} -y & y\,a < 1 \\ 0 & \text{else} \end{cases}"
    plus_minus_one = True

    def values(self, A: Array, Y: Array) -> Array:
        return np.maximum(0.0, 1.0 - Y * A)

    def dA(self, A: Array, Y: Array) -> Array:
        # The sign is 0 from the margin on, and no number where the output is none.
        slope: Array = -Y * np.sign(np.maximum(0.0, 1.0 - Y * A))
        return slope


class SquaredHinge(Loss):
    name = "squared_hinge"
    label = "Squared hinge"
    summary = "The square of the hinge: smooth at the margin, harder on what lies far on the wrong side."
    formula = r"\max(0, 1 - y\,a)^2"
    derivative_formula = r"-2\,y\max(0, 1 - y\,a)"
    plus_minus_one = True

    def values(self, A: Array, Y: Array) -> Array:
        margin = np.maximum(0.0, 1.0 - Y * A)
        return margin * margin

    def dA(self, A: Array, Y: Array) -> Array:
        return -2.0 * Y * np.maximum(0.0, 1.0 - Y * A)


class Poisson(LogLoss):
    name = "poisson"
    label = "Poisson"
    summary = "For counts: the output is a rate; goes with the exponential activation."
    formula = r"a - y\log a"
    has_rest = False
    derivative_formula = r"1 - \frac{y}{a}"

    def collapsed(self, activation: str, one_hot: bool) -> tuple[str, str] | None:
        return {
            "exp": (r"\frac{a - y}{\cancel{a}} \odot \cancel{a}", "a - y"),
            "sigmoid": (r"\frac{a - y}{\cancel{a}} \odot \cancel{a}\,(1 - a)", r"(a - y)\,(1 - a)"),
        }.get(activation)

    def of_logs(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> Array:
        return a - product(Y, s)

    def by_logs(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> tuple[Array, Array | None]:
        return a - Y, None

    def _dA(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> Array:
        # By s the derivative is a - y; divided by a it would be 0/0 at a = 0, y = 0, where it is 1.
        return self._outside_nan(1.0 - product(Y, 1.0 / a), s, t, a, c, Y)


class KlDivergence(LogLoss):
    name = "kl_divergence"
    label = "KL divergence"
    summary = "How far the outputs are from the targets as distributions: 0 where the two agree."
    formula = r"y\log\frac{y}{a}"
    has_target_logs = True
    has_rest = False
    derivative_formula = r"-\frac{y}{a}"

    def collapsed(self, activation: str, one_hot: bool) -> tuple[str, str] | None:
        return _collapsed_share(activation, one_hot)

    def of_logs(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> Array:
        return product(Y, np.log(Y) - s)

    def by_logs(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> tuple[Array, Array | None]:
        return -Y, None


LOSSES: dict[str, type[Loss]] = {
    kind.name: kind
    for kind in (
        BinaryCrossEntropy, CategoricalCrossEntropy, Mse, HalfMse, Mae, Huber, LogCosh, Quantile, Focal,
        Hinge, SquaredHinge, Poisson, KlDivergence,
    )
}  # fmt: skip
