"""Every control of the real window, by mouse or key; its effect is read from the run itself."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QScrollArea, QSpinBox, QWidget

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.settings import SETTINGS
from sandbox.ui import theme
from sandbox.ui.kit import SPEEDS

OpenWindow = Callable[..., Any]


def same_bits(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def experiment_of(**changes: Any) -> Experiment:
    return Experiment().with_values({key.replace("__", "."): value for key, value in changes.items()})


# The top row


def test_play_and_pause_by_click(driver: Any) -> None:
    driver.play(updates=3)
    assert driver.session.playing
    assert driver.window.controls.play.text() == "Pause"
    last = driver.pause()
    assert driver.window.controls.play.text() == "Play"
    assert driver.settle().update == last.update  # training has stopped


def test_play_and_pause_by_space(driver: Any) -> None:
    driver.key(Qt.Key.Key_Space)
    driver.wait_drawn(lambda snapshot: snapshot.update > 2)
    driver.key(Qt.Key.Key_Space)
    driver.wait(lambda: not driver.session.playing)


def test_two_presses_of_space_at_once_play_and_pause(driver: Any) -> None:
    driver.key(Qt.Key.Key_Space)
    driver.key(Qt.Key.Key_Space)
    driver.settle()
    assert not driver.session.playing


def test_step_one_update(open_window: OpenWindow) -> None:
    driver = open_window(experiment_of(optimizer__batch_size=10))
    for update in (1, 2, 3):
        driver.click(driver.window.controls.step_update)
        driver.wait_drawn(lambda snapshot, update=update: snapshot.update == update)
    assert (driver.last.epoch, driver.session.playing) == (0, False)


def test_step_one_epoch_trains_to_its_end(open_window: OpenWindow) -> None:
    driver = open_window(experiment_of(optimizer__batch_size=10))
    driver.click(driver.window.controls.step_update)
    driver.click(driver.window.controls.step_epoch)
    last = driver.wait_drawn(lambda snapshot: snapshot.epoch == 1)
    assert last.epoch_position == 1.0
    assert last.update == math.ceil(len(last.data.X_train) / 10)
    assert driver.settle().update == last.update


def test_a_step_while_playing_pauses(driver: Any) -> None:
    driver.play()
    driver.click(driver.window.controls.step_update)
    driver.wait(lambda: not driver.session.playing)
    assert driver.settle().update == driver.settle().update


def test_reset_starts_from_the_same_weights_bit_for_bit(driver: Any) -> None:
    first = driver.weights()
    driver.play(updates=5)
    driver.click(driver.window.controls.reset)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    driver.pause()
    driver.click(driver.window.controls.reset)
    last = driver.wait_drawn(lambda snapshot: snapshot.run == 2)
    assert last.update == 0
    assert same_bits(driver.weights(), first)


def test_reset_while_playing_keeps_playing(driver: Any) -> None:
    driver.play(updates=5)
    driver.click(driver.window.controls.reset)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1 and snapshot.update > 5)
    assert driver.session.playing


def test_new_weights_are_different_weights(driver: Any) -> None:
    first, seed = driver.weights(), driver.field("network.seed")
    driver.click(driver.window.controls.new_weights)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    assert driver.field("network.seed") != seed
    assert not same_bits(driver.weights(), first)
    driver.undo()
    driver.wait_drawn(lambda snapshot: snapshot.run == 0)
    assert same_bits(driver.weights(), first)


def test_at_a_slow_speed_every_single_update_is_drawn(driver: Any) -> None:
    speed = driver.window.controls.speed
    for _ in SPEEDS:
        driver.key(Qt.Key.Key_Left, on=speed.slider)
    assert speed.value() == 1.0
    while speed.value() < 20.0:
        driver.key(Qt.Key.Key_Right, on=speed.slider)
    count = len(driver.drawn)
    driver.play(updates=12)
    driver.type(driver.control("optimizer.learning_rate").edit, "0.25")  # an edit loses none either
    driver.wait_drawn(lambda snapshot: snapshot.update >= 20)
    updates = [snapshot.update for snapshot in driver.drawn[count:]]
    assert updates == sorted(updates)
    assert sorted(set(updates) | {0}) == list(range(updates[-1] + 1))


def test_a_higher_speed_takes_effect_before_the_slow_update_is_due(driver: Any) -> None:
    speed = driver.window.controls.speed
    driver.key(Qt.Key.Key_Home, on=speed.slider)
    driver.play(updates=1)
    driver.key(Qt.Key.Key_End, on=speed.slider)
    assert speed.words.text() == "max"
    driver.wait_drawn(lambda snapshot: snapshot.update > 200)


def test_speeds_above_the_frame_rate_are_kept_too(driver: Any) -> None:
    slider = driver.window.controls.speed.slider
    driver.key(Qt.Key.Key_Home, on=slider)
    for _ in range(SPEEDS.index(50.0)):
        driver.key(Qt.Key.Key_Right, on=slider)
    count = len(driver.drawn)
    driver.play(updates=20)
    steps = np.diff([0, *(snapshot.update for snapshot in driver.drawn[count:])])
    assert 1 < steps.max() <= 50  # several updates a frame, but never more than a second of them


def test_theme_by_click(driver: Any) -> None:
    assert not driver.window.theme.dark
    driver.click(driver.window.controls.theme)
    assert driver.window.theme.dark
    assert theme.current().dark
    driver.click(driver.window.controls.theme)
    assert not theme.current().dark


@pytest.mark.parametrize(("wide", "scale"), [(1000, 1.11), (1280, 1.42), (1920, 1.48), (3840, 1.48)])
def test_presenting_by_f11_and_by_click(driver: Any, monkeypatch: pytest.MonkeyPatch, wide: int, scale: float) -> None:
    screen = SimpleNamespace(availableGeometry=lambda: QRect(0, 0, wide, 800))
    monkeypatch.setattr(driver.window, "screen", lambda: screen)  # the tests' own is small
    driver.key(Qt.Key.Key_F11)
    assert driver.window.isFullScreen()
    assert theme.scale() == pytest.approx(scale, abs=0.03)
    assert driver.window.minimumSizeHint().width() <= max(wide, 1120)
    driver.click(driver.window.controls.present)
    assert not driver.window.isFullScreen()
    assert theme.scale() == 1.0


def test_listing_all_widgets_survives_garbage_collection(qapp: QApplication) -> None:
    thresholds = gc.get_threshold()
    try:
        for _ in range(30):
            gc.disable()
            for _ in range(60):
                widget = QWidget()
                widget.itself = widget  # type: ignore[attr-defined]  # only freed by garbage collection
                QSpinBox(widget)
                QScrollArea(widget)
            del widget
            held = [QWidget() for _ in range(50)]
            gc.enable()
            gc.set_threshold(20)
            listed = theme._all_widgets(qapp)  # the first call that can trigger a collection
            gc.set_threshold(*thresholds)
            assert set(held) <= set(listed)
            del listed
            gc.collect()
    finally:
        gc.set_threshold(*thresholds)
        gc.enable()


def test_readouts_show_the_state_drawn(driver: Any) -> None:
    driver.play(updates=20)
    last = driver.pause()
    controls, readings = driver.window.controls, last.lanes[0].readings
    assert controls.epoch.number.text() == str(last.epoch)
    assert float(controls.train.number.text()) == pytest.approx(readings["train_cost"], abs=5e-5)
    assert float(controls.test.number.text()) == pytest.approx(readings["test_cost"], abs=5e-5)
    share = float(controls.score.number.text().split()[0])
    assert share == pytest.approx(100 * readings["test_accuracy"], abs=0.05)


# The space bar


def test_space_types_in_an_edit_and_does_not_play(driver: Any) -> None:
    edit = driver.control("optimizer.learning_rate").edit
    driver.click(edit)
    edit.selectAll()
    driver.qtbot.keyClicks(edit, "1 2")
    assert edit.text() == "1 2"
    driver.key(Qt.Key.Key_Escape, on=edit)
    assert driver.settle().update == 0 and not driver.session.playing


def test_space_on_a_button_reached_by_tab_presses_only_that(driver: Any) -> None:
    button = driver.window.controls.step_update
    button.setFocus(Qt.FocusReason.TabFocusReason)
    driver.key(Qt.Key.Key_Space, on=button)
    driver.wait_drawn(lambda snapshot: snapshot.update == 1)
    assert driver.settle().update == 1 and not driver.session.playing


def test_a_clicked_button_leaves_space_to_play(driver: Any) -> None:
    driver.click(driver.window.controls.step_update)
    driver.wait_drawn(lambda snapshot: snapshot.update == 1)
    driver.key(Qt.Key.Key_Space)
    driver.wait_drawn(lambda snapshot: snapshot.update > 2)


# The panels


@dataclass(frozen=True)
class Case:
    """A control: what a person does to it, and the resulting setting."""

    key: str
    act: str
    given: str
    value: Any
    base: tuple[tuple[str, Any], ...] = ()


CASES = [
    Case("data.dataset", "choose", "Two circles", "circles"),
    Case("data.samples", "type", "120", 120),
    Case("data.noise", "type", "0.3", 0.3),
    Case("data.fraction", "type", "0.2", 0.2),
    Case("data.classes", "type", "4", 4, (("data.dataset", "blobs"),)),
    Case("data.test_fraction", "type", "0.5", 0.5),
    Case("data.label_noise", "type", "0.2", 0.2),
    Case("data.seed", "type", "12", 12),
    Case("data.standardize", "toggle", "", False),
    Case("data.standardize_target", "choose", "on", True, (("data.dataset", "sine"),)),
    Case("data.features", "tick", "x1^2", ("x1", "x2", "x1^2")),
    Case("network.activation", "choose", "ReLU", "relu"),
    # with squared error, which learns from any output: cross-entropy would stop at the first negative one
    Case("network.output", "choose", "tanh", "tanh", (("loss.objective", "mse"),)),
    Case("network.initializer", "choose", "He normal", "he_normal"),
    Case("network.initializer_scale", "type", "0.25", 0.25),
    Case("network.seed", "type", "99", 99),
    Case("run.replicas", "type", "3", 3),
    Case("network.target_coding", "choose", "\u22121", "plus_minus_one"),
    Case("loss.objective", "choose", "Mean squared error", "mse"),
    Case("loss.monitors", "tick", "Huber", ("huber",)),
    Case("loss.reduction", "choose", "sum", "sum"),
    Case("loss.numerics", "choose", "clamped", "clamped"),
    Case("loss.delta", "type", "0.125", 0.125, (("loss.objective", "huber"),)),
    Case("loss.quantile", "type", "0.25", 0.25, (("loss.objective", "quantile"),)),
    Case("loss.gamma", "type", "1.5", 1.5, (("loss.objective", "focal"),)),
    Case("loss.positive_weight", "type", "3", 3.0),
    Case("loss.label_smoothing", "type", "0.1", 0.1),
    Case("optimizer.name", "choose", "Adam", "adam"),
    Case("optimizer.learning_rate", "type", "0.0375", 0.0375),
    Case("optimizer.momentum", "type", "0.5", 0.5, (("optimizer.name", "momentum"),)),
    Case("optimizer.beta1", "type", "0.5", 0.5, (("optimizer.name", "adam"),)),
    Case("optimizer.beta2", "type", "0.99", 0.99, (("optimizer.name", "adam"),)),
    Case("optimizer.epsilon", "type", "1e-6", 1e-6, (("optimizer.name", "adam"),)),
    Case("optimizer.rho", "type", "0.9", 0.9, (("optimizer.name", "rmsprop"),)),
    Case("optimizer.weight_decay", "type", "0.1", 0.1, (("optimizer.name", "adamw"),)),
    Case("optimizer.batch_size", "type", "16", 16),
    Case("optimizer.l1", "type", "0.001", 0.001),
    Case("optimizer.l2", "type", "0.002", 0.002),
    Case("optimizer.shuffle", "toggle", "", False, (("optimizer.batch_size", 16),)),
    Case("optimizer.seed", "type", "8", 8, (("optimizer.batch_size", 16),)),
]
# These have separate tests below.
ELSEWHERE = {"network.initial", "network.hidden", "data.task", "data.target"}


def test_no_control_is_left_out(driver: Any) -> None:
    keys = {key for panel in driver.window.panels for key in panel.controls}
    assert keys == {case.key for case in CASES} | ELSEWHERE


def act_on(driver: Any, case: Case) -> None:
    control = driver.control(case.key)
    if case.act == "type":
        driver.type(control.edit, case.given)
    elif case.act == "choose":
        driver.choose(control, case.given)
    elif case.act == "tick":
        driver.tick(control, case.given)
    else:
        control.setFocus(Qt.FocusReason.TabFocusReason)
        driver.key(Qt.Key.Key_Space, on=control)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)
def test_a_control_takes_effect_while_training_and_can_be_undone(open_window: OpenWindow, case: Case) -> None:
    driver = open_window(Experiment().with_values(dict(case.base)))
    before = driver.field(case.key)
    assert before != case.value
    driver.play(updates=2)
    reached = driver.last.update
    act_on(driver, case)
    driver.wait(lambda: driver.field(case.key) == case.value)
    after = driver.last
    if SETTINGS[case.key].live:
        assert after.run == 0
        assert after.update >= reached
        edit = after.experiment.edits[-1]
        assert edit.changes[case.key] == case.value and edit.update >= reached
        assert len(after.marks) == len(after.experiment.edits) == 1
    else:
        assert after.run == 1
        assert after.experiment.edits == ()
    assert driver.session.playing
    driver.wait_drawn(lambda snapshot: snapshot.update > reached)

    driver.undo()
    if case.key == "data.features":  # left out, they are those of the data; an edit names them
        before = driver.last.data.feature_names[:2]
    driver.wait(lambda: driver.field(case.key) == before)
    assert driver.last.run == 0
    assert driver.last.update >= reached
    assert driver.session.experiment.get(case.key) == before

    driver.redo()
    driver.wait(lambda: driver.field(case.key) == case.value)
    assert driver.last.run == after.run
    assert driver.session.experiment.get(case.key) == case.value
    assert not [sentence for sentence, error in driver.messages if error]


def test_dragging_the_learning_rate_is_one_undo_step(driver: Any) -> None:
    driver.play()
    slider = driver.control("optimizer.learning_rate").slider
    driver.drag(slider, 0.67, 0.6, 0.5, 0.4)
    value = driver.control("optimizer.learning_rate").value()
    assert value < 0.1
    driver.wait(lambda: driver.field("optimizer.learning_rate") == value)
    assert driver.session.undo_stack.count() == 1
    driver.undo()
    driver.wait(lambda: driver.field("optimizer.learning_rate") == 0.5)
    assert driver.last.run == 0


def test_another_drag_is_another_undo_step(driver: Any) -> None:
    slider = driver.control("optimizer.learning_rate").slider
    driver.drag(slider, 0.67, 0.5)
    driver.drag(slider, 0.5, 0.4)
    driver.settle()
    assert driver.session.undo_stack.count() == 2


def test_dragging_the_noise_is_one_undo_step_and_the_last_value_counts(driver: Any) -> None:
    slider = driver.control("data.noise").slider
    driver.drag(slider, 0.16, *(0.2 + 0.02 * k for k in range(30)))
    driver.wait(lambda: not driver.session.is_pending)
    value = driver.control("data.noise").value()
    assert driver.field("data.noise") == value == driver.session.experiment.data.noise
    assert driver.session.undo_stack.count() == 1
    assert driver.last.run < 30  # values in between were skipped
    driver.undo()
    driver.wait_drawn(lambda snapshot: snapshot.run == 0)


def test_editing_layers_keeps_the_weights_of_remaining_units(driver: Any) -> None:
    layers = driver.control("network.hidden")
    driver.click(driver.window.controls.step_update)
    driver.wait_drawn(lambda snapshot: snapshot.update == 1)
    old = driver.weights()

    driver.key(Qt.Key.Key_Up, on=layers.cells[0].spin)  # 6 to 7 units
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes == (2, 7, 4, 1))
    grown = driver.weights()
    assert np.array_equal(grown["W1"][:6], old["W1"]) and np.array_equal(grown["W2"][:, :6], old["W2"])
    assert np.array_equal(grown["b1"][:6], old["b1"]) and np.array_equal(grown["W3"], old["W3"])
    assert driver.window.panels[1].subtitle.text() == "2 - 7 - 4 - 1"

    driver.click(layers.plus)
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes == (2, 7, 4, 4, 1))
    assert np.array_equal(driver.weights()["W2"], grown["W2"])

    driver.click(layers.cells[1].cross)
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes == (2, 7, 4, 1))
    assert np.array_equal(driver.weights()["W1"], grown["W1"])

    spin = layers.cells[0].spin
    driver.click(spin)
    spin.selectAll()
    driver.qtbot.keyClicks(spin, "3")
    driver.key(Qt.Key.Key_Return, on=spin)
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes == (2, 3, 4, 1))
    assert np.array_equal(driver.weights()["W1"], grown["W1"][:3])
    assert driver.last.update == 1 and driver.last.run == 0

    for sizes in ((2, 7, 4, 1), (2, 7, 4, 4, 1), (2, 7, 4, 1), (2, 6, 4, 1)):
        driver.undo()
        driver.wait_drawn(lambda snapshot, sizes=sizes: snapshot.lanes[0].sizes == sizes)
    driver.redo()
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes == (2, 7, 4, 1))


def test_all_layers_can_be_removed_while_training(driver: Any) -> None:
    driver.play()
    for sizes in ((2, 4, 1), (2, 1)):
        driver.click(driver.control("network.hidden").cells[0].cross)
        driver.wait_drawn(lambda snapshot, sizes=sizes: snapshot.lanes[0].sizes == sizes)
    reached = driver.last.update
    driver.wait_drawn(lambda snapshot: snapshot.update > reached)


def test_a_change_before_the_first_update_is_not_an_edit(driver: Any) -> None:
    driver.type(driver.control("optimizer.learning_rate").edit, "0.125")
    driver.wait(lambda: driver.field("optimizer.learning_rate") == 0.125)
    assert driver.last.experiment.edits == () and driver.last.marks == ()
    assert driver.last.experiment.optimizer.learning_rate == 0.125
    assert driver.last.run == 0


def test_choosing_the_current_value_changes_nothing(driver: Any) -> None:
    driver.click(driver.window.controls.step_update)
    driver.choose(driver.control("data.dataset"), "Two moons")
    driver.choose(driver.control("network.activation"), "tanh")
    last = driver.settle()
    assert (last.run, last.update, driver.session.undo_stack.count()) == (0, 1, 0)


def test_a_refused_value_is_explained_and_reverted(driver: Any) -> None:
    edit = driver.control("optimizer.learning_rate").edit
    driver.type(edit, "-1")
    assert edit.text() == "0.5"
    assert driver.window.notice.isVisible()
    assert "-1" in driver.window.notice.sentence.text()
    driver.click(driver.window.notice.close_button)
    assert not driver.window.notice.isVisible()


# Files


def table(folder: Path, rows: int = 40) -> Path:
    path = folder / "own.csv"
    lines = [f"{k / 10},{(k * 7) % 11},{k % 5},{int(k % 3 > 0)}" for k in range(rows)]
    path.write_text("\n".join(["a,b,c,label", *lines]), encoding="utf-8")
    return path


def choose_file(monkeypatch: pytest.MonkeyPatch, path: Path, method: str = "getOpenFileName") -> None:
    monkeypatch.setattr(QFileDialog, method, lambda *_: (str(path), ""))


def test_open_csv_then_its_target_task_and_slice(driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.play(updates=2)
    driver.pause()
    reached = driver.last.update
    choose_file(monkeypatch, table(tmp_path))
    driver.click(driver.window.data_panel.open_button)
    driver.wait_drawn(lambda snapshot: snapshot.data.name.startswith("own"))
    assert driver.last.data.class_names == ("0", "1")
    assert driver.last.data.inputs == ("a", "b", "c")
    driver.wait_drawn(lambda snapshot: bool(snapshot.surfaces))

    boundary = driver.window.boundary
    driver.choose(boundary.upward, "c")
    driver.wait_drawn(lambda snapshot: bool(snapshot.surfaces) and snapshot.surfaces[0].request.axes == (0, 2))
    driver.choose(boundary.across, "b")
    driver.wait_drawn(lambda snapshot: snapshot.surfaces[0].request.axes == (1, 2))

    targets = driver.control("data.target")
    assert [targets.itemText(row) for row in range(targets.count())] == ["a", "b", "c", "label"]
    driver.choose(targets, "c")
    driver.wait_drawn(lambda snapshot: snapshot.data.target_names == ("c",))
    assert driver.last.data.task == "multiclass"
    driver.choose(driver.control("data.task"), "regression")
    driver.wait_drawn(lambda snapshot: snapshot.data.task == "regression")
    assert driver.window.controls.score.caption.text() == "Test R²"
    for task in ("multiclass", "binary"):
        driver.undo()
        driver.wait_drawn(lambda snapshot, task=task: snapshot.data.task == task)
    driver.undo()
    driver.wait_drawn(lambda snapshot: snapshot.run == 0)
    assert driver.last.update == reached
    assert not [sentence for sentence, error in driver.messages if error]


def test_a_bad_csv_keeps_run_and_settings(driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b\n1,2\n3\n", encoding="utf-8")
    before = driver.session.experiment
    driver.play(updates=2)
    choose_file(monkeypatch, bad)
    driver.click(driver.window.data_panel.open_button)
    driver.wait(lambda: any(error for _, error in driver.messages))
    assert driver.window.notice.isVisible() and "bad.csv" in driver.window.notice.sentence.text()
    assert driver.session.experiment == before
    assert driver.control("data.dataset").value() == "moons"
    reached = driver.last.update
    driver.wait_drawn(lambda snapshot: snapshot.run == 0 and snapshot.update > reached)
    assert driver.session.undo_stack.count() == 0


def test_two_lanes_from_a_file_are_changed_separately(
    driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lanes.toml"
    path.write_text('[[lanes]]\nname = "left"\n[[lanes]]\nname = "right"\nloss.objective = "mse"\n', encoding="utf-8")
    driver.play(updates=1)
    choose_file(monkeypatch, path)
    driver.key(Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    driver.wait_drawn(lambda snapshot: [lane.name for lane in snapshot.lanes] == ["left", "right"])
    lanes = driver.window.lane_panel.choice
    driver.wait(lanes.isVisible)
    driver.wait_drawn(lambda snapshot: {surface.request.lane for surface in snapshot.surfaces} == {"left", "right"})
    driver.choose(lanes, "right")
    assert driver.control("loss.objective").value() == "mse"
    driver.type(driver.control("optimizer.learning_rate").edit, "0.05")
    driver.wait(lambda: driver.field("optimizer.learning_rate", "right") == 0.05)
    assert driver.field("optimizer.learning_rate", "left") == 0.5
    assert driver.last.experiment.edits[-1].lane == "right"
    driver.undo()
    driver.wait(lambda: driver.field("optimizer.learning_rate", "right") == 0.5)
    driver.undo()
    driver.wait_drawn(lambda snapshot: len(snapshot.lanes) == 1)
    assert not lanes.isVisible()


def test_save_and_open_again(driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.click(driver.window.controls.step_epoch)
    driver.wait_drawn(lambda snapshot: snapshot.update == 1)
    driver.type(driver.control("optimizer.learning_rate").edit, "0.25")
    driver.wait(lambda: driver.field("optimizer.learning_rate") == 0.25)
    path = tmp_path / "kept.toml"
    choose_file(monkeypatch, path, "getSaveFileName")
    driver.click(driver.window.controls.save)
    assert Experiment.load(path) == driver.last.experiment
    choose_file(monkeypatch, path)
    driver.click(driver.window.controls.open)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    assert driver.session.experiment.optimizer.learning_rate == 0.5  # at its start; the edit is still to come
    driver.click(driver.window.controls.step_update)
    driver.click(driver.window.controls.step_update)
    driver.wait_drawn(lambda snapshot: snapshot.update == 2)
    assert driver.session.experiment.optimizer.learning_rate == 0.25  # and the controls follow it
    assert driver.control("optimizer.learning_rate").value() == 0.25


def test_an_invalid_file_is_refused(driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text("learning_rate = 1\n", encoding="utf-8")
    choose_file(monkeypatch, path)
    driver.click(driver.window.controls.open)
    assert driver.messages[-1][1] and "wrong.toml" in driver.messages[-1][0]
    assert driver.settle().run == 0


# The views


def test_log_buttons_and_legend(driver: Any) -> None:
    driver.play(updates=30)
    driver.pause()
    cost = driver.window.cost
    driver.click(cost.log_x)
    driver.settle()
    assert cost.request().log_x
    logarithmic = cost.plot.getViewBox().viewRange()[1]
    driver.click(cost.log_y)
    driver.settle()
    assert cost.plot.getViewBox().viewRange()[1] != logarithmic
    chip = cost.legend.chips["A", "train_binary_cross_entropy"]
    lines = len(cost.lines.lines)
    driver.click(chip)
    assert not chip.isChecked()
    assert len(cost.lines.lines) == lines - 1


# Lanes that stop


def test_a_lane_that_stops_says_why_and_reset_restarts_it(driver: Any) -> None:
    driver.choose(driver.control("loss.objective"), "Mean squared error")
    driver.choose(driver.control("network.output"), "Linear")
    driver.choose(driver.control("network.activation"), "ReLU")
    driver.type(driver.control("optimizer.learning_rate").edit, "1e6")
    driver.click(driver.window.controls.play)
    driver.wait_drawn(lambda snapshot: bool(snapshot.lanes[0].stopped))
    driver.wait(lambda: not driver.session.playing)
    notice = driver.window.notice
    assert notice.isVisible()
    assert driver.last.lanes[0].stopped in notice.sentence.text()
    assert all(np.isfinite(array).all() for array in driver.weights().values())
    driver.type(driver.control("optimizer.learning_rate").edit, "0.01")
    driver.click(notice.button)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    assert not notice.isVisible() and not driver.last.lanes[0].stopped
    driver.play(updates=3)


def test_log_of_zero_is_named_as_the_cause(open_window: OpenWindow, tmp_path: Path) -> None:
    np.savez(tmp_path / "start.npz", W1=[[800.0]], b1=[0.0])
    experiment = Experiment.loads(
        '[data]\ndataset = "one_point"\n[network]\nhidden = []\nweights = "start.npz"\n'
        '[loss]\nobjective = "binary_cross_entropy"\nnumerics = "naive"\n',
        folder=tmp_path,
    )
    driver = open_window(experiment)
    driver.click(driver.window.controls.play)
    driver.wait_drawn(lambda snapshot: bool(snapshot.lanes[0].stopped))
    assert "log of 0" in driver.window.notice.sentence.text()


def test_a_saved_run_with_edits_replays_identically_without_a_window(
    driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.play(updates=5)
    driver.type(driver.control("optimizer.learning_rate").edit, "0.3")
    driver.wait(lambda: len(driver.last.marks) == 1)
    driver.tick(driver.control("loss.monitors"), "Mean squared error")
    driver.wait(lambda: len(driver.last.marks) == 2)
    driver.pause()
    driver.click(driver.control("network.hidden").plus)
    driver.click(driver.window.controls.step_update)
    driver.click(driver.window.controls.step_epoch)
    driver.key(Qt.Key.Key_Home, on=driver.window.controls.speed.slider)
    driver.key(Qt.Key.Key_PageUp, on=driver.window.controls.speed.slider)
    driver.play(updates=2)
    driver.choose(driver.control("optimizer.name"), "Adam")
    driver.wait(lambda: driver.field("optimizer.name") == "adam")
    driver.key(Qt.Key.Key_End, on=driver.window.controls.speed.slider)
    driver.wait_drawn(lambda snapshot: snapshot.update > 200)
    last = driver.pause()
    path = tmp_path / "run.toml"
    choose_file(monkeypatch, path, "getSaveFileName")
    driver.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    replay = Trainer(Experiment.load(path))
    while replay.update < last.update:
        replay.step()
    assert same_bits(replay.parameters(), driver.weights())
    ours, theirs = driver.trainer().history(), replay.history()
    for column in ("train_cost", "test_cost", "train_accuracy", "train_mse"):
        one, other = ours.curve(column, 10_000), theirs.curve(column, 10_000)
        assert all(np.array_equal(x, y, equal_nan=True) for x, y in zip(one, other, strict=True)), column
