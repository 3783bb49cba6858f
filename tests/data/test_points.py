"""Points of one's own as data: what they are, which one is which after an edit, and generated sets as points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.data import can_be_drawn, load_data, points_data, points_of
from sandbox.data.canvas import ADDED, Canvas, Points, canvas_of, carried
from sandbox.errors import InputError

PLACES = st.lists(st.integers(0, 6).map(lambda place: (float(place), 0.0, 1.0)), max_size=9).map(tuple)


def line(*places: float) -> Points:
    return tuple((float(place), 0.0, 1.0) for place in places)


@pytest.mark.parametrize(
    ("old", "new", "places"),
    [
        ((1, 2, 3), (1, 9, 3), [0, 1, 2]),  # moved
        ((1, 2, 3), (1, 2, 3, 4, 5), [0, 1, 2, ADDED, ADDED]),
        ((1, 2, 3, 4), (1, 4), [0, 3]),
        ((1, 4), (1, 2, 3, 4), [0, ADDED, ADDED, 1]),
        ((1, 2, 3), (1, 9, 3, 5), [0, 1, 2, ADDED]),  # moved, and one added
        ((1, 2, 3, 4, 5), (1, 9, 4, 6), [0, 1, 3, 4]),  # one moved, one erased, one moved
        ((), (1, 2), [ADDED, ADDED]),
        ((1, 1, 1), (1, 1), [0, 1]),
    ],
)
def test_which_point_is_which(old: tuple[float, ...], new: tuple[float, ...], places: list[int]) -> None:
    assert carried(line(*old), line(*new)) == places


@given(PLACES, PLACES)
def test_what_remains_keeps_its_order_and_no_point_is_two(old: Points, new: Points) -> None:
    places = carried(old, new)
    kept = [place for place in places if place != ADDED]
    assert len(places) == len(new)
    assert kept == sorted(set(kept)) and all(0 <= place < len(old) for place in kept)
    assert carried(old, old) == list(range(len(old)))


@pytest.mark.parametrize(
    ("points", "task", "scale", "canvas"),
    [
        (((1.0, 2.0, 0.0), (1.0, 2.0, 1.0)), "auto", None, Canvas(2, "binary", 2)),
        (((1.0, 2.0, 4.0),), "auto", None, Canvas(2, "multiclass", 5)),
        (((1.0, 2.0, 0.5),), "auto", None, Canvas(2, "regression", 0)),
        (((1.0, 2.0, 20.0),), "auto", None, Canvas(2, "regression", 0)),
        (((1.0, 2.0),), "auto", None, Canvas(1, "regression", 0)),
        (((1.0, 2.0, 1.0),), "multiclass", None, Canvas(2, "multiclass", 3)),
        ((), "auto", None, Canvas(2, "binary", 2)),
        ((), "regression", {"x1": (0.0, 1.0)}, Canvas(1, "regression", 0)),
    ],
)
def test_what_points_are(
    points: Points, task: str, scale: dict[str, tuple[float, float]] | None, canvas: Canvas
) -> None:
    assert canvas_of(points, (), task, 3, scale) == canvas


def test_points_become_samples_in_their_order() -> None:
    points, test_points = ((1.0, 4.0, 0.0), (3.0, 8.0, 1.0)), ((2.0, 2.0, 1.0),)
    data = points_data(points, test_points, features=("x2", "x1^2"))
    assert (data.task, data.class_names, data.inputs) == ("binary", ("0", "1"), ("x2", "x1"))
    assert data.inputs_train.tolist() == [[4.0, 1.0], [8.0, 3.0]] and data.y_train.tolist() == [0, 1]
    assert np.allclose(data.X_train, [[-1.0, -1.0], [1.0, 1.0]])  # of 4 and 8, and of 1 and 9
    assert np.allclose(data.X_test, [[(2.0 - 6.0) / 2.0, (4.0 - 5.0) / 4.0]]) and data.y_test.tolist() == [1]
    assert points_of(data) == (points, test_points)


def test_a_regression_can_scale_its_target() -> None:
    data = points_data(((1.0, 10.0), (3.0, 30.0)), standardize_target=True)
    assert (data.target_mean.tolist(), data.target_scale.tolist()) == ([20.0], [10.0])
    assert points_data(((1.0, 10.0),), standardize_target=True, scale={"y": (1.0, 2.0)}).target_scale.tolist() == [2.0]


@pytest.mark.parametrize(
    ("settings", "drawn"),
    [
        ({"dataset": "moons"}, True),
        ({"dataset": "plane"}, True),
        ({"dataset": "sine"}, True),
        ({"dataset": "moons", "features": ["x1", "x1*x2"]}, True),
        ({"dataset": "moons", "features": ["x1"]}, False),
        ({"dataset": "one_point"}, False),
        ({"dataset": "iris"}, False),
    ],
)
def test_where_points_can_be_drawn(settings: dict[str, object], drawn: bool) -> None:
    assert can_be_drawn(load_data(**settings)) == drawn  # type: ignore[arg-type]


def test_too_many_samples_cannot_become_points() -> None:
    with pytest.raises(InputError, match="moons has 6,000 samples, but at most 5,000 points can be drawn"):
        points_of(load_data(dataset="moons", samples=6_000))
