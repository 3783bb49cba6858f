"""The base of all lenses: a view that asks a lane one question repeatedly and shows the answers."""

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

    A subclass defines what to ask (`question`), how often (`period`) and how to show an answer (`show_answer`); this
    class decides when to ask, and picks the answer from the snapshot.

    Attributes
    ----------
    title : str
        Text of its tab.
    summary : str
        What it shows, in one sentence.
    period : float
        Minimum seconds between two answers; 0 asks with every snapshot.

    Signals
    -------
    wanted_changed()
        `questions` now returns something else, so a paused run needs a new snapshot.
    change_requested(str, object)
        The user asks for an edit: dotted key, value.
    restart_requested()
        The user asks for a new run from the same initial weights.
    step_requested()
        The user asks for one update.
    sample_chosen(str, int)
        The user chose another sample: "train" or "test", and its index there.
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
        self.shown_lane = ""  # the lane that it is about

    # To be overridden

    def question(self, lane: str) -> Question[Answer | None] | None:
        """Return what the lens wants to know about a lane now; None if nothing."""
        raise NotImplementedError

    def show_answer(self, answer: Answer, snapshot: Snapshot, lane: str) -> None:
        """Show the answer that came in a snapshot."""
        raise NotImplementedError

    def follow(self, snapshot: Snapshot, lane: str) -> None:
        """Update what needs no answer, such as the name of the objective, from a snapshot."""

    def choose(self, part: str, index: int) -> None:
        """Follow a sample that was chosen elsewhere; only a lens that follows one overrides this."""

    def begin_afresh(self) -> None:
        """Forget what was chosen in this lens, which is then as in a new window."""

    def set_theme(self, theme: Theme, scale: float = 1.0) -> None:
        """Apply colours and type; `scale` enlarges them when presenting."""
        self.fit()

    # Asking and drawing

    @property
    def is_asking(self) -> bool:
        """Whether anything that shows the answers is visible."""
        return self.isVisible()

    def ask_again(self) -> None:
        """Ask at once, because what is shown is out of date."""
        self._pace.make_due()
        self.wanted_changed.emit()

    def questions(self, lane: str) -> tuple[Question[Any], ...]:
        """Return the questions for the next snapshot; none while hidden or not due yet."""
        question = self.question(lane) if self.is_asking else None
        if question is None:
            self._pace.stop()
            return ()
        return () if question == self._answered and not self._pace.is_due() else (question,)

    def draw(self, snapshot: Snapshot, lane: str) -> None:
        """Show the answer in a snapshot; if it has none, leave the view as it is, and as of the lane it is of."""
        question = self.question(lane)
        answer = None if question is None else snapshot.answers.get(question)
        if lane == self.shown_lane or question is None or answer is not None:
            self.shown_lane = lane
            self.follow(snapshot, lane)
            question = self.question(lane)
            answer = None if question is None else snapshot.answers.get(question)
        if question is None:
            return
        if answer is None:
            self._pace.unanswered()
            return
        self._answered = question
        self._pace.answered(snapshot.seconds.get(question, 0.0))
        self.show_answer(answer, snapshot, lane)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._pace.make_due()
