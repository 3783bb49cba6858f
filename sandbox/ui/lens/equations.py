"""The lens "Equations": what the loss changes, and what is the same for every loss, with the current numbers."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSettings, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QToolButton, QWidget

from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.lens.equations import AskNumbers, Numbers, setup_of
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.notation.equations import EquationSetup, Symbol, equations, subjects
from sandbox.ui import theme
from sandbox.ui.kit import label
from sandbox.ui.kit.colour_key import DecidedKey
from sandbox.ui.lens.array_panel import ArrayPanel
from sandbox.ui.lens.base import Lens
from sandbox.ui.lens.equations_view import EquationsView, Target
from sandbox.ui.theme import Theme

PERIOD = 0.1  # seconds between two answers: numbers cannot be read faster
WIDE = 640  # from this width on, a pinned array is beside the equations, not below them


_ROOMY = 440  # pixels; a narrower lens has room only for what the colour means, without the heading
_SAMPLES, _COLUMNS = "samples_as", "columns"  # the name and a value of what is remembered


class EquationsLens(Lens[Numbers]):
    """Typesets the equations of the lane in view; pointing at a symbol shows its array, clicking keeps it there.

    Signals
    -------
    lit(object, object)
        The name and the layer (str, int) of the array in view, pointed at or pinned; None if there is none any more.
        And the set of those that the same equation gives in other layers, if it stands on its left.
    answered()
        Its numbers are shown.
    """

    lit = Signal(object, object)
    answered = Signal()

    title = "Equations"
    period = PERIOD
    summary = "Shows which terms of which equations the loss decides, with the current numbers behind them."

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Equations")
        self._setup: EquationSetup | None = None
        self._seen: tuple[Experiment, str, str, str] | None = None
        self._pinned: Symbol | None = None
        self._pointed: Target | None = None
        self._asked: tuple[str, int] | None = None  # an array that is pointed at elsewhere
        self._within: frozenset[tuple[str, int]] = frozenset()  # what is computed on the way to it
        self._told: tuple[object, object] = (None, frozenset())  # what `lit` said last
        self._just_pinned: Target | None = None  # just pinned: to be scrolled into view beside its array
        self._layer = 1  # the layer l of the array shown
        self._left_layer = 0  # the one to come back to when nothing is pointed at elsewhere; 0 for none
        self._left_scroll: int | None = None  # how far down to come back to then
        self.heading = label("What the loss changes", "title")
        self.key = DecidedKey()
        self.convention = QToolButton()
        self.convention.setProperty("role", "more")
        self.convention.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.convention.setToolTip(
            "X, Y, Z and A have a column per sample, as in a course notebook and in the numpy code of an update, or a "
            "row per sample, as in most libraries: a click changes the products, and the arrays behind the symbols."
        )
        self.convention.clicked.connect(lambda: self.set_columns(not self.columns))
        self.columns: bool = QSettings().value(_SAMPLES, _COLUMNS) == _COLUMNS
        self._head = QWidget(self)
        line = QHBoxLayout(self._head)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.heading)
        line.addStretch(1)
        line.addWidget(self.key)
        line.addWidget(self.convention)
        self.view = EquationsView()
        self.area = QScrollArea(self)
        self.area.setAccessibleName("Equations")
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QWidget()
        column.setObjectName("column")
        inner = QHBoxLayout(column)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.view, 1, Qt.AlignmentFlag.AlignTop)
        self.area.setWidget(column)
        self.panel = ArrayPanel()
        self.panel.setParent(self)
        self.panel.hide()
        self.view.pointed.connect(self._point)
        self.view.chosen.connect(self._choose)
        self.view.dismissed.connect(self.unpin)
        self.view.stepped.connect(self.step_layer)
        self.panel.closed.connect(self.unpin)
        self.panel.stepped.connect(self.step_layer)
        self._name_convention()
        self.follow_style()

    # Asking and drawing

    def question(self, lane: str) -> AskNumbers:
        return AskNumbers(lane, *self._wanted(), self.columns)

    def set_columns(self, columns: bool) -> None:
        """Let samples be columns or rows, and remember it."""
        self.columns = columns
        QSettings().setValue(_SAMPLES, _COLUMNS if columns else "rows")
        self._seen = None
        self._name_convention()
        self.ask_again()

    def begin_afresh(self) -> None:
        QSettings().remove(_SAMPLES)
        self.columns, self._setup, self._seen = True, None, None  # the next snapshot shows its last layer
        self._name_convention()
        self.unpin()

    def _name_convention(self) -> None:
        text = f"samples are {_COLUMNS if self.columns else 'rows'}"
        self.convention.setText(text)
        self.heading.setVisible(self.width() >= theme.px(_ROOMY))
        self.convention.setAccessibleName(text.capitalize())

    def show_answer(self, answer: Numbers, snapshot: Snapshot, lane: str) -> None:
        self.view.set_norms(answer.dW, answer.db)
        if answer.shown is not None:
            other = self.panel.shown is None or self.panel.shown.values.shape != answer.shown.values.shape
            self.panel.show_array(answer.shown)
            if other or not self.panel.isVisible():
                self._lay_out()
                self._light_up()
            self.answered.emit()
            if self._just_pinned is not None:
                self._reveal(self._just_pinned, theme.px(24))
                self._just_pinned = None
        else:
            self._hide_panel()

    def follow(self, snapshot: Snapshot, lane: str) -> None:
        state = snapshot.lane(lane)
        if state is None:
            return
        seen = (snapshot.experiment, lane, state.objective, state.output)
        if self._seen is not None and seen[0] is self._seen[0] and seen[1:] == self._seen[1:]:
            return
        self._seen = seen
        setup = setup_of(snapshot, lane, self.columns)
        if setup is None or setup == self._setup:
            return
        if self._setup is None or setup.layers != self._setup.layers:
            self._layer, self._left_layer = setup.layers, 0
            self._release()
        self._setup = setup
        self.view.set_equations(equations(setup), setup.layers)
        if self._asked is not None:
            self._go_to_layer_of(self._asked)
        self._light_up()
        self._tell()

    # Symbols

    def _wanted(self) -> tuple[str, int]:
        """Return the name and the layer of the array to show; ("", 0) for none."""
        if self._pointed is None and self._asked is not None:  # elsewhere
            return self._asked
        symbol = self._pointed.symbol if self._pointed is not None else self._pinned
        return ("", 0) if symbol is None else self.resolved(symbol)

    def resolved(self, symbol: Symbol) -> tuple[str, int]:
        """Return the name and the layer of a symbol, l being the layer in view."""
        if symbol.shift is None:
            return symbol.name, symbol.layer
        lowest = 0 if symbol.name == "A" else 1
        layer = max(lowest, self._layer + symbol.shift)
        return (symbol.name, layer) if layer else ("X", 0)

    def _point(self, target: Target | None) -> None:
        self._pointed = target
        if target is None and self._pinned is None:
            self._hide_panel()
        elif target is not None and self._pinned is None:
            self.panel.set_pinned(False, False)
        if target is not None and self.view.hasFocus() and not self.view.underMouse():
            self._reveal(target, theme.px(40))
        self._want()

    def _want(self) -> None:
        """Ask for the array in view, and say which one it is."""
        self._tell()
        self.wanted_changed.emit()

    def _tell(self) -> None:
        wanted = self._wanted()
        now = (wanted, self._alike()) if wanted[0] else (None, frozenset())
        if now != self._told:
            self._told = now
            self.lit.emit(*now)

    def _alike(self) -> frozenset[tuple[str, int]]:
        """Return what the equation in view gives in other layers: dW of each, for the dW of layer l."""
        symbol = self._pinned if self._pointed is None else self._pointed.symbol
        if symbol is None or symbol.shift is None or self._setup is None or self._is_pointed_elsewhere:
            return frozenset()
        if symbol not in subjects(equations(self._setup)):
            return frozenset()
        layers = range(max(1, 1 + symbol.shift), self._setup.layers + symbol.shift + 1)
        return frozenset((symbol.name, layer) for layer in layers) - {self.resolved(symbol)}

    @property
    def _is_pointed_elsewhere(self) -> bool:
        return self._pointed is None and self._asked is not None

    # What is pointed at elsewhere

    def point_at(self, array: tuple[str, int] | None, within: frozenset[tuple[str, int]] = frozenset()) -> None:
        """Light up the equation of an array that is pointed at elsewhere, and show the array; None ends it.

        The equations of what is computed on the way to it, `within`, light up faintly.
        """
        if (array, within) == (self._asked, self._within):
            return
        self._within = within
        if self._asked is None:
            self._left_layer = self._layer
            self._left_scroll = self.area.verticalScrollBar().value()
        self._asked = array
        if array is not None:
            self._go_to_layer_of(array)
            if self._pinned is None:
                self.panel.set_pinned(False, False)
        else:
            self._layer, self._left_layer = self._left_layer or self._layer, 0
            if self._pinned is None:
                self._hide_panel()
        if self.panel.isVisible():
            self._lay_out()
        self._light_up()
        if array is None:
            self._scroll_back()
        self._want()

    def _scroll_back(self) -> None:
        """Show the equations where they were, unless something has been pinned meanwhile."""
        if self._left_scroll is not None and self._just_pinned is None:
            self.area.verticalScrollBar().setValue(self._left_scroll)
        self._left_scroll = None

    def pin(self, array: tuple[str, int]) -> None:
        """Keep an array that is pointed at elsewhere; let go of it if it was kept."""
        self._layer, self._left_layer, self._left_scroll = self._left_layer or self._layer, 0, None
        is_kept = self._pinned is not None and self.resolved(self._pinned) == array
        self._go_to_layer_of(array)
        if is_kept:
            self.unpin()
            return
        self._just_pinned = next((t for t in self.view.targets if self.resolved(t.symbol) == array), None)
        own = Symbol(array[0], None, array[1])  # which stands in none of the equations
        self._pin(own if self._just_pinned is None else self._just_pinned.symbol)

    def _go_to_layer_of(self, array: tuple[str, int]) -> None:
        """Let l be the layer at which an equation is about an array; if none is, at which one uses it."""
        if self._setup is None:
            return
        lines = equations(self._setup)
        used = [target.symbol for target in self.view.targets]
        for symbol in (*subjects(lines), *used):
            if symbol is None or symbol.shift is None or symbol.name != ("A" if array[0] == "X" else array[0]):
                continue
            layer = array[1] - symbol.shift
            if 1 <= layer <= self._setup.layers:
                self._layer = layer
                return

    def _light_up(self) -> None:
        """Light up what is pointed at elsewhere: the equations about it, and its symbol wherever it stands."""
        array = self._asked
        if array is None or self._setup is None:
            self.view.set_lit(frozenset(), frozenset(), frozenset())
            return
        symbols = {target.symbol for target in self.view.targets if self.resolved(target.symbol) == array}
        given = [None if symbol is None else self.resolved(symbol) for symbol in subjects(equations(self._setup))]
        rows = frozenset(number for number, found in enumerate(given) if found == array)
        within = frozenset(number for number, found in enumerate(given) if found in self._within)
        self.view.set_lit(frozenset(symbols), rows, within)
        place = self.view.lit_place
        if not place.isNull():
            self._show_place(place.toRect(), theme.px(6))

    def _show_place(self, place: QRect, around: int) -> None:
        """Scroll to a part of the equations, its end first, so that its beginning is seen if it has no room."""
        for y in (place.bottom(), place.top()):
            self.area.ensureVisible(place.left(), y, 0, around)

    def _reveal(self, target: Target, around: int) -> None:
        centre = target.rect.center().toPoint()
        self.area.ensureVisible(centre.x(), centre.y(), 0, around)

    def _choose(self, target: Target) -> None:
        """Pin a symbol, or unpin it if it is already pinned."""
        if target.symbol == self._pinned:
            self.unpin()
            return
        self._just_pinned = target
        self._pin(target.symbol)

    def _pin(self, symbol: Symbol) -> None:
        self._pinned = symbol
        self.view.set_pinned(symbol)
        self.panel.set_pinned(True, symbol.shift is not None)
        self._lay_out()
        self._want()

    def unpin(self) -> None:
        """Unpin the array."""
        self._release()
        self._want()

    def _release(self) -> None:
        self._pinned = self._pointed = self._just_pinned = None
        self.view.set_pinned(None)
        self._hide_panel()

    def step_layer(self, by: int) -> None:
        """Let l be the previous or the next layer."""
        if self._setup is not None:
            self._layer, self._left_layer = min(max(1, self._layer + by), self._setup.layers), 0
            self._light_up()
            self._want()

    # Layout

    def _hide_panel(self) -> None:
        self.panel.hide()
        self._lay_out()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._name_convention()
        self._lay_out()

    def _lay_out(self) -> None:
        """Place the panel beside or below the equations; over them only while one of their symbols is pointed at.

        While an array is pinned, its place stays as it is, whichever array is in it.
        """
        top = theme.px(22)
        width, height = self.width(), self.height()
        self._head.setGeometry(0, 0, width, top)
        room = QRect(0, top, width, max(1, height - top))
        wanted = self._wanted()[0] and self.panel.shown is not None
        if not wanted:
            self.area.setGeometry(room)
            return
        panel_height = self.panel.height_within(room.height() // 2)
        if self._pinned is not None and width >= theme.px(WIDE):
            half = width // 2 - theme.px(4)
            self.area.setGeometry(0, top, half, room.height())
            self.panel.setGeometry(width - half, top, half, self.panel.steady_height_within(room.height()))
        elif self._pinned is not None or self._is_pointed_elsewhere:
            if self._pinned is not None:
                panel_height = self.panel.steady_height_within(room.height() // 2)
            self.area.setGeometry(0, top, width, room.height() - panel_height - theme.px(4))
            self.panel.setGeometry(0, height - panel_height, width, panel_height)
        else:
            self.area.setGeometry(room)
            self.panel.setGeometry(0, height - panel_height if self._is_above() else top, width, panel_height)
        self.panel.show()
        self.panel.raise_()

    def _is_above(self) -> bool:
        """Whether the symbol that is pointed at is in the upper half."""
        if self._pointed is None:
            return True
        y = self.view.mapTo(self, self._pointed.rect.center().toPoint()).y()
        return y < self.height() // 2 + theme.px(11)

    # Look

    def set_theme(self, colours: Theme, scale: float = 1.0) -> None:
        self.panel.fit()
        super().set_theme(colours, scale)
        self.view.update()

    def fit(self) -> None:
        """Set the lengths that follow the scale."""
        self.view.lay_out()
        self._lay_out()
