"""The widget that paints the network, and tells what is pointed at, chosen and clicked in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAccessibleWidget, QWidget

from sandbox.data import Data
from sandbox.experiment.lens.network import NetworkState
from sandbox.ui import theme
from sandbox.ui.accessible import PictureInterface
from sandbox.ui.network import looks, painting
from sandbox.ui.network.flow import Flow, Phase
from sandbox.ui.network.geometry import Geometry, fitted, inputs_height
from sandbox.ui.network.parts import Kind, Part, exists, neighbour
from sandbox.ui.plot.colormap import Cells
from sandbox.ui.plot.plot import ARROWS
from sandbox.ui.theme import Theme

NAMES = 64  # pixels for the names of inputs and outputs at most
FEWEST, MOST = 40, 80  # points of a picture along each axis
WEIGHTS, DERIVATIVES = "weights", "derivatives"


@dataclass(frozen=True, eq=False)
class Shown:
    """What is painted.

    Attributes
    ----------
    state : NetworkState
    data : Data
    colours : UnitColours
    span : tuple of float
        The values of an output that get the first and the last colour.
    """

    state: NetworkState
    data: Data
    colours: looks.UnitColours
    span: tuple[float, float]


class NetworkCanvas(QWidget):
    """Paints a network, as large as there is room; a larger one is scrolled.

    Signals
    -------
    pointed(object)
        The part under the mouse, or the one that was chosen if the mouse is elsewhere; None for none.
    clicked(object)
        A part was clicked, or Return was pressed on it.
    removed(object)
        Delete was pressed on a part.
    reshaped()
        A network of other sizes is shown.
    """

    pointed = Signal(object)
    clicked = Signal(object)
    removed = Signal(object)
    reshaped = Signal()

    def __init__(self, like: NetworkCanvas | None = None) -> None:
        """Create a canvas; one that is `like` another shares the number of its widest line."""
        super().__init__()
        self.setObjectName("column")  # on the card's own ground
        self.setAccessibleName("Network")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._theme = theme.current()
        self._room, self._bar = QSize(1, 1), 0
        self.shown: Shown | None = None
        self.others: tuple[str, ...] = ()  # inputs that are off
        self.folds_others = False  # whether there is no room for their names
        self.number = WEIGHTS
        self.omitted = 0  # lines that are not drawn
        self.geometry_: Geometry | None = None
        self.strokes: painting.Strokes | None = None
        self._pictures: list[Cells] = []
        self._heights: list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]] = []
        own = {WEIGHTS: looks.WidthScale(True), DERIVATIVES: looks.WidthScale(False)}
        self._scales: dict[str, looks.WidthScale] = own if like is None else like._scales
        self.flow: Flow | None = None
        self.label = ""
        self._flowing: tuple[painting.Strokes, painting.Strokes] | None = None
        self.hovered: Part | None = None
        self.current: Part | None = None
        self._by_key = False

    # What is shown

    @property
    def top(self) -> float:
        """The number that the widest line stands for."""
        return self._scales[self.number].top

    def top_of(self, number: str) -> float:
        """Return the number that the widest line stands for, of weights or of derivatives."""
        return self._scales[number].top

    @property
    def part(self) -> Part | None:
        """The part that is pointed at, else the one that was chosen."""
        return self.hovered or self.current

    def show_network(self, shown: Shown) -> None:
        """Show a network, now or again."""
        reshaped = self.shown is None or shown.state.sizes != self.shown.state.sizes
        self.shown = shown
        if reshaped:
            self._drop_missing()
            self.lay_out()
            self.reshaped.emit()
        self._paint_units()
        self._choose_strokes()
        self.update()

    def _drop_missing(self) -> None:
        """Forget what was pointed at or chosen if it no longer exists."""
        assert self.shown is not None
        sizes, others = self.shown.state.sizes, len(self.others)
        for name in ("hovered", "current"):
            part = getattr(self, name)
            if part is not None and not exists(part, sizes, others):
                setattr(self, name, None)
                self.pointed.emit(self.part)

    def set_others(self, names: tuple[str, ...]) -> None:
        """Name the inputs that could be switched on."""
        if names != self.others:
            self.others = names
            if self.shown is not None:
                self._drop_missing()
            self.lay_out()

    def show_number(self, number: str) -> None:
        """Draw the lines as wide as weights, or as derivatives; the widest is then the largest there is now."""
        self.number = number
        self._scales[number].forget()
        self._choose_strokes()
        self.update()

    def forget_scales(self) -> None:
        """Let the widest line be the largest number of the next network that is shown."""
        for scale in self._scales.values():
            scale.forget()

    def choose(self, part: Part | None) -> None:
        """Choose a part, as the arrow keys do."""
        self.current = part
        self.update()
        self.pointed.emit(self.part)

    def set_theme(self, colours: Theme) -> None:
        """Apply a theme."""
        self._theme = colours
        self.lay_out()
        self._choose_strokes()
        self.update()

    def set_room(self, room: QSize, bar: int) -> None:
        """Set how much of it can be seen at once, and how wide the bar is by which it is scrolled."""
        if (room, bar) != (self._room, self._bar):
            self._room, self._bar = room, bar
            self.lay_out()

    # Layout

    def lay_out(self) -> None:
        """Place everything for the room there is."""
        if self.shown is None:
            return
        others = len(self.others) if self.flow is None else 0
        width, height = float(self._room.width()), float(self._room.height())
        sizes, scale, names = self.shown.state.sizes, theme.scale(), self._names_width(self.shown.state, width)
        self.folds_others = others > 1 and inputs_height(sizes[0], others, scale) > height
        others = 1 if self.folds_others else others
        self.geometry_ = fitted(sizes, others, (width, height), names, scale)
        if self.geometry_.height > height:
            self.geometry_ = fitted(sizes, others, (width - self._bar, height), names, scale)
        self.setFixedSize(int(self.geometry_.width), int(self.geometry_.height))
        self.update()

    def _names_width(self, state: NetworkState, width: float) -> tuple[float, float]:
        """Return the room for the names of inputs and outputs: little where the picture is narrow."""
        metrics, most = QFontMetrics(theme.font(theme.SMALL)), min(float(theme.px(NAMES)), width / 8)

        def room(names: tuple[str, ...]) -> float:
            widest = max((metrics.horizontalAdvance(name) for name in names), default=0)
            return min(float(widest), most) + theme.px(8)

        others = self.others if self.flow is None else ()
        return room((*state.inputs, *others)), room(state.outputs)

    @property
    def points(self) -> int:
        """How many points along each axis the pictures of units need."""
        tile = float(FEWEST) if self.geometry_ is None else self.geometry_.tile
        return int(min(max(4 * round(tile * self.devicePixelRatioF() / 4), FEWEST), MOST))

    def _paint_units(self) -> None:
        """Colour what every unit computes; row 0 is at the top of a picture."""
        shown = self.shown
        assert shown is not None
        self._pictures, self._heights = [], []
        for column in shown.state.columns:
            low, high = looks.ranges(column, shown.state, shown.colours.signed, shown.span)
            shares = looks.shares(column.pictures, low, high)
            if shares.shape[1] == 1:
                self._heights.append(shares[:, 0].astype(np.float64))
                continue
            shares = np.ascontiguousarray(shares[:, ::-1])
            if column is shown.state.columns[-1]:
                tables = shown.colours.outputs
                parts = [looks.cells(unit, tables[k % len(tables)]) for k, unit in enumerate(shares)]
                self._pictures.append(np.stack(parts))
            else:
                self._pictures.append(looks.cells(shares, shown.colours.table))

    def _choose_strokes(self) -> None:
        if self.shown is None:
            return
        self.strokes, self.omitted = self._strokes(self.number)
        if self.flow is not None:
            self._flowing = self._strokes(WEIGHTS)[0], self._strokes(DERIVATIVES)[0]

    def _strokes(self, number: str) -> tuple[painting.Strokes, int]:
        """Return what lines and biases look like, and how many lines are left out."""
        assert self.shown is not None
        state, colours, scale = self.shown.state, self._theme, theme.scale()
        signed = number == WEIGHTS
        parts = state.values if signed else state.gradients
        top = self._scales[number].follow(parts)
        wide = looks.widths(parts, top, scale)
        lines, omitted = looks.drawn_widths(tuple(line for line, _ in wide), scale)
        least = 0.0 if signed else -np.inf  # of derivatives only the size is shown
        below = tuple((least > part.W, part.b < least) for part in parts)
        pair = (colours.positive, colours.negative) if signed else (colours.decided, colours.decided)
        return painting.Strokes(lines, tuple(bias for _, bias in wide), below, pair), omitted

    def show_flow(self, flow: Flow | None, label: str = "") -> None:
        """Show how far the signal has come in this update, and whose network it is; None shows the network itself."""
        begins, ends = flow is not None and self.flow is None, flow is None and self.flow is not None
        self.flow, self.label = flow, label
        if begins or ends:  # meanwhile there are no inputs that are off
            self.lay_out()
            self._choose_strokes()
        self.update()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        shown, geometry, strokes = self.shown, self.geometry_, self.strokes
        if shown is None or geometry is None or strokes is None or geometry.sizes != shown.state.sizes:
            return
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.setFont(theme.font(theme.SMALL))
        visible = QRectF(event.rect())
        if self.flow is not None and self._flowing is not None:
            painting.paint_flow(painter, geometry, *self._flowing, self.flow, self._theme)
        else:
            painting.paint_lines(painter, geometry, strokes, self._theme)
        if self.part is not None and self.part.kind is Kind.WEIGHT:
            painting.paint_marked_line(painter, geometry, strokes, self.part, self._theme)
        self._paint_tiles(painter, geometry, visible)
        painting.paint_biases(painter, geometry, self._biases(strokes), self._theme, visible)
        self._paint_around(painter, geometry, shown.state)
        self._paint_marks(painter, geometry)

    def _biases(self, strokes: painting.Strokes) -> painting.Strokes:
        """Return how biases look: on the way back as derivatives."""
        if self.flow is None or self._flowing is None:
            return strokes
        return self._flowing[self.flow.phase in (Phase.BACKWARD, Phase.UPDATE)]

    def _is_reached(self, column: int) -> bool:
        """Whether the signal has reached a column, if an update is being played."""
        return self.flow is None or self.flow.phase is not Phase.FORWARD or column <= self.flow.place

    def _paint_tiles(self, painter: QPainter, geometry: Geometry, visible: QRectF) -> None:
        assert self.shown is not None
        frozen = self.shown.state.frozen
        for column, size in enumerate(geometry.sizes):
            for unit in range(size):
                place = geometry.unit(column, unit)
                if not place.intersects(visible):
                    continue
                if self._pictures:
                    painting.paint_unit(painter, place, self._pictures[column][unit], self._theme)
                else:
                    painting.paint_curve(painter, place, self._heights[column][unit], self._theme)
                if not self._is_reached(column):
                    painting.paint_veil(painter, place, self._theme)
                if frozen[column][unit]:
                    painting.paint_lock(painter, place, self._theme, geometry.scale)

    def _paint_around(self, painter: QPainter, geometry: Geometry, state: NetworkState) -> None:
        """Paint names, counts and buttons."""
        colours, marked = self._theme, self.hovered
        last = len(geometry.sizes) - 1
        left = geometry.lefts[0] - theme.px(8)
        right = geometry.width - geometry.lefts[-1] - geometry.tile - theme.px(8)
        painting.paint_names(painter, geometry, 0, state.inputs, colours, left)
        painting.paint_names(painter, geometry, last, state.outputs, colours, right)
        if self.flow is not None:
            painting.paint_label(painter, self.label, geometry.width, colours)
            return
        for column in range(1, last):
            painting.paint_head(painter, geometry, column, str(geometry.sizes[column]), colours)
        for part in geometry.buttons:
            painting.paint_button(painter, geometry, part, colours, part == marked)
        others = (f"+{len(self.others)}",) if self.folds_others else self.others
        for index, name in enumerate(others):
            part = Part(Kind.OTHER_INPUT, 0, index)
            painting.paint_other(painter, geometry.other_input(index), name, geometry.tile, colours, part == marked)

    def _paint_marks(self, painter: QPainter, geometry: Geometry) -> None:
        """Frame what is pointed at and what is chosen."""
        for part, colour in ((self.current, self._theme.accent), (self.hovered, self._theme.text_color)):
            if part is None:
                continue
            if part.kind is Kind.UNIT:
                painting.paint_mark(painter, geometry.unit(part.column, part.unit), colour, geometry.scale)
            elif part.kind is Kind.BIAS:
                painting.paint_mark(painter, self._around_bias(part), colour, geometry.scale)
        if self.hasFocus() and self._by_key:
            frame = QRectF(self.visibleRegion().boundingRect()).adjusted(3, 3, -3, -3)
            painting.paint_mark(painter, frame, self._theme.accent, 1.0)

    def _around_bias(self, part: Part) -> QRectF:
        assert self.geometry_ is not None and self.strokes is not None
        width = float(self.strokes.biases[part.column - 1][part.unit])
        reach = painting.radius(width, self.geometry_.scale)
        middle = self.geometry_.bias(part.column, part.unit)
        return QRectF(middle.x() - reach, middle.y() - reach, 2 * reach, 2 * reach)

    def place(self, part: Part) -> QRectF:
        """Return where a part is, for what points at it; of a line, its middle."""
        geometry = self.geometry_
        assert geometry is not None
        match part.kind:
            case Kind.UNIT:
                return geometry.unit(part.column, part.unit)
            case Kind.BIAS:
                return self._around_bias(part)
            case Kind.WEIGHT:
                x0, y0, x1, y1 = geometry.lines[part.column - 1][part.unit, part.source].tolist()
                return QRectF((x0 + x1) / 2, (y0 + y1) / 2, 0.0, 0.0)
            case Kind.OTHER_INPUT:
                return geometry.other_input(part.unit)
        return geometry.button(part)

    # Mouse and keys

    def part_at(self, point: QPointF) -> Part | None:
        """Return the part at a point of the widget."""
        if self.geometry_ is None or self.strokes is None or self.shown is None:
            return None
        reach = painting.radius(looks.WIDEST * self.geometry_.scale / 2, self.geometry_.scale)
        return self.geometry_.at(point, self.strokes.lines, reach)

    def _hover(self, part: Part | None) -> None:
        if part != self.hovered:
            self.hovered = part
            clickable = part is not None
            self.setCursor(Qt.CursorShape.PointingHandCursor if clickable else Qt.CursorShape.ArrowCursor)
            self.update()
            self.pointed.emit(self.part)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.part_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        part = self.part_at(event.position())
        self.hovered = part
        self.current = part if part is not None and (part.is_parameter or part.kind is Kind.UNIT) else None
        self.update()
        self.pointed.emit(self.part)
        if part is not None:
            self.clicked.emit(part)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.shown is None or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
            return
        key = Qt.Key(event.key())
        if key in ARROWS:
            self._by_key, self.hovered = True, None
            self.choose(neighbour(self.current, *ARROWS[key], self.shown.state.sizes))
        elif key == Qt.Key.Key_Escape and self.current is not None:
            self.choose(None)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current is not None:
            self.clicked.emit(self.current)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.current is not None:
            self.removed.emit(self.current)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus) and self.current is not None:
            self._press_button(Kind.MORE_UNITS if key == Qt.Key.Key_Plus else Kind.FEWER_UNITS)
        else:
            event.ignore()

    def _press_button(self, kind: Kind) -> None:
        """Do what a click on plus or minus above the chosen column does."""
        assert self.current is not None and self.shown is not None
        part = Part(kind, self.current.column)
        if exists(part, self.shown.state.sizes):
            self.clicked.emit(part)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._by_key = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def accessible_interface(self) -> QAccessibleWidget:
        """Return what a screen reader is told: the name, and a description that follows what is chosen."""
        return PictureInterface(self)
