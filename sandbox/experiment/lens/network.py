"""The network as it is now: its weights, their derivatives, and what each unit computes over a plane of inputs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sandbox.arrays import Array, Floats, read_only
from sandbox.data import Data
from sandbox.experiment.lens.findings.units import FLAT
from sandbox.experiment.training.frozen import frozen_places
from sandbox.experiment.training.probe import LaneProbe
from sandbox.experiment.training.samples import CODES
from sandbox.experiment.training.snapshot import SurfaceRequest
from sandbox.experiment.training.surface import grid
from sandbox.nn import Activation, Network
from sandbox.nn.network import layer_views

Picture = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Column:
    """The units of one layer, or the inputs, over all training samples and over the grid.

    Attributes
    ----------
    low, high, mean : array (n,)
        Of each unit over the training samples: of an input, as the network sees it.
    pictures : float32 array (n, ny, nx)
        What each unit computes over the grid, row 0 at the bottom; (n, 1, nx) over one input. The outputs of a
        regression are in the targets' own units.
    flat : array (n,)
        The share of the training samples for which each unit sends back almost nothing: |g'| < `FLAT` for an
        activation that saturates, g' = 0 for one that dies; nan for any other.
    activation : str
        Its registry name; "" for the inputs.
    """

    low: Floats
    high: Floats
    mean: Floats
    pictures: Picture
    flat: Floats
    activation: str = ""


@dataclass(frozen=True, eq=False)
class Parameters:
    """The weights and biases between two columns, or a number for each: a derivative or a change.

    Attributes
    ----------
    W : array (n_out, n_in)
    b : array (n_out,)
    """

    W: Floats
    b: Floats


@dataclass(frozen=True, eq=False)
class NetworkState:
    """One network of a lane at one moment.

    Attributes
    ----------
    inputs : tuple of str
        The features.
    outputs : tuple of str
        What each output stands for.
    columns : tuple of Column
        The inputs, the hidden layers, the outputs.
    values, gradients, changes : tuple of Parameters
        Between each column and the next: the numbers themselves; the derivatives of the cost, penalty included, that
        the optimiser is given in the next update; by how much the last update changed them, nan before the first.
    frozen : tuple of bool array (n,)
        Which units of each column keep their weights and bias; no input does.
    span : tuple of float
        The codes of a class that is not there and of one that is; nan for a regression.
    samples, batch : int
        How many training samples there are, and how many of them the next update takes.
    finite : bool
        Whether all derivatives are finite.
    stopped : str
        Why the network no longer trains; "" while it does.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    columns: tuple[Column, ...]
    values: tuple[Parameters, ...]
    gradients: tuple[Parameters, ...]
    changes: tuple[Parameters, ...]
    frozen: tuple[NDArray[np.bool_], ...]
    span: tuple[float, float]
    samples: int
    batch: int
    finite: bool
    stopped: str

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units per column, inputs first."""
        return tuple(len(column.mean) for column in self.columns)


@dataclass(frozen=True)
class AskNetwork:
    """What are the weights of a lane's network, and what does each of its units compute?

    Attributes
    ----------
    lane : str
    view : SurfaceRequest
        The plane of inputs, and how many points along each axis.
    """

    lane: str
    view: SurfaceRequest

    def answer(self, probe: LaneProbe) -> NetworkState | None:
        """Return the state of the network; training is not affected. None if the view is of another run's inputs."""
        if not self.view.fits(len(probe.data.inputs)):
            return None
        batch = probe.batch
        learning = probe if batch is probe.samples else probe.on(batch)
        gradient = learning.gradient()
        pictures = _pictures(probe.network, self.view, probe.data)
        return NetworkState(
            probe.data.feature_names,
            output_names(probe.data),
            tuple(_columns(probe, pictures)),
            _parameters(probe.replica.theta, probe.sizes),
            _parameters(gradient, probe.sizes),
            _parameters(probe.last_step, probe.sizes),
            _frozen(probe),
            (math.nan, math.nan) if probe.data.task == "regression" else CODES[probe.lane.coding],
            probe.m,
            len(batch),
            bool(np.isfinite(gradient).all()),
            probe.stopped,
        )


@dataclass(frozen=True)
class AskUnit:
    """What does one unit compute over a plane of inputs? As `AskNetwork`, but of a single unit, in more detail.

    `column` counts from the inputs, which are 0; `unit` from 0. None if there is no such unit or plane.
    """

    lane: str
    view: SurfaceRequest
    column: int
    unit: int

    def answer(self, probe: LaneProbe) -> Picture | None:
        """Return its values (ny, nx), row 0 at the bottom; (1, nx) over one input."""
        exists = self.column < len(probe.sizes) and self.unit < probe.sizes[self.column]
        if not exists or not self.view.fits(len(probe.data.inputs)):
            return None
        picture = _pictures(probe.network, self.view, probe.data, self.column)[self.column][self.unit]
        alone: Picture = read_only(picture.copy())
        return alone


@dataclass(frozen=True, eq=False)
class Past:
    """A number over the run, where it is known.

    Attributes
    ----------
    epochs, values : array (k,)
        Ascending; the last one is now.
    low, high : array (k,)
        Of a unit, the ends of its range over the training samples; of a weight or bias, its value.
    """

    epochs: Floats
    values: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class AskPast:
    """How did a weight, a bias or what a unit computes change over the run?

    Attributes
    ----------
    lane : str
    column, unit : int
        The unit, or that which the weight or bias belongs to.
    source : int
        Of a weight, the unit it comes from; `BIAS` for the bias; `UNIT` for the unit itself.
    """

    lane: str
    column: int
    unit: int
    source: int

    def answer(self, probe: LaneProbe) -> Past | None:
        """Return its past, from the parameters that were kept; None if there is no such thing."""
        sizes = probe.sizes
        exists = 0 < self.column < len(sizes) and self.unit < sizes[self.column]
        if not exists or self.source >= sizes[self.column - 1]:
            return None
        epochs, thetas = probe.lane.timeline.parameters(probe.replica.number, sizes)
        if probe.run is None:
            return None
        epoch = probe.run.epoch_position
        known = epochs < epoch
        epochs = np.append(epochs[known], epoch)
        thetas = np.vstack((thetas[known], probe.replica.theta[None])) if known.any() else probe.replica.theta[None]
        if self.source == UNIT:
            return self._of_unit(probe, epochs, thetas)
        values = read_only(np.array([self._entry(theta, sizes) for theta in thetas], np.float64))
        return Past(read_only(epochs), values, values, values)

    def _entry(self, theta: Array, sizes: tuple[int, ...]) -> float:
        W, b = layer_views(theta, sizes)
        place = self.column - 1
        return float(b[place][0, self.unit] if self.source == BIAS else W[place][self.unit, self.source])

    def _of_unit(self, probe: LaneProbe, epochs: Floats, thetas: Array) -> Past:
        """Return the mean and the range of a unit, at no more than `MOST_STATES` of the epochs."""
        chosen = np.unique(np.linspace(0, len(epochs) - 1, min(MOST_STATES, len(epochs))).astype(int))
        samples = slice(None, None, max(1, probe.m // MOST_SAMPLES))
        network = Network(probe.sizes, probe.activations, dtype=probe.samples.X.dtype)
        found = []
        for theta in thetas[chosen]:
            network.theta[...] = theta
            A = network.forward(probe.samples.X[:, samples]).A[self.column][:, self.unit]
            found.append((A.mean(), A.min(), A.max()))
        values, low, high = (read_only(np.array(numbers, np.float64)) for numbers in zip(*found, strict=True))
        return Past(read_only(epochs[chosen]), values, low, high)


BIAS, UNIT = -1, -2  # in place of the unit that a weight comes from
MOST_STATES, MOST_SAMPLES = 64, 500  # from which the past of a unit is computed


def output_names(data: Data) -> tuple[str, ...]:
    """Return what each output unit stands for: a class or a target; of two classes, the second."""
    if data.task == "regression":
        return data.target_names
    names = data.class_names[1:] if data.task == "binary" else data.class_names
    return tuple(f"class {name}" if name.replace(".", "").isdecimal() else name for name in names)


def _parameters(flat: Array, sizes: tuple[int, ...]) -> tuple[Parameters, ...]:
    """Return read-only copies of the parts of a flat array (P,), in double precision."""
    copy = read_only(np.array(flat, np.float64))
    parts, start = [], 0
    for n_in, n_out in pairwise(sizes):
        joint = copy[start : start + n_out * (n_in + 1)].reshape(n_out, n_in + 1)
        parts.append(Parameters(joint[:, :-1], joint[:, -1]))
        start += joint.size
    return tuple(parts)


def _frozen(probe: LaneProbe) -> tuple[NDArray[np.bool_], ...]:
    """Return which units of each column are frozen: those whose biases stay."""
    places = frozen_places(probe.lane.settings.network.frozen, probe.sizes)
    inputs = np.zeros(probe.sizes[0], np.bool_)
    return tuple(read_only(b) for b in (inputs, *(b[0].copy() for b in layer_views(places, probe.sizes)[1])))


def _columns(probe: LaneProbe, pictures: list[Picture]) -> list[Column]:
    done = probe.forward_pass
    never = read_only(np.full(probe.sizes[0], np.nan))
    columns = [Column(*_extent(probe.X), pictures[0], never)]
    for l, (name, g) in enumerate(zip(probe.activations, probe.network.activations, strict=True), start=1):
        columns.append(Column(*_extent(done.A[l]), pictures[l], _flat(g, done.Z[l], done.A[l]), name))
    return columns


def _extent(A: Array) -> tuple[Floats, Floats, Floats]:
    """Return the smallest, the largest and the mean value of each unit, from A (m, n)."""
    by_unit = A.T  # whose rows lie in one piece of memory
    values = by_unit.min(axis=1), by_unit.max(axis=1), by_unit.mean(axis=1)
    low, high, mean = (read_only(np.asarray(value, np.float64)) for value in values)
    return low, high, mean


def _flat(g: Activation, Z: Array, A: Array) -> Floats:
    """Return each unit's share of samples for which it sends back almost nothing; nan if g never does."""
    if not g.elementwise or not (g.saturates or g.dies):
        return read_only(np.full(Z.shape[1], np.nan))
    slope = g.derivative(Z, A).T
    flat = np.abs(slope) < FLAT if g.saturates else slope == 0.0
    return read_only(np.asarray(flat.mean(axis=1), np.float64))


def _pictures(network: Network, view: SurfaceRequest, data: Data, last: int | None = None) -> list[Picture]:
    """Return what the units of every column, or of those up to `last`, compute over a grid, as (n, ny, nx).

    One pass over the grid in single precision, with the units of a layer as the rows of one array.
    """
    x, y, X = grid(view, data)
    below = np.ascontiguousarray(X.T)
    layers = list(zip(network.W, network.b, network.activations, strict=True))[:last]
    pictures = [below]
    for W, b, g in layers:
        Z = np.dot(W.astype(np.float32), below)
        Z += b.T.astype(np.float32)
        below = np.empty_like(Z)
        g.value(Z.T, out=below.T)
        pictures.append(below)
    if data.task == "regression" and len(layers) == len(network.W):
        pictures[-1] = np.asarray(data.in_target_units(below.T), np.float32).T
    shape = (max(y.size, 1), x.size)
    return [read_only(np.ascontiguousarray(A).reshape(-1, *shape)) for A in pictures]


def largest(parts: tuple[Parameters, ...]) -> float:
    """Return the largest absolute value among weights and biases that are finite; 0 if there is none."""
    sizes = (
        float(np.abs(values[np.isfinite(values)]).max(initial=0.0)) for part in parts for values in (part.W, part.b)
    )
    return max(sizes, default=0.0)
