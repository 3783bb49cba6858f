"""Settings, kinds and columns as people read them."""

from __future__ import annotations

from sandbox import words
from sandbox.experiment.document.settings import SETTINGS, Value
from sandbox.nn import ACTIVATIONS, INITIALIZERS, LOSSES, METRICS, OPTIMIZERS
from sandbox.nn.kind import Kind

_DIGITS = 6  # of a setting's value


def kind_of(name: str) -> type[Kind] | None:
    """Return the loss, metric, activation, optimiser or initialiser of a name; None if there is none."""
    for registry in (LOSSES, METRICS, ACTIVATIONS, OPTIMIZERS, INITIALIZERS):
        found: type[Kind] | None = registry.get(name)
        if found is not None:
            return found
    return None


def label_of(name: str) -> str:
    """Return what people call a loss, a metric and the like; the name itself for anything else."""
    kind = kind_of(name)
    return name if kind is None else kind.label


def label_within(name: str) -> str:
    """Return what people call a loss, a metric and the like within a sentence."""
    kind = kind_of(name)
    return name if kind is None else kind.label_within()


def setting_within(key: str) -> str:
    """Return what people call a setting, within a sentence."""
    return words.within(SETTINGS[key].label)


def column_words(column: str) -> str:
    """Return a column of the history as people call it: "Test accuracy"."""
    part, _, name = column.partition("_")
    return f"{'Test' if part == 'test' else 'Training'} {label_within(name)}"


def is_share(column: str) -> bool:
    """Return whether a column is a share of samples."""
    name = column.partition("_")[2]
    return name in METRICS and METRICS[name].is_share


def column_text(column: str, value: float) -> str:
    """Return a value of a column: in per cent for a share, else as a cost."""
    return words.share(value) if is_share(column) else words.cost(value)


def value_text(value: Value) -> str:
    """Return a setting's value as people write it."""
    if isinstance(value, tuple):
        return ", ".join(map(value_text, value)) or "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return words.number(value, _DIGITS)
    if value is None:
        return "its own"
    text = str(value)
    return label_of(text) if kind_of(text) is not None else text.replace("_", " ")
