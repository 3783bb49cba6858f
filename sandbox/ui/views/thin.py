"""Fewer points for the same picture, so that smooth curves can be drawn wide and antialiased."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def thin(x: Floats, y: Floats, tolerance: float = 0.08, passes: int = 6) -> tuple[Floats, Floats]:
    """Leave out points that lie on the line between their neighbours.

    Parameters
    ----------
    x, y : array (n,)
        In pixels; nan breaks the line and stays.
    tolerance : float
        Pixels a point may lie off in each pass.
    passes : int
        Each pass may leave out every other point, so the picture moves by at most `passes` times `tolerance`.

    Returns
    -------
    x, y : array (k,)
        k <= n, ends kept.
    """
    broken = np.isnan(x) | np.isnan(y)
    if broken.any():  # one nan breaks the line as well as many
        keep = ~broken
        keep[1:] |= broken[1:] & ~broken[:-1]
        x, y = x[keep], y[keep]
    for _ in range(passes):
        if len(x) < 3:
            break
        ax, ay = x[:-2:2], y[:-2:2]
        bx, by = x[1:-1:2], y[1:-1:2]
        cx, cy = x[2::2], y[2::2]
        dx, dy = cx - ax, cy - ay
        ex, ey = bx - ax, by - ay
        length = dx * dx + dy * dy
        along = ex * dx + ey * dy
        across = ex * dy - ey * dx
        # A point beyond its neighbours (the tip of a spike) is never on the line between them.
        drop = (across * across <= tolerance * tolerance * length) & (along >= 0.0) & (along <= length)
        drop &= ex * ex + ey * ey <= length + tolerance * tolerance  # there and back to the same place
        if not drop.any():
            break
        keep = np.ones(len(x), bool)
        keep[1 : 2 * len(drop) : 2] = ~drop
        x, y = x[keep], y[keep]
    return x, y
