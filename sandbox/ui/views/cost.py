"""The cost view: what each lane's training descends (solid), and what is only shown (dashed)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QFont, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from sandbox import words
from sandbox.arrays import Floats
from sandbox.experiment.document import texts
from sandbox.experiment.lens import comparison
from sandbox.experiment.training.snapshot import Curve, CurveRequest, EditMark, LaneState, PointReading
from sandbox.experiment.training.views import read_at
from sandbox.nn import LOSSES, METRICS
from sandbox.ui import theme
from sandbox.ui.accessible import LiveDescription
from sandbox.ui.kit import Choice
from sandbox.ui.kit.base import call_later
from sandbox.ui.lane_styles import LaneStyle
from sandbox.ui.plot.layers import (
    Band,
    BandsLayer,
    CrosshairLayer,
    GridLayer,
    Letter,
    LettersLayer,
    Line,
    LinesLayer,
    MarksLayer,
)
from sandbox.ui.plot.plot import Plot
from sandbox.ui.plot.ranges import beside, epochs_end, logarithm, plain, value_range, without_divergence
from sandbox.ui.theme import SMALL, Theme
from sandbox.ui.views.cost_legend import CostLegend, Key, LegendRow, rows_of
from sandbox.ui.views.ghost import GhostNote, Ghosts, faint, ghosts_of
from sandbox.ui.views.invitation import NEXT, Invitation
from sandbox.ui.views.sketch import DASHES, Axes, Pen, Sketch

_TIP = (
    "The cost after every epoch: wheel or + and − zoom, drag moves, double click or Home shows all; "
    "point at an epoch, or use the arrow keys, to read it. A triangle on the axis marks a change: point at it."
)
_PARTS = {"train": "training", "test": "test"}
LOW = 190  # the height below which there is no room for the name of the axis
_OWN_TIP = "Shows for every lane what it learns with, and what it also shows."


class CostView(QWidget):
    """Draws the thinned history of every lane.

    Signals
    -------
    wanted_changed()
        `wanted` now returns something else, so a paused run needs a new snapshot.
    ghosts_cleared()
        The user does not want to see the previous run any longer.
    """

    wanted_changed = Signal()
    ghosts_cleared = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme: Theme | None = None
        self._scale = 1.0
        self._curves: tuple[Curve, ...] = ()
        self._marks: tuple[EditMark, ...] = ()
        self._lanes: tuple[LaneState, ...] = ()
        self._styles: dict[str, LaneStyle] = {}  # of the visible lanes; empty for all
        self._position = 0.0
        self._end = 0.0
        self._values: tuple[float, float] | None = None
        self._window: tuple[float, float] | None = None  # the epochs zoomed to
        self._stale = False  # whether the next snapshot must rebuild the legend
        self._unlike = ""  # why some lanes are left out
        self._probe: float | None = None
        self._pointed: int | None = None  # the epoch there
        self._ghosts: Ghosts = {}
        self._sketch: Sketch | None = None
        self._brief = False
        self._build()

    def _build(self) -> None:
        self.plot = Plot("Cost by epoch", self)
        self.plot.pannable = True
        self.plot.setToolTip(_TIP)
        self._description = LiveDescription(self.plot)
        self.grid = GridLayer(self.plot)
        self.bands = BandsLayer(self.plot, -4)
        self.ghosts = LinesLayer(self.plot, -3)
        self.metrics = LinesLayer(self.plot, -2)
        self.lines = LinesLayer(self.plot, 0)
        self.sketches = LinesLayer(self.plot, 1)
        self.pen = Pen(self.plot)
        self.marks = MarksLayer(self.plot)
        self.letters = LettersLayer(self.plot)
        self.crosshair = CrosshairLayer(self.plot)
        self.log_x = self._switch("log x", "Shows epochs on a logarithmic axis, so that the first ones get room")
        self.log_y = self._switch("log y", "Shows costs on a logarithmic axis, so that small ones can be distinguished")
        self.log_y.setChecked(True)
        self.only = Choice([("", "what each learns with", _OWN_TIP)])
        self.only.allow_shrinking(96)
        self.only.setAccessibleName("Loss to show for every lane")
        self.only.setToolTip(
            "Shows one loss or metric for every lane, a loss as a mean over samples, so that all are on one scale."
        )
        self.only.changed.connect(lambda name, _: self._see_only(str(name)))
        self.only.set_value("")
        self.only.hide()
        self.fit_button = QPushButton("fit")
        self.fit_button.setAccessibleName("Fit the axes")
        self.fit_button.setToolTip("Shows all epochs again (double click or Home in the plot).")
        self.fit_button.clicked.connect(self.show_all)
        self.fit_button.hide()
        self.controls = QWidget(self)
        controls = QHBoxLayout(self.controls)
        controls.setContentsMargins(0, 0, 0, 0)
        controls.setSpacing(6)
        controls.addStretch(1)
        self.legend = CostLegend(self)
        self.legend.switched.connect(self._curves_switched)
        controls.addWidget(self.fit_button)  # on the left, so that nothing moves when it appears
        controls.addWidget(self.legend.more)
        controls.addWidget(self.only)
        controls.addWidget(self.log_x)
        controls.addWidget(self.log_y)
        self.readout = QLabel("epoch")
        self.note = QLabel("")
        self.next_step = QLabel(NEXT)  # what the invitation said, once its place is taken by the first curves
        self._invites = self._invites_again = False
        for label, name in (
            (self.readout, "Epoch at the pointer"),
            (self.note, "Note on the axes"),
            (self.next_step, "What to try next"),
        ):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setProperty("role", "hint")
            label.setAccessibleName(name)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.note.setWordWrap(True)
        self.next_step.setWordWrap(True)
        self.readout.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.note.hide()
        self.next_step.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.next_step.hide()
        self.ghost_note = GhostNote()
        self.ghost_note.cleared.connect(self.ghosts_cleared)
        self.invitation = Invitation(self.plot)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.controls)
        column.addWidget(self.legend)
        column.addWidget(self.plot, 1)
        column.addWidget(self.readout)
        column.addWidget(self.note)
        column.addWidget(self.next_step)
        column.addWidget(self.ghost_note)
        self.plot.probed.connect(self._probed)
        self.plot.probe_ended.connect(self._probe_ended)
        self.plot.zoomed.connect(self._zoom)
        self.plot.panned.connect(self._pan)
        self.plot.full_range_requested.connect(self.show_all)
        self.plot.area_changed.connect(self.wanted_changed)

    def present(self, presented: bool, brief: bool) -> None:
        """Leave out rows of hidden curves while presenting; if it is to be brief, what an audience does not need."""
        self._brief = brief
        self._offer_only()
        self.legend.present(presented)

    def _offer_only(self) -> None:
        """Offer one loss for every lane; to an audience only if one was chosen, and it is to be seen which."""
        self.only.setVisible(len(self._styles) > 1 and not (self._brief and not self.only.value()))

    def take_controls(self) -> None:
        """Put the controls, which a card may have in its header, above the curves."""
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(0, self.controls)

    def _switch(self, text: str, tooltip: str) -> QPushButton:
        button = QPushButton(text)
        button.setCheckable(True)
        button.setAccessibleName(text)
        button.setToolTip(f"{tooltip}.")
        button.toggled.connect(self._switched)
        return button

    # What is shown

    def set_theme(self, colours: Theme, scale: float = 1.0) -> None:
        """Apply colours and type; `scale` enlarges type and lines when presenting."""
        self._theme, self._scale = colours, scale
        font = theme.font(SMALL)
        self.plot.set_colors(QColor(colours.card), QColor(colours.axis), QColor(colours.edge), font, scale)
        self.grid.color = QColor(colours.grid)
        self.crosshair.color = QColor(theme.blend(colours.muted, colours.card, 0.35))
        self.marks.color = QColor(colours.marks)
        self.marks.restyle()
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        self.letters.ground, self.letters.font = QColor(colours.card), bold
        self.letters.text_color = QColor(colours.text_color)
        for label in (self.readout, self.note, self.next_step):
            label.setFont(font)
        self.legend.set_theme(colours, scale)
        self._redraw()

    def set_log(self, x: bool, y: bool) -> None:
        """Choose linear or logarithmic axes, as the two buttons do."""
        self.log_x.setChecked(x)
        self.log_y.setChecked(y)

    def wanted(self) -> CurveRequest | None:
        """Return how the next snapshot must thin the curves; None while this view is hidden."""
        return self.request() if self.isVisible() else None

    def request(self) -> CurveRequest:
        """Return how curves must be thinned for this view."""
        width = max(50, round(self.plot.area.rect().width()))
        only, pointed = str(self.only.value() or ""), self._pointed
        return CurveRequest(width, self.log_x.isChecked(), self._window, only, self.legend.hidden_curves, pointed)

    def draw(
        self,
        curves: Sequence[Curve],
        marks: Sequence[EditMark],
        lanes: Sequence[LaneState],
        epoch_position: float,
    ) -> None:
        """Show a snapshot's curves and marks."""
        if epoch_position < self._position:
            self.forget_ranges()
        if self._styles:
            curves = [curve for curve in curves if curve.lane in self._styles]
            marks = [mark for mark in marks if mark.lane is None or mark.lane in self._styles]
        self._marks, self._lanes = tuple(marks), tuple(lanes)
        self._position = epoch_position
        if self._invites_again and epoch_position == 0.0 and len(lanes) == 1 and not marks:
            self._invites, self._invites_again = True, False
        self._offer_common()
        self.legend.set_lanes([state.name for state in self._lanes], self._styles)
        self._curves = self._comparable(curves)
        rows = rows_of(self._curves, self._lanes)
        if rows != self.legend.rows or self._stale:
            self._stale = False
            self.legend.show_rows(rows, bool(self.only.value()), self.only.value() in METRICS)
        self._redraw()
        self._description.follow(self.description)

    def forget_ranges(self) -> None:
        """Forget the ranges of the axes: another run has its own."""
        self._end, self._values, self._window = 0.0, None, None

    def invite(self) -> None:
        """Say what to press and to change, until the first change, lane or reset."""
        self._invites = True

    def stop_inviting(self) -> None:
        """Say nothing of it any longer: something else says what to do."""
        self._invites = self._invites_again = False

    def begin_afresh(self) -> None:
        """Show the usual curves on the usual axes, and invite once a run begins that nobody has changed."""
        self.only.set_value("")
        self.log_y.setEnabled(True)
        self.set_log(False, True)
        self.legend.begin_afresh()
        self._stale = True
        self.forget_ranges()
        self._invites_again = True
        self.wanted_changed.emit()

    def keep_ghosts(self) -> None:
        """Keep the curves of the run that ends, pale, if it has been trained at all."""
        ghosts = ghosts_of(self._curves)
        if ghosts:
            self._ghosts = ghosts
            losses = {texts.label_within(curve.name) for curve in self._curves if _has_learned(curve)}
            self.ghost_note.say(self._position, losses.pop() if len(losses) == 1 else "")

    def clear_ghosts(self) -> None:
        """Stop showing the previous run."""
        self._ghosts = {}
        self.ghost_note.hide()
        self._redraw()

    # A curve that is drawn by hand

    def ask_for_sketch(self, lane: str, column: str, until: int) -> None:
        """Let the person draw how a curve will run up to an epoch."""
        self._sketch = Sketch(lane, column, until, np.empty(0), np.empty(0))
        self._reveal_sketched()
        self._values = None
        self._redraw()
        self.pen.take_up(self._sketch_axes(), until, self._sketch_start())

    def show_sketch(self, sketch: Sketch | None) -> None:
        """Show a drawn curve, pale and dashed, beside what happens; None shows none."""
        self.pen.hide()
        if sketch is not self._sketch:
            self._sketch = sketch
            self._values = None
            self._redraw()

    def _reveal_sketched(self) -> None:
        """Show the curve that another is to be drawn beside, if it is hidden."""
        curve = self._sketched_curve()
        chip = None if curve is None else self.legend.chips.get((curve.lane, curve.column))
        if chip is not None and not chip.isChecked():
            chip.setChecked(True)

    def _sketched_curve(self) -> Curve | None:
        """Return the curve that another is drawn beside; a cost without a penalty is called by its loss."""
        if self._sketch is None:
            return None
        lane, column = self._sketch.lane, self._sketch.column
        part, _, name = column.partition("_")
        curves = [curve for curve in self._curves if curve.lane == lane and curve.part == part]
        same = [curve for curve in curves if curve.column == column]
        learned = [curve for curve in curves if curve.role == "objective"] if name == "cost" else []
        return next(iter((*same, *learned)), None)

    def _is_on_right_axis(self, column: str) -> bool:
        return column.partition("_")[2] in METRICS and not self.only.value()

    def _sketch_start(self) -> float | None:
        """Return where the curve to be drawn begins, if that is known already."""
        curve = self._sketched_curve()
        return None if curve is None or not len(curve.values) else float(curve.values[0])

    def _sketch_axes(self) -> Axes:
        """Return how the drawn curve relates to the axes as they are."""
        assert self._sketch is not None
        (low, high), log, log_x = self.plot.y_range, self._log, self.log_x.isChecked()
        if self._is_on_right_axis(self._sketch.column):
            y, value = lambda v: low + v * (high - low), lambda h: (h - low) / (high - low)
        elif log:
            y, value = logarithm, lambda h: 10.0**h
        else:
            y, value = plain, lambda h: h
        return Axes(self._x_values, y, (lambda x: 10.0**x) if log_x else (lambda x: x), value)

    def _sketch_reach(self, log: bool) -> Floats:
        """Return the heights that a curve yet to be drawn needs: down to a thousandth of where it begins."""
        sketch = self._sketch
        if sketch is None or self._is_on_right_axis(sketch.column):
            return np.empty(0)
        if len(sketch.values):
            return logarithm(sketch.values) if log else plain(sketch.values)
        start = self._sketch_start()
        if start is None or not start > 0.0:
            return np.empty(0)
        return np.log10(np.array([1e-3, 2.0]) * start) if log else np.array([0.0, 1.5]) * start

    def _set_sketch(self) -> None:
        sketch = self._sketch
        if sketch is None or not len(sketch.values):
            self.sketches.set_lines(())
            return
        assert self._theme is not None
        colour = QColor(self._theme.accent)
        colour.setAlphaF(0.6)
        axes = self._sketch_axes()
        line = Line(axes.x(sketch.epochs), axes.y(sketch.values), colour, 2.0 * self._scale, DASHES)
        self.sketches.set_lines((line,))

    def set_lanes(self, styles: Sequence[LaneStyle]) -> None:
        """Show these lanes, by their letters and colours."""
        styles_by_name = {style.name: style for style in styles}
        if styles_by_name == self._styles:
            return
        self._styles = styles_by_name
        self._offer_only()
        if len(styles_by_name) < 2 and self.only.value():
            self.only.set_value("")
            self.log_y.setEnabled(True)
        self._stale = True
        if self._curves:
            self.draw(self._curves, self._marks, self._lanes, self._position)
        self.wanted_changed.emit()

    def _comparable(self, curves: Sequence[Curve]) -> tuple[Curve, ...]:
        """Leave out the lanes in which the one loss shown for all is not what it is in the first; note the reason."""
        self._unlike = ""
        name = str(self.only.value() or "")
        if name not in LOSSES:
            return tuple(curves)
        scales = {lane.name: lane.scales[name] for lane in self._lanes}
        shown = [lane for lane in scales if any(curve.lane == lane for curve in curves)]
        other = next((lane for lane in shown if scales[lane] != scales[shown[0]]), None)
        if other is None:
            return tuple(curves)
        first, letter = shown[0], self.legend.letter
        self._unlike = comparison.unlike(name, (letter(first), [scales[first]]), (letter(other), [scales[other]]))
        return tuple(curve for curve in curves if scales.get(curve.lane) == scales[first])

    def _offer_common(self) -> None:
        """Offer each loss and metric that any lane learns with or shows, to show it for all lanes."""
        columns = {name for lane in self._lanes for name in lane.readings}
        names = [name for name in (*LOSSES, *METRICS) if f"train_{name}" in columns]
        reductions = {lane.reduction for lane in self._lanes}
        reduction = reductions.pop() if len(reductions) == 1 else ""
        items = [("", "what each learns with", _OWN_TIP)]
        items += [
            (
                name,
                texts.reduced(name, reduction),
                f"Shows {texts.reduced(name, reduction, within=True)} for every lane.",
            )
            for name in names
        ]
        self.only.set_items(items)
        if self.only.value() is None:
            self.only.set_value("")

    def _see_only(self, name: str) -> None:
        self._values = None
        self.log_y.setEnabled(name not in METRICS)
        self._stale = True  # what a row says about its axis changes
        self.wanted_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.isVisible():
            call_later(self, self._fit_height)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        call_later(self, self._fit_height)  # it may have got another size while it was hidden

    def _fit_height(self) -> None:
        """Keep the curves readable in a low view: the legend gets fewer rows, and the axis no name."""
        self.legend.fit(self.height())
        self.readout.setVisible(self.height() >= theme.px(LOW))

    def _curves_switched(self, shown: bool) -> None:
        self._redraw()
        if shown:
            self.wanted_changed.emit()  # hidden curves were not requested

    # Every frame

    def _x_values(self, epochs: Floats) -> Floats:
        return logarithm(epochs) if self.log_x.isChecked() else plain(epochs)

    def _redraw(self) -> None:
        if self._theme is None:
            return
        self._invites = self._invites and len(self._lanes) <= 1 and not self._ghosts and not self._marks
        self.invitation.setVisible(self._invites and self._position == 0.0 and self._sketch is None)
        self.next_step.setVisible(self._invites and self._position > 0.0)
        ends = [float(c.epochs[-1]) for c in self._curves if len(c.epochs)]
        ends += [float(epochs[-1]) for epochs, *_ in self._ghosts.values()]
        last = max(ends, default=0.0)
        if self._sketch is not None:
            last = max(last, float(self._sketch.until))
        self._end = epochs_end(self._end, max(last if np.isfinite(last) else 0.0, self._position))
        x_range = self._visible_range()
        curves = {(c.lane, c.column): c for c in self._curves}
        costs: list[tuple[LegendRow, str, Floats, Floats]] = []
        metrics: list[tuple[LegendRow, str, Floats, Floats]] = []
        skipped = False
        log = self._log
        for row, part, column in self.legend.shown_curves():
            curve = curves[row.lane, column]
            x = self._x_values(curve.epochs)
            if row.role == "metric" and not self.only.value():
                metrics.append((row, part, x, plain(curve.values)))
                continue
            y = logarithm(curve.values) if log else plain(curve.values)
            skipped = skipped or (log and bool((curve.values <= 0.0).any()))
            costs.append((row, part, x, y))
        stopped = {lane.name for lane in self._lanes if lane.stopped}
        visible_values = []
        for row, _, x, y in costs:
            visible = y[(x >= x_range[0]) & (x <= x_range[1])]
            visible_values.append(without_divergence(visible, log) if row.lane in stopped else visible)
        if self._window is not None and costs and not any(np.isfinite(values).any() for values in visible_values):
            self.forget_ranges()  # nothing is left in what was zoomed to
            self._redraw()
            self.wanted_changed.emit()
            return
        self.fit_button.setVisible(self._window is not None)
        ghosts = list(self._ghost_lines(log))
        visible_values.append(self._sketch_reach(log))
        pale = [line.y[(line.x >= x_range[0]) & (line.x <= x_range[1])] for line in ghosts]
        visible_values += beside(visible_values, pale, log)
        low, high = value_range(self._values, visible_values, log)
        self._values = (low, high) if costs else None
        self.plot.set_range(x_range, (low, high), (self.log_x.isChecked(), log))
        self.plot.show_right_axis(bool(metrics))
        self.ghosts.set_lines(tuple(ghosts))
        self.ghost_note.setVisible(bool(ghosts))  # of losses in view; their curves may all be hidden
        self._set_bands([(row, part) for row, part, *_ in costs], curves, log)
        self._set_lines(self.lines, costs, curves, log)
        self._set_lines(self.metrics, [(row, part, x, low + y * (high - low)) for row, part, x, y in metrics])
        self._set_letters([*costs, *((row, part, x, low + y * (high - low)) for row, part, x, y in metrics)])
        self._set_marks()
        self._set_sketch()
        if self._sketch is not None and self.pen.isVisible():
            self.pen.follow(self._sketch_axes(), self._sketch_start())
        self._set_note(skipped, self._beyond(costs, high, log))
        self._update_readout()

    def _ghost_lines(self, log: bool) -> Iterator[Line]:
        """Yield the lines of the previous run, of the losses that are shown now: others have another scale."""
        scaled = logarithm if log else plain
        units = {(curve.lane, curve.column): curve.unit for curve in self._curves}
        for row, part, column in self.legend.shown_curves():
            if row.role == "metric" or (row.lane, column) not in self._ghosts:
                continue
            epochs, values, unit = self._ghosts[row.lane, column]
            values = values * (unit / units[row.lane, column])  # a sum beside a mean, say
            stroke = self.legend.stroke(row, part)
            yield faint(Line(self._x_values(epochs), scaled(values), stroke.color, stroke.width, stroke.dash))

    @property
    def _log(self) -> bool:
        """Whether the value axis is logarithmic; it never is for a metric that all lanes are compared by."""
        return self.log_y.isChecked() and self.only.value() not in METRICS

    def _visible_range(self) -> tuple[float, float]:
        low, high = self._window or (0.0, self._end)
        if self.log_x.isChecked():
            return float(np.log10(max(low, 1.0))), float(np.log10(max(high, 2.0)))
        return low, high

    def _set_lines(
        self,
        layer: LinesLayer,
        drawn: list[tuple[LegendRow, str, Floats, Floats]],
        curves: Mapping[Key, Curve] | None = None,
        log: bool = False,
    ) -> None:
        # objectives over monitors, training over test
        order = sorted(drawn, key=lambda c: (c[0].role == "objective", c[1] == "train"))
        lines = []
        for row, part, x, y in order:
            stroke = self.legend.stroke(row, part)
            curve = None if curves is None else curves[row.lane, dict(row.columns)[part]]
            epochs = None if curve is None else curve.epochs
            if curve is not None and curve.picked is not None:  # it is drawn in front of the median of all
                faint = QColor(stroke.color)
                faint.setAlphaF(0.45)
                lines.append(Line(x, y, faint, stroke.width, stroke.dash))
                epochs = curve.picked[0]
                x, y = self._x_values(epochs), (logarithm if log else plain)(curve.picked[1])
            if curve is None or epochs is None or curve.learned is None:
                lines.append(Line(x, y, stroke.color, stroke.width, stroke.dash))
                continue
            learns = learning(epochs, curve.learned)
            for role, stretches in (("monitor", ~learns), ("objective", learns)):
                if stretches.any():
                    stroke = self.legend.stroke(row, part, role)
                    lines.append(Line(x, only_where(stretches, y), stroke.color, stroke.width, stroke.dash))
        layer.set_lines(tuple(lines))

    def _set_letters(self, drawn: list[tuple[LegendRow, str, Floats, Floats]]) -> None:
        """Put each lane's letter at the ends of its curves and, staggered, on what it learns with."""
        letters: dict[LegendRow, list[Letter]] = {}
        (low, high), (bottom, top) = self.plot.x_range, self.plot.y_range
        if self.legend.several:
            lanes = list(dict.fromkeys(row.lane for row, *_ in drawn))
            for row, part, x, y in drawn:
                visible = np.isfinite(y) & (x >= low) & (x <= high) & (y >= bottom) & (y <= top)
                if row in letters or not visible.any():  # the training part, which comes first
                    continue
                text, color = self.legend.letter(row.lane), self.legend.stroke(row, part).color
                x, y = x[visible], y[visible]
                letters[row] = [Letter(float(x[-1]), float(y[-1]), text, color)]
                place = low + (0.15 + 0.5 * (lanes.index(row.lane) + 1) / (len(lanes) + 1)) * (high - low)
                if place < x[-1] and (row.role == "objective" or self.only.value()):
                    at = int(np.searchsorted(x, place))
                    letters[row].append(Letter(float(x[at]), float(y[at]), text, color, at_end=False))
        self.letters.set_letters(tuple(letter for pair in letters.values() for letter in pair))

    def _set_bands(self, drawn: list[tuple[LegendRow, str]], curves: Mapping[Key, Curve], log: bool) -> None:
        """Fill between the quartiles of several replicas."""
        scaled = logarithm if log else plain
        bands = []
        for row, part in drawn:
            curve = curves[row.lane, dict(row.columns)[part]]
            if len(curve.band) == 2 and len(curve.epochs):
                low, high = ((self._x_values(x), scaled(y)) for x, y in curve.band)
                color = QColor(self.legend.stroke(row, part).color)
                color.setAlphaF(0.18 if part == "train" else 0.10)
                bands.append(Band(low, high, color))
        self.bands.set_bands(tuple(bands))

    def _set_marks(self) -> None:
        several = len(self._lanes) > 1
        positions = self._x_values(np.array([mark.epoch for mark in self._marks], dtype=np.float64))
        texts = tuple(f"{self.legend.letter(m.lane)}: {m.text}" if m.lane and several else m.text for m in self._marks)
        if self.log_x.isChecked():
            positions = np.nan_to_num(positions, nan=self._visible_range()[0])
        self.marks.set_marks(positions, texts)

    def list_marks(self) -> None:
        """Write the marks below the plot."""
        if self._marks:
            listed = "; ".join(
                f"epoch {round(mark.epoch):,}: {text}" for mark, text in zip(self._marks, self.marks.texts, strict=True)
            )
            self.note.setText(" ".join(filter(None, (f"\u25b2 {listed}.", self.note.text()))))
            self.note.setWordWrap(True)
            self.note.show()

    def _beyond(self, drawn: Sequence[tuple[LegendRow, str, Floats, Floats]], top: float, log: bool) -> str:
        """Say how far the curves of stopped lanes go beyond the axis."""
        stopped = [lane.name for lane in self._lanes if lane.stopped]
        highest: dict[str, float] = {}
        for row, _, _, y in drawn:
            if row.lane in stopped and np.isfinite(y).any():
                highest[row.lane] = max(highest.get(row.lane, -math.inf), float(np.nanmax(y)))
        ends = {lane: words.cost(10.0**height if log else height) for lane, height in highest.items() if height > top}
        if not ends:
            return ""
        if not self.legend.several:
            return f"The curve goes on beyond the axis, up to {words.listed(ends.values())}."
        return (
            f"Beyond the axis: {words.listed(f'{self.legend.letter(lane)} up to {end}' for lane, end in ends.items())}."
        )

    def _set_note(self, skipped: bool, beyond: str) -> None:
        left_out = "Values of 0 and below cannot be shown on a logarithmic axis and are left out." if skipped else ""
        text = " ".join(filter(None, (self._unlike, left_out, beyond)))
        if text != self.note.text():
            self.note.setText(text)
            self.note.setVisible(bool(text))

    # The read-out

    def _probe_ended(self) -> None:
        self._probe = None
        self.crosshair.set_position(None)
        self._update_readout()

    def _probed(self, x: float, y: float) -> None:
        self._probe = x
        self.crosshair.set_position(x)
        self._update_readout()

    def _update_readout(self) -> None:
        """Show the values at the pointer, or the last ones, in the legend, where each has its place.

        A thinned curve has lost most epochs: their values come with the next snapshot.
        """
        epoch = None if self._probe is None else 10.0**self._probe if self.log_x.isChecked() else self._probe
        before, self._pointed = self._pointed, None if epoch is None else max(0, round(epoch))
        known = True
        for curve in self._curves:
            text = self._pointed_text(curve, self._pointed) if self._pointed is not None else self._current_text(curve)
            known = known and bool(text)
            if text:
                self.legend.set_value(curve.lane, curve.column, text)
        text, near = "epoch", ""
        if self._pointed is not None and self._probe is not None:
            near = self.marks.text_near(self._probe)
            text = f"epoch {self._pointed:,}" + (f" · {near}" if near else "")
        if self.plot.toolTip() != (near or _TIP):
            self.plot.setToolTip(near or _TIP)
        if text != self.readout.text():
            self.readout.setText(text)
        if self._pointed != before and not known:
            self.wanted_changed.emit()

    def _current_text(self, curve: Curve) -> str:
        return texts.column_text(curve.column, self._current(curve))

    @staticmethod
    def _pointed_text(curve: Curve, epoch: int) -> str:
        """Return the value at an epoch, after "≈" that of the nearest known one; "" if it is not here yet."""
        if not len(curve.epochs):
            return words.NOTHING
        reading = reading_at(curve, epoch)
        if reading is None:
            return ""
        return f"{'' if reading.epoch == epoch else words.ABOUT}{texts.column_text(curve.column, reading.value)}"

    def _current(self, curve: Curve) -> float:
        """Return the reading of this moment, which the readouts show too; else the last recorded one."""
        state = next((lane for lane in self._lanes if lane.name == curve.lane), None)
        reading = None if state is None else state.readings.get(curve.column)
        return last_value(curve) if reading is None else reading * curve.factor

    def description(self) -> str:
        """Return the numbers of this moment in a sentence, for those who do not see the curves."""
        curves = {(curve.lane, curve.column): curve for curve in self._curves}
        parts = []
        for row in self.legend.rows:
            shown = [(part, column) for part, column in row.columns if (row.lane, column) in curves]
            values = [
                f"{texts.column_text(column, self._current(curves[row.lane, column]))} on {_PARTS[part]} samples"
                for part, column in shown
                if self.legend.is_shown(row.lane, column, row.role)
            ]
            if values:
                lane = f"{self.legend.letter(row.lane)}: " if self.legend.several else ""
                role = "" if row.role == "objective" else ", only shown,"
                parts.append(f"{lane}{row.label_within}{role} {', '.join(values)}")
        marks = f" {words.capital(words.count(len(self._marks), 'change'))} marked." if self._marks else ""
        return f"Epoch {int(self._position):,}: {'; '.join(parts) or 'no curve is shown'}.{marks}"

    # Zoom

    def _switched(self) -> None:
        self._values = None
        self._probe = None
        self.crosshair.set_position(None)
        self._redraw()
        self.wanted_changed.emit()

    def show_all(self) -> None:
        """Undo the zoom: show all epochs."""
        self._set_window(None)

    def _set_window(self, window: tuple[float, float] | None) -> None:
        if window == self._window:
            return
        self._window = window
        self._values = None
        self._redraw()
        self.wanted_changed.emit()

    def _zoom(self, x: float, factor: float) -> None:
        low, high = self._visible_range()
        self._show_range(x - (x - low) * factor, x + (high - x) * factor)

    def _pan(self, distance: float) -> None:
        if self._window is None:
            return
        low, high = self._visible_range()
        first, last = self._full_range()
        distance = min(max(distance, first - low), last - high)
        self._show_range(low + distance, high + distance)

    def _full_range(self) -> tuple[float, float]:
        return (0.0, float(np.log10(self._end))) if self.log_x.isChecked() else (0.0, self._end)

    def _show_range(self, low: float, high: float) -> None:
        """Show a range given in plot coordinates, clipped to the epochs there are."""
        first, last = self._full_range()
        low, high = max(low, first), min(high, last)
        if low <= first and high >= last:
            self._set_window(None)
            return
        ends = (10.0**low, 10.0**high) if self.log_x.isChecked() else (low, high)
        if ends[1] - ends[0] >= 2.0:
            self._set_window(ends)


def _has_learned(curve: Curve) -> bool:
    """Return whether a lane learned with this loss, now or before."""
    return curve.name in LOSSES and (curve.role == "objective" or bool(curve.learned))


def learning(epochs: Floats, spans: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    """Return which stretches between two points, shape (k - 1,), lie where a lane learned with this loss."""
    middle = 0.5 * (epochs[1:] + epochs[:-1])
    learned: NDArray[np.bool_] = np.zeros(middle.size, dtype=bool)
    for start, end in spans:
        learned |= (middle > start) & (middle <= end)
    return learned


def only_where(stretches: NDArray[np.bool_], y: Floats) -> Floats:
    """Return y with nan at every point that none of the stretches touches."""
    touched = np.zeros(y.size, dtype=bool)
    touched[1:] |= stretches
    touched[:-1] |= stretches
    return np.where(touched, y, np.nan)


def reading_at(curve: Curve, epoch: int) -> PointReading | None:
    """Return a curve's value at an epoch; None if it cannot be known from a curve that was thinned."""
    if curve.reading is not None and curve.reading.asked == epoch:
        return curve.reading
    epochs, values = _read_line(curve)
    whole = bool((np.diff(epochs) > 0.0).all())  # a thinned curve has two values at most of its epochs
    return read_at(epoch, epochs, values) if whole else None


def last_value(curve: Curve) -> float:
    """Return a curve's last value; nan if it has none."""
    _, values = _read_line(curve)
    return float(values[-1]) if len(values) else math.nan


def _read_line(curve: Curve) -> tuple[Floats, Floats]:
    """Return the line that is read: that of the picked network, if there is one."""
    return (curve.epochs, curve.values) if curve.picked is None else curve.picked
