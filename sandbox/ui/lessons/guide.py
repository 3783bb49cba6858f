"""What a lesson does in the window: it opens, sets, trains and waits, from step to step."""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from sandbox.experiment import Experiment
from sandbox.experiment.document.settings import SETTINGS, Value
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.lessons import Lesson, Step
from sandbox.lessons.route import Act, Change, Open, TrainTo, acts_before, route, trained_to
from sandbox.ui.kit import SPEEDS
from sandbox.ui.lessons.places import Stage
from sandbox.ui.lessons.progress import Points, Progress, keep_progress, read_progress
from sandbox.ui.lessons.waiting import Deed
from sandbox.worker.commands import Pause

LONGEST = 8.0  # seconds that a training should take: at a low speed it is sped up

MOVING, ASKING, TRAINING, WAITING, DONE = "moving", "asking", "training", "waiting", "done"


@dataclass(frozen=True)
class PutAside:
    """A lesson as it was left, to be taken up again with the run that was in the window."""

    lesson: Lesson
    index: int
    phase: str
    progress: Progress
    run: int
    settings: Experiment | None
    is_kept: bool


class Guide(QObject):
    """Leads through one lesson.

    Attributes
    ----------
    lesson : Lesson, optional
        None while there is none.
    index : int
        The step, counted from 0.
    phase : str
        "moving" to the step, "asking" for a prediction, "training", "waiting" for the person, or "done".
    progress : Progress

    Signals
    -------
    changed()
        Anything of these.
    arrived()
        A step has been reached: it can be pointed at.
    """

    changed = Signal()
    arrived = Signal()

    def __init__(self, stage: Stage, parent: QObject) -> None:
        super().__init__(parent)
        self._stage, self._session = stage, stage.session
        self.lesson: Lesson | None = None
        self.index, self.phase = 0, DONE
        self.progress = Progress()
        self._acts: deque[Act] = deque()
        self._left: int | None = None  # the run that an experiment of the lesson is to replace
        self._sent = False  # whether the first of them, a training, has been sent
        self._run = -1
        self._settings: Experiment | None = None  # with which the lesson's run goes on
        self._deed: Deed | None = None
        self._is_fast = False  # whether the thread trains at full speed, whatever was chosen
        self._own_speed: tuple[float, float] | None = None  # the person's, and the one that a training was given
        self._has_played = False
        self._is_kept = True
        self._told: tuple[object, ...] = ()
        self._session.shown.connect(self._advance)
        self._session.settings_changed.connect(self._advance)
        self._session.playing_changed.connect(self._follow_playing)

    # Where it is

    @property
    def step(self) -> Step:
        """The present step."""
        assert self.lesson is not None
        return self.lesson.steps[self.index]

    @property
    def is_on_path(self) -> bool:
        """Whether the run in the window is the one that the lesson speaks of, whatever losses are only shown."""
        if self.phase == MOVING:
            return True
        session = self._session
        return session.current_run().number == self._run and _without_shown(session.experiment) == self._settings

    @property
    def is_paused(self) -> bool:
        """Whether the person has stopped a training before its end."""
        return self.phase == TRAINING and self._has_played and not self._session.playing

    @property
    def is_trained(self) -> bool:
        """Whether all that this step says about the run can be known."""
        return self.phase in (WAITING, DONE)

    @property
    def answer(self) -> int | Points | None:
        """What was predicted in this step; None also if it was passed without a prediction."""
        prediction, answer = self.step.prediction, self.progress.answers.get(self.index)
        if prediction is None or answer is None:
            return None
        fits = answer in range(len(prediction.choices)) if isinstance(answer, int) else bool(prediction.curve)
        return answer if fits else None

    @property
    def has_asked(self) -> bool:
        """Whether the question of this step has been answered, or passed."""
        answers, index = self.progress.answers, self.index
        return self.answer is not None or (index in answers and answers[index] is None)

    # What the person asks for

    def begin(self, lesson: Lesson, afresh: bool = False) -> None:
        """Begin a lesson, or go on with it where it was left; `afresh` neither knows nor keeps that."""
        self._is_kept = not afresh
        self.lesson, self.progress = lesson, Progress() if afresh else read_progress(lesson.folder)
        index = min(self.progress.step, len(lesson.steps) - 1)
        if self.progress.done:
            index, self.progress.answers = 0, {}
        self._travel(index, route(lesson, index))

    def _keep(self) -> None:
        if self._is_kept and self.lesson is not None:
            keep_progress(self.lesson.folder, self.progress)

    def leave(self) -> None:
        """Leave the lesson; the run in the window goes on as it is."""
        self._end_waiting()
        self._give_speed_back()
        self.lesson, self.phase = None, DONE
        self._acts.clear()
        self.changed.emit()

    def put_aside(self) -> PutAside | None:
        """Leave the lesson, if there is one, and return it."""
        if self.lesson is None:
            return None
        aside = PutAside(self.lesson, self.index, self.phase, self.progress, self._run, self._settings, self._is_kept)
        self.leave()
        return aside

    def take_up(self, aside: PutAside) -> None:
        """Go on with a lesson as it was left; a training that was not over rests."""
        self.lesson, self.index, self.progress = aside.lesson, aside.index, aside.progress
        self._run, self._settings, self._is_kept = aside.run, aside.settings, aside.is_kept
        self._keep()
        if aside.phase == MOVING:
            self.come_back()
            return
        self.phase, self._has_played = aside.phase, True
        if aside.phase == WAITING:
            self._end_training()
        self.arrived.emit()
        self.changed.emit()

    def start_again(self) -> None:
        """Begin the lesson at its first step; how far one had come and what was predicted is forgotten."""
        assert self.lesson is not None
        self.progress = Progress()
        self._travel(0, route(self.lesson, 0))

    def go_on(self) -> None:
        """Go one press further: show what happens without a prediction, end the training at once, or leave the step."""
        if self.phase == MOVING:
            self._move_on()
        elif self.phase == ASKING:
            self.predict(None)
        elif self.is_paused:
            self.train_on()
        elif self.phase == TRAINING:
            self._is_fast = True
            self._session.set_speed(math.inf)
        else:
            self._go_to_next()

    def _move_on(self) -> None:
        """Train again what leads to the step, if that was paused."""
        if self._sent and not self._session.playing:
            self._sent = False
            self._advance()

    def _go_to_next(self) -> None:
        """Go to the next step; at the last one, end the lesson."""
        assert self.lesson is not None
        if self.index + 1 == len(self.lesson.steps):
            self.progress.done, self.progress.step = True, 0
            self._keep()
            self.leave()
            return
        index = self.index + 1
        step = self.lesson.steps[index]
        as_it_is = self.is_trained and self.is_on_path and not (step.set and not self._is_at_epoch())
        self._travel(index, acts_before(step) if step.open or as_it_is else route(self.lesson, index))

    def go_back(self) -> None:
        """Go to the step before, as it was when it was reached."""
        assert self.lesson is not None
        if self.index:
            self._travel(self.index - 1, route(self.lesson, self.index - 1))

    def come_back(self) -> None:
        """Bring the run of this step back."""
        assert self.lesson is not None
        self._travel(self.index, route(self.lesson, self.index))

    def predict(self, answer: int | Points | None) -> None:
        """Take a prediction, or none, and train."""
        if self.phase == ASKING:
            assert self.lesson is not None
            self.progress.answers[self.index] = answer
            self._keep()
            self._train()

    def train_on(self) -> None:
        """Go on with a training that was paused."""
        if self.is_paused:
            self._train()

    # From step to step

    def _travel(self, index: int, acts: Sequence[Act]) -> None:
        self._end_waiting()
        self._give_speed_back()
        if self._session.playing and (acts or self.phase == TRAINING):
            self._session.send(Pause())
        self.index, self.phase = index, MOVING
        self._acts, self._left = deque(acts), None
        self.changed.emit()
        self._advance()

    def _advance(self, *_: object) -> None:
        session = self._session
        if self.lesson is None or session.is_pending or session.deferred or session.snapshot is None:
            return
        if self.phase == MOVING:
            self._carry_out()
        elif self.phase == TRAINING and self._has_reached(self.step.train):
            self._end_training()
        else:
            self._tell()

    def _tell(self) -> None:
        """Say where it is, if that is new."""
        if self._is_trial():
            self._adopt_run()
        if self._told != (self.phase, self.is_on_path, self.is_paused):
            self._told = self.phase, self.is_on_path, self.is_paused
            self.changed.emit()

    def _carry_out(self) -> None:
        """Do what leads to the step, as far as it can be done at once."""
        session = self._session
        if self._left is not None and session.current_run().number == self._left:
            self._left = None
            self.leave()  # it was refused, and the reason has been said
            return
        self._left = None
        while self._acts:
            act = self._acts[0]
            if isinstance(act, TrainTo):
                if not self._has_reached(act.epoch):
                    if not self._sent:
                        self._sent = self._is_fast = True
                        session.set_speed(math.inf)
                        session.train(act.epoch)
                    return
                self._give_speed_back()
                self._acts.popleft()
                continue
            self._acts.popleft()
            self._do(act)
            if session.is_pending or session.deferred:
                return
        self._arrive()

    def _do(self, act: Open | Change) -> None:
        assert self.lesson is not None
        session = self._session
        if isinstance(act, Open):
            self._left = session.current_run().number
            session.open_lesson(self.lesson.experiments[act.file], keep=not self._is_own_run())
            return
        if act.restart:
            session.reset()
        for key, value in act.changes.items():
            session.change(key, value, True, act.lane or None)

    def _is_own_run(self) -> bool:
        """Whether the run in view is one that the lesson began and nobody changed, so that nothing is lost with it."""
        session = self._session
        return session.current_run().number == self._run and _without_shown(session.experiment) == self._settings

    def _arrive(self) -> None:
        assert self.lesson is not None
        self._adopt_run()
        self.progress.step = self.index
        self._keep()
        if self.step.prediction is not None and not self.has_asked:
            self.phase = ASKING
        else:
            self._train(announce=False)
        self.arrived.emit()
        self.changed.emit()

    def _is_trial(self) -> bool:
        """Whether only what this step let one change has changed again: it says nothing of the run, so one may try."""
        if self.lesson is None or self.phase != DONE or self._settings is None or self.is_on_path:
            return False
        step, settings = self.step, self._settings
        if step.wait not in SETTINGS or step.figures or step.claims:
            return False
        value = settings.get(step.wait)
        now = _without_shown(self._session.experiment)
        return _with_all(now, step.wait, value) == _with_all(settings, step.wait, value)

    def _adopt_run(self) -> None:
        self._run = self._session.current_run().number
        self._settings = _without_shown(self._session.experiment)

    # Training

    def _train(self, announce: bool = True) -> None:
        epoch = self.step.train
        if not epoch or self._has_reached(epoch):
            self._end_training()
            return
        self.phase, self._has_played = TRAINING, False
        self._hurry(epoch)
        self._session.train(epoch)
        if announce:
            self.changed.emit()

    def _end_training(self) -> None:
        self._give_speed_back()
        self.phase = DONE
        if self.step.wait:
            self.phase = WAITING
            self._deed = Deed(self._stage, self.step.wait, self)
            self._deed.done.connect(self._waited)
            if self._deed.is_done:
                self.phase = DONE
        self.changed.emit()

    def _waited(self) -> None:
        """What was waited for has been done: the run is the lesson's as it is now."""
        self.phase = DONE
        self._adopt_run()
        self.changed.emit()

    def _end_waiting(self) -> None:
        if self._deed is not None:
            self._deed.done.disconnect()  # at once: it is deleted only later
            self._deed.deleteLater()
            self._deed = None

    def _follow_playing(self, playing: bool) -> None:
        self._has_played |= playing
        self._advance()

    def _has_reached(self, epoch: int) -> bool:
        snapshot = self._session.snapshot
        return snapshot is not None and (snapshot.epoch >= epoch or all(lane.stopped for lane in snapshot.lanes))

    def _is_at_epoch(self) -> bool:
        """Whether the run is as far as the lesson has trained it, and no farther."""
        assert self.lesson is not None and self._session.snapshot is not None
        return self._session.snapshot.epoch == trained_to(self.lesson, self.index)

    def _hurry(self, epoch: int) -> None:
        """Raise the speed if the training would take too long at the chosen one."""
        snapshot, speed = self._session.snapshot, self._stage.controls.speed
        assert snapshot is not None
        chosen = float(speed.value())
        updates = (epoch - snapshot.epoch) * _updates_per_epoch(snapshot)
        if updates / chosen > LONGEST:
            fast = next(stop for stop in SPEEDS if updates / stop <= LONGEST)
            self._own_speed = chosen, fast
            self._stage.controls.set_speed(fast)

    def _give_speed_back(self) -> None:
        """Choose the speed that the person chose, unless they chose another meanwhile."""
        self._sent = False
        if self._is_fast:
            self._is_fast = False
            self._session.set_speed(float(self._stage.controls.speed.value()))
        if self._own_speed is not None:
            (chosen, fast), self._own_speed = self._own_speed, None
            if self._stage.controls.speed.value() == fast:
                self._stage.controls.set_speed(chosen)


def _updates_per_epoch(snapshot: Snapshot) -> int:
    samples = len(snapshot.data.X_train)
    return math.ceil(samples / (snapshot.experiment.effective().optimizer.batch_size or samples))


def _without_shown(experiment: Experiment) -> Experiment:
    """Return an experiment without the losses that are only shown: they change no bit."""
    return _with_all(experiment, "loss.monitors", ())


def _with_all(experiment: Experiment, key: str, value: Value) -> Experiment:
    """Return an experiment with a setting at one value in all lanes."""
    lanes = tuple(
        dataclasses.replace(lane, changes={k: v for k, v in lane.changes.items() if k != key})
        for lane in experiment.lanes
    )
    return dataclasses.replace(experiment, lanes=lanes).with_value(key, value)
