"""What all panels share: rows built from the table of settings, and the message they send."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from sandbox.data import Data
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.lanes import differing, letter, slots
from sandbox.experiment.document.settings import SETTINGS
from sandbox.nn.parameters import linear_stops, log_stops
from sandbox.ui.kit import Card, ControlRow, Item, MoreButton, NumberField
from sandbox.ui.lane_styles import value_words


@dataclass(frozen=True)
class Change:
    """A change that the user asks for.

    Attributes
    ----------
    key : str
        Dotted: "optimizer.learning_rate".
    value : object
        None asks for the default.
    final : bool
        False while a slider is dragged, so that a drag is undone in one step.
    """

    key: str
    value: object
    final: bool


class Panel(Card):
    """A card of settings. It shows them and asks for changes; it never applies any itself.

    Signals
    -------
    changed(Change)
        A change that the user asks for.
    refused(str)
        One sentence on why typed text was rejected.
    """

    changed = Signal(object)
    refused = Signal(str)

    def __init__(self, title: str, more: str) -> None:
        super().__init__(title)
        self.controls: dict[str, Any] = {}
        self.rows: dict[str, ControlRow] = {}
        self.more = MoreButton(more)
        self.header.addWidget(self.more)

    def show_settings(self, experiment: Experiment, data: Data | None, lane: str | None) -> None:
        """Show the settings of an experiment; emits nothing.

        Parameters
        ----------
        experiment : Experiment
        data : Data, optional
            The data once read; None before that.
        lane : str, optional
            Show the values of this lane.
        """
        task = None if data is None else data.task
        marked = differing(experiment, task)
        for key, control in self.controls.items():
            control.set_value(experiment.get(key, lane))
            self.rows[key].mark(_differences(experiment, key, task) if key in marked else "")

    def add(
        self,
        key: str,
        control: Any,
        *,
        text: str = "",
        above: bool = False,
        tight: bool = False,
        extras: Sequence[QWidget] = (),
        more: bool = False,
        applies: Callable[[], bool] = lambda: True,
        matters: Callable[[], bool] = lambda: False,
    ) -> ControlRow:
        """Add the row of a setting, with label and tooltip from the table.

        Parameters
        ----------
        key : str
        control : QWidget
            One of the kit's controls.
        text : str
            A label other than the table's.
        above, tight, extras
            As for `ControlRow`.
        more : bool
            Whether it is hidden behind "More".
        applies, matters : callable
            Whether a row behind "More" applies now; whether it is shown without opening "More".
        """
        setting = SETTINGS[key]
        row = ControlRow(text or setting.label, control, setting.summary, above=above, tight=tight, extras=extras)
        self.controls[key] = control
        self.rows[key] = row
        self.body.addWidget(row)
        control.changed.connect(lambda value, final: self.changed.emit(Change(key, value, final)))
        if hasattr(control, "refused"):
            control.refused.connect(self.refused)
        if more:
            self.more.add_row(row, applies, matters)
        return row


def _differences(experiment: Experiment, key: str, task: str | None) -> str:
    """Return each lane's value of a setting: "A rate 0.5, B rate 0.1"."""
    names = tuple(lane.name for lane in experiment.lanes)
    lane_slots = slots(names)
    return ", ".join(f"{letter(lane_slots[name][0])} {value_words(experiment, name, key, task)}" for name in names)


def number(key: str, stops: Sequence[float] = ()) -> NumberField:
    """Return the control of a number or whole number, with the table's bounds and its word for 0."""
    setting = SETTINGS[key]
    return NumberField(
        stops,
        low=setting.low,
        high=setting.high,
        above=setting.above,
        below=setting.below,
        integer=setting.kind == "integer",
        names={0: setting.zero} if setting.zero else None,
        name=setting.label,
    )


def parameter(key: str) -> NumberField:
    """Return the control of a loss or optimiser parameter: the table's stops, else hundredths up to 1, else decades."""
    setting = SETTINGS[key]
    stops = setting.stops
    if not stops and setting.high <= 1.0:
        low = setting.low + 0.01 if setting.above else setting.low
        stops = linear_stops(low, setting.high - 0.01 if setting.below else setting.high, 0.01)
    elif not stops:
        zero = setting.low == 0 and not setting.above
        stops = log_stops(max(setting.low, 1e-4), min(setting.high, 1e4), zero)
    return number(key, stops)


def registry_items(registry: Mapping[str, Any], names: Sequence[str] | None = None) -> list[Item]:
    """Return a registry as the items of a choice."""
    return [(name, registry[name].label, registry[name].summary) for name in names or registry]
