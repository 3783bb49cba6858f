"""What was measured of a lesson's claims, over all its seeds: written beside it, shown with it, and checked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w

from sandbox.errors import input_error
from sandbox.experiment.document.toml_file import parse, read_text
from sandbox.files import write_atomic
from sandbox.lessons.claim import Claim, Verdict
from sandbox.lessons.lesson import Lesson

FILE = "measured.toml"
_DIGITS = 6  # significant ones: the last bits differ between machines


def write_measured(lesson: Lesson, steps: Sequence[Sequence[tuple[Claim, Verdict]]]) -> None:
    """Write the verdicts on the claims of each step beside the lesson.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    rows = [
        {
            "step": number,
            "claim": claim.text,
            "value": float(f"{verdict.value:.{_DIGITS}g}"),
            "other": float(f"{verdict.other:.{_DIGITS}g}"),
            "holds": verdict.holds,
            "seeds": verdict.seeds,
            "of": verdict.of,
        }
        for number, verdicts in enumerate(steps, start=1)
        for claim, verdict in verdicts
    ]
    write_atomic(lesson.folder / FILE, tomli_w.dumps({"claims": rows}))


def read_measured(lesson: Lesson) -> tuple[Mapping[str, Verdict], ...]:
    """Return for each step the verdicts by the texts of its claims, without those that were not measured.

    Steps may claim the same of different experiments.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    path = lesson.folder / FILE
    if not path.exists():
        return tuple({} for _ in lesson.steps)
    rows = parse(read_text(path, "what was measured"), str(path)).get("claims") or []
    by_step = {(row.get("step"), row.get("claim")): row for row in rows}
    return tuple(
        {
            claim.text: _verdict(by_step[number, claim.text], path)
            for claim in step.claims
            if (number, claim.text) in by_step
        }
        for number, step in enumerate(lesson.steps, start=1)
    )


def _verdict(row: dict[str, Any], path: Path) -> Verdict:
    try:
        return Verdict(float(row["value"]), float(row["other"]), bool(row["holds"]), int(row["seeds"]), int(row["of"]))
    except (KeyError, TypeError, ValueError):
        raise input_error(str(path), "a claim lacks its numbers; measure it again.") from None
