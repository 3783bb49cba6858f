"""Everything that the menus, the buttons and the keys do: each action once, with its words and its shortcut."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QMainWindow, QMenu, QMenuBar, QWidget

from sandbox.ui.icons import icon


@dataclass(frozen=True)
class Entry:
    """What an action is called, does, and is reached by.

    Attributes
    ----------
    text : str
        In the menu; & stands before the letter that chooses it.
    tip : str
        What it does, in one sentence without a full stop.
    keys : str
        Its shortcut, as Qt writes it; Ctrl is the command key on macOS. None if empty.
    also : str
        Another key, which a device that presses keys may have: a presenter's clicker.
    icon : str
        On its button in the row of controls.
    checkable : bool
        Whether it is switched on and off.
    role : QAction.MenuRole
        Which place macOS gives it.
    """

    text: str
    tip: str
    keys: str = ""
    icon: str = ""
    checkable: bool = False
    role: QAction.MenuRole = QAction.MenuRole.NoRole
    also: str = ""


ENTRIES: Mapping[str, Entry] = {
    "new": Entry("&New", "Starts over with the first experiment; undo brings back what was there", "Ctrl+N"),
    "open": Entry("&Open\u2026", "Opens an experiment file", "Ctrl+O", "open"),
    "open_table": Entry("Open &table\u2026", "Opens a CSV file to learn from", "Ctrl+Shift+O"),
    "reopen": Entry("&Reopen last session", "Opens what was kept when the window was last closed", "Ctrl+Shift+T"),
    "save": Entry("&Save\u2026", "Saves the experiment with all edits", "Ctrl+S", "save"),
    "picture": Entry("Save &picture\u2026", "Saves what the window shows as a picture", "Ctrl+Shift+S"),
    "quit": Entry("&Quit", "Closes the window", "Ctrl+Q", role=QAction.MenuRole.QuitRole),
    "undo": Entry("&Undo", "Undoes the last change", "Ctrl+Z", "undo"),
    "redo": Entry("&Redo", "Redoes the last undone change", "Ctrl+Shift+Z", "redo"),
    "draw": Entry("&Draw points", "Draws points of your own into the boundary view", "Ctrl+E", checkable=True),
    "new_lane": Entry("New &lane\u2026", "Adds a lane like the one in view that differs in one thing", "Ctrl+L"),
    "copy_lane": Entry("&Copy lane", "Adds a copy of the lane in view as it is now", "Ctrl+Shift+L"),
    "rename_lane": Entry("Re&name lane\u2026", "Gives the lane in view another name", "F2"),
    "hide_lane": Entry("&Hide lane", "Leaves the lane in view out of all views; it keeps training", "Ctrl+Shift+H"),
    "remove_lane": Entry("Re&move lane", "Removes the lane in view; undo brings it back", "Ctrl+Shift+Backspace"),
    "play": Entry("&Play", "Trains, or pauses training", "Space"),
    "step_update": Entry("Step one &update", "Trains one update and pauses", "Ctrl+Right", "step-update"),
    "step_epoch": Entry(
        "Step one &epoch", "Trains to the end of the epoch and pauses", "Ctrl+Shift+Right", "step-epoch"
    ),
    "reset": Entry("&Reset", "Restarts from the same initial weights", "Ctrl+R", "reset"),
    "new_weights": Entry("New &weights", "Restarts from other initial weights", "Ctrl+Shift+R", "dice"),
    "sweep": Entry("&Sweep\u2026", "Runs this experiment over a grid of settings", "Ctrl+G", "sweep"),
    "settings": Entry("&Settings", "Shows or hides the settings", "Ctrl+B", "settings", checkable=True),
    "cost": Entry("&Cost", "Shows the cost after every epoch", "Ctrl+0"),
    "network": Entry("N&etwork", "Opens or folds the picture of the network", "Ctrl+Shift+N"),
    "detach": Entry("Separate &window", "Shows the lens in front in a separate window", "Ctrl+D"),
    "next_lane": Entry("&Next lane", "Shows and edits the next lane", "Ctrl+PgDown"),
    "previous_lane": Entry("Pre&vious lane", "Shows and edits the previous lane", "Ctrl+PgUp"),
    "next_part": Entry("Next p&art", "Goes on to the next part of the window", "F6"),
    "previous_part": Entry("Previous pa&rt", "Goes back to the previous part of the window", "Shift+F6"),
    "theme": Entry("Switch &theme", "Switches between light and dark", "Ctrl+T", "moon"),
    "present": Entry("&Presenting mode", "Enlarges everything for the back row", "F11", "present", checkable=True),
    "present_settings": Entry("Show &settings", "Shows or folds the settings while presenting", "S", checkable=True),
    "present_network": Entry("Show &network", "Shows or folds the network while presenting", "N", checkable=True),
    "present_cost": Entry("Show &cost", "Shows or folds the cost while presenting", "C", checkable=True),
    "present_lenses": Entry("Show &lenses", "Shows or folds the lenses while presenting", "L", checkable=True),
    "blank": Entry("&Blank screen", "Turns the screen black until a key or a click; training goes on", "B", also="."),
    "ring": Entry("Pointer &ring", "Draws a ring around the mouse pointer", "R", checkable=True),
    "pen": Entry("P&en", "Lets the left button draw; a straight line with Shift", "D", checkable=True),
    "take_back": Entry("&Take back a stroke", "Erases the stroke that was drawn last", "Backspace"),
    "erase": Entry("Er&ase", "Erases all that was drawn, as the next step of a lesson does", "E"),
    "countdown": Entry("C&ountdown", "Counts 30 seconds down, until a prediction is taken; once more adds 30", "T"),
    "clean_start": Entry(
        "Clean star&t", "Presents, and begins afresh for the next group; undo brings back where this one was", "F5"
    ),
    "leave": Entry("Lea&ve presenting", "Puts pen, ring and countdown away, or goes back to the usual size", "Esc"),
    "choose_lessons": Entry("C&hoose lessons\u2026", "Lets you choose which lessons a group is to see"),
    "lessons": Entry("&Lessons", "Shows or hides the guided lessons", "F3", "lessons", checkable=True),
    "next_step": Entry(
        "Ne&xt step",
        "Reads on in the lesson, goes on to its next step, or begins the one that stands out",
        "Alt+Right",
        also="PgDown",
    ),
    "previous_step": Entry(
        "Pre&vious step",
        "Goes back in the step and in the lesson, from its first step to the list",
        "Alt+Left",
        also="PgUp",
    ),
    "shortcuts": Entry("&Keyboard shortcuts", "Shows all shortcuts", "F1"),
    "words": Entry("&Words", "Explains the words of the field, first those of the control in use", "Shift+F1"),
    "about": Entry("&About Loss Sandbox", "Shows the version", role=QAction.MenuRole.AboutRole),
}

_SESSIONS, _LINE = "<sessions>", ""
PRESENT = "&Present"  # the menu that the row of controls offers too, while there are no menus
MENUS: Mapping[str, tuple[str, ...]] = {
    "&File": ("new", "open", "open_table", "reopen", _SESSIONS, _LINE, "save", "picture", _LINE, "quit"),
    "&Edit": ("undo", "redo", _LINE, "draw", _LINE, "new_lane", "copy_lane", "rename_lane", "hide_lane", "remove_lane"),
    "&Run": ("play", "step_update", "step_epoch", _LINE, "reset", "new_weights", _LINE, "sweep"),
    "&View": (
        "settings", _LINE, "network", "cost", "detach", _LINE,
        "next_lane", "previous_lane", "next_part", "previous_part", _LINE, "theme",
    ),
    PRESENT: (
        "present", _LINE, "present_settings", "present_network", "present_cost", "present_lenses", _LINE,
        "blank", "ring", "pen", "take_back", "erase", "countdown", _LINE,
        "choose_lessons", "clean_start", "leave",
    ),
    "&Help": ("lessons", "next_step", "previous_step", _LINE, "shortcuts", "words", "about"),
}  # fmt: skip
_MOST_DIGITS = 9  # lenses that get a digit as their shortcut


class Actions:
    """The actions of a window, by name.

    Attributes
    ----------
    sessions : QMenu
        To be filled with earlier sessions when it opens.

    Parameters
    ----------
    window : QWidget
        Their shortcuts apply in it, whatever has the focus there and whether or not a menu or a button shows them.
    """

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self._actions: dict[str, QAction] = {}
        self._tips: dict[str, str] = {}
        self._menus: list[tuple[str, QMenu]] = []
        self.sessions = QMenu("R&eopen an earlier session", window)
        for name, entry in ENTRIES.items():
            self._add(name, entry)
        self["play"].setAutoRepeat(False)

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def connect(self, acts: Mapping[str, Callable[[], object]]) -> None:
        """Call these when the actions of that name are chosen."""
        for name, act in acts.items():
            self[name].triggered.connect(lambda *_, act=act: act())

    def say(self, name: str, tip: str) -> None:
        """Set what an action does now, in one sentence without a full stop; its shortcut is added."""
        action = self[name]
        keys = keys_of(action)
        action.setToolTip(f"{tip} ({keys})." if keys else f"{tip}.")

    def _add(self, name: str, entry: Entry) -> QAction:
        action = QAction(entry.text, self._window)
        if entry.keys:
            action.setShortcuts([QKeySequence(keys) for keys in (entry.keys, entry.also) if keys])
        if entry.icon:
            action.setIcon(icon(entry.icon))
        action.setIconVisibleInMenu(False)
        action.setCheckable(entry.checkable)
        action.setMenuRole(entry.role)
        self._window.addAction(action)
        self._actions[name] = action
        self.say(name, entry.tip)
        return action

    # Menus

    def fill(self, bar: QMenuBar) -> None:
        """Add the menus to a menu bar."""
        for title, names in MENUS.items():
            menu = bar.addMenu(title)
            menu.setToolTipsVisible(True)
            for name in names:
                if name == _SESSIONS:
                    menu.addMenu(self.sessions)
                elif name == _LINE:
                    menu.addSeparator()
                else:
                    menu.addAction(self[name])
            self._menus.append((title, menu))

    def add_lenses(self, lenses: Mapping[str, str], show: Callable[[int], object]) -> None:
        """Add an action for each lens, title to summary, after the cost; `show` gets the index of the one chosen."""
        menu = dict(self._menus)["&View"]
        for index, (title, summary) in enumerate(lenses.items()):
            keys = f"Ctrl+{index + 1}" if index < _MOST_DIGITS else ""
            action = self._add(f"lens {index}", Entry(title, summary.rstrip("."), keys))
            action.triggered.connect(lambda *_, index=index: show(index))
            menu.insertAction(self["detach"], action)

    def of_menu(self, title: str) -> list[QAction]:
        """Return the actions and lines of a menu."""
        return dict(self._menus)[title].actions()

    def by_menu(self) -> Iterator[tuple[str, list[QAction]]]:
        """Yield the title of each menu, and those of its actions that have a shortcut."""
        for title, menu in self._menus:
            yield plain(title), [action for action in menu.actions() if not action.shortcut().isEmpty()]


def keys_of(action: QAction) -> str:
    """Return the shortcuts of an action as people know them: "Alt+Right or PgDown"; "" for none."""
    return " or ".join(keys.toString(QKeySequence.SequenceFormat.NativeText) for keys in action.shortcuts())


def press_by(button: QAbstractButton, digit: str) -> None:
    """Let a digit press a button while it is shown, wherever the focus is but where one types; "" for none."""
    button.setShortcut(QKeySequence(digit))


class KeyGuard(QObject):
    """Leaves a key to the widget with the focus, where it means more there than as a shortcut of the window.

    Space plays and pauses everywhere but on a button or a list that was reached by Tab; Escape first cancels what is
    being typed. Where a control with the focus vanishes, the window's page gets it: on the control that comes next,
    which nobody chose, Space would press that.
    """

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._watch)  # a method: the connection ends with this object

    def _watch(self, left: QWidget | None, focused: QWidget | None) -> None:
        if left is not None:
            left.removeEventFilter(self)
        if focused is None or focused.window() is not self._window:
            return
        focused.installEventFilter(self)
        page = self._window.centralWidget()
        if left is not None and left.window() is self._window and not left.isVisible() and page is not None:
            page.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            presses = isinstance(watched, QAbstractButton | QComboBox) and event.key() == Qt.Key.Key_Space
            cancels = isinstance(watched, QLineEdit) and event.key() == Qt.Key.Key_Escape
            if event.modifiers() == Qt.KeyboardModifier.NoModifier and (presses or cancels):
                event.accept()
                return True
        return super().eventFilter(watched, event)


def plain(text: str) -> str:
    """Return the text of a menu without the mark of its letter and without the dots that announce a question."""
    return text.replace("&", "").rstrip("\u2026")
