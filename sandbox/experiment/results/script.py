"""A lane's whole training as a runnable Python file that needs only numpy.

The file reproduces the costs of the run, up to rounding: the same mini-batches, the same edits, the same stop.
An edit of a number becomes a line such as `if update == 120: learning_rate = 0.1`. An edit that changes the code
(the loss, the layers, the optimiser), or sets weights, ends the loop there and starts another one.
"""

from __future__ import annotations

import dataclasses
import io
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sandbox.arrays import Array
from sandbox.data import Data
from sandbox.errors import InputError
from sandbox.experiment.document.entries import parse_entry
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.parts import Edit
from sandbox.experiment.document.texts import cost_unit
from sandbox.experiment.document.units import NEW, Origin
from sandbox.experiment.training.frozen import frozen_places
from sandbox.experiment.training.lanes import Lane, build_lane
from sandbox.experiment.training.replica import Replica, drawn_for, kept_units, numbers_before, origins_of
from sandbox.experiment.training.weights import given_weights
from sandbox.files import write_atomic
from sandbox.nn import OPTIMIZERS
from sandbox.nn.network import layer_views
from sandbox.notation.code import (
    CodeLine,
    CodeSetup,
    backward_lines,
    counts_steps,
    forward_lines,
    loss_lines,
    shared_parameters,
    update_lines,
)
from sandbox.notation.snippets import TIMES

_DRAWN = {"data.points", "data.scaling"}
EMBEDDED = 6000  # at most this many numbers are written into the file itself; more go into a .npz file beside it
WIDTH = 110


def setup(replica: Replica, task: str, m: str, *, in_use: frozenset[str], l1: bool, l2: bool) -> CodeSetup:
    """Return what a replica's code depends on; the keywords tell which loss parameters and penalties are in use."""
    lane, loss = replica.lane, replica.lane.settings.loss
    shares = task == "multiclass" and lane.coding == "zero_one" and replica.sizes[-1] > 1
    return CodeSetup(
        replica.sizes, replica.activations, lane.objective.name, loss.numerics, loss.reduction,
        lane.settings.optimizer.name, m, shares, in_use, l1, l2,
    )  # fmt: skip


def setup_now(replica: Replica, task: str, m: str) -> CodeSetup:
    """Return what a replica's code depends on, with its current settings."""
    lane, optimizer = replica.lane, replica.lane.settings.optimizer
    in_use = lane.objective.in_use([lane.objective.parameter_values])
    return setup(replica, task, m, in_use=in_use, l1=bool(optimizer.l1), l2=bool(optimizer.l2))


def numbers(lane: Lane) -> dict[str, float]:
    """Return all numbers that a lane's code may use: learning_rate, penalties, parameters of optimiser and loss."""
    optimizer = lane.settings.optimizer
    values: dict[str, float] = {"learning_rate": optimizer.learning_rate, "l1": optimizer.l1, "l2": optimizer.l2}
    method = OPTIMIZERS[optimizer.name].tuned(optimizer.parameters)
    return values | method.parameter_values | lane.objective.parameter_values


def _code_key(replica: Replica) -> tuple[object, ...]:
    """Return what the code depends on, apart from the numbers."""
    lane, loss = replica.lane, replica.lane.settings.loss
    head = (replica.sizes, replica.activations, lane.objective.name, lane.coding)
    # An edit is applied between phases 2 and 3, so what both use must not change there.
    shared = tuple(getattr(lane.objective, name) for name in shared_parameters(lane.objective.name))
    return (*head, loss.numerics, loss.reduction, lane.settings.optimizer.name, lane.settings.network.frozen, *shared)


@dataclass
class _Resize:
    """A change of shape: the sizes before and after, where layers come from, and the parameters for what is new."""

    old: tuple[int, ...]
    new: tuple[int, ...]
    origins: tuple[Origin, ...]
    drawn: Array


@dataclass
class _Switch:
    """A change of the inputs to these features."""

    features: tuple[str, ...]


@dataclass
class _Stage:
    """One loop of the script: the updates from `start` to `end`, done by the same code."""

    start: int
    replica: Replica
    values: dict[str, Any]
    restarts: bool = True  # whether the optimiser starts over
    # what happens to the parameters first: other shapes, and weights and biases set by hand
    changes: list[_Switch | _Resize | Mapping[str, float]] = field(default_factory=list)
    edits: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    end: int = 0

    @property
    def states(self) -> list[dict[str, Any]]:
        """The numbers at the start and after each edit."""
        return [self.values, *(values for _, values in self.edits)]

    def uses(self, name: str) -> bool:
        """Whether a number is ever other than 0."""
        return any(values[name] for values in self.states)


class _Arrays:
    """Writes arrays into the text, or collects them for the .npz file beside it."""

    def __init__(self, embed: bool, dtype: str) -> None:
        self.embed, self.dtype = embed, dtype
        self.npz_arrays: dict[str, Array] = {}

    def __call__(self, name: str, values: Array) -> str:
        """Return the assignment of an array as Python code."""
        if not values.any() and values.dtype.kind == "f":
            return f"{name} = np.zeros({tuple(values.shape)}{self._typed})"
        if not self.embed:
            key = name if name not in self.npz_arrays else f"{name}_{len(self.npz_arrays)}"
            self.npz_arrays[key] = values if values.dtype.kind == "i" else values.astype(self.dtype)
            return f'{name} = data["{key}"]'
        rows = values if values.ndim > 1 else values[None]
        text = ",\n".join(_row(row) for row in rows)
        if values.ndim == 1:
            return f"{name} = np.array(\n{text}\n)"
        return f"{name} = np.array([\n{text},\n]{self._typed if values.dtype.kind == 'f' else ''})"

    @property
    def _typed(self) -> str:
        return "" if self.dtype == "float64" else f", dtype=np.{self.dtype}"


def _row(values: Array) -> str:
    text = ", ".join(repr(value) for value in values.tolist())
    return textwrap.fill(
        f"[{text}]",
        WIDTH,
        initial_indent="    ",
        subsequent_indent="     ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def script(experiment: Experiment, lane: str, data: Data, epochs: int | None = None) -> str:
    """Return a lane's training as the text of a Python file; for large data see `write_script`.

    Parameters
    ----------
    experiment : Experiment
        Including its edits.
    lane : str
    data : Data
        Loaded from the experiment's [data].
    epochs : int, optional
        How many; by default those of the experiment.

    Raises
    ------
    InputError
        If training points were changed while training.
    """
    return _text_and_arrays(experiment, lane, data, epochs)[0]


def write_script(path: Path, experiment: Experiment, lane: str, data: Data, epochs: int | None = None) -> list[Path]:
    """Write the script, and for large data a .npz file of the same name beside it; return the paths.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    text, npz_arrays = _text_and_arrays(experiment, lane, data, epochs)
    written = [path]
    if npz_arrays:
        npz = io.BytesIO()
        np.savez_compressed(npz, **npz_arrays)  # type: ignore[arg-type]
        written.append(path.with_suffix(".npz"))
        write_atomic(written[1], npz.getvalue())
    write_atomic(path, text)
    return written


def is_self_contained(replica: Replica, data: Data) -> bool:
    """Whether the script needs no .npz file beside it."""
    return int(data.X_train.size + data.y_train.size + replica.theta.size) <= EMBEDDED


def _text_and_arrays(experiment: Experiment, lane: str, data: Data, epochs: int | None) -> tuple[str, dict[str, Array]]:
    if any(not _DRAWN.isdisjoint(edit.changes) for edit in experiment.edits):
        raise InputError(
            "The script cannot follow points that were changed while training; "
            "reset, and it trains on the present ones from the start."
        )
    writer = _Writer(experiment, lane, data, experiment.run.epochs if epochs is None else epochs)
    return writer.text(), writer.arrays.npz_arrays


class _Writer:
    """Assembles the script of one lane."""

    def __init__(self, experiment: Experiment, lane: str, data: Data, epochs: int) -> None:
        self.experiment, self.name, self.data, self.epochs = experiment, lane, data.origin or data, epochs
        self.m = len(data.X_train)
        self.stages = self._find_stages()
        self.mini = any(0 < size < self.m for size in self._batch_sizes())
        self.updates = self._count_updates()
        self.stages = [self.stages[0], *(stage for stage in self.stages[1:] if stage.start < self.updates)]
        for stage, end in zip(self.stages, [*(s.start for s in self.stages[1:]), self.updates], strict=True):
            stage.end = end
            stage.edits = [(update, values) for update, values in stage.edits if update < end]
        first = self.stages[0].replica
        self.arrays = _Arrays(is_self_contained(first, self.data), experiment.run.precision)
        self.variables: dict[str, Any] = {}  # variables of the script and their values at the point being written

    # The stages

    def _find_stages(self) -> list[_Stage]:
        experiment, data = dataclasses.replace(self.experiment, edits=()), self.data
        self.features = {name: self.data.X_train[:, i] for i, name in enumerate(self.data.feature_names)}
        replica = self._first_replica(experiment)
        stages = [_Stage(0, replica, self._values(experiment, replica))]
        self.size_edits = [(0, experiment.optimizer.batch_size)]  # (first update, batch size)
        for edit in self.experiment.edits:
            experiment, before = experiment.changed_by(edit), data
            if "data.features" in edit.changes:
                data = data.with_features(experiment.data.features or ())
                self.features |= {name: data.X_train[:, i] for i, name in enumerate(data.feature_names)}
            self.size_edits.append((edit.update, experiment.optimizer.batch_size))
            if edit.lane in (None, self.name):
                self._add(stages, edit, experiment, data, numbers_before(before.feature_names, data.feature_names))
        return stages

    def _first_replica(self, experiment: Experiment) -> Replica:
        settings = experiment.lane(self.name)
        (replica,) = build_lane(settings, self.data).replicas
        given = given_weights(settings.network, replica.sizes, experiment.locate)
        if given is not None:
            replica.theta = given
        return replica

    def _add(
        self, stages: list[_Stage], edit: Edit, experiment: Experiment, data: Data, inputs: tuple[int, ...] | None
    ) -> None:
        last = stages[-1]
        settings = experiment.lane(self.name)
        (replica,) = build_lane(settings, data).replicas
        values = self._values(experiment, replica)
        before = last.edits[-1][1] if last.edits else last.values
        weights = self._weights(edit)
        if _code_key(replica) == _code_key(last.replica) and not (weights or edit.units) and inputs is None:
            if values != before:
                last.edits.append((edit.update, values))
            return
        old = last.replica
        resized = replica.sizes != old.sizes or inputs is not None or bool(edit.units)
        restarts = resized or settings.optimizer.name != old.lane.settings.optimizer.name
        changes: list[_Switch | _Resize | Mapping[str, float]] = []
        if inputs is not None:
            changes.append(_Switch(data.feature_names))
        if resized:
            origins = origins_of(old.sizes, replica.sizes, inputs, edit.units)
            drawn = drawn_for(settings, replica.sizes, edit.update, origins)
            changes.append(_Resize(old.sizes, replica.sizes, origins, drawn))
        if weights:
            changes.append(weights)
        if last.start == edit.update and len(stages) > 1:  # several edits at once: one loop for all of them
            stages[-1] = _Stage(edit.update, replica, values, last.restarts or restarts, [*last.changes, *changes])
        else:
            stages.append(_Stage(edit.update, replica, values, restarts, changes))

    @staticmethod
    def _weights(edit: Edit) -> dict[str, float]:
        """Return the weights and biases that an edit sets in the lane's first network."""
        entries = {name: parse_entry(name) for name in edit.weights}
        return {name: edit.weights[name] for name, entry in entries.items() if entry.replica in (None, 0)}

    def _values(self, experiment: Experiment, replica: Replica) -> dict[str, Any]:
        optimizer = experiment.optimizer
        return {**numbers(replica.lane), "batch_size": optimizer.batch_size, "shuffle": optimizer.shuffle}

    def _batch_sizes(self) -> set[int]:
        return {values["batch_size"] for stage in self.stages for values in stage.states}

    def _count_updates(self) -> int:
        """Count the updates, honouring edits of the batch size."""
        sizes = list(self.size_edits)
        update = epoch = position = 0
        size = sizes.pop(0)[1]
        while epoch < self.epochs:
            while sizes and sizes[0][0] <= update:
                size = sizes.pop(0)[1]
            if not sizes and position == 0:
                return update + (self.epochs - epoch) * -(-self.m // (min(size, self.m) or self.m))
            position += size or self.m
            update += 1
            if position >= self.m:
                position, epoch = 0, epoch + 1
        return update

    # The text

    def text(self) -> str:
        """Return the whole file."""
        body = [self._start()]
        for number, stage in enumerate(self.stages):
            body.append(self._stage_text(stage, number))
        body.append(_END)
        code = "\n\n".join(body)
        helpers = f"\n\n{TIMES}\n\n" if "times(" in code else ""
        imports = "import numpy as np\n"
        if self.arrays.npz_arrays:
            imports = "from pathlib import Path\n\nimport numpy as np\n"
        settings = 'np.seterr(all="ignore")  # no warnings: the loop checks for infinities itself'
        return f"{self._header()}\n{imports}{helpers}\n{settings}\n\n{code}\n"

    def _header(self) -> str:
        stage = self.stages[0]
        replica, lane = stage.replica, stage.replica.lane
        sizes, loss = "-".join(map(str, replica.sizes)), lane.objective.label_within()
        words = [
            f"A network of {sizes} units ({', '.join(replica.activations)}) learns {self.data.name} with {loss}, "
            f"optimiser {OPTIMIZERS[lane.settings.optimizer.name].label_within()}.",
            "It repeats the run of Loss Sandbox, update by update, with numpy alone. Samples are columns: X is "
            "(n_x, m), W is (n_l, n_{l-1}), b is (n_l, 1). Lines decided by the loss are marked; all others are the "
            "same for every loss. `costs` holds the cost after 0, 1, 2, ... epochs, equal to the run's to 1e-10. Only "
            "if the run is unstable, as with too large a learning rate, do rounding errors grow until they diverge.",
        ]
        if self.data.standardizes_target:
            words.append(f"Costs are {cost_unit(self.data)}.")
        if len(self.stages) > 1:
            words.append("An edit that changes the code ends one loop and starts the next.")
        if self.experiment.run.precision == "float32":
            words.append(
                "In single precision, costs agree with the run's to about 1e-5, because every partial sum is rounded."
            )
        if self.arrays.npz_arrays:
            words.append("Its numbers are in a .npz file of the same name beside it.")
        words = [_printable(text) for text in (self.experiment.title, *words) if text]
        return "#\n".join(_comment(text) for text in words)

    def _start(self) -> str:
        """Return the lines of the data and the initial parameters."""
        put, replica = self.arrays, self.stages[0].replica
        X, m = ("X_train", "m_train") if self.mini else ("X", "m")
        switched = any(isinstance(change, _Switch) for stage in self.stages for change in stage.changes)
        names = self.features if switched else self.data.feature_names
        lines = [f"# The data: {', '.join(map(_printable, names))}, one sample per column."]
        inputs = put("features" if switched else X, np.array([self.features[name] for name in names]))
        if switched:
            inputs += f"\n{self._inputs(self.data.feature_names)}"
        if self.data.task == "regression":
            learned = self.data.learned_targets(self.data.y_train.reshape(self.m, -1))
            target = "\n".join([*self._target_units(), put("targets", np.ascontiguousarray(learned.T))])
        else:
            target = put("labels", self.data.y_train.astype(np.int64))
        parameters = []
        for l, (W, b) in enumerate(zip(*layer_views(replica.theta, replica.sizes), strict=True), start=1):
            parameters += [put(f"W{l}", W), put(f"b{l}", np.ascontiguousarray(b.T))]
        if put.npz_arrays:
            lines.append('data = np.load(Path(__file__).with_suffix(".npz"))')
        lines += [inputs, f"{m} = {X}.shape[1]  # {self.m}", target]
        lines += ["", "# The initial parameters.", *parameters, "", "costs = []"]
        if self.mini:
            lines.append("position = 0  # samples of the current epoch used so far")
        if len(self.stages) > 1:
            lines.append("stopped = False")
        if self.mini:
            lines.append(f"rng = np.random.default_rng({self.experiment.optimizer.seed})  # orders the samples")
        return "\n".join(lines)

    def _inputs(self, names: Iterable[str]) -> str:
        """Return the line that takes the inputs with these names."""
        known = list(self.features)
        return f"{'X_train' if self.mini else 'X'} = features[{[known.index(name) for name in names]}]"

    def _target_units(self) -> list[str]:
        """Return comments that say how standardised targets are to be read."""
        data = self.data
        if not data.standardizes_target:
            return []
        units = zip(data.target_names, data.target_scale.tolist(), data.target_mean.tolist(), strict=True)
        lines = [f"# {_printable(name)} = {scale!r} * output + {mean!r}" for name, scale, mean in units]
        return ["# The targets are standardised. In their own units:", *lines]

    def _stage_text(self, stage: _Stage, number: int) -> str:
        p = self._setup(stage)
        parts = []
        if number:
            parts.append(f"# After {stage.start} updates an edit changed {self._what(stage, number)}.")
            if stage.changes:
                parts.append(self._changed(stage))
        parts.append(self._targets(stage.replica, self.stages[number - 1].replica if number else None))
        parts.append(self._assignments(self._used(stage, p, stage.values)))
        parts.append(self._optimizer_state(stage, p))
        if stage.replica.lane.settings.network.frozen:
            parts.append(_frozen_rows(stage.replica))
        if self.mini:
            parts.append(self._total_cost(p))
        parts.append(self._loop(stage, p, number))
        return "\n".join(part for part in parts if part)

    def _setup(self, stage: _Stage) -> CodeSetup:
        size = stage.values["batch_size"]
        m = size if 0 < size < self.m else self.m
        in_use = stage.replica.lane.objective.in_use(stage.states)
        return setup(stage.replica, self.data.task, str(m), in_use=in_use, l1=stage.uses("l1"), l2=stage.uses("l2"))

    def _targets(self, replica: Replica, before: Replica | None) -> str:
        coding, units = replica.lane.coding, replica.sizes[-1]
        if before is not None and before.lane.coding == coding:
            return ""
        Y = "Y_train" if self.mini else "Y"
        shape = f"({units}, {self.m})"
        real = "float" if self.experiment.run.precision == "float64" else f"np.{self.experiment.run.precision}"
        if self.data.task == "regression":
            return f"{Y} = targets  # {shape}" if before is None else ""
        classes = "1" if self.data.task == "binary" else f"np.arange({units})[:, None]"
        hot = f"(labels[None] == {classes}).astype({real})"
        return f"{Y} = {hot}  # {shape}" if coding == "zero_one" else f"{Y} = 2 * {hot} - 1  # {shape}: -1 and +1"

    def _used(self, stage: _Stage, p: CodeSetup, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the numbers that the code uses."""
        unused = {name for name in stage.replica.lane.objective.parameter_names() if name not in p.in_use}
        unused |= {name for name, used in (("l1", p.l1), ("l2", p.l2)) if not used}
        if not self.mini:
            unused |= {"batch_size", "shuffle"}
        return {name: value for name, value in values.items() if name not in unused}

    def _assignments(self, values: Mapping[str, Any]) -> str:
        """Return assignments for the variables whose values change."""
        lines = [
            f"{name} = {value!r}"
            for name, value in values.items()
            if name not in self.variables or self.variables[name] != value
        ]
        self.variables.update(values)
        return "\n".join(lines)

    def _optimizer_state(self, stage: _Stage, p: CodeSetup) -> str:
        """Return the lines that set up the list of parameters and the optimiser's state."""
        if not stage.restarts:
            return ""
        lines = [f"parameters = ({', '.join(p.parameters)})"]
        lines += [f"{letter}s = [np.zeros_like(P) for P in parameters]" for letter in OPTIMIZERS[p.optimizer].memory]
        if counts_steps(p.optimizer):
            lines.append("step = 0")
        return "\n".join(lines)

    def _what(self, stage: _Stage, number: int) -> str:
        """Say what an edit changed that began another loop."""
        if _code_key(stage.replica) == _code_key(self.stages[number - 1].replica):
            return "weights: the same loop goes on"
        return "what is computed: the same loop, with other lines"

    def _changed(self, stage: _Stage) -> str:
        lines = []
        for change in stage.changes:
            match change:
                case _Switch():
                    lines += ["# Other inputs.", self._inputs(change.features)]
                case _Resize():
                    lines += _resize_lines(change, self.arrays)
                case _:
                    lines += _set_lines(change)
        return "\n".join(lines)

    def _total_cost(self, p: CodeSetup) -> str:
        all_samples = dataclasses.replace(p, m=str(self.m))
        lines = [
            "",
            "",
            "def total_cost():",
            '    """Return the cost over all training samples; it is only recorded."""',
            "    X, Y, m = X_train, Y_train, m_train",
            *_indented(forward_lines(all_samples), 4),
            *_indented(loss_lines(all_samples), 4),
            "    return float(cost)",
            "",
            "",
        ]
        return "\n".join(lines)

    def _loop(self, stage: _Stage, p: CodeSetup, number: int) -> str:
        edits = self._edit_lines(stage, p)
        lines = [f"for update in range({stage.start}, {stage.end + 1}):"]
        if number:
            lines += ["    if stopped:", "        break"]
        if self.mini:
            lines += self._mini_start(stage, edits)
        lines += [
            "    # 1. Forward",
            *_indented(forward_lines(p), 4),
            "",
            "    # 2. Loss",
            *_indented(loss_lines(p), 4),
        ]
        if not self.mini:
            record = ["    costs.append(float(cost))  # only recorded"]
            if number:
                record = [f"    if update > {stage.start}:", "        costs.append(float(cost))  # only recorded"]
            lines += [*record, f"    if update == {stage.end}:", "        break", *edits]
        lines += ["", "    # 3. Backward", *_indented(backward_lines(p), 4), "", "    # 4. Update"]
        if self.mini:
            lines.append("    previous = [P.copy() for P in parameters]")
        frozen = stage.replica.lane.settings.network.frozen
        lines += _around(_indented(update_lines(p), 4), p) if frozen else _indented(update_lines(p), 4)
        lines += ["", "    if not all(np.isfinite(P).all() for P in parameters):"]
        if self.mini:
            lines += [
                "        for P, old in zip(parameters, previous):",
                "            P[...] = old",
                "        if position > 0:",
                "            costs.append(total_cost())",
            ]
        lines.append('        print(f"stopped after {update} updates: the next one gives numbers that are not finite")')
        if len(self.stages) > 1:
            lines.append("        stopped = True")
        lines.append("        break")
        if self.mini:
            lines += ["    position += m", "    if position >= m_train:", "        position = 0"]
        return "\n".join(lines)

    def _mini_start(self, stage: _Stage, edits: list[str]) -> list[str]:
        condition = "" if stage is self.stages[0] else f" and update > {stage.start}"
        full_batches = any(not 0 < size < self.m for size in self._batch_sizes())
        order = "rng.permutation(m_train) if shuffle else np.arange(m_train)"
        size = "batch_size"
        if full_batches:  # an epoch in one batch draws no order
            order = "rng.permutation(m_train) if shuffle and 0 < batch_size < m_train else np.arange(m_train)"
            size = "(batch_size or m_train)"
        return [
            f"    if position == 0{condition}:",
            "        costs.append(total_cost())",
            f"    if update == {stage.end}:",
            "        break",
            *edits,
            "",
            "    # The next mini-batch",
            "    if position == 0:",
            f"        order = {order}",
            f"    samples = order[position : position + {size}]",
            "    X, Y, m = X_train[:, samples], Y_train[:, samples], len(samples)",
            "",
        ]

    def _edit_lines(self, stage: _Stage, p: CodeSetup) -> list[str]:
        lines = []
        for update, values in stage.edits:
            assignments = self._assignments(self._used(stage, p, values))
            if assignments:
                lines += [f"    if update == {update}:", textwrap.indent(assignments, " " * 8)]
        return ["", "    # Edits made during training", *lines] if lines else []


def _resize_lines(resize: _Resize, put: _Arrays) -> list[str]:
    """Return the lines that resize the network; a weight is kept if both of its units are."""
    others = "those of new inputs are 0, and" if NEW in resize.origins[0].units else "and"
    lines = [f"# Another shape: a weight is kept if both of its units are, {others} the others are drawn again."]
    olds = [f"{kind}{l}" for l in range(1, len(resize.old)) for kind in "Wb"]
    lines.append(f"{', '.join(f'old_{name}' for name in olds)} = {', '.join(olds)}")
    for l, (W, b) in enumerate(zip(*layer_views(resize.drawn, resize.new), strict=True), start=1):
        lines += [put(f"W{l}", W), put(f"b{l}", np.ascontiguousarray(b.T))]
        below, origin = resize.origins[l - 1], resize.origins[l]
        if origin.layer is None:
            continue
        now, before = kept_units(origin)
        lines.append(f"b{l}[{_index(now)}] = old_b{origin.layer}[{_index(before)}]")
        if below.layer == origin.layer - 1:
            inputs, inputs_before = kept_units(below)
            lines.append(f"W{l}[{_index(now, inputs)}] = old_W{origin.layer}[{_index(before, inputs_before)}]")
    return lines


def _index(*units: Sequence[int]) -> str:
    """Return what takes these units of an array: slices, if they are the first ones, else lists."""
    if all(list(axis) == list(range(len(axis))) for axis in units):
        return ", ".join(f":{len(axis)}" for axis in units)
    return f"np.ix_({', '.join(map(str, units))})"


def _set_lines(weights: Mapping[str, float]) -> list[str]:
    """Return the lines that set weights and biases."""
    lines = ["# Set by hand."]
    for name, value in weights.items():
        entry = parse_entry(name)
        if entry.below is None:
            lines.append(f"b{entry.layer}[{entry.unit}, 0] = {value!r}")
        else:
            lines.append(f"W{entry.layer}[{entry.unit}, {entry.below}] = {value!r}")
    return lines


def _frozen_rows(replica: Replica) -> str:
    """Return the line that says which rows of the parameters, by their number, are frozen."""
    stays = layer_views(frozen_places(replica.lane.settings.network.frozen, replica.sizes), replica.sizes)[1]
    rows = [np.flatnonzero(b[0]).tolist() for b in stays]
    named = {2 * l + part: units for l, units in enumerate(rows) if units for part in (0, 1)}
    return f"frozen = {named!r}  # rows of the parameters, by their number, that stay as they are"


def _around(update: list[str], p: CodeSetup) -> list[str]:
    """Return the lines of the update between those that keep what is frozen, and what is remembered of it."""
    arrays = ", ".join(["parameters", *(f"{letter}s" for letter in OPTIMIZERS[p.optimizer].memory)])
    return [
        f"    kept = [(A[k], rows, A[k][rows].copy()) for A in ({arrays},) for k, rows in frozen.items()]",
        *update,
        "    for A, rows, values in kept:  # the frozen units, and what the optimiser remembers of them",
        "        A[rows] = values",
    ]


def _indented(lines: Iterable[CodeLine], by: int) -> list[str]:
    return [" " * by + line for line in commented(tuple(lines))]


def commented(lines: tuple[CodeLine, ...]) -> list[str]:
    """Return the lines with their comments; lines decided by the loss are marked."""
    marked = [
        dataclasses.replace(line, note="; ".join(filter(None, (line.note, "decided by the loss"))))
        if line.decided
        else line
        for line in lines
    ]
    return [line.code + comment for line, comment in aligned(tuple(marked))]


def aligned(lines: tuple[CodeLine, ...]) -> list[tuple[CodeLine, str]]:
    """Return the lines, each with its comment: in one column, or right after the code if that is long."""
    widths = [len(line.code) for line in lines if line.note and len(line.code) <= 52]
    column = max(widths, default=0)
    return [(line, f"{' ' * (column - len(line.code))}  # {line.note}" if line.note else "") for line in lines]


def _printable(text: str) -> str:
    """Replace unprintable characters, so that a text cannot break out of its comment."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _comment(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent="# ", subsequent_indent="# ") + "\n"


_END = """for epoch in sorted({*range(0, len(costs), max(1, len(costs) // 10)), len(costs) - 1}):
    print(f"epoch {epoch}: cost {costs[epoch]!r}")"""
