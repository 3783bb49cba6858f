"""Metrics: numbers that are only shown, never trained on.

Arrays have shape (..., m, n_out); the result has the leading shape.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sandbox.arrays import Array
from sandbox.nn.kind import Kind


def _share(correct: NDArray[np.bool_]) -> Array:
    """Return the share of True along the last axis."""
    if correct.ndim == 1:
        return np.array(np.count_nonzero(correct) / correct.size)  # ten times as fast without an axis
    share: Array = np.count_nonzero(correct, axis=-1) / correct.shape[-1]
    return share


def _classes(A: Array, middle: float) -> NDArray[np.intp] | NDArray[np.bool_]:
    """Return the class of each sample: the largest output, or a single output's side of the middle."""
    return A[..., 0] > middle if A.shape[-1] == 1 else A.argmax(axis=-1)


class Metric(Kind):
    """A figure of merit over a set of samples: the larger, the better.

    Attributes
    ----------
    is_share : bool
        Whether it is a share of samples, written in per cent.
    goal : float
        A usual value to reach.
    uses_zero_one : bool
        Whether it needs targets of 0 and 1, whatever their coding in training.
    counted : bool
        Whether it counts samples, so that its rounding does not depend on the order of summation.
    """

    is_share: ClassVar[bool] = True
    goal: ClassVar[float] = 0.95
    uses_zero_one: ClassVar[bool] = False
    counts_samples: ClassVar[bool] = True

    def value(self, A: Array, Y: Array, middle: float) -> Array:
        """Return the metric of A against targets Y; `middle` is halfway between the codes of two classes."""
        raise NotImplementedError


class Accuracy(Metric):
    name = "accuracy"
    label = "Accuracy"
    summary = (
        "Share of samples classified correctly: by the largest output, or by a single output's side of the middle."
    )

    def value(self, A: Array, Y: Array, middle: float) -> Array:
        return _share(_classes(A, middle) == _classes(Y, middle))


class BinaryAccuracy(Metric):
    name = "binary_accuracy"
    label = "Binary accuracy (Keras)"
    uses_zero_one = True
    summary = "Share of individual outputs on their target's side of 0.5, as Keras counts it: high for many classes."

    def value(self, A: Array, Y: Array, middle: float) -> Array:
        return _share(((A > 0.5) == Y).reshape(*A.shape[:-2], -1))


class CategoricalAccuracy(Metric):
    name = "categorical_accuracy"
    label = "Categorical accuracy (Keras)"
    uses_zero_one = True
    summary = "Share of samples whose largest output is the true class, as Keras counts it: 1 for a single output."

    def value(self, A: Array, Y: Array, middle: float) -> Array:
        return _share(A.argmax(axis=-1) == Y.argmax(axis=-1))


class BalancedAccuracy(Metric):
    name = "balanced_accuracy"
    label = "Balanced accuracy"
    summary = (
        "Share of each class that is classified correctly, averaged over the classes: a rare class counts as much."
    )

    def value(self, A: Array, Y: Array, middle: float) -> Array:
        true = _classes(Y, middle)
        found = _classes(A, middle) == true
        belongs = true[..., np.newaxis] == np.arange(max(A.shape[-1], 2))  # (..., m, classes)
        counts = np.count_nonzero(belongs, axis=-2)
        shares = np.count_nonzero(belongs & found[..., np.newaxis], axis=-2) / np.maximum(counts, 1)
        balanced: Array = np.add.reduce(shares, axis=-1) / np.count_nonzero(counts, axis=-1)  # of classes with samples
        return balanced


class R2(Metric):
    name = "r2"
    label = "R²"
    is_share = False
    goal = 0.9
    counts_samples = False
    summary = "Share of the targets' variance that is explained: 1 is all, 0 no better than their mean."

    def value(self, A: Array, Y: Array, middle: float) -> Array:
        residual = np.add.reduce((A - Y) ** 2, axis=-2)
        spread = np.add.reduce((Y - np.add.reduce(Y, axis=-2, keepdims=True) / Y.shape[-2]) ** 2, axis=-2)
        # A constant target is either predicted exactly or not; rounding of its mean may leave it some spread.
        varies = np.not_equal(Y, Y[..., :1, :]).any(axis=-2) & (spread > 0.0)
        share = np.where(varies, 1.0 - residual / np.where(varies, spread, 1.0), residual == 0.0)
        mean: Array = np.add.reduce(share, axis=-1) / A.shape[-1]
        return mean


METRICS: dict[str, type[Metric]] = {
    kind.name: kind for kind in (Accuracy, BinaryAccuracy, CategoricalAccuracy, BalancedAccuracy, R2)
}
