"""Lesson 4: what its text says of outputs and gradients, against its networks."""

from __future__ import annotations

import numpy as np
import pytest

from sandbox.experiment import Trainer
from sandbox.experiment.lens.findings import find_all
from sandbox.lessons import lesson_folders, read_lesson
from sandbox.nn import LOSSES

LESSON = read_lesson(lesson_folders()["04-binary-or-categorical"])
DIGITS, ONE = LESSON.experiments["experiment.toml"], LESSON.experiments["one-output.toml"]


def test_softmax_outputs_begin_near_a_tenth_and_sigmoid_ones_near_a_half() -> None:
    trainer = Trainer(DIGITS)
    softmax, sigmoid = (trainer.probe(name).forward_pass.A[-1] for name in ("binary", "sigmoid"))
    assert np.abs(softmax - 0.1).max() < 0.05 and np.abs(sigmoid - 0.5).max() < 0.15
    assert (sigmoid > 0.5).any() and (sigmoid < 0.5).any()


def test_all_begin_with_the_same_weights() -> None:
    trainer = Trainer(DIGITS)
    one, *others = (trainer.probe(lane.name).network.theta for lane in DIGITS.lanes)
    assert all(np.array_equal(one, other) for other in others)


@pytest.mark.parametrize(
    ("loss", "activation"), [("categorical_cross_entropy", "softmax"), ("binary_cross_entropy", "sigmoid")]
)
def test_both_pairs_send_back_a_minus_y(loss: str, activation: str) -> None:
    Z, Y = np.random.default_rng(0).normal(size=(6, 10)), np.eye(10)[:6]
    A = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True) if activation == "softmax" else 1 / (1 + np.exp(-Z))
    _, dZ = LOSSES[loss]().value_and_delta(Z, Y, activation=activation, numerics="fused")
    assert dZ == pytest.approx(A - Y, abs=1e-12)


def test_binary_cross_entropy_on_softmax_takes_longer_first_steps() -> None:
    trainer = Trainer(DIGITS)
    binary, categorical = (np.linalg.norm(trainer.probe(name).gradient()) for name in ("binary", "categorical"))
    assert binary > 1.05 * categorical


def test_what_binary_cross_entropy_sends_back_through_softmax() -> None:
    """To the true class as the text says; and it is least where the outputs are the shares of the classes."""
    random = np.random.default_rng(1)
    Z, Y = random.normal(size=(6, 10)), np.eye(10)[random.integers(10, size=6)]
    A = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    loss = LOSSES["binary_cross_entropy"]()
    _, dZ = loss.value_and_delta(Z, Y, activation="softmax", numerics="fused")
    true = Y == 1.0
    others = np.where(true, 0.0, A / (1.0 - A)).sum(axis=1)
    assert dZ[true] == pytest.approx(A[true] - 1.0 - A[true] * others, abs=1e-12)
    shares = A[:1]
    _, towards = loss.value_and_delta(np.repeat(Z[:1], 10, axis=0), np.eye(10), activation="softmax", numerics="fused")
    assert shares @ towards == pytest.approx(np.zeros((1, 10)), abs=1e-12)


def test_class_0_sends_nothing_back() -> None:
    Z = np.linspace(-5, 5, 11)[:, None]
    values, dZ = LOSSES["categorical_cross_entropy"]().value_and_delta(Z, 0 * Z, activation="sigmoid", numerics="fused")
    assert not values.any() and not dZ.any()


def test_the_findings_suggest_binary_cross_entropy() -> None:
    trainer = Trainer(ONE)
    trainer.run(300)
    with np.errstate(all="ignore"):
        controls = [finding.control for finding in find_all(trainer.probe("A"))]
    assert ("loss.objective", "binary_cross_entropy") in [(c.key, c.value) for c in controls if c is not None]
