"""Code that stands beside the equations: its lines light up with what they compute."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFont,
    QFontDatabase,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QSizePolicy, QTextEdit, QVBoxLayout, QWidget

from sandbox import words
from sandbox.lessons.listing import COST, Listing, Quantity
from sandbox.ui import theme
from sandbox.ui.kit import Elided
from sandbox.ui.kit.base import StyleFollower, call_later, set_state
from sandbox.ui.lessons.buttons import wrapped

HINT = "Point at a line: the equations show what it computes."
ENTERS, PRINTED = "The loss enters here.", "Printed: no other line uses it."


@dataclass(frozen=True)
class Network:
    """What a listing is about.

    Attributes
    ----------
    layers : int
    decided : frozenset of Quantity
        The derivatives whose equations the loss decides.
    changed : frozenset of Quantity
        What is computed otherwise now than in the listing.
    why : str
        A phrase for it, "A now learns with mean squared error"; "" if nothing is.
    """

    layers: int
    decided: frozenset[Quantity] = frozenset()
    changed: frozenset[Quantity] = frozenset()
    why: str = ""


class CodeView(StyleFollower, QTextEdit):
    """The lines, to be pointed at by mouse or by the arrow keys.

    Attributes
    ----------
    listing : Listing
    current : int or None
        The line that is pointed at.

    Signals
    -------
    pointed(object)
        The `Quantity` of the line that is pointed at; None if there is none any more.
    chosen(object)
        The `Quantity` of the line that was clicked, or on which Enter was pressed.
    reached(QRect)
        Where the line is that was reached by a key.
    """

    pointed = Signal(object)
    chosen = Signal(object)
    reached = Signal(QRect)

    def __init__(self, listing: Listing) -> None:
        super().__init__()
        self.listing = listing
        self._network = Network(0)
        self._hovered: int | None = None
        self._focused: int | None = None
        self._lit: Quantity | None = None  # what is in view beside it
        self.setAccessibleName("Code")
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUndoRedoEnabled(False)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed))
        self.viewport().setAutoFillBackground(False)
        self.viewport().setMouseTracking(True)
        self.viewport().setCursor(Qt.CursorShape.ArrowCursor)
        self.setPlainText("\n".join(line.text for line in self.listing.lines))
        self.follow_style()

    # What its lines are

    def quantity(self, number: int) -> Quantity | None:
        """Return the array of the network that a line computes; the first by name if it computes several."""
        layers = self._network.layers
        known = [found for found in self.listing.lines[number].computes if found[1] <= layers]
        return min(known, default=None)

    @property
    def entries(self) -> tuple[int, ...]:
        """The lines in which the loss enters."""
        return self.listing.entries(self._network.decided)

    @property
    def changed(self) -> tuple[int, ...]:
        """The lines that no longer compute what the equations say."""
        lines = enumerate(self.listing.lines)
        return tuple(number for number, line in lines if line.computes & self._network.changed)

    @property
    def strong(self) -> tuple[int, ...]:
        """The lines that compute what is in view."""
        return self._lines_with(self._in_view, uses=False)

    @property
    def faint(self) -> tuple[int, ...]:
        """The lines that only use what is in view."""
        return tuple(number for number in self._lines_with(self._in_view, uses=True) if number not in self.strong)

    def _lines_with(self, wanted: Quantity | None, uses: bool) -> tuple[int, ...]:
        lines = enumerate(self.listing.lines)
        return tuple(number for number, line in lines if wanted in (line.uses if uses else line.computes))

    @property
    def _in_view(self) -> Quantity | None:
        return self._lit if self.current is None else self.quantity(self.current)

    # What is pointed at

    @property
    def current(self) -> int | None:
        return self._focused if self._hovered is None else self._hovered

    def show_network(self, network: Network) -> None:
        """Follow the network that the equations are of."""
        if network != self._network:
            self._network = network
            self._paint_text()
            self.viewport().update()

    def light(self, quantity: Quantity | None) -> None:
        """Light up the lines about what is in view beside them."""
        if quantity != self._lit:
            self._lit = quantity
            self.viewport().update()

    def _set(self, hovered: int | None, focused: int | None) -> None:
        before = self.current
        self._hovered, self._focused = hovered, focused
        if self.current != before:
            self.viewport().update()
            self.pointed.emit(None if self.current is None else self.quantity(self.current))

    def _line_at(self, y: float) -> int | None:
        """Return the line at a height, if it computes something."""
        block = self.document().begin()
        while block.isValid():
            place = self._place(block)
            if place.top() <= y < place.bottom():
                number = block.blockNumber()
                return None if self.quantity(number) is None else number
            block = block.next()
        return None

    def _place(self, block: QTextBlock) -> QRectF:
        place = self.document().documentLayout().blockBoundingRect(block)
        return QRectF(0.0, place.top(), self.viewport().width(), place.height())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._set(self._line_at(event.position().y()), self._focused)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        number = self._line_at(event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and number is not None and not self.textCursor().hasSelection():
            self.chosen.emit(self.quantity(number))

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._set(None, self._focused)
        return super().viewportEvent(event)

    def wheelEvent(self, event: object) -> None:
        event.ignore()  # type: ignore[attr-defined]

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer to copy: the code in plain text, what is selected of it or all."""
        menu = QMenu(self)
        copy = QAction("Copy" if self.textCursor().hasSelection() else "Copy all", menu)
        copy.triggered.connect(self._copy)
        menu.addAction(copy)
        menu.exec(event.globalPos())
        menu.deleteLater()

    def _copy(self) -> None:
        if not self.textCursor().hasSelection():
            self.selectAll()
        self.copy()

    # Keys

    def event(self, event: QEvent) -> bool:
        if self._focused is not None and event.type() == QEvent.Type.ShortcutOverride and _is_escape(event):
            event.accept()  # it lets go of the line first
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        key, plain = event.key(), held == Qt.KeyboardModifier.NoModifier
        if plain and key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self._step(1 if key == Qt.Key.Key_Down else -1):
            return
        if plain and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current is not None:
            self.chosen.emit(self.quantity(self.current))
        elif plain and key == Qt.Key.Key_Escape and self._focused is not None:
            self._set(None, None)
        elif event.matches(QKeySequence.StandardKey.Copy):
            self._copy()
        else:
            event.ignore()

    def _step(self, by: int) -> bool:
        """Go to the next line that computes something; return whether there is one."""
        known = [number for number in range(len(self.listing.lines)) if self.quantity(number) is not None]
        current = self.current
        if current is None:
            current = -1 if by > 0 else len(self.listing.lines)
        further = [number for number in known if (number - current) * by > 0]
        if not further:
            return False
        number = further[0] if by > 0 else further[-1]
        self._set(None, number)
        block = self.document().findBlockByNumber(number)
        self.setTextCursor(QTextCursor(block))  # a screen reader reads the line
        self.reached.emit(self._place(block).toAlignedRect())
        return True

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self._step(1)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._set(self._hovered, None)

    # Look

    def fit(self) -> None:
        """Set the type and the lengths that follow the scale."""
        self._paint_text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        call_later(self, self._take_height)

    def _take_height(self) -> None:
        height = max(1, math.ceil(self.document().size().height()))
        if height != self.minimumHeight():
            self.setFixedHeight(height)

    def sizeHint(self) -> QSize:
        return QSize(0, self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.minimumHeight())

    def _paint_text(self) -> None:
        """Set type and colours: what the loss decides in its colour, underlined what would have to change."""
        colours = theme.current()
        self.document().setDocumentMargin(theme.px(2))
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, QColor(Qt.GlobalColor.transparent))
        self.setPalette(palette)
        font = QFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        font.setPixelSize(theme.px(theme.SMALL))
        hanging = theme.px(14)
        layout, look = QTextBlockFormat(), QTextCharFormat()
        layout.setLeftMargin(theme.px(theme.GRID) + hanging)
        layout.setTextIndent(-hanging)  # what goes on below a long line is set in
        look.setFont(font)
        look.setForeground(QColor(colours.text_color))
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.setBlockFormat(layout)
        cursor.setCharFormat(look)
        entries, changed = self.entries, self.changed
        for number, line in enumerate(self.listing.lines):
            code = line.text.removesuffix(line.comment).rstrip()
            self._paint_part(number, len(code), len(line.text), colours.muted)  # its comment
            if number in entries:
                for factor in self.listing.decided_factors(number):
                    self._paint_part(number, factor.start, factor.end, colours.decided)
            if number in changed:
                indent = len(line.text) - len(line.text.lstrip())
                self._paint_part(number, indent, len(code), "")
        call_later(self, self._take_height)

    def _paint_part(self, number: int, start: int, end: int, colour: str) -> None:
        """Set a part of a line in a colour; without one, underline it."""
        look = QTextCharFormat()
        if colour:
            look.setForeground(QColor(colour))
        else:
            look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DashUnderline)
            look.setUnderlineColor(QColor(theme.current().muted))
        first = self.document().findBlockByNumber(number).position()
        cursor = QTextCursor(self.document())
        cursor.setPosition(first + start)
        cursor.setPosition(first + end, QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(look)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.viewport().rect(), QColor(colours.hover))
        strong, faint, entries = self.strong, self.faint, self.entries
        block = self.document().begin()
        while block.isValid():
            number, place = block.blockNumber(), self._place(block)
            if number in strong or number in faint:
                painter.setBrush(QColor(colours.accent_soft))
                painter.setPen(QPen(QColor(colours.accent), theme.px(1)) if number in strong else Qt.PenStyle.NoPen)
                inside = place.adjusted(theme.px(5), 0.5, -1.0, -0.5)
                painter.drawRoundedRect(inside, theme.px(3), theme.px(3))
            if self.quantity(number) is not None:  # as beside the equations
                decides = number in entries
                width = theme.px(4) if decides else theme.px(2)
                bar = QRectF(0.0, place.top(), width, place.height())
                painter.fillRect(bar, QColor(colours.decided if decides else colours.edge))
            block = block.next()
        painter.end()
        super().paintEvent(event)


def _is_escape(event: QEvent) -> bool:
    return isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape


class CodeBox(StyleFollower, QWidget):
    """The lines, and below them a few words about the one that is lit up.

    Attributes
    ----------
    view : CodeView
    what, why : QLabel
        Which array the line computes, with its shape; what the loss has to do with it.
    differs : QLabel
        Which lines another network would change.
    """

    def __init__(self, listing: Listing) -> None:
        super().__init__()
        self.view = CodeView(listing)
        self.what, self.why = Elided(HINT, "hint"), Elided("", "hint")
        self.differs = wrapped("", "hint")
        self.differs.hide()
        self._shape: tuple[Quantity, str] | None = None
        self._column, self._row = QVBoxLayout(self), QHBoxLayout()
        self._column.addWidget(self.view)
        self._column.addLayout(self._row)
        self._column.addWidget(self.differs)
        self._row.addWidget(self.what)
        self._row.addWidget(self.why, 1)
        self.view.pointed.connect(self._describe)
        self.follow_style()

    def show_network(self, network: Network) -> None:
        """Follow the network that the equations are of."""
        self.view.show_network(network)
        names = self._names(self.view.changed)
        sentence = ""
        if names:
            what = f"the {'line' if len(names) == 1 else 'lines'} of {words.listed(names)}"
            sentence = f"{network.why}: {what} would have to change."
        self.differs.setText(sentence)
        self.differs.setVisible(bool(self.differs.text()))
        self._describe()

    def _names(self, numbers: Collection[int]) -> list[str]:
        """Return the names, as the code has them, of what is computed otherwise now."""
        lines = self.view.listing.lines
        return list(dict.fromkeys(name for number in numbers for name in sorted(lines[number].assigns)))

    def light(self, quantity: Quantity | None) -> None:
        """Light up the lines about what is in view beside them, and say what the first of them computes."""
        self.view.light(quantity)
        self._describe()

    def show_shape(self, quantity: Quantity, shape: str) -> None:
        """Add the shape of an array whose numbers have come."""
        self._shape = quantity, shape
        self._describe()

    def _describe(self, _: object = None) -> None:
        number = next(iter(self.view.strong), None) if self.view.current is None else self.view.current
        quantity = None if number is None else self.view.quantity(number)
        if number is None or quantity is None:
            self.what.setText(HINT)
            self.why.setText("")
        else:
            self.what.setText(self._what(quantity))
            self.why.setText(self._why(number))
        set_state(self.why, "role", "decided" if self.why.text() == ENTERS else "hint")
        self.view.setAccessibleDescription(" ".join(filter(None, (self.what.text(), self.why.text()))))

    def _what(self, quantity: Quantity) -> str:
        name, layer = quantity
        if quantity == COST:
            return "The cost, C."
        shape = self._shape[1] if self._shape is not None and self._shape[0] == quantity else ""
        return f"{name}[{layer}]" + (f", {shape}" if shape else "")

    def _why(self, number: int) -> str:
        if number in self.view.entries:
            return ENTERS
        return PRINTED if self.view.listing.is_only_printed(number) else ""

    def fit(self) -> None:
        """Set the spacings, and the heights that stay whatever is said."""
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.px(theme.HALF))
        self._row.setSpacing(theme.px(theme.GRID))
        for part in (self.what, self.why):
            part.setFixedHeight(theme.px(16))
