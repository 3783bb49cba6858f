"""Features made from columns: "x1^2", "x1*x2", "sin(x1)", parsed by hand and never evaluated as code."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sandbox.errors import InputError, shown
from sandbox.words import known_names

FUNCTIONS = {"sin": np.sin, "cos": np.cos, "abs": np.abs}
_POWERS = frozenset("23456789")


@dataclass(frozen=True)
class Factor:
    """A column, raised to a power or passed through one of `FUNCTIONS`."""

    column: str
    power: int = 1
    function: str = ""

    def values(self, columns: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return the factor of each row (m,)."""
        values = columns[self.column]
        if self.function:
            return np.asarray(FUNCTIONS[self.function](values), dtype=np.float64)
        return values if self.power == 1 else values**self.power


@dataclass(frozen=True)
class Feature:
    """A product of factors; a plain column is a single factor."""

    name: str
    factors: tuple[Factor, ...]

    def values(self, columns: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return the feature of each row (m,), from columns (m,) in their own units."""
        product = self.factors[0].values(columns)
        for factor in self.factors[1:]:
            product = product * factor.values(columns)
        return product


def parse_feature(text: str, columns: Collection[str]) -> Feature:
    """Parse a feature: a column, or a product of columns, powers (2 to 9), sines, cosines and absolute values.

    The exact name of a column always means that column, whatever characters it contains.

    Parameters
    ----------
    text : str
        Such as "x1", "x1^2", "x1*x2", "sin(x1)", "abs(x1)*x2^3".
    columns : collection of str
        The available columns.

    Raises
    ------
    InputError
        When it is none of these; the message names the nearest column.
    """
    name = text.strip()
    if name in columns:
        return Feature(name, (Factor(name),))
    return Feature(name, tuple(_factor(part.strip(), name, columns) for part in name.split("*")))


def _factor(part: str, feature: str, columns: Collection[str]) -> Factor:
    if part in columns:
        return Factor(part)
    base, caret, power = part.rpartition("^")
    if caret and power.strip() in _POWERS and base.strip() in columns:
        return Factor(base.strip(), power=int(power))
    function, bracket, argument = part.partition("(")
    called = bool(bracket) and function.strip() in FUNCTIONS and argument.endswith(")")
    if called and argument[:-1].strip() in columns:
        return Factor(argument[:-1].strip(), function=function.strip())
    # What is left without the operator is most likely the mistyped column.
    core = argument[:-1].strip() if called else base.strip() if caret else part
    if core in columns:
        forms = ", ".join(f"{key}(column)" for key in FUNCTIONS)
        raise InputError(
            f'The feature "{shown(feature)}" cannot be read; a feature is a column, column^2 to column^9, '
            f"{forms}, or a product of these with *."
        )
    inside = "" if core == feature else f' in the feature "{shown(feature)}"'
    raise InputError(f'There is no column "{shown(core)}"{inside}; {known_names(core, columns)}.')


def offered(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the features to choose from: the columns and, of one or two, their squares, product, sines and cosines."""
    names = list(columns)
    if len(columns) <= 2:
        names += [f"{name}^2" for name in columns]
        names += ["*".join(columns)] * (len(columns) == 2)
        names += [f"{function}({name})" for function in ("sin", "cos") for name in columns]
    return tuple(names)


def inputs_of(features: Sequence[Feature]) -> tuple[str, ...]:
    """Return the columns that features are made from, each once, in order of first use."""
    return tuple(dict.fromkeys(factor.column for feature in features for factor in feature.factors))


def feature_matrix(features: Sequence[Feature], columns: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return X (m, n): the features of each row, in their own units, from columns (m,).

    A number too large becomes infinite, without a warning: the caller decides.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return np.column_stack([feature.values(columns) for feature in features])
