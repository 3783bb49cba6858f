"""Weights files: W1, b1, W2, b2, ... in numpy's .npz format."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import DTypeLike

from sandbox import words
from sandbox.arrays import Array
from sandbox.errors import InputError, shown
from sandbox.experiment.document.parts import NetworkSettings
from sandbox.files import read_file
from sandbox.nn.network import layer_views, parameter_count

MOST_BYTES = 150_000_000  # of a file: twice the largest network's
_WIDEST_NUMBER = 16  # bytes
_HEADER_BYTES = 20_000  # of an array in a file, at most: numpy reads no longer one
_MOST_MEMBERS = 1_000
_MEMBER_MARK = b"PK\x01\x02"  # of each member in the list at the end of a zip file
_READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # what numpy writes, and what is unpacked piece by piece


def assign_parameters(theta: Array, sizes: tuple[int, ...], parameters: Mapping[str, Any], where: str) -> None:
    """Write W1, b1, W2, ... into theta (P,); messages call them `where`.

    Raises
    ------
    InputError
        If a name, a shape or a value is not allowed; then nothing has changed.
    """
    new_theta = np.array(theta)
    arrays = _named_views(new_theta, sizes)
    _check_names(parameters, arrays, where)
    for name, array in arrays.items():
        value = np.asarray(parameters[name])
        _check_shape(name, value.shape, array.shape, where)
        if value.dtype.kind not in "fiu" or not np.isfinite(value).all():
            raise InputError(f"{where}: {name} has values other than finite numbers; only finite numbers are allowed.")
        with np.errstate(over="ignore"):
            array[...] = value
        if not np.isfinite(array).all():
            raise InputError(f"{where}: {name} has values too large for {array.dtype}.")
    theta[...] = new_theta


def _named_views(theta: Array, sizes: tuple[int, ...]) -> dict[str, Array]:
    """Return views of theta (P,) as W1 (n_out, n_in), b1 (n_out,), W2, ..."""
    arrays: dict[str, Array] = {}
    for l, (W, b) in enumerate(zip(*layer_views(theta, sizes), strict=True), start=1):
        arrays[f"W{l}"], arrays[f"b{l}"] = W, b[0]
    return arrays


def _check_names(given: Collection[str], needed: Collection[str], where: str) -> None:
    names = ", ".join(needed)
    for name in given:
        if name not in needed:
            raise InputError(f"{where}: there is no {shown(name)} in this network; it has exactly {names}.")
    for name in needed:
        if name not in given:
            raise InputError(f"{where}: {name} is missing; this network has exactly {names}.")


def _check_shape(name: str, shape: tuple[int, ...], needed: tuple[int, ...], where: str) -> None:
    if shape != needed:
        raise InputError(f"{where}: {name} has shape {shown(shape)}; this network needs {needed}.")


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

    The names and the size of each array are looked at before any of it is unpacked.

    Raises
    ------
    InputError
        If there is no such file, it is not an .npz file, or it does not fit the network.
    """
    theta = np.zeros(parameter_count(sizes), dtype)
    content = read_file(path, MOST_BYTES, "a weights file")
    shapes = {name: array.shape for name, array in _named_views(theta, sizes).items()}
    try:
        parameters = _unpacked(content, shapes, str(path))
    except InputError:
        raise
    except Exception:  # whatever zipfile and numpy raise for what they did not write, even tokenize.TokenError
        raise InputError(f"{path} is not a weights file: an .npz file with W1, b1, W2, ... is needed.") from None
    assign_parameters(theta, sizes, parameters, str(path))
    return theta


def _unpacked(content: bytes, shapes: Mapping[str, tuple[int, ...]], where: str) -> dict[str, Array]:
    """Return the arrays of an .npz file, which must have exactly these names and shapes."""
    if content.count(_MEMBER_MARK) > _MOST_MEMBERS:  # zipfile would list them all
        raise ValueError("too many members")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
        _check_names(members, shapes, where)
        return {name: _array(archive, members[name], name, shape, where) for name, shape in shapes.items()}


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, needed: tuple[int, ...], where: str) -> Array:
    """Return one array of an .npz file; its header is read first, and the rest only if it has the shape needed."""
    if member.compress_type not in _READABLE:
        raise ValueError("not compressed by numpy")
    with archive.open(member) as packed:
        header = io.BytesIO(packed.read(min(member.file_size, _HEADER_BYTES)))
    version = npy.read_magic(header)
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, _ = read_header(header)
    _check_shape(name, shape, needed, where)
    if member.file_size > _HEADER_BYTES + math.prod(shape) * _WIDEST_NUMBER:
        raise ValueError("longer than its array")
    with archive.open(member) as packed:
        return npy.read_array(packed, allow_pickle=False)


def save_weights(path: Path, parameters: Mapping[str, Array]) -> None:
    """Write W1, b1, W2, ... as an .npz file that `load_weights` reads."""
    with path.open("wb") as file:
        np.savez(file, **dict(parameters))  # type: ignore[arg-type]
