"""The samples in a boundary view: how each is drawn, and which one is chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor

from sandbox.arrays import Floats
from sandbox.ui import theme
from sandbox.ui.plot import colormap
from sandbox.ui.plot.layers import CROSS, Points, PointsLayer, RingLayer
from sandbox.ui.plot.plot import Plot
from sandbox.ui.theme import Theme
from sandbox.ui.views.boundary_legend import Drawn
from sandbox.ui.views.slices import DataSlice, sample_indices
from sandbox.ui.views.surfaces import SurfaceColours

# A click this many pixels from a point still selects it.
REACH = 10.0
# Steps of the colour scale for the targets of a regression.
SHADES = 16
# The width of a point's edge in pixels, and its contrast on whatever it may lie on: enough that 3 are left of it on
# screen, where an edge as thin as this is blurred.
EDGE, EDGE_CONTRAST = 1.6, 5.0
STROKE = 0.16  # of a cross, in sizes of the point
Wrong = tuple[NDArray[np.bool_], NDArray[np.bool_]]  # of the training and of the test part
PARTS = ("train", "test")


class SamplePoints(QObject):
    """The points of a plot, and the ring around one of them.

    Attributes
    ----------
    points, crosses : PointsLayer
        The crosses are on the samples that are classified wrongly.
    ring : RingLayer
    drawn : Drawn
        Which of the samples are drawn.
    chosen : tuple of (str, int), optional
        The part, "train" or "test", and the index of the sample that has the ring.

    Signals
    -------
    clicked(part, index)
        The user chose a sample.
    """

    clicked = Signal(str, int)

    def __init__(self, plot: Plot) -> None:
        super().__init__(plot)
        self._plot = plot
        self.points, self.crosses, self.ring = PointsLayer(plot), PointsLayer(plot), RingLayer(plot)
        self.crosses.setZValue(self.points.zValue() + 1)
        self.drawn = Drawn()
        self._wrong: Wrong | None = None
        self.chosen: tuple[str, int] | None = None
        self._slice: DataSlice | None = None
        self._theme: Theme | None = None
        self._colours: SurfaceColours | None = None
        self._scale = self._drawn_scale = 1.0
        plot.picked.connect(self._picked)
        plot.stepped.connect(self._step)
        plot.area_changed.connect(self._area_changed)

    def place(self, shown: DataSlice, colours: SurfaceColours, look: Theme, scale: float) -> int:
        """Draw the samples of a slice; return how many are left out, since they would cover each other."""
        if self._slice is None or self._slice.data is not shown.data:
            self._wrong = None
        self._slice, self._colours, self._theme, self._scale = shown, colours, look, scale
        self._drawn_scale = self._point_scale()
        self.ring.color, self.ring.halo = QColor(look.text_color), QColor(look.card)
        groups: list[Points] = []
        left_out = 0
        for part in reversed(PARTS):
            X, y = shown.part(part)
            wanted = self._wanted(part)
            drawn = wanted[sample_indices(len(wanted))]
            left_out += len(wanted) - len(drawn)
            make = self._regression_groups if shown.data.task == "regression" else self._class_groups
            groups += make(X[drawn], y[drawn], part)
        self.points.set_groups(tuple(groups))
        self._place_crosses()
        self._place_ring()
        return left_out

    # Which ones are drawn

    def set_wrong(self, wrong: Wrong | None) -> bool:
        """Mark the samples that are classified wrongly; return whether other points must be placed."""
        if wrong is not None and self._slice is not None:
            sizes = tuple(len(self._slice.part(part)[0]) for part in PARTS)
            if tuple(map(len, wrong)) != sizes:
                wrong = None  # of other data
        before, self._wrong = self._wrong, wrong
        same = before is wrong or (before is not None and wrong is not None and all(map(np.array_equal, before, wrong)))
        if not same:
            self._place_crosses()
        return self.drawn.wrong_only and not same

    def _wanted(self, part: str) -> NDArray[np.intp]:
        """Return the indices of the samples of a part that are to be drawn."""
        assert self._slice is not None
        wanted = np.arange(len(self._slice.part(part)[0]))
        if part == "test" and not self.drawn.test:
            return wanted[:0]
        if self.drawn.wrong_only and self._wrong is not None:
            return wanted[self._wrong[PARTS.index(part)]]
        return wanted

    def _place_crosses(self) -> None:
        """Put a cross on every sample drawn that is classified wrongly."""
        groups: list[Points] = []
        if self._wrong is not None and self._slice is not None:
            for part, wrong in zip(PARTS, self._wrong, strict=True):
                X, y = self._slice.part(part)
                wanted = self._wanted(part)
                drawn = wanted[sample_indices(len(wanted))]
                groups += self._crosses(X, y, part, drawn[wrong[drawn]])
        self.crosses.set_groups(tuple(groups))

    def _crosses(self, X: Floats, y: NDArray[Any], part: str, indices: NDArray[np.intp]) -> Iterator[Points]:
        """Yield crosses over the points of a part, in black or white, whichever shows on them."""
        assert self._slice is not None and self._colours is not None and self._theme is not None
        size = self._size(len(self._slice.data.y_train))
        on = [self._theme.card if part == "test" else color.name() for color in self._colours.classes]
        inks = [theme.text_color_on(color) for color in on]
        for ink in dict.fromkeys(inks):
            under = indices[[inks[k] == ink for k in y[indices].tolist()]]
            if len(under):
                across, up = self._slice.positions(X[under], y[under])
                yield Points(across, up, CROSS, QColor(ink), QColor(ink), STROKE * size, size)

    # How they are drawn

    def _point_scale(self) -> float:
        """Return the scale of the points, at most 1: in a small picture large ones would cover each other."""
        side = min(self._plot.area.rect().width(), self._plot.area.rect().height()) / self._scale
        return min(1.0, max(0.65, side / 320.0)) if side > 1.0 else 1.0

    def _area_changed(self) -> None:
        """Redraw the points if their scale has changed."""
        if self._slice is not None and self._point_scale() != self._drawn_scale:
            assert self._colours is not None and self._theme is not None
            self.place(self._slice, self._colours, self._theme, self._scale)

    def _size(self, count: int) -> float:
        usual = 8.0 if count <= 400 else 7.0 if count <= 3000 else 5.0
        return round(2.0 * usual * self._drawn_scale) / 2.0 * self._scale

    def _group(self, x: Floats, y: Floats, part: str, symbol: str, color: QColor) -> Points:
        assert self._theme is not None and self._slice is not None
        data = self._slice.data
        assert self._colours is not None
        grounds = (*self._colours.grounds, self._theme.card) if self._slice.one_input else self._colours.grounds
        edge = QColor(theme.contrasting(color.name(), grounds, self._theme.boundary, EDGE_CONTRAST))
        opacity = 0.7 if len(data.inputs) > 2 else 1.0  # projected: they are not in the plane shown
        hole = QColor(self._theme.card) if part == "test" else None
        width = EDGE * self._scale * (0.5 + 0.5 * self._drawn_scale)
        return Points(x, y, symbol, QColor(color), edge, width, self._size(len(data.y_train)), hole, opacity)

    def _class_groups(self, X: Floats, y: NDArray[Any], part: str) -> Iterator[Points]:
        assert self._slice is not None and self._colours is not None
        for k, color in enumerate(self._colours.classes):
            members = y == k
            if members.any():
                yield self._group(*self._slice.positions(X[members], y[members]), part, theme.symbol(k), color)

    def _regression_groups(self, X: Floats, y: NDArray[Any], part: str) -> Iterator[Points]:
        assert self._slice is not None and self._colours is not None
        if not len(X):
            return
        shown, colours = self._slice, self._colours
        across, upwards = shown.positions(X, y)
        if shown.one_input:
            yield self._group(across, upwards, part, "o", colours.classes[1])
            return
        if colours.compared:
            yield self._group(across, upwards, part, "o", colours.level)
            return
        target = y.reshape(len(y), -1)[:, 0]
        shade = colormap.indices(target, *shown.value_range).astype(int) * SHADES // 256
        for step in np.unique(shade).tolist():
            color = colormap.color_of(colours.table[(2 * step + 1) * 256 // (2 * SHADES)])
            in_step = shade == step
            yield self._group(across[in_step], upwards[in_step], part, "o", color)

    # The chosen one

    def choose(self, part: str, index: int) -> None:
        """Draw a ring around one sample of the "train" or "test" part, if it exists."""
        self.chosen = (part, index)
        self._place_ring()

    def _place_ring(self) -> None:
        position = None
        if self.chosen is not None and self._slice is not None:
            part, index = self.chosen
            X, y = self._slice.part(part)
            if 0 <= index < len(X):
                across, up = self._slice.positions(X[index : index + 1], y[index : index + 1])
                position = float(across[0]), float(up[0])
        self.ring.set_place(position)

    def _picked(self, x: float, y: float) -> None:
        """Choose the drawn sample nearest to a click, if it is near enough."""
        if self._slice is None:
            return
        shortest, sample = REACH * self._scale, None
        across, up = self._plot.pixels(np.array([x]), np.array([y]))
        for part in PARTS:  # of two in one place, the one on top
            X, targets = self._slice.part(part)
            wanted = self._wanted(part)
            drawn = wanted[sample_indices(len(wanted))]
            if not len(drawn):
                continue
            pixels = self._plot.pixels(*self._slice.positions(X[drawn], targets[drawn]))
            distance = np.hypot(pixels[0] - across[0], pixels[1] - up[0])
            nearest = int(distance.argmin())
            if distance[nearest] < shortest:
                shortest, sample = float(distance[nearest]), (part, int(drawn[nearest]))
        if sample is not None:
            self._click(*sample)

    def _step(self, by: int) -> None:
        """Go to the next or the previous sample drawn, through the training part and then the test part."""
        if self._slice is None:
            return
        samples = [(part, index) for part in PARTS for index in self._wanted(part).tolist()]
        order = {part: place for place, part in enumerate(PARTS)}
        at = (order[self.chosen[0]], self.chosen[1]) if self.chosen else (0, -1 if by > 0 else 0)
        before = sum((order[part], index) < at for part, index in samples)
        is_drawn = self.chosen in samples
        if samples:
            step = by if is_drawn or by < 0 else by - 1
            self._click(*samples[(before + step) % len(samples)])

    def _click(self, part: str, index: int) -> None:
        self.choose(part, index)
        self.clicked.emit(part, index)
