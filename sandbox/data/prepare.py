"""Splitting off the test part, scaling by the training part alone, and wrong labels in it."""

from __future__ import annotations

from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from sandbox.errors import InputError
from sandbox.words import count

_SPLIT, _LABELS = 1, 2  # random streams separate from the generators', from the same seed


def choose_test(groups: NDArray[np.int64], test_fraction: float, seed: int) -> NDArray[np.bool_]:
    """Choose the test part: round(test_fraction * m) samples, stratified by class.

    Each class gives its share by largest remainder (the first class wins a tie), so that the total is exact;
    every class keeps at least one sample for training. A half rounds to even, as in Python's `round`.

    Parameters
    ----------
    groups : array (m,)
        The class of each sample; all 0 for a plain split.
    test_fraction : float
    seed : int
        The data's seed, which alone decides the split.

    Returns
    -------
    array (m,) of bool
        True where a sample belongs to the test part.

    Raises
    ------
    InputError
        When a class would be left without a training sample.
    """
    sizes = np.bincount(groups)
    total = round(test_fraction * groups.size)
    classes = int(np.count_nonzero(sizes))
    if total > groups.size - classes:
        needed = count(classes, "sample") + (" (one of each class)" if classes > 1 else "")
        raise InputError(
            f"data.test_fraction {test_fraction} of {groups.size} samples leaves "
            f"{groups.size - total} for training; at least {needed} must be left."
        )
    rng = np.random.default_rng([seed, _SPLIT])
    chosen = np.zeros(groups.size, dtype=np.bool_)
    for group, take in enumerate(_quotas(sizes, test_fraction, total)):
        chosen[rng.permutation(np.flatnonzero(groups == group))[:take]] = True
    return chosen


def _quotas(sizes: NDArray[np.int64], fraction: float, total: int) -> NDArray[np.int64]:
    """Divide `total` among classes of these sizes by largest remainder; no class gives all it has."""
    exact = fraction * sizes
    quotas: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    by_remainder = np.argsort(quotas - exact, kind="stable")
    for group in cycle(by_remainder):
        if quotas.sum() == total:
            break
        if quotas[group] < sizes[group] - 1:
            quotas[group] += 1
    return quotas


def wrong_labels(
    labels: NDArray[np.int64], classes: int, share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Give a share of the samples the label of another class, each of the others as likely.

    Parameters
    ----------
    labels : array (m,)
        The classes of the training samples.
    classes : int
        How many classes there are.
    share : float
        Of the samples: round(share * m) of them get a wrong label.
    seed : int
        The data's seed, which alone decides which. With a larger share, the same samples and more get one.

    Returns
    -------
    labels : array (m,) of int64
    wrong : array (m,) of bool
        True where a label was changed.
    """
    rng = np.random.default_rng([seed, _LABELS])
    order, steps = rng.permutation(labels.size), rng.integers(1, classes, labels.size)
    wrong = np.zeros(labels.size, dtype=np.bool_)
    wrong[order[: round(share * labels.size)]] = True
    return np.where(wrong, (labels + steps) % classes, labels), wrong


def scaling(X: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and scale (n,) of the rows X (m, n): the standard deviation with ddof 0, 1 where it is 0.

    They are not finite if the numbers are too large: the caller decides.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        mean, scale = X.mean(axis=0), X.std(axis=0)
    # The mean of equal numbers can be off by a rounding error, and their deviation then is not quite 0.
    constant = X.min(axis=0) == X.max(axis=0)
    return np.where(constant, X[0], mean), np.where(constant | (scale == 0), 1.0, scale)
