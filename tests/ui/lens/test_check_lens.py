"""The lens "Check": asked once per press, by mouse and keys, and what it shows."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.lens.check import CheckGradient
from sandbox.experiment.training.snapshot import Snapshot, Wanted
from sandbox.nn import LOSSES
from sandbox.ui import theme
from sandbox.ui.lens.check import INTRODUCTION, CheckLens

LEFT = Qt.MouseButton.LeftButton


def _lens(qtbot: QtBot, size: tuple[int, int] = (450, 290)) -> CheckLens:
    lens = CheckLens()
    qtbot.addWidget(lens)
    lens.set_theme(theme.LIGHT)
    lens.resize(*size)
    with qtbot.waitExposed(lens):
        lens.show()
    return lens


def _trainer(epochs: int = 5, **values: Any) -> Trainer:
    trainer = Trainer(Experiment().with_values({key.replace("__", "."): value for key, value in values.items()}))
    if epochs:
        trainer.run(epochs)
    return trainer


def _snapshot(trainer: Trainer, lens: CheckLens, run: int = 0) -> Snapshot:
    return trainer.snapshot(run, Wanted(questions=lens.questions("A")))


def _cells(lens: CheckLens) -> list[list[str]]:
    model = lens.table.model()
    return [[model.index(r, c).data() for c in range(model.columnCount())] for r in range(model.rowCount())]


def test_asks_only_when_pressed_and_until_answered(qtbot: QtBot) -> None:
    lens, trainer = _lens(qtbot), _trainer()
    assert lens.questions("A") == () and lens.words.text() == INTRODUCTION
    lens.draw(_snapshot(trainer, lens), "A")
    with qtbot.waitSignal(lens.wanted_changed):
        qtbot.mouseClick(lens.button, LEFT)
    assert lens.questions("A") == lens.questions("A") == (CheckGradient("A", 1),)
    assert not lens.button.isEnabled() and lens.when.text() == "Checking\u2026"
    lens.draw(trainer.snapshot(), "A")  # one already on its way, without the answer
    assert lens.questions("A") != ()
    lens.draw(_snapshot(trainer, lens), "A")
    assert lens.questions("A") == () and lens.button.isEnabled()
    assert lens.words.text() == "The formulas are right: no error is above 1e\u22127."
    assert lens.when.text() == "Binary cross-entropy, after 5 updates"
    lens.button.setFocus()
    qtbot.keyClick(lens.button, Qt.Key.Key_Space)
    assert lens.questions("A") == (CheckGradient("A", 2),)


def test_a_hidden_lens_waits(qtbot: QtBot) -> None:
    lens = _lens(qtbot)
    lens.check()
    lens.hide()
    assert lens.questions("A") == ()
    lens.show()
    assert lens.questions("A") == (CheckGradient("A", 1),)


def test_there_is_a_row_per_array(qtbot: QtBot) -> None:
    lens, trainer = _lens(qtbot, (900, 500)), _trainer()
    lens.check()
    lens.draw(_snapshot(trainer, lens), "A")
    cells = _cells(lens)
    assert [row[0] for row in cells] == ["dW[1]", "db[1]", "dW[2]", "db[2]", "dW[3]", "db[3]"]
    assert [row[1] for row in cells] == ["12 of 12", "6 of 6", "24 of 24", "4 of 4", "4 of 4", "1 of 1"]
    assert {row[3] for row in cells} == {"right"}
    assert all(float(row[2].replace("\u2212", "-")) < 1e-7 for row in cells)
    assert not lens.table.isColumnHidden(4)
    last = lens.table.visualRect(lens.table.model().index(5, 0))
    assert last.bottom() <= lens.table.viewport().height()  # no row is cut off
    lens.resize(450, 290)
    assert lens.table.isColumnHidden(4)
    assert "all 51 parameters" in lens.how.text() and "float64 from a copy" in lens.how.text()


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=lambda colours: colours.name)
def test_a_wrong_gradient_is_reported(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, colours: theme.Theme) -> None:
    lens, trainer = _lens(qtbot), _trainer(loss__objective="mse")
    lens.set_theme(colours)
    monkeypatch.setattr(LOSSES["mse"], "dA", lambda self, A, Y: 2.02 * (A - Y))
    lens.check()
    lens.draw(_snapshot(trainer, lens), "A")
    assert lens.words.text().startswith("Wrong: ") and lens.words.property("role") == "error"
    assert {row[3] for row in _cells(lens)} == {"wrong"}
    index = lens.table.model().index(0, 3)
    assert index.data(Qt.ItemDataRole.ForegroundRole) == QColor(colours.error)
    monkeypatch.undo()
    lens.check()
    lens.draw(_snapshot(trainer, lens), "A")
    assert lens.words.property("role") == "" and {row[3] for row in _cells(lens)} == {"right"}


def test_kinks_are_reported(qtbot: QtBot) -> None:
    lens, trainer = _lens(qtbot), _trainer(0, network__activation="relu", network__initializer="zeros")
    assert not lens.kinks.isVisible()
    lens.check()
    lens.draw(_snapshot(trainer, lens), "A")
    assert lens.kinks.isVisible() and "unit 1 of layer 1, sample 1: z is 0 away from its kink" in lens.kinks.text()
    assert _cells(lens)[0][1:4] == ["0 of 12", "\u2013", "only at kinks"]


def test_float32_states_its_tolerance(qtbot: QtBot) -> None:
    lens, trainer = _lens(qtbot), _trainer(run__precision="float32")
    lens.check()
    lens.draw(_snapshot(trainer, lens), "A")
    assert "errors up to 0.0001 are right" in lens.how.text()
    assert lens.words.text() == "The formulas are right: no error is above 0.0001."


def test_the_result_stays_during_training_but_not_in_another_run(qtbot: QtBot) -> None:
    lens, trainer = _lens(qtbot), _trainer()
    lens.check()
    lens.draw(_snapshot(trainer, lens), "A")
    trainer.run(3)
    lens.draw(_snapshot(trainer, lens), "A")
    assert lens.result is not None and lens.when.text().endswith("after 5 updates")
    lens.draw(_snapshot(trainer, lens, run=1), "A")
    assert lens.result is None and lens.words.text() == INTRODUCTION and not lens.table.isVisible()
