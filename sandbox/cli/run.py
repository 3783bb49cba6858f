"""run: train an experiment without a display."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

from sandbox import words
from sandbox.cli.console import (
    DONE,
    INCOMPLETE,
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
from sandbox.errors import InputError, shown
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document import texts
from sandbox.experiment.document.defaults import SCORES
from sandbox.experiment.document.settings import MOST_EPOCHS
from sandbox.experiment.lens import comparison
from sandbox.experiment.lens.advantage import AskAdvantage, default_level
from sandbox.experiment.results.export import result_names, seeds_of, weights_name, write_results
from sandbox.experiment.results.sweep import (
    default_column,
)
from sandbox.experiment.training.lanes import Lane
from sandbox.files import check_can_write, write_somewhere
from sandbox.nn import LOSSES, METRICS
from sandbox.signals import signal_name
from sandbox.words import known_names

Goal = tuple[str, float]  # a history column, and the level to reach


_REFRESH = 0.1  # seconds between updates of the progress bar


_RUN_HELP = """writes into DIR:
  history.csv           a row per lane and recorded epoch: 0, then every K, then the last
  weights-LANE.npz      W1, b1, W2, ... at the end of training, or the last finite ones if the lane stopped
  If [run] replicas trains several seeds per lane, the history has a row for each seed, and
  weights-LANE-seed-SEED.npz has the weights of all but the first (with a dot before "seed" if a lane's own name ends
  like that); pictures show medians, quartiles and shares.
  costs.png             the cost of every lane, and the losses among its monitors
  boundary-LANE.png     the predictions of the network; with more than two inputs, on a slice through the data
                        along the two inputs shown first, with the others at their mean

With several lanes it says which one reaches a level first, each compared with the first lane; a loss is compared as a
mean over samples, however it is reduced, and only epochs that are recorded (--every) count. With several seeds this
is the median of the ratio, seed by seed, with a 95 % bootstrap interval; a seed that reaches the level in only one
lane counts as infinitely slow in the other.

Files of these names in DIR are replaced, others stay. Ctrl+C, or the signal TERM or HUP, ends the training after
the current epoch and writes the results so far (exit code 1); a second Ctrl+C quits at once and writes nothing.
If DIR cannot be written in the end, the results are written beside it, and it is said where."""


def run_command(arguments: list[str]) -> int:
    parser = Parser("run", "Train an experiment without a display.", _RUN_HELP)
    parser.add_argument("file", metavar="FILE", type=Path, help="the experiment")
    parser.add_argument(
        "--epochs", metavar="N", type=whole_number(0, MOST_EPOCHS), help="epochs to train (default: [run] epochs)"
    )
    parser.add_argument(
        "--every",
        metavar="K",
        type=whole_number(1, MOST_EPOCHS),
        default=1,
        help="record every K epochs (default: 1)",
    )
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="folder to write into (default: FILE's name without its ending)"
    )
    parser.add_argument(
        "--reach",
        metavar="COLUMN=LEVEL",
        type=_parse_goal,
        help="compare when lanes reach this level (usually test_accuracy=0.95, or test_r2=0.9)",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no summary: print only problems")
    parser.add_argument("--no-pictures", action="store_true", help="write no pictures; Qt is not needed then")
    options = parser.parse_args(arguments)
    experiment = Experiment.load(options.file)
    if options.epochs is not None:
        experiment = experiment.with_value("run.epochs", options.epochs)
    trainer = Trainer(experiment, every=options.every)
    goal = options.reach or _default_goal(trainer)
    _check_goal(trainer, goal[0])
    folder = Path(options.file.stem) if options.out is None else options.out
    problem = None if options.no_pictures else library_problem("offscreen")
    if problem is not None:
        print_error(f"no pictures can be drawn (use --no-pictures to do without). {problem}")
    draw = not options.no_pictures and problem is None
    names = result_names(seeds_of(trainer))
    check_can_write(folder, names)
    was_there = folder.exists()
    files: list[str] = []

    def write(draft: Path) -> None:
        write_results(trainer, draft)
        if draw:
            _draw(trainer, draft)
        files[:] = sorted(path.name for path in draft.iterdir())

    with noted_interrupts() as signals:
        interrupted = _train(trainer, options.quiet, signals)
        if was_there and not folder.exists():
            print_error(f"{folder}: this folder has vanished meanwhile; it is made again.")
        place, elsewhere = write_somewhere(folder, names, write)
    if elsewhere:
        print_elsewhere(place, elsewhere)
    if not options.quiet:
        _summarise(trainer, place, files, goal)
    if interrupted:
        name = signal_name(signals[0])
        print_error(f"ended by {name} after epoch {trainer.epoch:,} of {experiment.run.epochs:,}.")
    stopped = [lane for lane in trainer.lanes if len(lane.running) < len(lane.replicas)]
    for lane in stopped:
        print_error(_stop_text(lane))
    complete = problem is None and not elsewhere and not interrupted and not stopped
    return DONE if complete else INCOMPLETE


def _parse_goal(text: str) -> Goal:
    column, _, level = text.partition("=")
    is_share = texts.is_share(column.strip())
    with suppress(ValueError):
        value = float(level.strip().removesuffix("%")) / (100.0 if level.strip().endswith("%") else 1.0)
        if is_share and math.isfinite(value) and not 0.0 <= value <= 1.0:
            raise argparse.ArgumentTypeError(
                f'"{shown(text)}" is out of range: {shown(column.strip())} is from 0 to 1, or 0% to 100%'
            )
        if math.isfinite(value):
            return column.strip(), value
    raise argparse.ArgumentTypeError(f'"{shown(text)}" is not a column and a number, such as test_accuracy=0.95')


def _stop_text(lane: Lane) -> str:
    """Say which replicas of a lane stopped, and why the first of them did."""
    if lane.stopped and not lane.has_replicas:
        return f"lane {lane.name} stopped {_stop_time(lane)}: {lane.stopped}."
    stopped = [replica for replica in lane.replicas if replica.stopped]
    first = stopped[0]
    return (
        f"lane {lane.name}: {len(stopped)} of {len(lane.replicas)} seeds stopped; seed {first.seed}: {first.stopped}."
    )


def _stop_time(lane: Lane) -> str:
    row = lane.history.last
    if row is None or row.update == 0:
        return "at the start"
    return f"after update {row.update:,} (epoch {row.epoch:,})"


def _train(trainer: Trainer, quiet: bool, signals: list[int]) -> bool:
    """Train to the last epoch of [run], or after a signal to the end of this one; return whether it was interrupted."""
    from tqdm import tqdm

    last = trainer.experiment.run.epochs
    with tqdm(total=last, unit="epoch", disable=quiet, dynamic_ncols=True) as bar:
        while trainer.running and trainer.epoch < last and not signals:
            deadline = monotonic() + _REFRESH
            trainer.advance(lambda until=deadline: trainer.epoch < last and not signals and monotonic() < until)  # type: ignore[misc]
            bar.set_postfix_str(_costs(trainer), refresh=False)
            bar.update(trainer.epoch - bar.n)
        if signals and trainer.epoch_position > trainer.epoch:
            trainer.step_epoch()
        interrupted = bool(signals) and trainer.epoch < last
        trainer.run(epochs=0)  # records the last epoch, even if K does not divide it
        bar.set_postfix_str(_costs(trainer), refresh=False)
        bar.update(trainer.epoch - bar.n)
    return interrupted


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
    use_offscreen()
    from sandbox.ui.pictures import has_text, save_pictures

    save_pictures(trainer, folder)
    if not has_text():
        print_error("the pictures have no text, since there is no font; on Debian, install fonts-dejavu-core.")


def _summarise(trainer: Trainer, folder: Path, files: list[str], goal: Goal) -> None:
    data = trainer.data
    progress = f"{words.count(trainer.epoch, 'epoch')}, {words.count(trainer.update, 'update')}"
    parts = f"{len(data.X_train):,} training and {words.count(len(data.X_test), 'test sample')}"
    replicas = trainer.experiment.run.replicas
    seeds = f", medians of {replicas} seeds" if replicas > 1 else ""
    say(f"{shown(trainer.experiment.title or data.name)}: {progress}, {parts}{seeds}")
    for notice in data.notices:
        say(notice)
    if unit := texts.cost_unit(data):
        say(f"Costs are {unit}.")
    measures = ("cost", SCORES[data.task])
    columns = [f"{part}_{name}" for name in measures for part in ("train", "test")]
    table = [["lane", *(column.replace("_", " ") for column in columns), ""]]
    for lane in trainer.lanes:
        values = trainer.readings(lane)
        cells = [format_value(column, values.get(column)) for column in columns]
        table.append([lane.name, *cells, f"stopped {_stop_time(lane)}" if lane.stopped else ""])
    print_table(table)
    if summed := [lane.name for lane in trainer.lanes if lane.settings.loss.reduction == "sum"]:
        of = "" if len(summed) == len(trainer.lanes) else f" of lane {words.listed(summed)}"
        say(f"Costs{of} are sums over the samples, not means.")
    for sentence in _compared(trainer, *goal):
        say(sentence)
    lanes = seeds_of(trainer)
    further = {weights_name(lane, seed, lanes) for lane, (_, *seeds) in lanes.items() for seed in seeds}
    main = [name for name in files if name not in further]
    others = len(files) - len(main)
    say(f"In {folder}: {', '.join(main)}{f', and {others} files with weights of other seeds' if others else ''}")


def _compared(trainer: Trainer, column: str, level: float) -> Iterator[str]:
    """Yield how every other lane compares with the first."""
    first, *others = trainer.lanes
    probe = trainer.probe(first.name)
    for other in others:
        advantage = AskAdvantage(first.name, other.name, column, level).answer(probe) if probe else None
        if advantage is not None:
            yield comparison.first(advantage, first.name, other.name)
            if gap := comparison.gap(advantage, first.name, other.name):
                yield gap


def _default_goal(trainer: Trainer) -> Goal:
    column = default_column(_comparable(trainer))
    return column, default_level(column)


def _check_goal(trainer: Trainer, column: str) -> None:
    names = _comparable(trainer)
    if column in names:
        return
    if column.endswith(("_cost", "_penalty")):
        raise InputError(
            f"--reach: {column} depends on the loss that each lane learns with, or on its penalty; "
            f"name a loss or metric, such as {names[0]}."
        )
    if column in history_columns():
        raise InputError(f"--reach: not every lane records {column}; [loss] monitors can name its loss or metric.")
    raise InputError(f'--reach: there is no column "{shown(column)}"; {known_names(column, names)}.')


def _comparable(trainer: Trainer) -> list[str]:
    """Return the columns that every lane has and that mean the same in each: losses and metrics."""
    first, *others = (trainer.readings(lane) for lane in trainer.lanes)
    names = [name for name in first if name.partition("_")[2] in {**METRICS, **LOSSES}]
    return [name for name in names if all(name in other for other in others)]
