"""The learning signal against formulas written out here."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.lens.signal import AskSignals, Signals, curve_at, curves, decision, sentence
from sandbox.experiment.training.snapshot import Wanted


def trained(text: str = "", epochs: int = 20) -> Trainer:
    trainer = Trainer(Experiment.loads(f"format = 1\n{text}"))
    trainer.run(epochs=epochs)
    return trainer


def ask(trainer: Trainer, *others: str, whole: bool = True) -> Signals:
    question = AskSignals("A", others, whole)
    answer = trainer.snapshot(0, Wanted(questions=(question,))).answers[question]
    assert isinstance(answer, Signals)
    return answer


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def last_z(trainer: Trainer) -> Any:
    W, A = trainer.parameters(), trainer.data.X_train
    last = len(W) // 2
    for l in range(1, last + 1):
        A = A @ W[f"W{l}"].T + W[f"b{l}"]
        A = np.tanh(A) if l < last else A
    return A


def test_binary_curves_are_one_for_both_targets() -> None:
    setup = ask(trained(epochs=1), "mse").setup
    assert (setup.kind, setup.middle) == ("margin", 0.0)
    assert [kind.name for kind in setup.losses] == ["binary_cross_entropy", "mse"]
    lines = curves(setup, -6.0, 6.0)
    assert [line[0] for line in lines] == [0, 1]
    for index, _, x, loss, signal in lines:
        a = sigmoid(x)
        expected = (np.log1p(np.exp(-x)), 1 - a) if index == 0 else ((1 - a) ** 2, 2 * (1 - a) ** 2 * a)
        np.testing.assert_allclose(loss, expected[0], rtol=1e-10)
        np.testing.assert_allclose(signal, expected[1], rtol=1e-9)


def test_a_weight_on_one_class_makes_two_curves() -> None:
    setup = ask(trained("[loss]\npositive_weight = 3.0\n", 1)).setup
    sides = {line[1]: line for line in curves(setup, -4.0, 4.0)}
    assert set(sides) == {1, -1}
    for side, factor in ((1, 3.0), (-1, 1.0)):
        _, _, x, loss, signal = sides[side]
        np.testing.assert_allclose(loss, factor * np.log1p(np.exp(-x)), rtol=1e-9)
        np.testing.assert_allclose(signal, factor * sigmoid(-x), rtol=1e-9)


def test_samples_lie_on_the_curves() -> None:
    trainer = trained()
    answer = ask(trainer, "mse")
    z, y = last_z(trainer)[:, 0], trainer.data.y_train
    np.testing.assert_allclose(answer.x, np.where(y == 1, z, -z), atol=1e-12)
    assert np.array_equal(answer.classes, y)
    a = sigmoid(z)
    np.testing.assert_allclose(answer.loss[1], (a - y) ** 2, atol=1e-14)
    np.testing.assert_allclose(answer.signal[0], np.abs(a - y), atol=1e-14)
    for index in range(2):
        _, loss, signal = curve_at(answer.setup, index, 1, answer.x)
        np.testing.assert_allclose(answer.loss[index], loss, rtol=1e-9)
        np.testing.assert_allclose(answer.signal[index], signal, rtol=1e-9)


def test_the_summary_counts_confident_mistakes() -> None:
    trainer = trained(epochs=60)
    answer = ask(trainer, "mse")
    a, y = sigmoid(last_z(trainer)[:, 0]), trainer.data.y_train
    probability = np.where(y == 1, a, 1 - a)
    confident = probability < 0.1
    assert confident.any()
    summary = answer.summary
    assert summary is not None
    assert (summary.wrong, summary.confident) == (int((probability < 0.5).sum()), int(confident.sum()))
    back = ((1 - probability)[confident].mean(), (2 * (1 - probability) ** 2 * probability)[confident].mean())
    assert summary.focused == pytest.approx(back, rel=1e-10)
    text = sentence(summary, answer.setup)
    assert text.startswith(
        f"{int(confident.sum())} of {len(y)} samples are confidently wrong: for these, mean squared error sends back"
    )
    assert f"{back[1] / back[0]:.2f} of what binary cross-entropy does." in text


def test_softmax_is_shown_over_the_probability_of_the_true_class() -> None:
    trainer = trained('[data]\ndataset = "iris"\n')
    answer = ask(trainer, "mse")
    Z, y = last_z(trainer), trainer.data.y_train
    P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    true = P[np.arange(len(y)), y]
    hot = np.eye(3)[y]
    assert answer.setup.kind == "share"
    np.testing.assert_allclose(answer.x, true, rtol=1e-12)
    np.testing.assert_allclose(answer.signal[0], 1 - true, rtol=1e-9)
    R = 2 * (P - hot)
    back = P * (R - (R * P).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(answer.signal[1], np.abs(back[np.arange(len(y)), y]), rtol=1e-9)
    np.testing.assert_allclose(answer.loss[1], ((P - hot) ** 2).sum(axis=1), rtol=1e-9)
    p = np.array([0.1, 0.5, 0.8])
    _, loss, signal = curve_at(answer.setup, 1, 1, p)
    rest = (1 - p) / 2
    np.testing.assert_allclose(loss, (1 - p) ** 2 + 2 * rest**2, rtol=1e-10)
    along = 2 * (p - 1) * p + 2 * (2 * rest * rest)
    np.testing.assert_allclose(signal, np.abs(p * (2 * (p - 1) - along)), rtol=1e-9)


def test_a_regression_is_shown_over_the_residual() -> None:
    trainer = trained('[data]\ndataset = "sine"\n[loss]\ndelta = 0.25\n')
    answer = ask(trainer, "mae", "huber")
    r = (last_z(trainer) - trainer.data.y_train)[:, 0]
    assert answer.setup.kind == "residual"
    np.testing.assert_allclose(answer.x, r, atol=1e-13)
    np.testing.assert_allclose(answer.signal, [np.abs(2 * r), np.ones_like(r), np.minimum(np.abs(r), 0.25)], atol=1e-13)
    for index, _, x, loss, signal in curves(answer.setup, -2.0, 2.0):
        size = np.abs(x)
        expected = (x * x, size, np.where(size <= 0.25, size * size / 2, 0.25 * (size - 0.125)))[index]
        np.testing.assert_allclose(loss, expected, atol=1e-12)
        np.testing.assert_allclose(signal, (2 * size, np.ones_like(x), np.minimum(size, 0.25))[index], atol=1e-12)
    far = np.argsort(-np.abs(r))[: len(r) // 10]
    assert answer.summary is not None
    assert answer.summary.focus == len(far)
    shares = [np.abs(r[far]).sum() / np.abs(r).sum(), len(far) / len(r)]
    assert answer.summary.focused[:2] == pytest.approx(shares, rel=1e-9)
    text = sentence(answer.summary, answer.setup)
    assert text.startswith(f"The {len(far)} largest of {len(r)} residuals make up {100 * shares[0]:.0f}\u2009% of the")
    assert "10\u2009% with mean absolute error and" in text


def test_a_residual_of_a_nonlinear_output_follows_its_curve() -> None:
    trainer = trained('[data]\ndataset = "sine"\n[network]\noutput = "exp"\n', 3)
    setup = ask(trainer).setup
    middle = float(np.median(trainer.data.y_train))
    ((_, _, x, loss, signal),) = curves(setup, -1.0, 1.0)
    a = x + middle
    np.testing.assert_allclose(loss, x * x, atol=1e-12)
    np.testing.assert_allclose(signal, np.abs(2 * x * a), atol=1e-12)


def test_hinge_uses_its_own_coding_after_a_sigmoid() -> None:
    trainer = trained()
    answer = ask(trainer, "hinge")
    a, y = sigmoid(last_z(trainer)[:, 0]), 2.0 * trainer.data.y_train - 1
    np.testing.assert_allclose(answer.loss[1], np.maximum(0, 1 - y * a), rtol=1e-10)
    np.testing.assert_allclose(answer.signal[1], a * (1 - a), rtol=1e-9)


def test_independent_units_are_shown_over_the_z_of_the_true_class() -> None:
    text = '[data]\ndataset = "iris"\n[network]\noutput = "sigmoid"\n[loss]\nobjective = "binary_cross_entropy"\n'
    trainer = trained(text)
    answer = ask(trainer)
    y = trainer.data.y_train
    z = last_z(trainer)[np.arange(len(y)), y]
    assert answer.setup.kind == "unit"
    np.testing.assert_allclose(answer.x, z, atol=1e-12)
    np.testing.assert_allclose(answer.loss[0], np.log1p(np.exp(-z)), rtol=1e-9)
    np.testing.assert_allclose(answer.signal[0], sigmoid(-z), rtol=1e-9)


@pytest.mark.parametrize(
    ("output", "level", "z"),
    [
        ("sigmoid", 0.5, 0.0),
        ("linear", 0.5, 0.5),
        ("tanh", 0.0, 0.0),
        ("exp", 0.5, math.log(0.5)),
        ("sigmoid", 0.0, 0.0),
    ],
)
def test_the_decision_changes_where_the_output_passes_the_middle(output: str, level: float, z: float) -> None:
    assert decision(output, level) == pytest.approx(z, abs=1e-12)


def test_many_samples_are_thinned_to_the_same_subset() -> None:
    trainer = trained("[data]\nsamples = 3000\n", 1)
    whole, quick = ask(trainer, "mse"), ask(trainer, "mse", whole=False)
    assert quick.summary is None
    assert (whole.shown, whole.count) == (quick.shown, quick.count) == (400, 2100)
    np.testing.assert_allclose(whole.x, quick.x, atol=1e-12)
    np.testing.assert_allclose(whole.signal, quick.signal, atol=1e-12)
    trainer.run(epochs=1)
    assert np.array_equal(ask(trainer).classes, whole.classes)
    with pytest.raises(ValueError, match="read-only"):
        whole.x[0] = 0.0


def test_losses_without_a_finite_value_are_reported() -> None:
    answer = ask(trained('[data]\ndataset = "sine"\n', 1), "binary_cross_entropy")
    assert answer.summary is not None
    count = int((~np.isfinite(answer.loss[1])).sum())
    assert 0 < count == answer.summary.undefined[1]
    assert sentence(answer.summary, answer.setup) == (
        f"{count} of {len(answer.x)} samples get no finite loss or signal from binary cross-entropy."
    )
