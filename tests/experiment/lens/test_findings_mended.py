"""What each finding offers mends it: after a click the finding is gone, and the network learns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sandbox.experiment.document.settings import SETTINGS
from sandbox.experiment.lens.findings import FINDINGS, looked_for
from tests.experiment.lens.runs import ask, pressed, readings, trainer_of

SCALED: dict[str, Any] = {
    "data__dataset": None, "data__file": "scaled.csv", "optimizer__learning_rate": 0.2,
    **({"data__standardize_target": False} if "data.standardize_target" in SETTINGS else {}),
}  # fmt: skip

Case = tuple[str, int, int, float, dict[str, Any]]


def case(name: str, before: int, after: int, level: float, **values: Any) -> Case:
    """A finding, epochs before the click and after it, the least accuracy or R² then, and the settings."""
    return name, before, after, level, values


CASES: list[Case] = [
    case("log_of_zero", 5, 300, 0.85, network__output="linear", loss__objective="binary_cross_entropy"),
    case("log_of_zero", 5, 300, 0.85, network__output="exp", loss__objective="binary_cross_entropy"),
    case("log_of_zero", 5, 300, 0.85, network__output="relu", loss__objective="binary_cross_entropy"),
    case("log_of_zero", 5, 300, 0.95, data__dataset="iris", loss__objective="kl_divergence", loss__numerics="naive"),
    case(
        "log_of_zero", 5, 600, 0.9, data__dataset="sine", loss__objective="poisson", network__output="linear",
        optimizer__learning_rate=0.05,
    ),
    case("large_targets", 100, 1000, 0.9, **SCALED),
    case("overflow", 400, 600, 0.9, data__dataset="sine", optimizer__learning_rate=50.0),
    case("overflow", 400, 600, 0.85, data__dataset="hills", optimizer__learning_rate=500.0),
    case("single_softmax", 20, 300, 0.85, network__output="softmax"),
    case("single_softmax", 20, 1200, 0.85, network__output="softmax", loss__objective="mse"),
    case("targets_outside", 100, 300, 0.85, network__output="sigmoid", network__target_coding="plus_minus_one"),
    case(
        "targets_outside", 100, 300, 0.95, data__dataset="iris", network__output="softmax",
        loss__objective="binary_cross_entropy", network__target_coding="plus_minus_one",
    ),
    case(
        "targets_outside", 100, 300, 0.3, data__dataset="plane", network__output="tanh",
        loss__objective="kl_divergence", loss__numerics="clamped",
    ),
    case("margin_out_of_reach", 100, 500, 0.85, network__output="sigmoid", loss__objective="hinge"),
    case("margin_out_of_reach", 100, 500, 0.95, network__output="sigmoid", loss__objective="squared_hinge"),
    case(
        "margin_out_of_reach", 50, 100, 0.95, data__dataset="iris", network__output="softmax",
        loss__objective="hinge",
    ),
    case("out_of_reach", 100, 600, 0.9, data__dataset="sine", network__output="sigmoid", optimizer__learning_rate=0.05),
    case(
        "out_of_reach", 100, 900, 0.85, network__output="sigmoid", loss__objective="mse",
        network__target_coding="plus_minus_one",
    ),
    case(
        "margin_of_numbers", 100, 600, 0.9, data__dataset="sine", network__output="linear", loss__objective="hinge",
        optimizer__learning_rate=0.05,
    ),
    case("one_sided", 100, 600, 0.85, network__output="sigmoid", loss__objective="categorical_cross_entropy"),
    case("one_sided", 100, 600, 0.85, network__output="sigmoid", loss__objective="kl_divergence"),
    case("one_sided", 5, 900, 0.8, network__output="softplus", loss__objective="categorical_cross_entropy"),
    case("one_sided", 100, 300, 0.95, data__dataset="iris", network__output="sigmoid"),
    case(
        "one_sided", 100, 500, 0.85, network__output="linear", loss__objective="hinge",
        network__target_coding="zero_one",
    ),
    case(
        "clipped_outputs", 0, 600, 0.85, loss__objective="binary_cross_entropy", network__output="linear",
        loss__numerics="clamped", network__initializer_scale=5.0,
    ),
    case(
        "clipped_outputs", 0, 600, 0.85, loss__objective="focal", network__output="exp", loss__numerics="clamped",
        network__initializer_scale=5.0,
    ),
    case("equal_units", 20, 300, 0.85, network__initializer="zeros"),
    case("equal_units", 20, 300, 0.85, network__initializer_scale=0.0),
    case("diverging", 40, 300, 0.95, data__dataset="plane", network__hidden=(), optimizer__learning_rate=1.1),
    case(
        "overfitting", 300, 300, 0.8, data__samples=40, data__noise=0.4, network__hidden=(32, 16),
        optimizer__name="adam", optimizer__learning_rate=0.02,
    ),
    case("confident_mistakes", 300, 600, 0.95, loss__objective="mae"),
    case(
        "confident_mistakes", 0, 300, 0.95, data__dataset="iris", loss__objective="mse", network__hidden=(),
        network__initializer_scale=20.0,
    ),
    case(
        "saturated", 0, 600, 0.95, network__initializer="normal", network__initializer_scale=100.0,
        network__hidden=(6,),
    ),
    case("saturated", 3, 600, 0.95, network__hidden=(6,), optimizer__learning_rate=1000.0),
    case("saturated", 100, 300, 0.95, optimizer__learning_rate=100.0),
    case("dead_units", 100, 600, 0.85, network__activation="relu", optimizer__learning_rate=5.0),
    case("dead_units", 100, 600, 0.95, network__output="relu", loss__objective="mse", optimizer__learning_rate=5.0),
    case("vanishing", 300, 600, 0.9, optimizer__l2=0.3),
    case(
        "vanishing", 0, 1500, 0.85, network__activation="sigmoid", network__hidden=(6, 6, 6, 6, 6, 6),
        optimizer__learning_rate=0.2,
    ),
    case("majority", 200, 1500, 0.95, data__dataset="circles", data__fraction=0.1),
]  # fmt: skip


@pytest.fixture(autouse=True)
def scaled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plane whose targets are about 100 times too large."""
    X = np.random.default_rng(0).uniform(-1.0, 1.0, (300, 2))
    rows = "".join(f"{a},{b},{100.0 * (a - b)}\n" for a, b in X)
    (tmp_path / "scaled.csv").write_text("a,b,y\n" + rows)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("name", "before", "after", "level", "values"), CASES)
def test_the_change_that_is_offered_mends_it(
    name: str, before: int, after: int, level: float, values: dict[str, Any]
) -> None:
    trainer = trainer_of(**values)
    trainer.run(before)
    for _ in range(200):  # a finding that comes and goes with the weights is asked for while it is there
        if name in ask(trainer) or not trainer.step():
            break
    mended = pressed(trainer, ask(trainer)[name])
    mended.run(after)
    assert name not in ask(mended) and not mended.lanes[0].stopped
    score = readings(mended)
    assert score.get("train_accuracy", score.get("train_r2", -2.0)) >= level
    assert np.isfinite(score["train_cost"])


def test_learning_with_what_got_worse_makes_it_better() -> None:
    trainer = trainer_of(
        data__dataset="line_with_outliers", network__hidden=(), loss__objective="quantile", loss__monitors=("mae",),
        optimizer__learning_rate=0.1,
    )  # fmt: skip
    trainer.set_parameters({"W1": np.array([[1.0]]), "b1": np.array([0.0])})
    while "opposite" not in ask(trainer):
        assert trainer.step()
    worse = readings(trainer)["train_mae"]
    mended = pressed(trainer, ask(trainer)["opposite"])
    mended.run(200)
    assert ask(mended) == {} and readings(mended)["train_mae"] < 0.9 * worse


def test_every_kind_of_finding_is_mended_by_what_it_offers() -> None:
    assert {name for name, *_ in CASES} | {"opposite"} == {kind.name for kind in FINDINGS}


def test_what_is_looked_for_is_said_for_every_kind() -> None:
    sought = looked_for()
    texts = [text for texts in sought.values() for text in texts]
    assert len(set(texts)) == len(texts) and set(texts) == {kind.sought for kind in FINDINGS}
    words = " ".join(texts)
    for jargon in (
        "softmax",
        "saturat",
        "vanish",
        "overflow",
        "objective",
        "monitor",
        "logit",
        "epsilon",
        "clamp",
        "dZ",
    ):
        assert jargon not in words
