"""Sentences that compare two lanes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sandbox import words
from sandbox.experiment.document import texts
from sandbox.experiment.lens.advantage import FEWEST, Advantage, End, Estimate
from sandbox.experiment.lens.pair import PairState
from sandbox.experiment.lens.rates import MatchedRates
from sandbox.experiment.training.scales import Scale
from sandbox.nn import OPTIMIZERS


def proof(state: PairState) -> str:
    """Say whether the weights are identical, and if not, since when."""
    after = f"after {words.count(state.update, 'update')}"
    if not state.parameters:
        return "The networks have different shapes: their weights cannot be compared one by one."
    if state.diverged_at is None:
        per_network = f" in each of {state.replicas} networks" if state.replicas > 1 else ""
        return f"Weights identical: {state.differ:,} of {state.parameters:,} differ{per_network} {after}."
    differ = f"{state.differ:,} of {state.parameters:,} differ"
    differ = f"up to {differ} in a seed" if state.replicas > 1 else differ
    current = f"Now {differ}, and they are {words.cost(state.distance)} apart"
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
    return f"a {part_name} {texts.value_within(name)} of {level_text(column, level)}"


def level_text(column: str, level: float) -> str:
    """Format a level: 95 % for a share."""
    if texts.is_share(column):
        return f"{words.number(100.0 * level)}{words.THIN_SPACE}%"
    return words.number(level)


def first(found: Advantage, one: str, other: str) -> str:
    """Say which of two lanes, named `one` and `other`, reaches the level first."""
    if not found.comparable:
        return unlike(found.column.partition("_")[2], (one, found.scales[0]), (other, found.scales[1]))
    to = goal(found.column, found.level)
    if found.reductions - {"mean"} and found.scales[0]:
        to += " (as a mean over samples)"
    if not found.reached and not found.other_reached:
        return f"Neither lane has reached {to}{_yet(found)}."
    sentence = _first_of_one if found.seeds == 1 or found.alike else _first_of_seeds
    return f"{sentence(found, one, other, to)}{_known(found)}"


def _first_of_seeds(found: Advantage, one: str, other: str, to: str) -> str:
    reached = (
        f"{found.reached} of {found.seeds} seeds of {one} reach it, {found.other_reached} of {found.seeds} of {other}."
    )
    ratio = found.ratio
    if not 0.0 < ratio.value < math.inf or (ratio.low == 0.0 and math.isinf(ratio.high)):
        return f"{_first_by_count(found, one, other, to)} {reached}"
    slow, quick = (other, one) if ratio.value >= 1.0 else (one, other)
    shown = ratio if ratio.value >= 1.0 else inverse(ratio)
    if shown.value == 1.0:
        sentence = f"{one} and {other} need the same number of epochs to reach {to}"
    else:
        sentence = f"{slow} needs {words.times_as(shown.value, 'many epochs as')} {quick} to reach {to}"
    within = words.rounded_ratio(shown.low) <= 1.0 <= words.rounded_ratio(shown.high)
    caveat = " The interval contains 1: the difference may be chance." if within else ""
    seeds = f"{found.compared} of {found.seeds} seeds" if found.compared < found.seeds else f"{found.seeds} seeds"
    return f"{sentence}, {interval(shown)}{seeds}.{caveat} {reached}"


def _first_by_count(found: Advantage, one: str, other: str, to: str) -> str:
    """Say with how many seeds either lane is first: there is no ratio if too many get there in one of them only."""
    seeds = f"{found.seeds} seeds"
    if found.sooner == found.other_sooner:
        return f"Neither lane is first: each reaches {to} first with {found.sooner} of {seeds}."
    counts = [(found.sooner, one), (found.other_sooner, other)]
    (more, quick), (fewer, slow) = sorted(counts, key=lambda count: -count[0])
    return f"{quick} reaches {to} first with {more} of {seeds}, {slow} with {fewer}."


def _yet(found: Advantage) -> str:
    return " at any recorded epoch" if found.gaps else " yet"


def _known(found: Advantage) -> str:
    """Say how finely the epochs are known, where that is not one by one from the start."""
    since = f" Nothing is known of the epochs before {found.since:,}." if found.since else ""
    if found.step < 2:
        return since
    return f"{since} Only recorded epochs count: the one before may be {found.step:,} epochs earlier."


Named = tuple[str, Sequence[Scale]]  # a lane's name, and the scales on which it has read a loss


def unlike(loss: str, one: Named, other: Named) -> str:
    """Say why a loss of two lanes is not compared."""
    (name, scales), (other_name, other_scales) = one, other
    label = f"{texts.label_of(loss)} is not compared"
    for changed, changed_scales in (one, other):
        if len(changed_scales) > 1:
            what = _unlike_parts(*changed_scales[-2:])[0][0]
            return (
                f"{label}: {what} changed in {changed} during training, so the same mistake was another number before."
            )
    what, *values = _unlike_parts(scales[0], other_scales[0])[0]
    verb = "are" if what == _CLASSES else "is"
    return (
        f"{label}: {what} {verb} {values[0]} in {name} and {values[1]} in {other_name}, "
        "so the same mistake is another number in each."
    )


_CLASSES = "the classes"


def _unlike_parts(one: Scale, other: Scale) -> list[tuple[str, str, str]]:
    """Return in what two scales differ, with the two values."""
    parts = []
    if one.coding != other.coding:
        parts.append((_CLASSES, texts.CODINGS[one.coding], texts.CODINGS[other.coding]))
    for (name, value), (_, other_value) in zip(one.parameters, other.parameters, strict=True):
        if value != other_value:
            key = f"loss.{name}"
            parts.append(
                (texts.setting_within(key), texts.setting_text(key, value), texts.setting_text(key, other_value))
            )
    return parts


def _first_of_one(found: Advantage, one: str, other: str, to: str) -> str:
    lanes = [(found.epochs, one, found.ends[0]), (found.other_epochs, other, found.ends[1])]
    (least, quick, _), (most, slow, end) = sorted(lanes, key=lambda lane: lane[0])
    if math.isinf(most):
        rest = f"{slow} stopped before it did" if end.stopped else f"{slow} has not{_yet(found)}"
        return f"{quick} {_reached(to, least)}; {rest}."
    if least == most:
        return f"Both {_reached(to, least)}."
    if least == 0.0:
        return f"{quick} {_reached(to, least)}, {slow} after {words.count(int(most), 'epoch')}."
    at = f"({words.count(int(found.epochs), 'epoch')} of {one}, {int(found.other_epochs):,} of {other})"
    little = f"All {found.seeds} seeds are one and the same network." if found.alike else "One seed says little."
    return f"{slow} needed {words.times_as(most / least, 'many epochs as')} {quick} to reach {to} {at}. {little}"


def _reached(to: str, epochs: float) -> str:
    when = f"after {words.count(int(epochs), 'epoch')}" if epochs else "before the first epoch"
    return f"reached {to} {when}"


def match(rates: MatchedRates, lane: str, one: str, other: str) -> str:
    """Say what matching does to a lane, named `one`, if it follows the one that was asked about, named `other`."""
    rows = {row.lane: row for row in rates.rows}
    row, asked = rows[lane], rows[rates.lane]
    step = f"first update of {one}, from the initial weights,"
    if math.isnan(row.matched):
        return f"There is no rate at which the {step} is as long as that of {other}."
    if row.can_follow:
        said = (
            f"Matching sets the rate of {one} from {words.number(row.rate)} to {words.number(row.matched)}: the {step} "
            f"is then as long as that of {other}, which keeps its {words.number(asked.rate)}."
        )
    else:
        said = f"The {step} is as long as that of {other}."
    rescaling = sorted({each.optimizer for each in (row, asked) if OPTIMIZERS[each.optimizer].rescales})
    if not rescaling:
        return said
    names = words.listed([OPTIMIZERS[name].label for name in rescaling])
    verb = "scales its" if len(rescaling) == 1 else "scale their"
    return f"{said} {names} {verb} own steps, so a match says less about the later ones."


def inverse(estimate: Estimate) -> Estimate:
    """Return the estimate of the reciprocal."""
    low, high = (math.inf if end == 0.0 else 1.0 / end for end in (estimate.high, estimate.low))
    return Estimate(math.inf if estimate.value == 0.0 else 1.0 / estimate.value, low, high)


def interval(estimate: Estimate) -> str:
    """Return "1.6 to 2.3 (95 % interval), "; "" if there is none."""
    if math.isnan(estimate.low):
        return ""
    low = words.ratio(estimate.low)
    ends = f"{low} or more" if math.isinf(estimate.high) else f"{low} to {words.ratio(estimate.high)}"
    return f"{ends} ({words.share(0.95, 0)} interval), "


def gap(found: Advantage, one: str, other: str) -> str:
    """Say how the latest values compare."""
    if math.isnan(found.gap.value) or not found.comparable:
        return ""
    share = texts.is_share(found.column)
    last, other_last = (texts.column_text(found.column, value) for value in (found.last, found.other_last))
    end, other_end = found.ends
    notes = [_of_seeds(found, each) for each in found.ends]
    if end.stopped or other_end.stopped or end.epoch != other_end.epoch:
        notes = [f", {_moment(each)}{note}" for each, note in zip(found.ends, notes, strict=True)]
        when = "The latest values"
    else:
        when = f"After epoch {end.epoch:,}"
    medians = ", medians" if found.seeds > 1 else ""
    latest = f"{when}: {last} ({one}{notes[0]}) and {other_last} ({other}{notes[1]}){medians}"
    if found.seeds < FEWEST or math.isnan(found.gap.low):
        return f"{latest}."
    ends = dict.fromkeys(_signed(end, share) for end in (found.gap.low, found.gap.high))
    points = " points" if share else ""
    interval = f"({words.share(0.95, 0)} interval)"
    return f"{latest}; seed by seed, {one} minus {other}: {' to '.join(ends)}{points} {interval}."


def _moment(end: End) -> str:
    return f"stopped after update {end.update:,}" if end.stopped else f"after epoch {end.epoch:,}"


def _of_seeds(found: Advantage, end: End) -> str:
    """Say of how many seeds a median is, if some have stopped."""
    return f", {end.networks} of {found.seeds} seeds" if end.networks < found.seeds else ""


def _signed(value: float, share: bool) -> str:
    """Return "+3.3" for a share of 0.033, "\u22121.3e\u22125" for another value, "0" for 0."""
    if not value:
        return "0"
    return words.signed(words.number(100.0 * value, 3) if share else words.cost(value))
