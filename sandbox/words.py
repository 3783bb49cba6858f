"""How numbers, labels and names are written for people: the same way in every card, file and message."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable

from sandbox.errors import shown

MINUS, INFINITY, NOTHING, ABOUT, THIN_SPACE = "\u2212", "\u221e", "\u2013", "\u2248", "\u2009"
_WIDEST = 7  # characters of a cost
_TINY = 0.95e-9  # below this, the exponent does not fit into six characters
_ROUNDING = 1e-12  # of a share that is 1 but for the rounding of its sum
_NO_SCORE = 1e-9  # a score this near 0 is 0 but for the rounding of its sums
_HALVES = 12  # significant digits in which a number is a half
_LISTED = 12  # names in a message at most: a table may have hundreds of columns
_LONGEST_NAME = 200  # characters compared to find the nearest name
_MOST_LETTERS = 60  # of a name in such a list


# Numbers


def number(value: float, digits: int = 4) -> str:
    """Format a number to `digits` significant digits, without trailing zeros: 0.25, 12,300, 3.1e\u22127.

    Infinity becomes its sign, nan a dash.
    """
    if not math.isfinite(value):
        return _not_finite(value)
    text = f"{value:.{max(digits, 1) - 1}e}"
    mantissa, exponent = text.split("e")
    power = int(exponent)
    if value == 0.0 or -4 <= power < max(digits, 5):
        decimals = max(digits - 1 - power, 0)
        plain = f"{float(text):,.{decimals}f}"
        return _true_minus(plain.rstrip("0").rstrip(".") if decimals else plain)
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return _true_minus(f"{mantissa}e{power}")


def fixed(value: float, decimals: int) -> str:
    """Format a number with fixed decimals, as in a column or beside an axis: \u22120.500, 1,234.00."""
    return _true_minus(f"{value:,.{decimals}f}") if math.isfinite(value) else _not_finite(value)


def cost(value: float) -> str:
    """Format a cost in at most seven characters, as precisely as they allow: 0.0871, 12.34, 8.7e\u22126."""
    if not math.isfinite(value):
        return _not_finite(value)
    size = abs(value)
    short = not size or 1e-3 <= size < 1e5
    three = (5, 4) if short else (2, 1, 0)  # decimals that give a small cost three digits, if there is room
    for digits in three if 0.0 < size < 1e-2 else (4, 2, 0) if short else (1, 0):
        text = _true_minus(f"{value:.{digits}f}") if short else _exponential(value, digits)
        if len(text) <= _WIDEST:
            break
    return text


def score(value: float) -> str:
    """Format a score as a cost, but without the rounding of the computer around 0: R\u00b2 of a constant is 0.0000."""
    return cost(0.0 if abs(value) < _NO_SCORE else value)


def quantity(value: float) -> str:
    """Format a value of the data in its own unit: as a cost, but whole from 10,000 on: 462,854."""
    return _true_minus(f"{value:,.0f}") if 1e4 <= abs(value) < 1e9 else cost(value)


def brief(value: float, roomy: bool = False) -> str:
    """Format a number in about six characters, or about eight if `roomy`.

    Examples
    --------
    >>> brief(-0.12345), brief(-0.12345, roomy=True), brief(12.345), brief(3.2e-5), brief(0.0)
    ('−0.123', '−0.1235', '12.35', '3e−5', '0')
    """
    if not math.isfinite(value):
        return _not_finite(value)
    size = abs(value)
    if size < _TINY and not roomy:
        return f"{ABOUT}0" if size else "0"
    decimals = 4 if roomy else 3
    if 10.0**-decimals <= size < 9999.5:
        int_digits = len(str(int(size)))
        return _true_minus(f"{value:.{max(0, decimals + 1 - int_digits)}f}")
    return _exponential(value, int(roomy)) if size else "0"


def share(value: float, decimals: int = 1) -> str:
    """Format a share in per cent: 97.3 %; never 100 % unless it is all, nor 0 % unless it is nothing.

    A half is rounded away from 0, as people do: 67.25 % and 90.75 %, which are 269 and 363 of 400, become 67.3 % and
    90.8 %.
    """
    if not math.isfinite(value):
        return _not_finite(value)
    text, step = fixed(_rounded(100.0 * value, decimals), decimals), 10.0**-decimals
    if 0.0 < value < 1.0 - _ROUNDING and text == fixed(100.0, decimals):
        text = f">{THIN_SPACE}{fixed(100.0 - step, decimals)}"
    elif 0.0 < value < 1.0 and text == fixed(0.0, decimals):
        text = f"<{THIN_SPACE}{fixed(step, decimals)}"
    return f"{text}{THIN_SPACE}%"


def _rounded(value: float, decimals: int) -> float:
    """Round halves away from 0; a number that is a half but for the rounding of the computer counts as one."""
    scaled = float(f"{abs(value) * 10.0**decimals:.{_HALVES}g}")
    return math.copysign(math.floor(scaled + 0.5) / 10.0**decimals, value)


def ratio(value: float) -> str:
    """Format how many times as much something is: 1.9, 1.02, 99.7, 12,300."""
    return number(value, _ratio_digits(value))


def rounded_ratio(value: float) -> float:
    """Return a ratio as `ratio` shows it."""
    return float(f"{value:.{_ratio_digits(value) - 1}e}")


def _ratio_digits(value: float) -> int:
    """Two digits say enough, but three where two would hide the difference to 1 or cut a larger number short."""
    return 3 if 0.9 < value < 1.1 or value >= 10.0 else 2


def times_as(value: float, much_as: str) -> str:
    """Compare by a ratio: "1.02 times as many epochs as" or, where it rounds to 1, "about as many epochs as"."""
    text = ratio(value)
    return f"about as {much_as}" if text == "1" else f"{text} times as {much_as}"


def signed(text: str) -> str:
    """Put a plus before a formatted number, unless it is negative or 0."""
    return text if text.startswith(MINUS) or not text.strip("0.") else f"+{text}"


def degrees(value: float) -> str:
    """Format an angle in whole degrees: 45\u00b0."""
    return f"{fixed(value, 0)}\u00b0" if math.isfinite(value) else _not_finite(value)


def exact(value: float) -> str:
    """Return the shortest text to type that reads back as exactly this number: 0.5, 300, 1e-5, 2e6."""
    if isinstance(value, int) or (abs(value) < 1e15 and value == int(value)):
        text, short = str(int(value)), f"{float(value):.0e}".replace("e+0", "e").replace("e+", "e")
        return short if isinstance(value, float) and len(text) > 5 and float(short) == value else text
    text = repr(float(value))
    if "e" in text:
        mantissa, exponent = text.split("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
    return text


def bound(value: float) -> str:
    """Format an allowed bound exactly: 10,000,000, 0.5."""
    return f"{int(value):,}" if value == int(value) else exact(value)


def count(amount: int, noun: str) -> str:
    """Format a count with its noun: "1 update", "1,200 updates"."""
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"


def memory(amount: float) -> str:
    """Format an amount of memory in bytes, to two digits: 850 MB, 2 GB, 5.3 GB."""
    unit, name = (1e9, "GB") if amount >= 0.995e9 else (1e6, "MB")
    return f"{number(float(f'{amount / unit:.2g}'))} {name}"


def all_of(amount: int, noun: str) -> str:
    """Say that nothing is left out: "all 210 samples", "the only sample"."""
    return f"the only {noun}" if amount == 1 else f"all {amount:,} {noun}s"


def _not_finite(value: float) -> str:
    return NOTHING if math.isnan(value) else INFINITY if value > 0 else f"{MINUS}{INFINITY}"


def _exponential(value: float, decimals: int) -> str:
    mantissa, exponent = f"{value:.{decimals}e}".split("e")
    return _true_minus(f"{mantissa}e{int(exponent)}")


def _true_minus(text: str) -> str:
    return text.replace("-", MINUS)


# Labels and sentences


def within(label: str) -> str:
    """Return a label as written within a sentence: "learning rate", but "KL divergence", "L1", "R\u00b2"."""
    first = label.partition(" ")[0].partition("-")[0]
    return label[:1].lower() + label[1:] if first[1:].islower() else label


def one_line(text: str) -> str:
    """Return a text with every run of white space as one blank: a name from a file may hold line breaks."""
    return " ".join(text.split())


def capital(text: str) -> str:
    """Capitalise the first letter of a text."""
    return text[:1].upper() + text[1:]


def listed(parts: Iterable[str]) -> str:
    """Join parts as "a", "a and b", "a, b and c"."""
    *head, last = parts
    return f"{', '.join(head)} and {last}" if head else last


# Names


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name closest to `name`, ignoring case, hyphens and spaces; None if none is close."""
    by_letters: dict[str, str] = {}
    for candidate in known:
        by_letters.setdefault(letters(candidate), candidate)
    matches = difflib.get_close_matches(letters(name[:_LONGEST_NAME]), by_letters, n=1, cutoff=0.5)
    return by_letters[matches[0]] if matches else None


def letters(name: str) -> str:
    """Normalise what people vary in a name: case, hyphens, spaces and British spelling."""
    return name.casefold().replace("-", "_").replace(" ", "_").replace("ise", "ize").replace("isa", "iza")


def known_names(name: str, known: Iterable[str]) -> str:
    """Return the end of an error about an unknown name: the nearest known one, and the list.

    For example ``'did you mean "moons"? Available: moons, circles'``, which follows a semicolon.

    Parameters
    ----------
    name : str
        The unknown name.
    known : iterable of str
        The allowed names, in order of display.
    """
    names = list(known)
    near = nearest(name, names)
    hint = f'did you mean "{shown(near, _MOST_LETTERS)}"? ' if near else ""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    listed_names = ", ".join(shown(known_name, _MOST_LETTERS) for known_name in names[:_LISTED])
    return f"{hint}{'Available' if hint else 'available'}: {listed_names}{more}"
