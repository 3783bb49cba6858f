"""Claims about runs: what can be said, and whether it is judged as a person would by looking at the histories."""

from __future__ import annotations

import math
import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import InputError
from sandbox.experiment import Experiment, Trainer
from sandbox.lessons import read_claim, read_quantity
from tests.experiment.strategies import trainers


def two_lanes(replicas: int = 1, **changes: object) -> Trainer:
    """Return a run of A and B, in which B has some changes: five epochs of three batches each."""
    text = f'[data]\nsamples = 40\n[optimizer]\nbatch_size = 10\n[run]\nreplicas = {replicas}\n[[lanes]]\nname = "A"\n'
    experiment = Experiment.loads(text + '[[lanes]]\nname = "B"\n').with_values(
        {key.replace("__", "."): value for key, value in changes.items()}, "B"
    )
    trainer = Trainer(experiment, watched=True)
    trainer.run(5)
    return trainer


def test_a_reading_is_the_row_of_its_epoch() -> None:
    trainer = two_lanes(optimizer__learning_rate=0.01)
    epochs, losses = trainer.history("B").column("train_binary_cross_entropy")
    assert epochs.tolist() == [0, 1, 2, 3, 4, 5]
    for epoch, loss in zip(epochs, losses, strict=True):
        assert read_quantity(f"B train_binary_cross_entropy after {epoch:.0f}").values(trainer).tolist() == [loss]
    assert math.isnan(read_quantity("B train_binary_cross_entropy after 6").values(trainer)[0])


def test_never_and_since_when_two_lanes_differ() -> None:
    shown, learned = two_lanes(loss__monitors=("mse",)), two_lanes(loss__objective="mse")
    assert read_claim("A and B differ since = never").judge(shown).holds
    assert not read_claim("A and B differ since = never").judge(learned).holds
    assert read_claim("A and B differ since = 1").judge(learned).holds
    other = two_lanes(network__seed=8)
    assert read_claim("A and B differ since = 0").judge(other).holds


def test_where_a_lane_stops() -> None:
    trainer = two_lanes(
        loss__objective="mse", network__activation="relu", network__output="linear", optimizer__learning_rate=1e6
    )
    stopped = trainer.lane("B")
    assert stopped.stopped and stopped.history.last is not None
    assert read_quantity("B stops after").values(trainer).tolist() == [stopped.history.last.epoch]
    assert read_claim("A stops after = never").judge(trainer).holds
    assert read_quantity("A stops after").text(math.inf) == "never"


def test_a_claim_over_seeds_counts_where_it_is_true() -> None:
    trainer = two_lanes(replicas=5, optimizer__learning_rate=0.01)
    ours = [
        read_quantity("A train_accuracy after 5").values(trainer),
        read_quantity("B train_accuracy after 5").values(trainer),
    ]
    assert all(values.shape == (5,) for values in ours)
    level = float(np.median(ours[0])) - 1e-9
    verdict = read_claim(f"A train_accuracy after 5 > {level!r}").judge(trainer)
    assert verdict.holds and verdict.of == 5 and verdict.seeds == int((ours[0] > level).sum())
    assert verdict.value == np.median(ours[0])
    verdict = read_claim("A train_accuracy after 5 >= 0.5 * B train_accuracy after 5").judge(trainer)
    assert verdict.seeds == int((ours[0] >= 0.5 * ours[1]).sum()) and verdict.other == 0.5 * np.median(ours[1])


def test_what_is_not_reached_yet_is_not_known() -> None:
    verdict = read_claim("A train_accuracy after 50 > 0.1").judge(two_lanes())
    assert not verdict.is_known and not verdict.holds and verdict.seeds == 0


@given(
    trainers(),
    st.sampled_from(["train_cost", "test_accuracy"]),
    st.floats(0, 2),
    st.sampled_from(["<", "<=", ">", ">="]),
)
def test_claims_agree_with_the_histories(trainer: Trainer, column: str, level: float, sign: str) -> None:
    lane = trainer.lanes[1]
    histories = lane.history if lane.replica_history is None else lane.replica_history
    names = [column] if lane.replica_history is None else [f"{column}#{r}" for r in range(len(lane.replicas))]
    rows = [list(zip(*map(np.ndarray.tolist, histories.column(name)), strict=True)) for name in names]
    epoch = trainer.epoch
    verdict = read_claim(f"B {column} after {epoch} {sign} {level!r}").judge(trainer)
    # A lane that stops within an epoch has a second row for it: of its last finite parameters, not of the epoch.
    now = [next((value for at, value in row if at == epoch), math.nan) for row in rows]
    true = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}[sign]
    assert verdict.seeds == sum(true(value, level) for value in now) and verdict.of == len(rows)
    better = operator.ge if column == "test_accuracy" else operator.le
    first = [next((at for at, value in row if better(value, level)), math.inf) for row in rows]
    assert read_quantity(f"B epochs to {column} {level!r}").values(trainer).tolist() == first


def test_equal_within_a_tolerance() -> None:
    trainer = two_lanes()
    value = float(read_quantity("A train_cost after 3").values(trainer)[0])
    assert read_claim(f"A train_cost after 3 = {value + 0.009!r} within 0.01").judge(trainer).holds
    assert not read_claim(f"A train_cost after 3 = {value + 0.011!r} within 0.01").judge(trainer).holds
    assert not read_claim(f"A train_cost after 3 = {value + 1e-9!r}").judge(trainer).holds


def test_lanes_may_have_spaces_in_their_names() -> None:
    assert read_quantity("squared error matched test_mse after 7").lanes == ("squared error matched",)
    assert read_quantity("squared error and cross-entropy differ since").lanes == ("squared error", "cross-entropy")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("A train_mse after 3", "is no claim: it needs one of < <= > >= = between what it compares."),
        ("A train_mse after 3 < 1 < 2", "is no claim: it needs one of < <= > >= = between what it compares."),
        ("A train_mes after 3 < 1", 'there is no column "train_mes"; did you mean "train_mse"?'),
        ("A train_mse soon < 1", "is not a quantity; it must be one of: LANE COLUMN after EPOCH;"),
        (
            "A train_mse after 3 < B train_mse after 3 * 2",
            "a quantity can only be multiplied by a number in front of it.",
        ),
        ("A train_mse after 3 < 1 within 0.1", '"within" and a number can only follow "=".'),
        ("A train_mse after 3 < 1e", "is not a quantity"),
    ],
)
def test_what_is_no_claim_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(InputError) as error:
        read_claim(text)
    assert sentence in str(error.value)


def test_where_each_network_of_a_lane_stops() -> None:
    trainer = two_lanes(
        3, loss__objective="mse", network__activation="relu", network__output="linear", optimizer__learning_rate=2.0
    )
    trainer.run(200)
    values = read_quantity("B stops after").values(trainer)
    alone = []
    for seed in (7, 8, 9):
        one = Trainer(trainer.experiment.with_values({"run.replicas": 1, "network.seed": seed}), watched=True)
        one.run(205)
        last = one.lane("B").history.last
        alone.append(float(last.epoch) if one.lane("B").stopped and last is not None else math.inf)
    assert values.tolist() == alone
    assert 0 < np.isfinite(values).sum() < 3  # with this learning rate, some of them
