"""Where points are drawn: it opens the bar, gives the views a hand, and sends what is drawn to the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sandbox.data import Data, can_be_drawn, scaling_of
from sandbox.data.canvas import INPUTS
from sandbox.errors import InputError
from sandbox.experiment.document import texts
from sandbox.experiment.document.drawing import as_points, empty_canvas, scaled_anew
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.ui import theme
from sandbox.ui.drawing.bar import PointBar, targets_of
from sandbox.ui.drawing.hand import PointHand
from sandbox.ui.drawing.strokes import Drawing, step_of
from sandbox.ui.session import Session
from sandbox.ui.views.samples import REACH

if TYPE_CHECKING:
    from sandbox.ui.lanes.grid import LaneGrid
    from sandbox.ui.views.boundary import BoundaryView

_HOW = "A click adds a point, a drag sprays or moves; Alt- or Ctrl-click makes one a test point and back."
_CANVAS = "An empty canvas: training waits for the first point. Undo goes back."


class DrawingDesk(QObject):
    """Draws points into the boundary views.

    Attributes
    ----------
    bar : PointBar
    is_open : bool
        Whether points are being drawn.

    Signals
    -------
    opened(bool)
        Drawing has begun or ended.
    message(str, bool)
        A sentence for the user, and whether it says that something was refused.
    """

    opened = Signal(bool)
    message = Signal(str, bool)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._grid: LaneGrid | None = None
        self.is_open = False
        self.bar = PointBar()
        self.bar.hide()
        self.bar.emptied.connect(self.empty)
        self.bar.scaled.connect(self.fit_scaling)
        self.bar.closed.connect(lambda: self.open(False))

    def attach(self, grid: LaneGrid) -> None:
        """Draw into these views."""
        self._grid = grid

    # Opening and closing

    def open(self, on: bool) -> None:
        """Begin to draw, with the samples as points, or end."""
        if on and not self.is_open and self._data is not None and not self._has_points and not self._turn():
            on = False
        if self._grid is None or self._data is None:
            on = False
        if on != self.is_open:
            self.is_open = on
            self.bar.setVisible(on)
            if self._grid is not None:
                self._grid.take_in_hand((lambda view: PointHand(self, view)) if on else None)
            if on:
                self._offer()
        self.opened.emit(on)

    def begin_afresh(self) -> None:
        """End, and draw the first class the next time."""
        self.open(False)
        self.bar.choose(0)

    def _turn(self) -> bool:
        """Turn the samples into points, or begin with none where they cannot be drawn; return whether that is done."""
        snapshot = self._session.snapshot
        assert snapshot is not None
        source = texts.source_text(snapshot.experiment.data)
        if not can_be_drawn(snapshot.data):
            self.empty()
            return True
        try:
            experiment = as_points(snapshot.experiment, snapshot.data)
        except InputError as error:
            self.message.emit(str(error), True)
            return False
        self._session.start_points(experiment, "points", snapshot.update, f"{source} as your own points. {_HOW}")
        return True

    def empty(self) -> None:
        """Begin with an empty canvas."""
        snapshot = self._session.snapshot
        if snapshot is not None:
            self._session.start_points(empty_canvas(self._session.experiment, snapshot.data), "canvas", 0, _CANVAS)

    def follow(self, snapshot: Snapshot) -> None:
        """Offer what can be drawn in these data; end if they are no points."""
        if not self.is_open or self._session.is_pending:
            return
        if snapshot.data.drawn is None:
            self.open(False)
        else:
            self._offer()

    def fit_style(self) -> None:
        """Offer the targets in the colours of another theme."""
        if self.is_open:
            self._offer()

    def _offer(self) -> None:
        data = self._data
        if data is not None and self._grid is not None and self._grid.current.slice is not None:
            targets = targets_of(data, self._grid.current.slice.value_range, theme.current())
            self.bar.offer(targets, self._session.experiment.data.standardize)

    # The pen

    @property
    def erases(self) -> bool:
        """Whether the eraser is chosen."""
        return self.bar.eraser.isChecked()

    @property
    def target(self) -> float | None:
        """The class or value that is chosen."""
        return self.bar.target

    @property
    def _data(self) -> Data | None:
        snapshot = self._session.snapshot
        return None if snapshot is None else snapshot.data

    @property
    def _has_points(self) -> bool:
        return self._session.experiment.data.points is not None

    def choose(self, digit: str) -> bool:
        """Choose what to draw by its digit; return whether there is that."""
        return self.is_open and digit.isdigit() and self.bar.choose(int(digit) - 1)

    def drawing(self, view: BoundaryView) -> Drawing | None:
        """Return the points as they are now; None if a view shows something else."""
        settings, shown = self._session.experiment.data, view.slice
        if settings.points is None or shown is None or not can_be_drawn(shown.data):
            return None
        columns = (0, 1) if shown.one_input else (INPUTS.index(shown.x_name), INPUTS.index(shown.y_name))
        plot = view.plot
        spans = plot.x_range[1] - plot.x_range[0], plot.y_range[1] - plot.y_range[0]
        area = plot.area.rect()
        pixels = max(area.width(), 1.0), max(area.height(), 1.0)
        reach = REACH * theme.scale()
        return Drawing(
            settings.points, settings.test_points or (), columns, (step_of(spans[0]), step_of(spans[1])),
            (reach * spans[0] / pixels[0], reach * spans[1] / pixels[1]),
        )  # fmt: skip

    def draw(self, drawing: Drawing, stroke: object, name: str) -> None:
        """Send other points to the session; those of one stroke are undone together."""
        changes = {"data.points": drawing.points, "data.test_points": drawing.test_points}
        self._session.edit_points({**changes, **self._scaling()}, stroke, name)

    def _scaling(self) -> dict[str, object]:
        """Return the scaling to write down with the first stroke: a reset would fit it to other points."""
        data, settings = self._data, self._session.experiment.data
        if data is None or data.drawn is None:
            return {}
        written = settings.scaling or {}
        known = scaling_of(data) if data.standardized or data.drawn.scales_target else {}
        return {} if known.keys() <= written.keys() else {"data.scaling": {**known, **written}}

    def fit_scaling(self) -> None:
        """Scale by the present training points: an edit like any other."""
        if self._data is not None and self._data.drawn is not None:
            scale = scaled_anew(self._session.experiment, self._data)
            self._session.edit_points({"data.scaling": scale}, object(), "fit of the scaling")
