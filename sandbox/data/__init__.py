"""Data: generators, shipped tables, the user's CSV, features, splitting and scaling."""

from sandbox.data.bounds import BOUNDS
from sandbox.data.load import DATASETS, FILE_RECOMMENDED, Data, load_data
from sandbox.data.points import can_be_drawn, fitted_scaling, points_data, points_of, scaling_of, with_points
from sandbox.data.table import Dataset

__all__ = [
    "BOUNDS",
    "DATASETS",
    "FILE_RECOMMENDED",
    "Data",
    "Dataset",
    "can_be_drawn",
    "fitted_scaling",
    "load_data",
    "points_data",
    "points_of",
    "scaling_of",
    "with_points",
]
