"""The last sessions: kept a few seconds after a change and whenever one is left, and offered to be opened again.

Each window writes a file of its own, which is locked as long as it is open there: no window writes over, removes or
offers what another one holds.
"""

from __future__ import annotations

import json
import secrets
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QStandardPaths, QTimer
from PySide6.QtWidgets import QMessageBox

from sandbox import words
from sandbox.errors import InputError
from sandbox.experiment import Experiment
from sandbox.experiment.document import texts
from sandbox.experiment.document.toml_file import read_text
from sandbox.files import reason, remove_old_drafts
from sandbox.ui.window import MainWindow

MOST = 5  # sessions that are kept
_HEAD = "# Left at: "  # begins the line in which such a file says what is not part of an experiment
_PERIOD = 2_000  # milliseconds between looks at whether there is something new to keep
_SETTLING = 1_000  # milliseconds for the training thread to take what was changed last, before the end


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
        name = texts.source_text(experiment.data)
        lanes = words.count(len(experiment.lanes), "lane")
        trained = words.count(self.epoch, "epoch") if self.epoch else words.count(self.update, "update")
        return f"{experiment.title or name}, {lanes}, {trained}"

    def is_part_of(self, other: SavedSession) -> bool:
        """Return whether another began like this one and went as far, so that nothing of this one is lost with it."""
        whole, edits = other.experiment, self.experiment.edits
        return self.update <= other.update and replace(whole, edits=whole.edits[: len(edits)]) == self.experiment

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
    """Return the files of sessions, the one written last first."""
    times = {}
    for path in folder.glob("*.toml"):
        with suppress(OSError):
            times[path] = path.stat().st_mtime_ns
    return sorted(times, key=lambda path: times[path], reverse=True)


def _lock_of(path: Path) -> QLockFile:
    lock = QLockFile(f"{path}.lock")
    lock.setStaleLockTime(0)  # it holds as long as its process lives
    return lock


def _is_open(path: Path) -> bool:
    """Return whether a living window holds this session."""
    lock = _lock_of(path)
    if lock.tryLock(0):
        lock.unlock()
        return False
    return lock.error() == QLockFile.LockError.LockFailedError


class LastSessions(QObject):
    """Keeps what is in a window, and opens what was kept.

    Parameters
    ----------
    window : MainWindow
    folder : Path
        The folder of the files.

    Attributes
    ----------
    problem : str
        Why what is in the window is not kept; "" if it is, or if there is nothing to keep.
    """

    def __init__(self, window: MainWindow, folder: Path) -> None:
        super().__init__(window)
        self._window, self._folder = window, folder
        self.problem = self._said = ""
        self._path: Path | None = None  # the file of what is in the window, once there is one
        self._lock: QLockFile | None = None
        self._kept: SavedSession | None = None  # what is in it
        self._writing = threading.Thread()
        self._closing = self._ended = self._elsewhere = False
        actions = window.actions_
        window.may_close = self._may_close
        window.session.leaving.connect(self._leave)
        actions["reopen"].triggered.connect(lambda *_: self.reopen())
        actions.sessions.aboutToShow.connect(self._list)
        self._timer = QTimer(self)
        self._timer.setInterval(_PERIOD)
        self._timer.timeout.connect(self.keep_soon)
        self._timer.start()
        self._allow()

    def _allow(self) -> None:
        has_any = any(path != self._path and not _is_open(path) for path in _paths(self._folder))
        self._window.actions_["reopen"].setEnabled(has_any)
        self._window.actions_.sessions.setEnabled(has_any)

    # Keeping

    def _now(self) -> SavedSession | None:
        """Return what is in the window, unless it is as it was opened."""
        session = self._window.session
        snapshot = session.snapshot
        if snapshot is None or snapshot.experiment == session.opened_with:
            return None
        path = self._path or self._folder / f"session-{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(4)}.toml"
        return SavedSession(path, snapshot.experiment, snapshot.update, snapshot.epoch, session.hidden)

    def keep_soon(self) -> None:
        """Keep what is new, in a thread: a disk can be slow. Say it if it cannot be kept."""
        self._say_problem()
        if self._writing.is_alive():
            return
        now = self._now()
        if now is not None and now != self._kept:
            self._writing = threading.Thread(target=self._write, args=(now,), name="keeping", daemon=True)
            self._writing.start()

    def keep(self) -> bool:
        """Keep the experiment with all lanes and edits, and how far it is trained; return whether it is kept."""
        if self._writing.is_alive():
            self._writing.join()
        now = self._now()
        if now is None:
            self.problem = ""
            return False
        if now != self._kept:
            self._write(now)
        if not self.problem:
            self._tidy()
        return not self.problem

    def _write(self, session: SavedSession) -> None:
        left = {"update": session.update, "epoch": session.epoch, "hidden": sorted(session.hidden)}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if self._path is None:
                self._lock = _lock_of(session.path)
                self._lock.tryLock(0)
                self._path = session.path
            session.experiment.save(session.path, f"{_HEAD}{json.dumps(left)}\n")
        except (InputError, OSError) as error:
            why = str(error) if isinstance(error, InputError) else f"{self._folder}: {reason(error)}."
            self.problem = f"What is in this window cannot be kept for the next time. {why}"
        else:
            self._kept, self.problem = session, ""

    def _say_problem(self) -> None:
        if self.problem != self._said:
            self._said = self.problem
            if self.problem:
                self._window.notice.say(self.problem, error=True, action="Save as\u2026", act=self._window.ask_save)

    def _tidy(self) -> None:
        """Remove the sessions that a later one continues, and the oldest where there are too many."""
        remove_old_drafts(self._folder)
        final: list[SavedSession] = []  # a window may still write something else into those that are open
        for session in saved_sessions(self._folder):
            if session.path == self._path:
                final.append(session)
            elif not _is_open(session.path):
                if len(final) < MOST and not any(session.is_part_of(later) for later in final):
                    final.append(session)
                else:
                    with suppress(OSError):
                        session.path.unlink()

    def _leave(self) -> None:
        """Keep what is in the window, which goes on with something else, in another file."""
        self.keep()
        self._say_problem()
        if self._kept is not None:
            self._let_go()
        self._allow()

    def _let_go(self) -> None:
        self._path = self._kept = None
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None

    # The end

    def _may_close(self) -> bool:
        """Keep what is in the window; if that fails, ask what to do, and return whether the window may close."""
        if self._ended or self._closing:
            return self._ended  # else it is asked again meanwhile
        self._closing = True
        self._window.session.settle(_SETTLING)
        self.keep()
        may_close = not self.problem or self._ask()
        self._closing = False
        return may_close

    def _ask(self) -> bool:
        """Ask what to do with what cannot be kept; return whether the window may close."""
        question = QMessageBox(QMessageBox.Icon.Warning, "Loss Sandbox", self.problem, parent=self._window)
        question.setInformativeText("Save it elsewhere, or lose what was changed since it was opened.")
        save = question.addButton("Save as\u2026", QMessageBox.ButtonRole.AcceptRole)
        close = question.addButton("Close without keeping it", QMessageBox.ButtonRole.DestructiveRole)
        stay = question.addButton("Stay", QMessageBox.ButtonRole.RejectRole)
        question.setDefaultButton(save)
        question.setEscapeButton(stay)
        question.exec()
        if question.clickedButton() is save:
            self._elsewhere = self._window.ask_save()
            return self._elsewhere
        return question.clickedButton() is close

    def end(self, settle: bool = True) -> str:
        """Keep what is in the window without asking, now that the program ends; return why it is not kept, or "".

        Without `settle`, no event is handled.
        """
        if not self._ended:
            self._ended = True
            self._timer.stop()
            if self._elsewhere:
                self.problem = ""
            else:
                self.keep()  # at once: the rest is worth waiting for, but may be cut short
                if settle:
                    self._window.session.settle(_SETTLING)
                    self.keep()
            self._let_go()
        return self.problem

    # Opening

    def _others(self) -> list[SavedSession]:
        """Return the kept sessions that no window holds."""
        return [x for x in saved_sessions(self._folder) if x.path != self._path and not _is_open(x.path)]

    def offer(self) -> None:
        """Offer the last session, if there is one, until the user answers."""
        self._tidy()
        sessions = self._others()
        if sessions:
            sentence = f"Your last session was kept: {sessions[0].title}."
            self._window.notice.offer(sentence, "Reopen", self.reopen)

    def reopen(self, chosen: SavedSession | None = None) -> None:
        """Open a kept session, the last one by default, and train it as far as it was."""
        chosen = chosen or next(iter(self._others()), None)
        if chosen is not None:
            self._window.notice.withdraw()
            self._window.session.open_experiment(chosen.path, chosen.update, chosen.hidden)

    def _list(self) -> None:
        """List the kept sessions in the menu."""
        menu = self._window.actions_.sessions
        menu.clear()
        for session in self._others():
            action = menu.addAction(f"{session.title} ({session.time})")
            action.triggered.connect(lambda *_, session=session: self.reopen(session))
