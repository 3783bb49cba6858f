"""What the networks of a lesson answer to samples they have not seen."""

from __future__ import annotations

from sandbox.arrays import Array
from sandbox.experiment import Trainer


def answers(trainer: Trainer, lane: str, replica: int) -> Array:
    """Return the outputs (m, n_out) of a network for the test samples."""
    probe = trainer.probe(lane, replica)
    assert probe is not None
    A = trainer.data.X_test
    for W, b, g in zip(probe.network.W, probe.network.b, probe.network.activations, strict=True):
        A = g.value(A @ W.T + b.reshape(1, -1))
    return A
