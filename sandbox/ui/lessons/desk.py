"""The lessons of a window: the panel, the guide, the ring, and what they ask the training thread."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

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
)
from sandbox.lessons.lesson import Prediction
from sandbox.ui.lessons.beside import LENS, CodeBeside
from sandbox.ui.lessons.guide import ASKING, DONE, MOVING, TRAINING, WAITING, Guide, PutAside
from sandbox.ui.lessons.lesson_list import ABOUT, OVER, OVER_FOR_A_GROUP, Entry
from sandbox.ui.lessons.page import choice_outcome, turn_text
from sandbox.ui.lessons.panel import COMPARE, FINISH, NEXT, SHOW, SKIP, TO_THE_END, TRAIN_ON, LessonPanel
from sandbox.ui.lessons.places import Stage, lens_named
from sandbox.ui.lessons.pointing import Pointing
from sandbox.ui.lessons.programme import keep_programme, listed, read_programme
from sandbox.ui.lessons.progress import Points, all_progress, bring_back_progress, forget_progress, has_begun
from sandbox.ui.lessons.sketching import Sketching
from sandbox.ui.pace import Pace
from sandbox.worker.commands import Pause

PERIOD = 0.2  # seconds between two answers about a step, at least
TWICE = 0.4  # seconds within which a second press to go on is taken for the first: clickers and fingers often give two
_AWAY = "The run in the window is no longer the one of this step."


@dataclass(frozen=True)
class _Aside:
    """Where a group was: its run, its lesson if it was in one, and how far it had come in all of them."""

    run: int
    lesson: PutAside | None
    progress: Mapping[str, str]


class LessonDesk(QObject):
    """Offers lessons, follows one, and shows it.

    Attributes
    ----------
    panel : LessonPanel
    guide : Guide
    pointer : Pointer
    clock : callable
        Returns the time in seconds.

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
        self._pointing = Pointing(stage, self.guide, self.panel.card, self)
        self.pointer = self._pointing.pointer
        self._sketching = Sketching(stage, self.guide)
        self._own: list[Path] = []  # folders that the person opened
        self._measured: Sequence[Mapping[str, Verdict]] = ()  # of each step
        self._code = CodeBeside(stage, self.panel.page.text, self)
        self._step: tuple[Lesson, int] | None = None  # the step on the page
        self._answer: StepAnswer | None = None
        self._is_final = False  # whether that is of the run once the step was done
        self._next: Path | None = None  # the lesson that stands out in the list
        self._aside: _Aside | None = None  # what a clean start has put aside
        self.clock: Callable[[], float] = time.monotonic
        self._pressed = -math.inf
        self._asked: Question[Any] | None = None
        self._pace = Pace(PERIOD, self)
        self._pace.overdue.connect(self.wanted_changed)
        self._connect()

    def _connect(self) -> None:
        panel, page, guide = self.panel, self.panel.page, self.guide
        panel.list.chosen.connect(self._choose)
        panel.list.restarted.connect(self._start_again)
        panel.list.programme_changed.connect(keep_programme)
        panel.list.choosing_changed.connect(self.show_list)
        panel.again.clicked.connect(guide.start_again)
        panel.to_list.clicked.connect(self._leave_for_list)
        panel.close_button.clicked.connect(lambda: self.open_panel(False))
        panel.back.clicked.connect(self.go_back)
        panel.next.clicked.connect(self.go_on)
        page.prediction.chosen.connect(guide.predict)
        page.away.acted.connect(guide.come_back)
        page.train_on.clicked.connect(guide.train_on)
        guide.changed.connect(self._show)
        guide.arrived.connect(self._arrive)
        self._stage.session.playing_changed.connect(self._lend_again)
        self._stage.session.shown.connect(self._take_up)
        self._allow_steps()

    def follow_views(self) -> None:
        """Follow the views, which are loaded after the window is on screen."""
        cost = self._stage.cost
        assert cost is not None
        cost.pen.drawn.connect(self._show_next)
        cost.pen.finished.connect(self._sketching.take)
        self._code.follow_views()

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
            self._pointing.point_nowhere()
            self._sketching.hide()
        self.shown.emit(opened)

    def show_list(self) -> None:
        """Show the list of lessons; one that has been begun stays where it is."""
        entries, lesson = self._entries(), self.guide.lesson
        folders = [entry.folder for entry in entries]
        begun = lesson.folder if lesson is not None and lesson.folder in folders else None
        self._show_list(entries, begun or next((entry.folder for entry in entries if not entry.done), None))

    def choose_programme(self) -> None:
        """Let the lessons be chosen that a group is to see."""
        self.open_panel(True)
        self.panel.list.choose.setChecked(True)
        self.show_list()

    def _entries(self) -> list[Entry]:
        return listed(self._own, everything=self.panel.list.is_choosing)

    def _show_list(self, entries: Sequence[Entry], first: Path | None, about: str = ABOUT) -> None:
        """Show the list, in which one lesson stands out; none if the last one is over, or all are done."""
        lessons, had_focus = self.panel.list, self._has_focus
        self._next = None if lessons.is_choosing else first
        lessons.show_entries(entries, read_programme(), len(lesson_folders()) + len(self._own))
        lessons.show_next(self._next, about)
        self.panel.show_list()
        self._pointing.point_nowhere()
        self._sketching.hide()
        self._allow_steps()
        if had_focus:
            self.panel.take_focus()

    @property
    def _has_focus(self) -> bool:
        focused = QApplication.focusWidget()
        return focused is not None and self.panel.isAncestorOf(focused)

    def _offer_after(self, folder: Path) -> None:
        """Show the list after a lesson has been followed to its end: the one behind it stands out."""
        entries, places = self._entries(), [*lesson_folders().values(), *self._own]
        later = [entry.folder for entry in entries if places.index(entry.folder) > places.index(folder)]
        over = OVER_FOR_A_GROUP if read_programme() else OVER
        self._show_list(entries, next(iter(later), None), ABOUT if later else over)

    def open_lesson(self, folder: Path, afresh: bool = False) -> None:
        """Open the lesson of a folder where it was left, or `afresh`; undo brings back what was in the window.

        Raises
        ------
        InputError
            If it is not a lesson that can be followed.
        """
        lesson = read_lesson(folder)
        self._measured, self._aside = _measured(lesson), None
        if folder not in (*lesson_folders().values(), *self._own):
            self._own.append(folder)
        self._stage.notice.withdraw()
        if self._stage.cost is not None:
            self._stage.cost.stop_inviting()
        if self._stage.lenses is not None:
            self._stage.lenses.show_first()  # not what another lesson has left in front
        self.panel.show_steps(lesson.title)
        self._stage.page.open_lessons(True)
        self.guide.begin(lesson, afresh)
        self.shown.emit(True)

    def _choose(self, folder: Path) -> None:
        lesson, had_focus = self.guide.lesson, self._has_focus
        if lesson is not None and lesson.folder == folder:  # it is open, and goes on as it is
            self.panel.show_steps(lesson.title)
            self._show()
            self._point()
        else:
            try:
                self.open_lesson(folder)
            except InputError as error:
                self._stage.notice.say(str(error), error=True)
                return
        if had_focus:
            self.panel.take_focus()

    def _start_again(self, folder: Path) -> None:
        """Begin a lesson at its first step, whether it is open or not."""
        lesson = self.guide.lesson
        forget_progress(folder)
        if lesson is not None and lesson.folder == folder:
            self.guide.start_again()
        self._choose(folder)

    def begin_afresh(self) -> None:
        """Forget all progress and answers, and show the list from its beginning: the next group comes.

        Where this one was comes back with its run, by undo, until another lesson is begun.
        """
        progress, lesson = all_progress(), self.guide.put_aside()
        if progress or lesson is not None:
            self._aside = _Aside(self._stage.session.current_run().number, lesson, progress)
        forget_progress()
        self.panel.list.choose.setChecked(False)
        self.panel.page.verticalScrollBar().setValue(0)
        self._stage.page.open_lessons(True)
        self.show_list()
        self.shown.emit(True)

    def _take_up(self, *_: object) -> None:
        """Go back to where the group was, once its run is in the window again."""
        aside, session = self._aside, self._stage.session
        if aside is None or session.is_pending or session.deferred or session.current_run().number != aside.run:
            return
        if session.snapshot is None or session.snapshot.run != aside.run:
            return
        self._aside = None
        bring_back_progress(aside.progress)
        if aside.lesson is None:
            self.show_list()
            return
        self._measured = _measured(aside.lesson.lesson)
        self.panel.show_steps(aside.lesson.lesson.title)
        self.guide.take_up(aside.lesson)

    def offer(self) -> None:
        """Offer the first lesson in one line, to those who have never begun one."""
        folders = list(lesson_folders().values())
        if has_begun() or not folders:
            return
        title = read_lesson(folders[0]).title
        sentence = f"New here? Lesson 1 takes five minutes: {words.within(title)}{'' if title.endswith('?') else '.'}"
        self._stage.notice.offer(sentence, "Begin", lambda: self._choose(folders[0]))

    # From step to step

    def go_on(self) -> None:
        """Go one press further: in a lesson as the guide does, in the list into the lesson that stands out."""
        if self._is_pressed():
            self._go_on()

    def read_on(self) -> None:
        """Go on as the keys do: first down to the end of the page, so that nothing is passed unread."""
        if self._is_pressed() and not (self._can_be_read and self.panel.page.turn_page(1)):
            self._go_on()

    def _is_pressed(self) -> bool:
        """Take a press to go on; return whether it counts."""
        now = self.clock()
        if not self.is_open or now - self._pressed < TWICE:
            return False
        self._pressed = now
        return True

    @property
    def _can_be_read(self) -> bool:
        """Whether the page shows a step that rests."""
        return self._shows_step and self.guide.phase in (ASKING, WAITING, DONE)

    def _go_on(self) -> None:
        lesson = self.guide.lesson
        if self.panel.shows_list:
            if self._next is not None:
                self._choose(self._next)
        elif self._sketching.is_drawn:
            self._sketching.take()
        elif lesson is not None:
            self.guide.go_on()
            if self.guide.lesson is None:
                self._offer_after(lesson.folder)

    def go_back(self) -> None:
        """Go to the step before, from the first one to the list, and there to the lesson above, or around."""
        if not self.is_open:
            return
        if self.panel.shows_list:
            self._point_above()
        elif self.guide.index:
            self.guide.go_back()
        else:
            self._leave_for_list()

    def read_back(self) -> None:
        """Go back as the keys do: first up to the top of the page."""
        if not (self.is_open and self._can_be_read and self.panel.page.turn_page(-1)):
            self.go_back()

    def _point_above(self) -> None:
        """Let the lesson above stand out in the list, or the last one."""
        lessons = self.panel.list
        folders, has_focus = [row.entry.folder for row in lessons.rows], lessons.has_focus
        above = folders.index(self._next) - 1 if self._next in folders else -1
        self._next = folders[above]
        lessons.show_next(self._next)
        if has_focus and lessons.next_button is not None:  # only one of them is to look chosen
            lessons.next_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self._allow_steps()

    def _leave_for_list(self) -> None:
        """Show the list in place of a step; a training rests until one comes back."""
        if self.guide.phase in (MOVING, TRAINING):
            self._stage.session.send(Pause())
        self.show_list()

    def _allow_steps(self) -> None:
        in_list = self.panel.shows_list and not self.panel.list.is_choosing
        in_steps = not self.panel.shows_list and self.guide.lesson is not None
        can_begin = in_steps or (in_list and self._next is not None)
        self._stage.actions_["next_step"].setEnabled(self.is_open and can_begin)
        self._stage.actions_["previous_step"].setEnabled(self.is_open and (in_steps or in_list))

    def _arrive(self) -> None:
        """Bring the lane that the step speaks of into view, and point; the code of the step is that lane's."""
        stage, lane = self._stage, self.guide.step.lane
        if lane:
            stage.desk.view(lane)
        self._point()
        self._code.begin(lane or stage.session.experiment.lanes[0].name)

    def _point(self) -> None:
        """Point at what the step is about, and let a curve be drawn if it asks for one, unless the panel is closed."""
        if self._shows_step and self._stage.lenses is not None:
            self._sketching.ask()
            self._pointing.point()

    @property
    def _shows_step(self) -> bool:
        return self.guide.lesson is not None and self.is_open and not self.panel.shows_list

    def point_again(self) -> None:
        """Unfold what the step points at, after the window has folded other parts than before."""
        with self._pointing.as_shaded():
            self._point()

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
        if not self._shows_step or guide.phase == MOVING:
            return None
        step, prediction = guide.step, guide.step.prediction
        choices = () if prediction is None else tuple(choice.claim for choice in prediction.choices)
        drawn = () if prediction is None or not prediction.curve else (self._sketching.end(prediction),)
        figures, claims = (*step.figures, *drawn), (*step.claims, *choices)
        if not (figures or claims) or not guide.is_on_path:
            return None
        return AskStep(self._stage.session.experiment.lanes[0].name, figures, claims)

    def draw(self, snapshot: Snapshot) -> None:
        """Show the answer in a snapshot, and how far the training is."""
        if not self._shows_step:
            return
        self._code.follow(snapshot)
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
        step, lesson, before = guide.step, guide.lesson, panel.page.arrangement
        if self._step != (lesson, guide.index):
            self._step, self._answer, self._asked, self._is_final = (lesson, guide.index), None, None, False
            last = guide.index + 1 == len(lesson.steps)
            sources = f"Sources: {' '.join(lesson.sources)}" if last and lesson.sources else ""
            panel.page.set_step(step.title, step.claims, step.prediction, sources)
            self._pointing.point_nowhere()
        self._show_next()
        self._show_phase(step)
        self._show_answer(step)
        self._lend_again()
        if panel.page.arrangement != before:
            panel.page.take_places()
        if not self.is_up_to_date:
            self._pace.make_due()
            self.wanted_changed.emit()

    def _lend_again(self, *_: object) -> None:
        """Lend the settings, or take them back, as the step goes on; nothing is shaded any longer."""
        if self.guide.lesson is not None and self.guide.phase != MOVING and self._pointing.would_lend_otherwise:
            self._point()
            self._pointing.lift_shade()

    def _show_next(self) -> None:
        """Show which step it is, and what the button to go on does."""
        guide = self.guide
        if guide.lesson is not None:
            stands_out = guide.phase == DONE or self._sketching.is_drawn
            self.panel.show_place(guide.index, len(guide.lesson.steps), self._next_does(), stands_out)

    def _next_does(self) -> tuple[str, str]:
        """Return what the button to go on says, and does."""
        guide = self.guide
        assert guide.lesson is not None
        if guide.phase == ASKING:
            return COMPARE if self._sketching.is_drawn else SHOW
        if guide.phase == TRAINING:
            return TRAIN_ON if guide.is_paused else TO_THE_END
        if guide.index + 1 == len(guide.lesson.steps):
            return FINISH
        return SKIP if guide.phase == WAITING and guide.is_on_path else NEXT

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
            self._pointing.lift_shade()
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
        is_final = guide.is_trained and self._is_final
        shown = {f: figure_text(f, value, is_final) for f, value in zip(step.figures, values, strict=False)}
        texts = {f: None if text == words.NOTHING and not is_final else text for f, text in shown.items()}
        is_secret = step.prediction is not None and not is_final
        page.show_text(None if is_secret else step.filled(texts), step.point == LENS)
        verdicts = self._answer.claims if is_over and self._answer is not None else ()
        page.show_claims(verdicts[: len(step.claims)], self._measured[guide.index])
        if step.prediction is not None and guide.has_asked:
            self._show_prediction(step, step.prediction, guide.answer, verdicts, values[count:] if is_over else ())

    def _show_prediction(
        self, step: Step, prediction: Prediction, answer: int | Points | None, verdicts: tuple[Verdict, ...], end: Any
    ) -> None:
        right = [verdict.holds for verdict in verdicts[len(step.claims) :]]
        outcome = ""
        if isinstance(answer, int):
            outcome = choice_outcome(right[answer]) if any(right) else ""
        elif answer is not None:
            outcome = self._sketching.show(prediction, answer, end)
        elif prediction.curve:
            self._sketching.hide()
        self.panel.page.prediction.show_answer(answer if isinstance(answer, int) else None, right, outcome)


def _measured(lesson: Lesson) -> Sequence[Mapping[str, Verdict]]:
    """Return what was measured of a lesson; nothing if that cannot be read, which only the check needs."""
    try:
        return read_measured(lesson)
    except InputError:
        return [{} for _ in lesson.steps]
