"""Garbage is collected on the window's thread alone while others run.

A collection runs on whichever thread allocates next. On the one that trains it would free widgets there, while Qt,
which holds no interpreter lock, works on them.
"""

from __future__ import annotations

import gc
from time import monotonic

from PySide6.QtCore import QObject, QTimer

_PERIOD = 50  # milliseconds between two looks at whether a collection is due
_SELDOM = 60.0  # seconds between two collections of everything, which takes as long as a few frames

_at_work = 0  # collectors
_by_itself = True  # whether the interpreter collected when the first of them began


class Collector(QObject):
    """Collects in the interpreter's place, as often as it would, from `start` to `stop`."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._everything = monotonic()
        self._timer = QTimer(self)
        self._timer.setInterval(_PERIOD)
        self._timer.timeout.connect(self.collect)

    def start(self) -> None:
        """Let the interpreter collect no more by itself."""
        global _at_work, _by_itself
        if self._timer.isActive():
            return
        if _at_work == 0:
            _by_itself = gc.isenabled()
        _at_work += 1
        gc.disable()
        self._timer.start()

    def stop(self) -> None:
        """Let it again, once the last collector has stopped."""
        global _at_work
        if not self._timer.isActive():
            return
        self._timer.stop()
        _at_work -= 1
        if _at_work == 0 and _by_itself:
            gc.enable()

    def collect(self) -> None:
        """Collect the oldest generation that is due."""
        due = [count > most for count, most in zip(gc.get_count(), gc.get_threshold(), strict=True)]
        due[2] = due[2] and monotonic() - self._everything > _SELDOM
        if any(due):
            oldest = max(generation for generation, is_due in enumerate(due) if is_due)
            gc.collect(oldest)
            if oldest == 2:
                self._everything = monotonic()
