"""Which lines of a listing another loss, activation, reduction or penalty would change."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache

from sandbox.nn import OPTIMIZERS
from sandbox.notation.code import CodeLine, CodeSetup, backward_lines, forward_lines, loss_lines
from sandbox.notation.equations import EquationSetup

_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


def changed(before: EquationSetup, after: EquationSetup, names: Collection[str]) -> frozenset[str]:
    """Return which names are computed otherwise after a change.

    Each is compared as numpy, with all that leads to it from the others: whatever is not among the names is part of
    the lines of those that are.

    Parameters
    ----------
    before, after : EquationSetup
    names : collection of str
        As in the code of an update: "A1", "dZ2", "dW2", "cost".
    """
    kept = frozenset(names)
    old, new = _codes(before, kept), _codes(after, kept)
    return frozenset(name for name in kept if old.get(name) != new.get(name))


@lru_cache(maxsize=64)
def _codes(setup: EquationSetup, kept: frozenset[str]) -> Mapping[str, tuple[str, ...]]:
    """Return what computes each name: its lines, those of what it reads and is not kept, and the numbers in them."""
    code = _code_setup(setup)
    lines: dict[str, list[str]] = {}
    for line in (*forward_lines(code), *loss_lines(code), *backward_lines(code)):
        lines.setdefault(_target(line), []).append(line.code)
    numbers = {"l1": setup.l1, "l2": setup.l2, **setup.loss.parameter_values}
    return {name: tuple(_with_sources(name, lines, kept, numbers)) for name in kept if name in lines}


def _target(line: CodeLine) -> str:
    found = _NAME.match(line.code)
    return found[0] if found else ""


def _with_sources(
    name: str, lines: Mapping[str, list[str]], kept: Collection[str], numbers: Mapping[str, float]
) -> list[str]:
    """Return the lines that compute a name, and the parameters that they mention, in a fixed order."""
    waiting, seen, texts = [name], {name}, list[str]()
    while waiting:
        for text in lines[waiting.pop()]:
            texts.append(text)
            for other in _NAME.findall(text):
                if other in seen:
                    continue
                seen.add(other)
                if other in lines and other not in kept:
                    waiting.append(other)
                elif other in numbers:
                    texts.append(f"{other} = {numbers[other]!r}")
    return texts


def _code_setup(setup: EquationSetup) -> CodeSetup:
    """Return what the code depends on; only the shapes in its comments, which are not compared, are left open."""
    loss = setup.loss
    return CodeSetup(
        sizes=(0,) * setup.layers + (setup.outputs,),
        activations=setup.activations,
        objective=setup.kind.name,
        numerics=setup.numerics,
        reduction=setup.reduction,
        optimizer=next(iter(OPTIMIZERS)),  # the update is not compared
        m="m",
        shares=setup.one_hot and setup.outputs > 1,
        in_use=loss.in_use([loss.parameter_values]),
        l1=bool(setup.l1),
        l2=bool(setup.l2),
    )
