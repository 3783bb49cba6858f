"""What is known of two lanes, in sentences."""

from __future__ import annotations

import math

from sandbox import words
from sandbox.experiment.document import texts
from sandbox.experiment.lens.advantage import FEWEST, Advantage, Estimate
from sandbox.experiment.lens.pair import PairState


def proof(state: PairState) -> str:
    """Return whether the weights are the same, and since when not."""
    after = f"after {words.count(state.update, 'update')}"
    if not state.parameters:
        return "The networks are of different shape: their weights cannot be compared one by one."
    if state.parted is None:
        each = f" in each of {state.replicas} networks" if state.replicas > 1 else ""
        return f"Weights identical: {state.differ:,} of {state.parameters:,} differ{each} {after}."
    now = f"Now {state.differ:,} of {state.parameters:,} differ, and they are {words.cost(state.distance)} apart"
    if not math.isnan(state.angle):
        now += f"; their latest updates point {words.degrees(state.angle)} apart"
    if state.replicas > 1:
        now += f" (medians of {state.replicas} seeds)"
    if state.parted == 0:
        return f"The weights differ from the start. {now}."
    if state.parted == 1:
        return f"The weights part at the first update. {now}."
    return f"The weights are identical up to update {state.parted - 1:,}, and part at update {state.parted:,}. {now}."


def difference(state: PairState) -> str:
    """Return in what the two differ."""
    if not state.differences:
        return "They have the same settings."
    keys = [each.key for each in state.differences]
    parts = [
        f"{texts.setting_within(each.key)}: {texts.value_text(each.one)} | {texts.value_text(each.other)}"
        for each in state.differences
        if each.key != "loss.monitors" or "loss.objective" not in keys  # they follow the objective
    ]
    if keys == ["loss.monitors"]:
        return f"They differ only in what is shown, which changes no weight ({parts[0]})."
    return f"They differ in {'; '.join(parts)}."


def goal(column: str, level: float) -> str:
    """Return what is to be reached: "a test accuracy of 95 %"."""
    part, _, name = column.partition("_")
    whose = {"train": "training", "test": "test"}[part]
    return f"a {whose} {texts.label_within(name)} of {level_text(column, level)}"


def level_text(column: str, level: float) -> str:
    """Return a level as people write it: 95 % for a share."""
    if texts.is_share(column):
        return f"{words.number(100.0 * level)}{words.THIN_SPACE}%"
    return words.number(level)


def first(found: Advantage, one: str, other: str) -> str:
    """Return which of two lanes, called so, gets there first."""
    to = goal(found.column, found.level)
    if not found.reached and not found.other_reached:
        return f"Neither lane has reached {to} yet."
    if found.seeds == 1:
        return _first_of_one(found, one, other, to)
    reached = (
        f"{found.reached} of {found.seeds} seeds of {one} reach it, {found.other_reached} of {found.seeds} of {other}."
    )
    ratio = found.ratio
    if math.isinf(ratio.value) or ratio.value == 0.0:
        quick, slow = (one, other) if math.isinf(ratio.value) else (other, one)
        return f"{quick} has reached {to} with most seeds, {slow} has not yet. {reached}"
    slow, quick = (other, one) if ratio.value >= 1.0 else (one, other)
    told = ratio if ratio.value >= 1.0 else inverse(ratio)
    if told.value == 1.0:
        sentence = f"{one} and {other} need the same number of epochs to reach {to}"
    else:
        sentence = f"{slow} needs {_times(told.value)} the epochs of {quick} to reach {to}"
    chance = " The interval holds 1: the difference may be chance." if told.low <= 1.0 <= told.high else ""
    return f"{sentence}, {interval(told)}{found.seeds} seeds.{chance} {reached}"


def _first_of_one(found: Advantage, one: str, other: str, to: str) -> str:
    if not (found.reached and found.other_reached):
        quick, slow, epochs = (one, other, found.epochs) if found.reached else (other, one, found.other_epochs)
        return f"{quick} reached {to} after {words.count(int(epochs), 'epoch')}; {slow} has not yet."
    at = f"({words.count(round(found.epochs), 'epoch')} of {one}, {round(found.other_epochs):,} of {other})"
    if found.epochs == found.other_epochs:
        return f"Both reached {to} after {words.count(int(found.epochs), 'epoch')}."
    slow, quick = (other, one) if found.ratio.value >= 1.0 else (one, other)
    ratio = max(found.ratio.value, 1.0 / found.ratio.value)
    return f"{slow} needed {_times(ratio)} the epochs of {quick} to reach {to} {at}. One seed says little."


def _times(ratio: float) -> str:
    return f"{words.number(ratio, 2 if ratio < 100 else 3)} times"


def inverse(estimate: Estimate) -> Estimate:
    """Return the estimate of one over it."""
    low, high = (math.inf if end == 0.0 else 1.0 / end for end in (estimate.high, estimate.low))
    return Estimate(math.inf if estimate.value == 0.0 else 1.0 / estimate.value, low, high)


def interval(estimate: Estimate) -> str:
    """Return "1.6 to 2.3 (95 % interval), "; what too few seeds cannot tell is left out."""
    if math.isnan(estimate.low):
        return ""
    low = words.number(estimate.low, 2)
    ends = f"{low} or more" if math.isinf(estimate.high) else f"{low} to {words.number(estimate.high, 2)}"
    return f"{ends} ({words.share(0.95, 0)} interval), "


def gap(found: Advantage, one: str, other: str) -> str:
    """Return how the newest values that are recorded compare."""
    if math.isnan(found.gap.value):
        return ""
    share = texts.is_share(found.column)
    last, other_last = (texts.column_text(found.column, value) for value in (found.last, found.other_last))
    now = f"After epoch {found.epoch:,}: {last} ({one}) and {other_last} ({other})"
    if found.seeds < FEWEST or math.isnan(found.gap.low):
        return f"{now}."
    ends = dict.fromkeys(_signed(end, share) for end in (found.gap.low, found.gap.high))
    points = " points" if share else ""
    interval = f"({words.share(0.95, 0)} interval)"
    return f"{now}; seed by seed {one} less {other}: {' to '.join(ends)}{points} {interval}."


def _signed(value: float, share: bool) -> str:
    """Return "+3.3" for a share of 0.033, "\u22121.3e\u22125" for what is none, and "0"."""
    if not value:
        return "0"
    return words.signed(words.number(100.0 * value, 3) if share else words.cost(value))
