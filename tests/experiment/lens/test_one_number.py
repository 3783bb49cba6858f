"""One loss of one network is one number: as objective, as monitor, in What if, in Signal and sample by sample."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.lens import comparison
from sandbox.experiment.lens.advantage import AskAdvantage
from sandbox.experiment.lens.sample import FollowSample
from sandbox.experiment.lens.signal import AskSignals
from sandbox.experiment.lens.whatif import AskWhatIf
from sandbox.experiment.training.snapshot import Wanted
from sandbox.nn import LOSSES

Array = NDArray[np.float64]


def trainer_of(*lanes: dict[str, Any], **values: Any) -> Trainer:
    named = {key.replace("__", "."): value for key, value in values.items()}
    experiment = Experiment().with_values({"data.samples": 40, "network.hidden": (4, 3), **named})
    if lanes:
        entries = tuple(LaneEntry("ABCDEF"[i], changes) for i, changes in enumerate(lanes))
        experiment = dataclasses.replace(experiment, lanes=entries).checked()
    return Trainer(experiment, watched=bool(lanes))


def ask(trainer: Trainer, question: Any) -> Any:
    return trainer.snapshot(0, Wanted(questions=(question,))).answers[question]


def last_z(trainer: Trainer) -> Array:
    A, W = trainer.data.X_train, trainer.parameters("A")
    last = len(W) // 2
    for l in range(1, last + 1):
        A = A @ W[f"W{l}"].T + W[f"b{l}"]
        A = np.tanh(A) if l < last else A
    return A


CODED = ("mse", "mae", "huber", "hinge", "squared_hinge", "binary_cross_entropy", "kl_divergence")


@pytest.mark.parametrize("coding", ["auto", "zero_one", "plus_minus_one"])
@pytest.mark.parametrize("output", ["auto", "sigmoid", "tanh"])
@pytest.mark.parametrize("objective", ["hinge", "mse", "focal"])
@pytest.mark.parametrize("dataset", ["moons", "blobs"])
def test_a_loss_is_one_number_everywhere(dataset: str, objective: str, output: str, coding: str) -> None:
    shown = tuple(name for name in CODED if name != objective)
    trainer = trainer_of(
        data__dataset=dataset, network__output=output, network__target_coding=coding, loss__objective=objective,
        loss__monitors=shown,
    )  # fmt: skip
    trainer.run(3)
    readings = trainer.readings(trainer.lanes[0])
    alternatives = {row.name: row.cost for row in ask(trainer, AskWhatIf("A")).rows}
    signals = ask(trainer, AskSignals("A", shown, True))
    shares = signals.setup.kind in ("margin", "share")  # of a unit per class, Signal shows that of the true class
    for index, name in enumerate((objective, *shown)):
        value = readings[f"train_{name}"]
        assert alternatives[name] == pytest.approx(value, rel=1e-12, nan_ok=True)
        samples = [ask(trainer, FollowSample("A", "train", i, name)).back[1].value for i in range(28)]
        assert np.mean(samples) == pytest.approx(value, rel=1e-9, nan_ok=True)
        if shares and not signals.summary.undefined[index]:
            assert signals.summary.losses[index] == pytest.approx(value, rel=1e-9)
    assert len(trainer.data.X_train) == 28


@pytest.mark.parametrize("output", ["sigmoid", "tanh", "linear"])
def test_monitors_of_a_hinge_by_hand(output: str) -> None:
    """The hinge is of -1 and +1; what measures a distance follows the output, and a logarithm takes 0 and 1."""
    names = ("mse", "binary_cross_entropy")
    trainer = trainer_of(loss__objective="hinge", network__output=output, loss__monitors=names)
    trainer.run(5)
    z, y = last_z(trainer)[:, 0], trainer.data.y_train
    a = {"sigmoid": 1 / (1 + np.exp(-z)), "tanh": np.tanh(z), "linear": z}[output]
    readings = trainer.readings(trainer.lanes[0])
    assert readings["train_hinge"] == pytest.approx(np.maximum(0, 1 - (2 * y - 1) * a).mean(), rel=1e-12)
    near = 2 * y - 1 if output == "tanh" else y
    assert readings["train_mse"] == pytest.approx(((a - near) ** 2).mean(), rel=1e-12)
    if output == "sigmoid":
        entropy = -np.log(np.where(y == 1, a, 1 - a)).mean()
        assert readings["train_binary_cross_entropy"] == pytest.approx(entropy, rel=1e-12)


def test_a_change_to_the_hinge_changes_what_is_learned_but_no_prediction() -> None:
    """With the automatic output the scores z are compared with 0, as the sigmoid of z was with one half."""
    trainer = trainer_of(loss__monitors=("mse",))
    trainer.run(60)
    before = trainer.readings(trainer.lanes[0])
    assert 0.5 < before["train_accuracy"] < 1.0
    trainer.edit({"loss.objective": "hinge"})
    after = trainer.readings(trainer.lanes[0])
    assert trainer.lanes[0].activations[-1] == "linear"
    for part in ("train", "test"):
        assert after[f"{part}_accuracy"] == before[f"{part}_accuracy"]
    trainer.run(60)
    assert trainer.readings(trainer.lanes[0])["train_cost"] < after["train_cost"]
    trainer.edit({"loss.objective": "auto"})
    assert trainer.lanes[0].activations[-1] == "sigmoid"


def test_a_chosen_output_keeps_the_other_losses_as_they_were() -> None:
    trainer = trainer_of(network__output="sigmoid", loss__monitors=("mse", "hinge"))
    trainer.run(60)
    before = trainer.readings(trainer.lanes[0])
    trainer.edit({"loss.objective": "hinge", "loss.monitors": ("mse", "binary_cross_entropy")})
    after = trainer.readings(trainer.lanes[0])
    for name in ("train_hinge", "train_mse", "train_binary_cross_entropy"):
        assert after[name] == before[name], name
    assert after["train_binary_cross_entropy"] > 0.0


@pytest.mark.parametrize("name", ["binary_cross_entropy", "categorical_cross_entropy", "focal"])
def test_a_logarithm_has_a_lower_bound_whatever_the_output(name: str) -> None:
    trainer = trainer_of(loss__objective=name, network__output="tanh", optimizer__learning_rate=0.05)
    assert trainer.lanes[0].coding == "zero_one"
    trainer.run(30)
    values = trainer.history().column(f"train_{name}")[1]
    assert not (values < 0.0).any()


@pytest.mark.parametrize("output", ["sigmoid", "tanh"])
def test_a_monitor_changes_no_bit_whatever_its_coding(output: str) -> None:
    alone = trainer_of(network__output=output, loss__objective="mse")
    shown = trainer_of(network__output=output, loss__objective="mse", loss__monitors=("hinge", "focal", "mae"))
    for trainer in (alone, shown):
        trainer.run(20)
    assert np.array_equal(alone.lanes[0].replicas[0].theta, shown.lanes[0].replicas[0].theta)


# Two lanes


def test_a_loss_of_lanes_with_other_codings_is_not_compared() -> None:
    trainer = trainer_of({"loss.objective": "mse"}, {"loss.objective": "mse", "network.output": "tanh"})
    trainer.run(40)
    found = ask(trainer, AskAdvantage("A", "B", "train_mse", 0.3))
    assert not found.comparable
    sentence = comparison.first(found, "A", "B")
    assert sentence == (
        "Mean squared error is not compared: the classes are 0 and 1 in A and \u22121 and +1 in B, so the same mistake "
        "is another number in each."
    )
    assert comparison.gap(found, "A", "B") == ""
    accuracy = ask(trainer, AskAdvantage("A", "B", "train_accuracy", 0.6))
    assert accuracy.comparable and "is not compared" not in comparison.first(accuracy, "A", "B")


def test_a_hinge_and_a_cross_entropy_are_compared_by_the_same_error() -> None:
    trainer = trainer_of({}, {"loss.objective": "hinge"}, loss__monitors=("mse",))
    assert trainer.lane("B").coding == "plus_minus_one"
    assert ask(trainer, AskAdvantage("A", "B", "train_mse", 0.1)).comparable


def test_regression_targets_have_no_coding() -> None:
    trainer = trainer_of({}, {"network.output": "tanh"}, data__dataset="sine", loss__monitors=("mse",))
    assert ask(trainer, AskAdvantage("A", "B", "train_mse", 0.1)).comparable
    assert all(not scale.coding for state in trainer.snapshot(0, Wanted()).lanes for scale in state.scales.values())


def test_every_loss_has_a_scale_in_a_snapshot() -> None:
    (state,) = trainer_of().snapshot(0, Wanted()).lanes
    assert set(state.scales) == set(LOSSES) and all(scale.coding for scale in state.scales.values())
