"""What lesson 11 says of margins: its formulas by hand, and how many samples send back nothing."""

from __future__ import annotations

import numpy as np
import pytest

from sandbox.experiment import Trainer
from sandbox.lessons import lesson_folders, read_lesson
from sandbox.nn import LOSSES

LESSON = read_lesson(lesson_folders()["11-margins"])
SEEDS = 16
M = np.array([[-2.0], [0.0], [0.99], [1.0], [1.01], [5.0]])


@pytest.mark.parametrize("y", [-1.0, 1.0])
def test_the_losses_and_what_they_send_back_by_margin(y: float) -> None:
    Z = y * M
    values, sent = LOSSES["hinge"]().value_and_delta(Z, np.full_like(Z, y))
    assert values == pytest.approx(np.maximum(0, 1 - M)[:, 0])
    assert sent[:, 0].tolist() == [-y, -y, -y, 0, 0, 0]
    values, sent = LOSSES["binary_cross_entropy"]().value_and_delta(Z, np.full_like(Z, y > 0), "sigmoid")
    assert values == pytest.approx(np.log1p(np.exp(-M))[:, 0])
    assert sent == pytest.approx(-y / (1 + np.exp(M)))
    assert abs(sent[3, 0]) == pytest.approx(0.27, abs=0.005)
    assert abs(sent[5, 0]) == pytest.approx(0.0067, abs=0.00005)


def silent(name: str, lane: str) -> list[float]:
    """Return for each network the share of samples that send back exactly nothing after 1000 epochs."""
    trainer = Trainer(LESSON.experiments[name].with_value("run.replicas", SEEDS))
    trainer.run(1000)
    probes = [trainer.probe(lane, replica) for replica in range(SEEDS)]
    return [float(np.mean(probe.dZ() == 0)) for probe in probes if probe is not None]


def test_at_rest_every_sample_sends_back_nothing_under_hinge_and_none_under_cross_entropy() -> None:
    assert silent("experiment.toml", "A hinge") == [1.0] * SEEDS
    assert silent("experiment.toml", "C cross-entropy") == [0.0] * SEEDS


def test_where_moons_overlap_three_in_four_send_back_nothing_under_hinge() -> None:
    shares = silent("overlap.toml", "A hinge")
    assert np.median(shares) == pytest.approx(0.75, abs=0.03) and min(shares) > 0.68 and max(shares) < 0.82
    assert silent("overlap.toml", "C cross-entropy") == [0.0] * SEEDS


def test_listening_to_fewer_costs_about_a_point_on_the_test() -> None:
    trainer = Trainer(LESSON.experiments["overlap.toml"].with_value("run.replicas", SEEDS))
    trainer.run(1000)
    hinge, cross = (trainer.history(name).column("test_accuracy")[1][-1] for name in ("A hinge", "C cross-entropy"))
    assert 0.0 < cross - hinge < 0.02


def test_the_mean_signal_of_the_hinge_loss_is_the_share_of_samples_that_still_send() -> None:
    trainer = Trainer(LESSON.experiments["overlap.toml"])
    trainer.run(1000)
    probe = trainer.probe("A hinge")
    assert probe is not None
    sent = np.abs(probe.dZ())[:, 0] / probe.factor
    assert set(sent.round(12)) == {0.0, 1.0}
    assert sent.mean() == pytest.approx(0.25, abs=0.03)
