"""This installation reproduces the published numbers, and `check` would notice if it did not."""

from __future__ import annotations

import dataclasses
import math

import pytest

from sandbox import published
from sandbox.published import Comparison


@pytest.fixture(scope="module")
def rows() -> list[Comparison]:
    return list(published.rows())


def test_every_published_number_is_reproduced(rows: list[Comparison]) -> None:
    assert [row for row in rows if not row.ok] == []


def test_every_published_number_is_compared(rows: list[Comparison]) -> None:
    expected = [
        *(1.20444229, 3.57611415, 10.087983277),
        *(0.693048, 0.288083, 0.254385, 0.233864, 0.226792, 0.222644, 0.219731, 0.217504),
        *(67.5, 67.25, 90.75, 90.5, 91.25),
        *(0.817574, 0.387010, 0.093956),
        *(0.982014, 0.933417, 0.202848),
    ]
    assert [row.published for row in rows[: len(expected)]] == expected
    assert [row.published for row in rows[len(expected) :]] == list(published.HE_COSTS)
    assert len({row.what for row in rows}) == len(rows)


def test_the_tolerances_are_half_a_printed_digit(rows: list[Comparison]) -> None:
    costs = [row.tolerance for row in rows if row.what.startswith(f"{published.FLOWER}: cost")]
    outputs = [row.tolerance for row in rows if row.what.startswith(published.NEURON)]
    assert max(costs) <= 5e-6 and max(outputs) <= 5e-7


@pytest.mark.parametrize("here", [1.1, 0.9, math.nan, math.inf])
def test_a_difference_is_noticed(here: float) -> None:
    assert not Comparison("x", 1.0, here, 0.05).ok


def test_a_difference_up_to_the_tolerance_is_ok() -> None:
    row = Comparison("x", 1.0, 1.0, 0.25)
    assert dataclasses.replace(row, here=1.25).ok and dataclasses.replace(row, here=0.75).ok


def test_other_weights_would_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = published._drawn

    def nudged(*arguments: object) -> object:
        parameters = dict(drawn(*arguments))  # type: ignore[arg-type]
        return {name: 1.001 * value for name, value in parameters.items()}

    monkeypatch.setattr(published, "_drawn", nudged)
    monkeypatch.setattr(published, "FLOWER_COSTS", published.FLOWER_COSTS[:3])
    monkeypatch.setattr(published, "HE_COSTS", published.HE_COSTS[:3])
    assert not all(row.ok for row in published.flower_costs())
    assert not any(row.ok for row in published.he_costs())
