"""Choosing a data set in the real window: it brings settings under which it learns, in one step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog

from sandbox.data import DATASETS


def choose(driver: Any, name: str) -> None:
    driver.choose(driver.control("data.dataset"), DATASETS[name].label)
    driver.wait(lambda: driver.last.data.name == name)
    driver.settle()


def test_a_data_set_sets_the_controls_and_says_so(driver: Any) -> None:
    choose(driver, "digits")
    assert driver.control("network.hidden").value() == (32,)
    assert driver.control("optimizer.learning_rate").value() == 0.2
    assert driver.control("optimizer.batch_size").value() == 32
    assert driver.messages == [
        ("Set for Digits: hidden layers 32, learning rate 0.2, batch size 32, epochs 40.", False)
    ]
    (lane,) = driver.last.lanes
    assert lane.sizes == (64, 32, 10)
    choose(driver, "moons")
    assert driver.control("network.hidden").value() == (6, 4)
    assert driver.control("optimizer.learning_rate").value() == 0.5
    assert driver.control("optimizer.batch_size").value() == 0


def test_it_is_one_step_to_undo(driver: Any) -> None:
    before = driver.session.experiment
    choose(driver, "spiral")
    after = driver.session.experiment
    assert after.optimizer.name == "adam" and driver.session.undo_stack.count() == 1
    driver.undo()
    driver.wait(lambda: driver.last.data.name == "moons")
    driver.settle()
    assert driver.session.experiment == before
    driver.redo()
    driver.wait(lambda: driver.last.data.name == "spiral")
    driver.settle()
    assert driver.session.experiment == after


def test_a_learning_rate_that_was_typed_stays(driver: Any) -> None:
    driver.type(driver.control("optimizer.learning_rate").edit, "0.03")
    driver.wait(lambda: driver.field("optimizer.learning_rate") == 0.03)
    choose(driver, "line_with_outliers")
    assert driver.control("optimizer.learning_rate").value() == 0.03
    assert driver.control("network.hidden").value() == ()


@pytest.mark.parametrize("name", ["line_with_outliers", "sine", "hills"])
def test_what_diverged_or_crawled_learns_at_the_first_play(open_window: Callable[..., Any], name: str) -> None:
    driver = open_window()
    choose(driver, name)
    driver.session.train(driver.session.experiment.run.epochs)
    driver.wait(lambda: driver.last.epoch == driver.session.experiment.run.epochs)
    (lane,) = driver.last.lanes
    assert not lane.stopped
    assert lane.readings["test_r2"] >= DATASETS[name].level


def test_a_table_of_ones_own_does_not_get_what_the_data_before_had(
    driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(driver, "digits")
    path = tmp_path / "points.csv"
    rows = [f"{i},{i % 7},{3 * i - i % 7}" for i in range(60)]
    path.write_text("\n".join(["a,b,c", *rows]), encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", staticmethod(lambda *_, **__: (str(path), "")))
    driver.click(driver.window.data_panel.open_button)
    driver.wait(lambda: driver.last.data.name == "points.csv")
    driver.settle()
    assert driver.control("network.hidden").value() == (6, 4)
    assert driver.control("optimizer.name").value() == "adam"
    assert driver.control("optimizer.batch_size").value() == 0
    driver.session.change("data.features", ("a",), True)
    driver.wait(lambda: driver.last.data.feature_names == ("a",))
    driver.settle()
    choose(driver, "iris")
    assert driver.last.data.feature_names == DATASETS["iris"].features
    assert driver.control("optimizer.name").value() == "gradient_descent"
    driver.undo()
    driver.wait(lambda: driver.last.data.name == "points.csv")
