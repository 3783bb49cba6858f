"""What a lane's network computes over a grid of inputs."""

from __future__ import annotations

import numpy as np

from sandbox.data import Data
from sandbox.experiment.lanes import CODES, TrainingLane
from sandbox.experiment.snapshot import Floats, Surface, SurfaceRequest
from sandbox.nn import Network


def surface(request: SurfaceRequest, lane: TrainingLane, data: Data) -> Surface:
    """Return a lane's output over the grid, the inputs that are not on an axis at their mean."""
    low, high = CODES[lane.coding]
    x = np.linspace(*request.x_range, request.resolution)
    if len(data.inputs) == 1:
        grid, y = x[:, None], np.empty(0)
    else:
        y = np.linspace(*request.y_range, request.resolution)
        grid = np.tile(data.inputs_train.mean(axis=0), (x.size * y.size, 1))
        grid[:, request.axes[1]] = np.repeat(y, x.size)
        grid[:, request.axes[0]] = np.tile(x, y.size)
    A = _outputs(lane, data.from_inputs(grid))
    if len(data.inputs) == 1:
        level, span = (np.nan, (np.nan, np.nan)) if data.task == "regression" else (0.5 * (low + high), (low, high))
        return Surface(request, "curve", x, y, A.astype(np.float32), level, span)
    shape = (y.size, x.size)
    if data.task == "multiclass":
        return Surface(request, "multiclass", x, y, _shares(A, low).reshape(*shape, -1), np.nan, (0.0, 1.0))
    values = A[:, 0].reshape(shape).astype(np.float32)
    if data.task == "regression":
        return Surface(request, "regression", x, y, values, np.nan, (np.nan, np.nan))
    return Surface(request, "binary", x, y, values, 0.5 * (low + high), (low, high))


def _outputs(lane: TrainingLane, X: Floats) -> Floats:
    """Return A[L] (m, n_out), computed apart from the training's own buffers."""
    net = Network(lane.sizes, lane.activations)
    net.theta[...] = lane.theta
    return np.asarray(net.outputs(X), np.float64)


def _shares(A: Floats, low: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return each class's share (m, K): the outputs above the code of "no", scaled to sum to 1."""
    above = np.where(np.isfinite(A), np.maximum(A - low, 0.0), 0.0) + 1e-12
    return np.asarray(above / above.sum(axis=1, keepdims=True), np.float32)
