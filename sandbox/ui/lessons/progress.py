"""How far a person has come in each lesson: kept in the settings of the program."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QSettings

from sandbox.lessons import lesson_folders

Points = tuple[tuple[float, float], ...]  # epoch and value
_GROUP, _MOST_POINTS = "lessons", 400


@dataclass
class Progress:
    """How far a person has come in one lesson.

    Attributes
    ----------
    step : int
        Where to go on, counted from 0.
    done : bool
        Whether it has been followed to its end.
    answers : dict
        What was predicted in each step: the index of a choice, or the points of a curve; None where the result was
        shown without a prediction.
    """

    step: int = 0
    done: bool = False
    answers: dict[int, int | Points | None] = field(default_factory=dict)


def key_of(folder: Path) -> str:
    """Return what a lesson is kept under: its name, or for a folder of one's own its place."""
    if lesson_folders().get(folder.name) == folder:
        return folder.name
    return "own-" + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]


def read_progress(folder: Path) -> Progress:
    """Return how far a person has come in the lesson of a folder; what cannot be read counts as nothing."""
    kept = Progress()
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        values = json.loads(str(QSettings().value(f"{_GROUP}/{key_of(folder)}", "{}")))
        answers = {int(step): _answer(value) for step, value in values.get("answers", {}).items()}
        kept = Progress(max(0, int(values.get("step", 0))), bool(values.get("done", False)), answers)
    return kept


def keep_progress(folder: Path, progress: Progress) -> None:
    """Keep it."""
    values = {"step": progress.step, "done": progress.done, "answers": progress.answers}
    QSettings().setValue(f"{_GROUP}/{key_of(folder)}", json.dumps(values))


def forget_progress(folder: Path | None = None) -> None:
    """Forget how far a person has come in the lesson of a folder, by default in all of them."""
    QSettings().remove(_GROUP if folder is None else f"{_GROUP}/{key_of(folder)}")


def all_progress() -> dict[str, str]:
    """Return how far a person has come in all lessons, to be brought back later."""
    settings = QSettings()
    settings.beginGroup(_GROUP)
    kept = {key: str(settings.value(key)) for key in settings.childKeys()}
    settings.endGroup()
    return kept


def bring_back_progress(kept: Mapping[str, str]) -> None:
    """Keep again how far a person had come."""
    for key, values in kept.items():
        QSettings().setValue(f"{_GROUP}/{key}", values)


def has_begun() -> bool:
    """Return whether any lesson has been begun, or the first one been offered in vain."""
    settings = QSettings()
    settings.beginGroup(_GROUP)
    begun = bool(settings.childKeys())
    settings.endGroup()
    return begun


def _answer(value: object) -> int | Points | None:
    if isinstance(value, list):
        points = tuple((float(epoch), float(height)) for epoch, height in value[:_MOST_POINTS])
        if not all(math.isfinite(number) for point in points for number in point):
            raise ValueError("a point of a curve is not finite")
        return points
    if value is not None and not isinstance(value, int):
        raise TypeError("an answer is a whole number or a curve")
    return value
