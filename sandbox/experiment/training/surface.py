"""What a lane's network, or its networks together, compute over a grid of inputs; and where two lanes are at odds."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sandbox.arrays import Floats, read_only
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
    """Return a lane's output over the grid, the inputs that are not on an axis at their mean.

    Of several networks, those that go on, it is the share that says class 1 (or each class), or the median output;
    with `replica`, the output of that one alone.
    """
    low, high = CODES[lane.coding]
    x, y, X = _grid(request, data)
    several = lane.several and replica is None
    replicas = _running(lane) if several else [lane.replicas[min(replica or 0, len(lane.replicas) - 1)]]
    Z, A = _outputs(replicas, X)
    count = len(replicas)
    level, span = 0.5 * (low + high), (low, high)
    if len(data.inputs) == 1:
        level, span = (np.nan, (np.nan, np.nan)) if data.task == "regression" else (level, span)
        return CurveSurface(request, x, read_only(_median(A)), count, level, span)
    shape = (y.size, x.size)
    if data.task == "multiclass":
        shares = _votes(A) if several else _shares(A[0], low)
        return MulticlassSurface(request, x, read_only(shares.reshape(*shape, -1)), count, y)
    if data.task == "regression":
        return RegressionSurface(request, x, read_only(_median(A)[:, 0].reshape(shape)), count, y)
    edge = read_only(_edge(Z, A, level, lane.activations[-1]).reshape(shape))
    if several:
        share = np.asarray((A[:, :, 0] > level).mean(axis=0), np.float32)
        return BinarySurface(request, x, read_only(share.reshape(shape)), count, y, 0.5, (0.0, 1.0), edge)
    return BinarySurface(request, x, read_only(A[0, :, 0].reshape(shape)), count, y, level, span, edge)


def _edge(Z: Values, A: Values, level: float, output: str) -> Values:
    """Return what is 0 where the output, or of several networks their median, is at the level.

    An output that saturates and is at the level for z = 0 leaps through it where z goes evenly.
    """
    g = ACTIVATIONS[output]()
    even = g.saturates and g.elementwise and g.value(np.zeros((1, 1)))[0, 0] == level
    return _median(Z if even else A - np.float32(level))[:, 0]


def difference(
    request: SurfaceRequest, lane: Lane, other: Lane, data: Data, replica: int | None = None
) -> CurveSurface | DifferenceSurface:
    """Return where two lanes differ, and by how much: over one input, the outputs of both."""
    edges: tuple[Values, ...] = ()
    match surface(request, lane, data, replica), surface(request, other, data, replica):
        case CurveSurface() as one, CurveSurface() as two:
            return replace(one, other=read_only(_recoded(two, one)))
        case BinarySurface() as one, BinarySurface() as two:
            apart, span = _as_shares(one) - _as_shares(two), (-1.0, 1.0)
            edges = (one.edge, two.edge)
        case MulticlassSurface() as one, MulticlassSurface() as two:
            apart, span = 0.5 * np.abs(one.values - two.values).sum(axis=-1), (0.0, 1.0)
            edges = (one.values, two.values)
        case RegressionSurface() as one, RegressionSurface() as two:
            apart = one.values - two.values
            widest = float(np.nanmax(np.abs(apart), initial=1e-12))
            span = (-widest, widest)
        case _:
            raise TypeError("two lanes of one run have surfaces of one kind")
    values = read_only(np.asarray(apart, np.float32))
    return DifferenceSurface(request, one.x, values, one.replicas, one.y, span, edges)


def _as_shares(found: BinarySurface | CurveSurface) -> Values:
    """Return values of two classes as shares of class 1, whatever their coding."""
    low, high = found.span
    return np.asarray((found.values - low) / (high - low), np.float32)


def _recoded(curve: CurveSurface, like: CurveSurface) -> Values:
    """Return the outputs of a curve in the coding of another one."""
    if np.isnan(curve.level):
        return curve.values.copy()
    low, high = like.span
    return np.asarray(_as_shares(curve) * (high - low) + low, np.float32)


def _grid(request: SurfaceRequest, data: Data) -> tuple[Floats, Floats, Values]:
    """Return x, y and X, the inputs at every point as the network sees them: the same for every frame and lane."""
    return _points(request.axes, request.x_range, request.y_range, request.resolution, data)


@lru_cache(maxsize=8)
def _points(
    axes: tuple[int, int], x_range: tuple[float, float], y_range: tuple[float, float], resolution: int, data: Data
) -> tuple[Floats, Floats, Values]:
    x = read_only(np.linspace(*x_range, resolution))
    if len(data.inputs) == 1:
        return x, read_only(np.empty(0)), data.from_inputs(x[:, None]).astype(np.float32)
    y = read_only(np.linspace(*y_range, resolution))
    grid = np.tile(data.inputs_train.mean(axis=0), (x.size * y.size, 1))
    grid[:, axes[1]] = np.repeat(y, x.size)
    grid[:, axes[0]] = np.tile(x, y.size)
    return x, y, data.from_inputs(grid).astype(np.float32)


def _running(lane: Lane) -> list[Replica]:
    """Return the networks that go on; all of them if none does."""
    return lane.running or [replica for replica in lane.replicas if replica.sizes == lane.sizes]


def _outputs(replicas: list[Replica], X: Values) -> tuple[Values, Values]:
    """Return Z[L] and A[L] (replicas, m, n_out), apart from the training's own buffers, in single precision."""
    first = replicas[0]
    net = Network(first.sizes, first.activations, len(replicas), np.float32)
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
    """Return the share (m, K) of the networks that say each class."""
    said = A.argmax(axis=-1)[..., None] == np.arange(A.shape[-1])
    return np.asarray(said.mean(axis=0), np.float32)


def _shares(A: Values, low: float) -> Values:
    """Return each class's share (m, K): the outputs above the code of "no", scaled to sum to 1."""
    above = np.where(np.isfinite(A), np.maximum(A - low, 0.0), 0.0) + 1e-12
    return np.asarray(above / above.sum(axis=1, keepdims=True), np.float32)
