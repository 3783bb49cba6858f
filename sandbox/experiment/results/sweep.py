"""A sweep: one experiment over a grid of settings, run cell by cell on all cores.

Each cell is a separate experiment, run with its own replicas. Its result is saved in a file, so an interrupted sweep
can be resumed: a cell is run again only if something that determines it has changed. Any
`concurrent.futures.Executor` can do the work: processes on this machine, or a cluster.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import itertools
import json
import math
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

import sandbox
from sandbox import words
from sandbox.data.bounds import MAX_BYTES as TABLE_BYTES
from sandbox.errors import OUT_OF_MEMORY, InputError, shown
from sandbox.experiment.document import texts
from sandbox.experiment.document.defaults import SCORES
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.lanes import scales_target
from sandbox.experiment.document.settings import SETTINGS, Value
from sandbox.experiment.document.toml_file import parse_values
from sandbox.experiment.document.validation import check_key, check_value
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.scales import Scale
from sandbox.experiment.training.spread import quartiles
from sandbox.experiment.training.trainer import Trainer
from sandbox.experiment.training.weights import MOST_BYTES as WEIGHTS_BYTES
from sandbox.files import read_file, remove_old_drafts, write_atomic
from sandbox.nn import LOSSES
from sandbox.nn.losses import mean_factor

MOST_CELLS = 10_000
_PATIENCE = 0.2  # seconds between checks whether to stop
_MOST_INPUT_BYTES = max(TABLE_BYTES, WEIGHTS_BYTES)  # of a file that a cell reads
_MOST_RESULT_BYTES = 20_000_000  # of a finished cell: 16 lanes of 64 seeds have a tenth of that
_MOST_DEATHS = 3
_KEPT = "The cells that are done are kept; start the sweep again to continue."
_SCALE = "data.standardize_target"
_SET_BY_OTHERS = {"run.replicas": "--replicas", "title": "the experiment file"}


@dataclass(frozen=True)
class Axis:
    """A setting, by its dotted key, and the values to try."""

    key: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Cell:
    """One cell of the grid.

    Attributes
    ----------
    number : int
        Counted from 0; the last axis varies fastest.
    values : mapping
        Dotted key to value, in the order of the axes.
    experiment : Experiment
        The experiment to run.
    digest : str
        Hash of everything that determines the result.
    """

    number: int
    values: Mapping[str, Value]
    experiment: Experiment
    digest: str


@dataclass(frozen=True)
class LaneResult:
    """The result of one lane of a cell: every column at the end, for each seed.

    Attributes
    ----------
    lane : str
    objective : str
        The loss it learned with.
    own : tuple of str
        The columns that its own settings give: its objective and what it shows.
    values : mapping
        Column to a value per seed; nan if the replica has stopped. Every loss is included, as a mean over samples, so
        that cells with different objectives and reductions can be compared; costs are as the lane reduces them.
    stopped : int
        How many replicas have stopped.
    reason : str
        Why the first of them stopped.
    reduction : str
        How the lane reduces its losses.
    scales : mapping of str to Scale
        The scale on which each loss is read.
    """

    lane: str
    objective: str
    own: tuple[str, ...]
    values: Mapping[str, tuple[float, ...]]
    stopped: int
    reason: str
    reduction: str = "mean"
    scales: Mapping[str, Scale] = field(default_factory=dict)

    @property
    def is_one_network(self) -> bool:
        """Whether all seeds are one and the same network, as if its initial weights are given."""
        return all(len(set(map(repr, values))) == 1 for values in self.values.values())

    def spread(self, column: str) -> tuple[float, float, float]:
        """Return median and quartiles of a column over the seeds that did not stop; nan if there are none."""
        values = self.values.get(column, ())
        if not len(values) or all(map(math.isnan, values)):
            return math.nan, math.nan, math.nan
        middle, low, high = quartiles(np.array([values]))[:, 0].tolist()
        return middle, low, high


@dataclass(frozen=True)
class Result:
    """The result of a cell; `error` says why there is none."""

    digest: str
    lanes: tuple[LaneResult, ...] = ()
    epochs: int = 0
    seconds: float = 0.0
    error: str = ""

    @property
    def stopped(self) -> int:
        """How many replicas have stopped."""
        return sum(lane.stopped for lane in self.lanes)


# The grid


def read_axis(text: str) -> Axis:
    """Parse KEY=V1,V2,...; values are written as in an experiment file, but texts need no quotes.

    Raises
    ------
    InputError
        If it does not have that form, there is no such setting, or a value is not allowed.
    """
    key, sign, values = text.partition("=")
    key = key.strip()
    if not sign or not key:
        raise InputError(f'"{shown(text)}" must be KEY=V1,V2,..., such as optimizer.learning_rate=0.01,0.1.')
    check_key(key)
    return axis(key, parse_values(values, key))


def axis(key: str, values: Iterable[object]) -> Axis:
    """Return an axis, with its values converted to the type of the setting.

    Raises
    ------
    InputError
        If there is no such setting, it cannot be swept, or a value is not allowed or repeated.
    """
    check_key(key)
    if key in _SET_BY_OTHERS:
        raise InputError(f"{key} is set by {_SET_BY_OTHERS[key]} and cannot be swept.")
    checked = tuple(check_value(key, _choice_name(key, value)) for value in values)
    if not checked:
        raise InputError(f"{key} has no values to sweep over; it needs at least one.")
    if len(set(checked)) < len(checked):
        raise InputError(f"{key} has a value twice; give each value once.")
    return Axis(key, checked)


def _choice_name(key: str, value: object) -> object:
    """Return the name of a choice that was given by its label in the window: mse for "Mean squared error"."""
    if not isinstance(value, str) or value in SETTINGS[key].choices:
        return value
    names = {texts.value_text(name).lower(): name for name in SETTINGS[key].choices}
    return names.get(" ".join(value.lower().split()), value)


def cells(experiment: Experiment, axes: Sequence[Axis], replicas: int | None = None) -> list[Cell]:
    """Return the cells of a grid, all checked.

    Parameters
    ----------
    experiment : Experiment
        Shared by all cells. An axis sets its key in every lane; lanes that differ only in swept settings are run
        once, under the name of the first.
    axes : sequence of Axis
    replicas : int, optional
        Replicas per lane; by default those of the experiment.

    Raises
    ------
    InputError
        If an axis is given twice, there are too many cells, or values do not fit each other.
    """
    if not axes:
        raise InputError("there is nothing to sweep over: name a setting and its values, KEY=V1,V2.")
    keys = [axis.key for axis in axes]
    for key in keys:
        if keys.count(key) > 1:
            raise InputError(f"{key} is given twice; list all of its values at once.")
    count = math.prod(len(axis.values) for axis in axes)
    if count > MOST_CELLS:
        raise InputError(f"this makes {count:,} cells, but at most {MOST_CELLS:,} are allowed.")
    if replicas is not None:
        experiment = experiment.with_value("run.replicas", replicas)
    repeated = redundant_lanes(experiment, keys)
    lanes = tuple(lane for lane in experiment.lanes if lane.name not in repeated)
    experiment = dataclasses.replace(experiment, lanes=lanes)
    changes = [dict(zip(keys, values, strict=True)) for values in itertools.product(*(axis.values for axis in axes))]
    experiments = [in_all_lanes(experiment, change) for change in changes]
    if _SCALE not in keys:
        experiments = _on_one_scale(experiments)
    grid = zip(changes, experiments, strict=True)
    return [Cell(number, change, cell, _digest(cell)) for number, (change, cell) in enumerate(grid)]


def _on_one_scale(experiments: list[Experiment]) -> list[Experiment]:
    """Let all cells learn the targets of a regression as they are if "auto" would scale them in some cells only."""
    if len({scales_target(experiment) for experiment in experiments}) == 1:
        return experiments
    return [cell.with_value(_SCALE, False) for cell in experiments]


def redundant_lanes(experiment: Experiment, keys: Sequence[str]) -> dict[str, str]:
    """Map each lane that would repeat an earlier one, once these settings are swept, to that earlier lane."""
    seen: dict[str, dict[str, Value]] = {}
    redundant = {}
    for lane in experiment.lanes:
        changes = {key: value for key, value in lane.changes.items() if key not in keys}
        first = next((name for name, other in seen.items() if changes == other), None)
        if first is not None and not any(edit.lane == lane.name for edit in experiment.edits):
            redundant[lane.name] = first
        seen[lane.name] = changes
    return redundant


def redundancy_note(experiment: Experiment, keys: Sequence[str]) -> str:
    """Say which lanes are not run; "" if all are."""
    repeated = [f'"{name}" (same as "{first}")' for name, first in redundant_lanes(experiment, keys).items()]
    return f"Swept settings are the same in every lane. Left out: {', '.join(repeated)}." if repeated else ""


def in_all_lanes(experiment: Experiment, changes: Mapping[str, Value]) -> Experiment:
    """Return the experiment with settings changed in every lane, even in lanes that differed in them."""
    for lane in experiment.lanes:
        overridden = [key for key in changes if key in lane.changes]
        if overridden:
            experiment = experiment.with_values(dict.fromkeys(overridden), lane.name)
    return experiment.with_values(changes)


def _digest(experiment: Experiment) -> str:
    """Hash all that determines a run: its text, the files it reads, and the program's version."""
    digest = hashlib.sha256(f"{sandbox.__version__}\n{experiment.dumps()}".encode())
    paths = [experiment.data.file, *(experiment.lane(lane.name).network.weights for lane in experiment.lanes)]
    for path in paths:
        if path is not None:
            try:
                digest.update(read_file(experiment.locate(path), _MOST_INPUT_BYTES, "a table or a weights file"))
            except InputError:
                digest.update(b"?")  # the run itself says what is wrong
    return digest.hexdigest()[:32]


# One cell


def run_cell(text: str, folder: str | None, digest: str) -> Result:
    """Run the experiment of a cell, in any process: only plain values go in and come out."""
    start = perf_counter()
    try:
        experiment = Experiment.loads(text, folder=None if folder is None else Path(folder))
        trainer = Trainer(experiment, every=max(1, experiment.run.epochs), losses=LOSSES)
        _train(trainer)
        lanes = tuple(_lane_result(trainer, lane) for lane in trainer.lanes)
    except InputError as error:
        return Result(digest, error=str(error), seconds=perf_counter() - start)
    except MemoryError:
        return Result(digest, error=OUT_OF_MEMORY, seconds=perf_counter() - start)
    return Result(digest, lanes, trainer.epoch, perf_counter() - start)


def _train(trainer: Trainer) -> None:
    """Train to the last epoch of [run], checking regularly whether the cell was cancelled.

    Raises
    ------
    Cancelled
        If it was.
    """
    last = trainer.experiment.run.epochs
    while trainer.running and trainer.epoch < last:
        deadline = perf_counter() + _PATIENCE
        trainer.advance(lambda until=deadline: trainer.epoch < last and perf_counter() < until)  # type: ignore[misc]
        if _cancel_event is not None and _cancel_event.is_set():
            raise Cancelled
    trainer.run(epochs=0)  # records the last epoch


def _lane_result(trainer: Trainer, lane: Lane) -> LaneResult:
    """Return every column at the end; nan for replicas that have stopped."""
    stopped = [replica for replica in lane.replicas if replica.stopped]
    readings = trainer.readings(lane)
    if lane.replica_history is None:
        values: dict[str, tuple[float, ...]] = {
            name: (math.nan if stopped else readings[name],) for name in lane.columns
        }
    else:
        last = lane.replica_history.last
        final = {} if last is None else last.values
        stopped_numbers = {replica.number for replica in stopped}
        values = {
            name: tuple(math.nan if r in stopped_numbers else final[f"{name}#{r}"] for r in range(len(lane.replicas)))
            for name in lane.columns
        }
    values = {column: _as_means(trainer, lane, column, of_seeds) for column, of_seeds in values.items()}
    compared = {f"{part}_{name}" for name, _ in lane.compared for part in ("train", "test")}
    shown = tuple(name for name in lane.columns if name not in compared)
    reason = stopped[0].stopped if stopped else ""
    terms = lane.terms[-1]
    return LaneResult(
        lane.name, lane.objective.name, shown, values, len(stopped), reason, terms.reduction, dict(terms.scales)
    )


def _as_means(trainer: Trainer, lane: Lane, column: str, values: tuple[float, ...]) -> tuple[float, ...]:
    """Return values of a column at the end, a loss as a mean over samples."""
    part, _, name = column.partition("_")
    if name not in LOSSES:
        return values
    samples = len(trainer.data.X_train if part == "train" else trainer.data.X_test)
    factor = mean_factor(lane.settings.loss.reduction, samples, lane.sizes[-1])
    return tuple(factor * value for value in values)


# All cells


@dataclass
class Sweep:
    """A grid and its results so far.

    Attributes
    ----------
    cells : list of Cell
    folder : Path
        Where results are saved, one file per cell.
    results : dict
        Number of the cell to its result.
    """

    cells: list[Cell]
    folder: Path
    results: dict[int, Result] = field(default_factory=dict)
    _failed: set[int] = field(default_factory=set)  # on which the program failed: to be tried again next time

    def resume(self) -> int:
        """Load the saved results that are still valid; return how many there are."""
        remove_old_drafts(self.folder)
        for cell in self.cells:
            saved = _read_result(self._path(cell))
            if saved is not None and saved.digest == cell.digest:
                self.results[cell.number] = saved
        return len(self.results)

    @property
    def missing(self) -> list[Cell]:
        """The cells without a result."""
        return [cell for cell in self.cells if cell.number not in self.results]

    def run_on(
        self,
        executors: Callable[[int], AbstractContextManager[Executor]],
        ending: Callable[[Executor], bool] = lambda _: False,
        say: Callable[[str], None] = lambda _: None,
    ) -> Iterator[Cell]:
        """Run the missing cells, with new processes if one dies; yield each once it has a result.

        The cells that such a process may have been running are then run one at a time. One that ends its process again
        gets an error for a result.

        Parameters
        ----------
        executors : callable
            Returns an executor for a number of tasks.
        ending : callable
            See `run`.
        say : callable
            Is told in a sentence that a process has died.

        Raises
        ------
        InputError
            If processes die one after the other, or all are lost: nothing can be run here.
        """
        suspects: list[Cell] = []
        deaths = 0  # one after the other, each of a process that had a single cell
        while missing := self.missing:
            suspects = [cell for cell in suspects if cell.number not in self.results]
            chosen = suspects[:1] or missing
            with executors(len(chosen)) as executor:
                try:
                    for cell in self.run(executor, lambda pool=executor: ending(pool), chosen):  # type: ignore[misc]
                        deaths = 0
                        yield cell
                except BrokenExecutor:
                    workers = executor.workers if isinstance(executor, Processes) else 1
                else:
                    if ending(executor) or len(self.missing) == len(missing):
                        return
                    continue
            if not suspects:
                say("a process that ran cells has died, perhaps because memory ran out; its cells are run again.")
                suspects = [cell for cell in missing if cell.number not in self.results][: 1 + workers]
                continue
            deaths += 1
            if deaths == _MOST_DEATHS:
                raise InputError(f"the processes that run the cells die one after the other. {_KEPT}")
            self._failed.add(chosen[0].number)
            self.results[chosen[0].number] = Result(chosen[0].digest, error="the process that ran it died, twice")
            yield chosen[0]

    def run(
        self, executor: Executor, ending: Callable[[], bool] = lambda: False, chosen: Sequence[Cell] | None = None
    ) -> Iterator[Cell]:
        """Run the missing cells, or some of them; yield each once it has a result.

        Parameters
        ----------
        executor : Executor
        ending : callable
            Polled; once it returns True, no more cells are started, and results of running cells are still saved.
        chosen : sequence of Cell, optional

        Raises
        ------
        BrokenExecutor
            If a process of the executor has died, after all cells that were done by then.
        """
        futures: dict[Future[Result], Cell] = {}
        for cell in self.missing if chosen is None else chosen:
            folder = None if cell.experiment.folder is None else str(cell.experiment.folder.absolute())
            futures[executor.submit(run_cell, cell.experiment.dumps(), folder, cell.digest)] = cell
        broken: BaseException | None = None
        try:
            while futures:
                done, _ = wait(futures, _PATIENCE, FIRST_COMPLETED)
                if ending():
                    for future in list(futures):
                        if future.cancel():
                            del futures[future]
                for future in sorted(done & futures.keys(), key=lambda future: futures[future].number):
                    cell = futures.pop(future)
                    if isinstance(error := future.exception(), BrokenExecutor):
                        broken = error
                        continue
                    self._collect(cell, future)
                    if cell.number in self.results:
                        yield cell
            if broken is not None and not ending():
                raise broken
        except CancelledError:
            if not ending():
                raise InputError(f"the connection to those who run the cells was lost. {_KEPT}") from None
        finally:
            for future in futures:
                future.cancel()

    def _collect(self, cell: Cell, future: Future[Result]) -> None:
        error = future.exception()
        if isinstance(error, Cancelled):
            return
        if error is None:
            self.results[cell.number] = future.result()
            with suppress(InputError, OSError):  # it is saved in the end
                self._save(cell, future.result())
        else:
            self._failed.add(cell.number)
            self.results[cell.number] = Result(cell.digest, error=f"the program failed on it ({error!r})")

    def save(self) -> str:
        """Save the results whose files are missing, as after the folder has vanished; return why one cannot be."""
        try:
            for cell in self.cells:
                result = self.results.get(cell.number)
                if result is not None and cell.number not in self._failed and not self._path(cell).exists():
                    self._save(cell, result)
        except (InputError, OSError) as error:
            return str(error)
        return ""

    def _path(self, cell: Cell) -> Path:
        return self.folder / f"{cell.digest}.json"

    def _save(self, cell: Cell, result: Result) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomic(self._path(cell), json.dumps(dataclasses.asdict(result), allow_nan=True))


def _read_result(path: Path) -> Result | None:
    """Read a saved result; None if it is missing or unreadable."""
    try:
        read: dict[str, Any] = json.loads(read_file(path, _MOST_RESULT_BYTES, "a finished cell"))
        lanes = tuple(
            LaneResult(
                str(lane["lane"]),
                str(lane["objective"]),
                tuple(map(str, lane["own"])),
                {str(name): tuple(map(float, values)) for name, values in lane["values"].items()},
                int(lane["stopped"]),
                str(lane["reason"]),
                str(lane["reduction"]),
                {str(name): _read_scale(scale) for name, scale in lane["scales"].items()},
            )
            for lane in read["lanes"]
        )
        return Result(str(read["digest"]), lanes, int(read["epochs"]), float(read["seconds"]), str(read["error"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return None


def _read_scale(read: Mapping[str, Any]) -> Scale:
    return Scale(str(read["coding"]), tuple((str(name), float(value)) for name, value in read["parameters"]))


def cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Processes(ProcessPoolExecutor):
    """A pool of freshly spawned processes that leave Ctrl+C and HUP to this one, and end when it does.

    Parameters
    ----------
    workers : int, optional
        How many; one for each core by default.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or cores()
        spawning = multiprocessing.get_context("spawn")
        with _without_interrupts():  # this starts multiprocessing's own helper
            self._cancel_event = spawning.Event()
        super().__init__(self.workers, mp_context=spawning, initializer=_begin_process, initargs=(self._cancel_event,))

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Submit a call; start a process for it if fewer are running than wanted."""
        with _without_interrupts():
            return super().submit(fn, *args, **kwargs)

    def cancel(self) -> None:
        """Stop the running cells at once, without results."""
        self._cancel_event.set()


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Block what a terminal sends to all: a process started meanwhile inherits this, and cannot be killed by it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_cancel_event: Any = None  # set up in each process of `Processes`


def _begin_process(event: Any) -> None:
    global _cancel_event
    _cancel_event = event
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    """Wait until the process that started this one has ended, however it did, and end too: nobody takes the result."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


class Cancelled(Exception):
    """Raised by a cancelled cell instead of a result."""


# Results


def columns(results: Iterable[Result]) -> list[str]:
    """Return every column that any lane of any cell shows, in order of appearance, then those of all objectives."""
    lanes = [lane for result in results for lane in result.lanes]
    shown = [name for lane in lanes for name in lane.own]
    objectives = dict.fromkeys(lane.objective for lane in lanes)
    common = [f"{part}_{name}" for name in objectives for part in ("train", "test")]
    available = {name for lane in lanes for name in lane.values}
    return [name for name in dict.fromkeys((*shown, *common)) if name in available]


def incomparable(column: str, results: Iterable[Result]) -> str:
    """Say why a column cannot be compared across cells; "" if it can."""
    lanes = [lane for result in results for lane in result.lanes]
    if column.endswith("_cost") and len({lane.objective for lane in lanes}) > 1:
        return "costs of different losses: not comparable"
    if column.endswith("_cost") and len({lane.reduction for lane in lanes}) > 1:
        return "costs are reduced in different ways: not comparable"
    name = column.partition("_")[2]
    scales = {lane.scales.get(lane.objective if name == "cost" else name) for lane in lanes}
    if len({scale.coding for scale in scales if scale is not None}) > 1:
        return "classes are 0 and 1 in some cells, \u22121 and +1 in others: not comparable"
    return "its parameters differ between cells: not comparable" if len(scales) > 1 else ""


def default_column(names: Sequence[str]) -> str:
    """Return the default column: the score on the test part, else on the training part."""
    scores = dict.fromkeys(SCORES.values())
    for name in (*(f"{part}_{score}" for part in ("test", "train") for score in scores), "train_cost"):
        if name in names:
            return name
    return names[0] if names else "train_cost"


def literal(value: Value) -> str:
    """Format a value as in an experiment file, but without quotes."""
    if isinstance(value, tuple):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return words.exact(value) if isinstance(value, (int, float)) else str(value)


def write_table(path: Path, sweep: Sweep) -> None:
    """Write the results as CSV: a row per cell and lane, with the median and quartiles of every column."""
    names = columns(sweep.results.values())
    keys = list(sweep.cells[0].values)
    header = ["cell", *keys, "lane", "seeds", "stopped", "epochs", "seconds"]
    header += [name + end for name in names for end in ("", "_q1", "_q3")] + ["error"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for cell in sweep.cells:
            result = sweep.results.get(cell.number)
            if result is not None:
                writer.writerows(_rows(cell, result, names))


def _rows(cell: Cell, result: Result, names: list[str]) -> Iterator[list[object]]:
    start: list[object] = [cell.number, *map(literal, cell.values.values())]
    seconds = round(result.seconds, 3)
    if not result.lanes:
        yield [*start, "", "", "", "", seconds, *[""] * (3 * len(names)), result.error]
    for lane in result.lanes:
        seeds = max(map(len, lane.values.values()), default=0)
        spreads = [number for name in names for number in lane.spread(name)]
        figures = ["" if math.isnan(number) else number for number in spreads]
        reason = lane.reason
        yield [*start, lane.lane, seeds, lane.stopped, result.epochs, seconds, *figures, reason]
