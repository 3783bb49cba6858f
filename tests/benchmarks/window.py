"""Training with the window open: what it costs, and how soon a change is seen."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import pairwise
from random import Random
from statistics import median
from time import perf_counter
from typing import Any
from unittest.mock import patch

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from sandbox.experiment import Edit, Experiment, Trainer
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.nn import LOSSES
from sandbox.ui.lens.equations import EquationsLens
from tests.benchmarks.driven import Driven, Frame, driven
from tests.benchmarks.table import Effort, Row, at_least, at_most
from tests.benchmarks.timing import Rates, rate
from tests.benchmarks.training import ours, planar

SETTLE = 0.5  # share of a round that passes before the window's rate is measured


def frame_rate(frames: list[Frame]) -> float:
    return (len(frames) - 1) / (frames[-1].painted - frames[0].painted)


def update_rate(frames: list[Frame]) -> float:
    return (frames[-1].update - frames[0].update) / (frames[-1].painted - frames[0].painted)


def at_least_two_frames(driver: Driven, seconds: float) -> list[Frame]:
    frames: list[Frame] = []
    while len(frames) < 2:
        frames += driver.run_for(seconds)
    return frames


def by_turns(driver: Driven, alone: Callable[[], int], effort: Effort) -> tuple[Rates, float]:
    """Train with the window and without by turns; return the updates per second of both, and the frames per second."""
    seconds = 2.0 * effort.seconds  # enough for several frames
    with_window, without, frame_rates = [], [], []
    alone()
    for _ in range(effort.rounds):
        driver.play()
        driver.run_for(SETTLE * seconds)
        frames = at_least_two_frames(driver, seconds)
        driver.pause()
        with_window.append(update_rate(frames))
        frame_rates.append(frame_rate(frames))
        without.append(rate(alone, seconds))
    return Rates(tuple(with_window), tuple(without)), median(frame_rates)


def speed(effort: Effort) -> list[Row]:
    """Updates per second with and without the window."""
    experiment = planar((8, 8), 0)
    with driven(experiment) as driver:
        rates, shown = by_turns(driver, ours(experiment, updates=50), effort)
    return [
        at_least("2-8-8-1, all 250: updates/s with the window 1400x900 against without", rates.ratio, 0.5, rates.note),
        Row("... frame rate", f"{shown:.1f}/s", ">= 20/s", shown >= 20.0),
    ]


class _Effects:
    """Notes when the first update after an edit was done."""

    def __init__(self) -> None:
        self.waiting = False
        self.updated: list[float] = []

    def edit(self, trainer: Trainer, *arguments: Any, **named: Any) -> Edit:
        edit = _edit(trainer, *arguments, **named)
        self.waiting = True
        return edit

    def advance(self, trainer: Trainer, go_on: Callable[[], bool], most: int | None = None) -> int:
        first = trainer.update

        def noting() -> bool:
            if self.waiting and trainer.update > first:
                self._note()
            return go_on()

        updates = _advance(trainer, noting if self.waiting else go_on, most)
        if self.waiting and updates:
            self._note()
        return updates

    def _note(self) -> None:
        self.updated.append(perf_counter())
        self.waiting = False


_edit, _advance = Trainer.take_edit, Trainer.advance


def control(effort: Effort) -> list[Row]:
    """Time from a changed learning rate to the first update with it, and to its mark on screen."""
    effects, to_update, to_mark = _Effects(), [], []
    rng = Random(1)
    with (
        patch.object(Trainer, "take_edit", lambda *a, **k: effects.edit(*a, **k)),
        patch.object(Trainer, "advance", lambda *a, **k: effects.advance(*a, **k)),
        driven(planar((8, 8), 0)) as driver,
    ):
        driver.play()
        driver.run_for(effort.seconds)
        for change in range(effort.changes):
            driver.run_for(rng.uniform(0.02, 0.12))  # to any moment of a frame or of a burst
            first = len(driver.frames)
            start = perf_counter()
            driver.session.change("optimizer.learning_rate", 0.1 + 0.001 * (change + 1), True)

            def marked(frame: Frame, count: int = change + 1) -> bool:
                return frame.drawn and frame.marks >= count

            driver.wait(lambda f=first, m=marked: any(map(m, driver.frames[f:])), "a mark")  # type: ignore[misc]
            to_mark.append(next(frame.painted for frame in driver.frames[first:] if marked(frame)) - start)
            driver.wait(lambda n=change + 1: len(effects.updated) >= n, "an update")  # type: ignore[misc]
            to_update.append(effects.updated[change] - start)
    return [
        _percentile("changed learning rate to the first update with it, p95", to_update, 95, 100.0),
        _percentile("... to its mark on screen, p95", to_mark, 95, 100.0),
    ]


def points(effort: Effort) -> list[Row]:
    """Time from a point that is dragged to the first picture of what the networks have learned from that."""
    edits: list[int] = []  # the update before which each took effect

    def noted(*arguments: Any, **named: Any) -> Edit:
        edit = _edit(*arguments, **named)
        edits.append(edit.update)
        return edit

    rows = []
    for losses in (("mse",), ("mse", "mae", "huber")):
        lanes = tuple(LaneEntry(name, {"loss.objective": loss}) for name, loss in zip("ABC", losses, strict=False))
        seconds = []
        experiment = dataclasses.replace(planar((8, 8), 0), lanes=lanes).checked()
        with patch.object(Trainer, "take_edit", noted), driven(experiment) as driver:
            driver.window.drawing.open(True)
            driver.wait(lambda d=driver: _shown(d).data.drawn is not None, "points")  # type: ignore[misc]
            assert driver.window.boundary is not None
            hand = driver.window.boundary.frames[0].view.plot.hand
            assert hand is not None
            driver.play()
            driver.run_for(effort.seconds)
            x, y, _ = (driver.session.experiment.data.points or ())[0]
            hand.press(x, y, Qt.KeyboardModifier.NoModifier)
            rng = Random(1)
            hand.move(x, y + 0.5)
            for change in range(effort.changes):
                driver.run_for(rng.uniform(0.02, 0.12))  # to any moment of a frame or of a burst
                count, start = len(edits), perf_counter()
                hand.move(x + 0.02 * (change % 40), y + 0.6)
                driver.wait(
                    lambda n=count, d=driver: len(edits) > n and d.frames[-1].update > edits[n],  # type: ignore[misc]
                    "an effect",
                )
                seconds.append(perf_counter() - start)
            hand.release()
        lanes_text = "one lane" if len(losses) == 1 else f"{len(losses)} lanes"
        rows.append(_percentile(f"{lanes_text}: dragged point to its effect on the boundary, p95", seconds, 95, 50.0))
    return rows


def _percentile(what: str, seconds: list[float], share: float, wanted: float) -> Row:
    values = 1e3 * np.array(seconds)
    note = f"median {np.median(values):.3g}, longest {values.max():.3g}, of {values.size}"
    return at_most(what, float(np.percentile(values, share)), wanted, "ms", note)


def frames(effort: Effort) -> list[Row]:
    """How long drawing blocks the window, and how regularly it draws."""
    with driven(planar((8, 8), 0)) as driver:
        driver.play()
        driver.run_for(effort.seconds)
        seen = at_least_two_frames(driver, effort.frames)
    between = 1e3 * np.array([after.painted - before.painted for before, after in pairwise(seen)])
    unpainted = sum(not frame.drawn for frame in seen)
    return [
        _percentile(
            "slowest 1 % of frames while training: from snapshot to painted",
            [frame.blocked for frame in seen],
            99,
            50.0,
        ),
        Row(
            "... from one painted frame to the next",
            f"{np.percentile(between, 99):.3g} ms (median {np.median(between):.3g}, longest {between.max():.3g}, "
            f"{unpainted} of {len(seen)} painted nothing)",
        ),
    ]


def lenses(effort: Effort) -> list[Row]:
    """Training and drawing with every lens open in a separate window, against none."""
    seconds = 2.0 * effort.seconds
    with_lenses, without, blocked = [], [], []
    with driven(planar((8, 8), 0)) as driver:
        card = driver.window.lenses
        assert card is not None
        for _ in range(effort.rounds):
            for all_open in (True, False):
                card.setVisible(all_open)
                for lens in card.lenses:
                    card.take_out(lens) if all_open else card.take_back(lens)
                driver.run_for(SETTLE * seconds)
                driver.play()
                driver.run_for(SETTLE * seconds)
                frames = at_least_two_frames(driver, seconds)
                driver.pause()
                (with_lenses if all_open else without).append(update_rate(frames))
                if all_open:
                    blocked += [frame.blocked for frame in frames]
    rates = Rates(tuple(with_lenses), tuple(without))
    return [
        at_least("all lenses open at once: updates/s against none", rates.ratio, 0.8, rates.note),
        _percentile("... slowest 1 % of frames: from snapshot to painted", blocked, 99, 50.0),
    ]


def equations(effort: Effort) -> list[Row]:
    """Time from another objective to its equations on screen, each typeset for the first time."""
    seconds = []
    with driven(planar((8, 8), 0)) as driver:
        card = driver.window.lenses
        assert card is not None
        lens = next(lens for lens in card.lenses if isinstance(lens, EquationsLens))
        card.show_lens(lens)
        driver.play()
        driver.run_for(effort.seconds)
        snapshot = driver.session.snapshot
        assert snapshot is not None
        for name in [name for name in LOSSES if name != snapshot.lanes[0].objective]:
            driver.run_for(0.1)
            before, start = lens.view.equations, perf_counter()
            driver.session.change("loss.objective", name, True)
            driver.wait(lambda b=before: lens.view.equations != b, "other equations")  # type: ignore[misc]
            seconds.append(driver.frames[-1].painted - start)
    return [_percentile("changed objective to its equations on screen, p95", seconds, 95, 150.0)]


def catch_up(effort: Effort) -> list[Row]:
    """How long a new lane takes to be as far as the first, against the time in which that was trained so far."""
    rows = []
    for batch, hidden in ((0, (6, 4)), (10, (6, 4)), (0, (32, 32))):
        experiment = Experiment().with_values({"optimizer.batch_size": batch, "network.hidden": hidden}).checked()
        name = f"moons, 2-{'-'.join(map(str, hidden))}-1, {f'batch {batch}' if batch else 'all samples'}"
        with driven(experiment) as driver:
            for what, changes in (("rate", {"optimizer.learning_rate": 0.3}), ("loss", {"loss.objective": "mse"})):
                alone, late = zip(*(_joined(driver, changes, effort) for _ in range(effort.rounds)), strict=True)
                rates = Rates(late, alone)  # of seconds: the ratio is that of the times
                text = f"{name}: catching up with another {what}, time against training alone"
                rows.append(at_most(text, rates.ratio, 1.0, "times", f"{median(late):.3g} s to {median(alone):.3g} s"))
    return rows


def _joined(driver: Driven, changes: dict[str, Any], effort: Effort) -> tuple[float, float]:
    """Train one lane for some time and let another one catch up; return the seconds that each took."""
    session = driver.session
    session.reset()
    driver.wait(lambda: _shown(driver).update == 0 and len(_shown(driver).lanes) == 1, "the start")
    start = perf_counter()
    driver.play()
    driver.run_for(4.0 * effort.seconds)
    driver.pause()
    alone, start = perf_counter() - start, perf_counter()
    session.add_lane("A", changes)
    driver.wait(lambda: len(_shown(driver).lanes) == 2 and _shown(driver).catch_up_progress == 1.0, "the new lane")
    late = perf_counter() - start
    session.remove_lane("B")
    driver.wait(lambda: len(_shown(driver).lanes) == 1, "the lane removed")
    return alone, late


def _shown(driver: Driven) -> Snapshot:
    assert driver.session.snapshot is not None
    return driver.session.snapshot


def six_lanes(effort: Effort) -> list[Row]:
    """How long drawing blocks the window with as many lanes as it allows."""
    lanes = tuple(LaneEntry("ABCDEF"[k], {"optimizer.learning_rate": 0.05 * (k + 1)}) for k in range(6))
    with driven(dataclasses.replace(planar((8, 8), 0), lanes=lanes).checked()) as driver:
        driver.play()
        driver.run_for(effort.seconds)
        seen = at_least_two_frames(driver, effort.frames)
    blocked = [frame.blocked for frame in seen]
    return [
        _percentile("six lanes: slowest 1 % of frames, from snapshot to painted", blocked, 99, 50.0),
        Row("... frame rate", f"{frame_rate(seen):.1f}/s, {update_rate(seen):,.0f} updates/s in every lane"),
    ]


class _LastPaint(QObject):
    """Notes when something was painted last."""

    at = 0.0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.at = perf_counter()
        return False


def looks(effort: Effort) -> list[Row]:
    """How long another theme, and presenting, take until everything is painted."""
    rows = []
    for count, text in ((1, "one lane"), (3, "three lanes")):
        lanes = tuple(LaneEntry("ABC"[k], {"optimizer.learning_rate": 0.05 * (k + 1)}) for k in range(count))
        with driven(dataclasses.replace(planar((8, 8), 0), lanes=lanes).checked()) as driver:
            for action, what in (("theme", "another theme"), ("present", "presenting, on and off")):
                _switched(driver, action), _switched(driver, action)  # the first time fills caches
                seconds = [_switched(driver, action) for _ in range(2 * effort.rounds)]
                rows.append(_percentile(f"{text}: {what}, until all is painted, p95", seconds, 95, 200.0))
    return rows


def _switched(driver: Driven, action: str) -> float:
    """Switch, and return the seconds until the last of what that made paint."""
    application, last, start = QCoreApplication.instance(), _LastPaint(), perf_counter()
    assert application is not None
    driver.window.actions_[action].trigger()
    application.installEventFilter(last)  # only now: it would delay the events before
    driver.run_for(0.5)
    application.removeEventFilter(last)
    return last.at - start


def presenting(effort: Effort) -> list[Row]:
    """What a pen's strokes and a ring around the mouse add to a frame, measured by turns."""
    plain: list[Frame] = []
    drawn_over: list[Frame] = []
    with driven(planar((8, 8), 0)) as driver:
        actions = driver.window.actions_
        actions["present"].trigger()
        driver.play()
        driver.run_for(effort.seconds)
        for _ in range(effort.rounds):
            plain += at_least_two_frames(driver, effort.frames / effort.rounds)
            actions["pen"].trigger()
            actions["ring"].trigger()
            _draw(driver.window, strokes=20)
            drawn_over += at_least_two_frames(driver, effort.frames / effort.rounds)
            for name in ("pen", "ring", "erase"):
                actions[name].trigger()
        actions["present"].trigger()
    before, after = (1e3 * median(frame.blocked for frame in seen) for seen in (plain, drawn_over))
    note = f"median {after:.3g}, without {before:.3g}"
    return [at_most("20 strokes and a ring over the window: more per frame", after - before, 1.0, "ms", note)]


def _draw(window: QWidget, strokes: int) -> None:
    """Draw waves across the window, one below the other, and leave the mouse at the end of the last."""
    kind, handle = QEvent.Type, window.windowHandle()
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    for stroke in range(strokes):
        for step in range(201):
            height = (0.2 + 0.7 * stroke / strokes) * window.height() + 20.0 * np.sin(step / 9.0)
            at = QPointF((0.1 + 0.8 * step / 200.0) * window.width(), height)
            event = kind.MouseButtonPress if step == 0 else kind.MouseButtonRelease if step == 200 else kind.MouseMove
            buttons = none if step == 200 else left
            button = none if event == kind.MouseMove else left
            moved = QMouseEvent(event, at, handle.mapToGlobal(at), button, buttons, Qt.KeyboardModifier.NoModifier)
            QCoreApplication.sendEvent(handle, moved)
