"""The output of a lane's network, or of its networks together, over a grid of inputs, and where two lanes differ."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sandbox.arrays import Array, Floats, read_only
from sandbox.data import Data
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.replica import Replica
from sandbox.experiment.training.samples import CODES
from sandbox.experiment.training.snapshot import (
    BinarySurface,
    CurveSurface,
    DifferenceSurface,
    MulticlassSurface,
    RegressionSurface,
    Surface,
    SurfaceRequest,
)
from sandbox.nn import ACTIVATIONS, Network

Values = NDArray[np.float32]


def surface(request: SurfaceRequest, lane: Lane, data: Data, replica: int | None = None) -> Surface:
    """Return a lane's output over the grid, with the inputs that are not on an axis at their mean.

    For a regression, it is in the targets' own units.

    For several networks (those still running), it is the share of them predicting class 1 (or each class), or the
    median output for a regression or over one input; with `replica`, the output of that one.
    """
    low, high = CODES[lane.coding]
    x, y, X = grid(request, data)
    several = lane.has_replicas and replica is None
    replicas = _running(lane) if several else [lane.replicas[min(replica or 0, len(lane.replicas) - 1)]]
    Z, A = _outputs(replicas, X)
    count = len(replicas)
    level, span = 0.5 * (low + high), (low, high)
    wrong = None if data.task == "regression" or request.other else _wrong(replicas, data, level)
    if len(data.inputs) == 1:
        if data.task == "regression":
            return CurveSurface(request, x, _in_target_units(A, data), count, np.nan, (np.nan, np.nan))
        return CurveSurface(request, x, read_only(_median(A)), count, level, span, wrong=wrong)
    shape = (y.size, x.size)
    if data.task == "multiclass":
        probable = ACTIVATIONS[lane.activations[-1]].sums_to_one and not several
        shares = _votes(A) if several else A[0] if probable else _shares(A[0], low, high)
        return MulticlassSurface(request, x, read_only(shares.reshape(*shape, -1)), count, y, probable, wrong=wrong)
    if data.task == "regression":
        return RegressionSurface(request, x, _in_target_units(A, data)[:, 0].reshape(shape), count, y)
    edge = read_only(_edge(Z, A, level, lane.activations[-1]).reshape(shape))
    if several:
        share = np.asarray((A[:, :, 0] > level).mean(axis=0), np.float32)
        return BinarySurface(request, x, read_only(share.reshape(shape)), count, y, 0.5, (0.0, 1.0), edge, wrong=wrong)
    return BinarySurface(request, x, read_only(A[0, :, 0].reshape(shape)), count, y, level, span, edge, wrong=wrong)


def _in_target_units(A: Values, data: Data) -> Values:
    """Return the median (m, n_out) over the networks of the outputs for a regression, in the targets' own units."""
    return read_only(np.asarray(data.in_target_units(_median(A)), np.float32))


def _edge(Z: Values, A: Values, level: float, output: str) -> Values:
    """Return values that are 0 where the output, or the median of several networks, is at the level.

    An output that saturates and is at the level for z = 0 jumps through it, while z passes through 0 smoothly.
    """
    g = ACTIVATIONS[output]()
    use_Z = g.saturates and g.elementwise and g.value(np.zeros((1, 1)))[0, 0] == level
    return _median(Z if use_Z else A - np.float32(level))[:, 0]


def difference(
    request: SurfaceRequest, lane: Lane, other: Lane, data: Data, replica: int | None = None
) -> CurveSurface | DifferenceSurface:
    """Return where two lanes differ, and by how much; over one input, the outputs of both."""
    edges: tuple[Values, ...] = ()
    match surface(request, lane, data, replica), surface(request, other, data, replica):
        case CurveSurface() as one, CurveSurface() as two:
            return replace(one, other=read_only(_recoded(two, one)))
        case BinarySurface() as one, BinarySurface() as two:
            differences, span = _as_shares(one) - _as_shares(two), (-1.0, 1.0)
            edges = (one.edge, two.edge)
        case MulticlassSurface() as one, MulticlassSurface() as two:
            differences, span = 0.5 * np.abs(one.values - two.values).sum(axis=-1), (0.0, 1.0)
            edges = (one.values, two.values)
        case RegressionSurface() as one, RegressionSurface() as two:
            differences = one.values - two.values
            largest = float(np.nanmax(np.abs(differences), initial=1e-12))
            span = (-largest, largest)
        case _:
            raise TypeError("two lanes of one run must have surfaces of the same kind")
    values = read_only(np.asarray(differences, np.float32))
    return DifferenceSurface(request, one.x, values, one.replicas, one.y, span, edges)


def _as_shares(source: BinarySurface | CurveSurface) -> Values:
    """Rescale the values of two classes to shares of class 1, whatever their coding."""
    low, high = source.span
    return np.asarray((source.values - low) / (high - low), np.float32)


def _recoded(curve: CurveSurface, like: CurveSurface) -> Values:
    """Convert the outputs of a curve to the coding of another one."""
    if np.isnan(curve.level):
        return curve.values.copy()
    low, high = like.span
    return np.asarray(_as_shares(curve) * (high - low) + low, np.float32)


def grid(request: SurfaceRequest, data: Data) -> tuple[Floats, Floats, Values]:
    """Return x, y and X, the inputs at every point as the network sees them, the same for every frame and lane."""
    return _points(request.axes, request.x_range, request.y_range, request.resolution, data)


@lru_cache(maxsize=8)
def _points(
    axes: tuple[int, int], x_range: tuple[float, float], y_range: tuple[float, float], resolution: int, data: Data
) -> tuple[Floats, Floats, Values]:
    x = read_only(np.linspace(*x_range, resolution))
    if len(data.inputs) == 1:
        return x, read_only(np.empty(0)), data.from_inputs(x[:, None]).astype(np.float32)
    y = read_only(np.linspace(*y_range, resolution))
    grid = np.zeros((x.size * y.size, len(data.inputs)))
    if len(data.inputs) > 2:
        grid[:] = data.inputs_train.mean(axis=0)
    grid[:, axes[1]] = np.repeat(y, x.size)
    grid[:, axes[0]] = np.tile(x, y.size)
    return x, y, data.from_inputs(grid).astype(np.float32)


def _running(lane: Lane) -> list[Replica]:
    """Return the running networks; if there are none, all with the sizes of the lane."""
    return lane.running or [replica for replica in lane.replicas if replica.sizes == lane.sizes]


def _wrong(replicas: list[Replica], data: Data, level: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which training and which test samples most networks classify wrongly, as the accuracy counts them."""
    dtype = replicas[0].theta.dtype  # as in training: a sample near the boundary must be on the same side
    parts = ((data.X_train, data.y_train), (data.X_test, data.y_test))
    train, test = (_most_say(_outputs(replicas, X.astype(dtype))[1], level) != y for X, y in parts)
    return read_only(train), read_only(test)


def _most_say(A: Array, level: float) -> NDArray[np.intp]:
    """Return the class (m,) that most networks predict from their outputs (replicas, m, n_out)."""
    if A.shape[-1] == 1:
        return np.asarray((A[..., 0] > level).mean(axis=0) > 0.5, np.intp)
    return np.asarray(_votes(A).argmax(axis=-1) if len(A) > 1 else A[0].argmax(axis=-1), np.intp)


def _outputs(replicas: list[Replica], X: Array) -> tuple[Array, Array]:
    """Compute Z[L] and A[L] (replicas, m, n_out) in the precision of X, outside the buffers of training."""
    first = replicas[0]
    net = Network(first.sizes, first.activations, len(replicas), X.dtype)
    for row, replica in zip(net.theta, replicas, strict=True):
        row[...] = replica.theta
    Z = net.pre_outputs(X, chunk=max(64, 4096 // len(replicas)))
    return Z, net.activations[-1].value(Z)


def _median(A: Values) -> Values:
    """Return the median (m, n_out) over the networks."""
    if len(A) == 1:
        single: Values = A[0]
        return single
    ordered = np.sort(A, axis=0)
    return np.asarray(0.5 * (ordered[(len(A) - 1) // 2] + ordered[len(A) // 2]), np.float32)


def _votes(A: Values) -> Values:
    """Return the share (m, K) of the networks that predict each class."""
    votes = A.argmax(axis=-1)[..., None] == np.arange(A.shape[-1])
    return np.asarray(votes.mean(axis=0), np.float32)


def _shares(A: Values, low: float, high: float) -> Values:
    """Return each class's share (m, K): the outputs above the code of "no", scaled to sum to 1; nan without outputs.

    Where no output is clearly above that code, they are measured from below the largest one, so that the largest
    output always has the largest share.
    """
    base = np.minimum(low, A.max(axis=1, keepdims=True) - (high - low) / A.shape[1])
    above = np.maximum(A - base, 0.0)
    return np.asarray(above / above.sum(axis=1, keepdims=True), np.float32)
