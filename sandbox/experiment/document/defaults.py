"""The values of "auto", once the task is known."""

from __future__ import annotations

import math
from collections.abc import Iterable

from sandbox.experiment.document.parts import DataSettings, LaneSettings, LossSettings, NetworkSettings
from sandbox.nn import ACTIVATIONS, LOSSES

OUTPUTS = {"binary": "sigmoid", "multiclass": "softmax", "regression": "linear"}
SCORES_OUTPUT = "linear"  # whatever the task, for a loss that takes scores
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


def output_for(network: NetworkSettings, loss: LossSettings, task: str) -> str:
    """Return the output activation: the chosen one or, for "auto", that of the task and the objective."""
    if network.output != "auto":
        return network.output
    return SCORES_OUTPUT if LOSSES[objective_for(loss, task)].takes_scores else OUTPUTS[task]


def objective_for(loss: LossSettings, task: str) -> str:
    """Return the objective: the chosen one, or the task's default for "auto"."""
    return OBJECTIVES[task] if loss.objective == "auto" else loss.objective


def coding_for(network: NetworkSettings, loss: str, output: str) -> str:
    """Return the coding of the classes in which a loss is read: "zero_one" or "plus_minus_one".

    The chosen one or, for "auto", what the loss needs: some are defined for -1 and +1, and a logarithm takes shares
    between 0 and 1. Any other loss measures how far outputs are from targets, which are then at the ends of an output
    that ranges from -1 to +1, else 0 and 1. As the coding follows from the network and the loss alone, a loss is the
    same number as objective and as monitor. For classes only: the targets of a regression are never recoded.
    """
    if network.target_coding != "auto":
        return network.target_coding
    kind = LOSSES[loss]
    signed = kind.plus_minus_one or (not kind.has_logs and ACTIVATIONS[output].limits == (-1.0, 1.0))
    return "plus_minus_one" if signed else "zero_one"


def standardizes_target(data: DataSettings, lanes: Iterable[LaneSettings]) -> bool:
    """Return whether the targets of a regression are standardised: as chosen or, for "auto", where it can do no harm.

    For a file, if in every lane the objective measures a distance, and the output reaches any number. A logarithm or a
    margin means the targets as they are, and an output with a bound was chosen for them. Lanes share their data, so
    one decides for all. The built-in sets have published numbers.
    """
    if isinstance(data.standardize_target, bool):
        return data.standardize_target
    return data.file is not None and all(_takes_any_scale(lane) for lane in lanes)


def _takes_any_scale(lane: LaneSettings) -> bool:
    objective = LOSSES[objective_for(lane.loss, "regression")]
    output = ACTIVATIONS[output_for(lane.network, lane.loss, "regression")]
    return objective.measures_distance and all(map(math.isinf, output.limits))


def rival_of(objective: str, task: str) -> str:
    """Return the most instructive loss to compare with an objective: its obvious alternative."""
    first, second = RIVALS[task]
    return first if objective != first else second
