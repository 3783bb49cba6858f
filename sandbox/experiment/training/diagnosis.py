"""Why a lane stopped, in one sentence, from the numbers of its last finite state."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sandbox import words
from sandbox.arrays import Array
from sandbox.experiment.training.replica import Replica
from sandbox.nn import Activation, Loss


def reason_to_stop(
    replica: Replica, Z: Array, A: Array, Y: Array, activation: Activation, rows: NDArray[np.intp]
) -> str:
    """Return why the next update of a network would not be finite.

    Parameters
    ----------
    replica : Replica
        At its last finite parameters.
    Z, A : array (m, n_out)
        Of its last layer, at these parameters, for the samples of the update.
    Y : array (m, n_out)
        Their targets.
    activation : Activation
        Of its last layer.
    rows : array (m,)
        Which training samples they are, counted from 0.
    """
    loss, numerics = replica.lane.objective, replica.lane.settings.loss.numerics
    delta = loss.dZ(Z, A, Y, activation, numerics)
    if np.isfinite(delta).all():
        if np.isinf(loss.elements(Z, A, Y, activation, numerics)).any():
            return "overflow: the cost is too large to represent; a smaller learning rate may keep it in range"
        return "overflow: the parameters grew too large to represent; a smaller learning rate may keep them in range"
    sample, unit = _culprit(loss, A, Y, delta, activation, numerics)
    a, y = float(A[sample, unit]), float(Y[sample, unit])
    where = f"sample {rows[sample] + 1}" + (f", output {unit + 1}," if A.shape[1] > 1 else "")
    if not np.isfinite(a):
        output = "nan" if np.isnan(a) else words.number(a)  # in a sentence, a dash would read as a gap
        return f"overflow: {where} has output {output}; a smaller learning rate may keep it in range"
    exactly = "exactly " if loss.has_logs and a in (0.0, 1.0) else ""
    return f"{_cause(loss, a, y)}: {where} has output {exactly}{words.number(a)} and target {words.number(y)}"


def _culprit(loss: Loss, A: Array, Y: Array, delta: Array, activation: Activation, numerics: str) -> tuple[int, int]:
    """Return the first sample whose gradient is not finite, and the output unit from which that comes.

    With softmax, which ties the units together, what one of them sends back spoils dZ of all.
    """
    sample = int(np.argwhere(~np.isfinite(delta))[0, 0])
    spoilt = ~np.isfinite(delta[sample])
    if not activation.elementwise:
        own = ~np.isfinite(A[sample]) | ~np.isfinite(
            loss.slope(A[sample : sample + 1], Y[sample : sample + 1], numerics)[0]
        )
        spoilt = own if own.any() else spoilt
    return sample, int(np.flatnonzero(spoilt)[0])


def _cause(loss: Loss, a: float, y: float) -> str:
    """Return what has no finite gradient for a finite output and its target."""
    if loss.has_target_logs and y < 0.0:
        return "y log y of a negative target"
    if loss.has_logs and a < 0.0:
        return "log of a negative output"
    if loss.uses_complement and a > 1.0:
        return "log of 1 \u2212 a for an output above 1"
    if loss.has_logs and (a == 0.0 or (loss.uses_complement and a == 1.0)):
        # With smoothed targets, no factor of a logarithm is 0.
        return "0 log 0" if a == y and not loss.smooths else "log of 0"
    return "no finite gradient"
