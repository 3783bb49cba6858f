"""The commands: the window, run, sweep, list, check.

How they exit is a contract: 0 done, 1 a lane stopped early or not all that was asked for is there, 2 bad
input, with one clear message on standard error.
"""

from __future__ import annotations

import argparse
import io
import math
import os
import secrets
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Any, NoReturn

import sandbox
from sandbox import published, words
from sandbox.data import DATASETS
from sandbox.display import display_problem, library_problem
from sandbox.errors import InputError
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document import texts
from sandbox.experiment.document.defaults import SCORES
from sandbox.experiment.document.settings import MOST_EPOCHS, MOST_REPLICAS
from sandbox.experiment.lens import comparison
from sandbox.experiment.lens.advantage import AskAdvantage, usual_level
from sandbox.experiment.results.export import result_names, write_results
from sandbox.experiment.results.sweep import (
    Cell,
    Processes,
    Result,
    Sweep,
    cells,
    columns,
    cores,
    literal,
    read_axis,
    twin_words,
    usual_column,
    write_table,
)
from sandbox.experiment.training.lanes import TrainingLane
from sandbox.experiment.training.trainer import load_experiment_data
from sandbox.files import delivery, reason
from sandbox.nn import ACTIVATIONS, INITIALIZERS, LOSSES, METRICS, OPTIMIZERS
from sandbox.words import known_names

PROGRAM = "loss-sandbox"

KINDS: dict[str, Mapping[str, Any]] = {
    "losses": LOSSES,
    "activations": ACTIVATIONS,
    "optimizers": OPTIMIZERS,
    "initializers": INITIALIZERS,
    "metrics": METRICS,
    "datasets": DATASETS,
    "lessons": {},
}

Goal = tuple[str, float]  # a column of the history, and the level to be reached

_DONE, _INCOMPLETE, _BAD_INPUT = 0, 1, 2
_REFRESH = 0.1  # seconds between two looks at the progress
_WINDOW_SIZE = (1400, 900)
_SMALLEST, _LARGEST = 200, 8000  # pixels of a screenshot, either way


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console that lacks a letter is no reason to fail
            stream.reconfigure(errors="replace")
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
        return code
    except InputError as error:
        _say(str(error))
        return _BAD_INPUT
    except KeyboardInterrupt:
        _say("interrupted; nothing was written.")
        return _INCOMPLETE
    except BrokenPipeError:  # who read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _INCOMPLETE
    except SystemExit as done:  # argparse, after --help or --version
        return int(done.code or 0)


def _say(text: str) -> None:
    print(f"{PROGRAM}: {text}", file=sys.stderr)


def _dispatch(arguments: list[str]) -> int:
    name = arguments[0] if arguments else ""
    if name in _COMMANDS:
        return _COMMANDS[name](arguments[1:])
    close = get_close_matches(name, _COMMANDS, n=1)
    if close and name.isalpha() and not os.path.exists(name):
        meant = f"{PROGRAM} {close[0]}"
        raise InputError(f'there is neither a command nor a file "{name}"; did you mean "{meant}"?')
    return _window(arguments)


class _Parser(argparse.ArgumentParser):
    """Reports what is wrong as every other bad input."""

    def __init__(self, command: str, description: str, epilog: str = "") -> None:
        super().__init__(
            prog=f"{PROGRAM} {command}".strip(),
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see {self.prog} --help.")


def _whole_number(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        with suppress(ValueError):
            if low <= int(text) <= high:
                return int(text)
        raise argparse.ArgumentTypeError(f'"{text}" is not a whole number from {low:,} to {high:,}')

    return read


def _goal(text: str) -> Goal:
    column, _, level = text.partition("=")
    share = texts.is_share(column.strip())
    with suppress(ValueError):
        value = float(level.strip().removesuffix("%")) / (100.0 if level.strip().endswith("%") else 1.0)
        if share and math.isfinite(value) and not 0.0 <= value <= 1.0:
            raise argparse.ArgumentTypeError(f'"{text}" is no share: {column.strip()} is from 0 to 1, or 0% to 100%')
        if math.isfinite(value):
            return column.strip(), value
    raise argparse.ArgumentTypeError(f'"{text}" is not a column and a number, such as test_accuracy=0.95')


def _size(text: str) -> tuple[int, int]:
    parts = text.lower().split("x")
    if len(parts) == 2 and all(part.isdecimal() and len(part) < 6 for part in parts):
        width, height = int(parts[0]), int(parts[1])
        if all(_SMALLEST <= side <= _LARGEST for side in (width, height)):
            return width, height
    raise argparse.ArgumentTypeError(
        f'"{text}" is not a size such as 1400x900, each side from {_SMALLEST} to {_LARGEST:,} pixels'
    )


# The window

_ABOUT = "Open the window: see how the loss function decides what a network learns."

_COMMANDS_HELP = f"""commands:
  {PROGRAM} run FILE      train without a display; write history, weights and pictures
  {PROGRAM} sweep FILE    run an experiment over a grid of settings, on all cores
  {PROGRAM} list [KIND]   name the losses, activations, data sets, ...
  {PROGRAM} check         compare this installation with published numbers
  Each has its own --help. A FILE that is called like a command is given with its folder: ./run

exit codes:
  0  done
  1  a lane stopped early, a check failed, or not all that was asked for could be done
  2  bad input: one message says what"""


def _window(arguments: list[str]) -> int:
    parser = _Parser("", _ABOUT, _COMMANDS_HELP)
    parser.add_argument("file", metavar="FILE", nargs="?", type=Path, help="an experiment to open")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {sandbox.__version__}")
    group = parser.add_argument_group("draw the window into a picture; needs no display")
    group.add_argument("--screenshot", metavar="PNG", type=Path, help="the picture to write")
    group.add_argument("--size", metavar="WxH", type=_size, help="in pixels (1400x900)")
    group.add_argument("--theme", choices=("light", "dark"), help="(light)")
    group.add_argument(
        "--after", metavar="EPOCHS", type=_whole_number(0, MOST_EPOCHS), help="train so many epochs first (0)"
    )
    options = parser.parse_args(arguments)
    if options.screenshot is None:
        for option in ("size", "theme", "after"):
            if getattr(options, option) is not None:
                parser.error(f"--{option} needs --screenshot")
    experiment = None
    if options.file is not None:
        experiment = Experiment.load(options.file)
        Trainer(experiment)  # what is wrong with its data or weights is said here, not in a window
    if options.screenshot is not None:
        return _screenshot(options, experiment)
    problem = display_problem()
    if problem is not None:
        raise InputError(problem)
    from sandbox.ui.app import run_window

    return run_window(experiment, options.file)


def _screenshot(options: argparse.Namespace, experiment: Experiment | None) -> int:
    png: Path = options.screenshot
    if png.is_dir():
        raise InputError(f"{png}: this is a folder, but must be the name of a picture.")
    if not png.absolute().parent.is_dir():
        raise InputError(f"{png}: there is no such folder to write the picture into.")
    _need_no_display()
    problem = library_problem("offscreen")
    if problem is not None:
        raise InputError(problem)
    from sandbox.ui.app import screenshot

    draft = png.with_name(f".{PROGRAM}-{secrets.token_hex(8)}.png")
    size, theme = options.size or _WINDOW_SIZE, options.theme or "light"
    try:
        screenshot(experiment, draft, size, theme, options.after or 0)
        os.replace(draft, png)
    except OSError as error:
        raise InputError(f"{png}: the picture cannot be written: {reason(error)}.") from None
    finally:
        draft.unlink(missing_ok=True)
    return _DONE


def _need_no_display() -> None:
    """Let Qt, not yet started, draw into memory alone; macOS and Windows always have a display."""
    if sys.platform not in ("darwin", "win32"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"


# run

_RUN_HELP = """writes into DIR:
  history.csv           a row per lane and recorded epoch: 0, then every K, then the last
  weights-LANE.npz      W1, b1, W2, ... as they are at the end, or as they last were finite
  Where [run] replicas trains several networks a lane, the history has a row for each, told by its seed, and
  weights-LANE-seed-SEED.npz has those of all but the first; pictures show medians, quartiles and shares.
  costs.png             the cost of every lane, and what it was told to show beside it
  boundary-LANE.png     what the network answers; with more than two inputs on a slice through the data, along
                        the two inputs shown first, the others at their mean

With several lanes it tells which of them reaches a level first, against the first lane; over seeds as the median
of the ratio, seed by seed, with a 95 % bootstrap interval; a seed that gets there in one lane alone counts as
endlessly slow in the other.

Files of these names in DIR are replaced, others stay. Ctrl+C ends the training after the current epoch and
writes what there is (exit code 1); a second Ctrl+C quits at once and writes nothing."""


def _run(arguments: list[str]) -> int:
    parser = _Parser("run", "Train an experiment without a display.", _RUN_HELP)
    parser.add_argument("file", metavar="FILE", type=Path, help="the experiment")
    parser.add_argument(
        "--epochs", metavar="N", type=_whole_number(0, MOST_EPOCHS), help="train so many (its [run] epochs)"
    )
    parser.add_argument(
        "--every",
        metavar="K",
        type=_whole_number(1, MOST_EPOCHS),
        default=1,
        help="record every K epochs (1)",
    )
    parser.add_argument("--out", metavar="DIR", type=Path, help="folder to write into (FILE's name without its ending)")
    parser.add_argument(
        "--reach",
        metavar="COLUMN=LEVEL",
        type=_goal,
        help="what the lanes are compared by (test_accuracy=0.95, or test_r2=0.9)",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no summary: problems alone")
    parser.add_argument("--no-pictures", action="store_true", help="write no pictures, and do without Qt")
    options = parser.parse_args(arguments)
    experiment = Experiment.load(options.file)
    if options.epochs is not None:
        experiment = experiment.with_value("run.epochs", options.epochs)
    trainer = Trainer(experiment, every=options.every)
    goal = options.reach or _usual_goal(trainer)
    _check_goal(trainer, goal[0])
    folder = Path(options.file.stem) if options.out is None else options.out
    problem = None if options.no_pictures else library_problem("offscreen")
    if problem is not None:
        _say(f"there will be no pictures (--no-pictures does without them). {problem}")
    drawn = not options.no_pictures and problem is None
    with delivery(folder, result_names(lane.name for lane in trainer.lanes)) as draft:
        interrupted = _train(trainer, options.quiet)
        write_results(trainer, draft)
        if drawn:
            _draw(trainer, draft)
        files = sorted(path.name for path in draft.iterdir())
    if not options.quiet:
        _summarise(trainer, folder, files, goal)
    if interrupted:
        _say(f"ended by Ctrl+C after epoch {trainer.epoch:,} of {experiment.run.epochs:,}.")
    stopped = [lane for lane in trainer.lanes if any(network.stopped for network in lane.replicas)]
    for lane in stopped:
        _say(_stop_of(lane))
    complete = problem is None and not interrupted and not stopped
    return _DONE if complete else _INCOMPLETE


def _stop_of(lane: TrainingLane) -> str:
    """Return which networks of a lane stopped, and why the first of them did."""
    if lane.ended and len(lane.replicas) == 1:
        return f"lane {lane.name} stopped {_where(lane)}: {lane.stopped}."
    gone = [network for network in lane.replicas if network.stopped]
    seed = lane.settings.network.seed + gone[0].replica
    return f"lane {lane.name}: {len(gone)} of {len(lane.replicas)} seeds stopped; seed {seed}: {gone[0].stopped}."


def _train(trainer: Trainer, quiet: bool) -> bool:
    """Train to the last epoch of [run]; return whether Ctrl+C ended it, after the epoch that it fell into."""
    from tqdm import tqdm

    last = trainer.experiment.run.epochs
    with _asked_to_end() as asked, tqdm(total=last, unit="epoch", disable=quiet, dynamic_ncols=True) as bar:
        while trainer.running and trainer.epoch < last and not asked:
            pause = monotonic() + _REFRESH
            trainer.advance(lambda until=pause: trainer.epoch < last and not asked and monotonic() < until)  # type: ignore[misc]
            bar.set_postfix_str(_costs(trainer), refresh=False)
            bar.update(trainer.epoch - bar.n)
        if asked and trainer.epoch_position > trainer.epoch:
            trainer.step_epoch()
        interrupted = bool(asked) and trainer.epoch < last
        trainer.run(epochs=0)  # records the last epoch, whatever K is
        bar.set_postfix_str(_costs(trainer), refresh=False)
        bar.update(trainer.epoch - bar.n)
    return interrupted


@contextmanager
def _asked_to_end() -> Iterator[list[int]]:
    """Collect Ctrl+C, so that no update is torn apart; the second one gets through."""
    asked: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def _costs(trainer: Trainer) -> str:
    """Return the last recorded cost of every lane."""
    several = len(trainer.lanes) > 1
    costs = []
    for lane in trainer.lanes:
        row = lane.history.last
        if row is not None:
            costs.append(f"{lane.name + ' ' if several else ''}{words.number(row.values['train_cost'])}")
    return f"cost {', '.join(costs)}"


def _draw(trainer: Trainer, folder: Path) -> None:
    _need_no_display()
    from sandbox.ui.pictures import has_text, save_pictures

    save_pictures(trainer, folder)
    if not has_text():
        _say("the pictures have no text, since there is no font; on Debian, install fonts-dejavu-core.")


def _summarise(trainer: Trainer, folder: Path, files: list[str], goal: Goal) -> None:
    data = trainer.data
    done = f"{words.count(trainer.epoch, 'epoch')}, {words.count(trainer.update, 'update')}"
    parts = f"{len(data.X_train):,} training and {len(data.X_test):,} test samples"
    replicas = trainer.experiment.run.replicas
    seeds = f", medians of {replicas} seeds" if replicas > 1 else ""
    print(f"{trainer.experiment.title or data.name}: {done}, {parts}{seeds}")
    for notice in data.notices:
        print(notice)
    shown = ("cost", SCORES[data.task])
    columns = [f"{part}_{name}" for name in shown for part in ("train", "test")]
    table = [["lane", *(column.replace("_", " ") for column in columns), ""]]
    for lane in trainer.lanes:
        values = trainer.readings(lane)
        cells = [_figure(column, values.get(column)) for column in columns]
        table.append([lane.name, *cells, f"stopped {_where(lane)}" if lane.ended else ""])
    _print_table(table)
    for sentence in _compared(trainer, *goal):
        print(sentence)
    named = [name for name in files if "-seed-" not in name]
    rest = len(files) - len(named)
    print(f"In {folder}: {', '.join(named)}{f', and {rest} weights of the other seeds' if rest else ''}")


def _compared(trainer: Trainer, column: str, level: float) -> Iterator[str]:
    """Tell of every other lane how it compares with the first."""
    first, *others = trainer.lanes
    scene = trainer.scene(first.name)
    for other in others:
        found = AskAdvantage(first.name, other.name, column, level).answer(scene) if scene else None
        if found is not None:
            yield comparison.first(found, first.name, other.name)
            yield comparison.gap(found, first.name, other.name)


def _usual_goal(trainer: Trainer) -> Goal:
    column = usual_column(_comparable(trainer))
    return column, usual_level(column)


def _columns() -> list[str]:
    """Return every column that a history can have."""
    names = ("cost", "penalty", *METRICS, *LOSSES)
    return [f"{part}_{name}" for part in ("train", "test") for name in names]


def _check_goal(trainer: Trainer, column: str) -> None:
    names = _comparable(trainer)
    if column in names:
        return
    if column.endswith(("_cost", "_penalty")):
        raise InputError(f"--reach: {column} is what each lane learns with; name a loss or metric, such as {names[0]}.")
    if column in _columns():
        raise InputError(f"--reach: not every lane records {column}; [loss] monitors can name its loss or metric.")
    raise InputError(f'--reach: there is no column "{column}"; {known_names(column, names)}.')


def _comparable(trainer: Trainer) -> list[str]:
    """Return the columns that mean the same in every lane: losses and metrics."""
    first, *others = (trainer.readings(lane) for lane in trainer.lanes)
    own = [name for name in first if name.partition("_")[2] in {**METRICS, **LOSSES}]
    return [name for name in own if all(name in other for other in others)]


def _print_table(table: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _where(lane: TrainingLane) -> str:
    row = lane.history.last
    if row is None or row.update == 0:
        return "at the start"
    return f"after update {row.update:,} (epoch {row.epoch:,})"


def _figure(column: str, value: float | None) -> str:
    if value is None:
        return "-"
    return words.share(value, 2) if texts.is_share(column) else words.number(value, 6)


# sweep

_SWEEP_HELP = """values are written as in an experiment file; texts may do without quotes:
  --set optimizer.learning_rate=0.01,0.1,1 --set loss.objective=mse,binary_cross_entropy
  --set network.hidden=[4],[8,8]

writes into DIR:
  sweep.csv             a row per cell and lane: median and quartiles over the seeds of every column, at the end
  heatmap.png           one column of it: test accuracy (or R2), or the one that --column names
  cells/                a file for every finished cell

A sweep that was interrupted goes on where it was when it is given again with the same DIR; a cell is done again only
where what determines it has changed. A cell that diverges or cannot be run is told, and the others go on. Ctrl+C lets
the cells at work end; a second one quits at once. With --scheduler the work goes to a Dask cluster, whose workers
need this program and, at the same place, the files that the experiment names."""


def _sweep(arguments: list[str]) -> int:
    parser = _Parser("sweep", "Run an experiment over a grid of settings, on all cores.", _SWEEP_HELP)
    parser.add_argument("file", metavar="FILE", type=Path, help="the experiment")
    parser.add_argument(
        "--set", metavar="KEY=V1,V2,...", action="append", default=[], dest="sets", help="a setting and its values"
    )
    parser.add_argument(
        "--replicas", metavar="R", type=_whole_number(1, MOST_REPLICAS), help="seeds per cell (its [run] replicas)"
    )
    parser.add_argument(
        "--epochs", metavar="N", type=_whole_number(0, MOST_EPOCHS), help="train so many (its [run] epochs)"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, help="folder to write into (FILE's name and -sweep)")
    parser.add_argument("--column", metavar="NAME", help="what the heat map shows, such as test_mse")
    parser.add_argument(
        "--workers", metavar="N", type=_whole_number(1, 1024), help="processes at work (as many as cores)"
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster that does the work instead")
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no summary: problems alone")
    parser.add_argument("--no-pictures", action="store_true", help="draw no heat map, and do without Qt")
    options = parser.parse_args(arguments)
    experiment = Experiment.load(options.file)
    if options.epochs is not None:
        experiment = experiment.with_value("run.epochs", options.epochs)
    axes = [read_axis(text) for text in options.sets]
    grid = cells(experiment, axes, options.replicas)
    if (repeated := twin_words(experiment, [axis.key for axis in axes])) and not options.quiet:
        print(repeated)
    _check_column(options.column)
    load_experiment_data(experiment)  # what is wrong with its file is said before anything begins
    problem = None if options.no_pictures else library_problem("offscreen")
    if problem is not None:
        _say(f"there will be no heat map (--no-pictures does without it). {problem}")
    folder = Path(f"{options.file.stem}-sweep") if options.out is None else options.out
    names = ["sweep.csv", "heatmap.png"]
    with delivery(folder, names) as draft:
        sweep = Sweep(grid, folder / "cells")
        done = sweep.resume()
        if done and not options.quiet:
            print(f"{done:,} of {len(grid):,} cells were done before.")
        try:
            interrupted = _do_cells(sweep, options)
        except KeyboardInterrupt:
            _say(f"interrupted; {len(sweep.results):,} of {len(grid):,} cells are kept, nothing else was written.")
            return _INCOMPLETE
        write_table(draft / "sweep.csv", sweep)
        column = _column_of(sweep, options.column)
        if not options.no_pictures and problem is None and sweep.results:
            _draw_heatmap(sweep, column, draft / "heatmap.png")
    if not options.quiet:
        _tell_sweep(sweep, folder, column)
    return _end_of_sweep(sweep, interrupted, problem)


def _do_cells(sweep: Sweep, options: argparse.Namespace) -> bool:
    """Run what is missing; return whether Ctrl+C ended it."""
    from tqdm import tqdm

    total = len(sweep.cells)
    with (
        _asked_to_end() as asked,
        tqdm(total=total, initial=len(sweep.results), unit="cell", disable=options.quiet, dynamic_ncols=True) as bar,
    ):
        if not sweep.missing:
            return False
        with _executor(options.scheduler, options.workers, len(sweep.missing)) as executor:
            for cell in sweep.run(executor, lambda: bool(asked)):
                result = sweep.results[cell.number]
                if result.error or result.stopped:
                    bar.write(_trouble(cell, result), file=sys.stderr)
                bar.update()
    return bool(asked) and bool(sweep.missing)


@contextmanager
def _executor(scheduler: str | None, workers: int | None, tasks: int) -> Iterator[Executor]:
    """Provide what does the work: processes of this machine, or a cluster."""
    if scheduler is None:
        with Processes(min(workers or cores(), tasks)) as pool:
            try:
                yield pool
            except KeyboardInterrupt:
                pool.give_up()
                raise
        return
    try:
        import distributed
    except ImportError:
        needed = 'python -m pip install "loss-sandbox[dask]"'
        raise InputError(f"--scheduler needs Dask's distributed, which is not installed: {needed}") from None
    try:
        connect: Any = distributed.Client  # untyped in part
        client = connect(scheduler, timeout=10)
    except (OSError, ValueError) as error:
        raise InputError(f'--scheduler: there is no Dask scheduler to be reached at "{scheduler}" ({error}).') from None
    try:
        yield client.get_executor(pure=False)
    finally:
        client.close()


def _trouble(cell: Cell, result: Result) -> str:
    values = ", ".join(f"{key}={literal(value)}" for key, value in cell.values.items())
    if result.error:
        return f"{PROGRAM}: cell {cell.number} ({values}): {result.error}"
    lane = next(lane for lane in result.lanes if lane.stopped)
    seeds = max(map(len, lane.values.values()), default=0)
    which = f"{lane.stopped} of {seeds} seeds stopped" if seeds > 1 else "it stopped"
    return f"{PROGRAM}: cell {cell.number} ({values}): {which}: {lane.reason}"


def _check_column(wanted: str | None) -> None:
    """Raise InputError for what can be no column of any run."""
    if wanted is not None and wanted not in _columns():
        raise InputError(f'--column: there is no column "{wanted}"; {known_names(wanted, _columns())}.')


def _column_of(sweep: Sweep, wanted: str | None) -> str:
    """Return the column that the heat map shows."""
    names = columns(sweep.results.values())
    usual = usual_column(names)
    if wanted is not None and wanted not in names and names:
        _say(f"no cell has {wanted}: it is neither learned with nor shown; the heat map shows {usual}.")
        return usual
    return wanted or usual


def _draw_heatmap(sweep: Sweep, column: str, path: Path) -> None:
    _need_no_display()
    from sandbox.ui.pictures import has_text, save_heatmap

    save_heatmap(sweep, column, path)
    if not has_text():
        _say("the heat map has no text, since there is no font; on Debian, install fonts-dejavu-core.")


def _tell_sweep(sweep: Sweep, folder: Path, column: str) -> None:
    """Print a line per cell and lane, and where the rest is."""
    keys = list(sweep.cells[0].values)
    several = len(sweep.cells[0].experiment.lanes) > 1
    table = [[*keys, *(["lane"] if several else []), column.replace("_", " "), "quartiles", ""]]
    for cell in sweep.cells:
        result = sweep.results.get(cell.number)
        for lane in () if result is None else result.lanes:
            middle, low, high = lane.spread(column)
            own = [*map(literal, cell.values.values()), *([lane.lane] if several else [])]
            spread = "" if middle != middle else f"{_figure(column, low)} to {_figure(column, high)}"
            told = f"{lane.stopped} stopped" if lane.stopped else ""
            table.append([*own, "-" if middle != middle else _figure(column, middle), spread, told])
    _print_table(table)
    print(f"In {folder}: sweep.csv, heatmap.png, cells")


def _end_of_sweep(sweep: Sweep, interrupted: bool, problem: str | None) -> int:
    if interrupted:
        done = f"{len(sweep.results):,} of {len(sweep.cells):,} cells are done"
        _say(f"ended by Ctrl+C; {done}, and the same command goes on from there.")
    troubled = any(result.error or result.stopped for result in sweep.results.values())
    return _INCOMPLETE if interrupted or troubled or problem is not None else _DONE


# list


def _list(arguments: list[str]) -> int:
    parser = _Parser("list", "Name what there is to choose from, one line each.")
    parser.add_argument("kind", metavar="KIND", nargs="?", help=", ".join(KINDS))
    kind = parser.parse_args(arguments).kind
    if kind is not None and kind not in KINDS:
        raise InputError(f'there is no kind "{kind}"; {known_names(kind, KINDS)}.')
    kinds = [kind] if kind is not None else [name for name in KINDS if KINDS[name]]
    width = max((len(name) for each in kinds for name in KINDS[each]), default=0)
    for i, each in enumerate(kinds):
        if kind is None:
            print(("\n" if i else "") + each)
        indent = "  " if kind is None else ""
        for name, entry in KINDS[each].items():
            print(f"{indent}{name.ljust(width)}  {entry.summary}")
    return _DONE


# check


def _check(arguments: list[str]) -> int:
    parser = _Parser("check", "Compare this installation with published numbers: some seconds of training.")
    parser.parse_args(arguments)
    form = "{:<56}  {:>13}  {:>13}  {:>9}  {}"
    print(form.format("what", "published", "here", "tolerance", ""))
    count = differing = 0
    for row in published.rows():
        figures = words.number(row.published, 10), words.number(row.here, 10), words.number(row.tolerance, 1)
        print(form.format(row.what, *figures, "ok" if row.ok else "DIFFERS"), flush=True)
        count += 1
        differing += not row.ok
    print(f"{differing} of {count} differ." if differing else f"All {count} agree.")
    return _INCOMPLETE if differing else _DONE


_COMMANDS: dict[str, Callable[[list[str]], int]] = {"run": _run, "sweep": _sweep, "list": _list, "check": _check}
