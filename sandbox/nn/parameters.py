"""The numbers a loss or an optimiser can be tuned by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameter:
    """A named number with its default and its bounds.

    Attributes
    ----------
    name : str
        The key in an experiment file and the keyword of the class.
    default : float
    low, high : float
        The bounds, themselves allowed unless `above` or `below` says otherwise.
    summary : str
        One sentence: what it does.
    label : str
        What the window calls it.
    above, below : bool
        Whether `low` (`high`) itself is excluded.
    symbol : str
        What stands for it in a formula, in LaTeX.
    """

    name: str
    default: float
    low: float
    high: float
    summary: str
    label: str
    above: bool = False
    below: bool = False
    symbol: str = ""
