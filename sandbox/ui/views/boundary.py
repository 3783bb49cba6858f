"""The boundary view: a lane's output over its inputs, and the samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from sandbox import words
from sandbox.arrays import Floats
from sandbox.data import Data
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.training.snapshot import (
    BinarySurface,
    CurveSurface,
    DifferenceSurface,
    LaneState,
    MapSurface,
    MulticlassSurface,
    RegressionSurface,
    Surface,
    SurfaceRequest,
)
from sandbox.ui import theme
from sandbox.ui.kit import Choice
from sandbox.ui.plot import colormap
from sandbox.ui.plot.contour import class_lines, contour
from sandbox.ui.plot.layers import (
    CrosshairLayer,
    GridLayer,
    ImageLayer,
    Line,
    LinesLayer,
    Points,
    PointsLayer,
    RingLayer,
)
from sandbox.ui.plot.legend import PointLegend
from sandbox.ui.plot.plot import Plot
from sandbox.ui.plot.scale import ColourScale
from sandbox.ui.plot.ticks import coordinate, grown
from sandbox.ui.theme import SMALL, Theme
from sandbox.ui.views.slices import first_axes, input_range, padded, sample_indices

Rectangle = tuple[float, float, float, float]  # left, bottom, right, top
_UNIT = (0.0, 0.0, 1.0, 1.0)

MAP_POINTS, FEWEST_POINTS = 100, 40
CURVE_POINTS = 200
# A click this many pixels from a point still selects it.
REACH = 10.0
# Steps of the colour scale for the targets of a regression.
SHADES = 16


class BoundaryView(QWidget):
    """Draws one lane's output over the plane of two inputs, or over its only input.

    Signals
    -------
    wanted_changed()
        `wanted` now returns something else, so a paused run needs a new snapshot.
    axes_changed(int, int)
        The user chose other inputs to show.
    sample_clicked(part, index)
        The user chose a sample of the "train" or "test" part: by a click, by Return at the probed position, or by
        the full stop and the comma, which go to the next one and back.
    """

    wanted_changed = Signal()
    axes_changed = Signal(int, int)
    sample_clicked = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._compact = False
        self.other = ""  # the lane that this one is compared with; "" for none
        self._pair = (QColor("blue"), QColor("orange"))  # the colours of the two
        self._theme: Theme | None = None
        self._scale = 1.0
        self._data: Data | None = None
        self._surface: Surface | None = None
        self._axes = (0, 0)
        self._x_range = (0.0, 1.0)
        self._y_range = (0.0, 1.0)
        self._value_range = (0.0, 1.0)  # of the colour scale; of the y axis if there is one input
        self._span: tuple[float, float] = (0.0, 1.0)
        self._probe: tuple[float, float] | None = None
        self._sample: tuple[str, int] | None = None
        self._table = colormap.diverging(QColor("orange"), QColor("white"), QColor("blue"))
        self._build()

    def _build(self) -> None:
        self.legend = PointLegend(self)
        self.plot = Plot("Decision boundary", self)
        self.plot.setToolTip(
            "The network's output everywhere: point at a place, or use the arrow keys, to read it. "
            "A click follows a sample, full stop and comma the next and the previous one."
        )
        self.grid = GridLayer(self.plot)
        self.image = ImageLayer(self.plot)
        self.lines = LinesLayer(self.plot, 0)
        self.points = PointsLayer(self.plot)
        self.ring = RingLayer(self.plot)
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
        self.plot.probed.connect(self._probed)
        self.plot.probe_ended.connect(self._probe_ended)
        self.plot.picked.connect(self._picked)
        self.plot.stepped.connect(self._step_sample)
        self.plot.area_changed.connect(self._fit_points)
        self._drawn_point_scale = 1.0
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

    # What is shown

    def set_theme(self, colours: Theme, scale: float = 1.0) -> None:
        """Apply colours and type; `scale` enlarges type, points and lines when presenting."""
        self._theme, self._scale = colours, scale
        font = theme.font(SMALL)
        font.setPixelSize(round(SMALL * scale))
        axis = QColor(colours.axis)
        self.plot.set_colors(QColor(colours.card), axis, QColor(colours.edge), font, scale)
        self.grid.color = QColor(colours.grid)
        self.crosshair.color = QColor(colours.boundary)
        self.ring.color, self.ring.halo = QColor(colours.text_color), QColor(colours.card)
        self.legend.set_colors(QColor(colours.text_color), QColor(colours.muted), font, scale)
        self.colour_scale.set_colors(axis, QColor(colours.edge), font, scale)
        for label in (self.readout, self.across_label, self.upward_label):
            label.setFont(font)
        self._make_table()
        self._place_points()
        self._redraw()

    def set_data(self, data: Data, experiment: Experiment | None = None) -> None:
        """Show the data of a new run; keep the chosen inputs if the inputs are the same."""
        before, self._data = self._data, data
        same = before is not None and before.inputs == data.inputs
        unchanged = before is not None and np.array_equal(before.inputs_train, data.inputs_train)
        if not same:
            self._axes = first_axes(data)
            self._sample = None
            self._fill_choices(data)  # this can move the plot, which then redraws its points
        if not (unchanged and same):  # else the last picture stays until the first of the new run
            self._surface = None
        self._fit_ranges()
        self._make_table()
        self._place_points()
        self._redraw()
        self.wanted_changed.emit()

    def _fill_choices(self, data: Data) -> None:
        for box, axis in ((self.across, self._axes[0]), (self.upward, self._axes[1])):
            with QSignalBlocker(box):
                box.set_items([(index, name, "") for index, name in enumerate(data.inputs)])
                box.setCurrentIndex(axis)
        self._show_choices(len(data.inputs) > 2)

    def _choose_axes(self) -> None:
        x, y = self.across.currentIndex(), self.upward.currentIndex()
        if x == y:  # swap the two
            x, y = (x, self._axes[0]) if x != self._axes[0] else (self._axes[1], y)
            with QSignalBlocker(self.across), QSignalBlocker(self.upward):
                self.across.setCurrentIndex(x)
                self.upward.setCurrentIndex(y)
        if (x, y) != self._axes:
            self.set_axes(x, y)
            self.axes_changed.emit(x, y)

    def set_axes(self, x: int, y: int) -> None:
        """Show these inputs across and up."""
        if self._data is None or (x, y) == self._axes:
            return
        self._axes = (x, y)
        with QSignalBlocker(self.across), QSignalBlocker(self.upward):
            self.across.setCurrentIndex(x)
            self.upward.setCurrentIndex(y)
        self._surface = None
        self._fit_ranges()
        self._place_points()
        self._redraw()
        self.wanted_changed.emit()

    @property
    def one_input(self) -> bool:
        """Whether the output is drawn as a curve."""
        return self._data is not None and len(self._data.inputs) == 1

    def _fit_ranges(self) -> None:
        data = self._data
        assert data is not None
        self._x_range = input_range(data, self._axes[0])
        if data.task == "regression":
            targets = [t.reshape(len(t), -1)[:, 0] for t in (data.y_train, data.y_test) if len(t)]
            ends = min(float(t.min()) for t in targets), max(float(t.max()) for t in targets)
            self._value_range = padded(*ends) if self.one_input or ends[0] == ends[1] else ends
            self._span = ends
        else:
            self._span = (0.0, 1.0)
            self._value_range = padded(*self._span)
        self._y_range = self._value_range if self.one_input else input_range(data, self._axes[1])
        self.grid.setVisible(self.one_input)
        self.colour_scale.setVisible((data.task == "regression" or bool(self.other)) and not self.one_input)
        self.colour_scale.set_range(*self._value_range)
        names = data.inputs
        upwards = (
            names[self._axes[1]] if not self.one_input else data.target_names[0] if data.target_names else "output"
        )
        self.plot.name_left("" if self._compact else upwards)
        self._probe_ended()
        self.plot.set_range(self._x_range, self._y_range)
        self.plot.setAccessibleDescription(f"{names[self._axes[0]]} across, {upwards} up")

    def _make_table(self) -> None:
        if self._theme is None or self._data is None:
            return
        if self.other:
            of_many = self._data.task == "multiclass"
            low, high = (self._neutral(), QColor(self._theme.marks)) if of_many else self._class_colors()[:2]
            middle = colormap.mix(low, high, 0.5) if of_many else self._neutral()
            self._table = colormap.diverging(low, middle, high, 0.0)
            self.colour_scale.set_table(self._table)
        elif self._data.task == "regression":
            self._table = colormap.sequential()
            self.colour_scale.set_table(self._table)
        else:
            low, high = self._class_colors()[:2]
            softness = 0.62 if self.one_input else colormap.SOFTNESS
            self._table = colormap.diverging(low, self._neutral(), high, softness)

    def _neutral(self) -> QColor:
        assert self._theme is not None
        return QColor(self._theme.middle)

    def _class_colors(self) -> list[QColor]:
        assert self._theme is not None and self._data is not None
        return [QColor(self._theme.class_colour(k)) for k in range(max(2, len(self._data.class_names)))]

    # The samples

    def _place_points(self) -> None:
        data, colours = self._data, self._theme
        if data is None or colours is None:
            return
        groups: list[Points] = []
        left_out = 0
        for part, X, y in (
            ("test", data.inputs_test, data.y_test),
            ("train", data.inputs_train, data.y_train),
        ):
            picked = sample_indices(len(X))
            left_out += len(X) - len(picked)
            make_points = self._regression_points if data.task == "regression" else self._class_points
            groups += make_points(X[picked], y[picked], part)
        self.points.set_groups(tuple(groups))
        self._describe(left_out)
        self._place_ring()

    def _size(self, count: int) -> float:
        usual = 8.0 if count <= 400 else 7.0 if count <= 3000 else 5.0
        return round(2.0 * usual * self._point_scale()) / 2.0 * self._scale

    def _point_scale(self) -> float:
        """Return the scale of the points, at most 1: in a small picture large ones would cover each other."""
        side = min(self.plot.area.rect().width(), self.plot.area.rect().height()) / self._scale
        return min(1.0, max(0.65, side / 320.0)) if side > 1.0 else 1.0

    def _fit_points(self) -> None:
        """Redraw the points if their scale has changed."""
        if self._point_scale() != self._drawn_point_scale:
            self._drawn_point_scale = self._point_scale()
            self._place_points()

    def _points(self, x: Floats, y: Floats, part: str, symbol: str, color: QColor) -> Points:
        colours, data = self._theme, self._data
        assert colours is not None and data is not None
        edge, inside = QColor(colours.outline), QColor(color)
        if data.task == "regression":
            edge = QColor(colours.boundary)
            edge.setAlpha(150)
        opacity = 0.7 if len(data.inputs) > 2 else 1.0  # projected: they are not in the plane shown
        hole = QColor(colours.card) if part == "test" else None
        width, size = self._scale * (0.5 + 0.5 * self._point_scale()), self._size(len(data.y_train))
        return Points(x, y, symbol, inside, edge, width, size, hole, opacity)

    def _class_points(self, X: Floats, y: NDArray[Any], part: str) -> list[Points]:
        colours, data = self._theme, self._data
        assert colours is not None and data is not None
        groups = []
        for k, color in enumerate(self._class_colors()):
            members = X[y == k]
            if not len(members):
                continue
            groups.append(self._points(*self._positions(members, y[y == k]), part, theme.symbol(k), color))
        return groups

    def _positions(self, X: Floats, y: NDArray[Any]) -> tuple[Floats, Floats]:
        """Return where samples are in the plot, across and up."""
        data = self._data
        assert data is not None
        if not self.one_input:
            return X[:, self._axes[0]], X[:, self._axes[1]]
        if data.task == "regression":
            return X[:, 0], y.reshape(len(y), -1)[:, 0]
        # two classes are at the ends of the coding; of more, each is at the target of its own output
        return X[:, 0], np.array(self._span)[y] if len(data.class_names) <= 2 else np.ones(len(y))

    def _regression_points(self, X: Floats, y: NDArray[Any], part: str) -> list[Points]:
        assert self._theme is not None
        if not len(X):
            return []
        target = y.reshape(len(y), -1)[:, 0]
        across = X[:, self._axes[0]]
        if self.one_input:
            return [self._points(across, target, part, "o", self._class_colors()[1])]
        upwards = X[:, self._axes[1]]
        shade = colormap.indices(target, *self._value_range).astype(int) * SHADES // 256
        groups = []
        for step in np.unique(shade).tolist():
            color = colormap.color_of(self._table[(2 * step + 1) * 256 // (2 * SHADES)])
            in_step = shade == step
            groups.append(self._points(across[in_step], upwards[in_step], part, "o", color))
        return groups

    def _describe(self, left_out: int) -> None:
        data = self._data
        assert data is not None
        names: Sequence[tuple[str, str, QColor]] = ()
        if data.task != "regression":
            names = [
                (name, theme.symbol(k), color)
                for k, (name, color) in enumerate(zip(data.class_names, self._class_colors(), strict=False))
            ]
        notes = []
        if len(data.inputs) > 2:
            notes.append("other inputs at their mean")
        if left_out:
            notes.append(f"{left_out:,} points not drawn")
        self.legend.set_entries(names, len(data.y_test) > 0, notes)

    # One sample

    def _part(self, part: str) -> tuple[Floats, NDArray[Any]]:
        data = self._data
        assert data is not None
        return (data.inputs_train, data.y_train) if part == "train" else (data.inputs_test, data.y_test)

    def choose_sample(self, part: str, index: int) -> None:
        """Draw a ring around one sample of the "train" or "test" part, if it exists."""
        self._sample = (part, index)
        self._place_ring()

    def _place_ring(self) -> None:
        position = None
        if self._sample is not None and self._data is not None:
            part, index = self._sample
            X, y = self._part(part)
            if 0 <= index < len(X):
                across, up = self._positions(X[index : index + 1], y[index : index + 1])
                position = float(across[0]), float(up[0])
        self.ring.set_place(position)

    def _picked(self, x: float, y: float) -> None:
        """Choose the drawn sample nearest to a click, if it is near enough."""
        if self._data is None:
            return
        shortest, sample = REACH * self._scale, None
        across, up = self.plot.pixels(np.array([x]), np.array([y]))
        for part in ("train", "test"):  # of two in one place, the one on top
            X, targets = self._part(part)
            drawn = sample_indices(len(X))
            if not len(drawn):
                continue
            pixels = self.plot.pixels(*self._positions(X[drawn], targets[drawn]))
            distance = np.hypot(pixels[0] - across[0], pixels[1] - up[0])
            nearest = int(distance.argmin())
            if distance[nearest] < shortest:
                shortest, sample = float(distance[nearest]), (part, int(drawn[nearest]))
        if sample is not None:
            self.choose_sample(*sample)
            self.sample_clicked.emit(*sample)

    def _step_sample(self, by: int) -> None:
        """Go to the next or the previous sample, through the training part and then the test part."""
        if self._data is None:
            return
        train, test = len(self._data.inputs_train), len(self._data.inputs_test)
        part, index = self._sample or ("train", -1 if by > 0 else 0)
        position = (index + (train if part == "test" else 0) + by) % (train + test)
        sample = ("train", position) if position < train else ("test", position - train)
        self.choose_sample(*sample)
        self.sample_clicked.emit(*sample)

    def set_compact(self, compact: bool) -> None:
        """Leave out the name of the y axis, which the view beside it shows too, to save room."""
        if compact != self._compact:
            self._compact = compact
            self.plot.set_tight(compact)
            if self._data is not None:
                self._fit_ranges()

    def compare_with(self, other: str, one_colour: QColor, other_colour: QColor) -> None:
        """Show where the lane and another one differ; "" shows the lane alone."""
        self._pair = (one_colour, other_colour)
        if other == self.other:
            return
        self.other = other
        self._surface = None
        self._make_table()
        if self._data is not None:
            self._fit_ranges()
        self._redraw()
        self.wanted_changed.emit()

    # Every frame

    def _resolution(self) -> int:
        """Return how many points along each axis a map needs: fewer in a small picture."""
        side = max(self.plot.area.rect().width(), self.plot.area.rect().height())
        return int(min(MAP_POINTS, max(FEWEST_POINTS, 10 * round(side / 35))))

    def request(self, lane: str) -> SurfaceRequest | None:
        """Return what this view needs to draw a lane; None without data."""
        if self._data is None:
            return None
        if self.one_input:
            return SurfaceRequest(lane, (0, 0), self._x_range, (0.0, 0.0), CURVE_POINTS, self.other)
        return SurfaceRequest(lane, self._axes, self._x_range, self._y_range, self._resolution(), self.other)

    def wanted(self, lane: str) -> SurfaceRequest | None:
        """Return what this view needs from the next snapshot; None while it is hidden."""
        return self.request(lane) if self.isVisible() else None

    def draw(self, surface: Surface, lane: LaneState | None = None) -> None:
        """Show a snapshot's surface, unless other inputs, or another lane to compare with, were chosen since."""
        if self._data is None or surface.request.axes[0] != self._axes[0]:
            return
        if not self.one_input and surface.request.axes != self._axes:
            return
        if surface.request.other != self.other:
            return
        self._surface = surface
        self._redraw()
        if self._probe is not None:
            self._probed(*self._probe)

    def _redraw(self) -> None:
        if self._theme is None or self._data is None:
            return
        surface = self._surface if self._surface is not None and self._surface.values.size else None
        match surface:
            case None:
                self._show(None, ())
            case CurveSurface():
                self._draw_curve(surface)
            case BinarySurface():
                self._draw_binary(surface)
            case MulticlassSurface():
                self._draw_classes(surface)
            case RegressionSurface():
                self._draw_regression(surface)
            case DifferenceSurface():
                self._draw_difference(surface)

    def _show(self, cells: NDArray[np.uint32] | None, lines: Iterable[Line], where: Rectangle = _UNIT) -> None:
        self.image.set_cells(cells, where)
        self.lines.set_lines(tuple(lines))

    def _boundary_line(self, ends: tuple[Floats, Floats], color: QColor | None = None) -> Line:
        assert self._theme is not None
        return Line(*ends, color or QColor(self._theme.boundary), 2.0 * self._scale, pairs=True)

    def _draw_binary(self, surface: BinarySurface) -> None:
        cells = self._table[colormap.indices(surface.values, *surface.span)]
        line = self._boundary_line(contour(surface.edge, 0.0, surface.x, surface.y))
        self._show(cells, (line,), _extent(surface))

    def _draw_classes(self, surface: MulticlassSurface) -> None:
        colors = self._class_colors()[: surface.values.shape[2]]
        line = self._boundary_line(class_lines(surface.values, surface.x, surface.y))
        self._show(colormap.blended(surface.values, colors, self._neutral()), (line,), _extent(surface))

    def _draw_regression(self, surface: RegressionSurface) -> None:
        self._grow(surface.values)
        cells = self._table[colormap.indices(surface.values, *self._value_range)]
        self._show(cells, (), _extent(surface))

    def _draw_difference(self, surface: DifferenceSurface) -> None:
        """Colour where two lanes differ, and draw the boundary of each in its own colour."""
        x, y = surface.x, surface.y
        if surface.span != self._value_range:
            self._value_range = surface.span
            self.colour_scale.set_range(*surface.span)
        cells = self._table[colormap.indices(surface.values, *surface.span)]
        boundaries = (class_lines(edge, x, y) if edge.ndim == 3 else contour(edge, 0.0, x, y) for edge in surface.edges)
        lines = [self._boundary_line(ends, color) for ends, color in zip(boundaries, self._pair, strict=False)]
        self._show(cells, lines, _extent(surface))

    def _grow(self, values: NDArray[np.floating]) -> None:
        """Widen the range of values in steps, up to one span of the targets beyond them."""
        finite = values[np.isfinite(values)]
        if not finite.size:
            return
        low, high = self._span
        margin = max(high - low, 1e-9 * max(abs(low), abs(high)), 1e-300)
        start, end = max(float(finite.min()), low - margin), min(float(finite.max()), high + margin)
        wider = grown(self._value_range, start, end)
        if wider == self._value_range:
            return
        self._value_range = wider
        if self.one_input:
            self._y_range = wider
            self.plot.set_range(self._x_range, wider)
        else:
            self.colour_scale.set_range(*wider)
            self._place_points()

    def _draw_curve(self, surface: CurveSurface) -> None:
        """Draw outputs over the only input: one curve, one for each class, or one for each of two lanes."""
        assert self._theme is not None
        width = 2.0 * self._scale
        x, values = surface.x, surface.values.astype(np.float64)
        if np.isnan(surface.level):  # a regression
            self._grow(values)
            self._show(None, self._curves(surface, values))
        elif values.shape[1] > 1:
            self._grow(values)
            colors = self._class_colors()
            self._show(None, (Line(x, output, colors[k % len(colors)], width) for k, output in enumerate(values.T)))
        else:
            self._take_span(surface.span)
            self._grow(values)
            ends, level = np.array(self._x_range), np.full(2, surface.level)
            middle = Line(ends, level, QColor(self._theme.muted), 1.0, (4.0, 4.0))
            lines = (middle, *self._curves(surface, values))
            if surface.other is not None:
                self._show(None, lines)
                return
            cells = self._table[colormap.indices(surface.values[:, 0], *surface.span)][None, :]
            self._show(cells, lines, (float(x[0]), self._y_range[0], float(x[-1]), self._y_range[1]))

    def _curves(self, surface: CurveSurface, values: Floats) -> Iterator[Line]:
        """Yield the first output's curve, or that of each of two lanes."""
        assert self._theme is not None
        width = 2.0 * self._scale
        if surface.other is None:
            yield Line(surface.x, values[:, 0], QColor(self._theme.text_color), width)
            return
        for outputs, color in zip((values, surface.other.astype(np.float64)), self._pair, strict=True):
            yield Line(surface.x, outputs[:, 0], color, width)

    def _take_span(self, span: tuple[float, float]) -> None:
        """Adopt the range of the coding of two classes."""
        if span != self._span:
            self._span = span
            self._value_range = self._y_range = padded(*span)
            self.plot.set_range(self._x_range, self._y_range)
            self._place_points()

    # The read-out

    def _probe_ended(self) -> None:
        self._probe = None
        self._show_axis_name()
        self.crosshair.set_position(None)

    def _show_axis_name(self) -> None:
        """Without a pointer, show the name of the x axis in place of the read-out."""
        self.readout.setText(self._data.inputs[self._axes[0]] if self._data is not None else "")

    def _probed(self, x: float, y: float) -> None:
        self._probe = (x, y)
        if self._data is None:
            return
        self.crosshair.set_position(x, None if self.one_input else y)
        names = self._data.inputs
        text = f"{names[self._axes[0]]} {coordinate(x, self._x_range[1] - self._x_range[0])}"
        if not self.one_input:
            text += f", {names[self._axes[1]]} {coordinate(y, self._y_range[1] - self._y_range[0])}"
        self.readout.setText(f"{text}  →  {self._answer(x, y)}" if self._surface is not None else text)

    def _answer(self, x: float, y: float) -> str:
        """Say what the network's output is at a point."""
        surface, data = self._surface, self._data
        assert surface is not None and data is not None
        column = int(np.abs(surface.x - x).argmin())
        row = int(np.abs(surface.y - y).argmin()) if isinstance(surface, MapSurface) else -1
        values = surface.values[column] if row < 0 else surface.values[row, column]
        outputs = np.atleast_1d(np.asarray(values, dtype=np.float64))
        first = float(outputs[0])
        match surface:
            case DifferenceSurface():
                return f"{'distance' if data.task == 'multiclass' else 'difference'} {words.cost(first)}"
            case CurveSurface() if surface.other is not None:
                return f"{words.cost(first)} and {words.cost(float(surface.other[column, 0]))}"
            case BinarySurface() if surface.replicas > 1:
                return f"{words.share(first)} of {surface.replicas} networks say class {data.class_names[1]}"
            case BinarySurface() | CurveSurface() if data.task != "regression" and outputs.size == 1:
                return self._class_words(first, int(first > surface.level))
            case RegressionSurface() | CurveSurface() if data.task == "regression":
                return words.cost(first) if np.isfinite(first) else "not a number"
        if not np.isfinite(outputs).all():
            return "not a number"
        largest = int(np.argmax(outputs))
        return self._class_words(float(outputs[largest]), largest)

    def _class_words(self, value: float, which: int) -> str:
        assert self._data is not None
        return f"{words.cost(value)} (class {self._data.class_names[which]})" if np.isfinite(value) else "not a number"


def _extent(surface: MapSurface) -> Rectangle:
    """Return where a map lies: left, bottom, right, top."""
    x, y = surface.x, surface.y
    return float(x[0]), float(y[0]), float(x[-1]), float(y[-1])
