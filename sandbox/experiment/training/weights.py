"""Weights files: W1, b1, W2, b2, ... in numpy's .npz format."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from sandbox import words
from sandbox.arrays import Array
from sandbox.errors import InputError
from sandbox.experiment.document.parts import NetworkSettings
from sandbox.nn.network import layer_views, parameter_count

# What numpy and zipfile raise for files of another kind, broken or encrypted ones, and ones too large for memory.
_UNREADABLE = (
    OSError, ValueError, EOFError, AttributeError, TypeError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error
)  # fmt: skip


def assign_parameters(theta: Array, sizes: tuple[int, ...], parameters: Mapping[str, Any], where: str) -> None:
    """Write W1, b1, W2, ... into theta (P,); messages call them `where`.

    Raises
    ------
    InputError
        If a name, a shape or a value is not allowed; then nothing has changed.
    """
    arrays: dict[str, Array] = {}
    new_theta = np.array(theta)
    for l, (W, b) in enumerate(zip(*layer_views(new_theta, sizes), strict=True), start=1):
        arrays[f"W{l}"], arrays[f"b{l}"] = W, b[0]
    names = ", ".join(arrays)
    for name in parameters:
        if name not in arrays:
            raise InputError(f"{where}: there is no {name} in this network; it has exactly {names}.")
    for name, array in arrays.items():
        if name not in parameters:
            raise InputError(f"{where}: {name} is missing; this network has exactly {names}.")
        value = np.asarray(parameters[name])
        if value.shape != array.shape:
            raise InputError(f"{where}: {name} has shape {value.shape}; this network needs {array.shape}.")
        if value.dtype.kind not in "fiu" or not np.isfinite(value).all():
            raise InputError(f"{where}: {name} has values other than finite numbers; only finite numbers are allowed.")
        with np.errstate(over="ignore"):
            array[...] = value
        if not np.isfinite(array).all():
            raise InputError(f"{where}: {name} has values too large for {array.dtype}.")
    theta[...] = new_theta


def given_weights(
    network: NetworkSettings, sizes: tuple[int, ...], locate: Callable[[str], Path], dtype: DTypeLike = np.float64
) -> Array | None:
    """Return theta (P,) as typed or read from a file; None if the initial weights are to be drawn.

    Parameters
    ----------
    network : NetworkSettings
    sizes : tuple of int
        Units per layer, input first.
    locate : callable
        Finds a file named in the experiment.
    dtype : numpy dtype
        The precision; a file with numbers too large for it is refused.

    Raises
    ------
    InputError
        If they do not fit the network, or are given twice.
    """
    if network.weights is None:
        return np.array(network.initial, dtype) if _fits(network.initial, sizes) else None
    if network.initial:
        raise InputError("network.initial and network.weights are both given, but only one of them may be.")
    return load_weights(locate(network.weights), sizes, dtype)


def _fits(initial: tuple[float, ...], sizes: tuple[int, ...]) -> bool:
    """Return whether initial weights are given at all; raise InputError if they are not as many as needed."""
    needed = parameter_count(sizes)
    if initial and len(initial) != needed:
        shape = " - ".join(map(str, sizes))
        raise InputError(
            f"network.initial has {words.count(len(initial), 'number')}, but a network of {shape} units needs "
            f"{needed:,}: unit by unit, the weights of its inputs and then its bias."
        )
    return bool(initial)


def load_weights(path: Path, sizes: tuple[int, ...], dtype: DTypeLike = np.float64) -> Array:
    """Load theta (P,), in this precision, from an .npz file.

    Raises
    ------
    InputError
        If there is no such file, it is not an .npz file, or it does not fit the network.
    """
    theta = np.zeros(parameter_count(sizes), dtype)
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:  # numpy leaves broken files open
            assign_parameters(theta, sizes, {name: file[name] for name in file.files}, str(path))
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such weights file.") from None
    except _UNREADABLE as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} is not a weights file: an .npz file with W1, b1, W2, ... is needed.") from None
    return theta


def save_weights(path: Path, parameters: Mapping[str, Array]) -> None:
    """Write W1, b1, W2, ... as an .npz file that `load_weights` reads."""
    with path.open("wb") as file:
        np.savez(file, **dict(parameters))  # type: ignore[arg-type]
