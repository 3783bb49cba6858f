"""Why a lane stopped, or learns slowly: named findings from its numbers, each with evidence and a control.

A finding is a function of the probe that returns its evidence, or None; the table `FINDINGS` lists them all. Each
must stay silent on a run that goes well. `Debounced` decides which of them are shown, so that none flickers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from sandbox import words
from sandbox.arrays import Array
from sandbox.experiment.document import texts
from sandbox.experiment.document.defaults import OUTPUTS, RESCALING, objective_for, output_for
from sandbox.experiment.document.parts import LossSettings, NetworkSettings
from sandbox.experiment.document.settings import SETTINGS, Value
from sandbox.experiment.training.probe import LaneProbe
from sandbox.experiment.training.replica import initial_parameters
from sandbox.experiment.training.samples import CODES
from sandbox.nn import ACTIVATIONS, INITIALIZERS, LOSSES, OPTIMIZERS, Activation, Loss, Network
from sandbox.nn.activations import Linear
from sandbox.nn.initializers import Normal, Uniform, XavierNormal, Zeros
from sandbox.nn.losses import CLAMP, natural_loss, natural_output

FLAT = 0.01  # a unit with |g'| below this sends back almost nothing
SATURATED_SHARE = 0.9  # of a layer's units and samples that are flat
CONFIDENT = 0.95  # a confident mistake is off by more than this share of the distance between the two codes
FADED = 0.15  # if less than this share of the residual is sent back, it has faded
VANISHED = 1e-3  # as a share of what a weight of the output layer gets
ALIKE = 1e-9  # relative difference up to which weights count as equal
ROUNDING = 1e-14  # what sums of terms near 1 leave when they cancel
HUGE = 1e12  # far above any pre-activation of a run that goes well
RECENT = 30  # last rows of the history to search for a rise
LONG = 512  # most rows over which two losses are compared
_AFTER = "After a change, Reset starts over."
_LISTED = 6  # most units named one by one


@dataclass(frozen=True)
class Control:
    """A change that would help: the dotted key of a setting, the value, and the text of its button."""

    key: str
    value: Value
    text: str


@dataclass(frozen=True)
class Report:
    """What a finding reports: the evidence with its numbers, what it means, and what would help."""

    evidence: str
    meaning: str
    control: Control | None


@dataclass(frozen=True)
class FindingKind:
    """A kind of finding.

    Attributes
    ----------
    name, title : str
        Registry key, and the name on screen, short enough for a chip.
    summary : str
        What it is, in one sentence.
    find : callable
        Returns the evidence in a probe, or None.
    hides : tuple of str
        Other findings that only follow from this one; "*" means all others.
    at_once : bool
        Whether it is shown at once, because it cannot flicker.
    """

    name: str
    title: str
    summary: str
    find: Callable[[LaneProbe], Report | None]
    hides: tuple[str, ...] = ()
    at_once: bool = False


@dataclass(frozen=True)
class Finding:
    """One finding about a lane; see `FindingKind` and `Report`. `stopped`: whether it is why the lane stopped."""

    name: str
    title: str
    evidence: str
    meaning: str
    control: Control | None
    stopped: bool = False


@dataclass(frozen=True)
class Findings:
    """All findings of a lane at one moment."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class AskFindings:
    """What keeps this lane from learning well?"""

    lane: str

    def answer(self, probe: LaneProbe) -> Findings:
        """Return the findings, in the order of the table."""
        with np.errstate(all="ignore"):
            findings = tuple(find_all(probe))
        return Findings(findings)


def find_all(probe: LaneProbe) -> Iterable[Finding]:
    """Yield the findings in a probe, without those that only follow from an earlier one."""
    hidden: set[str] = set()
    stopped = bool(probe.stopped)
    for kind in FINDINGS:
        if kind.name in hidden:
            continue
        report = kind.find(probe)
        if report is None:
            continue
        yield Finding(kind.name, kind.title, report.evidence, report.meaning, report.control, stopped)
        if stopped or "*" in kind.hides:
            return
        hidden.update(kind.hides)


# Logarithms and overflow


def log_of_zero(probe: LaneProbe) -> Report | None:
    """Find a log of 0 or less: met, about to be met, or clipped away together with its gradient."""
    lane, loss = probe.lane, probe.objective
    numerics = lane.settings.loss.numerics
    if not loss.has_logs:
        return None
    A, Y = probe.forward_pass.A[-1], probe.targets(loss)
    if probe.stopped:
        bad = ~np.isfinite(probe.dZ()) & np.isfinite(A)
        if not bad.any():
            return None
        evidence = f"{_sentence(probe.stopped)} This applies to {_samples(int(bad.any(axis=1).sum()), probe.m)}."
        return Report(
            evidence, f"The gradient is not a number, so no update could follow. {_AFTER}", _exact_logs(probe)
        )
    if numerics == "clamped":
        return _clipped(probe, A, Y)
    if numerics == "naive":
        return _near_the_edge(probe, A, Y)
    return None


def _clipped(probe: LaneProbe, A: Array, Y: Array) -> Report | None:
    high = probe.objective.clamped_high
    wrong = ((A < CLAMP) | (high < A)) & (np.abs(A - Y) > 0.5)
    count = int(wrong.any(axis=1).sum())
    if not count:
        return None
    near = f"within {words.number(CLAMP)} of 0 or 1" if high < 1.0 else f"below {words.number(CLAMP)}"
    near += " or above 1" if high == 1.0 else ""
    evidence = f"{_samples(count, probe.m)} have a wrong output {near}, where the logarithm is clipped."
    return Report(evidence, "A clipped output sends back nothing at all, however wrong it is.", _exact_logs(probe))


def _near_the_edge(probe: LaneProbe, A: Array, Y: Array) -> Report | None:
    loss, limits = probe.objective, np.finfo(A.dtype)
    zeros = int((Y == 0.0).sum()) if loss.has_target_logs else 0
    if zeros:
        evidence = f"{zeros:,} of {Y.size:,} targets are exactly 0, and the formula takes their logarithm."
        return Report(evidence, "The cost is not a number, but the gradient is.", _exact_logs(probe))
    low, high = float(A.min()), float(A.max()) if loss.uses_complement else 0.0
    if low < limits.tiny / limits.eps:
        nearest = "exactly 0" if low == 0.0 else f"{words.number(low, 2)}"
    elif 1.0 - high < 64.0 * limits.eps:
        nearest = "exactly 1" if high == 1.0 else f"1 \u2212 {words.number(1.0 - high, 2)}"
    else:
        return None
    evidence = f"The output nearest to an edge is {nearest}; one that rounds to 0 or 1 gives the logarithm of 0."
    return Report(evidence, "Naive numerics use the formula as written, and the run stops there.", _exact_logs(probe))


def _exact_logs(probe: LaneProbe) -> Control | None:
    """Return a control for exact logarithms: fused numerics, an output that suits them, or another loss."""
    task, loss = probe.data.task, probe.objective
    if probe.output.has_logs:
        if probe.numerics != "fused":
            return _set("loss.numerics", "fused", "fused")
        return None
    natural = natural_output(type(loss))
    if natural is not None and not ACTIVATIONS[natural].is_share():
        return _output(natural)
    return _objective(objective_for(LossSettings(), task)) if task == "regression" else _output(_suitable(probe))


def overflow(probe: LaneProbe) -> Report | None:
    """Find numbers that grow without bound."""
    meaning = "Each step is larger than the one before and lands farther away."
    if probe.stopped:
        return Report(_sentence(probe.stopped.partition(";")[0]), f"{meaning} {_AFTER}", _slower(probe))
    sizes = [float(np.abs(Z).max()) for Z in probe.forward_pass.Z[1:]]
    layer = int(np.argmax(sizes))
    if sizes[layer] < HUGE:
        return None
    return Report(
        f"The largest pre-activation of layer {layer + 1} is {words.number(sizes[layer], 2)}.", meaning, _slower(probe)
    )


# From the history


def diverging(probe: LaneProbe) -> Report | None:
    """Find a cost that rises from third to third of the last epochs, by more than its noise."""
    cost = _recent(probe, "train_cost", RECENT)
    if cost is None or cost.size < RECENT // 2:
        return None
    first, middle, last = _thirds_of(cost)
    if not first < middle < last or last - first < max(0.1 * abs(first), 4.0 * _noise(cost)):
        return None
    rise = f"rose from {words.number(first, 3)} to {words.number(last, 3)}"
    evidence = f"The cost {rise} over the last {cost.size} recorded epochs."
    return Report(evidence, "The steps overshoot the valley, so they lead up instead of down.", _slower(probe))


def opposite(probe: LaneProbe) -> Report | None:
    """Find a monitor that gets worse over the same epochs in which the objective gets better."""
    lane, rows = probe.lane, _compared_epochs(probe)
    objective = _thirds(probe, f"train_{lane.objective.name}", rows)
    if (
        objective is None
        or not objective[0] > objective[1] > objective[2]
        or objective[0] - objective[2] < max(3.0 * objective[3], 0.1 * abs(objective[0]))
    ):
        return None
    for name, kind in lane.monitors:
        monitor = _thirds(probe, f"train_{name}", rows)
        if monitor is None:
            continue
        sign = 1.0 if isinstance(kind, Loss) else -1.0
        first, middle, last = (sign * value for value in monitor[:3])
        rise = last - first
        if not first < middle < last or rise < max(3.0 * monitor[3], 0.1 * abs(first)):
            continue
        fall, change = (f"from {words.number(t[0], 3)} to {words.number(t[2], 3)}" for t in (objective, monitor))
        verb = "rose" if sign > 0 else "fell"
        evidence = f"{lane.objective.label} fell {fall} while {kind.label_within()} {verb} {change}."
        meaning = (
            "Only the objective sends a gradient; a monitor is only shown, and nothing keeps it from getting worse."
        )
        return Report(evidence, meaning, _objective(name) if name in LOSSES else _default_objective(probe))
    return None


def _default_objective(probe: LaneProbe) -> Control | None:
    name = objective_for(LossSettings(), probe.data.task)
    return _objective(name) if name != probe.objective.name else None


def _compared_epochs(probe: LaneProbe) -> int:
    """Return over how many last epochs two curves are compared: half of the run, from `RECENT` to `LONG`."""
    last = probe.history.last
    return 0 if last is None else min(max(RECENT, last.epoch // 2), LONG)


def _thirds(probe: LaneProbe, column: str, rows: int) -> tuple[float, float, float, float] | None:
    """Return the medians of the thirds of the last rows of a column, and its noise."""
    values = _recent(probe, column, rows)
    if values is None or values.size < RECENT:
        return None
    first, middle, last = _thirds_of(values)
    return first, middle, last, _noise(values)


def _recent(probe: LaneProbe, column: str, epochs: int) -> Array | None:
    """Return a column over the last epochs after the last edit; None if there is no such row, or a value is not finite.

    After the last edit all epochs have the same number of updates, so the update gives the epoch.
    """
    history, edited = probe.history, probe.lane.edited
    last = history.last
    if last is None or last.update <= edited:
        return None
    size = probe.lane.settings.optimizer.batch_size
    per_epoch = math.ceil(probe.m / size) if 0 < size < probe.m else 1
    span = min(epochs - 1, (last.update - edited - 1) // per_epoch, last.epoch)
    start = last.epoch - span
    recorded, values = history.curve(column, epochs, epochs=(start, last.epoch))
    values = values[recorded >= start]
    return values if values.size and np.isfinite(values).all() else None


def _noise(values: Array) -> float:
    """Return the noise: how far values typically are from the straight line through their two neighbours."""
    if values.size < 3:
        return 0.0
    return _median(np.abs(values[1:-1] - 0.5 * (values[:-2] + values[2:]))) * 1.21  # sqrt(2/3) * 1.48


def _thirds_of(values: Array) -> tuple[float, float, float]:
    """Return the medians of the first, the middle and the last third."""
    a, b = round(values.size / 3), round(2 * values.size / 3)
    return _median(values[:a]), _median(values[a:b]), _median(values[b:])


def _median(values: Array) -> float:
    ordered = np.sort(values)  # much faster than np.median for few values
    return 0.5 * float(ordered[(values.size - 1) // 2] + ordered[values.size // 2])


# Units and layers


def single_softmax(probe: LaneProbe) -> Report | None:
    """Find a softmax over one unit, whose output is always 1."""
    if not probe.output.sums_to_one or probe.sizes[-1] != 1:
        return None
    label = probe.output.label_within()
    evidence = f"The output layer has 1 unit, so {label} gives 1 for all {probe.m:,} samples."
    meaning = "A constant has no slope: whatever the loss, no gradient comes back and no weight moves."
    return Report(evidence, meaning, _output(_suitable(probe)))


def equal_units(probe: LaneProbe) -> Report | None:
    """Find a hidden layer whose units all have the same weights and the same bias."""
    net = probe.network
    for l, (W, b) in enumerate(zip(net.W[:-1], net.b[:-1], strict=True), start=1):
        after = net.W[l]
        if len(W) > 1 and _alike(W, W[:1]) and _alike(b, b[:, :1]) and _alike(after, after[:, :1]):
            break
    else:
        return None
    evidence = f"All {len(W)} units of hidden layer {l} have the same weights in and out."
    meaning = "Equal units get equal gradients, so they stay equal: the layer learns no more than one unit could."
    return Report(evidence, meaning, _other_initializer(probe))


def _alike(values: Array, first: Array) -> bool:
    """Whether all values equal the first one up to rounding, which can differ between the rows of a product."""
    return bool((np.abs(values - first) <= ALIKE * np.abs(first) + ROUNDING).all())


def _other_initializer(probe: LaneProbe) -> Control | None:
    network = probe.lane.settings.network
    if network.weights is None and network.initializer == Zeros.name:
        name = str(SETTINGS["network.initializer"].default)
        return _set("network.initializer", name, INITIALIZERS[name].label)
    if network.weights is None and network.initializer_scale == 0.0:
        return _set("network.initializer_scale", 1.0, "1")
    return None


def confident_mistakes(probe: LaneProbe) -> Report | None:
    """Find samples that are confidently wrong and for which the objective sends back almost nothing."""
    loss, output = probe.objective, probe.output
    if probe.data.task == "regression" or not output.saturates:
        return None
    if probe.sizes[-1] == 1 and output.sums_to_one:
        return None
    if loss.has_logs and output.has_logs:  # with exact numerics they send back the whole residual
        return None
    residual = np.abs(probe.forward_pass.A[-1] - probe.targets(loss)) / _span(probe)
    wrong = residual.max(axis=1) > CONFIDENT
    count = int(wrong.sum())
    if count < max(3, 0.02 * probe.m):
        return None
    sent = float(np.abs(probe.dZ()[wrong]).sum(axis=1).mean()) / probe.factor
    full = float(residual[wrong].sum(axis=1).mean())
    if sent > FADED * full:
        return None
    evidence = (
        f"{_samples(count, probe.m)} are off by more than {words.number(CONFIDENT)}: {loss.label_within()} sends back "
        f"{words.number(sent, 3)} for each, cross-entropy would send {words.number(full, 3)}."
    )
    meaning = (
        f"{output.label} is flat where it is confident, and this loss does not cancel that, so such mistakes stay."
    )
    return Report(evidence, meaning, _full_residual(probe))


def _full_residual(probe: LaneProbe) -> Control:
    """Return a control that lets the whole residual be sent back."""
    natural = natural_loss(type(probe.output))
    if natural is None or probe.data.task == "regression":
        return _output(OUTPUTS["regression"])
    return _objective(natural)


def saturated(probe: LaneProbe) -> Report | None:
    """Find a hidden layer whose units are nearly all saturated, or an output layer that is flat where it is wrong."""
    done, last = probe.forward_pass, len(probe.sizes) - 1
    for l, g in enumerate(probe.network.activations, start=1):
        if not (g.saturates and g.elementwise):
            continue
        flat = np.abs(g.derivative(done.Z[l], done.A[l])) < FLAT
        share = float(flat.mean())
        if share < SATURATED_SHARE or (l == last and not _stuck(probe)):
            continue
        layer = "the output layer" if l == last else f"hidden layer {l}"
        units = np.flatnonzero(flat.mean(axis=0) >= SATURATED_SHARE) + 1
        evidence = (
            f"In {layer}, |g'| is below {words.number(FLAT)} for {words.share(share, 0)} of all samples and units"
        )
        if flat.shape[1] > 1 and units.size:
            evidence += f": {_units(units.tolist(), flat.shape[1])} nearly everywhere"
        meaning = f"Where {g.label} is flat, dZ = dA \u00b7 g' is almost 0, and nothing reaches the weights before it."
        if l < last and _was_steep(probe, l):
            meaning += f" The units were not flat at the start: too large a step made them so. {_AFTER}"
            return Report(f"{evidence}.", meaning, _slower(probe))
        return Report(f"{evidence}.", meaning, _full_residual(probe) if l == last else _unflatten(probe))
    return None


def _was_steep(probe: LaneProbe, l: int) -> bool:
    """Whether most of a layer was not yet flat at the initial parameters of the lane's seed."""
    lane = probe.lane
    if lane.settings.network.weights is not None:
        return False
    network = Network(probe.sizes, probe.activations, dtype=probe.samples.X.dtype)
    network.theta[...] = initial_parameters(lane.settings, probe.sizes)
    done = network.forward(probe.samples.X)
    slope = network.activations[l - 1].derivative(done.Z[l], done.A[l])
    return float((np.abs(slope) < FLAT).mean()) < 0.5 * SATURATED_SHARE


def _stuck(probe: LaneProbe) -> bool:
    """Whether a flat output is also wrong, apart from confident mistakes, which are a separate finding."""
    loss = probe.objective
    residual = np.abs(probe.forward_pass.A[-1] - probe.targets(loss))
    wrong = residual > 0.5 * _span(probe)
    if loss.has_logs or wrong.mean() < 0.1 or confident_mistakes(probe) is not None:
        return False
    return float(np.abs(probe.dZ()[wrong]).mean()) / probe.factor < FADED * float(residual[wrong].mean())


def _span(probe: LaneProbe) -> float:
    """Return the distance between the two codes of a class; 1 for a regression."""
    low, high = CODES["zero_one" if probe.data.task == "regression" else probe.lane.coding]
    return high - low


def _unflatten(probe: LaneProbe) -> Control:
    network = probe.lane.settings.network
    if network.weights is None and network.initializer_scale > 1.0:
        return _set("network.initializer_scale", 1.0, "1")
    if network.weights is None and network.initializer in (Normal.name, Uniform.name):
        return _set("network.initializer", XavierNormal.name, XavierNormal.label)
    return _unsaturated(probe)


def dead_units(probe: LaneProbe) -> Report | None:
    """Find units that are 0, with slope 0, for every training sample."""
    last = len(probe.sizes) - 1
    dead: dict[int, list[int]] = {}
    label = ""
    for l, g in enumerate(probe.network.activations, start=1):
        if g.dies:
            indices = np.flatnonzero(
                (g.derivative(probe.forward_pass.Z[l], probe.forward_pass.A[l]) == 0.0).all(axis=0)
            )
            if indices.size:
                dead[l] = [int(unit) + 1 for unit in indices]
                label = g.label
    if not dead:
        return None
    layers = [
        f"{_units(units, probe.sizes[l])} of {'the output layer' if l == last else f'hidden layer {l}'}"
        for l, units in dead.items()
    ]
    verb = "are" if len(dead) > 1 or sum(map(len, dead.values())) > 1 else "is"
    evidence = f"{words.capital(' and '.join(layers))} {verb} 0 for all {probe.m:,} training samples."
    meaning = f"Where {label} is 0 its slope is 0 too: such units get no gradient, so they stay as they are."
    control = _output(_suitable(probe)) if last in dead else _undying(probe)
    return Report(evidence, meaning, control)


def vanishing(probe: LaneProbe) -> Report | None:
    """Find a layer whose weights get less than a thousandth of the output layer's gradient, sample by sample."""
    sizes = _gradient_sizes(probe)
    if len(sizes) < 2 or not 0.0 < sizes[-1] < math.inf:
        return None
    layer = int(np.argmin(sizes))
    if not sizes[layer] < VANISHED * sizes[-1]:
        return None
    small, large, ratio = (words.number(size, 2) for size in (sizes[layer], sizes[-1], sizes[layer] / sizes[-1]))
    evidence = (
        f"In layer {layer + 1} the gradient of a weight, per sample, is {small} (root mean square), in the output "
        f"layer {large}: a ratio of {ratio}."
    )
    meaning = (
        "Each layer on the way back multiplies by W and g'; here that shrinks the gradient: early layers barely learn."
    )
    return Report(evidence, meaning, _against_vanishing(probe))


def _gradient_sizes(probe: LaneProbe) -> list[float]:
    """Return per layer the root mean square, over samples and weights, of a sample's share in dW[l].

    Taken sample by sample because shares cancel in their sum: on a plateau, where early layers matter most, the sum
    of the output layer is small as well.
    """
    done, net = probe.forward_pass, probe.network
    dZ = probe.dZ()
    sizes: list[float] = []
    for l in range(len(net.W), 0, -1):
        below = done.A[l - 1] if l > 1 else probe.X
        squares = np.square(dZ).mean(axis=1) @ np.square(below).mean(axis=1)  # the mean of a product of two sums
        sizes.insert(0, math.sqrt(float(squares) / probe.m))
        if l > 1:
            dZ = net.activations[l - 2].backward(done.Z[l - 1], done.A[l - 1], dZ @ net.W[l - 1])
    return sizes


def _against_vanishing(probe: LaneProbe) -> Control | None:
    hidden = probe.activations[:-1]
    if any(ACTIVATIONS[name].saturates for name in hidden):
        return _unsaturated(probe)
    if not OPTIMIZERS[probe.lane.settings.optimizer.name].rescales:
        return Control("optimizer.name", RESCALING, f"Use {OPTIMIZERS[RESCALING].label}")
    return None


# Controls and words


def _set(key: str, value: Value, shown: str) -> Control:
    return Control(key, value, f"Set {texts.setting_within(key)} to {shown}")


def _slower(probe: LaneProbe) -> Control:
    """Return a control for a tenth of the learning rate, to one digit."""
    rate = max(float(f"{0.1 * probe.lane.settings.optimizer.learning_rate:.0e}"), 1e-12)
    return _set("optimizer.learning_rate", rate, words.number(rate))


def _objective(name: str) -> Control:
    return Control("loss.objective", name, f"Learn with {LOSSES[name].label_within()}")


def _output(name: str) -> Control:
    return _set("network.output", name, ACTIVATIONS[name].label)


def _suitable(probe: LaneProbe) -> str:
    return output_for(NetworkSettings(), probe.lane.settings.loss, probe.data.task)


def _unsaturated(probe: LaneProbe) -> Control:
    """Replace saturating activations by the first nonlinear one that does not saturate."""
    return _activation(probe, lambda g: g.saturates, lambda g: not g.saturates)


def _undying(probe: LaneProbe) -> Control:
    """Replace activations with dying units by the first nonlinear one that always has a slope."""
    return _activation(probe, lambda g: g.dies, lambda g: not (g.saturates or g.dies))


def _activation(
    probe: LaneProbe, old: Callable[[type[Activation]], bool], new: Callable[[type[Activation]], bool]
) -> Control:
    """Return a control for another activation in place of the old ones, layer by layer if each has its own."""
    nonlinear = (kind for kind in ACTIVATIONS.values() if kind.elementwise and not kind.has_slope_of(Linear))
    name = next(kind.name for kind in nonlinear if new(kind))
    given = probe.lane.settings.network.activation
    value = name if isinstance(given, str) else tuple(name if old(ACTIVATIONS[layer]) else layer for layer in given)
    return _set("network.activation", value, ACTIVATIONS[name].label)


def _sentence(text: str) -> str:
    return words.capital(text).rstrip(".") + "."


def _samples(count: int, m: int) -> str:
    return f"{count:,} of {m:,} samples"


def _units(units: list[int], all_units: int) -> str:
    """Return "unit 3", "units 1, 2 and 5", "12 of 64 units (1, 2, 4, 5, 7, 8, ...)"."""
    if len(units) == 1:
        return f"unit {units[0]}"
    if len(units) == all_units:
        return f"all {all_units} units"
    listed = ", ".join(map(str, units[:_LISTED]))
    if len(units) > _LISTED:
        return f"{len(units)} of {all_units} units ({listed}, ...)"
    return f"units {words.listed(map(str, units))}"


FINDINGS: tuple[FindingKind, ...] = (
    FindingKind(
        "log_of_zero", "Log of 0", "An output reached 0 or 1, where the loss takes the logarithm of 0.",
        log_of_zero, hides=("confident_mistakes",), at_once=True,
    ),
    FindingKind("overflow", "Overflow", "Numbers grew too large to represent.", overflow, hides=("*",), at_once=True),
    FindingKind(
        "single_softmax", "Softmax of one unit", "A softmax of one unit is 1, whatever the weights.",
        single_softmax, hides=("*",), at_once=True,
    ),
    FindingKind(
        "equal_units", "Equal units", "All units of a layer do the same.",
        equal_units, hides=("dead_units", "vanishing", "saturated"), at_once=True,
    ),
    FindingKind(
        "diverging", "Cost rises", "The cost has been rising for many epochs.", diverging,
        hides=("opposite", "saturated", "vanishing"),
    ),
    FindingKind(
        "confident_mistakes", "Confident mistakes", "The loss sends back almost nothing for the worst mistakes.",
        confident_mistakes,
    ),
    FindingKind(
        "saturated", "Saturated units", "Units are on the flat part of their activation.", saturated,
        hides=("vanishing",),
    ),
    FindingKind("dead_units", "Dead units", "Units are 0 for every training sample.", dead_units),
    FindingKind("vanishing", "Vanishing gradient", "Early layers get almost no gradient.", vanishing),
    FindingKind(
        "opposite", "Monitor against objective", "A monitor gets worse while the objective gets better.", opposite,
    ),
)  # fmt: skip
_AT_ONCE = frozenset(kind.name for kind in FINDINGS if kind.at_once)


class Debounced:
    """Decides which findings are shown: each appears once it has held for a while, and goes once absent for a moment.

    Attributes
    ----------
    shown : tuple of Finding
        In the order of the table.
    """

    ANSWERS = 3  # in a row, to appear or to go
    UPDATES = 20  # while training, it must also have held for this many

    def __init__(self) -> None:
        self.shown: tuple[Finding, ...] = ()
        self._source: tuple[object, object] = (None, None)
        self._update = -1
        self._since: dict[str, tuple[int, int]] = {}  # not shown yet: answers so far, and the update of the first
        self._gone: dict[str, int] = {}  # shown but no longer found: answers without it

    @property
    def settled(self) -> bool:
        """Whether the same answer again would change nothing."""
        return not self._since and not self._gone

    def take(self, answer: Findings, update: int, of: object, edits: object = 0) -> None:
        """Update the findings shown with one more answer.

        Parameters
        ----------
        answer : Findings
        update : int
            Updates done when it was given.
        of : object
            Identifies the run and the lane; any other starts over.
        edits : object
            If it changes, what is no longer found goes at once: its cause has been changed.
        """
        if of != self._source[0] or update < self._update:
            self.shown, self._since, self._gone = (), {}, {}
        current = {finding.name: finding for finding in answer.findings}
        edited = edits != self._source[1]
        paused = update == self._update
        self._source, self._update = (of, edits), update
        shown = {finding.name: finding for finding in self.shown}
        self._drop_absent(shown, current, edited)
        self._since = {name: since for name, since in self._since.items() if name in current}
        for name, finding in current.items():
            if name in shown or name in _AT_ONCE or finding.stopped or self._has_held(name, update, paused):
                shown[name] = finding
                self._since.pop(name, None)
        self.shown = tuple(shown[kind.name] for kind in FINDINGS if kind.name in shown)

    def _drop_absent(self, shown: dict[str, Finding], current: dict[str, Finding], edited: bool) -> None:
        stopped = any(finding.stopped for finding in current.values())
        for name in [name for name in shown if name not in current]:
            self._gone[name] = self._gone.get(name, 0) + 1
            if edited or stopped or self._gone[name] >= self.ANSWERS:
                del shown[name]
        self._gone = {name: count for name, count in self._gone.items() if name in shown and name not in current}

    def _has_held(self, name: str, update: int, paused: bool) -> bool:
        answers, first = self._since.get(name, (0, update))
        self._since[name] = (answers + 1, first)
        return answers + 1 >= self.ANSWERS and (paused or update - first >= self.UPDATES)
