"""Lanes: what their settings mean for their networks, and which columns are recorded."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from sandbox.arrays import Array
from sandbox.data import Data
from sandbox.experiment.document.defaults import SCORES, coding_for, objective_for, output_for
from sandbox.experiment.document.parts import LaneSettings, LossSettings
from sandbox.experiment.document.units import Units
from sandbox.experiment.training.history import History
from sandbox.experiment.training.replica import Replica, drawn_for, initial_parameters, origins_of, resized_parameters
from sandbox.experiment.training.samples import CODES, Samples, output_units
from sandbox.experiment.training.scales import Terms, continued, terms_of
from sandbox.experiment.training.spread import HIGH, LOW
from sandbox.experiment.training.timeline import Timeline
from sandbox.nn import LOSSES, METRICS, Activation, Loss, Metric, Network
from sandbox.nn.losses import reduction_factor
from sandbox.nn.network import parameter_count


@dataclass(eq=False)
class Lane:
    """One or several networks that are trained alike, each from its own initial weights.

    Attributes
    ----------
    settings : LaneSettings
        Its settings after the edits so far.
    key : int
        Identifies the lane within the run, whatever its name and its edits.
    objective : Loss
    monitors : list of (name, Loss or Metric)
        Everything shown besides the objective, the task's metric last.
    compared : list of (name, Loss)
        The objectives of other lanes, recorded too, so that all lanes can be shown on one scale.
    codings : mapping of str to str
        The coding of the targets in which each loss is read, by the name of the loss.
    tested : bool
        Whether there is a test part to record.
    replicas : list of Replica
    edited : int
        Updates done when it was last edited; -1 before any edit.
    learned : tuple of (epoch, name)
        The losses that it has learned with so far, each with the epoch at which it began.
    terms : tuple of Terms
        How its losses have been read so far.
    stopped_at : float
        Where it stopped: epochs done, counting the part of the last one.
    only : set of str, optional
        While the rest of its history is known from an earlier run, the losses that are recorded.
    rests : bool
        Whether it is not trained, because all of its training is known from an earlier run.
    history : History
        The recorded values. For several networks, the median of each column over those still running and, under
        the column's name plus LOW or HIGH, the quartiles.
    replica_history : History, optional
        For several networks: every column of each, under the column's name plus "#" and the network's number.
    timeline : Timeline
        Its parameters at some epochs, if a person watches: the past of what is shown later.
    """

    settings: LaneSettings
    key: int
    objective: Loss
    monitors: list[tuple[str, Loss | Metric]]
    codings: Mapping[str, str]
    tested: bool
    compared: list[tuple[str, Loss]] = field(default_factory=list)
    replicas: list[Replica] = field(default_factory=list)
    edited: int = -1
    learned: tuple[tuple[float, str], ...] = ()
    terms: tuple[Terms, ...] = ()
    stopped_at: float = math.inf
    only: frozenset[str] | None = None
    rests: bool = False
    history: History = field(default_factory=History)
    replica_history: History | None = None
    timeline: Timeline = field(default_factory=Timeline)

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def coding(self) -> str:
        """The coding of the targets that it learns."""
        return self.codings[self.objective.name]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units per layer of its first network, input first."""
        return self.replicas[0].sizes

    @property
    def activations(self) -> tuple[str, ...]:
        """The activations of its first network, one per layer after the input."""
        return self.replicas[0].activations

    @property
    def has_replicas(self) -> bool:
        """Whether it trains several networks."""
        return len(self.replicas) > 1

    @property
    def running(self) -> list[Replica]:
        """Its networks that have not stopped."""
        return [replica for replica in self.replicas if not replica.stopped]

    @property
    def stopped(self) -> str:
        """Why the lane stopped: once all networks have, the reason of the first; else ""."""
        return "" if self.running else self.replicas[0].stopped

    # Recording

    @cached_property
    def kinds(self) -> list[tuple[str, Loss | Metric]]:
        """Its recorded losses and metrics with their names, the objective first."""
        kinds = [(self.objective.name, self.objective), *self.monitors, *self.compared]
        return kinds if self.only is None else [(name, kind) for name, kind in kinds if name in self.only]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns recorded: the objective plus the penalty, the penalty, and every loss and metric."""
        shown = [name for name, _ in self.kinds]
        costs = [["train_cost", "train_penalty"], ["test_cost"]] if self.only is None else [[], []]
        train = (*costs[0], *(f"train_{name}" for name in shown))
        return (*train, *costs[1], *(f"test_{name}" for name in shown)) if self.tested else train

    @cached_property
    def spread_columns(self) -> tuple[str, ...]:
        """The columns recorded for several networks together."""
        return (*self.columns, *(name + LOW for name in self.columns), *(name + HIGH for name in self.columns))

    @cached_property
    def replica_columns(self) -> tuple[str, ...]:
        """The columns recorded for each of several networks: by column, then by network number."""
        return tuple(f"{name}#{r}" for name in self.columns for r in range(len(self.replicas)))

    def record_only(self, losses: Iterable[str] | None) -> None:
        """Record only these losses from now on; with None, everything."""
        self.only = None if losses is None else frozenset(losses)
        self._reset_columns()

    def adopt(self, known: Lane) -> None:
        """Adopt what is known from an earlier run: its history, completed by what was recorded here, and the rest."""
        if self.only:
            self.history = known.history.completed(self.history)
            if known.replica_history is not None and self.replica_history is not None:
                self.replica_history = known.replica_history.completed(self.replica_history)
        else:
            self.history, self.replica_history = known.history, known.replica_history
        self.timeline = known.timeline
        if self.rests:  # its settings, too, are those at which it may have stopped
            self.rests, self.replicas = False, [replica.copy(self) for replica in known.replicas]
            for name in ("settings", "objective", "monitors", "codings", "edited", "learned", "terms", "stopped_at"):
                setattr(self, name, getattr(known, name))
        self.record_only(None)

    def compare_with(self, losses: list[str]) -> None:
        """Record these losses too."""
        if losses != [name for name, _ in self.compared]:
            self.compared = [(name, LOSSES[name].tuned(self.settings.loss.parameters)) for name in losses]
            self._reset_columns()

    def _reset_columns(self) -> None:
        for name in ("kinds", "columns", "spread_columns", "replica_columns"):
            self.__dict__.pop(name, None)

    def reading(
        self, name: str, kind: Loss | Metric, Z: Array, A: Array, samples: Samples, g: Activation
    ) -> float | Array:
        """Return one loss, reduced, or one metric over `samples`, given Z and A of the last layer.

        A number for one network (m, n_out), an array (k,) for several (k, m, n_out).
        """
        if isinstance(kind, Loss):
            elements = kind.elements(Z, A, samples.Y[self.codings[name]], g, self.settings.loss.numerics)
            factor = reduction_factor(self.settings.loss.reduction, *A.shape[-2:])
            if elements.ndim == 2:
                return float(np.add.reduce(elements, axis=None)) * factor
            if len(elements) <= Network.MOST_EXACT:  # summed one by one, as each would be alone
                return np.array([float(np.add.reduce(one, axis=None)) * factor for one in elements])
            return np.asarray(np.add.reduce(elements, axis=(-2, -1)) * factor)
        # Keras counts targets of 0 and 1; everything else follows the lane's own coding.
        coding = "zero_one" if kind.uses_zero_one else self.coding
        middle = 0.5 * sum(CODES[coding])
        if A.ndim == 3 and not kind.counts_samples and len(A) <= Network.MOST_EXACT:
            return np.array([kind.value(one, samples.Y[coding], middle) for one in A])
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
        if l1:  # skipped if 0, since 0 times infinity would be nan
            penalties += l1 * np.abs(W).sum(axis=-1)
        if l2:
            penalties += 0.5 * l2 * np.square(W).sum(axis=-1)
        return penalties

    # Changing it

    def follow(
        self,
        settings: LaneSettings,
        data: Data,
        update: int,
        epoch: float,
        inputs: tuple[int, ...] | None = None,
        units: Units | None = None,
    ) -> bool:
        """Adopt the settings of an edit; its networks keep the weights that still fit, and are resized if needed.

        Parameters
        ----------
        settings : LaneSettings
        data : Data
        update : int
            Updates done.
        epoch : float
            Epochs done, counting the part of the current one.
        inputs : tuple of int, optional
            If the features are others: what number each of them had before, `NEW` for none.
        units : mapping, optional
            Which units and layers the edit removes and adds.

        Returns
        -------
        bool
            Whether its networks have another shape, or other inputs.
        """
        method, parameters = self.settings.optimizer.name, self.settings.loss.parameters
        resolved = _resolved(settings, data)
        self.settings, self.objective, self.monitors, self.codings = settings, *resolved
        self.tested = len(data.X_test) > 0
        self.edited = update
        self.terms = continued(self.terms, _terms(self, data, epoch))
        shape = sizes, activations = shape_of(settings, data)
        moved = inputs is not None or bool(units)
        reshaped = moved or any((replica.sizes, replica.activations) != shape for replica in self.running)
        for replica in self.running:
            if moved or sizes != replica.sizes:
                origins = origins_of(replica.sizes, sizes, inputs, units)
                drawn = drawn_for(settings, sizes, update, origins, replica.number)
                replica.theta = resized_parameters(replica.theta, replica.sizes, sizes, drawn, origins)
                replica.sizes = sizes
                replica.reset_memory()
            replica.activations = activations
        if settings.optimizer.name != method:
            for replica in self.replicas:
                replica.reset_memory()
        learned = tuple((start, name) for start, name in self.learned if start < epoch)
        if not learned or learned[-1][1] != self.objective.name:
            learned = (*learned, (epoch, self.objective.name))
        self.learned = learned
        if settings.loss.parameters != parameters:
            self.compared = []  # they have the old parameters
        self._reset_columns()
        return reshaped

    def reconnect_stopped(self, inputs: tuple[int, ...]) -> None:
        """Let networks that have stopped take other inputs, numbered as for `follow`: they can still be shown."""
        for replica in self.replicas:
            if replica.stopped:
                sizes = (len(inputs), *replica.sizes[1:])
                origins = origins_of(replica.sizes, sizes, inputs)
                drawn = np.zeros(parameter_count(sizes))
                replica.theta = resized_parameters(replica.theta, replica.sizes, sizes, drawn, origins)
                replica.sizes, replica.before = sizes, None
                replica.reset_memory()

    def copy(self, settings: LaneSettings, key: int) -> Lane:
        """Return a copy of the lane with its networks, memory and history, but another name and key."""
        copied = Lane(
            settings, key, self.objective, list(self.monitors), self.codings, self.tested, list(self.compared),
            edited=self.edited, learned=self.learned, terms=self.terms, stopped_at=self.stopped_at,
            history=self.history.copy(),
            replica_history=None if self.replica_history is None else self.replica_history.copy(),
            timeline=self.timeline.copy(),
        )  # fmt: skip
        copied.replicas = [replica.copy(copied) for replica in self.replicas]
        return copied


def build_lane(settings: LaneSettings, data: Data, replicas: int = 1, key: int = 0) -> Lane:
    """Return a lane whose networks are at their initial parameters."""
    objective, monitors, codings = _resolved(settings, data)
    lane = Lane(settings, key, objective, monitors, codings, len(data.X_test) > 0, learned=((0.0, objective.name),))
    lane.terms = (_terms(lane, data, 0.0),)
    sizes, activations = shape_of(settings, data)
    lane.replicas = [
        Replica(lane, number, sizes, activations, initial_parameters(settings, sizes, replica=number))
        for number in range(replicas)
    ]
    if replicas > 1:
        lane.replica_history = History()
    return lane


def _terms(lane: Lane, data: Data, epoch: float) -> Terms:
    """Return how a lane's losses are read from an epoch on."""
    loss = lane.settings.loss
    return terms_of(epoch, loss.reduction, lane.codings, loss.parameters, data)


def shape_of(settings: LaneSettings, data: Data) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return units per layer, input first, and the activations of the layers after the input."""
    network = settings.network
    sizes = (len(data.feature_names), *network.hidden, output_units(data))
    return sizes, (*network.activations, output_for(network, settings.loss, data.task))


def recorded_names(loss: LossSettings, task: str) -> list[str]:
    """Return the losses and metrics that a lane records by itself: the objective first, the task's metric last."""
    return list(dict.fromkeys((objective_for(loss, task), *loss.monitors, SCORES[task])))


def _resolved(settings: LaneSettings, data: Data) -> tuple[Loss, list[tuple[str, Loss | Metric]], Mapping[str, str]]:
    """Return the objective, the monitors and each loss's coding of targets, with "auto" resolved."""
    network, loss = settings.network, settings.loss
    objective = objective_for(loss, data.task)
    shown = recorded_names(loss, data.task)[1:]
    monitors: list[tuple[str, Loss | Metric]] = [
        (name, METRICS[name]() if name in METRICS else LOSSES[name].tuned(loss.parameters)) for name in shown
    ]
    output = output_for(network, loss, data.task)
    codings = {name: coding_for(network, name, output) for name in LOSSES}
    return LOSSES[objective].tuned(loss.parameters), monitors, codings
