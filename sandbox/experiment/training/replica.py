"""One network of a lane: its parameters, its optimiser's memory, and whether it is still running."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sandbox.arrays import Array
from sandbox.experiment.document.parts import LaneSettings
from sandbox.experiment.document.units import NEW, Origin, Units, rearranged
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


def origins_of(
    old: tuple[int, ...], new: tuple[int, ...], inputs: tuple[int, ...] | None = None, units: Units | None = None
) -> tuple[Origin, ...]:
    """Return where the layers of a network of new sizes come from, from the inputs to the output.

    Hidden layers are matched from the input on, the output layer with the output layer, and units in their order, if
    no `units` say which are removed and added; the inputs are, if given, those of these numbers.
    """
    last_old, last_new = len(old) - 1, len(new) - 1
    origins = [Origin(0, _in_order(old[0], new[0]) if inputs is None else inputs)]
    if units:
        origins += rearranged(old[1:-1], new[1:-1], units)
    for l in range(len(origins), last_new + 1):
        source = last_old if l == last_new else l if l < last_old else None
        origins.append(Origin(source, _in_order(0 if source is None else old[source], new[l])))
    return tuple(origins)


def numbers_before(old: Sequence[str], new: Sequence[str]) -> tuple[int, ...] | None:
    """Return what number each input had among the old ones, `NEW` for none; None if they are the same."""
    return None if old == new else tuple(old.index(name) if name in old else NEW for name in new)


def _in_order(old: int, new: int) -> tuple[int, ...]:
    return tuple(k if k < old else NEW for k in range(new))


def resized_parameters(
    old: Array, old_sizes: tuple[int, ...], sizes: tuple[int, ...], drawn: Array, origins: Sequence[Origin]
) -> Array:
    """Return `drawn` (of the new sizes) with the old parameters (P,) of every unit that remains.

    A weight is kept if the units at both its ends are, and are still neighbours.
    """
    theta = drawn.astype(old.dtype)
    places, sources = kept_places(old_sizes, sizes, origins)
    theta[places] = old[sources]
    return theta


def drawn_for(
    settings: LaneSettings, sizes: tuple[int, ...], update: int, origins: Sequence[Origin], replica: int = 0
) -> Array:
    """Draw the parameters (P,) for what an edit adds before the next update, `update` being those done.

    The weights of a new input to units that remain are 0: what a network computes does not change when it comes, and
    it learns from the next update on.
    """
    drawn = initial_parameters(settings, sizes, draw=update + 1, replica=replica)
    if origins[1].layer is not None:
        new = [j for j, before in enumerate(origins[0].units) if before == NEW]
        layer_views(drawn, sizes)[0][0][np.ix_(kept_units(origins[1])[0], new)] = 0.0
    return drawn


def kept_places(
    old: tuple[int, ...], new: tuple[int, ...], origins: Sequence[Origin]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which parameters remain: where they stand in theta of the new sizes, and where they stood in the old."""
    before = layer_views(np.arange(parameter_count(old)), old)
    after = layer_views(np.arange(parameter_count(new)), new)
    places, sources = [], []
    for l, (below, origin) in enumerate(pairwise(origins)):
        if origin.layer is None:
            continue
        units, unit_sources = kept_units(origin)
        places.append(after[1][l][0, units])
        sources.append(before[1][origin.layer - 1][0, unit_sources])
        if below.layer is not None and below.layer == origin.layer - 1:
            inputs, input_sources = kept_units(below)
            places.append(after[0][l][np.ix_(units, inputs)].ravel())
            sources.append(before[0][origin.layer - 1][np.ix_(unit_sources, input_sources)].ravel())
    none = np.empty(0, np.intp)
    return np.concatenate([none, *places]), np.concatenate([none, *sources])


def kept_units(origin: Origin) -> tuple[list[int], list[int]]:
    """Return which units of a layer remain: their numbers now and before."""
    pairs = [(now, before) for now, before in enumerate(origin.units) if before != NEW]
    return [now for now, _ in pairs], [before for _, before in pairs]
