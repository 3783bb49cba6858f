"""Layers of the signal plots, which paint 25 times a second: each part is drawn only when it changes."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from sandbox.arrays import Floats
from sandbox.ui.plot.layers import Line, LinesLayer, Points, PointsLayer, symbol_pixmap
from sandbox.ui.plot.plot import Plot

CELL = 1.5  # pixels: of samples closer than this, only one is drawn


class CurvesLayer(LinesLayer):
    """Lines, cached as one pixmap: they do not change while the samples move over them."""

    def __init__(self, plot: Plot) -> None:
        super().__init__(plot, 0)
        self._cache = QPixmap()
        self._cached_state: tuple[object, ...] | None = None

    def set_lines(self, lines: tuple[Line, ...]) -> None:
        self._cached_state = None
        super().set_lines(lines)

    def draw(self, painter: QPainter, bounds: QRectF) -> None:
        state = self.state()
        if state != self._cached_state:
            ratio = self.ratio()
            self._cache = QPixmap(max(1, round(bounds.width() * ratio)), max(1, round(bounds.height() * ratio)))
            self._cache.setDevicePixelRatio(ratio)
            self._cache.fill(Qt.GlobalColor.transparent)
            cache_painter = QPainter(self._cache)
            super().draw(cache_painter, bounds)
            cache_painter.end()
            self._cached_state = state
        painter.drawPixmap(QPointF(0.0, 0.0), self._cache)


class MovingPointsLayer(PointsLayer):
    """Points that move with every frame: drawn directly, from cached symbols."""

    def __init__(self, plot: Plot) -> None:
        super().__init__(plot)
        self._symbols: dict[tuple[object, ...], QPixmap] = {}

    def _symbol(self, points: Points, ratio: float) -> QPixmap:
        key = (points.symbol, points.fill.rgba(), points.outline.rgba(), points.width, points.size, ratio)
        if key not in self._symbols:
            self._symbols[key] = symbol_pixmap(points, ratio)
        return self._symbols[key]

    def draw(self, painter: QPainter, bounds: QRectF) -> None:
        ratio = self.ratio()
        painter.setClipRect(bounds)
        for group in self.groups:
            pixmap = self._symbol(group, ratio)
            half = pixmap.width() / ratio / 2
            x, y = self.plot.pixels(group.x, group.y)
            x, y = np.round((x - half) * ratio) / ratio, np.round((y - half) * ratio) / ratio
            for position in zip(x.tolist(), y.tolist(), strict=True):
                painter.drawPixmap(QPointF(*position), pixmap)


def one_per_cell(plot: Plot, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Drop points that would cover another one, and those that are not finite."""
    finite = np.isfinite(x) & np.isfinite(y)
    x, y = x[finite], y[finite]
    across, up = plot.pixels(x, y)
    _, first = np.unique(np.round(across / CELL) * 100003.0 + np.round(up / CELL), return_index=True)
    return x[first], y[first]
