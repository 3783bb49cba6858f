"""What a surface looks like: cells of colour, and lines over them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from sandbox import words
from sandbox.arrays import Floats
from sandbox.data import Data
from sandbox.experiment.training.snapshot import (
    BinarySurface,
    CurveSurface,
    DifferenceSurface,
    MapSurface,
    MulticlassSurface,
    RegressionSurface,
    Surface,
)
from sandbox.ui.plot import colormap
from sandbox.ui.plot.contour import class_lines, contour
from sandbox.ui.plot.layers import Line
from sandbox.ui.theme import Theme
from sandbox.ui.views.slices import DataSlice

Rectangle = tuple[float, float, float, float]  # left, bottom, right, top
_UNIT = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, eq=False)
class SurfaceColours:
    """The colours of a surface.

    Attributes
    ----------
    table : uint32 array (256,)
        From the low end of the values to the high one.
    classes : tuple of QColor
    neutral, boundary, curve, level : QColor
        Between the classes; the boundary line; the curve over one input; the line where a decision turns.
    pair : tuple of QColor
        Of the two lanes that are compared.
    """

    table: NDArray[np.uint32]
    classes: tuple[QColor, ...]
    neutral: QColor
    boundary: QColor
    curve: QColor
    level: QColor
    pair: tuple[QColor, QColor]


class SurfacePicture(NamedTuple):
    """Cells of colour (None for none), where they lie, and the lines over them."""

    cells: NDArray[np.uint32] | None = None
    lines: tuple[Line, ...] = ()
    extent: Rectangle = _UNIT


def surface_colours(
    theme: Theme, data: Data, compared: bool, pair: tuple[QColor, QColor], one_input: bool
) -> SurfaceColours:
    """Return the colours for data of this task; `compared` if the surface is the difference of two lanes."""
    classes = tuple(QColor(theme.class_colour(k)) for k in range(max(2, len(data.class_names))))
    neutral = QColor(theme.middle)
    if compared:
        of_many = data.task == "multiclass"
        low, high = (neutral, QColor(theme.marks)) if of_many else classes[:2]
        table = colormap.diverging(low, colormap.mix(low, high, 0.5) if of_many else neutral, high, 0.0)
    elif data.task == "regression":
        table = colormap.sequential()
    else:
        table = colormap.diverging(classes[0], neutral, classes[1], 0.62 if one_input else colormap.SOFTNESS)
    boundary, curve, level = QColor(theme.boundary), QColor(theme.text_color), QColor(theme.muted)
    return SurfaceColours(table, classes, neutral, boundary, curve, level, pair)


def adopt_ranges(surface: Surface, shown: DataSlice) -> bool:
    """Let the ranges of values follow a surface; return whether they changed."""
    match surface:
        case DifferenceSurface():
            changed, shown.value_range = surface.span != shown.value_range, surface.span
            return changed
        case RegressionSurface():
            return shown.widen(surface.values)
        case CurveSurface():
            two_classes = not np.isnan(surface.level) and surface.values.shape[1] == 1
            recoded = two_classes and shown.adopt_span(surface.span)
            return shown.widen(surface.values.astype(np.float64)) or recoded
    return False


def surface_picture(surface: Surface, shown: DataSlice, colours: SurfaceColours, width: float) -> SurfacePicture:
    """Return what is drawn of a surface, with lines of this width."""

    def boundary(ends: tuple[Floats, Floats], color: QColor) -> Line:
        return Line(*ends, color, width, pairs=True)

    match surface:
        case BinarySurface(x=x, y=y):
            cells = colours.table[colormap.indices(surface.values, *surface.span)]
            return SurfacePicture(
                cells, (boundary(contour(surface.edge, 0.0, x, y), colours.boundary),), _extent(surface)
            )
        case MulticlassSurface(x=x, y=y):
            cells = colormap.blended(surface.values, list(colours.classes[: surface.values.shape[2]]), colours.neutral)
            line = boundary(class_lines(surface.values, x, y), colours.boundary)
            return SurfacePicture(cells, (line,), _extent(surface))
        case RegressionSurface():
            return SurfacePicture(
                colours.table[colormap.indices(surface.values, *shown.value_range)], (), _extent(surface)
            )
        case DifferenceSurface(x=x, y=y):
            cells = colours.table[colormap.indices(surface.values, *surface.span)]
            edges = (class_lines(edge, x, y) if edge.ndim == 3 else contour(edge, 0.0, x, y) for edge in surface.edges)
            lines = tuple(boundary(ends, color) for ends, color in zip(edges, colours.pair, strict=False))
            return SurfacePicture(cells, lines, _extent(surface))
        case CurveSurface():
            return _curve_picture(surface, shown, colours, width)
    return SurfacePicture()


def _curve_picture(surface: CurveSurface, shown: DataSlice, colours: SurfaceColours, width: float) -> SurfacePicture:
    """Draw outputs over the only input: one curve, one for each class, or one for each of two lanes."""
    x, values = surface.x, surface.values.astype(np.float64)
    if np.isnan(surface.level):  # a regression
        return SurfacePicture(None, tuple(_curves(surface, values, colours, width)))
    if values.shape[1] > 1:
        classes = colours.classes
        return SurfacePicture(
            None, tuple(Line(x, output, classes[k % len(classes)], width) for k, output in enumerate(values.T))
        )
    middle = Line(np.array(shown.x_range), np.full(2, surface.level), colours.level, 1.0, (4.0, 4.0))
    lines = (middle, *_curves(surface, values, colours, width))
    if surface.other is not None:
        return SurfacePicture(None, lines)
    cells = colours.table[colormap.indices(surface.values[:, 0], *surface.span)][None, :]
    return SurfacePicture(cells, lines, (float(x[0]), shown.y_range[0], float(x[-1]), shown.y_range[1]))


def _curves(surface: CurveSurface, values: Floats, colours: SurfaceColours, width: float) -> Iterator[Line]:
    """Yield the first output's curve, or that of each of two lanes."""
    if surface.other is None:
        yield Line(surface.x, values[:, 0], colours.curve, width)
        return
    for outputs, color in zip((values, surface.other.astype(np.float64)), colours.pair, strict=True):
        yield Line(surface.x, outputs[:, 0], color, width)


def _extent(surface: MapSurface) -> Rectangle:
    """Return where a map lies: left, bottom, right, top."""
    x, y = surface.x, surface.y
    return float(x[0]), float(y[0]), float(x[-1]), float(y[-1])


def output_text(surface: Surface, data: Data, x: float, y: float) -> str:
    """Say what the network's output is at a point."""
    column = int(np.abs(surface.x - x).argmin())
    row = int(np.abs(surface.y - y).argmin()) if isinstance(surface, MapSurface) else -1
    values = surface.values[column] if row < 0 else surface.values[row, column]
    outputs = np.atleast_1d(np.asarray(values, dtype=np.float64))
    first = float(outputs[0])
    match surface:
        case DifferenceSurface():
            return f"{'distance' if data.task == 'multiclass' else 'difference'} {words.quantity(first)}"
        case CurveSurface() if surface.other is not None:
            return f"{words.quantity(first)} and {words.quantity(float(surface.other[column, 0]))}"
        case BinarySurface() if surface.replicas > 1:
            return f"{words.share(first)} of {surface.replicas} networks say class {data.class_names[1]}"
        case BinarySurface() | CurveSurface() if data.task != "regression" and outputs.size == 1:
            return _class_text(first, data.class_names[int(first > surface.level)])
        case RegressionSurface() | CurveSurface() if data.task == "regression":
            return words.quantity(first) if np.isfinite(first) else "not a number"
    if not np.isfinite(outputs).all():
        return "not a number"
    largest = int(np.argmax(outputs))
    return _class_text(float(outputs[largest]), data.class_names[largest])


def _class_text(value: float, name: str) -> str:
    return f"{words.cost(value)} (class {name})" if np.isfinite(value) else "not a number"
