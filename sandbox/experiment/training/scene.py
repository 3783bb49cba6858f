"""What a question about a lane is asked of: its numbers at one moment, apart from the training's own buffers.

A view never touches the trainer. It asks a `Question`, a frozen value; the thread that trains answers it when it
builds a snapshot, and the answer, frozen too, comes back in it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from sandbox.arrays import Array
from sandbox.data import Data
from sandbox.experiment.document.defaults import coding_for
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.training.history import History
from sandbox.experiment.training.lanes import TrainingLane, initial_parameters, named_loss
from sandbox.experiment.training.pairs import Pairs
from sandbox.experiment.training.replicas import ReplicaHistory
from sandbox.experiment.training.samples import Samples
from sandbox.experiment.training.weights import load_weights
from sandbox.nn import Activation, Loss, Network
from sandbox.nn.losses import reduction_factor
from sandbox.nn.network import ForwardPass, layer_views


class Question(Protocol):
    """What a view wants to know of one lane: a frozen dataclass, the key of its answer."""

    @property
    def lane(self) -> str:
        """The name of the lane."""

    def answer(self, scene: Scene) -> Any:
        """Return a frozen object of plain values and read-only arrays."""


class Stage(Protocol):
    """The run that a scene is of."""

    @property
    def update(self) -> int:
        """Updates done."""

    @property
    def lanes(self) -> list[TrainingLane]:
        """All lanes."""

    @property
    def pairs(self) -> Pairs:
        """What is known of every two lanes."""

    @property
    def current(self) -> Experiment:
        """The settings in force."""

    def scene(self, lane: str, replica: int | None = None) -> Scene | None:
        """The scene of another lane; None where there is no such lane."""


class Scene:
    """One lane at this moment; what is asked for is computed once, over all training samples.

    Attributes
    ----------
    lane : TrainingLane
        Only to be read.
    data : Data
    samples : Samples
        The training part.
    m : int
        How many training samples there are.
    others : Stage, optional
        The whole run, where a question is about more than one lane.
    """

    def __init__(
        self, lane: TrainingLane, data: Data, samples: Samples, peek: Callable[[], Samples], others: Stage | None = None
    ) -> None:
        self.lane, self.data, self.samples, self._peek, self.others = lane, data, samples, peek, others
        self.m = len(samples)
        self._gradients: dict[tuple[str, bool], Array] = {}

    @property
    def history(self) -> History | ReplicaHistory:
        """What was recorded of this very network."""
        each = self.lane.first.each
        return self.lane.history if each is None else ReplicaHistory(each, self.lane.replica)

    def at_start(self, network: TrainingLane) -> Scene:
        """Return the scene of a network of any lane at its initial parameters, with its settings of now."""
        theta = initial_parameters(network.settings, network.sizes, replica=network.replica)
        weights = network.settings.network.weights
        if weights is not None and self.others is not None:
            theta = load_weights(self.others.current.locate(weights), network.sizes)
        start = dataclasses.replace(network, theta=theta.astype(self.samples.X.dtype), memory=[], descent=None)
        return Scene(start, self.data, self.samples, self._peek, self.others)

    @cached_property
    def network(self) -> Network:
        """A copy of the lane's network."""
        network = Network(self.lane.sizes, self.lane.activations, dtype=self.samples.X.dtype)
        network.theta[...] = self.lane.theta
        return network

    @cached_property
    def done(self) -> ForwardPass:
        """Z and A of every layer, for all training samples."""
        return self.network.forward(self.samples.X)

    @cached_property
    def batch(self) -> Samples:
        """The samples of the next update, in their order."""
        return self._peek()

    @property
    def X(self) -> Array:
        """The inputs (m, n_in), as the network sees them."""
        return self.samples.X[:-1].T

    @property
    def output(self) -> Activation:
        """The activation of the last layer."""
        return self.network.activations[-1]

    def loss(self, name: str) -> Loss:
        """Return a loss with the lane's parameters; the objective itself for its own name."""
        if name == self.lane.objective.name:
            return self.lane.objective
        return named_loss(name, self.lane.settings.loss.parameters)

    def coding_of(self, loss: Loss) -> str:
        """Return "zero_one" or "plus_minus_one": as the lane would code its targets if it learned with this loss."""
        if loss is self.lane.objective:
            return self.lane.coding
        return coding_for(self.lane.settings.network, loss.name, self.output.name)

    def targets(self, loss: Loss) -> Array:
        """Return Y (m, n_out): as the lane codes it, but -1 and +1 for a hinge that is not the objective."""
        recoded = loss.plus_minus_one and loss is not self.lane.objective
        return self.samples.Y["plus_minus_one" if recoded else self.lane.coding]

    def cost(self, loss: Loss | None = None) -> float:
        """Return the reduced loss without the penalty; of the objective by default."""
        loss = loss or self.lane.objective
        Z, A = self.done.Z[-1], self.done.A[-1]
        elements = loss.elements(Z, A, self.targets(loss), self.output, self.lane.settings.loss.numerics)
        return float(np.add.reduce(elements, axis=None)) * self.factor

    @property
    def factor(self) -> float:
        """What the summed losses are multiplied by: 1/m, 1 or 1/(m n_out)."""
        return reduction_factor(self.lane.settings.loss.reduction, self.m, self.lane.sizes[-1])

    def dZ(self, loss: Loss | None = None) -> Array:
        """Return the derivative (m, n_out) of the cost by Z[L]; of the objective by default."""
        loss = loss or self.lane.objective
        Z, A = self.done.Z[-1], self.done.A[-1]
        return loss.dZ(Z, A, self.targets(loss), self.output, self.lane.settings.loss.numerics) * self.factor

    def gradient(self, loss: Loss | None = None, penalty: bool = True) -> Array:
        """Return the derivative (P,) of the cost, with or without the penalty, by all parameters; read-only."""
        loss = loss or self.lane.objective
        key = (loss.name, penalty)
        if key not in self._gradients:
            network, optimizer = self.network, self.lane.settings.optimizer
            network.backward(self.done, self.dZ(loss))
            gradient = network.grad.copy()
            if penalty:
                gradient += (optimizer.l2 * network.theta + optimizer.l1 * np.sign(network.theta)) * network.weights
            gradient.setflags(write=False)
            self._gradients[key] = gradient
        return self._gradients[key]

    def views(self, flat: Array) -> tuple[list[Array], list[Array]]:
        """Return dW[l] (n_out, n_in) and db[l] (1, n_out), l = 1..L, of a flat gradient."""
        return layer_views(flat, self.lane.sizes)
