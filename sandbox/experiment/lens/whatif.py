"""What if another loss were the objective: what each loss gives at the current parameters.

For every loss: its cost C, with the penalty, the norm of dZ[L] and of each dW[l], and

    cosine = <gradient, objective's gradient> / (|gradient| |objective's gradient|)

over all parameters. Gradients are those that the optimiser would get, including the penalty's part of dW.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sandbox import words
from sandbox.arrays import Array, norm
from sandbox.experiment.training.probe import LaneProbe
from sandbox.nn import LOSSES, Loss


@dataclass(frozen=True)
class LossRow:
    """What one loss gives at the current parameters.

    Attributes
    ----------
    name : str
        Registry name.
    cost : float
        With the penalty.
    dZ : float
        Norm of dZ[L].
    dW : tuple of float
        Norms, l = 1..L at index l - 1.
    norm : float
        Of the whole gradient.
    cosine : float
        Between the whole gradient and the objective's; nan if one of them is 0 or not finite.
    trouble : str
        Why a number is not finite, in words; "" if all are.
    """

    name: str
    cost: float
    dZ: float
    dW: tuple[float, ...]
    norm: float
    cosine: float
    trouble: str


@dataclass(frozen=True)
class Alternatives:
    """The losses side by side, in the order of their registry.

    Attributes
    ----------
    objective : str
        Registry name of the one that trains.
    rows : tuple of LossRow
    """

    objective: str
    rows: tuple[LossRow, ...]


@dataclass(frozen=True)
class AskWhatIf:
    """Which way would each loss step from here?"""

    lane: str

    def answer(self, probe: LaneProbe) -> Alternatives:
        gradient = probe.gradient().astype(np.float64)
        penalty = probe.lane.penalty(probe.replica.theta, probe.network.weights)
        rows = tuple(_row(probe, probe.loss(name), gradient, penalty) for name in LOSSES)
        return Alternatives(probe.objective.name, rows)


def _row(probe: LaneProbe, loss: Loss, reference: Array, penalty: float) -> LossRow:
    numerics, network = probe.numerics, probe.network
    Z, A, Y = probe.forward_pass.Z[-1], probe.forward_pass.A[-1], probe.targets(loss)
    elements = loss.elements(Z, A, Y, probe.output, numerics)
    cost = float(np.add.reduce(elements, axis=None)) * probe.factor + penalty
    dZ = loss.dZ(Z, A, Y, probe.output, numerics) * probe.factor
    network.backward(probe.forward_pass, dZ)
    gradient = (network.grad + probe.penalty_gradient()).astype(np.float64)
    dW = tuple(norm(part) for part in probe.views(gradient)[0])
    length = norm(gradient)
    finite = math.isfinite(cost) and math.isfinite(length)
    trouble = "" if finite else _trouble(loss, A, elements, dZ)
    return LossRow(loss.name, cost, norm(dZ), dW, length, cosine_of(gradient, reference), trouble)


def cosine_of(one: Array, other: Array) -> float:
    """Return the cosine of the angle between two vectors; nan if one of them is 0 or not finite."""
    lengths = norm(one), norm(other)
    if not all(map(math.isfinite, lengths)) or 0.0 in lengths:
        return math.nan
    return min(max(float((one / lengths[0]) @ (other / lengths[1])), -1.0), 1.0)


def _trouble(loss: Loss, A: Array, elements: Array, dZ: Array) -> str:
    """Say why a loss has no finite cost or gradient."""
    broken = ~(np.isfinite(elements) & np.isfinite(dZ))
    if not np.isfinite(A).all() or not broken.any():
        return "overflow, numbers grow too large to represent"
    count = int(broken.any(axis=-1).sum())
    outputs = A[broken]
    affected = f"{count:,} of {words.count(len(A), 'sample')}"
    if loss.has_logs and ((outputs < 0.0) | (outputs > 1.0)).any():
        return f"log of a negative number, for {affected}: outputs outside 0 to 1"
    if loss.has_logs and np.isin(outputs, (0.0, 1.0)).any():
        return f"log of 0, for {affected}: outputs exactly 0 or 1"
    if loss.has_logs:
        return f"log of a negative number, for {affected}: targets outside 0 to 1"
    return f"overflow, for {affected}"
