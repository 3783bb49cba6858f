"""Units and layers that come and go in their place: what stays keeps its weights, in files, scripts and replays."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.errors import InputError
from sandbox.experiment import Edit, Experiment, Trainer
from sandbox.experiment.document.lanes import with_lane
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.document.rearranging import rearranging
from sandbox.experiment.document.units import NEW, Origin, inverse_units, rearranged, renumbered
from tests.experiment.training.by_hand import SETTINGS, ByHand
from tests.experiment.training.test_weight_edits import replayed, states


def made(**changes: object) -> Experiment:
    return Experiment().with_values({**SETTINGS, **{key.replace("__", "."): value for key, value in changes.items()}})


def change(trainer: Trainer, lane: str | None, hidden: tuple[int, ...], **units: tuple[str, ...]) -> None:
    trainer.edit({"network.hidden": hidden}, lane, units=units)


# Where layers come from


def test_what_is_removed_and_added_decides_where_units_come_from() -> None:
    assert rearranged((6, 4), (5, 4), {"removed": ("1[2]",)}) == (Origin(1, (0, 1, 3, 4, 5)), Origin(2, (0, 1, 2, 3)))
    assert rearranged((2,), (3,), {"added": ("1[0]",)}) == (Origin(1, (NEW, 0, 1)),)
    assert rearranged((3,), (3,), {"removed": ("1[0]",), "added": ("1[1]",)}) == (Origin(1, (1, NEW, 2)),)
    assert rearranged((6, 4), (4,), {"removed": ("1",)}) == (Origin(2, (0, 1, 2, 3)),)
    assert rearranged((2,), (3, 2), {"added": ("1",)}) == (Origin(None, (NEW,) * 3), Origin(1, (0, 1)))
    assert rearranged((), (2,), {"added": ("1",)}) == (Origin(None, (NEW, NEW)),)
    assert rearranged((1, 2), (3, 1), {"removed": ("1", "2[0]"), "added": ("1",)}) == (
        Origin(None, (NEW,) * 3), Origin(2, (1,)),
    )  # fmt: skip


def test_frozen_units_are_renumbered() -> None:
    origins = rearranged((6, 4), (5, 4), {"removed": ("1[2]",)})
    assert renumbered(("1[1]", "1[2]", "1[5]", "2", "3[0]"), origins, 2) == ("1[1]", "1[4]", "2", "3[0]")
    origins = rearranged((6, 4), (4,), {"removed": ("1",)})
    assert renumbered(("1[0]", "1", "2[3]", "3"), origins, 2) == ("1[3]", "2")
    origins = rearranged((6,), (2, 6), {"added": ("1",)})
    assert renumbered(("1", "2[0]"), origins, 1) == ("2", "3[0]")


# Training


@pytest.mark.parametrize("method", ["gradient_descent", "adam"])
def test_the_others_keep_their_weights(method: str) -> None:
    trainer = Trainer(made(optimizer__name=method))
    reference = ByHand(trainer.parameters(), trainer.data.X_train, trainer.data.y_train, 0.05, method == "adam")
    trainer.run(3)
    reference.updates(3)
    change(trainer, None, (5, 4), removed=("1[2]",))
    parts = reference.parts
    parts["W1"], parts["b1"] = np.delete(parts["W1"], 2, axis=0), np.delete(parts["b1"], 2)
    parts["W2"] = np.delete(parts["W2"], 2, axis=1)
    reference.forget()
    reference.agrees(trainer.parameters())
    trainer.run(3)
    reference.updates(3)
    reference.agrees(trainer.parameters())

    change(trainer, None, (5, 5), added=("2[1]",))
    new = trainer.parameters()
    parts["W2"] = np.insert(parts["W2"], 1, new["W2"][1], axis=0)
    parts["b2"] = np.insert(parts["b2"], 1, 0.0)
    parts["W3"] = np.insert(parts["W3"], 1, new["W3"][:, 1], axis=1)
    assert new["W2"][1].all() and new["W3"][:, 1].all()  # drawn
    reference.forget()
    reference.agrees(new)
    trainer.run(3)
    reference.updates(3)
    reference.agrees(trainer.parameters())


def test_a_layer_comes_and_goes_between_the_others() -> None:
    trainer = Trainer(made())
    trainer.run(3)
    before = trainer.parameters()
    change(trainer, None, (6, 3, 4), added=("2",))
    after = trainer.parameters()
    assert np.array_equal(after["W1"], before["W1"]) and np.array_equal(after["b1"], before["b1"])
    assert after["W2"].shape == (3, 6) and not after["b2"].any()
    assert np.array_equal(after["b3"], before["b2"]) and after["W3"].shape == (4, 3)
    assert np.array_equal(after["W4"], before["W3"]) and np.array_equal(after["b4"], before["b3"])
    change(trainer, None, (3, 4), removed=("1",))
    last = trainer.parameters()
    assert np.array_equal(last["b1"], after["b2"]) and np.array_equal(last["W2"], after["W3"])
    trainer.run(2)


def test_the_draw_is_determined_by_the_experiment_and_the_seed() -> None:
    def weights(seed: int) -> Any:
        trainer = Trainer(made(network__seed=seed))
        trainer.run(3)
        change(trainer, None, (6, 5), added=("2[4]",))
        return trainer.parameters()["W2"][4]

    assert np.array_equal(weights(7), weights(7)) and not np.array_equal(weights(7), weights(8))


def test_one_lane_alone_and_every_network_of_it() -> None:
    lanes = (LaneEntry("A"), LaneEntry("B"))
    trainer = Trainer(dataclasses.replace(made(run__replicas=3), lanes=lanes).checked())
    trainer.run(2)
    before = [replica.parameters() for replica in trainer.lane("B").replicas]
    change(trainer, "B", (6, 3), removed=("2[0]",))
    assert trainer.lane("A").sizes == (2, 6, 4, 1) and trainer.lane("B").sizes == (2, 6, 3, 1)
    for replica, old in zip(trainer.lane("B").replicas, before, strict=True):
        assert np.array_equal(replica.parameters()["W2"], old["W2"][1:])
        assert np.array_equal(replica.parameters()["W3"], old["W3"][:, 1:])


def test_a_unit_in_exchange_for_another() -> None:
    trainer = Trainer(made())
    before = trainer.parameters()
    change(trainer, None, (6, 4), removed=("1[0]",), added=("1[5]",))
    after = trainer.parameters()
    assert np.array_equal(after["W1"][:5], before["W1"][1:]) and not np.array_equal(after["W1"][5], before["W1"][0])


def test_marks_name_them() -> None:
    trainer = Trainer(made(network__frozen=("1[5]",)))
    trainer.edit({"network.hidden": (5, 4), "network.frozen": ("1[4]",)}, units={"removed": ("1[2]",)})
    trainer.run(1)
    change(trainer, None, (5, 4, 2), added=("3",))
    trainer.run(1)
    change(trainer, None, (5, 4), removed=("3",))
    assert [mark.text for mark in trainer.marks] == [
        "unit 3 of layer 1 removed", "layer 3 added", "layer 3 removed"
    ]  # fmt: skip


def test_what_is_asked_about_the_start_has_an_answer_where_given_weights_no_longer_fit() -> None:
    trainer = Trainer(made(network__hidden=(), network__initial=(1.0, 2.0, 0.0)))
    trainer.run(2)
    change(trainer, None, (2,), added=("1",))
    probe = trainer.probe("A")
    assert probe is not None
    drawn = Trainer(made(network__hidden=(2,)))
    assert np.array_equal(probe.at_start(probe.replica).replica.theta, drawn.lanes[0].replicas[0].theta)


# What is allowed


@pytest.mark.parametrize(
    ("changes", "units", "sentence"),
    [
        ({"network.hidden": (6, 4)}, {"removed": ("1[2]",)},
         "edit of update 2: network.hidden is [6, 4], but what units removes and adds makes it [5, 4]."),
        ({"network.hidden": (6, 4)}, {"removed": ("1[6]",)},
         'edit of update 2: units.removed has "1[6]", but layer 1 has 6 units, counted from 0.'),
        ({"network.hidden": (6,)}, {"removed": ("3",)},
         'edit of update 2: units.removed has "3", but this network has 2 hidden layers.'),
        ({"network.hidden": (6, 5)}, {"added": ("2[6]",)},
         'edit of update 2: units.added has "2[6]", but network.hidden has no place for it.'),
        ({"network.hidden": (6, 4)}, {"added": ("4",)},
         'edit of update 2: units.added has "4", but network.hidden has no place for it.'),
        ({}, {"removed": ("1[2]",)},
         "edit of update 2: units is given, but network.hidden, the units of each layer after that, is missing."),
        ({"network.hidden": (5, 4)}, {"gone": ("1[2]",)},
         'edit of update 2: units has "gone", but must be a table of removed and added.'),
        ({"network.hidden": (5, 4)}, {"removed": ("b1[2]",)},
         'edit of update 2: an entry of units.removed is "b1[2]", but must be a layer such as "2", or one unit of it, '
         '"2[3]", counted from 0.'),
        ({"network.hidden": (4, 4)}, {"removed": ("1[2]", "1[2]")},
         'edit of update 2: units.removed has "1[2]" more than once; once is enough.'),
        ({"network.hidden": (5, 4)}, {"removed": "1[2]"},
         'edit of update 2: units.removed is "1[2]", but must be a list of strings.'),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_one_sentence(changes: dict[str, Any], units: dict[str, Any], sentence: str) -> None:
    trainer = Trainer(made())
    trainer.run(2)
    before = states(trainer)
    with pytest.raises(InputError) as caught:
        trainer.edit(changes, units=units)
    said = str(caught.value)
    assert said == sentence
    assert states(trainer) == before and not trainer.marks


def test_each_edit_counts_from_the_one_before() -> None:
    experiment = made().with_edit(Edit(2, {"network.hidden": (5, 4)}, None, {}, {"removed": ("1[5]",)}))
    with pytest.raises(InputError, match=r'has "1\[5\]", but layer 1 has 5 units'):
        experiment.with_edit(Edit(3, {"network.hidden": (4, 4)}, None, {}, {"removed": ("1[5]",)}))
    lanes = dataclasses.replace(made(), lanes=(LaneEntry("A"), LaneEntry("B", {"network.hidden": (2,)})))
    with pytest.raises(InputError, match=r"^edit of update 3, lane B: .*makes it \[1\]"):
        lanes.with_edit(Edit(3, {"network.hidden": (5, 4)}, None, {}, {"removed": ("1[0]",)}))


# Files


def test_the_keys_of_a_file() -> None:
    text = (
        '[[edits]]\nupdate = 3\nnetwork.hidden = [5, 5]\nunits.removed = ["1[2]"]\nunits.added = ["2[0]"]\n'
        'weights."b2[0]" = 0.5\n'
    )
    experiment = Experiment.loads(text)
    (edit,) = experiment.edits
    assert edit == Edit(3, {"network.hidden": (5, 5)}, None, {"b2[0]": 0.5}, {"removed": ("1[2]",), "added": ("2[0]",)})
    assert Experiment.loads(experiment.dumps()) == experiment
    trainer = Trainer(experiment)
    trainer.advance(lambda: True, 3)
    trainer.settle()
    assert trainer.parameters()["b2"].tolist()[0] == 0.5
    with pytest.raises(InputError, match=r"^e\.toml, edit 1: units has 3, but must be a table of removed and added"):
        Experiment.loads("[[edits]]\nupdate = 3\nunits = 3\n", "e.toml")


def test_a_lane_added_later_keeps_its_own_layers() -> None:
    experiment = made().with_edit(Edit(2, {"network.hidden": (5, 4)}, None, {}, {"removed": ("1[0]",)}))
    added = with_lane(experiment, LaneEntry("B"), alone=True)
    assert [(edit.lane, dict(edit.units)) for edit in added.edits] == [("A", {"removed": ("1[0]",)})] * 1 + [
        ("B", {"removed": ("1[0]",)})
    ] * (len(added.edits) - 1)


# Whole runs


@st.composite
def acts(draw: st.DrawFn, trainer: Trainer) -> Edit:
    """Draw a unit or a layer to remove or add in one lane."""
    lane = draw(st.sampled_from([lane.name for lane in trainer.lanes]))
    network = trainer.current.lane(lane).network
    hidden, whole = network.hidden, draw(st.booleans())
    layer = draw(st.integers(1, len(hidden) + 1)) if whole or not hidden else draw(st.integers(1, len(hidden)))
    units: dict[str, tuple[str, ...]]
    by: int | None
    new = False
    if layer > len(hidden) or (whole and len(hidden) < 4 and draw(st.booleans())):
        by, units, new = draw(st.integers(1, 3)), {"added": (f"{layer}",)}, True
    elif whole or (hidden[layer - 1] == 1 and draw(st.booleans())):
        by, units = None, {"removed": (f"{layer}",)}
    elif hidden[layer - 1] > 1 and draw(st.booleans()):
        by, units = -1, {"removed": (f"{layer}[{draw(st.integers(0, hidden[layer - 1] - 1))}]",)}
    else:
        by, units = 1, {"added": (f"{layer}[{draw(st.integers(0, hidden[layer - 1]))}]",)}
    changes = rearranging(network, layer, by, units, new)
    return trainer.experiment.checked_edit(changes, lane, 0, None, units)


def start(data: st.DataObject) -> Trainer:
    lanes = (LaneEntry("A"), LaneEntry("B", {"network.hidden": (3,), "network.frozen": ("1[2]", "2")}))
    values = {
        "run__replicas": data.draw(st.sampled_from([1, 2])),
        "optimizer__name": data.draw(st.sampled_from(["gradient_descent", "adam"])),
        "network__activation": data.draw(st.sampled_from(["tanh", ("tanh", "sigmoid")])),
        "optimizer__batch_size": data.draw(st.sampled_from([0, 5])),
    }
    if isinstance(values["network__activation"], tuple):
        lanes = (LaneEntry("A", {"network.frozen": ("2[1]",)}),)
    return Trainer(dataclasses.replace(made(**values), lanes=lanes).checked(), watched=data.draw(st.booleans()))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_rearranging_mixed_with_training_replays_to_the_same_bits(data: st.DataObject) -> None:
    live = start(data)
    for _ in range(data.draw(st.integers(1, 6))):
        live.advance(lambda: True, data.draw(st.integers(0, 7)))
        live.take_edit(data.draw(acts(live)))
    live.advance(lambda: True, 10)
    assert states(replayed(Experiment.loads(live.experiment.dumps()), live)) == states(live)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_inverse_brings_back_units_with_their_weights(data: st.DataObject) -> None:
    trainer = start(data)
    trainer.advance(lambda: True, data.draw(st.integers(0, 7)))
    before, current = [state[0] for state in states(trainer)], trainer.current
    edit = data.draw(acts(trainer))
    inverse = trainer.inverse(edit)
    trainer.take_edit(edit)
    again = [state[0] for state in states(trainer)]
    back = [trainer.inverse(undo) for undo in inverse]
    for undo in inverse:
        trainer.take_edit(undo)
    assert [state[0] for state in states(trainer)] == before
    for lane in trainer.lanes:
        assert trainer.current.lane(lane.name) == current.lane(lane.name)
    for redone in back:  # what was drawn comes back too
        for redo in redone:
            trainer.take_edit(redo)
    assert [state[0] for state in states(trainer)] == again
    assert inverse_units(inverse_units(edit.units)) == edit.units
