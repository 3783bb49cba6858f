"""The training thread without a window: a listener takes snapshots when the test says so."""

from __future__ import annotations

import gc
import itertools
import pickle
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject

import sandbox.worker.thread as worker
from sandbox import words
from sandbox.errors import OUT_OF_MEMORY
from sandbox.experiment import Edit, Experiment, Trainer
from sandbox.experiment.document.lanes import with_lane
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.training import size
from sandbox.experiment.training.snapshot import CurveRequest, Snapshot, SurfaceRequest, Wanted
from sandbox.worker import TrainerThread
from sandbox.worker.commands import (
    AddLane,
    ApplyEdit,
    ForkLane,
    Pause,
    Play,
    Refresh,
    RemoveLane,
    RenameLane,
    RestoreLane,
    Return,
    Start,
    Step,
    TogglePlay,
    Train,
)

PATIENCE = 20_000  # milliseconds after which a wait counts as hung
EXPERIMENT = Experiment().with_values({"data.samples": 40, "network.hidden": (3,), "optimizer.batch_size": 7})
MAP = SurfaceRequest("A", (0, 1), (-2.0, 2.0), (-2.0, 2.0), 20)


def change(changes: Mapping[str, Any], lane: str | None = None) -> ApplyEdit:
    """What the window sends when settings change."""
    return ApplyEdit(Edit(0, changes, lane))


class Listener(QObject):
    """Takes every snapshot announced while `takes` is set, and reports it as painted while `paints` is."""

    def __init__(self, qtbot: Any) -> None:
        super().__init__()
        self.qtbot = qtbot
        self.takes = self.paints = True
        self.seen: list[Snapshot] = []
        self.rejected: list[tuple[int, str]] = []
        self.failed: list[str] = []
        self.playing: list[bool] = []
        self.thread_ = TrainerThread(self)
        self.thread_.rejected.connect(lambda run, reason: self.rejected.append((run, reason)))
        self.refused: list[str] = []
        self.thread_.refused.connect(self.refused.append)
        self.thread_.failed.connect(self.failed.append)
        self.thread_.playing_changed.connect(self.playing.append)

    def event(self, event: QEvent) -> bool:
        if event.type() != TrainerThread.SNAPSHOT:
            return super().event(event)
        snapshot = self.thread_.take() if self.takes else None
        if snapshot is not None:
            self.seen.append(snapshot)
            if self.paints:
                self.thread_.painted(0.001)
        return True

    @property
    def last(self) -> Snapshot:
        return self.seen[-1]

    def wait(self, until: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(until, timeout=PATIENCE)

    def begin(self, experiment: Experiment = EXPERIMENT, run: int = 0) -> None:
        """Start a run and wait for its first snapshot."""
        self.thread_.send(Start(run, experiment))
        self.wait(lambda: bool(self.seen) and self.last.run == run)

    def play_until(self, update: int) -> None:
        """Train to at least this update, and pause."""
        self.thread_.send(Play())
        self.wait(lambda: self.last.update >= update)
        self.pause()

    def pause(self) -> None:
        """Pause, and wait for a snapshot."""
        self.thread_.send(Pause())
        self.settle()

    def settle(self) -> None:
        """Wait for a snapshot that is newer than all commands."""
        count = len(self.seen)
        self.thread_.send(Refresh())
        self.wait(lambda: len(self.seen) > count and self.thread_._commands.empty() and not self.thread_._mailbox)

    @property
    def trainer(self) -> Trainer:
        """The trainer; only read it while paused."""
        trainer = self.thread_._trainer
        assert trainer is not None
        return trainer


@pytest.fixture
def listener(qtbot: Any) -> Iterator[Listener]:
    listener = Listener(qtbot)
    listener.thread_.start()
    yield listener
    listener.thread_.close()
    assert not listener.thread_.isRunning()


def same_run(one: Trainer, other: Trainer) -> bool:
    """Whether weights and histories are bit for bit the same."""
    if one.update != other.update:
        return False
    for lane in (lane.name for lane in one.lanes):
        ours, theirs = one.parameters(lane), other.parameters(lane)
        if ours.keys() != theirs.keys() or not all(np.array_equal(ours[name], theirs[name]) for name in ours):
            return False
        for column in ("train_cost", "test_cost", "train_accuracy"):
            lines = zip(one.history(lane).curve(column, 10_000), other.history(lane).curve(column, 10_000), strict=True)
            if not all(np.array_equal(x, y, equal_nan=True) for x, y in lines):
                return False
    return True


def replayed(experiment: Experiment, updates: int) -> Trainer:
    """Train as far without a thread, reading the experiment from its text."""
    trainer = Trainer(Experiment.loads(experiment.dumps()))
    while trainer.update < updates:
        trainer.step()
    return trainer


# Taking turns


def test_the_thread_parks_until_its_snapshot_is_painted(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_LONGEST_PARK", 1000.0)
    listener.begin()
    listener.paints = False
    count = len(listener.seen)
    listener.thread_.send(Play())
    listener.wait(lambda: len(listener.seen) > count)
    parked = listener.last.update
    assert parked > 0
    assert listener.thread_.take() is None
    listener.paints = True
    listener.thread_.painted(0.001)
    listener.wait(lambda: listener.last.update > parked)


def test_commands_sent_while_it_is_parked_are_obeyed_in_order(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_LONGEST_PARK", 1000.0)
    listener.begin()
    listener.paints = False
    count = len(listener.seen)
    listener.thread_.send(Play())
    listener.wait(lambda: len(listener.seen) > count)
    parked = listener.last.update
    listener.thread_.send(change({"optimizer.learning_rate": 0.25}))
    listener.thread_.send(Pause())
    listener.thread_.send(change({"optimizer.l2": 0.125}))
    listener.thread_.send(Step())
    listener.paints = True
    listener.thread_.painted(0.001)
    listener.wait(lambda: listener.last.update == parked + 1 and listener.playing[-1:] == [False])
    assert [(edit.update, dict(edit.changes)) for edit in listener.last.experiment.edits] == [
        (parked, {"optimizer.learning_rate": 0.25}), (parked, {"optimizer.l2": 0.125}),
    ]  # fmt: skip


def test_a_window_that_never_paints_does_not_block_it_for_ever(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_LONGEST_PARK", 0.01)
    listener.begin()
    listener.paints = False
    listener.thread_.send(Play())
    listener.wait(lambda: listener.last.update > 100)
    listener.pause()


def test_painting_an_older_snapshot_does_not_release_the_newest(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_LONGEST_PARK", 1000.0)
    listener.begin()
    listener.takes = False
    listener.thread_.send(Play())
    listener.wait(lambda: bool(listener.thread_._mailbox))
    offered, parked = listener.thread_._mailbox[0]
    listener.thread_.painted(0.001)  # comes late, and is for the first snapshot
    assert not parked.is_set()
    listener.takes = True
    assert listener.thread_.take() is offered
    listener.thread_.painted(0.001)
    listener.wait(lambda: listener.last.update > offered.update)


def test_closing_wakes_a_parked_thread(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_LONGEST_PARK", 1000.0)
    for _ in range(20):
        listener = Listener(qtbot)
        listener.paints = False
        listener.thread_.start()
        listener.begin()
        listener.thread_.send(Play())
        listener.wait(lambda listener=listener: listener.last.update > 0)
        listener.thread_.close()
        assert not listener.thread_.isRunning()


def test_closing_before_or_right_after_the_start(qtbot: Any) -> None:
    Listener(qtbot).thread_.close()
    for _ in range(20):
        listener = Listener(qtbot)
        listener.thread_.start()
        listener.thread_.send(Start(0, EXPERIMENT))
        listener.thread_.send(Play())
        listener.thread_.close()
        assert not listener.thread_.isRunning()
        assert listener.thread_.take() is None


def test_a_sleeping_thread_closes_at_once(listener: Listener) -> None:
    listener.thread_.set_speed(1e-3)
    listener.begin()
    listener.thread_.send(Play())
    listener.wait(lambda: listener.last.update == 1)
    listener.thread_.close()
    assert not listener.thread_.isRunning()


# Pace


def test_at_a_slow_speed_no_update_is_skipped(listener: Listener) -> None:
    listener.thread_.set_speed(worker.FRAMES)
    listener.begin()
    listener.thread_.send(Play())
    for target in (5, 10, 15):
        listener.wait(lambda target=target: listener.last.update >= target)
        for rate in (0.1, 0.2, 0.3):
            listener.thread_.send(change({"optimizer.learning_rate": rate}))
    updates = [snapshot.update for snapshot in listener.seen]
    assert list(dict.fromkeys(updates)) == list(range(updates[-1] + 1))


@pytest.mark.parametrize(("speed", "at_once"), [(2.0, 1), (200.0, 8), (1000.0, 40), (5000.0, 200)])
def test_a_set_speed_is_kept(speed: float, at_once: int) -> None:
    beat, now, done = worker.Beat(), 100.0, 0
    beat.start(now)
    while now < 110.0:  # ten seconds of a simulated clock; each round takes 1 ms
        wait = beat.wait(speed, now)
        if wait > 0.0:
            now += wait
            continue
        beat.did(at_once, now)
        done += at_once
        now += 0.001
    assert done == pytest.approx(10.0 * speed, abs=2 * at_once)


def test_only_a_limited_number_of_late_updates_is_caught_up_on() -> None:
    beat = worker.Beat()
    beat.start(0.0)
    assert beat.wait(100.0, 0.0) == 0.0
    beat.did(1, 60.0)  # the machine slept for a minute
    rounds = 0
    while beat.wait(100.0, 60.0) <= 0.0:
        beat.did(1, 60.0)
        rounds += 1
    assert rounds <= 100.0 / worker.FRAMES + 1


def test_a_higher_speed_does_not_wait_for_the_old_due_time() -> None:
    beat = worker.Beat()
    beat.start(0.0)
    beat.wait(0.01, 0.0)
    beat.did(1, 0.0)
    assert beat.wait(0.01, 0.0) == pytest.approx(100.0)
    assert beat.wait(100.0, 0.0) == pytest.approx(0.01)


def test_a_changed_speed_wakes_it(listener: Listener) -> None:
    listener.thread_.set_speed(1e-3)
    listener.begin()
    listener.thread_.send(Play())
    listener.wait(lambda: listener.last.update == 1)
    listener.thread_.set_speed(None)
    listener.wait(lambda: listener.last.update > 50)


def test_a_new_request_is_answered_before_a_slow_update(listener: Listener) -> None:
    listener.thread_.set_speed(1e-3)
    listener.begin()
    listener.thread_.send(Play())
    listener.wait(lambda: listener.last.update == 1)
    listener.thread_.want(Wanted((MAP,)))
    listener.thread_.send(Refresh())
    listener.wait(lambda: bool(listener.last.surfaces))
    assert listener.last.update == 1


def test_steps_and_epochs(listener: Listener) -> None:
    listener.begin()
    listener.thread_.send(Step())
    listener.wait(lambda: listener.last.update == 1)
    listener.thread_.send(Step(epoch=True))
    listener.wait(lambda: listener.last.epoch == 1)
    assert listener.last.update == 4  # 28 samples by 7
    listener.thread_.send(Train(3))
    listener.wait(lambda: listener.last.epoch == 3 and listener.playing == [True, False])
    assert listener.last.update == 12


def test_two_toggles_at_once_leave_it_paused(listener: Listener) -> None:
    listener.begin()
    listener.thread_.send(TogglePlay())
    listener.thread_.send(TogglePlay())
    listener.settle()
    assert listener.playing in ([], [True, False])
    listener.thread_.send(TogglePlay())
    listener.wait(lambda: listener.last.update > 3)
    listener.thread_.send(TogglePlay())
    listener.wait(lambda: listener.playing[-1:] == [False])


# The same bits


def test_a_run_driven_in_any_way_replays_from_its_experiment(listener: Listener) -> None:
    listener.thread_.want(Wanted((MAP,), CurveRequest(200)))
    listener.begin()
    listener.play_until(50)
    listener.thread_.send(change({"optimizer.learning_rate": 0.2, "optimizer.name": "adam"}))
    listener.thread_.send(Step())
    listener.thread_.set_speed(20.0)
    listener.thread_.send(Play())
    first = listener.last.update
    listener.wait(lambda: listener.last.update > first + 3)
    listener.thread_.send(change({"network.hidden": (5, 2)}))
    listener.thread_.send(change({"loss.objective": "huber", "loss.delta": 0.5}))
    listener.thread_.set_speed(None)
    listener.thread_.send(Play())
    listener.wait(lambda: listener.last.update > first + 100)
    listener.pause()
    listener.thread_.send(change({"optimizer.batch_size": 0}))
    listener.thread_.send(Step(epoch=True))
    listener.settle()
    assert len(listener.last.experiment.edits) == 4
    assert same_run(listener.trainer, replayed(listener.last.experiment, listener.last.update))


def test_snapshots_change_no_bit(listener: Listener) -> None:
    listener.thread_.want(Wanted((MAP,), CurveRequest(200)))
    listener.begin()
    for _ in range(30):
        listener.thread_.send(Step())
        listener.settle()
    trainer = Trainer(EXPERIMENT)
    trainer.advance(lambda: trainer.update < 30)
    assert same_run(listener.trainer, trainer)


def test_changing_monitors_while_training_changes_no_bit_of_a_weight(listener: Listener) -> None:
    listener.begin()
    listener.thread_.send(Play())
    for done, monitors in enumerate((("mse",), ("mse", "hinge", "binary_accuracy"), (), ("focal",)), start=1):
        listener.thread_.send(change({"loss.monitors": monitors}))
        listener.wait(lambda done=done: len(listener.last.experiment.edits) == done)
        reached = listener.last.update
        listener.wait(lambda reached=reached: listener.last.update > reached + 10)
    listener.pause()
    assert len(listener.last.experiment.edits) == 4
    plain = replayed(replace(listener.last.experiment, edits=()), listener.last.update)
    ours, theirs = listener.trainer.parameters(), plain.parameters()
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)


def test_what_crosses_to_the_window_is_frozen_and_can_be_pickled(listener: Listener) -> None:
    listener.thread_.want(Wanted((MAP,), CurveRequest(200)))
    listener.begin()
    listener.play_until(20)
    snapshot = listener.last
    copy = pickle.loads(pickle.dumps(snapshot))
    assert copy.update == snapshot.update and copy.experiment == snapshot.experiment
    for command in (Start(1, EXPERIMENT), change({"optimizer.l2": 0.1}, "A"), Step(epoch=True)):
        assert pickle.loads(pickle.dumps(command)) == command
    with pytest.raises(AttributeError):
        snapshot.update = 0  # type: ignore[misc]


# Runs


def test_a_change_before_the_first_update_is_not_an_edit(listener: Listener) -> None:
    listener.begin()
    listener.thread_.send(change({"network.hidden": (4, 4)}))
    listener.settle()
    assert listener.last.experiment == EXPERIMENT.with_value("network.hidden", (4, 4))
    assert listener.last.experiment.edits == ()
    assert same_run(listener.trainer, Trainer(EXPERIMENT.with_value("network.hidden", (4, 4))))


def test_a_change_at_the_start_comes_after_an_edit_of_the_file_there(listener: Listener) -> None:
    experiment = Experiment.loads(EXPERIMENT.dumps() + "\n[[edits]]\nupdate = 0\noptimizer.learning_rate = 0.1\n")
    listener.begin(experiment)
    listener.thread_.send(change({"optimizer.learning_rate": 0.3}))
    listener.settle()
    assert listener.trainer.current.optimizer.learning_rate == 0.3


def test_layers_changed_before_the_first_update_keep_weights_from_a_file(listener: Listener, tmp_path: Any) -> None:
    trainer = Trainer(EXPERIMENT)
    np.savez(tmp_path / "start.npz", **trainer.parameters())
    experiment = replace(EXPERIMENT, folder=tmp_path).with_value("network.weights", "start.npz")
    listener.begin(experiment)
    listener.thread_.send(change({"network.hidden": (5,)}))
    listener.settle()
    assert not listener.failed
    assert np.array_equal(listener.trainer.parameters()["W1"][:3], trainer.parameters()["W1"])
    assert listener.last.lanes[0].sizes == (2, 5, 1)


def test_returning_to_a_run_finds_it_as_it_was(listener: Listener) -> None:
    listener.begin()
    listener.play_until(30)
    left, weights = listener.last, listener.trainer.parameters()
    other = EXPERIMENT.with_value("data.noise", 0.4)
    listener.begin(other, run=1)
    listener.play_until(10)
    listener.thread_.send(Return(0, EXPERIMENT))
    listener.wait(lambda: listener.last.run == 0)
    assert listener.last.update == left.update
    assert all(np.array_equal(weights[name], array) for name, array in listener.trainer.parameters().items())
    listener.thread_.send(Return(0, EXPERIMENT))  # it is there already
    listener.settle()
    assert (listener.last.run, listener.last.update) == (0, left.update)
    assert list(listener.thread_._left) == [1]


def test_runs_to_go_back_to_are_kept_by_bytes(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty small runs are all kept, of large ones only as many as fit, and the last one however large it is."""
    small = EXPERIMENT.with_value("run.epochs", 10)
    large = small.with_values({"network.hidden": (64, 64), "run.replicas": 8})
    for run in range(40):
        listener.begin(small, run=run)
    each = listener.trainer.bytes
    assert list(listener.thread_._left) == list(range(39))
    monkeypatch.setattr(worker, "_MOST_LEFT", 60 * each)
    listener.begin(large, run=40)
    huge = listener.trainer.bytes
    assert huge > 5 * each
    for run in range(41, 41 + 60 * each // huge + 3):
        listener.begin(large, run=run)
    left = listener.thread_._left
    assert list(left)[-1] == listener.last.run - 1 and set(left) == set(range(listener.last.run - len(left), run))
    held = sum(kept.bytes for kept in left.values())
    assert held == huge * len(left) <= 60 * each < held + huge
    monkeypatch.setattr(worker, "_MOST_LEFT", 1)
    listener.begin(large, run=100)
    assert list(listener.thread_._left) == [run]


def test_a_run_that_nobody_can_go_back_to_is_freed_at_once(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only when Python looks for circles of references, which it does late for few, large objects."""
    monkeypatch.setattr(worker, "_MOST_LEFT", 1)
    listener.begin(EXPERIMENT.with_value("run.replicas", 3))
    listener.thread_.send(ForkLane("A", "B"))
    listener.thread_.send(RemoveLane("B", 0))
    listener.thread_.send(Step())
    listener.settle()
    parameters = [weakref.ref(replica.theta.base) for replica in listener.trainer.lanes[0].replicas]
    parameters.append(weakref.ref(listener.trainer._groups[0].net.theta))
    recorded = [weakref.ref(lane.history) for lane in listener.trainer.lanes]
    gc.disable()
    try:
        for run in (1, 2):
            listener.begin(run=run)
        assert listener.thread_._removed[0].run is None and listener.thread_._removed[0].lane is None
        assert [ref() for ref in (*parameters, *recorded)] == [None] * 5
    finally:
        gc.enable()


def test_a_run_that_needs_too_much_memory_is_refused_and_the_last_goes_on(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener.begin()
    listener.play_until(5)
    giant = (1_024,) * 8
    monkeypatch.setattr(size, "MOST_RUN_BYTES", 100_000_000)
    listener.thread_.send(change({"network.hidden": giant}))
    listener.wait(lambda: len(listener.refused) == 1)
    listener.thread_.send(AddLane("A", "B", {"network.hidden": giant}))
    listener.wait(lambda: len(listener.refused) == 2)
    listener.thread_.send(Start(1, EXPERIMENT.with_value("network.hidden", giant)))
    listener.wait(lambda: bool(listener.rejected))
    sentences = [*listener.refused, listener.rejected[0][1]]
    assert all(text.startswith("This needs about") and "the hidden layers" in text for text in sentences)
    listener.play_until(listener.last.update + 5)
    assert listener.last.run == 0 and listener.last.lanes[0].sizes == (2, 3, 1) and len(listener.last.lanes) == 1


def test_a_lack_of_memory_is_a_sentence(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any, **keywords: Any) -> Any:
        raise MemoryError

    listener.begin()
    monkeypatch.setattr(worker, "Trainer", fail)
    listener.thread_.send(Start(1, EXPERIMENT))
    listener.wait(lambda: bool(listener.rejected))
    assert listener.rejected == [(1, words.capital(OUT_OF_MEMORY))]
    monkeypatch.setattr(listener.trainer, "advance", fail)
    listener.thread_.send(Play())
    listener.wait(lambda: bool(listener.failed))
    assert listener.failed[0].startswith("Training stopped: there is not enough memory") and len(listener.failed) == 1


def test_returning_to_a_discarded_run_restarts_it(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    for run in range(4):
        listener.begin(run=run)
        monkeypatch.setattr(worker, "_MOST_LEFT", 2 * listener.trainer.bytes + 10)
        listener.thread_.send(Step())
        listener.settle()
    assert list(listener.thread_._left) == [1, 2]
    listener.thread_.send(Return(0, EXPERIMENT))
    listener.wait(lambda: listener.last.run == 0)
    assert listener.last.update == 0
    listener.thread_.send(Return(2, EXPERIMENT))
    listener.wait(lambda: listener.last.run == 2)
    assert listener.last.update == 1


def test_a_refused_run_leaves_the_previous_one_training(listener: Listener, tmp_path: Any) -> None:
    listener.begin()
    listener.thread_.send(Play())
    missing = EXPERIMENT.with_value("data.file", str(tmp_path / "none.csv"))
    listener.thread_.send(Start(1, missing))
    listener.wait(lambda: bool(listener.rejected))
    assert listener.rejected[0][0] == 1 and "none.csv" in listener.rejected[0][1]
    reached = listener.last.update
    listener.wait(lambda: listener.last.run == 0 and listener.last.update > reached)


def test_data_with_fewer_inputs_than_the_view_asked_for(listener: Listener) -> None:
    listener.thread_.want(Wanted((replace(MAP, axes=(20, 40)),)))
    listener.begin(EXPERIMENT.with_values({"data.dataset": "digits", "data.samples": None}))
    assert listener.last.surfaces
    listener.begin(run=1)
    assert not listener.failed and not listener.rejected


def test_a_run_with_fewer_seeds_than_the_one_picked(listener: Listener) -> None:
    listener.begin(EXPERIMENT.with_value("run.replicas", 8))
    listener.thread_.want(Wanted((MAP,), CurveRequest(200), replica=7))
    listener.settle()
    listener.begin(EXPERIMENT.with_value("run.replicas", 2), run=1)
    listener.begin(run=2)
    assert listener.last.surfaces and listener.last.lanes[0].readings
    assert not listener.failed and not listener.rejected


# Errors


def test_a_trainer_error_is_reported_and_the_thread_survives(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    listener.begin()

    def broken(*_: object) -> int:
        raise RuntimeError("boom")

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "advance", broken)
        listener.thread_.send(Play())
        listener.wait(lambda: bool(listener.failed))
    assert "boom" in listener.failed[0]
    assert "boom" in caplog.text
    listener.wait(lambda: listener.playing == [True, False])
    listener.play_until(10)
    assert len(listener.failed) == 1


def test_an_error_while_a_run_begins_refuses_it(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    listener.begin()

    def broken(*_: object) -> Snapshot:
        raise RuntimeError("boom")

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "snapshot", broken)
        listener.thread_.send(Start(1, EXPERIMENT))
        listener.wait(lambda: bool(listener.rejected))
    assert listener.rejected[0][0] == 1 and "boom" in listener.rejected[0][1]
    listener.play_until(5)
    assert listener.last.run == 0


def test_a_lane_that_stops_pauses_the_thread(listener: Listener) -> None:
    listener.begin(
        EXPERIMENT.with_values(
            {"loss.objective": "mse", "network.output": "linear", "network.activation": "relu",
             "optimizer.learning_rate": 1e6}
        )
    )  # fmt: skip
    listener.thread_.send(Play())
    listener.wait(lambda: listener.playing == [True, False])
    listener.wait(lambda: bool(listener.last.lanes[0].stopped))
    listener.thread_.send(Play())
    listener.settle()
    assert listener.playing == [True, False]


# Lanes


def test_a_lane_is_forked_while_training(listener: Listener) -> None:
    listener.begin()
    listener.thread_.send(Play())
    listener.wait(lambda: listener.last.update >= 3)
    listener.thread_.send(ForkLane("A", "B"))
    listener.thread_.send(change({"loss.objective": "mse"}, "B"))
    listener.wait(lambda: len(listener.last.lanes) == 2 and listener.last.lanes[1].objective == "mse")
    listener.pause()
    trainer = listener.thread_._trainer
    assert trainer is not None
    replay = Trainer(trainer.experiment, trainer.data)
    replay.advance(lambda: True, trainer.update)
    for name in "AB":
        np.testing.assert_array_equal(trainer.lane(name).replicas[0].theta, replay.lane(name).replicas[0].theta)


def test_a_lane_added_late_catches_up_while_the_others_wait(listener: Listener) -> None:
    listener.begin()
    listener.play_until(20_000)
    goal = listener.last.update
    listener.thread_.send(AddLane("A", "B", {"loss.objective": "mse"}))
    listener.wait(lambda: listener.last.catch_up_progress < 1.0)
    catching_up = [snapshot for snapshot in listener.seen if snapshot.catch_up_progress < 1.0]
    for snapshot in catching_up:  # the new lane is drawn as far as it is, by itself
        assert snapshot.update == goal and [lane.name for lane in snapshot.lanes] == ["A", "B"]
        assert [lane.catch_up < 1.0 for lane in snapshot.lanes] == [False, True]
        assert snapshot.lanes[1].objective == "mse" and snapshot.experiment.lanes[1].name == "B"
    listener.wait(lambda: listener.last.catch_up_progress == 1.0 and len(listener.last.lanes) == 2)
    assert listener.last.update == goal
    assert listener.last.lanes[1].objective == "mse"


@pytest.mark.parametrize("changes", [{"loss.objective": "mse"}, {"optimizer.learning_rate": 0.1}])
def test_a_frame_of_catching_up_is_short(changes: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock on which every update takes ten milliseconds, twelve fit into a frame of 0.12 seconds."""
    trainer, moments = Trainer(EXPERIMENT, watched=True), itertools.count()
    trainer.advance(lambda: True, 500)
    listener = QObject()
    thread = TrainerThread(listener)  # never started: this test calls what it would do
    thread._trainer = trainer
    thread._successor = successor = trainer.joined_by(
        with_lane(trainer.experiment, LaneEntry("B", changes), alone=True)
    )
    monkeypatch.setattr(worker, "perf_counter", lambda: 0.01 * next(moments))
    monkeypatch.setattr(worker, "_LONGEST_PARK", 0.0)
    frames = 0
    while thread._successor is not None:
        before, frames = successor.update, frames + 1
        thread._catch_up(successor)
        assert 1 <= successor.update - before <= 12
        snapshot = thread.take()
        assert snapshot is not None and snapshot.catch_up_progress == successor.update / 500
    assert frames >= 500 / 12 and thread._trainer is successor


def test_commands_while_a_lane_catches_up_are_not_lost(listener: Listener) -> None:
    listener.begin()
    listener.play_until(5_000)
    goal = listener.last.update
    listener.thread_.send(AddLane("A", "B"))
    listener.thread_.send(change({"optimizer.learning_rate": 0.01}, "B"))
    listener.thread_.send(Step())
    listener.wait(lambda: listener.last.update == goal + 1)
    rates = {lane: listener.last.experiment.effective().lane(lane).optimizer.learning_rate for lane in "AB"}
    assert rates == {"A": 0.5, "B": 0.01}


def test_a_removed_lane_stops_catching_up(listener: Listener) -> None:
    listener.begin()
    listener.play_until(20_000)
    goal = listener.last.update
    listener.thread_.send(AddLane("A", "B", {"loss.objective": "mse"}))
    listener.wait(lambda: listener.last.catch_up_progress < 1.0)
    successor = listener.thread_._successor
    assert successor is not None
    listener.thread_.send(RemoveLane("B", 1))
    listener.wait(lambda: listener.last.catch_up_progress == 1.0)
    assert [lane.name for lane in listener.last.lanes] == ["A"] and listener.last.update == goal
    assert successor.update < goal and listener.thread_._successor is None
    listener.thread_.send(RestoreLane(1))
    listener.wait(lambda: listener.last.catch_up_progress == 1.0 and len(listener.last.lanes) == 2)
    assert listener.last.lanes[1].objective == "mse"


def test_closing_does_not_wait_for_a_lane_to_catch_up(listener: Listener) -> None:
    listener.begin()
    listener.play_until(20_000)
    listener.thread_.send(AddLane("A", "B"))
    listener.wait(lambda: listener.last.catch_up_progress < 1.0)
    listener.thread_.close()
    assert not listener.thread_.isRunning() and listener.thread_._successor is not None


def test_returning_to_a_run_lets_its_lane_catch_up(listener: Listener) -> None:
    listener.begin()
    listener.play_until(20_000)
    listener.thread_.send(AddLane("A", "B"))
    listener.wait(lambda: listener.last.catch_up_progress < 1.0)
    listener.begin(EXPERIMENT.with_value("network.seed", 3), 1)
    assert listener.last.catch_up_progress == 1.0 and len(listener.last.lanes) == 1
    listener.thread_.send(Return(0, EXPERIMENT))
    listener.wait(
        lambda: listener.last.run == 0 and listener.last.catch_up_progress == 1.0 and len(listener.last.lanes) == 2
    )


def test_a_removed_lane_is_restored_in_its_place(listener: Listener) -> None:
    lanes = tuple(LaneEntry(name, {"optimizer.learning_rate": 0.1 * k}) for k, name in enumerate("ABC", start=1))
    listener.begin(replace(EXPERIMENT, lanes=lanes).checked())
    listener.play_until(30)
    listener.thread_.send(RemoveLane("B", 5))
    listener.settle()
    assert [lane.name for lane in listener.last.lanes] == ["A", "C"]
    listener.thread_.send(RestoreLane(5))
    listener.thread_.send(RenameLane("C", "C slow"))
    listener.settle()
    assert [lane.name for lane in listener.last.lanes] == ["A", "B", "C slow"]
    assert listener.last.experiment.lane("B").optimizer.learning_rate == 0.2


@pytest.mark.parametrize("meanwhile", [None, Step(), change({"optimizer.learning_rate": 0.3}, "A")])
def test_a_restored_lane_is_as_if_never_removed(listener: Listener, meanwhile: Any) -> None:
    lanes = (LaneEntry("A"), LaneEntry("B", {"loss.objective": "mse"}), LaneEntry("C"))
    listener.begin(replace(EXPERIMENT, lanes=lanes).checked())
    listener.play_until(30)
    before, lane = listener.trainer, listener.trainer.lane("B")
    listener.thread_.send(RemoveLane("B", 1))
    listener.thread_.send(RemoveLane("C", 2))
    if meanwhile is not None:
        listener.thread_.send(meanwhile)
    listener.thread_.send(RestoreLane(2))
    listener.thread_.send(RestoreLane(1))
    listener.wait(lambda: len(listener.last.lanes) == 3)
    listener.settle()
    # Nothing is trained again if nothing was done in between.
    assert (listener.trainer is before and listener.trainer.lane("B") is lane) == (meanwhile is None)
    listener.play_until(listener.last.update + 30)
    assert same_run(listener.trainer, replayed(listener.last.experiment, listener.last.update))
    trainer = listener.trainer
    keys = {name: trainer.lane(name).key for name in "ABC"}
    assert trainer.pairs.diverged_at.get(frozenset((keys["A"], keys["B"]))) == 1
    apart = trainer.lane("A").timeline.apart(trainer.lane("B").timeline)
    assert len(apart[0]) == trainer.epoch + 1


@pytest.mark.parametrize(
    "command", [ForkLane("X", "B"), AddLane("X", "B"), RemoveLane("X", 1), RemoveLane("A", 1), RenameLane("A", "a:b")]
)
def test_invalid_lane_commands_are_refused_with_a_sentence(listener: Listener, command: Any) -> None:
    listener.begin()
    listener.thread_.send(command)
    listener.wait(lambda: bool(listener.refused))
    listener.settle()
    assert [lane.name for lane in listener.last.lanes] == ["A"]
    assert listener.failed == []


def test_a_run_is_first_trained_as_far_as_asked_then_pauses(listener: Listener) -> None:
    listener.begin()
    listener.thread_.set_speed(2.0)  # it does not hold until the run is as far
    listener.thread_.send(Start(1, EXPERIMENT, 200))
    listener.wait(lambda: listener.last.run == 1 and listener.last.update == 200)
    listener.wait(lambda: not listener.thread_._playing)
    listener.settle()
    shown = [snapshot.catch_up_progress for snapshot in listener.seen if snapshot.run == 1 and snapshot.update < 200]
    assert listener.last.update == 200 and listener.last.catch_up_progress == 1.0
    assert shown == sorted(shown) and all(progress < 1.0 for progress in shown)
    assert same_run(listener.trainer, replayed(EXPERIMENT, 200))


def test_a_run_that_was_playing_plays_on_after_that(listener: Listener) -> None:
    listener.begin()
    listener.thread_.send(Play())
    listener.thread_.send(Start(1, EXPERIMENT, 50))
    listener.wait(lambda: listener.last.run == 1 and listener.last.update > 60)
    assert listener.thread_._playing
    listener.pause()
    listener.thread_.send(Start(2, EXPERIMENT, 100_000))
    listener.wait(lambda: listener.last.run == 2 and listener.last.update > 0)
    listener.thread_.send(Pause())  # is obeyed, and then forgotten
    listener.settle()
    update = listener.last.update
    assert update < 100_000 and listener.last.catch_up_progress == 1.0
    listener.thread_.send(Start(3, EXPERIMENT))
    listener.wait(lambda: listener.last.run == 3)
    listener.settle()
    assert listener.last.update == 0 and not listener.thread_._playing


@pytest.mark.parametrize("monitors", [(), ("mse",)])
@pytest.mark.parametrize("replicas", [1, 3])
def test_the_histories_of_all_lanes_are_as_if_the_new_one_had_been_there(
    listener: Listener, monitors: tuple[str, ...], replicas: int
) -> None:
    """A lane that records the new lane's loss already keeps its history; otherwise it is recorded again."""
    experiment = EXPERIMENT.with_values({"loss.monitors": monitors, "run.replicas": replicas})
    listener.begin(experiment)
    listener.play_until(100)
    listener.thread_.send(change({"optimizer.learning_rate": 0.1}))
    listener.play_until(150)
    kept = listener.trainer.history("A")
    listener.thread_.send(AddLane("A", "B", {"loss.objective": "mse"}))
    listener.wait(lambda: len(listener.last.lanes) == 2 and listener.last.catch_up_progress == 1.0)
    listener.settle()
    assert (listener.trainer.history("A") is kept) == bool(monitors)
    listener.play_until(listener.last.update + 30)
    trainer = listener.trainer
    reference = Trainer(Experiment.loads(listener.last.experiment.dumps()), watched=True)
    reference.advance(lambda: True, trainer.update)
    assert same_run(trainer, reference)
    for name in "AB":
        for column in ("train_mse", "test_binary_cross_entropy"):
            ours, theirs = (one.history(name).column(column) for one in (trainer, reference))
            np.testing.assert_array_equal(ours, theirs)
        if replicas > 1:
            ours, theirs = (one.lane(name).replica_history for one in (trainer, reference))
            assert ours is not None and theirs is not None
            np.testing.assert_array_equal(ours.column("train_cost#2"), theirs.column("train_cost#2"))
    pair = frozenset(lane.key for lane in trainer.lanes)
    assert trainer.pairs.diverged_at[pair] == 1
