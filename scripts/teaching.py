"""Write docs/teaching.md: every lesson with what was measured of its claims."""

from __future__ import annotations

from pathlib import Path

from sandbox.lessons import shipped_lessons
from sandbox.lessons.guide import teaching_page

PAGE = Path(__file__).parents[1] / "docs" / "teaching.md"

if __name__ == "__main__":
    PAGE.write_text(teaching_page(shipped_lessons().values()), encoding="utf-8")
