"""Presenting in the real window: what stays on screen, how large it is, and that all comes back afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QRect, QSettings, Qt
from PySide6.QtGui import QFontInfo
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QTextEdit,
    QToolButton,
    QWidget,
)

from sandbox.experiment import Experiment
from sandbox.lessons import lesson_folders
from sandbox.ui import theme
from sandbox.ui.kit import Notice
from sandbox.ui.lessons.guide import DONE, MOVING
from sandbox.ui.plot.legend import CurveChip, CurveName, PointLegend
from sandbox.ui.plot.plot import Plot
from sandbox.ui.window import MainWindow
from tests.ui.conftest import PATIENCE, Driver
from tests.ui.test_layout import problems
from tests.ui.test_lessons import begin, next_step, own, step

Key = Qt.Key
OpenWindow = Callable[..., Driver]
SIZES = [(1024, 768), (1280, 720), (1920, 1080)]
KEYS = {"settings": Key.Key_S, "network": Key.Key_N, "cost": Key.Key_C, "lenses": Key.Key_L}
LANES = (
    "", 'loss.objective = "mse"', "optimizer.learning_rate = 2.0", 'loss.objective = "hinge"',
    "optimizer.learning_rate = 0.001", 'loss.objective = "huber"',
)  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_chosen() -> Iterator[None]:
    """Begin every test as somebody who has never presented."""
    QSettings().remove("presenting")
    yield
    QSettings().remove("presenting")


def experiment(lanes: int = 1, more: str = "") -> Experiment:
    entries = (f'[[lanes]]\nname = "{name}"\n{differs}\n' for name, differs in zip("ABCDEF", LANES, strict=True))
    text = f'[data]\nsamples = 60\n{more}[loss]\nmonitors = ["mse"]\n'
    return Experiment.loads(text + "".join(list(entries)[:lanes]))


@pytest.fixture
def on_screen(open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Driver]:
    """Open a window that fills a screen of some size when it presents; the tests' own screen is smaller."""

    def make(size: tuple[int, int] = (1280, 720), of: Experiment | None = None) -> Driver:
        driver = open_window(of or experiment())
        window = driver.window
        monkeypatch.setattr(window, "screen", lambda: SimpleNamespace(availableGeometry=lambda: QRect(0, 0, *size)))
        monkeypatch.setattr(window, "showFullScreen", lambda: window.resize(*size))
        window.resize(*size)
        settle(driver)
        return driver

    return make


def settle(driver: Driver) -> None:
    driver.settle()
    for _ in range(5):
        QApplication.processEvents()
    driver.settle()


def press(driver: Driver, *keys: Qt.Key) -> None:
    for key in keys:
        driver.key(key)
        settle(driver)


def present(driver: Driver) -> None:
    press(driver, Key.Key_F11)


def seen(driver: Driver) -> set[str]:
    """The parts that one can see beside the boundary."""
    window = driver.window
    parts = {"settings": window.page.settings, "cost": window.cost, "lenses": window.lenses}
    parts["network"] = window.network.card
    return {name for name, part in parts.items() if part.isVisible()}


# What stays on screen


def test_the_first_time_boundary_and_cost_are_shown(on_screen: Callable[..., Driver]) -> None:
    driver = on_screen()
    window = driver.window
    present(driver)
    assert window.boundary.isVisible() and window.controls.epoch.isVisible()
    assert seen(driver) == {"cost"}
    assert not window.menus.isVisible() and not window.notice.isVisible()


@pytest.mark.parametrize("size", SIZES)
def test_each_part_is_folded_and_unfolded_by_its_key(on_screen: Callable[..., Driver], size: tuple[int, int]) -> None:
    driver = on_screen(size)
    present(driver)
    for part, key in KEYS.items():
        before = seen(driver)
        action = driver.window.actions_[f"present_{part}"]
        press(driver, key)
        assert seen(driver) == before ^ {part} and action.isChecked() == (part not in before)
        press(driver, key)
        assert seen(driver) == before and action.isChecked() == (part in before)


def test_what_is_folded_gives_its_room_to_the_rest(on_screen: Callable[..., Driver]) -> None:
    driver = on_screen()
    window = driver.window
    present(driver)
    right, height = window.cost_card.geometry().right(), window.cost_card.height()
    press(driver, Key.Key_C)
    assert window.boundary_card.geometry().right() == right  # all of it
    press(driver, Key.Key_L)
    assert window.lenses.geometry().right() == right and window.lenses.height() == height
    assert window.lenses.isAncestorOf(window.lenses.current) and window.lenses.current.isVisible()
    press(driver, Key.Key_C, Key.Key_L)
    assert window.cost_card.isAncestorOf(window.cost) and window.cost_card.height() == height


def test_cost_and_lenses_share_a_low_column_by_tabs(on_screen: Callable[..., Driver]) -> None:
    driver = on_screen()
    window = driver.window
    present(driver)
    press(driver, Key.Key_L)
    assert window.lenses.isAncestorOf(window.cost)
    press(driver, Key.Key_C)
    assert not window.cost.isVisible() and window.lenses.current.isVisible()


def test_a_lens_that_is_asked_for_unfolds_the_lenses(on_screen: Callable[..., Driver]) -> None:
    driver = on_screen()
    window = driver.window
    present(driver)
    driver.key(Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    settle(driver)
    assert window.lenses.lenses[1].isVisible()


def test_the_keys_act_only_while_presenting_and_not_where_one_types(on_screen: Callable[..., Driver]) -> None:
    driver = on_screen((1920, 1080))
    window = driver.window
    before = seen(driver)
    press(driver, *KEYS.values())
    assert seen(driver) == before and not any(window.actions_[f"present_{part}"].isEnabled() for part in KEYS)
    present(driver)
    press(driver, Key.Key_S)
    edit = driver.control("optimizer.learning_rate").edit
    driver.click(edit)
    edit.selectAll()
    driver.qtbot.keyClicks(edit, "sCl")
    assert edit.text() == "sCl" and seen(driver) == {"settings", "cost"}


def test_the_settings_keep_their_own_key(on_screen: Callable[..., Driver]) -> None:
    driver = on_screen()
    present(driver)
    driver.key(Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert seen(driver) == {"settings", "cost"} and driver.window.actions_["present_settings"].isChecked()


def test_what_was_chosen_is_remembered_for_the_next_time(on_screen: Callable[..., Driver]) -> None:
    driver = on_screen()
    present(driver)
    press(driver, Key.Key_C, Key.Key_L, Key.Key_S)
    press(driver, Key.Key_Escape, Key.Key_F11)
    assert seen(driver) == {"settings", "lenses"}
    press(driver, Key.Key_L, Key.Key_S, Key.Key_F11)
    other = on_screen()
    present(other)
    assert seen(other) == set()


# Leaving


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("opened", [True, False])
def test_leaving_brings_everything_back(on_screen: Callable[..., Driver], size: tuple[int, int], opened: bool) -> None:
    driver = on_screen(size)
    window = driver.window
    if not opened:
        driver.key(Key.Key_B, Qt.KeyboardModifier.ControlModifier)
        settle(driver)

    def places() -> list[QRect]:
        return [card.geometry() for card in (window.boundary_card, window.cost_card, window.lenses)]

    before = places()
    present(driver)
    press(driver, Key.Key_C, Key.Key_L, Key.Key_S, Key.Key_F11)
    driver.wait(lambda: places() == before)
    assert theme.scale() == 1.0 and window.page.settings.isVisible() == opened
    assert window.menus.isVisible() and window.actions_["settings"].isChecked() == opened
    driver.key(Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert window.page.settings.isVisible() != opened


def test_the_way_back_is_always_in_sight(on_screen: Callable[..., Driver]) -> None:
    for size in SIZES:
        driver = on_screen(size, experiment(3))
        button = driver.window.controls.present
        present(driver)
        assert button.isVisible() and button.toolTip() == "Goes back to the usual size (F11)."
        driver.click(button)
        settle(driver)
        assert theme.scale() == 1.0


def test_the_row_of_controls_offers_what_a_presenter_can_do(on_screen: Callable[..., Driver]) -> None:
    driver = on_screen((1920, 1080))
    controls = driver.window.controls
    present(driver)
    driver.click(controls.more)
    offered = {action.text(): action for action in controls._menu.actions()}
    offered["Show &cost"].trigger()
    controls._menu.hide()
    settle(driver)
    assert seen(driver) == set()


UNNEEDED = (
    "[data]\nsamples = 60\ntest_fraction = 0.0\n[[lanes]]\nname = 'A'\n[[lanes]]\nname = 'B'\nloss.objective = 'mse'\n"
)


def unneeded(window: MainWindow) -> list[QWidget]:
    """What a room does not need."""
    switches = window.boundary.frames[0].view.legend.switches
    controls = (window.controls.new_weights, window.controls.test)
    return [window.lane_bar.new, window.cost.only, switches["wrong_only"], switches["discrete"], *controls]


def test_an_audience_does_not_see_what_it_does_not_need(on_screen: Callable[..., Driver]) -> None:
    driver = on_screen((1920, 1080), Experiment.loads(UNNEEDED))
    window = driver.window
    assert all(widget.isVisible() for widget in unneeded(window))
    present(driver)
    assert not any(widget.isVisible() for widget in unneeded(window))
    press(driver, Key.Key_S)  # whoever changes something needs it
    assert all(widget.isVisible() for widget in unneeded(window))
    press(driver, Key.Key_S)
    assert not any(widget.isVisible() for widget in unneeded(window))
    press(driver, Key.Key_F11)
    assert all(widget.isVisible() for widget in unneeded(window))


def test_an_audience_sees_what_is_switched_on(on_screen: Callable[..., Driver]) -> None:
    driver = on_screen((1920, 1080), Experiment.loads(UNNEEDED))
    window = driver.window
    driver.click(window.boundary.frames[0].view.legend.switches["discrete"])
    driver.choose(window.cost.only, "Mean squared")
    present(driver)
    shown = [widget for widget in unneeded(window) if widget.isVisible()]
    assert shown == [window.cost.only, window.boundary.frames[0].view.legend.switches["discrete"]]


def test_an_audience_sees_the_cost_of_test_samples(on_screen: Callable[..., Driver]) -> None:
    driver = on_screen((1920, 1080), experiment(2))
    present(driver)
    assert driver.window.controls.test.isVisible()


# Lessons


def test_many_boundaries_get_more_room_than_the_curves(on_screen: Callable[..., Driver]) -> None:
    widths = {}
    for lanes in (2, 4):
        driver = on_screen((1280, 720), experiment(lanes))
        window = driver.window
        present(driver)
        window.lessons.open_lesson(next(iter(lesson_folders().values())))  # the panel at the left
        window.page.open_lessons(True)
        settle(driver)
        widths[lanes] = window.boundary_card.width(), window.cost_card.width()
    assert widths[4][0] > widths[4][1] and widths[4][0] >= widths[2][0]


def test_a_step_that_points_at_the_new_lane_shows_its_button(on_screen: Callable[..., Driver], tmp_path: Path) -> None:
    driver = on_screen()
    present(driver)
    begin(driver, own(tmp_path, step("point = 'add_lane'") + step("point = 'boundary'", title="next")))
    settle(driver)
    button = driver.window.lane_bar.new
    assert button.isVisible() and not driver.window.lessons.pointer.ring.isEmpty()
    next_step(driver, DONE)
    settle(driver)
    assert not button.isVisible()


def test_a_step_unfolds_what_it_points_at_and_folds_it_again(on_screen: Callable[..., Driver], tmp_path: Path) -> None:
    driver = on_screen()
    steps = (step(f'point = "{place}"', title=place) for place in ("equations", "cost", "loss.objective", "boundary"))
    begin(driver, own(tmp_path, "".join(steps)))
    present(driver)
    press(driver, Key.Key_C)
    QSettings().sync()
    assert seen(driver) == {"lenses"}
    for expected in ({"cost"}, {"settings"}, set()):
        next_step(driver, DONE)
        settle(driver)
        assert seen(driver) == expected
    press(driver, Key.Key_Escape, Key.Key_F11)
    assert seen(driver) == set()  # what was lent is not what the presenter chose


def test_what_the_presenter_unfolds_during_a_step_stays(on_screen: Callable[..., Driver], tmp_path: Path) -> None:
    driver = on_screen()
    begin(driver, own(tmp_path, step('point = "equations"') + step('point = "boundary"')))
    present(driver)
    press(driver, Key.Key_C)
    assert seen(driver) == {"lenses"}
    press(driver, Key.Key_L, Key.Key_L)
    next_step(driver, DONE)
    settle(driver)
    assert seen(driver) == {"lenses"}


# Messages


def test_messages_wait_until_one_leaves(on_screen: Callable[..., Driver]) -> None:
    driver = on_screen()
    notice = driver.window.notice
    present(driver)
    notice.offer("New here?", "Begin", lambda: None)
    notice.say("Saved.")
    notice.say("Training stopped.", error=True, action="Reset")
    assert not notice.isVisible()
    press(driver, Key.Key_F11)
    assert notice.isVisible() and notice.sentence.text() == "Training stopped." and notice.button.text() == "Reset"
    driver.click(notice.close_button)
    assert notice.sentence.text() == "New here?"


def test_a_message_on_screen_makes_way_and_comes_back(on_screen: Callable[..., Driver]) -> None:
    driver = on_screen()
    notice = driver.window.notice
    notice.say("Seven rows were left out.")
    present(driver)
    assert not notice.isVisible()
    press(driver, Key.Key_F11)
    assert notice.isVisible() and notice.sentence.text() == "Seven rows were left out."


def test_what_is_refused_is_said_briefly_and_moves_nothing(on_screen: Callable[..., Driver]) -> None:
    driver = on_screen((1920, 1080))
    window, notice = driver.window, driver.window.notice
    present(driver)
    press(driver, Key.Key_S)
    before = window.boundary_card.geometry()
    driver.type(driver.control("optimizer.learning_rate").edit, "-1")
    driver.wait(notice.isVisible)
    settle(driver)
    assert notice.property("kind") == "error" and notice._hide_timer.isActive()
    assert window.boundary_card.geometry() == before
    assert window.page.rect().contains(notice.geometry()) and notice.height() == theme.px(theme.CONTROL)
    press(driver, Key.Key_F11)
    assert not notice.isVisible()


def test_a_stop_of_the_previous_run_is_not_reported_afterwards(qtbot: Any) -> None:
    notice = Notice()
    qtbot.addWidget(notice)
    notice.hold(True)
    notice.say("Training stopped.", error=True, action="Reset")
    notice.drop()
    notice.hold(False)
    assert notice.isHidden()


# How large it is


def small_types(window: QWidget, least: float) -> set[str]:
    """Return the texts on screen whose letters are smaller than this, in pixels."""
    found = set()
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or widget.window() is not window:
            continue
        for text, size in types(widget):
            if text.strip() and size < least:
                found.add(f"{type(widget).__name__} {text!r}: {size}")
    return found


def types(widget: QWidget) -> Iterator[tuple[str, int]]:
    """Yield each text of a widget with the size of its letters."""
    if isinstance(widget, QTextEdit):
        block = widget.document().begin()
        while block.isValid():
            parts = block.begin()
            while not parts.atEnd():
                part = parts.fragment()
                if not part.charFormat().isImageFormat():
                    yield part.text(), part.charFormat().font().pixelSize()
                parts += 1
            block = block.next()
    elif isinstance(widget, Plot):
        yield "axis", min(axis.style["tickFont"].pixelSize() for axis in widget.axes.values())
    elif isinstance(widget, PointLegend):
        yield widget.text(), widget.font().pixelSize()
    elif isinstance(widget, CurveChip | CurveName):
        yield widget.accessibleName(), widget._font.pixelSize()
    elif isinstance(widget, QLabel | QAbstractButton | QLineEdit | QComboBox):
        is_icon = isinstance(widget, QToolButton) and widget.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly
        text = widget.currentText() if isinstance(widget, QComboBox) else widget.text()
        yield "" if is_icon and not widget.icon().isNull() else text, QFontInfo(widget.font()).pixelSize()


@pytest.mark.parametrize("lanes", [1, 2, 6])
def test_all_type_is_for_the_back_row(on_screen: Callable[..., Driver], lanes: int) -> None:
    driver = on_screen((1280, 720), experiment(lanes))
    window, least = driver.window, 1.25 * theme.NORMAL
    press(driver, Key.Key_Space)
    driver.wait_drawn(lambda snapshot: snapshot.epoch >= 3)
    driver.pause()
    assert small_types(window, least)  # at a desk
    present(driver)
    assert not small_types(window, least)
    assert window.cost.letters.font.pixelSize() >= least
    press(driver, Key.Key_L)  # the cost goes behind a tab
    assert not small_types(window, least)
    for index in range(len(window.lenses.lenses)):
        window.lenses.show_tab(index)
        settle(driver)
        assert not small_types(window, least), window.lenses.current.title
    press(driver, Key.Key_S, Key.Key_L)
    assert not small_types(window, least)


def test_the_text_of_a_lesson_is_for_the_back_row(on_screen: Callable[..., Driver]) -> None:
    driver = on_screen()
    window = driver.window
    window.lessons.open_lesson(lesson_folders()["01-the-printed-cost"])
    present(driver)
    for _ in range(7):
        settle(driver)
        assert not small_types(window, 1.25 * theme.NORMAL), window.lessons.guide.step.title
        window.lessons.go_on()
        driver.wait(lambda: window.lessons.guide.phase != MOVING)
    window.lessons.show_list()
    settle(driver)
    assert not small_types(window, 1.25 * theme.NORMAL)


# The boundary


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("lanes", [1, 2, 3, 4, 5, 6])
def test_the_boundary_keeps_its_proportions(
    on_screen: Callable[..., Driver], size: tuple[int, int], lanes: int
) -> None:
    driver = on_screen(size, experiment(lanes))
    present(driver)
    for keys in ((), (Key.Key_C,), (Key.Key_L,), (Key.Key_S,)):  # with the cost, alone, with lenses, with settings too
        press(driver, *keys)
        for frame in driver.window.boundary.frames:
            plot = frame.view.plot
            area = plot.area.rect()
            (left, right), (low, high) = plot.x_range, plot.y_range
            assert (right - left) / area.width() == pytest.approx((high - low) / area.height(), rel=0.02)
            assert 0.49 <= area.width() / area.height() <= 2.2  # whole pixels
            assert area.width() * area.height() > 0.012 * size[0] * size[1] / lanes


def test_a_plot_without_alike_inputs_is_no_strip(on_screen: Callable[..., Driver]) -> None:
    driver = on_screen((1280, 720), Experiment.loads('[data]\ndataset = "sine"\n'))
    present(driver)
    press(driver, Key.Key_C)
    area = driver.window.boundary.plot.area.rect()
    assert area.width() == pytest.approx(2.1 * area.height(), rel=0.03)


@pytest.mark.parametrize("lanes", [1, 3, 6])
@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_cut_while_presenting(on_screen: Callable[..., Driver], size: tuple[int, int], lanes: int) -> None:
    driver = on_screen(size, experiment(lanes))
    present(driver)
    for keys in ((), (Key.Key_S,), (Key.Key_L,), (Key.Key_C,), (Key.Key_S,)):
        press(driver, *keys)
        assert not (found := problems(driver.window)), f"{keys}: " + "\n".join(found)


@pytest.mark.parametrize("lanes", [4, 6])
def test_names_of_many_lanes_can_be_told(on_screen: Callable[..., Driver], lanes: int) -> None:
    driver = on_screen((1280, 720), experiment(lanes))
    present(driver)
    shown = [frame.words.shown_text() for frame in driver.window.boundary.frames]
    assert all(
        len(text) >= min(len(frame.words.text()), 16)
        for text, frame in zip(shown, driver.window.boundary.frames, strict=True)
    )
    assert driver.window.lane_bar.rival.width() >= driver.window.lane_bar.rival.sizeHint().width()


def test_a_note_below_the_cost_has_the_lines_that_it_needs(
    on_screen: Callable[..., Driver], monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = on_screen((1024, 768))
    cost = driver.window.cost
    present(driver)
    monkeypatch.setattr(cost, "_set_note", lambda *_: None)  # the curves themselves have nothing to note
    cost.note.setText("Values of 0 and below cannot be shown on a logarithmic axis and are left out, and more of it.")
    cost.note.show()
    settle(driver)
    assert cost.note.height() >= cost.note.heightForWidth(cost.note.width()) > 1.5 * cost.readout.height()


def test_presenting_begins_before_the_views_are_there(qtbot: Any) -> None:
    window = MainWindow(experiment(), theme.LIGHT)
    qtbot.addWidget(window)
    window.presentation.switch()
    window._load_views()
    driven = window.boundary.frames[0].view
    qtbot.waitUntil(lambda: driven.slice is not None and window.cost.isVisible(), timeout=PATIENCE)
    assert driven.plot._shape is not None and not window.lenses.isVisible()
    window.presentation.switch()
    assert driven.plot._shape is None and theme.scale() == 1.0
    window.close()
