"""The equations of one pairing of loss and output: from the cost to dW and db, in LaTeX.

The formulas of losses and activations are written for one element, in a, y and z. Here they become equations in the
matrices of the last layer, with the values of the parameters, the reduction and the penalty inserted, split
into pieces: each is decided by the loss or the same for every loss, and may be the symbol of an array.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from sandbox.nn.activations import ACTIVATIONS, Linear
from sandbox.nn.losses import Loss
from sandbox.notation.latex import atoms, in_parentheses, replaced, sign_out, tokens
from sandbox.notation.snippets import clamped_end

SAME = "the same for every loss, by the chain rule"


@dataclass(frozen=True)
class Symbol:
    """An array in an equation.

    Attributes
    ----------
    name : str
        "X", "Y", "C", "Z", "A", "W", "b", "dZ", "dA", "dW" or "db".
    shift : int or None
        The layer of a chain-rule equation, relative to its l: 0 or -1; None if `layer` is used.
    layer : int
        The layer, if it does not depend on l.
    """

    name: str
    shift: int | None = None
    layer: int = 0


@dataclass(frozen=True)
class Piece:
    """A part typeset as one: a symbol with its scripts, an operator, a fraction.

    Attributes
    ----------
    latex : str
    decided : bool
        Whether the loss decides it.
    symbol : Symbol, optional
    """

    latex: str
    decided: bool = False
    symbol: Symbol | None = None


@dataclass(frozen=True)
class Equation:
    """One line: the left and the right side of its first equals sign.

    Attributes
    ----------
    key : str
        "cost", "target", "residual", "clipped", "dA", "slope", "chain", "product", "dZ", "dW", "db", "dA_below",
        "dZ_below" or "where" (an abbreviation).
    left, right : str
        In LaTeX. Lines with an empty `left` continue the line above.
    decided : bool
        Whether the loss decides it; else it is the same for every loss.
    note : str
        A few words about it.
    pieces : tuple of Piece
        The whole line, in order.
    """

    key: str
    left: str
    right: str
    decided: bool
    note: str = ""
    pieces: tuple[Piece, ...] = field(default=(), repr=False)

    @property
    def latex(self) -> str:
        """The whole line."""
        return f"{self.left} = {self.right}"


@dataclass(frozen=True)
class EquationSetup:
    """What the equations depend on; hashable, so that the equations are cached.

    Attributes
    ----------
    kind : type of Loss
    parameters : tuple of (str, float)
    activations : tuple of str
        Registry names, layer by layer.
    outputs : int
        Output units.
    reduction, numerics : str
    l1, l2 : float
    one_hot : bool
        Whether the targets of a sample are 0 and 1 and sum to 1 over several units.
    columns : bool
        Whether X, Y, Z and A have a column per sample, as in a course notebook, in place of a row.
    """

    kind: type[Loss]
    parameters: tuple[tuple[str, float], ...]
    activations: tuple[str, ...]
    outputs: int
    reduction: str = "mean"
    numerics: str = "fused"
    l1: float = 0.0
    l2: float = 0.0
    one_hot: bool = False
    columns: bool = False

    @property
    def layers(self) -> int:
        """L."""
        return len(self.activations)

    @property
    def loss(self) -> Loss:
        """The loss, with its parameters."""
        return self.kind(**dict(self.parameters))


# Numbers


def number(value: float) -> str:
    """Format a number for a formula: 0.9, 3, 10^{-7}, 2.5 \\cdot 10^{-7}."""
    text = f"{value:.12g}"
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa} \cdot {power}"


_NUMBER = r"(\d+(?:\.\d+)?)"


def _numbered(latex: str, loss: Loss, outputs: int) -> str:
    """Insert the parameters' values into a formula of a loss, and evaluate differences and products of numbers."""
    table = {"K": str(outputs)}
    for parameter in loss.parameters:
        value = loss.parameter_values[parameter.name]
        if value == 1.0:
            latex = latex.replace(parameter.symbol + r"\,", "")
        table[parameter.symbol] = number(value)
    latex = replaced(latex, table)
    latex = re.sub(rf"(?<![\w.\]}}]){_NUMBER}-{_NUMBER}(?![\w.])", _difference, latex)
    latex = re.sub(rf"\\tfrac\{{1\}}\{{2\}}{_NUMBER}", lambda half: number(0.5 * float(half[1])), latex)
    latex = re.sub(rf"(?<![\w}}])\({_NUMBER}\)", r"\1", latex)
    latex = re.sub(rf"\\cdot\s*\({_NUMBER}\)", r"\\cdot \1", latex)
    side_by_side = rf"(?<![\w.^\]}}]){_NUMBER}(?:\s|\\,|\\cdot(?![a-z]))+{_NUMBER}(?![\d.^])"
    while (product := re.sub(side_by_side, _product, latex)) != latex:
        latex = product
    latex = re.sub(r"(?:\(1-a\)|a)\^\{0\}(?:\\,)?(?=.)", "", latex)
    return latex.replace("^{1}", "").replace(r"\left(", r"\Bigl(").replace(r"\right)", r"\Bigr)")


def _difference(match: re.Match[str]) -> str:
    return number(float(match[1]) - float(match[2]))


def _product(match: re.Match[str]) -> str:
    return number(float(match[1]) * float(match[2]))


# Building


class _Writer:
    """The equations of one network, and its names for the elements a, y, z and r."""

    def __init__(self, setup: EquationSetup) -> None:
        self.setup, self.loss = setup, setup.loss
        self.g = ACTIVATIONS[setup.activations[-1]]
        L = setup.layers
        self.L = L
        self.A, self.Z = f"A^{{[{L}]}}", f"Z^{{[{L}]}}"
        self.clipped = setup.numerics == "clamped" and self.loss.has_logs
        self.value, self.slope = (_numbered(text, self.loss, setup.outputs) for text in self.loss.formulas())
        self.factor = {
            "mean": r"\frac{1}{m}", "sum": "", "element_mean": rf"\frac{{1}}{{m\,n^{{[{L}]}}}}",
        }[setup.reduction]  # fmt: skip

    def of_loss(self, latex: str, clipped: bool | None = None) -> str:
        """Write an elementwise formula of the loss with the names of the matrices."""
        bar = self.clipped if clipped is None else clipped
        return replaced(latex, {
            "a": rf"\bar{{A}}^{{[{self.L}]}}" if bar else self.A,
            "y": r"\tilde{Y}" if self.loss.smooths else "Y",
            "z": self.Z,
            "r": "R",
        })  # fmt: skip

    def of_activation(self, latex: str, layer: str | None = None) -> str:
        """Write an activation's formula with the names of the matrices of a layer."""
        layer = layer or f"[{self.L}]"
        return replaced(latex, {"a": f"A^{{{layer}}}", "z": f"Z^{{{layer}}}"})

    def reduced(self, latex: str) -> str:
        """Multiply a formula by the factor of the reduction, a common sign in front."""
        if not self.factor:
            return latex
        minus, latex = sign_out(latex)
        return " ".join(part for part in (minus, self.factor, in_parentheses(latex)) if part)

    def _inner(self, line: str) -> str:
        """Return the part of a line that the loss decides: all after the factor of the reduction."""
        return line.partition(self.factor)[2].strip() if self.factor else line

    def equation(self, key: str, left: str, right: str, decided: bool, note: str = "", by_loss: str = "") -> Equation:
        """Return one line; `by_loss` is the part of `right` that the loss decides, by default all of it."""
        start = right.find(by_loss) if by_loss else 0
        if decided and by_loss and start < 0:
            raise ValueError(f"{by_loss} is not in {right}")
        end = start + len(by_loss) if by_loss else len(right)
        segments = [(f"{left} =", False)]
        segments += [(right[:start], False), (right[start:end], decided), (right[end:], False)]
        pieces = tuple(Piece(atom, coloured, symbol_of(atom)) for text, coloured in segments for atom in atoms(text))
        return Equation(key, left, right, decided, note, pieces)

    def lines(self) -> Iterator[Equation]:
        """Yield all lines, from the cost to the first layer."""
        yield from self._cost()
        yield from self._slopes()
        yield from self._delta()
        yield from self._chain()

    def _cost(self) -> Iterator[Equation]:
        L, loss = self.L, self.loss
        minus, value = sign_out(self.of_loss(self.value))
        summand = in_parentheses(value)
        total = " ".join(part for part in (minus, self.factor, r"\sum", summand) if part)
        penalty = ""
        if self.setup.l1:
            penalty += rf" + {number(self.setup.l1)} \sum_{{l}} \left|W^{{[l]}}\right|"
        if self.setup.l2:
            penalty += rf" + \frac{{{number(self.setup.l2)}}}{{2}} \sum_{{l}} (W^{{[l]}})^{{2}}"
        yield self.equation("cost", "C", total + penalty, True, "the cost", summand)
        if "r" in tokens(self.value) or "r" in tokens(self.slope):
            yield self.equation("residual", "R", f"{self.A} - Y", True, "the residual")
        if loss.smooths:
            smooth = _numbered(loss.target_formula, loss, self.setup.outputs)
            right = replaced(smooth, {"y": "Y"})
            yield self.equation("target", r"\tilde{Y}", right, True, "the smoothed targets")
        if self.clipped:
            end = clamped_end(type(self.loss), "10^{-7}")
            right = rf"\max(10^{{-7}}, \min({self.A}, {end}))" if end else rf"\max(10^{{-7}}, {self.A})"
            yield self.equation("clipped", rf"\bar{{A}}^{{[{L}]}}", right, True, "the outputs, clamped")

    def _derivative(self) -> str:
        slope = self.of_loss(self.slope)
        if self.clipped:
            slope = rf"{in_parentheses(slope)}\,\mathbf{{1}}[\bar{{A}}^{{[{self.L}]}} = {self.A}]"
        return slope

    def _slopes(self) -> Iterator[Equation]:
        L = self.L
        right = self.reduced(self._derivative())
        fraction = rf"\frac{{\partial C}}{{\partial A^{{[{L}]}}}}"
        note = "its gradient at the outputs"
        yield self.equation("dA", f"dA^{{[{L}]}} = {fraction}", right, True, note, self._inner(right))
        main, *abbreviations = self.g.derivative_formula.split(r",\quad ")
        if " = " in main:
            left, right = self.of_activation(main).split("=", 1)
        else:
            left, right = rf"g'(Z^{{[{L}]}})", self.of_activation(main)
        yield self.equation(
            "slope", left.strip(), right.strip(), False, f"the slope of the output, {self.g.label_within()}"
        )
        for text in abbreviations:
            left, right = self.of_activation(text).split("=", 1)
            yield self.equation("where", left.strip(), right.strip(), False, "where")

    def _delta(self) -> Iterator[Equation]:
        L, A = self.L, self.A
        dA, dZ = f"dA^{{[{L}]}}", f"dZ^{{[{L}]}}"
        jacobian = not self.g.elementwise
        if jacobian:
            chain = rf"\sum_{{k}} dA_{{k}}^{{[{L}]}}\,\frac{{\partial A_{{k}}^{{[{L}]}}}}{{\partial Z_{{j}}^{{[{L}]}}}}"
        else:
            chain = rf"{dA} \odot g'(Z^{{[{L}]}})"
        yield self.equation("chain", f"dZ_{{j}}^{{[{L}]}}" if jacobian else dZ, chain, False, "by the chain rule")
        collapsed = None
        if self.setup.numerics == "fused":
            collapsed = self.loss.collapsed(self.g, self.setup.one_hot)
        if collapsed:
            struck, left = (self.of_loss(_numbered(text, self.loss, self.setup.outputs)) for text in collapsed)
            line = self.reduced(struck)
            yield self.equation("product", "", line, True, "what is struck out cancels", self._inner(line))
            line = self.reduced(left)
            yield self.equation("dZ", "", line, True, "what is left", self._inner(line))
            return
        derivative, by_loss = self._derivative(), ""
        if jacobian:
            indexed = _indexed(derivative, L)
            inner = rf"{A} \odot \Bigl({derivative} - \sum_{{k}} A_{{k}}^{{[{L}]}}\,{in_parentheses(indexed)}\Bigr)"
            line = " ".join(part for part in (self.factor, inner) if part)
        else:
            main, *abbreviations = self.g.derivative_formula.split(r",\quad ")
            minus, inner = sign_out(derivative) if self.factor or main != "1" else ("", derivative)
            if main != "1" or self.factor:
                inner = in_parentheses(inner)
            by_loss = inner
            if main != "1":
                slope = rf"g'(Z^{{[{L}]}})" if abbreviations else in_parentheses(self.of_activation(main))
                inner += rf" \odot {slope}"
            line = " ".join(part for part in (minus, self.factor, inner) if part)
        note = "the slope is 1" if self.g.has_slope_of(Linear) else "nothing cancels"
        yield self.equation("dZ", "", line, True, note, by_loss or self._inner(line))

    def _chain(self) -> Iterator[Equation]:
        l1, l2 = self.setup.l1, self.setup.l2
        penalty = (rf" + {number(l1)}\,\mathrm{{sign}}(W^{{[l]}})" if l1 else "") + (
            rf" + {number(l2)}\,W^{{[l]}}" if l2 else ""
        )
        T, columns = r"^{\mathsf{T}}", self.setup.columns
        dW = f"dZ^{{[l]}} (A^{{[l-1]}}){T}" if columns else f"(dZ^{{[l]}}){T} A^{{[l-1]}}"
        dA = f"(W^{{[l]}}){T} dZ^{{[l]}}" if columns else "dZ^{[l]} W^{[l]}"
        yield self.equation("dW", "dW^{[l]}", dW + penalty, False, SAME)
        yield self.equation("db", "db^{[l]}", r"\sum_{i} dZ_{i}^{[l]}", False, SAME)
        if self.L > 1:
            yield self.equation("dA_below", "dA^{[l-1]}", dA, False, SAME)
            yield self.equation("dZ_below", "dZ^{[l-1]}", r"dA^{[l-1]} \odot g'(Z^{[l-1]})", False, SAME)


def _indexed(latex: str, layer: int) -> str:
    """Index the matrices of a formula with the unit k."""
    at = f"^{{[{layer}]}}"
    names = (rf"\bar{{A}}{at}", r"\tilde{Y}", f"A{at}", "Y", "R")
    pattern = "|".join(re.escape(name) for name in names)
    return re.sub(pattern, lambda name: name[0].removesuffix(at) + "_{k}" + at * name[0].endswith(at), latex)


_SYMBOL = re.compile(r"^(d?[AZWb]|[YRXC])(?:_\{\w\})?(?:\^\{\[(\d+|l|l-1)\]\})?$")


def symbol_of(atom: str) -> Symbol | None:
    """Return the array that an atom denotes, if any."""
    match = _SYMBOL.match(atom)
    if match is None or (match[1] not in ("Y", "X", "C") and match[2] is None):
        return None
    layer = match[2] or "0"
    if layer.isdigit():
        return Symbol(match[1], None, int(layer))
    return Symbol(match[1], 0 if layer == "l" else -1)


def subjects(lines: Sequence[Equation]) -> tuple[Symbol | None, ...]:
    """Return the array that each line gives: the one on its left, or on the left of the line that it continues."""
    found: list[Symbol | None] = []
    for line in lines:
        found.append(line.pieces[0].symbol if line.left else found[-1])
    return tuple(found)


def decided_arrays(lines: Sequence[Equation]) -> frozenset[tuple[str, int]]:
    """Return name and layer of each array with a layer of its own whose equation the loss decides."""
    return frozenset(
        (symbol.name, symbol.layer)
        for line, symbol in zip(lines, subjects(lines), strict=True)
        if line.decided and symbol is not None and symbol.layer
    )


@lru_cache(maxsize=512)
def equations(setup: EquationSetup) -> tuple[Equation, ...]:
    """Return the equations of a pairing, in reading order."""
    return tuple(_Writer(setup).lines())
