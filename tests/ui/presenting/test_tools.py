"""What helps in front of a room, by mouse and keys on the real window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QAccessible, QColor, QImage, QKeyEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QWidget

from sandbox.experiment import Trainer
from sandbox.lessons import lesson_folders
from sandbox.ui import theme
from sandbox.ui.actions import keys_of, plain
from sandbox.ui.lessons.guide import ASKING, DONE, WAITING
from sandbox.ui.presenting.countdown import SECONDS, STAYS
from sandbox.ui.presenting.drawing import WIDTH
from tests.colours import contrast, distance
from tests.ui.conftest import Driver

LEFT, NO_BUTTON, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
Key = Qt.Key
KEYS = {
    "blank": Key.Key_B, "ring": Key.Key_R, "pen": Key.Key_D, "erase": Key.Key_E, "countdown": Key.Key_T,
}  # fmt: skip


@pytest.fixture
def presenter(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    """The window while presenting, on a screen of 1280x720; the tests' own is smaller."""
    screen = SimpleNamespace(availableGeometry=lambda: QRect(0, 0, 1280, 720))
    monkeypatch.setattr(driver.window, "screen", lambda: screen)
    monkeypatch.setattr(driver.window, "showFullScreen", lambda: driver.window.resize(1280, 720))
    driver.key(Key.Key_F11)
    settle(driver)
    yield driver
    driver.window.tools.allow(False)


def settle(driver: Driver) -> None:
    for _ in range(4):
        driver.settle()
        QApplication.processEvents()


def picture(driver: Driver) -> QImage:
    return driver.window.grab().toImage()


def move(driver: Driver, place: QPoint, buttons: Qt.MouseButton = NO_BUTTON, held: Qt.KeyboardModifier = NONE) -> None:
    """Move the mouse over the window as the platform tells it, whichever widget is there."""
    handle, at = driver.window.windowHandle(), QPointF(place)
    event = QMouseEvent(QEvent.Type.MouseMove, at, handle.mapToGlobal(at), NO_BUTTON, buttons, held)
    QApplication.sendEvent(handle, event)


def draw(driver: Driver, *places: tuple[int, int], held: Qt.KeyboardModifier = NONE, release: bool = True) -> None:
    """Press the left button at the first place in the window, move to the others, and release."""
    handle, points = driver.window.windowHandle(), [QPoint(*place) for place in places]
    QTest.mousePress(handle, LEFT, NONE, points[0])
    for point in points[1:]:
        move(driver, point, LEFT, held)
    if release:
        QTest.mouseRelease(handle, LEFT, NONE, points[-1])


def ink(driver: Driver) -> QRect:
    """Return where the window is painted in the colour of the presenter, and in nothing else."""
    image = picture(driver).convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)[:, : image.width()]
    wanted = QColor(theme.current().ink).rgb()
    down, across = np.nonzero(pixels == wanted)
    return QRect(QPoint(across.min(), down.min()), QPoint(across.max(), down.max())) if len(across) else QRect()


def is_ink(driver: Driver, *place: int) -> bool:
    return bool(picture(driver).pixelColor(QPoint(*place)) == QColor(theme.current().ink))


class Clock:
    """A clock that goes only when it is told to."""

    def __init__(self, driver: Driver) -> None:
        self.now = 1000.0
        self._countdown = driver.window.tools.countdown
        self._countdown._now = lambda: self.now

    def go(self, seconds: float) -> None:
        self.now += seconds
        self._countdown.tick()


# The keys


def test_the_tools_act_only_while_presenting(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver.window, "showFullScreen", lambda: None)
    tools, actions = driver.window.tools, driver.window.actions_
    for name in KEYS:
        driver.key(KEYS[name])
        assert not actions[name].isEnabled()
    assert not tools.blank.is_on and not tools.put_away()
    driver.key(Key.Key_F11)
    assert all(actions[name].isEnabled() for name in KEYS)
    assert not actions["take_back"].isEnabled()  # nothing is drawn
    driver.key(Key.Key_F11)
    assert not any(actions[name].isEnabled() for name in KEYS)


def test_leaving_takes_everything_away(presenter: Driver) -> None:
    tools, actions = presenter.window.tools, presenter.window.actions_
    for name in ("ring", "pen", "countdown"):
        presenter.key(KEYS[name])
    draw(presenter, (600, 300), (700, 300))
    assert tools.drawing.isVisible() and tools.ring.is_on and tools.countdown.isVisible()
    presenter.key(Key.Key_F11)
    settle(presenter)
    assert not tools.drawing.isVisible() and not tools.ring.is_on and not tools.countdown.isVisible()
    assert not tools.drawing.strokes and not tools.put_away()
    assert not actions["pen"].isChecked() and not actions["ring"].isChecked()
    assert ink(presenter).isEmpty()


def test_escape_first_puts_the_tools_away_and_then_leaves(presenter: Driver) -> None:
    tools, present = presenter.window.tools, presenter.window.actions_["present"]
    presenter.key(KEYS["pen"])
    draw(presenter, (600, 300), (700, 300))
    presenter.key(KEYS["countdown"])
    presenter.key(KEYS["blank"])
    presenter.key(Key.Key_Escape)
    assert not tools.blank.is_on and tools.drawing.has_pen and tools.countdown.is_on
    presenter.key(Key.Key_Escape)
    assert not tools.drawing.has_pen and not tools.countdown.is_on and present.isChecked()
    assert is_ink(presenter, 650, 300)  # what was drawn is not in the way
    presenter.key(Key.Key_Escape)
    assert not present.isChecked() and not tools.drawing.strokes


def test_a_letter_that_is_typed_stays_a_letter(presenter: Driver) -> None:
    tools, window = presenter.window.tools, presenter.window
    window.page.open_settings(True)
    settle(presenter)
    edit = presenter.control("optimizer.learning_rate").edit
    presenter.click(edit)
    edit.selectAll()
    presenter.qtbot.keyClicks(edit, "bred.t")
    assert edit.text() == "bred.t"
    presenter.key(Key.Key_Backspace, on=edit)
    assert edit.text() == "bred."
    spin = presenter.control("network.hidden").cells[0].spin
    presenter.click(spin)
    presenter.qtbot.keyClicks(spin, "bredt.")
    assert not tools.blank.is_on and not tools.put_away()
    presenter.key(Key.Key_Escape, on=spin)


def test_all_shortcuts_fit_on_a_projector(presenter: Driver) -> None:
    assert theme.scale() > 1.0
    presenter.key(Key.Key_F1)
    dialog = presenter.window.findChild(QDialog)
    assert dialog.sizeHint().width() <= 1280 and dialog.sizeHint().height() <= 690  # with a bar for its title
    dialog.close()


def test_the_tools_stand_in_the_menu_with_their_keys(driver: Driver) -> None:
    menus = {plain(action.text()): action.menu() for action in driver.window.menus.actions()}
    listed = {plain(action.text()): keys_of(action) for action in menus["Present"].actions() if action.text()}
    expected = {
        "Blank screen": "B or .", "Pointer ring": "R", "Pen": "D", "Take back a stroke": "Backspace", "Erase": "E",
        "Countdown": "T",
    }  # fmt: skip
    assert expected.items() <= listed.items()


# The blank screen


@pytest.mark.parametrize("key", [Key.Key_B, Key.Key_Period])
def test_the_screen_turns_black_and_comes_back(presenter: Driver, key: Key) -> None:
    black = {QColor("black").rgb()}
    presenter.key(KEYS["pen"])
    presenter.key(KEYS["countdown"])
    assert len(colours_of(picture(presenter))) > 100
    presenter.key(key)
    assert colours_of(picture(presenter)) == black
    presenter.window.resize(1100, 700)
    assert colours_of(picture(presenter)) == black
    presenter.key(key)
    assert not presenter.window.tools.blank.is_on
    assert len(colours_of(picture(presenter))) > 100


@pytest.mark.parametrize("key", [Key.Key_Space, Key.Key_PageDown, Key.Key_Escape, Key.Key_F11, Key.Key_R, Key.Key_Tab])
def test_the_key_that_lifts_the_blank_does_nothing_else(presenter: Driver, key: Key) -> None:
    window = presenter.window
    window.lessons.open_lesson(lesson_folders()["01-the-printed-cost"], afresh=True)
    presenter.wait(lambda: window.lessons.guide.phase in (DONE, ASKING, WAITING))
    settle(presenter)
    focused, step = QApplication.focusWidget(), window.lessons.guide.index
    presenter.key(KEYS["blank"])
    assert QApplication.focusWidget() is window.tools.blank.covers[0]
    presenter.key(key)
    settle(presenter)
    assert not window.tools.blank.is_on and window.actions_["present"].isChecked()
    assert not presenter.session.playing and window.lessons.guide.index == step and not window.tools.ring.is_on
    assert QApplication.focusWidget() is focused
    presenter.key(Key.Key_PageDown)
    assert window.lessons.guide.index == step + 1


def test_a_click_lifts_the_blank_and_does_nothing_else(presenter: Driver) -> None:
    window = presenter.window
    place = window.controls.play.mapTo(window, window.controls.play.rect().center())
    presenter.key(KEYS["blank"])
    QTest.mouseClick(window.windowHandle(), LEFT, NONE, place)
    settle(presenter)
    assert not window.tools.blank.is_on and not presenter.session.playing
    QTest.mouseClick(window.windowHandle(), LEFT, NONE, place)
    presenter.wait(lambda: presenter.session.playing)
    presenter.pause()


def test_a_key_that_is_held_does_not_lift_the_blank(presenter: Driver) -> None:
    presenter.key(KEYS["blank"])
    cover = presenter.window.tools.blank.covers[0]
    again = QKeyEvent(QEvent.Type.KeyPress, Key.Key_B, NONE, "b", True)
    for event in (again, QKeyEvent(QEvent.Type.KeyPress, Key.Key_Alt, Qt.KeyboardModifier.AltModifier)):
        QApplication.sendEvent(cover, event)
        assert presenter.window.tools.blank.is_on
    presenter.key(Key.Key_B)
    assert not presenter.window.tools.blank.is_on


def test_windows_of_their_own_turn_black_too(presenter: Driver) -> None:
    lenses = presenter.window.lenses
    lenses.take_out(lenses.current)
    lens_window = lenses.current.window()
    assert lens_window is not presenter.window
    presenter.activate()
    presenter.key(KEYS["blank"], on=presenter.window)
    assert colours_of(lens_window.grab().toImage()) == {QColor("black").rgb()}
    QTest.mouseClick(lens_window.windowHandle(), LEFT, NONE, QPoint(20, 20))
    assert not presenter.window.tools.blank.is_on
    settle(presenter)
    assert len(colours_of(lens_window.grab().toImage())) > 2
    lens_window.close()


# The ring


def test_the_ring_follows_the_mouse_and_lets_clicks_through(presenter: Driver) -> None:
    tools, window = presenter.window.tools, presenter.window
    presenter.key(KEYS["ring"])
    for place in (QPoint(400, 300), QPoint(900, 500)):
        move(presenter, place)
        assert tools.ring.isVisible() and (tools.ring.geometry().center() - place).manhattanLength() <= 2
    with_ring = picture(presenter)
    tools.ring.hide()
    without = picture(presenter)
    changed = [place for place in grid(with_ring) if with_ring.pixelColor(place) != without.pixelColor(place)]
    assert changed and all(tools.ring.geometry().contains(place) for place in changed)
    play = window.controls.play.mapTo(window, window.controls.play.rect().center())
    move(presenter, play)
    assert tools.ring.geometry().contains(play)
    QTest.mouseClick(window.windowHandle(), LEFT, NONE, play)
    presenter.wait(lambda: presenter.session.playing)
    presenter.pause()
    presenter.key(KEYS["ring"])
    move(presenter, QPoint(500, 400))
    assert not tools.ring.isVisible()


def test_the_ring_is_gone_while_the_mouse_is_elsewhere(presenter: Driver) -> None:
    ring = presenter.window.tools.ring
    presenter.key(KEYS["ring"])
    move(presenter, QPoint(400, 300))
    QApplication.sendEvent(presenter.window.windowHandle(), QEvent(QEvent.Type.Leave))
    assert not ring.isVisible() and ring.is_on
    move(presenter, QPoint(410, 300))
    assert ring.isVisible()


# The pen


def test_a_stroke_is_drawn_and_stays_while_the_network_learns(presenter: Driver) -> None:
    tools, window = presenter.window.tools, presenter.window
    presenter.key(KEYS["pen"])
    assert tools.drawing.has_pen and not is_ink(presenter, 500, 300)
    draw(presenter, (400, 300), (500, 300), (600, 400))
    for place in ((401, 300), (500, 300), (550, 350), (599, 399)):
        assert is_ink(presenter, *place), place
    assert not is_ink(presenter, 500, 400)
    width = theme.px(WIDTH)
    assert ink(presenter).width() == pytest.approx(200 + width, abs=2)
    presenter.key(KEYS["pen"])
    assert not tools.drawing.has_pen
    QTest.mouseClick(window.windowHandle(), LEFT, NONE, QPoint(450, 330))  # reaches what is beneath
    assert len(tools.drawing.strokes) == 1
    presenter.play(updates=20)
    presenter.pause()
    assert is_ink(presenter, 450, 300) and is_ink(presenter, 550, 350)


def test_shift_draws_a_straight_line(presenter: Driver) -> None:
    presenter.key(KEYS["pen"])
    draw(presenter, (400, 300), (450, 420), (600, 300), held=Qt.KeyboardModifier.ShiftModifier, release=False)
    assert is_ink(presenter, 500, 300) and not is_ink(presenter, 450, 420)  # seen before it is let go
    QTest.mouseRelease(presenter.window.windowHandle(), LEFT, NONE, QPoint(600, 300))
    assert is_ink(presenter, 500, 300) and not is_ink(presenter, 450, 420)
    (stroke,) = presenter.window.tools.drawing.strokes
    assert len(stroke) == 2


def test_a_click_draws_a_dot(presenter: Driver) -> None:
    presenter.key(KEYS["pen"])
    draw(presenter, (400, 300))
    assert is_ink(presenter, 400, 300) and not is_ink(presenter, 400, 310)


def test_the_other_buttons_draw_nothing(presenter: Driver) -> None:
    presenter.key(KEYS["pen"])
    QTest.mouseClick(presenter.window.windowHandle(), Qt.MouseButton.RightButton, NONE, QPoint(400, 300))
    assert not presenter.window.tools.drawing.strokes


def test_the_last_stroke_is_taken_back_and_all_are_erased(presenter: Driver) -> None:
    take_back = presenter.window.actions_["take_back"]
    presenter.key(KEYS["pen"])
    for height in (300, 340, 380):
        draw(presenter, (400, height), (600, height))
    assert [is_ink(presenter, 500, height) for height in (300, 340, 380)] == [True, True, True]
    presenter.key(Key.Key_Backspace)
    assert [is_ink(presenter, 500, height) for height in (300, 340, 380)] == [True, True, False]
    presenter.key(KEYS["erase"])
    assert ink(presenter).isEmpty() and not take_back.isEnabled()
    draw(presenter, (400, 300), (600, 300))
    assert is_ink(presenter, 500, 300) and take_back.isEnabled()  # the pen is still out


def test_the_next_step_erases_what_was_drawn_over_this_one(presenter: Driver) -> None:
    window, lessons = presenter.window, presenter.window.lessons
    lessons.open_lesson(lesson_folders()["01-the-printed-cost"], afresh=True)
    presenter.wait(lambda: lessons.guide.phase == DONE)
    presenter.key(KEYS["pen"])
    draw(presenter, (600, 300), (700, 300))
    presenter.key(KEYS["pen"])
    settle(presenter)
    assert window.tools.drawing.strokes
    lessons.go_on()
    presenter.wait(lambda: lessons.guide.phase == ASKING)
    assert not window.tools.drawing.strokes
    presenter.key(KEYS["pen"])
    draw(presenter, (600, 300), (700, 300))
    lessons.go_on()
    presenter.wait(lambda: lessons.guide.phase == DONE)
    assert window.tools.drawing.strokes, "it is still the same step"


def test_erasing_ends_a_stroke_that_is_being_drawn(presenter: Driver) -> None:
    presenter.key(KEYS["pen"])
    draw(presenter, (400, 300), (500, 300), release=False)
    presenter.key(KEYS["erase"])
    move(presenter, QPoint(600, 300), LEFT)
    assert ink(presenter).isEmpty() and not presenter.window.tools.drawing.strokes
    QTest.mouseRelease(presenter.window.windowHandle(), LEFT, NONE, QPoint(600, 300))


def test_strokes_stay_in_place_when_the_window_changes_its_size(presenter: Driver) -> None:
    presenter.key(KEYS["pen"])
    draw(presenter, (320, 360), (640, 360))
    presenter.window.resize(1600, 900)
    settle(presenter)
    assert is_ink(presenter, 600, 450) and is_ink(presenter, 798, 450) and not is_ink(presenter, 600, 360)


def test_strokes_follow_the_theme(presenter: Driver) -> None:
    presenter.key(KEYS["pen"])
    draw(presenter, (400, 300), (600, 300))
    light = theme.current().ink
    presenter.window.switch_theme()
    settle(presenter)
    assert theme.current().ink != light and is_ink(presenter, 500, 300)
    presenter.window.switch_theme()


def test_a_saved_picture_holds_what_was_drawn(
    presenter: Driver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "drawn.png"), ""))
    presenter.key(KEYS["pen"])
    draw(presenter, (400, 300), (600, 300))
    presenter.window.actions_["picture"].trigger()
    assert QImage(str(tmp_path / "drawn.png")).pixelColor(500, 300) == QColor(theme.current().ink)


def test_nothing_that_is_drawn_changes_a_bit(presenter: Driver) -> None:
    presenter.key(KEYS["pen"])
    presenter.key(KEYS["ring"])
    presenter.key(KEYS["countdown"])
    presenter.play()
    for height in range(200, 600, 20):
        draw(presenter, (300, height), (400, height + 30), (700, height))
        move(presenter, QPoint(500, height))
        QApplication.processEvents()
    presenter.key(KEYS["blank"])
    before = presenter.last.update
    presenter.wait_drawn(lambda snapshot: snapshot.update > before)  # it goes on beneath
    presenter.key(KEYS["blank"])
    presenter.key(KEYS["pen"])
    last = presenter.pause()
    alone = Trainer(presenter.session.experiment)
    alone.advance(lambda: True, last.update)
    expected, weights = alone.parameters("A"), presenter.weights("A")
    assert all(np.array_equal(expected[name], weights[name]) for name in expected)


# The countdown


def test_it_counts_down_and_goes(presenter: Driver) -> None:
    countdown, clock = presenter.window.tools.countdown, Clock(presenter)
    presenter.key(KEYS["countdown"])
    assert countdown.isVisible() and countdown.seconds == SECONDS == 30
    assert countdown.accessibleDescription() == "30 seconds left"
    full = count_of_ink(countdown)
    clock.go(15.0)
    assert countdown.seconds == 15 and count_of_ink(countdown) == pytest.approx(full / 2, rel=0.1)
    clock.go(14.5)
    assert countdown.seconds == 1 and countdown.accessibleDescription() == "1 second left"
    clock.go(0.5)
    assert countdown.seconds == 0 and countdown.isVisible() and count_of_ink(countdown) == 0
    clock.go(STAYS + 0.1)
    assert not countdown.isVisible() and not countdown.is_on


def test_pressed_again_it_gives_thirty_seconds_more(presenter: Driver) -> None:
    countdown, clock = presenter.window.tools.countdown, Clock(presenter)
    presenter.key(KEYS["countdown"])
    clock.go(10.0)
    presenter.key(KEYS["countdown"])
    assert countdown.seconds == 50
    clock.go(50.5)
    presenter.key(KEYS["countdown"])
    assert countdown.seconds == 30  # it was over


def test_escape_stops_it_and_the_eraser_does_not(presenter: Driver) -> None:
    countdown = presenter.window.tools.countdown
    presenter.key(KEYS["countdown"])
    presenter.key(KEYS["erase"])
    assert countdown.is_on
    presenter.key(Key.Key_Escape)
    assert not countdown.isVisible() and not countdown.is_on and presenter.window.actions_["present"].isChecked()


def test_it_ends_when_the_prediction_is_taken(presenter: Driver) -> None:
    window, lessons = presenter.window, presenter.window.lessons
    countdown = window.tools.countdown
    lessons.open_lesson(lesson_folders()["01-the-printed-cost"], afresh=True)
    presenter.wait(lambda: lessons.guide.phase in (DONE, ASKING, WAITING))
    presenter.key(KEYS["countdown"])
    while lessons.guide.phase != ASKING:
        assert countdown.is_on  # a step that asks nothing does not end it
        lessons.go_on()
        presenter.wait(lambda: lessons.guide.phase in (DONE, ASKING, WAITING))
    assert countdown.is_on
    presenter.wait(lambda: lessons.panel.page.prediction.choices[0].isVisible())
    presenter.key(Key.Key_1)
    presenter.wait(lambda: lessons.guide.phase != ASKING)  # a key keeps a button down for a moment
    assert not countdown.is_on
    presenter.wait(lambda: lessons.guide.phase in (DONE, WAITING))


def test_it_is_always_in_the_same_place(presenter: Driver) -> None:
    window, countdown = presenter.window, presenter.window.tools.countdown
    presenter.key(KEYS["countdown"])
    card = QRect(window.boundary_card.mapTo(window, QPoint(0, 0)), window.boundary_card.size())
    assert card.contains(countdown.geometry()) and countdown.geometry().center().x() > card.center().x()
    presenter.key(Key.Key_Escape)
    places = set()
    for name in ("01-the-printed-cost", "03-confidently-wrong", "07-outliers"):
        window.lessons.open_lesson(lesson_folders()[name], afresh=True)
        presenter.wait(lambda: window.lessons.guide.phase in (DONE, ASKING, WAITING))
        if window.lessons.guide.phase != ASKING:
            window.lessons.go_on()
            presenter.wait(lambda: window.lessons.guide.phase == ASKING)
        settle(presenter)
        presenter.key(KEYS["countdown"])
        countdown.tick()
        places.add(countdown.geometry().getRect())
        question = window.lessons.panel.page.prediction
        asked = QRect(question.mapTo(window, QPoint(0, 0)), question.size())
        assert not asked.intersects(countdown.geometry()), f"it covers what {name} asks"
    assert len(places) == 1 and window.lessons.panel.geometry().intersects(countdown.geometry())


# How they look


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=lambda colours: colours.name)
def test_what_the_presenter_adds_has_a_colour_of_its_own(colours: theme.Theme) -> None:
    taken = (
        *colours.classes[:2], *colours.lanes[:6], colours.negative, colours.positive, colours.decided, colours.accent,
        colours.error,
    )  # fmt: skip
    assert min(distance(colours.ink, other) for other in taken) > 35
    assert all(contrast(colours.ink, ground) >= 4 for ground in (colours.card, colours.ground))


def test_the_tools_have_names_for_screen_readers(presenter: Driver) -> None:
    tools = presenter.window.tools
    presenter.key(KEYS["pen"])
    draw(presenter, (400, 300), (600, 300))
    assert tools.drawing.accessibleName() == "Drawing"
    assert tools.drawing.accessibleDescription() == "1 stroke over the picture."
    presenter.key(KEYS["countdown"])
    node = QAccessible.queryAccessibleInterface(tools.countdown)
    assert node.text(QAccessible.Text.Name) == "Countdown" and "seconds left" in node.text(QAccessible.Text.Description)
    presenter.key(KEYS["blank"])
    assert tools.blank.covers[0].accessibleDescription() == "Any key or click brings the picture back."
    presenter.key(KEYS["blank"])


def colours_of(image: QImage) -> set[int]:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    return set(np.unique(np.frombuffer(image.constBits(), np.uint32)).tolist())


def grid(image: QImage) -> Iterator[QPoint]:
    """Yield every third pixel each way."""
    for y in range(0, image.height(), 3):
        yield from (QPoint(x, y) for x in range(0, image.width(), 3))


def count_of_ink(widget: QWidget) -> int:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return int(np.count_nonzero(np.frombuffer(image.constBits(), np.uint32) == QColor(theme.current().ink).rgb()))
