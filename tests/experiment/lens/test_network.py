"""The state of a network against a forward and a backward pass written out here."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.lens.network import BIAS, UNIT, AskNetwork, AskPast, AskUnit, NetworkState, Past, largest
from sandbox.experiment.training.snapshot import SurfaceRequest, Wanted

VIEW = SurfaceRequest("A", (0, 1), (-2.0, 3.0), (-1.0, 1.5), 20)
CASES = {
    "two classes": """
        [network]
        hidden = [5, 3]
        [optimizer]
        learning_rate = 0.3
        batch_size = 7
        l2 = 0.01
        l1 = 0.002
    """,
    "rectified": """
        [network]
        hidden = [6]
        activation = "relu"
        initializer_scale = 2.0
        [loss]
        objective = "mse"
    """,
    "logistic": """
        [network]
        hidden = [4, 4]
        activation = "sigmoid"
        initializer_scale = 9.0
        [loss]
        reduction = "sum"
        [optimizer]
        learning_rate = 0.01
    """,
}


def trainer_of(text: str) -> Trainer:
    return Trainer(Experiment.loads(text))


def ask(trainer: Trainer, view: SurfaceRequest = VIEW, replica: int | None = None) -> NetworkState:
    question = AskNetwork("A", view)
    answer = trainer.snapshot(0, Wanted(questions=(question,), replica=replica)).answers[question]
    assert isinstance(answer, NetworkState)
    return answer


def run(trainer: Trainer, updates: int) -> Trainer:
    for _ in range(updates):
        trainer.step()
    return trainer


FUNCTIONS: dict[str, tuple[Any, Any]] = {
    "tanh": (np.tanh, lambda z: 1.0 / np.cosh(z) ** 2),
    "relu": (lambda z: np.maximum(z, 0.0), lambda z: np.where(z > 0.0, 1.0, 0.0)),
    "sigmoid": (lambda z: 1.0 / (1.0 + np.exp(-z)), lambda z: np.exp(-z) / (1.0 + np.exp(-z)) ** 2),
}


def forward(parameters: dict[str, Any], hidden: str, X: Any) -> tuple[list[Any], list[Any]]:
    """Return Z and A of all layers, units as rows; of the output, a sigmoid."""
    A, Z = [X.T], [np.empty(0)]
    last = len(parameters) // 2
    for l in range(1, last + 1):
        Z.append(parameters[f"W{l}"] @ A[-1] + parameters[f"b{l}"][:, None])
        A.append(FUNCTIONS["sigmoid" if l == last else hidden][0](Z[-1]))
    return Z, A


def backward(parameters: dict[str, Any], hidden: str, X: Any, y: Any, loss: str, factor: float) -> dict[str, Any]:
    """Return dW1, db1, ... by the chain rule."""
    Z, A = forward(parameters, hidden, X)
    last = len(parameters) // 2
    slope = 2.0 * FUNCTIONS["sigmoid"][1](Z[-1]) if loss == "mse" else 1.0
    dZ = (A[-1] - y) * slope * factor
    found = {}
    for l in range(last, 0, -1):
        found[f"W{l}"], found[f"b{l}"] = dZ @ A[l - 1].T, dZ.sum(axis=1)
        if l > 1:
            dZ = parameters[f"W{l}"].T @ dZ * FUNCTIONS[hidden][1](Z[l - 1])
    return found


@pytest.mark.parametrize("name", CASES)
def test_weights_derivatives_and_the_last_change(name: str) -> None:
    trainer = run(trainer_of(CASES[name]), 4)
    before = trainer.parameters()
    settings = trainer.experiment.lane("A")
    trainer.step()
    state, now = ask(trainer), trainer.parameters()
    batch = settings.optimizer.batch_size
    rows = trainer._batches.rows(batch) if batch else slice(None)
    X, y = trainer.data.X_train[rows], trainer.data.y_train[rows]
    loss = trainer.lanes[0].objective.name
    factor = 1.0 if settings.loss.reduction == "sum" else 1.0 / len(X)
    found = backward(now, settings.network.activation, X, y, loss, factor)
    l1, l2 = settings.optimizer.l1, settings.optimizer.l2
    for l, (values, gradient, change) in enumerate(
        zip(state.values, state.gradients, state.changes, strict=True), start=1
    ):
        W, b = now[f"W{l}"], now[f"b{l}"]
        assert np.array_equal(values.W, W) and np.array_equal(values.b, b)
        np.testing.assert_allclose(gradient.W, found[f"W{l}"] + l2 * W + l1 * np.sign(W), rtol=1e-9, atol=1e-13)
        np.testing.assert_allclose(gradient.b, found[f"b{l}"], rtol=1e-9, atol=1e-13)
        assert np.array_equal(change.W, W - before[f"W{l}"])
        assert np.array_equal(change.b, b - before[f"b{l}"])
    assert state.batch == len(X)
    assert state.samples == len(trainer.data.X_train)
    assert largest(state.values) == max(np.abs(value).max() for value in now.values())


@pytest.mark.parametrize("name", CASES)
def test_the_derivatives_are_those_that_the_next_update_uses(name: str) -> None:
    trainer = run(trainer_of(CASES[name]), 3)
    rate = trainer.experiment.optimizer.learning_rate
    state = ask(trainer)
    trainer.step()
    for gradient, change in zip(state.gradients, ask(trainer).changes, strict=True):
        np.testing.assert_allclose(change.W, -rate * gradient.W, rtol=1e-6, atol=1e-14)
        np.testing.assert_allclose(change.b, -rate * gradient.b, rtol=1e-6, atol=1e-14)


@pytest.mark.parametrize("name", CASES)
def test_pictures_are_what_each_unit_computes_over_the_plane(name: str) -> None:
    trainer = run(trainer_of(CASES[name]), 5)
    state, data = ask(trainer), trainer.data
    x, y = np.linspace(-2.0, 3.0, 20), np.linspace(-1.0, 1.5, 20)
    points = np.array([(across, up) for up in y for across in x])
    X = (points - data.mean) / data.scale
    hidden = trainer.experiment.lane("A").network.activation
    _, A = forward(trainer.parameters(), hidden, X)
    assert state.sizes == (2, *trainer.experiment.network.hidden, 1)
    for column, values in zip(state.columns, A, strict=True):
        np.testing.assert_allclose(column.pictures.reshape(len(values), -1), values, rtol=2e-4, atol=2e-5)
        assert column.pictures.shape[1:] == (20, 20)


@pytest.mark.parametrize("name", CASES)
def test_range_mean_and_share_of_flat_samples(name: str) -> None:
    trainer = run(trainer_of(CASES[name]), 5)
    state = ask(trainer)
    hidden = trainer.experiment.lane("A").network.activation
    Z, A = forward(trainer.parameters(), hidden, trainer.data.X_train)
    assert np.isnan(state.columns[0].flat).all()
    for l, column in enumerate(state.columns):
        np.testing.assert_allclose(column.low, A[l].min(axis=1), atol=1e-12)
        np.testing.assert_allclose(column.high, A[l].max(axis=1), atol=1e-12)
        np.testing.assert_allclose(column.mean, A[l].mean(axis=1), atol=1e-12)
        if l:
            kind = "sigmoid" if l == len(A) - 1 else hidden
            slope = FUNCTIONS[kind][1](Z[l])
            flat = (slope == 0.0) if kind == "relu" else (np.abs(slope) < 0.01)
            assert np.array_equal(column.flat, flat.mean(axis=1))
            assert column.activation == kind
    if name != "two classes":
        assert max(column.flat.max() for column in state.columns[1:]) > 0.2  # something is flat in these


def test_before_the_first_update_there_is_no_last_change() -> None:
    state = ask(trainer_of(CASES["two classes"]))
    assert all(np.isnan(change.W).all() and np.isnan(change.b).all() for change in state.changes)


def test_a_replica_is_asked_about_by_itself() -> None:
    trainer = run(trainer_of("[network]\nhidden = [4]\nseed = 7\n[run]\nreplicas = 3"), 3)
    alone = run(trainer_of("[network]\nhidden = [4]\nseed = 9"), 3)
    one, other = ask(trainer, replica=2), ask(alone)
    for parts in ("values", "gradients", "changes"):
        for a, b in zip(getattr(one, parts), getattr(other, parts), strict=True):
            np.testing.assert_allclose(a.W, b.W, rtol=1e-9, atol=1e-15)
            np.testing.assert_allclose(a.b, b.b, rtol=1e-9, atol=1e-15)
    assert not np.array_equal(ask(trainer).values[0].W, one.values[0].W)


def test_a_lane_that_has_stopped_keeps_its_last_numbers() -> None:
    trainer = trainer_of('[data]\ndataset = "sine"\n[network]\nactivation = "relu"\n[optimizer]\nlearning_rate = 1e6')
    run(trainer, 200)
    state = ask(trainer, SurfaceRequest("A", (0, 0), (-1.0, 1.0), (0.0, 0.0), 30))
    assert state.stopped
    assert all(np.isfinite(part.W).all() for part in state.values)


def test_over_one_input_pictures_are_curves_and_outputs_in_the_targets_unit() -> None:
    trainer = run(trainer_of('[data]\ndataset = "sine"\nstandardize_target = true\n[network]\nhidden = [3]'), 4)
    state = ask(trainer, SurfaceRequest("A", (0, 0), (-1.0, 2.0), (0.0, 0.0), 30))
    data, now = trainer.data, trainer.parameters()
    X = (np.linspace(-1.0, 2.0, 30)[:, None] - data.mean) / data.scale
    hidden = np.tanh(X @ now["W1"].T + now["b1"])
    output = (hidden @ now["W2"].T + now["b2"]) * data.target_scale + data.target_mean
    assert [column.pictures.shape for column in state.columns] == [(1, 1, 30), (3, 1, 30), (1, 1, 30)]
    np.testing.assert_allclose(state.columns[1].pictures[:, 0], hidden.T, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(state.columns[2].pictures[:, 0], output.T, rtol=1e-4, atol=1e-5)
    assert state.outputs == data.target_names


def test_with_more_inputs_the_pictures_are_over_the_slice_of_the_boundary() -> None:
    trainer = run(trainer_of('[data]\ndataset = "iris"\n[network]\nhidden = [4]'), 3)
    data = trainer.data
    state = ask(trainer, SurfaceRequest("A", (2, 0), (1.0, 6.0), (4.0, 8.0), 12))
    inputs = np.tile(data.inputs_train.mean(axis=0), (144, 1))
    inputs[:, 2] = np.tile(np.linspace(1.0, 6.0, 12), 12)
    inputs[:, 0] = np.repeat(np.linspace(4.0, 8.0, 12), 12)
    X = (inputs - data.mean) / data.scale
    now = trainer.parameters()
    Z = np.tanh(X @ now["W1"].T + now["b1"]) @ now["W2"].T + now["b2"]
    shares = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(state.columns[2].pictures.reshape(3, -1), shares.T, rtol=1e-4, atol=1e-5)
    assert np.isnan(state.columns[2].flat).all()  # each output of a softmax depends on all pre-activations
    assert state.outputs == data.class_names == ("setosa", "versicolor", "virginica")


def test_one_unit_in_more_detail() -> None:
    trainer = run(trainer_of(CASES["two classes"]), 3)
    fine = SurfaceRequest("A", (0, 1), (-2.0, 3.0), (-1.0, 1.5), 39)
    state = ask(trainer)
    for column, unit in ((0, 1), (1, 4), (3, 0)):
        question = AskUnit("A", fine, column, unit)
        picture = trainer.snapshot(0, Wanted(questions=(question,))).answers[question]
        np.testing.assert_allclose(picture[::2, ::2], state.columns[column].pictures[unit], rtol=1e-5, atol=1e-6)
    missing = AskUnit("A", fine, 1, 5)
    assert trainer.snapshot(0, Wanted(questions=(missing,))).answers[missing] is None


@pytest.mark.parametrize("name", CASES)
def test_no_bit_of_a_run_depends_on_being_shown(name: str) -> None:
    shown, hidden = trainer_of(CASES[name]), trainer_of(CASES[name])
    for _ in range(60):
        ask(shown)
        shown.step()
        hidden.step()
    for key, value in hidden.parameters().items():
        assert np.array_equal(shown.parameters()[key], value)


def test_the_answer_can_cross_to_another_thread() -> None:
    state = ask(run(trainer_of(CASES["two classes"]), 2))
    arrays = [array for part in (*state.values, *state.gradients, *state.changes) for array in (part.W, part.b)]
    arrays += [array for c in state.columns for array in (c.low, c.high, c.mean, c.pictures, c.flat)]
    assert not any(array.flags.writeable for array in arrays)
    assert pickle.loads(pickle.dumps(state)).sizes == state.sizes


def test_frozen_units_are_named() -> None:
    trainer = run(trainer_of('[network]\nhidden = [3, 2]\nfrozen = ["1[2]", "2"]'), 3)
    state = ask(trainer)
    assert [units.tolist() for units in state.frozen] == [[False, False], [False, False, True], [True, True], [False]]
    assert not state.changes[0].W[2].any() and state.changes[0].W[0].any()
    assert not state.changes[1].b.any()


def past(trainer: Trainer, column: int, unit: int, source: int, replica: int | None = None) -> Past:
    question = AskPast("A", column, unit, source)
    answer = trainer.snapshot(0, Wanted(questions=(question,), replica=replica)).answers[question]
    assert isinstance(answer, Past)
    return answer


def watched(text: str) -> Trainer:
    """Return a trainer that keeps its parameters, as while a person watches."""
    return Trainer(Experiment.loads(text), watched=True)


def test_the_past_of_weights_biases_and_units_is_what_they_were() -> None:
    trainer = watched("[data]\nsamples = 60\n[network]\nhidden = [3]\n[run]\nreplicas = 2")
    weights, biases, means, lows = [], [], [], []
    for _ in range(12):
        now = trainer.lanes[0].replicas[1].parameters()
        A = np.tanh(trainer.data.X_train @ now["W1"].T + now["b1"])[:, 2]
        weights.append(now["W1"][2, 1])
        biases.append(now["b2"][0])
        means.append(A.mean())
        lows.append(A.min())
        ask(trainer)
        trainer.step_epoch()
    weight, bias, unit = past(trainer, 1, 2, 1, 1), past(trainer, 2, 0, BIAS, 1), past(trainer, 1, 2, UNIT, 1)
    for found in (weight, bias, unit):
        assert found.epochs.tolist() == list(range(13))
    np.testing.assert_allclose(weight.values[:-1], weights, atol=1e-15)
    np.testing.assert_allclose(bias.values[:-1], biases, atol=1e-15)
    np.testing.assert_allclose(unit.values[:-1], means, atol=1e-12)
    np.testing.assert_allclose(unit.low[:-1], lows, atol=1e-12)
    assert (unit.low < unit.values).all() and (unit.values < unit.high).all()
    assert weight.values[-1] == trainer.lanes[0].replicas[1].parameters()["W1"][2, 1]


def test_the_past_begins_where_the_layers_became_what_they_are() -> None:
    trainer = watched("[data]\nsamples = 60\n[network]\nhidden = [3]")
    for epoch in range(8):
        if epoch == 4:
            trainer.edit({"network.hidden": (4,)})
        ask(trainer)
        trainer.step_epoch()
    found = past(trainer, 1, 3, 0)
    assert found.epochs[0] >= 4.0 and found.epochs[-1] == 8.0
    missing = AskPast("A", 1, 9, 0)
    assert trainer.snapshot(0, Wanted(questions=(missing,))).answers[missing] is None


def test_a_plane_of_inputs_that_the_run_lacks_has_no_answer() -> None:
    trainer = Trainer(Experiment())
    view = SurfaceRequest("A", (5, 33), (0.0, 1.0), (0.0, 1.0), 10)  # of the run that was there before
    questions = (AskNetwork("A", view), AskUnit("A", view, 1, 0))
    answers = trainer.snapshot(0, Wanted(questions=questions)).answers
    assert [answers[question] for question in questions] == [None, None]
