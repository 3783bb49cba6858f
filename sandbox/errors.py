"""The one error that a person is meant to read, and how its sentence begins."""

from __future__ import annotations


class InputError(ValueError):
    """Something a person gave cannot be used.

    The message is one clear sentence: what was found, where, and what is allowed. The commands print it and
    exit with 2; the window shows it as a notice.
    """


def at(where: str, part: str) -> str:
    """Return a place within a place: "moons.toml, lane B"."""
    return f"{where}, {part}" if where else part


def fail(where: str, sentence: str) -> InputError:
    """Return the error for a sentence about a place."""
    return InputError(f"{where}: {sentence}" if where else sentence)
