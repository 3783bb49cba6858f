"""What each loss would make of the parameters, against costs written out here and their finite differences."""

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


def asked(trainer: Trainer) -> Alternatives:
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
    found, h = {}, 1e-6
    for name in parameters:
        slope = np.zeros_like(parameters[name])
        for place in np.ndindex(slope.shape):
            ends = []
            for step in (h, -h):
                moved = {key: value.copy() for key, value in parameters.items()}
                moved[name][place] += step
                ends.append(cost_of(formula, **moved, X=X, y=y))
            slope[place] = (ends[0] - ends[1]) / (2 * h)
        found[name] = slope
    return found


@pytest.mark.parametrize("name", FORMULAS)
def test_numbers_are_those_of_the_formulas(name: str) -> None:
    trainer = trained(SMALL)
    X, y = trainer.data.X_train, trainer.data.y_train.astype(np.float64)
    parameters = trainer.parameters()
    found = row(asked(trainer), name)
    assert found.cost == pytest.approx(cost_of(FORMULAS[name], **parameters, X=X, y=y), rel=1e-12)
    own = slopes(FORMULAS["binary_cross_entropy"], parameters, X, y)
    other = slopes(FORMULAS[name], parameters, X, y)
    assert found.dW == pytest.approx([np.linalg.norm(other["W1"]), np.linalg.norm(other["W2"])], rel=1e-6)
    flat = [np.concatenate([part.ravel() for part in grad.values()]) for grad in (own, other)]
    lengths = [np.linalg.norm(each) for each in flat]
    assert found.norm == pytest.approx(lengths[1], rel=1e-6)
    assert found.cosine == pytest.approx(flat[0] @ flat[1] / (lengths[0] * lengths[1]), abs=1e-7)
    z = np.tanh(X @ parameters["W1"].T + parameters["b1"]) @ parameters["W2"].T + parameters["b2"]
    h = 1e-5
    ends = [FORMULAS[name](1 / (1 + np.exp(-(z[:, 0] + step))), y) for step in (h, -h)]
    dZ = (ends[0] - ends[1]) / (2 * h) / len(y)
    assert found.dZ == pytest.approx(np.linalg.norm(dZ), rel=1e-7)


def test_the_objective_has_the_cost_that_is_recorded() -> None:
    trainer = trained(SMALL)
    answer = asked(trainer)
    assert answer.objective == "binary_cross_entropy"
    own = row(answer, answer.objective)
    assert own.cost == trainer.history().last.values["train_cost"]
    assert own.cosine == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("output", ["sigmoid", "tanh", "linear"])
@pytest.mark.parametrize("name", ["hinge", "mse", "huber"])
def test_what_if_is_what_is_once_that_loss_is_chosen(output: str, name: str) -> None:
    """Targets are coded as they would be: an edit to that loss finds the very cost that was foretold."""
    trainer = trained(f'{SMALL}[loss]\nobjective = "half_mse"\n'.replace("[3]", f'[3]\noutput = "{output}"'), 5)
    foretold = row(asked(trainer), name)
    trainer.edit({"loss.objective": name})
    chosen = asked(trainer)
    assert chosen.objective == name
    assert row(chosen, name).cost == pytest.approx(foretold.cost, rel=1e-12)
    assert row(chosen, name).norm == pytest.approx(foretold.norm, rel=1e-12)
    assert trainer.readings(trainer.lanes[0])["train_cost"] == pytest.approx(foretold.cost, rel=1e-12)


def test_asking_changes_no_bit_of_the_run() -> None:
    asked_of, alone = Trainer(Experiment.loads(SMALL)), Trainer(Experiment.loads(SMALL))
    for _ in range(5):
        asked_of.step()
        asked(asked_of)
        alone.step()
    for name, value in alone.parameters().items():
        assert np.array_equal(value, asked_of.parameters()[name])


def test_a_loss_outside_its_domain_says_so() -> None:
    trainer = trained('format = 1\n[data]\ndataset = "sine"\n', 5)
    answer = asked(trainer)
    found = row(answer, "binary_cross_entropy")
    W = trainer.parameters()
    A = trainer.data.X_train
    last = len(W) // 2
    for l in range(1, last + 1):
        A = A @ W[f"W{l}"].T + W[f"b{l}"]
        A = np.tanh(A) if l < last else A
    outside = int(((A < 0) | (A > 1)).sum())
    assert math.isnan(found.cost) and math.isnan(found.cosine)
    assert found.trouble.startswith("log of a negative number")
    assert f"for {outside} of {len(A)} samples" in found.trouble
    assert all(math.isfinite(row(answer, name).cosine) for name in ("mse", "mae", "huber"))


def test_log_of_0_says_so() -> None:
    text = 'format = 1\n[data]\nsamples = 40\n[loss]\nobjective = "mse"\nnumerics = "naive"\n'
    trainer = Trainer(Experiment.loads(text))
    weights = trainer.parameters()
    weights["b3"][:] = 800.0  # a is exactly 1: log(1 - a) is that of 0
    trainer.set_parameters(weights)
    found = row(asked(trainer), "binary_cross_entropy")
    assert not math.isfinite(found.cost)
    assert found.trouble.startswith("log of 0")


def test_there_is_a_row_for_every_loss_in_their_order() -> None:
    assert [each.name for each in asked(trained(SMALL, 1)).rows] == list(LOSSES)
