"""Contours against shapes of known position and length."""

from __future__ import annotations

import numpy as np
import pytest

from sandbox.ui.plot.contour import class_lines, contour
from sandbox.ui.plot.smooth import thin

X = np.linspace(-2.0, 2.0, 101)
Y = np.linspace(-1.5, 1.5, 81)
GX, GY = np.meshgrid(X, Y)


def _length(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.hypot(np.diff(x)[::2], np.diff(y)[::2]).sum())


def test_circle() -> None:
    x, y = contour(GX**2 + GY**2, 1.0, X, Y)
    np.testing.assert_allclose(np.hypot(x, y), 1.0, atol=5e-4)
    assert _length(x, y) == pytest.approx(2 * np.pi, rel=2e-3)
    assert x.min() < -0.99 and y.max() > 0.99


def test_slanted_line_is_exact() -> None:
    x, y = contour((2 * GX - GY).astype(np.float64), 0.3, X, Y)
    np.testing.assert_allclose(2 * x - y, 0.3, atol=1e-12)
    assert _length(x, y) == pytest.approx(3.0 * np.hypot(1.0, 0.5), rel=1e-9)


def test_segments_join() -> None:
    x, y = contour(GX**2 + GY**2, 1.0123, X, Y)
    ends: dict[tuple[float, float], int] = {}
    for point in zip(np.round(x, 9), np.round(y, 9), strict=True):
        ends[point] = ends.get(point, 0) + 1
    assert set(ends.values()) == {2}  # a closed line: every point ends two segments


def test_nothing_to_draw() -> None:
    for values in (np.zeros((5, 5)), np.full((5, 5), 0.5), np.ones((1, 9)), np.full((5, 5), np.nan)):
        x, y = contour(values, 0.5, np.arange(values.shape[1]) * 1.0, np.arange(values.shape[0]) * 1.0)
        assert len(x) == len(y) == 0


def test_cells_with_nan_or_infinity_are_left_out() -> None:
    values = GX.copy()
    values[40, :] = np.nan
    values[10, 20] = np.inf
    x, y = contour(values, 0.01, X, Y)
    np.testing.assert_allclose(x, 0.01, atol=1e-12)
    assert not ((y > Y[39] + 1e-9) & (y < Y[41] - 1e-9)).any()


def test_a_saddle_is_joined_by_its_centre_value() -> None:
    grid = np.arange(2.0)
    values = np.array([[0.0, 1.0], [1.0, 0.0]])
    low_x, low_y = contour(values, 0.4, grid, grid)  # the centre, 0.5, is above: the low corners are cut off
    cuts = {frozenset([(low_x[i], low_y[i]), (low_x[i + 1], low_y[i + 1])]) for i in (0, 2)}
    assert cuts == {frozenset([(0.0, 0.4), (0.4, 0.0)]), frozenset([(1.0, 0.6), (0.6, 1.0)])}
    high_x, high_y = contour(values, 0.6, grid, grid)
    cuts = {frozenset([(high_x[i], high_y[i]), (high_x[i + 1], high_y[i + 1])]) for i in (0, 2)}
    assert cuts == {frozenset([(0.6, 0.0), (1.0, 0.4)]), frozenset([(0.0, 0.6), (0.4, 1.0)])}


def test_all_sixteen_patterns_separate_high_from_low() -> None:
    grid = np.arange(2.0)
    for pattern in range(16):
        corners = [(pattern >> k) & 1 for k in range(4)]
        values = np.array([[corners[0], corners[1]], [corners[3], corners[2]]], dtype=float)
        x, _ = contour(values, 0.5, grid, grid)
        changes = sum(corners[k] != corners[(k + 1) % 4] for k in range(4))
        assert len(x) == changes


def test_two_classes_meet_at_one_half() -> None:
    share = 1 / (1 + np.exp(-(GX + 0.5 * GY)))
    x, y = class_lines(np.stack([1 - share, share], axis=-1), X, Y)
    np.testing.assert_allclose(x + 0.5 * y, 0.0, atol=1e-3)
    assert _length(x, y) == pytest.approx(3.0 * np.hypot(1.0, 0.5), rel=1e-2)


def test_three_sectors_meet_in_the_middle() -> None:
    angles = np.array([0.0, 2.0, 4.0]) * np.pi / 3
    scores = np.stack([np.cos(a) * GX + np.sin(a) * GY for a in angles], axis=-1)
    shares = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    x, y = class_lines(shares, X, Y)
    away = np.hypot(x, y) > 0.1
    around = np.mod(np.arctan2(y, x)[away], 2 * np.pi)
    borders = np.array([1.0, 3.0, 5.0]) * np.pi / 3  # half way between the classes' directions
    np.testing.assert_allclose(np.abs(around[:, None] - borders).min(axis=1), 0.0, atol=2e-2)
    assert {int(np.abs(a - borders).argmin()) for a in around} == {0, 1, 2}


def test_one_region_has_no_class_lines() -> None:
    x, _ = class_lines(np.broadcast_to([0.2, 0.8], (4, 4, 2)), np.arange(4.0), np.arange(4.0))
    assert len(x) == 0


def test_thinning_keeps_the_picture() -> None:
    x = np.linspace(0.0, 500.0, 1000)
    y = 200.0 * np.exp(-x / 80.0)
    fewer_x, fewer_y = thin(x, y)
    assert len(fewer_x) < 200
    assert np.abs(np.interp(x, fewer_x, fewer_y) - y).max() < 0.5
    assert (fewer_x[0], fewer_x[-1]) == (x[0], x[-1])


def test_thinning_keeps_spikes_and_gaps() -> None:
    x = np.array([0.0, 1.0, 1.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    y = np.array([5.0, 5.0, 90.0, 5.0, 5.0, np.nan, 5.0, 5.0])
    kept_x, kept_y = thin(x, y)
    assert 90.0 in kept_y and np.isnan(kept_y).sum() == 1
    mostly = np.r_[np.arange(5.0), np.full(300, np.nan)]
    assert len(thin(np.arange(305.0), mostly)[0]) <= 6
    there_and_back = thin(np.zeros(3), np.array([0.0, 40.0, 0.0]))[1]
    assert 40.0 in there_and_back
    assert list(kept_x[[0, -1]]) == [0.0, 5.0]


def test_thinning_turns_stairs_into_slopes() -> None:
    starts = np.arange(0.0, 300.0)
    top, bottom = 200.0 * np.exp(-starts / 80.0), 200.0 * np.exp(-(starts + 1.0) / 80.0)
    x, y = thin(np.repeat(starts, 2), np.stack([top, bottom], axis=1).ravel())
    assert len(x) < 60
    assert np.abs(np.interp(starts, x, y) - top)[1:-1].max() < 1.0
    noisy = thin(np.repeat(starts, 2), np.tile([0.0, 50.0], 300))[1]
    assert (noisy.min(), noisy.max()) == (0.0, 50.0) and len(noisy) >= 598
