"""Parsing and editing LaTeX: tokens, parts that are typeset as one, parentheses and signs."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\\(?:[a-zA-Z]+|.)|d[AZWb](?![a-zA-Z])|\d+(?:\.\d+)?|\s+|.")
_WORDS = {r"\text", r"\mathrm", r"\operatorname", r"\begin", r"\end"}
_ARGUMENTS = {  # how many each command takes
    r"\frac": 2, r"\tfrac": 2, r"\sqrt": 1, r"\cancel": 1, r"\bar": 1, r"\tilde": 1, r"\text": 1, r"\mathrm": 1,
    r"\mathsf": 1, r"\mathbf": 1,
}  # fmt: skip
_OPEN = ("(", "[", r"\left(", r"\left|", r"\Bigl(")
_CLOSE = (")", "]", r"\right)", r"\right|", r"\Bigr)")
_SIZED = {r"\left", r"\right", r"\Bigl", r"\Bigr"}


def tokens(latex: str) -> list[str]:
    """Return the tokens of a formula, without white space outside of words."""
    matches = _TOKEN.findall(latex)
    result: list[str] = []
    for i, token in enumerate(matches):
        if not token.isspace() or _inside_words(matches, i):
            result.append(token)
    return result


def _inside_words(parts: list[str], i: int) -> bool:
    for j in range(i - 1, 0, -1):
        if parts[j] == "}":
            return False
        if parts[j] == "{":
            return parts[j - 1] in _WORDS
    return False


def group_end(found: list[str], i: int) -> int:
    """Return where the argument that begins at i ends: after its brace, or after its single token."""
    if found[i] != "{":
        return i + 1
    depth = 0
    for j in range(i, len(found)):
        depth += (found[j] == "{") - (found[j] == "}")
        if not depth:
            return j + 1
    raise ValueError(f"a brace is not closed: {''.join(found)}")


def atoms(latex: str) -> list[str]:
    """Split a formula into parts that can be typeset one by one, each with its scripts and arguments."""
    parts, i, result = tokens(latex), 0, []
    while i < len(parts):
        start, token = i, parts[i]
        i += 1
        if token == r"\begin":
            depth = 1
            while depth:
                depth += (parts[i] == r"\begin") - (parts[i] == r"\end")
                i += 1
            i = group_end(parts, i)
        elif token in _SIZED:
            i += 1
        elif token == "{":
            i = group_end(parts, start)
        for _ in range(_ARGUMENTS.get(token, 0)):
            i = group_end(parts, i)
        while i < len(parts) and parts[i] in ("^", "_", "'"):
            i = i + 1 if parts[i] == "'" else group_end(parts, i + 1)
        result.append(joined(parts[start:i]))
    return result


def joined(found: list[str]) -> str:
    """Join tokens to LaTeX: a command before a letter needs a space, and two numbers a gap."""
    text = ""
    for token in found:
        if re.search(r"\\[a-zA-Z]+$", text) and token[0].isalpha():
            text += " "
        elif text[-1:].isdigit() and token[0].isdigit():
            text += r"\,"
        text += token
    return text


def replaced(latex: str, table: dict[str, str]) -> str:
    """Replace some tokens of a formula, but none inside words."""
    parts = tokens(latex)
    out: list[str] = []
    i = 0
    while i < len(parts):
        if parts[i] in _WORDS:
            end = group_end(parts, i + 1)
            out.append(joined(parts[i:end]))
            i = end
            continue
        new = table.get(parts[i], parts[i])
        if new != parts[i] and i + 1 < len(parts) and parts[i + 1] == "^" and "^" in new:
            new = f"({new})"
        elif new != parts[i] and i + 1 < len(parts) and parts[i + 1] == "_":  # A_{k}^{[2]}: the index goes first
            end = group_end(parts, i + 2)
            base, _, layer = new.partition("^")
            new = base + joined(parts[i + 1 : end]) + (f"^{layer}" if layer else "")
            i = end - 1
        out.append(new)
        i += 1
    return joined(out)


def in_parentheses(latex: str) -> str:
    """Put a formula in parentheses if it is a sum or begins with a sign; tall ones if it is tall."""
    if not is_sum(latex):
        return latex
    tall = any(word in latex for word in (r"\frac", r"\sum", r"\begin", r"\Bigl", r"\left("))
    return rf"\Bigl({latex}\Bigr)" if tall else f"({latex})"


def is_sum(latex: str) -> bool:
    """Return whether a formula is a sum or begins with a sign."""
    depth = 0
    for atom in atoms(latex):
        bare = atom.split("^")[0]
        depth += (bare in _OPEN) - (bare in _CLOSE)
        if not depth and atom in ("+", "-"):
            return True
    return False


def sign_out(latex: str) -> tuple[str, str]:
    """Return "-" and the formula with all signs flipped if all its terms are negative, else "" and the formula."""
    parts, depth, signs = atoms(latex), 0, []
    for i, atom in enumerate(parts):
        bare = atom.split("^")[0]
        depth += (bare in _OPEN) - (bare in _CLOSE)
        if not depth and atom in ("+", "-"):
            signs.append(i)
    if not signs or signs[0] != 0 or any(parts[i] == "+" for i in signs):
        return "", latex
    return "-", joined([("+" if i in signs else atom) for i, atom in enumerate(parts)][1:])
