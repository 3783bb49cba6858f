"""What was measured of a lesson's claims, over all its seeds: written beside it, shown with it, and checked again."""

from __future__ import annotations

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


def write_measured(lesson: Lesson, verdicts: list[tuple[Claim, Verdict]]) -> None:
    """Write the verdicts beside the lesson.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    rows = [
        {
            "claim": claim.text,
            "value": float(f"{verdict.value:.{_DIGITS}g}"),
            "other": float(f"{verdict.other:.{_DIGITS}g}"),
            "holds": verdict.holds,
            "seeds": verdict.seeds,
            "of": verdict.of,
        }
        for claim, verdict in verdicts
    ]
    write_atomic(lesson.folder / FILE, tomli_w.dumps({"claims": rows}))


def read_measured(lesson: Lesson) -> dict[str, Verdict]:
    """Return the verdict of each claim by its text; nothing for those that were not measured.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    path = lesson.folder / FILE
    if not path.exists():
        return {}
    rows = parse(read_text(path, "what was measured"), str(path)).get("claims")
    known = {claim.text for claim in lesson.claims}
    return {row["claim"]: _verdict(row, path) for row in rows or [] if row.get("claim") in known}


def _verdict(row: dict[str, Any], path: Path) -> Verdict:
    try:
        return Verdict(float(row["value"]), float(row["other"]), bool(row["holds"]), int(row["seeds"]), int(row["of"]))
    except (KeyError, TypeError, ValueError):
        raise input_error(str(path), "a claim lacks its numbers; measure it again.") from None
