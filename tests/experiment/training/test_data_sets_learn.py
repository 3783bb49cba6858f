"""Every data set is learned as the window starts it: without divergence, to the level that it states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sandbox.data import DATASETS
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.defaults import FIRST_MONITORS
from sandbox.experiment.document.recommended import with_dataset, with_file
from sandbox.resources import resource

SEEDS = (7, 8, 9)


def first_experiment() -> Experiment:
    """The experiment of a new window."""
    return Experiment().with_value("loss.monitors", FIRST_MONITORS)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", sorted(DATASETS))
def test_a_data_set_is_learned_with_the_settings_it_brings(name: str, seed: int) -> None:
    source = DATASETS[name]
    trainer = Trainer(with_dataset(first_experiment(), name).with_value("network.seed", seed))
    start = trainer.readings(trainer.lanes[0])
    trainer.run()
    (lane,) = trainer.lanes
    assert not lane.stopped
    assert trainer.epoch == trainer.experiment.run.epochs
    values = trainer.readings(lane)
    assert values["train_cost"] < start["train_cost"]
    column = f"{'test' if len(trainer.data.X_test) else 'train'}_{'r2' if source.task == 'regression' else 'accuracy'}"
    assert values[column] >= source.level
    _, costs = lane.history.column("train_cost")
    assert costs[-1] <= 1.5 * costs.min()  # it has not left again what it had reached


def test_a_learning_rate_of_one_half_diverges_on_the_line_with_outliers() -> None:
    """Why it brings its own: the cost bends by 2 (1 + |a|^2) along the output's weights, and hidden units that outliers
    have saturated have |a|^2 = 4; a step of 0.5 times this factor of 10 overshoots the valley.
    """
    before = first_experiment().with_value("data.dataset", "line_with_outliers")
    trainer = Trainer(before)
    trainer.run()
    assert trainer.lanes[0].stopped


@pytest.mark.parametrize(
    ("name", "level"), [("iris", 0.93), ("breast_cancer_wisconsin", 0.95), ("digits", 0.85), ("prices", 0.97)]
)
def test_a_table_of_ones_own_is_learned_as_the_window_opens_it(tmp_path: Path, name: str, level: float) -> None:
    path = tmp_path / "prices.csv" if name == "prices" else resource("datasets", f"{name}.csv")
    if name == "prices":
        area, rooms = np.random.default_rng(5).uniform([30.0, 1.0], [200.0, 6.0], (90, 2)).round(1).T
        rows = [f"{x},{n},{3000 * x + 5000 * n + 0.5}" for x, n in zip(area, rooms, strict=True)]
        path.write_text("\n".join(["area,rooms,price", *rows]), encoding="utf-8")
    trainer = Trainer(with_file(first_experiment(), str(path)))
    trainer.run()
    (lane,) = trainer.lanes
    values = trainer.readings(lane)
    assert not lane.stopped
    assert values["test_r2" if name == "prices" else "test_accuracy"] >= level
