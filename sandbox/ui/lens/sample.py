"""The lens "Sample": one sample's path through the network and back, for two losses side by side."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSpinBox, QVBoxLayout, QWidget

from sandbox import words
from sandbox.data import Data
from sandbox.experiment.document.defaults import rival_of
from sandbox.experiment.lens.sample import FollowSample, SamplePath
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.nn import LOSSES
from sandbox.ui import theme
from sandbox.ui.kit import Choice, Elided, Item, Toggle, label
from sandbox.ui.kit.base import set_state
from sandbox.ui.kit.colour_key import DecidedKey
from sandbox.ui.lens.base import Lens
from sandbox.ui.lens.sample_canvas import SampleCanvas
from sandbox.ui.theme import Theme

PERIOD = 0.1  # seconds between two answers: numbers cannot be read faster
PARTS = {"train": "Training", "test": "Test"}


class SampleLens(Lens[SamplePath]):
    """Follows one sample: its numbers in the layout of the network, marked where the loss decides them."""

    title = "Sample"
    summary = "Follows one sample forward and back, for two losses side by side."

    period = PERIOD

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("One sample")
        self._part, self._index = "train", 0
        self._counts = {"train": 1, "test": 0}
        self._other: str | None = None
        self._objective = ""
        self._at_output = True
        self._data: Data | None = None
        self._build()
        self._connect()
        self.follow_style()

    def _build(self) -> None:
        self.part = Choice(_parts(self._counts))
        self.part.setAccessibleName("Part of the data")
        self.part.setToolTip("The part of the data that the sample is taken from.")
        self.number = QSpinBox()
        self.number.setAccessibleName("Sample number")
        self.number.setToolTip(
            "The sample that is followed, counted from 1; full stop and comma step forward and back. A click on a "
            "point of the boundary chooses one, too."
        )
        self.number.setKeyboardTracking(False)
        self.number.setRange(1, 1)
        self.words = Elided("", "")
        self.expanded = Toggle("All units")
        self.expanded.setToolTip("Shows all units of large layers, not only the first ones.")
        self.left = Elided("", "")
        self.left.setToolTip("The loss to learn with, whose derivatives train: the left number of each pair.")
        self.right_word = label("Right:")
        self.other = Choice()
        self.other.setAccessibleName("Loss to compare with")
        self.other.setToolTip("Another loss of the same output: the right number of each pair.")
        self.right_word.setBuddy(self.other)
        self.canvas = SampleCanvas()
        self.area = QScrollArea()
        self.area.setAccessibleName("Numbers of the sample")
        self.area.setWidget(self.canvas)
        self.area.setWidgetResizable(False)
        self.area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setCornerWidget(QWidget())
        self.legend = DecidedKey()
        self.legend.setToolTip(
            "Numbers on this colour differ between the two losses; all others are the same for every loss."
        )
        self.share = Elided("", "hint")
        self.share.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._rows = [QHBoxLayout() for _ in range(3)]
        rows: list[list[QWidget]] = [
            [self.part, self.number, self.words, self.expanded],
            [self.left, self.right_word, self.other],
        ]
        for row, widgets in zip(self._rows, rows, strict=False):
            for widget in widgets:
                row.addWidget(widget, int(widget is self.words))
        self._rows[1].addStretch(1)
        self._rows[2].addWidget(self.legend)
        self._rows[2].addWidget(self.share, 1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(self._rows[0])
        self._column.addLayout(self._rows[1])
        self._column.addWidget(self.area, 1)
        self._column.addLayout(self._rows[2])

    def _connect(self) -> None:
        self.part.changed.connect(lambda part, _: self._choose_and_emit(str(part), 0))
        self.number.valueChanged.connect(lambda number: self._choose_and_emit(self._part, number - 1))
        self.other.changed.connect(lambda name, _: self._compare(str(name)))
        self.expanded.changed.connect(lambda on, _: self._expand(bool(on)))
        self.canvas.expand_requested.connect(lambda: self._expand(True))
        # If not all columns fit, show the output, where the loss decides, until the user scrolls.
        bar = self.area.horizontalScrollBar()
        bar.rangeChanged.connect(lambda _, maximum: bar.setValue(maximum) if self._at_output else None)
        bar.actionTriggered.connect(lambda _: self._leave_output())
        self.canvas.reshaped.connect(self._to_output)
        for key, by in ((Qt.Key.Key_Period, 1), (Qt.Key.Key_Comma, -1)):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda by=by: self._step(by))

    def _to_output(self) -> None:
        self._at_output = True
        bar = self.area.horizontalScrollBar()
        bar.setValue(bar.maximum())

    def _leave_output(self) -> None:
        self._at_output = False

    # Which sample, which loss

    @property
    def sample(self) -> tuple[str, int]:
        """The part, "train" or "test", and the number, counted from 0, of the sample that is followed."""
        return self._part, self._index

    def choose(self, part: str, index: int) -> None:
        """Follow another sample without emitting `sample_chosen`; an index out of range is clamped."""
        if not self._counts[part]:
            part = "train"
        index = max(0, min(index, self._counts[part] - 1))
        self._show_choice(part, index)
        if (part, index) != self.sample:
            self._part, self._index = part, index
            self.ask_again()

    def _show_choice(self, part: str, index: int) -> None:
        self.part.set_value(part)
        blocked = self.number.blockSignals(True)
        self.number.setRange(1, self._counts[part])
        self.number.setSuffix(f" of {self._counts[part]:,}")
        self.number.setValue(index + 1)
        self.number.blockSignals(blocked)

    def _choose_and_emit(self, part: str, index: int) -> None:
        self.choose(part, index)
        self.sample_chosen.emit(*self.sample)

    def _step(self, by: int) -> None:
        train, test = self._counts["train"], self._counts["test"]
        position = (self._index + (train if self._part == "test" else 0) + by) % (train + test)
        self._choose_and_emit(*(("train", position) if position < train else ("test", position - train)))

    def _compare(self, name: str) -> None:
        self._other = name
        self.ask_again()

    def _expand(self, expanded: bool) -> None:
        self.expanded.set_value(expanded)
        self.canvas.set_expanded(expanded)

    def begin_afresh(self) -> None:
        self._other, self._objective = None, ""  # the next snapshot names both
        self._expand(False)
        self.choose("train", 0)

    # Asking and drawing

    def set_theme(self, colours: Theme, scale: float = 1.0) -> None:
        self.canvas.set_theme(colours)
        super().set_theme(colours, scale)

    def question(self, lane: str) -> FollowSample | None:
        return None if self._other is None else FollowSample(lane, self._part, self._index, self._other)

    def follow(self, snapshot: Snapshot, lane: str) -> None:
        state = snapshot.lane(lane)
        if state is None:
            return
        data = snapshot.data
        counts = {"train": len(data.X_train), "test": len(data.X_test)}
        if self._data is None or data.inputs != self._data.inputs:  # the number now means another sample
            self._part, self._index = "train", 0
        self._data = data
        if counts != self._counts:
            self._counts = counts
            self.part.set_items(_parts(counts))
            self.choose(self._part, self._index)
        if state.objective != self._objective:
            self._take_objective(state.objective, data.task)

    def _take_objective(self, objective: str, task: str) -> None:
        self._objective = objective
        if self._other is None or self._other == objective:
            self._other = rival_of(objective, task)
        self.other.set_items([(name, kind.label, kind.summary) for name, kind in LOSSES.items() if name != objective])
        self.other.set_value(self._other)
        self.ask_again()

    def show_answer(self, answer: SamplePath, snapshot: Snapshot, lane: str) -> None:
        features = snapshot.data.feature_names
        outputs = snapshot.data.class_names or snapshot.data.target_names
        left, right = answer.back
        self.words.setText(f"{answer.target}, predicted {answer.prediction.removeprefix('class ')}")
        wrong = bool(outputs) and answer.target.startswith("class") and answer.target != answer.prediction
        set_state(self.words, "role", "error" if wrong else "")
        self.left.setText(f"Left: {LOSSES[left.loss].label}")
        name = f"dW[{len(answer.Z)}]"
        if answer.part == "train":
            self.share.setText(f"{words.share(left.share)} | {words.share(right.share)} of the length of {name}")
            self.share.setToolTip(
                f"The length of this sample's part of {name}, relative to the whole. Parts in opposite directions "
                "cancel in the sum, so a single one can be longer than the whole."
            )
        else:
            self.share.setText("a test sample takes no part in any update")
            self.share.setToolTip(self.share.text())
        self.legend.set_notes(*_scaled(snapshot.data))
        number = f"{PARTS[answer.part]} sample {answer.index + 1} of {answer.count}"
        self.area.setAccessibleDescription(f"{number}: {self.words.text()}")
        self.canvas.show_sample(answer, features, outputs)
        self.expanded.setVisible(self.canvas.folds)

    # Sizes

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.canvas.set_room(self.area.width() - theme.px(theme.GRID))

    def fit(self) -> None:
        """Set spacings, and column widths that hold the widest number."""
        self._column.setSpacing(theme.px(theme.HALF))
        for row in self._rows:
            row.setSpacing(theme.px(theme.GRID))
        self.number.setFixedHeight(theme.px(theme.CONTROL))
        self.canvas.fit()
        self.canvas.set_room(self.area.width() - theme.px(theme.GRID))


def _scaled(data: Data) -> tuple[str, ...]:
    """Return a note on which numbers are standardised, if any are."""
    scaled = {"inputs": bool((data.scale != 1.0).any()), "targets": data.standardizes_target}
    names = [name for name, is_scaled in scaled.items() if is_scaled]
    return (f"{' and '.join(names)} standardised",) if names else ()


def _parts(counts: Mapping[str, int]) -> list[Item]:
    """Return the parts that have samples."""
    return [(p, name, f"Follows a sample of the {name.lower()} part.") for p, name in PARTS.items() if counts[p]]
