"""Presenting: everything enlarged for the back row, and on screen only what the presenter keeps there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QRect, QSettings, QTimer, Signal
from PySide6.QtWidgets import QMainWindow

from sandbox.ui.actions import Actions
from sandbox.ui.controls import Controls
from sandbox.ui.kit import Notice
from sandbox.ui.layout import ENLARGED, FOLDABLE, Page

PRESENTING = 1.8  # how much larger text and lines are at most
FIRST = ("cost",)  # what is shown beside the boundary before the presenter has chosen
_KEPT = "presenting/parts"  # where that is remembered
_TIPS = {False: "Enlarges everything for the back row", True: "Goes back to the usual size"}


class Presentation(QObject):
    """Begins and ends presenting, and folds parts of the page meanwhile.

    What the presenter shows is remembered for the next time, apart from the usual arrangement, which comes back at the
    end as it was. Messages wait until then, but for what was refused just now.

    Parameters
    ----------
    window : QMainWindow
    page : Page
    controls : Controls
    notice : Notice
    actions : Actions
    apply_look : callable
        Applies the theme at another scale.

    Signals
    -------
    switched()
        Presenting has begun or ended.
    """

    switched = Signal()

    def __init__(
        self,
        window: QMainWindow,
        page: Page,
        controls: Controls,
        notice: Notice,
        actions: Actions,
        apply_look: Callable[[], object],
    ) -> None:
        super().__init__(window)
        self._window, self._page, self._controls, self._notice, self._actions = window, page, controls, notice, actions
        self._apply_look = apply_look
        self._is_on, self._geometry, self._was_maximized = False, QRect(), False
        self._parts = {f"present_{part}": part for part in FOLDABLE}
        actions.connect({"present": self.switch})
        actions.connect({name: partial(self.fold, part) for name, part in self._parts.items()})
        page.parts_changed.connect(self._show)
        self._show()

    @property
    def is_on(self) -> bool:
        """Whether somebody presents."""
        return self._is_on

    def scale(self) -> float:
        """Return how much larger everything can be and still fit on the screen."""
        if not self.is_on:
            return 1.0
        screen = self._window.screen().availableGeometry()
        return max(1.0, min(PRESENTING, screen.width() / ENLARGED[0], screen.height() / ENLARGED[1]))

    def switch(self) -> None:
        """Begin to present, or go back to everything as it was."""
        # Everything moves, and again in the next turn of the event loop, as parts fold: it is drawn only after that.
        window = self._window
        window.setUpdatesEnabled(False)
        QTimer.singleShot(0, self, lambda: QTimer.singleShot(0, self, lambda: window.setUpdatesEnabled(True)))
        if self.is_on:
            self._end()
        else:
            self._begin()
        self.switched.emit()

    def _begin(self) -> None:
        window = self._window
        self._is_on, self._geometry, self._was_maximized = True, window.geometry(), window.isMaximized()
        self._notice.hold(True)
        self._page.present(_kept_parts())
        self._page.hang(self._notice)
        self._controls.set_presenting(True)
        self._apply_look()
        self._show()
        window.showFullScreen()

    def _end(self) -> None:
        window = self._window
        self._is_on = False
        self._apply_look()  # first, so that the page knows the room that there is for what comes back
        self._page.present(None)
        self._controls.set_presenting(False)
        self._notice.removeEventFilter(self._page)
        self._page.top.take(self._notice)
        self._notice.hold(False)
        self._show()
        if self._was_maximized:
            window.showMaximized()
            return
        window.showNormal()
        # Deferred: only then does the layout know that it may be narrow again.
        QTimer.singleShot(0, self, lambda: window.setGeometry(self._geometry))

    def begin_afresh(self) -> None:
        """Present what is shown before the presenter has chosen, and what no step has unfolded."""
        QSettings().remove(_KEPT)
        self._page.take_back()
        if self.is_on:
            self._page.present(FIRST)
        else:
            self.switch()

    def fold(self, part: str) -> None:
        """Fold a part, or unfold it if it is not to be seen."""
        if self._page.is_seen(part):
            self._page.open_part(part, False)
            self._keep()
        else:
            self.unfold(part)

    def unfold(self, part: str) -> None:
        """Show a part: by closing the settings, if there is no room for it beside them."""
        if not self._page.is_seen(part):
            self._page.open_part(part, True)
            if part != "settings":
                self._page.make_room_for_views()
            self._keep()

    def _keep(self) -> None:
        if self._page.presented is not None:
            QSettings().setValue(_KEPT, " ".join(sorted(self._page.presented)))

    def _show(self) -> None:
        actions, parts = self._actions, self._page.parts
        actions["present"].setChecked(self.is_on)
        actions.say("present", _TIPS[self.is_on])
        actions["leave"].setEnabled(self.is_on)
        actions["leave"].setVisible(self.is_on)
        for name, part in self._parts.items():
            actions[name].setEnabled(self.is_on)
            actions[name].setChecked(self.is_on and part in parts)


def _kept_parts() -> tuple[str, ...]:
    """Return what the presenter showed the last time."""
    kept = str(QSettings().value(_KEPT, " ".join(FIRST))).split()
    return tuple(part for part in FOLDABLE if part in kept)
