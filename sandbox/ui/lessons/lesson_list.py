"""The list of the lessons, and choosing those that a group is to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from sandbox.ui import theme
from sandbox.ui.kit import IconButton
from sandbox.ui.kit.base import StyleFollower, call_later, discard, set_state
from sandbox.ui.kit.choices import Toggle
from sandbox.ui.lessons.buttons import SentenceButton, wrapped
from sandbox.ui.lessons.page import RIGHT

ABOUT = (
    "Each lesson answers a question in about five minutes, with networks that you train yourself. Leave it at any time "
    "to try something else: it comes back to where you were."
)
_CHOOSING = "Tick the lessons that a group is to see, one after the other. Without a tick, they see all."
OVER = "That was the last lesson."
OVER_FOR_A_GROUP = "That was the last lesson of the workshop. F5 makes a clean start for the next group."
_NEXT = "Page Down begins it."


@dataclass(frozen=True)
class Entry:
    """A lesson in the list.

    Attributes
    ----------
    folder : Path
    title, summary : str
    number : int
        Its place among all lessons, counted from 1.
    note : str
        How far one has come.
    done : bool
        Whether it has been followed to its end.
    begun : bool
        Whether there is anything that starting again forgets.
    """

    folder: Path
    title: str
    summary: str
    number: int
    note: str = ""
    done: bool = False
    begun: bool = False


class LessonRow(StyleFollower, QWidget):
    """A lesson in the list: a tick while lessons are chosen, the lesson, and a button to start it again."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry
        self.tick = Toggle()
        self.tick.setAccessibleName(f"Show {entry.title} to a group")
        self.button = SentenceButton(entry.title, self._hint(""), RIGHT if entry.done else str(entry.number))
        set_state(self.button.words, "role", "title")
        self.again = IconButton(
            "reset", "Begins this lesson at its first step, and forgets what you predicted.", "Start again", flat=True
        )
        self.again.setAccessibleName(f"Start {entry.title} again")
        for control in (self.tick, self.again):
            control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.tick)
        self._row.addWidget(self.button, 1)
        self._row.addWidget(self.again)
        self.follow_style()

    def _hint(self, more: str) -> str:
        return " ".join(part for part in (self.entry.summary, self.entry.note, more) if part)

    def show_choosing(self, choosing: bool, ticked: bool) -> None:
        """Show the tick, or what there is to do with the lesson."""
        self.tick.setVisible(choosing)
        self.tick.set_value(ticked)
        self.again.setVisible(self.entry.begun and not choosing)

    def show_next(self, is_next: bool) -> None:
        """Let it stand out as the one that the next press begins."""
        set_state(self.button, "next", is_next)
        self.button.show_hint(self._hint(_NEXT if is_next else ""))

    def fit(self) -> None:
        """Set the spacing."""
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.px(theme.HALF))


class LessonList(StyleFollower, QScrollArea):
    """The lessons to choose from.

    Signals
    -------
    chosen(Path)
        The folder of a lesson.
    restarted(Path)
        The folder of a lesson that is to begin again.
    programme_changed(frozenset of str)
        The names of the lessons that a group is to see; none for all.
    choosing_changed()
        The person begins or ends choosing them.
    """

    chosen = Signal(object)
    restarted = Signal(object)
    programme_changed = Signal(object)
    choosing_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("List of lessons")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        content = QWidget()
        content.setObjectName("column")
        self.about = wrapped(ABOUT, "hint")
        self.rows: list[LessonRow] = []
        self.shown = wrapped("", "hint")
        self.choose = QPushButton()
        self.choose.setCheckable(True)
        self.choose.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.choose.toggled.connect(self._choose)
        self._entries: tuple[Entry, ...] = ()
        self._next: Path | None = None
        self._about = ABOUT
        self._column = QVBoxLayout(content)
        self._column.addWidget(self.about)
        self._column.addWidget(self.choose, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addWidget(self.shown)
        self._rows = QVBoxLayout()
        self._column.addLayout(self._rows)
        self._column.addStretch(1)
        self.setWidget(content)
        self._show_choosing()
        self.follow_style()

    @property
    def buttons(self) -> list[SentenceButton]:
        """The lessons that are shown."""
        return [row.button for row in self.rows]

    @property
    def next_button(self) -> SentenceButton | None:
        """The lesson that stands out, else the first; None without any."""
        outstanding = [row.button for row in self.rows if row.entry.folder == self._next]
        return next(iter([*outstanding, *self.buttons]), None)

    @property
    def has_focus(self) -> bool:
        """Whether one of the lessons has the focus."""
        return any(button.hasFocus() for button in self.buttons)

    @property
    def is_choosing(self) -> bool:
        """Whether lessons are being chosen for a workshop."""
        return self.choose.isChecked()

    def show_entries(self, entries: Sequence[Entry], ticked: frozenset[str], of: int) -> None:
        """List lessons `of` so many that there are; those whose names are ticked have been chosen for a workshop."""
        if tuple(entries) != self._entries:
            self._entries = tuple(entries)
            for row in self.rows:
                self._rows.removeWidget(row)
                discard(row)
            self.rows = [self._row_of(entry) for entry in entries]
        for row in self.rows:
            row.show_choosing(self.is_choosing, row.entry.folder.name in ticked)
        self.shown.setText(f"{len(entries)} of {of} lessons are shown: those chosen for a workshop.")
        self.shown.setVisible(len(entries) < of and not self.is_choosing)
        self._show_choosing()

    def _row_of(self, entry: Entry) -> LessonRow:
        row = LessonRow(entry)
        row.button.clicked.connect(lambda: self._press(row))
        row.again.clicked.connect(lambda: self.restarted.emit(entry.folder))
        row.tick.changed.connect(self._tell_programme)
        self._rows.addWidget(row)
        return row

    def show_next(self, folder: Path | None, about: str = ABOUT) -> None:
        """Let the lesson that the next press begins stand out, if there is one, and scroll to it; say `about` above."""
        self._next, self._about = folder, about
        for row in self.rows:
            row.show_next(row.entry.folder == folder and not self.is_choosing)
        self._show_choosing()
        call_later(self, self._scroll_to_next)

    def _scroll_to_next(self) -> None:
        row = next((row for row in self.rows if row.entry.folder == self._next), None)
        if row is not None and row is not self.rows[0]:
            self.ensureWidgetVisible(row)
        else:
            self.verticalScrollBar().setValue(0)

    def _press(self, row: LessonRow) -> None:
        if self.is_choosing:
            row.tick.click()
        else:
            self.chosen.emit(row.entry.folder)

    def _tell_programme(self) -> None:
        self.programme_changed.emit(frozenset(row.entry.folder.name for row in self.rows if row.tick.isChecked()))

    def _choose(self) -> None:
        had_focus = self.choose.hasFocus()
        self.choosing_changed.emit()
        if had_focus:
            self.choose.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_choosing(self) -> None:
        choosing = self.is_choosing
        self.about.setText(_CHOOSING if choosing else self._about)
        self.choose.setText("Done" if choosing else "Choose for a workshop")
        self.choose.setToolTip("" if choosing else "Lets you choose which lessons are listed here.")

    def fit(self) -> None:
        """Set margins and spacings."""
        self._column.setContentsMargins(0, 0, theme.px(theme.HALF), theme.px(theme.GRID))
        self._column.setSpacing(theme.px(12))
        self._rows.setSpacing(theme.px(theme.GRID))
