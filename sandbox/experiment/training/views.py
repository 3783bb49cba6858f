"""Build snapshots of a run: what the views asked for, at this moment."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sandbox.arrays import Array, Floats, read_only
from sandbox.experiment.document.frozen import FrozenMapping
from sandbox.experiment.training.edits import gathered
from sandbox.experiment.training.history import History, thin
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.probe import LaneProbe, Question
from sandbox.experiment.training.scales import to_means
from sandbox.experiment.training.snapshot import (
    Curve,
    CurveRequest,
    LaneState,
    PointReading,
    Snapshot,
    Surface,
    Wanted,
)
from sandbox.experiment.training.spread import HIGH, LOW, quartiles
from sandbox.experiment.training.surface import difference, surface
from sandbox.nn import LOSSES, METRICS
from sandbox.nn.losses import mean_factor

if TYPE_CHECKING:
    from sandbox.experiment.training.trainer import Trainer


def snapshot(trainer: Trainer, run: int, wanted: Wanted) -> Snapshot:
    """Return an immutable copy of what the views asked for; the current state must be recorded already."""
    lanes = tuple(_state(trainer, lane, wanted.replica) for lane in trainer.lanes)
    with np.errstate(all="ignore"):
        surfaces = tuple(_surfaces(trainer, wanted))
        answers, seconds = _answers(trainer, wanted)
    curves = () if wanted.curves is None else tuple(_curves(trainer, wanted.curves, wanted.replica))
    return Snapshot(
        run, trainer.experiment, trainer.data, trainer.update, trainer.epoch, trainer.epoch_position, lanes, surfaces,
        curves, gathered(trainer.marks), FrozenMapping(answers), FrozenMapping(seconds), effect=trainer.effect,
    )  # fmt: skip


def with_coming_lanes(snapshot: Snapshot, successor: Trainer, wanted: Wanted) -> Snapshot:
    """Add the lanes that are still catching up, as far as they are, to the snapshot of a run.

    Parameters
    ----------
    snapshot : Snapshot
        Of the run that they will join.
    successor : Trainer
        The same run with these lanes, trained from the start up to where `snapshot` is.
    wanted : Wanted
        What the views asked for.
    """
    present = {lane.name for lane in snapshot.lanes}
    coming = {lane.name for lane in successor.lanes} - present
    progress = successor.update / snapshot.update if snapshot.update else 1.0
    complete = {*coming, ""}  # a comparison with another lane has to wait until both are equally far
    alike = snapshot.data.inputs == successor.data.inputs  # else an edit adds inputs, which is yet to come
    asked = dataclasses.replace(
        wanted,
        surfaces=tuple(s for s in wanted.surfaces if alike and s.lane in coming and s.other in complete),
        questions=tuple(q for q in wanted.questions if q.lane in coming and getattr(q, "other", "") in complete),
    )
    theirs = successor.snapshot(snapshot.run, asked)
    states = {state.name: state for state in snapshot.lanes}
    states |= {s.name: dataclasses.replace(s, catch_up=progress) for s in theirs.lanes if s.name in coming}
    return dataclasses.replace(
        snapshot,
        experiment=theirs.experiment,
        lanes=tuple(states[lane.name] for lane in successor.lanes if lane.name in states),
        surfaces=(*snapshot.surfaces, *theirs.surfaces),
        curves=(*snapshot.curves, *(curve for curve in theirs.curves if curve.lane in coming)),
        answers=FrozenMapping({**snapshot.answers, **theirs.answers}),
        seconds=FrozenMapping({**snapshot.seconds, **theirs.seconds}),
        catch_up_progress=progress,
    )


def _state(trainer: Trainer, lane: Lane, replica: int | None) -> LaneState:
    readings = FrozenMapping(trainer.readings(lane, replica))
    stopped_replicas = len(lane.replicas) - len(lane.running)
    return LaneState(
        lane.name, lane.sizes, lane.activations[-1], lane.objective.name, readings, lane.stopped, len(lane.replicas),
        stopped_replicas, lane.learned,
        scales=FrozenMapping(lane.terms[-1].scales),
        reduction=lane.settings.loss.reduction,
    )  # fmt: skip


def _surfaces(trainer: Trainer, wanted: Wanted) -> Iterator[Surface]:
    lanes = {lane.name: lane for lane in trainer.lanes}
    for request in wanted.surfaces:
        if request.lane not in lanes or (request.other and request.other not in lanes):
            continue
        if request.other:
            yield difference(request, lanes[request.lane], lanes[request.other], trainer.data, wanted.replica)
        else:
            yield surface(request, lanes[request.lane], trainer.data, wanted.replica)


def _answers(trainer: Trainer, wanted: Wanted) -> tuple[dict[Question[Any], Any], dict[Question[Any], float]]:
    """Answer all questions about existing lanes; return the answers, and the seconds that each took."""
    probes: dict[str, LaneProbe | None] = {}
    answers, seconds = {}, {}
    for question in () if trainer.waits else wanted.questions:
        if question.lane not in probes:
            probes[question.lane] = trainer.probe(question.lane, wanted.replica)
        probe = probes[question.lane]
        if probe is not None:
            start = perf_counter()
            answers[question] = question.answer(probe)
            seconds[question] = perf_counter() - start
    return answers, seconds


def _curves(trainer: Trainer, request: CurveRequest, replica: int | None) -> Iterator[Curve]:
    parts = ("train", "test") if len(trainer.data.X_test) else ("train",)
    for lane in trainer.lanes:
        for name, role in _shown(lane, request.only):
            for part in parts:
                yield _curve(trainer, lane, name, part, role, request, replica)


def _shown(lane: Lane, only: str) -> list[tuple[str, str]]:
    """Return the name and role of each of a lane's curves."""
    # Under its own name, so that the curve of a monitor continues when it becomes the objective.
    learned = [(lane.objective.name, "objective")]
    if lane.settings.optimizer.l1 or lane.settings.optimizer.l2:
        learned.append(("cost", "objective"))
    shown = [(name, "monitor" if name in LOSSES else "metric") for name, _ in lane.monitors]
    if only:
        compared = [(name, "monitor") for name, _ in lane.compared]
        return [(name, role) for name, role in (*learned, *shown, *compared) if name == only]
    return [*learned, *shown]


def _curve(
    trainer: Trainer, lane: Lane, name: str, part: str, role: str, request: CurveRequest, replica: int | None
) -> Curve:
    column = f"{part}_{name}"
    if (lane.name, column) in request.hidden:
        empty = read_only(np.empty(0))
        return Curve(lane.name, column, name, part, role, empty, empty)

    past = _Past(trainer, lane, name, part)
    samples = len(trainer.data.X_train if part == "train" else trainer.data.X_test)
    factor = mean_factor(lane.settings.loss.reduction, max(samples, 1), lane.sizes[-1]) if name not in METRICS else 1.0
    scale = (factor, 1.0) if request.only else (1.0, factor)

    def line(history: History, key: str, which: int = 0, request: CurveRequest = request) -> tuple[Array, Array]:
        epochs, values = past.completed(history, key, which, request)
        if request.only:
            values = values * to_means(lane.terms, name, epochs, part, lane.sizes[-1])
        return read_only(epochs), read_only(values)

    band = (
        tuple(line(lane.history, column + end, k) for k, end in enumerate((LOW, HIGH), 1)) if lane.has_replicas else ()
    )
    picked, source = None, (lane.history, column, 0)
    if lane.replica_history is not None and replica is not None:
        source = lane.replica_history, f"{column}#{replica}", _NETWORKS + replica
        picked = line(*source)
    reading = None
    if request.pointed is not None:
        near = dataclasses.replace(request, pixels=_EXACT, epochs=(float(request.pointed), float(request.pointed)))
        reading = read_at(request.pointed, *line(*source, near))
    return Curve(
        lane.name, column, name, part, role, *line(lane.history, column), band, picked, _learned_spans(lane, name),
        reading, *scale,
    )  # fmt: skip


def read_at(asked: int, epochs: Floats, values: Floats) -> PointReading:
    """Return the value of a line, none of whose points is left out, at an epoch, or at the nearest one it has."""
    here = np.flatnonzero(epochs == asked)
    if not here.size:
        known = np.flatnonzero(~np.isnan(values))
        if not known.size or not epochs[known[0]] <= asked <= epochs[known[-1]]:
            return PointReading(asked, asked, math.nan)
        here = known[np.abs(epochs[known] - asked).argmin()].reshape(1)
    return PointReading(asked, int(epochs[here[0]]), float(values[here[0]]))


_EXACT = 10_000  # pixels for an epoch and its neighbours, so that none is left out
_NETWORKS = 3  # rows of a past before those of the single networks: the median and the two quartiles


class _Past:
    """What the history lacks of a loss or metric, because it was not shown at the time."""

    def __init__(self, trainer: Trainer, lane: Lane, name: str, part: str) -> None:
        self._trainer, self._lane, self._name, self._part = trainer, lane, name, part

    @cached_property
    def _lines(self) -> tuple[Floats, Floats]:
        """The epochs (k,), and (3 + networks, k): the median, the quartiles and every network."""
        epochs, values = self._trainer.past(self._lane, self._name, self._part)
        return epochs, np.vstack((quartiles(values), values.T))

    def completed(self, history: History, key: str, which: int, request: CurveRequest) -> tuple[Floats, Floats]:
        """Return a recorded line as `History.curve` does, completed by row `which` of the past."""
        epochs, values = history.curve(key, request.pixels, request.log_x, request.epochs)
        missing = history.missing(key) if self._name in LOSSES or self._name in METRICS else []
        if not missing:
            return epochs, values
        past_epochs, lines = self._lines
        filled = _within(past_epochs, missing)
        if not filled.any():
            return epochs, values
        recorded = ~(_within(epochs, missing) & np.isnan(values))  # these break the line where now is a past
        x = np.concatenate((epochs[recorded], past_epochs[filled]))
        y = np.concatenate((values[recorded], lines[which, filled]))
        order = np.argsort(x, kind="stable")
        x, y = x[order], y[order]
        return thin(x, y, y, request.pixels, request.log_x, request.epochs or (float(x[0]), float(x[-1])))


def _within(epochs: Floats, spans: list[tuple[float, float]]) -> NDArray[np.bool_]:
    """Return which epochs lie in one of the spans."""
    inside: NDArray[np.bool_] = np.zeros(epochs.size, dtype=bool)
    for start, end in spans:
        inside |= (epochs >= start) & (epochs < end)
    return inside


def _learned_spans(lane: Lane, name: str) -> tuple[tuple[float, float], ...] | None:
    """Return the spans of epochs in which a lane learned with a loss; None if its objective never changed."""
    if len(lane.learned) < 2 or name not in LOSSES:
        return None
    ends = [start for start, _ in lane.learned[1:]] + [math.inf]
    return tuple((start, end) for (start, loss), end in zip(lane.learned, ends, strict=True) if loss == name)
