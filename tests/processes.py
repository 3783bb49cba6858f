"""Programs started by tests in processes of their own: what they say, and what they leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

SIGNALS = [signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if name in signal.Signals.__members__]
ROOT = Path(__file__).parents[1]
PATIENCE = 60.0  # seconds after which a wait counts as hung
GRACE = 2.0  # seconds in which whatever a program started must have ended after it


def heed_signals() -> None:
    """Let INT, TERM and HUP end what this process starts, even if it was started in the background or by nohup."""
    for number in SIGNALS:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def virtual_display() -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """Yield an X server that shows nothing, and the variables with which a program uses it."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1920x1080x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as file:
        display = f":{file.readline().strip()}"
    try:
        yield server, {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    finally:
        server.kill()
        server.wait()


class Program:
    """The program, in a process group of its own, as a shell starts it.

    Parameters
    ----------
    arguments : str
        What follows `python -m sandbox`; if they begin with an option such as -m, what follows `python`.
    folder : Path
        Where it runs; its standard error goes into the file "errors" there.
    environment : mapping, optional
        More variables.
    ignoring : signal, optional
        Ignored from the start, as by nohup.
    """

    def __init__(
        self, *arguments: str, folder: Path, ignoring: signal.Signals | None = None, **environment: str
    ) -> None:
        self.errors_file = folder / "errors"
        variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
        before = None if ignoring is None else signal.signal(ignoring, signal.SIG_IGN)
        try:
            with self.errors_file.open("wb") as errors:
                self.process = subprocess.Popen(
                    [sys.executable, *(arguments if arguments[0].startswith("-") else ("-m", "sandbox", *arguments))],
                    cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                    text=True, start_new_session=True, restore_signals=False,
                )  # fmt: skip
        finally:
            if ignoring is not None:
                signal.signal(ignoring, before)

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.group():
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    @property
    def errors(self) -> str:
        """What it has printed on standard error so far."""
        return self.errors_file.read_text(errors="replace")

    def wait_for(self, text: str) -> None:
        """Wait until it has printed this on standard error."""
        self.wait_until(lambda: text in self.errors, f'it never printed "{text}"')

    def wait_until(self, done: Callable[[], Any], failure: str) -> None:
        """Wait until a condition holds."""
        end = time.monotonic() + PATIENCE
        while not done():
            assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.errors}"
            assert time.monotonic() < end, f"{failure}: {self.errors}"
            time.sleep(0.01)

    def send(self, number: signal.Signals, everyone: bool = False) -> None:
        """Send a signal to it or, like a terminal, to all processes of its group."""
        (os.killpg if everyone else os.kill)(self.process.pid, number)

    def end(self) -> tuple[int, str]:
        """Wait for its end; return its exit code (negative: the signal that ended it) and its output."""
        output, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, output

    def group(self) -> bool:
        """Return whether any process of its group is left; one that has ended, and that nobody waits for, is not."""
        if not Path("/proc/self/stat").exists():  # macOS
            try:
                os.killpg(self.process.pid, 0)
            except ProcessLookupError:
                return False
            return True
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                state, _, group, *_ = path.read_text().rpartition(")")[2].split()
                if int(group) == self.process.pid and state != "Z":
                    return True
        return False

    def is_gone(self) -> bool:
        """Return whether it has left no process behind, within the grace; it has ended itself."""
        end = time.monotonic() + GRACE
        while self.group() and time.monotonic() < end:
            time.sleep(0.01)
        return not self.group()
