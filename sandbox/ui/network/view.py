"""The network as a lens: what it asks, and what it shows of the answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QScrollArea, QVBoxLayout, QWidget

from sandbox import words
from sandbox.data import Data
from sandbox.experiment.document import texts
from sandbox.experiment.lens.network import BIAS, UNIT, AskNetwork, AskPast, AskUnit, NetworkState, Picture
from sandbox.experiment.training.probe import Question
from sandbox.experiment.training.snapshot import Snapshot, SurfaceRequest
from sandbox.ui import theme
from sandbox.ui.accessible import LiveDescription
from sandbox.ui.kit import IconButton, Segmented
from sandbox.ui.kit.base import call_later
from sandbox.ui.lens.base import Lens
from sandbox.ui.network import looks, sentences
from sandbox.ui.network.canvas import DERIVATIVES, WEIGHTS, NetworkCanvas, Shown
from sandbox.ui.network.flow import Flow, Follower, Phase
from sandbox.ui.network.legend import Legend
from sandbox.ui.network.parts import Kind, Part
from sandbox.ui.network.strip import FREEZE, UNFREEZE, Strip
from sandbox.ui.pace import Pace
from sandbox.ui.plot.colormap import SOFTNESS
from sandbox.ui.theme import Theme
from sandbox.ui.views.slices import DataSlice
from sandbox.ui.views.unit_overlay import LargeUnit

SETTING = "network/lines"
FOLLOW = (
    "Plays one update in slow motion, then does it: forward, the loss, and back; of two lanes, beside each other. "
    "Another click stops it."
)
PAST_PERIOD = 0.3  # seconds between two answers about the past
DIGITS = 4  # of a weight that one begins to edit
HINT = "Point at a unit, a line or a bias to read it; click a line or a bias to change it."


@dataclass(frozen=True, eq=False)
class Plane:
    """The inputs over which units are shown.

    Attributes
    ----------
    shown : DataSlice
    whole : SurfaceRequest
        All that the boundary view shows.
    """

    shown: DataSlice
    whole: SurfaceRequest


class NetworkView(Lens[NetworkState]):
    """The picture of the network with a strip of text and an editor below.

    Signals
    -------
    weight_changed(str, float, bool)
        A weight or bias by its name ("W1[0,1]", "b2[3]"), the number that the user chose, and whether it is final.
    unit_added(int)
        A layer should get another unit.
    unit_removed(int, int)
        This unit of this layer should be removed; with its only unit, the layer is.
    unit_frozen(int, int, bool)
        This unit of this layer should keep its weights and bias, or learn again.
    layer_added(int)
        A layer should be added that then has this number.
    input_switched(str, bool)
        A feature should become an input, or no longer be one.
    following_began()
        One update is to be played: training should pause.
    unit_shown(object)
        A `LargeUnit` that is pointed at; None for none.
    """

    period = 0.03  # seconds between two answers
    title = "Network"
    summary = "Every unit with what it computes, every weight and bias, and their derivatives."

    weight_changed = Signal(str, float, bool)
    unit_added = Signal(int)
    unit_removed = Signal(int, int)
    unit_frozen = Signal(int, int, bool)
    layer_added = Signal(int)
    input_switched = Signal(str, bool)
    refused = Signal(str)
    following_began = Signal()
    unit_shown = Signal(object)

    def __init__(self, plane: Callable[[str], Plane | None], beside: Callable[[], str]) -> None:
        super().__init__()
        self._plane, self._beside = plane, beside
        self._states: dict[str, NetworkState] = {}  # of the lanes in which an update is played, by name
        self._labels: dict[str, str] = {}
        self.state: NetworkState | None = None
        self._is_centred = True  # until the user scrolls
        self._run = -1
        self._newest: Snapshot | None = None  # that of the state
        self._own = ""  # its lane
        self._playing_at = (-1, -1)  # the run and the update that is played
        self._past_asked: AskPast | None = None
        self._past_pace = Pace(PAST_PERIOD, self)
        self._edited: Part | None = None  # whose number the editor shows
        self._theme = self._coloured = theme.current()
        self.setAccessibleName("Picture of the network")
        self.number = Segmented(
            [
                (WEIGHTS, "w", "Lines as wide as the weights: what the network computes."),
                (DERIVATIVES, "dW", "Lines as wide as the derivatives |dW|: what the loss sends back to each weight."),
            ]
        )
        self.number.setAccessibleName("Width of the lines")
        self.legend = Legend()
        self.canvas = NetworkCanvas()
        self._description = LiveDescription(self.canvas)
        self.second = NetworkCanvas(self.canvas)  # of another lane, while an update is played in both
        self.second.setAccessibleName("Network of the other lane")
        self.area, self.second_area = _scrolled(self.canvas), _scrolled(self.second)
        self.second_area.hide()
        self.follow_button = IconButton("signal", FOLLOW, "Follow the signal", flat=True)
        self.follow_button.setCheckable(True)
        self.follower = Follower(self)
        self.strip = Strip()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._pictures = QHBoxLayout()
        self._pictures.addWidget(self.area, 1)
        self._pictures.addWidget(self.second_area, 1)
        self._column.addLayout(self._pictures, 1)
        self._column.addWidget(self.strip)
        self.menu = QMenu(self)
        self._connect()
        self._say()
        if QSettings().value(SETTING, WEIGHTS) == DERIVATIVES:
            self.number.set_value(DERIVATIVES)
            self.canvas.show_number(DERIVATIVES)
        self.follow_style()

    def _connect(self) -> None:
        self.number.changed.connect(lambda value, _: self.show_number(str(value)))
        self.canvas.pointed.connect(self._point)
        bar = self.area.verticalScrollBar()
        bar.rangeChanged.connect(self._centre)
        bar.actionTriggered.connect(lambda _: self._stay())
        self.canvas.reshaped.connect(self._centre_again)
        self.canvas.clicked.connect(self._click)
        self.canvas.removed.connect(self._remove)
        self.strip.value_changed.connect(self._change)
        self.strip.refused.connect(self.refused)
        self.strip.left.connect(self.canvas.setFocus)
        self.follow_button.clicked.connect(self.follow_signal)
        self.follower.moved.connect(self._flow)
        self.follower.finished.connect(self.step_requested)
        self.strip.freeze_clicked.connect(self._freeze)
        self.strip.remove_clicked.connect(lambda: self._remove(self.canvas.current))

    def show_number(self, number: str) -> None:
        """Show weights or derivatives, and remember which."""
        QSettings().setValue(SETTING, number)
        self.number.set_value(number)
        self.canvas.show_number(number)
        self._show_scale()

    def begin_afresh(self) -> None:
        self.follower.stop()
        self.canvas.choose(None)
        self._centre_again()
        self.show_number(WEIGHTS)

    # Asking

    def question(self, lane: str) -> AskNetwork | None:
        plane = self._plane(lane)
        if plane is None:
            return None
        shown, points = plane.shown, self.canvas.points
        y_range = (0.0, 0.0) if shown.one_input else shown.y_range
        return AskNetwork(lane, SurfaceRequest(lane, shown.axes, shown.x_range, y_range, points))

    def _unit_question(self, lane: str) -> AskUnit | None:
        """Return the question about the unit that is pointed at, in the detail of the boundary view."""
        part, plane = self.canvas.part, self._plane(lane)
        if part is None or plane is None or part.kind is not Kind.UNIT or not self.canvas.isVisible():
            return None
        return AskUnit(lane, replace(plane.whole, lane=lane, other=""), part.column, part.unit)

    def _past_question(self, lane: str) -> AskPast | None:
        """Return the question how the part that is pointed at changed over the run."""
        part = self.canvas.part
        if part is None or part.column == 0 or not self.canvas.isVisible():
            return None
        sources = {Kind.UNIT: UNIT, Kind.BIAS: BIAS, Kind.WEIGHT: part.source}
        return AskPast(lane, part.column, part.unit, sources[part.kind]) if part.kind in sources else None

    def questions(self, lane: str) -> tuple[Question[Any], ...]:
        asked = super().questions(lane)
        past = self._past_question(lane)
        due = past is not None and (past != self._past_asked or self._past_pace.is_due())
        more = (self._unit_question(lane), past if due else None, self._question_beside(lane))
        return (*asked, *(question for question in more if question is not None))

    # Showing

    def set_theme(self, colours: Theme, scale: float = 1.0) -> None:
        super().set_theme(colours, scale)
        self._theme = colours
        self.canvas.set_theme(colours)
        self.second.set_theme(colours)
        self.legend.update()

    def _question_beside(self, lane: str) -> AskNetwork | None:
        """Return the question about the other lane in which an update is played."""
        other, own = self._beside(), self.question(lane)
        if not self.follower.is_playing or not other or own is None:
            return None
        return AskNetwork(other, replace(own.view, lane=other))

    def follow(self, snapshot: Snapshot, lane: str) -> None:
        """Show what has been answered about the part that is pointed at, and about the other lane."""
        if self.follower.is_playing:
            self._check_update(snapshot)
            beside = self._question_beside(lane)
            answer = None if beside is None else snapshot.answers.get(beside)
            if beside is not None and answer is not None:
                self._show_beside(beside.lane, answer, snapshot)
        unit, past = self._unit_question(lane), self._past_question(lane)
        if unit is not None:
            self._show_large(unit, snapshot.answers.get(unit))
        if past is None or past in snapshot.answers:
            self._past_asked = past
            self._past_pace.answered(0.0 if past is None else snapshot.seconds.get(past, 0.0))
            self.strip.show_past(None if past is None else snapshot.answers[past])

    def show_answer(self, answer: NetworkState, snapshot: Snapshot, lane: str) -> None:
        plane = self._plane(lane)
        if plane is None:
            return
        if snapshot.run != self._run:
            self._run = snapshot.run
            self.canvas.forget_scales()
        self._newest, self._own = snapshot, lane
        self.state = answer
        if self.follower.is_playing and lane in self._states:
            self._states[lane] = answer
        span = plane.shown.value_range if np.isnan(answer.span[0]) else answer.span
        self.canvas.show_network(Shown(answer, snapshot.data, self._colours(snapshot.data), span))
        self._show_scale()
        self._say()

    def _colours(self, data: Data) -> looks.UnitColours:
        """Return the colours of units, made once for data and theme."""
        shown = self.canvas.shown
        if shown is None or shown.data is not data or self._coloured is not self._theme:
            self._coloured = self._theme
            return looks.unit_colours(self._theme, data)
        return shown.colours

    def _show_scale(self) -> None:
        if self.state is None or self.follower.is_playing:
            return
        signed = self.canvas.number == WEIGHTS
        self.legend.show_scale(self.canvas.top, signed)
        self.legend.setToolTip(sentences.explained(signed, self.state))

    def _show_large(self, asked: AskUnit, picture: Picture | None) -> None:
        """Show the unit that is pointed at in the boundary view."""
        shown, state = self.canvas.shown, self.state
        if picture is None or shown is None or state is None:
            return
        column = state.columns[asked.column]
        low, high = (ends[asked.unit] for ends in looks.ranges(column, state, shown.colours.signed, shown.span))
        text = sentences.unit_name(state, asked.column, asked.unit)
        if picture.shape[0] == 1:
            self.unit_shown.emit(LargeUnit(asked.view, None, picture[0].astype(np.float64), text))
            return
        colours = looks.unit_colours(self._theme, shown.data, SOFTNESS)
        is_output = asked.column == len(state.columns) - 1
        table = colours.outputs[asked.unit % len(colours.outputs)] if is_output else colours.table
        share = looks.shares(picture[None], np.array([low]), np.array([high]))[0]
        self.unit_shown.emit(LargeUnit(asked.view, looks.cells(share, table), np.empty(0), text))

    # One update in slow motion

    def follow_signal(self) -> None:
        """Play one update, beside that of another lane if there is one; stop if one is being played."""
        if self.follower.is_playing or self.state is None or self._newest is None:
            self.follower.stop()
            return
        self.following_began.emit()
        self._playing_at = self._newest.run, self._newest.update
        self.canvas.forget_scales()
        self._states, self._labels = {self._own: self.state}, {}
        self._label(self._own, self._newest)
        self.follower.play(len(self.state.sizes) - 1)
        self.wanted_changed.emit()

    def _check_update(self, snapshot: Snapshot) -> None:
        """Stop if training goes on meanwhile; right after the beginning, it is about to pause."""
        now = snapshot.run, snapshot.update
        if now != self._playing_at and self.follower.has_just_begun:
            self._playing_at = now
        elif now != self._playing_at:
            self.follower.stop()

    def _label(self, lane: str, snapshot: Snapshot) -> None:
        """Name a lane by what it learns with, if there are several."""
        state = snapshot.lane(lane)
        if state is not None:
            several = len(snapshot.lanes) > 1
            loss = texts.label_within(state.objective)
            self._labels[lane] = f"{lane} \u00b7 {loss}" if several else words.capital(loss)

    def _show_beside(self, lane: str, answer: NetworkState, snapshot: Snapshot) -> None:
        """Show the network of another lane beside this one."""
        plane = self._plane(self._own)
        if plane is None:
            return
        self._states[lane] = answer
        self._label(lane, snapshot)
        span = plane.shown.value_range if np.isnan(answer.span[0]) else answer.span
        self.second.show_network(Shown(answer, snapshot.data, self._colours(snapshot.data), span))
        self.second.show_flow(self.canvas.flow, self._labels.get(lane, ""))
        if self.canvas.shown is not None:  # the widest line of the two may have another number now
            self.canvas.show_network(self.canvas.shown)
        if not self.second_area.isVisibleTo(self):
            self.second_area.show()
            call_later(self, self._give_room)

    def _flow(self, flow: Flow | None) -> None:
        """Show how far the signal has come, in the pictures and in words."""
        self.follow_button.setChecked(flow is not None)
        names = list(self._states)
        for canvas, name in zip((self.canvas, self.second), names, strict=False):
            canvas.show_flow(flow, self._labels.get(name, ""))
        if flow is None:
            self.second.show_flow(None)
            self._states = {}
            if self.second_area.isVisibleTo(self):
                self.second_area.hide()
                call_later(self, self._give_room)
            self._show_scale()
            self._say()
            return
        signed = flow.phase in (Phase.FORWARD, Phase.LOSS)
        self.legend.show_scale(self.canvas.top_of(WEIGHTS if signed else DERIVATIVES), signed)
        several = len(self._states) > 1
        self.strip.say(*sentences.narrated(flow, {name if several else "": s for name, s in self._states.items()}))

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.follower.stop()

    # What is pointed at

    def _point(self, part: Part | None) -> None:
        if part is None or part.kind is not Kind.UNIT:
            self.unit_shown.emit(None)
        self.strip.show_past(None)
        self._past_pace.make_due()
        self._say()
        self._reveal()
        self.wanted_changed.emit()

    def _reveal(self) -> None:
        """Scroll to what the keys have chosen."""
        part = self.canvas.current
        if part is not None and self.canvas.hovered is None and self.canvas.geometry_ is not None:
            middle = self.canvas.place(part).center()
            self._is_centred = False
            self.area.ensureVisible(int(middle.x()), int(middle.y()), theme.px(40), theme.px(40))

    def _say(self) -> None:
        state = self.state
        if state is None or self.follower.is_playing:
            return
        editing = self.strip.is_editing and self._edited == self.canvas.current  # which the mouse may have left
        part = self.canvas.current if editing else self.canvas.part
        if part is None:
            notes = (state.stopped and f"Stopped: {state.stopped}.", sentences.note(self.canvas.omitted, state))
            self.strip.say(HINT, " \u00b7 ".join(filter(None, notes)))
        else:
            meaning = sentences.flat_meaning(state, part.column) if part.kind is Kind.UNIT else ""
            self.strip.say(*sentences.about(part, state, self.canvas.others, self.canvas.folds_others), meaning)
        if part is not None and part.is_parameter and part == self.canvas.current:
            value = sentences.values_of(state, part)[0]
            self._edited = part
            self.strip.edit(sentences.parameter_name(state, part), float(f"{value:.{DIGITS}g}"))
        else:
            self.strip.end_editing()
        self._offer(part if part == self.canvas.current else None, state)
        self._description.follow(lambda: sentences.spoken(part, state, self.canvas.others))

    def _offer(self, part: Part | None, state: NetworkState) -> None:
        """Offer what can be done with the unit that is chosen."""
        if part is None or part.kind is not Kind.UNIT:
            self.strip.offer()
            return
        name, last = sentences.unit_name(state, part.column, part.unit), len(state.sizes) - 1
        if part.column == 0:
            self.strip.offer(remove="Switch off" if state.sizes[0] > 1 else "", of=name)
            return
        freeze = UNFREEZE if state.frozen[part.column][part.unit] else FREEZE
        self.strip.offer(freeze, "Remove" if part.column < last else "", name)

    # What is changed

    def _click(self, part: Part) -> None:
        match part.kind:
            case Kind.WEIGHT | Kind.BIAS:
                self._say()
                self.strip.begin_typing()
            case Kind.NEW_LAYER:
                self.layer_added.emit(part.column)
            case Kind.MORE_UNITS:
                self.unit_added.emit(part.column)
            case Kind.FEWER_UNITS:
                assert self.state is not None
                self.unit_removed.emit(part.column, self.state.sizes[part.column] - 1)
            case Kind.OTHER_INPUT if self.canvas.folds_others:
                self._open_others(part)
            case Kind.OTHER_INPUT:
                self.input_switched.emit(self.canvas.others[part.unit], True)

    def _open_others(self, part: Part) -> None:
        """Offer the inputs that are off in a menu, as there is no room for their names."""
        self.menu.clear()
        for name in self.canvas.others:
            action = self.menu.addAction(name)
            action.triggered.connect(lambda *_, name=name: self.input_switched.emit(name, True))
        self.menu.popup(self.canvas.mapToGlobal(self.canvas.place(part).bottomRight().toPoint()))

    def _freeze(self) -> None:
        """Freeze the unit that is chosen, or let it learn again."""
        part, state = self.canvas.current, self.state
        if part is not None and part.kind is Kind.UNIT and part.column and state is not None:
            self.unit_frozen.emit(part.column, part.unit, not state.frozen[part.column][part.unit])

    def _remove(self, part: Part | None) -> None:
        """Switch an input off, or remove a hidden unit; the outputs stay."""
        if part is None or part.kind is not Kind.UNIT or self.state is None:
            return
        if part.column == 0:
            self.input_switched.emit(self.state.inputs[part.unit], False)
        elif part.column < len(self.state.sizes) - 1:
            self.unit_removed.emit(part.column, part.unit)

    def _change(self, value: float, final: bool) -> None:
        part = self.canvas.current
        if part is not None and part.is_parameter:
            self.weight_changed.emit(part.key, float(value), final)

    # Size

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        call_later(self, self._give_room)

    def _centre_again(self) -> None:
        """Show the middle of another network, where every column has units."""
        self._is_centred = True
        self._centre()

    def _centre(self) -> None:
        bar = self.area.verticalScrollBar()
        if self._is_centred:
            bar.setValue(bar.maximum() // 2)

    def _stay(self) -> None:
        """Stay where the user has scrolled to."""
        self._is_centred = False

    def _give_room(self) -> None:
        points = self.canvas.points
        bar = self.area.verticalScrollBar().sizeHint().width()
        for canvas, area in ((self.canvas, self.area), (self.second, self.second_area)):
            if area.isVisibleTo(self):
                canvas.set_room(area.maximumViewportSize(), bar)
        if self.canvas.points != points:
            self.ask_again()

    def fit(self) -> None:
        """Lay out for the scale."""
        call_later(self, self._give_room)
        self.canvas.lay_out()


def _scrolled(canvas: NetworkCanvas) -> QScrollArea:
    """Return the area in which a canvas is scrolled."""
    area = QScrollArea()
    area.setAccessibleName(f"{canvas.accessibleName()}, to be scrolled")
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidget(canvas)
    area.setMinimumSize(1, 1)
    corner = QWidget()  # else the style draws a frame between the two bars
    corner.setObjectName("column")
    area.setCornerWidget(corner)
    return area
