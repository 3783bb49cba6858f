"""Legends: of the points of a boundary plot, and of the curves of the cost plot."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from sandbox.ui.accessible import ToggleInterface
from sandbox.ui.plot.layers import symbol_path


def set_tip(widget: QWidget, text: str) -> None:
    """Set a tooltip, escaped: class names come from files and may contain anything. Screen readers get it as it is."""
    widget.setToolTip(f"<qt>{html.escape(text)}</qt>")
    widget.setAccessibleDescription(text)


class PointLegend(QWidget):
    """Symbol and name of each class, then what filled and hollow mean; wraps if it is narrow."""

    GAP = 14.0

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: list[tuple[str, str, QColor, bool]] = []  # text, symbol, colour, hollow
        self._text_color = QColor("black")
        self._muted = QColor("gray")
        self._scale = 1.0
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Legend of the points")
        self._classes: Sequence[tuple[str, str, QColor]] = ()
        self._tested = False
        self._notes: Sequence[str] = ()

    def set_colors(self, text_color: QColor, muted: QColor, font: QFont, scale: float) -> None:
        """Set the colours and the font."""
        self._text_color, self._muted, self._scale = text_color, muted, scale
        self.setFont(font)
        self.set_entries(self._classes, self._tested, self._notes)

    def set_entries(self, classes: Sequence[tuple[str, str, QColor]], tested: bool, notes: Sequence[str] = ()) -> None:
        """Show classes (name, symbol, colour), then notes; `tested` says whether there are test points."""
        self._classes, self._tested, self._notes = classes, tested, notes
        self._entries = [(name, symbol, color, False) for name, symbol, color in classes]
        self._entries.append(("filled: training", "o", self._muted, False))
        if tested:
            self._entries.append(("hollow: test", "o", self._muted, True))
        self._entries += [(note, "", self._muted, False) for note in notes]
        self.describe()

    def describe(self) -> None:
        """Say in words what is shown, for the tooltip and for screen readers, and make room for it."""
        set_tip(self, f"Points are samples. {self.text()}.")
        self.updateGeometry()
        self.update()

    def text(self) -> str:
        """Return all the text shown."""
        return ", ".join(text for text, *_ in self._entries)

    def _line(self) -> float:
        return QFontMetricsF(self.font()).height() + 2.0

    def _positions(self, width: float) -> list[tuple[float, float]]:
        metrics = QFontMetricsF(self.font())
        positions, x, y = [], 0.0, 0.0
        for text, symbol, *_ in self._entries:
            entry_width = (14.0 * self._scale if symbol else 0.0) + metrics.horizontalAdvance(text)
            if x > 0.0 and x + entry_width > width:
                x, y = 0.0, y + self._line()
            positions.append((x, y))
            x += entry_width + self.GAP
        return positions

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        positions = self._positions(width)
        return round((positions[-1][1] if positions else 0.0) + self._line())

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(max(self.width(), 200)))

    def minimumSizeHint(self) -> QSize:
        return QSize(60, round(self._line()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line, side = self._line(), 9.0 * self._scale
        positions = self._positions(self.width())
        for (text, symbol, color, hollow), (x, y) in zip(self._entries, positions, strict=True):
            if symbol:
                self._glyph(painter, QPointF(x + 0.5 + side / 2, y + line / 2), symbol, color, hollow)
                x += 14.0 * self._scale
            painter.setPen(self._muted if symbol in ("o", "") and color == self._muted else self._text_color)
            box = QRectF(x, y, self.width() - x, line)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _glyph(self, painter: QPainter, centre: QPointF, symbol: str, color: QColor, hollow: bool) -> None:
        size = (9.0 - (1.6 if hollow else 0.0)) * self._scale
        painter.save()
        painter.translate(centre)
        painter.scale(size, size)
        pen = QPen(color, 1.6 * self._scale)
        pen.setCosmetic(True)
        painter.setPen(pen if hollow else Qt.PenStyle.NoPen)
        painter.setBrush(Qt.BrushStyle.NoBrush if hollow else color)
        painter.drawPath(symbol_path(symbol))
        painter.restore()


@dataclass(frozen=True)
class Stroke:
    """How a curve is drawn: `dash` in pixels on, off, ...; empty is solid."""

    color: QColor
    width: float
    dash: tuple[float, ...]


class CurveChip(QAbstractButton):
    """A curve's entry: its stroke, "train" or "test", and its value; a click hides or shows the curve."""

    def __init__(self, words: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setText(title)
        self.setAccessibleName(words)
        set_tip(self, f"{words}: click to hide or show this curve.")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.stroke = Stroke(QColor("black"), 2.0, ())
        self.value = ""
        self._is_narrow = self._names_part = False
        self._font = (
            self.font()
        )  # its own: where a widget gets another parent, the style sheet gives it an earlier font
        self._text_color, self._muted, self._hover = QColor("black"), QColor("gray"), QColor("lightgray")

    def set_colors(self, stroke: Stroke, text_color: QColor, muted: QColor, hover: QColor, font: QFont) -> None:
        """Set the stroke, the colours and the font; a hidden curve is muted."""
        self.stroke, self._text_color, self._muted, self._hover = stroke, text_color, muted, hover
        self._font = font
        self.updateGeometry()
        self.update()

    def accessible_interface(self) -> ToggleInterface:
        """Return what a screen reader is told: whether the curve is shown, and its value."""
        return ToggleInterface(self, lambda: self.value if self.isChecked() else "hidden")

    def set_value(self, value: str) -> None:
        """Show a value; the width stays the same."""
        if value != self.value:
            self.value = value
            self.update()

    def set_narrow(self, narrow: bool, names_part: bool) -> None:
        """Take less room, for the names; without its part where there is only one."""
        if (narrow, names_part) != (self._is_narrow, self._names_part):
            self._is_narrow, self._names_part = narrow, names_part
            self.updateGeometry()
            self.update()

    def _parts(self, narrow: bool) -> tuple[float, float, float]:
        metrics = QFontMetricsF(self._font)
        titled = not narrow or self._names_part
        return (
            18.0 if narrow else 24.0,
            max(metrics.horizontalAdvance(t) for t in ("train", "test")) if titled else 0.0,
            metrics.horizontalAdvance("8.88e−8" if narrow else "0.00e−000"),
        )

    @property
    def full_width(self) -> int:
        """The width that it takes unless it is narrow."""
        return round(18 + sum(self._parts(False)))

    def sizeHint(self) -> QSize:
        height = round(QFontMetricsF(self._font).height() + 5)
        return QSize(round(18 + sum(self._parts(self._is_narrow))), height)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if self.underMouse() or self.hasFocus():
            painter.setPen(QPen(self._text_color, 1) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(self._hover)
            painter.drawRoundedRect(box, 4, 4)
        shown = self.isChecked()
        glyph, title, _ = self._parts(self._is_narrow)
        pen = QPen(self.stroke.color if shown else self._muted, self.stroke.width if shown else 1.5)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if self.stroke.dash:
            pen.setDashPattern([length / pen.widthF() for length in self.stroke.dash])
        painter.setPen(pen)
        middle = box.center().y()
        painter.drawLine(QPointF(4.0, middle), QPointF(4.0 + glyph, middle))
        painter.setPen(self._text_color if shown else self._muted)
        left = QRectF(8.0 + glyph, 0.0, title + 2.0, self.height())
        if title:
            painter.drawText(left, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())
        right = QRectF(left.right(), 0.0, self.width() - left.right() - 4.0, self.height())
        text = self.value if shown else "hidden"
        painter.drawText(right, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)


class CurveName(QAbstractButton):
    """The heading of a row of curves: the lane if there are several, the loss or metric, and its role.

    A click hides or shows all curves of its row. The role is written where all that share room with it can write
    theirs: on one row alone it would say that the others have none. Where even the name has no room, the name that
    the lane was given is left out, as its letter says which it is; what is still too long is cut in the middle.
    """

    def __init__(self, lane: str, name: str, role: str, given: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lane, self.role, self._short = lane, f"({role})" if role else "", name
        self.name = name = f"{given} \u00b7 {name}" if given else name  # lanes often share the loss
        self._font = self.font()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        title = f"{name} ({role})" if role else name
        self.setAccessibleName(f"{lane}: {title}" if lane else title)
        set_tip(self, f"{self.accessibleName()}: click to hide or show its curves.")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keyboard reaches each curve's chip
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._text_color, self._muted, self._color, self._on = (QColor("black"),) * 4
        self._sharing: Sequence[CurveName] = (self,)

    @staticmethod
    def share_room(names: Sequence[CurveName]) -> None:
        """Let these write their roles only together."""
        for name in names:
            name._sharing = names

    def set_colors(self, text_color: QColor, muted: QColor, color: QColor, on: QColor, font: QFont) -> None:
        """Set the colours and the font; `color` is the lane's, `on` that of the text on it."""
        self._text_color, self._muted, self._color, self._on = text_color, muted, color, on
        self._font = font
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(self._font)
        return QSize(
            round(metrics.horizontalAdvance(f"{self.lane} {self.name} {self.role}")) + 20,
            round(metrics.height() + 5),
        )

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.sizeHint().height())

    @property
    def least_width(self) -> int:
        """The width that it takes without its role and the name that its lane was given."""
        metrics = QFontMetricsF(self._font)
        badge = metrics.horizontalAdvance(self.lane) + 16.0 if self.lane else 0.0
        return round(badge + metrics.horizontalAdvance(self._short)) + 2

    @property
    def shown_name(self) -> str:
        """The name as it is written: as much of it as there is room for."""
        metrics, room = QFontMetricsF(self._font), self.width() - self._name_left
        if metrics.horizontalAdvance(self.name) <= room:
            return self.name
        return metrics.elidedText(self._short, Qt.TextElideMode.ElideMiddle, room)

    @property
    def shows_role(self) -> bool:
        """Whether the role is written."""
        return all(name._has_room for name in self._sharing)

    @property
    def _has_room(self) -> bool:
        """Whether name and role fit side by side."""
        needed = QFontMetricsF(self._font).horizontalAdvance(self.name) + self._role_width
        return needed <= self.width() - self._name_left

    @property
    def _role_width(self) -> float:
        return QFontMetricsF(self._font).horizontalAdvance(self.role) + 6.0

    @property
    def _lane_text(self) -> str:
        return QFontMetricsF(self._font).elidedText(self.lane, Qt.TextElideMode.ElideRight, self.width() / 3)

    @property
    def _name_left(self) -> float:
        return QFontMetricsF(self._font).horizontalAdvance(self._lane_text) + 16.0 if self.lane else 0.0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        x = self._name_left
        if self.lane:
            box = QRectF(0.0, 2.0, x - 6.0, self.height() - 4.0)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._color)
            painter.drawRoundedRect(box, 3, 3)
            painter.setPen(self._on)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._lane_text)
        room = self.width() - x
        # the name matters more than the role, which the stroke shows as well
        with_role = self.shows_role
        name = self.shown_name
        painter.setPen(self._text_color)
        painter.drawText(QRectF(x, 0.0, room, self.height()), middle, name)
        if with_role:
            x += QFontMetricsF(self._font).horizontalAdvance(name) + 6.0
            painter.setPen(self._muted)
            painter.drawText(QRect(round(x), 0, self.width(), self.height()), middle, self.role)
