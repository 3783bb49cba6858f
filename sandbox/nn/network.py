"""The network: forward and backward through fully connected layers.

    Z[l] = A[l-1] W[l]^T + b[l],   A[l] = g(Z[l]),   A[0] = X,   l = 1..L
    dW[l] = dZ[l]^T A[l-1],   db[l] = sum of dZ[l] over the samples,
    dA[l-1] = dZ[l] W[l],     dZ[l] = dA[l] * g'(Z[l])

Samples are rows. All parameters lie in one flat array, of which W[l] and b[l] are views, so that an optimiser
needs only a few calls. With `lanes` given, everything has a leading axis: that many networks of one shape,
computed side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from sandbox.arrays import Array
from sandbox.nn.activations import ACTIVATIONS, Activation


def parameter_count(sizes: tuple[int, ...]) -> int:
    """Count the weights and biases of a network with these layer sizes."""
    return sum(n_out * (n_in + 1) for n_in, n_out in pairwise(sizes))


def layer_views(flat: Array, sizes: tuple[int, ...]) -> tuple[list[Array], list[Array]]:
    """Return views W[l] (..., n_out, n_in) and b[l] (..., 1, n_out), l = 1..L, of a flat array (..., P)."""
    joint = _joint_views(flat, sizes)
    return [Wb[..., :-1] for Wb in joint], [Wb[..., -1:].swapaxes(-1, -2) for Wb in joint]


def _joint_views(flat: Array, sizes: tuple[int, ...]) -> list[Array]:
    """Return views [W b] (..., n_out, n_in + 1) of a flat array (..., P)."""
    joint, start, lead = [], 0, flat.shape[:-1]
    for n_in, n_out in pairwise(sizes):
        end = start + n_out * (n_in + 1)
        joint.append(flat[..., start:end].reshape(*lead, n_out, n_in + 1))
        start = end
    return joint


def with_ones(X: Array) -> Array:
    """Return [X; 1] (n + 1, m) for X (m, n), as `Network.forward` takes it: samples as columns above a row of ones."""
    columns = np.ones((X.shape[1] + 1, X.shape[0]), X.dtype)
    columns[:-1] = X.T
    return columns


Multiply = Callable[[Array, Array], object]
"""Writes the product of a fixed left factor and its first argument into the second."""


Product = Callable[[Array, Array, Array], object]
"""Writes the product of its first two arguments into the third."""


@dataclass(slots=True)
class ForwardStep:
    """One layer on the way forward: Z = [W b] [A; 1] of the layer below, then A = g(Z).

    `value` works on `Z_in` and `A_out`: Z and A themselves, or those of all networks as one block of memory.
    `below_next` is [A; 1], the input of the next layer.
    """

    multiply: Multiply
    Z: Array
    value: Callable[[Array, Array], object]
    Z_in: Array
    A_out: Array
    below_next: Array


@dataclass(slots=True)
class BackwardStep:
    """One layer on the way back: from dZ[l] to dW[l], db[l] and dZ[l - 1].

    `dWb` becomes dZ[l] times `below`, which is [A[l - 1]; 1]; `multiply` writes dA[l - 1]; the
    activation `g` of the layer below works on `dA_in` and `dZ_out`, with its Z and A.
    """

    below: Array
    dWb: Array
    multiply: Multiply
    dZ: Array
    dA: Array
    g: Activation
    Z: Array
    A: Array
    dA_in: Array
    dZ_out: Array


@dataclass
class ForwardPass:
    """One forward pass over m samples.

    Attributes
    ----------
    Z, A : list of array (..., m, n[l])
        Placeholders at index 0, so that both are indexed by l = 1..L.
    dZ, dA : list of array (..., m, n[l])
        Of the hidden layers, after `backward`; placeholders at index 0.
    ones_below : array (n_in + 1, m)
        The input [X; 1].
    forward_steps, backward_steps : list
        The steps layer by layer, in this order: functions, and the views they work on.
    stacked_steps : list of (callable, BackwardStep)
        The backward steps of several networks, each with the function that writes its product into `dWb`.
    first_product : callable
        That function for the first layer.
    """

    Z: list[Array]
    A: list[Array]
    dZ: list[Array]
    dA: list[Array]
    ones_below: Array
    forward_steps: list[ForwardStep] = field(default_factory=list)
    backward_steps: list[BackwardStep] = field(default_factory=list)
    stacked_steps: list[tuple[Product, BackwardStep]] = field(default_factory=list)
    first_product: Product = np.matmul


class Network:
    """Fully connected layers whose parameters, gradient and buffers are allocated once.

    Up to `MOST_EXACT` networks side by side get the same bits as each would alone: their products are one call if a
    trial shows that it rounds alike, else one call each. More networks, which are replicas, always take the quick
    single call, and agree to 1e-9 over thousands of updates.

    Parameters
    ----------
    sizes : tuple of int
        Units per layer, input first.
    activations : tuple of str
        Registry names, one per layer after the input.
    lanes : int, optional
        The number of networks side by side; None is a single one without a leading axis.
    dtype : float64 or float32

    Attributes
    ----------
    theta, grad : array (P,) or (lanes, P)
    W, b, dW, db : list of views of theta and grad, for l = 1..L at index l - 1
    weights : array (P,)
        1 where theta holds a weight, 0 where it holds a bias.
    """

    MOST_EXACT = 8
    _CACHED_PASSES = 8  # batch sizes and slots: whole set, test part, batch, last batch, and some to spare

    def __init__(
        self,
        sizes: tuple[int, ...],
        activations: tuple[str, ...],
        lanes: int | None = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        if len(activations) != len(sizes) - 1:
            raise ValueError(f"{len(sizes) - 1} layers need as many activations, not {len(activations)}")
        self.sizes, self.names = sizes, activations
        self.lead: tuple[int, ...] = () if lanes is None else (lanes,)
        self.dtype = np.dtype(dtype)
        self.activations = [ACTIVATIONS[name]() for name in activations]
        self.theta = np.zeros((*self.lead, parameter_count(sizes)), self.dtype)
        self.grad = np.zeros_like(self.theta)
        self.W, self.b = layer_views(self.theta, sizes)
        self.dW, self.db = layer_views(self.grad, sizes)
        self._Wb, self._dWb = _joint_views(self.theta, sizes), _joint_views(self.grad, sizes)
        self.weights = np.zeros(self.theta.shape[-1], self.dtype)
        for W in layer_views(self.weights, sizes)[0]:
            W.fill(1.0)
        self._passes: dict[tuple[int, int, tuple[int, ...]], ForwardPass] = {}

    def _new_pass(self, inputs: Array, slot: int) -> ForwardPass:
        if len(self._passes) >= self._CACHED_PASSES:
            self._passes.pop(next(iter(self._passes)))
        placeholder, m = np.empty(0, self.dtype), inputs.shape[-1]
        forward_pass = ForwardPass([placeholder], [placeholder], [placeholder], [placeholder], placeholder)
        below = inputs  # [A; 1] of the layer before
        for l, (n, Wb, g) in enumerate(zip(self.sizes[1:], self._Wb, self.activations, strict=True), start=1):
            hidden = l < len(self.activations)
            if l > 1:
                self._add_backward_step(forward_pass, l, below)
            # Side by side, hidden layers get a constant unit in place of the ones, so that the whole layer is one
            # block of memory, which numpy processes twice as fast as its parts.
            constant = int(hidden and bool(self.lead))
            Z_all = np.zeros((*self.lead, n + constant, m), self.dtype)
            A_all = np.ones((*self.lead, n + int(hidden), m), self.dtype)
            Z, A = Z_all[..., :n, :], A_all[..., :n, :]
            forward_pass.Z.append(Z.swapaxes(-1, -2))
            forward_pass.A.append(A.swapaxes(-1, -2))
            value = g.kernel(n * m, self.dtype)
            multiply = self._multiply(Wb, below, Z)
            if constant and g.elementwise:
                if g.unit_input is None:
                    value = _keeping_ones(value, A_all[..., n, :])
                else:  # the constant unit gives the ones by itself
                    Z_all[..., n, :] = g.unit_input
                forward_pass.forward_steps.append(ForwardStep(multiply, Z, value, _flat(Z_all), _flat(A_all), A_all))
            else:
                forward_pass.forward_steps.append(
                    ForwardStep(multiply, Z, value, forward_pass.Z[l], forward_pass.A[l], A_all)
                )
            below = A_all
        dZ = np.empty_like(forward_pass.Z[-1]).swapaxes(-1, -2)
        dZs = [dZ, *(step.dZ for step in forward_pass.backward_steps)]  # dZ[l] of every layer, last to first
        forward_pass.stacked_steps = [
            (self._product(dZ_l, step.below, step.dWb), step)
            for dZ_l, step in zip(dZs, forward_pass.backward_steps, strict=False)
        ]
        forward_pass.first_product = self._product(dZs[-1], inputs.T, self._dWb[0])
        self._passes[m, slot, inputs.strides] = forward_pass
        return forward_pass

    def _add_backward_step(self, forward_pass: ForwardPass, l: int, below: Array) -> None:
        """Add the step from dZ[l] to dW[l] and dZ[l - 1]."""
        g, n, m = self.activations[l - 2], self.sizes[l - 1], below.shape[-1]
        Z, A = forward_pass.forward_steps[-1].Z_in, forward_pass.forward_steps[-1].A_out
        dA_all = np.zeros((*self.lead, n + int(bool(self.lead)), m), self.dtype)
        dZ_all = np.zeros_like(dA_all)
        dA, dZ = dA_all[..., :n, :], dZ_all[..., :n, :]
        forward_pass.dA.append(dA.swapaxes(-1, -2))
        forward_pass.dZ.append(dZ.swapaxes(-1, -2))
        dA_in, dZ_out = (
            (_flat(dA_all), _flat(dZ_all))
            if self.lead and g.elementwise
            else (forward_pass.dA[-1], forward_pass.dZ[-1])
        )
        dZ_above = np.empty((*self.lead, self.sizes[l], m), self.dtype)  # like dZ[l]: only its layout matters
        multiply = self._multiply(self._Wb[l - 1][..., :-1].swapaxes(-1, -2), dZ_above, dA)
        step = BackwardStep(below.swapaxes(-1, -2), self._dWb[l - 1], multiply, dZ, dA, g, Z, A, dA_in, dZ_out)
        forward_pass.backward_steps.insert(0, step)

    def _multiply(self, left: Array, right: Array, out: Array) -> Multiply:
        """Return a function that multiplies by `left`, for arrays laid out like these."""
        if not self.lead:
            return left.dot  # the method skips the checks of numpy's functions: half the time
        product = self._product(left, right, out)
        return partial(product, left)

    def _product(self, left: Array, right: Array, out: Array) -> Product:
        """Return a function that writes such products: of all networks at once, or one by one."""
        if not self.lead or (self.lead[0] <= self.MOST_EXACT and not _rounds_alike(left, right, out)):
            return _one_by_one
        return np.matmul

    def forward(self, ones_below: Array, slot: int = 0) -> ForwardPass:
        """Return Z and A of every layer; the next pass over as many samples in this slot overwrites them.

        Parameters
        ----------
        ones_below : array (n_in + 1, m)
            [X; 1], as `with_ones` makes it, or some of its columns.
        slot : int
            Separates passes over the same number of samples.
        """
        key = (ones_below.shape[-1], slot, ones_below.strides)
        forward_pass = self._passes.get(key) or self._new_pass(ones_below, slot)
        forward_pass.ones_below = below = ones_below
        for step in forward_pass.forward_steps:
            step.multiply(below, step.Z)
            step.value(step.Z_in, step.A_out)
            below = step.below_next
        return forward_pass

    def backward(self, forward_pass: ForwardPass, dZ: Array) -> None:
        """Fill dW and db, given dZ (..., m, n_out) of the last layer after `forward`."""
        columns = dZ.swapaxes(-1, -2)
        if not columns.flags.c_contiguous:  # a loss may return any layout, and the rounding depends on it
            columns = np.ascontiguousarray(columns)
        if self.lead:
            for product, step in forward_pass.stacked_steps:
                product(columns, step.below, step.dWb)
                step.multiply(columns, step.dA)
                step.g.backward(step.Z, step.A, step.dA_in, step.dZ_out)
                columns = step.dZ
            forward_pass.first_product(columns, forward_pass.ones_below.T, self._dWb[0])
        else:
            for step in forward_pass.backward_steps:
                columns.dot(step.below, step.dWb)
                step.multiply(columns, step.dA)
                step.g.backward(step.Z, step.A, step.dA_in, step.dZ_out)
                columns = step.dZ
            columns.dot(forward_pass.ones_below.T, self._dWb[0])

    def outputs(self, X: Array, chunk: int = 4096) -> Array:
        """Return A[L] (..., m, n_out) for X (m, n_in) of any length, without touching the passes of training."""
        return self.activations[-1].value(self.pre_outputs(X, chunk))

    def pre_outputs(self, X: Array, chunk: int = 4096) -> Array:
        """Return Z[L] (..., m, n_out), as `outputs` returns A[L]."""
        parts = []
        for start in range(0, max(X.shape[-2], 1), chunk):
            A = X[..., start : start + chunk, :]
            for W, b, g in zip(self.W[:-1], self.b[:-1], self.activations[:-1], strict=True):
                A = g.value(np.matmul(A, W.swapaxes(-1, -2)) + b)
            parts.append(np.matmul(A, self.W[-1].swapaxes(-1, -2)) + self.b[-1])
        return np.concatenate(parts, axis=-2)


def _flat(layer: Array) -> Array:
    """View one block of memory (lanes, n, m) as (m, lanes * n), samples as rows."""
    return layer.reshape(-1, layer.shape[-1]).T


def _keeping_ones(value: Callable[[Array, Array], object], ones: Array) -> Callable[[Array, Array], None]:
    """Return a function that writes A, and then restores the ones it has overwritten."""

    def written(Z: Array, A: Array) -> None:
        value(Z, A)
        ones[...] = 1.0

    return written


def _one_by_one(left: Array, right: Array, out: Array) -> None:
    """Write the product of each left factor and its right one, or the right one they share."""
    for i in range(len(left)):
        (left[i] if left.ndim == 3 else left).dot(right[i] if right.ndim == 3 else right, out[i])


def _rounds_alike(left: Array, right: Array, out: Array) -> bool:
    """Return whether products of arrays laid out like these have the same bits in one call as one by one."""
    return _stack_rounds_alike(out.dtype, *((array.shape, array.strides) for array in (left, right, out)))


@lru_cache(maxsize=1024)
def _stack_rounds_alike(dtype: np.dtype[Any], *layouts: tuple[tuple[int, ...], tuple[int, ...]]) -> bool:
    rng = np.random.default_rng(0)
    for _ in range(3):
        left, right, out = (_laid_out(rng, dtype, *layout) for layout in layouts)
        np.matmul(left, right, out)
        stacked = out.copy()
        _one_by_one(left, right, out)
        if not np.array_equal(stacked, out):
            return False
    return True


def _laid_out(
    rng: np.random.Generator, dtype: np.dtype[Any], shape: tuple[int, ...], strides: tuple[int, ...]
) -> Array:
    """Return an array of random numbers with this shape and these strides."""
    size = 1 + sum((length - 1) * stride for length, stride in zip(shape, strides, strict=True)) // dtype.itemsize
    return np.lib.stride_tricks.as_strided(rng.normal(size=size).astype(dtype), shape, strides)
