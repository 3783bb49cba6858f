"""The theme, the icons and the controls, driven by mouse and keys."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QLocale, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QIcon, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QScrollArea,
    QStyle,
    QStyleOptionComboBox,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from sandbox import words
from sandbox.glossary import explanation
from sandbox.nn.parameters import linear_stops, log_stops
from sandbox.ui import kit, theme
from sandbox.ui.icons import icon
from tests.colours import contrast, nearest

THEMES = [theme.LIGHT, theme.DARK]
ITEMS = [
    ("bce", "Binary cross-entropy", "For two classes."),
    ("cce", "Categorical cross-entropy", "For many classes."),
    ("mse", "Mean squared error", "For numbers."),
    ("acc", "Accuracy", "A metric."),
]


@pytest.fixture(autouse=True)
def light_theme(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp, theme.LIGHT)
    yield
    theme.apply(qapp, theme.LIGHT)


@pytest.fixture
def show(qtbot: Any) -> Iterator[Any]:
    """Show a widget in a separate window, with the focus elsewhere."""

    windows = []

    def show_in_window(widget: QWidget, width: int = 260) -> None:
        window = QWidget()
        windows.append(window)
        layout = QVBoxLayout(window)
        elsewhere = QCheckBox("elsewhere")
        layout.addWidget(elsewhere)
        layout.addWidget(widget)
        layout.addStretch(1)
        window.resize(width, 200)
        qtbot.addWidget(window)
        with qtbot.waitExposed(window):
            window.show()
        window.activateWindow()
        elsewhere.setFocus()

    yield show_in_window
    windows.clear()


class Emissions(list[tuple[Any, ...]]):
    """The arguments of every emission of a signal."""

    def __init__(self, signal: Any) -> None:
        super().__init__()
        signal.connect(lambda *arguments: self.append(arguments))


def wheel(widget: QWidget, steps: int = 1) -> QWheelEvent:
    position = QPointF(widget.rect().center())
    event = QWheelEvent(
        position,
        QPointF(widget.mapToGlobal(position.toPoint())),
        QPoint(0, 0),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    return event


# Theme


@pytest.mark.parametrize("colours", THEMES, ids=lambda colours: colours.name)
def test_text_has_the_contrast_that_wcag_aa_demands(colours: theme.Theme) -> None:
    grounds = (colours.ground, colours.card, colours.field, colours.hover)
    pairs = [(text_color, ground) for text_color in (colours.text_color, colours.muted) for ground in grounds]
    pairs += [
        (colours.on_accent, colours.accent),
        (colours.on_soft, colours.accent_soft),
        (colours.text_color, colours.accent_soft),
        (colours.text_color, colours.pressed),
        (colours.text_color, colours.error_soft),
        (colours.error, colours.error_soft),
        (colours.error, colours.card),
        (colours.axis, colours.card),
        (colours.marks, colours.card),
    ]
    assert {pair: round(contrast(*pair), 2) for pair in pairs if contrast(*pair) < 4.5} == {}
    # What shows a state without words: the accent on a card, the outline of an empty check box.
    assert contrast(colours.accent, colours.card) >= 3
    assert contrast(colours.muted, colours.field) >= 3


@pytest.mark.parametrize("colours", THEMES, ids=lambda colours: colours.name)
def test_twenty_class_colours_are_distinct_and_begin_with_orange_and_blue(colours: theme.Theme) -> None:
    classes = [colours.class_colour(index) for index in range(20)]
    assert nearest(classes)[0] > 15
    assert 20 < QColor(classes[0]).hue() < 45
    assert 195 < QColor(classes[1]).hue() < 225


def test_class_symbols_exist_in_pyqtgraph() -> None:
    from pyqtgraph.graphicsItems.ScatterPlotItem import Symbols

    assert set(theme.SYMBOLS) <= set(Symbols)
    assert theme.symbol(0) != theme.symbol(1)


def test_the_systems_theme_is_followed(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hints:
        def __init__(self, scheme: Qt.ColorScheme) -> None:
            self.colorScheme = lambda: scheme

    class App:
        def __init__(self, scheme: Qt.ColorScheme) -> None:
            self.styleHints = lambda: Hints(scheme)
            self.palette = qapp.palette

    assert theme.system_theme(App(Qt.ColorScheme.Dark)) is theme.DARK  # type: ignore[arg-type]
    assert theme.system_theme(App(Qt.ColorScheme.Light)) is theme.LIGHT  # type: ignore[arg-type]
    qapp.setPalette(theme.palette(theme.DARK))
    assert theme.system_theme(App(Qt.ColorScheme.Unknown)) is theme.DARK  # type: ignore[arg-type]
    qapp.setPalette(theme.palette(theme.LIGHT))
    assert theme.system_theme(App(Qt.ColorScheme.Unknown)) is theme.LIGHT  # type: ignore[arg-type]


def test_presenting_enlarges_text_controls_and_margins(qapp: QApplication, show: Any) -> None:
    card = kit.Card("Cost")
    row = kit.ControlRow("Learning rate", kit.LogSlider(1e-4, 10))
    card.body.addWidget(row)
    show(card)
    before = row.sizeHint().height(), card.title.font().pixelSize(), row.label.font().pixelSize()
    theme.apply(qapp, theme.DARK, 2.0)
    after = row.sizeHint().height(), card.title.font().pixelSize(), row.label.font().pixelSize()
    assert after[1:] == (26, 26)
    assert all(new >= 1.9 * old for new, old in zip(after, before, strict=True))
    assert theme.current() is theme.DARK
    assert theme.px(8) == 16


def test_widgets_built_before_a_theme_is_applied_get_it_too(qapp: QApplication, qtbot: Any) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    inner = QComboBox(window)
    theme.apply(qapp, theme.LIGHT, 2.0)
    assert inner.font().pixelSize() == 26
    assert inner.font().family() == theme.family()


def test_controls_have_the_same_height(show: Any) -> None:
    seed, choice, layers = kit.SeedField(), kit.Choice(ITEMS), kit.LayersEditor()
    layers.set_value((6,))
    column = QWidget()
    layout = QVBoxLayout(column)
    for control in (seed, choice, layers):
        layout.addWidget(control)
    show(column)
    parts = (seed.edit, seed.dice, choice, layers.cells[0], layers.plus)
    assert {part.height() for part in parts} == {theme.px(theme.CONTROL)}


def test_controls_and_panels_do_not_load_the_plots() -> None:
    code = "import sys, sandbox.ui.kit, sandbox.ui.panels; sys.exit('pyqtgraph' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Icons


def colors_of(drawn: QIcon, size: int = 32, mode: QIcon.Mode = QIcon.Mode.Normal) -> set[str]:
    image = drawn.pixmap(QSize(size, size), 1.0, mode).toImage()
    pixels = (image.pixelColor(x, y) for x in range(size) for y in range(size))
    return {pixel.name() for pixel in pixels if pixel.alpha() == 255}


def test_icons_follow_theme_and_state(qapp: QApplication) -> None:
    assert colors_of(icon("play")) == {theme.LIGHT.text_color}
    assert colors_of(icon("play", "on_accent")) == {theme.LIGHT.on_accent}
    theme.apply(qapp, theme.DARK)
    assert colors_of(icon("play")) == {theme.DARK.text_color}
    assert colors_of(icon("play"), mode=QIcon.Mode.Disabled) == {theme.DARK.faint}


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_icons_are_drawn_at_the_screens_resolution(ratio: float) -> None:
    pixmap = icon("reset").pixmap(QSize(16, 16), ratio)
    assert pixmap.size() == QSize(16, 16) * ratio
    assert pixmap.devicePixelRatio() == ratio


def test_a_copied_icon_is_independent() -> None:
    copy = QIcon(icon("dice"))
    copy.addPixmap(copy.pixmap(QSize(8, 8)))  # makes Qt clone the engine
    assert colors_of(copy, 16) <= {theme.LIGHT.text_color}


def test_an_unknown_icon_fails_when_requested() -> None:
    with pytest.raises(FileNotFoundError):
        icon("nosuch")


# Numbers


def test_logarithmic_stops_are_round_and_increasing() -> None:
    stops = log_stops(1e-3, 10.0, zero=True)
    assert stops[:3] == (0.0, 0.001, 0.0012)
    assert stops[-1] == 10.0
    assert list(stops) == sorted(set(stops))
    assert len(stops) == 2 + 4 * 10
    assert all(len(words.exact(stop)) <= 6 for stop in stops)


def test_a_typed_number_is_kept_exactly(qtbot: Any, show: Any) -> None:
    slider = kit.LogSlider(1e-4, 10.0, allowed=(0.0, 100.0))
    show(slider)
    emitted = Emissions(slider.changed)
    slider.edit.selectAll()
    qtbot.keyClicks(slider.edit, "0.123456789012345")
    assert emitted == []
    qtbot.keyClick(slider.edit, Qt.Key.Key_Return)
    assert emitted == [(0.123456789012345, True)]
    slider.set_value(slider.value())
    assert slider.value() == 0.123456789012345
    slider.edit.setFocus()
    slider.edit.selectAll()
    qtbot.keyClicks(slider.edit, "55")
    slider.slider.setFocus()
    assert emitted[1:] == [(55.0, True)]
    assert slider.slider.value() == slider.slider.maximum()


@pytest.mark.parametrize("typed", ["abc", "0,5", "nan", "inf", "1e999", "-1", "0", "101", "1_0", "0x1", "", "9" * 400])
def test_nonsense_gets_one_sentence_and_is_reverted(qtbot: Any, show: Any, typed: str) -> None:
    slider = kit.LogSlider(1e-4, 10.0, allowed=(0.0, 100.0), above=True, name="Learning rate")
    slider.set_value(0.5)
    show(slider)
    emitted, refused = Emissions(slider.changed), Emissions(slider.refused)
    slider.edit.selectAll()
    qtbot.keyClick(slider.edit, Qt.Key.Key_Delete)
    qtbot.keyClicks(slider.edit, typed)
    qtbot.keyClick(slider.edit, Qt.Key.Key_Return)
    assert emitted == []
    assert len(refused) == 1
    sentence = refused[0][0]
    assert sentence.startswith("Learning rate takes a number above 0 and up to 100, not ")
    assert len(sentence) < 120
    assert slider.edit.text() == "0.5"
    assert slider.value() == 0.5


def test_an_excluded_bound_is_refused() -> None:
    share = kit.NumberField(low=0.0, high=1.0, above=True, below=True)
    assert share.parse("0") is None
    assert share.parse("1") is None
    assert share.parse("0.5") == 0.5
    assert share.parse("95 %") == share.parse("95%") == 0.95
    assert share.parse("150 %") is None and share.parse("%") is None
    share.set_bounds(0.0, 1.0)
    assert (share.parse("0"), share.parse("1"), share.parse("1.5")) == (0.0, 1.0, None)
    assert share.allowed() == "a number from 0 to 1"


def test_numbers_do_not_depend_on_the_locale(qtbot: Any, show: Any) -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German))
    try:
        slider = kit.LogSlider(1e-4, 10.0)
        show(slider)
        emitted = Emissions(slider.changed)
        slider.edit.selectAll()
        qtbot.keyClicks(slider.edit, "0.25")
        qtbot.keyClick(slider.edit, Qt.Key.Key_Return)
        assert emitted == [(0.25, True)]
        assert slider.edit.text() == "0.25"
    finally:
        QLocale.setDefault(before)


def test_whole_numbers_stay_whole(qtbot: Any, show: Any) -> None:
    batch = kit.NumberField((1, 2, 5, 10, 0), low=0, high=1000, integer=True, names={0: "all"})
    batch.set_value(0)
    show(batch)
    emitted, refused = Emissions(batch.changed), Emissions(batch.refused)
    assert batch.edit.text() == "all"
    assert batch.slider.value() == 4
    for typed in ("2.5", "32", "ALL"):
        batch.edit.selectAll()
        qtbot.keyClicks(batch.edit, typed)
        qtbot.keyClick(batch.edit, Qt.Key.Key_Return)
    assert emitted == [(32, True), (0, True)]
    assert all(type(value) is int for value, _ in emitted)
    assert refused == [('This takes a whole number from 0 to 1,000, or "all", not "2.5".',)]


def test_keys_step_the_slider_and_the_edit(qtbot: Any, show: Any) -> None:
    slider = kit.LogSlider(0.1, 10.0)
    slider.set_value(1.0)
    show(slider)
    emitted = Emissions(slider.changed)
    slider.slider.setFocus()
    qtbot.keyClick(slider.slider, Qt.Key.Key_Right)
    slider.edit.setFocus()
    qtbot.keyClick(slider.edit, Qt.Key.Key_Up)
    qtbot.keyClick(slider.edit, Qt.Key.Key_Down)
    qtbot.keyClick(slider.slider, Qt.Key.Key_Home)
    assert emitted == [(1.2, True), (1.5, True), (1.2, True), (0.1, True)]


def test_escape_reverts_what_was_typed(qtbot: Any, show: Any) -> None:
    slider = kit.LogSlider(0.1, 10.0)
    slider.set_value(2.0)
    show(slider)
    emitted = Emissions(slider.changed)
    slider.edit.setFocus()
    qtbot.keyClicks(slider.edit, "7")
    qtbot.keyClick(slider.edit, Qt.Key.Key_Escape)
    slider.slider.setFocus()
    assert slider.edit.text() == "2"
    assert emitted == []


def test_a_drag_is_final_only_at_its_end(qtbot: Any, show: Any) -> None:
    slider = kit.LogSlider(0.01, 10.0)
    slider.set_value(0.01)
    show(slider)
    emitted = Emissions(slider.changed)
    bar = slider.slider
    middle = bar.height() // 2
    qtbot.mousePress(bar, Qt.MouseButton.LeftButton, pos=QPoint(bar.width() // 2, middle))
    assert emitted and all(not final for _, final in emitted)
    assert 0.1 < emitted[-1][0] < 1.0
    qtbot.mouseMove(bar, QPoint(bar.width() - 8, middle))
    assert emitted[-1][0] > 5
    assert all(not final for _, final in emitted)
    qtbot.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=QPoint(bar.width() - 8, middle))
    assert emitted[-1] == (slider.value(), True)
    assert sum(final for _, final in emitted) == 1


def test_a_click_that_moves_nothing_emits_nothing(qtbot: Any, show: Any) -> None:
    slider = kit.LogSlider(0.01, 10.0)
    slider.set_value(0.01)
    show(slider)
    emitted = Emissions(slider.changed)
    qtbot.mouseClick(slider.slider, Qt.MouseButton.LeftButton, pos=QPoint(6, slider.slider.height() // 2))
    assert emitted == []


def test_setting_a_value_emits_nothing_and_keeps_text_being_typed(qtbot: Any, show: Any) -> None:
    slider = kit.LogSlider(0.01, 10.0)
    show(slider)
    emitted = Emissions(slider.changed)
    slider.set_value(0.5)
    assert (slider.edit.text(), emitted) == ("0.5", [])
    slider.edit.selectAll()
    qtbot.keyClicks(slider.edit, "0.0")
    slider.set_value(2.0)
    assert slider.edit.text() == "0.0"
    assert slider.value() == 2.0


def test_a_default_is_shown_and_restored_by_clearing_the_edit(qtbot: Any, show: Any) -> None:
    noise = kit.NumberField(linear_stops(0.0, 1.0, 0.01), low=0.0, high=10.0)
    noise.set_default(0.16)
    noise.set_value(None)
    show(noise)
    emitted = Emissions(noise.changed)
    assert noise.edit.text() == "0.16"
    assert noise.slider.value() == 16
    noise.edit.selectAll()
    qtbot.keyClicks(noise.edit, "3")
    qtbot.keyClick(noise.edit, Qt.Key.Key_Return)
    noise.edit.selectAll()
    qtbot.keyClick(noise.edit, Qt.Key.Key_Delete)
    qtbot.keyClick(noise.edit, Qt.Key.Key_Return)
    assert emitted == [(3.0, True), (None, True)]
    assert noise.edit.text() == "0.16"


def test_a_seed_can_be_typed_or_drawn(qtbot: Any, show: Any) -> None:
    seed = kit.SeedField()
    seed.set_value(7)
    show(seed)
    emitted = Emissions(seed.changed)
    seed.edit.selectAll()
    qtbot.keyClicks(seed.edit, "4294967295")
    qtbot.keyClick(seed.edit, Qt.Key.Key_Return)
    qtbot.mouseClick(seed.dice, Qt.MouseButton.LeftButton)
    assert emitted[0] == (4294967295, True)
    drawn, final = emitted[1]
    assert final and type(drawn) is int and 1 <= drawn < 10_000
    assert seed.edit.text() == str(drawn)


def test_the_speed_ranges_from_one_update_a_second_to_unlimited(qtbot: Any, show: Any) -> None:
    speed = kit.SpeedSlider()
    show(speed)
    emitted = Emissions(speed.changed)
    texts, widths = [speed.words.text()], {speed.words.width()}
    speed.slider.setFocus()
    while speed.slider.value() < speed.slider.maximum():
        qtbot.keyClick(speed.slider, Qt.Key.Key_Right)
        texts.append(speed.words.text())
        widths.add(speed.words.width())
    assert texts[:5] == ["1 update/s", "2 updates/s", "5 updates/s", "10 updates/s", "20 updates/s"]
    assert texts[-1] == "max"
    assert emitted[-1] == (math.inf, True)
    assert [speed for speed, _ in emitted[:4]] == [2, 5, 10, 20]
    assert len(widths) == 1
    speed.set_value(20)
    assert speed.value() == 20


# The wheel


@pytest.mark.parametrize("index", range(4))
def test_the_wheel_changes_only_what_has_the_focus(show: Any, index: int) -> None:
    controls = kit.Choice(ITEMS), kit.LogSlider(0.01, 10.0), kit.LayersEditor(), kit.SpeedSlider()
    choice, slider, layers, speed = controls
    choice.set_value("cce")
    slider.set_value(1.0)
    layers.set_value((6, 4))
    speed.set_value(50)
    show(controls[index])
    inner: QWidget = [choice, slider.slider, layers.cells[0].spin, speed.slider][index]
    before = controls[index].value()
    event = wheel(inner)
    assert not event.isAccepted()
    assert controls[index].value() == before
    inner.setFocus()
    wheel(inner)
    assert controls[index].value() != before


def test_the_wheel_keeps_scrolling_over_controls(qtbot: Any) -> None:
    area, column = QScrollArea(), QWidget()
    layout = QVBoxLayout(column)
    fields = [kit.LogSlider(0.01, 10.0) for _ in range(30)]
    for field in fields:
        layout.addWidget(field)
    area.setWidget(column)
    area.setWidgetResizable(True)
    area.resize(260, 200)
    qtbot.addWidget(area)
    with qtbot.waitExposed(area):
        area.show()
    area.setFocus()
    before = fields[3].value()
    position = QPointF(fields[3].slider.mapTo(area, fields[3].slider.rect().center()))
    QTest.wheelEvent(area.windowHandle(), position, QPoint(0, -120))
    assert area.verticalScrollBar().value() > 0
    assert fields[3].value() == before


# Choices


def test_no_label_of_a_choice_is_ever_cut(qapp: QApplication, show: Any) -> None:
    for scale in (1.0, 1.4):
        theme.apply(qapp, theme.LIGHT, scale)
        choice = kit.Choice(ITEMS)
        show(choice)
        choice.resize(choice.minimumSizeHint())
        option = QStyleOptionComboBox()
        choice.initStyleOption(option)
        room = choice.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, choice
        )
        widest = max(QFontMetrics(choice.font()).horizontalAdvance(text) for _, text, _ in ITEMS)
        assert room.width() >= widest


def test_typing_selects_in_a_choice(qtbot: Any, show: Any) -> None:
    choice = kit.Choice(ITEMS)
    choice.set_value("bce")
    show(choice)
    emitted = Emissions(choice.changed)
    choice.setFocus()
    qtbot.keyClicks(choice, "me")
    assert emitted == [("mse", True)]
    assert choice.itemData(2, Qt.ItemDataRole.ToolTipRole) == "For numbers."


def test_a_choice_made_with_the_mouse(qtbot: Any, show: Any) -> None:
    choice = kit.Choice(ITEMS)
    show(choice)
    emitted = Emissions(choice.changed)
    choice.showPopup()
    view = choice.view()
    center = view.visualRect(choice.model().index(1, 0)).center()
    qtbot.mouseMove(view.viewport(), center)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=center)
    choice.hidePopup()
    assert choice.value() == "cce"
    assert emitted == [("cce", True)]


def test_new_items_keep_the_choice_and_emit_nothing() -> None:
    choice = kit.Choice(ITEMS)
    choice.set_value("mse")
    emitted = Emissions(choice.changed)
    choice.set_items(ITEMS[1:])
    assert choice.value() == "mse"
    choice.set_items(ITEMS[:1])
    assert choice.value() is None
    assert emitted == []


def test_monitors_are_ticked_by_mouse_and_keys(qtbot: Any, show: Any) -> None:
    monitors = kit.MultiChoice(ITEMS)
    show(monitors)
    emitted = Emissions(monitors.changed)
    assert monitors.text() == "nothing"
    monitors.setFocus()
    qtbot.keyClick(monitors, Qt.Key.Key_Down)
    popup = QApplication.activePopupWidget()
    assert popup is not None
    boxes = popup.findChildren(QCheckBox)
    qtbot.keyClick(popup, Qt.Key.Key_Up)
    boxes[3].setFocus()
    qtbot.keyClick(boxes[3], Qt.Key.Key_Space)
    qtbot.mouseClick(boxes[2], Qt.MouseButton.LeftButton, pos=QPoint(8, boxes[2].height() // 2))
    qtbot.keyClick(popup, Qt.Key.Key_Escape)
    assert not popup.isVisible()
    assert emitted == [(("acc",), True), (("mse", "acc"), True)]
    assert monitors.text() == "Mean squared error, Accuracy"
    monitors.set_value(("bce",))
    assert monitors.value() == ("bce",)
    assert len(emitted) == 2


def test_a_multiple_choice_opens_with_a_click(qtbot: Any, show: Any) -> None:
    monitors = kit.MultiChoice(ITEMS)
    show(monitors)
    qtbot.mouseClick(monitors, Qt.MouseButton.LeftButton)
    popup = QApplication.activePopupWidget()
    assert popup is not None
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert QApplication.activePopupWidget() is None


def test_toggles_and_segments(qtbot: Any, show: Any) -> None:
    toggle = kit.Toggle("log y")
    show(toggle)
    emitted = Emissions(toggle.changed)
    toggle.set_value(True)
    qtbot.keyClick(toggle, Qt.Key.Key_Space)
    assert emitted == [(False, True)]
    views = kit.Segmented(ITEMS[:3])
    show(views, 600)
    emitted = Emissions(views.changed)
    qtbot.mouseClick(views.button("cce"), Qt.MouseButton.LeftButton)
    views.set_value("mse")
    assert views.value() == "mse"
    qtbot.mouseClick(views.button("bce"), Qt.MouseButton.LeftButton)
    assert emitted == [("cce", True), ("bce", True)]


# Layers


def test_layers_are_added_removed_and_resized(qtbot: Any, show: Any) -> None:
    layers = kit.LayersEditor()
    layers.set_value((6, 4))
    show(layers)
    emitted = Emissions(layers.changed)
    qtbot.mouseClick(layers.plus, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(layers.cells[0].cross, Qt.MouseButton.LeftButton)
    spin = layers.cells[1].spin
    spin.setFocus()
    spin.selectAll()
    qtbot.keyClicks(spin, "12")
    assert len(emitted) == 2
    qtbot.keyClick(spin, Qt.Key.Key_Return)
    qtbot.keyClick(spin, Qt.Key.Key_Up)
    assert [value for value, _ in emitted] == [(6, 4, 4), (4, 4), (4, 12), (4, 13)]
    assert layers.value() == (4, 13)


def test_there_are_up_to_8_layers_of_1_to_1024_units(qtbot: Any, show: Any) -> None:
    layers = kit.LayersEditor()
    layers.set_value((5,))
    show(layers)
    qtbot.mouseClick(layers.cells[0].cross, Qt.MouseButton.LeftButton)
    assert layers.value() == ()
    for count in range(1, 9):
        assert layers.plus.isVisible()
        qtbot.mouseClick(layers.plus, Qt.MouseButton.LeftButton)
        assert len(layers.value()) == count
    assert not layers.plus.isVisible()
    assert [cell.isVisible() for cell in layers.cells] == [True] * 8
    assert (layers.cells[7].spin.minimum(), layers.cells[7].spin.maximum()) == (1, 1024)


def test_tabs_without_room_are_in_a_menu_and_the_chosen_one_is_not(qtbot: Any, show: Any) -> None:
    names = ("Equations", "Signal", "What if", "Sample", "Update", "Check", "Findings", "An eighth")
    tabs = kit.Tabs([(index, name, f"Shows {name}.") for index, name in enumerate(names)])
    chosen: list[object] = []
    tabs.changed.connect(lambda value, _: chosen.append(value))
    show(tabs, 900)
    assert all(tabs.button(index).isVisible() for index in range(8)) and not tabs.more.isVisible()
    tabs.resize(300, tabs.height())
    shown = [index for index in range(8) if tabs.button(index).isVisible()]
    assert shown == list(range(len(shown))) and 1 < len(shown) < 8
    assert tabs.more.text() == f"+{8 - len(shown)}"
    assert all(tabs.rect().contains(tabs.button(index).geometry()) for index in shown)
    assert tabs.rect().contains(tabs.more.geometry())
    qtbot.mouseClick(tabs.more, Qt.MouseButton.LeftButton)
    offered = {action.text(): action for action in tabs._menu.actions()}
    assert list(offered) == list(names[len(shown) :])
    offered["An eighth"].trigger()
    tabs._menu.hide()
    assert chosen == [7] == [tabs.value()]
    assert tabs.button(7).isVisible() and tabs.rect().contains(tabs.button(7).geometry())
    qtbot.mouseClick(tabs.button(0), Qt.MouseButton.LeftButton)
    assert chosen == [7, 0] and tabs.button(7).isHidden()
    tabs.reveal(6)  # it is to be clicked
    assert tabs.button(6).isVisible() and tabs.button(0).isVisible() and tabs.value() == 0
    assert tabs.rect().contains(tabs.button(6).geometry())
    qtbot.mouseClick(tabs.button(1), Qt.MouseButton.LeftButton)
    assert chosen == [7, 0, 1] and tabs.button(6).isHidden()
    tabs.reveal(6)
    tabs.resize(10, tabs.height())
    assert [index for index in range(8) if tabs.button(index).isVisible()] == [1]


def test_tabs_may_change(qtbot: Any, show: Any) -> None:
    tabs = kit.Tabs([(1, "One", ""), (2, "Two", "")])
    show(tabs, 400)
    tabs.set_value(2)
    tabs.set_items([(0, "None", ""), (1, "One", ""), (2, "Two", "")])
    assert tabs.value() == 2
    lefts = [tabs.button(value).x() for value in (0, 1, 2)]
    assert lefts == sorted(lefts) and all(tabs.button(value).isVisible() for value in (0, 1, 2))
    tabs.set_items([(0, "None", ""), (1, "One", "")])
    assert tabs.value() == 0


# Readouts, notices, cards


def test_a_readout_keeps_its_width(qapp: QApplication, show: Any) -> None:
    for scale in (1.0, 1.4):
        theme.apply(qapp, theme.LIGHT, scale)
        readout = kit.Readout("Train cost", "0.00000", "The cost.")
        show(readout, 600)
        widths = set()
        for value in (0.5, 12.3456, 1e-9, 8.8e88, math.nan):
            readout.set_text(words.cost(value))
            QApplication.processEvents()
            widths.add(readout.width())
            text = QFontMetrics(readout.number.font()).horizontalAdvance(readout.number.text())
            assert text <= readout.number.width()
        assert len(widths) == 1
        assert readout.accessibleName() == "Train cost \u2013"


def test_a_notice_is_shown_acted_on_and_closed(qtbot: Any, show: Any) -> None:
    notice = kit.Notice()
    show(notice, 600)
    assert not notice.isVisible()
    done: list[str] = []
    notice.say("Lane A stopped.", error=True, action="Undo", act=lambda: done.append("undone"))
    assert notice.isVisible()
    assert notice.accessibleName() == "Lane A stopped."
    qtbot.mouseClick(notice.button, Qt.MouseButton.LeftButton)
    assert done == ["undone"]
    assert not notice.isVisible()
    notice.say("2 rows were left out.")
    assert not notice.button.isVisible()
    qtbot.mouseClick(notice.close_button, Qt.MouseButton.LeftButton)
    assert not notice.isVisible()
    assert done == ["undone"]


def test_a_long_sentence_is_shown_in_full_by_a_click(qtbot: Any, show: Any) -> None:
    notice = kit.Notice()
    sentence = "The cost is not finite any more, because the learning rate is too large. " * 4
    notice.say(sentence, error=True)
    show(notice, 300)
    assert notice.sentence.text() == sentence
    qtbot.mouseClick(notice.sentence, Qt.MouseButton.LeftButton)
    assert QToolTip.text() == sentence
    QToolTip.hideText()


def test_more_shows_what_applies_or_matters(qtbot: Any, show: Any) -> None:
    more = kit.MoreButton("settings")
    card = kit.Card("Data")
    card.header.addWidget(more)
    rows = {name: kit.ControlRow(name, kit.Toggle()) for name in ("plain", "idle", "vital")}
    for row in rows.values():
        card.body.addWidget(row)
    more.add_row(rows["plain"])
    more.add_row(rows["idle"], applies=lambda: False)
    more.add_row(rows["vital"], matters=lambda: True)
    more.refresh()
    show(card)
    assert [row.isVisible() for row in rows.values()] == [False, False, True]
    qtbot.mouseClick(more, Qt.MouseButton.LeftButton)
    assert [row.isVisible() for row in rows.values()] == [True, False, True]
    assert more.text() == "Less"


def test_a_long_subtitle_is_cut_and_has_a_tooltip(qtbot: Any, show: Any) -> None:
    card = kit.Card("Network", "2 - 6 - 4 - 1")
    show(card)
    assert card.subtitle.toolTip() == ""
    card.set_subtitle("1024 - " * 40)
    card.resize(200, 80)
    assert card.minimumSizeHint().width() < 200
    card.subtitle.resize(50, 20)
    assert card.subtitle.toolTip() == "1024 - " * 40


def test_a_row_names_its_control_for_screen_readers() -> None:
    field = kit.LogSlider(0.1, 10.0)
    row = kit.ControlRow("Learning rate", field, "How far each update steps.")
    for part in (field, field.slider, field.edit):
        assert part.accessibleName() == "Learning rate"
        assert part.toolTip() == "How far each update steps."
    assert row.label.buddy() is field
    assert isinstance(row.control, kit.NumberField)
    assert not isinstance(row.control, QComboBox)


def test_a_label_explains_the_terms_of_the_field_on_hover(qtbot: Any) -> None:
    words = kit.label("Edit lane", "title")
    qtbot.addWidget(words)
    words.show()
    position = words.rect().center()
    QApplication.sendEvent(words, QHelpEvent(QEvent.Type.ToolTip, position, words.mapToGlobal(position)))
    assert QToolTip.text() == explanation("Edit lane") and QToolTip.text().startswith("A lane is one network")
    words.setToolTip("Its own.")  # is not replaced
    QApplication.sendEvent(words, QHelpEvent(QEvent.Type.ToolTip, position, words.mapToGlobal(position)))
    assert QToolTip.text() == "Its own."
