"""What stays on screen of the previous run, and the line that invites to the first one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from sandbox.experiment import Experiment, Trainer
from sandbox.ui.controls import FIRST_SPEED
from sandbox.ui.kit import SPEEDS


def test_reset_leaves_the_last_run_pale_until_cleared(driver: Any) -> None:
    cost, view = driver.window.cost, driver.window.boundary.current
    driver.play(updates=40)
    driver.pause()
    (curve,) = (curve for curve in driver.last.curves if curve.column == "train_binary_cross_entropy")
    epoch, boundary = driver.last.epoch, view.lines.lines[0]
    assert not cost.ghosts.lines and not view.ghost.lines and not cost.ghost_note.isVisible()
    driver.click(driver.window.controls.reset)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    (ghost,) = cost.ghosts.lines
    np.testing.assert_array_equal(ghost.x, curve.epochs)
    np.testing.assert_allclose(10.0**ghost.y, curve.values)
    assert ghost.color.alphaF() == pytest.approx(0.5, abs=0.01)
    np.testing.assert_array_equal(view.ghost.lines[0].x, boundary.x)
    assert cost.ghost_note.isVisible()
    assert cost.ghost_note.text.text() == f"Pale: the previous run, {epoch:,} epochs of binary cross-entropy"
    assert cost.plot.x_range[1] >= curve.epochs[-1]  # the axis does not jump
    driver.click(cost.ghost_note.close_button)
    assert not cost.ghosts.lines and not view.ghost.lines and not cost.ghost_note.isVisible()


def test_a_ghost_is_shown_for_the_losses_in_view_alone(driver: Any) -> None:
    """The next run learns with another loss: its curve has another scale; the old loss, now shown, has a ghost."""
    driver.play(updates=20)
    driver.pause()
    driver.click(driver.window.controls.reset)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    driver.choose(driver.control("loss.objective"), "Mean squared")
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].objective == "mse")
    driver.settle()
    ((lane, column),) = driver.window.cost._ghosts
    assert (lane, column) == ("A", "train_binary_cross_entropy")
    (ghost,) = driver.window.cost.ghosts.lines
    assert ghost.dash  # as a loss that is only shown
    driver.play(updates=10)
    driver.pause()
    assert len(driver.window.boundary.current.ghost.lines) == 1


def test_a_run_that_changed_its_loss_is_not_said_to_be_of_one(driver: Any) -> None:
    driver.play(updates=10)
    driver.pause()
    driver.choose(driver.control("loss.objective"), "Mean squared")
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].objective == "mse")
    driver.play(updates=10)
    driver.pause()
    epoch = driver.last.epoch
    driver.click(driver.window.controls.reset)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    assert driver.window.cost.ghost_note.text.text() == f"Pale: the previous run, {epoch:,} epochs"


def test_the_ghost_is_of_the_last_run_that_was_trained(driver: Any) -> None:
    driver.play(updates=20)
    driver.pause()
    for run in (1, 2):
        driver.click(driver.window.controls.reset)
        driver.wait_drawn(lambda snapshot, run=run: snapshot.run == run)
    assert len(driver.window.cost.ghosts.lines) == 1  # the run in between was not trained


def test_other_data_have_no_ghost(driver: Any) -> None:
    driver.play(updates=20)
    driver.pause()
    driver.click(driver.window.controls.reset)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    driver.type(driver.control("data.noise").edit, "0.3")
    driver.wait_drawn(lambda snapshot: snapshot.run == 2)
    assert not driver.window.cost.ghosts.lines and not driver.window.boundary.current.ghost.lines
    assert not driver.window.cost.ghost_note.isVisible()


def test_the_first_screen_invites_to_play_and_to_change_the_loss(open_window: Callable[..., Any]) -> None:
    driver = open_window(Experiment())
    invitation = driver.window.cost.invitation
    assert invitation.isVisible() and driver.window.cost.plot.rect().contains(invitation.geometry())
    text = invitation.text()
    assert text.startswith("Press Play.")
    labels = [driver.window.loss_panel.rows[key].label.text() for key in ("loss.monitors", "loss.objective")]
    assert [text.index(label) for label in labels] == sorted(text.index(label) for label in labels)
    assert invitation.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    driver.play(updates=1)
    driver.pause()
    following = driver.window.cost.next_step
    assert not invitation.isVisible() and following.isVisible()
    assert all(label in following.text() for label in labels)
    driver.tick(driver.control("loss.monitors"), "Mean absolute error")
    driver.wait(lambda: not following.isVisible())


def test_the_first_speed_lets_one_see_the_moons_bend() -> None:
    """The boundary bends between epochs 50 and 400, one update each: that takes some seconds."""
    trainer = Trainer(Experiment())
    scores = []
    for epochs in (50, 350):
        trainer.run(epochs)
        scores.append(trainer.readings(trainer.lanes[0])["train_accuracy"])
    assert scores[0] < 0.87 and scores[1] > 0.95
    assert 2.0 <= 350 / FIRST_SPEED <= 10.0 and FIRST_SPEED in SPEEDS
