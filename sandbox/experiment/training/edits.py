"""The log of edits: the experiment with the edits so far, the current settings, and marks of what changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sandbox.experiment.document import texts
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.lanes import in_force
from sandbox.experiment.document.parts import Edit
from sandbox.experiment.document.points import POINT_KEYS
from sandbox.experiment.document.settings import SETTINGS
from sandbox.experiment.training.snapshot import EditMark

_DRAWN = {*POINT_KEYS, "data.scaling"}
_ONE_MARK = 0.1  # of the epochs so far: points that are drawn within it have one mark
_IRREVERSIBLE = {"network.hidden", "optimizer.name"}  # editing them and back changes weights or empties the memory


@dataclass(frozen=True, eq=False)
class _LiveEdit:
    """An edit made while training, the experiment without it, and the settings in force before it."""

    edit: Edit
    experiment: Experiment
    settings: Experiment


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

    Attributes
    ----------
    experiment : Experiment
        With the edits made while training added.
    current : Experiment
        The settings in force, without edits.
    marks : list of EditMark
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
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
        same = last.update == edit.update and last.lane == edit.lane and last.changes.keys() == edit.changes.keys()
        return self._live[-1] if same else None

    def apply(self, edit: Edit, epoch: float, task: str) -> None:
        """Apply an edit to the current settings, and mark what it changed.

        Parameters
        ----------
        edit : Edit
        epoch : float
            The position of the mark.
        task : str
            Of the data, which determines the value of "auto".
        """
        live = self._live[-1] if self._live and self._live[-1].edit is edit else None
        before = self.current if live is None else live.settings
        self.current = self.current.changed_by(edit)
        marked = [key for key in edit.changes if key != "loss.monitors" or "loss.objective" not in edit.changes]
        text = "; ".join(self._described(key, before, edit.lane, task) for key in marked)
        drawn = (drawn_points(before), drawn_points(self.current)) if edit.changes.keys() <= _DRAWN else None
        self.marks.append(EditMark(edit.update, epoch, edit.lane, text, drawn))
        if live is not None:
            self._drop_reverted()

    def _drop_reverted(self) -> None:
        """Remove the newest live edits if, taken together, they change nothing."""
        for k, first in enumerate(self._live):
            keys = {key for live in self._live[k:] for key in live.edit.changes}
            names = [lane.name for lane in self.experiment.lanes]
            same = all(self.current.get(key, lane) == first.settings.get(key, lane) for key in keys for lane in names)
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
        old, new = (texts.setting_text(key, value) for value in values)
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
