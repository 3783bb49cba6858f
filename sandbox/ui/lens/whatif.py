"""The lens "What if": which way each loss would step from the parameters of this moment."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QModelIndex
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout

from sandbox import words
from sandbox.experiment.lens.whatif import Alternatives, AskWhatIf
from sandbox.experiment.training.probe import Question
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.nn import LOSSES
from sandbox.ui import theme as look
from sandbox.ui.kit import label
from sandbox.ui.lens.base import Lens
from sandbox.ui.lens.whatif_table import WhatIfModel, WhatIfTable, row_sentence
from sandbox.ui.pace import Pace
from sandbox.ui.theme import Theme

PERIOD = 0.34  # seconds between two answers, at least


class WhatIfLens(Lens):
    """A row per loss; a double click or Enter makes that loss the objective."""

    title = "What if"
    summary = "Shows which way each loss would step from here, and makes any of them the objective."

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("What if another loss trained")
        self._lane = ""
        self._pace = Pace(PERIOD, self)
        self._pace.overdue.connect(self.wanted_changed)
        self.question = label("Which way would each loss step from here?")
        self.model = WhatIfModel()
        self.table = WhatIfTable(self.model)
        self.table.setToolTip(
            "Click a head, or press S, to sort by a column; double click, or Enter, makes a loss the objective."
        )
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setAccessibleName("What the chosen loss would do")
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        for widget, stretch in ((self.question, 0), (self.table, 1), (self.words, 0)):
            self._column.addWidget(widget, stretch)
        self.table.chosen.connect(lambda name: self.change_requested.emit("loss.objective", name))
        self.table.selectionModel().currentRowChanged.connect(lambda now, _: self._tell(now))
        self.fit()

    # Asking and drawing

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._pace.hurry()

    def questions(self, lane: str) -> tuple[Question, ...]:
        if not self.isVisible():
            self._pace.rest()
            return ()
        if lane != self._lane:
            self._pace.hurry()
        return (AskWhatIf(lane),) if self._pace.is_due() else ()

    def draw(self, snapshot: Snapshot, lane: str) -> None:
        answer = snapshot.answers.get(AskWhatIf(lane))
        if not isinstance(answer, Alternatives):
            state = next((state for state in snapshot.lanes if state.name == lane), None)
            if state is not None and self.model.answer is not None and state.objective != self.model.answer.objective:
                self._pace.hurry()  # the mark must not stay behind
            self._pace.unanswered()
            return
        self._lane = lane
        self._pace.answered(answer.took)
        self.model.show_answer(answer)
        self._tell(self.table.currentIndex())

    def _tell(self, index: QModelIndex) -> None:
        """Say what the chosen loss would do; without a choice, which are the nearest and the farthest."""
        objective = self.model.objective
        if objective is None:
            return
        chosen = self.model.loss(index.row()) if index.isValid() else None
        text = overview(self.model.answer) if chosen is None else row_sentence(chosen, objective)
        if text != self.words.text():
            self.words.setText(text)

    # Look

    def set_theme(self, theme: Theme, scale: float = 1.0) -> None:
        self.table.dress()
        self.fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.table.fit()

    def fit(self) -> None:
        """Set the lengths that follow the scale."""
        self._column.setSpacing(look.px(look.HALF))
        self.words.setFixedHeight(2 * self.words.fontMetrics().lineSpacing() + 2)
        self.table.fit()


def overview(answer: Alternatives | None) -> str:
    """Say which losses would step most and least like the objective."""
    if answer is None:
        return ""
    others = [row for row in answer.rows if row.name != answer.objective and math.isfinite(row.cosine)]
    if not others:
        return "No other loss has a step to compare with."
    near, far = max(others, key=lambda row: row.cosine), min(others, key=lambda row: row.cosine)
    degrees = [words.degrees(math.degrees(math.acos(row.cosine))) for row in (near, far)]
    own = LOSSES[answer.objective].label
    text = f"Nearest to the step of {own}: {LOSSES[near.name].label} ({degrees[0]} off)"
    return f"{text}; farthest: {LOSSES[far.name].label} ({degrees[1]})."
