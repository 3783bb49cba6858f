"""Deal the training samples into batches, epoch by epoch."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.arrays import Array
from sandbox.experiment.document.parts import OptimizerSettings
from sandbox.experiment.training.samples import Samples

Batch = tuple[Array, dict[str, Array], int]  # [X; 1], Y by coding, and how many samples


class Batches:
    """The order of the samples in the current epoch, and how many of them have been used.

    Attributes
    ----------
    position : int
        How many samples of the current epoch have been used.
    is_full_batch : bool
        Whether the current epoch is one batch of all samples, in their own order.
    """

    def __init__(self, train: Samples, seed: int) -> None:
        self._train, self._count = train, len(train)
        self._rng = np.random.default_rng(seed)
        self._order: Any = slice(None)
        self._shuffled = Samples(train.X.copy(), {coding: Y.copy(order="K") for coding, Y in train.Y.items()})
        self._views: dict[int, Batch] = {}  # by position in the epoch
        self.position = 0
        self.is_full_batch = True

    def begin_epoch(self, settings: OptimizerSettings) -> bool:
        """Choose the order of the samples, and return whether there is one: a single batch of all needs none."""
        self.is_full_batch = not 0 < settings.batch_size < self._count
        if self.is_full_batch:
            return False
        self._order = self._rng.permutation(self._count) if settings.shuffle else slice(None)
        self._shuffled.X[...] = self._train.X[:, self._order]
        return True

    def deal_targets(self, codings: Iterable[str]) -> None:
        """Reorder the targets in these codings for the current epoch."""
        for coding in codings:
            self._shuffled.Y[coding][...] = self._train.Y[coding][self._order]

    def next(self, settings: OptimizerSettings) -> Batch:
        """Return the next batch, as views that are created once, since all epochs fill the same arrays."""
        if self.is_full_batch:
            return self._train.X, self._train.Y, self._count
        batch = self._views.get(self.position)
        if batch is None:
            start = self.position
            end = min(start + (settings.batch_size or self._count), self._count)
            Y = {coding: Y[start:end] for coding, Y in self._shuffled.Y.items()}
            batch = self._views[start] = (self._shuffled.X[:, start:end], Y, end - start)
        return batch

    def rows(self, size: int) -> NDArray[np.intp]:
        """Return which samples, counted from 0 in their own order, the next batch of this size holds."""
        order: NDArray[np.intp] = np.arange(self._count)[slice(None) if self.is_full_batch else self._order]
        return order[self.position : self.position + size]

    def use(self, size: int) -> bool:
        """Count `size` more samples as used; return whether the epoch is over."""
        self.position += size
        if self.position < self._count:
            return False
        self.position = 0
        return True

    def follow_features(self, train: Samples) -> None:
        """Take the same samples with other features; those of the current epoch keep their order and their turn."""
        self._train, self._shuffled.X = train, train.X[:, self._order].copy()
        self._views.clear()

    def resize(self, codings: Iterable[str]) -> None:
        """Adapt to an edit in the middle of an epoch: a new batch size for the remaining samples, or other codings."""
        self._views.clear()
        if self.position:
            self.deal_targets(codings)

    def next_batch(self, settings: OptimizerSettings) -> Samples:
        """Return the samples of the next update, without advancing the random generator."""
        size = settings.batch_size
        if self.position == 0:
            if not 0 < size < self._count:
                return self._train
            order = copy.deepcopy(self._rng).permutation(self._count) if settings.shuffle else np.arange(self._count)
            return Samples(self._train.X[:, order[:size]], {c: Y[order[:size]] for c, Y in self._train.Y.items()})
        X, Y, _ = self.next(settings)
        return Samples(X.copy(), {coding: targets.copy() for coding, targets in Y.items()})
