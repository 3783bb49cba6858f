"""The optimiser panel."""

from __future__ import annotations

from sandbox.data import Data
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.settings import SETTINGS
from sandbox.nn import OPTIMIZERS
from sandbox.nn.parameters import log_stops
from sandbox.ui.kit import Choice, SeedField, Toggle
from sandbox.ui.panels.base import Panel, number, parameter, registry_items

_BATCHES = (1, 2, 5, 10, 16, 20, 32, 50, 64, 100, 128, 200, 256, 500, 1000, 2000, 5000, 10_000)


class OptimizerPanel(Panel):
    """How gradients become updates."""

    def __init__(self) -> None:
        super().__init__("Optimiser", "optimiser settings")
        self._in_batches = False
        self.add("optimizer.name", Choice(registry_items(OPTIMIZERS)))
        self.add("optimizer.learning_rate", number("optimizer.learning_rate", log_stops(1e-5, 1e2)))
        parameters = (param for method in OPTIMIZERS.values() for param in method.parameters)
        self._parameters = tuple(dict.fromkeys(f"optimizer.{param.name}" for param in parameters))
        for key in self._parameters:
            self.add(key, parameter(key))
        self.add("optimizer.batch_size", number("optimizer.batch_size", (*_BATCHES, 0)))
        penalty = log_stops(1e-6, 1.0, zero=True)
        self.add("optimizer.l2", number("optimizer.l2", penalty))
        l1 = number("optimizer.l1", penalty)
        self.add("optimizer.l1", l1, more=True, matters=lambda: bool(l1.value()))
        self.add("optimizer.shuffle", Toggle(), more=True, applies=lambda: self._in_batches)
        self.add(
            "optimizer.seed",
            SeedField(name=SETTINGS["optimizer.seed"].label),
            more=True,
            applies=lambda: self._in_batches,
        )

    def show_settings(self, experiment: Experiment, data: Data | None, lane: str | None) -> None:
        size = experiment.optimizer.batch_size
        if data is not None:
            smaller = [batch for batch in _BATCHES if batch < len(data.X_train)]
            self.controls["optimizer.batch_size"].set_stops((*smaller, 0))
        self._in_batches = size != 0
        super().show_settings(experiment, data, lane)
        in_use = {param.name for param in OPTIMIZERS[str(experiment.get("optimizer.name", lane))].parameters}
        for key in self._parameters:
            self.rows[key].setVisible(key.removeprefix("optimizer.") in in_use)
        self.more.refresh()
