"""What the window says about several lanes, against their weights."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Experiment
from sandbox.experiment.document.parts import LaneEntry
from sandbox.nn import OPTIMIZERS


def with_b(changes: dict[str, Any], **values: Any) -> Experiment:
    experiment = Experiment().with_values({"data.samples": 60, **{k.replace("__", "."): v for k, v in values.items()}})
    return dataclasses.replace(experiment, lanes=(LaneEntry("A"), LaneEntry("B", changes))).checked()


def mean_squared_error(driver: Any, lane: str) -> float:
    weights, A = driver.weights(lane), driver.trainer().data.X_train
    for l in range(1, 4):
        A = A @ weights[f"W{l}"].T + weights[f"b{l}"]
        A = np.tanh(A) if l < 3 else 1.0 / (1.0 + np.exp(-A))
    return float(np.mean((A[:, 0] - driver.trainer().data.y_train) ** 2))


def test_a_sum_is_on_the_scale_of_a_mean_where_one_loss_is_shown_for_all(open_window: Callable[..., Any]) -> None:
    summed = {"loss.reduction": "sum", "optimizer.learning_rate": 0.5 / 42}
    driver = open_window(with_b(summed, loss__monitors=("mse",)))
    cost = driver.window.cost
    driver.play(updates=30)
    driver.pause()
    driver.choose(cost.only, "Mean squared error")
    driver.wait(lambda: {curve.name for curve in cost._curves} == {"mse"})
    driver.settle()
    for lane in "AB":
        assert cost.legend.chips[lane, "train_mse"].value == f"{mean_squared_error(driver, lane):.4f}"
    curves = {curve.lane: curve.values for curve in cost._curves if curve.part == "train"}
    np.testing.assert_allclose(curves["A"], curves["B"], rtol=1e-9)
    driver.choose(cost.only, "what each learns with")
    driver.wait(lambda: any(curve.name != "mse" for curve in cost._curves))
    curves = {curve.lane: curve.values for curve in cost._curves if curve.column == "train_mse"}
    np.testing.assert_allclose(42 * curves["A"], curves["B"], rtol=1e-9)


def test_a_pale_curve_of_a_sum_is_drawn_on_the_scale_of_the_mean(open_window: Callable[..., Any]) -> None:
    driver = open_window(Experiment().with_values({"data.samples": 60, "loss.reduction": "sum",
                                                   "optimizer.learning_rate": 0.01}))  # fmt: skip
    cost = driver.window.cost
    cost.set_log(False, False)
    driver.play(updates=20)
    driver.pause()
    (before,) = (curve.values for curve in cost._curves if curve.column == "train_binary_cross_entropy")
    driver.click(driver.window.controls.reset)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    np.testing.assert_allclose(cost.ghosts.lines[0].y, before, rtol=1e-9)
    driver.choose(driver.control("loss.reduction"), "mean over samples")
    driver.wait_drawn(lambda snapshot: snapshot.experiment.effective().loss.reduction == "mean")
    driver.settle()
    np.testing.assert_allclose(cost.ghosts.lines[0].y, before / 42, rtol=1e-9)


@pytest.mark.parametrize("name", ["nesterov", "adam"])
def test_one_click_matches_first_updates_of_any_optimiser(open_window: Callable[..., Any], name: str) -> None:
    other = {"loss.reduction": "sum", "optimizer.name": name}
    driver = open_window(with_b(other, optimizer__batch_size=10))
    driver.choose(driver.window.lane_bar.rival, "A against B")
    driver.wait(lambda: driver.window.boundary.pair is not None)
    pair = driver.window.boundary.pair
    driver.wait(lambda: bool(pair.table.rows) and pair.match.isEnabled())
    before = {lane: driver.weights(lane) for lane in "AB"}
    assert (OPTIMIZERS[name].label in pair.rates_note.text()) == OPTIMIZERS[name].rescales
    driver.click(pair.match)
    driver.wait(lambda: driver.field("optimizer.learning_rate", "A") != 0.5)
    driver.click(driver.window.controls.step_update)
    driver.wait_drawn(lambda snapshot: snapshot.update == 1)
    driver.settle()
    steps = {}
    for lane in "AB":
        after = driver.weights(lane)
        steps[lane] = math.sqrt(sum(float(((after[k] - before[lane][k]) ** 2).sum()) for k in after))
    assert steps["B"] == pytest.approx(steps["A"], rel=2e-3)
    driver.wait(lambda: pair.table.rows[1][1][2].text() == f"{steps['A']:.4f}")
