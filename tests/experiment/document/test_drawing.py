"""Any data as points of one's own: the same samples, or an empty canvas of the same task."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sandbox.data import can_be_drawn
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.drawing import as_points, empty_canvas, scaled_anew


@pytest.mark.parametrize("dataset", ["moons", "blobs", "plane", "sine"])
def test_samples_become_points_with_the_same_bits(dataset: str) -> None:
    experiment = Experiment().with_values(
        {"data.dataset": dataset, "data.samples": 50, "data.noise": 0.2, "run.epochs": 5}
    )
    trainer = Trainer(experiment)
    drawn = as_points(experiment, trainer.data)
    assert (drawn.data.dataset, drawn.data.samples, drawn.data.noise, drawn.data.seed) == (None, None, None, None)
    other = Trainer(Experiment.loads(drawn.dumps()))
    for each in (trainer, other):
        each.run()
    assert np.array_equal(trainer.parameters()["W1"], other.parameters()["W1"])
    assert trainer.data.class_names == other.data.class_names


def test_a_table_of_two_inputs_keeps_the_scale_of_its_target(tmp_path: Path) -> None:
    rows = "".join(f"{k},{k * k},{100.5 * k}\n" for k in range(12))
    (tmp_path / "a.csv").write_text(f"x1,x2,y\n{rows}", encoding="utf-8")
    experiment = Experiment(folder=tmp_path).with_values({"data.file": "a.csv", "run.epochs": 5})
    trainer = Trainer(experiment)
    other = Trainer(as_points(experiment, trainer.data))
    for each in (trainer, other):
        each.run()
    assert trainer.data.standardizes_target and other.data.standardizes_target
    assert np.array_equal(trainer.parameters()["W1"], other.parameters()["W1"])


@pytest.mark.parametrize(
    ("dataset", "inputs", "classes"),
    [("moons", 2, 2), ("blobs", 2, 3), ("sine", 1, 0), ("plane", 2, 0), ("iris", 2, 3)],
)
def test_an_empty_canvas_has_the_same_task(dataset: str, inputs: int, classes: int) -> None:
    experiment = Experiment().with_values({"data.dataset": dataset, "network.initial": [0.0] * 3})
    data = Trainer(experiment.with_value("network.initial", ())).data
    empty = empty_canvas(experiment, data)
    trainer = Trainer(Experiment.loads(empty.dumps()))
    assert trainer.waits and can_be_drawn(trainer.data) and not empty.network.initial
    assert trainer.data.drawn is not None
    assert (trainer.data.task, trainer.data.drawn.inputs, trainer.data.drawn.classes) == (data.task, inputs, classes)
    if can_be_drawn(data):
        assert np.array_equal(trainer.data.mean, data.mean)


def test_scaling_anew_is_that_of_the_present_points() -> None:
    experiment = Experiment().with_values(
        {"data.points": ((1.0, 0.0, 0.0), (3.0, 4.0, 1.0)), "data.scaling": {"x1": (9.0, 9.0)}}
    )
    scale = scaled_anew(experiment, Trainer(experiment).data)
    assert scale == {"x1": (2.0, 1.0), "x2": (2.0, 2.0)}
