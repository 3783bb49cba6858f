"""The network panel."""

from __future__ import annotations

from sandbox.data import Data
from sandbox.errors import InputError
from sandbox.experiment.document.defaults import output_for
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.parts import LossSettings, NetworkSettings
from sandbox.experiment.document.settings import MOST_LAYERS, MOST_UNITS, SETTINGS
from sandbox.experiment.training.lanes import shape_of
from sandbox.experiment.training.replica import initial_parameters
from sandbox.experiment.training.weights import given_weights
from sandbox.nn import ACTIVATIONS, INITIALIZERS
from sandbox.nn.parameters import log_stops
from sandbox.ui.kit import Choice, Item, LayersEditor, SeedField
from sandbox.ui.panels.base import Panel, number, registry_items
from sandbox.ui.panels.weights import WeightsButton

_CODINGS: list[Item] = [
    ("auto", "auto", "Uses the coding that suits the loss to learn with and the output."),
    ("zero_one", "0 and 1", "The classes are 0 and 1, as for sigmoid and softmax outputs."),
    ("plus_minus_one", "\u22121 and +1", "The classes are -1 and +1, as the hinge losses and tanh need."),
]


_REPLICAS = (1, 2, 4, 8, 16, 32, 64)


class NetworkPanel(Panel):
    """Layers, activations and initial weights."""

    def __init__(self) -> None:
        super().__init__("Network", "network settings")
        self.add("network.hidden", LayersEditor(MOST_LAYERS, MOST_UNITS), text="Hidden", tight=True)
        self.add("network.activation", Choice(registry_items(ACTIVATIONS)))
        self.add("network.output", Choice())
        self.add("network.initializer", Choice(registry_items(INITIALIZERS)), more=True)
        self.add(
            "network.initializer_scale",
            number("network.initializer_scale", log_stops(1e-3, 1e2, zero=True)),
            text="Scale",
            more=True,
        )
        self.add("network.seed", SeedField(name=SETTINGS["network.seed"].label), more=True)
        self.weights = WeightsButton()
        self.weights.opening.connect(self._open_weights)
        self.add("network.initial", self.weights, more=True, matters=lambda: bool(self.weights.value()))
        self._shown: tuple[Experiment, Data, str] | None = None
        self.add("network.target_coding", Choice(_CODINGS), more=True)
        replicas = number("run.replicas", _REPLICAS)
        self.add("run.replicas", replicas, more=True, matters=lambda: replicas.value() != 1)

    def _open_weights(self) -> None:
        """Open the table of the initial weights of the lane in view."""
        if self._shown is None:
            return
        experiment, data, lane = self._shown
        settings = experiment.lane(lane)
        sizes, _ = shape_of(settings, data)
        try:
            theta = given_weights(settings.network, sizes, experiment.locate)
        except InputError as error:
            self.refused.emit(str(error))
            return
        self.weights.edit(initial_parameters(settings, sizes) if theta is None else theta, sizes, data.feature_names)

    def show_settings(self, experiment: Experiment, data: Data | None, lane: str | None) -> None:
        self._shown = None if data is None else (experiment, data, lane or experiment.lanes[0].name)
        chosen = experiment.get("network.activation", lane)
        activations = registry_items(ACTIVATIONS)
        if isinstance(chosen, tuple):
            labels = ", ".join(ACTIVATIONS[name].label for name in chosen if isinstance(name, str))
            activations.append((chosen, labels or "none", "Each hidden layer has its own activation."))
        self.controls["network.activation"].set_items(activations)
        shown = experiment.lane(lane) if lane else experiment
        network = shown.network
        self.controls["network.output"].set_items(_outputs(shown.loss, data))
        super().show_settings(experiment, data, lane)
        self.more.refresh()
        self.set_subtitle("" if data is None else sizes_text(_sizes(network.hidden, data)))


def sizes_text(sizes: tuple[int, ...]) -> str:
    """Return layer sizes as "2 - 6 - 4 - 1"."""
    return " - ".join(str(size) for size in sizes)


def _sizes(hidden: tuple[int, ...], data: Data) -> tuple[int, ...]:
    outputs = {"binary": 1, "multiclass": len(data.class_names)}.get(data.task, len(data.target_names))
    return (len(data.feature_names), *hidden, outputs)


def _outputs(loss: LossSettings, data: Data | None) -> list[Item]:
    """Return the output activations, preceded by "auto" and the activation it means."""
    auto = "auto"
    if data is not None:
        auto = f"{ACTIVATIONS[output_for(NetworkSettings(), loss, data.task)].label} (auto)"
    return [
        ("auto", auto, "Uses the activation that suits the task and the loss to learn with."),
        *registry_items(ACTIVATIONS),
    ]
