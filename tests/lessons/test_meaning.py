"""What lines are to a network: whether a printed cost is the one learned with, and what they compute on their way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sandbox.lessons.listing import read_listing
from sandbox.lessons.meaning import is_learned_with, parts
from sandbox.nn import LOSSES
from sandbox.notation.arithmetic import value_of
from sandbox.notation.equations import EquationSetup

SQUARES = "((a_2 - y) ** 2)"
LOGS = "(y * np.log(a_2) + (1 - y) * np.log(1 - a_2))"


def setup(loss: str, reduction: str = "sum", output: str = "sigmoid", outputs: int = 1, **other: Any) -> EquationSetup:
    parameters = tuple(sorted((LOSSES[loss]().parameter_values | other.pop("parameters", {})).items()))
    return EquationSetup(LOSSES[loss], parameters, ("tanh", output), outputs, reduction, **other)


@pytest.mark.parametrize(
    ("code", "learned"),
    [
        (f"cost = 0.5 * {SQUARES}.sum()", setup("half_mse")),
        ("cost = np.sum(np.square(y - a_2)) / 2", setup("half_mse")),
        (f"cost = {SQUARES}.mean()", setup("mse", "mean")),
        ("R = a_2 - y\nm = y.shape[1]\ncost = (R * R).sum() / m", setup("mse", "mean")),
        (f"cost = {SQUARES}.mean()", setup("mse", "element_mean", outputs=3)),
        (f"cost = {SQUARES}.sum(axis=0).mean()", setup("mse", "mean", "linear", 3)),
        (f"cost = -{LOGS}.mean()", setup("binary_cross_entropy", "mean")),
        (f"cost = -np.sum{LOGS} / y.size", setup("binary_cross_entropy", "mean")),
        ("cost = np.abs(a_2 - y).sum()", setup("mae", "sum", "linear")),
        ("cost = -(y * np.log(a_2)).sum()", setup("categorical_cross_entropy", "sum", "softmax", 3)),
        (f"cost = 0.5 * {SQUARES}.sum() + 0.05 * (np.sum(W1 ** 2) + np.sum(W2 ** 2))", setup("half_mse", l2=0.1)),
    ],
)
def test_a_cost_that_is_learned_with_is_known(code: str, learned: EquationSetup) -> None:
    listing = read_listing(code)
    assert is_learned_with(listing, len(listing.lines) - 1, learned) is True


@pytest.mark.parametrize(
    ("code", "learned"),
    [
        (f"cost = {SQUARES}.mean()", setup("half_mse")),
        (f"cost = {SQUARES}.mean()", setup("mse", "sum")),
        (f"cost = {SQUARES}.mean()", setup("mse", "mean", outputs=3)),
        (f"cost = {SQUARES}.sum()", setup("mse", l2=0.1)),
        (f"cost = -{LOGS}.mean()", setup("mse", "mean")),
        (f"cost = -{LOGS}.mean()", setup("focal", "mean")),
        ("cost = ((a_2 - X) ** 2).sum()", setup("mse", outputs=2)),
    ],
)
def test_another_cost_is_known(code: str, learned: EquationSetup) -> None:
    assert is_learned_with(read_listing(code), 0, learned) is False


@pytest.mark.parametrize(
    "code",
    [
        "cost = my_loss(a_2, y)",
        "cost = (a_2 - y) ** 2",  # no number
        "cost = ((a_9 - y) ** 2).mean()",
        f"cost = {SQUARES}.mean(",
        f"cost = {SQUARES}.sum() / m",
        f"cost = {SQUARES}.sum() / m\nm = 3\nm = 4",
        f"y = 2 * y\ncost = {SQUARES}.sum()",
        "a = b\nb = a\ncost = a",
        "cost = np.load(a_2)",
        "cost = open(a_2).sum()",
        "cost = a_2.tofile(y)",
        "cost = a_2[0].sum()",
        "cost += a_2",
        "cost, other = a_2.sum(), 1",
        "cost = np.sum(a_2, axis=np)",
        "cost = " + "(" * 80 + "a_2" + ")" * 80,
    ],
)
def test_what_is_not_known_is_left_open(code: str) -> None:
    listing = read_listing(code)
    number = next(n for n, line in enumerate(listing.lines) if line.text.startswith("cost"))
    assert is_learned_with(listing, number, setup("mse")) is None


def test_a_cost_that_differs_only_far_from_the_targets_is_left_open() -> None:
    huber = setup("huber", "sum", "linear", parameters={"delta": 12.0})
    assert is_learned_with(read_listing(f"cost = 0.5 * {SQUARES}.sum()"), 0, huber) is not True


def test_a_cost_for_targets_of_one_kind_is_not_said_to_be_another() -> None:
    listing = read_listing("cost = -np.log(1 - np.abs(y - a_2)).sum()")  # the cross-entropy, where y is 0 or 1
    assert is_learned_with(listing, 0, setup("binary_cross_entropy")) is None


def test_expressions_are_computed_as_numpy_does() -> None:
    a, b = np.arange(6.0).reshape(2, 3), np.linspace(0.1, 0.9, 6).reshape(2, 3)
    for text, expected in (
        ("-a + 2 * b / 4 - a ** 2", -a + 2 * b / 4 - a**2),
        ("a @ b.T", a @ b.T),
        ("np.dot(a, b.T)", a @ b.T),
        ("np.clip(a, 1, 2).sum(axis=1, keepdims=True)", np.clip(a, 1, 2).sum(axis=1, keepdims=True)),
        ("float(np.mean(a)) * a.shape[1] * a.size", a.mean() * 18),
        ("np.maximum(0, abs(b - c))", np.maximum(0, abs(b - a - 1))),
    ):
        np.testing.assert_allclose(value_of(text, {"a": a, "b": b}, {"c": "a + 1"}), expected)


CODE = """a_2 = sigmoid(W2 @ a_1 + b2)
d_Z2 = (a_2 - y) * d_sigmoid(a_2)
dW2 = d_Z2 @ a_1.T
d_Z1 = (W2.T @ d_Z2) * d_sigmoid(a_1)
"""


def test_a_line_computes_on_its_way_what_has_no_line_of_its_own() -> None:
    listing, learned = read_listing(CODE), setup("half_mse")
    assert [parts(listing, number, learned) for number in range(4)] == [
        frozenset(), {("dA", 2)}, frozenset(), {("dA", 1)},
    ]  # fmt: skip
    with_dA = read_listing(CODE + "dA1 = W2.T @ d_Z2\n")
    assert parts(with_dA, 3, learned) == frozenset()


def test_what_has_cancelled_is_computed_nowhere() -> None:
    listing = read_listing("d_Z2 = a_2 - y\n")
    assert parts(listing, 0, setup("binary_cross_entropy")) == frozenset()
