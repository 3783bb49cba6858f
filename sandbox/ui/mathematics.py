"""Mathematical typesetting: formulas built from small parts, each typeset once as SVG and drawn crisp at any scale.

ziamath turns LaTeX into SVG; it takes 3 to 10 ms for a symbol with its scripts, and ten times as long for a whole
formula. So only symbols are typeset by it, and cached; lines, fractions, cases and strokes are assembled here,
which takes no time, lets a formula similar to an earlier one appear at once, and tells where each symbol is.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Any

from PySide6.QtCore import QByteArray, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap
from PySide6.QtSvg import QSvgRenderer

from sandbox.notation.equations import Piece, Symbol, symbol_of
from sandbox.notation.latex import atoms, group_end, joined, tokens

EM = 16.0  # at which everything is typeset; drawing scales it
AXIS = 0.25 * EM  # the height of the fraction bar, above the baseline
_BAR = 0.045 * EM
_SPACES = {r"\,": 0.17, r"\ ": 0.3, r"\quad": 1.0}
_RELATIONS = {"=", "<", ">", r"\leq", r"\geq"}
_BINARY = {"+", "-", r"\odot", r"\cdot"}
_WORDS = {r"\log", r"\tanh", r"\cosh", r"\max", r"\min", r"\mathrm{sign}", r"\sum"}


@dataclass(frozen=True)
class Glyph:
    """One typeset part, at 16 px to the em.

    Attributes
    ----------
    svg : bytes
        With "currentColor" as its colour.
    box : tuple of float
        x, y, width, height of the picture; the baseline is y = 0, downwards is positive.
    advance : float
        The distance to the next one.
    """

    svg: bytes
    box: tuple[float, float, float, float]
    advance: float


@cache
def _typesetter() -> Any:
    """Return ziamath's class for LaTeX, loaded on first use: that takes a third of a second."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it reads its font in a deprecated way
        from ziamath.config import config
        from ziamath.zmath import Latex
    config.svg2 = False  # Qt draws SVG 1.1
    return Latex


@lru_cache(maxsize=4096)
def typeset(latex: str) -> Glyph:
    """Return one part of a formula, typeset; the first call loads the typesetter."""
    formula = _typesetter()(latex, size=EM, color="currentColor")
    svg = formula.svg()
    match = re.search(r'viewBox="([^"]+)"', svg)
    if match is None:
        raise ValueError(f"{latex} cannot be typeset")
    x, y, width, height = (float(word) for word in match[1].split())
    return Glyph(svg.encode(), (x, y, width, height), max(float(formula.getsize()[0]), x + width - 1.0))


@dataclass(frozen=True)
class Mark:
    """Something to draw: a glyph, or a stroke if there is none.

    Attributes
    ----------
    at : tuple of float
        The left end on the baseline (glyph), or the start (stroke).
    to : tuple of float
        The end of a stroke.
    glyph : str
        The LaTeX of a glyph; "" for a stroke.
    stretch : float
        How much taller than typeset, around the axis.
    decided : bool
        Whether it has the colour of what the loss decides.
    """

    at: tuple[float, float]
    to: tuple[float, float] = (0.0, 0.0)
    glyph: str = ""
    stretch: float = 1.0
    decided: bool = False
    strike: bool = False


@dataclass(frozen=True)
class Spot:
    """Where a symbol is: x, y (top), width, height; the baseline is y = 0."""

    rect: tuple[float, float, float, float]
    symbol: Symbol
    latex: str


@dataclass(frozen=True)
class Box:
    """An assembled piece of a formula: what to draw, and its extent from the baseline."""

    width: float
    ascent: float
    descent: float
    marks: tuple[Mark, ...] = ()
    spots: tuple[Spot, ...] = ()
    kind: str = "ordinary"
    before: bool = field(default=False)  # whether a line may be broken before it

    def moved(self, dx: float, dy: float) -> Box:
        """Return the box, shifted."""
        marks = tuple(
            replace(mark, at=(mark.at[0] + dx, mark.at[1] + dy), to=(mark.to[0] + dx, mark.to[1] + dy))
            for mark in self.marks
        )
        spots = tuple(replace(spot, rect=(spot.rect[0] + dx, spot.rect[1] + dy, *spot.rect[2:])) for spot in self.spots)
        return replace(self, marks=marks, spots=spots)


def compose(latex: str, decided: bool = False) -> Box:
    """Return a formula as one box."""
    return joined_boxes(_boxes(latex, decided))


def _boxes(latex: str, decided: bool) -> list[Box]:
    return [atom_box(atom, decided) for atom in atoms(latex)]


def joined_boxes(boxes: Sequence[Box], start: str = "") -> Box:
    """Return boxes side by side with mathematical spacing; `start` is the kind of what comes before them."""
    marks: list[Mark] = []
    spots: list[Spot] = []
    places, width = _side_by_side(boxes, start)
    for box, x in zip(boxes, places, strict=True):
        moved = box.moved(x, 0.0)
        marks += moved.marks
        spots += moved.spots
    ascent = max((0.0, *(box.ascent for box in boxes)))
    descent = max((0.0, *(box.descent for box in boxes)))
    return Box(width, ascent, descent, tuple(marks), tuple(spots))


def _side_by_side(boxes: Sequence[Box], start: str = "") -> tuple[list[float], float]:
    """Return where each box begins with mathematical spacing, and where the last one ends."""
    x, last = 0.0, start
    places: list[float] = []
    for box in boxes:
        kind = box.kind
        if kind == "binary" and last in ("", "binary", "relation", "open", "word", "comma"):
            kind = "sign"
        x += EM * _gap(last, kind)
        places.append(x)
        x += box.width
        if kind != "space":
            last = kind
    return places, x


def _gap(last: str, kind: str) -> float:
    if not last or "space" in (last, kind):
        return 0.0
    pair = {last, kind}
    if "relation" in pair:
        return 0.28
    if kind == "binary" or last == "binary":
        return 0.22
    if last == "comma":
        return 0.17
    if last in ("open", "sign") or kind in ("close", "comma"):
        return 0.0 if "tall" not in pair else 0.04
    if "word" in pair:
        return 0.0 if kind == "open" and last == "word" else 0.17
    return 0.15 if "tall" in pair else 0.02


@lru_cache(maxsize=4096)
def atom_box(atom: str, decided: bool) -> Box:
    """Return one part of a formula as a box."""
    parts = tokens(atom)
    head = parts[0]
    if atom in _SPACES:
        return Box(EM * _SPACES[atom], 0.0, 0.0, kind="space")
    if head == r"\frac":
        return _fraction(parts, decided)
    if head == r"\cancel":
        return _struck(compose(_argument(parts, 1)[0], decided), decided)
    if head == r"\begin":
        return _cases(parts, decided)
    return _glyph_box(atom, decided)


def _argument(parts: list[str], i: int) -> tuple[str, int]:
    end = group_end(parts, i)
    inner = parts[i + 1 : end - 1] if parts[i] == "{" else parts[i:end]
    return joined(inner), end


def _glyph_box(atom: str, decided: bool) -> Box:
    head = re.split(r"[\^_]", atom)[0]
    latex = atom.replace(r"\left", "").replace(r"\right", "")
    kind = "ordinary"
    if atom in _RELATIONS:
        kind = "relation"
    elif atom in _BINARY:
        kind = "binary"
    elif head in ("(", "[", r"\Bigl(", r"\left|"):
        kind = "open"
    elif head in (")", "]", r"\Bigr)", r"\right|"):
        kind = "close"
    elif head in _WORDS:
        kind = "word"
    elif atom == ",":
        kind = "comma"
    glyph = typeset(latex)
    _, y, _, height = glyph.box
    ascent, descent = -y - 1.0, y + height - 1.0
    symbol = symbol_of(atom)
    spots = (Spot((0.0, -ascent, glyph.advance, ascent + descent), symbol, atom),) if symbol else ()
    marks = (Mark((0.0, 0.0), glyph=latex, decided=decided),)
    return Box(glyph.advance, ascent, descent, marks, spots, kind, kind in ("relation", "binary"))


def _fraction(parts: list[str], decided: bool) -> Box:
    top, i = _argument(parts, 1)
    bottom, _ = _argument(parts, i)
    over, under = compose(top, decided), compose(bottom, decided)
    inner, pad = max(over.width, under.width), 0.12 * EM
    width = inner + 2.0 * pad
    rise = AXIS + 0.18 * EM + over.descent
    fall = -AXIS + 0.18 * EM + under.ascent
    above = over.moved(pad + 0.5 * (inner - over.width), -rise)
    below = under.moved(pad + 0.5 * (inner - under.width), fall)
    bar = Mark((0.04 * EM, -AXIS), (width - 0.04 * EM, -AXIS), decided=decided)
    return Box(
        width, rise + over.ascent, fall + under.descent, (*above.marks, bar, *below.marks), above.spots + below.spots,
        "tall",
    )  # fmt: skip


def _struck(box: Box, decided: bool) -> Box:
    line = Mark((-0.06 * EM, box.descent), (box.width + 0.06 * EM, -box.ascent), decided=decided, strike=True)
    return replace(box, marks=(*box.marks, line), kind="ordinary")


def _cases(parts: list[str], decided: bool) -> Box:
    body = joined(parts[8:-8])  # between \begin{cases} and \end{cases}
    rows = [[compose(cell.strip(), decided) for cell in row.split("&")] for row in body.split(r"\\")]
    first = max(row[0].width for row in rows)
    gap, lead = EM, 0.22 * EM
    heights = [(max(cell.ascent for cell in row), max(cell.descent for cell in row)) for row in rows]
    total = sum(a + d for a, d in heights) + lead * (len(rows) - 1)
    brace = typeset(r"\{")
    stretch = (total + 0.1 * EM) / (brace.box[3] - 2.0)
    left = brace.advance + 0.15 * EM
    marks: list[Mark] = [Mark((0.0, 0.0), glyph=r"\{", stretch=stretch, decided=decided)]
    spots: list[Spot] = []
    y = -AXIS - 0.5 * total
    width = left
    for row, (ascent, descent) in zip(rows, heights, strict=True):
        y += ascent
        for cell, x in zip(row, (left, left + first + gap), strict=False):
            moved = cell.moved(x, y)
            marks += moved.marks
            spots += moved.spots
            width = max(width, x + cell.width)
        y += descent + lead
    half = 0.5 * total + 0.05 * EM
    return Box(width, AXIS + half, half - AXIS, tuple(marks), tuple(spots), "tall")


# Lines


@dataclass(frozen=True)
class TypesetFormula:
    """A formula in one or more rows, at 16 px to the em, relative to its top left."""

    width: float
    height: float
    marks: tuple[Mark, ...]
    spots: tuple[Spot, ...]


@lru_cache(maxsize=256)
def set_line(pieces: tuple[Piece, ...], width: float, indent: float = 0.0, hang: float = 2.0 * EM) -> TypesetFormula:
    """Return pieces in rows no wider than `width` if possible, broken before signs and relations.

    Parameters
    ----------
    pieces : tuple of Piece
    width : float
    indent, hang : float
        Where the first row starts, and how much further to the right the others start.
    """
    boxes = [atom_box(piece.latex, piece.decided) for piece in pieces]
    rows: list[list[Box]] = [[]]
    start = indent
    for box in boxes:
        rows[-1].append(box)
        while start + _side_by_side(rows[-1])[1] > width:
            at = _break(rows[-1], 2 if len(rows) == 1 else 1)
            if not at:
                break
            remainder = rows[-1][at:]
            del rows[-1][at:]
            rows.append(remainder)
            start = indent + hang
    y, widest = 0.0, 0.0
    marks: list[Mark] = []
    spots: list[Spot] = []
    for number, row in enumerate(rows):
        box = joined_boxes(row, start="ordinary" if number else "")
        y += max(box.ascent, 0.72 * EM)
        moved = box.moved(indent + (hang if number else 0.0), y)
        marks += moved.marks
        spots += moved.spots
        widest = max(widest, indent + (hang if number else 0.0) + box.width)
        y += max(box.descent, 0.22 * EM) + (0.3 * EM if number < len(rows) - 1 else 0.0)
    return TypesetFormula(widest, y, tuple(marks), tuple(spots))


def _break(row: list[Box], first: int) -> int:
    """Return the index of the box before which to break a row, as few parentheses deep as possible; 0 if none.

    The first row may not be broken before its equals sign.
    """
    depth, candidates = 0, []
    for i, box in enumerate(row):
        depth += (box.kind == "open") - (box.kind == "close")
        if box.before and i >= first and i < len(row) - 1:
            candidates.append((depth, -i))
    return -min(candidates)[1] if candidates else 0


# Drawing


@lru_cache(maxsize=4096)
def _pixmap(latex: str, stretch: float, colour: str, scale: float, ratio: float) -> QPixmap:
    """Render a glyph `scale` times as large as typeset, with `ratio` device pixels per pixel."""
    glyph = typeset(latex)
    _, _, width, height = glyph.box
    renderer = QSvgRenderer(QByteArray(glyph.svg.replace(b"currentColor", colour.encode())))
    renderer.setAspectRatioMode(Qt.AspectRatioMode.IgnoreAspectRatio)
    pixmap = QPixmap(max(1, round(width * scale * ratio + 0.5)), max(1, round(height * stretch * scale * ratio + 0.5)))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter, QRectF(0.0, 0.0, width * scale * ratio, height * stretch * scale * ratio))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def draw_marks(
    painter: QPainter, marks: Sequence[Mark], at: QPointF, scale: float, text_color: str, decided: str, ratio: float
) -> None:
    """Draw a formula from its top left, `scale` times as large as typeset."""
    for mark in marks:
        colour = decided if mark.decided else text_color
        x, y = at.x() + mark.at[0] * scale, at.y() + mark.at[1] * scale
        if mark.glyph:
            left, top, _, height = typeset(mark.glyph).box
            if mark.stretch != 1.0:
                y -= AXIS * scale
                top = -0.5 * height * mark.stretch
            corner = QPointF(*(round(value * ratio) / ratio for value in (x + left * scale, y + top * scale)))
            painter.drawPixmap(corner, _pixmap(mark.glyph, mark.stretch, colour, scale, ratio))
            continue
        pen = QPen(QColor(colour), max(1.0 / ratio, _BAR * scale * (1.2 if mark.strike else 1.0)))
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, mark.strike)
        painter.drawLine(QPointF(x, y), QPointF(at.x() + mark.to[0] * scale, at.y() + mark.to[1] * scale))
