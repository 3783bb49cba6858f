"""Several networks in one lane: each is the network that its seed gives alone, and the lane summarises them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sandbox.errors import InputError
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.lanes import with_lane
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.training.spread import quartiles
from sandbox.nn import Network

MANY = Network.MOST_EXACT + 4


def make_experiment(replicas: int, **changes: Any) -> Experiment:
    values = {"data.samples": 60, "network.hidden": (4, 3), "optimizer.learning_rate": 0.05, "run.replicas": replicas}
    return Experiment().with_values(values | {key.replace("__", "."): value for key, value in changes.items()})


def alone(experiment: Experiment, lane: str, replica: int, epochs: int) -> Trainer:
    """The same lane alone, as a single network from the seed of the replica."""
    only = tuple(entry for entry in experiment.lanes if entry.name == lane)
    single = dataclasses.replace(experiment, lanes=only).with_value("run.replicas", 1)
    seed = experiment.lane(lane).network.seed + replica
    trainer = Trainer(single.with_value("network.seed", seed, lane))
    trainer.run(epochs)
    return trainer


@pytest.mark.parametrize("replicas", [3, MANY])
@pytest.mark.parametrize("batch_size", [0, 7])
@pytest.mark.parametrize("changes", [
    {},
    {"data__dataset": "iris", "optimizer__name": "adam", "network__activation": "relu"},
    {"data__dataset": "sine", "optimizer__l2": 0.01, "optimizer__l1": 0.001, "loss__monitors": ("mae",)},
])  # fmt: skip
def test_each_replica_is_the_network_of_its_seed(replicas: int, batch_size: int, changes: dict[str, Any]) -> None:
    experiment = make_experiment(replicas, optimizer__batch_size=batch_size, **changes)
    trainer = Trainer(experiment)
    trainer.run(5)
    lane = trainer.lanes[0]
    assert lane.replica_history is not None
    tolerance = 0.0 if replicas <= Network.MOST_EXACT else 1e-9
    for r in (0, 2, replicas - 1):
        single = alone(experiment, "A", r, 5)
        np.testing.assert_allclose(
            lane.replicas[r].theta, single.lanes[0].replicas[0].theta, rtol=tolerance, atol=tolerance
        )
        for column in single.lanes[0].columns:
            _, values = lane.replica_history.column(f"{column}#{r}")
            np.testing.assert_allclose(values, single.history().column(column)[1], rtol=1e-9, atol=1e-12)


def test_lanes_share_seeds_and_batches() -> None:
    lanes = (
        LaneEntry("A"),
        LaneEntry("B", {"loss.objective": "mse"}),
        LaneEntry("C", {"network.hidden": (2,)}),
    )
    experiment = dataclasses.replace(make_experiment(3, optimizer__batch_size=9), lanes=lanes).checked()
    trainer = Trainer(experiment)
    starts = [[network.theta.copy() for network in lane.replicas] for lane in trainer.lanes]
    for a, b in zip(starts[0], starts[1], strict=True):
        np.testing.assert_array_equal(a, b)
    assert len({theta.tobytes() for theta in starts[0]}) == 3
    trainer.run(4)
    for name in "ABC":
        for r in range(3):
            single = alone(experiment, name, r, 4)
            np.testing.assert_array_equal(trainer.lane(name).replicas[r].theta, single.lanes[0].replicas[0].theta)


def test_the_history_holds_median_and_quartiles() -> None:
    trainer = Trainer(make_experiment(5, loss__monitors=("mse",)))
    trainer.run(3)
    lane = trainer.lanes[0]
    assert lane.replica_history is not None
    for column in ("train_cost", "test_mse", "train_accuracy"):
        single = np.array([lane.replica_history.column(f"{column}#{r}")[1] for r in range(5)])
        for name, share in ((column, 50), (f"{column}|low", 25), (f"{column}|high", 75)):
            np.testing.assert_allclose(lane.history.column(name)[1], np.percentile(single, share, axis=0), rtol=1e-12)
    state = trainer.snapshot().lanes[0]
    assert (state.replicas, state.stopped_replicas) == (5, 0)
    assert state.readings["train_cost|low"] <= state.readings["train_cost"] <= state.readings["train_cost|high"]


@given(hnp.arrays(np.float64, st.tuples(st.just(3), st.integers(1, 9)), elements=st.floats(-1e6, 1e6)), st.data())
def test_quartiles_are_numpys_over_running_networks(table: Any, data: st.DataObject) -> None:
    running = data.draw(st.integers(1, table.shape[1]))
    table[:, running:] = np.nan
    actual = quartiles(table[:, np.random.default_rng(0).permutation(table.shape[1])])
    wanted = np.percentile(table[:, :running], (50, 25, 75), axis=1)
    np.testing.assert_allclose(actual, wanted, rtol=1e-9, atol=1e-9)


def test_quartiles_of_infinite_costs_are_not_nan() -> None:
    values = quartiles(np.array([[1.0, np.inf, np.inf], [1.0, 2.0, np.inf]]))
    assert values[0, 0] == np.inf and values[0, 1] == 2.0
    assert not np.isnan(values).any()


def test_a_replica_that_stops_does_not_change_the_others() -> None:
    """A step so long that some seeds overflow and some do not."""
    experiment = make_experiment(6, data__dataset="sine", network__activation="exp", optimizer__learning_rate=0.3)
    trainer = Trainer(experiment)
    trainer.run(120)
    lane = trainer.lanes[0]
    stopped = [network.number for network in lane.replicas if network.stopped]
    assert 0 < len(stopped) < 6, "the rate must be one at which only some overflow"
    assert not lane.stopped and trainer.snapshot().lanes[0].stopped_replicas == len(stopped)
    for r in range(6):
        single = alone(experiment, "A", r, 120)
        assert bool(single.lanes[0].stopped) == (r in stopped)
        np.testing.assert_array_equal(lane.replicas[r].theta, single.lanes[0].replicas[0].theta)
    assert lane.replica_history is not None
    for r in stopped:
        values = lane.replica_history.column(f"train_cost#{r}")[1]
        assert np.isnan(values[-1]) and np.isfinite(values[0])
    assert np.isfinite(lane.history.column("train_cost")[1]).all()


def test_a_lane_ends_when_its_last_replica_stops() -> None:
    trainer = Trainer(make_experiment(3, network__output="linear", loss__objective="mse", optimizer__learning_rate=1e6))
    trainer.run(400)
    lane = trainer.lanes[0]
    assert lane.stopped and all(network.stopped for network in lane.replicas)
    assert not trainer.running
    state = trainer.snapshot().lanes[0]
    assert state.stopped == lane.stopped and state.stopped_replicas == 3
    assert lane.history.last is not None and not np.isnan(list(lane.history.last.values.values())).any()


def test_edits_reach_every_replica_and_draw_from_its_own_seed() -> None:
    experiment = make_experiment(3)
    trainer = Trainer(experiment)
    trainer.run(3)
    trainer.edit({"network.hidden": (5, 3)})
    trainer.run(3)
    for r in range(3):
        single = alone(experiment, "A", r, 3)
        single.edit({"network.hidden": (5, 3)})
        single.run(3)
        np.testing.assert_array_equal(trainer.lanes[0].replicas[r].theta, single.lanes[0].replicas[0].theta)


def test_weights_of_a_file_start_every_replica(tmp_path: Any) -> None:
    start = Trainer(make_experiment(1))
    np.savez(tmp_path / "start.npz", **start.parameters())
    experiment = dataclasses.replace(
        make_experiment(3, network__weights="start.npz", network__seed=99), folder=tmp_path
    )
    for network in Trainer(experiment).lanes[0].replicas:
        np.testing.assert_array_equal(network.theta, start.lanes[0].replicas[0].theta)


def test_long_watched_runs_keep_fewer_rows_of_each_replica() -> None:
    trainer = Trainer(make_experiment(2, data__samples=20, network__hidden=()), watched=True)
    trainer.run(5000)
    lane = trainer.lanes[0]
    assert lane.replica_history is not None and len(lane.history) == 5001
    epochs = lane.replica_history.column("train_cost#1")[0]
    assert 3000 < len(epochs) < 3700
    np.testing.assert_array_equal(np.diff(epochs[:2000]), 1.0)
    np.testing.assert_array_equal(np.unique(np.diff(epochs)), [1.0, 2.0, 4.0])


def test_watching_changes_no_bit() -> None:
    lanes = (
        LaneEntry("A"),
        LaneEntry("B", {"loss.objective": "mse"}),
        LaneEntry("C", {"loss.monitors": ("mae",)}),
    )
    experiment = dataclasses.replace(make_experiment(1, optimizer__batch_size=10), lanes=lanes).checked()
    watched, unwatched = Trainer(experiment, watched=True), Trainer(experiment)
    for trainer in (watched, unwatched):
        trainer.run(6)
    for name in "ABC":
        np.testing.assert_array_equal(watched.lane(name).replicas[0].theta, unwatched.lane(name).replicas[0].theta)
        for column in unwatched.lane(name).columns:
            np.testing.assert_array_equal(watched.history(name).column(column), unwatched.history(name).column(column))
    assert "train_mse" in watched.lane("A").columns and "train_mse" not in unwatched.lane("A").columns


@pytest.mark.parametrize("replicas", [0, 65, 2.5, True])
def test_the_number_of_replicas_has_bounds(replicas: object) -> None:
    with pytest.raises(InputError, match=r"run\.replicas .* whole number from 1 to 64"):
        Experiment().with_value("run.replicas", replicas)


def test_one_replica_of_several_has_its_own_readings() -> None:
    experiment = Experiment().with_values({"data.samples": 60, "run.replicas": 5, "loss.monitors": ("mse",)})
    trainer = Trainer(experiment)
    trainer.run(7)
    for r in range(5):
        alone = Trainer(experiment.with_values({"run.replicas": 1, "network.seed": experiment.network.seed + r}))
        alone.run(7)
        expected = alone.readings(alone.lanes[0])
        readings = trainer.readings(trainer.lanes[0], r)
        assert readings.keys() == expected.keys()
        for name, value in expected.items():
            assert readings[name] == pytest.approx(value, rel=1e-9), name


def test_a_stopped_replica_keeps_its_columns() -> None:
    experiment = Experiment().with_values(
        {"data.dataset": "sine", "run.replicas": 3, "optimizer.learning_rate": 50.0, "network.hidden": ()}
    )
    trainer = Trainer(experiment)
    trainer.run(400)
    lane = trainer.lanes[0]
    assert all(network.stopped for network in lane.replicas)
    before = trainer.readings(lane, 1)
    trainer.edit({"loss.monitors": ("huber",)})  # its columns no longer change
    after = trainer.readings(trainer.lanes[0], 1)
    assert after.keys() == before.keys()
    np.testing.assert_array_equal(list(after.values()), list(before.values()))
    assert "train_cost" in before


def test_a_lane_that_is_known_already_can_be_shown_while_another_one_catches_up() -> None:
    trainer = Trainer(make_experiment(2), watched=True)
    trainer.run(5)
    lane = LaneEntry("B", {"optimizer.learning_rate": 0.1})
    states = trainer.joined_by(with_lane(trainer.experiment, lane, alone=True)).snapshot().lanes
    assert [bool(state.readings) for state in states] == [False, True]
