"""The code that stands in the text of a lesson."""

from __future__ import annotations

import re

from sandbox.lessons import Lesson


def listings(lesson: Lesson) -> list[str]:
    """Return the Python code in a lesson, block by block."""
    text = "\n".join(step.text for step in lesson.steps)
    return [str(block) for block in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)]
