"""Weights and biases set by hand while training: saved, taken back, and replayed to the same bits."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import words
from sandbox.data import Data
from sandbox.errors import InputError
from sandbox.experiment import Edit, Experiment, Trainer
from sandbox.experiment.document.entries import MOST_ENTRIES, Entry, parse_entry
from sandbox.experiment.document.lanes import forked, with_lane
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.training.entries import position
from sandbox.nn import OPTIMIZERS
from sandbox.nn.network import layer_views, parameter_count
from tests.experiment.strategies import experiments, lane_changes
from tests.experiment.training.by_hand import SETTINGS, ByHand

finite = st.floats(allow_nan=False, allow_infinity=False)


def by_hand(trainer: Trainer, lane: str = "A") -> ByHand:
    data, optimizer = trainer.data, trainer.current.lane(lane).optimizer
    return ByHand(
        trainer.parameters(lane), data.X_train, data.y_train, optimizer.learning_rate, optimizer.name == "adam"
    )


def hand_made(**changes: object) -> Experiment:
    return Experiment().with_values({**SETTINGS, **{key.replace("__", "."): value for key, value in changes.items()}})


def states(trainer: Trainer) -> list[tuple[bytes, list[bytes], int, str]]:
    """Every bit that decides how the run goes on."""
    return [
        (replica.theta.tobytes(), [slot.tobytes() for slot in replica.memory], replica.steps, replica.stopped)
        for lane in trainer.lanes for replica in lane.replicas
    ]  # fmt: skip


def replayed(experiment: Experiment, live: Trainer, data: Data | None = None) -> Trainer:
    """Train an experiment as far as a run is, up to the update at which all its lanes stopped if they have."""
    trainer = Trainer(experiment, data)
    trainer.advance(lambda: True, live.update)
    if not live.running:
        trainer.step()
    trainer.settle()
    return trainer


# Names


@given(st.integers(1, 9), st.integers(0, 999_999), st.none() | st.integers(0, 999_999), st.none() | st.integers(0, 63))
def test_a_name_is_read_back_as_it_was_written(layer: int, unit: int, below: int | None, replica: int | None) -> None:
    entry = Entry(layer, unit, below, replica)
    assert parse_entry(entry.name) == entry


def test_names_are_those_of_numpy() -> None:
    assert parse_entry("W1[0,1]") == parse_entry("W1[0, 1]") == Entry(1, 0, 1)
    assert parse_entry("b2[3]#5") == Entry(2, 3, None, 5)


@given(st.lists(st.integers(1, 5), min_size=2, max_size=4), st.data())
def test_an_entry_stands_where_numpy_has_it(sizes: list[int], data: st.DataObject) -> None:
    shape = tuple(sizes)
    theta = np.arange(float(parameter_count(shape)))
    W, b = layer_views(theta, shape)
    layer = data.draw(st.integers(1, len(W)))
    unit, below = (data.draw(st.integers(0, n - 1)) for n in W[layer - 1].shape)
    assert theta[position(Entry(layer, unit, below), shape)] == W[layer - 1][unit, below]
    assert theta[position(Entry(layer, unit), shape)] == b[layer - 1][0, unit]
    for outside in (Entry(len(W) + 1, 0), Entry(layer, shape[layer]), Entry(layer, unit, shape[layer - 1])):
        assert position(outside, shape) is None


# What they do


@pytest.mark.parametrize("method", ["gradient_descent", "adam"])
def test_training_goes_on_from_the_weights_that_were_set(method: str) -> None:
    trainer = Trainer(hand_made(optimizer__name=method))
    reference = by_hand(trainer)
    trainer.run(3)
    reference.updates(3)
    trainer.edit({}, weights={"W1[0,1]": 0.5, "b2[3]": -2.0})
    reference.parts["W1"][0, 1], reference.parts["b2"][3] = 0.5, -2.0
    assert trainer.parameters()["W1"][0, 1] == 0.5 and trainer.parameters()["b2"][3] == -2.0
    reference.agrees(trainer.parameters())  # what Adam remembers of them stays
    trainer.run(4)
    reference.updates(4)
    reference.agrees(trainer.parameters())


def test_only_the_entries_named_change() -> None:
    trainer = Trainer(hand_made())
    trainer.run(3)
    before = trainer.parameters()
    trainer.edit({}, weights={"W2[1,4]": 3.0})
    after = trainer.parameters()
    before["W2"][1, 4] = 3.0
    assert all(np.array_equal(value, before[name]) for name, value in after.items())


def test_the_cost_answers_before_the_next_update() -> None:
    trainer = Trainer(hand_made(network__hidden=()))
    trainer.run(2)
    trainer.edit({}, weights={"W1[0,0]": 0.0, "W1[0,1]": 0.0, "b1[0]": 0.25})
    cost = trainer.snapshot().lanes[0].readings["train_cost"]
    assert cost == pytest.approx(float((0.5 * (0.25 - trainer.data.y_train) ** 2).mean()), rel=1e-12)
    assert [row.epoch for row in trainer.history().rows()] == [0, 1, 2]


def test_the_last_step_of_the_optimiser_is_not_that_of_the_hand() -> None:
    trainer = Trainer(hand_made(), watched=True)
    trainer.run(3)
    (group,) = trainer._groups
    step = group.last_step(slice(None))
    trainer.edit({}, weights={"W1[0,0]": 5.0})
    np.testing.assert_allclose(trainer._groups[0].last_step(slice(None)), step, rtol=1e-9, atol=1e-15)


def two(**changes: object) -> Experiment:
    return dataclasses.replace(hand_made(**changes), lanes=(LaneEntry("A"), LaneEntry("B"))).checked()


def test_one_lane_alone_changes_and_the_pair_parts() -> None:
    trainer = Trainer(two(), watched=True)
    trainer.run(2)
    other = trainer.parameters("A")
    trainer.edit({}, "B", {"b3[0]": 9.0})
    assert trainer.parameters("B")["b3"][0] == 9.0
    assert all(np.array_equal(value, other[name]) for name, value in trainer.parameters("A").items())
    assert trainer.pairs.have_parted(*trainer.lanes)
    assert trainer.snapshot().effect.keys == {"weights"}  # type: ignore[union-attr]


def test_one_network_of_several_or_all_of_them() -> None:
    trainer = Trainer(hand_made(run__replicas=3))
    trainer.edit({}, weights={"b1[0]#1": 4.0})
    assert [replica.parameters()["b1"][0] for replica in trainer.lanes[0].replicas] == [0.0, 4.0, 0.0]
    trainer.edit({}, weights={"b1[0]": 2.0})
    assert [replica.parameters()["b1"][0] for replica in trainer.lanes[0].replicas] == [2.0, 2.0, 2.0]


def test_a_lane_of_the_same_shape_in_the_group_keeps_its_bits() -> None:
    alone, beside = Trainer(two()), Trainer(two())
    for trainer in (alone, beside):
        trainer.run(2)
    beside.edit({}, "B", {"W1[0,0]": 1.0})
    alone.run(5)
    beside.run(5)
    assert all(np.array_equal(value, beside.parameters("A")[name]) for name, value in alone.parameters("A").items())


# The log


def test_values_of_a_drag_within_one_update_are_one_edit() -> None:
    trainer = Trainer(hand_made())
    trainer.run(2)
    start = trainer.parameters()["W1"][0, 0]
    for value in np.linspace(-1.0, 1.0, 30):
        trainer.edit({}, weights={"W1[0,0]": float(value)})
    assert trainer.experiment.edits == (Edit(2, {}, None, {"W1[0,0]": 1.0}),)
    assert [mark.text for mark in trainer.marks] == [f"weight of x1 to unit 1 of layer 1: {words.number(start)} to 1"]
    trainer.edit({}, weights={"W1[0,0]": start})
    assert trainer.experiment.edits == () and not trainer.marks


def test_marks_name_what_was_set() -> None:
    trainer = Trainer(hand_made(run__replicas=2))
    trainer.edit({}, weights={"b3[0]#1": 0.5})
    trainer.run(1)
    trainer.edit({"optimizer.l2": 0.1}, weights={"b2[0]": 1.0, "W2[0,1]": 2.0})
    assert [mark.text for mark in trainer.marks] == [
        "bias of the output (seed 8): 0 to 0.5", "L2 0 to 0.1; 2 weights and biases set"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({"W1[0,9]": 1.0}, "edit of update 3: weights has W1[0,9], but this network has W1[0,0] to W1[5,1] there, "
                           "counted from 0."),
        ({"b4[0]": 1.0}, "edit of update 3: weights has b4[0], but this network has 3 layers, the output included."),
        ({"b1[0]#1": 1.0}, "edit of update 3: weights has b1[0]#1, but of the networks of a lane there is only "
                           "number 0."),
        ({"b0[0]": 1.0}, 'edit of update 3: weights has "b0[0]", but layers are counted from 1 to 9, the last of them '
                         "the output."),
        ({"w": 1.0}, 'edit of update 3: weights has "w", but a weight or bias is named like "W1[0,1]" or "b2[3]": the '
                     'layer, and as numpy counts them, from 0, the unit and the input. "#2" after that is the network '
                     "with number 2 of several, also from 0."),
        ({"b1[0]": math.inf}, "edit of update 3: weights has inf for b1[0], but must have a finite number."),
        ({"b1[0]": True}, "edit of update 3: weights has true for b1[0], but must have a finite number."),
        ({"b1[0]": 10**400}, "edit of update 3: weights has a whole number of more than 30 digits for b1[0], but must "
                             "have a finite number."),
        ({"W1[0,1]": 1.0, "W1[0, 1]": 2.0}, "edit of update 3: weights has W1[0,1] twice; once is enough."),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_one_sentence_and_changes_nothing(weights: dict[str, Any], sentence: str) -> None:
    trainer = Trainer(hand_made())
    trainer.run(3)
    before = states(trainer)
    with pytest.raises(InputError) as caught:
        trainer.edit({}, weights=weights)
    assert str(caught.value) == sentence
    assert states(trainer) == before and not trainer.marks and not trainer.experiment.edits


def test_a_file_is_checked_before_anything_is_trained() -> None:
    experiment = two().with_edit(Edit(5, {"network.hidden": (2,)}, "B"))
    Trainer(experiment.with_edit(Edit(6, {}, "B", {"W2[0,1]": 1.0})))
    with pytest.raises(InputError, match=r"^edit of update 6, lane A: weights has W4\[0,1\], but this network has 3"):
        Trainer(experiment.with_edit(Edit(6, {}, None, {"W4[0,1]": 1.0})))
    with pytest.raises(InputError, match=r"^edit of update 6, lane B: weights has W3\[0,1\], but this network has 2"):
        Trainer(experiment.with_edit(Edit(6, {}, "B", {"W3[0,1]": 1.0})))


def test_a_value_too_large_for_single_precision_is_refused() -> None:
    trainer = Trainer(hand_made(run__precision="float32"))
    with pytest.raises(InputError, match=r"1e\+39 for b1\[0\], which is too large for float32"):
        trainer.edit({}, weights={"b1[0]": 1e39})
    trainer.edit({}, weights={"b1[0]": 0.1})
    assert trainer.parameters()["b1"][0] == np.float32(0.1)


def test_there_is_a_largest_number_of_weights_in_one_edit() -> None:
    with pytest.raises(InputError, match=f"there are {MOST_ENTRIES + 1:,} weights and biases in one edit, but at most"):
        Experiment().checked_edit({}, weights={f"b1[{i}]": 0.0 for i in range(MOST_ENTRIES + 1)})


def test_a_stopped_network_keeps_its_weights() -> None:
    trainer = Trainer(two(optimizer__learning_rate=1e6))
    trainer.run(300)
    assert all(lane.stopped for lane in trainer.lanes)
    before = states(trainer)
    with pytest.raises(InputError, match="A network that has stopped keeps its weights, and lane B has; reset"):
        trainer.edit({}, "B", {"b1[0]": 1.0})
    assert states(trainer) == before


# Files


@given(st.dictionaries(st.sampled_from(["W1[0,0]", "W1[5,1]", "b1[2]", "W2[3,5]", "b3[0]"]), finite, min_size=1))
def test_a_file_keeps_every_bit(weights: dict[str, float]) -> None:
    experiment = two().with_edit(Edit(4, {"optimizer.l2": 0.1}, "B", weights))
    again = Experiment.loads(experiment.dumps())
    assert again == experiment
    for name, value in again.edits[0].weights.items():
        assert math.copysign(1.0, value) == math.copysign(1.0, weights[name])


def test_the_key_of_a_file() -> None:
    text = '[[edits]]\nupdate = 3\nweights."W1[0,1]" = 1\nweights."b3[0]#0" = -0.5\n'
    (edit,) = Experiment.loads(text).edits
    assert edit == Edit(3, {}, None, {"W1[0,1]": 1.0, "b3[0]#0": -0.5})
    with pytest.raises(InputError, match=r'^e\.toml, edit 1: weights is 3, but must be a table, such as weights\."W1'):
        Experiment.loads("[[edits]]\nupdate = 3\nweights = 3\n", "e.toml")
    with pytest.raises(InputError, match="this changes nothing"):
        Experiment.loads("[[edits]]\nupdate = 3\n[edits.weights]\n")


def test_a_lane_added_later_gets_none_and_a_fork_all() -> None:
    experiment = two().with_edit(Edit(2, {"optimizer.l2": 0.1}, None, {"b1[0]": 1.0}))
    added = with_lane(experiment, LaneEntry("C"), alone=True)
    assert [(edit.lane, dict(edit.weights)) for edit in added.edits] == [("A", {"b1[0]": 1.0}), ("B", {"b1[0]": 1.0})]
    own = two().with_edit(Edit(2, {}, "B", {"b1[0]": 1.0}))
    copied = with_lane(own, *forked(own, "B", "C"))
    assert [edit.lane for edit in copied.edits] == ["B", "C"]


# Whole runs


@st.composite
def acts(draw: st.DrawFn, trainer: Trainer) -> tuple[dict[str, Any], str | None, dict[str, float]]:
    """Draw an edit that is allowed now."""
    lane = draw(st.sampled_from(trainer.lanes))
    names = []
    for _ in range(draw(st.integers(0, 3))):
        layer = draw(st.integers(1, len(lane.sizes) - 1))
        unit = draw(st.integers(0, lane.sizes[layer] - 1))
        below = draw(st.none() | st.integers(0, lane.sizes[layer - 1] - 1))
        replica = draw(st.none() | st.integers(0, len(lane.replicas) - 1))
        names.append(Entry(layer, unit, below, replica).name)
    weights = {name: draw(st.floats(-3.0, 3.0)) for name in names}
    changes = {} if names else draw(lane_changes(2))
    return changes, lane.name, weights


@settings(max_examples=40, deadline=None)
@given(experiments(), st.data())
def test_edits_mixed_with_training_replay_to_the_same_bits(experiment: Experiment, data: st.DataObject) -> None:
    live = Trainer(experiment, watched=data.draw(st.booleans()))
    for _ in range(data.draw(st.integers(1, 4))):
        live.advance(lambda: True, data.draw(st.integers(0, 9)))
        changes, lane, weights = data.draw(acts(live))
        try:
            if changes or weights:
                live.edit(changes, lane, weights)
        except InputError as error:
            assert "has stopped" in str(error)
    live.advance(lambda: True, 10)
    assert states(replayed(Experiment.loads(live.experiment.dumps()), live)) == states(live)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(OPTIMIZERS)), st.data())
def test_the_inverse_sets_back_every_bit(method: str, data: st.DataObject) -> None:
    experiment = dataclasses.replace(
        hand_made(optimizer__name=method, run__replicas=data.draw(st.sampled_from([1, 3]))),
        lanes=(LaneEntry("A"), LaneEntry("B", {"network.hidden": (3,)})),
    ).checked()
    trainer = Trainer(experiment)
    trainer.advance(lambda: True, data.draw(st.integers(0, 9)))
    before = states(trainer)
    _, lane, weights = data.draw(acts(trainer).filter(lambda act: bool(act[2])))
    edit = trainer.experiment.checked_edit({}, lane, 0, weights)
    inverse = trainer.inverse(edit)
    trainer.take_edit(edit)
    for back in inverse:
        trainer.take_edit(back)
    assert states(trainer) == before


def test_the_neuron_that_computes_xor_is_set_by_hand() -> None:
    """One unit for "both positive", one for "both negative": right on all four corners without any training."""
    trainer = Trainer(hand_made(data__dataset="xor", network__hidden=(2,), network__activation="sigmoid"))
    numbers = {"W1": [[20.0, 20.0], [-20.0, -20.0]], "b1": [-20.0, -20.0], "W2": [[-1.0, -1.0]], "b2": [1.0]}
    weights = {f"{k}[{','.join(map(str, i))}]": v for k, values in numbers.items() for i, v in np.ndenumerate(values)}
    trainer.edit({}, weights=weights)
    corners = np.array([[2.0, 2.0], [2.0, -2.0], [-2.0, 2.0], [-2.0, -2.0]])
    outputs = trainer.probe("A").network.outputs(corners)  # type: ignore[union-attr]
    np.testing.assert_allclose(outputs[:, 0], [0.0, 1.0, 1.0, 0.0], atol=1e-8)
