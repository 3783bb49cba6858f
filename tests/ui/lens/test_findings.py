"""The lens of findings and its chips, by mouse and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import QApplication, QFrame, QVBoxLayout, QWidget

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.lens.findings import FINDINGS, AskFindings
from sandbox.experiment.training.snapshot import Snapshot, Wanted
from sandbox.ui import theme
from sandbox.ui.lens.findings import FindingsLens, FindingsStrip
from sandbox.ui.pace import Pace

BLIND: dict[str, Any] = {  # sure from the start, often wrong, and of a loss that hardly feels it; with dead units
    "loss.objective": "mse", "network.activation": ("tanh", "relu"), "network.hidden": (8, 8),
    "network.initializer_scale": 100.0,
    "network.initializer": "normal", "network.seed": 4, "optimizer.learning_rate": 0.01,
}  # fmt: skip
STUCK: dict[str, Any] = {"network.output": "softmax", "loss.objective": "mse"}


class Desk:
    """A card with the strip above the lens, asked and drawn as the window does it."""

    def __init__(self, qtbot: Any, values: dict[str, Any]) -> None:
        self.qtbot = qtbot
        self.run = 0
        self.lens = FindingsLens()
        self.card = QFrame()
        self.strip = FindingsStrip(self.lens, self.card)
        column = QVBoxLayout(self.card)
        column.addWidget(self.strip)
        column.addWidget(self.lens, 1)
        qtbot.addWidget(self.card)
        self.changes: list[tuple[str, object]] = []
        self.opened: list[str] = []
        self.lens.change_requested.connect(lambda key, value: self.changes.append((key, value)))
        self.strip.opened.connect(self.opened.append)
        self.begin(values)
        self.card.resize(430, 290)
        with qtbot.waitExposed(self.card):
            self.card.show()

    def begin(self, values: dict[str, Any]) -> None:
        self.run += 1
        self.trainer = Trainer(Experiment().with_values(values))

    def frame(self, updates: int = 10) -> Snapshot:
        """Train a little, ask what is asked, and draw."""
        for _ in range(updates):
            self.trainer.step()
        questions = self.lens.questions("A")
        snapshot = self.trainer.snapshot(self.run, Wanted(questions=questions))
        self.lens.draw(snapshot, "A")
        return snapshot

    def frames(self, count: int = 3) -> None:
        for _ in range(count):
            self.frame()

    @property
    def chips(self) -> list[str]:
        return [chip.text() for chip in self.strip.chips if chip.isVisible()]

    @property
    def headings(self) -> list[str]:
        return [view.heading.text() for view in self.lens.views]

    def click(self, widget: QWidget) -> None:
        assert widget.isVisible()
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every frame be time for an answer."""
    monkeypatch.setattr(Pace, "is_due", lambda pace: True)


@pytest.fixture
def desk(qtbot: Any, no_waiting: None) -> Callable[[dict[str, Any]], Desk]:
    return lambda values: Desk(qtbot, values)


def test_nothing_to_say_hides_the_strip(desk: Callable[..., Desk]) -> None:
    there = desk({})
    there.frames(5)
    assert not there.strip.isVisible() and there.headings == []
    assert there.lens.nothing.text() == "Nothing was found that keeps this lane from learning."
    for kind in FINDINGS:
        assert kind.title[1:] in there.lens.watched.text()


def test_chips_come_after_a_while_and_the_lens_says_the_same(desk: Callable[..., Desk]) -> None:
    there = desk(BLIND)
    there.frames(2)
    assert not there.strip.isVisible()
    there.frame()
    assert there.strip.isVisible()
    assert "Confident mistakes" in there.chips
    assert there.chips == there.headings
    first = there.lens.shown[0]
    assert there.strip.chips[0].toolTip() == first.evidence == there.lens.views[0].evidence.text()
    assert there.lens.views[0].meaning.text() == first.meaning
    assert not there.lens.watched.isVisible()


def test_each_snapshot_counts_once(desk: Callable[..., Desk]) -> None:
    there = desk(BLIND)
    snapshot = there.frame()
    for _ in range(5):
        there.lens.draw(snapshot, "A")
    assert there.chips == []


def test_a_chip_opens_its_finding_and_its_button_asks_for_the_change(desk: Callable[..., Desk]) -> None:
    there = desk(BLIND)
    there.frames()
    place = there.chips.index("Confident mistakes")
    there.click(there.strip.chips[place])
    assert there.opened == ["confident_mistakes"]
    there.lens.open_finding(there.opened[0])
    button = there.lens.views[place].button
    there.qtbot.waitUntil(lambda: there.card.focusWidget() is button)
    assert button.text() == "Learn with binary cross-entropy"
    there.qtbot.keyClick(button, Qt.Key.Key_Space)
    assert there.changes == [("loss.objective", "binary_cross_entropy")]
    there.trainer.edit(dict(there.changes))
    there.frame()
    assert "Confident mistakes" not in there.chips + there.headings


def test_the_last_of_many_is_scrolled_into_view(desk: Callable[..., Desk]) -> None:
    there = desk(BLIND)
    there.card.resize(430, 150)
    there.frames()
    last = there.lens.views[-1]
    assert len(there.lens.views) > 1
    there.lens.open_finding(last.name)
    bar = there.lens.area.verticalScrollBar()
    there.qtbot.waitUntil(lambda: bar.value() > 0)
    there.qtbot.waitUntil(last.button.hasFocus)
    top = last.button.mapTo(there.lens.area.viewport(), QPoint(0, 0)).y()
    assert 0 <= top <= there.lens.area.viewport().height() - last.button.height()


def test_a_stopped_lane_is_told_at_once(desk: Callable[..., Desk]) -> None:
    there = desk({"network.output": "linear", "loss.objective": "binary_cross_entropy"})
    there.frame(1)
    assert there.chips == ["Log of 0"]
    assert there.strip.chips[0].property("kind") == "stopped"
    assert "negative output" in there.lens.views[0].evidence.text()


def test_another_run_clears_the_strip(desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    there = desk(STUCK)
    there.frame()
    assert there.chips == ["Softmax of one unit"]
    there.begin({})
    monkeypatch.setattr(Pace, "is_due", lambda pace: False)
    with there.qtbot.waitSignal(there.lens.wanted_changed):
        there.frame()
    assert there.chips == there.headings == [] and not there.strip.isVisible()
    assert there.lens.nothing.text() == ""  # nothing is known of it yet


def test_what_does_not_fit_is_counted(desk: Callable[..., Desk]) -> None:
    there = desk(BLIND)
    there.frames()
    names = there.chips
    assert len(names) > 1 and not there.strip.more.isVisible()
    there.card.resize(200, 290)
    there.qtbot.waitUntil(there.strip.more.isVisible)
    shown = there.chips
    assert there.strip.more.text() == f"+{len(names) - len(shown)}"
    assert there.strip.more.geometry().right() < there.strip.width()
    there.click(there.strip.more)
    assert there.opened == [""]
    there.card.resize(430, 290)
    there.qtbot.waitUntil(lambda: there.chips == names)


def test_the_lens_asks_for_the_strip_while_hidden_and_nothing_once_the_card_is(desk: Callable[..., Desk]) -> None:
    there = desk(STUCK)
    there.lens.hide()
    assert there.lens.questions("A") == (AskFindings("A"),)
    there.frame()
    assert there.chips == ["Softmax of one unit"] and there.headings == []
    there.lens.show()
    assert there.headings == ["Softmax of one unit"]
    there.card.hide()
    assert there.lens.questions("A") == ()


def test_a_lens_without_a_strip_asks_itself(qtbot: Any, no_waiting: None) -> None:
    lens = FindingsLens()
    qtbot.addWidget(lens)
    assert lens.questions("A") == ()
    with qtbot.waitExposed(lens):
        lens.show()
    assert lens.questions("A") == (AskFindings("A"),)
    trainer = Trainer(Experiment().with_values(STUCK))
    lens.draw(trainer.snapshot(1, Wanted(questions=lens.questions("A"))), "A")
    assert [view.name for view in lens.views] == ["single_softmax"]


def test_no_more_than_two_answers_a_second(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("sandbox.ui.pace.perf_counter", lambda: now[0])
    there = Desk(qtbot, {})
    asked = 0
    for _ in range(300):  # ten seconds at 30 frames a second
        asked += len(there.frame(1).answers)
        now[0] += 1.0 / 30.0
    assert 18 <= asked <= 21
    assert FindingsLens.period >= 0.5


def test_resting_settles(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FindingsLens, "period", 0.02)
    there = Desk(qtbot, BLIND)
    there.lens.wanted_changed.connect(lambda: there.frame(0))
    there.frame(1)  # one answer, and no update after it: the rest is owed
    there.qtbot.waitUntil(lambda: "Confident mistakes" in there.chips)


def test_updates_keep_the_views_and_the_focus(desk: Callable[..., Desk]) -> None:
    there = desk({**BLIND, "network.activation": "relu", "network.initializer_scale": 3.0})
    there.frames()
    views = list(there.lens.views)
    views[0].button.setFocus()
    before = views[0].evidence.text()
    for _ in range(60):
        there.frame(50)
        if views[0].evidence.text() != before:
            break
    assert views[0].evidence.text() != before
    assert there.lens.views[0] is views[0] and there.card.focusWidget() is views[0].button


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=lambda colours: colours.name)
def test_chips_take_the_theme(desk: Callable[..., Desk], colours: theme.Theme) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    there = desk(STUCK)
    there.frame()
    try:
        theme.apply(app, colours)
        there.lens.set_theme(colours)
        app.sendEvent(there.strip, QEvent(QEvent.Type.StyleChange))
        chip = there.strip.chips[0]
        image = chip.grab().toImage()
        assert image.pixelColor(chip.width() // 2, 3).name() == colours.accent_soft
    finally:
        theme.apply(app, theme.LIGHT)


def test_everything_has_a_name(desk: Callable[..., Desk]) -> None:
    there = desk(BLIND)
    there.frames()
    for chip, view in zip(there.strip.chips, there.lens.views, strict=True):
        assert chip.accessibleName() == view.accessibleName() == view.heading.text()
        assert chip.accessibleDescription() and view.accessibleDescription()
        assert view.button.accessibleName() and view.button.toolTip()
