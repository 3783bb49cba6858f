"""How a lane would code its targets for a loss that is not, or not yet, its objective."""

from __future__ import annotations

from sandbox.experiment.document.defaults import coding_for
from sandbox.experiment.training.scene import Scene
from sandbox.nn import Loss


def coding_of(scene: Scene, loss: Loss) -> str:
    """Return "zero_one" or "plus_minus_one": as the lane would code its targets if it learnt with this loss."""
    if loss is scene.lane.objective:
        return scene.lane.coding
    return coding_for(scene.lane.settings.network, loss.name, scene.output.name)
