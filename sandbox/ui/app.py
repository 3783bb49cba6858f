"""The program in a window, or drawn into a picture without a screen."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QEventLoop, QLocale, QSettings, Qt, QTimer, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from sandbox.errors import InputError
from sandbox.experiment import Experiment
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.signals import end_by_default
from sandbox.ui import last_session, theme
from sandbox.ui.controls import FIRST_SPEED
from sandbox.ui.ending import heard_signals, print_errors, print_relevant, watched_display
from sandbox.ui.kit.base import discard
from sandbox.ui.last_session import LastSessions
from sandbox.ui.lessons.guide import MOVING
from sandbox.ui.session import first_experiment
from sandbox.ui.window import MainWindow

# The default of 5 ms lets the training thread keep the interpreter for a third of a frame.
_SWITCH_INTERVAL = 0.0005
# Milliseconds for the slower views (a few answers per second) to catch up before a picture is taken.
_SETTLING = 700
_THEMES = {"light": theme.LIGHT, "dark": theme.DARK}


def application() -> QApplication:
    """Return the application, created on the first call."""
    QLocale.setDefault(QLocale.c())  # one kind of digits: those that `words` writes
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Loss Sandbox")
    app.setOrganizationName("loss-sandbox")
    sys.setswitchinterval(_SWITCH_INTERVAL)
    return app


def run_window(experiment: Experiment | None = None, path: Path | None = None, lesson: Path | None = None) -> int:
    """Open the window, run until it is closed or the program is asked to end, and return the exit code.

    It is 128 + n after the signal n, and 1 if what was in the window could not be kept. `lesson` is the folder of one
    to follow.
    """
    app = application()
    opened: list[LastSessions] = []

    def keep(settle: bool = False) -> list[str]:
        return [problem for sessions in opened if (problem := sessions.end(settle))]

    def end(number: int) -> None:
        keep(settle=True)
        end_by_default()  # the work is kept: from now on a second signal may end the program at any moment
        app.exit(128 + number)

    with heard_signals(end), watched_display(keep):
        window, sessions = _open(app, experiment, path, lesson)
        opened.append(sessions)
        code = app.exec()
        problems = keep()
        window.close()  # whatever ended the loop: its threads, and those of a sweep, end too
    print_errors(problems)
    return 1 if problems else code


def _open(
    app: QApplication, experiment: Experiment | None, path: Path | None, lesson: Path | None
) -> tuple[MainWindow, LastSessions]:
    """Return the window, shown, and what keeps its sessions."""
    chosen = _THEMES.get(str(QSettings().value("theme", "", type=str)))
    window = MainWindow(experiment or first_experiment(), chosen)
    if path is not None:
        window.setWindowTitle(f"{path.name} - Loss Sandbox")
    window.resize(1280, 800)
    available = app.primaryScreen().availableGeometry().size()
    if available.width() < 1300 or available.height() < 840:
        window.setWindowState(Qt.WindowState.WindowMaximized)
    sys.excepthook = lambda kind, error, trace: _show_error(window, kind, error, trace)
    window.controls.set_speed(FIRST_SPEED)
    sessions = LastSessions(window, last_session.sessions_folder())
    window.start()
    if lesson is not None:
        window.lessons.open_lesson(lesson)
    elif experiment is None:
        sessions.offer()
        if not window.notice.is_offering:
            window.lessons.offer()
    return window, sessions


def _show_error(
    window: MainWindow, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Show an error in the window as a message; the program goes on."""
    sys.__excepthook__(kind, error, trace)
    if issubclass(kind, Exception):
        window.notice.say(f"An error occurred ({error!r}): Reset restarts the run.", error=True)


def screenshot(
    experiment: Experiment | None,
    png: Path,
    size: tuple[int, int],
    colours: str,
    after: int,
    lesson: Path | None = None,
) -> None:
    """Draw the window into a PNG file after a number of epochs.

    Parameters
    ----------
    experiment : Experiment, optional
    png : Path
    size : tuple of int
        Width and height.
    colours : str
        "light" or "dark".
    after : int
        Epochs; fewer if every lane stops before.
    lesson : Path, optional
        The folder of a lesson to show beside it.

    Raises
    ------
    InputError
        If the experiment's data cannot be used.
    OSError
        If the file cannot be written.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application()
    previous = qInstallMessageHandler(print_relevant)
    window = MainWindow(experiment or first_experiment(), _THEMES[colours])
    window.resize(*size)
    loop = QEventLoop()
    refused: list[str] = []
    started = False

    def refuse(sentence: str, error: bool) -> None:
        if error:
            refused.append(sentence)
            loop.quit()

    def follow(snapshot: Snapshot) -> None:
        nonlocal started
        if not started and window.lessons.guide.phase != MOVING:
            started = True
            window.session.train(after)
        if not started:
            return
        if (snapshot.epoch >= after or all(lane.stopped for lane in snapshot.lanes)) and snapshot.curves:
            QTimer.singleShot(_SETTLING, loop.quit)

    window.session.message.connect(refuse)
    window.drawn.connect(follow)
    if lesson is not None:
        window.lessons.open_lesson(lesson, afresh=True)
    window.start()
    loop.exec()
    picture = window.grab()
    window.close()
    discard(window)
    qInstallMessageHandler(previous)
    if refused:
        raise InputError(refused[0])
    if not picture.save(str(png), "PNG"):
        raise OSError(f"{png} could not be written")
