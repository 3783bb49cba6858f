"""The sweep in the window: what is varied, how it goes on, its map, and cells opened from it."""

from __future__ import annotations

import csv
import dataclasses
import functools
import math
import multiprocessing
import statistics
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document import texts
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.results.sweep import Cell, LaneResult, Result, axis, cells
from sandbox.ui.sweep import dialog as module
from sandbox.ui.sweep.heatmap import HeatView, map_of, square_lines
from sandbox.ui.sweep.thread import SweepThread

SMALL = {"data.samples": 40, "network.hidden": (3,), "run.epochs": 5}


class Here(Executor):
    """Does the work in the thread that hands it over, as far as it may go."""

    def __init__(self, allowed: int = 10_000) -> None:
        self.allowed = allowed
        self.begun = threading.Event()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self.allowed:
            self.allowed -= 1
            future.set_result(fn(*args, **kwargs))
        self.begun.set()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        pass


@pytest.fixture(autouse=True)
def a_place_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda _: str(tmp_path / "kept"))


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Here:
    executor = Here()
    monkeypatch.setattr(module, "SweepThread", functools.partial(SweepThread, executor=lambda _: executor))
    return executor


@pytest.fixture
def opened(open_window: Callable[..., Any]) -> Iterator[Any]:
    driver = open_window(Experiment().with_values(SMALL))
    driver.key(Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    driver.wait(lambda: driver.window.sweep is not None and driver.window.sweep.isVisible())
    yield driver


def run(driver: Any, rates: str = "0.1, 1", losses: str = "mse, mae", seeds: int = 3) -> Any:
    dialog = driver.window.sweep
    driver.type(dialog.axes[0].values, rates)
    driver.type(dialog.axes[1].values, losses)
    driver.type(dialog.seeds.edit, str(seeds))
    driver.click(dialog.run_button)
    driver.wait(lambda: not dialog.is_running and dialog.run_button.text() == "Run")
    return dialog


def press(driver: Any, view: HeatView, cell: int) -> None:
    place = next(place for place, square in view.boxes if square.cell == cell)
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place.center().toPoint())


def test_the_grid_is_counted_and_what_is_wrong_with_it_is_said(opened: Any) -> None:
    dialog = opened.window.sweep
    assert dialog.words.text() == "6 cells of 8 seeds."
    opened.type(dialog.axes[0].values, "0.1, fast")
    assert "optimizer.learning_rate" in dialog.words.text() and dialog.words.property("role") == "error"
    assert not dialog.run_button.isEnabled()
    opened.type(dialog.axes[0].values, "")
    opened.type(dialog.axes[2].values, "[4], [2, 2], []")
    assert dialog.words.text() == "6 cells of 8 seeds." and dialog.run_button.isEnabled()
    assert not dialog.open_button.isEnabled() and not dialog.save_button.isEnabled()


def test_the_map_shows_what_the_same_networks_give_alone(opened: Any, here: Here) -> None:
    dialog = run(opened)
    opened.choose(dialog.column, "Training cost")
    for place, square in dialog.view.boxes:
        assert place.width() > 0
        costs = []
        for seed in range(7, 10):
            cell = dialog._cells[square.cell].experiment
            trainer = Trainer(cell.with_values({"run.replicas": 1, "network.seed": seed}))
            trainer.run()
            costs.append(trainer.history().column("train_cost")[1][-1])
        assert dialog.view.map is not None
        assert dialog.view.map.value(square) == pytest.approx(statistics.median(costs), rel=1e-9)
        assert square_lines(dialog.view.map, square)[0] == f"{statistics.median(costs):.4f}"
    assert dialog.words.text() == "4 of 4 cells are done." and dialog.bar.value() == 4


def test_a_cell_is_opened_as_a_lane(opened: Any, here: Here) -> None:
    opened.play(updates=4)
    opened.pause()
    dialog = run(opened)
    press(opened, dialog.view, 3)
    assert dialog.detail.text() == "Learning rate 1, Objective Mean absolute error."
    opened.click(dialog.open_button)
    opened.wait(lambda: len(opened.last.lanes) == 2)
    settings = opened.last.experiment.effective().lane("B")
    assert (settings.optimizer.learning_rate, settings.loss.objective) == (1.0, "mae")
    opened.settle()
    alone = Trainer(dialog._cells[3].experiment.with_value("run.replicas", 1), opened.last.data)
    alone.advance(lambda: True, opened.last.update)
    np.testing.assert_array_equal(opened.trainer().lane("B").replicas[0].theta, alone.lanes[0].replicas[0].theta)
    opened.session.undo()
    opened.wait(lambda: len(opened.last.lanes) == 1)


def test_the_lane_that_was_clicked_is_opened(open_window: Callable[..., Any], here: Here) -> None:
    lanes = (LaneEntry("A"), LaneEntry("B", {"network.activation": "relu", "loss.objective": "mse"}))
    driver = open_window(dataclasses.replace(Experiment().with_values(SMALL), lanes=lanes).checked())
    driver.window.desk.view("B")
    driver.key(Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    driver.wait(lambda: driver.window.sweep is not None and driver.window.sweep.isVisible())
    dialog = run(driver, rates="0.1, 1", losses="", seeds=2)
    place = next(place for place, square in dialog.view.boxes if (square.cell, square.lane) == (1, "A"))
    QTest.mouseClick(dialog.view, Qt.MouseButton.LeftButton, pos=place.center().toPoint())
    assert dialog.detail.text() == "Lane A, Learning rate 1."
    driver.click(dialog.open_button)
    driver.wait(lambda: len(driver.last.lanes) == 3)
    opened_lane = driver.last.experiment.effective().lane("C")
    assert (opened_lane.network.activation, opened_lane.loss.objective) == ("tanh", "auto")
    assert opened_lane.optimizer.learning_rate == 1.0
    assert driver.window.notice.sentence.text() == (
        "The new lane has 1 seed, like all lanes here; the cell was trained with 2 seeds."
    )


def test_a_cell_of_other_data_is_opened_as_a_run_of_its_own(opened: Any, here: Here) -> None:
    dialog = opened.window.sweep
    opened.choose(dialog.axes[0].key, "Data: Noise")
    run(opened, rates="0.1, 0.4", losses="")
    press(opened, dialog.view, 1)
    opened.click(dialog.open_button)
    opened.wait_drawn(lambda snapshot: snapshot.run == 1)
    assert opened.field("data.noise") == 0.4 and "noise" in opened.window.notice.sentence.text()
    opened.session.undo()
    opened.wait_drawn(lambda snapshot: snapshot.run == 0)


def test_keys_choose_a_cell(opened: Any, here: Here) -> None:
    dialog = run(opened)
    dialog.view.setFocus(Qt.FocusReason.TabFocusReason)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Return):
        opened.key(key, on=dialog.view)
    assert dialog.chosen is not None and dialog.chosen.number == 3
    assert dialog.view.accessibleDescription().startswith("cell 3")


def test_a_sweep_that_was_stopped_goes_on_where_it_was(opened: Any, here: Here) -> None:
    here.allowed = 1
    dialog = opened.window.sweep
    opened.type(dialog.axes[0].values, "0.1, 1")
    opened.type(dialog.axes[1].values, "mse, mae")
    opened.click(dialog.run_button)
    opened.wait(lambda: dialog.words.text() == "1 of 4 cells are done." and dialog.run_button.text() == "Stop")
    assert not dialog.axes[0].isEnabled()
    opened.click(dialog.run_button)
    opened.wait(lambda: not dialog.is_running and dialog.run_button.text() == "Run")
    assert len(dialog._results) == 1
    here.allowed = 10
    opened.click(dialog.run_button)
    opened.wait(lambda: len(dialog._results) == 4 and not dialog.is_running)
    assert here.allowed == 7  # the first one was not done again
    opened.wait(lambda: dialog.run_button.text() == "Run")
    opened.click(dialog.run_button)
    assert dialog.words.text() == "All 4 cells were already done."


def test_closing_the_dialog_lets_its_cells_go_on_and_it_comes_back(opened: Any, here: Here) -> None:
    here.allowed = 0
    dialog = opened.window.sweep
    opened.click(dialog.run_button)
    opened.wait(lambda: dialog.is_running)
    dialog.close()
    assert dialog.is_running and not dialog.isVisible()
    opened.activate()
    opened.click(opened.window.controls.sweep)
    assert opened.window.sweep is dialog and dialog.isVisible()
    opened.close()
    assert not dialog.is_running


def test_results_stay_when_the_dialog_is_closed_and_say_when_they_are_old(opened: Any, here: Here) -> None:
    dialog = run(opened)
    assert dialog.outcome.subtitle.text().startswith("brighter is better; median and quartiles of ")
    dialog.close()
    opened.activate()
    opened.session.change("optimizer.l2", 0.1, True)
    opened.click(opened.window.controls.sweep)
    assert opened.window.sweep is dialog and len(dialog._results) == 4
    assert dialog.outcome.subtitle.text().startswith("before the last changes; brighter is better")
    dialog = run(opened)
    assert dialog._cells[0].experiment.optimizer.l2 == 0.1
    assert dialog.outcome.subtitle.text().startswith("brighter is better")


def test_real_processes_do_the_work_and_end_with_the_window(opened: Any) -> None:
    dialog = opened.window.sweep
    opened.type(dialog.axes[0].values, ", ".join(f"{0.001 * k:g}" for k in range(1, 101)))
    opened.type(dialog.epochs.edit, "3000")
    opened.click(dialog.run_button)
    opened.wait(lambda: len(dialog._results) >= 1)
    opened.close()
    assert not dialog.is_running and multiprocessing.active_children() == []


def test_the_table_is_saved(opened: Any, here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dialog = run(opened)
    path = tmp_path / "out.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    opened.click(dialog.save_button)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["optimizer.learning_rate"] for row in rows] == ["0.1", "0.1", "1", "1"]
    assert dialog.words.text() == "Saved as out.csv."


# The map


def grid_of(*axes: tuple[str, tuple[Any, ...]]) -> list[Cell]:
    return cells(Experiment().with_values(SMALL), [axis(key, values) for key, values in axes])


def lane(*values: float, stopped: int = 0) -> LaneResult:
    both = {"test_accuracy": values, "train_cost": values}
    return LaneResult("A", "mse", tuple(both), both, stopped, "overflow" if stopped else "")


def test_the_two_longest_settings_make_a_map_and_the_others_one_each() -> None:
    grid = grid_of(
        ("optimizer.l2", (0.0, 0.1)), ("loss.objective", ("mse", "mae", "huber")),
        ("optimizer.learning_rate", (0.1, 0.2, 0.3, 0.4)), ("optimizer.l1", (0.0,)),
    )  # fmt: skip
    found = map_of(grid, {}, "test_accuracy")
    assert (found.across, found.up) == ("optimizer.learning_rate", "loss.objective")
    assert found.columns == ("0.1", "0.2", "0.3", "0.4")
    assert found.rows == ("Mean squared error", "Mean absolute error", "Huber")
    assert [facet.title for facet in found.facets] == ["L2 0", "L2 0.1"]
    for facet in found.facets:
        assert len(facet.squares) == 12
        for square in facet.squares:
            values = grid[square.cell].values
            assert found.columns[square.column] == f"{values['optimizer.learning_rate']:g}"
            assert ("mse", "mae", "huber")[square.row] == values["loss.objective"]


def test_each_lane_has_a_map() -> None:
    grid = grid_of(("optimizer.learning_rate", (0.1, 0.2)))
    both = tuple(LaneResult(name, "mse", ("train_cost",), {"train_cost": (1.0,)}, 0, "") for name in "AB")
    found = map_of(grid, {0: Result("x", both)}, "train_cost")
    assert [facet.title for facet in found.facets] == ["lane A", "lane B"] and found.up == ""


@pytest.mark.parametrize(
    ("result", "lines"),
    [
        (Result("x", (lane(0.5, 0.75, 1.0),)), ["75.0\u2009%", "62.5\u2009%\u201387.5\u2009%"]),
        (Result("x", (lane(0.5),)), ["50.0\u2009%"]),
        (
            Result("x", (lane(0.5, math.nan, stopped=1),)),
            ["50.0\u2009%", "50.0\u2009%\u201350.0\u2009%", "1 of 2 stopped"],
        ),
        (Result("x", (lane(math.nan, stopped=1),)), ["stopped"]),
        (Result("x", error="no such file"), ["failed"]),
        (None, [""]),
    ],
)
def test_a_square_says_what_came_of_its_cell(result: Result | None, lines: list[str]) -> None:
    grid = grid_of(("optimizer.learning_rate", (0.1,)))
    found = map_of(grid, {} if result is None else {0: result}, "test_accuracy")
    assert square_lines(found, found.facets[0].squares[0]) == lines


def test_the_better_the_brighter(qtbot: Any) -> None:
    grid = grid_of(("optimizer.learning_rate", (0.1, 0.2)))
    results = {0: Result("x", (lane(0.2),)), 1: Result("x", (lane(0.9),))}
    view = HeatView()
    qtbot.addWidget(view)
    for column, brighter in (("test_accuracy", 1), ("train_cost", 0)):
        view.show_map(map_of(grid, results, column))
        image = view.grab().toImage()
        ratio = image.devicePixelRatio()
        light = []
        for place, _ in view.boxes:
            corner = place.topLeft() * ratio
            light.append(image.pixelColor(int(corner.x()) + 4, int(corner.y()) + 4).lightness())
        assert light[brighter] > light[1 - brighter] + 40


def test_columns_have_names() -> None:
    assert texts.column_words("test_accuracy") == "Test accuracy"
    assert texts.column_words("train_mse") == "Training mean squared error"
    assert texts.column_words("test_r2") == "Test R\u00b2" and texts.column_words("train_cost") == "Training cost"
