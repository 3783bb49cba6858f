"""Questions about a lane, and the probe that answers them: one network at one moment, apart from the training.

A view never touches the trainer. It asks a `Question`, a frozen value; the training thread answers it when it builds
a snapshot, and the answer, frozen too, comes back in that snapshot.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import cached_property
from typing import Protocol, TypeVar

import numpy as np

from sandbox.arrays import Array, Floats, read_only
from sandbox.data import Data
from sandbox.errors import InputError
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.training.frozen import frozen_places
from sandbox.experiment.training.history import History
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.pairs import Pairs
from sandbox.experiment.training.replica import Replica, initial_parameters
from sandbox.experiment.training.samples import Samples
from sandbox.experiment.training.spread import ReplicaHistory
from sandbox.experiment.training.weights import given_weights
from sandbox.nn import LOSSES, OPTIMIZERS, Activation, Loss, Network
from sandbox.nn.losses import reduction_factor
from sandbox.nn.network import ForwardPass, layer_views

Answer = TypeVar("Answer", covariant=True)


class Question(Protocol[Answer]):
    """What a view wants to know of one lane: a frozen dataclass, the key of its answer."""

    @property
    def lane(self) -> str:
        """The name of the lane."""

    def answer(self, probe: LaneProbe) -> Answer:
        """Return a frozen object of plain values and read-only arrays; None if there is nothing to answer."""


class RunView(Protocol):
    """The run that a probe belongs to."""

    @property
    def update(self) -> int:
        """Updates done."""

    @property
    def lanes(self) -> list[Lane]:
        """All lanes."""

    @property
    def pairs(self) -> Pairs:
        """The records of each pair of lanes."""

    @property
    def current(self) -> Experiment:
        """The settings in force."""

    @property
    def experiment(self) -> Experiment:
        """The experiment with the edits made while training added."""

    def past(self, lane: Lane, name: str, part: str) -> tuple[Floats, Floats]:
        """A loss or metric of a lane where its parameters were kept: epochs (k,), and values (k, networks)."""

    def probe(self, lane: str, replica: int | None = None) -> LaneProbe | None:
        """The probe of another lane; None if there is no such lane."""


class LaneProbe:
    """One network of a lane at this moment; results are computed once, on request, over all training samples.

    Attributes
    ----------
    lane : Lane
        Read-only, as is `replica`.
    replica : Replica
        The network that is examined.
    data : Data
    samples : Samples
        The training part.
    m : int
        How many training samples there are.
    run : RunView, optional
        The whole run, for questions about more than one lane.
    """

    def __init__(
        self,
        replica: Replica,
        data: Data,
        samples: Samples,
        next_batch: Callable[[], Samples],
        run: RunView | None = None,
    ) -> None:
        self.lane, self.replica = replica.lane, replica
        self.data, self.samples, self._next_batch, self.run = data, samples, next_batch, run
        self.m = len(samples)
        self._gradients: dict[tuple[str, bool], Array] = {}

    @property
    def history(self) -> History | ReplicaHistory:
        """The history of this network."""
        histories = self.lane.replica_history
        return self.lane.history if histories is None else ReplicaHistory(histories, self.replica.number)

    def at_start(self, replica: Replica) -> LaneProbe:
        """Return the probe of a network, of any lane, at its initial parameters but with its current settings."""
        settings, given = replica.lane.settings, None
        if self.run is not None:
            with contextlib.suppress(InputError):  # given for another shape: a run from here would draw them
                given = given_weights(settings.network, replica.sizes, self.run.current.locate)
        theta = initial_parameters(settings, replica.sizes, replica=replica.number) if given is None else given
        start = replica.copy()
        start.theta = theta.astype(self.samples.X.dtype)
        start.reset_memory()
        return LaneProbe(start, self.data, self.samples, self._next_batch, self.run)

    def on(self, samples: Samples) -> LaneProbe:
        """Return the probe of the same network over other samples."""
        return LaneProbe(self.replica, self.data, samples, self._next_batch, self.run)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units per layer, input first."""
        return self.replica.sizes

    @property
    def activations(self) -> tuple[str, ...]:
        """Registry names, one per layer after the input."""
        return self.replica.activations

    @property
    def objective(self) -> Loss:
        """The loss that the lane learns with."""
        return self.lane.objective

    @property
    def stopped(self) -> str:
        """Why the network stopped; "" while it is running."""
        return self.replica.stopped

    @cached_property
    def network(self) -> Network:
        """A copy of the network."""
        network = Network(self.sizes, self.activations, dtype=self.samples.X.dtype)
        network.theta[...] = self.replica.theta
        return network

    @cached_property
    def forward_pass(self) -> ForwardPass:
        """Z and A of every layer, for all training samples."""
        return self.network.forward(self.samples.X)

    @cached_property
    def batch(self) -> Samples:
        """The samples of the next update, in their order."""
        return self._next_batch()

    @property
    def X(self) -> Array:
        """The inputs (m, n_in), as the network sees them."""
        return self.samples.X[:-1].T

    @property
    def output(self) -> Activation:
        """The activation of the last layer."""
        return self.network.activations[-1]

    @property
    def numerics(self) -> str:
        """How logarithms are taken."""
        return self.lane.settings.loss.numerics

    def loss(self, name: str) -> Loss:
        """Return a loss with the lane's parameters; the objective itself for its own name."""
        if name == self.objective.name:
            return self.objective
        return LOSSES[name].tuned(self.lane.settings.loss.parameters)

    def coding_of(self, loss: Loss) -> str:
        """Return the coding that the lane would use if it learned with this loss: "zero_one" or "plus_minus_one"."""
        return self.lane.codings[loss.name]

    def targets(self, loss: Loss) -> Array:
        """Return Y (m, n_out) in the coding in which this loss is read."""
        return self.samples.Y[self.coding_of(loss)]

    def cost(self, loss: Loss | None = None) -> float:
        """Return the reduced loss without the penalty; of the objective by default."""
        loss = loss or self.objective
        elements = loss.elements(
            self.forward_pass.Z[-1], self.forward_pass.A[-1], self.targets(loss), self.output, self.numerics
        )
        return float(np.add.reduce(elements, axis=None)) * self.factor

    @property
    def factor(self) -> float:
        """What the summed losses are multiplied by: 1/m, 1 or 1/(m n_out)."""
        return reduction_factor(self.lane.settings.loss.reduction, self.m, self.sizes[-1])

    def dZ(self, loss: Loss | None = None) -> Array:
        """Return the derivative (m, n_out) of the cost with respect to Z[L]; of the objective by default."""
        loss = loss or self.objective
        dZ = loss.dZ(self.forward_pass.Z[-1], self.forward_pass.A[-1], self.targets(loss), self.output, self.numerics)
        return dZ * self.factor

    def penalty_gradient(self) -> Array | float:
        """Return what the penalties add to the gradient (P,); 0 without any."""
        optimizer, network = self.lane.settings.optimizer, self.network
        if not (optimizer.l1 or optimizer.l2):
            return 0.0
        gradient: Array = (optimizer.l2 * network.theta + optimizer.l1 * np.sign(network.theta)) * network.weights
        return gradient

    def gradient(self, loss: Loss | None = None, penalty: bool = True) -> Array:
        """Return the read-only gradient (P,) of the cost, with or without the penalty, in all parameters."""
        loss = loss or self.objective
        key = (loss.name, penalty)
        if key not in self._gradients:
            self.network.backward(self.forward_pass, self.dZ(loss))
            gradient = self.network.grad.copy()
            if penalty:
                gradient += self.penalty_gradient()
            self._gradients[key] = read_only(gradient)
        return self._gradients[key]

    def next_step(self, gradient: Array) -> Array:
        """Return the step (P,) that the optimiser would take now with a gradient (P,), penalty included."""
        settings, replica = self.lane.settings.optimizer, self.replica
        optimizer = OPTIMIZERS[settings.name].tuned(settings.parameters)
        theta, grad = replica.theta.astype(np.float64), gradient.astype(np.float64)
        memory = [slot.astype(np.float64) for slot in replica.memory]
        with np.errstate(all="ignore"):
            step = optimizer.next_step(theta, grad, self.network.weights, settings.learning_rate, memory, replica.steps)
        step[frozen_places(self.lane.settings.network.frozen, self.sizes)] = 0.0
        return step

    def views(self, flat: Array) -> tuple[list[Array], list[Array]]:
        """Return dW[l] (n_out, n_in) and db[l] (1, n_out), l = 1..L, of a flat gradient."""
        return layer_views(flat, self.sizes)
