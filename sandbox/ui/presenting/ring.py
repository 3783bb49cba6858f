"""The ring around the mouse pointer, which a room can follow."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QCursor, QMouseEvent, QPainter, QPaintEvent, QPixmap, QRadialGradient
from PySide6.QtWidgets import QWidget

from sandbox.ui import theme
from sandbox.ui.kit.base import StyleFollower

RADIUS = 32  # of the middle of the ring, in pixels at the usual scale
_OUTER = 44  # where it has faded out
_FADE = (  # how opaque it is, from its centre to where it has faded out
    (0.0, 0.04), (0.58, 0.06), (0.66, 0.25), (0.71, 0.85), (0.75, 0.85), (0.80, 0.25), (1.0, 0.0),
)  # fmt: skip


class MouseRing(StyleFollower, QWidget):
    """A soft ring that follows the mouse over a window; it is no larger than it looks, so that little is painted."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._picture: QPixmap | None = None
        self._is_on = False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Ring around the mouse pointer")
        self.hide()
        self.follow_style()

    @property
    def is_on(self) -> bool:
        """Whether it follows the mouse; it is not seen while that is elsewhere."""
        return self._is_on

    def switch(self, on: bool) -> None:
        """Begin to follow the mouse, or stop."""
        handle = self._window.windowHandle()  # it hears of every move, whichever widget is beneath
        if on == self._is_on or handle is None:
            return
        self._is_on = on
        if on:
            handle.installEventFilter(self)
            self._go_to(self._window.mapFromGlobal(QCursor.pos()))
        else:
            handle.removeEventFilter(self)
            self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self._go_to(event.position().toPoint())
        elif event.type() == QEvent.Type.Leave:
            self.hide()
        return False

    def _go_to(self, place: QPoint) -> None:
        self.move(place - QPoint(self.width() // 2, self.height() // 2))
        inside = self._window.rect().contains(place)
        if inside and self.isHidden():
            self.show()
        elif not inside:
            self.hide()

    def fit(self) -> None:
        """Take the size and the colour of the present style, around the same place."""
        middle, side = self.geometry().center(), 2 * theme.px(_OUTER)
        self.resize(side, side)
        self.move(middle - QPoint(side // 2, side // 2))
        self._picture = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        if self._picture is None or self._picture.devicePixelRatio() != ratio:
            self._picture = self._drawn(ratio)
        QPainter(self).drawPixmap(0, 0, self._picture)

    def _drawn(self, ratio: float) -> QPixmap:
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        half = self.width() / 2.0
        fade = QRadialGradient(QPointF(half, half), half)
        for share, opacity in _FADE:
            colour = QColor(theme.current().ink)
            colour.setAlphaF(opacity)
            fade.setColorAt(share, colour)
        painter = QPainter(picture)
        painter.fillRect(self.rect(), fade)
        painter.end()
        return picture
