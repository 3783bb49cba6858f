"""Round numbers for axes: tick positions, tick labels, and ranges that grow in steps."""

from __future__ import annotations

import math

from sandbox import words

# An axis end is one of these times a power of ten, so that it rarely moves and is never far beyond the data.
_STEPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
# The distance of 1 and 2, and of 5 and 10, on a logarithmic axis.
_CLOSEST_OF_125 = math.log10(2.0)
# No axis goes beyond this; differences of larger numbers would overflow.
LARGEST = 1e150


def coordinate(value: float, span: float) -> str:
    """Format a position for a readout, with decimals to suit a range of this width."""
    return words.fixed(value, _decimals(span))


def rounded(value: float, span: float) -> float:
    """Return the very position that `coordinate` writes."""
    return round(value, _decimals(span))


def _decimals(span: float) -> int:
    return min(max(2 - math.floor(math.log10(span)), 0), 9) if span > 0.0 else 2


def _number(value: float) -> str:
    return words.number(value, 7)


def step_up(value: float) -> float:
    """Return the smallest round number not below a positive value.

    Examples
    --------
    >>> step_up(0.69), step_up(1040.0)
    (0.8, 1200.0)
    """
    value = min(max(value, 1 / LARGEST), LARGEST)
    power = 10.0 ** math.floor(math.log10(value))
    for step in _STEPS:
        if value <= step * power * (1 + 1e-9):
            return float(f"{step * power:.6g}")
    return 10.0 * power


def linear_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Return about `most` round positions in a range with their labels, at least two if possible."""
    span = high - low
    if not (math.isfinite(span) and span > 0.0):
        return []
    rough = span / max(most, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    steps = [factor * power for factor in (1.0, 2.0, 5.0, 10.0, 0.5, 0.2, 0.1)]
    large = [step for step in steps if step >= rough * (1 - 1e-9)]
    # one number alone does not show the scale: better more than there is room for
    for step in (*large, *sorted(set(steps) - set(large), reverse=True)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last > first:
            break
    if last - first > 100:  # the range is so narrow against its position that steps are lost to rounding
        return []
    return [(k * step, _number(float(f"{k * step:.9g}"))) for k in range(first, last + 1)]


def whole_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Return the ticks of a linear scale, but whole numbers alone if there are at least three of them in the range.

    Examples
    --------
    >>> [text for _, text in whole_ticks(-1.1, 1.2, 9)], [text for _, text in whole_ticks(0.1, 0.9, 5)]
    (['−1', '0', '1'], ['0.2', '0.4', '0.6', '0.8'])
    """
    ticks = linear_ticks(low, high, most)
    if all(value == round(value) for value, _ in ticks):
        return ticks
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    return ticks if last - first < 2 else [(float(k), _number(float(k))) for k in range(first, last + 1)]


def log_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Return the powers of ten (as log10) in a range, with 2 and 5 between them if there is room.

    If the range is too narrow for two of these, return the ticks of a linear axis. There is room for `most` ticks that
    are evenly spaced; none are closer than half of that spacing.
    """
    first, last = math.ceil(max(low, -300.0) - 1e-9), math.floor(min(high, 300.0) + 1e-9)
    stride = max(1, math.ceil((last - first + 1) / max(most, 1)))
    powers = [k for k in range(first, last + 1) if k % stride == 0]
    if len(powers) < 2 < last - first + 1:
        powers = [first, last]
    ticks = [(float(k), _number(10.0**k)) for k in powers]
    closest = 0.5 * (high - low) / max(most, 1)
    if len(ticks) < 2 or (len(ticks) * 3 <= most + 1 and closest <= _CLOSEST_OF_125):
        between = [(k + math.log10(f), _number(f * 10.0**k)) for k in range(first - 1, last + 1) for f in (2.0, 5.0)]
        ticks = _apart(sorted([*ticks, *(tick for tick in between if low <= tick[0] <= high)]), closest)
    if len(ticks) < 2 and -300.0 < low < high < 300.0:
        even = linear_ticks(10.0**low, 10.0**high, most)
        return _apart([(math.log10(value), text) for value, text in even if value > 0.0], closest)
    return ticks


def _apart(ticks: list[tuple[float, str]], closest: float) -> list[tuple[float, str]]:
    """Return the first tick, the last one, and those between that are not too close to another, from below."""
    if len(ticks) < 3:
        return ticks
    kept = ticks[:1]
    for tick in ticks[1:-1]:
        if min(tick[0] - kept[-1][0], ticks[-1][0] - tick[0]) >= closest:
            kept.append(tick)
    return [*kept, ticks[-1]]


def grown(current: tuple[float, float], low: float, high: float) -> tuple[float, float]:
    """Return `current`, extended by a good step at each end that is exceeded.

    Examples
    --------
    >>> grown((0.0, 1.0), 0.2, 0.9)
    (0.0, 1.0)
    >>> grown((0.0, 1.0), 0.0, 1.2)
    (0.0, 1.38)
    """
    start, end = current
    room = 0.15 * (max(end, high) - min(start, low))
    if low < start:
        start = low - room
    if high > end:
        end = high + room
    return start, end
