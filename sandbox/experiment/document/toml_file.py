"""Read TOML, whether of a file or typed, with one clear error for anything wrong, and write single values.

Python's parser takes what no experiment has, and pays for it: seconds and gigabytes for a key of many parts, no end of
recursion for nested lists. So a text is measured before it is parsed.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w

from sandbox.errors import input_error, shown
from sandbox.experiment.document.settings import Value
from sandbox.files import read_file

MOST_BYTES = 8_000_000  # 10,000 edits of a few keys each take a tenth of this
# What an experiment may have, counted by the marks; 10,000 edits of every key have less.
MOST_MARKS = {"[": (100_000, "tables and lists"), "=": (400_000, "keys"), ",": (1_000_000, "values")}
MOST_LEVELS = 16  # of lists and tables within each other
MOST_PARTS = 16  # of a dotted key
MOST_LETTERS = 1_000  # of a number, or of a key without quotes

_QUOTED = re.compile(  # strings, once their escaped quotes are gone, and comments
    r'""".*?"{3,5}|' + r"'''.*?'{3,5}|" + r'"[^"\n]*+"|' + r"'[^'\n]*+'|#[^\n]*+", re.DOTALL
)
_LONG_KEY = re.compile(rf"(?<![\w'-])(?:[\w'-]++[ \t]*+\.[ \t]*+){{{MOST_PARTS}}}")
_LONG_WORD = re.compile(rf"(?<![\w+-])[\w+-]{{{MOST_LETTERS + 1}}}")
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_LINE = 100  # characters of a line of points
_BRACKET = re.compile(r"[][{}]")


def read_text(path: Path, needed: str = "an experiment") -> str:
    """Return the text of a file; errors say what it should be.

    Raises
    ------
    InputError
        If it is missing, a folder, unreadable, too large or not UTF-8 (naming the line).
    """
    name = str(path)
    content = read_file(path, MOST_BYTES, needed)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        bad_byte = f"byte 0x{content[error.start]:02x} in line {line}"
        raise input_error(name, f"{bad_byte} is not UTF-8, but {needed} must be UTF-8 text.") from None


def check_size(size: int, where: str) -> None:
    """Raise InputError if a text is too long for an experiment."""
    if size > MOST_BYTES:
        raise input_error(where, f"this is too large: an experiment has at most {MOST_BYTES:,} bytes.")


def parse(text: str, where: str) -> dict[str, Any]:
    """Parse TOML text into its tables; an InputError names the invalid line."""
    try:
        return _parsed(text, where)
    except tomllib.TOMLDecodeError as error:
        end = f"at the end, line {len(text.splitlines())}"
        problem = str(error).replace("at end of document", end)
        raise input_error(where, f"this is not valid TOML: {shown(problem)}.") from None


def parse_values(text: str, where: str) -> list[object]:
    """Parse values separated by commas, as typed; one that is not TOML is taken as a text.

    Raises
    ------
    InputError
        If they are too many, too long or too deeply nested.
    """
    check_size(len(text), where)
    try:
        return list(_parsed(f"values = [{text}]", where)["values"])
    except tomllib.TOMLDecodeError:
        return [_parse_value(part.strip(), where) for part in text.split(",") if part.strip()]


def _parse_value(text: str, where: str) -> object:
    try:
        return _parsed(f"value = {text}", where)["value"]
    except tomllib.TOMLDecodeError:
        return text


def _parsed(text: str, where: str) -> dict[str, Any]:
    """Parse TOML text of moderate size.

    Raises
    ------
    InputError
        If it is too large in any respect.
    tomllib.TOMLDecodeError
        If it is not TOML.
    """
    _measure(text, where)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except (ValueError, RecursionError, OverflowError) as error:
        raise input_error(where, f"this is not valid TOML: {shown(error)}.") from None


def _measure(text: str, where: str) -> None:
    """Raise InputError if a text has more, longer or more deeply nested values than any experiment."""
    unescaped = text.replace("\\\\", "__").replace('\\"', "__")
    bare = _QUOTED.sub("'", unescaped)
    for mark, (most, noun) in MOST_MARKS.items():
        if bare.count(mark) > most:
            raise input_error(where, f"this is too large: an experiment has at most {most:,} {noun}.")
    if _outsized(bare) is not None:
        with_lines = _QUOTED.sub(lambda quoted: "'" + "\n" * quoted[0].count("\n"), unescaped)
        position, problem = _outsized(with_lines) or (0, "")
        line = with_lines.count("\n", 0, position) + 1
        raise input_error(where, f"line {line:,} has {problem}.")


def _outsized(bare: str) -> tuple[int, str] | None:
    """Return the position of the first value that is too long or too deeply nested, and what is too much of it."""
    if found := _LONG_KEY.search(bare):
        return found.start(), f"a key of more than {MOST_PARTS} parts, the largest number allowed"
    if found := _LONG_WORD.search(bare):
        return (
            found.start(),
            f"a number of too many digits or too long a key; at most {MOST_LETTERS:,} are allowed",
        )
    level = 0
    for bracket in _BRACKET.finditer(bare):
        level += 1 if bracket[0] in "[{" else -1
        if level > MOST_LEVELS:
            return (
                bracket.start(),
                f"values nested too deeply; at most {MOST_LEVELS} levels are allowed",
            )
    return None


def assignment(key: str, value: Value) -> str:
    """Return one line that sets a (plain or dotted) key."""
    return f"{key} = {literal(value)}\n"


def literal(value: Value) -> str:
    """Return a value as it is written in a file."""
    if isinstance(value, Mapping):
        return written(value)
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return points_literal(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(literal(entry) for entry in value) + "]"
    return tomli_w.dumps({"x": value}).removeprefix("x = ").removesuffix("\n")


def written(table: Mapping[str, Sequence[object]]) -> str:
    """Return a table of lists of numbers, or of lists of points, within one line."""
    entries = (f"{_key(name)} = [{', '.join(map(_number, values))}]" for name, values in table.items())
    return f"{{ {', '.join(entries)} }}" if table else "{}"


def _key(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def points_literal(points: Iterable[Sequence[object]]) -> str:
    """Return a list of points, as many in a line as are easily read."""
    lines, line = ["["], "   "
    for point in points:
        text = f" {_number(point)},"
        if len(line) + len(text) > _LINE:
            lines.append(line)
            line = "   "
        line += text
    return "\n".join([*lines, line, "]"])


def _number(value: object) -> str:
    """Return a number, or a list of numbers, exactly; a whole number without a decimal point."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_number, value))}]"
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else repr(value)
