"""Sentences that answer, beside the controls of the loss, whether a loss is only for information."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox import words
from sandbox.experiment.document import texts
from sandbox.experiment.training.snapshot import EditEffect, LaneState

MONITORS = frozenset({"loss.monitors"})


@dataclass(frozen=True)
class Answer:
    """A sentence, and the numbers that prove it; "" if there are none."""

    sentence: str
    proof: str = ""


def about_monitors(effect: EditEffect | None, lane: str) -> Answer | None:
    """Say that a change of what is shown changed no weight; None if that was not the last change of the lane."""
    changed = None if effect is None or effect.keys != MONITORS else effect.lane(lane)
    if effect is None or changed is None or changed.before != changed.after:
        return None
    when = f"after {words.count(effect.update, 'update')}" if effect.update else "at the start"
    weights = words.count(changed.weights, "weight")
    return Answer(
        f"Only shown: not one of {weights} changed, and training goes on as it would have.",
        f"Fingerprint of the weights {when}: {changed.before} before the change, {changed.after} after it.",
    )


def about_objective(state: LaneState, epoch: float, effect: EditEffect | None = None) -> Answer | None:
    """Say which losses found a lane's weights; None if it has learned with one alone, or nothing yet.

    Parameters
    ----------
    state : LaneState
    epoch : float
        Epochs done, counting the part of the current one.
    effect : EditEffect, optional
        What the last edit did.
    """
    spans = _spans(state.learned, epoch)
    if len(state.learned) < 2 or not spans:
        return None
    (_, first), (_, now) = state.learned[0], state.learned[-1]
    found = words.listed(f"{texts.label_within(name)} ({_epochs(length)})" for name, length in spans)
    if now == first:
        return Answer(f"These weights were found by {found}.")
    decides = ""
    if len(spans) == 1:
        loss, turned = texts.label_within(now), _turned(effect, state.name)
        turns = f": the gradient now points {words.degrees(turned)} away" if turned >= 1.0 else ""
        decides = (
            f" From here on, {loss} decides every update{turns}. No weight has changed yet, only the unit of the cost."
        )
    return Answer(
        f"These weights were found by {found}.{decides}",
        f"What {texts.label_within(now)} finds by itself shows only from the same start:",
    )


def _turned(effect: EditEffect | None, lane: str) -> float:
    """Return by how many degrees a change of the loss to learn with has turned a lane's gradient; 0 if unknown."""
    changed = None if effect is None or not effect.keys >= {"loss.objective"} else effect.lane(lane)
    return changed.turned if changed is not None and math.isfinite(changed.turned) else 0.0


def _spans(learned: Sequence[tuple[float, str]], epoch: float) -> list[tuple[str, float]]:
    """Return each loss that a lane has learned with, and for how many epochs."""
    ends = [start for start, _ in learned[1:]] + [epoch]
    return [(name, end - start) for (start, name), end in zip(learned, ends, strict=True) if end > start]


def _epochs(length: float) -> str:
    """Format a length of training: "1 epoch", "12.5 epochs"."""
    rounded = round(length, 1)
    if rounded == int(rounded):
        return words.count(int(rounded), "epoch")
    return f"{words.number(rounded)} epochs"
