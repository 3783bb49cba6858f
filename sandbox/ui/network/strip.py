"""The strip below the network: two lines about what is pointed at, and an editor for a weight or bias."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sandbox.experiment.lens.network import Past
from sandbox.nn.parameters import linear_stops
from sandbox.ui import theme
from sandbox.ui.icons import icon
from sandbox.ui.kit import Elided, IconButton, NumberField
from sandbox.ui.kit.base import StyleFollower
from sandbox.ui.network.trail import Trail

REACH = 8.0  # the slider goes from minus this to this; any other number can be typed
FREEZE, UNFREEZE = "Freeze", "Unfreeze"
NARROW, ROOMY = 420, 620  # the widths from which there is room for the past: alone, and beside an editor
_MOST = 1e6  # the largest number that can be typed


class Strip(StyleFollower, QWidget):
    """Two lines of text, as high whether or not there is something to say, and beside them an editor.

    Signals
    -------
    value_changed(object, bool)
        The number that was chosen, and whether it is final.
    refused(str)
        One sentence on why what was typed was rejected.
    left()
        Escape was pressed where nothing was typed.
    freeze_clicked(), remove_clicked()
        The buttons for the unit that was chosen.
    """

    value_changed = Signal(object, bool)
    refused = Signal(str)
    left = Signal()
    freeze_clicked = Signal()
    remove_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = Elided("", "hint"), Elided("", "hint")
        for line, name in ((self.first, "What is pointed at"), (self.second, "Its numbers")):
            line.setAccessibleName(name)
        self.field = NumberField(linear_stops(-REACH, REACH, 0.05), low=-_MOST, high=_MOST, name="A weight")
        self.field.changed.connect(self.value_changed)
        self.field.refused.connect(self.refused)
        self.freeze = IconButton("lock", "", "Freeze", flat=True)
        self.remove = IconButton("close", "", "Remove", flat=True)
        self.freeze.clicked.connect(self.freeze_clicked)
        self.remove.clicked.connect(self.remove_clicked)
        self._lines = QVBoxLayout()
        self._lines.addWidget(self.first)
        self._lines.addWidget(self.second)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addLayout(self._lines, 1)
        self.trail = Trail()
        for widget in (self.trail, self.freeze, self.remove, self.field):
            self._row.addWidget(widget)
            widget.hide()
        self.field.edit.installEventFilter(self)
        self.follow_style()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and not self.field.edit.typing:
            assert isinstance(event, QKeyEvent)
            if event.key() == Qt.Key.Key_Escape:
                self.left.emit()
                return True
        return super().eventFilter(watched, event)

    @property
    def is_editing(self) -> bool:
        """Whether a number is being typed or dragged."""
        return self.field.isVisible() and (self.field.edit.hasFocus() or self.field.slider.isSliderDown())

    def say(self, first: str, second: str, explained: str = "") -> None:
        """Write the two lines."""
        for line, text in ((self.first, first), (self.second, second)):
            if text != line.text():
                line.setText(text)
                line.setToolTip(explained)

    def show_past(self, past: Past | None) -> None:
        """Show how the number that is pointed at changed, where there is room for it beside its text."""
        busy = self.field.isVisible() or self.remove.isVisible() or self.freeze.isVisible()
        self.trail.show_past(past if self.width() >= theme.px(ROOMY if busy else NARROW) else None)

    def offer(self, freeze: str = "", remove: str = "", of: str = "") -> None:
        """Offer to freeze and to remove a unit, in these words; "" for what is not possible."""
        for button, text, does in (
            (
                self.freeze,
                freeze,
                "Its weights and its bias stay as they are" if freeze == FREEZE else "It learns again",
            ),
            (self.remove, remove, "Undo brings it back"),
        ):
            button.setVisible(bool(text))
            name = f"{text} {of}"
            if text and name != button.accessibleName():
                button.setAccessibleName(name)
                button.setToolTip(f"{name}. {does}.")
        self.freeze.setIcon(icon("lock" if freeze == FREEZE else "unlock", "muted"))

    def edit(self, name: str, value: float) -> None:
        """Offer the editor for a weight or bias, whose name is that of a sentence."""
        if self.field.accessibleName() != name:
            self.field.setAccessibleName(name)
            self.field.setToolTip("Drag or type another number; training goes on from it.")
        if not self.is_editing:
            self.field.set_value(value)
        self.field.show()

    def end_editing(self) -> None:
        """Hide the editor."""
        self.field.hide()

    def begin_typing(self) -> None:
        """Give the focus to the editor, with all of its text selected."""
        self.field.edit.setFocus()
        self.field.edit.selectAll()

    def fit(self) -> None:
        """Keep one height, so that nothing above moves."""
        self._lines.setContentsMargins(0, theme.px(2), 0, 0)
        self._lines.setSpacing(0)
        self._row.setSpacing(theme.px(theme.GRID))
        self.field.setFixedWidth(theme.px(180))
        self.setFixedHeight(theme.px(36))
