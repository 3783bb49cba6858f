"""The lessons of a window: the panel, the guide, the ring, and what they ask the training thread."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QMouseEvent

from sandbox import words
from sandbox.errors import InputError
from sandbox.experiment.training.probe import Question
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.lessons import (
    AskStep,
    Lesson,
    Step,
    StepAnswer,
    Verdict,
    figure_text,
    lesson_folders,
    read_lesson,
    read_measured,
    read_quantity,
)
from sandbox.lessons.lesson import LENSES, Prediction
from sandbox.ui.lessons.guide import ASKING, DONE, MOVING, TRAINING, WAITING, Guide
from sandbox.ui.lessons.page import choice_outcome, sketch_outcome, turn_text
from sandbox.ui.lessons.panel import Entry, LessonPanel
from sandbox.ui.lessons.places import Stage, bring_into_view, lens_named, part_of, tab_of
from sandbox.ui.lessons.pointer import Pointer
from sandbox.ui.lessons.progress import Points, has_begun, read_progress
from sandbox.ui.pace import Pace
from sandbox.ui.views.sketch import Sketch

PERIOD = 0.2  # seconds between two answers about a step, at least
_AWAY = "The run in the window is no longer the one of this step."


class LessonDesk(QObject):
    """Offers lessons, follows one, and shows it.

    Attributes
    ----------
    panel : LessonPanel
    guide : Guide
    pointer : Pointer

    Signals
    -------
    wanted_changed()
        `questions` now returns something else.
    shown(bool)
        The panel was opened or closed.
    """

    wanted_changed = Signal()
    shown = Signal(bool)

    def __init__(self, stage: Stage, parent: QObject) -> None:
        super().__init__(parent)
        self._stage = stage
        self.panel = LessonPanel()
        self.guide = Guide(stage, self)
        self.pointer = Pointer(stage.page)
        self._own: list[Path] = []  # folders that the person opened
        self._measured: Mapping[str, Verdict] = {}
        self._step: tuple[Lesson, int] | None = None  # the step on the page
        self._answer: StepAnswer | None = None
        self._is_final = False  # whether that is of the run once the step was done
        self._asked: Question[Any] | None = None
        self._pace = Pace(PERIOD, self)
        self._pace.overdue.connect(self.wanted_changed)
        self._connect()

    def _connect(self) -> None:
        panel, page, guide = self.panel, self.panel.page, self.guide
        panel.list.chosen.connect(self._choose)
        panel.to_list.clicked.connect(self.show_list)
        panel.close_button.clicked.connect(lambda: self.open_panel(False))
        panel.back.clicked.connect(self.go_back)
        panel.next.clicked.connect(self.go_on)
        page.prediction.chosen.connect(guide.predict)
        page.prediction.drawn.connect(self._take_sketch)
        page.away.acted.connect(guide.come_back)
        page.train_on.clicked.connect(guide.train_on)
        guide.changed.connect(self._show)
        guide.arrived.connect(self._point)
        self._allow_steps()

    def follow_views(self) -> None:
        """Follow the views, which are loaded after the window is on screen."""
        cost = self._stage.cost
        assert cost is not None
        cost.pen.drawn.connect(lambda: self.panel.page.prediction.take.setEnabled(True))
        cost.pen.finished.connect(self._take_sketch)

    # Opening and closing

    @property
    def is_open(self) -> bool:
        """Whether the panel is shown."""
        return not self.panel.isHidden()

    def open_panel(self, opened: bool) -> None:
        """Open the panel where it was left, or close it; the lesson is kept as it is."""
        if opened and self.guide.lesson is None:
            self.show_list()
        self._stage.page.open_lessons(opened)
        self._show()
        if opened:
            self._point()
            self.panel.take_focus()
        else:
            self.pointer.point_nowhere()
            if self._stage.cost is not None:
                self._stage.cost.show_sketch(None)
        self.shown.emit(opened)

    def show_list(self) -> None:
        """Show the list of lessons; one that has been begun stays where it is."""
        self.panel.list.show_entries([self._entry(folder) for folder in (*lesson_folders().values(), *self._own)])
        self.panel.show_list()
        self.pointer.point_nowhere()
        if self._stage.cost is not None:
            self._stage.cost.show_sketch(None)
        self._allow_steps()

    def _entry(self, folder: Path) -> Entry:
        try:
            lesson = read_lesson(folder)
        except InputError as error:
            return Entry(folder, folder.name, str(error))
        progress = read_progress(folder)
        begun = progress.step > 0 and not progress.done
        note = f"You are at step {progress.step + 1} of {len(lesson.steps)}." if begun else ""
        return Entry(folder, lesson.title, lesson.summary, note, progress.done)

    def open_lesson(self, folder: Path, afresh: bool = False) -> None:
        """Open the lesson of a folder where it was left, or `afresh`; undo brings back what was in the window.

        Raises
        ------
        InputError
            If it is not a lesson that can be followed.
        """
        lesson = read_lesson(folder)
        self._measured = _measured(lesson)
        if folder not in (*lesson_folders().values(), *self._own):
            self._own.append(folder)
        self._stage.notice.withdraw()
        if self._stage.cost is not None:
            self._stage.cost.stop_inviting()
        self.panel.show_steps(lesson.title)
        self._stage.page.open_lessons(True)
        self.guide.begin(lesson, afresh)
        self.shown.emit(True)

    def _choose(self, folder: Path) -> None:
        lesson = self.guide.lesson
        if lesson is not None and lesson.folder == folder:  # it is open, and goes on as it is
            self.panel.show_steps(lesson.title)
            self._show()
            self._point()
            return
        try:
            self.open_lesson(folder)
        except InputError as error:
            self._stage.notice.say(str(error), error=True)

    def offer(self) -> None:
        """Offer the first lesson in one line, to those who have never begun one."""
        folders = list(lesson_folders().values())
        if has_begun() or not folders:
            return
        title = read_lesson(folders[0]).title
        sentence = f"New here? Lesson 1 takes five minutes: {words.within(title)}."
        self._stage.notice.offer(sentence, "Begin", lambda: self._choose(folders[0]))

    # From step to step

    def go_on(self) -> None:
        """Go to the next step, and from the last one to the list."""
        if self.guide.lesson is None or not self.is_open:
            return
        self.guide.go_on()

    def go_back(self) -> None:
        """Go to the step before."""
        if self.guide.lesson is not None and self.is_open:
            self.guide.go_back()

    def _allow_steps(self) -> None:
        in_steps = self.guide.lesson is not None and self.is_open and not self.panel.shows_list
        for name in ("next_step", "previous_step"):
            self._stage.actions_[name].setEnabled(in_steps)

    # Pointing

    def _point(self) -> None:
        """Draw the ring around what the step points at, unless the panel is closed."""
        guide = self.guide
        if guide.lesson is None or not self.is_open or self.panel.shows_list or self._stage.lenses is None:
            return
        self._ask_for_sketch()
        place, page = guide.step.point, self._stage.page
        prediction = guide.step.prediction
        drawn = "cost" if prediction is not None and prediction.curve else ""
        page.take_back({part_of(place), part_of(guide.step.wait), drawn})
        if not place:
            self.pointer.point_nowhere()
            return
        is_asked_for = place in LENSES and guide.step.wait == place
        targets = tab_of(self._stage, place) if is_asked_for else bring_into_view(self._stage, place)
        self.pointer.point_at(targets, [self.panel.card, self._stage.notice])
        handle = page.window().windowHandle()
        if handle is not None:  # it sees every press before the widget that takes it
            handle.installEventFilter(self)

    def point_again(self) -> None:
        """Unfold what the step points at, after the window has folded other parts than before."""
        was_shading = self.pointer.is_shading
        self._point()
        if not was_shading:
            self.pointer.lift_shade()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            card = self.panel.card
            if not card.rect().contains(card.mapFromGlobal(event.globalPosition().toPoint())):
                self.pointer.lift_shade()  # the person has begun
        return False

    # Predicting a curve

    def _ask_for_sketch(self) -> None:
        cost, guide = self._stage.cost, self.guide
        if cost is None or guide.lesson is None:
            return
        prediction, answer = guide.step.prediction, guide.answer
        if prediction is None or not prediction.curve:
            cost.show_sketch(None)
        elif guide.phase == ASKING:
            bring_into_view(self._stage, "cost")
            cost.ask_for_sketch(self._sketched_lane(prediction), prediction.curve, self._until(prediction))
        elif isinstance(answer, tuple):
            cost.show_sketch(self._sketch(prediction, answer))

    def _sketched_lane(self, prediction: Prediction) -> str:
        return prediction.lane or self._stage.session.experiment.lanes[0].name

    def _until(self, prediction: Prediction) -> int:
        return prediction.until or self.guide.step.train

    def _sketch(self, prediction: Prediction, points: Points) -> Sketch:
        return Sketch.of(self._sketched_lane(prediction), prediction.curve, self._until(prediction), points)

    def _take_sketch(self) -> None:
        cost = self._stage.cost
        if cost is None or self.guide.lesson is None or self.guide.phase != ASKING:
            return
        epochs, values = cost.pen.curve()
        if len(epochs):
            self.guide.predict(tuple(zip(epochs.tolist(), values.tolist(), strict=True)))

    # Asking and showing

    def questions(self) -> tuple[Question[Any], ...]:
        """Return what is to be asked with the next snapshot."""
        question = self._question()
        if question is None:
            self._pace.stop()
            return ()
        return () if question == self._asked and not self._pace.is_due() else (question,)

    def _question(self) -> AskStep | None:
        guide = self.guide
        if guide.lesson is None or not self.is_open or self.panel.shows_list or guide.phase == MOVING:
            return None
        step, prediction = guide.step, guide.step.prediction
        choices = () if prediction is None else tuple(choice.claim for choice in prediction.choices)
        drawn = () if prediction is None or not prediction.curve else (self._end_of_sketch(prediction),)
        figures, claims = (*step.figures, *drawn), (*step.claims, *choices)
        if not (figures or claims) or not guide.is_on_path:
            return None
        return AskStep(self._stage.session.experiment.lanes[0].name, figures, claims)

    def _end_of_sketch(self, prediction: Prediction) -> Any:
        return read_quantity(f"{self._sketched_lane(prediction)} {prediction.curve} after {self._until(prediction)}")

    def draw(self, snapshot: Snapshot) -> None:
        """Show the answer in a snapshot, and how far the training is."""
        if self.guide.lesson is None or not self.is_open or self.panel.shows_list:
            return
        question = self._question()
        answer = None if question is None else snapshot.answers.get(question)
        if answer is not None and question is not None:
            self._answer, self._asked, self._is_final = answer, question, self.guide.is_trained
            self._pace.answered(snapshot.seconds.get(question, 0.0))
        elif question is not None:
            self._pace.unanswered()
        if self.guide.phase == TRAINING or answer is not None:
            self._show()

    def _show(self) -> None:
        """Show the step as it is now."""
        guide, panel = self.guide, self.panel
        self._allow_steps()
        if guide.lesson is None and not panel.shows_list:
            self._step = None
            self.show_list()
        if guide.lesson is None or panel.shows_list:
            return
        step, lesson = guide.step, guide.lesson
        if self._step != (lesson, guide.index):
            self._step, self._answer, self._asked, self._is_final = (lesson, guide.index), None, None, False
            last = guide.index + 1 == len(lesson.steps)
            sources = f"Sources: {' '.join(lesson.sources)}" if last and lesson.sources else ""
            panel.page.set_step(step.title, step.claims, step.prediction, sources)
            self.pointer.point_nowhere()
        panel.show_place(guide.index, len(lesson.steps), guide.phase == DONE)
        self._show_phase(step)
        self._show_answer(step)
        if not self.is_up_to_date:
            self._pace.make_due()
            self.wanted_changed.emit()

    @property
    def is_up_to_date(self) -> bool:
        """Whether the page shows what is known of the step."""
        question = self._question()
        return question is None or (question == self._asked and self._is_final == self.guide.is_trained)

    def _show_phase(self, step: Step) -> None:
        guide, page = self.guide, self.panel.page
        snapshot = self._stage.session.snapshot
        training = guide.phase == TRAINING and snapshot is not None and guide.is_on_path
        if training or (guide.phase == DONE and step.wait):
            self.pointer.lift_shade()
        page.show_training(0 if snapshot is None else snapshot.epoch, step.train if training else 0, guide.is_paused)
        turn = ""
        if guide.phase == WAITING and guide.is_on_path:
            lens = lens_named(self._stage, step.wait)
            turn = turn_text(step.wait, "" if lens is None else lens.title)
        page.turn.say(turn)
        page.away.say(
            *("", "") if guide.is_on_path else (_AWAY, "Come back to it", "Brings the run of this step back.")
        )

    def _show_answer(self, step: Step) -> None:
        guide, page = self.guide, self.panel.page
        is_over = guide.is_trained and guide.is_on_path and self._is_final
        count = len(step.figures)
        values = self._answer.figures if self._answer is not None else (math.nan,) * (count + 1)
        texts = {
            figure: figure_text(figure, value, is_over) for figure, value in zip(step.figures, values, strict=False)
        }
        is_secret = step.prediction is not None and not (guide.is_trained and self._is_final)
        page.show_text(None if is_secret else step.filled(texts))
        verdicts = self._answer.claims if is_over and self._answer is not None else ()
        page.show_claims(verdicts[: len(step.claims)], self._measured)
        if step.prediction is not None and guide.answer is not None:
            self._show_prediction(step, step.prediction, guide.answer, verdicts, values[count:] if is_over else ())

    def _show_prediction(
        self, step: Step, prediction: Prediction, answer: int | Points, verdicts: tuple[Verdict, ...], end: Any
    ) -> None:
        right = [verdict.holds for verdict in verdicts[len(step.claims) :]]
        outcome = ""
        if isinstance(answer, int):
            outcome = choice_outcome(right[answer]) if any(right) else ""
        else:
            cost, sketch, figure = self._stage.cost, self._sketch(prediction, answer), self._end_of_sketch(prediction)
            if cost is not None:
                cost.show_sketch(sketch)
            if end:
                drawn = sketch.value_at(sketch.until)
                outcome = sketch_outcome(drawn, end[0], figure.text(drawn), figure.text(end[0]), sketch.until)
        self.panel.page.prediction.show_answer(answer if isinstance(answer, int) else None, right, outcome)


def _measured(lesson: Lesson) -> Mapping[str, Verdict]:
    """Return what was measured of a lesson; nothing if that cannot be read, which only the check needs."""
    try:
        return read_measured(lesson)
    except InputError:
        return {}
