"""Findings about learning as a whole, from the recorded curves: a cost that rises, on all samples or on new ones."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sandbox import words
from sandbox.arrays import Array
from sandbox.experiment.document import texts
from sandbox.experiment.lens.findings.controls import learn_with, one_digit, set_to, slower, usual_objective
from sandbox.experiment.lens.findings.curves import (
    LONG,
    RECENT,
    compared_epochs,
    first_epoch,
    lowest,
    median,
    noise,
    recent,
    thirds,
    thirds_of,
)
from sandbox.experiment.lens.findings.report import Control, Report
from sandbox.experiment.training.probe import LaneProbe
from sandbox.nn import LOSSES, Loss
from sandbox.nn.losses import reduction_factor

RISE, UNDONE = 0.2, 0.03  # of the lowest test cost, and of the way down to it, by which it must have risen
FEWEST = 10  # test samples below which the test cost says too little
AROUND = 4  # rows either side of the lowest one that give its level
STRENGTH = 10.0  # how many times the gap between test and training cost the L2 penalty of the present weights shall be
NOTICEABLE = 0.01  # of the cost at the start


def diverging(probe: LaneProbe) -> Report | None:
    """Find a cost that rises from third to third of the last epochs, by more than its noise and noticeably."""
    cost = recent(probe, "train_cost", RECENT)
    if cost is None or cost.size < RECENT // 2:
        return None
    first, middle, last = thirds_of(cost)
    if not first < middle < last or last - first < max(0.1 * abs(first), 4.0 * noise(cost)):
        return None
    if last - first < NOTICEABLE * _cost_at_start(probe):
        return None
    rise = f"rose from {words.number(first, 3)} to {words.number(last, 3)}"
    evidence = f"The cost {rise} over the last {cost.size} recorded epochs."
    return Report(evidence, "The steps overshoot the valley, so they lead up instead of down.", slower(probe))


def _cost_at_start(probe: LaneProbe) -> float:
    """Return the size of the cost in the first row after the last edit; 0 if it is not finite."""
    start = first_epoch(probe)
    if start is None:
        return 0.0
    epochs, values = probe.history.curve("train_cost", 1, epochs=(start, start))
    cost = np.abs(values[epochs == start])
    return float(cost[0]) if cost.size and np.isfinite(cost[0]) else 0.0


def opposite(probe: LaneProbe) -> Report | None:
    """Find a monitor that gets worse over the same epochs in which the objective gets better."""
    lane, rows = probe.lane, compared_epochs(probe)
    objective = thirds(probe, f"train_{lane.objective.name}", rows)
    if (
        objective is None
        or not objective[0] > objective[1] > objective[2]
        or objective[0] - objective[2] < max(3.0 * objective[3], 0.1 * abs(objective[0]))
    ):
        return None
    for name, kind in lane.monitors:
        monitor = thirds(probe, f"train_{name}", rows)
        if monitor is None:
            continue
        sign = 1.0 if isinstance(kind, Loss) else -1.0
        first, middle, last = (sign * value for value in monitor[:3])
        rise = last - first
        if not first < middle < last or rise < max(3.0 * monitor[3], 0.1 * abs(first)):
            continue
        fall, change = (f"from {words.number(t[0], 3)} to {words.number(t[2], 3)}" for t in (objective, monitor))
        verb = "rose" if sign > 0 else "fell"
        fell, other = (
            texts.reduced(key, lane.settings.loss.reduction, within=True) for key in (lane.objective.name, name)
        )
        evidence = f"{words.capital(fell)} fell {fall} while {other} {verb} {change}."
        meaning = (
            "Only the loss that the lane learns with sends a gradient. What is also shown is only shown, and nothing "
            "keeps it from getting worse."
        )
        return Report(evidence, meaning, learn_with(name) if name in LOSSES else _other_objective(probe))
    return None


def _other_objective(probe: LaneProbe) -> Control | None:
    name = usual_objective(probe)
    return learn_with(name) if name != probe.objective.name else None


# Overfitting


@dataclass(frozen=True)
class Turn:
    """Levels of the test cost at its lowest and since, and of the training cost then and since."""

    test_then: float
    test_since: float
    train_then: float
    train_since: float


def turn_of(train: Array, test: Array) -> Turn | None:
    """Return how the test cost rose while the training cost fell; None if it did not, or not clearly.

    Levels are medians: of the rows around the lowest test cost, and of thirds of the rows after it. The last third
    must lie above the lowest level by a fifth of that level, by 3 % of the way down to it from the first row, and
    by four times the fluctuation from row to row; the middle third by half as much, and at most twice as far as the
    last, so that neither a spike nor a rise that is over counts. The training cost must have fallen since: by a
    twentieth, and by three times its own fluctuation.

    Parameters
    ----------
    train, test : array (k,)
        The objective without penalties, at the same epochs.
    """
    i = int(np.argmin(test))
    after = test[i + 1 :]
    if after.size < RECENT // 2 or not (np.isfinite(train).all() and np.isfinite(test).all()):
        return None
    around = slice(max(0, i - AROUND), i + AROUND + 1)
    low, then = median(test[around]), median(train[around])
    _, middle, last = thirds_of(after)
    needed = max(RISE * abs(low), UNDONE * (float(test[0]) - low), 4.0 * noise(after))
    if last - low < needed or middle - low < 0.5 * needed or last - low < 0.5 * (middle - low):
        return None
    trained = train[i + 1 :]
    since = thirds_of(trained)[2]
    if then - since < max(0.05 * abs(then), 3.0 * noise(trained)):
        return None
    return Turn(low, last, then, since)


def overfitting(probe: LaneProbe) -> Report | None:
    """Find a test cost that rises since its lowest while the training cost goes on falling; see `turn_of`."""
    name, data = probe.objective.name, probe.data
    start, last = first_epoch(probe), probe.history.last
    if start is None or last is None or len(data.X_test) < FEWEST:
        return None
    train, test = (_curve(probe, f"{part}_{name}", start, last.epoch) for part in ("train", "test"))
    if train.shape != test.shape or not test.size:
        return None
    turn = turn_of(train, test)
    latest = [last.values.get(f"{part}_{name}", math.nan) for part in ("train", "test")]
    if turn is None or not (latest[0] < turn.train_then and latest[1] > turn.test_then):
        return None
    epoch, best = lowest(probe, f"test_{name}", start, last.epoch)
    label = texts.reduced(name, probe.lane.settings.loss.reduction, within=True)
    evidence = (
        f"On the test part {label} was lowest at epoch {epoch:,} ({words.number(best, 3)}) "
        f"and is {words.number(latest[1], 3)} now, while on the training part it went on falling, to "
        f"{words.number(latest[0], 3)}."
    )
    meaning = (
        "What was learned since then has lowered the cost of the training samples only. An L2 penalty keeps weights "
        "small and the fit smooth; more samples or fewer units help, too."
    )
    return Report(evidence, meaning, _stronger_penalty(probe, turn))


def _curve(probe: LaneProbe, column: str, start: int, end: int) -> Array:
    """Return a column at the epochs of the training cost's curve, at most about `LONG` of them."""
    epochs, values = probe.history.curve(column, LONG, epochs=(start, end))
    return values[epochs >= start]


def _stronger_penalty(probe: LaneProbe, turn: Turn) -> Control:
    """Return a control for an L2 penalty that the present weights can not afford: a multiple of the gap in cost.

    At the lowest test cost, the gap between the two parts had only begun to open; the penalty has to outweigh it.
    """
    settings, units = probe.lane.settings, probe.sizes[-1]
    tested = len(probe.data.X_test)
    per_part = probe.factor * probe.m / (reduction_factor(settings.loss.reduction, tested, units) * tested)
    gap = max(turn.test_then * per_part - turn.train_since, 0.1 * abs(turn.test_then * per_part))
    weights = float(np.square(probe.network.theta * probe.network.weights).sum())
    l2 = max(one_digit(STRENGTH * 2.0 * gap / weights), one_digit(3.0 * settings.optimizer.l2))
    return set_to("optimizer.l2", min(l2, 1e3), words.number(min(l2, 1e3)))
