"""The random runs that sentences are tested on are as varied as they claim to be."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings

from sandbox.experiment import Trainer
from tests.experiment.strategies import trainers


def test_the_random_runs_are_of_every_kind() -> None:
    seen: Counter[str] = Counter()

    @given(trainers())
    @settings(max_examples=120)
    def look(trainer: Trainer) -> None:
        lanes = trainer.lanes
        seen[f"task {trainer.data.task}"] += 1
        seen["stopped"] += any(lane.stopped is not None and lane.stopped != "" for lane in lanes)
        seen["within an epoch"] += trainer.epoch_position != trainer.epoch
        seen["several seeds"] += lanes[0].has_replicas
        seen["edited"] += bool(trainer.marks)
        seen["reductions"] += len({lane.settings.loss.reduction for lane in lanes}) > 1
        seen["objectives"] += len({lane.objective.name for lane in lanes}) > 1

    look()
    tasks = ["task binary", "task multiclass", "task regression"]
    kinds = [*tasks, "stopped", "within an epoch", "several seeds", "edited", "reductions", "objectives"]
    assert min(seen[kind] for kind in kinds) >= 4, seen
