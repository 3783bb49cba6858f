"""The gradient check: right formulas pass, wrong ones fail, kinks are named, and differences are those of the cost."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.lens import check as module
from sandbox.experiment.lens.check import (
    CheckGradient,
    GradientCheck,
    Kink,
    extent,
    kink_report,
    kink_words,
    meaning,
    verdict_of,
)
from sandbox.experiment.training.snapshot import Wanted
from sandbox.nn import ACTIVATIONS, LOSSES, Network


def _trainer(epochs: int = 5, **values: Any) -> Trainer:
    named = {key.replace("__", "."): value for key, value in values.items()}
    trainer = Trainer(Experiment().with_values(named))
    if epochs:
        trainer.run(epochs)
    return trainer


def _check(trainer: Trainer, press: int = 1) -> GradientCheck:
    question = CheckGradient("A", press)
    answer = trainer.snapshot(0, Wanted(questions=(question,))).answers[question]
    assert isinstance(answer, GradientCheck)
    return answer


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"loss__objective": "mse"},
        {"loss__objective": "focal", "network__activation": "gelu"},
        {"loss__objective": "hinge", "network__output": "linear"},
        {"loss__numerics": "clamped", "loss__reduction": "sum"},
        {"data__dataset": "iris"},
        {"data__dataset": "iris", "loss__objective": "mse", "network__activation": "relu"},
        {"data__dataset": "sine", "loss__objective": "mae"},
        {"data__dataset": "sine", "loss__objective": "huber", "network__activation": "softplus"},
        {"optimizer__l1": 0.01, "optimizer__l2": 0.1},
        {"run__precision": "float32"},
    ],
    ids=lambda values: " ".join(map(str, values.values())) or "default",
)
def test_right_formulas_are_right(values: dict[str, Any]) -> None:
    result = _check(_trainer(**values))
    assert verdict_of(result) == "right"
    assert meaning(result).startswith("The formulas are right")
    assert result.checked == result.count == sum(layer.count for layer in result.layers)
    assert (result.samples, result.precision) == (result.m, values.get("run__precision", "float64"))


def test_numbers_are_differences_of_the_cost() -> None:
    trainer = _trainer(optimizer__l2=0.1)
    result = _check(trainer)
    X, y = trainer.data.X_train, trainer.data.y_train

    def cost(parameters: dict[str, Any]) -> float:
        total = 0.0
        for x, target in zip(X, y, strict=True):
            a = x
            for l in (1, 2, 3):
                z = parameters[f"W{l}"] @ a + parameters[f"b{l}"]
                a = 1.0 / (1.0 + np.exp(-z)) if l == 3 else np.tanh(z)
            total -= math.log(a[0] if target else 1.0 - a[0])
        return total / len(X) + 0.05 * sum(float((parameters[f"W{l}"] ** 2).sum()) for l in (1, 2, 3))

    assert [layer.name for layer in result.layers] == ["W[1]", "b[1]", "W[2]", "b[2]", "W[3]", "b[3]"]
    for layer in result.layers:
        name, analytic, numeric = layer.worst
        array, position = name.split("][")
        index = tuple(int(i) - 1 for i in position.rstrip("]").split(", "))
        costs = []
        for h in (1e-5, -1e-5):
            parameters = {key: value.copy() for key, value in trainer.parameters("A").items()}
            parameters[array.replace("[", "")][index] += h
            costs.append(cost(parameters))
        assert numeric == pytest.approx((costs[0] - costs[1]) / 2e-5, rel=1e-5, abs=1e-9)
        assert analytic == pytest.approx(numeric, rel=1e-5)


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_wrong_derivative_of_the_loss_is_wrong_everywhere(monkeypatch: pytest.MonkeyPatch, precision: str) -> None:
    trainer = _trainer(loss__objective="mse", run__precision=precision)
    monkeypatch.setattr(LOSSES["mse"], "dA", lambda self, A, Y: A - Y)  # half of what it is
    result = _check(trainer)
    assert {layer.verdict for layer in result.layers} == {"wrong"}
    assert all(layer.error == pytest.approx(1 / 3, rel=1e-3) for layer in result.layers)  # (2 - 1) / (2 + 1)
    assert meaning(result).startswith("Wrong: 0.33 in dW[1]")


def test_wrong_derivative_of_an_activation_is_right_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = _trainer()
    monkeypatch.setattr(ACTIVATIONS["tanh"], "derivative", lambda self, Z, A, out=None: 1.0 - A)
    result = _check(trainer)
    assert [layer.verdict for layer in result.layers] == ["wrong"] * 4 + ["right"] * 2
    assert "dW[1], db[1], dW[2], db[2]" in meaning(result)


def test_slightly_wrong_asks_to_look_closer(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = _trainer(loss__objective="mse")
    monkeypatch.setattr(LOSSES["mse"], "dA", lambda self, A, Y: 2.0002 * (A - Y))
    assert verdict_of(_check(trainer)) == "look closer"


def test_forgotten_penalty_is_wrong_only_in_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = _trainer(optimizer__l2=0.3)
    original = module.LaneProbe.gradient
    monkeypatch.setattr(module.LaneProbe, "gradient", lambda self, loss=None, penalty=True: original(self, loss, False))
    verdicts = {layer.name: layer.verdict for layer in _check(trainer).layers}
    assert [verdicts[f"W[{l}]"] for l in (1, 2, 3)] == ["wrong"] * 3
    assert [verdicts[f"b[{l}]"] for l in (1, 2, 3)] == ["right"] * 3


def test_unit_at_the_kink_of_relu_is_named() -> None:
    trainer = _trainer(0, network__hidden=(2,), network__activation="relu")
    lane = trainer.lane("A")
    x = trainer.data.X_train[4]
    W, b = np.array([[1.0, 0.5], [0.3, -0.7]]), np.array([0.0, 5.0])
    b[0] = -(W[0] @ x)  # sample 5 sits on the kink of unit 1
    lane.replicas[0].theta[:6] = np.column_stack([W, b]).ravel()
    result = _check(trainer)
    kink = result.kinks[0]
    assert (kink.kind, kink.layer, kink.unit, kink.sample) == ("activation", 1, 1, 5)
    assert abs(kink.distance) < 1e-12
    kinked = {layer.name: layer.kinked for layer in result.layers}
    assert kinked == {"W[1]": 2, "b[1]": 1, "W[2]": 0, "b[2]": 0}
    assert verdict_of(result) == "right"  # all other parameters are
    assert "unit 1 of layer 1, sample 5" in kink_report(result)


def test_residual_margin_clip_and_weight_at_a_kink() -> None:
    sine = _trainer(0, data__dataset="sine", loss__objective="mae", network__hidden=())
    sine.lane("A").replicas[0].theta[:] = (0.0, float(sine.data.y_train[7, 0]))
    result = _check(sine)
    assert ("loss", 8) in {(kink.kind, kink.sample) for kink in result.kinks}
    hinge = _trainer(0, loss__objective="hinge", network__output="linear", network__hidden=())
    hinge.lane("A").replicas[0].theta[:] = (0.0, 0.0, 1.0)
    result = _check(hinge)
    ones = set(np.flatnonzero(hinge.data.y_train == 1) + 1)
    assert {kink.kind for kink in result.kinks} == {"loss"} and {kink.sample for kink in result.kinks} <= ones
    clamped = _trainer(0, loss__numerics="clamped", network__output="linear", network__hidden=())
    clamped.lane("A").replicas[0].theta[:] = (0.0, 0.0, 1e-7)
    assert {kink.kind for kink in _check(clamped).kinks} == {"clipped"}
    for loss, high, clipped in (("kl_divergence", 1.0, True), ("poisson", 1.0, False), ("poisson", 1e-7, True)):
        at_end = _trainer(
            0, loss__objective=loss, loss__numerics="clamped", network__output="linear", network__hidden=()
        )
        at_end.lane("A").replicas[0].theta[:] = (0.0, 0.0, high)
        assert bool(_check(at_end).kinks) == clipped, (loss, high)
    lasso = _trainer(0, optimizer__l1=0.1, network__hidden=())
    lasso.lane("A").replicas[0].theta[:] = (0.0, 0.4, 0.1)
    result = _check(lasso)
    assert result.kinks == (Kink("weight", 1, 1, 0, 0.0),)
    assert result.layers[0].kinked == 1 and result.layers[0].checked == 1


def test_all_at_kinks_says_so() -> None:
    result = _check(_trainer(0, network__activation="relu", network__initializer="zeros"))
    first = result.layers[0]
    assert (first.checked, first.kinked, first.verdict) == (0, 12, "")
    assert kink_report(result).startswith("22 parameters were left out")


def test_gradient_too_small_to_judge_is_rounding() -> None:
    trainer = _trainer(0, network__hidden=())
    trainer.lane("A").replicas[0].theta[:] = (0.0, 0.0, 0.0)
    result = _check(trainer)  # half of the samples of each class: db is 0 apart from rounding
    bias = result.layers[1]
    assert bias.verdict == "right" and abs(bias.worst[1]) < 1e-12


def test_cost_that_is_not_a_number() -> None:
    trainer = _trainer(0, loss__objective="binary_cross_entropy", network__output="linear", network__hidden=())
    trainer.lane("A").replicas[0].theta[:] = (0.0, 0.0, -3.0)  # log of a negative output
    result = _check(trainer)
    assert verdict_of(result) == "not finite"
    assert "not a number" in meaning(result)


def test_large_networks_are_sampled_and_small_batches_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = _trainer(1, network__hidden=(64, 64))
    monkeypatch.setattr(module, "MOST_WORK", 2e7)
    first, again, other = _check(trainer, 1), _check(trainer, 1), _check(trainer, 2)
    assert first.checked < first.count == 64 * 3 + 64 * 65 + 65
    assert all(layer.checked >= 12 or layer.checked == layer.count for layer in first.layers)
    assert first == again and first != other
    assert verdict_of(first) == "right"
    assert f"a random {first.checked} of 4,417 parameters" in extent(first)
    monkeypatch.setattr(module, "MOST_NUMBERS", 1)
    one_by_one = _check(trainer, 1)
    for a, b in zip(first.layers, one_by_one.layers, strict=True):
        assert (a.name, a.checked, a.verdict) == (b.name, b.checked, b.verdict)
        assert a.worst[1:] == pytest.approx(b.worst[1:], rel=1e-4, abs=1e-8)


def test_samples_are_drawn_where_even_few_parameters_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = _trainer(1)
    monkeypatch.setattr(module, "MOST_WORK", 1.0)
    result = _check(trainer)
    assert (result.samples, result.m) == (32, 210)
    assert verdict_of(result) == "right" and "a random 32 of 210 training samples" in extent(result)


def test_lane_is_left_as_it_was() -> None:
    trainer = _trainer()
    theta, before = trainer.lane("A").replicas[0].theta.copy(), trainer.update
    _check(trainer)
    np.testing.assert_array_equal(trainer.lane("A").replicas[0].theta, theta)
    trainer.run(2)
    alone = _trainer(7)
    assert before == 5
    np.testing.assert_array_equal(trainer.lane("A").replicas[0].theta, alone.lane("A").replicas[0].theta)


def test_analytic_side_is_what_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = _trainer()
    backward = Network.backward

    def doubled(self: Network, forward_pass: Any, dZ: Any) -> None:
        backward(self, forward_pass, 2.0 * dZ)

    monkeypatch.setattr(Network, "backward", doubled)
    assert {layer.verdict for layer in _check(trainer).layers} == {"wrong"}


@pytest.mark.parametrize("objective", [name for name, kind in LOSSES.items() if kind.kink_name])
def test_words_for_each_kink(objective: str) -> None:
    kinds = ("activation", "loss", "clipped", "weight")
    words = [kink_words(Kink(kind, 2, 3, 17, 2e-8), objective) for kind in kinds]
    assert len(set(words)) == 4 and all("2e\u22128" in text for text in words)
    assert LOSSES[objective].kink_name in words[1]
