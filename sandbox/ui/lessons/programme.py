"""The programme of a workshop: which of the lessons are shown to a group, kept in the settings of the program."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QSettings

from sandbox.errors import InputError
from sandbox.lessons import lesson_folders, read_lesson
from sandbox.ui.lessons.lesson_list import Entry
from sandbox.ui.lessons.progress import read_progress

_KEY = "workshop/lessons"


def read_programme() -> frozenset[str]:
    """Return the names of the lessons that were chosen; none if all are shown."""
    kept = str(QSettings().value(_KEY, "", type=str)).split()
    return frozenset(kept) & frozenset(lesson_folders())


def keep_programme(names: Iterable[str]) -> None:
    """Keep which lessons were chosen."""
    QSettings().setValue(_KEY, " ".join(sorted(names)))


def listed(own: Sequence[Path], everything: bool) -> list[Entry]:
    """Return what the list shows: the programme and the folders that were opened, or `everything` that ships."""
    programme = frozenset[str]() if everything else read_programme()
    numbered = list(enumerate([*lesson_folders().values(), *own], start=1))
    chosen = [place for place in numbered if place[1] not in own and (not programme or place[1].name in programme)]
    opened = [] if everything else [place for place in numbered if place[1] in own]
    return [_entry(*place) for place in (*chosen, *opened)]


def _entry(number: int, folder: Path) -> Entry:
    try:
        lesson = read_lesson(folder)
    except InputError as error:
        return Entry(folder, folder.name, str(error), number)
    progress = read_progress(folder)
    begun = progress.step > 0 and not progress.done
    note = f"You are at step {progress.step + 1} of {len(lesson.steps)}." if begun else ""
    has_any = begun or progress.done or bool(progress.answers)
    return Entry(folder, lesson.title, lesson.summary, number, note, progress.done, has_any)
