"""Deal the training samples into batches, epoch by epoch."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.arrays import Array
from sandbox.data.canvas import ADDED, Points, carried
from sandbox.experiment.document.parts import OptimizerSettings
from sandbox.experiment.training.samples import Samples

Batch = tuple[Array, dict[str, Array], int]  # [X; 1], Y by coding, and how many samples


@dataclass(frozen=True)
class _Before:
    """The points, their order in the epoch and how many of them had been used, after the last update."""

    points: Points
    order: list[int]
    position: int


class Batches:
    """The order of the samples in the current epoch, and how many of them have been used.

    Attributes
    ----------
    position : int
        How many samples of the current epoch have been used.
    is_full_batch : bool
        Whether the current epoch is one batch of all samples, in their own order.
    is_over : bool
        Whether all samples that were left of the current epoch have been removed.
    """

    def __init__(self, train: Samples, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._order: Any = slice(None)
        self._before: _Before | None = None
        self.position = 0
        self.is_full_batch = True
        self.is_over = False
        self._take(train)

    def _take(self, train: Samples) -> None:
        self._train, self._count = train, len(train)
        self._shuffled = Samples(train.X.copy(), {coding: Y.copy(order="K") for coding, Y in train.Y.items()})
        self._views: dict[int, Batch] = {}  # by position in the epoch

    # Samples that come and go

    def exchange(self, train: Samples, old: Points, new: Points) -> None:
        """Take other samples, made from the points `new` in place of `old`.

        In the middle of an epoch, a sample that is removed is not dealt any more, one that is moved keeps its turn,
        and one that is added comes last. That depends on the points at the last update alone, whatever came between.
        """
        self._take(train)
        if self._before is None:
            order = np.arange(len(old))[self._order] if self.position else np.empty(0, np.intp)
            self._before = _Before(old, order.tolist(), self.position)
        before = self._before
        if not before.position:
            return
        places = carried(before.points, new)
        now = {i: j for j, i in enumerate(places) if i != ADDED}
        added = [j for j, i in enumerate(places) if i == ADDED]
        used = [now[i] for i in before.order[: before.position] if i in now]
        left = [now[i] for i in before.order[before.position :] if i in now] + added
        self._order, self.position, self.is_over = np.array([*used, *left], np.intp), len(used), not left
        if self.is_over:
            self.position = 0
        elif self.position:
            self._shuffled.X[...] = train.X[:, self._order]

    def end_epoch(self) -> bool:
        """Return, once, whether the epoch is over because all samples that were left of it have been removed."""
        over, self.is_over, self._before = self.is_over, False, None
        return over

    # Batches

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
