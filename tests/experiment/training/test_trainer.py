"""The trainer against a textbook loop, the meaning of every recorded number, and the same bits however it trains."""

from __future__ import annotations

import csv
import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sandbox.errors import InputError
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.lanes import with_lane
from sandbox.experiment.document.parts import Edit, LaneEntry
from sandbox.experiment.results.export import write_history
from sandbox.experiment.training.history import Record
from sandbox.experiment.training.snapshot import CurveRequest, SurfaceRequest, Wanted

Array = NDArray[np.float64]
Parameters = dict[str, Array]


def make_experiment(**changes: object) -> Experiment:
    """An experiment on few samples; `optimizer__l2` means the key optimizer.l2."""
    return Experiment().with_values(
        {"data.samples": 40, "network.hidden": (4, 3), **{key.replace("__", "."): v for key, v in changes.items()}}
    )


# A textbook loop: samples are columns, one formula per line, nothing shared with the program.


def forward(X: Array, parameters: Parameters, hidden: str, output: str) -> list[tuple[Array, Array]]:
    layers, A = [(X, X)], X
    depth = len(parameters) // 2
    for l in range(1, depth + 1):
        Z = parameters[f"W{l}"] @ A + parameters[f"b{l}"][:, None]
        A = ACTIVATION[output if l == depth else hidden](Z)
        layers.append((Z, A))
    return layers


def softmax(Z: Array) -> Array:
    E = np.exp(Z - Z.max(axis=0))
    return E / E.sum(axis=0)


def sigmoid(Z: Array) -> Array:
    return 1 / (1 + np.exp(-Z))


ACTIVATION: dict[str, Callable[[Array], Array]] = {
    "linear": lambda Z: Z,
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu": lambda Z: np.where(Z > 0, Z, 0),
    "exp": np.exp,
    "softmax": softmax,
}
SLOPE: dict[str, Callable[[Array], Array]] = {
    "linear": lambda Z: np.ones_like(Z),
    "sigmoid": lambda Z: sigmoid(Z) * (1 - sigmoid(Z)),
    "tanh": lambda Z: 1 - np.tanh(Z) ** 2,
    "relu": lambda Z: np.where(Z > 0, 1.0, 0.0),
    "exp": np.exp,
}
LOSS: dict[str, tuple[Callable[[Array, Array], Array], Callable[[Array, Array], Array]]] = {
    "mse": (lambda a, y: (a - y) ** 2, lambda a, y: 2 * (a - y)),
    "half_mse": (lambda a, y: (a - y) ** 2 / 2, lambda a, y: a - y),
    "mae": (lambda a, y: abs(a - y), lambda a, y: np.sign(a - y)),
    "huber": (
        lambda a, y: np.where(abs(a - y) <= 0.3, (a - y) ** 2 / 2, 0.3 * (abs(a - y) - 0.15)),
        lambda a, y: np.where(abs(a - y) <= 0.3, a - y, 0.3 * np.sign(a - y)),
    ),
    "log_cosh": (lambda a, y: np.log(np.cosh(a - y)), lambda a, y: np.tanh(a - y)),
    "quantile": (
        lambda a, y: np.maximum(0.8 * (y - a), -0.2 * (y - a)),
        lambda a, y: np.where(a < y, -0.8, 0.2),
    ),
    "binary_cross_entropy": (
        lambda a, y: -3 * y * np.log(a) - (1 - y) * np.log(1 - a),
        lambda a, y: -3 * y / a + (1 - y) / (1 - a),
    ),
    "categorical_cross_entropy": (lambda a, y: -y * np.log(a), lambda a, y: -y / a),
    "focal": (
        lambda a, y: -y * (1 - a) ** 2 * np.log(a) - (1 - y) * a**2 * np.log(1 - a),
        lambda a, y: (
            y * (2 * (1 - a) * np.log(a) - (1 - a) ** 2 / a) + (1 - y) * (a**2 / (1 - a) - 2 * a * np.log(1 - a))
        ),
    ),
    "hinge": (lambda a, y: np.maximum(0, 1 - y * a), lambda a, y: np.where(y * a < 1, -y, 0)),
    "squared_hinge": (lambda a, y: np.maximum(0, 1 - y * a) ** 2, lambda a, y: -2 * y * np.maximum(0, 1 - y * a)),
    "poisson": (lambda a, y: a - y * np.log(a), lambda a, y: 1 - y / a),
    "kl_divergence": (lambda a, y: y * np.log(np.where(y > 0, y, 1) / a), lambda a, y: -y / a),
}
LOSS_PARAMETERS = {"loss__delta": 0.3, "loss__quantile": 0.8, "loss__positive_weight": 3.0}


def divisor(reduction: str, Y: Array) -> float:
    return {"mean": Y.shape[1], "sum": 1, "element_mean": Y.size}[reduction]


def gradients(
    X: Array,
    Y: Array,
    parameters: Parameters,
    hidden: str,
    output: str,
    loss: str,
    reduction: str,
    l1: float,
    l2: float,
) -> Parameters:
    layers = forward(X, parameters, hidden, output)
    Z, A = layers[-1]
    dA = LOSS[loss][1](A, Y) / divisor(reduction, Y)
    if output == "softmax":
        dZ = np.empty_like(Z)
        for i in range(Z.shape[1]):
            a = A[:, i]
            dZ[:, i] = (np.diag(a) - np.outer(a, a)) @ dA[:, i]
    else:
        dZ = dA * SLOPE[output](Z)
    gradient = {}
    for l in range(len(parameters) // 2, 0, -1):
        W = parameters[f"W{l}"]
        gradient[f"W{l}"] = dZ @ layers[l - 1][1].T + l2 * W + l1 * np.sign(W)
        gradient[f"b{l}"] = dZ.sum(axis=1)
        if l > 1:
            dZ = (W.T @ dZ) * SLOPE[hidden](layers[l - 1][0])
    return gradient


def penalty(parameters: Parameters, l1: float, l2: float) -> float:
    weights = [value for name, value in parameters.items() if name[0] == "W"]
    return sum(l1 * float(abs(W).sum()) + l2 / 2 * float((W**2).sum()) for W in weights)


def targets(trainer: Trainer, y: NDArray[Any], low: float, high: float) -> Array:
    """Targets as columns, coded by hand."""
    data = trainer.data
    if data.task == "regression":
        return np.array(y, float).T
    if data.task == "binary":
        return np.array([[high if label else low for label in y]])
    return np.array([[high if label == k else low for label in y] for k in range(len(data.class_names))])


Rule = Callable[[Array, Array, dict[str, Any], int, bool], Array]  # theta, gradient, memory, step, weights


def gradient_descent(theta: Array, g: Array, memory: dict[str, Any], t: int, weights: bool) -> Array:
    return theta - 0.1 * g


def momentum(theta: Array, g: Array, memory: dict[str, Any], t: int, weights: bool) -> Array:
    memory["v"] = 0.8 * memory.get("v", 0.0) + g
    return theta - 0.1 * memory["v"]


def nesterov(theta: Array, g: Array, memory: dict[str, Any], t: int, weights: bool) -> Array:
    memory["v"] = 0.8 * memory.get("v", 0.0) + g
    return theta - 0.1 * (g + 0.8 * memory["v"])


def adam(theta: Array, g: Array, memory: dict[str, Any], t: int, weights: bool) -> Array:
    memory["m"] = 0.9 * memory.get("m", 0.0) + 0.1 * g
    memory["v"] = 0.999 * memory.get("v", 0.0) + 0.001 * g**2
    m, v = memory["m"] / (1 - 0.9**t), memory["v"] / (1 - 0.999**t)
    return theta - 0.1 * m / (np.sqrt(v) + 1e-8)


def adamw(theta: Array, g: Array, memory: dict[str, Any], t: int, weights: bool) -> Array:
    return adam(theta * (1 - 0.1 * 0.01) if weights else theta, g, memory, t, weights)


def rmsprop(theta: Array, g: Array, memory: dict[str, Any], t: int, weights: bool) -> Array:
    memory["v"] = 0.99 * memory.get("v", 0.0) + 0.01 * g**2
    return theta - 0.1 * g / (np.sqrt(memory["v"]) + 1e-8)


def adagrad(theta: Array, g: Array, memory: dict[str, Any], t: int, weights: bool) -> Array:
    memory["v"] = memory.get("v", 0.0) + g**2
    return theta - 0.1 * g / (np.sqrt(memory["v"]) + 1e-10)


def batches(m: int, size: int, shuffle: bool, seed: int) -> Iterator[list[NDArray[np.int64]]]:
    """The samples of each update, epoch by epoch."""
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(m) if shuffle else np.arange(m)
        yield [order[i : i + size] for i in range(0, m, size)]


def compare_with_textbook(
    experiment: Experiment, codes: tuple[float, float] = (0.0, 1.0), rule: Rule = gradient_descent, epochs: int = 12
) -> None:
    trainer = Trainer(experiment)
    lane, data = trainer.lanes[0], trainer.data
    hidden = str(experiment.network.activation)
    output, loss = lane.activations[-1], lane.objective.name
    optimizer, reduction = experiment.optimizer, experiment.loss.reduction
    X, X_test = np.array(data.X_train.T), np.array(data.X_test.T)
    Y, Y_test = targets(trainer, data.y_train, *codes), targets(trainer, data.y_test, *codes)
    parameters = trainer.parameters()
    parameters = {key: parameters[key].copy() for key in parameters}

    rows = []

    def record() -> None:
        extra = penalty(parameters, optimizer.l1, optimizer.l2)
        for part, targets_of in ((X, Y), (X_test, Y_test)):
            A = forward(part, parameters, hidden, output)[-1][1]
            rows.append(LOSS[loss][0](A, targets_of).sum() / divisor(reduction, targets_of) + extra)
        rows.append(extra)

    memory: dict[str, dict[str, Any]] = {key: {} for key in parameters}
    record()
    step = 0
    size = optimizer.batch_size or X.shape[1]
    for epoch in itertools.islice(batches(X.shape[1], size, optimizer.shuffle, optimizer.seed), epochs):
        for batch in epoch:
            step += 1
            g = gradients(
                X[:, batch], Y[:, batch], parameters, hidden, output, loss, reduction, optimizer.l1, optimizer.l2
            )
            parameters = {key: rule(parameters[key], g[key], memory[key], step, key[0] == "W") for key in parameters}
        record()

    trainer.run(epochs)
    history = trainer.history()
    columns = [history.column(name)[1] for name in ("train_cost", "test_cost", "train_penalty")]
    np.testing.assert_allclose(np.transpose(columns).ravel(), rows, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(history.column("train_cost")[0], range(epochs + 1))
    assert trainer.update == step
    actual = trainer.parameters()
    assert list(actual) == list(parameters)
    for key in parameters:
        np.testing.assert_allclose(actual[key], parameters[key], rtol=1e-12, atol=1e-12, err_msg=key)


PAIRS = [
    ("moons", "binary_cross_entropy", "sigmoid", (0.0, 1.0)),
    ("moons", "mse", "sigmoid", (0.0, 1.0)),
    ("moons", "focal", "sigmoid", (0.0, 1.0)),
    ("moons", "mae", "linear", (0.0, 1.0)),
    ("moons", "half_mse", "tanh", (-1.0, 1.0)),
    ("moons", "hinge", "linear", (-1.0, 1.0)),
    ("moons", "squared_hinge", "sigmoid", (-1.0, 1.0)),
    ("moons", "log_cosh", "exp", (0.0, 1.0)),
    ("blobs", "categorical_cross_entropy", "softmax", (0.0, 1.0)),
    ("blobs", "categorical_cross_entropy", "sigmoid", (0.0, 1.0)),
    ("blobs", "binary_cross_entropy", "softmax", (0.0, 1.0)),
    ("blobs", "mse", "softmax", (0.0, 1.0)),
    ("blobs", "focal", "softmax", (0.0, 1.0)),
    ("blobs", "kl_divergence", "softmax", (0.0, 1.0)),
    ("blobs", "hinge", "softmax", (-1.0, 1.0)),
    ("plane", "huber", "linear", (0.0, 1.0)),
    ("plane", "quantile", "linear", (0.0, 1.0)),
    ("plane", "poisson", "exp", (0.0, 1.0)),
]


@pytest.mark.parametrize(("dataset", "objective", "output", "codes"), PAIRS)
@pytest.mark.parametrize(
    ("reduction", "l1", "l2"), [("mean", 0.0, 0.01), ("sum", 0.02, 0.0), ("element_mean", 0.01, 0.03)]
)
def test_costs_and_weights_match_a_textbook(
    dataset: str, objective: str, output: str, codes: tuple[float, float], reduction: str, l1: float, l2: float
) -> None:
    experiment = make_experiment(
        data__dataset=dataset, loss__objective=objective, network__output=output, loss__reduction=reduction,
        optimizer__l1=l1, optimizer__l2=l2, optimizer__learning_rate=0.1, **LOSS_PARAMETERS,
    )  # fmt: skip
    if reduction == "sum":  # so that steps are of similar size
        experiment = experiment.with_value("data.samples", 12)
    compare_with_textbook(experiment, codes)


@pytest.mark.parametrize(
    "rule", [gradient_descent, momentum, nesterov, adam, adamw, rmsprop, adagrad], ids=lambda rule: rule.__name__
)
@pytest.mark.parametrize("shuffle", [True, False])
def test_mini_batches_and_optimisers_match_a_textbook(rule: Rule, shuffle: bool) -> None:
    overrides = {"optimizer__momentum": 0.8} if rule in (momentum, nesterov) else {}
    experiment = make_experiment(
        optimizer__name=rule.__name__, optimizer__learning_rate=0.1, optimizer__batch_size=8,  # 28 = 3 * 8 + 4
        optimizer__shuffle=shuffle, optimizer__seed=11, network__activation="relu", optimizer__l2=0.01,
        loss__positive_weight=3.0, **overrides,
    )  # fmt: skip
    assert len(Trainer(experiment).data.X_train) == 28
    compare_with_textbook(experiment, rule=rule, epochs=5)


@pytest.mark.parametrize("size", [1, 27, 28, 29])
def test_batches_of_any_size(size: int) -> None:
    experiment = make_experiment(optimizer__batch_size=size, optimizer__learning_rate=0.1, loss__positive_weight=3.0)
    if size >= 28:  # one batch of all samples needs no order
        experiment = experiment.with_value("optimizer.shuffle", False)
    compare_with_textbook(experiment, epochs=3)


def test_a_batch_of_all_samples_has_the_same_bits_shuffled_or_not() -> None:
    runs = [
        trained(make_experiment(optimizer__batch_size=size, optimizer__shuffle=shuffle), 4)
        for size in (0, 28, 1000)
        for shuffle in (True, False)
    ]
    for run in runs[1:]:
        assert_same_run(run, runs[0])


def test_the_first_weights_are_drawn_from_the_seed() -> None:
    parameters = Trainer(
        make_experiment(network__initializer="xavier_normal", network__initializer_scale=0.5)
    ).parameters()
    rng = np.random.default_rng(7)
    for l, (n_in, n_out) in enumerate(((2, 4), (4, 3), (3, 1)), start=1):
        drawn = 0.5 * rng.normal(0.0, np.sqrt(2 / (n_in + n_out)), (n_out, n_in))
        np.testing.assert_array_equal(parameters[f"W{l}"], drawn)
        np.testing.assert_array_equal(parameters[f"b{l}"], np.zeros(n_out))


# What a row contains


def rows(trainer: Trainer, name: str | None = None) -> list[Record]:
    return list(trainer.history(name).rows())


def assert_same_rows(actual: list[Record], expected: list[Record]) -> None:
    assert [(row.epoch, row.update, list(row.values)) for row in actual] == [
        (row.epoch, row.update, list(row.values)) for row in expected
    ]
    np.testing.assert_array_equal(
        [value for row in actual for value in row.values.values()],
        [value for row in expected for value in row.values.values()],
    )


def assert_same_run(actual: Trainer, expected: Trainer) -> None:
    assert (actual.update, actual.epoch) == (expected.update, expected.epoch)
    for lane in expected.lanes:
        assert_same_rows(rows(actual, lane.name), rows(expected, lane.name))
        theirs = expected.parameters(lane.name)
        for key, value in actual.parameters(lane.name).items():
            np.testing.assert_array_equal(value, theirs[key], err_msg=key)


def trained(experiment: Experiment, epochs: int, every: int = 1) -> Trainer:
    trainer = Trainer(experiment, every=every)
    trainer.run(epochs)
    return trainer


def test_a_row_describes_the_parameters_after_its_epoch() -> None:
    experiment = make_experiment(optimizer__batch_size=10, optimizer__l2=0.1, loss__monitors=("mse", "binary_accuracy"))
    recorded = rows(trained(experiment, 4))
    trainer = Trainer(experiment)
    for epoch, row in enumerate(recorded):
        assert (row.epoch, row.update) == (epoch, 3 * epoch)
        parameters = trainer.parameters()
        for part, X, y in (
            ("train", trainer.data.X_train, trainer.data.y_train),
            ("test", trainer.data.X_test, trainer.data.y_test),
        ):
            a, y = forward(X.T, parameters, "tanh", "sigmoid")[-1][1][0], y.astype(float)
            cross = float(np.mean(-y * np.log(a) - (1 - y) * np.log(1 - a)))
            extra = penalty(parameters, 0.0, 0.1)
            assert row.values[f"{part}_cost"] == pytest.approx(cross + extra, rel=1e-12)
            assert row.values[f"{part}_binary_cross_entropy"] == pytest.approx(cross, rel=1e-12)
            assert row.values[f"{part}_mse"] == pytest.approx(float(np.mean((a - y) ** 2)), rel=1e-12)
            assert row.values[f"{part}_accuracy"] == np.mean((a > 0.5) == y)
        assert row.values["train_penalty"] == pytest.approx(penalty(parameters, 0.0, 0.1), rel=1e-12)
        trainer.step_epoch()


@pytest.mark.parametrize("batch_size", [0, 10])
@pytest.mark.parametrize(("every", "recorded"), [(1, range(11)), (4, (0, 4, 8, 10)), (5, (0, 5, 10)), (99, (0, 10))])
def test_every_nth_epoch_and_the_last_are_recorded(batch_size: int, every: int, recorded: tuple[int, ...]) -> None:
    experiment = make_experiment(optimizer__batch_size=batch_size)
    whole, some = trained(experiment, 10), trained(experiment, 10, every)
    assert_same_rows(rows(some), [rows(whole)[epoch] for epoch in recorded])
    for key, value in whole.parameters().items():
        np.testing.assert_array_equal(some.parameters()[key], value)


def test_run_continues_from_the_middle_of_an_epoch() -> None:
    trainer = Trainer(make_experiment(optimizer__batch_size=10))
    trainer.step()
    trainer.run(0)
    assert [row.epoch for row in rows(trainer)] == [0]
    trainer.run(2)
    assert (trainer.epoch, trainer.update) == (2, 6)
    assert_same_rows(rows(trainer), rows(trained(trainer.experiment, 2)))


def test_run_without_a_number_ends_at_the_epochs_of_the_experiment() -> None:
    trainer = Trainer(make_experiment(run__epochs=7))
    trainer.run()
    assert trainer.epoch == 7
    trainer.run()
    assert trainer.epoch == 7
    trainer.run(2)
    assert trainer.epoch == 9
    assert [row.epoch for row in rows(trainer)] == list(range(10))


def test_zero_epochs_record_the_initial_network() -> None:
    trainer = trained(make_experiment(), 0)
    assert [(row.epoch, row.update) for row in rows(trainer)] == [(0, 0)]


@pytest.mark.parametrize("dataset", ["one_point", "plane", "blobs"])
def test_without_a_test_part_there_are_no_test_columns(dataset: str) -> None:
    trainer = trained(make_experiment(data__dataset=dataset, data__test_fraction=0.0), 2)
    assert len(trainer.data.X_test) == 0
    assert all(name.startswith("train_") for name in trainer.history().names())
    assert "test_cost" not in trainer.snapshot().lanes[0].readings


# The same bits however it is trained


LANES = """
[data]
samples = 40
[network]
hidden = [4, 3]
[loss]
monitors = ["mse", "hinge"]
[optimizer]
name = "adam"
learning_rate = 0.05
batch_size = {batch}
l2 = 0.01
[[lanes]]
name = "A"
[[lanes]]
name = "B"
loss.objective = "mse"
[[lanes]]
name = "C"
network.hidden = [5]
optimizer.name = "momentum"
[[edits]]
update = 7
optimizer.learning_rate = 0.02
[[edits]]
update = 10
lane = "B"
network.hidden = [6, 3, 2]
loss.monitors = []
"""
WANTED = Wanted(
    (
        SurfaceRequest("A", (0, 1), (-1.0, 1.0), (-1.0, 1.0), 12),
        SurfaceRequest("C", (1, 0), (-1.0, 1.0), (-1.0, 1.0), 9),
    ),
    CurveRequest(30),
)  # fmt: skip


def in_two(trainer: Trainer) -> None:
    trainer.run(10)
    trainer.run(10)


def step_by_step(trainer: Trainer) -> None:
    while trainer.epoch < 20:
        trainer.step()


def epoch_by_epoch(trainer: Trainer) -> None:
    for _ in range(20):
        assert trainer.step_epoch()


def in_bursts(trainer: Trainer) -> None:
    for most in itertools.cycle((1, 2, 7, 3)):
        left = iter(range(5))
        trainer.advance(lambda left=left: next(left, None) is not None and trainer.epoch < 20, most)  # type: ignore[misc]
        if trainer.epoch == 20:
            return


def observed(trainer: Trainer) -> None:
    while trainer.epoch < 20:
        trainer.snapshot(0, Wanted() if trainer.update % 3 else WANTED)
        trainer.history("B")
        for lane in trainer.lanes:
            trainer.readings(lane)
            trainer.parameters(lane.name)
        trainer.step()
        trainer.snapshot(0, WANTED)


@pytest.mark.parametrize("batch", [0, 10])
@pytest.mark.parametrize("way", [in_two, step_by_step, epoch_by_epoch, in_bursts, observed], ids=lambda f: f.__name__)
def test_the_same_bits_however_it_is_trained(batch: int, way: Callable[[Trainer], None]) -> None:
    experiment = Experiment.loads(LANES.format(batch=batch))
    trainer = Trainer(experiment)
    way(trainer)
    assert_same_run(trainer, trained(experiment, 20))


@pytest.mark.parametrize("batch_size", [0, 10])
@pytest.mark.parametrize(
    "monitoring",
    [
        {"loss.monitors": ("hinge", "kl_divergence", "categorical_accuracy", "r2")},
        {"loss.monitors": ("huber",), "loss.delta": 0.2},
        {"loss.delta": 3.0, "loss.gamma": 1.0},
    ],
)
def test_monitors_change_no_bit_of_any_weight(batch_size: int, monitoring: Mapping[str, object]) -> None:
    plain = make_experiment(optimizer__batch_size=batch_size, optimizer__name="adam", optimizer__learning_rate=0.05)
    expected = trained(plain, 15).parameters()
    for every in (1, 7):
        actual = trained(plain.with_values(monitoring), 15, every).parameters()
        for key, value in expected.items():
            np.testing.assert_array_equal(actual[key], value)
    live = Trainer(plain)
    live.advance(lambda: True, 4)
    live.edit(monitoring)
    while live.epoch < 15:
        live.step()
    for key, value in expected.items():
        np.testing.assert_array_equal(live.parameters()[key], value)


@pytest.mark.parametrize("dataset", ["moons", "blobs"])
def test_the_monitors_of_one_lane_change_no_bit_of_another(dataset: str) -> None:
    plain = make_experiment(data__dataset=dataset, optimizer__batch_size=10)
    monitoring = {"loss.monitors": ("focal", "huber"), "loss.delta": 0.2, "loss.gamma": 0.5}
    expected, actual = (
        trained(
            Experiment(
                data=plain.data, network=plain.network, optimizer=plain.optimizer,
                lanes=(LaneEntry("A"), LaneEntry("B", changes), LaneEntry("C")),
            ).checked(),
            20,
        )
        for changes in ({"optimizer.l2": 0.1}, {"optimizer.l2": 0.1, **monitoring})
    )  # fmt: skip
    for name in "ABC":
        for key, value in expected.parameters(name).items():
            np.testing.assert_array_equal(actual.parameters(name)[key], value)


# Targets, metrics, precision


def test_hinge_as_a_monitor_recodes_its_targets() -> None:
    trainer = Trainer(make_experiment(loss__monitors=("hinge", "squared_hinge", "mse"), loss__objective="half_mse"))
    a = forward(trainer.data.X_train.T, trainer.parameters(), "tanh", "sigmoid")[-1][1][0]
    y = trainer.data.y_train
    margin = np.maximum(0, 1 - np.where(y == 1, 1, -1) * a)
    values = rows(trainer)[0].values
    assert values["train_hinge"] == pytest.approx(margin.mean(), rel=1e-12)
    assert values["train_squared_hinge"] == pytest.approx((margin**2).mean(), rel=1e-12)
    assert values["train_half_mse"] == pytest.approx(((a - y) ** 2).mean() / 2, rel=1e-12)


@pytest.mark.parametrize(
    ("changes", "codes", "mse_codes"),
    [
        ({"loss.objective": "hinge"}, (-1, 1), (0, 1)),
        ({"loss.objective": "squared_hinge"}, (-1, 1), (0, 1)),
        ({"loss.objective": "hinge", "network.output": "tanh"}, (-1, 1), (-1, 1)),
        ({"network.output": "tanh", "loss.objective": "mse"}, (-1, 1), (-1, 1)),
        ({"network.output": "tanh", "loss.objective": "focal"}, (0, 1), (-1, 1)),
        ({"loss.objective": "mse"}, (0, 1), (0, 1)),
        ({"loss.objective": "hinge", "network.target_coding": "zero_one"}, (0, 1), (0, 1)),
        ({"loss.objective": "mse", "network.target_coding": "plus_minus_one"}, (-1, 1), (-1, 1)),
        ({"loss.objective": "hinge", "network.target_coding": "plus_minus_one"}, (-1, 1), (-1, 1)),
    ],
)
@pytest.mark.parametrize("dataset", ["moons", "blobs"])
def test_target_coding(
    dataset: str, changes: dict[str, object], codes: tuple[float, float], mse_codes: tuple[float, float]
) -> None:
    trainer = Trainer(make_experiment(data__dataset=dataset, loss__monitors=("mse", "hinge")).with_values(changes))
    output = trainer.lanes[0].activations[-1]
    A = forward(trainer.data.X_train.T, trainer.parameters(), "tanh", output)[-1][1]
    values = rows(trainer)[0].values
    distances = (A - targets(trainer, trainer.data.y_train, *mse_codes)) ** 2
    assert values["train_mse"] == pytest.approx(distances.sum() / A.shape[1], rel=1e-12)
    Y = targets(trainer, trainer.data.y_train, *codes)
    if changes["loss.objective"] == "hinge":
        assert values["train_hinge"] == pytest.approx(np.maximum(0, 1 - Y * A).sum() / A.shape[1], rel=1e-12)
    middle = sum(codes) / 2
    right = (A[0] > middle) == trainer.data.y_train if len(A) == 1 else A.argmax(0) == trainer.data.y_train
    assert values["train_accuracy"] == right.mean()


def test_accuracies_are_counted_like_keras() -> None:
    names = ("binary_accuracy", "categorical_accuracy")
    trainer = trained(make_experiment(data__dataset="blobs", loss__monitors=names, optimizer__learning_rate=0.2), 9)
    A = forward(trainer.data.X_train.T, trainer.parameters(), "tanh", "softmax")[-1][1]
    Y = targets(trainer, trainer.data.y_train, 0, 1)
    values = rows(trainer)[-1].values
    assert values["train_binary_accuracy"] == pytest.approx(np.mean(np.mean((A > 0.5) == Y, axis=0)), rel=1e-12)
    assert (A > 0.5).any()
    assert values["train_categorical_accuracy"] == np.mean(A.argmax(0) == Y.argmax(0))
    assert values["train_accuracy"] == values["train_categorical_accuracy"] != values["train_binary_accuracy"]
    single = rows(Trainer(make_experiment(loss__monitors=names)))[0].values
    assert single["train_categorical_accuracy"] == 1.0  # the largest of one output is that output
    assert single["train_binary_accuracy"] == single["train_accuracy"] < 1.0


@pytest.mark.parametrize(
    ("objective", "output"),
    [("mse", "softmax"), ("binary_cross_entropy", "softmax"), ("hinge", "softmax"), ("focal", "sigmoid")],
)
def test_a_regression_on_columns_of_0_and_1(tmp_path: Path, objective: str, output: str) -> None:
    rng = np.random.default_rng(0)
    lines = ["u,v,p,q,r"]
    for _ in range(40):
        u, v = rng.normal(size=2)
        hot = [0, 0, 0]
        hot[int(u > 0) + int(v > 0)] = 1
        lines.append(f"{u},{v},{hot[0]},{hot[1]},{hot[2]}")
    (tmp_path / "hot.csv").write_text("\n".join(lines))
    text = f"""
    [data]
    file = "hot.csv"
    target = ["p", "q", "r"]
    [network]
    output = "{output}"
    [loss]
    objective = "{objective}"
    positive_weight = 3.0
    monitors = ["accuracy"]
    [optimizer]
    learning_rate = 0.1
    batch_size = 10
    """
    experiment = Experiment.loads(text, folder=tmp_path)
    trainer = Trainer(experiment)
    assert trainer.data.task == "regression"
    compare_with_textbook(experiment, epochs=5)  # never recoded, not even for the hinge
    trainer.run(2)
    assert {"train_r2", "train_accuracy", "test_r2"} <= set(trainer.history().names())


def test_single_precision_stays_single_and_close() -> None:
    changes: list[dict[str, Any]] = [
        {}, {"loss.objective": "mse"}, {"loss.objective": "hinge", "optimizer.l1": 0.001},
        {"loss.objective": "huber", "optimizer.name": "adam", "optimizer.learning_rate": 0.01},
        {"network.hidden": (5,), "optimizer.l2": 0.01, "optimizer.name": "nesterov", "loss.objective": "quantile"},
    ]  # fmt: skip
    lanes = tuple(LaneEntry(f"L{i}", lane_changes) for i, lane_changes in enumerate(changes))
    runs = {}
    for precision in ("float32", "float64"):
        plain = make_experiment(run__precision=precision, optimizer__batch_size=10, optimizer__learning_rate=0.05)
        runs[precision] = Trainer(dataclasses.replace(plain, lanes=lanes).checked())
        runs[precision].run(5)
        runs[precision].edit({"network.hidden": (4,)})
        runs[precision].edit({"optimizer.learning_rate": 0.01}, "L1")
        runs[precision].run(5)
        for lane in runs[precision].lanes:
            assert lane.replicas[0].theta.dtype == precision
            assert all(slot.dtype == precision for slot in lane.replicas[0].memory)
            assert all(value.dtype == precision for value in runs[precision].parameters(lane.name).values())
        for group in runs[precision]._groups:
            group.backward(group.forward(runs[precision]._train.X), runs[precision]._train.Y)
            assert group.net.grad.dtype == precision
    single, double = runs["float32"], runs["float64"]
    for lane in double.lanes:
        for name in ("train_cost", "test_cost"):
            np.testing.assert_allclose(
                single.history(lane.name).column(name)[1], double.history(lane.name).column(name)[1], rtol=1e-4
            )


# Parameters from outside


def test_parameters_can_be_set_before_the_first_update_only() -> None:
    trainer, source = Trainer(make_experiment()), Trainer(make_experiment(network__seed=99))
    before = rows(trainer)[0]
    trainer.set_parameters(source.parameters())
    assert_same_rows(rows(trainer), rows(source))
    assert rows(trainer)[0].values != before.values
    assert trainer.snapshot().lanes[0].readings == rows(source)[0].values
    trainer.run(5)
    source.run(5)
    assert_same_run(trainer, source)
    with pytest.raises(InputError, match="before the first update"):
        trainer.set_parameters(source.parameters())


def test_setting_the_parameters_of_one_lane_leaves_the_others() -> None:
    experiment = Experiment.loads(LANES.format(batch=0))
    trainer, untouched = Trainer(experiment), Trainer(experiment)
    trainer.history()
    other = {key: value + 1.0 for key, value in trainer.parameters("B").items()}
    trainer.set_parameters(other, "B")
    for name in "AC":
        assert_same_rows(rows(trainer, name), rows(untouched, name))
    assert rows(trainer, "B")[0].values["train_cost"] != rows(untouched, "B")[0].values["train_cost"]
    other["W1"][:] = 0.0  # the caller's arrays are not kept
    assert trainer.parameters("B")["W1"].all()
    for name in "ABC":
        assert len(rows(trainer, name)) == 1


def test_parameters_are_copies() -> None:
    trainer = Trainer(make_experiment())
    trainer.parameters()["W1"][:] = 1e9
    assert np.abs(trainer.parameters()["W1"]).max() < 10


def test_an_unknown_lane_is_named() -> None:
    with pytest.raises(InputError, match='no lane "Z"; known lanes: A'):
        Trainer(make_experiment()).lane("Z")


def test_the_costs_in_the_file_are_those_of_the_history(tmp_path: Path) -> None:
    trainer = trained(make_experiment(loss__monitors=("mse",)), 3)
    write_history(tmp_path / "history.csv", {"A": trainer.history()})
    with (tmp_path / "history.csv").open(newline="") as file:
        costs = [float(line["train_cost"]) for line in csv.DictReader(file)]
    assert costs == list(trainer.history().column("train_cost")[1])


def test_a_hundred_thousand_samples() -> None:
    trainer = Trainer(make_experiment(data__samples=100_000, optimizer__batch_size=1000))
    trainer.run(1)
    assert trainer.update == 70
    first, last = rows(trainer)
    assert last.values["test_accuracy"] > 0.8 > first.values["test_accuracy"]


# A lane that joins later


def assert_as_if_from_the_start(joined: Trainer, experiment: Experiment, updates: int) -> None:
    """Check parameters, histories, marks and pairs against a run that had all lanes from the start."""
    reference = Trainer(experiment, joined.data, watched=True)
    reference.advance(lambda: True, updates)
    assert (joined.update, joined.epoch, joined.experiment) == (reference.update, reference.epoch, experiment)
    assert [(mark.update, mark.lane) for mark in joined.marks] == [(m.update, m.lane) for m in reference.marks]
    for lane, other in zip(joined.lanes, reference.lanes, strict=True):
        assert (lane.name, lane.stopped, lane.learned, lane.edited) == (
            other.name, other.stopped, other.learned, other.edited,
        )  # fmt: skip
        assert lane.settings == other.settings and not lane.rests and lane.only is None
        for one, two in zip(lane.replicas, other.replicas, strict=True):
            np.testing.assert_array_equal(one.theta, two.theta)
            assert one.steps == two.steps
            for slot, other_slot in zip(one.memory, two.memory, strict=True):
                np.testing.assert_array_equal(slot, other_slot)
        histories = [(joined.history(lane.name), reference.history(lane.name))]
        if lane.replica_history is not None and other.replica_history is not None:
            histories.append((lane.replica_history, other.replica_history))
        for history, expected in histories:
            assert len(history) == len(expected) and set(expected.names()) <= set(history.names())
            for name in expected.names():
                np.testing.assert_array_equal(history.column(name), expected.column(name), err_msg=name)
    for one, two in itertools.combinations(range(len(joined.lanes)), 2):
        keys, expected_keys = ([run.lanes[k].key for k in (one, two)] for run in (joined, reference))
        parted, expected_parted = (
            run.pairs.diverged_at.get(frozenset(pair)) for run, pair in ((joined, keys), (reference, expected_keys))
        )
        assert parted == expected_parted
        apart, expected_apart = (run.lanes[one].timeline.apart(run.lanes[two].timeline) for run in (joined, reference))
        for line, expected_line in zip(apart, expected_apart, strict=True):
            np.testing.assert_array_equal(line, expected_line)


JOINING: dict[str, tuple[dict[str, Any], dict[str, Any], int]] = {  # settings, those of the new lane, resting lanes
    "another rate": ({}, {"optimizer.learning_rate": 0.1}, 2),
    "a loss that is shown": ({"loss.monitors": ("huber",)}, {"loss.objective": "huber"}, 2),
    "the loss of a lane": ({"loss.monitors": ("mse",)}, {"loss.objective": "mse"}, 1),  # it parts from B at an edit
    "a loss that was shown for a while": ({}, {"loss.objective": "mse"}, 0),
    "a loss that all lack": ({}, {"loss.objective": "huber"}, 0),
    "another shape": ({}, {"network.hidden": (5,)}, 2),
    "another optimiser": ({"optimizer.name": "adam"}, {"optimizer.name": "momentum"}, 2),
    "other weights": ({}, {"network.seed": 3}, 2),
    "only shown": ({}, {"loss.monitors": ("hinge",)}, 1),  # it never parts from A
    "several seeds": ({"run.replicas": 2}, {"loss.objective": "huber"}, 0),
    "several seeds, known": ({"run.replicas": 2}, {"optimizer.learning_rate": 0.1}, 2),
    "many seeds": ({"run.replicas": 3}, {"optimizer.learning_rate": 0.1}, 0),  # more than are exact side by side
    "single precision": ({"run.precision": "float32"}, {"loss.objective": "huber"}, 0),
    "no test part": ({"data.test_fraction": 0.0}, {"loss.objective": "huber"}, 0),
}


@pytest.mark.parametrize("batch", [0, 9])
@pytest.mark.parametrize(("values", "changes", "resting"), JOINING.values(), ids=JOINING)
def test_a_lane_that_joins_is_as_if_it_had_been_there(
    values: dict[str, Any], changes: dict[str, Any], resting: int, batch: int
) -> None:
    base = {"data.samples": 40, "network.hidden": (3,), "optimizer.batch_size": batch, "optimizer.learning_rate": 0.2}
    entries = (LaneEntry("A"), LaneEntry("B", {"loss.objective": "mse"}))
    experiment = dataclasses.replace(Experiment().with_values(base | values), lanes=entries).checked()
    trainer = Trainer(experiment, watched=True)
    trainer.advance(lambda: True, 13)
    trainer.edit({"optimizer.l2": 0.01})
    trainer.advance(lambda: True, 8)
    trainer.edit({"loss.objective": "mae"}, "B")
    trainer.advance(lambda: True, 9)
    joined = trainer.joined_by(with_lane(trainer.experiment, LaneEntry("C", changes), alone=True))
    assert not joined.catch_up(trainer, lambda: joined.update < 25)
    assert [lane.rests for lane in joined.lanes].count(True) == resting
    assert joined.catch_up(trainer, lambda: True)
    assert_as_if_from_the_start(joined, joined.experiment, 30)
    joined.advance(lambda: True, 10)
    assert_as_if_from_the_start(joined, joined.experiment, 40)


@pytest.mark.parametrize("lane", ["B", None])
def test_a_lane_that_changes_its_loss_is_recorded_by_the_others_from_the_start(lane: str | None) -> None:
    """As it is when a removed lane is restored: its edits are replayed, and the others record both of its losses."""
    experiment = Experiment().with_values({"data.samples": 40, "network.hidden": (3,), "loss.monitors": ("mse",)})
    trainer = Trainer(experiment, watched=True)
    trainer.run(6)
    entry = LaneEntry("B", {"loss.objective": "mse"})
    edits = (Edit(3, {"loss.objective": "huber"}, "B"),) if lane else ()
    joined = trainer.joined_by(with_lane(experiment, entry, edits))
    assert joined.lane("A").only == ({"huber"} if lane else set())
    assert joined.catch_up(trainer, lambda: True)
    assert_as_if_from_the_start(joined, joined.experiment, 6)
    assert ("train_huber" in joined.history("A").names()) == (lane is not None)


@pytest.mark.parametrize("known", [False, True])
def test_a_new_lane_that_stops_early_joins_a_run_that_went_on(known: bool) -> None:
    values = {"data.samples": 40, "network.hidden": (3,), "loss.monitors": ("mse",) if known else ()}
    trainer = Trainer(Experiment().with_values(values), watched=True)
    trainer.run(100)
    trainer.edit({"optimizer.l2": 0.01})
    trainer.run(20)
    failing = LaneEntry("B", {"loss.objective": "mse", "network.output": "linear", "optimizer.learning_rate": 1e6})
    joined = trainer.joined_by(with_lane(trainer.experiment, failing, alone=True))
    assert joined.catch_up(trainer, lambda: True)
    assert joined.lane("B").stopped and not joined.lane("A").stopped and joined.update == 120
    assert_as_if_from_the_start(joined, joined.experiment, 120)


def test_a_long_run_is_recorded_again_for_a_quarter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the loss of the new lane was not recorded; after that the timeline fills the gap."""
    monkeypatch.setattr("sandbox.experiment.training.trainer._ALONG", 10)
    monkeypatch.setattr("sandbox.experiment.training.trainer._TOGETHER", 3)
    trainer = Trainer(Experiment().with_values({"data.samples": 40, "network.hidden": (3,)}), watched=True)
    trainer.run(100)
    entry = LaneEntry("B", {"loss.objective": "mse"})
    joined = trainer.joined_by(with_lane(trainer.experiment, entry, alone=True))
    assert joined.catch_up(trainer, lambda: True)
    joined.run(10)
    assert joined.history("A").missing("train_mse") == [(26.0, 101.0)]  # 25 of 100, looked at every three
    assert joined.history("A").always_has("train_cost")
    reference = Trainer(joined.experiment, watched=True)
    reference.run(110)
    for name in "AB":
        np.testing.assert_array_equal(joined.lane(name).replicas[0].theta, reference.lane(name).replicas[0].theta)
    shown = Wanted(curves=CurveRequest(1000, only="mse"))
    curves = zip(joined.snapshot(0, shown).curves, reference.snapshot(0, shown).curves, strict=True)
    for curve, expected in curves:
        np.testing.assert_array_equal(curve.epochs, expected.epochs)
        np.testing.assert_allclose(curve.values, expected.values, rtol=1e-12)


def test_a_lane_joins_one_that_stopped_before_an_edit() -> None:
    values = {"data.samples": 40, "network.hidden": (3,), "loss.monitors": ("mse",)}
    failing = {"loss.objective": "mse", "network.output": "linear", "optimizer.learning_rate": 1e6}
    lanes = (LaneEntry("A"), LaneEntry("B", failing))
    trainer = Trainer(dataclasses.replace(Experiment().with_values(values), lanes=lanes).checked(), watched=True)
    trainer.run(100)
    assert trainer.lane("B").stopped
    trainer.edit({"optimizer.l2": 0.01})
    trainer.run(5)
    entry = LaneEntry("C", {"optimizer.learning_rate": 0.1})
    joined = trainer.joined_by(with_lane(trainer.experiment, entry, alone=True))
    assert joined.catch_up(trainer, lambda: True)
    assert_as_if_from_the_start(joined, joined.experiment, 105)
