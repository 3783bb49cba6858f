"""What the lessons say is seen in the window is offered there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.lessons import Lesson, lesson_folders, read_lesson

CHOSEN = re.compile(r"choose \*\*([^*]+)\*\*\s+(?:in|there)\b")
NAMES = ("08-wrong-labels", "09-rare-class", "13-loss-or-learning-rate")


def chosen(lesson: Lesson) -> list[tuple[str, str]]:
    """Return each loss or metric that the person is told to choose in Cost, with the experiment open at the step."""
    found, file = [], "experiment.toml"
    for step in lesson.steps:
        file = step.open or file
        found += [(file, name) for name in CHOSEN.findall(step.text)]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_what_is_to_be_chosen_in_the_cost_view_is_offered(open_window: Callable[..., Any], name: str) -> None:
    lesson = read_lesson(lesson_folders()[name])
    assert chosen(lesson)
    for file, label in chosen(lesson):
        driver = open_window(lesson.experiments[file])
        only = driver.window.cost.only
        assert only.isVisible() and only.currentText() == "what each learns with"
        driver.choose(only, label)
        assert only.currentText() == label
        driver.settle()
        shown = {row.label for row, _, _ in driver.window.cost.legend.shown_curves()}
        assert shown == {label}
