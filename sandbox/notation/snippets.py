"""How one loss, activation or optimiser is written in numpy: from the templates of its class to the text of a line.

The templates are for arrays with a column per sample, with fields such as {A} and {Y}. In those of a loss,
product(factor, x) and quotient(factor, x) are operations that are 0 where the factor is 0: they become plain ones if
nothing infinite can occur, else calls of `times`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from string import Formatter

from sandbox.nn.losses import Loss
from sandbox.nn.parameters import Parameter

Product = Callable[[str, str], str]


def plain(factor: str, other: str) -> str:
    """Return the text of a plain product: 0 times infinity is nan."""
    return f"{bracketed(factor)} * {other}"


def times(factor: str, other: str) -> str:
    """Return the text of a product that is 0 where `factor` is, whatever `other` is."""
    return f"times({factor}, {other})"


TIMES = '''def times(factor, other):
    """factor * other, but 0 wherever the factor is 0: 0 log 0 = 0."""
    return np.where(factor == 0, 0.0, factor * other)'''


def bracketed(text: str) -> str:
    """Return a text that can be multiplied or divided: a sum gets brackets."""
    depth = 0
    for i, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if depth == 0 and i and sign in "+-" and text[i - 1] == " ":
            return f"({text})"
    return text


def _quotient(product: Product, factor: str, divisor: str) -> str:
    if product is plain:
        return f"{bracketed(factor)} / {bracketed(divisor)}"
    return times(factor, f"1 / {bracketed(divisor)}")


def with_products(template: str, product: Product) -> str:
    """Expand the product(...) and quotient(...) of a template."""
    calls: dict[str, Product] = {"product(": product, "quotient(": lambda f, d: _quotient(product, f, d)}
    starts = [(template.find(call), call) for call in calls if call in template]
    if not starts:
        return template
    start, call = min(starts)
    arguments, end = _arguments(template, start + len(call))
    first, second = (with_products(argument, product) for argument in arguments)
    return template[:start] + calls[call](first, second) + with_products(template[end:], product)


def _arguments(text: str, start: int) -> tuple[list[str], int]:
    """Return the arguments of a call that begin at `start`, and where the call ends."""
    arguments, depth, begin = [], 0, start
    for i in range(start, len(text)):
        sign = text[i]
        if depth == 0 and sign in ",)":
            arguments.append(text[begin:i].strip())
            begin = i + 1
            if sign == ")":
                return arguments, i + 1
        depth += (sign in "([") - (sign in ")]")
    raise ValueError(f"a bracket is not closed: {text}")


def clamped_end(loss: type[Loss], clamp: str) -> str:
    """Return the upper end of the outputs that the clamped numerics leave as they are; "" if there is none."""
    if math.isinf(loss.clamped_high):
        return ""
    return "1" if loss.clamped_high == 1.0 else f"1 - {clamp}"


def fields_of(*templates: str) -> set[str]:
    """Return the names of the fields in some templates."""
    return {name for template in templates for _, name, _, _ in Formatter().parse(template) if name}


def factors(parameters: Collection[Parameter], in_use: Collection[str]) -> dict[str, str]:
    """Return the text of a loss's fields {name*}: a factor, or nothing if it is not in use."""
    return {f"{p.name}*": f"{p.name} * " if p.name in in_use else "" for p in parameters}
