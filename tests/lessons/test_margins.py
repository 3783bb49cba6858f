"""What lesson 11 says of margins: its formulas by hand, and how many samples send back nothing."""

from __future__ import annotations

import numpy as np
import pytest

from sandbox.experiment import Trainer
from sandbox.lessons import lesson_folders, read_lesson
from sandbox.nn import LOSSES

LESSON = read_lesson(lesson_folders()["11-margins"])
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
    trainer = Trainer(LESSON.experiments[name].with_value("run.replicas", 8))
    trainer.run(1000)
    probes = [trainer.probe(lane, replica) for replica in range(8)]
    return [float(np.mean(probe.dZ() == 0)) for probe in probes if probe is not None]


def test_at_rest_every_sample_sends_back_nothing_under_hinge_and_none_under_cross_entropy() -> None:
    assert silent("experiment.toml", "A") == [1.0] * 8
    assert silent("experiment.toml", "C") == [0.0] * 8


def test_where_moons_overlap_three_in_four_send_back_nothing_under_hinge() -> None:
    shares = silent("overlap.toml", "A")
    assert np.median(shares) == pytest.approx(0.75, abs=0.03) and min(shares) > 0.68 and max(shares) < 0.82
    assert silent("overlap.toml", "C") == [0.0] * 8
