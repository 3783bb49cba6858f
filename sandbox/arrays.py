"""Array types, read-only arrays, and a norm that does not overflow."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]  # float64 or float32, by the run's precision
Floats: TypeAlias = NDArray[np.float64]

_AnyArray = TypeVar("_AnyArray", bound=NDArray[Any])


def read_only(array: _AnyArray) -> _AnyArray:
    """Make an array read-only and return it; nothing else may hold a view of it."""
    array.setflags(write=False)
    return array


def frozen_copy(array: Array) -> Array:
    """Return a read-only copy."""
    return read_only(np.array(array))


def norm(array: Array) -> float:
    """Return the square root of the sum of all squares, even if the squares overflow."""
    values = np.asarray(array, np.float64)
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0.0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(np.square(values / largest).sum()))
