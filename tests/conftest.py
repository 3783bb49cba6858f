"""What every test shares: reproducible property tests, and no thread left behind."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before Qt starts, here and in the processes tests start

settings.register_profile("deterministic", derandomize=True, deadline=None, database=None)
settings.load_profile("deterministic")

_GRACE = 5.0  # seconds in which a thread that was asked to stop must end


FIRST = ("test_random_actions.py", "test_workshop.py", "test_lessons.py", "test_presenting.py")  # files that take long


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: the last of them to end would have one process to itself."""
    items.sort(key=lambda item: FIRST.index(item.path.name) if item.path.name in FIRST else len(FIRST))


@pytest.fixture(scope="session")
def started_qthreads() -> Iterator[weakref.WeakSet[Any]]:
    """Every QThread that Python code started; `threading.enumerate` does not list them."""
    started: weakref.WeakSet[Any] = weakref.WeakSet()
    try:
        from PySide6.QtCore import QThread
    except ImportError:
        yield started
        return
    start = QThread.start

    def note_and_start(thread: QThread, *arguments: Any, **keywords: Any) -> None:
        started.add(thread)
        start(thread, *arguments, **keywords)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QThread, "start", note_and_start)
        yield started


def _running_qthreads(started: weakref.WeakSet[Any]) -> set[Any]:
    if not started:
        return set()
    from shiboken6 import Shiboken

    return {thread for thread in started if Shiboken.isValid(thread) and thread.isRunning()}


def _is_ours(thread: threading.Thread) -> bool:
    """Whether a test is responsible for `thread`: not for a progress bar's, nor for Qt's as seen by Python."""
    return not type(thread).__module__.startswith("tqdm.") and not isinstance(thread, threading._DummyThread)


@pytest.fixture(autouse=True)
def no_thread_left(started_qthreads: weakref.WeakSet[Any]) -> Iterator[None]:
    """Fail a test that leaves a thread running, and name the thread."""
    before = set(threading.enumerate())
    before_qt = _running_qthreads(started_qthreads)
    yield
    left: list[str] = []
    for thread in set(threading.enumerate()) - before:
        if _is_ours(thread):
            thread.join(_GRACE)
            if thread.is_alive():
                left.append(thread.name)
    for qthread in _running_qthreads(started_qthreads) - before_qt:
        if not qthread.wait(int(1000 * _GRACE)):
            left.append(qthread.objectName() or type(qthread).__name__)
    if left:
        pytest.fail(f"threads left running: {', '.join(sorted(left))}")
