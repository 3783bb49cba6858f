"""What lesson 13 says of its learning rates: that they match the first steps, and what that leaves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sandbox.experiment import Trainer
from sandbox.experiment.lens.rates import AskMatchedRates
from sandbox.lessons import lesson_folders, read_lesson, read_measured

LESSON = read_lesson(lesson_folders()["13-loss-or-learning-rate"])


@pytest.mark.parametrize("name", ["matched.toml", "iris.toml", "neuron.toml"])
def test_the_first_step_of_c_is_as_long_as_that_of_a(name: str) -> None:
    trainer = Trainer(LESSON.experiments[name].with_value("run.replicas", LESSON.seeds))
    probe = trainer.probe("A")
    assert probe is not None
    rows = {row.lane: row for row in AskMatchedRates("A").answer(probe).rows}
    assert rows["C"].matched == pytest.approx(rows["C"].rate, rel=1e-3)
    if "B" in rows:
        assert rows["B"].rate == rows["A"].rate and rows["B"].matched == rows["C"].matched


def test_the_same_start_and_data_with_and_without_matched_rates() -> None:
    same, matched = LESSON.experiments["experiment.toml"], LESSON.experiments["matched.toml"]
    assert same.lane("A") == matched.lane("A")
    assert same.with_value("optimizer.learning_rate", 1.006, "B").lane("B") == replace(matched.lane("C"), name="B")


def test_a_was_ahead_from_every_start() -> None:
    claim = "C epochs to test_accuracy 0.95 > A epochs to test_accuracy 0.95"
    (verdict,) = (verdicts[claim] for verdicts in read_measured(LESSON) if claim in verdicts)
    assert (verdict.seeds, verdict.of) == (32, 32)


def test_the_losses_turn_the_step_on_the_moons_and_only_stretch_it_for_one_neuron() -> None:
    for name, parallel in (("matched.toml", False), ("neuron.toml", True)):
        trainer = Trainer(LESSON.experiments[name])
        gradients = []
        for lane in "AC":
            probe = trainer.probe(lane)
            assert probe is not None
            gradients.append(probe.gradient() / np.linalg.norm(probe.gradient()))
        cosine = float(gradients[0] @ gradients[1])
        assert (cosine > 1 - 1e-9) == parallel


def needed(trainer: Trainer, lane: str) -> float:
    """Return the median of the epochs that the networks of a lane need to 95 % of the test samples."""
    histories = trainer.lane(lane).replica_history
    names = [f"test_accuracy#{replica}" for replica in range(len(trainer.lane(lane).replicas))]
    epochs, shares = (trainer.history(lane) if histories is None else histories).columns(
        ["test_accuracy"] if histories is None else names
    )
    reached = shares >= 0.95
    return float(np.median(np.where(reached.any(axis=1), epochs[reached.argmax(axis=1)], np.inf)))


def test_the_first_start_is_a_slow_one() -> None:
    experiment = LESSON.experiments["experiment.toml"]
    own, many = Trainer(experiment), Trainer(experiment.with_value("run.replicas", 32))
    for trainer in (own, many):
        trainer.run()
    assert all(needed(many, lane) < 0.25 * needed(own, lane) for lane in "AB")


def test_with_a_longer_first_step_squared_error_is_quicker() -> None:
    experiment = LESSON.experiments["experiment.toml"].with_value("run.replicas", 16)
    trainer = Trainer(experiment.with_value("optimizer.learning_rate", 5.0, "B"))
    trainer.run(400)
    assert needed(trainer, "B") < 0.5 * needed(trainer, "A")
    quicker = Trainer(experiment.with_value("optimizer.learning_rate", 2.5, "A"))
    quicker.run(400)
    assert needed(quicker, "A") < 0.5 * needed(trainer, "A")
