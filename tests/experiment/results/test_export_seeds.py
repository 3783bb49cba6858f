"""The files that a run of several seeds writes."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.results.export import write_results


def test_every_seed_has_its_rows_and_its_weights(tmp_path: Path) -> None:
    lanes = (LaneEntry("A"), LaneEntry("B", {"loss.objective": "mse", "network.seed": 40}))
    experiment = Experiment().with_values({"data.samples": 40, "network.hidden": (3,), "run.replicas": 3})
    experiment = dataclasses.replace(experiment, lanes=lanes).checked()
    trainer = Trainer(experiment)
    trainer.run(4)
    write_results(trainer, tmp_path)
    with (tmp_path / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:6] == ["lane", "seed", "epoch", "update", "train_cost", "train_penalty"]
    assert len(rows) == 2 * 3 * 5
    assert [(row["lane"], row["seed"]) for row in rows[:6]] == [
        ("A", "7"), ("A", "8"), ("A", "9"), ("B", "40"), ("B", "41"), ("B", "42"),
    ]  # fmt: skip
    for lane, seed in (("A", 8), ("B", 42)):
        single = dataclasses.replace(
            experiment, lanes=(LaneEntry(lane, dict(experiment.lanes["AB".index(lane)].changes)),)
        )
        single = single.with_value("run.replicas", 1).with_value("network.seed", seed, lane)
        alone = Trainer(single)
        alone.run(4)
        seed_rows = [row for row in rows if (row["lane"], row["seed"]) == (lane, str(seed))]
        for row, wanted in zip(seed_rows, alone.history().rows(), strict=True):
            assert int(row["epoch"]) == wanted.epoch
            for column, value in wanted.values.items():
                if column == "test_cost":
                    continue  # not among the columns
                assert float(row[column]) == pytest.approx(value, rel=1e-12)
        with np.load(tmp_path / f"weights-{lane}-seed-{seed}.npz") as weights:
            for key, value in alone.parameters().items():
                np.testing.assert_array_equal(weights[key], value)
    assert (tmp_path / "weights-A.npz").exists() and not (tmp_path / "weights-A-seed-7.npz").exists()


def test_a_stopped_seed_has_no_more_rows(tmp_path: Path) -> None:
    values = {
        "data.dataset": "sine", "data.samples": 60, "network.hidden": (4, 3), "network.activation": "exp",
        "optimizer.learning_rate": 0.3, "run.replicas": 6,
    }  # fmt: skip
    trainer = Trainer(Experiment().with_values(values))
    trainer.run(120)
    write_results(trainer, tmp_path)
    with (tmp_path / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    counts = {seed: sum(row["seed"] == str(seed) for row in rows) for seed in range(7, 13)}
    stopped = {7 + network.number for network in trainer.lanes[0].replicas if network.stopped}
    assert 0 < len(stopped) < 6
    assert all((counts[seed] < 121) == (seed in stopped) for seed in counts)
