"""The text of a step, with its code between its paragraphs."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sandbox.lessons.listing import Listing, split_listings
from sandbox.ui import theme
from sandbox.ui.kit.base import StyleFollower, discard
from sandbox.ui.lessons.listing import CodeBox
from sandbox.ui.lessons.prose import Prose


class StepText(StyleFollower, QWidget):
    """Paragraphs, and code that stands beside the equations.

    Attributes
    ----------
    prose : Prose
        The text, up to the first code.
    boxes : list of CodeBox

    Signals
    -------
    listed()
        There are other boxes than before.
    """

    listed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.prose = Prose("Text of the step")
        self.boxes: list[CodeBox] = []
        self.more: list[Prose] = []
        self._listings: tuple[Listing, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.prose)
        self.follow_style()

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """What is written before, between and after the boxes."""
        return tuple(prose.markdown for prose in (self.prose, *self.more))

    def set_text(self, markdown: str, with_code: bool) -> None:
        """Show a text; `with_code` lets the lines of its code light up."""
        parts = split_listings(markdown) if with_code else (markdown,)
        listings = tuple(part for part in parts if isinstance(part, Listing))
        if listings != self._listings:
            self._rebuild(listings)
        texts = _between(parts)
        for prose, text in zip((self.prose, *self.more), texts, strict=True):
            prose.set_text(text)
            prose.setVisible(bool(text))

    def _rebuild(self, listings: tuple[Listing, ...]) -> None:
        """Put in other code, with a paragraph after each."""
        for part in (*self.boxes, *self.more):
            self._column.removeWidget(part)
            discard(part)
        self._listings = listings
        self.boxes = [CodeBox(listing) for listing in listings]
        self.more = [Prose("Text of the step, after the code") for _ in listings]
        for box, prose in zip(self.boxes, self.more, strict=True):
            self._column.addWidget(box)
            self._column.addWidget(prose)
        self.listed.emit()

    def take_height(self) -> None:
        """Let every paragraph be as high as it needs to be at its width."""
        for prose in (self.prose, *self.more):
            prose.take_height()

    def fit(self) -> None:
        """Set the spacings."""
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.px(12))


def _between(parts: tuple[str | Listing, ...]) -> list[str]:
    """Return the texts before, between and after the listings; "" where there is none."""
    texts = [""]
    for part in parts:
        if isinstance(part, Listing):
            texts.append("")
        else:
            texts[-1] = part
    return texts
