"""Each colour has one meaning, and the colour-blind can tell them apart too."""

from __future__ import annotations

from itertools import product

import pytest
from PySide6.QtGui import QColor

from sandbox.ui import theme
from sandbox.ui.plot import colormap
from sandbox.ui.plot.layers import CROSS
from sandbox.ui.session import MOST_LANES
from tests.colours import VISIONS, contrast, distance, nearest

EITHER = pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=lambda colours: colours.name)
EACH_VISION = pytest.mark.parametrize("vision", VISIONS)


@EACH_VISION
def test_the_simulation_leaves_greys_as_they_are(vision: str) -> None:
    assert all(sum(row) == pytest.approx(1.0, abs=1e-5) for row in VISIONS[vision])


def test_the_simulation_merges_what_the_colour_blind_confuse() -> None:
    """Red and green of one lightness; and for tritanopia the blue and the green of Okabe and Ito."""
    assert distance("#c05a4a", "#7d8033", "deuteranopia") < 0.3 * distance("#c05a4a", "#7d8033")
    assert distance("#0072b2", "#009e73", "tritanopia") < 0.5 * distance("#0072b2", "#009e73")


@EITHER
@EACH_VISION
def test_lanes_can_be_told_apart(colours: theme.Theme, vision: str) -> None:
    lanes = [colours.lane(slot) for slot in range(MOST_LANES)]
    assert nearest(lanes, vision)[0] > 15
    assert nearest(lanes[:3], vision)[0] > 22
    assert distance(lanes[0], lanes[1], vision) > 45


@EITHER
def test_lanes_have_no_colour_of_a_class_a_sign_or_the_loss(colours: theme.Theme) -> None:
    taken = (*colours.classes[:2], colours.negative, colours.positive, colours.decided)
    near = {(lane, other) for lane, other in product(colours.lanes[:3], taken) if distance(lane, other) < 30}
    assert near == set()
    assert all(distance(lane, other) > 15 for lane, other in product(colours.lanes[:MOST_LANES], taken))


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK])
def test_classes_keep_their_colours_under_the_shade_of_a_lesson(colours: theme.Theme) -> None:
    for index in range(2):
        shaded = theme.blend(colours.class_colour(index), colours.ground, colours.shade)
        card = theme.blend(colours.card, colours.ground, colours.shade)
        assert theme.contrast(shaded, card) >= 1.4
        assert QColor(shaded).hslSaturationF() >= 0.35


@EITHER
def test_lanes_are_seen_on_their_ground_and_their_letters_are_read(colours: theme.Theme) -> None:
    for lane in colours.lanes:
        assert min(contrast(lane, ground) for ground in (colours.card, colours.ground)) >= 3
        assert contrast(theme.text_color_on(lane), lane) >= 4.5
    assert len(set(colours.lanes)) == len(colours.lanes)


@EITHER
def test_each_colour_has_one_meaning(colours: theme.Theme) -> None:
    meanings = [
        *colours.classes[:2], colours.negative, colours.positive, colours.decided, *colours.lanes[:2], colours.error,
    ]  # fmt: skip
    assert nearest(meanings)[0] > 30
    assert distance(colours.accent, colours.decided) > 50 and distance(colours.accent, colours.lane(0)) > 20


@EITHER
@EACH_VISION
def test_classes_and_signs_can_be_told_apart(colours: theme.Theme, vision: str) -> None:
    first, second = colours.classes[:2]
    assert distance(first, second, vision) > 45
    regions = [
        colormap.mix(QColor(colour), QColor(colours.middle), colormap.SOFTNESS).name() for colour in (first, second)
    ]
    assert distance(*regions, vision) > 20
    assert distance(colours.negative, colours.positive, vision) > 40


def test_the_shapes_of_ten_classes_differ_and_none_is_a_cross() -> None:
    assert len({theme.symbol(k) for k in range(10)}) == 10
    assert not {"x", "+", CROSS} & set(theme.SYMBOLS)


@EITHER
def test_what_the_loss_decides_can_be_read(colours: theme.Theme) -> None:
    assert contrast(colours.decided, colours.card) >= 4.5
    assert contrast(colours.on_decided, colours.decided_soft) >= 4.5
    assert contrast(colours.text_color, colours.decided_soft) >= 4.5


@pytest.mark.parametrize("colour", ["#000000", "#777777", "#808080", "#ff0000", "#2fb3bd", "#f28e2b", "#ffffff"])
def test_text_on_a_colour_can_be_read(colour: str) -> None:
    assert contrast(theme.text_color_on(colour), colour) >= 4.5
    assert theme.contrast(colour, "#ffffff") == pytest.approx(contrast(colour, "#ffffff"), rel=1e-4)


@pytest.mark.parametrize("grounds", [("#f7c795", "#93bbdb", "#f7f7f5"), ("#81562a", "#345f85", "#1d222a")])
@pytest.mark.parametrize("colour", ["#f28e2b", "#2f7fc1", "#e3c000"])
def test_an_edge_is_as_near_to_its_colour_as_the_contrast_allows(grounds: tuple[str, ...], colour: str) -> None:
    towards = theme.text_color_on(grounds[0])
    edge = theme.contrasting(colour, grounds, towards, 4.0)
    assert min(contrast(edge, ground) for ground in grounds) >= 4.0
    if edge != colour:
        assert distance(edge, colour) < distance(towards, colour)
        weaker = theme.blend(edge, colour, 0.3)
        assert min(contrast(weaker, ground) for ground in grounds) < 4.0
