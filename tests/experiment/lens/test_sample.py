"""One sample's numbers against arithmetic written out here, and against differences of its loss."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.defaults import rival_of
from sandbox.experiment.lens.sample import FollowSample, SamplePath
from sandbox.experiment.training.snapshot import Wanted
from sandbox.nn import LOSSES


def _trainer(epochs: int = 5, **values: Any) -> Trainer:
    named = {key.replace("__", "."): value for key, value in values.items()}
    trainer = Trainer(Experiment().with_values(named))
    if epochs:
        trainer.run(epochs)
    return trainer


def _follow(trainer: Trainer, part: str = "train", index: int = 0, other: str = "mse") -> SamplePath:
    question = FollowSample("A", part, index, other)
    answer = trainer.snapshot(0, Wanted(questions=(question,))).answers[question]
    assert isinstance(answer, SamplePath)
    return answer


def _forward(weights: dict[str, Any], x: Any, W_changed: tuple[str, Any] | None = None) -> list[tuple[Any, Any]]:
    """Unit by unit: z and a of tanh layers below a sigmoid."""
    parameters = dict(weights)
    if W_changed is not None:
        parameters[W_changed[0]] = W_changed[1]
    layers, below = [], [float(value) for value in x]
    last = len(parameters) // 2
    for l in range(1, last + 1):
        W, b = parameters[f"W{l}"], parameters[f"b{l}"]
        z = [sum(float(W[k, j]) * below[j] for j in range(len(below))) + float(b[k]) for k in range(len(b))]
        a = [1.0 / (1.0 + math.exp(-v)) if l == last else math.tanh(v) for v in z]
        layers.append((z, a))
        below = a
    return layers


def test_moons_by_hand() -> None:
    trainer = _trainer()
    index = 16
    path = _follow(trainer, index=index)
    weights = trainer.parameters("A")
    y = float(trainer.data.y_train[index])
    layers = _forward(weights, trainer.data.X_train[index])
    for l, (z, a) in enumerate(layers):
        np.testing.assert_allclose(path.Z[l], z, rtol=1e-12)
        np.testing.assert_allclose(path.A[l], a, rtol=1e-12)
    a = layers[-1][1][0]
    values = {
        "binary_cross_entropy": (-math.log(a if y else 1 - a), -y / a + (1 - y) / (1 - a)),
        "mse": ((a - y) ** 2, 2 * (a - y)),
    }
    assert [way.loss for way in path.back] == list(values)
    for way, (loss, dA) in zip(path.back, values.values(), strict=True):
        assert way.value == pytest.approx(loss, rel=1e-12)
        slopes = [a * (1 - a)]
        dAs, dZs = [[dA]], [[dA * a * (1 - a)]]
        for l in (2, 1):
            W = weights[f"W{l + 1}"]
            below = [sum(float(W[k, j]) * dZs[0][k] for k in range(len(W))) for j in range(W.shape[1])]
            slopes = [1 - v * v for v in layers[l - 1][1]]
            np.testing.assert_allclose(path.slopes[l - 1], slopes, rtol=1e-12)
            dAs.insert(0, below)
            dZs.insert(0, [d * g for d, g in zip(below, slopes, strict=True)])
        for l in range(3):
            np.testing.assert_allclose(way.dA[l], dAs[l], rtol=1e-10)
            np.testing.assert_allclose(way.dZ[l], dZs[l], rtol=1e-10)
        np.testing.assert_allclose(way.dW, [[dZs[2][0] * v / 210 for v in layers[1][1]]], rtol=1e-10)
        np.testing.assert_allclose(way.db, [dZs[2][0] / 210], rtol=1e-10)
    assert (path.count, path.target) == (210, f"class {int(y)}")
    assert path.prediction == f"class {int(a > 0.5)}"


@pytest.mark.parametrize(
    ("values", "other"),
    [
        ({"data__dataset": "iris"}, "mse"),
        ({"data__dataset": "iris", "loss__objective": "mse"}, "binary_cross_entropy"),
        ({"data__dataset": "sine"}, "huber"),
        ({"loss__objective": "hinge", "network__output": "linear", "data__samples": 60}, "mse"),
        ({"loss__reduction": "sum", "network__activation": "relu", "optimizer__learning_rate": 1e-3}, "hinge"),
        ({"data__dataset": "iris", "loss__reduction": "element_mean"}, "focal"),
    ],
)
def test_shares_of_all_samples_add_up_to_the_gradient(values: dict[str, Any], other: str) -> None:
    trainer = _trainer(3, **values)
    theta = trainer.lane("A").replicas[0].theta
    m = len(trainer.data.X_train)
    both = [_follow(trainer, index=i, other=other).back for i in range(m)]
    for side, name in enumerate((trainer.lane("A").objective.name, other)):
        dW = sum(back[side].dW for back in both)
        size = dW.size + len(both[0][side].db)
        # the last layer's part of theta, nudged one number at a time; the loss of each sample added up by hand
        for offset in (0, size // 2, size - 1):
            position = len(theta) - size + offset
            original, costs = theta[position], []
            for value in (original + 1e-5, original - 1e-5):
                theta[position] = value
                ways = [_follow(trainer, index=i, other=other) for i in range(m)]
                costs.append(sum(way.back[side].value for way in ways) * ways[0].factor)
            theta[position] = original
            row, column = divmod(offset, size // len(both[0][side].db))
            db = sum(float(back[side].db[row]) for back in both)
            share = dW[row, column] if column < dW.shape[1] else db
            assert share == pytest.approx((costs[0] - costs[1]) / 2e-5, rel=1e-5, abs=3e-8), name


def test_share_is_a_ratio_of_lengths() -> None:
    trainer = _trainer()
    backs = [_follow(trainer, index=i).back for i in range(210)]
    for side in (0, 1):
        total = np.sqrt(np.square(sum(back[side].dW for back in backs)).sum())
        length = np.sqrt(np.square(backs[16][side].dW).sum())
        assert backs[16][side].share == pytest.approx(length / total, rel=1e-9)


def test_test_sample_has_no_share_in_an_update() -> None:
    trainer = _trainer()
    path = _follow(trainer, "test", 3)
    assert (path.part, path.index, path.count) == ("test", 3, 90)
    np.testing.assert_array_equal(path.x, trainer.data.X_test[3])
    assert all(math.isnan(way.share) for way in path.back)


def test_hinge_recodes_its_own_targets() -> None:
    path = _follow(_trainer(), other="hinge")
    one, two = path.back
    assert float(one.target[0]) in (0.0, 1.0) and float(two.target[0]) == 2.0 * float(one.target[0]) - 1.0


def test_clipped_output_sends_nothing_back() -> None:
    trainer = _trainer(0, loss__numerics="clamped", network__hidden=())
    theta = trainer.lane("A").replicas[0].theta
    theta[:] = (0.0, 0.0, 40.0)  # a is 1 up to rounding, whatever x
    index = int(np.flatnonzero(trainer.data.y_train == 0)[0])
    back = _follow(trainer, index=index).back[0]
    assert back.value == pytest.approx(-math.log(1e-7), rel=1e-6)
    assert back.dA[-1][0] == 0.0 and back.dZ[-1][0] == 0.0


def test_a_missing_sample_has_no_answer_and_asking_changes_nothing() -> None:
    trainer = _trainer()
    theta = trainer.lane("A").replicas[0].theta.copy()
    question = FollowSample("A", "train", 210, "mse")
    assert trainer.snapshot(0, Wanted(questions=(question,))).answers[question] is None
    path = _follow(trainer)
    np.testing.assert_array_equal(trainer.lane("A").replicas[0].theta, theta)
    with pytest.raises(ValueError, match="read-only"):
        path.Z[0][0] = 1.0


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("objective", LOSSES)
def test_the_other_loss_is_not_the_objective(objective: str, task: str) -> None:
    other = rival_of(objective, task)
    assert other in LOSSES and other != objective
