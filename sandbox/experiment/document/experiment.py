"""The experiment: all that determines a run, as a value that can be read, changed, compared and written.

Everything here is frozen and compared by value. `settings` says which values are allowed, and `rules` which must
fit together.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sandbox.experiment.document.parts import (
    DataSettings,
    Edit,
    LaneEntry,
    LaneSettings,
    LossSettings,
    NetworkSettings,
    OptimizerSettings,
    RunSettings,
)
from sandbox.experiment.document.rules import (
    SOURCES,
    alone,
    check_layers,
    check_points_fit,
    check_source,
    checked_edit,
    checked_edits,
    checked_lanes,
    in_order,
    lane_index,
)
from sandbox.experiment.document.settings import MOST_EDITS, PATHS, SECTIONS, SETTINGS, Value
from sandbox.experiment.document.tables import read_tables, write_tables
from sandbox.experiment.document.toml_file import check_size, read_text
from sandbox.experiment.document.validation import check_count, check_key, check_value, described
from sandbox.files import write_atomic
from sandbox.nn import OPTIMIZERS

_ONE_LANE = (LaneEntry("A"),)


@dataclass(frozen=True)
class Experiment:
    """All that determines a run.

    Attributes
    ----------
    title : str
    data, network, loss, optimizer, run : settings
    lanes : tuple of LaneEntry
        At least one.
    edits : tuple of Edit
        In the order in which they take effect.
    folder : Path, optional
        The folder that paths are relative to (None: the working directory). Ignored in comparisons: experiments
        that differ only in it are equal.
    """

    title: str = ""
    data: DataSettings = field(default_factory=DataSettings)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    loss: LossSettings = field(default_factory=LossSettings)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    run: RunSettings = field(default_factory=RunSettings)
    lanes: tuple[LaneEntry, ...] = _ONE_LANE
    edits: tuple[Edit, ...] = ()
    folder: Path | None = field(default=None, compare=False)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Experiment:
        """Read an experiment file.

        Raises
        ------
        InputError
            For anything wrong with it, naming the file, the key, what was found and what is allowed.
        """
        path = Path(path)
        text = read_text(path)
        return cls.loads(text, name=str(path), folder=path.absolute().parent)

    @classmethod
    def loads(cls, text: str, name: str = "experiment", folder: Path | None = None) -> Experiment:
        """Read an experiment from the text of a file; errors call it `name`."""
        check_size(len(text), name)
        values, lanes, edits = read_tables(text, name)
        if "data.dataset" not in values and ("data.file" in values or "data.points" in values):
            values["data.dataset"] = None
        experiment = cls(lanes=_ONE_LANE if lanes is None else lanes, edits=edits, folder=folder)
        return _changed(experiment, values).checked(name)

    def dumps(self) -> str:
        """Return the text of an experiment file: every setting that has a value, changed or not."""
        return write_tables(dict(_values(self)), self.lanes, self.edits)

    def save(self, path: str | os.PathLike[str], head: str = "") -> Experiment:
        """Write the file whole or not at all, `head` before all else; return the experiment as it would be read back.

        Relative paths are rewritten if the folder changes, so that they still name the same files.
        """
        path = Path(path)
        moved = self._moved(path.absolute().parent).checked()
        text = head + moved.dumps()
        check_size(len(text.encode()), str(path))
        write_atomic(path, text)
        return moved

    def locate(self, path: str) -> Path:
        """Return the path of a file named in the experiment."""
        return Path(path) if self.folder is None else self.folder / path

    def get(self, key: str, lane: str | None = None) -> Value:
        """Return the value of a setting before any edit: in one lane or, if None, in the experiment.

        A parameter that was not given has its default: that of the chosen optimiser, else the one that all
        optimisers share, else None.
        """
        check_key(key)
        section, _, name = key.rpartition(".")
        if not section:
            return self.title
        if lane is not None and section in ("network", "loss", "optimizer"):
            owner: Any = getattr(self.lane(lane), section)
        else:
            owner = getattr(self, section)
        if name in _fields(owner):
            return getattr(owner, name)  # type: ignore[no-any-return]
        if name in owner.parameters:
            return owner.parameters[name]  # type: ignore[no-any-return]
        if isinstance(owner, OptimizerSettings):
            for parameter in OPTIMIZERS[owner.name].parameters:
                if parameter.name == name:
                    return parameter.default
        return SETTINGS[key].default

    def lane(self, name: str) -> LaneSettings:
        """Return a lane with all its settings at the start, before any edit.

        Raises
        ------
        InputError
            If there is no such lane.
        """
        changes = self.lanes[lane_index(self.lanes, name)].changes
        return _changed(LaneSettings(name, self.network, self.loss, self.optimizer), changes)

    def with_value(self, key: str, value: object, lane: str | None = None) -> Experiment:
        """Return the experiment with one setting changed; see `with_values`."""
        return self.with_values({key: value}, lane)

    def with_values(self, changes: Mapping[str, object], lane: str | None = None) -> Experiment:
        """Return the experiment with some settings changed together, such as sizes and their activations.

        Parameters
        ----------
        changes : mapping
            Dotted key to value. None resets a value to the default of the data set or optimiser or, in a lane, to
            the experiment's. A file replaces a dataset, and vice versa.
        lane : str, optional
            The lane to change. Without it the experiment's own settings change; lanes keep their differing values.

        Raises
        ------
        InputError
            If a value is not allowed, or does not fit the other settings.
        """
        if lane is None:
            values = {key: check_value(key, value) for key, value in changes.items()}
            return _changed(self, alone(values)).checked()
        index = lane_index(self.lanes, lane)
        merged: dict[str, Any] = {**self.lanes[index].changes, **changes}
        for key in changes:
            check_key(key)
        merged = {key: value for key, value in merged.items() if value is not None}
        changed = LaneEntry(lane, merged)
        return dataclasses.replace(self, lanes=_replaced(self.lanes, index, changed)).checked()

    def checked_edit(
        self,
        changes: Mapping[str, object],
        lane: str | None = None,
        update: int = 0,
        weights: Mapping[str, float] | None = None,
        units: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Edit:
        """Check an edit, see `Edit`; return it with its values in their proper types.

        Raises
        ------
        InputError
            If a value is not allowed, cannot change while training or in a single lane, or there is no such lane.
        """
        edit = Edit(update, changes, lane, weights or {}, units or {})  # type: ignore[arg-type]  # the values are checked next
        return checked_edit(edit, self.lanes, f"edit of update {described(update)}")

    def with_edit(self, edit: Edit) -> Experiment:
        """Check an edit; return the experiment with it, after the other edits of the same update."""
        return self.with_checked(checked_edit(edit, self.lanes, f"edit of update {described(edit.update)}"))

    def with_checked(self, edit: Edit) -> Experiment:
        """Return the experiment with one more edit, whose values have been checked already.

        Raises
        ------
        InputError
            If there are too many edits, there is no such lane, or it does not fit the other settings.
        """
        check_count(len(self.edits) + 1, MOST_EDITS, "edits", "")
        if edit.lane is not None:
            lane_index(self.lanes, edit.lane)
        changed = dataclasses.replace(self, edits=in_order((*self.edits, edit)))
        if not {"network.hidden", "network.activation"}.isdisjoint(edit.changes):
            changed._check_layers("")
        check_points_fit(self.data, [edit], "")
        return changed

    def changed_by(self, edit: Edit) -> Experiment:
        """Return the settings after one checked edit; existing edits are ignored."""
        return dataclasses.replace(self, edits=(edit,)).effective()

    def effective(self, update: int | None = None) -> Experiment:
        """Return the settings after all edits, with the edits removed: what a reset starts from.

        Parameters
        ----------
        update : int, optional
            Ignore edits that take effect later.
        """
        shared: dict[str, Value] = {}
        lanes = {lane.name: dict(lane.changes) for lane in self.lanes}
        for edit in self.edits:
            if update is not None and edit.update > update:
                break
            if edit.lane is None or len(lanes) == 1:
                shared.update(edit.changes)
                for changes in lanes.values():
                    for key in edit.changes:
                        changes.pop(key, None)
            else:
                lanes[edit.lane].update(edit.changes)
        entries = tuple(LaneEntry(name, changes) for name, changes in lanes.items())
        return _changed(dataclasses.replace(self, lanes=entries, edits=()), shared)

    def checked(self, where: str = "") -> Experiment:
        """Check all values and rules; return the experiment with every value in its proper type.

        Call this after `dataclasses.replace`; reading and `with_...` have done it.

        Raises
        ------
        InputError
            For the first value that is not allowed or does not fit the others; it begins with `where`.
        """
        values = {key: check_value(key, value, where) for key, value in _values(self)}
        check_source(values, where)
        if all(values[key] is None for key in SOURCES):
            values["data.dataset"] = SETTINGS["data.dataset"].default
        if values["data.points"] is not None and values["data.test_points"] is None:
            values["data.test_points"] = ()
        lanes = checked_lanes(self.lanes, where)
        edits = checked_edits(self.edits, lanes, where)
        ordered = {key: values[key] for key in SETTINGS if key in values}
        experiment = _changed(Experiment(lanes=lanes, edits=edits, folder=self.folder), ordered)
        experiment._check_layers(where)
        check_points_fit(experiment.data, experiment.edits, where)
        return experiment

    def _check_layers(self, where: str) -> None:
        check_layers(self.network.hidden, self.network.activation, self.lanes, self.edits, where)

    def _moved(self, folder: Path) -> Experiment:
        """Return the experiment with its paths rewritten relative to another folder."""
        old = Path.cwd() if self.folder is None else self.folder
        values = {key: _moved_path(value, old, folder) for key, value in _values(self) if key in PATHS}
        lanes = tuple(
            LaneEntry(
                lane.name,
                {k: _moved_path(v, old, folder) if k in PATHS else v for k, v in lane.changes.items()},
            )
            for lane in self.lanes
        )
        return _changed(dataclasses.replace(self, lanes=lanes, folder=folder), values)


_Sections = TypeVar("_Sections", Experiment, LaneSettings)


def _fields(owner: Any) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(owner) if f.name != "parameters")


def _values(experiment: Experiment) -> Iterator[tuple[str, Value]]:
    """Yield the dotted key and value of every setting, including only the parameters that were given."""
    yield "title", experiment.title
    for section in SECTIONS:
        owner = getattr(experiment, section)
        for name in _fields(owner):
            yield f"{section}.{name}", getattr(owner, name)
        for name, value in getattr(owner, "parameters", {}).items():
            yield f"{section}.{name}", value


def _changed(owner: _Sections, changes: Mapping[str, Value]) -> _Sections:
    """Return an experiment or a lane with some values replaced; a parameter set to None is removed."""
    parts: dict[str, Any] = {}
    by_section: dict[str, dict[str, Value]] = {}
    for key, value in changes.items():
        section, _, name = key.rpartition(".")
        if section:
            by_section.setdefault(section, {})[name] = value
        else:
            parts[name] = value
    for section, values in by_section.items():
        settings: Any = getattr(owner, section)
        names = _fields(settings)
        replaced: dict[str, Any] = {name: value for name, value in values.items() if name in names}
        given = {name: value for name, value in values.items() if name not in names}
        if given:
            merged = {**settings.parameters, **given}
            replaced["parameters"] = {name: value for name, value in merged.items() if value is not None}
        parts[section] = dataclasses.replace(settings, **replaced)
    return dataclasses.replace(owner, **parts)


def _replaced(lanes: tuple[LaneEntry, ...], index: int, lane: LaneEntry) -> tuple[LaneEntry, ...]:
    return (*lanes[:index], lane, *lanes[index + 1 :])


def _moved_path(value: Value, old: Path, new: Path) -> Value:
    """Rewrite a path that is relative to one folder for another one; return an absolute path unchanged."""
    if not isinstance(value, str) or Path(value).is_absolute() or old.resolve() == new.resolve():
        return value
    full = old / value
    target = full.parent.resolve() / full.name
    try:
        return Path(os.path.relpath(target, new.resolve())).as_posix()
    except ValueError:  # on another drive
        return target.as_posix()
