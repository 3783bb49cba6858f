"""Line icons that follow the theme: SVG files whose currentColor is filled in when they are painted."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from sandbox.resources import resource
from sandbox.ui import theme


@cache
def icon(name: str, color: str = "text_color") -> QIcon:
    """Return an icon of resources/icons.

    Parameters
    ----------
    name : str
        The file's name without its ending.
    color : str
        The theme colour it is drawn in, e.g. "on_accent" on a primary button. Disabled and checked buttons use the
        theme's colours for those states.

    Raises
    ------
    FileNotFoundError
        If there is no such icon.
    """
    resource("icons", f"{name}.svg")  # a wrong name fails here rather than while painting
    return QIcon(_Engine(name, color))


@cache
def _renderer(name: str, colour: str) -> QSvgRenderer:
    text = resource("icons", f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(text.replace("currentColor", colour).encode()))


_clones: list[QIconEngine] = []  # keeps them alive: Qt does not own the Python half of an engine it was returned


class _Engine(QIconEngine):
    """Paints an icon in the colours of the current theme, crisp at any device pixel ratio."""

    def __init__(self, name: str, color: str) -> None:
        super().__init__()
        self._name = name
        self._color = color

    def _colour(self, mode: QIcon.Mode, state: QIcon.State) -> str:
        colours = theme.current()
        if mode == QIcon.Mode.Disabled:
            return colours.faint
        if state == QIcon.State.On and self._color == "text_color":
            return colours.on_soft
        return str(getattr(colours, self._color))

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        side = min(rect.width(), rect.height())
        square = QRectF(0, 0, side, side)
        square.moveCenter(QRectF(rect).center())
        _renderer(self._name, self._colour(mode, state)).render(painter, square)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        pixels = size * scale
        pixmap = QPixmap(pixels)
        if pixmap.isNull():  # no size: nothing to paint on
            return pixmap
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, pixels.width(), pixels.height()), mode, state)
        painter.end()
        pixmap.setDevicePixelRatio(scale)
        return pixmap

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def clone(self) -> QIconEngine:
        copy = _Engine(self._name, self._color)
        _clones.append(copy)
        return copy
