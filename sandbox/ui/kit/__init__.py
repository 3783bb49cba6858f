"""The window's controls, in one place: cards and rows, choices, numbers, readouts and notices.

Every control is used alike: `value()`, `set_value(value)`, which emits nothing, and the signal
`changed(value, final)`, which only a person sets off.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from sandbox.ui import theme
from sandbox.ui.icons import icon
from sandbox.ui.kit.base import (
    Card,
    ControlRow,
    Elided,
    IconButton,
    LineGlyph,
    MoreButton,
    StyleFollower,
    label,
    set_state,
)
from sandbox.ui.kit.choices import Choice, Item, MultiChoice, Segmented, Toggle
from sandbox.ui.kit.layers import LayersEditor
from sandbox.ui.kit.numbers import (
    SPEEDS,
    LogSlider,
    NumberField,
    SeedField,
    SpeedSlider,
)

__all__ = [
    "SPEEDS",
    "Card",
    "Choice",
    "ControlRow",
    "Elided",
    "IconButton",
    "Item",
    "LayersEditor",
    "LineGlyph",
    "LogSlider",
    "MoreButton",
    "MultiChoice",
    "Notice",
    "NumberField",
    "PrimaryButton",
    "Readout",
    "SeedField",
    "Segmented",
    "SpeedSlider",
    "Toggle",
    "label",
]


_SPREAD = "0.0000\u20130.0000"  # the widest note of a readout
_NOTICE_STAYS = 10_000  # milliseconds for which mere news stays


class PrimaryButton(StyleFollower, QPushButton):
    """The one button a person looks for first: filled with the accent."""

    def __init__(self, text: str, icon_name: str, tooltip: str) -> None:
        super().__init__(text)
        self.setProperty("role", "primary")
        self.setToolTip(tooltip)
        self.show_action(text, icon_name)
        self.follow_style()

    def show_action(self, text: str, icon_name: str) -> None:
        """Show another text and icon."""
        self.setText(text)
        self.setIcon(icon(icon_name, "on_accent"))
        self.setAccessibleName(text)

    def fit(self) -> None:
        """Leave room for the longer of its texts, so that nothing moves when it changes."""
        self.setIconSize(QSize(theme.px(16), theme.px(16)))
        self.setMinimumWidth(theme.px(96))


class Readout(StyleFollower, QWidget):
    """A caption over a large number, as wide as its template whatever it shows.

    Parameters
    ----------
    caption : str
    template : str
        The widest text it will show, e.g. "0.00000".
    tooltip : str
        What the number is, in one sentence.
    """

    def __init__(self, caption: str, template: str, tooltip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._template = template
        self._caption, self._note, self._roomy = caption, "", True
        self.caption = label(caption, "caption")
        self.number = label("\u2013", "reading")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._layout.addWidget(self.caption)
        self._layout.addWidget(self.number)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolTip(tooltip)
        self.setAccessibleDescription(tooltip)
        self._name()
        self.follow_style()

    def set_text(self, text: str) -> None:
        """Show a number."""
        if text != self.number.text():
            self.number.setText(text)
            self._name()

    def set_caption(self, caption: str) -> None:
        """Call the number something else, e.g. "R²" instead of "Accuracy"."""
        if caption != self._caption:
            self._caption = caption
            self._name()
            self.fit()

    def set_note(self, note: str) -> None:
        """Say something quiet behind the caption, such as a spread, where there is room; "" is nothing."""
        if note != self._note:
            wider = bool(note) != bool(self._note)
            self._note = note
            self._name()
            if wider:
                self.fit()

    def set_roomy(self, roomy: bool) -> None:
        """Say whether there is room for a note."""
        if roomy != self._roomy:
            self._roomy = roomy
            self._name()
            self.fit()

    @property
    def roomy(self) -> bool:
        """Whether there is room for a note."""
        return self._roomy

    @property
    def spare(self) -> int:
        """The pixels that its note takes, or would take."""
        return self._width(noted=True) - self._width(noted=False) if self._note else 0

    def _name(self) -> None:
        text = f"{self._caption}  {self._note}" if self._note else self._caption
        self.caption.setText(text if self._roomy else self._caption)
        self.setAccessibleName(f"{text} {self.number.text()}")

    def _width(self, noted: bool) -> int:
        numbers = QFontMetrics(theme.font(theme.LARGE, bold=True)).horizontalAdvance(self._template)
        widest = f"{self._caption}  {_SPREAD}" if noted else self._caption
        return max(numbers, QFontMetrics(theme.font(theme.SMALL)).horizontalAdvance(widest)) + theme.px(theme.HALF)

    def fit(self) -> None:
        self.setFixedWidth(self._width(noted=bool(self._note) and self._roomy))


class Notice(StyleFollower, QFrame):
    """A bar that says one sentence, with a way to close it and, at times, something to do about it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.sign = QLabel()
        self.sentence = label("")
        self.sentence.setWordWrap(True)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.button = QPushButton()
        self.close_button = IconButton("close", "Closes this message.", "Close the message", flat=True)
        self._act: Callable[[], object] | None = None
        self._going = QTimer(self)
        self._going.setSingleShot(True)
        self._going.timeout.connect(self.hide)
        self._layout = QHBoxLayout(self)
        self._layout.addWidget(self.sign)
        self._layout.addWidget(self.sentence, 1)
        self._layout.addWidget(self.button)
        self._layout.addWidget(self.close_button)
        self.button.clicked.connect(self._do)
        self.close_button.clicked.connect(self.hide)
        self.follow_style()
        self.hide()

    def say(
        self,
        sentence: str,
        *,
        error: bool = False,
        action: str = "",
        act: Callable[[], object] | None = None,
        goes: bool = False,
    ) -> None:
        """Show one sentence until it is closed or another one comes; mere news goes by itself.

        Parameters
        ----------
        sentence : str
        error : bool
            Whether something was refused or stopped.
        action : str
            The text of a button, e.g. "Undo"; none if empty.
        act : callable
            What that button does; the bar closes after it.
        goes : bool
            Whether it goes by itself although there is something to do.
        """
        set_state(self, "kind", "error" if error else "info")
        self._sign_color = "error" if error else "accent"
        self.sentence.setText(sentence)
        self.setAccessibleName(sentence)
        self._act = act
        self.button.setText(action)
        self.button.setVisible(bool(action))
        self.fit()
        self.show()
        self._going.stop()
        if goes or not (error or action):
            self._going.start(_NOTICE_STAYS)

    def _do(self) -> None:
        self.hide()
        if self._act is not None:
            self._act()

    _sign_color = "accent"

    def fit(self) -> None:
        """Set margins, spacings and the sign."""
        self._layout.setContentsMargins(
            theme.px(theme.GRID), theme.px(theme.HALF), theme.px(theme.HALF), theme.px(theme.HALF)
        )
        self._layout.setSpacing(theme.px(theme.GRID))
        side = theme.px(16)
        self.sign.setPixmap(icon("info", self._sign_color).pixmap(QSize(side, side), self.devicePixelRatioF()))
