"""run: an experiment without a display."""

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
    asked_to_end,
    figure,
    history_columns,
    need_no_display,
    print_table,
    say,
    whole_number,
)
from sandbox.display import library_problem
from sandbox.errors import InputError
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document import texts
from sandbox.experiment.document.defaults import SCORES
from sandbox.experiment.document.settings import MOST_EPOCHS
from sandbox.experiment.lens import comparison
from sandbox.experiment.lens.advantage import AskAdvantage, usual_level
from sandbox.experiment.results.export import result_names, write_results
from sandbox.experiment.results.sweep import (
    usual_column,
)
from sandbox.experiment.training.lanes import Lane
from sandbox.files import delivery
from sandbox.nn import LOSSES, METRICS
from sandbox.words import known_names

Goal = tuple[str, float]  # a column of the history, and the level to be reached


_REFRESH = 0.1  # seconds between two looks at the progress


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


def run_command(arguments: list[str]) -> int:
    parser = Parser("run", "Train an experiment without a display.", _RUN_HELP)
    parser.add_argument("file", metavar="FILE", type=Path, help="the experiment")
    parser.add_argument(
        "--epochs", metavar="N", type=whole_number(0, MOST_EPOCHS), help="train so many (its [run] epochs)"
    )
    parser.add_argument(
        "--every",
        metavar="K",
        type=whole_number(1, MOST_EPOCHS),
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
        say(f"there will be no pictures (--no-pictures does without them). {problem}")
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
        say(f"ended by Ctrl+C after epoch {trainer.epoch:,} of {experiment.run.epochs:,}.")
    stopped = [lane for lane in trainer.lanes if len(lane.running) < len(lane.replicas)]
    for lane in stopped:
        say(_stop_of(lane))
    complete = problem is None and not interrupted and not stopped
    return DONE if complete else INCOMPLETE


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


def _stop_of(lane: Lane) -> str:
    """Return which networks of a lane stopped, and why the first of them did."""
    if lane.stopped and not lane.several:
        return f"lane {lane.name} stopped {_where(lane)}: {lane.stopped}."
    gone = [replica for replica in lane.replicas if replica.stopped]
    first = gone[0]
    return f"lane {lane.name}: {len(gone)} of {len(lane.replicas)} seeds stopped; seed {first.seed}: {first.stopped}."


def _where(lane: Lane) -> str:
    row = lane.history.last
    if row is None or row.update == 0:
        return "at the start"
    return f"after update {row.update:,} (epoch {row.epoch:,})"


def _train(trainer: Trainer, quiet: bool) -> bool:
    """Train to the last epoch of [run]; return whether Ctrl+C ended it, after the epoch that it fell into."""
    from tqdm import tqdm

    last = trainer.experiment.run.epochs
    with asked_to_end() as asked, tqdm(total=last, unit="epoch", disable=quiet, dynamic_ncols=True) as bar:
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
    need_no_display()
    from sandbox.ui.pictures import has_text, save_pictures

    save_pictures(trainer, folder)
    if not has_text():
        say("the pictures have no text, since there is no font; on Debian, install fonts-dejavu-core.")


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
        cells = [figure(column, values.get(column)) for column in columns]
        table.append([lane.name, *cells, f"stopped {_where(lane)}" if lane.stopped else ""])
    print_table(table)
    for sentence in _compared(trainer, *goal):
        print(sentence)
    named = [name for name in files if "-seed-" not in name]
    rest = len(files) - len(named)
    print(f"In {folder}: {', '.join(named)}{f', and {rest} weights of the other seeds' if rest else ''}")


def _compared(trainer: Trainer, column: str, level: float) -> Iterator[str]:
    """Tell of every other lane how it compares with the first."""
    first, *others = trainer.lanes
    probe = trainer.probe(first.name)
    for other in others:
        found = AskAdvantage(first.name, other.name, column, level).answer(probe) if probe else None
        if found is not None:
            yield comparison.first(found, first.name, other.name)
            yield comparison.gap(found, first.name, other.name)


def _usual_goal(trainer: Trainer) -> Goal:
    column = usual_column(_comparable(trainer))
    return column, usual_level(column)


def _check_goal(trainer: Trainer, column: str) -> None:
    names = _comparable(trainer)
    if column in names:
        return
    if column.endswith(("_cost", "_penalty")):
        raise InputError(f"--reach: {column} is what each lane learns with; name a loss or metric, such as {names[0]}.")
    if column in history_columns():
        raise InputError(f"--reach: not every lane records {column}; [loss] monitors can name its loss or metric.")
    raise InputError(f'--reach: there is no column "{column}"; {known_names(column, names)}.')


def _comparable(trainer: Trainer) -> list[str]:
    """Return the columns that mean the same in every lane: losses and metrics."""
    first, *others = (trainer.readings(lane) for lane in trainer.lanes)
    own = [name for name in first if name.partition("_")[2] in {**METRICS, **LOSSES}]
    return [name for name in own if all(name in other for other in others)]
