"""Findings about losses, outputs and targets that do not go together: when they appear, and that they are true."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Trainer
from sandbox.nn import ACTIVATIONS, LOSSES
from tests.experiment.lens.runs import ask, numbers, readings, trainer_of

PAIRING = {
    "targets_outside",
    "margin_out_of_reach",
    "margin_of_numbers",
    "out_of_reach",
    "one_sided",
    "clipped_outputs",
}


def outputs(trainer: Trainer) -> Any:
    """The outputs (m, n_out) for the training samples, from the parameters alone; hidden layers are tanh."""
    parameters, A = trainer.parameters(), trainer.data.X_train
    layers = len(parameters) // 2
    for l in range(1, layers + 1):
        Z = A @ parameters[f"W{l}"].T + parameters[f"b{l}"]
        A = np.tanh(Z) if l < layers else ACTIVATIONS[trainer.lanes[0].activations[-1]]().value(Z)
    return A


# A margin that the output cannot reach


@pytest.mark.parametrize(("loss", "cost"), [("hinge", lambda m: m), ("squared_hinge", lambda m: m**2)])
def test_a_hinge_behind_a_sigmoid(loss: str, cost: Any) -> None:
    trainer = trainer_of(loss__objective=loss, network__output="sigmoid")
    trainer.run(50)
    finding = ask(trainer)["margin_out_of_reach"]
    a = outputs(trainer)[:, 0]
    negative = trainer.data.y_train == 0
    mean = np.mean([cost(max(0.0, 1.0 + value)) for value in a[negative]])
    assert numbers(finding.evidence) == [0, 1, -1, 0, negative.sum(), -1, 1, pytest.approx(mean, rel=0.01)]
    assert finding.meaning.endswith('every sample counts as class "1".')
    assert readings(trainer)["train_accuracy"] == np.mean(trainer.data.y_train == 1)  # as it says
    assert finding.control is not None and finding.control.text == "Set output to Linear"


@pytest.mark.parametrize("output", ACTIVATIONS)
def test_a_margin_is_out_of_reach_exactly_where_outputs_stay_away_from_a_code(output: str) -> None:
    values = ACTIVATIONS[output]().value(np.linspace(-300.0, 300.0, 2001)[:, None])
    if ACTIVATIONS[output].elementwise:
        reaches = values.min() < -1.0 + 1e-6 and values.max() > 1.0 - 1e-6
        found = "margin_out_of_reach" in ask(trainer_of(loss__objective="hinge", network__output=output))
        assert found == (not reaches)


@pytest.mark.parametrize("loss", ["hinge", "squared_hinge"])
def test_a_hinge_of_numbers(loss: str) -> None:
    trainer = trainer_of(data__dataset="sine", loss__objective=loss, network__output="linear")
    finding = ask(trainer)["margin_of_numbers"]
    y = trainer.data.y_train
    assert numbers(finding.evidence)[2:] == pytest.approx([y.min(), y.max()], rel=0.01)
    far = LOSSES[loss]().values(np.array([1e6]), np.array([0.5]))  # as it says, far too large costs nothing
    assert float(far[0]) == 0.0


def test_targets_that_a_sigmoid_cannot_reach() -> None:
    trainer = trainer_of(data__dataset="sine", network__output="sigmoid", optimizer__learning_rate=0.05)
    finding = ask(trainer)["out_of_reach"]
    y = trainer.data.y_train
    assert numbers(finding.evidence)[:4] == [0, 1, ((y < 0) | (y > 1)).sum(), y.size]
    assert numbers(finding.evidence)[4:] == pytest.approx([y.min(), y.max()], rel=0.01)
    assert finding.control is not None and finding.control.value == "linear"


@pytest.mark.parametrize(
    ("output", "objective"), [("tanh", "mse"), ("sigmoid", "mse"), ("linear", "mse"), ("relu", "mae")]
)
def test_classes_are_coded_within_reach(output: str, objective: str) -> None:
    findings = ask(trainer_of(network__output=output, loss__objective=objective))
    assert not PAIRING & set(findings)


# A loss that only raises outputs


@pytest.mark.parametrize("objective", ["categorical_cross_entropy", "kl_divergence"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_categorical_loss_on_one_unit(objective: str, smoothing: float) -> None:
    values: dict[str, Any] = {} if objective == "kl_divergence" else {"loss__label_smoothing": smoothing}
    trainer = trainer_of(loss__objective=objective, network__output="sigmoid", **values)
    trainer.run(300)
    finding = ask(trainer)["one_sided"]
    negative = trainer.data.y_train == 0
    a = outputs(trainer)[:, 0]
    assert numbers(finding.evidence) == [
        0,
        negative.sum(),
        negative.size,
        0,
        pytest.approx(a[negative].mean(), rel=0.01),
    ]
    assert a.min() > 0.8 and readings(trainer)["train_accuracy"] == 0.5  # all have risen, whatever the class
    assert readings(trainer)[f"train_{objective}"] < 0.05  # and the cost tells nothing of it
    assert finding.control is not None and finding.control.text == "Learn with binary cross-entropy"


def test_a_categorical_loss_without_softmax() -> None:
    finding = ask(trainer_of(data__dataset="iris", network__output="sigmoid"))["one_sided"]
    assert finding.control is not None and finding.control.value == "softmax"


def test_a_hinge_with_targets_of_0_and_1() -> None:
    trainer = trainer_of(loss__objective="hinge", network__output="linear", network__target_coding="zero_one")
    finding = ask(trainer)["one_sided"]
    slope = LOSSES["hinge"]().dA(np.linspace(-9.0, 9.0, 99), np.zeros(99))
    assert not slope.any()
    assert finding.control is not None and finding.control.text == "Set target coding to auto"


@pytest.mark.parametrize("objective", LOSSES)
@pytest.mark.parametrize("output", ["sigmoid", "linear", "exp", "tanh"])
@pytest.mark.parametrize("target", [0.0, 0.3, 1.0])
def test_one_sided_agrees_with_the_slope_by_differences(
    objective: str, output: str, target: float, tmp_path: Path
) -> None:
    path = tmp_path / "data.csv"
    path.write_text("x,y\n" + "".join(f"{k / 10},{target + k}\n" for k in range(20)))
    trainer = trainer_of(
        data__dataset=None, data__file=str(path), data__task="regression", data__test_fraction=0.0,
        loss__objective=objective, network__output=output,
    )  # fmt: skip
    low, loss, step = float(trainer.data.y_train.min()), LOSSES[objective](), 1e-7
    a = np.concatenate((np.linspace(-9.5, 9.5, 20), np.linspace(0.05, 0.95, 10)))
    with np.errstate(all="ignore"):
        ahead, behind = (loss.values(a + side * step, np.full_like(a, low)) for side in (1.0, -1.0))
        slope = (ahead - behind) / (2.0 * step)
    assert ("one_sided" in ask(trainer)) == bool(np.nanmax(slope) < 1e-6)


# Targets for which a loss has no lower bound


@pytest.mark.parametrize("objective", ["binary_cross_entropy", "focal", "categorical_cross_entropy", "poisson"])
def test_targets_for_which_the_cost_has_no_lower_bound(objective: str) -> None:
    trainer = trainer_of(
        data__dataset="sine", network__output="sigmoid", loss__objective=objective, optimizer__learning_rate=0.05
    )
    finding = ask(trainer)["targets_outside"]
    y = trainer.data.y_train
    outside = (y < 0) | (y > 1) if LOSSES[objective].uses_complement else y < 0
    count, size, *ends = numbers(finding.evidence)[:2] + numbers(finding.evidence)[-2:]
    assert (count, size) == (outside.sum(), y.size)
    assert ends == pytest.approx([y.min(), y.max()], rel=0.01)
    edges = [0.0, 1.0] if LOSSES[objective].uses_complement else [0.0]
    assert f"nears {' or '.join(f'{edge:.0f}' for edge in edges)}:" in finding.meaning
    for edge, target in zip(edges, (y.min(), y.max()), strict=False):
        a = np.abs(edge - 10.0 ** -np.arange(1.0, 13.0))
        costs = LOSSES[objective]().values(a, np.full_like(a, target))
        falls = -np.diff(costs)[3:]
        assert (falls[1:] > 0.9 * falls[:-1]).all() and (falls > 0.0).all()  # by as much in each further decade
    trainer.run(300)
    assert readings(trainer)["train_cost"] < -5.0  # on its way


def test_targets_for_which_the_cost_is_no_number() -> None:
    trainer = trainer_of(data__dataset="sine", network__output="sigmoid", loss__objective="kl_divergence")
    finding = ask(trainer)["targets_outside"]
    y = trainer.data.y_train
    assert numbers(finding.evidence)[:2] == [(y < 0).sum(), y.size]
    assert "a negative number has none" in finding.meaning
    assert math.isnan(readings(trainer)["train_cost"])


def test_signed_targets_behind_a_logarithm() -> None:
    trainer = trainer_of(network__output="sigmoid", network__target_coding="plus_minus_one")
    finding = ask(trainer)["targets_outside"]
    assert numbers(finding.evidence)[:2] == [105, 210]
    assert finding.control is not None and finding.control.text == "Set target coding to auto"
    trainer.run(300)
    assert readings(trainer)["train_cost"] < -100.0


@pytest.mark.parametrize("objective", LOSSES)
def test_targets_between_0_and_1_are_no_finding(objective: str, tmp_path: Path) -> None:
    path = tmp_path / "shares.csv"
    path.write_text("x,y\n" + "".join(f"{k / 10},{k / 19}\n" for k in range(20)))
    trainer = trainer_of(
        data__dataset=None, data__file=str(path), data__task="regression", loss__objective=objective,
        network__output="sigmoid", optimizer__learning_rate=0.01,
    )  # fmt: skip
    assert "targets_outside" not in ask(trainer)


# Outputs that clamped numerics cut off


@pytest.fixture
def counts(tmp_path: Path) -> str:
    """A file with counts drawn from rates of about 1 to 8."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1.0, 1.0, (300, 2))
    y = rng.poisson(np.exp(1.0 + X[:, 0] - 0.5 * X[:, 1]))
    path = tmp_path / "counts.csv"
    path.write_text("a,b,y\n" + "".join(f"{a},{b},{n}\n" for (a, b), n in zip(X, y, strict=True)))
    return str(path)


@pytest.mark.parametrize("objective", [name for name, kind in LOSSES.items() if kind.has_logs])
@pytest.mark.parametrize("numerics", ["clamped", "fused"])
def test_clipped_outputs_are_those_that_the_loss_really_clips(counts: str, objective: str, numerics: str) -> None:
    trainer = trainer_of(
        data__dataset=None, data__file=counts, data__task="regression", loss__objective=objective,
        network__output="exp", loss__numerics=numerics, optimizer__learning_rate=0.05, network__hidden=(),
    )  # fmt: skip
    trainer.set_parameters({"W1": np.zeros((1, 2)), "b1": np.array([math.log(2.5)])})
    Y = trainer.data.y_train.reshape(-1, 1)
    A = np.full_like(Y, 2.5)
    with np.errstate(all="ignore"):
        silent = LOSSES[objective]().slope(A, Y, numerics) == 0.0
        exact = LOSSES[objective]().slope(A, Y, "naive") != 0.0
    clipped = silent & exact & (np.abs(A - Y) > 0.5)
    found = ask(trainer).get("clipped_outputs")
    assert (found is not None) == bool(clipped.any())
    if found is not None:
        worst = Y[np.argmax(np.abs(A - Y))][0]
        assert numbers(found.evidence) == [clipped.sum(), Y.size, 0, 1, 2.5, worst]


def test_rates_that_are_not_clipped_are_learned(counts: str) -> None:
    trainer = trainer_of(
        data__dataset=None, data__file=counts, data__task="regression", loss__objective="poisson",
        network__output="exp", optimizer__learning_rate=0.05,
    )  # fmt: skip
    for _ in range(60):
        trainer.step_epoch()
        assert ask(trainer) == {}
