"""Hearing, in the window's event loop, that the program is asked to end or has lost its display."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from PySide6.QtCore import QSocketNotifier, QtMsgType, qInstallMessageHandler

from sandbox.errors import MOST_IN_A_LINE, shown
from sandbox.signals import end_at_once, ending_signals, noted_signals

# Qt says one of these, on X11 and on Wayland, just before it ends the process.
_LOST = ("connection broke", "connection experienced a fatal error")


@contextmanager
def heard_signals(act: Callable[[int], object]) -> Iterator[None]:
    """Call `act` from the event loop, also from that of a dialog, for the first INT, TERM or HUP; a later one ends all.

    A signal interrupts nothing: its handler only notes it, and Qt is woken through a socket.
    """
    hearing, telling = socket.socketpair()
    with hearing, telling:
        hearing.setblocking(False)
        telling.setblocking(False)
        before = signal.set_wakeup_fd(telling.fileno(), warn_on_full_buffer=False)
        try:
            with noted_signals(end_at_once) as noted:  # after the socket is ready: none goes unheard
                notifier = QSocketNotifier(hearing.fileno(), QSocketNotifier.Type.Read)

                def hear() -> None:
                    told = hearing.recv(256)
                    if noted and any(number in ending_signals() for number in told):
                        notifier.setEnabled(False)
                        act(noted[0])

                notifier.activated.connect(hear)
                yield
                notifier.setEnabled(False)
        finally:
            signal.set_wakeup_fd(before)


def print_relevant(kind: QtMsgType, context: object, message: str) -> None:
    """Print a message of Qt, unless it is about what a platform without a screen does not support."""
    if "This plugin does not support" not in message:
        print(message, file=sys.stderr, flush=True)


def print_errors(sentences: Iterable[str]) -> None:
    """Print sentences on standard error, after the name of the program."""
    for sentence in sentences:
        print(shown(f"loss-sandbox: {sentence}", MOST_IN_A_LINE), file=sys.stderr, flush=True)


@contextmanager
def watched_display(keep: Callable[[], Iterable[str]]) -> Iterator[None]:
    """Keep the work, and end at once, where Qt is about to end the process: its display is lost, or it cannot go on.

    What `keep` returns is printed. Left to itself, it would free what running threads still use, and abort.
    """

    def heed(kind: QtMsgType, context: object, message: str) -> None:
        with suppress(OSError):
            print_relevant(kind, context, message)
        if kind == QtMsgType.QtFatalMsg or any(part in message for part in _LOST):
            try:
                print_errors(keep())
            finally:
                os._exit(1)

    before = qInstallMessageHandler(heed)
    try:
        yield
    finally:
        qInstallMessageHandler(before)
