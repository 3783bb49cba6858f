"""Tables of numbers on a card."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractItemView, QFrame, QTableView

from sandbox.ui.kit.base import set_state


def plain_table(table: QTableView, name: str, role: str = "numbers") -> None:
    """Give a table the look of its card: no frame, no grid, nothing to edit; the style sheet knows its role."""
    set_state(table, "role", role)
    table.setAccessibleName(name)
    table.setFrameShape(QFrame.Shape.NoFrame)
    table.setShowGrid(False)
    table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    for header in (table.horizontalHeader(), table.verticalHeader()):
        header.setHighlightSections(False)
