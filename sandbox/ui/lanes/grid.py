"""The boundaries of all lanes side by side, or where two of them differ."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QProgressBar,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from sandbox import words
from sandbox.data import Data
from sandbox.experiment import Experiment
from sandbox.experiment.document.defaults import SCORES
from sandbox.experiment.training.probe import Question
from sandbox.experiment.training.snapshot import DifferenceSurface, LaneState, Snapshot, Surface, SurfaceRequest
from sandbox.nn import METRICS
from sandbox.ui import theme
from sandbox.ui.kit import Elided, IconButton, label
from sandbox.ui.kit.base import StyleFollower, call_later, discard, set_state
from sandbox.ui.lane_styles import Badge, LaneStyle
from sandbox.ui.lanes.pair import PairPanel
from sandbox.ui.plot.plot import Hand
from sandbox.ui.theme import Theme
from sandbox.ui.views.boundary import BoundaryView
from sandbox.ui.views.boundary_legend import Drawn

AROUND = 76, 88  # pixels of a frame beside and above its plot: axis and edges; name, axis and read-out
AROUND_PRESENTED, SECOND_LINE = (72, 70), 12  # without the read-out; of a name in a narrow frame
NARROW = 190  # pixels; a narrower frame has room only for the name
ROOMY = 300  # pixels; while presenting, a narrower frame has no room for a menu
ACTIONS = {
    "rename": ("Rename\u2026", "Gives this lane another name."),
    "hide": ("Hide", "Leaves this lane out of all views; it keeps training."),
    "remove": ("Remove", "Removes this lane; undo brings it back."),
}


class LaneFrame(StyleFollower, QFrame):
    """One lane: its letter and name, how well it does, a menu, and its boundary.

    Signals
    -------
    chosen()
        A click anywhere on it.
    acted(str)
        One of `ACTIONS`, but "rename".
    renamed(str)
        The name that was typed.
    fitted()
        The name has the room that there is for it.
    """

    fitted = Signal()
    chosen = Signal()
    acted = Signal(str)
    renamed = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("lane")
        self.lane_style: LaneStyle | None = None
        self.view = BoundaryView()
        self.view.keeps_proportions = True
        self.badge = Badge()
        self.words = Elided("", "title")
        self._presented, self._has_menu = False, True
        self.edit = _NameEdit()
        self.score = label("", "hint")
        self.menu_button = IconButton("dots", "Renames, hides or removes this lane.", "Lane menu", flat=True)
        self.menu = QMenu(self)
        self.actions_: dict[str, QAction] = {}
        for name, (text, tip) in ACTIONS.items():
            action = self.menu.addAction(text)
            action.setToolTip(tip)
            action.triggered.connect(lambda _, name=name: self._act(name))
            self.actions_[name] = action
        self.menu.setToolTipsVisible(True)
        self.menu_button.clicked.connect(self._open_menu)
        self.cancel = IconButton("close", "Stops training this lane, and removes it.", "Cancel the new lane", flat=True)
        self.cancel.clicked.connect(lambda: self._act("remove"))
        self.cancel.hide()
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 100)
        self.progress.setAccessibleName("Training of the new lane, in percent")
        self.progress.hide()
        self.head = QWidget()
        self._head = QHBoxLayout(self.head)
        self._head.setContentsMargins(0, 0, 0, 0)
        for widget, stretch in (
            (self.badge, 0),
            (self.words, 1),
            (self.edit, 1),
            (self.score, 0),
            (self.cancel, 0),
            (self.menu_button, 0),
        ):
            self._head.addWidget(widget, stretch)
        self.edit.hide()
        self.edit.done.connect(self._rename)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.head)
        self._column.addWidget(self.progress)
        self._column.addWidget(self.view, 1)
        self.view.plot.picked.connect(lambda *_: self.chosen.emit())
        self.follow_style()

    def show_style(self, style: LaneStyle, current: bool, alone: bool) -> None:
        """Show which lane it is; a single lane needs no header."""
        self.lane_style = style
        self.badge.set_style(style)
        self.words.setText(style.words)
        self.words.setToolTip(style.full)
        self.setAccessibleName(f"Lane {style.full}")
        self.menu_button.setAccessibleName(f"Menu of lane {style.letter}")
        self.view.plot.setAccessibleName("Decision boundary" if alone else f"Decision boundary of lane {style.letter}")
        self.head.setVisible(not alone)
        set_state(self, "current", str(current and not alone).lower())
        set_state(self, "alone", str(alone).lower())
        self.fit()

    def show_progress(self, share: float) -> None:
        """Show how far a lane that was added has been trained, and offer to cancel; 1 ends that."""
        catching_up = share < 1.0
        if catching_up:
            self.progress.setValue(round(100.0 * share))
            self.score.setText(f"catching up: {words.share(share, 0)}")
            self.score.setToolTip("Trains from the initial weights until it is as far as the other lanes.")
        if catching_up != self.cancel.isVisibleTo(self):
            self.cancel.setVisible(catching_up)
            self.progress.setVisible(catching_up)

    def show_state(self, state: LaneState, task: str) -> None:
        """Show how well the lane does, or how far it has caught up."""
        self.show_progress(state.catch_up)
        if state.catch_up < 1.0:
            return
        metric = SCORES[task]
        value = state.readings.get(f"test_{metric}", state.readings.get(f"train_{metric}", math.nan))
        kind = METRICS[metric]
        text = words.share(value) if kind.is_share else f"{kind.label} {words.score(value)}"
        if state.stopped:
            text = "stopped"
        elif state.stopped_replicas:
            text += f" \u00b7 {state.stopped_replicas} of {state.replicas} stopped"
        if text != self.score.text():
            self.score.setText(text)
        part = "test" if f"test_{metric}" in state.readings else "training"
        self.score.setToolTip(state.stopped or f"{kind.label} over its {part} samples.")

    def show_measure(self, words: str) -> None:
        """Say what the colours or lines of a difference show."""
        if words != self.score.text():
            self.score.setText(words)
            self.score.setToolTip("What the colours and lines of the picture show.")

    def _open_menu(self) -> None:
        self.menu.popup(self.menu_button.mapToGlobal(self.menu_button.rect().bottomLeft()))

    def _act(self, name: str) -> None:
        if name == "rename":
            self.begin_rename()
        else:
            self.menu_button.clearFocus()  # it may vanish, and the focus must not move to another control
            self.acted.emit(name)

    def begin_rename(self) -> None:
        """Let the user type another name."""
        if (style := self.lane_style) is not None:
            self.words.hide()
            self.edit.begin("" if style.name == style.letter else style.words, style.words)

    def rename_again(self, text: str) -> None:
        """Let the user correct a name that was refused."""
        self.begin_rename()
        self.edit.setText(text)
        self.edit.deselect()

    def _rename(self, text: str | None) -> None:
        self.words.show()
        if text is not None:
            self.renamed.emit(text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.head.isVisible() and self.head.geometry().contains(event.position().toPoint()):
            self.begin_rename()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        call_later(self, self._fit_head)

    def _fit_head(self) -> None:
        self.score.setVisible(self.width() >= theme.px(NARROW))
        self.menu_button.setVisible(self._has_menu and not (self._presented and self.width() < theme.px(ROOMY)))
        self.fitted.emit()

    def offer_menu(self, offered: bool) -> None:
        """Show the menu, or not; while presenting the name matters more, where there is little room."""
        self._has_menu = offered
        self._fit_head()

    def present(self, presented: bool, several: bool) -> None:
        """Keep exact proportions while presenting; of `several` lanes, leave out what matters least."""
        self._presented = presented
        self.view.present(presented, several)
        self._fit_head()

    def fit(self) -> None:
        """Set margins and spacings."""
        edge = 0 if self.property("alone") == "true" else theme.px(6)
        self._column.setContentsMargins(edge, edge, edge, edge)
        self._column.setSpacing(theme.px(2))
        self._head.setSpacing(theme.px(6))
        self.progress.setFixedHeight(theme.px(3))


class _NameEdit(QLineEdit):
    """A name that is being typed: Return or leaving the field accepts it, Escape does not.

    Signals
    -------
    done(object)
        The text; None if it is unchanged or cancelled.
    """

    done = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Name of the lane")
        self.setToolTip("Letters, digits, spaces, - and _; if empty, the lane is named after what differs.")
        self.setMaxLength(36)
        self.returnPressed.connect(lambda: self._end(self.text().strip()))
        self.editingFinished.connect(lambda: self._end(self.text().strip()))
        self._open, self._before = False, ""

    def begin(self, text: str, hint: str) -> None:
        """Show the field with the text selected."""
        self._open, self._before = True, text
        self.setText(text)
        self.setPlaceholderText(hint)
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.selectAll()

    def _end(self, text: str | None) -> None:
        if self._open:
            self._open = False
            self.hide()
            self.done.emit(None if text == self._before else text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._end(None)
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(theme.px(80), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.px(40), super().minimumSizeHint().height())


class LaneGrid(QWidget):
    """A frame for every visible lane, as large as fits; or one for the difference of two.

    Signals
    -------
    wanted_changed()
        `wanted` now returns something else, so a paused run needs a new snapshot.
    sample_clicked(part, index)
        The user chose a sample in any of the views.
    lane_chosen(str)
        The user clicked a lane's frame.
    lane_acted(str, str)
        A lane, and one of `ACTIONS`, but "rename".
    lane_renamed(str, str)
        A lane, and its new name.
    rates_chosen(object)
        The user asks for these learning rates: lane to rate.
    """

    wanted_changed = Signal()
    sample_clicked = Signal(str, int)
    lane_chosen = Signal(str)
    lane_acted = Signal(str, str)
    lane_renamed = Signal(str, str)
    rates_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pair: PairPanel | None = None  # made when first needed
        self.frames: list[LaneFrame] = []
        self._shown: tuple[LaneStyle, ...] = ()
        self._current = ""
        self._rival: LaneStyle | None = None
        self._data: tuple[Data, Experiment | None] | None = None
        self._theme: tuple[Theme, float] | None = None
        self._sample: tuple[str, int] | None = None
        self._columns = 0
        self._hand_of: Callable[[BoundaryView], Hand] | None = None
        self._presented = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._frame(0)
        self._column.addWidget(self.frames[0].view.head)
        self._column.addLayout(self._grid, 1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    # The frames

    @property
    def current(self) -> BoundaryView:
        """The view of the lane in view."""
        return next(
            (f.view for f in self.frames if f.lane_style is not None and f.lane_style.name == self._current),
            self._first,
        )

    @property
    def _first(self) -> BoundaryView:
        return self.frames[0].view

    @property
    def plot(self) -> object:
        """The plot of the lane in view."""
        return self.current.plot

    @property
    def across(self) -> object:
        """The choice of the input from left to right, for all views."""
        return self._first.across

    @property
    def upward(self) -> object:
        """The choice of the input from bottom to top, for all views."""
        return self._first.upward

    def _frame(self, index: int) -> LaneFrame:
        while len(self.frames) <= index:
            frame = LaneFrame(self)
            view = frame.view
            if self.frames:
                view.head.hide()
            if self._theme is not None:
                view.set_theme(*self._theme)
            if self._data is not None:
                view.set_data(*self._data)
                view.show_drawn(self._first.legend.drawn)
                view.set_axes(self._first.across.currentIndex(), self._first.upward.currentIndex())
            if self._hand_of is not None:
                view.plot.take_in_hand(self._hand_of(view))
            if self._sample is not None:
                view.choose_sample(*self._sample)
            view.wanted_changed.connect(self.wanted_changed)
            view.axes_changed.connect(self._follow_axes)
            view.drawn_changed.connect(self._follow_drawn)
            view.sample_clicked.connect(self.choose_sample)
            view.sample_clicked.connect(self.sample_clicked)
            frame.fitted.connect(lambda: call_later(self, self._fit_names))
            frame.chosen.connect(lambda frame=frame: self._emit_for(frame, self.lane_chosen))
            frame.acted.connect(lambda name, frame=frame: self._emit_for(frame, self.lane_acted, name))
            frame.renamed.connect(lambda text, frame=frame: self._emit_for(frame, self.lane_renamed, text))
            self.frames.append(frame)
        return self.frames[index]

    def _emit_for(self, frame: LaneFrame, signal: object, *more: str) -> None:
        if frame.lane_style is not None:
            signal.emit(frame.lane_style.name, *more)  # type: ignore[attr-defined]

    def _follow_axes(self, x: int, y: int) -> None:
        for frame in self.frames[1:]:
            frame.view.set_axes(x, y)

    def _follow_drawn(self, drawn: Drawn) -> None:
        for frame in self.frames[1:]:
            frame.view.show_drawn(drawn)

    def set_lanes(
        self, styles: Sequence[LaneStyle], current: str, rival: LaneStyle | None = None, hidden: int = 0
    ) -> None:
        """Show these lanes; or, with a rival, where the one in view and the rival differ.

        `hidden` is the number of further lanes, which are not shown.
        """
        shown = tuple(styles) if rival is None else tuple(style for style in styles if style.name == current)
        shown = shown or tuple(styles)[:1]
        changed = shown != self._shown or rival != self._rival
        others = [style.name for style in shown] != [style.name for style in self._shown]
        self._shown, self._current, self._rival = shown, current, rival
        alone = len(styles) + hidden <= 1
        for index, style in enumerate(shown):
            frame = self._frame(index)
            frame.show_style(style, style.name == current and rival is None, alone)
            if rival is None:
                frame.view.compare_with("", QColor(), QColor())
            else:
                colours = theme.current()
                frame.view.compare_with(rival.name, QColor(colours.lane(style.slot)), QColor(colours.lane(rival.slot)))
                frame.words.setText(f"against {rival.full}")
            frame.view.set_compact(len(shown) > 2)
            frame.offer_menu(rival is None)
            frame.actions_["remove"].setEnabled(not alone)
            frame.actions_["hide"].setEnabled(len(styles) > 1)
        for frame in self.frames[len(shown) :]:
            frame.lane_style = None
        self._show_pair(styles)
        if others:
            self.clear_ghosts()
        if changed:
            self._fit_frames()
            self._arrange(True)
            self.wanted_changed.emit()

    def present(self, presented: bool) -> None:
        """Keep exact proportions while presenting, and leave out what matters least to an audience."""
        self._presented = presented
        self._fit_frames()
        self._arrange(True)

    def set_brief(self, brief: bool) -> None:
        """Leave out the switches that an audience does not need."""
        self._first.legend.set_brief(brief)

    def _fit_frames(self) -> None:
        for frame in self.frames:
            frame.present(self._presented, len(self._shown) > 1)

    def _fit_names(self) -> None:
        """Give all names two lines while presenting, if one line is too short for one of them."""
        shown = self.frames[: len(self._shown)]
        lines = 2 if self._presented and any(not frame.words.fits_line() for frame in shown) else 1
        for frame in shown:
            frame.words.set_lines(lines)

    def begin_rename(self, lane: str) -> None:
        """Let the user type another name for a lane."""
        for frame in self.frames:
            if frame.lane_style is not None and frame.lane_style.name == lane:
                frame.begin_rename()

    def rename_again(self, lane: str, text: str) -> None:
        """Let the user correct a lane's name that was refused."""
        for frame in self.frames:
            if frame.lane_style is not None and frame.lane_style.name == lane:
                frame.rename_again(text)

    def _show_pair(self, styles: Sequence[LaneStyle]) -> None:
        """Show the comparison of two lanes below their difference."""
        if self.pair is None and self._rival is not None:
            self.pair = PairPanel(self)
            self._column.addWidget(self.pair, 1)
            if self._theme is not None:
                self.pair.set_theme(*self._theme)
            self.pair.wanted_changed.connect(self.wanted_changed)
            self.pair.rates_chosen.connect(self.rates_chosen)
        if self.pair is not None:
            current_style = self._shown[0] if self._rival is not None else None
            self.pair.setVisible(self._rival is not None)
            self.pair.set_pair(current_style, self._rival, styles)

    def questions(self) -> tuple[Question[Any], ...]:
        """Return the questions about two lanes for the next snapshot."""
        return () if self.pair is None else self.pair.questions()

    def _arrange(self, forced: bool = False) -> None:
        count = max(1, len(self._shown))
        scale, shown = theme.scale(), self._first.slice
        proportion = 1.0 if shown is None else shown.proportion or 1.0
        height = self.height() - self._first.head.height()
        across, above = AROUND_PRESENTED if self._presented and count > 1 else AROUND
        around = across, above + (SECOND_LINE if self._presented and count > 2 else 0)
        columns = best_columns(count, round(self.width() / scale), round(height / scale), proportion, around)
        if columns == self._columns and not forced:
            return
        self._columns = columns
        while self._grid.count():
            self._grid.takeAt(0)
        for index, frame in enumerate(self.frames):
            frame.setVisible(index < count)
            if index < count:
                self._grid.addWidget(frame, index // columns, index % columns)
        for line in range(6):
            self._grid.setColumnStretch(line, int(line < columns))
            self._grid.setRowStretch(line, int(line < -(-count // columns)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        call_later(self, self._arrange)

    # What is shown

    def set_theme(self, colours: Theme, scale: float = 1.0) -> None:
        """Apply colours and type."""
        self._theme = colours, scale
        self._grid.setSpacing(theme.px(theme.GRID))
        self._column.setSpacing(theme.px(theme.HALF))
        self._first.fit_head(theme.px(theme.HALF))  # a ring around all this does not touch it
        for frame in self.frames:
            frame.view.set_theme(colours, scale)
            frame.fit()
        if self.pair is not None:
            self.pair.set_theme(colours, scale)

    def set_data(self, data: Data, experiment: Experiment | None = None) -> None:
        """Show other data in all views."""
        if self._data is None or self._data[0].inputs != data.inputs:
            self._sample = None
        self._data = data, experiment
        for frame in self.frames:
            frame.view.set_data(data, experiment)
        self._arrange()

    def follow_points(self, data: Data) -> None:
        """Show the same data with other points in all views."""
        self._data = data, None if self._data is None else self._data[1]
        for frame in self.frames:
            frame.view.follow_points(data)

    def take_in_hand(self, hand_of: Callable[[BoundaryView], Hand] | None) -> None:
        """Let a hand take the mouse in every view; None lets a click be a click."""
        self._hand_of = hand_of
        for frame in self.frames:
            frame.view.plot.take_in_hand(None if hand_of is None else hand_of(frame.view))

    def keep_ghosts(self) -> None:
        """Keep what every lane shows, pale, when a run ends."""
        for frame in self.frames[: len(self._shown)]:
            frame.view.keep_ghost()

    def clear_ghosts(self) -> None:
        """Stop showing the previous run."""
        for frame in self.frames:
            frame.view.clear_ghost()

    def choose_sample(self, part: str, index: int) -> None:
        """Draw a ring around one sample in all views."""
        self._sample = part, index
        for frame in self.frames:
            frame.view.choose_sample(part, index)

    def begin_afresh(self) -> None:
        """Draw everything, choose no sample, and compare nothing."""
        self._sample = None
        for frame in self.frames:
            frame.view.samples.chosen = None
            frame.view.show_drawn(Drawn())
        if self.pair is not None and self._rival is None:
            discard(self.pair)
            self.pair = None

    def wanted(self) -> tuple[SurfaceRequest, ...]:
        """Return the surfaces that the visible views need from the next snapshot."""
        if not self.isVisible():
            return ()
        requests = (frame.view.request(style.name) for frame, style in zip(self.frames, self._shown, strict=False))
        return tuple(request for request in requests if request is not None)

    def draw(self, snapshot: Snapshot) -> None:
        """Show the surfaces of a snapshot's lanes, and how well they do."""
        surfaces = {surface.request.lane: surface for surface in snapshot.surfaces}
        states = {state.name: state for state in snapshot.lanes}
        for frame, style in zip(self.frames, self._shown, strict=False):
            state = states.get(style.name)
            if state is not None and self._rival is None:
                frame.show_state(state, snapshot.data.task)
            elif self._rival is not None:
                frame.show_progress(1.0)
                frame.show_measure(_measure(snapshot, style, self._rival, surfaces.get(style.name)))
            if style.name in surfaces:
                frame.view.draw(surfaces[style.name], state)
        if self.pair is not None:
            self.pair.draw(snapshot)


def _measure(snapshot: Snapshot, one: LaneStyle, other: LaneStyle, shown: Surface | None) -> str:
    """Say what the picture of a difference shows, and its largest value: networks far apart may answer nearly alike."""
    task = snapshot.data.task
    if len(snapshot.data.inputs) == 1:
        return f"lines: {one.letter} and {other.letter}"
    values = shown.values if isinstance(shown, DifferenceSurface) else np.empty(0)
    values = np.abs(values[np.isfinite(values)])
    most = f", at most {words.brief(float(values.max()))}" if values.size else ""
    if task == "multiclass":
        return f"distance of the outputs{most}"
    return f"{'output' if task == 'regression' else 'class 1'} of {one.letter} minus {other.letter}{most}"


def best_columns(count: int, width: int, height: int, proportion: float = 1.0, around: tuple[int, int] = AROUND) -> int:
    """Return the number of columns for which the plots in `count` frames are largest.

    Parameters
    ----------
    count : int
    width, height : int
        The room in pixels, at the usual scale.
    proportion : float
        The width of what is drawn by its height.
    around : tuple of int
        Pixels of a frame beside and above its plot.
    """

    def size(columns: int) -> float:
        across, up = width / columns - around[0], height / -(-count // columns) - around[1]
        return min(across, up * proportion)

    return max(range(1, count + 1), key=lambda columns: (round(size(columns)), -columns))
