"""The lens "Signal": the value of each loss for a sample, and the signal it sends back."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout

from sandbox import words
from sandbox.arrays import Floats
from sandbox.experiment import Experiment
from sandbox.experiment.document.defaults import rival_of
from sandbox.experiment.lens.signal import (
    AskSignals,
    Signals,
    SignalSetup,
    Summary,
    curve_at,
    curves,
    is_direct,
    sentence,
)
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.nn import LOSSES
from sandbox.ui import theme
from sandbox.ui.accessible import LiveDescription
from sandbox.ui.kit import Elided, MultiChoice, label
from sandbox.ui.lens.base import Lens
from sandbox.ui.lens.signal_key import Entry, SignalKey
from sandbox.ui.lens.signal_layers import CurvesLayer, MovingPointsLayer, one_per_cell
from sandbox.ui.pace import Pace
from sandbox.ui.plot.layers import CrosshairLayer, GridLayer, Line, Points
from sandbox.ui.plot.legend import Stroke, set_tip
from sandbox.ui.plot.plot import Plot
from sandbox.ui.plot.ticks import coordinate, rounded, step_up
from sandbox.ui.theme import SMALL, Theme

PERIOD = 0.25  # seconds between two sentences
FILLED = 0.4  # a range stays while the samples fill this share of it
CROWD = 1200  # points in a plot
LEAST = 4.0  # an axis of z, or of a classifier's losses, reaches at least this far
# Neither the colours of the first classes nor any near that of the first lane; each loss keeps its own, whatever else
# is ticked.
COLOURS = (3, 4, 6, 7, 4, 7)
DASHES = ((6.0, 3.0), (2.0, 2.0), (9.0, 3.0, 2.0, 3.0), (4.0, 2.0), (12.0, 4.0))

ACROSS = {
    "margin": "wrong  \u2190  z from the decision, towards the true class  \u2192  right",
    "unit": "z of the true class",
    "share": "probability of the true class",
    "residual": "residual a \u2212 y",
}
SHORT = {"margin": "z", "unit": "z", "share": "probability", "residual": "residual"}
TOLD = {
    "margin": (
        "Samples of the second class are drawn at z, those of the first at \u2212z, "
        "measured from the decision boundary."
    ),
    "unit": "Loss and signal are those of the true class's own output unit.",
    "share": "Along the curves the other classes share the rest evenly; samples are drawn at their actual numbers.",
    "residual": "If a loss depends on more than the residual, its curve is drawn for the median target.",
}


class SignalLens(Lens[Signals]):
    """The objective (solid) and the losses the user ticks (dashed), with the current samples on the curves."""

    title = "Signal"
    summary = "Shows the signal each loss sends back for every sample: large, small, or almost nothing."

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Learning signal")
        self._theme: Theme | None = None
        self._scale = 1.0
        self._objective = ""
        self._ticked: tuple[str, ...] | None = None  # None until the user ticks: the rival
        self._followed: tuple[Experiment | None, str, str] = (None, "", "")
        self._rival = ""  # a loss that the lane shows as well, else `rival_of` the objective
        self._others: tuple[str, ...] = ()
        self._answer: Signals | None = None
        self._summary: Summary | None = None
        self._half = 0.0  # half the range of the x axis
        self._tops = [0.0, 0.0]
        self._drawn: tuple[object, ...] = ()
        self._probe: float | None = None
        self._summary_pace = Pace(PERIOD, self)  # the samples move with every snapshot, the sentence does not
        self._summary_pace.overdue.connect(self.wanted_changed)
        self._build()
        self.follow_style()

    def _build(self) -> None:
        self.choice_label = label("Compare with")
        self.choice = MultiChoice(nothing="no other loss")
        self.choice.setAccessibleName("Losses to compare with the one to learn with")
        self.choice.setToolTip("Losses that are drawn dashed beside the one to learn with; they change nothing.")
        self.choice_label.setBuddy(self.choice)
        self.note = Elided("of one sample, before the 1/m", "hint")
        self.note.setToolTip("Loss and signal are those of one sample: training averages or sums them over a batch.")
        self._top = QHBoxLayout()
        self._top.addWidget(self.choice_label)
        self._top.addWidget(self.choice, 1)
        self._top.addWidget(self.note)
        words = ("Loss", "Signal |d\u2009loss / dz|")
        names = ("Loss of a sample", "Signal of a sample")
        self.plots = [Plot(name, self) for name in names]
        self.captions = [label(text, "caption") for text in words]
        self.grids = [GridLayer(plot) for plot in self.plots]
        self.lines = [CurvesLayer(plot) for plot in self.plots]
        self.moving_points = [MovingPointsLayer(plot) for plot in self.plots]
        self.crosshairs = [CrosshairLayer(plot) for plot in self.plots]
        self._middle = QHBoxLayout()
        for plot, caption in zip(self.plots, self.captions, strict=True):
            column = QVBoxLayout()
            column.setSpacing(0)
            column.addWidget(caption)
            column.addWidget(plot, 1)
            self._middle.addLayout(column, 1)
            plot.probed.connect(lambda x, _: self._probed(x))
            plot.probe_ended.connect(self._probe_ended)
        self._told = [LiveDescription(plot) for plot in self.plots]
        self.across = label("", "caption")
        self.across.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.key = SignalKey()
        self.key_area = QScrollArea()
        self.key_area.setFrameShape(QFrame.Shape.NoFrame)
        self.key_area.setWidgetResizable(True)
        self.key_area.setWidget(self.key)
        self.key_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.key_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for widget in (self.key_area.viewport(), self.key):
            widget.setAutoFillBackground(False)
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.words.setAccessibleName("What the plots show")
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(self._top)
        self._column.addLayout(self._middle, 1)
        self._column.addWidget(self.across)
        self._column.addWidget(self.key_area)
        self._column.addWidget(self.words)
        self.choice.changed.connect(lambda ticked, _: self._tick(ticked))

    # Which losses

    def _tick(self, ticked: Sequence[object]) -> None:
        self._ticked = tuple(str(name) for name in ticked)
        self._others = self._ticked
        self.ask_again()

    def _take_losses(self, objective: str, rival: str) -> None:
        self._objective, self._rival = objective, rival
        self.choice.set_items([(name, kind.label, kind.summary) for name, kind in LOSSES.items() if name != objective])
        wanted = (rival,) if self._ticked is None else self._ticked
        self.choice.set_value(wanted)
        self._others = tuple(str(name) for name in self.choice.value())
        self.ask_again()

    def begin_afresh(self) -> None:
        self._ticked, self._objective = None, ""  # the next snapshot names what it learns with

    # Asking and drawing

    def ask_again(self) -> None:
        self._summary_pace.make_due()
        super().ask_again()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._summary_pace.make_due()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._summary_pace.stop()

    def question(self, lane: str) -> AskSignals:
        return AskSignals(lane, self._others, self._summary_pace.is_due())

    def follow(self, snapshot: Snapshot, lane: str) -> None:
        state = snapshot.lane(lane)
        if state is None or (
            snapshot.experiment is self._followed[0] and (lane, state.objective) == self._followed[1:]
        ):
            return
        self._followed = (snapshot.experiment, lane, state.objective)
        shown = snapshot.experiment.effective().lane(lane).loss.monitors
        losses = (name for name in shown if name in LOSSES and name != state.objective)
        rival = next(losses, rival_of(state.objective, snapshot.data.task))
        if (state.objective, rival) != (self._objective, self._rival):
            self._take_losses(state.objective, rival)

    def show_answer(self, answer: Signals, snapshot: Snapshot, lane: str) -> None:
        if self._answer is None or answer.setup.kind != self._answer.setup.kind:
            self._half, self._tops = 0.0, [0.0, 0.0]
        if self._answer is None or answer.setup != self._answer.setup:
            self._summary = None  # it describes the old setup
            self._show_numbers()
        self._answer = answer
        if answer.summary is not None:
            self._summary_pace.answered()
            self._summary = answer.summary
            self._show_summary()
        else:
            self._summary_pace.unanswered()
        self._fit_ranges(answer)
        self._draw_curves(answer.setup)
        self._move_points(answer)

    # Ranges: fixed, and changed in steps only when needed

    def _fit_ranges(self, answer: Signals) -> None:
        setup = answer.setup
        if setup.kind == "share":
            x = (-0.02, 1.02)
        else:
            far = np.abs(answer.x[np.isfinite(answer.x)]).max(initial=0.0)
            least = 1e-9 if setup.kind == "residual" else LEAST
            wanted = step_up(max(1.05 * float(far), least))
            if not FILLED * self._half <= wanted <= self._half:
                self._half = wanted
            x = (-self._half, self._half)
        lines = curves(setup, *self._span())
        for which, (plot, values) in enumerate(zip(self.plots, (answer.loss, answer.signal), strict=True)):
            drawn = [line[3] if which == 0 else line[4] for line in lines]
            plot.set_range(x, self._y_range(which, values, drawn, setup.kind))

    def _span(self) -> tuple[float, float]:
        return (-self._half, self._half) if self._half else (0.0, 1.0)

    def _y_range(self, which: int, values: Floats, drawn: list[Floats], kind: str) -> tuple[float, float]:
        """Return the y range of loss or signal: that of the curves, but not far beyond the samples."""
        largest = float(values[np.isfinite(values)].max(initial=0.0))
        limit = 1.05 * largest if kind == "residual" else max(1.05 * largest, LEAST)
        ends = [line[np.isfinite(line)] for line in drawn]
        high = min(max((float(line.max(initial=0.0)) for line in ends), default=0.0), limit)
        low = max(min((float(line.min(initial=0.0)) for line in ends), default=0.0), -limit)
        wanted = step_up(max(1.02 * high, largest, 1e-12))
        if not FILLED * self._tops[which] <= wanted <= self._tops[which]:
            self._tops[which] = wanted
        top = self._tops[which]
        return (-step_up(-low) if low < -1e-9 * top else -0.04 * top), top

    # Curves and samples

    def _stroke(self, name: str, first: bool) -> Stroke:
        assert self._theme is not None
        index = list(LOSSES).index(name)
        colour = self._theme.curves[COLOURS[index % len(COLOURS)] % len(self._theme.curves)]
        if first:  # it keeps its colour when another loss is learned with, and is dashed then
            return Stroke(QColor(colour), 2.6 * self._scale, ())
        dash = tuple(length * self._scale for length in DASHES[index % len(DASHES)])
        return Stroke(QColor(colour), 2.0 * self._scale, dash)

    def _draw_curves(self, setup: SignalSetup) -> None:
        if self._theme is None:
            return
        state = (setup, self._span(), self._theme.name, self._scale)
        if state == self._drawn:
            return
        self._drawn = state
        strokes = [self._stroke(loss.name, i == 0) for i, loss in enumerate(setup.losses)]
        lines = curves(setup, *self._span())
        for which, layer in enumerate(self.lines):
            layer_lines = []
            for index, _, x, *values in sorted(lines, key=lambda line: -line[0]):  # the objective on top
                y = np.where(np.isfinite(values[which]), values[which], np.nan)
                layer_lines.append(Line(x, y, strokes[index].color, strokes[index].width, strokes[index].dash))
            layer.set_lines(tuple(layer_lines))
        self._describe(setup)

    def _describe(self, setup: SignalSetup) -> None:
        text = ACROSS[setup.kind]
        if setup.kind == "margin" and setup.middle == 0.0:
            text = text.replace(" from the decision,", "")
        told = TOLD[setup.kind]
        if setup.unit:
            text = f"{text}, {setup.unit}"
            told += " Loss and signal are of the standardised targets."
        self.across.setText(text)
        for plot in self.plots:
            set_tip(plot, f"{told} Point at a place, or use the arrow keys, to read the curves there.")
        self._tell()

    def _move_points(self, answer: Signals) -> None:
        colours = self._theme
        if colours is None:
            return
        regression = answer.setup.kind == "residual"
        edge = QColor(colours.outline)
        stride = slice(None, None, math.ceil(answer.loss.size / CROWD))  # with many losses, fewer samples on each
        x_all, classes = answer.x[stride], answer.classes[stride]
        for which, (plot, layer, values) in enumerate(
            zip(self.plots, self.moving_points, (answer.loss, answer.signal), strict=True)
        ):
            top = self._tops[which]
            groups = []
            for index in range(len(values) - 1, -1, -1):
                for k in np.unique(classes).tolist():
                    in_class = classes == k
                    x, y = one_per_cell(plot, x_all[in_class], np.minimum(values[index, stride][in_class], top))
                    colour = QColor(colours.class_colour(1 if regression else k))
                    symbol = "o" if regression else theme.symbol(k)
                    groups.append(Points(x, y, symbol, colour, edge, 0.75 * self._scale, 6.5 * self._scale))
            layer.set_groups(tuple(groups))

    # In words and numbers

    def _show_summary(self) -> None:
        if self._summary is None or self._answer is None:
            return
        text = sentence(self._summary, self._answer.setup)
        if text != self.words.text():
            self.words.setText(text)
            set_tip(self.words, text)
        if self._probe is None:
            self._show_numbers()

    def _show_numbers(self) -> None:
        """Show the curves' numbers at the pointer, else the means over the samples."""
        if self._answer is None or self._theme is None:
            return
        setup, x = self._answer.setup, self._probe
        if x is None:
            summary = self._summary
            noun = "output" if setup.kind == "residual" and setup.units > 1 else "sample"
            head = "" if summary is None else f"mean of {words.count(summary.count, noun)}"
            blank = (math.nan,) * len(setup.losses)
            losses, signals = (blank, blank) if summary is None else (summary.losses, summary.signals)
            numbers = list(zip(losses, signals, strict=True))
        else:
            low, high = self.plots[0].x_range
            head = f"at {SHORT[setup.kind]} {coordinate(x, high - low)}"
            numbers = [self._at(setup, index, x) for index in range(len(setup.losses))]
        entries = [
            Entry(LOSSES[loss.name].label, self._stroke(loss.name, i == 0), numbers[i])
            for i, loss in enumerate(setup.losses)
        ]
        if len(entries) != len(self.key.entries):
            self.key.show_entries(head, entries)
            self._fit_key()
        self.key.show_entries(head, entries)
        self._tell()

    def _tell(self) -> None:
        for told in self._told:
            told.follow(self._sentence)

    def _sentence(self) -> str:
        """Return what the plots show, with their numbers, for those who do not see them."""
        return f"{self.key.accessibleDescription()}. {self.words.text()} Across: {self.across.text()}"

    def _at(self, setup: SignalSetup, index: int, x: float) -> tuple[float, float]:
        """Return loss and signal of a curve at x; if the classes have two curves, of the second class."""
        if is_direct(setup):
            if setup.kind == "share":
                x = min(max(x, 1e-6), 1.0 - 1e-6)
            _, loss, signal = curve_at(setup, index, 1, np.array([x]))
            return float(loss[0]), float(signal[0])
        line = next(line for line in curves(setup, *self._span()) if line[0] == index)
        if not len(line[2]) or not line[2].min() <= x <= line[2].max():
            return math.nan, math.nan
        order = np.argsort(line[2], kind="stable")
        return tuple(float(np.interp(x, line[2][order], v[order])) for v in line[3:])  # type: ignore[return-value]

    def _probed(self, x: float) -> None:
        low, high = self.plots[0].x_range
        x = rounded(x, high - low)  # where the key says that its numbers are from
        self._probe = x
        for crosshair in self.crosshairs:
            crosshair.set_position(x)
        self._show_numbers()

    def _probe_ended(self) -> None:
        self._probe = None
        for crosshair in self.crosshairs:
            crosshair.set_position(None)
        self._show_numbers()

    # Look

    def set_theme(self, colours: Theme, scale: float = 1.0) -> None:
        self._theme, self._scale = colours, scale
        font = theme.font(SMALL)
        for plot, grid, crosshair in zip(self.plots, self.grids, self.crosshairs, strict=True):
            plot.set_colors(QColor(colours.card), QColor(colours.axis), QColor(colours.edge), font, scale)
            grid.color, crosshair.color = QColor(colours.grid), QColor(colours.muted)
        self._drawn = ()
        if self._answer is not None:
            self._draw_curves(self._answer.setup)
            self._move_points(self._answer)
            self.key.show_entries("", ())
            self._show_numbers()
        self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_key()

    def fit(self) -> None:
        """Set the lengths that follow the scale."""
        self._column.setSpacing(theme.px(2))
        self._top.setSpacing(theme.px(theme.GRID))
        self._middle.setSpacing(theme.px(theme.HALF))
        self.words.setFont(theme.font())
        self.words.setFixedHeight(2 * self.words.fontMetrics().lineSpacing() + 2)
        for caption in self.captions:
            caption.setContentsMargins(theme.px(48), 0, 0, 0)
        self._fit_key()

    def _fit_key(self) -> None:
        """Limit the height of the key, to leave room for the plots: a long key scrolls."""
        rows = len(self.key.entries) + 1
        most_rows = 4 if self.height() < theme.px(360) else 6 if self.height() < theme.px(480) else 9
        self.key_area.setFixedHeight(self.key.line() * min(rows, most_rows))
