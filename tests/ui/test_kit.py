"""The theme, the icons and the controls, driven by mouse and keys."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from PySide6.QtCore import QLocale, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QIcon, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QScrollArea,
    QStyle,
    QStyleOptionComboBox,
    QVBoxLayout,
    QWidget,
)

from sandbox import words
from sandbox.nn.parameters import linear_stops, log_stops
from sandbox.ui import kit, theme
from sandbox.ui.icons import icon

THEMES = [theme.LIGHT, theme.DARK]
ITEMS = [
    ("bce", "Binary cross-entropy", "For two classes."),
    ("cce", "Categorical cross-entropy", "For many classes."),
    ("mse", "Mean squared error", "For numbers."),
    ("acc", "Accuracy", "A metric."),
]


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp, theme.LIGHT)
    yield
    theme.apply(qapp, theme.LIGHT)


@pytest.fixture
def shown(qtbot: Any) -> Iterator[Any]:
    """Show a widget in a window of its own, with the focus elsewhere."""

    kept = []

    def show(widget: QWidget, width: int = 260) -> None:
        window = QWidget()
        kept.append(window)
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

    yield show
    kept.clear()


class Heard(list[tuple[Any, ...]]):
    """What a signal said."""

    def __init__(self, signal: Any) -> None:
        super().__init__()
        signal.connect(lambda *said: self.append(said))


def wheel(widget: QWidget, steps: int = 1) -> QWheelEvent:
    place = QPointF(widget.rect().center())
    event = QWheelEvent(
        place,
        QPointF(widget.mapToGlobal(place.toPoint())),
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


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def lab(colour: str) -> tuple[float, float, float]:
    """CIE L*a*b* under D65."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    )
    x, y, z = (t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("look", THEMES, ids=lambda look: look.name)
def test_text_is_told_from_its_ground_as_wcag_aa_asks(look: theme.Theme) -> None:
    grounds = (look.ground, look.card, look.field, look.hover)
    pairs = [(text_color, ground) for text_color in (look.text_color, look.muted) for ground in grounds]
    pairs += [
        (look.on_accent, look.accent),
        (look.on_soft, look.accent_soft),
        (look.text_color, look.accent_soft),
        (look.text_color, look.pressed),
        (look.text_color, look.error_soft),
        (look.error, look.error_soft),
        (look.error, look.card),
        (look.axis, look.card),
        (look.marks, look.card),
    ]
    assert {pair: round(contrast(*pair), 2) for pair in pairs if contrast(*pair) < 4.5} == {}
    # What shows a state without words: the accent on a card, the outline of an empty check box.
    assert contrast(look.accent, look.card) >= 3
    assert contrast(look.muted, look.field) >= 3


@pytest.mark.parametrize("look", THEMES, ids=lambda look: look.name)
def test_twenty_class_colours_can_be_told_apart_and_begin_with_orange_and_blue(look: theme.Theme) -> None:
    colours = [look.class_colour(index) for index in range(20)]
    assert min(math.dist(lab(a), lab(b)) for a, b in combinations(colours, 2)) > 15
    assert 20 < QColor(colours[0]).hue() < 45
    assert 195 < QColor(colours[1]).hue() < 225
    assert (look.negative, look.positive) == (colours[0], colours[1])


@pytest.mark.parametrize("look", THEMES, ids=lambda look: look.name)
def test_lanes_have_okabe_and_itos_colours(look: theme.Theme) -> None:
    palette = {"#000000", "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"}
    assert set(look.lanes[:6]) <= palette
    assert len(set(look.lanes)) == len(look.lanes)
    assert all(contrast(look.lane(index), look.card) >= 3 for index in range(4))


def test_class_symbols_are_pyqtgraphs() -> None:
    from pyqtgraph.graphicsItems.ScatterPlotItem import Symbols

    assert set(theme.SYMBOLS) <= set(Symbols)
    assert theme.symbol(0) != theme.symbol(1)


def test_the_systems_wish_is_followed(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_presenting_enlarges_type_controls_and_margins(qapp: QApplication, shown: Any) -> None:
    card = kit.Card("Cost")
    row = kit.ControlRow("Learning rate", kit.LogSlider(1e-4, 10))
    card.body.addWidget(row)
    shown(card)
    before = row.sizeHint().height(), card.title.font().pixelSize(), row.label.font().pixelSize()
    theme.apply(qapp, theme.DARK, 2.0)
    after = row.sizeHint().height(), card.title.font().pixelSize(), row.label.font().pixelSize()
    assert after[1:] == (26, 26)
    assert all(new >= 1.9 * old for new, old in zip(after, before, strict=True))
    assert theme.current() is theme.DARK
    assert theme.px(8) == 16


def test_what_was_built_before_it_was_dressed_is_dressed_as_well(qapp: QApplication, qtbot: Any) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    inner = QComboBox(window)
    theme.apply(qapp, theme.LIGHT, 2.0)
    assert inner.font().pixelSize() == 26
    assert inner.font().family() == theme.family()


def test_controls_are_of_one_height(shown: Any) -> None:
    seed, choice, layers = kit.SeedField(), kit.Choice(ITEMS), kit.LayersEditor()
    layers.set_value((6,))
    column = QWidget()
    layout = QVBoxLayout(column)
    for control in (seed, choice, layers):
        layout.addWidget(control)
    shown(column)
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
def test_icons_are_drawn_in_the_screens_own_pixels(ratio: float) -> None:
    pixmap = icon("reset").pixmap(QSize(16, 16), ratio)
    assert pixmap.size() == QSize(16, 16) * ratio
    assert pixmap.devicePixelRatio() == ratio


def test_a_copied_icon_lives_on_its_own() -> None:
    copy = QIcon(icon("dice"))
    copy.addPixmap(copy.pixmap(QSize(8, 8)))  # makes Qt clone the engine
    assert colors_of(copy, 16) <= {theme.LIGHT.text_color}


def test_an_unknown_icon_fails_where_it_is_asked_for() -> None:
    with pytest.raises(FileNotFoundError):
        icon("nosuch")


# Numbers


def test_logarithmic_stops_are_round_and_rise() -> None:
    stops = log_stops(1e-3, 10.0, zero=True)
    assert stops[:3] == (0.0, 0.001, 0.0012)
    assert stops[-1] == 10.0
    assert list(stops) == sorted(set(stops))
    assert len(stops) == 2 + 4 * 10
    assert all(len(words.exact(stop)) <= 6 for stop in stops)


def test_a_typed_number_is_kept_exactly(qtbot: Any, shown: Any) -> None:
    slider = kit.LogSlider(1e-4, 10.0, allowed=(0.0, 100.0))
    shown(slider)
    heard = Heard(slider.changed)
    slider.edit.selectAll()
    qtbot.keyClicks(slider.edit, "0.123456789012345")
    assert heard == []
    qtbot.keyClick(slider.edit, Qt.Key.Key_Return)
    assert heard == [(0.123456789012345, True)]
    slider.set_value(slider.value())
    assert slider.value() == 0.123456789012345
    slider.edit.setFocus()
    slider.edit.selectAll()
    qtbot.keyClicks(slider.edit, "55")
    slider.slider.setFocus()
    assert heard[1:] == [(55.0, True)]
    assert slider.slider.value() == slider.slider.maximum()


@pytest.mark.parametrize("typed", ["abc", "0,5", "nan", "inf", "1e999", "-1", "0", "101", "1_0", "0x1", "", "9" * 400])
def test_nonsense_gets_one_sentence_and_the_text_goes_back(qtbot: Any, shown: Any, typed: str) -> None:
    slider = kit.LogSlider(1e-4, 10.0, allowed=(0.0, 100.0), above=True, name="Learning rate")
    slider.set_value(0.5)
    shown(slider)
    heard, refused = Heard(slider.changed), Heard(slider.refused)
    slider.edit.selectAll()
    qtbot.keyClick(slider.edit, Qt.Key.Key_Delete)
    qtbot.keyClicks(slider.edit, typed)
    qtbot.keyClick(slider.edit, Qt.Key.Key_Return)
    assert heard == []
    assert len(refused) == 1
    sentence = refused[0][0]
    assert sentence.startswith("Learning rate takes a number above 0 and up to 100, not ")
    assert len(sentence) < 120
    assert slider.edit.text() == "0.5"
    assert slider.value() == 0.5


def test_a_bound_that_is_excluded_is_refused() -> None:
    share = kit.NumberField(low=0.0, high=1.0, above=True, below=True)
    assert share.parse("0") is None
    assert share.parse("1") is None
    assert share.parse("0.5") == 0.5
    assert share.parse("95 %") == share.parse("95%") == 0.95
    assert share.parse("150 %") is None and share.parse("%") is None
    share.set_bounds(0.0, 1.0)
    assert (share.parse("0"), share.parse("1"), share.parse("1.5")) == (0.0, 1.0, None)
    assert share.allowed() == "a number from 0 up to 1"


def test_the_number_is_read_and_written_alike_in_every_country(qtbot: Any, shown: Any) -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German))
    try:
        slider = kit.LogSlider(1e-4, 10.0)
        shown(slider)
        heard = Heard(slider.changed)
        slider.edit.selectAll()
        qtbot.keyClicks(slider.edit, "0.25")
        qtbot.keyClick(slider.edit, Qt.Key.Key_Return)
        assert heard == [(0.25, True)]
        assert slider.edit.text() == "0.25"
    finally:
        QLocale.setDefault(before)


def test_whole_numbers_stay_whole(qtbot: Any, shown: Any) -> None:
    batch = kit.NumberField((1, 2, 5, 10, 0), low=0, high=1000, integer=True, names={0: "all"})
    batch.set_value(0)
    shown(batch)
    heard, refused = Heard(batch.changed), Heard(batch.refused)
    assert batch.edit.text() == "all"
    assert batch.slider.value() == 4
    for typed in ("2.5", "32", "ALL"):
        batch.edit.selectAll()
        qtbot.keyClicks(batch.edit, typed)
        qtbot.keyClick(batch.edit, Qt.Key.Key_Return)
    assert heard == [(32, True), (0, True)]
    assert all(type(value) is int for value, _ in heard)
    assert refused == [('This takes a whole number from 0 up to 1,000 or all, not "2.5".',)]


def test_keys_step_the_slider_and_the_edit(qtbot: Any, shown: Any) -> None:
    slider = kit.LogSlider(0.1, 10.0)
    slider.set_value(1.0)
    shown(slider)
    heard = Heard(slider.changed)
    slider.slider.setFocus()
    qtbot.keyClick(slider.slider, Qt.Key.Key_Right)
    slider.edit.setFocus()
    qtbot.keyClick(slider.edit, Qt.Key.Key_Up)
    qtbot.keyClick(slider.edit, Qt.Key.Key_Down)
    qtbot.keyClick(slider.slider, Qt.Key.Key_Home)
    assert heard == [(1.2, True), (1.5, True), (1.2, True), (0.1, True)]


def test_escape_takes_back_what_was_typed(qtbot: Any, shown: Any) -> None:
    slider = kit.LogSlider(0.1, 10.0)
    slider.set_value(2.0)
    shown(slider)
    heard = Heard(slider.changed)
    slider.edit.setFocus()
    qtbot.keyClicks(slider.edit, "7")
    qtbot.keyClick(slider.edit, Qt.Key.Key_Escape)
    slider.slider.setFocus()
    assert slider.edit.text() == "2"
    assert heard == []


def test_a_drag_is_final_only_at_its_end(qtbot: Any, shown: Any) -> None:
    slider = kit.LogSlider(0.01, 10.0)
    slider.set_value(0.01)
    shown(slider)
    heard = Heard(slider.changed)
    bar = slider.slider
    middle = bar.height() // 2
    qtbot.mousePress(bar, Qt.MouseButton.LeftButton, pos=QPoint(bar.width() // 2, middle))
    assert heard and all(not final for _, final in heard)
    assert 0.1 < heard[-1][0] < 1.0
    qtbot.mouseMove(bar, QPoint(bar.width() - 8, middle))
    assert heard[-1][0] > 5
    assert all(not final for _, final in heard)
    qtbot.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=QPoint(bar.width() - 8, middle))
    assert heard[-1] == (slider.value(), True)
    assert sum(final for _, final in heard) == 1


def test_a_click_that_moves_nothing_says_nothing(qtbot: Any, shown: Any) -> None:
    slider = kit.LogSlider(0.01, 10.0)
    slider.set_value(0.01)
    shown(slider)
    heard = Heard(slider.changed)
    qtbot.mouseClick(slider.slider, Qt.MouseButton.LeftButton, pos=QPoint(6, slider.slider.height() // 2))
    assert heard == []


def test_setting_a_value_says_nothing_and_spares_what_is_being_typed(qtbot: Any, shown: Any) -> None:
    slider = kit.LogSlider(0.01, 10.0)
    shown(slider)
    heard = Heard(slider.changed)
    slider.set_value(0.5)
    assert (slider.edit.text(), heard) == ("0.5", [])
    slider.edit.selectAll()
    qtbot.keyClicks(slider.edit, "0.0")
    slider.set_value(2.0)
    assert slider.edit.text() == "0.0"
    assert slider.value() == 2.0


def test_an_own_default_is_shown_and_asked_for_again_by_emptying(qtbot: Any, shown: Any) -> None:
    noise = kit.NumberField(linear_stops(0.0, 1.0, 0.01), low=0.0, high=10.0)
    noise.set_default(0.16)
    noise.set_value(None)
    shown(noise)
    heard = Heard(noise.changed)
    assert noise.edit.text() == "0.16"
    assert noise.slider.value() == 16
    noise.edit.selectAll()
    qtbot.keyClicks(noise.edit, "3")
    qtbot.keyClick(noise.edit, Qt.Key.Key_Return)
    noise.edit.selectAll()
    qtbot.keyClick(noise.edit, Qt.Key.Key_Delete)
    qtbot.keyClick(noise.edit, Qt.Key.Key_Return)
    assert heard == [(3.0, True), (None, True)]
    assert noise.edit.text() == "0.16"


def test_a_seed_can_be_typed_or_drawn(qtbot: Any, shown: Any) -> None:
    seed = kit.SeedField()
    seed.set_value(7)
    shown(seed)
    heard = Heard(seed.changed)
    seed.edit.selectAll()
    qtbot.keyClicks(seed.edit, "4294967295")
    qtbot.keyClick(seed.edit, Qt.Key.Key_Return)
    qtbot.mouseClick(seed.dice, Qt.MouseButton.LeftButton)
    assert heard[0] == (4294967295, True)
    drawn, final = heard[1]
    assert final and type(drawn) is int and 1 <= drawn < 10_000
    assert seed.edit.text() == str(drawn)


def test_the_speed_goes_from_one_update_a_second_to_as_fast_as_it_goes(qtbot: Any, shown: Any) -> None:
    speed = kit.SpeedSlider()
    shown(speed)
    heard = Heard(speed.changed)
    texts, widths = [speed.words.text()], {speed.words.width()}
    speed.slider.setFocus()
    while speed.slider.value() < speed.slider.maximum():
        qtbot.keyClick(speed.slider, Qt.Key.Key_Right)
        texts.append(speed.words.text())
        widths.add(speed.words.width())
    assert texts[:5] == ["1 update/s", "2 updates/s", "5 updates/s", "10 updates/s", "20 updates/s"]
    assert texts[-1] == "max"
    assert heard[-1] == (math.inf, True)
    assert [speed for speed, _ in heard[:4]] == [2, 5, 10, 20]
    assert len(widths) == 1
    speed.set_value(20)
    assert speed.value() == 20


# The wheel


@pytest.mark.parametrize("index", range(4))
def test_the_wheel_changes_only_what_has_the_focus(shown: Any, index: int) -> None:
    everything = kit.Choice(ITEMS), kit.LogSlider(0.01, 10.0), kit.LayersEditor(), kit.SpeedSlider()
    choice, slider, layers, speed = everything
    choice.set_value("cce")
    slider.set_value(1.0)
    layers.set_value((6, 4))
    speed.set_value(50)
    shown(everything[index])
    inner: QWidget = [choice, slider.slider, layers.cells[0].spin, speed.slider][index]
    before = everything[index].value()
    event = wheel(inner)
    assert not event.isAccepted()
    assert everything[index].value() == before
    inner.setFocus()
    wheel(inner)
    assert everything[index].value() != before


def test_the_wheel_scrolls_on_over_controls(qtbot: Any) -> None:
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
    place = QPointF(fields[3].slider.mapTo(area, fields[3].slider.rect().center()))
    QTest.wheelEvent(area.windowHandle(), place, QPoint(0, -120))
    assert area.verticalScrollBar().value() > 0
    assert fields[3].value() == before


# Choices


def test_no_label_of_a_choice_is_ever_cut(qapp: QApplication, shown: Any) -> None:
    for scale in (1.0, 1.4):
        theme.apply(qapp, theme.LIGHT, scale)
        choice = kit.Choice(ITEMS)
        shown(choice)
        choice.resize(choice.minimumSizeHint())
        option = QStyleOptionComboBox()
        choice.initStyleOption(option)
        room = choice.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, choice
        )
        widest = max(QFontMetrics(choice.font()).horizontalAdvance(text) for _, text, _ in ITEMS)
        assert room.width() >= widest


def test_typing_selects_in_a_choice(qtbot: Any, shown: Any) -> None:
    choice = kit.Choice(ITEMS)
    choice.set_value("bce")
    shown(choice)
    heard = Heard(choice.changed)
    choice.setFocus()
    qtbot.keyClicks(choice, "me")
    assert heard == [("mse", True)]
    assert choice.itemData(2, Qt.ItemDataRole.ToolTipRole) == "For numbers."


def test_a_choice_made_with_the_mouse(qtbot: Any, shown: Any) -> None:
    choice = kit.Choice(ITEMS)
    shown(choice)
    heard = Heard(choice.changed)
    choice.showPopup()
    view = choice.view()
    place = view.visualRect(choice.model().index(1, 0)).center()
    qtbot.mouseMove(view.viewport(), place)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    choice.hidePopup()
    assert choice.value() == "cce"
    assert heard == [("cce", True)]


def test_other_items_keep_what_was_chosen_and_say_nothing() -> None:
    choice = kit.Choice(ITEMS)
    choice.set_value("mse")
    heard = Heard(choice.changed)
    choice.set_items(ITEMS[1:])
    assert choice.value() == "mse"
    choice.set_items(ITEMS[:1])
    assert choice.value() is None
    assert heard == []


def test_monitors_are_ticked_by_mouse_and_keys(qtbot: Any, shown: Any) -> None:
    monitors = kit.MultiChoice(ITEMS)
    shown(monitors)
    heard = Heard(monitors.changed)
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
    assert heard == [(("acc",), True), (("mse", "acc"), True)]
    assert monitors.text() == "Mean squared error, Accuracy"
    monitors.set_value(("bce",))
    assert monitors.value() == ("bce",)
    assert len(heard) == 2


def test_a_choice_of_several_opens_with_a_click(qtbot: Any, shown: Any) -> None:
    monitors = kit.MultiChoice(ITEMS)
    shown(monitors)
    qtbot.mouseClick(monitors, Qt.MouseButton.LeftButton)
    popup = QApplication.activePopupWidget()
    assert popup is not None
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert QApplication.activePopupWidget() is None


def test_toggles_and_segments(qtbot: Any, shown: Any) -> None:
    toggle = kit.Toggle("log y")
    shown(toggle)
    heard = Heard(toggle.changed)
    toggle.set_value(True)
    qtbot.keyClick(toggle, Qt.Key.Key_Space)
    assert heard == [(False, True)]
    views = kit.Segmented(ITEMS[:3])
    shown(views, 600)
    heard = Heard(views.changed)
    qtbot.mouseClick(views.button("cce"), Qt.MouseButton.LeftButton)
    views.set_value("mse")
    assert views.value() == "mse"
    qtbot.mouseClick(views.button("bce"), Qt.MouseButton.LeftButton)
    assert heard == [("cce", True), ("bce", True)]


# Layers


def test_layers_are_added_removed_and_resized(qtbot: Any, shown: Any) -> None:
    layers = kit.LayersEditor()
    layers.set_value((6, 4))
    shown(layers)
    heard = Heard(layers.changed)
    qtbot.mouseClick(layers.plus, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(layers.cells[0].cross, Qt.MouseButton.LeftButton)
    spin = layers.cells[1].spin
    spin.setFocus()
    spin.selectAll()
    qtbot.keyClicks(spin, "12")
    assert len(heard) == 2
    qtbot.keyClick(spin, Qt.Key.Key_Return)
    qtbot.keyClick(spin, Qt.Key.Key_Up)
    assert [value for value, _ in heard] == [(6, 4, 4), (4, 4), (4, 12), (4, 13)]
    assert layers.value() == (4, 13)


def test_there_are_none_to_eight_layers_of_one_to_1024_units(qtbot: Any, shown: Any) -> None:
    layers = kit.LayersEditor()
    layers.set_value((5,))
    shown(layers)
    qtbot.mouseClick(layers.cells[0].cross, Qt.MouseButton.LeftButton)
    assert layers.value() == ()
    for count in range(1, 9):
        assert layers.plus.isVisible()
        qtbot.mouseClick(layers.plus, Qt.MouseButton.LeftButton)
        assert len(layers.value()) == count
    assert not layers.plus.isVisible()
    assert [cell.isVisible() for cell in layers.cells] == [True] * 8
    assert (layers.cells[7].spin.minimum(), layers.cells[7].spin.maximum()) == (1, 1024)


# Readouts, notices, cards


def test_a_readout_keeps_its_width(qapp: QApplication, shown: Any) -> None:
    for scale in (1.0, 1.4):
        theme.apply(qapp, theme.LIGHT, scale)
        readout = kit.Readout("Train cost", "0.00000", "The cost.")
        shown(readout, 600)
        widths = set()
        for value in (0.5, 12.3456, 1e-9, 8.8e88, math.nan):
            readout.set_text(words.cost(value))
            QApplication.processEvents()
            widths.add(readout.width())
            text = QFontMetrics(readout.number.font()).horizontalAdvance(readout.number.text())
            assert text <= readout.number.width()
        assert len(widths) == 1
        assert readout.accessibleName() == "Train cost \u2013"


def test_a_notice_is_said_acted_on_and_closed(qtbot: Any, shown: Any) -> None:
    notice = kit.Notice()
    shown(notice, 600)
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


def test_more_shows_what_applies_or_matters(qtbot: Any, shown: Any) -> None:
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
    shown(card)
    assert [row.isVisible() for row in rows.values()] == [False, False, True]
    qtbot.mouseClick(more, Qt.MouseButton.LeftButton)
    assert [row.isVisible() for row in rows.values()] == [True, False, True]
    assert more.text() == "Less"


def test_a_long_subtitle_gives_way_and_is_told_whole(qtbot: Any, shown: Any) -> None:
    card = kit.Card("Network", "2 - 6 - 4 - 1")
    shown(card)
    assert card.subtitle.toolTip() == ""
    card.set_subtitle("1024 - " * 40)
    card.resize(200, 80)
    assert card.minimumSizeHint().width() < 200
    card.subtitle.resize(50, 20)
    assert card.subtitle.toolTip() == "1024 - " * 40


def test_a_row_names_its_control_for_those_who_do_not_see_it() -> None:
    field = kit.LogSlider(0.1, 10.0)
    row = kit.ControlRow("Learning rate", field, "How far each update steps.")
    for part in (field, field.slider, field.edit):
        assert part.accessibleName() == "Learning rate"
        assert part.toolTip() == "How far each update steps."
    assert row.label.buddy() is field
    assert isinstance(row.control, kit.NumberField)
    assert not isinstance(row.control, QComboBox)
