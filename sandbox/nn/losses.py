"""Losses: what one sample costs, its derivative with respect to the output, and forms that stay exact.

A loss is a small class that contains all of it, so that swapping the class is swapping the equations. Arrays have
shape (..., m, n_out): samples are rows, output units are columns, leading axes are networks side by side.

The losses that take log a or log(1 - a) are written once in s = log a and t = log(1 - a), along with a and
c = 1 - a. The three `numerics` are three ways to get these four numbers:

fused
    from the pre-activations if the output activation supports it (sigmoid, softmax, exp), so that nothing is
    lost where a rounds to 0 or 1; else from a, with 0 log 0 = 0.
clamped
    from a clipped to [1e-7, 1 - 1e-7], as common libraries do, or to the range in which the loss is defined if that
    goes further: a rate has no upper end. The gradient is 0 where a was clipped.
naive
    from a, by the formula as written: log 0 and 0 log 0 can occur.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import ClassVar

import numpy as np

from sandbox.arrays import Array
from sandbox.nn.activations import ACTIVATIONS, Activation, Exp, Linear, Sigmoid, Softmax
from sandbox.nn.parameters import Parameter, Tunable, linear_stops, log_stops

Product = Callable[[Array, Array], Array]

NUMERICS: dict[str, str] = {
    "fused": "Logarithms are taken from the pre-activations where that is possible: exact everywhere.",
    "clamped": "Outputs are kept 1e-7 away from where a logarithm would be of 0; where clipped, no gradient flows.",
    "naive": "The formula as written: log 0 can occur.",
}
REDUCTIONS: dict[str, str] = {
    "mean": "The losses are averaged over the samples of the batch.",
    "sum": "The losses are added up, so that a larger batch takes larger steps.",
    "element_mean": "The losses are averaged over samples and output units.",
}
CLAMP = 1e-7


def reduction_factor(reduction: str, samples: int, outputs: int) -> float:
    """Return the factor of the summed losses: 1/m, 1 or 1/(m n_out)."""
    if reduction == "mean":
        return 1.0 / samples
    return 1.0 if reduction == "sum" else 1.0 / (samples * outputs)


def mean_factor(reduction: str, samples: int, outputs: int) -> float:
    """Return what turns a reduced loss into its mean over the samples: 1, 1/m or n_out."""
    if reduction == "mean":
        return 1.0
    return 1.0 / samples if reduction == "sum" else float(outputs)


def xlogy(factor: Array, logarithm: Array) -> Array:
    """Return factor * logarithm, but 0 where the factor is 0, whatever the logarithm: 0 log 0 = 0."""
    product = np.zeros_like(logarithm)
    return np.multiply(factor, logarithm, out=product, where=factor != 0.0)


class Loss(Tunable):
    """The loss of one sample, summed over its output units.

    A subclass defines `values` and `dA`, both elementwise, and both again as formulas and as numpy code.

    Attributes
    ----------
    formula, derivative_formula : str
        The loss of one output unit and its derivative with respect to a, in LaTeX; r is a - y, parameters appear as
        their symbols.
    target_formula : str
        Replaces y if `smooths`, in LaTeX; K is the number of output units.
    code, slope_code : str
        The loss of each element and its derivative with respect to a in numpy: {A} and {Y} are arrays, {R} is their
        difference, parameters appear by name. {name*} is the parameter and a times sign, or nothing at its neutral
        value.
    target_code : str
        Replaces {Y} if the targets are smoothed; {n_out} is the number of output units.
    plus_minus_one : bool
        Whether its targets are -1 and +1 rather than 0 and 1.
    term_label : str
        What one sample's loss is called, if `label` calls it a mean: a sum is not to be called one.
    has_bare_label : bool
        Whether its label is a name only before the word "loss": "Huber loss".
    measures_distance : bool
        Whether it measures how far a is from y, alike wherever y lies: targets may then be shifted and scaled.
    takes_scores : bool
        Whether its outputs are scores without bounds, not shares of a class: "auto" then is a linear output.
    kink_name : str
        What `kink_distance` measures, in words; "" if the slope never jumps.
    has_logs : bool
        Whether it takes log a or log(1 - a).
    uses_complement : bool
        Whether it takes log(1 - a).
    has_target_logs : bool
        Whether it takes log y, which may be log 0.
    clamped_high : float
        The largest output that the clamped numerics leave as it is; infinity if only small ones are clipped.
    """

    formula: ClassVar[str]
    derivative_formula: ClassVar[str]
    target_formula: ClassVar[str] = ""
    code: ClassVar[str]
    slope_code: ClassVar[str]
    target_code: ClassVar[str] = ""
    plus_minus_one: ClassVar[bool] = False
    term_label: ClassVar[str] = ""
    has_bare_label: ClassVar[bool] = False
    measures_distance: ClassVar[bool] = False
    takes_scores: ClassVar[bool] = False
    kink_name: ClassVar[str] = ""
    has_logs: ClassVar[bool] = False
    uses_complement: ClassVar[bool] = False
    has_target_logs: ClassVar[bool] = False
    clamped_high: ClassVar[float] = 1.0 - CLAMP

    @property
    def smooths(self) -> bool:
        """Whether targets are smoothed towards a uniform distribution."""
        return False

    def formulas(self) -> tuple[str, str]:
        """Return `formula` and `derivative_formula`, simplified for these parameters; symbols remain."""
        return self.formula, self.derivative_formula

    def smoothed(self, Y: Array) -> Array:
        """Return the targets as the loss uses them."""
        return Y

    def kink_distance(self, A: Array, Y: Array) -> Array:
        """Return how far each element is from where the slope jumps; only for a loss with a `kink_name`."""
        raise NotImplementedError

    def collapsed(self, g: type[Activation], one_hot: bool) -> tuple[str, str] | None:
        """Return dL/dA times the output activation's derivative: with cancelling factors struck out, and what is left.

        Both in LaTeX, in a and y; None if nothing cancels. With `one_hot`, the targets of a sample sum to 1.
        """
        return None

    @classmethod
    def collapsed_code(cls, g: type[Activation], one_hot: bool, in_use: Collection[str]) -> str:
        """Return what is left as numpy code in {A} and {Y}; "" if nothing cancels to a short form.

        `in_use` names the parameters that are not at their neutral value.
        """
        return ""

    def values(self, A: Array, Y: Array) -> Array:
        """Return the loss of each element, the shape of A."""
        raise NotImplementedError

    def dA(self, A: Array, Y: Array) -> Array:
        """Return the derivative of each element's loss with respect to its own a, the shape of A."""
        raise NotImplementedError

    def elements(self, Z: Array, A: Array, Y: Array, activation: Activation, numerics: str) -> Array:
        """Return the loss of each element, given the last layer's Z and A = g(Z)."""
        return self.values(A, Y)

    def dZ(self, Z: Array, A: Array, Y: Array, activation: Activation, numerics: str) -> Array:
        """Return dZ (..., m, n_out): the derivative of each sample's loss with respect to its own z."""
        return activation.backward(Z, A, self.dA(A, Y))

    def slope(self, A: Array, Y: Array, numerics: str) -> Array:
        """Return dA (..., m, n_out) by the formula in a, as the numerics evaluate it: clipped, or as written."""
        return self.dZ(A, A, Y, Linear(), numerics)  # with the identity as output, dZ is dA

    def value_and_delta(
        self, Z: Array, Y: Array, activation: str = Linear.name, numerics: str = "fused"
    ) -> tuple[Array, Array]:
        """Return the loss of each sample and its derivative with respect to the pre-activations.

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
            The derivative of each sample's loss with respect to its own Z.
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

    A subclass defines `value_from_logs` and `grads_from_logs`. Products with a logarithm go through `product`, which
    decides whether 0 log 0 is 0 (fused) or not a number (naive).

    Attributes
    ----------
    code, slope_code : str
        In {s}, {t}, {a}, {c} and {Y}. product(factor, x) and quotient(factor, x) are a product and a quotient that are
        0 where the factor is; {ds} and {dt} are the values of `grads_code`, each on its own line.
    grads_code : tuple of str
        The derivatives with respect to s and t; the second is "" for a loss without t.
    terms : tuple of (str, str)
        Names and code of lines that come before; the names are fields like the others.
    plain_grads : bool
        Whether `grads_from_logs` uses only a and y, and `value_from_logs` does not use c, so that the others are not
        computed.
    """

    has_logs = True
    uses_complement = True
    grads_code: ClassVar[tuple[str, str]]
    terms: ClassVar[tuple[tuple[str, str], ...]] = ()
    plain_grads: ClassVar[bool] = False

    def term_values(self, a: Array, c: Array, Y: Array) -> dict[str, Array]:
        """Return the values of the lines of `terms`, by name."""
        return {}

    def value_from_logs(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> Array:
        """Return the loss of each element."""
        raise NotImplementedError

    def grads_from_logs(
        self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product
    ) -> tuple[Array, Array | None]:
        """Return the derivatives with respect to s and t, given a = exp s and c = exp t; None if t does not occur."""
        raise NotImplementedError

    def values(self, A: Array, Y: Array) -> Array:
        c = 1.0 - A
        return self.value_from_logs(np.log(A), np.log(c), A, c, Y, xlogy)

    def dA(self, A: Array, Y: Array) -> Array:
        c = 1.0 - A
        return self._dA(np.log(A), np.log(c), A, c, Y, xlogy)

    def elements(self, Z: Array, A: Array, Y: Array, activation: Activation, numerics: str) -> Array:
        if numerics == "fused" and activation.has_logs:
            s, t = activation.logs(Z, A) if self.uses_complement else (activation.log(Z, A), A)
            # If every log in use is finite, 0 times it is 0 without special care.
            finite = (activation.has_finite_logs or not self.uses_complement) and not self.has_target_logs
            product = np.multiply if finite else xlogy
            c = A if self.plain_grads else activation.complement(Z, A)
            return self.value_from_logs(s, t, A, c, Y, product)
        if numerics == "clamped":
            A = np.clip(A, CLAMP, self.clamped_high)
        c = 1.0 - A
        product = np.multiply if numerics == "naive" else xlogy
        return self.value_from_logs(np.log(A), np.log(c), A, c, Y, product)

    def dZ(self, Z: Array, A: Array, Y: Array, activation: Activation, numerics: str) -> Array:
        if numerics == "fused" and activation.has_logs:
            s = t = c = A
            bounded = activation.is_share()  # else 1 - a may be negative, and its logarithm nan
            if not (self.plain_grads and bounded):
                s, t, c = *activation.logs(Z, A), activation.complement(Z, A)
            dZ = activation.logs_backward(Z, A, *self.grads_from_logs(s, t, A, c, Y, xlogy))
            return dZ if bounded else self._outside_nan(dZ, s, t, A, c, Y)
        if numerics == "clamped":
            a = np.clip(A, CLAMP, self.clamped_high)
            c = 1.0 - a
            dA = self._dA(np.log(a), np.log(c), a, c, Y, xlogy)
            dA[(A < CLAMP) | (self.clamped_high < A)] = 0.0
            return activation.backward(Z, A, dA)
        c = 1.0 - A
        product = np.multiply if numerics == "naive" else xlogy
        return activation.backward(Z, A, self._dA(np.log(A), np.log(c), A, c, Y, product))

    def _dA(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> Array:
        ds, dt = self.grads_from_logs(s, t, a, c, Y, product)
        dA = product(ds, 1.0 / a)
        if dt is not None:
            dA = dA - product(dt, 1.0 / c)
        return self._outside_nan(dA, s, t, a, c, Y)

    def _outside_nan(self, derivative: Array, s: Array, t: Array, a: Array, c: Array, Y: Array) -> Array:
        """Set the derivative to nan where the loss takes the log of a negative number, which 1/a would hide."""
        outside = (a < 0.0) | (c < 0.0)
        if outside.any():
            derivative[outside & np.isnan(self.value_from_logs(s, t, a, c, Y, xlogy))] = np.nan
        return derivative


class Mse(Loss):
    """The square of the residual.

    Trained with it, an output tends to the mean of the targets for the same input. Its derivative grows with the
    residual, so a single outlier can pull harder than all other samples. With a sigmoid output the slope a (1 - a)
    stays in dz: a confident mistake sends almost nothing back.

    References
    ----------
    A. M. Legendre, Nouvelles méthodes pour la détermination des orbites des comètes, 1805; C. M. Bishop,
    Pattern Recognition and Machine Learning, 2006, section 1.5.5.
    """

    name = "mse"
    label = "Mean squared error"
    term_label = "Squared error"
    summary = "The square of the residual; through a sigmoid, a confident mistake sends almost nothing back."
    formula = r"(a - y)^2"
    derivative_formula = r"2\,(a - y)"
    code = "({A} - {Y})**2"
    slope_code = "2 * ({A} - {Y})"
    measures_distance = True

    def values(self, A: Array, Y: Array) -> Array:
        R: Array = A - Y
        return np.multiply(R, R, out=R)

    def dA(self, A: Array, Y: Array) -> Array:
        R: Array = A - Y
        return np.multiply(R, 2.0, out=R)


class HalfMse(Loss):
    """Half the square of the residual.

    The same loss as the square at half the learning rate; the half makes the derivative the plain residual a -
    y. Most derivations of backpropagation start from it, and comparing "mse" between two libraries often means
    comparing this with that.

    References
    ----------
    D. E. Rumelhart, G. E. Hinton and R. J. Williams, "Learning representations by back-propagating errors",
    Nature 323, 1986.
    """

    name = "half_mse"
    label = "Half squared error"
    summary = "Half the square of the residual, so that its derivative is the residual itself."
    formula = r"\tfrac{1}{2}(a - y)^2"
    derivative_formula = r"a - y"
    code = "({A} - {Y})**2 / 2"
    slope_code = "{A} - {Y}"
    measures_distance = True

    def values(self, A: Array, Y: Array) -> Array:
        R: Array = A - Y
        return 0.5 * R * R

    def dA(self, A: Array, Y: Array) -> Array:
        return np.subtract(A, Y)


class Mae(Loss):
    """The size of the residual.

    Trained with it, an output tends to the median of the targets. Every sample pulls with the same force,
    however far off it is: outliers do no harm, but near the goal the steps do not get shorter either, unless
    the learning rate does.

    References
    ----------
    S. Portnoy and R. Koenker, "The Gaussian hare and the Laplacian tortoise", Statistical Science 12(4), 1997.
    """

    name = "mae"
    label = "Mean absolute error"
    term_label = "Absolute error"
    summary = "The size of the residual: an outlier pulls no harder than any other sample."
    formula = r"\left|a - y\right|"
    derivative_formula = r"\mathrm{sign}(a - y)"
    code = "np.abs({A} - {Y})"
    slope_code = "np.sign({A} - {Y})"
    measures_distance = True
    kink_name = "the residual"

    def values(self, A: Array, Y: Array) -> Array:
        return np.abs(np.subtract(A, Y))

    def dA(self, A: Array, Y: Array) -> Array:
        return np.sign(np.subtract(A, Y))

    def kink_distance(self, A: Array, Y: Array) -> Array:
        return np.subtract(A, Y)


class Huber(Loss):
    """Squared for small residuals, absolute for large ones.

    Up to delta it is half the square, which settles smoothly; beyond, a sample pulls no harder than delta,
    which bounds what an outlier can do. delta is the residual from which a sample counts as an outlier.

    References
    ----------
    P. J. Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35(1), 1964.
    """

    name = "huber"
    label = "Huber"
    has_bare_label = True
    has_proper_name = True
    summary = "Squared for small residuals, absolute beyond delta: smooth near 0, robust to outliers."
    formula = (
        r"\begin{cases} \tfrac{1}{2}r^2 & \left|r\right| \leq \delta \\"
        r" \delta\,(\left|r\right| - \tfrac{1}{2}\delta) & \text{else} \end{cases}"
    )
    derivative_formula = r"\max(-\delta, \min(r, \delta))"
    code = "np.where(np.abs({R}) <= delta, {R}**2 / 2, delta * (np.abs({R}) - delta / 2))"
    slope_code = "np.clip({R}, -delta, delta)"
    measures_distance = True
    parameters = (
        Parameter(
            "delta", 1.0, 0.0, 1e6, "Residuals beyond this count linearly, not squared.", "Delta", above=True,
            symbol=r"\delta", stops=log_stops(1e-2, 1e2),
        ),
    )  # fmt: skip
    delta: float

    def values(self, A: Array, Y: Array) -> Array:
        size: Array = np.abs(A - Y)
        return np.where(size <= self.delta, 0.5 * size * size, self.delta * (size - 0.5 * self.delta))

    def dA(self, A: Array, Y: Array) -> Array:
        return np.clip(np.subtract(A, Y), -self.delta, self.delta)


class LogCosh(Loss):
    """A Huber loss without a seam.

    log cosh r is r^2/2 for small residuals and |r| - log 2 for large ones, with all derivatives continuous. Its
    slope is tanh r: the pull of a sample saturates at 1, as that of a tanh unit does.

    References
    ----------
    P. J. Green, "Bayesian reconstructions from emission tomography data using a modified EM algorithm", IEEE
    Transactions on Medical Imaging 9(1), 1990.
    """

    name = "log_cosh"
    label = "Log-cosh"
    has_bare_label = True
    summary = "Like half the squared error near 0, like the absolute error far out, smooth throughout."
    formula = r"\log\cosh(a - y)"
    derivative_formula = r"\tanh(a - y)"
    code = "np.logaddexp({R}, -{R}) - np.log(2)"
    slope_code = "np.tanh({R})"
    measures_distance = True

    def values(self, A: Array, Y: Array) -> Array:
        size: Array = np.abs(A - Y)
        # For small residuals log cosh r = log1p(2 sinh(r/2)^2), as the other form would cancel.
        small = np.minimum(size, 1.0)
        near = np.log1p(2.0 * np.sinh(0.5 * small) ** 2)
        far = size + np.log1p(np.exp(-2.0 * size)) - float(np.log(2.0))
        return np.where(size < 1.0, near, far)

    def dA(self, A: Array, Y: Array) -> Array:
        return np.tanh(np.subtract(A, Y))


class Quantile(Loss):
    """The pinball loss.

    The absolute error with one side weighted by q and the other by 1 - q: it is smallest where a share q of the
    targets lies below the output. Two such networks, for 5 % and 95 %, give a prediction interval; q = 1/2 is
    the median.

    References
    ----------
    R. Koenker and G. Bassett, "Regression quantiles", Econometrica 46(1), 1978.
    """

    name = "quantile"
    label = "Quantile"
    has_bare_label = True
    summary = "An output too low costs q, one too high 1 - q per unit of residual: learns the q-quantile, not the mean."
    formula = r"\max(q\,(y - a), (q - 1)\,(y - a))"
    derivative_formula = r"\begin{cases} -q & a < y \\ 1 - q & a > y \\ 0 & \text{else} \end{cases}"
    code = "np.maximum(-quantile * {R}, (1 - quantile) * {R})"
    slope_code = "np.where({R} > 0, 1 - quantile, np.where({R} < 0, -quantile, 0 * {R}))"
    measures_distance = True
    kink_name = "the residual"
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

    def kink_distance(self, A: Array, Y: Array) -> Array:
        return np.subtract(A, Y)


_SMOOTHING = Parameter(
    "label_smoothing", 0.0, 0.0, 1.0, "How far targets are moved from 0 and 1 towards a uniform distribution.",
    "Label smoothing", below=True, symbol=r"\varepsilon", neutral=0.0, stops=linear_stops(0.0, 0.5, 0.01),
)  # fmt: skip


class BinaryCrossEntropy(LogLoss):
    """Minus the log-likelihood of classes 0 and 1.

    The cost of having predicted the probability a: being sure and wrong costs without bound. Its derivative
    divides by a (1 - a), exactly the slope of the sigmoid, so that dz is the residual a - y: the more wrong, the
    larger the step. That is the whole difference from the squared error.

    References
    ----------
    S. A. Solla, E. Levin and M. Fleisher, "Accelerated learning in layered neural networks", Complex Systems 2,
    1988. Label smoothing: C. Szegedy et al., "Rethinking the Inception architecture for computer vision", CVPR
    2016.
    """

    name = "binary_cross_entropy"
    label = "Binary cross-entropy"
    summary = "Minus the log of the probability given to the true class; with a sigmoid the full residual is sent back."
    formula = r"-w\,y\log a - (1 - y)\log(1 - a)"
    derivative_formula = r"-\frac{w\,y}{a} + \frac{1 - y}{1 - a}"
    code = "-product({positive_weight*}{Y}, {s}) - product(1 - {Y}, {t})"
    slope_code = "-quotient({positive_weight*}{Y}, {a}) + quotient(1 - {Y}, 1 - {a})"
    grads_code = ("-{positive_weight*}{Y}", "{Y} - 1")
    target_code = "(1 - label_smoothing) * {Y} + label_smoothing / 2"
    plain_grads = True
    target_formula = r"(1 - \varepsilon)\,y + \tfrac{1}{2}\varepsilon"
    parameters = (
        Parameter(
            "positive_weight", 1.0, 0.0, 1e6, "How much more class 1 counts than class 0.", "Positive weight",
            above=True, symbol="w", neutral=1.0, stops=log_stops(1e-2, 1e2),
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

    def collapsed(self, g: type[Activation], one_hot: bool) -> tuple[str, str] | None:
        if not g.has_slope_of(Sigmoid):
            return None
        if self.positive_weight == 1.0:
            return r"\frac{a - y}{\cancel{a\,(1 - a)}} \odot \cancel{a\,(1 - a)}", "a - y"
        return (
            r"-\frac{w\,y}{\cancel{a}} \odot \cancel{a}\,(1 - a)"
            r" + \frac{1 - y}{\cancel{1 - a}} \odot a\,\cancel{(1 - a)}",
            r"(1 - y)\,a - w\,y\,(1 - a)",
        )

    @classmethod
    def collapsed_code(cls, g: type[Activation], one_hot: bool, in_use: Collection[str]) -> str:
        if not g.has_slope_of(Sigmoid):
            return ""
        weighted = "positive_weight" in in_use
        return "(1 - {Y}) * {A} - {positive_weight*}{Y} * (1 - {A})" if weighted else "{A} - {Y}"

    def smoothed(self, Y: Array) -> Array:
        e = self.label_smoothing
        return (1.0 - e) * Y + 0.5 * e if e else Y

    def value_from_logs(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> Array:
        y = self.smoothed(Y)
        return -product(self.positive_weight * y, s) - product(1.0 - y, t)

    def grads_from_logs(
        self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product
    ) -> tuple[Array, Array | None]:
        y = self.smoothed(Y)
        return -self.positive_weight * y, y - 1.0


def _collapsed_share(g: type[Activation], one_hot: bool) -> tuple[str, str] | None:
    """Return -y/a times the output activation's derivative, in the form of `Loss.collapsed`."""
    if g.has_slope_of(Sigmoid):
        return r"-\frac{y}{\cancel{a}} \odot \cancel{a}\,(1 - a)", r"-y\,(1 - a)"
    if g.has_slope_of(Exp):
        return r"-\frac{y}{\cancel{a}} \odot \cancel{a}", "-y"
    if g.has_slope_of(Softmax):
        struck = r"-\sum_{k} \frac{y_{k}}{\cancel{a_{k}}}\,\cancel{a_{k}}\,(\delta_{kj} - a_{j})"
        return struck, "a - y" if one_hot else r"a\,\sum_{k} y_{k} - y"
    return None


def _collapsed_share_code(g: type[Activation], one_hot: bool) -> str:
    if not g.has_slope_of(Softmax):
        return ""
    return "{A} - {Y}" if one_hot else "{A} * {Y}.sum(axis=0) - {Y}"


class CategoricalCrossEntropy(LogLoss):
    """Minus the log-likelihood of one class out of several.

    Only the share given to the true class counts. The other units learn only through softmax, which ties all of
    them together; without softmax nothing keeps the outputs for wrong classes down. With softmax, dz is a - y.

    References
    ----------
    J. S. Bridle, "Probabilistic interpretation of feedforward classification network outputs, with
    relationships to statistical pattern recognition", in Neurocomputing, 1990.
    """

    name = "categorical_cross_entropy"
    label = "Categorical cross-entropy"
    summary = "Minus the log of the share given to the true class; the other units count only through softmax."
    formula = r"-y\log a"
    derivative_formula = r"-\frac{y}{a}"
    code = "-product({Y}, {s})"
    slope_code = "-quotient({Y}, {a})"
    grads_code = ("-{Y}", "")
    target_code = "(1 - label_smoothing) * {Y} + label_smoothing / {n_out}"
    plain_grads = True
    target_formula = r"(1 - \varepsilon)\,y + \frac{\varepsilon}{K}"
    parameters = (_SMOOTHING,)
    label_smoothing: float
    uses_complement = False

    @property
    def smooths(self) -> bool:
        return self.label_smoothing > 0.0

    def collapsed(self, g: type[Activation], one_hot: bool) -> tuple[str, str] | None:
        return _collapsed_share(g, one_hot)

    @classmethod
    def collapsed_code(cls, g: type[Activation], one_hot: bool, in_use: Collection[str]) -> str:
        return _collapsed_share_code(g, one_hot)

    def smoothed(self, Y: Array) -> Array:
        e = self.label_smoothing
        return (1.0 - e) * Y + e / Y.shape[-1] if e else Y

    def value_from_logs(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> Array:
        return -product(self.smoothed(Y), s)

    def grads_from_logs(
        self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product
    ) -> tuple[Array, Array | None]:
        return -self.smoothed(Y), None


class Focal(LogLoss):
    """Cross-entropy that fades for samples already classified well.

    Each sample is weighted by how wrong it still is, to the power gamma. Where one class outnumbers the other
    by far, the many easy samples would drown out the few hard ones; here they fade. gamma = 0 is cross-entropy
    again.

    References
    ----------
    T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollár, "Focal loss for dense object detection", ICCV 2017.
    """

    name = "focal"
    label = "Focal"
    has_bare_label = True
    summary = "Cross-entropy that fades for samples already classified well, so that the hard ones dominate."
    formula = r"-y\,(1 - a)^{\gamma}\log a - (1 - y)\,a^{\gamma}\log(1 - a)"
    derivative_formula = (
        r"y\,\left(\gamma\,(1 - a)^{\gamma - 1}\log a - \frac{(1 - a)^{\gamma}}{a}\right)"
        r" - (1 - y)\,\left(\gamma\,a^{\gamma - 1}\log(1 - a) - \frac{a^{\gamma}}{1 - a}\right)"
    )
    code = "-product({hit}, {s}) - product({miss}, {t})"
    slope_code = "quotient({ds}, {a}) - quotient({dt}, {c})"
    grads_code = ("-{hit} - gamma * product({miss}, {t})", "-gamma * product({hit}, {s}) - {miss}")
    terms = (("hit", "{Y} * {c}**gamma"), ("miss", "(1 - {Y}) * {a}**gamma"))
    parameters = (
        Parameter(
            "gamma", 2.0, 0.0, 20.0, "How fast well-classified samples fade; 0 is cross-entropy.", "Gamma",
            symbol=r"\gamma", stops=linear_stops(0.0, 5.0, 0.1),
        ),
    )  # fmt: skip
    gamma: float

    def formulas(self) -> tuple[str, str]:
        return super().formulas() if self.gamma else BinaryCrossEntropy().formulas()

    def collapsed(self, g: type[Activation], one_hot: bool) -> tuple[str, str] | None:
        if self.gamma == 0.0:
            return BinaryCrossEntropy().collapsed(g, one_hot)
        if not g.has_slope_of(Sigmoid):
            return None
        return (
            r"y\,\left(\gamma\,(1 - a)^{\gamma - 1}\log a - \frac{(1 - a)^{\gamma}}{\cancel{a}}\right)"
            r" \odot \cancel{a}\,(1 - a)"
            r" - (1 - y)\,\left(\gamma\,a^{\gamma - 1}\log(1 - a) - \frac{a^{\gamma}}{\cancel{1 - a}}\right)"
            r" \odot a\,\cancel{(1 - a)}",
            r"y\,(1 - a)^{\gamma}\,(\gamma\,a\log a - (1 - a))"
            r" - (1 - y)\,a^{\gamma}\,(\gamma\,(1 - a)\log(1 - a) - a)",
        )

    def value_from_logs(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> Array:
        hit, miss = self.term_values(a, c, Y).values()
        return -product(hit, s) - product(miss, t)

    def grads_from_logs(
        self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product
    ) -> tuple[Array, Array | None]:
        hit, miss = self.term_values(a, c, Y).values()
        return -hit - self.gamma * product(miss, t), -self.gamma * product(hit, s) - miss

    def term_values(self, a: Array, c: Array, Y: Array) -> dict[str, Array]:
        return {"hit": Y * c**self.gamma, "miss": (1.0 - Y) * a**self.gamma}


class Hinge(Loss):
    """The loss of the support vector machine.

    With targets -1 and +1, y a is the margin: by how much an output is on the right side. From 1 on there is
    nothing to gain, so only samples near or beyond the decision boundary shape it. Outputs are scores, not
    probabilities.

    References
    ----------
    C. Cortes and V. Vapnik, "Support-vector networks", Machine Learning 20, 1995.
    """

    name = "hinge"
    label = "Hinge"
    has_bare_label = True
    summary = "Zero once the margin y a reaches 1, a straight line below it; targets are -1 and +1."
    formula = r"\max(0, 1 - y\,a)"
    derivative_formula = r"\begin{cases} -y & y\,a < 1 \\ 0 & \text{else} \end{cases}"
    code = "np.maximum(0, 1 - {Y} * {A})"
    slope_code = "-{Y} * ({Y} * {A} < 1)"
    kink_name = "1 \u2212 y a"
    plus_minus_one = True
    takes_scores = True

    def values(self, A: Array, Y: Array) -> Array:
        return np.maximum(0.0, 1.0 - Y * A)

    def dA(self, A: Array, Y: Array) -> Array:
        # The sign is 0 from the margin on, and nan where the output is nan.
        slope: Array = -Y * np.sign(np.maximum(0.0, 1.0 - Y * A))
        return slope

    def kink_distance(self, A: Array, Y: Array) -> Array:
        distance: Array = 1.0 - Y * A
        return distance


class SquaredHinge(Loss):
    """The square of the hinge.

    It lets the slope fade to 0 at the margin instead of dropping there, and weighs a sample far on the wrong
    side more than in proportion, as the squared error does.

    References
    ----------
    K.-W. Chang, C.-J. Hsieh and C.-J. Lin, "Coordinate descent method for large-scale L2-loss linear support
    vector machines", Journal of Machine Learning Research 9, 2008.
    """

    name = "squared_hinge"
    label = "Squared hinge"
    has_bare_label = True
    summary = "The square of the hinge: smooth at the margin, harder on samples far on the wrong side."
    formula = r"\max(0, 1 - y\,a)^2"
    derivative_formula = r"-2\,y\max(0, 1 - y\,a)"
    code = "np.maximum(0, 1 - {Y} * {A})**2"
    slope_code = "-2 * {Y} * np.maximum(0, 1 - {Y} * {A})"
    plus_minus_one = True
    takes_scores = True

    def values(self, A: Array, Y: Array) -> Array:
        margin = np.maximum(0.0, 1.0 - Y * A)
        return margin * margin

    def dA(self, A: Array, Y: Array) -> Array:
        return -2.0 * Y * np.maximum(0.0, 1.0 - Y * A)


class Poisson(LogLoss):
    """Minus the log-likelihood of counts, without the term that does not depend on the output.

    For targets 0, 1, 2, ... whose variance grows with their mean: a miss by 3 matters less at 100 than at 1.
    The output is the rate; with an exponential output its slope cancels and dz is a - y.

    References
    ----------
    P. McCullagh and J. A. Nelder, Generalized Linear Models, 2nd edition, 1989, chapter 6.
    """

    name = "poisson"
    label = "Poisson"
    has_bare_label = True
    has_proper_name = True
    summary = "For counts: the output is a rate; goes with the exponential activation."
    formula = r"a - y\log a"
    uses_complement = False
    clamped_high = math.inf
    derivative_formula = r"1 - \frac{y}{a}"
    code = "{a} - product({Y}, {s})"
    slope_code = "1 - quotient({Y}, {a})"
    grads_code = ("{A} - {Y}", "")
    plain_grads = True

    def collapsed(self, g: type[Activation], one_hot: bool) -> tuple[str, str] | None:
        if g.has_slope_of(Exp):
            return r"\frac{a - y}{\cancel{a}} \odot \cancel{a}", "a - y"
        if g.has_slope_of(Sigmoid):
            return r"\frac{a - y}{\cancel{a}} \odot \cancel{a}\,(1 - a)", r"(a - y)\,(1 - a)"
        return None

    @classmethod
    def collapsed_code(cls, g: type[Activation], one_hot: bool, in_use: Collection[str]) -> str:
        return "{A} - {Y}" if g.has_slope_of(Exp) else ""

    def value_from_logs(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> Array:
        return a - product(Y, s)

    def grads_from_logs(
        self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product
    ) -> tuple[Array, Array | None]:
        return a - Y, None

    def _dA(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> Array:
        # The derivative with respect to s, a - y, divided by a would be 0/0 at a = 0, y = 0, where dA is 1.
        return self._outside_nan(1.0 - product(Y, 1.0 / a), s, t, a, c, Y)


class KlDivergence(LogLoss):
    """How far the outputs are from the targets, both read as distributions.

    It is cross-entropy less the entropy of the targets, which no weight can change: the gradients of the two
    are the same, only the printed value differs, and is 0 where outputs and targets agree.

    References
    ----------
    S. Kullback and R. A. Leibler, "On information and sufficiency", Annals of Mathematical Statistics 22(1),
    1951.
    """

    name = "kl_divergence"
    label = "KL divergence"
    summary = "How far the outputs are from the targets as distributions: 0 where the two agree."
    formula = r"y\log\frac{y}{a}"
    has_target_logs = True
    uses_complement = False
    clamped_high = 1.0
    derivative_formula = r"-\frac{y}{a}"
    code = "product({Y}, (np.log({Y}) - {s}))"
    slope_code = "-quotient({Y}, {a})"
    grads_code = ("-{Y}", "")
    plain_grads = True

    def collapsed(self, g: type[Activation], one_hot: bool) -> tuple[str, str] | None:
        return _collapsed_share(g, one_hot)

    @classmethod
    def collapsed_code(cls, g: type[Activation], one_hot: bool, in_use: Collection[str]) -> str:
        return _collapsed_share_code(g, one_hot)

    def value_from_logs(self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product) -> Array:
        return product(Y, np.log(Y) - s)

    def grads_from_logs(
        self, s: Array, t: Array, a: Array, c: Array, Y: Array, product: Product
    ) -> tuple[Array, Array | None]:
        return -Y, None


LOSSES: dict[str, type[Loss]] = {
    kind.name: kind
    for kind in (
        BinaryCrossEntropy, CategoricalCrossEntropy, Mse, HalfMse, Mae, Huber, LogCosh, Quantile, Focal,
        Hinge, SquaredHinge, Poisson, KlDivergence,
    )
}  # fmt: skip


def natural_loss(g: type[Activation]) -> str | None:
    """Return the first loss whose dz with this output activation is just a - y; None if there is none."""
    for kind in LOSSES.values():
        simplified = kind().collapsed(g, one_hot=True)
        if simplified is not None and simplified[1] == "a - y":
            return kind.name
    return None


def natural_output(kind: type[Loss]) -> str | None:
    """Return the first output activation with which this loss's dz is just a - y; None if there is none."""
    for g in ACTIVATIONS.values():
        simplified = kind().collapsed(g, one_hot=True)
        if simplified is not None and simplified[1] == "a - y":
            return g.name
    return None
