"""Every typeset formula, evaluated as written, against the code that trains.

The evaluator below knows the LaTeX that the formulas use, but not how they were made.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from sandbox.nn import ACTIVATIONS, LOSSES, NUMERICS, REDUCTIONS, Loss, Network
from sandbox.nn.network import with_ones
from sandbox.notation.equations import Equation, EquationSetup, Symbol, equations, symbol_of

PARAMETERS: dict[str, list[dict[str, float]]] = {
    "huber": [{}, {"delta": 0.3}],
    "quantile": [{}, {"quantile": 0.25}],
    "binary_cross_entropy": [{}, {"positive_weight": 3.5}, {"positive_weight": 0.4, "label_smoothing": 0.2}],
    "categorical_cross_entropy": [{}, {"label_smoothing": 0.3}],
    "focal": [{}, {"gamma": 0.0}, {"gamma": 1.0}, {"gamma": 0.5}, {"gamma": 3.0}],
}
CASES = [(loss, parameters) for loss in LOSSES for parameters in PARAMETERS.get(loss, [{}])]
M, UNITS = 5, 3
TOKEN = re.compile(r"\s+|\\[a-zA-Z]+|\\.|d[AZWb]|\d+\.?\d*|.")


class Reader:
    """Evaluates one side of an equation.

    Matrices are held as [sample, unit j, unit k]; a symbol without an index, or with j, lies along j, one with k
    along k. `names` maps names such as "A^{[2]}" to matrices.
    """

    def __init__(self, latex: str, names: dict[str, Any]) -> None:
        self.tokens = [token for token in TOKEN.findall(latex) if not token.isspace() and token not in (r"\,", r"\ ")]
        self.names, self.at = names, 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        assert token and (not wanted or token == wanted), f"{wanted!r} expected at {self.tokens[self.at :]}"
        self.at += 1
        return token

    def whole(self) -> Any:
        value = self.sum()
        assert not self.peek(), f"left over: {self.tokens[self.at :]}"
        return value

    def sum(self) -> Any:
        sign = -1.0 if self.peek() == "-" else 1.0
        if self.peek() in ("-", "+"):
            self.take()
        value = sign * self.product()
        while self.peek() in ("+", "-"):
            value = value + self.product() if self.take() == "+" else value - self.product()
        return value

    def product(self) -> Any:
        if self.peek() == r"\sum":
            return self.summation()
        value = self.factor()
        while self.peek() and self.peek() not in ("+", "-", ")", "}", "]", "&", ",", "=", "<", ">", *ENDS):
            if self.peek() in (r"\odot", r"\cdot"):
                self.take()
                continue
            if self.peek() == "/":
                self.take()
                value = value / self.factor()
                continue
            if self.peek() == r"\sum":
                return value * self.summation()
            value = value * self.factor()
        return value

    def summation(self) -> Any:
        self.take(r"\sum")
        index = ""
        if self.peek() == "_":
            self.take()
            index = self.group()
        term = self.product()
        if index == "k":
            return np.asarray(np.broadcast_to(term, np.broadcast_shapes(np.shape(term), (1, 1, UNITS)))).sum(
                axis=2, keepdims=True
            )
        return np.sum(term)

    def group(self) -> str:
        """The text of a group in braces, or of one token."""
        if self.peek() != "{":
            return self.take()
        self.take("{")
        depth, text = 1, ""
        while True:
            token = self.take()
            depth += (token == "{") - (token == "}")
            if not depth:
                return text
            text += token

    def braces(self) -> Any:
        return Reader(self.group(), self.names).whole()

    def powered(self, value: Any) -> Any:
        if self.peek() == "^":
            self.take()
            return value ** self.braces()
        return value

    def factor(self) -> Any:
        token = self.take()
        if re.fullmatch(r"\d+\.?\d*", token):
            return self.powered(float(token))
        if token in ("(", r"\Bigl"):
            if token == r"\Bigl":
                self.take("(")
            value = self.sum()
            if self.peek() == r"\Bigr":
                self.take()
            self.take(")")
            return self.powered(value)
        if token == r"\left":
            opened = self.take()
            value = self.sum()
            self.take(r"\right")
            self.take({"|": "|", "(": ")"}[opened])
            return self.powered(np.abs(value) if opened == "|" else value)
        if token in (r"\frac", r"\tfrac"):
            return self.braces() / self.braces()
        if token == r"\cancel":
            return self.braces()
        if token == r"\sqrt":
            return np.sqrt(self.braces())
        if token in (r"\max", r"\min"):
            self.take("(")
            first = self.sum()
            self.take(",")
            second = self.sum()
            self.take(")")
            return self.powered((np.maximum if token == r"\max" else np.minimum)(first, second))
        if token in FUNCTIONS:
            return self.function(FUNCTIONS[token])
        if token == r"\mathrm":
            assert self.group() == "sign"
            return self.function(np.sign)
        if token == r"\mathbf":
            assert self.group() == "1"
            self.take("[")
            holds = self.condition()
            self.take("]")
            return np.where(holds, 1.0, 0.0)
        if token == r"\begin":
            return self.cases()
        if token == r"\delta":
            self.take("_")
            assert self.group() == "kj"
            return np.eye(UNITS)[None]
        if token == "e":
            self.take("^")
            return np.exp(self.braces())
        return self.powered(self.name(token))

    def function(self, f: Callable[[Any], Any]) -> Any:
        # log A B is not used: a function takes the one factor that follows.
        return f(self.factor())

    def name(self, token: str) -> Any:
        if token in (r"\bar", r"\tilde"):
            token += "{" + self.group() + "}"
        index = ""
        if token == "g":
            self.take("'")
            self.take("(")
            depth, inside = 1, ""
            while depth:
                inside += self.take()
                depth += self.peek() == "("
                depth -= self.peek() == ")"
            self.take(")")
            return self.names[f"g'({inside})"]
        if self.peek() == "_":
            self.take()
            index = self.group()
        if self.peek() == "^" and self.tokens[self.at + 1 : self.at + 3] == ["{", "["]:
            self.take()
            token += "^{" + self.group() + "}"
        value = self.names[token]
        return np.swapaxes(value, 1, 2) if index == "k" else value

    def condition(self) -> Any:
        left, relation, right = self.sum(), self.take(), self.sum()
        return {
            "=": np.equal, "<": np.less, ">": np.greater, r"\leq": np.less_equal, r"\geq": np.greater_equal,
        }[relation](left, right)  # fmt: skip

    def cases(self) -> Any:
        assert self.group() == "cases"
        rows: list[tuple[Any, Any]] = []
        while True:
            value = self.sum()
            self.take("&")
            if self.peek() == r"\text":
                self.take()
                assert self.group() == "else"
                rows.append((True, value))
            else:
                rows.append((self.condition(), value))
            if self.take() == r"\end":
                assert self.group() == "cases"
                break
        result: Any = np.nan
        for holds, value in reversed(rows):
            result = np.where(holds, value, result)
        return result


ENDS = (r"\leq", r"\geq", r"\\", r"\end", r"\right", r"\Bigr")
FUNCTIONS: dict[str, Callable[[Any], Any]] = {r"\log": np.log, r"\tanh": np.tanh, r"\cosh": np.cosh}


def along_j(matrix: Any) -> Any:
    return np.asarray(matrix, float)[:, :, None]


class Example:
    """A loss and an output activation with numbers: Z, A and Y of the last of two layers, well inside every domain."""

    def __init__(self, loss: str, parameters: dict[str, float], output: str, **more: Any) -> None:
        rng = np.random.default_rng(7)
        self.kind = LOSSES[loss](**parameters)
        self.setup = EquationSetup(
            kind=LOSSES[loss], parameters=tuple(parameters.items()), activations=("tanh", output), outputs=UNITS, **more
        )
        self.output = ACTIVATIONS[output]()
        if self.kind.has_logs:  # where every output lies between 0 and 1
            self.Z = rng.uniform(0.12, 0.62, (M, UNITS)) * (-1.0 if output in ("exp", "softplus") else 1.0)
        else:
            self.Z = rng.uniform(-2.0, 2.0, (M, UNITS))
        self.A = self.output.value(self.Z)
        if self.kind.plus_minus_one:
            self.Y = rng.choice([-1.0, 1.0], (M, UNITS))
        elif self.setup.one_hot:
            self.Y = np.eye(UNITS)[rng.integers(0, UNITS, M)]
        else:
            self.Y = rng.uniform(0.05, 0.95, (M, UNITS))
        self.names: dict[str, Any] = {
            "A^{[2]}": along_j(self.A), "Z^{[2]}": along_j(self.Z), "Y": along_j(self.Y), "m": float(M),
            "n^{[2]}": float(UNITS), r"\pi": np.pi,
        }  # fmt: skip
        self.lines = equations(self.setup)
        for line in self.lines:  # abbreviations, in the order in which they are introduced
            if line.key in ("target", "residual", "clipped", "where"):
                self.names[line.left.replace(" ", "")] = self.read(line)
        for line in self.lines:
            if line.key == "slope" and line.left.startswith("g'"):
                self.names["g'(Z^{[2]})"] = self.read(line)
        self.factor = {"mean": 1.0 / M, "sum": 1.0, "element_mean": 1.0 / (M * UNITS)}[self.setup.reduction]

    def read(self, line: Equation) -> Any:
        return Reader(line.right, self.names).whole()

    def line(self, key: str) -> Equation:
        (equation,) = (line for line in self.lines if line.key == key)
        return equation

    def matrix(self, line: Equation) -> Any:
        value = np.broadcast_to(self.read(line), (M, UNITS, 1))
        return value[:, :, 0]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("output", ACTIVATIONS)
@pytest.mark.parametrize(("loss", "parameters"), CASES, ids=str)
def test_cost_and_delta_match_training(loss: str, parameters: dict[str, float], output: str, reduction: str) -> None:
    for numerics in NUMERICS:
        for one_hot in (False, True):
            if one_hot and (LOSSES[loss].plus_minus_one or loss == "kl_divergence" or numerics == "naive"):
                continue  # log 0 as written has no value
            example = Example(loss, parameters, output, reduction=reduction, numerics=numerics, one_hot=one_hot)
            values, dZ = example.kind.value_and_delta(example.Z, example.Y, activation=output, numerics=numerics)
            np.testing.assert_allclose(example.read(example.line("cost")), values.sum() * example.factor, rtol=1e-11)
            expected = dZ * example.factor
            for key in ("product", "dZ"):
                for line in (line for line in example.lines if line.key == key):
                    if key == "product" and output == "softmax":
                        value = np.broadcast_to(example.read(line), (M, UNITS, 1))[:, :, 0]
                    else:
                        value = example.matrix(line)
                    np.testing.assert_allclose(value, expected, rtol=1e-9, atol=1e-13, err_msg=line.right)


@pytest.mark.parametrize("numerics", NUMERICS)
@pytest.mark.parametrize(("loss", "parameters"), CASES, ids=str)
def test_derivative_by_the_outputs_matches_differences(loss: str, parameters: dict[str, float], numerics: str) -> None:
    example = Example(loss, parameters, "sigmoid", numerics=numerics, reduction="element_mean")
    value = example.matrix(example.line("dA"))
    step = 1e-6
    for sample in range(M):
        for unit in range(UNITS):
            shift = np.zeros_like(example.A)
            shift[sample, unit] = step
            high, low = (
                example.kind.value_and_delta(example.A + sign * shift, example.Y, numerics=numerics)[0].sum()
                * example.factor
                for sign in (1.0, -1.0)
            )
            assert value[sample, unit] == pytest.approx((high - low) / (2.0 * step), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("output", ACTIVATIONS)
def test_slope_matches_differences(output: str) -> None:
    example = Example("mse", {}, output)
    line, step = example.line("slope"), 1e-6
    value = example.read(line)
    if output != "softmax":
        slope = (example.output.value(example.Z + step) - example.output.value(example.Z - step)) / (2.0 * step)
        np.testing.assert_allclose(np.broadcast_to(value, (M, UNITS, 1))[:, :, 0], slope, rtol=1e-7)
        return
    for j in range(UNITS):  # [sample, j, k] is the derivative of a_k by z_j
        shift = np.zeros_like(example.Z)
        shift[:, j] = step
        slope = (example.output.value(example.Z + shift) - example.output.value(example.Z - shift)) / (2.0 * step)
        np.testing.assert_allclose(value[:, j, :], slope, rtol=1e-6, atol=1e-10)


def test_clamped_outputs_send_nothing_back_in_the_formula_too() -> None:
    example = Example("binary_cross_entropy", {}, "sigmoid", numerics="clamped")
    example.Z[:, 0] = 40.0
    example.A = example.output.value(example.Z)
    example.names["A^{[2]}"], example.names["Z^{[2]}"] = along_j(example.A), along_j(example.Z)
    example.names[r"\bar{A}^{[2]}"] = example.read(example.line("clipped"))
    values, dZ = example.kind.value_and_delta(example.Z, example.Y, activation="sigmoid", numerics="clamped")
    np.testing.assert_allclose(example.read(example.line("cost")), values.sum() / M, rtol=1e-12)
    value = example.matrix(example.line("dZ"))
    assert (value[:, 0] == 0.0).all() and (value[:, 1:] != 0.0).all()
    np.testing.assert_allclose(value, dZ / M, rtol=1e-9)


@pytest.mark.parametrize(("loss", "learns_above_1"), [("poisson", True), ("kl_divergence", False)])
def test_clamped_outputs_above_1_in_the_formula(loss: str, learns_above_1: bool) -> None:
    example = Example(loss, {}, "exp", numerics="clamped")
    example.Z[:, 0] = 1.0
    example.Z[:, 1:] = -0.5 - 0.1 * np.abs(example.Z[:, 1:])
    example.A = example.output.value(example.Z)
    example.names["A^{[2]}"], example.names["Z^{[2]}"] = along_j(example.A), along_j(example.Z)
    example.names[r"\bar{A}^{[2]}"] = example.read(example.line("clipped"))
    values, dZ = example.kind.value_and_delta(example.Z, example.Y, activation="exp", numerics="clamped")
    np.testing.assert_allclose(example.read(example.line("cost")), values.sum() / M, rtol=1e-12)
    value = example.matrix(example.line("dZ"))
    assert (value[:, 0] != 0.0).all() == learns_above_1 and (value[:, 1:] != 0.0).any()
    np.testing.assert_allclose(value, dZ / M, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("output", ["sigmoid", "exp"])
@pytest.mark.parametrize(("loss", "parameters"), CASES, ids=str)
def test_cancelled_terms_are_equal(loss: str, parameters: dict[str, float], output: str) -> None:
    example = Example(loss, parameters, output)
    products = [line for line in example.lines if line.key == "product"]
    for line in products:
        cancelled = []
        for start in re.finditer(r"\\cancel", line.right):
            reader = Reader(line.right[start.end() :], example.names)
            cancelled.append(float(np.sum(reader.braces())))
        assert len(cancelled) % 2 == 0
        for one, other in zip(sorted(cancelled)[::2], sorted(cancelled)[1::2], strict=True):
            assert one == pytest.approx(other)


def test_pairings_that_collapse_leave_the_residual() -> None:
    for loss, output in (
        ("binary_cross_entropy", "sigmoid"), ("poisson", "exp"), ("half_mse", "linear"),
    ):  # fmt: skip
        assert Example(loss, {}, output).line("dZ").right.replace(" ", "") == r"\frac{1}{m}(A^{[2]}-Y)"
    softmax = Example("categorical_cross_entropy", {}, "softmax", one_hot=True)
    assert softmax.line("dZ").right.replace(" ", "") == r"\frac{1}{m}(A^{[2]}-Y)"


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (r"2\,\delta\,r", r"1.6\,R"),
        (r"3 \delta \cdot 2 r", "4.8 R"),
        (r"r^2 \delta", r"R^2\,0.8"),
        (r"\delta^2 r", "0.8^2 R"),
        (r"\tfrac{1}{2}\delta", "0.4"),
        (r"(1 - \delta) r", "0.2 R"),
        (r"\delta r + 2", "(0.8 R + 2)"),
    ],
)
def test_numbers_side_by_side_are_multiplied(formula: str, text: str) -> None:
    class Scaled(Loss):
        name, label = "scaled", "Scaled"
        parameters = LOSSES["huber"].parameters
        formula = derivative_formula = "r"

    Scaled.formula = formula
    setup = EquationSetup(Scaled, (("delta", 0.8),), ("tanh", "linear"), 1, reduction="sum")
    lines = {line.key: line.right for line in equations(setup)}
    assert lines["cost"].replace(" ", "") == rf"\sum{text}".replace(" ", "")


def test_with_samples_as_columns_the_products_are_transposed() -> None:
    """dW, db and dA of a layer, evaluated with transposed arrays, are those of the rows."""
    rng = np.random.default_rng(4)
    dZ, A, W = rng.normal(size=(M, UNITS)), rng.normal(size=(M, 4)), rng.normal(size=(UNITS, 4))
    values = {}
    for columns in (False, True):
        setup = EquationSetup(LOSSES["mse"], (), ("tanh", "sigmoid"), UNITS, columns=columns)
        lines = {line.key: line.right for line in equations(setup)}
        arrays = {"dZ": dZ.T if columns else dZ, "A": A.T if columns else A, "W": W}
        for key in ("dW", "dA_below"):
            code = re.sub(r"\(?(dZ|A|W)\^\{\[l(?:-1)?\]\}\)?", r"\1", lines[key])
            code = code.replace(r"^{\mathsf{T}}", ".T").replace(" ", " @ ")
            values[key, columns] = eval(code, dict(arrays))
        assert lines["db"] == r"\sum_{i} dZ_{i}^{[l]}"
    np.testing.assert_allclose(values["dW", True], dZ.T @ A)
    np.testing.assert_allclose(values["dW", True], values["dW", False])
    np.testing.assert_allclose(values["dA_below", True].T, dZ @ W)
    np.testing.assert_allclose(values["dA_below", True].T, values["dA_below", False])


@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.03, 0.0), (0.0, 0.2), (0.03, 0.2)])
def test_chain_rule_matches_the_network(l1: float, l2: float) -> None:
    rng = np.random.default_rng(3)
    net = Network((2, 4, UNITS), ("tanh", "sigmoid"))
    net.theta[:] = rng.normal(size=net.theta.shape)
    X, Y = rng.normal(size=(M, 2)), rng.uniform(size=(M, UNITS))
    forward_pass = net.forward(with_ones(X))
    loss = LOSSES["mse"]()
    setup = EquationSetup(LOSSES["mse"], (), ("tanh", "sigmoid"), UNITS, l1=l1, l2=l2)
    lines = {line.key: line for line in equations(setup)}
    _, dZ = loss.value_and_delta(forward_pass.Z[2], Y, activation="sigmoid")
    net.backward(forward_pass, dZ / M)
    grad = net.grad + (l1 * np.sign(net.theta) + l2 * net.theta) * net.weights

    def evaluated(text: str, l: int, arrays: dict[str, Any]) -> Any:
        for word, new in (
            (r"(dZ^{[l]})^{\mathsf{T}} A^{[l-1]}", f"dZ[{l}].T @ A[{l - 1}]"),
            ("dZ^{[l]} W^{[l]}", f"dZ[{l}] @ W[{l}]"),
            (r"dA^{[l-1]} \odot g'(Z^{[l-1]})", f"dA[{l - 1}] * (1 - A[{l - 1}] ** 2)"),
            (r"\sum_{i} dZ_{i}^{[l]}", f"dZ[{l}].sum(axis=0)"),
            (r"\mathrm{sign}(W^{[l]})", f"sign(W[{l}])"),
            ("W^{[l]}", f"W[{l}]"),
            (r"\,", " * "),
        ):
            text = text.replace(word, new)
        assert "\\" not in text and "{" not in text, text
        return eval(text, {"sign": np.sign, **arrays})

    arrays: dict[str, Any] = {
        "dZ": {2: dZ / M}, "A": {0: X, 1: forward_pass.A[1], 2: forward_pass.A[2]},
        "W": dict(enumerate(net.W, 1)), "dA": {},
    }  # fmt: skip
    start = 0
    gradients: dict[int, Any] = {}
    for l in (2, 1):
        dW = evaluated(lines["dW"].right, l, arrays)
        db = evaluated(lines["db"].right, l, arrays)
        gradients[l] = np.column_stack([dW, db]).ravel()
        if l == 2:
            arrays["dA"][1] = evaluated(lines["dA_below"].right, l, arrays)
            arrays["dZ"][1] = evaluated(lines["dZ_below"].right, l, arrays)
    for l, (n_in, n_out) in enumerate(pairwise((2, 4, UNITS)), 1):
        end = start + n_out * (n_in + 1)
        np.testing.assert_allclose(grad[start:end], gradients[l], rtol=1e-11, atol=1e-14)
        start = end
    penalty = l1 * sum(np.abs(W).sum() for W in net.W) + 0.5 * l2 * sum((W**2).sum() for W in net.W)
    names = {"A^{[2]}": along_j(forward_pass.A[2]), "Y": along_j(Y), "m": float(M)}
    cost, shown_penalty = lines["cost"].right, 0.0
    if l1:
        assert f"{l1} " + r"\sum_{l} \left|W^{[l]}\right|" in cost
        shown_penalty += l1 * sum(np.abs(W).sum() for W in net.W)
        cost = cost.replace(rf" + {l1} \sum_{{l}} \left|W^{{[l]}}\right|", "")
    if l2:
        assert rf"\frac{{{l2}}}{{2}} \sum_{{l}} (W^{{[l]}})^{{2}}" in cost
        shown_penalty += 0.5 * l2 * sum((W**2).sum() for W in net.W)
        cost = cost.replace(rf" + \frac{{{l2}}}{{2}} \sum_{{l}} (W^{{[l]}})^{{2}}", "")
    assert shown_penalty == pytest.approx(penalty)
    assert Reader(cost, names).whole() == pytest.approx(((forward_pass.A[2] - Y) ** 2).sum() / M)


def test_only_what_the_loss_decides_is_marked() -> None:
    lines = {line.key: line for line in equations(EquationSetup(LOSSES["mse"], (), ("tanh", "sigmoid"), 1))}
    marked = "".join(piece.latex for piece in lines["dZ"].pieces if piece.decided)
    assert marked.replace(r"\,", "") == "2(A^{[2]}-Y)"
    for key in ("slope", "chain", "dW", "db", "dA_below", "dZ_below"):
        assert not lines[key].decided and not any(piece.decided for piece in lines[key].pieces)
    for key in ("cost", "dA", "dZ"):
        assert lines[key].decided and any(piece.decided for piece in lines[key].pieces)


@pytest.mark.parametrize(("loss", "parameters"), CASES, ids=str)
def test_pieces_make_up_the_whole_line(loss: str, parameters: dict[str, float]) -> None:
    for output in ACTIVATIONS:
        for line in Example(loss, parameters, output, l1=0.5, l2=2e-7).lines:
            text = "".join(piece.latex for piece in line.pieces)
            assert re.sub(r"\s", "", text) == re.sub(r"\s", "", line.latex)


@pytest.mark.parametrize(
    ("atom", "symbol"),
    [
        ("dW^{[l]}", Symbol("dW", 0)),
        ("A^{[l-1]}", Symbol("A", -1)),
        ("A_{k}^{[3]}", Symbol("A", None, 3)),
        ("Y", Symbol("Y")),
        ("C", Symbol("C")),
        (r"\log", None),
        ("m", None),
    ],
)
def test_symbols_are_recognised(atom: str, symbol: Symbol | None) -> None:
    assert symbol_of(atom) == symbol
