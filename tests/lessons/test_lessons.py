"""The lessons that ship: each is trained, and everything that its text claims is judged."""

from __future__ import annotations

import re

import pytest

from sandbox.lessons import follow, lesson_folders, read_lesson, read_measured

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
def test_every_claim_of_a_lesson_was_measured_over_all_its_seeds(name: str) -> None:
    lesson = read_lesson(lesson_folders()[name])
    measured = read_measured(lesson)
    for claim in lesson.claims:
        verdict = measured[claim.text]
        assert verdict.holds
        # What does not depend on the seed is one number for all of them.
        assert verdict.of in (1, lesson.seeds) and verdict.seeds > verdict.of / 2


@pytest.mark.parametrize("name", list(lesson_folders()))
def test_a_lesson_names_its_sources_and_types_no_figure_of_its_runs(name: str) -> None:
    lesson = read_lesson(lesson_folders()[name])
    assert lesson.sources and all(re.search(r"\b(19|20)\d\d\b", source) for source in lesson.sources)
    for step in lesson.steps:
        typed = re.findall(r"\d+\.?\d* ?%", re.sub(r"\{\{.+?\}\}|\$.*?\$|```.*?```", "", step.text, flags=re.DOTALL))
        assert not typed, f"{step.title}: {typed} should come from the run"


@pytest.mark.parametrize("name", list(lesson_folders()))
def test_the_one_network_that_the_window_trains_shows_it_too(name: str) -> None:
    for outcome in follow(read_lesson(lesson_folders()[name]), 1):
        assert outcome.holds, (
            f"{outcome.step.title}: {[claim.text for claim, verdict in outcome.claims if not verdict.holds]}"
        )
