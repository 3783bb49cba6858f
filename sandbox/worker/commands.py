"""What the window can tell the thread that trains. Frozen, made of plain values, read between updates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.experiment import Edit, Experiment
from sandbox.experiment.document.frozen import FrozenMapping


@dataclass(frozen=True)
class Start:
    """Begin a run; `run` is the number that its snapshots carry."""

    run: int
    experiment: Experiment


@dataclass(frozen=True)
class Return:
    """Go back to a run begun before, as it was left; begin it from the start if it is no longer kept."""

    run: int
    experiment: Experiment


@dataclass(frozen=True)
class ApplyEdit:
    """Change settings of the run now; the values of the edit have been checked, its update counts for nothing."""

    edit: Edit


@dataclass(frozen=True)
class ForkLane:
    """Copy a lane as it is now, under a new name."""

    lane: str
    name: str


@dataclass(frozen=True)
class AddLane:
    """Add a lane that begins with the settings that another has now, but for some: as if always there."""

    like: str
    name: str
    changes: Mapping[str, Any] = field(default_factory=FrozenMapping)


@dataclass(frozen=True)
class RemoveLane:
    """Take a lane out; `token` names it for `RestoreLane`."""

    lane: str
    token: int


@dataclass(frozen=True)
class RestoreLane:
    """Put back a lane that was taken out."""

    token: int


@dataclass(frozen=True)
class RenameLane:
    """Call a lane something else."""

    lane: str
    name: str


@dataclass(frozen=True)
class Play:
    """Train, at the speed that is set."""


@dataclass(frozen=True)
class Pause:
    """Stop training after the current update."""


@dataclass(frozen=True)
class TogglePlay:
    """Play if the thread is paused, else pause: the thread alone knows which it is."""


@dataclass(frozen=True)
class Step:
    """Train one update, or to the end of the epoch, and pause."""

    epoch: bool = False


@dataclass(frozen=True)
class Train:
    """Train until so many epochs are done in all, and pause."""

    epochs: int


@dataclass(frozen=True)
class Refresh:
    """Offer a snapshot of the present state."""


@dataclass(frozen=True)
class Close:
    """End the thread."""


Command = (
    Start | Return | ApplyEdit | ForkLane | AddLane | RemoveLane | RestoreLane | RenameLane | Play | Pause | TogglePlay
    | Step | Train | Refresh | Close
)  # fmt: skip
