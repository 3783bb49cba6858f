"""Findings about numbers: logarithms that do not exist or were clipped, and numbers that grow without end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sandbox import words
from sandbox.arrays import Array
from sandbox.experiment.lens.findings.controls import (
    AFTER,
    learn_with,
    samples,
    sentence,
    set_to,
    slower,
    use_output,
    usual_objective,
    usual_output,
)
from sandbox.experiment.lens.findings.report import Control, Report
from sandbox.experiment.training.probe import LaneProbe
from sandbox.nn import ACTIVATIONS
from sandbox.nn.losses import CLAMP, natural_output

HUGE = 1e12  # far above any pre-activation of a run that goes well
CLIPPED_SHARE = 0.02  # of the samples, whose outputs are clipped beyond 0 and 1


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
        evidence = f"{sentence(probe.stopped)} This applies to {samples(int(bad.any(axis=1).sum()), probe.m)}."
        meaning = f"The gradient is not a number, so no update could follow. {AFTER}"
        return Report(evidence, meaning, _exact_logs(probe))
    if numerics == "clamped":
        return _clipped_at_the_edge(probe, A, Y)
    if numerics == "naive":
        return _near_the_edge(probe, A, Y)
    return None


def _clipped_at_the_edge(probe: LaneProbe, A: Array, Y: Array) -> Report | None:
    wrong = _clipped_and_wrong(probe, A, Y) & (A >= 0.0) & (A <= 1.0)
    count = int(wrong.any(axis=1).sum())
    if not count:
        return None
    near = f"within {words.number(CLAMP)} of 0 or 1"
    evidence = f"{samples(count, probe.m)} {_have(count)} a wrong output {near}, where the logarithm is clipped."
    return Report(evidence, "A clipped output sends back nothing at all, however wrong it is.", _exact_logs(probe))


def clipped_outputs(probe: LaneProbe) -> Report | None:
    """Find outputs below 0 or above 1 that clamped numerics cut off, and with them their gradient.

    Which outputs these are is asked of the loss itself: where its slope is 0 with clamped numerics, but not exactly.
    """
    loss = probe.objective
    if probe.numerics != "clamped" or not loss.has_logs or probe.stopped:
        return None
    A, Y = probe.forward_pass.A[-1], probe.targets(loss)
    wrong = _clipped_and_wrong(probe, A, Y) & ((A < 0.0) | (A > 1.0))
    count = int(wrong.any(axis=1).sum())
    if count <= CLIPPED_SHARE * probe.m:
        return None
    sample, unit = np.unravel_index(int(np.argmax(np.where(wrong, np.abs(A - Y), -1.0))), A.shape)
    output, target = (words.number(float(values[sample, unit]), 3) for values in (A, Y))
    evidence = (
        f"{samples(count, probe.m)} {_have(count)} a wrong output outside 0 to 1, the worst {output} for a target of "
        f"{target}. Clamped numerics cut {'it' if count == 1 else 'them'} off."
    )
    meaning = "What is cut off sends back nothing at all, however wrong it is: no weight learns from these samples."
    return Report(evidence, meaning, _unclipped(probe))


def _clipped_and_wrong(probe: LaneProbe, A: Array, Y: Array) -> NDArray[np.bool_]:
    """Return where an output is off by more than half, and clipping alone makes its slope 0."""
    loss = probe.objective
    clipped = (loss.slope(A, Y, "clamped") == 0.0) & (loss.slope(A, Y, "fused") != 0.0)
    wrong: NDArray[np.bool_] = clipped & (np.abs(A - Y) > 0.5)
    return wrong


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _unclipped(probe: LaneProbe) -> Control | None:
    """Return a control for fused numerics if no output can be 0 or less, else for an output that suits the loss."""
    positive = probe.output.has_logs or (probe.output.limits[0] >= 0.0 and not probe.output.dies)
    if positive and not probe.objective.uses_complement:
        return set_to("loss.numerics", "fused", "fused")
    return _exact_logs(probe)


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
    loss, output = probe.objective, probe.output
    if output.has_logs and (output.is_share() or not loss.uses_complement):
        return set_to("loss.numerics", "fused", "fused") if probe.numerics != "fused" else None
    natural = natural_output(type(loss))
    if float(probe.targets(loss).min()) < 0.0 and probe.data.task == "regression":  # no output suits them
        return learn_with(usual_objective(probe))
    if natural is not None and not ACTIVATIONS[natural].is_share():
        return use_output(natural)
    if probe.data.task == "regression":
        return learn_with(usual_objective(probe))
    return use_output(usual_output(probe))


def overflow(probe: LaneProbe) -> Report | None:
    """Find numbers that grow without bound."""
    meaning = "Each step is larger than the one before and lands farther away."
    if probe.stopped:
        return Report(sentence(probe.stopped.partition(";")[0]), f"{meaning} {AFTER}", slower(probe))
    sizes = [float(np.abs(Z).max()) for Z in probe.forward_pass.Z[1:]]
    layer = int(np.argmax(sizes))
    if sizes[layer] < HUGE:
        return None
    evidence = f"The largest pre-activation of layer {layer + 1} is {words.number(sizes[layer], 2)}."
    return Report(evidence, meaning, slower(probe))
