"""The loss panel: what the network learns with beside what is only shown, the central idea of the program."""

from __future__ import annotations

from PySide6.QtCore import Signal

from sandbox.data import Data
from sandbox.experiment.document.defaults import objective_for
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.parts import LossSettings
from sandbox.experiment.document.settings import SETTINGS
from sandbox.experiment.lens.answers import about_monitors, about_objective
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.nn import LOSSES, METRICS, NUMERICS, REDUCTIONS
from sandbox.ui.kit import Choice, Item, LineGlyph, MultiChoice, label
from sandbox.ui.panels.answer import AnswerBox
from sandbox.ui.panels.base import Panel, parameter, registry_items
from sandbox.ui.session import MOST_LANES

_REDUCTIONS = {"mean": "mean over samples", "sum": "sum over samples", "element_mean": "mean over elements"}
_WEIGHT, _SHORT_NAME = "loss.positive_weight", 8  # letters for which there is room beside the control
_OFF = {_WEIGHT: 1.0, "loss.label_smoothing": 0.0}  # the values that change nothing


class LossPanel(Panel):
    """The objective beside the monitors, each with the line it is drawn with, and what a change of it did.

    Signals
    -------
    beside_requested()
        Train the loss in view from the start, beside the one that the weights were found by.
    """

    beside_requested = Signal()

    def __init__(self) -> None:
        super().__init__("Loss", "loss settings")
        self.found_by = AnswerBox(
            "Which loss found the weights",
            "Train it from the start\nbeside this one",
            "Starts both from the same weights, on the same data and batches, for as long as this run, and shows where "
            "they differ.",
        )
        self.only_shown = AnswerBox("What a change of the losses shown did")
        self.found_by.acted.connect(self.beside_requested)
        self.add(
            "loss.objective",
            Choice(),
            above=True,
            extras=(LineGlyph(dashed=False), label("decides every update", "hint")),
        )
        self.body.addWidget(self.found_by)
        self.add(
            "loss.monitors",
            MultiChoice(_shown_losses()),
            above=True,
            extras=(LineGlyph(dashed=True), label("only shown", "hint")),
        )
        self.body.addWidget(self.only_shown)
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
        learned = objective or loss.objective  # it is shown already
        self.controls["loss.monitors"].set_items(_shown_losses(learned))
        super().show_settings(experiment, data, lane)
        self._name_weight(data)
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

    def _name_weight(self, data: Data | None) -> None:
        """Say which class the weight of the positive class is of: its name, once it is known."""
        setting = SETTINGS[_WEIGHT]
        if data is None or data.task != "binary" or data.class_names == ("0", "1"):
            self.rows[_WEIGHT].name(setting.label, setting.summary)
            return
        other, one = data.class_names
        text = f"Weight of {one}" if len(one) <= _SHORT_NAME else setting.label
        summary = f"How much more a sample of \u201c{one}\u201d counts than one of \u201c{other}\u201d."
        self.rows[_WEIGHT].name(text, summary)

    def show_answers(self, snapshot: Snapshot, lane: str) -> None:
        """Say what the last change of the loss did to a lane, and which losses found its weights."""
        state = snapshot.lane(lane)
        found_by = None if state is None else about_objective(state, snapshot.epoch_position, snapshot.effect)
        self.found_by.show_answer(found_by, found_by is not None and bool(found_by.proof))
        self.only_shown.show_answer(about_monitors(snapshot.effect, lane))
        self.found_by.button.setEnabled(len(snapshot.lanes) < MOST_LANES)


def _shown_losses(learned: str = "") -> list[Item]:
    """Return all losses and metrics but the loss that is learned with, which is shown already."""
    return [item for item in (*registry_items(LOSSES), *registry_items(METRICS)) if item[0] != learned]


def _objectives(data: Data | None) -> list[Item]:
    """Return the losses, preceded by "auto" and the loss it means."""
    auto = "auto"
    if data is not None:
        auto = f"{LOSSES[objective_for(LossSettings(), data.task)].label} (auto)"
    return [("auto", auto, "Uses the loss that suits the task."), *registry_items(LOSSES)]


def _described(registry: dict[str, str], labels: dict[str, str]) -> list[Item]:
    return [(name, labels.get(name, name), summary) for name, summary in registry.items()]
