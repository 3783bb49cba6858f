"""The past of a loss that was not shown at the time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.lanes import with_lane
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.training import timeline
from sandbox.experiment.training.history import History
from sandbox.experiment.training.snapshot import Curve, CurveRequest, Wanted
from sandbox.experiment.training.timeline import MOST, Timeline

WIDE = 10_000  # pixels: no curve here is thinned


def _trainer(replicas: int = 1, watched: bool = True, **changes: Any) -> Trainer:
    values = {"data.samples": 40, "network.hidden": (4, 3), "optimizer.learning_rate": 0.05, "run.replicas": replicas}
    values |= {key.replace("__", "."): value for key, value in changes.items()}
    return Trainer(Experiment().with_values(values), watched=watched)


def _curve(trainer: Trainer, column: str, replica: int | None = None, lane: str = "A") -> Curve:
    curves = trainer.snapshot(0, Wanted(curves=CurveRequest(WIDE), replica=replica)).curves
    return next(curve for curve in curves if (curve.lane, curve.column) == (lane, column))


@pytest.mark.parametrize("monitor", ["mse", "hinge", "accuracy"])
def test_a_loss_that_is_switched_on_later_has_its_past(monitor: str) -> None:
    late, early = _trainer(), _trainer(loss__monitors=(monitor,))
    late.run(60)
    early.run(90)
    late.edit({"loss.monitors": (monitor,)})
    late.run(30)
    for part in ("train", "test"):
        shown = _curve(late, f"{part}_{monitor}")
        assert shown.epochs.tolist() == list(range(91))
        np.testing.assert_allclose(shown.values, _curve(early, f"{part}_{monitor}").values, rtol=1e-12)


def test_the_past_appears_before_another_update_is_made() -> None:
    trainer = _trainer()
    trainer.run(20)
    trainer.edit({"loss.objective": "mse"})
    curve = _curve(trainer, "train_mse")
    assert curve.epochs.tolist() == list(range(21)) and np.isfinite(curve.values).all()
    assert curve.values[-1] == pytest.approx(trainer.readings(trainer.lanes[0])["train_mse"], rel=1e-12)


def test_a_loss_that_was_switched_off_for_a_while_has_no_gap() -> None:
    trainer = _trainer(loss__monitors=("mse",))
    trainer.run(10)
    trainer.edit({"loss.monitors": ()})
    trainer.run(10)
    trainer.edit({"loss.monitors": ("mse",)})
    trainer.run(10)
    curve = _curve(trainer, "train_mse")
    assert curve.epochs.tolist() == list(range(31)) and np.isfinite(curve.values).all()


def test_the_past_is_read_with_the_settings_of_its_time() -> None:
    late = _trainer(loss__reduction="sum", network__output="tanh", loss__objective="hinge")
    early = _trainer(loss__reduction="sum", network__output="tanh", loss__objective="hinge", loss__monitors=("mse",))
    for trainer in (late, early):
        trainer.run(10)
        trainer.edit({"loss.reduction": "mean"})
        trainer.edit({"network.hidden": (3,)})
        trainer.run(10)
    late.edit({"loss.monitors": ("mse",)})
    for trainer in (late, early):
        trainer.run(5)
    shown, recorded = _curve(late, "train_mse"), _curve(early, "train_mse")
    np.testing.assert_array_equal(shown.epochs, recorded.epochs)
    np.testing.assert_allclose(shown.values, recorded.values, rtol=1e-12)


def test_the_past_of_several_networks_has_quartiles_and_each_of_them() -> None:
    late, early = _trainer(3), _trainer(3, loss__monitors=("mse",))
    late.run(20)
    early.run(30)
    late.edit({"loss.monitors": ("mse",)})
    late.run(10)
    shown, recorded = _curve(late, "train_mse", 1), _curve(early, "train_mse", 1)
    assert shown.picked is not None and recorded.picked is not None
    lines = [(shown.epochs, shown.values), *shown.band, shown.picked]
    expected = [(recorded.epochs, recorded.values), *recorded.band, recorded.picked]
    for (x, y), (recorded_x, recorded_y) in zip(lines, expected, strict=True):
        np.testing.assert_array_equal(x, recorded_x)
        np.testing.assert_allclose(y, recorded_y, rtol=1e-12)


def test_a_copied_lane_brings_its_past() -> None:
    trainer = _trainer()
    trainer.run(10)
    trainer.fork_lane("A", "B")
    trainer.run(5)
    trainer.edit({"loss.monitors": ("mse",)}, lane="B")
    assert _curve(trainer, "train_mse", lane="B").epochs.tolist() == list(range(16))


def test_states_are_spread_over_the_whole_run() -> None:
    trainer = _trainer(data__samples=20, network__hidden=())
    trainer.run(5 * MOST)
    timeline = trainer.lanes[0].timeline
    assert MOST // 2 <= len(timeline) <= MOST
    epochs, values = trainer.past(trainer.lanes[0], "mse", "train")
    assert len(set(np.diff(epochs))) == 1 and epochs[0] == 0 and epochs[-1] > 4.9 * MOST
    assert np.isfinite(values).all()


def test_large_networks_keep_fewer_states(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.experiment.training.timeline.NUMBERS", 41 * 20)
    trainer = _trainer(network__hidden=(10,))  # 41 parameters
    trainer.run(100)
    assert len(trainer.lanes[0].timeline) <= 20


def test_nothing_is_kept_unless_a_person_watches() -> None:
    trainer = _trainer(watched=False)
    trainer.run(5)
    assert len(trainer.lanes[0].timeline) == 0
    assert Timeline().column("mse", "train", 2)[1].shape == (0, 2)


def test_keeping_changes_no_bit_of_training() -> None:
    watched, alone = _trainer(), _trainer(watched=False)
    for trainer in (watched, alone):
        trainer.run(30)
    _curve(watched, "train_binary_cross_entropy")
    watched.past(watched.lanes[0], "mse", "train")
    for trainer in (watched, alone):
        trainer.run(30)
    np.testing.assert_array_equal(watched.lanes[0].replicas[0].theta, alone.lanes[0].replicas[0].theta)


def test_a_history_names_the_epochs_that_a_column_lacks() -> None:
    history = History()
    for epoch, names in enumerate([("a",), ("a",), ("b",), ("c",), ("a", "b"), ("c",)]):
        history.append(epoch, epoch, names, [1.0] * len(names))
    assert history.missing("a") == [(2.0, 4.0), (5.0, np.inf)]
    assert history.missing("b") == [(0.0, 2.0), (3.0, 4.0), (5.0, np.inf)]
    assert History().missing("a") == []


def test_lanes_keep_their_past_when_another_one_joins_them() -> None:
    trainer = _trainer()
    trainer.run(20)
    entry = LaneEntry("B", {"optimizer.learning_rate": 0.2})
    successor = trainer.joined_by(with_lane(trainer.experiment, entry, alone=True))
    assert successor.catch_up(trainer, lambda: True)
    successor.run(10)
    successor.edit({"loss.monitors": ("mse",)})
    for lane in "AB":
        curve = _curve(successor, "train_mse", lane=lane)
        assert curve.epochs.tolist() == list(range(31)) and np.isfinite(curve.values).all()


def test_large_lanes_are_compared_in_parts_to_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = _trainer(replicas=3)
    other = LaneEntry("B", {"loss.objective": "mse"})
    trainer = Trainer(with_lane(trainer.experiment, other), watched=True)
    trainer.run(20)
    one, two = trainer.lane("A").timeline, trainer.lane("B").timeline
    together = one.apart(two)
    assert len(together[0]) == 21
    monkeypatch.setattr(timeline, "AT_ONCE", 1)
    in_parts = one.apart(two)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(together, in_parts, strict=True))
    theta = [[lane.replicas[r].theta for r in range(3)] for lane in trainer.lanes]
    expected = np.median([np.linalg.norm(a - b) for a, b in zip(*theta, strict=True)])
    assert in_parts[1][-1] == pytest.approx(expected, rel=1e-12)
