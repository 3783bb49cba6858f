"""The result files of a run: history.csv and the weights of every lane."""

from __future__ import annotations

import csv
import heapq
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from sandbox.experiment.document.defaults import SCORES
from sandbox.experiment.document.validation import same_name
from sandbox.experiment.training.history import History, Record
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.spread import HIGH, LOW
from sandbox.experiment.training.trainer import Trainer
from sandbox.experiment.training.weights import save_weights
from sandbox.nn import METRICS

_LIKE_A_SEED = re.compile(r"-seed-\d+$")
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


# Names


def weights_name(lane: str, seed: int | None = None, lanes: Iterable[str] = ()) -> str:
    """Return the name of a file of weights: of a lane, or of one of its further seeds.

    No two files have the same one, not even on a disk that ignores case. Where a lane of the run has a name that ends
    like the file of a seed, as "A-seed-8" does, those have a dot, which no lane's name has: weights-A.seed-8.npz.

    Parameters
    ----------
    lane : str
    seed : int, optional
        None for the first network, which bears the lane's name alone.
    lanes : iterable of str
        All lanes of the run.
    """
    if seed is None:
        return f"weights-{lane}.npz"
    mark = "." if any(_LIKE_A_SEED.search(same_name(name)) for name in lanes) else "-"
    return f"weights-{lane}{mark}seed-{seed}.npz"


def boundary_name(lane: str) -> str:
    """Return the name of the picture of a lane's boundary."""
    return f"boundary-{lane}.png"


def result_names(lanes: Mapping[str, Sequence[int]]) -> list[str]:
    """Return the names of the files of a run, pictures included.

    Parameters
    ----------
    lanes : mapping of str to sequence of int
        The seeds of each lane's networks, by its name.
    """
    names = ["history.csv", "costs.png"]
    for lane, (_, *further) in lanes.items():
        names += [weights_name(lane), boundary_name(lane), *(weights_name(lane, seed, lanes) for seed in further)]
    return names


def seeds_of(trainer: Trainer) -> dict[str, list[int]]:
    """Return the seeds of each lane's networks, by its name."""
    return {lane.name: [replica.seed for replica in lane.replicas] for lane in trainer.lanes}


# Files


def write_results(trainer: Trainer, folder: Path) -> None:
    """Write history.csv and the weights of a run into a folder.

    If lanes have several replicas, the history has a row for each, and all but the first have their weights in files
    with their seed in the name.
    """
    histories = {lane.name: trainer.history(lane.name) for lane in trainer.lanes}
    if trainer.experiment.run.replicas > 1:
        write_seeds(folder / "history.csv", trainer.lanes)
    else:
        write_history(folder / "history.csv", histories)
    for lane in trainer.lanes:
        for replica in lane.replicas:
            seed = replica.seed if replica.number else None
            save_weights(folder / weights_name(lane.name, seed, histories), replica.parameters())
