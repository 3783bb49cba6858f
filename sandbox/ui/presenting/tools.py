"""The tools of a presenter: what their keys do, and that nothing of them stays."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, QRect, QSize
from PySide6.QtWidgets import QWidget

from sandbox.ui import theme
from sandbox.ui.lessons import LessonDesk
from sandbox.ui.lessons.guide import ASKING
from sandbox.ui.lessons.places import Stage
from sandbox.ui.presenting.blank import Blank
from sandbox.ui.presenting.corners import freest_corner, room_of, sample_places
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
                "erase": self.erase,
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
            self.erase()
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

    def erase(self) -> None:
        """Erase what was drawn, and end the countdown."""
        self.drawing.erase()
        self.countdown.stop()

    def _allow_taking_back(self) -> None:
        self._stage.actions_["take_back"].setEnabled(bool(self.drawing.strokes))

    def _follow_lesson(self) -> None:
        """End the countdown once the prediction that it was for is taken, or the step is left."""
        guide = self._lessons.guide
        is_asking = guide.lesson is not None and guide.phase == ASKING
        if self._is_asking and not is_asking:
            self.countdown.stop()
        self._is_asking = is_asking

    def _place(self, size: QSize) -> QRect:
        """Return where the countdown covers least: in a corner of the views."""
        stage, window = self._stage, self._window
        margin = theme.px(2 * theme.GRID)
        room = room_of((stage.boundary_card, stage.cost_card, stage.lenses), window)
        room = (room if not room.isEmpty() else window.rect()).adjusted(margin, margin, -margin, -margin)
        pointer = self._lessons.pointer
        pointed_at = pointer.ring.translated(pointer.mapTo(window, QPoint(0, 0)))
        curves = room_of((stage.cost,), window)  # in which a prediction may be drawn
        return freest_corner(room, size, sample_places(stage.boundary, window), (pointed_at, curves))
