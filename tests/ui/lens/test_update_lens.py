"""The lens "Update" driven by mouse and keys; its numbers against independent arithmetic."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication, QTextCursor
from PySide6.QtWidgets import QFileDialog

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.training.snapshot import Snapshot, Wanted
from sandbox.ui import theme
from sandbox.ui.lens.update import UpdateLens, value_text

SMALL = """
[data]
samples = 12
[network]
hidden = [3]
[optimizer]
learning_rate = 0.2
[run]
epochs = 30
"""


class Bench:
    """A lens, and a trainer that answers its questions and does the updates it requests."""

    def __init__(self, qtbot: Any, text: str = SMALL) -> None:
        self.qtbot = qtbot
        self.trainer = Trainer(Experiment.loads(text))
        self.lens = UpdateLens()
        qtbot.addWidget(self.lens)
        self.lens.set_theme(theme.LIGHT)
        self.lens.resize(450, 260)
        self.stepped = 0
        self.lens.step_requested.connect(self.step)
        with qtbot.waitExposed(self.lens):
            self.lens.show()
        self.draw()

    def step(self) -> None:
        self.stepped += 1
        self.trainer.step()
        self.draw()

    def draw(self) -> Snapshot:
        """Draw a new snapshot, however recent the last one."""
        self.lens._pace.make_due()
        snapshot = self.trainer.snapshot(1, Wanted(questions=self.lens.questions("A")))
        self.lens.draw(snapshot, "A")
        return snapshot

    def click(self, widget: Any) -> None:
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)

    @property
    def marked(self) -> str:
        """The text of the marked line."""
        (mark,) = self.lens.code.extraSelections()
        return str(mark.cursor.block().text())

    @property
    def values(self) -> str:
        return self.lens.values.toPlainText().replace("\u2212", "-")


@pytest.fixture
def bench(qtbot: Any) -> Bench:
    return Bench(qtbot)


@pytest.fixture
def make(qtbot: Any) -> Callable[[str], Bench]:
    return lambda text: Bench(qtbot, text)


def forward(trainer: Trainer) -> tuple[dict[str, Any], Any, Any, Any]:
    """Return parameters, X, A1 and A2 by plain loops over samples and units."""
    p, X = trainer.parameters(), trainer.data.X_train
    A1 = [
        [np.tanh(sum(w * x for w, x in zip(W, row, strict=True)) + b) for row in X]
        for W, b in zip(p["W1"], p["b1"], strict=True)
    ]
    Z2 = [sum(p["W2"][0][k] * A1[k][i] for k in range(3)) + p["b2"][0] for i in range(len(X))]
    return p, X, np.array(A1), np.array([1 / (1 + np.exp(-z)) for z in Z2])


def test_the_first_line_and_its_values(bench: Bench) -> None:
    p, X, _, _ = forward(bench.trainer)
    assert bench.marked.startswith("Z1 = W1 @ X + b1") and bench.marked.endswith("# (3, 8)")
    first = p["W1"][0] @ X[0] + p["b1"][0]
    lines = bench.values.splitlines()
    assert lines[0].startswith("Z1  (3, 8)  norm ")
    assert len(lines) == 4
    assert float(lines[1].split()[0]) == pytest.approx(first, abs=6e-5)


def test_the_buttons_walk_through_lines_and_phases(bench: Bench) -> None:
    lens = bench.lens
    bench.click(lens.next_line)
    assert bench.marked.startswith("A1 = np.tanh(Z1)")
    bench.click(lens.next_phase)
    assert lens.strip.value() == 1 and bench.marked.startswith("log_A")
    for _ in range(3):
        bench.click(lens.next_line)
    _, _, _, A = forward(bench.trainer)
    y = bench.trainer.data.y_train
    cost = sum(-np.log(a if t else 1 - a) for a, t in zip(A, y, strict=True)) / len(y)
    assert bench.marked.startswith("cost = loss.sum() / m")
    assert float(bench.values.removeprefix("cost = ")) == pytest.approx(cost, rel=1e-10)
    bench.click(lens.next_line)
    assert lens.phase == 2 and bench.marked.startswith("dZ2 = (A2 - Y) / m")
    assert float(bench.values.splitlines()[1].split()[0]) == pytest.approx((A[0] - y[0]) / len(y), abs=6e-5)
    assert bench.trainer.update == 0 and bench.stepped == 0


def test_the_strip_and_a_click_select_a_line(bench: Bench) -> None:
    lens = bench.lens
    bench.click(lens.strip.button(2))
    assert lens.phase == 2
    cursor = QTextCursor(lens.code.document().findBlockByNumber(2))
    position = lens.code.cursorRect(cursor).center() + QPoint(5, 0)
    bench.qtbot.mouseClick(lens.code.viewport(), Qt.MouseButton.LeftButton, pos=position)
    assert bench.marked.startswith("db2")
    assert bench.values.startswith("db2  (1, 1)")
    assert bench.trainer.update == 0


def test_the_last_phase_does_exactly_one_update_as_shown(bench: Bench) -> None:
    lens = bench.lens
    for _ in range(3):
        bench.click(lens.next_phase)
    assert lens.phase == 3 and lens.next_phase.text() == "Do update" and bench.stepped == 0
    assert bench.marked.startswith("W1 -= learning_rate * dW1")
    assert lens.steps is not None
    promised = lens.steps
    numbers = [float(number) for number in " ".join(bench.values.splitlines()[1:]).split()]
    bench.click(lens.next_phase)
    assert bench.stepped == 1 and bench.trainer.update == 1
    np.testing.assert_array_equal(bench.trainer.lanes[0].replicas[0].theta, promised.theta)
    np.testing.assert_allclose(numbers, bench.trainer.parameters()["W1"].ravel(), atol=6e-5)
    assert lens.phase == 0 and lens.line == 0 and lens.next_phase.text() == "Next phase"
    assert lens.words.text() == "update 2"


def test_next_line_after_the_last_does_the_update(bench: Bench) -> None:
    lens = bench.lens
    for phase in bench.lens.steps.phases:  # type: ignore[union-attr]
        for _ in phase:
            assert bench.stepped == 0
            bench.click(lens.next_line)
    assert bench.stepped == 1 and lens.phase == 0


def test_numbers_follow_training_and_the_line_stays(bench: Bench) -> None:
    lens = bench.lens
    lens.go_to(1, 3)
    before = bench.values
    for _ in range(5):
        bench.trainer.step()
    bench.draw()
    assert (lens.phase, lens.line) == (1, 3)
    assert bench.values != before and lens.words.text() == "update 6"


def test_keys_walk_through_lines_too(bench: Bench) -> None:
    bench.lens.code.setFocus()
    bench.lens.next_line.setFocus()
    bench.qtbot.keyClick(bench.lens.next_line, Qt.Key.Key_Space)
    assert bench.marked.startswith("A1")


def test_the_lines_of_the_loss_have_a_colour_of_their_own(bench: Bench) -> None:
    bench.lens.go_to(2)
    decided, names = QColor(theme.LIGHT.decided), []
    block = bench.lens.code.document().begin()
    while block.isValid():
        (form, *_) = block.textFormats()
        if form.format.foreground().color() == decided:
            names.append(block.text().split(" =")[0])
        block = block.next()
    assert names == ["dZ2"]


def test_it_asks_only_when_visible_and_at_its_pace(bench: Bench) -> None:
    assert bench.lens.questions("A") == ()  # just answered
    assert bench.lens.questions("B") != ()  # another lane is due at once
    bench.lens._pace.make_due()
    assert bench.lens.questions("A") != ()
    bench.lens.hide()
    assert bench.lens.questions("A") == ()


def test_a_change_of_loss_shows_other_lines(bench: Bench) -> None:
    bench.lens.go_to(2)
    bench.trainer.edit({"loss.objective": "mse"})
    bench.draw()
    assert bench.marked.startswith("dA2 = 2 * (A2 - Y) / m")


def test_a_stopped_lane_says_why_and_allows_no_update(make: Callable[[str], Bench]) -> None:
    bench = make(SMALL + '[loss]\nobjective = "binary_cross_entropy"\nnumerics = "naive"\n')
    bench.trainer.edit({"network.output": "relu"})
    bench.draw()
    bench.lens.go_to(3)
    assert "not finite" in bench.lens.words.text()
    bench.click(bench.lens.next_phase)
    assert bench.trainer.lanes[0].stopped
    bench.draw()
    bench.lens.go_to(3)
    assert bench.lens.words.text().startswith("stopped: ")
    assert not bench.lens.next_phase.isEnabled()


def test_copy_gives_a_script_that_runs(bench: Bench, tmp_path: Path, capsys: Any) -> None:
    bench.click(bench.lens.copy)
    path = tmp_path / "copied.py"
    path.write_text(QGuiApplication.clipboard().text(), encoding="utf-8")
    costs = runpy.run_path(str(path))["costs"]
    assert bench.lens.said.text() == "Copied"
    bench.trainer.run(30)
    expected = [row.values["train_cost"] for row in bench.trainer.history().rows()]
    np.testing.assert_allclose(costs, expected, rtol=1e-10)
    assert re.search(r"epoch 30: cost 0\.\d+", capsys.readouterr().out)


def test_export_saves_to_the_chosen_file(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(str(tmp_path / "mine"), ""), ("", ""), (str(tmp_path / "no" / "folder.py"), "")]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: answers.pop(0))
    bench.click(bench.lens.export)
    assert (tmp_path / "mine.py").read_text("utf-8").startswith("# A network of 2-3-1 units")
    assert bench.lens.said.text() == "Saved mine.py"
    bench.click(bench.lens.export)  # the dialog was cancelled
    assert bench.lens.said.text() == "Saved mine.py"
    bench.click(bench.lens.export)
    assert "cannot be written" in bench.lens.said.text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.py"]


def test_large_arrays_are_cut_to_the_space(make: Callable[[str], Bench]) -> None:
    bench = make("[network]\nhidden = [30]\n")
    rows = bench.lens.values.toPlainText().splitlines()
    assert rows[0].startswith("Z1  (30, 210)  norm ")
    assert rows[1].endswith("\u2026") and rows[-1].endswith("30 rows in all")
    narrow = len(rows[1])
    bench.lens.resize(900, 500)
    assert len(bench.lens.values.toPlainText().splitlines()[1]) > 1.5 * narrow
    assert bench.lens.values.horizontalScrollBar().maximum() == 0


def test_values_are_formatted_as_text() -> None:
    from sandbox.experiment.lens.update import _value

    assert value_text("cost", _value(0.25), 3) == "cost = 0.25"
    assert value_text("b", _value(np.array([[3.0], [-4.0]])), 3).splitlines() == [
        "b  (2, 1)  norm 5.0000",
        "  3.0000",
        " \u22124.0000",
    ]


def test_the_real_window_steps(driver: Any) -> None:
    lenses = driver.window.lenses
    lens = next(lens for lens in lenses.lenses if isinstance(lens, UpdateLens))
    lenses.show_lens(lens)
    driver.wait(lambda: lens.steps is not None)
    for _ in range(3):
        driver.click(lens.next_phase)
    driver.wait(lambda: lens.steps is not None and lens.phase == 3)
    promised, before = lens.steps.theta, driver.last.update
    driver.click(lens.next_phase)
    driver.wait_drawn(lambda snapshot: snapshot.update == before + 1)
    driver.wait(lambda: lens.phase == 0)
    driver.settle()
    np.testing.assert_array_equal(driver.trainer().lanes[0].replicas[0].theta, promised)
