"""The ranges of the cost view's axes: round, and moved only when they must be."""

from __future__ import annotations

import math

import numpy as np

from sandbox.arrays import Floats
from sandbox.ui.plot.ticks import LARGEST, step_up

# A range stays while the data lie within it and fill at least this share.
FILLED = 0.4
# The smallest values of a logarithmic axis lie at most so many powers of ten below the largest.
DECADES = 16.0
# Powers of ten above its start from which on a curve that came to a stop counts as flown off.
FLIGHT = 3.0


def epochs_end(current: float, position: float) -> float:
    """Where an axis of epochs ends that is to hold `position`: 10 at least, else the next round number."""
    return current if 10.0 <= position <= current else step_up(max(position, 10.0))


def logarithm(values: Floats) -> Floats:
    """log10, nan where there is none; what is not finite becomes nan."""
    with np.errstate(divide="ignore", invalid="ignore"):
        result = np.log10(values)
    result[~np.isfinite(result)] = np.nan
    return result


def plain(values: Floats) -> Floats:
    """The values, nan where not finite and cut where differences would overflow."""
    return np.clip(np.where(np.isfinite(values), values, np.nan), -LARGEST, LARGEST)


def _fitting(low: float, high: float, log: bool) -> tuple[float, float]:
    if log:
        low = max(low, high - DECADES)
        part = 4 if high - low >= 1.0 else 10
        top = math.ceil((high + 0.01) * part) / part
        return math.floor((low - 0.01) * part) / part, top
    if low >= 0.0 and (low < 0.6 * high or low == high > 0.0):
        return 0.0, step_up(high * 1.02)
    size = max(abs(low), abs(high))
    # a difference lost in rounding makes no axis
    span = high - low if high - low > 1e-6 * size else max(size, 1.0) * 0.2
    step = step_up(span / 4)
    bottom, top = math.floor((low - 0.02 * span) / step), math.ceil((high + 0.02 * span) / step)
    return float(f"{bottom * step:.9g}"), float(f"{top * step:.9g}")


def before_the_flight(values: Floats, log: bool) -> Floats:
    """The values of a curve that came to a stop, without those by which it flew off: they would hide all others.

    A curve flies off where it is beyond a thousand times where it started (`values` are logarithms where `log`).
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return values
    limit = known[0] + FLIGHT if log else 10.0**FLIGHT * max(abs(float(known[0])), 1e-12)
    return np.where((values if log else np.abs(values)) > limit, np.nan, values)


def value_range(current: tuple[float, float] | None, values: list[Floats], log: bool) -> tuple[float, float]:
    """The range for these values (their logarithms where `log`), `current` where it still does.

    Parameters
    ----------
    current : tuple of float, optional
        None: choose anew.
    values : list of array
        nan is left out.
    """
    lows = [float(np.nanmin(v)) for v in values if np.isfinite(v).any()]
    highs = [float(np.nanmax(v)) for v in values if np.isfinite(v).any()]
    if not lows:
        return current or ((-2.0, 0.0) if log else (0.0, 1.0))
    low, high = min(lows), max(highs)
    if log:
        low = max(low, high - DECADES)
    if current is not None and current[0] <= low and high <= current[1]:
        anew = _fitting(low, high, log)
        if anew[1] - anew[0] >= FILLED * (current[1] - current[0]):
            return current
    return _fitting(low, high, log)
