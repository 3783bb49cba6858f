"""What lesson 12 says of initial weights, in its own networks."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.lens.findings import AskFindings
from sandbox.lessons import lesson_folders, read_lesson

LESSON = read_lesson(lesson_folders()["12-where-you-start"])
SEEDS = 8


def trained(experiment: Experiment | str, epochs: int, seeds: int = SEEDS) -> Trainer:
    if isinstance(experiment, str):
        experiment = LESSON.experiments[experiment]
    trainer = Trainer(experiment.with_value("run.replicas", seeds))
    trainer.run(epochs)
    return trainer


def found(trainer: Trainer, lane: str, replica: int = 0) -> list[str]:
    """Return the names of what the lens Findings says of a network."""
    probe = trainer.probe(lane, replica)
    assert probe is not None
    return [finding.name for finding in AskFindings(lane).answer(probe).findings]


def findings(trainer: Trainer, lane: str) -> Counter[str]:
    """Return in how many networks of a lane each finding is."""
    return Counter(name for replica in range(SEEDS) for name in found(trainer, lane, replica))


def test_zeros_do_not_move_and_equal_weights_stay_equal() -> None:
    trainer = trained("experiment.toml", 500, 1)
    assert trainer.data.y_train.mean() == 0.5  # else the bias of the output would move
    assert all(np.abs(values).max() < 1e-12 for values in trainer.parameters("A zeros").values())
    W, v = trainer.parameters("B all alike")["W1"], trainer.parameters("B all alike")["W2"]
    assert np.ptp(W, axis=0).max() < 1e-9 and np.ptp(v) < 1e-9
    assert abs(W[0, 0] - 0.5) > 0.1
    assert found(trainer, "B all alike") == ["equal_units"]


def test_weights_ten_times_as_large_saturate() -> None:
    trainer = trained("large.toml", 200)
    assert findings(trainer, "C ten times")["saturated"] >= SEEDS - 1
    assert not findings(trainer, "A Xavier")["saturated"] and not findings(trainer, "B normal")["saturated"]


def test_most_units_of_large_weights_are_flat_and_the_cost_falls_slowly() -> None:
    trainer = trained("large.toml", 100, 16)
    _, before = trainer.history("C ten times").column("train_cost")
    trainer.run(400)
    _, after = trainer.history("C ten times").column("train_cost")
    assert 0.0 < after[-1] < before[-1]
    for replica in range(16):
        probe = trainer.probe("C ten times", replica)
        assert probe is not None
        assert np.mean([np.mean(1.0 - A**2 < 0.01) for A in probe.forward_pass.A[1:-1]]) > 0.75


def signal(trainer: Trainer, lane: str) -> list[float]:
    """Return per hidden layer the mean square of Z at the start, averaged over the networks."""
    squares = []
    for replica in range(64):
        probe = trainer.probe(lane, replica)
        assert probe is not None
        squares.append([float(np.square(Z).mean()) for Z in probe.forward_pass.Z[1:-1]])
    return [float(mean) for mean in np.mean(squares, axis=0)]


def test_the_signal_halves_with_every_layer_of_relu_and_he_makes_up_for_it() -> None:
    trainer = trained("relu.toml", 0, 64)
    xavier, he = signal(trainer, "A Xavier"), signal(trainer, "B He")
    assert len(xavier) == 6
    assert xavier[5] / xavier[0] == pytest.approx(1 / 32, rel=0.4)
    assert 0.5 < he[5] / he[0] < 2.0


def test_xavier_gets_there_too() -> None:
    _, shares = trained("relu.toml", 500, 16).history("A Xavier").column("test_accuracy")
    assert shares[-1] > 0.95


def dead_units(trainer: Trainer, replica: int) -> set[tuple[int, int]]:
    """Return hidden layer and place of the units that are 0 for every sample."""
    probe = trainer.probe("A Xavier", replica)
    assert probe is not None
    hidden = enumerate(probe.forward_pass.A[1:-1], start=1)
    return {(l, int(unit)) for l, A in hidden for unit in np.flatnonzero((A == 0.0).all(axis=0))}


def test_dead_units_behind_other_layers_can_come_back() -> None:
    trainer = trained("relu.toml", 0, 16)
    before = [dead_units(trainer, replica) for replica in range(16)]
    trainer.run(100)
    back = [before[replica] - dead_units(trainer, replica) for replica in range(16)]
    assert all(back)


def test_units_that_start_dead_stay_as_they_are() -> None:
    trainer = trained("dead.toml", 500, 1)
    start = Trainer(LESSON.experiments["dead.toml"]).parameters("A")
    for name in ("W1", "b1"):
        assert np.array_equal(trainer.parameters("A")[name], start[name])
    assert "dead_units" in found(trainer, "A")


def test_steps_that_are_too_long_kill_units_and_a_few_do_no_harm() -> None:
    wide = LESSON.experiments["relu.toml"].with_values({"network.hidden": (16, 16)})
    assert findings(trained(wide.with_value("optimizer.learning_rate", 4.0), 300), "B He")["dead_units"] == SEEDS
    trainer = trained(wide.with_value("optimizer.learning_rate", 2.0), 300)
    assert findings(trainer, "B He")["dead_units"] >= SEEDS // 2
    _, shares = trainer.history("B He").column("test_accuracy")
    assert shares[-1] > 0.97
