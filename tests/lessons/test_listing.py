"""What the lines of a listing compute: by the names that they assign and read."""

from __future__ import annotations

import keyword
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.lessons.listing import (
    COST,
    MOST_LINES,
    TARGETS,
    Listing,
    quantity_named,
    read_listing,
    split_listings,
)

OTHERS = (
    "a", "A", "d_Z", "Z", "dZ", "B1", "D_Z2", "dd_Z2", "Z02", "Z2b", "aA1", "A__1", "dX", "dY", "d_cost", "cost1", "m",
    "costs", "c", "loss", "_a1", "a1_", "dA0", "W0", "dW0", "b0", "a1000", "\u0663", "A\u0663", "np",
)  # fmt: skip
OUTPUTS = {("dA", 2), ("dZ", 2)}  # what the loss decides in a network of two layers


def lines_with(listing: Listing, quantity: tuple[str, int]) -> list[int]:
    return [number for number, line in enumerate(listing.lines) if quantity in line.computes]


@pytest.mark.parametrize(
    ("names", "quantity"),
    [
        ("a_1 A1 a1 A_1", ("A", 1)),
        ("Z2 z_2", ("Z", 2)),
        ("W2 w2 W_2", ("W", 2)),
        ("b1 b_1", ("b", 1)),
        ("dZ2 d_Z2 dz2 d_z_2 dZ_2", ("dZ", 2)),
        ("dA1 d_a_1", ("dA", 1)),
        ("dW12 d_w12", ("dW", 12)),
        ("db2 d_b_2", ("db", 2)),
        ("X x A0 a_0", ("X", 0)),
        ("Y y", TARGETS),
        ("cost C", COST),
    ],
)
def test_names_of_arrays(names: str, quantity: tuple[str, int]) -> None:
    for name in names.split():
        assert quantity_named(name) == quantity, name


@pytest.mark.parametrize("name", OTHERS)
def test_other_names_are_only_names(name: str) -> None:
    assert quantity_named(name) is None


@given(st.sampled_from("AaZzWwb"), st.integers(1, 999), st.sampled_from(["", "_"]), st.sampled_from(["", "d", "d_"]))
def test_every_spelling_of_an_array_is_known(letter: str, layer: int, between: str, before: str) -> None:
    name = f"{before}{letter}{between}{layer}"
    kind = letter if letter == "b" else letter.upper()
    assert quantity_named(name) == (("d" if before else "") + kind, layer)
    (line,) = read_listing(f"{name} = 1").lines
    assert line.computes == {quantity_named(name)} and not line.uses


@given(st.text(string.ascii_letters + "_", min_size=1, max_size=8).filter(str.isidentifier))
def test_a_name_without_a_number_is_no_array_of_a_layer(name: str) -> None:
    assert quantity_named(name) is None or quantity_named(name) in (("X", 0), TARGETS, COST)
    if not keyword.iskeyword(name):
        assert read_listing(f"{name} = 1").lines[0].assigns == {name}


@given(st.text(max_size=300))
def test_any_text_is_read_line_by_line(code: str) -> None:
    listing = read_listing(code)
    assert "\n".join(line.text for line in listing.lines) == code.removesuffix("\n")
    for line in listing.lines:
        assert line.text.endswith(line.comment)
        for factor in line.factors:
            assert 0 <= factor.start < factor.end <= len(line.text)
    listing.entries(OUTPUTS)
    for number in range(len(listing.lines)):
        listing.is_only_printed(number)
        listing.decided_factors(number)


def test_what_is_no_python_computes_nothing() -> None:
    listing = read_listing("a_1 = sigmoid(\nthis is no code\nb1 = 2")
    assert len(listing.lines) == 3 and not listing.computes
    assert not read_listing("a_1 = 1\n" * (MOST_LINES + 1)).computes
    assert not read_listing("a_1 = 1\0").computes
    assert not read_listing("a_1 = 1\rb1 = 2").computes  # its lines are not those that are seen


def test_lines_of_all_kinds() -> None:
    listing = read_listing(
        "A1, A2 = f(X), g(A1)\n"  # 0
        "W1 -= rate * dW1\n"
        "W2[0, :] = 0\n"
        "for Z1 in batches:\n"  # 3
        "    Z2: int = Z1\n"
        "    b1 = 1; b2 = 2\n"
        "dZ2 = (\n"  # 6
        "    A2\n"
        "    - y\n"
        ")\n"
        "if (dA1 := f(dZ2)) > 0:\n"  # 10
        "    print(f'{cost}')\n"
        "total = sum(dW2 for dW2 in parts)\n"
        "def step(A1):\n"
        "    return A1 + b1\n"
    )
    computes = [sorted(line.computes) for line in listing.lines]
    assert computes[0] == [("A", 1), ("A", 2)]
    assert computes[1] == [("W", 1)] and ("W", 1) in listing.lines[1].uses
    assert computes[2] == [("W", 2)]
    assert computes[3] == [("Z", 1)] and computes[4] == [("Z", 2)]
    assert computes[5] == [("b", 1), ("b", 2)] and not listing.lines[5].factors
    assert all(computes[number] == [("dZ", 2)] for number in (6, 7, 8, 9))
    assert computes[10] == [("dA", 1)] and listing.lines[10].uses == {("dZ", 2)}
    assert computes[11] == [] and listing.lines[11].uses == {COST}
    assert computes[12] == []  # a name within a comprehension is seen by no other line
    assert computes[13] == computes[14] == []


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        ("cost = loss.mean()", True),
        ("cost = loss.mean()\nd_Z2 = a_2 - y", True),
        ("cost = loss.mean()\nprint(cost)", False),
        ("cost = loss.mean()\nd_Z2 = cost * a_2", False),
        ("cost = 0\ncost += loss.sum()", False),
        ("cost = loss.mean()\nf'{cost}'", False),
        ("for i in range(9):\n    d_Z2 = cost\n    cost = 1", False),  # the next time round it is read
        ("cost = best = loss.mean()\nif best < 1: stop()", False),
        ("cost = loss.mean()\nexec(text)", False),  # nobody knows
        ("dW2 = 1", False),  # the update may use it
    ],
)
def test_a_cost_that_no_line_reads_is_only_printed(code: str, printed: bool) -> None:
    listing = read_listing(code)
    assert [listing.is_only_printed(n) for n in lines_with(listing, COST)] == [printed] * len(lines_with(listing, COST))
    assert not any(listing.is_only_printed(n) for n, line in enumerate(listing.lines) if COST not in line.computes)


@pytest.mark.parametrize(
    ("code", "entries"),
    [
        ("d_Z2 = a_2 - y\nd_Z1 = W2.T @ d_Z2", [0]),
        ("dA2 = a_2 - y\ndZ2 = dA2 * slope\ndZ1 = W2.T @ dZ2", [0]),  # dZ2 is the same for every loss
        ("dZ1 = W2.T @ dZ2", []),  # of a layer whose equation the loss does not decide
        ("dZ2 = a_2 - y\ndZ2 = dZ2 / m", [0]),
        ("cost = a_2 - y", []),
    ],
)
def test_the_loss_enters_where_its_derivative_is_taken_from_no_other_line(code: str, entries: list[int]) -> None:
    assert list(read_listing(code).entries(OUTPUTS)) == entries


@pytest.mark.parametrize(
    ("line", "decided"),
    [
        ("d_Z2 = (a_2 - y) * d_sigmoid(a_2)", ["(a_2 - y)"]),
        ("d_Z2 = a_2 - y", ["a_2 - y"]),
        ("d_Z2 = 2 * (a_2 - y) / m * (a_2 * (1 - a_2))", ["(a_2 - y)"]),
        ("d_Z2 = -(y / a_2 - (1 - y) / (1 - a_2)) * s(z)", ["(y / a_2 - (1 - y) / (1 - a_2))"]),
        ("d_Z2 = (a_2 - y) / (a_2 * (1 - a_2)) * s(z)", ["(a_2 - y) / (a_2 * (1 - a_2))"]),
        ("d_Z2 = ( ( a_2 - y ) ) * s(z)  # (y)", ["( ( a_2 - y ) )"]),
        ("d_Z2 = 'ä\u6f22' * (a_2 - y)", ["(a_2 - y)"]),
        ("d_Z2 = s(z)", []),
    ],
)
def test_the_factors_that_read_the_targets_are_those_that_the_loss_decides(line: str, decided: list[str]) -> None:
    listing = read_listing(line)
    assert [line[factor.start : factor.end] for factor in listing.decided_factors(0)] == decided


def test_the_targets_are_followed_through_other_names() -> None:
    listing = read_listing("error = a_2 - y\nslope = s(a_2)\nd_Z2 = error * slope")
    text = listing.lines[2].text
    assert [text[factor.start : factor.end] for factor in listing.decided_factors(2)] == ["error"]


def test_only_code_that_computes_an_array_of_the_network_is_a_listing() -> None:
    parts = split_listings(
        "One.\n\n```python\na_1 = 1\n```\n\nTwo.\n\n```python\nother = 2\n```\n\n```python\ndW1 = 3\n```\n"
    )
    assert [part if isinstance(part, str) else [line.text for line in part.lines] for part in parts] == [
        "One.",
        ["a_1 = 1"],
        "Two.\n\n```python\nother = 2\n```",
        ["dW1 = 3"],
    ]
    assert split_listings("") == () and split_listings("`a_1 = 1`") == ("`a_1 = 1`",)
