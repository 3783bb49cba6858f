"""What the mouse and the keys do over a boundary view while points are drawn."""

from __future__ import annotations

import math
import random
from typing import Protocol

from PySide6.QtCore import Qt

from sandbox.ui.drawing.strokes import Drawing, Place
from sandbox.ui.views.boundary import BoundaryView

_STILL = 0.4  # of the reach of a point: it is carried only from there on
_APART = 1.3  # reaches between two points that are sprayed,
_SPREAD = 0.6  # and the standard deviation, in reaches, of how far from the pointer they land
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_OTHER_PART = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier  # many desktops keep Alt-click


class Pen(Protocol):
    """What a hand draws with: the desk."""

    @property
    def erases(self) -> bool:
        """Whether it erases."""

    @property
    def target(self) -> float | None:
        """The class or the value of the points that it adds; None if that is where they are put."""

    def drawing(self, view: BoundaryView) -> Drawing | None:
        """The points as they are now in a view; None if it cannot be drawn in."""

    def draw(self, drawing: Drawing, stroke: object, name: str) -> None:
        """Take other points; those of one stroke are undone together."""


class PointHand:
    """Adds, carries and erases points of one view; see `Hand` in `plot`."""

    def __init__(self, pen: Pen, view: BoundaryView) -> None:
        self._pen, self._view = pen, view
        self._stroke: object = None
        self._name = ""
        self._held: Place | None = None
        self._did = self._erases = False
        self._at = 0.0, 0.0
        self._random = random.Random(1)

    def press(self, x: float, y: float, held: Qt.KeyboardModifier) -> bool:
        drawing = self._pen.drawing(self._view)
        if drawing is None:
            return False
        self._stroke, self._held, self._at = object(), None, (x, y)
        self._erases = self._did = self._pen.erases
        near = drawing.near(x, y, self._parts)
        if self._erases:
            self._draw(drawing.erased(near), "erasing of points")
        elif near and held & _OTHER_PART:
            self._draw(drawing.exchanged(near[0]), "change of a point's part")
            self._stroke = None
        elif near and held & _SHIFT and self._pen.target is not None:
            self._draw(drawing.as_target(near[0], self._pen.target), "change of a point's target")
            self._stroke = None
        elif near:
            self._held = near[0]
        else:
            self._draw(drawing.added(x, y, self._pen.target), "drawing of points")
        return True

    def move(self, x: float, y: float) -> None:
        drawing = self._pen.drawing(self._view)
        if drawing is None or self._stroke is None:
            return
        if self._erases:
            self._erase_along(drawing, x, y)
        elif self._held is not None:
            self._carry(drawing, x, y)
        else:
            self._spray(drawing, x, y)

    def release(self) -> bool:
        self._stroke = self._held = None
        return self._did

    def erase(self, x: float, y: float) -> None:
        drawing = self._pen.drawing(self._view)
        if drawing is not None:
            self._stroke = object()
            self._draw(drawing.erased(drawing.near(x, y, self._parts)[:1]), "erasing of points")
            self._stroke = None

    def carry(self, x: float, y: float, to_x: float, to_y: float) -> None:
        drawing = self._pen.drawing(self._view)
        near = [] if drawing is None else drawing.near(x, y, self._parts)
        if drawing is not None and near:
            self._stroke = object()
            self._draw(drawing.moved(near[0], to_x, to_y), "move of a point")
            self._stroke = None

    # One stroke

    @property
    def _parts(self) -> tuple[str, ...]:
        """The parts whose points are drawn."""
        return ("train", "test") if self._view.samples.drawn.test else ("train",)

    def _draw(self, drawing: Drawing, name: str) -> None:
        self._did = True
        self._pen.draw(drawing, self._stroke, name)

    def _reaches(self, drawing: Drawing, x: float, y: float) -> float:
        """Return how far a position is from the last one, in reaches."""
        return math.hypot((x - self._at[0]) / drawing.reach[0], (y - self._at[1]) / drawing.reach[1])

    def _erase_along(self, drawing: Drawing, x: float, y: float) -> None:
        """Erase what lies on the way: a quick mouse reports few positions."""
        steps = max(1, math.ceil(self._reaches(drawing, x, y)))
        gone: set[Place] = set()
        for k in range(1, steps + 1):
            across, up = (a + k / steps * (b - a) for a, b in zip(self._at, (x, y), strict=True))
            gone.update(drawing.near(across, up, self._parts))
        self._at = x, y
        if gone:
            self._draw(drawing.erased(gone), "erasing of points")

    def _carry(self, drawing: Drawing, x: float, y: float) -> None:
        assert self._held is not None
        if drawing.at(self._held) is not None and (self._did or self._reaches(drawing, x, y) > _STILL):
            self._draw(drawing.moved(self._held, x, y), "move of a point")

    def _spray(self, drawing: Drawing, x: float, y: float) -> None:
        if self._reaches(drawing, x, y) < _APART:
            return
        self._at = x, y
        across, up = (self._random.gauss(0.0, _SPREAD * reach) for reach in drawing.reach)
        ends = zip((x + across, y + up), (self._view.plot.x_range, self._view.plot.y_range), strict=True)
        x, y = (min(max(value, low), high) for value, (low, high) in ends)
        self._draw(drawing.added(x, y, self._pen.target), "drawing of points")
