"""The thread that waits for the cells of a sweep, which run in worker processes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor

from PySide6.QtCore import QThread, Signal

from sandbox import words
from sandbox.errors import OUT_OF_MEMORY, InputError
from sandbox.experiment.results.sweep import Processes, Sweep, cores

_log = logging.getLogger(__name__)


def own_processes(tasks: int) -> Executor:
    """Return processes for this many tasks, at most one per core."""
    return Processes(min(cores(), max(1, tasks)))


class SweepThread(QThread):
    """Runs the missing cells of a sweep.

    Parameters
    ----------
    sweep : Sweep
        Used only by the thread until it has ended.
    executor : callable
        Returns the executor for a number of tasks.

    Signals
    -------
    cell_done(int, object)
        The number of a cell, and its result.
    failed(str)
        The sweep could not continue.
    """

    cell_done = Signal(int, object)
    failed = Signal(str)

    def __init__(self, sweep: Sweep, executor: Callable[[int], Executor] = own_processes) -> None:
        super().__init__()
        self.setObjectName("sweep")
        self._sweep, self._executor = sweep, executor
        self._ending, self._cancelled = threading.Event(), threading.Event()

    def run(self) -> None:
        """Run the cells, and emit `cell_done` for each."""
        try:
            for cell in self._sweep.run_on(self._executor, self._is_ending, _log.warning):
                self.cell_done.emit(cell.number, self._sweep.results[cell.number])
            if problem := self._sweep.save():
                self.failed.emit(f"Not every cell could be kept for the next time: {problem}")
        except InputError as error:
            self.failed.emit(words.capital(str(error)))
        except MemoryError:
            self.failed.emit(words.capital(OUT_OF_MEMORY))
        except Exception as error:
            if not self._ending.is_set():
                _log.exception("the sweep failed")
                self.failed.emit(f"The sweep stopped because of an internal error ({error!r}).")

    def _is_ending(self, executor: Executor) -> bool:
        if self._cancelled.is_set() and isinstance(executor, Processes):
            executor.cancel()
        return self._ending.is_set()

    def stop(self) -> None:
        """Start no more cells; those in progress finish and are kept."""
        self._ending.set()

    def close(self) -> None:
        """Stop at once and wait for the end; cells in progress are cancelled."""
        self._cancelled.set()
        self._ending.set()
        self.wait()
