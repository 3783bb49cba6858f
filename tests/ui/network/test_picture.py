"""The picture without a window: where its parts are, how wide lines are, and what is said about them."""

from __future__ import annotations

import dataclasses
from itertools import groupby

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.lens.network import AskNetwork, NetworkState, Parameters
from sandbox.experiment.training.snapshot import SurfaceRequest, Wanted
from sandbox.ui.network import looks, sentences
from sandbox.ui.network.flow import Flow, Phase, flow_at
from sandbox.ui.network.geometry import Geometry, fitted
from sandbox.ui.network.parts import Kind, Part, exists, neighbour

SIZES = [(2, 6, 4, 1), (1, 1), (9, 3), (7, 8, 8, 8, 8, 8, 8, 1), (2, *(8 * (32,)), 10)]
ROOMS = [(460.0, 150.0), (900.0, 600.0), (200.0, 60.0)]


def state_of(text: str, updates: int = 3) -> NetworkState:
    trainer = Trainer(Experiment.loads(text))
    for _ in range(updates):
        trainer.step()
    question = AskNetwork("A", SurfaceRequest("A", (0, 1), (-1.0, 1.0), (-1.0, 1.0), 10))
    answer = trainer.snapshot(0, Wanted(questions=(question,))).answers[question]
    assert isinstance(answer, NetworkState)
    return answer


def all_parts(geometry: Geometry) -> list[Part]:
    parts = [Part(Kind.OTHER_INPUT, 0, k) for k in range(geometry.others)] + list(geometry.buttons)
    for column, size in enumerate(geometry.sizes):
        for unit in range(size):
            parts.append(Part(Kind.UNIT, column, unit))
            if column:
                parts.append(Part(Kind.BIAS, column, unit))
    return parts


def place(geometry: Geometry, part: Part) -> QPointF:
    if part.kind is Kind.UNIT:
        return geometry.unit(part.column, part.unit).center() + QPointF(2.0, -2.0)
    if part.kind is Kind.BIAS:
        return geometry.bias(part.column, part.unit)
    if part.kind is Kind.OTHER_INPUT:
        return geometry.other_input(part.unit).center()
    return geometry.button(part).center()


@pytest.mark.parametrize("scale", [1.0, 1.4])
@pytest.mark.parametrize("others", [0, 7])
@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("sizes", SIZES)
def test_every_part_is_inside_and_found_where_it_is(
    sizes: tuple[int, ...], room: tuple[float, float], others: int, scale: float
) -> None:
    geometry = fitted(sizes, others, room, (30.0, 30.0), scale)
    whole = QRectF(0.0, 0.0, geometry.width, geometry.height)
    drawn = tuple(np.ones(lines.shape[:2]) for lines in geometry.lines)
    units = [geometry.unit(c, u) for c, size in enumerate(sizes) for u in range(size)]
    assert all(whole.contains(unit) for unit in units)
    assert not any(a.intersects(b) for k, a in enumerate(units[:40]) for b in units[k + 1 : 40])
    for part in all_parts(geometry):
        assert geometry.at(place(geometry, part), drawn, 3.0 * scale) == part
        assert whole.contains(place(geometry, part))


def test_a_network_is_as_large_as_its_room_and_larger_only_where_it_must_be() -> None:
    small = fitted((2, 6, 4, 1), 0, (460.0, 152.0), (20.0, 30.0), 1.0)
    assert (small.width, small.height) == (460.0, 152.0)
    large = fitted((2, 6, 4, 1), 0, (900.0, 600.0), (20.0, 30.0), 1.0)
    assert (large.width, large.height) == (900.0, 600.0)
    assert large.tile > 2 * small.tile
    huge = fitted((2, *(8 * (32,)), 1), 0, (460.0, 152.0), (20.0, 30.0), 1.0)
    assert huge.height > 32 * huge.tile > 152.0
    assert huge.tile >= 11.0
    assert fitted((2, *(8 * (32,)), 1), 0, (300.0, 152.0), (20.0, 30.0), 1.0).width > 300.0


def test_eight_units_fit_below_two_lanes_in_a_small_window() -> None:
    geometry = fitted((2, 8, 1), 1, (425.0, 155.0), (40.0, 40.0), 1.0)
    assert geometry.height == 155.0 and geometry.tile >= 12.0
    assert geometry.unit(1, 7).bottom() <= 155.0
    assert geometry.button(geometry.buttons[0]).bottom() <= geometry.unit(1, 0).top()


def test_lines_are_found_along_their_whole_length_and_only_if_they_are_drawn() -> None:
    geometry = fitted((3, 4, 2), 0, (500.0, 200.0), (20.0, 20.0), 1.0)
    for column in (1, 2):
        drawn = [np.zeros(lines.shape[:2]) for lines in geometry.lines]
        for unit, source in np.ndindex(drawn[column - 1].shape):
            drawn[column - 1][:] = 0.0
            drawn[column - 1][unit, source] = 2.0
            x0, y0, x1, y1 = geometry.lines[column - 1][unit, source]
            for share in (0.1, 0.5, 0.85):
                point = QPointF(x0 + share * (x1 - x0), y0 + share * (y1 - y0))
                assert geometry.at(point, tuple(drawn), 3.0) == Part(Kind.WEIGHT, column, unit, source)
            drawn[column - 1][:] = 0.0
            assert geometry.at(QPointF((x0 + x1) / 2, (y0 + y1) / 2), tuple(drawn), 3.0) is None


def test_the_arrow_keys_reach_every_unit_weight_and_bias() -> None:
    sizes = (2, 3, 2)
    wanted = {Part(Kind.UNIT, c, u) for c, size in enumerate(sizes) for u in range(size)}
    for c in (1, 2):
        wanted |= {Part(Kind.BIAS, c, u) for u in range(sizes[c])}
        wanted |= {Part(Kind.WEIGHT, c, u, s) for u in range(sizes[c]) for s in range(sizes[c - 1])}
    reached, new = set(), {neighbour(None, 1, 0, sizes)}
    while new:
        reached |= new
        arrows = ((1, 0), (-1, 0), (0, 1), (0, -1))
        new = {neighbour(part, *arrow, sizes) for part in new for arrow in arrows} - reached
    assert reached == wanted
    assert all(exists(part, sizes) for part in reached)
    assert not exists(Part(Kind.WEIGHT, 1, 3, 0), sizes)
    assert not exists(Part(Kind.BIAS, 0, 0), sizes)


# Widths


@pytest.mark.parametrize(
    ("value", "above"), [(0.0, 1.0), (1.0, 1.0), (1.2, 1.5), (2.31, 3.0), (0.034, 0.04), (8.1, 10.0), (1e-9, 1e-9)]
)
def test_round_numbers_for_the_widest_line(value: float, above: float) -> None:
    assert looks.round_above(value) == pytest.approx(above, rel=1e-12)


def parts_of(*values: float) -> tuple[Parameters, ...]:
    return (Parameters(np.array([values]), np.zeros(1)),)


def test_the_scale_of_weights_follows_and_that_of_derivatives_lets_them_fade() -> None:
    weights, derivatives = looks.WidthScale(True), looks.WidthScale(False)
    for scale in (weights, derivatives):
        assert scale.follow(parts_of(0.9, -2.2)) == 3.0
        assert scale.follow(parts_of(1.5)) == 3.0  # it does not waver
        assert scale.follow(parts_of(12.0)) == 15.0
    assert weights.follow(parts_of(0.5)) == 0.5
    assert derivatives.follow(parts_of(0.5)) == 15.0
    derivatives.forget()
    assert derivatives.follow(parts_of(0.5)) == 0.5


def test_width_is_proportional_to_size_and_what_is_no_number_has_none() -> None:
    ((lines, biases),) = looks.widths((Parameters(np.array([[2.0, -1.0, np.nan]]), np.array([4.0])),), 4.0, 1.0)
    assert lines.tolist() == [[looks.WIDEST / 2, looks.WIDEST / 4, 0.0]]
    assert biases.tolist() == [looks.WIDEST]


def test_of_too_many_lines_the_widest_are_drawn() -> None:
    rng = np.random.default_rng(1)
    lines = tuple(rng.uniform(0.0, 7.0, (32, 32)) for _ in range(5))
    drawn, omitted = looks.drawn_widths(lines, 1.0)
    flat = np.concatenate([line.ravel() for line in lines])
    shown = np.concatenate([line.ravel() for line in drawn]) > 0.0
    assert shown.sum() == looks.MOST_LINES
    assert omitted == flat.size - looks.MOST_LINES
    assert flat[shown].min() > flat[~shown].max()
    few, none = looks.drawn_widths((np.array([[0.0, 3.0]]),), 1.0)
    assert none == 0 and few[0].min() > 0.0  # a weight of 0 can still be pointed at


def test_shares_of_a_range() -> None:
    pictures = np.array([[[0.0, 1.0]], [[5.0, 5.0]]], np.float32)
    assert looks.shares(pictures, np.array([-1.0, 5.0]), np.array([1.0, 5.0])).tolist() == [[[0.5, 1.0]], [[0.5, 0.5]]]


# Sentences

NET = '[network]\nhidden = [3, 2]\nactivation = "relu"\n'


def test_what_is_said_about_a_unit_is_so() -> None:
    state = state_of(NET)
    W, b = state.values[1].W, state.values[1].b
    first, second = sentences.about(Part(Kind.UNIT, 2, 1), state)
    column = state.columns[2]
    assert first.startswith("Unit 2 of layer 2 \u00b7 a ")
    for number in (column.low[1], column.high[1], column.mean[1]):
        assert sentences.words.brief(float(number)) in first
    assert first.endswith(f"{sentences.words.share(float(column.flat[1]), 0)} dead")
    assert second.startswith("a = ReLU(z), z = ")
    z = second.partition("z = ")[2].replace("\u2212", "-").replace("- ", "-").replace("+ ", "+").split()
    numbers = [float(text) for text in z if not text.startswith("a")]
    np.testing.assert_allclose(numbers, [*W[1], b[1]], atol=6e-4)


def test_the_terms_of_a_long_sum_are_the_largest_in_their_order() -> None:
    state = state_of('[data]\ndataset = "iris"\n[network]\nhidden = [9, 1]')
    text = sentences.chain(state, 2, 0)
    weights = np.abs(state.values[1].W[0])
    kept = sorted(np.argsort(-weights)[:6] + 1)
    subscripts = "\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089"
    assert [subscripts.index(part[1]) for part in text.split() if part[0] == "a" and len(part) == 2] == kept
    assert "+ 3 smaller terms" in text


def test_what_is_said_about_a_weight_is_so() -> None:
    state = state_of(NET)
    first, second = sentences.about(Part(Kind.WEIGHT, 1, 2, 0), state)
    assert first == "Weight from x1 to unit 3 of layer 1"
    number = sentences.words.number
    w, dw, change = (float(part[0].W[2, 0]) for part in (state.values, state.gradients, state.changes))
    signed = sentences.words.signed(number(change, 3))
    assert second == f"w = {number(w, 5)} \u00b7 dw = {number(dw, 3)} \u00b7 last change {signed}"
    first, second = sentences.about(Part(Kind.BIAS, 3, 0), state)
    assert first == "Bias of the output"
    assert second.startswith(f"b = {number(float(state.values[2].b[0]), 5)} \u00b7 db = ")
    assert sentences.about(Part(Kind.BIAS, 3, 0), state_of(NET, 0))[1].endswith("last change none yet")


def test_a_unit_that_is_never_flat_is_not_said_to_be() -> None:
    state = state_of('[network]\nhidden = [2]\nactivation = "softplus"\noutput = "linear"')
    assert "%" not in sentences.about(Part(Kind.UNIT, 1, 0), state)[0]
    assert sentences.flat_meaning(state, 1) == ""


def test_what_is_left_out_or_not_finite_is_said() -> None:
    state = state_of(NET)
    assert sentences.note(0, state) == ""
    assert sentences.note(7, state) == "7 thin lines not drawn"
    assert sentences.note(0, dataclasses.replace(state, finite=False)) == "some derivatives are not finite"


# One update in slow motion


def test_the_signal_goes_forward_to_the_loss_and_back() -> None:
    flows = [flow_at(seconds, 3) for seconds in np.arange(0.0, 30.0, 0.05)]
    moving = [flow for flow in flows if flow is not None]
    assert flows[-1] is None and flows[: len(moving)] == moving
    phases = [phase for phase, _ in groupby(flow.phase for flow in moving)]
    assert phases == [Phase.FORWARD, Phase.LOSS, Phase.BACKWARD, Phase.UPDATE]
    places = {phase: [flow.place for flow in moving if flow.phase is phase] for phase in phases}
    assert places[Phase.FORWARD] == sorted(places[Phase.FORWARD]) and places[Phase.FORWARD][0] == 0.0
    assert places[Phase.BACKWARD] == sorted(places[Phase.BACKWARD], reverse=True) and places[Phase.BACKWARD][0] > 2.9
    assert set(places[Phase.LOSS]) == {3.0} and set(places[Phase.UPDATE]) == {0.0}


def test_what_is_said_on_the_way() -> None:
    state = state_of(NET)
    assert sentences.narrated(Flow(Phase.FORWARD, 0.4), {"": state})[0].endswith(
        "layer 1 computes z, and from it a = ReLU(z)."
    )
    assert "output layer" in sentences.narrated(Flow(Phase.FORWARD, 2.4), {"": state})[0]
    assert "It decides dZ" in sentences.narrated(Flow(Phase.LOSS, 3.0), {"": state})[0]
    first, second = sentences.narrated(Flow(Phase.BACKWARD, 1.5), {"A": state, "B": state})
    largest = max(np.abs(state.gradients[1].W).max(), np.abs(state.gradients[1].b).max())
    text = sentences.words.number(float(largest), 3)
    assert first == "Back: dW and db of layer 2." and second == f"The largest: A {text} and B {text}."
