"""The question that the program exists for, asked by clicks: is the loss only for information?"""

from __future__ import annotations

from typing import Any

import numpy as np

from sandbox.experiment import Trainer


def proof_of(driver: Any) -> str:
    """The sentence about the pair of lanes that is on screen."""
    pair = driver.window.boundary.pair
    assert pair is not None and pair.proof.isVisible()
    return str(pair.proof.text())


def test_what_is_only_shown_says_so_where_it_was_changed(driver: Any) -> None:
    """The student's first way: Play, Pause, then two clicks: open "Also show", choose another loss."""
    box = driver.window.loss_panel.only_shown
    assert not box.isVisible()
    driver.play(updates=60)
    driver.pause()
    before = driver.weights()
    driver.tick(driver.control("loss.monitors"), "Mean absolute error")
    driver.wait(box.isVisible)
    assert box.sentence.text() == "Only shown: not one of 51 weights changed."
    effect = driver.last.effect.lane("A")
    assert effect.before == effect.after and box.proof.text().count(effect.before) == 2
    assert all(np.array_equal(before[name], array) for name, array in driver.weights().items())
    driver.play(updates=5)
    driver.pause()
    plain = Trainer(driver.last.experiment.with_values({"loss.monitors": ()}), driver.last.data)
    plain.advance(lambda: True, driver.last.update)
    assert all(np.array_equal(array, driver.weights()[name]) for name, array in plain.parameters().items())


def test_another_loss_answers_by_which_loss_the_weights_were_found(driver: Any) -> None:
    """The second way: Play, Pause, then three clicks: open "Learn with", choose a loss, "Train it from the start"."""
    box = driver.window.loss_panel.found_by
    driver.play(updates=60)
    driver.pause()
    update, weights = driver.last.update, driver.weights()
    driver.choose(driver.control("loss.objective"), "Mean squared")
    driver.wait(box.isVisible)
    assert box.sentence.text() == (
        f"These weights were found by binary cross-entropy ({update} epochs). "
        "From here on, mean squared error decides every update."
    )
    driver.click(box.button)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1 and snapshot.update == update)
    driver.wait(lambda: not driver.session.playing)
    driver.settle()
    assert [(lane.name, lane.objective) for lane in driver.last.lanes] == [("A", "binary_cross_entropy"), ("B", "mse")]
    assert all(np.array_equal(weights[name], array) for name, array in driver.weights("A").items())
    differ = sum(int((weights[name] != array).sum()) for name, array in driver.weights("B").items())
    driver.wait(lambda: driver.window.boundary.pair is not None)
    driver.wait(lambda: proof_of(driver) != "")
    assert proof_of(driver).startswith(f"The weights first differ after one update. Now {differ} of 51 differ")
    assert differ == 51 and not box.isVisible()
    driver.undo()  # nothing is lost
    driver.wait_drawn(lambda snapshot: snapshot.run == 0)
    assert [lane.objective for lane in driver.last.lanes] == ["mse"] and driver.last.update == update
