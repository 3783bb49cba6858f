"""The lens of findings and its chips, by mouse and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QVBoxLayout, QWidget

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.lens.findings import AskFindings, looked_for
from sandbox.experiment.training.snapshot import Snapshot, Wanted
from sandbox.ui import theme
from sandbox.ui.lens.findings import FindingsLens, FindingsStrip, FindingView
from sandbox.ui.pace import Pace

BLIND: dict[str, Any] = {  # confident from the start, often wrong, with a loss that hardly reacts; and with dead units
    "loss.objective": "mse", "network.activation": ("tanh", "relu"), "network.hidden": (8, 8),
    "network.initializer_scale": 100.0,
    "network.initializer": "normal", "network.seed": 4, "optimizer.learning_rate": 0.01,
}  # fmt: skip
STUCK: dict[str, Any] = {"network.output": "softmax", "loss.objective": "mse"}


class Bench:
    """A card with the strip above the lens, asked and drawn as by the window."""

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
        """Train a little, answer the questions of the lens, and draw."""
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
    """Make an answer due in every frame."""
    monkeypatch.setattr(Pace, "is_due", lambda pace: True)


@pytest.fixture
def make_bench(qtbot: Any, no_waiting: None) -> Callable[[dict[str, Any]], Bench]:
    return lambda values: Bench(qtbot, values)


def test_the_strip_hides_without_findings(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench({})
    bench.frames(5)
    assert not bench.strip.isVisible() and bench.headings == []
    assert bench.lens.nothing.text() == "Nothing was found that keeps this network from learning."
    told = " ".join(text.text() for text in bench.lens.watched.findChildren(QLabel) if text.isVisible())
    for subject, sought in looked_for().items():
        assert subject in told and all(text[1:] in told for text in sought)


def test_chips_appear_after_a_while_and_agree_with_the_lens(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(BLIND)
    bench.frames(2)
    assert not bench.strip.isVisible()
    bench.frame()
    assert bench.strip.isVisible()
    assert "Confident mistakes" in bench.chips
    assert bench.chips == bench.headings
    first = bench.lens.shown[0]
    assert bench.strip.chips[0].toolTip() == first.evidence == bench.lens.views[0].evidence.text()
    assert bench.lens.views[0].meaning.text() == first.meaning
    assert not bench.lens.watched.isVisible()


def test_each_snapshot_counts_once(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(BLIND)
    snapshot = bench.frame()
    for _ in range(5):
        bench.lens.draw(snapshot, "A")
    assert bench.chips == []


def test_a_chip_opens_its_finding_and_its_button_asks_for_the_change(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(BLIND)
    bench.frames()
    index = bench.chips.index("Confident mistakes")
    bench.click(bench.strip.chips[index])
    assert bench.opened == ["confident_mistakes"]
    bench.lens.open_finding(bench.opened[0])
    button = bench.lens.views[index].button
    bench.qtbot.waitUntil(lambda: bench.card.focusWidget() is button)
    assert button.text() == "Learn with binary cross-entropy"
    bench.qtbot.keyClick(button, Qt.Key.Key_Space)
    assert bench.changes == [("loss.objective", "binary_cross_entropy")]
    bench.trainer.edit(dict(bench.changes))
    bench.frame()
    assert "Confident mistakes" not in bench.chips + bench.headings


def test_the_last_of_many_is_scrolled_into_view(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(BLIND)
    bench.card.resize(430, 150)
    bench.frames()
    last = bench.lens.views[-1]
    assert len(bench.lens.views) > 1
    bench.lens.open_finding(last.name)
    bar = bench.lens.area.verticalScrollBar()
    bench.qtbot.waitUntil(lambda: bar.value() > 0)
    bench.qtbot.waitUntil(last.button.hasFocus)
    top = last.button.mapTo(bench.lens.area.viewport(), QPoint(0, 0)).y()
    assert 0 <= top <= bench.lens.area.viewport().height() - last.button.height()


def test_a_stopped_lane_is_reported_at_once(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench({"network.output": "linear", "loss.objective": "binary_cross_entropy"})
    bench.frame(1)
    assert bench.chips == ["Log of 0"]
    assert bench.strip.chips[0].property("kind") == "stopped"
    assert "negative output" in bench.lens.views[0].evidence.text()


def test_another_run_clears_the_strip(make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    bench = make_bench(STUCK)
    bench.frame()
    assert bench.chips == ["Softmax of one unit"]
    bench.begin({})
    monkeypatch.setattr(Pace, "is_due", lambda pace: False)
    with bench.qtbot.waitSignal(bench.lens.wanted_changed):
        bench.frame()
    assert bench.chips == bench.headings == [] and not bench.strip.isVisible()
    assert bench.lens.nothing.text() == ""  # nothing is known about this run yet


def test_chips_that_do_not_fit_are_counted(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(BLIND)
    bench.frames()
    names = bench.chips
    assert len(names) > 1 and not bench.strip.more.isVisible()
    bench.card.resize(200, 290)
    bench.qtbot.waitUntil(bench.strip.more.isVisible)
    visible = bench.chips
    assert bench.strip.more.text() == f"+{len(names) - len(visible)}"
    assert bench.strip.more.geometry().right() < bench.strip.width()
    bench.click(bench.strip.more)
    assert bench.opened == [""]
    bench.card.resize(430, 290)
    bench.qtbot.waitUntil(lambda: bench.chips == names)


def test_a_hidden_lens_asks_for_the_strip_until_the_card_is_hidden(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(STUCK)
    bench.lens.hide()
    assert bench.lens.questions("A") == (AskFindings("A"),)
    bench.frame()
    assert bench.chips == ["Softmax of one unit"] and bench.headings == []
    bench.lens.show()
    assert bench.headings == ["Softmax of one unit"]
    bench.card.hide()
    assert bench.lens.questions("A") == ()


def test_a_lens_without_a_strip_asks_only_when_visible(qtbot: Any, no_waiting: None) -> None:
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
    clock = [100.0]
    monkeypatch.setattr("sandbox.ui.pace.perf_counter", lambda: clock[0])
    bench = Bench(qtbot, {})
    answers = 0
    for _ in range(300):  # ten seconds at 30 frames a second
        answers += len(bench.frame(1).answers)
        clock[0] += 1.0 / 30.0
    assert 18 <= answers <= 21
    assert FindingsLens.period >= 0.5


def test_a_paused_run_gets_its_findings(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FindingsLens, "period", 0.02)
    bench = Bench(qtbot, BLIND)
    bench.lens.wanted_changed.connect(lambda: bench.frame(0))
    bench.frame(1)  # one answer, and no update after it: more answers are due
    bench.qtbot.waitUntil(lambda: "Confident mistakes" in bench.chips)


def test_updates_keep_the_views_and_the_focus(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench({**BLIND, "network.activation": "relu", "network.initializer_scale": 3.0})
    bench.frames()
    views = list(bench.lens.views)
    views[0].button.setFocus()
    before = views[0].evidence.text()
    for _ in range(60):
        bench.frame(50)
        if views[0].evidence.text() != before:
            break
    assert views[0].evidence.text() != before
    assert bench.lens.views[0] is views[0] and bench.card.focusWidget() is views[0].button


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=lambda colours: colours.name)
def test_chips_follow_the_theme(make_bench: Callable[..., Bench], colours: theme.Theme) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    bench = make_bench(STUCK)
    bench.frame()
    try:
        theme.apply(app, colours)
        bench.lens.set_theme(colours)
        app.sendEvent(bench.strip, QEvent(QEvent.Type.StyleChange))
        chip = bench.strip.chips[0]
        image = chip.grab().toImage()
        assert image.pixelColor(chip.width() // 2, 3).name() == colours.accent_soft
    finally:
        theme.apply(app, theme.LIGHT)


LONG: dict[str, Any] = {  # a long title, a long button, and a share with its per cent sign
    "data.dataset": "iris", "network.output": "softmax", "loss.objective": "mse", "network.initializer_scale": 20.0,
    "network.hidden": (), "network.target_coding": "plus_minus_one",
}  # fmt: skip


@pytest.mark.parametrize("width", [300, 330, 430, 700])
@pytest.mark.parametrize("values", [BLIND, LONG, {"loss.objective": "hinge", "network.output": "sigmoid"}], ids=str)
def test_nothing_is_cut_however_narrow(make_bench: Callable[..., Bench], width: int, values: dict[str, Any]) -> None:
    bench = make_bench(values)
    bench.card.resize(width, 400)
    bench.frames()
    assert bench.lens.views
    viewport = bench.lens.area.viewport()

    def is_whole(widget: QWidget) -> bool:
        left = widget.mapTo(viewport, QPoint(0, 0)).x()
        return (
            left >= 0
            and left + widget.width() <= viewport.width()
            and widget.width() >= widget.minimumSizeHint().width()
        )

    def is_in_order(view: FindingView) -> bool:
        parts = (view.heading, view.evidence, view.meaning, view.button)
        tops = [part.mapTo(view, QPoint(0, 0)).y() for part in parts]
        texts_fit = all(text.height() >= text.heightForWidth(text.width()) for text in parts[1:3])
        names_fit = all(part.width() >= part.sizeHint().width() for part in (view.heading, view.button))
        return all(map(is_whole, parts)) and texts_fit and names_fit and tops[0] < tops[1] < tops[2]

    for view in bench.lens.views:
        bench.qtbot.waitUntil(lambda view=view: is_in_order(view))  # type: ignore[misc]


def test_a_number_and_its_per_cent_sign_are_not_parted(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(BLIND)
    bench.frames()
    shown = " ".join(view.evidence.text() for view in bench.lens.views)
    assert "\u202f%" in shown and "\u2009%" not in shown and " %" not in shown


def test_everything_has_an_accessible_name(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(BLIND)
    bench.frames()
    for chip, view in zip(bench.strip.chips, bench.lens.views, strict=True):
        assert chip.accessibleName() == view.accessibleName() == view.heading.text()
        assert chip.accessibleDescription() and view.accessibleDescription()
        assert view.button.accessibleName() and view.button.toolTip()
