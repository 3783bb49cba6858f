"""The next update, phase by phase: the lines of a course notebook, and what every one of them gives.

The numbers are those of the code that trains: the next batch goes through a copy of the lane, so that what is shown
of the parameters after the update is, to the bit, what training makes of a lane that stands alone in its shape. Here
they stand as the lines have them, one column per sample.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.experiment.frozen import FrozenMapping
from sandbox.experiment.lanes import Group, Samples, TrainingLane
from sandbox.experiment.listing import Line, Pairing, phases
from sandbox.experiment.scene import Scene
from sandbox.experiment.script import numbers, pairing_now
from sandbox.nn import ACTIVATIONS
from sandbox.nn.losses import CLAMP, reduction_factor, zero_product
from sandbox.nn.network import Pass, layer_views

Array = NDArray[Any]

MOST_ROWS, MOST_COLUMNS = 24, 48  # what is kept of a large array

# Helper lines of activations, from Z (n, m).
_HELPERS: dict[str, tuple[str, Callable[[Array], Array]]] = {
    "gelu": ("T", lambda Z: np.asarray(np.tanh(np.sqrt(2 / np.pi) * (Z + 0.044715 * Z**3)))),
    "silu": ("S", lambda Z: np.asarray(1 / (1 + np.exp(-Z)))),
    "softmax": ("E", lambda Z: np.asarray(np.exp(Z - Z.max(axis=0)))),
}


@dataclass(frozen=True, eq=False)
class Value:
    """What a name stands for.

    Attributes
    ----------
    shape : tuple of int
    norm : float
        The root of the sum of squares.
    corner : array
        The first rows and columns, all of them where there are few; a single number has shape ().
    """

    shape: tuple[int, ...]
    norm: float
    corner: Array

    @property
    def whole(self) -> bool:
        """Whether `corner` is all of it."""
        return self.corner.shape == self.shape


@dataclass(frozen=True, eq=False)
class UpdateSteps:
    """The next update.

    Attributes
    ----------
    pairing : Pairing
    phases : tuple of tuple of Line
        Of forward, loss, backward and update.
    values : mapping
        Of every name in the lines.
    theta : array (P,)
        The parameters after the update.
    finite : bool
        Whether they are finite; if not, training stops instead.
    stopped : str
        Why there is no next update, "" where there is one.
    took : float
        Seconds that this answer took.
    """

    pairing: Pairing
    phases: tuple[tuple[Line, ...], ...]
    values: Mapping[str, Value]
    theta: Array
    finite: bool
    stopped: str
    took: float


@dataclass(frozen=True)
class NextUpdate:
    """What does the next update compute, line by line?"""

    lane: str

    def answer(self, scene: Scene) -> UpdateSteps:
        """Return the lines and their values; training is left alone."""
        start = perf_counter()
        batch = scene.batch
        pairing = pairing_now(scene.lane, scene.data.task, str(len(batch)))
        values, theta, finite = _values(scene, batch)
        theta.setflags(write=False)
        shown = FrozenMapping({name: _value(array) for name, array in values.items()})
        took = perf_counter() - start
        return UpdateSteps(pairing, phases(pairing), shown, theta, finite, scene.lane.stopped, took)


def _value(array: Any) -> Value:
    array = np.asarray(array)
    corner = np.array(array[:MOST_ROWS, :MOST_COLUMNS] if array.ndim > 1 else array)
    corner.setflags(write=False)
    return Value(array.shape, float(np.linalg.norm(array.astype(np.float64).ravel())), corner)


def _copy(lane: TrainingLane) -> TrainingLane:
    """Return a lane that can learn without the other one learning anything of it."""
    memory = [slot.copy() for slot in lane.memory]
    return dataclasses.replace(lane, theta=lane.theta.copy(), memory=memory, count=lane.steps, descent=None)


def _as_trained(scene: Scene, batch: Samples) -> Array:
    """Return the batch's [X; 1] as it lies in memory when it is trained on, since sums may round by that."""
    if batch is scene.samples:
        return batch.X
    place = np.empty_like(scene.samples.X, shape=(len(batch.X), scene.m))[:, : len(batch)]
    place[...] = batch.X
    return place


def _values(scene: Scene, batch: Samples) -> tuple[dict[str, Any], Array, bool]:
    """Return the value of every name, the parameters after the update, and whether they are finite."""
    lane = _copy(scene.lane)
    group = Group([lane], scene.samples.X.dtype)
    net = group.net
    before = net.theta.copy()
    done = group.forward(_as_trained(scene, batch))
    values: dict[str, Any] = {}
    for l, name in enumerate(lane.activations, start=1):
        values[f"Z{l}"], values[f"A{l}"] = done.Z[l].T, done.A[l].T
        if name in _HELPERS:
            letter, helper = _HELPERS[name]
            values[f"{letter}{l}"] = helper(done.Z[l].T)
    _add_loss(values, lane, done, batch, lane.penalty(net.weights))
    finite = not group.learn(done, batch.Y)
    _add_backward(values, group, done)
    theta = net.theta if finite else _beyond(net.theta)
    _add_update(values, lane, before, theta, net.weights)
    return values, theta, finite


def _beyond(theta: Array) -> Array:
    """Return what stands for parameters that are no finite numbers."""
    return np.full_like(theta, np.nan)


def _add_loss(values: dict[str, Any], lane: TrainingLane, done: Pass, batch: Samples, penalty: float) -> None:
    """Add what the lines of the loss give, and what those that take it to Z[L] do."""
    loss, numerics = lane.objective, lane.settings.loss.numerics
    Z, A, Y = done.Z[-1], done.A[-1], batch.Y[lane.coding]
    g = ACTIVATIONS[lane.activations[-1]]()
    factor = reduction_factor(lane.settings.loss.reduction, *A.shape)
    elements = loss.elements(Z, A, Y, g, numerics)
    values["loss"], values["penalty"] = elements.T, penalty
    values["cost"] = float(np.add.reduce(elements, axis=None)) * factor + penalty
    values["R"] = (A - Y).T
    smoothing = getattr(loss, "label_smoothing", 0.0)
    spread = A.shape[1] if loss.name == "categorical_cross_entropy" else 2
    values["T"] = ((1.0 - smoothing) * Y + smoothing / spread).T
    L = len(lane.sizes) - 1
    values[f"dZ{L}"] = (loss.dZ(Z, A, Y, g, numerics) * factor).T
    # Through a linear output dZ is dA itself.
    values[f"dA{L}"] = (loss.dZ(A, A, Y, ACTIVATIONS["linear"](), numerics) * factor).T
    if loss.has_logs:
        _add_logs(values, loss, Z, A, Y, g, numerics)


def _add_logs(values: dict[str, Any], loss: Any, Z: Array, A: Array, Y: Array, g: Any, numerics: str) -> None:
    fused = numerics == "fused" and g.has_logs
    P = np.clip(A, CLAMP, 1.0 - CLAMP) if numerics == "clamped" else A
    if fused:
        (s, t), c = g.logs(Z, A), g.rest(Z, A)
    else:
        s, t, c = np.log(P), np.log(1.0 - P), 1.0 - P
    product = np.multiply if numerics == "naive" else zero_product
    ds, dt = loss.by_logs(s, t, P, c, Y, product)
    values |= {"P": P.T, "log_A": s.T, "log_C": t.T, "C": c.T, "ds": ds.T}
    values["known"] = loss.of_logs(s, t, P, c, Y, zero_product).T
    if dt is not None:
        values["dt"] = dt.T
    if loss.name == "focal":
        values["hit"], values["miss"] = (Y * c**loss.gamma).T, ((1.0 - Y) * P**loss.gamma).T
    if fused and g.name == "softmax" and dt is not None:
        pull = np.exp(s.T[:, None] + (s - t).T[None])
        pull[range(A.shape[1]), range(A.shape[1])] = -A.T
        values["pull"] = pull


def _add_backward(values: dict[str, Any], group: Group, done: Pass) -> None:
    net = group.net
    for l, (dW, db) in enumerate(zip(net.dW, net.db, strict=True), start=1):
        values[f"dW{l}"], values[f"db{l}"] = dW, db.T
    for l in range(len(net.sizes) - 2, 0, -1):
        values[f"dA{l}"], values[f"dZ{l}"] = done.dA[l].T, done.dZ[l].T


def _add_update(values: dict[str, Any], lane: TrainingLane, before: Array, after: Array, weights: Array) -> None:
    for name, array in _named(after, lane.sizes).items():
        values[name] = array
    values["step"] = lane.steps
    optimizer = lane.settings.optimizer
    letters = ("M", "V") if len(lane.memory) == 2 else ("V",)
    for letter, slot in zip(letters, lane.memory, strict=False):
        values |= {f"{letter} of {name}": array for name, array in _named(slot, lane.sizes).items()}
    if len(lane.memory) == 2:
        for letter, beta, slot in zip("MV", ("beta1", "beta2"), lane.memory, strict=True):
            grown = _named(slot / (1.0 - numbers(lane)[beta] ** lane.steps), lane.sizes)
            values |= {f"{letter}_hat of {name}": array for name, array in grown.items()}
    if optimizer.name == "adamw":
        decay = numbers(lane)["weight_decay"]
        shrunk = before - before * weights * (optimizer.learning_rate * decay)
        values |= {f"{name} shrunk": array for name, array in _named(shrunk, lane.sizes).items() if name[0] == "W"}


def _named(flat: Array, sizes: tuple[int, ...]) -> dict[str, Array]:
    """Return W1 (n_1, n_0), b1 (n_1, 1), W2, ... of a flat array."""
    named = {}
    for l, (W, b) in enumerate(zip(*layer_views(flat, sizes), strict=True), start=1):
        named[f"W{l}"], named[f"b{l}"] = W, b.T
    return named
