"""What every source of data returns: a table of named columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Texts = NDArray[np.object_]
Recommended = int | float | str | tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Table:
    """Named columns of one length.

    Attributes
    ----------
    name : str
        Its name in messages: the file's, or the data set's.
    columns : dict of str to array (m,)
        float64 with NaN where a value is missing, or objects: texts, with None where a value is missing.
    lines : tuple of int
        The line of the file that each row ends on; empty if there is no file.
    decimal_comma : bool
        Whether 1,5 is a number in its file.
    classes : tuple of float
        The values of the target, if known beforehand (a single sample has only one of two classes).
    """

    name: str
    columns: dict[str, Numbers | Texts]
    lines: tuple[int, ...] = ()
    decimal_comma: bool = False
    classes: tuple[float, ...] = ()

    def place(self, row: int) -> str:
        """Return the location of a row, for messages."""
        return f"line {self.lines[row]}" if self.lines else f"row {row + 1}"


@dataclass(frozen=True)
class Dataset:
    """A built-in data set, and the settings it uses.

    Attributes
    ----------
    name, label, summary : str
        The registry's key, the name for people, one sentence.
    task : str
        binary, multiclass or regression, with its default settings.
    samples, noise, fraction, classes, seed : numbers
        Its defaults; None if it has none.
    target : str
        Its target column.
    features : tuple of str
        Its default features.
    takes : frozenset of str
        Which of samples, noise, fraction and classes change it.
    scaled, tested : bool
        Whether its inputs are standardised and a test part taken out, if the settings say so.
    recommended : mapping of str to value
        Settings by dotted key ("optimizer.learning_rate") with which it is learned; for all others, the defaults.
    level : float
        What a network with these settings reaches in as many epochs as they say: the accuracy, or r2 of a regression,
        over the test part, or over the training part if there is no other.
    read : callable
        ``read(seed=..., **settings it takes)`` returns its `Table`.
    """

    name: str
    label: str
    summary: str
    task: str
    read: Callable[..., Table]
    features: tuple[str, ...]
    target: str = "y"
    samples: int | None = None
    noise: float | None = None
    fraction: float | None = None
    classes: int | None = None
    seed: int | None = 1
    takes: frozenset[str] = frozenset()
    scaled: bool = True
    tested: bool = True
    recommended: Mapping[str, Recommended] = field(default_factory=dict, hash=False)
    level: float = 0.0

    def settings(self, **given: Any) -> dict[str, Any]:
        """Return the settings it takes: those given, its defaults for None."""
        return {name: getattr(self, name) if given[name] is None else given[name] for name in sorted(self.takes)}


def is_text(column: Numbers | Texts) -> bool:
    """Return whether a column holds texts, not numbers."""
    return column.dtype == object


def missing(column: Numbers | Texts) -> NDArray[np.bool_]:
    """Return which cells of a column (m,) have no value."""
    if is_text(column):
        return np.array([cell is None for cell in column], dtype=np.bool_)
    return np.isnan(column.astype(np.float64, copy=False))
