"""A sweep: one experiment over a grid of settings, cell by cell, wherever there is a core for it.

Each cell is an experiment of its own, run with several seeds. Its result is a file, so that a sweep that was
interrupted goes on where it was: a cell is done again only where something that determines it has changed. The work
goes through `concurrent.futures.Executor`, so that anything that is one can do it: processes here, or a cluster.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import itertools
import json
import math
import multiprocessing
import os
import signal
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

import sandbox
from sandbox import words
from sandbox.errors import InputError
from sandbox.experiment.document import texts
from sandbox.experiment.document.defaults import SCORES
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.settings import SETTINGS, Value
from sandbox.experiment.document.validation import check_key, check_value
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.spread import quartiles
from sandbox.experiment.training.trainer import Trainer
from sandbox.files import write_whole
from sandbox.nn import LOSSES

MOST_CELLS = 10_000
_PATIENCE = 0.2  # seconds between two looks at whether to end
_SET_BY_OTHERS = {"run.replicas": "--replicas", "title": "the experiment file"}


@dataclass(frozen=True)
class Axis:
    """A setting, by its dotted key, and the values that it takes."""

    key: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Cell:
    """One place of the grid.

    Attributes
    ----------
    number : int
        Counted from 0; the last axis goes round first.
    values : mapping
        Dotted key to value, in the order of the axes.
    experiment : Experiment
        What is to be run.
    digest : str
        Of everything that determines its result.
    """

    number: int
    values: Mapping[str, Value]
    experiment: Experiment
    digest: str


@dataclass(frozen=True)
class LaneResult:
    """What came of one lane of a cell: every column at the end, seed by seed.

    Attributes
    ----------
    lane : str
    objective : str
        What it learned with.
    own : tuple of str
        The columns that it has by its own settings: its objective and what it shows.
    values : mapping
        Column to a value per seed; nan where the network has stopped. Every loss is among them, so that cells that
        learned with different ones can be compared.
    stopped : int
        How many of the networks have stopped.
    reason : str
        Why the first of them did.
    """

    lane: str
    objective: str
    own: tuple[str, ...]
    values: Mapping[str, tuple[float, ...]]
    stopped: int
    reason: str

    def spread(self, column: str) -> tuple[float, float, float]:
        """Return median and quartiles of a column over the seeds that went on; nan where there are none."""
        values = self.values.get(column, ())
        if not len(values) or all(map(math.isnan, values)):
            return math.nan, math.nan, math.nan
        middle, low, high = quartiles(np.array([values]))[:, 0].tolist()
        return middle, low, high


@dataclass(frozen=True)
class Result:
    """What came of a cell; `error` says why nothing did."""

    digest: str
    lanes: tuple[LaneResult, ...] = ()
    epochs: int = 0
    seconds: float = 0.0
    error: str = ""

    @property
    def stopped(self) -> int:
        """How many networks have stopped."""
        return sum(lane.stopped for lane in self.lanes)


# The grid


def read_axis(text: str) -> Axis:
    """Return what KEY=V1,V2,... says; values are written as in an experiment file, texts may do without quotes.

    Raises
    ------
    InputError
        If it is not of that form, there is no such setting, or a value is not allowed.
    """
    key, sign, listed = text.partition("=")
    key = key.strip()
    if not sign or not key:
        raise InputError(f'"{text}" must be KEY=V1,V2,..., such as optimizer.learning_rate=0.01,0.1.')
    return axis(key, _listed(listed))


def axis(key: str, values: Iterable[object]) -> Axis:
    """Return an axis with its values in their proper types.

    Raises
    ------
    InputError
        If there is no such setting, it cannot be swept, or a value is not allowed or there twice.
    """
    check_key(key)
    if key in _SET_BY_OTHERS:
        raise InputError(f"{key} is set by {_SET_BY_OTHERS[key]} and cannot be swept.")
    checked = tuple(check_value(key, _named(key, value)) for value in values)
    if not checked:
        raise InputError(f"{key} has no values to sweep over; it needs at least one.")
    if len(set(checked)) < len(checked):
        raise InputError(f"{key} has a value twice; each is to be tried once.")
    return Axis(key, checked)


def _named(key: str, value: object) -> object:
    """Return the name of a choice that was given as the window calls it: "Mean squared error" for mse."""
    if not isinstance(value, str) or value in SETTINGS[key].choices:
        return value
    called = {texts.value_text(name).lower(): name for name in SETTINGS[key].choices}
    return called.get(" ".join(value.lower().split()), value)


def _listed(text: str) -> list[object]:
    """Return comma-separated values: as TOML reads them, each that it cannot read as a text."""
    try:
        return list(tomllib.loads(f"values = [{text}]")["values"])
    except tomllib.TOMLDecodeError:
        return [_single(part.strip()) for part in text.split(",") if part.strip()]


def _single(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def cells(experiment: Experiment, axes: Sequence[Axis], replicas: int | None = None) -> list[Cell]:
    """Return the cells of a grid; every one is checked.

    Parameters
    ----------
    experiment : Experiment
        What all cells have in common. What an axis sets holds in every lane; lanes that are the same but for that are
        run once, under the name of the first.
    axes : sequence of Axis
    replicas : int, optional
        Networks per lane; the experiment's by default.

    Raises
    ------
    InputError
        If an axis is there twice, there are too many cells, or values do not fit each other.
    """
    if not axes:
        raise InputError("there is nothing to sweep over: name a setting and its values, KEY=V1,V2.")
    keys = [each.key for each in axes]
    for key in keys:
        if keys.count(key) > 1:
            raise InputError(f"{key} is there twice; say all of its values at once.")
    count = math.prod(len(each.values) for each in axes)
    if count > MOST_CELLS:
        raise InputError(f"this makes {count:,} cells, but at most {MOST_CELLS:,} are allowed.")
    if replicas is not None:
        experiment = experiment.with_value("run.replicas", replicas)
    repeated = redundant_lanes(experiment, keys)
    kept = tuple(lane for lane in experiment.lanes if lane.name not in repeated)
    experiment = dataclasses.replace(experiment, lanes=kept)
    found = []
    for number, values in enumerate(itertools.product(*(each.values for each in axes))):
        changes = dict(zip(keys, values, strict=True))
        changed = in_all_lanes(experiment, changes)
        found.append(Cell(number, changes, changed, _digest(changed)))
    return found


def redundant_lanes(experiment: Experiment, keys: Sequence[str]) -> dict[str, str]:
    """Return the lanes that would repeat an earlier one once these settings are swept, each with that one."""
    owns: dict[str, dict[str, Value]] = {}
    found = {}
    for lane in experiment.lanes:
        own = {key: value for key, value in lane.changes.items() if key not in keys}
        first = next((name for name, other in owns.items() if own == other), None)
        if first is not None and not any(edit.lane == lane.name for edit in experiment.edits):
            found[lane.name] = first
        owns[lane.name] = own
    return found


def redundancy_note(experiment: Experiment, keys: Sequence[str]) -> str:
    """Return which lanes are not run, in a sentence; "" where all are."""
    repeated = [f'"{name}" would repeat "{first}"' for name, first in redundant_lanes(experiment, keys).items()]
    return f"What is swept is the same in every lane: {', '.join(repeated)}, and is left out." if repeated else ""


def in_all_lanes(experiment: Experiment, changes: Mapping[str, Value]) -> Experiment:
    """Return the experiment with settings changed in every lane, also in those that differed in them."""
    for lane in experiment.lanes:
        own = [key for key in changes if key in lane.changes]
        if own:
            experiment = experiment.with_values(dict.fromkeys(own), lane.name)
    return experiment.with_values(changes)


def _digest(experiment: Experiment) -> str:
    """Return what stands for all that determines a run: its text, the files that it reads, and the program."""
    digest = hashlib.sha256(f"{sandbox.__version__}\n{experiment.dumps()}".encode())
    paths = [experiment.data.file, *(experiment.lane(lane.name).network.weights for lane in experiment.lanes)]
    for path in paths:
        if path is not None:
            try:
                digest.update(experiment.locate(path).read_bytes())
            except OSError:
                digest.update(b"?")  # the run itself says what is wrong
    return digest.hexdigest()[:32]


# One cell


def run_cell(text: str, folder: str | None, digest: str) -> Result:
    """Run the experiment of a cell, in whatever process: nothing but plain values goes in and comes out."""
    start = perf_counter()
    try:
        experiment = Experiment.loads(text, folder=None if folder is None else Path(folder))
        trainer = Trainer(experiment, every=max(1, experiment.run.epochs), losses=LOSSES)
        _train(trainer)
        lanes = tuple(_lane_result(trainer, lane) for lane in trainer.lanes)
    except InputError as error:
        return Result(digest, error=str(error), seconds=perf_counter() - start)
    return Result(digest, lanes, trainer.epoch, perf_counter() - start)


def _train(trainer: Trainer) -> None:
    """Train to the last epoch of [run], and look now and then whether that is still wanted.

    Raises
    ------
    GivenUp
        If it is not.
    """
    last = trainer.experiment.run.epochs
    while trainer.running and trainer.epoch < last:
        pause = perf_counter() + _PATIENCE
        trainer.advance(lambda until=pause: trainer.epoch < last and perf_counter() < until)  # type: ignore[misc]
        if _given_up is not None and _given_up.is_set():
            raise Cancelled
    trainer.run(epochs=0)  # records the last epoch


def _lane_result(trainer: Trainer, lane: Lane) -> LaneResult:
    """Return every column at the end; of networks that have stopped nothing but that they did."""
    stopped = [replica for replica in lane.replicas if replica.stopped]
    readings = trainer.readings(lane)
    if lane.replica_history is None:
        values: dict[str, tuple[float, ...]] = {
            name: (math.nan if stopped else readings[name],) for name in lane.columns
        }
    else:
        last = lane.replica_history.last
        known = {} if last is None else last.values
        gone = {replica.number for replica in stopped}
        values = {
            name: tuple(math.nan if r in gone else known[f"{name}#{r}"] for r in range(len(lane.replicas)))
            for name in lane.columns
        }
    added = {f"{part}_{name}" for name, _ in lane.compared for part in ("train", "test")}
    own = tuple(name for name in lane.columns if name not in added)
    return LaneResult(lane.name, lane.objective.name, own, values, len(stopped), stopped[0].stopped if stopped else "")


# All cells


@dataclass
class Sweep:
    """A grid on its way.

    Attributes
    ----------
    cells : list of Cell
    folder : Path
        Where results are kept, one file a cell.
    results : dict
        Number of the cell to what came of it.
    """

    cells: list[Cell]
    folder: Path
    results: dict[int, Result] = field(default_factory=dict)

    def resume(self) -> int:
        """Take up what was done before; return how many cells that is."""
        for cell in self.cells:
            found = _read_result(self._place(cell))
            if found is not None and found.digest == cell.digest:
                self.results[cell.number] = found
        return len(self.results)

    @property
    def missing(self) -> list[Cell]:
        """The cells that are still to be done."""
        return [cell for cell in self.cells if cell.number not in self.results]

    def run(self, executor: Executor, ending: Callable[[], bool] = lambda: False) -> Iterator[Cell]:
        """Do what is missing; yield each cell once its result is kept.

        Parameters
        ----------
        executor : Executor
        ending : callable
            Asked again and again; once it says yes, nothing new begins, and what is at work is still kept.
        """
        futures: dict[Future[Result], Cell] = {}
        for cell in self.missing:
            folder = None if cell.experiment.folder is None else str(cell.experiment.folder.absolute())
            futures[executor.submit(run_cell, cell.experiment.dumps(), folder, cell.digest)] = cell
        try:
            while futures:
                done, _ = wait(futures, _PATIENCE, FIRST_COMPLETED)
                if ending():
                    for future in list(futures):
                        if future.cancel():
                            del futures[future]
                for future in sorted(done & futures.keys(), key=lambda future: futures[future].number):
                    cell = futures.pop(future)
                    self._take(cell, future)
                    if cell.number in self.results:
                        yield cell
        finally:
            for future in futures:
                future.cancel()

    def _take(self, cell: Cell, future: Future[Result]) -> None:
        error = future.exception()
        if isinstance(error, Cancelled):
            return
        if error is None:
            self.results[cell.number] = future.result()
            self._keep(cell, future.result())
        else:  # not kept: the next time it is tried again
            self.results[cell.number] = Result(cell.digest, error=f"the program failed on it ({error!r})")

    def _place(self, cell: Cell) -> Path:
        return self.folder / f"{cell.digest}.json"

    def _keep(self, cell: Cell, result: Result) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self._place(cell), json.dumps(dataclasses.asdict(result), allow_nan=True))


def _read_result(path: Path) -> Result | None:
    """Return a result that was kept; None where there is none, or it cannot be read."""
    try:
        read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        lanes = tuple(
            LaneResult(
                str(lane["lane"]),
                str(lane["objective"]),
                tuple(map(str, lane["own"])),
                {str(name): tuple(map(float, values)) for name, values in lane["values"].items()},
                int(lane["stopped"]),
                str(lane["reason"]),
            )
            for lane in read["lanes"]
        )
        return Result(str(read["digest"]), lanes, int(read["epochs"]), float(read["seconds"]), str(read["error"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def cores() -> int:
    """Return how many processes can work at once: one for each core that this one may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Processes(ProcessPoolExecutor):
    """Processes of their own, begun afresh, that leave Ctrl+C to this one.

    Parameters
    ----------
    workers : int, optional
        How many; one for each core by default.
    """

    def __init__(self, workers: int | None = None) -> None:
        fresh = multiprocessing.get_context("spawn")
        self._given_up = fresh.Event()
        super().__init__(workers or cores(), mp_context=fresh, initializer=_begin_process, initargs=(self._given_up,))

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand over one call, starting a process for it while there are fewer than wanted."""
        with _without_interrupts():
            return super().submit(fn, *args, **kwargs)

    def cancel(self) -> None:
        """Let the cells at work end at once, with no result."""
        self._given_up.set()


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Hold Ctrl+C back: a process that starts meanwhile is born deaf to it, and does not die of it halfway up."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_given_up: Any = None  # of the process that works on cells for `Processes`


def _begin_process(given_up: Any) -> None:
    global _given_up
    _given_up = given_up
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Cancelled(Exception):
    """What a cell that is given up raises in place of a result."""


# What came of it


def columns(results: Iterable[Result]) -> list[str]:
    """Return every column that any lane of any cell shows, in order of appearance, then all that any learned with."""
    lanes = [lane for result in results for lane in result.lanes]
    own = [name for lane in lanes for name in lane.own]
    learned = dict.fromkeys(lane.objective for lane in lanes)
    common = [f"{part}_{name}" for name in learned for part in ("train", "test")]
    there = {name for lane in lanes for name in lane.values}
    return [name for name in dict.fromkeys((*own, *common)) if name in there]


def compares(column: str, results: Iterable[Result]) -> bool:
    """Whether a column is of one measure in all cells: costs of different losses are no measure of each other."""
    learned = {lane.objective for result in results for lane in result.lanes}
    return not column.endswith("_cost") or len(learned) < 2


def usual_column(names: Sequence[str]) -> str:
    """Return the column that is looked at first: the score on the test part, else on the training part."""
    scores = dict.fromkeys(SCORES.values())
    for name in (*(f"{part}_{score}" for part in ("test", "train") for score in scores), "train_cost"):
        if name in names:
            return name
    return names[0] if names else "train_cost"


def literal(value: Value) -> str:
    """Return a value as an experiment file has it, without quotes."""
    if isinstance(value, tuple):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return words.exact(value) if isinstance(value, (int, float)) else str(value)


def write_table(path: Path, sweep: Sweep) -> None:
    """Write the results as CSV: a row per cell and lane, the median, and the quartiles behind it, of every column."""
    names = columns(sweep.results.values())
    keys = list(sweep.cells[0].values)
    head = ["cell", *keys, "lane", "seeds", "stopped", "epochs", "seconds"]
    head += [name + end for name in names for end in ("", "_q1", "_q3")] + ["error"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        for cell in sweep.cells:
            result = sweep.results.get(cell.number)
            if result is not None:
                writer.writerows(_rows(cell, result, names))


def _rows(cell: Cell, result: Result, names: list[str]) -> Iterator[list[object]]:
    own: list[object] = [cell.number, *map(literal, cell.values.values())]
    seconds = round(result.seconds, 3)
    if not result.lanes:
        yield [*own, "", "", "", "", seconds, *[""] * (3 * len(names)), result.error]
    for lane in result.lanes:
        seeds = max(map(len, lane.values.values()), default=0)
        spreads = [number for name in names for number in lane.spread(name)]
        figures = ["" if math.isnan(number) else number for number in spreads]
        reason = lane.reason
        yield [*own, lane.lane, seeds, lane.stopped, result.epochs, seconds, *figures, reason]
