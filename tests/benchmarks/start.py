"""A fresh process: how soon the window is on screen, and how soon it shows something trained."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from tests.benchmarks.table import Effort, Row, at_most

_ROOT = Path(__file__).parents[2]


def start(effort: Effort) -> list[Row]:
    """Start the program several times."""
    starts = [_one_start() for _ in range(effort.starts)]
    shown, ready, trained = (median(column) for column in zip(*starts, strict=True))
    note = f"median of {effort.starts}"
    return [
        at_most("start of the process to the window on screen", shown, 1.0, "s", note),
        Row("... to the views drawn", f"{ready:.3g} s ({note})"),
        at_most("Play to the first trained frame painted", trained, 0.3, "s", note),
    ]


def _one_start() -> tuple[float, float, float]:
    before = time.time()
    completed = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.start"], cwd=_ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    times = json.loads(completed.stdout.splitlines()[-1])
    return times["shown"] - before, times["ready"] - before, times["trained"] - times["played"]


def main() -> None:
    """Run the program, note when it shows what, and close it."""
    # Import only what records the times: the program's own imports are part of what is measured.
    from sandbox.cli import main as program

    times: dict[str, float] = {}

    def watch() -> None:
        from PySide6.QtCore import QEvent, QObject, QTimer

        from sandbox.ui.window import MainWindow

        class Exposure(QObject):
            """Lets the window handle being exposed, which paints it, and notes when that is done."""

            def eventFilter(self, watched: QObject, event: QEvent) -> bool:
                if event.type() != QEvent.Type.Expose or "shown" in times:
                    return False
                watched.event(event)
                times["shown"] = time.time()
                return True

        original_start = MainWindow.start

        def timed_start(window: MainWindow) -> None:
            exposure = Exposure(window)
            window.winId()
            handle = window.windowHandle()
            assert handle is not None
            handle.installEventFilter(exposure)
            painted = window.session._thread.painted

            def timed_painted(seconds: float) -> None:
                painted(seconds)
                snapshot = window.session.snapshot
                if snapshot is None or not snapshot.curves:
                    return
                if "ready" not in times:
                    times["ready"] = time.time()
                    QTimer.singleShot(500, play)
                elif snapshot.update and "trained" not in times:
                    times["trained"] = time.time()
                    QTimer.singleShot(0, window.close)

            def play() -> None:
                times["played"] = time.time()
                window.controls.play.click()

            window.session._thread.painted = timed_painted  # type: ignore[method-assign]
            original_start(window)

        MainWindow.start = timed_start  # type: ignore[method-assign, assignment]

    import sandbox.ui.app as app

    run_window = app.run_window

    def watched(*arguments: object) -> int:
        watch()
        return run_window(*arguments)  # type: ignore[arg-type]

    app.run_window = watched  # type: ignore[assignment]
    program([])
    print(json.dumps(times))


if __name__ == "__main__":
    main()
