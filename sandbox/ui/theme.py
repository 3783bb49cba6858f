"""The look of the window: its colours, fonts and grid, in light and dark.

Everything that draws takes its colours from the current `Theme` (`current()`) and its lengths from `px`, so that a
change of theme or the presenting mode applies everywhere.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass
from functools import cache, lru_cache
from string import Template

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from sandbox.resources import resource

GRID = 8
HALF = GRID // 2
RADIUS = 6
CONTROL = 26  # the height of a control

SMALL = 11  # captions, subtitles, axes
NORMAL = 13  # everything else
LARGE = 20  # the readouts
READABLE = 12.5  # the smallest type before it is enlarged for the back row

FAMILIES = (
    "Inter",
    "Segoe UI",
    ".AppleSystemUIFont",
    "SF Pro Text",
    "Noto Sans",
    "Cantarell",
    "Ubuntu",
    "DejaVu Sans Condensed",
    "DejaVu Sans",
)

# One per class, by pyqtgraph's names: shapes double the colours, so that nobody has to distinguish colours.
# None is a cross: that marks a sample which is classified wrongly.
SYMBOLS = ("s", "o", "t1", "d", "t", "p", "star", "h", "t2", "t3", "arrow_up", "arrow_down")


@dataclass(frozen=True)
class Theme:
    """One set of colours, each "#rrggbb".

    Each colour has one meaning. Orange and blue are the first two classes; purple and green are the signs of numbers,
    and of a difference; pink is what the loss decides; violet what a presenter adds; lanes have none of these. The
    accent, also blue, is kept to controls. Everything with a meaning is told by a shape, a letter or a line as well.

    Attributes
    ----------
    name : str
        "light" or "dark".
    shade : float
        How much of the ground covers what is not pointed at: less where it is dark, as colours must remain.
    ground, card, field, border : str
        The window, the cards on it, input fields, and the faint lines between.
    edge : str
        The outline of a control.
    text_color, muted, faint : str
        Text, secondary text, and what is disabled (only this is exempt from the contrast rules).
    accent, on_accent, accent_soft, on_soft : str
        What is chosen or active; text on it; a pale tint of it; text on the tint.
    hover, pressed : str
        A control under the pointer; one held down.
    error, error_soft : str
        Error text, and its background.
    marks, grid, axis : str
        In plots: where an edit took effect, the grid, the axes with their text.
    outline, boundary : str
        Around a data point; the decision boundary.
    decided, decided_soft, on_decided : str
        What the loss decides, in equations, code and numbers; a pale tint of it; text on the tint.
    ink : str
        What a presenter adds to the picture: strokes, the ring around the mouse, the countdown.
    negative, middle, positive : str
        Numbers below 0, at 0, and above: weights, differences, slopes.
    lanes, curves, classes : tuple of str
        One per lane; one per curve if several share a lane; one per class, 20 of them.
    """

    name: str
    shade: float
    ground: str
    card: str
    field: str
    border: str
    edge: str
    text_color: str
    muted: str
    faint: str
    accent: str
    on_accent: str
    accent_soft: str
    on_soft: str
    hover: str
    pressed: str
    error: str
    error_soft: str
    marks: str
    grid: str
    axis: str
    outline: str
    boundary: str
    decided: str
    decided_soft: str
    on_decided: str
    ink: str
    negative: str
    middle: str
    positive: str
    lanes: tuple[str, ...]
    curves: tuple[str, ...]
    classes: tuple[str, ...]

    @property
    def dark(self) -> bool:
        """Whether it is light text on a dark background."""
        return self.name == "dark"

    def lane(self, index: int) -> str:
        """Return the colour of a lane, counted from 0."""
        return self.lanes[index % len(self.lanes)]

    def class_colour(self, index: int) -> str:
        """Return the colour of a class, counted from 0."""
        return self.classes[index % len(self.classes)]


LIGHT = Theme(
    name="light",
    shade=0.55,
    ground="#f4f6f8",
    card="#ffffff",
    field="#ffffff",
    border="#e1e5ea",
    edge="#c3cad3",
    text_color="#1c2430",
    muted="#5a6472",
    faint="#a3abb6",
    accent="#0069a8",
    on_accent="#ffffff",
    accent_soft="#e3f0f9",
    on_soft="#005a91",
    hover="#f1f4f7",
    pressed="#e4e9ee",
    error="#b42318",
    error_soft="#fdecea",
    marks="#5a6472",
    grid="#e8ebef",
    axis="#5a6472",
    outline="#ffffff",
    boundary="#1c2430",
    decided="#b0126b",
    decided_soft="#fbe6f1",
    on_decided="#8f0d56",
    ink="#9d00ff",
    negative="#7b3f9d",
    middle="#f7f7f5",
    positive="#2a7d46",
    lanes=("#007f88", "#7a4a00", "#232b3d", "#c97165", "#8c8a00", "#6d36bc", "#8a7dd5", "#6d0010"),
    curves=("#007f88", "#7a4a00", "#009e73", "#a34f80", "#8a6d00", "#4f7a7f", "#6a51a3", "#4d4d4d"),
    classes=(
        "#f28e2b", "#2f7fc1", "#009e73", "#cc79a7", "#e3c000",
        "#c73e3e", "#6cc5ee", "#8c5a3c", "#7a5cc2", "#7f7f7f",
        "#9acd32", "#f7a8b8", "#1f3b73", "#2aa5a0", "#808000",
        "#c218a5", "#d9b38c", "#1e5f2e", "#b3a2e0", "#3a3a3a",
    ),
)  # fmt: skip

DARK = Theme(
    name="dark",
    shade=0.4,
    ground="#12161c",
    card="#1b2028",
    field="#232a34",
    border="#2c343f",
    edge="#414c5a",
    text_color="#e8ecf2",
    muted="#9aa5b4",
    faint="#5f6a79",
    accent="#56b4e9",
    on_accent="#0c1620",
    accent_soft="#1d3547",
    on_soft="#8fd0f5",
    hover="#2a323d",
    pressed="#343e4b",
    error="#ff9a90",
    error_soft="#3d2023",
    marks="#9aa5b4",
    grid="#272e38",
    axis="#9aa5b4",
    outline="#12161c",
    boundary="#ffffff",
    decided="#ff86bd",
    decided_soft="#46233a",
    on_decided="#ffb0d4",
    ink="#ff3dff",
    negative="#b98be0",
    middle="#1d222a",
    positive="#5cb878",
    lanes=("#2fb3bd", "#ffc98f", "#e3edf7", "#d84a6a", "#93a125", "#a066d8", "#97dab8", "#b35c34"),
    curves=("#2fb3bd", "#ffc98f", "#2fc29b", "#dc93bb", "#f0e442", "#8fb7bd", "#a692e8", "#c8ced6"),
    classes=(
        "#e58a2a", "#4a9be0", "#1fb488", "#d98bb6", "#ecd23a",
        "#e0605c", "#8fd6f5", "#a9744f", "#9a80e0", "#9a9a9a",
        "#a8d84a", "#f9b9c6", "#3f62b0", "#3fbdb8", "#a0a030",
        "#dd4cc4", "#dcbb97", "#3f8f50", "#c3b5ea", "#e8e8e8",
    ),
)  # fmt: skip

_OWN_STYLE = Qt.WidgetAttribute.WA_SetStyle  # such a widget is not told when the program's style changes

_theme = LIGHT
_scale = 1.0


def current() -> Theme:
    """Return the current theme."""
    return _theme


def scale() -> float:
    """Return by how much presenting mode enlarges text and lines (1.0: not at all)."""
    return _scale


def px(length: float) -> int:
    """Return a length of the grid in pixels, enlarged in presenting mode, at least 1."""
    return max(1, round(length * _scale))


def type_px(size: float) -> int:
    """Return a size of type in pixels; presenting enlarges small type more, since it is the first to be lost."""
    return px(max(size, READABLE) if _scale > 1.0 else size)


def symbol(index: int) -> str:
    """Return the marker of a class, counted from 0, by pyqtgraph's name."""
    return SYMBOLS[index % len(SYMBOLS)]


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, from 0 to 1, as the contrast rules of the web define it."""
    c = QColor(colour)
    parts = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c.redF(), c.greenF(), c.blueF()))
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21 (WCAG 2): 3 tells shapes apart, 4.5 lets one read text."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def text_color_on(colour: str) -> str:
    """Return "#ffffff" if it can be read on a colour, else "#000000"."""
    return "#ffffff" if contrast("#ffffff", colour) >= 4.5 else "#000000"


@lru_cache(maxsize=1024)  # asked for each class whenever points are placed
def contrasting(colour: str, grounds: tuple[str, ...], towards: str, least: float) -> str:
    """Return a colour, moved as little as needed towards another, so that it has a contrast on each of some grounds."""
    steps = (blend(colour, towards, step / 20) for step in range(20))
    return next((step for step in steps if min(contrast(step, ground) for ground in grounds) >= least), towards)


def blend(one: str, other: str, share: float) -> str:
    """Return the colour at `share` (0 to 1) of the way from one to the other."""
    a, b = QColor(one), QColor(other)
    parts = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return "#" + "".join(f"{round(p + (q - p) * share):02x}" for p, q in parts)


@cache
def family() -> str:
    """Return the font family: the first of `FAMILIES` that is installed, else the system's own."""
    installed = set(QFontDatabase.families())
    for name in FAMILIES:
        if name in installed:
            return name
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()


def font(size: float = NORMAL, bold: bool = False) -> QFont:
    """Return the font in one of the three sizes, with digits of equal width if the family has them."""
    result = QFont(family())
    result.setPixelSize(type_px(size))
    if bold:
        result.setWeight(QFont.Weight.DemiBold)
    result.setFeature(QFont.Tag("tnum"), 1)
    return result


def system_theme(app: QApplication) -> Theme:
    """Return the theme of the system: by its colour scheme if it has one, else by its palette."""
    scheme = app.styleHints().colorScheme()
    if scheme == Qt.ColorScheme.Unknown:
        return DARK if app.palette().color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT
    return DARK if scheme == Qt.ColorScheme.Dark else LIGHT


def apply(app: QApplication, theme: Theme, scale: float = 1.0) -> None:
    """Style the whole program: Fusion, a palette, the font and a style sheet.

    Parameters
    ----------
    app : QApplication
    theme : Theme
    scale : float
        Enlarges text, lines and controls: 1.0 on a desk, about 1.4 for the back row.
    """
    global _theme, _scale
    _theme, _scale = theme, scale
    applied = app.property("theme")
    if applied == [theme.name, scale]:
        return  # another window: its widgets have been made for it
    if applied is None:  # once: a new style deletes the old one with its caches
        app.setStyle("Fusion")
    app.setProperty("theme", [theme.name, scale])
    app.setPalette(palette(theme))
    widgets = _all_widgets(app)
    if app.font() != font():
        app.setFont(font())
        for widget in widgets:  # Qt itself notifies them only once its event loop runs
            app.sendEvent(widget, QEvent(QEvent.Type.ApplicationFontChange))
    _replace_style_sheet(app, style_sheet(theme), widgets)


def _replace_style_sheet(app: QApplication, sheet: str, widgets: list[QWidget]) -> None:
    """Set the style sheet by way of none, so that each widget is polished once.

    Where one sheet replaces another, Qt polishes a widget again for each of the widgets around it, some seven times.
    The widgets do not hear of the moment without a sheet: frames would give up their borders, and all would move.
    """
    hearing = [widget for widget in widgets if not widget.testAttribute(_OWN_STYLE)]
    for widget in hearing:
        widget.setAttribute(_OWN_STYLE)
    app.setStyleSheet("")
    for widget in hearing:
        widget.setAttribute(_OWN_STYLE, False)
    app.setStyleSheet(sheet)


def _all_widgets(app: QApplication) -> list[QWidget]:
    """Return every widget, with garbage collection off: it could free widgets that Qt has just listed."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return app.allWidgets()
    finally:
        if collecting:
            gc.enable()


def palette(theme: Theme) -> QPalette:
    """Return the theme as a palette, for everything that the style sheet does not cover."""
    roles = QPalette.ColorRole
    result = QPalette()
    for role, colour in {
        roles.Window: theme.ground,
        roles.WindowText: theme.text_color,
        roles.Base: theme.field,
        roles.AlternateBase: theme.hover,
        roles.Text: theme.text_color,
        roles.PlaceholderText: theme.muted,
        roles.Button: theme.field,
        roles.ButtonText: theme.text_color,
        roles.BrightText: theme.error,
        roles.ToolTipBase: theme.card,
        roles.ToolTipText: theme.text_color,
        roles.Highlight: theme.accent,
        roles.HighlightedText: theme.on_accent,
        roles.Accent: theme.accent,
        roles.Link: theme.accent,
        roles.LinkVisited: theme.accent,
        roles.Light: theme.hover,
        roles.Midlight: theme.border,
        roles.Mid: theme.border,
        roles.Dark: theme.edge,
        roles.Shadow: theme.edge,
    }.items():
        result.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText, roles.HighlightedText):
        result.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.faint))
    result.setColor(QPalette.ColorGroup.Disabled, roles.Highlight, QColor(theme.border))
    return result


def style_sheet(theme: Theme) -> str:
    """Return the style sheet at the current scale."""
    values = {key: value for key, value in vars(theme).items() if isinstance(value, str)}
    knob = px(4) + 2 * ((px(14) - px(4)) // 2)  # equally far above and below the groove, else it is not round
    lengths = {
        "one": max(1, round(_scale)),
        "two": px(2),
        "three": px(3),
        "half": px(HALF),
        "step": px(GRID),
        "six": px(6),
        "six_focus": px(6) - (px(2) - max(1, round(_scale))),
        "radius": px(RADIUS),
        "card_radius": px(GRID),
        "control": px(CONTROL) - 2 * max(1, round(_scale)),  # the style sheet adds the borders
        "arrow": px(10),
        "arrow_room": px(22),
        "box": px(14),
        "small_box": px(10),
        "groove": px(4),
        "groove_radius": px(4) // 2,
        "knob": knob - 2 * px(2),
        "knob_radius": knob // 2,
        "knob_out": -((knob - px(4)) // 2),
        "bar": px(10),
        "small": type_px(SMALL),
        "normal": type_px(NORMAL),
        "large": type_px(LARGE),
        "icons": resource("icons").as_posix(),
        "check": "check-dark" if theme.dark else "check-light",
        "control_focus": px(CONTROL) - 2 * px(2),
        "step_focus": px(GRID) - (px(2) - max(1, round(_scale))),
        "line": px(18),
        "spin": px(8),
        "spin_room": px(14),
        "bar_room": px(18),
        "knob_height": knob + px(2),
        "track": theme.edge if theme.dark else "#d5dbe2",
        "accent_hover": blend(theme.accent, theme.text_color, 0.15),
    }
    return _template().substitute(values | lengths)


@cache
def _template() -> Template:
    return Template(resource("style.qss").read_text(encoding="utf-8"))
