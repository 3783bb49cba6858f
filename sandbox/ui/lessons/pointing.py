"""Pointing at what a step is about: the ring, and what has to unfold so that there is something to see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from sandbox.experiment.document.settings import SETTINGS
from sandbox.lessons.lesson import LENSES
from sandbox.ui.lessons.guide import ASKING, WAITING, Guide
from sandbox.ui.lessons.places import Stage, bring_into_view, lens_named, part_of, tab_of
from sandbox.ui.lessons.pointer import Pointer


class Pointing(QObject):
    """Draws the ring around what a step points at, and unfolds it for as long as the step needs it.

    Parameters
    ----------
    stage : Stage
    guide : Guide
    spared : QWidget
        Where the step is read: it is not shaded, and a click on it is not the person's first action.
    parent : QObject

    Attributes
    ----------
    pointer : Pointer
    """

    def __init__(self, stage: Stage, guide: Guide, spared: QWidget, parent: QObject) -> None:
        super().__init__(parent)
        self._stage, self._guide, self._spared = stage, guide, spared
        self.pointer = Pointer(stage.page)
        self._lending = False  # whether the settings were to be open, when last pointed
        stage.page.cost_folded.connect(self._bring_lens_back)

    def point(self) -> None:
        """Draw the ring around what the present step points at."""
        stage, step = self._stage, self._guide.step
        assert stage.lenses is not None
        place, page = step.point, stage.page
        self._lending = self._lends()
        page.take_back(self._needed_parts())
        if place in SETTINGS and not self._lending and not page.settings_open:
            stage.lenses.show_guest()  # the curves, if they have no card of their own
            place = ""
        if not place:
            self.point_nowhere()
            return
        is_asked_for = place in LENSES and step.wait == place
        targets = tab_of(stage, place) if is_asked_for else bring_into_view(stage, place)
        self.pointer.point_at(targets, [self._spared, stage.notice])
        handle = page.window().windowHandle()
        if handle is not None:  # it sees every press before the widget that takes it
            handle.installEventFilter(self)

    def point_nowhere(self) -> None:
        """Take the ring away."""
        self.pointer.point_nowhere()

    def lift_shade(self) -> None:
        """Shade nothing any longer: the person has begun, or it learns."""
        self.pointer.lift_shade()

    @contextmanager
    def as_shaded(self) -> Iterator[None]:
        """Shade nothing afterwards, if nothing was shaded before."""
        was_shading = self.pointer.is_shading
        yield
        if not was_shading:
            self.pointer.lift_shade()

    @property
    def would_lend_otherwise(self) -> bool:
        """Whether the settings are to be opened or closed, as the step has gone on since it was pointed."""
        return self._lends() != self._lending

    def _needed_parts(self) -> set[str]:
        """Return which foldable parts of the window this step needs."""
        step = self._guide.step
        drawn = "cost" if step.prediction is not None and step.prediction.curve else ""
        parts = {part_of(step.point), part_of(step.wait), drawn}
        return parts if self._lending or step.point not in SETTINGS else parts - {"settings"}

    def _lends(self) -> bool:
        """Whether the settings are to be open: once it learns, only if they do not hide what it learns."""
        guide, stage = self._guide, self._stage
        if guide.step.point not in SETTINGS:
            return False
        is_persons_turn = guide.phase in (ASKING, WAITING) or not guide.step.train
        return stage.page.has_room_for_settings or (is_persons_turn and not stage.session.playing)

    def _bring_lens_back(self) -> None:
        """Show the lens that is pointed at again, which the cost has gone before as the window got smaller.

        No room is made for it: what takes that may be the settings, which somebody has just opened.
        """
        guide, stage = self._guide, self._stage
        place = "" if guide.lesson is None else guide.step.point
        lens = lens_named(stage, place) if place in LENSES and guide.step.wait != place else None
        if lens is not None and stage.lenses is not None and "lenses" in stage.page.parts and self.pointer.isVisible():
            stage.lenses.show_lens(lens)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            spared = self._spared
            if not spared.rect().contains(spared.mapFromGlobal(event.globalPosition().toPoint())):
                self.lift_shade()  # the person has begun
        return False
