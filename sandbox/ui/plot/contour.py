"""Contour lines of gridded values, by marching squares over all cells at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sandbox.arrays import Floats

# Corners of a cell: 0 bottom left, 1 bottom right, 2 top right, 3 top left; edge e joins corners e and e + 1.
# For each of the 16 patterns of corners above the level: the edges its segments run between, or -1.
# The two saddles (5 and 10) are given for a centre below the level; above it they are swapped.
_SEGMENTS = np.array(
    [
        [-1, -1, -1, -1],
        [3, 0, -1, -1],
        [0, 1, -1, -1],
        [3, 1, -1, -1],
        [1, 2, -1, -1],
        [3, 0, 1, 2],
        [0, 2, -1, -1],
        [3, 2, -1, -1],
        [2, 3, -1, -1],
        [2, 0, -1, -1],
        [0, 1, 2, 3],
        [2, 1, -1, -1],
        [1, 3, -1, -1],
        [1, 0, -1, -1],
        [0, 3, -1, -1],
        [-1, -1, -1, -1],
    ]
)
_NONE: Floats = np.empty(0)
_CORNER_X = np.array([0, 1, 1, 0])
_CORNER_Y = np.array([0, 0, 1, 1])


def _corners(values: NDArray[np.floating], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.floating]:
    corners: NDArray[np.floating] = values[rows[:, None] + _CORNER_Y, columns[:, None] + _CORNER_X]
    return corners


def _lines(
    corners: Floats, rows: NDArray[np.intp], columns: NDArray[np.intp], x: Floats, y: Floats
) -> tuple[Floats, Floats]:
    """Return the segments of the zero line in cells with these corner values (n, 4), as pairs of points."""
    above = corners > 0.0
    pattern = above @ np.array([1, 2, 4, 8])
    centre = corners.mean(axis=1) > 0.0
    # If a saddle's centre is above, its two high corners are joined: use the complement's segments.
    pattern = np.where(centre & ((pattern == 5) | (pattern == 10)), 15 - pattern, pattern)
    edges = _SEGMENTS[pattern].reshape(-1, 2, 2)
    cell, slot = np.nonzero(edges[:, :, 0] >= 0)
    start = edges[cell, slot]  # (segments, 2): the edges of the two ends
    cell = np.repeat(cell, 2)
    start = start.ravel()
    end = (start + 1) % 4
    low, high = corners[cell, start], corners[cell, end]
    share = low / (low - high)
    left, bottom = columns[cell], rows[cell]
    x0, x1 = x[left + _CORNER_X[start]], x[left + _CORNER_X[end]]
    y0, y1 = y[bottom + _CORNER_Y[start]], y[bottom + _CORNER_Y[end]]
    return x0 + share * (x1 - x0), y0 + share * (y1 - y0)


def contour(values: NDArray[np.floating], level: float, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return the line where gridded values equal a level, interpolated linearly along the grid's edges.

    Parameters
    ----------
    values : array (ny, nx)
        Cells with a corner that is not finite are left out.
    level : float
        A corner exactly at the level counts as below it.
    x : array (nx,)
    y : array (ny,)

    Returns
    -------
    x, y : array (2 k,)
        The ends of k segments, pair by pair; empty if the level is never crossed.

    Notes
    -----
    Lorensen and Cline's marching cubes in two dimensions; at a saddle the mean of the corners decides.
    """
    if values.shape[0] < 2 or values.shape[1] < 2:
        return _NONE, _NONE
    above = values > level
    count = above[:-1, :-1].astype(np.int8)
    count += above[:-1, 1:]
    count += above[1:, 1:]
    count += above[1:, :-1]
    rows, columns = np.nonzero((count > 0) & (count < 4))
    corners = _corners(values, rows, columns).astype(np.float64) - level
    finite = np.isfinite(corners).all(axis=1)
    if not finite.all():
        rows, columns, corners = rows[finite], columns[finite], corners[finite]
    if not len(rows):
        return _NONE, _NONE
    return _lines(corners, rows, columns, x, y)


def class_lines(shares: NDArray[np.floating], x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return the lines between the regions in which each class has the largest share.

    Parameters
    ----------
    shares : array (ny, nx, K)
    x : array (nx,)
    y : array (ny,)

    Returns
    -------
    x, y : array (2 k,)
        The ends of k segments, pair by pair.

    Notes
    -----
    In every cell whose corners disagree, the line of class k is where its share equals the largest other one.
    One class of each cell is left out, since its line is that of the others.
    """
    ny, nx, classes = shares.shape
    if ny < 2 or nx < 2 or classes < 2:
        return _NONE, _NONE
    winner = shares.argmax(axis=2)
    first = winner[:-1, :-1]
    mixed = (first != winner[:-1, 1:]) | (first != winner[1:, 1:]) | (first != winner[1:, :-1])
    rows, columns = np.nonzero(mixed)
    corners = _corners(shares, rows, columns).astype(np.float64)  # (cells, 4, K)
    finite = np.isfinite(corners).all(axis=(1, 2))
    rows, columns, corners = rows[finite], columns[finite], corners[finite]
    if not len(rows):
        return _NONE, _NONE
    winners = winner[rows[:, None] + _CORNER_Y, columns[:, None] + _CORNER_X]
    last = winners.max(axis=1)
    ordered = np.partition(corners, classes - 2, axis=2)
    best, second = ordered[:, :, -1], ordered[:, :, -2]
    xs, ys = [], []
    for index in range(classes - 1):
        cells = (winners == index).any(axis=1) & (last != index)
        if not cells.any():
            continue
        share = corners[cells, :, index]
        wins = winners[cells] == index
        margin = share - np.where(wins, second[cells], best[cells])
        line = _lines(margin, rows[cells], columns[cells], x, y)
        xs.append(line[0])
        ys.append(line[1])
    return np.concatenate(xs), np.concatenate(ys)
