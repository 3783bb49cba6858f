"""The box below a control that answers what a change of it did."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout

from sandbox.experiment.lens.answers import Answer
from sandbox.ui import theme
from sandbox.ui.kit import label
from sandbox.ui.kit.base import StyleFollower


class AnswerBox(StyleFollower, QFrame):
    """A sentence, its proof and, optionally, a button for what to try next. Hidden while there is no answer.

    Parameters
    ----------
    name : str
        What screen readers call it.
    action, tooltip : str
        The button; "" for none.

    Signals
    -------
    acted()
        The button was clicked.
    """

    acted = Signal()

    def __init__(self, name: str, action: str = "", tooltip: str = "") -> None:
        super().__init__()
        self.setObjectName("answer")
        self.setAccessibleName(name)
        self.sentence, self.proof = label(""), label("", "hint")
        for text in (self.sentence, self.proof):
            text.setWordWrap(True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.button = QPushButton(action)
        self.button.setAccessibleName(" ".join(action.split()))
        self.button.setToolTip(tooltip)
        self.button.clicked.connect(self.acted)
        self._has_action = bool(action)
        self._column = QVBoxLayout(self)
        for widget in (self.sentence, self.proof, self.button):
            self._column.addWidget(widget)
        self.hide()
        self.follow_style()

    def show_answer(self, answer: Answer | None, can_act: bool = True) -> None:
        """Show an answer; its button only if there is something to try."""
        if answer is not None:
            for widget, text in ((self.sentence, answer.sentence), (self.proof, answer.proof)):
                if widget.text() != text:
                    widget.setText(text)
                    widget.setVisible(bool(text))
            self.setAccessibleDescription(" ".join((answer.sentence, answer.proof)).strip())
            self.button.setVisible(self._has_action and can_act)
        self.setVisible(answer is not None)

    def fit(self) -> None:
        """Set margins and spacing."""
        edge = theme.px(theme.GRID)
        self._column.setContentsMargins(edge, theme.px(6), edge, theme.px(6))
        self._column.setSpacing(theme.px(theme.HALF))
