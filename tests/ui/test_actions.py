"""Every action once: in the menus, on the buttons and by its keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLabel, QTableWidget

import sandbox
from sandbox.experiment import Experiment
from sandbox.glossary import TERMS
from sandbox.ui.actions import ENTRIES, plain
from sandbox.ui.controls import ActionButton

OpenWindow = Callable[..., Any]
Modifier = Qt.KeyboardModifier


def press(driver: Any, name: str) -> None:
    """Press the shortcut of an action."""
    combination = driver.window.actions_[name].shortcut()[0]
    driver.qtbot.keyClick(
        QApplication.focusWidget() or driver.window, combination.key(), combination.keyboardModifiers()
    )


def in_menus(driver: Any) -> list[QAction]:
    menus = [action.menu() for action in driver.window.menus.actions()]
    return [action for menu in menus for action in menu.actions() if not action.isSeparator() and not action.menu()]


def test_the_menus_hold_every_action_once(driver: Any) -> None:
    window = driver.window
    assert [plain(action.text()) for action in window.menus.actions()] == [
        "File", "Edit", "Run", "View", "Present", "Help",
    ]  # fmt: skip
    listed = in_menus(driver)
    names = [*ENTRIES, *(f"lens {index}" for index in range(len(window.lenses.lenses)))]
    assert len(listed) == len(set(listed)) == len(names)
    assert set(listed) == {window.actions_[name] for name in names}
    buttons = window.controls.findChildren(ActionButton)
    assert len(buttons) >= 10 and all(button.defaultAction() in listed for button in buttons)


def test_every_shortcut_belongs_to_one_action_and_stands_in_its_tip(driver: Any) -> None:
    keys = [keys.toString() for action in in_menus(driver) for keys in action.shortcuts()]
    assert len(keys) == len(set(keys))
    for action in in_menus(driver):
        text = " or ".join(keys.toString(QKeySequence.SequenceFormat.NativeText) for keys in action.shortcuts())
        assert action.toolTip().endswith(f"({text})." if text else ".")
    lenses = [driver.window.actions_[f"lens {index}"].shortcut().toString() for index in range(7)]
    assert lenses == [f"Ctrl+{digit}" for digit in range(1, 8)]


def test_nobody_else_spells_a_shortcut() -> None:
    """The keys of the window are named in the registry alone; elsewhere they could differ from what is shown."""
    spelt = re.compile(r"Ctrl\+|QShortcut\(|setShortcut\(")
    own = "WidgetWithChildrenShortcut"  # keys that a view has while the focus is in it, like those of a plot
    found = []
    for path in (Path(sandbox.__file__).parent / "ui").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.name != "actions.py" and len(spelt.findall(text)) > text.count(own):
            found.append(path.name)
    assert found == []


def test_the_kept_shortcuts(driver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {
        "play": "Space", "undo": "Ctrl+Z", "redo": "Ctrl+Shift+Z", "open": "Ctrl+O", "save": "Ctrl+S",
        "open_table": "Ctrl+Shift+O", "sweep": "Ctrl+G", "quit": "Ctrl+Q", "present": "F11", "new": "Ctrl+N",
        "shortcuts": "F1",
    }  # fmt: skip
    assert {name: driver.window.actions_[name].shortcut().toString() for name in kept} == kept


def test_training_by_keys(driver: Any) -> None:
    press(driver, "step_update")
    driver.wait_drawn(lambda snapshot: snapshot.update == 1)
    press(driver, "step_epoch")
    driver.wait_drawn(lambda snapshot: snapshot.epoch == 2)
    press(driver, "reset")
    driver.wait_drawn(lambda snapshot: snapshot.run == 1 and snapshot.update == 0)
    seed = driver.field("network.seed")
    press(driver, "new_weights")
    driver.wait_drawn(lambda snapshot: snapshot.run == 2)
    assert driver.field("network.seed") != seed
    assert driver.window.actions_["play"].text() == "&Play"
    press(driver, "play")
    driver.wait(lambda: driver.session.playing)
    assert driver.window.actions_["play"].text() == "&Pause"
    driver.pause()


def test_lenses_by_digits(driver: Any) -> None:
    lenses = driver.window.lenses
    for index, lens in enumerate(lenses.lenses):
        press(driver, f"lens {index}")
        assert lens.isVisible() and lenses.tabs.value() == index


def test_lanes_by_keys(driver: Any) -> None:
    window = driver.window
    lane_actions = ("rename_lane", "hide_lane", "remove_lane", "next_lane", "previous_lane")
    assert not any(window.actions_[name].isEnabled() for name in lane_actions)
    for count in (2, 3):
        press(driver, "copy_lane")
        driver.wait_drawn(lambda snapshot, count=count: len(snapshot.lanes) == count)
    assert all(window.actions_[name].isEnabled() for name in lane_actions)
    assert window.desk.viewed == "C"
    seen = []
    for name in ("next_lane", "next_lane", "previous_lane", "previous_lane"):
        press(driver, name)
        seen.append(window.desk.viewed)
    assert seen == ["A", "B", "A", "C"]
    press(driver, "rename_lane")
    frame = next(frame for frame in window.boundary.frames if frame.edit.isVisible())
    driver.qtbot.keyClicks(frame.edit, "best")
    driver.key(Qt.Key.Key_Return, on=frame.edit)
    driver.wait_drawn(lambda snapshot: "C best" in [lane.name for lane in snapshot.lanes])
    press(driver, "hide_lane")
    driver.wait(lambda: driver.session.hidden == {"C best"})
    press(driver, "remove_lane")
    driver.wait_drawn(lambda snapshot: len(snapshot.lanes) == 2)
    press(driver, "new_lane")
    menu = window.lane_bar.new.lane_menu
    driver.wait(menu.isVisible)
    menu.hide()


def test_new_starts_afresh_and_undo_brings_back_what_was_there(driver: Any) -> None:
    driver.session.change("data.dataset", "circles", True)
    driver.settle()
    driver.play(updates=5)
    left = driver.pause()
    press(driver, "new")
    driver.wait(lambda: driver.last.run != left.run and driver.field("data.dataset") == "moons")
    driver.settle()
    driver.undo()
    driver.wait(lambda: driver.last.run == left.run)
    assert driver.settle().update == left.update


def test_the_theme_by_keys_and_escape_leaves_presenting(driver: Any) -> None:
    window = driver.window
    assert not window.theme.dark
    press(driver, "theme")
    assert window.theme.dark
    press(driver, "theme")
    press(driver, "present")
    assert window.isFullScreen() and window.controls.present.isChecked()
    driver.key(Qt.Key.Key_Escape)
    assert not window.isFullScreen() and not window.controls.present.isChecked()
    driver.key(Qt.Key.Key_Escape)
    assert not window.isFullScreen()


def test_escape_first_cancels_what_is_being_typed(driver: Any) -> None:
    press(driver, "present")
    edit = driver.control("optimizer.learning_rate").edit if driver.window.page.settings_open else None
    if edit is None:
        press(driver, "settings")
        edit = driver.control("optimizer.learning_rate").edit
    driver.click(edit)
    driver.qtbot.keyClicks(edit, "0.9")
    driver.key(Qt.Key.Key_Escape, on=edit)
    assert driver.window.isFullScreen() and edit.text() == "0.5"
    press(driver, "present")


def test_undo_and_redo_are_offered_only_if_there_is_something(driver: Any) -> None:
    controls = driver.window.controls
    driver.settle()
    assert not controls.undo.isEnabled() and not controls.redo.isEnabled()
    driver.session.change("optimizer.learning_rate", 0.25, True)
    assert controls.undo.isEnabled() and not controls.redo.isEnabled()
    assert controls.undo.toolTip() == "Undoes the change of learning rate (Ctrl+Z)."
    driver.click(controls.undo)
    assert not controls.undo.isEnabled() and controls.redo.isEnabled()
    assert controls.redo.toolTip() == "Redoes the change of learning rate (Ctrl+Shift+Z)."


def test_f1_lists_the_shortcuts_of_the_actions_themselves(driver: Any) -> None:
    driver.window.actions_["save"].setShortcut(QKeySequence("Ctrl+Alt+S"))
    press(driver, "shortcuts")
    dialog = driver.window.findChild(QDialog)
    driver.wait(dialog.isVisible)
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    rows = set(pairwise(texts))  # a menu may be called like one of its actions
    for action in in_menus(driver):
        if not action.shortcut().isEmpty():
            native = QKeySequence.SequenceFormat.NativeText
            keys = " or ".join(shortcut.toString(native) for shortcut in action.shortcuts())
            assert (plain(action.text()), keys) in rows
    assert "Ctrl+Alt+S" in texts and "Ctrl+S" not in texts
    driver.key(Qt.Key.Key_Escape, on=dialog)
    driver.wait(lambda: driver.window.findChild(QDialog) is None)


def test_about_names_the_version(driver: Any) -> None:
    driver.window.actions_["about"].trigger()
    dialog = driver.window.findChild(QDialog)
    assert f"Version {sandbox.__version__}" in [label.text() for label in dialog.findChildren(QLabel)]
    dialog.close()


def test_files_by_menu(driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kept.toml"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    driver.window.actions_["save"].trigger()
    assert Experiment.load(path) == driver.last.experiment


def test_words_are_explained_from_the_keyboard(driver: Any) -> None:
    """Shift+F1: all terms with their sentences; that of the control with the focus is chosen."""
    driver.control("optimizer.learning_rate").edit.setFocus(Qt.FocusReason.TabFocusReason)
    driver.key(Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    driver.wait(lambda: any(dialog.isVisible() for dialog in driver.window.findChildren(QDialog)))
    (dialog,) = (dialog for dialog in driver.window.findChildren(QDialog) if dialog.isVisible())
    (table,) = dialog.findChildren(QTableWidget)
    rows = {table.item(row, 0).text(): table.item(row, 1).text() for row in range(table.rowCount())}
    assert rows == TERMS
    assert table.item(table.currentRow(), 0).text() == "learning rate" and dialog.focusWidget() is table
    dialog.close()
