"""One part of the data in the form that networks take: inputs as columns, targets in each coding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from sandbox.arrays import Array
from sandbox.data import Data
from sandbox.nn.network import with_ones

CODES = {"zero_one": (0.0, 1.0), "plus_minus_one": (-1.0, 1.0)}


def output_units(data: Data) -> int:
    """Count the output units that the task needs: one per class or target, a single one for two classes."""
    if data.task == "regression":
        return len(data.target_names)
    return 1 if data.task == "binary" else len(data.class_names)


def coded_targets(y: Array, data: Data, dtype: DTypeLike) -> dict[str, Array]:
    """Return Y (m, n_out) for each coding; regression targets, standardised if requested, are the same in both.

    The memory order is unit by unit, as in Z and A, so that numpy traverses them all in the same order.
    """
    if data.task == "regression":
        Y = np.asfortranarray(data.learned_targets(y.reshape(len(y), len(data.target_names))), dtype)
        return dict.fromkeys(CODES, Y)
    classes = np.arange(1, 2) if data.task == "binary" else np.arange(len(data.class_names))
    hot = np.asfortranarray(y[:, None] == classes, dtype)
    return {coding: low + (high - low) * hot for coding, (low, high) in CODES.items()}


@dataclass
class Samples:
    """One part of the data in the form that networks take: [X; 1] (n_in + 1, m), and Y (m, n_out) by coding."""

    X: Array
    Y: dict[str, Array]

    def __len__(self) -> int:
        return int(self.X.shape[1])


def samples_of(X: Array, y: Array, data: Data, dtype: np.dtype[Any]) -> Samples:
    """Convert one part of the data to the form that networks take, in the precision of a run."""
    return Samples(with_ones(X.astype(dtype)), coded_targets(y, data, dtype))
