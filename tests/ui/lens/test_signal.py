"""The lens "Signal" by mouse and keys, over a real trainer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QApplication

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.lens.signal import AskSignals
from sandbox.experiment.training.snapshot import Wanted
from sandbox.nn import LOSSES
from sandbox.ui import pace, theme
from sandbox.ui.lens.signal import SignalLens


class Bench:
    """The lens on screen, and a trainer that answers it."""

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
        questions = self.lens.questions("A")
        self.lens.draw(self.trainer.snapshot(0, Wanted(questions=questions)), "A")
        return questions

    def values(self) -> dict[str, tuple[float, float]]:
        return {entry.name: entry.values for entry in self.lens.key.entries}


@pytest.fixture
def make_bench(qtbot: Any) -> Callable[..., Bench]:
    return lambda *arguments, **keywords: Bench(qtbot, *arguments, **keywords)


def point(plot: Any, x: float) -> float:
    """Move the mouse to x at half the height of a plot; return the x of the pixel it is on."""
    share = (x - plot.x_range[0]) / (plot.x_range[1] - plot.x_range[0])
    size = plot.area.rect()
    scene = plot.area.mapToScene(QPointF(round(share * size.width()), size.height() / 2))
    pixel = plot.mapFromScene(scene)
    position = QPointF(pixel)
    event = QMouseEvent(
        QEvent.Type.MouseMove, position, plot.viewport().mapToGlobal(position), Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(plot.viewport(), event)
    landed = plot.area.mapFromScene(plot.mapToScene(pixel)).x() / size.width()
    return float(plot.x_range[0] + landed * (plot.x_range[1] - plot.x_range[0]))


def tick(qtbot: Any, lens: SignalLens, text: str) -> None:
    qtbot.mouseClick(lens.choice, Qt.MouseButton.LeftButton)
    box = next(box for box in lens.choice._popup.boxes if box.text() == text)
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    qtbot.keyClick(lens.choice._popup, Qt.Key.Key_Escape)


def test_mean_squared_error_is_compared_at_first(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    assert list(bench.values()) == ["Binary cross-entropy", "Mean squared error"]
    solid, dashed = (entry.stroke.dash for entry in bench.lens.key.entries)
    assert solid == () and dashed
    assert all(len(layer.lines) == 2 and not layer.lines[-1].dash for layer in bench.lens.lines)


def test_a_loss_that_is_also_shown_is_compared_at_first(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    bench.trainer.edit({"loss.monitors": ("accuracy", "binary_cross_entropy", "hinge", "mae")})
    bench.frame()
    bench.frame()
    assert list(bench.values()) == ["Binary cross-entropy", "Hinge"]
    bench.trainer.edit({"loss.monitors": ()})
    bench.frame()
    bench.frame()
    assert list(bench.values()) == ["Binary cross-entropy", "Mean squared error"]


def test_without_the_mouse_the_key_shows_means(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    W, A = bench.trainer.parameters(), bench.trainer.data.X_train
    for l in (1, 2):
        A = np.tanh(A @ W[f"W{l}"].T + W[f"b{l}"])
    a = 1 / (1 + np.exp(-(A @ W["W3"].T + W["b3"])[:, 0]))
    y = bench.trainer.data.y_train
    values = bench.values()
    assert values["Binary cross-entropy"] == pytest.approx(
        (-(y * np.log(a) + (1 - y) * np.log(1 - a)).mean(), np.abs(a - y).mean())
    )
    assert values["Mean squared error"] == pytest.approx(
        (((a - y) ** 2).mean(), (2 * np.abs(a - y) * a * (1 - a)).mean())
    )
    assert bench.lens.key.head == "mean of 210 samples"


@pytest.mark.parametrize("which", [0, 1])
def test_pointing_reads_the_curves(make_bench: Callable[..., Bench], which: int) -> None:
    bench = make_bench()
    x = point(bench.lens.plots[which], -2.0)
    assert x == pytest.approx(-2.0, abs=0.1)
    x = float(bench.lens.key.head.removeprefix("at z ").replace("\u2212", "-"))  # the numbers are from there
    a = 1 / (1 + np.exp(-x))
    assert bench.values()["Binary cross-entropy"] == pytest.approx((-np.log(a), 1 - a))
    assert bench.values()["Mean squared error"] == pytest.approx(((1 - a) ** 2, 2 * (1 - a) ** 2 * a))
    assert bench.lens.key.head.startswith("at z \u2212")
    assert all(crosshair._x == pytest.approx(x) for crosshair in bench.lens.crosshairs)
    QApplication.sendEvent(bench.lens.plots[which], QEvent(QEvent.Type.Leave))
    assert bench.lens.key.head.startswith("mean")


def test_arrow_keys_read_the_curves(qtbot: Any, make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    plot = bench.lens.plots[1]
    for _ in range(5):
        qtbot.keyClick(plot, Qt.Key.Key_Left)
    x = float(bench.lens.key.head.removeprefix("at z ").replace("\u2212", "-"))
    low, high = plot.x_range
    assert x == pytest.approx(low + 0.4 * (high - low), abs=0.006 * (high - low))
    a = 1 / (1 + np.exp(-x))
    assert bench.values()["Binary cross-entropy"] == pytest.approx((-np.log(a), 1 - a))
    qtbot.keyClick(plot, Qt.Key.Key_Escape)
    assert bench.lens.key.head.startswith("mean")


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK])
def test_no_curve_is_taken_for_the_first_lane(make_bench: Callable[..., Bench], colours: theme.Theme) -> None:
    bench = make_bench()
    bench.lens.set_theme(colours)
    lane = QColor(colours.lanes[0]).hslHue()
    for name in LOSSES:
        colour = bench.lens._stroke(name, False).color
        apart = abs(colour.hslHue() - lane)
        assert colour.hslSaturation() < 40 or min(apart, 360 - apart) > 40, name
    looks = {(s.color.name(), s.dash) for s in (bench.lens._stroke(name, False) for name in LOSSES)}
    assert len(looks) == len(LOSSES)


def test_what_the_plots_show_is_said_in_several_lines(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    for plot in bench.lens.plots:
        assert plot.toolTip().startswith("<qt>") and "read the curves there." in plot.toolTip()


def test_ticking_a_loss_asks_for_it_and_draws_it(qtbot: Any, make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    colour = bench.lens.key.entries[1].stroke.color
    with qtbot.waitSignal(bench.lens.wanted_changed):
        tick(qtbot, bench.lens, "Hinge")
    assert bench.frame()[0].others == ("mse", "hinge")
    assert list(bench.values()) == ["Binary cross-entropy", "Mean squared error", "Hinge"]
    assert bench.lens.key.entries[1].stroke.color == colour  # each loss keeps its colour
    assert bench.lens.key.entries[2].stroke.color != colour
    tick(qtbot, bench.lens, "Mean squared error")
    bench.frame()
    assert list(bench.values()) == ["Binary cross-entropy", "Hinge"]


def test_a_new_objective_gets_the_solid_line(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    bench.trainer.edit({"loss.objective": "mse"})
    bench.frame()
    bench.frame()
    assert list(bench.values()) == ["Mean squared error", "Binary cross-entropy"]
    assert bench.lens.key.entries[0].stroke.dash == ()


def test_samples_lie_on_the_curves_and_move(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    groups = bench.lens.moving_points[1].groups
    assert len(groups) == 4  # two classes on two curves
    assert {group.symbol for group in groups} == {theme.symbol(0), theme.symbol(1)}
    assert {group.fill.name() for group in groups} == {theme.LIGHT.class_colour(0), theme.LIGHT.class_colour(1)}
    for group in groups[2:]:  # the objective's, painted last
        np.testing.assert_allclose(group.y, 1 / (1 + np.exp(group.x)), rtol=1e-9)
    before = groups[2].x.copy()
    bench.trainer.run(epochs=1)
    bench.frame()
    after = bench.lens.moving_points[1].groups[2].x
    assert len(after) != len(before) or not np.array_equal(after, before)


def test_axes_stay_while_samples_move_within_them(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(epochs=0)
    ranges = set()
    for _ in range(15):
        bench.trainer.run(epochs=1)
        bench.frame()
        ranges.add((bench.lens.plots[0].x_range, bench.lens.plots[0].y_range, bench.lens.plots[1].y_range))
    assert len(ranges) == 1
    lines = bench.lens.lines[0].lines
    bench.trainer.run(epochs=1)
    bench.frame()
    assert bench.lens.lines[0].lines is lines  # unchanged curves are not drawn again


def test_the_sentence_updates_less_often_than_the_samples(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_bench()
    clock = [1000.0]
    monkeypatch.setattr(pace, "perf_counter", lambda: clock[0])
    bench.lens.ask_again()
    summaries = []
    for _ in range(50):  # two seconds of 25 frames each
        (question,) = bench.frame()
        assert isinstance(question, AskSignals)
        summaries.append(question.summarise)
        clock[0] += 0.04
    assert 6 <= sum(summaries) <= 9


def test_a_hidden_lens_asks_nothing(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    bench.lens.hide()
    assert bench.lens.questions("A") == ()


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
def test_every_kind_of_run_is_painted(
    make_bench: Callable[..., Bench], text: str, across: str, colours: theme.Theme
) -> None:
    bench = make_bench(text)
    bench.lens.set_theme(colours)
    assert bench.lens.across.text() == across
    image = bench.lens.lines[1].plot.grab().toImage()
    colour = bench.lens.key.entries[0].stroke.color.name()
    pixels = [(x, y) for x in range(image.width()) for y in range(image.height())]
    assert any(image.pixelColor(x, y).name() == colour for x, y in pixels), "the objective's curve is missing"
    assert bench.lens.words.text()


def test_the_plots_say_their_numbers(qtbot: Any, make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    lens = bench.lens
    qtbot.waitUntil(lambda: all(lens.across.text() in plot.accessibleDescription() for plot in lens.plots))
    loss, signal = lens.key.entries[0].values
    for plot in lens.plots:
        told = plot.accessibleDescription()
        assert told.startswith(f"mean of 210 samples; Binary cross-entropy: loss {loss:.4f}, signal {signal:.4f}; ")
        assert lens.words.text() in told
