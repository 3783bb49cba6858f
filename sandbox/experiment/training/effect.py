"""What a change of settings did to the weights at once: the proof that what is only shown changes none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from sandbox.arrays import Array
from sandbox.experiment.document.parts import Edit
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.snapshot import EditEffect, LaneEffect

if TYPE_CHECKING:
    from sandbox.experiment.training.trainer import Trainer

_DIGEST = 4  # bytes: eight hexadecimal digits, short enough to compare by eye


def fingerprint(lane: Lane) -> str:
    """Return eight hexadecimal digits that change if any bit of any weight or bias of a lane does."""
    digest = blake2b(digest_size=_DIGEST)
    for replica in lane.replicas:
        digest.update(np.ascontiguousarray(replica.theta).data)
    return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class LaneMark:
    """A lane's weights at one moment, by their fingerprint, and its gradient (P,) if it matters for an edit."""

    weights: str
    gradient: Array | None


def marks_of(trainer: Trainer, edit: Edit) -> dict[str, LaneMark]:
    """Return the weights, and if the loss to learn with changes the gradients, of the lanes of an edit, by name."""
    lanes = [lane for lane in trainer.lanes if edit.lane in (None, lane.name)]
    turns = (
        "loss.objective" in edit.changes and not trainer.waits
    )  # a gradient takes a pass over all samples: too long for every drag
    with np.errstate(all="ignore"):
        return {lane.name: LaneMark(fingerprint(lane), _gradient(trainer, lane) if turns else None) for lane in lanes}


def effect_of(edit: Edit, before: Mapping[str, LaneMark], trainer: Trainer) -> EditEffect:
    """Return the effect of an edit on the lanes that it changed, given what they were before it."""
    effects = []
    for name, after in marks_of(trainer, edit).items():
        if name in before:
            weights = sum(replica.theta.size for replica in trainer.lane(name).replicas)
            turned = _angle(before[name].gradient, after.gradient)
            effects.append(LaneEffect(name, weights, before[name].weights, after.weights, turned))
    return EditEffect(edit.keys, edit.update, tuple(effects))


def _gradient(trainer: Trainer, lane: Lane) -> Array:
    probe = trainer.probe(lane.name)
    assert probe is not None
    return probe.gradient()


def _angle(one: Array | None, other: Array | None) -> float:
    """Return the angle between two gradients (P,) in degrees; nan if one is missing, 0 or not finite."""
    if one is None or other is None or one.shape != other.shape:
        return math.nan
    with np.errstate(all="ignore"):
        lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
        cosine = float(one @ other) / lengths if lengths else math.nan
    return math.degrees(math.acos(min(max(cosine, -1.0), 1.0))) if math.isfinite(cosine) else math.nan
