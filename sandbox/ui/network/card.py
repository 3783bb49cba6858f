"""The card of the network: folded to its title, beside the boundary, in place of it, or in a window of its own."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from sandbox.ui import theme
from sandbox.ui.icons import icon
from sandbox.ui.kit import IconButton, ViewCard, label
from sandbox.ui.network.view import NetworkView, Plane

FOLDED = "network/folded"


class NetworkCard(ViewCard):
    """The title with its buttons, and below it the picture.

    Attributes
    ----------
    view : NetworkView
    whole : bool
        Whether it takes the whole middle of the window.

    Signals
    -------
    room_changed()
        `is_folded` or `whole` has changed.
    """

    room_changed = Signal()

    def __init__(self, plane: Callable[[str], Plane | None], beside: Callable[[], str]) -> None:
        super().__init__("Network")
        self.view = NetworkView(plane, beside)
        self.whole = False
        self._folded = QSettings().value(FOLDED, "no") == "yes"
        self._low = False  # whether there is no room for it beside the boundary
        self._window: _NetworkWindow | None = None
        self._note = label("Shown in a separate window; close it to bring the network back.", "hint")
        self._note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._note.hide()
        self.fold_button = IconButton("chevron-down", "", "", flat=True)
        self.whole_button = IconButton("expand", "", "", flat=True)
        self.detach_button = IconButton(
            "window", "Shows the network in a separate window.", "Detach the network", flat=True
        )
        follow = self.view.follow_button
        for widget in (
            self.view.legend,
            self.view.number,
            follow,
            self.fold_button,
            self.whole_button,
            self.detach_button,
        ):
            self.header.addWidget(widget)
        self.header.setStretchFactor(self.view.legend, 1)
        self.body.addWidget(self.view, 1)
        self.body.addWidget(self._note, 1)
        self.fold_button.clicked.connect(self.fold)
        self.whole_button.clicked.connect(self.take_whole)
        self.detach_button.clicked.connect(self.take_out)
        self._show()

    @property
    def is_folded(self) -> bool:
        """Whether only the title is shown."""
        return not self.whole and (self._folded or self._low)

    def fold(self) -> None:
        """Fold the card to its title, or open it again; where there is no room beside the boundary, in its place."""
        if self.is_folded and self._low:
            self.whole = True
        elif self.whole:
            self.whole = False
            self._remember(True)
        else:
            self._remember(not self._folded)
        self._show()
        self.room_changed.emit()

    def begin_afresh(self) -> None:
        """Be open beside the boundary, and show the usual picture."""
        self.close_window()
        self.whole = False
        self._remember(False)
        self.view.begin_afresh()
        self._show()
        self.room_changed.emit()

    def _remember(self, folded: bool) -> None:
        self._folded = folded
        QSettings().setValue(FOLDED, "yes" if folded else "no")

    def take_whole(self) -> None:
        """Take the place of the boundary too, or give it back."""
        self.whole = not self.whole
        if self.whole:
            self._remember(False)
        self._show()
        self.room_changed.emit()

    def set_low(self, low: bool) -> None:
        """Fold the card while there is no room for it beside the boundary."""
        if low != self._low:
            self._low = low
            self._show()

    def _show(self) -> None:
        folded, out = self.is_folded, self._window is not None
        self.view.setVisible(out or not folded)
        self._note.setVisible(out and not folded)
        self.view.legend.setVisible(not folded)
        self.view.number.setVisible(not folded)
        self.view.follow_button.setVisible(not folded)
        self.detach_button.setVisible(not out)
        self.fold_button.setIcon(icon("chevron-up" if folded else "chevron-down", "muted"))
        tip = "Opens the picture of the network." if folded else "Folds the network away."
        self.fold_button.setToolTip(tip)
        self.fold_button.setAccessibleName("Open the network" if folded else "Fold the network")
        self.whole_button.setIcon(icon("shrink" if self.whole else "expand", "muted"))
        self.whole_button.setToolTip(
            "Shows the boundary again." if self.whole else "Shows the network in place of the boundary, larger."
        )
        self.whole_button.setAccessibleName("Shrink the network" if self.whole else "Enlarge the network")

    def take_out(self) -> None:
        """Show the network in a separate window; closing that brings it back."""
        if self._window is None:
            self._window = _NetworkWindow(self)
            self._window.resize(theme.px(760), theme.px(520))
            self._window.show()
            self._show()
            self.view.wanted_changed.emit()

    def take_back(self) -> None:
        """Bring the network back into its card."""
        if self._window is not None:
            self._window = None
            self.body.insertWidget(0, self.view, 1)
            self._show()
            self.view.wanted_changed.emit()

    def close_window(self) -> None:
        """Close the separate window, because the main one is closing."""
        if self._window is not None:
            self._window.close()


class _NetworkWindow(QWidget):
    """The window of the network."""

    def __init__(self, card: NetworkCard) -> None:
        super().__init__(card.window(), Qt.WindowType.Window)
        self.setObjectName("ground")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Network - Loss Sandbox")
        self._card = card
        frame = QFrame()
        frame.setObjectName("card")
        QVBoxLayout(frame).addWidget(card.view)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(*4 * (theme.px(theme.GRID),))
        outer.addWidget(frame)
        card.view.show()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._card.take_back()
        super().closeEvent(event)
