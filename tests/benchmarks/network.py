"""The picture of the network: what computing it costs, and what training keeps while it is shown."""

from __future__ import annotations

from time import thread_time

import numpy as np

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.lens.network import AskNetwork
from sandbox.experiment.training.snapshot import SurfaceRequest
from tests.benchmarks.driven import driven
from tests.benchmarks.table import Effort, Row, at_least, at_most
from tests.benchmarks.training import ours
from tests.benchmarks.window import by_turns

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
    return [*rows, *_shown(effort)]


def _shown(effort: Effort) -> list[Row]:
    """Training and drawing with the network and the boundary in view, against training without a window."""
    experiment = deep()
    with driven(experiment) as driver:
        window = driver.window
        assert window.network is not None
        assert window.boundary is not None
        kept, found = by_turns(driver, ours(experiment, updates=20), effort)
        points = window.network.view.canvas.points
        resolution = window.boundary.current.request("A")
    side = 0 if resolution is None else resolution.resolution
    what = f"... with the network ({points}x{points}) and the boundary ({side}x{side}) in view"
    return [
        at_least(f"{what}: updates/s against no window", kept.ratio, 0.4, kept.note),
        Row("... frame rate", f"{found:.1f}/s", ">= 20/s", found >= 20.0),
    ]


def _answered(experiment: Experiment, times: int) -> list[float]:
    """Return the processor's seconds that the question about the network took, each time after another update."""
    trainer = Trainer(experiment)
    inputs = trainer.data.inputs_train
    (x0, y0), (x1, y1) = inputs.min(axis=0), inputs.max(axis=0)
    question = AskNetwork("A", SurfaceRequest("A", (0, 1), (float(x0), float(x1)), (float(y0), float(y1)), POINTS))
    seconds = []
    for _ in range(times):
        trainer.step()
        probe = trainer.probe("A")
        assert probe is not None
        start = thread_time()
        question.answer(probe)
        seconds.append(thread_time() - start)
    return seconds
