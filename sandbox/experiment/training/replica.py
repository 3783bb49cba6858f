"""One network of a lane: its parameters, its optimiser's memory, and whether it is still running."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sandbox.arrays import Array
from sandbox.experiment.document.parts import LaneSettings
from sandbox.nn import INITIALIZERS, OptimizerState
from sandbox.nn.network import layer_views, parameter_count

if TYPE_CHECKING:
    from sandbox.experiment.training.lanes import Lane


@dataclass(eq=False)
class Replica:
    """One network in training.

    Attributes
    ----------
    lane : Lane
        The lane that it belongs to, which has its settings.
    number : int
        Its number among the lane's networks: its weights are drawn from the lane's seed plus this number.
    sizes : tuple of int
        Units per layer, input first.
    activations : tuple of str
        One per layer after the input.
    theta : array (P,)
        Its parameters; while it trains, a row of its group's.
    memory : list of array (P,), count : int
        Its optimiser's memory, and how many steps it has done since that was zero.
    before : array (P,), optional
        Its parameters before its last update, while no group has them.
    stopped : str
        Why it stopped; "" while it is running. A stopped network keeps its sizes and activations.
    state : OptimizerState, optional
        The state in the group that trains it, which counts its steps meanwhile.
    """

    lane: Lane = field(repr=False)
    number: int
    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    theta: Array
    memory: list[Array] = field(default_factory=list)
    count: int = 0
    before: Array | None = None
    stopped: str = ""
    state: OptimizerState | None = field(default=None, repr=False)

    @property
    def steps(self) -> int:
        """How many steps its optimiser has done since its memory was zero."""
        return self.count if self.state is None else self.state.count

    @property
    def seed(self) -> int:
        """The seed that its weights were drawn from."""
        return self.lane.settings.network.seed + self.number

    def copy(self, lane: Lane | None = None) -> Replica:
        """Return an independent copy, in the same lane or in another one."""
        memory = [slot.copy() for slot in self.memory]
        return Replica(
            lane or self.lane, self.number, self.sizes, self.activations, self.theta.copy(), memory, self.steps,
            None if self.before is None else self.before.copy(), self.stopped,
        )  # fmt: skip

    def leave_group(self, before: Array) -> None:
        """Copy its arrays, and the parameters before its last update, out of its group, which can then be dissolved."""
        self.theta, self.before = self.theta.copy(), before.copy()
        self.leave_optimizer()

    def leave_optimizer(self) -> None:
        """Copy its optimiser's memory and count out of the group."""
        self.memory, self.count, self.state = [slot.copy() for slot in self.memory], self.steps, None

    def reset_memory(self) -> None:
        """Reset its optimiser."""
        self.memory, self.count, self.state = [], 0, None

    def parameters(self) -> dict[str, Array]:
        """Return copies of W1, b1, W2, ...: W of shape (n_out, n_in), b of shape (n_out,)."""
        named = {}
        for l, (W, b) in enumerate(zip(*layer_views(self.theta, self.sizes), strict=True), start=1):
            named[f"W{l}"], named[f"b{l}"] = W.copy(), b[0].copy()
        return named


def initial_parameters(
    settings: LaneSettings, sizes: tuple[int, ...], draw: int | None = None, replica: int = 0
) -> Array:
    """Draw theta (P,) by the lane's initialiser and seed.

    `draw` (from 1) numbers the later draws of the run; `replica` is added to the seed, so that a replica equals the
    network of a lane with that seed.
    """
    network = settings.network
    seed = network.seed + replica
    rng = np.random.default_rng(seed if draw is None else (seed, draw))
    initializer = INITIALIZERS[network.initializer]()
    theta = np.zeros(parameter_count(sizes))
    for W in layer_views(theta, sizes)[0]:
        W[...] = network.initializer_scale * initializer.draw(rng, *W.shape)
    return theta


def resized_parameters(old: Replica, sizes: tuple[int, ...], drawn: Array) -> Array:
    """Return `drawn` (of the new sizes) with the old parameters of every unit that remains.

    Hidden layers are matched from the input on, the output layer with the output layer; a weight is kept if the units
    at both its ends are.
    """
    theta = drawn.copy()
    new_W, new_b = layer_views(theta, sizes)
    old_W, old_b = layer_views(old.theta, old.sizes)
    last_old, last_new = len(old_W) - 1, len(new_W) - 1
    for l in range(len(new_W)):
        is_output = l == last_new
        source = last_old if is_output else l
        if not is_output and l >= last_old:
            continue  # a new layer
        units = slice(0, min(old_b[source].shape[-1], new_b[l].shape[-1]))
        new_b[l][0, units] = old_b[source][0, units]
        if source == l:  # both have the same layer before them
            inputs = slice(0, min(old_W[source].shape[1], new_W[l].shape[1]))
            new_W[l][units, inputs] = old_W[source][units, inputs]
    return theta
