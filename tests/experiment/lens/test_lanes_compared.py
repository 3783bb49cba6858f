"""Comparisons of lanes: pairs, advantages and matched rates, against arithmetic written out here."""

from __future__ import annotations

import dataclasses
import math
import statistics
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.lens import comparison
from sandbox.experiment.lens.advantage import (
    Advantage,
    AskAdvantage,
    Estimate,
    estimate,
    estimate_of_ratio,
    ratios,
)
from sandbox.experiment.lens.known import epochs_to
from sandbox.experiment.lens.pair import AskPair, Difference, PairState
from sandbox.experiment.lens.rates import AskMatchedRates, MatchedRates
from sandbox.experiment.training.snapshot import Wanted


def trainer_of(*changes: dict[str, Any], **values: Any) -> Trainer:
    base = {"data.samples": 60, "network.hidden": (4, 3), "optimizer.learning_rate": 0.3}
    experiment = Experiment().with_values(base | {key.replace("__", "."): v for key, v in values.items()})
    lanes = tuple(LaneEntry("ABCDEF"[i], lane_changes) for i, lane_changes in enumerate(changes))
    return Trainer(dataclasses.replace(experiment, lanes=lanes).checked(), watched=True)


def ask(trainer: Trainer, question: Any, replica: int | None = None) -> Any:
    return trainer.snapshot(0, Wanted(questions=(question,), replica=replica)).answers[question]


# Pairs


def pair(trainer: Trainer, one: str = "A", other: str = "B") -> PairState:
    state = ask(trainer, AskPair(one, other))
    assert isinstance(state, PairState)
    return state


def test_monitors_alone_leave_every_weight_as_it_is() -> None:
    trainer = trainer_of({}, {"loss.monitors": ("mse", "mae")})
    trainer.advance(lambda: True, 300)
    state = pair(trainer)
    assert (state.parameters, state.differ, state.diverged_at, state.update) == (
        2 * 4 + 4 + 4 * 3 + 3 + 3 + 1,
        0,
        None,
        300,
    )
    assert state.distance == 0.0
    assert state.differences == (Difference("loss.monitors", (), ("mse", "mae")),)


def test_lanes_of_another_objective_diverge_at_once() -> None:
    trainer = trainer_of({}, {"loss.objective": "mse"})
    trainer.advance(lambda: True, 50)
    state = pair(trainer)
    a, b = (trainer.lane(name).replicas[0].theta for name in "AB")
    assert state.diverged_at == 1 and state.differ == sum(x != y for x, y in zip(a.tolist(), b.tolist(), strict=True))
    assert state.distance == pytest.approx(math.dist(a.tolist(), b.tolist()), rel=1e-12)
    epochs, values = state.distances
    assert len(epochs) == 51 and values[0] == 0.0 and values[-1] == pytest.approx(state.distance)
    assert state.angles[1][-1] == pytest.approx(state.angle)
    assert [difference.key for difference in state.differences] == ["loss.objective"]
    assert not values.flags.writeable


def test_lanes_of_another_shape_have_no_distance() -> None:
    state = pair(trainer_of({}, {"network.hidden": (5,)}))
    assert state.parameters == 0 and math.isnan(state.distance) and len(state.distances[0]) == 0
    assert state.diverged_at == 0


def test_a_network_that_stopped_before_the_others_grew_has_no_distance() -> None:
    values = {"data.dataset": "sine", "network.activation": "exp", "run.replicas": 6, "network.hidden": (4,)}
    named = {key.replace(".", "__"): value for key, value in values.items()}
    trainer = trainer_of({}, {"optimizer.learning_rate": 1e-3}, **named)
    trainer.run(120)
    assert 0 < sum(bool(network.stopped) for network in trainer.lane("A").replicas) < 6
    trainer.edit({"network.hidden": (6,)})
    trainer.run(2)
    state = pair(trainer)
    assert state.parameters == 0 and math.isnan(state.distance)


def test_the_pair_of_replicas_that_differs_most_counts() -> None:
    trainer = trainer_of({}, {}, run__replicas=3)
    trainer.run(1)
    trainer.lane("B").replicas[1].theta[:2] += 1.0
    state = pair(trainer)
    assert (state.differ, state.replicas, state.distance) == (2, 3, 0.0)  # the median distance


def test_an_unknown_lane_has_no_answer() -> None:
    trainer = trainer_of({})
    assert ask(trainer, AskPair("A", "X")) is None
    assert ask(trainer, AskAdvantage("A", "X", "train_cost", 0.1)) is None
    assert AskPair("X", "A") not in trainer.snapshot(0, Wanted(questions=(AskPair("X", "A"),))).answers


# Advantage


def test_which_lane_reaches_the_level_first() -> None:
    trainer = trainer_of({}, {"optimizer.learning_rate": 0.15}, run__replicas=9)
    trainer.run(120)
    column, level = "train_binary_cross_entropy", 0.4
    advantage = ask(trainer, AskAdvantage("A", "B", column, level))
    assert isinstance(advantage, Advantage)
    needed: dict[str, list[float]] = {}
    for name in "AB":
        for r in range(9):
            history = trainer.lane(name).replica_history
            assert history is not None
            epochs, values = history.column(f"{column}#{r}")
            reached = [epoch for epoch, value in zip(epochs.tolist(), values.tolist(), strict=True) if value <= level]
            needed.setdefault(name, []).append(min(reached, default=math.inf))
    assert advantage.epochs == statistics.median(needed["A"]) and advantage.other_epochs == statistics.median(
        needed["B"]
    )
    by_seed = [b / a for a, b in zip(needed["A"], needed["B"], strict=True)]
    assert advantage.ratio.value == pytest.approx(statistics.median(by_seed))
    assert advantage.ratio.low <= advantage.ratio.value <= advantage.ratio.high
    assert 1.5 < advantage.ratio.value < 3.0  # half the rate, about twice the epochs
    assert (advantage.seeds, advantage.reached) == (9, sum(map(math.isfinite, needed["A"])))


def test_a_single_network_has_a_ratio_and_no_interval() -> None:
    trainer = trainer_of({}, {"optimizer.learning_rate": 0.15})
    trainer.run(150)
    advantage = ask(trainer, AskAdvantage("A", "B", "train_accuracy", 0.8))
    epochs, values = trainer.lane("A").history.column("train_accuracy")
    assert advantage.epochs == next(e for e, v in zip(epochs, values, strict=True) if v >= 0.8)
    assert advantage.ratio.value == advantage.other_epochs / advantage.epochs and math.isnan(advantage.ratio.low)
    assert advantage.gap.value == pytest.approx(advantage.last - advantage.other_last)


def test_levels_that_are_never_reached() -> None:
    epochs = np.arange(4.0)
    values = np.array([[0.1, 0.5, 0.9, 0.2], [0.1, 0.2, 0.3, np.nan]])
    assert epochs_to(epochs, values, 0.9, True).tolist() == [2.0, math.inf]
    assert epochs_to(epochs, values, 0.15, False).tolist() == [0.0, 0.0]
    one, two = np.array([2.0, math.inf, 4.0, math.inf, 0.0]), np.array([4.0, 5.0, math.inf, math.inf, 3.0])
    assert ratios(one, two).tolist() == [2.0, 0.0, math.inf, math.inf]  # the last one is there from the start
    assert ratios(np.zeros(1), np.zeros(1)).tolist() == [1.0]


def test_an_interval_is_that_of_the_exact_bootstrap() -> None:
    """The bootstrap of a median of distinct values can be computed exactly: each resample's median is one of them."""
    values = np.arange(1.0, 12.0)  # 11 values, median 6
    interval = estimate(values)
    n, middle = 11, 6
    at_most = [
        sum(math.comb(n, j) * (k / n) ** j * (1 - k / n) ** (n - j) for j in range(middle, n + 1)) for k in range(n + 1)
    ]  # the chance that the resampled median is the k-th value or a smaller one
    low = next(k for k in range(1, n + 1) if at_most[k] >= 0.025)
    high = next(k for k in range(1, n + 1) if at_most[k] >= 0.975)
    assert interval.value == 6.0 and (interval.low, interval.high) == (low, high)


@given(st.lists(st.floats(0.0, 1e6), min_size=5, max_size=40), st.floats(0.1, 10.0))
def test_an_interval_holds_its_median_and_scales_with_the_values(values: list[float], scale: float) -> None:
    interval, scaled = estimate(np.array(values)), estimate(scale * np.array(values))
    assert interval.low <= interval.value <= interval.high
    assert interval.value == pytest.approx(statistics.median(values))
    np.testing.assert_allclose(dataclasses.astuple(scaled), scale * np.array(dataclasses.astuple(interval)), rtol=1e-9)


def test_infinite_ratios_have_a_median_and_no_ratios_have_none() -> None:
    interval = estimate(np.array([1.0, 2.0, math.inf, math.inf, math.inf, math.nan]))
    assert interval.value == math.inf == interval.high and interval.low < math.inf
    assert math.isnan(estimate(np.array([math.nan])).value)


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0, 7.0, math.inf]), min_size=1, max_size=12))
def test_a_ratio_is_the_same_whichever_lane_is_in_view(quotients: list[float]) -> None:
    with np.errstate(divide="ignore"):
        one, other = (ratio_of(values) for values in (np.array(quotients), 1.0 / np.array(quotients)))
    middle = sorted(quotients)[(len(quotients) - 1) // 2], sorted(quotients)[len(quotients) // 2]
    if middle == (0.0, math.inf):
        assert math.isnan(one.value) and math.isnan(other.value)  # neither lane is the quicker one
    else:
        assert one.value * other.value == pytest.approx(1.0) or {one.value, other.value} == {0.0, math.inf}
    assert math.isnan(one.low) or one.low == pytest.approx(comparison.inverse(other).low)


def ratio_of(quotients: Any) -> Estimate:
    needed = np.where(np.isinf(quotients), 1.0, np.where(quotients == 0.0, math.inf, 100.0))
    other = np.where(np.isinf(quotients), math.inf, np.where(quotients == 0.0, 1.0, 100.0 * quotients))
    return estimate_of_ratio(ratios(needed, other))


# Matched rates


def numeric_norm(trainer: Trainer, name: str, replica: int = 0) -> float:
    """The norm of the gradient at the initial parameters, by differences of the recorded cost."""
    settings = trainer.experiment.effective().lane(name)
    alone = dataclasses.replace(trainer.experiment.effective(), lanes=(LaneEntry("A"),)).with_value("run.replicas", 1)
    for section, keys in (
        ("loss", ("objective", "reduction")),
        ("network", ("seed", "hidden")),
        ("optimizer", ("l2",)),
    ):
        for key in keys:
            alone = alone.with_value(f"{section}.{key}", getattr(getattr(settings, section), key))
    alone = alone.with_value("network.seed", settings.network.seed + replica)
    start = Trainer(alone, trainer.data)
    theta, h, squares = start.lanes[0].replicas[0].theta.copy(), 1e-6, 0.0
    for k in range(theta.size):
        costs = []
        for sign in (1.0, -1.0):
            start.lanes[0].replicas[0].theta[...] = theta
            start.lanes[0].replicas[0].theta[k] += sign * h
            start._due, start.lanes[0].edited = False, start.update  # computed now, not read from the history
            costs.append(start.readings(start.lanes[0])["train_cost"])
        squares += ((costs[0] - costs[1]) / (2.0 * h)) ** 2
    return math.sqrt(squares)


def test_rates_are_matched_by_the_norms_of_the_first_gradients() -> None:
    trainer = trainer_of(
        {},
        {"loss.objective": "mse"},
        {"loss.reduction": "sum", "optimizer.l2": 0.3},
        {"network.seed": 12, "optimizer.learning_rate": 0.02},
        data__noise=0.3,
    )
    trainer.run(25)  # the first updates are still those of the start
    rates = ask(trainer, AskMatchedRates("A"))
    assert isinstance(rates, MatchedRates) and [row.lane for row in rates.rows] == list("ABCD")
    norms = {name: numeric_norm(trainer, name) for name in "ABCD"}
    for row in rates.rows:
        assert row.step == pytest.approx(row.rate * norms[row.lane], rel=1e-6)
        assert row.matched == pytest.approx(0.3 * norms["A"] / norms[row.lane], rel=1e-3)
        assert row.factor == pytest.approx(row.matched / row.rate)
    assert rates.rows[0].matched == 0.3


def test_a_matched_lane_takes_a_first_step_of_the_same_length() -> None:
    trainer = trainer_of({}, {"loss.objective": "mse"}, {"loss.reduction": "sum"})
    for row in ask(trainer, AskMatchedRates("A")).rows:
        trainer.edit({"optimizer.learning_rate": row.matched}, row.lane)
    before = {name: trainer.lane(name).replicas[0].theta.copy() for name in "ABC"}
    trainer.step()
    steps = [float(np.linalg.norm(trainer.lane(name).replicas[0].theta - before[name])) for name in "ABC"]
    np.testing.assert_allclose(steps, steps[0], rtol=1e-3)


@pytest.mark.parametrize("batch", [0, 10])
def test_a_rate_is_converted_to_other_reductions(batch: int) -> None:
    trainer = trainer_of(
        {"loss.reduction": "mean"}, {"loss.reduction": "sum"}, {"loss.reduction": "element_mean"},
        data__dataset="iris", optimizer__batch_size=batch,
    )  # fmt: skip
    m = batch or len(trainer.data.X_train)
    rates = ask(trainer, AskMatchedRates("A"))
    assert rates.batch == m
    mean, total, elements = rates.rows
    assert (mean.of_mean, mean.of_sum) == (pytest.approx(0.3), pytest.approx(0.3 / m))
    assert (total.of_mean, total.of_sum) == (pytest.approx(0.3 * m), pytest.approx(0.3))
    assert (elements.of_mean, elements.of_sum) == (pytest.approx(0.1), pytest.approx(0.1 / m))


def test_several_networks_use_the_median_norm() -> None:
    trainer = trainer_of({}, run__replicas=3)
    norms = [numeric_norm(trainer, "A", r) for r in range(3)]
    (row,) = ask(trainer, AskMatchedRates("A")).rows
    assert row.step == pytest.approx(0.3 * statistics.median(norms), rel=1e-6)


def test_a_lane_without_a_gradient_has_no_matched_rate() -> None:
    trainer = trainer_of({}, {"network.hidden": (), "network.output": "softmax"})
    rows = ask(trainer, AskMatchedRates("A")).rows
    assert rows[1].step == 0.0 and math.isnan(rows[1].matched)
