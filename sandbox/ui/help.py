"""What the Help menu shows: all shortcuts, the words of the field, and the version."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

import sandbox
from sandbox.glossary import TERMS, terms_in
from sandbox.ui import theme
from sandbox.ui.actions import Actions, keys_of, plain
from sandbox.ui.kit import label
from sandbox.ui.kit.base import call_later
from sandbox.ui.kit.tables import plain_table

_COLUMNS = 3  # of shortcuts: they fit on a projector, enlarged


def show_shortcuts(window: QWidget, actions: Actions) -> None:
    """Show every action that has a shortcut, menu by menu, until the user closes the dialog."""
    dialog = _dialog(window, "Keyboard shortcuts")
    row = QHBoxLayout(dialog)
    row.setContentsMargins(*4 * (theme.px(2 * theme.GRID),))
    row.setSpacing(theme.px(4 * theme.GRID))
    menus = [(title, listed) for title, listed in actions.by_menu() if listed]
    columns = [QVBoxLayout() for _ in range(_COLUMNS)]
    for column in columns:
        column.setSpacing(theme.px(2 * theme.GRID))
        row.addLayout(column)
    lengths = [0] * _COLUMNS
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
        keys = label(keys_of(action), "subtitle")
        keys.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(keys, row, 1)
    return grid


def show_words(window: QWidget) -> None:
    """Explain the words of the field; those of the control that has the focus are chosen."""
    focused = QApplication.focusWidget()
    used = [] if focused is None else terms_in(f"{focused.accessibleName()} {focused.accessibleDescription()}")
    dialog = _dialog(window, "Words")
    table = QTableWidget(len(TERMS), 2)
    plain_table(table, "Words and what they mean", role="list")
    table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
    table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
    table.setWordWrap(True)
    table.setHorizontalHeaderLabels(["Word", "What it means"])
    table.verticalHeader().hide()
    terms = sorted(TERMS)
    for row, term in enumerate(terms):
        table.setItem(row, 0, QTableWidgetItem(term))
        table.setItem(row, 1, QTableWidgetItem(TERMS[term]))
    table.resizeColumnToContents(0)
    table.horizontalHeader().setStretchLastSection(True)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(*4 * (theme.px(2 * theme.GRID),))
    column.addWidget(table)
    dialog.resize(theme.px(620), theme.px(480))
    dialog.show()
    call_later(dialog, table.resizeRowsToContents)  # once the columns have their widths
    table.setCurrentCell(terms.index(used[0]) if used else 0, 0)
    table.setFocus()


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
