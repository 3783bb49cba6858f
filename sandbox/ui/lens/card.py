"""The card that holds the lenses: one per tab, each of which can be detached into its own window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from sandbox.experiment.training.probe import Question
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.ui import theme
from sandbox.ui.kit import IconButton, Item, Tabs, label
from sandbox.ui.kit.base import StyleFollower, call_later
from sandbox.ui.lane_styles import Badge, LaneStyle
from sandbox.ui.lens.base import Lens
from sandbox.ui.lens.findings import FindingsLens, FindingsStrip

GUEST = -1  # the value of the tab of another view
AT_ONCE = 2  # lenses answered per snapshot while snapshots are flowing


class LensCard(StyleFollower, QFrame):
    """Tabs of lenses; the one in front asks and draws, and so does each detached one.

    Signals
    -------
    wanted_changed()
        `questions` now returns something else.
    change_requested(str, object)
        The user asks for an edit: dotted key, value.
    restart_requested()
        The user asks for a new run.
    step_requested()
        The user asks for one update.
    sample_chosen(str, int)
        The user chose another sample in a lens.
    """

    wanted_changed = Signal()
    change_requested = Signal(str, object)
    restart_requested = Signal()
    step_requested = Signal()
    sample_chosen = Signal(str, int)

    def __init__(self, kinds: Sequence[type[Lens[Any]]]) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAccessibleName("Why it learns")
        self.lenses = [kind() for kind in kinds]
        self._windows: dict[Lens[Any], _LensWindow] = {}
        self._turn = 0  # index of the lens to ask first next time
        self._waits = False  # whether there is nothing to learn from
        self._names: list[Item] = [(i, lens.title, lens.summary) for i, lens in enumerate(self.lenses)]
        self.tabs = Tabs(self._names)
        self.tabs.setAccessibleName("Lenses")
        self._front = self.lenses[0]  # the lens in front, or behind the guest
        self._guest: QWidget | None = None  # a view that stands behind the first tab while there is no other room
        self.detach = IconButton("window", "Shows this lens in a separate window.", "Detach lens", flat=True)
        self.stack = QStackedWidget()
        self.findings = next((lens for lens in self.lenses if isinstance(lens, FindingsLens)), None)
        self.strip = None if self.findings is None else FindingsStrip(self.findings, self)
        self.badge = Badge()
        self.badge.setToolTip("The lane that the lenses show.")
        self.badge.hide()
        self.seed = label("", "hint")
        self.seed.setAccessibleName("Seed that the lenses show")
        self.seed.hide()
        self._top = QHBoxLayout()
        self._top.addWidget(self.tabs, 1)
        self._top.addWidget(self.badge)  # behind the tabs, so that they stay where they are without it
        self._top.addWidget(self.seed)
        self._top.addWidget(self.detach)
        self._styles: dict[str, LaneStyle] = {}
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._top)
        self._column.addWidget(self.stack, 1)
        if self.strip is not None:  # below the lenses, where showing or hiding it moves no tab
            self._column.addWidget(self.strip)
            self.strip.opened.connect(self.open_finding)
        # A lens's size hint must not make the window wider than its screen.
        self.stack.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        for lens in self.lenses:
            self.stack.addWidget(_Page(lens))
            lens.wanted_changed.connect(self.wanted_changed)
            lens.change_requested.connect(self.change_requested)
            lens.restart_requested.connect(self.restart_requested)
            lens.step_requested.connect(self.step_requested)
            lens.sample_chosen.connect(self.sample_chosen)
        self.tabs.changed.connect(lambda value, _: self.show_guest() if value == GUEST else self.show_tab(value))
        self.detach.clicked.connect(lambda: self.take_out(self.current))
        self.follow_style()

    def set_lanes(self, styles: Sequence[LaneStyle]) -> None:
        """Set how the lanes look; a single lane needs no badge."""
        self._styles = {style.name: style for style in styles}
        self.badge.setVisible(len(styles) > 1)
        self._show_badge()

    def _show_badge(self) -> None:
        """Show whose answer is on screen: after a change of lane, that of the old one until the new one answers."""
        self.badge.set_style(self._styles.get(self.current.shown_lane))

    def set_seed(self, seed: int | None) -> None:
        """Show the seed of the replica in view; None if there is only one."""
        text = "" if seed is None else f"seed {seed}"
        self.seed.setText(text)
        network = "" if seed is None else f" (network with seed {seed})"
        self.badge.setToolTip(f"The lane that the lenses show{network}.")
        self._fit_seed()

    def _fit_seed(self) -> None:
        """Show the seed if there is room beside all tabs."""
        taken = sum(widget.sizeHint().width() for widget in (self.tabs, self.detach, self.badge))
        room = self.width() - taken - theme.px(4 * theme.GRID)
        self.seed.setVisible(bool(self.seed.text()) and room >= self.seed.sizeHint().width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        call_later(self, self._fit_seed)

    def _fit_detach(self) -> None:
        """Offer a separate window for the lens in front, unless it has one."""
        self.detach.setVisible(self.tabs.value() != GUEST and self.current not in self._windows)

    @property
    def current(self) -> Lens[Any]:
        """The lens in front."""
        return self._front

    def show_tab(self, index: int) -> None:
        """Bring the lens of this index to the front."""
        self.show_lens(self.lenses[index])

    def show_lens(self, lens: Lens[Any]) -> None:
        """Bring a lens to the front, here or in its own window."""
        self._front = lens
        self.tabs.set_value(self.lenses.index(lens))
        self.stack.setCurrentIndex(self.lenses.index(lens))
        self._fit_detach()
        self._show_badge()
        if lens in self._windows:
            self._windows[lens].raise_()
            self._windows[lens].activateWindow()
        self.wanted_changed.emit()

    def show_first(self) -> None:
        """Bring what is behind the first tab to the front: the first lens, or the view that was taken in."""
        if self.has_guest:
            self._front = self.lenses[0]
            self.show_guest()
        else:
            self.show_lens(self.lenses[0])

    @property
    def has_guest(self) -> bool:
        """Whether another view stands behind the first tab."""
        return self._guest is not None

    def host(self, title: str, summary: str, guest: QWidget) -> None:
        """Take in another view, behind a tab before all lenses, and show it."""
        self._guest = guest
        self.stack.addWidget(guest)
        self.tabs.set_items([(GUEST, title, summary), *self._names])
        self.show_guest()

    def show_guest(self) -> None:
        """Bring the view that was taken in to the front; do nothing if there is none."""
        if self._guest is not None:
            self.tabs.set_value(GUEST)
            self.stack.setCurrentWidget(self._guest)
            self._fit_detach()
            self.wanted_changed.emit()

    def release_guest(self) -> None:
        """Give the view back, to be shown elsewhere, and bring the last lens to the front."""
        assert self._guest is not None
        self.stack.removeWidget(self._guest)
        self._guest = None
        self.tabs.set_items(self._names)
        self.show_lens(self._front)

    def open_finding(self, name: str) -> None:
        """Show a finding with its evidence; "" shows all of them."""
        if self.findings is not None:
            self.findings.open_finding(name)
            self.show_lens(self.findings)

    def choose_sample(self, part: str, index: int) -> None:
        """Follow a sample that was clicked elsewhere, in the lens that follows one."""
        for lens in self.lenses:
            if type(lens).choose is not Lens.choose:
                lens.choose(part, index)
                self.show_lens(lens)

    def take_out(self, lens: Lens[Any]) -> None:
        """Show a lens in a separate window; closing the window brings it back."""
        if lens in self._windows:
            return
        self._page(lens).show_note()
        window = _LensWindow(self, lens)
        self._windows[lens] = window
        window.resize(theme.px(720), theme.px(480))
        window.show()
        self._fit_detach()
        self.wanted_changed.emit()

    def take_back(self, lens: Lens[Any]) -> None:
        """Put a lens back behind its tab and close its window."""
        window = self._windows.pop(lens, None)
        if window is not None:
            self._page(lens).attach_lens(lens)
            window.close()
            self._fit_detach()
            self.wanted_changed.emit()

    def begin_afresh(self) -> None:
        """Bring all lenses back, as in a new window, and the first view to the front."""
        self.close_windows()
        for lens in self.lenses:
            lens.begin_afresh()
        self.show_tab(0)
        self.show_guest()

    def _page(self, lens: Lens[Any]) -> _Page:
        page = self.stack.widget(self.lenses.index(lens))
        assert isinstance(page, _Page)
        return page

    def close_windows(self) -> None:
        """Bring all lenses back, because the main window is closing."""
        for window in list(self._windows.values()):
            window.close()

    def set_theme(self, colours: theme.Theme, scale: float = 1.0) -> None:
        """Apply a theme to all lenses."""
        for lens in self.lenses:
            lens.set_theme(colours, scale)

    def questions(self, lane: str, flowing: bool = False) -> tuple[Question[Any], ...]:
        """Return the questions of the visible lenses.

        While snapshots are `flowing`, lenses that are open side by side take turns, so that no single frame has to
        answer and draw them all.
        """
        asked: list[Question[Any]] = []
        count, first, asking = len(self.lenses), self._turn, 0
        for index in (*range(first, count), *range(first)):
            if flowing and asking == AT_ONCE:
                break
            questions = self.lenses[index].questions(lane)
            if questions:
                asked += questions
                asking, self._turn = asking + 1, (index + 1) % count
        return tuple(asked)

    def draw(self, snapshot: Snapshot, lane: str) -> None:
        """Draw the visible lenses."""
        waits = not len(snapshot.data.X_train)
        if waits != self._waits:
            self._waits = waits
            for lens in self.lenses:
                self._page(lens).wait(waits)
        for lens in self.lenses:
            if lens.is_asking:
                lens.draw(snapshot, lane)
        self._show_badge()

    def hasHeightForWidth(self) -> bool:
        return False  # no lens takes room from the cost above, however much it could use

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def fit(self) -> None:
        """Set margins and spacings."""
        edge, step = theme.px(10), theme.px(theme.GRID)
        self._column.setContentsMargins(edge, step, edge, step)
        self._column.setSpacing(step)
        self._top.setSpacing(theme.px(theme.HALF))


_DETACHED = "Shown in a separate window; close it to bring the lens back."
_WAITING = "There is nothing to learn from yet: draw a point."


class _Page(QWidget):
    """The page of a lens behind its tab; shows a note while the lens is detached."""

    def __init__(self, lens: Lens[Any]) -> None:
        super().__init__()
        self._note = label(_DETACHED, "hint")
        self._lens = lens
        self._note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self._note)
        self.attach_lens(lens)

    def attach_lens(self, lens: Lens[Any]) -> None:
        self._layout.addWidget(lens, 1)
        lens.show()
        self._note.hide()

    def show_note(self) -> None:
        self._note.setText(_DETACHED)
        self._note.show()

    def wait(self, waits: bool) -> None:
        """Hide the lens while there is nothing to learn from, or show it again; a detached one stays as it is."""
        if self._lens.parent() is self:
            self._note.setText(_WAITING if waits else _DETACHED)
            self._note.setVisible(waits)
            self._lens.setVisible(not waits)


class _LensWindow(QWidget):
    """The window of a detached lens."""

    def __init__(self, card: LensCard, lens: Lens[Any]) -> None:
        super().__init__(card.window(), Qt.WindowType.Window)
        self.setObjectName("ground")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"{lens.title} - Loss Sandbox")
        self._card, self._lens = card, lens
        frame = QFrame()
        frame.setObjectName("card")
        inner = QVBoxLayout(frame)
        inner.addWidget(lens)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(*4 * (theme.px(theme.GRID),))
        outer.addWidget(frame)
        lens.show()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._card.take_back(self._lens)
        super().closeEvent(event)
