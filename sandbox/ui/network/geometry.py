"""Where the parts of the picture are: columns from left to right, units from top to bottom, lines between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from sandbox.arrays import Floats
from sandbox.ui.network.parts import Kind, Part

HEAD = 18  # above the units: how many there are, and the buttons that change that
EDGE = 6  # around everything
LEAST_TILE, SMALL_TILE, MOST_TILE = 11, 16, 72
LEAST_GAP, GAP, MOST_GAP = 2, 4, 12  # between two units: where even small ones have no room, usually, and at most
LEAST_SPAN = 26  # between two columns
BUTTON = 16  # the side of what can be clicked above a column
COUNT = 24  # the width of the number between minus and plus
OTHER = 15  # the height of an input that is off
NEAR = 5.0  # how near to a line one has to point


@dataclass(frozen=True)
class Geometry:
    """The places of all parts, in pixels.

    Attributes
    ----------
    sizes : tuple of int
        Units per column, inputs first.
    others : int
        Inputs that are off, below those that are on.
    width, height : float
    tile, gap : float
        The side of a unit, and the room between two.
    lefts : tuple of float
        The left side of the units in each column.
    scale : float
    """

    sizes: tuple[int, ...]
    others: int
    width: float
    height: float
    tile: float
    gap: float
    lefts: tuple[float, ...]
    scale: float

    @cached_property
    def _tops(self) -> tuple[float, ...]:
        """The top of the first unit in each column."""
        head, step = HEAD * self.scale, self.tile + self.gap
        room = self.height - head
        heights = [size * step - self.gap for size in self.sizes]
        heights[0] += self._others_height
        return tuple(head + max(0.0, (room - height) / 2) for height in heights)

    @property
    def _others_height(self) -> float:
        return (self.gap + self.others * OTHER * self.scale) if self.others else 0.0

    def unit(self, column: int, unit: int) -> QRectF:
        """Return where a unit is."""
        return QRectF(self.lefts[column], self._tops[column] + unit * (self.tile + self.gap), self.tile, self.tile)

    def other_input(self, index: int) -> QRectF:
        """Return where an input that is off is named."""
        top = self._tops[0] + self.sizes[0] * (self.tile + self.gap) + index * OTHER * self.scale
        return QRectF(0.0, top, self.lefts[0] + self.tile, OTHER * self.scale)

    def bias(self, column: int, unit: int) -> QPointF:
        """Return the middle of a bias: at the lower left corner of its unit."""
        return self.unit(column, unit).bottomLeft() + QPointF(0.0, -1.0)

    def head(self, column: int) -> QRectF:
        """Return the room above a column."""
        middle, width = self.lefts[column] + self.tile / 2, COUNT * self.scale
        return QRectF(middle - width / 2, 0.0, width, HEAD * self.scale)

    def button(self, part: Part) -> QRectF:
        """Return where to click for fewer or more units, or for a new layer."""
        side = BUTTON * self.scale
        middle = self.lefts[part.column] + self.tile / 2
        if part.kind is Kind.NEW_LAYER:
            middle = (middle + self.lefts[part.column - 1] + self.tile / 2) / 2
        else:
            away = COUNT * self.scale / 2 + side / 2
            middle += -away if part.kind is Kind.FEWER_UNITS else away
        return QRectF(middle - side / 2, 1.0, side, side)

    @cached_property
    def buttons(self) -> tuple[Part, ...]:
        """All that can be clicked above the columns, as far as there is room: units before layers."""
        apart = (self.lefts[1] - self.lefts[0]) / self.scale
        hidden = range(1, len(self.sizes) - 1) if apart >= COUNT + 2 * BUTTON else ()
        kinds = (Kind.FEWER_UNITS, Kind.MORE_UNITS)
        new = range(1, len(self.sizes)) if apart >= COUNT + 3 * BUTTON else ()
        layers = (Part(Kind.NEW_LAYER, column) for column in new)
        return (*(Part(kind, column) for column in hidden for kind in kinds), *layers)

    @cached_property
    def lines(self) -> tuple[Floats, ...]:
        """The ends (n_out, n_in, 4) of the lines into each column after the inputs: x0, y0, x1, y1."""
        return tuple(self._lines(column) for column in range(1, len(self.sizes)))

    def _lines(self, column: int) -> Floats:
        n_in, n_out = self.sizes[column - 1], self.sizes[column]
        step, half = self.tile + self.gap, self.tile / 2
        ends = np.empty((n_out, n_in, 4))
        ends[..., 0] = self.lefts[column - 1] + self.tile
        ends[..., 1] = self._tops[column - 1] + half + step * np.arange(n_in)
        ends[..., 2] = self.lefts[column]
        ends[..., 3] = (self._tops[column] + half + step * np.arange(n_out))[:, None]
        return ends

    def at(self, point: QPointF, drawn: tuple[Floats, ...], reach: float) -> Part | None:
        """Return the part at a point; None if there is none.

        Parameters
        ----------
        point : QPointF
        drawn : tuple of array (n_out, n_in)
            The width of each line, 0 where it is not drawn.
        reach : float
            The radius of a bias.
        """
        for part in self.buttons:
            if self.button(part).contains(point):
                return part
        for index in range(self.others):
            if self.other_input(index).contains(point):
                return Part(Kind.OTHER_INPUT, 0, index)
        return self._unit_at(point, reach) or self._line_at(point, drawn)

    def _unit_at(self, point: QPointF, reach: float) -> Part | None:
        for column, left in enumerate(self.lefts):
            if not left - reach <= point.x() <= left + self.tile:
                continue
            for unit in range(self.sizes[column]):
                away = point - self.bias(column, unit)
                if column and abs(away.x()) <= reach and abs(away.y()) <= reach:
                    return Part(Kind.BIAS, column, unit)
            for unit in range(self.sizes[column]):
                if self.unit(column, unit).contains(point):
                    return Part(Kind.UNIT, column, unit)
        return None

    def _line_at(self, point: QPointF, drawn: tuple[Floats, ...]) -> Part | None:
        """Return the line that is nearest to a point, if it is near."""
        for column in range(1, len(self.sizes)):
            if not self.lefts[column - 1] + self.tile <= point.x() <= self.lefts[column]:
                continue
            x0, y0, x1, y1 = np.moveaxis(self.lines[column - 1], -1, 0)
            y = y0 + (y1 - y0) * ((point.x() - x0) / (x1 - x0))
            lean = (x1 - x0) / np.hypot(x1 - x0, y1 - y0)
            away = np.where(drawn[column - 1] > 0.0, np.abs(point.y() - y) * lean - drawn[column - 1] / 2, np.inf)
            unit, source = np.unravel_index(int(away.argmin()), away.shape)
            if away[unit, source] <= NEAR * self.scale:
                return Part(Kind.WEIGHT, column, int(unit), int(source))
        return None


def inputs_height(inputs: int, others: int, scale: float) -> float:
    """Return the height that the column of inputs needs at least, with those that are off."""
    return (HEAD + 2 * EDGE + inputs * (LEAST_TILE + LEAST_GAP) + others * OTHER) * scale


def fitted(
    sizes: tuple[int, ...], others: int, room: tuple[float, float], names: tuple[float, float], scale: float
) -> Geometry:
    """Return the geometry for some room: as large as fits, and larger than the room where it must be.

    Parameters
    ----------
    sizes : tuple of int
    others : int
        Inputs that are off.
    room : tuple of float
        Width and height in pixels.
    names : tuple of float
        The widths that the names of inputs and outputs take.
    scale : float
        How much everything is enlarged.
    """
    edge, head = EDGE * scale, HEAD * scale
    units, columns = max(sizes), len(sizes)
    below = others * OTHER * scale
    tall = max((room[1] - head - 2 * edge - below) / sizes[0] if others else np.inf, 0.0)
    step = min((room[1] - head - 2 * edge) / units, tall)
    small = min(step - LEAST_GAP * scale, SMALL_TILE * scale)
    tile = min(max(step - GAP * scale, small, LEAST_TILE * scale), MOST_TILE * scale)
    sides = 2 * edge + sum(names)
    tile = min(tile, max((room[0] - sides) / columns - LEAST_SPAN * scale, LEAST_TILE * scale))
    tile = float(np.floor(tile + 1e-9))  # whole, but no larger than there is room for
    gap = float(min(max(step - tile, LEAST_GAP * scale), MOST_GAP * scale))
    width = max(room[0], sides + columns * tile + (columns - 1) * LEAST_SPAN * scale)
    first = edge + names[0]
    across = (width - sides - tile) / max(columns - 1, 1)
    heights = (sizes[0] * (tile + gap) + below, units * (tile + gap) - gap)
    height = max(room[1], max(heights) + head + 2 * edge)
    lefts = tuple(float(round(first + k * across)) for k in range(columns))
    return Geometry(sizes, others, float(width), float(height), tile, gap, lefts, scale)
