"""The data panel."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import PurePath

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QToolButton

from sandbox import words
from sandbox.data import DATASETS, Data, Dataset
from sandbox.data.canvas import INPUTS
from sandbox.data.features import offered
from sandbox.experiment.document import texts
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.lanes import scales_target
from sandbox.experiment.document.parts import DataSettings
from sandbox.experiment.document.settings import SETTINGS
from sandbox.nn.parameters import linear_stops
from sandbox.ui.kit import Choice, IconButton, Item, MultiChoice, SeedField, Toggle
from sandbox.ui.panels.base import Panel, number
from sandbox.ui.panels.datasets import DatasetChoice, dataset_items

_SAMPLES = (20, 30, 50, 75, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 1500, 2000, 3000, 5000, 10_000)
_WITH_DEFAULTS = ("samples", "noise", "fraction", "classes", "seed")  # of which each data set has its own defaults
_TASKS: list[Item] = [
    ("auto", "auto", "Decided by the target: text, or a few different whole numbers, means classes."),
    ("binary", "two classes", "The target says which of two classes a sample belongs to."),
    ("multiclass", "many classes", "The target says which of several classes a sample belongs to."),
    ("regression", "regression", "The target is a number to be predicted."),
]


_DRAW = "Turns the samples into points of your own, to add more, to move and to erase them."


class DataPanel(Panel):
    """The data that the networks learn from.

    Signals
    -------
    open_requested()
        The user wants to open a CSV file.
    draw_requested(bool)
        The user wants to draw points, or to stop.
    """

    open_requested = Signal()
    draw_requested = Signal(bool)

    def __init__(self) -> None:
        super().__init__("Data", "data settings")
        self._columns: tuple[str, ...] = ()
        self._source = ""
        self._built_in: Dataset | None = None
        self._regression = self._drawn = False
        self.open_button = QToolButton()
        self.open_button.setText("Open CSV\u2026")
        self.open_button.setProperty("role", "more")
        self.open_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.open_button.setToolTip("Opens your own CSV file to learn from.")
        self.open_button.clicked.connect(self.open_requested)
        self.header.insertWidget(0, self.open_button)
        self.draw_button = IconButton("pencil", _DRAW, "Draw points")
        self.draw_button.setCheckable(True)
        self.draw_button.clicked.connect(self.draw_requested)
        self.add("data.dataset", DatasetChoice()).append(self.draw_button)
        self.add("data.target", Choice())
        self.add("data.samples", number("data.samples", _SAMPLES))
        self.add("data.noise", number("data.noise", linear_stops(0.0, 1.0, 0.01)))
        low, high = SETTINGS["data.fraction"].low, SETTINGS["data.fraction"].high
        self.add(
            "data.fraction",
            number("data.fraction", linear_stops(low, high, 0.01)),
            text="Class 1 share",
            more=True,
            applies=lambda: self._takes("fraction"),
            matters=lambda: self._built_in is not None and self._built_in.fraction != 0.5,
        )
        self.add("data.classes", number("data.classes", range(2, 9)))
        self.add("data.test_fraction", number("data.test_fraction", linear_stops(0.0, 0.9, 0.05)))
        self.add(
            "data.label_noise",
            number("data.label_noise", linear_stops(0.0, 0.5, 0.05)),
            more=True,
            applies=lambda: not (self._regression or self._drawn),
        )
        self.add("data.task", Choice(_TASKS), more=True, applies=lambda: self._built_in is None and not self._drawn)
        self.add("data.seed", SeedField(name="Data seed"), more=True, applies=self._has_seed)
        self.add("data.standardize", Toggle(), more=True, applies=self._is_scaled)
        self.add(
            "data.standardize_target",
            Choice(_target_items(False)),
            text="Scale target",
            more=True,
            applies=lambda: self._regression,
        )
        self.add("data.features", _Features(), more=True)

    def _takes(self, name: str) -> bool:
        return self._built_in is not None and name in self._built_in.takes

    def _has_seed(self) -> bool:
        return not self._drawn if self._built_in is None else self._built_in.seed is not None

    def _is_scaled(self) -> bool:
        return self._built_in is None or self._built_in.scaled

    def show_settings(self, experiment: Experiment, data: Data | None, lane: str | None) -> None:
        settings = experiment.data
        built_in = DATASETS[settings.dataset] if settings.dataset else None
        self._built_in, self._drawn = built_in, settings.points is not None
        self._regression = data is not None and data.task == "regression"
        auto = dataclasses.replace(experiment, data=dataclasses.replace(settings, standardize_target="auto"))
        self.controls["data.standardize_target"].set_items(_target_items(scales_target(auto)))
        self._offer_sources(settings, data)
        for name in _WITH_DEFAULTS:
            if SETTINGS[f"data.{name}"].optional:
                default = getattr(built_in, name) if built_in else None
                self.controls[f"data.{name}"].set_default(1 if default is None and name == "seed" else default)
        super().show_settings(experiment, data, lane)
        if data is not None:
            names = data.target_names
            self.controls["data.target"].set_value(names[0] if len(names) == 1 else names)
            self.controls["data.features"].set_value(data.feature_names)
        for name in ("samples", "noise", "classes"):
            self.rows[f"data.{name}"].setVisible(self._takes(name))
        self.rows["data.classes"].setVisible(self._takes("classes") or (self._drawn and not self._regression))
        self.rows["data.test_fraction"].setVisible(built_in.tested if built_in is not None else not self._drawn)
        self.rows["data.target"].setVisible(built_in is None and not self._drawn)
        self.more.refresh()
        self.show_counts(data)

    def show_counts(self, data: Data | None) -> None:
        """Show the numbers of training and test samples."""
        train, test = (len(data.X_train), len(data.X_test)) if data is not None else (0, 0)
        self.set_subtitle(f"{train:,} + {test:,}" if test else f"{train:,}" if train else "")
        self.subtitle.setToolTip(f"{train:,} training and {words.count(test, 'test sample')}." if train else "")

    def _offer_sources(self, settings: DataSettings, data: Data | None) -> None:
        """List an opened file first among the data sets, and offer its columns as targets and features."""
        file = settings.file or ""
        own: list[Item] = [(None, PurePath(file).name, f"Your own table: {file}")] if file else []
        if self._drawn:
            own = [(None, texts.source_text(settings), "The points that are drawn in the boundary view.")]
        self.controls["data.dataset"].set_items((*own, *dataset_items()))
        if data is None:
            return
        # `data` has only the columns in use: keep those seen before in the same table.
        source = file or data.name
        earlier = self._columns if self._source == source else ()
        self._source = source
        built_in = self._built_in.features if self._built_in else ()
        if data.drawn is not None:
            built_in = INPUTS[: data.drawn.inputs]
        columns = tuple(dict.fromkeys((*earlier, *built_in, *data.inputs, *data.target_names)))
        self._columns = columns
        targets: list[Item] = [(name, name, f"Learns to predict {name}.") for name in columns]
        if len(data.target_names) > 1:
            targets.append((data.target_names, ", ".join(data.target_names), "Several columns at once."))
        self.controls["data.target"].set_items(targets)
        inputs = tuple(name for name in columns if name not in data.target_names)
        self.controls["data.features"].set_items(_feature_items(inputs, data.feature_names))


def _target_items(auto: bool) -> list[Item]:
    """Return the choices for the scale of the target, "auto" with what it means."""
    return [
        (
            "auto", f"{'on' if auto else 'off'} (auto)",
            "On for a table of your own if what each lane learns with measures a distance, and its output reaches any "
            "number.",
        ),
        (True, "on", "The network learns the target in standard deviations, and costs are in that unit."),
        (False, "off", "The network learns the target as it is."),
    ]  # fmt: skip


class _Features(MultiChoice):
    """The features; with none ticked, the data set's default."""

    def __init__(self) -> None:
        super().__init__(nothing="default")

    def report(self, value: tuple[object, ...]) -> None:
        self.changed.emit(value or None, True)

    def set_value(self, value: Sequence[object] | None) -> None:
        """Tick without emitting; None, before the data are read, ticks nothing."""
        super().set_value(value or ())


def _feature_items(inputs: tuple[str, ...], used: tuple[str, ...]) -> list[Item]:
    """Return the columns, functions of them if there are at most two, and the features in use."""
    names = dict.fromkeys((*offered(inputs), *used))
    return [(name, name, f"Gives the network {name} as an input.") for name in names]
