"""Read TOML text, with one clear error for anything wrong, and write single values."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from sandbox.errors import input_error
from sandbox.experiment.document.settings import Value
from sandbox.files import reason

MOST_BYTES = 8_000_000  # 10,000 edits of a few keys each take a tenth of this


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises
    ------
    InputError
        If it is missing, a folder, unreadable, too large or not UTF-8 (naming the line).
    """
    name = str(path)
    if os.path.isdir(path):  # unlike Path.is_dir, this accepts any name
        raise input_error(name, "this is a folder, but must be an experiment file.")
    if os.path.exists(path) and not os.path.isfile(path):  # reading a pipe or a device might never end
        raise input_error(name, "this is not an ordinary file, but must be an experiment file.")
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise input_error(name, "there is no such file.") from None
    except (OSError, ValueError) as error:  # ValueError: not a possible file name
        raise input_error(name, f"this cannot be read: {reason(error)}.") from None
    check_size(len(content), name)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        bad_byte = f"byte 0x{content[error.start]:02x} in line {line}"
        raise input_error(name, f"{bad_byte} is not UTF-8, but an experiment must be UTF-8 text.") from None


def check_size(size: int, where: str) -> None:
    """Raise InputError if a text is too long for an experiment."""
    if size > MOST_BYTES:
        raise input_error(where, f"this is too large: an experiment has at most {MOST_BYTES:,} bytes.")


def parse(text: str, where: str) -> dict[str, Any]:
    """Parse TOML text into its tables; an InputError names the invalid line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        end = f"at the end, line {len(text.splitlines())}"
        problem = str(error).replace("at end of document", end)
        raise input_error(where, f"this is not valid TOML: {problem}.") from None
    except RecursionError:
        raise input_error(where, "this is not an experiment: its values are nested too deeply.") from None
    except ValueError:  # a whole number with more digits than Python converts
        digits = max(re.finditer("[0-9_]+", text), key=lambda match: len(match[0]))
        line = text.count("\n", 0, digits.start()) + 1
        raise input_error(where, f"a whole number in line {line} has too many digits.") from None


def assignment(key: str, value: Value) -> str:
    """Return one line that sets a (plain or dotted) key."""
    return f"{key} = {literal(value)}\n"


def literal(value: Value) -> str:
    """Return a value as it is written in a file."""
    if isinstance(value, tuple):
        return "[" + ", ".join(literal(entry) for entry in value) + "]"
    return tomli_w.dumps({"x": value}).removeprefix("x = ").removesuffix("\n")
