"""How each loss, activation and optimiser is written in a course notebook: numpy alone, one column per sample.

The texts are templates: {Z}, {A}, {Y} and the like stand for the names of arrays of shape (n, m). A loss that takes
logarithms is written once in {s} = log a, {t} = log(1 - a), {a} and {c} = 1 - a; a product with a logarithm goes
through `product`, which knows whether 0 log 0 is to be 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Product = Callable[[str, str], str]


def plain(factor: str, other: str) -> str:
    """Return the text of a product to the letter: 0 times infinity is no number."""
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


@dataclass(frozen=True)
class ActivationSnippet:
    """One activation as text.

    Attributes
    ----------
    value : str
        g(z), in {Z} and {h}.
    backward : str
        dZ, in {dA}, {Z}, {A} and {h}.
    helper, help : str
        Name and text of a line of its own before `value`; without them there is none.
    log, log_rest, rest : str
        log a, log(1 - a) and 1 - a from {Z}, exact where a rounds to 0 or 1; without them there are none.
    """

    value: str
    backward: str
    helper: str = ""
    help: str = ""
    log: str = ""
    log_rest: str = ""
    rest: str = ""


ACTIVATION_SNIPPETS: dict[str, ActivationSnippet] = {
    "linear": ActivationSnippet("{Z}", "{dA}"),
    "sigmoid": ActivationSnippet(
        "1 / (1 + np.exp(-{Z}))",
        "{dA} * {A} * (1 - {A})",
        log="-np.logaddexp(0, -{Z})",
        log_rest="-np.logaddexp(0, {Z})",
        rest="1 / (1 + np.exp({Z}))",
    ),
    "tanh": ActivationSnippet("np.tanh({Z})", "{dA} * (1 - {A}**2)"),
    "relu": ActivationSnippet("np.maximum(0, {Z})", "{dA} * ({Z} > 0)"),
    "leaky_relu": ActivationSnippet("np.maximum(0.01 * {Z}, {Z})", "{dA} * np.where({Z} > 0, 1, 0.01)"),
    "elu": ActivationSnippet("np.maximum({Z}, np.expm1(np.minimum({Z}, 0)))", "{dA} * np.exp(np.minimum({Z}, 0))"),
    "gelu": ActivationSnippet(
        "{Z} / 2 * (1 + {h})",
        "{dA} * ((1 + {h}) / 2 + {Z} / 2 * (1 - {h}**2) * np.sqrt(2 / np.pi) * (1 + 0.134145 * {Z}**2))",
        "T",
        "np.tanh(np.sqrt(2 / np.pi) * ({Z} + 0.044715 * {Z}**3))",
    ),
    "softplus": ActivationSnippet("np.logaddexp(0, {Z})", "{dA} / (1 + np.exp(-{Z}))"),
    "silu": ActivationSnippet("{Z} * {h}", "{dA} * {h} * (1 + {Z} * (1 - {h}))", "S", "1 / (1 + np.exp(-{Z}))"),
    "exp": ActivationSnippet(
        "np.exp({Z})", "{dA} * {A}", log="{Z}", log_rest="np.log(-np.expm1({Z}))", rest="-np.expm1({Z})"
    ),
    "softmax": ActivationSnippet(
        "{h} / {h}.sum(axis=0)",
        "{A} * ({dA} - ({dA} * {A}).sum(axis=0))",
        "E",
        "np.exp({Z} - {Z}.max(axis=0))",
        log="{Z} - np.logaddexp.reduce({Z}, axis=0)",
        # Of the other units' shares: 1 - a itself may round to 0.
        log_rest="np.stack([np.logaddexp.reduce(np.delete({s}, k, 0)) for k in range({n_out})])",
        rest="np.exp({t})",
    ),
}


@dataclass(frozen=True)
class LossSnippet:
    """One loss as text.

    Attributes
    ----------
    value : callable
        The loss of each element; by `product` for those with logarithms.
    dA : callable
        Its derivative by a, likewise.
    residual : bool
        Whether both are written in {R} = a - y, a line of its own.
    by_logs : callable, optional
        The derivatives by s and t, where t does not occur in it "".
    smoothing : str
        What smoothed targets are, in {Y} and {n_out}; without it there are none.
    """

    value: Callable[[Product], str]
    dA: Callable[[Product], str]
    residual: bool = False
    by_logs: Callable[[Product], tuple[str, str]] | None = None
    smoothing: str = ""

    @property
    def has_logs(self) -> bool:
        """Whether it takes logarithms."""
        return self.by_logs is not None


def _simple(value: str, dA: str, residual: bool = False) -> LossSnippet:
    return LossSnippet(lambda _: value, lambda _: dA, residual)


def _over(product: Product, factor: str, divisor: str) -> str:
    return (
        f"{bracketed(factor)} / {bracketed(divisor)}"
        if product is plain
        else times(factor, f"1 / {bracketed(divisor)}")
    )


def _focal_by_logs(p: Product) -> tuple[str, str]:
    ds = f"-{{hit}} - gamma * {p('{miss}', '{t}')}"
    return ds, f"-gamma * {p('{hit}', '{s}')} - {{miss}}"


LOSS_SNIPPETS: dict[str, LossSnippet] = {
    "binary_cross_entropy": LossSnippet(
        lambda p: f"-{p('{wY}', '{s}')} - {p('1 - {Y}', '{t}')}",
        lambda p: f"-{_over(p, '{wY}', '{a}')} + {_over(p, '1 - {Y}', '1 - {a}')}",
        by_logs=lambda p: ("-{wY}", "{Y} - 1"),
        smoothing="(1 - label_smoothing) * {Y} + label_smoothing / 2",
    ),
    "categorical_cross_entropy": LossSnippet(
        lambda p: f"-{p('{Y}', '{s}')}",
        lambda p: f"-{_over(p, '{Y}', '{a}')}",
        by_logs=lambda p: ("-{Y}", ""),
        smoothing="(1 - label_smoothing) * {Y} + label_smoothing / {n_out}",
    ),
    "mse": _simple("({A} - {Y})**2", "2 * ({A} - {Y})"),
    "half_mse": _simple("({A} - {Y})**2 / 2", "{A} - {Y}"),
    "mae": _simple("np.abs({A} - {Y})", "np.sign({A} - {Y})"),
    "huber": _simple(
        "np.where(np.abs({R}) <= delta, {R}**2 / 2, delta * (np.abs({R}) - delta / 2))",
        "np.clip({R}, -delta, delta)",
        True,
    ),
    "log_cosh": _simple("np.logaddexp({R}, -{R}) - np.log(2)", "np.tanh({R})", True),
    "quantile": _simple(
        "np.maximum(-quantile * {R}, (1 - quantile) * {R})",
        "np.where({R} > 0, 1 - quantile, np.where({R} < 0, -quantile, 0 * {R}))",
        True,
    ),
    "focal": LossSnippet(
        lambda p: f"-{p('{hit}', '{s}')} - {p('{miss}', '{t}')}",
        lambda p: f"{_over(p, '{ds}', '{a}')} - {_over(p, '{dt}', '{c}')}",
        by_logs=_focal_by_logs,
    ),
    "hinge": _simple("np.maximum(0, 1 - {Y} * {A})", "-{Y} * ({Y} * {A} < 1)"),
    "squared_hinge": _simple("np.maximum(0, 1 - {Y} * {A})**2", "-2 * {Y} * np.maximum(0, 1 - {Y} * {A})"),
    "poisson": LossSnippet(
        lambda p: f"{{a}} - {p('{Y}', '{s}')}",
        lambda p: f"1 - {_over(p, '{Y}', '{a}')}",
        by_logs=lambda p: ("{A} - {Y}", ""),
    ),
    "kl_divergence": LossSnippet(
        lambda p: p("{Y}", "(np.log({Y}) - {s})"),
        lambda p: f"-{_over(p, '{Y}', '{a}')}",
        by_logs=lambda p: ("-{Y}", ""),
    ),
}

# With these outputs, logarithms and all, what a loss sends to z falls together into one short form.
COLLAPSED: dict[tuple[str, str], str] = {
    ("binary_cross_entropy", "sigmoid"): "{A} - {Y}",
    ("categorical_cross_entropy", "softmax"): "{A} - {Y}",
    ("kl_divergence", "softmax"): "{A} - {Y}",
    ("poisson", "exp"): "{A} - {Y}",
}


@dataclass(frozen=True)
class OptimizerSnippet:
    """One optimiser as text.

    Attributes
    ----------
    memory : tuple of str
        What it remembers of every parameter, one letter each.
    step : tuple of str
        The lines for one parameter P with its derivative dP and its memory.
    counts : bool
        Whether it counts its steps.
    decays : bool
        Whether weights shrink by themselves first.
    """

    memory: tuple[str, ...]
    step: tuple[str, ...]
    counts: bool = False
    decays: bool = False


_SCALED = "P -= learning_rate * dP / (np.sqrt(V) + epsilon)"
_ADAM = (
    "M[...] = beta1 * M + (1 - beta1) * dP",
    "V[...] = beta2 * V + (1 - beta2) * dP**2",
    "M_hat = M / (1 - beta1**step)",
    "V_hat = V / (1 - beta2**step)",
    "P -= learning_rate * M_hat / (np.sqrt(V_hat) + epsilon)",
)

OPTIMIZER_SNIPPETS: dict[str, OptimizerSnippet] = {
    "gradient_descent": OptimizerSnippet((), ("P -= learning_rate * dP",)),
    "momentum": OptimizerSnippet(("V",), ("V[...] = momentum * V + dP", "P -= learning_rate * V")),
    "nesterov": OptimizerSnippet(("V",), ("V[...] = momentum * V + dP", "P -= learning_rate * (dP + momentum * V)")),
    "adam": OptimizerSnippet(("M", "V"), _ADAM, counts=True),
    "adamw": OptimizerSnippet(("M", "V"), _ADAM, counts=True, decays=True),
    "rmsprop": OptimizerSnippet(("V",), ("V[...] = rho * V + (1 - rho) * dP**2", _SCALED)),
    "adagrad": OptimizerSnippet(("V",), ("V[...] = V + dP**2", _SCALED)),
}
