"""One update as a course notebook writes it: four phases of numpy lines, with only what one pairing needs.

Samples are columns: X (n_x, m), W (n_l, n_{l-1}), b (n_l, 1). Every line has its shape, whether the loss decides it
and the names that have a value after it, so that it can be written into a file and shown with live values.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sandbox.nn import ACTIVATIONS, LOSSES, OPTIMIZERS
from sandbox.nn.losses import LogLoss
from sandbox.notation.snippets import Product, bracketed, clamped_end, factors, fields_of, plain, times, with_products

TITLES = ("Forward", "Loss", "Backward", "Update")
CLAMP_TEXT = "1e-7"


@dataclass(frozen=True)
class CodeLine:
    """One line of code.

    Attributes
    ----------
    code : str
        Indented if it is in a loop.
    note : str
        The comment after the code: the shape of the result, or a short remark.
    decided : bool
        Whether the loss decides what it says.
    names : tuple of str
        What has a value after it: "Z1", "dW2", "V of b1".
    """

    code: str
    note: str = ""
    decided: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class CodeSetup:
    """Everything that the lines depend on.

    Attributes
    ----------
    sizes : tuple of int
        Units per layer, input first.
    activations : tuple of str
    objective, numerics, reduction, optimizer : str
        Registry names.
    m : str
        The number of samples per update, for the comments.
    shares : bool
        Whether the targets of each sample are known to sum to 1.
    in_use : frozenset of str
        The objective's parameters that are not at their neutral value.
    l1, l2 : bool
        Whether there is such a penalty.
    """

    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    objective: str
    numerics: str
    reduction: str
    optimizer: str
    m: str
    shares: bool = False
    in_use: frozenset[str] = frozenset()
    l1: bool = False
    l2: bool = False

    @property
    def layers(self) -> int:
        """The number L of the last layer."""
        return len(self.sizes) - 1

    @property
    def parameters(self) -> tuple[str, ...]:
        """W1, b1, W2, ..."""
        return tuple(name for l in range(1, self.layers + 1) for name in (f"W{l}", f"b{l}"))

    def columns(self, rows: int) -> str:
        """Return the shape of an array with a column per sample."""
        return f"({rows}, {self.m})"


def phases(p: CodeSetup) -> tuple[tuple[CodeLine, ...], ...]:
    """Return the lines of forward, loss, backward and update."""
    return forward_lines(p), loss_lines(p), backward_lines(p), update_lines(p)


def _before(l: int) -> str:
    return f"A{l - 1}" if l > 1 else "X"


def forward_lines(p: CodeSetup) -> tuple[CodeLine, ...]:
    """Return the lines from X to A[L]."""
    lines = []
    for l, (n, name) in enumerate(zip(p.sizes[1:], p.activations, strict=True), start=1):
        g, shape = ACTIVATIONS[name], p.columns(n)
        lines.append(CodeLine(f"Z{l} = W{l} @ {_before(l)} + b{l}", shape, names=(f"Z{l}",)))
        helper = f"{g.helper}{l}"
        if g.helper:
            lines.append(CodeLine(f"{helper} = {g.helper_code.format(Z=f'Z{l}')}", shape, names=(helper,)))
        lines.append(CodeLine(f"A{l} = {g.code.format(Z=f'Z{l}', h=helper)}", shape, names=(f"A{l}",)))
    return tuple(lines)


class _Writer:
    """The names in the lines of one loss with one output activation."""

    def __init__(self, p: CodeSetup) -> None:
        self.p = p
        self.loss, self.g = LOSSES[p.objective], ACTIVATIONS[p.activations[-1]]
        self.n_out = p.sizes[-1]
        self.fused = self.loss.has_logs and p.numerics == "fused" and self.g.has_logs
        self.clipped = self.loss.has_logs and p.numerics == "clamped"
        self.smoothed = any(re.search(rf"\b{name}\b", self.loss.target_code) for name in p.in_use)
        self.terms = self.loss.terms if issubclass(self.loss, LogLoss) else ()
        self.grads = self.loss.grads_code if issubclass(self.loss, LogLoss) else ("", "")
        self.dZ, self.dA, self.A = (f"{name}{p.layers}" for name in ("dZ", "dA", "A"))
        a = "P" if self.clipped else self.A
        self.fields = {
            "Z": f"Z{p.layers}", "A": self.A, "Y": "T" if self.smoothed else "Y", "a": a, "R": "R",
            "n_out": self.n_out, "m": p.m, "ds": "ds", "dt": "dt",
            "s": "log_A" if self.fused else f"np.log({a})", "t": "log_C" if self.fused else f"np.log(1 - {a})",
            "c": "C" if self.fused else f"(1 - {a})",
            **factors(self.loss.parameters, p.in_use), **{name: name for name, _ in self.terms},
        }  # fmt: skip
        self.shape = p.columns(self.n_out)

    def fill(self, text: str) -> str:
        return text.format(**self.fields)

    def line(self, name: str, text: str, note: str = "") -> CodeLine:
        return CodeLine(f"{name} = {self.fill(text)}", note or self.shape, True, (name,))

    @property
    def clip_code(self) -> str:
        """The clamped outputs."""
        end = clamped_end(self.loss, CLAMP_TEXT)
        return f"np.clip({{A}}, {CLAMP_TEXT}, {end})" if end else f"np.maximum({{A}}, {CLAMP_TEXT})"

    @property
    def clipped_code(self) -> str:
        """Which outputs are clipped."""
        end = clamped_end(self.loss, CLAMP_TEXT)
        return f"({{A}} < {CLAMP_TEXT}) | ({{A}} > {end})" if end else f"{{A}} < {CLAMP_TEXT}"

    @property
    def constant(self) -> bool:
        """Whether the output is always 1, the only share of a single unit."""
        return self.g.sums_to_one and self.n_out == 1

    @property
    def product(self) -> Product:
        """How factors and logarithms are multiplied in the value."""
        if self.p.numerics == "naive":
            return plain
        if self.loss.has_target_logs:
            return times
        if self.clipped:
            return plain
        if not self.fused:
            return times
        finite = self.g.has_finite_logs or (self.g.sums_to_one and not self.constant)
        return plain if finite or not self.loss.uses_complement else times

    @property
    def slope_product(self) -> Product:
        """How they are multiplied in the derivative."""
        safe = self.p.numerics == "naive" or self.clipped or (self.fused and self.g.is_share())
        return plain if safe else times

    @property
    def leaves_domain(self) -> bool:
        """Whether the logarithm may get a negative number."""
        if not self.loss.has_logs or self.clipped or self.g.is_share():
            return False
        return self.loss.uses_complement or self.g.limits[0] < 0.0

    @cached_property
    def collapsed(self) -> str:
        """What is left of the derivative if most of it cancels, else ""."""
        return self.loss.collapsed_code(self.g, self.p.shares, self.p.in_use) if self.fused else ""

    @property
    def used_logs(self) -> set[str]:
        """Which of "s", "t" and "c" the lines use, if these come from the pre-activations."""
        texts = [self.loss.code, *(text for _, text in self.terms)]
        if not self.collapsed and self.grads[1]:
            texts += [*self.grads, self.g.logs_backward_code, *(text for _, text, _ in self.g.logs_backward_lines)]
        used = fields_of(*texts) | {"s"} | ({"t"} if self.loss.uses_complement else set())
        return used | fields_of(self.g.complement_code) if "c" in used else used


def loss_lines(p: CodeSetup) -> tuple[CodeLine, ...]:
    """Return the lines from A[L] and Y to the cost."""
    writer = _Writer(p)
    lines = []
    if writer.smoothed:
        lines.append(writer.line("T", writer.loss.target_code.format(Y="Y", n_out=writer.n_out)))
    if "R" in fields_of(writer.loss.code, writer.loss.slope_code):
        lines.append(writer.line("R", "{A} - {Y}"))
    if writer.clipped:
        lines.append(writer.line("P", writer.clip_code))
    if writer.fused:
        lines += _log_lines(writer)
    lines += [writer.line(name, text) for name, text in writer.terms]
    lines.append(writer.line("loss", with_products(writer.loss.code, writer.product)))
    cost = "cost = loss.sum()" + _reduced(p)
    if p.l1 or p.l2:
        lines.append(CodeLine(f"penalty = {_penalty(p)}", "weights only", names=("penalty",)))
        cost += " + penalty"
    lines.append(CodeLine(cost, names=("cost",)))
    return tuple(lines)


def shared_parameters(objective: str) -> tuple[str, ...]:
    """Return the parameters of a loss in those lines of phase 2 whose values phase 3 reuses."""
    kind = LOSSES[objective]
    texts = [kind.target_code, *(text for _, text in getattr(kind, "terms", ()))]
    return tuple(name for name in kind.parameter_names() if any(re.search(rf"\b{name}\b", text) for text in texts))


def _log_lines(writer: _Writer) -> list[CodeLine]:
    """Return the lines for log a, log(1 - a) and 1 - a from z, as far as needed."""
    used = writer.used_logs
    lines = [writer.line("log_A", writer.g.log_code, f"log {writer.A}, exact where it rounds to 0: {writer.shape}")]
    if "t" in used:
        lines.append(writer.line("log_C", writer.g.log_complement_code, f"log(1 - {writer.A}): {writer.shape}"))
    if "c" in used:
        lines.append(writer.line("C", writer.g.complement_code, f"1 - {writer.A}: {writer.shape}"))
    return lines


def _penalty(p: CodeSetup) -> str:
    Ws = [f"W{l}" for l in range(1, p.layers + 1)]
    parts = []
    if p.l1:
        parts.append(f"l1 * {_sum([f'np.abs({W}).sum()' for W in Ws])}")
    if p.l2:
        parts.append(f"l2 / 2 * {_sum([f'({W}**2).sum()' for W in Ws])}")
    return " + ".join(parts)


def _sum(terms: Sequence[str]) -> str:
    return f"({' + '.join(terms)})" if len(terms) > 1 else terms[0]


def _reduced(p: CodeSetup) -> str:
    if p.reduction == "sum":
        return ""
    return " / m" if p.reduction == "mean" or p.sizes[-1] == 1 else f" / (m * {p.sizes[-1]})"


def backward_lines(p: CodeSetup) -> tuple[CodeLine, ...]:
    """Return the lines from the loss to dW and db of every layer."""
    lines = _output_lines(p)
    for l in range(p.layers, 0, -1):
        penalty = (f" + l2 * W{l}" if p.l2 else "") + (f" + l1 * np.sign(W{l})" if p.l1 else "")
        shape = f"({p.sizes[l]}, {p.sizes[l - 1]})"
        lines.append(CodeLine(f"dW{l} = dZ{l} @ {_before(l)}.T{penalty}", shape, names=(f"dW{l}",)))
        lines.append(CodeLine(f"db{l} = dZ{l}.sum(axis=1, keepdims=True)", f"({p.sizes[l]}, 1)", names=(f"db{l}",)))
        if l > 1:
            shape = p.columns(p.sizes[l - 1])
            lines.append(CodeLine(f"dA{l - 1} = W{l}.T @ dZ{l}", shape, names=(f"dA{l - 1}",)))
            lines.append(_through(p, l - 1))
    return _named_once(lines)


def _named_once(lines: Sequence[CodeLine]) -> tuple[CodeLine, ...]:
    """Keep each name only on the last line that changes its value."""
    last = {name: i for i, line in enumerate(lines) for name in line.names}
    return tuple(
        dataclasses.replace(line, names=tuple(name for name in line.names if last[name] == i))
        for i, line in enumerate(lines)
    )


def _through(p: CodeSetup, l: int) -> CodeLine:
    """Return the line from dA[l] to dZ[l]."""
    g = ACTIVATIONS[p.activations[l - 1]]
    text = g.backward_code.format(Z=f"Z{l}", A=f"A{l}", dA=f"dA{l}", h=f"{g.helper}{l}")
    return CodeLine(f"dZ{l} = {text}", p.columns(p.sizes[l]), names=(f"dZ{l}",))


def _output_lines(p: CodeSetup) -> list[CodeLine]:
    writer = _Writer(p)
    if writer.fused:
        return _fused_lines(writer)
    lines = []
    if "ds" in fields_of(writer.loss.slope_code):
        texts = (with_products(text, writer.slope_product) for text in writer.grads)
        lines += [writer.line(name, text) for name, text in zip(("ds", "dt"), texts, strict=True) if text]
    lines.append(writer.line(writer.dA, _divided(with_products(writer.loss.slope_code, writer.slope_product), p)))
    if writer.clipped:
        text = writer.fill(f"{writer.dA}[{writer.clipped_code}] = 0")
        lines.append(CodeLine(text, "no gradient where it was clipped", True, (writer.dA,)))
    if writer.leaves_domain:
        checked = "loss"
        if p.numerics == "naive":
            checked = "known"
            lines.append(writer.line(checked, with_products(writer.loss.code, times)))
        text = writer.fill(f"{writer.dA}[np.isnan({checked}) & (({{A}} < 0) | ({{A}} > 1))] = np.nan")
        lines.append(CodeLine(text, "where log is undefined", True, (writer.dA,)))
    return [*lines, _through(p, p.layers)]


def _divided(text: str, p: CodeSetup) -> str:
    reduced = _reduced(p)
    return f"{bracketed(text)}{reduced}" if reduced else text


def _fused_lines(writer: _Writer) -> list[CodeLine]:
    """Return the lines from the derivatives with respect to the logarithms straight to dZ[L]."""
    if writer.constant:
        return [writer.line(writer.dZ, "np.zeros_like({Z})")]
    if writer.collapsed:
        return [writer.line(writer.dZ, _divided(writer.collapsed, writer.p))]
    ds, dt = (with_products(text, writer.slope_product) for text in writer.grads)
    if not dt:
        return _log_backward_lines(writer, ds)
    lines = [
        writer.line("ds", ds, f"d loss / d log_A: {writer.shape}"),
        writer.line("dt", dt, f"d loss / d log_C: {writer.shape}"),
    ]
    for target, text, note in writer.g.logs_backward_lines:
        target = writer.fill(target)
        lines.append(CodeLine(f"{target} = {writer.fill(text)}", writer.fill(note), True, (target.partition("[")[0],)))
    lines.append(writer.line(writer.dZ, _divided(writer.g.logs_backward_code, writer.p)))
    if writer.g.above_one_code:
        text = writer.fill(f"{writer.dZ}[np.isnan(loss) & ({writer.g.above_one_code})] = np.nan")
        lines.append(CodeLine(text, "where log is undefined", True, (writer.dZ,)))
    return lines


def _log_backward_lines(writer: _Writer, ds: str) -> list[CodeLine]:
    """Return the lines of a loss without log(1 - a): `ds` gets its own line only if it is needed twice."""
    template = writer.g.log_backward_code
    if template.count("{ds}") > 1:
        return [
            writer.line("ds", ds, f"d loss / d log_A: {writer.shape}"),
            writer.line(writer.dZ, _divided(template, writer.p)),
        ]
    text = template.replace("{ds}", ds if template == "{ds}" else bracketed(ds))
    return [writer.line(writer.dZ, _divided(text, writer.p))]


def update_lines(p: CodeSetup) -> tuple[CodeLine, ...]:
    """Return the lines that change the parameters."""
    kind = OPTIMIZERS[p.optimizer]
    if not (kind.memory or kind.decay_code or len(kind.step_code) > 1 or counts_steps(p.optimizer)):
        (step,) = kind.step_code
        return tuple(
            CodeLine(re.sub(r"\b(d?)P\b", rf"\1{name}", step), shape, names=(name,))
            for name, shape in parameter_shapes(p)
        )
    lines = []
    if counts_steps(p.optimizer):
        lines.append(CodeLine("step += 1", names=("step",)))
    if kind.decay_code:
        Ws = tuple(f"W{l}" for l in range(1, p.layers + 1))
        lines += [
            CodeLine(f"for W in ({', '.join(Ws)}{',' if len(Ws) == 1 else ''}):", "weight decay"),
            CodeLine(f"    {kind.decay_code}", names=tuple(f"{W} shrunk" for W in Ws)),
        ]
    lines.append(CodeLine(f"gradients = ({', '.join(f'd{name}' for name in p.parameters)})"))
    targets = ", ".join(("P", "dP", *kind.memory))
    arrays = ", ".join(("parameters", "gradients", *(f"{letter}s" for letter in kind.memory)))
    lines.append(CodeLine(f"for {targets} in zip({arrays}):"))
    for text in kind.step_code:
        target = re.split(r"\W", text, maxsplit=1)[0]
        names = p.parameters if target == "P" else tuple(f"{target} of {name}" for name in p.parameters)
        lines.append(CodeLine("    " + text, names=names))
    return tuple(lines)


def counts_steps(optimizer: str) -> bool:
    """Return whether the lines of an optimiser use the number of the step."""
    return any(re.search(r"\bstep\b", text) for text in OPTIMIZERS[optimizer].step_code)


def parameter_shapes(p: CodeSetup) -> list[tuple[str, str]]:
    """Return W1, b1, W2, ... and their shapes as text."""
    shapes = []
    for l in range(1, p.layers + 1):
        shapes += [(f"W{l}", f"({p.sizes[l]}, {p.sizes[l - 1]})"), (f"b{l}", f"({p.sizes[l]}, 1)")]
    return shapes
