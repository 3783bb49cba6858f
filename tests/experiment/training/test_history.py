"""The history against a plain list, at every size, and the curves it draws."""

from __future__ import annotations

import gc
import itertools
import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sandbox.experiment.training.history import BLOCK, GROUP, ROWS, History, Record

Array = NDArray[np.float64]
SPECIAL = (np.nan, np.inf, -np.inf, 0.0, 1e308, -1e308)


def filled(values: Sequence[float] | Array, every: int = 1) -> History:
    history = History()
    for i, value in enumerate(values):
        history.append(i * every, 3 * i * every, ("cost", "square"), (float(value), float(i) ** 2))
    return history


def noisy(count: int, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    return np.exp(-np.arange(count) / (0.2 * count + 1)) + 0.1 * rng.standard_t(2, count)


# Rows and columns


@pytest.mark.parametrize("count", [0, 1, 2, ROWS - 1, ROWS, ROWS + 1, 3 * ROWS, 16 * ROWS + 7])
def test_every_row_comes_back_exactly(count: int) -> None:
    values = noisy(count)
    for i, special in enumerate(SPECIAL):
        if count:
            values[(i * 2719) % count] = special
    history = filled(values, every=2)
    assert len(history) == count
    for _ in range(2):  # reading changes nothing
        epochs, column = history.column("cost")
        np.testing.assert_array_equal(epochs, 2 * np.arange(count))
        np.testing.assert_array_equal(column, values)
    step = max(count // 50, 1)
    for i, row in enumerate(history.rows()):
        if i % step == 0 or i == count - 1:
            assert (row.epoch, row.update) == (2 * i, 6 * i)
            np.testing.assert_array_equal(list(row.values.values()), [values[i], float(i) ** 2])
    assert history.last_update == (6 * (count - 1) if count else -1)
    assert (history.last is None) == (count == 0)


SOME = st.lists(
    st.tuples(
        st.integers(1, 700),
        st.sampled_from([("cost",), ("cost", "mse"), ("mse", "cost"), ("huber", "mse"), ("hinge",)]),
    ),
    min_size=1,
    max_size=30,
)


@given(SOME, st.integers(1, 60), st.booleans())
def test_columns_that_come_and_go(parts: list[tuple[int, tuple[str, ...]]], pixels: int, log_x: bool) -> None:
    history, model = History(), []
    rng = np.random.default_rng(len(parts))
    for count, names in parts:
        for _ in range(count if count > 600 else count % 9 + 1):
            values = rng.normal(size=len(names)).tolist()
            row = Record(2 * len(model), 7 * len(model), dict(zip(names, values, strict=True)))
            history.append(row.epoch, row.update, names, values)
            model.append(row)
    assert list(history.rows()) == model
    assert history.last == model[-1]
    assert len(history) == len(model)
    seen = list(dict.fromkeys(name for row in model for name in row.values))
    assert history.names() == seen
    for name in ("cost", "mse", "huber", "hinge"):
        expected = [(row.epoch, row.values[name]) for row in model if name in row.values]
        x, y = history.column(name)
        assert list(zip(x.tolist(), y.tolist(), strict=True)) == expected
        line_x, line_y = history.curve(name, pixels, log_x)
        assert (line_x.size == 0) == (not expected)
        assert (np.diff(line_x) >= 0).all()
        if expected:
            assert np.nanmin(line_y) == pytest.approx(min(value for _, value in expected), rel=1e-6)
            assert np.nanmax(line_y) == pytest.approx(max(value for _, value in expected), rel=1e-6)


def test_a_missing_column_breaks_the_line() -> None:
    history = History()
    for epoch in range(30):
        names = ("a", "b") if epoch // 10 != 1 else ("a",)
        history.append(epoch, epoch, names, [1.0] * len(names))
    x, y = history.curve("b", 100)
    np.testing.assert_array_equal(x, [*range(10), 10, *range(20, 30)])
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(y)), [10])
    assert history.curve("never", 100)[0].size == 0
    assert History().curve("a", 100)[0].size == 0


# Curves


def pixel(x: Array, pixels: int, log_x: bool, span: tuple[float, float]) -> NDArray[np.int64]:
    """The pixel column of each epoch."""
    scale = (lambda v: np.log(np.maximum(v, 0.5))) if log_x else (lambda v: np.asarray(v, float))
    low, high = scale(np.float64(span[0])), scale(np.float64(span[1]))
    return np.floor((scale(x) - low) * (pixels / (high - low))).astype(int)


@pytest.mark.parametrize("log_x", [False, True])
@pytest.mark.parametrize("pixels", [1, 7, 100, 500])
@pytest.mark.parametrize("count", [1, 2, 3, 50, 1000, 2400])
def test_every_pixel_column_keeps_its_extremes(count: int, pixels: int, log_x: bool) -> None:
    values = noisy(count)
    check_extremes(filled(values), values, pixels, log_x, None)


@pytest.fixture(scope="module")
def long_values() -> Array:
    return noisy(300_000)


@pytest.fixture(scope="module")
def long_history(long_values: Array) -> History:
    return filled(long_values)


@pytest.mark.parametrize("log_x", [False, True])
@pytest.mark.parametrize(
    "span",
    [
        (0, 4000), (100_000, 100_010), (ROWS - 0.5, ROWS + 0.5), (ROWS - 2, ROWS), (ROWS, ROWS + 3), (7.2, 7.4),
        (ROWS - 0.7, ROWS - 0.3), (299_000, 310_000), (50_000.5, 60_000), (299_999, 299_999), (3 * ROWS, 5 * ROWS - 1),
    ],
)  # fmt: skip
def test_zoomed_ranges(long_history: History, long_values: Array, span: tuple[float, float], log_x: bool) -> None:
    check_extremes(long_history, long_values, 500, log_x, span)


def check_extremes(history: History, values: Array, pixels: int, log_x: bool, span: tuple[float, float] | None) -> None:
    """With few enough rows to read every one, each pixel column must show its least and its greatest value."""
    x, y = history.curve("cost", pixels, log_x, span)
    assert x.size == y.size <= max(2 * (pixels + 4) + 1, 3)
    assert (np.diff(x) >= 0).all()
    start, end = span or (0, len(values) - 1)
    epochs = np.arange(len(values), dtype=float)
    visible = (epochs >= start) & (epochs <= end)
    assert np.isin(y, values[max(int(start) - 1, 0) : int(end) + 3]).all()
    if start < end:
        of_rows, of_line = (pixel(positions, pixels, log_x, (start, end)) for positions in (epochs[visible], x))
        for column in np.unique(of_rows[of_rows < pixels]):  # beyond the edge, one neighbour joins the last
            inside = values[visible][of_rows == column]
            drawn = y[of_line == column]
            assert (drawn.min(), drawn.max()) == (inside.min(), inside.max())
    # The line starts beyond the left edge and continues beyond the right one.
    before, after = epochs[epochs < start], epochs[epochs > end]
    if before.size:
        assert x[0] == before[-1] or x[0] == start
    else:
        assert x[0] == 0
    if after.size:
        assert x[-1] == after[0] or x[-1] == end
    else:
        assert (x[-1], y[-1]) == (epochs[-1], values[-1])


@pytest.mark.parametrize("log_x", [False, True])
@pytest.mark.parametrize(
    ("span", "expected"),
    [((-10.0, -5.0), [0]), ((1e5, 2e5), [9 * ROWS - 1]), ((4095.2, 4095.4), [4095, 4096]), ((7.2, 7.3), [7, 8])],
)
def test_ranges_without_a_row(span: tuple[float, float], expected: list[int], log_x: bool) -> None:
    x, _ = filled(noisy(9 * ROWS)).curve("cost", 60, log_x, span)
    np.testing.assert_array_equal(x, expected)


@pytest.mark.parametrize("log_x", [False, True])
@pytest.mark.parametrize("pixels", [60, 100, 300, 1400])
@pytest.mark.parametrize("count", [2401, ROWS, ROWS + 1, 2 * ROWS, 2 * ROWS + 1, 3 * ROWS, 9 * ROWS + 5])
def test_runs_of_any_length(count: int, pixels: int, log_x: bool) -> None:
    values = noisy(count)
    check_long(filled(values), values, pixels, log_x, (0, count - 1))


@pytest.mark.parametrize("log_x", [False, True])
@pytest.mark.parametrize("span", [(0, 299_999), (20_000, 250_000), (1, 120_000), (200_000, 400_000)])
def test_three_hundred_thousand_rows(
    long_history: History, long_values: Array, span: tuple[int, int], log_x: bool
) -> None:
    check_long(long_history, long_values, 500, log_x, span)


@pytest.mark.parametrize("log_x", [False, True])
@pytest.mark.parametrize("span", [(0, 299_999), (20_000, 250_000), (1, 120_000), (200_000, 400_000)])
@pytest.mark.parametrize("pixels", [10, 20, 60])
def test_a_small_picture_of_three_hundred_thousand_rows(
    long_history: History, long_values: Array, span: tuple[int, int], log_x: bool, pixels: int
) -> None:
    check_long(long_history, long_values, pixels, log_x, span)


@pytest.mark.parametrize("log_x", [False, True])
@pytest.mark.parametrize("begin", [1, 5 * ROWS, 40 * ROWS + 17, 59 * ROWS])
def test_a_column_that_starts_late_in_a_long_run(long_values: Array, begin: int, log_x: bool) -> None:
    history = History()
    count = 60 * ROWS + 5
    for i, value in enumerate(long_values[:count]):
        history.append(i, i, ("cost",) if i < begin else ("late", "cost"), (value,) if i < begin else (-value, value))
    x, y = history.curve("late", 20, log_x)
    late = -long_values[begin:count]
    assert (np.nanmin(y), np.nanmax(y)) == (pytest.approx(late.min(), rel=1e-6), pytest.approx(late.max(), rel=1e-6))
    assert np.isnan(y[x < begin]).all() and not np.isnan(y[x >= begin + 16 * GROUP * BLOCK]).any()
    assert (x[-1], y[-1]) == (count - 1, late[-1])
    check_long(history, long_values[:count], 20, log_x, (0, count - 1))


def check_long(history: History, values: Array, pixels: int, log_x: bool, span: tuple[int, int]) -> None:
    """With rows read in blocks, an extreme is drawn within one block of its row."""
    x, y = history.curve("cost", pixels, log_x, None if span == (0, len(values) - 1) else span)
    assert (np.diff(x) >= 0).all()
    assert x.size <= 2 * (pixels + 4) + 1
    start, end = span[0], min(span[1], len(values) - 1)
    visible = values[start : end + 1]
    assert y.min() == pytest.approx(visible.min(), rel=1e-6)  # blocks are kept in single precision
    assert y.max() == pytest.approx(visible.max(), rel=1e-6)
    for at in (int(visible.argmin()), int(visible.argmax())):
        column = (start + at + 1) * np.log(end + 1) / pixels if log_x else (end - start) / pixels
        near = y[abs(x - (start + at)) <= 2 * column + BLOCK]
        assert np.min(abs(near - visible[at])) <= 1e-6 * abs(visible[at])
    if span[1] >= len(values) - 1:
        assert (x[-1], y[-1]) == (len(values) - 1, values[-1])
    if span[0] == 0:
        assert x[0] == 0


def test_no_chunk_is_drawn_twice() -> None:
    """A narrow picture with a logarithmic axis reads the first chunks row by row."""
    for count in (ROWS, 2 * ROWS):
        x, _ = filled(np.arange(count, dtype=float)).curve("cost", 50, log_x=True)
        _, repeats = np.unique(x, return_counts=True)
        assert repeats.max() <= 3


@pytest.mark.parametrize("log_x", [False, True])
@pytest.mark.parametrize("count", [100, 3000, 30_000])
def test_infinite_costs_and_costs_that_are_nan(count: int, log_x: bool) -> None:
    values = np.ones(count)
    values[count // 2] = np.inf
    values[count // 5] = -np.inf
    values[count // 4 : count // 4 + count // 8] = np.nan
    values[-1] = np.nan
    x, y = filled(values).curve("cost", 50, log_x)
    assert np.isinf(y).sum() >= 2
    assert np.isnan(y[-1])
    assert x[-1] == count - 1
    if not log_x:
        inside = y[(x > count // 4 + count / 50) & (x < count // 4 + count // 8 - count / 50)]
        assert inside.size
        assert np.isnan(inside).all()


def test_all_values_equal() -> None:
    x, y = filled(np.full(30_000, 0.25)).curve("cost", 100)
    assert set(y.tolist()) == {0.25}
    assert (x[0], x[-1]) == (0, 29_999)


def test_values_beyond_single_precision_are_still_drawn() -> None:
    values = np.full(50_000, 1e300)
    x, y = filled(values).curve("cost", 100)
    assert x.size > 100
    assert (y > 1e38).all()


def test_a_curve_is_a_copy() -> None:
    history = filled(noisy(100))
    _, y = history.curve("cost", 500)
    y[:] = 0.0
    np.testing.assert_array_equal(history.column("cost")[1], noisy(100))


# Memory


def test_memory_is_bounded_and_the_file_closes_with_the_history() -> None:
    tracemalloc.start()
    try:
        history = History()
        sizes = []
        for chunk in range(40):
            for i in range(ROWS):
                history.append(chunk * ROWS + i, i, ("cost",), (1.0,))
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    in_memory = [chunk for chunk in history._chunks if chunk._table is not None]
    assert len(in_memory) <= 16
    assert sizes[-1] - sizes[19] < 0.1 * (20 * ROWS * 3 * 8)
    file = history._file
    assert file is not None
    assert not file.closed
    curve = history.curve("cost", 100)
    assert curve[0].size
    del history, in_memory
    gc.collect()
    assert file.closed


def test_a_short_run_needs_no_file() -> None:
    assert filled(noisy(3 * ROWS))._file is None


# Completing one history by another


def built(parts: list[tuple[int, tuple[str, ...]]], first: int = 0, left_out: tuple[str, ...] = ()) -> History:
    """A history of some rows from update 3 `first` on, without those of certain columns."""
    history, rng = History(), np.random.default_rng(len(parts))
    updates = itertools.count(first)
    for count, names in parts:
        for update in itertools.islice(updates, count if count > 600 else count % 9 + 1):
            if names != left_out:
                history.append(update, 3 * update, names, rng.normal(size=len(names)).tolist())
    return history


@given(SOME, SOME, st.integers(0, 3))
def test_a_history_is_completed_row_by_row(
    parts: list[tuple[int, tuple[str, ...]]], others: list[tuple[int, tuple[str, ...]]], first: int
) -> None:
    history, other = built(parts), built(others, first, ("hinge",))
    theirs = {row.update: dict(row.values) for row in other.rows()}
    completed = history.completed(other)
    model = [Record(row.epoch, row.update, theirs.get(row.update, {}) | dict(row.values)) for row in history.rows()]
    assert list(completed.rows()) == model
    assert completed.last == model[-1] and completed.last_update == history.last_update
    for name in ("cost", "mse", "huber", "hinge"):
        kept = [(row.epoch, row.values[name]) for row in model if name in row.values]
        assert list(zip(*(line.tolist() for line in completed.column(name)), strict=True)) == kept
        assert completed.always_has(name) == (len(kept) == len(model))
    completed.append(10**6, 10**7, ("cost",), (1.0,))  # it grows by itself
    assert len(history) == len(completed) - 1
