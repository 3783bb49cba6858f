"""What the Help menu shows: all shortcuts, and the version."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

import sandbox
from sandbox.ui import theme
from sandbox.ui.actions import Actions, plain
from sandbox.ui.kit import label


def show_shortcuts(window: QWidget, actions: Actions) -> None:
    """Show every action that has a shortcut, menu by menu, until the user closes the dialog."""
    dialog = _dialog(window, "Keyboard shortcuts")
    halves = QHBoxLayout(dialog)
    halves.setContentsMargins(*4 * (theme.px(2 * theme.GRID),))
    halves.setSpacing(theme.px(4 * theme.GRID))
    menus = [(title, listed) for title, listed in actions.by_menu() if listed]
    columns = [QVBoxLayout(), QVBoxLayout()]
    for column in columns:
        column.setSpacing(theme.px(2 * theme.GRID))
        halves.addLayout(column)
    lengths = [0, 0]
    for title, listed in menus:
        shortest = lengths.index(min(lengths))
        lengths[shortest] += len(listed) + 2
        columns[shortest].addLayout(_list(title, listed))
    for column in columns:
        column.addStretch(1)
    dialog.show()


def _list(title: str, actions: list[QAction]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme.px(3 * theme.GRID))
    grid.setVerticalSpacing(theme.px(2))
    grid.addWidget(label(title, "title"), 0, 0)
    for row, action in enumerate(actions, 1):
        grid.addWidget(label(plain(action.text())), row, 0)
        keys = label(action.shortcut().toString(QKeySequence.SequenceFormat.NativeText), "subtitle")
        keys.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(keys, row, 1)
    return grid


def show_about(window: QWidget) -> None:
    """Show the name and the version, until the user closes the dialog."""
    dialog = _dialog(window, "About Loss Sandbox")
    column = QVBoxLayout(dialog)
    column.setContentsMargins(*4 * (theme.px(3 * theme.GRID),))
    column.addWidget(label("Loss Sandbox", "reading"))
    column.addWidget(label(f"Version {sandbox.__version__}", "subtitle"))
    column.addWidget(label("Shows how the loss decides what a neural network learns."))
    dialog.show()


def _dialog(window: QWidget, title: str) -> QDialog:
    dialog = QDialog(window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    return dialog
