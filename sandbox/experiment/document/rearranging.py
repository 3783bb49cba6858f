"""What has to change together when a unit or a layer comes or goes."""

from __future__ import annotations

from typing import Any

from sandbox.errors import input_error
from sandbox.experiment.document.parts import NetworkSettings
from sandbox.experiment.document.settings import SETTINGS
from sandbox.experiment.document.units import Units, rearranged, renumbered


def rearranging(
    network: NetworkSettings, layer: int, by: int | None, units: Units, new: bool = False
) -> dict[str, Any]:
    """Return the settings of an edit that changes one hidden layer: its units, the activations, and what is frozen.

    Parameters
    ----------
    network : NetworkSettings
        In force before the edit.
    layer : int
        The number of the layer, from 1.
    by : int, optional
        By how many units it changes, or how many a new layer has; None removes it.
    units : mapping
        The names of what is removed and added.
    new : bool
        Whether the layer is new.

    Raises
    ------
    InputError
        If there is no such layer or unit.
    """
    hidden, activations = list(network.hidden), list(network.activations)
    if not 1 <= layer <= len(hidden) + new:
        raise input_error("", f"there is no hidden layer {layer}: this network has {len(hidden)}.")
    if new:
        hidden.insert(layer - 1, by or 1)
        near = activations[max(layer - 2, 0)] if activations else str(SETTINGS["network.activation"].default)
        activations.insert(layer - 1, near)
    elif by is None:
        del hidden[layer - 1], activations[layer - 1]
    else:
        hidden[layer - 1] += by
    changes: dict[str, Any] = {"network.hidden": tuple(hidden)}
    if isinstance(network.activation, tuple):
        changes["network.activation"] = tuple(activations)
    origins = rearranged(network.hidden, hidden, units)
    frozen = renumbered(network.frozen, origins, len(network.hidden))
    return changes | ({} if frozen == network.frozen else {"network.frozen": frozen})
