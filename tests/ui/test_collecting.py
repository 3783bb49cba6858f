"""Garbage is collected on the window's thread only: the other would free widgets that Qt is using."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QObject

from sandbox.ui.collecting import Collector


@pytest.fixture
def eager() -> Iterator[set[int]]:
    """Collect far more often than usual; yield the ids of the threads that collected."""
    threads: set[int] = set()

    def note(phase: str, info: dict[str, int]) -> None:
        threads.add(threading.get_ident())

    usual = gc.get_threshold()
    gc.callbacks.append(note)
    gc.set_threshold(20, 2, 2)
    yield threads
    gc.set_threshold(*usual)
    gc.callbacks.remove(note)


def test_the_training_thread_collects_no_garbage(open_window: Callable[..., Any], eager: set[int]) -> None:
    driver = open_window()
    driver.play(updates=300)
    driver.wait(lambda: bool(eager))
    driver.pause()
    driver.close()
    assert eager == {threading.get_ident()}


def test_the_interpreter_collects_again_when_the_last_window_is_closed(open_window: Callable[..., Any]) -> None:
    assert gc.isenabled()
    one, other = open_window(), open_window()
    assert not gc.isenabled()
    one.close()
    assert not gc.isenabled()
    other.close()
    assert gc.isenabled()


def test_reference_cycles_are_freed(qtbot: Any, eager: set[int]) -> None:
    freed = []

    class Cycle:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            freed.append(threading.get_ident())

    parent = QObject()
    collector = Collector(parent)
    collector.start()
    collector.start()  # starting twice changes nothing
    try:
        Cycle()
        allocated = [[] for _ in range(100)]  # enough allocations to make a collection due
        qtbot.waitUntil(lambda: bool(freed), timeout=20_000)
        assert freed == [threading.get_ident()]
        del allocated
    finally:
        collector.stop()
        collector.stop()
    assert gc.isenabled()
