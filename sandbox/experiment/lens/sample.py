"""One sample on its way through the network and back, for two losses.

For one sample, with its loss l and layers 1..L:

    z[l] = W[l] a[l-1] + b[l],   a[l] = g(z[l])
    da[L] = dl/da[L],   dz[l] = da[l] * g'(z[l]),   da[l-1] = W[l]^T dz[l]

and its share in the derivatives of the cost is factor * dz[l] a[l-1]^T, where the factor is that of the reduction:
1/m for a mean. A softmax takes da through its whole Jacobian; its g'(z) here is the diagonal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sandbox import words
from sandbox.arrays import Array, frozen_copy, norm
from sandbox.experiment.training.probe import LaneProbe
from sandbox.experiment.training.samples import coded_targets
from sandbox.nn import ACTIVATIONS, Loss
from sandbox.nn.network import with_ones


@dataclass(frozen=True, eq=False)
class BackwardPath:
    """What one loss sends back for the sample.

    Attributes
    ----------
    loss : str
        Registry name.
    value : float
        The sample's loss, summed over the output units.
    target : array (n_out,)
        In the coding of this loss.
    dA, dZ : tuple of array (n[l],)
        Derivatives of the sample's loss, for l = 1..L at index l - 1; neither averaged nor with a penalty.
    dW, db : array (n_out, n[L-1]), (n_out,)
        The sample's share in those of the last layer.
    share : float
        Norm of that dW divided by the norm of the cost's dW[L], both without the penalty; nan for a test sample.
    """

    loss: str
    value: float
    target: Array
    dA: tuple[Array, ...]
    dZ: tuple[Array, ...]
    dW: Array
    db: Array
    share: float


@dataclass(frozen=True, eq=False)
class SamplePath:
    """One sample's numbers at one moment.

    Attributes
    ----------
    part : str
        "train" or "test".
    index, count : int
        Which sample it is, counted from 0, of how many.
    inputs : array (n_inputs,)
        In their original units.
    x : array (n_in,)
        As the network sees it.
    target : str
        Its class or its targets, in words.
    prediction : str
        The network's prediction, in words.
    W : tuple of array (n[l], n[l-1])
        For l = 1..L at index l - 1.
    Z, A, slopes : tuple of array (n[l],)
        z, a and g'(z), for l = 1..L at index l - 1.
    activations : tuple of str
        Registry names.
    factor : float
        What the reduction multiplies the sample's derivatives by.
    back : tuple of WayBack
        For the objective, and for the other loss.
    """

    part: str
    index: int
    count: int
    inputs: Array
    x: Array
    target: str
    prediction: str
    W: tuple[Array, ...]
    Z: tuple[Array, ...]
    A: tuple[Array, ...]
    slopes: tuple[Array, ...]
    activations: tuple[str, ...]
    factor: float
    back: tuple[BackwardPath, BackwardPath]


@dataclass(frozen=True)
class FollowSample:
    """What happens to one sample on its way forward and back?

    Attributes
    ----------
    lane : str
    part : str
        "train" or "test".
    index : int
        Counted from 0.
    other : str
        Registry name of the loss to compare with the objective.
    """

    lane: str
    part: str
    index: int
    other: str

    def answer(self, probe: LaneProbe) -> SamplePath | None:
        """Return the numbers; None if there is no such sample."""
        data = probe.data
        train = self.part == "train"
        X, y = (data.X_train, data.y_train) if train else (data.X_test, data.y_test)
        inputs = data.inputs_train if train else data.inputs_test
        if not 0 <= self.index < len(X):
            return None
        row = slice(self.index, self.index + 1)
        dtype = probe.network.dtype
        x = X[row].astype(dtype)
        targets = coded_targets(y[row], data, dtype)
        Z, A = _forward(probe, x)
        before = [x[0], *A[:-1]]
        slopes = [
            ACTIVATIONS[name]().derivative(z[None], a[None])[0]
            for name, z, a in zip(probe.activations, Z, A, strict=True)
        ]
        losses = probe.objective, probe.loss(self.other)
        back = [_way_back(probe, loss, targets, Z, A, before[-1], train) for loss in losses]
        threshold = 0.5 if probe.lane.coding == "zero_one" else 0.0
        return SamplePath(
            self.part,
            self.index,
            len(X),
            frozen_copy(inputs[self.index]),
            frozen_copy(x[0]),
            _target_words(data, y[self.index]),
            _prediction_words(data, A[-1], threshold),
            _all_frozen(probe.network.W),
            _all_frozen(Z),
            _all_frozen(A),
            _all_frozen(slopes),
            probe.activations,
            probe.factor,
            (back[0], back[1]),
        )


def _forward(probe: LaneProbe, x: Array) -> tuple[list[Array], list[Array]]:
    """Return z and a (n[l],) of every layer, for x (1, n_in)."""
    done = probe.network.forward(with_ones(x), slot=1)  # slot 0 may hold the only training sample
    return [Z[0].copy() for Z in done.Z[1:]], [A[0].copy() for A in done.A[1:]]


def _way_back(
    probe: LaneProbe, loss: Loss, targets: dict[str, Array], Z: list[Array], A: list[Array], before: Array, train: bool
) -> BackwardPath:
    numerics, output = probe.numerics, probe.output
    Y = targets[probe.coding_of(loss)]
    last, out = Z[-1][None], A[-1][None]
    dA = loss.slope(out, Y, numerics)
    dZ = loss.dZ(last, out, Y, output, numerics)
    ways = [(dA[0], dZ[0])]
    for l in range(len(Z) - 1, 0, -1):
        dA = dZ @ probe.network.W[l]
        dZ = probe.network.activations[l - 1].backward(Z[l - 1][None], A[l - 1][None], dA)
        ways.insert(0, (dA[0], dZ[0]))
    dW = probe.factor * np.outer(ways[-1][1], before)
    full_dW = probe.views(probe.gradient(loss, penalty=False))[0][-1] if train else None
    return BackwardPath(
        loss.name,
        float(np.add.reduce(loss.elements(last, out, Y, output, numerics), axis=None)),
        frozen_copy(Y[0]),
        _all_frozen([dA for dA, _ in ways]),
        _all_frozen([dZ for _, dZ in ways]),
        frozen_copy(dW),
        frozen_copy(probe.factor * ways[-1][1]),
        float("nan") if full_dW is None else _ratio(norm(dW), norm(full_dW)),
    )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _target_words(data: Any, y: Any) -> str:
    if data.task != "regression":
        return f"class {data.class_names[int(y)]}"
    values = np.atleast_1d(y)
    return ("target " if len(values) == 1 else "targets ") + _figures(values)


def _prediction_words(data: Any, A: Array, threshold: float) -> str:
    if not np.isfinite(A).all():
        return "not a number"
    if data.task == "regression":
        return _figures(data.in_target_units(A))
    index = int(A[0] > threshold) if len(A) == 1 else int(A.argmax())
    return f"class {data.class_names[index]}"


def _figures(values: Array) -> str:
    return ", ".join(_figure(float(value)) for value in values[:4])


def _figure(value: float) -> str:
    return words.quantity(value) if abs(value) >= 1e5 else words.number(value, 3)


def _all_frozen(arrays: list[Array]) -> tuple[Array, ...]:
    return tuple(frozen_copy(array) for array in arrays)
