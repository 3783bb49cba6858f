"""What a boundary view shows of its data: which inputs, over which ranges, and which points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.arrays import Floats
from sandbox.data import Data
from sandbox.ui.plot.ticks import grown

MARGIN = 0.12
CANVAS = 1.8  # standard deviations that a canvas shows around its middle, before the margin
LIKE = 3.0  # inputs whose ranges differ by at most this factor are drawn in nearly one unit
STRETCH = 1.5  # how much longer a unit may be one way than the other, so that the data fill more of a plot
# More points than this cover each other; of each part, at most this many are drawn, evenly spaced.
MOST_POINTS = 3000


class DataSlice:
    """The plane of two inputs, or the only input, that a view shows.

    Attributes
    ----------
    data : Data
    axes : tuple of int
        The inputs across and up; the second is not used if there is only one.
    x_range, y_range : tuple of float
        What the plot shows.
    value_range : tuple of float
        Of the colour scale; of the y axis if there is one input.
    span : tuple of float
        Of the targets: their coding if they are two classes.
    """

    def __init__(self, data: Data, axes: tuple[int, int] | None = None, before: DataSlice | None = None) -> None:
        self.data = data
        self.axes = first_axes(data) if axes is None else axes
        self.x_range = input_range(data, self.axes[0])
        if data.task == "regression":
            ends = target_ends(data)
            self.value_range = padded(*ends) if self.one_input or ends[0] == ends[1] else ends
            self.span = ends
        else:
            self.span = (0.0, 1.0)
            self.value_range = padded(*self.span)
        self.y_range = self.value_range if self.one_input else input_range(data, self.axes[1])
        if before is not None:
            self._stay(before)

    def _stay(self, before: DataSlice) -> None:
        """Keep the ranges of the slice before, except where points lie beyond them: nothing moves while one draws."""
        self.span = min(self.span[0], before.span[0]), max(self.span[1], before.span[1])
        self.x_range = kept_range(before.x_range, self.x_range)
        self.y_range = kept_range(before.y_range, self.y_range)
        self.value_range = self.y_range if self.one_input else kept_range(before.value_range, self.value_range)

    @property
    def one_input(self) -> bool:
        """Whether the output is drawn as a curve."""
        return len(self.data.inputs) == 1

    @property
    def x_name(self) -> str:
        """The name of the x axis."""
        return self.data.inputs[self.axes[0]]

    @property
    def y_name(self) -> str:
        """The name of the y axis."""
        if not self.one_input:
            return self.data.inputs[self.axes[1]]
        return self.data.target_names[0] if self.data.target_names else "output"

    @property
    def proportion(self) -> float | None:
        """The width of the data by their height; None if the two inputs are too unlike to be drawn in one unit."""
        width, height = (end - start for start, end in (self.x_range, self.y_range))
        return None if self.one_input or not 1 / LIKE <= width / height <= LIKE else width / height

    def ranges_for(
        self, width: float, height: float, stretch: float = STRETCH
    ) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return the ranges to show in a plot of this size, so that alike inputs keep (nearly) their proportions."""
        if self.proportion is None or min(width, height) <= 0.0:
            return self.x_range, self.y_range
        across, up = (self.x_range[1] - self.x_range[0]) / width, (self.y_range[1] - self.y_range[0]) / height
        return widened(self.x_range, up / stretch * width), widened(self.y_range, across / stretch * height)

    def part(self, part: str) -> tuple[Floats, NDArray[Any]]:
        """Return the inputs and the targets of the "train" or the "test" part."""
        data = self.data
        return (data.inputs_train, data.y_train) if part == "train" else (data.inputs_test, data.y_test)

    def positions(self, X: Floats, y: NDArray[Any]) -> tuple[Floats, Floats]:
        """Return where samples are in the plot, across and up."""
        if not self.one_input:
            return X[:, self.axes[0]], X[:, self.axes[1]]
        if self.data.task == "regression":
            return X[:, 0], y.reshape(len(y), -1)[:, 0]
        # two classes are at the ends of the coding; of more, each is at the target of its own output
        return X[:, 0], np.array(self.span)[y] if len(self.data.class_names) <= 2 else np.ones(len(y))

    def adopt_span(self, span: tuple[float, float]) -> bool:
        """Adopt the coding of two classes; return whether it is another one."""
        if span == self.span:
            return False
        self.span = span
        self.value_range = self.y_range = padded(*span)
        return True

    def widen(self, values: NDArray[np.floating]) -> bool:
        """Widen the range of values in steps, up to one span of the targets beyond them; return whether it changed."""
        finite = values[np.isfinite(values)]
        if not finite.size:
            return False
        low, high = self.span
        margin = max(high - low, 1e-9 * max(abs(low), abs(high)), 1e-300)
        start, end = max(float(finite.min()), low - margin), min(float(finite.max()), high + margin)
        wider = grown(self.value_range, start, end)
        if wider == self.value_range:
            return False
        self.value_range = wider
        if self.one_input:
            self.y_range = wider
        return True


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


def widened(ends: tuple[float, float], span: float) -> tuple[float, float]:
    """Return a range of this span around the middle of another, but no narrower one."""
    more = max(0.0, span - (ends[1] - ends[0])) / 2.0
    return ends[0] - more, ends[1] + more


def input_range(data: Data, feature: int) -> tuple[float, float]:
    """Return the range of an input over all samples, in the input's units, with a margin."""
    ends = [end for part in (data.inputs_train, data.inputs_test) if len(part)
            for end in (float(part[:, feature].min()), float(part[:, feature].max()))]  # fmt: skip
    if data.drawn is not None:
        ends += canvas_ends(data, feature)
    return padded(min(ends), max(ends))


def canvas_ends(data: Data, feature: int) -> tuple[float, float]:
    """Return which values of an input points can be drawn at, at least: two standard deviations around the middle."""
    name, mean, scale = data.inputs[feature], 0.0, 1.0
    if name in data.feature_names:
        index = data.feature_names.index(name)
        mean, scale = float(data.mean[index]), float(data.scale[index])
    return mean - CANVAS * scale, mean + CANVAS * scale


def target_ends(data: Data) -> tuple[float, float]:
    """Return the least and the largest target of a regression; of a canvas without points, what one might draw."""
    targets = [t.reshape(len(t), -1)[:, 0] for t in (data.y_train, data.y_test) if len(t)]
    if not targets:
        mean, scale = float(data.target_mean[0]), float(data.target_scale[0])
        return mean - CANVAS * scale, mean + CANVAS * scale
    return min(float(t.min()) for t in targets), max(float(t.max()) for t in targets)


def kept_range(before: tuple[float, float], now: tuple[float, float]) -> tuple[float, float]:
    """Return the range from before, widened where the one of now, without its margins, reaches beyond it."""
    margin = MARGIN / (1.0 + 2.0 * MARGIN) * (now[1] - now[0])
    low, high = now[0] + margin, now[1] - margin
    return (before[0] if before[0] <= low else now[0]), (before[1] if high <= before[1] else now[1])


def sample_indices(count: int, most: int = MOST_POINTS) -> NDArray[np.intp]:
    """Return the indices of at most `most` evenly spaced samples."""
    if count <= most:
        return np.arange(count)
    return np.linspace(0, count - 1, most).astype(np.intp)
