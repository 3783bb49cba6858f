"""How to get to a step: what has to be opened, set, restarted and trained, as values that anyone can carry out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.experiment.document.settings import SETTINGS, Value
from sandbox.lessons.lesson import EXPERIMENT, Lesson, Step


@dataclass(frozen=True)
class Open:
    """Begin an experiment of the lesson."""

    file: str


@dataclass(frozen=True)
class Change:
    """Change settings in a lane ("" for all), from the start if `restart`."""

    changes: Mapping[str, Value]
    lane: str = ""
    restart: bool = False


@dataclass(frozen=True)
class TrainTo:
    """Train until this many epochs are done in all."""

    epoch: int


Act = Open | Change | TrainTo


def acts_before(step: Step) -> list[Act]:
    """Return what a step does before it asks and trains."""
    acts: list[Act] = [Open(step.open)] if step.open else []
    if step.set or step.restart:
        acts.append(Change(step.set, step.lane, step.restart))
    return acts


def route(lesson: Lesson, index: int) -> list[Act]:
    """Return what leads from anywhere to a step, as far as before it asks and trains."""
    steps = lesson.steps[: index + 1]
    first = max((i for i, step in enumerate(steps) if step.open), default=0)
    acts: list[Act] = [] if steps[first].open else [Open(EXPERIMENT)]
    for step in steps[first:-1]:
        acts += acts_before(step)
        if step.train:
            acts.append(TrainTo(step.train))
    return [*acts, *acts_before(steps[-1])]


def trained_to(lesson: Lesson, index: int) -> int:
    """Return the epoch that the run of a step has reached once the step is done."""
    epoch = 0
    for step in lesson.steps[: index + 1]:
        if step.open or step.restart or not all(SETTINGS[key].live for key in step.set):
            epoch = 0
        epoch = max(epoch, step.train)
    return epoch
