"""Lesson 3: the numbers that its text works out by hand, and those that it cites."""

from __future__ import annotations

import math

import pytest

from sandbox import published
from sandbox.experiment import Trainer
from sandbox.lessons import lesson_folders, read_lesson

LESSON = read_lesson(lesson_folders()["03-confidently-wrong"])


def sent_back(file: str, lane: str) -> float:
    """Return the derivative of the cost with respect to the bias at the start: of one sample, that by z."""
    return float(Trainer(LESSON.experiments[file]).probe(lane).gradient()[-1])


def test_what_is_sent_back_at_the_start() -> None:
    a = 1.0 / (1.0 + math.exp(-4.0))
    assert (round(a, 3), round(a * (1 - a), 4), round(a * a * (1 - a), 4)) == (0.982, 0.0177, 0.0173)
    assert round(1 / (a * (1 - a))) == 57
    assert sent_back("both.toml", "squared error") == pytest.approx(a * a * (1 - a), rel=1e-12)
    assert sent_back("both.toml", "cross-entropy") == pytest.approx(a, rel=1e-12)


def test_the_matched_rate_makes_the_first_steps_equally_long() -> None:
    experiment = LESSON.experiments["matched.toml"]
    steps = [
        experiment.lane(name).optimizer.learning_rate * sent_back("matched.toml", name)
        for name in ("squared error", "cross-entropy")
    ]
    assert steps[0] == pytest.approx(steps[1], rel=1e-3)


def test_the_claims_are_the_outputs_that_nielsen_prints() -> None:
    claims = {claim.text for claim in LESSON.claims}
    for outputs in published.NEURON_OUTPUTS.values():
        for epoch, output in outputs.items():
            assert f"squared error train_mae after {epoch} = {output:.6f} within 5e-7" in claims


def test_there_is_a_rate_with_which_squared_error_wakes_up_first() -> None:
    """The last step asks for one; it is above that of the lesson."""
    experiment = LESSON.experiments["surer.toml"].with_value("optimizer.learning_rate", 100.0, "squared error")
    trainer = Trainer(experiment)
    trainer.run(20)
    readings = [trainer.readings(lane)["train_mae"] for lane in trainer.lanes]
    assert readings[0] < 0.5 < readings[1]
