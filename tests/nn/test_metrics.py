"""Metrics against examples counted by hand and the textbook formula."""

from __future__ import annotations

import numpy as np
import pytest

from sandbox.nn import METRICS


def metric(name: str, A: object, Y: object, middle: float = 0.5) -> float:
    return float(METRICS[name]().value(np.array(A, dtype=float), np.array(Y, dtype=float), middle))


def test_registry() -> None:
    assert list(METRICS) == ["accuracy", "binary_accuracy", "categorical_accuracy", "balanced_accuracy", "r2"]
    for name, kind in METRICS.items():
        assert kind.name == name and kind.label and kind.summary.endswith(".")


def test_accuracy_of_one_unit_takes_the_middle_of_the_coding() -> None:
    assert metric("accuracy", [[0.9], [0.2], [0.6], [0.4]], [[1], [0], [0], [1]]) == 0.5
    assert metric("accuracy", [[0.3], [-0.2], [0.9], [-0.7]], [[1], [-1], [1], [1]], middle=0.0) == 0.75
    assert metric("accuracy", [[0.3], [-0.2]], [[1], [-1]], middle=0.5) == 0.5


def test_accuracy_of_several_units_takes_the_largest() -> None:
    A = [[0.2, 0.5, 0.3], [0.9, 0.05, 0.05], [0.1, 0.2, 0.7], [0.4, 0.35, 0.25]]
    Y = [[0, 1, 0], [1, 0, 0], [0, 1, 0], [1, 0, 0]]
    assert metric("accuracy", A, Y) == 0.75
    assert metric("categorical_accuracy", A, Y) == 0.75


def test_binary_accuracy_counts_every_output_like_keras() -> None:
    """mean(y == (a > 0.5)): of ten classes, all outputs at 0.1 already count nine in ten right."""
    A, Y = np.full((5, 10), 0.1), np.eye(10)[:5]
    assert metric("binary_accuracy", A, Y) == 0.9
    assert metric("accuracy", A, Y) == 0.2
    assert metric("binary_accuracy", [[0.5], [0.51], [0.49]], [[0], [1], [1]]) == pytest.approx(2 / 3)
    assert metric("binary_accuracy", [[0.9], [-0.9]], [[1], [-1]]) == 0.5  # -1 equals neither 0 nor 1


def test_categorical_accuracy_of_one_unit_is_always_1_like_keras() -> None:
    assert metric("categorical_accuracy", [[0.9], [0.1]], [[0], [1]]) == 1.0


def test_balanced_accuracy_averages_the_shares_found_of_each_class() -> None:
    """Of one sample of class 1 and four of class 0: always "no" finds none of the one and all of the four."""
    Y = [[1], [0], [0], [0], [0]]
    assert metric("balanced_accuracy", np.full((5, 1), 0.1), Y) == 0.5
    assert metric("accuracy", np.full((5, 1), 0.1), Y) == 0.8
    assert metric("balanced_accuracy", [[0.9], [0.8], [0.1], [0.2], [0.3]], Y) == pytest.approx((1 + 3 / 4) / 2)
    assert metric("balanced_accuracy", [[0.3], [-0.7], [0.2]], [[1], [-1], [-1]], middle=0.0) == 0.75
    A = [[0.2, 0.5, 0.3], [0.9, 0.05, 0.05], [0.1, 0.2, 0.7], [0.4, 0.35, 0.25]]
    assert metric("balanced_accuracy", A, [[0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]) == pytest.approx((1 + 0.5) / 3)


def test_balanced_accuracy_leaves_out_a_class_without_samples() -> None:
    assert metric("balanced_accuracy", [[0.9], [0.2]], [[1], [1]]) == 0.5
    assert metric("balanced_accuracy", [[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]], [[1, 0, 0], [0, 1, 0]]) == 0.5


def test_balanced_accuracy_is_accuracy_if_classes_are_equally_frequent() -> None:
    rng = np.random.default_rng(5)
    A, Y = rng.uniform(size=(40, 4)), np.repeat(np.eye(4), 10, axis=0)
    assert metric("balanced_accuracy", A, Y) == pytest.approx(metric("accuracy", A, Y), rel=1e-14)


def test_r2_matches_the_textbook() -> None:
    """1 - residual sum of squares / total sum of squares."""
    y, a = np.array([3.0, -0.5, 2.0, 7.0]), np.array([2.5, 0.0, 2.0, 8.0])
    assert metric("r2", a[:, None], y[:, None]) == pytest.approx(1.0 - 1.5 / 29.1875, rel=1e-14)
    assert metric("r2", y[:, None], y[:, None]) == 1.0
    assert metric("r2", np.full((4, 1), y.mean()), y[:, None]) == 0.0
    assert metric("r2", -y[:, None], y[:, None]) < 0.0
    two = metric("r2", np.column_stack([a, y]), np.column_stack([y, y]))
    assert two == pytest.approx(1.0 - 0.5 * 1.5 / 29.1875, rel=1e-14)  # the mean over the outputs


@pytest.mark.parametrize("constant", [0.0, 0.1, -3.3, 1e9 + 0.1])
def test_r2_of_a_target_that_never_varies(constant: float) -> None:
    Y = np.full((3, 1), constant)
    assert metric("r2", Y, Y) == 1.0
    assert metric("r2", Y + 1.0, Y) == 0.0
    mixed = np.column_stack([Y[:, 0], [1.0, 2.0, 3.0]])
    assert metric("r2", mixed, mixed) == 1.0
    assert metric("r2", mixed + np.array([1.0, 0.0]), mixed) == 0.5


@pytest.mark.parametrize("name", METRICS)
def test_networks_side_by_side(name: str) -> None:
    rng = np.random.default_rng(3)
    A, Y = rng.uniform(size=(4, 20, 3)), np.eye(3)[rng.integers(0, 3, 20)]
    values = METRICS[name]().value(A, Y, 0.5)
    assert values.shape == (4,)
    np.testing.assert_allclose(values, [metric(name, a, Y) for a in A], rtol=1e-14)
    assert len(set(values.tolist())) > 1
