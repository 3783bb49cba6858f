"""Statistics over the several networks of one lane."""

from __future__ import annotations

import numpy as np

from sandbox.arrays import Array, Floats
from sandbox.experiment.training.history import History, Record

LOW, HIGH = "|low", "|high"  # suffixes of a column's name: its quartiles over several networks


class ReplicaHistory:
    """The recorded values of one of several networks, with the interface of a history."""

    def __init__(self, histories: History, replica: int) -> None:
        self._all, self._suffix = histories, f"#{replica}"

    @property
    def last(self) -> Record | None:
        """The newest row."""
        row = self._all.last
        if row is None:
            return None
        values = {name.removesuffix(self._suffix): v for name, v in row.values.items() if name.endswith(self._suffix)}
        return Record(row.epoch, row.update, values)

    def curve(
        self, name: str, pixels: int, log_x: bool = False, epochs: tuple[float, float] | None = None
    ) -> tuple[Floats, Floats]:
        """Return a column as `History.curve` does."""
        return self._all.curve(name + self._suffix, pixels, log_x, epochs)

    def column(self, name: str) -> tuple[Floats, Floats]:
        """Return all epochs at which a column applies, and its values."""
        return self._all.column(name + self._suffix)


def quartiles(table: Array) -> Array:
    """Return median, lower and upper quartile (3, columns) of each row of a table (columns, replicas).

    nan, of a stopped replica, is ignored. Quartiles between two values are interpolated linearly, as in numpy.
    """
    ordered = np.sort(table, axis=1)  # nan goes to the end; about ten times as fast as numpy's quantiles
    running = ordered.shape[1] - np.isnan(ordered).sum(axis=1)
    result = np.empty((3, len(table)))
    rows, last = np.arange(len(table)), np.maximum(running - 1, 0)
    for k, share in enumerate((0.5, 0.25, 0.75)):
        position = share * last
        below = position.astype(np.intp)
        low, high = ordered[rows, below], ordered[rows, np.minimum(below + 1, last)]
        with np.errstate(invalid="ignore"):  # of infinite costs
            result[k] = np.where((low == high) | (position == below), low, low + (position - below) * (high - low))
    return result


def spread(table: Array) -> list[float]:
    """Return the medians, lower quartiles and upper quartiles of a table as one list."""
    values: list[float] = quartiles(table).ravel().tolist()
    return values
