"""The page for teachers: every lesson with what it shows, and what was measured of its claims."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sandbox import words
from sandbox.lessons.claim import SIGNS, Claim, Verdict
from sandbox.lessons.lesson import Lesson
from sandbox.lessons.measured import read_measured

HEAD = """# For teachers

{count} to be guided through, each on one question that people ask about loss functions. A lesson takes about five
minutes, alone or in a room: it asks for a prediction, trains, and shows what happened beside it. Open them under Help,
Lessons. A lesson can be left at any time, to play, and goes on where it was.

*Choose for a workshop*, above the list, chooses the lessons that a group is to see. A clicker is enough to lead
through them:

| key | what it does |
|---|---|
| Page Down | reads on, down to the end of the text |
| | then goes on: to the next step, in a question to what happens, in a training to its end |
| | at the end of a lesson it shows the list, and there it begins the lesson that stands out |
| Page Up | reads back, up to the top of the text |
| | then goes back: to the step before, from the first one to the list, and there to the lesson above |
| F5 | makes a clean start: it presents, begins a new experiment, forgets all progress, and shows the list |

A question that Page Down passes shows no choice as predicted; the digit of a choice predicts it. A second press within
0.4 seconds counts as the first. What F5 replaces comes back with undo, and with it the step
that the group was at, until another lesson is begun.

Every claim below is checked by training: `loss-sandbox check --lessons` trains all lessons over all their seeds and
fails where a claim does not hold; the figures are medians over these seeds, and that command wrote them. Every seed is
a start of its own, with other initial weights; where all starts lead to the same place, all seeds give the same figure.
How to write a lesson of your own, which needs no code, stands in
[resources/lessons/README.md](../resources/lessons/README.md).
"""


def teaching_page(lessons: Iterable[Lesson]) -> str:
    """Return the page in Markdown."""
    sections = ["\n".join(_section(lesson)) for lesson in lessons]
    return "\n".join([HEAD.format(count=words.count(len(sections), "experiment")), *sections])


def _section(lesson: Lesson) -> Iterator[str]:
    yield f"## {lesson.title}\n\n{lesson.summary}\n"
    yield f"`{lesson.name}`, {len(lesson.steps)} steps.\n"
    steps = zip(lesson.steps, read_measured(lesson), strict=True)
    claims = [(claim, done[claim.text]) for step, done in steps for claim in step.claims if claim.text in done]
    if claims:
        yield "| what | measured | claimed | true of |\n|---|---|---|---|"
        yield from (_row(claim, verdict) for claim, verdict in claims)
        yield ""
    yield "Sources: " + " ".join(lesson.sources) + "\n"


def _row(claim: Claim, verdict: Verdict) -> str:
    claimed = f"{SIGNS[claim.sign]}{claim.left.text(verdict.other)}"
    if claim.other is not None:
        factor = "" if claim.right == 1.0 else f"{words.number(claim.right)} times "
        claimed += f", {factor}{claim.other.beside(claim.left)}"
    seeds = f"{verdict.seeds} of {verdict.of} seeds" if verdict.of > 1 else "every seed"
    return f"| {claim.left.phrase} | {claim.left.text(verdict.value)} | {claimed} | {seeds} |"
