"""The training thread: it owns the trainer, and takes turns with the window.

A loop of tiny numpy calls and a paint share one interpreter lock; running side by side, each starves the other. So
the thread trains a burst, offers a snapshot, and parks until the window has painted it.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, replace
from time import perf_counter
from typing import assert_never

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThread, Signal

from sandbox import words
from sandbox.errors import OUT_OF_MEMORY, InputError
from sandbox.experiment import Edit, Experiment, Trainer
from sandbox.experiment.document.lanes import lane_like, with_lane, without_lane
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.document.rules import lane_index
from sandbox.experiment.training.effect import effect_of, marks_of
from sandbox.experiment.training.snapshot import Snapshot, Wanted
from sandbox.experiment.training.trainer import RemovedLane
from sandbox.experiment.training.views import with_coming_lanes
from sandbox.worker.commands import (
    AddLane,
    ApplyEdit,
    Close,
    Command,
    ForkLane,
    Pause,
    Play,
    Refresh,
    RemoveLane,
    RenameLane,
    RestoreLane,
    Return,
    RevertEdit,
    Start,
    Step,
    TogglePlay,
    Train,
)

SLOWEST_SPEED = 1.0  # updates per second
FRAMES = 25.0  # per second: up to this speed every single update is drawn
_SHORTEST_BURST, _LONGEST_FRAME = 0.010, 0.046  # seconds
_HURRIED_BURST = 0.005  # seconds: a point was drawn, and a person waits to see what the network makes of it
_CATCH_UP_FRAME = 0.12  # seconds of training per frame while a lane catches up
_LONGEST_PARK = 1.0  # seconds to wait at most for a window that does not paint
_MOST_LEFT = 500_000_000  # bytes of earlier runs that undo can go back to as they were left,
_LEAST_LEFT = 1  # but so many in any case

_DRAWN = {"data.points", "data.test_points", "data.scaling"}  # what is drawn by hand

_log = logging.getLogger(__name__)


class Beat:
    """When the next updates are due at a set speed, in updates per second; times are in seconds."""

    def __init__(self) -> None:
        self._next = 0.0
        self._speed = 0.0

    def start(self, now: float) -> None:
        """Make the first update due at once."""
        self._next = now

    def wait(self, speed: float, now: float) -> float:
        """Return the time until an update is due; after a change of speed, at most one interval of the new speed."""
        if speed != self._speed:
            self._next, self._speed = min(self._next, now + 1.0 / speed), speed
        return self._next - now

    def did(self, updates: int, now: float) -> None:
        """Count updates started at `now`; a delay of up to one frame is made up for."""
        self._next = max(self._next + updates / self._speed, now - 1.0 / FRAMES)


class TrainerThread(QThread):
    """Trains, and offers snapshots.

    The public methods are called on the window's thread, and only hand something over.

    Parameters
    ----------
    listener : QObject
        Gets an event of type `SNAPSHOT` whenever a snapshot is in the mailbox.

    Signals
    -------
    playing_changed(bool)
    rejected(int, str)
        A run could not start, for the given reason; the previous one continues.
    refused(str)
        A request is not possible; nothing has changed.
    failed(str)
        Something went wrong; the thread has paused but is still alive.
    """

    SNAPSHOT = QEvent.Type(QEvent.registerEventType())

    playing_changed = Signal(bool)
    rejected = Signal(int, str)
    refused = Signal(str)
    failed = Signal(str)

    def __init__(self, listener: QObject) -> None:
        super().__init__()
        self.setObjectName("trainer")
        self._listener = listener
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        # Each snapshot comes with the event that the thread parks on until that very snapshot has been painted.
        self._mailbox: deque[tuple[Snapshot, threading.Event]] = deque(maxlen=1)
        self._parked = threading.Event()
        self._taken: threading.Event | None = None  # of the snapshot that the window took last
        self._paint_seconds = 0.010
        self._wanted = Wanted()
        self._speed: float | None = None
        self._closing = False
        # Touched only by the thread itself:
        self._run_number = -1
        self._trainer: Trainer | None = None
        self._successor: Trainer | None = None  # the same run with one more lane, catching up with this one
        self._left: OrderedDict[int, _Left] = OrderedDict()  # runs to go back to, by number
        self._removed: dict[int, _Removal] = {}  # removed lanes by token
        self._replaced: dict[int, tuple[Edit, ...]] = {}  # the edits that set weights back, by token
        self._playing = False
        self._hurries = False  # whether the next burst is short, because points were drawn
        self._until_epoch: int | None = None
        self._goal: _Goal | None = None  # of a run that is first trained as far as an earlier one
        self._beat = Beat()

    # The window's side

    def send(self, command: Command) -> None:
        """Hand over a command; it is read before the next update."""
        self._commands.put(command)

    def set_speed(self, updates_per_second: float | None) -> None:
        """Set the speed in updates per second; None is as fast as possible."""
        self._speed = updates_per_second
        self.send(Refresh())  # wakes the thread, which may be waiting for an update that is now due much earlier

    def want(self, wanted: Wanted) -> None:
        """Set what the next snapshots contain."""
        self._wanted = wanted

    def take(self) -> Snapshot | None:
        """Take the newest snapshot out of the mailbox."""
        try:
            snapshot, self._taken = self._mailbox.pop()
        except IndexError:
            return None
        return snapshot

    def painted(self, seconds: float) -> None:
        """Let the thread continue: the window has painted the snapshot that it took, in `seconds`."""
        self._paint_seconds = seconds
        if self._taken is not None:
            self._taken.set()

    def close(self) -> None:
        """End the thread and wait for it, at most until its current update is done."""
        self._closing = True
        self.send(Close())
        self._parked.set()
        self.wait()
        self._mailbox.clear()

    # The thread's side

    def run(self) -> None:
        """Train and execute commands until closed."""
        while not self._closing:
            try:
                self._execute_all()
                if self._successor is not None:
                    self._catch_up(self._successor)
                elif self._playing:
                    self._play()
            except Exception as error:
                _log.exception("training failed")
                self._successor = None
                self._set_playing(False)
                self.failed.emit(_stopped_by(error))

    def _execute_all(self) -> None:
        """Execute all waiting commands; while paused, wait for one."""
        while not self._closing:
            try:
                command = self._commands.get(block=not self._playing and self._successor is None)
            except queue.Empty:
                return
            self._execute(command)

    def _execute(self, command: Command) -> None:
        match command:
            case Start(run, experiment, updates):
                self._begin(run, experiment, updates)
            case Return(run, experiment):
                if run != self._run_number:
                    self._begin(run, experiment)
            case ApplyEdit(edit, token):
                self._edit(edit, token)
            case RevertEdit(token):
                for edit in self._replaced.pop(token, ()):
                    self._edit(edit)
            case ForkLane() | AddLane() | RemoveLane() | RestoreLane() | RenameLane():
                self._change_lanes(command)
            case Play():
                self._play_on()
            case TogglePlay():
                if self._playing:
                    self._set_playing(False)
                else:
                    self._play_on()
            case Train(epochs):
                self._settle()
                self._until_epoch = epochs
                self._set_playing(self._trainer is not None and self._trainer.epoch < epochs)
            case Pause():
                self._set_playing(False)
            case Step(epoch):
                self._step(epoch)
            case Refresh():
                if self._playing and self._is_slow:
                    self._offer()
            case Close():
                return
            case _:
                assert_never(command)
        if not self._playing and self._commands.empty():  # else the next command offers the result of both
            self._offer()

    def _play_on(self) -> None:
        self._until_epoch = None
        self._set_playing(self._trainer is not None and self._trainer.running)

    def _begin(self, run: int, experiment: Experiment, updates: int = 0) -> None:
        """Start a run or go back to one; if that fails, the previous run stays as it was."""
        left = self._left.get(run)
        trainer, successor = (None, None) if left is None else (left.trainer, left.successor)
        try:
            if trainer is None:
                trainer = Trainer(experiment, watched=True)
            first = trainer.snapshot(run, _fitting(self._wanted, trainer))
        except InputError as error:
            self.rejected.emit(run, str(error))
            return
        except MemoryError:
            self.rejected.emit(run, words.capital(OUT_OF_MEMORY))
            return
        except Exception as error:
            _log.exception("the run could not start")
            self.rejected.emit(run, f"The run could not start because of an internal error ({error!r}).")
            return
        self._left.pop(run, None)
        if self._trainer is not None:
            self._leave(self._trainer)
        if self._goal is not None:
            self._set_playing(self._goal.then_play)
        self._trainer, self._successor, self._run_number, self._goal = trainer, successor, run, None
        if updates:
            self._goal, self._until_epoch = _Goal(updates, self._playing), None
            self._set_playing(True)
            first = replace(first, catch_up_progress=0.0)
        if self._playing and not trainer.running:
            self._set_playing(False)
        self._post(first)

    def _leave(self, trainer: Trainer) -> None:
        """Keep the current run to go back to; the oldest ones are dropped when all take too much memory."""
        held = trainer.bytes + (0 if self._successor is None else self._successor.bytes)
        self._left[self._run_number] = _Left(trainer, self._successor, held)
        while len(self._left) > _LEAST_LEFT and sum(left.bytes for left in self._left.values()) > _MOST_LEFT:
            self._drop(self._left.popitem(last=False)[1])

    def _drop(self, left: _Left) -> None:
        """Free what a run takes that nobody can go back to any more."""
        runs = [trainer for trainer in (left.trainer, left.successor) if trainer is not None]
        for removal in self._removed.values():
            if removal.run in runs:
                if removal.lane is not None:
                    removal.lane.lane.replicas.clear()  # they refer to it, see `Trainer.release`
                removal.run = removal.lane = None
        for trainer in runs:
            trainer.release()

    def _edit(self, edit: Edit, token: int | None = None) -> None:
        self._settle()
        if self._trainer is None:
            return
        try:
            if self._trainer.update or self._trainer.marks or self._playing or edit.is_in_place:
                inverse = self._trainer.inverse(edit)
                self._trainer.take_edit(edit)
                if token is not None:
                    self._replaced.setdefault(token, inverse)
            else:
                self._trainer = _changed_at_start(self._trainer, edit)
        except InputError as error:
            self.refused.emit(str(error))
        if self._playing and (self._commands.empty() or self._is_slow):
            if self._is_slow or self._trainer.waits or not edit.changes.keys() <= _DRAWN:
                self._offer()  # so that its mark appears at once
            else:
                self._hurries = True  # what shows there is what the network makes of it

    def _change_lanes(self, command: ForkLane | AddLane | RemoveLane | RestoreLane | RenameLane) -> None:
        if isinstance(command, RemoveLane) and self._cancel(command):
            return
        self._settle()
        trainer = self._trainer
        if trainer is None:
            return
        try:
            match command:
                case ForkLane(lane, name):
                    trainer.fork_lane(lane, name)
                case AddLane(like, name, changes):
                    model = lane_like(trainer.experiment, trainer.current, like, name)
                    entry = LaneEntry(name, {**model.changes, **changes})
                    self._successor = trainer.joined_by(with_lane(trainer.experiment, entry, alone=True))
                case RemoveLane(lane, token):
                    removal = _removal(trainer.experiment, lane)
                    for other in self._removed.values():  # removed lanes can only go back into one run, at one moment
                        if other.run is not trainer or (other.lane and other.lane.update != trainer.update):
                            other.run = other.lane = None
                    removal.run, removal.lane = trainer, trainer.remove_lane(lane)
                    self._removed[token] = removal
                case RestoreLane(token):
                    removal = self._removed[token]
                    if removal.run is not trainer or removal.lane is None or not trainer.restore_lane(removal.lane):
                        experiment = with_lane(trainer.experiment, removal.entry, removal.edits, place=removal.index)
                        self._successor = trainer.joined_by(experiment)
                case RenameLane(lane, name):
                    trainer.rename_lane(lane, name)
                case _:
                    assert_never(command)
        except InputError as error:
            self.refused.emit(str(error))
        if self._successor is not None:
            self._catch_up(self._successor)
        elif self._playing and self._commands.empty():
            self._offer()

    def _cancel(self, command: RemoveLane) -> bool:
        """If the lane to remove is still catching up, drop it; return whether it was."""
        trainer, successor = self._trainer, self._successor
        if trainer is None or successor is None:
            return False
        coming = {lane.name for lane in successor.lanes} - {lane.name for lane in trainer.lanes}
        if command.lane not in coming:
            return False
        self._removed[command.token] = _removal(successor.experiment, command.lane)
        self._successor = None
        return True

    def _catch_up(self, successor: Trainer) -> None:
        """Train the run with one more lane for a while; it replaces the current run once it has caught up."""
        assert self._trainer is not None
        end = perf_counter() + _CATCH_UP_FRAME

        def go_on() -> bool:
            return perf_counter() < end and not self._closing

        if successor.catch_up(self._trainer, go_on):
            self._trainer, self._successor = successor, None
        if self._commands.empty():
            self._offer()

    def _settle(self) -> None:
        """Let a new lane catch up before anything else: the next command is for the run that has it."""
        while self._successor is not None and not self._closing:
            self._catch_up(self._successor)
            if self._successor is not None and not self._commands.empty():
                self._offer()  # shows the progress, even while other commands wait

    def _step(self, epoch: bool) -> None:
        self._settle()
        self._set_playing(False)
        trainer = self._trainer
        if trainer is None:
            return
        first = trainer.epoch
        trainer.advance(lambda: not self._closing and trainer.epoch == first, None if epoch else 1)

    @property
    def _is_slow(self) -> bool:
        """Whether every single update is to be drawn."""
        return self._speed is not None and self._speed <= FRAMES

    def _set_playing(self, playing: bool) -> None:
        if not playing:
            self._goal = None
        if playing and not self._playing:
            self._beat.start(perf_counter())
        if playing != self._playing:
            self._playing = playing
            self.playing_changed.emit(playing)

    def _play(self) -> None:
        """Train one burst and offer a snapshot."""
        trainer, commands = self._trainer, self._commands
        assert trainer is not None
        if trainer.waits:
            self._wait(_LONGEST_PARK)
            return
        now = perf_counter()
        goal = self._goal
        speed = self._speed if goal is None else None
        if speed is None:
            end, most = now + self._burst(), None if goal is None else goal.updates - trainer.update
        else:
            due_in = self._beat.wait(speed, now)
            if due_in > 0.0:
                self._wait(due_in)
                return
            frame = max(1.0 / FRAMES, self._paint_seconds)
            # At least one update; above the frame rate, as many as fall into this frame.
            most = 1 if self._is_slow else max(1, round(speed * frame))
            end = now + max(_LONGEST_FRAME, _SHORTEST_BURST)
        last = self._until_epoch

        def go_on() -> bool:
            return perf_counter() < end and commands.empty() and (last is None or trainer.epoch < last)

        updates = trainer.advance(go_on, most)
        if speed is not None:
            self._beat.did(updates, now)
        ended = not trainer.running or (last is not None and trainer.epoch >= last)
        if goal is not None and trainer.update >= goal.updates:
            self._goal = None
            ended |= not goal.then_play
        if ended:
            self._set_playing(False)
        if commands.empty() or (updates and self._is_slow):
            self._offer()

    def _burst(self) -> float:
        """Return how long to train before the next frame: about twice as long as the last paint took."""
        if self._hurries:
            self._hurries = False
            return _HURRIED_BURST
        longest = max(_LONGEST_FRAME - self._paint_seconds, self._paint_seconds)
        return max(_SHORTEST_BURST, min(2.2 * self._paint_seconds, longest))

    def _wait(self, seconds: float) -> None:
        """Sleep until the next update is due or a command arrives."""
        try:
            command = self._commands.get(timeout=seconds)
        except queue.Empty:
            return
        self._execute(command)

    def _offer(self) -> None:
        """Put a snapshot into the mailbox, and park until it is painted."""
        if self._trainer is not None and not self._closing:
            wanted = _fitting(self._wanted, self._trainer)
            snapshot = self._trainer.snapshot(self._run_number, wanted)
            if self._goal is not None:
                snapshot = replace(snapshot, catch_up_progress=self._trainer.update / self._goal.updates)
            if self._successor is not None:
                snapshot = with_coming_lanes(snapshot, self._successor, wanted)
            self._post(snapshot)

    def _post(self, snapshot: Snapshot) -> None:
        self._parked = threading.Event()
        self._mailbox.append((snapshot, self._parked))
        QCoreApplication.postEvent(self._listener, QEvent(self.SNAPSHOT))
        if (self._playing or self._successor is not None) and not self._closing:
            self._parked.wait(_LONGEST_PARK)


@dataclass(frozen=True)
class _Left:
    """A run as it was left, with the one that caught up with it, and how much memory they take."""

    trainer: Trainer
    successor: Trainer | None
    bytes: int


@dataclass(frozen=True)
class _Goal:
    """How many updates a run is trained at full speed first, and whether it plays on after that."""

    updates: int
    then_play: bool


@dataclass
class _Removal:
    """The entry, edits and position of a removed lane, and the lane itself, until anything else changes."""

    entry: LaneEntry
    edits: tuple[Edit, ...]
    index: int
    run: Trainer | None = None
    lane: RemovedLane | None = None


def _stopped_by(error: Exception) -> str:
    """Say that training stopped, and why."""
    if isinstance(error, MemoryError):
        return f"Training stopped: {OUT_OF_MEMORY}"
    return f"Training stopped because of an internal error ({error!r}); reset to start over."


def _removal(experiment: Experiment, lane: str) -> _Removal:
    return _Removal(*without_lane(experiment, lane)[1:], lane_index(experiment.lanes, lane))


def _fitting(wanted: Wanted, trainer: Trainer) -> Wanted:
    """Drop surfaces over inputs, and a seed, that this run lacks: the window asked before it knew the run."""
    inputs, seeds = len(trainer.data.inputs), trainer.current.run.replicas
    surfaces = tuple(request for request in wanted.surfaces if request.fits(inputs))
    picked = wanted.replica if wanted.replica is not None and wanted.replica < seeds else None
    return replace(wanted, surfaces=surfaces, replica=picked)


def _changed_at_start(trainer: Trainer, edit: Edit) -> Trainer:
    """Restart with changed settings: before any update, a change is not recorded as an edit.

    If weights from a file fit only the old layers, it is an edit after all.
    """
    settings = replace(trainer.experiment, edits=()).changed_by(edit)
    try:
        changed = trainer.restarted(replace(settings, edits=trainer.experiment.edits))  # with its scheduled edits
    except InputError:
        trainer.take_edit(edit)
        return trainer
    changed.effect = effect_of(edit, marks_of(trainer, edit), changed)
    return changed
