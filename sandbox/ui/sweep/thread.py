"""The thread that waits for the cells of a sweep, which processes of their own work on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor

from PySide6.QtCore import QThread, Signal

from sandbox.experiment.results.sweep import Processes, Sweep, cores

_log = logging.getLogger(__name__)


def own_processes(tasks: int) -> Executor:
    """Return processes for so many tasks, no more than there are cores."""
    return Processes(min(cores(), max(1, tasks)))


class SweepThread(QThread):
    """Runs what is missing of a sweep.

    Parameters
    ----------
    sweep : Sweep
        The thread's alone until it has ended.
    executor : callable
        Returns what does the work on so many tasks.

    Signals
    -------
    cell_done(int, object)
        The number of a cell, and its result.
    failed(str)
        The sweep could not go on.
    """

    cell_done = Signal(int, object)
    failed = Signal(str)

    def __init__(self, sweep: Sweep, executor: Callable[[int], Executor] = own_processes) -> None:
        super().__init__()
        self.setObjectName("sweep")
        self._sweep, self._executor = sweep, executor
        self._ending, self._given_up = threading.Event(), threading.Event()

    def run(self) -> None:
        """Hand the cells over, and tell of each that is done."""
        try:
            with self._executor(len(self._sweep.missing)) as executor:
                for cell in self._sweep.run(executor, lambda: self._is_ending(executor)):
                    self.cell_done.emit(cell.number, self._sweep.results[cell.number])
        except Exception as error:
            if not self._ending.is_set():
                _log.exception("the sweep failed")
                self.failed.emit(f"The sweep ended on an error of the program ({error!r}).")

    def _is_ending(self, executor: Executor) -> bool:
        if self._given_up.is_set() and isinstance(executor, Processes):
            executor.cancel()
        return self._ending.is_set()

    def stop(self) -> None:
        """Begin no more cells; what is at work ends and is kept."""
        self._ending.set()

    def close(self) -> None:
        """End at once, and wait for it; what is at work is given up."""
        self._given_up.set()
        self._ending.set()
        self.wait()
