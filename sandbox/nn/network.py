"""The network: forward and backward through fully connected layers.

    Z[l] = A[l-1] W[l]^T + b[l],   A[l] = g(Z[l]),   A[0] = X,   l = 1..L
    dW[l] = dZ[l]^T A[l-1],   db[l] = sum of dZ[l] over the samples,
    dA[l-1] = dZ[l] W[l],     dZ[l] = dA[l] * g'(Z[l])

Samples are rows. All parameters lie in one flat array, of which W[l] and b[l] are views, so that an optimiser
touches it in a few calls. With `lanes` given, everything has a leading axis: that many networks of one shape,
computed side by side, each by its own matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from sandbox.nn.activations import ACTIVATIONS

Array = NDArray[Any]


def parameter_count(sizes: tuple[int, ...]) -> int:
    """Return how many weights and biases a network of these layer sizes has."""
    return sum(n_out * (n_in + 1) for n_in, n_out in pairwise(sizes))


def layer_views(flat: Array, sizes: tuple[int, ...]) -> tuple[list[Array], list[Array]]:
    """Return views W[l] (..., n_out, n_in) and b[l] (..., 1, n_out), l = 1..L, of a flat array (..., P)."""
    W, b, start, lead = [], [], 0, flat.shape[:-1]
    for n_in, n_out in pairwise(sizes):
        middle, end = start + n_out * n_in, start + n_out * (n_in + 1)
        W.append(flat[..., start:middle].reshape(*lead, n_out, n_in))
        b.append(flat[..., middle:end].reshape(*lead, 1, n_out))
        start = end
    return W, b


def _single_product(left: Array, right: Array, out: Array) -> None:
    """Matrix product of two matrices. The method skips what a function of numpy asks first: half the time."""
    left.dot(right, out)


def _product(left: Array, right: Array, out: Array) -> None:
    """Matrix products along the leading axes."""
    np.matmul(left, right, out)


@dataclass(frozen=True)
class Pass:
    """One forward pass over m samples: its numbers, and the room that the way back needs.

    Attributes
    ----------
    Z, A : list of array (..., m, n[l])
        A[0] is X; Z[0] is a placeholder, so that both are indexed by l.
    room : list of array
        Two buffers per layer for the way back.
    ones : array (1, m)
    """

    Z: list[Array]
    A: list[Array]
    room: list[tuple[Array, Array]]
    ones: Array


class Network:
    """Fully connected layers whose parameters, gradient and buffers are allocated once.

    Parameters
    ----------
    sizes : tuple of int
        Units per layer, input first.
    activations : tuple of str
        Registry names, one per layer after the input.
    lanes : int, optional
        How many networks stand side by side; None is a single one with no leading axis.
    dtype : float64 or float32

    Attributes
    ----------
    theta, grad : array (P,) or (lanes, P)
    W, b, dW, db : list of views of theta and grad, for l = 1..L at index l - 1
    weights : array (P,)
        1 where theta holds a weight, 0 where it holds a bias.
    """

    _KEPT_PASSES = 8  # sizes of batch and slots: whole set, test part, batch, last batch, and some to spare

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
        self._Wt = [W.swapaxes(-1, -2) for W in self.W]
        self._layers = list(zip(range(1, len(sizes)), self._Wt, self.b, self.activations, strict=True))
        self.weights = np.zeros(self.theta.shape[-1], self.dtype)
        for W in layer_views(self.weights, sizes)[0]:
            W.fill(1.0)
        self._passes: dict[tuple[int, int], Pass] = {}

    def _new_pass(self, m: int, slot: int) -> Pass:
        if len(self._passes) >= self._KEPT_PASSES:
            self._passes.pop(next(iter(self._passes)))

        def empty(n: int) -> Array:
            return np.empty((*self.lead, m, n), self.dtype)

        outer = self.sizes[1:]
        nothing = np.empty(0, self.dtype)
        self._passes[m, slot] = new = Pass(
            Z=[nothing, *(empty(n) for n in outer)],
            A=[nothing, *(empty(n) for n in outer)],
            room=[(nothing, nothing), *((empty(n), empty(n)) for n in outer)],
            ones=np.ones((1, m), self.dtype),
        )
        return new

    def forward(self, X: Array, slot: int = 0) -> Pass:
        """Return Z and A of every layer for X (m, n_in), overwritten by the next pass over as many in this slot."""
        done = self._passes.get((X.shape[-2], slot)) or self._new_pass(X.shape[-2], slot)
        done.A[0] = A = X
        product = _product if self.lead else _single_product
        for l, Wt, b, g in self._layers:
            Z = done.Z[l]
            product(A, Wt, Z)
            np.add(Z, b, Z)
            A = g.value(Z, done.A[l])
        return done

    def backward(self, done: Pass, dZ: Array) -> None:
        """Fill dW and db, given dZ (..., m, n_out) of the last layer after `forward`."""
        product = _product if self.lead else _single_product
        for l in range(len(self.W), 0, -1):
            product(dZ.swapaxes(-1, -2), done.A[l - 1], self.dW[l - 1])
            product(done.ones, dZ, self.db[l - 1])
            if l > 1:
                dZ_before, dA = done.room[l - 1]
                product(dZ, self.W[l - 1], dA)
                dZ = self.activations[l - 2].backward(done.Z[l - 1], done.A[l - 1], dA, dZ_before)

    def outputs(self, X: Array, chunk: int = 4096) -> Array:
        """Return A[L] (..., m, n_out) for any number of samples, leaving the passes of the training alone."""
        parts = []
        for start in range(0, max(X.shape[-2], 1), chunk):
            A = X[..., start : start + chunk, :]
            for Wt, b, g in zip(self._Wt, self.b, self.activations, strict=True):
                A = g.value(np.matmul(A, Wt) + b)
            parts.append(A)
        return np.concatenate(parts, axis=-2)
