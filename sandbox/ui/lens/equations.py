"""The lens "Equations": what the loss changes, and what is the same for every loss, with the current numbers."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSettings, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QToolButton, QWidget

from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.lens.equations import AskNumbers, Numbers, setup_of
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.notation.equations import EquationSetup, Symbol, equations
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
    """Typesets the equations of the lane in view; pointing at a symbol shows its array, clicking keeps it there."""

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
        self._just_pinned: Target | None = None  # just pinned: to be scrolled into view beside its array
        self._layer = 1  # the layer l of the array shown
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

    def _name_convention(self) -> None:
        text = f"samples are {_COLUMNS if self.columns else 'rows'}"
        self.convention.setText(text)
        self.heading.setVisible(self.width() >= theme.px(_ROOMY))
        self.convention.setAccessibleName(text.capitalize())

    def show_answer(self, answer: Numbers, snapshot: Snapshot, lane: str) -> None:
        self.view.set_norms(answer.dW, answer.db)
        if answer.shown is not None:
            self.panel.show_array(answer.shown)
            if not self.panel.isVisible():
                self._lay_out()
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
            self._layer = setup.layers
            self._release()
        self._setup = setup
        self.view.set_equations(equations(setup), setup.layers)

    # Symbols

    def _wanted(self) -> tuple[str, int]:
        """Return the name and the layer of the array to show; ("", 0) for none."""
        symbol = self._pointed.symbol if self._pointed is not None else self._pinned
        return ("", 0) if symbol is None else self.resolved(symbol)

    def resolved(self, symbol: Symbol) -> tuple[str, int]:
        """Return the name and the layer of a symbol, l being the layer in view."""
        if symbol.shift is None:
            return symbol.name, symbol.layer
        lowest = 0 if symbol.name == "A" else 1
        return symbol.name, max(lowest, self._layer + symbol.shift)

    def _point(self, target: Target | None) -> None:
        self._pointed = target
        if target is None and self._pinned is None:
            self._hide_panel()
        elif target is not None and self._pinned is None:
            self.panel.set_pinned(False, False)
        if target is not None and self.view.hasFocus() and not self.view.underMouse():
            self._reveal(target, theme.px(40))
        self.wanted_changed.emit()

    def _reveal(self, target: Target, around: int) -> None:
        centre = target.rect.center().toPoint()
        self.area.ensureVisible(centre.x(), centre.y(), 0, around)

    def _choose(self, target: Target) -> None:
        """Pin a symbol, or unpin it if it is already pinned."""
        if target.symbol == self._pinned:
            self.unpin()
            return
        self._pinned = target.symbol
        self.view.set_pinned(self._pinned)
        self.panel.set_pinned(True, target.symbol.shift is not None)
        self._just_pinned = target
        self._lay_out()
        self.wanted_changed.emit()

    def unpin(self) -> None:
        """Unpin the array."""
        self._release()
        self.wanted_changed.emit()

    def _release(self) -> None:
        self._pinned = self._pointed = self._just_pinned = None
        self.view.set_pinned(None)
        self._hide_panel()

    def step_layer(self, by: int) -> None:
        """Let l be the previous or the next layer."""
        if self._setup is not None:
            self._layer = min(max(1, self._layer + by), self._setup.layers)
            self.wanted_changed.emit()

    # Layout

    def _hide_panel(self) -> None:
        self.panel.hide()
        self._lay_out()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._name_convention()
        self._lay_out()

    def _lay_out(self) -> None:
        """Place the panel away from what is pointed at, or beside or below the equations while it is pinned."""
        top = theme.px(22)
        width, height = self.width(), self.height()
        self._head.setGeometry(0, 0, width, top)
        room = QRect(0, top, width, max(1, height - top))
        wanted = self._wanted()[0] and self.panel.shown is not None
        if not wanted:
            self.area.setGeometry(room)
            return
        panel_height = min(self.panel.natural_height(), room.height() // 2)
        if self._pinned is not None and width >= theme.px(WIDE):
            half = width // 2 - theme.px(4)
            self.area.setGeometry(0, top, half, room.height())
            full_height = min(self.panel.natural_height(), room.height())
            self.panel.setGeometry(width - half, top, half, full_height)
        elif self._pinned is not None:
            self.area.setGeometry(0, top, width, room.height() - panel_height - theme.px(4))
            self.panel.setGeometry(0, height - panel_height, width, panel_height)
        else:
            self.area.setGeometry(room)
            self.panel.setGeometry(0, height - panel_height if self._is_above() else top, width, panel_height)
        self.panel.show()
        self.panel.raise_()

    def _is_above(self) -> bool:
        """Whether what is pointed at is in the upper half."""
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
