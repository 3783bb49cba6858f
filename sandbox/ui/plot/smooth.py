"""Drop points without changing the picture, so that smooth curves can be drawn wide and antialiased."""

from __future__ import annotations

import numpy as np

from sandbox.arrays import Floats


def thin(x: Floats, y: Floats, tolerance: float = 0.08, passes: int = 6) -> tuple[Floats, Floats]:
    """Drop points that lie on the line between their neighbours.

    Parameters
    ----------
    x, y : array (n,)
        In pixels; nan breaks the line and stays.
    tolerance : float
        How many pixels a point may lie off that line, in each pass.
    passes : int
        Each pass may drop every other point, so the picture moves by at most `passes` times `tolerance`.

    Returns
    -------
    x, y : array (k,)
        k <= n, including the ends.
    """
    broken = np.isnan(x) | np.isnan(y)
    if broken.any():  # one nan breaks the line as well as several
        keep = ~broken
        keep[1:] |= broken[1:] & ~broken[:-1]
        x, y = x[keep], y[keep]
    x, y = _smooth_stairs(x, y)
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


def _smooth_stairs(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Turn stairs into slopes: pixel columns whose minimum and maximum have the same x.

    If the line is monotonic through the column, its middle replaces both; otherwise they are moved half a column
    apart.
    """
    pair = np.flatnonzero(np.diff(x) == 0.0)
    pair = pair[(pair > 0) & (pair < len(x) - 2)]
    if not len(pair):
        return x, y
    x, y = x.copy(), y.copy()
    rise = y[pair + 1] - y[pair]
    monotonic = ((y[pair] - y[pair - 1]) * rise >= 0.0) & ((y[pair + 2] - y[pair + 1]) * rise >= 0.0)
    middle = 0.5 * (x[pair] + x[pair + 2])
    y[pair] = np.where(monotonic, 0.5 * (y[pair] + y[pair + 1]), y[pair])
    x[pair] = np.where(monotonic, middle, x[pair])
    x[pair + 1] = middle
    keep = np.ones(len(x), bool)
    keep[pair[monotonic] + 1] = False
    return x[keep], y[keep]
