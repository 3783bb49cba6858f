"""A plot area with our own tick labels: pyqtgraph lays out the axes and the area, layers paint into it."""

from __future__ import annotations

import html
from typing import Protocol

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QWidget

from sandbox import words
from sandbox.arrays import Floats
from sandbox.ui.accessible import PictureInterface
from sandbox.ui.plot.ticks import linear_ticks, log_ticks

# A press and a release at most this many pixels apart are a click, not a drag.
_STILL = 4
_EDGE = 5  # pixels that a hand keeps from the edges of the area, so that points are not cut

_TOP = 6  # pixels above the area, for half a number

ARROWS = {  # the keys that move something over a plot: rightwards, upwards
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1),
}  # fmt: skip


class Hand(Protocol):
    """What takes the left button, and keys, over a plot; positions are in plot coordinates."""

    def press(self, x: float, y: float, held: Qt.KeyboardModifier) -> bool:
        """Begin at a position with these keys held; return whether it is for the hand."""

    def move(self, x: float, y: float) -> None:
        """Go on while the button is held."""

    def release(self) -> bool:
        """End; return whether anything was done: else it was a click like any other."""

    def erase(self, x: float, y: float) -> None:
        """Erase what is at a position: Delete was pressed."""

    def carry(self, x: float, y: float, to_x: float, to_y: float) -> None:
        """Move what is at a position: an arrow was pressed with the shift key."""


class Plot(pg.PlotWidget):  # type: ignore[misc]
    """Axes and an area with fixed ranges; mouse and keys set a probed position.

    Signals
    -------
    probed(x, y)
        The position under the mouse, or moved to by the arrow keys, in plot coordinates.
    unprobed()
        The mouse left, or Escape was pressed.
    zoomed(x, factor)
        Wheel or plus and minus: the range should become `factor` times as wide around x.
    panned(distance)
        A drag, in plot coordinates along x.
    all_wanted()
        Double click or Home: the full range should be shown.
    picked(x, y)
        A click (not a drag), or Return at the probed position.
    stepped(by)
        Full stop or comma: go to the next (1) or the previous one (-1).
    area_changed()
        The size of the area in pixels changed.
    """

    probed = Signal(float, float)
    probe_ended = Signal()
    zoomed = Signal(float, float)
    panned = Signal(float)
    full_range_requested = Signal()
    picked = Signal(float, float)
    stepped = Signal(int)
    area_changed = Signal()

    _shape: tuple[float, float] | None = None  # here, because the base class resizes it before all is set

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(120, 90)
        item = self.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        self.area = item.getViewBox()
        self.area.setMouseEnabled(False, False)
        self.area.setMenuEnabled(False)
        self.area.disableAutoRange()
        self.area.setDefaultPadding(0.0)
        self.axes = {side: item.getAxis(side) for side in ("left", "bottom", "right")}
        self.x_range = (0.0, 1.0)
        self.y_range = (0.0, 1.0)
        self.log = {"left": False, "bottom": False}
        self.ticks: dict[str, list[tuple[float, str]]] = {"left": [], "bottom": [], "right": []}
        self.enlarged = 1.0
        self.pannable = False
        self.hand: Hand | None = None
        self._in_hand = False
        self._tight = False
        self._left, self._left_for = 0, (0, 0)  # the room for the numbers of the left axis, and in which size
        self._probe: tuple[float, float] | None = None  # in fractions of the area
        self._pressed: float | None = None
        self._pressed_at: QPointF | None = None
        self._font = QFont(self.font())
        self._name = ""
        self.area.sigResized.connect(self._resized)

    def accessible_interface(self) -> PictureInterface:
        """Return what a screen reader is told: name and description."""
        return PictureInterface(self)

    # How it looks

    def set_colors(self, ground: QColor, text_color: QColor, line: QColor, font: QFont, scale: float) -> None:
        """Set the colours of background, numbers and axis lines; pyqtgraph does not follow the theme itself."""
        self.setBackground(ground)
        self.enlarged = scale
        self._font = font
        for side, axis in self.axes.items():
            axis.setPen(QPen(line, 1))
            axis.setTickPen(QPen(line, 1))
            axis.setTextPen(QPen(text_color, 1))
            axis.setStyle(tickFont=font, tickLength=-4, tickTextOffset=6)
            axis.setStyle(hideOverlappingLabels=round(24 * scale))  # how far numbers may extend beyond the axis
            if side == "bottom":
                axis.setHeight(round(20 * scale))
            else:
                axis.setWidth(round(44 * scale))
        self.name_left(self._name)
        self._update_ticks()
        self._leave_room()

    def name_left(self, name: str) -> None:
        """Set the name of the left axis; "" removes it."""
        axis = self.axes["left"]
        style = {"color": axis.textPen().color().name(), "font-size": f"{self._font.pixelSize()}px"}
        axis.setLabel(html.escape(name), **style)  # pyqtgraph takes it as HTML
        axis.showLabel(bool(name))
        if name != self._name:
            self._left = 0
        self._name = name
        self._leave_room()

    def set_tight(self, tight: bool) -> None:
        """Give the left axis only the room that its numbers take, for a small plot."""
        self._tight, self._left = tight, 0
        self._leave_room()

    def keep_shape(self, shape: tuple[float, float] | None) -> None:
        """Keep the width of the area, by its height, between two numbers: what is over stays empty; None fills all."""
        if shape != self._shape:
            self._shape = shape
            self._leave_room()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        if self._shape is not None:
            self._leave_room()  # before: margins for a larger plot would keep it from getting smaller
        super().resizeEvent(event)

    def _leave_room(self) -> None:
        longest = max((len(text) for _, text in self.ticks["left"]), default=0)
        left = max(56, 28 + 6 * longest) if self._name else min(44, 14 + 7 * longest) if self._tight else 44
        size = self.width(), self.height()
        if size == self._left_for:  # a narrower axis makes a wider area, which may have longer numbers again
            left = max(left, self._left)
        self._left, self._left_for = left, size
        self.axes["left"].setWidth(round(left * self.enlarged))
        right = round((8 if self._tight else 18) * self.enlarged)  # room for half a number
        beside, above = self._spare(right)
        # what is over lies above, so that the name of the x axis, which stands below the plot, stays at its axis
        self.getPlotItem().setContentsMargins(beside / 2, _TOP + above, right + beside / 2, 0)

    def _leave_room_soon(self) -> None:
        """Leave room now; if a shape is to be kept, after the layout that may be under way, which would not see it."""
        if self._shape is None:
            self._leave_room()
        else:
            QTimer.singleShot(0, self, self._leave_room)

    def _spare(self, right: int) -> tuple[float, float]:
        """Return how much wider, and how much higher, the area would be than its shape allows, in pixels."""
        if self._shape is None:
            return 0.0, 0.0
        shown = {side: axis for side, axis in self.axes.items() if axis.isVisible()}
        width = self.width() - right - sum(axis.minimumWidth() for side, axis in shown.items() if side != "bottom")
        height = self.height() - _TOP - sum(axis.minimumHeight() for side, axis in shown.items() if side == "bottom")
        least, largest = self._shape
        return max(0.0, width - largest * height), max(0.0, height - width / least)

    def set_range(
        self, x: tuple[float, float], y: tuple[float, float], log: tuple[bool, bool] = (False, False)
    ) -> None:
        """Set both ranges; do nothing if they are unchanged.

        With `log`, the coordinates are base-10 logarithms of the numbers on the axis.
        """
        wanted = {"bottom": log[0], "left": log[1]}
        if (x, y, wanted) == (self.x_range, self.y_range, self.log):
            return
        if not (x[0] < x[1] and y[0] < y[1]):
            raise ValueError(f"no range: {x}, {y}")  # fail here rather than while Qt paints
        self.x_range, self.y_range, self.log = x, y, wanted
        self._apply_range()
        self._update_ticks()

    def _apply_range(self) -> None:
        self.area.setRange(xRange=self.x_range, yRange=self.y_range, padding=0.0, disableAutoRange=True)

    def _resized(self) -> None:
        self._update_ticks()
        self.area_changed.emit()

    def _ticks(self, side: str) -> list[tuple[float, str]]:
        low, high = self.x_range if side == "bottom" else self.y_range
        size = self.area.rect()
        room = size.width() / 64 if side == "bottom" else size.height() / 38
        return (log_ticks if self.log[side] else linear_ticks)(low, high, max(int(room / self.enlarged), 2))

    def _update_ticks(self) -> None:
        for side in ("left", "bottom"):
            ticks = self._ticks(side)
            if ticks != self.ticks[side]:
                self.ticks[side] = ticks
                self.axes[side].setTicks([ticks])
                if (self._tight or self._name) and side == "left":
                    self._leave_room_soon()
        low, high = self.y_range
        shares = [(low + (high - low) * k / 4, words.number(k / 4)) for k in range(5)]
        if shares != self.ticks["right"]:
            self.ticks["right"] = shares
            self.axes["right"].setTicks([shares])

    def show_right_axis(self, shown: bool) -> None:
        """Show or hide an axis from 0 to 1 on the right."""
        if shown != self.axes["right"].isVisible():
            self.getPlotItem().showAxis("right", shown)

    # Between plot coordinates and pixels

    def pixels(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return pixels within the area, y downwards."""
        size = self.area.rect()
        (x0, x1), (y0, y1) = self.x_range, self.y_range
        return (x - x0) * (size.width() / (x1 - x0)), (y1 - y) * (size.height() / (y1 - y0))

    def _fractions(self, position: QPointF) -> tuple[float, float]:
        """Return a position in the widget as fractions of the area, x rightwards, y upwards."""
        point = self.area.mapFromScene(self.mapToScene(position.toPoint()))
        size = self.area.rect()
        return point.x() / max(size.width(), 1.0), 1.0 - point.y() / max(size.height(), 1.0)

    def _x_at(self, share: float) -> float:
        return self.x_range[0] + share * (self.x_range[1] - self.x_range[0])

    def _y_at(self, share: float) -> float:
        return self.y_range[0] + share * (self.y_range[1] - self.y_range[0])

    def _announce(self) -> None:
        if self._probe is not None:
            x, y = self._probe
            self.probed.emit(self._x_at(x), self._y_at(y))

    def _pick(self, x: float, y: float) -> None:
        if 0.0 <= x <= 1.0 and 0.0 <= y <= 1.0:
            self.picked.emit(self._x_at(x), self._y_at(y))

    # Mouse and keys; the scene's own handlers are not called, as they cost time and do nothing here.

    def take_in_hand(self, hand: Hand | None) -> None:
        """Let a hand take the left button and some keys; None lets a click be a click."""
        self.hand, self._in_hand = hand, False
        self.viewport().setCursor(Qt.CursorShape.ArrowCursor if hand is None else Qt.CursorShape.CrossCursor)

    def _inside(self, position: QPointF) -> tuple[float, float]:
        """Return plot coordinates of a position, within the area: what is put there can be seen."""
        size = self.area.rect()
        edges = (_EDGE * self.enlarged / max(side, 1.0) for side in (size.width(), size.height()))
        places = zip(self._fractions(position), edges, strict=True)
        x, y = (min(max(share, edge), 1.0 - edge) for share, edge in places)
        return self._x_at(x), self._y_at(y)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x, y = self._fractions(event.position())
        if self._in_hand and self.hand is not None:
            self.hand.move(*self._inside(event.position()))
        if self._pressed is not None and self.pannable:
            self.panned.emit((self._pressed - x) * (self.x_range[1] - self.x_range[0]))
            self._pressed = x
        if 0.0 <= x <= 1.0 and 0.0 <= y <= 1.0:
            self._probe = (x, y)
            self._announce()
        else:
            self._clear_probe()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            x, y = self._fractions(event.position())
            self._pressed = x
            self._pressed_at = event.position()
            if self.hand is not None and 0.0 <= x <= 1.0 and 0.0 <= y <= 1.0:
                self._in_hand = self.hand.press(self._x_at(x), self._y_at(y), event.modifiers())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        start, self._pressed, self._pressed_at = self._pressed_at, None, None
        held, self._in_hand = self._in_hand, False
        if held and self.hand is not None and self.hand.release():
            return
        if start is not None and (event.position() - start).manhattanLength() <= _STILL:
            self._pick(*self._fractions(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.hand is not None:  # two quick clicks
            self.mousePressEvent(event)
            return
        self.full_range_requested.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.pannable:
            event.ignore()
            return
        x, _ = self._fractions(event.position())
        self.zoomed.emit(self._x_at(min(max(x, 0.0), 1.0)), 0.85 ** (event.angleDelta().y() / 120))
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self._clear_probe()

    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.area.setBorder(QPen(self.palette().highlight().color(), 2))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.area.setBorder(None)
        self._clear_probe()

    def _clear_probe(self) -> None:
        self._probe = None
        self.probe_ended.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in ARROWS:
            x, y = self._probe or (0.5, 0.5)
            right, up = ARROWS[key]
            self._probe = to_x, to_y = (min(max(x + right / 50, 0.0), 1.0), min(max(y + up / 50, 0.0), 1.0))
            if self.hand is not None and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.hand.carry(self._x_at(x), self._y_at(y), self._x_at(to_x), self._y_at(to_y))
            self._announce()
        elif self.hand is not None and key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._probe is not None:
            self.hand.erase(self._x_at(self._probe[0]), self._y_at(self._probe[1]))
        elif key == Qt.Key.Key_Escape and self._probe is not None:
            self._clear_probe()
        elif key == Qt.Key.Key_Home:
            self.full_range_requested.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._probe is not None:
            x, y = self._probe
            taken = self.hand is not None and self.hand.press(self._x_at(x), self._y_at(y), event.modifiers())
            if not (taken and self.hand is not None and self.hand.release()):
                self._pick(x, y)
        elif key in (Qt.Key.Key_Period, Qt.Key.Key_Comma):
            self.stepped.emit(1 if key == Qt.Key.Key_Period else -1)
        elif self.pannable and key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            x = self._probe[0] if self._probe else 0.5
            self.zoomed.emit(self._x_at(x), 1 / 0.7 if key == Qt.Key.Key_Minus else 0.7)
        else:
            event.ignore()
