"""Lesson 7: what each loss aims at, worked out by hand and by search, against what its networks have learned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Trainer
from sandbox.lessons import lesson_folders, read_lesson
from sandbox.nn import LOSSES

LESSON = read_lesson(lesson_folders()["07-outliers"])
WAITS = np.array([2.0, 2.5, 3.0, 4.5, 13.0])
LATE = np.array([2.0, 2.5, 3.0, 4.5, 103.0])

# Of r = a - y, as in the text.
LOSS: dict[str, Callable[[Any], Any]] = {
    "squared": lambda r: r**2,
    "absolute": np.abs,
    "huber": lambda r: np.where(np.abs(r) <= 1.0, 0.5 * r**2, np.abs(r) - 0.5),
    "quantile": lambda r: np.maximum(-0.75 * r, 0.25 * r),
}
AIMS = {"squared": 5.0, "absolute": 3.0, "huber": 3.25, "quantile": 4.5}


def learned(file: str) -> Trainer:
    trainer = Trainer(LESSON.experiments[file])
    trainer.run(300)
    return trainer


@pytest.mark.parametrize(("file", "waits"), [("experiment.toml", WAITS), ("late.toml", LATE)])
def test_each_network_answers_where_its_loss_is_smallest(file: str, waits: Any) -> None:
    trainer = learned(file)
    assert np.array_equal(trainer.data.y_train.ravel(), waits)
    grid = np.linspace(0.0, 110.0, 440_001)
    for name, loss in LOSS.items():
        smallest = grid[np.sum([loss(grid - wait) for wait in waits], axis=0).argmin()]
        assert trainer.parameters(name)["b1"].item() == pytest.approx(smallest, abs=0.02), name
        aim = 23.0 if name == "squared" and file == "late.toml" else AIMS[name]
        assert smallest == pytest.approx(aim, abs=0.001), name


def test_the_table_names_what_they_answer() -> None:
    text = LESSON.steps[1].text
    assert (WAITS.mean(), np.median(WAITS)) == (5.0, 3.0)
    for words, aim in zip(("squared error", "absolute error", "Huber", "quantile"), AIMS.values(), strict=True):
        assert any(line.startswith(f"| {words}") and f"| {aim:g} |" in line for line in text.splitlines()), words


def test_the_pulls_cancel_where_the_text_says() -> None:
    assert np.clip(3.25 - WAITS, -1.0, 1.0).tolist() == [1.0, 0.75, 0.25, -1.0, -1.0]
    assert (5.0 - WAITS).sum() == 0.0 and np.sign(3.0 - WAITS).sum() == 0.0
    below, above = (0.25 * (WAITS < 4.5)).sum(), (0.75 * (WAITS > 4.5)).sum()
    assert below == above == 0.75  # one above is worth three below


def test_the_claims_are_the_costs_at_these_answers() -> None:
    for waits, claimed in ((WAITS, (16.7, 2.6, 2.2125, 1.575)), (LATE, (1600.7, 20.6, 20.2125, 15.075))):
        for (name, loss), cost in zip(LOSS.items(), claimed, strict=True):
            answer = waits.mean() if name == "squared" else AIMS[name]
            assert loss(answer - waits).mean() == pytest.approx(cost, abs=1e-9), name
    for answer, mse in ((3.0, 20.7), (5.0, 16.7), (13.0, 80.7), (4.5, 16.95)):
        assert ((answer - WAITS) ** 2).mean() == pytest.approx(mse)
    assert np.abs(3.25 - LATE).mean() == pytest.approx(20.65) and np.abs(23.0 - LATE).mean() == pytest.approx(32.0)


def test_so_far_is_the_line_of_each_lifted() -> None:
    trainer = learned("line.toml")
    x, y = trainer.data.X_train[:, 0], trainer.data.y_train.ravel()
    lifted = y - (0.5 * x + 1.0)
    assert np.count_nonzero(lifted > 3.0) == 10 and lifted[lifted > 3.0].mean() == pytest.approx(6.0, abs=0.5)
    above = {}
    for name in LOSS:
        parameters = trainer.parameters(name)
        above[name] = float((parameters["W1"].item() - 0.5) * x.mean() + parameters["b1"].item() - 1.0)
    assert above["squared"] == pytest.approx(0.6, abs=0.05)
    assert abs(above["absolute"]) < 0.05 and abs(above["huber"]) < 0.15


def test_a_sample_far_out_in_its_inputs_turns_the_line_of_the_absolute_error_too() -> None:
    x, y = np.array([0.0, 1.0, 2.0, 3.0, 100.0]), np.array([0.0, 1.0, 2.0, 3.0, 0.0])
    slopes, offsets = np.meshgrid(np.linspace(-0.5, 1.5, 201), np.linspace(-2.0, 4.0, 601))
    cost = np.sum([np.abs(slopes * a + offsets - b) for a, b in zip(x, y, strict=True)], axis=0)
    assert abs(slopes.ravel()[cost.argmin()]) < 0.1  # the other four follow a slope of 1


def test_the_line_of_squared_error_comes_down_once_it_learns_with_huber() -> None:
    trainer = learned("line.toml")
    x, before = trainer.data.X_train[:, 0], trainer.parameters("squared")
    trainer.edit({"loss.objective": "huber"}, "squared")
    trainer.run(300)
    after = trainer.parameters("squared")
    came_down = (before["W1"].item() - after["W1"].item()) * x.mean() + before["b1"].item() - after["b1"].item()
    assert came_down == pytest.approx(0.5, abs=0.15)


def test_huber_is_half_the_squared_error_or_delta_times_the_absolute_error() -> None:
    A, Y = np.array([[0.5], [3.0], [-2.0]]), np.zeros((3, 1))
    large, small = (LOSSES["huber"](delta=delta).values(A, Y) for delta in (100.0, 1e-6))
    assert large == pytest.approx(0.5 * A**2)
    assert small == pytest.approx(1e-6 * np.abs(A), rel=1e-5)


def test_q_says_whether_too_little_or_too_much_is_worse() -> None:
    too_little, too_much, Y = np.array([[-1.0]]), np.array([[1.0]]), np.zeros((1, 1))
    for q, is_worse in ((0.75, True), (0.25, False)):
        loss = LOSSES["quantile"](quantile=q)
        assert (loss.values(too_little, Y).item() > loss.values(too_much, Y).item()) == is_worse
