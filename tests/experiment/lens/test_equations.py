"""The numbers behind the equations against plain arithmetic on the run's own parameters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.lens.equations import MOST, AskNumbers, Numbers, setup_of
from sandbox.experiment.training.snapshot import Wanted

PLAIN = {"network.hidden": (3, 2), "network.activation": "tanh", "loss.objective": "mse"}


def _trainer(values: dict[str, Any]) -> Trainer:
    trainer = Trainer(Experiment().with_values(values))
    trainer.run(3)
    return trainer


def _ask(trainer: Trainer, name: str = "", layer: int = 0) -> Numbers:
    question = AskNumbers("A", name, layer)
    answer = trainer.snapshot(0, Wanted(questions=(question,))).answers[question]
    assert isinstance(answer, Numbers)
    return answer


def _by_hand(trainer: Trainer, l1: float = 0.0, l2: float = 0.0) -> dict[tuple[str, int], Any]:
    """Forward and back for tanh, tanh, sigmoid and the mean squared error, written out."""
    data, parameters = trainer.snapshot(0, Wanted()).data, trainer.parameters()
    X, Y = data.X_train, data.y_train[:, None].astype(float)
    arrays: dict[tuple[str, int], Any] = {("X", 0): X, ("Y", 0): Y, ("A", 0): X}
    A = X
    for l in (1, 2, 3):
        arrays["W", l], arrays["b", l] = parameters[f"W{l}"], parameters[f"b{l}"]
        arrays["Z", l] = A @ parameters[f"W{l}"].T + parameters[f"b{l}"]
        A = arrays["A", l] = np.tanh(arrays["Z", l]) if l < 3 else 1.0 / (1.0 + np.exp(-arrays["Z", l]))
    arrays["R", 0] = A - Y
    arrays["dA", 3] = 2.0 * (A - Y) / len(X)
    arrays["dZ", 3] = arrays["dA", 3] * A * (1.0 - A)
    for l in (3, 2, 1):
        dZ = arrays["dZ", l]
        W = parameters[f"W{l}"]
        arrays["dW", l] = dZ.T @ arrays["A", l - 1] + l1 * np.sign(W) + l2 * W
        arrays["db", l] = dZ.sum(axis=0)
        if l > 1:
            arrays["dA", l - 1] = dZ @ W
            arrays["dZ", l - 1] = arrays["dA", l - 1] * (1.0 - arrays["A", l - 1] ** 2)
    return arrays


@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.01, 0.1)])
def test_every_array_and_norm(l1: float, l2: float) -> None:
    trainer = _trainer({**PLAIN, "optimizer.l1": l1, "optimizer.l2": l2})
    for (name, layer), expected in _by_hand(trainer, l1, l2).items():
        answer = _ask(trainer, name, layer)
        array = answer.shown
        assert array is not None and (array.name, array.layer) == (name, layer)
        assert array.shape == expected.shape
        assert array.norm == pytest.approx(math.sqrt(float((expected**2).sum())), rel=1e-9)
        rows = np.atleast_2d(expected)[:MOST, :MOST]
        np.testing.assert_allclose(array.values, rows, rtol=1e-8, atol=1e-12)
        assert not array.values.flags.writeable


@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.01, 0.1)])
def test_the_cost_is_a_number_with_the_penalty(l1: float, l2: float) -> None:
    trainer = _trainer({**PLAIN, "optimizer.l1": l1, "optimizer.l2": l2})
    arrays, parameters = _by_hand(trainer, l1, l2), trainer.parameters()
    penalty = sum(l1 * np.abs(W).sum() + l2 / 2 * (W**2).sum() for W in (parameters[f"W{l}"] for l in (1, 2, 3)))
    shown = _ask(trainer, "C", 0).shown
    assert shown is not None and shown.shape == () and shown.note == "" and shown.layer == 0
    assert float(shown.values[0, 0]) == pytest.approx((arrays["R", 0] ** 2).mean() + penalty, rel=1e-12)


def test_norms_of_all_layers_come_with_every_answer() -> None:
    trainer = _trainer(PLAIN)
    by_hand, answer = _by_hand(trainer), _ask(trainer)
    assert answer.shown is None
    for l in (1, 2, 3):
        assert answer.dW[l - 1] == pytest.approx(np.linalg.norm(by_hand["dW", l]), rel=1e-9)
        assert answer.db[l - 1] == pytest.approx(np.linalg.norm(by_hand["db", l]), rel=1e-9)


def test_a_long_array_is_cut_and_says_so() -> None:
    trainer = _trainer({**PLAIN, "data.samples": 500})
    array = _ask(trainer, "A", 1).shown
    assert array is not None
    assert array.shape == (350, 3) and array.values.shape == (200, 3)
    assert array.note == "The first 200 of 350 rows are shown."
    assert array.norm == pytest.approx(np.linalg.norm(_by_hand(trainer)["A", 1]), rel=1e-9)  # of the whole array


def test_a_missing_layer_has_no_numbers() -> None:
    trainer = _trainer(PLAIN)
    assert _ask(trainer, "dW", 4).shown is None and _ask(trainer, "dA", 0).shown is None


def test_asking_leaves_the_run_as_it_is() -> None:
    observed, quiet = _trainer(PLAIN), _trainer(PLAIN)
    for name in ("dZ", "dA", "dW", "A"):
        _ask(observed, name, 1)
    observed.run(6)
    quiet.run(6)
    for name, value in quiet.parameters().items():
        assert (observed.parameters()[name] == value).all()


def test_the_setup_is_that_of_the_lane() -> None:
    trainer = _trainer({
        "data.dataset": "iris", "loss.label_smoothing": 0.1, "loss.reduction": "sum",
        "loss.numerics": "clamped", "optimizer.l2": 0.5, "network.hidden": (4,),
    })  # fmt: skip
    setup = setup_of(trainer.snapshot(0, Wanted()), "A")
    assert setup is not None
    assert setup.kind.name == "categorical_cross_entropy" and setup.activations[-1] == "softmax"
    assert dict(setup.parameters) == {"label_smoothing": 0.1} and setup.one_hot and setup.outputs == 3
    assert (setup.reduction, setup.numerics, setup.l1, setup.l2) == ("sum", "clamped", 0.0, 0.5)
    assert setup_of(trainer.snapshot(0, Wanted()), "nobody") is None
