"""Other data, with the settings under which they are learned.

A data set brings its own settings (`Dataset.recommended`): a learning rate, layers, an optimiser. They apply where it
is chosen, not where an experiment file names it: a file means its own keys and the defaults.
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.data import DATASETS, FILE_RECOMMENDED
from sandbox.experiment.document import texts
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.parts import DataSettings
from sandbox.experiment.document.settings import SETTINGS, Value

# What belongs to one source of data, and does not stay for the next one.
_DATA_KEYS = (
    "samples", "noise", "fraction", "classes", "features", "target", "seed", "task", "label_noise", "standardize",
    "standardize_target", "points", "test_points", "scaling",
)  # fmt: skip
_OF_THE_DATA = {f"data.{name}": SETTINGS[f"data.{name}"].default for name in _DATA_KEYS}
_OF_THE_DATA["network.initial"] = SETTINGS["network.initial"].default  # weights typed for these inputs
_OF_THE_DATA["network.frozen"] = SETTINGS["network.frozen"].default  # what had been learned from them
_LAYERS = ("network.hidden", "network.activation")
RECOMMENDED_KEYS = tuple(
    key for key in SETTINGS if key in FILE_RECOMMENDED or any(key in source.recommended for source in DATASETS.values())
)


def with_dataset(experiment: Experiment, name: str) -> Experiment:
    """Return the experiment on a built-in data set, with the settings that it brings; see `with_file`."""
    source = DATASETS[name]
    fraction = {} if source.fraction is None else {"data.fraction": source.fraction}
    values = {**_OF_THE_DATA, **fraction, "data.dataset": name, "data.file": None}
    return _with_source(experiment, values, source.recommended)


def with_file(experiment: Experiment, path: str) -> Experiment:
    """Return the experiment on a table of one's own, with the settings that suit most.

    A setting that still has the value that the data before brought, or its default, gets the value for the new data;
    any other was chosen, and stays. So do the values in which lanes differ.

    Raises
    ------
    InputError
        If the path is not allowed.
    """
    return _with_source(experiment, {**_OF_THE_DATA, "data.file": path}, FILE_RECOMMENDED)


def _with_source(experiment: Experiment, values: Mapping[str, Value], recommended: Mapping[str, Value]) -> Experiment:
    before = recommended_for(experiment.data)
    changes = {
        key: recommended.get(key, SETTINGS[key].default)
        for key in RECOMMENDED_KEYS
        if experiment.get(key) in (before.get(key, SETTINGS[key].default), SETTINGS[key].default)
    }
    if any(isinstance(experiment.get("network.activation", lane.name), tuple) for lane in experiment.lanes):
        for key in _LAYERS:  # an activation was chosen for each layer: the layers stay with it
            changes.pop(key, None)
    return experiment.with_values({**values, **changes})


def brought(before: Experiment, after: Experiment) -> str:
    """Say which settings the data of an experiment brought, compared with the one before; "" if none."""
    keys = [key for key in RECOMMENDED_KEYS if before.get(key) != after.get(key)]
    if not keys:
        return ""
    values = ", ".join(f"{texts.setting_within(key)} {texts.value_text(after.get(key))}" for key in keys)
    return f"Set for {texts.source_text(after.data)}: {values}."


def recommended_for(data: DataSettings) -> Mapping[str, Value]:
    """Return the settings that a source of data brings, by dotted key; points bring none."""
    if data.points is not None:
        return {}
    return FILE_RECOMMENDED if data.dataset is None else DATASETS[data.dataset].recommended
