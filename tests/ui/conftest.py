"""The real window, and how a test waits for what it draws."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from sandbox.experiment import Experiment
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.ui import theme
from sandbox.ui.window import MainWindow

PATIENCE = 20_000  # milliseconds after which a wait counts as hung


class Driver:
    """A real window, driven by mouse and keys, and everything it has drawn.

    Attributes
    ----------
    window : MainWindow
    drawn : list of Snapshot
    messages : list of (str, bool)
        Sentences for the person, and whether each reports something refused or broken.
    """

    def __init__(self, qtbot: Any, experiment: Experiment) -> None:
        self.qtbot = qtbot
        self.window = MainWindow(experiment, theme.LIGHT)
        self.window.lessons.clock = count().__next__  # no press comes too soon after the one before
        self.session = self.window.session
        self.deleted = False
        self.drawn: list[Snapshot] = []
        self.messages: list[tuple[str, bool]] = []
        self.window.drawn.connect(self.drawn.append)
        self.session.message.connect(lambda sentence, error: self.messages.append((sentence, error)))
        self.window.resize(1280, 800)
        self.window.start()
        self.wait(lambda: bool(self.drawn) and bool(self.last.surfaces))
        self.activate()

    # State

    @property
    def last(self) -> Snapshot:
        """The last snapshot drawn."""
        return self.drawn[-1]

    @property
    def thread(self) -> Any:
        """The thread that trains."""
        return self.session._thread

    def control(self, key: str) -> Any:
        """The control of a setting, after a click on "More" if that hides it."""
        panel = next(panel for panel in self.window.panels if key in panel.controls)
        control = panel.controls[key]
        if not control.isVisible() and not panel.more.isChecked():
            self.click(panel.more)
        assert control.isVisible(), f"{key} cannot be reached"
        return control

    def field(self, key: str, lane: str | None = None) -> Any:
        """The value of a setting in the last snapshot drawn, after its edits so far."""
        experiment = self.last.experiment.effective()
        return experiment.get(key, lane or experiment.lanes[0].name)

    def trainer(self) -> Any:
        """The trainer, which belongs to the thread: only read it while paused."""
        assert not self.session.playing
        return self.thread._trainer

    def weights(self, lane: str | None = None) -> dict[str, Any]:
        """The parameters of a lane while paused."""
        return self.trainer().parameters(lane)  # type: ignore[no-any-return]

    # Actions of a person

    def click(self, widget: QWidget, **keywords: Any) -> None:
        """Press and release the left button in the middle of a widget."""
        assert widget.isVisible(), f"{widget.accessibleName()} cannot be seen"
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, **keywords)

    def key(self, key: Qt.Key, *modifiers: Qt.KeyboardModifier, on: QWidget | None = None) -> None:
        """Press a key where the focus is."""
        held = Qt.KeyboardModifier.NoModifier
        for modifier in modifiers:
            held |= modifier
        self.qtbot.keyClick(on or QApplication.focusWidget() or self.window, key, held)

    def undo(self) -> None:
        """Press Ctrl+Z."""
        self.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)

    def redo(self) -> None:
        """Press Ctrl+Shift+Z."""
        self.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier)

    def type(self, edit: Any, text: str) -> None:
        """Click into an edit, replace its text and press Return."""
        self.click(edit)
        edit.selectAll()
        self.qtbot.keyClicks(edit, text) if text else self.key(Qt.Key.Key_Delete, on=edit)
        self.key(Qt.Key.Key_Return, on=edit)

    def choose(self, box: Any, text: str) -> None:
        """Open a combo box by mouse, and choose the item that begins with `text` by keys."""
        self.click(box)
        view = box.view()
        self.wait(view.isVisible)
        items = [box.itemText(index) for index in range(box.count())]
        row = next(row for row, item in enumerate(items) if item.startswith(text))
        self.key(Qt.Key.Key_Home, on=view)
        for _ in range(row):
            self.key(Qt.Key.Key_Down, on=view)
        self.key(Qt.Key.Key_Return, on=view)
        self.wait(lambda: not view.isVisible())
        self.activate()

    def tick(self, choice: Any, text: str) -> None:
        """Open a drop-down of check boxes, click one and close it."""
        self.click(choice)
        box = next(box for box in choice._popup.boxes if box.text() == text)
        self.qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
        self.key(Qt.Key.Key_Escape, on=choice._popup)
        self.wait(lambda: not choice._popup.isVisible())
        self.activate()

    def new_lane(self, text: str, group: str = "") -> None:
        """Open the menu for a new lane, its submenu if any, and click an entry: two or three clicks."""
        button = self.window.lane_bar.new
        self.click(button)
        menu, entry = button.lane_menu, button.entries[group, text]
        self.wait(menu.isVisible)
        if group:
            submenu = button.groups[group]
            self.qtbot.mouseClick(
                menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(submenu.menuAction()).center()
            )
            self.wait(submenu.isVisible)
            menu = submenu
        self.qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(entry).center())
        self.activate()

    def activate(self) -> None:
        """Activate the window: without a window manager, the platform does not when a list closes."""
        self.window.activateWindow()
        self.wait(self.window.isActiveWindow)

    def drag(self, slider: Any, *shares: float) -> None:
        """Press the left button on a slider, move through these shares of its width, and release."""
        left, middle = Qt.MouseButton.LeftButton, slider.height() // 2
        points = [QPoint(round(share * (slider.width() - 1)), middle) for share in shares]
        self.qtbot.mousePress(slider, left, pos=points[0])
        for point in points[1:]:
            event = QMouseEvent(
                QEvent.Type.MouseMove, QPointF(point), slider.mapToGlobal(QPointF(point)), Qt.MouseButton.NoButton,
                left, Qt.KeyboardModifier.NoModifier,
            )  # fmt: skip
            QApplication.sendEvent(slider, event)
        self.qtbot.mouseRelease(slider, left, pos=points[-1])

    # Waiting

    def wait(self, until: Callable[[], bool]) -> None:
        """Run the window until a condition holds."""
        self.qtbot.waitUntil(until, timeout=PATIENCE)

    def wait_drawn(self, until: Callable[[Snapshot], bool]) -> Snapshot:
        """Wait until a condition holds for the last snapshot drawn, and return it."""
        self.wait(lambda: until(self.last))
        return self.last

    def settle(self) -> Snapshot:
        """Wait until the thread, which must be paused, has obeyed all commands and the result is drawn."""
        count = len(self.drawn)
        self.session.refresh()
        self.wait(lambda: len(self.drawn) > count and self.thread._commands.empty() and not self.thread._mailbox)
        self.wait(lambda: not self.session.is_pending and self.last.catch_up_progress == 1.0)
        assert self.session.is_settled
        return self.last

    def play(self, updates: int = 1) -> Snapshot:
        """Press Play and wait until this many more updates are drawn."""
        first = self.last.update
        self.click(self.window.controls.play)
        self.wait_drawn(lambda snapshot: snapshot.update >= first + updates)
        # A snapshot may overtake the signal that training has begun: an older event finds the newest in the mailbox.
        self.wait(lambda: self.session.playing or not self.thread._playing)
        return self.last

    def pause(self) -> Snapshot:
        """Press Pause and wait until the last update is drawn."""
        if self.session.playing:
            self.click(self.window.controls.play)
        self.wait(lambda: not self.session.playing)
        return self.settle()

    def close(self) -> None:
        """Close the window, and check that its thread has ended."""
        if not self.deleted:
            self.window.close()
            assert not self.thread.isRunning()

    def delete(self) -> None:
        """Close the window and free it, as at the end of the program."""
        self.close()
        if not self.deleted:
            self.deleted = True
            self.window.deleteLater()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(scope="session", autouse=True)
def temporary_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what the window remembers out of the real settings."""
    folder = str(tmp_path_factory.mktemp("settings"))
    for kind in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(kind, QSettings.Scope.UserScope, folder)
    QCoreApplication.setOrganizationName("loss-sandbox-tests")
    QCoreApplication.setApplicationName("Loss Sandbox")


@pytest.fixture
def open_window(qtbot: Any) -> Iterator[Callable[..., Driver]]:
    """Open real windows; each is closed at the end."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)  # as the program does
    drivers: list[Driver] = []
    QSettings().remove("presenting")  # what another test has kept on screen

    def make(experiment: Experiment | None = None) -> Driver:
        drivers.append(Driver(qtbot, experiment or Experiment()))
        return drivers[-1]

    yield make
    for driver in drivers:
        driver.delete()
    application = QApplication.instance()
    if theme.scale() != 1.0 and isinstance(application, QApplication):
        theme.apply(application, theme.LIGHT)  # a window that presents has enlarged everything
    sys.setswitchinterval(interval)


@pytest.fixture
def driver(open_window: Callable[..., Driver]) -> Driver:
    """The window as on the first start, with its first snapshot drawn."""
    return open_window()
