"""Features made from columns."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from sandbox.data import load_data
from sandbox.data.features import feature_matrix, inputs_of, parse_feature
from sandbox.errors import InputError

COLUMNS = {
    "x1": np.array([1.0, -2.0, 3.0]),
    "x2": np.array([0.5, 4.0, -1.0]),
    "bill length (mm)": np.array([39.0, 40.0, 41.0]),
    "a*b": np.array([7.0, 8.0, 9.0]),
    "x1^3": np.array([0.0, 0.0, 5.0]),
}
X1, X2, BILL = COLUMNS["x1"], COLUMNS["x2"], COLUMNS["bill length (mm)"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x1", X1),
        (" x1 ", X1),
        ("x1^2", X1 * X1),
        ("x2 ^ 9", X2**9),
        ("x1*x2", X1 * X2),
        ("x1 * x1^2 * x2", X1**3 * X2),
        ("sin(x1)", np.sin(X1)),
        ("cos( x2 )", np.cos(X2)),
        ("abs(x1)*x2", np.abs(X1) * X2),
        ("bill length (mm)", BILL),
        ("bill length (mm)^2", BILL**2),
        ("sin(bill length (mm))", np.sin(BILL)),
        ("a*b", [7.0, 8.0, 9.0]),  # the name of a column always means that column
        ("x1^3", [0.0, 0.0, 5.0]),
    ],
)
def test_features(text: str, expected: np.ndarray) -> None:
    feature = parse_feature(text, COLUMNS)
    assert feature_matrix([feature], COLUMNS)[:, 0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y", 'There is no column "y"; available: x1, x2, bill length (mm), a*b, x1^3.'),
        (
            "sin(x1^4)",
            'There is no column "x1^4" in the feature "sin(x1^4)"; did you mean "x1^3"? Available: x1,',
        ),
        (
            "bill lenght^2",
            'There is no column "bill lenght" in the feature "bill lenght^2"; did you mean "bill len',
        ),
        (
            "x1^1",
            'The feature "x1^1" cannot be read; a feature is a column, column^2 to column^9, sin(column)',
        ),
        ("x1^10", 'The feature "x1^10" cannot be read'),
        ("x1**2", 'There is no column "" in the feature "x1**2"; available:'),
        ("exec(x1)", 'There is no column "exec(x1)"; '),
        ("__import__('os')", "There is no column \"__import__('os')\"; "),
        ("a*b^2", 'There is no column "a" in the feature "a*b^2"; '),
        ("", 'There is no column ""; '),
    ],
)
def test_invalid_features_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        parse_feature(text, COLUMNS)
    assert str(error.value).startswith(message)


def test_inputs_are_listed_once_in_order_of_use() -> None:
    features = [parse_feature(text, COLUMNS) for text in ("x2^2", "x1*x2", "a*b")]
    assert inputs_of(features) == ("x2", "x1", "a*b")


def test_features_are_made_before_scaling_and_can_be_remade() -> None:
    data = load_data(dataset="moons", features=["x1", "x1*x2", "sin(x2)"])
    assert data.feature_names == ("x1", "x1*x2", "sin(x2)") and data.inputs == ("x1", "x2")
    x1, x2 = data.inputs_train.T
    raw = np.column_stack([x1, x1 * x2, np.sin(x2)])
    assert data.X_train == pytest.approx((raw - raw.mean(axis=0)) / raw.std(axis=0))
    assert np.array_equal(data.from_inputs(data.inputs_test), data.X_test)
    assert np.array_equal(pickle.loads(pickle.dumps(data)).from_inputs(data.inputs_test), data.X_test)


@pytest.mark.parametrize(("numbers", "feature"), [((1e200, 2e200, 3e200, 4e200), "a^2"), ((1e200, 0, 0, 1), "a")])
def test_numbers_too_large_are_refused(tmp_path: Path, numbers: tuple[float, ...], feature: str) -> None:
    (tmp_path / "large.csv").write_text("a,y\n" + "".join(f"{a!r},{i % 2}\n" for i, a in enumerate(numbers)))
    with pytest.raises(InputError) as error:
        load_data(file="large.csv", folder=tmp_path, features=[feature], test_fraction=0)
    assert str(error.value) == (
        f'large.csv: the feature "{feature}" has numbers too large to compute with; give it in a larger unit.'
    )
