"""Numbers, labels and names as text for people: each written in one way, in one place."""

from __future__ import annotations

import doctest
import math
import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sandbox
from sandbox import words
from sandbox.data import DATASETS
from sandbox.experiment.document import texts
from sandbox.experiment.document.settings import SETTINGS
from sandbox.nn import ACTIVATIONS, INITIALIZERS, LOSSES, METRICS, OPTIMIZERS


def read(text: str) -> float:
    return float(text.replace(words.MINUS, "-").replace(",", ""))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (462854.4, "462,854"),
        (-1234567.8, "\u22121,234,568"),
        (2e9, "2.0e9"),
        (12345.6, "12,346"),
        (1234.5, "1234.50"),
        (0.25, "0.2500"),
    ],
)
def test_large_values_of_the_data_are_whole(value: float, text: str) -> None:
    assert words.quantity(value) == text


@given(st.floats(-1e300, 1e300), st.integers(1, 12))
def test_a_number_keeps_its_significant_digits(value: float, digits: int) -> None:
    text = words.number(value, digits)
    assert read(text) == float(f"{value:.{digits - 1}e}")
    assert "-" not in text and not re.search(r"\.\d*0(e|$)", text)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0, 4, "0"), (0.25, 4, "0.25"), (1.0, 2, "1"), (3.14e-7, 2, "3.1e\u22127"), (-1e-5, 2, "\u22121e\u22125"),
        (12340.0, 3, "12,300"), (200000.0, 7, "200,000"), (-0.5, 7, "\u22120.5"), (1e7, 7, "1e7"),
        (1e-7, 7, "1e\u22127"), (99999.6, 4, "1e5"), (0.00012345, 3, "0.000123"),
        (math.nan, 4, "\u2013"), (-math.inf, 4, "\u2212\u221e"),
    ],
)  # fmt: skip
def test_numbers_in_one_form(value: float, digits: int, text: str) -> None:
    assert words.number(value, digits) == text


@given(st.floats(-1e300, 1e300))
def test_a_cost_never_takes_more_than_seven_characters(value: float) -> None:
    text = words.cost(value)
    assert len(text) <= 7
    assert read(text) == pytest.approx(value, rel=0.5)


def test_costs_that_are_not_finite_have_symbols() -> None:
    assert [words.cost(v) for v in (math.nan, math.inf, -math.inf)] == ["\u2013", "\u221e", "\u2212\u221e"]
    assert [words.cost(v) for v in (0.0, 0.0871, 123.456, 1e9)] == ["0.0000", "0.0871", "123.46", "1.0e9"]


def test_a_score_that_is_0_but_for_rounding_is_written_as_0() -> None:
    assert [words.score(v) for v in (1.1e-16, -5e-10, 0.0)] == ["0.0000"] * 3
    assert [words.score(v) for v in (-0.25, 2e-9)] == ["\u22120.2500", "2.00e\u22129"]
    assert [texts.column_text(f"test_{name}", 1.1e-16) for name in ("r2", "mse")] == ["0.0000", "1.1e\u221216"]


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**12), 10**12))
def test_an_exact_text_reads_back_as_the_number(value: float) -> None:
    assert float(words.exact(value)) == value


@pytest.mark.parametrize(("value", "text"), [(0.5, "0.5"), (300.0, "300"), (1e-5, "1e-5"), (7, "7"), (1e6, "1e6")])
def test_an_exact_text_is_short(value: float, text: str) -> None:
    assert words.exact(value) == text


@pytest.mark.parametrize("roomy", [False, True])
@pytest.mark.parametrize(
    "value",
    [0.0, 1.0, -0.99999, 9.9999, 12.345, -123.456, 9999.4, 1e5, -3.2e-5, 9e-10, -1e-12, math.nan, -math.inf],
)
def test_brief_numbers_stay_brief(value: float, roomy: bool) -> None:
    text = words.brief(value, roomy)
    assert len(text) <= 7 + roomy
    if text == "\u22480":
        assert 0.0 < abs(value) < 1e-9 and not roomy
    elif math.isfinite(value):
        assert read(text) == pytest.approx(value, rel=0.35 if abs(value) < 1e-3 else 1e-2)


@given(st.integers(0, 4000), st.integers(1, 4000), st.integers(0, 3))
def test_a_share_is_rounded_as_people_round(part: int, of: int, decimals: int) -> None:
    part = min(part, of)
    exact, step = Fraction(100 * part, of), Fraction(1, 10**decimals)
    rounded = math.floor(exact / step + Fraction(1, 2)) * step
    text = words.share(part / of, decimals)
    assert float(rounded) == read(text.removesuffix("\u2009%")) if text[0] not in "<>" else 0 < exact < 100


def test_shares_angles_counts_and_signs() -> None:
    assert [words.share(share) for share in (0.6725, 0.9075, 0.0005)] == [
        "67.3\u2009%", "90.8\u2009%", "0.1\u2009%"
    ]  # fmt: skip
    assert words.share(0.9731) == "97.3\u2009%" and words.share(0.95, 0) == "95\u2009%"
    assert words.degrees(44.7) == "45\u00b0" and words.degrees(math.nan) == "\u2013"
    assert words.count(1, "update") == "1 update" and words.count(1200, "update") == "1,200 updates"
    assert [words.signed(text) for text in ("3.3", "\u22120.1", "0", "0.0000")] == ["+3.3", "\u22120.1", "0", "0.0000"]
    assert words.fixed(-1234.5, 2) == "\u22121,234.50"


def test_the_docstring_examples_hold() -> None:
    assert doctest.testmod(words).failed == 0


# Labels


@pytest.mark.parametrize(
    ("label", "within"),
    [
        ("Learning rate", "learning rate"), ("KL divergence", "KL divergence"), ("L1", "L1"), ("R\u00b2", "R\u00b2"),
        ("ReLU", "ReLU"), ("tanh", "tanh"), ("Leaky ReLU", "leaky ReLU"), ("AdamW", "AdamW"), ("", ""),
    ],
)  # fmt: skip
def test_labels_within_a_sentence(label: str, within: str) -> None:
    assert words.within(label) == within


KINDS = [kind for kinds in (LOSSES, METRICS, ACTIVATIONS, OPTIMIZERS, INITIALIZERS) for kind in kinds.values()]


NAMES = ("Huber", "Poisson", "Ada", "Nesterov", "Xavier", "He ", "KL", "R\u00b2", "RMS", "ReLU", "ELU", "GELU", "SiLU")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_name_or_abbreviation_loses_its_capital(kind: type) -> None:
    label, within = kind.label, kind.label_within()  # type: ignore[attr-defined]
    if label.startswith(NAMES) or label == "tanh":
        assert within == label
    else:
        assert within == label[0].lower() + label[1:]


def test_columns_have_the_same_names_everywhere() -> None:
    assert texts.column_words("test_kl_divergence") == "Test KL divergence"
    assert texts.column_words("train_huber") == "Training Huber loss"
    assert texts.column_words("train_mse", "sum") == "Training squared error (sum)"
    assert texts.column_words("test_accuracy") == "Test accuracy"
    assert texts.column_words("train_cost") == "Training cost"
    assert texts.column_text("test_accuracy", 0.5) == "50.0\u2009%"
    assert texts.column_text("test_r2", 0.5) == "0.5000"


# Names


@given(st.sampled_from([*SETTINGS, *LOSSES, *DATASETS]))
def test_case_hyphens_and_british_spelling_do_not_hide_a_name(name: str) -> None:
    names = [*SETTINGS, *LOSSES, *DATASETS]
    assert words.nearest(name.upper().replace("_", "-"), names) == name
    assert words.nearest(name.replace("ize", "ise"), names) == name


def test_nothing_is_nearest_to_nonsense() -> None:
    assert words.nearest("?" * 400, LOSSES) is None
    assert words.known_names("mooons", ["moons", "circles"]) == 'did you mean "moons"? Available: moons, circles'
    assert words.known_names("x", map(str, range(20))).endswith("and 8 more")


# One place

FORMATTED = re.compile(
    r":[+,]*\.?(\d+|\{\w+\})?[gefG%]\}|replace\(\"-\", |\[:1\]\.lower\(\)|\[0\]\.lower\(\)|label\.lower\(\)"
)
EXEMPT = {
    "words.py",
    "notation/equations.py",  # LaTeX writes minus and powers differently
    "notation/code.py",
    "published.py",  # a table of the digits that were published
}


def test_numbers_and_labels_are_written_in_one_place() -> None:
    root = Path(sandbox.__file__).parent
    misplaced = []
    for path in sorted(root.rglob("*.py")):
        module = path.relative_to(root).as_posix()
        if module in EXEMPT:
            continue
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if FORMATTED.search(text) and "float(f" not in text:  # rounding a number is not writing one
                misplaced.append(f"{module}:{line} {text.strip()}")
    assert not misplaced


def test_all_of_a_count() -> None:
    assert words.all_of(1, "sample") == "the only sample" and words.all_of(1200, "cell") == "all 1,200 cells"
