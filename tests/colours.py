"""Colours as eyes see them: contrast (WCAG 2), CIE L*a*b*, and the three common kinds of colour blindness.

The matrices are those of G. M. Machado, M. M. Oliveira and L. A. F. Fernandes, "A physiologically-based model for
simulation of color vision deficiency", IEEE Transactions on Visualization and Computer Graphics 15(6), 2009, for
severity 1.0. They apply to linear red, green and blue.
"""

from __future__ import annotations

import math
from itertools import combinations

Triple = tuple[float, float, float]
VISIONS: dict[str, tuple[Triple, Triple, Triple]] = {
    "normal": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900),
    ),
}  # fmt: skip


def linear(colour: str) -> Triple:
    """Return linear red, green and blue, from 0 to 1, of "#rrggbb"."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return r, g, b


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    r, g, b = linear(colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def lab(colour: str, vision: str = "normal") -> Triple:
    """CIE L*a*b* under D65, as an eye with this vision sees a colour."""
    there = linear(colour)
    r, g, b = (min(max(sum(w * part for w, part in zip(row, there, strict=True)), 0.0), 1.0) for row in VISIONS[vision])
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    )
    x, y, z = (t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one: str, other: str, vision: str = "normal") -> float:
    """Distance of two colours in L*a*b*: side by side, about 2 can be told apart; far from each other, about 15."""
    return math.dist(lab(one, vision), lab(other, vision))


def nearest(colours: list[str], vision: str = "normal") -> tuple[float, str, str]:
    """Return the two colours that are nearest to each other, after their distance."""
    return min((distance(one, other, vision), one, other) for one, other in combinations(colours, 2))
