"""What a change of settings did to the weights at once: the proof that what is only shown changes none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b

import numpy as np

from sandbox.experiment.document.parts import Edit
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.snapshot import EditEffect, LaneEffect

_DIGEST = 4  # bytes: eight hexadecimal digits, short enough to compare by eye


def fingerprint(lane: Lane) -> str:
    """Return eight hexadecimal digits that change if any bit of any weight or bias of a lane does."""
    digest = blake2b(digest_size=_DIGEST)
    for replica in lane.replicas:
        digest.update(np.ascontiguousarray(replica.theta).data)
    return digest.hexdigest()


def fingerprints(lanes: Iterable[Lane]) -> dict[str, str]:
    """Return the fingerprint of each lane by name."""
    return {lane.name: fingerprint(lane) for lane in lanes}


def effect_of(edit: Edit, before: Mapping[str, str], lanes: Iterable[Lane]) -> EditEffect:
    """Return the effect of an edit on the lanes that it changed, given their fingerprints before it."""
    changed = [lane for lane in lanes if edit.lane in (None, lane.name) and lane.name in before]
    effects = (
        LaneEffect(lane.name, sum(r.theta.size for r in lane.replicas), before[lane.name], fingerprint(lane))
        for lane in changed
    )
    return EditEffect(frozenset(edit.changes), edit.update, tuple(effects))
