"""Lanes side by side: each trains as it would alone."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.training.groups import Group


def make_experiment(**changes: object) -> Experiment:
    return Experiment().with_values(
        {"data.samples": 60, "network.hidden": (4, 3), "optimizer.learning_rate": 0.05,
         **{key.replace("__", "."): v for key, v in changes.items()}}
    )  # fmt: skip


def with_lanes(experiment: Experiment, *changes: dict[str, Any]) -> Experiment:
    lanes = tuple(LaneEntry(f"L{i}", lane_changes) for i, lane_changes in enumerate(changes))
    return dataclasses.replace(experiment, lanes=lanes).checked()


def trained(experiment: Experiment, epochs: int) -> Trainer:
    trainer = Trainer(experiment)
    trainer.run(epochs)
    return trainer


def assert_close(together: Trainer, name: str, alone: Trainer, tolerance: float) -> None:
    """Rows and weights of a lane equal those of the one lane of `alone`; tolerance 0 is to the bit."""
    ours, theirs = (list(rows) for rows in (together.history(name).rows(), alone.history().rows()))
    assert [(row.epoch, row.update, *row.values) for row in ours] == [
        (row.epoch, row.update, *row.values) for row in theirs
    ]
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(
            list(one.values.values()), list(other.values.values()), rtol=tolerance, atol=tolerance
        )
    expected = alone.parameters()
    for key, value in together.parameters(name).items():
        np.testing.assert_allclose(value, expected[key], rtol=tolerance, atol=tolerance, err_msg=key)


SHAPES: list[dict[str, Any]] = [
    {},
    {"network.hidden": (5,)},
    {"network.activation": "relu", "optimizer.l1": 0.01},
    {"network.hidden": (), "loss.objective": "hinge"},
    {"network.output": "tanh", "optimizer.name": "adam", "loss.objective": "mse"},
    {"network.hidden": (4, 3, 2), "loss.monitors": ("mse",)},
]


@pytest.mark.parametrize("batch_size", [0, 10])
@pytest.mark.parametrize("dataset", ["moons", "blobs", "plane"])
def test_lanes_of_different_shapes_train_as_if_alone_to_the_bit(dataset: str, batch_size: int) -> None:
    plain = make_experiment(data__dataset=dataset, optimizer__batch_size=batch_size)
    together = trained(with_lanes(plain, *SHAPES), 25)
    assert len(together._groups) == len(SHAPES)
    for i, changes in enumerate(SHAPES):
        assert_close(together, f"L{i}", trained(with_lanes(plain, changes), 25), 0.0)


ALIKE: list[dict[str, Any]] = [
    {},
    {"loss.objective": "mse"},
    {"loss.objective": "mse", "optimizer.learning_rate": 0.2},
    {"loss.objective": "hinge", "optimizer.l2": 0.02},
    {"loss.objective": "binary_cross_entropy", "loss.numerics": "clamped", "optimizer.name": "adam"},
    {"loss.objective": "huber", "loss.delta": 0.3, "optimizer.name": "adam", "optimizer.beta1": 0.5},
    {"loss.objective": "huber", "loss.delta": 0.6, "optimizer.name": "momentum"},
    {"loss.reduction": "sum", "optimizer.learning_rate": 0.001, "optimizer.name": "nesterov"},
    {"loss.reduction": "element_mean", "optimizer.l1": 0.005, "loss.monitors": ("hinge", "log_cosh")},
    {"network.seed": 5, "optimizer.name": "adamw", "optimizer.learning_rate": 0.01},
    {"network.initializer": "he_uniform", "optimizer.name": "rmsprop", "optimizer.learning_rate": 0.01},
    {"network.target_coding": "plus_minus_one", "loss.objective": "log_cosh", "optimizer.name": "adagrad"},
]


@pytest.mark.parametrize("batch_size", [0, 16])
@pytest.mark.parametrize("dataset", ["moons", "blobs"])
def test_lanes_of_one_shape_are_computed_together_as_if_alone(dataset: str, batch_size: int) -> None:
    output = {"moons": "sigmoid", "blobs": "softmax"}[dataset]  # "auto" is another one for the hinge
    plain = make_experiment(data__dataset=dataset, optimizer__batch_size=batch_size, network__output=output)
    together = trained(with_lanes(plain, *ALIKE), 40)
    assert len(together._groups) == 1
    for i, changes in enumerate(ALIKE):
        assert_close(together, f"L{i}", trained(with_lanes(plain, changes), 40), 1e-9)


def test_regression_lanes_of_one_shape() -> None:
    plain = make_experiment(data__dataset="hills", optimizer__batch_size=16)
    changes: list[dict[str, Any]] = [
        {}, {"loss.objective": "mae"}, {"loss.objective": "quantile", "loss.quantile": 0.3}, {"optimizer.l2": 0.1},
        {"loss.objective": "hinge"},
    ]  # fmt: skip
    together = trained(with_lanes(plain, *changes), 30)
    assert len(together._groups) == 1
    for i, lane_changes in enumerate(changes):
        assert_close(together, f"L{i}", trained(with_lanes(plain, lane_changes), 30), 1e-9)


def test_wide_lanes_of_one_shape() -> None:
    """Large enough for activations to take their other code path."""
    plain = make_experiment(network__hidden=(40, 40), data__samples=120)
    changes: list[dict[str, Any]] = [{}, {"loss.objective": "mse"}, {"optimizer.name": "adam"}]
    together = trained(with_lanes(plain, *changes), 15)
    for i, lane_changes in enumerate(changes):
        assert_close(together, f"L{i}", trained(with_lanes(plain, lane_changes), 15), 1e-9)


def test_the_order_of_lanes_does_not_matter() -> None:
    plain = make_experiment(optimizer__batch_size=16)
    together, reversed_order = trained(with_lanes(plain, *ALIKE[:5]), 20), trained(with_lanes(plain, *ALIKE[4::-1]), 20)
    for i in range(5):
        for key, value in together.parameters(f"L{i}").items():
            np.testing.assert_allclose(reversed_order.parameters(f"L{4 - i}")[key], value, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("batch_size", [0, 16])
def test_edits_of_one_lane_and_of_all(batch_size: int) -> None:
    """Lanes leave a group, come back to it, and change what they minimise, each as if alone."""
    plain = make_experiment(optimizer__batch_size=batch_size)
    changes: list[dict[str, Any]] = [{}, {"optimizer.name": "adam"}, {"loss.objective": "mse", "optimizer.l2": 0.01}]
    edits: list[tuple[int, int | None, dict[str, Any]]] = [
        (4, 1, {"network.hidden": (6, 3)}),
        (7, 0, {"loss.objective": "hinge"}),
        (10, None, {"optimizer.learning_rate": 0.02}),
        (13, 2, {"optimizer.name": "adam"}),
        (17, 1, {"network.hidden": (4, 3)}),
        (20, None, {"loss.monitors": ("mae",)}),
        (22, 2, {"network.activation": "relu"}),
    ]

    def run(experiment: Experiment, index: int | None) -> Trainer:
        trainer = Trainer(experiment)
        for update, lane, changed in edits:
            while trainer.update < update:
                trainer.step()
            if lane is None or index is None:
                trainer.edit(changed, None if lane is None else f"L{lane}")
            elif lane == index:
                trainer.edit(changed)
        while trainer.update < 28:
            trainer.step()
        return trainer

    together = run(with_lanes(plain, *changes), None)
    for i, lane_changes in enumerate(changes):
        assert_close(together, f"L{i}", run(with_lanes(plain, lane_changes), i), 1e-9)


def test_an_edit_of_all_replaces_the_value_of_a_lane() -> None:
    trainer = Trainer(with_lanes(make_experiment(), {"optimizer.learning_rate": 0.3}, {}))
    trainer.edit({"optimizer.learning_rate": 0.1})
    assert [lane.settings.optimizer.learning_rate for lane in trainer.lanes] == [0.1, 0.1]
    trainer.edit({"optimizer.learning_rate": 0.7}, "L1")
    assert [lane.settings.optimizer.learning_rate for lane in trainer.lanes] == [0.1, 0.7]


def test_lanes_start_from_the_same_weights_unless_they_say_otherwise() -> None:
    trainer = Trainer(
        with_lanes(
            make_experiment(), {}, {"loss.objective": "mse", "network.activation": "relu"}, {"network.seed": 8},
            {"network.initializer": "normal"}, {"network.initializer_scale": 2.0}, {"network.hidden": (4, 5)},
        )
    )  # fmt: skip
    first, *others = (trainer.parameters(f"L{i}")["W1"] for i in range(6))
    assert [np.array_equal(first, W) for W in others] == [True, False, False, False, True]
    np.testing.assert_array_equal(others[3], 2 * first)


def test_lanes_see_the_same_batches() -> None:
    """Single samples in a random order: another order would give another network."""
    same = {"network.hidden": (4, 3), "loss.monitors": ("mse",)}
    trainer = Trainer(with_lanes(make_experiment(optimizer__batch_size=1), {}, same, {"optimizer.l1": 0.0}))
    trainer.run(2)
    for name in ("L1", "L2"):
        for key, value in trainer.parameters("L0").items():
            np.testing.assert_array_equal(trainer.parameters(name)[key], value)


def test_only_adjacent_equal_parts_are_computed_as_one() -> None:
    trainer = Trainer(with_lanes(make_experiment(), {}, {"optimizer.l2": 0.1}, {"loss.objective": "mse"}, {}))
    (group,) = trainer._groups
    assert isinstance(group, Group)
    assert [rows for rows, _ in group._deltas] == [slice(0, 2), slice(2, 3), slice(3, 4)]
    assert [step.rows for step in group._steps] == [slice(0, 4)]


def test_a_lane_that_left_its_group_shares_no_arrays() -> None:
    trainer = Trainer(with_lanes(make_experiment(optimizer__name="adam"), {}, {}))
    trainer.run(2)
    trainer.edit({"network.hidden": (5,)}, "L1")
    first, second = (lane.replicas[0] for lane in trainer.lanes)
    assert not np.shares_memory(first.theta, second.theta)
    assert not any(np.shares_memory(a, b) for a in first.memory for b in second.memory)
    assert (first.steps, second.steps) == (2, 0)


def test_sixteen_lanes() -> None:
    changes = [{"optimizer.learning_rate": 0.01 * (i + 1), "network.hidden": (2 + i % 3,)} for i in range(16)]
    trainer = trained(with_lanes(make_experiment(), *changes), 5)
    assert len(trainer._groups) == 3
    alone = trained(with_lanes(make_experiment(), changes[13]), 5)
    assert_close(trainer, "L13", alone, 1e-9)
    assert [state.name for state in trainer.snapshot().lanes] == [f"L{i}" for i in range(16)]
