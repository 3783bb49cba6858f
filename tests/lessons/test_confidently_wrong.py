"""Lesson 3: the numbers that its text works out by hand, and those that it cites."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sandbox import published
from sandbox.experiment import Trainer
from sandbox.lessons import follow, lesson_folders, read_lesson, read_quantity
from sandbox.lessons.route import trained_to

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


def epochs_below_a_half(start: float, rate: float) -> list[float]:
    """Return how many epochs squared error at some rate, and cross-entropy at its own, need from w = b = `start`."""
    experiment = LESSON.experiments["surer.toml"].with_value("network.initial", (start, start))
    trainer = Trainer(experiment.with_value("optimizer.learning_rate", rate, "squared error"), watched=True)
    trainer.run(300)
    names = ("squared error", "cross-entropy")
    return [float(read_quantity(f"{name} epochs to train_mae 0.5").values(trainer)[0]) for name in names]


def test_the_last_step_speaks_true_of_the_rates() -> None:
    asleep, _ = epochs_below_a_half(4.0, 8.492)
    awake, other = epochs_below_a_half(4.0, 60.0)
    assert awake < other < asleep
    squared, cross = epochs_below_a_half(5.0, 60.0)
    assert squared > 5 * cross and cross < 1.25 * other


def test_what_squared_error_sends_back_is_most_at_two_thirds() -> None:
    a = np.linspace(0.0, 1.0, 3001)
    sent = a**2 * (1 - a)
    assert a[sent.argmax()] == pytest.approx(2 / 3, abs=1e-3)
    assert (np.diff(sent[a > 2 / 3]) < 0).all()
    assert sent_back("surer.toml", "squared error") == pytest.approx(0.0003, abs=5e-5)
    assert round(1.0 / (1.0 + math.exp(-8.0)), 5) == 0.99966


def test_the_equations_and_the_last_step_begin_at_the_start() -> None:
    outcomes = list(follow(LESSON, 1))
    for number in (3, 6):
        assert LESSON.steps[number].restart and not LESSON.steps[number].train
        assert trained_to(LESSON, number) == 0
    assert all(outcome.holds for outcome in outcomes)
