"""What "auto" stands for, once the task is known."""

from __future__ import annotations

from sandbox.experiment.document.parts import LossSettings, NetworkSettings
from sandbox.nn import ACTIVATIONS, LOSSES

OUTPUTS = {"binary": "sigmoid", "multiclass": "softmax", "regression": "linear"}
OBJECTIVES = {"binary": "binary_cross_entropy", "multiclass": "categorical_cross_entropy", "regression": "mse"}
# What is set beside an objective: the loss that one might have taken instead, and the next best where it is that one.
RIVALS = {
    "binary": ("mse", "binary_cross_entropy"),
    "multiclass": ("mse", "categorical_cross_entropy"),
    "regression": ("mae", "huber"),
}
SCORES = {"binary": "accuracy", "multiclass": "accuracy", "regression": "r2"}  # shown of every lane, last
FIRST_MONITORS = ("mse",)  # of the experiment that a new window shows


def output_for(network: NetworkSettings, task: str) -> str:
    """Return the output activation: the network's own, or what suits the task."""
    return OUTPUTS[task] if network.output == "auto" else network.output


def objective_for(loss: LossSettings, task: str) -> str:
    """Return the objective: the one that was chosen, or what suits the task."""
    return OBJECTIVES[task] if loss.objective == "auto" else loss.objective


def coding_for(network: NetworkSettings, objective: str, output: str) -> str:
    """Return which two numbers stand for the classes: "zero_one" or "plus_minus_one".

    Some losses are written for -1 and +1, and some outputs end there; all else is read as a share between 0 and 1. It
    holds for classes only: the targets of a regression are never recoded.
    """
    if network.target_coding != "auto":
        return network.target_coding
    low, high = ACTIVATIONS[output].limits
    signed = LOSSES[objective].plus_minus_one or (low, high) == (-1.0, 1.0)
    return "plus_minus_one" if signed else "zero_one"


def rival_of(objective: str, task: str) -> str:
    """Return the loss that teaches most beside an objective: what one would have taken instead."""
    first, second = RIVALS[task]
    return first if objective != first else second
