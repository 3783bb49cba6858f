"""The result files of a run: history.csv and the weights of every lane."""

from __future__ import annotations

import csv
import heapq
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from sandbox.experiment.document.defaults import SCORES
from sandbox.experiment.training.history import History, Record
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.spread import HIGH, LOW
from sandbox.experiment.training.trainer import Trainer
from sandbox.experiment.training.weights import save_weights
from sandbox.nn import METRICS

_FIRST = ("lane", "epoch", "update", "train_cost", "train_penalty")


def history_columns(histories: Iterable[History]) -> tuple[str, ...]:
    """Return the columns of history.csv: train and test, for every loss and metric that was ever recorded.

    Losses come before metrics, each in order of appearance. The columns are the same with or without a test part.
    """
    column_names = (name for history in histories for name in history.names() if not name.endswith((LOW, HIGH)))
    recorded = [name for name in column_names if name not in _FIRST]
    names = dict.fromkeys(name.partition("_")[2] for name in recorded if name != "test_cost")
    ordered = sorted(names, key=lambda name: name in METRICS)
    return (*_FIRST, *(f"{part}_{name}" for name in ordered for part in ("train", "test")))


def write_history(path: Path, histories: Mapping[str, History]) -> None:
    """Write the histories of all lanes as history.csv, epoch by epoch, in constant memory.

    Numbers read back as the same float64, including nan and inf. A cell is empty if its column does not apply
    to the lane at that time.
    """
    columns = history_columns(histories.values())
    values = columns[3:]
    rows = [_lane_rows(name, history) for name, history in histories.items()]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for name, row in heapq.merge(*rows, key=lambda item: item[1].update):
            writer.writerow((name, row.epoch, row.update, *(row.values.get(column, "") for column in values)))


def write_seeds(path: Path, lanes: Sequence[Lane]) -> None:
    """Write the histories of lanes with several replicas: like `write_history`, but with a row per replica.

    The column "seed", after the lane's name, is the seed of the replica's initial weights. A replica that has
    stopped has no more rows.
    """
    columns = history_columns(lane.history for lane in lanes)
    values = columns[3:]
    rows = [_replica_rows(index, lane) for index, lane in enumerate(lanes)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((columns[0], "seed", *columns[1:]))
        for _, _, _, lane, seed, row in heapq.merge(*rows, key=lambda item: item[:3]):
            writer.writerow((lane, seed, row.epoch, row.update, *(row.values.get(column, "") for column in values)))


def _replica_rows(index: int, lane: Lane) -> Iterator[tuple[int, int, int, str, int, Record]]:
    """Yield update, index of the lane, number of the replica, name of the lane, seed and row."""
    assert lane.replica_history is not None
    for row in lane.replica_history.rows():
        by_replica: dict[int, dict[str, float]] = {}
        for name, value in row.values.items():
            column, _, replica = name.rpartition("#")
            by_replica.setdefault(int(replica), {})[column] = value
        for number, values in by_replica.items():
            if not any(math.isnan(values[f"train_{score}"]) for score in SCORES.values() if f"train_{score}" in values):
                seed = lane.replicas[number].seed
                yield row.update, index, number, lane.name, seed, Record(row.epoch, row.update, values)


def _lane_rows(name: str, history: History) -> Iterator[tuple[str, Record]]:
    return ((name, row) for row in history.rows())


def result_names(lanes: Iterable[str]) -> list[str]:
    """Return the names of the files of a run with these lanes, pictures included, but not those of further seeds."""
    per_lane = [name for lane in lanes for name in (f"weights-{lane}.npz", f"boundary-{lane}.png")]
    return ["history.csv", "costs.png", *per_lane]


def write_results(trainer: Trainer, folder: Path) -> None:
    """Write history.csv and weights-LANE.npz of a run into a folder.

    If lanes have several replicas, the history has a row for each, and the weights of all but the first are in
    weights-LANE-seed-SEED.npz.
    """
    histories = {lane.name: trainer.history(lane.name) for lane in trainer.lanes}
    if trainer.experiment.run.replicas > 1:
        write_seeds(folder / "history.csv", trainer.lanes)
    else:
        write_history(folder / "history.csv", histories)
    for lane in trainer.lanes:
        for replica in lane.replicas:
            seed = f"-seed-{replica.seed}" if replica.number else ""
            save_weights(folder / f"weights-{lane.name}{seed}.npz", replica.parameters())
