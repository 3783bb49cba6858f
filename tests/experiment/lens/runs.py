"""Runs to look for findings in, and what their buttons make of them."""

from __future__ import annotations

import re
from typing import Any

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.settings import SETTINGS
from sandbox.experiment.lens.findings import AskFindings, Finding, Findings
from sandbox.experiment.training.snapshot import Wanted

ASK = AskFindings("A")


def experiment_of(**values: Any) -> Experiment:
    """Return an experiment; in the names of settings, two underscores stand for the dot."""
    return Experiment().with_values({key.replace("__", "."): value for key, value in values.items()})


def trainer_of(**values: Any) -> Trainer:
    """Return a trainer of such an experiment."""
    return Trainer(experiment_of(**values))


def ask(trainer: Trainer) -> dict[str, Finding]:
    """Return the findings in the first lane, by name."""
    answer = trainer.snapshot(wanted=Wanted(questions=(ASK,))).answers[ASK]
    assert isinstance(answer, Findings)
    return {finding.name: finding for finding in answer.findings}


def readings(trainer: Trainer) -> dict[str, float]:
    """Return the recorded columns of the first lane now."""
    return trainer.readings(trainer.lanes[0])


def pressed(trainer: Trainer, finding: Finding) -> Trainer:
    """Do what the button of a finding does; return the trainer that goes on: a new one if it begins a new run."""
    control = finding.control
    assert control is not None
    if SETTINGS[control.key].live and not finding.needs_reset:
        trainer.edit({control.key: control.value})
        return trainer
    return Trainer(trainer.current.with_value(control.key, control.value))


def numbers(text: str) -> list[float]:
    """Return the numbers in a text, in their order."""
    matches = re.findall(r"(?<![\w.])[-\u2212]?\d[\d,]*(?:\.\d+)?(?:e[+\u2212-]?\d+)?", text)
    return [float(match.replace(",", "").replace("\u2212", "-")) for match in matches]
