"""Code that stands beside the equations: its lines light up with what they compute."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

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
OTHER = "It is not the cost that is learned with."
PALE = "Pale: lines that use it."
PALE_TOO = "Pale: lines that use it, and the same of other layers."


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
    learned : frozenset of int
        The lines of a cost that is surely the one learned with.
    printed : frozenset of int
        The lines of a cost that is surely another one.
    parts : mapping of int to frozenset of Quantity
        What lines compute on their way, without a name.
    """

    layers: int
    decided: frozenset[Quantity] = frozenset()
    changed: frozenset[Quantity] = frozenset()
    why: str = ""
    learned: frozenset[int] = frozenset()
    printed: frozenset[int] = frozenset()
    parts: Mapping[int, frozenset[Quantity]] = field(default_factory=dict)


class CodeView(StyleFollower, QTextEdit):
    """The lines, to be pointed at by mouse or by the arrow keys.

    Attributes
    ----------
    listing : Listing
    current : int or None
        The line that is pointed at.

    Signals
    -------
    pointed(object, object)
        The `Quantity` of the line that is pointed at, None if there is none any more; and the set of those that it
        computes on its way.
    chosen(object)
        The `Quantity` of the line that was clicked, or on which Enter was pressed.
    dismissed()
        Escape was pressed: nothing is to be kept any longer.
    reached(QRect)
        Where the line is that was reached by a key.
    """

    pointed = Signal(object, object)
    dismissed = Signal()
    chosen = Signal(object)
    reached = Signal(QRect)

    def __init__(self, listing: Listing) -> None:
        super().__init__()
        self.listing = listing
        self._network = Network(0)
        self._hovered: int | None = None
        self._focused: int | None = None
        self._clicked: int | None = None  # where the keys go on
        self._lit: Quantity | None = None  # what is in view beside it
        self._alike: frozenset[Quantity] = frozenset()  # the same of other layers
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

    def shown(self, number: int) -> Quantity | None:
        """Return what the equations have to show of a line: nothing of a cost, unless it is the one learned with."""
        found = self.quantity(number)
        return None if found == COST and number not in self._network.learned else found

    def is_other_cost(self, number: int) -> bool:
        """Return whether a line surely computes another cost than the one that is learned with."""
        return number in self._network.printed

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
        if self.current is not None and self.shown(self.current) is None:
            return (self.current,)
        return self._computing({self._in_view})

    @property
    def faint(self) -> tuple[int, ...]:
        """The lines that use what is in view, on their way too, and those that compute the same of other layers."""
        wanted, strong = self._in_view, self.strong
        lines = enumerate(self.listing.lines)
        using = (n for n, line in lines if wanted in line.uses or wanted in self._network.parts.get(n, ()))
        return tuple(sorted({*using, *self.alike} - {*strong}))

    @property
    def alike(self) -> tuple[int, ...]:
        """The lines that compute the same as what is in view, of other layers."""
        return self._computing(self._alike) if self.current is None else ()

    def _computing(self, wanted: Collection[Quantity | None]) -> tuple[int, ...]:
        lines = enumerate(self.listing.lines)
        found = (number for number, line in lines if not line.computes.isdisjoint(wanted))
        return tuple(number for number in found if self.shown(number) is not None)

    @property
    def _in_view(self) -> Quantity | None:
        return self._lit if self.current is None else self.shown(self.current)

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
            self._tell()

    def light(self, quantity: Quantity | None, alike: frozenset[Quantity] = frozenset()) -> None:
        """Light up the lines about what is in view beside them; faintly those about the same of other layers."""
        if (quantity, alike) != (self._lit, self._alike):
            self._lit, self._alike = quantity, alike
            self.viewport().update()

    def _set(self, hovered: int | None, focused: int | None) -> None:
        before = self.current
        self._hovered, self._focused = hovered, focused
        if self.current != before:
            self.viewport().update()
            self._tell()

    def _tell(self) -> None:
        """Say what is pointed at."""
        number = self.current
        if number is None:
            self.pointed.emit(None, frozenset())
        else:
            self.pointed.emit(self.shown(number), self._network.parts.get(number, frozenset()))

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
            self._clicked = number
            self._choose(number)

    def _choose(self, number: int) -> None:
        if self.shown(number) is not None:
            self.chosen.emit(self.shown(number))

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
        if self._holds and event.type() == QEvent.Type.ShortcutOverride and _is_escape(event):
            event.accept()  # it lets go of the line, and of what is kept, first
            return True
        return super().event(event)

    @property
    def _holds(self) -> bool:
        """Whether a line was reached by the keys, or something is kept beside it."""
        return self._focused is not None or self._lit is not None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        key, plain = event.key(), held == Qt.KeyboardModifier.NoModifier
        if plain and key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self._step(1 if key == Qt.Key.Key_Down else -1):
            return
        if plain and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current is not None:
            self._choose(self.current)
        elif plain and key == Qt.Key.Key_Escape and self._holds:
            self._clicked = None
            self._set(None, None)
            self.dismissed.emit()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self._copy()
        else:
            event.ignore()

    def _step(self, by: int) -> bool:
        """Go to the next line that computes something; return whether there is one."""
        known = [number for number in range(len(self.listing.lines)) if self.quantity(number) is not None]
        current = self._clicked if self.current is None else self.current
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
            self._clicked = None
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
        font.setPixelSize(theme.type_px(theme.SMALL))
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
    more : QLabel
        That a cost is not the one learned with, or what the pale lines are.
    differs : QLabel
        Which lines another network would change.
    """

    def __init__(self, listing: Listing) -> None:
        super().__init__()
        self.view = CodeView(listing)
        self.what, self.why, self.more = Elided(HINT, "hint"), Elided("", "hint"), Elided("", "hint")
        self.differs = wrapped("", "hint")
        self.differs.hide()
        self._shape: tuple[Quantity, str] | None = None
        self._column, self._row = QVBoxLayout(self), QHBoxLayout()
        self._column.addWidget(self.view)
        self._column.addLayout(self._row)
        self._column.addWidget(self.more)
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

    def light(self, quantity: Quantity | None, alike: frozenset[Quantity] = frozenset()) -> None:
        """Light up the lines about what is in view beside them, and say what the first of them computes."""
        self.view.light(quantity, alike)
        self._describe()

    def show_shape(self, quantity: Quantity, shape: str) -> None:
        """Add the shape of an array whose numbers have come."""
        self._shape = quantity, shape
        self._describe()

    def _describe(self, *_: object) -> None:
        number = next(iter(self.view.strong), None) if self.view.current is None else self.view.current
        quantity = None if number is None else self.view.quantity(number)
        if number is None or quantity is None:
            self.what.setText(HINT)
            self.why.setText("")
        else:
            self.what.setText(self._what(number, quantity))
            self.why.setText(self._why(number))
        self.what.setVisible(bool(self.what.text()))
        self.more.setText(self._more(number))
        set_state(self.why, "role", "decided" if self.why.text() == ENTERS else "hint")
        self.view.setAccessibleDescription(
            " ".join(part.text() for part in (self.what, self.why, self.more) if part.text())
        )

    def _what(self, number: int, quantity: Quantity) -> str:
        name, layer = quantity
        if quantity == COST:
            if self.view.shown(number) is not None:
                return "The cost, C."
            return "" if self._why(number) else "A cost."
        shape = self._shape[1] if self._shape is not None and self._shape[0] == quantity else ""
        return f"{name}[{layer}]" + (f", {self._written(number, shape)}" if shape else "")

    def _written(self, number: int, shape: str) -> str:
        """Return a shape as the line makes it: what has one number per unit is a column if it keeps its dimensions."""
        if not shape.isdecimal():
            return shape
        keeps = "keepdims=True" in self.view.listing.lines[number].text
        return f"{shape} \u00d7 1" if keeps else words.count(int(shape), "number")

    def _more(self, number: int | None) -> str:
        if number is not None and self.view.is_other_cost(number):
            return OTHER
        if not self.view.faint:
            return ""
        return PALE_TOO if set(self.view.alike) - set(self.view.strong) else PALE

    def _why(self, number: int) -> str:
        if number in self.view.entries:
            return ENTERS
        return PRINTED if self.view.listing.is_only_printed(number) else ""

    def fit(self) -> None:
        """Set the spacings, and the heights that stay whatever is said."""
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.px(theme.HALF))
        self._row.setSpacing(theme.px(theme.GRID))
        for part in (self.what, self.why, self.more):
            part.setFixedHeight(theme.px(16))
