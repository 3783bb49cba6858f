"""The initial weights, typed: a table per layer, a row per unit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QPushButton,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from sandbox import words
from sandbox.arrays import Floats
from sandbox.errors import InputError
from sandbox.experiment.document.settings import MOST_INITIAL, SETTINGS
from sandbox.experiment.document.validation import check_value
from sandbox.nn.network import parameter_count
from sandbox.ui import theme
from sandbox.ui.kit import label
from sandbox.ui.kit.base import StyleFollower
from sandbox.ui.kit.tables import plain_table

KEY = "network.initial"


class WeightsButton(QPushButton):
    """Opens the table of the initial weights.

    Signals
    -------
    changed(object, bool)
        The weights and biases, unit by unit, always final; () lets them be drawn.
    refused(str)
        One sentence on why typed text was rejected.
    opening()
        The table is about to open: `edit` what it should contain.
    """

    changed = Signal(object, bool)
    refused = Signal(str)
    opening = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.dialog: WeightsDialog | None = None
        self._value: tuple[float, ...] = ()
        self.clicked.connect(self.opening)
        self.set_value(())

    def value(self) -> tuple[float, ...]:
        """Return the weights that were typed; () if they are drawn."""
        return self._value

    def set_value(self, value: object) -> None:
        """Show whether the weights are typed or drawn; emits nothing."""
        self._value = value if isinstance(value, tuple) else ()
        self.setText(f"typed ({len(self._value):,})\u2026" if self._value else "drawn\u2026")

    def edit(self, theta: Floats, sizes: tuple[int, ...], inputs: Sequence[str]) -> None:
        """Open the table with these weights and biases (P,) of a network of these sizes."""
        if theta.size > MOST_INITIAL:
            most = f"{MOST_INITIAL:,}"
            self.refused.emit(f"This network has {theta.size:,} weights and biases; at most {most} can be typed.")
            return
        self.dialog = WeightsDialog(theta, sizes, inputs, self)
        self.dialog.chosen.connect(lambda values: self.changed.emit(values, True))
        self.dialog.open()


class WeightsDialog(StyleFollower, QDialog):
    """Tables of numbers: a row per unit, a column per input and one for the bias.

    Signals
    -------
    chosen(object)
        All numbers, unit by unit; () to have them drawn.
    """

    chosen = Signal(object)

    def __init__(
        self, theta: Floats, sizes: tuple[int, ...], inputs: Sequence[str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        assert theta.size == parameter_count(sizes)
        self.setWindowTitle("Initial weights")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.problem = label("", "error")
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.tables: list[QTableWidget] = []
        inner = QWidget()
        inner.setObjectName("column")
        self._inner = QVBoxLayout(inner)
        start = 0
        for l, (n_in, n_out) in enumerate(pairwise(sizes), start=1):
            end = start + n_out * (n_in + 1)
            kind = "output layer" if l == len(sizes) - 1 else f"hidden layer {l}"
            self._inner.addWidget(label(f"Layer {l}, the {kind}: one row per unit", "caption"))
            names = list(inputs) if l == 1 else [f"unit {k}" for k in range(1, n_in + 1)]
            self._add_table(theta[start:end].reshape(n_out, n_in + 1), names, l)
            start = end
        self._inner.addStretch(1)
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.draw = self.buttons.addButton("Draw them", QDialogButtonBox.ButtonRole.ResetRole)
        self.draw.setToolTip("Draws the weights by the initialiser and the seed again.")
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        self.draw.clicked.connect(self._draw)
        column = QVBoxLayout(self)
        column.addWidget(label("The run starts again from these numbers. All seeds start alike then.", "hint"))
        column.addWidget(area, 1)
        column.addWidget(self.problem)
        column.addWidget(self.buttons)
        self.follow_style()
        self.resize(theme.px(520), theme.px(420))

    def _add_table(self, numbers: Floats, names: Sequence[str], layer: int) -> None:
        rows, columns = numbers.shape
        table = QTableWidget(rows, columns)
        plain_table(table, f"Weights and biases of layer {layer}")
        table.setEditTriggers(QTableWidget.EditTrigger.AllEditTriggers)
        table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        table.setTabKeyNavigation(True)
        table.setHorizontalHeaderLabels([*names, "bias"])
        for (i, j), value in np.ndenumerate(numbers):
            item = QTableWidgetItem(words.number(float(value)))
            item.setData(Qt.ItemDataRole.UserRole, (item.text(), float(value)))  # a text that is not edited stays exact
            table.setItem(i, j, item)
        self.tables.append(table)
        self._inner.addWidget(table)

    def values(self) -> tuple[float, ...]:
        """Return all numbers, unit by unit.

        Raises
        ------
        InputError
            If a cell is no number, or out of range.
        """
        entries = []
        for l, table in enumerate(self.tables, start=1):
            for i in range(table.rowCount()):
                for j in range(table.columnCount()):
                    item = table.item(i, j)
                    assert item is not None
                    shown, value = item.data(Qt.ItemDataRole.UserRole)
                    entries.append(value if item.text() == shown else _read(item.text(), f"layer {l}, unit {i + 1}"))
        return tuple(entries)

    def _accept(self) -> None:
        try:
            values = self.values()
            check_value(KEY, values, "")
        except InputError as error:
            self.problem.setText(str(error))
            self.problem.show()
            return
        self.chosen.emit(values)
        self.accept()

    def _draw(self) -> None:
        self.chosen.emit(())
        self.accept()

    def fit(self) -> None:
        """Set the heights of the tables."""
        self._inner.setSpacing(theme.px(theme.HALF))
        for table in self.tables:
            table.setFont(theme.font(theme.SMALL))
            table.verticalHeader().setDefaultSectionSize(theme.px(22))
            table.horizontalHeader().setDefaultSectionSize(theme.px(84))
            rows = min(table.rowCount(), 8)
            table.setFixedHeight(table.horizontalHeader().sizeHint().height() + rows * theme.px(22) + theme.px(16))


def _read(text: str, where: str) -> float:
    """Read a number, with a decimal point or comma and any minus sign."""
    try:
        return float(text.strip().replace(words.MINUS, "-").replace(",", "."))
    except ValueError:
        low, high = (words.bound(bound) for bound in (SETTINGS[KEY].low, SETTINGS[KEY].high))
        raise InputError(f'{words.capital(where)}: "{text}" is not a number from {low} to {high}.') from None
