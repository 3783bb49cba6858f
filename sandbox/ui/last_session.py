"""The last session: saved when the window closes, offered when it opens again."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QStandardPaths

from sandbox.errors import InputError
from sandbox.ui.window import MainWindow

_log = logging.getLogger(__name__)


def file_path() -> Path:
    """Return the file in which the last experiment is saved."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)) / "last.toml"


def save(window: MainWindow, path: Path) -> bool:
    """Write the experiment of a closed window, with all edits, unless it is the one it opened with.

    Returns whether it was written. A full disk must not prevent closing.
    """
    snapshot = window.session.snapshot
    if snapshot is None or snapshot.experiment == window.session.opened_with:
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        snapshot.experiment.save(path)
    except (InputError, OSError):
        _log.exception("the experiment could not be saved")
        return False
    return True


def offer(window: MainWindow, path: Path) -> None:
    """Offer to open the saved experiment, if there is one."""
    if path.is_file():
        window.notice.offer(
            "Your last session was kept. Open it and press Play to replay it with every edit.",
            "Open it",
            lambda: window.session.open_experiment(path),
        )
