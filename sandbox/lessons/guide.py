"""The page for teachers: every lesson with what it shows, and what was measured of its claims."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sandbox import words
from sandbox.experiment.document import texts
from sandbox.lessons.claim import Claim, Verdict
from sandbox.lessons.lesson import Lesson
from sandbox.lessons.measured import read_measured
from sandbox.lessons.quantity import Parted, Quantity, Reached, Reading, Stopped

_SIGNS = {"<": "below ", "<=": "at most ", ">": "above ", ">=": "at least ", "=": ""}

HEAD = """# For teachers

{count} to be guided through, each on one question that people ask about loss functions. A lesson takes about five
minutes, alone or in a room: it asks for a prediction, trains, and shows what happened beside it. Open them under Help,
Lessons. A lesson can be left at any time, to play, and goes on where it was.

Every claim below is checked by training: `loss-sandbox check --lessons` trains all lessons over all their seeds and
fails where a claim does not hold; the figures are medians over these seeds, and that command wrote them. How to write
a lesson of your own, which needs no code, stands in [resources/lessons/README.md](../resources/lessons/README.md).
"""


def teaching_page(lessons: Iterable[Lesson]) -> str:
    """Return the page in Markdown."""
    sections = ["\n".join(_section(lesson)) for lesson in lessons]
    return "\n".join([HEAD.format(count=words.count(len(sections), "experiment")), *sections])


def _section(lesson: Lesson) -> Iterator[str]:
    yield f"## {lesson.title}\n\n{lesson.summary}\n"
    yield f"`{lesson.name}`, {len(lesson.steps)} steps.\n"
    measured = read_measured(lesson)
    claims = [(claim, measured[claim.text]) for claim in lesson.claims if claim.text in measured]
    if claims:
        yield "| what | measured | claimed | true of |\n|---|---|---|---|"
        yield from (_row(claim, verdict) for claim, verdict in claims)
        yield ""
    yield "Sources: " + " ".join(lesson.sources) + "\n"


def _row(claim: Claim, verdict: Verdict) -> str:
    claimed = f"{_SIGNS[claim.sign]}{claim.left.text(verdict.other)}"
    if claim.other is not None:
        factor = "" if claim.right == 1.0 else f"{words.number(claim.right)} times the "
        claimed += f", {factor}{describe(claim.other)}"
    seeds = f"{verdict.seeds} of {verdict.of} seeds" if verdict.of > 1 else "every seed"
    return f"| {describe(claim.left)} | {claim.left.text(verdict.value)} | {claimed} | {seeds} |"


def describe(quantity: Quantity) -> str:
    """Say what a quantity is: "training accuracy of B after 150 epochs"."""
    match quantity:
        case Reading(lane, column, epoch):
            return f"{_column(column)} of {lane} after {words.count(epoch, 'epoch')}"
        case Reached(lane, column, level):
            return f"epochs that {lane} needs to a {_column(column)} of {texts.column_text(column, level)}"
        case Parted(lane, other):
            return f"first update after which {lane} and {other} differ"
        case Stopped(lane):
            return f"epoch at which {lane} stops"
    raise TypeError(f"{quantity} is of no known kind")


def _column(column: str) -> str:
    name = texts.column_words(column)
    return words.within(name)
