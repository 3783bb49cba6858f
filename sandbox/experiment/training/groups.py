"""Groups: networks of one shape, computed side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from sandbox.arrays import Array
from sandbox.experiment.training.frozen import frozen_places
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.replica import Replica
from sandbox.nn import OPTIMIZERS, Loss, Network, Optimizer, OptimizerState
from sandbox.nn.losses import reduction_factor
from sandbox.nn.network import ForwardPass

Rows = Any  # the index of some networks of a group: a slice; an integer for one of several; () if there is only one
Delta = Callable[[Array, Array, Mapping[str, Array]], Array]  # dZ of the output layer from Z, A, and Y by coding


@dataclass(slots=True)
class _Step:
    """Adjacent networks of a group that share an optimiser, with its state and learning rate."""

    rows: Rows
    replicas: list[Replica]
    optimizer: Optimizer
    state: OptimizerState
    rate: Any  # a number, or a column if they differ
    frozen: NDArray[np.intp] | None = None  # which parameters of all its networks stay as they are

    def update(self) -> None:
        """Update the parameters, except those that are frozen: nor does what is remembered of them change."""
        self.state.count += 1
        if self.frozen is None:
            self.optimizer.step(self.state, self.rate)
            return
        arrays = [array.reshape(-1) for array in (self.state.theta, *self.state.memory)]
        kept = [array[self.frozen] for array in arrays]
        self.optimizer.step(self.state, self.rate)
        for array, values in zip(arrays, kept, strict=True):
            array[self.frozen] = values


class Group:
    """Networks of one shape, computed side by side; those of one lane are adjacent.

    Up to `Network.MOST_EXACT` of them have the same bits as each would have alone; in a larger group they are equal
    up to rounding (1e-9 over thousands of updates).

    Attributes
    ----------
    replicas : list of Replica
        Their `theta` and `memory` are rows of the group's arrays while it exists.
    net : Network
    """

    def __init__(self, replicas: Sequence[Replica], dtype: DTypeLike) -> None:
        self.replicas = list(replicas)
        first = self.replicas[0]
        self.alone = len(self.replicas) == 1
        self.net = Network(first.sizes, first.activations, None if self.alone else len(self.replicas), dtype)
        self.output = self.net.activations[-1]
        self._backup = np.full_like(self.net.theta, np.nan)
        self._flat = self.net.theta.reshape(-1)
        for row, before, replica in zip(self.rows, self._rows_before, self.replicas, strict=True):
            row[...] = replica.theta
            replica.theta = row
            if replica.before is not None and replica.before.size == before.size:
                before[...] = replica.before
        self._steps: list[_Step] = []
        self.follow_settings()

    @property
    def rows(self) -> Array:
        """The parameters (replicas, P)."""
        return self.net.theta.reshape(len(self.replicas), -1)

    @property
    def _rows_before(self) -> Array:
        """The parameters (replicas, P) before the last update; nan if there was none."""
        return self._backup.reshape(len(self.replicas), -1)

    # Settings

    def follow_settings(self) -> None:
        """Adopt the settings of its lanes; if only numbers changed, nothing is rebuilt."""
        for name in ("lanes", "read_alike"):
            self.__dict__.pop(name, None)
        self._l1 = self._column([replica.lane.settings.optimizer.l1 for replica in self.replicas])
        self._l2 = self._column([replica.lane.settings.optimizer.l2 for replica in self.replicas])
        self._deltas = [(rows, self._delta_of(replicas[0].lane)) for rows, replicas in self._runs(_loss_key)]
        runs = self._runs(self._step_key)
        if not self._steps_fit(runs):
            for replica in self.replicas:
                if replica.state is not None:
                    replica.leave_optimizer()
            self._steps = [self._new_step(rows, replicas) for rows, replicas in runs]
        for step in self._steps:
            settings = step.replicas[0].lane.settings.optimizer
            step.optimizer = OPTIMIZERS[settings.name].tuned(settings.parameters)
            rates = [replica.lane.settings.optimizer.learning_rate for replica in step.replicas]
            step.frozen = _frozen(step.replicas)
            step.rate = rates[0] if len(set(rates)) == 1 else np.array(rates, self.net.dtype)[:, None]

    def _column(self, values: list[float]) -> Any:
        """Return one number per network, shaped to multiply their parameters; None if all are 0."""
        if not any(values):
            return None
        return values[0] if self.alone else np.array(values, self.net.dtype)[:, None]

    def _runs(self, key: Callable[[Replica], object]) -> list[tuple[Rows, list[Replica]]]:
        """Return runs of adjacent networks with equal keys: their rows, and the networks."""
        if self.alone:
            return [((), self.replicas)]
        runs: list[tuple[Rows, list[Replica]]] = []
        start = 0
        for _, members in groupby(self.replicas, key=key):
            replicas = list(members)
            runs.append((slice(start, start + len(replicas)), replicas))
            start += len(replicas)
        return runs

    def _step_key(self, replica: Replica) -> tuple[object, ...]:
        optimizer = replica.lane.settings.optimizer
        # In single precision a column of rates would be rounded; a plain number is not.
        rate = optimizer.learning_rate if self.net.dtype == np.float32 else None
        return (optimizer.name, replica.steps, rate, sorted(optimizer.parameters.items()))

    def _steps_fit(self, runs: list[tuple[Rows, list[Replica]]]) -> bool:
        """Return whether the networks can keep their optimisers, with only numbers changed."""
        return [rows for rows, _ in runs] == [step.rows for step in self._steps] and all(
            replica.state is step.state and replica.lane.settings.optimizer.name == step.optimizer.name
            for step in self._steps
            for replica in step.replicas
        )

    def _new_step(self, rows: Rows, replicas: list[Replica]) -> _Step:
        kind = OPTIMIZERS[replicas[0].lane.settings.optimizer.name]
        theta = self.net.theta[rows]
        memory = [np.zeros_like(theta) for _ in kind.memory]
        for i, replica in enumerate(replicas):
            rows_of_slots = [slot if self.alone else slot[i] for slot in memory]
            for row, old in zip(rows_of_slots, replica.memory, strict=False):  # after a reset there is no old memory
                row[...] = old
            replica.memory = rows_of_slots
        weights, count = self.net.weights, replicas[0].count
        state = OptimizerState(theta, self.net.grad[rows], np.empty_like(theta), weights, memory, count)
        for replica in replicas:
            replica.state = state
        return _Step(rows, replicas, kind(), state, 0.0)

    # Training

    def forward(self, X: Array, slot: int = 0) -> ForwardPass:
        """Return Z and A of every layer, overwritten by the next pass over as many samples in the same `slot`."""
        return self.net.forward(X, slot)

    def backward(self, forward_pass: ForwardPass, Y: Mapping[str, Array]) -> None:
        """Compute the gradient of every network's cost, penalties included, after `forward`."""
        Z, A = forward_pass.Z[-1], forward_pass.A[-1]
        if len(self._deltas) == 1:
            dZ = self._deltas[0][1](Z, A, Y)
        else:
            dZ = np.empty_like(Z)
            for rows, delta in self._deltas:
                dZ[rows] = delta(Z[rows], A[rows], Y)
        self.net.backward(forward_pass, dZ)
        if self._l2 is not None:
            self.net.grad += self._l2 * self.net.theta * self.net.weights
        if self._l1 is not None:
            self.net.grad += self._l1 * np.sign(self.net.theta) * self.net.weights

    def _delta_of(self, lane: Lane) -> Delta:
        """Return the function that computes dZ[L] by a lane's objective.

        That is the derivative of the cost with respect to the pre-activations of the output.
        """
        objective, coding, output = lane.objective, lane.coding, self.output
        numerics, reduction = lane.settings.loss.numerics, lane.settings.loss.reduction

        def delta(Z: Array, A: Array, Y: Mapping[str, Array]) -> Array:
            dZ = objective.dZ(Z, A, Y[coding], output, numerics)
            if reduction == "mean":
                dZ *= 1.0 / Z.shape[-2]
            elif reduction != "sum":
                dZ *= reduction_factor(reduction, *Z.shape[-2:])
            return dZ

        return delta

    def update(self) -> list[Replica]:
        """Update the parameters; return the networks that failed, restored to their last finite parameters."""
        np.copyto(self._backup, self.net.theta)
        for step in self._steps:
            step.update()
        return self._failed()

    def _failed(self) -> list[Replica]:
        """Return the networks whose parameters are no longer finite, after restoring their last finite ones.

        A gradient that is not finite makes every optimiser's step not finite, so one check is enough; and a sum of
        squares is finite only if every number is, so that the usual check is one product.
        """
        if math.isfinite(self._flat.dot(self._flat)):
            return []
        failed = []
        for i, replica in enumerate(self.replicas):
            if not np.isfinite(replica.theta).all():
                replica.theta[...] = self._backup if self.alone else self._backup[i]
                failed.append(replica)
        return failed

    def last_step(self, rows: slice) -> Array:
        """Return the last change (replicas, P) of some networks' parameters; nan before the first."""
        step: Array = self.rows[rows] - self._rows_before[rows]
        return step

    def dissolve(self) -> None:
        """Copy the arrays of each network out of the group."""
        for replica, before in zip(self.replicas, self._rows_before, strict=True):
            replica.leave_group(before)

    # Reading

    @cached_property
    def lanes(self) -> list[tuple[Lane, list[Replica], Rows]]:
        """The lanes, each with its networks in this group and their rows."""
        lanes: list[tuple[Lane, list[Replica], Rows]] = []
        start = 0
        for lane, members in groupby(self.replicas, key=lambda replica: replica.lane):
            replicas = list(members)
            rows: Rows = () if self.alone else slice(start, start + len(replicas)) if lane.has_replicas else start
            lanes.append((lane, replicas, rows))
            start += len(replicas)
        return lanes

    @cached_property
    def read_alike(self) -> list[tuple[list[Lane], Rows]]:
        """The lanes and their rows, with adjacent lanes that compute the same readings merged."""
        merged: list[tuple[list[Lane], Rows]] = []
        for key, members in groupby(self.lanes, key=lambda member: _reading_key(member[0])):
            lanes = list(members)
            if key is None or len(lanes) == 1:  # several networks each: a lane at a time
                merged += [([lane], rows) for lane, _, rows in lanes]
            else:
                merged.append(([lane for lane, _, _ in lanes], slice(lanes[0][2], lanes[-1][2] + 1)))
        return merged

    def replicas_of(self, lane: Lane) -> list[Replica]:
        """Return the networks of a lane that are in this group."""
        return next(replicas for member, replicas, _ in self.lanes if member is lane)

    def outputs_of(self, forward_pass: ForwardPass, replica: Replica) -> tuple[Array, Array]:
        """Return Z and A (m, n_out) of one network's last layer."""
        i = () if self.alone else self.replicas.index(replica)
        return forward_pass.Z[-1][i], forward_pass.A[-1][i]


def _frozen(replicas: Sequence[Replica]) -> NDArray[np.intp] | None:
    """Return which parameters of networks, one after the other, are frozen; None if none is."""
    if not any(replica.lane.settings.network.frozen for replica in replicas):
        return None
    stay = [frozen_places(replica.lane.settings.network.frozen, replica.sizes) for replica in replicas]
    return np.flatnonzero(np.concatenate(stay))


def grouped(replicas: Iterable[Replica], dtype: DTypeLike) -> list[Group]:
    """Group networks by shape, in order of appearance."""
    shapes: dict[object, list[Replica]] = {}
    for replica in replicas:
        shapes.setdefault((replica.sizes, replica.activations), []).append(replica)
    return [Group(members, dtype) for members in shapes.values()]


def _reading_key(lane: Lane) -> tuple[object, ...] | None:
    """Return a key that is equal for one-network lanes with the same readings; None for several networks."""
    if lane.has_replicas:
        return None
    loss = lane.settings.loss
    kinds = tuple((name, tuple(sorted(vars(kind).items()))) for name, kind in lane.kinds)
    codings = tuple(lane.codings[name] for name, kind in lane.kinds if isinstance(kind, Loss))
    return (lane.only, lane.objective.name, codings, loss.reduction, loss.numerics, kinds)


def _loss_key(replica: Replica) -> tuple[object, ...]:
    lane = replica.lane
    loss = lane.settings.loss  # not all of its parameters: some may be a monitor's, which must not affect training
    return (lane.objective.name, lane.coding, loss.reduction, loss.numerics, sorted(vars(lane.objective).items()))
