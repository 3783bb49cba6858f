"""The loss panel: what the network learns with beside what is only shown, the central idea of the program."""

from __future__ import annotations

from sandbox.data import Data
from sandbox.experiment.document.defaults import objective_for
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.parts import LossSettings
from sandbox.nn import LOSSES, METRICS, NUMERICS, REDUCTIONS
from sandbox.ui.kit import Choice, Item, LineGlyph, MultiChoice, label
from sandbox.ui.panels.base import Panel, parameter, registry_items

_REDUCTIONS = {"mean": "mean over samples", "sum": "sum over samples", "element_mean": "mean over elements"}
_OFF = {"loss.positive_weight": 1.0, "loss.label_smoothing": 0.0}  # the values that change nothing


class LossPanel(Panel):
    """The objective beside the monitors, each with the line it is drawn with."""

    def __init__(self) -> None:
        super().__init__("Loss", "loss settings")
        self.add(
            "loss.objective",
            Choice(),
            text="Learn with",
            above=True,
            extras=(LineGlyph(dashed=False), label("decides every update", "hint")),
        )
        self.add(
            "loss.monitors",
            MultiChoice([*registry_items(LOSSES), *registry_items(METRICS)]),
            text="Also show",
            above=True,
            extras=(LineGlyph(dashed=True), label("only shown", "hint")),
        )
        self._used: set[str] = set()
        self._owners: dict[str, list[str]] = {}
        for name, loss in LOSSES.items():
            for param in loss.parameters:
                self._owners.setdefault(f"loss.{param.name}", []).append(name)
        for key in self._owners:
            self._add_parameter(key)
        self.add("loss.reduction", Choice(_described(REDUCTIONS, _REDUCTIONS)), more=True)
        self.add("loss.numerics", Choice(_described(NUMERICS, {})), more=True)

    def _add_parameter(self, key: str) -> None:
        """Show a parameter if a loss in use has it; outside "More" unless it is at a value that turns it off."""
        control = parameter(key)
        off = _OFF.get(key)
        self.add(
            key,
            control,
            text="Smoothing" if key == "loss.label_smoothing" else "",
            more=True,
            applies=lambda: key in self._used,
            matters=lambda: off is None or control.value() != off,
        )

    def show_settings(self, experiment: Experiment, data: Data | None, lane: str | None) -> None:
        loss = experiment.lane(lane).loss if lane else experiment.loss
        objective = None if data is None else objective_for(loss, data.task)
        self.controls["loss.objective"].set_items(_objectives(data))
        super().show_settings(experiment, data, lane)
        in_use = (objective or loss.objective, *loss.monitors)
        self._used.clear()
        for key, owners in self._owners.items():
            used = [name for name in in_use if name in owners]
            if used:
                self._used.add(key)
            if used and experiment.get(key, lane) is None:
                defaults = {param.name: param.default for param in LOSSES[used[0]].parameters}
                self.controls[key].set_value(defaults[key.removeprefix("loss.")])
        self.more.refresh()


def _objectives(data: Data | None) -> list[Item]:
    """Return the losses, preceded by "auto" and the loss it means."""
    auto = "auto"
    if data is not None:
        auto = f"{LOSSES[objective_for(LossSettings(), data.task)].label} (auto)"
    return [("auto", auto, "Uses the loss that suits the task."), *registry_items(LOSSES)]


def _described(registry: dict[str, str], labels: dict[str, str]) -> list[Item]:
    return [(name, labels.get(name, name), summary) for name, summary in registry.items()]
