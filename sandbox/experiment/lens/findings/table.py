"""All kinds of findings, in the order in which they are shown, and the question that looks for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sandbox.experiment.lens.findings.data import large_targets, majority
from sandbox.experiment.lens.findings.learning import diverging, opposite, overfitting
from sandbox.experiment.lens.findings.numbers import clipped_outputs, log_of_zero, overflow
from sandbox.experiment.lens.findings.pairings import (
    margin_of_numbers,
    margin_out_of_reach,
    one_sided,
    out_of_reach,
    single_softmax,
    targets_outside,
)
from sandbox.experiment.lens.findings.report import Finding, FindingKind, Findings
from sandbox.experiment.lens.findings.units import confident_mistakes, dead_units, equal_units, saturated, vanishing
from sandbox.experiment.training.probe import LaneProbe

NUMBERS, PAIRING, UNITS, COST, DATA = SUBJECTS = "Numbers", "Loss and output", "Units", "Cost", "Data"

FINDINGS: tuple[FindingKind, ...] = (
    FindingKind(
        "log_of_zero", "Log of 0", NUMBERS, "the logarithm of 0 or of a negative number",
        log_of_zero, hides=("confident_mistakes",), at_once=True,
    ),
    FindingKind(
        "large_targets", "Large targets", DATA, "targets so large that the steps do not fit them",
        large_targets, hides=("overflow", "diverging", "dead_units", "saturated", "vanishing"),
    ),
    FindingKind(
        "overflow", "Overflow", NUMBERS, "numbers that grow without end", overflow, hides=("*",), at_once=True,
    ),
    FindingKind(
        "single_softmax", "Softmax of one unit", PAIRING, "an output that is the same for every sample",
        single_softmax, hides=("*",), at_once=True,
    ),
    FindingKind(
        "targets_outside", "Targets outside 0 to 1", PAIRING,
        "a cost without a lowest value, or that is not a number",
        targets_outside, hides=("out_of_reach", "diverging", "saturated", "vanishing", "majority"), at_once=True,
    ),
    FindingKind(
        "margin_out_of_reach", "Margin out of reach", PAIRING, "targets that the output cannot reach",
        margin_out_of_reach, hides=("confident_mistakes", "saturated", "majority"), at_once=True,
    ),
    FindingKind(
        "out_of_reach", "Targets out of reach", PAIRING, "targets that the output cannot reach",
        out_of_reach, hides=("majority",), at_once=True,
    ),
    FindingKind(
        "margin_of_numbers", "A loss for classes", PAIRING, "a loss for two classes where targets are numbers",
        margin_of_numbers, at_once=True,
    ),
    FindingKind(
        "one_sided", "One-sided loss", PAIRING, "a loss that only ever raises the outputs",
        one_sided, hides=("majority",), at_once=True,
    ),
    FindingKind(
        "clipped_outputs", "Clipped outputs", NUMBERS, "outputs cut off together with their gradient",
        clipped_outputs,
    ),
    FindingKind(
        "equal_units", "Equal units", UNITS, "units of a layer that all do the same",
        equal_units, hides=("dead_units", "vanishing", "saturated", "majority"), at_once=True,
    ),
    FindingKind(
        "diverging", "Cost rises", COST, "a cost that has been rising for many epochs",
        diverging, hides=("opposite", "saturated", "vanishing", "majority"),
    ),
    FindingKind(
        "overfitting", "Overfitting", COST, "a test cost that rises while the training cost falls", overfitting,
    ),
    FindingKind(
        "confident_mistakes", "Confident mistakes", PAIRING, "bad mistakes that the loss hardly corrects",
        confident_mistakes,
    ),
    FindingKind(
        "saturated", "Saturated units", UNITS, "units so far from 0 that they hardly react",
        saturated, hides=("vanishing",),
    ),
    FindingKind("dead_units", "Dead units", UNITS, "units that are 0 for every sample", dead_units),
    FindingKind(
        "vanishing", "Vanishing gradient", UNITS, "early layers that hardly learn", vanishing,
    ),
    FindingKind(
        "majority", "No better than one class", DATA,
        "an accuracy no better than always naming the most frequent class", majority,
    ),
    FindingKind(
        "opposite", "What is shown gets worse", COST, "something also shown that gets worse while the cost falls",
        opposite,
    ),
)  # fmt: skip


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
        needs_reset = report.needs_reset or stopped
        yield Finding(kind.name, kind.title, report.evidence, report.meaning, report.control, stopped, needs_reset)
        if stopped or "*" in kind.hides:
            return
        hidden.update(kind.hides)


def looked_for() -> dict[str, list[str]]:
    """Return what is looked for, in plain words, by subject."""
    return {
        subject: list(dict.fromkeys(kind.sought for kind in FINDINGS if kind.subject == subject))
        for subject in SUBJECTS
    }
