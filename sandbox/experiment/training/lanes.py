"""Lanes: what a lane's settings mean for its networks, and what is recorded of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from sandbox.arrays import Array
from sandbox.data import Data
from sandbox.experiment.document.defaults import SCORES, coding_for, objective_for, output_for
from sandbox.experiment.document.parts import LaneSettings
from sandbox.experiment.training.history import History
from sandbox.experiment.training.replica import Replica, initial_parameters, resized_parameters
from sandbox.experiment.training.samples import CODES, Samples, output_units
from sandbox.experiment.training.spread import HIGH, LOW
from sandbox.nn import LOSSES, METRICS, Activation, Loss, Metric, Network
from sandbox.nn.losses import reduction_factor


@dataclass(eq=False)
class Lane:
    """One or several networks that are trained alike, from other initial weights each.

    Attributes
    ----------
    settings : LaneSettings
        What the experiment says of it, after the edits so far.
    key : int
        Which lane of the run it is, whatever it is called and however it is edited.
    objective : Loss
    monitors : list of (name, Loss or Metric)
        All that is shown beside the objective, the task's metric last.
    compared : list of (name, Loss)
        What other lanes learn with, recorded too, so that all can be seen on one scale.
    coding : str
        How its targets are coded.
    tested : bool
        Whether there is a test part to be recorded.
    replicas : list of Replica
    edited : int
        After how many updates it was last edited; -1 before any edit.
    learned : tuple of (epoch, name)
        The losses that it has learned with so far, and from where on each.
    history : History
        What was recorded. Of several networks it holds the median of each column and, under the column's name with
        LOW or HIGH behind it, the quartiles, over those that go on.
    replica_history : History, optional
        Of several networks: every column of every one of them, under its name and "#" and its number.
    """

    settings: LaneSettings
    key: int
    objective: Loss
    monitors: list[tuple[str, Loss | Metric]]
    coding: str
    tested: bool
    compared: list[tuple[str, Loss]] = field(default_factory=list)
    replicas: list[Replica] = field(default_factory=list)
    edited: int = -1
    learned: tuple[tuple[float, str], ...] = ()
    history: History = field(default_factory=History)
    replica_history: History | None = None

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units per layer of its first network, input first."""
        return self.replicas[0].sizes

    @property
    def activations(self) -> tuple[str, ...]:
        """The activations of its first network, one per layer after the input."""
        return self.replicas[0].activations

    @property
    def several(self) -> bool:
        """Whether it trains several networks."""
        return len(self.replicas) > 1

    @property
    def running(self) -> list[Replica]:
        """Its networks that go on."""
        return [replica for replica in self.replicas if not replica.stopped]

    @property
    def stopped(self) -> str:
        """Why it goes on no more: why its first network stopped, once all have; else ""."""
        return "" if self.running else self.replicas[0].stopped

    # What is recorded of it

    @cached_property
    def kinds(self) -> list[tuple[str, Loss | Metric]]:
        """All that is read of it, by name: the objective first."""
        return [(self.objective.name, self.objective), *self.monitors, *self.compared]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """What is recorded of it: the objective with the penalty, the penalty, and all that is shown."""
        shown = [name for name, _ in self.kinds]
        train = ("train_cost", "train_penalty", *(f"train_{name}" for name in shown))
        return (*train, "test_cost", *(f"test_{name}" for name in shown)) if self.tested else train

    @cached_property
    def spread_columns(self) -> tuple[str, ...]:
        """What is recorded of several networks together."""
        return (*self.columns, *(name + LOW for name in self.columns), *(name + HIGH for name in self.columns))

    @cached_property
    def replica_columns(self) -> tuple[str, ...]:
        """What is recorded of each of several networks: column by column, number by number."""
        return tuple(f"{name}#{r}" for name in self.columns for r in range(len(self.replicas)))

    def compare_with(self, losses: list[str]) -> None:
        """Record these losses, too."""
        if losses != [name for name, _ in self.compared]:
            self.compared = [(name, LOSSES[name].tuned(self.settings.loss.parameters)) for name in losses]
            self._find_columns()

    def _find_columns(self) -> None:
        for name in ("kinds", "columns", "spread_columns", "replica_columns"):
            self.__dict__.pop(name, None)

    def reading(
        self, name: str, kind: Loss | Metric, Z: Array, A: Array, samples: Samples, g: Activation
    ) -> float | Array:
        """Return one loss, reduced, or one metric over `samples`, given Z and A of the last layer.

        A number of one network (m, n_out), an array (k,) of several (k, m, n_out).
        """
        if isinstance(kind, Loss):
            coding = "plus_minus_one" if kind.plus_minus_one and kind is not self.objective else self.coding
            elements = kind.elements(Z, A, samples.Y[coding], g, self.settings.loss.numerics)
            factor = reduction_factor(self.settings.loss.reduction, *A.shape[-2:])
            if elements.ndim == 2:
                return float(np.add.reduce(elements, axis=None)) * factor
            if len(elements) <= Network.MOST_EXACT:  # summed one by one, as each would be alone
                return np.array([float(np.add.reduce(each, axis=None)) * factor for each in elements])
            return np.asarray(np.add.reduce(elements, axis=(-2, -1)) * factor)
        # Keras counts targets of 0 and 1; everything else follows the lane's own coding.
        coding = "zero_one" if kind.uses_zero_one else self.coding
        middle = 0.5 * sum(CODES[coding])
        if A.ndim == 3 and not kind.counted and len(A) <= Network.MOST_EXACT:
            return np.array([kind.value(each, samples.Y[coding], middle) for each in A])
        value = kind.value(A, samples.Y[coding], middle)
        return float(value) if A.ndim == 2 else value

    def penalty(self, theta: Array, weights: Array) -> float:
        """Return l1 sum |W| + l2/2 sum W^2 of one network's parameters (P,)."""
        l1, l2 = self.settings.optimizer.l1, self.settings.optimizer.l2
        if not (l1 or l2):
            return 0.0
        W = theta * weights
        absolute = l1 * float(np.add.reduce(np.abs(W))) if l1 else 0.0
        return absolute + (0.5 * l2 * float(W @ W) if l2 else 0.0)

    def penalties(self, thetas: Array, weights: Array) -> Array:
        """Return the penalty (k,) of several networks' parameters (k, P)."""
        l1, l2 = self.settings.optimizer.l1, self.settings.optimizer.l2
        W, penalties = thetas * weights, np.zeros(len(thetas))
        if l1:  # where it is 0, 0 times infinity must be nothing
            penalties += l1 * np.abs(W).sum(axis=-1)
        if l2:
            penalties += 0.5 * l2 * np.square(W).sum(axis=-1)
        return penalties

    # Changing it

    def follow(self, settings: LaneSettings, data: Data, update: int, epoch: float) -> None:
        """Take over the settings of an edit: its networks keep what still fits, and are resized where it does not.

        Parameters
        ----------
        settings : LaneSettings
        data : Data
        update : int
            After how many updates.
        epoch : float
            At which epoch, counting the part of the current one.
        """
        method, parameters = self.settings.optimizer.name, self.settings.loss.parameters
        meaning = _meaning(settings, data)
        self.settings, self.objective, self.monitors, self.coding = settings, *meaning
        self.edited = update
        sizes, activations = shape_of(settings, data)
        for replica in self.running:
            if sizes != replica.sizes:
                drawn = initial_parameters(settings, sizes, draw=update + 1, replica=replica.number)
                replica.theta, replica.sizes = resized_parameters(replica, sizes, drawn), sizes
                replica.reset_memory()
            replica.activations = activations
        if settings.optimizer.name != method:
            for replica in self.replicas:
                replica.reset_memory()
        before = tuple(each for each in self.learned if each[0] < epoch)
        if not before or before[-1][1] != self.objective.name:
            before = (*before, (epoch, self.objective.name))
        self.learned = before
        if settings.loss.parameters != parameters:
            self.compared = []  # they have the old parameters
        self._find_columns()

    def copy(self, settings: LaneSettings, key: int) -> Lane:
        """Return a lane with the same networks, memory and history, under a name and a key of its own."""
        copied = Lane(
            settings, key, self.objective, list(self.monitors), self.coding, self.tested, list(self.compared),
            edited=self.edited, learned=self.learned, history=self.history.copy(),
            replica_history=None if self.replica_history is None else self.replica_history.copy(),
        )  # fmt: skip
        copied.replicas = [replica.copy(copied) for replica in self.replicas]
        return copied


def build_lane(settings: LaneSettings, data: Data, replicas: int = 1, key: int = 0) -> Lane:
    """Return a lane whose networks are at their initial parameters."""
    objective, monitors, coding = _meaning(settings, data)
    lane = Lane(settings, key, objective, monitors, coding, len(data.X_test) > 0, learned=((0.0, objective.name),))
    sizes, activations = shape_of(settings, data)
    lane.replicas = [
        Replica(lane, number, sizes, activations, initial_parameters(settings, sizes, replica=number))
        for number in range(replicas)
    ]
    if replicas > 1:
        lane.replica_history = History()
    return lane


def shape_of(settings: LaneSettings, data: Data) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return units per layer, input first, and the activations of the layers after the input."""
    network = settings.network
    sizes = (len(data.feature_names), *network.hidden, output_units(data))
    return sizes, (*network.activations, output_for(network, data.task))


def _meaning(settings: LaneSettings, data: Data) -> tuple[Loss, list[tuple[str, Loss | Metric]], str]:
    """Return objective, monitors and coding of targets."""
    network, loss = settings.network, settings.loss
    objective = objective_for(loss, data.task)
    shown = [name for name in dict.fromkeys((*loss.monitors, SCORES[data.task])) if name != objective]
    monitors: list[tuple[str, Loss | Metric]] = [
        (name, METRICS[name]() if name in METRICS else LOSSES[name].tuned(loss.parameters)) for name in shown
    ]
    coding = coding_for(network, objective, output_for(network, data.task))
    return LOSSES[objective].tuned(loss.parameters), monitors, coding
