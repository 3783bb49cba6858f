"""Findings about what does not go together: a loss, an output and the targets."""

from __future__ import annotations

import dataclasses

import numpy as np

from sandbox import words
from sandbox.arrays import Array
from sandbox.experiment.document.defaults import coding_for, rival_of
from sandbox.experiment.lens.findings.controls import (
    all_samples,
    learn_with,
    set_to,
    unbounded_output,
    use_output,
    usual_objective,
    usual_output,
)
from sandbox.experiment.lens.findings.report import Control, Report
from sandbox.experiment.training.probe import LaneProbe
from sandbox.nn import Activation

BEYOND = 0.05  # of the targets, that lie outside the range of the output
_FAR = 4.0  # times a target: how far from 0 outputs are examined


def single_softmax(probe: LaneProbe) -> Report | None:
    """Find a softmax over one unit, whose output is always 1."""
    if not probe.output.sums_to_one or probe.sizes[-1] != 1:
        return None
    label = probe.output.label_within()
    evidence = f"The output layer has 1 unit, so {label} gives 1 for {all_samples(probe.m)}."
    meaning = "A constant has no slope: whatever the loss, no gradient comes back and no weight moves."
    return Report(evidence, meaning, use_output(usual_output(probe)))


# Targets that the output cannot reach


def margin_out_of_reach(probe: LaneProbe) -> Report | None:
    """Find a loss for targets -1 and +1 behind an output that cannot come near one of the two."""
    loss, output = probe.objective, probe.output
    if not loss.plus_minus_one or not _has_classes(probe) or probe.lane.coding != "plus_minus_one":
        return None
    low, high = output.limits
    if low <= -1.0 and high >= 1.0:
        return None
    code, nearest = (-1.0, low) if low > -1.0 else (1.0, high)
    A, Y = probe.forward_pass.A[-1], probe.targets(loss)
    least = float(loss.values(np.array([nearest]), np.array([code]))[0])
    own = np.equal(Y, code)
    mean = float(loss.values(A, Y)[own].mean())
    evidence = (
        f"{output.label} gives {_range_text(output)}, no nearer to {words.number(code)} than "
        f"{words.number(nearest, 3)}. So each of the {int(own.sum()):,} targets of {words.number(code)} costs "
        f"{words.number(least, 3)} or more, {words.number(mean, 3)} on average now."
    )
    meaning = f"{loss.label} is made for outputs on both sides of 0."
    if A.shape[1] == 1 and float(A.min()) > 0.0:
        meaning += f' All are above it now, so that every sample counts as class "{probe.data.class_names[1]}".'
    elif output.saturates:
        meaning += f" It pushes {output.label_within()} to its flat end, where hardly any gradient comes back."
    return Report(evidence, meaning, unbounded_output())


def out_of_reach(probe: LaneProbe) -> Report | None:
    """Find targets that lie outside the range of the output, for a loss that is not about the margin."""
    loss, output = probe.objective, probe.output
    if loss.plus_minus_one:
        return None
    Y, (low, high) = probe.targets(loss), output.limits
    outside = int(((low > Y) | (high < Y)).sum())
    if outside <= BEYOND * Y.size:
        return None
    evidence = (
        f"{output.label} gives {_range_text(output)}, but {outside:,} of {words.count(Y.size, 'target')} lie beyond; "
        f"targets run from {words.number(float(Y.min()), 3)} to {words.number(float(Y.max()), 3)}."
    )
    meaning = "No weights can bring an output there. Such samples only push it to the end of its range."
    if not _has_classes(probe):
        return Report(evidence, meaning, unbounded_output())
    return Report(evidence, meaning, _usual_coding(probe) or use_output(usual_output(probe)))


def _usual_coding(probe: LaneProbe) -> Control | None:
    """Return a control for the coding that suits the loss and the output; None if it is in use."""
    network = dataclasses.replace(probe.lane.settings.network, target_coding="auto")
    if coding_for(network, probe.objective.name, probe.output.name) == probe.lane.coding:
        return None
    return set_to("network.target_coding", "auto", "auto")


def _range_text(output: Activation) -> str:
    low, high = output.limits
    if np.isinf(high):
        return f"outputs from {words.number(low, 3)} on"
    return f"outputs from {words.number(low, 3)} to {words.number(high, 3)}"


def margin_of_numbers(probe: LaneProbe) -> Report | None:
    """Find a loss for the classes -1 and +1 in a regression."""
    loss = probe.objective
    if not loss.plus_minus_one or _has_classes(probe):
        return None
    Y = probe.targets(loss)
    evidence = (
        f"{loss.label} knows two targets, \u22121 and +1; here they are numbers from {words.number(float(Y.min()), 3)} "
        f"to {words.number(float(Y.max()), 3)}."
    )
    meaning = "It only asks for the right sign, by a margin. An output that is far too large costs nothing."
    return Report(evidence, meaning, learn_with(usual_objective(probe)))


# Losses without a lower bound, or without a slope on one side


def targets_outside(probe: LaneProbe) -> Report | None:
    """Find targets below 0 or above 1 for which the loss has no lower bound, or is not a number.

    Asked of the loss itself: whether it keeps falling as an output nears 0 (1), for the lowest (highest) target.
    """
    loss, Y = probe.objective, probe.targets(probe.objective)
    low, high = Y.min(), Y.max()
    half = np.full(1, 0.5, Y.dtype)
    undefined = low < 0.0 and bool(np.isnan(loss.values(half, half * 0.0 + low)).any())
    at_zero = low < 0.0 and _falls_without_end(probe, low, 0.0)
    at_one = high > 1.0 and _falls_without_end(probe, high, 1.0)
    if not (undefined or at_zero or at_one):
        return None
    below, above = int((Y < 0.0).sum()) if undefined or at_zero else 0, int((Y > 1.0).sum()) if at_one else 0
    outside = "outside 0 to 1" if at_one else "below 0"
    evidence = (
        f"{below + above:,} of {words.count(Y.size, 'target')} are {outside}; they run from "
        f"{words.number(float(low), 3)} to {words.number(float(high), 3)}."
    )
    if undefined:
        meaning = (
            f"{loss.label} takes the logarithm of the target, and a negative number has none: the cost is not a number."
        )
    else:
        edge = " or ".join(edge for edge, found in (("0", at_zero), ("1", at_one)) if found)
        meaning = (
            f"For such targets {loss.label_within()} keeps falling as an output nears {edge}: there is no best output, "
            "and the cost can go to minus infinity."
        )
    return Report(evidence, meaning, _within_zero_and_one(probe), needs_reset=True)


def _falls_without_end(probe: LaneProbe, target: float, edge: float) -> bool:
    """Whether the loss keeps falling, by steps that do not fade, as an output nears 0 or 1 from between the two."""
    distances = np.array([1e-3, 1e-6, 1e-9, 1e-12])
    falls = -np.diff(probe.objective.values(np.abs(edge - distances), np.full(4, float(target))))
    return bool(falls[0] > 0.0 and (falls[1:] > 0.5 * falls[:-1]).all())


def _within_zero_and_one(probe: LaneProbe) -> Control:
    """Return a control for targets of 0 and 1, or for a loss that takes any number."""
    if not _has_classes(probe):
        return learn_with(usual_objective(probe))
    return _usual_coding(probe) or use_output(usual_output(probe))


def one_sided(probe: LaneProbe) -> Report | None:
    """Find a loss that never lowers an output, not even for the lowest target, where nothing else does so either.

    Softmax over several units does: where one output rises, the others fall.
    """
    loss, Y = probe.objective, probe.targets(probe.objective)
    low = float(Y.min())
    if probe.output.sums_to_one or (low == float(Y.max()) and _has_classes(probe)):
        return None
    slopes = _slopes(probe, low)
    if not slopes.size or slopes.max() > 0.0:
        return None
    own = np.equal(Y, low)
    count, mean = int(own.sum()), float(probe.forward_pass.A[-1][own].mean())
    whole = f"{count:,} of {words.count(Y.size, 'target')}" if _has_classes(probe) else "the lowest target"
    evidence = (
        f"For a target of {words.number(low, 3)} ({whole}) the slope of {loss.label_within()} is never above 0. "
        f"The output there is {words.number(mean, 3)}{' on average' if count > 1 else ''}, and nothing lowers it."
    )
    meaning = "So all outputs only rise, whatever the sample: the cost falls, but the classes are not distinguished."
    if not _has_classes(probe):
        meaning = "So all outputs only rise, whatever the sample: the cost falls, but the targets are not met."
    return Report(evidence, meaning, _two_sided(probe))


def _slopes(probe: LaneProbe, target: float) -> Array:
    """Return the finite slopes of the loss for one target, at outputs from far below it to far above."""
    far = _FAR * max(1.0, abs(target))
    A = np.concatenate((np.linspace(-far, far, 33), np.linspace(0.0, 1.0, 12)[1:-1]))[:, None]
    slopes = probe.objective.slope(A, np.full_like(A, target), probe.numerics)
    return slopes[np.isfinite(slopes)]


def _two_sided(probe: LaneProbe) -> Control:
    """Return a control with which outputs can be lowered too: the proper coding, output or loss."""
    if probe.objective.plus_minus_one and (coding := _usual_coding(probe)) is not None:
        return coding
    if probe.sizes[-1] > 1 and _has_classes(probe):
        return use_output(usual_output(probe))
    if probe.output.is_share():
        return learn_with(usual_objective(probe))
    return learn_with(rival_of(probe.objective.name, probe.data.task))


def _has_classes(probe: LaneProbe) -> bool:
    return probe.data.task != "regression"
