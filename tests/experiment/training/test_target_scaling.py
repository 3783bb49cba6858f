"""Standardised targets: what the network learns, what is shown, and when "auto" means it."""

from __future__ import annotations

import dataclasses
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from sandbox.data import Data, load_data
from sandbox.errors import InputError
from sandbox.experiment import Edit, Experiment, Trainer
from sandbox.experiment.document import texts
from sandbox.experiment.document.lanes import scales_target, with_lane, without_lane
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.lens.sample import FollowSample
from sandbox.experiment.lens.signal import AskSignals, curve_at, curves
from sandbox.experiment.results.sweep import axis, cells
from sandbox.experiment.training.snapshot import SurfaceRequest, Wanted
from sandbox.nn import LOSSES

Array = NDArray[np.float64]
SIZES = [135.9, 173.1, 60.0, 82.5, 99.0, 148.4, 71.2, 120.3, 110.0, 95.7]
PRICES = [462854.5, 585115.0, 201000.0, 274900.0, 350000.0, 498000.0, 230500.0, 401000.0, 377700.0, 322000.0]


@pytest.fixture
def houses(tmp_path: Path) -> Path:
    path = tmp_path / "houses.csv"
    path.write_text(
        "area,price\n" + "\n".join(f"{x},{y}" for x, y in zip(SIZES, PRICES, strict=True)), encoding="utf-8"
    )
    return path


def experiment_on(path: Path, *lanes: dict[str, Any], **values: Any) -> Experiment:
    named = {key.replace("__", "."): value for key, value in values.items()}
    base = {"data.file": str(path), "data.test_fraction": 0.2, "network.hidden": (4,), "optimizer.learning_rate": 0.1}
    experiment = Experiment().with_values(base | named)
    entries = tuple(LaneEntry("ABCDEF"[i], changes) for i, changes in enumerate(lanes or ({},)))
    return dataclasses.replace(experiment, lanes=entries).checked()


def ask(trainer: Trainer, question: Any) -> Any:
    return trainer.snapshot(0, Wanted(questions=(question,))).answers[question]


def outputs(trainer: Trainer, X: Array) -> Array:
    """The outputs (m, n_out) of a network with one hidden layer, by hand."""
    W = trainer.parameters()
    return np.asarray(np.tanh(X @ W["W1"].T + W["b1"]) @ W["W2"].T + W["b2"])


# The data


def test_the_scale_is_that_of_the_training_part_by_hand(houses: Path) -> None:
    data = load_data(dataset=None, file=str(houses), test_fraction=0.2, standardize_target=True)
    train = data.y_train[:, 0].tolist()
    assert len(train) == 8 and sorted([*train, *data.y_test[:, 0].tolist()]) == sorted(PRICES)  # in their own unit
    assert data.target_mean[0] == pytest.approx(statistics.fmean(train), rel=1e-14)
    assert data.target_scale[0] == pytest.approx(statistics.pstdev(train), rel=1e-14)
    learned = data.learned_targets(data.y_test)
    wanted = [(price - statistics.fmean(train)) / statistics.pstdev(train) for price in data.y_test[:, 0]]
    np.testing.assert_allclose(learned[:, 0], wanted, rtol=1e-12)
    assert data.standardizes_target


def test_nothing_is_scaled_unless_asked(houses: Path) -> None:
    data = load_data(dataset=None, file=str(houses))
    assert not data.standardizes_target
    assert data.learned_targets(data.y_train) is data.y_train
    classes = load_data(dataset="iris", standardize_target=True)
    assert not classes.standardizes_target


def test_a_constant_target_is_only_shifted(tmp_path: Path) -> None:
    path = tmp_path / "flat.csv"
    path.write_text("x,y\n" + "\n".join(f"{i},0.1" for i in range(7)), encoding="utf-8")
    data = load_data(dataset=None, file=str(path), task="regression", standardize_target=True)
    assert (data.target_mean.tolist(), data.target_scale.tolist()) == ([0.1], [1.0])
    assert (data.learned_targets(data.y_train) == 0.0).all()


def test_a_target_too_large_is_named(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    path.write_text("x,y\n" + "\n".join(f"{i},{'-' * (i % 2)}1.5e308" for i in range(8)), encoding="utf-8")
    with pytest.raises(InputError, match=r'the target "y" has numbers too large to compute with'):
        load_data(dataset=None, file=str(path), task="regression", standardize_target=True)


numbers = st.integers(-(10**8), 10**8).map(lambda number: number / 64)


@given(hnp.arrays(np.float64, st.tuples(st.integers(2, 12), st.integers(1, 3)), elements=numbers))
def test_scaling_and_back_is_the_identity(y: Array) -> None:
    template = load_data(dataset="plane", samples=10)
    constant = y.min(axis=0) == y.max(axis=0)
    spread = np.where(constant | (y.std(axis=0) == 0.0), 1.0, y.std(axis=0))
    data: Data = dataclasses.replace(template, target_mean=y.mean(axis=0), target_scale=spread)
    there = data.learned_targets(y)
    np.testing.assert_allclose(data.in_target_units(there), y, rtol=1e-9, atol=1e-9 * max(1.0, np.abs(y).max()))
    wide = ~constant & (spread > 1e-6 * np.abs(y).max(axis=0))  # else rounding is all there is
    np.testing.assert_allclose(there.mean(axis=0)[wide], 0.0, atol=1e-6)
    np.testing.assert_allclose(there.std(axis=0)[wide], 1.0, rtol=1e-6)


# Training


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("batch_size", [0, 3])
def test_a_run_is_that_on_a_table_scaled_by_hand(houses: Path, batch_size: int, precision: str) -> None:
    settings = {"optimizer__batch_size": batch_size, "run__precision": precision}
    trainer = Trainer(experiment_on(houses, **settings))
    mean, scale = trainer.data.target_mean[0], trainer.data.target_scale[0]
    rows = [f"{x!r},{(y - mean) / scale!r}" for x, y in zip(SIZES, PRICES, strict=True)]
    by_hand = houses.with_name("scaled.csv")
    by_hand.write_text("\n".join(["area,price", *(row.replace("np.float64(", "").replace(")", "") for row in rows)]))
    other = Trainer(experiment_on(by_hand, data__standardize_target=False, **settings))
    for run in (trainer, other):
        run.run(25)
    for name, value in trainer.parameters().items():
        assert np.array_equal(value, other.parameters()[name]), name
    one, two = (run.history().last.values for run in (trainer, other))  # type: ignore[union-attr]
    assert one["train_cost"] == two["train_cost"] and one["test_cost"] == two["test_cost"]
    assert one["train_r2"] == pytest.approx(two["train_r2"], abs=1e-12)


def test_costs_are_of_the_scaled_targets_and_r2_is_of_either(houses: Path) -> None:
    trainer = Trainer(experiment_on(houses, loss__monitors=("mae",)))
    trainer.run(40)
    data = trainer.data
    scaled = outputs(trainer, data.X_train)[:, 0]
    y = data.y_train[:, 0]
    residuals = scaled - (y - data.target_mean[0]) / data.target_scale[0]
    values = trainer.readings(trainer.lanes[0])
    assert values["train_mse"] == pytest.approx((residuals**2).mean(), rel=1e-10)
    assert values["train_mae"] == pytest.approx(np.abs(residuals).mean(), rel=1e-10)
    price = scaled * data.target_scale[0] + data.target_mean[0]
    r2 = 1.0 - ((price - y) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    assert values["train_r2"] == pytest.approx(r2, rel=1e-9)
    assert r2 > 0.9
    assert texts.cost_unit(data) == f"in standard deviations of price ({float(f'{data.target_scale[0]:.4g}'):,.0f})"


def test_several_targets_have_a_scale_each(tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    path.write_text("x,u,v\n" + "\n".join(f"{i},{1000 + 50 * i},{0.001 * i}" for i in range(12)), encoding="utf-8")
    trainer = Trainer(experiment_on(path, data__target=("u", "v"), optimizer__learning_rate=0.2))
    trainer.run(300)
    data = trainer.data
    assert data.target_scale[0] == pytest.approx(5e4 * data.target_scale[1], rel=1e-9)
    assert texts.cost_unit(data) == "in standard deviations of each target"
    shown = data.in_target_units(outputs(trainer, data.X_train))
    np.testing.assert_allclose(shown[:, 0], data.y_train[:, 0], atol=0.2 * data.target_scale[0])
    np.testing.assert_allclose(shown[:, 1], data.y_train[:, 1], atol=0.2 * data.target_scale[1])
    signals = ask(trainer, AskSignals("A", (), True))
    assert (signals.setup.scale, signals.setup.unit) == (1.0, "in standard deviations")


# What is shown


def test_the_curve_and_the_difference_of_two_lanes_are_in_the_targets_own_unit(houses: Path) -> None:
    trainer = Trainer(experiment_on(houses, {}, {"network.seed": 8}))
    trainer.run(30)
    request = SurfaceRequest("A", (0, 0), (60.0, 170.0), (0.0, 0.0), 12)
    (surface,) = trainer.snapshot(0, Wanted(surfaces=(request,))).surfaces
    data = trainer.data
    X = (np.linspace(60.0, 170.0, 12)[:, None] - data.mean) / data.scale
    wanted = outputs(trainer, X)[:, 0] * data.target_scale[0] + data.target_mean[0]
    np.testing.assert_allclose(surface.values[:, 0], wanted, rtol=1e-5)
    assert surface.values.min() > 1e5 and surface.values.max() < 1e6
    (both,) = trainer.snapshot(0, Wanted(surfaces=(dataclasses.replace(request, other="B"),))).surfaces
    np.testing.assert_array_equal(both.values, surface.values)
    assert np.abs(both.other[:, 0] - wanted).max() < data.target_scale[0]


def test_a_map_over_two_inputs_is_in_the_targets_own_unit(tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    rng = np.random.default_rng(3)
    rows = [f"{a},{b},{5000 + 100 * a - 40 * b}" for a, b in rng.uniform(-1, 1, (40, 2))]
    path.write_text("\n".join(["a,b,y", *rows]), encoding="utf-8")
    trainer = Trainer(experiment_on(path, network__hidden=(), optimizer__learning_rate=0.2))
    trainer.run(300)
    request = SurfaceRequest("A", (0, 1), (-1.0, 1.0), (-1.0, 1.0), 5)
    (surface,) = trainer.snapshot(0, Wanted(surfaces=(request,))).surfaces
    a, b = np.meshgrid(np.linspace(-1, 1, 5), np.linspace(-1, 1, 5))
    np.testing.assert_allclose(surface.values, 5000 + 100 * a - 40 * b, atol=0.5)


@pytest.mark.parametrize("output", ["linear", "elu"])
def test_residuals_are_in_the_targets_own_unit_and_lie_on_the_curves(houses: Path, output: str) -> None:
    trainer = Trainer(experiment_on(houses, data__standardize_target=True, network__output=output))
    trainer.run(20)
    data = trainer.data
    signals = ask(trainer, AskSignals("A", ("mae",), True))
    Z = outputs(trainer, data.X_train)[:, 0]
    a = Z if output == "linear" else np.where(Z > 0, Z, np.expm1(Z))
    y = (data.y_train[:, 0] - data.target_mean[0]) / data.target_scale[0]
    np.testing.assert_allclose(signals.x, (a - y) * data.target_scale[0], rtol=1e-9, atol=1e-6)
    assert signals.setup.unit == "in the unit of price"
    np.testing.assert_allclose(signals.loss[0], (a - y) ** 2, rtol=1e-9, atol=1e-14)
    if output == "linear":
        for index in range(2):
            _, loss, signal = curve_at(signals.setup, index, 1, signals.x)
            np.testing.assert_allclose(signals.loss[index], loss, rtol=1e-8, atol=1e-14)
            np.testing.assert_allclose(signals.signal[index], signal, rtol=1e-8)
    half = float(np.abs(signals.x).max())
    for _, _, x, loss, _ in curves(signals.setup, -half, half)[:1]:
        np.testing.assert_allclose(loss, (x / data.target_scale[0]) ** 2, rtol=1e-9, atol=1e-14)


def test_target_and_prediction_of_a_sample_are_in_the_targets_own_unit(houses: Path) -> None:
    trainer = Trainer(experiment_on(houses))
    trainer.run(400)
    data = trainer.data
    path = ask(trainer, FollowSample("A", "train", 2, "mae"))
    a = outputs(trainer, data.X_train)[2, 0]
    assert path.A[-1][0] == pytest.approx(a, rel=1e-12)  # the numbers of the chain rule are the network's own
    assert path.back[0].target[0] == pytest.approx((data.y_train[2, 0] - data.target_mean[0]) / data.target_scale[0])
    price = a * data.target_scale[0] + data.target_mean[0]
    assert float(path.prediction.replace(",", "")) == pytest.approx(price, rel=5e-3)
    assert float(path.target.removeprefix("target ").replace(",", "")) == pytest.approx(data.y_train[2, 0], rel=5e-3)


# What "auto" means

DISTANCES = ("mse", "half_mse", "mae", "huber", "log_cosh", "quantile")


@pytest.mark.parametrize("objective", ["auto", *LOSSES])
def test_auto_is_on_for_a_file_whose_objective_measures_a_distance(houses: Path, objective: str) -> None:
    experiment = experiment_on(houses, loss__objective=objective)
    assert scales_target(experiment) == (objective == "auto" or objective in DISTANCES)
    assert Trainer(experiment).data.standardizes_target == scales_target(experiment)
    for chosen in (True, False):
        assert scales_target(experiment.with_value("data.standardize_target", chosen)) is chosen
    assert not scales_target(Experiment().with_values({"data.dataset": "plane", "loss.objective": objective}))


@pytest.mark.parametrize(
    ("output", "on"),
    [("auto", True), ("linear", True), ("leaky_relu", True), ("sigmoid", False), ("exp", False), ("softmax", False)],
)
def test_auto_is_off_for_an_output_that_scaled_targets_would_leave(houses: Path, output: str, on: bool) -> None:
    assert scales_target(experiment_on(houses, network__output=output)) == on


def test_one_lane_decides_for_all_as_they_share_the_data(houses: Path) -> None:
    assert scales_target(experiment_on(houses, {}, {"loss.objective": "huber"}))
    assert not scales_target(experiment_on(houses, {}, {"loss.objective": "poisson", "network.output": "exp"}))
    assert scales_target(experiment_on(houses, {}, loss__monitors=("poisson",)))  # a monitor decides nothing


def test_an_edit_does_not_change_the_data(houses: Path) -> None:
    edited = dataclasses.replace(experiment_on(houses), edits=(Edit(3, {"loss.objective": "poisson"}),)).checked()
    assert scales_target(edited)
    assert not scales_target(edited.effective())  # but the next run starts from what is then in force


def test_lanes_that_come_and_go_leave_the_data_as_they_are(houses: Path) -> None:
    """The file of a run must replay it: what "auto" meant at its start is then written out."""
    poisson = LaneEntry("B", {"loss.objective": "poisson", "network.output": "exp"})
    both = with_lane(experiment_on(houses), poisson)
    assert both.get("data.standardize_target") is True and scales_target(both)
    alike = with_lane(experiment_on(houses), LaneEntry("B", {"loss.objective": "mae"}))
    assert alike.get("data.standardize_target") == "auto"
    started = experiment_on(houses, {}, dict(poisson.changes))
    left, _, _ = without_lane(started, "B")
    assert left.get("data.standardize_target") is False and not scales_target(left)


def test_the_cells_of_a_sweep_learn_on_one_scale(houses: Path) -> None:
    grid = cells(experiment_on(houses), [axis("loss.objective", ("mse", "poisson"))])
    assert [cell.experiment.get("data.standardize_target") for cell in grid] == [False, False]
    grid = cells(experiment_on(houses), [axis("loss.objective", ("mse", "mae"))])
    assert [cell.experiment.get("data.standardize_target") for cell in grid] == ["auto", "auto"]
    swept = cells(experiment_on(houses), [axis("data.standardize_target", (True, False, "auto"))])
    assert [scales_target(cell.experiment) for cell in swept] == [True, False, True]


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ('"auto"', "auto")])
def test_a_file_can_say_it(text: str, value: object) -> None:
    read = Experiment.loads(f'[data]\nfile = "points.csv"\nstandardize_target = {text}\n')
    assert read.data.standardize_target == value
    assert Experiment.loads(read.dumps()).data.standardize_target == value


def test_a_wrong_value_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(InputError, match=r'is "yes", but must be auto, true or false\.'):
        Experiment.loads('[data]\nstandardize_target = "yes"\n')
    with pytest.raises(InputError, match=r'is "aut", but must be auto, true or false; did you mean "auto"\?'):
        Experiment.loads('[data]\nstandardize_target = "aut"\n')


def test_a_built_in_set_keeps_its_bits_unless_asked() -> None:
    before = Trainer(Experiment().with_values({"data.dataset": "sine", "data.samples": 40}))
    asked = Trainer(before.experiment.with_value("data.standardize_target", True))
    assert not before.data.standardizes_target and asked.data.standardizes_target
    for trainer in (before, asked):
        trainer.run(3)
    assert not np.array_equal(before.parameters()["W1"], asked.parameters()["W1"])
