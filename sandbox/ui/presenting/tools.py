"""The tools of a presenter: what their keys do, and that nothing of them stays."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, QRect, QSize
from PySide6.QtWidgets import QWidget

from sandbox.lessons import Lesson
from sandbox.ui import theme
from sandbox.ui.lessons import LessonDesk
from sandbox.ui.lessons.guide import ASKING
from sandbox.ui.lessons.places import Stage
from sandbox.ui.presenting.blank import Blank
from sandbox.ui.presenting.countdown import Countdown
from sandbox.ui.presenting.drawing import Drawing
from sandbox.ui.presenting.ring import MouseRing

_ACTIONS = ("blank", "ring", "pen", "erase", "countdown")


class Tools(QObject):
    """A blank screen, a ring around the mouse, a pen and a countdown, while presenting.

    Parameters
    ----------
    stage : Stage
    window : QWidget
        What they lie over.
    lessons : LessonDesk
        Whose question, once answered, ends the countdown.
    """

    def __init__(self, stage: Stage, window: QWidget, lessons: LessonDesk) -> None:
        super().__init__(window)
        self._stage, self._window, self._lessons = stage, window, lessons
        self._is_asking = False
        self._step: tuple[Lesson | None, int] = (None, 0)
        # The later ones lie over the earlier ones.
        self.drawing = Drawing(window)
        self.ring = MouseRing(window)
        self.countdown = Countdown(window, self._place)
        self.blank = Blank(window)
        self.drawing.changed.connect(self._allow_taking_back)
        lessons.guide.changed.connect(self._follow_lesson)
        self._connect()

    def _connect(self) -> None:
        actions = self._stage.actions_
        actions.connect(
            {
                "blank": self.blank.cover,
                "ring": lambda: self.ring.switch(actions["ring"].isChecked()),
                "pen": lambda: self.drawing.take_pen(actions["pen"].isChecked()),
                "take_back": self.drawing.take_back,
                "erase": self.drawing.erase,
                "countdown": self.countdown.add,
            }
        )
        for name in _ACTIONS:
            actions[name].setAutoRepeat(False)

    def allow(self, presenting: bool) -> None:
        """Let the keys act, while presenting; else put everything away and erase what was drawn."""
        if not presenting:
            self.blank.lift()
            self.put_away()
            self.drawing.erase()
        for name in _ACTIONS:
            self._stage.actions_[name].setEnabled(presenting)
        self._allow_taking_back()

    def put_away(self) -> bool:
        """Put pen, ring and countdown away; return whether any was out. What was drawn stays."""
        was_out = self.drawing.has_pen or self.ring.is_on or self.countdown.is_on
        self.drawing.take_pen(False)
        self.ring.switch(False)
        self.countdown.stop()
        for name in ("pen", "ring"):
            self._stage.actions_[name].setChecked(False)
        return was_out

    def _allow_taking_back(self) -> None:
        self._stage.actions_["take_back"].setEnabled(bool(self.drawing.strokes))

    def _follow_lesson(self) -> None:
        """Erase what was drawn over another step; end the countdown once the prediction that it was for is taken."""
        guide = self._lessons.guide
        step = guide.lesson, guide.index
        is_asking = guide.lesson is not None and guide.phase == ASKING
        if step != self._step:
            self.drawing.erase()
        if self._is_asking and not is_asking:
            self.countdown.stop()
        self._step, self._is_asking = step, is_asking

    def _place(self, size: QSize) -> QRect:
        """Return where the countdown always is: at the foot of the lessons, else of the boundary, at the right."""
        part: QWidget = self._lessons.panel.stack if self._lessons.is_open else self._stage.boundary_card
        margin = theme.px(theme.GRID)
        corner = part.mapTo(self._window, part.rect().bottomRight()) - QPoint(margin, margin)
        return QRect(corner - QPoint(size.width() - 1, size.height() - 1), size)
