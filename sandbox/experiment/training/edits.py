"""The log of edits: the experiment as it is told so far, the settings in force, and the marks of what changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.experiment.document import texts
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.lanes import in_force
from sandbox.experiment.document.parts import Edit
from sandbox.experiment.training.snapshot import EditMark

_LOSING = {"network.hidden", "optimizer.name"}  # an edit of these and back leaves other weights or an empty memory


@dataclass(frozen=True, eq=False)
class _LiveEdit:
    """An edit made while training, the experiment without it, and the settings in force before it."""

    edit: Edit
    experiment: Experiment
    settings: Experiment


class EditLog:
    """What the edits of a run come to.

    Attributes
    ----------
    experiment : Experiment
        With the edits made while training added.
    current : Experiment
        The settings in force, without edits.
    marks : list of Mark
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.current = dataclasses.replace(experiment, edits=())
        self.marks: list[EditMark] = []
        self.pending = list(experiment.edits)
        self._live: list[_LiveEdit] = []  # since the last update

    def adopt(self, experiment: Experiment, update: int) -> None:
        """Let the experiment be another one, in which the lanes that stay have the same settings as before."""
        self.experiment, self.current = experiment, experiment.effective(update)
        self._live = []
        self.pending = [edit for edit in experiment.edits if edit.update > update]

    def take_due(self, update: int) -> Edit | None:
        """Take out the next edit that the experiment foresees by now; None if none is due."""
        return self.pending.pop(0) if self.pending and self.pending[0].update <= update else None

    def with_edit(self, edit: Edit) -> Experiment:
        """Return the experiment with an edit made now, in place of the last one where it only changes that again.

        Raises
        ------
        InputError
            If it does not fit the rest.
        """
        replaced = self._replaced_by(edit)
        return (self.experiment if replaced is None else replaced.experiment).with_checked(edit)

    def enter(self, edit: Edit, experiment: Experiment) -> None:
        """Add an edit made now, which makes the experiment that `with_edit` returned."""
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
        """Return the newest live edit if another one only changes its settings again: the way there leaves no trace."""
        if not self._live or _LOSING & edit.changes.keys():
            return None
        last = self._live[-1].edit
        same = last.update == edit.update and last.lane == edit.lane and last.changes.keys() == edit.changes.keys()
        return self._live[-1] if same else None

    def apply(self, edit: Edit, epoch: float, task: str) -> None:
        """Let an edit take effect, and mark what it changed.

        Parameters
        ----------
        edit : Edit
        epoch : float
            Where the mark is to stand.
        task : str
            Of the data, which tells what "auto" stands for.
        """
        live = self._live[-1] if self._live and self._live[-1].edit is edit else None
        before = self.current if live is None else live.settings
        self.current = self.current.changed_by(edit)
        told = [key for key in edit.changes if key != "loss.monitors" or "loss.objective" not in edit.changes]
        text = "; ".join(self._described(key, before, edit.lane, task) for key in told)
        self.marks.append(EditMark(edit.update, epoch, edit.lane, text))
        if live is not None:
            self._drop_taken_back()

    def _drop_taken_back(self) -> None:
        """Let the newest live edits be no edits where, taken together, they change nothing."""
        for k, first in enumerate(self._live):
            keys = {key for live in self._live[k:] for key in live.edit.changes}
            names = [lane.name for lane in self.experiment.lanes]
            back = all(self.current.get(key, lane) == first.settings.get(key, lane) for key in keys for lane in names)
            if back and not keys & _LOSING:
                del self.marks[-len(self._live[k:]) :]
                self.experiment, self.current, self._live = first.experiment, first.settings, self._live[:k]
                return

    def _described(self, key: str, before: Experiment, lane: str | None, task: str) -> str:
        """Return what an edit changed, for its mark: "learning rate 0.1 to 0.5"."""
        name = lane or before.lanes[0].name
        old, new = (texts.value_text(in_force(settings, key, name, task)) for settings in (before, self.current))
        return f"{texts.setting_within(key)} {old} to {new}"

    def rename_lane(self, name: str, new: str) -> None:
        """Call a lane something else in its marks."""
        self.marks = [dataclasses.replace(mark, lane=new) if mark.lane == name else mark for mark in self.marks]

    def remove_lane(self, name: str) -> tuple[EditMark, ...]:
        """Take the marks of a lane out; return all marks as they were."""
        before = tuple(self.marks)
        self.marks = [mark for mark in before if mark.lane != name]
        return before

    def restore(self, marks: Sequence[EditMark]) -> None:
        """Put marks back."""
        self.marks = list(marks)
