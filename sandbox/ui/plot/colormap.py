"""Convert numbers to colours, as 32-bit pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QColor

Cells = NDArray[np.uint32]

# How far field colours are faded towards the neutral colour, so that points stand out on them.
SOFTNESS = 0.55


def mix(first: QColor, second: QColor, share: float) -> QColor:
    """Return the first colour with `share` of the second mixed in."""
    parts = [
        round(a + (b - a) * share)
        for a, b in zip(first.getRgb()[:3], second.getRgb()[:3], strict=True)  # type: ignore[index]
    ]
    return QColor(*parts)


def _pack(rgb: NDArray[np.floating]) -> Cells:
    levels = np.clip(rgb + 0.5, 0.0, 255.0).astype(np.uint32)
    cells: Cells = np.uint32(0xFF000000) | (levels[..., 0] << 16) | (levels[..., 1] << 8) | levels[..., 2]
    return cells


def rgb(color: QColor) -> NDArray[np.float32]:
    """Return red, green and blue as numbers from 0 to 255."""
    return np.array([color.red(), color.green(), color.blue()], dtype=np.float32)


def diverging(low: QColor, middle: QColor, high: QColor, softness: float = SOFTNESS) -> Cells:
    """Return 256 colours from `low` through `middle` to `high`, the ends softened towards the middle."""
    ends = [rgb(mix(low, middle, softness)), rgb(middle), rgb(mix(high, middle, softness))]
    positions = np.linspace(0.0, 1.0, 256)
    return _pack(np.stack([np.interp(positions, (0.0, 0.5, 1.0), [end[c] for end in ends]) for c in range(3)], axis=-1))


def sequential(name: str = "viridis", towards: QColor | None = None, softness: float = SOFTNESS) -> Cells:
    """Return 256 colours of a perceptually uniform map, dark to bright, softened towards a colour if one is given."""
    table = np.asarray(pg.colormap.get(name).getLookupTable(nPts=256, alpha=False), dtype=np.float64)
    return _pack(table if towards is None else table + (rgb(towards) - table) * softness)


def indices(values: NDArray[np.floating], low: float, high: float) -> NDArray[np.uint8]:
    """Return each value's index in a table of 256 from `low` to `high`, clipped at the ends; nan gets the middle."""
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = (values - low) * (255.0 / (high - low) if high > low else 0.0)
        np.clip(scaled, 0.0, 255.0, out=scaled)
    if not np.isfinite(scaled).all():
        scaled = np.where(np.isnan(scaled), 127.0, scaled)
    return (scaled + 0.5).astype(np.uint8)


def blended(shares: NDArray[np.floating], colors: Sequence[QColor], neutral: QColor) -> Cells:
    """Mix the class colours by their shares, softened towards the neutral colour.

    Parameters
    ----------
    shares : array (ny, nx, K)
        Summing to 1; where not finite, the neutral colour is shown.
    """
    table = np.stack([rgb(mix(color, neutral, SOFTNESS)) for color in colors])
    flat = shares.reshape(-1, shares.shape[2]) @ table
    broken = ~np.isfinite(flat).all(axis=1)
    if broken.any():
        flat[broken] = rgb(neutral)
    return _pack(flat).reshape(shares.shape[:2])


def color_of(cell: np.uint32 | int) -> QColor:
    """Return a packed pixel as a colour."""
    return QColor.fromRgb(int(cell) & 0xFFFFFF)
