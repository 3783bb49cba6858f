"""The words of the field, each with its sentence."""

from __future__ import annotations

import pytest

from sandbox.glossary import TERMS, explanation, terms_in


@pytest.mark.parametrize("term", TERMS)
def test_every_term_is_explained_by_one_sentence_that_names_it(term: str) -> None:
    sentence = TERMS[term]
    assert terms_in(sentence)[0] == term
    assert sentence.endswith(".") and sentence.count(". ") == 0 and len(sentence) <= 120


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Two Lanes, each of 3 seeds", ["lane", "seed"]),
        ("Mean squared error sends back 0.2 of what cross-entropy does", ["sent back"]),
        ("M is not a term, but m is", ["m"]),
        ("A[3] and dZ[2]", []),
        ("colour blossoms", []),  # no "loss" in a longer word
        ("Learning rates", ["learning rate"]),
        ("the batches of an epoch", ["batch", "epoch"]),
    ],
)
def test_terms_are_found_as_whole_words(text: str, terms: list[str]) -> None:
    assert terms_in(text) == terms


def test_a_text_is_explained_by_at_most_three_sentences() -> None:
    text = "loss, cost, epoch, update"
    assert explanation(text).splitlines() == [TERMS["loss"], TERMS["cost"], TERMS["epoch"]]
    assert explanation("nothing to explain here") == ""
