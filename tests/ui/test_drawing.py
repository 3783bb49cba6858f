"""Points drawn, moved and erased by mouse and keys in the real window, while it trains."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.parts import LaneEntry
from tests.ui.conftest import Driver

ALT, SHIFT, NONE = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier
FOUR = ((-1.0, -1.0, 0.0), (-1.0, 1.0, 1.0), (1.0, -1.0, 1.0), (1.0, 1.0, 0.0))


def drawn_experiment(**values: Any) -> Experiment:
    scale = {"x1": (0.0, 1.0), "x2": (0.0, 1.0)}
    return Experiment().with_values({"data.points": FOUR, "data.scaling": scale, "network.hidden": (3,), **values})


class Draftsman:
    """Draws in a view of the window."""

    def __init__(self, driver: Driver, lane: int = 0) -> None:
        self.driver, self.lane = driver, lane

    @property
    def plot(self) -> Any:
        return self.driver.window.boundary.frames[self.lane].view.plot

    @property
    def points(self) -> tuple[Any, ...]:
        return self.driver.session.experiment.data.points or ()

    @property
    def test_points(self) -> tuple[Any, ...]:
        return self.driver.session.experiment.data.test_points or ()

    def at(self, x: float, y: float) -> QPoint:
        across, up = self.plot.pixels(np.array([x]), np.array([y]))
        return self.plot.mapFromScene(self.plot.area.mapToScene(QPointF(float(across[0]), float(up[0]))))

    def click(self, x: float, y: float, held: Qt.KeyboardModifier = NONE) -> None:
        self.driver.qtbot.mouseClick(self.plot.viewport(), Qt.MouseButton.LeftButton, held, self.at(x, y))

    def drag(self, *places: tuple[float, float]) -> None:
        left, viewport = Qt.MouseButton.LeftButton, self.plot.viewport()
        self.driver.qtbot.mousePress(viewport, left, pos=self.at(*places[0]))
        for place in places[1:]:
            point = QPointF(self.at(*place))
            event = QMouseEvent(
                QEvent.Type.MouseMove, point, viewport.mapToGlobal(point), Qt.MouseButton.NoButton, left, NONE
            )  # fmt: skip
            QApplication.sendEvent(viewport, event)
        self.driver.qtbot.mouseRelease(viewport, left, pos=self.at(*places[-1]))


def opened(driver: Driver, lane: int = 0) -> Draftsman:
    driver.click(driver.window.data_panel.draw_button)
    driver.wait(lambda: driver.window.drawing.is_open and not driver.session.is_pending)
    driver.settle()
    assert driver.window.drawing.bar.isVisible()
    return Draftsman(driver, lane)


def same_weights(trainer: Trainer, other: Trainer) -> bool:
    return all(
        np.array_equal(trainer.parameters(lane.name)[name], other.parameters(lane.name)[name])
        for lane in trainer.lanes
        for name in trainer.parameters(lane.name)
    )


def test_a_click_adds_a_point_of_the_class_that_a_digit_chose(open_window: Callable[..., Driver]) -> None:
    driver = open_window(drawn_experiment())
    hand = opened(driver)
    hand.click(0.25, 0.5)
    bar = driver.window.drawing.bar
    assert [button.isChecked() for button in bar.swatches] == [True, False]
    driver.key(Qt.Key.Key_2, on=hand.plot)
    assert [button.isChecked() for button in bar.swatches] == [False, True]
    hand.click(0.5, -0.25)
    snapshot = driver.settle()
    assert [point[2] for point in hand.points[4:]] == [0.0, 1.0]
    assert np.allclose([point[:2] for point in hand.points[4:]], [[0.25, 0.5], [0.5, -0.25]], atol=0.02)
    assert snapshot.data.inputs_train.tolist() == [list(point[:2]) for point in hand.points]
    assert len(driver.window.boundary.frames[0].view.slice.data.y_train) == 6
    assert driver.window.data_panel.subtitle.text() == "6"


def test_without_drawing_a_click_selects_a_sample_as_ever(open_window: Callable[..., Driver]) -> None:
    driver = open_window(drawn_experiment())
    hand, view = Draftsman(driver), driver.window.boundary.frames[0].view
    hand.click(1.0, 1.0)
    assert view.samples.chosen == ("train", 3)
    hand.click(0.0, 0.0)
    assert hand.points == FOUR
    opened(driver)
    hand.click(-1.0, 1.0)  # a click on a point selects it here too
    assert view.samples.chosen == ("train", 1) and hand.points == FOUR
    driver.click(driver.window.drawing.bar.close_button)
    hand.click(0.0, 0.0)
    assert hand.points == FOUR


def test_a_drag_sprays_and_one_undo_takes_the_whole_stroke_back(open_window: Callable[..., Driver]) -> None:
    driver = open_window(drawn_experiment())
    hand = opened(driver)
    hand.drag(*((-0.5 + 0.1 * k, 0.0) for k in range(11)))
    assert len(hand.points) > 8
    driver.settle()
    driver.undo()
    assert hand.points == FOUR
    assert len(driver.settle().data.y_train) == 4
    driver.redo()
    assert len(driver.settle().data.y_train) > 8


def test_a_point_is_dragged_while_training_and_the_run_can_be_replayed(open_window: Callable[..., Driver]) -> None:
    driver = open_window(drawn_experiment(**{"optimizer.batch_size": 2}))
    hand = opened(driver)
    driver.play(5)
    for k in range(6):
        hand.drag((1.0 - 0.1 * k, 1.0), (0.9 - 0.1 * k, 1.0))
        update = driver.last.update
        driver.wait_drawn(lambda snapshot, update=update: snapshot.update > update + 2)
    driver.pause()
    assert hand.points[3] == pytest.approx((0.4, 1.0, 0.0), abs=0.02) and hand.points[:3] == FOUR[:3]
    experiment, trainer = driver.last.experiment, driver.trainer()
    assert len(experiment.edits) >= 6
    again = Trainer(Experiment.loads(experiment.dumps()))
    again.advance(lambda: True, trainer.update)
    assert same_weights(trainer, again)


def test_a_point_that_is_dragged_out_stays_in_sight(open_window: Callable[..., Driver]) -> None:
    driver = open_window(drawn_experiment())
    hand = opened(driver)
    hand.drag((1.0, 1.0), (40.0, -40.0))
    (low, high), (down, up) = hand.plot.x_range, hand.plot.y_range
    x, y, _ = hand.points[3]
    assert high - 0.05 * (high - low) < x < high and down < y < down + 0.05 * (up - down)
    driver.settle()
    assert (hand.plot.x_range, hand.plot.y_range) == ((low, high), (down, up)), "nothing else moves"


def test_an_eraser_removes_what_it_is_dragged_over(open_window: Callable[..., Driver]) -> None:
    driver = open_window(drawn_experiment())
    hand = opened(driver)
    driver.click(driver.window.drawing.bar.eraser)
    hand.drag((-1.0, -1.0), (1.0, -1.0))
    assert hand.points == (FOUR[1], FOUR[3])
    hand.drag((-1.0, 1.0), (1.0, 1.0))
    snapshot = driver.settle()
    assert hand.points == () and not snapshot.lanes[0].readings
    driver.undo()
    driver.undo()
    assert driver.settle().experiment.data.points == FOUR


@pytest.mark.parametrize("held", [ALT, Qt.KeyboardModifier.ControlModifier])
def test_alt_click_makes_a_training_point_a_test_point_and_back(
    open_window: Callable[..., Driver], held: Qt.KeyboardModifier
) -> None:
    driver = open_window(drawn_experiment())
    hand = opened(driver)
    assert "test_cost" not in driver.last.lanes[0].readings
    hand.click(1.0, 1.0, held)
    assert (hand.points, hand.test_points) == (FOUR[:3], FOUR[3:])
    assert "test_cost" in driver.settle().lanes[0].readings
    hand.click(1.0, 1.0, held)
    assert (hand.points, hand.test_points) == (FOUR, ())
    assert "test_cost" not in driver.settle().lanes[0].readings


def test_shift_click_gives_a_point_the_chosen_class(open_window: Callable[..., Driver]) -> None:
    driver = open_window(drawn_experiment())
    hand = opened(driver)
    driver.click(driver.window.drawing.bar.swatches[1])
    hand.click(1.0, 1.0, SHIFT)
    assert hand.points == (*FOUR[:3], (1.0, 1.0, 1.0))


def test_all_of_it_by_keys(open_window: Callable[..., Driver]) -> None:
    driver = open_window(drawn_experiment())
    driver.key(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    driver.wait(lambda: driver.window.drawing.is_open)
    hand = Draftsman(driver)
    plot = hand.plot
    driver.key(Qt.Key.Key_Right, on=plot)
    driver.key(Qt.Key.Key_2, on=plot)
    driver.key(Qt.Key.Key_Return, on=plot)
    assert len(hand.points) == 5 and hand.points[4][2] == 1.0
    x, y = hand.points[4][:2]
    driver.key(Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier, on=plot)
    assert hand.points[4][0] > x and hand.points[4][1] == pytest.approx(y, abs=0.01)
    driver.key(Qt.Key.Key_Return, Qt.KeyboardModifier.AltModifier, on=plot)
    assert len(hand.test_points) == 1
    driver.key(Qt.Key.Key_Delete, on=plot)
    assert (hand.points, hand.test_points) == (FOUR, ())
    driver.key(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert not driver.window.drawing.is_open


def test_a_generated_set_becomes_points_and_goes_on_with_the_same_weights(open_window: Callable[..., Driver]) -> None:
    driver = open_window(Experiment().with_values({"data.samples": 60}))
    driver.play(40)
    driver.pause()
    before = driver.weights()
    update = driver.last.update
    hand = opened(driver)
    driver.wait_drawn(lambda snapshot: snapshot.update >= update and snapshot.catch_up_progress == 1.0)
    driver.wait(lambda: not driver.session.playing)
    assert driver.last.update == update and len(hand.points) == 42 and len(hand.test_points) == 18
    assert all(np.array_equal(driver.weights()[name], before[name]) for name in before)
    assert any("Two moons as your own points" in sentence for sentence, _ in driver.messages)
    hand.click(-1.2, -0.6)
    driver.wait(lambda: len(driver.last.data.y_train) == 43)
    driver.settle()
    driver.undo()
    driver.undo()
    driver.settle()
    assert driver.last.experiment.data.dataset == "moons" and driver.last.update == update
    assert not driver.window.drawing.is_open


def test_an_empty_canvas_waits_for_the_first_point_and_then_learns(open_window: Callable[..., Driver]) -> None:
    driver = open_window(Experiment())
    hand = opened(driver)
    driver.click(driver.window.drawing.bar.empty)
    driver.wait(lambda: not driver.session.is_pending and not hand.points)
    driver.settle()
    lens = driver.window.lenses.lenses[0]
    assert not lens.isVisible(), "its numbers would be of the run before"
    driver.click(driver.window.controls.play)
    driver.wait(lambda: driver.session.playing)
    hand.click(0.0, 0.0)
    driver.key(Qt.Key.Key_2, on=hand.plot)
    hand.click(0.5, 0.5)
    driver.wait_drawn(lambda snapshot: snapshot.update > 5)
    driver.wait(lens.isVisible)
    driver.pause()
    trainer = driver.trainer()
    again = Trainer(Experiment.loads(driver.last.experiment.dumps()))
    again.advance(lambda: True, trainer.update)
    assert same_weights(trainer, again)


def test_scaling_stays_while_points_are_drawn_and_is_fitted_on_request(open_window: Callable[..., Driver]) -> None:
    driver = open_window(Experiment().with_values({"data.points": FOUR}))
    hand = opened(driver)
    mean = driver.last.data.mean.tolist()
    hand.drag((1.0, 1.0), (0.0, 0.4))
    assert driver.settle().data.mean.tolist() == mean
    driver.click(driver.window.controls.reset)
    driver.wait(lambda: not driver.session.is_pending)
    assert driver.settle().data.mean.tolist() == mean, "a reset keeps it"
    driver.click(driver.window.drawing.bar.scale)
    inputs = np.array(hand.points)[:, :2]
    assert driver.settle().data.mean == pytest.approx(inputs.mean(axis=0)) and mean == [0.0, 0.0]
    assert driver.last.data.scale == pytest.approx(inputs.std(axis=0))
    driver.undo()
    assert driver.settle().data.mean.tolist() == mean


def test_an_outlier_is_answered_by_every_lane_and_drawn_in_any_picture(open_window: Callable[..., Driver]) -> None:
    lanes = tuple(
        LaneEntry(name, {"loss.objective": loss}) for name, loss in zip("ABC", ("mse", "mae", "huber"), strict=True)
    )
    points = tuple((x / 10, x / 20) for x in range(-20, 21))
    values = {"data.points": points, "network.hidden": (), "optimizer.learning_rate": 0.05}
    driver = open_window(dataclasses.replace(Experiment().with_values(values), lanes=lanes).checked())
    hand = opened(driver, lane=1)
    driver.play(300)
    place = points[-1]
    hand.drag(place, (2.0, 0.3), (2.0, -0.6), (2.0, -1.0))
    driver.wait_drawn(lambda snapshot: snapshot.data.y_train[-1, 0] < -0.9)
    update = driver.last.update
    driver.wait_drawn(lambda snapshot: snapshot.update > update + 400)
    driver.pause()
    trainer = driver.trainer()
    slopes = {lane: float(trainer.parameters(lane)["W1"][0, 0] / trainer.data.scale[0]) for lane in "ABC"}
    assert slopes["A"] < slopes["C"] < 0.5 - 1e-3, "the squared error follows the outlier most"
    assert slopes["B"] == pytest.approx(0.5, abs=0.02), "the absolute error hardly at all"


def test_the_classes_of_points_can_be_more(open_window: Callable[..., Driver]) -> None:
    driver = open_window(drawn_experiment(**{"data.task": "binary"}))
    hand = opened(driver)
    driver.session.change("data.classes", 4, True)
    driver.wait(lambda: not driver.session.is_pending)
    driver.settle()
    driver.key(Qt.Key.Key_4, on=hand.plot)
    hand.click(0.0, 0.0)
    assert hand.points[4][2] == 3.0 and driver.settle().data.task == "multiclass"
    driver.session.change("data.classes", 2, True)
    driver.wait(lambda: not driver.session.is_pending)
    assert "has the class 3, but must have a whole number from 0 to 1" in driver.messages[-1][0]
