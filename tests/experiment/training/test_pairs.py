"""Pairs of lanes: equal to the bit up to a known update, and how far apart from then on."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.parts import LaneEntry


def watched_trainer(*changes: dict[str, Any], **values: Any) -> Trainer:
    base = {"data.samples": 60, "network.hidden": (4, 3), "optimizer.learning_rate": 0.05, "optimizer.batch_size": 9}
    experiment = Experiment().with_values(base | {key.replace("__", "."): v for key, v in values.items()})
    lanes = tuple(LaneEntry("ABCDEF"[i], lane_changes) for i, lane_changes in enumerate(changes))
    return Trainer(dataclasses.replace(experiment, lanes=lanes).checked(), watched=True)


def diverged_at(trainer: Trainer, one: str, other: str) -> int | None:
    return trainer.pairs.diverged_at.get(frozenset((trainer.lane(one).key, trainer.lane(other).key)))


def pair_column(trainer: Trainer, one: str, other: str, column: str) -> Any:
    trainer.settle()
    _, distances, angles = trainer.lane(one).timeline.apart(trainer.lane(other).timeline)
    return {"distance": distances, "angle": angles}[column]


def test_lanes_that_differ_in_monitors_never_diverge() -> None:
    trainer = watched_trainer({}, {"loss.monitors": ("mse", "hinge")}, {"loss.delta": 3.0})
    trainer.run(20)
    assert trainer.pairs.diverged_at == {}
    np.testing.assert_array_equal(pair_column(trainer, "A", "B", "distance"), 0.0)


def test_lanes_that_differ_in_the_objective_diverge_at_the_first_update() -> None:
    trainer = watched_trainer({}, {"loss.objective": "mse"})
    assert diverged_at(trainer, "A", "B") is None
    trainer.step()
    assert diverged_at(trainer, "A", "B") == 1


def test_the_update_at_which_lanes_diverge_is_exact() -> None:
    trainer = watched_trainer({}, {"loss.monitors": ("mse",)}, {})
    trainer.advance(lambda: True, 11)
    trainer.edit({"loss.objective": "mse"}, "B")
    trainer.advance(lambda: True, 30)
    assert diverged_at(trainer, "A", "B") == diverged_at(trainer, "B", "C") == 12
    assert diverged_at(trainer, "A", "C") is None


@pytest.mark.parametrize("replicas", [1, 3])
def test_lanes_of_other_activations_diverge_at_the_first_update(replicas: int) -> None:
    trainer = watched_trainer({}, {"network.activation": "relu"}, {"network.output": "linear"}, run__replicas=replicas)
    assert trainer.pairs.diverged_at == {}  # from the same initial weights
    trainer.step()
    assert [diverged_at(trainer, one, other) for one, other in ("AB", "AC", "BC")] == [1, 1, 1]
    trainer.run(2)
    thetas = [[network.theta for network in trainer.lane(name).replicas] for name in "AB"]
    by_hand = np.median([np.linalg.norm(one - other) for one, other in zip(*thetas, strict=True)])
    assert pair_column(trainer, "A", "B", "distance")[-1] == pytest.approx(by_hand, rel=1e-12)
    assert pair_column(trainer, "A", "B", "angle")[-1] > 0.0


def test_lanes_diverge_at_the_update_at_which_another_one_stops() -> None:
    # cross-entropy fails at a negative output
    trainer = watched_trainer({}, {"loss.objective": "mse"}, {"network.output": "tanh"})
    trainer.step()
    assert trainer.lane("C").stopped
    assert [diverged_at(trainer, one, other) for one, other in ("AB", "AC", "BC")] == [1, 1, 1]


def test_other_initial_weights_differ_from_the_start() -> None:
    trainer = watched_trainer({}, {"network.seed": 8}, {"network.hidden": (5,)})
    assert diverged_at(trainer, "A", "B") == diverged_at(trainer, "A", "C") == 0
    trainer.run(2)
    assert diverged_at(trainer, "A", "B") == 0
    assert len(pair_column(trainer, "A", "C", "distance")) == 0  # another shape: there is no distance


def test_a_single_bit_is_enough() -> None:
    trainer = watched_trainer({}, {})
    trainer.run(2)
    trainer.lane("B").replicas[0].theta[0] = np.nextafter(trainer.lane("B").replicas[0].theta[0], 9.0)
    trainer.step()
    assert diverged_at(trainer, "A", "B") == trainer.update


def test_minus_zero_is_not_zero() -> None:
    trainer = watched_trainer({"network.initializer": "zeros"}, {"network.initializer": "zeros"})
    trainer.lane("B").replicas[0].theta[-1] = -0.0
    trainer.pairs.check(5)
    assert diverged_at(trainer, "A", "B") == 5


def test_another_shape_diverges_at_the_edit() -> None:
    trainer = watched_trainer({}, {})
    trainer.advance(lambda: True, 5)
    trainer.edit({"network.hidden": (4, 3, 2)}, "B")
    assert diverged_at(trainer, "A", "B") == 5


@pytest.mark.parametrize("replicas", [1, 4])
def test_distance_and_angle_by_hand(replicas: int) -> None:
    trainer = watched_trainer({}, {"loss.objective": "mse"}, run__replicas=replicas, optimizer__batch_size=0)
    before: list[Any] = []
    for _ in range(3):
        before = [[network.theta.copy() for network in lane.replicas] for lane in trainer.lanes]
        trainer.step()
    trainer.history()
    now = [[network.theta.copy() for network in lane.replicas] for lane in trainer.lanes]
    distances, angles = [], []
    for r in range(replicas):
        a, b = now[0][r] - before[0][r], now[1][r] - before[1][r]
        distances.append(np.linalg.norm(now[0][r] - now[1][r]))
        angles.append(np.degrees(np.arccos(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))))
    np.testing.assert_allclose(pair_column(trainer, "A", "B", "distance")[-1], np.median(distances), rtol=1e-12)
    np.testing.assert_allclose(pair_column(trainer, "A", "B", "angle")[-1], np.median(angles), rtol=1e-9)
    assert np.isnan(pair_column(trainer, "A", "B", "angle")[0])  # before the first update there is no step


def test_a_fork_is_the_same_until_it_is_edited() -> None:
    trainer = watched_trainer({}, {"loss.objective": "mse"})
    trainer.advance(lambda: True, 7)
    trainer.fork_lane("A", "C")
    trainer.advance(lambda: True, 4)
    assert diverged_at(trainer, "A", "C") is None
    assert diverged_at(trainer, "B", "C") == 1  # as for A, of which it is a copy
    trainer.edit({"optimizer.l2": 0.1}, "C")
    trainer.advance(lambda: True, 4)
    assert diverged_at(trainer, "A", "C") == 12


def test_a_removed_lane_leaves_no_pairs() -> None:
    trainer = watched_trainer({}, {"loss.objective": "mse"}, {"loss.objective": "mae"})
    trainer.run(2)
    removed = trainer.lane("B").key
    trainer.remove_lane("B")
    assert all(removed not in pair for pair in trainer.pairs.diverged_at)
    trainer.run(2)
    assert len(pair_column(trainer, "A", "C", "distance")) == 5


def test_single_precision_is_compared_by_its_own_bits() -> None:
    trainer = watched_trainer({}, {"loss.objective": "mse"}, {}, run__precision="float32")
    trainer.run(1)
    assert diverged_at(trainer, "A", "B") == 1 and diverged_at(trainer, "A", "C") is None
