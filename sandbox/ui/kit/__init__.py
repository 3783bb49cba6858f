"""The window's controls: cards and rows, choices, numbers, readouts and notices.

All controls have the same interface: `value()`, `set_value(value)`, which emits nothing, and the signal
`changed(value, final)`, which only user input emits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QFontMetrics, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from sandbox.ui import accessible, theme
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
    say,
    set_state,
)
from sandbox.ui.kit.choices import Choice, Item, MultiChoice, Segmented, Tabs, Toggle
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
    "Tabs",
    "Toggle",
    "label",
]


accessible.install()

_SPREAD = "0.0000\u20130.0000"  # the widest note of a readout
_NOTICE_STAYS = 10_000  # milliseconds until a message that needs no action is hidden
_REFUSAL_STAYS = 6_000  # and one that something was refused, while others are held back


class PrimaryButton(StyleFollower, QPushButton):
    """The main button, filled with the accent colour."""

    def __init__(self, text: str, icon_name: str, tooltip: str) -> None:
        super().__init__(text)
        self.setProperty("role", "primary")
        self.setToolTip(tooltip)
        self.show_action(text, icon_name)
        self.follow_style()

    def show_action(self, text: str, icon_name: str) -> None:
        """Set the text and the icon."""
        self.setText(text)
        self.setIcon(icon(icon_name, "on_accent"))
        self.setAccessibleName(text)

    def fit(self) -> None:
        """Make room for the longer text, so that nothing moves when it changes."""
        self.setIconSize(QSize(theme.px(16), theme.px(16)))
        self.setMinimumWidth(theme.px(96))


class Readout(StyleFollower, QWidget):
    """A caption over a large number; as wide as its template, whatever it shows.

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
        self._update_texts()
        self.follow_style()

    def set_text(self, text: str) -> None:
        """Show a number."""
        if text != self.number.text():
            self.number.setText(text)
            self._update_texts()

    def set_caption(self, caption: str) -> None:
        """Set the caption, e.g. "R²" instead of "Accuracy"."""
        if caption != self._caption:
            self._caption = caption
            self._update_texts()
            self.fit()

    def set_note(self, note: str) -> None:
        """Show a note after the caption, such as a spread, if there is room; "" shows none."""
        if note != self._note:
            width, self._note = self._width(with_note=True), note
            self._update_texts()
            if width != self._width(with_note=True) or self.width() != self._width(bool(note) and self._roomy):
                self.fit()

    def set_roomy(self, roomy: bool) -> None:
        """Set whether there is room for a note."""
        if roomy != self._roomy:
            self._roomy = roomy
            self._update_texts()
            self.fit()

    @property
    def roomy(self) -> bool:
        """Whether there is room for a note."""
        return self._roomy

    @property
    def spare(self) -> int:
        """The width in pixels that the note takes, or would take."""
        return self._width(with_note=True) - self._width(with_note=False) if self._note else 0

    def _update_texts(self) -> None:
        text = f"{self._caption}  {self._note}" if self._note else self._caption
        self.caption.setText(text if self._roomy else self._caption)
        self.setAccessibleName(f"{text} {self.number.text()}")

    def _width(self, with_note: bool) -> int:
        number_width = QFontMetrics(theme.font(theme.LARGE, bold=True)).horizontalAdvance(self._template)
        metrics = QFontMetrics(theme.font(theme.SMALL))
        texts = [f"{self._caption}  {note}" for note in (_SPREAD, self._note)] if with_note else [self._caption]
        return max(number_width, *map(metrics.horizontalAdvance, texts)) + theme.px(theme.HALF)

    def fit(self) -> None:
        self.setFixedWidth(self._width(with_note=bool(self._note) and self._roomy))


@dataclass(frozen=True)
class _Message:
    """What a notice says; `act` is done by its button, which has the text `action`."""

    sentence: str
    error: bool = False
    action: str = ""
    act: Callable[[], object] | None = None

    @property
    def is_refusal(self) -> bool:
        """Whether what the person just did was refused: there is nothing to be done about it."""
        return self.error and not self.action


class Notice(StyleFollower, QFrame):
    """One sentence in one line, a close button and, optionally, an action button.

    A sentence that does not fit ends in an ellipsis; a click, or the pointer on it, shows all of it.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.sign = QLabel()
        self.sentence = Elided("", "")
        self.button = QPushButton()
        self.close_button = IconButton("close", "Closes this message.", "Close the message", flat=True)
        self._shown = _Message("")
        self._offered: _Message | None = None  # is shown whenever no other message is, until it is answered
        self._holds = False
        self._held: _Message | None = None  # what was said meanwhile
        self._hide_timer = QTimer(self)
        self._hide_timer.setSingleShot(True)
        self._hide_timer.timeout.connect(self.dismiss)
        self._layout = QHBoxLayout(self)
        self._layout.addWidget(self.sign)
        self._layout.addWidget(self.sentence, 1)
        self._layout.addWidget(self.button)
        self._layout.addWidget(self.close_button)
        self.button.clicked.connect(self._run_action)
        self.close_button.clicked.connect(self._close)
        self.follow_style()
        self.hide()

    def say(
        self, sentence: str, *, error: bool = False, action: str = "", act: Callable[[], object] | None = None
    ) -> None:
        """Show a sentence until it is closed or replaced; without error or action it hides after a while.

        Parameters
        ----------
        sentence : str
        error : bool
            Whether something was refused or stopped.
        action : str
            The text of a button, e.g. "Undo"; none if empty.
        act : callable
            Called when that button is clicked, which also closes the message.
        """
        message = _Message(sentence, error, action, act)
        if self._holds and not message.is_refusal:
            self._held = message
            return
        self._show(message)
        if self._holds:
            self._hide_timer.start(_REFUSAL_STAYS)
        elif not (error or action):
            self._hide_timer.start(_NOTICE_STAYS)

    def hold(self, holds: bool) -> None:
        """Hold back all but what was refused, which is shown briefly; or show what was held back, the last of it."""
        if holds == self._holds:
            return
        self._holds = holds
        if holds:
            self._hide_timer.stop()
            self._held = None if self.isHidden() or self._shown is self._offered else self._shown
            self.hide()
        elif (held := self._held) is not None:
            self.say(held.sentence, error=held.error, action=held.action, act=held.act)
        else:
            self.dismiss()

    def offer(self, sentence: str, action: str, act: Callable[[], object]) -> None:
        """Show a sentence with a button until either is answered; other messages only interrupt it."""
        self._offered = _Message(sentence, action=action, act=act)
        if self.isHidden() and not self._holds:
            self._show(self._offered)

    @property
    def is_offering(self) -> bool:
        """Whether an offer waits for its answer."""
        return self._offered is not None

    def withdraw(self) -> None:
        """End the offer: it has been answered elsewhere."""
        offered, self._offered = self._offered, None
        if self._shown is offered:
            self.dismiss()

    def drop(self) -> None:
        """Hide the message, and forget what is held back: both were about what is gone."""
        self._held = None
        self.dismiss()

    def dismiss(self) -> None:
        """Hide the message, or show again the offer that it interrupted."""
        self._hide_timer.stop()
        if self._offered is not None and not self._holds:
            self._show(self._offered)
        else:
            self.hide()

    def end_failure(self) -> None:
        """Hide what was refused or failed, unless it still waits for an action: something else has succeeded."""
        if self._shown.is_refusal and not self.isHidden():
            self.dismiss()

    def _show(self, message: _Message) -> None:
        self._hide_timer.stop()
        self._shown = message
        set_state(self, "kind", "error" if message.error else "info")
        self.sentence.setText(message.sentence)
        self.sentence.setToolTip("")
        self.setAccessibleName(message.sentence)
        self.button.setText(message.action)
        self.button.setVisible(bool(message.action))
        self.fit()
        self.show()

    def _close(self) -> None:
        if self._shown is self._offered:
            self._offered = None
        self.dismiss()

    def _run_action(self) -> None:
        act = self._shown.act
        self._close()
        if act is not None:
            act()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.sentence.toolTip():  # it is cut
            say(self.sentence, self._shown.sentence)

    def fit(self) -> None:
        """Set margins, spacing, the icon and a height that the line above the controls has room for."""
        self._layout.setContentsMargins(theme.px(theme.GRID), 0, theme.px(2), 0)
        self._layout.setSpacing(theme.px(theme.GRID))
        side = theme.px(16)
        color = "error" if self._shown.error else "accent"
        self.sign.setPixmap(icon("info", color).pixmap(QSize(side, side), self.devicePixelRatioF()))
        height = theme.px(theme.CONTROL)
        self.setFixedHeight(height)
        self.close_button.setFixedHeight(height - 2 * theme.px(2))
