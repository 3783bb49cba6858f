"""The legend of a boundary view, with the switches for what it draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QRect, QSize, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QWidget

from sandbox.ui.kit import Toggle
from sandbox.ui.kit.base import call_later
from sandbox.ui.plot.layers import CROSS
from sandbox.ui.plot.legend import PointLegend


@dataclass(frozen=True)
class Drawn:
    """What the boundary views draw, whatever the run and the lane.

    Attributes
    ----------
    test : bool
        The test samples.
    wrong_only : bool
        Of the samples, only those that are classified wrongly.
    discrete : bool
        The class that is predicted, in place of the shaded output.
    """

    test: bool = True
    wrong_only: bool = False
    discrete: bool = False


SWITCHES = {
    "test": ("hollow: test", "Draws the test samples too, as hollow points."),
    "wrong_only": ("only wrong (\u00d7)", "Draws only the samples that are classified wrongly, which have a cross."),
    "discrete": ("discretise", "Colours each place by the class that is predicted there, not by how certain it is."),
}


class BoundaryLegend(PointLegend):
    """What the points are, and a switch for each field of `Drawn`; wraps if it is narrow.

    Signals
    -------
    drawn_changed(Drawn)
        The user wants something else to be drawn.
    """

    drawn_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.drawn = Drawn()
        self.switches: dict[str, Toggle] = {}
        self._crossed = self._switched = self._brief = False
        self._offer: tuple[bool, bool, bool] = (False, False, False)
        self._state: tuple[object, ...] = ()
        for name, (text, tooltip) in SWITCHES.items():
            switch = Toggle(text, self)
            switch.setProperty("role", "legend")
            switch.setToolTip(tooltip)
            switch.setAccessibleName(tooltip.partition(",")[0].removesuffix("."))
            switch.set_value(getattr(self.drawn, name))
            switch.changed.connect(lambda on, _, name=name: self._switch(name, on))
            switch.hide()
            self.switches[name] = switch

    def _switch(self, name: str, on: bool) -> None:
        self.drawn = replace(self.drawn, **{name: on})
        self.drawn_changed.emit(self.drawn)

    def text(self) -> str:
        return ", ".join((super().text(), *(switch.text() for switch in self._offered())))

    def show_drawn(self, drawn: Drawn) -> None:
        """Set the switches; emits nothing."""
        self.drawn = drawn
        for name, switch in self.switches.items():
            switch.set_value(getattr(drawn, name))

    def offer(self, *, classified: bool, compared: bool, tested: bool) -> None:
        """Show the switches that mean something.

        Parameters
        ----------
        classified : bool
            Whether the samples have classes.
        compared : bool
            Whether two lanes are shown: a sample that is wrong in one may be right in the other.
        tested : bool
            Whether there are test samples.
        """
        self._offer = classified, compared, tested
        self._crossed, self._switched = classified and not compared, True
        drawn, roomy = self.drawn, not self._brief
        offered = {
            "test": tested,
            "wrong_only": self._crossed and (roomy or drawn.wrong_only),
            "discrete": classified and (roomy or drawn.discrete),
        }
        if offered != {name: not switch.isHidden() for name, switch in self.switches.items()}:
            self._state = ()
            for name, switch in self.switches.items():
                switch.setVisible(offered[name])
        self.set_entries(self._classes, self._tested, self._notes)

    def set_brief(self, brief: bool) -> None:
        """Leave out the switches that are off, and say nothing about what an audience sees."""
        if brief != self._brief:
            self._brief = brief
            classified, compared, tested = self._offer
            if self._switched:
                self.offer(classified=classified, compared=compared, tested=tested)

    def hide_switches(self) -> None:
        """Hide the switches: paper has none, but needs the entries in place of which they are shown."""
        self._switched = False
        for switch in self.switches.values():
            switch.hide()
        self.set_entries(self._classes, self._tested, self._notes)

    def set_colors(self, text_color: QColor, muted: QColor, font: QFont, scale: float) -> None:
        super().set_colors(text_color, muted, font, scale)
        self._place()

    def set_entries(self, classes: Sequence[tuple[str, str, QColor]], tested: bool, notes: Sequence[str] = ()) -> None:
        state = (*classes, tested, *notes, self._crossed, self._switched, self._muted, self.font(), self._scale)
        if state == self._state:
            return  # nothing is laid out again in the middle of training
        self._state = state
        super().set_entries(classes, tested, notes)
        if self._switched:
            self._entries = [entry for entry in self._entries if entry[:2] != ("hollow: test", "o")]
        elif self._crossed:
            self._entries.insert(len(self._entries) - len(notes), ("wrong", CROSS, self._text_color, True))
        self.describe()
        self._place()

    # Layout: the switches follow the entries, line by line

    def _offered(self) -> list[Toggle]:
        return [switch for switch in self.switches.values() if not switch.isHidden()]

    def _line(self) -> float:
        return max([super()._line(), *(float(switch.sizeHint().height()) for switch in self._offered())])

    def _places(self, width: float) -> list[tuple[float, float]]:
        """Return where the switches go, after the last entry or below it."""
        positions = self._positions(width)
        text, symbol, *_ = self._entries[-1] if self._entries else ("", "")
        x, y = positions[-1] if positions else (0.0, 0.0)
        x += self._width(text, symbol) + self.GAP
        places = []
        for switch in self._offered():
            needed = switch.sizeHint().width()
            if x > 0.0 and x + needed > width:
                x, y = 0.0, y + self._line()
            places.append((x, y))
            x += needed + self.GAP
        return places

    def _width(self, text: str, symbol: str) -> float:
        return (14.0 * self._scale if symbol else 0.0) + QFontMetricsF(self.font()).horizontalAdvance(text)

    def heightForWidth(self, width: int) -> int:
        places = self._places(width)
        return round(places[-1][1] + self._line()) if places else super().heightForWidth(width)

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(max(self.width(), 60)))  # a layout gives no more height than this

    def minimumSizeHint(self) -> QSize:
        return QSize(60, round(self._line()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        call_later(self, self._place)

    def _place(self) -> None:
        self.updateGeometry()
        for switch, (x, y) in zip(self._offered(), self._places(self.width()), strict=True):
            switch.setGeometry(QRect(round(x), round(y), switch.sizeHint().width(), round(self._line())))
