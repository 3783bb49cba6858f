"""What the window asks the training thread about a step: its figures, its claims and its choices, in this run."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sandbox import words
from sandbox.experiment.training.probe import LaneProbe
from sandbox.lessons.claim import Claim, Verdict, median
from sandbox.lessons.quantity import Quantity

UNKNOWN = Verdict(math.nan, math.nan, False, 0, 0)


@dataclass(frozen=True)
class StepAnswer:
    """A value for each figure and a verdict for each claim that was asked for, in their order."""

    figures: tuple[float, ...]
    claims: tuple[Verdict, ...]


@dataclass(frozen=True)
class AskStep:
    """How far is this run, in the terms of a step?

    Attributes
    ----------
    lane : str
        Any lane of the run.
    figures : tuple of Quantity
        Those in its text.
    claims : tuple of Claim
        Its own and those of its choices.
    """

    lane: str
    figures: tuple[Quantity, ...]
    claims: tuple[Claim, ...]

    def answer(self, probe: LaneProbe) -> StepAnswer:
        """Return the medians over the networks, and the verdicts; nan and unknown for lanes that are not there."""
        run = probe.run
        known = set() if run is None else {lane.name for lane in run.lanes}
        if run is None:
            return StepAnswer((math.nan,) * len(self.figures), (UNKNOWN,) * len(self.claims))
        return StepAnswer(
            tuple(
                median(figure.values(run)) if known.issuperset(figure.lanes) else math.nan for figure in self.figures
            ),
            tuple(claim.judge(run) if known.issuperset(claim.lanes) else UNKNOWN for claim in self.claims),
        )


def figure_text(figure: Quantity, value: float, is_over: bool) -> str:
    """Format a figure of a run; a dash while it can still come, which of "never" is known only once it `is_over`."""
    if math.isnan(value) or (math.isinf(value) and not is_over):
        return words.NOTHING
    return figure.text(value)
