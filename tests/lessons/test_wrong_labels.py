"""What lesson 8 says of the losses, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sandbox.experiment import Trainer
from sandbox.lessons import lesson_folders, read_lesson
from sandbox.nn import LOSSES

LESSON = read_lesson(lesson_folders()["08-wrong-labels"])
Z = np.linspace(-6.0, 6.0, 25)[:, None]
A = 1.0 / (1.0 + np.exp(-Z))


def sent(name: str, target: float) -> np.ndarray:
    """Return what a loss sends back through a sigmoid for one target, at each z."""
    return LOSSES[name]().value_and_delta(Z, np.full_like(Z, target), "sigmoid")[1]


@pytest.mark.parametrize(
    ("name", "formula", "summed"),
    [
        ("binary_cross_entropy", lambda a, y: a - y, lambda a, p: a - p),
        ("mse", lambda a, y: 2 * (a - y) * a * (1 - a), lambda a, p: 2 * (a - p) * a * (1 - a)),
        ("mae", lambda a, y: np.sign(a - y) * a * (1 - a), lambda a, p: (1 - 2 * p) * a * (1 - a)),
    ],
)
def test_what_comes_back_from_a_place_with_a_share_of_mistakes(name: str, formula: object, summed: object) -> None:
    assert callable(formula) and callable(summed)
    for y in (0.0, 1.0):
        np.testing.assert_allclose(sent(name, y), formula(A, y), atol=1e-12)
    for p in (0.1, 0.2, 0.4):
        np.testing.assert_allclose(p * sent(name, 1.0) + (1 - p) * sent(name, 0.0), summed(A, p), atol=1e-12)


def test_the_two_losses_of_a_sample_have_a_constant_sum_for_the_absolute_error_alone() -> None:
    sums = {}
    for name in ("binary_cross_entropy", "mse", "mae"):
        no, yes = (LOSSES[name]().value_and_delta(Z, np.full_like(Z, y), "sigmoid")[0] for y in (0.0, 1.0))
        sums[name] = no + yes
    assert sums["mae"] == pytest.approx(1.0)
    assert np.ptp(sums["mse"]) > 0.4 and np.ptp(sums["binary_cross_entropy"]) > 4


def test_one_label_in_five_is_wrong_and_the_test_labels_are_true() -> None:
    data = Trainer(LESSON.experiments["experiment.toml"]).data
    assert data.wrong_train.mean() == 0.2
    clean = Trainer(LESSON.experiments["experiment.toml"].with_value("data.label_noise", 0.0)).data
    assert np.array_equal(data.y_test, clean.y_test)
    assert np.array_equal(data.y_train != clean.y_train, data.wrong_train)


def test_after_little_training_the_labels_not_followed_are_mostly_the_wrong_ones() -> None:
    trainer = Trainer(LESSON.experiments["experiment.toml"])
    trainer.run(100)
    probe = trainer.probe("A")
    assert probe is not None
    disagrees = (probe.forward_pass.A[-1][:, 0] > 0.5) != trainer.data.y_train
    assert trainer.data.wrong_train[disagrees].mean() > 0.75


def flat(trainer: Trainer, lane: str, replica: int) -> float:
    """Return the share of training samples at which the slope a (1 - a) of a network's output is nearly 0."""
    probe = trainer.probe(lane, replica)
    assert probe is not None
    outputs = probe.forward_pass.A[-1][:, 0]
    return float(np.mean(outputs * (1.0 - outputs) < 0.01))


def sent_by_mistakes(trainer: Trainer, lane: str, replica: int) -> float:
    """Return the median size of what the wrong training labels of a network send back."""
    probe = trainer.probe(lane, replica)
    assert probe is not None
    return float(np.median(np.abs(probe.dZ()[trainer.data.wrong_train])) / probe.factor)


def test_the_absolute_error_saturates_first_and_then_its_mistakes_send_back_nothing() -> None:
    trainer = Trainer(LESSON.experiments["experiment.toml"].with_value("run.replicas", 16))
    trainer.run(100)
    for replica in range(16):
        assert flat(trainer, "C", replica) > 0.8 and sent_by_mistakes(trainer, "C", replica) < 1e-3
        for lane in "AB":
            assert flat(trainer, lane, replica) < 0.1 and sent_by_mistakes(trainer, lane, replica) > 0.1


def test_with_four_wrong_labels_in_ten_the_absolute_error_saturates_along_a_line() -> None:
    experiment = LESSON.experiments["experiment.toml"].with_values({"data.label_noise": 0.4, "run.replicas": 16})
    trainer = Trainer(experiment)
    trainer.run(50)
    assert min(flat(trainer, "C", replica) for replica in range(16)) > 0.85
    trainer.run(950)
    for replica in range(16):
        probe = trainer.probe("C", replica)
        assert probe is not None
        answers = np.where(probe.forward_pass.A[-1][:, 0] > 0.5, 1.0, -1.0)
        inputs = np.column_stack([probe.X, np.ones(probe.m)])
        line = inputs @ np.linalg.lstsq(inputs, answers, rcond=None)[0]
        assert np.mean((line > 0) == (answers > 0)) > 0.9
