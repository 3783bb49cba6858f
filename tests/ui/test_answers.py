"""The question that the program exists for, asked by clicks: is the loss only for information?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.lanes import with_lane
from sandbox.experiment.document.parts import LaneEntry
from sandbox.nn import LOSSES
from sandbox.ui.lanes.new_lane import new_lane_choices


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
    assert box.sentence.text() == "Only shown: not one of 51 weights changed, and training goes on as it would have."
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
    turned = driver.last.effect.lane("A").turned
    assert turned > 1.0
    assert box.sentence.text() == (
        f"These weights were found by binary cross-entropy ({update} epochs). "
        f"From here on, mean squared error decides every update: the gradient now points {turned:.0f}\u00b0 away. "
        "No weight has changed yet, only the unit of the cost."
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
    assert not driver.window.cost.ghosts.lines  # the run before is lane A
    driver.undo()  # nothing is lost
    driver.wait_drawn(lambda snapshot: snapshot.run == 0)
    assert [lane.objective for lane in driver.last.lanes] == ["mse"] and driver.last.update == update


# A lane that differs in one thing


@pytest.mark.parametrize("hidden", [(), (6, 4)])
def test_every_lane_that_the_menu_offers_differs_in_what_it_says(hidden: tuple[int, ...]) -> None:
    experiment = Experiment().with_values({"network.hidden": hidden, "data.samples": 40})
    groups = {}
    for choice in new_lane_choices(experiment, "A", "binary"):
        groups.setdefault(choice.group, []).append(choice.text)
        added = with_lane(experiment, LaneEntry("B", choice.changes))
        differing = [key for key in choice.changes if added.get(key, "B") != experiment.get(key, "A")]
        assert differing == list(choice.changes) and len(differing) == 1
        assert Trainer(added).step()
    assert list(groups) == [
        "Another loss", "Another learning rate", "Another optimiser", *(["Another activation"] if hidden else []),
        "Another output", "Other layers", "",
    ]  # fmt: skip
    assert "Binary cross-entropy" not in groups["Another loss"] and len(groups["Another loss"]) == len(LOSSES) - 1
    assert groups["Another learning rate"] == ["5  (10 times)", "1.5  (3 times)", "0.17  (a third)", "0.05  (a tenth)"]
    assert groups[""] == ["Other initial weights"]


def test_a_list_of_activations_fits_the_layers_that_are_offered() -> None:
    experiment = Experiment().with_values({"network.hidden": (6, 4), "network.activation": ("relu", "tanh")})
    layers = [choice for choice in new_lane_choices(experiment, "A", "binary") if choice.group == "Other layers"]
    assert [choice.changes["network.activation"] for choice in layers] == [
        (), ("relu",), ("relu", "tanh", "tanh"), ("relu", "tanh")
    ]  # fmt: skip
    for choice in layers:
        with_lane(experiment, LaneEntry("B", choice.changes))


def test_a_lane_with_another_loss_is_three_clicks_away(driver: Any) -> None:
    """Open "+ Lane", "Another loss", choose: the new lane learns from the same start, and shows the old loss too."""
    driver.play(updates=30)
    driver.pause()
    update = driver.last.update
    driver.new_lane("Mean squared error", group="Another loss")
    driver.wait_drawn(lambda snapshot: len(snapshot.lanes) == 2)
    driver.settle()
    assert driver.last.update == update and driver.last.lanes[1].objective == "mse"
    assert driver.field("loss.monitors", "B") == ("binary_cross_entropy",)
    reference = Trainer(Experiment().with_value("loss.objective", "mse"), driver.last.data)
    reference.advance(lambda: True, update)
    assert all(np.array_equal(array, driver.weights("B")[name]) for name, array in reference.parameters().items())


def test_a_lane_that_catches_up_is_drawn_by_itself_and_can_be_cancelled(driver: Any) -> None:
    driver.session.train(3000)
    driver.wait_drawn(lambda snapshot: snapshot.epoch == 3000)
    driver.new_lane("Mean squared error", group="Another loss")
    driver.wait_drawn(lambda snapshot: len(snapshot.lanes) == 2 and 0.05 < snapshot.lanes[1].catch_up < 0.9)
    frame = next(frame for frame in driver.window.boundary.frames if frame.lane_style.name == "B")
    driver.wait(frame.cancel.isVisible)
    assert frame.progress.isVisible() and frame.score.text().startswith("catching up: ")
    curve = next(curve for curve in driver.last.curves if curve.lane == "B" and curve.column == "train_mse")
    assert len(curve.epochs) > 1 and curve.epochs[-1] < 3000  # it grows from the left
    assert any(surface.request.lane == "B" for surface in driver.last.surfaces)
    assert not driver.window.controls.step_update.isEnabled()
    driver.click(frame.cancel)
    driver.wait_drawn(lambda snapshot: len(snapshot.lanes) == 1 and snapshot.catch_up_progress == 1.0)
    assert driver.window.controls.step_update.isEnabled() and driver.last.epoch == 3000


def test_the_lenses_show_a_new_lane_under_its_own_badge_alone(driver: Any) -> None:
    driver.session.train(1000)
    driver.wait_drawn(lambda snapshot: snapshot.epoch == 1000)
    shown: list[tuple[str, str]] = []  # the lens's badge, and the loss whose equations it shows

    def look() -> None:
        lens = driver.window.lenses.current
        setup = lens._setup
        shown.append((driver.window.lenses.badge.accessibleName(), "" if setup is None else setup.kind.name))

    driver.window.drawn.connect(look)
    driver.new_lane("Mean squared error", group="Another loss")
    driver.wait(lambda: ("Lane B", "mse") in shown)
    assert set(shown) <= {("", "binary_cross_entropy"), ("Lane A", "binary_cross_entropy"), ("Lane B", "mse")}


@pytest.mark.parametrize("button", ["play", "reset"])
def test_play_and_reset_are_obeyed_while_a_lane_catches_up(driver: Any, button: str) -> None:
    driver.session.train(3000)
    driver.wait_drawn(lambda snapshot: snapshot.epoch == 3000)
    driver.new_lane("Mean squared error", group="Another loss")
    driver.wait_drawn(lambda snapshot: len(snapshot.lanes) == 2 and snapshot.lanes[1].catch_up < 0.9)
    driver.click(getattr(driver.window.controls, button))
    if button == "reset":
        driver.wait_drawn(lambda snapshot: snapshot.run == 1)
        assert driver.last.update == 0 and len(driver.last.lanes) == 2
        assert driver.window.controls.step_update.isEnabled()
    else:
        driver.wait(lambda: driver.session.playing)
        driver.wait_drawn(lambda snapshot: snapshot.epoch > 3000)
        driver.pause()
