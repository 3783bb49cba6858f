"""The parts of an experiment, as frozen values. `settings` and `rules` say what is allowed in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.data.canvas import Points, Scaling
from sandbox.experiment.document.frozen import FrozenMapping
from sandbox.experiment.document.settings import SETTINGS, Value


def _default(key: str) -> Any:
    return SETTINGS[key].default


def _freeze(owner: object, name: str) -> None:
    object.__setattr__(owner, name, FrozenMapping(getattr(owner, name)))


@dataclass(frozen=True)
class DataSettings:
    """Where the samples come from; None takes the data set's default."""

    dataset: str | None = _default("data.dataset")
    file: str | None = _default("data.file")
    points: Points | None = None
    test_points: Points | None = None
    scaling: Scaling | None = None
    target: str | tuple[str, ...] | None = _default("data.target")
    task: str = _default("data.task")
    samples: int | None = _default("data.samples")
    noise: float | None = _default("data.noise")
    fraction: float = _default("data.fraction")
    classes: int = _default("data.classes")
    test_fraction: float = _default("data.test_fraction")
    label_noise: float = _default("data.label_noise")
    standardize: bool = _default("data.standardize")
    standardize_target: bool | str = _default("data.standardize_target")
    features: tuple[str, ...] | None = _default("data.features")
    seed: int | None = _default("data.seed")


@dataclass(frozen=True)
class NetworkSettings:
    """The layers and their initial parameters."""

    hidden: tuple[int, ...] = _default("network.hidden")
    activation: str | tuple[str, ...] = _default("network.activation")
    output: str = _default("network.output")
    target_coding: str = _default("network.target_coding")
    initializer: str = _default("network.initializer")
    initializer_scale: float = _default("network.initializer_scale")
    seed: int = _default("network.seed")
    weights: str | None = _default("network.weights")
    initial: tuple[float, ...] = _default("network.initial")
    frozen: tuple[str, ...] = _default("network.frozen")

    @property
    def is_drawn(self) -> bool:
        """Whether the initial weights are drawn, not typed or read from a file."""
        return self.weights is None and not self.initial

    @property
    def activations(self) -> tuple[str, ...]:
        """The activation of each hidden layer."""
        return (self.activation,) * len(self.hidden) if isinstance(self.activation, str) else self.activation


@dataclass(frozen=True)
class LossSettings:
    """The objective and the monitors; `parameters` holds only those given explicitly."""

    objective: str = _default("loss.objective")
    monitors: tuple[str, ...] = _default("loss.monitors")
    reduction: str = _default("loss.reduction")
    numerics: str = _default("loss.numerics")
    parameters: Mapping[str, float] = field(default_factory=FrozenMapping)

    def __post_init__(self) -> None:
        _freeze(self, "parameters")


@dataclass(frozen=True)
class OptimizerSettings:
    """How gradients become updates; `parameters` holds only those given, the others are the method's defaults."""

    name: str = _default("optimizer.name")
    learning_rate: float = _default("optimizer.learning_rate")
    batch_size: int = _default("optimizer.batch_size")
    shuffle: bool = _default("optimizer.shuffle")
    seed: int = _default("optimizer.seed")
    l1: float = _default("optimizer.l1")
    l2: float = _default("optimizer.l2")
    parameters: Mapping[str, float] = field(default_factory=FrozenMapping)

    def __post_init__(self) -> None:
        _freeze(self, "parameters")


@dataclass(frozen=True)
class RunSettings:
    """Length, precision and number of replicas."""

    epochs: int = _default("run.epochs")
    precision: str = _default("run.precision")
    replicas: int = _default("run.replicas")


@dataclass(frozen=True)
class LaneEntry:
    """A lane as written in an experiment file: its name and, by dotted key, the settings that differ."""

    name: str
    changes: Mapping[str, Value] = field(default_factory=FrozenMapping)

    def __post_init__(self) -> None:
        _freeze(self, "changes")


@dataclass(frozen=True)
class Edit:
    """A change made while training: after `update` updates, in one lane, or in all if None.

    `changes` are settings by dotted key; `units` are the names of the units and layers that are "removed" and "added",
    where other hidden layers alone do not say which; `weights` are single weights and biases by name, set after that.
    """

    update: int
    changes: Mapping[str, Value] = field(default_factory=FrozenMapping)
    lane: str | None = None
    weights: Mapping[str, float] = field(default_factory=FrozenMapping)
    units: Mapping[str, tuple[str, ...]] = field(default_factory=FrozenMapping)

    def __post_init__(self) -> None:
        for name in ("changes", "weights", "units"):
            _freeze(self, name)

    @property
    def is_in_place(self) -> bool:
        """Whether it changes the network that is there, also before the first update: no other run begins with it."""
        return bool(self.weights or self.units) or "data.features" in self.changes

    @property
    def keys(self) -> frozenset[str]:
        """What it changes: the keys of settings, and "weights"."""
        return frozenset(self.changes) | ({"weights"} if self.weights else frozenset())


@dataclass(frozen=True)
class LaneSettings:
    """A lane with all its settings: its own changes applied to the experiment's."""

    name: str
    network: NetworkSettings
    loss: LossSettings
    optimizer: OptimizerSettings
