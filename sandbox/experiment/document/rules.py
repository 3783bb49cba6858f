"""The rules that join several keys: what lanes and edits may be, and what must fit what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sandbox.errors import at, fail
from sandbox.experiment.document.parts import Edit, LaneEntry
from sandbox.experiment.document.settings import MOST_EDITS, MOST_LANES, MOST_UPDATES, SETTINGS, Value
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
EDIT_RULE = "an edit may change network, loss and optimizer, except seeds, initializer, initializer_scale and weights"


def check_source(dataset: Value, file: Value, where: str) -> None:
    """Raise InputError where both a dataset and a file are named."""
    if dataset is not None and file is not None:
        found = f"data.dataset is {described(dataset)} and data.file is {described(file)}"
        raise fail(where, f"{found}, but only one of the two is allowed.")


def lane_index(lanes: tuple[LaneEntry, ...], name: object, where: str = "") -> int:
    """Return which lane has a name; an InputError tells all names."""
    names = [lane.name for lane in lanes]
    if isinstance(name, str) and name in names:
        return names.index(name)
    near = nearest(name, names) if isinstance(name, str) else None
    hint = f"; did you mean {described(near)}?" if near else "."
    raise fail(where, f"lane is {described(name)}, but must be one of {', '.join(names)}{hint}")


def checked_lanes(lanes: Iterable[LaneEntry], where: str) -> tuple[LaneEntry, ...]:
    """Return the lanes with their values in proper types, names and keys tested."""
    lanes = tuple(lanes)
    if not lanes:
        raise fail(where, f"lanes is empty, but must have 1 to {MOST_LANES} lanes.")
    check_count(len(lanes), MOST_LANES, "lanes", where)
    result: list[LaneEntry] = []
    taken: dict[str, str] = {}
    for number, lane in enumerate(lanes, start=1):
        name = check_lane_name(lane.name, at(where, f"lane {number}"))
        twin = taken.setdefault(same_name(name), name)
        if len(taken) < number:
            found = f"name is {described(name)}, but lane {twin} has that name already"
            allowed = "must differ from it in more than upper and lower case"
            raise fail(at(where, f"lane {number}"), f"{found} and {allowed}.")
        place = at(where, f"lane {name}")
        changes = _checked_changes(lane.changes, place)
        for key in changes:
            if not SETTINGS[key].per_lane:
                raise fail(place, f"{key} is shared by all lanes; {LANE_RULE}.")
        result.append(LaneEntry(name, changes))
    return tuple(result)


def checked_edits(edits: Iterable[Edit], lanes: tuple[LaneEntry, ...], where: str) -> tuple[Edit, ...]:
    """Return the edits in the order in which they take effect, each of them tested."""
    edits = tuple(edits)
    check_count(len(edits), MOST_EDITS, "edits", where)
    checked = (checked_edit(edit, lanes, at(where, f"edit {n}")) for n, edit in enumerate(edits, start=1))
    return in_order(checked)


def in_order(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Return edits by their update; those of one update stay in the order they were made."""
    return tuple(sorted(edits, key=lambda edit: edit.update))


def checked_edit(edit: Edit, lanes: tuple[LaneEntry, ...], where: str) -> Edit:
    """Return the edit with its values in proper types, its lane and keys tested."""
    update = check_whole("update", edit.update, MOST_UPDATES, where)
    if edit.lane is not None:
        lane_index(lanes, edit.lane, where)
    if not edit.changes:
        raise fail(where, f"this changes nothing, but must change something; {EDIT_RULE}.")
    changes = _checked_changes(edit.changes, where)
    for key in changes:
        if not SETTINGS[key].live:
            raise fail(where, f"{key} cannot change while training; {EDIT_RULE}.")
        if edit.lane is not None and not SETTINGS[key].per_lane:
            found = f"{key} is shared by all lanes, but lane is {described(edit.lane)}"
            raise fail(where, f"{found}; it must be left out.")
    return Edit(update, changes, edit.lane)


def check_layers(
    hidden: Value, activation: Value, lanes: Iterable[LaneEntry], edits: Iterable[Edit], where: str
) -> None:
    """Test that a list of activations has one for each hidden layer: in each lane, first and after edits."""
    now: dict[str, tuple[Value, Value]] = {}
    for lane in lanes:
        now[lane.name] = _layers(lane.changes, hidden, activation)
        own = "network.hidden" in lane.changes or "network.activation" in lane.changes
        _check_fit(*now[lane.name], at(where, f"lane {lane.name}") if own else where)
    for edit in edits:
        if "network.hidden" in edit.changes or "network.activation" in edit.changes:
            for name in (edit.lane,) if edit.lane is not None else tuple(now):
                now[name] = _layers(edit.changes, *now[name])
                place = f"edit of update {edit.update}"
                _check_fit(*now[name], at(where, f"{place}, lane {name}" if len(now) > 1 else place))


def _layers(changes: Mapping[str, Value], hidden: Value, activation: Value) -> tuple[Value, Value]:
    return changes.get("network.hidden", hidden), changes.get("network.activation", activation)


def _check_fit(hidden: Value, activation: Value, where: str) -> None:
    if isinstance(hidden, tuple) and isinstance(activation, tuple) and len(hidden) != len(activation):
        found = f"network.activation has length {len(activation)} and network.hidden length {len(hidden)}"
        raise fail(where, f"{found}, but there must be one name for all layers or one for each.")


def _checked_changes(changes: Mapping[str, object], where: str) -> dict[str, Value]:
    values = {key: check_value(key, value, where) for key, value in changes.items()}
    for key, value in values.items():
        if value is None:
            raise fail(where, f"{key} is missing, but must be {SETTINGS[key].allowed}.")
    return {key: values[key] for key in sorted(values, key=_ORDER.__getitem__)}


_ORDER = {key: place for place, key in enumerate(SETTINGS)}
