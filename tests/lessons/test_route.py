"""What leads to a step, what the window asks about it, and how its claims are written for people."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.training.snapshot import Wanted
from sandbox.lessons import AskStep, Lesson, figure_text, follow, lesson_folder, read_claim, read_lesson, read_quantity
from sandbox.lessons.claim import Verdict
from sandbox.lessons.route import Change, Open, TrainTo, acts_before, route, trained_to

HEAD = '+++\ntitle = "T"\nsummary = "S"\nsources = ["B. 1999."]\n+++\n'
SMALL = '[data]\nsamples = 20\n[[lanes]]\nname = "A"\n[[lanes]]\nname = "B"\nloss.objective = "mse"\n'


def lesson(tmp_path: Path, *blocks: str) -> Lesson:
    steps = "".join(f"## {number}\n```step\n{block}\n```\nText.\n" for number, block in enumerate(blocks))
    (tmp_path / "lesson.md").write_text(HEAD + steps, encoding="utf-8")
    for name in ("experiment", "other"):
        (tmp_path / f"{name}.toml").write_text(SMALL, encoding="utf-8")
    return read_lesson(tmp_path)


RATE = "lane = 'B'\n[set.optimizer]\nlearning_rate = 0.125"


def test_a_route_begins_at_the_last_experiment_that_was_opened(tmp_path: Path) -> None:
    read = lesson(tmp_path, "train = 4", f"train = 6\n{RATE}", "open = 'other.toml'\ntrain = 3", "restart = true")
    change = Change({"optimizer.learning_rate": 0.125}, "B")
    assert route(read, 0) == [Open("experiment.toml")]
    assert route(read, 1) == [Open("experiment.toml"), TrainTo(4), change]
    assert route(read, 2) == [Open("other.toml")]
    assert route(read, 3) == [Open("other.toml"), TrainTo(3), Change({}, "", restart=True)]
    assert acts_before(read.steps[1]) == [change]
    assert [trained_to(read, index) for index in range(4)] == [4, 6, 3, 0]


def test_a_setting_that_needs_a_new_run_begins_counting_afresh(tmp_path: Path) -> None:
    read = lesson(tmp_path, "train = 4", "train = 3\n[set.network]\nseed = 3", "train = 2")
    assert [trained_to(read, index) for index in range(3)] == [4, 3, 3]


def test_the_route_leads_to_the_weights_of_following(tmp_path: Path) -> None:
    read = lesson(tmp_path, "train = 4", f"train = 6\n{RATE}", "claims = ['B train_mse after 6 < 9']")
    trainer = Trainer(read.experiments["experiment.toml"], watched=True)
    for act in route(read, 2):
        if isinstance(act, TrainTo):
            trainer.run(act.epoch - trainer.epoch)
        elif isinstance(act, Change):
            trainer.edit(act.changes, act.lane or None)
    *_, last = follow(read, 1)
    ((claim, verdict),) = last.claims
    assert claim.left.values(trainer)[0] == verdict.value


def test_the_window_asks_for_figures_and_claims_of_one_moment() -> None:
    experiment = Experiment.loads(SMALL)
    figures = tuple(map(read_quantity, ("A train_mse after 3", "A train_mse after 99", "A and B differ since")))
    question = AskStep("A", figures, (read_claim("A and B differ since = 1"), read_claim("C stops after = never")))
    trainer = Trainer(experiment, watched=True)
    before = {name: value.copy() for name, value in trainer.parameters("A").items()}
    answer = trainer.snapshot(0, Wanted(questions=(question,))).answers[question]
    assert all(np.array_equal(before[name], value) for name, value in trainer.parameters("A").items())
    assert math.isnan(answer.figures[0]) and math.isinf(answer.figures[2])
    trainer.run(3)
    answer = trainer.snapshot(0, Wanted(questions=(question,))).answers[question]
    assert answer.figures[0] == read_quantity("A train_mse after 3").values(trainer)[0]
    assert math.isnan(answer.figures[1]) and answer.figures[2] == 1.0
    known, unknown = answer.claims
    assert known.holds and not unknown.is_known and not unknown.holds  # there is no lane C


def test_over_several_seeds_a_figure_is_the_median() -> None:
    experiment = Experiment.loads(SMALL).with_value("run.replicas", 5)
    trainer = Trainer(experiment, watched=True)
    trainer.run(3)
    figure = read_quantity("A train_cost after 3")
    question = AskStep("A", (figure,), ())
    answer = trainer.snapshot(0, Wanted(questions=(question,))).answers[question]
    assert answer.figures == (float(np.median(figure.values(trainer))),)


def test_never_is_known_only_once_the_step_is_over() -> None:
    parted, cost = read_quantity("A and B differ since"), read_quantity("A train_accuracy after 3")
    assert figure_text(parted, math.inf, False) == "\u2013" and figure_text(parted, math.inf, True) == "never"
    assert figure_text(parted, 7.0, False) == "update 7"
    assert figure_text(cost, math.nan, True) == "\u2013" and figure_text(cost, 0.975, False) == "97.5\u2009%"


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        ("B test_accuracy after 150 > 0.93", "Test accuracy of B after 150 epochs: above 93\u2009%"),
        ("B test_accuracy after 1 >= 0.9325", "Test accuracy of B after 1 epoch: at least 93.25\u2009%"),
        ("A train_mse after 1000 <= 0.1", "Training mean squared error of A after 1,000 epochs: at most 0.1"),
        (
            "A epochs to train_mse 0.1 > 3 * B epochs to train_mse 0.1",
            "Epochs that A needs to reach a training mean squared error of 0.1: above 3 times those that B needs",
        ),
        ("A and B differ since = never", "The weights of A and B never differ"),
        ("A and B differ since = 1", "First update after which the weights of A and B differ: update 1"),
        ("naive stops after = never", "\u201cnaive\u201d never stops"),
        ("A epochs to train_mse 0.1 = never", "A never reaches a training mean squared error of 0.1"),
        ("A train_cost after 9 = never", "Training cost of A after 9 epochs is infinite"),
        ("huber train_huber after 3 < 2", "Training Huber loss of \u201chuber\u201d after 3 epochs: below 2"),
        ("A stops after < 20", "Epoch at which A stops: below 20 epochs"),
        (
            "A train_mse after 3 = 0.933 within 0.001",
            "Training mean squared error of A after 3 epochs: 0.933, give or take 0.001",
        ),
        (
            "A train_cost after 0 = 0.693048 within 5e-7",
            "Training cost of A after 0 epochs: 0.693048, give or take 5e\u22127",
        ),
        ("A train_cost after 10 > 1e30", "Training cost of A after 10 epochs: above 1e30"),
        (
            "A test_accuracy after 3 = 0.5 within 0.02",
            "Test accuracy of A after 3 epochs: between 48\u2009% and 52\u2009%",
        ),
        (
            "A test_accuracy after 3 = 0.995 within 0.02",
            "Test accuracy of A after 3 epochs: between 97.5\u2009% and 100\u2009%",
        ),
        (
            "A epochs to train_mse 0.12345 = 9 * B epochs to train_mse 0.1 within 25",
            "Epochs that A needs to reach a training mean squared error of 0.12345: 9 times the epochs that B "
            "needs to reach a training mean squared error of 0.1, give or take 25 epochs",
        ),
        (
            "A test_accuracy after 3 = B test_accuracy after 3 within 0.02",
            "Test accuracy of A after 3 epochs: that of B, give or take 2\u2009%",
        ),
        (
            "A test_accuracy after 9 > A test_accuracy after 3",
            "Test accuracy of A after 9 epochs: above that of A after 3 epochs",
        ),
        (
            "A test_accuracy after 3 > B train_accuracy after 3",
            "Test accuracy of A after 3 epochs: above the training accuracy of B after 3 epochs",
        ),
    ],
)
def test_claims_are_written_for_people(claim: str, sentence: str) -> None:
    assert read_claim(claim).sentence == sentence


@pytest.mark.parametrize(
    ("claim", "value", "other", "figures"),
    [
        ("A train_cost after 0 = 0.693048 within 5e-7", 0.6930481, 0.693048, "0.693048"),
        ("A train_cost after 300 = 16.118 within 0.001", 16.11810, 16.118, "16.118"),
        ("A train_cost after 3 > 0.67", 0.675886, 0.67, "0.6759"),
        ("A train_cost after 3 < 0.67", 0.66996, 0.67, "0.66996"),
        ("A train_cost after 1 < A train_cost after 0", 0.692981, 0.693048, "0.69298 against 0.69305"),
        ("A train_cost after 1 < 2 * A train_cost after 0", 0.5, 1.4, "0.5000 against 0.7000"),
        ("A train_accuracy after 1 = 0.6725", 0.6725, 0.6725, "67.25\u2009%"),
        ("A train_accuracy after 1 = 0.9 within 0.1", 0.8999, 0.9, "90.0\u2009%"),
        ("A train_accuracy after 1 > B train_accuracy after 1", 0.97502, 0.975, "97.502\u2009% against 97.500\u2009%"),
        ("A train_accuracy after 1 = B train_accuracy after 1", 0.975, 0.975, "97.5\u2009% against 97.5\u2009%"),
        ("A epochs to train_mse 0.1 < 100", 21.0, 100.0, "21 epochs"),
        ("A and B differ since = 1", 1.0, 1.0, "update 1"),
        ("A stops after = never", math.inf, math.inf, "never"),
    ],
)
def test_figures_have_the_digits_that_tell_them_apart(claim: str, value: float, other: float, figures: str) -> None:
    assert read_claim(claim).figures(Verdict(value, other, True, 1, 1)) == figures


@given(st.floats(1e-3, 1e4), st.floats(-1e-4, 1e-4))
def test_figures_that_differ_are_written_differently(value: float, step: float) -> None:
    other = value * (1 + step)
    ours, theirs = (
        read_claim("A train_cost after 1 < A train_cost after 0")
        .figures(Verdict(value, other, True, 1, 1))
        .split(" against ")
    )
    assert (ours != theirs) == (abs(value - other) > 1e-9 * value) or abs(value - other) < 1e-8 * value


def test_a_lesson_is_named_by_its_folder_or_its_text(tmp_path: Path) -> None:
    folder = lesson(tmp_path, "").folder
    assert lesson_folder(folder) == lesson_folder(folder / "lesson.md") == folder
    assert lesson_folder(folder / "experiment.toml") is None and lesson_folder(tmp_path.parent) is None
