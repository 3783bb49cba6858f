"""Sentences that compare two lanes."""

from __future__ import annotations

import math

from sandbox import words
from sandbox.experiment.document import texts
from sandbox.experiment.lens.advantage import FEWEST, Advantage, Estimate
from sandbox.experiment.lens.pair import PairState


def proof(state: PairState) -> str:
    """Say whether the weights are identical, and if not, since when."""
    after = f"after {words.count(state.update, 'update')}"
    if not state.parameters:
        return "The networks have different shapes: their weights cannot be compared one by one."
    if state.diverged_at is None:
        per_network = f" in each of {state.replicas} networks" if state.replicas > 1 else ""
        return f"Weights identical: {state.differ:,} of {state.parameters:,} differ{per_network} {after}."
    current = f"Now {state.differ:,} of {state.parameters:,} differ, and they are {words.cost(state.distance)} apart"
    if not math.isnan(state.angle):
        current += f"; their latest updates point {words.degrees(state.angle)} apart"
    if state.replicas > 1:
        current += f" (medians of {state.replicas} seeds)"
    if state.diverged_at == 0:
        return f"The weights differ from the start. {current}."
    if state.diverged_at == 1:
        return f"The weights first differ after one update. {current}."
    same = f"The weights are identical up to update {state.diverged_at - 1:,}"
    return f"{same} and first differ at update {state.diverged_at:,}. {current}."


def difference(state: PairState) -> str:
    """Say in which settings the two lanes differ."""
    if not state.differences:
        return "They have the same settings."
    keys = [setting.key for setting in state.differences]
    parts = [
        f"{texts.setting_within(setting.key)}: {texts.setting_text(setting.key, setting.one)} | "
        f"{texts.setting_text(setting.key, setting.other)}"
        for setting in state.differences
        if setting.key != "loss.monitors" or "loss.objective" not in keys  # they follow the objective
    ]
    if keys == ["loss.monitors"]:
        return f"They differ only in what is shown, which changes no weight ({parts[0]})."
    return f"They differ in {'; '.join(parts)}."


def goal(column: str, level: float) -> str:
    """Return the level to reach as text: "a test accuracy of 95 %"."""
    part, _, name = column.partition("_")
    part_name = {"train": "training", "test": "test"}[part]
    return f"a {part_name} {texts.label_within(name)} of {level_text(column, level)}"


def level_text(column: str, level: float) -> str:
    """Format a level: 95 % for a share."""
    if texts.is_share(column):
        return f"{words.number(100.0 * level)}{words.THIN_SPACE}%"
    return words.number(level)


def first(found: Advantage, one: str, other: str) -> str:
    """Say which of two lanes, named `one` and `other`, reaches the level first."""
    if not found.comparable:
        return unlike(found.column.partition("_")[2], (one, found.codings[0]), (other, found.codings[1]))
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
    shown = ratio if ratio.value >= 1.0 else inverse(ratio)
    if shown.value == 1.0:
        sentence = f"{one} and {other} need the same number of epochs to reach {to}"
    else:
        sentence = f"{slow} needs {_times(shown.value)} as many epochs as {quick} to reach {to}"
    caveat = " The interval contains 1: the difference may be chance." if shown.low <= 1.0 <= shown.high else ""
    return f"{sentence}, {interval(shown)}{found.seeds} seeds.{caveat} {reached}"


def unlike(loss: str, one: tuple[str, str], other: tuple[str, str]) -> str:
    """Say why a loss of two lanes, each given with its coding, is not compared."""
    (name, coding), (other_name, other_coding) = one, other
    return (
        f"{texts.label_of(loss)} is not compared: the classes are {texts.CODINGS[coding]} in {name} and "
        f"{texts.CODINGS[other_coding]} in {other_name}, so the same mistake is another number in each."
    )


def _first_of_one(advantage: Advantage, one: str, other: str, to: str) -> str:
    if not (advantage.reached and advantage.other_reached):
        quick, slow, epochs = (
            (one, other, advantage.epochs) if advantage.reached else (other, one, advantage.other_epochs)
        )
        return f"{quick} reached {to} after {words.count(int(epochs), 'epoch')}; {slow} has not yet."
    at = f"({words.count(round(advantage.epochs), 'epoch')} of {one}, {round(advantage.other_epochs):,} of {other})"
    if advantage.epochs == advantage.other_epochs:
        return f"Both reached {to} after {words.count(int(advantage.epochs), 'epoch')}."
    slow, quick = (other, one) if advantage.ratio.value >= 1.0 else (one, other)
    ratio = max(advantage.ratio.value, 1.0 / advantage.ratio.value)
    return f"{slow} needed {_times(ratio)} as many epochs as {quick} to reach {to} {at}. One seed says little."


def _times(ratio: float) -> str:
    return f"{words.number(ratio, 2 if ratio < 100 else 3)} times"


def inverse(estimate: Estimate) -> Estimate:
    """Return the estimate of the reciprocal."""
    low, high = (math.inf if end == 0.0 else 1.0 / end for end in (estimate.high, estimate.low))
    return Estimate(math.inf if estimate.value == 0.0 else 1.0 / estimate.value, low, high)


def interval(estimate: Estimate) -> str:
    """Return "1.6 to 2.3 (95 % interval), "; "" if there are too few seeds."""
    if math.isnan(estimate.low):
        return ""
    low = words.number(estimate.low, 2)
    ends = f"{low} or more" if math.isinf(estimate.high) else f"{low} to {words.number(estimate.high, 2)}"
    return f"{ends} ({words.share(0.95, 0)} interval), "


def gap(found: Advantage, one: str, other: str) -> str:
    """Say how the latest recorded values compare."""
    if math.isnan(found.gap.value) or not found.comparable:
        return ""
    share = texts.is_share(found.column)
    last, other_last = (texts.column_text(found.column, value) for value in (found.last, found.other_last))
    latest = f"After epoch {found.epoch:,}: {last} ({one}) and {other_last} ({other})"
    if found.seeds < FEWEST or math.isnan(found.gap.low):
        return f"{latest}."
    ends = dict.fromkeys(_signed(end, share) for end in (found.gap.low, found.gap.high))
    points = " points" if share else ""
    interval = f"({words.share(0.95, 0)} interval)"
    return f"{latest}; seed by seed, {one} minus {other}: {' to '.join(ends)}{points} {interval}."


def _signed(value: float, share: bool) -> str:
    """Return "+3.3" for a share of 0.033, "\u22121.3e\u22125" for another value, "0" for 0."""
    if not value:
        return "0"
    return words.signed(words.number(100.0 * value, 3) if share else words.cost(value))
