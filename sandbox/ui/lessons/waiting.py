"""Noticing that the person has done what a step waits for."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QWidget

from sandbox.experiment.document.settings import SETTINGS, Value
from sandbox.lessons.lesson import LENSES
from sandbox.ui.kit.base import call_later
from sandbox.ui.lessons.places import Stage, bring_into_view, lens_named

_DEEDS = (QEvent.Type.MouseButtonPress, QEvent.Type.KeyPress, QEvent.Type.Wheel)


class Deed(QObject):
    """Watches until a part of the window has been used.

    Signals
    -------
    done()
        Once, when it has been.

    Parameters
    ----------
    stage : Stage
    place : str
        One of `PLACES`.
    parent : QObject
    """

    done = Signal()

    def __init__(self, stage: Stage, place: str, parent: QObject) -> None:
        super().__init__(parent)
        self._stage, self._place = stage, place
        self._is_done = False
        self._used = False
        self._has_happened = self._test()
        for signal in (stage.session.settings_changed, stage.session.shown, stage.session.playing_changed):
            signal.connect(self._look)
        if stage.lenses is not None:
            stage.lenses.wanted_changed.connect(self._look)
        stage.controls.speed.changed.connect(self._look)
        self._look()

    def _test(self) -> Callable[[], bool]:
        """Return what tells whether it has happened."""
        stage, place = self._stage, self._place
        session = stage.session
        if place in SETTINGS:
            before, rest = self._values(), self._rest()
            return lambda: not session.is_pending and self._values() != before and self._rest() == rest
        if place in LENSES:
            lens = lens_named(stage, place)
            return lambda: lens is not None and lens.isVisible()
        if place == "play":
            return lambda: session.playing
        if place == "reset":
            run = session.current_run().number
            return lambda: session.current_run().number != run
        if place == "speed":
            speed = stage.controls.speed.value()
            return lambda: stage.controls.speed.value() != speed
        if place == "add_lane":
            lanes = len(session.experiment.lanes)
            return lambda: len(session.experiment.lanes) > lanes
        for widget in bring_into_view(stage, place):
            for part in (widget, *widget.findChildren(QWidget)):
                part.installEventFilter(self)  # until this object is deleted
        return lambda: self._used

    def _values(self) -> list[Value]:
        experiment = self._stage.session.experiment
        return [experiment.get(self._place, lane.name) for lane in experiment.lanes]

    def _rest(self) -> tuple[object, ...]:
        """Return what tells another experiment from this one with a setting changed."""
        experiment = self._stage.session.experiment
        data = None if self._place.startswith("data.") else experiment.data
        return data, [lane.name for lane in experiment.lanes]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _DEEDS and not self._used:
            self._used = True
            call_later(self, self._look)  # the widget takes the event first
        return False

    def _look(self, *_: object) -> None:
        if not self._is_done and self._has_happened():
            self._is_done = True
            self.done.emit()

    @property
    def is_done(self) -> bool:
        """Whether it has happened."""
        return self._is_done
