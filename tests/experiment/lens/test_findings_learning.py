"""Findings from the recorded curves: hand-made ones, and those of runs that do and do not overfit."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Trainer
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.lens.findings.curves import LONG, lowest
from sandbox.experiment.lens.findings.learning import turn_of
from sandbox.experiment.training.history import History
from tests.experiment.lens.runs import ask, experiment_of, numbers, pressed, readings, trainer_of

FEW: dict[str, Any] = {  # few noisy samples for a large network
    "data__samples": 40, "data__noise": 0.4, "network__hidden": (32, 16), "optimizer__name": "adam",
    "optimizer__learning_rate": 0.02,
}  # fmt: skip

EPOCHS = np.arange(200.0)
FALL = 0.1 + 0.6 * np.exp(-EPOCHS / 30.0)  # a training cost that goes on falling


def valley(rise: float, low: int = 60) -> Any:
    """A test cost that falls from 0.7 to 0.3 at epoch `low`, then rises steadily by `rise` up to the last epoch."""
    down = 0.3 + 0.4 * (1.0 - EPOCHS / low) ** 2
    return np.where(low > EPOCHS, down, 0.3 + rise * (EPOCHS - low) / (EPOCHS[-1] - low))


def test_a_steady_rise_is_a_turn_with_its_levels() -> None:
    turn = turn_of(FALL, valley(0.3))
    assert turn is not None
    assert turn.test_then == pytest.approx(0.3, abs=0.01)
    assert turn.test_since == pytest.approx(np.median(valley(0.3)[-46:]), rel=0.01)  # a third of 139 rows
    assert turn.train_then == pytest.approx(FALL[60], rel=0.01)
    assert turn.train_since == pytest.approx(np.median(FALL[-46:]), rel=0.01)


@pytest.mark.parametrize("rise", [0.0, 0.01, 0.03, 0.05])
def test_a_small_rise_is_no_turn(rise: float) -> None:
    assert turn_of(FALL, valley(rise)) is None


def test_a_rise_that_is_small_against_the_way_down_is_no_turn() -> None:
    rise = np.where(EPOCHS < 60, 0.0, 0.04 * (EPOCHS - 60) / 139)
    low = 0.05 + rise  # nearly doubles, but from a cost that had fallen from 3
    assert turn_of(FALL, low + 2.95 * np.maximum(0.0, 1.0 - EPOCHS / 60) ** 2) is None
    assert turn_of(FALL, low + 0.80 * np.maximum(0.0, 1.0 - EPOCHS / 60) ** 2) is not None


def test_a_test_cost_that_rises_with_the_training_cost_is_no_turn() -> None:
    assert turn_of(valley(0.3), valley(0.3)) is None
    assert turn_of(np.where(EPOCHS < 60, FALL, FALL[60]), valley(0.3)) is None


def test_a_spike_or_a_rise_that_is_over_is_no_turn() -> None:
    spike = valley(0.0) + 0.5 * ((EPOCHS >= 100) & (EPOCHS < 120))
    over = valley(0.0) + 0.5 * np.exp(-(((EPOCHS - 120) / 25) ** 2))
    assert turn_of(FALL, spike) is None
    assert turn_of(FALL, over) is None
    assert turn_of(FALL, valley(0.0) + 0.5 * (EPOCHS >= 100)) is not None  # one that stays


@pytest.mark.parametrize("seed", range(20))
def test_fluctuation_alone_is_no_turn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for size in (0.01, 0.05, 0.2):
        noise = size * rng.standard_normal((2, EPOCHS.size))
        assert turn_of(FALL + 0.1 * noise[0], valley(0.0) + noise[1]) is None
    drift = np.cumsum(0.002 * rng.standard_normal(EPOCHS.size))  # wanders, as the cost of small batches does
    assert turn_of(FALL, 0.5 + drift) is None


@pytest.mark.parametrize("seed", range(5))
def test_a_clear_rise_is_a_turn_in_spite_of_fluctuation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    noise = 0.02 * rng.standard_normal((2, EPOCHS.size))
    assert turn_of(FALL + 0.2 * noise[0], valley(0.4) + noise[1]) is not None
    assert turn_of(FALL + 0.2 * noise[0], valley(0.4) + 10.0 * noise[1]) is None  # not against this much


def test_too_few_rows_since_the_lowest_are_no_turn() -> None:
    steep = valley(3.0)
    assert turn_of(FALL[:74], steep[:74]) is None
    assert turn_of(FALL[:90], steep[:90]) is not None


def with_history(train: Any, test: Any) -> Trainer:
    """A trainer of one lane that has recorded these costs, one row per epoch of one update."""
    trainer = trainer_of()
    lane, history = trainer.lanes[0], History()
    for epoch, values in enumerate(zip(train, test, strict=True)):
        row = dict.fromkeys(lane.columns, 0.0)
        for part, value in zip(("train", "test"), values, strict=True):
            row[f"{part}_cost"] = row[f"{part}_binary_cross_entropy"] = float(value)
        history.append(epoch, epoch, lane.columns, tuple(row.values()))
    lane.history = history
    trainer.update = trainer.epoch = len(train) - 1
    trainer._recorder.due = False
    return trainer


@pytest.mark.parametrize("low", [57, 6_543, 61_234])
def test_the_best_epoch_is_named_exactly_however_long_the_run(low: int) -> None:
    epochs = np.arange(1.3 * low + 200.0)
    test = np.where(epochs < low, 0.7 - 0.4 * epochs / low, 0.3 + 0.4 * (epochs - low) / (epochs[-1] - low))
    train = 0.5 * np.exp(-epochs / low)
    trainer = with_history(train, test)
    finding = ask(trainer)["overfitting"]
    assert numbers(finding.evidence)[:2] == [low, 0.3]
    assert numbers(finding.evidence)[2:] == [0.7, pytest.approx(train[-1], rel=5e-3)]
    probe = trainer.probe("A")
    assert probe is not None
    assert lowest(probe, "test_cost", 0, trainer.epoch) == (low, pytest.approx(0.3))
    assert lowest(probe, "train_cost", 0, trainer.epoch)[0] == trainer.epoch
    assert lowest(probe, "train_cost", 3, 3 + LONG // 2)[0] == min(3 + LONG // 2, trainer.epoch)


def test_a_real_run_that_overfits_says_since_when() -> None:
    trainer = trainer_of(**FEW)
    costs: list[tuple[float, float]] = []
    for _ in range(300):
        values = readings(trainer)
        costs.append((values["train_binary_cross_entropy"], values["test_binary_cross_entropy"]))
        trainer.step_epoch()
    finding = ask(trainer)["overfitting"]
    train, test = np.array(costs).T
    best = int(np.argmin(test))
    epoch, lowest_cost, *now = numbers(finding.evidence)
    assert (epoch, lowest_cost) == (best, pytest.approx(test[best], rel=0.01))
    latest = readings(trainer)
    assert now == pytest.approx([latest[f"{part}_binary_cross_entropy"] for part in ("test", "train")], rel=5e-3)
    assert now[0] > 2.0 * test[best] and now[1] < 0.1 * train[best]


@pytest.mark.parametrize(
    ("epochs", "values"),
    [
        (300, FEW),
        (3000, {"data__samples": 40, "data__noise": 0.4, "network__hidden": (32, 16)}),
        (1000, {**FEW, "loss__reduction": "sum", "optimizer__learning_rate": 0.005}),
        (1500, {**FEW, "data__dataset": "sine", "data__samples": 40, "optimizer__learning_rate": 0.01}),
        (
            500,
            {
                **FEW, "data__samples": 60, "optimizer__batch_size": 10, "optimizer__learning_rate": 0.01,
                "optimizer__l2": 1e-4,
            },
        ),
    ],
    ids=["adam", "descent", "sum", "regression", "batches"],
)  # fmt: skip
def test_the_offered_penalty_mends_it(epochs: int, values: dict[str, Any]) -> None:
    trainer = trainer_of(**values)
    trainer.run(epochs)
    finding = ask(trainer)["overfitting"]
    since = numbers(finding.evidence)[2]
    assert finding.control is not None and finding.control.key == "optimizer.l2"
    column = f"test_{trainer.lanes[0].objective.name}"
    from_the_start = Trainer(trainer.current.with_value("optimizer.l2", finding.control.value))
    going_on = pressed(trainer, finding)
    assert going_on is trainer
    for mended in (going_on, from_the_start):
        mended.run(epochs)
        assert "overfitting" not in ask(mended)
        assert readings(mended)[column] < 0.9 * since
        metric = readings(mended)
        assert metric.get("test_accuracy", metric.get("test_r2", 0.0)) > 0.6  # and it has not forgotten all


@pytest.mark.parametrize(
    ("changes", "lane", "begins_anew"),
    [
        ({"loss.monitors": ("mse", "mae")}, None, False),
        ({"optimizer.learning_rate": 0.01}, "B", False),
        ({"optimizer.learning_rate": 0.01}, "A", True),
        ({"loss.monitors": ("mse",), "optimizer.batch_size": 7}, None, True),
    ],
    ids=str,
)
def test_only_an_edit_of_how_the_lane_learns_begins_anew(
    changes: dict[str, Any], lane: str | None, begins_anew: bool
) -> None:
    experiment = experiment_of(**FEW)
    trainer = Trainer(dataclasses.replace(experiment, lanes=(LaneEntry("A"), LaneEntry("B"))))
    trainer.run(300)
    assert "overfitting" in ask(trainer)
    trainer.edit(changes, lane)
    assert ("overfitting" not in ask(trainer)) == begins_anew
    trainer.run(3)
    assert ("overfitting" not in ask(trainer)) == begins_anew


def test_few_test_samples_say_too_little() -> None:
    trainer = trainer_of(**{**FEW, "data__samples": 30})
    assert len(trainer.data.X_test) == 9
    trainer.run(400)
    test = trainer.history().column("test_cost")[1]
    assert test[-1] > 1.3 * test.min()
    assert "overfitting" not in ask(trainer)


def test_without_a_test_part_there_is_nothing_to_compare() -> None:
    trainer = trainer_of(**FEW, data__test_fraction=0.0)
    trainer.run(200)
    assert ask(trainer) == {}


def test_each_of_several_networks_has_its_own_finding() -> None:
    trainer = trainer_of(**FEW, run__replicas=2)
    trainer.run(300)
    assert "overfitting" in ask(trainer)


def test_a_cost_that_rises_hardly_noticeably_is_not_diverging() -> None:
    rise = 0.7 * np.exp(-EPOCHS / 20.0) + np.where(EPOCHS < 170, 0.0, 2e-5 * (EPOCHS - 170))
    assert "diverging" not in ask(with_history(rise, rise))
    assert "diverging" in ask(with_history(rise + 1e-3 * np.maximum(0.0, EPOCHS - 170), rise))
