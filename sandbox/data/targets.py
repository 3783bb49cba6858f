"""From target columns to a task and its targets: class indices, or numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sandbox.data.bounds import MAX_CLASSES
from sandbox.data.table import Numbers, Texts, is_text
from sandbox.errors import InputError, shown

TASKS = ("auto", "binary", "multiclass", "regression")

Targets = NDArray[np.int64] | NDArray[np.float64]


def encode(
    where: str, targets: Mapping[str, Numbers | Texts], task: str = "auto", classes: Sequence[float] = ()
) -> tuple[str, Targets, tuple[str, ...]]:
    """Determine the task, and encode the targets for it.

    auto: names are classes; whole numbers with two values are binary, with up to 20 multiclass; anything
    else, and several columns, regression. An explicit task overrides this.

    Parameters
    ----------
    where : str
        The table's name in messages.
    targets : mapping of str to array (m,)
        The target columns, with no value missing.
    task : str
        auto, binary, multiclass or regression.
    classes : sequence of float
        The values of the classes in order, if known beforehand.

    Returns
    -------
    task : str
        binary, multiclass or regression.
    y : array
        (m,) int64: the index of the class, ordered by number, else by name; or (m, n_targets) float64.
    class_names : tuple of str
        Empty for a regression.

    Raises
    ------
    InputError
        When the columns do not fit the task.
    """
    if task == "regression" or (task == "auto" and len(targets) > 1):
        return "regression", _numbers(where, targets), ()
    if len(targets) > 1:
        raise InputError(f"{where}: {len(targets)} targets are given, but a {task} task has one.")
    ((name, column),) = targets.items()
    values = list(classes) or sorted(set(column.tolist()))
    if task == "auto" and not is_text(column) and not _are_classes(values):
        return "regression", _numbers(where, targets), ()
    task = _class_task(where, name, task, len(values))
    index = {value: i for i, value in enumerate(values)}
    y = np.fromiter((index[value] for value in column.tolist()), np.int64, column.size)
    return task, y, tuple(map(_class_name, values))


def _numbers(where: str, targets: Mapping[str, Numbers | Texts]) -> NDArray[np.float64]:
    for name, column in targets.items():
        if is_text(column):
            raise InputError(f'{where}: the target "{shown(name)}" holds names, but a regression needs numbers.')
    return np.column_stack([column.astype(np.float64) for column in targets.values()])


def _are_classes(values: Sequence[float]) -> bool:
    return len(values) <= MAX_CLASSES and all(float(value).is_integer() for value in values)


def _class_task(where: str, name: str, task: str, count: int) -> str:
    if count < 2:
        raise InputError(f'{where}: the target "{shown(name)}" has only one class; at least two are needed.')
    if task == "binary" and count != 2:
        raise InputError(f'{where}: the target "{shown(name)}" has {count} classes, but a binary task has two.')
    if count > MAX_CLASSES:
        raise InputError(f'{where}: the target "{shown(name)}" has {count} classes; at most {MAX_CLASSES} are allowed.')
    if task == "auto":
        return "binary" if count == 2 else "multiclass"
    return task


def _class_name(value: str | float) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
