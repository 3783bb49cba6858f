"""The ranges of the cost view's axes: round, and changed only when necessary."""

from __future__ import annotations

import math

import numpy as np

from sandbox.arrays import Floats
from sandbox.ui.plot.ticks import LARGEST, step_up

# A range stays while the data lie within it and fill at least this share.
FILLED = 0.4
# A logarithmic axis reaches at most this many powers of ten below the largest value.
DECADES = 16.0
# A curve that stopped counts as diverged once it is this many powers of ten above its start.
DIVERGED_DECADES = 3.0
# A pale curve of the previous run lengthens a logarithmic axis at each end by at most this many powers of ten, or by
# the span of the present curves if that is more.
PALE_DECADES = 2.0


def epochs_end(current: float, position: float) -> float:
    """Return the end of an epoch axis that includes `position`: `current` or a round number, at least 10."""
    return current if 10.0 <= position <= current else step_up(max(position, 10.0))


def logarithm(values: Floats) -> Floats:
    """Return log10; nan if it is undefined or not finite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        result = np.log10(values)
    result[~np.isfinite(result)] = np.nan
    return result


def plain(values: Floats) -> Floats:
    """Return the values, nan where not finite and clipped where differences would overflow."""
    return np.clip(np.where(np.isfinite(values), values, np.nan), -LARGEST, LARGEST)


def _fitted_range(low: float, high: float, log: bool) -> tuple[float, float]:
    if log:
        low = max(low, high - DECADES)
        part = 4 if high - low >= 1.0 else 10
        top = math.ceil((high + 0.01) * part) / part
        return math.floor((low - 0.01) * part) / part, top
    if low >= 0.0 and (low < 0.6 * high or low == high > 0.0):
        return 0.0, step_up(high * 1.02)
    size = max(abs(low), abs(high))
    # a difference lost in rounding is no span for an axis
    span = high - low if high - low > 1e-6 * size else max(size, 1.0) * 0.2
    step = step_up(span / 4)
    bottom, top = math.floor((low - 0.02 * span) / step), math.ceil((high + 0.02 * span) / step)
    return float(f"{bottom * step:.9g}"), float(f"{top * step:.9g}")


def without_divergence(values: Floats, log: bool) -> Floats:
    """Return the values of a stopped curve, nan where it had diverged: those would hide all others.

    A curve has diverged beyond a thousand times its first value (`values` are logarithms if `log`).
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return values
    limit = finite[0] + DIVERGED_DECADES if log else 10.0**DIVERGED_DECADES * max(abs(float(finite[0])), 1e-12)
    return np.where((values if log else np.abs(values)) > limit, np.nan, values)


def has_diverged(values: Floats, log: bool) -> bool:
    """Return whether a curve has diverged (`values` are logarithms if `log`)."""
    return bool(np.isfinite(values).sum() > np.isfinite(without_divergence(values, log)).sum())


def beside(present: list[Floats], pale: list[Floats], log: bool) -> list[Floats]:
    """Return the values of the previous run that an axis has to show beside those of the present one.

    At each end they lengthen it by at most the span of the present curves, or, for curves that are nearly level, by
    `PALE_DECADES` or by the largest present value; a curve that diverged does not lengthen it at all.

    Parameters
    ----------
    present, pale : list of array
        Values, logarithms if `log`; nan is ignored.
    """
    known = [values[np.isfinite(values)] for values in present]
    shown = np.concatenate([*known, np.empty(0)])
    calm = [values for values in pale if not has_diverged(values, log)]
    if not shown.size:
        return calm
    low, high = float(shown.min()), float(shown.max())
    reach = max(high - low, PALE_DECADES if log else max(abs(low), abs(high)))
    return [np.clip(values, low - reach, high + reach) for values in calm]


def value_range(current: tuple[float, float] | None, values: list[Floats], log: bool) -> tuple[float, float]:
    """Return the range for these values (logarithms if `log`): `current` if it still fits.

    Parameters
    ----------
    current : tuple of float, optional
        None: choose a new one.
    values : list of array
        nan is ignored.
    """
    lows = [float(np.nanmin(v)) for v in values if np.isfinite(v).any()]
    highs = [float(np.nanmax(v)) for v in values if np.isfinite(v).any()]
    if not lows:
        return current or ((-2.0, 0.0) if log else (0.0, 1.0))
    low, high = min(lows), max(highs)
    if log:
        low = max(low, high - DECADES)
    if current is not None and current[0] <= low and high <= current[1]:
        fitted = _fitted_range(low, high, log)
        if fitted[1] - fitted[0] >= FILLED * (current[1] - current[0]):
            return current
    return _fitted_range(low, high, log)
