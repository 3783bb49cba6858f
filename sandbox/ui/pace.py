"""When a lens asks again: no faster than its answers can be read, and never for a large part of the time."""

from __future__ import annotations

import math
from time import perf_counter

from PySide6.QtCore import QObject, QTimer, Signal

SHARE = 20  # an answer may take one part in so many of the time
SOON = 0.1  # seconds until an answer is owed, at least


class Pace(QObject):
    """Spaces the questions of a lens.

    Parameters
    ----------
    period : float
        Seconds between two answers, at least; 0 is always due.

    Signals
    -------
    overdue()
        A run that rests, or goes on slowly, owes an answer.
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
        """Whether it is time to ask."""
        return perf_counter() - self._last >= self._pause

    def answered(self, took: float = 0.0) -> None:
        """Take note that an answer came, and how many seconds it took to find."""
        self._last = perf_counter()
        self._pause = max(self._period, SHARE * took) if self._period else 0.0
        self._timer.stop()

    def unanswered(self) -> None:
        """Take note that a snapshot came without an answer: soon one is owed."""
        if not self._timer.isActive():
            self._timer.start(round(1200 * max(self._pause, SOON)))

    def hurry(self) -> None:
        """Make an answer due at once."""
        self._last = -math.inf

    def rest(self) -> None:
        """Owe nothing."""
        self._timer.stop()
