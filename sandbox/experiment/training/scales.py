"""On what scale the losses of a lane are read: by it, values of two lanes or of two moments can be compared or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sandbox.arrays import Floats
from sandbox.data import Data
from sandbox.nn import LOSSES
from sandbox.nn.losses import mean_factor


@dataclass(frozen=True)
class Scale:
    """What a loss counts a mistake as, besides how it is reduced.

    Attributes
    ----------
    coding : str
        Of the targets: "zero_one" or "plus_minus_one"; "" in a regression.
    parameters : tuple of (name, value)
        Of the loss.
    """

    coding: str
    parameters: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Terms:
    """How the losses of a lane are read from an epoch on: reduced in this way, and each on its scale.

    `samples` are how many the training part and the test part have.
    """

    start: float
    reduction: str
    scales: Mapping[str, Scale]
    samples: tuple[int, int]


def terms_of(
    start: float, reduction: str, codings: Mapping[str, str], parameters: Mapping[str, float], data: Data
) -> Terms:
    """Return the terms that follow from a lane's settings, from the epoch `start` on."""
    scales = {
        name: Scale(
            "" if data.task == "regression" else codings[name], tuple(kind.tuned(parameters).parameter_values.items())
        )
        for name, kind in LOSSES.items()
    }
    return Terms(start, reduction, scales, (len(data.X_train), len(data.X_test)))


def continued(terms: Sequence[Terms], new: Terms) -> tuple[Terms, ...]:
    """Return the terms so far, with new ones from an epoch on. The row of epoch 0 has the very first ones."""
    first, *others = terms
    return (first, *(old for old in others if old.start < new.start), new)


def scales_of(terms: Sequence[Terms], name: str) -> tuple[Scale, ...]:
    """Return the scales on which a loss has been read since the first update, without repetition; () for a metric."""
    since = terms[1:] if len(terms) > 1 and terms[1].start == terms[0].start else terms
    return tuple(dict.fromkeys(each.scales[name] for each in since if name in each.scales))


def to_means(terms: Sequence[Terms], name: str, epochs: Floats, part: str, outputs: int) -> Floats:
    """Return the factors (k,) that turn values of a loss recorded at these epochs into means over the samples.

    They are of the "train" or the "test" part, which may have had other samples at other times.
    1 for a metric; nan for an initial value on another scale than all later ones.
    """
    factors = np.ones(len(epochs))
    if name not in terms[0].scales:
        return factors
    for number, each in enumerate(terms):
        since = epochs > each.start if number else slice(None)
        factors[since] = mean_factor(each.reduction, max(each.samples[part == "test"], 1), outputs)
    if terms[0].scales[name] not in scales_of(terms, name):
        factors[epochs <= 0.0] = np.nan
    return factors
