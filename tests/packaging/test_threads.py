"""The fixture in tests/conftest.py that watches threads notices one that is left running."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

LEFT = {
    "a Python thread": """
        import threading

        def test_leaves_a_thread():
            threading.Thread(target=threading.Event().wait, name="forgotten", daemon=True).start()
    """,
    "a QThread": """
        import threading
        from PySide6.QtCore import QThread

        class Trainer(QThread):
            def run(self):
                threading.Event().wait()

        kept = []

        def test_leaves_a_thread(request):
            thread = Trainer()
            thread.setObjectName("forgotten")
            kept.append(thread)
            thread.start()
    """,
}


@pytest.mark.parametrize("code", LEFT.values(), ids=LEFT)
def test_a_thread_left_behind_is_named(pytester: pytest.Pytester, code: str) -> None:
    conftest = (Path(__file__).parents[1] / "conftest.py").read_text()
    pytester.makeconftest(conftest.replace("_GRACE = 5.0", "_GRACE = 0.1") + textwrap.dedent(LEAVE))
    pytester.makepyfile(textwrap.dedent(code))
    outcome = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    outcome.stdout.fnmatch_lines(["*threads left running: forgotten*"])


# the forgotten thread never ends, so neither would the interpreter
LEAVE = """
    import os, sys

    def pytest_unconfigure(config):
        sys.stdout.flush()
        os._exit(1)
"""


def test_a_finished_thread_is_ignored(pytester: pytest.Pytester) -> None:
    pytester.makeconftest((Path(__file__).parents[1] / "conftest.py").read_text())
    pytester.makepyfile(
        """
        import threading
        from PySide6.QtCore import QThread

        class Trainer(QThread):
            def run(self):
                pass

        def test_ends_its_threads():
            thread = threading.Thread(target=int)
            thread.start()
            thread.join()
            trainer = Trainer()
            trainer.start()
            assert trainer.wait(5000)
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
