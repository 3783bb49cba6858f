"""Run garbage collection only on the window's thread while others run.

The interpreter collects on whichever thread allocates next. On the training thread it would free widgets while Qt,
which does not hold the interpreter lock, works on them.
"""

from __future__ import annotations

import gc
from time import monotonic

from PySide6.QtCore import QObject, QTimer

_PERIOD = 50  # milliseconds between checks whether a collection is due
_FULL_PERIOD = 60.0  # seconds between full collections, which take as long as a few frames

_active = 0  # running collectors
_was_enabled = True  # whether the interpreter collected when the first of them started


class Collector(QObject):
    """Collects instead of the interpreter, as often as it would, from `start` to `stop`."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._last_full = monotonic()
        self._timer = QTimer(self)
        self._timer.setInterval(_PERIOD)
        self._timer.timeout.connect(self.collect)

    def start(self) -> None:
        """Turn off the interpreter's own collection."""
        global _active, _was_enabled
        if self._timer.isActive():
            return
        if _active == 0:
            _was_enabled = gc.isenabled()
        _active += 1
        gc.disable()
        self._timer.start()

    def stop(self) -> None:
        """Turn it on again once the last collector has stopped."""
        global _active
        if not self._timer.isActive():
            return
        self._timer.stop()
        _active -= 1
        if _active == 0 and _was_enabled:
            gc.enable()

    def collect(self) -> None:
        """Collect the oldest generation that is due."""
        due = [count > threshold for count, threshold in zip(gc.get_count(), gc.get_threshold(), strict=True)]
        due[2] = due[2] and monotonic() - self._last_full > _FULL_PERIOD
        if any(due):
            oldest = max(generation for generation, is_due in enumerate(due) if is_due)
            gc.collect(oldest)
            if oldest == 2:
                self._last_full = monotonic()
