"""When a lens asks again: no faster than its answers can be read, and never taking a large part of the time."""

from __future__ import annotations

import math
from time import perf_counter

from PySide6.QtCore import QObject, QTimer, Signal

SHARE = 20  # answers may take up one part in this many of the time
SOON = 0.1  # seconds until an answer is overdue, at least


class Pace(QObject):
    """Spaces out the questions of a lens.

    Parameters
    ----------
    period : float
        Seconds between two answers, at least; with 0 one is always due.

    Signals
    -------
    overdue()
        A paused or slow run has not answered for too long.
    """

    overdue = Signal()

    def __init__(self, period: float, parent: QObject) -> None:
        super().__init__(parent)
        self._period = self._pause = period
        self._last = -math.inf
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.overdue)

    def is_due(self) -> bool:
        """Return whether it is time to ask."""
        return perf_counter() - self._last >= self._pause

    def answered(self, took: float = 0.0) -> None:
        """Record that an answer came, and how many seconds it took to compute."""
        self._last = perf_counter()
        self._pause = max(self._period, SHARE * took) if self._period else 0.0
        self._timer.stop()

    def unanswered(self) -> None:
        """Record that a snapshot came without an answer: one will soon be overdue."""
        if not self._timer.isActive():
            self._timer.start(round(1200 * max(self._pause, SOON)))

    def make_due(self) -> None:
        """Make an answer due now."""
        self._last = -math.inf

    def stop(self) -> None:
        """Stop waiting for an answer."""
        self._timer.stop()
