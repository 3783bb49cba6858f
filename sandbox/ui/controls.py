"""The row of controls on top: play, step, reset, speed, the readouts, undo, files and theme."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from sandbox import words
from sandbox.nn import METRICS
from sandbox.ui import theme
from sandbox.ui.actions import PRESENT, Actions, plain
from sandbox.ui.kit import IconButton, PrimaryButton, Readout, SpeedSlider, label
from sandbox.ui.kit.base import StyleFollower, call_later

# Updates per second at first: slow enough to see the moons bend, which takes epochs 50 to 400.
FIRST_SPEED = 100.0


@dataclass(frozen=True)
class Reading:
    """A number, and its quartiles if there are several networks."""

    value: float
    low: float = math.nan
    high: float = math.nan

    def spread(self, written: Callable[[float], str]) -> str:
        """Return the quartiles as a short text, empty if there are none."""
        return "" if math.isnan(self.low) else f"{written(self.low)}\u2013{written(self.high)}"


def _per_cent(value: float) -> str:
    return words.fixed(100.0 * value, 1)


@dataclass(frozen=True)
class Readouts:
    """What the readouts show for the lane in view."""

    epoch: int
    update: int
    train: Reading
    test: Reading
    score: Reading
    metric: str
    of_test: bool
    objective: str
    replicas: int = 1
    lane: str = ""  # the letter, if there are several lanes
    seed: int | None = None  # of the replica that is selected
    baseline: str = ""  # what an accuracy has to beat
    is_lopsided: bool = False  # whether that is to be said beside it


class RateMeter:
    """Measures the updates per second over the last two seconds; times are in seconds."""

    SPAN, PERIOD = 2.0, 0.5  # what is averaged, and how often the result changes

    def __init__(self) -> None:
        self.rate: float | None = None
        self._seen: deque[tuple[float, int]] = deque()
        self._measured = -math.inf

    def reset(self) -> None:
        """Forget what was measured."""
        self.rate, self._measured = None, -math.inf
        self._seen.clear()

    def note(self, update: int, now: float) -> float | None:
        """Take how many updates are done; return the rate, None until there is one."""
        if self._seen and update < self._seen[-1][1]:  # another run
            self.reset()
        self._seen.append((now, update))
        while len(self._seen) > 2 and self._seen[1][0] <= now - self.SPAN:
            self._seen.popleft()
        start, first = self._seen[0]
        if now - max(start, self._measured) >= self.PERIOD:
            self.rate, self._measured = (update - first) / (now - start), now
        return self.rate


class ActionButton(IconButton):
    """A button that shows an action by its icon, and is enabled and checked as the action is."""

    def __init__(self, action: QAction) -> None:
        super().__init__("dots", action.toolTip(), plain(action.text()))
        self.setDefaultAction(action)


class SettingsButton(StyleFollower, QToolButton):
    """Opens and closes the settings; it shows their name if there is room, but not to an audience.

    It is as wide while they are open as while they are closed, so that no button beside it moves.
    """

    _brief, _roomy, _name_width = False, True, 0

    def __init__(self, action: QAction) -> None:
        super().__init__()
        self.setDefaultAction(action)
        self.setAccessibleName(plain(action.text()))
        self.follow_style()

    @property
    def roomy(self) -> bool:
        """Whether there is room for the name."""
        return self._roomy

    @property
    def spare(self) -> int:
        """The width in pixels that the name takes, or would take."""
        return 0 if self._brief else self._name_width

    def set_roomy(self, roomy: bool) -> None:
        """Set whether there is room for the name."""
        if roomy != self._roomy:
            self._roomy = roomy
            self._show_name()

    def set_brief(self, brief: bool) -> None:
        """Set whether it does without the name."""
        self._brief = brief
        self.fit()

    def fit(self) -> None:
        self.setIconSize(QSize(theme.px(16), theme.px(16)))
        self.setFixedHeight(theme.px(theme.CONTROL))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        width = self.sizeHint().width()
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self._name_width = width - self.sizeHint().width()
        self._show_name()

    def _show_name(self) -> None:
        style, named = Qt.ToolButtonStyle, self._roomy and not self._brief
        self.setToolButtonStyle(style.ToolButtonTextBesideIcon if named else style.ToolButtonIconOnly)


class Controls(StyleFollower, QFrame):
    """The row of controls: it shows values and offers actions; those without room go into a menu at its end."""

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAccessibleName("Controls")
        self.play = PrimaryButton("Play", "play", actions["play"].toolTip())
        self.play.clicked.connect(actions["play"].trigger)
        self.settings = SettingsButton(actions["settings"])
        self.step_update, self.step_epoch, self.reset, self.new_weights = (
            ActionButton(actions[name]) for name in ("step_update", "step_epoch", "reset", "new_weights")
        )
        self.undo, self.redo, self.open, self.save, self.sweep, self.lessons, self.theme, self.present = (
            ActionButton(actions[name])
            for name in ("undo", "redo", "open", "save", "sweep", "lessons", "theme", "present")
        )
        self.more = IconButton("dots", "Shows the buttons for which there is no room.", "More buttons", flat=True)
        self.more.clicked.connect(self._open_menu)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self.speed = SpeedSlider()
        self.speed.setAccessibleName("Speed")
        self.speed.setToolTip(
            "Updates per second: those asked for and, while training, those reached; up to 25, every update is drawn."
        )
        self.speed.set_value(float("inf"))
        self._meter = RateMeter()
        self._playing = self._presenting = self._brief = self._is_tested = False
        self._actions = actions
        self.epoch = Readout("Epoch", "000 000", "How many times all training samples have been used.")
        self.train = Readout(
            "Train cost", "8.88e\u22128", "The loss to learn with, over the training samples, with the penalty."
        )
        self.test = Readout(
            "Test cost", "8.88e\u22128", "The loss to learn with, over the test samples, with the penalty."
        )
        self.score = Readout("Test accuracy", "100.0 %", "Accuracy over the test samples.")
        self._speed_label = label("Speed", "hint")
        self._speed_label.setBuddy(self.speed.slider)
        # What leaves the row when it gets narrow, the first of them first; of the readouts only the notes leave it, and
        # of the settings only the name.
        self._noted = (self.train, self.test, self.score)
        self._foldable: tuple[tuple[QWidget, ...], ...] = (
            (self.present,), (self.theme,), (self.sweep,), (self.open, self.save), (self.settings,), self._noted,
            (self.lessons,), (self._speed_label,), (self.undo, self.redo), (self.new_weights,),
        )  # fmt: skip
        self._lay_out()

    def _lay_out(self) -> None:
        self._row = QHBoxLayout(self)
        leading: tuple[QWidget, ...] = (
            self.settings, self.play, self.step_update, self.step_epoch, self.reset, self.new_weights,
        )  # fmt: skip
        for widget in leading:
            self._row.addWidget(widget)
        self._row.addSpacing(theme.GRID)
        self._row.addWidget(self._speed_label)
        self._row.addWidget(self.speed)
        self._row.addStretch(1)
        self._readings = QHBoxLayout()
        for readout in (self.epoch, self.train, self.test, self.score):
            self._readings.addWidget(readout)
        self._row.addLayout(self._readings)
        self._row.addStretch(1)
        trailing: tuple[QWidget, ...] = (
            self.undo, self.redo, self.open, self.save, self.sweep, self.lessons, self.theme, self.present, self.more,
        )  # fmt: skip
        for widget in trailing:
            self._row.addWidget(widget)
        self.more.hide()
        self.speed.changed.connect(lambda *_: self._meter.reset())
        # A click leaves the focus where it was, so that Space still plays and pauses.
        for button in self.findChildren(QAbstractButton):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.follow_style()

    def set_playing(self, playing: bool) -> None:
        """Show on the play button what pressing it does."""
        self._playing = playing
        self._meter.reset()
        self.speed.show_reached(None)
        self.play.show_action(*(("Pause", "pause") if playing else ("Play", "play")))

    def set_speed(self, speed: float) -> None:
        """Choose a speed, in updates per second, as the slider does."""
        self.speed.set_value(speed)
        self.speed.changed.emit(self.speed.value(), True)

    def show_readings(self, shown: Readouts) -> None:
        """Update the readouts."""
        if self._playing:
            self.speed.show_reached(self._meter.note(shown.update, perf_counter()))
        self.epoch.set_text(f"{shown.epoch:,}")
        self.epoch.setToolTip(
            f"How many times all training samples have been used; {words.count(shown.update, 'update')} so far."
        )
        several = shown.replicas > 1 and shown.seed is None
        of_many = f"; median and quartiles of {shown.replicas} seeds" if several else ""
        of_one = "" if shown.seed is None else f"seed {shown.seed}"

        def caption(text: str) -> str:
            return f"{shown.lane}: {words.within(text)}" if shown.lane else text

        self._is_tested = shown.of_test
        self.train.set_text(words.cost(shown.train.value))
        self.train.setToolTip(
            f"{shown.objective} over the training samples, with the penalty: what training minimises{of_many}."
        )
        self.test.set_text(words.cost(shown.test.value))
        self.test.setToolTip(f"{shown.objective} over the test samples, with the penalty{of_many}.")
        kind = METRICS[shown.metric].label_within()
        self.train.set_caption(caption("Train cost"))
        self.test.set_caption(caption("Test cost"))
        self.score.set_caption(caption(f"{'Test' if shown.of_test else 'Train'} {kind}"))
        score = shown.score.value
        self.score.set_text(words.share(score) if METRICS[shown.metric].is_share else words.score(score))
        part = "test" if shown.of_test else "training"
        beaten = f"; {shown.baseline}" if shown.baseline else ""
        self.score.setToolTip(f"{METRICS[shown.metric].label} over the {part} samples{of_many}{beaten}.")
        self.train.set_note(shown.train.spread(words.cost) if several else of_one)
        self.test.set_note(shown.test.spread(words.cost) if several else of_one)
        self.score.set_note(
            shown.score.spread(_per_cent if METRICS[shown.metric].is_share else words.score)
            if several
            else of_one or (shown.baseline if shown.is_lopsided else "")
        )

        self._make_room()

    def set_presenting(self, presenting: bool) -> None:
        """Keep the way back in sight while presenting, and offer there what else a presenter can do."""
        self._presenting = presenting
        self.settings.set_brief(presenting)
        self._make_room()

    def set_brief(self, brief: bool) -> None:
        """Leave out what an audience does not need: new weights, and a test cost where there are no test samples."""
        self._brief = brief
        self._make_room()

    # Room

    @property
    def _leaving(self) -> tuple[tuple[QWidget, ...], ...]:
        """What leaves the row when it gets narrow, the first of them first."""
        never = {self.present} if self._presenting else set()
        never |= {self.new_weights} if self._brief else set()
        return tuple(group for group in self._foldable if never.isdisjoint(group))

    def _make_room(self) -> None:
        """If the window is narrow, leave out notes and buttons; a menu offers the buttons instead."""
        if self._presenting:
            self.present.show()
        self.test.setHidden(self._brief and not self._is_tested)
        if self._brief:
            self.new_weights.hide()
        room, needed = self.width(), self._least_width()
        widgets = [widget for group in self._leaving for widget in group]
        more = 0 if self._presenting else self._width(self.more)
        roomy = needed - more + sum(map(self._width, widgets)) <= room
        shown: set[QWidget] = set(widgets) if roomy else set()
        for group in reversed(self._leaving):
            width = sum(map(self._width, group))
            if needed + width <= room:
                needed += width
                shown.update(group)
            elif group is not self._noted:
                break  # what matters less is not shown in its place
        for widget in widgets:
            if isinstance(widget, Readout | SettingsButton):
                widget.set_roomy(widget in shown)
            else:
                widget.setVisible(widget in shown)
        self.more.setVisible(self._presenting or not roomy)

    def _width(self, widget: QWidget) -> int:
        """Return the width that a widget, or the note of a readout, or the name of the settings, adds to the row."""
        if isinstance(widget, Readout | SettingsButton):
            return widget.spare
        return widget.sizeHint().width() + self._row.spacing()

    def _least_width(self) -> int:
        """Return the width without notes and name, with everything folded that can be."""
        least = self._row.minimumSize().width()
        for widget in (widget for group in self._leaving for widget in group):
            if widget.roomy if isinstance(widget, Readout | SettingsButton) else not widget.isHidden():
                least -= self._width(widget)
        return least + (self._width(self.more) if self.more.isHidden() else 0)

    def _open_menu(self) -> None:
        self._menu.clear()
        buttons = sorted(self.findChildren(ActionButton), key=self._row.indexOf)
        self._menu.addActions([button.defaultAction() for button in buttons if button.isHidden()])
        if self._presenting:
            self._menu.addSeparator()
            self._menu.addActions(self._actions.of_menu(PRESENT))
        self._menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._least_width(), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        call_later(self, self._make_room)

    def fit(self) -> None:
        """Set margins and spacing."""
        self._row.setContentsMargins(theme.px(12), theme.px(8), theme.px(12), theme.px(8))
        self._row.setSpacing(theme.px(8))
        self._readings.setSpacing(theme.px(16))
