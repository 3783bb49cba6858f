"""From target columns to a task."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sandbox.data import load_data
from sandbox.data.targets import encode
from sandbox.errors import InputError


def numbers(*values: float) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


def names(*values: str) -> NDArray[np.object_]:
    return np.array(values, dtype=np.object_)


@pytest.mark.parametrize(
    ("column", "task", "class_names", "y"),
    [
        (names("dog", "cat", "dog"), "binary", ("cat", "dog"), [1, 0, 1]),
        (names("b", "c", "a"), "multiclass", ("a", "b", "c"), [1, 2, 0]),
        (names("10", "9", "x"), "multiclass", ("10", "9", "x"), [0, 1, 2]),
        (numbers(10, 9, 10), "binary", ("9", "10"), [1, 0, 1]),
        (numbers(1, -1, -1), "binary", ("-1", "1"), [1, 0, 0]),
        (numbers(*range(20)), "multiclass", tuple(map(str, range(20))), list(range(20))),
    ],
)
def test_classes_are_recognised(
    column: NDArray[np.float64], task: str, class_names: tuple[str, ...], y: list[int]
) -> None:
    encoded_task, targets, encoded_names = encode("t", {"y": column})
    assert (encoded_task, encoded_names, targets.tolist()) == (task, class_names, y)
    assert targets.dtype == np.int64


@pytest.mark.parametrize("column", [numbers(0.5, 1, 2), numbers(*range(21)), numbers(0.5, 0.5, 0.5)])
def test_other_numbers_are_a_regression(column: NDArray[np.float64]) -> None:
    task, targets, class_names = encode("t", {"y": column})
    assert (task, class_names) == ("regression", ())
    assert np.array_equal(targets, column[:, np.newaxis])


def test_several_targets_are_a_regression() -> None:
    task, targets, class_names = encode("t", {"u": numbers(0, 1), "v": numbers(1, 0)})
    assert (task, class_names) == ("regression", ())
    assert targets.dtype == np.float64 and targets.tolist() == [[0, 1], [1, 0]]


def test_a_given_task_overrides() -> None:
    assert encode("t", {"y": numbers(0, 1)}, "regression")[1].tolist() == [[0], [1]]
    assert encode("t", {"y": numbers(0, 1)}, "multiclass")[0] == "multiclass"
    task, y, class_names = encode("t", {"y": numbers(1.5, 0.25)}, "binary")
    assert (task, y.tolist(), class_names) == ("binary", [1, 0], ("0.25", "1.5"))
    with pytest.raises(InputError, match=r'^t: the target "y" has 3 classes, but a binary task has two\.$'):
        encode("t", {"y": numbers(0, 1, 2)}, "binary")
    with pytest.raises(InputError, match=r'^t: the target "y" has 21 classes; at most 20 are allowed\.$'):
        encode("t", {"y": numbers(*range(21))}, "multiclass")


def test_a_generator_follows_the_task_too() -> None:
    flower = load_data(dataset="flower", task="regression", test_fraction=0)
    assert flower.y_train.shape == (400, 1) and set(flower.y_train.ravel().tolist()) == {0.0, 1.0}
    assert load_data(dataset="moons", task="multiclass").task == "multiclass"
    with pytest.raises(InputError, match=r'^blobs: the target "y" has 3 classes, but a binary task has two\.$'):
        load_data(dataset="blobs", task="binary")
