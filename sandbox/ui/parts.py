"""F6 and Shift+F6: from one part of the window to the next."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget


def go_to_part(parts: Sequence[QWidget], step: int) -> None:
    """Give the focus to the next part (1) or the one before (-1), where it was last or to its first control."""
    focused = QApplication.focusWidget()
    current = None if focused is None else next((i for i, part in enumerate(parts) if part.isAncestorOf(focused)), None)
    start = (-1 if step > 0 else len(parts)) if current is None else current
    if current is not None:
        parts[current].setProperty("last_focus", focused)
    for distance in range(1, len(parts) + 1):
        part = parts[(start + step * distance) % len(parts)]
        target = _target(part)
        if target is not None:
            target.setFocus(Qt.FocusReason.TabFocusReason)
            return


def _target(part: QWidget) -> QWidget | None:
    """Return what takes the focus in a part; None if it is hidden or has no control."""
    last = part.property("last_focus")
    children = [child for child in part.findChildren(QWidget) if _takes_focus(child)]
    return last if last in children else next(iter(children), None)


def _takes_focus(widget: QWidget) -> bool:
    by_tab = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    return bool(by_tab) and widget.isVisible() and widget.isEnabled() and widget.focusProxy() is None
