"""The kinds of arrays that are passed around, and how one is closed to writing."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]  # float64 or float32, as the run has it
Floats: TypeAlias = NDArray[np.float64]

_AnyArray = TypeVar("_AnyArray", bound=NDArray[Any])


def read_only(array: _AnyArray) -> _AnyArray:
    """Return an array, of which nobody else may have a view, closed to writing."""
    array.setflags(write=False)
    return array


def frozen_copy(array: Array) -> Array:
    """Return a copy that cannot be written to."""
    return read_only(np.array(array))


def norm(array: Array) -> float:
    """Return the square root of the sum of all squares, also where these are larger than a number can be."""
    values = np.asarray(array, np.float64)
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0.0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(np.square(values / largest).sum()))
