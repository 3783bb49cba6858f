"""What lesson 9 says of weights and thresholds, against a hand calculation and its own networks."""

from __future__ import annotations

import numpy as np
import pytest

from sandbox.arrays import Array
from sandbox.experiment import Trainer
from sandbox.lessons import lesson_folders, read_lesson
from sandbox.nn import LOSSES, METRICS
from tests.lessons.outputs import answers

LESSON = read_lesson(lesson_folders()["09-rare-class"])
WEIGHT = 19.0


def test_the_weight_multiplies_the_odds() -> None:
    loss = LOSSES["binary_cross_entropy"](positive_weight=WEIGHT)
    for p in (0.01, 0.05, 0.3, 0.9):
        odds = WEIGHT * p / (1 - p)
        Z = np.array([[np.log(odds)]])  # a / (1 - a) of a sigmoid is exp z
        sent = [loss.value_and_delta(Z, np.array([[y]]), "sigmoid")[1] for y in (0.0, 1.0)]
        a = odds / (1 + odds)
        assert p * sent[1] + (1 - p) * sent[0] == pytest.approx(0.0, abs=1e-12)
        assert sent[1] == pytest.approx(WEIGHT * (a - 1)) and sent[0] == pytest.approx(a)
    assert pytest.approx(0.05) == 1 / (1 + WEIGHT)
    assert LESSON.experiments["experiment.toml"].lane("B weighted").loss.parameters["positive_weight"] == WEIGHT


def test_another_threshold_finds_the_rare_class_as_well_as_the_weight() -> None:
    trainer = Trainer(LESSON.experiments["experiment.toml"].with_value("run.replicas", 16))
    trainer.run(100)
    Y = trainer.data.y_test[:, None].astype(float)
    assert (len(Y), Y.sum(), trainer.data.y_train.mean()) == (600, 30, 0.05)
    moved, weighted = [], []
    for replica in range(16):
        outputs = {name[0]: answers(trainer, name, replica) for name in ("A plain", "B weighted")}
        moved.append(balanced(outputs["A"], Y, 0.05))
        weighted.append(balanced(outputs["B"], Y, 0.5))
        missed, alarms = np.sum((outputs["B"] <= 0.5) & (Y == 1)), np.sum((outputs["B"] > 0.5) & (Y == 0))
        assert alarms > 5 * missed
        assert alarms > np.sum((outputs["A"] > 0.5) & (Y == 0))
    assert np.median(moved) > np.median(weighted) - 0.01
    assert sum(m > w - 0.02 for m, w in zip(moved, weighted, strict=True)) >= 15


def balanced(A: Array, Y: Array, threshold: float) -> float:
    return float(METRICS["balanced_accuracy"]().value(A - threshold + 0.5, Y, 0.5))


def test_one_rare_sample_moves_the_balanced_accuracy_by_less_than_two_points() -> None:
    Y = Trainer(LESSON.experiments["experiment.toml"]).data.y_test[:, None].astype(float)
    one_missed = Y.copy()
    one_missed[np.flatnonzero(Y)[0]] = 0.0
    assert balanced(Y, Y, 0.5) - balanced(one_missed, Y, 0.5) == pytest.approx(0.017, abs=0.0005)
