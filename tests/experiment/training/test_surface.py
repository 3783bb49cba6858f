"""Snapshots for the views: surfaces show the network's outputs, and nothing in them can be written to."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.training.snapshot import (
    BinarySurface,
    CurveRequest,
    CurveSurface,
    DifferenceSurface,
    MapSurface,
    MulticlassSurface,
    RegressionSurface,
    Snapshot,
    Surface,
    SurfaceRequest,
    Wanted,
)
from sandbox.nn.network import layer_views

Array = NDArray[np.float64]


def make_experiment(**changes: object) -> Experiment:
    return Experiment().with_values(
        {"data.samples": 60, "network.hidden": (4, 3), "optimizer.learning_rate": 0.1,
         **{key.replace("__", "."): v for key, v in changes.items()}}
    )  # fmt: skip


def softmax(Z: Array) -> Array:
    E = np.exp(Z - Z.max(axis=0))
    return E / E.sum(axis=0)


OUTPUT = {
    "sigmoid": lambda Z: 1 / (1 + np.exp(-Z)), "linear": lambda Z: Z, "tanh": np.tanh, "softmax": softmax,
}  # fmt: skip


def outputs(trainer: Trainer, X: Array, output: str) -> Array:
    """The network's outputs (n_out, m) for standardised inputs X (m, n), from its parameters by hand."""
    parameters = trainer.parameters()
    depth = len(parameters) // 2
    A = X.T
    for l in range(1, depth + 1):
        Z = parameters[f"W{l}"] @ A + parameters[f"b{l}"][:, None]
        A = OUTPUT[output](Z) if l == depth else np.tanh(Z)
    return A


def surface_of(trainer: Trainer, **changes: Any) -> Surface:
    request = SurfaceRequest(**{
        "lane": "A", "axes": (0, 1), "x_range": (-1.5, 2.0), "y_range": (-1.0, 1.5), "resolution": 7, **changes
    })  # fmt: skip
    (surface,) = trainer.snapshot(0, Wanted((request,))).surfaces
    assert surface.request == request
    assert surface.values.dtype == np.float32
    return surface


def trained(experiment: Experiment) -> Trainer:
    trainer = Trainer(experiment)
    trainer.run(5)
    return trainer


def grid(surface: Surface) -> Array:
    """Every point (ny * nx, 2), row by row."""
    return np.array([(x, y) for y in surface.y for x in surface.x])


@pytest.mark.parametrize(
    ("changes", "level", "span"),
    [
        ({}, 0.5, (0.0, 1.0)),
        ({"loss__objective": "hinge", "network__output": "tanh"}, 0.0, (-1.0, 1.0)),
        ({"network__output": "linear", "loss__objective": "mse"}, 0.5, (0.0, 1.0)),
        ({"network__target_coding": "plus_minus_one", "loss__objective": "mse"}, 0.0, (-1.0, 1.0)),
    ],
)
def test_two_classes(changes: dict[str, object], level: float, span: tuple[float, float]) -> None:
    trainer = trained(make_experiment(**changes))
    surface = surface_of(trainer)
    assert isinstance(surface, BinarySurface)
    assert (surface.level, surface.span) == (level, span)
    np.testing.assert_allclose(surface.x, np.linspace(-1.5, 2.0, 7))
    np.testing.assert_allclose(surface.y, np.linspace(-1.0, 1.5, 7))
    X = (grid(surface) - trainer.data.mean) / trainer.data.scale
    expected = outputs(trainer, X, trainer.lanes[0].activations[-1])[0].reshape(7, 7)
    np.testing.assert_allclose(surface.values, expected, atol=1e-5)
    assert np.ptp(expected) > 0.1


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "tanh"])
def test_shares_of_k_classes_add_up_to_1(output: str) -> None:
    trainer = trained(
        make_experiment(data__dataset="blobs", data__classes=4, network__output=output, loss__objective="mse")
    )
    surface = surface_of(trainer)
    assert isinstance(surface, MulticlassSurface)
    assert surface.values.shape == (7, 7, 4)
    assert (surface.values >= 0).all()
    np.testing.assert_allclose(surface.values.sum(axis=2), 1.0, rtol=1e-5)
    X = (grid(surface) - trainer.data.mean) / trainer.data.scale
    A = outputs(trainer, X, output)
    above = A + 1 if output == "tanh" else A  # tanh codes "no" as -1
    np.testing.assert_allclose(surface.values.reshape(49, 4).T, above / above.sum(axis=0), atol=1e-5)


def test_a_regression() -> None:
    trainer = trained(make_experiment(data__dataset="hills"))
    surface = surface_of(trainer)
    assert isinstance(surface, RegressionSurface)
    X = (grid(surface) - trainer.data.mean) / trainer.data.scale
    np.testing.assert_allclose(surface.values.ravel(), outputs(trainer, X, "linear")[0], atol=1e-5)


def test_one_input_is_a_curve() -> None:
    trainer = trained(make_experiment(data__dataset="sine"))
    surface = surface_of(trainer, axes=(0, 0), resolution=50)
    assert isinstance(surface, CurveSurface)
    assert np.isnan(surface.level)
    assert surface.values.shape == (50, 1)
    X = (surface.x[:, None] - trainer.data.mean) / trainer.data.scale
    np.testing.assert_allclose(surface.values.T, outputs(trainer, X, "linear"), atol=1e-5)
    neuron = surface_of(Trainer(make_experiment(data__dataset="one_point", data__samples=None)), axes=(0, 0))
    assert isinstance(neuron, CurveSurface)
    assert (neuron.level, neuron.span) == (0.5, (0.0, 1.0))


def lanes_of(*lanes: dict[str, object], **changes: object) -> Trainer:
    """A trained run whose lanes are called A, B, ... and say only what differs."""
    experiment = make_experiment(**changes)
    named = tuple(LaneEntry("ABC"[i], lane) for i, lane in enumerate(lanes))
    return trained(dataclasses.replace(experiment, lanes=named))


# Several networks


def outputs_of_replicas(trainer: Trainer, surface: Surface) -> Array:
    """The outputs (R, points, n_out) of every network of lane A, computed by hand."""
    lane = trainer.lanes[0]
    points = grid(surface) if isinstance(surface, MapSurface) else surface.x[:, None]
    X = (points - trainer.data.mean) / trainer.data.scale
    answers = []
    for network in lane.replicas:
        A = X.T
        layers = list(zip(*layer_views(network.theta, network.sizes), strict=True))
        for W, b in layers:
            Z = W @ A + b.reshape(-1, 1)
            A = OUTPUT[lane.activations[-1]](Z) if b is layers[-1][1] else np.tanh(Z)
        answers.append(A.T)
    return np.array(answers)


def test_several_networks_show_the_share_that_says_class_1() -> None:
    trainer = trained(make_experiment(run__replicas=9))
    surface = surface_of(trainer)
    answers = outputs_of_replicas(trainer, surface)[:, :, 0]
    share = (answers > 0.5).sum(axis=0) / 9
    assert len(set(share)) > 3  # they disagree
    np.testing.assert_allclose(surface.values.ravel(), share, atol=1e-6)
    assert isinstance(surface, BinarySurface)
    assert (surface.level, surface.span, surface.replicas) == (0.5, (0.0, 1.0), 9)
    # the edge is above 0 where most of them say class 1
    assert ((surface.edge.ravel() > 0) == (share > 0.5)).all()


def test_one_network_picked_out_of_several() -> None:
    trainer = trained(make_experiment(run__replicas=5))
    request = SurfaceRequest("A", (0, 1), (-1.5, 2.0), (-1.0, 1.5), 7)
    (surface,) = trainer.snapshot(0, Wanted((request,), replica=3)).surfaces
    np.testing.assert_allclose(surface.values.ravel(), outputs_of_replicas(trainer, surface)[3, :, 0], atol=1e-5)
    assert surface.replicas == 1


def test_several_networks_show_the_share_that_says_each_class() -> None:
    trainer = trained(make_experiment(data__dataset="blobs", data__classes=4, run__replicas=6))
    surface = surface_of(trainer)
    classes = outputs_of_replicas(trainer, surface).argmax(axis=2)
    shares = np.stack([(classes == k).mean(axis=0) for k in range(4)], axis=1)
    np.testing.assert_allclose(surface.values.reshape(49, 4), shares, atol=1e-6)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"loss__objective": "hinge", "network__output": "tanh"},
        {"data__dataset": "blobs", "data__classes": 4},
        {"data__dataset": "iris"},  # more inputs than the picture shows
        {"data__dataset": "blobs", "run__precision": "float32"},
        {"data__test_fraction": 0.0},
    ],
    ids=str,
)
def test_wrong_samples_are_those_that_the_accuracy_misses(changes: dict[str, object]) -> None:
    trainer = trained(make_experiment(**changes))
    surface = surface_of(trainer)
    readings = trainer.readings(trainer.lanes[0])
    assert surface.wrong is not None
    train, test = surface.wrong
    assert (len(train), len(test)) == (len(trainer.data.y_train), len(trainer.data.y_test))
    assert 0 < train.sum() < len(train)
    assert 1 - train.mean() == pytest.approx(readings["train_accuracy"], abs=1e-12)
    assert not len(test) or 1 - test.mean() == pytest.approx(readings["test_accuracy"], abs=1e-12)
    A = outputs(trainer, trainer.data.X_train, trainer.lanes[0].activations[-1])
    middle = surface.level if isinstance(surface, BinarySurface) else 0.0
    predicted = (A[0] > middle).astype(int) if len(A) == 1 else A.argmax(axis=0)
    np.testing.assert_array_equal(train, predicted != trainer.data.y_train)


@pytest.mark.parametrize("dataset", ["moons", "blobs"])
def test_of_several_networks_most_decide_what_is_wrong(dataset: str) -> None:
    trainer = trained(make_experiment(data__dataset=dataset, run__replicas=5))
    surface = surface_of(trainer)
    classes = int(trainer.data.y_train.max()) + 1
    votes = np.zeros((len(trainer.data.y_train), classes))
    for replica in range(5):
        request = dataclasses.replace(surface.request)
        (alone,) = trainer.snapshot(0, Wanted((request,), replica=replica)).surfaces
        assert alone.wrong is not None
        theta = trainer.lanes[0].replicas[replica].theta
        A = trainer.data.X_train.T
        W, b = layer_views(theta, trainer.lanes[0].sizes)
        for l, (weights, bias) in enumerate(zip(W, b, strict=True)):
            A = weights @ A + bias.T
            A = np.tanh(A) if l < len(W) - 1 else A
        predicted = (A[0] > 0).astype(int) if classes == 2 else A.argmax(axis=0)
        np.testing.assert_array_equal(alone.wrong[0], predicted != trainer.data.y_train)
        votes[np.arange(len(predicted)), predicted] += 1
    assert surface.wrong is not None
    np.testing.assert_array_equal(surface.wrong[0], votes.argmax(axis=1) != trainer.data.y_train)


def test_no_sample_of_a_regression_or_of_a_difference_is_wrong() -> None:
    assert surface_of(trained(make_experiment(data__dataset="hills"))).wrong is None
    lanes = (LaneEntry("A"), LaneEntry("B", {"network.seed": 5}))
    trainer = trained(dataclasses.replace(make_experiment(), lanes=lanes))
    assert surface_of(trainer, other="B").wrong is None
    assert surface_of(trainer).wrong is not None


@pytest.mark.parametrize("dataset", ["hills", "sine"])
def test_several_regressions_show_their_median(dataset: str) -> None:
    trainer = trained(make_experiment(data__dataset=dataset, run__replicas=6))
    surface = surface_of(trainer, axes=(0, 0) if dataset == "sine" else (0, 1))
    median = np.median(outputs_of_replicas(trainer, surface), axis=0)
    np.testing.assert_allclose(surface.values.ravel(), median.ravel(), atol=1e-5)


# Two lanes


def test_where_two_lanes_disagree_on_two_classes() -> None:
    trainer = lanes_of({}, {"loss.objective": "hinge", "network.output": "tanh"})
    one, two = (surface_of(trainer, lane=lane) for lane in "AB")
    surface = surface_of(trainer, other="B")
    assert two.span == (-1.0, 1.0)  # the codes differ; shares of class 1 can be compared
    np.testing.assert_allclose(surface.values, one.values - (two.values + 1) / 2, atol=1e-6)
    assert isinstance(surface, DifferenceSurface)
    assert surface.span == (-1.0, 1.0)
    assert np.ptp(surface.values) > 0.05
    a, b = surface.edges
    assert ((a > 0) == (one.values > 0.5)).all()
    assert ((b > 0) == (two.values > 0.0)).all()


def test_where_two_lanes_disagree_on_many_classes() -> None:
    trainer = lanes_of({}, {"loss.objective": "mse"}, data__dataset="blobs", data__classes=3)
    one, two = (surface_of(trainer, lane=lane) for lane in "AB")
    surface = surface_of(trainer, other="B")
    by_hand = np.maximum(one.values - two.values, 0.0).sum(axis=2)  # total variation: what one has beyond the other
    np.testing.assert_allclose(surface.values, by_hand, atol=1e-6)
    assert surface.span == (0.0, 1.0) and surface.values.max() > 0.01


def test_how_far_apart_two_regressions_are() -> None:
    trainer = lanes_of({}, {"loss.objective": "mae"}, data__dataset="hills")
    one, two = (surface_of(trainer, lane=lane) for lane in "AB")
    surface = surface_of(trainer, other="B")
    np.testing.assert_allclose(surface.values, one.values - two.values, atol=1e-6)
    assert surface.span == pytest.approx((-np.abs(surface.values).max(), np.abs(surface.values).max()))


def test_two_lanes_of_one_input_are_two_curves() -> None:
    trainer = lanes_of({}, {"loss.objective": "mae"}, data__dataset="sine")
    one, two = (surface_of(trainer, lane=lane, axes=(0, 0)) for lane in "AB")
    surface = surface_of(trainer, other="B", axes=(0, 0))
    assert isinstance(surface, CurveSurface)
    np.testing.assert_array_equal(surface.values, one.values)
    np.testing.assert_array_equal(surface.other, two.values)


def test_two_curves_of_classes_have_the_codes_of_the_first() -> None:
    trainer = lanes_of(
        {}, {"network.target_coding": "plus_minus_one", "network.output": "tanh", "loss.objective": "mse"},
        data__dataset="one_point", data__samples=None, network__hidden=(),
    )  # fmt: skip
    one, two = (surface_of(trainer, lane=lane, axes=(0, 0)) for lane in "AB")
    surface = surface_of(trainer, other="B", axes=(0, 0))
    np.testing.assert_array_equal(surface.values, one.values)
    np.testing.assert_allclose(surface.other, (two.values + 1) / 2, atol=1e-6)
    assert surface.span == (0.0, 1.0)


def test_an_unknown_lane_has_no_difference() -> None:
    trainer = lanes_of({}, {})
    request = SurfaceRequest("A", (0, 1), (-1.5, 2.0), (-1.0, 1.5), 7, "Z")
    assert trainer.snapshot(0, Wanted((request,))).surfaces == ()


def test_a_derived_feature_of_one_input() -> None:
    trainer = trained(make_experiment(data__dataset="sine", data__features=("x1", "x1^2")))
    surface = surface_of(trainer, axes=(0, 0))
    assert isinstance(surface, CurveSurface)
    X = (np.column_stack([surface.x, surface.x**2]) - trainer.data.mean) / trainer.data.scale
    np.testing.assert_allclose(surface.values.T, outputs(trainer, X, "linear"), atol=1e-5)


def test_derived_features_are_made_of_the_inputs_on_the_axes() -> None:
    trainer = trained(make_experiment(data__features=("x1", "x1^2", "x1*x2", "sin(x2)")))
    assert trainer.data.inputs == ("x1", "x2")
    surface = surface_of(trainer, axes=(1, 0))
    x2, x1 = grid(surface).T
    X = (np.column_stack([x1, x1**2, x1 * x2, np.sin(x2)]) - trainer.data.mean) / trainer.data.scale
    np.testing.assert_allclose(surface.values.ravel(), outputs(trainer, X, "sigmoid")[0], atol=1e-5)


@pytest.mark.parametrize("axes", [(0, 1), (3, 1), (2, 3)])
def test_a_slice_has_the_other_inputs_at_their_mean(axes: tuple[int, int]) -> None:
    trainer = trained(
        make_experiment(data__dataset="iris" if "iris" in _tables() else _tables()[0], data__samples=None)
    )
    data = trainer.data
    assert len(data.inputs) > 3
    surface = surface_of(trainer, axes=axes, x_range=(1.0, 5.0), y_range=(2.0, 4.0))
    raw = np.tile(np.mean(data.inputs_train, axis=0), (49, 1))
    raw[:, list(axes)] = grid(surface)
    A = outputs(trainer, (raw - data.mean) / data.scale, trainer.lanes[0].activations[-1])
    values = surface.values.reshape(49, -1).T
    np.testing.assert_allclose(values, A, atol=1e-5)


def _tables() -> list[str]:
    """Shipped tables with at least four inputs, classes first."""
    from sandbox.data.tables import TABLES

    return [name for name in TABLES if name != "digits" and len(TABLES[name].features or ()) > 3]


def test_a_surface_shows_its_lane_as_it_is_now() -> None:
    plain = make_experiment()
    both = dataclasses.replace(plain, lanes=(LaneEntry("A"), LaneEntry("B", {"network.hidden": (5,)})))
    trainer = trained(both.checked())
    requests = tuple(SurfaceRequest(lane, (0, 1), (-1.0, 1.0), (-1.0, 1.0), 5) for lane in ("B", "A", "none of these"))
    second, first = trainer.snapshot(0, Wanted(requests)).surfaces
    assert (second.request.lane, first.request.lane) == ("B", "A")
    assert not np.allclose(first.values, second.values)
    before = first.values.copy()
    trainer.run(5)
    np.testing.assert_array_equal(first.values, before)
    _, later = trainer.snapshot(0, Wanted(requests)).surfaces
    assert not np.allclose(later.values, before)
    trainer.edit({"network.hidden": (1,)}, "A")
    _, edited = trainer.snapshot(0, Wanted(requests)).surfaces
    assert not np.allclose(edited.values, later.values)


def test_a_stopped_lane_is_drawn_at_its_last_finite_parameters() -> None:
    trainer = Trainer(make_experiment(loss__objective="mse", network__output="linear", optimizer__learning_rate=1e6))
    trainer.run(200)
    assert trainer.lanes[0].stopped
    assert surface_of(trainer).values.shape == (7, 7)  # perhaps beyond single precision, but no warning


# What a snapshot contains


def full_snapshot() -> tuple[Trainer, Snapshot]:
    trainer = trained(make_experiment(loss__monitors=("mse",)))
    trainer.edit({"optimizer.learning_rate": 0.2})
    wanted = Wanted((SurfaceRequest("A", (0, 1), (-1.0, 1.0), (-1.0, 1.0), 5),), CurveRequest(100))
    return trainer, trainer.snapshot(3, wanted)


def arrays(value: Any) -> list[NDArray[Any]]:
    """Every array within a value, however deep; anything else must be a plain or frozen value."""
    if isinstance(value, np.ndarray):
        return [value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        assert type(value).__dataclass_params__.frozen, type(value)  # type: ignore[attr-defined]
        return [array for field in dataclasses.fields(value) for array in arrays(getattr(value, field.name))]
    if isinstance(value, Mapping):
        assert not hasattr(value, "__setitem__"), type(value)
        return [array for item in value.values() for array in arrays(item)]
    assert not isinstance(value, list | set | dict), type(value)
    if isinstance(value, tuple):
        return [array for item in value for array in arrays(item)]
    return []


def test_nothing_in_a_snapshot_can_be_written_to() -> None:
    _, snapshot = full_snapshot()
    all_arrays = arrays(snapshot)
    assert len(all_arrays) > 20
    assert not any(array.flags.writeable for array in all_arrays)


def test_a_snapshot_shares_nothing_with_the_training() -> None:
    trainer, snapshot = full_snapshot()
    before = pickle.dumps(snapshot)
    trainer.run(5)
    trainer.edit({"network.hidden": (2,)})
    trainer.run(5)
    assert pickle.dumps(snapshot) == before


def test_a_snapshot_pickles() -> None:
    _, snapshot = full_snapshot()
    copy = pickle.loads(pickle.dumps(snapshot))
    assert (copy.run, copy.update, copy.epoch_position) == (3, 5, 5.0)
    assert (copy.experiment, copy.lanes, copy.marks) == (snapshot.experiment, snapshot.lanes, snapshot.marks)
    for one, other in zip(arrays(copy), arrays(snapshot), strict=True):
        np.testing.assert_array_equal(one, other)


def test_curves_are_the_columns_that_are_shown() -> None:
    trainer, snapshot = full_snapshot()
    assert [(curve.column, curve.name, curve.part, curve.role) for curve in snapshot.curves] == [
        ("train_binary_cross_entropy", "binary_cross_entropy", "train", "objective"),
            ("test_binary_cross_entropy", "binary_cross_entropy", "test", "objective"),
        ("train_mse", "mse", "train", "monitor"), ("test_mse", "mse", "test", "monitor"),
        ("train_accuracy", "accuracy", "train", "metric"), ("test_accuracy", "accuracy", "test", "metric"),
    ]  # fmt: skip
    for curve in snapshot.curves:
        epochs, values = trainer.history().column(curve.column)
        np.testing.assert_array_equal(curve.epochs, epochs)
        np.testing.assert_array_equal(curve.values, values)


def test_only_what_is_wanted_is_built() -> None:
    trainer, _ = full_snapshot()
    snapshot = trainer.snapshot(8)
    assert (snapshot.run, snapshot.surfaces, snapshot.curves) == (8, (), ())
    assert len(snapshot.marks) == 1


def test_the_middle_of_an_epoch() -> None:
    trainer = Trainer(make_experiment(optimizer__batch_size=10))
    trainer.run(1)
    trainer.step()
    trainer.step()
    snapshot = trainer.snapshot()
    assert (snapshot.epoch, snapshot.update) == (1, 7)
    assert snapshot.epoch_position == pytest.approx(1 + 20 / 42)
    a = outputs(trainer, np.array(trainer.data.X_train), "sigmoid")[0]
    y = trainer.data.y_train
    cost = float(np.mean(-np.log(np.where(y == 1, a, 1 - a))))
    assert snapshot.lanes[0].readings["train_cost"] == pytest.approx(cost, rel=1e-12)
    assert len(trainer.history()) == 2
