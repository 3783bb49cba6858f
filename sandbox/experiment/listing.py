"""One update as a course notebook writes it: four phases of numpy lines, only what one pairing needs.

Samples are columns: X (n_x, m), W (n_l, n_{l-1}), b (n_l, 1). Every line tells its shape, whether the loss decides it
and which names have a value once it is done, so that it can be written into a file and shown at work alike.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.experiment.snippets import (
    ACTIVATION_SNIPPETS,
    COLLAPSED,
    LOSS_SNIPPETS,
    OPTIMIZER_SNIPPETS,
    Product,
    bracketed,
    plain,
    times,
)

PHASES = ("forward", "loss", "backward", "update")
TITLES = ("Forward", "Loss", "Backward", "Update")
CLAMPED = "({A} < 1e-7) | ({A} > 1 - 1e-7)"

_WITH_REST = ("binary_cross_entropy", "focal")  # these look at log(1 - a)
_BOUNDED = ("sigmoid", "softmax")  # these never leave 0 to 1


@dataclass(frozen=True)
class Line:
    """One line of code.

    Attributes
    ----------
    code : str
        Indented where it stands in a loop of its own.
    note : str
        The shape of what it makes, or a word about it: the comment behind it.
    decided : bool
        Whether the loss decides what it says.
    names : tuple of str
        What has a value once it is done: "Z1", "dW2", "V of b1".
    """

    code: str
    note: str = ""
    decided: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pairing:
    """All that the lines depend on.

    Attributes
    ----------
    sizes : tuple of int
        Units per layer, input first.
    activations : tuple of str
    objective, numerics, reduction, optimizer : str
        Registry names.
    m : str
        How many samples an update sees, for the comments.
    shares : bool
        Whether the targets of each sample are known to sum to 1.
    weighted, smoothed : bool
        Whether a positive weight other than 1, or smoothed targets, are in use.
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
    weighted: bool = False
    smoothed: bool = False
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


def phases(p: Pairing) -> tuple[tuple[Line, ...], ...]:
    """Return the lines of forward, loss, backward and update."""
    return forward_lines(p), loss_lines(p), backward_lines(p), update_lines(p)


def _before(l: int) -> str:
    return f"A{l - 1}" if l > 1 else "X"


def forward_lines(p: Pairing) -> tuple[Line, ...]:
    """Return the lines that lead from X to A[L]."""
    lines = []
    for l, (n, name) in enumerate(zip(p.sizes[1:], p.activations, strict=True), start=1):
        snippet, shape = ACTIVATION_SNIPPETS[name], p.columns(n)
        lines.append(Line(f"Z{l} = W{l} @ {_before(l)} + b{l}", shape, names=(f"Z{l}",)))
        helper = f"{snippet.helper}{l}"
        if snippet.helper:
            lines.append(Line(f"{helper} = {snippet.help.format(Z=f'Z{l}')}", shape, names=(helper,)))
        lines.append(Line(f"A{l} = {snippet.value.format(Z=f'Z{l}', h=helper)}", shape, names=(f"A{l}",)))
    return tuple(lines)


class _Loss:
    """The texts of one pairing of loss and output."""

    def __init__(self, p: Pairing) -> None:
        self.p = p
        self.snippet = LOSS_SNIPPETS[p.objective]
        self.g = ACTIVATION_SNIPPETS[p.activations[-1]]
        self.output, self.rest = p.activations[-1], p.objective in _WITH_REST
        self.Z, self.A = f"Z{p.layers}", f"A{p.layers}"
        self.n_out = p.sizes[-1]
        self.fused = self.snippet.has_logs and p.numerics == "fused" and bool(self.g.log)
        self.lone = self.output == "softmax" and self.n_out == 1  # its share is always 1
        Y = "T" if p.smoothed else "Y"
        clipped = self.snippet.has_logs and p.numerics == "clamped"
        a = "P" if clipped else self.A
        self.clipped = clipped
        self.fields = {
            "Z": self.Z, "A": self.A, "Y": Y, "a": self.A if self.fused else a, "R": "R", "n_out": self.n_out,
            "wY": f"positive_weight * {Y}" if p.weighted else Y,
            "s": "log_A" if self.fused else f"np.log({a})", "t": "log_C" if self.fused else f"np.log(1 - {a})",
            "c": "C" if self.fused else f"(1 - {a})", "hit": "hit", "miss": "miss", "ds": "ds", "dt": "dt",
        }  # fmt: skip
        self.shape = p.columns(self.n_out)

    def fill(self, text: str) -> str:
        return text.format(**self.fields)

    def line(self, name: str, text: str, note: str = "") -> Line:
        return Line(f"{name} = {self.fill(text)}", note or self.shape, True, (name,))

    @property
    def product(self) -> Product:
        """How factors and logarithms are multiplied in the value."""
        if self.p.numerics == "naive":
            return plain
        if self.p.objective == "kl_divergence":  # it takes log y as well
            return times
        if self.clipped:
            return plain
        if not self.fused:
            return times
        finite = self.output == "sigmoid" or (self.output == "softmax" and not self.lone) or not self.rest
        return plain if finite else times

    @property
    def slope_product(self) -> Product:
        """How they are multiplied in the derivative."""
        safe = self.p.numerics == "naive" or self.clipped or (self.fused and self.output in _BOUNDED)
        return plain if safe else times

    @property
    def leaves_domain(self) -> bool:
        """Whether the logarithm may be taken of a negative number."""
        if not self.snippet.has_logs or self.clipped or self.output in _BOUNDED:
            return False
        return self.rest or self.output not in ("exp", "relu", "softplus")


def loss_lines(p: Pairing) -> tuple[Line, ...]:
    """Return the lines that lead from A[L] and Y to the cost."""
    of = _Loss(p)
    lines = []
    if p.smoothed:
        lines.append(of.line("T", of.snippet.smoothing.format(Y="Y", n_out=of.n_out)))
    if of.snippet.residual:
        lines.append(of.line("R", "{A} - {Y}"))
    if of.clipped:
        lines.append(of.line("P", "np.clip({A}, 1e-7, 1 - 1e-7)"))
    if of.fused:
        lines.append(of.line("log_A", of.g.log, f"log {of.A}, exact where it rounds to 0: {of.shape}"))
        if of.rest:
            note = f"log(1 - {of.A}): {of.shape}"
            lines.append(of.line("log_C", of.g.log_rest, note))
        if p.objective == "focal":
            lines.append(of.line("C", of.g.rest, f"1 - {of.A}: {of.shape}"))
    if p.objective == "focal":
        lines += [of.line("hit", "{Y} * {c}**gamma"), of.line("miss", "(1 - {Y}) * {a}**gamma")]
    lines.append(of.line("loss", of.snippet.value(of.product)))
    cost = "cost = loss.sum()" + _reduced(p)
    if p.l1 or p.l2:
        Ws = [f"W{l}" for l in range(1, p.layers + 1)]
        parts = []
        if p.l1:
            parts.append(f"l1 * {_sum([f'np.abs({W}).sum()' for W in Ws])}")
        if p.l2:
            parts.append(f"l2 / 2 * {_sum([f'({W}**2).sum()' for W in Ws])}")
        lines.append(Line(f"penalty = {' + '.join(parts)}", "weights only", names=("penalty",)))
        cost += " + penalty"
    lines.append(Line(cost, names=("cost",)))
    return tuple(lines)


def _sum(terms: Sequence[str]) -> str:
    return f"({' + '.join(terms)})" if len(terms) > 1 else terms[0]


def _reduced(p: Pairing) -> str:
    if p.reduction == "sum":
        return ""
    return " / m" if p.reduction == "mean" or p.sizes[-1] == 1 else f" / (m * {p.sizes[-1]})"


def backward_lines(p: Pairing) -> tuple[Line, ...]:
    """Return the lines that lead from the loss to dW and db of every layer."""
    lines = _output_lines(p)
    for l in range(p.layers, 0, -1):
        penalty = (f" + l2 * W{l}" if p.l2 else "") + (f" + l1 * np.sign(W{l})" if p.l1 else "")
        shape = f"({p.sizes[l]}, {p.sizes[l - 1]})"
        lines.append(Line(f"dW{l} = dZ{l} @ {_before(l)}.T{penalty}", shape, names=(f"dW{l}",)))
        lines.append(Line(f"db{l} = dZ{l}.sum(axis=1, keepdims=True)", f"({p.sizes[l]}, 1)", names=(f"db{l}",)))
        if l > 1:
            shape = p.columns(p.sizes[l - 1])
            lines.append(Line(f"dA{l - 1} = W{l}.T @ dZ{l}", shape, names=(f"dA{l - 1}",)))
            lines.append(_through(p, l - 1))
    return _told_once(lines)


def _told_once(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return the lines, each name with the last of those that work on its value."""
    last = {name: i for i, line in enumerate(lines) for name in line.names}
    return tuple(
        dataclasses.replace(line, names=tuple(name for name in line.names if last[name] == i))
        for i, line in enumerate(lines)
    )


def _through(p: Pairing, l: int) -> Line:
    """Return the line from dA[l] to dZ[l]."""
    snippet = ACTIVATION_SNIPPETS[p.activations[l - 1]]
    text = snippet.backward.format(Z=f"Z{l}", A=f"A{l}", dA=f"dA{l}", h=f"{snippet.helper}{l}")
    return Line(f"dZ{l} = {text}", p.columns(p.sizes[l]), names=(f"dZ{l}",))


def _output_lines(p: Pairing) -> list[Line]:
    of, L = _Loss(p), p.layers
    if of.fused:
        return _fused_lines(of)
    lines = []
    q = of.slope_product
    if p.objective == "focal" and of.snippet.by_logs:
        lines += [of.line(name, text) for name, text in zip(("ds", "dt"), of.snippet.by_logs(q), strict=True)]
    lines.append(of.line(f"dA{L}", _divided(of.snippet.dA(q), p)))
    if of.clipped:
        text = of.fill(f"dA{L}[{CLAMPED}] = 0")
        lines.append(Line(text, "where it was clipped, nothing flows", True, (f"dA{L}",)))
    if of.leaves_domain:
        known = "loss"
        if p.numerics == "naive":
            known = "known"
            lines.append(of.line(known, of.snippet.value(times)))
        text = of.fill(f"dA{L}[np.isnan({known}) & (({{A}} < 0) | ({{A}} > 1))] = np.nan")
        lines.append(Line(text, "outside the logarithm", True, (f"dA{L}",)))
    return [*lines, _through(p, L)]


def _divided(text: str, p: Pairing) -> str:
    reduced = _reduced(p)
    return f"{bracketed(text)}{reduced}" if reduced else text


def _fused_lines(of: _Loss) -> list[Line]:
    p, dZ = of.p, f"dZ{of.p.layers}"
    if of.lone:
        return [of.line(dZ, "np.zeros_like({Z})")]
    found = COLLAPSED.get((p.objective, of.output))
    if found and of.output == "softmax" and not p.shares:
        found = "{A} * {Y}.sum(axis=0) - {Y}"
    if found and p.weighted:
        found = "(1 - {Y}) * {A} - {wY} * (1 - {A})"
    if found:
        return [of.line(dZ, _divided(found, p))]
    assert of.snippet.by_logs is not None
    ds, dt = of.snippet.by_logs(of.slope_product)
    if not dt:
        return _without_rest(of, dZ, ds)
    lines = [of.line("ds", ds, f"by log_A: {of.shape}"), of.line("dt", dt, f"by log_C: {of.shape}")]
    if of.output == "sigmoid":
        return [*lines, of.line(dZ, _divided("ds * C - dt * {A}", p))]
    if of.output == "exp":
        lines.append(of.line(dZ, _divided("ds + times(dt, {A} / np.expm1({Z}))", p)))
        text = of.fill(f"{dZ}[np.isnan(loss) & ({{Z}} > 0)] = np.nan")
        return [*lines, Line(text, "outside the logarithm", True, (dZ,))]
    n = of.n_out
    pull = of.line("pull", "np.exp(log_A[:, None] + (log_A - log_C)[None])", f"a_j a_k / (1 - a_k): ({n}, {n}, {p.m})")
    diagonal = Line(of.fill(f"pull[range({n}), range({n})] = -{{A}}"), "j = k", True, ("pull",))
    return [*lines, pull, diagonal, of.line(dZ, _divided("ds - {A} * ds.sum(axis=0) + (pull * dt).sum(axis=1)", p))]


def _without_rest(of: _Loss, dZ: str, ds: str) -> list[Line]:
    """Return the lines of a loss that does not look at log(1 - a)."""
    if of.output == "exp":
        return [of.line(dZ, _divided(ds, of.p))]
    if of.output == "sigmoid":
        return [of.line(dZ, _divided(f"{bracketed(ds)} * (1 - {{A}})", of.p))]
    return [of.line("ds", ds, f"by log_A: {of.shape}"), of.line(dZ, _divided("ds - {A} * ds.sum(axis=0)", of.p))]


def update_lines(p: Pairing) -> tuple[Line, ...]:
    """Return the lines that change the parameters."""
    snippet = OPTIMIZER_SNIPPETS[p.optimizer]
    if p.optimizer == "gradient_descent":
        return tuple(
            Line(f"{name} -= learning_rate * d{name}", shape, names=(name,)) for name, shape in parameter_shapes(p)
        )
    lines = []
    if snippet.counts:
        lines.append(Line("step += 1", names=("step",)))
    if snippet.decays:
        Ws = tuple(f"W{l}" for l in range(1, p.layers + 1))
        lines += [
            Line(f"for W in ({', '.join(Ws)}{',' if len(Ws) == 1 else ''}):", "weights shrink by themselves"),
            Line("    W -= learning_rate * weight_decay * W", names=tuple(f"{W} shrunk" for W in Ws)),
        ]
    letters = snippet.memory
    gradients = ", ".join(f"d{name}" for name in p.parameters)
    lines.append(Line(f"gradients = ({gradients})"))
    memories = ", ".join(f"{letter}s" for letter in letters)
    lines.append(Line(f"for P, dP, {', '.join(letters)} in zip(parameters, gradients, {memories}):"))
    for text in snippet.step:
        target = text.split("[")[0].split(" ")[0]
        of_memory = tuple(f"{target} of {name}" for name in p.parameters) if target[0] in letters else ()
        names = p.parameters if target == "P" else of_memory
        lines.append(Line("    " + text, names=names))
    return tuple(lines)


def parameter_shapes(p: Pairing) -> list[tuple[str, str]]:
    """Return W1, b1, W2, ... and their shapes as text."""
    shapes = []
    for l in range(1, p.layers + 1):
        shapes += [(f"W{l}", f"({p.sizes[l]}, {p.sizes[l - 1]})"), (f"b{l}", f"({p.sizes[l]}, 1)")]
    return shapes
