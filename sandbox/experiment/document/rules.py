"""Rules that involve several keys: what lanes and edits may change, and which values must fit together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sandbox.data.canvas import MOST_POINTS, Canvas, Points, canvas_of
from sandbox.errors import input_error, join_location
from sandbox.experiment.document.entries import checked_weights
from sandbox.experiment.document.parts import DataSettings, Edit, LaneEntry
from sandbox.experiment.document.settings import MOST_EDITS, MOST_LANES, MOST_UPDATES, SETTINGS, Value
from sandbox.experiment.document.units import checked_units, rearranged
from sandbox.experiment.document.validation import (
    check_count,
    check_lane_name,
    check_value,
    check_whole,
    described,
    same_name,
)
from sandbox.words import nearest

LANE_RULE = "a lane may differ in network, loss and optimizer, except batch_size, shuffle and optimizer.seed"
EDIT_RULE = (
    "an edit may change network, loss and optimizer, except seeds, initializer, initializer_scale, initial and "
    "network.weights, and data.features, data.points, data.test_points and data.scaling, and it may set single weights "
    'and biases, weights."W1[0,1]" = 0.5'
)


SOURCES = ("data.dataset", "data.file", "data.points")  # of which an experiment has one
OF_POINTS = ("data.test_points", "data.scaling")  # what only points have


def alone(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return the values with every other source of the data left out, and what belongs to it, if they name one."""
    named = next((key for key in SOURCES if values.get(key) is not None), None)
    if named is None:
        return dict(values)
    others = [key for key in SOURCES if key != named] + ([] if named == "data.points" else list(OF_POINTS))
    return {**dict.fromkeys(others), **values}


def check_source(values: Mapping[str, Value], where: str) -> None:
    """Raise InputError if more than one source of the data is named, or something that only points have."""
    named = [key for key in SOURCES if values[key] is not None]
    if len(named) > 1:
        both = " and ".join(f"{key} is {described(values[key])}" for key in named[:2])
        raise input_error(where, f"{both}, but only one of the two is allowed.")
    if values["data.points"] is None:
        for key in OF_POINTS:
            if values[key] is not None:
                raise input_error(where, f"{key} is given, but is allowed only where data.points is.")


def check_points_fit(data: DataSettings, edits: Iterable[Edit], where: str) -> None:
    """Check that all points fit together: at the start and after every edit."""
    canvas = None
    if data.points is not None:
        points, test_points = data.points, data.test_points or ()
        canvas = canvas_of(points, test_points, data.task, data.classes, data.scaling)
        _check_drawn(canvas, points, test_points, where)
    for edit in edits:
        keys = [key for key in ("data.points", *OF_POINTS) if key in edit.changes]
        if not keys:
            continue
        here = join_location(where, f"edit of update {edit.update}")
        if canvas is None:
            raise input_error(here, f"{keys[0]} can only change where data.points is given from the start.")
        points = edit.changes.get("data.points", points)  # type: ignore[assignment]
        test_points = edit.changes.get("data.test_points", test_points)  # type: ignore[assignment]
        _check_drawn(canvas, points, test_points, here)


def _check_drawn(canvas: Canvas, points: Points, test_points: Points, where: str) -> None:
    canvas.check(points, "data.points", where)
    canvas.check(test_points, "data.test_points", where)
    check_count(len(points) + len(test_points), MOST_POINTS, "points in all", where)


def lane_index(lanes: tuple[LaneEntry, ...], name: object, where: str = "") -> int:
    """Return the index of the lane with a name; if there is none, an InputError lists all names."""
    names = [lane.name for lane in lanes]
    if isinstance(name, str) and name in names:
        return names.index(name)
    near = nearest(name, names) if isinstance(name, str) else None
    hint = f"; did you mean {described(near)}?" if near else "."
    raise input_error(where, f"lane is {described(name)}, but must be one of {', '.join(names)}{hint}")


def checked_lanes(lanes: Iterable[LaneEntry], where: str) -> tuple[LaneEntry, ...]:
    """Check the lanes' names, keys and values; return them with values in their proper types."""
    lanes = tuple(lanes)
    if not lanes:
        raise input_error(where, f"lanes is empty, but must have 1 to {MOST_LANES} lanes.")
    check_count(len(lanes), MOST_LANES, "lanes", where)
    result: list[LaneEntry] = []
    taken: dict[str, str] = {}
    for number, lane in enumerate(lanes, start=1):
        name = check_lane_name(lane.name, join_location(where, f"lane {number}"))
        earlier = taken.setdefault(same_name(name), name)
        if len(taken) < number:
            clash = f"name is {described(name)}, but lane {earlier} has that name already"
            allowed = "names must differ in more than upper and lower case"
            raise input_error(join_location(where, f"lane {number}"), f"{clash}; {allowed}.")
        where_lane = join_location(where, f"lane {name}")
        changes = _checked_changes(lane.changes, where_lane)
        for key in changes:
            if not SETTINGS[key].per_lane:
                raise input_error(where_lane, f"{key} is shared by all lanes; {LANE_RULE}.")
        result.append(LaneEntry(name, changes))
    return tuple(result)


def checked_edits(edits: Iterable[Edit], lanes: tuple[LaneEntry, ...], where: str) -> tuple[Edit, ...]:
    """Check every edit; return them in the order in which they take effect."""
    edits = tuple(edits)
    check_count(len(edits), MOST_EDITS, "edits", where)
    checked = (checked_edit(edit, lanes, join_location(where, f"edit {n}")) for n, edit in enumerate(edits, start=1))
    return in_order(checked)


def in_order(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Sort edits by update; those of the same update keep their order."""
    return tuple(sorted(edits, key=lambda edit: edit.update))


def checked_edit(edit: Edit, lanes: tuple[LaneEntry, ...], where: str) -> Edit:
    """Check an edit's update, lane, keys and values; return it with values in their proper types."""
    update = check_whole("update", edit.update, MOST_UPDATES, where)
    if edit.lane is not None:
        lane_index(lanes, edit.lane, where)
    weights, units = checked_weights(edit.weights, where), checked_units(edit.units, where)
    if units and "network.hidden" not in edit.changes:
        raise input_error(where, "units is given, but network.hidden, the units of each layer after that, is missing.")
    if not (edit.changes or weights):
        raise input_error(where, f"this changes nothing, but must change something; {EDIT_RULE}.")
    changes = _checked_changes(edit.changes, where)
    for key in changes:
        if not SETTINGS[key].live:
            raise input_error(where, f"{key} cannot change while training; {EDIT_RULE}.")
        if edit.lane is not None and not SETTINGS[key].per_lane:
            clash = f"{key} is shared by all lanes, but lane is {described(edit.lane)}"
            raise input_error(where, f"{clash}; such an edit must not name a lane.")
    return Edit(update, changes, edit.lane, weights, units)


def check_layers(
    hidden: Value, activation: Value, lanes: Iterable[LaneEntry], edits: Iterable[Edit], where: str
) -> None:
    """Check that a list of activations has one per hidden layer: in each lane, at the start and after edits."""
    layers: dict[str, tuple[Value, Value]] = {}
    for lane in lanes:
        layers[lane.name] = _layers(lane.changes, hidden, activation)
        differs = "network.hidden" in lane.changes or "network.activation" in lane.changes
        _check_fit(*layers[lane.name], join_location(where, f"lane {lane.name}") if differs else where)
    for edit in edits:
        if "network.hidden" in edit.changes or "network.activation" in edit.changes:
            for name in (edit.lane,) if edit.lane is not None else tuple(layers):
                title = f"edit of update {edit.update}"
                place = join_location(where, f"{title}, lane {name}" if len(layers) > 1 else title)
                before, layers[name] = layers[name], _layers(edit.changes, *layers[name])
                _check_fit(*layers[name], place)
                if edit.units:
                    rearranged(before[0], layers[name][0], edit.units, place)  # type: ignore[arg-type]


def _layers(changes: Mapping[str, Value], hidden: Value, activation: Value) -> tuple[Value, Value]:
    return changes.get("network.hidden", hidden), changes.get("network.activation", activation)


def _check_fit(hidden: Value, activation: Value, where: str) -> None:
    if isinstance(hidden, tuple) and isinstance(activation, tuple) and len(hidden) != len(activation):
        lengths = f"network.activation has length {len(activation)} and network.hidden length {len(hidden)}"
        raise input_error(where, f"{lengths}, but there must be one name for all layers or one for each.")


def _checked_changes(changes: Mapping[str, object], where: str) -> dict[str, Value]:
    values = {key: check_value(key, value, where) for key, value in changes.items()}
    for key, value in values.items():
        if value is None:
            raise input_error(where, f"{key} is missing, but must be {SETTINGS[key].allowed}.")
    return {key: values[key] for key in sorted(values, key=_ORDER.__getitem__)}


_ORDER = {key: index for index, key in enumerate(SETTINGS)}
