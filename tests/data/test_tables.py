"""The shipped tables, against what their publications say about them."""

from __future__ import annotations

import csv
from collections import Counter

import pytest

from sandbox.data import DATASETS, load_data
from sandbox.data.tables import TABLES
from sandbox.errors import InputError
from sandbox.resources import resource


@pytest.mark.parametrize(
    ("name", "task", "n_features", "sizes"),
    [
        # 344 penguins, two of them never measured (an Adelie and a Gentoo)
        ("penguins", "multiclass", 2, {"Adelie": 151, "Chinstrap": 68, "Gentoo": 123}),
        ("iris", "multiclass", 4, {"setosa": 50, "versicolor": 50, "virginica": 50}),
        ("breast_cancer", "binary", 30, {"benign": 357, "malignant": 212}),
        (
            "digits", "multiclass", 64,
            dict(zip("0123456789", (178, 182, 177, 183, 181, 182, 181, 179, 174, 180), strict=True)),
        ),
    ],
)  # fmt: skip
def test_published_sizes(name: str, task: str, n_features: int, sizes: dict[str, int]) -> None:
    data = load_data(dataset=name, test_fraction=0)
    assert data.task == DATASETS[name].task == task
    assert data.feature_names == DATASETS[name].features and len(data.feature_names) == n_features
    assert data.class_names == tuple(sorted(sizes))
    assert Counter(data.class_names[label] for label in data.y_train) == sizes
    rows = sum(sizes.values())
    assert data.X_train.shape == (rows, n_features)
    assert len(load_data(dataset=name).X_test) == round(0.3 * rows)


def test_iris_has_fishers_means() -> None:
    """Means of the 150 flowers, in cm, as the UCI repository's summary gives them."""
    data = load_data(dataset="iris", test_fraction=0)
    assert data.mean == pytest.approx((5.84, 3.05, 3.76, 1.20), abs=0.01)


def test_digits_are_grey_levels_from_0_to_16() -> None:
    data = load_data(dataset="digits", standardize=False)
    assert (data.X_train.min(), data.X_train.max()) == (0, 16)


def test_penguins_say_what_was_left_out() -> None:
    assert load_data(dataset="penguins").notices == ("2 rows with missing values were left out.",)


def test_another_target_and_other_features() -> None:
    data = load_data(dataset="penguins", target="body_mass_g", features=["flipper_length_mm", "bill_depth_mm^2"])
    assert (data.task, data.target_names) == ("regression", ("body_mass_g",))
    assert data.inputs == ("flipper_length_mm", "bill_depth_mm")
    assert load_data(dataset="iris", target="petal_width_cm").feature_names == (
        "sepal_length_cm", "sepal_width_cm", "petal_length_cm",
    )  # fmt: skip
    with pytest.raises(InputError, match=r'^penguins: the column "island" has no numbers \(line 2 has "Torgersen"\)'):
        load_data(dataset="penguins", features=["island"])


def test_generator_settings_do_not_change_a_table() -> None:
    assert all(
        table.takes == frozenset() and table.samples is None and table.noise is None for table in TABLES.values()
    )
    assert len(load_data(dataset="iris", samples=10, noise=1.0, test_fraction=0).X_train) == 150


def test_every_table_has_a_source_and_a_licence() -> None:
    rows = [line.split("|") for line in resource("datasets", "SOURCES.md").read_text().splitlines() if "| " in line]
    licences = {row[1].strip(): row[5].strip() for row in rows if row[1].strip().endswith(".csv")}
    shipped = {path.name for path in resource("datasets").glob("*.csv")}
    assert set(licences) == shipped and len(shipped) == len(TABLES)
    assert set(licences.values()) == {"CC0", "CC BY 4.0"}


@pytest.mark.parametrize("name", ["iris", "breast_cancer", "digits"])
def test_default_features_are_every_other_column(name: str) -> None:
    file = {"breast_cancer": "breast_cancer_wisconsin"}.get(name, name)
    with resource("datasets", f"{file}.csv").open(newline="") as lines:
        header = next(csv.reader(lines))
    assert (*TABLES[name].features, TABLES[name].target) == tuple(header)
