"""What a single unit computes, laid over the output in the boundary view while it is pointed at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QColor

from sandbox.arrays import Floats
from sandbox.experiment.training.snapshot import SurfaceRequest
from sandbox.ui.plot.colormap import Cells
from sandbox.ui.plot.layers import ImageLayer, Line, LinesLayer
from sandbox.ui.plot.plot import Plot

DASH = (3.0, 3.0)  # of a curve


@dataclass(frozen=True, eq=False)
class LargeUnit:
    """What one unit computes over what the boundary view shows.

    Attributes
    ----------
    view : SurfaceRequest
    cells : uint32 array (ny, nx), optional
        Its colours, row 0 at the bottom; None over one input.
    curve : array (nx,)
        Its values over one input; empty over two.
    text : str
        What it is called.
    """

    view: SurfaceRequest
    cells: Cells | None
    curve: Floats
    text: str


class UnitOverlay:
    """A picture above that of the output, or a curve beside its own; nothing while no unit is pointed at."""

    def __init__(self, plot: Plot) -> None:
        self._image, self._lines = ImageLayer(plot), LinesLayer(plot, 1)
        self._image.setZValue(-29)
        self._image.hide()
        self.unit: LargeUnit | None = None
        self.color = QColor("black")

    def show(self, unit: LargeUnit | None) -> None:
        """Show a unit, or stop showing one."""
        if unit is None and self.unit is None:
            return
        self.unit = unit
        self._image.setVisible(unit is not None and unit.cells is not None)
        if unit is None:
            self._image.set_cells(None, (0.0, 0.0, 1.0, 1.0))
            self._lines.set_lines(())
            return
        (x0, x1), (y0, y1) = unit.view.x_range, unit.view.y_range
        self._image.set_cells(unit.cells, (x0, y0, x1, y1))
        x = np.linspace(x0, x1, unit.curve.size)
        self._lines.set_lines((Line(x, unit.curve, self.color, 2.0, DASH),) if unit.curve.size else ())
