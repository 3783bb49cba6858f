"""The menu that adds a lane: like the one in view, but for one thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from sandbox import words
from sandbox.experiment import Experiment
from sandbox.experiment.document.frozen import FrozenMapping
from sandbox.experiment.document.lanes import in_force
from sandbox.experiment.document.settings import SETTINGS, Value
from sandbox.nn import ACTIVATIONS, LOSSES, OPTIMIZERS

_FACTORS = ((10.0, "10 times"), (3.0, "3 times"), (1.0 / 3.0, "a third"), (0.1, "a tenth"))  # of the learning rate
_MOST_UNITS = 16  # in a layer that is offered


@dataclass(frozen=True)
class Choice:
    """One entry: the submenu that it is in ("" for none), its text, a sentence about it, and what differs."""

    group: str
    text: str
    summary: str
    changes: Mapping[str, Any]


def new_lane_choices(experiment: Experiment, lane: str, task: str | None) -> list[Choice]:
    """Return the lanes that can be added with one setting other than a lane's; `task` says what "auto" means."""
    return [
        *_kinds("Another loss", "loss.objective", LOSSES, experiment, lane, task),
        *_rates(experiment, lane),
        *_kinds("Another optimiser", "optimizer.name", OPTIMIZERS, experiment, lane, task),
        *_kinds("Another activation", "network.activation", ACTIVATIONS, experiment, lane, task),
        *_kinds("Another output", "network.output", ACTIVATIONS, experiment, lane, task),
        *_layers(experiment, lane),
        *_seed(experiment, lane),
    ]


def _kinds(
    group: str, key: str, registry: Mapping[str, Any], experiment: Experiment, lane: str, task: str | None
) -> Iterable[Choice]:
    value = in_force(experiment, key, lane, task)
    if key == "network.activation" and not experiment.get("network.hidden", lane):
        return
    for name, kind in registry.items():
        if name != value:
            yield Choice(group, kind.label, kind.summary, FrozenMapping({key: name}))


def _rates(experiment: Experiment, lane: str) -> Iterable[Choice]:
    key, group = "optimizer.learning_rate", "Another learning rate"
    setting, rate = SETTINGS[key], float(str(experiment.get(key, lane)))
    for factor, name in _FACTORS:
        value = float(f"{rate * factor:.2g}")
        if setting.low < value <= setting.high:
            yield Choice(group, f"{words.number(value)}  ({name})", "", FrozenMapping({key: value}))


def _layers(experiment: Experiment, lane: str) -> Iterable[Choice]:
    group = "Other layers"
    hidden = experiment.lane(lane).network.hidden
    options: dict[tuple[int, ...], str] = {(): "no hidden layer"}
    if hidden:
        last = hidden[-1]
        options |= {hidden[:-1]: "one layer less", (*hidden, last): "one layer more"}
        options |= {tuple(2 * n for n in hidden): "twice the units"} if max(hidden) <= _MOST_UNITS else {}
    else:
        options[(4,)] = "one hidden layer"
    for sizes, name in options.items():
        if sizes != hidden:
            text = " - ".join(map(str, sizes)) + f"  ({name})" if sizes else words.capital(name)
            yield Choice(group, text, "", FrozenMapping(_with_layers(experiment, lane, sizes)))


def _with_layers(experiment: Experiment, lane: str, sizes: tuple[int, ...]) -> dict[str, Value]:
    """Return the change of the hidden layers, and of their activations if each has its own."""
    names = experiment.get("network.activation", lane)
    changes: dict[str, Value] = {"network.hidden": sizes}
    if isinstance(names, tuple):
        fill = names[-1] if names else SETTINGS["network.activation"].default
        changes["network.activation"] = (*names, *(fill,) * len(sizes))[: len(sizes)]
    return changes


def _seed(experiment: Experiment, lane: str) -> Iterable[Choice]:
    network = experiment.lane(lane).network
    if network.weights is None:
        changes = {"network.seed": network.seed + experiment.run.replicas}
        yield Choice("", "Other initial weights", "Drawn from another seed.", FrozenMapping(changes))


class NewLaneButton(QToolButton):
    """Opens the menu of lanes that can be added.

    Signals
    -------
    opening()
        The menu is about to open: `offer` what it should contain.
    lane_requested(object)
        A lane like the one in view, from the same initial weights, with these changes.
    copy_requested()
        A copy of the lane in view as it is now.
    """

    opening = Signal()
    lane_requested = Signal(object)
    copy_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText("+ Lane")
        self.setProperty("role", "more")
        self.setAccessibleName("New lane")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.lane_menu = QMenu(self)
        self.lane_menu.setToolTipsVisible(True)
        self.groups: dict[str, QMenu] = {}
        self.entries: dict[tuple[str, str], QAction] = {}
        self.clicked.connect(self.open_menu)

    def open_menu(self) -> None:
        """Open the menu below the button."""
        self.opening.emit()
        self.lane_menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def offer(self, like: str, choices: Iterable[Choice]) -> None:
        """Fill the menu; `like` names the lane in view."""
        menu = self.lane_menu
        for group in self.groups.values():
            group.deleteLater()
        menu.clear()
        self.groups.clear()
        self.entries.clear()
        title = menu.addAction(f"Like {like}, but with")
        title.setEnabled(False)
        for choice in choices:
            if choice.group and choice.group not in self.groups:
                self.groups[choice.group] = menu.addMenu(choice.group)
                self.groups[choice.group].setToolTipsVisible(True)
            action = self.groups.get(choice.group, menu).addAction(choice.text)
            action.setToolTip(choice.summary)
            action.triggered.connect(lambda _=False, changes=choice.changes: self.lane_requested.emit(changes))
            self.entries[choice.group, choice.text] = action
        menu.addSeparator()
        self._add("Nothing: the same again", "From the same initial weights, trained as far as the others.").connect(
            lambda: self.lane_requested.emit(FrozenMapping())
        )
        self._add("A copy as it is now", "Weights, optimiser and history; it goes on from here.").connect(
            self.copy_requested
        )

    def _add(self, text: str, tip: str) -> Any:
        action = self.lane_menu.addAction(text)
        action.setToolTip(tip)
        self.entries["", text] = action
        return action.triggered
