"""The boundary view: a lane's output over its inputs, and the samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from sandbox import words
from sandbox.data import Data
from sandbox.experiment.document import texts
from sandbox.experiment.document.defaults import SCORES
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.training.snapshot import DifferenceSurface, LaneState, Surface, SurfaceRequest
from sandbox.ui import theme
from sandbox.ui.accessible import LiveDescription
from sandbox.ui.kit import Choice
from sandbox.ui.kit.base import call_later
from sandbox.ui.plot.layers import CrosshairLayer, GridLayer, ImageLayer, LinesLayer
from sandbox.ui.plot.plot import Plot
from sandbox.ui.plot.scale import ColourScale
from sandbox.ui.plot.ticks import coordinate
from sandbox.ui.theme import SMALL, Theme
from sandbox.ui.views.boundary_legend import BoundaryLegend, Drawn
from sandbox.ui.views.ghost import faint
from sandbox.ui.views.samples import SamplePoints
from sandbox.ui.views.slices import STRETCH, DataSlice
from sandbox.ui.views.surfaces import (
    SurfaceColours,
    SurfacePicture,
    adopt_ranges,
    output_text,
    surface_colours,
    surface_picture,
)
from sandbox.ui.views.unit_overlay import LargeUnit, UnitOverlay

MAP_POINTS, FEWEST_POINTS = 100, 40
CURVE_POINTS = 200
NARROWEST, WIDEST = 0.5, 2.1  # the width of a plot, by its height, while presenting


class BoundaryView(QWidget):
    """Draws one lane's output over the plane of two inputs, or over its only input.

    Signals
    -------
    wanted_changed()
        `wanted` now returns something else, so a paused run needs a new snapshot.
    axes_changed(int, int)
        The user chose other inputs to show.
    drawn_changed(Drawn)
        The user wants something else to be drawn.
    sample_clicked(part, index)
        The user chose a sample of the "train" or "test" part: by a click, by Return at the probed position, or by
        the full stop and the comma, which go to the next one and back.
    """

    wanted_changed = Signal()
    axes_changed = Signal(int, int)
    drawn_changed = Signal(object)
    sample_clicked = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._compact = False
        self.keeps_proportions = False  # whether alike inputs are drawn in nearly one unit
        self._presented = False
        self.other = ""  # the lane that this one is compared with; "" for none
        self._pair = (QColor("blue"), QColor("orange"))  # the colours of the two
        self._theme: Theme | None = None
        self._colours: SurfaceColours | None = None
        self._scale = 1.0
        self.slice: DataSlice | None = None
        self._surface: Surface | None = None
        self._probe: tuple[float, float] | None = None
        self._build()

    def _build(self) -> None:
        self.legend = BoundaryLegend(self)
        self.plot = Plot("Decision boundary", self)
        self._description = LiveDescription(self.plot)
        self.plot.setToolTip(
            "The network's output everywhere: point at a place, or use the arrow keys, to read it. "
            "A click follows a sample, full stop and comma the next and the previous one."
        )
        self.grid = GridLayer(self.plot)
        self.image = ImageLayer(self.plot)
        self.overlay = UnitOverlay(self.plot)
        self.ghost = LinesLayer(self.plot, -1)
        self.lines = LinesLayer(self.plot, 0)
        self.samples = SamplePoints(self.plot)
        self.crosshair = CrosshairLayer(self.plot)
        self.colour_scale = ColourScale(self)
        self.across = self._axis_choice("across", "Input shown from left to right")
        self.upward = self._axis_choice("up", "Input shown from bottom to top")
        self.across_label, self.upward_label = QLabel("across"), QLabel("up")
        self.across_label.setBuddy(self.across)
        self.upward_label.setBuddy(self.upward)
        self.readout = QLabel()
        self.readout.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.readout.setAccessibleName("Value at the pointer")
        self.readout.setTextFormat(Qt.TextFormat.PlainText)
        self.readout.setProperty("role", "hint")
        self.readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        slicing = QHBoxLayout()
        slicing.setSpacing(6)
        for widget in (self.across_label, self.across, self.upward_label, self.upward):
            slicing.addWidget(widget)
        slicing.addStretch(1)
        self.head = QWidget(self)  # what several views of the same data need only once
        head = QVBoxLayout(self.head)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(2)
        head.addWidget(self.legend)
        head.addLayout(slicing)
        middle = QHBoxLayout()
        middle.setSpacing(4)
        middle.addWidget(self.plot, 1)
        middle.addWidget(self.colour_scale)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.head)
        column.addLayout(middle, 1)
        column.addWidget(self.readout)
        self.plot.area_changed.connect(self._area_changed)
        self.plot.probed.connect(self._probed)
        self.plot.probe_ended.connect(self._probe_ended)
        self.samples.clicked.connect(self.sample_clicked)
        self.legend.drawn_changed.connect(self.show_drawn)
        self.legend.drawn_changed.connect(self.drawn_changed)
        self._show_choices(False)

    def _axis_choice(self, word: str, tooltip: str) -> Choice:
        box = Choice(parent=self)
        box.allow_shrinking(88)
        box.setAccessibleName(tooltip)
        box.setToolTip(f"{tooltip}; all but the two chosen inputs stay at their mean.")
        box.activated.connect(self._choose_axes)
        return box

    def _show_choices(self, shown: bool) -> None:
        for widget in (self.across_label, self.across, self.upward_label, self.upward):
            widget.setVisible(shown)

    def fit_head(self, edge: int) -> None:
        """Set in by how much the legend begins and ends."""
        layout = self.head.layout()
        assert layout is not None
        layout.setContentsMargins(edge, 0, edge, 0)

    # What is shown

    def set_theme(self, colours: Theme, scale: float = 1.0) -> None:
        """Apply colours and type; `scale` enlarges type, points and lines when presenting."""
        self._theme, self._scale = colours, scale
        font = theme.font(SMALL)
        axis = QColor(colours.axis)
        self.plot.set_colors(QColor(colours.card), axis, QColor(colours.edge), font, scale)
        self.grid.color = QColor(colours.grid)
        self.crosshair.color = QColor(colours.boundary)
        self.overlay.color = QColor(colours.muted)
        self.legend.set_colors(QColor(colours.text_color), QColor(colours.muted), font, scale)
        self.colour_scale.set_colors(axis, QColor(colours.edge), font, scale)
        for label in (self.readout, self.across_label, self.upward_label):
            label.setFont(font)
        self._choose_colours()
        self._place_points()
        self._redraw()

    def set_data(self, data: Data, experiment: Experiment | None = None) -> None:
        """Show the data of a new run; keep the chosen inputs if the inputs are the same."""
        before = None if self.slice is None else self.slice.data
        same = before is not None and before.inputs == data.inputs
        alike = before is not None and (before.task, before.class_names) == (data.task, data.class_names)
        unchanged = alike and before is not None and np.array_equal(before.inputs_train, data.inputs_train)
        self.slice = DataSlice(data, self.slice.axes if same and self.slice is not None else None)
        if not same:
            self.samples.chosen = None
            self._fill_choices(self.slice)
        if not (unchanged and same):  # else the last picture stays until the first of the new run
            self._surface = None
        self._show_slice()

    def follow_points(self, data: Data) -> None:
        """Show the same data with other points; what is drawn of the network stays until the next picture."""
        if self.slice is None:
            return
        before = self._ranges()
        self.slice = DataSlice(data, self.slice.axes, self.slice)
        self._place_points()
        if self._ranges() != before:
            self.plot.set_range(*self._ranges())
            self.colour_scale.set_range(*self.slice.value_range)
            self.wanted_changed.emit()

    def _fill_choices(self, shown: DataSlice) -> None:
        for box, axis in ((self.across, shown.axes[0]), (self.upward, shown.axes[1])):
            with QSignalBlocker(box):
                box.set_items([(index, name, "") for index, name in enumerate(shown.data.inputs)])
                box.setCurrentIndex(axis)
        self._show_choices(len(shown.data.inputs) > 2)

    def _choose_axes(self) -> None:
        if self.slice is None:
            return
        axes = self.slice.axes
        x, y = self.across.currentIndex(), self.upward.currentIndex()
        if x == y:  # swap the two
            x, y = (x, axes[0]) if x != axes[0] else (axes[1], y)
        if (x, y) != axes:
            self.set_axes(x, y)
            self.axes_changed.emit(x, y)

    def set_axes(self, x: int, y: int) -> None:
        """Show these inputs across and up."""
        if self.slice is None or (x, y) == self.slice.axes:
            return
        self.slice = DataSlice(self.slice.data, (x, y))
        with QSignalBlocker(self.across), QSignalBlocker(self.upward):
            self.across.setCurrentIndex(x)
            self.upward.setCurrentIndex(y)
        self._surface = None
        self._show_slice()

    def _show_slice(self) -> None:
        if self._surface is None:  # over other inputs
            self.clear_ghost()
        self._name_axes()
        self._choose_colours()
        self._place_points()
        self._redraw()
        self.wanted_changed.emit()

    def _name_axes(self) -> None:
        shown = self.slice
        assert shown is not None
        self.grid.setVisible(shown.one_input)
        scaled = shown.data.task == "regression" or bool(self.other)
        self.colour_scale.setVisible(scaled and not shown.one_input)
        self.colour_scale.set_range(*shown.value_range)
        self.plot.name_left("" if self._compact else shown.y_name)
        self._keep_shape()
        self._probe_ended()
        self.plot.set_range(*self._ranges())
        self._describe(None)

    def _ranges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return what the plot shows: the data, and around them as much as its shape has room for."""
        assert self.slice is not None
        if not self.keeps_proportions:
            return self.slice.x_range, self.slice.y_range
        area = self.plot.area.rect()
        return self.slice.ranges_for(area.width(), area.height(), 1.0 if self._presented else STRETCH)

    def present(self, presented: bool, several: bool = False) -> None:
        """Keep exact proportions of alike inputs while presenting; of `several`, leave out the name of the x axis."""
        self._presented = presented
        self.readout.setVisible(not (presented and several))
        self._keep_shape()
        call_later(self, self._fit_ranges)

    def _keep_shape(self) -> None:
        """Let the plot be no strip while presenting, however much room there is one way."""
        proportion = (None if self.slice is None else self.slice.proportion) or WIDEST
        self.plot.keep_shape((NARROWEST, min(WIDEST, STRETCH * proportion)) if self._presented else None)

    def _area_changed(self) -> None:
        if self.keeps_proportions:
            call_later(self, self._fit_ranges)

    def _fit_ranges(self) -> None:
        if self.slice is not None and self._ranges() != (self.plot.x_range, self.plot.y_range):
            self.plot.set_range(*self._ranges())
            self.wanted_changed.emit()

    def _choose_colours(self) -> None:
        if self._theme is None or self.slice is None:
            return
        data, one_input = self.slice.data, self.slice.one_input
        self._colours = surface_colours(self._theme, data, bool(self.other), self._pair, one_input)
        self.colour_scale.set_table(self._colours.table)

    def _place_points(self) -> None:
        if self.slice is None or self._colours is None or self._theme is None:
            return
        left_out = self.samples.place(self.slice, self._colours, self._theme, self._scale)
        data = self.slice.data
        names: Sequence[tuple[str, str, QColor]] = ()
        if data.task != "regression":
            classes = zip(data.class_names, self._colours.classes, strict=False)
            names = [(name, theme.symbol(k), color) for k, (name, color) in enumerate(classes)]
        notes = ["other inputs at their mean"] * (len(data.inputs) > 2)
        if data.task == "regression" and len(data.target_names) > 1 and not self.slice.one_input:
            notes.append(f"colours: {data.target_names[0]}")  # of several outputs
        notes += [f"{words.count(left_out, 'point')} not drawn"] * bool(left_out)
        self.legend.set_entries(names, len(data.y_test) > 0, notes)
        self.legend.offer(classified=data.task != "regression", compared=bool(self.other), tested=len(data.y_test) > 0)

    def show_drawn(self, drawn: Drawn) -> None:
        """Draw other samples, or the predicted classes in place of the output."""
        self.legend.show_drawn(drawn)
        self.samples.drawn = drawn
        self._place_points()
        self._redraw()

    def keep_ghost(self) -> None:
        """Keep the boundary, or the curve, of the run that ends, pale."""
        if self._surface is not None and not self.other:
            solid = (line for line in self.lines.lines if not line.dash)
            self.ghost.set_lines(tuple(faint(line) for line in solid))

    def clear_ghost(self) -> None:
        """Stop showing the previous run."""
        self.ghost.set_lines(())

    def show_unit(self, unit: LargeUnit | None) -> None:
        """Show what a single unit computes in place of the output; None ends that."""
        self.overlay.show(unit)
        if self._probe is None:
            self._probe_ended()

    def choose_sample(self, part: str, index: int) -> None:
        """Draw a ring around one sample of the "train" or "test" part, if it exists."""
        self.samples.choose(part, index)

    def set_compact(self, compact: bool) -> None:
        """Leave out the name of the y axis, which the view beside it shows too, to save room."""
        if compact != self._compact:
            self._compact = compact
            self.plot.set_tight(compact)
            if self.slice is not None:
                self.slice = DataSlice(self.slice.data, self.slice.axes)
                self._name_axes()

    def compare_with(self, other: str, one_colour: QColor, other_colour: QColor) -> None:
        """Show where the lane and another one differ; "" shows the lane alone."""
        self._pair = (one_colour, other_colour)
        if other == self.other:
            self._choose_colours()
            return
        self.clear_ghost()
        self.other = other
        self._surface = None
        if self.slice is not None:
            self.slice = DataSlice(self.slice.data, self.slice.axes)
            self._choose_colours()
            self._name_axes()
            self._place_points()
        self._redraw()
        self.wanted_changed.emit()

    # Every frame

    def _resolution(self) -> int:
        """Return how many points along each axis a map needs: fewer in a small picture."""
        side = max(self.plot.area.rect().width(), self.plot.area.rect().height())
        return int(min(MAP_POINTS, max(FEWEST_POINTS, 10 * round(side / 35))))

    def request(self, lane: str) -> SurfaceRequest | None:
        """Return what this view needs to draw a lane; None without data."""
        shown = self.slice
        if shown is None:
            return None
        if shown.one_input:
            return SurfaceRequest(lane, (0, 0), shown.x_range, (0.0, 0.0), CURVE_POINTS, self.other)
        return SurfaceRequest(lane, shown.axes, *self._ranges(), self._resolution(), self.other)

    def wanted(self, lane: str) -> SurfaceRequest | None:
        """Return what this view needs from the next snapshot; None while it is hidden."""
        return self.request(lane) if self.isVisible() else None

    def draw(self, surface: Surface, lane: LaneState | None = None) -> None:
        """Show a snapshot's surface, unless other inputs, or another lane to compare with, were chosen since."""
        shown, request = self.slice, surface.request
        if shown is None or request.axes[0] != shown.axes[0] or request.other != self.other:
            return
        if not shown.one_input and request.axes != shown.axes:
            return
        self._surface = surface
        self._redraw()
        self._describe(lane)
        if self._probe is not None:
            self._probed(*self._probe)

    def _redraw(self) -> None:
        if self._colours is None or self.slice is None:
            return
        picture = SurfacePicture()
        if self._surface is not None and self._surface.values.size:
            if adopt_ranges(self._surface, self.slice):
                self._show_ranges(not isinstance(self._surface, DifferenceSurface))
            discrete = self.legend.drawn.discrete
            picture = surface_picture(self._surface, self.slice, self._colours, 2.0 * self._scale, discrete)
        if self.samples.set_wrong(None if self._surface is None else self._surface.wrong):
            self._place_points()
        self.image.set_cells(picture.cells, picture.extent)
        self.lines.set_lines(picture.lines)

    def _describe(self, lane: LaneState | None) -> None:
        """Say what is shown, and how well the lane does, to those who do not see it."""
        shown = self.slice
        if shown is not None:
            self._description.follow(lambda: description(shown, lane, bool(self.other)))

    def _show_ranges(self, points_move: bool) -> None:
        assert self.slice is not None
        if self.slice.one_input:
            self.plot.set_range(self.slice.x_range, self.slice.y_range)
        else:
            self.colour_scale.set_range(*self.slice.value_range)
        if points_move:
            self._place_points()

    # The read-out

    def _probe_ended(self) -> None:
        """Without a pointer, show the name of the x axis in place of the read-out."""
        self._probe = None
        name = "" if self.slice is None else self.slice.x_name
        unit = self.overlay.unit
        self.readout.setText(name if unit is None else f"{name} \u00b7 here {unit.text}")
        self.crosshair.set_position(None)

    def _probed(self, x: float, y: float) -> None:
        self._probe = (x, y)
        shown = self.slice
        if shown is None:
            return
        self.crosshair.set_position(x, None if shown.one_input else y)
        text = f"{shown.x_name} {coordinate(x, shown.x_range[1] - shown.x_range[0])}"
        if not shown.one_input:
            text += f", {shown.y_name} {coordinate(y, shown.y_range[1] - shown.y_range[0])}"
        if self._surface is not None:
            text += f"  →  {output_text(self._surface, shown.data, x, y)}"
        self.readout.setText(text)


def description(shown: DataSlice, lane: LaneState | None, compared: bool) -> str:
    """Return what a boundary view shows, and how good the predictions are, as a sentence."""
    data = shown.data
    if compared:
        what = "Where the outputs of two lanes differ"
    elif data.task == "regression":
        what = f"Predicted {words.listed(data.target_names)}"
    else:
        what = f"Where each class is predicted: {words.listed(data.class_names)}"
    axes = (
        f"over {shown.x_name}"
        if shown.one_input
        else f"over {shown.x_name} from left to right and {shown.y_name} upwards"
    )
    sentence = f"{what}, {axes}"
    if lane is None or compared:
        return f"{sentence}."
    column = next((c for part in ("test", "train") if (c := f"{part}_{SCORES[data.task]}") in lane.readings), "")
    if not column:
        return f"{sentence}."
    return f"{sentence}; {words.within(texts.column_words(column))} {texts.column_text(column, lane.readings[column])}."
