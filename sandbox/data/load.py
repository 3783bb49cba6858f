"""From the data settings to the arrays a network learns from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.data.bounds import MAX_CELLS, MAX_COLUMNS, MIN_ROWS, check_setting
from sandbox.data.canvas import Canvas
from sandbox.data.csv_file import is_number, read_table
from sandbox.data.features import Feature, feature_matrix, inputs_of, parse_feature
from sandbox.data.generators import GENERATORS
from sandbox.data.prepare import choose_test, scaling, wrong_labels
from sandbox.data.table import Dataset, Numbers, Recommended, Table, Texts, is_text, missing
from sandbox.data.tables import TABLES
from sandbox.data.targets import TASKS, Targets, encode
from sandbox.errors import InputError, shown
from sandbox.nn.optimizers import Adam
from sandbox.words import count, known_names, one_line

DATASETS: dict[str, Dataset] = {**GENERATORS, **TABLES}
# For a file that the window opens: steps that suit most scales and sizes, as nothing is known of it.
FILE_RECOMMENDED: Mapping[str, Recommended] = {"optimizer.name": Adam.name, "optimizer.learning_rate": 0.01}


@dataclass(frozen=True, eq=False)
class Data:
    """The samples of an experiment, split and scaled; every array is read-only.

    Attributes
    ----------
    name : str
        The data set's, or the file's.
    task : str
        binary, multiclass or regression.
    feature_names, target_names : tuple of str
    class_names : tuple of str
        In the order of the class indices; empty for a regression.
    X_train, X_test : array (m, n)
        Features, standardised if requested.
    y_train, y_test : array
        (m,) int64: the index of the class; for a regression (m, n_targets) float64, in the targets' own units.
    wrong_train : array (m,) of bool
        True where a training sample has the label of another class, see `wrong_labels`.
    mean, scale : array (n,)
        X in its own units is X * scale + mean.
    target_mean, target_scale : array (n_targets,)
        What the network learns of a regression is (y - target_mean) / target_scale; 0 and 1 if not standardised.
    features : tuple of Feature
        How the features are made from the inputs.
    inputs : tuple of str
        The columns that the features are made from: x1 and x2 for the feature x1*x2.
    inputs_train, inputs_test : array (m, n_inputs)
        These columns, in their own units.
    notices : tuple of str
        Sentences on what the user should know about the data.
    drawn : Canvas, optional
        What they are points of, if they are drawn: then they may change while training, see `points`.
    standardized : bool
        Whether the features are standardised.
    columns : tuple of str
        The columns that features can be made from without another sample coming or going; () is the inputs alone.
    others : tuple of (str, array (m,), array (m,))
        Those of them that are not among the inputs, with their numbers in the training and the test samples.
    closed : tuple of str
        The other columns that are no targets: not every one of these samples has a number there.
    origin : Data, optional
        The data as they were loaded, if the features are others now.
    """

    name: str
    task: str
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    class_names: tuple[str, ...]
    X_train: NDArray[np.float64]
    y_train: Targets
    wrong_train: NDArray[np.bool_]
    X_test: NDArray[np.float64]
    y_test: Targets
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    target_mean: NDArray[np.float64]
    target_scale: NDArray[np.float64]
    features: tuple[Feature, ...]
    inputs: tuple[str, ...]
    inputs_train: NDArray[np.float64]
    inputs_test: NDArray[np.float64]
    notices: tuple[str, ...] = ()
    drawn: Canvas | None = None
    standardized: bool = True
    columns: tuple[str, ...] = ()
    others: tuple[tuple[str, NDArray[np.float64], NDArray[np.float64]], ...] = ()
    closed: tuple[str, ...] = ()
    origin: Data | None = None

    def with_features(self, features: Sequence[str]) -> Data:
        """Return the same samples with other features.

        A feature that stays keeps its numbers to the bit, as does one that comes back and was there at first; others
        are scaled by the training part if those are. Inputs stay too, so that pictures over them do: a feature made
        from other columns adds these.

        Raises
        ------
        InputError
            If a feature cannot be read, or made in these samples.
        """
        columns = (*(self.columns or self.inputs), *self.closed)
        parsed = tuple(parse_feature(one_line(text), columns) for text in features)
        names = _distinct("features", [feature.name for feature in parsed])
        for column in inputs_of(parsed):
            if column in self.closed:
                raise InputError(
                    f'{self.name}: the column "{shown(column)}" has no number in some of the samples in use, and so '
                    "cannot become an input while training; a new run can begin with it."
                )
        _check_cells(self.name, len(self.X_train) + len(self.X_test), len(parsed))
        inputs = tuple(dict.fromkeys((*self.inputs, *inputs_of(parsed))))
        train, test = ({name: self._column(name, part) for name in inputs} for part in (0, 1))
        X_train, X_test = feature_matrix(parsed, train), feature_matrix(parsed, test)
        check_finite(self.name, parsed, X_train, X_test)
        scales = [self._scale_of(name, column) for name, column in zip(names, X_train.T, strict=True)]
        mean, scale = np.array(scales).T
        with np.errstate(over="ignore", invalid="ignore"):
            X_train, X_test = (X_train - mean) / scale, (X_test - mean) / scale
        for i, name in enumerate(names):
            if name in self.feature_names:
                old = self.feature_names.index(name)
                X_train[:, i], X_test[:, i] = self.X_train[:, old], self.X_test[:, old]
        check_finite(self.name, parsed, mean, scale, X_train, X_test)
        return replace(
            self,
            feature_names=names,
            X_train=_frozen(X_train),
            X_test=_frozen(X_test),
            mean=_frozen(mean),
            scale=_frozen(scale),
            features=parsed,
            inputs=inputs,
            inputs_train=_frozen(np.column_stack(list(train.values()))),
            inputs_test=_frozen(np.column_stack(list(test.values()))),
            notices=(),
            others=tuple(other for other in self.others if other[0] not in inputs),
            origin=self.origin or self,
        )

    def _scale_of(self, name: str, values: NDArray[np.float64]) -> tuple[float, float]:
        """Return mean and scale of a feature with these values (m,) in the training samples; known ones stay."""
        for data in (self, self.origin):
            if data is not None and name in data.feature_names:
                i = data.feature_names.index(name)
                return float(data.mean[i]), float(data.scale[i])
        if not self.standardized or not values.size:
            return 0.0, 1.0
        (mean,), (scale,) = scaling(values[:, None])  # by itself: the same, whatever is switched with it
        return float(mean), float(scale)

    def _column(self, name: str, part: int) -> NDArray[np.float64]:
        """Return a column of the training (0) or the test samples (1)."""
        if name in self.inputs:
            column: NDArray[np.float64] = (self.inputs_train, self.inputs_test)[part][:, self.inputs.index(name)]
            return column
        return next((train, test)[part] for other, train, test in self.others if other == name)

    def from_inputs(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return X (m, n), as the network sees it, for inputs (m, n_inputs) in their own units."""
        columns = dict(zip(self.inputs, values.T, strict=True))
        return (feature_matrix(self.features, columns) - self.mean) / self.scale

    @property
    def standardizes_target(self) -> bool:
        """Whether the network learns a regression's targets in standard deviations."""
        return bool((self.target_mean != 0.0).any() or (self.target_scale != 1.0).any())

    def learned_targets(self, y: NDArray[Any]) -> NDArray[Any]:
        """Return targets (m, n_targets) of a regression, given in their own units, as the network learns them."""
        return (y - self.target_mean) / self.target_scale if self.standardizes_target else y

    def in_target_units(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return outputs (..., n_targets) for a regression in the targets' own units."""
        return values * self.target_scale + self.target_mean if self.standardizes_target else values


def load_data(
    *,
    dataset: str | None = "moons",
    file: str | None = None,
    target: str | Sequence[str] | None = None,
    task: str = "auto",
    samples: int | None = None,
    noise: float | None = None,
    fraction: float | None = None,
    classes: int | None = None,
    test_fraction: float = 0.3,
    label_noise: float = 0.0,
    standardize: bool = True,
    standardize_target: bool = False,
    features: Sequence[str] | None = None,
    seed: int | None = None,
    folder: str | Path | None = None,
) -> Data:
    """Make or read the data, choose targets and features, split and scale.

    Parameters
    ----------
    dataset : str
        A key of `DATASETS`; ignored if there is a `file`.
    file : str, optional
        A CSV file, relative to `folder` (the current folder by default).
    target : str or sequence of str, optional
        The target column or columns; the data set's own, or the last column of a file, by default.
    task : str
        auto, binary, multiclass or regression.
    samples, noise, fraction, classes, seed : numbers, optional
        The data set's own by default; ignored if it does not take them. The seed decides the split too.
    test_fraction : float
        The share of samples taken out for testing: round(test_fraction * m), stratified by class.
    label_noise : float
        The share of the training samples that get the label of another class, drawn by the seed; no regression has any.
    standardize : bool
        Scale each feature by the mean and standard deviation (ddof 0) of the training part.
    standardize_target : bool
        Likewise each target of a regression, for the network alone: `Data.y_train` stays in its own units.
    features : sequence of str, optional
        Columns, or expressions as `parse_feature` reads them; the data set's own, or every other column of a file,
        by default.
    folder : path, optional

    Raises
    ------
    InputError
        When a setting, the file, or what is in it cannot be used.
    """
    numbers = {"test_fraction": test_fraction, "label_noise": label_noise, "noise": noise, "fraction": fraction}
    _check(task, **numbers, samples=samples, classes=classes, seed=seed)
    source = _dataset(dataset) if file is None else _file(Path(folder or ".") / file)
    seed = next(value for value in (seed, source.seed, 0) if value is not None)
    table = source.read(seed, **source.settings(samples=samples, noise=noise, fraction=fraction, classes=classes))

    targets = _targets(table, source, target)
    parsed = _features(table, source, features, targets)
    columns, complete, notices = _complete(table, targets, inputs_of(parsed), MIN_ROWS if source.tested else 1)
    _check_cells(table.name, len(columns[targets[0]]), len(parsed))
    task, y, class_names = encode(table.name, {key: columns[key] for key in targets}, task, table.classes)
    inputs = {key: columns[key].astype(np.float64) for key in inputs_of(parsed)}
    X = feature_matrix(parsed, inputs)
    check_finite(table.name, parsed, X)

    groups = np.zeros(len(X), np.int64) if task == "regression" else y.astype(np.int64)
    test = choose_test(groups, test_fraction if source.tested else 0.0, seed)
    mean, scale = np.zeros(X.shape[1]), np.ones(X.shape[1])
    if standardize and source.scaled:
        mean, scale = scaling(X[~test])
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = (X - mean) / scale
    check_finite(table.name, parsed, mean, scale, scaled)
    target_mean, target_scale = np.zeros(len(targets)), np.ones(len(targets))
    if standardize_target and task == "regression":
        target_mean, target_scale = _target_scaling(table.name, targets, y[~test].astype(np.float64))
    y_train, wrong = y[~test], np.zeros(int((~test).sum()), np.bool_)
    if label_noise and task != "regression":
        y_train, wrong = wrong_labels(y_train.astype(np.int64), len(class_names), label_noise, seed)
    values = np.column_stack(list(inputs.values()))
    others = _other_columns(table, (*targets, *inputs), complete)
    return Data(
        name=table.name,
        task=task,
        feature_names=tuple(feature.name for feature in parsed),
        target_names=targets,
        class_names=tuple(map(one_line, class_names)),
        X_train=_frozen(scaled[~test]),
        y_train=_frozen(y_train),
        wrong_train=_frozen(wrong),
        X_test=_frozen(scaled[test]),
        y_test=_frozen(y[test]),
        mean=_frozen(mean),
        scale=_frozen(scale),
        target_mean=_frozen(target_mean),
        target_scale=_frozen(target_scale),
        features=parsed,
        inputs=tuple(inputs),
        inputs_train=_frozen(values[~test]),
        inputs_test=_frozen(values[test]),
        notices=notices,
        standardized=standardize and source.scaled,
        columns=tuple(name for name in table.columns if name in inputs or name in others),
        others=tuple((name, _frozen(column[~test]), _frozen(column[test])) for name, column in others.items()),
        closed=tuple(name for name in table.columns if name not in (*targets, *inputs, *others)),
    )


def _other_columns(table: Table, used: Sequence[str], rows: NDArray[np.bool_]) -> dict[str, Numbers]:
    """Return the columns, in these rows, that are not used but could be: those with a number in every one of them."""
    others = {}
    for name, column in table.columns.items():
        if name not in used and not is_text(column):
            numbers = column[rows].astype(np.float64)
            if np.isfinite(numbers).all():
                others[name] = numbers
    return others


def _check(task: str, **settings: float | None) -> None:
    if task not in TASKS:
        raise InputError(f'data.task is "{shown(task)}"; {known_names(task, TASKS)}.')
    for name, value in settings.items():
        if value is not None:
            check_setting(name, value)


def _dataset(name: str | None) -> Dataset:
    if name not in DATASETS:
        raise InputError(f'There is no data set "{shown(name)}"; {known_names(str(name), DATASETS)}.')
    return DATASETS[name]


def _file(path: Path) -> Dataset:
    """Return a file as a data set without a default target and features."""

    def read(seed: int) -> Table:
        return read_table(path)

    return Dataset(
        path.name, path.name, "", "auto", read, features=(), target="", recommended=FILE_RECOMMENDED
    )  # fmt: skip


def _distinct(setting: str, names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        raise InputError(f"data.{setting} is an empty list; name at least one column, or leave it out.")
    repeated = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if repeated is not None:
        raise InputError(f'data.{setting} names "{shown(repeated)}" twice; once is enough.')
    return tuple(names)


def _targets(table: Table, source: Dataset, given: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the target columns: those given, else the data set's own, else the last."""
    if given is None:
        return (source.target or list(table.columns)[-1],)
    names = _distinct("target", [one_line(name) for name in ([given] if isinstance(given, str) else given)])
    # A generator's inputs cannot be targets: its classes belong to y.
    candidates = [source.target] if GENERATORS.get(source.name) is source else list(table.columns)
    for name in names:
        if name not in candidates:
            raise InputError(f'{table.name} has no target "{shown(name)}"; {known_names(name, candidates)}.')
    return names


def _features(
    table: Table, source: Dataset, given: Sequence[str] | None, targets: Sequence[str]
) -> tuple[Feature, ...]:
    """Return the features: those given, else the data set's own, else every column that is not a target."""
    columns = [name for name in table.columns if name not in targets]
    if not columns:
        raise InputError(f"{table.name} has no column left for a feature; all of them are targets.")
    if given is None:
        given = [name for name in source.features if name in columns] or columns
    elif len(given) > MAX_COLUMNS:
        raise InputError(f"data.features names {len(given)} features; at most {MAX_COLUMNS} are allowed.")
    parsed = tuple(parse_feature(one_line(text), table.columns) for text in given)
    _distinct("features", [feature.name for feature in parsed])
    for feature in parsed:
        for factor in feature.factors:
            if factor.column in targets:
                raise InputError(
                    f'The target "{shown(factor.column)}" cannot also be a feature; choose another column.'
                )
            _check_numeric(table, factor.column)
    return parsed


def _check_numeric(table: Table, name: str) -> None:
    column = table.columns[name]
    absent = missing(column)
    if absent.all():
        raise InputError(f'{table.name}: the column "{shown(name)}" has no numbers; all its values are missing.')
    if not is_text(column):
        return
    cells = [(row, cell) for row, cell in enumerate(column) if not absent[row]]
    texts = [(row, cell) for row, cell in cells if not is_number(cell, table.decimal_comma)]
    row, text = texts[0]
    problem = "has no numbers" if len(texts) == len(cells) else "is not all numbers"
    raise InputError(
        f'{table.name}: the column "{shown(name)}" {problem} ({table.place(row)} has "{shown(text)}"); '
        "choose features that leave it out."
    )


def _complete(
    table: Table, targets: Sequence[str], inputs: Sequence[str], min_rows: int
) -> tuple[Mapping[str, Numbers | Texts], NDArray[np.bool_], tuple[str, ...]]:
    """Return the columns in use without the rows that miss a value, which rows are left, and a notice of the others."""
    used = {name: table.columns[name] for name in (*targets, *inputs)}
    for name, column in used.items():
        infinite = np.zeros(0, np.intp) if is_text(column) else np.flatnonzero(np.isinf(column.astype(np.float64)))
        if infinite.size:
            raise InputError(
                f'{table.name}, {table.place(int(infinite[0]))}: the column "{shown(name)}" has an infinite number; '
                "every number must be finite."
            )
    absent = np.any([missing(column) for column in used.values()], axis=0)
    left_out = int(np.count_nonzero(absent))
    notice = f"{count(left_out, 'row')} with missing values {'was' if left_out == 1 else 'were'} left out"
    rows = absent.size - left_out
    if rows < min_rows:
        after = f" after {notice}" if left_out else ""
        raise InputError(f"{table.name} has {count(rows, 'row')}{after}; at least {min_rows} are needed.")
    if not left_out:
        return used, ~absent, ()
    return {name: column[~absent] for name, column in used.items()}, ~absent, (f"{notice}.",)


def _check_cells(where: str, rows: int, features: int) -> None:
    """Raise InputError if so many samples of so many features are too many numbers."""
    if rows * features > MAX_CELLS:
        raise InputError(
            f"{where}: {count(rows, 'sample')} of {count(features, 'feature')} are {rows * features:,} numbers; "
            f"at most {MAX_CELLS:,} are allowed."
        )


def _target_scaling(
    where: str, names: Sequence[str], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and scale of the targets y (m, n_targets); an InputError names one that is too large for that."""
    mean, scale = scaling(y)
    bad = np.flatnonzero(~(np.isfinite(mean) & np.isfinite(scale)))
    if bad.size:
        raise InputError(
            f'{where}: the target "{shown(names[bad[0]])}" has numbers too large to compute with; '
            "give it in a larger unit."
        )
    return mean, scale


def check_finite(where: str, features: Sequence[Feature], *numbers: NDArray[np.float64]) -> None:
    """Raise InputError if a feature's column in any of `numbers`, (m, n) or (n,), is not finite."""
    for values in numbers:
        bad = np.flatnonzero(~np.isfinite(np.atleast_2d(values)).all(axis=0))
        if bad.size:
            raise InputError(
                f'{where}: the feature "{shown(features[bad[0]].name)}" has numbers too large to compute with; '
                "give it in a larger unit."
            )


def _frozen(values: Any) -> Any:
    values.setflags(write=False)
    return values
