"""The network: forward and backward through fully connected layers.

    Z[l] = A[l-1] W[l]^T + b[l],   A[l] = g(Z[l]),   A[0] = X,   l = 1..L
    dW[l] = dZ[l]^T A[l-1],   db[l] = sum of dZ[l] over the samples,
    dA[l-1] = dZ[l] W[l],     dZ[l] = dA[l] * g'(Z[l])

Samples are rows. All parameters lie in one flat array, of which W[l] and b[l] are views, so that an optimiser
touches it in a few calls. With `lanes` given, everything has a leading axis: that many networks of one shape,
computed side by side, each by its own matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from sandbox.nn.activations import ACTIVATIONS, Activation

Array = NDArray[Any]


def parameter_count(sizes: tuple[int, ...]) -> int:
    """Return how many weights and biases a network of these layer sizes has."""
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
    """Return [X; 1] (n + 1, m), samples as columns above a row of ones, of X (m, n): what `Network.forward` takes."""
    columns = np.ones((X.shape[1] + 1, X.shape[0]), X.dtype)
    columns[:-1] = X.T
    return columns


@dataclass
class Pass:
    """One forward pass over m samples.

    Attributes
    ----------
    Z, A : list of array (..., m, n[l])
        Placeholders at index 0, so that both are indexed by l = 1..L.
    ones_below : array (n_in + 1, m)
        What went in: [X; 1].
    there, back : list of tuple
        Views and buffers, samples as columns, per layer in the order in which the way there and back uses them.
    """

    Z: list[Array]
    A: list[Array]
    ones_below: Array
    there: list[tuple[Array, Array, Activation, Array, Array, Array]] = field(default_factory=list)
    back: list[tuple[Array, Array, Array, Array, Activation, Array, Array, Array, Array]] = field(default_factory=list)


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
        self._Wb, self._dWb = _joint_views(self.theta, sizes), _joint_views(self.grad, sizes)
        self.weights = np.zeros(self.theta.shape[-1], self.dtype)
        for W in layer_views(self.weights, sizes)[0]:
            W.fill(1.0)
        self._passes: dict[tuple[int, int], Pass] = {}

    def _new_pass(self, m: int, slot: int) -> Pass:
        if len(self._passes) >= self._KEPT_PASSES:
            self._passes.pop(next(iter(self._passes)))

        def columns(n: int) -> Array:
            return np.empty((*self.lead, n, m), self.dtype)

        nothing = np.empty(0, self.dtype)
        done = Pass([nothing], [nothing], nothing)
        before = nothing
        for l, (n, Wb, g) in enumerate(zip(self.sizes[1:], self._Wb, self.activations, strict=True), start=1):
            Z, ones_below = columns(n), columns(n + 1)
            ones_below[..., -1, :] = 1.0
            done.Z.append(Z.swapaxes(-1, -2))
            done.A.append(ones_below[..., :-1, :].swapaxes(-1, -2))
            done.there.append((Wb, Z, g, done.Z[l], done.A[l], ones_below))
            if l > 1:
                dA, dZ = columns(self.sizes[l - 1]), columns(self.sizes[l - 1])
                done.back.insert(
                    0,
                    (
                        before.swapaxes(-1, -2), self._dWb[l - 1], Wb[..., :-1].swapaxes(-1, -2), dA,
                        self.activations[l - 2], done.Z[l - 1], done.A[l - 1], dA.swapaxes(-1, -2), dZ.swapaxes(-1, -2),
                    ),
                )  # fmt: skip
            before = ones_below
        self._passes[m, slot] = done
        return done

    def forward(self, ones_below: Array, slot: int = 0) -> Pass:
        """Return Z and A of every layer, overwritten by the next pass over as many samples in this slot.

        Parameters
        ----------
        ones_below : array (n_in + 1, m)
            [X; 1], as `with_ones` makes it, or some of its columns.
        slot : int
            Keeps passes over equally many samples apart.
        """
        m = ones_below.shape[-1]
        done = self._passes.get((m, slot)) or self._new_pass(m, slot)
        done.ones_below = before = ones_below
        if self.lead:
            for Wb, Z, g, Z_rows, A_rows, after in done.there:
                np.matmul(Wb, before, Z)
                g.value(Z_rows, A_rows)
                before = after
        else:
            for Wb, Z, g, Z_rows, A_rows, after in done.there:
                Wb.dot(before, Z)  # the method skips what a function of numpy asks first: half the time
                g.value(Z_rows, A_rows)
                before = after
        return done

    def backward(self, done: Pass, dZ: Array) -> None:
        """Fill dW and db, given dZ (..., m, n_out) of the last layer after `forward`."""
        single = not self.lead
        for A_before, dWb, Wt, dA, g, Z, A, dA_rows, dZ_rows in done.back:
            columns = dZ.swapaxes(-1, -2)
            if single:
                columns.dot(A_before, dWb)
                Wt.dot(columns, dA)
            else:
                np.matmul(columns, A_before, dWb)
                np.matmul(Wt, columns, dA)
            dZ = g.backward(Z, A, dA_rows, dZ_rows)
        columns = dZ.swapaxes(-1, -2)
        if single:
            columns.dot(done.ones_below.T, self._dWb[0])
        else:
            np.matmul(columns, done.ones_below.T, self._dWb[0])

    def outputs(self, X: Array, chunk: int = 4096) -> Array:
        """Return A[L] (..., m, n_out) for X (m, n_in) of any length, leaving the passes of the training alone."""
        parts = []
        for start in range(0, max(X.shape[-2], 1), chunk):
            A = X[..., start : start + chunk, :]
            for W, b, g in zip(self.W, self.b, self.activations, strict=True):
                A = g.value(np.matmul(A, W.swapaxes(-1, -2)) + b)
            parts.append(A)
        return np.concatenate(parts, axis=-2)
