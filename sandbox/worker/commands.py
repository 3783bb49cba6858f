"""The commands of the window to the training thread: frozen, made of plain values, read between updates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.experiment import Edit, Experiment
from sandbox.experiment.document.frozen import FrozenMapping


@dataclass(frozen=True)
class Start:
    """Start a run; `run` is the number that its snapshots carry.

    It is first trained up to `updates` updates at full speed, before it pauses, or plays on if it was playing.
    """

    run: int
    experiment: Experiment
    updates: int = 0


@dataclass(frozen=True)
class Return:
    """Go back to an earlier run as it was left; start it from the beginning if it is no longer in memory."""

    run: int
    experiment: Experiment


@dataclass(frozen=True)
class ApplyEdit:
    """Change settings or weights of the run now; the values of the edit have been checked, its update is ignored.

    With a `token`, what it replaces is kept for `RevertEdit`: of several edits with one token, what the first replaced.
    """

    edit: Edit
    token: int | None = None


@dataclass(frozen=True)
class RevertEdit:
    """Set back, by another edit, the weights that the edits with this token replaced."""

    token: int


@dataclass(frozen=True)
class ForkLane:
    """Copy a lane as it is now, under a new name."""

    lane: str
    name: str


@dataclass(frozen=True)
class AddLane:
    """Add a lane with the current settings of another one, except for `changes`, as if it had always been there."""

    like: str
    name: str
    changes: Mapping[str, Any] = field(default_factory=FrozenMapping)


@dataclass(frozen=True)
class RemoveLane:
    """Remove a lane; `token` identifies it for `RestoreLane`."""

    lane: str
    token: int


@dataclass(frozen=True)
class RestoreLane:
    """Put back a removed lane."""

    token: int


@dataclass(frozen=True)
class RenameLane:
    """Rename a lane."""

    lane: str
    name: str


@dataclass(frozen=True)
class Play:
    """Train at the set speed."""


@dataclass(frozen=True)
class Pause:
    """Stop training after the current update."""


@dataclass(frozen=True)
class TogglePlay:
    """Play if the thread is paused, else pause: only the thread knows which."""


@dataclass(frozen=True)
class Step:
    """Train one update, or to the end of the epoch, then pause."""

    epoch: bool = False


@dataclass(frozen=True)
class Train:
    """Train until `epochs` epochs are done in total, then pause."""

    epochs: int


@dataclass(frozen=True)
class Refresh:
    """Offer a snapshot of the current state."""


@dataclass(frozen=True)
class Close:
    """End the thread."""


Command = (
    Start | Return | ApplyEdit | RevertEdit | ForkLane | AddLane | RemoveLane | RestoreLane | RenameLane | Play | Pause
    | TogglePlay | Step | Train | Refresh | Close
)  # fmt: skip
