"""What all lenses share: a view that asks a lane questions and draws the answers."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from sandbox.experiment.training.probe import Question
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.ui.theme import Theme


class Lens(QWidget):
    """A view of why a lane learns as it does. While hidden it asks nothing, and so costs nothing.

    Attributes
    ----------
    title : str
        Its tab.
    summary : str
        What it shows, in one sentence.

    Signals
    -------
    wanted_changed()
        `questions` gives something else now, so that a resting run owes a new snapshot.
    change_requested(str, object)
        A person asks for an edit: dotted key, value.
    restart_requested()
        A person asks for a new run from the same initial weights.
    step_requested()
        A person asks for one update.
    sample_chosen(str, int)
        A person follows another sample: "train" or "test", and its index there.
    """

    title: ClassVar[str]
    summary: ClassVar[str]

    wanted_changed = Signal()
    change_requested = Signal(str, object)
    restart_requested = Signal()
    step_requested = Signal()
    sample_chosen = Signal(str, int)

    def choose(self, part: str, index: int) -> None:
        """Follow a sample that was chosen elsewhere; only a lens that follows one has this."""

    def set_theme(self, theme: Theme, scale: float = 1.0) -> None:
        """Follow colours and type; `scale` enlarges them (presenting)."""

    def questions(self, lane: str) -> tuple[Question, ...]:
        """Return what the next snapshot is to answer about a lane; nothing while hidden or not due yet."""
        return ()

    def draw(self, snapshot: Snapshot, lane: str) -> None:
        """Show the answers in a snapshot; a lens whose question was not asked leaves its picture as it is."""
