"""Data generated from a formula and a seed.

Each generator is one function of the seed and of the settings it uses: its signature names them and gives their
defaults. Labels are drawn first (exact counts, in random order), then one point for each, so that `noise = 0`
puts every point on the formula. `noise` is the standard deviation of the normal noise added to each coordinate
(in a regression, to the target).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.data.table import Dataset, Recommended, Table
from sandbox.errors import InputError
from sandbox.nn.optimizers import Adam

Floats = NDArray[np.floating[Any]]
Points = tuple[NDArray[np.float64], NDArray[np.float64]]  # X (m, n), y (m,): class index or value
Labels = NDArray[np.int64]

GENERATORS: dict[str, Dataset] = {}

# Windings and alternations need units, and plain gradient descent needs far more epochs for them.
_WINDING: Mapping[str, Recommended] = {
    "network.hidden": (16, 8), "optimizer.name": Adam.name, "optimizer.learning_rate": 0.02, "run.epochs": 600,
}  # fmt: skip
_ALTERNATING = {**_WINDING, "network.hidden": (16, 16), "optimizer.learning_rate": 0.03}
_CURVED: Mapping[str, Recommended] = {"network.hidden": (8, 8), "optimizer.learning_rate": 0.1}
_HILLY = {**_WINDING, "network.hidden": (8, 8)}
# What one layer can say: a network of one more would only bend around the samples.
_STRAIGHT: Mapping[str, Recommended] = {
    "network.hidden": (), "optimizer.learning_rate": 0.1, "run.epochs": 200,
}  # fmt: skip


def _generator(
    label: str,
    summary: str,
    task: str = "binary",
    *,
    inputs: int = 2,
    seed: int | None = 1,
    scaled: bool = True,
    tested: bool = True,
    level: float,
    recommended: Mapping[str, Recommended] = MappingProxyType({}),
) -> Callable[[Callable[..., Points]], Callable[..., Points]]:
    """Register the decorated function under its name, with the settings of its signature; see `Dataset`."""

    def register(make: Callable[..., Points]) -> Callable[..., Points]:
        name = make.__name__
        defaults = {key: p.default for key, p in inspect.signature(make).parameters.items() if key != "seed"}
        features = tuple(f"x{i + 1}" for i in range(inputs))

        def read(seed: int, **settings: float) -> Table:
            X, y = make(seed, **settings)
            columns = dict(zip((*features, "y"), (*X.T, y), strict=True))
            classes = () if task == "regression" else tuple(map(float, range(int(settings.get("classes", 2)))))
            return Table(name, columns, classes=classes)

        GENERATORS[name] = Dataset(
            name, label, summary, task, read, features,
            seed=seed, takes=frozenset(defaults), scaled=scaled, tested=tested, level=level,
            recommended=recommended, **defaults,
        )  # fmt: skip
        return make

    return register


def _pair(rng: np.random.Generator, samples: int, fraction: float) -> Labels:
    """Return labels 0 and 1 (m,) in random order, round(fraction * m) of them 1 (a half rounds to even)."""
    ones = round(fraction * samples)
    if not 0 < ones < samples:
        raise InputError(
            f"data.fraction {fraction} of {samples} samples leaves a class without samples; "
            "take more samples or a fraction nearer to 0.5."
        )
    return _shuffled(rng, [samples - ones, ones])


def _evenly(rng: np.random.Generator, samples: int, classes: int) -> Labels:
    """Return labels 0..k-1 (m,) in random order, as evenly as possible, the first classes with one more."""
    if samples < classes:
        raise InputError(f"data.samples is {samples}; with {classes} classes at least {classes} are needed.")
    return _shuffled(rng, [samples // classes + (c < samples % classes) for c in range(classes)])


def _shuffled(rng: np.random.Generator, counts: list[int]) -> Labels:
    return rng.permutation(np.repeat(np.arange(len(counts), dtype=np.int64), counts))


def _spread(rng: np.random.Generator, x1: Floats, x2: Floats, y: Labels, noise: float) -> Points:
    """Return the points with noise on both coordinates."""
    X = np.column_stack([x1, x2])
    return X + noise * rng.standard_normal(X.shape), y.astype(np.float64)


def _polar(rng: np.random.Generator, r: Floats, angle: Floats, y: Labels, noise: float) -> Points:
    return _spread(rng, r * np.cos(angle), r * np.sin(angle), y, noise)


def _arms(rng: np.random.Generator, y: Labels, arms: int, turns: float, noise: float) -> Points:
    """Return points along spiral arms: radius t in [0, 1], angle turns * 2 pi t + 2 pi y / arms."""
    t = rng.uniform(0.0, 1.0, y.size)
    return _polar(rng, t, 2 * np.pi * (turns * t + y / arms), y, noise)


@_generator("Two moons", "Two half circles, each with its end inside the other.", level=0.95)
def moons(seed: int, samples: int = 300, noise: float = 0.16, fraction: float = 0.5) -> Points:
    """Draw class 0 on (cos t, sin t), class 1 on (1 - cos t, 1/2 - sin t), t in [0, pi]."""
    rng = np.random.default_rng(seed)
    y = _pair(rng, samples, fraction)
    t = rng.uniform(0.0, np.pi, samples)
    x1 = np.where(y == 0, np.cos(t), 1.0 - np.cos(t))
    x2 = np.where(y == 0, np.sin(t), 0.5 - np.sin(t))
    return _spread(rng, x1, x2, y, noise)


@_generator("Two circles", "A circle inside another.", level=0.95)
def circles(seed: int, samples: int = 300, noise: float = 0.1, fraction: float = 0.5) -> Points:
    """Draw class 0 on the circle of radius 1, class 1 on that of radius 1/2."""
    rng = np.random.default_rng(seed)
    y = _pair(rng, samples, fraction)
    return _polar(rng, np.where(y == 0, 1.0, 0.5), rng.uniform(0.0, 2 * np.pi, samples), y, noise)


@_generator("Exclusive or", "Four squares; the class is 1 where the two coordinates differ in sign.", level=0.95)
def xor(seed: int, samples: int = 300, noise: float = 0.08, fraction: float = 0.5) -> Points:
    """Draw each coordinate 0.1 to 1 away from 0; class 1 where x1 x2 < 0."""
    rng = np.random.default_rng(seed)
    y = _pair(rng, samples, fraction)
    sign = rng.choice([-1.0, 1.0], samples)
    x1, x2 = rng.uniform(0.1, 1.0, (2, samples))
    return _spread(rng, sign * x1, np.where(y == 0, sign, -sign) * x2, y, noise)


@_generator("Two Gaussians", "Two round clouds that overlap a little.", level=0.95)
def gaussians(seed: int, samples: int = 300, noise: float = 0.6, fraction: float = 0.5) -> Points:
    """Draw Gaussian clouds with standard deviation `noise` around (-1, -1) for class 0, (1, 1) for class 1."""
    rng = np.random.default_rng(seed)
    y = _pair(rng, samples, fraction)
    centre = np.where(y == 0, -1.0, 1.0)
    return _spread(rng, centre, centre, y, noise)


@_generator("Two spirals", "Two arms wound around each other.", level=0.95, recommended=_WINDING)
def spiral(seed: int, samples: int = 400, noise: float = 0.03, fraction: float = 0.5) -> Points:
    """Draw two arms of one and a half turns: radius t in [0, 1], angle 3 pi t, plus pi for class 1."""
    rng = np.random.default_rng(seed)
    return _arms(rng, _pair(rng, samples, fraction), 2, 1.5, noise)


@_generator("Checkerboard", "Sixteen squares of alternating class.", level=0.85, recommended=_ALTERNATING)
def checkerboard(seed: int, samples: int = 600, noise: float = 0.03, fraction: float = 0.5) -> Points:
    """Draw uniformly on [-2, 2] x [-2, 2]; the class is the parity of floor(x1) + floor(x2)."""
    rng = np.random.default_rng(seed)
    y = _pair(rng, samples, fraction)
    column = rng.integers(0, 4, samples)
    row = 2 * rng.integers(0, 2, samples) + (column + y) % 2
    x1, x2 = rng.uniform(0.0, 1.0, (2, samples)) + np.stack([column, row]) - 2.0
    return _spread(rng, x1, x2, y, noise)


@_generator("Rings", "Four concentric rings of alternating class.", level=0.93, recommended=_ALTERNATING)
def rings(seed: int, samples: int = 400, noise: float = 0.12, fraction: float = 0.5) -> Points:
    """Draw class 0 on the circles of radius 1 and 3, class 1 on those of radius 2 and 4."""
    rng = np.random.default_rng(seed)
    y = _pair(rng, samples, fraction)
    r = 1.0 + y + 2.0 * rng.integers(0, 2, samples)
    return _polar(rng, r, rng.uniform(0.0, 2 * np.pi, samples), y, noise)


@_generator(
    "Flower",
    "A flower with petals of two classes: the planar data of deeplearning.ai, course 1, week 3.",
    level=0.83,
    recommended={"network.hidden": (4,), "optimizer.learning_rate": 1.2},  # as in the course
)
def flower(seed: int, samples: int = 400, noise: float = 0.2) -> Points:
    """Draw petals r = 4 sin(4 t), class 0 then class 1, by the legacy generator: seed 1 gives the published data.

    With m = 400 and noise 0.2 these are the planar data of deeplearning.ai, "Neural Networks and Deep
    Learning", week 3. If m is odd, class 1 gets the extra sample.
    """
    rng = np.random.RandomState(seed)
    halves = (samples // 2, samples - samples // 2)
    parts = []
    for label, size in enumerate(halves):
        t = np.linspace(label * 3.12, (label + 1) * 3.12, size) + rng.randn(size) * noise
        r = 4 * np.sin(4 * t) + rng.randn(size) * noise
        parts.append(np.column_stack([r * np.sin(t), r * np.cos(t)]))
    return np.concatenate(parts), np.repeat([0.0, 1.0], halves)


@_generator("Blobs", "One round cloud for each of k classes.", "multiclass", level=0.97)
def blobs(seed: int, samples: int = 300, noise: float = 0.4, classes: int = 3) -> Points:
    """Draw Gaussian clouds with standard deviation `noise` around k evenly spaced points on the circle of radius 2."""
    rng = np.random.default_rng(seed)
    y = _evenly(rng, samples, classes)
    return _polar(rng, np.full(samples, 2.0), 2 * np.pi * y / classes, y, noise)


@_generator("Spirals", "One spiral arm for each of k classes.", "multiclass", level=0.95, recommended=_WINDING)
def spirals(seed: int, samples: int = 450, noise: float = 0.03, classes: int = 3) -> Points:
    """Draw k arms of one turn: radius t in [0, 1], angle 2 pi t + 2 pi c / k."""
    rng = np.random.default_rng(seed)
    return _arms(rng, _evenly(rng, samples, classes), classes, 1.0, noise)


@_generator("Imbalanced pair", "Two overlapping clouds; class 1 is the rare one.", level=0.95)
def imbalanced(seed: int, samples: int = 400, noise: float = 0.7, fraction: float = 0.1) -> Points:
    """Draw Gaussian clouds with standard deviation `noise` around (0, 0) for class 0, (1.5, 1.5) for class 1."""
    rng = np.random.default_rng(seed)
    y = _pair(rng, samples, fraction)
    centre = 1.5 * y
    return _spread(rng, centre, centre, y, noise)


@_generator(
    "One point",
    "A single sample: input 1, target 0.",
    inputs=1,
    seed=None,
    scaled=False,
    tested=False,
    level=1.0,
    recommended={"network.hidden": (), "optimizer.learning_rate": 0.15, "run.epochs": 300},  # as published
)
def one_point(seed: int) -> Points:
    """Return x = 1, target 0: the saturating neuron of Nielsen, "Neural Networks and Deep Learning", chapter 3."""
    return np.ones((1, 1)), np.zeros(1)


@_generator(
    "Line with outliers",
    "A straight line, with one sample in ten lifted far above it.",
    "regression",
    inputs=1,
    level=0.1,  # no line explains where the outliers are
    recommended=_STRAIGHT,
)
def line_with_outliers(seed: int, samples: int = 100, noise: float = 0.2) -> Points:
    """Draw y = x / 2 + 1 for x in [-3, 3]; round(m / 10) samples, at least one, are 4 to 8 above."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-3.0, 3.0, samples)
    y = 0.5 * x + 1.0 + noise * rng.standard_normal(samples)
    lifted = rng.choice(samples, max(1, round(samples / 10)), replace=False)
    y[lifted] += rng.uniform(4.0, 8.0, lifted.size)
    return x[:, np.newaxis], y


@_generator("Sine", "One full wave of a sine.", "regression", inputs=1, level=0.93, recommended=_CURVED)
def sine(seed: int, samples: int = 200, noise: float = 0.1) -> Points:
    """Draw y = sin x for x in [-pi, pi]."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-np.pi, np.pi, samples)
    return x[:, np.newaxis], np.sin(x) + noise * rng.standard_normal(samples)


@_generator("Plane", "A tilted plane over two inputs.", "regression", level=0.98, recommended=_STRAIGHT)
def plane(seed: int, samples: int = 300, noise: float = 0.1) -> Points:
    """Draw y = x1 - x2 / 2 for x1, x2 in [-2, 2]."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-2.0, 2.0, (samples, 2))
    return X, X @ np.array([1.0, -0.5]) + noise * rng.standard_normal(samples)


@_generator("Hills", "A hill and a hollow over two inputs.", "regression", level=0.93, recommended=_HILLY)
def hills(seed: int, samples: int = 400, noise: float = 0.05) -> Points:
    """Draw y = exp(-|x - (1, 1)|^2) - exp(-|x + (1, 1)|^2) for x1, x2 in [-2.5, 2.5]."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-2.5, 2.5, (samples, 2))
    y = np.exp(-np.sum((X - 1.0) ** 2, axis=1)) - np.exp(-np.sum((X + 1.0) ** 2, axis=1))
    return X, y + noise * rng.standard_normal(samples)
