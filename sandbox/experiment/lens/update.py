"""The next update, phase by phase: the lines of a course notebook, and the value of every name.

The values come from the code that trains: the next batch goes through a copy of the lane, so the parameters shown
after the update are, to the bit, those that training gives a lane that is the only one of its shape. Arrays are shown
as in the lines, with one column per sample.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sandbox.arrays import Array
from sandbox.experiment.document.frozen import FrozenMapping
from sandbox.experiment.results.script import setup_now
from sandbox.experiment.training.groups import Group
from sandbox.experiment.training.probe import LaneProbe
from sandbox.experiment.training.replica import Replica
from sandbox.experiment.training.samples import Samples
from sandbox.nn import ACTIVATIONS, OPTIMIZERS, Activation, OptimizerState
from sandbox.nn.losses import CLAMP, LogLoss, reduction_factor, xlogy
from sandbox.nn.network import ForwardPass, layer_views
from sandbox.notation.code import CodeLine, CodeSetup, phases

MOST_ROWS, MOST_COLUMNS = 24, 48  # stored of a large array


@dataclass(frozen=True, eq=False)
class Value:
    """The value of a name.

    Attributes
    ----------
    shape : tuple of int
    norm : float
        The square root of the sum of squares.
    corner : array
        The first rows and columns, all of them if there are few; a single number has shape ().
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
    setup : CodeSetup
    phases : tuple of tuple of CodeLine
        Of forward, loss, backward and update.
    values : mapping
        Of every name in the lines.
    theta : array (P,)
        The parameters after the update.
    finite : bool
        Whether they are finite; if not, training stops instead.
    stopped : str
        Why there is no next update; "" if there is one.
    """

    setup: CodeSetup
    phases: tuple[tuple[CodeLine, ...], ...]
    values: Mapping[str, Value]
    theta: Array
    finite: bool
    stopped: str


@dataclass(frozen=True)
class NextUpdate:
    """What does the next update compute, line by line?"""

    lane: str

    def answer(self, probe: LaneProbe) -> UpdateSteps:
        """Return the lines and their values; training is not affected."""
        batch = probe.batch
        setup = setup_now(probe.replica, probe.data.task, str(len(batch)))
        values, theta, finite = _values(probe, batch)
        theta.setflags(write=False)
        shown = FrozenMapping({name: _value(array) for name, array in values.items()})
        lines = tuple(_with_values(phase, values) for phase in phases(setup))
        return UpdateSteps(setup, lines, shown, theta, finite, probe.stopped)


def _value(array: Any) -> Value:
    array = np.asarray(array)
    corner = np.array(array[:MOST_ROWS, :MOST_COLUMNS] if array.ndim > 1 else array)
    corner.setflags(write=False)
    return Value(array.shape, float(np.linalg.norm(array.astype(np.float64).ravel())), corner)


def _as_trained(probe: LaneProbe, batch: Samples) -> Array:
    """Return the batch's [X; 1] in the memory layout used in training, since the rounding of sums may depend on it."""
    if batch is probe.samples:
        return batch.X
    columns = np.empty_like(probe.samples.X, shape=(len(batch.X), probe.m))[:, : len(batch)]
    columns[...] = batch.X
    return columns


def _values(probe: LaneProbe, batch: Samples) -> tuple[dict[str, Any], Array, bool]:
    """Return the value of every name, the parameters after the update, and whether they are finite."""
    replica = probe.replica.copy()
    group = Group([replica], probe.samples.X.dtype)
    net = group.net
    before = net.theta.copy()
    done = group.forward(_as_trained(probe, batch))
    values: dict[str, Any] = {}
    for l, name in enumerate(replica.activations, start=1):
        values[f"Z{l}"], values[f"A{l}"] = done.Z[l].T, done.A[l].T
        g = ACTIVATIONS[name]
        if g.helper:
            values[f"{g.helper}{l}"] = g().line_values(done.Z[l], done.A[l])[g.helper]
    _add_loss(values, replica, done, batch, probe.lane.penalty(replica.theta, net.weights))
    group.backward(done, batch.Y)
    finite = not group.update()
    _add_backward(values, group, done)
    theta = net.theta if finite else _undefined(net.theta)
    _add_update(values, replica, before, theta, net.weights)
    return values, theta, finite


def _undefined(theta: Array) -> Array:
    """Return nan in place of parameters that are not finite."""
    return np.full_like(theta, np.nan)


def _add_loss(values: dict[str, Any], replica: Replica, done: ForwardPass, batch: Samples, penalty: float) -> None:
    """Add the values of the lines of the loss, and of those that take its gradient back to Z[L]."""
    lane = replica.lane
    loss, numerics = lane.objective, lane.settings.loss.numerics
    Z, A, Y = done.Z[-1], done.A[-1], batch.Y[lane.coding]
    g = ACTIVATIONS[replica.activations[-1]]()
    factor = reduction_factor(lane.settings.loss.reduction, *A.shape)
    elements = loss.elements(Z, A, Y, g, numerics)
    values["loss"], values["penalty"] = elements.T, penalty
    values["cost"] = float(np.add.reduce(elements, axis=None)) * factor + penalty
    values["R"] = (A - Y).T
    values["T"] = loss.smoothed(Y).T
    L = len(replica.sizes) - 1
    values[f"dZ{L}"] = (loss.dZ(Z, A, Y, g, numerics) * factor).T
    values[f"dA{L}"] = (loss.slope(A, Y, numerics) * factor).T
    if isinstance(loss, LogLoss):
        _add_logs(values, loss, Z, A, Y, g, numerics)


def _add_logs(
    values: dict[str, Any], loss: LogLoss, Z: Array, A: Array, Y: Array, g: Activation, numerics: str
) -> None:
    P = np.clip(A, CLAMP, loss.clamped_high) if numerics == "clamped" else A
    if numerics == "fused" and g.has_logs:
        (s, t), c = g.logs(Z, A), g.complement(Z, A)
        values |= {name: value for name, value in g.line_values(Z, A).items() if name != g.helper}
    else:
        s, t, c = np.log(P), np.log(1.0 - P), 1.0 - P
    product = np.multiply if numerics == "naive" else xlogy
    ds, dt = loss.grads_from_logs(s, t, P, c, Y, product)
    values |= {"P": P.T, "log_A": s.T, "log_C": t.T, "C": c.T, "ds": ds.T}
    values["known"] = loss.value_from_logs(s, t, P, c, Y, xlogy).T
    if dt is not None:
        values["dt"] = dt.T
    values |= {name: value.T for name, value in loss.term_values(P, c, Y).items()}


def _add_backward(values: dict[str, Any], group: Group, done: ForwardPass) -> None:
    net = group.net
    for l, (dW, db) in enumerate(zip(net.dW, net.db, strict=True), start=1):
        values[f"dW{l}"], values[f"db{l}"] = dW, db.T
    for l in range(len(net.sizes) - 2, 0, -1):
        values[f"dA{l}"], values[f"dZ{l}"] = done.dA[l].T, done.dZ[l].T


def _add_update(values: dict[str, Any], replica: Replica, before: Array, after: Array, weights: Array) -> None:
    settings, sizes = replica.lane.settings.optimizer, replica.sizes
    method = OPTIMIZERS[settings.name].tuned(settings.parameters)
    values |= _named(after, sizes) | {"step": replica.steps}
    state = OptimizerState(after, np.empty(0), np.empty(0), weights, replica.memory, replica.steps)
    memory = dict(zip(method.memory, replica.memory, strict=True)) | method.line_values(state)
    for target, flat in memory.items():
        values |= {f"{target} of {name}": array for name, array in _named(flat, sizes).items()}
    shrunk = method.decayed(before, weights, settings.learning_rate)
    values |= {f"{name} shrunk": array for name, array in _named(shrunk, sizes).items() if name[0] == "W"}


def _with_values(lines: tuple[CodeLine, ...], values: Mapping[str, Any]) -> tuple[CodeLine, ...]:
    """Return the lines without the names that have no value."""
    return tuple(
        dataclasses.replace(line, names=tuple(name for name in line.names if name in values)) for line in lines
    )


def _named(flat: Array, sizes: tuple[int, ...]) -> dict[str, Array]:
    """Return W1 (n_1, n_0), b1 (n_1, 1), W2, ... of a flat array."""
    named = {}
    for l, (W, b) in enumerate(zip(*layer_views(flat, sizes), strict=True), start=1):
        named[f"W{l}"], named[f"b{l}"] = W, b.T
    return named
