"""The panel below the difference of two lanes: the proof, their distance, which is first, and their rates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from sandbox import words
from sandbox.experiment.document import texts
from sandbox.experiment.document.defaults import SCORES
from sandbox.experiment.lens import comparison
from sandbox.experiment.lens.advantage import Advantage, AskAdvantage, default_level
from sandbox.experiment.lens.pair import AskPair, PairState
from sandbox.experiment.lens.rates import AskMatchedRates, MatchedRates, RateRow
from sandbox.experiment.training.probe import Question
from sandbox.experiment.training.snapshot import LaneState, Snapshot
from sandbox.nn import LOSSES, METRICS
from sandbox.ui import theme
from sandbox.ui.kit import Choice, Elided, NumberField, Segmented, label
from sandbox.ui.kit.base import StyleFollower
from sandbox.ui.lane_styles import Badge, LaneStyle
from sandbox.ui.pace import Pace
from sandbox.ui.plot.layers import GridLayer, Line, LinesLayer
from sandbox.ui.plot.plot import Plot
from sandbox.ui.plot.ranges import epochs_end
from sandbox.ui.plot.ticks import step_up
from sandbox.ui.theme import SMALL, Theme

PERIOD = 0.3  # seconds between two answers
HEIGHT = 112  # of a plot
_PARTS = {"test": "Test", "train": "Training"}
_HEADS = ("", "Rate", "\u2026 of a mean", "First update", "Matched rate")
_REDUCED = {"mean": "as a mean", "sum": "as a sum"}


class PairPanel(StyleFollower, QWidget):
    """Compares the lane in view with its rival.

    Signals
    -------
    wanted_changed()
        `questions` now returns something else.
    rates_chosen(object)
        The user asks for these learning rates: lane to rate.
    """

    wanted_changed = Signal()
    rates_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Two lanes compared")
        self._one: LaneStyle | None = None
        self._other: LaneStyle | None = None
        self._theme: Theme | None = None
        self._pace = Pace(PERIOD, self)
        self._pace.overdue.connect(self.wanted_changed)
        self._rates: MatchedRates | None = None
        self._rates_source: object = None  # the run and the experiment of the rates shown
        self._end = 0.0
        self._styles: dict[str, LaneStyle] = {}
        self._build()
        self.follow_style()

    def _build(self) -> None:
        self.proof, self.difference = _sentence("What is proved"), _sentence("Settings that differ", "hint")
        self.plots = [Plot(name, self) for name in ("Distance of the weights", "Angle between the updates")]
        self.captions = [Elided(text, "caption") for text in _CAPTIONS]
        self.grids = [GridLayer(plot) for plot in self.plots]
        self.lines = [LinesLayer(plot, 0) for plot in self.plots]
        self.charts = QWidget()
        self._plots = QHBoxLayout(self.charts)
        self._plots.setContentsMargins(0, 0, 0, 0)
        for plot, caption in zip(self.plots, self.captions, strict=True):
            column = QVBoxLayout()
            column.setSpacing(0)
            column.addWidget(caption)
            column.addWidget(plot)
            self._plots.addLayout(column, 1)
        self.column_choice = Choice()
        self.column_choice.allow_shrinking(72)
        self.column_choice.setAccessibleName("Loss or metric to reach")
        self.column_choice.setToolTip("The loss or metric by which the two lanes are compared.")
        self.level = NumberField(name="The level")
        self.level.setAccessibleName("Level")
        self.level.setToolTip("The value to reach: at least this for a metric, at most this for a loss.")
        self.level.set_value(0.95)
        self.first, self.gap = _sentence("Which lane is first"), _sentence("How they compare now", "hint")
        self.first.setToolTip(
            "For each seed, the epochs of one lane are divided by those of the other. Shown is the median of these "
            "ratios, with an interval from resampling the seeds. A seed that gets there in only one lane counts as "
            "infinitely slow in the other. A loss is compared as a mean over samples, however it is reduced."
        )
        self.changed_ = _sentence("Changes during training", "hint")
        self.changed_.hide()
        self._goal = QHBoxLayout()
        self._goal.addWidget(label("First to reach"))
        self._goal.addWidget(self.column_choice, 1)
        self._goal.addWidget(self.level)
        self.reduction = Segmented(
            [(key, text, f"Shows rates for a cost that is the {key} over a batch.") for key, text in _REDUCED.items()]
        )
        self.reduction.setAccessibleName("Rates for a mean or for a sum")
        self.match = QPushButton("Match rates")
        self.match.setToolTip(
            "Gives the lane in view the rate that makes its first update as long as that of the lane beside it."
        )
        self.table = RateTable()
        self.rates_note = _sentence("What matching does", "hint")
        self._rates_row = QHBoxLayout()
        self._rates_row.addWidget(Elided("Learning rates", "title"), 1)
        self._rates_row.addWidget(self.reduction)
        self._rates_row.addWidget(self.match)
        inner = QWidget()
        inner.setObjectName("column")
        self._column = QVBoxLayout(inner)
        self._column.addWidget(self.proof)
        self._column.addWidget(self.difference)
        self._column.addWidget(self.charts)
        self._column.addWidget(self.changed_)
        self._column.addLayout(self._goal)
        self._column.addWidget(self.first)
        self._column.addWidget(self.gap)
        self._column.addLayout(self._rates_row)
        self._column.addWidget(self.table)
        self._column.addWidget(self.rates_note)
        self._column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidget(inner)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setAccessibleName("Two lanes compared")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.area)
        self.column_choice.changed.connect(lambda *_: self._choose_column())
        self.level.changed.connect(lambda *_: self._ask_again())
        self.reduction.changed.connect(lambda *_: self._show_rates())
        self.match.clicked.connect(self._match)
        for plot in self.plots:
            plot.setToolTip("After every epoch, since the start of the run.")

    # Which lanes

    def set_pair(self, one: LaneStyle | None, other: LaneStyle | None, all_styles: Sequence[LaneStyle]) -> None:
        """Compare these two lanes; the rates are those of all lanes."""
        self._styles = {style.name: style for style in all_styles}
        before = [style and style.name for style in (self._one, self._other)]
        self._one, self._other = one, other
        if before != [style and style.name for style in (one, other)]:
            self._rates_source = None
            for layer in self.lines:
                layer.set_lines(())
            self.area.verticalScrollBar().setValue(0)
            self._ask_again()

    def _ask_again(self) -> None:
        self._pace.make_due()
        self.wanted_changed.emit()

    def _choose_column(self) -> None:
        column = str(self.column_choice.value())
        share = texts.is_share(column)
        self.level.set_bounds(*((0.0, 1.0) if share else (-math.inf, math.inf)))
        self.level.set_value(default_level(column))
        self._ask_again()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask_again()

    def questions(self) -> tuple[Question[Any], ...]:
        """Return the questions for the next snapshot; none while hidden or not due yet."""
        if not self.isVisible():
            self._pace.stop()
            return ()
        if self._one is None or self._other is None or not self._pace.is_due():
            return ()
        one, other = self._one.name, self._other.name
        asked: list[Question[Any]] = [AskPair(one, other)]
        if (goal := self._current_goal(one, other)) is not None:
            asked.append(goal)
        if self._rates_source is None:
            asked.append(AskMatchedRates(other))
        return tuple(asked)

    def _current_goal(self, one: str, other: str) -> AskAdvantage | None:
        column, level = self.column_choice.value(), self.level.value()
        return None if column is None or level is None else AskAdvantage(one, other, str(column), float(level))

    # What is shown

    def draw(self, snapshot: Snapshot) -> None:
        """Show the answers in a snapshot."""
        if not self.isVisible() or self._one is None or self._other is None:
            return
        states = {state.name: state for state in snapshot.lanes}
        one, other = (states.get(style.name) for style in (self._one, self._other))
        if one is not None and other is not None:
            self._offer_columns(one, other, snapshot.data.task)
        self._show_changes(snapshot, (self._one.name, self._other.name))
        settled = (snapshot.run, snapshot.experiment)
        if self._rates_source is not None and settled != self._rates_source:
            self._rates_source = None
            self._ask_again()  # a paused run offers no further snapshot by itself
        took, answered = 0.0, False
        for question, answer in snapshot.answers.items():
            if isinstance(answer, PairState) and (answer.lane, answer.other) == (self._one.name, self._other.name):
                self._show_pair(answer)
                answered = True
            elif isinstance(answer, Advantage) and answer.lane == self._one.name:
                self._show_first(answer)
            elif isinstance(answer, MatchedRates) and answer.lane == self._other.name:
                self._rates, self._rates_source = answer, settled
                self._show_rates()
            else:
                continue
            took += snapshot.seconds.get(question, 0.0)
        if answered:
            self._pace.answered(took)
        else:
            self._pace.unanswered()

    def _offer_columns(self, one: LaneState, other: LaneState, task: str) -> None:
        both = [name for name in one.readings if name in other.readings]
        usual = SCORES[task]
        names = sorted((*METRICS, *LOSSES), key=lambda name: name != usual)
        items = [
            (f"{part}_{name}", f"{text} {texts.label_within(name)}", "")
            for name in names
            for part, text in _PARTS.items()
            if f"{part}_{name}" in both
        ]
        previous = self.column_choice.value()
        self.column_choice.set_items(items)
        if items and self.column_choice.value() is None:
            self.column_choice.set_value(items[0][0])
            if previous is None:
                self._choose_column()

    def _show_changes(self, snapshot: Snapshot, names: tuple[str, str]) -> None:
        """Warn that a comparison is not fair, because settings were changed during training."""
        edits = [
            edit for edit in snapshot.experiment.edits
            if 0 < edit.update <= snapshot.update and edit.lane in (None, *names) and edit.keys - _HARMLESS
        ]  # fmt: skip
        self.changed_.setVisible(bool(edits))
        if edits:
            since = f"Settings were changed during training, last after update {edits[-1].update:,}"
            _say(self.changed_, f"{since}. Reset compares both from the start with the current settings.")

    def _show_pair(self, state: PairState) -> None:
        median = " (median)" if state.replicas > 1 else ""  # the sentence above says of how many seeds
        for caption, text in zip(self.captions, _CAPTIONS, strict=True):
            if caption.text() != text + median:
                caption.setText(text + median)
        _say(self.proof, comparison.proof(state))
        _say(self.difference, comparison.difference(state))
        self.charts.setVisible(len(state.distances[0]) > 0)  # empty for networks of different shapes
        if self._theme is None:
            return
        text_color, width = QColor(self._theme.text_color), 1.6 * theme.scale()
        last = max((float(x[-1]) for x, _ in (state.distances, state.angles) if len(x)), default=0.0)
        self._end = epochs_end(self._end if last >= 0.5 * self._end else 0.0, last)
        for plot, layer, (x, y), top in zip(
            self.plots, self.lines, (state.distances, state.angles), (None, 180.0), strict=True
        ):
            finite = y[np.isfinite(y)]
            high = top or step_up(max(float(finite.max()) if finite.size else 0.0, 1e-6) * 1.02)
            plot.set_range((0.0, self._end), (0.0, high))
            layer.set_lines((Line(x, y, text_color, width),) if len(x) else ())

    def _show_first(self, advantage: Advantage) -> None:
        assert self._one is not None and self._other is not None
        _say(self.first, comparison.first(advantage, self._one.letter, self._other.letter))
        _say(self.gap, comparison.gap(advantage, self._one.letter, self._other.letter))

    def _show_rates(self) -> None:
        if self._rates is not None:
            self.table.show_rates(self._rates, self._styles, str(self.reduction.value()))
            if (follower := self._follower()) is not None and self._one is not None and self._other is not None:
                _say(
                    self.rates_note, comparison.match(self._rates, follower.lane, self._one.letter, self._other.letter)
                )
            self.match.setEnabled(follower is not None and follower.can_follow)

    def _follower(self) -> RateRow | None:
        """Return the row of the lane in view: it follows its rival, which keeps its rate."""
        if self._rates is None or self._one is None or self._other is None or self._rates.lane != self._other.name:
            return None  # not of these two lanes yet
        one = self._one.name
        return next((row for row in self._rates.rows if row.lane == one), None)

    def _match(self) -> None:
        if (row := self._follower()) is not None and row.can_follow:
            self.match.clearFocus()  # else the focus moves to another control when the button is disabled
            self.rates_chosen.emit({row.lane: row.matched})

    # Look

    def set_theme(self, colours: Theme, scale: float = 1.0) -> None:
        """Apply colours and type."""
        self._theme = colours
        font = theme.font(SMALL)
        for plot, grid in zip(self.plots, self.grids, strict=True):
            plot.set_colors(QColor(colours.card), QColor(colours.axis), QColor(colours.edge), font, scale)
            grid.color = QColor(colours.grid)
        self.fit()

    def fit(self) -> None:
        """Set heights and spacings."""
        self._column.setContentsMargins(0, 0, theme.px(theme.GRID), 0)
        self._column.setSpacing(theme.px(theme.HALF))
        for row in (self._plots, self._goal, self._rates_row):
            row.setSpacing(theme.px(theme.GRID))
        for plot in self.plots:
            plot.setFixedHeight(theme.px(HEIGHT))
        self.level.setFixedWidth(theme.px(72))


_CAPTIONS = ("Distance of the weights", "Angle of the updates, degrees")
_HARMLESS = {"loss.monitors"}  # settings that change no weight


class RateTable(QWidget):
    """A row per lane: its rate, the rate's equivalent, the length of its first update, and the matched rate."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Learning rates of all lanes")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self.heads = [label(text, "caption") for text in _HEADS]
        for column, head in enumerate(self.heads):
            head.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom)
            head.setWordWrap(True)
            self._grid.addWidget(head, 0, column)
            self._grid.setColumnStretch(column, int(column > 0))
        self.heads[3].setToolTip("How far the first update moves the parameters, from the initial weights.")
        self.rows: list[tuple[Badge, list[QLabel]]] = []

    def show_rates(self, rates: MatchedRates, styles: dict[str, LaneStyle], reduction: str) -> None:
        """Show these rates, for one reduction."""
        self.heads[2].setText(f"\u2026 {_REDUCED[reduction]}")
        self.heads[2].setToolTip(
            f"The rate that takes the same steps where the cost is the {reduction} over batches of "
            f"{words.count(rates.batch, 'sample')}. There is none with a penalty, which is added to both alike."
        )
        while len(self.rows) < len(rates.rows):
            badge, numbers = Badge(), [label("") for _ in _HEADS[1:]]
            line = len(self.rows) + 1
            self._grid.addWidget(badge, line, 0)
            for column, number in enumerate(numbers, start=1):
                number.setAlignment(Qt.AlignmentFlag.AlignRight)
                self._grid.addWidget(number, line, column)
            self.rows.append((badge, numbers))
        for (badge, numbers), row in zip(self.rows, rates.rows, strict=False):
            badge.set_style(styles.get(row.lane))
            amount = row.of_mean if reduction == "mean" else row.of_sum
            matched = "none" if math.isnan(row.matched) else words.number(row.matched)
            if math.isfinite(row.factor) and row.matched != row.rate:
                matched += f"  (\u00d7{words.number(row.factor, 3)})"
            for number, text in zip(
                numbers, (words.number(row.rate), words.number(amount), words.cost(row.step), matched), strict=True
            ):
                _say(number, text)
        for index, (badge, numbers) in enumerate(self.rows):
            for widget in (badge, *numbers):
                widget.setVisible(index < len(rates.rows))


def _sentence(name: str, role: str = "") -> QLabel:
    text = label("", role)
    text.setWordWrap(True)
    text.setAccessibleName(name)
    text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return text


def _say(widget: QLabel, text: str) -> None:
    if text != widget.text():
        widget.setText(text)
        widget.setAccessibleDescription(text)
