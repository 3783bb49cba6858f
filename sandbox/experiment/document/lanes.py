"""Which lanes an experiment has: adding, taking out and renaming one, and telling in what they differ.

What is said of the lanes that stay is the same before and after, so that their numbers are too.
"""

from __future__ import annotations

import dataclasses
import string
from collections.abc import Iterable

from sandbox.experiment.document.defaults import objective_for, output_for
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.parts import Edit, LaneEntry
from sandbox.experiment.document.rules import lane_index
from sandbox.experiment.document.settings import SETTINGS, Value
from sandbox.experiment.document.validation import check_lane_name

LETTERS = string.ascii_uppercase
PER_LANE = tuple(key for key, setting in SETTINGS.items() if setting.per_lane)


# Names


def free_name(names: Iterable[str]) -> str:
    """Return the first letter that no lane has: not as its name, nor at its beginning."""
    taken = {slot for slot, _ in slots(tuple(names)).values()}
    return LETTERS[next(number for number in range(len(LETTERS)) if number not in taken)]


def slots(names: tuple[str, ...]) -> dict[str, tuple[int, str]]:
    """Return for each lane its slot (0 is A), which gives it letter and colour, and what is left of its name.

    A lane that is called by a letter, or begins with one as a word of its own, has that letter; others have the
    first free ones. So a lane keeps its letter while others come and go.
    """
    found: dict[str, tuple[int, str]] = {}
    taken: set[int] = set()
    for name in names:
        first, _, rest = name.partition(" ")
        if len(first) == 1 and first in LETTERS and LETTERS.index(first) not in taken:
            found[name] = (LETTERS.index(first), rest)
            taken.add(LETTERS.index(first))
    for name in names:
        if name not in found:
            number = next(n for n in range(len(LETTERS) + len(names)) if n not in taken)
            found[name] = (number, name)
            taken.add(number)
    return {name: found[name] for name in names}


def letter(slot: int) -> str:
    """Return the letter of a slot."""
    return LETTERS[slot % len(LETTERS)]


# Adding and taking out


def forked(experiment: Experiment, lane: str, name: str) -> tuple[LaneEntry, tuple[Edit, ...]]:
    """Return a lane that has been told all that another one has, under a name of its own: a copy from the start on."""
    changes = experiment.lanes[lane_index(experiment.lanes, lane)].changes
    edits = tuple(dataclasses.replace(edit, lane=name) for edit in experiment.edits if edit.lane == lane)
    return LaneEntry(name, changes), edits


def fresh(experiment: Experiment, current: Experiment, lane: str, name: str) -> LaneEntry:
    """Return a lane that begins with the settings that another one has by now.

    Parameters
    ----------
    experiment : Experiment
        The lane is to belong to it: it says what differs from its settings.
    current : Experiment
        The settings in force.
    lane, name : str
        The lane it is like, and its own name.
    """
    wanted = {key: current.get(key, lane) for key in PER_LANE}
    own = {key: value for key, value in wanted.items() if value is not None and value != experiment.get(key)}
    return LaneEntry(name, own)


def with_lane(
    experiment: Experiment,
    lane: LaneEntry,
    edits: Iterable[Edit] = (),
    alone: bool = False,
    place: int | None = None,
) -> Experiment:
    """Return the experiment with one lane more.

    Parameters
    ----------
    experiment : Experiment
    lane : LaneEntry
    edits : iterable of Edit
        Its own.
    alone : bool
        Whether edits made so far for every lane are not for this one: they are then said lane by lane.
    place : int, optional
        How many lanes stand before it; all by default.

    Raises
    ------
    InputError
        If there are too many, or one has that name.
    """
    old = _said_singly(experiment) if alone else experiment.edits
    place = len(experiment.lanes) if place is None else place
    lanes = (*experiment.lanes[:place], lane, *experiment.lanes[place:])
    return dataclasses.replace(experiment, lanes=lanes, edits=(*old, *edits)).checked()


def _said_singly(experiment: Experiment) -> tuple[Edit, ...]:
    """Return the edits with those for every lane said once for each, but for what all lanes share."""
    told: list[Edit] = []
    for edit in experiment.edits:
        own = {key: value for key, value in edit.changes.items() if SETTINGS[key].per_lane}
        if edit.lane is not None or not own:
            told.append(edit)
            continue
        shared = {key: value for key, value in edit.changes.items() if key not in own}
        if shared:
            told.append(Edit(edit.update, shared))
        told += [Edit(edit.update, own, lane.name) for lane in experiment.lanes]
    return tuple(told)


def without_lane(experiment: Experiment, name: str) -> tuple[Experiment, LaneEntry, tuple[Edit, ...]]:
    """Return the experiment without a lane, and what was said of it alone.

    Raises
    ------
    InputError
        If there is no such lane, or no other.
    """
    lane = experiment.lanes[lane_index(experiment.lanes, name)]
    own = tuple(edit for edit in experiment.edits if edit.lane == name)
    lanes = tuple(each for each in experiment.lanes if each is not lane)
    edits = tuple(edit for edit in experiment.edits if edit.lane != name)
    return dataclasses.replace(experiment, lanes=lanes, edits=edits).checked(), lane, own


def renamed(experiment: Experiment, name: str, new: str) -> Experiment:
    """Return the experiment with a lane under another name, in its place.

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


# In what lanes differ


def differing(experiment: Experiment, task: str | None = None) -> tuple[str, ...]:
    """Return the settings, by dotted key, in which not all lanes are the same.

    Where the task is known, what "auto" stands for is compared.
    """
    names = [lane.name for lane in experiment.lanes]
    touched = {key for lane in experiment.lanes for key in lane.changes}

    def value(key: str, name: str) -> Value:
        return in_force(experiment, key, name, task)

    return tuple(
        key for key in PER_LANE if key in touched and any(value(key, x) != value(key, names[0]) for x in names[1:])
    )


def in_force(experiment: Experiment, key: str, lane: str, task: str | None) -> Value:
    """Return what a lane has of a setting; where the task is known, what "auto" stands for."""
    value = experiment.get(key, lane)
    if value == "auto" and task is not None:
        if key == "loss.objective":
            return objective_for(experiment.lane(lane).loss, task)
        if key == "network.output":
            return output_for(experiment.lane(lane).network, task)
    return value


def shared_differences(one: Experiment, other: Experiment) -> tuple[str, ...]:
    """Return the settings that all lanes of an experiment share, in which two experiments differ.

    How long they run and what they are called does not count.
    """
    shared = (key for key, setting in SETTINGS.items() if not setting.per_lane and key not in ("title", "run.epochs"))
    return tuple(key for key in shared if key != "run.replicas" and one.get(key) != other.get(key))
