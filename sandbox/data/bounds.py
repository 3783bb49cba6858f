"""Limits, checked before anything is allocated, and named in every message."""

from __future__ import annotations

import math

from sandbox.errors import InputError

# name: lowest, highest, both allowed
BOUNDS: dict[str, tuple[float, float]] = {
    "samples": (4, 100_000),
    "noise": (0.0, 10.0),
    "fraction": (0.01, 0.99),
    "classes": (2, 20),
    "test_fraction": (0.0, 0.9),
    "label_noise": (0.0, 1.0),
    "seed": (0, 2**32 - 1),  # the range of the flower's legacy generator
}
_WHOLE = frozenset({"samples", "classes", "seed"})

MIN_ROWS = 4
MAX_ROWS = 200_000
MAX_COLUMNS = 1_000
MAX_CELLS = 4_000_000  # rows times columns
MAX_LINES = 1_000_000  # blank ones and those within quotes included
MAX_LETTERS = 131_072  # of one cell: what Python's reader takes
MAX_BYTES = 50_000_000
MAX_CLASSES = 20


def check_setting(name: str, value: object) -> None:
    """Check one number of the data settings.

    Raises
    ------
    InputError
        When `value` is not a number (a whole one for samples, classes and seed) within `BOUNDS`.
    """
    low, high = BOUNDS[name]
    kind = "a whole number" if name in _WHOLE else "a number"
    types = int if name in _WHOLE else (int, float)
    allowed = f"{kind} from {low:,} to {high:,}"
    if isinstance(value, bool) or not isinstance(value, types):
        raise InputError(f"data.{name} is {value!r}, but must be {allowed}.")
    if not math.isfinite(value) or not low <= value <= high:
        raise InputError(f"data.{name} is {value}, but must be {allowed}.")
