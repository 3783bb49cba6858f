"""sweep: run an experiment over a grid of settings."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.cli.console import (
    DONE,
    INCOMPLETE,
    PROGRAM,
    Parser,
    format_value,
    history_columns,
    noted_interrupts,
    print_elsewhere,
    print_error,
    print_table,
    say,
    use_offscreen,
    whole_number,
)
from sandbox.display import library_problem
from sandbox.errors import MOST_IN_A_LINE, InputError, shown
from sandbox.experiment import Experiment
from sandbox.experiment.document.settings import MOST_EPOCHS, MOST_REPLICAS
from sandbox.experiment.results.sweep import (
    Cell,
    Processes,
    Result,
    Sweep,
    cells,
    columns,
    cores,
    default_column,
    literal,
    read_axis,
    redundancy_note,
    write_table,
)
from sandbox.experiment.training.trainer import load_experiment_data
from sandbox.files import check_can_write, write_somewhere
from sandbox.signals import signal_name
from sandbox.words import known_names

_ANSWER = 5  # seconds that a Dask scheduler has for its answer

_SWEEP_HELP = """values are written as in an experiment file, but texts need no quotes:
  --set optimizer.learning_rate=0.01,0.1,1 --set loss.objective=mse,binary_cross_entropy
  --set network.hidden=[4],[8,8]

writes into DIR:
  sweep.csv             a row per cell and lane: median and quartiles over the seeds of every column, at the end
  heatmap.png           one column of it: test accuracy (or R2), or the one given by --column
  cells/                a file for every finished cell

To resume an interrupted sweep, give the command again with the same DIR; a cell is run again only if something that
determines it has changed. A cell that diverges or cannot be run is reported, and the others go on. Ctrl+C, or the
signal TERM or HUP, lets the running cells finish; a second one quits at once. With --scheduler the work goes to a
Dask cluster, whose workers need this program and, at the same paths, the files that the experiment names. With
tcp:// that connection is neither encrypted nor authenticated: whoever reaches the scheduler's port can run code on its
workers and here. With tls:// it is both, by the certificates in Dask's own configuration (distributed.comm.tls)."""


def sweep_command(arguments: list[str]) -> int:
    parser = Parser("sweep", "Run an experiment over a grid of settings, on all cores.", _SWEEP_HELP)
    parser.add_argument("file", metavar="FILE", type=Path, help="the experiment")
    parser.add_argument(
        "--set", metavar="KEY=V1,V2,...", action="append", default=[], dest="sets", help="a setting and its values"
    )
    parser.add_argument(
        "--replicas", metavar="R", type=whole_number(1, MOST_REPLICAS), help="seeds per cell (default: [run] replicas)"
    )
    parser.add_argument(
        "--epochs", metavar="N", type=whole_number(0, MOST_EPOCHS), help="epochs to train (default: [run] epochs)"
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="folder to write into (default: FILE's name without its ending, and -sweep)",
    )
    parser.add_argument("--column", metavar="NAME", help="what the heat map shows, such as test_mse")
    parser.add_argument(
        "--workers", metavar="N", type=whole_number(1, 1024), help="number of processes (default: one per core)"
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="use the Dask cluster at this address instead")
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no summary: print only problems")
    parser.add_argument("--no-pictures", action="store_true", help="draw no heat map; Qt is not needed then")
    options = parser.parse_args(arguments)
    experiment = Experiment.load(options.file)
    if options.epochs is not None:
        experiment = experiment.with_value("run.epochs", options.epochs)
    axes = [read_axis(text) for text in options.sets]
    grid = cells(experiment, axes, options.replicas)
    if (note := redundancy_note(experiment, [axis.key for axis in axes])) and not options.quiet:
        say(note)
    _check_column(options.column)
    load_experiment_data(experiment)  # report bad data before anything starts
    problem = None if options.no_pictures else library_problem("offscreen")
    if problem is not None:
        print_error(f"no heat map can be drawn (use --no-pictures to do without). {problem}")
    folder = Path(f"{options.file.stem}-sweep") if options.out is None else options.out
    names = ["sweep.csv", "heatmap.png"]
    check_can_write(folder, names)
    was_there = folder.exists()
    sweep = Sweep(grid, folder / "cells")
    done = sweep.resume()
    if done and not options.quiet:
        say(f"{done:,} of {len(grid):,} cells were already done.")
    drawn = False

    def write(draft: Path) -> None:
        nonlocal drawn
        write_table(draft / "sweep.csv", sweep)
        drawn = not options.no_pictures and problem is None and bool(sweep.results)
        if drawn:
            _draw_heatmap(sweep, column, draft / "heatmap.png")

    try:
        with noted_interrupts() as signals:
            interrupted = _run_cells(sweep, options, signals)
            if was_there and not folder.exists():
                print_error(f"{folder}: this folder has vanished meanwhile; it is made again.")
            column = _heatmap_column(sweep, options.column)
            place, elsewhere = write_somewhere(folder, names, write)
            unsaved = sweep.save()
    except KeyboardInterrupt:
        print_error(f"interrupted; {len(sweep.results):,} of {len(grid):,} cells are saved, nothing else was written.")
        return INCOMPLETE
    if elsewhere:
        print_elsewhere(place, elsewhere)
    if unsaved:
        print_error(f"not every cell could be saved, and the same command will run those again: {unsaved}")
    if not options.quiet:
        _summarise(sweep, column)
        say(f"In {place}: {', '.join(['sweep.csv', *['heatmap.png'] * drawn, 'cells'])}")
    complete = problem is None and not elsewhere and not unsaved
    return _exit_code(sweep, signal_name(signals[0]) if interrupted else "", complete)


def _run_cells(sweep: Sweep, options: argparse.Namespace, signals: list[int]) -> bool:
    """Run the missing cells; return whether a signal ended this early."""
    from tqdm import tqdm

    total = len(sweep.cells)
    with tqdm(total=total, initial=len(sweep.results), unit="cell", disable=options.quiet, dynamic_ncols=True) as bar:
        if not sweep.missing:
            return False
        done = sweep.run_on(
            lambda tasks: _executor(options.scheduler, options.workers, tasks),
            lambda _: bool(signals),
            lambda sentence: bar.write(f"{PROGRAM}: {shown(sentence, MOST_IN_A_LINE)}", file=sys.stderr),
        )
        for cell in done:
            result = sweep.results[cell.number]
            if result.error or result.stopped:
                bar.write(f"{PROGRAM}: {shown(_problem_text(cell, result), MOST_IN_A_LINE)}", file=sys.stderr)
            bar.update()
    return bool(signals) and bool(sweep.missing)


@contextmanager
def _executor(scheduler: str | None, workers: int | None, tasks: int) -> Iterator[Executor]:
    """Provide the executor: processes on this machine, or a Dask cluster."""
    if scheduler is None:
        with Processes(min(workers or cores(), tasks)) as pool:
            try:
                yield pool
            except KeyboardInterrupt:
                pool.cancel()
                raise
        return
    try:
        import distributed
    except ImportError:
        command = 'python -m pip install "loss-sandbox[dask]"'
        raise InputError(f"--scheduler needs Dask's distributed, which is not installed: {command}") from None
    for name in list(logging.root.manager.loggerDict):  # what goes wrong is said here, in a sentence
        if name.partition(".")[0] == distributed.__name__:
            logging.getLogger(name).setLevel(logging.CRITICAL)
    if not asyncio.run(_identity(distributed, scheduler))["workers"]:
        raise InputError(f'--scheduler: the Dask scheduler at "{shown(scheduler)}" has no workers; start some first.')
    connect: Any = distributed.Client  # partly untyped
    client = connect(scheduler, timeout=_ANSWER, set_as_default=False)
    try:
        yield client.get_executor(pure=False)
    finally:
        client.close(timeout=_ANSWER)


async def _identity(distributed: Any, scheduler: str) -> dict[str, Any]:
    """Return what the Dask scheduler at an address says of itself.

    Raises
    ------
    InputError
        If none answers there.
    """

    async def ask() -> dict[str, Any]:
        security = distributed.Security().get_connection_args("client")
        async with distributed.rpc(scheduler, connection_args=security, timeout=_ANSWER) as remote:
            answer: dict[str, Any] = await remote.identity()
        return answer

    try:
        return await asyncio.wait_for(ask(), _ANSWER)
    except TypeError:
        raise InputError(
            f'--scheduler: "{shown(scheduler)}" needs certificates, and Dask\'s configuration names none: set ca-file, '
            "client.cert and client.key under distributed.comm.tls."
        ) from None
    except TimeoutError:
        why = f"no answer within {_ANSWER} seconds"
    except (OSError, ValueError) as error:
        why = str(error)
    raise InputError(f'--scheduler: no Dask scheduler can be reached at "{shown(scheduler)}" ({why}).')


def _problem_text(cell: Cell, result: Result) -> str:
    values = ", ".join(f"{key}={shown(literal(value), 60)}" for key, value in cell.values.items())
    if result.error:
        return f"cell {cell.number} ({values}): {result.error}"
    lane = next(lane for lane in result.lanes if lane.stopped)
    seeds = max(map(len, lane.values.values()), default=0)
    stopped = f"{lane.stopped} of {seeds} seeds stopped" if seeds > 1 else "it stopped"
    return f"cell {cell.number} ({values}): {stopped}: {lane.reason}"


def _check_column(wanted: str | None) -> None:
    """Raise InputError if no run can have this column."""
    if wanted is not None and wanted not in history_columns():
        raise InputError(f'--column: there is no column "{shown(wanted)}"; {known_names(wanted, history_columns())}.')


def _heatmap_column(sweep: Sweep, wanted: str | None) -> str:
    """Return the column that the heat map shows."""
    names = columns(sweep.results.values())
    default = default_column(names)
    if wanted is not None and wanted not in names and names:
        print_error(f"no cell has {wanted}: no lane learns with it or shows it; the heat map shows {default}.")
        return default
    return wanted or default


def _draw_heatmap(sweep: Sweep, column: str, path: Path) -> None:
    use_offscreen()
    from sandbox.ui.pictures import has_text, save_heatmap

    save_heatmap(sweep, column, path)
    if not has_text():
        print_error("the heat map has no text, since there is no font; on Debian, install fonts-dejavu-core.")


def _summarise(sweep: Sweep, column: str) -> None:
    """Print a row per cell and lane."""
    keys = list(sweep.cells[0].values)
    several = len(sweep.cells[0].experiment.lanes) > 1
    table = [[*keys, *(["lane"] if several else []), column.replace("_", " "), "quartiles", ""]]
    for cell in sweep.cells:
        result = sweep.results.get(cell.number)
        for lane in () if result is None else result.lanes:
            middle, low, high = lane.spread(column)
            row = [*map(literal, cell.values.values()), *([lane.lane] if several else [])]
            spread = (
                ""
                if middle != middle or lane.is_one_network
                else f"{format_value(column, low)} to {format_value(column, high)}"
            )
            stopped = f"{lane.stopped} stopped" if lane.stopped else ""
            table.append([*row, "-" if middle != middle else format_value(column, middle), spread, stopped])
    print_table(table)


def _exit_code(sweep: Sweep, ended_by: str, complete: bool) -> int:
    if ended_by:
        done = f"{len(sweep.results):,} of {len(sweep.cells):,} cells are done"
        print_error(f"ended by {ended_by}; {done}; run the same command again to continue.")
    failed = any(result.error or result.stopped for result in sweep.results.values())
    return DONE if complete and not ended_by and not failed else INCOMPLETE
