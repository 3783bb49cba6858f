"""Whatever ends the window: the work in it is kept, and no thread, process or traceback is left."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from sandbox.experiment import Experiment
from sandbox.ui import app
from sandbox.ui.last_session import LastSessions, saved_sessions
from tests.driven import RATE, DrivenProgram
from tests.processes import heed_signals, virtual_display

OpenWindow = Callable[..., Any]
unix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


@pytest.fixture(autouse=True)
def foreground() -> None:
    heed_signals()


@unix
def test_however_the_window_is_ended_its_work_is_kept(tmp_path: Path) -> None:
    """By each signal, with a sweep running too; by leaving the event loop; by the system, which asks nobody."""
    endings = {
        signal.SIGINT: (130, ("train",)),
        signal.SIGTERM: (143, ("train", "sweep")),
        signal.SIGHUP: (129, ("train",)),
        signal.SIGKILL: (-9, ("train",)),
        None: (1, ("train", "sweep", "leave")),
    }
    with ExitStack() as stack:
        programs = {}
        for number, (_, actions) in endings.items():
            name = "leave" if number is None else number.name
            programs[number] = stack.enter_context(DrivenProgram(tmp_path / name, *actions))
        for number, program in programs.items():
            program.wait_until_ready()
            if number is signal.SIGKILL:
                program.wait_until(program.is_kept, "it never kept anything")
            if number is not None:
                program.send(number)
            assert program.end() == (endings[number][0], ""), number
            assert program.errors == f"ready {program.reached}\n", number
            assert program.is_gone(), number
            assert program.is_kept(), number


@unix
@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs an X server to lose")
def test_a_lost_display_ends_the_program_in_peace(tmp_path: Path) -> None:
    with virtual_display() as (server, display), DrivenProgram(tmp_path / "x", "train", "sweep", **display) as program:
        program.wait_until_ready()
        server.kill()
        code, _ = program.end()
        assert code == 1 and "Traceback" not in program.errors and "QThread" not in program.errors
        assert program.is_gone() and program.is_kept()


# In this process


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    """A folder that cannot be made, since a file has its name."""
    (tmp_path / "file").write_text("")
    return tmp_path / "file" / "sessions"


def change(driver: Any) -> None:
    driver.session.change("optimizer.learning_rate", RATE, True)
    driver.wait(lambda: driver.field("optimizer.learning_rate") == RATE)
    driver.settle()


def answer(driver: Any, button: str) -> list[str]:
    """Close the window, and answer the question that appears by a click; return what it said."""
    said: list[str] = []

    def click() -> None:
        question = QApplication.activeModalWidget()
        if not isinstance(question, QMessageBox):
            QTimer.singleShot(10, click)
            return
        said.extend((question.text(), question.informativeText()))
        driver.click(next(choice for choice in question.buttons() if choice.text().replace("&", "") == button))

    QTimer.singleShot(0, click)
    driver.window.close()
    return said


def test_what_cannot_be_kept_is_said_and_asked_about_before_the_window_closes(
    open_window: OpenWindow, locked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = open_window()
    sessions = LastSessions(driver.window, locked)
    change(driver)
    sessions.keep_soon()
    driver.wait(lambda: sessions.problem != "")
    sessions.keep_soon()
    assert driver.window.notice.sentence.text() == sessions.problem
    assert sessions.problem.startswith("What is in this window cannot be kept for the next time.")
    assert str(locked) in sessions.problem
    assert answer(driver, "Stay") == [
        sessions.problem,
        "Save it elsewhere, or lose what was changed since it was opened.",
    ]
    assert driver.window.isVisible() and driver.thread.isRunning()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    answer(driver, "Save as\u2026")  # and think better of it
    assert driver.window.isVisible()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine.toml"), ""))
    answer(driver, "Save as\u2026")
    assert not driver.window.isVisible() and not driver.thread.isRunning()
    assert sessions.end() == ""
    assert Experiment.load(tmp_path / "mine.toml").effective().optimizer.learning_rate == RATE


def test_closing_without_keeping_is_a_choice_and_is_not_called_done(open_window: OpenWindow, locked: Path) -> None:
    driver = open_window()
    sessions = LastSessions(driver.window, locked)
    change(driver)
    answer(driver, "Close without keeping it")
    assert not driver.window.isVisible() and not driver.thread.isRunning()
    assert sessions.end() == sessions.problem != ""


def test_the_exit_code_says_whether_the_work_is_kept(
    monkeypatch: pytest.MonkeyPatch, locked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # to be put back
    for folder, code in ((locked, 1), (tmp_path / "sessions", 143)):
        monkeypatch.setattr(app.last_session, "sessions_folder", lambda folder=folder: folder)
        monkeypatch.setattr(app, "LastSessions", ending_once_changed)
        assert app.run_window(Experiment()) == code
        said = capsys.readouterr().err
        assert said.startswith(f"loss-sandbox: What is in this window cannot be kept for the next time. {folder}") == (
            code == 1
        )
    assert len(saved_sessions(tmp_path / "sessions")) == 1


def ending_once_changed(window: Any, folder: Path) -> LastSessions:
    """Return what keeps a window's sessions; TERM comes, with a question open, once there is something to keep."""
    sessions = LastSessions(window, folder)

    def go_on(snapshot: Any) -> None:
        if snapshot.experiment.optimizer.learning_rate != RATE:
            window.session.change("optimizer.learning_rate", RATE, True)
        else:
            window.drawn.disconnect(go_on)
            QTimer.singleShot(0, lambda: os.kill(os.getpid(), signal.SIGTERM))
            QMessageBox(QMessageBox.Icon.Question, "A question", "Is anybody here?", parent=window).exec()

    window.drawn.connect(go_on)
    return sessions


def test_two_windows_keep_their_work_apart(open_window: OpenWindow, tmp_path: Path) -> None:
    one, other = open_window(), open_window()
    first, second = LastSessions(one.window, tmp_path), LastSessions(other.window, tmp_path)
    for driver, seed in ((one, 101), (other, 102)):
        driver.session.change("network.seed", seed, True)
        driver.settle()
    for sessions in (first, second, first):
        assert sessions.keep()
    assert sorted(session.experiment.network.seed for session in saved_sessions(tmp_path)) == [101, 102]
    third = LastSessions(open_window().window, tmp_path)
    third.offer()
    assert third._window.notice.isHidden()  # both are open in other windows
    one.close()
    assert first.end() == ""
    third.offer()
    assert "Two moons" in third._window.notice.sentence.text()
    third.reopen()
    driver = third._window
    one.wait(lambda: driver.session.experiment.network.seed == 101)
    assert second.keep() and len(saved_sessions(tmp_path)) == 2


def test_a_change_is_kept_soon_without_closing_and_off_the_window_s_thread(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = open_window()
    threads: list[str] = []
    save = Experiment.save

    def watched(*arguments: Any) -> Experiment:
        threads.append(threading.current_thread().name)
        return save(*arguments)

    monkeypatch.setattr(Experiment, "save", watched)
    monkeypatch.setattr("sandbox.ui.last_session._PERIOD", 20)
    sessions = LastSessions(driver.window, tmp_path)
    change(driver)
    driver.wait(lambda: sessions._kept is not None)
    (session,) = saved_sessions(tmp_path)
    assert session.experiment.effective().optimizer.learning_rate == RATE
    assert set(threads) == {"keeping"}
    driver.play(updates=30)
    update = driver.pause().update
    driver.wait(lambda: saved_sessions(tmp_path)[0].update == update)


@pytest.mark.parametrize("ending", ["closed", "ended"])
def test_what_was_changed_last_is_kept_too(driver: Any, tmp_path: Path, ending: str) -> None:
    """The thread is still busy with an update when the window is closed."""
    sessions = LastSessions(driver.window, tmp_path)
    driver.play(updates=20)
    driver.session.change("optimizer.learning_rate", RATE, True)
    assert not driver.session.is_settled
    assert driver.window.close() if ending == "closed" else sessions.end() == ""
    (session,) = saved_sessions(tmp_path)
    assert session.experiment.effective().optimizer.learning_rate == RATE


def test_a_reopened_session_is_not_lost_by_undo(open_window: OpenWindow, tmp_path: Path) -> None:
    Experiment().with_value("network.seed", 101).save(tmp_path / "last.toml")
    driver = open_window()
    sessions = LastSessions(driver.window, tmp_path)
    sessions.reopen()
    driver.wait(lambda: driver.field("network.seed") == 101)
    driver.settle()
    sessions.keep_soon()
    driver.wait(lambda: sessions._kept is not None)
    driver.undo()
    driver.wait(lambda: driver.field("network.seed") != 101)
    driver.settle()
    another = LastSessions(open_window().window, tmp_path)
    another.offer()
    assert driver.window.close() and sessions.end() == ""
    assert 101 in [session.experiment.network.seed for session in saved_sessions(tmp_path)]
    another.end()
