"""What if another loss were the objective: what each loss gives at the current parameters.

For every loss: its cost C, with the penalty, the norm of dZ[L] and of each dW[l], and

    cosine = <gradient, objective's gradient> / (|gradient| |objective's gradient|)

over all parameters. Gradients are those that the optimiser would get, including the penalty's part of dW. Its step is
something else, unless it goes straight down the gradient: for each loss there is also the cosine of the next steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sandbox import words
from sandbox.arrays import Array, norm
from sandbox.experiment.document.texts import label_within as within
from sandbox.experiment.training.probe import LaneProbe
from sandbox.nn import LOSSES, OPTIMIZERS, Loss


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
    step_cosine : float
        Between the next steps that the lane's optimiser would take with these gradients.
    trouble : str
        Why a number is not finite, in words; "" if all are.
    """

    name: str
    cost: float
    dZ: float
    dW: tuple[float, ...]
    norm: float
    cosine: float
    step_cosine: float
    trouble: str


@dataclass(frozen=True)
class Alternatives:
    """The losses side by side, in the order of their registry.

    Attributes
    ----------
    objective : str
        Registry name of the one that trains.
    optimizer : str
        Registry name.
    in_batches : bool
        Whether the lane steps by batches of fewer samples than all, over which gradients and steps are taken here.
    rows : tuple of LossRow
    """

    objective: str
    optimizer: str
    in_batches: bool
    rows: tuple[LossRow, ...]


@dataclass(frozen=True)
class AskWhatIf:
    """Which way does the gradient of each loss point, and which way would the lane step?"""

    lane: str

    def answer(self, probe: LaneProbe) -> Alternatives:
        gradient = probe.gradient().astype(np.float64)
        penalty = probe.lane.penalty(probe.replica.theta, probe.network.weights)
        reference = gradient, probe.next_step(gradient)
        rows = tuple(_row(probe, probe.loss(name), reference, penalty) for name in LOSSES)
        settings = probe.lane.settings.optimizer
        in_batches = 0 < settings.batch_size < probe.m
        return Alternatives(probe.objective.name, settings.name, in_batches, rows)


def _row(probe: LaneProbe, loss: Loss, reference: tuple[Array, Array], penalty: float) -> LossRow:
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
    cosines = cosine_of(gradient, reference[0]), cosine_of(probe.next_step(gradient), reference[1])
    return LossRow(loss.name, cost, norm(dZ), dW, length, *cosines, trouble)


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


# In words


def overview(answer: Alternatives) -> str:
    """Say which losses have the gradients most and least like that of the objective."""
    others = [row for row in answer.rows if row.name != answer.objective and math.isfinite(row.cosine)]
    if not others:
        return "No other loss has a gradient to compare with."
    near, far = max(others, key=lambda row: row.cosine), min(others, key=lambda row: row.cosine)
    text = f"Nearest to the gradient of {within(answer.objective)}: {within(near.name)} ({_off(near.cosine)})"
    steps = _steps(answer, near, far)
    return f"{text}; farthest: {within(far.name)} ({_off(far.cosine)}).{steps}"


def row_sentence(row: LossRow, answer: Alternatives) -> str:
    """Say what a loss would do from here."""
    label = LOSSES[row.name].label
    objective = next(other for other in answer.rows if other.name == answer.objective)
    if row.name == answer.objective:
        return f"{label} trains this lane." + (f" It meets {row.trouble}." if row.trouble else "")
    if row.trouble:
        return f"{label}: {row.trouble}."
    if row.norm == 0.0:
        return f"{label}: its gradient is 0 here."
    if not math.isfinite(row.cosine):
        return f"{label}: the loss to learn with has no direction to compare with."
    length = words.times_as(row.norm / objective.norm, "long")
    text = f"{label}: its gradient points {_off(row.cosine)} that of {within(answer.objective)} and is {length}."
    return f"{text}{_steps(answer, row)}"


def _steps(answer: Alternatives, *rows: LossRow) -> str:
    """Say how far off the next steps would be, if that is not as far as the gradients are; else ""."""
    angles = [_off(row.step_cosine) for row in rows]
    if not all(math.isfinite(row.step_cosine) for row in rows) or angles == [_off(row.cosine) for row in rows]:
        return ""
    optimizer, over = OPTIMIZERS[answer.optimizer].label, " over all samples" if answer.in_batches else ""
    off = words.listed(dict.fromkeys(angles))
    return f" The next step of {optimizer}{over} would be {off}."


def _off(cosine: float) -> str:
    return f"{words.degrees(math.degrees(math.acos(cosine)))} off" if math.isfinite(cosine) else ""
