"""What is left of the previous run on screen: its curves and boundary, pale, to compare the present one with."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from sandbox import words
from sandbox.arrays import Floats
from sandbox.experiment.training.snapshot import Curve
from sandbox.ui import theme
from sandbox.ui.kit import Elided, IconButton
from sandbox.ui.kit.base import StyleFollower
from sandbox.ui.plot.layers import Line

Ghosts = Mapping[tuple[str, str], tuple[Floats, Floats, float]]  # epochs, values and unit by lane and column
_FAINT = 0.5  # opacity of a line of the previous run


def ghosts_of(curves: Iterable[Curve]) -> Ghosts:
    """Return the training curves of a run, to be kept when it ends; empty if it has not been trained."""
    kept = [curve for curve in curves if curve.part == "train" and len(curve.epochs) > 1]
    return {(curve.lane, curve.column): (curve.epochs, curve.values, curve.unit) for curve in kept}


def faint(line: Line) -> Line:
    """Return a line as it is drawn of the previous run."""
    color = QColor(line.color)
    color.setAlphaF(_FAINT)
    return dataclasses.replace(line, color=color, width=max(1.0, 0.7 * line.width))


class GhostNote(StyleFollower, QWidget):
    """Says what the pale lines are, and lets them be cleared.

    Signals
    -------
    cleared()
    """

    cleared = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.text = Elided("", "hint")
        self.close_button = IconButton("close", "Clears the pale lines.", "Clear the previous run", flat=True)
        self.close_button.clicked.connect(self.cleared)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self.text, 1)
        self._row.addWidget(self.close_button)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.hide()
        self.follow_style()

    def say(self, epochs: float, loss: str) -> None:
        """Show that the pale lines are of a run of this length, which learned with a loss ("" if with several)."""
        learned = f" of {loss}" if loss else ""
        self.text.setText(f"Pale: the previous run, {words.count(round(epochs), 'epoch')}{learned}")
        self.show()

    def fit(self) -> None:
        """Set the spacing."""
        self._row.setSpacing(theme.px(theme.HALF))
