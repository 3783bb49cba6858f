"""Findings about the data: targets far larger than 1, and an accuracy that one class alone would give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Trainer
from sandbox.nn import METRICS
from tests.experiment.lens.runs import ask, numbers, pressed, readings, trainer_of

MakeTrainer = Callable[..., Trainer]
AS_THEY_ARE = {"data__standardize_target": False}


@pytest.fixture
def make_plane(tmp_path: Any) -> MakeTrainer:
    """Trainers on a tilted plane over two inputs, of a given mean and standard deviation."""

    def make(mean: float, spread: float, **values: Any) -> Trainer:
        rng = np.random.default_rng(0)
        X = rng.uniform(-2.0, 2.0, (200, 2))
        y = X[:, 0] - X[:, 1] / 2.0 + 0.05 * rng.standard_normal(200)
        y = mean + spread * (y - y.mean()) / y.std()
        path = tmp_path / f"plane {mean} {spread}.csv"
        path.write_text("a,b,y\n" + "".join(f"{a},{b},{c}\n" for (a, b), c in zip(X, y, strict=True)))
        return trainer_of(data__dataset=None, data__file=str(path), **AS_THEY_ARE, **values)

    return make


@pytest.mark.parametrize(
    ("mean", "spread", "rate"), [(500.0, 100.0, 0.5), (500.0, 100.0, 0.05), (0.0, 100.0, 0.5), (30.0, 10.0, 0.5)]
)
def test_large_targets_are_why_a_run_fails(make_plane: MakeTrainer, mean: float, spread: float, rate: float) -> None:
    trainer = make_plane(mean, spread, optimizer__learning_rate=rate)
    assert ask(trainer) == {}  # nothing has gone wrong yet
    trainer.run(100)
    found = ask(trainer)
    assert list(found) == ["large_targets"]  # and not what only follows from it
    y = trainer.data.y_train.reshape(-1)
    standard = (y - y.mean()) / y.std()
    assert numbers(found["large_targets"].evidence)[:5] == pytest.approx(
        [y.mean(), y.std(), 0.0, 2.0 * np.abs(y).mean(), 2.0 * np.abs(standard).mean()], rel=0.01, abs=0.01
    )
    assert found["large_targets"].meaning.startswith("Gradients grow with the targets")


def test_large_targets_are_why_a_run_stopped(make_plane: MakeTrainer) -> None:
    trainer = make_plane(500.0, 100.0)
    while trainer.step():
        pass
    (finding,) = ask(trainer).values()
    assert (finding.name, finding.stopped, finding.needs_reset) == ("large_targets", True, True)
    assert finding.evidence.startswith("Overflow: ")


@pytest.mark.parametrize("changes", [{"loss__objective": "huber"}, {"optimizer__name": "adam"}], ids=str)
def test_short_steps_have_a_long_way_to_large_targets(make_plane: MakeTrainer, changes: dict[str, Any]) -> None:
    trainer = make_plane(500.0, 100.0, optimizer__learning_rate=0.05, **changes)
    trainer.run(150)
    finding = ask(trainer)["large_targets"]
    assert finding.meaning.startswith("Outputs begin near 0")
    assert readings(trainer)["train_r2"] < 0.0 and finding.evidence.endswith("a better prediction.")


@pytest.mark.parametrize(
    ("mean", "spread", "values"),
    [
        (500.0, 100.0, {"network__hidden": ()}),  # a linear network copes with targets of any size
        (0.0, 100.0, {"optimizer__learning_rate": 0.001}),
        (30.0, 10.0, {"optimizer__learning_rate": 0.02}),
        (3.0, 1.0, {}),
        (0.0, 9.0, {"optimizer__learning_rate": 0.02}),
    ],
)
def test_a_run_that_copes_with_its_targets_is_left_alone(
    make_plane: MakeTrainer, mean: float, spread: float, values: dict[str, Any]
) -> None:
    trainer = make_plane(mean, spread, **{"optimizer__learning_rate": 0.05, **values})
    for epoch in range(500):
        if epoch < 40 or epoch % 10 == 0:
            assert ask(trainer) == {}, f"after {epoch} epochs"
        trainer.step_epoch()
    assert readings(trainer)["train_r2"] > 0.9


@pytest.mark.parametrize(
    ("mean", "spread", "values"),
    [
        (500.0, 100.0, {}),
        (500.0, 100.0, {"optimizer__learning_rate": 0.05}),
        (500.0, 100.0, {"optimizer__learning_rate": 0.05, "loss__objective": "huber"}),
        (500.0, 100.0, {"optimizer__learning_rate": 0.05, "optimizer__name": "adam"}),
        (0.0, 100.0, {}),
        (30.0, 10.0, {}),
        (1e5, 1e4, {"optimizer__learning_rate": 0.1}),
    ],
    ids=str,
)
def test_what_is_offered_for_large_targets_mends_the_run(
    make_plane: MakeTrainer, mean: float, spread: float, values: dict[str, Any]
) -> None:
    trainer = make_plane(mean, spread, **values)
    trainer.run(100)
    mended = pressed(trainer, ask(trainer)["large_targets"])
    assert mended is not trainer  # begins from the initial weights
    mended.run(1000)
    assert ask(mended) == {}
    assert readings(mended)["train_r2"] > 0.9


# An accuracy that one class alone would give


def confusion(trainer: Trainer) -> tuple[Any, Any]:
    """The predicted and the true classes of the training samples of a single sigmoid unit."""
    parameters, A = trainer.parameters(), trainer.data.X_train
    layers = len(parameters) // 2
    for l in range(1, layers + 1):
        Z = A @ parameters[f"W{l}"].T + parameters[f"b{l}"]
        A = np.tanh(Z)
    return (Z[:, 0] > 0.0).astype(int), trainer.data.y_train


RARE: dict[str, Any] = {"data__dataset": "circles", "data__fraction": 0.1}


def test_a_network_that_always_names_the_frequent_class() -> None:
    trainer = trainer_of(**RARE)
    trainer.run(300)
    finding = ask(trainer)["majority"]
    given, true = confusion(trainer)
    assert finding.evidence.startswith(
        'Accuracy on the training part is 90.0\u2009%: always saying "0" gives 90.0\u2009%.'
    )
    assert numbers(finding.evidence)[:3] == [100 * np.mean(given == true), 0, 100 * np.mean(true == 0)]
    assert numbers(finding.evidence)[3] == (true == 1).sum()
    assert "none is recognised" in finding.evidence and not (given & true).any()
    tested = readings(trainer)["test_accuracy"], np.mean(trainer.data.y_test == 0)
    assert numbers(finding.evidence)[4:] == pytest.approx([100 * part for part in tested], abs=0.05)


def test_each_part_is_compared_with_its_own_frequent_class(tmp_path: Any) -> None:
    rng = np.random.default_rng(3)
    rows = "".join(f"{rng.normal()},{'ok' if k % 5 else 'faulty'}\n" for k in range(300))
    path = tmp_path / "parts.csv"
    path.write_text("a,state\n" + rows)
    trainer = trainer_of(data__dataset=None, data__file=str(path), network__hidden=(3,), optimizer__learning_rate=0.1)
    trainer.run(400)
    finding = ask(trainer)["majority"]
    assert 'always saying "ok" gives 80.0\u2009%' in finding.evidence
    assert finding.evidence.endswith("On the test part it is 80.0\u2009% against 80.0\u2009%.")


def with_hits(tmp_path: Any, hits: int) -> Trainer:
    """A network of one input that finds so many of 81 faulty samples, and takes 10 of 369 others for faulty."""
    cases = [("faulty", 1, hits), ("faulty", -1, 81 - hits), ("ok", 1, 10), ("ok", -1, 359)]
    path = tmp_path / "hits.csv"
    path.write_text("a,state\n" + "".join(f"{a},{state}\n" * count for state, a, count in cases))
    trainer = trainer_of(
        data__dataset=None,
        data__file=str(path),
        data__test_fraction=0.0,
        network__hidden=(),
        optimizer__learning_rate=1e-9,
    )
    sign = 1.0 if trainer.data.class_names.index("faulty") else -1.0
    trainer.set_parameters({"W1": np.array([[sign]]), "b1": np.array([0.0])})
    trainer.run(150)
    return trainer


def test_a_few_lucky_hits_are_no_better(tmp_path: Any) -> None:
    assert ask(with_hits(tmp_path, 11))["majority"].evidence == (
        'Accuracy on the training part is 82.2\u2009%: always saying "ok" gives 82.0\u2009%. '
        "Of the 81 other samples 11 are recognised."
    )


@pytest.mark.parametrize(("hits", "found"), [(5, True), (14, True), (16, False), (40, False)])
def test_more_hits_than_chance_would_give_are_better(tmp_path: Any, hits: int, found: bool) -> None:
    """With 10 false alarms, the standard error of the difference is 4.9 for 14 hits, 5.1 for 16."""
    assert ("majority" in ask(with_hits(tmp_path, hits))) == found


@pytest.mark.parametrize(
    "values",
    [
        {"data__dataset": "gaussians", "data__fraction": 0.1},
        {"data__dataset": "moons", "data__fraction": 0.2},
        {"data__dataset": "breast_cancer", "optimizer__learning_rate": 0.05},
        {"data__dataset": "xor", "network__hidden": ()},  # no better than chance, but the classes are of equal size
        {"data__dataset": "spiral"},
        {"data__dataset": "checkerboard", "data__fraction": 0.45},
        {**RARE, "data__samples": 100},  # 7 samples of the other class: too few to tell
        {
            "data__dataset": "gaussians",
            "data__fraction": 0.9,
            "optimizer__batch_size": 16,
            "optimizer__learning_rate": 0.1,
        },
    ],
    ids=str,
)
def test_no_finding_where_the_accuracy_means_something(values: dict[str, Any]) -> None:
    trainer = trainer_of(**values)
    for epoch in range(400):
        if epoch % 5 == 0:
            assert "majority" not in ask(trainer), f"after {epoch} epochs"
        trainer.step_epoch()


def test_nothing_is_said_before_the_run_has_settled() -> None:
    trainer = trainer_of(**RARE)
    for _ in range(99):
        trainer.step()
        assert "majority" not in ask(trainer)


def test_a_network_that_weighs_the_rare_class_more_is_not_judged_by_accuracy_alone() -> None:
    trainer = trainer_of(data__dataset="gaussians", data__noise=2.0, data__fraction=0.2, loss__positive_weight=4.0)
    trainer.run(300)
    given, true = confusion(trainer)
    assert np.mean(given == true) < np.mean(true == 0)  # less accurate than one class alone
    assert given[true == 1].mean() > 0.6  # but it finds the rare one
    assert "majority" not in ask(trainer)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (RARE, "Set positive weight to 9"),
        ({**RARE, "data__fraction": 0.8, "optimizer__learning_rate": 0.1}, "Set positive weight to 0.25"),
        ({**RARE, "data__fraction": 0.2, "network__hidden": ()}, "Set hidden layers to 6, 4"),
        ({**RARE, "data__fraction": 0.2, "loss__objective": "mse"}, "Learn with binary cross-entropy"),
        ({**RARE, "loss__positive_weight": 2.0}, "Set positive weight to 9"),
    ],
    ids=["weight", "weight of the other", "units", "loss", "weight again"],
)
def test_what_is_offered_mends_the_run(values: dict[str, Any], text: str) -> None:
    trainer = trainer_of(**values)
    trainer.run(200)
    finding = ask(trainer)["majority"]
    assert finding.control is not None and finding.control.text == text
    mended = pressed(trainer, finding)
    mended.run(1500)
    assert "majority" not in ask(mended)
    given, true = confusion(mended)
    rare = int(np.argmin(np.bincount(true)))
    assert (given[true == rare] == rare).mean() > 0.9 and readings(mended)["train_accuracy"] > 0.95


def test_the_accuracy_is_the_one_that_is_shown() -> None:
    trainer = trainer_of(**RARE)
    trainer.run(300)
    shown = METRICS["accuracy"].label, readings(trainer)["train_accuracy"]
    assert ask(trainer)["majority"].evidence.startswith(f"{shown[0]} on the training part is {100 * shown[1]:.1f}")
