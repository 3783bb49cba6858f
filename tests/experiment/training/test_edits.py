"""Edits: when they take effect, what they keep, and that replaying them gives the same bits."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from sandbox.errors import InputError
from sandbox.experiment import Edit, Experiment, Trainer
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.training.snapshot import CurveRequest, Wanted
from sandbox.nn import INITIALIZERS

Array = NDArray[np.float64]


def make_experiment(**changes: object) -> Experiment:
    return Experiment().with_values(
        {"data.samples": 40, "network.hidden": (4, 3), **{key.replace("__", "."): v for key, v in changes.items()}}
    )


def two_lanes(experiment: Experiment, **changes: object) -> Experiment:
    overrides = {key.replace("__", "."): value for key, value in changes.items()}
    return dataclasses.replace(experiment, lanes=(LaneEntry("A"), LaneEntry("B", overrides))).checked()


def advanced(trainer: Trainer, update: int) -> Trainer:
    while trainer.update < update:
        assert trainer.step()
    return trainer


def assert_same_run(actual: Trainer, expected: Trainer) -> None:
    assert (actual.update, actual.epoch, actual.experiment, actual.current, actual.marks) == (
        expected.update, expected.epoch, expected.experiment, expected.current, expected.marks,
    )  # fmt: skip
    for lane in expected.lanes:
        ours, theirs = (list(trainer.history(lane.name).rows()) for trainer in (actual, expected))
        assert [(row.epoch, row.update, *row.values) for row in ours] == [
            (row.epoch, row.update, *row.values) for row in theirs
        ]
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(list(one.values.values()), list(other.values.values()))
        parameters = expected.parameters(lane.name)
        for key, value in actual.parameters(lane.name).items():
            np.testing.assert_array_equal(value, parameters[key], err_msg=key)


# When


@pytest.mark.parametrize("batch_size", [0, 10])
def test_an_edit_takes_effect_before_the_next_update(batch_size: int) -> None:
    plain = make_experiment(optimizer__batch_size=batch_size)
    trainer, same = advanced(Trainer(plain), 5), advanced(Trainer(plain), 5)
    before = trainer.parameters()
    edit = trainer.edit({"optimizer.learning_rate": 1.0})
    assert (edit.update, edit.lane) == (5, None)
    trainer.step()
    same.step()
    for key, value in same.parameters().items():  # the default rate is 0.5: the same step, twice as long
        np.testing.assert_allclose(
            trainer.parameters()[key] - before[key], 2 * (value - before[key]), rtol=1e-9, atol=1e-15
        )


def test_an_edit_in_the_file_changes_nothing_up_to_its_update() -> None:
    plain = make_experiment(optimizer__batch_size=10)
    edited = plain.with_edit(Edit(7, {"optimizer.l2": 0.5}))
    trainer, same = advanced(Trainer(edited), 7), advanced(Trainer(plain), 7)
    for key, value in same.parameters().items():
        np.testing.assert_array_equal(trainer.parameters()[key], value)
    trainer.step()
    same.step()
    assert any((trainer.parameters()[key] != value).any() for key, value in same.parameters().items())


LIVE: list[tuple[int, dict[str, object], str | None]] = [
    (0, {"optimizer.learning_rate": 0.2}, None),
    (3, {"network.hidden": (6, 2), "optimizer.momentum": 0.5}, None),
    (3, {"network.hidden": (6, 4, 5)}, "B"),
    (5, {"loss.objective": "hinge", "loss.monitors": ("mse", "r2")}, "A"),  # in the middle of an epoch
    (8, {"optimizer.batch_size": 7}, None),
    (9, {"optimizer.name": "adam", "optimizer.learning_rate": 0.01}, None),
    (11, {"optimizer.shuffle": False, "loss.reduction": "sum"}, None),
    (14, {"network.activation": ("relu", "elu", "tanh")}, "B"),
    (14, {"network.output": "linear", "optimizer.l1": 0.01}, "A"),
    (17, {"optimizer.batch_size": 0, "loss.objective": "auto"}, None),
    (17, {"optimizer.batch_size": 12}, None),
    (21, {"network.hidden": (), "network.activation": "relu"}, None),
]


@pytest.mark.parametrize("start", [0, 10])
@pytest.mark.parametrize("dataset", ["moons", "blobs", "plane"])
def test_live_edits_replay_to_the_bit(dataset: str, start: int) -> None:
    plain = two_lanes(
        make_experiment(data__dataset=dataset, optimizer__batch_size=start, optimizer__name="momentum"),
        optimizer__learning_rate=0.02,
    )
    live = Trainer(plain)
    for update, changes, lane in LIVE:
        advanced(live, update)
        live.edit(changes, lane)
    live.run(4)
    assert [(edit.update, edit.lane) for edit in live.experiment.edits] == [(u, lane) for u, _, lane in LIVE]
    written = Experiment.loads(live.experiment.dumps())
    assert written == live.experiment
    replayed = Trainer(written)
    while replayed.update < live.update:
        replayed.step()
    replayed.run(0)
    assert_same_run(replayed, live)
    half = Trainer(dataclasses.replace(plain, edits=written.edits[:6]))
    for update, changes, lane in LIVE[6:]:
        advanced(half, update)
        half.edit(changes, lane)
    advanced(half, live.update).run(0)
    assert_same_run(half, live)


def test_a_scheduled_edit_comes_before_a_live_one_at_the_same_update() -> None:
    scheduled = make_experiment().with_edit(Edit(5, {"optimizer.learning_rate": 0.1, "optimizer.l2": 0.1}))
    live = advanced(Trainer(scheduled), 5)
    live.edit({"optimizer.learning_rate": 0.9})
    assert (live.current.optimizer.learning_rate, live.current.optimizer.l2) == (0.9, 0.1)
    live.run(3)
    replayed = Trainer(live.experiment)
    replayed.run(8)
    assert_same_run(replayed, live)


def test_an_edit_that_is_not_allowed_changes_nothing() -> None:
    trainer, same = (advanced(Trainer(two_lanes(make_experiment(optimizer__name="adam"))), 3) for _ in range(2))
    wrong: list[tuple[Mapping[str, object], str | None]] = [
        ({"optimizer.learning_rate": -1.0}, None),
        ({"optimizer.l2": 0.1, "network.seed": 3}, None),
        ({"data.samples": 10}, None),
        ({"optimizer.batch_size": 5}, "B"),
        ({"network.activation": ("tanh",)}, None),
        ({"optimizer.l2": 0.1}, "Z"),
        ({}, None),
    ]
    for changes, lane in wrong:
        with pytest.raises(InputError):
            trainer.edit(changes, lane)
    trainer.run(4)
    same.run(4)
    assert_same_run(trainer, same)
    assert not trainer.marks


# Rows


@pytest.mark.parametrize("look", [True, False])
def test_a_row_is_recorded_under_the_settings_that_trained_it(look: bool) -> None:
    plain = make_experiment(loss__monitors=("mse",))
    edited, untouched = advanced(Trainer(plain), 5), Trainer(plain)
    if look:
        edited.history()
    edited.edit({"loss.objective": "hinge", "loss.monitors": ("huber",), "network.hidden": (2,)})
    edited.run(2)
    untouched.run(5)
    rows = list(edited.history().rows())
    expected = list(untouched.history().rows())
    assert rows[:6] == expected
    assert [row.epoch for row in rows] == list(range(8))
    recorded = ("hinge", "huber", "accuracy")
    parts = [["cost", "penalty"], recorded, ["cost"], recorded]
    columns = [f"{part}_{name}" for part, names in zip(("train", "train", "test", "test"), parts, strict=True)
               for name in names]  # fmt: skip
    assert list(rows[6].values) == columns
    assert edited.history().names() == list(dict.fromkeys((*rows[0].values, *columns)))
    assert list(edited.history().column("train_mse")[0]) == list(range(6))
    assert list(edited.history().column("train_huber")[0]) == [6, 7]
    assert list(edited.history().column("train_cost")[0]) == list(range(8))


def test_readings_are_current_right_after_an_edit() -> None:
    trainer = advanced(Trainer(make_experiment()), 5)
    before = trainer.snapshot().lanes[0].readings
    assert before == trainer.history().last.values  # type: ignore[union-attr]
    trainer.edit({"optimizer.l2": 1.0})
    after = trainer.snapshot().lanes[0].readings
    weights = [value for key, value in trainer.parameters().items() if key[0] == "W"]
    extra = 0.5 * sum(float((W**2).sum()) for W in weights)
    assert after["train_penalty"] == pytest.approx(extra, rel=1e-12)
    assert after["train_cost"] == pytest.approx(before["train_cost"] + extra, rel=1e-12)
    trainer.edit({"network.hidden": (1,)})
    smaller = trainer.snapshot().lanes[0]
    assert smaller.sizes == (2, 1, 1)
    assert smaller.readings["train_penalty"] != after["train_penalty"]
    assert len(trainer.history()) == 6


def test_marks_say_what_changed_and_where() -> None:
    trainer = advanced(Trainer(two_lanes(make_experiment(optimizer__batch_size=10))), 5)
    trainer.edit({"optimizer.learning_rate": 0.1, "network.hidden": (2,)})
    trainer.edit({"loss.objective": "mse"}, "B")
    first, second = trainer.snapshot().marks
    assert (first.update, first.epoch, first.lane) == (5, 1 + 20 / 28, None)
    assert first.text == "hidden layers 4, 3 to 2; learning rate 0.5 to 0.1"
    assert (second.lane, second.text) == ("B", "the loss to learn with: Binary cross-entropy to Mean squared error")


# Batches


def order_of(experiment: Experiment, epochs: int) -> list[NDArray[np.int64]]:
    rng = np.random.default_rng(experiment.optimizer.seed)
    return [rng.permutation(28) for _ in range(epochs)]


def step_by_hand(parameters: dict[str, Array], X: Array, residual: Array, rate: float) -> dict[str, Array]:
    return {
        "W1": parameters["W1"] - rate * residual.T @ X / len(X),
        "b1": parameters["b1"] - rate * residual.sum(axis=0) / len(X),
    }


def linear(**changes: object) -> Experiment:
    """No hidden layer, half_mse: dZ is the residual, so that a line of arithmetic is an update."""
    return make_experiment(network__hidden=(), network__output="linear", loss__objective="half_mse", **changes)


def compare_by_hand(
    trainer: Trainer, batches: list[NDArray[np.int64]], change_at: int, changes: dict[str, object]
) -> None:
    X, y = trainer.data.X_train, trainer.data.y_train[:, None].astype(float)
    parameters = trainer.parameters()
    signed = False
    for update, batch in enumerate(batches):
        if update == change_at:
            trainer.edit(changes)
            signed = changes.get("network.target_coding") == "plus_minus_one"
        Y = 2 * y - 1 if signed else y
        residual = X[batch] @ parameters["W1"].T + parameters["b1"] - Y[batch]
        parameters = step_by_hand(parameters, X[batch], residual, 0.1)
        trainer.step()
        for key, value in trainer.parameters().items():
            np.testing.assert_allclose(
                value, parameters[key], rtol=1e-12, atol=1e-14, err_msg=f"{key}, update {update + 1}"
            )


def test_a_new_batch_size_divides_the_rest_of_the_epoch() -> None:
    experiment = linear(optimizer__batch_size=10, optimizer__learning_rate=0.1)
    one, two = order_of(experiment, 2)
    batches = [one[:10], one[10:14], one[14:18], one[18:22], one[22:26], one[26:], two[:4], two[4:8]]
    compare_by_hand(Trainer(experiment), batches, 1, {"optimizer.batch_size": 4})


@pytest.mark.parametrize("size", [0, 100])
def test_batches_of_all_samples_start_after_the_rest_of_the_epoch(size: int) -> None:
    experiment = linear(optimizer__batch_size=10, optimizer__learning_rate=0.1)
    (one,) = order_of(experiment, 1)
    batches = [one[:10], one[10:], np.arange(28), np.arange(28)]
    compare_by_hand(Trainer(experiment), batches, 1, {"optimizer.batch_size": size})


def test_smaller_batches_after_batches_of_all_samples() -> None:
    experiment = linear(optimizer__learning_rate=0.1)
    (one,) = order_of(experiment, 1)  # the first order is drawn when one is needed
    batches = [np.arange(28), np.arange(28), one[:20], one[20:]]
    compare_by_hand(Trainer(experiment), batches, 2, {"optimizer.batch_size": 20})


def test_a_new_shuffle_applies_from_the_next_epoch() -> None:
    experiment = linear(optimizer__batch_size=20, optimizer__learning_rate=0.1)
    (one,) = order_of(experiment, 1)
    batches = [one[:20], one[20:], np.arange(20), np.arange(20, 28)]
    compare_by_hand(Trainer(experiment), batches, 1, {"optimizer.shuffle": False})
    compare_by_hand(
        Trainer(experiment.with_value("optimizer.shuffle", False)),
        [np.arange(20), np.arange(20, 28), one[:20], one[20:]], 1, {"optimizer.shuffle": True},
    )  # fmt: skip


@pytest.mark.parametrize("change_at", [0, 1, 2, 3])
def test_recoded_targets_belong_to_the_samples_in_the_batch(change_at: int) -> None:
    experiment = linear(optimizer__batch_size=10, optimizer__learning_rate=0.1)
    one, two = order_of(experiment, 2)
    batches = [one[:10], one[10:20], one[20:], two[:10], two[10:20]]
    compare_by_hand(Trainer(experiment), batches, change_at, {"network.target_coding": "plus_minus_one"})


def test_the_hinge_switches_the_coding_and_back() -> None:
    trainer = advanced(Trainer(make_experiment()), 2)
    codings = [trainer.lanes[0].coding]
    for objective in ("hinge", "mse", "squared_hinge", "auto"):
        trainer.edit({"loss.objective": objective})
        trainer.step()
        codings.append(trainer.lanes[0].coding)
    assert codings == ["zero_one", "plus_minus_one", "zero_one", "plus_minus_one", "zero_one"]


# What the optimiser remembers


def state(trainer: Trainer) -> tuple[int, list[Array]]:
    replica = trainer.lanes[0].replicas[0]
    return replica.steps, [slot.copy() for slot in replica.memory]


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer.learning_rate": 0.3},
        {"optimizer.beta1": 0.5, "optimizer.l2": 0.1},
        {"optimizer.batch_size": 5},
        {"loss.objective": "hinge"},
        {"loss.monitors": ("mse",)},
        {"network.activation": "relu"},
        {"network.hidden": (4, 3)},  # the sizes it already has
    ],
)
def test_an_edit_keeps_what_the_optimiser_remembers(changes: dict[str, object]) -> None:
    trainer = advanced(Trainer(make_experiment(optimizer__name="adam", optimizer__learning_rate=0.01)), 6)
    count, memory = state(trainer)
    assert count == 6
    assert all(slot.any() for slot in memory)
    trainer.edit(changes)
    count_after, memory_after = state(trainer)
    assert count_after == 6
    np.testing.assert_array_equal(memory_after, memory)
    trainer.step()
    assert state(trainer)[0] == 7


@pytest.mark.parametrize("changes", [{"optimizer.name": "adamw"}, {"network.hidden": (4, 4)}, {"network.hidden": (4,)}])
def test_another_optimiser_or_shape_clears_the_memory(changes: dict[str, object]) -> None:
    trainer = advanced(Trainer(make_experiment(optimizer__name="adam", optimizer__learning_rate=0.01)), 6)
    trainer.edit(changes)
    count, memory = state(trainer)
    assert count == 0
    assert not any(slot.any() for slot in memory)
    trainer.step()
    assert state(trainer)[0] == 1


def test_a_new_shape_in_one_lane_leaves_the_memory_of_the_other() -> None:
    plain = two_lanes(make_experiment(optimizer__name="adam", optimizer__learning_rate=0.01))
    trainer, same = advanced(Trainer(plain), 6), advanced(Trainer(plain), 12)
    trainer.edit({"network.hidden": (4, 4)}, "B")
    advanced(trainer, 12)
    for key, value in same.parameters("A").items():
        np.testing.assert_allclose(trainer.parameters("A")[key], value, rtol=1e-9, atol=1e-12)
    assert not np.array_equal(same.parameters("B")["W1"], trainer.parameters("B")["W1"])


# Layers


def resized(trainer: Trainer, hidden: tuple[int, ...]) -> tuple[dict[str, Array], dict[str, Array]]:
    old = trainer.parameters()
    trainer.edit({"network.hidden": hidden})
    new = trainer.parameters()
    sizes = (2, *hidden, 1)
    assert trainer.lanes[0].sizes == sizes
    for l, (n_in, n_out) in enumerate(itertools.pairwise(sizes), start=1):
        assert new[f"W{l}"].shape == (n_out, n_in)
        assert new[f"b{l}"].shape == (n_out,)
    return old, new


PATTERNS = [
    ((4, 3), (6, 3)), ((4, 3), (2, 3)), ((4, 3), (4, 1)), ((4, 3), (7, 5)), ((4, 3), (2, 9)), ((4,), (5,)),
    ((4, 3), (4, 3, 2)), ((4, 3), (5, 2, 6, 2)), ((4, 3), (4,)), ((4, 3), (3,)), ((4, 3), ()), ((), (3,)), ((3,), ()),
    ((5, 4, 3), (5,)), ((5, 4, 3), (2, 6)),
]  # fmt: skip


@pytest.mark.parametrize("initializer", list(INITIALIZERS))
@pytest.mark.parametrize(("before", "after"), PATTERNS)
def test_units_that_stay_keep_their_weights(before: tuple[int, ...], after: tuple[int, ...], initializer: str) -> None:
    trainer = Trainer(
        make_experiment(network__hidden=before, network__initializer=initializer, optimizer__learning_rate=0.1)
    )
    start = trainer.parameters()
    rng = np.random.default_rng(1)
    trainer.set_parameters({key: rng.normal(size=value.shape) for key, value in start.items()})
    advanced(trainer, 3)
    old, new = resized(trainer, after)
    last_old, last_new = len(before) + 1, len(after) + 1
    for l in range(1, last_new + 1):
        W, b = new[f"W{l}"], new[f"b{l}"]
        source = last_old if l == last_new else l
        fresh_W, fresh_b = np.ones(W.shape, bool), np.ones(b.shape, bool)
        if l == last_new or l < last_old:
            stay = min(len(b), len(old[f"b{source}"]))
            np.testing.assert_array_equal(b[:stay], old[f"b{source}"][:stay])
            fresh_b[:stay] = False
            if source == l:
                inputs = min(W.shape[1], old[f"W{l}"].shape[1])
                np.testing.assert_array_equal(W[:stay, :inputs], old[f"W{l}"][:stay, :inputs])
                fresh_W[:stay, :inputs] = False
        assert not b[fresh_b].any()
        drawn = W[fresh_W]
        if initializer == "zeros":
            assert not drawn.any()
        elif drawn.size:
            earlier = np.concatenate([value.ravel() for value in (*old.values(), *start.values())])
            assert drawn.all()
            assert np.unique(drawn).size == drawn.size
            assert not np.isin(drawn, earlier).any()
    before_edit = trainer.parameters()
    trainer.step()
    assert trainer.running
    assert any((trainer.parameters()[key] != value).any() for key, value in before_edit.items())


def test_new_units_are_drawn_by_the_initialiser() -> None:
    trainer = Trainer(
        make_experiment(network__hidden=(1,), network__initializer="he_normal", network__initializer_scale=0.5)
    )
    advanced(trainer, 2)
    _, new = resized(trainer, (1000,))
    assert new["W1"][1:].std() == pytest.approx(0.5 * np.sqrt(2 / 2), rel=0.05)
    assert new["W2"][0, 1:].std() == pytest.approx(0.5 * np.sqrt(2 / 1000), rel=0.1)
    assert abs(new["W1"][1:].mean()) < 0.05


def test_adding_and_removing_units_restores_the_network() -> None:
    trainer = advanced(Trainer(make_experiment()), 5)
    old, _ = resized(trainer, (9, 8))
    _, new = resized(trainer, (4, 3))
    for key, value in old.items():
        np.testing.assert_array_equal(new[key], value)


def test_layers_edited_before_the_first_update_keep_their_weights() -> None:
    trainer = Trainer(make_experiment())
    old, new = resized(trainer, (6, 3))
    np.testing.assert_array_equal(new["W1"][:4], old["W1"])
    np.testing.assert_array_equal(new["W2"][:, :4], old["W2"])
    drawn = new["W1"][4:].ravel() / np.sqrt(2 / (2 + 6))  # as standard normal numbers
    first = np.concatenate([old[f"W{l}"].ravel() / np.sqrt(2 / sum(old[f"W{l}"].shape)) for l in (1, 2, 3)])
    assert np.abs(drawn[:, None] - first).min() > 1e-6


def test_a_number_dragged_before_the_next_update_makes_one_edit() -> None:
    trainer, once = Trainer(Experiment()), Trainer(Experiment())
    for either in (trainer, once):
        either.run(3)
    for rate in (0.6, 0.7, 0.9):
        trainer.edit({"optimizer.learning_rate": rate})
    once.edit({"optimizer.learning_rate": 0.9})
    assert trainer.experiment == once.experiment
    assert [mark.text for mark in trainer.marks] == ["learning rate 0.5 to 0.9"]
    trainer.edit({"optimizer.l2": 0.01})  # another number is another edit
    trainer.edit({"optimizer.learning_rate": 0.2})
    assert len(trainer.experiment.edits) == 3
    trainer.run(1)
    trainer.edit({"optimizer.learning_rate": 0.3})  # so is the same one after an update
    assert len(trainer.experiment.edits) == 4
    replayed = Trainer(trainer.experiment)
    trainer.run(5)
    replayed.run(trainer.epoch)
    np.testing.assert_array_equal(replayed.lanes[0].replicas[0].theta, trainer.lanes[0].replicas[0].theta)


def test_layers_changed_twice_before_the_next_update_stay_two_edits() -> None:
    trainer = Trainer(Experiment())
    trainer.run(3)
    trainer.edit({"network.hidden": (2, 4)})
    trainer.edit({"network.hidden": (6, 4)})  # four units of the first layer are new ones
    assert len(trainer.experiment.edits) == 2
    replayed = Trainer(trainer.experiment)
    replayed.run(3)
    replayed.step()
    trainer.step()
    np.testing.assert_array_equal(replayed.lanes[0].replicas[0].theta, trainer.lanes[0].replicas[0].theta)


def test_an_edit_undone_before_the_next_update_leaves_no_trace() -> None:
    trainer, untouched = (advanced(Trainer(two_lanes(make_experiment(loss__monitors=("mse",)))), 5) for _ in range(2))
    swap = {"loss.objective": "mse", "loss.monitors": ("binary_cross_entropy",)}
    trainer.edit(swap, "B")
    trainer.edit({"optimizer.learning_rate": 2.0}, "A")
    assert len(trainer.marks) == len(trainer.experiment.edits) == 2
    trainer.edit({"optimizer.learning_rate": 0.5}, "A")  # undone, the last one first
    assert [mark.lane for mark in trainer.marks] == ["B"]
    trainer.edit({"loss.objective": "auto", "loss.monitors": ("mse",)}, "B")
    assert_same_run(trainer, untouched)
    trainer.edit(swap, "B")  # and done again
    (mark,) = trainer.marks
    assert mark.text == "the loss to learn with: Binary cross-entropy to Mean squared error"
    assert len(trainer.experiment.edits) == 1
    assert_same_run(advanced(Trainer(trainer.experiment), 12), advanced(trainer, 12))


def test_an_edit_undone_lane_by_lane_leaves_no_trace() -> None:
    experiment = two_lanes(make_experiment(), loss__objective="mse")
    trainer, untouched = (advanced(Trainer(experiment), 5) for _ in range(2))
    trainer.edit({"optimizer.l2": 0.1}, "A")
    untouched.edit({"optimizer.l2": 0.1}, "A")
    trainer.edit({"loss.objective": "huber"})
    trainer.edit({"loss.objective": "auto"}, "A")
    assert len(trainer.experiment.edits) == 3
    trainer.edit({"loss.objective": "mse"}, "B")
    assert_same_run(trainer, untouched)
    assert_same_run(advanced(Trainer(trainer.experiment), 12), advanced(trainer, 12))


def test_an_edit_undone_later_is_another_edit() -> None:
    trainer = advanced(Trainer(make_experiment()), 5)
    trainer.edit({"optimizer.learning_rate": 2.0})
    trainer.step()
    trainer.edit({"optimizer.learning_rate": 0.5})
    assert len(trainer.marks) == len(trainer.experiment.edits) == 2
    assert_same_run(advanced(Trainer(trainer.experiment), 12), advanced(trainer, 12))


@pytest.mark.parametrize("key", ["network.hidden", "optimizer.name"])
def test_an_edit_that_loses_weights_or_memory_is_kept_when_undone(key: str) -> None:
    trainer = advanced(Trainer(make_experiment(optimizer__name="adam", optimizer__learning_rate=0.01)), 5)
    other, original = {"network.hidden": ((2, 3), (4, 3)), "optimizer.name": ("momentum", "adam")}[key]
    trainer.edit({key: other})
    trainer.edit({key: original})
    assert len(trainer.experiment.edits) == 2
    assert_same_run(advanced(Trainer(trainer.experiment), 12), advanced(trainer, 12))


def test_curves_know_when_a_lane_learned_with_their_loss() -> None:
    trainer = Trainer(two_lanes(make_experiment(loss__monitors=("mse",))), watched=True)
    advanced(trainer, 4)
    trainer.edit({"loss.objective": "mse"}, "B")
    advanced(trainer, 6)
    trainer.edit({"loss.objective": "mae"}, "B")
    trainer.edit({"loss.objective": "binary_cross_entropy"}, "B")
    advanced(trainer, 9)
    curves = {(c.lane, c.name): c for c in trainer.snapshot(0, Wanted(curves=CurveRequest(100))).curves}
    assert curves["A", "mse"].learned is None and curves["A", "binary_cross_entropy"].learned is None
    assert curves["B", "binary_cross_entropy"].learned == ((0.0, 4.0), (6.0, math.inf))
    assert curves["B", "mse"].learned == ((4.0, 6.0),)
    trainer.fork_lane("B", "C")
    trainer.edit({"loss.objective": "mse"}, "C")
    curves = {(c.lane, c.name): c for c in trainer.snapshot(0, Wanted(curves=CurveRequest(100))).curves}
    assert curves["C", "mse"].learned == ((4.0, 6.0), (9.0, math.inf))
    assert curves["B", "mse"].learned == ((4.0, 6.0),)


# What an edit rebuilds


def buffers(trainer: Trainer) -> list[int]:
    """Return ids of all that a changed number leaves in place: groups, their networks, and optimiser states."""
    return [id(x) for group in trainer._groups for x in (group, group.net, *(step.state for step in group._steps))]


@pytest.mark.parametrize("lane", [None, "B"])
@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer.learning_rate": 0.3}, {"optimizer.l1": 0.01}, {"optimizer.l2": 0.1}, {"optimizer.beta1": 0.5},
        {"loss.positive_weight": 3.0}, {"loss.monitors": ("mse",)},
    ],
)  # fmt: skip
def test_a_changed_number_is_written_without_rebuilding_groups(changes: dict[str, object], lane: str | None) -> None:
    experiment = two_lanes(make_experiment(optimizer__name="adam"))
    trainer = Trainer(experiment)
    trainer.run(2)
    before = buffers(trainer)
    split = lane is not None and "optimizer.beta1" in changes  # lanes with different parameters step separately
    trainer.edit(changes, lane)
    assert buffers(trainer)[:2] == before[:2] and (buffers(trainer) == before) is not split
    trainer.run(2)
    edited = Trainer(trainer.experiment)  # a group made with the edit at its update has the same bits
    edited.run(2)
    edited._regroup()
    edited.run(2)
    for one, other in zip(trainer.lanes, edited.lanes, strict=True):
        np.testing.assert_array_equal(one.replicas[0].theta, other.replicas[0].theta)


@pytest.mark.parametrize("changes", [{"network.hidden": (7,)}, {"network.activation": "relu"}])
def test_another_shape_rebuilds_the_groups(changes: dict[str, object]) -> None:
    trainer = Trainer(make_experiment())
    before = buffers(trainer)
    trainer.edit(changes)
    assert not set(buffers(trainer)) & set(before)


def test_a_mark_says_all_for_a_batch_of_all_samples() -> None:
    trainer = Trainer(make_experiment(optimizer__batch_size=0))
    trainer.run(1)
    trainer.edit({"optimizer.batch_size": 64})
    trainer.run(1)
    trainer.edit({"optimizer.batch_size": 0})
    assert [mark.text for mark in trainer.marks] == ["batch size all to 64", "batch size 64 to all"]
