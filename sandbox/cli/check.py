"""The command `check`: this installation against published numbers, and the lessons against their claims."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sandbox import published, words
from sandbox.cli.console import DONE, INCOMPLETE, Parser, say, whole_number
from sandbox.errors import InputError
from sandbox.lessons import Claim, Lesson, Outcome, Verdict, follow, lesson_folders, read_lesson, write_measured

_LESSONS_HELP = "Train every lesson and judge its claims; FOLDER is a lesson of your own (default: all that ship)."


def check_command(arguments: list[str]) -> int:
    """Compare with published numbers or, with --lessons, train the lessons; return the exit code."""
    parser = Parser("check", "Compare this installation with published numbers; takes some seconds of training.")
    parser.add_argument("--lessons", nargs="*", metavar="FOLDER", help=_LESSONS_HELP)
    parser.add_argument(
        "--seeds", type=whole_number(1, 64), metavar="N", help="networks per lane (default: the lesson's)"
    )
    parser.add_argument("--record", action="store_true", help="write what was measured beside each lesson")
    options = parser.parse_args(arguments)
    if options.lessons is not None:
        if options.record and options.seeds is not None:
            raise InputError("--record measures over the seeds of the lesson, so that it cannot go with --seeds.")
        return _check_lessons(_lessons(options.lessons), options.seeds, options.record)
    if options.seeds is not None or options.record:
        raise InputError("--seeds and --record go with --lessons.")
    return _compare_published()


def _compare_published() -> int:
    form = "{:<56}  {:>13}  {:>13}  {:>9}  {}"
    say(form.format("what", "published", "here", "tolerance", ""))
    count = differing = 0
    for row in published.rows():
        figures = words.number(row.published, 10), words.number(row.here, 10), words.number(row.tolerance, 1)
        say(form.format(row.what, *figures, "ok" if row.ok else "DIFFERS"))
        count += 1
        differing += not row.ok
    say(f"{differing} of {count} differ." if differing else f"All {count} agree.")
    return INCOMPLETE if differing else DONE


def _lessons(folders: list[str]) -> Iterable[Lesson]:
    shipped = lesson_folders()
    for folder in folders or shipped:
        yield read_lesson(shipped.get(folder, Path(folder)))


def _check_lessons(lessons: Iterable[Lesson], seeds: int | None, record: bool) -> int:
    claims = wrong = 0
    for lesson in lessons:
        say(f"{lesson.name}: {lesson.title}")
        verdicts: list[tuple[tuple[Claim, Verdict], ...]] = []
        for outcome in follow(lesson, seeds):
            verdicts.append(outcome.claims)
            claims += len(outcome.claims) + bool(outcome.choices)
            wrong += sum(map(_tell_claim, outcome.claims)) + _tell_prediction(outcome)
        if record:
            write_measured(lesson, verdicts)
    say(f"{wrong} of {words.count(claims, 'claim')} do not hold." if wrong else f"All {claims} claims hold.")
    return INCOMPLETE if wrong else DONE


def _tell_claim(judged: tuple[Claim, Verdict]) -> bool:
    """Print a claim with its verdict; return whether it does not hold."""
    claim, verdict = judged
    figure = claim.left.text(verdict.value)
    where = f"{verdict.seeds} of {verdict.of}" if verdict.of > 1 else ""
    end = "ok" if verdict.holds else "DOES NOT HOLD" if verdict.is_known else "UNKNOWN: not recorded, or not so far"
    say(f"  {claim.text:<72}  {figure:>12}  {where:>8}  {end}")
    return not verdict.holds


def _tell_prediction(outcome: Outcome) -> bool:
    """Print a prediction of which not exactly one choice is right; return whether that is so."""
    right = [claim.text for claim, verdict in outcome.choices if verdict.holds]
    if not outcome.choices or len(right) == 1:
        return False
    say(f'  step "{outcome.step.title}": {len(right)} of its choices are right, but one must be')
    return True
