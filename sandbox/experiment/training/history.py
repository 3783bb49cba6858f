"""The history of one lane: every recorded epoch, for as long as the run lasts.

Rows are stored in chunks. A full chunk moves to a temporary file once enough newer ones are in memory, so that a
run of millions of epochs needs no more memory than one of thousands. Only the minimum and maximum of each block of
its rows stay in memory, which is all that a curve of so many points can show.
"""

from __future__ import annotations

import copy
import tempfile
import weakref
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from sandbox.arrays import Floats

ROWS = 4096  # of a chunk, at most
_NUMBERS = 2**18  # of a chunk, about: with many columns it has fewer rows
BLOCK = 64  # rows that share one minimum and maximum
GROUP = 16  # blocks merged into one coarser block
_FIRST_KEPT, _LAST_KEPT = 2, 12  # chunks that stay in memory at either end of the run
_RAW_CHUNKS = 3  # up to this many are read row by row: only a few rows either side of a chunk's end may be visible
_FINE = 8  # blocks per pixel of each size, from the left, before larger ones are fine enough
_RAW_ROWS = 24  # up to this many rows per pixel, a curve is thinned from the rows themselves


@dataclass(frozen=True)
class Record:
    """The state of a lane after `update` updates and `epoch` whole epochs: values by column name."""

    epoch: int
    update: int
    values: Mapping[str, float]


class _Chunk:
    """Rows with the same columns; line 0 is the epoch, line 1 the update, then one line per column."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.capacity = _capacity(len(names))
        self.length = 0
        self.first = self.last = 0  # epochs
        self._table: Floats | None = np.empty((2 + len(names), self.capacity))
        self._file: IO[bytes] | None = None
        self._offset = 0

    def append(self, epoch: int, update: int, values: Sequence[float]) -> None:
        assert self._table is not None
        i = self.length
        if i == 0:
            self.first = epoch
        self.last = epoch
        self._table[:, i] = (epoch, update, *values)
        self.length = i + 1

    def extend(self, table: Floats) -> int:
        """Append as many of the rows (2 + columns, k) as there is room for; return how many."""
        assert self._table is not None
        i, count = self.length, min(len(table[0]), self.capacity - self.length)
        if i == 0:
            self.first = int(table[0, 0])
        self.last = int(table[0, count - 1])
        self._table[:, i : i + count] = table[:, :count]
        self.length = i + count
        return count

    def spill(self, file: IO[bytes]) -> None:
        """Move the rows to the end of `file`."""
        if self._table is not None:
            self._offset = file.seek(0, 2)
            file.write(np.ascontiguousarray(self._table[:, : self.length]).tobytes())
            self._file, self._table = file, None

    def table(self) -> Floats:
        if self._table is not None:
            return self._table[:, : self.length]
        assert self._file is not None
        self._file.seek(self._offset)
        lines = 2 + len(self.names)
        data = self._file.read(8 * lines * self.length)
        return np.frombuffer(data, np.float64).reshape(lines, self.length)

    def line(self, name: str) -> tuple[Floats, Floats]:
        """Return epochs and values of one column; a single nan, which breaks the line, if the column is missing."""
        if name not in self.names:
            return np.array([float(self.first)]), np.array([np.nan])
        table = self.table()
        return table[0], table[2 + self.names.index(name)]

    def copy(self) -> _Chunk:
        """Return a copy that can grow independently."""
        copied = copy.copy(self)
        copied._table = None if self._table is None else self._table.copy()
        return copied


def _capacity(columns: int) -> int:
    """Return how many rows of so many columns a chunk has."""
    return max(BLOCK, min(ROWS, _NUMBERS // (2 + columns) // BLOCK * BLOCK))


def needed_bytes(columns: int, rows: int) -> int:
    """Return how much memory a history of so many columns and rows needs, about: some chunks, and all blocks."""
    capacity = _capacity(columns)
    chunks = min(-(-rows // capacity), _FIRST_KEPT + _LAST_KEPT)
    of_blocks = 2 * 4 * (1.0 + 1.0 / GROUP) * 1.25 / BLOCK  # per row and column
    return int(8 * chunks * capacity * (2 + columns) + of_blocks * max(0, rows - capacity) * columns)


class _Blocks:
    """A growing list of blocks of rows: the epoch at which each begins, and every column's minimum and maximum.

    Coarser blocks of GROUP blocks are stored too, and coarser ones of those, so that a long run is read as fast as a
    short one.
    """

    def __init__(self) -> None:
        self._length = 0
        self._starts = np.empty(256)
        self._first: dict[str, int] = {}  # the first block that has a column
        self._extremes: dict[str, NDArray[np.float32]] = {}  # float32: only for drawing
        self._coarse: _Blocks | None = None

    def extend(self, starts: Floats, extremes: Mapping[str, tuple[Floats, Floats]]) -> None:
        """Append blocks; the columns that `extremes` lacks are nan in them."""
        begin, self._length = self._length, self._length + starts.size
        self._starts = _grown(self._starts, begin, self._length)
        self._starts[begin : self._length] = starts
        for name in dict.fromkeys((*self._first, *extremes)):
            first = self._first.setdefault(name, begin)
            old = self._extremes.get(name, np.empty((2, 256), np.float32))
            new = self._extremes[name] = _grown(old, begin - first, self._length - first)
            with np.errstate(over="ignore"):
                new[:, begin - first : self._length - first] = extremes.get(name, np.nan)
        if self._length // GROUP > begin // GROUP:
            self._extend_coarse(begin // GROUP * GROUP, self._length // GROUP * GROUP)

    def _extend_coarse(self, begin: int, end: int) -> None:
        extremes = {}
        for name, first in self._first.items():
            if first >= end:
                continue
            values = self._extremes[name][:, max(begin - first, 0) : end - first]
            fine = np.full((2, end - begin), np.nan, np.float32)
            fine[:, end - begin - values.shape[1] :] = values
            low, high = fine.reshape(2, -1, GROUP)
            extremes[name] = np.fmin.reduce(low, axis=1), np.fmax.reduce(high, axis=1)
        if self._coarse is None:
            self._coarse = _Blocks()
        self._coarse.extend(self._starts[begin:end:GROUP], extremes)

    def between(self, name: str, start: float, end: float, fine: int) -> Floats:
        """Return epochs, minima and maxima (3, k) of a column's blocks that begin at or after `start` and before `end`.

        The first `fine` of them are followed by larger blocks, `fine` of each size.
        """
        if name not in self._first:
            return np.empty((3, 0))
        i, j = np.searchsorted(self._starts[: self._length], (start, end)).tolist()
        return np.concatenate(list(self._pieces(name, i, j, fine)), axis=1)

    def _pieces(self, name: str, i: int, j: int, fine: int) -> Iterator[Floats]:
        first = self._first[name]
        i, j = max(i, first), max(j, first)
        k, last = -(-(i + fine) // GROUP), j // GROUP
        if self._coarse is not None and k < last:
            yield self._piece(name, i, k * GROUP)
            yield from self._coarse._pieces(name, k, last, fine)
            i = last * GROUP
        yield self._piece(name, i, j)

    def _piece(self, name: str, i: int, j: int) -> Floats:
        first = self._first[name]
        return np.vstack((self._starts[i:j], self._extremes[name][:, i - first : j - first]))


def _grown(array: Any, used: int, needed: int) -> Any:
    """Return an array, enlarged along its last axis if needed, to a quarter more than `needed`."""
    if needed <= array.shape[-1]:
        return array
    larger = np.empty((*array.shape[:-1], needed + needed // 4), array.dtype)  # takes no memory until it is filled
    larger[..., :used] = array[..., :used]
    return larger


class History:
    """The recorded values of one lane, one row per epoch."""

    def __init__(self) -> None:
        self._chunks: list[_Chunk] = []
        self._blocks = _Blocks()
        self._file: IO[bytes] | None = None
        self._last: tuple[int, int, tuple[str, ...], Sequence[float]] | None = None
        self._names: tuple[str, ...] = ()
        self._spilled = _FIRST_KEPT
        self._source: History | None = None

    @property
    def last(self) -> Record | None:
        """The newest row."""
        if self._last is None:
            return None
        epoch, update, names, values = self._last
        return Record(epoch, update, dict(zip(names, values, strict=True)))

    @property
    def last_update(self) -> int:
        """The update of the newest row; -1 if there is none."""
        return -1 if self._last is None else self._last[1]

    def copy(self) -> History:
        """Return a history with the same rows that can grow independently."""
        copied = copy.copy(self)
        copied._chunks = [*self._chunks[:-1], *(chunk.copy() for chunk in self._chunks[-1:])]
        copied._blocks = copy.deepcopy(self._blocks)
        copied._file, copied._source = None, self  # keeps the source's file open, which holds shared chunks
        return copied

    def completed(self, other: History) -> History:
        """Return a history with the same rows, each with the columns that it lacks from the same update of another."""
        merged = History()
        for chunk in self._chunks:
            table = chunk.table()
            for names, first, last, rows in other._rows_of(table[1], chunk.names):
                merged._extend((*chunk.names, *names), np.vstack((table[:, first:last], rows)))
        return merged

    def _rows_of(self, updates: Floats, but: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int, int, Floats]]:
        """Yield the columns, except some, at these ascending updates, as long as they are the same.

        Each time: their names, the first of the updates and the one after the last, and the values (columns, k).
        """
        done = 0
        for chunk in self._chunks:
            table, names = chunk.table(), tuple(name for name in chunk.names if name not in but)
            lines = np.array([2 + chunk.names.index(name) for name in names], int)
            shared, ours, theirs = np.intersect1d(updates, table[1], assume_unique=True, return_indices=True)
            for run in np.split(np.arange(shared.size), 1 + np.flatnonzero(np.diff(ours) > 1)):
                if run.size == 0:
                    continue
                first, last = int(ours[run[0]]), int(ours[run[-1]]) + 1
                if done < first:
                    yield (), done, first, np.empty((0, first - done))
                yield names, first, last, table[np.ix_(lines, theirs[run])]
                done = last
        if done < updates.size:
            yield (), done, updates.size, np.empty((0, updates.size - done))

    def _extend(self, names: tuple[str, ...], table: Floats) -> None:
        """Append rows, given as the table of a chunk."""
        start = 0
        while start < table.shape[1]:
            chunk = self._chunk_for(names)
            start += chunk.extend(table[:, start:])
        epoch, update, *values = table[:, -1].tolist()
        self._last = (int(epoch), int(update), names, values)

    def __len__(self) -> int:
        return sum(chunk.length for chunk in self._chunks)

    def append(self, epoch: int, update: int, names: tuple[str, ...], values: Sequence[float]) -> None:
        """Append one row; its columns may differ from those of earlier rows."""
        self._chunk_for(names).append(epoch, update, values)
        self._last = (epoch, update, names, values)

    def _chunk_for(self, names: tuple[str, ...]) -> _Chunk:
        """Return the chunk that takes the next row."""
        chunk = self._chunks[-1] if self._chunks else None
        if chunk is None or chunk.length == chunk.capacity or (chunk.names is not names and chunk.names != names):
            if chunk is not None:
                self._seal(chunk)
            chunk = _Chunk(names)
            self._chunks.append(chunk)
        return chunk

    def _seal(self, chunk: _Chunk) -> None:
        starts = np.arange(0, chunk.length, BLOCK)
        table = chunk.table()
        lows, highs = np.fmin.reduceat(table, starts, axis=1), np.fmax.reduceat(table, starts, axis=1)
        extremes = {name: (lows[line], highs[line]) for line, name in enumerate(chunk.names, start=2)}
        self._blocks.extend(table[0, starts], extremes)
        oldest = len(self._chunks) - _LAST_KEPT
        while self._spilled < oldest:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="loss-sandbox-history-")  # noqa: SIM115
                weakref.finalize(self, self._file.close)
            self._chunks[self._spilled].spill(self._file)
            self._spilled += 1

    def rows(self) -> Iterator[Record]:
        """Yield every row, oldest first."""
        for chunk in self._chunks:
            for epoch, update, *values in chunk.table().T.tolist():
                yield Record(int(epoch), int(update), dict(zip(chunk.names, values, strict=True)))

    def column(self, name: str) -> tuple[Floats, Floats]:
        """Return all epochs at which a column applies, and its values."""
        lines = [chunk.line(name) for chunk in self._chunks if name in chunk.names]
        if not lines:
            return np.empty(0), np.empty(0)
        return np.concatenate([x for x, _ in lines]), np.concatenate([y for _, y in lines])

    def columns(self, names: Sequence[str]) -> tuple[Floats, Floats]:
        """Return all epochs at which any of these columns applies, and the values, a row per column, nan elsewhere."""
        epochs, blocks = [], []
        for chunk in self._chunks:
            lines = {name: line for line, name in enumerate(chunk.names, start=2)}
            if not any(name in lines for name in names):
                continue
            table = chunk.table()
            block = np.full((len(names), table.shape[1]), np.nan)
            for row, name in enumerate(names):
                if name in lines:
                    block[row] = table[lines[name]]
            epochs.append(table[0])
            blocks.append(block)
        if not blocks:
            return np.empty(0), np.empty((len(names), 0))
        return np.concatenate(epochs), np.concatenate(blocks, axis=1)

    def always_has(self, name: str) -> bool:
        """Return whether a column applies to every row."""
        return all(name in chunk.names for chunk in self._chunks)

    def names(self) -> list[str]:
        """Return every column that ever applied, in order of appearance."""
        return list(dict.fromkeys(name for chunk in self._chunks for name in chunk.names))

    def missing(self, name: str) -> list[tuple[float, float]]:
        """Return the spans of epochs, first and one after the last, in which a column was not recorded."""
        spans: list[tuple[float, float]] = []
        ends = [*(float(chunk.first) for chunk in self._chunks[1:]), np.inf]
        for chunk, end in zip(self._chunks, ends, strict=False):
            if name in chunk.names:
                continue
            if spans and spans[-1][1] == chunk.first:
                spans[-1] = spans[-1][0], end
            else:
                spans.append((float(chunk.first), end))
        return spans

    def curve(
        self, name: str, pixels: int, log_x: bool = False, epochs: tuple[float, float] | None = None
    ) -> tuple[Floats, Floats]:
        """Return a column as a line that looks, at this width in pixels, like all of its points.

        Parameters
        ----------
        name : str
        pixels : int
            Width of the plot. Each pixel column keeps its minimum and its maximum.
        log_x : bool
            Whether pixel columns are equally wide in log(epoch).
        epochs : tuple of float, optional
            The visible range.

        Returns
        -------
        epochs, values : array (k,)
            At most two points per pixel column and one at each end; nan breaks the line.
        """
        if not self._chunks or not any(name in chunk.names for chunk in self._chunks):
            return np.empty(0), np.empty(0)
        start, end = epochs or (self._chunks[0].first, self._chunks[-1].last)
        x, low, high = self._extremes(name, self._visible(start, end), pixels, log_x)
        return thin(x, low, high, pixels, log_x, (start, end))

    def _visible(self, start: float, end: float) -> list[_Chunk]:
        """Return the chunks that overlap a range of epochs, and those that the line enters from and leaves to."""
        chunks = self._chunks
        first = bisect_left(chunks, start, key=lambda chunk: chunk.last)
        last = bisect_right(chunks, end, key=lambda chunk: chunk.first)
        if first == len(chunks) or chunks[first].first > start:
            first = max(first - 1, 0)
        if last == 0 or chunks[last - 1].last < end:
            last += 1
        return chunks[first:last]

    def _extremes(self, name: str, chunks: list[_Chunk], pixels: int, log_x: bool) -> tuple[Floats, Floats, Floats]:
        """Return epochs, minima and maxima: of every row, or of blocks if there are too many rows."""
        if len(chunks) <= _RAW_CHUNKS or sum(chunk.length for chunk in chunks) <= _RAW_ROWS * pixels:
            lines = [chunk.line(name) for chunk in chunks]
            x, y = np.concatenate([x for x, _ in lines]), np.concatenate([y for _, y in lines])
            return x, y, y
        # Single rows at the start, where a logarithmic axis spreads them, and at the end, which is not sealed yet.
        first = _FIRST_KEPT if log_x else 0
        head, middle, tail = chunks[:-1][:first], chunks[first:-1], chunks[-1]
        raw = [chunk.line(name) for chunk in (*head, tail)]
        pieces = [np.stack((x, y, y)) for x, y in raw]
        if middle:
            pieces.insert(len(head), self._blocks.between(name, middle[0].first, tail.first, _FINE * pixels))
        x, low, high = np.concatenate(pieces, axis=1)
        return x, low, high


def thin(
    x: Floats, low: Floats, high: Floats, pixels: int, log_x: bool, span: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Reduce points, each with a minimum and a maximum, to two per pixel column.

    Parameters
    ----------
    x, low, high : array (k,)
        Ascending positions and the extremes there.
    pixels : int
    log_x : bool
    span : tuple of float
        The positions of the first and the last pixel column; points outside are dropped, except one neighbour.

    Returns
    -------
    x, y : array
    """
    i, j = np.searchsorted(x, span[0], "left"), np.searchsorted(x, span[1], "right")
    x, low, high = (values[max(i - 1, 0) : j + 1] for values in (x, low, high))
    if x.size > 2 * pixels or not np.array_equal(low, high, equal_nan=True):
        with np.errstate(all="ignore"):  # a cost may be infinite or nan
            return _columns(x, low, high, pixels, log_x, span)
    return x, low


def _columns(
    x: Floats, low: Floats, high: Floats, pixels: int, log_x: bool, span: tuple[float, float]
) -> tuple[Floats, Floats]:
    scale = (lambda v: np.log(np.maximum(v, 0.5))) if log_x else (lambda v: np.asarray(v, np.float64))
    first, last = float(scale(np.float64(span[0]))), float(scale(np.float64(span[1])))
    column = np.floor((scale(x) - first) * (pixels / max(last - first, 1e-300)))
    starts = np.flatnonzero(np.diff(column, prepend=column[0] - 1.0 if column.size else 0.0))
    least, most = np.fmin.reduceat(low, starts), np.fmax.reduceat(high, starts)
    middle = 0.5 * (least + most)
    falling = np.diff(middle, prepend=middle[:1]) < 0.0
    points = np.empty((2, 2 * starts.size + 1))
    points[0, 0:-1:2] = points[0, 1:-1:2] = x[starts]
    points[1, 0:-1:2] = np.where(falling, most, least)
    points[1, 1:-1:2] = np.where(falling, least, most)
    points[:, -1] = x[-1], low[-1]  # the line ends at the newest value, not at an extreme
    return points[0], points[1]
