"""Points that are drawn, and what they are points of.

Training and test points are two lists. A point's place in its list is its place among the samples of that part, so
that lists say all: which samples there are, and in which order a batch of all has them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.data.bounds import MAX_CLASSES
from sandbox.errors import input_error
from sandbox.words import bound, count

Point = tuple[float, ...]  # its inputs, then its class (a whole number from 0) or its value
Points = tuple[Point, ...]
Scaling = Mapping[str, tuple[float, float]]  # of a feature or the target, by name: its mean and its scale

MOST_POINTS = 5_000  # training and test points together
MOST_COORDINATE = 1e6
NAME, TARGET = "points", "y"
INPUTS = ("x1", "x2")
ADDED = -1


@dataclass(frozen=True)
class Canvas:
    """What points are: how many inputs they have, and whether their targets are classes or values.

    Attributes
    ----------
    inputs : int
        1 or 2.
    task : str
        binary, multiclass or regression.
    classes : int
        How many there are; 0 for a regression.
    scales_target : bool
        Whether the target of a regression is standardised.
    """

    inputs: int
    task: str
    classes: int
    scales_target: bool = False

    def check(self, points: Points, key: str, where: str = "") -> None:
        """Raise InputError for the first point with another number of inputs, or of a class that there is not."""
        for number, point in enumerate(points, start=1):
            if len(point) != self.inputs + 1:
                raise input_error(
                    where,
                    f"entry {number} of {key} has {count(len(point), 'number')}, but must have {self.inputs + 1}: "
                    "all points have equally many inputs.",
                )
            y = point[-1]
            if self.classes and not (y.is_integer() and 0 <= y < self.classes):
                raise input_error(
                    where,
                    f"entry {number} of {key} has the class {bound(y)}, but must have a whole number from 0 to "
                    f"{self.classes - 1}: there are {self.classes} classes.",
                )


def canvas_of(points: Points, test_points: Points, task: str, classes: int, scale: Scaling | None) -> Canvas:
    """Return what these points are, with the task "auto" decided by them.

    Two numbers are an input and a value. Three are two inputs and, if it is a whole number from 0 to 19 in all of
    them, a class: of two if none is above 1, else of as many as the largest says. Without any points, there are two
    inputs, unless only one is scaled.
    """
    drawn = (*points, *test_points)
    one_scaled = bool(scale) and not any(INPUTS[1] in name for name in scale or ())
    inputs = len(drawn[0]) - 1 if drawn else 1 if one_scaled else 2
    if task == "auto":
        targets = [point[-1] for point in drawn]
        has_classes = inputs == 2 and all(y.is_integer() and 0 <= y < MAX_CLASSES for y in targets)
        classes = int(max(targets, default=0.0)) + 1
        task = ("multiclass" if classes > 2 else "binary") if has_classes else "regression"
    return Canvas(inputs, task, {"binary": 2, "multiclass": classes, "regression": 0}[task])


def carried(old: Points, new: Points) -> list[int]:
    """Return for each new point the place of the old one that it is, or that was moved there; `ADDED` for a new one.

    Points that are equal are the same; of the others, one that stands where an old one is missing is that one, moved.
    Places ascend: what remains keeps its order.
    """
    first, last = _ends_alike(old, new)
    there, here = old[first : len(old) - last], new[first : len(new) - last]
    return [*range(first), *(ADDED if i == ADDED else first + i for i in _matched(there, here)),
            *range(len(old) - last, len(old))]  # fmt: skip


def _ends_alike(old: Points, new: Points) -> tuple[int, int]:
    """Return how many points are the same at the beginning, and how many of the rest at the end."""
    most = min(len(old), len(new))
    first = next((i for i in range(most) if old[i] != new[i]), most)
    last = next((i for i in range(most - first) if old[-1 - i] != new[-1 - i]), most - first)
    return first, last


def _matched(old: Points, new: Points) -> list[int]:
    left, to_come = Counter(old), Counter(new)  # from the places on that are compared
    matched: list[int] = []
    i = 0
    for point in new:
        while i < len(old) and old[i] != point and not to_come[old[i]] and left[point]:
            left[old[i]] -= 1  # removed: the point itself comes later
            i += 1
        is_old = i < len(old) and (old[i] == point or bool(to_come[old[i]]) == bool(left[point]))
        matched.append(i if is_old else ADDED)
        to_come[point] -= 1
        if is_old:
            left[old[i]] -= 1
            i += 1
    return matched
