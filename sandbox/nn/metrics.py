"""Metrics: numbers that are only ever shown.

Arrays have shape (..., m, n_out); the result has the leading shape.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Metric:
    """A figure of merit over a set of samples.

    Attributes
    ----------
    name, label, summary : str
    """

    name: ClassVar[str]
    label: ClassVar[str]
    summary: ClassVar[str]

    def value(self, A: Array, Y: Array, middle: float) -> Array:
        """Return the metric of outputs A against targets Y; `middle` is halfway between the codes of two classes."""
        raise NotImplementedError


class Accuracy(Metric):
    name = "accuracy"
    label = "Accuracy"
    summary = "Share of samples told right: the largest output, or which side of the middle a single one falls."

    def value(self, A: Array, Y: Array, middle: float) -> Array:
        if A.shape[-1] == 1:
            right = (A[..., 0] > middle) == (Y[..., 0] > middle)
        else:
            right = A.argmax(axis=-1) == Y.argmax(axis=-1)
        return np.count_nonzero(right, axis=-1) / right.shape[-1]


class BinaryAccuracy(Metric):
    name = "binary_accuracy"
    label = "Binary accuracy (Keras)"
    summary = "Share of single outputs that fall on their target's side of 0.5, as Keras counts: high for many classes."

    def value(self, A: Array, Y: Array, middle: float) -> Array:
        right = ((A > 0.5) == Y).reshape(*A.shape[:-2], -1)
        return np.count_nonzero(right, axis=-1) / right.shape[-1]


class CategoricalAccuracy(Metric):
    name = "categorical_accuracy"
    label = "Categorical accuracy (Keras)"
    summary = "Share of samples whose largest output is the true class, as Keras counts: always 1 for a single output."

    def value(self, A: Array, Y: Array, middle: float) -> Array:
        right = A.argmax(axis=-1) == Y.argmax(axis=-1)
        return np.count_nonzero(right, axis=-1) / right.shape[-1]


class R2(Metric):
    name = "r2"
    label = "R²"
    summary = "Share of the targets' variance that is explained: 1 is all, 0 no better than their mean."

    def value(self, A: Array, Y: Array, middle: float) -> Array:
        residual = np.add.reduce((A - Y) ** 2, axis=-2)
        spread = np.add.reduce((Y - np.add.reduce(Y, axis=-2, keepdims=True) / Y.shape[-2]) ** 2, axis=-2)
        # A target that never varies is explained or it is not; the mean over outputs is what is reported.
        share = np.where(spread > 0.0, 1.0 - residual / np.where(spread > 0.0, spread, 1.0), residual == 0.0)
        return np.add.reduce(share, axis=-1) / A.shape[-1]


METRICS: dict[str, type[Metric]] = {
    kind.name: kind for kind in (Accuracy, BinaryAccuracy, CategoricalAccuracy, R2)
}
