"""Names in messages: what is known, and which one was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_SHOWN = 12  # a digit image has 64 columns: a message lists no more than this many


def known_names(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown name: the nearest known one, and the list.

    Parameters
    ----------
    name : str
        What was given.
    known : iterable of str
        What would have been allowed, in order of display.

    Returns
    -------
    str
        Such as ``'did you mean "moons"? Known are moons, circles'``, to go on with after a semicolon.
    """
    names = list(known)
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f'did you mean "{close[0]}"? ' if close else ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{hint}{'Known' if hint else 'known'} are {', '.join(names[:_SHOWN])}{more}"


def count(number: int, noun: str) -> str:
    """Return a number with its noun, "1 row" or "2 rows"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
