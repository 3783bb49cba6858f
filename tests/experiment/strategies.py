"""Small runs of every kind, trained: what the tests of sentences check the sentences against."""

from __future__ import annotations

import dataclasses
from typing import Any

from hypothesis import strategies as st

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.parts import LaneEntry
from sandbox.nn import ACTIVATIONS, LOSSES, METRICS, OPTIMIZERS
from sandbox.nn.losses import REDUCTIONS

DATASETS = ("moons", "circles", "blobs", "sine", "line_with_outliers")  # binary, several classes, regression
_MONITORS = (*sorted(LOSSES), *sorted(METRICS))
_RATES = st.sampled_from([0.003, 0.03, 0.1, 0.5, 0.5 / 28, 3.0, 1e4, 1e6])  # the last ones stop lanes


def _changes() -> dict[str, st.SearchStrategy[Any]]:
    """Return what lanes may differ in."""
    return {
        "loss.objective": st.sampled_from(sorted(LOSSES)),
        "loss.reduction": st.sampled_from(sorted(REDUCTIONS)),
        "loss.numerics": st.sampled_from(["fused", "clamped", "naive"]),
        "loss.delta": st.sampled_from([0.3, 1.0]),
        "loss.monitors": st.lists(st.sampled_from(_MONITORS), unique=True, max_size=2).map(tuple),
        "network.output": st.sampled_from(["auto", *sorted(ACTIVATIONS)]),
        "network.target_coding": st.sampled_from(["auto", "zero_one", "plus_minus_one"]),
        "network.activation": st.sampled_from([name for name in sorted(ACTIVATIONS) if name != "softmax"]),
        "optimizer.name": st.sampled_from(sorted(OPTIMIZERS)),
        "optimizer.learning_rate": _RATES,
        "optimizer.momentum": st.sampled_from([0.5, 0.9]),
        "optimizer.weight_decay": st.sampled_from([0.01, 0.5]),
        "optimizer.l2": st.sampled_from([0.0, 0.01]),
    }


def lane_changes(most: int = 3) -> st.SearchStrategy[dict[str, Any]]:
    """Draw up to `most` settings of a lane."""
    changes = _changes()
    often = ["loss.objective", "loss.reduction", "optimizer.learning_rate"]  # what most sentences depend on
    keys = st.lists(st.sampled_from([*sorted(changes), *often, *often]), unique=True, max_size=most)
    return keys.flatmap(lambda chosen: st.fixed_dictionaries({key: changes[key] for key in chosen}))


@st.composite
def experiments(draw: st.DrawFn, lanes: int = 2, datasets: tuple[str, ...] = DATASETS) -> Experiment:
    """Draw an experiment of 40 samples (28 to train with): `lanes` lanes, batches of any size, one or several seeds."""
    values = {
        "data.dataset": draw(st.sampled_from(datasets)),
        "data.samples": 40,
        "network.hidden": draw(st.sampled_from([(), (3,), (4, 3)])),
        "network.seed": draw(st.integers(0, 50)),
        "optimizer.batch_size": draw(st.sampled_from([0, 1, 5, 28])),
        "run.replicas": draw(st.sampled_from([1, 1, 2, 7])),
        "run.epochs": 12,
        **draw(lane_changes()),
    }
    entries = [LaneEntry("ABCDEF"[place], draw(lane_changes())) for place in range(lanes)]
    return dataclasses.replace(Experiment().with_values(values), lanes=tuple(entries)).checked()


@st.composite
def trainers(draw: st.DrawFn, lanes: int = 2, datasets: tuple[str, ...] = DATASETS) -> Trainer:
    """Draw a run as a person watches it: some updates of an experiment, with edits between them.

    It may end in the middle of an epoch, lanes may have stopped, and losses may be shown late.
    """
    trainer = Trainer(draw(experiments(lanes, datasets)), watched=True)
    names = [None, *(lane.name for lane in trainer.lanes)]
    for _ in range(draw(st.integers(0, 2))):  # edits
        trainer.advance(lambda: True, draw(st.integers(0, 60)))
        if changes := draw(lane_changes(2)):
            trainer.edit(changes, draw(st.sampled_from(names)))
    trainer.advance(lambda: True, draw(st.integers(0, 60)))
    return trainer
