"""The sweep in the window: what is varied, how it runs, its map, and cells opened from it."""

from __future__ import annotations

import csv
import dataclasses
import functools
import math
import multiprocessing
import statistics
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from sandbox.errors import InputError
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document import texts
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.document.settings import SETTINGS
from sandbox.experiment.results.sweep import Cell, LaneResult, Result, axis, cells
from sandbox.ui.sweep import dialog as module
from sandbox.ui.sweep.axis import _NOT_SWEPT, AxisRow, split_values
from sandbox.ui.sweep.heatmap import HeatView, map_of, square_lines
from sandbox.ui.sweep.thread import SweepThread

SMALL = {"data.samples": 40, "network.hidden": (3,), "run.epochs": 5}


class InlineExecutor(Executor):
    """Does the work in the submitting thread; after `allowed` calls, none."""

    def __init__(self, allowed: int = 10_000) -> None:
        self.allowed = allowed

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self.allowed:
            self.allowed -= 1
            future.set_result(fn(*args, **kwargs))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        pass


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda _: str(tmp_path / "kept"))


@pytest.fixture
def executor(monkeypatch: pytest.MonkeyPatch) -> InlineExecutor:
    inline = InlineExecutor()
    monkeypatch.setattr(module, "SweepThread", functools.partial(SweepThread, executor=lambda _: inline))
    return inline


@pytest.fixture
def driver(open_window: Callable[..., Any]) -> Iterator[Any]:
    """A small experiment with the dialog of the sweep open."""
    driver = open_window(Experiment().with_values(SMALL))
    driver.key(Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    driver.wait(lambda: driver.window.sweep is not None and driver.window.sweep.isVisible())
    yield driver


def set_axis(row: Any, text: str) -> None:
    """Choose the values of an axis, as ticks and typed text do together."""
    row.set_values(text)
    row.changed.emit()


def run(driver: Any, rates: str = "0.1, 1", losses: str = "mse, mae", seeds: int = 3) -> Any:
    dialog = driver.window.sweep
    set_axis(dialog.axes[0], rates)
    set_axis(dialog.axes[1], losses)
    driver.type(dialog.seeds.edit, str(seeds))
    driver.click(dialog.run_button)
    driver.wait(lambda: not dialog.is_running and dialog.run_button.text() == "Run")
    return dialog


def press(driver: Any, view: HeatView, cell: int) -> None:
    box = next(box for box, square in view.boxes if square.cell == cell)
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, box.center().toPoint())


def test_the_grid_is_counted_and_its_errors_are_shown(driver: Any) -> None:
    dialog = driver.window.sweep
    assert dialog.words.text() == "6 cells, 8 seeds each."
    driver.type(dialog.axes[0].others, "fast")
    assert "optimizer.learning_rate" in dialog.words.text() and dialog.words.property("role") == "error"
    assert not dialog.run_button.isEnabled()
    set_axis(dialog.axes[0], "")
    set_axis(dialog.axes[2], "[4], [2, 2], []")
    assert dialog.words.text() == "6 cells, 8 seeds each." and dialog.run_button.isEnabled()
    assert not dialog.open_button.isEnabled() and not dialog.save_button.isEnabled()


def test_the_map_agrees_with_networks_trained_alone(driver: Any, executor: InlineExecutor) -> None:
    dialog = run(driver)
    driver.choose(dialog.column, "Training cost")
    for box, square in dialog.view.boxes:
        assert box.width() > 0
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


def test_a_cell_is_opened_as_a_lane(driver: Any, executor: InlineExecutor) -> None:
    driver.play(updates=4)
    driver.pause()
    dialog = run(driver)
    press(driver, dialog.view, 3)
    assert dialog.detail.text() == "Learning rate 1, Learn with Mean absolute error."
    driver.click(dialog.open_button)
    driver.wait(lambda: len(driver.last.lanes) == 2)
    settings = driver.last.experiment.effective().lane("B")
    assert (settings.optimizer.learning_rate, settings.loss.objective) == (1.0, "mae")
    driver.settle()
    alone = Trainer(dialog._cells[3].experiment.with_value("run.replicas", 1), driver.last.data)
    alone.advance(lambda: True, driver.last.update)
    np.testing.assert_array_equal(driver.trainer().lane("B").replicas[0].theta, alone.lanes[0].replicas[0].theta)
    driver.session.undo()
    driver.wait(lambda: len(driver.last.lanes) == 1)


def test_the_clicked_lane_is_opened(open_window: Callable[..., Any], executor: InlineExecutor) -> None:
    lanes = (LaneEntry("A"), LaneEntry("B", {"network.activation": "relu", "loss.objective": "mse"}))
    driver = open_window(dataclasses.replace(Experiment().with_values(SMALL), lanes=lanes).checked())
    driver.window.desk.view("B")
    driver.key(Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    driver.wait(lambda: driver.window.sweep is not None and driver.window.sweep.isVisible())
    dialog = run(driver, rates="0.1, 1", losses="", seeds=2)
    box = next(box for box, square in dialog.view.boxes if (square.cell, square.lane) == (1, "A"))
    QTest.mouseClick(dialog.view, Qt.MouseButton.LeftButton, pos=box.center().toPoint())
    assert dialog.detail.text() == "Lane A, Learning rate 1."
    driver.click(dialog.open_button)
    driver.wait(lambda: len(driver.last.lanes) == 3)
    opened_lane = driver.last.experiment.effective().lane("C")
    assert (opened_lane.network.activation, opened_lane.loss.objective) == ("tanh", "auto")
    assert opened_lane.optimizer.learning_rate == 1.0
    assert driver.window.notice.sentence.text() == (
        "The new lane has 1 seed, like all lanes here; the cell was trained with 2 seeds."
    )


def test_a_cell_of_other_data_is_opened_as_a_new_run(driver: Any, executor: InlineExecutor) -> None:
    dialog = driver.window.sweep
    driver.choose(dialog.axes[0].key, "Data: Noise")
    run(driver, rates="0.1, 0.4", losses="")
    press(driver, dialog.view, 1)
    driver.click(dialog.open_button)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    assert driver.field("data.noise") == 0.4 and "noise" in driver.window.notice.sentence.text()
    driver.session.undo()
    driver.wait_drawn(lambda snapshot: snapshot.run == 0)


def test_keys_choose_a_cell(driver: Any, executor: InlineExecutor) -> None:
    dialog = run(driver)
    dialog.view.setFocus(Qt.FocusReason.TabFocusReason)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Return):
        driver.key(key, on=dialog.view)
    assert dialog.chosen is not None and dialog.chosen.number == 3
    assert dialog.view.accessibleDescription().startswith("cell 3")


def test_a_stopped_sweep_continues_where_it_was(driver: Any, executor: InlineExecutor) -> None:
    executor.allowed = 1
    dialog = driver.window.sweep
    set_axis(dialog.axes[0], "0.1, 1")
    set_axis(dialog.axes[1], "mse, mae")
    driver.click(dialog.run_button)
    driver.wait(lambda: dialog.words.text() == "1 of 4 cells are done." and dialog.run_button.text() == "Stop")
    assert not dialog.axes[0].isEnabled()
    driver.click(dialog.run_button)
    driver.wait(lambda: not dialog.is_running and dialog.run_button.text() == "Run")
    assert len(dialog._results) == 1
    executor.allowed = 10
    driver.click(dialog.run_button)
    driver.wait(lambda: len(dialog._results) == 4 and not dialog.is_running)
    assert executor.allowed == 7  # the first one was not done again
    driver.wait(lambda: dialog.run_button.text() == "Run")
    driver.click(dialog.run_button)
    assert dialog.words.text() == "All 4 cells were already done."


def test_a_closed_dialog_keeps_running_and_opens_again(driver: Any, executor: InlineExecutor) -> None:
    executor.allowed = 0
    dialog = driver.window.sweep
    driver.click(dialog.run_button)
    driver.wait(lambda: dialog.is_running)
    dialog.close()
    assert dialog.is_running and not dialog.isVisible()
    driver.activate()
    driver.click(driver.window.controls.sweep)
    assert driver.window.sweep is dialog and dialog.isVisible()
    driver.close()
    assert not dialog.is_running


def test_results_survive_closing_and_say_when_they_are_outdated(driver: Any, executor: InlineExecutor) -> None:
    dialog = run(driver)
    assert dialog.outcome.subtitle.text().startswith("brighter is better; median and quartiles of ")
    dialog.close()
    driver.activate()
    driver.session.change("optimizer.l2", 0.1, True)
    driver.click(driver.window.controls.sweep)
    assert driver.window.sweep is dialog and len(dialog._results) == 4
    assert dialog.outcome.subtitle.text().startswith("from before the latest changes; brighter is better")
    dialog = run(driver)
    assert dialog._cells[0].experiment.optimizer.l2 == 0.1
    assert dialog.outcome.subtitle.text().startswith("brighter is better")


def test_real_processes_work_and_end_with_the_window(driver: Any) -> None:
    dialog = driver.window.sweep
    set_axis(dialog.axes[0], ", ".join(f"{0.001 * k:g}" for k in range(1, 101)))
    driver.type(dialog.epochs.edit, "3000")
    driver.click(dialog.run_button)
    driver.wait(lambda: len(dialog._results) >= 1)
    driver.close()
    assert not dialog.is_running and multiprocessing.active_children() == []


def test_the_table_is_saved(
    driver: Any, executor: InlineExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = run(driver)
    path = tmp_path / "out.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    driver.click(dialog.save_button)
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


def test_the_two_longest_settings_are_axes_and_the_others_facets() -> None:
    grid = grid_of(
        ("optimizer.l2", (0.0, 0.1)), ("loss.objective", ("mse", "mae", "huber")),
        ("optimizer.learning_rate", (0.1, 0.2, 0.3, 0.4)), ("optimizer.l1", (0.0,)),
    )  # fmt: skip
    heatmap = map_of(grid, {}, "test_accuracy")
    assert (heatmap.across, heatmap.up) == ("optimizer.learning_rate", "loss.objective")
    assert heatmap.columns == ("0.1", "0.2", "0.3", "0.4")
    assert heatmap.rows == ("Mean squared error", "Mean absolute error", "Huber")
    assert [facet.title for facet in heatmap.facets] == ["L2 0", "L2 0.1"]
    for facet in heatmap.facets:
        assert len(facet.squares) == 12
        for square in facet.squares:
            values = grid[square.cell].values
            assert heatmap.columns[square.column] == f"{values['optimizer.learning_rate']:g}"
            assert ("mse", "mae", "huber")[square.row] == values["loss.objective"]


def test_each_lane_has_a_map() -> None:
    grid = grid_of(("optimizer.learning_rate", (0.1, 0.2)))
    lanes = tuple(LaneResult(name, "mse", ("train_cost",), {"train_cost": (1.0,)}, 0, "") for name in "AB")
    heatmap = map_of(grid, {0: Result("x", lanes)}, "train_cost")
    assert [facet.title for facet in heatmap.facets] == ["lane A", "lane B"] and heatmap.up == ""


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
def test_a_square_shows_the_result_of_its_cell(result: Result | None, lines: list[str]) -> None:
    grid = grid_of(("optimizer.learning_rate", (0.1,)))
    heatmap = map_of(grid, {} if result is None else {0: result}, "test_accuracy")
    assert square_lines(heatmap, heatmap.facets[0].squares[0]) == lines


def test_better_cells_are_brighter(qtbot: Any) -> None:
    grid = grid_of(("optimizer.learning_rate", (0.1, 0.2)))
    results = {0: Result("x", (lane(0.2),)), 1: Result("x", (lane(0.9),))}
    view = HeatView()
    qtbot.addWidget(view)
    for column, brighter in (("test_accuracy", 1), ("train_cost", 0)):
        view.show_map(map_of(grid, results, column))
        image = view.grab().toImage()
        ratio = image.devicePixelRatio()
        lightness = []
        for box, _ in view.boxes:
            corner = box.topLeft() * ratio
            lightness.append(image.pixelColor(int(corner.x()) + 4, int(corner.y()) + 4).lightness())
        assert lightness[brighter] > lightness[1 - brighter] + 40


def test_columns_have_names() -> None:
    assert texts.column_words("test_accuracy") == "Test accuracy"
    assert texts.column_words("train_mse") == "Training mean squared error"
    assert texts.column_words("test_r2") == "Test R\u00b2" and texts.column_words("train_cost") == "Training cost"


def test_values_are_ticked_and_others_typed(driver: Any) -> None:
    """By real clicks: a third rate and its decimal comma, a third loss, a list of layers."""
    dialog = driver.window.sweep
    rate, loss, layers = dialog.axes
    assert rate.ticks.value() == (0.01, 0.1, 1.0) and set(loss.ticks.value()) == {"mse", "binary_cross_entropy"}
    assert not loss.others.isVisible()  # all losses are there to be ticked
    driver.tick(rate.ticks, "10")
    driver.type(rate.others, "0,25 0,7")
    driver.tick(loss.ticks, "Huber")
    driver.tick(layers.ticks, "8, 8")
    driver.type(layers.others, "[5] [2, 3]")
    assert rate.axis().values == (0.01, 0.1, 1.0, 10.0, 0.25, 0.7)
    assert set(loss.axis().values) == {"mse", "binary_cross_entropy", "huber"}
    assert layers.axis().values == ((8, 8), (5,), (2, 3))
    assert dialog.words.text() == "54 cells, 8 seeds each."
    driver.type(rate.others, "0,1")
    assert "twice" in dialog.words.text() and dialog.words.property("role") == "error"


@pytest.mark.parametrize(
    ("text", "decimals", "parts"),
    [
        ("0,1 1", True, ["0.1", "1"]),
        ("0.1,1", True, ["0.1", "1"]),
        ("0,1; 0,5", True, ["0.1", "0.5"]),
        ("0,1, 0,5", True, ["0.1", "0.5"]),
        ("1,2", False, ["1", "2"]),
        ("[4], [8, 8] []", False, ["[4]", "[8, 8]", "[]"]),
        ("", True, []),
    ],
)
def test_typed_values_are_split_where_a_person_means_it(text: str, decimals: bool, parts: list[str]) -> None:
    assert split_values(text, decimals) == parts


def test_a_bracket_that_is_not_closed_is_named() -> None:
    with pytest.raises(InputError, match="has a bracket that is not closed"):
        split_values("[4, 8", False)


@pytest.mark.parametrize("key", [key for key in SETTINGS if key not in _NOT_SWEPT])
def test_every_value_that_can_be_ticked_is_allowed(qtbot: Any, key: str) -> None:
    row = AxisRow(key, "")
    qtbot.addWidget(row)
    values = [item[0] for item in row.ticks._items]
    row.ticks.set_value(values)
    axis = row.axis()
    assert (axis is None) == (not values) and (axis is None or set(axis.values) == set(values))


def test_results_that_cannot_be_kept_are_shown_and_said(driver: Any, executor: InlineExecutor, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("")  # where a folder should be
    dialog = run(driver)
    assert len(dialog._results) == 4 and dialog.save_button.isEnabled()
    assert dialog.words.text().startswith("Not every cell could be kept for the next time: ")
    assert dialog.words.property("role") == "error"
    (tmp_path / "kept").unlink()
    run(driver, rates="0.2, 2")
    assert dialog.words.text() == "4 of 4 cells are done."
