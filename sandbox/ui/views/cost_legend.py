"""The legend of the cost view: a row for each loss or metric of a lane, each part a switch with its value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QPushButton, QScrollArea, QWidget

from sandbox import words
from sandbox.experiment.document import texts
from sandbox.experiment.document.lanes import letter, slots
from sandbox.experiment.training.snapshot import Curve, LaneState
from sandbox.ui import theme
from sandbox.ui.contrast import paler
from sandbox.ui.kit.base import call_later
from sandbox.ui.lane_styles import LaneStyle
from sandbox.ui.plot.legend import CurveChip, CurveName, Stroke
from sandbox.ui.theme import SMALL, Theme

Key = tuple[str, str]  # lane, column

ROLES = {"objective": "learns", "monitor": "shown", "metric": "shown, right axis"}
# One after the other, if a lane has several monitors.
DASHES = ((6.0, 3.0), (2.0, 2.5), (10.0, 3.0, 2.0, 3.0), (4.0, 2.0, 1.0, 2.0), (12.0, 4.0))
NARROW = 400  # the width below which the number of rows that are left out is written without a word
LEAST_PLOT = 115  # the height that the curves get before the legend has more than one row
LEGEND_ROWS, LEGEND_SHARE = 4, 0.3  # the legend scrolls beyond this many rows, or this share of a tall view
FEW_LANES = 3  # up to this many, the test part of a common loss is drawn too


@dataclass(frozen=True)
class LegendRow:
    """A row of the legend: a lane's loss or metric over the training and the test part."""

    lane: str
    role: str
    name: str
    label: str
    label_within: str
    columns: tuple[tuple[str, str], ...]  # part, column
    note: str = ""  # what it does, if that has changed during the run

    @property
    def does(self) -> str:
        """What it does, in a few words: "learns", "shown", "learned until 300"."""
        return self.note or ROLES[self.role]


def rows_of(curves: Sequence[Curve], lanes: Sequence[LaneState]) -> tuple[LegendRow, ...]:
    """Return the rows of the legend: the objectives of all lanes first, then monitors, then metrics."""
    objectives = {lane.name: lane.objective for lane in lanes}
    as_means = {curve.lane for curve in curves if curve.factor != 1.0}  # whatever the lane's own reduction
    reductions = {lane.name: "" if lane.name in as_means else lane.reduction for lane in lanes}
    objective_curves = {(c.lane, c.part, c.name) for c in curves if c.role == "objective"}
    columns: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    notes: dict[tuple[str, str, str], str] = {}
    for curve in curves:
        name = curve.name
        objective = objectives.get(curve.lane, "")
        if name == "cost" and objective and (curve.lane, curve.part, objective) not in objective_curves:
            name = objective
        key = (curve.lane, curve.role, name)
        columns.setdefault(key, []).append((curve.part, curve.column))
        notes[key] = _changed(curve)
    order = list(ROLES)
    lane_order = {lane.name: k for k, lane in enumerate(lanes)}
    keys = sorted(columns, key=lambda key: (order.index(key[1]), lane_order.get(key[0], len(lane_order))))
    return tuple(
        LegendRow(
            lane,
            role,
            name,
            texts.reduced("Cost with penalty" if name == "cost" else name, reductions.get(lane, "")),
            texts.reduced("cost with penalty" if name == "cost" else name, reductions.get(lane, ""), within=True),
            tuple(sorted(columns[lane, role, name], reverse=True)),
            notes[lane, role, name],
        )
        for lane, role, name in keys
    )


def _changed(curve: Curve) -> str:
    """Say since or until which epoch a lane has learned with a loss; "" if that never changed."""
    if not curve.learned:
        return ""
    start, end = curve.learned[-1]
    if curve.role == "objective":
        return f"learns since {words.fixed(start, 0)}" if start > 0.0 else ""
    return f"learned until {words.fixed(end, 0)}"


class CostLegend(QScrollArea):
    """Which curves there are, how each is drawn, and whether.

    While somebody presents, and where there is little room, rows of which no curve is drawn are left out.

    Attributes
    ----------
    rows : tuple of LegendRow
    more : QPushButton
        Says how many rows are left out, and brings them back; hidden if there are none.

    Signals
    -------
    switched(bool)
        The user showed (True) or hid curves.
    """

    switched = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[LegendRow, ...] = ()
        self.chips: dict[Key, CurveChip] = {}
        self.names: list[CurveName] = []
        self._theme: Theme | None = None
        self._scale = 1.0
        self._slots: Mapping[str, int] = {}
        self._given_names: Mapping[str, str] = {}
        self._common = False  # whether one loss is shown for every lane
        self._presented = False
        self.more = QPushButton(parent)
        self.more.setCheckable(True)
        self.more.setToolTip("Lists the curves that are not drawn too, so that they can be shown.")
        self.more.toggled.connect(lambda: self._refit())
        self.more.hide()
        self._chosen: dict[Key, bool] = {}  # what the user chose; new runs keep it
        content = QWidget()
        self._grid = QGridLayout(content)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(4)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(3, 1)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setWidget(content)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for widget in (self.viewport(), content):  # turned on by the scroll area
            widget.setAutoFillBackground(False)
        self.setAccessibleName("Legend of the curves")

    def set_lanes(self, lanes: Sequence[str], styles: Mapping[str, LaneStyle]) -> None:
        """Take the letters and colours of all lanes, in order; `styles` has those of the visible ones."""
        given = slots(tuple(lanes))
        self._slots = {lane: styles[lane].slot if lane in styles else given[lane][0] for lane in lanes}
        self._given_names = {lane: slots((lane,))[lane][1] for lane in lanes}

    def show_rows(self, rows: tuple[LegendRow, ...], common: bool, metric: bool) -> None:
        """Rebuild the rows; `common` if one loss or metric is shown for every lane, `metric` if it is a metric."""
        self.rows, self._common = rows, common
        focused = next((key for key, chip in self.chips.items() if chip.hasFocus()), None)
        for widget in (*self.names, *self.chips.values()):
            self._grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self.names, self.chips = [], {}
        for line, row in enumerate(rows):
            self._add_row(line, row, "" if metric else row.does)
        for role in ROLES:
            CurveName.share_room([name for name, row in zip(self.names, rows, strict=True) if row.role == role])
        if focused in self.chips:
            self.chips[focused].setFocus()
        self._color_rows()

    @property
    def several(self) -> bool:
        """Whether there are curves of more than one lane."""
        return len({row.lane for row in self.rows}) > 1

    def _add_row(self, line: int, row: LegendRow, role: str) -> None:
        several, content = self.several, self.widget()
        given = self._given_names.get(row.lane, "") if several else ""
        name = CurveName(self.letter(row.lane) if several else "", row.label, role, given, content)
        name.clicked.connect(lambda: self._toggle_row(row))
        self.names.append(name)
        self._grid.addWidget(name, line, 0)
        for part, column in row.columns:
            text = f"{row.label} \u00b7 {part} ({row.does})"
            chip = CurveChip(f"{self.letter(row.lane)}: {text}" if several else text, part, content)
            chip.setChecked(self.is_shown(row.lane, column, row.role))
            chip.toggled.connect(lambda on, key=(row.lane, column): self._switch(key, on))
            self.chips[row.lane, column] = chip
            self._grid.addWidget(chip, line, 1 if part == "train" else 2)

    # How a curve is drawn

    def letter(self, lane: str) -> str:
        """Return a lane's letter."""
        return letter(self._slots.get(lane, 0))

    def stroke(self, row: LegendRow, part: str, role: str = "") -> Stroke:
        """Return how a curve is drawn: colour by lane, dashes by role, the test part thinner and paler.

        `role` differs from the row's where a lane once learned with what it now only shows, or the reverse.
        """
        assert self._theme is not None
        color = self._theme.lane(self._slots.get(row.lane, 0))
        dash: tuple[float, ...] = ()
        role = role or row.role
        if row.role != "objective" or role != "objective":
            others = list(dict.fromkeys(r.name for r in self.rows if r.role != "objective"))
            index = others.index(row.name) if row.role != "objective" else 0
            dash = () if role == "objective" else tuple(length * self._scale for length in DASHES[index % len(DASHES)])
            if index > 0 and not self.several:
                color = self._theme.curves[index % len(self._theme.curves)]
        if part == "test":
            color = paler(color, self._theme.card, 0.42)
        width = (2.0 if role == "objective" else 1.5) * (0.75 if part == "test" else 1.0)
        return Stroke(QColor(color), width * self._scale, dash)

    # Whether it is drawn

    def is_shown(self, lane: str, column: str, role: str) -> bool:
        """Whether a curve is drawn: as the user chose, else fewer beside the objectives the more lanes there are."""
        lanes = len({row.lane for row in self.rows})
        if self._common:
            usual = column.startswith("train_") or lanes <= FEW_LANES
        else:
            usual = role != "metric" and (role == "objective" or lanes <= 2)
            usual = usual and (column.startswith("train_") or lanes <= 2)
        return self._chosen.get((lane, column), usual)

    def shown_curves(self) -> Iterator[tuple[LegendRow, str, str]]:
        """Yield row, part and column of every curve that is drawn."""
        for row in self.rows:
            for part, column in row.columns:
                if self.is_shown(row.lane, column, row.role):
                    yield row, part, column

    @property
    def hidden_curves(self) -> frozenset[Key]:
        """Lane and column of the curves that are not drawn."""
        return frozenset(key for key, chip in self.chips.items() if not chip.isChecked())

    def _switch(self, key: Key, shown: bool) -> None:
        self._chosen[key] = shown
        self.switched.emit(shown)

    def begin_afresh(self) -> None:
        """Forget which curves the user showed or hid; the next rows are the usual ones."""
        self._chosen.clear()
        self.more.setChecked(False)

    def _toggle_row(self, row: LegendRow) -> None:
        """Hide all curves of a row, or show them if all are hidden."""
        chips = [self.chips[row.lane, column] for _, column in row.columns]
        shown = any(chip.isChecked() for chip in chips)
        for chip in chips:
            chip.setChecked(not shown)

    def set_value(self, lane: str, column: str, text: str) -> None:
        """Show a curve's value beside its name."""
        chip = self.chips.get((lane, column))
        if chip is not None and chip.isChecked():
            chip.set_value(text)

    # Its looks

    def set_theme(self, colours: Theme, scale: float) -> None:
        """Apply colours and type."""
        self._theme, self._scale = colours, scale
        self._color_rows()

    def _color_rows(self) -> None:
        colours = self._theme
        if colours is None:
            return
        font = theme.font(SMALL)
        text_color, muted, hover = QColor(colours.text_color), QColor(colours.muted), QColor(colours.hover)
        for row, name in zip(self.rows, self.names, strict=True):
            color = colours.lane(self._slots.get(row.lane, 0))
            name.set_colors(text_color, muted, QColor(color), QColor(theme.text_color_on(color)), font)
            for part, column in row.columns:
                self.chips[row.lane, column].set_colors(self.stroke(row, part), text_color, muted, hover, font)
        self._refit()

    # Its room

    def present(self, presented: bool) -> None:
        """Leave out the rows of which no curve is drawn while somebody presents."""
        self._presented = presented
        self._refit()

    def _refit(self) -> None:
        parent = self.parentWidget()
        if parent is not None:
            self.fit(parent.height())

    def show_all(self) -> int:
        """Take the room of all rows, whatever there is; return how much that is, in pixels."""
        self._leave_out(frozenset())
        height = self._grid.sizeHint().height()
        self.setFixedHeight(height)
        return height

    def fit(self, room: int) -> None:
        """Take the height of the rows, but only a share of the room, and less where the curves need it."""
        height = max((name.sizeHint().height() for name in self.names), default=0)
        share, left = LEGEND_SHARE * room, room - theme.px(LEAST_PLOT)
        most_rows = max(1, int(min(max(LEGEND_ROWS * height, share), left) / max(height, 1)))
        hidden = frozenset(line for line, row in enumerate(self.rows) if not self._is_drawn(row))
        brief = bool(hidden) and (self._presented or len(self.rows) > most_rows)
        self._leave_out(hidden if brief and not self.more.isChecked() else frozenset())
        if brief:
            self.more.setText(f"+{len(hidden)}" if self.width() < theme.px(NARROW) else f"+{len(hidden)} hidden")
            self.more.setAccessibleName(f"List the {words.count(len(hidden), 'row')} of curves that are not drawn")
        self.more.setVisible(brief)
        listed = sum(not name.isHidden() for name in self.names)
        self.setFixedHeight(height * min(listed, most_rows))
        self._share_width()

    def _is_drawn(self, row: LegendRow) -> bool:
        return any(self.is_shown(row.lane, column, row.role) for _, column in row.columns)

    def _leave_out(self, lines: frozenset[int]) -> None:
        for line, (row, name) in enumerate(zip(self.rows, self.names, strict=True)):
            for widget in (name, *(self.chips[row.lane, column] for _, column in row.columns)):
                widget.setVisible(line not in lines)

    def _share_width(self) -> None:
        """Let the values take less room if the names would not have enough."""
        tested = any(part == "test" for row in self.rows for part, _ in row.columns)
        spare = self.viewport().width() - self._grid.horizontalSpacing() * 3
        chips = max((chip.full_width for chip in self.chips.values()), default=0) * (1 + tested)
        names = max((name.least_width for name in self.names if not name.isHidden()), default=0)
        narrow = names > spare - chips
        for chip in self.chips.values():
            chip.set_narrow(narrow, tested)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        call_later(self, self._share_width)
