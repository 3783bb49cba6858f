"""The lessons that ship with the program."""

from __future__ import annotations

from pathlib import Path

from sandbox.lessons.lesson import TEXT, Lesson, read_lesson
from sandbox.resources import resource


def lesson_folders() -> dict[str, Path]:
    """Return the folder of each lesson by name, in their order; nothing is read yet."""
    folders = sorted(path for path in resource("lessons").iterdir() if (path / TEXT).is_file())
    return {path.name: path for path in folders}


def shipped_lessons() -> dict[str, Lesson]:
    """Read all lessons that ship with the program, by name, in their order."""
    return {name: read_lesson(folder) for name, folder in lesson_folders().items()}
