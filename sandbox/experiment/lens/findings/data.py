"""Findings about the data: targets far larger than 1, and an accuracy that the most frequent class alone would give."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sandbox import words
from sandbox.arrays import Array
from sandbox.experiment.document import texts
from sandbox.experiment.document.defaults import SCORES
from sandbox.experiment.document.settings import MOST_UNITS, SETTINGS, Value
from sandbox.experiment.lens.findings.controls import (
    learn_with,
    sentence,
    set_to,
    usual_objective,
)
from sandbox.experiment.lens.findings.curves import RECENT, compared_epochs, last_edit, median, recent, thirds
from sandbox.experiment.lens.findings.learning import diverging
from sandbox.experiment.lens.findings.numbers import overflow
from sandbox.experiment.lens.findings.report import Control, Report
from sandbox.experiment.lens.findings.units import saturated
from sandbox.experiment.training.probe import LaneProbe
from sandbox.experiment.training.samples import CODES, samples_of
from sandbox.nn import METRICS, OPTIMIZERS

LARGE = 10.0  # the root mean square from which targets are far larger than 1
GROWN = 5.0  # how many times what standardised targets send back is too much
GOOD = 0.9  # share of the variance explained by a run that goes well all the same
SETTLED = 100  # updates after which a run should be better than a constant
UNEQUAL = 1.2  # how many times its equal share the most frequent class must have
FEWEST = 10  # samples of other classes below which the accuracy says too little
FOUND = 0.2  # share of the way from a constant to perfect, in recall averaged over classes
WEIGHT = "loss.positive_weight"
STANDARDIZE = "data.standardize_target"


# Targets far larger than 1


def large_targets(probe: LaneProbe) -> Report | None:
    """Find targets far larger than 1 behind a run that overflows, diverges, saturates, or stays worse than the mean.

    A run that copes with them is left alone.
    """
    if probe.data.task != "regression":
        return None
    Y = probe.targets(probe.objective)
    column = int(np.argmax(np.square(Y).mean(axis=0)))
    y = Y[:, column : column + 1]
    if not math.sqrt(float(np.square(y).mean())) >= LARGE:
        return None
    explained = float(METRICS[SCORES["regression"]]().value(probe.forward_pass.A[-1], Y, 0.0))
    if not _suffers(probe, explained):
        return None
    mean, spread = float(y.mean()), float(y.std())
    sent, usual = _pull(probe, y), _pull(probe, (y - mean) / (spread or 1.0))
    stop = f"{sentence(probe.stopped.partition(';')[0])} " if probe.stopped else ""
    name = f' of "{probe.data.target_names[column]}"' if Y.shape[1] > 1 else ""
    evidence = (
        f"{stop}The targets{name} have mean {words.number(mean, 3)} and standard deviation {words.number(spread, 3)}. "
        f"For an output of 0 {probe.objective.label_within()} sends back {words.number(sent, 3)} on average; for "
        f"standardised targets it would be {words.number(usual, 3)}."
    )
    if explained < 0.0 and not probe.stopped:
        evidence += " So far, their mean alone would be a better prediction."
    meaning = "Gradients grow with the targets, so that steps of a usual learning rate are far too long."
    if sent < GROWN * usual or OPTIMIZERS[probe.lane.settings.optimizer.name].rescales:
        meaning = "Outputs begin near 0, and with steps of a usual length they have a long way to go."
    return Report(evidence, meaning, Control(STANDARDIZE, True, "Standardise the target"))


def _suffers(probe: LaneProbe, explained: float) -> bool:
    if probe.stopped:
        return True
    if explained >= GOOD:
        return False
    late = probe.run is not None and probe.run.update - max(last_edit(probe), 0) >= SETTLED
    return (late and explained < 0.0) or any(find(probe) is not None for find in (overflow, diverging, saturated))


def _pull(probe: LaneProbe, y: Array) -> float:
    """Return the mean size of the loss's slope for outputs of 0."""
    return float(np.abs(probe.objective.slope(np.zeros_like(y), y, probe.numerics)).mean())


# An accuracy no better than that of the most frequent class


def majority(probe: LaneProbe) -> Report | None:
    """Find a network that is no better than one that always names the most frequent class of the same samples.

    Looked for only if that class has clearly more than its equal share, if there are at least `FEWEST` samples of
    others, and once the run has settled: after `SETTLED` updates since the last edit, when the objective has fallen by
    less than a twentieth over the last half of its epochs. No better means two things. The accuracy, now and as the
    median of the last rows, exceeds the share of that class by no more than one standard error of the difference, which
    is the root of the number of samples that only one of the two gets right. And of the other classes so few are found
    that the recall, averaged over the classes, is near that of a constant: the accuracy alone can be low for a network
    that weighs rare classes more.
    """
    data = probe.data
    if data.task == "regression" or probe.stopped:
        return None
    if probe.run is None or probe.run.update - max(last_edit(probe), 0) < SETTLED:
        return None
    given, true = _classes(probe, probe.forward_pass.A[-1]), np.asarray(data.y_train, np.intp)
    counts = np.bincount(true, minlength=len(data.class_names))
    most, present = int(np.argmax(counts)), int((counts > 0).sum())
    base, others = counts[most] / probe.m, probe.m - int(counts[most])
    if base * present < UNEQUAL or others < FEWEST:
        return None
    only_network, only_constant = (
        int(((given == true) & (true != most)).sum()),
        int(((given != most) & (true == most)).sum()),
    )
    error = math.sqrt(only_network + only_constant)
    score = recent(probe, f"train_{SCORES[data.task]}", RECENT)
    if only_network - only_constant > error or score is None or median(score) > base + error / probe.m:
        return None
    if _recall(given, true, counts) > (1.0 + FOUND * (present - 1)) / present or not _has_settled(probe):
        return None
    evidence = (
        f"Accuracy on the training part is {words.share(float((given == true).mean()))}: always saying "
        f'"{data.class_names[most]}" gives {words.share(float(base))}. Of the {others:,} other samples '
        f"{only_network or 'none'} {'is' if only_network <= 1 else 'are'} recognised."
    )
    meaning = "Such an accuracy looks good only because one class is so frequent; the others are hardly recognised."
    return Report(evidence + _on_the_test_part(probe), meaning, _for_rare_classes(probe, counts))


def _has_settled(probe: LaneProbe) -> bool:
    cost = thirds(probe, f"train_{probe.objective.name}", compared_epochs(probe))
    return cost is not None and cost[0] - cost[2] < 0.05 * abs(cost[0])


def _classes(probe: LaneProbe, A: Array) -> NDArray[np.intp]:
    """Return the class that each row of outputs (m, n_out) stands for."""
    if A.shape[1] > 1:
        return np.asarray(A.argmax(axis=1), np.intp)
    return np.asarray(A[:, 0] > 0.5 * sum(CODES[probe.lane.coding]), np.intp)


def _recall(given: NDArray[np.intp], true: NDArray[np.intp], counts: NDArray[np.intp]) -> float:
    """Return the share of each class that is recognised, averaged over the classes that occur."""
    right = np.bincount(true[given == true], minlength=counts.size)
    return float((right[counts > 0] / counts[counts > 0]).mean())


def _on_the_test_part(probe: LaneProbe) -> str:
    data = probe.data
    if not len(data.y_test):
        return ""
    test = samples_of(data.X_test, data.y_test, data, probe.samples.X.dtype)
    given, true = _classes(probe, probe.network.forward(test.X).A[-1]), np.asarray(data.y_test, np.intp)
    accuracy, base = float((given == true).mean()), float(np.bincount(true).max() / true.size)
    return f" On the test part it is {words.share(accuracy)} against {words.share(base)}."


def _for_rare_classes(probe: LaneProbe, counts: NDArray[np.intp]) -> Control | None:
    """Return a control with which rare classes count more, or the next that can help a network to tell them apart."""
    loss, hidden = probe.objective, probe.lane.settings.network.hidden
    if not hidden:
        return _use_layers(SETTINGS["network.hidden"].default)
    weight = {f"loss.{parameter.name}": parameter.name for parameter in loss.parameters}.get(WEIGHT)
    if weight is not None and counts.size == 2:
        value = float(f"{counts[0] / counts[1]:.1e}")
        if getattr(loss, weight) != value:
            return set_to(WEIGHT, value, words.number(value))
    if loss.name != usual_objective(probe):
        return learn_with(usual_objective(probe))
    return _use_layers(tuple(min(2 * units, MOST_UNITS) for units in hidden))


def _use_layers(hidden: Value) -> Control:
    return set_to("network.hidden", hidden, texts.value_text(hidden))
