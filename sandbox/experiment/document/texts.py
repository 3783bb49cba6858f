"""How settings, kinds and columns are displayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import PurePath

import numpy as np

from sandbox import words
from sandbox.data import DATASETS, Data
from sandbox.data.canvas import Scaling
from sandbox.experiment.document.entries import Entry
from sandbox.experiment.document.parts import DataSettings
from sandbox.experiment.document.settings import SETTINGS, Value
from sandbox.experiment.document.units import Units, unit_of
from sandbox.nn import ACTIVATIONS, INITIALIZERS, LOSSES, METRICS, OPTIMIZERS
from sandbox.nn.kind import Kind

_MOST_NAMED = 4  # units in a sentence
_DIGITS = 6  # significant ones, of a setting's value
CODINGS = {"zero_one": "0 and 1", "plus_minus_one": "\u22121 and +1"}  # the two classes of a coding


def kind_of(name: str) -> type[Kind] | None:
    """Return the loss, metric, activation, optimiser or initialiser with a name; None if there is none."""
    for registry in (LOSSES, METRICS, ACTIVATIONS, OPTIMIZERS, INITIALIZERS):
        kind: type[Kind] | None = registry.get(name)
        if kind is not None:
            return kind
    return None


def label_of(name: str) -> str:
    """Return the label of a loss, metric and so on; any other name unchanged."""
    kind = kind_of(name)
    return name if kind is None else kind.label


def label_within(name: str) -> str:
    """Return the label of a loss, metric and so on for use within a sentence; any other name unchanged."""
    kind = kind_of(name)
    return name if kind is None else kind.label_within()


def value_within(name: str) -> str:
    """Return what a value of a loss or metric is called within a sentence: "Huber loss", "mean squared error"."""
    return f"{label_within(name)} loss" if name in LOSSES and LOSSES[name].has_bare_label else label_within(name)


SUMMED = " (sum)"  # after the name of a loss that is not a mean over samples


def reduced(name: str, reduction: str, within: bool = False) -> str:
    """Return the label of a loss or metric, or of the cost, as reduced over samples: a sum is called a sum.

    Parameters
    ----------
    name : str
        Registry name, or "cost".
    reduction : str
        That of the lane. Metrics do not depend on it.
    within : bool
        Whether it is written within a sentence.
    """
    label = value_within(name) if within else label_of(name)
    if reduction != "sum" or name in METRICS:
        return label
    term = LOSSES[name].term_label if name in LOSSES else ""
    return f"{(words.within(term) if within else term) or label}{SUMMED}"


def source_text(data: DataSettings) -> str:
    """Return what the data are called: the data set's name, the file's, or that they are points of one's own."""
    if data.points is not None:
        return "Your points"
    return DATASETS[data.dataset].label if data.dataset is not None else PurePath(data.file or "").name


def setting_within(key: str) -> str:
    """Return what a setting is called within a sentence."""
    return SETTINGS[key].phrase or words.within(SETTINGS[key].label)


def entry_within(entry: Entry, sizes: tuple[int, ...], inputs: Sequence[str]) -> str:
    """Return what a weight or bias is called within a sentence: "weight of x2 to unit 1 of layer 1".

    Parameters
    ----------
    entry : Entry
    sizes : tuple of int
        Units per layer, input first.
    inputs : sequence of str
        The names of the inputs.
    """
    output = "the output" if sizes[-1] == 1 else f"output {entry.unit + 1}"
    unit = output if entry.layer == len(sizes) - 1 else f"unit {entry.unit + 1} of layer {entry.layer}"
    if entry.below is None:
        return f"bias of {unit}"
    return f"weight of {inputs[entry.below] if entry.layer == 1 else f'unit {entry.below + 1}'} to {unit}"


def units_text(units: Units) -> str:
    """Say which units and layers come and go: "unit 3 of layer 1 removed", "layer 2 added"."""
    return "; ".join(f"{_units_listed(names)} {key}" for key, names in units.items())


def _units_listed(names: Sequence[str]) -> str:
    return words.listed(map(unit_within, names)) if len(names) <= _MOST_NAMED else words.count(len(names), "unit")


def unit_within(name: str) -> str:
    """Return what a unit or a layer is called within a sentence: "unit 3 of layer 1" for "1[2]"."""
    layer, unit = unit_of(name)
    return f"layer {layer}" if unit is None else f"unit {unit + 1} of layer {layer}"


def cost_unit(data: Data) -> str:
    """Return the unit of costs if it is not the targets' own: "in standard deviations of price (174,300)"; else ""."""
    if not data.standardizes_target:
        return ""
    if len(data.target_names) > 1:
        return "in standard deviations of each target"
    return f"in standard deviations of {data.target_names[0]} ({words.bound(float(f'{data.target_scale[0]:.4g}'))})"


_LOPSIDED = 1.2  # times as frequent as all classes would be if they were equally frequent


def baseline(data: Data, part: str) -> str:
    """Return how accurate it is to always name one class of the "train" or "test" part; "" for a regression.

    For example 'always "ok": 81.7 %', which an accuracy has to beat.
    """
    name, share = _most_frequent(data, part)
    return f"always \u201c{name}\u201d: {words.share(share)}" if name else ""


def is_lopsided(data: Data, part: str) -> bool:
    """Return whether one class is so frequent that always naming it looks like learning."""
    return _most_frequent(data, part)[1] > _LOPSIDED / max(len(data.class_names), 1)


@lru_cache(maxsize=2)
def _most_frequent(data: Data, part: str) -> tuple[str, float]:
    """Return the most frequent class of a part, and its share; ("", 0) for a regression or an empty part."""
    y = data.y_test if part == "test" else data.y_train
    if data.task == "regression" or not len(y):
        return "", 0.0
    counts = np.bincount(np.asarray(y, dtype=np.intp).ravel(), minlength=len(data.class_names))
    most = int(counts.argmax())
    return data.class_names[most], float(counts[most] / counts.sum())


def column_words(column: str, reduction: str = "mean") -> str:
    """Return the displayed name of a history column: "Test accuracy", of a lane whose costs are reduced like this."""
    part, _, name = column.partition("_")
    return f"{'Test' if part == 'test' else 'Training'} {reduced(name, reduction, within=True)}"


def is_share(column: str) -> bool:
    """Return whether a column is a share of samples."""
    name = column.partition("_")[2]
    return name in METRICS and METRICS[name].is_share


def column_text(column: str, value: float) -> str:
    """Format a value of a column: in per cent for a share, else as another score or as a cost."""
    if is_share(column):
        return words.share(value)
    return words.score(value) if column.partition("_")[2] in METRICS else words.cost(value)


def level_text(column: str, value: float) -> str:
    """Format a level of a column as shortly as it can be told: "97 %", "0.1"."""
    if not is_share(column):
        return words.number(value)
    return words.share(value, next(decimals for decimals in (0, 1, 2, 3) if decimals == 3 or _whole(value, decimals)))


def _whole(value: float, decimals: int) -> bool:
    """Return whether a share in per cent needs no more decimals."""
    return abs(round(100.0 * value, decimals) - 100.0 * value) < 1e-9


def setting_text(key: str, value: Value) -> str:
    """Format the value of a setting for display; a batch size of 0 is "all"."""
    return SETTINGS[key].zero if SETTINGS[key].zero and value == 0 else value_text(value)


def points_changed(key: str, old: int, new: int) -> str:
    """Say that points were changed: how many there were and are, or that they moved."""
    name = words.within(SETTINGS[key].label)
    return f"{name} {old:,} to {new:,}" if old != new else f"{name} moved"


def scaling_text(scale: Scaling) -> str:
    """Format the scaling of points: "x1 0.5 \u00b1 1.2, x2 0 \u00b1 1"."""
    pairs = (f"{name} {words.number(mean)} \u00b1 {words.number(sigma)}" for name, (mean, sigma) in scale.items())
    return ", ".join(pairs)


def value_text(value: Value) -> str:
    """Format any value for display."""
    if isinstance(value, Mapping):
        return scaling_text(value)
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return words.count(len(value), "point")
    if isinstance(value, tuple):
        return ", ".join(map(value_text, value)) or "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return words.number(value, _DIGITS)
    if value is None:
        return "default"
    text = str(value)
    return label_of(text) if kind_of(text) is not None else text.replace("_", " ")
