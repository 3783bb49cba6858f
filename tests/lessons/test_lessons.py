"""The lessons that ship: each is trained, and everything that its text claims is judged."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox.lessons import (
    Verdict,
    follow,
    lesson_folders,
    read_claim,
    read_lesson,
    read_measured,
    shipped_lessons,
    write_measured,
)
from sandbox.lessons.guide import teaching_page

SEEDS = 3  # here; `loss-sandbox check --lessons` takes all


@pytest.mark.parametrize("name", list(lesson_folders()))
def test_every_claim_of_a_lesson_holds(name: str) -> None:
    lesson = read_lesson(lesson_folders()[name])
    for outcome in follow(lesson, SEEDS):
        for claim, verdict in outcome.claims:
            assert verdict.holds, f"{outcome.step.title}: {claim.text} is {verdict}"
        right = [claim.text for claim, verdict in outcome.choices if verdict.holds]
        assert len(right) == bool(outcome.choices), f"{outcome.step.title}: right are {right}"
        for figure, text in outcome.figures:
            assert text not in ("–", ""), f"{outcome.step.title}: {figure} has no value"


@pytest.mark.parametrize("name", list(lesson_folders()))
def test_a_person_sees_what_a_lesson_claims(name: str) -> None:
    """The window trains the first of the seeds alone, and that may be the exception."""
    for outcome in follow(read_lesson(lesson_folders()[name]), seeds=1):
        assert outcome.holds, f"{outcome.step.title}: {[(claim.text, verdict) for claim, verdict in outcome.claims]}"


@pytest.mark.parametrize("name", list(lesson_folders()))
def test_every_claim_of_a_lesson_was_measured_over_all_its_seeds(name: str) -> None:
    lesson = read_lesson(lesson_folders()[name])
    for step, measured in zip(lesson.steps, read_measured(lesson), strict=True):
        for claim in step.claims:
            verdict = measured[claim.text]
            assert verdict.holds
            # What does not depend on the seed is one number for all of them.
            assert verdict.of in (1, lesson.seeds) and verdict.seeds > verdict.of / 2


def test_one_claim_of_two_experiments_is_measured_in_each(tmp_path: Path) -> None:
    claim = read_claim("A train_mse after 0 > 0.1")
    head = '+++\ntitle = "T"\nsummary = "S"\nsources = ["B. 1999."]\n+++\n'
    step = f'```step\nclaims = ["{claim.text}"]\n'
    text = f'{head}## One\n{step}```\nText.\n## Two\n{step}open = "other.toml"\n```\nText.\n'
    (tmp_path / "lesson.md").write_text(text, encoding="utf-8")
    for name in ("experiment", "other"):
        (tmp_path / f"{name}.toml").write_text("[data]\nsamples = 20\n", encoding="utf-8")
    lesson = read_lesson(tmp_path)
    assert read_measured(lesson) == ({}, {})
    first, second = Verdict(0.5, 0.1, True, 16, 16), Verdict(0.25, 0.1, True, 15, 16)
    write_measured(lesson, [[(claim, first)], [(claim, second)]])
    assert read_measured(lesson) == ({claim.text: first}, {claim.text: second})


@pytest.mark.parametrize("name", list(lesson_folders()))
def test_a_lesson_names_its_sources_and_types_no_figure_of_its_runs(name: str) -> None:
    lesson = read_lesson(lesson_folders()[name])
    assert lesson.sources and all(re.search(r"\b(19|20)\d\d\b", source) for source in lesson.sources)
    for step in lesson.steps:
        typed = re.findall(r"\d+\.?\d* ?%", re.sub(r"\{\{.+?\}\}|\$.*?\$|```.*?```", "", step.text, flags=re.DOTALL))
        assert not typed, f"{step.title}: {typed} should come from the run"


def test_the_page_for_teachers_says_what_was_measured() -> None:
    page = (Path(__file__).parents[2] / "docs" / "teaching.md").read_text(encoding="utf-8")
    assert page == teaching_page(shipped_lessons().values()), "run `make lessons`"


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("B test_accuracy after 1 > 0.9", "test accuracy of B after 1 epoch"),
        ("B train_mse after 1500 > 0.9", "training mean squared error of B after 1,500 epochs"),
        ("A epochs to test_accuracy 0.9 > 5", "epochs that A needs to reach a test accuracy of 90\u2009%"),
        ("A and B differ since = never", "first update after which the weights of A and B differ"),
        ("A stops after = never", "epoch at which A stops"),
    ],
)
def test_a_quantity_in_words(claim: str, words: str) -> None:
    assert read_claim(claim).left.phrase == words


@pytest.mark.parametrize(
    ("name", "claim", "sentence"),
    [
        ("01-the-printed-cost", "A train_half_mse after 1000 > 45.7",
         "Training half squared error (sum) after 1,000 epochs: above 45.7"),
        ("01-the-printed-cost", "B train_half_mse after 200 < 0.3 * A train_half_mse after 200",
         "Training half squared error (sum) of B after 200 epochs: below 0.3 times that of A"),
        ("05-sum-or-mean", "mean train_cost after 100 < 0.15",
         "Training cost of \u201cmean\u201d after 100 epochs: below 0.15"),
        ("06-log-0", "clamped stops after = never", "\u201cclamped\u201d never stops"),
        ("04-binary-or-categorical", "A train_cost after 300 < 0.005",
         "Training cost of A after 300 epochs: below 0.005"),
        ("11-margins", "A hinge epochs to train_hinge 0 < 1000",
         "Epochs that \u201cA hinge\u201d needs to reach a training hinge loss of 0: below 1,000 epochs"),
    ],
)  # fmt: skip
def test_a_claim_is_told_as_fits_its_experiment(name: str, claim: str, sentence: str) -> None:
    """A sum is called a sum, and the only lane needs no name."""
    sentences = {own.text: own.sentence for own in read_lesson(lesson_folders()[name]).claims}
    assert sentences[claim] == sentence
