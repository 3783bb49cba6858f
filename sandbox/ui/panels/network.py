"""The network panel."""

from __future__ import annotations

from sandbox.data import Data
from sandbox.experiment.document.defaults import output_for
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.parts import NetworkSettings
from sandbox.experiment.document.settings import MOST_LAYERS, MOST_UNITS, SETTINGS
from sandbox.nn import ACTIVATIONS, INITIALIZERS
from sandbox.nn.parameters import log_stops
from sandbox.ui.kit import Choice, Item, LayersEditor, SeedField
from sandbox.ui.panels.base import Panel, number, registry_items

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
        self.add("network.target_coding", Choice(_CODINGS), more=True)
        replicas = number("run.replicas", _REPLICAS)
        self.add("run.replicas", replicas, more=True, matters=lambda: replicas.value() != 1)

    def show_settings(self, experiment: Experiment, data: Data | None, lane: str | None) -> None:
        chosen = experiment.get("network.activation", lane)
        activations = registry_items(ACTIVATIONS)
        if isinstance(chosen, tuple):
            labels = ", ".join(ACTIVATIONS[name].label for name in chosen if isinstance(name, str))
            activations.append((chosen, labels or "none", "Each hidden layer has its own activation."))
        self.controls["network.activation"].set_items(activations)
        network = experiment.lane(lane).network if lane else experiment.network
        self.controls["network.output"].set_items(_outputs(data))
        super().show_settings(experiment, data, lane)
        self.more.refresh()
        self.set_subtitle("" if data is None else sizes_text(_sizes(network.hidden, data)))


def sizes_text(sizes: tuple[int, ...]) -> str:
    """Return layer sizes as "2 - 6 - 4 - 1"."""
    return " - ".join(str(size) for size in sizes)


def _sizes(hidden: tuple[int, ...], data: Data) -> tuple[int, ...]:
    outputs = {"binary": 1, "multiclass": len(data.class_names)}.get(data.task, len(data.target_names))
    return (len(data.feature_names), *hidden, outputs)


def _outputs(data: Data | None) -> list[Item]:
    """Return the output activations, preceded by "auto" and the activation it means."""
    auto = "auto"
    if data is not None:
        auto = f"{ACTIVATIONS[output_for(NetworkSettings(), data.task)].label} (auto)"
    return [("auto", auto, "Uses the activation that suits the task."), *registry_items(ACTIVATIONS)]
