"""What is said about lanes is true: of random runs, judged by the same run again, update by update."""

from __future__ import annotations

import dataclasses
import math
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document import texts
from sandbox.experiment.document.defaults import SCORES
from sandbox.experiment.document.lanes import PER_LANE
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.lens import comparison
from sandbox.experiment.lens.advantage import Advantage, AskAdvantage
from sandbox.experiment.lens.pair import AskPair, PairState
from sandbox.experiment.lens.rates import AskMatchedRates, MatchedRates
from sandbox.experiment.lens.whatif import Alternatives, AskWhatIf, overview, row_sentence
from sandbox.experiment.results.sweep import axis, cells, incomparable, run_cell
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.snapshot import CurveRequest, Wanted
from sandbox.nn import LOSSES, METRICS, OPTIMIZERS
from tests.experiment.strategies import experiments, trainers


def ask(trainer: Trainer, question: Any) -> Any:
    return trainer.snapshot(0, Wanted(questions=(question,))).answers[question]


def number(text: str) -> float:
    return float(text.replace(",", "").replace("\u2212", "-"))


# The truth: the same experiment again, every loss recorded, looked at after every update


def thetas(lane: Lane) -> list[Any]:
    return [replica.theta.copy() for replica in lane.replicas]


def differ(one: list[Any], other: list[Any]) -> bool:
    return any(a.tobytes() != b.tobytes() for a, b in zip(one, other, strict=True))


@dataclass
class Replay:
    """A run again.

    `position` are the epochs done after each update; `read` by lane and update how the loss that is asked about was
    read when that row was recorded: reduction, coding and parameters; `steps` the last step of every network;
    `parted` after how many updates the first two lanes differed. Of its rows, those of every `every`-th epoch count.
    """

    trainer: Trainer
    loss: str
    position: dict[int, float] = field(default_factory=dict)
    read: dict[str, dict[int, tuple[str, str, Any]]] = field(default_factory=dict)
    steps: dict[str, list[Any]] = field(default_factory=dict)
    parted: int | None = None
    every: int = 1

    def note(self, trainer: Trainer) -> None:
        """Note how the loss is read; what is recorded now was read like that."""
        self.position[trainer.update] = trainer.epoch_position
        for lane in trainer.lanes if self.loss in LOSSES else ():
            self.read.setdefault(lane.name, {}).setdefault(trainer.update, how_read(lane, self.loss))

    def look(self) -> None:
        if self.parted is None and differ(*map(thetas, self.trainer.lanes)):
            self.parted = self.trainer.update


def how_read(lane: Lane, loss: str) -> tuple[str, str, Any]:
    parameters = LOSSES[loss].tuned(lane.settings.loss.parameters).parameter_values
    return lane.settings.loss.reduction, lane.codings[loss], parameters


def replay(of: Trainer, loss: str = "", every: int = 1) -> Replay:
    """Run the experiment of two lanes again, as far, and record a loss from the start."""
    run = Replay(Trainer(of.experiment, of.data, losses=[loss] if loss in LOSSES else []), loss, every=every)
    run.note(Trainer(dataclasses.replace(of.experiment, edits=()), of.data))  # an edit at 0 comes after the first row
    trainer = run.trainer
    trainer.settle()
    run.look()
    while trainer.update < of.update:
        before = {lane.name: thetas(lane) for lane in trainer.lanes}
        trainer.step()
        for lane in trainer.lanes:
            run.steps[lane.name] = [a - b for a, b in zip(thetas(lane), before[lane.name], strict=True)]
        run.note(trainer)
        trainer.settle()
        run.look()
    if not of.running:
        trainer.step()  # the update at which the last lane stopped does not count
    return run


def values_of(run: Replay, lane: Lane, column: str) -> tuple[list[float], list[list[float]], list[int]]:
    """Return epochs, values by seed as means over samples, and updates of what was recorded of a lane."""
    history = lane.replica_history if lane.replica_history is not None else lane.history
    keys = [f"{column}#{r}" for r in range(len(lane.replicas))] if lane.has_replicas else [column]
    epochs, updates = [], []
    values: list[list[float]] = [[] for _ in keys]
    assert history.last is not None
    for row in history.rows():
        if row.update != history.last.update and (row.epoch % run.every or is_of_its_own(run, lane, row.update)):
            continue
        factor = to_mean(run, lane, row.update, column)
        epochs.append(float(math.ceil(run.position[row.update])))
        updates.append(row.update)
        for of_seed, key in zip(values, keys, strict=True):
            of_seed.append(row.values[key] * factor)
    return epochs, values, updates


def is_of_its_own(run: Replay, lane: Lane, update: int) -> bool:
    """Whether this is the initial value of a loss on another scale than all later ones, because of an edit at once."""
    if update or run.loss not in LOSSES:
        return False
    first, *later = (read[1:] for read in run.read[lane.name].values())
    return first not in [*later, how_read(lane, run.loss)[1:]]


def to_mean(run: Replay, lane: Lane, update: int, column: str) -> float:
    """Return what turns a recorded value into a mean over samples."""
    part, _, name = column.partition("_")
    m = len(run.trainer.data.X_train if part == "train" else run.trainer.data.X_test)
    factors = {"mean": 1.0, "sum": 1.0 / m, "element_mean": float(lane.sizes[-1])}
    return factors[run.read[lane.name][update][0]] if name in LOSSES else 1.0


def needed(epochs: list[float], values: list[list[float]], level: float, rising: bool) -> list[float]:
    """Return for each seed the first epoch at the level, infinity for none."""
    return [
        min(
            (e for e, v in zip(epochs, of_seed, strict=True) if (v >= level if rising else v <= level)),
            default=math.inf,
        )
        for of_seed in values
    ]


def is_one_scale(run: Replay) -> bool:
    """Whether the loss has counted mistakes alike in both lanes, in every row after the first update and now."""
    scales: list[Any] = []
    for lane in run.trainer.lanes if run.loss in LOSSES else ():
        read = dict(run.read[lane.name])
        if any(edit.update == 0 and edit.lane in (None, lane.name) for edit in run.trainer.experiment.edits):
            read.pop(0)  # the initial values alone may be on another scale, and are not looked at
        for _, coding, parameters in (*read.values(), how_read(lane, run.loss)):
            scale = ("" if run.trainer.data.task == "regression" else coding, parameters)
            if scale not in scales:
                scales.append(scale)
    return len(scales) < 2


# Two lanes


@given(trainers(), st.data())
@settings(max_examples=30)
def test_what_is_said_of_two_lanes(trainer: Trainer, data: st.DataObject) -> None:
    shown = [set(trainer.readings(lane)) for lane in trainer.lanes]
    recorded = {*LOSSES, SCORES[trainer.data.task]}  # by the run that judges, from the start
    names = sorted(name for name in recorded if all(f"train_{name}" in names for names in shown))
    column = f"{data.draw(st.sampled_from(['train', 'test']))}_{data.draw(st.sampled_from(names))}"
    run = replay(trainer, column.partition("_")[2])
    check_pair(trainer, run)
    check_curves(trainer, run, column)
    check_advantage(trainer, run, column, data)


def check_pair(trainer: Trainer, run: Replay) -> None:
    state = ask(trainer, AskPair("A", "B"))
    assert isinstance(state, PairState)
    said = comparison.proof(state)
    one, other = (thetas(trainer.lane(name)) for name in "AB")
    if any(a.size != b.size for a, b in zip(one, other, strict=True)):
        assert "different shapes" in said
        return
    if run.parted is None:
        assert said.startswith("Weights identical: 0 of ") and not differ(one, other)
    elif run.parted == 0:
        assert said.startswith("The weights differ from the start. ")
    elif run.parted == 1:
        assert said.startswith("The weights first differ after one update. ")
    else:
        assert said.startswith(
            f"The weights are identical up to update {run.parted - 1:,} and first differ at update {run.parted:,}. "
        )
    if now := re.search(r"Now (?:up to )?(\d+) of (\d+) differ", said):
        counts = [int((a.view(np.uint64) != b.view(np.uint64)).sum()) for a, b in zip(one, other, strict=True)]
        assert (int(now[1]), int(now[2])) == (max(counts), one[0].size)
    if angle := re.search(r"latest updates point (\d+)\u00b0 apart", said):
        angles = [degrees_between(a, b) for a, b in zip(run.steps["A"], run.steps["B"], strict=True)]
        assert float(angle[1]) == pytest.approx(float(np.median(angles)), abs=0.51)
    differing = {key for key in PER_LANE if len({in_force(trainer, key, lane) for lane in trainer.lanes}) > 1}
    assert {difference.key for difference in state.differences} == differing
    assert (comparison.difference(state) == "They have the same settings.") is not bool(differing)


def in_force(trainer: Trainer, key: str, lane: Lane) -> Any:
    value = trainer.current.get(key, lane.name)
    meant = {"loss.objective": lane.objective.name, "network.output": lane.activations[-1]}
    return meant.get(key, value) if value == "auto" else value


def degrees_between(one: Any, other: Any) -> float:
    if not one.any() or not other.any():
        return math.nan
    one, other = (step / np.abs(step).max() for step in (one, other))  # its squares may overflow
    cosine = float(one @ other) / math.sqrt(float(one @ one) * float(other @ other))
    return math.degrees(math.acos(min(max(cosine, -1.0), 1.0)))


def check_curves(trainer: Trainer, run: Replay, column: str) -> None:
    """Shown for every lane, all curves are on one scale: that of a mean over samples."""
    only = trainer.snapshot(0, Wanted(curves=CurveRequest(1000, only=column.partition("_")[2])))
    curves = [curve for curve in only.curves if curve.column == column]
    assert curves or any(lane.stopped for lane in trainer.lanes)
    for curve in curves:
        lane = run.trainer.lane(curve.lane)
        rows = [
            (float(row.epoch), row.values[column] * to_mean(run, lane, row.update, column))
            for row in lane.history.rows()
        ]
        for epoch, value in zip(curve.epochs.tolist(), curve.values.tolist(), strict=True):
            at_epoch = [mean for at, mean in rows if at == epoch]
            assert math.isnan(value) or any(value == pytest.approx(mean, rel=1e-9, abs=1e-12) for mean in at_epoch)


# Which lane is first


def check_advantage(trainer: Trainer, run: Replay, column: str, data: st.DataObject) -> None:
    truth = {lane.name: values_of(run, lane, column) for lane in run.trainer.lanes}
    finite = sorted({v for _, values, _ in truth.values() for row in values for v in row if math.isfinite(v)})
    if not finite:
        return
    place = data.draw(st.integers(0, len(finite) - 1))
    level = 0.5 * (finite[max(place - 1, 0)] + finite[place])  # between two values, or the least one
    found = ask(trainer, AskAdvantage("A", "B", column, level))
    assert isinstance(found, Advantage)
    first, gap = comparison.first(found, "A", "B"), comparison.gap(found, "A", "B")
    assert found.comparable == is_one_scale(run)
    if not found.comparable:
        assert "is not compared" in first and gap == ""
        return
    rising = column.partition("_")[2] in METRICS
    check_first(first, {name: needed(*truth[name][:2], level, rising) for name in "AB"}, run)
    check_gap(gap, truth, column, run)
    from_other = comparison.first(ask(trainer, AskAdvantage("B", "A", column, level)), "B", "A")
    for pattern in (r"(\w) needs? ", r"(\w) needed ", r"(\w) reache[sd] .* first with", r"Neither lane is first"):
        by_either = {match and match[0] for match in (re.match(pattern, first), re.match(pattern, from_other))}
        assert len(by_either) == 1


def check_first(said: str, truth: dict[str, list[float]], run: Replay) -> None:
    """Check a sentence against the epochs that each seed of each lane needs."""
    if run.every > 1:
        steps = [int(number(step)) for step in re.findall(r"the one before may be ([\d,]+) epochs earlier", said)]
        assert all(step <= run.every for step in steps)
    else:
        assert "Only recorded epochs count" not in said
    reached = {name: sum(map(math.isfinite, epochs)) for name, epochs in truth.items()}
    if said.startswith("Neither lane has reached"):
        assert " at any recorded epoch." in said or reached == {"A": 0, "B": 0}
        return

    def is_at(name: str, epochs: float) -> bool:
        return set(truth[name]) == {epochs}  # of seeds that are one network, too

    if only := re.match(
        r"(\w) reached .* (?:after ([\d,]+) epochs?|before the first epoch); (\w) (has not|stopped)", said
    ):
        assert is_at(only[1], number(only[2] or "0"))
        assert math.isinf(truth[only[3]][0]) or "at any recorded epoch" in said
        assert only[4] == "has not" or run.trainer.lane(only[3]).stopped
    elif both := re.match(r"Both reached .* (?:after ([\d,]+) epochs?|before the first epoch)\.", said):
        assert all(is_at(name, number(both[1] or "0")) for name in "AB")
    elif early := re.match(r"(\w) reached .* before the first epoch, (\w) after ([\d,]+) epochs?\.", said):
        assert is_at(early[1], 0.0) and is_at(early[2], number(early[3]))
    elif times := re.match(
        r"(\w) needed (?:about|(\S+) times) as many .* \(([\d,]+) epochs? of A, ([\d,]+) of B\)", said
    ):
        epochs = {"A": number(times[3]), "B": number(times[4])}
        assert all(is_at(name, epochs[name]) for name in "AB")
        slow, quick = times[1], "AB".replace(times[1], "")
        assert_ratio(times[2], epochs[slow] / epochs[quick])
        assert epochs[slow] > epochs[quick]
    else:
        check_first_of_seeds(said, truth, reached)


def assert_ratio(said: str | None, ratio: float) -> None:
    """Two digits, or three near 1 and from 10 on; "about" only where three digits say 1."""
    if said is None:
        assert abs(ratio - 1.0) < 0.006
        return
    assert number(said) != 1.0
    assert number(said) == pytest.approx(ratio, rel=0.0051 if ratio >= 10.0 or 0.9 < ratio < 1.1 else 0.051)


def check_first_of_seeds(said: str, truth: dict[str, list[float]], reached: dict[str, int]) -> None:
    counts = re.search(r"(\d+) of (\d+) seeds of A reach it, (\d+) of \2 of B\.", said)
    assert counts is not None and int(counts[2]) == len(truth["A"]) > 1
    assert (int(counts[1]), int(counts[3])) == (reached["A"], reached["B"])
    pairs = [(a, b) for a, b in zip(truth["A"], truth["B"], strict=True) if min(a, b) < math.inf]
    sooner = {"A": sum(a < b for a, b in pairs), "B": sum(b < a for a, b in pairs)}
    if neither := re.match(r"Neither lane is first: each reaches .* first with (\d+) of", said):
        assert sooner == {"A": int(neither[1]), "B": int(neither[1])}
    elif by_count := re.match(r"(\w) reaches .* first with (\d+) of \d+ seeds, (\w) with (\d+)\.", said):
        assert sooner == {by_count[1]: int(by_count[2]), by_count[3]: int(by_count[4])}
        assert int(by_count[2]) > int(by_count[4])
    else:
        quotients = sorted(b / a if a else (1.0 if b == 0.0 else math.inf) for a, b in pairs)
        low, high = quotients[(len(quotients) - 1) // 2], quotients[len(quotients) // 2]
        middle = low if low == high else math.sqrt(low * high)
        if f"of {len(truth['A'])} seeds. The" in said or f"of {len(truth['A'])} seeds. {counts[1]}" in said:
            assert f"{len(pairs)} of {len(truth['A'])} seeds." in said
        if said.startswith("A and B need the same number of epochs"):
            assert middle == 1.0
        else:
            ratio = re.match(r"(\w) needs (?:about|(\S+) times) as many epochs as", said)
            assert ratio is not None and (ratio[1] == "B") == (middle >= 1.0)
            assert_ratio(ratio[2], middle if middle >= 1.0 else 1.0 / middle)
        interval = re.search(r", (\S+) (?:to (\S+)|or more) \(95\u2009% interval\)", said)
        if interval and "may be chance" not in said:
            assert not number(interval[1]) <= 1.0 <= number(interval[2] or "1e9") or middle == 1.0
        assert interval is None or len(pairs) >= 5


def check_gap(said: str, truth: dict[str, Any], column: str, run: Replay) -> None:
    if not said:
        return
    several = len(truth["A"][1]) > 1
    assert (", medians" in said) == several
    together = re.match(r"After epoch ([\d,]+): (.*) \(A[^)]*\) and (.*) \(B[^)]*\)", said)
    for place, (name, (epochs, values, updates)) in enumerate(truth.items(), start=2):
        lane = run.trainer.lane(name)
        if together:
            assert not lane.stopped and int(number(together[1])) == run.trainer.epoch
            latest, text = [row[-1] for row in values], together[place]
        else:
            own = re.search(rf"([^ ]+) \({name}, (?:stopped after update ([\d,]+)|after epoch ([\d,]+))", said)
            assert own is not None
            text = own[1]
            if own[2]:
                assert lane.stopped and int(number(own[2])) == updates[-1]
                latest = [[math.nan, *(v for v in row if not math.isnan(v))][-1] for row in values]
            else:
                assert not lane.stopped and int(number(own[3])) == run.trainer.epoch == epochs[-1]
                latest = [row[-1] for row in values]
        running = [value for value in latest if not math.isnan(value)]
        assert text == texts.column_text(column, float(np.median(running)))
        if len(running) < len(latest):
            assert f"{len(running)} of {len(latest)} seeds" in said


@given(experiments(), st.integers(2, 7), st.data())
@settings(max_examples=12)
def test_what_is_said_where_not_every_epoch_is_recorded(
    experiment: Experiment, every: int, data: st.DataObject
) -> None:
    trainer = Trainer(experiment, every=every)
    trainer.run(9)
    names = [set(trainer.readings(lane)) for lane in trainer.lanes]
    columns = sorted(name for name in names[0] & names[1] if name.partition("_")[2] in {*LOSSES, *METRICS})
    column = data.draw(st.sampled_from(columns))
    check_advantage(trainer, replay(trainer, column.partition("_")[2], every), column, data)


def two_lanes(*changes: dict[str, Any], watched: bool = True, **values: Any) -> Trainer:
    experiment = Experiment().with_values({key.replace("__", "."): value for key, value in values.items()})
    lanes = tuple(LaneEntry("AB"[place], lane_changes) for place, lane_changes in enumerate(changes))
    return Trainer(dataclasses.replace(experiment, lanes=lanes).checked(), watched=watched)


def said_of(trainer: Trainer, column: str, level: float) -> str:
    return comparison.first(ask(trainer, AskAdvantage("A", "B", column, level)), "A", "B")


def test_a_sum_and_its_mean_at_the_same_steps_are_equally_quick() -> None:
    summed = {"loss.reduction": "sum", "optimizer.learning_rate": 0.5 / 210}
    trainer = two_lanes({}, summed, loss__monitors=("mse",))
    trainer.run(400)
    epochs, values = trainer.history("A").column("train_mse")
    first = int(epochs[values <= 0.05][0])
    assert first == 355
    goal = "a training mean squared error of 0.05 (as a mean over samples)"
    assert said_of(trainer, "train_mse", 0.05) == f"Both reached {goal} after 355 epochs."


@pytest.mark.parametrize("watched", [True, False])
def test_a_loss_shown_late_was_reached_when_it_was(watched: bool) -> None:
    trainer = two_lanes({}, {"optimizer.learning_rate": 0.3}, watched=watched)
    trainer.run(600)
    trainer.edit({"loss.monitors": ("mse",)})
    trainer.run(5)
    run = replay(trainer, "mse")
    epochs, values, _ = values_of(run, run.trainer.lane("A"), "train_mse")
    truth = needed(epochs, values, 0.04, rising=False)[0]
    assert 100 < truth < 600
    said = said_of(trainer, "train_mse", 0.04)
    match = re.match(r"A reached a training mean squared error of 0.04 after (\d+) epochs?; B has not", said)
    match = match or re.match(r".* 0.04 \((\d+) epochs of A, \d+ of B\)", said)
    assert match
    if watched:  # computed from the parameters, of which those of every fourth epoch are kept
        assert int(match[1]) - 4 < truth <= int(match[1])
        assert said.endswith(" Only recorded epochs count: the one before may be 4 epochs earlier.")
    else:
        assert int(match[1]) == 601 and said.endswith(" Nothing is known of the epochs before 601.")


def test_seeds_with_given_weights_are_one_network() -> None:
    trainer = two_lanes({}, {"optimizer.learning_rate": 0.05}, network__initializer="zeros", run__replicas=6,
                        network__hidden=(), loss__monitors=("mse",))  # fmt: skip
    trainer.run(60)
    said = said_of(trainer, "train_mse", 0.2)
    assert re.fullmatch(
        r"B needed \S+ times as many epochs as A to reach a training mean squared error of 0.2 "
        r"\(\d+ epochs? of A, \d+ of B\)\. All 6 seeds are one and the same network\.",
        said,
    )
    gap = comparison.gap(ask(trainer, AskAdvantage("A", "B", "train_mse", 0.2)), "A", "B")
    assert "interval" not in gap


def test_seeds_that_meet_in_one_minimum_are_not_one_network() -> None:
    trainer = two_lanes({}, {"optimizer.learning_rate": 0.4}, data__dataset="line_with_outliers", network__hidden=(),
                        run__replicas=6)  # fmt: skip
    trainer.run(400)
    assert not differ(*([replica.theta] for replica in trainer.lane("A").replicas[:2]))
    assert "one and the same network" not in said_of(trainer, "train_mse", 1.0)


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ({"loss.delta": 1.0}, {"loss.delta": 0.3}, "delta is 1 in A and 0.3 in B"),
        ({}, {"network.target_coding": "plus_minus_one"}, "the classes are 0 and 1 in A and \u22121 and +1 in B"),
    ],
)
def test_a_loss_on_another_scale_is_not_compared(one: dict[str, Any], other: dict[str, Any], reason: str) -> None:
    trainer = two_lanes(one, other, loss__monitors=("huber",))
    trainer.run(3)
    why = f"Huber is not compared: {reason}, so the same mistake is another number in each."
    assert said_of(trainer, "train_huber", 0.1) == why
    assert "is not compared" not in said_of(trainer, "train_accuracy", 0.1)


def test_a_loss_whose_scale_has_changed_is_not_compared() -> None:
    trainer = two_lanes({}, {}, loss__monitors=("huber",))
    trainer.run(3)
    trainer.edit({"loss.delta": 0.3})
    trainer.run(3)
    assert said_of(trainer, "train_huber", 0.1) == (
        "Huber is not compared: delta changed in A during training, so the same mistake was another number before."
    )


def test_latest_updates_are_not_those_of_the_last_epoch() -> None:
    trainer = two_lanes({}, {"loss.objective": "mse"}, optimizer__batch_size=10)
    trainer.run(3)
    trainer.step()
    last = replay(trainer).steps
    angle = degrees_between(last["A"][0], last["B"][0])
    state = ask(trainer, AskPair("A", "B"))
    assert state.angle == pytest.approx(angle) and abs(state.angles[1][-1] - angle) > 1.0


# Rates


@given(trainers())
@settings(max_examples=14)
def test_matched_rates_make_the_first_updates_equally_long(trainer: Trainer) -> None:
    now = dataclasses.replace(trainer.current, edits=())
    rates = ask(trainer, AskMatchedRates("A"))
    assert isinstance(rates, MatchedRates)
    lengths = first_lengths(Trainer(now, trainer.data))
    assume(all(length > 1e-6 for length in lengths.values()))
    for row in rates.rows:
        assert row.step == pytest.approx(lengths[row.lane], rel=1e-6)
    matched = {row.lane: row.matched for row in rates.rows}
    if all(map(math.isfinite, matched.values())):
        again = first_lengths(Trainer(with_rates(now, matched), trainer.data))
        assert again == pytest.approx({name: lengths["A"] for name in again}, rel=2e-3)
    for reduction in ("mean", "sum"):
        equivalent = {row.lane: row.of_mean if reduction == "mean" else row.of_sum for row in rates.rows}
        check_equivalent(now, reduction, equivalent, lengths, trainer)


def check_equivalent(
    now: Experiment, reduction: str, rates: dict[str, float], lengths: dict[str, float], trainer: Trainer
) -> None:
    for name, rate in rates.items():
        settings_of = now.lane(name)
        penalised = settings_of.optimizer.l1 or settings_of.optimizer.l2
        if math.isnan(rate):
            assert penalised and settings_of.loss.reduction != reduction
        elif rate <= 1e6:
            other = now.with_values({"optimizer.learning_rate": rate, "loss.reduction": reduction}, name)
            tolerance = (
                0.2 if OPTIMIZERS[settings_of.optimizer.name].rescales else 1e-5
            )  # of tiny slopes, epsilon counts
            assert first_lengths(Trainer(other, trainer.data))[name] == pytest.approx(lengths[name], rel=tolerance)


def with_rates(experiment: Experiment, rates: dict[str, float]) -> Experiment:
    for name, rate in rates.items():
        experiment = experiment.with_value("optimizer.learning_rate", rate, name)
    return experiment


def first_lengths(start: Trainer) -> dict[str, float]:
    """Return how long the first update of each lane is: the median over its networks."""
    before = {lane.name: thetas(lane) for lane in start.lanes}
    start.step()
    moved = {
        lane.name: [math.dist(a.tolist(), b.tolist()) for a, b in zip(thetas(lane), before[lane.name], strict=True)]
        for lane in start.lanes
    }
    return {name: float(np.median(lengths)) for name, lengths in moved.items()}


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_every_optimiser_takes_the_matched_first_step(name: str) -> None:
    other = {"loss.reduction": "sum", "optimizer.name": name}
    trainer = two_lanes({}, other, optimizer__batch_size=10)
    (one, two) = ask(trainer, AskMatchedRates("A")).rows
    assert one.matched == one.rate == 0.5
    trainer.edit({"optimizer.learning_rate": two.matched}, "B")
    lengths = first_lengths(trainer)
    assert lengths["B"] == pytest.approx(lengths["A"], rel=1e-3)
    if name == "gradient_descent":
        assert two.matched == pytest.approx(0.05)  # of a batch of 10, not of all 210


# What if


@given(trainers(), st.data())
@settings(max_examples=14)
def test_what_is_said_of_other_losses(trainer: Trainer, data: st.DataObject) -> None:
    """By taking the steps: straight down the gradient for the gradients, by the optimiser for the next steps."""
    answer = ask(trainer, AskWhatIf("A"))
    assert isinstance(answer, Alternatives)
    rows = [row for row in answer.rows if row.name != answer.objective]
    row = data.draw(st.sampled_from(rows))
    said = row_sentence(row, answer)
    found = re.fullmatch(
        r".*: its gradient points (\d+)\u00b0 off that of .* and is (?:about|(\S+) times) as long\."
        r"(?: The next step of .* would be (\d+)\u00b0 off\.)?",
        said,
    )
    lane = trainer.lane("A")
    if found is None or lane.stopped or lane.replicas[0].stopped:
        return
    down = {"optimizer.name": "gradient_descent", "optimizer.batch_size": 0, "optimizer.learning_rate": 1e-3}
    gradients = [step_with(trainer, name, down) for name in (answer.objective, row.name)]
    if gradients[1] is None or gradients[0] is None or min(np.linalg.norm(g) for g in gradients) < 1e-9:
        return
    assert float(found[1]) == pytest.approx(degrees_between(*gradients), abs=0.6)
    assert_ratio(found[2], float(np.linalg.norm(gradients[1]) / np.linalg.norm(gradients[0])))
    steps = [step_with(trainer, name, {"optimizer.batch_size": 0}) for name in (answer.objective, row.name)]
    if steps[0] is not None and steps[1] is not None and min(np.linalg.norm(s) for s in steps) > 1e-9:
        assert float(found[3] or found[1]) == pytest.approx(degrees_between(*steps), abs=1.1)


def step_with(trainer: Trainer, loss: str, changes: dict[str, Any]) -> Any:
    """Return the next step of lane A if it learns with this loss, from the same weights; None if there is none."""
    trainer.settle()
    again = replay(trainer).trainer
    lane = again.lane("A")
    output = {"network.output": lane.activations[-1]}  # another loss may bring another output with it
    coding = (
        {} if again.current.lane("A").network.target_coding != "auto" else {"network.target_coding": lane.codings[loss]}
    )
    again.edit({"loss.objective": loss, **output, **coding}, "A")
    shared = {key: value for key, value in changes.items() if key == "optimizer.batch_size"}
    own = {key: value for key, value in changes.items() if key not in shared}
    again.edit(shared)
    if own:
        again.edit(own, "A")
    if again.epoch_position != again.epoch:
        return None  # the rest of the epoch is a batch of its own
    before = lane.replicas[0].theta.copy()
    again.step()
    return None if lane.replicas[0].stopped else lane.replicas[0].theta - before


def test_under_adam_gradients_are_not_steps() -> None:
    trainer = Trainer(Experiment().with_values({"optimizer.name": "adam", "optimizer.learning_rate": 0.01}))
    trainer.run(50)
    answer = ask(trainer, AskWhatIf("A"))
    row = next(row for row in answer.rows if row.name == "mse")
    gradient, step = (math.degrees(math.acos(cosine)) for cosine in (row.cosine, row.step_cosine))
    assert gradient - step > 5.0
    assert row_sentence(row, answer).endswith(f" The next step of Adam would be {step:.0f}\u00b0 off.")
    assert overview(answer).startswith("Nearest to the gradient of binary cross-entropy: ")
    assert " The next step of Adam would be " in overview(answer)


# Sweeps


def test_a_sweep_compares_means_of_losses_and_no_costs_of_another_reduction() -> None:
    base = Experiment().with_values({"data.samples": 40, "run.epochs": 20, "run.replicas": 2})
    mean, total = cells(base, [axis("loss.reduction", ["mean", "sum"])])
    total = dataclasses.replace(total, experiment=total.experiment.with_value("optimizer.learning_rate", 0.5 / 28))
    results = [run_cell(cell.experiment.dumps(), None, cell.digest) for cell in (mean, total)]
    one, other = (result.lanes[0] for result in results)
    for column in ("train_mse", "test_mse", "train_binary_cross_entropy"):
        assert other.values[column] == pytest.approx(one.values[column], rel=1e-9)
        assert incomparable(column, results) == ""
    assert other.values["train_cost"] == pytest.approx([28 * cost for cost in one.values["train_cost"]], rel=1e-9)
    assert incomparable("train_cost", results) == "costs are reduced in different ways: not comparable"
    assert not one.is_one_network


def test_a_sweep_over_a_parameter_of_a_loss_does_not_compare_that_loss() -> None:
    base = Experiment().with_values({"data.samples": 40, "run.epochs": 2, "loss.objective": "huber"})
    grid = cells(base, [axis("loss.delta", [0.3, 1.0])])
    results = [run_cell(cell.experiment.dumps(), None, cell.digest) for cell in grid]
    assert incomparable("train_huber", results) == "its parameters differ between cells: not comparable"
    assert incomparable("train_cost", results) == "its parameters differ between cells: not comparable"
    assert incomparable("train_mse", results) == ""
