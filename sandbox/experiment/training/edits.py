"""The log of edits: the experiment with the edits so far, the current settings, and marks of what changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sandbox.experiment.document import texts
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.lanes import in_force
from sandbox.experiment.document.parts import Edit
from sandbox.experiment.document.points import POINT_KEYS
from sandbox.experiment.document.settings import SETTINGS
from sandbox.experiment.training.entries import Change, Place
from sandbox.experiment.training.snapshot import EditMark

_DRAWN = {*POINT_KEYS, "data.scaling"}
_ONE_MARK = 0.1  # of the epochs so far: points that are drawn within it have one mark
_IRREVERSIBLE = {
    "network.hidden",
    "optimizer.name",
    "data.features",
}  # editing them and back changes weights or empties the memory
_OF_UNITS = {"network.hidden", "network.activation", "network.frozen"}  # change together where units come and go


@dataclass(frozen=True, eq=False)
class _LiveEdit:
    """An edit made while training, the experiment without it, the settings before it, and the weights that it set."""

    edit: Edit
    experiment: Experiment
    settings: Experiment
    changes: Mapping[Place, Change] = field(default_factory=dict)


def drawn_points(settings: Experiment) -> tuple[int, int]:
    """Return how many training and test points there are."""
    return len(settings.data.points or ()), len(settings.data.test_points or ())


def gathered(marks: Iterable[EditMark]) -> tuple[EditMark, ...]:
    """Return marks with those of points that follow closely on each other as one: a stroke has many edits."""
    groups: list[list[EditMark]] = []
    for mark in marks:
        last = groups[-1][-1] if groups else None
        drawn = last is not None and last.drawn is not None and mark.drawn is not None
        if drawn and last is not None and mark.epoch - last.epoch <= _ONE_MARK * mark.epoch:
            groups[-1].append(mark)
        else:
            groups.append([mark])
    return tuple(group[0] if len(group) == 1 else _as_one(group[0], group[-1]) for group in groups)


def _as_one(first: EditMark, last: EditMark) -> EditMark:
    """Return one mark of all points changed from one mark to another: where the first is."""
    assert first.drawn is not None and last.drawn is not None
    drawn = before, after = first.drawn[0], last.drawn[1]
    changed = [key for key, old, new in zip(POINT_KEYS, before, after, strict=True) if old != new]
    counts = dict(zip(POINT_KEYS, zip(before, after, strict=True), strict=True))
    text = "; ".join(texts.points_changed(key, *counts[key]) for key in changed or POINT_KEYS[:1])
    return dataclasses.replace(first, update=last.update, text=text, drawn=drawn)


class EditLog:
    """The edits of a run and their effect.

    `features` are those that the run begins with.

    Attributes
    ----------
    experiment : Experiment
        With the edits made while training added.
    current : Experiment
        The settings in force, without edits.
    marks : list of EditMark
    """

    def __init__(self, experiment: Experiment, features: tuple[str, ...]) -> None:
        self.experiment, self._features = experiment, features
        self.current = dataclasses.replace(experiment, edits=())
        self.marks: list[EditMark] = []
        self.pending = list(experiment.edits)
        self._live: list[_LiveEdit] = []  # since the last update

    def adopt(self, experiment: Experiment, update: int) -> None:
        """Switch to another experiment, in which the remaining lanes have the same settings as before."""
        self.experiment, self.current = experiment, experiment.effective(update)
        self._live = []
        self.pending = [edit for edit in experiment.edits if edit.update > update]

    def take_due(self, update: int) -> Edit | None:
        """Remove and return the next scheduled edit that is due by `update`; None if there is none."""
        return self.pending.pop(0) if self.pending and self.pending[0].update <= update else None

    def with_edit(self, edit: Edit) -> Experiment:
        """Return the experiment with an edit made now; it replaces the last one if it only changes that again.

        Raises
        ------
        InputError
            If it does not fit the other settings.
        """
        replaced = self._replaced_by(edit)
        return (self.experiment if replaced is None else replaced.experiment).with_checked(edit)

    def enter(self, edit: Edit, experiment: Experiment) -> None:
        """Add an edit made now; `experiment` is what `with_edit` returned for it."""
        replaced = self._replaced_by(edit)
        if self._live and self._live[-1].edit.update != edit.update:
            self._live = []
        if replaced is None:
            live = _LiveEdit(edit, self.experiment, self.current)
        else:
            live = dataclasses.replace(replaced, edit=edit)
            self.marks.pop()
            self._live.pop()
        self.experiment = experiment
        self._live.append(live)

    def _replaced_by(self, edit: Edit) -> _LiveEdit | None:
        """Return the newest live edit if `edit` only changes its settings again: intermediate values leave no trace."""
        if not self._live or _IRREVERSIBLE & edit.changes.keys():
            return None
        last = self._live[-1].edit
        same = (last.update, last.lane) == (edit.update, edit.lane) and (
            (last.changes.keys(), last.weights.keys()) == (edit.changes.keys(), edit.weights.keys())
        )
        return self._live[-1] if same else None

    def apply(self, edit: Edit) -> Experiment:
        """Apply an edit to the current settings; return those before it."""
        before, self.current = self.current, self.current.changed_by(edit)
        return before

    def mark(
        self,
        edit: Edit,
        before: Experiment,
        epoch: float,
        task: str,
        changes: Mapping[Place, Change],
        describe: Callable[[Mapping[Place, Change]], str],
    ) -> None:
        """Mark what an edit changed; if it only took back what others of this moment did, none of them remains.

        Parameters
        ----------
        edit : Edit
        before : Experiment
            The settings before it, as `apply` returned them.
        epoch : float
            The position of the mark.
        task : str
            Of the data, which determines the value of "auto".
        changes : mapping of Place to Change
            The weights and biases that it set.
        describe : callable
            Says what changed of these: "bias of unit 1 of layer 2: 0 to 0.5".
        """
        live = self._live[-1] if self._live and self._live[-1].edit is edit else None
        if live is not None:
            before, changes = live.settings, _combined((live.changes, changes))
            self._live[-1] = dataclasses.replace(live, changes=changes)
        marked = [key for key in edit.changes if key != "loss.monitors" or "loss.objective" not in edit.changes]
        if edit.units:  # they say more than the layers, and what follows from them
            marked = [key for key in marked if key not in _OF_UNITS]
        parts = [texts.units_text(edit.units)] if edit.units else []
        parts += [self._described(key, before, edit.lane, task) for key in marked]
        if changes:
            parts.append(describe(changes))
        drawn = (drawn_points(before), drawn_points(self.current)) if edit.keys <= _DRAWN else None
        self.marks.append(EditMark(edit.update, epoch, edit.lane, "; ".join(parts), drawn))
        if live is not None:
            self._drop_reverted()

    def _drop_reverted(self) -> None:
        """Remove the newest live edits if, taken together, they change nothing."""
        for k, first in enumerate(self._live):
            keys = {key for live in self._live[k:] for key in live.edit.changes}
            names = [lane.name for lane in self.experiment.lanes]
            same = all(self.current.get(key, lane) == first.settings.get(key, lane) for key in keys for lane in names)
            changes = _combined(live.changes for live in self._live[k:])
            same &= all(np.float64(old).tobytes() == np.float64(new).tobytes() for old, new in changes.values())
            if same and not keys & _IRREVERSIBLE:
                del self.marks[-len(self._live[k:]) :]
                self.experiment, self.current, self._live = first.experiment, first.settings, self._live[:k]
                return

    def _described(self, key: str, before: Experiment, lane: str | None, task: str) -> str:
        """Describe what an edit changed, for its mark: "learning rate 0.1 to 0.5"."""
        if key in POINT_KEYS:
            old_points, new_points = (settings.get(key) or () for settings in (before, self.current))
            return texts.points_changed(key, len(old_points), len(new_points))  # type: ignore[arg-type]
        name = lane or before.lanes[0].name
        values = (in_force(settings, key, name, task) for settings in (before, self.current))
        begun = self._features if key == "data.features" else None  # None: those of the data
        old, new = (texts.setting_text(key, begun if value is None else value) for value in values)
        colon = ":" if SETTINGS[key].phrase else ""
        return f"{texts.setting_within(key)}{colon} {old} to {new}"

    def rename_lane(self, name: str, new: str) -> None:
        """Rename a lane in its marks."""
        self.marks = [dataclasses.replace(mark, lane=new) if mark.lane == name else mark for mark in self.marks]

    def remove_lane(self, name: str) -> tuple[EditMark, ...]:
        """Remove the marks of a lane; return all marks as they were before."""
        before = tuple(self.marks)
        self.marks = [mark for mark in before if mark.lane != name]
        return before

    def restore(self, marks: Sequence[EditMark]) -> None:
        """Put marks back."""
        self.marks = list(marks)


def _combined(changes: Iterable[Mapping[Place, Change]]) -> dict[Place, Change]:
    """Return what changes of weights amount to, one after the other."""
    total: dict[Place, Change] = {}
    for step in changes:
        for place, (old, new) in step.items():
            total[place] = total.get(place, (old, new))[0], new
    return total
