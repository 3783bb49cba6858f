"""The panel of the lessons: their list, or a lesson step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from sandbox.ui import theme
from sandbox.ui.kit import Elided, IconButton, label
from sandbox.ui.kit.base import StyleFollower, discard, set_state
from sandbox.ui.lessons.buttons import SentenceButton, wrapped
from sandbox.ui.lessons.page import RIGHT, StepPage

WIDTHS = ((1600, 400), (960, 320), (0, 288))  # of the panel, in a window from this width on
_ABOUT = (
    "Each lesson answers a question in about five minutes, with networks that you train yourself. Leave it at any time "
    "to try something else: it comes back to where you were."
)


@dataclass(frozen=True)
class Entry:
    """A lesson in the list; `note` says how far one has come, `done` whether to its end."""

    folder: Path
    title: str
    summary: str
    note: str = ""
    done: bool = False


class LessonList(StyleFollower, QScrollArea):
    """The lessons to choose from.

    Signals
    -------
    chosen(Path)
        The folder of a lesson.
    """

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("List of lessons")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        content = QWidget()
        content.setObjectName("column")
        self.about = wrapped(_ABOUT, "hint")
        self.buttons: list[SentenceButton] = []
        self._shown: tuple[Entry, ...] = ()
        self._column = QVBoxLayout(content)
        self._column.addWidget(self.about)
        self._entries = QVBoxLayout()
        self._column.addLayout(self._entries)
        self._column.addStretch(1)
        self.setWidget(content)
        self.follow_style()

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """List these lessons."""
        if tuple(entries) == self._shown:
            return
        self._shown = tuple(entries)
        for button in self.buttons:
            self._entries.removeWidget(button)
            discard(button)
        self.buttons = []
        for number, entry in enumerate(entries, start=1):
            hint = f"{entry.summary} {entry.note}".strip()
            button = SentenceButton(entry.title, hint, RIGHT if entry.done else str(number))
            set_state(button.words, "role", "title")
            button.setToolTip("Opens this lesson; undo brings back what was there.")
            button.clicked.connect(lambda _=False, entry=entry: self.chosen.emit(entry.folder))
            self._entries.addWidget(button)
            self.buttons.append(button)

    def fit(self) -> None:
        """Set margins and spacings."""
        self._column.setContentsMargins(0, 0, theme.px(theme.HALF), theme.px(theme.GRID))
        self._column.setSpacing(theme.px(12))
        self._entries.setSpacing(theme.px(theme.GRID))


class LessonPanel(StyleFollower, QWidget):
    """The card at the left, with a gutter beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Lessons")
        self.card = QFrame()
        self.card.setObjectName("card")
        self.title = Elided("Lessons", "subtitle")
        self.to_list = IconButton(
            "list", "Shows the list of lessons; this one is kept as it is.", "All lessons", flat=True
        )
        self.close_button = IconButton(
            "close", "Closes the lessons; they come back to where you were.", "Close the lessons", flat=True
        )
        self.list, self.page = LessonList(), StepPage()
        self.stack = QStackedWidget()
        self.stack.addWidget(self.list)
        self.stack.addWidget(self.page)
        self.footer = QWidget()
        self.back, self.next = QPushButton("Back"), QPushButton("Next")
        self.place = label("", "hint")
        self.place.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._top, self._foot = QHBoxLayout(), QHBoxLayout(self.footer)
        self._top.addWidget(self.title, 1)
        self._top.addWidget(self.to_list)
        self._top.addWidget(self.close_button)
        self._foot.addWidget(self.back)
        self._foot.addWidget(self.place, 1)
        self._foot.addWidget(self.next)
        self._column = QVBoxLayout(self.card)
        self._column.addLayout(self._top)
        self._column.addWidget(self.stack, 1)
        self._column.addWidget(self.footer)
        self._outer = QHBoxLayout(self)
        self._outer.addWidget(self.card)
        self.show_list()
        self.hide()
        self.follow_style()

    def show_list(self) -> None:
        """Show the list."""
        self.stack.setCurrentWidget(self.list)
        self.title.setText("Lessons")
        self.to_list.hide()
        self.footer.hide()

    def show_steps(self, title: str) -> None:
        """Show the steps of a lesson."""
        self.stack.setCurrentWidget(self.page)
        self.title.setText(title)
        self.to_list.show()
        self.footer.show()

    @property
    def shows_list(self) -> bool:
        """Whether the list is in view."""
        return self.stack.currentWidget() is self.list

    def show_place(self, index: int, count: int, goes_on: bool) -> None:
        """Show which step it is; "Next" stands out once the step is done."""
        self.place.setText(f"Step {index + 1} of {count}")
        self.back.setEnabled(index > 0)
        self.next.setText("Finish" if index + 1 == count else "Next")
        set_state(self.next, "role", "primary" if goes_on else "")

    def take_focus(self) -> None:
        """Take the focus to where one goes on: the lesson that is offered first, or the next step."""
        first = next(iter(self.list.buttons), self.close_button) if self.shows_list else self.next
        first.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def fit(self) -> None:
        """Set margins, spacings and the width."""
        edge, step = theme.px(12), theme.px(theme.GRID)
        self._column.setContentsMargins(edge, theme.px(6), theme.px(theme.GRID), step)
        self._column.setSpacing(step)
        self._top.setSpacing(theme.px(theme.HALF))
        self._top.setContentsMargins(0, 0, 0, 0)
        self._foot.setContentsMargins(0, 0, theme.px(theme.HALF), 0)
        self._foot.setSpacing(step)
        self._outer.setContentsMargins(0, 0, step, 0)
        self.setFixedWidth(self._width() + step)

    def _width(self) -> int:
        room = self.window().width()
        return next(theme.px(width) for least, width in WIDTHS if room >= theme.px(least) or not least)
