"""Why a lane stopped, in one sentence, from the numbers of its last finite state."""

from __future__ import annotations

import numpy as np

from sandbox import words
from sandbox.arrays import Array
from sandbox.experiment.training.replica import Replica
from sandbox.experiment.training.samples import Samples
from sandbox.nn import Activation


def reason_to_stop(replica: Replica, Z: Array, A: Array, samples: Samples, activation: Activation) -> str:
    """Return why the next update of a network would not be finite.

    Parameters
    ----------
    replica : Replica
        At its last finite parameters.
    Z, A : array (m, n_out)
        Of its last layer, at these parameters.
    samples : Samples
    activation : Activation
        Of its last layer.
    """
    lane = replica.lane
    Y = samples.Y[lane.coding]
    numerics = lane.settings.loss.numerics
    delta = lane.objective.dZ(Z, A, Y, activation, numerics)
    if np.isfinite(delta).all():
        if np.isinf(lane.objective.elements(Z, A, Y, activation, numerics)).any():
            return "overflow: the cost is too large to represent; a smaller learning rate may keep it in range"
        return "overflow: the parameters grew too large to represent; a smaller learning rate may keep them in range"
    sample, unit = (int(i) for i in np.argwhere(~np.isfinite(delta))[0])
    a, y = float(A[sample, unit]), float(Y[sample, unit])
    where = f"sample {sample + 1}" + (f", output {unit + 1}," if A.shape[1] > 1 else "")
    if not np.isfinite(a):
        output = "nan" if np.isnan(a) else words.number(a)  # in a sentence, a dash would read as a gap
        return f"overflow: {where} has output {output}; a smaller learning rate may keep it in range"
    if lane.objective.has_logs and (a < 0.0 or a > 1.0):
        sign = "a negative output" if a < 0.0 else "1 \u2212 a for an output above 1"
        return f"log of {sign}: {where} has output {words.number(a)} and target {words.number(y)}"
    if lane.objective.has_logs and a in (0.0, 1.0):
        # With smoothed targets, no factor of a logarithm is 0.
        product = "0 log 0" if a == y and not lane.objective.smooths else "log of 0"
        return f"{product}: {where} has output exactly {words.number(a)} and target {words.number(y)}"
    return f"no finite gradient: {where} has output {words.number(a)} and target {words.number(y)}"
