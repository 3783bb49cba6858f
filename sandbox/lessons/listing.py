"""What the lines of a piece of numpy compute, by the names that they assign and read. Nothing is executed.

The rule for names: A, Z, W or b, in capitals or not, then the number of the layer, with or without an underscore
between them, is that array of the network: `a_1`, `A1`, `W2`, `b_2`. With a d before it, again with or without an
underscore, it is the derivative of the cost with respect to that array: `dZ2`, `d_Z2`, `dw_1`. `X` or `x` are the
inputs (and so is `A0`), `Y` or `y` the targets, `cost` or `C` the cost. Every other name is only a name.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

Quantity = tuple[str, int]  # an array of the network as the equations name it, and its layer; 0 if it has none
COST: Quantity = ("C", 0)
TARGETS: Quantity = ("Y", 0)
MOST_LINES = 400  # of a listing that is read; a longer one is only text

_ARRAY = re.compile(r"(d_?)?([AaZzWwb])_?(0|[1-9][0-9]{0,2})")
_WHOLE = {"X": ("X", 0), "x": ("X", 0), "Y": TARGETS, "y": TARGETS, "C": COST, "cost": COST}
_BLOCK = re.compile(r"^```python[ \t]*\n(.*?)^```[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_HIDDEN = {"eval", "exec", "globals", "locals", "vars"}  # with these, a name may be read unseen


def split_listings(markdown: str) -> tuple[str | Listing, ...]:
    """Return the parts of a text: Markdown, and the blocks of Python that compute any array of the network."""
    parts: list[str | Listing] = []
    end = 0
    for block in _BLOCK.finditer(markdown):
        listing = read_listing(block[1])
        if listing.computes:
            parts += [markdown[end : block.start()].strip(), listing]
            end = block.end()
    return tuple(part for part in (*parts, markdown[end:].strip()) if part)


def quantity_named(name: str) -> Quantity | None:
    """Return what a name stands for by the rule above; None if only for itself."""
    found = _ARRAY.fullmatch(name)
    if found is None:
        return _WHOLE.get(name)
    derivative, letter, layer = found[1], found[2], int(found[3])
    if layer == 0:
        return ("X", 0) if letter in "Aa" and not derivative else None
    return ("d" if derivative else "") + (letter if letter == "b" else letter.upper()), layer


@dataclass(frozen=True)
class Factor:
    """A factor of what a line assigns: where it stands in the line, and the names that it reads."""

    start: int
    end: int
    names: frozenset[str]


@dataclass(frozen=True)
class Line:
    """A line of a listing.

    Attributes
    ----------
    text : str
    assigns, reads : frozenset of str
        The names that its statement gives a value, and those whose value it takes.
    factors : tuple of Factor
        Of a product that it assigns; the whole right side if that is no product. Empty if nothing can be said.
    comment : str
        Its comment, with the sign before it; "" if it has none.
    value : str
        The right side of an assignment to a single name; "" if it is anything else.
    """

    text: str
    assigns: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    factors: tuple[Factor, ...] = ()
    comment: str = ""
    value: str = ""

    @property
    def computes(self) -> frozenset[Quantity]:
        """The arrays of the network that it assigns."""
        return _quantities(self.assigns)

    @property
    def uses(self) -> frozenset[Quantity]:
        """The arrays of the network that it reads."""
        return _quantities(self.reads)


@dataclass(frozen=True)
class Listing:
    """The lines of a piece of code; they compute nothing if it is not Python."""

    lines: tuple[Line, ...]

    @property
    def computes(self) -> frozenset[Quantity]:
        """All arrays of the network that it assigns."""
        return frozenset[Quantity]().union(*(line.computes for line in self.lines))

    def is_only_printed(self, number: int) -> bool:
        """Return whether a line computes the cost, and surely no line reads what it assigns.

        The line is counted from 0. A function that may read a name unseen leaves it open.
        """
        line = self.lines[number]
        read = frozenset[str]().union(*(other.reads for other in self.lines))
        return line.computes == {COST} and not line.assigns & read and not read & _HIDDEN

    def entries(self, decided: Collection[Quantity]) -> tuple[int, ...]:
        """Return the lines in which the loss enters.

        Parameters
        ----------
        decided : collection of Quantity
            The derivatives whose equations the loss decides. A line that takes one of them from another line is
            the same for every loss.
        """
        mine = self.computes & frozenset(decided)
        return tuple(number for number, line in enumerate(self.lines) if line.computes & mine and not line.uses & mine)

    def decided_factors(self, number: int) -> tuple[Factor, ...]:
        """Return the factors of a line that read the targets, themselves or by another name.

        Only the loss compares with the targets; what is read without them belongs to the network.
        """
        names = self._names_of_targets()
        return tuple(factor for factor in self.lines[number].factors if factor.names & names)

    def _names_of_targets(self) -> frozenset[str]:
        """Return the names of the targets, and of all that is made from them before it is an array of the network."""
        names = {name for line in self.lines for name in line.reads if quantity_named(name) == TARGETS}
        for line in self.lines:
            if line.reads & names:
                names |= {name for name in line.assigns if quantity_named(name) is None}
        return frozenset(names)


def _quantities(names: Collection[str]) -> frozenset[Quantity]:
    return frozenset(found for found in map(quantity_named, names) if found is not None)


@lru_cache(maxsize=64)
def read_listing(code: str) -> Listing:
    """Return the lines of a piece of code."""
    texts = code.removesuffix("\n").split("\n")
    is_read = len(texts) <= MOST_LINES and "\r" not in code  # which Python takes for the end of a line
    tree = _parsed(code) if is_read else None
    found: dict[int, list[Line]] = {}
    for statement in [] if tree is None else _statements(tree):
        first, last = statement.lineno, _last_line(statement)
        line = _line(statement, texts[first - 1] if first == last else "")
        for number in range(first, last + 1):
            found.setdefault(number, []).append(line)
    comments = {} if tree is None else _comments(code)
    return Listing(
        tuple(
            _joined(text, found.get(number, []), comments.get(number, "")) for number, text in enumerate(texts, start=1)
        )
    )


def _parsed(code: str) -> ast.Module | None:
    """Return the syntax of a piece of code; None if it is not Python, or nothing can be said of it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a backslash that means nothing, say
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _comments(code: str) -> dict[int, str]:
    """Return the comments of a piece of Python by the numbers of their lines, from 1."""
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.stmt))


def _last_line(statement: ast.stmt) -> int:
    """Return the last line of a statement, of one with a body the last line of its head."""
    body = getattr(statement, "body", None)
    if isinstance(body, list) and body:
        return max(statement.lineno, int(body[0].lineno) - 1)
    return statement.end_lineno or statement.lineno


def _line(statement: ast.stmt, text: str) -> Line:
    """Return the line of a statement, without what stands in its body."""
    assigns, reads, inner = set[str](), set[str](), set[str]()
    for node in _own_nodes(statement):
        if isinstance(node, ast.Name):
            (assigns if isinstance(node.ctx, ast.Store) else reads).add(node.id)
        elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            assigns |= _names(node.value)
        elif isinstance(node, ast.comprehension):
            inner |= _names(node.target)  # which no line after it sees
    assigns -= inner
    if isinstance(statement, ast.AugAssign):
        reads |= assigns
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    factors = tuple(_factors(value, text)) if value is not None and text else ()
    return Line(text, frozenset(assigns), frozenset(reads), factors, value=_right_side(statement, text))


def _right_side(statement: ast.stmt, text: str) -> str:
    """Return what an assignment to a single name gives it; "" for any other statement."""
    match statement:
        case ast.Assign(targets=[ast.Name()], value=value) if text:
            start, end = _span(value, text)
            return text[start:end]
    return ""


def _names(node: ast.AST) -> frozenset[str]:
    return frozenset(found.id for found in ast.walk(node) if isinstance(found, ast.Name))


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.stmt):
            yield child
            yield from _own_nodes(child)


def _joined(text: str, lines: Collection[Line], comment: str) -> Line:
    """Return the line of a text on which statements stand; with more than one, no factors are told apart."""
    if not lines:
        return Line(text, comment=comment)
    assigns = frozenset[str]().union(*(line.assigns for line in lines))
    reads = frozenset[str]().union(*(line.reads for line in lines))
    if len(lines) > 1:
        return Line(text, assigns, reads, comment=comment)
    (only,) = lines
    return Line(text, assigns, reads, only.factors, comment, only.value)


def _factors(value: ast.expr, text: str) -> Iterator[Factor]:
    if isinstance(value, ast.BinOp) and _is_product(value):
        yield from _factors(value.left, text)
        yield from _factors(value.right, text)
    elif isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
        yield from _factors(value.operand, text)
    else:
        start, end = _span(value, text)
        yield Factor(start, end, _names(value))


def _is_product(value: ast.BinOp) -> bool:
    """Return whether both sides are factors: a quotient is one, unless it is only divided by a number or a name."""
    if isinstance(value.op, ast.Div):
        return isinstance(value.right, ast.Constant | ast.Name | ast.Attribute | ast.Subscript)
    return isinstance(value.op, ast.Mult)


def _span(value: ast.expr, text: str) -> tuple[int, int]:
    """Return where an expression stands in its line, with the brackets around it."""
    octets = text.encode()
    start = len(octets[: value.col_offset].decode())
    end = len(octets[: value.end_col_offset].decode())
    while True:
        before, after = text[:start].rstrip(), text[end:]
        if not (before.endswith("(") and after.lstrip().startswith(")")):
            return start, end
        start, end = len(before) - 1, end + len(after) - len(after.lstrip()) + 1
