"""How lanes are distinguished on screen: by a letter, a colour and a few words on what differs."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from sandbox import words
from sandbox.experiment import Experiment
from sandbox.experiment.document import texts
from sandbox.experiment.document.defaults import objective_for
from sandbox.experiment.document.lanes import differing, in_force, letter, slots
from sandbox.experiment.document.settings import SETTINGS
from sandbox.nn import LOSSES
from sandbox.ui import theme
from sandbox.ui.kit.base import StyleFollower

_SHORT = {"optimizer.learning_rate": "rate", "network.seed": "seed", "network.hidden": "layers"}
_NAMED = ("loss.objective", "optimizer.name", "network.activation", "network.output", "network.initializer")
_FEW, _MOST = 2, 3  # settings that are named; there is no room for more


@dataclass(frozen=True)
class LaneStyle:
    """How a lane looks.

    Attributes
    ----------
    name : str
        In the experiment.
    slot : int
        The index of its letter and colour.
    words : str
        Its name, or else what differs in it.
    """

    name: str
    slot: int
    words: str

    @property
    def letter(self) -> str:
        """Its letter."""
        return letter(self.slot)

    @property
    def full(self) -> str:
        """Letter and words: "B: mean squared error"."""
        return f"{self.letter}: {self.words}"


def lane_styles(experiment: Experiment, task: str | None) -> tuple[LaneStyle, ...]:
    """Return the styles of all lanes; `task`, once it is known, determines what "auto" means."""
    names = tuple(lane.name for lane in experiment.lanes)
    keys = differing(experiment, task)
    if any(key != "loss.monitors" for key in keys):
        keys = tuple(key for key in keys if key != "loss.monitors")
    styles = []
    for name, (slot, custom_name) in slots(names).items():
        # If few settings differ, name them all for every lane, else how each lane differs from the first one.
        from_first = [key for key in keys if experiment.get(key, name) != experiment.get(key, names[0])]
        shown = [key for key in (keys if len(keys) <= _FEW else from_first) if _applies(experiment, name, key, task)]
        text = custom_name or ", ".join(value_words(experiment, name, key, task) for key in shown[:_MOST])
        styles.append(LaneStyle(name, slot, text or objective_words(experiment, name, task)))
    return tuple(styles)


def _applies(experiment: Experiment, lane: str, key: str, task: str | None) -> bool:
    """Whether a setting means anything in a lane: a parameter does only if its objective or optimiser has it."""
    section, _, name = key.partition(".")
    kinds = [kind for kind in LOSSES.values() if any(p.name == name for p in kind.parameters)]
    if section != "loss" or not kinds:
        return experiment.get(key, lane) is not None
    loss = experiment.lane(lane).loss
    objective = loss.objective if task is None else objective_for(loss, task)
    return objective in {kind.name for kind in kinds}


def objective_words(experiment: Experiment, lane: str, task: str | None) -> str:
    """Return what a lane learns with."""
    loss = experiment.lane(lane).loss
    name = loss.objective if task is None else objective_for(loss, task)
    return texts.reduced(name, loss.reduction) if name in LOSSES else "its own loss"


def value_words(experiment: Experiment, lane: str, key: str, task: str | None) -> str:
    """Return a setting's value in a lane as a few words: "Adam", "rate 0.1"."""
    if key == "loss.objective":
        return objective_words(experiment, lane, task)
    value = in_force(experiment, key, lane, task)
    text = texts.setting_text(key, value)
    if key == "loss.monitors":
        loss = experiment.lane(lane).loss
        names = [texts.reduced(name, loss.reduction, within=True) for name in loss.monitors]
        return f"shows {', '.join(names)}" if names else "shows no other loss"
    if key == "network.hidden":
        return f"layers {text.replace(', ', '-')}" if value else "no hidden layer"
    if key in _NAMED:
        return text
    label = _SHORT.get(key, SETTINGS[key].label)
    return f"{words.within(label)} {text}"


class Badge(StyleFollower, QWidget):
    """A lane's letter on its colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style: LaneStyle | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.follow_style()

    def set_style(self, style: LaneStyle | None) -> None:
        """Show a lane's letter; nothing for None."""
        if style == self._style:
            return
        self._style = style
        self.setAccessibleName(f"Lane {style.letter}" if style is not None else "")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.px(24), theme.px(18))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def fit(self) -> None:
        self.setFont(theme.font(theme.SMALL, bold=True))
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._style is not None:
            painter = QPainter(self)
            painter.setFont(self.font())
            paint_badge(painter, QRectF(self.rect()), self._style.letter, self._style.slot)


def paint_badge(painter: QPainter, box: QRectF, text: str, slot: int) -> None:
    """Paint a letter on a lane's colour, in the painter's font."""
    colour = theme.current().lane(slot)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(box, theme.px(3), theme.px(3))
    painter.setPen(QColor(theme.text_color_on(colour)))
    elided = QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, elided)
