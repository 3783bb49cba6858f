"""Every setting of an experiment: its allowed values, its default and its label.

This one table feeds the validation of files, the panels of the window (labels, tooltips, bounds, choices) and
help. Names of losses, activations and so on come from their registries, so a new one is known everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sandbox import words
from sandbox.data import BOUNDS, DATASETS
from sandbox.data.bounds import MAX_COLUMNS
from sandbox.data.canvas import MOST_COORDINATE, MOST_POINTS, Points, Scaling
from sandbox.nn import ACTIVATIONS, INITIALIZERS, LOSSES, METRICS, NUMERICS, OPTIMIZERS, REDUCTIONS
from sandbox.nn.parameters import Parameter

Value: TypeAlias = (
    bool | int | float | str | tuple[int, ...] | tuple[float, ...] | tuple[str, ...] | Points | Scaling | None
)
Kind: TypeAlias = Literal[
    "choice", "number", "integer", "flag", "text", "integers", "numbers", "names", "choices", "points", "scaling"
]

MOST_SAMPLES = int(BOUNDS["samples"][1])
MOST_UNITS = 1_024
MOST_LAYERS = 8
MOST_INITIAL = 2_000  # weights and biases that are typed; more come from a file
MOST_FROZEN = 2_000  # layers and units that are named
MOST_LANES = 16
MOST_REPLICAS = 64
MOST_EDITS = 10_000
MOST_EPOCHS = 10_000_000
MOST_UPDATES = MOST_EPOCHS * MOST_SAMPLES
MOST_LETTERS = 1_000
LAST_SEED = int(BOUNDS["seed"][1])

_PLURALS = {"integers": "whole numbers", "numbers": "numbers", "names": "strings", "choices": "names"}


@dataclass(frozen=True)
class Setting:
    """One key of an experiment.

    Attributes
    ----------
    key : str
        Dotted: "optimizer.learning_rate".
    kind : str
        "choice" (one of `choices`), "number", "integer", "flag" (or one of `names`), "text", or a list: "integers",
        "numbers", "names" (any strings), "choices" (each one of `choices`). "points" and "scaling" are as in
        `data.canvas`.
    default : value
        The value if the key is left out; None if that depends on the data set or the optimiser.
    label, summary : str
        Its name in the window, and one sentence on what it does.
    phrase : str
        What it is called within a sentence; "" for its label.
    low, high : float
        Bounds of a number, or of each number of a list; inclusive unless `above` (`below`) is set.
    names : tuple of str
        The choices, in display order, before those from `registries`.
    registries : tuple of mapping
        Registries whose names are choices.
    stops : tuple of float
        The positions of a slider; () to derive them from the bounds.
    least, most : int
        The length allowed for a list (entries) or a text (characters).
    form, pattern : str
        What each of "names" must be, in words and as a regular expression; "" for any string.
    single : bool
        Whether a single value is allowed in place of the list.
    optional : bool
        Whether None, meaning left out, is allowed.
    live : bool
        Whether an edit can change it during training.
    per_lane : bool
        Whether lanes may differ in it.
    zero : str
        A word for 0, if that means something else than a number: "all".
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
    phrase: str = ""
    form: str = ""
    pattern: str = ""
    single: bool = False
    optional: bool = False
    live: bool = False
    per_lane: bool = False
    zero: str = ""

    @property
    def choices(self) -> tuple[str, ...]:
        """The names to choose from, in display order."""
        return (*self.names, *(name for registry in self.registries for name in registry))

    @property
    def longest(self) -> int:
        """The most entries of a list, or characters of a text."""
        return len(self.choices) if self.kind == "choices" and self.distinct else self.most

    @property
    def is_list(self) -> bool:
        """Whether its values are lists (with `single`, may be lists)."""
        return self.kind in ("integers", "numbers", "names", "choices")

    @property
    def allowed(self) -> str:
        """The allowed values, in words: "a whole number from 0 to 10,000,000"."""
        if not self.is_list:
            return self.allowed_entry
        different = "different " if self.distinct else ""
        text = f"a list of {self.least} to {self.longest:,} {different}{_PLURALS[self.kind]}"
        if self.kind in ("integers", "numbers"):
            text += f", each {self._bounds}"
        if self.kind == "choices":
            text += " out of " + ", ".join(self.choices)
        return f"one {'name' if self.kind == 'choices' else 'string'}, or {text}" if self.single else text

    @property
    def allowed_entry(self) -> str:
        """The allowed values of one entry of the list (of the value itself if it is no list), in words."""
        match self.kind:
            case "flag":
                return ", ".join((*self.names, "true or false"))
            case "choice" | "choices":
                return "one of " + ", ".join(self.choices)
            case "number" | "numbers":
                return f"a number {self._bounds}"
            case "integer" | "integers":
                return f"a whole number {self._bounds}"
            case "text":
                return f"a string of {self.least} to {self.most:,} characters"
            case "names":
                return self.form or "a string"
            case "points":
                ends = f"from {words.bound(-MOST_COORDINATE)} to {words.bound(MOST_COORDINATE)}"
                return f"a list of 0 to {MOST_POINTS:,} points, each [x1, x2, y] or [x, y], numbers {ends}"
            case "scaling":
                return "a table of [mean, scale] by the name of a feature, the scale above 0"

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
    """Return one setting per parameter of the owners (losses, optimisers).

    If owners share a parameter, its value must be valid for all of them, so the narrowest bounds apply; if their
    defaults differ, the default is None and each owner uses its own.
    """
    shared: dict[str, list[Parameter]] = {}
    for owner in owners:
        for parameter in owner:
            shared.setdefault(parameter.name, []).append(parameter)
    settings = []
    for name, versions in shared.items():
        low, above = max((version.low, version.above) for version in versions)
        high, inclusive = min((version.high, not version.below) for version in versions)
        default = versions[0].default if len({version.default for version in versions}) == 1 else None
        settings.append(
            Setting(
                f"{section}.{name}", "number", default, versions[0].label, versions[0].summary,
                low=low, high=high, above=above, below=not inclusive, optional=True, live=True, per_lane=True,
                stops=versions[0].stops,
            )
        )  # fmt: skip
    return settings


_HEAD = [
    Setting("title", "text", "", "Title", "The name of the experiment in the window and on its pictures."),
]

_DATA = [
    Setting(
        "data.dataset", "choice", "moons", "Dataset",
        "The built-in data set that the networks learn from.",
        registries=(DATASETS,), optional=True,
    ),
    Setting(
        "data.file", "text", None, "File",
        "Your own table, as a CSV file, instead of a built-in data set.",
        least=1, most=4_096, optional=True,
    ),
    Setting(
        "data.points", "points", None, "Points", "Training samples of your own, given or drawn one by one.",
        phrase="the points", optional=True, live=True,
    ),
    Setting(
        "data.test_points", "points", None, "Test points", "Those of your own points that are held out of training.",
        phrase="the test points", optional=True, live=True,
    ),
    Setting(
        "data.scaling", "scaling", None, "Scaling",
        "How points are scaled: fitted once, it stays while points come, go and move.",
        phrase="the scaling of the points", optional=True, live=True,
    ),
    Setting(
        "data.target", "names", None, "Target",
        "The column or columns of the file to learn; by default the last one.",
        least=1, most=MAX_COLUMNS, single=True, optional=True,
    ),
    Setting(
        "data.task", "choice", "auto", "Task", "Whether to predict classes or numbers.",
        names=("auto", "binary", "multiclass", "regression"),
    ),
    Setting(
        "data.samples", "integer", None, "Samples",
        "How many samples are drawn, for training and testing together.",
        low=BOUNDS["samples"][0], high=BOUNDS["samples"][1], optional=True,
    ),
    Setting(
        "data.noise", "number", None, "Noise", "How far the samples are scattered around their ideal positions.",
        low=BOUNDS["noise"][0], high=BOUNDS["noise"][1], optional=True,
    ),
    Setting(
        "data.fraction", "number", 0.5, "Share of class 1", "The share of the samples that belongs to class 1.",
        low=BOUNDS["fraction"][0], high=BOUNDS["fraction"][1],
    ),
    Setting(
        "data.classes", "integer", 3, "Classes", "How many classes the samples are drawn from.",
        low=BOUNDS["classes"][0], high=BOUNDS["classes"][1],
    ),
    Setting(
        "data.test_fraction", "number", 0.3, "Test fraction",
        "The share of the samples held out of training to test the network on.",
        low=BOUNDS["test_fraction"][0], high=BOUNDS["test_fraction"][1],
    ),
    Setting(
        "data.label_noise", "number", 0.0, "Label noise",
        "The share of the training samples that get the label of another class; test labels stay true.",
        low=BOUNDS["label_noise"][0], high=BOUNDS["label_noise"][1],
    ),
    Setting(
        "data.standardize", "flag", True, "Standardise",
        "Shifts and scales every input to mean 0 and standard deviation 1 over the training part.",
    ),
    Setting(
        "data.standardize_target", "flag", "auto", "Standardise target",
        "Lets the network learn a numeric target in standard deviations; it is still shown in its own unit.",
        names=("auto",),
    ),
    Setting(
        "data.features", "names", None, "Features",
        "The inputs of the network, including products or sines of them; by default every column.",
        least=1, most=MAX_COLUMNS, optional=True, live=True,
    ),
    Setting(
        "data.seed", "integer", None, "Data seed",
        "Determines which samples are drawn and which are held out for testing.",
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
        "The function applied to the weighted sums of the hidden units: one for all layers, or one per layer.",
        registries=(ACTIVATIONS,), most=MOST_LAYERS, single=True, live=True, per_lane=True,
    ),
    Setting(
        "network.output", "choice", "auto", "Output",
        "The function applied to the weighted sums of the output units; auto chooses it by task and loss.",
        names=("auto",), registries=(ACTIVATIONS,), live=True, per_lane=True,
    ),
    Setting(
        "network.target_coding", "choice", "auto", "Target coding",
        "The two numbers that encode the classes; auto chooses them by the loss to learn with and the output.",
        names=("auto", "zero_one", "plus_minus_one"), live=True, per_lane=True,
    ),
    Setting(
        "network.initializer", "choice", "xavier_normal", "Initialiser", "How the initial weights are drawn.",
        registries=(INITIALIZERS,), per_lane=True,
    ),
    Setting(
        "network.initializer_scale", "number", 1.0, "Initialiser scale",
        "The factor that the initial weights are multiplied by.",
        low=0.0, high=1_000.0, per_lane=True,
    ),
    Setting(
        "network.seed", "integer", 7, "Weight seed", "Determines which initial weights are drawn.",
        low=0, high=LAST_SEED, per_lane=True,
    ),
    Setting(
        "network.initial", "numbers", (), "Initial weights",
        "The weights and biases to start from, unit by unit; if none are given, they are drawn.",
        low=-1e6, high=1e6, most=MOST_INITIAL, per_lane=True,
    ),
    Setting(
        "network.frozen", "names", (), "Frozen",
        "Layers and units whose weights and biases stay as they are, whatever the others learn.",
        phrase="what is frozen", form='a layer such as "2", or one unit of it, "2[3]", counted from 0',
        pattern=r"[1-9](\[\d{1,4}\])?", most=MOST_FROZEN, live=True, per_lane=True,
    ),
    Setting(
        "network.weights", "text", None, "Weights", "A file of weights and biases to start from.",
        least=1, most=4_096, optional=True, per_lane=True,
    ),
]  # fmt: skip

_LOSS = [
    Setting(
        "loss.objective", "choice", "auto", "Learn with",
        "The loss whose gradient trains the network; auto chooses it by the task.",
        phrase="the loss to learn with", names=("auto",), registries=(LOSSES,), live=True, per_lane=True,
    ),
    Setting(
        "loss.monitors", "choices", (), "Also show",
        "Losses and metrics that are only shown and do not affect training.",
        phrase="the losses also shown", registries=(LOSSES, METRICS), live=True, per_lane=True,
    ),
    Setting(
        "loss.reduction", "choice", "mean", "Reduction", "How the losses of a batch are combined into one cost.",
        registries=(REDUCTIONS,), live=True, per_lane=True,
    ),
    Setting(
        "loss.numerics", "choice", "fused", "Numerics",
        "Whether logarithms are computed exactly, from clipped outputs, or literally as in the formula.",
        registries=(NUMERICS,), live=True, per_lane=True,
    ),
    *parameter_settings("loss", (loss.parameters for loss in LOSSES.values())),
]  # fmt: skip

_OPTIMIZER = [
    Setting(
        "optimizer.name", "choice", "gradient_descent", "Method",
        "The rule that turns gradients into updates.",
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
        low=0, high=MOST_SAMPLES, live=True, zero="all",
    ),
    Setting(
        "optimizer.shuffle", "flag", True, "Shuffle",
        "Deals the samples into batches in a new random order every epoch.",
        live=True,
    ),
    Setting(
        "optimizer.seed", "integer", 3, "Batch seed",
        "Determines the order in which samples are dealt into batches.",
        low=0, high=LAST_SEED,
    ),
    Setting(
        "optimizer.l1", "number", 0.0, "L1",
        "Pulls every weight towards 0 by the same amount, so that many come close to 0.",
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
        "The floating-point type; float32 is faster on large networks.",
        names=("float64", "float32"),
    ),
    Setting(
        "run.replicas", "integer", 1, "Seeds",
        "Each lane trains this many networks (replicas) that differ only in their seed; if there are several, plots "
        "show medians, quartiles and class shares.",
        low=1, high=MOST_REPLICAS,
    ),
]  # fmt: skip

SETTINGS: dict[str, Setting] = {
    setting.key: setting for setting in (*_HEAD, *_DATA, *_NETWORK, *_LOSS, *_OPTIMIZER, *_RUN)
}
SECTIONS: tuple[str, ...] = ("data", "network", "loss", "optimizer", "run")
PATHS: tuple[str, ...] = ("data.file", "network.weights")  # relative to the experiment file
