"""The values of "auto", once the task is known."""

from __future__ import annotations

from sandbox.experiment.document.parts import LossSettings, NetworkSettings
from sandbox.nn import ACTIVATIONS, LOSSES

OUTPUTS = {"binary": "sigmoid", "multiclass": "softmax", "regression": "linear"}
OBJECTIVES = {"binary": "binary_cross_entropy", "multiclass": "categorical_cross_entropy", "regression": "mse"}
# The loss to compare with an objective: the obvious alternative, or the next best if the objective is that one.
RIVALS = {
    "binary": ("mse", "binary_cross_entropy"),
    "multiclass": ("mse", "categorical_cross_entropy"),
    "regression": ("mae", "huber"),
}
SCORES = {"binary": "accuracy", "multiclass": "accuracy", "regression": "r2"}  # shown for every lane, last
RESCALING = "adam"  # what to try where the gradient is much smaller in some layers than in others
FIRST_MONITORS = ("mse",)  # of the experiment that a new window shows


def output_for(network: NetworkSettings, task: str) -> str:
    """Return the output activation: the chosen one, or the task's default for "auto"."""
    return OUTPUTS[task] if network.output == "auto" else network.output


def objective_for(loss: LossSettings, task: str) -> str:
    """Return the objective: the chosen one, or the task's default for "auto"."""
    return OBJECTIVES[task] if loss.objective == "auto" else loss.objective


def coding_for(network: NetworkSettings, objective: str, output: str) -> str:
    """Return the coding of the classes: "zero_one" or "plus_minus_one".

    Some losses are defined for -1 and +1, and some outputs range between them; everything else is a share between 0
    and 1. For classes only: the targets of a regression are never recoded.
    """
    if network.target_coding != "auto":
        return network.target_coding
    low, high = ACTIVATIONS[output].limits
    signed = LOSSES[objective].plus_minus_one or (low, high) == (-1.0, 1.0)
    return "plus_minus_one" if signed else "zero_one"


def rival_of(objective: str, task: str) -> str:
    """Return the most instructive loss to compare with an objective: its obvious alternative."""
    first, second = RIVALS[task]
    return first if objective != first else second
