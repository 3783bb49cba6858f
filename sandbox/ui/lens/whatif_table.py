"""The table of the lens "What if": a row per loss, sorted on demand, repainted as numbers arrive."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from sandbox import words
from sandbox.experiment.lens.whatif import Alternatives, LossRow, row_sentence
from sandbox.nn import LOSSES
from sandbox.ui import theme
from sandbox.ui.kit.tables import plain_table
from sandbox.ui.theme import SMALL

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
VALUE = Role.UserRole

NAME, COST, COSINE, DELTA, WEIGHTS = range(5)  # columns; from WEIGHTS on, one per layer


def cell_text(row: LossRow, column: int) -> str:
    """Return the text of a cell: a number, or a word that says why there is none."""
    if column == NAME:
        return LOSSES[row.name].label
    value = value_of(row, column)
    if column == COSINE:
        if math.isnan(value):
            return "zero" if row.norm == 0.0 else "\u2013"
        return words.fixed(value, 3)
    if math.isnan(value):
        return "undefined" if column == COST else "\u2013"
    return words.cost(value) if math.isfinite(value) else "infinite"


def value_of(row: LossRow, column: int) -> float:
    """Return the number behind a cell; for the name, its index in the registry."""
    if column == NAME:
        return float(list(LOSSES).index(row.name))
    if column >= WEIGHTS:
        return row.dW[column - WEIGHTS]
    return {COST: row.cost, COSINE: row.cosine, DELTA: row.dZ}[column]


class WhatIfModel(QAbstractTableModel):
    """The rows in the user's order, which new numbers do not change."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: Alternatives | None = None
        self.order = list(LOSSES)
        self.sorted_by: tuple[int, bool] | None = None  # column, ascending; None is the order of the registry
        self._rows: dict[str, LossRow] = {}
        self._tops: list[float] = []

    def show_answer(self, answer: Alternatives) -> None:
        """Show new numbers; rows keep their places."""
        layers = self.layers
        self.answer = answer
        self._rows = {row.name: row for row in answer.rows}
        if layers != self.layers:
            self.beginResetModel()
            self._measure()
            self.endResetModel()
            return
        self._measure()
        self.dataChanged.emit(self.index(0, 0), self.index(len(self.order) - 1, self.columnCount() - 1))

    def _measure(self) -> None:
        self._tops = []
        for column in range(self.columnCount()):
            values = [value_of(row, column) for row in self._rows.values()]
            self._tops.append(max((v for v in values if math.isfinite(v)), default=0.0))

    @property
    def layers(self) -> int:
        """The number of layers, each of which has a column."""
        return len(next(iter(self._rows.values())).dW) if self._rows else 0

    def loss(self, row: int) -> LossRow | None:
        """Return the loss in a row."""
        return self._rows.get(self.order[row]) if 0 <= row < len(self.order) else None

    @property
    def objective(self) -> LossRow | None:
        """The loss that trains."""
        return self._rows.get(self.answer.objective) if self.answer is not None else None

    def share(self, row: int, column: int) -> float:
        """Return a cell's share of its column's largest number; the cosine itself; nan without a number."""
        loss = self.loss(row)
        if loss is None or column == NAME:
            return math.nan
        value = value_of(loss, column)
        if column == COSINE or not math.isfinite(value):
            return value if column == COSINE else math.nan
        return max(value, 0.0) / self._tops[column] if self._tops[column] > 0.0 else 0.0

    # What Qt asks for

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.order)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else WEIGHTS + self.layers

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        last, l = self.layers or 1, section - WEIGHTS + 1
        if role == Role.DisplayRole:
            name = f"|dW[{l}]|" if section >= WEIGHTS else ("Loss", "Cost", "Cosine", f"|dZ[{last}]|")[section]
            arrows = {(section, True): "\u2191\u2009", (section, False): "\u2193\u2009"}
            return arrows.get(self.sorted_by, "") + name if self.sorted_by else name
        if role == Role.ToolTipRole:
            tips = (
                "The loss; the one that trains is marked.",
                "The cost with this loss, penalty included, at the current parameters.",
                "Cosine between its whole gradient and that of the loss to learn with: 1 is the same direction, "
                "0 at right angles, \u22121 opposite.",
                f"Norm of dZ[{last}], the derivative of its cost by the output's pre-activations.",
            )
            text = tips[section] if section < WEIGHTS else f"Norm of dW[{l}] for its cost, penalty included."
            return f"{text} Click to sort; rows then keep their places while numbers change."
        if role == Role.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if section == NAME else Qt.AlignmentFlag.AlignRight
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        loss = self.loss(index.row())
        if loss is None:
            return (
                LOSSES[self.order[index.row()]].label if role == Role.DisplayRole and index.column() == NAME else None
            )
        if role == Role.DisplayRole:
            return cell_text(loss, index.column())
        if role == VALUE:
            return value_of(loss, index.column())
        if role == Role.AccessibleTextRole:
            is_objective = self.objective is loss and index.column() == NAME
            return cell_text(loss, index.column()) + (", the loss to learn with" if is_objective else "")
        if role == Role.ToolTipRole and self.answer is not None:
            hint = "" if loss is self.objective else " Double click or Enter lets the network learn with it."
            return row_sentence(loss, self.answer) + hint
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort once by a column; losses without a number come last."""
        ascending = order == Qt.SortOrder.AscendingOrder
        self.sorted_by = (column, ascending)
        sign = 1.0 if ascending else -1.0

        def key(name: str) -> tuple[bool, float]:
            value = value_of(self._rows[name], column)
            return math.isnan(value), sign * value

        self._arrange(sorted(LOSSES, key=key) if self._rows else self.order)

    def restore_order(self) -> None:
        """Sort by no column, as at first."""
        self.sorted_by = None
        self._arrange(list(LOSSES))

    def _arrange(self, order: list[str]) -> None:
        """Take another order, in which the rows that are chosen stay so."""
        self.layoutAboutToBeChanged.emit()
        indexes = self.persistentIndexList()
        cells = [(self.order[index.row()], index.column()) for index in indexes]
        self.order = order
        self.changePersistentIndexList(indexes, [self.index(self.order.index(name), c) for name, c in cells])
        self.layoutChanged.emit()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, self.columnCount() - 1)


class CellDelegate(QStyledItemDelegate):
    """A number over a faint bar; the objective's row is shaded and starts with a stroke."""

    def __init__(self, table: WhatIfTable) -> None:
        super().__init__(table)
        self._table = table

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model, colours = self._table.model_, theme.current()
        box = QRectF(option.rect)
        loss, column = model.loss(index.row()), index.column()
        is_objective = loss is not None and loss is model.objective
        state = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if is_objective or selected:
            painter.fillRect(box, QColor(colours.accent_soft if is_objective else colours.hover))
        if is_objective and column == NAME:
            painter.fillRect(QRectF(box.left(), box.top(), theme.px(3), box.height()), QColor(colours.accent))
        pad = float(theme.px(5))
        inner = box.adjusted(pad + (theme.px(3) if column == NAME else 0), 0.0, -pad, 0.0)
        self._bar(painter, inner, column, model.share(index.row(), column), is_objective)
        painter.setFont(theme.font(SMALL, bold=is_objective and column == NAME))
        text = str(index.data() or "")
        number = loss is not None and (column == NAME or math.isfinite(value_of(loss, column)))
        painter.setPen(QColor(colours.text_color if number else colours.muted))
        side = Qt.AlignmentFlag.AlignLeft if column == NAME else Qt.AlignmentFlag.AlignRight
        text = QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, inner.width() + 1.0)
        painter.drawText(inner, int(side | Qt.AlignmentFlag.AlignVCenter), text)
        if self._table.hasFocus() and index == self._table.currentIndex():
            painter.setPen(QColor(colours.accent))
            painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))

    def _bar(self, painter: QPainter, inner: QRectF, column: int, share: float, is_objective: bool) -> None:
        """Paint a bar at the bottom of the cell: from the left, or for the cosine from the middle to either side."""
        if not math.isfinite(share):
            return
        colours = theme.current()
        height = float(theme.px(3))
        track = QRectF(inner.left(), inner.bottom() - height, inner.width(), height)
        painter.fillRect(track, QColor(theme.blend(colours.card, colours.border, 0.0 if is_objective else 0.6)))
        if column == COSINE:
            middle, length = track.center().x(), share * track.width() / 2
            bar = QRectF(min(middle, middle + length), track.top(), abs(length), height)
            painter.fillRect(bar, QColor(colours.positive if share >= 0.0 else colours.negative))
        else:
            painter.fillRect(QRectF(track.left(), track.top(), share * track.width(), height), QColor(colours.muted))


class WhatIfTable(QTableView):
    """The table: arrows move, S sorts by the current column, Enter and a double click choose.

    Signals
    -------
    chosen(str)
        Registry name of the loss that the user chose as objective.
    """

    chosen = Signal(str)

    def __init__(self, model: WhatIfModel) -> None:
        super().__init__()
        self.model_ = model
        self.setModel(model)
        self.setItemDelegate(CellDelegate(self))
        plain_table(self, "What each loss would do from here", role="choices")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.verticalHeader().hide()
        self.viewport().setAutoFillBackground(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        head = self.horizontalHeader()
        head.setSectionsClickable(True)
        head.setSortIndicatorShown(False)  # it would cut off the names; the header text has an arrow instead
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head.sectionClicked.connect(self.sort_by)
        self.doubleClicked.connect(self._choose)
        model.modelReset.connect(self.fit)

    def sort_by(self, column: int) -> None:
        """Sort by a column: first names and costs ascending, all else descending; the second time reversed."""
        last, ascending = self.model_.sorted_by or (-1, True)
        ascending = not ascending if column == last else column in (NAME, COST)
        self.model_.sort(column, Qt.SortOrder.AscendingOrder if ascending else Qt.SortOrder.DescendingOrder)

    def _choose(self, index: QModelIndex) -> None:
        loss = self.model_.loss(index.row()) if index.isValid() else None
        if loss is not None and loss is not self.model_.objective:
            self.chosen.emit(loss.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.currentIndex())
        elif event.key() == Qt.Key.Key_S and not event.modifiers():
            self.sort_by(max(self.currentIndex().column(), 0))
        elif event.key() == Qt.Key.Key_Escape and self.currentIndex().isValid():
            self.selectionModel().clear()
            self.setCurrentIndex(QModelIndex())
        else:
            super().keyPressEvent(event)

    def fit(self) -> None:
        """Set the widths of the columns; spare room goes to the numbers."""
        metrics = QFontMetricsF(theme.font(SMALL, bold=True))
        name = max(metrics.horizontalAdvance(kind.label) for kind in LOSSES.values()) + theme.px(14)
        small = QFontMetricsF(theme.font(SMALL))
        cost = small.horizontalAdvance("undefined") + theme.px(12)
        number = small.horizontalAdvance("00.0000") + theme.px(12)
        count = self.model_.columnCount() - 2
        number = max(number, (self.viewport().width() - name - cost) / max(count, 1))
        self.setColumnWidth(NAME, round(name))
        self.setColumnWidth(COST, round(cost))
        for column in range(COSINE, COSINE + count):
            self.setColumnWidth(column, int(number))
        height = round(QFontMetricsF(theme.font(SMALL)).height()) + theme.px(6)
        self.verticalHeader().setMinimumSectionSize(1)
        self.verticalHeader().setDefaultSectionSize(height)
        self.horizontalHeader().setFixedHeight(height)
