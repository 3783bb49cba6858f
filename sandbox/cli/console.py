"""Shared by all commands: messages, options, tables, signals."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import NoReturn

from sandbox import words
from sandbox.errors import InputError
from sandbox.experiment.document import texts
from sandbox.nn import LOSSES, METRICS
from sandbox.signals import noted_signals

PROGRAM = "loss-sandbox"

DONE, INCOMPLETE, BAD_INPUT = 0, 1, 2


def print_error(text: str) -> None:
    """Print a sentence on standard error, after the name of the program."""
    print(f"{PROGRAM}: {text}", file=sys.stderr)


class Parser(argparse.ArgumentParser):
    """Reports a wrong command line like any other bad input."""

    def __init__(self, command: str, description: str, epilog: str = "") -> None:
        super().__init__(
            prog=f"{PROGRAM} {command}".strip(),
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see {self.prog} --help.")


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Return a parser of whole numbers within bounds, for an option."""

    def read(text: str) -> int:
        with suppress(ValueError):
            if low <= int(text) <= high:
                return int(text)
        raise argparse.ArgumentTypeError(f'"{text}" is not a whole number from {low:,} to {high:,}')

    return read


def use_offscreen() -> None:
    """Make Qt, before it starts, draw into memory; macOS and Windows always have a display."""
    if sys.platform not in ("darwin", "win32"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"


def noted_interrupts() -> AbstractContextManager[list[int]]:
    """Note the first Ctrl+C, TERM or HUP, so that it interrupts no update; a second one raises KeyboardInterrupt."""

    def give_up(number: int) -> NoReturn:
        raise KeyboardInterrupt

    return noted_signals(give_up)


def print_elsewhere(place: Path, problem: str) -> None:
    """Say that results are not in the folder they were meant for."""
    print_error(f"{problem} The results are in {place} instead.")


def print_table(table: list[list[str]]) -> None:
    """Print rows of cells, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def format_value(column: str, value: float | None) -> str:
    """Format a value of a history column; a dash if it does not apply."""
    if value is None:
        return "-"
    return words.share(value, 2) if texts.is_share(column) else words.number(value, 6)


def history_columns() -> list[str]:
    """Return every column that a history can have."""
    names = ("cost", "penalty", *METRICS, *LOSSES)
    return [f"{part}_{name}" for part in ("train", "test") for name in names]
