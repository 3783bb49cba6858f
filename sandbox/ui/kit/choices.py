"""Controls that choose among named items: one, several, or on and off."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QKeyEvent, QMouseEvent, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAccessibleWidget,
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionComboBox,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from sandbox.ui import theme
from sandbox.ui.accessible import ChoiceInterface, OneOfInterface
from sandbox.ui.kit.base import StyleFollower, focused_wheel, set_state

Item = tuple[object, str, str]  # value, label, tooltip

_Key, _ElideRight = Qt.Key, Qt.TextElideMode.ElideRight
_OPENERS = (_Key.Key_Space, _Key.Key_Down, _Key.Key_Up, _Key.Key_Return, _Key.Key_Enter, _Key.Key_F4)


class Choice(QComboBox):
    """A combo box of (value, label, tooltip): typing selects; labels are cut only if `allow_shrinking` allows it.

    Signals
    -------
    changed(object, bool)
        The value the user chose; always final.
    """

    changed = Signal(object, bool)

    def __init__(self, items: Sequence[Item] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMaxVisibleItems(20)
        self.setItemDelegate(QStyledItemDelegate(self))  # the style's own delegate ignores the style sheet
        self._items: tuple[Item, ...] = ()
        self._least: int | None = None
        self.set_items(items)
        self.activated.connect(self._choose)

    def allow_shrinking(self, least: int) -> None:
        """Allow shrinking to this width if there is no room; text that does not fit ends in an ellipsis."""
        self._least = least
        self.updateGeometry()

    def set_items(self, items: Sequence[Item]) -> None:
        """Replace the items; keep the value if it is still offered. Emits nothing."""
        items = tuple(items)
        if items == self._items:
            return
        value = self.value()
        self._items = items
        self.clear()
        for index, (_, text, tooltip) in enumerate(items):
            self.addItem(text)
            self.setItemData(index, tooltip, Qt.ItemDataRole.ToolTipRole)
        self.set_value(value)

    def value(self) -> object:
        """Return the chosen value, None if nothing is chosen."""
        index = self.currentIndex()
        return self._items[index][0] if 0 <= index < len(self._items) else None

    def set_value(self, value: object) -> None:
        """Choose without emitting; a value that is not offered chooses nothing."""
        values = [item[0] for item in self._items]
        self.setCurrentIndex(values.index(value) if value in values else -1)

    def _choose(self, index: int) -> None:
        self.changed.emit(self._items[index][0], True)

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return hint if self._least is None else QSize(min(hint.width(), theme.px(self._least)), hint.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        _paint_box(self, lambda room: self.fontMetrics().elidedText(self.currentText(), _ElideRight, room))

    def wheelEvent(self, event: QWheelEvent) -> None:
        focused_wheel(self, event, super().wheelEvent)


class MultiChoice(QComboBox):
    """A drop-down of check boxes that shows what is ticked, e.g. "MSE, accuracy".

    Signals
    -------
    changed(object, bool)
        The tuple of ticked values, in the order of the items; always final.
    """

    changed = Signal(object, bool)

    def __init__(self, items: Sequence[Item] = (), nothing: str = "nothing", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._nothing = nothing
        self._items: tuple[Item, ...] = ()
        self._value: tuple[object, ...] = ()
        self._popup = _Popup(self)
        self.set_items(items)

    def set_items(self, items: Sequence[Item]) -> None:
        """Replace the items. Emits nothing."""
        items = tuple(items)
        if items == self._items:
            return
        self._items = items
        self._popup.fill(items)
        self.set_value(self._value)

    def value(self) -> tuple[object, ...]:
        """Return the ticked values, in the order of the items."""
        return self._value

    def set_value(self, value: Sequence[object]) -> None:
        """Tick values without emitting; those that are not offered are ignored."""
        self._value = tuple(item[0] for item in self._items if item[0] in value)
        for box, item in zip(self._popup.boxes, self._items, strict=True):
            box.setChecked(item[0] in self._value)
        self.update()

    def text(self) -> str:
        """Return the text shown: the labels of the ticked items."""
        return ", ".join(item[1] for item in self._items if item[0] in self._value) or self._nothing

    def accessible_interface(self) -> ChoiceInterface:
        """Return what a screen reader is told."""
        return ChoiceInterface(self, self.text)

    def take(self) -> None:
        """Read the check boxes after the user ticked one."""
        boxes = zip(self._popup.boxes, self._items, strict=True)
        self._value = tuple(item[0] for box, item in boxes if box.isChecked())
        self.update()
        self.report(self._value)

    def report(self, value: tuple[object, ...]) -> None:
        """Emit the ticked values."""
        self.changed.emit(value, True)

    def showPopup(self) -> None:
        if self._items:
            self._popup.open_below(self)

    def hidePopup(self) -> None:
        self._popup.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.showPopup()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _OPENERS:
            self.showPopup()
        else:
            QWidget.keyPressEvent(self, event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.px(96), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        _paint_box(self, self._short)

    def _short(self, room: int) -> str:
        """Return the labels that fit, and how many more there are."""
        metrics = self.fontMetrics()
        labels = [item[1] for item in self._items if item[0] in self._value]
        text = self.text()
        for shown in range(len(labels) - 1, 0, -1):
            if metrics.horizontalAdvance(text) <= room:
                break
            text = f"{', '.join(labels[:shown])} +{len(labels) - shown}"
        return metrics.elidedText(text, _ElideRight, room)


def _paint_box(box: QComboBox, text: Callable[[int], str]) -> None:
    """Paint a combo box; `text` returns what fits into a width in pixels."""
    painter = QStylePainter(box)
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
    option.currentText = text(box.width() - theme.px(theme.GRID + 26))
    painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


class _Popup(QWidget):
    """The check boxes of a `MultiChoice`."""

    def __init__(self, owner: MultiChoice) -> None:
        super().__init__(owner, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._owner = owner
        self.boxes: list[QCheckBox] = []
        self._column = QWidget()
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(self._area)

    def fill(self, items: Sequence[Item]) -> None:
        """Show a check box per item."""
        self._column = QWidget()
        self._column.setObjectName("column")
        layout = QVBoxLayout(self._column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.boxes = []
        for _, text, tooltip in items:
            box = QCheckBox(text)
            box.setToolTip(tooltip)
            box.clicked.connect(self._owner.take)
            layout.addWidget(box)
            self.boxes.append(box)
        self._area.setWidget(self._column)

    def open_below(self, owner: QWidget) -> None:
        """Open below its control and as wide, or above it where the screen ends."""
        step, half = theme.px(theme.GRID), theme.px(theme.HALF)
        self._column.setContentsMargins(step, half, step, half)
        size = self._column.sizeHint()
        screen = owner.screen().availableGeometry()
        top = owner.mapToGlobal(QPoint(0, 0))
        bottom = top.y() + owner.height()
        full, below, above = size.height() + 4, screen.bottom() - bottom - 4, top.y() - screen.top() - 4
        height = min(full, max(below, above))
        bar = theme.px(theme.GRID) if height < full else 0
        self.resize(max(owner.width(), size.width() + 4 + bar), height)
        left = max(screen.left(), min(top.x(), screen.right() - self.width()))
        self.move(left, bottom + 2 if height <= below else top.y() - height - 2)
        self.show()
        self.boxes[0].setFocus(Qt.FocusReason.TabFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.focusNextPrevChild(key == Qt.Key.Key_Down)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            self.hide()
        else:
            super().keyPressEvent(event)


class Toggle(QCheckBox):
    """A check box.

    Signals
    -------
    changed(object, bool)
        On or off, as the user set it; always final.
    """

    changed = Signal(object, bool)

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.clicked.connect(lambda on: self.changed.emit(bool(on), True))

    def value(self) -> bool:
        """Return whether it is on."""
        return self.isChecked()

    def set_value(self, value: bool) -> None:
        """Set without emitting `changed`."""
        self.setChecked(bool(value))


class _Segment(QPushButton):
    """One button of a `Segmented` or of `Tabs`."""

    def __init__(self, text: str, role: QAccessible.Role, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._role = role

    def accessible_interface(self) -> OneOfInterface:
        """Return what a screen reader is told."""
        return OneOfInterface(self, self._role)


class Segmented(QWidget):
    """Buttons side by side, one of which is chosen; the arrow keys move the choice.

    Parameters
    ----------
    items : sequence of Item

    Signals
    -------
    changed(object, bool)
        The value the user chose; always final.
    """

    changed = Signal(object, bool)

    def __init__(self, items: Sequence[Item], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values = [item[0] for item in items]
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for index, (_, text, tooltip) in enumerate(items):
            button = _Segment(text, QAccessible.Role.RadioButton)
            button.setCheckable(True)
            button.setToolTip(tooltip)
            button.setAccessibleName(text)
            button.setProperty("segment", _segment(index, len(items)))
            self._group.addButton(button, index)
            layout.addWidget(button)
        self._group.button(0).setChecked(True)
        self.setFocusProxy(self._group.button(0))
        self._group.idClicked.connect(lambda index: self.changed.emit(self._values[index], True))

    def accessible_interface(self) -> QAccessibleWidget:
        """Return what a screen reader is told."""
        return QAccessibleWidget(self, QAccessible.Role.Grouping, "")

    def value(self) -> object:
        """Return the chosen value."""
        return self._values[self._group.checkedId()]

    def set_value(self, value: object) -> None:
        """Choose without emitting."""
        self._group.button(self._values.index(value)).setChecked(True)

    def button(self, value: object) -> QPushButton:
        """Return the button of a value."""
        button = self._group.button(self._values.index(value))
        assert isinstance(button, QPushButton)
        return button


def _segment(index: int, count: int) -> str:
    if count == 1:
        return "only"
    return "first" if index == 0 else "last" if index == count - 1 else "middle"


class Tabs(StyleFollower, QWidget):
    """Like `Segmented`, for names that may change and need not all fit: a menu at the end offers the others.

    Signals
    -------
    changed(object, bool)
        The value the user chose; always final.
    """

    changed = Signal(object, bool)

    def __init__(self, items: Sequence[Item], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: dict[object, QPushButton] = {}
        self._revealed: object = None  # a value whose button is to be seen, until one is chosen
        self._group = QButtonGroup(self)
        self.more = QPushButton(self)
        self.more.setToolTip("Shows the names for which there is no room.")
        self.more.setProperty("segment", "last")
        self.more.clicked.connect(self._open_menu)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.set_items(items)
        self.follow_style()

    def set_items(self, items: Sequence[Item]) -> None:
        """Replace the names; what is chosen stays chosen if it is still there, else it is the first."""
        chosen = self.value()
        for value in self._buttons.keys() - {item[0] for item in items}:
            button = self._buttons.pop(value)
            self._group.removeButton(button)
            button.hide()
            button.deleteLater()
        self._buttons = {item[0]: self._buttons.get(item[0]) or self._new_button(item) for item in items}
        self.set_value(chosen if chosen in self._buttons else items[0][0])
        previous: QWidget | None = None
        for button in (*self._buttons.values(), self.more):
            if previous is not None:
                QWidget.setTabOrder(previous, button)
            previous = button
        self.updateGeometry()

    def accessible_interface(self) -> QAccessibleWidget:
        """Return what a screen reader is told."""
        return QAccessibleWidget(self, QAccessible.Role.PageTabList, "")

    def _new_button(self, item: Item) -> QPushButton:
        value, text, tooltip = item
        button = _Segment(text, QAccessible.Role.PageTab, self)
        button.setCheckable(True)
        button.setToolTip(tooltip)
        button.setAccessibleName(text)
        button.setFocusPolicy(self.more.focusPolicy())
        button.clicked.connect(lambda: self._choose(value))
        self._group.addButton(button)
        return button

    def _choose(self, value: object) -> None:
        self._revealed = None
        self.set_value(value)
        self.changed.emit(value, True)

    def reveal(self, value: object) -> None:
        """Show the button of a value among those that have room, until the user chooses one."""
        self._revealed = value
        self._place()

    def value(self) -> object:
        """Return the chosen value; None while there are no names."""
        return next((value for value, button in self._buttons.items() if button.isChecked()), None)

    def set_value(self, value: object) -> None:
        """Choose without emitting."""
        self._buttons[value].setChecked(True)
        self._place()

    def button(self, value: object) -> QPushButton:
        """Return the button of a value."""
        return self._buttons[value]

    def _place(self) -> None:
        """Put as many names side by side as fit, the chosen one and the revealed one among them."""
        widths = {value: button.sizeHint().width() for value, button in self._buttons.items()}
        room, shown = self.width(), list(widths)
        self.more.setText(f"+{len(shown)}")
        more = self.more.sizeHint().width()
        if sum(widths.values()) > room:
            while len(shown) > 1 and sum(widths[value] for value in shown) + more > room:
                others = [value for value in shown if not self._buttons[value].isChecked()]
                shown.remove(next((value for value in reversed(others) if value != self._revealed), others[-1]))
        hidden, left, height = len(widths) - len(shown), 0, self.sizeHint().height()
        for value, button in self._buttons.items():
            button.setVisible(value in shown)
            if value in shown:
                place = _segment(shown.index(value), len(shown) + (hidden > 0))
                set_state(button, "segment", place)
                button.setGeometry(left, 0, min(widths[value], room), height)
                left += widths[value]
        self.more.setText(f"+{hidden}")
        self.more.setAccessibleName(f"{hidden} more")
        self.more.setVisible(hidden > 0)
        self.more.setGeometry(left, 0, more, height)

    def _open_menu(self) -> None:
        self._menu.clear()
        for value, button in self._buttons.items():
            if button.isHidden():
                action = self._menu.addAction(button.text())
                action.setToolTip(button.toolTip())
                action.triggered.connect(lambda *_, value=value: self._choose(value))
        self._menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def sizeHint(self) -> QSize:
        hints = [button.sizeHint() for button in self._buttons.values()]
        return QSize(sum(hint.width() for hint in hints), max(hint.height() for hint in hints))

    def minimumSizeHint(self) -> QSize:
        widest = max(button.sizeHint().width() for button in self._buttons.values())
        return QSize(widest + self.more.sizeHint().width(), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def fit(self) -> None:
        self.updateGeometry()
        self._place()
