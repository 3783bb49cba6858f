"""How the window shares its room: which columns it shows, and what stands behind a tab when there is little."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QBoxLayout, QHBoxLayout, QMenuBar, QSizePolicy, QVBoxLayout, QWidget

from sandbox.ui import theme
from sandbox.ui.controls import Controls
from sandbox.ui.kit import Card, Notice
from sandbox.ui.kit.base import StyleFollower, call_later
from sandbox.ui.panels.column import PanelColumn

if TYPE_CHECKING:
    from sandbox.ui.lens.card import LensCard
    from sandbox.ui.network.card import NetworkCard
    from sandbox.ui.views.cost import CostView

LEAST = 880, 480  # width and height of the smallest window
ENLARGED = 900, 540  # what is left of a screen when everything is enlarged for the back row, at the usual scale
WIDE, TALL = 1000, 620  # from here on the settings are open at first; the cost stands above the lenses
CURVES = 480  # the width that curves and lenses get before the boundary gets more than they
CROWD = 600  # the width below which the boundary gets less, if the lessons are open or somebody presents
ROOMY = 620  # the width from which on it gets more, while somebody presents
ROW, HIGH = 2, 900  # more lanes than stand in one row need a window of this height beside the network
BESIDE = 530  # the width from which on the boundary stands beside curves and lenses
# The least share of the views that curves and lenses get: usually; beside lessons, if there is little; presented.
READ, SCARCE, PRESENTED = 0.54, 0.6, 0.46
# From so many lanes on their pictures are the message: the share then, beside lessons or presented, but a least width.
MANY, CROSSED, LEAST_CURVES = 3, 0.4, 295
FOLDABLE = (
    "settings",
    "network",
    "cost",
    "lenses",
)  # the parts that a presenter folds; controls and boundary always stay


@dataclass(frozen=True)
class Fold:
    """What there is room for.

    Attributes
    ----------
    wide : bool
        Settings, boundary and curves side by side, unless the user closes the settings.
    tall : bool
        The cost above the lenses; otherwise it is the first tab among them.
    stacked : bool
        The boundary above curves and lenses, because lessons and settings are both open.
    crowded : bool
        Not even that: the boundary alone.
    """

    wide: bool
    tall: bool
    stacked: bool = False
    crowded: bool = False


def fold(width: float, height: float, views: float = math.inf) -> Fold:
    """Return what there is room for, in pixels at the usual scale.

    Parameters
    ----------
    width, height : float
        Of the window, without the lessons.
    views : float
        The width that is left to boundary, curves and lenses.
    """
    narrow, high = views < BESIDE, height >= TALL
    return Fold(width >= WIDE, high and not narrow, narrow and high, narrow and not high)


class FirstPaint(QObject):
    """Calls back once a widget has been painted for the first time, or after half a second if it has not."""

    def __init__(self, widget: QWidget, then: Callable[[], None]) -> None:
        super().__init__(widget)
        self._widget, self._then = widget, then
        widget.installEventFilter(self)
        QTimer.singleShot(500, self, self._call)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self, self._call)
        return False

    def _call(self) -> None:
        self._widget.removeEventFilter(self)
        then, self._then = self._then, lambda: None
        then()


class TopLine(StyleFollower, QWidget):
    """The line above all else: the menus, and beside them the messages, which so move and cover nothing."""

    def __init__(self, menus: QMenuBar, notice: Notice) -> None:
        super().__init__()
        menus.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._row = QHBoxLayout(self)
        self._row.addWidget(menus)
        self._row.addStretch(1)
        self.take(notice)
        self.follow_style()

    def take(self, notice: Notice) -> None:
        """Give the messages their place."""
        self._row.addWidget(notice)

    def fit(self) -> None:
        """Take the same height with a message as without, and on a system that shows the menus elsewhere."""
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.px(theme.GRID))
        self.setFixedHeight(theme.px(theme.CONTROL))


class Page(StyleFollower, QWidget):
    """Everything in the window, laid out for the room there is.

    Signals
    -------
    parts_changed()
        Another part is open, or no longer.
    cost_folded(bool)
        The cost was put behind a tab, or into a card of its own.
    """

    parts_changed = Signal()
    cost_folded = Signal(bool)

    def __init__(self, top: TopLine, controls: Controls, settings: PanelColumn, boundary: Card, cost: Card) -> None:
        super().__init__()
        self.setObjectName("ground")
        self.top, self.settings, self.boundary, self.cost = top, settings, boundary, cost
        self._lessons: QWidget | None = None
        self._fit_lessons: Callable[[], None] = lambda: None
        self._lenses: LensCard | None = None
        self._network: NetworkCard | None = None
        self._lanes, self._was_whole = 1, False
        self._curves: CostView | None = None
        self._fold = Fold(True, True)
        self._open = {True: True, False: False}  # whether the settings are, in a wide window and in a narrow one
        self._presented: frozenset[str] | None = None  # the parts open while presenting
        self._lent: frozenset[str] = frozenset()
        self._told: frozenset[str] | None = None  # the parts that were open when others last heard of it
        self._page = QVBoxLayout(self)
        self._page.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        self._page.addWidget(top)
        self._page.addWidget(controls)
        self._columns = QHBoxLayout()
        self._columns.setSpacing(0)  # the settings have their own gutter
        self._page.addLayout(self._columns, 1)
        self._views = QHBoxLayout()
        self._middle = QVBoxLayout()
        self._middle.addWidget(boundary, 12)
        self._views.addLayout(self._middle, 11)
        self._right = QVBoxLayout()
        self._right.addWidget(cost, 9)
        self._views.addLayout(self._right, 10)
        self._columns.addWidget(settings)
        self._columns.addLayout(self._views, 1)
        for card in (boundary, cost):  # what is in a card must not make the window larger than its screen
            card.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.follow_style()

    def add_lessons(self, lessons: QWidget, take_width: Callable[[], None]) -> None:
        """Add the lessons at the left, where they are read first; in a narrow window the settings make room.

        `take_width` lets them take the width that they want in a window of this size.
        """
        self._lessons, self._fit_lessons = lessons, take_width
        self._columns.insertWidget(0, lessons)

    def open_lessons(self, opened: bool) -> None:
        """Show or hide the lessons."""
        assert self._lessons is not None
        self._lessons.setVisible(opened)
        self._refold()
        self._show_settings()

    @property
    def has_room_for_settings(self) -> bool:
        """Whether curves and lenses get the width that they want beside the settings, with the lessons as they are."""
        return self._room_for_views(True) * READ >= theme.px(CURVES)

    def make_room_for_views(self) -> None:
        """Close the settings if no view beside them can be seen for lack of room."""
        if self._fold.crowded or self._fold.stacked:
            self.open_part("settings", False)

    def add_lenses(self, lenses: LensCard, curves: CostView) -> None:
        """Add the lenses, below the cost or with it as their first tab."""
        self._lenses, self._curves = lenses, curves
        lenses.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._right.addWidget(lenses, 11)
        self._place_cost()

    def add_network(self, network: NetworkCard) -> None:
        """Add the picture of the network, below the boundary."""
        self._network = network
        network.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._middle.addWidget(network, 8)
        network.room_changed.connect(self._place_network)
        self._place_network()

    def _place_network(self) -> None:
        """Give the network its share of the middle, only the line of its title, or all of it."""
        if self._network is None:
            return
        rows_high = self._lanes > ROW and self.height() < theme.px(HIGH)
        self._network.set_low(not self._fold.tall or rows_high)
        folded = self._network.is_folded
        vertical = QSizePolicy.Policy.Maximum if folded else QSizePolicy.Policy.Ignored
        self._network.setSizePolicy(QSizePolicy.Policy.Ignored, vertical)
        self._middle.setStretch(1, 0 if folded else 8)
        shown = "network" in self.parts
        self._network.setVisible(shown)
        self.boundary.setVisible(not (shown and self._network.whole))

    def share(self, boundary: int, lanes: int) -> None:
        """Set the share of the boundary's card, which shows so many lanes; the column beside it has 10."""
        self._views.setStretch(0, boundary)
        self._lanes = lanes
        self._keep_curves_readable()
        self._place_network()

    def hang(self, notice: Notice) -> None:
        """Let messages lie over the foot of the page, since there is no line of menus."""
        notice.setParent(self)
        notice.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_other = event.type() in (QEvent.Type.Show, QEvent.Type.LayoutRequest)
        if is_other and isinstance(watched, Notice) and watched.parentWidget() is self:
            edge, size = 2 * theme.px(theme.GRID), watched.sizeHint()
            width = min(size.width(), self.width() - 2 * edge)
            left, top = (self.width() - width) // 2, self.height() - edge - size.height()
            watched.setGeometry(left, top, width, size.height())
            watched.raise_()
        return False

    # Which parts are open

    @property
    def parts(self) -> frozenset[str]:
        """Those of the foldable parts that are open, though there may be no room for one just now."""
        return self._chosen(self._fold.wide) | self._lent

    @property
    def presented(self) -> frozenset[str] | None:
        """The parts that the presenter chose; None if nobody presents."""
        return self._presented

    def _chosen(self, wide: bool) -> frozenset[str]:
        if self._presented is not None:
            return self._presented
        return frozenset(FOLDABLE) - (frozenset() if self._open[wide] else {"settings"})

    def present(self, parts: Collection[str] | None) -> None:
        """Show these parts beside the boundary, without menus; None goes back to the usual arrangement."""
        if self._network is not None:
            if self._presented is None:
                self._was_whole = self._network.whole
            elif parts is None and self._network.whole != self._was_whole:
                self._network.take_whole()
        self._presented = None if parts is None else frozenset(parts)
        self.top.setHidden(parts is not None)
        self._set_margins()
        self._show_parts()

    def open_part(self, part: str, opened: bool) -> None:
        """Open or fold a part; usually only the settings fold, which is remembered for wide and narrow windows."""
        self._lent -= {part}
        if self._presented is not None:
            self._presented = self._presented | {part} if opened else self._presented - {part}
            if part == "network" and opened and self._network is not None and self._network.is_folded:
                self._network.fold()  # opens it, where there is little room in place of the boundary
        elif part == "settings":
            self._open[self._fold.wide] = opened
        self._show_parts()

    def lend(self, part: str) -> None:
        """Open a part, if it is folded, until it is taken back: a step of a lesson points at it."""
        if part not in self.parts:
            self._lent |= {part}
            self._show_parts()

    def take_back(self, needed: Collection[str] = ()) -> None:
        """Fold the parts that were lent, but for those that are still needed."""
        if not self._lent <= set(needed):
            focused = QApplication.focusWidget()
            if "settings" not in needed and focused is not None and self.settings.isAncestorOf(focused):
                self.setFocus()  # else the focus goes to whatever comes next
            self._lent &= set(needed)
            self._show_parts()

    @property
    def settings_open(self) -> bool:
        """Whether the settings are shown."""
        return "settings" in self.parts

    def open_settings(self, opened: bool) -> None:
        """Show or hide the settings; remembered for wide and for narrow windows."""
        self.open_part("settings", opened)

    def is_seen(self, part: str) -> bool:
        """Return whether a part is open, and there is room for it."""
        return part in self.parts and not (self._fold.crowded and part != "settings")

    def _show_parts(self) -> None:
        self._show_settings()
        self._refold()
        self._place_cost()

    def _show_settings(self) -> None:
        self.settings.setVisible(self.settings_open)
        self._keep_curves_readable()
        if self._told != self.parts:
            self._told = self.parts
            self.parts_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        call_later(self, self._refold)

    def _keep_curves_readable(self) -> None:
        """Reserve room for the curves and the lenses, but little more than half: they hold text."""
        room = self._room_for_views(self.settings_open)
        share = 1.0 if self._fold.stacked else self._least_share(room)
        least = min(theme.px(CURVES), round(max(share * room, min(READ * room, theme.px(LEAST_CURVES)))))
        for card in (self.cost, self._lenses):
            if card is not None:
                card.setMinimumWidth(0 if self._fold.crowded else least)

    def _least_share(self, room: int) -> float:
        presents = self._presented is not None
        if self._lanes >= MANY and not self.settings_open and (presents or self._lessons_width > 0):
            return CROSSED
        if presents and (room >= theme.px(ROOMY) or not self.settings_open):
            return PRESENTED
        return SCARCE if (presents or self._lessons_width > 0) and room < theme.px(CROWD) else READ

    def _room_for_views(self, with_settings: bool) -> int:
        settings = max(self.settings.width(), self.settings.minimumWidth()) if with_settings else 0
        return self.width() - 2 * theme.px(theme.GRID) - settings - self._lessons_width

    @property
    def _lessons_width(self) -> int:
        """The width that the lessons take, with the gutter beside them."""
        shown = self._lessons is not None and not self._lessons.isHidden()
        return self._lessons.minimumWidth() if shown and self._lessons is not None else 0

    def _refold(self) -> None:
        scale = theme.scale()
        self._fit_lessons()
        width, height = (self.width() - self._lessons_width) / scale, self.height() / scale
        wide = fold(width, height).wide
        with_settings = "settings" in self._chosen(wide) | self._lent
        views = self._room_for_views(with_settings) / scale if self._lessons_width else math.inf
        wanted = fold(width, height, views)
        if wanted != self._fold:
            self._fold = wanted
            directions = QBoxLayout.Direction
            self._views.setDirection(directions.TopToBottom if wanted.stacked else directions.LeftToRight)
            self._show_settings()
            self._place_cost()
        self._keep_curves_readable()
        self._place_network()

    def _place_cost(self) -> None:
        """Put the cost where it belongs: into its own card, or behind a tab of the lenses."""
        both, crowded = {"cost", "lenses"} <= self.parts, self._fold.crowded
        behind_tab = both and not self._fold.tall
        self._views.setStretch(1, 10 if self.parts & {"cost", "lenses"} and not crowded else 0)  # else it keeps a share
        self.cost.setVisible("cost" in self.parts and not behind_tab and not crowded)
        if self._lenses is None or self._curves is None:
            return
        if not behind_tab and self._lenses.has_guest:
            self._lenses.release_guest()
            self.cost.body.addWidget(self._curves, 1)
            self.cost.header.addWidget(self._curves.controls)
            self._curves.show()
        elif behind_tab and not self._lenses.has_guest:
            self._lenses.host("Cost", "The cost after every epoch.", self._curves)
            self._curves.take_controls()
        self._lenses.setVisible("lenses" in self.parts and not crowded)
        self.cost_folded.emit(behind_tab)

    def fit(self) -> None:
        """Set margins and spacings, and fold again: an enlarged window has less room."""
        gap = theme.px(theme.GRID)
        self._set_margins()
        self._page.setSpacing(gap)
        self._views.setSpacing(gap)
        self._middle.setSpacing(gap)
        call_later(self, self._refold)

    def _set_margins(self) -> None:
        """Leave less above the menus, which are pale, than above the controls."""
        gap = theme.px(theme.GRID)
        self._page.setContentsMargins(gap, gap // 2 if self._presented is None else gap, gap, gap)
