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


class Stage:
    """The lens, shown, and a trainer that answers it."""

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
        asked = self.lens.questions("A")
        self.lens.draw(self.trainer.snapshot(0, Wanted(questions=asked)), "A")
        return asked

    def anew(self) -> None:
        self.lens._pace.make_due()
        assert self.frame()

    def column(self, number: int) -> list[str]:
        model = self.lens.model
        return [str(model.index(row, number).data()) for row in range(model.rowCount())]

    def row_of(self, name: str) -> int:
        return self.column(0).index(LOSSES[name].label)

    def place(self, row: int, column: int = 0) -> QPoint:
        place: QPoint = self.lens.table.visualRect(self.lens.model.index(row, column)).center()
        return place

    def click_head(self, qtbot: Any, column: int) -> None:
        head = self.lens.table.horizontalHeader()
        place = QPoint(head.sectionViewportPosition(column) + head.sectionSize(column) // 2, head.height() // 2)
        qtbot.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=place)


@pytest.fixture
def stage(qtbot: Any) -> Callable[..., Stage]:
    return lambda *arguments, **keywords: Stage(qtbot, *arguments, **keywords)


def outputs(trainer: Trainer) -> Any:
    W, A = trainer.parameters(), trainer.data.X_train
    for l in (1, 2):
        A = np.tanh(A @ W[f"W{l}"].T + W[f"b{l}"])
    return 1 / (1 + np.exp(-(A @ W["W3"].T + W["b3"])[:, 0]))


def test_a_row_per_loss_with_its_numbers(stage: Callable[..., Stage]) -> None:
    shown = stage()
    assert shown.column(0) == [kind.label for kind in LOSSES.values()]
    heads = [shown.lens.model.headerData(k, Qt.Orientation.Horizontal) for k in range(shown.lens.model.columnCount())]
    assert heads == ["Loss", "Cost", "Cosine", "|dZ[3]|", "|dW[1]|", "|dW[2]|", "|dW[3]|"]
    a, y = outputs(shown.trainer), shown.trainer.data.y_train
    mse = shown.row_of("mse")
    assert shown.column(1)[mse] == f"{((a - y) ** 2).mean():.4f}"
    assert shown.column(3)[mse] == f"{np.linalg.norm(2 * (a - y) * a * (1 - a) / len(y)):.4f}"
    assert shown.column(3)[0] == f"{np.linalg.norm((a - y) / len(y)):.4f}"
    assert shown.column(2)[0] == "1.000"


def test_the_objective_is_marked(stage: Callable[..., Stage]) -> None:
    shown = stage()
    model = shown.lens.model
    role = Qt.ItemDataRole.AccessibleTextRole
    assert model.index(0, 0).data(role) == "Binary cross-entropy, the objective"
    assert model.index(1, 0).data(role) == "Categorical cross-entropy"
    table = shown.lens.table
    image = table.viewport().grab().toImage()
    ratio = image.devicePixelRatio()
    colours = []
    for row in (0, 1):
        box = table.visualRect(model.index(row, 0))
        colours.append(image.pixelColor(round((box.left() + 1) * ratio), round(box.center().y() * ratio)).name())
    assert colours[0] == theme.LIGHT.accent != colours[1]


@pytest.mark.parametrize("way", ["mouse", "keys"])
def test_sorting_holds_still_while_numbers_change(qtbot: Any, stage: Callable[..., Stage], way: str) -> None:
    shown = stage()

    def sort() -> None:
        if way == "mouse":
            shown.click_head(qtbot, 1)
        else:
            shown.lens.table.setFocus()
            shown.lens.table.setCurrentIndex(shown.lens.model.index(0, 1))
            qtbot.keyClick(shown.lens.table, Qt.Key.Key_S)

    def costs() -> list[float]:
        return [shown.lens.model.loss(row).cost for row in range(len(LOSSES))]

    sort()
    assert costs() == sorted(costs())
    assert shown.lens.model.headerData(1, Qt.Orientation.Horizontal) == "\u2191\u2009Cost"
    order, before = shown.column(0), costs()
    for _ in range(10):
        shown.trainer.run(epochs=20)
        shown.anew()
    assert shown.column(0) == order
    assert costs() != before
    sort()
    assert costs() == sorted(costs(), reverse=True)


def test_losses_without_a_number_are_last_either_way(qtbot: Any, stage: Callable[..., Stage]) -> None:
    shown = stage('[data]\ndataset = "sine"\n')
    for _ in range(2):
        shown.click_head(qtbot, 1)
        costs = [shown.lens.model.loss(row).cost for row in range(len(LOSSES))]
        known = [cost for cost in costs if not math.isnan(cost)]
        assert 0 < len(known) < len(costs)
        assert not any(map(math.isnan, costs[: len(known)]))
    row = shown.row_of("poisson")
    assert shown.column(1)[row] == "undefined"
    assert "log of a negative number" in shown.lens.model.index(row, 1).data(Qt.ItemDataRole.ToolTipRole)


def test_a_double_click_makes_a_loss_the_objective(qtbot: Any, stage: Callable[..., Stage]) -> None:
    shown = stage()
    asked: list[tuple[str, object]] = []
    shown.lens.change_requested.connect(lambda key, value: asked.append((key, value)))
    viewport = shown.lens.table.viewport()
    for row in (shown.row_of("binary_cross_entropy"), shown.row_of("huber")):
        qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=shown.place(row))
        qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=shown.place(row))
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=shown.place(row))  # else it counts as held
    assert asked == [("loss.objective", "huber")]  # the objective itself is one already
    shown.trainer.edit({"loss.objective": "huber"})
    shown.anew()
    assert shown.lens.model.objective.name == "huber"


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_enter_makes_a_loss_the_objective(qtbot: Any, stage: Callable[..., Stage], key: Qt.Key) -> None:
    shown = stage()
    asked: list[tuple[str, object]] = []
    shown.lens.change_requested.connect(lambda name, value: asked.append((name, value)))
    table = shown.lens.table
    table.setFocus()
    qtbot.keyClick(table, key)
    assert asked == []  # nothing is chosen yet
    table.setCurrentIndex(shown.lens.model.index(0, 0))
    qtbot.keyClick(table, Qt.Key.Key_Down)
    qtbot.keyClick(table, Qt.Key.Key_Down)
    qtbot.keyClick(table, key)
    assert asked == [("loss.objective", "mse")]


def test_the_sentence_is_about_the_chosen_row(qtbot: Any, stage: Callable[..., Stage]) -> None:
    shown = stage()
    assert shown.lens.words.text().startswith("Nearest to the step of Binary cross-entropy: ")
    row = shown.row_of("mse")
    qtbot.mouseClick(shown.lens.table.viewport(), Qt.MouseButton.LeftButton, pos=shown.place(row))
    cosine, norms = shown.lens.model.loss(row).cosine, [shown.lens.model.loss(k).norm for k in (0, row)]
    assert shown.lens.words.text() == (
        f"Mean squared error would step {math.degrees(math.acos(cosine)):.0f}\u00b0 off the objective's direction; "
        f"its gradient is {norms[1] / norms[0]:.2g} times as long."
    )
    shown.lens.table.setFocus()
    qtbot.keyClick(shown.lens.table, Qt.Key.Key_Escape)
    assert shown.lens.words.text().startswith("Nearest")


def test_the_choice_stays_with_its_loss_when_rows_move(qtbot: Any, stage: Callable[..., Stage]) -> None:
    shown = stage()
    row = shown.row_of("mae")
    qtbot.mouseClick(shown.lens.table.viewport(), Qt.MouseButton.LeftButton, pos=shown.place(row))
    shown.click_head(qtbot, 3)
    assert shown.row_of("mae") != row
    assert shown.lens.model.loss(shown.lens.table.currentIndex().row()).name == "mae"


def test_it_asks_three_times_a_second_at_most(stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch) -> None:
    shown = stage()
    now = [1000.0]
    monkeypatch.setattr(pace, "perf_counter", lambda: now[0])
    monkeypatch.setattr(views, "perf_counter", lambda: now[0])
    shown.lens.ask_again()
    asked = 0
    for _ in range(100):  # four seconds of 25 frames each
        asked += len(shown.frame())
        now[0] += 0.04
    assert 8 <= asked <= 12


def test_an_answer_that_takes_long_is_asked_for_less_often(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = stage()
    now = [1000.0]
    monkeypatch.setattr(pace, "perf_counter", lambda: now[0])
    shown.lens._pace.answered(took=0.1)
    now[0] += 1.9
    assert shown.lens.questions("A") == ()
    now[0] += 0.2
    assert len(shown.lens.questions("A")) == 1


def test_a_resting_run_gets_its_last_answer(
    qtbot: Any, stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = stage()
    now = [1000.0]
    monkeypatch.setattr(pace, "perf_counter", lambda: now[0])
    shown.lens._pace.answered()
    before = shown.column(1)
    shown.trainer.run(epochs=5)
    with qtbot.waitSignal(shown.lens.wanted_changed, timeout=20000):
        assert shown.frame() == ()  # it was asked a moment ago
    now[0] += 1.0
    assert len(shown.frame()) == 1
    assert shown.column(1) != before


def test_hidden_it_asks_nothing(stage: Callable[..., Stage]) -> None:
    shown = stage()
    shown.lens.hide()
    shown.lens.ask_again()
    assert shown.lens.questions("A") == ()


def test_another_depth_has_other_columns(stage: Callable[..., Stage]) -> None:
    shown = stage()
    shown.trainer.edit({"network.hidden": (3,)})
    shown.anew()
    assert shown.lens.model.columnCount() == 6
    assert shown.lens.model.headerData(3, Qt.Orientation.Horizontal) == "|dZ[2]|"
