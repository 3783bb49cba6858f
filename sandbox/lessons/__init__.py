"""Lessons: guided experiments, whose every claim is checked by training them."""

from sandbox.lessons.claim import Claim, Verdict, read_claim
from sandbox.lessons.follow import Outcome, follow
from sandbox.lessons.lesson import Lesson, Prediction, Step, read_lesson
from sandbox.lessons.measured import read_measured, write_measured
from sandbox.lessons.quantity import Quantity, read_quantity
from sandbox.lessons.question import AskStep, StepAnswer, figure_text
from sandbox.lessons.shipped import lesson_folder, lesson_folders, shipped_lessons

__all__ = [
    "AskStep", "Claim", "Lesson", "Outcome", "Prediction", "Quantity", "Step", "StepAnswer", "Verdict", "figure_text",
    "follow", "lesson_folder", "lesson_folders", "read_claim", "read_lesson", "read_measured", "read_quantity",
    "shipped_lessons", "write_measured",
]  # fmt: skip
