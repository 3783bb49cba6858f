"""What people see who do not see well, and what a screen reader is told: the whole window, read as it is drawn."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface, QColor, QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from sandbox.experiment import Experiment
from sandbox.experiment.document.parts import LaneEntry
from sandbox.ui import kit, theme
from sandbox.ui.accessible import LiveDescription
from sandbox.ui.contrast import LINES, TEXT, contrast, paler
from sandbox.ui.plot.plot import Plot
from tests.ui.conftest import Driver

Role, Text = QAccessible.Role, QAccessible.Text

INTERACTIVE = {
    Role.Button, Role.CheckBox, Role.RadioButton, Role.ComboBox, Role.EditableText, Role.Slider, Role.SpinBox,
    Role.PageTab, Role.Chart, Role.Link,
}  # fmt: skip


def _lanes(*changes: dict[str, object]) -> Experiment:
    entries = tuple(LaneEntry("ABCDEF"[k], lane_changes) for k, lane_changes in enumerate(changes))
    return dataclasses.replace(Experiment().with_value("loss.monitors", ("mse",)), lanes=entries).checked()


THREE = _lanes({}, {"loss.objective": "mse"}, {"optimizer.learning_rate": 0.1})


def _tree(widget: QWidget) -> list[QAccessibleInterface]:
    """Everything visible in a widget, as a screen reader sees it."""

    def below(node: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
        yield node
        for index in range(node.childCount()):
            child = node.child(index)
            if child is not None and not child.state().invisible:
                yield from below(child)

    return list(below(QAccessible.queryAccessibleInterface(widget)))


def _said(node: QAccessibleInterface) -> tuple[str, str, str]:
    """Name, value and description."""
    return node.text(Text.Name), node.text(Text.Value), node.text(Text.Description)


def _of(widget: QWidget) -> QAccessibleInterface:
    return QAccessible.queryAccessibleInterface(widget)


@pytest.mark.parametrize("experiment", [THREE, _lanes({})])
def test_every_control_of_the_window_has_a_name_and_no_markup(
    open_window: Callable[..., Driver], experiment: Experiment
) -> None:
    driver = open_window(experiment)
    seen = set()
    for lens in driver.window.lenses.lenses:
        driver.window.lenses.show_lens(lens)
        driver.settle()
        for node in _tree(driver.window):
            name, value, description = _said(node)
            seen.add(node.role())
            if node.role() in INTERACTIVE or (node.state().focusable and node.role() != Role.StaticText):
                assert name, f"a {node.role().name} without a name: {node.object()}"
            for text in (name, value, description):
                assert "<" not in text.replace("< ", "") and "&lt;" not in text, text
    assert seen >= INTERACTIVE - {Role.RadioButton, Role.Link}


def test_sliders_say_their_number_as_it_is_shown(driver: Driver) -> None:
    rate = driver.control("optimizer.learning_rate")
    driver.type(rate.edit, "0.37")
    slider, edit = _of(rate.slider), _of(rate.edit)
    assert _said(slider)[:2] == ("Learning rate", "0.37") and _said(edit)[:2] == ("Learning rate", "0.37")
    assert slider.role() == Role.Slider
    numbers = slider.valueInterface()
    assert numbers.currentValue() in (0.3, 0.4)  # the nearest stop
    assert (numbers.minimumValue(), numbers.maximumValue()) == (1e-5, 100.0)
    numbers.setCurrentValue(0.05)
    assert rate.value() == 0.05 and _said(slider)[1] == "0.05" and numbers.currentValue() == 0.05
    slider.actionInterface().doAction(slider.actionInterface().increaseAction())
    assert rate.value() == 0.06 == driver.session.experiment.optimizer.learning_rate
    slider.actionInterface().doAction(slider.actionInterface().decreaseAction())
    assert rate.value() == 0.05


def test_a_word_that_stands_for_a_number_is_said(driver: Driver) -> None:
    batch = driver.control("optimizer.batch_size")
    assert _said(_of(batch.slider))[:2] == ("Batch size all", "all")
    batch.slider.setFocus()
    driver.key(Qt.Key.Key_Home, on=batch.slider)
    assert batch.value() == 1
    driver.key(Qt.Key.Key_End, on=batch.slider)
    assert batch.value() == 0 and batch.edit.text() == "all"
    speed = driver.window.controls.speed
    assert _said(_of(speed.slider))[:2] == ("Speed max", "max")
    speed.set_value(500.0)
    assert _said(_of(speed.slider))[:2] == ("Speed", "500 updates/s")


def test_a_multiple_choice_says_what_is_ticked(driver: Driver) -> None:
    shown = driver.control("loss.monitors")
    driver.tick(shown, "Mean squared error")
    driver.tick(shown, "Mean absolute error")
    node = _of(shown)
    assert node.role() == Role.ComboBox and node.state().hasPopup
    assert _said(node)[:2] == (
        "Also show: Mean squared error, Mean absolute error",
        "Mean squared error, Mean absolute error",
    )
    node.actionInterface().doAction(node.actionInterface().showMenuAction())
    assert shown._popup.isVisible()
    driver.key(Qt.Key.Key_Escape, on=shown._popup)


def test_tabs_and_toggles_have_their_role_and_state(driver: Driver) -> None:
    lenses, cost = driver.window.lenses, driver.window.cost
    tabs = [node for node in _tree(lenses) if node.role() == Role.PageTab]
    assert [_said(tab)[0] for tab in tabs] == [lens.title for lens in lenses.lenses]
    assert [bool(tab.state().selected) for tab in tabs] == [True] + [False] * (len(tabs) - 1)
    tabs[2].actionInterface().doAction(tabs[2].actionInterface().pressAction())
    assert lenses.current is lenses.lenses[2] and tabs[2].state().selected and not tabs[0].state().selected
    log = _of(cost.log_x)
    assert log.role() == Role.CheckBox and log.state().checkable and not log.state().checked
    driver.click(cost.log_x)
    assert log.state().checked
    chip = next(iter(cost.legend.chips.values()))
    node = _of(chip)
    assert node.role() == Role.CheckBox and node.state().checked and _said(node)[1] == chip.value != ""
    node.actionInterface().doAction(node.actionInterface().toggleAction())
    assert not chip.isChecked() and not node.state().checked and _said(node)[1] == "hidden"


def test_segments_are_radio_buttons(qtbot: QtBot) -> None:
    views = kit.Segmented([(1, "mean", ""), (2, "sum", "")])
    qtbot.addWidget(views)
    one, two = (_of(views.button(value)) for value in (1, 2))
    assert one.role() == two.role() == Role.RadioButton and one.state().checked and not two.state().checked
    two.actionInterface().doAction(two.actionInterface().pressAction())
    assert views.value() == 2 and two.state().checked


def test_the_cost_view_says_its_numbers(open_window: Callable[..., Driver]) -> None:
    driver = open_window(THREE)
    driver.session.train(20)
    driver.wait_drawn(lambda snapshot: snapshot.epoch == 20)
    driver.settle()
    plot = driver.window.cost.plot
    driver.wait(lambda: plot.accessibleDescription().startswith("Epoch 20: "))
    node = _of(plot)
    assert node.role() == Role.Chart and _said(node)[0] == "Cost by epoch"
    readings = [lane.readings for lane in driver.last.lanes]
    sentence = _said(node)[2]
    assert sentence == plot.accessibleDescription() == driver.window.cost.description()
    assert f"A: binary cross-entropy {readings[0]['train_binary_cross_entropy']:.4f} on training samples" in sentence
    assert f"B: mean squared error {readings[1]['train_mse']:.4f} on training samples" in sentence
    assert "C: binary cross-entropy" in sentence


def test_the_boundary_says_what_it_shows_and_how_good_it_is(driver: Driver) -> None:
    driver.session.train(20)
    driver.wait_drawn(lambda snapshot: snapshot.epoch == 20)
    accuracy = 100 * driver.settle().lanes[0].readings["test_accuracy"]
    plot = driver.window.boundary.plot
    driver.wait(lambda: f"{accuracy:.1f}" in plot.accessibleDescription())
    expected = "Where each class is predicted: 0 and 1, over x1 from left to right and x2 upwards; test accuracy "
    assert plot.accessibleDescription().startswith(f"{expected}{accuracy:.1f}")


def test_a_sentence_is_written_at_most_once_a_second_and_the_last_one_always(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    live = LiveDescription(widget)
    live.follow(lambda: "one")
    live.follow(lambda: "two")
    live.follow(lambda: "three")
    assert widget.accessibleDescription() == "one"
    live._timer.timeout.emit()  # a second later
    assert widget.accessibleDescription() == "three"
    live._timer.timeout.emit()
    assert widget.accessibleDescription() == "three"


def test_f6_goes_from_part_to_part(driver: Driver) -> None:
    window = driver.window

    def part() -> QWidget | None:
        focused = QApplication.focusWidget()
        return next((part for part in window.parts if part.isAncestorOf(focused)), None)

    window.page.setFocus()
    visited = []
    for _ in range(len(window.parts) + 1):
        driver.key(Qt.Key.Key_F6)
        visited.append(part())
    assert visited == [*window.parts, window.controls]
    driver.key(Qt.Key.Key_Tab)
    second = QApplication.focusWidget()
    driver.key(Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    assert part() is window.lenses
    driver.key(Qt.Key.Key_F6)
    assert QApplication.focusWidget() is second  # where the focus was last


# Contrasts, from the pixels


def _contrasts(image: QImage, ground: str, left: int, top: int, width: int, height: int) -> np.ndarray:
    """The contrast of every pixel of a part with the ground, (height, width)."""
    ratios = {}

    def ratio(x: int, y: int) -> float:
        pixel = image.pixel(x, y)
        if pixel not in ratios:
            ratios[pixel] = contrast(QColor(pixel), ground)
        return ratios[pixel]

    return np.array([[ratio(x, y) for x in range(left, left + width)] for y in range(top, top + height)])


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_curves_of_both_parts_stand_out_from_their_ground(
    open_window: Callable[..., Driver], colours: theme.Theme
) -> None:
    driver = open_window(_lanes({"loss.objective": "mse"}, {}))
    driver.window.set_theme(colours)
    driver.session.train(60)
    driver.wait_drawn(lambda snapshot: snapshot.epoch == 60)
    driver.settle()
    cost = driver.window.cost
    image = driver.window.grab().toImage()
    plot: Plot = cost.plot
    checked = 0
    for line in cost.lines.lines:
        assert contrast(line.color, colours.card) >= LINES
        if line.dash:
            continue
        x, y = plot.pixels(line.x, line.y)
        strongest = []
        for index in range(len(x) // 2, len(x) - 12):  # beside the letters, where the curves are flat
            spot = plot.mapTo(driver.window, plot.mapFromScene(plot.area.mapToScene(QPointF(x[index], y[index]))))
            strongest.append(_contrasts(image, colours.card, spot.x(), spot.y() - 2, 1, 5).max())
        assert np.median(strongest) >= LINES, f"{line.color.name()}: {np.median(strongest):.2f}"
        checked += 1
    assert checked >= 4  # the training and the test part of two lanes


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_hidden_entries_of_the_legend_can_be_read(driver: Driver, colours: theme.Theme) -> None:
    driver.window.set_theme(colours)
    legend = driver.window.cost.legend
    hidden = [chip for chip in legend.chips.values() if not chip.isChecked()]
    assert hidden  # the metric is shown on demand
    image = driver.window.grab().toImage()
    for chip in hidden:
        corner = chip.mapTo(driver.window, chip.rect().topLeft())
        words = _contrasts(image, colours.card, corner.x() + 30, corner.y(), chip.width() - 30, chip.height())
        assert words.max() >= TEXT
        assert (words >= LINES).sum() > 20  # strokes of letters, thinned by antialiasing, not a single dot


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=1e-3)  # the known grey that just fails
    assert contrast("#ff0000", "#ffffff") == contrast("#ffffff", "#ff0000") == pytest.approx(3.998, abs=1e-3)
    assert contrast("#123456", "#123456") == 1.0


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_a_paler_colour_keeps_its_contrast(colours: theme.Theme) -> None:
    for colour in (*colours.lanes, *colours.curves):
        pale = paler(colour, colours.card, 0.42)
        assert contrast(pale, colours.card) >= min(LINES, contrast(colour, colours.card))
    assert paler("#000000", "#ffffff", 0.5) == "#808080"
