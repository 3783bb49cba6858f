"""Data: generators, shipped tables, the user's CSV, features, splitting and scaling."""

from sandbox.data.bounds import BOUNDS
from sandbox.data.load import DATASETS, Data, load_data
from sandbox.data.table import Dataset

__all__ = ["BOUNDS", "DATASETS", "Data", "Dataset", "load_data"]
