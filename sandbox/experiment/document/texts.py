"""How settings, kinds and columns are displayed."""

from __future__ import annotations

from sandbox import words
from sandbox.experiment.document.settings import SETTINGS, Value
from sandbox.nn import ACTIVATIONS, INITIALIZERS, LOSSES, METRICS, OPTIMIZERS
from sandbox.nn.kind import Kind

_DIGITS = 6  # significant ones, of a setting's value


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


def setting_within(key: str) -> str:
    """Return what a setting is called within a sentence."""
    return SETTINGS[key].phrase or words.within(SETTINGS[key].label)


def column_words(column: str) -> str:
    """Return the displayed name of a history column: "Test accuracy"."""
    part, _, name = column.partition("_")
    return f"{'Test' if part == 'test' else 'Training'} {label_within(name)}"


def is_share(column: str) -> bool:
    """Return whether a column is a share of samples."""
    name = column.partition("_")[2]
    return name in METRICS and METRICS[name].is_share


def column_text(column: str, value: float) -> str:
    """Format a value of a column: in per cent for a share, else as a cost."""
    return words.share(value) if is_share(column) else words.cost(value)


def value_text(value: Value) -> str:
    """Format a setting's value for display."""
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
