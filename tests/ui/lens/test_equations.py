"""The lens of equations: what it typesets, and the numbers behind its symbols, by mouse and by keys."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.lens.equations import AskNumbers
from sandbox.experiment.training.snapshot import Wanted
from sandbox.nn import ACTIVATIONS, LOSSES, NUMERICS, REDUCTIONS
from sandbox.notation.equations import EquationSetup, equations
from sandbox.ui import theme
from sandbox.ui.lens.equations import EquationsLens
from sandbox.ui.lens.equations_view import Target
from sandbox.ui.mathematics import EM, compose, set_line, typeset

PLAIN = {"network.hidden": (3, 2), "network.activation": "tanh", "loss.objective": "mse"}


class Bench:
    """A lens over a paused run, answered as soon as it asks."""

    def __init__(self, qtbot: Any, values: dict[str, Any], size: tuple[int, int] = (450, 290)) -> None:
        self.qtbot = qtbot
        self.trainer = Trainer(Experiment().with_values(values))
        self.trainer.run(3)
        self.lens = EquationsLens()
        self.lens.resize(*size)
        qtbot.addWidget(self.lens)
        self.lens.wanted_changed.connect(self.answer)
        self.lens.show()
        self.answer()

    def answer(self) -> None:
        questions = self.lens.questions("A")
        self.lens.draw(self.trainer.snapshot(0, Wanted(questions=questions)), "A")

    def targets(self, name: str) -> list[Target]:
        return [target for target in self.lens.view.targets if target.symbol.name == name]

    def center(self, target: Target) -> QPoint:
        """Scroll to a target and return its middle."""
        self.lens.area.ensureVisible(round(target.rect.center().x()), round(target.rect.center().y()))
        return target.rect.center().toPoint()

    def hover(self, target: Target) -> None:
        self.leave()
        self.qtbot.mouseMove(self.lens.view, self.center(target))
        self.qtbot.waitUntil(lambda: self.lens.view.current is not None)
        current = self.lens.view.current
        assert current is not None and current.symbol == target.symbol

    def leave(self) -> None:
        self.qtbot.mouseMove(self.lens.heading)
        self.qtbot.waitUntil(lambda: self.lens.view.current is None)

    def click(self, target: Target) -> None:
        self.qtbot.mouseClick(self.lens.view, Qt.MouseButton.LeftButton, pos=self.center(target))

    def key(self, key: Qt.Key) -> None:
        self.qtbot.keyClick(self.lens.view, key)

    def numbers(self) -> tuple[str, int, Any]:
        array = self.lens.panel.shown
        assert self.lens.panel.isVisible() and array is not None
        model = self.lens.panel.model
        cells = [
            [str(model.index(row, column).data()) for column in range(model.columnCount())]
            for row in range(model.rowCount())
        ]
        return array.name, array.layer, cells


@pytest.fixture
def make_bench(qtbot: Any) -> Callable[..., Bench]:
    return lambda size=(450, 290), **values: Bench(
        qtbot, {**PLAIN, **{key.replace("__", "."): value for key, value in values.items()}}, size
    )


def _value(text: str) -> float:
    return float(text.replace("\u2212", "-"))


def _gradient(trainer: Trainer) -> dict[str, Any]:
    """The gradient for tanh, tanh, sigmoid and mean squared error, written out."""
    data, p = trainer.snapshot(0, Wanted()).data, trainer.parameters()
    A = [data.X_train]
    for l in (1, 2, 3):
        Z = A[-1] @ p[f"W{l}"].T + p[f"b{l}"]
        A.append(np.tanh(Z) if l < 3 else 1.0 / (1.0 + np.exp(-Z)))
    dZ = 2.0 * (A[3] - data.y_train[:, None]) * A[3] * (1.0 - A[3]) / len(A[0])
    gradients: dict[str, Any] = {}
    for l in (3, 2, 1):
        gradients[f"dZ{l}"], gradients[f"dW{l}"], gradients[f"db{l}"] = dZ, dZ.T @ A[l - 1], dZ.sum(axis=0)[None]
        dZ = (dZ @ p[f"W{l}"]) * (1.0 - A[l - 1] ** 2)
    return gradients


def _same(cells: list[list[str]], expected: Any) -> None:
    values = np.array([[_value(cell) for cell in row] for row in cells])
    assert values.shape == expected.shape
    np.testing.assert_allclose(values, expected, rtol=0.06, atol=6e-5)  # as displayed: at least two digits
    assert np.abs(expected).max() > 4e-4  # so that the comparison means something


def test_hovering_shows_the_array_and_leaving_hides_it(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    target = bench.targets("dZ")[0]
    bench.hover(target)
    name, layer, cells = bench.numbers()
    assert (name, layer) == ("dZ", 3)
    expected = _gradient(bench.trainer)["dZ3"]
    _same(cells, expected[:200].T)  # samples are columns
    norm = float(np.sqrt((expected**2).sum()))
    assert f"1 \u00d7 {len(expected)}" in bench.lens.panel.words.text()
    assert _value(bench.lens.panel.words.text().split("norm ")[1].split()[0]) == pytest.approx(norm, abs=6e-5)
    bench.leave()
    assert not bench.lens.panel.isVisible()


def test_the_array_hides_when_equations_move_under_the_mouse(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    bench.hover(bench.targets("dZ")[0])
    assert bench.lens.panel.isVisible()
    bench.lens.view.resize(bench.lens.view.width() + 90, bench.lens.view.height())
    assert bench.lens.view.current is None and not bench.lens.panel.isVisible()


def test_the_array_never_covers_what_is_pointed_at(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    for target in bench.lens.view.targets:
        bench.hover(target)
        spot = bench.lens.view.mapTo(bench.lens, target.rect.center().toPoint())
        assert not bench.lens.panel.geometry().contains(spot), target.symbol


def test_a_click_pins_and_another_click_unpins(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    target = bench.targets("dW")[0]
    bench.click(target)
    bench.leave()
    name, layer, cells = bench.numbers()
    assert (name, layer) == ("dW", 3)
    _same(cells, _gradient(bench.trainer)["dW3"])
    area = bench.lens.area.geometry()
    assert not area.intersects(bench.lens.panel.geometry())
    bench.click(bench.targets("dW")[0])
    assert bench.lens._pinned is None


def test_layers_are_stepped_through_and_bars_show_their_layer(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    by_hand = _gradient(bench.trainer)
    bench.click(bench.targets("dW")[0])
    bench.leave()
    for layer in (2, 1):
        bench.qtbot.mouseClick(bench.lens.panel.before, Qt.MouseButton.LeftButton)
        assert bench.numbers()[:2] == ("dW", layer)
        _same(bench.numbers()[2], by_hand[f"dW{layer}"])
    bench.qtbot.mouseClick(bench.lens.panel.close_button, Qt.MouseButton.LeftButton)
    assert not bench.lens.panel.isVisible()
    bar = next(target for target in bench.targets("db") if target.symbol.layer == 2)
    bench.hover(bar)
    assert bench.numbers()[:2] == ("db", 2)
    _same(bench.numbers()[2], by_hand["db2"].T)


def test_norms_are_shown_beside_the_equations(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    by_hand = _gradient(bench.trainer)
    for name in ("dW", "db"):
        norms = bench.lens.view._norms[name]
        assert norms == pytest.approx([np.linalg.norm(by_hand[f"{name}{l}"]) for l in (1, 2, 3)])


def test_everything_works_by_keys(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    bench.lens.view.setFocus()
    seen = set()
    for _ in bench.lens.view.targets:
        bench.key(Qt.Key.Key_Right)
        current = bench.lens.view.current
        assert current is not None
        seen.add((current.rect.left(), current.rect.top()))
    assert len(seen) == len({(t.rect.left(), t.rect.top()) for t in bench.lens.view.targets})  # every one is reached
    bench.key(Qt.Key.Key_Down)
    assert bench.lens.view.current is not None
    while bench.lens.view.current.symbol.name != "dW" or bench.lens.view.current.symbol.shift is None:
        bench.key(Qt.Key.Key_Right)
    bench.key(Qt.Key.Key_Return)
    assert bench.numbers()[:2] == ("dW", 3)
    bench.key(Qt.Key.Key_PageUp)
    assert bench.numbers()[:2] == ("dW", 2)
    bench.key(Qt.Key.Key_Escape)
    assert not bench.lens.panel.isVisible() and bench.lens._pinned is None


def test_another_objective_shows_its_equations(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    before = {line.key: line.right for line in bench.lens.view.equations}
    bench.trainer.edit({"loss.objective": "binary_cross_entropy"})
    bench.answer()
    after = {line.key: line.right for line in bench.lens.view.equations}
    assert before["dZ"] != after["dZ"] and "product" in after and "product" not in before
    assert before["dW"] == after["dW"]
    assert "decided by the loss" in bench.lens.view.accessibleDescription()


def test_a_hidden_lens_asks_nothing(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    bench.lens.hide()
    assert bench.lens.questions("A") == ()


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=lambda colours: colours.name)
def test_a_colour_of_its_own_marks_what_the_loss_decides(
    make_bench: Callable[..., Bench], colours: theme.Theme, qapp: Any
) -> None:
    theme.apply(qapp, colours)
    try:
        bench = make_bench()
        view = bench.lens.view
        picture = view.grab().toImage()
        rows = {row.equation.key: row for row in view._rows}
        ratio = picture.devicePixelRatio()

        def colours_of(key: str) -> set[str]:
            row = rows[key]
            top, bottom = round(row.top * ratio), round((row.top + row.height) * ratio)
            right = min(picture.width(), round((14 + row.line.width) * ratio))
            return {picture.pixelColor(x, y).name() for y in range(top, bottom) for x in range(8, right)}

        assert QColor(colours.decided).name() in colours_of("dZ")
        assert QColor(colours.decided).name() not in colours_of("dA_below")
    finally:
        theme.apply(qapp, theme.LIGHT)


# Typesetting


def _all_lines() -> dict[str, str]:
    lines: dict[str, str] = {}
    for kind in LOSSES.values():
        for parameters in ({}, {parameter.name: 0.37 for parameter in kind.parameters}):
            for output in ACTIVATIONS:
                for numerics in NUMERICS:
                    for reduction in REDUCTIONS if output == "sigmoid" else ("mean",):
                        setup = EquationSetup(
                            kind, tuple(parameters.items()), ("tanh", output), 3, reduction, numerics, 1e-7, 0.25,
                            one_hot=not kind.plus_minus_one,
                        )  # fmt: skip
                        for line in equations(setup):
                            lines[line.latex] = line.key
    return lines


def test_every_formula_typesets_and_every_command_is_known() -> None:
    glyphs = {mark.glyph for latex in _all_lines() for mark in compose(latex).marks if mark.glyph}
    assert len(glyphs) > 60
    wide = []
    for glyph in glyphs:
        svg = typeset(glyph).svg
        assert b"<text" not in svg and b"<path" in svg, glyph
        # An unknown command is written out letter by letter, after its backslash.
        words = [word for word in glyph.replace("{", " ").replace("}", " ").split() if word.startswith("\\")]
        allowed = 2 * len(glyph)
        if svg.count(b"<path") > allowed or (words and typeset(glyph).box[2] > EM * (2.2 + 0.7 * len(glyph))):
            wide.append(glyph)
    assert not wide
    assert typeset(r"\nosuchthing").box[2] > 4 * typeset(r"\odot").box[2]  # what such a command looks like


@pytest.mark.parametrize(
    "command", [r"\odot", r"\leq", r"\geq", r"\delta_{kj}", r"\sigma", r"\tau", r"\cdot", r"\partial"]
)
def test_commands_become_single_signs(command: str) -> None:
    assert typeset(command).svg.count(b"<path") == 1 + 2 * (command == r"\delta_{kj}")


def test_long_lines_are_broken_and_keep_all_their_marks() -> None:
    kind = LOSSES["focal"]
    line = next(line for line in equations(EquationSetup(kind, (), ("sigmoid",), 1)) if line.key == "product")
    wide, narrow = set_line(line.pieces, 4000.0), set_line(line.pieces, 420.0)
    assert narrow.height > 1.8 * wide.height and narrow.width <= 420.0
    assert sorted(mark.glyph for mark in wide.marks) == sorted(mark.glyph for mark in narrow.marks)


def test_the_typesetter_is_loaded_on_first_use_only() -> None:
    code = "import sys, sandbox.ui.lens.equations; sys.exit('ziamath' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_samples_are_columns_or_rows_by_a_switch(open_window: Any) -> None:
    """The products, and the arrays behind the symbols, follow; the other windows open alike."""
    driver = open_window()
    lens = driver.window.lenses.current
    assert lens.convention.text() == "samples are columns"
    lines = {line.key: line.right for line in equations(lens._setup)}
    assert lines["dW"].startswith("dZ^{[l]} (A^{[l-1]})")
    try:
        driver.click(lens.convention)
        driver.wait(lambda: lens._setup is not None and not lens._setup.columns)
        assert lens.convention.text() == "samples are rows"
        lines = {line.key: line.right for line in equations(lens._setup)}
        assert lines["dW"].startswith("(dZ^{[l]})")
        for columns in (False, True):
            answer = AskNumbers("A", "Z", 1, columns).answer(driver.trainer().probe("A"))
            assert answer.shown.shape == ((6, 210) if columns else (210, 6))
            bias = AskNumbers("A", "b", 1, columns).answer(driver.trainer().probe("A"))
            assert bias.shown.shape == (6,) and bias.shown.values.shape == ((6, 1) if columns else (1, 6))
    finally:
        lens.set_columns(True)


def test_what_the_colour_means_is_read_in_a_narrow_lens(make_bench: Callable[..., Bench]) -> None:
    lens = make_bench().lens
    for width in (345, 380, 620):
        lens.resize(width, 400)
        assert lens.convention.text() == "samples are columns"
        assert lens.convention.accessibleName() == "Samples are columns"
        assert lens.heading.isHidden() == (width < 440)
        lens._head.layout().activate()
        for part in (lens.key, lens.convention):
            assert part.width() >= part.sizeHint().width()  # not cut
