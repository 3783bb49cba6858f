"""A lane's whole training as the text of a runnable file of numpy alone.

The file reproduces the costs of the run, to rounding: its own order of mini-batches, its edits, its reason to stop.
An edit of a number becomes a line such as `if update == 120: learning_rate = 0.1`. One that changes what the lines
say (the loss, the layers, the optimiser) ends the loop there and goes on with another one.
"""

from __future__ import annotations

import dataclasses
import io
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sandbox.arrays import Array
from sandbox.data import Data
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.parts import Edit
from sandbox.experiment.training.lanes import Lane, build_lane
from sandbox.experiment.training.replica import Replica, initial_parameters
from sandbox.experiment.training.weights import load_weights
from sandbox.files import write_whole
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

EMBEDDED = 6000  # so many numbers still stand in the file itself; more of them stand in a .npz file beside it
WIDTH = 110


def setup(replica: Replica, task: str, m: str, *, in_use: frozenset[str], l1: bool, l2: bool) -> CodeSetup:
    """Return what a network's lines depend on: `in_use` are parameters of its loss, the flags the penalties in use."""
    lane, loss = replica.lane, replica.lane.settings.loss
    shares = task == "multiclass" and lane.coding == "zero_one" and replica.sizes[-1] > 1
    return CodeSetup(
        replica.sizes, replica.activations, lane.objective.name, loss.numerics, loss.reduction,
        lane.settings.optimizer.name, m, shares, in_use, l1, l2,
    )  # fmt: skip


def setup_now(replica: Replica, task: str, m: str) -> CodeSetup:
    """Return what a network's lines depend on at this moment."""
    lane, optimizer = replica.lane, replica.lane.settings.optimizer
    in_use = lane.objective.in_use([lane.objective.parameter_values])
    return setup(replica, task, m, in_use=in_use, l1=bool(optimizer.l1), l2=bool(optimizer.l2))


def numbers(lane: Lane) -> dict[str, float]:
    """Return all numbers that a lane's lines may name: learning_rate, penalties, parameters of optimiser and loss."""
    optimizer = lane.settings.optimizer
    found: dict[str, float] = {"learning_rate": optimizer.learning_rate, "l1": optimizer.l1, "l2": optimizer.l2}
    method = OPTIMIZERS[optimizer.name].tuned(optimizer.parameters)
    return found | method.parameter_values | lane.objective.parameter_values


def _form(replica: Replica) -> tuple[object, ...]:
    """Return what decides which lines there are."""
    lane, loss = replica.lane, replica.lane.settings.loss
    head = (replica.sizes, replica.activations, lane.objective.name, lane.coding)
    # An edit stands between phases 2 and 3: what both use must not change there.
    shared = tuple(getattr(lane.objective, name) for name in shared_parameters(lane.objective.name))
    return (*head, loss.numerics, loss.reduction, lane.settings.optimizer.name, *shared)


@dataclass
class _Resize:
    """Another shape: the sizes before and after, and what is drawn for units that are new."""

    old: tuple[int, ...]
    new: tuple[int, ...]
    drawn: Array


@dataclass
class _Stage:
    """One loop: the updates from `start` to `end` that the same lines do."""

    start: int
    replica: Replica
    values: dict[str, Any]
    restarts: bool = True  # whether the optimiser starts over
    resizes: list[_Resize] = field(default_factory=list)
    edits: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    end: int = 0

    @property
    def states(self) -> list[dict[str, Any]]:
        """The numbers at its start and after each edit."""
        return [self.values, *(values for _, values in self.edits)]

    def ever(self, name: str) -> bool:
        """Whether a number is not 0 at some time."""
        return any(values[name] for values in self.states)


class _Arrays:
    """Where the numbers go: into the text, or into a file beside it."""

    def __init__(self, embed: bool, dtype: str) -> None:
        self.embed, self.dtype = embed, dtype
        self.beside: dict[str, Array] = {}

    def __call__(self, name: str, values: Array) -> str:
        """Return the text of an assignment of this array."""
        if not values.any() and values.dtype.kind == "f":
            return f"{name} = np.zeros({tuple(values.shape)}{self._typed})"
        if not self.embed:
            key = name if name not in self.beside else f"{name}_{len(self.beside)}"
            self.beside[key] = values if values.dtype.kind == "i" else values.astype(self.dtype)
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
    """Return a lane's training as the text of a Python file; see `write_script` for where large data go.

    Parameters
    ----------
    experiment : Experiment
        With its edits.
    lane : str
    data : Data
        What the experiment's [data] gives.
    epochs : int, optional
        How long; the experiment's own by default.
    """
    return _written(experiment, lane, data, epochs)[0]


def write_script(path: Path, experiment: Experiment, lane: str, data: Data, epochs: int | None = None) -> list[Path]:
    """Write the file, and a .npz file of the same name beside it where the data are large; return what was written.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    text, beside = _written(experiment, lane, data, epochs)
    written = [path]
    if beside:
        numbers_file = io.BytesIO()
        np.savez_compressed(numbers_file, **beside)  # type: ignore[arg-type]
        written.append(path.with_suffix(".npz"))
        write_whole(written[1], numbers_file.getvalue())
    write_whole(path, text)
    return written


def is_self_contained(replica: Replica, data: Data) -> bool:
    """Whether the text alone is enough, without a file beside it."""
    return int(data.X_train.size + data.y_train.size + replica.theta.size) <= EMBEDDED


def _written(experiment: Experiment, lane: str, data: Data, epochs: int | None) -> tuple[str, dict[str, Array]]:
    writer = _Writer(experiment, lane, data, experiment.run.epochs if epochs is None else epochs)
    return writer.text(), writer.arrays.beside


class _Writer:
    """Puts one lane's file together."""

    def __init__(self, experiment: Experiment, lane: str, data: Data, epochs: int) -> None:
        self.experiment, self.name, self.data, self.epochs = experiment, lane, data, epochs
        self.m = len(data.X_train)
        self.stages = self._find_stages()
        self.mini = any(0 < size < self.m for size in self._batch_sizes())
        self.updates = self._count_updates()
        self.stages = [self.stages[0], *(stage for stage in self.stages[1:] if stage.start < self.updates)]
        for stage, end in zip(self.stages, [*(s.start for s in self.stages[1:]), self.updates], strict=True):
            stage.end = end
            stage.edits = [(update, values) for update, values in stage.edits if update < end]
        first = self.stages[0].replica
        self.arrays = _Arrays(is_self_contained(first, data), experiment.run.precision)
        self.known: dict[str, Any] = {}  # the variables of the script as they are where it is being written

    # What there is to write

    def _find_stages(self) -> list[_Stage]:
        experiment = dataclasses.replace(self.experiment, edits=())
        replica = self._first_replica(experiment)
        stages = [_Stage(0, replica, self._values(experiment, replica))]
        self.sizes = [(0, experiment.optimizer.batch_size)]  # of batches, and from which update on
        for edit in self.experiment.edits:
            experiment = experiment.changed_by(edit)
            self.sizes.append((edit.update, experiment.optimizer.batch_size))
            if edit.lane in (None, self.name):
                self._add(stages, edit, experiment)
        return stages

    def _first_replica(self, experiment: Experiment) -> Replica:
        settings = experiment.lane(self.name)
        (replica,) = build_lane(settings, self.data).replicas
        if settings.network.weights is not None:
            replica.theta = load_weights(experiment.locate(settings.network.weights), replica.sizes)
        return replica

    def _add(self, stages: list[_Stage], edit: Edit, experiment: Experiment) -> None:
        last = stages[-1]
        settings = experiment.lane(self.name)
        (replica,) = build_lane(settings, self.data).replicas
        values = self._values(experiment, replica)
        before = last.edits[-1][1] if last.edits else last.values
        if _form(replica) == _form(last.replica):
            if values != before:
                last.edits.append((edit.update, values))
            return
        old = last.replica
        resized = replica.sizes != old.sizes
        restarts = resized or settings.optimizer.name != old.lane.settings.optimizer.name
        resizes = []
        if resized:
            drawn = initial_parameters(settings, replica.sizes, draw=edit.update + 1)
            resizes = [_Resize(old.sizes, replica.sizes, drawn)]
        if last.start == edit.update and len(stages) > 1:  # several at once: one loop for what they come to
            stages[-1] = _Stage(edit.update, replica, values, last.restarts or restarts, [*last.resizes, *resizes])
        else:
            stages.append(_Stage(edit.update, replica, values, restarts, resizes))

    def _values(self, experiment: Experiment, replica: Replica) -> dict[str, Any]:
        optimizer = experiment.optimizer
        return {**numbers(replica.lane), "batch_size": optimizer.batch_size, "shuffle": optimizer.shuffle}

    def _batch_sizes(self) -> set[int]:
        return {values["batch_size"] for stage in self.stages for values in stage.states}

    def _count_updates(self) -> int:
        """Return how many updates the epochs come to, with the sizes of batches that edits gave them."""
        sizes = list(self.sizes)
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
        if self.arrays.beside:
            imports = "from pathlib import Path\n\nimport numpy as np\n"
        settings = 'np.seterr(all="ignore")  # infinities are met as they come'
        return f"{self._header()}\n{imports}{helpers}\n{settings}\n\n{code}\n"

    def _header(self) -> str:
        stage = self.stages[0]
        replica, lane = stage.replica, stage.replica.lane
        sizes, loss = "-".join(map(str, replica.sizes)), lane.objective.label_within()
        words = [
            f"A network of {sizes} units ({', '.join(replica.activations)}) learns {self.data.name}: objective {loss}, "
            f"optimiser {OPTIMIZERS[lane.settings.optimizer.name].label}.",
            "It does what Loss Sandbox did, update by update, with numpy alone. Samples are columns: X is (n_x, m), "
            "W is (n_l, n_{l-1}), b is (n_l, 1). Lines that the loss decides say so; all others are the same for every "
            "loss. `costs` holds the cost after 0, 1, 2, ... epochs, the same to 1e-10. Only where a run leaps, as "
            "with too large a learning rate, do differences in rounding leap with it, and the two part from there on.",
        ]
        if len(self.stages) > 1:
            words.append("Edits made while it was training end one loop and begin the next one.")
        if self.experiment.run.precision == "float32":
            words.append(
                "In single precision, costs agree with the run's to about 1e-5: sums are rounded as they are added."
            )
        if self.arrays.beside:
            words.append("Its numbers stand in a .npz file of the same name beside it.")
        words = [_printable(each) for each in (self.experiment.title, *words) if each]
        return "#\n".join(_comment(each) for each in words)

    def _start(self) -> str:
        """Return the data and the initial parameters."""
        put, replica = self.arrays, self.stages[0].replica
        X, m = ("X_train", "m_train") if self.mini else ("X", "m")
        lines = [
            f"# The data: {', '.join(_printable(name) for name in self.data.feature_names)}, one sample per column."
        ]
        inputs = put(X, np.ascontiguousarray(self.data.X_train.T))
        if self.data.task == "regression":
            target = put("targets", np.ascontiguousarray(self.data.y_train.reshape(self.m, -1).T))
        else:
            target = put("labels", self.data.y_train.astype(np.int64))
        parameters = []
        for l, (W, b) in enumerate(zip(*layer_views(replica.theta, replica.sizes), strict=True), start=1):
            parameters += [put(f"W{l}", W), put(f"b{l}", np.ascontiguousarray(b.T))]
        if put.beside:
            lines.append('data = np.load(Path(__file__).with_suffix(".npz"))')
        lines += [inputs, f"{m} = {X}.shape[1]  # {self.m}", target]
        lines += ["", "# The initial parameters.", *parameters, "", "costs = []"]
        if self.mini:
            lines.append("position = 0  # samples of the current epoch that were used")
        if len(self.stages) > 1:
            lines.append("stopped = False")
        if self.mini:
            lines.append(f"rng = np.random.default_rng({self.experiment.optimizer.seed})  # of the order of samples")
        return "\n".join(lines)

    def _stage_text(self, stage: _Stage, number: int) -> str:
        p = self._setup(stage)
        parts = []
        if number:
            parts.append(
                f"# After {stage.start} updates an edit changed what is computed: the same loop, with other lines."
            )
            if stage.resizes:
                parts.append(self._resized(stage))
        parts.append(self._targets(stage.replica, self.stages[number - 1].replica if number else None))
        parts.append(self._assignments(self._named(stage, p, stage.values)))
        parts.append(self._prepared(stage, p))
        if self.mini:
            parts.append(self._total_cost(p))
        parts.append(self._loop(stage, p, number))
        return "\n".join(part for part in parts if part)

    def _setup(self, stage: _Stage) -> CodeSetup:
        size = stage.values["batch_size"]
        m = size if 0 < size < self.m else self.m
        in_use = stage.replica.lane.objective.in_use(stage.states)
        return setup(stage.replica, self.data.task, str(m), in_use=in_use, l1=stage.ever("l1"), l2=stage.ever("l2"))

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

    def _named(self, stage: _Stage, p: CodeSetup, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of the numbers that the lines name."""
        unused = {name for name in stage.replica.lane.objective.parameter_names() if name not in p.in_use}
        unused |= {name for name, used in (("l1", p.l1), ("l2", p.l2)) if not used}
        if not self.mini:
            unused |= {"batch_size", "shuffle"}
        return {name: value for name, value in values.items() if name not in unused}

    def _assignments(self, values: Mapping[str, Any]) -> str:
        """Return the lines that give variables other values than they have."""
        lines = [
            f"{name} = {value!r}"
            for name, value in values.items()
            if name not in self.known or self.known[name] != value
        ]
        self.known.update(values)
        return "\n".join(lines)

    def _prepared(self, stage: _Stage, p: CodeSetup) -> str:
        """Return what the update's loop and the look at the end need."""
        if not stage.restarts:
            return ""
        lines = [f"parameters = ({', '.join(p.parameters)})"]
        lines += [f"{letter}s = [np.zeros_like(P) for P in parameters]" for letter in OPTIMIZERS[p.optimizer].memory]
        if counts_steps(p.optimizer):
            lines.append("step = 0")
        return "\n".join(lines)

    def _resized(self, stage: _Stage) -> str:
        lines = []
        for resize in stage.resizes:
            lines += _resize_lines(resize, self.arrays)
        return "\n".join(lines)

    def _total_cost(self, p: CodeSetup) -> str:
        whole = dataclasses.replace(p, m=str(self.m))
        lines = [
            "",
            "",
            "def total_cost():",
            '    """The cost over all training samples: it is written down, and changes nothing."""',
            "    X, Y, m = X_train, Y_train, m_train",
            *_indented(forward_lines(whole), 4),
            *_indented(loss_lines(whole), 4),
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
            record = ["    costs.append(float(cost))  # only written down"]
            if number:
                record = [f"    if update > {stage.start}:", "        costs.append(float(cost))  # only written down"]
            lines += [*record, f"    if update == {stage.end}:", "        break", *edits]
        lines += ["", "    # 3. Backward", *_indented(backward_lines(p), 4), "", "    # 4. Update"]
        if self.mini:
            lines.append("    kept = [P.copy() for P in parameters]")
        lines += _indented(update_lines(p), 4)
        lines += ["", "    if not all(np.isfinite(P).all() for P in parameters):"]
        if self.mini:
            lines += [
                "        for P, old in zip(parameters, kept):",
                "            P[...] = old",
                "        if position > 0:",
                "            costs.append(total_cost())",
            ]
        lines.append('        print(f"stopped after {update} updates: the next one has no finite numbers")')
        if len(self.stages) > 1:
            lines.append("        stopped = True")
        lines.append("        break")
        if self.mini:
            lines += ["    position += m", "    if position >= m_train:", "        position = 0"]
        return "\n".join(lines)

    def _mini_start(self, stage: _Stage, edits: list[str]) -> list[str]:
        seen = "" if stage is self.stages[0] else f" and update > {stage.start}"
        whole = any(not 0 < size < self.m for size in self._batch_sizes())
        order = "rng.permutation(m_train) if shuffle else np.arange(m_train)"
        size = "batch_size"
        if whole:  # an epoch in one batch needs no order, so none is drawn
            order = "rng.permutation(m_train) if shuffle and 0 < batch_size < m_train else np.arange(m_train)"
            size = "(batch_size or m_train)"
        return [
            f"    if position == 0{seen}:",
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
            assignments = self._assignments(self._named(stage, p, values))
            if assignments:
                lines += [f"    if update == {update}:", textwrap.indent(assignments, " " * 8)]
        return ["", "    # Edits made while it was training", *lines] if lines else []


def _resize_lines(resize: _Resize, put: _Arrays) -> list[str]:
    """Return the lines that give the network other sizes; a weight stays where both of its ends do."""
    lines = ["# Another shape: a weight stays where both of its ends do, the others are drawn anew."]
    last_old, last_new = len(resize.old) - 2, len(resize.new) - 2
    olds = [f"{kind}{l + 1}" for l in range(last_old + 1) for kind in "Wb"]
    lines.append(f"{', '.join(f'old_{name}' for name in olds)} = {', '.join(olds)}")
    for l, (W, b) in enumerate(zip(*layer_views(resize.drawn, resize.new), strict=True)):
        lines += [put(f"W{l + 1}", W), put(f"b{l + 1}", np.ascontiguousarray(b.T))]
        source = last_old if l == last_new else l
        if l != last_new and l >= last_old:
            continue
        units = min(resize.old[source + 1], resize.new[l + 1])
        lines.append(f"b{l + 1}[:{units}] = old_b{source + 1}[:{units}]")
        if source == l:
            inputs = min(resize.old[l], resize.new[l])
            lines.append(f"W{l + 1}[:{units}, :{inputs}] = old_W{l + 1}[:{units}, :{inputs}]")
    return lines


def _indented(lines: Iterable[CodeLine], by: int) -> list[str]:
    return [" " * by + each for each in commented(tuple(lines))]


def commented(lines: tuple[CodeLine, ...]) -> list[str]:
    """Return the lines with their comments, those that the loss decides saying so."""
    told = [
        dataclasses.replace(line, note="; ".join(filter(None, (line.note, "decided by the loss"))))
        if line.decided
        else line
        for line in lines
    ]
    return [line.code + comment for line, comment in aligned(tuple(told))]


def aligned(lines: tuple[CodeLine, ...]) -> list[tuple[CodeLine, str]]:
    """Return the lines, each with its comment: in one column, or behind the code where that is wide."""
    noted = [len(line.code) for line in lines if line.note and len(line.code) <= 52]
    column = max(noted, default=0)
    return [(line, f"{' ' * (column - len(line.code))}  # {line.note}" if line.note else "") for line in lines]


def _printable(text: str) -> str:
    """Return a text that cannot leave its comment, whatever stands in it."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _comment(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent="# ", subsequent_indent="# ") + "\n"


_END = """for epoch in sorted({*range(0, len(costs), max(1, len(costs) // 10)), len(costs) - 1}):
    print(f"epoch {epoch}: cost {costs[epoch]!r}")"""
