"""Numbers and settings as people read them."""

from __future__ import annotations

import math

from sandbox.experiment.settings import Value
from sandbox.nn import ACTIVATIONS, INITIALIZERS, LOSSES, METRICS, OPTIMIZERS

_WIDEST = 7  # characters of a cost
_LABELS = {
    name: str(kind.label)
    for kinds in (METRICS, INITIALIZERS, OPTIMIZERS, ACTIVATIONS, LOSSES)
    for name, kind in kinds.items()
}


def cost_text(value: float) -> str:
    """Return a cost in at most seven characters, as exactly as they allow: 0.0871, 12.34, 8.7e-6."""
    if not math.isfinite(value):
        return "\u2013" if math.isnan(value) else ("\u221e" if value > 0 else "\u2212\u221e")
    size = abs(value)
    short = not size or 1e-3 <= size < 1e5
    for digits in (4, 2, 0) if short else (1, 0):
        text = f"{value:.{digits}f}"
        if not short:
            mantissa, exponent = f"{value:.{digits}e}".split("e")
            text = f"{mantissa}e{int(exponent)}"
        if len(text) <= _WIDEST:
            break
    return text.replace("-", "\u2212")


def share_text(value: float) -> str:
    """Return a share as per cent: 97.3 %."""
    return "\u2013" if math.isnan(value) else f"{100 * value:.1f}\u2009%"


def counted(number: int, noun: str) -> str:
    """Return "1 update", "900 updates"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def value_text(value: Value) -> str:
    """Return a value as people write it."""
    if isinstance(value, tuple):
        return ", ".join(map(value_text, value)) or "nothing"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}".replace("-", "\u2212")
    return _LABELS.get(str(value), "its own" if value is None else str(value).replace("_", " "))
