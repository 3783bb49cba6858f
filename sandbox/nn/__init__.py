"""The mathematics: activations, losses, initialisers, optimisers, metrics, and the network built from them.

Each kind has one registry, name -> class, in order of display.
"""

from sandbox.nn.activations import ACTIVATIONS, Activation
from sandbox.nn.initializers import INITIALIZERS, Initializer
from sandbox.nn.losses import LOSSES, NUMERICS, REDUCTIONS, Loss
from sandbox.nn.metrics import METRICS, Metric
from sandbox.nn.network import Network
from sandbox.nn.optimizers import OPTIMIZERS, Optimizer, OptimizerState
from sandbox.nn.parameters import Parameter

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "LOSSES",
    "METRICS",
    "NUMERICS",
    "OPTIMIZERS",
    "REDUCTIONS",
    "Activation",
    "Initializer",
    "Loss",
    "Metric",
    "Network",
    "Optimizer",
    "OptimizerState",
    "Parameter",
]  # fmt: skip
