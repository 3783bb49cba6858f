"""How numbers become widths, and what units compute becomes pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from sandbox.arrays import Floats
from sandbox.data import Data
from sandbox.experiment.lens.network import Column, NetworkState, Parameters, largest
from sandbox.nn import ACTIVATIONS
from sandbox.ui.plot import colormap
from sandbox.ui.plot.colormap import Cells
from sandbox.ui.theme import Theme

WIDEST = 7.0  # pixels of the widest line
THINNEST = 0.6
FADED = 0.15  # how much of the neutral colour is mixed into what units compute
MOST_LINES = 800  # of a large network only the widest lines are drawn
_STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0)
_SHRINK = 0.35  # the scale becomes finer once the largest number is below this share of it


def round_above(value: float) -> float:
    """Return the first of 1, 1.5, 2, 3, ... and these times powers of ten that is not below a number; 1 for 0."""
    if not value > 0.0 or not math.isfinite(value):
        return 1.0
    decade = 10.0 ** math.floor(math.log10(value))
    return next(float(f"{step * decade:.1e}") for step in _STEPS if step * decade >= value * (1.0 - 1e-9))


class WidthScale:
    """The number that the widest line stands for: a round one that follows the largest number, but not its wavering.

    Parameters
    ----------
    shrinks : bool
        Whether it becomes finer again. The scale of derivatives does not, so that one sees them fade.
    """

    def __init__(self, shrinks: bool) -> None:
        self._shrinks = shrinks
        self.top = 0.0

    def forget(self) -> None:
        """Begin anew with the next numbers."""
        self.top = 0.0

    def follow(self, parts: tuple[Parameters, ...]) -> float:
        """Return the number of the widest line for these."""
        most = largest(parts)
        if not self.top or most > self.top or (self._shrinks and 0.0 < most < _SHRINK * self.top):
            self.top = round_above(most)
        return self.top


def widths(parts: tuple[Parameters, ...], top: float, scale: float) -> tuple[tuple[Floats, Floats], ...]:
    """Return the widths in pixels of the lines (n_out, n_in) and biases (n_out,) of each layer; nan counts as 0."""

    def width(values: Floats) -> Floats:
        shares = np.nan_to_num(np.abs(values) / top, nan=0.0, posinf=1.0)
        return np.asarray(np.clip(shares, 0.0, 1.0) * (WIDEST * scale))

    return tuple((width(part.W), width(part.b)) for part in parts)


def drawn_widths(lines: tuple[Floats, ...], scale: float) -> tuple[tuple[Floats, ...], int]:
    """Return the widths with which lines are drawn, 0 for none, and how many are left out because there are too many.

    Every line that is drawn has at least the thinnest width.
    """
    everything = np.concatenate([width.ravel() for width in lines])
    least, omitted = 0.0, 0
    if everything.size > MOST_LINES:
        least = float(np.partition(everything, -MOST_LINES)[-MOST_LINES])
        omitted = int((everything < least).sum())
    thinnest = THINNEST * scale
    return tuple(np.where(width >= least, np.maximum(width, thinnest), 0.0) for width in lines), omitted


@dataclass(frozen=True, eq=False)
class UnitColours:
    """The colours of what units compute.

    Attributes
    ----------
    table : uint32 array (256,)
        Of inputs and hidden units.
    outputs : tuple of uint32 array (256,)
        Of each output unit.
    signed : bool
        Whether the middle of the table stands for 0.
    """

    table: Cells
    outputs: tuple[Cells, ...]
    signed: bool


def unit_colours(theme: Theme, data: Data, faded: float = FADED) -> UnitColours:
    """Return the colours for data of this task: those of the boundary view, less faded where no points lie on them."""
    neutral = QColor(theme.middle)
    classes = [QColor(theme.class_colour(k)) for k in range(max(2, len(data.class_names)))]
    if data.task == "multiclass":
        outputs = tuple(colormap.diverging(neutral, colormap.mix(neutral, c, 0.5), c, faded) for c in classes)
        signs = colormap.diverging(QColor(theme.negative), neutral, QColor(theme.positive), faded)
        return UnitColours(signs, outputs, True)
    if data.task == "regression":
        table = colormap.sequential(towards=neutral, softness=faded)
        return UnitColours(table, (table,), False)
    table = colormap.diverging(classes[0], neutral, classes[1], faded)
    return UnitColours(table, (table,), True)


def ranges(column: Column, state: NetworkState, signed: bool, shown: tuple[float, float]) -> tuple[Floats, Floats]:
    """Return the values (n,) of each unit of a column that get the first and the last colour.

    Those of the outputs are the codes of the classes, or the range of the targets that is shown; those of an
    activation with two limits are these; any other unit has its own, symmetric about 0 if the colours have signs.
    """
    n = len(column.pictures)
    if column is state.columns[-1]:
        return np.full(n, shown[0]), np.full(n, shown[1])
    limits = ACTIVATIONS[column.activation].limits if column.activation else (-math.inf, math.inf)
    if all(map(math.isfinite, limits)):
        return np.full(n, limits[0]), np.full(n, limits[1])
    flat = np.where(np.isfinite(column.pictures), column.pictures, 0.0).reshape(n, -1).astype(np.float64)
    if signed:
        most = np.maximum(np.abs(flat).max(axis=1), 1e-12)
        return -most, most
    return flat.min(axis=1), flat.max(axis=1)


def shares(pictures: NDArray[np.float32], low: Floats, high: Floats) -> NDArray[np.float32]:
    """Return where values (n, ny, nx) lie between the ends (n,) of their ranges, from 0 to 1; 0.5 in an empty one."""
    span = high - low
    factor = np.where(span > 0.0, 1.0 / np.where(span > 0.0, span, 1.0), 0.0).astype(np.float32)
    start = np.where(span > 0.0, low, low - 0.5).astype(np.float32)
    factor = np.where(span > 0.0, factor, np.float32(1.0)).astype(np.float32)
    return (pictures - start[:, None, None]) * factor[:, None, None]


def cells(values: NDArray[np.float32], table: Cells) -> Cells:
    """Return the colours of shares from 0 to 1."""
    found: Cells = table[colormap.indices(values, 0.0, 1.0)]
    return found
