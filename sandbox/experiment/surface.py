"""What a lane's network computes over a grid of inputs."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sandbox.data import Data
from sandbox.experiment.frozen import read_only
from sandbox.experiment.lanes import CODES, TrainingLane
from sandbox.experiment.snapshot import Floats, Surface, SurfaceRequest
from sandbox.nn import Network


def surface(request: SurfaceRequest, lane: TrainingLane, data: Data) -> Surface:
    """Return a lane's output over the grid, the inputs that are not on an axis at their mean."""
    low, high = CODES[lane.coding]
    x, y, X = _grid(request, data)
    A = read_only(_outputs(lane, X))
    if len(data.inputs) == 1:
        level, span = (np.nan, (np.nan, np.nan)) if data.task == "regression" else (0.5 * (low + high), (low, high))
        return Surface(request, "curve", x, y, A, level, span)
    shape = (y.size, x.size)
    if data.task == "multiclass":
        return Surface(request, "multiclass", x, y, read_only(_shares(A, low).reshape(*shape, -1)), np.nan, (0.0, 1.0))
    values = A[:, 0].reshape(shape)
    if data.task == "regression":
        return Surface(request, "regression", x, y, values, np.nan, (np.nan, np.nan))
    return Surface(request, "binary", x, y, values, 0.5 * (low + high), (low, high))


@lru_cache(maxsize=8)
def _grid(request: SurfaceRequest, data: Data) -> tuple[Floats, Floats, NDArray[np.float32]]:
    """Return x, y and X, the inputs at every point as the network sees them: the same for every frame."""
    x = read_only(np.linspace(*request.x_range, request.resolution))
    if len(data.inputs) == 1:
        return x, read_only(np.empty(0)), data.from_inputs(x[:, None]).astype(np.float32)
    y = read_only(np.linspace(*request.y_range, request.resolution))
    grid = np.tile(data.inputs_train.mean(axis=0), (x.size * y.size, 1))
    grid[:, request.axes[1]] = np.repeat(y, x.size)
    grid[:, request.axes[0]] = np.tile(x, y.size)
    return x, y, data.from_inputs(grid).astype(np.float32)


def _outputs(lane: TrainingLane, X: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return A[L] (m, n_out), apart from the training's own buffers; single precision is plenty for a picture."""
    net = Network(lane.sizes, lane.activations, dtype=np.float32)
    net.theta[...] = lane.theta
    return net.outputs(X)


def _shares(A: NDArray[np.float32], low: float) -> NDArray[np.float32]:
    """Return each class's share (m, K): the outputs above the code of "no", scaled to sum to 1."""
    above = np.where(np.isfinite(A), np.maximum(A - low, 0.0), 0.0) + 1e-12
    return np.asarray(above / above.sum(axis=1, keepdims=True), np.float32)
