"""Code beside the equations, in the real window: lines and equations light up together, by mouse and by keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtGui import QAccessible, QColor, QGuiApplication, QTextCursor
from PySide6.QtWidgets import QApplication

from sandbox.lessons import lesson_folders, read_lesson
from sandbox.lessons.listing import split_listings
from sandbox.notation.equations import subjects
from sandbox.ui import theme
from sandbox.ui.lens.equations import EquationsLens
from sandbox.ui.lessons.guide import DONE
from sandbox.ui.lessons.listing import ENTERS, HINT, OTHER, PALE, PALE_TOO, PRINTED, CodeBox, CodeView
from sandbox.ui.lessons.places import lens_named
from tests.ui.conftest import Driver
from tests.ui.test_layout import problems
from tests.ui.test_lessons import walk_to

FIRST = lesson_folders()["01-the-printed-cost"]
HEAD = '+++\ntitle = "My own"\nsummary = "What I found."\nsources = ["A. Author: A book. 1999."]\n+++\n'
EXPERIMENT = """
[data]
samples = 40
[network]
hidden = [4]
activation = "sigmoid"
[loss]
objective = "half_mse"
reduction = "sum"
[[lanes]]
name = "A"
[[lanes]]
name = "B"
loss.objective = "binary_cross_entropy"
"""
CODE = """a_1 = sigmoid(W1 @ X + b1)
a_2 = sigmoid(W2 @ a_1 + b2)
cost = ((a_2 - y) ** 2).mean()  # printed
d_Z2 = (a_2 - y) * d_sigmoid(a_2)
dW2 = d_Z2 @ a_1.T

d_Z1 = (W2.T @ d_Z2) * d_sigmoid(a_1)
dW1 = d_Z1 @ X.T
db9 = d_Z9.sum()
print("done")
"""
A1, A2, C, DZ2, DW2, DZ1, DW1, DB9, PRINT = 0, 1, 2, 3, 4, 6, 7, 8, 9  # the lines


@pytest.fixture(autouse=True)
def no_progress() -> Iterator[None]:
    QSettings().remove("lessons")
    yield
    QSettings().remove("lessons")


class Beside:
    """The code of a step and the equations beside it."""

    def __init__(self, driver: Driver) -> None:
        self.driver, self.window = driver, driver.window
        lens = lens_named(driver.window, "equations")
        assert isinstance(lens, EquationsLens)
        self.lens = lens

    @property
    def box(self) -> CodeBox:
        (box,) = self.window.lessons.panel.page.text.boxes
        return box

    @property
    def view(self) -> CodeView:
        return self.box.view

    def spot(self, number: int) -> QPoint:
        place = self.view._place(self.view.document().findBlockByNumber(number))
        self.window.lessons.panel.page.ensureWidgetVisible(self.view)
        return QPoint(40, round(place.center().y()))

    def hover(self, number: int) -> None:
        """Move the mouse onto a line; the equations have then answered."""
        spot = self.spot(number)
        for aside in (QPoint(7, 0), QPoint(0, 0)):  # where the page has scrolled, the mouse may be there already
            self.driver.qtbot.mouseMove(self.view.viewport(), spot + aside)
        self.driver.wait(lambda: self.view._hovered == (number if self.view.quantity(number) else None))
        self.driver.settle()

    def leave(self) -> None:
        self.driver.qtbot.mouseMove(self.window.lessons.panel.title)
        self.driver.wait(lambda: self.view._hovered is None)
        self.driver.settle()

    def lit(self) -> list[str]:
        """Return the equations that are lit up, by their keys."""
        return [self.lens.view.equations[number].key for number in sorted(self.lens.view._lit_rows)]

    def shown(self) -> tuple[str, int] | None:
        shown = self.lens.panel.shown
        return (shown.name, shown.layer) if shown is not None and self.lens.panel.isVisible() else None

    def symbol(self, name: str, shift: int | None = None, layer: int = 0) -> Any:
        """Return where the first such symbol stands, scrolled into view."""
        found = next(
            target
            for target in self.lens.view.targets
            if (target.symbol.name, target.symbol.shift, target.symbol.layer) == (name, shift, layer)
        )
        self.lens.area.ensureVisible(round(found.rect.center().x()), round(found.rect.center().y()))
        return found

    def hover_symbol(self, *symbol: Any) -> None:
        target = self.symbol(*symbol)
        self.driver.qtbot.mouseMove(self.lens.view, target.rect.center().toPoint())
        self.driver.wait(lambda: self.lens.view.current is not None)
        self.driver.settle()

    def words(self) -> tuple[str, str]:
        return self.box.what.text(), self.box.why.text()


def own(tmp_path: Path, text: str, block: str = 'point = "equations"') -> Path:
    folder = tmp_path / "own"
    folder.mkdir(exist_ok=True)
    (folder / "lesson.md").write_text(f"{HEAD}## One\n```step\n{block}\n```\n{text}\n", encoding="utf-8")
    (folder / "experiment.toml").write_text(EXPERIMENT, encoding="utf-8")
    return folder


def begin(driver: Driver, folder: Path) -> None:
    driver.window.lessons.open_lesson(folder)
    driver.wait(lambda: driver.window.lessons.guide.phase == DONE)
    driver.settle()


@pytest.fixture
def beside(driver: Driver, tmp_path: Path) -> Beside:
    begin(driver, own(tmp_path, f"Before.\n\n```python\n{CODE}```\n\nAfter."))
    return Beside(driver)


# What becomes a listing


def test_code_stands_between_the_paragraphs(beside: Beside) -> None:
    page = beside.window.lessons.panel.page
    (after,) = page.text.more
    assert page.prose.toPlainText() == "Before." and after.toPlainText() == "After."
    assert beside.view.toPlainText() == CODE.removesuffix("\n")
    assert page.prose.y() < beside.box.y() < after.y()
    assert beside.lens.isVisible() and beside.view.isVisible()


@pytest.mark.parametrize(
    ("block", "text"),
    [('point = "cost"', f"```python\n{CODE}```"), ('point = "equations"', "```python\na = 1\n```"), ("", "Text.")],
)
def test_other_steps_keep_their_text_as_it_is(driver: Driver, tmp_path: Path, block: str, text: str) -> None:
    begin(driver, own(tmp_path, text, block))
    page = driver.window.lessons.panel.page
    assert not page.text.boxes and page.prose.isVisible() and page.prose.toPlainText()


def test_the_next_step_takes_the_code_away(driver: Driver, tmp_path: Path) -> None:
    folder = own(tmp_path, f"```python\n{CODE}```\n\n## Two\n\nOnly text.")
    begin(driver, folder)
    beside = Beside(driver)
    beside.hover(DZ2)
    assert beside.lit()
    driver.click(driver.window.lessons.panel.next)
    driver.wait(lambda: driver.window.lessons.guide.index == 1)
    driver.settle()
    assert not driver.window.lessons.panel.page.text.boxes
    assert not beside.lit() and beside.shown() is None
    assert driver.window.lessons.panel.page.prose.toPlainText() == "Only text."


def test_a_long_line_goes_on_below_and_is_not_cut(driver: Driver, tmp_path: Path) -> None:
    long = "a_1 = " + " + ".join(f"part{n}" for n in range(20)) + " + " + "x" * 90
    begin(driver, own(tmp_path, f"```python\n{long}\nb1 = 1\n```"))
    beside = Beside(driver)
    layout = beside.view.document().findBlockByNumber(0).layout()
    assert layout.lineCount() > 4
    widths = [layout.lineAt(n).naturalTextWidth() + layout.lineAt(n).x() for n in range(layout.lineCount())]
    assert max(widths) <= beside.view.viewport().width()
    driver.wait(lambda: beside.view.height() >= beside.view.document().size().height())
    place = beside.view._place(beside.view.document().findBlockByNumber(0))
    driver.qtbot.mouseMove(beside.view.viewport(), QPoint(40, round(place.bottom()) - 4))  # its last part
    driver.wait(lambda: beside.view.current == 0)


# From the code to the equations


@pytest.mark.parametrize(
    ("line", "keys", "array", "layer"),
    [
        (DZ2, ["chain", "dZ"], ("dZ", 2), None),
        (DW2, ["dW"], ("dW", 2), 2),
        (DZ1, ["dZ_below"], ("dZ", 1), 2),  # dZ[l-1] with l = 2
        (DW1, ["dW"], ("dW", 1), 1),
        (A1, [], ("A", 1), 2),  # no equation computes it, but A[l-1] with l = 2 is it
        (A2, [], ("A", 2), None),
    ],
)
def test_a_line_lights_up_the_equation_and_the_array_that_it_computes(
    beside: Beside, line: int, keys: list[str], array: tuple[str, int], layer: int | None
) -> None:
    beside.hover(line)
    assert beside.view.current == line and line in beside.view.strong
    assert beside.lit() == keys and beside.shown() == array
    if layer is not None:
        assert beside.lens._layer == layer
    symbols = {beside.lens.resolved(symbol) for symbol in beside.lens.view._lit}
    assert symbols == {array}  # each of them, with this l, is that array
    place = beside.lens.view.lit_place.center().toPoint()
    spot = beside.lens.view.mapTo(beside.lens, place)
    assert beside.lens.area.geometry().contains(spot) and not beside.lens.panel.geometry().contains(spot)
    beside.leave()
    assert beside.view.current is None and not beside.lit() and beside.shown() is None
    assert beside.words() == (HINT, "")


def test_the_array_is_that_of_the_network_and_its_shape_stands_below_the_code(beside: Beside) -> None:
    parameters, data = beside.driver.weights("A"), beside.driver.last.data
    beside.hover(A1)
    expected = 1 / (1 + np.exp(-(parameters["W1"] @ data.X_train.T + parameters["b1"][:, None])))
    shown = beside.lens.panel.shown
    assert shown is not None and shown.shape == expected.shape == (4, len(data.X_train))
    np.testing.assert_allclose(shown.values, expected, rtol=1e-6)
    assert beside.words() == (f"A[1], 4 \u00d7 {len(data.X_train)}", "")


def test_a_printed_cost_that_is_not_learned_with_does_not_light_up_the_one_that_is(beside: Beside) -> None:
    beside.hover(C)
    assert beside.view.current == C and beside.view.strong == (C,) and not beside.lit() and beside.shown() is None
    assert beside.words() == ("", PRINTED) and beside.box.more.text() == OTHER
    assert OTHER in beside.view.accessibleDescription()
    beside.view.setFocus()
    beside.driver.key(Qt.Key.Key_Return, on=beside.view)  # there is nothing to keep
    beside.driver.settle()
    assert beside.shown() is None and beside.lens._pinned is None


def test_a_printed_cost_that_is_learned_with_is_the_one_of_the_equations(driver: Driver, tmp_path: Path) -> None:
    begin(driver, own(tmp_path, "```python\ncost = 0.5 * ((a_2 - y) ** 2).sum()\n```"))
    beside = Beside(driver)
    beside.hover(0)
    assert beside.words() == ("The cost, C.", PRINTED) and beside.box.more.text() == ""
    assert beside.lit() == ["cost"] and beside.shown() == ("C", 0)
    shown = beside.lens.panel.shown
    assert shown is not None and shown.shape == ()
    cost = beside.driver.last.lane("A").readings["train_cost"]  # type: ignore[union-attr]
    assert float(shown.values[0, 0]) == pytest.approx(cost, rel=1e-12)
    beside.leave()
    beside.hover_symbol("C")
    assert beside.view.strong == (0,) and beside.words() == ("The cost, C.", PRINTED)
    driver.window.desk.view("B")  # which learns with another one
    driver.settle()
    beside.hover(0)
    assert beside.lit() == [] and beside.box.more.text() == OTHER


def test_a_cost_of_which_nothing_is_known_is_not_said_to_be_any(driver: Driver, tmp_path: Path) -> None:
    begin(driver, own(tmp_path, "```python\ncost = my_loss(a_2, y)\n```"))
    beside = Beside(driver)
    beside.hover(0)
    assert beside.words() == ("", PRINTED) and beside.box.more.text() == "" and not beside.lit()


def test_a_line_of_another_name_or_layer_is_an_ordinary_line(beside: Beside) -> None:
    for line in (5, DB9, PRINT):
        beside.hover(line)
        assert beside.view.current is None and not beside.lit() and beside.shown() is None
        assert beside.words() == (HINT, "")


def test_what_the_code_says_of_the_cost_and_of_the_loss(beside: Beside) -> None:
    beside.hover(DZ2)
    assert beside.box.why.text() == ENTERS and beside.box.why.property("role") == "decided"
    beside.hover(DW2)
    assert beside.box.why.text() == ""
    assert beside.view.entries == (DZ2,)


def test_a_cost_that_is_read_is_not_said_to_be_only_printed(driver: Driver, tmp_path: Path) -> None:
    begin(driver, own(tmp_path, "```python\ncost = a_2 - y\ncosts.append(cost)\n```"))
    beside = Beside(driver)
    beside.hover(0)
    assert beside.words() == ("A cost.", "") and beside.box.more.text() == ""


def test_the_loss_enters_with_dA_if_the_code_has_it(driver: Driver, tmp_path: Path) -> None:
    begin(driver, own(tmp_path, "```python\ndA2 = a_2 - y\ndZ2 = dA2 * slope\n```"))
    beside = Beside(driver)
    assert beside.view.entries == (0,)
    beside.hover(1)
    assert beside.words()[1] == "" and beside.lit() == ["chain", "dZ"]


def _colour(view: CodeView, number: int, column: int) -> str:
    cursor = QTextCursor(view.document().findBlockByNumber(number))
    cursor.movePosition(QTextCursor.MoveOperation.Right, QTextCursor.MoveMode.MoveAnchor, column + 1)
    return str(cursor.charFormat().foreground().color().name())


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK])
def test_what_the_loss_decides_has_its_colour(beside: Beside, colours: theme.Theme) -> None:
    beside.window.set_theme(colours)
    line = CODE.splitlines()[DZ2]
    decided = {column for column in range(len(line)) if _colour(beside.view, DZ2, column) == colours.decided}
    start = line.index("(a_2 - y)")
    assert decided == set(range(start, start + len("(a_2 - y)")))
    for number in (A1, C, DW2, DZ1):
        columns = range(len(CODE.splitlines()[number]))
        assert not any(_colour(beside.view, number, column) == colours.decided for column in columns)
    assert _colour(beside.view, C, len("cost = ((a_2 - y) ** 2).mean()  #")) == colours.muted
    picture = beside.view.viewport().grab().toImage()
    bars = {n: picture.pixelColor(1, beside.spot(n).y()) for n in (A1, DZ2, DB9)}
    assert bars == {A1: QColor(colours.edge), DZ2: QColor(colours.decided), DB9: QColor(colours.hover)}


# From the equations to the code


def test_a_symbol_lights_up_the_lines_that_compute_it_and_faintly_those_that_use_it(beside: Beside) -> None:
    beside.hover_symbol("dZ", None, 2)
    assert beside.view.strong == (DZ2,) and beside.view.faint == (DW2, DZ1)
    assert beside.words() == (f"dZ[2], 1 \u00d7 {len(beside.driver.last.data.X_train)}", ENTERS)
    assert beside.box.more.text() == PALE
    beside.hover_symbol("C")
    assert beside.view.strong == () and beside.view.faint == ()  # what is printed is another cost
    assert beside.words() == (HINT, "") and beside.box.more.text() == ""
    beside.hover_symbol("A", None, 2)
    assert beside.view.strong == (A2,) and beside.view.faint == (C, DZ2)
    beside.hover_symbol("Y")
    assert beside.view.strong == () and beside.view.faint == (C, DZ2) and beside.words() == (HINT, "")
    beside.driver.qtbot.mouseMove(beside.lens.heading)
    beside.driver.wait(lambda: beside.lens.view.current is None)
    assert beside.view.strong == beside.view.faint == ()


def test_an_array_without_a_name_belongs_to_the_line_that_computes_it_on_its_way(beside: Beside) -> None:
    def faint() -> list[str]:
        return [beside.lens.view.equations[number].key for number in sorted(beside.lens.view._faint_rows)]

    beside.hover(DZ1)  # its first factor is dA[1]
    assert beside.lit() == ["dZ_below"] and faint() == ["dA_below"]
    beside.hover(DW2)
    assert faint() == []
    beside.leave()
    beside.hover_symbol("dA", -1)
    assert beside.view.strong == () and beside.view.faint == (DZ1,) and beside.box.more.text() == PALE


def test_an_equation_for_every_layer_lights_up_its_lines_in_all_of_them(beside: Beside) -> None:
    beside.hover_symbol("dW", 0)
    assert beside.view.strong == (DW2,) and beside.view.faint == (DW1,)
    assert beside.box.more.text() == PALE_TOO and beside.box.what.text().startswith("dW[2]")
    beside.hover_symbol("dW", None, 1)  # the bar of one layer
    assert beside.view.strong == (DW1,) and beside.view.faint == () and beside.box.more.text() == ""


def test_a_sum_that_keeps_its_dimensions_is_a_column(driver: Driver, tmp_path: Path) -> None:
    begin(driver, own(tmp_path, "```python\ndb1 = d_Z1.sum(axis=1, keepdims=True)\ndb2 = d_Z2.sum(axis=1)\n```"))
    beside = Beside(driver)
    beside.hover(0)
    assert beside.words() == ("db[1], 4 \u00d7 1", "")
    beside.hover(1)
    assert beside.words() == ("db[2], 1 number", "")


def test_lit_lines_look_lit(beside: Beside) -> None:
    def look(number: int) -> tuple[QColor, QColor]:
        picture, place = beside.view.viewport().grab().toImage(), beside.spot(number)
        top = round(beside.view._place(beside.view.document().findBlockByNumber(number)).top())
        x = beside.view.viewport().width() - 12  # right of the text
        return picture.pixelColor(x, place.y()), picture.pixelColor(x, top)

    beside.hover_symbol("dZ", None, 2)
    soft = QColor(theme.LIGHT.accent_soft)
    assert look(DZ2)[0] == look(DW2)[0] == soft and look(DW1)[0] == QColor(theme.LIGHT.hover)
    assert look(DZ2)[1] != soft  # its outline
    assert look(DW2)[1] in (soft, QColor(theme.LIGHT.hover)) or look(DW2)[1] != look(DZ2)[1]


def test_a_pinned_symbol_keeps_its_lines_lit_while_its_layer_is_stepped(beside: Beside) -> None:
    target = beside.symbol("dW", 0)
    beside.driver.qtbot.mouseClick(beside.lens.view, Qt.MouseButton.LeftButton, pos=target.rect.center().toPoint())
    beside.driver.qtbot.mouseMove(beside.lens.heading)
    beside.driver.wait(lambda: beside.lens.view.current is None)
    beside.driver.settle()
    assert beside.view.strong == (DW2,)
    beside.driver.click(beside.lens.panel.before)
    assert beside.view.strong == (DW1,)
    beside.hover(DZ2)  # what is pointed at comes first
    assert beside.view.strong == (DZ2,) and beside.shown() == ("dZ", 2)
    beside.leave()
    assert beside.view.strong == (DW1,) and beside.shown() == ("dW", 1)
    beside.driver.click(beside.lens.panel.close_button)
    assert beside.view.strong == ()


def test_a_click_on_a_line_keeps_its_array_and_another_click_lets_go(beside: Beside) -> None:
    def click(number: int) -> None:
        beside.driver.qtbot.mouseClick(beside.view.viewport(), Qt.MouseButton.LeftButton, pos=beside.spot(number))
        beside.driver.settle()

    beside.hover(DZ1)
    click(DZ1)
    beside.leave()
    assert beside.shown() == ("dZ", 1) and beside.view.strong == (DZ1,) and beside.view.faint == (DW1,)
    assert not beside.lens.panel.geometry().intersects(beside.lens.area.geometry())
    click(DZ1)
    beside.leave()
    assert beside.shown() is None and beside.view.strong == ()
    click(PRINT)  # nothing to keep
    assert beside.shown() is None
    for line, layer in ((DW2, 2), (DW1, 1)):  # one symbol, dW[l], is another array for each
        beside.hover(line)
        click(line)
        beside.leave()
        assert beside.shown() == ("dW", layer) and beside.view.strong == (line,)
    beside.window.session.change("network.hidden", (4, 3), True, "A")  # what is kept is let go of with its layers
    beside.driver.settle()
    assert beside.shown() is None and beside.view.strong == ()


def test_an_array_that_stands_in_no_equation_is_kept_too(driver: Driver, tmp_path: Path) -> None:
    begin(driver, own(tmp_path, "```python\nb_1 = 0\nx = 1\n```"))
    beside = Beside(driver)
    for line, array in ((0, ("b", 1)), (1, ("X", 0))):
        beside.hover(line)
        assert beside.shown() == array and not beside.lit()
        driver.qtbot.mouseClick(beside.view.viewport(), Qt.MouseButton.LeftButton, pos=beside.spot(line))
        beside.leave()
        assert beside.shown() == array
    driver.click(beside.lens.panel.close_button)
    assert beside.shown() is None


def test_a_line_that_is_pointed_at_stays_lit_when_layers_are_added(beside: Beside) -> None:
    beside.view.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(5):
        beside.driver.key(Qt.Key.Key_Down, on=beside.view)
    assert beside.view.current == DZ1
    beside.window.session.change("network.hidden", (4, 3), True, "A")
    beside.driver.settle()
    assert beside.view.current == DZ1 and beside.lit() == ["dZ_below"] and beside.shown() == ("dZ", 1)
    assert beside.view.entries == ()  # the loss enters with a layer that the code does not have


# Keys


def test_the_lines_are_gone_through_by_keys(beside: Beside) -> None:
    driver, view = beside.driver, beside.view
    view.setFocus(Qt.FocusReason.TabFocusReason)
    assert view.current == A1
    seen = [view.current]
    for _ in range(6):
        driver.key(Qt.Key.Key_Down, on=view)
        seen.append(view.current)
    assert seen == [A1, A2, C, DZ2, DW2, DZ1, DW1]
    driver.settle()
    assert beside.shown() == ("dW", 1) and beside.lit() == ["dW"]
    driver.key(Qt.Key.Key_Down, on=view)  # the last one stays
    assert view.current == DW1
    driver.key(Qt.Key.Key_Up, on=view)
    driver.settle()
    assert view.current == DZ1 and beside.shown() == ("dZ", 1)
    assert view.textCursor().blockNumber() == DZ1  # where a screen reader reads
    assert "dZ[1]" in view.accessibleDescription()
    driver.key(Qt.Key.Key_Return, on=view)
    driver.settle()
    assert beside.lens._pinned is not None and beside.shown() == ("dZ", 1)
    driver.key(Qt.Key.Key_Return, on=view)
    assert beside.lens._pinned is None
    driver.key(Qt.Key.Key_Escape, on=view)
    driver.settle()
    assert view.current is None and beside.shown() is None


def test_keys_go_on_from_the_line_that_was_clicked(beside: Beside) -> None:
    driver, view = beside.driver, beside.view
    driver.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=beside.spot(A1))
    view.setFocus(Qt.FocusReason.MouseFocusReason)
    beside.leave()
    assert view.current is None and beside.shown() == ("A", 1)
    driver.key(Qt.Key.Key_Down, on=view)
    driver.settle()
    assert view.current == A2 and beside.shown() == ("A", 2)
    driver.key(Qt.Key.Key_Escape, on=view)  # of the line, and of what is kept
    driver.settle()
    assert view.current is None and beside.shown() is None and beside.lens._pinned is None


def test_an_array_covers_no_equation_and_leaves_them_where_they_were(beside: Beside) -> None:
    bar = beside.lens.area.verticalScrollBar()
    beside.window.resize(1100, 620)
    beside.driver.settle()
    assert bar.value() == 0
    for line in (DZ1, A1, DW1):
        beside.hover(line)
        assert not beside.lens.panel.geometry().intersects(beside.lens.area.geometry())
        assert _shows_whole_rows(beside.lens)
    beside.leave()
    assert bar.value() == 0 and beside.shown() is None
    assert beside.lens.area.geometry().bottom() == beside.lens.rect().bottom()


def _shows_whole_rows(lens: EquationsLens) -> bool:
    table, row = lens.panel.table, lens.panel.table.verticalHeader().defaultSectionSize()
    seen = table.viewport().height()
    return seen >= row and (seen >= lens.panel.model.rowCount() * row or seen % row <= 1)


def test_the_place_of_an_array_that_is_kept_stays_whichever_line_is_pointed_at(beside: Beside) -> None:
    beside.driver.qtbot.mouseClick(beside.view.viewport(), Qt.MouseButton.LeftButton, pos=beside.spot(A1))
    beside.leave()
    place = beside.lens.panel.geometry()
    for line in (DZ2, DW1, DZ1):
        beside.hover(line)
        assert beside.lens.panel.geometry() == place and _shows_whole_rows(beside.lens)
    beside.leave()
    assert beside.shown() == ("A", 1) and beside.lens.panel.geometry() == place


def test_escape_lets_go_of_what_was_clicked(beside: Beside) -> None:
    driver, view = beside.driver, beside.view
    driver.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=beside.spot(DW1))
    view.setFocus(Qt.FocusReason.MouseFocusReason)
    beside.leave()
    driver.key(Qt.Key.Key_Escape, on=view)
    driver.settle()
    assert beside.shown() is None and beside.view.strong == ()


def test_what_is_kept_is_let_go_of_when_the_step_changes(driver: Driver, tmp_path: Path) -> None:
    text = f'```python\n{CODE}```\n\n## Two\n```step\npoint = "equations"\n```\nMore.'
    begin(driver, own(tmp_path, text))
    beside = Beside(driver)
    driver.qtbot.mouseClick(beside.view.viewport(), Qt.MouseButton.LeftButton, pos=beside.spot(DW1))
    beside.leave()
    assert beside.shown() == ("dW", 1)
    driver.click(driver.window.lessons.panel.next)
    driver.wait(lambda: driver.window.lessons.guide.index == 1 and driver.window.lessons.guide.phase == DONE)
    driver.settle()
    assert beside.shown() is None and beside.lens._pinned is None


def test_leaving_by_tab_lets_go_of_the_line(beside: Beside) -> None:
    beside.view.setFocus(Qt.FocusReason.TabFocusReason)
    beside.driver.key(Qt.Key.Key_Tab, on=beside.view)
    assert not beside.view.hasFocus() and beside.view.current is None
    beside.driver.settle()
    assert not beside.lit()


def test_every_line_that_keys_reach_is_scrolled_into_view(driver: Driver, tmp_path: Path) -> None:
    begin(driver, own(tmp_path, "\n\n".join(["Before."] * 20) + f"\n\n```python\n{CODE}```"))
    beside, page = Beside(driver), driver.window.lessons.panel.page
    assert page.verticalScrollBar().value() == 0
    beside.view.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(7):
        number = beside.view.current
        assert number is not None
        place = beside.view._place(beside.view.document().findBlockByNumber(number)).center().toPoint()
        spot = beside.view.mapTo(page, place)
        assert page.viewport().geometry().contains(spot), number
        beside.driver.key(Qt.Key.Key_Down, on=beside.view)


def test_code_is_copied(beside: Beside) -> None:
    beside.view.setFocus()
    beside.driver.key(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier, on=beside.view)
    assert QGuiApplication.clipboard().text() == CODE.removesuffix("\n")


def test_what_screen_readers_are_told(beside: Beside) -> None:
    interface = QAccessible.queryAccessibleInterface(beside.view)
    assert interface.text(QAccessible.Text.Name) == "Code"
    assert interface.state().readOnly


# Where code and equations part


def test_another_lane_says_which_line_would_have_to_change(beside: Beside) -> None:
    assert not beside.box.differs.isVisible() and beside.view.changed == ()
    beside.window.desk.view("B")
    beside.driver.settle()
    assert beside.view.changed == (DZ2,)
    sentence = "B learns with binary cross-entropy: the line of d_Z2 would have to change."
    assert beside.box.differs.isVisible() and beside.box.differs.text() == sentence
    beside.window.desk.view("A")
    beside.driver.settle()
    assert not beside.box.differs.isVisible() and beside.view.changed == ()


def test_another_loss_and_another_activation_say_so(beside: Beside) -> None:
    session = beside.window.session
    session.change("loss.objective", "mae", True, "A")
    beside.driver.settle()
    sentence = "A now learns with mean absolute error: the line of d_Z2 would have to change."
    assert beside.box.differs.text() == sentence
    session.change("loss.objective", "half_mse", True, "A")
    beside.driver.settle()
    assert beside.box.differs.text() == ""
    session.change("network.activation", "tanh", True, "A")
    beside.driver.settle()
    assert beside.view.changed == (A1, DZ1)
    assert beside.box.differs.text() == (
        "A is not the network of this code: the lines of a_1 and d_Z1 would have to change."
    )


def test_monitors_and_training_change_nothing(beside: Beside) -> None:
    beside.window.session.change("loss.monitors", ("mse",), True, "A")
    beside.driver.play(5)
    beside.driver.pause()
    assert beside.view.changed == () and not beside.box.differs.isVisible()


# The first lesson


def go_to_code(driver: Driver) -> Beside:
    driver.window.lessons.open_lesson(FIRST)
    walk_to(driver, next(n for n, step in enumerate(read_lesson(FIRST).steps) if step.point == "equations"))
    driver.settle()
    return Beside(driver)


@pytest.mark.parametrize(
    ("width", "height", "colours", "enlarged"),
    [(1280, 720, theme.LIGHT, False), (1024, 768, theme.DARK, False), (1280, 720, theme.DARK, True)],
)
def test_the_code_of_the_first_lesson_and_its_equations_are_seen_together(
    driver: Driver, width: int, height: int, colours: theme.Theme, enlarged: bool
) -> None:
    window = driver.window
    window.set_theme(colours)
    beside = go_to_code(driver)
    if enlarged:
        theme.apply(QApplication.instance(), colours, 1280 / 960)  # type: ignore[arg-type]
        window._theme_views()
    window.resize(width, height)
    driver.settle()
    driver.wait(lambda: beside.view.height() >= beside.view.document().size().height())
    page, view = window.lessons.panel.page, beside.view
    seen = page.viewport().rect()
    for corner in (view.rect().topLeft(), view.rect().bottomRight()):
        assert seen.contains(view.mapTo(page.viewport(), corner))
    assert beside.lens.isVisible() and not (found := problems(window)), "\n".join(found)
    lines = view.listing.lines
    assert view.entries and lines[view.entries[0]].text.startswith("d_Z2 = ")
    for number, line in enumerate(lines):
        assert view.document().findBlockByNumber(number).layout().lineCount() <= 1 + enlarged, line.text
        beside.hover(number)
        quantity = view.quantity(number)
        about = {beside.lens.resolved(s) for s in subjects(beside.lens.view.equations) if s is not None}
        if quantity == ("C", 0):  # it is printed, and not the one that is learned with
            assert not beside.lit() and beside.shown() is None and beside.box.more.text() == OTHER
            continue
        assert quantity is not None and beside.shown() == quantity
        assert bool(beside.lit()) == (quantity in about)
    if enlarged:
        theme.apply(QApplication.instance(), colours, 1.0)  # type: ignore[arg-type]


def test_presenting_keeps_the_equations_beside_the_code(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    window = driver.window
    beside = go_to_code(driver)
    assert beside.lens.isVisible()
    window.resize(1000, 500)  # the cost goes behind a tab, before the lenses
    driver.wait(lambda: window.lenses is not None and window.lenses.has_guest)
    driver.wait(beside.lens.isVisible)


def test_the_code_of_the_first_lesson_is_about_what_is_learned_there() -> None:
    (step,) = [step for step in read_lesson(FIRST).steps if step.point == "equations"]
    (listing,) = [part for part in split_listings(step.text) if not isinstance(part, str)]
    assert all(line.computes for line in listing.lines)
    printed = [line.text for number, line in enumerate(listing.lines) if listing.is_only_printed(number)]
    assert len(printed) == 1 and printed[0].startswith("cost = ")
