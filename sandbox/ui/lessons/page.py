"""One step of a lesson: what it asks, says, claims and waits for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QCoreApplication, QEvent, QRect, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QScrollArea, QVBoxLayout, QWidget

from sandbox.experiment.document.settings import SETTINGS
from sandbox.lessons import Claim, Prediction, Verdict
from sandbox.lessons.lesson import LENSES
from sandbox.ui import theme
from sandbox.ui.actions import press_by
from sandbox.ui.kit import label
from sandbox.ui.kit.base import StyleFollower, discard
from sandbox.ui.lessons.buttons import SentenceButton, unbroken, wrapped
from sandbox.ui.lessons.text import StepText

RIGHT, WRONG = "\u2713", "\u2013"
PASSES = 4  # until everything on the page has its place
_KEPT = 40  # pixels at the usual scale that are still seen after a screenful: about two lines
_CHOOSE = (
    "Click what you expect, or press its number; \u201cShow\u201d goes on without. The network trains, and you see."
)
_DRAW = "Draw the curve into the cost plot, with the mouse or with the arrow keys; \u201cShow\u201d goes on without."
_TURNS = {
    "play": "press Play",
    "reset": "press Reset",
    "speed": "choose another speed",
    "add_lane": "add a lane",
    "boundary": "click the boundary",
    "cost": "click the cost plot",
    "lanes": "click a lane",
    "readouts": "click a readout",
}


def turn_text(place: str, lens: str) -> str:
    """Return what the person is asked to do; `lens` is the title of the lens of that name."""
    if place in SETTINGS:
        return f"Your turn: change \u201c{SETTINGS[place].label}\u201d."
    turn = f"open the tab \u201c{lens}\u201d" if place in LENSES else _TURNS[place]
    return f"Your turn: {turn}."


def verdict_text(claim: Claim, verdict: Verdict, measured: Verdict | None) -> str:
    """Return what became of a claim in this run, and what was measured of it over many seeds."""
    parts = []
    here = claim.figures(verdict) if verdict.is_known else ""
    says_all = claim.is_never and verdict.holds  # "never" is all that could be added to a tick
    if here and not (says_all and verdict.of == 1):
        several = f"; true with {verdict.seeds} of {verdict.of} seeds" if verdict.of > 1 else ""
        parts.append(f"{'Here' if verdict.holds else 'Not so here'}: {here}{several}.")
    if measured is not None and measured.of > 1:
        sides = claim.figures(measured)
        median = f"{'median' if claim.other is None else 'medians'} {sides}, " if sides != here else "the same median, "
        true = "all" if measured.seeds == measured.of else f"{measured.seeds} of them"
        parts.append(f"From {measured.of} starts (seeds): {'' if claim.is_never else median}true in {true}.")
    return " ".join(parts)


class ClaimRow(StyleFollower, QWidget):
    """A claim with a tick once it holds, and its figures."""

    def __init__(self, claim: Claim) -> None:
        super().__init__()
        self.claim = claim
        self.sign, self.sentence, self.figures = (
            label("", "title"),
            wrapped(unbroken(claim.sentence)),
            wrapped("", "hint"),
        )
        self.sign.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._row = QHBoxLayout(self)
        self._column = QVBoxLayout()
        self._row.addWidget(self.sign)
        self._row.addLayout(self._column, 1)
        self._column.addWidget(self.sentence)
        self._column.addWidget(self.figures)
        self.follow_style()

    def show_verdict(self, verdict: Verdict, measured: Verdict | None) -> None:
        """Tick it if it holds in this run."""
        self.sign.setText(RIGHT if verdict.holds else WRONG if verdict.is_known else "")
        self.figures.setText(unbroken(verdict_text(self.claim, verdict, measured)))
        self.figures.setVisible(bool(self.figures.text()))
        holds = "holds" if verdict.holds else "does not hold here" if verdict.is_known else "is not known yet"
        self.setAccessibleName(f"{self.claim.sentence}: it {holds}")
        self.setAccessibleDescription(self.figures.text())

    def fit(self) -> None:
        """Set the spacings."""
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.px(theme.HALF))
        self._column.setSpacing(0)
        self.sign.setFixedWidth(theme.px(14))


class PredictionBox(StyleFollower, QFrame):
    """A question before the training: its choices as buttons, or a curve to draw.

    Signals
    -------
    chosen(int)
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Prediction")
        self.question = wrapped("", "title")
        self.how = wrapped("", "hint")
        self.outcome = wrapped()
        self.choices: list[SentenceButton] = []
        self._column = QVBoxLayout(self)
        self._buttons = QVBoxLayout()
        self._column.addWidget(self.question)
        self._column.addLayout(self._buttons)
        for part in (self.how, self.outcome):
            self._column.addWidget(part)
        self.follow_style()

    def ask(self, prediction: Prediction) -> None:
        """Show a question that has not been answered."""
        for button in self.choices:
            self._buttons.removeWidget(button)
            discard(button)
        self.question.setText(prediction.question)
        self.choices = [
            SentenceButton(choice.text, sign=str(number)) for number, choice in enumerate(prediction.choices, start=1)
        ]
        for index, button in enumerate(self.choices):
            button.clicked.connect(lambda _=False, index=index: self.chosen.emit(index))
            press_by(button, button.sign.text())
            self._buttons.addWidget(button)
            button.show()  # at once: a layout shows what is added to it only later
        self.how.setText(_DRAW if prediction.curve else _CHOOSE)
        self.how.show()
        self.outcome.hide()

    def show_answer(self, chosen: int | None, right: Sequence[bool], outcome: str) -> None:
        """Mark what was chosen, and what is right once that is known (else `right` is empty)."""
        for index, button in enumerate(self.choices):
            mine = "your prediction" if index == chosen else ""
            if not right:
                button.show_result("chosen" if mine else "", "", mine)
            elif right[index]:
                button.show_result("right", RIGHT, f"{mine}, and what happened" if mine else "what happened")
            else:
                button.show_result("wrong" if mine else "", "", mine)
        self.how.hide()
        self.outcome.setText(unbroken(outcome))
        self.outcome.setVisible(bool(outcome))

    def fit(self) -> None:
        """Set margins and spacings."""
        step = theme.px(theme.GRID)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(step)
        self._buttons.setSpacing(theme.px(6))


class NoteBox(StyleFollower, QFrame):
    """A tinted box with a sentence and a button.

    Signals
    -------
    acted()
        The button was clicked.
    """

    acted = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName("answer")
        self.setAccessibleName(name)
        self.sentence = wrapped()
        self.button = QPushButton()
        self.button.clicked.connect(self.acted)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.sentence)
        self._column.addWidget(self.button)
        self.hide()
        self.follow_style()

    def say(self, sentence: str, action: str = "", tip: str = "") -> None:
        """Show a sentence, and a button if there is an action; "" hides both."""
        self.sentence.setText(sentence)
        self.button.setText(action)
        self.button.setToolTip(tip)
        self.button.setVisible(bool(action))
        self.setVisible(bool(sentence))

    def fit(self) -> None:
        """Set margins and spacing."""
        edge = theme.px(theme.GRID)
        self._column.setContentsMargins(edge, theme.px(6), edge, theme.px(6))
        self._column.setSpacing(theme.px(6))


class StepPage(StyleFollower, QScrollArea):
    """A step, from top to bottom."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Step of the lesson")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        content = QWidget()
        content.setObjectName("column")
        self.title = wrapped("", "reading")
        self.away = NoteBox("Away from the lesson")
        self.prediction = PredictionBox()
        self.text = StepText()
        self.text.listed.connect(self._follow_code)
        self.prose = self.text.prose
        self.training = QWidget()
        self.epochs = label("", "hint")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Training of this step")
        self.train_on = QPushButton("Go on training")
        self.train_on.setToolTip("Trains as far as this step needs.")
        self.turn = NoteBox("Your turn")
        self.claims_title = label("Checked in your run", "caption")
        self.claims: list[ClaimRow] = []
        self.sources = wrapped("", "hint")
        self._training = QVBoxLayout(self.training)
        self._training.addWidget(self.epochs)
        self._training.addWidget(self.bar)
        self._training.addWidget(self.train_on)
        self._claims = QVBoxLayout()
        self._column = QVBoxLayout(content)
        self._parts: tuple[QWidget, ...] = (
            self.away, self.title, self.prediction, self.training, self.text, self.turn, self.claims_title,
        )  # fmt: skip
        for part in self._parts:
            self._column.addWidget(part)
        self._column.addLayout(self._claims)
        self._column.addWidget(self.sources)
        self._column.addStretch(1)
        self.setWidget(content)
        self.follow_style()

    @property
    def arrangement(self) -> tuple[object, ...]:
        """What decides where everything is; while it stays the same, nothing moves."""
        boxes = (self.away.sentence, self.turn.sentence, self.prediction.outcome, self.prediction.question)
        return (
            self.title.text(), *self.text.paragraphs, *(box.text() for box in boxes), self.sources.text(),
            *(part.isHidden() for part in (*self._parts, self.sources, self.train_on)),
            *((button.sign.text(), button.hint.text()) for button in self.prediction.choices),
            *((row.isHidden(), row.figures.text()) for row in self.claims),
        )  # fmt: skip

    def set_step(self, title: str, claims: Sequence[Claim], prediction: Prediction | None, sources: str) -> None:
        """Show another step, from its top."""
        self.title.setText(title)
        for row in self.claims:
            self._claims.removeWidget(row)
            discard(row)
        self.claims = [ClaimRow(claim) for claim in claims]
        for row in self.claims:
            self._claims.addWidget(row)
        self.prediction.setVisible(prediction is not None)
        if prediction is not None:
            self.prediction.ask(prediction)
        self.sources.setText(sources)
        self.verticalScrollBar().setValue(0)

    def take_places(self) -> None:
        """Give everything its place at once, so that no frame shows the page halfway.

        A text takes its height only once it has its width, and a scroll bar that appears changes that again.
        """
        for _ in range(PASSES):
            QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
            self.text.take_height()
            for button in self.prediction.choices:
                button.take_height()

    def turn_page(self, by: int) -> bool:
        """Scroll a screenful down (1) or up (-1); return whether there was more to read, but for the sources."""
        bar, seen = self.verticalScrollBar(), self.viewport().height()
        before = bar.value()
        parts = (self.prediction, self.text, self.turn, *self.claims)
        end = max((part.geometry().bottom() for part in parts if not part.isHidden()), default=0)
        if by < 0 or end >= before + seen:
            bar.setValue(before + by * max(seen - theme.px(_KEPT), 1))
        return bar.value() != before

    def show_text(self, text: str | None, with_code: bool = False) -> None:
        """Show the text with its sources; None while a prediction is asked for, which it would answer.

        `with_code` lets the lines of its code light up with what they compute.
        """
        self.text.setVisible(text is not None)
        self.sources.setVisible(text is not None and bool(self.sources.text()))
        if text is not None:
            self.text.set_text(unbroken(text), with_code)

    def _follow_code(self) -> None:
        """Scroll to the lines of code that are reached by keys."""
        for box in self.text.boxes:
            box.view.reached.connect(lambda place, view=box.view: self._show_line(view, place))

    def _show_line(self, view: QWidget, place: QRect) -> None:
        content = self.widget()
        assert content is not None
        for corner in (place.bottomLeft(), place.topLeft()):
            height = view.mapTo(content, corner).y()
            self.ensureVisible(0, height, 0, theme.px(theme.GRID))

    def show_training(self, epoch: int, until: int, paused: bool) -> None:
        """Show how far the training of the step is; `until` 0 hides it."""
        self.training.setVisible(bool(until))
        if until:
            done = min(epoch, until)
            paused_at = f"Paused at epoch {done:,} of {until:,}"
            self.epochs.setText(paused_at if paused else f"Training: epoch {done:,} of {until:,}")
            self.bar.setRange(0, until)
            self.bar.setValue(done)
            self.train_on.setVisible(paused)

    def show_claims(self, verdicts: Sequence[Verdict], measured: Mapping[str, Verdict]) -> None:
        """Show the verdicts; none hides the claims, which would tell what happens before it has."""
        shown = bool(verdicts) and bool(self.claims)
        self.claims_title.setVisible(shown)
        for row in self.claims:
            row.setVisible(shown)
        for row, verdict in zip(self.claims, verdicts, strict=False):
            row.show_verdict(verdict, measured.get(row.claim.text))

    def fit(self) -> None:
        """Set margins and spacings."""
        step = theme.px(theme.GRID)
        self._column.setContentsMargins(0, 0, theme.px(theme.HALF), step)
        self._column.setSpacing(theme.px(12))
        self._claims.setSpacing(theme.px(6))
        self._training.setContentsMargins(0, 0, 0, 0)
        self._training.setSpacing(theme.px(theme.HALF))
        self.bar.setFixedHeight(theme.px(4))


def sketch_outcome(drawn: float, real: float, text: str, real_text: str, until: int) -> str:
    """Return how a drawn curve compares with the real one at its end."""
    if math.isnan(real):
        return ""
    return (
        f"At epoch {until:,} you drew {text}; it is {real_text}." if drawn != real else f"It is {real_text}, as drawn."
    )


def choice_outcome(mine: bool) -> str:
    """Return a word on a choice."""
    return "As you predicted." if mine else "Not as you predicted."
