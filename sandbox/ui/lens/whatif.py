"""The lens "What if": which way the gradient of each loss points at the current parameters."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout

from sandbox.experiment.lens.whatif import Alternatives, AskWhatIf, overview, row_sentence
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.ui import theme
from sandbox.ui.kit import label
from sandbox.ui.lens.base import Lens
from sandbox.ui.lens.whatif_table import WhatIfModel, WhatIfTable

PERIOD = 0.34  # minimum seconds between two answers


class WhatIfLens(Lens[Alternatives]):
    """A row per loss; a double click or Enter makes that loss the objective."""

    title = "What if"
    period = PERIOD
    summary = "Shows which way the gradient of each loss points, and lets the network learn with any of them."

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("What if another loss trained")
        self.heading = label("Which way does the gradient of each loss point?")
        self.model = WhatIfModel()
        self.table = WhatIfTable(self.model)
        self.table.setToolTip(
            "Click a header, or press S, to sort by a column; double click, or Enter, to learn with a loss."
        )
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setAccessibleName("What the chosen loss would do")
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        for widget, stretch in ((self.heading, 0), (self.table, 1), (self.words, 0)):
            self._column.addWidget(widget, stretch)
        self.table.chosen.connect(lambda name: self.change_requested.emit("loss.objective", name))
        self.table.selectionModel().currentRowChanged.connect(lambda index, _: self._show_sentence(index))
        self.follow_style()

    def begin_afresh(self) -> None:
        self.table.selectionModel().clear()
        self.table.setCurrentIndex(QModelIndex())
        self.model.restore_order()

    # Asking and drawing

    def question(self, lane: str) -> AskWhatIf:
        return AskWhatIf(lane)

    def follow(self, snapshot: Snapshot, lane: str) -> None:
        state = snapshot.lane(lane)
        if state is not None and self.model.answer is not None and state.objective != self.model.answer.objective:
            self._pace.make_due()  # the mark must not lag behind

    def show_answer(self, answer: Alternatives, snapshot: Snapshot, lane: str) -> None:
        self.model.show_answer(answer)
        self._show_sentence(self.table.currentIndex())

    def _show_sentence(self, index: QModelIndex) -> None:
        """Say what the selected loss would do; without a selection, name the nearest and the farthest."""
        answer = self.model.answer
        if answer is None:
            return
        selected = self.model.loss(index.row()) if index.isValid() else None
        text = overview(answer) if selected is None else row_sentence(selected, answer)
        if text != self.words.text():
            self.words.setText(text)

    # Look

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.table.fit()

    def fit(self) -> None:
        """Set the lengths that follow the scale."""
        self._column.setSpacing(theme.px(theme.HALF))
        self.words.setFixedHeight(2 * self.words.fontMetrics().lineSpacing() + 2)
        self.table.fit()
