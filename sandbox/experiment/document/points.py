"""Points in an experiment: their check, and how a file writes what an edit changed of them.

In an experiment an edit holds all points, as it holds the new value of any setting: undoing, comparing and replaying
need nothing else. In a file it holds only what differs from the points before, as long as that is shorter: a stroke
that adds three points to three hundred takes one line.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from sandbox.data.canvas import ADDED, MOST_COORDINATE, MOST_POINTS, Point, Points, carried
from sandbox.errors import input_error, join_location
from sandbox.experiment.document.frozen import FrozenMapping
from sandbox.experiment.document.parts import Edit
from sandbox.experiment.document.settings import MOST_LETTERS, SETTINGS, Setting
from sandbox.words import bound

POINT_KEYS = ("data.points", "data.test_points")
_CHANGE, _REMOVE, _INSERT, _ADD = CHANGES = ("change", "remove", "insert", "add")
_MOST_SCALED = 1_000  # features


# Values


def check_points(setting: Setting, value: object, where: str, key: str = "") -> Points:
    """Check a list of points; return them as tuples of floats.

    Raises
    ------
    InputError
        Naming the first entry that is no point.
    """
    key = key or setting.key
    if not isinstance(value, (list, tuple)):
        raise input_error(where, f"{key} is {_shown(value)}, but must be {setting.allowed}.")
    if len(value) > MOST_POINTS:
        raise input_error(where, f"{key} has {len(value):,} points, but at most {MOST_POINTS:,} are allowed.")
    if isinstance(value, tuple) and _are_checked(value):
        return value
    return tuple(_check_point(point, number, key, where) for number, point in enumerate(value, start=1))


def _shown(value: object) -> str:
    return f"{value}" if isinstance(value, (bool, int, float)) else f"a {type(value).__name__}"


def _are_checked(points: tuple[Any, ...]) -> bool:
    """Return whether these are tuples of floats of one length, as `check_points` returns them: each drag sends them."""
    if not points:
        return True
    if set(map(type, points)) != {tuple} or set(map(len, points)) not in ({2}, {3}):
        return False
    numbers = list(chain.from_iterable(points))
    return (
        set(map(type, numbers)) == {float}
        and -MOST_COORDINATE <= min(numbers) <= max(numbers) <= MOST_COORDINATE
        and not any(map(math.isnan, numbers))
    )


def _check_point(point: object, number: int, key: str, where: str) -> Point:
    allowed = f"must be [x1, x2, y] or [x, y], numbers from {bound(-MOST_COORDINATE)} to {bound(MOST_COORDINATE)}"
    if not isinstance(point, (list, tuple)):
        raise input_error(where, f"entry {number} of {key} is no list, but {allowed}.")
    if not 2 <= len(point) <= 3:
        raise input_error(where, f"entry {number} of {key} has length {len(point)}, but {allowed}.")
    for value in point:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= MOST_COORDINATE:
            raise input_error(where, f"entry {number} of {key} has something else than that, but {allowed}.")
    return tuple(float(value) + 0.0 for value in point)  # + 0.0: there is no -0.0


def check_scaling(setting: Setting, value: object, where: str) -> FrozenMapping[str, tuple[float, float]]:
    """Check a table of the mean and the scale of features; return them as floats.

    Raises
    ------
    InputError
        Naming the first entry that is none.
    """
    if not isinstance(value, Mapping) or len(value) > _MOST_SCALED:
        raise input_error(where, f"{setting.key} must be {setting.allowed}.")
    pairs: dict[str, tuple[float, float]] = {}
    for name, pair in value.items():
        if len(name) > MOST_LETTERS or not isinstance(pair, (list, tuple)) or len(pair) != 2 or not _is_scale(*pair):
            raise input_error(where, f"{setting.key} must be {setting.allowed}; its entry {name[:40]!r} is not.")
        pairs[name] = float(pair[0]) + 0.0, float(pair[1])
    return FrozenMapping(pairs)


def _is_scale(mean: object, scale: object) -> bool:
    for value in (mean, scale):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= 1e300:
            return False
    return scale > 0  # type: ignore[operator]


# What an edit changed


def difference(old: Points, new: Points) -> Mapping[str, list[list[float]] | list[int]] | None:
    """Return what to do to the old points so that they become the new ones; None if all of these are shorter.

    By name: `change` lists points that were moved, each after its place among the old ones; `remove` lists places
    among the old ones; `insert` lists new points, each after its place among the new ones; `add` those at the end.
    """
    places = carried(old, new)
    kept = {i for i in places if i != ADDED}
    end = next((j for j in range(len(new), 0, -1) if places[j - 1] != ADDED), 0)
    what: dict[str, Any] = {
        _CHANGE: [[i, *new[j]] for j, i in enumerate(places) if i != ADDED and old[i] != new[j]],
        _REMOVE: [i for i in range(len(old)) if i not in kept],
        _INSERT: [[j, *new[j]] for j in range(end) if places[j] == ADDED],
        _ADD: [list(point) for point in new[end:]],
    }
    if sum(map(len, what.values())) >= len(new):
        return None
    return {name: entries for name, entries in what.items() if entries}


def changed_points(setting: Setting, old: Points, what: Mapping[str, object], where: str) -> Points:
    """Return the points after what `difference` returned, as it was read from a file.

    Raises
    ------
    InputError
        If it names something else, no point, or a place that there is not.
    """
    for name in what:
        if name not in CHANGES:
            raise input_error(where, f"{setting.key} has {str(name)[:40]!r}, but may have {', '.join(CHANGES)}.")
    points: list[Point | None] = list(old)
    for place, point in _placed(setting, what.get(_CHANGE, []), _CHANGE, len(old), where):
        points[place] = point
    for place in _places(setting, what.get(_REMOVE, []), len(old), where):
        points[place] = None
    left = [point for point in points if point is not None]
    entries = what.get(_INSERT, [])
    most = len(left) + (len(entries) if isinstance(entries, list) else 0)
    for place, point in _placed(setting, entries, _INSERT, most, where):
        left.insert(place, point)
    added = check_points(setting, what.get(_ADD, []), where, f"{setting.key}.{_ADD}")
    return check_points(setting, (*left, *added), where)


def _placed(setting: Setting, entries: object, name: str, most: int, where: str) -> Iterable[tuple[int, Point]]:
    """Return points with the places that stand before them."""
    key = f"{setting.key}.{name}"
    if not isinstance(entries, list) or not all(isinstance(entry, list) and len(entry) > 2 for entry in entries):
        raise input_error(where, f"{key} must be a list of points, each after its place: [0, x1, x2, y].")
    points = check_points(setting, [entry[1:] for entry in entries], where, key)
    return zip((_place(key, entry[0], most, where) for entry in entries), points, strict=True)


def _places(setting: Setting, entries: object, most: int, where: str) -> list[int]:
    key = f"{setting.key}.{_REMOVE}"
    if not isinstance(entries, list):
        raise input_error(where, f"{key} must be a list of places.")
    return [_place(key, entry, most, where) for entry in entries]


def _place(key: str, place: object, most: int, where: str) -> int:
    if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < most:
        allowed = f"a whole number from 0 to {most - 1:,}" if most else "nothing, as there are no points"
        raise input_error(where, f"{key} has the place {str(place)[:40]}, but must have {allowed}.")
    return place


def whole_points(edits: tuple[Edit, ...], values: Mapping[str, Any], where: str) -> tuple[Edit, ...]:
    """Return edits, as read from a file, with all points in place of what they change of those before.

    Parameters
    ----------
    edits : tuple of Edit
        In the order of the file.
    values : mapping
        The settings at the start, not checked yet.
    where : str

    Raises
    ------
    InputError
        If an edit cannot be applied to the points before it.
    """
    if all(edit.changes.keys().isdisjoint(POINT_KEYS) for edit in edits):
        return edits
    points = {key: check_points(SETTINGS[key], values.get(key) or [], where) for key in POINT_KEYS}
    whole = list(edits)
    for number in sorted(range(len(edits)), key=lambda k: edits[k].update):
        changes = dict(edits[number].changes)
        here = join_location(where, f"edit {number + 1}")
        for key in POINT_KEYS:
            if key in changes:
                value: object = changes[key]
                if isinstance(value, Mapping):
                    points[key] = changed_points(SETTINGS[key], points[key], value, here)
                else:
                    points[key] = check_points(SETTINGS[key], value, here)
                changes[key] = points[key]
        whole[number] = dataclasses.replace(edits[number], changes=changes)
    return tuple(whole)
