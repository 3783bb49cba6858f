"""Convert between the text of an experiment file and its values: the names of tables and keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.errors import input_error, join_location
from sandbox.experiment.document.entries import checked_weights
from sandbox.experiment.document.parts import Edit, LaneEntry
from sandbox.experiment.document.points import POINT_KEYS, difference, whole_points
from sandbox.experiment.document.rules import EDIT_RULE, LANE_RULE
from sandbox.experiment.document.settings import MOST_EDITS, MOST_LANES, MOST_UPDATES, SECTIONS, SETTINGS, Value
from sandbox.experiment.document.toml_file import assignment, parse, written
from sandbox.experiment.document.units import checked_units
from sandbox.experiment.document.validation import (
    check_count,
    check_key,
    check_lane_name,
    check_whole,
    described,
    unknown_key,
)

FORMAT = 1
_DIFFERING = ("network", "loss", "optimizer")  # sections a lane may have; an edit also has "data"


def read_tables(text: str, where: str) -> tuple[dict[str, Any], tuple[LaneEntry, ...] | None, tuple[Edit, ...]]:
    """Parse a file into its settings by dotted key, its lanes (None if not given) and its edits.

    The keys are checked, the values not yet.

    Raises
    ------
    InputError
        If it is not TOML, has another format or an unknown key, or something else where tables should be.
    """
    plain, values = _split(parse(text, where), ("format", "title", "lanes", "edits"), SECTIONS, where)
    version = plain.get("format", FORMAT)
    if isinstance(version, bool) or not isinstance(version, int) or version != FORMAT:
        raise input_error(where, f"format is {described(version)}, but must be {FORMAT}: no other format can be read.")
    if "title" in plain:
        values["title"] = plain["title"]
    lanes = None
    if "lanes" in plain:
        rows = _rows(plain["lanes"], "lanes", MOST_LANES, where)
        lanes = tuple(_lane(row, where_row) for row, where_row in rows)
    rows = _rows(plain.get("edits", []), "edits", MOST_EDITS, where)
    edits = tuple(_edit(row, where_row) for row, where_row in rows)
    return values, lanes, whole_points(edits, values, where)


def write_tables(values: Mapping[str, Value], lanes: Iterable[LaneEntry], edits: Iterable[Edit]) -> str:
    """Return the text of an experiment file with all of this, leaving out values that are None."""
    lines = [assignment("format", FORMAT), assignment("title", values["title"])]
    for section in SECTIONS:
        lines.append(f"\n[{section}]\n")
        for key in SETTINGS:
            if key.startswith(f"{section}.") and values.get(key) is not None:
                lines.append(assignment(key.partition(".")[2], values[key]))
    for lane in lanes:
        lines += ["\n[[lanes]]\n", assignment("name", lane.name)]
        lines += [assignment(key, value) for key, value in lane.changes.items()]
    points = {key: values.get(key) for key in POINT_KEYS}
    for edit in edits:
        lines += ["\n[[edits]]\n", assignment("update", edit.update)]
        if edit.lane is not None:
            lines.append(assignment("lane", edit.lane))
        for key, value in edit.changes.items():
            what = difference(points[key] or (), value) if key in points else None  # type: ignore[arg-type]
            lines += [assignment(key, value)] if what is None else [f"{key} = {written(what)}\n"]
            if key in points:
                points[key] = value
        lines += [assignment(f"units.{key}", names) for key, names in edit.units.items()]
        lines += [assignment(f'weights."{name}"', value) for name, value in edit.weights.items()]
    return "".join(lines)


def _lane(row: dict[str, Any], where: str) -> LaneEntry:
    plain, changes = _split(row, ("name",), _DIFFERING, where, LANE_RULE)
    return LaneEntry(check_lane_name(plain.get("name"), where), changes)


def _edit(row: dict[str, Any], where: str) -> Edit:
    plain, changes = _split(row, ("update", "lane", "weights", "units"), (*_DIFFERING, "data"), where, EDIT_RULE)
    update = check_whole("update", plain.get("update"), MOST_UPDATES, where)
    weights, units = (plain.get(key, {}) for key in ("weights", "units"))
    return Edit(update, changes, plain.get("lane"), checked_weights(weights, where), checked_units(units, where))


def _rows(value: object, key: str, most: int, where: str) -> list[tuple[dict[str, Any], str]]:
    """Return the tables of an array of tables, each with its name for errors."""
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise input_error(where, f"{key} is {described(value)}, but must be tables that each begin with [[{key}]].")
    check_count(len(value), most, key, where)
    return [(row, join_location(where, f"{key[:-1]} {number}")) for number, row in enumerate(value, start=1)]


def _split(
    table: dict[str, Any], plain_keys: tuple[str, ...], sections: tuple[str, ...], where: str, rule: str = ""
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split a table into its plain keys and, by dotted key, the settings in its sections.

    `rule` completes the error for a section that an experiment may have, but not this table.
    """
    plain: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key in plain_keys:
            plain[key] = value
        elif key in sections:
            if not isinstance(value, dict):
                raise input_error(where, f"{key} is {described(value)}, but must be a table, [{key}].")
            for name, inner in value.items():
                check_key(f"{key}.{name}", where)
                values[f"{key}.{name}"] = inner
        elif rule and (key in SECTIONS or key == "title"):
            raise input_error(where, f"{key} is not allowed here; {rule}.")
        else:
            raise unknown_key(key, (*plain_keys, *sections), where)
    return plain, values
