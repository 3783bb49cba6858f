"""The last session is saved and offered again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.experiment import Experiment, Trainer
from sandbox.ui import last_session
from sandbox.ui.kit.base import discard
from sandbox.ui.window import MainWindow


def test_the_last_session_is_restored_bit_for_bit(open_window: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "deep" / "last.toml"
    first = open_window()
    first.play(updates=30)
    first.pause()
    first.session.change("loss.objective", "mse", True)
    first.settle()
    first.play(updates=30)
    reached, weights = first.pause().update, first.weights()
    first.close()
    assert last_session.save(first.window, path)

    second = open_window()
    last_session.offer(second.window, path)
    notice = second.window.notice
    second.wait(notice.isVisible)
    assert notice.button.text() == "Open it"
    second.click(notice.button)
    second.wait(lambda: bool(second.last.experiment.edits))
    assert not notice.isVisible()
    assert second.last.update == 0 and second.last.experiment.dumps() == first.last.experiment.dumps()
    replayed = Trainer(Experiment.load(path))
    replayed.advance(lambda: True, reached)
    for name, value in replayed.parameters().items():
        assert (value == weights[name]).all()


def test_the_offer_stays_above_views_loaded_later(qtbot: Any, tmp_path: Path) -> None:
    path = tmp_path / "last.toml"
    Experiment().save(path)
    window = MainWindow(Experiment())
    last_session.offer(window, path)
    window.start()
    try:
        button = window.notice.button
        qtbot.waitUntil(lambda: window.session.snapshot is not None and button.isVisible(), timeout=20_000)
        assert window.childAt(button.mapTo(window, button.rect().center())) is button
    finally:
        window.close()
        discard(window)


def test_nothing_is_saved_if_nothing_was_changed(open_window: Callable[..., Any], tmp_path: Path) -> None:
    driver = open_window()
    driver.play(updates=5)
    driver.pause()
    driver.close()
    assert not last_session.save(driver.window, tmp_path / "last.toml")
    last_session.offer(driver.window, tmp_path / "last.toml")
    assert driver.window.notice.isHidden() and list(tmp_path.iterdir()) == []


def test_a_failed_save_is_logged_and_not_raised(
    open_window: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    driver = open_window()
    driver.session.change("optimizer.learning_rate", 0.1, True)
    driver.settle()
    driver.close()
    assert not last_session.save(driver.window, tmp_path / "file" / "last.toml")
    assert "could not be saved" in caplog.text
