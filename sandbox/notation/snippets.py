"""How one loss, activation or optimiser is written in numpy: from the templates of its class to the text of a line.

The templates are written for arrays with a column per sample, in fields such as {A} and {Y}. In those of a loss,
product(factor, x) and quotient(factor, x) stand for operations that are 0 where the factor is 0: they are written as
plain ones where nothing infinite can be met, as `times` elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from string import Formatter

from sandbox.nn.parameters import Parameter

Product = Callable[[str, str], str]


def plain(factor: str, other: str) -> str:
    """Return the text of a product to the letter: 0 times infinity is not a number."""
    return f"{bracketed(factor)} * {other}"


def times(factor: str, other: str) -> str:
    """Return the text of a product that is 0 where its factor is, whatever the other is."""
    return f"times({factor}, {other})"


TIMES = '''def times(factor, other):
    """factor * other, but 0 wherever the factor is 0: 0 log 0 = 0."""
    return np.where(factor == 0, 0.0, factor * other)'''


def bracketed(text: str) -> str:
    """Return a text that can stand beside a times or a divided by."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if depth == 0 and place and sign in "+-" and text[place - 1] == " ":
            return f"({text})"
    return text


def _quotient(product: Product, factor: str, divisor: str) -> str:
    if product is plain:
        return f"{bracketed(factor)} / {bracketed(divisor)}"
    return times(factor, f"1 / {bracketed(divisor)}")


def with_products(template: str, product: Product) -> str:
    """Return a template with its product(...) and quotient(...) written out."""
    calls: dict[str, Product] = {"product(": product, "quotient(": lambda f, d: _quotient(product, f, d)}
    found = [(template.find(call), call) for call in calls if call in template]
    if not found:
        return template
    start, call = min(found)
    arguments, end = _arguments(template, start + len(call))
    first, second = (with_products(argument, product) for argument in arguments)
    return template[:start] + calls[call](first, second) + with_products(template[end:], product)


def _arguments(text: str, start: int) -> tuple[list[str], int]:
    """Return the arguments of a call that begin at `start`, and where the call ends."""
    arguments, depth, begin = [], 0, start
    for place in range(start, len(text)):
        sign = text[place]
        if depth == 0 and sign in ",)":
            arguments.append(text[begin:place].strip())
            begin = place + 1
            if sign == ")":
                return arguments, place + 1
        depth += (sign in "([") - (sign in ")]")
    raise ValueError(f"a bracket is left open: {text}")


def fields_of(*templates: str) -> set[str]:
    """Return the names of the fields in some templates."""
    return {name for template in templates for _, name, _, _ in Formatter().parse(template) if name}


def factors(parameters: Collection[Parameter], in_use: Collection[str]) -> dict[str, str]:
    """Return what the fields {name*} of a loss stand for: a factor, or nothing while it is not in use."""
    return {f"{each.name}*": f"{each.name} * " if each.name in in_use else "" for each in parameters}
