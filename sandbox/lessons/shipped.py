"""Where lessons are: those that ship with the program, and the folder that a path names."""

from __future__ import annotations

from pathlib import Path

from sandbox.lessons.lesson import TEXT, Lesson, read_lesson
from sandbox.resources import resource


def lesson_folders() -> dict[str, Path]:
    """Return the folder of each lesson by name, in their order; nothing is read yet."""
    folders = sorted(path for path in resource("lessons").iterdir() if (path / TEXT).is_file())
    return {path.name: path for path in folders}


def lesson_folder(path: Path) -> Path | None:
    """Return the folder of a lesson that a path names: the folder itself, or its text; None for anything else."""
    if path.name == TEXT:
        return path.parent
    return path if (path / TEXT).is_file() else None


def shipped_lessons() -> dict[str, Lesson]:
    """Read all lessons that ship with the program, by name, in their order."""
    return {name: read_lesson(folder) for name, folder in lesson_folders().items()}
