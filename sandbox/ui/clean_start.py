"""A clean start: the window as the next group of a workshop is to find it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.ui.controls import FIRST_SPEED
from sandbox.worker.commands import Pause

if TYPE_CHECKING:
    from sandbox.ui.window import MainWindow


def clean_start(window: MainWindow) -> None:
    """Present, with a new experiment, no trace of the group before, and the list of lessons at its beginning.

    Everything then stands as in a new window in which somebody begins to present for the first time. Undo brings
    experiment and lesson back, and the experiment is kept among the earlier sessions. Light or dark stays as it is.
    """
    window.page.setFocus()  # what is being typed still belongs to the experiment that goes
    window.tools.put_away()
    window.tools.drawing.erase()
    window.notice.withdraw()
    window.notice.dismiss()
    window.lessons.begin_afresh()
    window.presentation.begin_afresh()
    window.drawing.begin_afresh()
    window.session.send(Pause())
    window.session.open_new()
    window.clear_ghosts()
    window.desk.begin_afresh()
    window.controls.set_speed(FIRST_SPEED)
    for panel in window.panels:
        panel.more.setChecked(False)
    window.settings.verticalScrollBar().setValue(0)
    if window.sweep is not None:
        window.sweep.hide()
    if window.boundary is not None and window.cost is not None:
        window.boundary.begin_afresh()
        window.cost.begin_afresh()
    if window.lenses is not None and window.network is not None:
        window.lenses.begin_afresh()
        window.network.card.begin_afresh()
    window.page.setFocus()
