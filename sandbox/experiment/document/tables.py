"""Between the text of an experiment file and the values it holds: the names of its tables and keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.errors import at, fail
from sandbox.experiment.document.parts import Edit, LaneEntry
from sandbox.experiment.document.rules import EDIT_RULE, LANE_RULE
from sandbox.experiment.document.settings import MOST_EDITS, MOST_LANES, MOST_UPDATES, SECTIONS, SETTINGS, Value
from sandbox.experiment.document.toml_file import assignment, parse
from sandbox.experiment.document.validation import (
    check_count,
    check_key,
    check_lane_name,
    check_whole,
    described,
    unknown_key,
)

FORMAT = 1
_DIFFERING = ("network", "loss", "optimizer")  # sections a lane or an edit may have


def read_tables(text: str, where: str) -> tuple[dict[str, Any], tuple[LaneEntry, ...] | None, tuple[Edit, ...]]:
    """Return what a file says: its settings by dotted key, its lanes (None: not said) and its edits.

    Every key is known, but no value is checked yet.

    Raises
    ------
    InputError
        For what is no TOML, another format, an unknown key, or something else where tables should be.
    """
    own, values = _split(parse(text, where), ("format", "title", "lanes", "edits"), SECTIONS, where)
    version = own.get("format", FORMAT)
    if isinstance(version, bool) or not isinstance(version, int) or version != FORMAT:
        raise fail(where, f"format is {described(version)}, but must be {FORMAT}: no other can be read.")
    if "title" in own:
        values["title"] = own["title"]
    lanes = None
    if "lanes" in own:
        lanes = tuple(_lane(row, place) for row, place in _rows(own["lanes"], "lanes", MOST_LANES, where))
    edits = tuple(_edit(row, place) for row, place in _rows(own.get("edits", []), "edits", MOST_EDITS, where))
    return values, lanes, edits


def write_tables(values: Mapping[str, Value], lanes: Iterable[LaneEntry], edits: Iterable[Edit]) -> str:
    """Return the text of a file that says all of it, leaving out what is None."""
    lines = [assignment("format", FORMAT), assignment("title", values["title"])]
    for section in SECTIONS:
        lines.append(f"\n[{section}]\n")
        for key in SETTINGS:
            if key.startswith(f"{section}.") and values.get(key) is not None:
                lines.append(assignment(key.partition(".")[2], values[key]))
    for lane in lanes:
        lines += ["\n[[lanes]]\n", assignment("name", lane.name)]
        lines += [assignment(key, value) for key, value in lane.changes.items()]
    for edit in edits:
        lines += ["\n[[edits]]\n", assignment("update", edit.update)]
        if edit.lane is not None:
            lines.append(assignment("lane", edit.lane))
        lines += [assignment(key, value) for key, value in edit.changes.items()]
    return "".join(lines)


def _lane(row: dict[str, Any], where: str) -> LaneEntry:
    own, changes = _split(row, ("name",), _DIFFERING, where, LANE_RULE)
    return LaneEntry(check_lane_name(own.get("name"), where), changes)


def _edit(row: dict[str, Any], where: str) -> Edit:
    own, changes = _split(row, ("update", "lane"), _DIFFERING, where, EDIT_RULE)
    return Edit(check_whole("update", own.get("update"), MOST_UPDATES, where), changes, own.get("lane"))


def _rows(value: object, key: str, most: int, where: str) -> list[tuple[dict[str, Any], str]]:
    """Return the tables of an array of tables, each with what errors call it."""
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise fail(where, f"{key} is {described(value)}, but must be tables that each begin with [[{key}]].")
    check_count(len(value), most, key, where)
    return [(row, at(where, f"{key[:-1]} {number}")) for number, row in enumerate(value, start=1)]


def _split(
    table: dict[str, Any], own_keys: tuple[str, ...], sections: tuple[str, ...], where: str, rule: str = ""
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a table's own keys, and the settings in its sections by dotted key.

    `rule` says what is allowed where sections are missing that experiments have elsewhere.
    """
    own: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key in own_keys:
            own[key] = value
        elif key in sections:
            if not isinstance(value, dict):
                raise fail(where, f"{key} is {described(value)}, but must be a table, [{key}].")
            for name, inner in value.items():
                check_key(f"{key}.{name}", where)
                values[f"{key}.{name}"] = inner
        elif rule and (key in SECTIONS or key == "title"):
            raise fail(where, f"{key} has no place here; {rule}.")
        else:
            raise unknown_key(key, (*own_keys, *sections), where)
    return own, values
