"""What a stroke does to points: pure functions from the points before to those after it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sandbox.data.canvas import MOST_COORDINATE, Point, Points

STEPS = 2_000  # positions that are told apart along an axis: finer ones only make files longer
PARTS = ("train", "test")


@dataclass(frozen=True)
class Place:
    """A point that is there: in the "train" or the "test" part, with its index in that."""

    part: str
    index: int


@dataclass(frozen=True)
class Drawing:
    """All points, and how they lie in a plot.

    Attributes
    ----------
    points, test_points : tuple of points
    columns : tuple of int
        Which of a point's numbers are across and up.
    steps : tuple of float
        To which multiples positions are rounded, across and up.
    reach : tuple of float
        How far from a point it is still meant, across and up.
    """

    points: Points
    test_points: Points
    columns: tuple[int, int]
    steps: tuple[float, float]
    reach: tuple[float, float]

    def part(self, name: str) -> Points:
        """Return the points of the "train" or the "test" part."""
        return self.points if name == PARTS[0] else self.test_points

    def with_part(self, name: str, points: Iterable[Point]) -> Drawing:
        """Return the drawing with other points in a part."""
        key = "points" if name == PARTS[0] else "test_points"
        return replace(self, **{key: tuple(points)})  # type: ignore[arg-type]

    def at(self, place: Place) -> Point | None:
        """Return the point at a place; None if there is none."""
        points = self.part(place.part)
        return points[place.index] if place.index < len(points) else None

    def near(self, x: float, y: float, parts: Iterable[str] = PARTS) -> list[Place]:
        """Return the places of the points within reach of a position, the nearest first."""
        found: list[tuple[float, Place]] = []
        across, up = self.columns
        for part in parts:
            for index, point in enumerate(self.part(part)):
                distance = math.hypot((point[across] - x) / self.reach[0], (point[up] - y) / self.reach[1])
                if distance <= 1.0:
                    found.append((distance, Place(part, index)))
        return [place for _, place in sorted(found, key=lambda item: item[0])]

    def _put(self, point: Point, x: float, y: float) -> Point:
        """Return a point moved to a position."""
        values = list(point)
        for column, value, step in zip(self.columns, (x, y), self.steps, strict=True):
            values[column] = min(max(_rounded(value, step), -MOST_COORDINATE), MOST_COORDINATE)
        return tuple(values)

    def added(self, x: float, y: float, target: float | None) -> Drawing:
        """Return the drawing with one more training point; without a target, its value is the position upwards."""
        point = (0.0, 0.0) if target is None else (0.0, 0.0, target)
        return self.with_part(PARTS[0], (*self.points, self._put(point, x, y)))

    def moved(self, place: Place, x: float, y: float) -> Drawing:
        """Return the drawing with a point moved to a position."""
        points = self.part(place.part)
        point = self._put(points[place.index], x, y)
        return self.with_part(place.part, (*points[: place.index], point, *points[place.index + 1 :]))

    def erased(self, places: Iterable[Place]) -> Drawing:
        """Return the drawing without some points."""
        gone, drawing = set(places), self
        for part in PARTS:
            left = [point for k, point in enumerate(self.part(part)) if Place(part, k) not in gone]
            drawing = drawing.with_part(part, left)
        return drawing

    def exchanged(self, place: Place) -> Drawing:
        """Return the drawing with a training point as a test point, or the other way round."""
        point = self.part(place.part)[place.index]
        other = PARTS[place.part == PARTS[0]]
        return self.erased([place]).with_part(other, (*self.part(other), point))

    def as_target(self, place: Place, target: float) -> Drawing:
        """Return the drawing with a point of another class or value."""
        points = self.part(place.part)
        point = (*points[place.index][:-1], target)
        return self.with_part(place.part, (*points[: place.index], point, *points[place.index + 1 :]))


def step_of(span: float) -> float:
    """Return to which multiples positions along an axis of this span are rounded: a power of ten."""
    return float(10.0 ** math.floor(math.log10(span / STEPS))) if span > 0.0 else 1.0


def _rounded(value: float, step: float) -> float:
    decimals = max(0, round(-math.log10(step)))
    return round(round(value / step) * step, decimals) + 0.0
