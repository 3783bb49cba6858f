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
Values = NDArray[np.float32]
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
    grounds : tuple of str
        The colours that points may lie on.
    compared : bool
        Whether the table is that of a difference, so that it does not tell a target.
    """

    table: NDArray[np.uint32]
    classes: tuple[QColor, ...]
    neutral: QColor
    boundary: QColor
    curve: QColor
    level: QColor
    pair: tuple[QColor, QColor]
    grounds: tuple[str, ...]
    compared: bool


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
    if compared and data.task == "multiclass":  # a distance has no sign
        table = colormap.diverging(neutral, colormap.mix(neutral, QColor(theme.marks), 0.25), QColor(theme.marks))
    elif compared:
        table = colormap.diverging(QColor(theme.negative), neutral, QColor(theme.positive))
    elif data.task == "regression":
        table = colormap.sequential(towards=neutral)
    else:
        table = colormap.diverging(classes[0], neutral, classes[1], 0.62 if one_input else colormap.SOFTNESS)
    boundary, curve, level = QColor(theme.boundary), QColor(theme.text_color), QColor(theme.muted)
    grounds = [colormap.color_of(cell).name() for cell in table[:: len(table) // 15]]
    if data.task == "multiclass" and not compared:
        grounds = [colormap.mix(color, neutral, colormap.SOFTNESS).name() for color in (*classes, neutral)]
    return SurfaceColours(table, classes, neutral, boundary, curve, level, pair, tuple(grounds), compared)


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


def surface_picture(
    surface: Surface, shown: DataSlice, colours: SurfaceColours, width: float, discrete: bool = False
) -> SurfacePicture:
    """Return what is drawn of a surface, with lines of this width.

    With `discrete`, the class that is predicted, or where the classes of two lanes differ, in place of the output.
    """

    def boundary(ends: tuple[Floats, Floats], color: QColor) -> Line:
        return Line(*ends, color, width, pairs=True)

    match surface:
        case BinarySurface(x=x, y=y):
            values = surface.values if not discrete else _sides(surface.edge, *surface.span)
            cells = colours.table[colormap.indices(values, *surface.span)]
            return SurfacePicture(
                cells, (boundary(contour(surface.edge, 0.0, x, y), colours.boundary),), _extent(surface)
            )
        case MulticlassSurface(x=x, y=y):
            shares = _decided(surface.values) if discrete else surface.values
            cells = colormap.blended(shares, list(colours.classes[: surface.values.shape[2]]), colours.neutral)
            line = boundary(class_lines(surface.values, x, y), colours.boundary)
            return SurfacePicture(cells, (line,), _extent(surface))
        case RegressionSurface():
            return SurfacePicture(
                colours.table[colormap.indices(surface.values, *shown.value_range)], (), _extent(surface)
            )
        case DifferenceSurface(x=x, y=y):
            values = _disagreement(surface.edges) if discrete and surface.edges else surface.values
            cells = colours.table[colormap.indices(values, *surface.span)]
            edges = (class_lines(edge, x, y) if edge.ndim == 3 else contour(edge, 0.0, x, y) for edge in surface.edges)
            lines = tuple(boundary(ends, color) for ends, color in zip(edges, colours.pair, strict=False))
            return SurfacePicture(cells, lines, _extent(surface))
        case CurveSurface():
            return _curve_picture(surface, shown, colours, width, discrete)
    return SurfacePicture()


def _sides(edge: Values, low: float, high: float) -> Values:
    """Return `high` where values are above 0 and `low` elsewhere; nan stays."""
    return np.where(np.isnan(edge), edge, np.where(edge > 0.0, np.float32(high), np.float32(low)))


def _decided(shares: Values) -> Values:
    """Return 1 for the largest share (ny, nx, K) and 0 for the others; nan stays."""
    largest = shares.argmax(axis=-1)[..., None] == np.arange(shares.shape[-1])
    return np.where(np.isnan(shares).any(axis=-1, keepdims=True), np.float32(np.nan), largest.astype(np.float32))


def _disagreement(edges: tuple[Values, ...]) -> Values:
    """Return 0 where two lanes predict one class; else 1, or for two classes that of the first less the other's."""
    one, other = edges
    if one.ndim == 3:
        return np.asarray(one.argmax(axis=-1) != other.argmax(axis=-1), np.float32)
    return _sides(one, 0.0, 1.0) - _sides(other, 0.0, 1.0)


def _curve_picture(
    surface: CurveSurface, shown: DataSlice, colours: SurfaceColours, width: float, discrete: bool
) -> SurfacePicture:
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
    outputs = surface.values[:, 0]
    if discrete:
        outputs = _sides(outputs - np.float32(surface.level), *surface.span)
    cells = colours.table[colormap.indices(outputs, *surface.span)][None, :]
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
    name = data.class_names[largest]
    if isinstance(surface, MulticlassSurface) and surface.replicas > 1:
        return f"{words.share(float(outputs[largest]))} of {surface.replicas} networks say class {name}"
    if isinstance(surface, MulticlassSurface) and not surface.probable:
        return f"class {name}, the largest output"
    return _class_text(float(outputs[largest]), name)


def _class_text(value: float, name: str) -> str:
    return f"{words.cost(value)} (class {name})" if np.isfinite(value) else "not a number"
