"""Frozen layers and units: not a bit of them changes, the others learn as they would beside constants."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.errors import InputError
from sandbox.experiment import Edit, Experiment, Trainer
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.document.units import unit_name, unit_of
from sandbox.experiment.training.frozen import (
    frozen_places,
    still_frozen,
    with_frozen,
    without_frozen,
)
from sandbox.nn import OPTIMIZERS
from sandbox.nn.network import layer_views
from tests.experiment.strategies import lane_changes
from tests.experiment.training.by_hand import SETTINGS, ByHand
from tests.experiment.training.test_weight_edits import replayed, states

SIZES = (2, 6, 4, 1)
UNITS = [unit_name(l, k) for l in (1, 2, 3) for k in (None, *range(SIZES[l]))]
names = st.lists(st.sampled_from(UNITS), unique=True, max_size=5).map(tuple)


def made(**changes: object) -> Experiment:
    return Experiment().with_values({**SETTINGS, **{key.replace("__", "."): value for key, value in changes.items()}})


def stays(frozen: tuple[str, ...]) -> dict[str, Any]:
    """Which numbers of W1, b1, W2, ... stay, written out."""
    marks = {}
    for l in (1, 2, 3):
        rows = np.array([unit_name(l, None) in frozen or unit_name(l, k) in frozen for k in range(SIZES[l])])
        marks[f"W{l}"], marks[f"b{l}"] = np.repeat(rows[:, None], SIZES[l - 1], axis=1), rows
    return marks


@given(names)
def test_the_weights_to_a_frozen_unit_and_its_bias_stay(frozen: tuple[str, ...]) -> None:
    W, b = layer_views(frozen_places(frozen, SIZES), SIZES)
    for l, (weights, biases) in enumerate(zip(W, b, strict=True), start=1):
        assert np.array_equal(weights, stays(frozen)[f"W{l}"])
        assert np.array_equal(biases[0], stays(frozen)[f"b{l}"])


@settings(max_examples=60, deadline=None)
@given(
    names,
    st.sampled_from(sorted(OPTIMIZERS)),
    st.booleans(),
    st.integers(0, 5),
    st.sampled_from(["float64", "float32"]),
)
def test_not_a_bit_of_what_is_frozen_changes(
    frozen: tuple[str, ...], method: str, penalty: bool, before: int, precision: str
) -> None:
    values = {"optimizer__l1": 0.1, "optimizer__l2": 0.1} if penalty else {}
    trainer = Trainer(made(optimizer__name=method, optimizer__learning_rate=0.01, run__precision=precision, **values))
    trainer.advance(lambda: True, before)
    trainer.edit({"network.frozen": frozen} if frozen else {"optimizer.shuffle": False})
    (replica,) = trainer.lanes[0].replicas
    mask, arrays = frozen_places(frozen, SIZES), [replica.theta, *replica.memory]
    start = [array.copy() for array in arrays]
    trainer.advance(lambda: True, 7)
    for array, old in zip([replica.theta, *replica.memory], start, strict=True):
        assert array[mask].tobytes() == old[mask].tobytes()
        assert mask.all() or (array[~mask] != old[~mask]).any()


@pytest.mark.parametrize("method", ["gradient_descent", "adam"])
@pytest.mark.parametrize("frozen", [("1",), ("2[3]", "3"), ("1[0]", "1[5]", "2[1]"), ("1", "2", "3")])
def test_the_others_learn_beside_them(method: str, frozen: tuple[str, ...]) -> None:
    trainer = Trainer(made(optimizer__name=method))
    reference = ByHand(trainer.parameters(), trainer.data.X_train, trainer.data.y_train, 0.05, method == "adam")
    trainer.run(3)
    reference.updates(3)
    trainer.edit({"network.frozen": frozen})
    reference.frozen = stays(frozen)
    trainer.run(5)
    reference.updates(5)
    reference.agrees(trainer.parameters())
    trainer.edit({"network.frozen": ()})
    reference.frozen = {}
    trainer.run(4)
    reference.updates(4)
    reference.agrees(trainer.parameters())


def test_lanes_that_differ_in_it_share_a_block_and_learn_as_alone() -> None:
    lanes = (LaneEntry("A"), LaneEntry("B", {"network.frozen": ("1",)}), LaneEntry("C", {"network.frozen": ("2[0]",)}))
    together = Trainer(dataclasses.replace(made(optimizer__name="adam"), lanes=lanes).checked())
    together.run(6)
    assert len(together._groups) == 1 and len(together._groups[0]._steps) == 1
    for lane in lanes:
        alone = Trainer(made(optimizer__name="adam").with_values(dict(lane.changes)))
        alone.run(6)
        for name, value in alone.parameters().items():
            assert np.array_equal(together.parameters(lane.name)[name], value)
    together.edit({"network.frozen": ("3",)}, "A")
    assert len(together._groups) == 1


def test_without_any_nothing_is_kept_aside() -> None:
    trainer = Trainer(made(network__frozen=("1",)))
    assert trainer._groups[0]._steps[0].frozen is not None
    trainer.edit({"network.frozen": ()})
    assert trainer._groups[0]._steps[0].frozen is None


def test_the_step_that_a_probe_foresees_is_the_step_taken() -> None:
    trainer = Trainer(made(network__frozen=("1", "2[2]"), optimizer__name="adamw"))
    trainer.run(3)
    probe = trainer.probe("A")
    assert probe is not None
    step, before = probe.next_step(probe.gradient()), trainer.lanes[0].replicas[0].theta.copy()
    assert not step[frozen_places(("1", "2[2]"), SIZES)].any()
    trainer.step()
    np.testing.assert_allclose(trainer.lanes[0].replicas[0].theta - before, step, rtol=1e-6, atol=1e-12)


def test_a_frozen_weight_can_be_set_by_hand() -> None:
    trainer = Trainer(made(network__frozen=("1",)))
    trainer.edit({}, weights={"W1[0,0]": 0.75})
    trainer.run(3)
    assert trainer.parameters()["W1"][0, 0] == 0.75


# Names


@given(names, st.sampled_from(UNITS))
def test_freezing_and_letting_go_mean_what_they_say(frozen: tuple[str, ...], name: str) -> None:
    layer, unit = unit_of(name)
    assert unit_name(layer, unit) == name
    before = frozen_places(frozen, SIZES)
    one = frozen_places((name,), SIZES)
    assert np.array_equal(frozen_places(with_frozen(frozen, layer, unit), SIZES), before | one)
    assert np.array_equal(frozen_places(without_frozen(frozen, layer, unit, SIZES[layer]), SIZES), before & ~one)


def test_what_a_smaller_network_still_has() -> None:
    assert still_frozen(("1", "1[5]", "2[1]", "3"), (2, 5, 1)) == ("1",)
    assert still_frozen(("1[4]", "2[0]"), (2, 5, 1)) == ("1[4]", "2[0]")


@pytest.mark.parametrize(
    ("frozen", "sentence"),
    [
        (("2[9]",), 'network.frozen has "2[9]", but layer 2 has 4 units, counted from 0.'),
        (("4",), 'network.frozen has "4", but this network has 3 layers, the output included.'),
    ],
)
def test_a_unit_that_there_is_not(frozen: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        Trainer(made(network__frozen=frozen))
    assert str(caught.value) == sentence
    trainer = Trainer(made())
    trainer.run(2)
    before = states(trainer)
    with pytest.raises(InputError) as caught:
        trainer.edit({"network.frozen": frozen})
    assert str(caught.value) == f"edit of update 2: {sentence}"
    assert states(trainer) == before and not trainer.marks
    with pytest.raises(InputError, match="edit of update 9"):
        Trainer(made().with_edit(Edit(9, {"network.frozen": frozen})))


def test_layers_that_lose_a_frozen_unit() -> None:
    trainer = Trainer(made(network__frozen=("2[3]",)))
    with pytest.raises(InputError, match=r'has "2\[3\]", but layer 2 has 3 units'):
        trainer.edit({"network.hidden": (6, 3)})
    trainer.edit({"network.hidden": (6, 3), "network.frozen": ("2[2]",)})


@pytest.mark.parametrize("name", ["", "0", "1[", "1[-1]", "1[x]", "b1[0]", "10", "1.2", "\u0661"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"an entry of network\.frozen is .*, but must be a layer such as"):
        made(network__frozen=(name,))


# Whole runs


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([1, 3]), st.sampled_from(sorted(OPTIMIZERS)), st.data())
def test_freezing_mixed_with_training_replays_to_the_same_bits(replicas: int, method: str, data: st.DataObject) -> None:
    lanes = (LaneEntry("A"), LaneEntry("B", {"network.frozen": ("1[2]",)}))
    experiment = made(run__replicas=replicas, optimizer__name=method, optimizer__learning_rate=0.01)
    live = Trainer(dataclasses.replace(experiment, lanes=lanes).checked(), watched=data.draw(st.booleans()))
    for _ in range(data.draw(st.integers(1, 5))):
        live.advance(lambda: True, data.draw(st.integers(0, 9)))
        lane = data.draw(st.sampled_from([None, "A", "B"]))
        if data.draw(st.booleans()):
            live.edit({"network.frozen": data.draw(names)}, lane)
        elif changes := data.draw(lane_changes(2)):
            live.edit(changes, lane)
    live.advance(lambda: True, 10)
    assert states(replayed(Experiment.loads(live.experiment.dumps()), live)) == states(live)


def test_a_file_and_a_lane_have_it() -> None:
    text = '[network]\nfrozen = ["1", "2[3]"]\n[[lanes]]\nname = "A"\n[[lanes]]\nname = "B"\nnetwork.frozen = []\n'
    experiment = Experiment.loads(text)
    assert experiment.lane("A").network.frozen == ("1", "2[3]") and experiment.lane("B").network.frozen == ()
    assert Experiment.loads(experiment.dumps()) == experiment
