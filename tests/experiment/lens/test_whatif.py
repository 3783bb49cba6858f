"""The cost and gradient under each loss, against costs written out here and their finite differences."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.lens.whatif import Alternatives, AskWhatIf, LossRow
from sandbox.experiment.training.snapshot import Wanted
from sandbox.nn import LOSSES

SMALL = """format = 1
[data]
samples = 40
[network]
hidden = [3]
[optimizer]
l2 = 0.01
"""


def ask(trainer: Trainer) -> Alternatives:
    question = AskWhatIf("A")
    answer = trainer.snapshot(0, Wanted(questions=(question,))).answers[question]
    assert isinstance(answer, Alternatives)
    return answer


def row(answer: Alternatives, name: str) -> LossRow:
    return next(row for row in answer.rows if row.name == name)


def trained(text: str, epochs: int = 25) -> Trainer:
    trainer = Trainer(Experiment.loads(text))
    trainer.run(epochs=epochs)
    return trainer


FORMULAS: dict[str, Callable[[Any, Any], Any]] = {
    "binary_cross_entropy": lambda a, y: -y * np.log(a) - (1 - y) * np.log(1 - a),
    "mse": lambda a, y: (a - y) ** 2,
    "focal": lambda a, y: -y * (1 - a) ** 2 * np.log(a) - (1 - y) * a**2 * np.log(1 - a),
    "poisson": lambda a, y: a - y * np.log(a),
    "squared_hinge": lambda a, y: np.maximum(0.0, 1 - (2 * y - 1) * a) ** 2,
}


def cost_of(formula: Callable[[Any, Any], Any], W1: Any, b1: Any, W2: Any, b2: Any, X: Any, y: Any) -> float:
    a = 1 / (1 + np.exp(-(np.tanh(X @ W1.T + b1) @ W2.T + b2)))
    return float(formula(a[:, 0], y).mean() + 0.005 * ((W1**2).sum() + (W2**2).sum()))


def slopes(formula: Callable[[Any, Any], Any], parameters: dict[str, Any], X: Any, y: Any) -> dict[str, Any]:
    """Central differences of the cost by every parameter."""
    gradient, h = {}, 1e-6
    for name in parameters:
        slope = np.zeros_like(parameters[name])
        for index in np.ndindex(slope.shape):
            ends = []
            for step in (h, -h):
                moved = {key: value.copy() for key, value in parameters.items()}
                moved[name][index] += step
                ends.append(cost_of(formula, **moved, X=X, y=y))
            slope[index] = (ends[0] - ends[1]) / (2 * h)
        gradient[name] = slope
    return gradient


@pytest.mark.parametrize("name", FORMULAS)
def test_numbers_are_those_of_the_formulas(name: str) -> None:
    trainer = trained(SMALL)
    X, y = trainer.data.X_train, trainer.data.y_train.astype(np.float64)
    parameters = trainer.parameters()
    alternative = row(ask(trainer), name)
    assert alternative.cost == pytest.approx(cost_of(FORMULAS[name], **parameters, X=X, y=y), rel=1e-12)
    objective_slopes = slopes(FORMULAS["binary_cross_entropy"], parameters, X, y)
    other_slopes = slopes(FORMULAS[name], parameters, X, y)
    assert alternative.dW == pytest.approx(
        [np.linalg.norm(other_slopes["W1"]), np.linalg.norm(other_slopes["W2"])], rel=1e-6
    )
    flat = [np.concatenate([part.ravel() for part in grad.values()]) for grad in (objective_slopes, other_slopes)]
    lengths = [np.linalg.norm(gradient) for gradient in flat]
    assert alternative.norm == pytest.approx(lengths[1], rel=1e-6)
    assert alternative.cosine == pytest.approx(flat[0] @ flat[1] / (lengths[0] * lengths[1]), abs=1e-7)
    z = np.tanh(X @ parameters["W1"].T + parameters["b1"]) @ parameters["W2"].T + parameters["b2"]
    h = 1e-5
    ends = [FORMULAS[name](1 / (1 + np.exp(-(z[:, 0] + step))), y) for step in (h, -h)]
    dZ = (ends[0] - ends[1]) / (2 * h) / len(y)
    assert alternative.dZ == pytest.approx(np.linalg.norm(dZ), rel=1e-7)


def test_the_objective_has_the_recorded_cost() -> None:
    trainer = trained(SMALL)
    answer = ask(trainer)
    assert answer.objective == "binary_cross_entropy"
    objective_row = row(answer, answer.objective)
    assert objective_row.cost == trainer.history().last.values["train_cost"]
    assert objective_row.cosine == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("output", ["sigmoid", "tanh", "linear"])
@pytest.mark.parametrize("name", ["hinge", "mse", "huber"])
def test_choosing_a_loss_gives_the_predicted_cost(output: str, name: str) -> None:
    """Targets are coded as that loss needs them: an edit to it gives exactly the predicted cost."""
    trainer = trained(f'{SMALL}[loss]\nobjective = "half_mse"\n'.replace("[3]", f'[3]\noutput = "{output}"'), 5)
    predicted = row(ask(trainer), name)
    trainer.edit({"loss.objective": name})
    chosen = ask(trainer)
    assert chosen.objective == name
    assert row(chosen, name).cost == pytest.approx(predicted.cost, rel=1e-12)
    assert row(chosen, name).norm == pytest.approx(predicted.norm, rel=1e-12)
    assert trainer.readings(trainer.lanes[0])["train_cost"] == pytest.approx(predicted.cost, rel=1e-12)


def test_asking_changes_no_bit_of_the_run() -> None:
    observed, alone = Trainer(Experiment.loads(SMALL)), Trainer(Experiment.loads(SMALL))
    for _ in range(5):
        observed.step()
        ask(observed)
        alone.step()
    for name, value in alone.parameters().items():
        assert np.array_equal(value, observed.parameters()[name])


def test_a_loss_outside_its_domain_says_so() -> None:
    trainer = trained('format = 1\n[data]\ndataset = "sine"\n', 5)
    answer = ask(trainer)
    alternative = row(answer, "binary_cross_entropy")
    W = trainer.parameters()
    A = trainer.data.X_train
    last = len(W) // 2
    for l in range(1, last + 1):
        A = A @ W[f"W{l}"].T + W[f"b{l}"]
        A = np.tanh(A) if l < last else A
    outside = int(((A < 0) | (A > 1)).sum())
    assert math.isnan(alternative.cost) and math.isnan(alternative.cosine)
    assert alternative.trouble.startswith("log of a negative number")
    assert f"for {outside} of {len(A)} samples" in alternative.trouble
    assert all(math.isfinite(row(answer, name).cosine) for name in ("mse", "mae", "huber"))


def test_log_of_0_says_so() -> None:
    text = 'format = 1\n[data]\nsamples = 40\n[loss]\nobjective = "mse"\nnumerics = "naive"\n'
    trainer = Trainer(Experiment.loads(text))
    weights = trainer.parameters()
    weights["b3"][:] = 800.0  # a is exactly 1: log(1 - a) is that of 0
    trainer.set_parameters(weights)
    alternative = row(ask(trainer), "binary_cross_entropy")
    assert not math.isfinite(alternative.cost)
    assert alternative.trouble.startswith("log of 0")


def test_every_loss_has_a_row_in_order() -> None:
    assert [loss_row.name for loss_row in ask(trained(SMALL, 1)).rows] == list(LOSSES)
