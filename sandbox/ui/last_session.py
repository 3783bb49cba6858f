"""The last sessions: kept when the window closes or another experiment is opened, and offered to be opened again."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePath

from PySide6.QtCore import QStandardPaths

from sandbox import words
from sandbox.data import DATASETS
from sandbox.errors import InputError
from sandbox.experiment import Experiment
from sandbox.experiment.document.toml_file import read_text
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.files import write_atomic
from sandbox.ui.window import MainWindow

MOST = 5  # sessions that are kept
_HEAD = "# Left at: "  # begins the line in which such a file says what is not part of an experiment

_log = logging.getLogger(__name__)


def sessions_folder() -> Path:
    """Return the folder in which the last sessions are kept."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation))


@dataclass(frozen=True)
class SavedSession:
    """A session in a file, and where it was left.

    Attributes
    ----------
    path : Path
    experiment : Experiment
        Its lanes, with every edit.
    update, epoch : int
        How far it was trained.
    hidden : frozenset of str
        The lanes that were not shown.
    """

    path: Path
    experiment: Experiment
    update: int
    epoch: int
    hidden: frozenset[str]

    @property
    def title(self) -> str:
        """What it is, in a few words: "Two moons, 3 lanes, 1,020 epochs"."""
        experiment = self.experiment
        dataset = DATASETS.get(experiment.data.dataset or "")
        name = dataset.label if dataset is not None else PurePath(experiment.data.file or "").name
        lanes = words.count(len(experiment.lanes), "lane")
        trained = words.count(self.epoch, "epoch") if self.epoch else words.count(self.update, "update")
        return f"{experiment.title or name}, {lanes}, {trained}"

    def is_part_of(self, snapshot: Snapshot) -> bool:
        """Return whether a run began like this one and went as far, so that nothing of this one is lost with it."""
        whole, edits = snapshot.experiment, self.experiment.edits
        return self.update <= snapshot.update and replace(whole, edits=whole.edits[: len(edits)]) == self.experiment

    @property
    def time(self) -> str:
        """When it was left."""
        return f"{datetime.fromtimestamp(self.path.stat().st_mtime):%d %B, %H:%M}".removeprefix("0")


def saved_sessions(folder: Path) -> list[SavedSession]:
    """Return the sessions saved in a folder, the last one first; files that cannot be read are left out."""
    sessions = []
    for path in _paths(folder):
        with suppress(ValueError, TypeError, AttributeError, RecursionError):  # an InputError is a ValueError
            text = read_text(path)
            experiment = Experiment.loads(text, str(path), path.absolute().parent)
            first = text.partition("\n")[0]
            left = json.loads(first.removeprefix(_HEAD)) if first.startswith(_HEAD) else {}
            hidden = frozenset(map(str, left.get("hidden", ())))
            sessions.append(
                SavedSession(path, experiment, int(left.get("update", 0)), int(left.get("epoch", 0)), hidden)
            )
    return sessions


def _paths(folder: Path) -> list[Path]:
    return [folder / f"last{'' if number == 1 else f'-{number}'}.toml" for number in range(1, MOST + 1)]


class LastSessions:
    """Keeps what is in a window, and opens what was kept.

    Parameters
    ----------
    window : MainWindow
    folder : Path
        The folder of the files.
    """

    def __init__(self, window: MainWindow, folder: Path) -> None:
        self._window, self._folder = window, folder
        actions = window.actions_
        window.session.leaving.connect(self.keep)
        actions["reopen"].triggered.connect(lambda *_: self.reopen())
        actions.sessions.aboutToShow.connect(self._list)
        self._allow()

    def _allow(self) -> None:
        has_any = any(path.is_file() for path in _paths(self._folder))
        self._window.actions_["reopen"].setEnabled(has_any)
        self._window.actions_.sessions.setEnabled(has_any)

    def keep(self) -> bool:
        """Write the experiment with all lanes and edits, and how far it is trained, unless it is as it was opened.

        Returns whether it was written. A full disk must not prevent closing.
        """
        session = self._window.session
        snapshot = session.snapshot
        if snapshot is None or snapshot.experiment == session.opened_with:
            return False
        left = {"update": snapshot.update, "epoch": snapshot.epoch, "hidden": sorted(session.hidden)}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._make_room(snapshot)
            path = _paths(self._folder)[0]
            snapshot.experiment.save(path)
            write_atomic(path, f"{_HEAD}{json.dumps(left)}\n{path.read_text(encoding='utf-8')}")
        except (InputError, OSError):
            _log.exception("the session could not be kept")
            return False
        self._allow()
        return True

    def _make_room(self, snapshot: Snapshot) -> None:
        """Free the first file: the others move on, over one that this run only continues, or over the last."""
        paths = _paths(self._folder)
        continued = [session.path for session in saved_sessions(self._folder) if session.is_part_of(snapshot)]
        free = next((path for path in paths if path in continued or not path.exists()), paths[-1])
        for number in range(paths.index(free), 0, -1):
            paths[number - 1].replace(paths[number])

    def offer(self) -> None:
        """Offer the last session, if there is one, until the user answers."""
        sessions = saved_sessions(self._folder)
        if sessions:
            sentence = f"Your last session was kept: {sessions[0].title}."
            self._window.notice.offer(sentence, "Reopen", self.reopen)

    def reopen(self, number: int = 0) -> None:
        """Open a kept session, the last one by default, and train it as far as it was."""
        sessions = saved_sessions(self._folder)
        if number < len(sessions):
            self._window.notice.withdraw()
            chosen = sessions[number]
            self._window.session.open_experiment(chosen.path, chosen.update, chosen.hidden)

    def _list(self) -> None:
        """List the kept sessions in the menu."""
        menu = self._window.actions_.sessions
        menu.clear()
        for number, session in enumerate(saved_sessions(self._folder)):
            action = menu.addAction(f"{session.title} ({session.time})")
            action.triggered.connect(lambda *_, number=number: self.reopen(number))
