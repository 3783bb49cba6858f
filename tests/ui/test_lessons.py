"""Lessons in the real window: followed, left, come back to, pointed at and answered by mouse and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, QSettings, Qt, QUrl
from PySide6.QtGui import QAccessible, QColor, QDesktopServices, QHelpEvent, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QFrame, QToolTip, QVBoxLayout, QWidget

from sandbox import words
from sandbox.cli import main
from sandbox.experiment import Experiment
from sandbox.experiment.document.settings import SETTINGS
from sandbox.glossary import TERMS
from sandbox.lessons import Verdict, follow, lesson_folders, read_claim, read_lesson
from sandbox.lessons.lesson import LENSES, PARTS, PLACES
from sandbox.ui import app, theme
from sandbox.ui.lane_styles import lane_styles
from sandbox.ui.lessons import desk
from sandbox.ui.lessons.guide import ASKING, DONE, MOVING, TRAINING, WAITING
from sandbox.ui.lessons.page import RIGHT, verdict_text
from sandbox.ui.lessons.progress import Progress, has_begun, read_progress
from sandbox.ui.lessons.prose import Prose, split_formulas
from tests.ui.conftest import Driver
from tests.ui.test_accessibility import INTERACTIVE
from tests.ui.test_accessibility import _said as said
from tests.ui.test_accessibility import _tree as tree
from tests.ui.test_layout import problems

FIRST = lesson_folders()["01-the-printed-cost"]
HEAD = '+++\ntitle = "My own"\nsummary = "What I found."\nsources = ["A. Author: A book. 1999."]\n+++\n'
SMALL = '[data]\nsamples = 40\n[[lanes]]\nname = "A"\n[[lanes]]\nname = "B"\nloss.objective = "mse"\n'


@pytest.fixture(autouse=True)
def no_progress(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Begin every test as someone who has never begun a lesson, and presses as fast as a test does."""
    monkeypatch.setattr(desk, "TWICE", 0.0)
    for group in ("lessons", "workshop"):
        QSettings().remove(group)
    yield
    for group in ("lessons", "workshop"):
        QSettings().remove(group)


def own(tmp_path: Path, text: str, experiment: str = SMALL, name: str = "own") -> Path:
    folder = tmp_path / name
    folder.mkdir(exist_ok=True)
    (folder / "lesson.md").write_text(HEAD + text, encoding="utf-8")
    (folder / "experiment.toml").write_text(experiment, encoding="utf-8")
    return folder


def step(block: str, text: str = "Text.", title: str = "One") -> str:
    return f"## {title}\n```step\n{block}\n```\n{text}\n"


def phase(driver: Driver, *phases: str) -> None:
    """Wait until the step is in one of these phases, and its answers are shown."""
    guide = driver.window.lessons.guide
    driver.wait(lambda: guide.phase in phases)
    driver.settle()
    driver.wait(lambda: driver.window.lessons.is_up_to_date)


def begin(driver: Driver, folder: Path, *phases: str) -> None:
    driver.window.lessons.open_lesson(folder)
    phase(driver, *(phases or (DONE,)))


def next_step(driver: Driver, *phases: str) -> None:
    driver.click(driver.window.lessons.panel.next)
    phase(driver, *phases)


def walk_to(driver: Driver, index: int) -> None:
    """Go on, without predicting anything, until a step is reached."""
    guide = driver.window.lessons.guide
    while guide.index < index:
        driver.window.lessons.go_on()
        phase(driver, DONE, ASKING, WAITING)


def seen(text: str) -> str:
    """Return a text with its unbreakable spaces as the spaces that they stand for."""
    return text.replace("\u202f", "\u2009")


def text_of(driver: Driver) -> str:
    return seen(driver.window.lessons.panel.page.prose.toPlainText())


# Following


def test_the_first_lesson_is_followed_to_its_end(driver: Driver) -> None:
    window, desk = driver.window, driver.window.lessons
    panel, page, guide = desk.panel, desk.panel.page, desk.guide
    outcomes = list(follow(read_lesson(FIRST), 1))
    driver.key(Qt.Key.Key_F3)
    titles = [read_lesson(folder).title for folder in lesson_folders().values()]
    assert [button.words.text() for button in panel.list.buttons] == titles
    driver.click(panel.list.buttons[0])
    phase(driver, DONE)
    assert not window.cost.invitation.isVisible() and not window.cost.next_step.isVisible()
    assert panel.place.text() == f"Step 1 of {len(outcomes)}"
    for number, outcome in enumerate(outcomes):
        step = outcome.step
        assert page.title.text() == step.title and guide.index == number
        if guide.phase == ASKING:
            assert not page.prose.isVisible() and not page.claims_title.isVisible()  # nothing is told beforehand
            right = [verdict.holds for _, verdict in outcome.choices].index(True)
            wrong = (right + 1) % len(outcome.choices)
            driver.click(page.prediction.choices[wrong if number == 1 else right])
            phase(driver, DONE)
            assert page.prediction.choices[right].sign.text() == RIGHT
            assert [b.sign.text() for b in page.prediction.choices].count(RIGHT) == 1
            assert page.prediction.choices[right].hint.text().endswith("what happened")
            assert page.prediction.outcome.text() == ("Not as you predicted." if number == 1 else "As you predicted.")
        if guide.phase == WAITING:
            assert page.turn.sentence.text() == "Your turn: change \u201cAlso show\u201d."
            driver.tick(driver.control("loss.monitors"), "Mean absolute error")
            phase(driver, DONE)
            assert not page.turn.isVisible() and guide.is_on_path
        if step.train:
            assert driver.last.epoch == step.train
        for _, figure in outcome.figures:
            assert figure in text_of(driver)
        assert len(page.claims) == len(outcome.claims)
        for row, (claim, verdict) in zip(page.claims, outcome.claims, strict=True):
            assert row.isVisible() and seen(row.sentence.text()) == claim.sentence
            assert (row.sign.text() == RIGHT) == verdict.holds
            told = f"{row.sentence.text()} {row.figures.text()}"  # "never" is in the sentence
            assert claim.left.text(verdict.value) in seen(told)
        driver.click(panel.next)
        if number + 1 < len(outcomes):
            driver.wait(lambda number=number: guide.index == number + 1)
            phase(driver, DONE, ASKING, WAITING)
    assert panel.shows_list and guide.lesson is None and not desk.pointer.isVisible()
    assert panel.list.buttons[0].sign.text() == RIGHT and read_progress(FIRST).done
    assert window.session.undo_stack.canUndo()


def test_what_lesson_1_prints_has_one_name_and_one_value(driver: Driver) -> None:
    """The text, the lane's title, the legend, the list over the curves and the code all speak of the same sum."""
    begin(driver, FIRST)
    walk_to(driver, 1)
    driver.window.lessons.go_on()
    phase(driver, DONE)
    window, experiment = driver.window, driver.session.experiment
    printed = words.cost(driver.last.lane("A").readings["train_mse"])
    assert f"A prints a squared error of {printed}" in text_of(driver)
    assert [style.words for style in lane_styles(experiment, "binary")] == [
        "shows squared error (sum)", "shows binary cross-entropy (sum)",
    ]  # fmt: skip
    assert "Squared error (sum)" in [row.label for row in window.cost.legend.rows if row.lane == "A"]
    only = window.cost.only
    assert "Squared error (sum)" in [only.itemText(index) for index in range(only.count())]
    assert "cost = ((a_2 - y) ** 2).sum()" in read_lesson(FIRST).steps[4].text


def test_both_lanes_of_lesson_1_show_the_measure_that_is_compared(driver: Driver) -> None:
    begin(driver, FIRST)
    walk_to(driver, 3)
    driver.click(driver.window.lessons.panel.page.prediction.choices[0])
    phase(driver, DONE)
    legend = driver.window.cost.legend
    for lane in ("A", "B"):
        value = words.cost(driver.last.lane(lane).readings["train_half_mse"])
        assert value in text_of(driver)
        assert ("Half squared error (sum)", lane) in [(row.label, row.lane) for row, *_ in legend.shown_curves()]


def test_measured_figures_stand_beside_those_of_the_run(driver: Driver) -> None:
    begin(driver, FIRST)
    walk_to(driver, 3)
    driver.click(driver.window.lessons.panel.page.prediction.choices[0])
    phase(driver, DONE)
    rows = driver.window.lessons.panel.page.claims
    texts = {seen(row.sentence.text()): seen(row.figures.text()) for row in rows}
    accuracy = texts["Training accuracy of B after 200 epochs: above 97 %".replace(" %", "\u2009%")]
    assert accuracy == "Here: 99.7\u2009%. From 16 starts (seeds): the same median, true in all."


def test_few_clicks_lead_from_the_first_start_to_the_finding(driver: Driver) -> None:
    """Every click and key that a person needs is made and counted here."""
    desk, notice, count = driver.window.lessons, driver.window.notice, 0

    def click(widget: QWidget, *phases: str) -> None:
        nonlocal count
        count += 1
        driver.click(widget)
        phase(driver, *phases)

    desk.offer()
    assert notice.sentence.text() == "New here? Lesson 1 takes five minutes: is the loss only for information?"
    click(notice.button, DONE)
    click(desk.panel.next, ASKING)
    click(desk.panel.page.prediction.choices[0], DONE)
    click(desk.panel.next, WAITING)
    monitors = driver.control("loss.monitors")
    driver.tick(monitors, "Mean absolute error")
    count += 3  # it opens the list, ticks and closes it
    phase(driver, DONE)
    click(desk.panel.next, ASKING)
    click(desk.panel.page.prediction.choices[2], DONE)
    assert "The first update after which their weights differ: update 1." in text_of(driver)
    assert count < 10


def test_what_a_step_lets_one_change_may_be_changed_again(driver: Driver) -> None:
    """The last step of lesson 3: a rate, Play, Reset, another rate; the run stays that of the step."""
    begin(driver, lesson_folders()["03-confidently-wrong"], DONE)
    walk_to(driver, 6)
    guide, away = driver.window.lessons.guide, driver.window.lessons.panel.page.away
    assert guide.phase == WAITING and driver.last.epoch == 0
    for rate in (20.0, 60.0):
        driver.session.change("optimizer.learning_rate", rate, True, "squared error")
        phase(driver, DONE)
        assert guide.is_on_path and not away.isVisible()
        driver.play(updates=3)
        driver.pause()
        assert guide.is_on_path and not away.isVisible()
        driver.click(driver.window.controls.reset)
        driver.wait(lambda: driver.last.epoch == 0)
        driver.settle()
        assert guide.is_on_path and not away.isVisible()
    driver.session.change("optimizer.learning_rate", 1.0, True, "cross-entropy")
    driver.settle()
    assert guide.is_on_path, "the setting is the same one in any lane"
    driver.session.change("loss.reduction", "sum", True, None)
    driver.wait(lambda: not guide.is_on_path)
    driver.settle()
    assert away.isVisible()


def test_the_offer_is_made_once_and_is_never_in_the_way(driver: Driver) -> None:
    desk, notice = driver.window.lessons, driver.window.notice
    desk.offer()
    assert notice.isVisible() and driver.window.controls.geometry().top() >= notice.geometry().bottom()
    driver.click(notice.close_button)
    assert not notice.isVisible()
    desk.offer()
    driver.click(notice.button)
    phase(driver, DONE)
    assert not notice.isVisible()
    desk.offer()
    assert not notice.isVisible()  # a lesson has been begun


def test_figures_are_dashes_until_the_run_is_that_far(driver: Driver, tmp_path: Path) -> None:
    folder = own(
        tmp_path,
        step("", "Cost {{A train_cost after 5}}, apart {{A and B differ since}}, stop {{A stops after}}.")
        + step(
            "train = 5", "Cost {{A train_cost after 5}}, apart {{A and B differ since}}, stop {{A stops after}}.", "Two"
        ),
    )
    begin(driver, folder)
    assert text_of(driver) == "Cost \u2013, apart never, stop never."
    next_step(driver, DONE)
    value = driver.last.lanes[0].readings["train_cost"]
    assert text_of(driver) == f"Cost {value:.4f}, apart update 1, stop never."


# Leaving and coming back


def test_a_lesson_is_left_and_come_back_to(driver: Driver) -> None:
    desk, page = driver.window.lessons, driver.window.lessons.panel.page
    before = driver.last
    begin(driver, FIRST)
    next_step(driver, ASKING)
    driver.click(page.prediction.choices[1])
    phase(driver, DONE)
    weights = driver.weights("A")
    driver.session.change("optimizer.learning_rate", 1.0, True)
    driver.play(updates=3)
    driver.pause()
    assert not desk.guide.is_on_path and page.away.isVisible()
    assert not any(row.isVisible() for row in page.claims)  # they are about another run
    driver.click(page.away.button)
    driver.wait(lambda: desk.guide.is_on_path and desk.guide.phase == DONE)
    phase(driver, DONE)
    assert driver.last.epoch == 200 and page.claims[0].sign.text() == RIGHT and not page.away.isVisible()
    assert all(np.array_equal(weights[name], value) for name, value in driver.weights("A").items())
    while driver.session.undo_stack.canUndo():
        driver.undo()
        driver.settle()
    assert driver.last.experiment == before.experiment  # what was in the window is kept


def test_undoing_what_was_tried_is_coming_back_too(driver: Driver) -> None:
    desk = driver.window.lessons
    begin(driver, FIRST)
    driver.session.change("data.noise", 0.3, True)
    driver.settle()
    assert not desk.guide.is_on_path
    driver.undo()
    driver.wait(lambda: desk.guide.is_on_path)
    driver.wait(lambda: not desk.panel.page.away.isVisible())


def test_losses_that_are_only_shown_do_not_leave_the_path(driver: Driver) -> None:
    begin(driver, FIRST)
    driver.session.change("loss.monitors", ("mae",), True, "A")
    driver.settle()
    assert driver.window.lessons.guide.is_on_path


def test_the_panel_folds_and_comes_back_to_the_step(driver: Driver) -> None:
    desk = driver.window.lessons
    begin(driver, FIRST)
    next_step(driver, ASKING)
    assert desk.pointer.isVisible()
    driver.click(desk.panel.close_button)
    assert not desk.panel.isVisible() and not desk.pointer.isVisible()
    assert not driver.window.actions_["lessons"].isChecked()
    driver.key(Qt.Key.Key_F3)
    assert desk.panel.isVisible() and desk.guide.index == 1 and desk.pointer.isVisible()
    driver.click(desk.panel.to_list)
    assert desk.panel.shows_list and "You are at step 2 of 7." in desk.panel.list.buttons[0].hint.text()
    driver.click(desk.panel.list.buttons[0])
    assert not desk.panel.shows_list and desk.guide.index == 1 and desk.guide.phase == ASKING


def test_going_back_brings_the_run_of_that_step_back(driver: Driver) -> None:
    desk = driver.window.lessons
    begin(driver, FIRST)
    next_step(driver, ASKING)
    driver.click(desk.panel.page.prediction.choices[0])
    phase(driver, DONE)
    next_step(driver, WAITING)
    next_step(driver, ASKING)
    assert driver.last.experiment.title == "Swap the cost that is learned with"
    driver.click(desk.panel.back)
    phase(driver, WAITING)
    assert driver.last.experiment.title == "Swap the printed cost" and driver.last.epoch == 200
    driver.key(Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    phase(driver, DONE)
    assert desk.guide.index == 1 and desk.panel.page.prediction.choices[1].sign.text() == RIGHT
    driver.key(Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    phase(driver, WAITING)


def test_progress_survives_a_restart(open_window: Callable[..., Driver]) -> None:
    first = open_window()
    begin(first, FIRST)
    next_step(first, ASKING)
    first.click(first.window.lessons.panel.page.prediction.choices[0])
    phase(first, DONE)
    first.delete()
    second = open_window()
    desk = second.window.lessons
    desk.offer()
    assert not second.window.notice.isVisible()
    desk.open_panel(True)
    assert "You are at step 2 of 7." in desk.panel.list.buttons[0].hint.text()
    second.click(desk.panel.list.buttons[0])
    phase(second, DONE)
    assert desk.guide.index == 1 and second.last.epoch == 200
    assert desk.panel.page.prediction.choices[0].hint.text() == "your prediction"


@pytest.mark.parametrize(
    "kept", ["", "no json", "[]", '{"step": -3}', '{"step": 99}', '{"answers": {"1": 77}}', '{"answers": {"1": "x"}}']
)
def test_progress_that_makes_no_sense_counts_as_none(driver: Driver, kept: str) -> None:
    QSettings().setValue(f"lessons/{FIRST.name}", kept)
    begin(driver, FIRST, DONE, ASKING)
    assert driver.window.lessons.guide.index in (0, 6)
    next_or_none = driver.window.lessons.guide.answer
    assert next_or_none is None


def test_a_paused_training_goes_on(driver: Driver, tmp_path: Path) -> None:
    begin(driver, own(tmp_path, step("") + step("train = 60", title="Two")))
    guide, page = driver.window.lessons.guide, driver.window.lessons.panel.page
    driver.window.controls.set_speed(20.0)
    driver.click(driver.window.lessons.panel.next)
    driver.wait_drawn(lambda snapshot: snapshot.epoch > 2)
    driver.pause()
    driver.wait(lambda: guide.is_paused)
    assert guide.phase == TRAINING and page.train_on.isVisible()
    assert page.epochs.text() == f"Paused at epoch {driver.last.epoch} of 60"
    driver.window.controls.set_speed(float("inf"))
    driver.click(page.train_on)
    phase(driver, DONE)
    assert driver.last.epoch == 60 and not page.training.isVisible()


def test_a_long_training_is_sped_up_and_the_speed_given_back(driver: Driver, tmp_path: Path) -> None:
    begin(driver, own(tmp_path, step("") + step("train = 900", title="Two")))
    speed = driver.window.controls.speed
    driver.window.controls.set_speed(1.0)
    driver.click(driver.window.lessons.panel.next)
    driver.wait(lambda: driver.window.lessons.guide.phase == TRAINING)
    assert speed.value() == 200.0  # the slowest at which it takes at most 8 seconds
    driver.window.session.set_speed(float("inf"))
    phase(driver, DONE)
    assert speed.value() == 1.0


# What a step does


def test_a_step_sets_and_restarts_as_a_person_would(driver: Driver, tmp_path: Path) -> None:
    folder = own(
        tmp_path,
        step("train = 4")
        + step("lane = 'B'\ntrain = 6\n[set.optimizer]\nlearning_rate = 0.125", title="Two")
        + step("restart = true\ntrain = 3", title="Three")
        + step("[set.network]\nseed = 11", title="Four"),
    )
    begin(driver, folder)
    first = driver.last.run
    next_step(driver, DONE)
    assert driver.field("optimizer.learning_rate", "B") == 0.125 != driver.field("optimizer.learning_rate", "A")
    assert (driver.last.run, driver.last.epoch) == (first, 6)
    (edit,) = driver.last.experiment.edits
    assert edit.update == 4 and edit.lane == "B"
    for outcome, epoch in zip(list(follow(read_lesson(folder), 1))[2:], (3, 0), strict=True):
        next_step(driver, DONE)
        assert driver.last.run != first and driver.last.epoch == epoch and outcome.holds
    assert driver.field("network.seed") == 11 and driver.window.lessons.guide.is_on_path


def test_jumping_to_a_step_gives_the_same_bits_as_going_there(driver: Driver, tmp_path: Path) -> None:
    text = (
        step("train = 4")
        + step("lane = 'B'\ntrain = 6\n[set.optimizer]\nlearning_rate = 0.125", title="Two")
        + step("train = 9", title="Three")
    )
    folder = own(tmp_path, text)
    begin(driver, folder)
    next_step(driver, DONE)
    next_step(driver, DONE)
    there = driver.weights("B")
    driver.window.lessons.guide.come_back()
    phase(driver, DONE)
    assert driver.last.epoch == 9
    assert all(np.array_equal(there[name], value) for name, value in driver.weights("B").items())


@pytest.mark.parametrize(
    "place", ["play", "reset", "speed", "add_lane", "boundary", "cost", "signal", "network.hidden"]
)
def test_a_step_waits_for_what_it_names(driver: Driver, tmp_path: Path, place: str) -> None:
    begin(driver, own(tmp_path, step(f"wait = '{place}'\npoint = '{place}'")), WAITING)
    window, desk = driver.window, driver.window.lessons
    assert desk.panel.page.turn.isVisible() and desk.panel.next.property("role") != "primary"
    driver.settle()
    assert desk.guide.phase == WAITING
    acts: dict[str, Callable[[], object]] = {
        "play": lambda: driver.click(window.controls.play),
        "reset": lambda: driver.click(window.controls.reset),
        "speed": lambda: driver.key(Qt.Key.Key_Left, on=window.controls.speed.slider),
        "add_lane": lambda: driver.key(
            Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
        ),
        "boundary": lambda: driver.click(window.boundary.frames[0].view.plot.viewport()),
        "cost": lambda: driver.click(window.cost.plot.viewport()),
        "signal": lambda: driver.click(window.lenses.tabs.button(1)),
        "network.hidden": lambda: driver.session.change("network.hidden", (3,), True),
    }
    acts[place]()
    driver.wait(lambda: desk.guide.phase == DONE)
    assert not desk.panel.page.turn.isVisible() and desk.guide.is_on_path
    if place == "play":
        driver.pause()


def test_the_tab_that_a_step_waits_for_is_among_those_to_be_seen(driver: Driver, tmp_path: Path) -> None:
    window = driver.window
    window.resize(1024, 700)
    driver.settle()
    begin(driver, own(tmp_path, step("wait = 'findings'\npoint = 'findings'")), WAITING)
    driver.settle()
    lenses = window.lenses
    assert lenses is not None and lenses.findings is not None
    tab = lenses.tabs.button(lenses.lenses.index(lenses.findings))
    assert lenses.tabs.more.isVisible() and tab.isVisible() and lenses.tabs.rect().contains(tab.geometry())
    ring, place = window.lessons.pointer.ring, tab.mapTo(window.page, QPoint(0, 0))
    driver.wait(lambda: window.lessons.pointer.ring.contains(QRect(place, tab.size())))
    assert window.lessons.pointer.ring.width() < tab.width() + 20, ring
    driver.click(tab)
    driver.wait(lambda: window.lessons.guide.phase == DONE)


def test_a_lesson_opens_with_the_first_lens_in_front(driver: Driver, tmp_path: Path) -> None:
    lenses = driver.window.lenses
    assert lenses is not None
    driver.click(lenses.tabs.button(1))
    begin(driver, own(tmp_path, step("point = 'cost'")))
    assert lenses.current is lenses.lenses[0] and lenses.tabs.value() == 0
    driver.click(lenses.tabs.button(1))
    driver.settle()
    assert lenses.current is lenses.lenses[1]  # only when it opens


def test_what_was_waited_for_no_longer_counts_in_the_next_step(driver: Driver, tmp_path: Path) -> None:
    first = own(tmp_path, step("wait = 'network.hidden'"))
    second = own(tmp_path, step("train = 300"), SMALL + "[network]\nhidden = [3]\n", name="second")
    begin(driver, first, WAITING)
    desk = driver.window.lessons
    deed = desk.guide._deed
    desk.open_lesson(second)
    deed.done.emit()  # as its other layers make it do, until it is deleted
    assert desk.guide.phase == MOVING
    phase(driver, DONE)
    assert driver.last.epoch == 300


def test_another_experiment_is_not_what_a_step_waits_for(driver: Driver) -> None:
    begin(driver, FIRST)
    guide, page = driver.window.lessons.guide, driver.window.lessons.panel.page
    next_step(driver, ASKING)
    driver.click(page.prediction.choices[1])
    phase(driver, DONE)
    next_step(driver, WAITING)
    driver.window.actions_["new"].trigger()
    driver.wait(lambda: not guide.is_on_path and page.away.isVisible())
    assert guide.phase == WAITING and [lane.name for lane in driver.session.experiment.lanes] == ["A"]
    guide.come_back()
    driver.wait(lambda: guide.phase == WAITING and guide.is_on_path and len(driver.last.lanes) == 2)


# Predicting a curve


def curve_lesson(tmp_path: Path, curve: str = "train_mse") -> Path:
    predict = f"[predict]\nquestion = 'How will it run?'\nlane = 'B'\ncurve = '{curve}'\nuntil = 30"
    block = f"point = 'cost'\ntrain = 30\n{predict}"
    return own(tmp_path, step(block, "It is {{B train_mse after 30}}."))


def test_a_curve_is_predicted_by_mouse(driver: Driver, tmp_path: Path) -> None:
    begin(driver, curve_lesson(tmp_path), ASKING)
    cost, panel = driver.window.cost, driver.window.lessons.panel
    pen, page = cost.pen, panel.page
    driver.wait(pen.isVisible)
    assert panel.next.text() == "Show" and panel.next.property("role") != "primary" and not page.prose.isVisible()
    driver.drag(pen, 0.0, 0.3, 0.7, 0.99)
    assert panel.next.text() == "Compare" and panel.next.property("role") == "primary"
    epochs, values = pen.curve()
    assert epochs[0] == 0.0 and epochs[-1] == 30.0 and np.ptp(np.log10(values)) < 1e-6  # a level line on a log axis
    driver.click(panel.next)
    assert not page.prose.isVisible()  # it would tell what happens
    phase(driver, DONE)
    assert page.prose.isVisible()
    assert not pen.isVisible() and driver.last.epoch == 30
    (line,) = cost.sketches.lines
    assert line.dash and line.color.alphaF() < 1.0
    assert line.x == pytest.approx(epochs) and 10**line.y == pytest.approx(values)
    real = driver.last.lane("B").readings["train_mse"]
    assert page.prediction.outcome.text() == f"At epoch 30 you drew {values[-1]:.4f}; it is {real:.4f}."
    kept = read_progress(tmp_path / "own")
    assert kept.answers[0] == tuple(zip(epochs.tolist(), values.tolist(), strict=True))


def test_a_curve_to_draw_begins_where_the_new_run_does(driver: Driver, tmp_path: Path) -> None:
    driver.play(updates=40)  # another run, whose costs have fallen
    driver.pause()
    begin(driver, curve_lesson(tmp_path), ASKING)
    pen = driver.window.cost.pen
    driver.wait(lambda: pen.isVisible() and len(driver.last.lanes) == 2 and bool(driver.last.curves))
    start = driver.last.lane("B").readings["train_mse"]
    driver.wait(lambda: 10**pen.value_height == pytest.approx(start, rel=1e-6))


def test_a_curve_is_predicted_by_keys(driver: Driver, tmp_path: Path) -> None:
    begin(driver, curve_lesson(tmp_path, "train_accuracy"), ASKING)
    pen = driver.window.cost.pen
    driver.wait(lambda: pen.isVisible() and pen.hasFocus())
    for _ in range(30):
        driver.key(Qt.Key.Key_Right, on=pen)
    for _ in range(60):
        driver.key(Qt.Key.Key_Up, on=pen)
    for _ in range(30):
        driver.key(Qt.Key.Key_Right, on=pen)
    epochs, values = pen.curve()
    assert values[-1] == pytest.approx(1.0) and values[29] < 1.0 and epochs[-1] == 30.0
    driver.key(Qt.Key.Key_Return, on=pen)
    phase(driver, DONE)
    assert seen(driver.window.lessons.panel.page.prediction.outcome.text()).startswith(
        "At epoch 30 you drew 100.0\u2009%; it is"
    )
    assert len(driver.window.cost.sketches.lines) == 1
    driver.window.lessons.open_panel(False)
    assert not driver.window.cost.sketches.lines


def test_a_choice_is_made_by_a_digit(driver: Driver) -> None:
    begin(driver, FIRST)
    next_step(driver, ASKING)
    other = driver.window.cost.log_x  # wherever the focus is
    other.setFocus(Qt.FocusReason.MouseFocusReason)
    driver.key(Qt.Key.Key_9, on=other)
    assert driver.window.lessons.guide.phase == ASKING
    choices = driver.window.lessons.panel.page.prediction.choices
    assert [choice.sign.text() for choice in choices] == ["1", "2"]
    driver.key(Qt.Key.Key_2, on=other)
    phase(driver, DONE)
    assert driver.window.lessons.guide.answer == 1
    driver.key(Qt.Key.Key_1, on=other)
    assert driver.window.lessons.guide.answer == 1, "what has happened is not predicted again"


def test_a_clicker_walks_the_steps(driver: Driver) -> None:
    begin(driver, FIRST)
    other = driver.window.cost.log_x
    other.setFocus(Qt.FocusReason.MouseFocusReason)
    driver.key(Qt.Key.Key_PageDown, on=other)
    driver.wait(lambda: driver.window.lessons.guide.index == 1)
    driver.key(Qt.Key.Key_PageUp, on=other)
    driver.wait(lambda: driver.window.lessons.guide.index == 0)


def test_opened_by_its_key_the_list_has_the_focus(driver: Driver) -> None:
    driver.key(Qt.Key.Key_F3)
    panel = driver.window.lessons.panel
    driver.wait(lambda: panel.shows_list and panel.list.buttons[0].hasFocus())
    driver.key(Qt.Key.Key_Return, on=panel.list.buttons[0])
    driver.wait(lambda: driver.window.lessons.guide.lesson is not None)


# Pointing


@pytest.mark.parametrize("size", [(1280, 720), (1024, 700), (880, 480), (1920, 1080)])
def test_every_place_can_be_pointed_at(driver: Driver, tmp_path: Path, size: tuple[int, int]) -> None:
    window, desk = driver.window, driver.window.lessons
    begin(driver, own(tmp_path, "".join(step(f"point = '{place}'", title=place) for place in PLACES)))
    window.resize(*size)
    for index, place in enumerate(PLACES):
        assert desk.guide.index == index and desk.guide.step.point == place
        phase(driver, DONE)
        for _ in range(4):
            QApplication.processEvents()
        ring = desk.pointer.ring
        assert desk.pointer.isVisible() and window.page.rect().contains(ring), f"{place}: {ring}"
        assert ring.width() >= 16 and ring.height() >= 12, f"{place}: {ring}"
        targets = desk.pointer._targets
        assert targets and all(target.isVisible() for target in targets), place
        seen = QRect(targets[0].mapTo(window.page, QPoint(0, 0)), targets[0].size())
        assert ring.intersects(seen), place
        if place in LENSES:
            assert type(window.lenses.current).__module__.endswith(f".{place}") and window.lenses.current.isVisible()
        panel = next((panel for panel in window.panels if place in panel.rows), None)
        if panel is not None and not panel.rows[place].isHidden():
            assert targets[0] is panel.rows[place]
            middle = QPoint(ring.center())
            assert window.page.settings.geometry().contains(middle), f"{place} has not been scrolled to"
        if index + 1 < len(PLACES):
            desk.go_on()
    assert set(PARTS) | set(LENSES) | set(SETTINGS) == set(PLACES)


def test_the_ring_lets_clicks_through_and_follows_the_window(driver: Driver, tmp_path: Path) -> None:
    begin(driver, own(tmp_path, step("point = 'cost'")))
    window, pointer = driver.window, driver.window.lessons.pointer
    driver.wait(lambda: pointer.is_shading)
    spot = window.controls.step_update.mapTo(window, window.controls.step_update.rect().center())
    assert window.childAt(spot) is window.controls.step_update
    for size in ((1500, 900), (1024, 700)):
        window.resize(*size)
        target = window.cost_card
        driver.wait(
            lambda target=target: (
                pointer.size() == window.page.size()
                and pointer.ring.contains(QRect(target.mapTo(window.page, QPoint(0, 0)), target.size()))
            )
        )
    image = window.grab().toImage()
    ring = pointer.ring
    edge = window.page.mapTo(window, QPoint(ring.left() + 1, ring.center().y()))
    assert image.pixelColor(edge) == theme.current().accent
    panel = driver.window.lessons.panel
    handle = window.windowHandle()
    QTest.mouseClick(handle, Qt.MouseButton.LeftButton, pos=panel.mapTo(window, QPoint(100, panel.height() // 2)))
    assert pointer.is_shading  # reading goes on
    QTest.mouseClick(handle, Qt.MouseButton.LeftButton, pos=window.boundary_card.mapTo(window, QPoint(30, 12)))
    assert pointer.isVisible() and not pointer.is_shading


def test_steps_are_offered_only_beside_the_lessons(driver: Driver) -> None:
    actions, desk = driver.window.actions_, driver.window.lessons

    def offered() -> bool:
        return actions["next_step"].isEnabled() and actions["previous_step"].isEnabled()

    assert not offered()
    driver.key(Qt.Key.Key_F3)
    assert offered()  # to begin the lesson that stands out
    begin(driver, FIRST)
    assert offered()
    driver.click(desk.panel.to_list)
    assert offered()
    driver.click(desk.panel.list.choose)
    assert not offered()
    driver.click(desk.panel.list.choose)
    assert offered()
    driver.click(desk.panel.close_button)
    assert not offered()


def test_f6_reaches_the_panel(driver: Driver) -> None:
    driver.window.lessons.open_panel(True)
    driver.window.page.setFocus()
    driver.key(Qt.Key.Key_F6)
    driver.key(Qt.Key.Key_F6)
    assert driver.window.lessons.panel.isAncestorOf(QApplication.focusWidget())


@pytest.mark.parametrize("size", [(880, 480), (960, 540), (1024, 768), (1280, 720), (1920, 1080)])
def test_nothing_is_cut_beside_the_lessons(driver: Driver, size: tuple[int, int]) -> None:
    window = driver.window
    window.resize(*size)
    window.lessons.open_panel(True)
    for opened in (False, True):
        window.page.open_settings(opened)
        driver.settle()
        assert not (found := problems(window)), "\n".join(found)
    begin(driver, FIRST)
    while window.lessons.guide.index < 6:
        for _ in range(4):
            QApplication.processEvents()
        driver.settle()
        assert not (found := problems(window)), "\n".join(found)
        window.lessons.go_on()
        phase(driver, DONE, ASKING, WAITING)
    assert (window.width(), window.height()) == size


def test_a_paragraph_explains_its_words_under_the_pointer(driver: Driver, tmp_path: Path) -> None:
    begin(driver, own(tmp_path, step("", "One epoch of the gradient.")))
    prose = driver.window.lessons.panel.page.prose
    spot = QPoint(10, 8)
    event = QHelpEvent(QEvent.Type.ToolTip, spot, prose.viewport().mapToGlobal(spot))
    QApplication.sendEvent(prose.viewport(), event)
    driver.wait(lambda: QToolTip.text() == f"{TERMS['epoch']}\n{TERMS['gradient']}")
    QToolTip.hideText()


def test_everything_enlarged_is_inside_the_window_beside_the_lessons(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = driver.window
    monkeypatch.setattr(window, "screen", lambda: SimpleNamespace(availableGeometry=lambda: QRect(0, 0, 1280, 720)))
    driver.key(Qt.Key.Key_F11)
    window.showNormal()
    window.resize(1280, 720)
    begin(driver, FIRST)
    while window.lessons.guide.index < 6:
        for _ in range(4):
            QApplication.processEvents()
        driver.settle()
        assert not (found := problems(window)), "\n".join(found)
        window.lessons.go_on()
        phase(driver, DONE, ASKING, WAITING)
    driver.key(Qt.Key.Key_F11)


def test_every_control_of_a_lesson_has_a_name(driver: Driver) -> None:
    window = driver.window
    window.lessons.open_panel(True)
    driver.window.lessons.show_list()
    names = {said(node)[0] for node in tree(window.lessons.panel)}
    assert {"List of lessons", "Close the lessons", "Is the loss only for information?"} <= names
    begin(driver, FIRST)
    while window.lessons.guide.index < 6:
        for node in tree(window.lessons.panel):
            name, value, description = said(node)
            if node.role() in INTERACTIVE or (node.state().focusable and node.role() != QAccessible.Role.StaticText):
                assert name, f"a {node.role().name} without a name: {node.object()}"
            assert not any(mark in text for text in (name, value, description) for mark in ("<b", "</", "&lt;"))
        window.lessons.go_on()
        phase(driver, DONE, ASKING, WAITING)
    window.lessons.go_back()
    phase(driver, DONE)
    window.lessons.go_back()
    phase(driver, DONE)
    assert window.lessons.guide.step.title == "Where the loss enters"
    (after_code,) = window.lessons.panel.page.text.more
    spoken = after_code.accessibleDescription()
    assert r"\ell = \frac{1}{2}(a - y)^2" in spoken and "\ufffc" not in spoken


# Lessons of one's own, and what they cannot do


def test_a_folder_of_ones_own_opens_like_an_experiment(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = own(tmp_path, step("train = 3", "It is {{B train_mse after 3}}."))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(folder / "lesson.md"), ""))
    driver.key(Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    phase(driver, DONE)
    desk = driver.window.lessons
    assert desk.panel.title.text() == "My own" and driver.last.epoch == 3
    desk.show_list()
    assert [button.words.text() for button in desk.panel.list.buttons][-1] == "My own"
    driver.window.open_path(folder)  # its folder will do, too
    phase(driver, DONE)
    assert not desk.panel.shows_list


def test_the_command_line_opens_a_lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, opened = own(tmp_path, step("")), []
    monkeypatch.setattr("sandbox.cli.window.display_problem", lambda: None)
    monkeypatch.setattr(app, "run_window", lambda *arguments, **named: opened.append((arguments, named)) or 0)
    for path in (folder, folder / "lesson.md"):
        assert main([str(path)]) == 0
        assert opened.pop() == ((), {"path": path, "lesson": folder})
    assert main([str(own(tmp_path, step("tarin = 3"), name="broken"))]) == 2 and not opened


def test_a_picture_of_a_lesson_keeps_no_progress(tmp_path: Path) -> None:
    png = tmp_path / "x.png"
    app.screenshot(read_lesson(FIRST).first, png, (1280, 720), "light", 0, FIRST)
    assert png.stat().st_size > 0 and read_progress(FIRST) == Progress() and not has_begun()


def test_a_broken_lesson_is_one_sentence(driver: Driver, tmp_path: Path) -> None:
    folder = own(tmp_path, step("point = 'costs'"))
    run = driver.last.run
    driver.window.open_path(folder / "lesson.md")
    assert 'point is "costs"; did you mean "cost"?' in driver.window.notice.sentence.text()
    assert driver.settle().run == run and not driver.window.lessons.panel.isVisible()


def test_a_lesson_whose_data_cannot_be_read_is_left_again(driver: Driver, tmp_path: Path) -> None:
    folder = own(tmp_path, step(""), '[data]\nfile = "points.csv"\n')
    (folder / "points.csv").write_text("a,b\n1\n", encoding="utf-8")
    run, desk = driver.last.run, driver.window.lessons
    driver.window.open_path(folder)
    driver.wait(lambda: any("points.csv" in sentence and error for sentence, error in driver.messages))
    driver.wait(lambda: desk.guide.lesson is None)
    assert driver.settle().run == run and desk.panel.shows_list


HOSTILE = """[a link](file:///etc/passwd) and <http://example.org> and https://example.org/x

![a picture](file:///etc/passwd) ![another](http://example.org/a.png) ![own](formula:7) ![up](../secret.png)

<img src="file:///etc/passwd"> <a href="http://example.org">html</a> <script>alert(1)</script>

<iframe src="http://example.org"></iframe>

$\\href{http://example.org}{x}$ and $a$
"""


def test_hostile_text_loads_nothing_and_opens_nothing(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    opened: list[QUrl] = []
    load = Prose.loadResource

    def watch(self: Prose, kind: int, name: QUrl) -> object:
        result = load(self, kind, name)
        asked.append(name.toString())
        assert name.scheme() == "formula" or result.width() == 1, name  # type: ignore[attr-defined]
        return result

    monkeypatch.setattr(Prose, "loadResource", watch)
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url) or True)
    begin(driver, own(tmp_path, step("", HOSTILE)))
    prose: Prose = driver.window.lessons.panel.page.prose
    prose.grab()
    assert any(name.startswith("formula:") for name in asked)
    text = prose.toPlainText()
    assert "a link" in text and '<img src="file:///etc/passwd">' in text and "<script>" in text
    block = prose.document().begin()
    while block.isValid():
        iterator = block.begin()
        while not iterator.atEnd():
            look = iterator.fragment().charFormat()
            assert not look.isAnchor()
            assert not look.isImageFormat() or look.toImageFormat().name().startswith("formula:")
            iterator += 1
        block = block.next()
    for x in range(4, prose.width(), 12):
        for y in range(4, prose.height(), 10):
            assert not prose.anchorAt(QPoint(x, y))
    driver.qtbot.mouseClick(prose.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(12, 8))
    assert not opened and prose.source().isEmpty()
    kinds = (QTextDocument.ResourceType.ImageResource, QTextDocument.ResourceType.HtmlResource)
    for kind in kinds:
        for name in ("file:///etc/passwd", "http://example.org/a.png", "/etc/passwd"):
            assert prose.loadResource(kind.value, QUrl(name)).width() == 1


def test_formulas_are_found_and_dollars_of_code_and_money_are_not() -> None:
    text = "Pay $5 or $6. `a $b$` and $\\ell = r^2$.\n\n```python\ncost = '$x$'\n```\n\n$$\\frac{a}{b}$$\n"
    markdown, formulas = split_formulas(text)
    assert [(formula.latex, formula.display) for formula in formulas] == [
        ("\\ell = r^2", False),
        ("\\frac{a}{b}", True),
    ]
    assert "$5 or $6" in markdown and "`a $b$`" in markdown and "'$x$'" in markdown


@pytest.mark.parametrize("latex", ["\\frac{1", "{", "\\begin{cases}", "\\left(", "^", "_", "\\nosuchcommand{x}"])
def test_a_formula_that_cannot_be_set_is_shown_as_typed(qtbot: Any, latex: str) -> None:
    prose = Prose("text")
    qtbot.addWidget(prose)
    prose.resize(300, 100)
    prose.set_text(f"See ${latex}$ here.")
    assert latex in prose.accessibleDescription()


def test_a_formula_takes_the_colour_of_the_text_and_stands_on_its_line(qtbot: Any) -> None:
    holder = QFrame()
    qtbot.addWidget(holder)
    prose = Prose("text")
    QVBoxLayout(holder).addWidget(prose)
    prose.set_text("x $x$ x")
    holder.resize(300, 100)
    holder.show()
    QApplication.processEvents()
    application = QApplication.instance()
    for colours in (theme.DARK, theme.LIGHT):
        theme.apply(application, colours)
        QApplication.processEvents()
        (picture,) = prose._pictures.values()
        spots = [(x, y) for x in range(picture.width()) for y in range(picture.height())]
        ink = max((picture.pixelColor(x, y) for x, y in spots), key=lambda colour: colour.alpha())
        text = QColor(colours.text_color)
        assert max(abs(ink.red() - text.red()), abs(ink.green() - text.green()), abs(ink.blue() - text.blue())) <= 2
    shot = holder.grab().toImage()
    inked = [[y for y in range(shot.height()) if shot.pixelColor(x, y).lightness() < 150] for x in range(shot.width())]
    bottoms: list[int] = []
    for before, rows in pairwise([[], *inked]):
        if rows and not before:
            bottoms.append(0)
        if rows:
            bottoms[-1] = max(bottoms[-1], *rows, 0)
    assert len(bottoms) == 3 and max(bottoms) - min(bottoms) <= 1  # the formula stands on the line of the text


def test_lessons_change_no_bit_of_a_run(open_window: Callable[..., Driver]) -> None:
    driver = open_window(Experiment())
    driver.session.train(20)
    driver.wait_drawn(lambda snapshot: snapshot.epoch == 20)
    driver.settle()
    alone = driver.weights()
    begin(driver, FIRST)
    next_step(driver, ASKING)
    driver.click(driver.window.lessons.panel.page.prediction.choices[0])
    phase(driver, DONE)
    outcome = list(follow(read_lesson(FIRST), 1))[1]
    assert outcome.holds
    while driver.session.undo_stack.canUndo():
        driver.undo()
        driver.settle()
    assert all(np.array_equal(alone[name], value) for name, value in driver.weights().items())


def test_a_digit_answers_even_while_one_draws_and_chooses_a_class_after_that(driver: Driver) -> None:
    begin(driver, FIRST)
    next_step(driver, ASKING)
    driver.key(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    driver.wait(lambda: driver.window.drawing.is_open and len(driver.window.drawing.bar.swatches) == 2)
    driver.settle()
    plot, bar = driver.window.boundary.plot, driver.window.drawing.bar
    plot.setFocus()
    assert driver.window.lessons.guide.phase == ASKING
    driver.key(Qt.Key.Key_2, on=plot)
    driver.wait(lambda: driver.window.lessons.guide.answer == 1)
    assert bar.swatches[0].isChecked()


def test_figures_are_shown_with_the_digits_that_tell_them_apart() -> None:
    claim = read_claim("A train_cost after 1 < A train_cost after 0")
    here, measured = Verdict(0.692981, 0.693048, True, 1, 1), Verdict(0.5, 0.6931, True, 16, 16)
    assert verdict_text(claim, here, measured) == (
        "Here: 0.69298 against 0.69305. From 16 starts (seeds): medians 0.5000 against 0.6931, true in all."
    )
    never = read_claim("A and B differ since = never")
    parted, together = Verdict(5.0, np.inf, False, 0, 1), Verdict(np.inf, np.inf, True, 1, 1)
    assert verdict_text(never, together, together) == ""  # the tick says it
    assert verdict_text(never, parted, None) == "Not so here: update 5."
    most = Verdict(np.inf, np.inf, True, 15, 16)
    assert verdict_text(never, together, most) == "From 16 starts (seeds): true in 15 of them."
