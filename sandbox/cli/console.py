"""Shared by all commands: what is printed, options, tables, signals."""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import NoReturn

from sandbox import words
from sandbox.errors import MOST_IN_A_LINE, InputError, shown
from sandbox.experiment.document import texts
from sandbox.files import reason
from sandbox.nn import LOSSES, METRICS
from sandbox.signals import noted_signals

PROGRAM = "loss-sandbox"

DONE, INCOMPLETE, BAD_INPUT = 0, 1, 2
_MOST_IN_A_CELL = 60  # characters


def say(text: str) -> None:
    """Print a line on standard output: every command does so here, so that no terminal obeys what stands in a file.

    Raises
    ------
    InputError
        If standard output cannot be written, as on a full disk.
    """
    try:
        print(shown(text, MOST_IN_A_LINE), flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        give_up_output()
        raise InputError(f"standard output: this cannot be written: {reason(error)}.") from None


def print_error(text: str) -> None:
    """Print a sentence on standard error, after the name of the program; if that cannot be written, nobody reads it."""
    with suppress(OSError):
        print(f"{PROGRAM}: {shown(text, MOST_IN_A_LINE)}", file=sys.stderr)


class _ClosedOutput(io.TextIOBase):
    """Stands for a standard output that was closed before the program began: it fails only if something is written."""

    def write(self, text: str) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def open_closed_streams() -> None:
    """Replace the standard streams that were closed before the program began, for which Python has None."""
    sys.stdout = sys.stdout or _ClosedOutput()
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115


def give_up_output() -> None:
    """Drop what standard output has not taken: Python would try to write it once more at the end, and complain."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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

    def _print_message(self, message: str, file: object = None) -> None:
        """Print the help or the version, line by line; argparse would ignore that it cannot be written."""
        for line in message.splitlines():
            say(line)

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see {self.prog} --help.")


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Return a parser of whole numbers within bounds, for an option."""

    def read(text: str) -> int:
        with suppress(ValueError):
            if low <= int(text) <= high:
                return int(text)
        raise argparse.ArgumentTypeError(f'"{shown(text)}" is not a whole number from {low:,} to {high:,}')

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
    table = [[shown(cell, _MOST_IN_A_CELL) for cell in row] for row in table]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def format_value(column: str, value: float | None) -> str:
    """Format a value of a history column; a dash if it does not apply."""
    if value is None:
        return "-"
    return words.share(value, 2) if texts.is_share(column) else words.number(value, 6)


def history_columns() -> list[str]:
    """Return every column that a history can have."""
    names = ("cost", "penalty", *METRICS, *LOSSES)
    return [f"{part}_{name}" for part in ("train", "test") for name in names]
