"""The card of the lenses in the real window: tabs, separate windows, and what they send to the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from sandbox.experiment import Experiment
from sandbox.experiment.lens.equations import AskNumbers
from sandbox.experiment.lens.findings import AskFindings
from sandbox.experiment.lens.sample import FollowSample
from sandbox.experiment.lens.signal import AskSignals
from sandbox.experiment.lens.update import NextUpdate
from sandbox.experiment.lens.whatif import AskWhatIf
from sandbox.ui.lens import LENSES
from sandbox.ui.lens.findings import FindingsLens
from sandbox.ui.lens.sample import SampleLens
from sandbox.ui.lens.whatif import WhatIfLens

DIVERGING = {"loss.objective": "mse", "network.output": "linear", "optimizer.learning_rate": 1e6}


def lens_of(driver: Any, kind: type) -> Any:
    return next(lens for lens in driver.window.lenses.lenses if isinstance(lens, kind))


def test_only_the_lens_of_the_chosen_tab_is_visible_and_asks(driver: Any) -> None:
    card = driver.window.lenses
    assert [type(lens) for lens in card.lenses] == list(LENSES)
    for index, lens in enumerate(card.lenses):
        driver.click(card.tabs.button(index))
        assert card.current is lens and lens.isVisible()
        assert not any(other.isVisible() for other in card.lenses if other is not lens)
        hidden = [other for other in card.lenses if other is not lens]
        assert all(other.questions("A") == () for other in hidden)


def test_a_lens_moves_to_a_separate_window_and_back(driver: Any) -> None:
    card = driver.window.lenses
    lens = card.lenses[0]
    driver.click(card.detach)
    assert lens.window() is not driver.window and lens.isVisible()
    assert not card.detach.isVisible()
    driver.click(card.tabs.button(1))
    assert card.lenses[1].isVisible() and lens.isVisible()  # both at once
    lens.window().close()
    assert lens.window() is driver.window
    driver.click(card.tabs.button(0))
    assert lens.isVisible() and card.detach.isVisible()


def test_closing_the_window_closes_a_separate_lens_too(driver: Any) -> None:
    card = driver.window.lenses
    driver.click(card.detach)
    separate = card.lenses[0].window()
    driver.play(updates=2)
    driver.close()
    assert not separate.isVisible()


def test_a_clicked_point_is_followed(driver: Any) -> None:
    view = driver.window.boundary
    data = driver.last.data
    x, y = view.plot.pixels(data.inputs_train[:1, 0], data.inputs_train[:1, 1])
    corner = view.plot.mapFromScene(view.plot.area.mapToScene(QPoint(0, 0)))
    pixel = corner + QPoint(round(float(x[0])), round(float(y[0])))
    QTest.mouseClick(view.plot.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, pixel)
    lens = lens_of(driver, SampleLens)
    assert driver.window.lenses.current is lens
    part, index = lens.sample
    inputs = data.inputs_train if part == "train" else data.inputs_test
    followed = view.plot.pixels(inputs[index : index + 1, 0], inputs[index : index + 1, 1])
    assert abs(followed[0][0] - x[0]) <= 10 and abs(followed[1][0] - y[0]) <= 10


def test_the_what_if_table_changes_the_objective_and_undo_restores_it(driver: Any) -> None:
    driver.play(updates=5)
    driver.pause()
    lens = lens_of(driver, WhatIfLens)
    lens.change_requested.emit("loss.objective", "huber")
    driver.wait(lambda: driver.last.lanes[0].objective == "huber")
    assert driver.last.experiment.edits[-1].changes["loss.objective"] == "huber"
    driver.click(driver.window.controls.undo)
    driver.wait(lambda: driver.last.lanes[0].objective == "binary_cross_entropy")


def test_a_chip_opens_its_finding(open_window: Callable[..., Any]) -> None:
    driver = open_window(Experiment().with_values(DIVERGING))
    card = driver.window.lenses
    assert card.strip is not None
    driver.click(driver.window.controls.play)
    driver.wait(card.strip.isVisible)
    driver.click(card.strip.chips[0])
    assert isinstance(card.current, FindingsLens) and card.current.isVisible()
    assert card.current.views


def test_the_button_of_a_stopped_lane_changes_the_cause_and_restarts(open_window: Callable[..., Any]) -> None:
    driver = open_window(Experiment().with_values(DIVERGING))
    card = driver.window.lenses
    driver.click(driver.window.controls.play)
    driver.wait(lambda: bool(driver.last.lanes[0].stopped) and card.strip.isVisible())
    driver.click(card.strip.chips[0])
    driver.wait(lambda: bool(card.current.views) and card.current.views[0].button.isVisible())
    run, button = driver.last.run, card.current.views[0].button
    assert button.text() == "Set learning rate to 0.3 and reset"
    driver.click(button)
    driver.wait(lambda: driver.last.run != run)
    assert not driver.last.lanes[0].stopped and driver.last.update == 0
    assert driver.field("optimizer.learning_rate") == 0.3


def test_a_button_that_helps_only_from_the_start_begins_there(open_window: Callable[..., Any]) -> None:
    """With targets of -1 and +1, cross-entropy drives every weight far off: a mere change would not bring it back."""
    driver = open_window(Experiment().with_values({"network.target_coding": "plus_minus_one"}))
    card = driver.window.lenses
    driver.click(driver.window.controls.step_epoch)
    driver.wait(card.strip.isVisible)
    driver.click(card.strip.chips[0])
    driver.wait(lambda: bool(card.current.views) and card.current.views[0].button.isVisible())
    run, button = driver.last.run, card.current.views[0].button
    assert not driver.last.lanes[0].stopped
    assert button.text() == "Set target coding to auto and reset"
    driver.click(button)
    driver.wait(lambda: driver.last.run != run and not card.current.views)
    assert driver.last.update == 0 and driver.field("network.target_coding") == "auto"


def test_lenses_side_by_side_take_turns_and_all_are_answered(driver: Any) -> None:
    card = driver.window.lenses
    for lens in card.lenses:
        card.take_out(lens)
    driver.click(driver.window.controls.play)
    first = len(driver.drawn)
    wanted = {AskNumbers, AskSignals, AskWhatIf, FollowSample, NextUpdate, AskFindings}

    def answered() -> list[set[type]]:
        return [{type(question) for question in snapshot.answers} for snapshot in driver.drawn[first:]]

    driver.wait(lambda: set().union(*answered()) >= wanted)
    for kinds in answered()[2:]:  # the first ones were asked while it was paused
        assert len(kinds - {AskFindings}) <= 2


def test_lenses_of_a_paused_run_are_answered_all_at_once(driver: Any) -> None:
    card = driver.window.lenses
    for lens in card.lenses:
        card.take_out(lens)
    first = len(driver.drawn)
    driver.click(driver.window.controls.step_update)
    driver.wait(
        lambda: {type(q) for s in driver.drawn[first:] for q in s.answers} >= {AskNumbers, AskWhatIf, NextUpdate}
    )
