"""What the window asks of the thread: runs begun, refused and returned to, in any order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication

import sandbox.worker.thread as worker
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document import rules
from sandbox.experiment.training import size
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.worker import TrainerThread
from sandbox.worker.commands import Refresh, Start, Step

OpenWindow = Callable[..., Any]


def same_bits(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


class Hold(QObject):
    """Withholds the thread's snapshots from a session, as if they were still on their way."""

    def __init__(self, session: Any) -> None:
        super().__init__()
        self._session = session
        session.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        return event.type() == TrainerThread.SNAPSHOT

    def release(self) -> None:
        """Let them through from now on, beginning with the newest."""
        self._session.removeEventFilter(self)
        QApplication.postEvent(self._session, QEvent(TrainerThread.SNAPSHOT))


# Changes while a run begins


def test_an_edit_while_a_run_begins_belongs_to_that_run(driver: Any) -> None:
    session = driver.session
    hold = Hold(session)
    session.change("data.noise", 0.3, True)
    session.change("network.hidden", (5,), True)
    assert session.experiment.network.hidden == (5,) and session.experiment.data.noise == 0.3  # shown at once
    hold.release()
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes == (2, 5, 1))
    assert driver.last.run == 1
    assert driver.last.experiment.data.noise == session.experiment.data.noise == 0.3
    driver.undo()
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes == (2, 6, 4, 1))
    assert driver.last.run == 1
    driver.undo()
    driver.wait_drawn(lambda snapshot: snapshot.run == 0)
    assert session.experiment == Experiment()
    assert not session.undo_stack.canUndo()


def test_another_setting_changed_while_a_run_begins_is_not_lost(driver: Any) -> None:
    session = driver.session
    hold = Hold(session)
    session.change("data.noise", 0.3, True)
    session.change("data.samples", 120, True)
    session.change("network.seed", 5, True)
    hold.release()
    driver.wait(lambda: driver.field("network.seed") == 5 and driver.field("data.samples") == 120)
    assert driver.field("data.noise") == 0.3
    assert session.undo_stack.count() == 3
    for run in (2, 1, 0):
        driver.undo()
        driver.wait_drawn(lambda snapshot, run=run: snapshot.run == run and not session.is_pending)
    assert session.experiment == Experiment()


def test_only_the_last_value_of_a_rapid_drag_is_deferred(driver: Any) -> None:
    session = driver.session
    hold = Hold(session)
    for step in range(100):
        session.change("data.noise", 0.2 + 0.001 * step, False)
    session.change("data.noise", 0.2 + 0.001 * 99, True)
    assert session.deferred == 1
    hold.release()
    driver.wait(lambda: driver.field("data.noise") == 0.2 + 0.001 * 99)
    driver.settle()
    assert driver.last.run == 1 + 1
    assert session.undo_stack.count() == 1
    driver.undo()
    driver.wait_drawn(lambda snapshot: snapshot.run == 0)
    assert session.experiment == Experiment()


def test_undo_while_a_run_begins_undoes_that_run(driver: Any) -> None:
    session = driver.session
    session.change("data.noise", 0.3, True)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    hold = Hold(session)
    session.change("data.noise", 0.4, True)
    driver.undo()
    hold.release()
    driver.wait(lambda: not session.is_pending and not session.deferred and session.undo_stack.index() == 1)
    assert driver.settle().run == 1
    assert session.experiment.data.noise == 0.3
    driver.redo()
    driver.wait_drawn(lambda snapshot: snapshot.run == 2)
    assert session.experiment.data.noise == driver.field("data.noise") == 0.4


def test_an_edit_while_a_run_is_refused_belongs_to_the_current_run(driver: Any, tmp_path: Path) -> None:
    session = driver.session
    driver.click(driver.window.controls.step_update)
    driver.wait_drawn(lambda snapshot: snapshot.update == 1)
    session.open_table(tmp_path / "none.csv")
    session.change("optimizer.learning_rate", 0.125, True)
    driver.wait(lambda: driver.field("optimizer.learning_rate") == 0.125)
    assert driver.last.run == 0
    assert any("none.csv" in sentence and error for sentence, error in driver.messages)
    assert session.experiment == Experiment().with_value("optimizer.learning_rate", 0.125)
    driver.undo()
    driver.wait(lambda: driver.field("optimizer.learning_rate") == 0.5)


def test_two_resets_while_a_run_begins_are_one(driver: Any) -> None:
    session = driver.session
    hold = Hold(session)
    for _ in range(5):
        session.reset()
    hold.release()
    driver.wait_drawn(lambda snapshot: snapshot.run == 2 and not session.is_pending)
    assert not session.deferred


def test_a_file_with_other_lanes_opens_while_training(driver: Any, tmp_path: Path) -> None:
    path = tmp_path / "lanes.toml"
    path.write_text('[[lanes]]\nname = "P"\n[[lanes]]\nname = "Q"\n', encoding="utf-8")
    driver.play(updates=2)
    driver.session.open_experiment(path)
    # Snapshots of the old lanes may still arrive while the controls show the new ones.
    driver.wait_drawn(lambda snapshot: len(snapshot.lanes) == 2)
    driver.undo()
    driver.wait_drawn(lambda snapshot: [lane.name for lane in snapshot.lanes] == ["A"])


# Returning to a run


def test_undoing_a_change_of_data_restores_the_run_as_it_was(driver: Any) -> None:
    driver.play(updates=20)
    driver.pause()
    reached, weights = driver.last.update, driver.weights()
    driver.session.change("data.dataset", "circles", True)
    driver.wait_drawn(lambda snapshot: snapshot.data.name == "circles")
    driver.play(updates=5)
    driver.pause()
    other_update, other_weights = driver.last.update, driver.weights()
    driver.undo()
    driver.wait_drawn(lambda snapshot: snapshot.run == 0)
    assert driver.last.update == reached and same_bits(driver.weights(), weights)
    assert driver.control("data.dataset").value() == "moons"
    driver.redo()
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    assert driver.last.update == other_update and same_bits(driver.weights(), other_weights)


def test_undo_goes_back_beyond_a_reset(driver: Any) -> None:
    driver.click(driver.window.controls.step_update)
    driver.session.change("optimizer.learning_rate", 0.25, True)
    driver.wait(lambda: driver.field("optimizer.learning_rate") == 0.25)
    driver.click(driver.window.controls.reset)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    assert driver.last.experiment.optimizer.learning_rate == 0.25
    assert driver.last.experiment.edits == ()
    driver.undo()
    driver.wait_drawn(lambda snapshot: snapshot.run == 0)
    assert driver.last.update == 1
    driver.undo()
    driver.wait(lambda: driver.field("optimizer.learning_rate") == 0.5)
    for rate, run in ((0.25, 0), (0.25, 1)):
        driver.redo()
        driver.wait(lambda rate=rate: driver.field("optimizer.learning_rate") == rate)
        driver.wait_drawn(lambda snapshot, run=run: snapshot.run == run)


def test_returning_to_a_discarded_run_restarts_it(driver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_MOST_LEFT", 1)
    driver.click(driver.window.controls.step_update)
    driver.wait_drawn(lambda snapshot: snapshot.update == 1)
    for noise in (0.3, 0.4):
        driver.session.change("data.noise", noise, True)
        driver.wait(lambda noise=noise: driver.field("data.noise") == noise)
    for run in (1, 0):
        driver.undo()
        driver.wait_drawn(lambda snapshot, run=run: snapshot.run == run)
    assert driver.last.update == 0
    assert same_bits(driver.weights(), Trainer(Experiment()).parameters())


def test_a_failed_return_to_a_run_keeps_the_current_one(
    driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_MOST_LEFT", 0)
    monkeypatch.setattr(worker, "_LEAST_LEFT", 0)
    table = tmp_path / "own.csv"
    table.write_text("".join(f"{k},{k % 7},{k % 2}\n" for k in range(20)), encoding="utf-8")
    driver.session.open_table(table)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    driver.session.change("data.test_fraction", 0.5, True)
    driver.wait_drawn(lambda snapshot: snapshot.run == 2)
    table.unlink()
    driver.undo()
    driver.wait(lambda: any(error for _, error in driver.messages))
    assert driver.settle().run == 2
    assert driver.session.experiment.data.test_fraction == 0.5
    driver.play(updates=3)
    driver.redo()
    driver.wait(lambda: not driver.session.is_pending)
    assert driver.session.experiment.data.test_fraction == 0.5


def test_late_snapshots_of_another_run_are_not_drawn(driver: Any) -> None:
    driver.session.change("data.noise", 0.3, True)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    driver.settle()
    late = next(snapshot for snapshot in driver.drawn if snapshot.run == 0)
    count = len(driver.drawn)
    driver.thread._mailbox.append((late, worker.threading.Event()))
    QApplication.sendEvent(driver.session, QEvent(TrainerThread.SNAPSHOT))
    assert len(driver.drawn) == count
    assert driver.session.snapshot.run == 1


def test_settings_of_a_single_lane_can_be_changed(driver: Any, tmp_path: Path) -> None:
    path = tmp_path / "one.toml"
    path.write_text('[[lanes]]\nname = "solo"\nnetwork.seed = 3\nnetwork.initializer = "he_normal"\n', encoding="utf-8")
    driver.session.open_experiment(path)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    driver.type(driver.control("network.seed").edit, "4")
    driver.wait(lambda: driver.field("network.seed", "solo") == 4)
    assert driver.control("network.seed").value() == 4
    assert driver.field("network.initializer", "solo") == "he_normal"


def test_edits_from_a_file_show_in_the_controls(driver: Any, tmp_path: Path) -> None:
    path = tmp_path / "edits.toml"
    path.write_text("[[edits]]\nupdate = 2\noptimizer.learning_rate = 0.125\n", encoding="utf-8")
    driver.session.open_experiment(path)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    assert driver.control("optimizer.learning_rate").value() == 0.5
    driver.play(updates=3)
    driver.wait(lambda: driver.control("optimizer.learning_rate").value() == 0.125)
    driver.pause()
    driver.session.reset()
    driver.wait_drawn(lambda snapshot: snapshot.run == 2)
    assert driver.field("optimizer.learning_rate") == 0.125  # a reset keeps the current settings
    driver.undo()
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    driver.undo()
    driver.wait_drawn(lambda snapshot: snapshot.run == 0)
    assert driver.control("optimizer.learning_rate").value() == 0.5


# Errors and closing


def test_a_trainer_error_is_shown_and_the_window_survives(driver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> int:
        raise RuntimeError("boom")

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "advance", broken)
        driver.click(driver.window.controls.play)
        driver.wait(lambda: driver.window.notice.isVisible() and not driver.session.playing)
        assert "boom" in driver.window.notice.sentence.text()
    driver.click(driver.window.controls.reset)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    driver.play(updates=3)


def test_an_error_while_a_run_begins_does_not_stop_the_next(driver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Trainer.__init__

    def broken(trainer: Trainer, *arguments: Any, **keywords: Any) -> None:
        raise MemoryError("too large")

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "__init__", broken)
        driver.session.change("data.noise", 0.3, True)
        driver.wait(lambda: any(error for _, error in driver.messages))
    assert Trainer.__init__ is original
    assert driver.session.experiment == Experiment()
    driver.session.change("data.noise", 0.4, True)
    driver.wait(lambda: driver.field("data.noise") == 0.4)


def test_a_failed_save_is_reported(driver: Any, tmp_path: Path) -> None:
    driver.session.save_experiment(tmp_path / "no" / "folder" / "run.toml")
    assert driver.messages[-1][1] and "run.toml" in driver.messages[-1][0]


def test_open_and_close_while_training_twenty_times(open_window: OpenWindow) -> None:
    for _ in range(20):
        driver = open_window()
        driver.play(updates=1)
        driver.close()
        assert not driver.window.isVisible()
        driver.delete()


def test_close_before_the_views_are_loaded(qtbot: Any) -> None:
    from sandbox.ui.window import MainWindow

    window = MainWindow(Experiment())
    window.start()
    window.close()
    thread = window.session._thread
    qtbot.waitUntil(lambda: not thread.isRunning())
    QApplication.processEvents()
    assert window.boundary is None and not thread.isRunning()
    window.deleteLater()


def test_close_while_a_run_begins_and_the_thread_sleeps(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.thread.set_speed(worker.SLOWEST_SPEED)
    driver.play(updates=1)
    driver.session.change("data.samples", 5000, True)
    driver.close()
    driver.window.close()  # closing again does nothing


def test_a_closed_window_no_longer_follows_the_focus(open_window: OpenWindow, qtbot: Any) -> None:
    closed = open_window()
    closed.delete()
    other = open_window()
    with qtbot.captureExceptions() as exceptions:  # its shortcuts are deleted: to enable one would raise
        other.control("optimizer.learning_rate").edit.setFocus(Qt.FocusReason.TabFocusReason)
        other.settle()
    assert exceptions == []


def test_commands_are_sent_in_the_order_given(driver: Any) -> None:
    sent: list[Any] = []
    send = driver.thread.send
    driver.thread.send = lambda command: (sent.append(command), send(command))
    driver.session.step()
    driver.session.change("data.noise", 0.3, True)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    kinds = [type(command) for command in sent if not isinstance(command, Refresh)]
    assert kinds == [Step, Start]


def test_snapshots_are_drawn_in_order(driver: Any) -> None:
    drawn: list[Snapshot] = []
    driver.window.drawn.connect(drawn.append)
    driver.play(updates=30)
    updates = [snapshot.update for snapshot in drawn]
    assert updates == sorted(updates)
    assert drawn[-1] is driver.session.snapshot


def test_an_edit_is_validated_once_where_it_enters(driver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[tuple[str, Any]] = []
    check = rules.check_value

    def noted(key: str, value: object, where: str = "") -> Any:
        checked.append((key, value))
        return check(key, value, where)

    driver.play()
    monkeypatch.setattr(rules, "check_value", noted)
    driver.session.change("optimizer.learning_rate", 0.125, True)
    driver.wait_drawn(lambda snapshot: len(snapshot.marks) == 1)
    assert checked == [("optimizer.learning_rate", 0.125)]
    driver.pause()


def test_an_edit_that_needs_too_much_memory_is_taken_back_in_the_controls(
    driver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = driver.play().experiment.network.hidden
    monkeypatch.setattr(size, "MOST_RUN_BYTES", 50_000_000)
    driver.session.change("network.hidden", (1_024,) * 8, True)
    driver.wait(
        lambda: any(error and "the largest factor is the hidden layers" in text for text, error in driver.messages)
    )
    driver.wait(lambda: driver.session.experiment.network.hidden == before)
    driver.pause()
    assert driver.settle().lanes[0].sizes[1:-1] == before
    assert driver.control("network.hidden").value() == before
    driver.undo()  # of the refused step, which changes nothing
    assert driver.settle().lanes[0].sizes[1:-1] == before and driver.play().update > 0
