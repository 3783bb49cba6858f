"""The error whose message is meant for the user, and how that message is built."""

from __future__ import annotations


class InputError(ValueError):
    """Input from the user that cannot be used.

    The message is one clear sentence: what was found, where, and what is allowed. The commands print it and
    exit with 2; the window shows it as a notice.
    """


def join_location(where: str, part: str) -> str:
    """Join a location and a part of it: "moons.toml, lane B"."""
    return f"{where}, {part}" if where else part


def input_error(where: str, sentence: str) -> InputError:
    """Return the error for a sentence, with its location in front."""
    return InputError(f"{where}: {sentence}" if where else sentence)
