"""The real program, whose window is used by itself: python -m tests.driven [train] [sweep] [leave] [FILE]

It changes the learning rate to RATE and does what is named; then it says "ready", and after how many updates, on
standard error, and goes on until it is ended. "leave" leaves the event loop, as a library might.
"""

from __future__ import annotations

import multiprocessing
import sys
from pathlib import Path
from typing import Any

from tests.processes import Program

RATE = 0.123
ACTIONS = ("train", "sweep", "leave")
_KEEP_EVERY = 200  # milliseconds: a test need not wait as long as a person's disk may rest


class DrivenProgram(Program):
    """The program with a driven window, and a home of its own.

    Parameters
    ----------
    folder : Path
        Made; its home, and where it runs.
    actions : str
        Of ACTIONS.
    module : str
        "sandbox" is the program without a driver, and without these actions.
    environment : mapping, optional
        More variables.
    """

    def __init__(self, folder: Path, *actions: str, module: str = "tests.driven", **environment: str) -> None:
        folder.mkdir()
        self._data = folder / "data"
        home = {"XDG_DATA_HOME": str(self._data), "XDG_CONFIG_HOME": str(folder / "config")}
        arguments = actions if module == "tests.driven" else ()
        super().__init__("-m", module, *arguments, folder=folder, **home, **environment)

    def wait_until_ready(self) -> None:
        """Wait until it has done all that it was asked to do."""
        self.wait_until(lambda: self.reached is not None, "it was never ready")

    @property
    def reached(self) -> int | None:
        """How many updates it had trained when it was ready."""
        _, found, rest = self.errors.partition("ready ")
        return int(rest.split()[0]) if found and "\n" in rest else None

    def kept(self) -> list[Any]:
        """The sessions in its home."""
        from sandbox.ui.last_session import saved_sessions

        return saved_sessions(self._data / "loss-sandbox" / "Loss Sandbox")

    def is_kept(self) -> bool:
        """Return whether one session is kept, with the change that was made, and as far trained."""
        reached, sessions = self.reached, self.kept()
        return (
            reached is not None
            and len(sessions) == 1
            and sessions[0].experiment.effective().optimizer.learning_rate == RATE
            and sessions[0].update >= reached
        )


def main() -> int:
    """Run the program, with the window driven."""
    actions = [word for word in sys.argv[1:] if word in ACTIONS]
    from sandbox import __main__ as program
    from sandbox.experiment.training.snapshot import Snapshot
    from sandbox.ui import last_session
    from sandbox.ui.window import MainWindow

    last_session._PERIOD = _KEEP_EVERY
    start = MainWindow.start

    def driven_start(window: MainWindow) -> None:
        steps = iter(_steps(window, actions))
        goal = [next(steps)]

        def follow(snapshot: Snapshot) -> None:
            if goal[0](snapshot):
                goal[0] = next(steps, lambda snapshot: False)
                window.session.refresh()

        window.drawn.connect(follow)
        start(window)

    MainWindow.start = driven_start  # type: ignore[method-assign]
    sys.argv[1:] = [word for word in sys.argv[1:] if word not in ACTIONS]
    return program.main()


def _steps(window, actions):  # type: ignore[no-untyped-def]
    """Yield conditions on a snapshot; what follows each is done once it holds."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    yield lambda snapshot: True
    window.session.change("optimizer.learning_rate", RATE, True)
    yield lambda snapshot: snapshot.experiment.effective().optimizer.learning_rate == RATE
    if "train" in actions:
        window.controls.play.click()
        yield lambda snapshot: snapshot.update >= 20
    if "sweep" in actions:
        window.open_sweep()
        dialog = window.sweep
        dialog.epochs.set_value(1_000_000)
        dialog.run_button.click()
        redraw = QTimer(window)  # while paused nothing else is drawn
        redraw.timeout.connect(window.session.refresh)
        redraw.start(20)
        yield lambda snapshot: multiprocessing.active_children()
        redraw.stop()
    print("ready", window.session.snapshot.update, file=sys.stderr, flush=True)
    if "leave" in actions:
        QTimer.singleShot(0, lambda: QApplication.exit(1))
    yield lambda snapshot: False


if __name__ == "__main__":
    sys.exit(main())
