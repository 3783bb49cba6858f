"""The picture of the network: what computing it costs, and what training keeps while it is shown."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.lens.network import AskNetwork
from sandbox.experiment.training.snapshot import SurfaceRequest
from tests.benchmarks.table import Effort, Row, at_most

FEATURES = ("x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)")
POINTS = 40  # of each picture along each axis


def deep() -> Experiment:
    """Return two moons for a network of 7-8-8-8-8-8-8-1."""
    return Experiment().with_values({"data.features": FEATURES, "network.hidden": 6 * (8,)}).checked()


def network(effort: Effort) -> list[Row]:
    """Computing all that the picture shows, for a deep network and for that of the first start."""
    rows = []
    for name, experiment, most in (("7-8-8-8-8-8-8-1", deep(), 12.0), ("the default network", Experiment(), 3.0)):
        seconds = _answered(experiment, max(3, 20 * effort.rounds))
        note = f"median {1e3 * float(np.median(seconds)):.2g}"
        worst = 1e3 * float(np.percentile(seconds, 95))
        rows.append(at_most(f"{name}: weights, derivatives and pictures of 40x40, p95", worst, most, "ms", note))
    return rows


def _answered(experiment: Experiment, times: int) -> list[float]:
    """Return how many seconds the question about the network took, each time after another update."""
    trainer = Trainer(experiment)
    inputs = trainer.data.inputs_train
    (x0, y0), (x1, y1) = inputs.min(axis=0), inputs.max(axis=0)
    question = AskNetwork("A", SurfaceRequest("A", (0, 1), (float(x0), float(x1)), (float(y0), float(y1)), POINTS))
    seconds = []
    for _ in range(times):
        trainer.step()
        probe = trainer.probe("A")
        assert probe is not None
        start = perf_counter()
        question.answer(probe)
        seconds.append(perf_counter() - start)
    return seconds
