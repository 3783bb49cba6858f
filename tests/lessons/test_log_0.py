"""Lesson 6: the three ways to write the formula, run as they stand in the text, against the losses of the program."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sandbox.arrays import Array
from sandbox.experiment import Trainer
from sandbox.lessons import lesson_folders, read_lesson
from sandbox.nn import LOSSES, NUMERICS
from tests.lessons.listings import listings

LESSON = read_lesson(lesson_folders()["06-log-0"])


def written(z: Any, y: Any) -> dict[str, Any]:
    """Run the code of the lesson for z and y."""
    names: dict[str, Any] = {"np": np, "z": np.asarray(z), "y": np.asarray(y)}
    (code,) = listings(LESSON)
    with np.errstate(all="ignore"):
        exec(code, names)
    return names


def computed(z: Array, y: Array, numerics: str) -> tuple[Array, Array]:
    """Return what the program computes: the losses and their derivatives by z."""
    loss = LOSSES["binary_cross_entropy"]()
    with np.errstate(all="ignore"):
        values, dZ = loss.value_and_delta(z[:, None], y[:, None], activation="sigmoid", numerics=numerics)
    return values, dZ[:, 0]


@pytest.mark.parametrize("numerics", list(NUMERICS))
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_the_code_of_the_lesson_is_what_the_program_computes(numerics: str, y: float) -> None:
    z = np.array([-60.0, -40.0, -20.0, -3.0, 0.0, 2.0, 10.0, 20.0, 40.0, 60.0])
    targets = np.full_like(z, y)
    values, _ = computed(z, targets, numerics)
    assert written(z, targets)[numerics] == pytest.approx(values, rel=1e-9, nan_ok=True)


def test_where_an_output_is_exactly_one() -> None:
    for precision, limit in ((np.float32, 16.6), (np.float64, 36.7)):
        below, above = (written(precision(z), precision(1.0))["a"] for z in (limit, limit + 0.1))
        assert below < 1.0 == above


def test_the_fused_logarithms_keep_their_digits_with_32_bits() -> None:
    """Whichever class is right: softplus(z) - y z, which looks simpler, loses them all from z = 17 on."""
    z = np.array([-40.0, -17.0, -10.0, 0.0, 10.0, 17.0, 40.0], dtype=np.float32)
    for y in (0.0, 1.0):
        fused = written(z, np.full_like(z, y))["fused"]
        assert fused.dtype == np.float32
        assert fused == pytest.approx(np.log1p(np.exp(z.astype(np.float64) * (1 - 2 * y))), rel=1e-6)


def test_the_gradient_of_naive_is_not_a_number_where_its_cost_is_not() -> None:
    for precision, z in ((np.float32, 20.0), (np.float64, 40.0)):
        values, dZ = computed(np.array([z], precision), np.ones(1, precision), "naive")
        assert np.isnan(values).all() and np.isnan(dZ).all()


def test_a_right_answer_gives_nan_and_a_wrong_one_infinity() -> None:
    assert math.isnan(written(40.0, 1.0)["naive"]) and written(40.0, 0.0)["naive"] == math.inf
    assert -math.log(1e-7) == pytest.approx(16.118, abs=5e-4)


def test_where_an_output_is_clipped_nothing_is_sent_back() -> None:
    z, y = np.array([20.0]), np.array([0.0])
    assert computed(z, y, "clamped")[1] == 0.0
    for numerics in ("naive", "fused"):
        assert computed(z, y, numerics)[1] == pytest.approx(1.0, abs=1e-6)


def test_it_is_a_right_answer_that_breaks_the_first_run() -> None:
    trainer = Trainer(LESSON.experiments["experiment.toml"])
    trainer.run(300)
    assert "output exactly 1 and target 1" in trainer.lane("naive").stopped
    assert trainer.parameters("naive")["W1"].dtype == np.float32


@pytest.mark.parametrize(("file", "z"), [("twenty.toml", 20.0), ("forty.toml", 40.0)])
def test_the_neuron_begins_where_the_text_says(file: str, z: float) -> None:
    trainer = Trainer(LESSON.experiments[file])
    parameters = trainer.parameters("fused")
    assert (trainer.data.X_train @ parameters["W1"].T + parameters["b1"]).item() == z


def test_what_the_clamp_leaves_out_are_points_that_are_wrong_and_sure() -> None:
    trainer = Trainer(LESSON.experiments["large.toml"])
    with np.errstate(all="ignore"):
        z, y = trainer.probe("clamped").forward_pass.Z[-1][:, 0], trainer.data.y_train
    wrong = (z > 0.0) != (y > 0.5)
    assert wrong.mean() > 0.3 and (np.abs(z[wrong]) > -math.log(1e-7)).mean() > 0.8
