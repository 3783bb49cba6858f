"""What the loss panel says about a change of the loss, sentence by sentence."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.lanes import with_other_loss
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.lens.answers import about_monitors, about_objective
from sandbox.experiment.training.effect import fingerprint

SMALL = {"data.samples": 60, "network.hidden": (3,)}


def trainer_of(*lanes: LaneEntry, **values: object) -> Trainer:
    experiment = Experiment().with_values({**SMALL, **{key.replace("__", "."): v for key, v in values.items()}})
    if lanes:
        experiment = dataclasses.replace(experiment, lanes=lanes).checked()
    return Trainer(experiment, watched=True)


def test_a_fingerprint_changes_with_the_last_bit_of_any_weight() -> None:
    trainer = trainer_of(run__replicas=3)
    (lane,) = trainer.lanes
    before = fingerprint(lane)
    assert before == fingerprint(lane) and len(before) == 8 and int(before, 16) >= 0
    for replica in lane.replicas:
        for index in range(replica.theta.size):
            old = replica.theta[index]
            replica.theta[index] = np.nextafter(old, np.inf)
            assert fingerprint(lane) != before
            replica.theta[index] = old
    assert fingerprint(lane) == before


def test_monitors_are_answered_with_the_fingerprints_of_the_weights() -> None:
    trainer = trainer_of()
    assert about_monitors(trainer.snapshot().effect, "A") is None
    trainer.run(7)
    trainer.edit({"loss.monitors": ("mae",)})
    answer = about_monitors(trainer.snapshot().effect, "A")
    digits = fingerprint(trainer.lanes[0])
    assert (
        answer is not None
        and answer.sentence == "Only shown: not one of 13 weights changed, and training goes on as it would have."
    )
    assert answer.proof == (
        f"Fingerprint of the weights after 7 updates: {digits} before the change, {digits} after it."
    )
    assert about_monitors(trainer.snapshot().effect, "B") is None


@pytest.mark.parametrize(
    "changes", [{"optimizer.learning_rate": 0.1}, {"loss.objective": "mse", "loss.monitors": ("mae",)}]
)
def test_other_changes_are_not_said_to_be_only_shown(changes: dict[str, object]) -> None:
    trainer = trainer_of()
    trainer.run(2)
    trainer.edit(changes)
    assert about_monitors(trainer.snapshot().effect, "A") is None


def test_a_change_of_layers_is_seen_in_the_fingerprints() -> None:
    trainer = trainer_of()
    trainer.run(2)
    trainer.edit({"network.hidden": (4,)})
    effect = trainer.snapshot().effect
    assert effect is not None and effect.lanes[0].before != effect.lanes[0].after


def test_an_effect_is_that_of_the_lane_that_was_changed() -> None:
    trainer = trainer_of(LaneEntry("A"), LaneEntry("B", {"loss.objective": "mse"}))
    trainer.run(2)
    trainer.edit({"loss.monitors": ("mae",)}, "B")
    effect = trainer.snapshot().effect
    assert about_monitors(effect, "A") is None and about_monitors(effect, "B") is not None
    trainer.edit({"loss.monitors": ("mse",)})
    effect = trainer.snapshot().effect
    assert about_monitors(effect, "A") is not None and about_monitors(effect, "B") is not None


def sentence(trainer: Trainer) -> str:
    snapshot = trainer.snapshot()
    answer = about_objective(snapshot.lanes[0], snapshot.epoch_position)
    return "" if answer is None else answer.sentence


def test_the_losses_that_found_the_weights_are_named_with_their_epochs() -> None:
    trainer = trainer_of()
    trainer.edit({"loss.objective": "mse"})
    assert sentence(trainer) == ""  # nothing has been learned yet
    trainer.run(1)
    assert sentence(trainer) == ""
    trainer.edit({"loss.objective": "kl_divergence"})
    assert sentence(trainer) == (
        "These weights were found by mean squared error (1 epoch). From here on, KL divergence decides every update. "
        "No weight has changed yet, only the unit of the cost."
    )
    trainer.run(3)
    found = "These weights were found by mean squared error (1 epoch) and KL divergence (3 epochs)."
    assert sentence(trainer) == found
    trainer.edit({"loss.objective": "mse"})
    assert sentence(trainer) == found
    trainer.edit({"loss.objective": "kl_divergence"})  # back, before any update: as if it had not been
    assert sentence(trainer) == found


def test_parts_of_epochs_are_counted() -> None:
    trainer = trainer_of(optimizer__batch_size=10)  # 42 training samples: updates of 10, 10, 10, 10 and 2
    trainer.advance(lambda: True, 2)
    trainer.edit({"loss.objective": "mse"})
    assert sentence(trainer).startswith("These weights were found by binary cross-entropy (0.5 epochs).")


@pytest.mark.parametrize("several", [False, True])
def test_the_other_loss_beside_differs_in_nothing_else(several: bool) -> None:
    """A learns with its first loss throughout, to the bit; the new lane with the other from the start."""
    lanes = (LaneEntry("A"), LaneEntry("C", {"optimizer.learning_rate": 0.2})) if several else ()
    trainer, plain = trainer_of(*lanes, optimizer__batch_size=10), trainer_of(*lanes, optimizer__batch_size=10)
    for one in (trainer, plain):
        one.run(3)
        one.edit({"optimizer.learning_rate": 0.3})
    trainer.edit({"loss.objective": "mse", "loss.monitors": ("binary_cross_entropy", "mae")}, "A" if several else None)
    for one in (trainer, plain):
        one.run(4)
    beside = Trainer(with_other_loss(trainer.experiment, trainer.current, "A", "B", "binary"))
    beside.run(7)
    for name in [lane.name for lane in plain.lanes]:
        for key, array in plain.parameters(name).items():
            np.testing.assert_array_equal(beside.parameters(name)[key], array)
    other = trainer_of(optimizer__batch_size=10, loss__objective="mse")
    other.run(3)
    other.edit({"optimizer.learning_rate": 0.3})
    other.run(4)
    for key, array in other.parameters().items():
        np.testing.assert_array_equal(beside.parameters("B")[key], array)
    assert beside.lane("A").objective.name == "binary_cross_entropy" and beside.lane("B").objective.name == "mse"
    assert beside.current.lane("A").loss.monitors == ("mse", "mae")
    assert beside.current.lane("B").loss.monitors == ("binary_cross_entropy", "mae")


@pytest.mark.parametrize("batch", [0, 10])
def test_the_gradient_turns_by_the_angle_between_those_of_the_two_losses(batch: int) -> None:
    """Against the gradient of a second network that has the same weights and learns with the other loss."""
    trainer, other = trainer_of(optimizer__batch_size=batch), trainer_of(loss__objective="mse")
    trainer.run(20)
    other.set_parameters(trainer.parameters())
    one, two = (t.probe("A").gradient().copy() for t in (trainer, other))  # type: ignore[union-attr]
    angle = np.degrees(np.arccos(one @ two / np.linalg.norm(one) / np.linalg.norm(two)))
    trainer.edit({"loss.objective": "mse"})
    snapshot = trainer.snapshot()
    assert snapshot.effect is not None and snapshot.effect.lanes[0].turned == pytest.approx(angle, abs=1e-6)
    answer = about_objective(snapshot.lanes[0], snapshot.epoch_position, snapshot.effect)
    assert answer is not None and f"the gradient now points {angle:.0f}\u00b0 away" in answer.sentence
    trainer.edit({"optimizer.learning_rate": 0.1})  # the last edit is another one now
    snapshot = trainer.snapshot()
    answer = about_objective(snapshot.lanes[0], snapshot.epoch_position, snapshot.effect)
    assert answer is not None and "away" not in answer.sentence
    assert snapshot.effect is not None and np.isnan(snapshot.effect.lanes[0].turned)


def test_an_edit_of_a_run_that_nobody_watches_has_no_effect_to_show() -> None:
    trainer = Trainer(Experiment().with_values(SMALL))
    trainer.run(1)
    trainer.edit({"loss.monitors": ("mae",)})
    assert trainer.snapshot().effect is None
