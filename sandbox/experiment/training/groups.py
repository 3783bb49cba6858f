"""Groups: networks of one shape, computed side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from sandbox.arrays import Array
from sandbox.experiment.training.lanes import TrainingLane
from sandbox.nn import OPTIMIZERS, Network, OptimizerState
from sandbox.nn.losses import reduction_factor
from sandbox.nn.network import ForwardPass


@dataclass
class _Part:
    """Neighbouring lanes of a group that share one loss, or one optimiser."""

    lanes: slice | tuple[()]  # the index of their rows; () where there is one lane and so no axis for them
    leader: TrainingLane


class Group:
    """Networks of one shape, computed side by side: lanes, and the networks of each lane, which stand together.

    Up to `Network.MOST_EXACT` of them have the bits that each would have alone; in a larger group, which takes
    replicas, they are equal to those up to rounding (1e-9 over thousands of updates).
    """

    def __init__(self, lanes: Sequence[TrainingLane], dtype: DTypeLike) -> None:
        self.lanes = list(lanes)
        first = self.lanes[0]
        self.alone = len(self.lanes) == 1
        self.net = Network(first.sizes, first.activations, None if self.alone else len(self.lanes), dtype)
        self.outputs = self.net.activations[-1]
        self._backup = np.empty_like(self.net.theta)
        self._flat = self.net.theta.reshape(-1)
        self._l1 = self._column([lane.settings.optimizer.l1 for lane in self.lanes])
        self._l2 = self._column([lane.settings.optimizer.l2 for lane in self.lanes])
        self._take_in()
        self._losses = self._parts(_loss_key)
        self._steps = [
            (part, self._optimizer(part.leader), self._descent(part), self._rate(part))
            for part in self._parts(self._step_key)
        ]
        self.fresh = True  # whether no update has been done yet in this group

    def _column(self, values: list[float]) -> Any:
        if not any(values):
            return None
        return values[0] if self.alone else np.array(values, self.net.dtype)[:, None]

    def _take_in(self) -> None:
        """Copy the lanes' parameters in, and let each lane's own array be its row here."""
        for i, lane in enumerate(self.lanes):
            row = self.net.theta if self.alone else self.net.theta[i]
            row[...] = lane.theta
            lane.theta = row

    def _parts(self, key: Any) -> list[_Part]:
        if self.alone:
            return [_Part((), self.lanes[0])]
        numbered = groupby(enumerate(self.lanes), key=lambda item: key(item[1]))
        runs = [[i for i, _ in members] for _, members in numbered]
        return [_Part(slice(run[0], run[-1] + 1), self.lanes[run[0]]) for run in runs]

    def _members(self, part: _Part) -> list[TrainingLane]:
        return self.lanes[part.lanes] if isinstance(part.lanes, slice) else self.lanes

    def _optimizer(self, lane: TrainingLane) -> Any:
        return OPTIMIZERS[lane.settings.optimizer.name].tuned(lane.settings.optimizer.parameters)

    def _step_key(self, lane: TrainingLane) -> tuple[object, ...]:
        optimizer = lane.settings.optimizer
        # In single precision a column of rates would round where a number does not.
        rate = optimizer.learning_rate if self.net.dtype == np.float32 else None
        return (optimizer.name, lane.count, rate, sorted(optimizer.parameters.items()))

    def _rate(self, part: _Part) -> Any:
        """Return the learning rate: a number, or a column where the lanes of a part differ in it."""
        rates = [lane.settings.optimizer.learning_rate for lane in self._members(part)]
        return rates[0] if len(set(rates)) == 1 else np.array(rates, self.net.dtype)[:, None]

    def _descent(self, part: _Part) -> OptimizerState:
        net, slots = self.net, len(OPTIMIZERS[part.leader.settings.optimizer.name].memory)
        theta = net.theta[part.lanes]
        memory = [np.zeros_like(theta) for _ in range(slots)]
        for i, lane in enumerate(self._members(part)):
            for k, slot in enumerate(memory):
                row = slot if self.alone else slot[i]
                if k < len(lane.memory):
                    row[...] = lane.memory[k]
            lane.memory = [slot if self.alone else slot[i] for slot in memory]
        descent = OptimizerState(
            theta, net.grad[part.lanes], np.empty_like(theta), net.weights, memory, part.leader.count
        )
        for lane in self._members(part):
            lane.descent = descent
        return descent

    def forward(self, X: Array, slot: int = 0) -> ForwardPass:
        """Return Z and A of every layer; `slot` keeps passes over equally many samples apart."""
        return self.net.forward(X, slot)

    def learn(self, done: ForwardPass, Y: Mapping[str, Array]) -> list[TrainingLane]:
        """Do one update after `forward`; return the lanes that could not, put back to where they were."""
        net = self.net
        Z, A = done.Z[-1], done.A[-1]
        if len(self._losses) == 1:
            dZ = self._delta(self._losses[0], Z, A, Y)
        else:
            dZ = np.empty_like(Z)
            for part in self._losses:
                dZ[part.lanes] = self._delta(part, Z[part.lanes], A[part.lanes], Y)
        net.backward(done, dZ)
        if self._l1 is not None or self._l2 is not None:
            self._penalise()
        np.copyto(self._backup, net.theta)
        for _, optimizer, descent, rate in self._steps:
            descent.count += 1
            optimizer.step(descent, rate)
        self.fresh = False
        return self._failed()

    def _delta(self, part: _Part, Z: Array, A: Array, Y: Mapping[str, Array]) -> Array:
        lane = part.leader
        loss = lane.settings.loss
        dZ = lane.objective.dZ(Z, A, Y[lane.coding], self.outputs, loss.numerics)
        if loss.reduction == "mean":
            dZ *= 1.0 / Z.shape[-2]
        elif loss.reduction != "sum":
            dZ *= reduction_factor(loss.reduction, *Z.shape[-2:])
        return dZ

    def _penalise(self) -> None:
        net = self.net
        if self._l2 is not None:
            net.grad += self._l2 * net.theta * net.weights
        if self._l1 is not None:
            net.grad += self._l1 * np.sign(net.theta) * net.weights

    def _failed(self) -> list[TrainingLane]:
        """Return the lanes whose parameters are no longer finite, after giving them back their last finite ones.

        A gradient that is not finite makes every optimiser's step not finite, so one look is enough; and a sum of
        squares is finite only where every number is, so that the usual look is one product.
        """
        if math.isfinite(self._flat.dot(self._flat)):
            return []
        failed = []
        for i, lane in enumerate(self.lanes):
            if not np.isfinite(lane.theta).all():
                lane.theta[...] = self._backup if self.alone else self._backup[i]
                failed.append(lane)
        return failed

    def release(self) -> None:
        """Give each lane arrays of its own, so that the group can be dissolved."""
        for part, _, descent, _ in self._steps:
            for lane in self._members(part):
                lane.count, lane.descent = descent.count, None
        for lane in self.lanes:
            lane.theta = lane.theta.copy()
            lane.memory = [slot.copy() for slot in lane.memory]

    @cached_property
    def families(self) -> list[tuple[TrainingLane, list[TrainingLane], Any]]:
        """The lanes with those of their networks that are here, and the index of these: rows, or one of them."""
        found = []
        for _, members in groupby(enumerate(self.lanes), key=lambda item: item[1].name):
            rows, networks = zip(*members, strict=True)
            first = networks[0].first
            index: Any = () if self.alone else slice(rows[0], rows[-1] + 1) if len(first.replicas) > 1 else rows[0]
            found.append((first, list(networks), index))
        return found

    @cached_property
    def alike(self) -> list[tuple[list[TrainingLane], Any]]:
        """The lanes, those in a row that read the same of their outputs together, and the index of their networks."""
        found: list[tuple[list[TrainingLane], Any]] = []
        for key, members in groupby(self.families, key=lambda family: _reading_key(family[0])):
            lanes = list(members)
            if key is None or len(lanes) == 1:  # several networks each: a lane at a time
                found += [([lane], index) for lane, _, index in lanes]
            else:
                found.append(([lane for lane, _, _ in lanes], slice(lanes[0][2], lanes[-1][2] + 1)))
        return found

    def networks_of(self, lane: TrainingLane) -> list[TrainingLane]:
        """Return those of a lane's networks that are here."""
        return next(networks for first, networks, _ in self.families if first is lane)

    def lane_outputs(self, done: ForwardPass, lane: TrainingLane) -> tuple[Array, Array]:
        """Return Z and A (m, n_out) of one network's last layer."""
        i = () if self.alone else self.lanes.index(lane)
        return done.Z[-1][i], done.A[-1][i]

    def last_step(self) -> Array:
        """Return the last change (lanes, P) of the parameters; nan where there was none in this group."""
        if self.fresh:
            return np.full_like(self.rows, np.nan)
        return self.rows - self._backup.reshape(self.rows.shape)

    @property
    def rows(self) -> Array:
        """The parameters (lanes, P)."""
        return self.net.theta.reshape(len(self.lanes), -1)


def _reading_key(lane: TrainingLane) -> tuple[object, ...] | None:
    """Return what is equal where lanes of one network are told of by the same numbers; None for several networks."""
    if len(lane.replicas) > 1:
        return None
    loss = lane.settings.loss
    kinds = tuple((name, tuple(sorted(vars(kind).items()))) for name, kind in lane.kinds)
    return (lane.objective.name, lane.coding, loss.reduction, loss.numerics, kinds)


def _loss_key(lane: TrainingLane) -> tuple[object, ...]:
    loss = lane.settings.loss  # not all of its parameters: some may be a monitor's, which must move no bit
    return (lane.objective.name, lane.coding, loss.reduction, loss.numerics, sorted(vars(lane.objective).items()))
