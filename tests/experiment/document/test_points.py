"""What a file writes of edited points: only what differs, as long as that is shorter."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.data.canvas import Points
from sandbox.experiment import Experiment
from sandbox.experiment.document.points import changed_points, difference
from sandbox.experiment.document.settings import SETTINGS

PLACES = st.lists(st.integers(0, 9).map(lambda place: (float(place), 0.0, 1.0)), max_size=12).map(tuple)


@given(PLACES, PLACES)
def test_the_difference_leads_from_one_list_to_the_other(old: Points, new: Points) -> None:
    what = difference(old, new)
    if what is not None:
        assert changed_points(SETTINGS["data.points"], old, what, "") == new
        assert sum(map(len, what.values())) < len(new)


def drawn(count: int) -> Points:
    return tuple((0.1 * k, -0.25 * k, float(k % 2)) for k in range(count))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda p: (*p, (1.5, 2.0, 1.0)), "data.points = { add = [[1.5, 2, 1]] }"),
        (lambda p: p[:7] + p[8:], "data.points = { remove = [7] }"),
        (lambda p: (*p[:3], (9.0, 0.5, 0.0), *p[4:]), "data.points = { change = [[3, 9, 0.5, 0]] }"),
        (lambda p: (*p[:3], (9.0, 0.5, 0.0), *p[3:]), "data.points = { insert = [[3, 9, 0.5, 0]] }"),
        (lambda p: (), "data.points = []"),
    ],
)
def test_an_edit_takes_one_line(change: Any, line: str) -> None:
    experiment = Experiment().with_value("data.points", drawn(300))
    edited = experiment.with_edit(experiment.checked_edit({"data.points": change(drawn(300))}, update=4))
    text = edited.dumps()
    assert line in text.splitlines()
    assert Experiment.loads(text) == edited


def test_a_list_of_points_has_several_in_a_line_and_no_long_ones() -> None:
    lines = Experiment().with_value("data.points", drawn(300)).dumps().splitlines()
    listed = lines[lines.index("points = [") + 1 : lines.index("]")]
    assert 30 < len(listed) < 100 and max(map(len, listed)) <= 101
