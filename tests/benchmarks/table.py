"""What was measured, against the goals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """How much time is spent on measuring.

    Attributes
    ----------
    rounds : int
        Alternations of the two sides of a ratio.
    seconds : float
        For one side in one round.
    changes : int
        Changes of a control that are followed to the screen.
    frames : float
        Seconds over which frames are watched.
    starts : int
        Fresh processes.
    memory : tuple of float
        Seconds of training after which the memory is read, first and last.
    compared : bool
        Whether to measure scikit-learn and PyTorch too.
    """

    rounds: int = 9
    seconds: float = 0.6
    changes: int = 80
    frames: float = 30.0
    starts: int = 5
    memory: tuple[float, float] = (60.0, 600.0)
    compared: bool = True


FULL = Effort()
QUICK = Effort(rounds=5, seconds=0.2, changes=40, frames=10.0, starts=3, memory=(4.0, 40.0))
SHORTEST = Effort(rounds=1, seconds=0.02, changes=1, frames=0.1, starts=1, memory=(0.1, 0.2), compared=False)


@dataclass(frozen=True)
class Row:
    """One line of the table; `ok` is None if it has no goal, or could not be measured."""

    what: str
    measured: str
    wanted: str = ""
    ok: bool | None = None


def at_least(what: str, ratio: float, wanted: float, note: str = "") -> Row:
    """Return the row of a ratio that must reach `wanted`."""
    return Row(what, _noted(f"{ratio:.3g} times", note), f">= {wanted:g} times", ratio >= wanted)


def at_most(what: str, value: float, wanted: float, unit: str, note: str = "") -> Row:
    """Return the row of a figure that must not exceed `wanted`."""
    return Row(what, _noted(f"{value:.3g} {unit}", note), f"<= {wanted:g} {unit}", value <= wanted)


def _noted(text: str, note: str) -> str:
    return f"{text} ({note})" if note else text


def skipped(what: str, reason: str) -> Row:
    """Return the row of what could not be measured here."""
    return Row(what, f"skipped: {reason}")


def written(rows: Sequence[Row]) -> str:
    """Return the table as text, which is also valid Markdown."""
    head = ("what", "measured", "wanted", "")
    verdicts = {True: "ok", False: "MISS", None: ""}
    lines = [head, *((row.what, row.measured, row.wanted, verdicts[row.ok]) for row in rows)]
    widths = [max(len(line[k]) for line in lines) for k in range(len(head))]
    lines.insert(1, tuple("-" * max(width, 3) for width in widths))  # type: ignore[arg-type]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |" for line in lines
    )
