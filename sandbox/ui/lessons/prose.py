"""The text of a step: Markdown with formulas, set in the theme's type and colours.

Nothing outside the text is ever loaded: formulas are the only pictures, links are plain text and HTML stays as it was
typed.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import lru_cache

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontDatabase,
    QFontMetrics,
    QHelpEvent,
    QImage,
    QPainter,
    QPalette,
    QResizeEvent,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextImageFormat,
    QTextTable,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser, QToolTip

from sandbox.glossary import explanation
from sandbox.notation.equations import Piece
from sandbox.notation.latex import atoms
from sandbox.ui import theme
from sandbox.ui.kit.base import StyleFollower, call_later
from sandbox.ui.mathematics import EM, compose, draw_marks, set_line

_SCHEME = "formula"
_OBJECT = "\ufffc"  # what stands for a picture in a plain text
# Code first, so that a dollar within it is only a dollar; then formulas on a line of their own, then those in a line.
_PARTS = re.compile(
    r"(?P<code>^```.*?^```[ \t]*$|`[^`\n]+`)|\$\$(?P<display>.+?)\$\$"
    r"|(?<![\\$\w])\$(?P<inline>[^\s$](?:[^$\n]*[^\s$])?)\$(?!\w)",
    re.DOTALL | re.MULTILINE,
)
_PLAIN = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
_BLANK = QImage(1, 1, QImage.Format.Format_ARGB32_Premultiplied)
_BLANK.fill(Qt.GlobalColor.transparent)


@dataclass(frozen=True)
class Formula:
    """A formula in a text."""

    latex: str
    display: bool


def split_formulas(markdown: str) -> tuple[str, tuple[Formula, ...]]:
    """Return Markdown with a picture in place of each formula, and the formulas in their order."""
    formulas: list[Formula] = []

    def picture(found: re.Match[str]) -> str:
        if found["code"]:
            return found[0]
        display = found["display"] is not None
        latex = " ".join((found["display"] if display else found["inline"]).split())
        if not _can_be_set(latex):
            return f"`{latex}`"
        formulas.append(Formula(latex, display))
        place = f"![formula]({_SCHEME}:{len(formulas) - 1})"
        return f"\n\n{place}\n\n" if display else place

    return _PARTS.sub(picture, markdown), tuple(formulas)


@lru_cache(maxsize=1024)
def _can_be_set(latex: str) -> bool:
    """Return whether a formula can be typeset; one that cannot is shown as it was typed."""
    try:
        compose(latex)
    except Exception:  # the typesetter raises of many kinds, and a lesson's text comes from anyone
        return False
    return True


@dataclass(frozen=True)
class Picture:
    """A formula as a picture, its size in pixels of the window, and how many of them are below the line of the text."""

    image: QImage
    width: float
    height: float
    below: int = 0


@lru_cache(maxsize=512)
def inline_picture(latex: str, colour: str, size: int, ratio: float) -> Picture:
    """Return a formula to stand in a line of text with `size` pixels to the em."""
    box, scale = compose(latex), size / EM
    above, below = math.ceil(box.ascent * scale), _descent(_size_reaching(math.ceil(box.descent * scale)))
    picture = _painted(box.marks, box.width * scale, above + below, above, scale, colour, ratio)
    return replace(picture, below=below)


def _descent(size: int) -> int:
    font = theme.font()
    font.setPixelSize(size)
    return QFontMetrics(font).descent()


def _size_reaching(below: int) -> int:
    """Return the smallest size of the font whose letters reach at least so far below their line.

    Qt lets a picture reach as far below the line as the letters of its font would, and no other number is asked for.
    """
    return next(size for size in range(1, 1000) if _descent(size) >= below)


@lru_cache(maxsize=256)
def display_picture(latex: str, colour: str, size: int, room: float, ratio: float) -> Picture:
    """Return a formula on lines of its own, broken if it is wider than `room`."""
    scale = size / EM
    formula = set_line(tuple(map(Piece, atoms(latex))), room / scale)
    return _painted(formula.marks, formula.width * scale, math.ceil(formula.height * scale), 0.0, scale, colour, ratio)


def _painted(
    marks: tuple[object, ...], width: float, height: float, base: float, scale: float, colour: str, ratio: float
) -> Picture:
    """Return marks painted with their origin `base` below the top."""
    width = math.ceil(width) + 1
    image = QImage(round(width * ratio), round(height * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    draw_marks(painter, marks, QPointF(0.0, base), scale, colour, colour, ratio)  # type: ignore[arg-type]
    painter.end()
    return Picture(image, width, height)


class Prose(StyleFollower, QTextBrowser):
    """Markdown with formulas, as high as its text.

    Attributes
    ----------
    markdown : str
        The text, as it was typed.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setUndoRedoEnabled(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is around it scrolls
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(policy)
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)
        self.markdown = ""
        self._formulas: tuple[Formula, ...] = ()
        self._pictures: dict[str, QImage] = {}
        self._shown: tuple[object, ...] = ()
        self.follow_style()

    def set_text(self, markdown: str) -> None:
        """Show a text."""
        if markdown != self.markdown:
            self.markdown = markdown
            self.take_height()

    def fit(self) -> None:
        """Set the text again: its type and its colours have changed."""
        self.take_height()

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Return the picture of a formula, and nothing else, whatever is asked for."""
        address = name.toString() if isinstance(name, QUrl) else str(name)
        return self._pictures.get(address, _BLANK)

    def viewportEvent(self, event: QEvent) -> bool:
        """Explain the words of the field in the paragraph under the pointer, as every label does."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            paragraph = self.cursorForPosition(event.pos()).block().text()
            QToolTip.showText(event.globalPos(), explanation(paragraph), self)
            return True
        return super().viewportEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        call_later(self, self.take_height)

    def wheelEvent(self, event: object) -> None:
        event.ignore()  # type: ignore[attr-defined]

    # Setting the text

    def take_height(self) -> None:
        """Set the text again if its width, or anything else that it depends on, has changed; be as high as it is."""
        colours, room = theme.current(), self.width()
        state = (self.markdown, colours.name, theme.scale(), room, self.devicePixelRatioF())
        if state == self._shown:
            return
        self._shown = state
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Text, QColor(colours.text_color))
        palette.setColor(QPalette.ColorRole.Base, QColor(Qt.GlobalColor.transparent))
        self.setPalette(palette)
        document = self.document()
        document.setDefaultFont(theme.font())
        document.setIndentWidth(theme.px(14))
        markdown, self._formulas = split_formulas(self.markdown)
        self._pictures = {}
        document.setMarkdown(markdown, _PLAIN)
        document.setTextWidth(room)
        block = document.begin()
        while block.isValid():
            self._set_block(block, room)
            block = block.next()
        self._set_tables()
        self.setAccessibleDescription(self._spoken())
        self.setFixedHeight(max(1, math.ceil(document.size().height())))

    def _set_block(self, block: QTextBlock, room: int) -> None:
        cursor = QTextCursor(block)
        layout = QTextBlockFormat()
        is_code = block.blockFormat().hasProperty(QTextFormat.Property.BlockCodeFence.value)
        following = block.next()
        goes_on = is_code and following.blockFormat().hasProperty(QTextFormat.Property.BlockCodeFence.value)
        gap = theme.px(theme.GRID)
        layout.setTopMargin(0)
        layout.setBottomMargin(0 if goes_on or not following.isValid() else gap)
        if block.textList() is not None and following.textList() is not None:
            layout.setBottomMargin(theme.px(theme.HALF))
        if is_code:
            layout.setBackground(QBrush(QColor(theme.current().hover)))
            layout.setNonBreakableLines(False)
            layout.setLeftMargin(0)
            layout.setTextIndent(0)
        else:
            layout.setLineHeight(120, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        pieces = _fragments(block)
        for start, end, look in pieces:
            cursor.setPosition(start)
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            if look.isImageFormat():
                display = self._set_picture(cursor, look.toImageFormat(), room)
                if display:
                    layout.setAlignment(Qt.AlignmentFlag.AlignHCenter)
                    layout.setLineHeight(0, QTextBlockFormat.LineHeightTypes.SingleHeight.value)
            else:
                cursor.setCharFormat(_looks(look, is_code))
        cursor.setPosition(block.position())
        cursor.mergeBlockFormat(layout)

    def _set_tables(self) -> None:
        for frame in self.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                look = frame.format()
                look.setBorderCollapse(True)
                look.setBorderBrush(QBrush(QColor(theme.current().border)))
                look.setCellPadding(theme.px(theme.HALF))
                look.setBottomMargin(theme.px(theme.GRID))
                frame.setFormat(look)

    def _spoken(self) -> str:
        """Return the text with its formulas as they were typed, for those who do not see them."""
        parts = self.toPlainText().split(_OBJECT)
        latex = [formula.latex for formula in self._formulas[: len(parts) - 1]]
        return "".join(part + formula for part, formula in zip(parts, [*latex, ""], strict=False))

    def _set_picture(self, cursor: QTextCursor, asked: QTextImageFormat, room: int) -> bool:
        """Put the picture of a formula in place of what stands for it; return whether it has its own line."""
        scheme, _, number = asked.name().partition(":")
        known = scheme == _SCHEME and number.isdecimal() and int(number) < len(self._formulas)
        if not known:
            cursor.removeSelectedText()  # a picture from elsewhere
            return False
        formula, font = self._formulas[int(number)], theme.font()
        colour, ratio, size = theme.current().text_color, self.devicePixelRatioF(), font.pixelSize() * 1.08
        if formula.display:
            picture = display_picture(formula.latex, colour, round(size), float(max(room - 2, 40)), ratio)
        else:
            picture = inline_picture(formula.latex, colour, round(size), ratio)
            font.setPixelSize(_size_reaching(picture.below))
        name = f"{_SCHEME}:{number}"
        self._pictures[name] = picture.image
        image = QTextImageFormat()
        image.setName(name)
        image.setFont(font)
        image.setWidth(picture.width)
        image.setHeight(picture.height)
        image.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignBaseline)
        cursor.setCharFormat(image)
        self.document().addResource(QTextDocument.ResourceType.ImageResource.value, QUrl(name), picture.image)
        return formula.display

    def sizeHint(self) -> QSize:
        return QSize(0, self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.minimumHeight())


def _fragments(block: QTextBlock) -> list[tuple[int, int, QTextCharFormat]]:
    """Return start, end and look of each part of a block, the last first, so that changing one moves none after it."""
    parts = []
    iterator = block.begin()
    while not iterator.atEnd():
        part = iterator.fragment()
        # Pictures side by side with one format are one fragment: each is taken by itself.
        step = 1 if part.charFormat().isImageFormat() else part.length()
        for start in range(part.position(), part.position() + part.length(), step):
            parts.append((start, start + step, part.charFormat()))
        iterator += 1
    return parts[::-1]


def _looks(look: QTextCharFormat, is_code: bool) -> QTextCharFormat:
    """Return the theme's look of a part: bold, italic and code stay, a link is plain text."""
    font = theme.font()
    is_fixed = is_code or look.fontFixedPitch()
    if is_fixed:
        font = QFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        font.setPixelSize(theme.type_px(theme.SMALL))
    if look.fontWeight() > QFont.Weight.Normal:
        font.setWeight(QFont.Weight.DemiBold)
    font.setItalic(look.fontItalic())
    result = QTextCharFormat()
    result.setFont(font)
    result.setForeground(QColor(theme.current().text_color))
    if is_fixed and not is_code:
        result.setBackground(QColor(theme.current().hover))
    return result
