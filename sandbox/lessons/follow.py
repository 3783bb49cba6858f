"""Following a lesson without a window: every step done as it says, and every claim judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.settings import SETTINGS
from sandbox.lessons.claim import Claim, Verdict
from sandbox.lessons.lesson import EXPERIMENT, Lesson, Step
from sandbox.lessons.quantity import Quantity


@dataclass(frozen=True)
class Outcome:
    """What came of a step: its claims and choices with their verdicts, and the figures of its text."""

    step: Step
    claims: tuple[tuple[Claim, Verdict], ...]
    choices: tuple[tuple[Claim, Verdict], ...]
    figures: tuple[tuple[Quantity, str], ...]

    @property
    def holds(self) -> bool:
        """Whether every claim holds, and exactly one choice of a prediction is right."""
        right = [verdict for _, verdict in self.choices if verdict.holds]
        return all(verdict.holds for _, verdict in self.claims) and (not self.choices or len(right) == 1)


def follow(lesson: Lesson, seeds: int | None = None) -> Iterator[Outcome]:
    """Follow a lesson over some seeds, by default its own number; yield the outcome of each step once it is done."""
    replicas = lesson.seeds if seeds is None else min(seeds, lesson.seeds)
    trainer = _begun(lesson.experiments[EXPERIMENT], replicas)
    for step in lesson.steps:
        if step.open:
            trainer = _begun(lesson.experiments[step.open], replicas)
        if step.set or step.restart:
            trainer = _changed(trainer, step)
        if step.train > trainer.epoch:
            trainer.run(step.train - trainer.epoch)
        trainer.settle()
        choices = () if step.prediction is None else step.prediction.choices
        yield Outcome(
            step,
            tuple((claim, claim.judge(trainer)) for claim in step.claims),
            tuple((choice.claim, choice.claim.judge(trainer)) for choice in choices),
            tuple((figure, figure.text(float(figure.values(trainer)[0]))) for figure in step.figures),
        )


def _begun(experiment: Experiment, replicas: int) -> Trainer:
    return Trainer(experiment.with_value("run.replicas", 1 if _is_given(experiment) else replicas), watched=True)


def _is_given(experiment: Experiment) -> bool:
    """Return whether all initial weights are given, so that networks of other seeds would be the same."""
    return not any(experiment.lane(lane.name).network.is_drawn for lane in experiment.lanes)


def _changed(trainer: Trainer, step: Step) -> Trainer:
    """Return the trainer with a step's settings: as an edit of the run, if it may go on, else from the start."""
    lane = step.lane or None
    if trainer.update and not step.restart and all(SETTINGS[key].live for key in step.set):
        trainer.edit(step.set, lane)
        return trainer
    return Trainer(trainer.current.with_values(step.set, lane), watched=True)
