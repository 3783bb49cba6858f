"""The gradient check: the formulas against central differences of the cost.

    dC/dtheta is about (C(theta + h) - C(theta - h)) / 2h

for each parameter separately. The left side is the gradient used in training, in the run's precision; the right side is
computed in float64 from a copy, for many parameters at once, by a batch of networks that differ in one parameter each.

The error of a layer is |analytic - numeric| / (|analytic| + |numeric|), of vectors. If a step of h crosses a kink (ReLU
at 0, |r| at 0, ...), the difference mixes two slopes; such parameters are left out and named.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sandbox import words
from sandbox.arrays import Floats
from sandbox.experiment.training.probe import LaneProbe
from sandbox.experiment.training.samples import Samples
from sandbox.nn import ACTIVATIONS, LOSSES, Network
from sandbox.nn.losses import CLAMP, reduction_factor
from sandbox.nn.network import ForwardPass, layer_views, parameter_count

STEP = 1e-5
# The most time for one check, in nanoseconds as estimated by `_nanoseconds`; and the most numbers in a batch.
MOST_WORK = 2.5e8
MOST_NUMBERS = 400_000
FEWEST_SAMPLES, FEWEST_PARAMETERS = 32, 12
MOST_KINKS = 100

# By precision of the run: up to these errors a gradient is right, probably right, doubtful; beyond them it is wrong.
BOUNDS = {"float64": (1e-7, 1e-5, 1e-3), "float32": (1e-4, 1e-3, 2e-2)}
VERDICTS = ("right", "probably right", "look closer", "wrong")


@dataclass(frozen=True)
class Kink:
    """A point where a step crosses from one slope to another.

    Attributes
    ----------
    kind : str
        "activation", "loss", "clipped" or "weight".
    layer, unit : int
        Counted from 1; for a weight, the layer and the unit it leads to.
    sample : int
        Counted from 1; 0 for a weight.
    distance : float
        Distance from the kink: of z, of the loss's `kink_name`, of a from the clip, or of w from 0.
    """

    kind: str
    layer: int
    unit: int
    sample: int
    distance: float


@dataclass(frozen=True)
class LayerCheck:
    """The parameters of one layer, weights or biases.

    Attributes
    ----------
    name : str
        "W[1]", "b[1]", ...
    count, checked, kinked : int
        How many exist, were compared, and were left out because a step crosses a kink.
    error : float
        |analytic - numeric| / (|analytic| + |numeric|); nan if nothing was compared.
    verdict : str
        One of `VERDICTS`, "not finite", or "" if nothing was compared.
    tiny : bool
        Whether the two differ only by rounding, however large the error.
    worst : tuple of (str, float, float)
        The parameter with the largest difference, its derivative analytic and numeric.
    """

    name: str
    count: int
    checked: int
    kinked: int
    error: float
    verdict: str
    tiny: bool
    worst: tuple[str, float, float]


@dataclass(frozen=True)
class GradientCheck:
    """The result of a check.

    Attributes
    ----------
    objective : str
        Registry name.
    layers : tuple of LayerCheck
        W[1], b[1], W[2], ...
    precision : str
        Of the run, and so of the analytic gradient.
    samples, m : int
        How many training samples were used, of how many.
    checked, count : int
        How many parameters were compared or lie at a kink, of how many.
    kinks : tuple of Kink
        The nearest first, at most `MOST_KINKS`.
    """

    objective: str
    layers: tuple[LayerCheck, ...]
    precision: str
    samples: int
    m: int
    checked: int
    count: int
    kinks: tuple[Kink, ...]


@dataclass(frozen=True)
class CheckGradient:
    """Is the gradient right? Asked once for every press of the button.

    Attributes
    ----------
    lane : str
    press : int
        Distinguishes one press from the next; also seeds the choice of what is compared in a large network.
    """

    lane: str
    press: int

    def answer(self, probe: LaneProbe) -> GradientCheck:
        """Compare at the current parameters."""
        rng = np.random.default_rng(self.press)
        m, picked = _selection(probe, rng)
        part, chosen = probe, np.arange(probe.m)
        if m < probe.m:
            chosen = np.sort(rng.choice(probe.m, m, replace=False))
            samples = Samples(probe.samples.X[:, chosen], {c: Y[chosen] for c, Y in probe.samples.Y.items()})
            part = LaneProbe(probe.replica, probe.data, samples, lambda: samples)
        analytic = part.gradient()[picked].astype(np.float64)
        numeric, kinked, kinks = _differences(part, picked, chosen)
        floor = _rounding(part)[picked]
        return GradientCheck(
            probe.objective.name,
            tuple(_layers(part, picked, analytic, numeric, kinked, floor)),
            str(probe.network.dtype),
            m,
            probe.m,
            len(picked),
            len(probe.network.theta),
            kinks,
        )


# What is compared


def _nanoseconds(sizes: tuple[int, ...]) -> float:
    """Estimate the time that one sample takes through one of many networks."""
    products = sum(n_in * n_out for n_in, n_out in pairwise(sizes))
    return 12.0 * sum(sizes[1:]) + 0.5 * products


def _selection(probe: LaneProbe, rng: np.random.Generator) -> tuple[int, NDArray[np.intp]]:
    """Return how many samples, and which parameters, in order: all, or as many of each layer as time allows."""
    sizes, count, m = probe.sizes, len(probe.network.theta), probe.m
    cost = 2.0 * _nanoseconds(sizes)
    if cost * m * count <= MOST_WORK:
        return m, np.arange(count)
    groups = _groups(sizes)
    fewest = sum(min(len(group), FEWEST_PARAMETERS) for group in groups)
    m = min(m, max(FEWEST_SAMPLES, int(MOST_WORK / (cost * fewest))))
    most = max(FEWEST_PARAMETERS, int(MOST_WORK / (cost * m * len(groups))))
    picked = [g if len(g) <= most else rng.choice(g, most, replace=False) for g in groups]
    return m, np.sort(np.concatenate(picked))


def _groups(sizes: tuple[int, ...]) -> list[NDArray[np.intp]]:
    """Return the indices of W[1], b[1], W[2], ... in theta."""
    W, b = layer_views(np.arange(parameter_count(sizes)), sizes)
    return [part.ravel() for pair in zip(W, b, strict=True) for part in pair]


# The differences


def _differences(
    probe: LaneProbe, picked: NDArray[np.intp], chosen: NDArray[np.intp]
) -> tuple[Floats, NDArray[np.bool_], tuple[Kink, ...]]:
    """Return the central difference for each picked parameter, whether its step crosses a kink, and the kinks."""
    lane, loss = probe.lane, probe.lane.settings.loss
    theta = probe.replica.theta.astype(np.float64)
    X, Y = probe.samples.X.astype(np.float64), probe.samples.Y[lane.coding].astype(np.float64)
    steps = _steps(probe, theta)[picked]
    batch = max(1, min(len(picked), int(MOST_NUMBERS / (2 * probe.m * max(1, sum(probe.sizes[1:]))))))
    net = Network(probe.sizes, probe.activations, lanes=2 * batch)
    factor = reduction_factor(loss.reduction, probe.m, probe.sizes[-1])
    numeric, kinked = np.empty(len(picked)), np.zeros(len(picked), np.bool_)
    kinks: dict[tuple[str, int, int, int], Kink] = {}
    for start in range(0, len(picked), batch):
        indices = picked[start : start + batch]
        n, h = len(indices), steps[start : start + batch]
        net.theta[...] = theta
        rows = np.arange(n)
        net.theta[rows, indices] += h
        net.theta[batch + rows, indices] -= h
        width = net.theta[rows, indices] - net.theta[batch + rows, indices]  # the step after rounding
        done = net.forward(X)
        elements = probe.objective.elements(done.Z[-1], done.A[-1], Y, net.activations[-1], loss.numerics)
        # Subtract sample by sample, so that what the two costs have in common adds no rounding.
        change = factor * (elements[:n] - elements[batch : batch + n]).sum(axis=(-2, -1))
        change += _penalty_change(probe, net.theta[rows, indices], net.theta[batch + rows, indices], indices)
        numeric[start : start + n] = change / width
        for kind, layer, distance in _kink_distances(probe, done, Y):
            crossed = (distance[:n] > 0.0) != (distance[batch : batch + n] > 0.0)
            kinked[start : start + n] |= crossed.any(axis=(-2, -1))
            for row, sample, unit in np.argwhere(crossed)[:MOST_KINKS]:
                value = 0.5 * float(distance[row, sample, unit] + distance[batch + row, sample, unit])
                _keep_nearest(kinks, Kink(kind, layer, int(unit) + 1, int(chosen[sample]) + 1, value))
    _weight_kinks(probe, theta, picked, steps, kinked, kinks)
    nearest = sorted(kinks.values(), key=lambda kink: abs(kink.distance))
    return numeric, kinked, tuple(nearest[:MOST_KINKS])


def _steps(probe: LaneProbe, theta: Floats) -> Floats:
    """Return h for each parameter: shorter if the activation below is large, so that z moves by STEP at most."""
    h = np.empty_like(theta)
    W, b = layer_views(h, probe.sizes)
    for l, (weights, biases) in enumerate(zip(W, b, strict=True)):
        below = probe.X if l == 0 else probe.forward_pass.A[l]
        largest = np.abs(below.astype(np.float64)).max(axis=0)
        weights[...] = STEP / np.maximum(1.0, np.where(np.isfinite(largest), largest, 1.0))
        biases[...] = STEP
    return np.maximum(h, 1e-9 * np.abs(theta))


def _penalty_change(probe: LaneProbe, above: Floats, below: Floats, indices: NDArray[np.intp]) -> Floats:
    l1, l2 = probe.lane.settings.optimizer.l1, probe.lane.settings.optimizer.l2
    change = l1 * (np.abs(above) - np.abs(below)) + 0.5 * l2 * (above - below) * (above + below)
    return np.asarray(change * probe.network.weights[indices], dtype=np.float64)


# Kinks


def _kink_distances(probe: LaneProbe, done: ForwardPass, Y: Floats) -> Iterator[tuple[str, int, Floats]]:
    """Yield kind, layer, and the distance of each sample of each network from the kink (..., m, n)."""
    for l, name in enumerate(probe.activations, start=1):
        for kink in ACTIVATIONS[name].kinks:
            yield "activation", l, done.Z[l] - kink
    last, A, loss = len(probe.activations), done.A[-1], probe.objective
    if loss.kink_name:
        yield "loss", last, loss.kink_distance(A, Y)
    if loss.has_logs and probe.numerics == "clamped":
        yield "clipped", last, A - CLAMP
        if math.isfinite(loss.clamped_high):
            yield "clipped", last, loss.clamped_high - A


def _weight_kinks(
    probe: LaneProbe,
    theta: Floats,
    picked: NDArray[np.intp],
    steps: Floats,
    kinked: NDArray[np.bool_],
    kinks: dict[tuple[str, int, int, int], Kink],
) -> None:
    """Mark the weights whose step crosses 0, if |w| is part of the penalty."""
    if not probe.lane.settings.optimizer.l1:
        return
    for l, W in enumerate(layer_views(np.arange(len(theta)), probe.sizes)[0], start=1):
        for row, units in enumerate(W):
            crossing = np.flatnonzero(np.isin(picked, units) & (np.abs(theta[picked]) < steps))
            kinked[crossing] = True
            for index in crossing[:MOST_KINKS]:
                _keep_nearest(kinks, Kink("weight", l, row + 1, 0, float(theta[picked[index]])))


def _keep_nearest(kinks: dict[tuple[str, int, int, int], Kink], kink: Kink) -> None:
    key = (kink.kind, kink.layer, kink.unit, kink.sample)
    if key not in kinks or abs(kink.distance) < abs(kinks[key].distance):
        kinks[key] = kink


# Errors and verdicts


def _rounding(probe: LaneProbe) -> Floats:
    """Return how large a difference rounding alone can cause, for each parameter.

    The analytic gradient adds up m products of dZ and A, each rounded in the run's precision; dZ of the output is a
    difference of numbers around 1. The numeric one subtracts losses that are rounded in float64, over a step.
    """
    lane, network = probe.lane, probe.network
    D = np.abs(probe.dZ()).astype(np.float64) + probe.factor
    floor = np.empty(len(network.theta))
    W, b = layer_views(floor, probe.sizes)
    for l in range(len(W), 0, -1):
        below = np.abs(probe.X if l == 1 else probe.forward_pass.A[l - 1]).astype(np.float64)
        W[l - 1][...], b[l - 1][...] = D.T @ below, D.sum(axis=0)
        if l > 1:
            g = network.activations[l - 2]
            slope = np.abs(g.derivative(probe.forward_pass.Z[l - 1], probe.forward_pass.A[l - 1])).astype(np.float64)
            D = (D @ np.abs(network.W[l - 1]).astype(np.float64)) * slope
    floor *= 4.0 * float(np.finfo(network.dtype).eps)
    elements = probe.objective.elements(
        probe.forward_pass.Z[-1],
        probe.forward_pass.A[-1],
        probe.targets(probe.objective),
        probe.output,
        lane.settings.loss.numerics,
    )
    size = probe.factor * float(np.sqrt(np.square(np.abs(elements.astype(np.float64)) + 1.0).sum()))
    return floor + 4.0 * float(np.finfo(np.float64).eps) * size / _steps(probe, probe.replica.theta.astype(np.float64))


def _layers(
    probe: LaneProbe,
    picked: NDArray[np.intp],
    analytic: Floats,
    numeric: Floats,
    kinked: NDArray[np.bool_],
    floor: Floats,
) -> Iterator[LayerCheck]:
    sizes, bounds = probe.sizes, BOUNDS[str(probe.network.dtype)]
    for i, group in enumerate(_groups(sizes)):
        layer, weights = i // 2 + 1, i % 2 == 0
        inside = (picked >= group[0]) & (picked <= group[-1]) & np.isin(picked, group)
        used = inside & ~kinked
        a, n = analytic[used], numeric[used]
        difference = a - n
        error = _relative(difference, a, n)
        tiny = bool(np.all(np.abs(difference) <= floor[used]))
        verdict = ""
        if len(a):
            finite = bool(np.isfinite(difference).all())
            grade = 0 if tiny else int(np.searchsorted(bounds, error, side="right"))
            verdict = VERDICTS[grade] if finite else "not finite"
        worst = ("", 0.0, 0.0)
        if len(a):
            k = int(np.argmax(np.where(np.isfinite(difference), np.abs(difference), np.inf)))
            index = int(np.flatnonzero(group == picked[used][k])[0])
            unit, below = divmod(index, sizes[layer - 1]) if weights else (index, -1)
            name = f"W[{layer}][{unit + 1}, {below + 1}]" if weights else f"b[{layer}][{unit + 1}]"
            worst = (name, float(a[k]), float(n[k]))
        name = f"{'W' if weights else 'b'}[{layer}]"
        kinks = int((inside & kinked).sum())
        yield LayerCheck(name, len(group), len(a), kinks, error, verdict, tiny and bool(verdict), worst)


def _relative(difference: Floats, a: Floats, n: Floats) -> float:
    if not len(a):
        return float("nan")
    size = float(np.linalg.norm(a) + np.linalg.norm(n))
    return float(np.linalg.norm(difference)) / size if size else 0.0


# In words


def _figure(value: float) -> str:
    return words.number(value, 2)


def verdict_of(check: GradientCheck) -> str:
    """Return the worst verdict of all layers; "" if nothing was compared."""
    order = ("", *VERDICTS, "not finite")
    return max((layer.verdict for layer in check.layers), key=order.index, default="")


def meaning(check: GradientCheck) -> str:
    """Return what the errors mean, in one sentence or two."""
    right, _, doubtful = BOUNDS[check.precision]
    verdict = verdict_of(check)
    worst = [layer for layer in check.layers if layer.verdict == verdict]
    names = ", ".join(f"d{layer.name}" for layer in worst)
    error = _figure(max((layer.error for layer in worst), default=0.0)) if verdict in VERDICTS else ""
    if verdict == "right":
        small = f"no error is above {_figure(right)}" if not _hidden(check) else "the differences are only rounding"
        return f"The formulas are right: {small}."
    if verdict == "probably right":
        return f"Probably right: {error} in {names} is a little more than usual; strong curvature can cause that."
    if verdict == "look closer":
        return f"Look closer: {error} in {names} is more than rounding causes; a formula may be slightly off."
    if verdict == "wrong":
        return f"Wrong: {error} in {names} is above {_figure(doubtful)}; these formulas do not give the cost's slope."
    if verdict == "not finite":
        return f"Nothing can be said about {names}: the cost or its gradient is not a number here."
    return "Nothing could be compared: every step crosses a kink."


def _hidden(check: GradientCheck) -> bool:
    """Whether an error is large only because the gradient is too small to distinguish from rounding."""
    return any(layer.tiny and layer.error > BOUNDS[check.precision][0] for layer in check.layers)


def extent(check: GradientCheck) -> str:
    """Return what was compared, and how, in sentences."""
    samples = _of(check.samples, check.m, "training sample")
    numbers = _of(check.checked, check.count, "parameter")
    text = f"Over {samples}, with the penalty; {numbers}, moved by {_figure(STEP)} at most. "
    if check.precision == "float32":
        return text + (
            f"The run's gradient is in float32, where errors up to {_figure(BOUNDS['float32'][0])} are right; the "
            "differences were computed in float64 from a copy of its parameters."
        )
    return text + "Computed in float64 from a copy of the parameters."


def _of(some: int, count: int, noun: str) -> str:
    return words.all_of(count, noun) if some == count else f"a random {some:,} of {words.count(count, noun)}"


def kink_report(check: GradientCheck, most: int = 3) -> str:
    """Return how many parameters were left out, and the nearest kinks; "" if none were."""
    left_out = sum(layer.kinked for layer in check.layers)
    if not left_out:
        return ""
    nearest = "; ".join(kink_words(kink, check.objective) for kink in check.kinks[:most])
    others = len(check.kinks) - most
    more = "" if others <= 0 else f"; and {'at least ' * (len(check.kinks) == MOST_KINKS)}{others} more"
    which = f"{words.count(left_out, 'parameter')} {'was' if left_out == 1 else 'were'}"
    return f"{which} left out, because the step crosses a kink, where the slope jumps: {nearest}{more}."


def kink_words(kink: Kink, objective: str) -> str:
    """Return what is near a kink, and how near; the objective is the lane's."""
    output = f"output {kink.unit}, sample {kink.sample}"
    distance = _figure(kink.distance)
    return {
        "activation": f"unit {kink.unit} of layer {kink.layer}, sample {kink.sample}: "
        f"z is {distance} away from its kink",
        "loss": f"{output}: {LOSSES[objective].kink_name} is {distance} away from its kink",
        "clipped": f"{output}, is {distance} from where it is clipped",
        "weight": f"a weight to unit {kink.unit} of layer {kink.layer} is {distance} from the kink of |w|",
    }[kink.kind]
