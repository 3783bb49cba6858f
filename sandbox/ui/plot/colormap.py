"""Numbers to colours, as ready 32-bit pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QColor

Cells = NDArray[np.uint32]

# How far the fields stay from full colour towards the neutral, so that points stand out on them.
SOFTNESS = 0.28


def mix(first: QColor, second: QColor, share: float) -> QColor:
    """`share` of the second colour in the first."""
    parts = [
        round(a + (b - a) * share)
        for a, b in zip(first.getRgb()[:3], second.getRgb()[:3], strict=True)  # type: ignore[index]
    ]
    return QColor(*parts)


def _pack(rgb: NDArray[np.floating]) -> Cells:
    whole = np.clip(rgb + 0.5, 0.0, 255.0).astype(np.uint32)
    cells: Cells = np.uint32(0xFF000000) | (whole[..., 0] << 16) | (whole[..., 1] << 8) | whole[..., 2]
    return cells


def rgb(color: QColor) -> NDArray[np.float32]:
    """Red, green, blue as numbers from 0 to 255."""
    return np.array([color.red(), color.green(), color.blue()], dtype=np.float32)


def diverging(low: QColor, middle: QColor, high: QColor, softness: float = SOFTNESS) -> Cells:
    """256 colours from `low` through `middle` to `high`, the ends softened towards the middle."""
    ends = [rgb(mix(low, middle, softness)), rgb(middle), rgb(mix(high, middle, softness))]
    place = np.linspace(0.0, 1.0, 256)
    return _pack(np.stack([np.interp(place, (0.0, 0.5, 1.0), [end[c] for end in ends]) for c in range(3)], axis=-1))


def sequential(name: str = "viridis") -> Cells:
    """256 colours of a perceptually even map, dark to bright."""
    table = pg.colormap.get(name).getLookupTable(nPts=256, alpha=False)
    return _pack(np.asarray(table, dtype=np.float64))


def indices(values: NDArray[np.floating], low: float, high: float) -> NDArray[np.uint8]:
    """Place of each value in a table of 256 from `low` to `high`; beyond is the end, nan the middle."""
    with np.errstate(invalid="ignore", over="ignore"):
        place = (values - low) * (255.0 / (high - low) if high > low else 0.0)
        np.clip(place, 0.0, 255.0, out=place)
    if not np.isfinite(place).all():
        place = np.where(np.isnan(place), 127.0, place)
    return (place + 0.5).astype(np.uint8)


def blended(shares: NDArray[np.floating], colors: Sequence[QColor], neutral: QColor) -> Cells:
    """Each class's colour by its share, softened towards the neutral.

    Parameters
    ----------
    shares : array (ny, nx, K)
        Summing to 1; where not finite, the neutral is shown.
    """
    table = np.stack([rgb(mix(color, neutral, SOFTNESS)) for color in colors])
    flat = shares.reshape(-1, shares.shape[2]) @ table
    broken = ~np.isfinite(flat).all(axis=1)
    if broken.any():
        flat[broken] = rgb(neutral)
    return _pack(flat).reshape(shares.shape[:2])


def color_of(cell: np.uint32 | int) -> QColor:
    """A packed pixel as a colour."""
    return QColor.fromRgb(int(cell) & 0xFFFFFF)
