"""The row of controls on top: play, step, reset, speed, the readouts, undo, files and theme."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent, QUndoStack
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from sandbox import words
from sandbox.nn import METRICS
from sandbox.ui import theme
from sandbox.ui.icons import icon
from sandbox.ui.kit import IconButton, PrimaryButton, Readout, SpeedSlider, label
from sandbox.ui.kit.base import StyleFollower, call_later


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


class Controls(StyleFollower, QFrame):
    """The row of controls: it only shows values and emits signals."""

    def __init__(self, undo_stack: QUndoStack) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAccessibleName("Controls")
        self.play = PrimaryButton("Play", "play", "Trains, or pauses training (Space).")
        self.step_update = IconButton("step-update", "Trains one update and pauses.", "Step one update")
        self.step_epoch = IconButton("step-epoch", "Trains to the end of the epoch and pauses.", "Step one epoch")
        self.reset = IconButton("reset", "Restarts from the same initial weights.", "Reset")
        self.new_weights = IconButton("dice", "Restarts from other initial weights.", "New weights")
        self.undo = IconButton("undo", "Undoes the last change (Ctrl+Z).", "Undo")
        self.redo = IconButton("redo", "Redoes the last undone change (Ctrl+Shift+Z).", "Redo")
        self.open = IconButton("open", "Opens an experiment file (Ctrl+O).", "Open experiment")
        self.save = IconButton("save", "Saves the experiment with all edits (Ctrl+S).", "Save experiment")
        self.sweep = IconButton("sweep", "Runs this experiment over a grid of settings (Ctrl+G).", "Sweep")
        self.theme = IconButton("moon", "Switches between light and dark.", "Switch theme")
        self.present = IconButton("present", "Enlarges everything for the back row (F11).", "Present")
        self.present.setCheckable(True)
        self.speed = SpeedSlider()
        self.speed.setAccessibleName("Speed")
        self.speed.setToolTip(
            "Updates per second: those asked for and, while training, those reached; up to 25, every update is drawn."
        )
        self.speed.set_value(float("inf"))
        self._meter = RateMeter()
        self._playing = False
        self.epoch = Readout("Epoch", "000 000", "How many times all training samples have been used.")
        self.train = Readout(
            "Train cost", "0.00000", "The loss to learn with, over the training samples, with the penalty."
        )
        self.test = Readout("Test cost", "0.00000", "The loss to learn with, over the test samples, with the penalty.")
        self.score = Readout("Test accuracy", "100.0 %", "Accuracy over the test samples.")
        self._lay_out()
        self._wire(undo_stack)

    def allow_steps(self, allowed: bool) -> None:
        """Enable single steps; they are not possible while a lane catches up with the others."""
        for button in (self.step_update, self.step_epoch):
            button.setEnabled(allowed)

    def _lay_out(self) -> None:
        self._row = QHBoxLayout(self)
        for widget in (self.play, self.step_update, self.step_epoch, self.reset, self.new_weights):
            self._row.addWidget(widget)
        self._row.addSpacing(theme.GRID)
        speed = label("Speed", "hint")
        speed.setBuddy(self.speed.slider)
        self._row.addWidget(speed)
        self._row.addWidget(self.speed)
        self._row.addStretch(1)
        for readout in (self.epoch, self.train, self.test, self.score):
            self._row.addWidget(readout)
        self._row.addStretch(1)
        for widget in (self.undo, self.redo, self.open, self.save, self.sweep, self.theme, self.present):
            self._row.addWidget(widget)
        # A click leaves the focus where it was, so that Space still plays and pauses.
        buttons: tuple[QWidget, ...] = (
            self.play, self.step_update, self.step_epoch, self.reset, self.new_weights, self.undo, self.redo, self.open,
            self.save, self.sweep, self.theme, self.present,
        )  # fmt: skip
        for button in buttons:
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.follow_style()

    def _wire(self, undo_stack: QUndoStack) -> None:
        undo_stack.canUndoChanged.connect(self.undo.setEnabled)
        undo_stack.canRedoChanged.connect(self.redo.setEnabled)
        undo_stack.undoTextChanged.connect(
            lambda text: self.undo.setToolTip(f"Undoes the {text or 'last change'} (Ctrl+Z).")
        )
        undo_stack.redoTextChanged.connect(
            lambda text: self.redo.setToolTip(f"Redoes the {text or 'last undone change'} (Ctrl+Shift+Z).")
        )
        self.undo.setEnabled(False)
        self.redo.setEnabled(False)
        self.speed.changed.connect(lambda *_: self._meter.reset())

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

    def set_dark(self, dark: bool) -> None:
        """Show which theme the theme button switches to."""
        self.theme.setIcon(icon("sun" if dark else "moon"))

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
        self.score.set_text(words.share(score) if METRICS[shown.metric].is_share else words.cost(score))
        self.score.setToolTip(
            f"{METRICS[shown.metric].label} over the {'test' if shown.of_test else 'training'} samples{of_many}."
        )
        self.train.set_note(shown.train.spread(words.cost) if several else of_one)
        self.test.set_note(shown.test.spread(words.cost) if several else of_one)
        self.score.set_note(
            shown.score.spread(_per_cent if METRICS[shown.metric].is_share else words.cost) if several else of_one
        )

        self._make_room()

    def _make_room(self) -> None:
        """Hide the notes of the readouts if the window is too narrow for them."""
        readouts = (self.train, self.test, self.score)
        shown_notes = sum(readout.spare for readout in readouts if readout.roomy)
        needed = self._row.minimumSize().width() - shown_notes + sum(readout.spare for readout in readouts)
        for readout in readouts:
            readout.set_roomy(needed <= self.width())

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        notes = sum(readout.spare for readout in (self.train, self.test, self.score) if readout.roomy)
        return QSize(hint.width() - notes, hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        call_later(self, self._make_room)

    def fit(self) -> None:
        """Set margins and spacing."""
        self._row.setContentsMargins(theme.px(12), theme.px(8), theme.px(12), theme.px(8))
        self._row.setSpacing(theme.px(8))
