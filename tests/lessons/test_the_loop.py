"""The loop of lesson 2, run as it stands in the text, against the costs that the course prints."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from sandbox import published
from sandbox.experiment import Experiment, Trainer
from sandbox.lessons import lesson_folders, read_lesson
from tests.lessons.listings import listings

LESSON = read_lesson(lesson_folders()["02-the-loop"])


def run(code: str, updates: int) -> dict[str, Any]:
    """Run the loop on the data of the lesson, from the seed of the course; `cost` is that before the last update."""
    data = Trainer(LESSON.experiments["experiment.toml"]).data
    random = np.random.RandomState(2)

    class Numpy:
        """numpy, with the random numbers of the course."""

        def __getattr__(self, name: str) -> Any:
            return random if name == "random" else getattr(np, name)

    names: dict[str, Any] = {
        "np": Numpy(), "sigmoid": lambda z: 1.0 / (1.0 + np.exp(-z)),
        "X": data.X_train.T, "Y": data.y_train[None], "m": len(data.y_train), "updates": updates,
    }  # fmt: skip
    exec(code, names)
    return names


def test_the_loop_prints_the_costs_of_the_course() -> None:
    (code,) = listings(LESSON)
    for k, cost in enumerate(published.FLOWER_COSTS[:3]):
        assert run(code, 1000 * k + 1)["cost"] == pytest.approx(cost, abs=5e-6)


def test_the_loop_trains_the_network_of_the_lesson() -> None:
    (code,) = listings(LESSON)
    names = run(code, 100)
    trainer = Trainer(LESSON.experiments["experiment.toml"])
    trainer.run(100)
    for name, value in trainer.parameters("A").items():
        assert names[name].reshape(value.shape) == pytest.approx(value, rel=1e-8, abs=1e-10), name


def test_nobody_needs_the_cost() -> None:
    (code,) = listings(LESSON)
    without = re.sub(r"^    # cost\n.*?(?=^    # backward)", "", code, flags=re.DOTALL | re.MULTILINE)
    assert without != code and "log" not in without
    one, other = run(code, 20), run(without, 20)
    assert "cost" not in other
    assert all(np.array_equal(one[name], other[name]) for name in ("W1", "b1", "W2", "b2"))


@pytest.mark.parametrize(("lane", "units"), [("one", 1), ("two", 2), ("three", 3), ("four", 4), ("five", 5)])
def test_the_initial_weights_are_those_of_the_course(lane: str, units: int) -> None:
    experiment = LESSON.experiments["sizes.toml"]
    random = np.random.RandomState(2)
    W1, W2 = 0.01 * random.randn(units, 2), 0.01 * random.randn(1, units)
    parameters = Trainer(experiment).parameters(lane)
    assert np.array_equal(parameters["W1"], W1) and np.array_equal(parameters["W2"], W2)
    assert not parameters["b1"].any() and not parameters["b2"].any()


def test_the_text_cites_the_numbers_that_the_course_prints() -> None:
    text = "\n".join(step.text for step in LESSON.steps)
    costs = dict(enumerate(published.FLOWER_COSTS))
    for thousands in (2, 3, 5, 7):
        assert f"| {thousands},000 | {costs[thousands]:.6f} |" in text
    for units, accuracy in enumerate(published.FLOWER_ACCURACIES, start=1):
        assert f"| {units} | {accuracy:g} |" in text
    claims = {claim.text for claim in LESSON.claims}
    for thousands, cost in costs.items():
        assert f"A train_cost after {1000 * thousands} = {cost:.6f} within 5e-7" in claims
    assert Experiment.load(LESSON.folder / "experiment.toml").optimizer.learning_rate == 1.2
