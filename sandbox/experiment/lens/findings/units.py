"""Findings about units and layers: flat, dead or equal units, and gradients that fade on their way back."""

from __future__ import annotations

import math

import numpy as np

from sandbox import words
from sandbox.arrays import Array
from sandbox.experiment.document.defaults import RESCALING
from sandbox.experiment.document.settings import SETTINGS
from sandbox.experiment.lens.findings.controls import (
    AFTER,
    all_samples,
    heavy_penalty,
    learn_with,
    samples,
    set_to,
    slower,
    unbounded_output,
    undying,
    unit_list,
    unsaturated,
    use_optimizer,
    use_output,
    usual_output,
)
from sandbox.experiment.lens.findings.report import Control, Report
from sandbox.experiment.training.probe import LaneProbe
from sandbox.experiment.training.samples import CODES
from sandbox.nn import ACTIVATIONS, INITIALIZERS, LOSSES, OPTIMIZERS
from sandbox.nn.initializers import Normal, Uniform, XavierNormal, Zeros
from sandbox.nn.losses import natural_loss

FLAT = 0.01  # a unit with |g'| below this sends back almost nothing
SATURATED_SHARE = 0.9  # of a layer's units and samples that are flat
CONFIDENT = 0.95  # a confident mistake is off by more than this share of the distance between the two codes
FADED = 0.15  # if less than this share of the residual is sent back, it has faded
VANISHED = 1e-3  # as a share of what a weight of the output layer gets
ALIKE = 1e-9  # relative difference up to which weights count as equal
ROUNDING = 1e-14  # what sums of terms near 1 leave when they cancel


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
    if network.is_drawn and network.initializer == Zeros.name:
        name = str(SETTINGS["network.initializer"].default)
        return set_to("network.initializer", name, INITIALIZERS[name].label)
    if network.is_drawn and network.initializer_scale == 0.0:
        return set_to("network.initializer_scale", 1.0, "1")
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
    full = float(_full_signal(probe)[wrong].sum(axis=1).mean())
    if sent > FADED * full:
        return None
    evidence = (
        f"{samples(count, probe.m)} are off by more than {words.number(CONFIDENT)}: {loss.label_within()} sends back "
        f"{words.number(sent, 3)} for each, cross-entropy would send {words.number(full, 3)}."
    )
    meaning = (
        f"{output.label} is flat where it is confident, and this loss does not cancel that, so such mistakes stay."
    )
    return Report(evidence, meaning, _full_residual(probe))


def _full_signal(probe: LaneProbe) -> Array:
    """Return |dZ| (m, n_out) that cross-entropy would send back; of p = (1 + a) / 2 for an output from -1 to 1."""
    low, high = probe.output.limits
    natural = natural_loss(type(probe.output))
    Z, A = probe.forward_pass.Z[-1], probe.forward_pass.A[-1]
    if natural is None:
        signal: Array = np.abs(A - (low + (high - low) * probe.samples.Y["zero_one"]))
        return signal
    signal = np.abs(LOSSES[natural]().dZ(Z, A, probe.samples.Y["zero_one"], probe.output, "fused"))
    return signal


def _full_residual(probe: LaneProbe) -> Control:
    """Return a control that lets the whole residual be sent back."""
    natural = natural_loss(type(probe.output))
    if natural is None or probe.data.task == "regression":
        return unbounded_output()
    return learn_with(natural)


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
            evidence += f": {unit_list(units.tolist(), flat.shape[1])} nearly everywhere"
        label = g.label_within()
        meaning = f"Where {label} is flat, dZ = dA \u00b7 g' is almost 0, and nothing reaches the weights before it."
        if l < last and _was_steep(probe, l):
            meaning += f" The units were not flat at the start: too large a step made them so. {AFTER}"
            return Report(f"{evidence}.", meaning, slower(probe), needs_reset=True)
        return Report(f"{evidence}.", meaning, _full_residual(probe) if l == last else _unflatten(probe))
    return None


def _was_steep(probe: LaneProbe, l: int) -> bool:
    """Whether most of a layer was not yet flat at the initial parameters of the network."""
    if not probe.lane.settings.network.is_drawn:
        return False
    start = probe.at_start(probe.replica)
    done, g = start.forward_pass, start.network.activations[l - 1]
    slope = g.derivative(done.Z[l], done.A[l])
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
    if network.is_drawn and network.initializer_scale > 1.0:
        return set_to("network.initializer_scale", 1.0, "1")
    if network.is_drawn and network.initializer in (Normal.name, Uniform.name):
        return set_to("network.initializer", XavierNormal.name, XavierNormal.label)
    return unsaturated(probe)


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
                label = g.label_within()
    if not dead:
        return None
    layers = [
        f"{unit_list(units, probe.sizes[l])} of {'the output layer' if l == last else f'hidden layer {l}'}"
        for l, units in dead.items()
    ]
    verb = "are" if len(dead) > 1 or sum(map(len, dead.values())) > 1 else "is"
    evidence = f"{words.capital(' and '.join(layers))} {verb} 0 for {all_samples(probe.m)}."
    meaning = f"Where {label} is 0 its slope is 0 too: these samples send such units no gradient."
    if max(dead) > 1:
        meaning += " Only if the layers before them change what comes in can they come back."
    control = use_output(usual_output(probe)) if last in dead else undying(probe)
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
    penalty = heavy_penalty(probe)
    if penalty is not None:
        meaning = "The penalty has pulled the weights towards 0, and each layer on the way back multiplies by them."
        return Report(evidence, f"{meaning} {AFTER}", penalty, needs_reset=True)
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
        return unsaturated(probe)
    if not OPTIMIZERS[probe.lane.settings.optimizer.name].rescales:
        return use_optimizer(RESCALING)
    return None
