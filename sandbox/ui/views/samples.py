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
from sandbox.ui.plot.layers import Points, PointsLayer, RingLayer
from sandbox.ui.plot.plot import Plot
from sandbox.ui.theme import Theme
from sandbox.ui.views.slices import DataSlice, sample_indices
from sandbox.ui.views.surfaces import SurfaceColours

# A click this many pixels from a point still selects it.
REACH = 10.0
# Steps of the colour scale for the targets of a regression.
SHADES = 16


class SamplePoints(QObject):
    """The points of a plot, and the ring around one of them.

    Attributes
    ----------
    points : PointsLayer
    ring : RingLayer
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
        self.points, self.ring = PointsLayer(plot), RingLayer(plot)
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
        self._slice, self._colours, self._theme, self._scale = shown, colours, look, scale
        self._drawn_scale = self._point_scale()
        self.ring.color, self.ring.halo = QColor(look.text_color), QColor(look.card)
        groups: list[Points] = []
        left_out = 0
        for part in ("test", "train"):
            X, y = shown.part(part)
            drawn = sample_indices(len(X))
            left_out += len(X) - len(drawn)
            make = self._regression_groups if shown.data.task == "regression" else self._class_groups
            groups += make(X[drawn], y[drawn], part)
        self.points.set_groups(tuple(groups))
        self._place_ring()
        return left_out

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
        edge = QColor(self._theme.outline)
        if data.task == "regression":
            edge = QColor(self._theme.boundary)
            edge.setAlpha(150)
        opacity = 0.7 if len(data.inputs) > 2 else 1.0  # projected: they are not in the plane shown
        hole = QColor(self._theme.card) if part == "test" else None
        width = self._scale * (0.5 + 0.5 * self._drawn_scale)
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
        for part in ("train", "test"):  # of two in one place, the one on top
            X, targets = self._slice.part(part)
            drawn = sample_indices(len(X))
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
        """Go to the next or the previous sample, through the training part and then the test part."""
        if self._slice is None:
            return
        train, test = (len(self._slice.part(part)[0]) for part in ("train", "test"))
        part, index = self.chosen or ("train", -1 if by > 0 else 0)
        position = (index + (train if part == "test" else 0) + by) % (train + test)
        self._click(*(("train", position) if position < train else ("test", position - train)))

    def _click(self, part: str, index: int) -> None:
        self.choose(part, index)
        self.clicked.emit(part, index)
