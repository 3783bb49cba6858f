"""What the views draw: immutable copies of the trainer's state.

Everything here is frozen, made of plain values and read-only arrays, and can be pickled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.arrays import Floats
from sandbox.data import Data
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.frozen import FrozenMapping
from sandbox.experiment.training.probe import Question
from sandbox.experiment.training.scales import Scale


@dataclass(frozen=True)
class SurfaceRequest:
    """Which slice of which lane's output to compute.

    Attributes
    ----------
    lane : str
    axes : tuple of int
        The input features along x and y (the second is ignored with one input).
    x_range, y_range : tuple of float
        In the features' own units.
    resolution : int
        Grid points along each axis.
    other : str
        Another lane to compare the output with; "" for none.
    """

    lane: str
    axes: tuple[int, int]
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    resolution: int = 100
    other: str = ""

    def fits(self, inputs: int) -> bool:
        """Return whether a run with so many inputs has its axes; a window may ask before it knows the run."""
        return max(self.axes) < inputs


@dataclass(frozen=True)
class CurveRequest:
    """How to thin the curves.

    Attributes
    ----------
    pixels : int
        Width of the plot; each pixel column gets at most a minimum and a maximum.
    log_x : bool
        Whether the columns are equally wide in log(epoch) rather than in epoch.
    epochs : tuple of float, optional
        The visible range; None is all of it.
    only : str
        One loss or metric to show for every lane, whatever it learns with, a loss as a mean over samples; "" for each
        lane's objective and monitors.
    hidden : frozenset of (str, str)
        Lanes and columns whose curves are not drawn, and so not needed.
    pointed : int, optional
        An epoch at which every curve is read.
    """

    pixels: int
    log_x: bool = False
    epochs: tuple[float, float] | None = None
    only: str = ""
    hidden: frozenset[tuple[str, str]] = frozenset()
    pointed: int | None = None


@dataclass(frozen=True)
class PointReading:
    """A curve's value at an epoch, which the thinned curve may have lost.

    Attributes
    ----------
    asked : int
        The epoch that was pointed at.
    epoch : int
        The nearest one that is known.
    value : float
        Of the picked network, if there is one; nan if the curve does not reach that epoch.
    """

    asked: int
    epoch: int
    value: float


@dataclass(frozen=True)
class Wanted:
    """What the visible views need from the next snapshot.

    `replica` is the one selected out of several; None means all of them together.
    """

    surfaces: tuple[SurfaceRequest, ...] = ()
    curves: CurveRequest | None = None
    questions: tuple[Question[Any], ...] = ()
    replica: int | None = None


@dataclass(frozen=True)
class Surface:
    """A lane's output over a grid of inputs, with the other inputs at their mean.

    Attributes
    ----------
    request : SurfaceRequest
    x : array (nx,)
        Grid in the feature's own units.
    values : float32 array
    replicas : int
        How many networks it combines: over two inputs, classes as the share predicting each; else the median.
    wrong : tuple of bool array (m,), optional
        Which training samples, and which test samples, are classified wrongly: of several networks, by most of them.
        None for a regression and for two lanes.
    """

    request: SurfaceRequest
    x: Floats
    values: NDArray[np.float32]
    replicas: int
    wrong: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class CurveSurface(Surface):
    """Over one input: `values` (nx, n_out) are the outputs, in the targets' own units for a regression.

    Attributes
    ----------
    level : float
        The middle of the coding of two classes; nan for a regression.
    span : tuple of float
        The two ends of that coding; nan for a regression.
    other : float32 array (nx, n_out), optional
        The outputs of the lane that it is compared with.
    """

    level: float
    span: tuple[float, float]
    other: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class MapSurface(Surface):
    """Over two inputs.

    Attributes
    ----------
    y : array (ny,)
        Grid in the second feature's own units.
    """

    y: Floats


@dataclass(frozen=True)
class BinarySurface(MapSurface):
    """Of two classes: `values` (ny, nx) are the single output, or the share of several networks that predict class 1.

    Attributes
    ----------
    level : float
        The threshold of the decision.
    span : tuple of float
        The values of certain predictions.
    edge : float32 array (ny, nx)
        0 where `values` cross `level`; smoother than `values` if outputs are steep or networks are counted.
    """

    level: float
    span: tuple[float, float]
    edge: NDArray[np.float32]


@dataclass(frozen=True)
class MulticlassSurface(MapSurface):
    """Of several classes: `values` (ny, nx, K) are each class's share, non-negative, summing to 1.

    Attributes
    ----------
    probable : bool
        Whether the shares are the outputs of one network, and probabilities. Else they only follow from outputs: of
        several networks, they are shares of votes.
    """

    probable: bool = True


@dataclass(frozen=True)
class RegressionSurface(MapSurface):
    """Of a regression: `values` (ny, nx) are the first output, in its target's own unit."""


@dataclass(frozen=True)
class DifferenceSurface(MapSurface):
    """Of two lanes: `values` (ny, nx) are the lane's minus the other's; of many classes, half the summed |differences|.

    Attributes
    ----------
    span : tuple of float
        The lowest and highest value to show.
    edges : tuple of float32 array
        For each lane, what its boundary is drawn from: (ny, nx), 0 at the boundary, for two classes; shares
        (ny, nx, K) for many; empty for a regression.
    """

    span: tuple[float, float]
    edges: tuple[NDArray[np.float32], ...]


@dataclass(frozen=True)
class Curve:
    """One column of the history, thinned to the pixels.

    Attributes
    ----------
    lane : str
    column : str
        Its name in history.csv: "train_cost", "test_binary_cross_entropy", "train_accuracy", ...
    name : str
        "cost" or the loss's or metric's registry name.
    part : str
        "train" or "test".
    role : str
        "objective" (drawn solid), "monitor" (a loss that is only shown, dashed) or "metric".
    epochs, values : array (k,)
        In order; nan breaks the line. Of several replicas, the median.
    band : tuple of (epochs, values)
        Of several replicas, the lower and the upper quartile, as lines.
    picked : tuple of (epochs, values), optional
        The line of the selected replica.
    learned : tuple of (float, float), optional
        The spans of epochs in which the lane learned with this loss; None if its role never changed.
    reading : PointReading, optional
        If it was asked for.
    factor : float
        What a present reading of this column is multiplied by to be on the scale of the curve.
    unit : float
        What the values of a loss are multiplied by to be means over samples: not 1 where they are reduced otherwise.
    """

    lane: str
    column: str
    name: str
    part: str
    role: str
    epochs: Floats
    values: Floats
    band: tuple[tuple[Floats, Floats], ...] = ()
    picked: tuple[Floats, Floats] | None = None
    learned: tuple[tuple[float, float], ...] | None = None
    reading: PointReading | None = None
    factor: float = 1.0
    unit: float = 1.0


@dataclass(frozen=True)
class EditMark:
    """Where an edit took effect, for the cost view: `text` says what, e.g. "learning rate 0.1 to 0.5".

    `drawn` are, for an edit of points alone, how many training and test points there were before and after it.
    """

    update: int
    epoch: float
    lane: str | None
    text: str
    drawn: tuple[tuple[int, int], tuple[int, int]] | None = None


@dataclass(frozen=True)
class LaneEffect:
    """A lane's weights just before and just after an edit: how many there are, and their fingerprints.

    `turned` is by how many degrees a change of the loss to learn with has turned the gradient of its first network,
    over all training samples; nan after any other edit, or if a gradient is 0 or not finite.
    """

    name: str
    weights: int
    before: str
    after: str
    turned: float


@dataclass(frozen=True)
class EditEffect:
    """What an edit did to the weights by itself, before any further update.

    Attributes
    ----------
    keys : frozenset of str
        The settings that it changed, and "weights" if it set any.
    update : int
        Updates done.
    lanes : tuple of LaneEffect
        The lanes that it changed.
    """

    keys: frozenset[str]
    update: int
    lanes: tuple[LaneEffect, ...]

    def lane(self, name: str) -> LaneEffect | None:
        """Return the effect on one lane; None if the edit did not change it."""
        return next((lane for lane in self.lanes if lane.name == name), None)


@dataclass(frozen=True)
class LaneState:
    """The current state of one lane.

    Attributes
    ----------
    name : str
    sizes : tuple of int
        Units per layer, input first.
    output, objective : str
        Registry names, with "auto" resolved.
    readings : mapping
        The columns of history.csv for the current parameters: "train_cost", "test_cost" (the objective over the
        test part plus the penalty; absent without a test part), "train_accuracy", "test_r2", ...
        Of several replicas, the median, and with "|low" and "|high" after the name the quartiles.
    stopped : str
        Why the lane stopped, one sentence; "" while it is running.
    replicas, stopped_replicas : int
        How many networks it trains, and how many of them have stopped.
    learned : tuple of (epoch, name)
        The losses that it has learned with so far, each with the epoch at which it began.
    catch_up : float
        How far it has been trained towards the other lanes, from 0 to 1; 1 if it is as far as they are.
    scales : mapping
        The scale on which each loss is read, by its name.
    reduction : str
        How losses are reduced over samples.
    """

    name: str
    sizes: tuple[int, ...]
    output: str
    objective: str
    readings: Mapping[str, float]
    stopped: str = ""
    replicas: int = 1
    stopped_replicas: int = 0
    learned: tuple[tuple[float, str], ...] = ()
    catch_up: float = 1.0
    scales: Mapping[str, Scale] = field(default_factory=FrozenMapping)
    reduction: str = "mean"


@dataclass(frozen=True)
class Snapshot:
    """The state of a run at one moment: never an increment, so losing one loses nothing.

    Attributes
    ----------
    run : int
        The number of the run in this window; a snapshot of an earlier run is dropped.
    experiment : Experiment
        With the edits made so far.
    data : Data
    update, epoch : int
        Updates done; whole epochs done.
    epoch_position : float
        Epochs done, counting the part of the current one.
    lanes : tuple of LaneState
    surfaces, curves, marks : tuple
    answers : mapping
        The answers to all questions about these lanes.
    seconds : mapping
        How long each answer took.
    catch_up_progress : float
        How far an added lane has caught up with the others, from 0 to 1; 1 if none is catching up.
    effect : EditEffect, optional
        What the last edit did to the weights; None before any.
    """

    run: int
    experiment: Experiment
    data: Data
    update: int
    epoch: int
    epoch_position: float
    lanes: tuple[LaneState, ...]
    surfaces: tuple[Surface, ...] = ()
    curves: tuple[Curve, ...] = ()
    marks: tuple[EditMark, ...] = ()
    answers: Mapping[Question[Any], Any] = field(default_factory=FrozenMapping)
    seconds: Mapping[Question[Any], float] = field(default_factory=FrozenMapping, compare=False)
    catch_up_progress: float = 1.0
    effect: EditEffect | None = None

    def lane(self, name: str) -> LaneState | None:
        """Return the state of a lane; None if there is no such lane."""
        return next((state for state in self.lanes if state.name == name), None)
