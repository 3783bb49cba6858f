"""What was set by hand before the first update of a run, as the initial weights of the next one."""

from __future__ import annotations

import dataclasses

from sandbox.data import Data
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.settings import MOST_INITIAL
from sandbox.experiment.training.trainer import Trainer


def with_weights_by_hand(current: Experiment, run: Experiment, data: Data) -> Experiment:
    """Return settings with the weights that lanes had before the first update, where edits had set any of these.

    Without several seeds only, which would all begin alike; not in a lane that has other layers or inputs by now, nor
    where there are more weights than can be typed.

    Parameters
    ----------
    current : Experiment
        The settings in force.
    run : Experiment
        That of the run so far, with its edits.
    data : Data
        Of that run.
    """
    first = tuple(edit for edit in run.edits if edit.update == 0)
    touched = {edit.lane for edit in first if edit.weights or edit.units}
    if not touched or current.run.replicas > 1:
        return current
    begun = Trainer(dataclasses.replace(run, edits=first), data)
    features = current.data.features or (data.origin or data).feature_names
    for lane in begun.lanes:
        if touched.isdisjoint({None, lane.name}) or lane.name not in [entry.name for entry in current.lanes]:
            continue
        network, theta = current.lane(lane.name).network, lane.replicas[0].theta
        same = (features, network.hidden) == (begun.data.feature_names, begun.current.lane(lane.name).network.hidden)
        if same and network.weights is None and theta.size <= MOST_INITIAL:
            several = lane.name if len(current.lanes) > 1 else None
            current = current.with_value("network.initial", tuple(theta.tolist()), several)
    return current
