"""The array behind a symbol: its shape, its norm, and its numbers on heat colours."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QHeaderView, QTableView, QVBoxLayout

from sandbox import words
from sandbox.experiment.lens.equations import ShownArray
from sandbox.ui import theme
from sandbox.ui.kit import Elided, IconButton
from sandbox.ui.kit.base import StyleFollower, call_later
from sandbox.ui.kit.tables import plain_table

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole

WORDS = {
    "C": "the cost", "X": "the inputs", "Y": "the targets", "R": "the residual", "Z": "the pre-activations",
    "A": "the activations", "W": "the weights", "b": "the biases", "dZ": "the derivative of C by Z",
    "dA": "the derivative of C by A", "dW": "the derivative of C by W", "db": "the derivative of C by b",
}  # fmt: skip


class ArrayModel(QAbstractTableModel):
    """A matrix, with rows and columns numbered from 1."""

    def __init__(self) -> None:
        super().__init__()
        self.values = np.zeros((0, 0))
        self._largest = 0.0

    def show_values(self, values: np.ndarray[Any, Any]) -> None:
        """Replace the values."""
        same = values.shape == self.values.shape
        if not same:
            self.beginResetModel()
        self.values = values
        finite = np.abs(values[np.isfinite(values)])
        self._largest = float(finite.max()) if finite.size else 0.0
        if same:
            self.dataChanged.emit(self.index(0, 0), self.index(values.shape[0] - 1, values.shape[1] - 1))
        else:
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self.values.shape[0]

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self.values.shape[1]

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        return str(section + 1) if role == Role.DisplayRole else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        if role == Role.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role not in (Role.DisplayRole, Role.BackgroundRole, Role.ForegroundRole):
            return None
        value = float(self.values[index.row(), index.column()])
        if role == Role.DisplayRole:
            return words.cost(value)
        colour = heat(value, self._largest)
        return QColor(colour if role == Role.BackgroundRole else theme.text_color_on(colour))


def heat(value: float, largest: float) -> str:
    """Return the colour of a number: green above 0, purple below, stronger the larger it is."""
    colours = theme.current()
    if not math.isfinite(value):
        return colours.error_soft
    share = min(1.0, abs(value) / largest) if largest > 0.0 else 0.0
    return theme.blend(colours.card, colours.positive if value > 0.0 else colours.negative, 0.85 * share)


class ArrayPanel(StyleFollower, QFrame):
    """Shows an array that was pointed at or pinned.

    Signals
    -------
    closed()
        The user closes the panel.
    stepped(int)
        The user asks for the array of the previous (-1) or the next (1) layer.
    """

    closed = Signal()
    stepped = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("layer")  # the quiet frame of the theme
        self.setAccessibleName("The array behind the symbol")
        self.words = Elided("", "")
        self.before = IconButton("chevron-up", "Shows the same array of the layer before.", "Previous layer", flat=True)
        self.after = IconButton("chevron-down", "Shows the same array of the layer after.", "Next layer", flat=True)
        self.close_button = IconButton("close", "Closes the array.", "Close array", flat=True)
        self.note = Elided("", "hint")
        self.model = ArrayModel()
        self.table = QTableView()
        self.table.setModel(self.model)
        plain_table(self.table, "Numbers of the array")
        for header in (self.table.horizontalHeader(), self.table.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setSectionsClickable(False)
        self._top = QHBoxLayout()
        self._top.addWidget(self.words, 1)
        for button in (self.before, self.after, self.close_button):
            self._top.addWidget(button)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._top)
        self._column.addWidget(self.table, 1000)
        self._column.addWidget(self.note)
        self._column.addStretch(1)  # what is left when whole rows are shown
        self.before.clicked.connect(lambda: self.stepped.emit(-1))
        self.after.clicked.connect(lambda: self.stepped.emit(1))
        self.close_button.clicked.connect(self.closed)
        self.shown: ShownArray | None = None
        self.shape = ""  # as written
        self.follow_style()

    def show_array(self, shown: ShownArray) -> None:
        """Show the current values of an array."""
        self.shape = " \u00d7 ".join(map(str, shown.shape))
        name = f"{shown.name}[{shown.layer}]" if shown.layer else shown.name
        shape = words.count(shown.shape[0], "number") if len(shown.shape) == 1 else self.shape
        numbers = f"  {shape}  norm {words.cost(shown.norm)}" if shown.shape else ""
        text = f"{name}  {WORDS[shown.name]}{numbers}"  # the numbers are cut first
        if text != self.words.text():
            self.words.setText(text)
        if shown.note != self.note.text():
            self.note.setText(shown.note)
        self.note.setVisible(bool(shown.note))
        resized = self.model.values.shape != shown.values.shape
        self.shown = shown
        self.model.show_values(shown.values)
        if resized:
            self.fit()
        self._cut_no_row()

    def set_pinned(self, pinned: bool, steps: bool) -> None:
        """Show the buttons that only a pinned array needs."""
        self.close_button.setVisible(pinned)
        for button in (self.before, self.after):
            button.setVisible(pinned and steps)
        self._cut_no_row()

    def height_within(self, room: int) -> int:
        """Return the height that shows as many whole rows as there are and as have room, up to 40."""
        return self._height(self._rows_within(room, self._note_height()), self._note_height())

    def steady_height_within(self, room: int) -> int:
        """Return the height that shows as many whole rows of any array as have room, with a note or without."""
        most = theme.px(18)
        return self._height(max(1, (room - self._height(0, most)) // self._row_height), most)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        call_later(self, self._cut_no_row)

    def _cut_no_row(self) -> None:
        """Let the table be as high as the whole rows for which it has room."""
        rows = max(1, (self.height() - self._height(0, self._note_height())) // self._row_height)
        across = self.model.columnCount() * self.table.horizontalHeader().defaultSectionSize()
        width = self.width() - self.table.verticalHeader().width() - 2 * theme.px(theme.HALF)
        bar = theme.px(theme.GRID) if across > width else 0
        self.table.setMaximumHeight(self.table.horizontalHeader().height() + rows * self._row_height + bar)

    def _rows_within(self, room: int, note: int) -> int:
        return max(1, min(self.model.rowCount(), 40, (room - self._height(0, note)) // self._row_height))

    @property
    def _row_height(self) -> int:
        return self.table.verticalHeader().defaultSectionSize()

    def _note_height(self) -> int:
        return theme.px(18) if self.note.text() else 0

    def _height(self, rows: int, note: int) -> int:
        """Return the height with this many rows, and a bar to scroll across."""
        frame = self.height() - self.contentsRect().height()
        around = frame + 2 * theme.px(theme.HALF) + self._top.sizeHint().height() + theme.px(2) + theme.px(theme.GRID)
        return around + self.table.horizontalHeader().height() + rows * self._row_height + note

    def fit(self) -> None:
        """Set the lengths that follow the scale."""
        self._column.setContentsMargins(*4 * (theme.px(theme.HALF),))
        self._column.setSpacing(theme.px(2))
        self._top.setSpacing(theme.px(2))
        font = theme.font(theme.SMALL)
        self.table.setFont(font)
        metrics = QFontMetrics(font)
        across, down = self.table.horizontalHeader(), self.table.verticalHeader()
        across.setDefaultSectionSize(metrics.horizontalAdvance("\u22120.00000") + theme.px(8))
        down.setDefaultSectionSize(theme.px(18))
        down.setMinimumWidth(metrics.horizontalAdvance("2000") + theme.px(6))
        across.setFixedHeight(theme.px(18))
