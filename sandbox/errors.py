"""The error whose message is meant for the user, and how a person's text is shown in it."""

from __future__ import annotations

import unicodedata

OUT_OF_MEMORY = "there is not enough memory for this; fewer or smaller networks, or fewer samples, need less."
MOST_IN_A_LINE = 2_000  # characters of what is printed
_MOST_SHOWN = 120  # characters of a name or a text that is shown
_MOST_LOCATION = 400  # of a file, and the place in it
_MOST_SAID = 2_000  # characters of a whole sentence
_CUT = "..."
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # control, direction, half a character, end of a line


def shown(text: object, most: int = _MOST_SHOWN) -> str:
    """Return a text that a person has written as it can be shown anywhere: escaped, and cut in its middle.

    A terminal would obey some characters instead of showing them, and a line must stay one line: what cannot be seen
    becomes its escape, such as ``\\x1b``. What is shown already, stays as it is.

    Parameters
    ----------
    text : object
        A text, or what has one: a path.
    most : int
        How many characters may remain.
    """
    whole = str(text)
    ends = whole if len(whole) <= 2 * most else whole[:most] + whole[-most:]
    plain = ends if ends.isprintable() else "".join(map(_escape, ends))
    if len(plain) <= most:
        return plain
    last = most // 3
    return f"{plain[: most - last - len(_CUT)]}{_CUT}{plain[-last:]}"


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape").decode() if unicodedata.category(letter) in _UNSEEN else letter


class InputError(ValueError):
    """Input from the user that cannot be used.

    The message is one clear sentence: what was found, where, and what is allowed. The commands print it and
    exit with 2; the window shows it as a notice. No character of it is one that a terminal would obey.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(shown(sentence, _MOST_SAID))


def join_location(where: str, part: str) -> str:
    """Join a location and a part of it: "moons.toml, lane B"."""
    return f"{where}, {part}" if where else part


def input_error(where: str, sentence: str) -> InputError:
    """Return the error for a sentence, with its location in front."""
    return InputError(f"{shown(where, _MOST_LOCATION)}: {sentence}" if where else sentence)
