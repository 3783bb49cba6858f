"""Buttons that hold a sentence: the choices of a prediction, and the lessons in their list."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout

from sandbox.ui import theme
from sandbox.ui.actions import press_by
from sandbox.ui.kit import label
from sandbox.ui.kit.base import StyleFollower, call_later, set_state
from sandbox.words import THIN_SPACE

_NARROW_SPACE = "\u202f"  # as narrow, and no line ends at it


class SentenceButton(StyleFollower, QPushButton):
    """A button with a text that wraps, a second one below it, and a sign before both.

    Parameters
    ----------
    text, hint, sign : str
        Any of the last two may be empty.
    """

    def __init__(self, text: str, hint: str = "", sign: str = "") -> None:
        super().__init__()
        self.setProperty("role", "sentence")
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(policy)
        self.sign, self.words, self.hint = label(sign, "title"), label(text), label(hint, "hint")
        for part in (self.sign, self.words, self.hint):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.sign.setAlignment(Qt.AlignmentFlag.AlignTop)
        for part in (self.words, self.hint):
            part.setWordWrap(True)
        self._row = QHBoxLayout(self)
        self._column = QVBoxLayout()
        self._row.addWidget(self.sign)
        self._row.addLayout(self._column, 1)
        self._column.addWidget(self.words)
        self._column.addWidget(self.hint)
        self.hint.setVisible(bool(hint))
        self.sign.setVisible(bool(sign))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the focus where it was
        self.setAccessibleName(text)
        self.setAccessibleDescription(hint)
        self.follow_style()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):  # by itself only a button of a dialog heeds them
            self.click()
        else:
            super().keyPressEvent(event)

    def show_result(self, state: str, sign: str, hint: str) -> None:
        """Show what became of it in place of a button: "right", "wrong" or "" for neither."""
        press_by(self, "")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        set_state(self, "result", state or "none")
        self.sign.setText(sign)
        self.sign.setVisible(bool(sign))
        self.show_hint(hint)

    def show_hint(self, hint: str) -> None:
        """Show another text below, or none."""
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self.setAccessibleDescription(hint)
        self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        call_later(self, self.take_height)

    def take_height(self) -> None:
        """Be as high as the text is in the present width."""
        height = self._row.heightForWidth(self.width())
        if height > 0 and height != self.minimumHeight():
            self.setFixedHeight(height)

    def sizeHint(self) -> QSize:
        return QSize(0, self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.minimumHeight())

    def fit(self) -> None:
        """Set margins and spacings, and take the height of the text."""
        edge = theme.px(theme.GRID)
        self._row.setContentsMargins(edge, theme.px(6), edge, theme.px(6))
        self._row.setSpacing(edge)
        self._column.setSpacing(theme.px(2))
        self.sign.setMinimumWidth(theme.px(14))
        call_later(self, self.take_height)


def unbroken(text: str) -> str:
    """Return a text in which no line ends between a number and its per cent sign."""
    return text.replace(THIN_SPACE, _NARROW_SPACE)


def wrapped(text: str = "", role: str = "") -> QLabel:
    """Return a label whose text wraps."""
    result = label(text, role)
    result.setWordWrap(True)
    return result
