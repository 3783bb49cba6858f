"""A clean start: the window as the next group of a workshop is to find it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.ui.controls import FIRST_SPEED
from sandbox.worker.commands import Pause

if TYPE_CHECKING:
    from sandbox.ui.window import MainWindow


def clean_start(window: MainWindow) -> None:
    """Present, with a new experiment, no trace of the group before, and the list of lessons at its beginning.

    Undo brings the experiment back, and it is kept among the earlier sessions. Light or dark stays as it is.
    """
    if not window.presentation.is_on:
        window.presentation.switch()
    window.tools.put_away()
    window.tools.erase()
    window.notice.withdraw()
    window.notice.dismiss()
    window.lessons.begin_afresh()
    window.session.send(Pause())
    window.session.open_new()
    window.clear_ghosts()
    window.desk.begin_afresh()
    window.controls.set_speed(FIRST_SPEED)
    for panel in window.panels:
        panel.more.setChecked(False)
    window.settings.verticalScrollBar().setValue(0)
    _clear_view(window)


def _clear_view(window: MainWindow) -> None:
    """Bring the first lens to the front, or the cost where that stands before it, and all lenses into their card."""
    if window.sweep is not None:
        window.sweep.hide()
    if window.cost is not None and window.lenses is not None:
        window.cost.invite()
        window.lenses.close_windows()
        window.lenses.show_tab(0)
        window.lenses.show_guest()
