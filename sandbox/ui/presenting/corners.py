"""Where there is room for something small over the views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QSize
from PySide6.QtWidgets import QWidget

from sandbox.arrays import Floats

if TYPE_CHECKING:
    from sandbox.ui.lanes.grid import LaneGrid


def freest_corner(room: QRect, size: QSize, points: Floats, spared: Sequence[QRect]) -> QRect:
    """Return the corner that covers the fewest points; of those, the fewest places; of those, the last to be read.

    Parameters
    ----------
    room : QRect
        In whose corners it may be.
    size : QSize
        Of what is to be placed.
    points : array of shape (n, 2)
        Across and down, in pixels.
    spared : sequence of QRect
        Other places that are better not covered; may be empty.
    """
    right, low = room.right() + 1 - size.width(), room.bottom() + 1 - size.height()
    left, high = room.left(), room.top()
    corners = [QRect(QPoint(*corner), size) for corner in ((right, low), (right, high), (left, low), (left, high))]
    return min(corners, key=lambda corner: (_count_in(corner, points), sum(map(corner.intersects, spared))))


def _count_in(place: QRect, points: Floats) -> int:
    across, down = points.T - np.array([[place.left()], [place.top()]])
    inside = (across >= 0) & (across < place.width()) & (down >= 0) & (down < place.height())
    return int(np.count_nonzero(inside))


def room_of(parts: Sequence[QWidget | None], window: QWidget) -> QRect:
    """Return what some parts of a window take together, without those that are hidden or not there yet."""
    room = QRect()
    for part in parts:
        if part is not None and part.isVisibleTo(window):
            room = room.united(QRect(part.mapTo(window, QPoint(0, 0)), part.size()))
    return room


def sample_places(grid: LaneGrid | None, window: QWidget) -> Floats:
    """Return where in a window the samples are drawn, in the boundary of every lane: across and down, (n, 2)."""
    places = [np.empty((0, 2))]
    for frame in () if grid is None else grid.frames:
        plot, samples = frame.view.plot, frame.view.samples
        if plot.isVisibleTo(window):
            corner = plot.mapTo(window, plot.mapFromScene(plot.area.mapToScene(QPointF(0.0, 0.0))))
            for group in samples.points.groups:
                across, down = plot.pixels(group.x, group.y)
                places.append(np.column_stack((across + corner.x(), down + corner.y())))
    return np.concatenate(places)
