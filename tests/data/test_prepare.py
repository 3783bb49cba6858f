"""Splitting and scaling, for any classes and any share."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.data import load_data
from sandbox.data.prepare import choose_test, scaling, wrong_labels
from sandbox.errors import InputError

sizes_and_share = st.tuples(
    st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(0, 90).map(lambda p: p / 100)
)


@given(sizes_and_share, st.integers(0, 2**32 - 1))
def test_the_test_part_is_exact_stratified_and_keeps_every_class(drawn: tuple[list[int], float], seed: int) -> None:
    sizes, share = drawn
    groups = np.random.default_rng(0).permutation(np.repeat(np.arange(len(sizes)), sizes))
    total = round(share * groups.size)
    if total > groups.size - len(sizes):
        with pytest.raises(InputError, match="for training"):
            choose_test(groups, share, seed)
        return
    test = choose_test(groups, share, seed)
    taken = np.bincount(groups[test], minlength=len(sizes))
    assert test.sum() == total
    assert (taken < sizes).all()
    assert np.array_equal(test, choose_test(groups, share, seed))
    # Largest remainder: no class is a whole sample away from its share, unless one had too few samples.
    exact = [Fraction(share).limit_denominator(100) * size for size in sizes]
    if all(-(-quota // 1) < size for quota, size in zip(exact, sizes, strict=True)):
        assert all(abs(int(t) - quota) < 1 for t, quota in zip(taken, exact, strict=True))


def test_largest_remainders_by_hand() -> None:
    """0.3 of 11, 6 and 3: 3.3, 1.8 and 0.9 of 6 samples are 3, 2 and 1."""
    groups = np.repeat([0, 1, 2], [11, 6, 3])
    assert np.bincount(groups[choose_test(groups, 0.3, 1)]).tolist() == [3, 2, 1]
    # 0.5 of 4, 4 and 1: 2, 2 and 0.5 of round(4.5) = 4, a half going to the even number
    groups = np.repeat([0, 1, 2], [4, 4, 1])
    assert np.bincount(groups[choose_test(groups, 0.5, 1)], minlength=3).tolist() == [2, 2, 0]
    # 0.9 of 1 and 20: the larger remainder is that of the class which has one sample, and keeps it
    groups = np.repeat([0, 1], [1, 20])
    assert np.bincount(groups[choose_test(groups, 0.9, 1)]).tolist() == [0, 19]


def test_every_sample_is_equally_likely_in_the_test_part() -> None:
    groups = np.repeat([0, 1], [6, 4])
    counts = np.sum([choose_test(groups, 0.5, seed) for seed in range(400)], axis=0)
    assert counts.min() > 150 and counts.max() < 250


def test_a_split_that_leaves_too_little_is_refused() -> None:
    with pytest.raises(InputError) as error:
        load_data(dataset="blobs", classes=5, samples=20, test_fraction=0.9)
    assert str(error.value) == (
        "data.test_fraction 0.9 of 20 samples leaves 2 for training; "
        "at least 5 samples (one of each class) must be left."
    )
    with pytest.raises(InputError, match=r"leaves 0 for training; at least 1 sample must be left\.$"):
        load_data(dataset="sine", samples=4, test_fraction=0.9)


def test_rows_keep_their_order() -> None:
    whole = load_data(dataset="spirals", test_fraction=0, standardize=False)
    split = load_data(dataset="spirals", test_fraction=0.25, standardize=False)
    positions = {tuple(row): i for i, row in enumerate(whole.X_train.tolist())}
    for X, y in ((split.X_train, split.y_train), (split.X_test, split.y_test)):
        order = [positions[tuple(row)] for row in X.tolist()]
        assert order == sorted(order)
        assert np.array_equal(y, whole.y_train[order])
    assert len(split.X_train) + len(split.X_test) == len(positions)


def test_scaling_is_fitted_on_the_training_part_alone() -> None:
    raw = load_data(dataset="moons", standardize=False)
    data = load_data(dataset="moons")
    assert data.mean == pytest.approx(raw.X_train.mean(axis=0))
    assert data.scale == pytest.approx(np.sqrt(((raw.X_train - raw.X_train.mean(axis=0)) ** 2).mean(axis=0)))
    assert data.X_train.mean(axis=0) == pytest.approx(0, abs=1e-12) and data.X_train.std(axis=0) == pytest.approx(1)
    assert data.X_test.mean(axis=0) != pytest.approx(0, abs=1e-6)
    assert data.X_train * data.scale + data.mean == pytest.approx(raw.X_train)
    assert data.X_test * data.scale + data.mean == pytest.approx(raw.X_test)
    assert raw.mean.tolist() == [0, 0] and raw.scale.tolist() == [1, 1]


@pytest.mark.parametrize("value", [0.0, 0.1, -3e8])
def test_a_constant_column_becomes_exactly_0(value: float) -> None:
    X = np.full((7, 1), value)
    mean, scale = scaling(X)
    assert scale.tolist() == [1.0]
    assert ((X - mean) / scale == 0).all()


def test_differences_too_small_to_square_do_not_scale() -> None:
    X = np.array([[1e-300], [2e-300]])
    _, scale = scaling(X)
    assert scale.tolist() == [1.0]


def test_data_cannot_be_changed() -> None:
    data = load_data()
    arrays = [value for value in vars(data).values() if isinstance(value, np.ndarray)]
    assert len(arrays) == 11
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.floats(0, 1), st.floats(0, 1), st.integers(0, 9))
def test_wrong_labels_are_as_many_as_asked_and_of_another_class(
    labels: list[int], share: float, other: float, seed: int
) -> None:
    true = np.array(labels)
    given_labels, wrong = wrong_labels(true, 4, share, seed)
    assert np.array_equal(given_labels != true, wrong)
    assert np.count_nonzero(wrong) == round(share * true.size)
    assert set(given_labels.tolist()) <= {0, 1, 2, 3}
    more_labels, more = wrong_labels(true, 4, max(share, other), seed)
    assert (more | ~wrong).all(), "a larger share keeps the wrong labels of a smaller one"
    assert np.array_equal(more_labels[wrong], given_labels[wrong])


def test_a_wrong_label_is_each_other_class_as_often() -> None:
    given_labels, wrong = wrong_labels(np.full(9_000, 2), 4, 1.0, 5)
    assert wrong.all()
    assert np.bincount(given_labels, minlength=4) == pytest.approx([3_000, 3_000, 0, 3_000], abs=200)  # 4.5 sigma


@pytest.mark.parametrize("dataset", ["moons", "blobs", "iris"])
def test_label_noise_changes_training_labels_alone(dataset: str) -> None:
    clean, noisy = load_data(dataset=dataset), load_data(dataset=dataset, label_noise=0.2)
    assert not clean.wrong_train.any()
    assert np.array_equal(noisy.X_train, clean.X_train) and np.array_equal(noisy.X_test, clean.X_test)
    assert np.array_equal(noisy.y_test, clean.y_test)
    assert np.array_equal(noisy.y_train != clean.y_train, noisy.wrong_train)
    assert np.count_nonzero(noisy.wrong_train) == round(0.2 * len(clean.y_train))
    assert not np.array_equal(wrong_labels(clean.y_train, 3, 0.2, 8)[1], noisy.wrong_train)


def test_a_regression_has_no_wrong_labels() -> None:
    clean, noisy = load_data(dataset="sine"), load_data(dataset="sine", label_noise=0.4)
    assert np.array_equal(noisy.y_train, clean.y_train) and not noisy.wrong_train.any()


def test_label_noise_out_of_range_is_refused() -> None:
    with pytest.raises(InputError, match=r"^data\.label_noise is 1\.2, but must be a number from 0.0 to 1.0\.$"):
        load_data(label_noise=1.2)
