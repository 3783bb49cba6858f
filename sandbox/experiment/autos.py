"""What "auto" stands for, once the task is known."""

from __future__ import annotations

from sandbox.experiment.document import LossSettings, NetworkSettings

_OUTPUTS = {"binary": "sigmoid", "multiclass": "softmax", "regression": "linear"}
_OBJECTIVES = {
    "binary": "binary_cross_entropy",
    "multiclass": "categorical_cross_entropy",
    "regression": "mse",
}


def output_for(network: NetworkSettings, task: str) -> str:
    """Return the output activation: the network's own, or what suits the task."""
    return _OUTPUTS[task] if network.output == "auto" else network.output


def objective_for(loss: LossSettings, task: str) -> str:
    """Return the objective: the one that was chosen, or what suits the task."""
    return _OBJECTIVES[task] if loss.objective == "auto" else loss.objective


def coding_for(network: NetworkSettings, objective: str, output: str) -> str:
    """Return which two numbers stand for the classes: "zero_one" or "plus_minus_one".

    The hinges are written for -1 and +1, and tanh ends there; all else is read as a share between 0 and 1. It
    holds for classes only: the targets of a regression are never recoded.
    """
    if network.target_coding != "auto":
        return network.target_coding
    signed = objective in ("hinge", "squared_hinge") or output == "tanh"
    return "plus_minus_one" if signed else "zero_one"
