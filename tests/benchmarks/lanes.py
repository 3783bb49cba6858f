"""Lanes and replicas side by side against one network, and a sweep on all cores."""

from __future__ import annotations

import dataclasses
import resource
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from sandbox.experiment import Experiment
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.results.sweep import Processes, Sweep, axis, cells, cores
from tests.benchmarks.table import Effort, Row, at_least, at_most
from tests.benchmarks.timing import Rates, in_turn
from tests.benchmarks.training import ours, planar

CELLS = 48


def _with_lanes(experiment: Experiment, *changes: dict[str, Any]) -> Experiment:
    named = tuple(LaneEntry("ABCDEF"[index], change) for index, change in enumerate(changes))
    return dataclasses.replace(experiment, lanes=named).checked()


def lanes(effort: Effort) -> list[Row]:
    """Four lanes of one shape against one."""
    one = planar((8, 8), 10)
    rates = tuple({"optimizer.learning_rate": 0.1 * (1 + index)} for index in range(4))
    losses = tuple({"loss.objective": name} for name in ("binary_cross_entropy", "mse", "mae", "huber"))
    rows = []
    for what, changes, wanted in (("learning rates", rates, 1.6), ("objectives", losses, None)):
        measured = in_turn(ours(one, updates=200), ours(_with_lanes(one, *changes), updates=200), effort)
        text = f"2-8-8-1, batch 10: four lanes with different {what}, cost of an update against one lane"
        if wanted is not None:
            rows.append(at_most(text, measured.ratio, wanted, "times", measured.note))
        else:
            rows.append(Row(text, f"{measured.ratio:.3g} times ({measured.note})"))
    return rows


def replicas(effort: Effort) -> list[Row]:
    """32 networks of one lane against one."""
    one = planar((4, 2), 10)
    many = ours(one.with_value("run.replicas", 32), updates=200)
    measured = in_turn(many, ours(one, updates=200), effort)
    rates = Rates(tuple(32.0 * rate for rate in measured.first), measured.second)
    text = "2-4-2-1, batch 10: 32 replicas, updates/s over all of them against one network"
    return [at_least(text, rates.ratio, 8.0, rates.note)]


def sweep(effort: Effort) -> list[Row]:
    """How busy a sweep keeps the cores, from the start of its processes to their end."""
    epochs = max(1, round(3000 * effort.seconds / 0.6))
    experiment = planar((8, 8), 10).with_value("run.epochs", epochs)
    grid = cells(experiment, [axis("network.seed", range(CELLS))])
    with tempfile.TemporaryDirectory() as folder:
        before, start = _used(), perf_counter()
        work = Sweep(grid, Path(folder))
        with Processes() as pool:
            for _ in work.run(pool):
                pass
        seconds, used = perf_counter() - start, _used() - before
    share = used / (seconds * cores())
    note = f"{used:.3g} s of processor in {seconds:.3g} s on {cores()} cores"
    return [at_least(f"a sweep of {CELLS} cells: share of all cores at work", share, 0.9, note)]


def _used() -> float:
    """Return the processor seconds of the child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
