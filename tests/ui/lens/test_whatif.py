"""The lens "What if" by mouse and keys, over a real trainer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.training import views
from sandbox.experiment.training.snapshot import Wanted
from sandbox.nn import LOSSES
from sandbox.ui import pace, theme
from sandbox.ui.lens.whatif import WhatIfLens


class Bench:
    """The lens on screen, and a trainer that answers it."""

    def __init__(self, qtbot: Any, text: str = "", epochs: int = 20) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.apply(application, theme.LIGHT)
        self.trainer = Trainer(Experiment.loads(f"format = 1\n{text}"))
        self.trainer.run(epochs=epochs)
        self.lens = WhatIfLens()
        qtbot.addWidget(self.lens)
        self.lens.set_theme(theme.LIGHT)
        self.lens.resize(640, 480)
        with qtbot.waitExposed(self.lens):
            self.lens.show()
        self.lens.activateWindow()
        self.frame()
        QApplication.processEvents()

    def frame(self) -> tuple[Any, ...]:
        questions = self.lens.questions("A")
        self.lens.draw(self.trainer.snapshot(0, Wanted(questions=questions)), "A")
        return questions

    def refresh(self) -> None:
        """Draw a new answer, however recent the last one."""
        self.lens._pace.make_due()
        assert self.frame()

    def column(self, number: int) -> list[str]:
        model = self.lens.model
        return [str(model.index(row, number).data()) for row in range(model.rowCount())]

    def row_of(self, name: str) -> int:
        return self.column(0).index(LOSSES[name].label)

    def center(self, row: int, column: int = 0) -> QPoint:
        center: QPoint = self.lens.table.visualRect(self.lens.model.index(row, column)).center()
        return center

    def click_head(self, qtbot: Any, column: int) -> None:
        head = self.lens.table.horizontalHeader()
        position = QPoint(head.sectionViewportPosition(column) + head.sectionSize(column) // 2, head.height() // 2)
        qtbot.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=position)


@pytest.fixture
def make_bench(qtbot: Any) -> Callable[..., Bench]:
    return lambda *arguments, **keywords: Bench(qtbot, *arguments, **keywords)


def outputs(trainer: Trainer) -> Any:
    W, A = trainer.parameters(), trainer.data.X_train
    for l in (1, 2):
        A = np.tanh(A @ W[f"W{l}"].T + W[f"b{l}"])
    return 1 / (1 + np.exp(-(A @ W["W3"].T + W["b3"])[:, 0]))


def test_each_loss_has_a_row_with_its_numbers(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    assert bench.column(0) == [kind.label for kind in LOSSES.values()]
    heads = [bench.lens.model.headerData(k, Qt.Orientation.Horizontal) for k in range(bench.lens.model.columnCount())]
    assert heads == ["Loss", "Cost", "Cosine", "|dZ[3]|", "|dW[1]|", "|dW[2]|", "|dW[3]|"]
    a, y = outputs(bench.trainer), bench.trainer.data.y_train
    mse = bench.row_of("mse")
    assert bench.column(1)[mse] == f"{((a - y) ** 2).mean():.4f}"
    assert bench.column(3)[mse] == f"{np.linalg.norm(2 * (a - y) * a * (1 - a) / len(y)):.5f}"
    assert bench.column(3)[0] == f"{np.linalg.norm((a - y) / len(y)):.4f}"
    assert bench.column(2)[0] == "1.000"


def test_the_objective_is_marked(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    model = bench.lens.model
    role = Qt.ItemDataRole.AccessibleTextRole
    assert model.index(0, 0).data(role) == "Binary cross-entropy, the loss to learn with"
    assert model.index(1, 0).data(role) == "Categorical cross-entropy"
    table = bench.lens.table
    image = table.viewport().grab().toImage()
    ratio = image.devicePixelRatio()
    colours = []
    for row in (0, 1):
        box = table.visualRect(model.index(row, 0))
        colours.append(image.pixelColor(round((box.left() + 1) * ratio), round(box.center().y() * ratio)).name())
    assert colours[0] == theme.LIGHT.accent != colours[1]


@pytest.mark.parametrize("way", ["mouse", "keys"])
def test_sorted_rows_stay_while_numbers_change(qtbot: Any, make_bench: Callable[..., Bench], way: str) -> None:
    bench = make_bench()

    def sort() -> None:
        if way == "mouse":
            bench.click_head(qtbot, 1)
        else:
            bench.lens.table.setFocus()
            bench.lens.table.setCurrentIndex(bench.lens.model.index(0, 1))
            qtbot.keyClick(bench.lens.table, Qt.Key.Key_S)

    def costs() -> list[float]:
        return [bench.lens.model.loss(row).cost for row in range(len(LOSSES))]

    sort()
    assert costs() == sorted(costs())
    assert bench.lens.model.headerData(1, Qt.Orientation.Horizontal) == "\u2191\u2009Cost"
    order, before = bench.column(0), costs()
    for _ in range(10):
        bench.trainer.run(epochs=20)
        bench.refresh()
    assert bench.column(0) == order
    assert costs() != before
    sort()
    assert costs() == sorted(costs(), reverse=True)


def test_undefined_losses_are_sorted_last_either_way(qtbot: Any, make_bench: Callable[..., Bench]) -> None:
    bench = make_bench('[data]\ndataset = "sine"\n')
    for _ in range(2):
        bench.click_head(qtbot, 1)
        costs = [bench.lens.model.loss(row).cost for row in range(len(LOSSES))]
        defined = [cost for cost in costs if not math.isnan(cost)]
        assert 0 < len(defined) < len(costs)
        assert not any(map(math.isnan, costs[: len(defined)]))
    row = bench.row_of("poisson")
    assert bench.column(1)[row] == "undefined"
    assert "log of a negative number" in bench.lens.model.index(row, 1).data(Qt.ItemDataRole.ToolTipRole)


def test_a_double_click_makes_a_loss_the_objective(qtbot: Any, make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    asked: list[tuple[str, object]] = []
    bench.lens.change_requested.connect(lambda key, value: asked.append((key, value)))
    viewport = bench.lens.table.viewport()
    for row in (bench.row_of("binary_cross_entropy"), bench.row_of("huber")):
        qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=bench.center(row))
        qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=bench.center(row))
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=bench.center(row))  # otherwise the button stays pressed
    assert asked == [("loss.objective", "huber")]  # the other one was the objective already
    bench.trainer.edit({"loss.objective": "huber"})
    bench.refresh()
    assert bench.lens.model.objective.name == "huber"


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_enter_makes_a_loss_the_objective(qtbot: Any, make_bench: Callable[..., Bench], key: Qt.Key) -> None:
    bench = make_bench()
    asked: list[tuple[str, object]] = []
    bench.lens.change_requested.connect(lambda name, value: asked.append((name, value)))
    table = bench.lens.table
    table.setFocus()
    qtbot.keyClick(table, key)
    assert asked == []  # nothing is chosen yet
    table.setCurrentIndex(bench.lens.model.index(0, 0))
    qtbot.keyClick(table, Qt.Key.Key_Down)
    qtbot.keyClick(table, Qt.Key.Key_Down)
    qtbot.keyClick(table, key)
    assert asked == [("loss.objective", "mse")]


def test_the_sentence_is_about_the_chosen_row(qtbot: Any, make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    assert bench.lens.words.text().startswith("Nearest to the gradient of binary cross-entropy: ")
    row = bench.row_of("mse")
    qtbot.mouseClick(bench.lens.table.viewport(), Qt.MouseButton.LeftButton, pos=bench.center(row))
    cosine, norms = bench.lens.model.loss(row).cosine, [bench.lens.model.loss(k).norm for k in (0, row)]
    degrees = f"{math.degrees(math.acos(cosine)):.0f}\u00b0"
    assert bench.lens.words.text() == (
        f"Mean squared error: its gradient points {degrees} off that of binary cross-entropy "
        f"and is {norms[1] / norms[0]:.2g} times as long."
    )
    bench.lens.table.setFocus()
    qtbot.keyClick(bench.lens.table, Qt.Key.Key_Escape)
    assert bench.lens.words.text().startswith("Nearest")


def test_the_choice_stays_with_its_loss_when_rows_move(qtbot: Any, make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    row = bench.row_of("mae")
    qtbot.mouseClick(bench.lens.table.viewport(), Qt.MouseButton.LeftButton, pos=bench.center(row))
    bench.click_head(qtbot, 3)
    assert bench.row_of("mae") != row
    assert bench.lens.model.loss(bench.lens.table.currentIndex().row()).name == "mae"


def test_it_asks_three_times_a_second_at_most(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_bench()
    clock = [1000.0]
    monkeypatch.setattr(pace, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(views, "perf_counter", lambda: clock[0])
    bench.lens.ask_again()
    asked = 0
    for _ in range(100):  # four seconds of 25 frames each
        asked += len(bench.frame())
        clock[0] += 0.04
    assert 8 <= asked <= 12


def test_slow_answers_are_asked_for_less_often(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_bench()
    clock = [1000.0]
    monkeypatch.setattr(pace, "perf_counter", lambda: clock[0])
    bench.lens._pace.answered(took=0.1)
    clock[0] += 1.9
    assert bench.lens.questions("A") == ()
    clock[0] += 0.2
    assert len(bench.lens.questions("A")) == 1


def test_a_paused_run_gets_its_last_answer(
    qtbot: Any, make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_bench()
    clock = [1000.0]
    monkeypatch.setattr(pace, "perf_counter", lambda: clock[0])
    bench.lens._pace.answered()
    before = bench.column(1)
    bench.trainer.run(epochs=5)
    with qtbot.waitSignal(bench.lens.wanted_changed, timeout=20000):
        assert bench.frame() == ()  # it was asked a moment ago
    clock[0] += 1.0
    assert len(bench.frame()) == 1
    assert bench.column(1) != before


def test_a_hidden_lens_asks_nothing(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    bench.lens.hide()
    bench.lens.ask_again()
    assert bench.lens.questions("A") == ()


def test_columns_follow_the_depth(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    bench.trainer.edit({"network.hidden": (3,)})
    bench.refresh()
    assert bench.lens.model.columnCount() == 6
    assert bench.lens.model.headerData(3, Qt.Orientation.Horizontal) == "|dZ[2]|"
