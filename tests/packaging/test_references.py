"""PySide6 must neither lose nor keep references to None, True and False.

If it loses them, the interpreter aborts once the last is gone: after some hundred signals or paints. They are
counted in a separate process, so that an abort is a failure and not the end of all tests.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

ROUNDS = 5000
TOLERANCE = 5  # measured: exactly 0 on Python 3.11 with PySide6 6.8 to 6.11

PRELUDE = """
    import json
    import sys
    from PySide6.QtCore import QObject, Signal, Slot
    from PySide6.QtGui import QColor, QImage, QPainter
    from PySide6.QtWidgets import QApplication, QWidget

    app = QApplication(["references"])

    ROUNDS = int(sys.argv[1])

    def counted(action):
        for _ in range(20):
            action()
        before = [sys.getrefcount(None), sys.getrefcount(True), sys.getrefcount(False)]
        for _ in range(ROUNDS):
            action()
        after = [sys.getrefcount(None), sys.getrefcount(True), sys.getrefcount(False)]
        print(json.dumps([b - a for a, b in zip(before, after)]))
"""

SIGNALS = """
    class Source(QObject):
        nothing = Signal()
        flag = Signal(bool)
        thing = Signal(object)

    class Target(QObject):
        @Slot()
        def on_nothing(self):
            return None

        @Slot(bool)
        def on_flag(self, flag):
            return flag

        @Slot(object)
        def on_thing(self, thing):
            return thing

    source, target = Source(), Target()
    source.nothing.connect(target.on_nothing)
    source.flag.connect(target.on_flag)
    source.flag.connect(lambda flag: None)
    source.thing.connect(target.on_thing)

    def emit():
        source.nothing.emit()
        source.flag.emit(True)
        source.flag.emit(False)
        source.thing.emit(None)
        source.thing.emit(True)
        source.setObjectName("source")

    counted(emit)
"""

PAINTS = """
    class Canvas(QWidget):
        def paintEvent(self, event):
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.fillRect(self.rect(), QColor("white"))
            painter.drawLine(0, 0, 7, 7)
            painter.end()

    canvas = Canvas()
    canvas.resize(8, 8)
    image = QImage(8, 8, QImage.Format.Format_ARGB32)

    def paint():
        canvas.render(image)

    counted(paint)
"""


def counts_references() -> bool:
    """Whether this Python counts the references to None at all; from 3.12 on it is immortal."""
    before = sys.getrefcount(None)
    held = [None] * 100_000
    return sys.getrefcount(None) - before >= len(held)


@pytest.mark.skipif(not counts_references(), reason="None, True and False are immortal in this Python")
@pytest.mark.parametrize("action", [SIGNALS, PAINTS], ids=["signals", "paints"])
def test_references_to_constants_are_balanced(action: str) -> None:
    code = textwrap.dedent(PRELUDE) + textwrap.dedent(action)
    command = [sys.executable, "-X", "faulthandler", "-c", code, str(ROUNDS)]
    child = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert child.returncode == 0, f"the interpreter ended with {child.returncode}:\n{child.stderr[-2000:]}"
    gained = dict(zip(("None", "True", "False"), json.loads(child.stdout), strict=True))
    assert all(abs(count) <= TOLERANCE for count in gained.values()), f"gained in {ROUNDS} rounds: {gained}"
