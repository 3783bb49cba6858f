"""Lanes that stop: when, why, what they keep, and that no other lane is affected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.training.diagnosis import reason_to_stop
from sandbox.experiment.training.snapshot import Wanted
from sandbox.nn import ACTIVATIONS


def make_experiment(**changes: object) -> Experiment:
    return Experiment().with_values(
        {"data.samples": 40, "network.hidden": (4,), **{key.replace("__", "."): v for key, v in changes.items()}}
    )


def neuron(w: float, b: float, **changes: object) -> Trainer:
    """One neuron on one sample, x = 1 and target 0: z = w + b."""
    trainer = Trainer(make_experiment(data__dataset="one_point", data__samples=None, network__hidden=(), **changes))
    trainer.set_parameters({"W1": np.array([[w]]), "b1": np.array([b])})
    return trainer


NAIVE: dict[str, object] = {"loss__numerics": "naive", "loss__objective": "binary_cross_entropy"}


@pytest.mark.parametrize(
    ("z", "changes", "reason"),
    [
        (50.0, {}, "log of 0: sample 1 has output exactly 1 and target 0"),
        (-800.0, {}, "0 log 0: sample 1 has output exactly 0 and target 0"),
        (-800.0, {"loss__label_smoothing": 0.2}, "log of 0: sample 1 has output exactly 0 and target 0"),
        (
            -0.5,
            {"network__output": "linear", "network__target_coding": "plus_minus_one"},
            "log of a negative output: sample 1 has output \u22120.5 and target \u22121",
        ),
        (
            -0.5,
            {"network__output": "linear", "loss__numerics": "fused", "network__target_coding": "plus_minus_one"},
            "log of a negative output: sample 1 has output \u22120.5 and target \u22121",
        ),
        (
            1.5,
            {"network__output": "linear", "loss__numerics": "fused"},
            "log of 1 \u2212 a for an output above 1: sample 1 has output 1.5 and target 0",
        ),
        (
            0.0,
            {"network__output": "linear", "loss__objective": "categorical_cross_entropy"},
            "0 log 0: sample 1 has output exactly 0 and target 0",
        ),
    ],
)
def test_the_reason_is_named(z: float, changes: dict[str, object], reason: str) -> None:
    trainer = neuron(z, 0.0, **{**NAIVE, **changes})
    assert not trainer.step()
    assert trainer.lanes[0].stopped == reason
    assert not trainer.running
    np.testing.assert_array_equal(trainer.parameters()["W1"], [[z]])  # the last finite ones
    assert trainer.update == 0
    assert [(row.epoch, row.update) for row in trainer.history().rows()] == [(0, 0)]


@pytest.mark.parametrize(("output", "text"), [(np.nan, "nan"), (np.inf, "\u221e")])
def test_an_output_that_is_not_finite_is_named(output: float, text: str) -> None:
    trainer = neuron(0.5, 0.0, network__output="linear", loss__objective="mse")
    lane, A = trainer.lanes[0], np.array([[output]])
    reason = reason_to_stop(lane.replicas[0], A, A, np.zeros((1, 1)), ACTIVATIONS["linear"](), np.arange(1))
    assert reason == f"overflow: sample 1 has output {text}; a smaller learning rate may keep it in range"


def test_fused_continues_where_naive_stops() -> None:
    trainer = neuron(50.0, 0.0, loss__objective="binary_cross_entropy")
    assert trainer.step()
    assert trainer.parameters()["W1"][0, 0] == pytest.approx(49.5)


def test_the_sample_and_the_output_are_numbered_from_1() -> None:
    trainer = Trainer(
        make_experiment(data__dataset="blobs", loss__objective="mse", loss__numerics="naive", network__hidden=(),
             network__output="sigmoid", data__test_fraction=0.0)
    )  # fmt: skip
    X, y = trainer.data.X_train, trainer.data.y_train
    farthest = int(np.argmax(X[:, 0]))
    assert farthest > 0
    second = np.sort(X[:, 0])[-2]
    # The third output is exactly 0 (exp of more than 709 overflows) at one sample alone.
    slope = 60.0 / (X[farthest, 0] - second)
    parameters = {"W1": np.zeros((3, 2)), "b1": np.zeros(3)}
    parameters["W1"][2, 0] = -slope
    parameters["b1"][2] = slope * X[farthest, 0] - 720.0
    trainer.set_parameters(parameters)
    trainer.edit({"loss.objective": "categorical_cross_entropy"})
    assert not trainer.step()
    product = "log of 0" if y[farthest] == 2 else "0 log 0"
    expected = f"{product}: sample {farthest + 1}, output 3, has output exactly 0 and target {int(y[farthest] == 2)}"
    assert trainer.lanes[0].stopped == expected


def test_overflow_is_named_and_the_last_finite_parameters_stay() -> None:
    trainer = Trainer(
        make_experiment(data__dataset="plane", optimizer__learning_rate=1e6, network__activation="linear")
    )
    last_finite = trainer.parameters()
    while trainer.step():
        last_finite = trainer.parameters()
        assert all(np.isfinite(value).all() for value in last_finite.values())
        assert trainer.update < 500
    assert trainer.lanes[0].stopped.startswith("overflow: ")
    assert trainer.lanes[0].stopped.endswith("a smaller learning rate may keep it in range")
    for key, value in trainer.parameters().items():
        np.testing.assert_array_equal(value, last_finite[key])
    last = list(trainer.history().rows())[-1]
    assert last.update == trainer.update > 1
    assert not trainer.step()
    trainer.run(3)
    assert list(trainer.history().rows())[-1] == last or np.isnan(last.values["train_cost"])


def test_an_infinite_step_stops_despite_a_finite_gradient() -> None:
    trainer = neuron(0.0, 0.0, loss__objective="mse", network__output="linear", optimizer__learning_rate=1e6)
    trainer.set_parameters({"W1": np.array([[1e305]]), "b1": np.array([0.0])})
    assert not trainer.step()  # 2e305 * 1e6
    assert "overflow" in trainer.lanes[0].stopped
    assert trainer.parameters()["W1"][0, 0] == 1e305


def test_a_nan_cost_is_not_called_too_large() -> None:
    trainer = neuron(0.0, 0.0, loss__objective="kl_divergence", loss__numerics="naive", network__output="linear",
                     optimizer__learning_rate=1e6, optimizer__l2=1e3)  # fmt: skip
    trainer.set_parameters({"W1": np.array([[1e300]]), "b1": np.array([0.0])})
    assert not trainer.step()
    assert trainer.lanes[0].stopped.startswith("overflow: the parameters grew too large to represent")


def test_a_nan_cost_stops_nothing() -> None:
    """Naive kl_divergence meets 0 log 0 in its cost at every target of 0; its gradient, -y/a, is finite."""
    trainer = Trainer(
        make_experiment(
            data__dataset="blobs", loss__objective="kl_divergence", loss__numerics="naive", loss__monitors=("mse",)
        )
    )
    trainer.run(5)
    assert trainer.running
    assert trainer.epoch == 5
    values = trainer.history().last.values  # type: ignore[union-attr]
    assert np.isnan(values["train_cost"])
    assert np.isfinite(values["train_mse"])


def test_a_monitor_that_overflows_stops_nothing() -> None:
    experiment = make_experiment(
        network__output="linear", loss__objective="mse", loss__monitors=("binary_cross_entropy",)
    )
    trainer = Trainer(experiment.with_value("optimizer.learning_rate", 0.01))
    trainer.run(5)
    assert trainer.running
    assert np.isnan(trainer.history().last.values["train_binary_cross_entropy"])  # type: ignore[union-attr]


# Beside other lanes

HEALTHY: dict[str, Any] = {"optimizer.learning_rate": 0.1}
DOOMED: dict[str, Any] = {
    "network.activation": "relu", "network.output": "linear", "loss.objective": "mse",
    "optimizer.name": "gradient_descent", "optimizer.learning_rate": 50.0,
}  # fmt: skip


def lanes(*changes: dict[str, Any], **settings: object) -> Experiment:
    return Experiment(
        data=make_experiment().data, network=make_experiment().network,
        optimizer=make_experiment(**{"optimizer__batch_size": 10, "optimizer__name": "adam", **settings}).optimizer,
        lanes=tuple(LaneEntry(f"L{i}", lane_changes) for i, lane_changes in enumerate(changes)),
    ).checked()  # fmt: skip


def test_the_others_continue_to_the_bit() -> None:
    trainer = Trainer(lanes(HEALTHY, DOOMED, {**HEALTHY, "network.hidden": (5,)}))
    trainer.run(40)
    assert [bool(lane.stopped) for lane in trainer.lanes] == [False, True, False]
    assert trainer.epoch == 40
    for name, changes in (("L0", HEALTHY), ("L2", {**HEALTHY, "network.hidden": (5,)})):
        alone = Trainer(lanes(changes))
        alone.run(40)
        for key, value in alone.parameters().items():
            np.testing.assert_array_equal(trainer.parameters(name)[key], value)
        for column in ("train_cost", "test_cost"):
            np.testing.assert_array_equal(trainer.history(name).column(column)[1], alone.history().column(column)[1])


def test_others_of_the_same_group_continue() -> None:
    """The doomed lane is computed side by side with two others until it stops."""
    doomed = {"optimizer.name": "gradient_descent", "optimizer.learning_rate": 1e6, "optimizer.l2": 1e3}
    adams = [{**HEALTHY, "loss.objective": "mse"}, HEALTHY]
    trainer = Trainer(lanes(adams[0], doomed, adams[1]))
    trainer.run(60)
    assert [bool(lane.stopped) for lane in trainer.lanes] == [False, True, False]
    for name, changes in (("L0", adams[0]), ("L2", adams[1])):
        alone = Trainer(lanes(changes))
        alone.run(60)
        for key, value in alone.parameters().items():
            np.testing.assert_allclose(trainer.parameters(name)[key], value, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("batch_size", [0, 10])
def test_recording_changes_neither_when_a_lane_stops_nor_what_it_keeps(batch_size: int) -> None:
    experiment = lanes(HEALTHY, DOOMED, optimizer__batch_size=batch_size)
    runs = []
    for every in (1, 3, 1000):
        trainer = Trainer(experiment, every=every)
        trainer.run(40)
        runs.append(trainer)
    observed = Trainer(experiment)
    while observed.epoch < 40:
        observed.snapshot(0, Wanted())
        observed.step()
    observed.run(0)
    runs.append(observed)
    first = runs[0]
    at_stop = first.history("L1").last
    assert at_stop is not None
    assert 0 < at_stop.update < first.update
    for run in runs:
        lane, expected = run.lane("L1"), first.lane("L1")
        assert lane.stopped == expected.stopped != ""
        np.testing.assert_array_equal(lane.replicas[0].theta, expected.replicas[0].theta)
        assert np.isfinite(lane.replicas[0].theta).all()
        last = run.history("L1").last
        assert last is not None
        assert (last.epoch, last.update) == (at_stop.epoch, at_stop.update)
        np.testing.assert_array_equal(list(last.values.values()), list(at_stop.values.values()))
        updates = [row.update for row in run.history("L1").rows()]
        assert updates == sorted(set(updates))


def test_the_last_row_is_of_the_last_finite_state() -> None:
    trainer = Trainer(lanes(DOOMED))
    updates = 0
    states = [trainer.readings(trainer.lanes[0])]
    while trainer.step():
        updates += 1
        states.append(trainer.readings(trainer.lanes[0]))
    last = trainer.history().last
    assert last is not None
    assert last.update == updates == trainer.update
    np.testing.assert_array_equal(list(last.values.values()), list(states[-1].values()))
    np.testing.assert_array_equal(list(trainer.readings(trainer.lanes[0]).values()), list(last.values.values()))
    state = trainer.snapshot().lanes[0]
    assert state.stopped == trainer.lanes[0].stopped != ""


def test_an_edit_does_not_restart_a_stopped_lane() -> None:
    trainer = Trainer(lanes(HEALTHY, DOOMED))
    trainer.run(40)
    stopped, theta = trainer.lane("L1").stopped, trainer.parameters("L1")
    rows = len(trainer.history("L1"))
    trainer.edit({"optimizer.learning_rate": 0.001, "network.hidden": (7,)})
    trainer.run(2)
    assert trainer.lane("L1").stopped == stopped
    assert len(trainer.history("L1")) == rows
    for key, value in trainer.parameters("L1").items():
        np.testing.assert_array_equal(value, theta[key])
    assert trainer.lane("L0").sizes == (2, 7, 1)


def test_an_edit_after_all_lanes_have_stopped_comes_after_that_in_a_replay() -> None:
    trainer = Trainer(lanes(DOOMED))
    trainer.run(40)
    assert not trainer.running
    stopped, theta = trainer.lanes[0].stopped, trainer.parameters()
    trainer.edit({"optimizer.learning_rate": 1e-9})
    replay = Trainer(trainer.experiment)
    replay.run(40)
    assert replay.lanes[0].stopped == stopped and replay.update == trainer.update
    for key, value in replay.parameters().items():
        np.testing.assert_array_equal(value, theta[key])
    assert replay.current == trainer.current, "what was typed is still in force"
    assert [mark.text for mark in replay.marks] == [mark.text for mark in trainer.marks] != []
