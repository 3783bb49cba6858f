"""The learning signal: what a loss sends back for each sample, beside the loss itself.

Both are of one sample, before the reduction (1/m): its loss, and |d loss / dz| at the output. The curves come from
the loss and activation classes; their x depends on the output of the network:

margin
    one unit for two classes: x is z minus that of the decision, positive towards the true class.
unit
    one independent unit per class: x is the z of the true class's unit; the loss is that of this unit.
share
    softmax: x is the probability of the true class. Along the curve, the rest is spread evenly among the other
    classes; the samples are drawn at their own numbers.
residual
    regression: the residual a - y, at the median target if the loss or the output depends on the target; in the
    target's own unit if there is one target.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox import words
from sandbox.arrays import Array, Floats, read_only
from sandbox.experiment.training.probe import LaneProbe
from sandbox.experiment.training.samples import CODES
from sandbox.nn import ACTIVATIONS, LOSSES, Loss
from sandbox.nn.activations import Linear
from sandbox.nn.network import with_ones

MOST = 400  # samples drawn on the curves
SURE = 0.1  # a mistake is confident if the true class gets less than this
POINTS = 240  # of a curve; even, so that no single point lies on a kink at 0 and makes a spike


@dataclass(frozen=True)
class PairedLoss:
    """A loss with its parameters, and the target values that mean "no" and "yes".

    For a regression both are the median target.
    """

    name: str
    parameters: tuple[tuple[str, float], ...]
    low: float
    high: float

    def build(self) -> Loss:
        """Return the loss."""
        return LOSSES[self.name](**dict(self.parameters))


@dataclass(frozen=True)
class SignalSetup:
    """All that the curves depend on; it does not change while a lane learns.

    Attributes
    ----------
    kind : str
        "margin", "unit", "share" or "residual".
    output : str
        Activation of the output.
    units : int
    numerics : str
    middle : float
        "margin": the z at which the decision changes.
    losses : tuple of PairedLoss
        The objective first.
    scale : float
        "residual": how much 1, as the network sees it, is in the target's own unit, in which x is.
    unit : str
        "residual": the unit of x, in words; "" if the network sees the targets as they are.
    """

    kind: str
    output: str
    units: int
    numerics: str
    middle: float
    losses: tuple[PairedLoss, ...]
    scale: float = 1.0
    unit: str = ""

    @property
    def sides(self) -> tuple[int, ...]:
        """The targets that have a curve each: 1 for "yes", and -1 for "no" if there is one unit."""
        return (1, -1) if self.kind == "margin" else (1,)


@dataclass(frozen=True)
class Summary:
    """All training samples in a few numbers; one per loss, the objective first.

    Attributes
    ----------
    count : int
        How many points there are: samples or, for a regression, residuals.
    losses, signals : tuple of float
        Means over the points with a finite loss and signal.
    undefined : tuple of int
        How many samples have no finite loss or signal; of several outputs, in any of them.
    samples : int
        How many samples there are: `count`, unless there are several residuals for each.
    wrong, confident : int
        Classes: misclassified samples, and those of them whose true class gets less than a tenth, while another one
        is all but certain.
    focus : int
        How many samples `focused` covers: the confident mistakes; if none, all mistakes; if none, all samples.
        For a regression, the tenth with the largest residuals.
    focused : tuple of float
        Mean signal of those; for a regression, their share of the sum of all signals.
    """

    count: int
    losses: tuple[float, ...]
    signals: tuple[float, ...]
    undefined: tuple[int, ...]
    wrong: int
    confident: int
    focus: int
    focused: tuple[float, ...]
    samples: int


@dataclass(frozen=True, eq=False)
class Signals:
    """Where the samples are now.

    Attributes
    ----------
    setup : SignalSetup
    x : array (k,)
        As `SignalSetup.kind` defines it.
    classes : array (k,)
        Class of each; 0 throughout for a regression.
    loss, signal : array (losses, k)
    shown, count : int
        How many samples are included, of how many.
    summary : Summary or None
        If it was asked for.
    """

    setup: SignalSetup
    x: Floats
    classes: NDArray[np.intp]
    loss: Floats
    signal: Floats
    shown: int
    count: int
    summary: Summary | None


@dataclass(frozen=True)
class AskSignals:
    """What does each loss send back for each sample?

    Attributes
    ----------
    lane : str
    others : tuple of str
        Registry names of the losses beside the objective.
    summarise : bool
        Whether to add a summary over all samples; questions that differ only in this are equal.
    """

    lane: str
    others: tuple[str, ...]
    summarise: bool = field(default=True, compare=False)

    def answer(self, probe: LaneProbe) -> Signals:
        losses = [probe.objective, *(probe.loss(name) for name in self.others if name != _objective(probe))]
        setup = _setup(probe, losses)
        most = max(1, MOST // (probe.sizes[-1] if setup.kind == "residual" else 1))
        rows: Any = slice(None)
        if probe.m > most:
            rows = np.linspace(0, probe.m - 1, most).astype(np.intp)  # always the same ones
        if self.summarise or probe.m <= most:
            Z, A = probe.forward_pass.Z[-1], probe.forward_pass.A[-1]
            x, classes, loss, signal = _measured(probe, setup, losses, Z, A, slice(None))
            summary = _summary(probe, setup, x, classes, loss, signal, A) if self.summarise else None
            x, classes, loss, signal = _select(rows, probe.m, x, classes, loss, signal)
        else:
            done = probe.network.forward(with_ones(probe.X[rows]), slot=2)
            x, classes, loss, signal = _measured(probe, setup, losses, done.Z[-1], done.A[-1], rows)
            summary = None
        shown = min(most, probe.m)
        arrays = read_only(x.copy()), read_only(classes.copy()), read_only(loss.copy()), read_only(signal.copy())
        return Signals(setup, *arrays, shown, probe.m, summary)


def _objective(probe: LaneProbe) -> str:
    return probe.objective.name


def _select(rows: Any, m: int, x: Array, classes: Array, loss: Array, signal: Array) -> tuple[Array, ...]:
    """Return the values of some samples, each of which may have several units."""
    units = len(x) // m
    indices = np.arange(len(x)).reshape(m, units)[rows].ravel()
    return x[indices], classes[indices], loss[:, indices], signal[:, indices]


# The setup


def _setup(probe: LaneProbe, losses: list[Loss]) -> SignalSetup:
    lane, units = probe.lane, probe.sizes[-1]
    regression = probe.data.task == "regression"
    if units > 1 and probe.output.sums_to_one:
        kind = "share"
    elif regression:
        kind = "residual"
    else:
        kind = "margin" if units == 1 else "unit"
    middle_target = float(np.median(probe.samples.Y[lane.coding])) if kind == "residual" else 0.0
    paired = []
    for loss in losses:
        low, high = CODES[probe.coding_of(loss)] if not regression else (0.0, 1.0)
        if kind == "residual":
            low = high = middle_target
        paired.append(PairedLoss(loss.name, tuple(loss.parameter_values.items()), low, high))
    middle = decision(probe.output.name, 0.5 * sum(CODES[lane.coding])) if kind == "margin" else 0.0
    scale, unit = _unit(probe) if kind == "residual" else (1.0, "")
    return SignalSetup(kind, probe.output.name, units, lane.settings.loss.numerics, middle, tuple(paired), scale, unit)


def _unit(probe: LaneProbe) -> tuple[float, str]:
    """Return what 1 is in the unit in which residuals are shown, and that unit in words; "" if nothing is scaled."""
    data = probe.data
    if not data.standardizes_target:
        return 1.0, ""
    if len(data.target_names) > 1:  # one axis for all of them
        return 1.0, "in standard deviations"
    return float(data.target_scale[0]), f"in the unit of {data.target_names[0]}"


@lru_cache(maxsize=64)
def decision(output: str, level: float) -> float:
    """Return the z at which an output rises through `level`; 0 if it never does."""
    g = ACTIVATIONS[output]()

    def above(z: float) -> bool:
        Z = np.array([[z]])
        return bool(g.value(Z)[0, 0] > level)

    low, high = -50.0, 50.0
    if above(low) or not above(high):
        return 0.0
    while high - low > 1e-13:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (low, middle) if above(middle) else (middle, high)
    return 0.0 if abs(high) < 1e-9 else high


# The samples


def _measured(
    probe: LaneProbe, setup: SignalSetup, losses: list[Loss], Z: Array, A: Array, rows: Any
) -> tuple[Array, Array, Array, Array]:
    """Return x, class, loss and signal of the points on the curves: samples, or samples by units for a residual."""
    Y = probe.samples.Y[probe.lane.coding][rows]
    m, units = Y.shape
    true = np.zeros(m, np.intp) if units == 1 else Y.argmax(axis=1)
    index = np.arange(m)
    if setup.kind == "residual":
        x, classes = setup.scale * (A - Y).ravel(), np.zeros(m * units, np.intp)
    elif setup.kind == "margin":
        classes = (Y[:, 0] > 0.5 * sum(CODES[probe.lane.coding])).astype(np.intp)
        x = (Z[:, 0] - setup.middle) * (2 * classes - 1)
    else:
        classes, x = true, (A if setup.kind == "share" else Z)[index, true]
    loss, signal = np.empty((len(losses), len(x))), np.empty((len(losses), len(x)))
    for i, function in enumerate(losses):
        targets = probe.samples.Y[probe.coding_of(function)][rows]
        elements = function.elements(Z, A, targets, probe.output, setup.numerics)
        dZ = np.abs(function.dZ(Z, A, targets, probe.output, setup.numerics))
        if setup.kind == "residual":
            loss[i], signal[i] = elements.ravel(), dZ.ravel()
        else:
            loss[i] = elements.sum(axis=1) if setup.kind == "share" else elements[index, true]
            signal[i] = dZ[index, true]
    return x.astype(np.float64), classes, loss, signal


def _summary(
    probe: LaneProbe, setup: SignalSetup, x: Array, classes: Array, loss: Array, signal: Array, A: Array
) -> Summary:
    finite = np.isfinite(loss) & np.isfinite(signal)
    undefined = tuple(int(n) for n in (~finite.reshape(len(finite), probe.m, -1)).any(axis=2).sum(axis=1))
    means = [tuple(_mean(v[f]) for v, f in zip(values, finite, strict=True)) for values in (loss, signal)]
    wrong = confident = 0
    if probe.data.task == "regression":
        focus = max(1, len(x) // 10)
        far = np.argsort(-np.abs(x), kind="stable")[:focus]
        focused = tuple(_share(v, far) for v in np.where(finite, signal, np.nan))
    else:
        missed, sure = _mistakes(probe, classes, A)
        wrong, confident = int(missed.sum()), int(sure.sum())
        mask = sure if confident else missed if wrong else np.ones(len(x), bool)
        focus = int(mask.sum())
        focused = tuple(_mean(v[mask & f]) for v, f in zip(signal, finite, strict=True))
    return Summary(len(x), means[0], means[1], undefined, wrong, confident, focus, focused, probe.m)


def _mistakes(probe: LaneProbe, classes: Array, A: Array) -> tuple[Array, Array]:
    """Return which samples are misclassified, and for which of them the true class gets less than `SURE`.

    Of several outputs that are no probabilities, the largest must also be near that of a certain prediction.
    """
    low, high = CODES[probe.lane.coding]
    share = A if probe.output.sums_to_one and A.shape[1] > 1 else (A - low) / (high - low)
    if A.shape[1] == 1:
        missed = (share[:, 0] > 0.5) != classes
        return missed, missed & (np.where(classes == 1, share[:, 0], 1.0 - share[:, 0]) < SURE)
    missed, rows = A.argmax(axis=1) != classes, np.arange(len(A))
    sure = share[rows, classes] < SURE
    if not probe.output.sums_to_one:
        sure &= share.max(axis=1) > 1.0 - SURE
    return missed, missed & sure


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _share(values: Array, indices: Array) -> float:
    total = float(np.nansum(values))
    return float(np.nansum(values[indices])) / total if total > 0.0 else float("nan")


# The curves


def curve_at(setup: SignalSetup, index: int, side: int, t: Array) -> tuple[Array, Array, Array]:
    """Return x, loss and signal along the curve of one loss.

    Parameters
    ----------
    setup : SignalSetup
    index : int
        Which of its losses.
    side : int
        1 for the target "yes", -1 for "no" (`SignalSetup.sides`).
    t : array (k,)
        Positions: x itself, but z for a residual of an output that is not linear.

    Returns
    -------
    x, loss, signal : array (k,)
    """
    paired = setup.losses[index]
    Z, Y = np.zeros((len(t), setup.units)), np.full((len(t), setup.units), paired.low)
    Y[:, 0] = paired.high if side > 0 else paired.low
    g, loss = ACTIVATIONS[setup.output](), paired.build()
    with np.errstate(all="ignore"):
        if setup.kind == "margin":
            Z[:, 0] = setup.middle + side * t
        elif setup.kind == "share":
            Z[:, 0] = np.log(t / (1.0 - t)) + np.log(setup.units - 1)
        elif setup.kind == "residual" and is_direct(setup):
            Z[:, 0] = t / setup.scale + paired.high
        else:
            Z[:, 0] = t
        A = g.value(Z)
        elements = loss.elements(Z, A, Y, g, setup.numerics)
        signal = np.abs(loss.dZ(Z, A, Y, g, setup.numerics)[:, 0])
    values = elements.sum(axis=1) if setup.kind == "share" else elements[:, 0]
    x = t if is_direct(setup) else setup.scale * (A[:, 0] - paired.high)
    return x, values, signal


def is_direct(setup: SignalSetup) -> bool:
    """Whether positions along a curve are its x."""
    return setup.kind != "residual" or ACTIVATIONS[setup.output].has_slope_of(Linear)


def places(setup: SignalSetup, low: float, high: float) -> Floats:
    """Return where along a curve to evaluate it, so that x from `low` to `high` is covered."""
    if not is_direct(setup):  # any z may be needed: dense where outputs bend, out to where none does
        return np.sinh(np.linspace(-7.6, 7.6, 4 * POINTS))
    if setup.kind == "share":
        return np.unique(np.concatenate([np.geomspace(1e-6, 0.02, 40), np.linspace(0.02, 1.0 - 1e-6, POINTS)]))
    half = max(abs(low), abs(high))
    return np.linspace(-half, half, POINTS)


@lru_cache(maxsize=64)
def curves(setup: SignalSetup, low: float, high: float) -> tuple[tuple[int, int, Floats, Floats, Floats], ...]:
    """Return (index of the loss, side, x, loss, signal) of every curve with x from `low` to `high`.

    Sides that look the same share one curve.
    """
    result: list[tuple[int, int, Floats, Floats, Floats]] = []
    t = places(setup, low, high)
    for index in range(len(setup.losses)):
        drawn: list[tuple[Array, Array, Array]] = []
        for side in setup.sides:
            curve = curve_at(setup, index, side, t)
            if any(_same(curve[1], other[1]) and _same(curve[2], other[2]) for other in drawn):
                continue
            drawn.append(curve)
            inside = (curve[0] >= low - 1e-12) & (curve[0] <= high + 1e-12)
            x, loss, signal = (read_only(np.ascontiguousarray(v[inside])) for v in curve)
            result.append((index, side, x, loss, signal))
    return tuple(result)


def _same(one: Array, other: Array) -> bool:
    return np.allclose(one, other, rtol=1e-6, atol=1e-9, equal_nan=True)


# In words


def sentence(summary: Summary, setup: SignalSetup) -> str:
    """Describe the signals, in one sentence or two."""
    names = [LOSSES[paired.name].label_within() for paired in setup.losses]
    broken = next((i for i, n in enumerate(summary.undefined) if n), None)
    if broken is not None:
        n = summary.undefined[broken]
        verb = "gets" if n == 1 else "get"
        return f"{_counted(n, summary.samples)} no finite loss or signal from {names[broken]}.".replace("%", verb)
    if setup.kind == "residual":
        return _of_residuals(summary, names)
    if summary.confident:
        single = summary.confident == 1
        text = f"{_counted(summary.confident, summary.count)} confidently wrong".replace("%", "is" if single else "are")
        of = "for it, " if single else "for these, "
    elif summary.wrong:
        single = summary.wrong == 1
        text = f"{_counted(summary.wrong, summary.count)} wrong, none of them confidently"
        text = text.replace("%", "is" if single else "are")
        of = "for it, " if single else "for these, "
    else:
        every = words.capital(words.all_of(summary.count, "sample"))
        text, of = f"{every} {'is' if summary.count == 1 else 'are'} right", ""
    return f"{text}: {of}{_compared(summary.focused, names)}."


def _of_residuals(summary: Summary, names: list[str]) -> str:
    """Say how much of each loss's signal comes from the largest residuals."""
    single = summary.focus == 1
    largest = "largest" if single else f"{summary.focus:,} largest"
    shares = list(zip(summary.focused, names, strict=True))[:3]
    parts = [f"{words.share(share, 0)} with {name}" for share, name in shares if np.isfinite(share)]
    if not parts:
        return "No signal is left."
    parts[0] = parts[0].replace("% with", "% of the signal with")
    text = f"The {largest} of {words.count(summary.count, 'residual')} {'makes' if single else 'make'} up"
    silent = [name for share, name in shares if not np.isfinite(share)]
    rest = f"; {words.listed(silent)} {'sends' if len(silent) == 1 else 'send'} nothing back" if silent else ""
    return f"{text} {words.listed(parts)}{rest}."


def _counted(n: int, count: int) -> str:
    return f"{n:,} of {words.count(count, 'sample')} %"


def _compared(signals: tuple[float, ...], names: list[str]) -> str:
    """Say how much the objective and the first other loss send back, the stronger one last."""
    if len(signals) == 1:
        return f"{names[0]} sends back {_sent(signals[0])} each"
    (weak, less), (strong, more) = sorted(zip(signals[:2], names[:2], strict=True))
    if not more_than_nothing(strong):
        return "neither loss sends anything back"
    ratio = weak / strong
    if ratio > 0.95:
        return f"{names[0]} and {names[1]} send back about the same, {_sent(strong)} each"
    return f"{less} sends back {_sent(ratio)} of what {more} does"


def more_than_nothing(value: float) -> bool:
    """Whether there is any signal."""
    return bool(np.isfinite(value) and value > 0.0)


def _sent(value: float) -> str:
    return words.number(value, 2) if value else "nothing"
