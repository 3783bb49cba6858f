"""The one error that a person is meant to read."""

from __future__ import annotations


class InputError(ValueError):
    """Something a person gave cannot be used.

    The message is one clear sentence: what was found, where, and what is allowed. The commands print it and
    exit with 2; the window shows it as a notice.
    """
