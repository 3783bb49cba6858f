"""The choice of a data set: in groups, each with a small picture of its samples."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from sandbox.data import DATASETS, load_data
from sandbox.data.tables import TABLES
from sandbox.ui import theme
from sandbox.ui.kit import Choice, Item
from sandbox.ui.panels.base import registry_items

if TYPE_CHECKING:
    from sandbox.ui.views.slices import DataSlice

OWN, SHIPPED = "Your own", "Tables"
GROUPS = {"binary": "Two classes", "multiclass": "Several classes", "regression": "Regression"}
PICTURE = (38, 24)  # of a thumbnail, in pixels
POINTS = 140  # more would cover each other
WIDEST = 228  # of the list, in pixels

Index = QModelIndex | QPersistentModelIndex


def group_of(name: str | None) -> str:
    """Return the group that a data set is listed in; None is the user's own table."""
    if name is None:
        return OWN
    return SHIPPED if name in TABLES else GROUPS[DATASETS[name].task]


@cache
def dataset_items() -> tuple[Item, ...]:
    """Return the data sets as the items of a choice, group by group."""
    order = [*GROUPS.values(), SHIPPED]
    return tuple(sorted(registry_items(DATASETS), key=lambda item: order.index(group_of(str(item[0])))))


class DatasetChoice(Choice):
    """A combo box of data sets. Its list has the name of each group above the first of it."""

    def __init__(self) -> None:
        super().__init__(dataset_items())
        self.setItemDelegate(_Delegate(self))

    def set_items(self, items: Sequence[Item]) -> None:
        if tuple(items) == self._items:
            return  # as at most edits
        super().set_items(items)
        for index, (name, _, summary) in enumerate(self._items):
            group = group_of(None if name is None else str(name))
            self.setItemData(index, f"{group}: {summary}", Qt.ItemDataRole.AccessibleDescriptionRole)

    def heading(self, row: int) -> str:
        """Return the name of the group that begins with an item; "" if it begins with an earlier one."""
        groups = [
            group_of(None if item[0] is None else str(item[0])) for item in self._items[max(row - 1, 0) : row + 1]
        ]
        return groups[-1] if row == 0 or groups[0] != groups[-1] else ""

    def name(self, row: int) -> str | None:
        """Return the registry's name of an item; None for the user's own table."""
        value = self._items[row][0]
        return None if value is None else str(value)

    def showPopup(self) -> None:
        self.view().setMinimumWidth(theme.px(WIDEST))
        super().showPopup()


class _Delegate(QStyledItemDelegate):
    """An item: the heading of its group if it is the first, the picture of its samples, and its name."""

    def __init__(self, choice: DatasetChoice) -> None:
        super().__init__(choice)
        self._choice = choice

    def _room(self, row: int) -> int:
        """Return the height of the heading above an item."""
        return theme.px(22) if self._choice.heading(row) else 0

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the size of an item without drawing its picture: a list is measured long before it is opened."""
        text = QFontMetrics(theme.font()).horizontalAdvance(self._choice.itemText(index.row()))
        width, height = (theme.px(length) for length in PICTURE)
        return QSize(text + width + theme.px(4 * theme.GRID), height + 2 * theme.px(2) + self._room(index.row()))

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        name = self._choice.name(index.row())
        if name is not None:
            size = QSize(*map(theme.px, PICTURE))
            ratio = self._choice.devicePixelRatioF()
            picture = thumbnail(name, theme.current(), (size.width(), size.height()), ratio)
            option.icon = QIcon(picture)
            option.icon.addPixmap(picture, QIcon.Mode.Selected)  # else it would be tinted
            option.decorationSize = size
            option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        below = QStyleOptionViewItem(option)
        room = self._room(index.row())
        below.rect = option.rect.adjusted(0, room, 0, 0)
        super().paint(painter, below, index)
        if room:
            painter.save()
            painter.setFont(theme.font(theme.SMALL, bold=True))
            painter.setPen(QColor(theme.current().muted))
            box = option.rect.adjusted(theme.px(theme.GRID), 0, 0, 0)
            box.setHeight(room)
            text = QFontMetrics(painter.font()).elidedText(
                self._choice.heading(index.row()), Qt.TextElideMode.ElideRight, box.width()
            )
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
            painter.restore()


@lru_cache(maxsize=128)
def thumbnail(name: str, colours: theme.Theme, size: tuple[int, int], ratio: float) -> QPixmap:
    """Draw the samples of a built-in data set with its default settings, in the colours of the boundary view."""
    from sandbox.ui.views.slices import DataSlice, sample_indices  # once the window is shown, not before

    data = load_data(dataset=name, test_fraction=0.0)
    shown = DataSlice(data)
    drawn = sample_indices(len(data.y_train), POINTS)
    across, up = shown.positions(data.inputs_train[drawn], data.y_train[drawn])
    pixmap = QPixmap(QSize(*size) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colours.border), 1))
    painter.setBrush(QColor(colours.field))
    painter.drawRoundedRect(QRectF(0.5, 0.5, size[0] - 1.0, size[1] - 1.0), 3, 3)
    painter.setPen(Qt.PenStyle.NoPen)
    (left, right), (low, high) = shown.x_range, shown.y_range
    x = (across - left) / (right - left) * size[0]
    y = (high - up) / (high - low) * size[1]
    radius = size[1] / 22
    for colour, *at in zip(_point_colours(shown, drawn, colours), x.tolist(), y.tolist(), strict=True):
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(*at), radius, radius)
    painter.end()
    return pixmap


def _point_colours(shown: DataSlice, drawn: NDArray[np.intp], colours: theme.Theme) -> list[QColor]:
    """Return the colour of each sample drawn: of its class, or of its target if no axis shows that."""
    from sandbox.ui.plot import colormap

    y = shown.data.y_train[drawn]
    if shown.data.task != "regression":
        return [QColor(colours.class_colour(int(k))) for k in y]
    if shown.one_input:
        return [QColor(colours.class_colour(1))] * len(y)
    cells = colormap.sequential()[colormap.indices(y[:, 0].astype(np.float64), *shown.value_range)]
    return [colormap.color_of(cell) for cell in cells]
