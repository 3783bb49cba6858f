"""What all lenses share: a view that asks a lane one question, again and again, and shows the answers."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from sandbox.experiment.training.probe import Question
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.ui.kit.base import StyleFollower
from sandbox.ui.pace import Pace
from sandbox.ui.theme import Theme

Answer = TypeVar("Answer")


class Lens(StyleFollower, QWidget, Generic[Answer]):
    """A view of why a lane learns as it does. While hidden it asks nothing, and so costs nothing.

    A lens says what it asks (`question`), how often (`period`) and how it shows an answer (`show_answer`); when to ask,
    and which answer belongs to it, is settled here.

    Attributes
    ----------
    title : str
        Its tab.
    summary : str
        What it shows, in one sentence.
    period : float
        Seconds between two answers, at least; 0 asks with every snapshot.

    Signals
    -------
    wanted_changed()
        `questions` gives something else now, so that a paused run owes a new snapshot.
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
    period: ClassVar[float] = 0.0

    wanted_changed = Signal()
    change_requested = Signal(str, object)
    restart_requested = Signal()
    step_requested = Signal()
    sample_chosen = Signal(str, int)

    def __init__(self) -> None:
        super().__init__()
        self._pace = Pace(self.period, self)
        self._pace.overdue.connect(self.wanted_changed)
        self._answered: Question[Answer | None] | None = None  # the question whose answer is shown

    # What a lens says of itself

    def question(self, lane: str) -> Question[Answer | None] | None:
        """Return what the lens wants to know of a lane now; None if nothing."""
        raise NotImplementedError

    def show_answer(self, answer: Answer, snapshot: Snapshot, lane: str) -> None:
        """Show the answer that came in a snapshot."""
        raise NotImplementedError

    def follow(self, snapshot: Snapshot, lane: str) -> None:
        """Follow what can be seen of a snapshot without an answer, such as another objective."""

    def choose(self, part: str, index: int) -> None:
        """Follow a sample that was chosen elsewhere; only a lens that follows one has this."""

    def set_theme(self, theme: Theme, scale: float = 1.0) -> None:
        """Follow colours and type; `scale` enlarges them (presenting)."""
        self.fit()

    # Asking and drawing

    @property
    def is_asking(self) -> bool:
        """Whether anybody looks at what the lens finds out."""
        return self.isVisible()

    def ask_again(self) -> None:
        """Ask at once: what is shown is no longer what is wanted."""
        self._pace.hurry()
        self.wanted_changed.emit()

    def questions(self, lane: str) -> tuple[Question[Any], ...]:
        """Return what the next snapshot is to answer about a lane; nothing while hidden or not due yet."""
        question = self.question(lane) if self.is_asking else None
        if question is None:
            self._pace.rest()
            return ()
        return () if question == self._answered and not self._pace.is_due() else (question,)

    def draw(self, snapshot: Snapshot, lane: str) -> None:
        """Show the answer in a snapshot; a lens whose question was not asked leaves its picture as it is."""
        self.follow(snapshot, lane)
        question = self.question(lane)
        if question is None:
            return
        answer = snapshot.answers.get(question)
        if answer is None:
            self._pace.unanswered()
            return
        self._answered = question
        self._pace.answered(snapshot.seconds.get(question, 0.0))
        self.show_answer(answer, snapshot, lane)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._pace.hurry()
