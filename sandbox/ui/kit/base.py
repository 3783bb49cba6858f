"""What the controls share: cards, labelled rows, and sizes that follow the scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QIcon,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStyle,
    QStyleOptionToolButton,
    QStylePainter,
    QToolButton,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from sandbox.glossary import explanation
from sandbox.ui import theme
from sandbox.ui.icons import icon

LEAST_LETTERS = 4  # of a text that is cut; fewer are not shown
LABEL_WIDTH = 94  # of labels left of their controls, so that the controls line up
_SHORT_TITLE = 40  # pixels that the title of a card keeps


if TYPE_CHECKING:
    _Widget = QWidget  # a mixin for widgets may use their methods
else:
    _Widget = object


class StyleFollower(_Widget):
    """A mixin, listed before the Qt class: calls `fit`, which sets lengths, whenever the theme or its scale changes."""

    _follows_style = False

    def follow_style(self) -> None:
        """Call `fit` now and on every change of style. Call this once, when everything that `fit` uses exists."""
        self._follows_style = True
        self.fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if self._follows_style and event.type() == QEvent.Type.StyleChange:
            self.fit()

    def fit(self) -> None:
        """Set the lengths that follow the scale."""


def focused_wheel(widget: QWidget, event: QWheelEvent, handle: Callable[[QWheelEvent], None]) -> None:
    """Let the wheel change a control only if it has the focus; otherwise it scrolls the area around it."""
    if widget.hasFocus():
        handle(event)
    else:
        event.ignore()


def is_undo_shortcut(event: QEvent, typing: bool) -> bool:
    """Return whether an edit should leave this event to the window: undo or redo, unless the user is typing."""
    if typing or event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
        return False
    control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
    return control and event.key() in (Qt.Key.Key_Z, Qt.Key.Key_Y)


class Label(QLabel):
    """A label whose tooltip, unless it has one, explains the terms of the field that its text uses."""

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and not self.toolTip():
            assert isinstance(event, QHelpEvent)
            QToolTip.showText(event.globalPos(), explanation(self.text()), self)
            return True
        return super().event(event)


def label(text: str, role: str = "") -> QLabel:
    """Return a plain-text label; the style sheet's roles are "title", "subtitle", "hint", "caption" and "reading"."""
    result = Label(text)
    result.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        result.setProperty("role", role)
    return result


def set_state(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet uses, and restyle the widget if it changed."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def say(widget: QWidget, sentence: str) -> None:
    """Show one sentence just below a control."""
    QToolTip.showText(widget.mapToGlobal(QPoint(0, widget.height() // 2)), sentence, widget)


def discard(widget: QWidget) -> None:
    """Delete a widget that is no longer needed, with its children, at once."""
    widget.deleteLater()
    QCoreApplication.sendPostedEvents(widget, QEvent.Type.DeferredDelete.value)


def call_later(of: QObject, act: Callable[[], object]) -> None:
    """Call `act` after the current event has been handled.

    Showing, hiding or moving widgets between layouts in the middle of a layout pass starts another pass inside it,
    and the items that were still to be placed may be gone.
    """
    QTimer.singleShot(0, of, act)


class IconButton(StyleFollower, QToolButton):
    """A button that shows only an icon, with a name for screen readers.

    Parameters
    ----------
    name : str
        Of the icon.
    text : str
        The tooltip: what the button does, in one sentence.
    accessible : str
        Its accessible name.
    flat : bool
        Without an outline until hovered.
    """

    def __init__(self, name: str, text: str, accessible: str, flat: bool = False) -> None:
        super().__init__()
        self.setIcon(icon(name, "muted" if flat else "text_color"))
        self.setToolTip(text)
        self.setAccessibleName(accessible)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if flat:
            self.setProperty("role", "flat")
        self.follow_style()

    def fit(self) -> None:
        """Set the size of the icon, and the height that all controls have."""
        self.setIconSize(QSize(theme.px(16), theme.px(16)))
        self.setFixedHeight(theme.px(theme.CONTROL))


class Elided(Label):
    """A label that can shrink: text that does not fit ends in an ellipsis, and the tooltip shows it in full.

    It may have two lines; a text that fits into one stands in the middle of them.
    """

    def __init__(self, text: str = "", role: str = "subtitle") -> None:
        super().__init__(text)
        self.setProperty("role", role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._hint = ""
        self._lines = 1

    def set_lines(self, lines: int) -> None:
        """Take the height of one line or of two."""
        if lines != self._lines:
            self._lines = lines
            self.updateGeometry()

    def setToolTip(self, text: str) -> None:
        self._hint = text
        super().setToolTip(text)

    def sizeHint(self) -> QSize:
        more = (self._lines - 1) * self.fontMetrics().lineSpacing()
        return super().sizeHint() + QSize(0, more)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        cut = self.shown_text() != self.text()
        super().setToolTip(self.text() if cut and not self._hint else self._hint)
        self.update()  # repaint all of it: another part of the text may fit now

    def shown_text(self) -> str:
        """Return the text as far as there is room for it."""
        return " ".join(self._broken())

    def fits_line(self) -> bool:
        """Return whether the text fits into one line."""
        return self.fontMetrics().horizontalAdvance(self.text()) <= self.contentsRect().width()

    def _broken(self) -> list[str]:
        return broken(self.text(), self.fontMetrics(), self.contentsRect().width(), self._lines)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        room = self.contentsRect()
        text = "\n".join(self._broken())
        if len(text) < min(LEAST_LETTERS, len(self.text())):
            return  # a letter or two are of no use
        painter.drawText(room, int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), text)


def broken(text: str, metrics: QFontMetrics, width: int, lines: int) -> list[str]:
    """Return a text in at most so many lines of a width in pixels, the last of them elided if need be."""
    words, result = text.split(" "), []
    while lines > 1 and len(words) > 1 and metrics.horizontalAdvance(" ".join(words)) > width:
        fitting = [n for n in range(1, len(words)) if metrics.horizontalAdvance(" ".join(words[:n])) <= width]
        if not fitting:
            break
        result.append(" ".join(words[: fitting[-1]]))
        words, lines = words[fitting[-1] :], lines - 1
    return [*result, metrics.elidedText(" ".join(words), Qt.TextElideMode.ElideRight, width)]


class Card(StyleFollower, QFrame):
    """A plain rounded frame with a title, a subtitle, a slot for buttons in its header, and a body.

    Attributes
    ----------
    header : QHBoxLayout
        Right of title and subtitle: add buttons here.
    body : QVBoxLayout
    """

    def __init__(self, title: str, subtitle: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAccessibleName(title)
        self.title = Elided(title, "title")
        self.subtitle = Elided(subtitle)
        self.header = QHBoxLayout()
        self._top = QHBoxLayout()
        self._top.addWidget(self.title)
        self._top.addWidget(self.subtitle, 1)
        self._top.addLayout(self.header)
        self.body = QVBoxLayout()
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._top)
        self._column.addLayout(self.body, 1)
        self.follow_style()

    def set_subtitle(self, text: str) -> None:
        """Set the muted text beside the title."""
        if text != self.subtitle.text():
            self.subtitle.setText(text)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            call_later(self, self._fit_title)
        return super().event(event)

    def _fit_title(self) -> None:
        """Leave out the title where the header needs its room: a letter or two of it are of no use."""
        margins = self._column.contentsMargins()
        room = (
            self.width() - margins.left() - margins.right() - self.header.sizeHint().width() - 2 * self._top.spacing()
        )
        text = self.title.text()
        least = text if len(text) <= LEAST_LETTERS else f"{text[:LEAST_LETTERS]}\u2026"
        self.title.setVisible(room >= self.title.fontMetrics().horizontalAdvance(least))

    def fit(self) -> None:
        """Set margins and spacings."""
        edge, half = theme.px(10), theme.px(theme.HALF)
        self._column.setContentsMargins(edge, theme.px(6), edge, theme.px(theme.GRID))
        self._column.setSpacing(half)
        self._top.setSpacing(theme.px(theme.GRID))
        self.header.setSpacing(half)
        self.body.setSpacing(half)
        self.title.setMinimumHeight(theme.px(20))
        # a short title, such as "Cost", does not give way to the controls beside it
        self.title.setMinimumWidth(min(self.title.sizeHint().width(), theme.px(_SHORT_TITLE)))


class ViewCard(Card):
    """A card of a view, which takes the room that it is given: a text that wraps in it asks for none."""

    def hasHeightForWidth(self) -> bool:
        return False


class LineGlyph(StyleFollower, QWidget):
    """A short line as the plots draw it: solid for the objective, dashed for a monitor."""

    def __init__(self, dashed: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dashed = dashed
        self.setAccessibleName("dashed line" if dashed else "solid line")
        self.follow_style()

    def fit(self) -> None:
        self.setFixedSize(theme.px(24), theme.px(12))

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        pen = painter.pen()
        pen.setColor(colours.muted)
        pen.setWidth(theme.px(2))
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if self._dashed:
            pen.setDashPattern([3, 2])
        painter.setPen(pen)
        middle = self.height() // 2
        painter.drawLine(0, middle, self.width(), middle)


class ControlRow(StyleFollower, QWidget):
    """A control with its label: left of it, or above it if the control needs the full width.

    Parameters
    ----------
    text : str
        The label.
    control : QWidget
        Takes the label as its accessible name.
    tooltip : str
        What the control does, in one sentence; shown for the label and the control.
    above : bool
        Whether the label stands above the control.
    tight : bool
        Whether the label takes only the room it needs, for a wide control.
    extras : sequence of QWidget
        Beside the label, e.g. a glyph and a hint (only with `above`).
    """

    def __init__(
        self,
        text: str,
        control: QWidget,
        tooltip: str = "",
        above: bool = False,
        tight: bool = False,
        extras: Sequence[QWidget] = (),
    ) -> None:
        super().__init__()
        self.control = control
        self.label = label(text)
        self.label.setBuddy(control)
        self._above = above
        self._tight = tight
        self._line = QHBoxLayout()
        self._line.addWidget(self.label)
        for extra in extras:
            self._line.addWidget(extra)
        self._layout: QBoxLayout
        if above:
            self._line.addStretch(1)
            self._layout = QVBoxLayout(self)
            self._layout.addLayout(self._line)
        else:
            self._layout = QHBoxLayout(self)
            self._layout.addLayout(self._line)
            self._layout.setAlignment(self._line, Qt.AlignmentFlag.AlignTop)
        self._layout.addWidget(control, 1)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._text = self._tip = ""
        self.name(text, tooltip)
        self.follow_style()

    def append(self, widget: QWidget) -> None:
        """Put a widget after the control."""
        self._layout.addWidget(widget)

    def name(self, text: str, tooltip: str) -> None:
        """Set the label, and the tooltip of label and control."""
        self._text, self._tip = text, tooltip
        self.label.setText(text)
        self.control.setAccessibleName(text)
        self.mark("")

    def mark(self, differences: str) -> None:
        """Mark the label if lanes differ in this setting, and say how in the tooltips; "" if they do not."""
        tooltip = f"{self._tip}\nLanes differ: {differences}" if differences else self._tip
        if tooltip == self.label.toolTip():
            return
        for widget in (self.label, self.control):
            widget.setToolTip(tooltip)
        self.control.setAccessibleDescription(tooltip)
        self.label.setText(f"{self._text} \u2260" if differences else self._text)
        set_state(self.label, "role", "differs" if differences else "")

    def fit(self) -> None:
        if not self._above:
            self.label.setMinimumHeight(theme.px(theme.CONTROL))
            self.label.setMinimumWidth(0 if self._tight else theme.px(LABEL_WIDTH))
        self._line.setSpacing(theme.px(theme.HALF + 2))
        self._layout.setSpacing(theme.px(2 if self._above else theme.HALF))


class MoreButton(QToolButton):
    """A button that shows and hides the less important rows. Put it in a card's header.

    Parameters
    ----------
    of : str
        What it shows more of, for tooltip and accessible name, e.g. "data settings".
    """

    def __init__(self, of: str) -> None:
        super().__init__()
        self._of = of
        self.setProperty("role", "more")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._rows: list[tuple[QWidget, Callable[[], bool], Callable[[], bool]]] = []
        self.toggled.connect(self.refresh)
        self.refresh()

    def sizeHint(self) -> QSize:
        text_width = QFontMetrics(theme.font(theme.SMALL)).horizontalAdvance(self.text())
        return QSize(text_width + theme.px(10 + 4 * theme.HALF), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        text, option.text, option.icon = option.text, "", QIcon()
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        gap, side = theme.px(theme.HALF + 1), theme.px(10)
        colours = theme.current()
        painter.setPen(QColor(colours.text_color if self.underMouse() or self.hasFocus() else colours.muted))
        painter.drawText(self.rect().adjusted(gap, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)
        arrow = QRect(self.width() - gap - side, (self.height() - side) // 2, side, side)
        icon("chevron-up" if self.isChecked() else "chevron-down", "muted").paint(painter, arrow)

    def add_row(
        self,
        row: QWidget,
        applies: Callable[[], bool] = lambda: True,
        matters: Callable[[], bool] = lambda: False,
    ) -> None:
        """Show a row only while this is open or the row matters, and never if it does not apply."""
        self._rows.append((row, applies, matters))

    def refresh(self) -> None:
        """Update which rows are shown."""
        opened = self.isChecked()
        self.setText("Less" if opened else "More")
        self.setToolTip(f"{'Hides' if opened else 'Shows'} the less important {self._of}.")
        self.setAccessibleName(f"{'Less' if opened else 'More'} {self._of}")
        for row, applies, matters in self._rows:
            row.setVisible((opened or matters()) and applies())
