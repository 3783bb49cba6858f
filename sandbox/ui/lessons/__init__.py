"""The panel of guided lessons: the list, the steps, the ring around what a step points at, and what a step does."""

from sandbox.ui.lessons.desk import LessonDesk

__all__ = ["LessonDesk"]
