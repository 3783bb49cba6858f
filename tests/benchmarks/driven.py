"""A window driven from here, with every frame recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer

from sandbox.experiment import Experiment
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.ui import theme
from sandbox.ui.app import application
from sandbox.ui.kit.base import discard
from sandbox.ui.window import MainWindow

SIZE = (1400, 900)
_PATIENCE = 20.0  # seconds after which a wait counts as failed


@dataclass(frozen=True)
class Frame:
    """One snapshot: when it was taken from the mailbox, when it was painted, and what it showed."""

    taken: float
    painted: float
    update: int
    marks: int
    drawn: bool  # whether the plot of the costs has painted in between

    @property
    def blocked(self) -> float:
        """Seconds in which the window did nothing else."""
        return self.painted - self.taken


class _Paints(QObject):
    """Counts how often a widget paints."""

    count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.count += 1
        return False


class Driven:
    """The window of an experiment, on screen and ready to play."""

    def __init__(self, experiment: Experiment) -> None:
        application()
        self.frames: list[Frame] = []
        self.window = MainWindow(experiment, theme.LIGHT)
        self.session = self.window.session
        self._until: Callable[[], bool] | None = None
        self._loop = QEventLoop()
        self._newest: tuple[float, Snapshot, int] | None = None
        self._paints = _Paints()
        self._watch()
        self.window.resize(*SIZE)
        self.window.start()

    def get_ready(self) -> None:
        """Wait until the views are loaded and drawn."""
        session = self.session
        self.wait(lambda: session.snapshot is not None and len(session.snapshot.curves) > 0, "a first frame")
        assert self.window.cost is not None
        self.window.cost.plot.viewport().installEventFilter(self._paints)
        self.run_for(0.1)

    def _watch(self) -> None:
        thread = self.session._thread
        take, painted = thread.take, thread.painted

        def timed_take() -> Snapshot | None:
            now, snapshot = perf_counter(), take()
            if snapshot is not None:
                self._newest = now, snapshot, self._paints.count
            return snapshot

        def timed_painted(seconds: float) -> None:
            painted(seconds)
            if self._newest is not None:
                taken, snapshot, paints = self._newest
                drawn = self._paints.count > paints
                self.frames.append(Frame(taken, perf_counter(), snapshot.update, len(snapshot.marks), drawn))
                self._newest = None
            self._check()

        thread.take, thread.painted = timed_take, timed_painted  # type: ignore[method-assign]
        self.session.playing_changed.connect(self._check)

    def _check(self) -> None:
        if self._until is not None and self._until():
            self._loop.quit()

    def wait(self, until: Callable[[], bool], what: str) -> None:
        """Run the window until a condition holds, checked after every frame.

        Raises
        ------
        TimeoutError
            If it does not hold in time.
        """
        if until():
            return
        timer = QTimer()
        timer.setSingleShot(True)
        timer.timeout.connect(self._loop.quit)
        timer.start(round(1000 * _PATIENCE))
        self._until = until
        self._loop.exec()
        self._until = None
        if not until():
            raise TimeoutError(f"{what} did not come within {_PATIENCE:g} s")

    def run_for(self, seconds: float) -> list[Frame]:
        """Run the window for some time; return the frames painted."""
        first = len(self.frames)
        timer = QTimer()
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.setSingleShot(True)
        timer.timeout.connect(self._loop.quit)
        timer.start(max(1, round(1000 * seconds)))
        self._loop.exec()
        return self.frames[first:]

    def play(self) -> None:
        """Press Play, and wait for the first trained frame."""
        before = self.frames[-1].update
        self.window.controls.play.click()
        self.wait(lambda: self.session.playing and self.frames[-1].update > before, "a trained frame")

    def pause(self) -> None:
        """Press Pause, and wait until training has stopped."""
        self.window.controls.play.click()
        self.wait(lambda: not self.session.playing, "the pause")


@contextmanager
def driven(experiment: Experiment) -> Iterator[Driven]:
    """Open the window, and close it at the end."""
    driver = Driven(experiment)
    try:
        driver.get_ready()
        yield driver
    finally:
        driver.window.close()
        discard(driver.window)
