"""Reading the recorded curves: what they did since the last edit, how much they fluctuate, where they were lowest."""

from __future__ import annotations

import math

import numpy as np

from sandbox.arrays import Array
from sandbox.experiment.training.probe import LaneProbe

RECENT = 30  # last rows of the history to search for a rise
LONG = 512  # most rows over which two losses are compared
_ONLY_SHOWN = {"loss.monitors"}


def compared_epochs(probe: LaneProbe) -> int:
    """Return over how many last epochs two curves are compared: half of the run, from `RECENT` to `LONG`."""
    last = probe.history.last
    return 0 if last is None else min(max(RECENT, last.epoch // 2), LONG)


def thirds(probe: LaneProbe, column: str, rows: int) -> tuple[float, float, float, float] | None:
    """Return the medians of the thirds of the last rows of a column, and its noise."""
    values = recent(probe, column, rows)
    if values is None or values.size < RECENT:
        return None
    first, middle, last = thirds_of(values)
    return first, middle, last, noise(values)


def recent(probe: LaneProbe, column: str, epochs: int) -> Array | None:
    """Return a column over the last epochs after the last edit; None without such a row, or if any is not finite."""
    history, start = probe.history, first_epoch(probe, epochs)
    if start is None or history.last is None:
        return None
    recorded, values = history.curve(column, epochs, epochs=(start, history.last.epoch))
    values = values[recorded >= start]
    return values if values.size and np.isfinite(values).all() else None


def first_epoch(probe: LaneProbe, epochs: int | None = None) -> int | None:
    """Return the epoch of the first row after the last edit, or of the last `epochs` rows; None if there is no row.

    After the last edit all epochs have the same number of updates, so the update gives the epoch.
    """
    last, edited = probe.history.last, last_edit(probe)
    if last is None or last.update <= edited:
        return None
    size = probe.lane.settings.optimizer.batch_size
    per_epoch = math.ceil(probe.m / size) if 0 < size < probe.m else 1
    span = min((last.update - edited - 1) // per_epoch, last.epoch)
    return last.epoch - (span if epochs is None else min(span, epochs - 1))


def lowest(probe: LaneProbe, column: str, first: int, last: int) -> tuple[int, float]:
    """Return the epoch, from `first` to `last`, at which a column was lowest, and its value there."""
    while True:
        epochs, values = probe.history.curve(column, LONG, epochs=(first, last))
        inside = (epochs >= first) & (epochs <= last)
        epochs, values = epochs[inside], values[inside]
        i = int(np.nanargmin(values))
        before, after = int(epochs[max(i - 3, 0)]), int(epochs[min(i + 3, epochs.size - 1)])
        if epochs.size == np.unique(epochs).size or (before, after) == (first, last):  # every row was read
            return int(epochs[i]), float(values[i])
        first, last = before, after


def last_edit(probe: LaneProbe) -> int:
    """Return the update of the last edit of how the lane learns, not only of what is shown; -1 if there is none."""
    if probe.run is None:
        return probe.lane.edited
    edits = (edit for edit in probe.run.experiment.edits if edit.update <= probe.run.update)
    own = (edit.update for edit in edits if edit.lane in (None, probe.lane.name) and edit.keys - _ONLY_SHOWN)
    return max(own, default=-1)


def noise(values: Array) -> float:
    """Return the noise: how far values typically are from the straight line through their two neighbours."""
    if values.size < 3:
        return 0.0
    return median(np.abs(values[1:-1] - 0.5 * (values[:-2] + values[2:]))) * 1.21  # sqrt(2/3) * 1.48


def thirds_of(values: Array) -> tuple[float, float, float]:
    """Return the medians of the first, the middle and the last third."""
    a, b = round(values.size / 3), round(2 * values.size / 3)
    return median(values[:a]), median(values[a:b]), median(values[b:])


def median(values: Array) -> float:
    """Return the median of some values."""
    ordered = np.sort(values)  # much faster than np.median for few values
    return 0.5 * float(ordered[(values.size - 1) // 2] + ordered[values.size // 2])
