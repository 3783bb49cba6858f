"""Lanes: one network in training each, and the groups in which lanes of one shape are computed together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from sandbox.arrays import Array
from sandbox.data import Data
from sandbox.experiment.document.defaults import SCORES, coding_for, objective_for, output_for
from sandbox.experiment.document.parts import Lane as LaneSettings
from sandbox.experiment.training.history import History
from sandbox.nn import INITIALIZERS, LOSSES, METRICS, OPTIMIZERS, Loss, Metric, Network, OptimizerState
from sandbox.nn.losses import reduction_factor
from sandbox.nn.network import ForwardPass, layer_views, parameter_count

CODES = {"zero_one": (0.0, 1.0), "plus_minus_one": (-1.0, 1.0)}
LOW, HIGH = "|low", "|high"  # behind a column's name: its quartiles


def output_units(data: Data) -> int:
    """Return how many output units the task asks for: one per class or target, a single one for two classes."""
    if data.task == "regression":
        return len(data.target_names)
    return 1 if data.task == "binary" else len(data.class_names)


def coded_targets(y: Array, data: Data, dtype: DTypeLike) -> dict[str, Array]:
    """Return Y (m, n_out) for each coding; regression targets are the same in both.

    Units follow each other in memory, as in Z and A, so that numpy goes through all of them in one way.
    """
    if data.task == "regression":
        Y = np.asfortranarray(y.reshape(len(y), len(data.target_names)), dtype)
        return dict.fromkeys(CODES, Y)
    classes = np.arange(1, 2) if data.task == "binary" else np.arange(len(data.class_names))
    hot = np.asfortranarray(y[:, None] == classes, dtype)
    return {coding: low + (high - low) * hot for coding, (low, high) in CODES.items()}


@dataclass
class Samples:
    """A part of the data as the networks take it: [X; 1] (n_in + 1, m), and Y (m, n_out) by coding."""

    X: Array
    Y: dict[str, Array]

    def __len__(self) -> int:
        return int(self.X.shape[1])


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
