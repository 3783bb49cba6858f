"""From any data to points of one's own: those samples, or an empty canvas."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.data import Data, can_be_drawn, fitted_scaling, points_of, scaling_of
from sandbox.data.canvas import INPUTS, Scaling
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.settings import SETTINGS, Value

MOST_CLASSES = 9  # that can be drawn: each has a digit
# What generated data and tables have, and points do not.
_ELSEWHERE = ("samples", "noise", "fraction", "label_noise", "seed", "target")


def as_points(experiment: Experiment, data: Data) -> Experiment:
    """Return an experiment with the samples of its data as points: it trains to the same bits.

    Raises
    ------
    InputError
        If there are too many samples.
    """
    points, test_points = points_of(data)
    scale = scaling_of(data) if experiment.data.standardize or data.standardizes_target else None
    return experiment.with_values(
        {
            **_source(data, len(data.class_names)),
            "data.points": points,
            "data.test_points": test_points,
            "data.scaling": scale,
            "data.standardize_target": data.standardizes_target or experiment.data.standardize_target,
        }
    )


def empty_canvas(experiment: Experiment, data: Data) -> Experiment:
    """Return an experiment of the same task without any points, over the same area if the data had one."""
    regression = data.task == "regression"
    known = scaling_of(data) if can_be_drawn(data) else {}
    inputs = INPUTS[: len(data.inputs) if known else 1 if regression else 2]
    values: dict[str, Value] = {
        **_source(data, min(len(data.class_names), MOST_CLASSES)), "data.points": (), "data.test_points": (),
        "data.scaling": {**dict.fromkeys(inputs, (0.0, 1.0)), **known},
    }  # fmt: skip
    if not known:
        values["data.features"] = None
    if experiment.network.initial:
        values["network.initial"] = ()
    return experiment.with_values(values)


def scaled_anew(experiment: Experiment, data: Data) -> Scaling:
    """Return the scaling of an experiment of points, fitted to its present training points."""
    assert data.drawn is not None
    old: Mapping[str, tuple[float, float]] = experiment.data.scaling or {}
    return {**old, **fitted_scaling(data, experiment.data.points or (), data.standardized, data.drawn.scales_target)}


def _source(data: Data, classes: int) -> dict[str, Value]:
    """Return the settings of points of the same task, and the defaults of what only other data have."""
    defaults = {f"data.{name}": SETTINGS[f"data.{name}"].default for name in _ELSEWHERE}
    return {**defaults, "data.task": data.task, "data.classes": max(classes, 2)}
