"""Inputs switched on and off while training: what stays keeps its weights and its scale, and nothing starts again."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.data import load_data
from sandbox.data.features import offered
from sandbox.errors import InputError
from sandbox.experiment import Edit, Experiment, Trainer
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.training.snapshot import CurveRequest, SurfaceRequest, Wanted
from tests.experiment.strategies import lane_changes
from tests.experiment.training.by_hand import SETTINGS, ByHand
from tests.experiment.training.test_weight_edits import replayed, states

PLANE = offered(("x1", "x2"))
MORE = ("x1", "x2", "x1^2", "cos(x2)")


def made(**changes: object) -> Experiment:
    return Experiment().with_values({**SETTINGS, **{key.replace("__", "."): value for key, value in changes.items()}})


def two(**changes: object) -> Experiment:
    own = {"network.hidden": (3,), "loss.objective": "huber"}
    return dataclasses.replace(made(**changes), lanes=(LaneEntry("A"), LaneEntry("B", own))).checked()


def switch(trainer: Trainer, *features: str) -> None:
    trainer.edit({"data.features": features})


def test_all_that_the_picture_offers() -> None:
    names = ("x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)", "cos(x1)", "cos(x2)")
    assert offered(("x1", "x2")) == names
    assert offered(("x",)) == ("x", "x^2", "sin(x)", "cos(x)")
    assert offered(("a", "b", "c")) == ("a", "b", "c")


# The data


def test_a_feature_that_stays_keeps_its_numbers() -> None:
    data = load_data(dataset="moons")
    more = data.with_features(("cos(x2)", "x2", "x1"))
    assert more.feature_names == ("cos(x2)", "x2", "x1") and more.inputs == ("x1", "x2")
    for part in ("X_train", "X_test"):
        assert np.array_equal(getattr(more, part)[:, [2, 1]], getattr(data, part))
    raw = np.cos(data.inputs_train[:, 1])
    np.testing.assert_allclose(more.X_train[:, 0], (raw - raw.mean()) / raw.std(), rtol=1e-12)
    raw_test = np.cos(data.inputs_test[:, 1])
    np.testing.assert_allclose(more.X_test[:, 0], (raw_test - raw.mean()) / raw.std(), rtol=1e-12)
    np.testing.assert_allclose(more.from_inputs(data.inputs_train), more.X_train, rtol=1e-12, atol=1e-14)
    assert more.with_features(data.feature_names).origin is data


def test_they_are_those_of_a_run_that_begins_with_them() -> None:
    data = load_data(dataset="moons").with_features(PLANE)
    begun = load_data(dataset="moons", features=PLANE)
    np.testing.assert_allclose(data.X_train, begun.X_train, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(data.X_test, begun.X_test, rtol=1e-12, atol=1e-14)
    assert np.array_equal(data.y_train, begun.y_train)
    plain = load_data(dataset="moons", standardize=False).with_features(("x1^2",))
    assert np.array_equal(plain.X_train[:, 0], plain.inputs_train[:, 0] ** 2)


def test_an_input_that_is_off_stays_an_axis_of_the_pictures() -> None:
    data = load_data(dataset="moons").with_features(("x2",))
    assert data.inputs == ("x1", "x2") and data.X_train.shape[1] == 1
    assert data.from_inputs(np.array([[5.0, 1.0], [6.0, 1.0]])).tolist()[0] == pytest.approx(
        data.from_inputs(np.array([[0.0, 1.0]])).tolist()[0]
    )


def table(tmp_path: Path) -> Path:
    rows = [f"{i % 7},{(i * 5) % 11},{'' if i == 4 else i % 3},{i % 4 + 0.5},word,{i % 2}" for i in range(40)]
    path = tmp_path / "table.csv"
    path.write_text("a,b,gap,c,text,y\n" + "\n".join(rows) + "\n")
    return path


def test_any_column_of_a_table_with_a_number_in_every_sample(tmp_path: Path) -> None:
    data = load_data(file=str(table(tmp_path)), features=("a",))
    assert data.columns == ("a", "b", "c") and data.closed == ("gap", "text")
    more = data.with_features(("a", "c"))
    assert more.inputs == ("a", "c") and [other[0] for other in more.others] == ["b"]
    assert np.array_equal(more.inputs_train, load_data(file=str(table(tmp_path)), features=("a", "c")).inputs_train)
    with pytest.raises(InputError, match='the column "gap" has no number in some of the samples in use, and so cannot'):
        data.with_features(("a", "gap"))
    with pytest.raises(InputError, match='There is no column "d"'):
        data.with_features(("a", "d"))
    begun = load_data(file=str(table(tmp_path)), features=("a", "gap"))
    assert "gap" in begun.with_features(("gap", "b")).columns  # its row is left out from the start
    assert pickle.loads(pickle.dumps(more)).columns == more.columns


# Training


@pytest.mark.parametrize("method", ["gradient_descent", "adam"])
def test_training_goes_on_with_the_weights_that_stay(method: str) -> None:
    trainer = Trainer(made(optimizer__name=method))
    X = trainer.data
    reference = ByHand(trainer.parameters(), X.X_train, X.y_train, 0.05, method == "adam")
    trainer.run(4)
    reference.updates(4)
    switch(trainer, *MORE)
    columns = [X.inputs_train[:, 0] ** 2, np.cos(X.inputs_train[:, 1])]
    scaled = [(column - column.mean()) / column.std() for column in columns]
    reference.X = np.column_stack([X.X_train, *scaled])
    reference.parts["W1"] = np.column_stack([reference.parts["W1"], np.zeros((6, 2))])
    reference.forget()
    reference.agrees(trainer.parameters())
    trainer.run(4)
    reference.updates(4)
    reference.agrees(trainer.parameters())
    switch(trainer, "cos(x2)", "x2")
    reference.X, reference.parts["W1"] = reference.X[:, [3, 1]], reference.parts["W1"][:, [3, 1]]
    reference.forget()
    trainer.run(4)
    reference.updates(4)
    reference.agrees(trainer.parameters())


def test_a_new_input_does_not_change_what_the_network_computes() -> None:
    trainer = Trainer(two())
    trainer.run(3)
    before = trainer.snapshot().lanes
    switch(trainer, *PLANE)
    for old, new in zip(before, trainer.snapshot().lanes, strict=True):
        assert new.sizes[0] == 9
        assert new.readings["train_cost"] == pytest.approx(old.readings["train_cost"], rel=1e-12)
        assert new.readings["test_cost"] == pytest.approx(old.readings["test_cost"], rel=1e-12)
    assert trainer.update == trainer.epoch == 3
    trainer.step()
    assert np.abs(trainer.parameters()["W1"][:, 2:]).min() > 0.0  # it learns at once


@pytest.mark.parametrize("updates", [0, 5])
def test_batches_of_the_epoch_go_on_in_their_order(updates: int) -> None:
    """An input that changes nothing: the same batches, and so the same training, as without it."""
    plain = made(optimizer__batch_size=9, network__hidden=())
    trainer, same = Trainer(plain), Trainer(plain)
    for run in (trainer, same):
        run.advance(lambda: True, updates)
    switch(trainer, "x1", "x2", "x1^2")
    while trainer.update < updates + 9:
        trainer.step()
        same.step()
        trainer.lanes[0].replicas[0].theta[2] = 0.0  # the weight of the new input
    np.testing.assert_allclose(trainer.parameters()["W1"][:, :2], same.parameters()["W1"], rtol=1e-9)


def test_all_views_follow() -> None:
    trainer = Trainer(two(loss__monitors=("mae",)), watched=True)
    trainer.run(5)
    switch(trainer, "x2", "x1*x2")
    trainer.run(5)
    trainer.edit({"loss.monitors": ("log_cosh",)})
    wanted = Wanted(
        surfaces=(SurfaceRequest("A", (0, 1), (-2.0, 2.0), (-2.0, 2.0), 9), SurfaceRequest("A", (0, 1), (-2.0, 2.0),
                  (-2.0, 2.0), 9, "B")), curves=CurveRequest(100),
    )  # fmt: skip
    snapshot = trainer.snapshot(0, wanted)
    assert snapshot.data.feature_names == ("x2", "x1*x2") and len(snapshot.surfaces) == 2
    # a loss that is shown late has its past, which is that of the inputs then
    curve = next(c for c in snapshot.curves if c.column == "train_log_cosh" and c.lane == "A")
    reference = Trainer(two(loss__monitors=("log_cosh",)).with_edit(Edit(5, {"data.features": ("x2", "x1*x2")})))
    reference.run(10)
    epochs, values = reference.history("A").column("train_log_cosh")
    recorded = dict(zip(epochs.tolist(), values.tolist(), strict=True))
    assert [recorded[epoch] for epoch in curve.epochs] == pytest.approx(curve.values.tolist(), rel=1e-12)
    assert curve.epochs.min() == 0
    probe = trainer.probe("B")
    assert probe is not None and probe.X.shape[1] == 2 and np.isfinite(probe.gradient()).all()


def test_a_lane_that_has_stopped_can_still_be_shown() -> None:
    experiment = dataclasses.replace(
        made(), lanes=(LaneEntry("A"), LaneEntry("B", {"optimizer.learning_rate": 1e6}))
    ).checked()
    trainer = Trainer(experiment, watched=True)
    trainer.run(400)
    assert trainer.lane("B").stopped
    before = trainer.parameters("B")
    switch(trainer, "x2", "x1^2")
    after = trainer.parameters("B")
    assert np.array_equal(after["W1"], np.column_stack([before["W1"][:, 1], np.zeros(6)]))
    assert np.array_equal(after["b3"], before["b3"])
    trainer.snapshot(0, Wanted(surfaces=(SurfaceRequest("B", (0, 1), (-2.0, 2.0), (-2.0, 2.0), 9),)))
    assert trainer.probe("B").forward_pass.A[-1].shape == (28, 1)  # type: ignore[union-attr]


def test_marks_and_edits_say_what_was_switched() -> None:
    trainer = Trainer(two())
    trainer.run(2)
    switch(trainer, "x1", "x2", "sin(x1)")
    assert trainer.marks[0].text == "features x1, x2 to x1, x2, sin(x1)"
    assert trainer.experiment.edits == (Edit(2, {"data.features": ("x1", "x2", "sin(x1)")}),)
    assert trainer.experiment.effective().data.features == ("x1", "x2", "sin(x1)")


@pytest.mark.parametrize(
    ("changes", "lane", "sentence"),
    [
        ({"data.features": ("x1", "x3")}, None, 'There is no column "x3"'),
        ({"data.features": ()}, None, "data.features is a list of 0, but must be a list of 1 to"),
        ({"data.features": ("x1", "x1")}, None, 'data.features has "x1" more than once'),
        ({"data.features": None}, None, "data.features is missing"),
        ({"data.features": ("x1",)}, "B", "data.features is shared by all lanes"),
        ({"data.noise": 0.1}, None, "data.noise cannot change while training"),
    ],
)
def test_what_is_not_allowed_changes_nothing(changes: dict[str, Any], lane: str | None, sentence: str) -> None:
    trainer = Trainer(two())
    trainer.run(2)
    before, data = states(trainer), trainer.data
    with pytest.raises(InputError) as caught:
        trainer.edit(changes, lane)
    assert sentence in str(caught.value)
    assert states(trainer) == before and trainer.data is data and not trainer.marks


def test_a_file_with_a_feature_that_there_is_not_is_refused_before_training() -> None:
    with pytest.raises(InputError, match='There is no column "x9"'):
        Trainer(made().with_edit(Edit(50, {"data.features": ("x9",)})))


def test_weights_of_a_later_input_can_be_set_in_a_file() -> None:
    experiment = made().with_edit(Edit(3, {"data.features": MORE})).with_edit(Edit(4, {}, None, {"W1[0,3]": 1.5}))
    trainer = Trainer(Experiment.loads(experiment.dumps()))
    trainer.advance(lambda: True, 4)
    trainer.settle()
    assert trainer.parameters()["W1"][0, 3] == 1.5
    with pytest.raises(InputError, match=r"weights has W1\[0,3\], but this network has W1\[0,0\] to W1\[5,1\]"):
        Trainer(made().with_edit(Edit(3, {}, None, {"W1[0,3]": 1.5})))


# Whole runs


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([0, 5]), st.sampled_from(["gradient_descent", "adam", "nesterov"]), st.data())
def test_switching_mixed_with_training_replays_to_the_same_bits(
    batch_size: int, method: str, data: st.DataObject
) -> None:
    experiment = two(optimizer__batch_size=batch_size, optimizer__name=method, optimizer__learning_rate=0.01)
    live = Trainer(experiment, watched=data.draw(st.booleans()))
    for _ in range(data.draw(st.integers(1, 5))):
        live.advance(lambda: True, data.draw(st.integers(0, 9)))
        if data.draw(st.booleans()):
            switch(live, *data.draw(st.lists(st.sampled_from(PLANE), min_size=1, unique=True)))
        elif changes := data.draw(lane_changes(2)):
            live.edit(changes, data.draw(st.sampled_from([None, "A", "B"])))
    live.advance(lambda: True, 10)
    assert states(
        replayed(Experiment.loads(live.experiment.dumps()), live, data.draw(st.sampled_from([live.data, None])))
    ) == states(live)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(PLANE), min_size=1, unique=True), st.integers(0, 9), st.booleans())
def test_the_inverse_brings_back_inputs_with_their_weights(features: list[str], updates: int, several: bool) -> None:
    trainer = Trainer(two(run__replicas=3 if several else 1))
    trainer.advance(lambda: True, updates)
    before = [replica.theta.tobytes() for lane in trainer.lanes for replica in lane.replicas]
    edit = trainer.experiment.checked_edit({"data.features": tuple(features)})
    inverse = trainer.inverse(edit)
    trainer.take_edit(edit)
    for back in inverse:
        trainer.take_edit(back)
    assert [replica.theta.tobytes() for lane in trainer.lanes for replica in lane.replicas] == before
    assert trainer.data.feature_names == ("x1", "x2")


def test_a_lane_that_joins_late_has_had_the_inputs_of_then() -> None:
    trainer = Trainer(made(), watched=True)
    trainer.run(4)
    switch(trainer, *MORE)
    trainer.run(4)
    entry = LaneEntry("B", {"loss.objective": "mae"})
    experiment = dataclasses.replace(trainer.experiment, lanes=(LaneEntry("A"), entry)).checked()
    successor = trainer.joined_by(experiment)
    assert successor.catch_up(trainer, lambda: True)
    reference = Trainer(experiment)
    reference.advance(lambda: True, 8)
    assert [state[0] for state in states(successor)] == [state[0] for state in states(reference)]
