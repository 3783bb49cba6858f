"""What an expression of numpy gives for arrays of our own: its arithmetic is read, and nothing is executed."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sandbox.arrays import Array

_FUNCTIONS: tuple[Callable[..., Any], ...] = (
    np.absolute, np.add, np.clip, np.divide, np.exp, np.log, np.log1p, np.logaddexp, np.maximum, np.minimum,
    np.multiply, np.negative, np.power, np.sign, np.sqrt, np.square, np.squeeze, np.subtract,
)  # fmt: skip
_ELEMENTWISE: Mapping[str, Callable[..., Any]] = {"abs": np.abs} | {of.__name__: of for of in _FUNCTIONS}
_OF_ALL: Mapping[str, Callable[..., Any]] = {"sum": np.sum, "mean": np.mean}
_BETWEEN: Mapping[type[ast.operator], Callable[..., Any]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide, ast.Pow: np.power,
    ast.MatMult: np.matmul,
}  # fmt: skip
_SIGNS: Mapping[type[ast.unaryop], Callable[..., Any]] = {ast.USub: np.negative, ast.UAdd: np.positive}


class _Unknown(Exception):
    """Something stands there of which nothing is known."""


def value_of(text: str, arrays: Mapping[str, Array], definitions: Mapping[str, str]) -> Array | None:
    """Return what an expression gives; None if anything in it is unknown.

    Parameters
    ----------
    text : str
        Sums, products, powers, and the usual functions of numpy.
    arrays : mapping of str to array
        What the names stand for.
    definitions : mapping of str to str
        Other names, and the expressions that they stand for.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return np.asarray(_Reader(arrays, definitions).read(text), np.float64)
        except (_Unknown, SyntaxError, ValueError, TypeError, IndexError, RecursionError, MemoryError):
            return None


class _Reader:
    """Computes expressions; each definition once."""

    def __init__(self, arrays: Mapping[str, Array], definitions: Mapping[str, str]) -> None:
        self._definitions = definitions
        self._known: dict[str, Any] = dict(arrays)
        self._open: set[str] = set()  # definitions being read, in which none may occur itself

    def read(self, text: str) -> Any:
        return self._value(ast.parse(text, mode="eval").body)

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=int() | float() as number):
                return np.float64(number)
            case ast.Name(id=name):
                return self._named(name)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _SIGNS:
                return _SIGNS[type(op)](self._value(operand))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BETWEEN:
                return _BETWEEN[type(op)](self._value(left), self._value(right))
            case ast.Attribute(value=of, attr="T"):
                return self._value(of).T
            case ast.Attribute(value=of, attr="size"):
                return np.float64(self._value(of).size)
            case ast.Subscript(value=ast.Attribute(value=of, attr="shape"), slice=ast.Constant(value=int() as axis)):
                return np.float64(self._value(of).shape[axis])
            case ast.Call():
                return self._call(node)
        raise _Unknown

    def _named(self, name: str) -> Any:
        if name not in self._known:
            if name in self._open or name not in self._definitions:
                raise _Unknown
            self._open.add(name)
            self._known[name] = self.read(self._definitions[name])
        return self._known[name]

    def _call(self, node: ast.Call) -> Any:
        match node.func:
            case ast.Attribute(value=ast.Name(id="np" | "numpy"), attr=name):
                arguments = node.args
            case ast.Attribute(value=of, attr=name) if name in _OF_ALL:
                arguments = [of, *node.args]
            case ast.Name(id="abs" | "float" as name) if len(node.args) == 1 and not node.keywords:
                value = self._value(node.args[0])
                return np.abs(value) if name == "abs" else value
            case _:
                raise _Unknown
        if name in _OF_ALL and len(arguments) == 1:
            return _OF_ALL[name](self._value(arguments[0]), **_keywords(node))
        if name == "dot" and len(arguments) == 2 and not node.keywords:
            return np.dot(*map(self._value, arguments))
        if name not in _ELEMENTWISE or node.keywords:
            raise _Unknown
        return _ELEMENTWISE[name](*map(self._value, arguments))


def _keywords(node: ast.Call) -> dict[str, Any]:
    """Return the axis and whether it is kept, of a sum or a mean."""
    found: dict[str, Any] = {}
    for keyword in node.keywords:
        match keyword:
            case ast.keyword(arg="axis" | "keepdims" as name, value=ast.Constant(value=int() | None as value)):
                found[name] = value
            case _:
                raise _Unknown
    return found
