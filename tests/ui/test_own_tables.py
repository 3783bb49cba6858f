"""A table of one's own: what its classes are called, what an accuracy has to beat, and lanes that were there before."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog

from sandbox.data import load_data
from sandbox.experiment import Experiment
from sandbox.experiment.document import texts
from sandbox.experiment.document.lanes import shared_differences, without_own
from sandbox.experiment.document.parts import LaneEntry


@pytest.fixture
def machines(tmp_path: Path) -> Path:
    """Forty machines, eight of them faulty."""
    rng = np.random.default_rng(1)
    rows = [f"{x:.3f},{y:.3f},{'faulty' if k % 5 == 0 else 'ok'}" for k, (x, y) in enumerate(rng.normal(size=(40, 2)))]
    path = tmp_path / "machines.csv"
    path.write_text("\n".join(["heat,noise,state", *rows]), encoding="utf-8")
    return path


def test_an_accuracy_says_what_it_has_to_beat(open_window: Callable[..., Any], machines: Path) -> None:
    driver = open_window(Experiment().with_values({"data.file": str(machines), "data.dataset": None}))
    y = driver.last.data.y_test.ravel()
    assert 0 < (y == 1).sum() < len(y)
    share = f"{100 * max((y == 1).mean(), (y == 0).mean()):.1f}"
    text = driver.window.controls.score.toolTip()
    assert f"always \u201cok\u201d: {share}" in text and text.startswith("Accuracy over the test samples; ")
    assert f"always \u201cok\u201d: {share}" in driver.window.controls.score.caption.text()  # beside the number, too
    assert not texts.is_lopsided(load_data(dataset="moons"), "test")
    assert texts.baseline(load_data(dataset="sine"), "test") == ""


def test_the_weight_of_the_positive_class_bears_its_name(open_window: Callable[..., Any], machines: Path) -> None:
    driver = open_window(Experiment().with_values({"data.file": str(machines), "data.dataset": None}))
    row = driver.window.loss_panel.rows["loss.positive_weight"]
    assert row.label.text() == "Weight of ok"
    assert row.label.toolTip() == "How much more a sample of \u201cok\u201d counts than one of \u201cfaulty\u201d."
    driver.session.change("data.dataset", "moons", True)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    assert row.label.text() == "Positive weight"


def test_lanes_of_another_task_do_not_stay_for_a_table(open_window: Callable[..., Any], tmp_path: Path) -> None:
    """Lanes that differed in the loss alone are one lane now; one that differs in its rate stays."""
    path = tmp_path / "prices.csv"
    path.write_text("area,price\n" + "\n".join(f"{x},{1000 * x + x % 7}" for x in range(40)), encoding="utf-8")
    lanes = (
        LaneEntry("A"),
        LaneEntry("B", {"loss.objective": "focal"}),
        LaneEntry("C", {"optimizer.learning_rate": 0.01, "loss.objective": "binary_cross_entropy"}),
    )
    driver = open_window(dataclasses.replace(Experiment(), lanes=lanes).checked())
    driver.session.open_table(path)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    assert [(lane.name, lane.objective) for lane in driver.last.lanes] == [("A", "mse"), ("C", "mse")]
    driver.undo()
    driver.wait_drawn(lambda snapshot: snapshot.run == 0)
    assert len(driver.last.lanes) == 3  # nothing is lost


def test_equal_lanes_are_left_out_and_edits_of_the_others_stay() -> None:
    lanes = (LaneEntry("A"), LaneEntry("B", {"loss.objective": "mse"}), LaneEntry("C", {"optimizer.l2": 0.1}))
    experiment = dataclasses.replace(Experiment(), lanes=lanes).checked()
    kept = without_own(experiment, ["loss.objective"])
    assert [lane.name for lane in kept.lanes] == ["A", "C"] and kept.lanes[1].changes["optimizer.l2"] == 0.1


def test_a_choice_that_is_written_out_is_no_difference_of_the_data() -> None:
    experiment = Experiment()
    assert shared_differences(experiment, experiment.with_value("data.standardize_target", False)) == ()
    assert shared_differences(experiment, experiment.with_value("data.noise", 0.3)) == ("data.noise",)


def test_the_window_is_saved_as_a_picture(driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(_: Any, __: str, where: str, ___: str) -> tuple[str, str]:
        asked.append(where)
        return str(tmp_path / "lesson.png"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    driver.window.actions_["picture"].trigger()
    picture = QImage(str(tmp_path / "lesson.png"))
    assert picture.width() >= driver.window.page.width() and "lesson.png" in driver.window.notice.sentence.text()
    driver.window.actions_["picture"].trigger()
    assert Path(asked[1]).parent == tmp_path  # where the last one was saved
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "none" / "x.png"), ""))
    driver.window.actions_["picture"].trigger()
    assert "could not be written" in driver.window.notice.sentence.text()


def test_the_number_shown_can_be_given_to_all_lanes(open_window: Callable[..., Any]) -> None:
    """Typed again, with "All lanes" ticked: lanes that have another number get it."""
    lanes = (LaneEntry("A", {"optimizer.learning_rate": 0.2}), LaneEntry("B"))
    driver = open_window(dataclasses.replace(Experiment(), lanes=lanes).checked())
    driver.session.change("data.samples", 60, True)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    driver.window.desk.view("B")
    driver.click(driver.window.lane_panel.all)
    driver.type(driver.control("optimizer.learning_rate").edit, "0.5")
    driver.wait(lambda: driver.field("optimizer.learning_rate", "A") == 0.5)


def test_the_cost_keeps_its_room_beside_any_lens(driver: Any) -> None:
    """Also after a lens was in a window of its own while presenting."""
    lenses, cost = driver.window.lenses, driver.window.cost_card
    driver.window.resize(1600, 900)
    driver.wait(lambda: lenses.height() > 300)
    before = cost.height()
    for lens in lenses.lenses:
        lenses.show_lens(lens)
        lenses.take_out(lens)
        lenses.close_windows()
        driver.settle()
        assert abs(cost.height() - before) <= 2, lens.title


def test_presenting_closes_the_settings_and_leaving_opens_them_again(driver: Any) -> None:
    page, present = driver.window.page, driver.window.actions_["present"]
    driver.window.resize(1400, 900)
    driver.wait(lambda: page.settings.isVisible())
    present.trigger()
    driver.wait(lambda: not page.settings.isVisible())
    driver.window.actions_["settings"].trigger()  # if they are needed after all
    driver.wait(lambda: page.settings.isVisible())
    present.trigger()
    driver.wait(lambda: not driver.window.isFullScreen() and page.settings.isVisible())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="only Unix has pipes among its files")
@pytest.mark.parametrize("how", ["open", "table", "weights"])
def test_a_pipe_is_refused_and_the_window_goes_on(driver: Any, tmp_path: Path, how: str) -> None:
    """Nobody will ever write into it: to open it would take for ever."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    said: list[str] = []
    driver.session.message.connect(lambda sentence, error: said.append(sentence) if error else None)
    if how == "open":
        driver.session.open_experiment(pipe)
    elif how == "table":
        driver.session.open_table(pipe)
    else:
        driver.session.change("network.weights", str(pipe), True)
    driver.wait(lambda: bool(said))
    assert said[0].startswith(f"{pipe}: this is not an ordinary file, but must be ")
    assert driver.play().update > 0
