"""The path through the lessons, alone and in a workshop: by mouse, by keys, and by a clicker's keys alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, count
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget

from sandbox.lessons import lesson_folders, read_lesson
from sandbox.ui import theme
from sandbox.ui.actions import PRESENT
from sandbox.ui.controls import FIRST_SPEED
from sandbox.ui.lessons.guide import ASKING, DONE, MOVING, TRAINING, WAITING
from sandbox.ui.lessons.page import RIGHT
from sandbox.ui.lessons.programme import keep_programme, read_programme
from sandbox.ui.lessons.progress import Progress, has_begun, read_progress
from sandbox.ui.session import first_experiment
from tests.ui.conftest import Driver
from tests.ui.test_lessons import begin, own, phase, step, text_of

FOLDERS = lesson_folders()
FIRST, THIRD, SEVENTH = (FOLDERS[name] for name in ("01-the-printed-cost", "03-confidently-wrong", "07-outliers"))
CHOICES = """[predict]
question = 'What?'
[[predict.choices]]
text = 'Yes.'
claim = 'A train_mse after 1 < 99'
[[predict.choices]]
text = 'No.'
claim = 'A train_mse after 1 > 99'
"""


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """Begin every test as someone who has never begun a lesson nor held a workshop."""
    for group in ("lessons", "workshop"):
        QSettings().remove(group)
    yield
    for group in ("lessons", "workshop"):
        QSettings().remove(group)


@pytest.fixture
def clicker(driver: Driver) -> Driver:
    """A window whose clock goes on by a second with every press."""
    driver.window.lessons.clock = count().__next__
    return driver


def press(driver: Driver, key: Qt.Key) -> None:
    """Press a key, and wait until the lesson rests."""
    desk = driver.window.lessons
    driver.key(key, on=driver.window)
    driver.settle()
    driver.wait(lambda: desk.guide.phase not in (MOVING, TRAINING) and not driver.session.is_pending)
    driver.settle()
    driver.wait(lambda: desk.is_up_to_date)


def forward(driver: Driver) -> None:
    """Press Page Down until all of the step has been seen, and it goes on."""
    turn(driver, Qt.Key.Key_PageDown)


def back(driver: Driver) -> None:
    """Press Page Up until the top of the step has been seen, and it goes back."""
    turn(driver, Qt.Key.Key_PageUp)


def turn(driver: Driver, key: Qt.Key) -> None:
    desk = driver.window.lessons
    guide, bar = desk.guide, desk.panel.page.verticalScrollBar()
    place = desk.panel.shows_list, guide.lesson, guide.index, guide.phase
    for _ in range(20):
        height = bar.value()
        press(driver, key)
        if bar.value() == height or place != (desk.panel.shows_list, guide.lesson, guide.index, guide.phase):
            return
    raise AssertionError("the page has no end")


def standing_out(driver: Driver) -> str:
    """Return the title of the lesson that the next press begins; "" for none."""
    buttons = driver.window.lessons.panel.list.buttons
    marked = [button for button in buttons if button.property("next")]
    assert all("Page Down begins it." in button.hint.text() for button in marked) and len(marked) < 2
    return marked[0].words.text() if marked else ""


def titles(driver: Driver) -> list[str]:
    return [button.words.text() for button in driver.window.lessons.panel.list.buttons]


def title(folder: Path) -> str:
    return read_lesson(folder).title


# A workshop


def walk_through(driver: Driver, folder: Path) -> None:
    """Follow the lesson that stands out to its end, by Page Down alone."""
    desk = driver.window.lessons
    page, guide, lesson = desk.panel.page, desk.guide, read_lesson(folder)
    assert desk.panel.shows_list and standing_out(driver) == lesson.title
    for index, each in enumerate(lesson.steps):
        forward(driver)
        assert guide.index == index and page.title.text() == each.title
        if each.prediction is not None:
            assert guide.phase == ASKING and not page.prose.isVisible(), "it is asked before anything is told"
            forward(driver)
            assert guide.index == index and page.prose.isVisible()
            signs = [button.sign.text() for button in page.prediction.choices]
            assert signs.count(RIGHT) == bool(each.prediction.choices)
            assert not any("your prediction" in button.hint.text() for button in page.prediction.choices)
        assert all(row.sign.text() == RIGHT for row in page.claims), f"{lesson.name}, {each.title}"
    forward(driver)
    assert desk.panel.shows_list and guide.lesson is None


def test_a_workshop_by_the_keys_of_a_clicker_alone(clicker: Driver) -> None:
    """Lessons 1, 3 and 7 for one group, a clean start, and lesson 1 for the next."""
    window, desk = clicker.window, clicker.window.lessons
    keep_programme([FIRST.name, THIRD.name, SEVENTH.name])
    for groups in ((FIRST, THIRD, SEVENTH), (FIRST,)):
        press(clicker, Qt.Key.Key_F5)
        assert window.actions_["present"].isChecked() and not has_begun()
        assert titles(clicker) == [title(folder) for folder in (FIRST, THIRD, SEVENTH)]
        window.controls.set_speed(float("inf"))  # or it takes half an hour
        for folder in groups:
            walk_through(clicker, folder)
            assert read_progress(folder).done
        if len(groups) > 1:
            assert standing_out(clicker) == "" and "F5 makes a clean start" in desk.panel.list.about.text()
            forward(clicker)
            assert desk.panel.shows_list, "nothing begins by itself at the end"
    assert standing_out(clicker) == title(THIRD)
    back(clicker)
    assert standing_out(clicker) == title(FIRST)
    back(clicker)
    assert standing_out(clicker) == title(SEVENTH)


def test_the_first_step_leads_back_to_the_list(clicker: Driver) -> None:
    begin(clicker, FIRST)
    desk = clicker.window.lessons
    back(clicker)
    assert desk.panel.shows_list and standing_out(clicker) == title(FIRST)
    forward(clicker)
    assert not desk.panel.shows_list and desk.guide.index == 0


def test_lessons_are_chosen_for_a_workshop(clicker: Driver) -> None:
    window, lessons = clicker.window, clicker.window.lessons.panel.list
    clicker.key(Qt.Key.Key_F3)
    assert len(titles(clicker)) == len(FOLDERS) and not any(row.tick.isVisible() for row in lessons.rows)
    clicker.click(lessons.choose)
    assert lessons.choose.text() == "Done" and standing_out(clicker) == ""
    clicker.qtbot.mouseClick(lessons.rows[2].tick, Qt.MouseButton.LeftButton, pos=lessons.rows[2].tick.rect().center())
    clicker.click(lessons.buttons[6])  # its name will do
    assert not window.lessons.guide.lesson
    lessons.rows[0].tick.setFocus(Qt.FocusReason.TabFocusReason)
    clicker.key(Qt.Key.Key_Space)
    assert read_programme() == {FIRST.name, THIRD.name, SEVENTH.name}
    clicker.click(lessons.choose)
    assert titles(clicker) == [title(folder) for folder in (FIRST, THIRD, SEVENTH)]
    assert [button.sign.text() for button in lessons.buttons] == ["1", "3", "7"]
    assert lessons.shown.text() == "3 of 13 lessons are shown: those chosen for a workshop."
    clicker.click(lessons.choose)
    clicker.wait(lessons.rows[12].isVisible)
    for row in lessons.rows:
        if row.tick.isChecked():
            clicker.click(row.button)
    clicker.click(lessons.choose)
    assert len(titles(clicker)) == len(FOLDERS) and not lessons.shown.isVisible()


def test_the_menu_for_presenters_offers_to_choose_lessons(clicker: Driver) -> None:
    window, lessons = clicker.window, clicker.window.lessons.panel.list
    choose = window.actions_["choose_lessons"]
    assert choose in window.actions_.of_menu(PRESENT)
    begin(clicker, FIRST)
    choose.trigger()
    clicker.wait(lessons.rows[0].tick.isVisible)
    assert window.lessons.panel.shows_list and lessons.choose.isChecked() and lessons.choose.text() == "Done"
    assert not lessons.choose.visibleRegion().isEmpty() and lessons.choose.y() < lessons.rows[0].y()
    clicker.click(lessons.choose)
    assert not lessons.rows[0].tick.isVisible() and standing_out(clicker) == title(FIRST)


def test_the_focus_stays_in_the_panel_for_whoever_came_by_keys(clicker: Driver) -> None:
    panel = clicker.window.lessons.panel
    clicker.key(Qt.Key.Key_F3)
    clicker.wait(panel.list.buttons[0].hasFocus)
    clicker.key(Qt.Key.Key_Return)
    phase(clicker, DONE)
    assert panel.next.hasFocus()
    panel.to_list.setFocus(Qt.FocusReason.TabFocusReason)
    clicker.key(Qt.Key.Key_Space)
    assert panel.shows_list and panel.list.buttons[0].hasFocus()


def test_a_click_in_the_panel_leaves_the_focus_where_it_was(clicker: Driver) -> None:
    panel, page = clicker.window.lessons.panel, clicker.window.page
    clicker.window.lessons.open_panel(True)
    page.setFocus()
    clicker.click(panel.list.buttons[0])
    phase(clicker, DONE)
    clicker.click(panel.to_list)
    clicker.click(panel.list.choose)
    clicker.wait(panel.list.rows[0].tick.isVisible)
    clicker.click(panel.list.buttons[0])
    assert page.hasFocus(), "so that Space still plays"


def test_a_lesson_of_ones_own_is_listed_beside_a_programme(clicker: Driver, tmp_path: Path) -> None:
    keep_programme([THIRD.name])
    begin(clicker, own(tmp_path, step("")))
    forward(clicker)
    assert titles(clicker) == [title(THIRD), "My own"]


# A clean start


def test_a_clean_start_leaves_no_trace_and_undo_brings_the_experiment_back(clicker: Driver) -> None:
    window, desk, session = clicker.window, clicker.window.lessons, clicker.session
    begin(clicker, SEVENTH)
    forward(clicker)
    forward(clicker)
    phase(clicker, DONE)
    clicker.window.notice.offer("An offer.", "Take it", lambda: None)
    window.cost.keep_ghosts()
    window.desk.view("huber")
    window.lenses.show_tab(3)
    window.page.open_settings(True)
    clicker.click(window.panels[0].more)
    window.controls.set_speed(1.0)
    press(clicker, Qt.Key.Key_F11)
    press(clicker, Qt.Key.Key_T)
    press(clicker, Qt.Key.Key_D)
    QTest.mouseClick(window.tools.drawing, Qt.MouseButton.LeftButton)
    assert window.tools.countdown.is_on and window.tools.drawing.strokes
    before = clicker.settle()
    press(clicker, Qt.Key.Key_F5)
    assert window.actions_["present"].isChecked()
    assert not window.tools.countdown.is_on and not window.tools.drawing.strokes and not window.tools.drawing.has_pen
    assert clicker.last.experiment == first_experiment() and clicker.last.update == 0 and not session.playing
    assert not window.cost.ghosts.lines and not window.notice.isVisible() and not window.notice.is_offering
    assert desk.panel.shows_list and standing_out(clicker) == title(FIRST)
    assert not has_begun() and read_progress(SEVENTH) == Progress()
    assert window.controls.speed.value() == FIRST_SPEED and window.lenses.current is window.lenses.lenses[0]
    assert window.desk.viewed == "A" and not window.panels[0].more.isChecked()
    assert window.settings.verticalScrollBar().value() == desk.panel.list.verticalScrollBar().value() == 0
    assert theme.current() is theme.LIGHT
    press(clicker, Qt.Key.Key_F5)
    assert window.actions_["present"].isChecked(), "a second press does not leave"
    for _ in range(2):
        clicker.undo()
        clicker.settle()
    assert clicker.last.experiment == before.experiment and clicker.last.update == before.update
    clicker.key(Qt.Key.Key_Escape)
    assert not window.actions_["present"].isChecked()


def test_a_clean_start_ends_a_training(clicker: Driver, tmp_path: Path) -> None:
    begin(clicker, own(tmp_path, step("") + step("train = 900", title="Two")))
    clicker.window.controls.set_speed(20.0)
    clicker.key(Qt.Key.Key_PageDown)
    clicker.wait_drawn(lambda snapshot: snapshot.update > 1)
    press(clicker, Qt.Key.Key_F5)
    assert clicker.last.update == 0 and not clicker.session.playing
    clicker.window.controls.set_speed(float("inf"))
    forward(clicker)
    assert clicker.window.lessons.guide.lesson.name == FIRST.name


# Questions that are passed


def test_next_shows_what_happens_and_then_goes_on(clicker: Driver) -> None:
    desk = clicker.window.lessons
    panel, page, guide = desk.panel, desk.panel.page, desk.guide
    begin(clicker, FIRST)
    assert panel.next.text() == "Next"
    clicker.click(panel.next)
    phase(clicker, ASKING)
    assert panel.next.text() == "Show" and panel.next.property("role") != "primary"
    assert panel.next.toolTip() == "Trains and shows what happens, without a prediction."
    clicker.click(panel.next)
    phase(clicker, DONE)
    assert guide.index == 1 and clicker.last.epoch == 200 and panel.next.text() == "Next"
    first, second = page.prediction.choices
    assert (first.sign.text(), second.sign.text(), second.hint.text()) == ("", RIGHT, "what happened")
    assert first.hint.isHidden() and page.prediction.outcome.isHidden()
    clicker.click(panel.next)
    phase(clicker, WAITING)
    assert guide.index == 2
    clicker.click(panel.back)
    phase(clicker, DONE)
    assert guide.index == 1 and page.prediction.choices[1].sign.text() == RIGHT, "it is not asked again"
    assert read_progress(FIRST).answers == {1: None}


def test_a_question_that_was_never_reached_is_asked(clicker: Driver, tmp_path: Path) -> None:
    block = "train = 1\n" + CHOICES
    begin(clicker, own(tmp_path, step("") + step(block, title="Two") + step(block, title="Three")))
    forward(clicker)
    clicker.click(clicker.window.lessons.panel.page.prediction.choices[0])
    phase(clicker, DONE)
    forward(clicker)
    assert clicker.window.lessons.guide.phase == ASKING


def test_a_press_given_twice_counts_once(driver: Driver) -> None:
    desk, now = driver.window.lessons, [0.0]
    desk.clock = lambda: now[0]
    begin(driver, FIRST)
    for _ in range(2):
        driver.key(Qt.Key.Key_PageDown, on=driver.window)
        phase(driver, ASKING)
        now[0] += 0.3
    now[0] += 0.2
    forward(driver)
    assert desk.guide.index == 1 and desk.guide.phase == DONE
    now[0] += 0.3
    forward(driver)
    assert desk.guide.index == 1, "the result stays"


def test_a_drawn_curve_is_taken_by_next(clicker: Driver, tmp_path: Path) -> None:
    block = "point = 'cost'\ntrain = 30\n[predict]\nquestion = 'How?'\nlane = 'B'\ncurve = 'train_mse'"
    begin(clicker, own(tmp_path, step(block)), ASKING)
    pen = clicker.window.cost.pen
    clicker.wait(pen.isVisible)
    clicker.drag(pen, 0.0, 0.5, 0.99)
    forward(clicker)
    guide = clicker.window.lessons.guide
    assert isinstance(guide.answer, tuple) and len(clicker.window.cost.sketches.lines) == 1


def test_a_curve_that_is_not_drawn_is_passed(clicker: Driver, tmp_path: Path) -> None:
    block = "point = 'cost'\ntrain = 30\n[predict]\nquestion = 'How?'\nlane = 'B'\ncurve = 'train_mse'"
    begin(clicker, own(tmp_path, step(block)), ASKING)
    cost, page = clicker.window.cost, clicker.window.lessons.panel.page
    clicker.wait(cost.pen.isVisible)
    forward(clicker)
    assert not cost.pen.isVisible() and not cost.sketches.lines and page.prose.isVisible()
    assert not page.prediction.how.isVisible()


def test_next_ends_a_training_at_once_and_gives_the_speed_back(clicker: Driver, tmp_path: Path) -> None:
    begin(clicker, own(tmp_path, step("") + step("train = 60", title="Two")))
    window, desk = clicker.window, clicker.window.lessons
    window.controls.set_speed(10.0)
    clicker.click(desk.panel.next)
    clicker.wait(lambda: desk.guide.phase == TRAINING)
    clicker.wait(lambda: desk.panel.next.text() == "To the end")
    clicker.click(desk.panel.next)
    phase(clicker, DONE)
    assert desk.guide.index == 1 and clicker.last.epoch == 60
    assert window.controls.speed.value() == 10.0 and clicker.thread._speed == 10.0


def test_next_goes_on_with_a_paused_training(clicker: Driver, tmp_path: Path) -> None:
    begin(clicker, own(tmp_path, step("") + step("train = 60", title="Two")))
    desk = clicker.window.lessons
    clicker.window.controls.set_speed(20.0)
    clicker.click(desk.panel.next)
    clicker.wait_drawn(lambda snapshot: snapshot.epoch > 2)
    clicker.pause()
    clicker.wait(lambda: desk.panel.next.text() == "Go on")
    clicker.window.controls.set_speed(float("inf"))
    clicker.click(desk.panel.next)
    phase(clicker, DONE)
    assert desk.guide.index == 1 and clicker.last.epoch == 60


# Starting again


def answered(driver: Driver) -> None:
    """Begin the first lesson, and answer its first question."""
    begin(driver, FIRST)
    forward(driver)
    driver.click(driver.window.lessons.panel.page.prediction.choices[0])
    phase(driver, DONE)


def test_a_lesson_is_started_again_from_its_header(clicker: Driver) -> None:
    desk = clicker.window.lessons
    answered(clicker)
    clicker.click(desk.panel.again)
    phase(clicker, DONE)
    assert desk.guide.index == 0 and read_progress(FIRST) == Progress()
    forward(clicker)
    assert desk.guide.phase == ASKING


def test_a_lesson_is_started_again_from_the_list(clicker: Driver) -> None:
    desk = clicker.window.lessons
    answered(clicker)
    clicker.click(desk.panel.to_list)
    rows = desk.panel.list.rows
    assert [row.again.isVisible() for row in rows] == [True] + [False] * (len(rows) - 1)
    clicker.click(rows[0].again)
    phase(clicker, DONE)
    assert not desk.panel.shows_list and desk.guide.index == 0 and read_progress(FIRST) == Progress()


def test_one_that_is_not_open_is_started_again_too(open_window: Callable[..., Driver]) -> None:
    first = open_window()
    first.window.lessons.clock = count().__next__
    answered(first)
    first.delete()
    second = open_window()
    second.key(Qt.Key.Key_F3)
    second.click(second.window.lessons.panel.list.rows[0].again)
    phase(second, DONE)
    assert second.window.lessons.guide.index == 0 and read_progress(FIRST) == Progress()


# What a step shows


def test_an_offer_that_was_interrupted_comes_back(clicker: Driver) -> None:
    desk, notice = clicker.window.lessons, clicker.window.notice
    desk.offer()
    offer = notice.sentence.text()
    notice.say("Something else.", error=True, action="Reset", act=lambda: None)
    assert notice.sentence.text() == "Something else."
    clicker.click(notice.button)
    assert notice.isVisible() and notice.sentence.text() == offer
    notice.say("Something refused.", error=True)
    clicker.click(notice.close_button)
    assert notice.sentence.text() == offer
    notice.say("Something told.")
    notice._hide_timer.timeout.emit()
    assert notice.sentence.text() == offer
    clicker.click(notice.close_button)
    notice.say("Something told.")
    notice._hide_timer.timeout.emit()
    assert not notice.isVisible(), "it was answered"


def test_a_text_is_told_as_far_as_its_figures_are_known(clicker: Driver, tmp_path: Path) -> None:
    text = "First, what is known.\n\nIt is {{A train_mse after 40}}.\n\nThis is why."
    begin(clicker, own(tmp_path, step("") + step("train = 40", text, "Two")))
    clicker.window.controls.set_speed(20.0)
    clicker.click(clicker.window.lessons.panel.next)
    clicker.wait_drawn(lambda snapshot: snapshot.epoch > 2)
    assert clicker.window.lessons.guide.phase == TRAINING
    assert text_of(clicker) == "First, what is known."
    clicker.window.controls.set_speed(float("inf"))
    phase(clicker, DONE)
    assert text_of(clicker).startswith("First, what is known.\nIt is 0.") and text_of(clicker).endswith("This is why.")


def test_a_step_brings_the_lane_that_it_speaks_of_into_view(clicker: Driver, tmp_path: Path) -> None:
    window = clicker.window
    begin(clicker, own(tmp_path, step("point = 'equations'\nlane = 'B'") + step("point = 'equations'", title="Two")))
    assert window.desk.viewed == "B"
    clicker.wait(lambda: window.lenses.current.shown_lane == "B")
    window.desk.view("A")
    forward(clicker)
    assert window.desk.viewed == "A", "a step that names none leaves it as it is"


def room(widget: QWidget) -> int:
    return widget.width() * widget.height()


@pytest.mark.parametrize("size", [(1280, 720), (1024, 768)])
def test_settings_are_lent_only_while_they_are_needed(clicker: Driver, size: tuple[int, int]) -> None:
    """They take the room of the curves, which two steps of lesson 3 speak of."""
    window, guide = clicker.window, clicker.window.lessons.guide
    window.resize(*size)
    QSettings().setValue(f"lessons/{THIRD.name}", '{"step": 4}')
    window.page.open_settings(False)
    begin(clicker, THIRD, ASKING)
    rate = window.panels[3].rows["optimizer.learning_rate"]
    assert window.page.settings_open and window.lessons.pointer._targets == (rate,) and rate.isVisible()
    before = room(window.cost.plot)
    forward(clicker)
    assert guide.phase == DONE and not window.page.settings_open
    clicker.wait(lambda: window.cost_card.isVisible() and room(window.cost.plot) > before)
    assert not window.cost._ghosts, "its curves alone"
    for _ in range(3):
        forward(clicker)
    assert guide.phase == WAITING and window.page.settings_open and rate.isVisible()
    clicker.session.change("optimizer.learning_rate", 100.0, True, "squared error")
    phase(clicker, DONE)
    assert window.page.settings_open, "one may try again"
    window.controls.set_speed(20.0)
    clicker.play(updates=2)
    clicker.wait(lambda: not window.page.settings_open and window.cost_card.isVisible())
    clicker.pause()
    clicker.wait(lambda: window.page.settings_open and rate.isVisible())
    assert not window.lessons.pointer.is_shading


def test_an_experiment_that_a_step_opens_has_no_ghost_of_the_one_before(clicker: Driver) -> None:
    QSettings().setValue(f"lessons/{THIRD.name}", '{"step": 4, "answers": {"4": null}}')
    begin(clicker, THIRD, DONE)
    forward(clicker)
    forward(clicker)
    assert clicker.window.lessons.guide.phase == DONE
    assert not clicker.window.cost.ghosts.lines and not clicker.window.cost.ghost_note.isVisible()


@pytest.mark.parametrize("size", [(1024, 768), (1280, 720)])
def test_the_settings_open_beside_a_step_that_has_little_room(
    clicker: Driver, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    window, lenses, settings = clicker.window, clicker.window.lenses, clicker.window.settings
    screen = SimpleNamespace(availableGeometry=lambda: QRect(0, 0, *size))
    monkeypatch.setattr(window, "screen", lambda: screen)
    monkeypatch.setattr(window, "showFullScreen", lambda: window.resize(*size))
    press(clicker, Qt.Key.Key_F5)
    begin(clicker, FIRST)
    while window.lessons.guide.index < 4:
        forward(clicker)
    equations = next(lens for lens in lenses.lenses if lens.title == "Equations")
    assert equations.isVisible() and not settings.isVisible()
    clicker.key(Qt.Key.Key_S, on=window)
    clicker.settle()
    assert settings.isVisible() and window.actions_["present_settings"].isChecked()
    clicker.key(Qt.Key.Key_S, on=window)
    clicker.settle()
    assert equations.isVisible() and not settings.isVisible()


@pytest.mark.parametrize("size", [(1024, 768), (1280, 720)])
def test_the_titles_of_lessons_are_not_cut(
    clicker: Driver, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    screen = SimpleNamespace(availableGeometry=lambda: QRect(0, 0, *size))
    monkeypatch.setattr(clicker.window, "screen", lambda: screen)
    monkeypatch.setattr(clicker.window, "showFullScreen", lambda: clicker.window.resize(*size))
    press(clicker, Qt.Key.Key_F5)
    panel = clicker.window.lessons.panel
    for folder in FOLDERS.values():
        panel.show_steps(title(folder))
        clicker.qtbot.wait(1)
        clicker.settle()
        assert panel.title.shown_text() == title(folder)


def test_no_tooltip_covers_the_list(clicker: Driver) -> None:
    clicker.key(Qt.Key.Key_F3)
    lessons = clicker.window.lessons.panel.list
    assert not any(button.toolTip() for button in lessons.buttons)
    assert all(button.accessibleName() for button in lessons.findChildren(QPushButton) if button is not lessons.choose)


# Every frame


class Frames(QObject):
    """Looks at the page of a step whenever it is painted, and notes what does not have its place."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver.window)
        self.page = driver.window.lessons.panel.page
        self.count, self.faults = 0, []
        driver.window.lessons.panel.page.widget().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.count += 1
            self._look()
        return False

    def _look(self) -> None:
        page = self.page
        rows = [
            *page.prediction.choices,
            *page.claims,
            page.prose,
            *page.text.boxes,
            *page.text.more,
            page.title,
            page.prediction.outcome,
        ]
        places = [
            (QRect(row.mapTo(page.widget(), QPoint(0, 0)), row.size()), row) for row in rows if row.isVisibleTo(page)
        ]
        for one, other in combinations(places, 2):
            if one[0].intersects(other[0]):
                self.faults.append(f"{one[1].accessibleName()} over {other[1].accessibleName()}")
        if page.prose.isVisibleTo(page) and page.prose.document().size().height() > page.prose.height() + 1:
            self.faults.append(f"the text needs {page.prose.document().size()} and has {page.prose.size()}")
        for button in page.prediction.choices:
            if button.isVisibleTo(page) and button._row.heightForWidth(button.width()) > button.height():
                self.faults.append(f"{button.accessibleName()} is cut")


def test_no_frame_shows_a_page_halfway(clicker: Driver) -> None:
    begin(clicker, FIRST)
    frames = Frames(clicker)
    for _ in range(8):
        forward(clicker)
        clicker.window.grab()
    assert frames.count > 8 and not frames.faults, frames.faults


# By the keys of a clicker

LONG = "\n\n".join(f"Paragraph {number} says something that is to be read before one goes on." for number in range(40))


def test_the_keys_pass_nothing_unread(clicker: Driver, tmp_path: Path) -> None:
    begin(clicker, own(tmp_path, step("", LONG) + step("train = 1\n" + CHOICES, LONG, title="Two") + step("")))
    desk = clicker.window.lessons
    page, guide = desk.panel.page, desk.guide
    bar, last = page.verticalScrollBar(), 0
    assert bar.maximum() > 2 * page.viewport().height()
    while bar.value() < bar.maximum() - 20:
        press(clicker, Qt.Key.Key_PageDown)
        assert guide.index == 0 and last < bar.value() <= last + page.viewport().height(), "no line is skipped"
        last = bar.value()
    press(clicker, Qt.Key.Key_PageDown)
    assert guide.index == 1 and bar.value() == 0
    press(clicker, Qt.Key.Key_PageDown)
    assert guide.phase == DONE and bar.value() == 0, "the answer begins at its top"
    clicker.key(Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier, on=clicker.window)
    assert guide.index == 1 and bar.value() > 0
    press(clicker, Qt.Key.Key_PageUp)
    assert guide.index == 1 and bar.value() == 0
    press(clicker, Qt.Key.Key_PageUp)
    assert guide.index == 0
    clicker.click(desk.panel.next)
    assert guide.index == 1, "the button goes on at once"


def test_all_choices_are_seen_before_a_key_passes_them(clicker: Driver, tmp_path: Path) -> None:
    choices = CHOICES + "".join(
        f"[[predict.choices]]\ntext = '{'A long choice. ' * 12}'\nclaim = 'A train_mse after 1 > 9{n}'\n"
        for n in range(9)
    )
    begin(clicker, own(tmp_path, step("train = 1\n" + choices)), ASKING)
    desk = clicker.window.lessons
    lowest = desk.panel.page.prediction.choices[-1]
    assert lowest.visibleRegion().isEmpty()
    while lowest.visibleRegion().isEmpty():
        press(clicker, Qt.Key.Key_PageDown)
        assert desk.guide.phase == ASKING
    forward(clicker)
    assert desk.guide.phase == DONE


def test_where_a_control_vanishes_the_page_gets_the_focus(clicker: Driver, tmp_path: Path) -> None:
    block = "point = 'cost'\ntrain = 30\n[predict]\nquestion = 'How?'\nlane = 'B'\ncurve = 'train_mse'"
    begin(clicker, own(tmp_path, step(block) + step("", title="Two")), ASKING)
    window, pen = clicker.window, clicker.window.cost.pen
    clicker.wait(pen.hasFocus)
    forward(clicker)
    assert window.page.hasFocus()
    forward(clicker)
    assert window.page.hasFocus()
    clicker.key(Qt.Key.Key_Space)
    clicker.wait(lambda: clicker.session.playing)
    assert not window.cost.log_x.isChecked()
    clicker.pause()


def test_only_one_lesson_of_the_list_looks_chosen(clicker: Driver) -> None:
    lessons = clicker.window.lessons.panel.list
    clicker.key(Qt.Key.Key_F3)
    clicker.wait(lessons.buttons[0].hasFocus)
    back(clicker)
    assert [button.property("next") for button in lessons.buttons].index(True) == len(FOLDERS) - 1
    assert [button.hasFocus() for button in lessons.buttons].index(True) == len(FOLDERS) - 1
    clicker.window.page.setFocus()
    back(clicker)
    assert clicker.window.page.hasFocus(), "the keys of a clicker give it to nothing"


@pytest.mark.parametrize("way", ["key", "button"])
def test_a_training_rests_while_the_list_is_shown(clicker: Driver, tmp_path: Path, way: str) -> None:
    begin(clicker, own(tmp_path, step("train = 900") + step("", title="Two")), TRAINING, DONE)
    window, desk = clicker.window, clicker.window.lessons
    desk.guide.start_again()
    window.controls.set_speed(20.0)
    clicker.wait(lambda: clicker.session.playing and desk.guide.phase == TRAINING)
    window.controls.set_speed(20.0)
    if way == "key":
        clicker.key(Qt.Key.Key_PageUp, on=window)
    else:
        clicker.click(desk.panel.to_list)
    clicker.wait(lambda: not clicker.session.playing)
    assert desk.panel.shows_list and desk.guide.phase == TRAINING
    clicker.click(next(button for button in desk.panel.list.buttons if button.words.text() == "My own"))
    assert desk.panel.next.text() == "Go on"
    window.controls.set_speed(float("inf"))
    clicker.click(desk.panel.next)
    phase(clicker, DONE)
    assert clicker.last.epoch == 900


def test_what_a_clicker_cannot_do_is_skipped(clicker: Driver, tmp_path: Path) -> None:
    begin(clicker, own(tmp_path, step("wait = 'play'") + step("", title="Two")), WAITING)
    desk = clicker.window.lessons
    assert desk.panel.next.text() == "Skip" and "without" in desk.panel.next.toolTip()
    forward(clicker)
    assert desk.guide.index == 1 and desk.panel.next.text() == "Finish"


# F5 by accident


@pytest.mark.parametrize("presses", [1, 2])
def test_undo_comes_back_to_the_step_that_a_clean_start_has_left(clicker: Driver, presses: int) -> None:
    desk = clicker.window.lessons
    begin(clicker, FIRST)
    forward(clicker)
    clicker.click(desk.panel.page.prediction.choices[1])
    phase(clicker, DONE)
    before, text = clicker.settle(), text_of(clicker)
    kept = read_progress(FIRST)
    for _ in range(presses):
        press(clicker, Qt.Key.Key_F5)
    assert desk.panel.shows_list and not has_begun()
    for _ in range(presses):
        assert desk.panel.shows_list
        clicker.undo()
        clicker.settle()
    phase(clicker, DONE)
    assert not desk.panel.shows_list and desk.guide.index == 1 and text_of(clicker) == text
    assert clicker.last.experiment == before.experiment and clicker.last.update == before.update
    assert read_progress(FIRST) == kept and desk.guide.is_on_path
    assert "your prediction" in desk.panel.page.prediction.choices[1].hint.text()
    forward(clicker)
    assert desk.guide.index == 2


def test_a_question_and_a_training_come_back_as_they_were_left(clicker: Driver, tmp_path: Path) -> None:
    begin(clicker, own(tmp_path, step("train = 900\n" + CHOICES)), ASKING)
    window, desk = clicker.window, clicker.window.lessons
    press(clicker, Qt.Key.Key_F5)
    clicker.undo()
    phase(clicker, ASKING)
    window.controls.set_speed(20.0)
    desk.guide.predict(0)
    clicker.wait(lambda: clicker.session.playing)
    clicker.key(Qt.Key.Key_F5, on=window)
    clicker.wait(lambda: desk.panel.shows_list and not clicker.session.is_pending and clicker.last.update == 0)
    clicker.undo()
    clicker.wait(lambda: not desk.panel.shows_list)
    assert desk.guide.phase == TRAINING and desk.panel.next.text() == "Go on" and not clicker.session.playing
    window.controls.set_speed(float("inf"))
    forward(clicker)
    assert desk.guide.phase == DONE and clicker.last.epoch == 900


def test_once_another_lesson_is_begun_undo_brings_no_step_back(clicker: Driver) -> None:
    desk = clicker.window.lessons
    begin(clicker, THIRD, DONE, ASKING)
    press(clicker, Qt.Key.Key_F5)
    forward(clicker)
    assert desk.guide.lesson.name == FIRST.name
    for _ in range(2):
        clicker.undo()
        clicker.settle()
    assert desk.guide.lesson.name == FIRST.name and not desk.guide.is_on_path
