"""The tables that ship with the program; resources/datasets/SOURCES.md names their sources."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sandbox.data.csv_file import read_table
from sandbox.data.table import Dataset, Recommended, Table
from sandbox.resources import resource

_MEASUREMENTS = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave_points",
    "symmetry", "fractal_dimension",
)  # fmt: skip

TABLES: dict[str, Dataset] = {}


def _table(
    name: str,
    label: str,
    summary: str,
    task: str,
    file: str,
    target: str,
    features: tuple[str, ...],
    level: float,
    recommended: Mapping[str, Recommended] = MappingProxyType({}),
) -> None:
    def read(seed: int) -> Table:
        return read_table(resource("datasets", file), name)

    TABLES[name] = Dataset(
        name, label, summary, task, read, features, target, level=level, recommended=recommended
    )  # fmt: skip


_table(
    "penguins", "Penguins", "Three species of penguin, by the lengths of bill and flipper.", "multiclass",
    "penguins.csv", "species", ("bill_length_mm", "flipper_length_mm"), 0.93,
)  # fmt: skip
_table(
    "iris", "Iris", "Three species of iris, by four measurements of the flower.", "multiclass",
    "iris.csv", "species", ("sepal_length_cm", "sepal_width_cm", "petal_length_cm", "petal_width_cm"), 0.93,
)  # fmt: skip
_table(
    "breast_cancer", "Breast cancer", "Malignant or benign, by 30 measurements of cell nuclei.", "binary",
    "breast_cancer_wisconsin.csv", "diagnosis",
    tuple(form.format(q) for form in ("mean_{}", "{}_error", "worst_{}") for q in _MEASUREMENTS), 0.96,
)  # fmt: skip
_table(
    "digits", "Digits", "Handwritten digits as images of 8 x 8 grey pixels.", "multiclass",
    "digits.csv", "digit", tuple(f"pixel_{row}_{column}" for row in range(8) for column in range(8)), 0.96,
    {"network.hidden": (32,), "optimizer.learning_rate": 0.2, "optimizer.batch_size": 32, "run.epochs": 40},
)  # fmt: skip
