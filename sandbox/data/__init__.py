"""Data: generators, shipped tables, the user's CSV, features, splitting and scaling."""

from sandbox.data.bounds import BOUNDS
from sandbox.data.load import DATASETS, FILE_RECOMMENDED, Data, load_data
from sandbox.data.table import Dataset

__all__ = ["BOUNDS", "DATASETS", "FILE_RECOMMENDED", "Data", "Dataset", "load_data"]
