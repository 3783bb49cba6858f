"""A table with large targets in the real window: it learns at once, and everything is shown in the target's unit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Experiment, Trainer
from sandbox.ui.lens.sample import SampleLens
from sandbox.ui.lens.signal import SignalLens

RESTARTED = "The run starts again: with these settings the target is {}learned in standard deviations."


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "prices.csv"
    area = np.random.default_rng(2).uniform(40.0, 180.0, 40).round(1)
    path.write_text("\n".join(["area,price", *(f"{x},{3000 * x + 20_000.5}" for x in area)]), encoding="utf-8")
    return path


@pytest.fixture
def window(open_window: Callable[..., Any], prices: Path) -> Any:
    """The real window on the table, as opened by its button."""
    driver = open_window()
    driver.session.open_table(prices)
    driver.wait(lambda: driver.last.data.name == "prices.csv")
    driver.settle()
    return driver


def test_it_learns_and_shows_the_target_in_its_own_unit(window: Any) -> None:
    window.session.train(400)
    window.wait(lambda: window.last.epoch == 400)
    (lane,) = window.last.lanes
    assert lane.readings["test_r2"] > 0.95 and lane.readings["train_cost"] < 0.05  # in squared standard deviations
    (surface,) = window.last.surfaces
    true = 3000 * surface.x + 20_000.5
    np.testing.assert_allclose(surface.values[20:-20, 0], true[20:-20], atol=0.15 * np.ptp(true))
    view = window.window.boundary.current
    assert view.slice.y_range[1] > 1e5
    view._probed(100.0, 0.0)
    shown = float(view.readout.text().rpartition("\u2192")[2].replace(",", ""))
    assert shown == pytest.approx(320_000.5, rel=0.1)
    assert window.window.cost_card.subtitle.text().startswith("in standard deviations of price (")


def test_other_data_have_no_unit_of_costs(window: Any) -> None:
    window.choose(window.control("data.dataset"), "Sine")
    window.wait(lambda: window.last.data.name == "sine")
    window.settle()
    assert window.window.cost_card.subtitle.text() == ""
    assert window.control("data.standardize_target").currentText() == "off (auto)"
    window.choose(window.control("data.dataset"), "Two moons")
    window.wait(lambda: window.last.data.name == "moons")
    window.settle()
    assert not window.window.panels[0].controls["data.standardize_target"].isVisible()  # classes have no scale


def test_the_switch_starts_a_run_and_can_be_undone(window: Any) -> None:
    choice = window.control("data.standardize_target")
    assert choice.currentText() == "on (auto)"
    run = window.last.run
    window.choose(choice, "off")
    window.wait(lambda: window.last.run > run and not window.last.data.standardizes_target)
    window.settle()
    assert window.window.cost_card.subtitle.text() == ""
    assert window.last.lanes[0].readings["train_cost"] > 1e9
    window.undo()
    window.wait(lambda: window.last.data.standardizes_target)
    window.settle()
    assert window.control("data.standardize_target").value() == "auto"


def test_a_loss_that_takes_the_target_as_it_is_starts_a_run(window: Any) -> None:
    run = window.last.run
    window.choose(window.control("loss.objective"), "Poisson")
    window.wait(lambda: window.last.run > run)
    window.settle()
    assert not window.last.data.standardizes_target and window.last.lanes[0].objective == "poisson"
    assert window.messages[-1] == (RESTARTED.format("no longer "), False)
    run = window.last.run
    window.choose(window.control("loss.objective"), "Huber")
    window.wait(lambda: window.last.run > run)
    window.settle()
    assert window.last.data.standardizes_target
    assert window.messages[-1] == (RESTARTED.format(""), False)


def test_another_distance_is_an_edit_of_the_same_run(window: Any) -> None:
    window.play(updates=3)
    window.pause()
    run = window.last.run
    window.choose(window.control("loss.objective"), "Huber")
    window.wait(lambda: window.last.lanes[0].objective == "huber")
    assert window.last.run == run and window.last.update >= 3


def test_a_lane_of_its_own_scale_starts_a_run_of_all(window: Any) -> None:
    run = window.last.run
    window.session.add_lane("A", {"loss.objective": "poisson", "network.output": "exp"})
    window.wait(lambda: len(window.last.lanes) == 2)
    window.settle()
    assert window.last.run > run and not window.last.data.standardizes_target
    assert window.messages[-1] == (RESTARTED.format("no longer "), False)
    window.undo()
    window.wait(lambda: len(window.last.lanes) == 1)
    window.settle()
    assert window.last.data.standardizes_target


def test_a_saved_run_with_an_added_lane_replays_on_the_same_scale(
    open_window: Callable[..., Any], prices: Path, tmp_path: Path
) -> None:
    experiment = Experiment().with_values({"data.file": str(prices), "optimizer.learning_rate": 0.05})
    driver = open_window(experiment)
    driver.session.add_lane("A", {"loss.objective": "mae"})
    driver.wait(lambda: len(driver.last.lanes) == 2)
    driver.settle()
    driver.play(updates=5)
    driver.pause()
    path = tmp_path / "saved.toml"
    driver.session.save_experiment(path)
    loaded = Experiment.load(path)
    assert [lane.name for lane in loaded.lanes] == ["A", "B"]
    assert loaded.get("loss.objective", "B") == "mae" and loaded.data.standardize_target == "auto"
    replay = Trainer(loaded)
    replay.advance(lambda: True, driver.last.update)
    for lane in "AB":
        for name, value in driver.weights(lane).items():
            assert np.array_equal(value, replay.parameters(lane)[name]), (lane, name)


def test_signal_and_sample_say_what_is_scaled(window: Any) -> None:
    lenses = window.window.lenses
    signal = next(lens for lens in lenses.lenses if isinstance(lens, SignalLens))
    window.click(lenses.tabs.button(lenses.lenses.index(signal)))
    window.wait(lambda: signal.across.text() == "residual a \u2212 y, in the unit of price")
    assert "Loss and signal are of the standardised targets." in signal.plots[0].toolTip()
    assert signal.plots[0].x_range[1] > 1e4
    sample = next(lens for lens in lenses.lenses if isinstance(lens, SampleLens))
    window.click(lenses.tabs.button(lenses.lenses.index(sample)))
    window.wait(lambda: sample.legend.text().endswith("inputs and targets standardised"))
    price = 3000 * window.last.data.inputs_train[0, 0] + 20_000.5
    assert sample.words.text().startswith(f"target {price:,.0f}, predicted ")
