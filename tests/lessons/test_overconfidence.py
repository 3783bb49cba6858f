"""What lesson 10 says of confidence: its figures by hand, and who pays for the test loss."""

from __future__ import annotations

import numpy as np
import pytest

from sandbox.experiment import Trainer
from sandbox.experiment.lens.findings import AskFindings
from sandbox.lessons import lesson_folders, read_lesson
from sandbox.nn import LOSSES
from tests.lessons.outputs import answers

LESSON = read_lesson(lesson_folders()["10-overconfidence"])
SEEDS = 8


def test_the_costs_and_the_smoothed_targets_by_hand() -> None:
    for a, cost in ((0.9, 0.1), (0.1, 2.3), (0.000001, 13.8)):
        assert -np.log(a) == pytest.approx(cost, abs=0.05)
    Y = LOSSES["categorical_cross_entropy"](label_smoothing=0.1).smoothed(np.array([[0.0, 1.0, 0.0]]))
    assert Y[0].tolist() == pytest.approx([0.0333, 0.9333, 0.0333], abs=1e-4)
    assert np.log(Y[0, 1] / Y[0, 0]) == pytest.approx(3.33, abs=0.005)


def test_smoothed_cross_entropy_is_lowest_there() -> None:
    loss, Y = LOSSES["categorical_cross_entropy"](label_smoothing=0.1), np.array([[0.0, 1.0, 0.0]])
    ahead = np.log(0.9 + 0.1 / 3) - np.log(0.1 / 3)
    _, dZ = loss.value_and_delta(ahead * Y, Y, "softmax")
    assert dZ == pytest.approx(0.0, abs=1e-12)


def test_the_divergence_is_the_plain_cross_entropy_whatever_the_smoothing() -> None:
    Z, Y = np.random.default_rng(2).normal(size=(20, 3)), np.eye(3)[np.arange(20) % 3]
    plain = LOSSES["categorical_cross_entropy"]().value_and_delta(Z, Y, "softmax")[0]
    assert LOSSES["kl_divergence"]().value_and_delta(Z, Y, "softmax")[0] == pytest.approx(plain)
    trainer = Trainer(LESSON.experiments["smoothing.toml"])
    trainer.run(5)
    column = trainer.history("A").column("test_kl_divergence")[1]
    assert column == pytest.approx(trainer.history("A").column("test_categorical_cross_entropy")[1])


def test_the_same_few_flowers_are_wrong_and_cause_nearly_all_of_the_loss() -> None:
    trainer = Trainer(LESSON.experiments["experiment.toml"].with_value("run.replicas", SEEDS))
    y = trainer.data.y_test
    assert len(y) == len(trainer.data.y_train) == 75
    trainer.run(100)
    before = [answers(trainer, "A", replica).argmax(axis=1) != y for replica in range(SEEDS)]
    trainer.run(500)
    for replica in range(SEEDS):
        A = answers(trainer, "A", replica)
        wrong = A.argmax(axis=1) != y
        costs = -np.log(A[np.arange(len(y)), y])
        assert 0 < wrong.sum() <= 6 and (wrong & before[replica]).sum() >= wrong.sum() - 1
        assert costs[wrong].sum() > 0.95 * costs.sum()
        probe = trainer.probe("A", replica)
        assert probe is not None and "overfitting" in [f.name for f in AskFindings("A").answer(probe).findings]


@pytest.mark.parametrize("seed", [2, 3, 4, 5])
def test_the_loss_rises_whichever_flowers_are_in_the_test(seed: int) -> None:
    trainer = Trainer(LESSON.experiments["experiment.toml"].with_values({"data.seed": seed, "run.replicas": SEEDS}))
    trainer.run(600)
    _, losses = trainer.history("A").column("test_categorical_cross_entropy")
    _, shares = trainer.history("A").column("test_accuracy")
    assert losses[600] > 1.2 * losses.min()
    assert shares[600] > shares[20]
