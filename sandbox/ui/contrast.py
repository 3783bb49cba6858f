"""How well a colour stands out from the ground beneath it, as the Web Content Accessibility Guidelines measure it."""

from __future__ import annotations

from PySide6.QtGui import QColor

from sandbox.ui import theme

LINES, TEXT = 3.0, 4.5  # the least contrast of lines and symbols, and of text
_STEPS = 50


def contrast(one: QColor | str, other: QColor | str) -> float:
    """Return the contrast of two opaque colours, from 1 (equal) to 21 (black on white)."""
    low, high = sorted((_luminance(QColor(one)), _luminance(QColor(other))))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: QColor) -> float:
    parts = (color.redF(), color.greenF(), color.blueF())
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def paler(colour: str, ground: str, share: float, least: float = LINES) -> str:
    """Return the colour at `share` (0 to 1) of the way to the ground, or as far as leaves it this contrast."""
    for step in range(_STEPS, 0, -1):
        blended = theme.blend(colour, ground, share * step / _STEPS)
        if contrast(blended, ground) >= least:
            return blended
    return colour
