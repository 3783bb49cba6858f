"""Experiments: what determines a run, and the trainer that runs it."""

from sandbox.experiment.document import Edit, Experiment
from sandbox.experiment.trainer import Trainer

__all__ = ["Edit", "Experiment", "Trainer"]
