"""Lesson 5: what its text says of the factor, against the gradients of its networks."""

from __future__ import annotations

import numpy as np
import pytest

from sandbox.experiment import Trainer
from sandbox.lessons import lesson_folders, read_lesson

LESSON = read_lesson(lesson_folders()["05-sum-or-mean"])


def test_every_gradient_of_a_sum_is_that_of_the_mean_times_the_samples() -> None:
    trainer = Trainer(LESSON.experiments["experiment.toml"])
    assert len(trainer.data.y_train) == 200
    mean, total = (trainer.probe(name).gradient() for name in ("mean", "sum"))
    assert np.abs(mean).max() > 0.01
    assert total == pytest.approx(200 * mean, rel=1e-9, abs=1e-12)


def test_a_sum_at_one_tenth_is_a_mean_at_twenty() -> None:
    experiment = LESSON.experiments["experiment.toml"].with_value("optimizer.learning_rate", 20.0, "mean")
    trainer = Trainer(experiment)
    trainer.run(3)
    one, other = trainer.parameters("mean"), trainer.parameters("sum")
    for name, value in one.items():
        assert other[name] == pytest.approx(value, rel=1e-6), name


def test_two_classes_go_on_with_wild_costs() -> None:
    """As the text says in brackets: behind a sigmoid, a sum need not break."""
    experiment = LESSON.experiments["experiment.toml"].with_values(
        {"data.dataset": "moons", "optimizer.learning_rate": 0.5}
    )
    trainer = Trainer(experiment, watched=True)
    trainer.run(100)
    readings = {lane.name: trainer.readings(lane) for lane in trainer.lanes}
    assert not trainer.lane("sum").stopped
    assert readings["sum"]["train_cost"] > 3 * 200 * readings["mean"]["train_cost"]


def test_ten_updates_an_epoch_of_a_tenth_each() -> None:
    trainer = Trainer(LESSON.experiments["batches.toml"])
    trainer.run(1)
    assert trainer.update == 10
