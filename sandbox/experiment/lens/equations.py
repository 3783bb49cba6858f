"""The numbers behind the equations: the norm of each derivative, layer by layer, and the array behind one symbol."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.arrays import Array, norm
from sandbox.experiment.document.defaults import coding_for
from sandbox.experiment.training.probe import LaneProbe
from sandbox.experiment.training.snapshot import Snapshot
from sandbox.nn import LOSSES
from sandbox.notation.equations import EquationSetup

MOST = 200  # rows and columns shown of an array


@dataclass(frozen=True)
class ShownArray:
    """An array, or its first rows and columns.

    Attributes
    ----------
    name : str
    layer : int
        0 for X, Y and C.
    shape : tuple of int
        Of the whole array; () for a single number.
    norm : float
        The square root of the sum of squares, of the whole array.
    values : array (at most 200, at most 200), read-only
        The first rows and columns, unscaled.
    """

    name: str
    layer: int
    shape: tuple[int, ...]
    norm: float
    values: Array

    @property
    def note(self) -> str:
        """A sentence that says how much of the array is shown; "" if all is."""
        if not self.shape:
            return ""
        if len(self.shape) == 1:
            shown = self.values.size
            return f"The first {shown} of {self.shape[0]} values are shown." if shown < self.shape[0] else ""
        parts = [
            f"{shown} of {whole} {what}"
            for shown, whole, what in zip(self.values.shape, self.shape, ("rows", "columns"), strict=True)
            if shown < whole
        ]
        return f"The first {' and '.join(parts)} are shown." if parts else ""


@dataclass(frozen=True)
class Numbers:
    """The answer to `AskNumbers`.

    Attributes
    ----------
    dW, db : tuple of float
        The norm of each, for l = 1..L.
    shown : ShownArray or None
        The array that was asked for.
    norms : tuple of float
        The norm of that array in each layer that has one, for l = 1..L.
    """

    dW: tuple[float, ...]
    db: tuple[float, ...]
    shown: ShownArray | None
    norms: tuple[float, ...] = ()


@dataclass(frozen=True)
class AskNumbers:
    """Asks for the norms of all dW[l] and db[l], and for one array.

    Attributes
    ----------
    lane : str
    name : str
        "X", "Y", "Z", "A", "W", "b", "dZ", "dA", "dW", "db", "R" (A[L] - Y) or "C" (the cost); "" for none.
    layer : int
        From 1; out of range, there is no array.
    columns : bool
        Whether samples are columns, in place of rows.
    """

    lane: str
    name: str = ""
    layer: int = 0
    columns: bool = False

    def answer(self, probe: LaneProbe) -> Numbers:
        """Return the current numbers, over all training samples; dW includes the penalty."""
        dW, db = probe.views(probe.gradient())
        arrays = _arrays(probe, self.name) if self.name else {}
        shown = arrays.get(self.layer)
        return Numbers(
            dW=tuple(map(norm, dW)),
            db=tuple(map(norm, db)),
            shown=None if shown is None else _shown(self.name, self.layer, shown, self.columns),
            norms=tuple(norm(arrays[l]) for l in sorted(arrays) if l),
        )


_TRANSPOSED = ("X", "Y", "R", "Z", "A", "dZ", "dA", "b", "db")  # where samples are columns


def _shown(name: str, layer: int, array: Array, columns: bool) -> ShownArray:
    matrix = np.atleast_2d(array)
    if columns and name in _TRANSPOSED:
        matrix = matrix.T
    values = np.array(matrix[:MOST, :MOST], np.float64)
    values.setflags(write=False)
    shape = () if not array.ndim else (array.size,) if name in ("b", "db") else matrix.shape
    return ShownArray(name, layer, tuple(map(int, shape)), norm(array), values)


def _arrays(probe: LaneProbe, name: str) -> dict[int, Array]:
    """Return the arrays with one name by layer; layer 0 for those that belong to none."""
    net, L = probe.network, len(probe.network.W)
    if name == "X":
        return {0: probe.X}
    if name == "Y":
        return {0: probe.targets(probe.objective)}
    if name == "C":
        return {0: np.array(probe.cost() + probe.lane.penalty(probe.replica.theta, net.weights))}
    if name == "R":
        return {0: probe.forward_pass.A[-1] - probe.targets(probe.objective)}
    if name in ("W", "b"):
        return dict(enumerate(net.W if name == "W" else net.b, start=1))
    if name in ("dW", "db"):
        return dict(enumerate(probe.views(probe.gradient())[name == "db"], start=1))
    if name == "Z":
        return dict(enumerate(probe.forward_pass.Z[1:], start=1))
    if name == "A":
        return {0: probe.X} | dict(enumerate(probe.forward_pass.A[1:], start=1))
    return _backward(probe, L)[0 if name == "dA" else 1] if name in ("dA", "dZ") else {}


def _backward(probe: LaneProbe, L: int) -> tuple[dict[int, Array], dict[int, Array]]:
    """Return dA and dZ by layer: the chain rule, from the last layer down."""
    net, done = probe.network, probe.forward_pass
    objective, settings = probe.objective, probe.lane.settings.loss
    Y = probe.targets(objective)
    dA = {L: objective.slope(done.A[L], Y, settings.numerics) * probe.factor}
    dZ = {L: probe.dZ()}
    for l in range(L - 1, 0, -1):
        dA[l] = dZ[l + 1] @ net.W[l]
        dZ[l] = net.activations[l - 1].backward(done.Z[l], done.A[l], dA[l])
    return dA, dZ


def setup_of(snapshot: Snapshot, lane: str, columns: bool = False) -> EquationSetup | None:
    """Return what the equations of a lane depend on, after its edits so far; None if there is no such lane.

    `columns` says whether samples are columns, in place of rows.
    """
    state = next((state for state in snapshot.lanes if state.name == lane), None)
    if state is None:
        return None
    settings = snapshot.experiment.effective().lane(lane)
    kind = LOSSES[state.objective]
    names = kind.parameter_names()
    coding = coding_for(settings.network, state.objective, state.output)
    return EquationSetup(
        kind=kind,
        parameters=tuple(sorted((k, v) for k, v in settings.loss.parameters.items() if k in names)),
        activations=(*settings.network.activations, state.output),
        outputs=state.sizes[-1],
        reduction=settings.loss.reduction,
        numerics=settings.loss.numerics,
        l1=settings.optimizer.l1,
        l2=settings.optimizer.l2,
        columns=columns,
        one_hot=snapshot.data.task == "multiclass" and coding == "zero_one",
    )
