"""Every setting of an experiment: what it may be, what it is if nothing is said, and what people call it.

This one table feeds the validation of files, the panels of the window (labels, tooltips, bounds, choices) and
help. Names of losses, activations and the like come from their registries, so a new one is known everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sandbox import words
from sandbox.data import BOUNDS, DATASETS
from sandbox.data.bounds import MAX_COLUMNS
from sandbox.nn import ACTIVATIONS, INITIALIZERS, LOSSES, METRICS, NUMERICS, OPTIMIZERS, REDUCTIONS
from sandbox.nn.parameters import Parameter

Value: TypeAlias = bool | int | float | str | tuple[int, ...] | tuple[str, ...] | None
Kind: TypeAlias = Literal["choice", "number", "integer", "flag", "text", "integers", "names", "choices"]

MOST_SAMPLES = int(BOUNDS["samples"][1])
MOST_UNITS = 1_024
MOST_LAYERS = 8
MOST_LANES = 16
MOST_REPLICAS = 64
MOST_EDITS = 10_000
MOST_EPOCHS = 10_000_000
MOST_UPDATES = MOST_EPOCHS * MOST_SAMPLES
MOST_LETTERS = 1_000
LAST_SEED = int(BOUNDS["seed"][1])

_PLURALS = {"integers": "whole numbers", "names": "texts", "choices": "names"}


@dataclass(frozen=True)
class Setting:
    """One key of an experiment.

    Attributes
    ----------
    key : str
        Dotted: "optimizer.learning_rate".
    kind : str
        "choice" (one of `choices`), "number", "integer", "flag", "text", or a list: "integers", "names"
        (any texts), "choices" (each one of `choices`).
    default : value
        What holds if the key is left out; None where that depends (on the data set, on the optimiser).
    label, summary : str
        What the window calls it, and one sentence on what it does.
    low, high : float
        Bounds of a number, or of each number of a list; themselves allowed unless `above` (`below`) is set.
    names : tuple of str
        What a choice is made from, in order of display, before the names in `registries`.
    registries : tuple of mapping
        Registries whose names may be chosen.
    stops : tuple of float
        What a slider offers; () for a rule by the bounds.
    least, most : int
        How many entries a list, or letters a text, may have.
    single : bool
        Whether a lone value may stand in place of the list.
    optional : bool
        Whether None is allowed, which means: left out.
    live : bool
        Whether an edit can change it while training goes on.
    per_lane : bool
        Whether a lane may differ in it.
    """

    key: str
    kind: Kind
    default: Value
    label: str
    summary: str
    low: float = 0.0
    high: float = 0.0
    above: bool = False
    below: bool = False
    names: tuple[str, ...] = ()
    registries: tuple[Mapping[str, object], ...] = ()
    stops: tuple[float, ...] = ()
    least: int = 0
    most: int = MOST_LETTERS
    single: bool = False
    optional: bool = False
    live: bool = False
    per_lane: bool = False

    @property
    def choices(self) -> tuple[str, ...]:
        """The names a choice is made from, in order of display."""
        return (*self.names, *(name for registry in self.registries for name in registry))

    @property
    def longest(self) -> int:
        """How many entries a list, or letters a text, may have."""
        return len(self.choices) if self.kind == "choices" and self.distinct else self.most

    @property
    def is_list(self) -> bool:
        """Whether its values are lists (or, with `single`, may be)."""
        return self.kind in ("integers", "names", "choices")

    @property
    def allowed(self) -> str:
        """What it may be, in words: "a whole number from 0 to 10,000,000"."""
        if not self.is_list:
            return self.allowed_entry
        different = "different " if self.distinct else ""
        text = f"a list of {self.least} to {self.longest:,} {different}{_PLURALS[self.kind]}"
        if self.kind == "integers":
            text += f", each {self._bounds}"
        if self.kind == "choices":
            text += " out of " + ", ".join(self.choices)
        return f"one {'name' if self.kind == 'choices' else 'text'}, or {text}" if self.single else text

    @property
    def allowed_entry(self) -> str:
        """What an entry of the list may be, or the value itself where there is no list."""
        match self.kind:
            case "flag":
                return "true or false"
            case "choice" | "choices":
                return "one of " + ", ".join(self.choices)
            case "number":
                return f"a number {self._bounds}"
            case "integer" | "integers":
                return f"a whole number {self._bounds}"
            case "text":
                return f"a text of {self.least} to {self.most:,} characters"
            case "names":
                return "a text"

    @property
    def distinct(self) -> bool:
        """Whether the entries of the list must differ from one another."""
        return self.kind == "names" or (self.kind == "choices" and not self.single)

    @property
    def _bounds(self) -> str:
        low, high = words.bound(self.low), words.bound(self.high)
        if not (self.above or self.below):
            return f"from {low} to {high}"
        return f"{'above' if self.above else 'from'} {low} and {'below' if self.below else 'at most'} {high}"


def parameter_settings(section: str, owners: Iterable[tuple[Parameter, ...]]) -> list[Setting]:
    """Return a setting for each parameter that any of the owners (losses, optimisers) has.

    Where owners share one, every one of them must be able to take the value, so the narrowest bounds hold;
    where their defaults differ there is none in common, and left out means each owner's own.
    """
    shared: dict[str, list[Parameter]] = {}
    for owner in owners:
        for parameter in owner:
            shared.setdefault(parameter.name, []).append(parameter)
    settings = []
    for name, versions in shared.items():
        low, above = max((each.low, each.above) for each in versions)
        high, inside = min((each.high, not each.below) for each in versions)
        default = versions[0].default if len({each.default for each in versions}) == 1 else None
        settings.append(
            Setting(
                f"{section}.{name}", "number", default, versions[0].label, versions[0].summary,
                low=low, high=high, above=above, below=not inside, optional=True, live=True, per_lane=True,
                stops=versions[0].stops,
            )
        )  # fmt: skip
    return settings


_HEAD = [
    Setting("title", "text", "", "Title", "What the experiment is called in the window and on its pictures."),
]

_DATA = [
    Setting(
        "data.dataset", "choice", "moons", "Dataset",
        "Which of the built-in data sets the networks learn from.",
        registries=(DATASETS,), optional=True,
    ),
    Setting(
        "data.file", "text", None, "File",
        "A table of your own, as a CSV file, in place of a built-in data set.",
        least=1, most=4_096, optional=True,
    ),
    Setting(
        "data.target", "names", None, "Target",
        "The column, or columns, of the file to be learned; the last one if none is named.",
        least=1, most=MAX_COLUMNS, single=True, optional=True,
    ),
    Setting(
        "data.task", "choice", "auto", "Task", "Whether classes are told apart or numbers are predicted.",
        names=("auto", "binary", "multiclass", "regression"),
    ),
    Setting(
        "data.samples", "integer", None, "Samples",
        "How many samples are drawn, training and test part together.",
        low=BOUNDS["samples"][0], high=BOUNDS["samples"][1], optional=True,
    ),
    Setting(
        "data.noise", "number", None, "Noise", "How far the samples are scattered around their ideal places.",
        low=BOUNDS["noise"][0], high=BOUNDS["noise"][1], optional=True,
    ),
    Setting(
        "data.fraction", "number", 0.5, "Share of class 1", "Which share of the samples belongs to class 1.",
        low=BOUNDS["fraction"][0], high=BOUNDS["fraction"][1],
    ),
    Setting(
        "data.classes", "integer", 3, "Classes", "How many classes the samples are drawn from.",
        low=BOUNDS["classes"][0], high=BOUNDS["classes"][1],
    ),
    Setting(
        "data.test_fraction", "number", 0.3, "Test fraction",
        "Which share of the samples is kept out of training to test the network on.",
        low=BOUNDS["test_fraction"][0], high=BOUNDS["test_fraction"][1],
    ),
    Setting(
        "data.standardize", "flag", True, "Standardise",
        "Shifts and scales every input to mean 0 and standard deviation 1 over the training part.",
    ),
    Setting(
        "data.features", "names", None, "Features",
        "Which inputs the network sees, and which products or sines of them; every column if none is named.",
        least=1, most=MAX_COLUMNS, optional=True,
    ),
    Setting(
        "data.seed", "integer", None, "Data seed",
        "Fixes which samples are drawn and which of them are for testing.",
        low=BOUNDS["seed"][0], high=BOUNDS["seed"][1], optional=True,
    ),
]  # fmt: skip

_NETWORK = [
    Setting(
        "network.hidden", "integers", (6, 4), "Hidden layers", "How many units each hidden layer has.",
        low=1, high=MOST_UNITS, most=MOST_LAYERS, live=True, per_lane=True,
    ),
    Setting(
        "network.activation", "choices", "tanh", "Activation",
        "What the hidden units make of their weighted sum, for all layers or for each its own.",
        registries=(ACTIVATIONS,), most=MOST_LAYERS, single=True, live=True, per_lane=True,
    ),
    Setting(
        "network.output", "choice", "auto", "Output",
        "What the output units make of their weighted sum; auto takes what suits the task.",
        names=("auto",), registries=(ACTIVATIONS,), live=True, per_lane=True,
    ),
    Setting(
        "network.target_coding", "choice", "auto", "Target coding",
        "Which two numbers stand for the classes; auto takes what suits the objective and the output.",
        names=("auto", "zero_one", "plus_minus_one"), live=True, per_lane=True,
    ),
    Setting(
        "network.initializer", "choice", "xavier_normal", "Initialiser", "How the first weights are drawn.",
        registries=(INITIALIZERS,), per_lane=True,
    ),
    Setting(
        "network.initializer_scale", "number", 1.0, "Initialiser scale",
        "What the first weights are multiplied by.",
        low=0.0, high=1_000.0, per_lane=True,
    ),
    Setting(
        "network.seed", "integer", 7, "Weight seed", "Fixes which first weights are drawn.",
        low=0, high=LAST_SEED, per_lane=True,
    ),
    Setting(
        "network.weights", "text", None, "Weights", "A file of weights and biases to start from.",
        least=1, most=4_096, optional=True, per_lane=True,
    ),
]  # fmt: skip

_LOSS = [
    Setting(
        "loss.objective", "choice", "auto", "Objective",
        "The loss whose gradient trains the network; auto takes what suits the task.",
        names=("auto",), registries=(LOSSES,), live=True, per_lane=True,
    ),
    Setting(
        "loss.monitors", "choices", (), "Monitors",
        "Losses and metrics that are only shown and change no weight.",
        registries=(LOSSES, METRICS), live=True, per_lane=True,
    ),
    Setting(
        "loss.reduction", "choice", "mean", "Reduction", "How the losses of a batch become one cost.",
        registries=(REDUCTIONS,), live=True, per_lane=True,
    ),
    Setting(
        "loss.numerics", "choice", "fused", "Numerics",
        "Whether logarithms are taken exactly, of clipped outputs, or to the letter of the formula.",
        registries=(NUMERICS,), live=True, per_lane=True,
    ),
    *parameter_settings("loss", (loss.parameters for loss in LOSSES.values())),
]  # fmt: skip

_OPTIMIZER = [
    Setting(
        "optimizer.name", "choice", "gradient_descent", "Method",
        "The rule by which gradients become updates.",
        registries=(OPTIMIZERS,), live=True, per_lane=True,
    ),
    Setting(
        "optimizer.learning_rate", "number", 0.5, "Learning rate",
        "How far each update steps against the gradient.",
        low=0.0, high=1e6, above=True, live=True, per_lane=True,
    ),
    Setting(
        "optimizer.batch_size", "integer", 0, "Batch size",
        "How many samples each update sees; 0 is all of them.",
        low=0, high=MOST_SAMPLES, live=True,
    ),
    Setting(
        "optimizer.shuffle", "flag", True, "Shuffle", "Deals the samples into new batches every epoch.",
        live=True,
    ),
    Setting(
        "optimizer.seed", "integer", 3, "Batch seed",
        "Fixes the order in which samples are dealt into batches.",
        low=0, high=LAST_SEED,
    ),
    Setting(
        "optimizer.l1", "number", 0.0, "L1",
        "Pulls every weight towards 0 by the same amount, so that many vanish.",
        low=0.0, high=1e3, live=True, per_lane=True,
    ),
    Setting(
        "optimizer.l2", "number", 0.0, "L2", "Pulls every weight towards 0 in proportion to its size.",
        low=0.0, high=1e3, live=True, per_lane=True,
    ),
    *parameter_settings("optimizer", (method.parameters for method in OPTIMIZERS.values())),
]  # fmt: skip

_RUN = [
    Setting(
        "run.epochs", "integer", 900, "Epochs", "How many passes over the training samples a run makes.",
        low=0, high=MOST_EPOCHS,
    ),
    Setting(
        "run.precision", "choice", "float64", "Precision",
        "How exactly numbers are held; float32 is faster on large networks.",
        names=("float64", "float32"),
    ),
    Setting(
        "run.replicas", "integer", 1, "Seeds",
        "How many networks each lane trains side by side, alike but for their initial weights.",
        low=1, high=MOST_REPLICAS,
    ),
]  # fmt: skip

SETTINGS: dict[str, Setting] = {
    setting.key: setting for setting in (*_HEAD, *_DATA, *_NETWORK, *_LOSS, *_OPTIMIZER, *_RUN)
}
SECTIONS: tuple[str, ...] = ("data", "network", "loss", "optimizer", "run")
PATHS: tuple[str, ...] = ("data.file", "network.weights")  # relative to the experiment file
