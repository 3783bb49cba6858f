"""The signals that ask the program to end: noted, so that they interrupt nothing, until the work is kept."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType

# Seconds in which a second TERM or HUP is still the same request: a closing terminal and timeout(1) send two.
_SAME = 1.0


def ending_signals() -> list[signal.Signals]:
    """Return INT, TERM and, except on Windows, HUP, without those that this process was started to ignore (nohup)."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [signal.Signals[name] for name in names if name in signal.Signals.__members__]
    return [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]


def signal_name(number: int) -> str:
    """Return what a person calls a signal: "Ctrl+C", "SIGTERM"."""
    return "Ctrl+C" if number == signal.SIGINT else signal.Signals(number).name


@contextmanager
def noted_signals(again: Callable[[int], object]) -> Iterator[list[int]]:
    """Note the first signal that asks to end, in the list that is yielded; `again` is called for a later one.

    Only the main thread can do this.
    """
    noted: list[int] = []
    times: list[float] = []
    terminals = [number for number in (1, 2) if os.isatty(number)]

    def note(number: int, frame: FrameType | None) -> None:
        _leave_lost(terminals)
        if not noted:
            noted.append(number)
            times.append(monotonic())
        elif number == signal.SIGINT or monotonic() - times[0] > _SAME:
            again(number)

    before = {number: signal.signal(number, note) for number in ending_signals()}
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave_lost(terminals: list[int]) -> None:
    """Print into nothing from now on if the terminal is gone: every word to it would be an error."""
    for number in terminals:
        if not os.isatty(number):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, number)
            os.close(nowhere)


def end_by_default() -> None:
    """Let each of these signals end the program at once, and without a word."""
    for number in ending_signals():
        signal.signal(number, signal.SIG_DFL)


def end_at_once(number: int) -> None:
    """End as if the signal had never been noted."""
    end_by_default()
    signal.raise_signal(number)
    sys.exit(128 + number)  # not reached, except where a signal cannot end its own process
