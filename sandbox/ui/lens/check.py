"""The lens "Check": the formulas' gradient against differences of the cost, on demand."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QScrollArea,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from sandbox import words
from sandbox.experiment.lens.check import (
    CheckGradient,
    GradientCheck,
    LayerCheck,
    extent,
    kink_report,
    meaning,
    verdict_of,
)
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.nn import LOSSES
from sandbox.ui import theme
from sandbox.ui.kit import label
from sandbox.ui.kit.base import set_state
from sandbox.ui.kit.tables import plain_table
from sandbox.ui.lens.base import Lens
from sandbox.ui.theme import Theme

INTRODUCTION = (
    "Is the gradient right? Press the button: parameters are moved a little up and a little down, and the change in "
    "the cost is compared with what the formulas give."
)
ALARMING = ("look closer", "wrong", "not finite")

_COLUMNS = (
    ("Gradient", "The derivatives by one layer's weights or biases."),
    ("Compared", "How many of the parameters were compared."),
    ("Error", "The norm of the difference, divided by the sum of both gradients' norms."),
    ("Meaning", "What an error of this size means."),
    ("Largest difference", "The parameter where the two differ most: by the formulas | by the cost."),
)
_Index = QModelIndex | QPersistentModelIndex


class CheckLens(Lens[GradientCheck]):
    """A button, the result in words, and a table with a row for each layer's weights and biases."""

    title = "Check"
    summary = "Compares the gradient with differences of the cost, layer by layer."

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Gradient check")
        self._press = 0
        self._waiting = False
        self._lane = ""
        self._source: tuple[int, str] | None = None  # the run and the lane of the result shown
        self.result: GradientCheck | None = None
        self.button = QPushButton("Check the gradient")
        self.button.setAccessibleName("Check the gradient")
        self.button.setToolTip("Compares the current gradient with differences of the cost.")
        self.when = label("", "hint")
        self.words = label(INTRODUCTION)
        self.kinks = label("", "hint")
        self.how = label("", "hint")
        for text in (self.words, self.kinks, self.how):
            text.setWordWrap(True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.table = QTableView()
        self.model = _Model(self)
        self._build()
        self.button.clicked.connect(self.check)
        self.follow_style()

    def _build(self) -> None:
        table = self.table
        table.setModel(self.model)
        plain_table(table, "Errors by layer", role="list")
        table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.verticalHeader().hide()
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(len(_COLUMNS) - 1, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.hide()
        body = QWidget()
        body.setObjectName("column")
        self._body = QVBoxLayout(body)
        self._body.setContentsMargins(0, 0, 0, 0)
        for widget in (self.words, self.table, self.kinks, self.how):
            self._body.addWidget(widget)
        self._body.addStretch(1)
        self.kinks.hide()
        self.how.hide()
        self.area = QScrollArea()
        self.area.setWidget(body)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.area.setAccessibleName("What the check found")
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._top = QHBoxLayout()
        self._top.addWidget(self.button)
        self._top.addWidget(self.when, 1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(self._top)
        self._column.addWidget(self.area, 1)

    # Asking and drawing

    def check(self) -> None:
        """Ask again; do nothing while an answer is pending."""
        if self._waiting:
            return
        self._press += 1
        self._waiting = True
        self.button.setEnabled(False)
        self.when.setText("Checking\u2026")
        self.wanted_changed.emit()

    def question(self, lane: str) -> CheckGradient | None:
        return CheckGradient(lane, self._press) if self._waiting else None

    def follow(self, snapshot: Snapshot, lane: str) -> None:
        if self._source is not None and self._source != (snapshot.run, lane):
            self._clear()

    def show_answer(self, answer: GradientCheck, snapshot: Snapshot, lane: str) -> None:
        self._waiting = False
        self.button.setEnabled(True)
        self._source = (snapshot.run, lane)
        of_lane = f"lane {lane}, " if len(snapshot.lanes) > 1 else ""
        after = f"after {words.count(snapshot.update, 'update')}"
        self.when.setText(f"{of_lane}{LOSSES[answer.objective].label}, {after}")
        self._show(answer)

    def _show(self, check: GradientCheck) -> None:
        self.result = check
        self.words.setText(meaning(check))
        set_state(self.words, "role", "error" if verdict_of(check) in ALARMING else "")
        report = kink_report(check)
        self.kinks.setText(report)
        self.kinks.setVisible(bool(report))
        self.how.setText(extent(check))
        self.how.show()
        self.model.show(check.layers)
        self.table.show()
        self.fit()

    def begin_afresh(self) -> None:
        self._clear()

    def _clear(self) -> None:
        """Clear the result, so that it is not mistaken for that of another run or lane."""
        self.result, self._source = None, None
        self.words.setText(INTRODUCTION)
        set_state(self.words, "role", "")
        if not self._waiting:
            self.when.setText("")
        for widget in (self.table, self.kinks, self.how):
            widget.hide()

    # How it looks

    def set_theme(self, colours: Theme, scale: float = 1.0) -> None:
        self.model.theme = colours
        super().set_theme(colours, scale)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Set spacings and the height of the table; hide its last column if there is no room for it."""
        self._column.setSpacing(theme.px(theme.GRID))
        self._body.setSpacing(theme.px(theme.GRID))
        self._top.setSpacing(theme.px(theme.GRID))
        self.button.setFixedHeight(theme.px(theme.CONTROL))
        font = theme.font(theme.SMALL)
        self.table.setFont(font)
        self.table.horizontalHeader().setFont(font)
        row = self.table.fontMetrics().height() + theme.px(5)
        self.table.verticalHeader().setMinimumSectionSize(row)
        self.table.verticalHeader().setDefaultSectionSize(row)
        self.table.horizontalHeader().setFixedHeight(row)
        self.table.setFixedHeight(row * (self.model.rowCount() + 1) + theme.px(2))
        last = len(_COLUMNS) - 1
        narrow = self.width() < theme.px(560)
        self.table.setColumnHidden(last, narrow)
        stretched = QHeaderView.ResizeMode.Stretch if narrow else QHeaderView.ResizeMode.ResizeToContents
        self.table.horizontalHeader().setSectionResizeMode(last - 1, stretched)


class _Model(QAbstractTableModel):
    """A table model with a row for each layer's weights and biases."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme.current()
        self._layers: tuple[LayerCheck, ...] = ()

    def show(self, layers: tuple[LayerCheck, ...]) -> None:
        """Replace the rows."""
        self.beginResetModel()
        self._layers = layers
        self.endResetModel()

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._layers)

    def columnCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        name, tooltip = _COLUMNS[section]
        return {Qt.ItemDataRole.DisplayRole: name, Qt.ItemDataRole.ToolTipRole: tooltip}.get(Qt.ItemDataRole(role))

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        layer = self._layers[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _texts(layer)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"Largest difference: {_worst(layer)}" if layer.checked else _COLUMNS[index.column()][1]
        if role == Qt.ItemDataRole.ForegroundRole and index.column() >= 2:
            return QColor(self.theme.error if layer.verdict in ALARMING else self.theme.text_color)
        return None


def _texts(layer: LayerCheck) -> tuple[str, ...]:
    error = "\u2013" if not layer.checked or layer.verdict == "not finite" else words.number(layer.error, 2)
    verdict_text = layer.verdict or "only at kinks"
    if layer.tiny and layer.error > 1e-7:
        verdict_text = "right: only rounding"
    kinked = f", {layer.kinked} at kinks" if layer.kinked and layer.checked else ""
    return f"d{layer.name}", f"{layer.checked:,} of {layer.count:,}", error, verdict_text + kinked, _worst(layer)


def _worst(layer: LayerCheck) -> str:
    name, analytic, numeric = layer.worst
    return f"{name}: {words.number(analytic, 9)} | {words.number(numeric, 9)}" if name else ""
