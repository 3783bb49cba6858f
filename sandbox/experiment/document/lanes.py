"""Add, remove and rename the lanes of an experiment, and find the settings that differ between them.

The settings of the remaining lanes do not change, so that their numbers do not either.
"""

from __future__ import annotations

import dataclasses
import string
from collections.abc import Iterable

from sandbox.errors import input_error
from sandbox.experiment.document.defaults import objective_for, output_for, standardizes_target
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.parts import Edit, LaneEntry
from sandbox.experiment.document.rules import lane_index
from sandbox.experiment.document.settings import SETTINGS, Value
from sandbox.experiment.document.validation import check_lane_name

LETTERS = string.ascii_uppercase
PER_LANE = tuple(key for key, setting in SETTINGS.items() if setting.per_lane)


# Names


def free_name(names: Iterable[str]) -> str:
    """Return the first letter that no lane has, see `slots`."""
    taken = {slot for slot, _ in slots(tuple(names)).values()}
    return LETTERS[next(number for number in range(len(LETTERS)) if number not in taken)]


def slots(names: tuple[str, ...]) -> dict[str, tuple[int, str]]:
    """Return for each lane its slot (0 is A), which sets its letter and colour, and the rest of its name.

    A lane whose first word is a capital letter has that letter, if it is free; others have the first free ones. So a
    lane keeps its letter while others come and go.
    """
    lane_slots: dict[str, tuple[int, str]] = {}
    taken: set[int] = set()
    for name in names:
        first, _, rest = name.partition(" ")
        if len(first) == 1 and first in LETTERS and LETTERS.index(first) not in taken:
            lane_slots[name] = (LETTERS.index(first), rest)
            taken.add(LETTERS.index(first))
    for name in names:
        if name not in lane_slots:
            number = next(n for n in range(len(LETTERS) + len(names)) if n not in taken)
            lane_slots[name] = (number, name)
            taken.add(number)
    return {name: lane_slots[name] for name in names}


def letter(slot: int) -> str:
    """Return the letter of a slot."""
    return LETTERS[slot % len(LETTERS)]


# Adding and removing


def forked(experiment: Experiment, lane: str, name: str) -> tuple[LaneEntry, tuple[Edit, ...]]:
    """Return a copy of a lane under a new name, with all its changes and edits: a copy from the start on."""
    changes = experiment.lanes[lane_index(experiment.lanes, lane)].changes
    edits = tuple(dataclasses.replace(edit, lane=name) for edit in experiment.edits if edit.lane == lane)
    return LaneEntry(name, changes), edits


def lane_like(experiment: Experiment, current: Experiment, lane: str, name: str) -> LaneEntry:
    """Return a lane that starts with the current settings of another one.

    Parameters
    ----------
    experiment : Experiment
        The experiment that the lane is for: its changes are relative to this one.
    current : Experiment
        The settings in force.
    lane, name : str
        The lane to take the settings from, and the name of the new one.
    """
    settings = {key: current.get(key, lane) for key in PER_LANE}
    changes = {key: value for key, value in settings.items() if value is not None and value != experiment.get(key)}
    return LaneEntry(name, changes)


def with_other_loss(experiment: Experiment, current: Experiment, lane: str, name: str, task: str) -> Experiment:
    """Return the experiment with one more lane, that learns from the start with the loss a lane has changed to.

    That lane keeps the loss that it began with throughout, so that the two differ in nothing else.

    Parameters
    ----------
    experiment : Experiment
        With the edits so far.
    current : Experiment
        The settings in force.
    lane, name : str
        The lane whose loss was changed, and the name of the new one.
    task : str
        Of the data, which determines the value of "auto".

    Raises
    ------
    InputError
        If there is no such lane, or there are too many.
    """
    plain = _without_loss_edits(experiment, lane)
    loss, other = plain.lane(lane).loss, current.lane(lane).loss
    first, second = objective_for(loss, task), objective_for(other, task)
    shown = [monitor for monitor in other.monitors if monitor not in (first, second)]
    plain = plain.with_value("loss.monitors", (second, *shown), lane if len(plain.lanes) > 1 else None)
    entry, edits = forked(plain, lane, name)
    changes = {**entry.changes, "loss.objective": second, "loss.monitors": (first, *shown)}
    return with_lane(plain, LaneEntry(name, changes), edits)


def _without_loss_edits(experiment: Experiment, lane: str) -> Experiment:
    """Return the experiment without the edits that change which losses a lane learns with and shows."""
    keys = {"loss.objective", "loss.monitors"}
    edits = []
    for edit in _split_by_lane(experiment) if len(experiment.lanes) > 1 else experiment.edits:
        changes = {key: value for key, value in edit.changes.items() if key not in keys}
        if edit.lane not in (None, lane):
            edits.append(edit)
        elif changes or edit.weights:
            edits.append(dataclasses.replace(edit, changes=changes))
    return dataclasses.replace(experiment, edits=tuple(edits))


def with_lane(
    experiment: Experiment,
    lane: LaneEntry,
    edits: Iterable[Edit] = (),
    alone: bool = False,
    place: int | None = None,
) -> Experiment:
    """Return the experiment with one more lane.

    Parameters
    ----------
    experiment : Experiment
    lane : LaneEntry
    edits : iterable of Edit
        The edits of this lane.
    alone : bool
        Whether existing edits of every lane do not apply to this one: they are then split into edits lane by lane.
    place : int, optional
        How many lanes come before it; all by default.

    Raises
    ------
    InputError
        If there are too many lanes, or one has that name.
    """
    existing = _split_by_lane(experiment) if alone else experiment.edits
    place = len(experiment.lanes) if place is None else place
    lanes = (*experiment.lanes[:place], lane, *experiment.lanes[place:])
    return _on_same_data(experiment, dataclasses.replace(experiment, lanes=lanes, edits=(*existing, *edits)).checked())


def _split_by_lane(experiment: Experiment) -> tuple[Edit, ...]:
    """Return the edits with those for every lane split into one per lane, except for settings that lanes share."""
    edits: list[Edit] = []
    for edit in experiment.edits:
        per_lane = {key: value for key, value in edit.changes.items() if SETTINGS[key].per_lane}
        if edit.lane is not None or not (per_lane or edit.weights):
            edits.append(edit)
            continue
        shared = {key: value for key, value in edit.changes.items() if key not in per_lane}
        if shared:
            edits.append(Edit(edit.update, shared))
        edits += [dataclasses.replace(edit, changes=per_lane, lane=lane.name) for lane in experiment.lanes]
    return tuple(edits)


def _on_same_data(before: Experiment, after: Experiment) -> Experiment:
    """Keep the scale of the targets where lanes come or go: the data of a run do not change."""
    scaled = scales_target(before)
    return after if scales_target(after) == scaled else after.with_value("data.standardize_target", scaled)


def scales_target(experiment: Experiment) -> bool:
    """Return whether the targets of a regression are standardised, by the settings of all lanes at the start."""
    return standardizes_target(experiment.data, (experiment.lane(lane.name) for lane in experiment.lanes))


def without_lane(experiment: Experiment, name: str) -> tuple[Experiment, LaneEntry, tuple[Edit, ...]]:
    """Return the experiment without a lane, and the entry and edits of that lane.

    Raises
    ------
    InputError
        If there is no such lane, or it is the only one.
    """
    lane = experiment.lanes[lane_index(experiment.lanes, name)]
    if len(experiment.lanes) == 1:
        raise input_error("", "The only lane cannot be removed.")
    removed = tuple(edit for edit in experiment.edits if edit.lane == name)
    lanes = tuple(other for other in experiment.lanes if other is not lane)
    edits = tuple(edit for edit in experiment.edits if edit.lane != name)
    return _on_same_data(experiment, dataclasses.replace(experiment, lanes=lanes, edits=edits).checked()), lane, removed


def renamed(experiment: Experiment, name: str, new: str) -> Experiment:
    """Return the experiment with a lane renamed, in the same position.

    Raises
    ------
    InputError
        If there is no such lane, the name is not allowed, or another lane has it.
    """
    index = lane_index(experiment.lanes, name)
    new = check_lane_name(new, "")
    lanes = list(experiment.lanes)
    lanes[index] = LaneEntry(new, lanes[index].changes)
    edits = tuple(dataclasses.replace(edit, lane=new) if edit.lane == name else edit for edit in experiment.edits)
    return dataclasses.replace(experiment, lanes=tuple(lanes), edits=edits).checked()


def without_own(experiment: Experiment, keys: Iterable[str]) -> Experiment:
    """Return the experiment with lanes that no longer differ in these settings; equal ones are left out."""
    lanes: list[LaneEntry] = []
    for lane in experiment.lanes:
        changes = {key: value for key, value in lane.changes.items() if key not in keys}
        if all(changes != dict(other.changes) for other in lanes):
            lanes.append(LaneEntry(lane.name, changes))
    edits = tuple(edit for edit in experiment.edits if edit.lane in (None, *(lane.name for lane in lanes)))
    return dataclasses.replace(experiment, lanes=tuple(lanes), edits=edits).checked()


# Differences between lanes


def differing(experiment: Experiment, task: str | None = None) -> tuple[str, ...]:
    """Return the dotted keys of the settings that differ between lanes.

    If the task is given, "auto" is resolved before comparing.
    """
    names = [lane.name for lane in experiment.lanes]
    changed = {key for lane in experiment.lanes for key in lane.changes}

    def value(key: str, name: str) -> Value:
        return in_force(experiment, key, name, task)

    return tuple(
        key for key in PER_LANE if key in changed and any(value(key, x) != value(key, names[0]) for x in names[1:])
    )


def in_force(experiment: Experiment, key: str, lane: str, task: str | None) -> Value:
    """Return the value of a setting in a lane; if the task is given, "auto" is resolved (objective, output)."""
    value = experiment.get(key, lane)
    if value == "auto" and task is not None:
        if key == "loss.objective":
            return objective_for(experiment.lane(lane).loss, task)
        if key == "network.output":
            settings = experiment.lane(lane)
            return output_for(settings.network, settings.loss, task)
    return value


def shared_differences(one: Experiment, other: Experiment) -> tuple[str, ...]:
    """Return the keys of settings, shared by all lanes of an experiment, that differ between two experiments.

    Title, epochs and replicas do not count, nor does whether an automatic choice is written out.
    """
    if scales_target(one) == scales_target(other):
        other = other.with_value("data.standardize_target", one.data.standardize_target)
    shared = (key for key, setting in SETTINGS.items() if not setting.per_lane and key not in ("title", "run.epochs"))
    return tuple(key for key in shared if key != "run.replicas" and one.get(key) != other.get(key))
