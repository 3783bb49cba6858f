"""The panel of the lessons: their list, or a lesson step by step."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from sandbox.ui import theme
from sandbox.ui.kit import Elided, IconButton, label
from sandbox.ui.kit.base import StyleFollower, set_state
from sandbox.ui.lessons.lesson_list import LessonList
from sandbox.ui.lessons.page import StepPage

WIDTHS = ((1600, 400), (960, 320), (0, 288))  # of the panel, in a window from this width on
# What the button to go on says, and does.
NEXT = "Next", "Goes on to the next step."
FINISH = "Finish", "Ends the lesson, and shows the list."
SHOW = "Show", "Trains and shows what happens, without a prediction."
COMPARE = "Compare", "Trains, and shows what happens beside the curve that you drew."
SKIP = "Skip", "Goes on to the next step without it."
TO_THE_END = "To the end", "Trains the rest of this step at full speed."
TRAIN_ON = "Go on", "Goes on with the training that was paused."
_WORDS = (NEXT, FINISH, SHOW, COMPARE, SKIP, TO_THE_END, TRAIN_ON)


class LessonPanel(StyleFollower, QWidget):
    """The card at the left, with a gutter beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Lessons")
        self.card = QFrame()
        self.card.setObjectName("card")
        self.title = Elided("Lessons", "subtitle")
        self.again = IconButton(
            "reset", "Begins this lesson at its first step, and forgets what you predicted.", "Start again", flat=True
        )
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
        self.back, self.next = QPushButton("Back"), QPushButton()
        self.place = label("", "hint")
        self.place.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._top, self._foot = QHBoxLayout(), QHBoxLayout(self.footer)
        self._top.addWidget(self.title, 1)
        self._top.addWidget(self.again)
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
        self.title.set_lines(1)
        self.again.hide()
        self.to_list.hide()
        self.footer.hide()

    def show_steps(self, title: str) -> None:
        """Show the steps of a lesson."""
        self.stack.setCurrentWidget(self.page)
        self.title.setText(title)
        self.title.set_lines(2)  # which the buttons beside it need anyway, and no title of a lesson is longer
        self.again.show()
        self.to_list.show()
        self.footer.show()

    @property
    def shows_list(self) -> bool:
        """Whether the list is in view."""
        return self.stack.currentWidget() is self.list

    def show_place(self, index: int, count: int, does: tuple[str, str], goes_on: bool) -> None:
        """Show which step it is, and what "Next" does now; it stands out once the step is done."""
        self.place.setText(f"Step {index + 1} of {count}")
        self.back.setToolTip("Goes back to the step before." if index else "Shows the list of lessons.")
        self.next.setText(does[0])
        self.next.setToolTip(does[1])
        set_state(self.next, "role", "primary" if goes_on else "")

    def take_focus(self) -> None:
        """Take the focus to where one goes on: the lesson that is offered next, or the next step."""
        first = (self.list.next_button or self.close_button) if self.shows_list else self.next
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
        self._keep_width_of_next()
        self.setFixedWidth(self._width() + step)

    def _keep_width_of_next(self) -> None:
        """Give the button the width of its longest word, so that it stays in place whatever it says."""
        metrics = QFontMetrics(theme.font())
        widest = max(metrics.horizontalAdvance(word) for word, _ in _WORDS)
        self.next.setMinimumWidth(widest + theme.px(3 * theme.GRID))

    def _width(self) -> int:
        room = self.window().width()
        return next(theme.px(width) for least, width in WIDTHS if room >= theme.px(least) or not least)
