"""Lanes: one network in training each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from sandbox.arrays import Array
from sandbox.data import Data
from sandbox.experiment.document.defaults import SCORES, coding_for, objective_for, output_for
from sandbox.experiment.document.parts import Lane as LaneSettings
from sandbox.experiment.training.history import History
from sandbox.experiment.training.samples import CODES, Samples, output_units
from sandbox.nn import INITIALIZERS, LOSSES, METRICS, Loss, Metric, Network, OptimizerState
from sandbox.nn.losses import reduction_factor
from sandbox.nn.network import layer_views, parameter_count

LOW, HIGH = "|low", "|high"  # behind a column's name: its quartiles


@dataclass(eq=False)
class TrainingLane:
    """One network in training. A lane that trains several, from other initial weights each, is the first of them.

    Attributes
    ----------
    settings : Lane
        What the experiment says of it, after the edits so far.
    sizes, activations : tuple
        Of the network, with "auto" resolved.
    objective : Loss
    monitors : list of (name, Loss or Metric)
        All that is shown beside the objective, `accuracy` or `r2` last.
    compared : list of (name, Loss)
        What other lanes learn with, recorded too, so that all can be seen on one scale.
    coding : str
        How its targets are coded.
    theta : array (P,)
        Its parameters.
    tested : bool
        Whether there is a test part to be told about.
    memory : list of array (P,), count : int
        Its optimiser's.
    stopped : str
        Why it stopped; "" while it goes on.
    edited : int
        After how many updates it was last edited; -1 before any edit.
    history : History
        What was recorded. Of several networks it holds the median of each column and, under the column's name with
        LOW or HIGH behind it, the quartiles, over those that go on.
    replica : int
        Which of its lane's networks it is: it has drawn from the lane's seed plus this number.
    replicas : list of TrainingLane
        All networks of the lane, this one included; only the first has them.
    of : TrainingLane, optional
        The first of its lane's networks, where it is another.
    key : int
        Which lane of the run it is, whatever it is called and however it is edited.
    learned : tuple of (epoch, name)
        The losses that it has learned with so far, and from where on each.
    each : History, optional
        Where there are several networks: every column of every one of them, under its name and "#" and its number.
    """

    settings: LaneSettings
    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    objective: Loss
    monitors: list[tuple[str, Loss | Metric]]
    coding: str
    theta: Array
    compared: list[tuple[str, Loss]] = field(default_factory=list)
    tested: bool = False
    memory: list[Array] = field(default_factory=list)
    count: int = 0
    stopped: str = ""
    edited: int = -1
    history: History = field(default_factory=History)
    descent: OptimizerState | None = None  # of the group that trains it, which counts for it
    replica: int = 0
    replicas: list[TrainingLane] = field(default_factory=list, repr=False)
    of: TrainingLane | None = field(default=None, repr=False)
    key: int = 0
    each: History | None = None
    learned: tuple[tuple[float, str], ...] = ()

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def steps(self) -> int:
        """How many steps its optimiser has done since its memory was zero."""
        return self.count if self.descent is None else self.descent.count

    @property
    def first(self) -> TrainingLane:
        """The first of its lane's networks."""
        return self if self.of is None else self.of

    @property
    def ended(self) -> str:
        """Why the lane goes on no more: of several networks, why the first one stopped once all have; else ""."""
        going = any(not network.stopped for network in self.replicas)
        return "" if going else self.stopped

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
    def each_columns(self) -> tuple[str, ...]:
        """What is recorded of each of several networks: column by column, number by number."""
        return tuple(f"{name}#{r}" for name in self.columns for r in range(len(self.replicas)))

    def forget_columns(self) -> None:
        """Find out anew what is recorded of it."""
        for name in ("kinds", "columns", "spread_columns", "each_columns"):
            self.__dict__.pop(name, None)

    def parameters(self) -> dict[str, Array]:
        """Return copies of W1, b1, W2, ...: W of shape (n_out, n_in), b of shape (n_out,)."""
        named = {}
        for l, (W, b) in enumerate(zip(*layer_views(self.theta, self.sizes), strict=True), start=1):
            named[f"W{l}"], named[f"b{l}"] = W.copy(), b[0].copy()
        return named

    def penalties(self, thetas: Array, weights: Array) -> Array:
        """Return the penalty (k,) of several networks' parameters (k, P)."""
        l1, l2 = self.settings.optimizer.l1, self.settings.optimizer.l2
        W, penalties = thetas * weights, np.zeros(len(thetas))
        if l1:  # where it is 0, 0 times infinity must be nothing
            penalties += l1 * np.abs(W).sum(axis=-1)
        if l2:
            penalties += 0.5 * l2 * np.square(W).sum(axis=-1)
        return penalties

    def penalty(self, weights: Array) -> float:
        """Return l1 sum |W| + l2/2 sum W^2."""
        l1, l2 = self.settings.optimizer.l1, self.settings.optimizer.l2
        if not (l1 or l2):
            return 0.0
        W = self.theta * weights
        absolute = l1 * float(np.add.reduce(np.abs(W))) if l1 else 0.0
        return absolute + (0.5 * l2 * float(W @ W) if l2 else 0.0)

    def reading(self, name: str, kind: Loss | Metric, Z: Array, A: Array, samples: Samples, g: Any) -> Any:
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
            return np.add.reduce(elements, axis=(-2, -1)) * factor
        # Keras counts targets of 0 and 1; everything else follows the lane's own coding.
        coding = "zero_one" if kind.uses_zero_one else self.coding
        middle = 0.5 * sum(CODES[coding])
        if A.ndim == 3 and not kind.counted and len(A) <= Network.MOST_EXACT:
            return np.array([kind.value(each, samples.Y[coding], middle) for each in A])
        value = kind.value(A, samples.Y[coding], middle)
        return float(value) if A.ndim == 2 else value


def named_loss(name: str, parameters: Mapping[str, float]) -> Loss:
    """Return a loss by its registry name, with those of the parameters that are its own."""
    return LOSSES[name].tuned(parameters)


def build_lane(
    settings: LaneSettings, data: Data, theta: Array | None = None, draw: int | None = None, replica: int = 0
) -> TrainingLane:
    """Return a network at its initial parameters, or at `theta` where given.

    For `draw` and `replica` see `initial_parameters`.
    """
    network, loss = settings.network, settings.loss
    output = output_for(network, data.task)
    objective = objective_for(loss, data.task)
    sizes = (len(data.feature_names), *network.hidden, output_units(data))
    shown = [name for name in dict.fromkeys((*loss.monitors, SCORES[data.task])) if name != objective]
    return TrainingLane(
        settings=settings,
        sizes=sizes,
        activations=(*network.activations, output),
        objective=named_loss(objective, loss.parameters),
        monitors=[(name, METRICS[name]() if name in METRICS else named_loss(name, loss.parameters)) for name in shown],
        coding=coding_for(network, objective, output),
        theta=initial_parameters(settings, sizes, draw, replica) if theta is None else theta,
        tested=len(data.X_test) > 0,
        replica=replica,
        learned=((0.0, objective),),
    )


def as_lane(networks: list[TrainingLane], key: int) -> TrainingLane:
    """Return the first of a lane's networks, after telling each where it belongs."""
    first = networks[0]
    first.replicas, first.key = networks, key
    for network in networks[1:]:
        network.of = first
    if len(networks) > 1:
        first.each = History()
    return first


def initial_parameters(
    settings: LaneSettings, sizes: tuple[int, ...], draw: int | None = None, replica: int = 0
) -> Array:
    """Return theta (P,) drawn by the lane's initialiser and seed.

    `draw`, from 1, numbers the run's later draws; `replica` is added to the seed, so that it draws what a lane with
    that seed would.
    """
    network = settings.network
    seed = network.seed + replica
    rng = np.random.default_rng(seed if draw is None else (seed, draw))
    initializer = INITIALIZERS[network.initializer]()
    theta = np.zeros(parameter_count(sizes))
    for W in layer_views(theta, sizes)[0]:
        W[...] = network.initializer_scale * initializer.draw(rng, *W.shape)
    return theta


def resized_parameters(old: TrainingLane, sizes: tuple[int, ...], fresh: Array) -> Array:
    """Return `fresh` (of the new sizes) with the weights of every unit that stays put in its place.

    Hidden layers are matched from the input on, the output layer with the output layer; a weight stays where both of
    its ends do.
    """
    theta = fresh.copy()
    new_W, new_b = layer_views(theta, sizes)
    old_W, old_b = layer_views(old.theta, old.sizes)
    last_old, last_new = len(old_W) - 1, len(new_W) - 1
    for l in range(len(new_W)):
        is_output = l == last_new
        source = last_old if is_output else l
        if not is_output and l >= last_old:
            continue  # a layer that was not there before
        units = slice(0, min(old_b[source].shape[-1], new_b[l].shape[-1]))
        new_b[l][0, units] = old_b[source][0, units]
        if source == l:  # both have the same layer before them
            inputs = slice(0, min(old_W[source].shape[1], new_W[l].shape[1]))
            new_W[l][units, inputs] = old_W[source][units, inputs]
    return theta
