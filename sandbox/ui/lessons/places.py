"""Where everything is that a step can point at: each name of `PLACES` as widgets of the window, brought into view."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from PySide6.QtWidgets import QScrollArea, QWidget

from sandbox.experiment.document.settings import SETTINGS
from sandbox.lessons.lesson import LENSES
from sandbox.ui.actions import Actions
from sandbox.ui.controls import Controls
from sandbox.ui.kit import Card, Notice
from sandbox.ui.kit.base import call_later
from sandbox.ui.lanes.bar import LaneBar
from sandbox.ui.lanes.desk import LaneDesk
from sandbox.ui.layout import Page
from sandbox.ui.panels.base import Panel
from sandbox.ui.session import Session

if TYPE_CHECKING:
    from sandbox.ui.lanes.grid import LaneGrid
    from sandbox.ui.lens.base import Lens
    from sandbox.ui.lens.card import LensCard
    from sandbox.ui.views.cost import CostView


class Stage(Protocol):
    """The window, as far as lessons know it."""

    session: Session
    desk: LaneDesk
    actions_: Actions
    controls: Controls
    page: Page
    notice: Notice
    panels: list[Panel]
    lane_bar: LaneBar
    boundary_card: Card
    cost_card: Card
    boundary: LaneGrid | None
    cost: CostView | None
    lenses: LensCard | None


def lens_named(stage: Stage, place: str) -> Lens[object] | None:
    """Return the lens of a name; its module has the same one."""
    lenses = [] if stage.lenses is None else stage.lenses.lenses
    return next((lens for lens in lenses if type(lens).__module__.rpartition(".")[2] == place), None)


def part_of(place: str) -> str:
    """Return the foldable part of the page that holds a place; "" for what always stays."""
    if place in LENSES:
        return "lenses"
    if place in ("cost", "add_lane"):
        return place
    return "settings" if place in SETTINGS and place not in _ELSEWHERE else ""


def bring_into_view(stage: Stage, place: str) -> Sequence[QWidget]:
    """Unfold, open and scroll whatever hides a place; return the widgets that it consists of."""
    if place in LENSES:
        return _lens(stage, place)
    if place in SETTINGS and place not in _ELSEWHERE:
        return _setting(stage, place)
    parts: Mapping[str, Callable[[Stage], Sequence[QWidget]]] = {
        "play": lambda stage: [stage.controls.play],
        "reset": lambda stage: [stage.controls.reset],
        "speed": lambda stage: [stage.controls.speed],
        "readouts": lambda stage: [
            stage.controls.epoch,
            stage.controls.train,
            stage.controls.test,
            stage.controls.score,
        ],
        "add_lane": _add_lane,
        "lanes": lambda stage: [_opened(stage, stage.boundary_card)],
        "boundary": lambda stage: [_opened(stage, stage.boundary or stage.boundary_card)],
        "cost": _cost,
        **_ELSEWHERE,
    }
    return parts[place](stage)


# Settings that have no control of their own, and where they are seen or chosen instead.
_ELSEWHERE: Mapping[str, Callable[[Stage], Sequence[QWidget]]] = {
    "title": lambda stage: [stage.page.top],
    "run.epochs": lambda stage: [stage.controls.epoch],
}
_HELD_BY = {"run.precision": "network", "run.replicas": "network"}  # the panel of a setting, if not of its section


def _opened(stage: Stage, widget: QWidget) -> QWidget:
    """Make room for a view, which an open column of settings may take."""
    stage.page.make_room_for_views()
    return widget


def _add_lane(stage: Stage) -> Sequence[QWidget]:
    stage.page.lend("add_lane")  # an audience does not see it otherwise
    return [_opened(stage, stage.lane_bar.new)]


def _cost(stage: Stage) -> Sequence[QWidget]:
    stage.page.lend("cost")
    stage.page.make_room_for_views()
    if stage.lenses is not None and stage.lenses.has_guest:
        stage.lenses.show_guest()
        return [stage.lenses]
    return [stage.cost_card]


def _lens(stage: Stage, place: str) -> Sequence[QWidget]:
    stage.page.lend("lenses")
    stage.page.make_room_for_views()
    lens = lens_named(stage, place)
    if stage.lenses is None or lens is None:
        return [stage.cost_card]
    stage.lenses.take_back(lens)
    stage.lenses.show_lens(lens)
    return [stage.lenses]


def tab_of(stage: Stage, place: str) -> Sequence[QWidget]:
    """Return the tab of a lens, which the person is to click, among those to be seen; all tabs if it has no room."""
    stage.page.lend("lenses")
    stage.page.make_room_for_views()
    lens = lens_named(stage, place)
    if stage.lenses is None or lens is None:
        return [stage.cost_card]
    tabs, index = stage.lenses.tabs, stage.lenses.lenses.index(lens)
    tabs.reveal(index)
    return [tabs if tabs.button(index).isHidden() else tabs.button(index)]


def _setting(stage: Stage, key: str) -> Sequence[QWidget]:
    """Open the settings and "More", and scroll to a row; to its panel if it does not apply now."""
    page = stage.page
    page.lend("settings")
    section = _HELD_BY.get(key, key.partition(".")[0])
    panel = next((panel for panel in stage.panels if key in panel.rows), None) or _panel_of(stage, section)
    row: QWidget | None = panel.rows.get(key)
    if row is not None and row.isHidden() and not panel.more.isChecked():
        panel.more.setChecked(True)
        if row.isHidden():
            panel.more.setChecked(False)  # it does not apply now
    target = panel if row is None or row.isHidden() else row
    call_later(page.settings, lambda: _scroll_to(page.settings, target))
    return [target]


def _scroll_to(column: QScrollArea, target: QWidget) -> None:
    """Scroll a column to one of its rows, or to the top of one of its panels, once both have their places."""
    if isinstance(target, Panel):
        column.verticalScrollBar().setValue(target.y())
    else:
        column.ensureWidgetVisible(target, 0, column.height() // 3)


def _panel_of(stage: Stage, section: str) -> Panel:
    return next(panel for panel in stage.panels if any(key.startswith(f"{section}.") for key in panel.rows))
