"""The lens "Signal" by mouse and keys, over a real trainer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.lens.signal import AskSignals
from sandbox.experiment.training.snapshot import Wanted
from sandbox.ui import pace, theme
from sandbox.ui.lens.signal import SignalLens


class Stage:
    """The lens, shown, and a trainer that answers it."""

    def __init__(self, qtbot: Any, text: str = "", epochs: int = 20) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.apply(application, theme.LIGHT)
        self.trainer = Trainer(Experiment.loads(f"format = 1\n{text}"))
        self.trainer.run(epochs=epochs)
        self.lens = SignalLens()
        qtbot.addWidget(self.lens)
        self.lens.set_theme(theme.LIGHT)
        self.lens.resize(430, 280)
        with qtbot.waitExposed(self.lens):
            self.lens.show()
        self.frame()
        self.frame()
        QApplication.processEvents()

    def frame(self) -> tuple[Any, ...]:
        asked = self.lens.questions("A")
        self.lens.draw(self.trainer.snapshot(0, Wanted(questions=asked)), "A")
        return asked

    def values(self) -> dict[str, tuple[float, float]]:
        return {entry.name: entry.values for entry in self.lens.key.entries}


@pytest.fixture
def stage(qtbot: Any) -> Callable[..., Stage]:
    return lambda *arguments, **keywords: Stage(qtbot, *arguments, **keywords)


def point(plot: Any, x: float) -> float:
    """Move the mouse to x in the middle of a plot, and return the x it came to stand at."""
    share = (x - plot.x_range[0]) / (plot.x_range[1] - plot.x_range[0])
    size = plot.area.rect()
    scene = plot.area.mapToScene(QPointF(round(share * size.width()), size.height() / 2))
    place = plot.mapFromScene(scene)
    there = QPointF(place)
    event = QMouseEvent(
        QEvent.Type.MouseMove, there, plot.viewport().mapToGlobal(there), Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(plot.viewport(), event)
    here = plot.area.mapFromScene(plot.mapToScene(place)).x() / size.width()
    return float(plot.x_range[0] + here * (plot.x_range[1] - plot.x_range[0]))


def tick(qtbot: Any, lens: SignalLens, text: str) -> None:
    qtbot.mouseClick(lens.choice, Qt.MouseButton.LeftButton)
    box = next(box for box in lens.choice._popup.boxes if box.text() == text)
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    qtbot.keyClick(lens.choice._popup, Qt.Key.Key_Escape)


def test_it_begins_with_the_loss_that_teaches_most(stage: Callable[..., Stage]) -> None:
    shown = stage()
    assert list(shown.values()) == ["Binary cross-entropy", "Mean squared error"]
    solid, dashed = (entry.stroke.dash for entry in shown.lens.key.entries)
    assert solid == () and dashed
    assert all(len(layer.lines) == 2 and not layer.lines[-1].dash for layer in shown.lens.lines)


def test_at_rest_the_key_has_the_means(stage: Callable[..., Stage]) -> None:
    shown = stage()
    W, A = shown.trainer.parameters(), shown.trainer.data.X_train
    for l in (1, 2):
        A = np.tanh(A @ W[f"W{l}"].T + W[f"b{l}"])
    a = 1 / (1 + np.exp(-(A @ W["W3"].T + W["b3"])[:, 0]))
    y = shown.trainer.data.y_train
    found = shown.values()
    assert found["Binary cross-entropy"] == pytest.approx(
        (-(y * np.log(a) + (1 - y) * np.log(1 - a)).mean(), np.abs(a - y).mean())
    )
    assert found["Mean squared error"] == pytest.approx(
        (((a - y) ** 2).mean(), (2 * np.abs(a - y) * a * (1 - a)).mean())
    )
    assert shown.lens.key.head == "mean of 210 samples"


@pytest.mark.parametrize("which", [0, 1])
def test_pointing_reads_the_curves(stage: Callable[..., Stage], which: int) -> None:
    shown = stage()
    x = point(shown.lens.plots[which], -2.0)
    assert x == pytest.approx(-2.0, abs=0.1)
    a = 1 / (1 + np.exp(-x))
    assert shown.values()["Binary cross-entropy"] == pytest.approx((-np.log(a), 1 - a))
    assert shown.values()["Mean squared error"] == pytest.approx(((1 - a) ** 2, 2 * (1 - a) ** 2 * a))
    assert shown.lens.key.head.startswith("at z \u2212")
    assert all(crosshair._x == pytest.approx(x) for crosshair in shown.lens.crosshairs)
    QApplication.sendEvent(shown.lens.plots[which], QEvent(QEvent.Type.Leave))
    assert shown.lens.key.head.startswith("mean")


def test_arrow_keys_read_the_curves(qtbot: Any, stage: Callable[..., Stage]) -> None:
    shown = stage()
    plot = shown.lens.plots[1]
    for _ in range(5):
        qtbot.keyClick(plot, Qt.Key.Key_Left)
    low, high = plot.x_range
    a = 1 / (1 + np.exp(-(low + 0.4 * (high - low))))
    assert shown.values()["Binary cross-entropy"] == pytest.approx((-np.log(a), 1 - a))
    qtbot.keyClick(plot, Qt.Key.Key_Escape)
    assert shown.lens.key.head.startswith("mean")


def test_ticking_a_loss_asks_for_it_and_draws_it(qtbot: Any, stage: Callable[..., Stage]) -> None:
    shown = stage()
    colour = shown.lens.key.entries[1].stroke.color
    with qtbot.waitSignal(shown.lens.wanted_changed):
        tick(qtbot, shown.lens, "Hinge")
    assert shown.frame()[0].others == ("mse", "hinge")
    assert list(shown.values()) == ["Binary cross-entropy", "Mean squared error", "Hinge"]
    assert shown.lens.key.entries[1].stroke.color == colour  # each loss keeps its own
    assert shown.lens.key.entries[2].stroke.color != colour
    tick(qtbot, shown.lens, "Mean squared error")
    shown.frame()
    assert list(shown.values()) == ["Binary cross-entropy", "Hinge"]


def test_another_objective_takes_the_solid_line(stage: Callable[..., Stage]) -> None:
    shown = stage()
    shown.trainer.edit({"loss.objective": "mse"})
    shown.frame()
    shown.frame()
    assert list(shown.values()) == ["Mean squared error", "Binary cross-entropy"]
    assert shown.lens.key.entries[0].stroke.dash == ()


def test_the_samples_stand_where_they_are(stage: Callable[..., Stage]) -> None:
    shown = stage()
    groups = shown.lens.moving_points[1].groups
    assert len(groups) == 4  # two classes on two curves
    assert {group.symbol for group in groups} == {theme.symbol(0), theme.symbol(1)}
    assert {group.fill.name() for group in groups} == {theme.LIGHT.class_colour(0), theme.LIGHT.class_colour(1)}
    for group in groups[2:]:  # the objective's, painted last
        np.testing.assert_allclose(group.y, 1 / (1 + np.exp(group.x)), rtol=1e-9)
    before = groups[2].x.copy()
    shown.trainer.run(epochs=1)
    shown.frame()
    now = shown.lens.moving_points[1].groups[2].x
    assert len(now) != len(before) or not np.array_equal(now, before)


def test_axes_stay_while_samples_move_within_them(stage: Callable[..., Stage]) -> None:
    shown = stage(epochs=0)
    ranges = set()
    for _ in range(15):
        shown.trainer.run(epochs=1)
        shown.frame()
        ranges.add((shown.lens.plots[0].x_range, shown.lens.plots[0].y_range, shown.lens.plots[1].y_range))
    assert len(ranges) == 1
    lines = shown.lens.lines[0].lines
    shown.trainer.run(epochs=1)
    shown.frame()
    assert shown.lens.lines[0].lines is lines  # nothing is drawn anew that has not changed


def test_the_sentence_comes_seldom_and_the_samples_always(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = stage()
    now = [1000.0]
    monkeypatch.setattr(pace, "perf_counter", lambda: now[0])
    shown.lens.ask_again()
    summaries = []
    for _ in range(50):  # two seconds of 25 frames each
        (question,) = shown.frame()
        assert isinstance(question, AskSignals)
        summaries.append(question.summarise)
        now[0] += 0.04
    assert 6 <= sum(summaries) <= 9


def test_hidden_it_asks_nothing(stage: Callable[..., Stage]) -> None:
    shown = stage()
    shown.lens.hide()
    assert shown.lens.questions("A") == ()


@pytest.mark.parametrize(
    ("text", "across"),
    [
        ("", "wrong  \u2190  z towards the true class  \u2192  right"),
        ('[data]\ndataset = "iris"\n', "probability of the true class"),
        ('[data]\ndataset = "sine"\n', "residual a \u2212 y"),
        (
            '[network]\noutput = "linear"\n[loss]\nobjective = "hinge"\n',
            "wrong  \u2190  z towards the true class  \u2192  right",
        ),
        ('[data]\ndataset = "iris"\n[network]\noutput = "linear"\n', "z of the true class"),
    ],
)
@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK])
def test_it_paints_every_kind(stage: Callable[..., Stage], text: str, across: str, colours: theme.Theme) -> None:
    shown = stage(text)
    shown.lens.set_theme(colours)
    assert shown.lens.across.text() == across
    image = shown.lens.lines[1].plot.grab().toImage()
    colour = shown.lens.key.entries[0].stroke.color.name()
    places = [(x, y) for x in range(image.width()) for y in range(image.height())]
    assert any(image.pixelColor(x, y).name() == colour for x, y in places), "the objective's curve is not there"
    assert shown.lens.words.text()
