"""Groups: networks of one shape, computed side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from sandbox.arrays import Array
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.replica import Replica
from sandbox.nn import OPTIMIZERS, Network, Optimizer, OptimizerState
from sandbox.nn.losses import reduction_factor
from sandbox.nn.network import ForwardPass

Rows = Any  # the index of some networks of a group: a slice; an integer for a single one; () where there is one in all


@dataclass(slots=True)
class _Step:
    """Neighbouring networks of a group that share an optimiser: what it works on, and how far it steps."""

    rows: Rows
    replicas: list[Replica]
    optimizer: Optimizer
    state: OptimizerState
    rate: Any  # a number, or a column where they differ in it


class Group:
    """Networks of one shape, computed side by side; those of one lane stand together.

    Up to `Network.MOST_EXACT` of them have the bits that each would have alone; in a larger group, which takes
    replicas, they are equal to those up to rounding (1e-9 over thousands of updates).

    Attributes
    ----------
    replicas : list of Replica
        Their `theta` and `memory` are rows of the group's arrays while it exists.
    net : Network
    updated : bool
        Whether it has done an update.
    """

    def __init__(self, replicas: Sequence[Replica], dtype: DTypeLike) -> None:
        self.replicas = list(replicas)
        first = self.replicas[0]
        self.alone = len(self.replicas) == 1
        self.net = Network(first.sizes, first.activations, None if self.alone else len(self.replicas), dtype)
        self.output = self.net.activations[-1]
        self.updated = False
        self._backup = np.empty_like(self.net.theta)
        self._flat = self.net.theta.reshape(-1)
        for row, replica in zip(self.rows, self.replicas, strict=True):
            row[...] = replica.theta
            replica.theta = row
        self._steps: list[_Step] = []
        self.follow_settings()

    @property
    def rows(self) -> Array:
        """The parameters (replicas, P)."""
        return self.net.theta.reshape(len(self.replicas), -1)

    # Settings

    def follow_settings(self) -> None:
        """Take over the settings of its lanes; a number that changed is written, and nothing else is made again."""
        for name in ("lanes", "read_alike"):
            self.__dict__.pop(name, None)
        self._l1 = self._column([replica.lane.settings.optimizer.l1 for replica in self.replicas])
        self._l2 = self._column([replica.lane.settings.optimizer.l2 for replica in self.replicas])
        self._losses = [(rows, replicas[0].lane) for rows, replicas in self._runs(_loss_key)]
        runs = self._runs(self._step_key)
        if not self._fit_steps(runs):
            for replica in self.replicas:
                if replica.state is not None:
                    replica.leave_optimizer()
            self._steps = [self._new_step(rows, replicas) for rows, replicas in runs]
        for step in self._steps:
            settings = step.replicas[0].lane.settings.optimizer
            step.optimizer = OPTIMIZERS[settings.name].tuned(settings.parameters)
            rates = [replica.lane.settings.optimizer.learning_rate for replica in step.replicas]
            step.rate = rates[0] if len(set(rates)) == 1 else np.array(rates, self.net.dtype)[:, None]

    def _column(self, values: list[float]) -> Any:
        """Return one number for each network, as it multiplies their parameters; None where all are 0."""
        if not any(values):
            return None
        return values[0] if self.alone else np.array(values, self.net.dtype)[:, None]

    def _runs(self, key: Callable[[Replica], object]) -> list[tuple[Rows, list[Replica]]]:
        """Return neighbours with an equal key, and where they stand."""
        if self.alone:
            return [((), self.replicas)]
        found: list[tuple[Rows, list[Replica]]] = []
        start = 0
        for _, members in groupby(self.replicas, key=key):
            replicas = list(members)
            found.append((slice(start, start + len(replicas)), replicas))
            start += len(replicas)
        return found

    def _step_key(self, replica: Replica) -> tuple[object, ...]:
        optimizer = replica.lane.settings.optimizer
        # In single precision a column of rates would round where a number does not.
        rate = optimizer.learning_rate if self.net.dtype == np.float32 else None
        return (optimizer.name, replica.steps, rate, sorted(optimizer.parameters.items()))

    def _fit_steps(self, runs: list[tuple[Rows, list[Replica]]]) -> bool:
        """Return whether the networks go on with the optimisers they have, but for numbers."""
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
            own = [slot if self.alone else slot[i] for slot in memory]
            for row, remembered in zip(own, replica.memory, strict=False):  # one that starts over remembers nothing
                row[...] = remembered
            replica.memory = own
        weights, count = self.net.weights, replicas[0].count
        state = OptimizerState(theta, self.net.grad[rows], np.empty_like(theta), weights, memory, count)
        for replica in replicas:
            replica.state = state
        return _Step(rows, replicas, kind(), state, 0.0)

    # Training

    def forward(self, X: Array, slot: int = 0) -> ForwardPass:
        """Return Z and A of every layer; `slot` keeps passes over equally many samples apart."""
        return self.net.forward(X, slot)

    def backward(self, done: ForwardPass, Y: Mapping[str, Array]) -> None:
        """Find the gradient of every network's cost, penalties included, after `forward`."""
        Z, A = done.Z[-1], done.A[-1]
        if len(self._losses) == 1:
            dZ = self._output_delta(self._losses[0][1], Z, A, Y)
        else:
            dZ = np.empty_like(Z)
            for rows, lane in self._losses:
                dZ[rows] = self._output_delta(lane, Z[rows], A[rows], Y)
        self.net.backward(done, dZ)
        if self._l2 is not None:
            self.net.grad += self._l2 * self.net.theta * self.net.weights
        if self._l1 is not None:
            self.net.grad += self._l1 * np.sign(self.net.theta) * self.net.weights

    def _output_delta(self, lane: Lane, Z: Array, A: Array, Y: Mapping[str, Array]) -> Array:
        """Return dZ[L]: the derivative of the cost by the pre-activations of the output."""
        loss = lane.settings.loss
        dZ = lane.objective.dZ(Z, A, Y[lane.coding], self.output, loss.numerics)
        if loss.reduction == "mean":
            dZ *= 1.0 / Z.shape[-2]
        elif loss.reduction != "sum":
            dZ *= reduction_factor(loss.reduction, *Z.shape[-2:])
        return dZ

    def update(self) -> list[Replica]:
        """Change the parameters; return the networks that could not go on, back at their last finite parameters."""
        np.copyto(self._backup, self.net.theta)
        for step in self._steps:
            step.state.count += 1
            step.optimizer.step(step.state, step.rate)
        self.updated = True
        return self._failed()

    def _failed(self) -> list[Replica]:
        """Return the networks whose parameters are no longer finite, after giving them back their last finite ones.

        A gradient that is not finite makes every optimiser's step not finite, so one look is enough; and a sum of
        squares is finite only where every number is, so that the usual look is one product.
        """
        if math.isfinite(self._flat.dot(self._flat)):
            return []
        failed = []
        for i, replica in enumerate(self.replicas):
            if not np.isfinite(replica.theta).all():
                replica.theta[...] = self._backup if self.alone else self._backup[i]
                failed.append(replica)
        return failed

    def last_step(self) -> Array:
        """Return the last change (replicas, P) of the parameters; nan before the first one in this group."""
        if not self.updated:
            return np.full_like(self.rows, np.nan)
        return self.rows - self._backup.reshape(self.rows.shape)

    def dissolve(self) -> None:
        """Give each network arrays of its own."""
        for replica in self.replicas:
            replica.leave_group()

    # Reading

    @cached_property
    def lanes(self) -> list[tuple[Lane, list[Replica], Rows]]:
        """The lanes with those of their networks that are here, and where these stand."""
        found: list[tuple[Lane, list[Replica], Rows]] = []
        start = 0
        for lane, members in groupby(self.replicas, key=lambda replica: replica.lane):
            here = list(members)
            rows: Rows = () if self.alone else slice(start, start + len(here)) if lane.several else start
            found.append((lane, here, rows))
            start += len(here)
        return found

    @cached_property
    def read_alike(self) -> list[tuple[list[Lane], Rows]]:
        """The lanes, neighbours that read the same of their outputs together, and where their networks stand."""
        found: list[tuple[list[Lane], Rows]] = []
        for key, members in groupby(self.lanes, key=lambda here: _reading_key(here[0])):
            lanes = list(members)
            if key is None or len(lanes) == 1:  # several networks each: a lane at a time
                found += [([lane], rows) for lane, _, rows in lanes]
            else:
                found.append(([lane for lane, _, _ in lanes], slice(lanes[0][2], lanes[-1][2] + 1)))
        return found

    def replicas_of(self, lane: Lane) -> list[Replica]:
        """Return those of a lane's networks that are here."""
        return next(replicas for each, replicas, _ in self.lanes if each is lane)

    def outputs_of(self, done: ForwardPass, replica: Replica) -> tuple[Array, Array]:
        """Return Z and A (m, n_out) of one network's last layer."""
        i = () if self.alone else self.replicas.index(replica)
        return done.Z[-1][i], done.A[-1][i]


def grouped(replicas: Iterable[Replica], dtype: DTypeLike) -> list[Group]:
    """Return groups of networks, one for each shape, in order of appearance."""
    shapes: dict[object, list[Replica]] = {}
    for replica in replicas:
        shapes.setdefault((replica.sizes, replica.activations), []).append(replica)
    return [Group(members, dtype) for members in shapes.values()]


def _reading_key(lane: Lane) -> tuple[object, ...] | None:
    """Return what is equal where lanes of one network read the same of their outputs; None for several networks."""
    if lane.several:
        return None
    loss = lane.settings.loss
    kinds = tuple((name, tuple(sorted(vars(kind).items()))) for name, kind in lane.kinds)
    return (lane.objective.name, lane.coding, loss.reduction, loss.numerics, kinds)


def _loss_key(replica: Replica) -> tuple[object, ...]:
    lane = replica.lane
    loss = lane.settings.loss  # not all of its parameters: some may be a monitor's, which must move no bit
    return (lane.objective.name, lane.coding, loss.reduction, loss.numerics, sorted(vars(lane.objective).items()))
