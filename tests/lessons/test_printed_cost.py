"""The code of lesson 1, run as it stands in the text, against the network that the lesson says it trains."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Trainer
from sandbox.lessons import lesson_folders, read_lesson
from tests.lessons.listings import listings

LESSON = read_lesson(lesson_folders()["01-the-printed-cost"])


def code() -> str:
    """Return the code that the lesson shows."""
    (found,) = listings(LESSON)
    return found


def sigmoid(z: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-z))


def trained(code: str, updates: int) -> dict[str, Any]:
    """Run the code in a loop of plain gradient descent, on the lesson's data and from its initial weights."""
    experiment = LESSON.experiments["learned.toml"]
    trainer = Trainer(experiment)
    names: dict[str, Any] = dict(trainer.parameters("A"))
    names |= {name: value[:, None] for name, value in names.items() if name.startswith("b")}
    # As in the question, d_sigmoid takes the activation: of a = sigmoid(z) it is a (1 - a).
    names |= {
        "sigmoid": sigmoid,
        "d_sigmoid": lambda a: a * (1 - a),
        "X": trainer.data.X_train.T,
        "y": trainer.data.y_train[None],
    }
    for _ in range(updates):
        exec(code, names)
        for name in ("W1", "b1", "W2", "b2"):
            names[name] = names[name] - experiment.optimizer.learning_rate * names[f"d{name}"]
    return names


@pytest.mark.parametrize(("lane", "left_out"), [("A", ""), ("B", " * d_sigmoid(a_2)")])
def test_the_code_trains_the_lane_that_the_lesson_says(lane: str, left_out: str) -> None:
    trainer = Trainer(LESSON.experiments["learned.toml"])
    trainer.run(20)
    changed = code().replace(f"d_Z2 = (a_2 - y){left_out}", "d_Z2 = (a_2 - y)")
    assert (changed != code()) == bool(left_out)
    names = trained(changed, 20)
    for name, value in trainer.parameters(lane).items():
        assert names[name].reshape(value.shape) == pytest.approx(value, rel=1e-9, abs=1e-12), name


def test_the_printed_cost_is_used_nowhere_in_the_code() -> None:
    printed = re.sub(r"^cost = .*$", "cost = -(y * np.log(a_2)).sum()", code(), flags=re.MULTILINE)
    assert printed != code()
    with_other = trained("import numpy as np\n" + printed, 20)
    for name, value in trained(code(), 20).items():
        if name[0] in "Wb":
            assert np.array_equal(with_other[name], value), name


def test_outputs_between_0_and_1_cannot_do_better_than_the_lesson_says() -> None:
    X = Trainer(LESSON.experiments["inputs.toml"]).data.X_train
    nearest = np.clip(X, 0.0, 1.0)
    assert 0.5 * ((X - nearest) ** 2).sum() == pytest.approx(45.7, abs=0.05)
    assert (round(float(X.min()), 2), round(float(X.max()), 2)) == (-1.31, 2.35)


def test_the_code_prints_what_the_lane_shows_as_its_printed_cost() -> None:
    trainer = Trainer(LESSON.experiments["experiment.toml"])
    trainer.run(20)
    # The code computes its cost before the update: after one update more it is that of 20 epochs.
    assert trained(code(), 21)["cost"] == pytest.approx(trainer.readings(trainer.lanes[0])["train_mse"], rel=1e-9)


def test_squared_error_gets_there_after_more_than_10000_epochs() -> None:
    trainer = Trainer(LESSON.experiments["learned.toml"])
    trainer.run(200)
    goal = trainer.history("B").column("train_half_mse")[1][-1]
    trainer.run(12_000 - 200)
    epochs, costs = trainer.history("A").column("train_half_mse")
    assert 10_000 < epochs[np.argmax(costs < goal)] <= 12_000
