"""Experiments: what determines a run, and the trainer that runs it."""

from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.parts import Edit
from sandbox.experiment.training.trainer import Trainer

__all__ = ["Edit", "Experiment", "Trainer"]
