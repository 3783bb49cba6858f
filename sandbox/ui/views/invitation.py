"""The line on the empty cost plot that says what to do first."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLabel, QWidget

from sandbox.ui import theme
from sandbox.ui.kit.base import StyleFollower

TEXT = (
    "Press Play. Then change \u201cAlso show\u201d, and after that \u201cLearn with\u201d: "
    "only one of them changes what is learned."
)


NEXT = "Now change \u201cAlso show\u201d, and after that \u201cLearn with\u201d."


class Invitation(StyleFollower, QLabel):
    """Lies in the middle of a widget, and lets the mouse through."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(TEXT, over)
        self._over = over
        self.setObjectName("invitation")
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        over.installEventFilter(self)
        self.hide()
        self.follow_style()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.fit()
        return False

    def fit(self) -> None:
        """Place it in the middle."""
        room = self._over.size()
        width = max(0, min(theme.px(300), room.width() - theme.px(100)))
        height = self.heightForWidth(width)
        self.setGeometry((room.width() + theme.px(40) - width) // 2, (room.height() - height) // 2, width, height)
