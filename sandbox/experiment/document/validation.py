"""Check single keys and values, with errors that say where, what was found and what is allowed."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping

from sandbox.errors import InputError, input_error, shown
from sandbox.experiment.document.points import check_points, check_scaling
from sandbox.experiment.document.settings import PATHS, SECTIONS, SETTINGS, Setting, Value
from sandbox.words import letters, nearest

MOST_NAME_LETTERS = 40
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SHOWN = 60  # characters of a value that an error shows
_WRITABLE = 10**30  # larger integers are only described: Python refuses to print very long ones


def check_key(key: str, where: str = "") -> Setting:
    """Return the setting of a dotted key.

    Raises
    ------
    InputError
        If there is none; the message names the nearest known key and all keys of the section.
    """
    if key in SETTINGS:
        return SETTINGS[key]
    section, _, name = key.partition(".")
    if not name or section not in SECTIONS:
        raise unknown_key(key, (*SECTIONS, "title"), where)
    siblings = [other.partition(".")[2] for other in SETTINGS if other.startswith(f"{section}.")]
    raise input_error(
        where,
        f"{section}.{_quoted(name)} is not a known key{_did_you_mean(name, siblings, section)} "
        f"Known keys in [{section}]: {', '.join(siblings)}.",
    )


def unknown_key(key: str, known: Iterable[str], where: str = "") -> InputError:
    """Return the error for a key that a table does not have."""
    known = tuple(known)
    hint = _did_you_mean(key, known)
    return input_error(where, f"{_quoted(key)} is not a known key{hint} Known keys: {', '.join(known)}.")


def check_value(key: str, value: object, where: str = "") -> Value:
    """Check the value of a setting; return it in its proper type: lists as tuples, numbers as floats.

    Parameters
    ----------
    key : str
        Dotted: "optimizer.learning_rate".
    value : object
        As given by a file or a control; None, if the setting is optional, means left out.
    where : str
        What the error names first, such as a file.

    Raises
    ------
    InputError
        For an unknown key, a wrong type or a value out of range, saying what was found and what is allowed.
    """
    setting = check_key(key, where)
    if value is None and setting.optional:
        return None
    if setting.kind == "points":
        return check_points(setting, value, where)
    if setting.kind == "scaling":
        return check_scaling(setting, value, where)
    if setting.is_list and isinstance(value, (list, tuple)):
        return _check_list(setting, value, where)
    if setting.is_list and not setting.single:
        raise _wrong(setting, value, where)
    return _check_one(setting, value, where)


def check_count(count: int, most: int, what: str, where: str) -> None:
    """Raise InputError if there are more of something than an experiment may have."""
    if count > most:
        raise input_error(where, f"there are {count:,} {what}, but at most {most:,} are allowed.")


def check_whole(key: str, value: object, high: int, where: str) -> int:
    """Check a whole number from 0 to `high`; for keys that are not settings, such as an edit's update."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= high:
        raise input_error(where, f"{key} is {described(value)}, but must be a whole number from 0 to {high:,}.")
    return int(value)


def check_lane_name(name: object, where: str = "") -> str:
    """Check a lane's name: letters, digits, inner spaces, - and _, at most 40 characters."""
    if (
        not isinstance(name, str)
        or not 1 <= len(name) <= MOST_NAME_LETTERS
        or name != name.strip(" ")
        or not all(letter.isalpha() or letter.isdecimal() or letter in " -_" for letter in name)
    ):
        allowed = f"1 to {MOST_NAME_LETTERS} letters, digits, inner spaces, - and _"
        raise input_error(where, f"name is {described(name)}, but must be made of {allowed}.")
    return str(name)


def same_name(name: str) -> str:
    """Return a key that is equal for lane names that count as the same: they name files, which may ignore case."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def described(value: object) -> str:
    """Format a value as a file would write it, shortened."""
    match value:
        case None:
            return "missing"
        case bool():
            return "true" if value else "false"
        case int() if abs(value) >= _WRITABLE:
            return "a whole number of more than 30 digits"
        case str():
            return shown(json.dumps(value, ensure_ascii=False), _SHOWN)
        case list() | tuple():
            entries = ", ".join(described(entry) for entry in value[:_SHOWN])
            return shown(f"[{entries}]", _SHOWN)
        case Mapping():
            return "a table"
        case int() | float():
            return repr(value)
    return shown(value, _SHOWN)


def _check_list(setting: Setting, value: list[object] | tuple[object, ...], where: str) -> Value:
    if not setting.least <= len(value) <= setting.longest:
        raise _wrong(setting, value, where, f"a list of {len(value):,}")
    entries = tuple(
        _check_one(setting, entry, where, f"entry {number} of {setting.key}")
        for number, entry in enumerate(value, start=1)
    )
    if setting.distinct and len(set(entries)) < len(entries):
        repeated = next(entry for entry in entries if entries.count(entry) > 1)
        problem = f"{setting.key} has {described(repeated)} more than once"
        raise input_error(where, f"{problem}, but must be {setting.allowed}.")
    return entries  # type: ignore[return-value]  # all of one type, by the setting's kind


def _check_one(setting: Setting, value: object, where: str, entry: str = "") -> bool | int | float | str:
    match setting.kind:
        case "flag" if isinstance(value, bool):
            return value
        case "flag" if isinstance(value, str) and value in setting.names:
            return str(value)
        case "number" | "numbers" if isinstance(value, (int, float)) and _within(setting, value):
            return float(value)
        case "integer" | "integers" if isinstance(value, int) and _within(setting, value):
            return int(value)
        case "choice" | "choices" if isinstance(value, str) and value in setting.choices:
            return str(value)
        case "text" | "names" if isinstance(value, str):
            return _check_text(setting, str(value), where)
    raise _wrong(setting, value, where, entry=entry)


def _check_text(setting: Setting, value: str, where: str) -> str:
    if setting.kind == "text" and not setting.least <= len(value) <= setting.most:
        raise _wrong(setting, value, where, f"a string of {len(value):,} characters")
    if setting.pattern and re.fullmatch(setting.pattern, value, re.ASCII) is None:
        raise _wrong(setting, value, where, entry=f"an entry of {setting.key}")
    if setting.key in PATHS and "\0" in value:
        raise input_error(where, f"{setting.key} is {described(value)}, but must be a path without the character 0.")
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        problem = f"{setting.key} has characters that UTF-8 cannot encode"
        raise input_error(where, f"{problem}, but must be {setting.allowed}.")
    return value


def _within(setting: Setting, value: float) -> bool:
    # nan and the infinities fail: bounds are finite, and comparisons with nan are False
    return (
        not isinstance(value, bool)
        and (setting.low < value if setting.above else setting.low <= value)
        and (value < setting.high if setting.below else value <= setting.high)
    )


def _wrong(setting: Setting, value: object, where: str, description: str = "", entry: str = "") -> InputError:
    allowed = setting.allowed_entry if entry else setting.allowed
    near = nearest(value, setting.choices) if isinstance(value, str) else None
    listed = setting.is_list and not setting.single and not entry
    hint = f"; did you mean {described([near] if listed else near)}?" if near else "."
    return input_error(
        where, f"{entry or setting.key} is {description or described(value)}, but must be {allowed}{hint}"
    )


def _did_you_mean(name: str, siblings: Iterable[str], section: str = "") -> str:
    """Suggest the key most like a name: in the same table, else in one that has that name, else in any."""
    near = nearest(name, siblings)
    namesakes = [key for key in SETTINGS if letters(key.rpartition(".")[2]) == letters(name)]
    if near and (letters(near) == letters(name) or not namesakes):
        key: str | None = f"{section}.{near}" if section else near
    else:
        key = namesakes[0] if namesakes else nearest(name, SETTINGS)
    return f"; did you mean {key}?" if key else "."


def _quoted(key: str) -> str:
    """Format a key as a file would write it, shortened: in quotes unless it is a bare key."""
    return shown(key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False), _SHOWN)
