"""Data of points that are drawn, and of generated sets as points."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sandbox.arrays import read_only
from sandbox.data.canvas import INPUTS, MOST_POINTS, NAME, TARGET, Points, Scaling, canvas_of
from sandbox.data.features import feature_matrix, inputs_of, parse_feature
from sandbox.data.load import Data, check_finite
from sandbox.data.prepare import scaling
from sandbox.data.targets import Targets
from sandbox.errors import InputError
from sandbox.words import one_line


def points_data(
    points: Points,
    test_points: Points = (),
    *,
    task: str = "auto",
    classes: int = 3,
    scale: Scaling | None = None,
    standardize: bool = True,
    standardize_target: bool = False,
    features: Sequence[str] | None = None,
) -> Data:
    """Return points as data, scaled as given or, where nothing is given, by the training points.

    Parameters
    ----------
    points, test_points : tuple of points
    task, classes, features : as for `load_data`
    scale : mapping of str to (float, float), optional
        The mean and the scale of features, and of the target "y". Other names are ignored.
    standardize, standardize_target : bool
        Whether features, and the target of a regression, are scaled at all.

    Raises
    ------
    InputError
        If the points do not fit together, or a feature cannot be made from them.
    """
    canvas = canvas_of(points, test_points, task, classes, scale)
    columns = INPUTS[: canvas.inputs]
    parsed = tuple(parse_feature(one_line(text), columns) for text in features or columns)
    regression = canvas.task == "regression"
    nothing, empty = np.zeros(len(parsed)), np.empty((0, len(parsed)))
    data = Data(
        name=NAME,
        task=canvas.task,
        feature_names=tuple(feature.name for feature in parsed),
        target_names=(TARGET,),
        class_names=tuple(map(str, range(canvas.classes))),
        X_train=empty,
        y_train=np.empty((0, 1)) if regression else np.empty(0, np.int64),
        wrong_train=np.empty(0, np.bool_),
        X_test=empty,
        y_test=np.empty((0, 1)) if regression else np.empty(0, np.int64),
        mean=nothing,
        scale=nothing + 1.0,
        target_mean=np.zeros(1),
        target_scale=np.ones(1),
        features=parsed,
        inputs=inputs_of(parsed),
        inputs_train=empty,
        inputs_test=empty,
        standardized=standardize,
        columns=columns,
        drawn=dataclasses.replace(canvas, scales_target=standardize_target and regression),
    )
    fitted = fitted_scaling(data, points, standardize, standardize_target and regression)
    return with_points(data, points, test_points, {**fitted, **(scale or {})})


def fitted_scaling(
    data: Data, points: Points, inputs: bool = True, target: bool = False
) -> dict[str, tuple[float, float]]:
    """Return the mean and the scale of these training points, by name: of the features and of the target if asked for.

    Without any points, nothing is shifted or scaled.
    """
    fitted: dict[str, tuple[float, float]] = {}
    values = _array(points, data)
    if inputs:
        fitted = _pairs([feature.name for feature in data.features], _features(values, data))
    return {**fitted, **_pairs([TARGET], values[:, -1:])} if target else fitted


def _pairs(names: Sequence[str], values: NDArray[np.float64]) -> dict[str, tuple[float, float]]:
    if not len(values):
        return dict.fromkeys(names, (0.0, 1.0))
    mean, scale = scaling(values)
    return dict(zip(names, zip(mean.tolist(), scale.tolist(), strict=True), strict=True))


def with_points(data: Data, points: Points, test_points: Points, scale: Scaling | None = None) -> Data:
    """Return data with other points: everything else stays, the scaling too but for what `scale` names of it.

    Raises
    ------
    InputError
        If a point has another number of inputs, a class that there is not, or a feature too large to compute with.
    """
    assert data.drawn is not None
    data.drawn.check(points, "data.points")
    data.drawn.check(test_points, "data.test_points")
    names = [feature.name for feature in data.features]
    applies = {*(names if data.standardized else ()), *([TARGET] if data.drawn.scales_target else ())}
    scale = {name: pair for name, pair in (scale or {}).items() if name in applies}
    mean, sigma = _scaled_as(scale, names, data.mean, data.scale)
    target_mean, target_scale = _scaled_as(scale, [TARGET], data.target_mean, data.target_scale)
    train, test = _array(points, data), _array(test_points, data)
    X_train, X_test = ((_features(part, data) - mean) / sigma for part in (train, test))
    check_finite(NAME, data.features, X_train, X_test)
    return dataclasses.replace(
        data,
        X_train=read_only(X_train),
        y_train=read_only(_targets(train, data)),
        wrong_train=read_only(np.zeros(len(train), np.bool_)),
        X_test=read_only(X_test),
        y_test=read_only(_targets(test, data)),
        mean=read_only(mean),
        scale=read_only(sigma),
        target_mean=read_only(target_mean),
        target_scale=read_only(target_scale),
        inputs_train=read_only(_inputs(train, data)),
        inputs_test=read_only(_inputs(test, data)),
        others=tuple(
            (name, _column(train, name), _column(test, name)) for name in data.columns if name not in data.inputs
        ),
    )


def _scaled_as(
    scale: Scaling, names: Sequence[str], mean: NDArray[np.float64], sigma: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and scale (n,) with those that are given in place of the old ones."""
    pairs = [scale.get(name, old) for name, old in zip(names, zip(mean, sigma, strict=True), strict=True)]
    return np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])


def _array(points: Points, data: Data) -> NDArray[np.float64]:
    """Return points as an array (m, inputs + 1)."""
    assert data.drawn is not None
    return np.array(points, np.float64).reshape(len(points), data.drawn.inputs + 1)


def _inputs(values: NDArray[np.float64], data: Data) -> NDArray[np.float64]:
    return values[:, [INPUTS.index(name) for name in data.inputs]]


def _column(values: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    return read_only(values[:, INPUTS.index(name)].copy())


def _features(values: NDArray[np.float64], data: Data) -> NDArray[np.float64]:
    """Return the features (m, n) of points (m, inputs + 1), in their own units."""
    return feature_matrix(data.features, dict(zip(INPUTS, values.T[:-1], strict=False)))


def _targets(values: NDArray[np.float64], data: Data) -> Targets:
    return values[:, -1:].copy() if data.task == "regression" else values[:, -1].astype(np.int64)


def can_be_drawn(data: Data) -> bool:
    """Return whether samples can be put where one points: over the two inputs, or in the plane of input and value."""
    if data.drawn is not None:
        return len(data.inputs) == data.drawn.inputs and (len(data.inputs) == 2 or data.task == "regression")
    if len(data.target_names) != 1 or set(data.inputs) != set(INPUTS[: len(data.inputs)]):
        return False
    return len(data.inputs) == 2 or data.task == "regression"


def points_of(data: Data) -> tuple[Points, Points]:
    """Return the training and the test samples of data that can be drawn as points.

    Raises
    ------
    InputError
        If there are too many.
    """
    samples = len(data.X_train) + len(data.X_test)
    if samples > MOST_POINTS:
        raise InputError(
            f"{data.name} has {samples:,} samples, but at most {MOST_POINTS:,} points can be drawn; take fewer samples."
        )
    return _listed(data, data.inputs_train, data.y_train), _listed(data, data.inputs_test, data.y_test)


def _listed(data: Data, inputs: NDArray[np.float64], y: Targets) -> Points:
    columns = [inputs[:, data.inputs.index(name)] for name in sorted(data.inputs)]
    rows = np.column_stack([*columns, y.astype(np.float64).reshape(len(y))])
    return tuple(map(tuple, (rows + 0.0).tolist()))  # + 0.0: there is no -0.0 in a file


def scaling_of(data: Data) -> dict[str, tuple[float, float]]:
    """Return how data are scaled, by name: of every feature, and of the target if it is."""
    pairs = zip(data.mean.tolist(), data.scale.tolist(), strict=True)
    scale = dict(zip(data.feature_names, pairs, strict=True))
    if data.standardizes_target:
        scale[TARGET] = float(data.target_mean[0]), float(data.target_scale[0])
    return scale
