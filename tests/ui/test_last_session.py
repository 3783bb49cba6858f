"""The last sessions are kept with all that was in them, and offered again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint

from sandbox.experiment import Experiment, Trainer
from sandbox.ui.kit.base import discard
from sandbox.ui.last_session import MOST, LastSessions, saved_sessions
from sandbox.ui.window import MainWindow

OpenWindow = Callable[..., Any]


def same_bits(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all((one[name] == other[name]).all() for name in one)


def test_the_last_session_is_restored_bit_for_bit(open_window: OpenWindow, tmp_path: Path) -> None:
    """Three lanes, one of them hidden, one forked, and an edit: all is as it was left, the weights too."""
    first = open_window()
    sessions = LastSessions(first.window, tmp_path / "deep")
    first.play(updates=30)
    first.pause()
    first.session.change("loss.objective", "mse", True)
    first.settle()
    first.session.fork_lane("A")
    first.settle()
    first.session.change("optimizer.learning_rate", 0.05, True, "B")
    first.settle()
    first.play(updates=30)
    first.pause()
    first.session.hide_lane("B")
    reached = first.settle()
    weights = {lane: first.weights(lane) for lane in "AB"}
    first.close()
    assert sessions.end() == ""

    second = open_window()
    LastSessions(second.window, tmp_path / "deep").offer()
    notice = second.window.notice
    second.wait(notice.isVisible)
    assert notice.sentence.text() == f"Your last session was kept: Two moons, 2 lanes, {reached.epoch} epochs."
    second.click(notice.button)
    second.wait(lambda: second.last.update == reached.update and len(second.last.lanes) == 2)
    second.wait(lambda: not second.session.playing)
    second.settle()
    assert not notice.isVisible()
    assert second.last.experiment.dumps() == reached.experiment.dumps()
    assert second.session.hidden == {"B"}
    assert all(same_bits(second.weights(lane), weights[lane]) for lane in "AB")
    replayed = Trainer(Experiment.load(saved_sessions(tmp_path / "deep")[0].path))  # without the window, too
    replayed.advance(lambda: True, reached.update)
    assert all(same_bits(replayed.parameters(lane), weights[lane]) for lane in "AB")


def test_new_keeps_what_was_there_and_undo_brings_it_back(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    sessions = LastSessions(driver.window, tmp_path)
    reopen = driver.window.actions_["reopen"]
    assert not reopen.isEnabled()
    driver.session.change("data.dataset", "circles", True)
    driver.settle()
    driver.play(updates=10)
    left, weights = driver.pause(), driver.weights()
    driver.window.actions_["new"].trigger()
    driver.wait(lambda: driver.last.update == 0 and driver.field("data.dataset") == "moons")
    assert driver.session.experiment == Experiment().with_value("loss.monitors", ("mse",))
    assert [(session.experiment, session.update) for session in saved_sessions(tmp_path)] == [
        (left.experiment, left.update)
    ]
    driver.undo()
    driver.wait(lambda: driver.last.run == left.run)
    driver.settle()
    assert same_bits(driver.weights(), weights)
    driver.redo()
    driver.wait(lambda: driver.field("data.dataset") == "moons")
    assert reopen.isEnabled()
    reopen.trigger()
    driver.wait(lambda: driver.last.update == left.update and driver.field("data.dataset") == "circles")
    driver.settle()
    assert same_bits(driver.weights(), weights)
    assert sessions.keep()
    assert len(saved_sessions(tmp_path)) == 2  # what was new, and this one, which went on from the one kept


def test_only_so_many_sessions_are_kept_and_the_menu_lists_them(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    sessions = LastSessions(driver.window, tmp_path)
    for seed in range(MOST + 2):
        driver.session.change("network.seed", 100 + seed, True)
        driver.settle()
        assert sessions.keep()
        if seed <= MOST:
            driver.session.leaving.emit()
    assert [session.experiment.network.seed for session in saved_sessions(tmp_path)] == [106, 105, 104, 103, 102]
    driver.session.step()
    driver.wait_drawn(lambda snapshot: snapshot.update == 1)
    driver.settle()
    assert sessions.keep()  # in the same file
    assert [session.experiment.network.seed for session in saved_sessions(tmp_path)] == [106, 105, 104, 103, 102]
    assert saved_sessions(tmp_path)[0].update == 1
    menu = driver.window.actions_.sessions
    menu.aboutToShow.emit()
    texts = [action.text() for action in menu.actions()]
    assert len(texts) == MOST - 1 and texts[0].startswith("Two moons, 1 lane, 0 updates (")  # not what is open
    menu.actions()[1].trigger()
    driver.wait(lambda: driver.field("network.seed") == 104)


def test_the_offer_stays_until_it_is_answered(open_window: OpenWindow, tmp_path: Path) -> None:
    (tmp_path / "last.toml").write_text('[data]\ndataset = "circles"\n')
    driver = open_window()
    sessions = LastSessions(driver.window, tmp_path)
    sessions.offer()
    notice = driver.window.notice
    offered = notice.sentence.text()
    assert offered == "Your last session was kept: Two circles, 1 lane, 0 updates."
    assert not notice._hide_timer.isActive()
    driver.session.change("optimizer.learning_rate", -1.0, True)
    assert "-1" in notice.sentence.text()
    driver.click(notice.close_button)
    assert notice.isVisible() and notice.sentence.text() == offered
    notice.say("2 rows were left out.")
    notice._hide_timer.timeout.emit()
    assert notice.isVisible() and notice.sentence.text() == offered
    driver.click(driver.window.controls.reset)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    assert notice.sentence.text() == offered
    driver.click(notice.close_button)
    assert not notice.isVisible()
    assert driver.window.actions_["reopen"].isEnabled()  # it is still there
    notice.say("Something else.")
    driver.click(notice.close_button)
    assert not notice.isVisible()


def test_reopening_by_the_menu_answers_the_offer(open_window: OpenWindow, tmp_path: Path) -> None:
    (tmp_path / "last.toml").write_text('[data]\ndataset = "circles"\n')
    driver = open_window()
    sessions = LastSessions(driver.window, tmp_path)
    sessions.offer()
    driver.window.actions_["reopen"].trigger()
    assert not driver.window.notice.isVisible()
    driver.wait(lambda: driver.field("data.dataset") == "circles")


def test_a_message_moves_and_covers_nothing(open_window: OpenWindow) -> None:
    driver = open_window()
    window = driver.window

    def places() -> list[Any]:
        widgets = (window.controls, window.page.settings, window.boundary_card, window.cost_card, window.lenses)
        return [widget.geometry() for widget in widgets]

    before = places()
    window.notice.say("A long sentence about what has happened. " * 9, error=True, action="Reset")
    driver.settle()
    assert places() == before
    top, bottom = (window.notice.mapTo(window, QPoint(0, y)).y() for y in (0, window.notice.height()))
    assert top >= 0 and bottom <= window.controls.y()
    menus = window.menus.mapTo(window, QPoint(window.menus.width(), 0)).x()
    assert window.notice.mapTo(window, QPoint(0, 0)).x() >= menus


def test_the_offer_is_there_before_and_after_the_views_are_loaded(qtbot: Any, tmp_path: Path) -> None:
    Experiment().save(tmp_path / "last.toml")
    window = MainWindow(Experiment())
    sessions = LastSessions(window, tmp_path)
    sessions.offer()
    window.start()
    try:
        button = window.notice.button
        qtbot.waitUntil(lambda: window.session.snapshot is not None and button.isVisible(), timeout=20_000)
        assert window.childAt(button.mapTo(window, button.rect().center())) is button
    finally:
        window.close()
        discard(window)


def test_nothing_is_kept_if_nothing_was_changed(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    sessions = LastSessions(driver.window, tmp_path)
    driver.play(updates=5)
    driver.pause()
    driver.close()
    assert not sessions.keep()
    sessions.offer()
    assert driver.window.notice.isHidden() and list(tmp_path.iterdir()) == []


def test_a_kept_file_that_cannot_be_read_is_left_out(open_window: OpenWindow, tmp_path: Path) -> None:
    (tmp_path / "last.toml").write_text("learning_rate = [")
    (tmp_path / "last-2.toml").write_text("# Left at: {nonsense\n")
    Experiment().save(tmp_path / "last-3.toml")
    assert [session.path.name for session in saved_sessions(tmp_path)] == ["last-3.toml"]
