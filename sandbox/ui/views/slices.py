"""What a boundary view shows of its data: which inputs, over which ranges, and which points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sandbox.data import Data

MARGIN = 0.12
# More points than this cover each other; of each part, at most this many are drawn, evenly spaced.
MOST_POINTS = 3000


def first_axes(data: Data) -> tuple[int, int]:
    """Return the two inputs to show first; of more than two, those that vary most with the target."""
    inputs = len(data.inputs)
    if inputs <= 2:
        return 0, inputs - 1
    values = data.inputs_train - data.inputs_train.mean(axis=0)
    values = values / np.maximum(values.std(axis=0), 1e-300)
    target = np.asarray(data.y_train, dtype=np.float64)
    if data.task == "regression":
        target = target.reshape(len(target), -1)[:, 0]
        score = np.abs((target - target.mean()) @ values)
    else:
        means = [values[data.y_train == k].mean(axis=0) for k in np.unique(data.y_train)]
        score = np.var(means, axis=0)
    best = np.sort(np.argsort(-score, kind="stable")[:2])
    return int(best[0]), int(best[1])


def padded(low: float, high: float) -> tuple[float, float]:
    """Return a range with a margin on both sides; around a single value, one wide enough to see it."""
    span = high - low
    margin = MARGIN * span if span > 0.0 else max(1.0, abs(low))
    return low - margin, high + margin


def input_range(data: Data, feature: int) -> tuple[float, float]:
    """Return the range of an input over all samples, in the input's units, with a margin."""
    columns = [part[:, feature] for part in (data.inputs_train, data.inputs_test) if len(part)]
    return padded(min(float(c.min()) for c in columns), max(float(c.max()) for c in columns))


def sample_indices(count: int, most: int = MOST_POINTS) -> NDArray[np.intp]:
    """Return the indices of at most `most` evenly spaced samples."""
    if count <= most:
        return np.arange(count)
    return np.linspace(0, count - 1, most).astype(np.intp)
