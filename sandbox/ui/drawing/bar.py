"""The bar above the boundary view while points are drawn: what to draw with, and what to do with all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QButtonGroup, QHBoxLayout, QToolButton, QWidget

from sandbox import words
from sandbox.data import Data
from sandbox.ui import theme
from sandbox.ui.kit import IconButton
from sandbox.ui.kit.base import StyleFollower, call_later
from sandbox.ui.plot import colormap
from sandbox.ui.plot.layers import Points, symbol_pixmap
from sandbox.ui.theme import Theme
from sandbox.ui.views.surfaces import surface_colours

LEVELS = 9  # values of a regression over two inputs to choose from: each has a digit
_NOWHERE = np.empty(0)
_ROOM = 420  # pixels, at the usual scale, in which all stands side by side


@dataclass(frozen=True)
class Target:
    """What points can be drawn as: a class, or a value of the colour scale."""

    value: float
    name: str
    symbol: str
    colour: str


def targets_of(data: Data, value_range: tuple[float, float], colours: Theme) -> list[Target]:
    """Return what points of these data can be drawn as; none if a point's value is its position."""
    shown = surface_colours(colours, data, False, (QColor(), QColor()), len(data.inputs) == 1)
    if data.task != "regression":
        classes = zip(data.class_names[:LEVELS], shown.classes, strict=False)
        return [Target(float(k), name, theme.symbol(k), color.name()) for k, (name, color) in enumerate(classes)]
    if len(data.inputs) == 1:
        return []
    low, high = value_range
    values = [float(f"{low + (high - low) * k / (LEVELS - 1):.3g}") for k in range(LEVELS)]
    table = [colormap.color_of(shown.table[k * (len(shown.table) - 1) // (LEVELS - 1)]) for k in range(LEVELS)]
    return [Target(value, words.brief(value), "o", c.name()) for value, c in zip(values, table, strict=True)]


class PointBar(StyleFollower, QWidget):
    """A pencil and an eraser, what to draw, an empty canvas and the scaling.

    Signals
    -------
    emptied()
        The user wants an empty canvas.
    scaled()
        The user wants the scaling to be fitted again.
    closed()
        The user wants to stop drawing.
    """

    emptied = Signal()
    scaled = Signal()
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Drawing of points")
        self.targets: list[Target] = []
        self.pencil = self._tool(
            "pencil", "Adds points: a click one, a drag many; a point that is there is dragged.", "Draw"
        )
        self.eraser = self._tool("eraser", "Erases the points that it is clicked on or dragged over.", "Erase")
        self._tools, self._chosen = QButtonGroup(self), QButtonGroup(self)
        for button in (self.pencil, self.eraser):
            self._tools.addButton(button)
        self.pencil.setChecked(True)
        self.empty = _button("Empty", "Takes all points away; undo brings them back.", "Empty canvas")
        self.empty.clicked.connect(self.emptied)
        self.scale = _button(
            "Fit scaling", "Scales the inputs by the present points; while they are drawn, the scaling stays."
        )
        self.scale.clicked.connect(self.scaled)
        self.close_button = IconButton("close", "Stops drawing; the points stay.", "Stop drawing", flat=True)
        self.close_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.close_button.clicked.connect(self.closed)
        self._first, self._second = QHBoxLayout(), QHBoxLayout()
        self._first.addWidget(self.pencil)
        self._first.addWidget(self.eraser)
        self._first.addStretch(1)
        for widget in (self.empty, self.scale, self.close_button):
            self._second.addWidget(widget)
        self._rows = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.addLayout(self._first, 1)
        self._rows.addLayout(self._second)
        self.follow_style()

    @staticmethod
    def _tool(name: str, tip: str, accessible: str) -> IconButton:
        button = IconButton(name, tip, accessible)
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    # What is drawn with

    @property
    def swatches(self) -> list[QToolButton]:
        """The buttons of the targets, in order."""
        return [button for button in self._chosen.buttons() if isinstance(button, QToolButton)]

    @property
    def target(self) -> float | None:
        """The class or the value that is chosen; None if there is nothing to choose."""
        return self.targets[self._chosen.checkedId()].value if self.targets else None

    def offer(self, targets: Sequence[Target], scalable: bool) -> None:
        """Offer these targets, and to fit the scaling if there is one; what is chosen stays if it can."""
        self.scale.setVisible(scalable)
        if list(targets) == self.targets:
            return
        chosen = max(self._chosen.checkedId(), 0)
        for button in self.swatches:
            self._chosen.removeButton(button)
            self._first.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.targets = list(targets)
        for k, target in enumerate(self.targets):
            what = f"class {target.name}" if target.symbol != "o" or target.value == int(target.value) else target.name
            button = _button(
                "", f"Draws points of {what} (key {k + 1}); Shift-click gives it to a point.", f"Draw {what}"
            )
            button.setProperty("role", "")  # like the tools beside it, which show that they are chosen
            button.setCheckable(True)
            self._chosen.addButton(button, k)
            self._first.insertWidget(2 + k, button)
        self.choose(chosen if chosen < len(self.targets) else 0)
        self.fit()

    def choose(self, index: int) -> bool:
        """Choose a target by its place, and the pencil; return whether there is one."""
        if not 0 <= index < len(self.targets):
            return False
        self.swatches[index].setChecked(True)
        self.pencil.setChecked(True)
        return True

    # Layout

    def fit(self) -> None:
        """Draw the swatches in the colours of the theme, and set sizes."""
        side = theme.px(16)
        for button, target in zip(self.swatches, self.targets, strict=True):
            colour, edge = QColor(target.colour), QColor(theme.current().boundary)
            point = Points(_NOWHERE, _NOWHERE, target.symbol, colour, edge, 1.2 * theme.scale(), 0.62 * side)
            button.setIcon(QIcon(symbol_pixmap(point, self.devicePixelRatioF())))
            button.setIconSize(QSize(side, side))
            button.setFixedSize(theme.px(26), theme.px(theme.CONTROL))
        for layout in (self._rows, self._first, self._second):
            layout.setSpacing(theme.px(theme.HALF))
        self._fold()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        call_later(self, self._fold)

    def _fold(self) -> None:
        directions = QBoxLayout.Direction
        wide = self.width() >= theme.px(_ROOM)
        self._rows.setDirection(directions.LeftToRight if wide else directions.TopToBottom)


def _button(text: str, tip: str, accessible: str = "") -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setProperty("role", "more")
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setToolTip(tip)
    button.setAccessibleName(accessible or text)
    return button
