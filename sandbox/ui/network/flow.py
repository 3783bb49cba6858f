"""One update in slow motion: forward through the units, the loss at the output, backward along the lines."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtCore import QObject, QTimer, Signal

PERIOD = 40  # milliseconds between two pictures
COLUMN = 0.9  # seconds from one column to the next
PAUSE = 1.6  # seconds for the loss, and for the update at the end


class Phase(Enum):
    """A part of an update."""

    FORWARD = auto()
    LOSS = auto()
    BACKWARD = auto()
    UPDATE = auto()


@dataclass(frozen=True)
class Flow:
    """How far the signal has come.

    Attributes
    ----------
    phase : Phase
    place : float
        In columns from the inputs, which are 0: on the way forward, up to where units have computed; on the way back,
        down to where derivatives are known.
    """

    phase: Phase
    place: float


def flow_at(seconds: float, layers: int) -> Flow | None:
    """Return how far the signal has come after some seconds; None once the update is done."""
    way = layers * COLUMN
    for phase, length in (
        (Phase.FORWARD, way), (Phase.LOSS, PAUSE), (Phase.BACKWARD, way), (Phase.UPDATE, PAUSE),
    ):  # fmt: skip
        if seconds < length:
            places = {Phase.FORWARD: seconds / COLUMN, Phase.LOSS: float(layers), Phase.UPDATE: 0.0}
            return Flow(phase, places.get(phase, layers - seconds / COLUMN))
        seconds -= length
    return None


class Follower(QObject):
    """Plays one update.

    Signals
    -------
    moved(object)
        The signal is at this `Flow`; None at the end, or once it is stopped.
    finished()
        The update has been played to its end.
    """

    moved = Signal(object)
    finished = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setInterval(PERIOD)
        self._timer.timeout.connect(lambda: self.advance(PERIOD / 1000.0))
        self._layers, self._seconds = 0, 0.0

    @property
    def is_playing(self) -> bool:
        """Whether an update is being played."""
        return self._timer.isActive()

    @property
    def has_just_begun(self) -> bool:
        """Whether the signal is still near the inputs."""
        return self._seconds < COLUMN / 2

    def play(self, layers: int) -> None:
        """Begin with a network of so many layers."""
        self._layers, self._seconds = layers, 0.0
        self._timer.start()
        self.moved.emit(flow_at(0.0, layers))

    def advance(self, seconds: float) -> None:
        """Go on by some seconds."""
        self._seconds += seconds
        flow = flow_at(self._seconds, self._layers)
        if flow is None:
            self.stop()
            self.finished.emit()
        else:
            self.moved.emit(flow)

    def stop(self) -> None:
        """Stop, and show the network as it is."""
        if self._timer.isActive():
            self._timer.stop()
            self.moved.emit(None)
