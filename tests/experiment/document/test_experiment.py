"""The experiment file and the value it is read into."""

from __future__ import annotations

import dataclasses
import os
import pickle
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.errors import InputError
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.parts import (
    DataSettings,
    Edit,
    LaneEntry,
    LossSettings,
    NetworkSettings,
    OptimizerSettings,
    RunSettings,
)
from sandbox.experiment.document.settings import MOST_EDITS, MOST_LANES, SETTINGS, Setting
from sandbox.experiment.document.toml_file import MOST_BYTES, parse

EXAMPLE = """
format = 1
title = ""

[data]
dataset = "moons"          # a built-in, each with its own default samples, noise, seed and features; or
# file = "points.csv"      # relative to this file
# target = "label"         # file: the target column, or a list of them; default: the last column
task = "auto"              # auto | binary | multiclass | regression
samples = 300
noise = 0.16
fraction = 0.5             # share of class 1, for the sets that can be imbalanced
classes = 3                # for the sets with k classes
test_fraction = 0.3        # round(fraction * n) samples, stratified by class
standardize = true         # inputs only, by the training part's mean and standard deviation (ddof 0)
# features = ["x1", "x2"]  # default: every input column, in order
seed = 1

[network]
hidden = [6, 4]            # [] is no hidden layer
activation = "tanh"        # or a list, one per hidden layer
output = "auto"            # by task: sigmoid, softmax, linear; or any activation
target_coding = "auto"     # zero_one | plus_minus_one
initializer = "xavier_normal"
initializer_scale = 1.0
seed = 7
# weights = "start.npz"    # relative to this file: W1, b1, W2, b2, ... exactly; W of shape (n_out, n_in)

[loss]
objective = "auto"         # by task: binary_cross_entropy, categorical_cross_entropy, mse
monitors = []              # losses and metrics
reduction = "mean"
numerics = "fused"
# a loss's parameters by name, for every objective or monitor that has them: delta = 1.0

[optimizer]
name = "gradient_descent"  # momentum nesterov adam adamw rmsprop adagrad
learning_rate = 0.5
batch_size = 0             # 0: all samples
shuffle = true
seed = 3
l1 = 0.0
l2 = 0.0
# an optimiser's parameters by name: momentum = 0.9

[run]
epochs = 900
precision = "float64"

[[lanes]]                  # default: one lane, "A"
name = "A"
[[lanes]]
name = "B"
loss.objective = "mse"     # a lane says only what differs: network, loss, optimizer
[[edits]]                  # default: none
update = 120               # counted from 0 at the start: takes effect before update 121
lane = "B"                 # left out: every lane
optimizer.learning_rate = 0.1   # anything of network, loss, optimizer but seeds, initialiser and weights
"""


def lanes_of(count: int) -> str:
    return "".join(f'[[lanes]]\nname = "lane {number}"\n' for number in range(count))


# the text of a file, and what its error must say
ERRORS: list[tuple[str, list[str]]] = [
    # TOML
    ("title = \n", ["not valid TOML", "line 1"]),
    ("title = ''\n\n[data\n", ["not valid TOML", "line 3"]),
    ("[data]\nseed = 1\nseed = 2\n", ["not valid TOML", "line 3"]),
    ("[data]\n[data]\n", ["not valid TOML", "line 2"]),
    ("# one\nx", ["not valid TOML", "line 2"]),
    ("\n[data]\nseed = " + "9" * 5000, ["too many digits", "line 3"]),
    ("title = " + "[" * 20_000 + "]" * 20_000, ["nested too deeply"]),
    ("\n\ntitle = " + "[" * 450 + "]" * 450, ["line 3", "nested too deeply", "at most 16"]),
    ("title = " + "{a=" * 450 + "1" + "}" * 450, ["line 1", "nested too deeply"]),
    ("title = ['[', \"]\", '''\n'''," + "[" * 450 + "]" * 451, ["line 2", "nested too deeply"]),
    ("a" + ".a" * 20_000 + " = 1", ["line 1", "more than 16 parts"]),
    ('#\n"a"' + ' . "a"' * 20_000 + " = 1", ["line 2", "more than 16 parts"]),
    ("[a" + ".a" * 20_000 + "]", ["line 1", "more than 16 parts"]),
    ("a" * 1_001 + " = 1", ["line 1", "too long a key"]),
    (f"[run]\nepochs = 0x{'f' * 9000}", ["line 2", "too many digits"]),
    ("title = [" + "1," * 1_000_001 + "]", ["too large", "at most 1,000,000 values"]),
    ("[a]\n" * 100_001, ["too large", "at most 100,000 tables"]),
    ("a=1\n" * 400_001, ["too large", "at most 400,000 keys"]),
    ("'" + "a" * 30_000 + "' = 1\n'" + "a" * 30_000 + "' = 1", ["not valid TOML"]),
    ('"\\u001b]0;x\\u0007" = 1', [r"\u001b]0;x", "not a known key"]),
    # format and title
    ("format = 2", ["format is 2", "must be 1"]),
    ("format = true", ["format is true", "must be 1"]),
    ("format = 1.0", ["format is 1.0", "must be 1"]),
    ('format = "1"', ['format is "1"', "must be 1"]),
    ("title = 3", ["title is 3", "a string"]),
    ("title = 1979-05-27", ["title is 1979-05-27", "a string"]),
    (f'title = "{"x" * 1001}"', ["title is a string of 1,001 characters", "0 to 1,000"]),
    # unknown keys
    ("titel = ''", ["titel is not a known key", "did you mean title?"]),
    ("[optimiser]", ["optimiser is not a known key", "did you mean optimizer?"]),
    ("learning_rate = 1", ["learning_rate is not a known key", "did you mean optimizer.learning_rate?"]),
    ("delta = 1", ["delta is not a known key", "did you mean loss.delta?"]),
    ("[loss]\nobjektive = 'mse'", ["loss.objektive", "did you mean loss.objective?", "monitors, reduction"]),
    ("loss.objektive = 'mse'", ["loss.objektive is not a known key", "did you mean loss.objective?"]),
    ("'loss.objective' = 'mse'", ['"loss.objective" is not a known key', "did you mean loss.objective?"]),
    ("[network]\nlearning_rate = 1", ["network.learning_rate", "did you mean optimizer.learning_rate?"]),
    ("[optimizer]\nlearning.rate = 1", ["optimizer.learning is not a known key", "optimizer.learning_rate?"]),
    ("[run]\n'a b' = 1", ['run."a b" is not a known key', "epochs, precision"]),
    ("[optimizer]\nparameters = {momentum = 0.9}", ["optimizer.parameters is not a known key"]),
    # not sections
    ("data = 3", ["data is 3", "must be a table"]),
    ("lanes = 3", ["lanes is 3", "[[lanes]]"]),
    ("lanes = [1]", ["lanes is [1]", "[[lanes]]"]),
    ("[lanes]\nname = 'A'", ["lanes is a table", "[[lanes]]"]),
    ("edits = 'x'", ['edits is "x"', "[[edits]]"]),
    # types
    ("[optimizer]\nlearning_rate = true", ["optimizer.learning_rate is true", "a number above 0"]),
    ("[optimizer]\nlearning_rate = '1'", ['optimizer.learning_rate is "1"', "a number above 0"]),
    ("[optimizer]\nlearning_rate = [1]", ["optimizer.learning_rate is [1]", "a number"]),
    ("[optimizer]\nlearning_rate = {a = 1}", ["optimizer.learning_rate is a table", "a number"]),
    ("[run]\nepochs = 3.0", ["run.epochs is 3.0", "a whole number from 0 to 10,000,000"]),
    ("[run]\nepochs = false", ["run.epochs is false", "a whole number"]),
    ("[data]\nstandardize = 1", ["data.standardize is 1", "true or false"]),
    ("[network]\nhidden = 6", ["network.hidden is 6", "a list of 0 to 8 whole numbers, each from 1"]),
    ("[network]\nhidden = [6, 4.0]", ["entry 2 of network.hidden is 4.0", "a whole number"]),
    ("[network]\nhidden = [true]", ["entry 1 of network.hidden is true", "a whole number"]),
    ("[network]\nactivation = 3", ["network.activation is 3", "one name, or a list"]),
    ("[network]\nweights = 3", ["network.weights is 3", "a string"]),
    ("[loss]\nmonitors = 'mse'", ['loss.monitors is "mse"', 'did you mean ["mse"]?']),
    ("[loss]\nobjective = ['mse']", ['loss.objective is ["mse"]', "one of auto"]),
    ("[data]\nfeatures = 'x1'", ['data.features is "x1"', "a list of 1 to"]),
    ("[data]\ntarget = [1]", ["entry 1 of data.target is 1", "a string"]),
    # names
    ("[data]\ndataset = 'moon'", ['data.dataset is "moon"', 'did you mean "moons"?', "circles"]),
    ("[loss]\nobjective = 'MSE'", ['loss.objective is "MSE"', 'did you mean "mse"?', "half_mse"]),
    ("[loss]\nobjective = 'accuracy'", ['loss.objective is "accuracy"', "one of auto"]),
    ("[loss]\nmonitors = ['mse', 'acuracy']", ["entry 2 of loss.monitors", 'did you mean "accuracy"?']),
    ("[loss]\nmonitors = ['mse', 'mse']", ['loss.monitors has "mse" more than once', "different"]),
    ("[network]\nactivation = 'auto'", ['network.activation is "auto"', "one name"]),
    ("[optimizer]\nname = 'sgd'", ['optimizer.name is "sgd"', "gradient_descent"]),
    ("[run]\nprecision = 'float16'", ['run.precision is "float16"', "float64, float32"]),
    # ranges
    ("[optimizer]\nlearning_rate = 0", ["optimizer.learning_rate is 0", "above 0"]),
    ("[optimizer]\nlearning_rate = nan", ["optimizer.learning_rate is nan", "a number above 0"]),
    ("[optimizer]\nlearning_rate = inf", ["optimizer.learning_rate is inf", "at most 1,000,000"]),
    ("[optimizer]\nl2 = -inf", ["optimizer.l2 is -inf", "from 0"]),
    ("[optimizer]\nl2 = -1e-9", ["optimizer.l2 is -1e-09", "from 0"]),
    ("[optimizer]\nmomentum = 1", ["optimizer.momentum is 1", "below 1"]),
    ("[loss]\ndelta = 0", ["loss.delta is 0", "above 0"]),
    ("[loss]\nquantile = 1", ["loss.quantile is 1", "below 1"]),
    (f"[optimizer]\nlearning_rate = 0x{'f' * 900}", ["more than 30 digits", "at most 1,000,000"]),
    ("[run]\nepochs = 10000001", ["run.epochs is 10000001", "10,000,000"]),
    ("[data]\nsamples = 100001", ["data.samples is 100001", "100,000"]),
    ("[data]\nsamples = 3", ["data.samples is 3", "from 4"]),
    ("[data]\nseed = -1", ["data.seed is -1", "from 0"]),
    ("[network]\nhidden = [0]", ["entry 1 of network.hidden is 0", "from 1 to 1,024"]),
    ("[network]\nhidden = [1025]", ["entry 1 of network.hidden is 1025", "from 1 to 1,024"]),
    ("[network]\nhidden = [1,1,1,1,1,1,1,1,1]", ["network.hidden is a list of 9", "a list of 0 to 8"]),
    ("[data]\nfeatures = []", ["data.features is a list of 0", "a list of 1 to"]),
    ("[data]\nfile = ''", ["data.file is a string of 0 characters", "1 to 4,096"]),
    ('[data]\nfile = "a\\u0000b"', ["data.file", "character 0"]),
    # settings that must match
    ("[data]\ndataset = 'moons'\nfile = 'a.csv'", ["data.dataset", "data.file", "only one of the two"]),
    ("[network]\nactivation = ['tanh']", ["network.activation has length 1", "network.hidden length 2"]),
    ("[[lanes]]\nname = 'A'\nnetwork.activation = ['relu']", ["lane A: network.activation has length 1"]),
    (
        "[network]\nactivation = ['relu', 'tanh']\n[[lanes]]\nname = 'A'\n[[lanes]]\nname='B'\nnetwork.hidden = [2]",
        ["lane B: network.activation has length 2", "network.hidden length 1"],
    ),
    ("[[edits]]\nupdate = 9\nnetwork.activation = ['relu']", ["edit of update 9", "has length 1"]),
    (
        "[[lanes]]\nname='A'\nnetwork.hidden=[3]\n[[lanes]]\nname='B'\n"
        "[[edits]]\nupdate = 9\nnetwork.activation = ['relu']",
        ["edit of update 9, lane B", "network.hidden length 2"],
    ),
    # lanes
    ("lanes = []", ["lanes is empty", "1 to 16 lanes"]),
    (lanes_of(MOST_LANES + 1), ["there are 17 lanes", "at most 16"]),
    ("[[lanes]]", ["lane 1: name is missing", "1 to 40 letters"]),
    ("[[lanes]]\nname = 3", ["lane 1: name is 3", "1 to 40 letters"]),
    ("[[lanes]]\nname = ''", ['name is ""', "1 to 40"]),
    ("[[lanes]]\nname = ' A'", ['name is " A"', "inner spaces"]),
    ("[[lanes]]\nname = 'A/B'", ['name is "A/B"', "letters, digits"]),
    ("[[lanes]]\nname = 'A\\tB'", ["letters, digits"]),
    (f"[[lanes]]\nname = '{'A' * 41}'", ["1 to 40"]),
    ("[[lanes]]\nname = 'Ab'\n[[lanes]]\nname = 'aB'", ['lane 2: name is "aB"', "lane Ab has that name"]),
    ("[[lanes]]\nname = 'Stra\u00dfe'\n[[lanes]]\nname = 'STRASSE'", ["lane 2", "has that name"]),
    ("[[lanes]]\nname = 'A'\ndata.samples = 9", ["lane 1: data is not allowed here", "network, loss and"]),
    ("[[lanes]]\nname = 'A'\nrun.epochs = 9", ["lane 1: run is not allowed here"]),
    ("[[lanes]]\nname = 'A'\ntitle = 'x'", ["lane 1: title is not allowed here"]),
    ("[[lanes]]\nname = 'A'\noptimizer.batch_size = 9", ["lane A: optimizer.batch_size is shared by all"]),
    ("[[lanes]]\nname = 'A'\noptimizer.shuffle = true", ["lane A: optimizer.shuffle is shared by all lanes"]),
    ("[[lanes]]\nname = 'A'\noptimizer.seed = 1", ["lane A: optimizer.seed is shared by all lanes"]),
    ("[[lanes]]\nname = 'A'\n[lanes.loss]\nobjektive = 'mse'", ["lane 1: loss.objektive", "loss.objective?"]),
    ("[[lanes]]\nname = 'A'\nloss.objektive = 'mse'", ["lane 1: loss.objektive", "loss.objective?"]),
    ("[[lanes]]\nname = 'A'\nobjective = 'mse'", ["lane 1: objective is not", "loss.objective?"]),
    ("[[lanes]]\nname = 'A'\nloss.objective = 'msee'", ["lane A: loss.objective", 'did you mean "mse"?']),
    ("[[lanes]]\nname = 'A'\nloss = 3", ["lane 1: loss is 3", "a table"]),
    # edits
    ("[[edits]]\nloss.delta = 1", ["edit 1: update is missing", "a whole number from 0"]),
    ("[[edits]]\nupdate = -1\nloss.delta = 1", ["edit 1: update is -1"]),
    ("[[edits]]\nupdate = 1.0\nloss.delta = 1", ["edit 1: update is 1.0"]),
    ("[[edits]]\nupdate = true\nloss.delta = 1", ["edit 1: update is true"]),
    ("[[edits]]\nupdate = 1", ["edit 1: this changes nothing"]),
    ("[[edits]]\nupdate = 1\nlane = 'B'\nloss.delta = 1", ['edit 1: lane is "B"', "one of A"]),
    ("[[edits]]\nupdate = 1\nlane = 'a'\nloss.delta = 1", ['lane is "a"', 'did you mean "A"?']),
    ("[[edits]]\nupdate = 1\nlane = 1\nloss.delta = 1", ["edit 1: lane is 1", "one of A"]),
    ("[[edits]]\nupdate = 1\ndata.samples = 9", ["edit 1: data.samples cannot change while training", "except seeds"]),
    ("[data]\npoints = [[1]]", ["entry 1 of data.points has length 1", "[x1, x2, y] or [x, y]"]),
    ("[data]\npoints = [[1, 2], [1, 2, 3]]", ["entry 2 of data.points has 3 numbers, but must have 2"]),
    ("[data]\npoints = [[1, 2, true]]", ["entry 1 of data.points has something else", "numbers from -1,000,000"]),
    ("[data]\npoints = [[1, 2, 1e7]]", ["entry 1 of data.points has something else"]),
    ("[data]\npoints = 3", ["data.points is 3, but must be a list of 0 to 5,000 points"]),
    ("[data]\ntask = 'binary'\npoints = [[1, 2, 2]]", ["entry 1 of data.points has the class 2", "from 0 to 1"]),
    ("[data]\npoints = []\nfile = 'a.csv'", ['data.file is "a.csv" and data.points is []', "only one of the two"]),
    ("[data]\ntest_points = []", ["data.test_points is given, but is allowed only where data.points is"]),
    ("[data]\nscaling = {}", ["data.scaling is given, but is allowed only where data.points is"]),
    ("[data]\npoints = []\nscaling = {x1 = [0, 0]}", ["data.scaling must be a table of [mean, scale]", "'x1' is not"]),
    ("[[edits]]\nupdate = 1\ndata.points = []", ["edit of update 1: data.points can only change where data.points is"]),
    (
        "[data]\npoints = []\n[[edits]]\nupdate = 1\ndata.points.remove = [0]",
        ["edit 1: data.points.remove has the place 0"],
    ),
    (
        "[data]\npoints = []\n[[edits]]\nupdate = 1\ndata.points.ad = []",
        ["edit 1: data.points has 'ad'", "change, remove"],
    ),
    (
        "[data]\npoints = []\n[[edits]]\nupdate = 1\ndata.points.insert = [[1, 0, 0, 0]]",
        ["has the place 1", "from 0 to 0"],
    ),
    (
        "[data]\npoints = []\n[[edits]]\nupdate = 1\ndata.points.change = [0]",
        ["data.points.change must be a list of points"],
    ),
    ("[[edits]]\nupdate = 1\nnetwork.seed = 9", ["edit 1: network.seed cannot change while training"]),
    ("[[edits]]\nupdate = 1\noptimizer.seed = 9", ["edit 1: optimizer.seed cannot change while training"]),
    ("[[edits]]\nupdate = 1\nnetwork.initializer = 'zeros'", ["network.initializer cannot change"]),
    ("[[edits]]\nupdate = 1\nnetwork.initializer_scale = 2", ["network.initializer_scale cannot change"]),
    ("[[edits]]\nupdate = 1\nnetwork.weights = 'a'", ["network.weights cannot change"]),
    ("[[edits]]\nupdate = 1\nlane = 'A'\noptimizer.batch_size = 9", ["batch_size is shared by all lanes"]),
    ("[[edits]]\nupdate = 1\nlane = 'A'\noptimizer.shuffle = true", ["shuffle is shared by all lanes"]),
    ("[[edits]]\nupdate = 1\nloss.objektive = 'mse'", ["edit 1: loss.objektive", "loss.objective?"]),
    ("[[edits]]\nupdate = 1\n[edits.loss]\nobjektive = 'mse'", ["edit 1: loss.objektive", "loss.objective?"]),
    ("[[edits]]\nupdate = 1\nupdates = 2", ["edit 1: updates is not a known key", "did you mean update?"]),
    (
        "[[edits]]\nupdate = 1\nloss.delta = 1\n[[edits]]\nupdate = 2\nloss.delta = 0",
        ["edit 2: loss.delta is 0"],
    ),
    ("edits = [" + "{}," * (MOST_EDITS + 1) + "]", ["there are 10,001 edits", "at most 10,000"]),
]


@pytest.mark.parametrize(("text", "fragments"), ERRORS, ids=[text[:50] for text, _ in ERRORS])
def test_error_says_what_was_found_and_what_is_allowed(text: str, fragments: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        Experiment.loads(text, name="night.toml")
    message = str(caught.value)
    assert message.startswith("night.toml")
    assert "\n" not in message
    assert len(message) < 800
    for fragment in fragments:
        assert fragment in message


@pytest.mark.parametrize(
    "title", ["[" * 50 + "]" * 60, ".a" * 50, "9" * 1_500, "=" * 400_001, "#" * 50, '"' + "[" * 50, "\\" * 7, '\\"' * 9]
)
@pytest.mark.parametrize("quote", ['"', "'", '"""', "'''"])
def test_what_stands_in_quotes_is_not_measured(title: str, quote: str) -> None:
    """Brackets, dots and digits in a string or a comment are text."""
    escaped = title.replace("\\", "\\\\").replace('"', '\\"') if quote[0] == '"' else title
    assert parse(f"title = {quote}{escaped}{quote}  # {'[' * 99}", "") == {"title": title}


def test_the_contracts_example_loads() -> None:
    experiment = Experiment.loads(EXAMPLE)
    assert experiment == Experiment(
        data=DataSettings(samples=300, noise=0.16, seed=1),
        lanes=(LaneEntry("A"), LaneEntry("B", {"loss.objective": "mse"})),
        edits=(Edit(120, {"optimizer.learning_rate": 0.1}, lane="B"),),
    )
    assert experiment.network == NetworkSettings((6, 4), "tanh", "auto", "auto", "xavier_normal", 1.0, 7, None)
    assert experiment.loss == LossSettings("auto", (), "mean", "fused", {})
    assert experiment.optimizer == OptimizerSettings("gradient_descent", 0.5, 0, True, 3, 0.0, 0.0, {})
    assert experiment.run == RunSettings(900, "float64")


def test_an_empty_file_is_the_default_experiment() -> None:
    experiment = Experiment.loads("")
    assert experiment == Experiment() == Experiment().checked()
    assert [lane.name for lane in experiment.lanes] == ["A"]
    assert experiment.data.dataset == "moons"


def test_a_data_file_replaces_the_default_dataset() -> None:
    experiment = Experiment.loads("[data]\nfile = 'a.csv'\ntarget = ['u', 'v']\nfeatures = ['x', 'x^2']")
    assert experiment.data.dataset is None
    assert experiment.data.file == "a.csv"
    assert experiment.data.target == ("u", "v")
    assert experiment.data.features == ("x", "x^2")


def test_a_whole_number_becomes_a_float_where_one_is_needed() -> None:
    experiment = Experiment.loads("[optimizer]\nlearning_rate = 1\nmomentum = 0\n[loss]\ndelta = 2")
    assert repr(experiment.optimizer.learning_rate) == "1.0"
    assert repr(dict(experiment.optimizer.parameters)) == "{'momentum': 0.0}"
    assert repr(dict(experiment.loss.parameters)) == "{'delta': 2.0}"


def test_lanes_and_edits_may_be_dotted_or_nested() -> None:
    dotted = "[[lanes]]\nname = 'A'\nloss.objective = 'mse'\n[[edits]]\nupdate = 1\noptimizer.l1 = 1"
    nested = "[[lanes]]\nname = 'A'\n[lanes.loss]\nobjective = 'mse'\n[[edits]]\nupdate = 1\n[edits.optimizer]\nl1 = 1"
    inline = "lanes = [{name = 'A', loss = {objective = 'mse'}}]\nedits = [{update = 1, optimizer = {l1 = 1}}]"
    assert Experiment.loads(dotted) == Experiment.loads(nested) == Experiment.loads(inline)


def test_edits_are_kept_in_order_of_update_and_then_of_the_file() -> None:
    text = "".join(
        f"[[edits]]\nupdate = {update}\noptimizer.l1 = {position}\n" for position, update in enumerate([5, 2, 5, 0, 2])
    )
    edits = Experiment.loads(text).edits
    assert [edit.update for edit in edits] == [0, 2, 2, 5, 5]
    assert [edit.changes["optimizer.l1"] for edit in edits] == [3.0, 1.0, 4.0, 0.0, 2.0]


@pytest.mark.parametrize("name", ["A", "mse 2", "a-b_c", "Gr\u00f6\u00dfe", "x" * 40, "7"])
def test_lane_names(name: str) -> None:
    assert Experiment.loads(f"[[lanes]]\nname = '{name}'").lanes[0].name == name


def test_sixteen_lanes_are_allowed() -> None:
    assert len(Experiment.loads(lanes_of(MOST_LANES)).lanes) == 16


# --- values ---


def test_get_reads_lanes_and_falls_back_on_the_optimisers_defaults() -> None:
    experiment = Experiment.loads(
        "[optimizer]\nname = 'adagrad'\nlearning_rate = 0.25\n[loss]\ndelta = 3\n"
        "[[lanes]]\nname = 'A'\n[[lanes]]\nname = 'B'\noptimizer.name = 'adam'\nloss.delta = 4\n"
        "[[edits]]\nupdate = 0\noptimizer.learning_rate = 9"
    )
    assert experiment.get("optimizer.learning_rate") == 0.25
    assert experiment.get("optimizer.learning_rate", "B") == 0.25
    assert experiment.get("optimizer.epsilon") == 1e-10
    assert experiment.get("optimizer.epsilon", "B") == 1e-8
    assert [experiment.get("loss.delta", lane) for lane in (None, "A", "B")] == [3.0, 3.0, 4.0]
    assert experiment.get("loss.gamma", "B") == 2.0
    assert experiment.get("data.samples", "B") is None
    assert experiment.get("run.epochs") == 900
    with pytest.raises(InputError, match=r"did you mean loss\.delta"):
        experiment.get("loss.dleta")
    with pytest.raises(InputError, match="must be one of A, B"):
        experiment.get("loss.delta", "C")


def test_lane_is_the_experiment_with_its_changes() -> None:
    experiment = Experiment.loads(
        "[loss]\ngamma = 1\n[[lanes]]\nname = 'A'\n[[lanes]]\nname = 'B'\nnetwork.hidden = [3]\nloss.delta = 4"
    )
    lane = experiment.lane("B")
    assert lane.name == "B"
    assert lane.network == dataclasses.replace(experiment.network, hidden=(3,))
    assert lane.network.activations == ("tanh",)
    assert lane.loss.parameters == {"gamma": 1.0, "delta": 4.0}
    assert lane.optimizer == experiment.optimizer
    assert experiment.lane("A").loss == experiment.loss
    with pytest.raises(InputError, match='lane is "C"'):
        experiment.lane("C")


def test_with_value_changes_one_setting_of_a_new_experiment() -> None:
    experiment = Experiment()
    changed = experiment.with_value("optimizer.learning_rate", 1)
    assert changed.optimizer.learning_rate == 1.0
    assert experiment == Experiment()
    assert changed.with_value("optimizer.learning_rate", 0.5) == experiment
    assert experiment.with_value("title", "moons \u2192 night").title == "moons \u2192 night"
    with_momentum = experiment.with_value("optimizer.momentum", 0.5)
    assert with_momentum.optimizer.parameters == {"momentum": 0.5}
    assert with_momentum.with_value("optimizer.momentum", None) == experiment


@pytest.mark.parametrize(
    ("key", "value", "fragment"),
    [
        ("optimizer.learning_rate", None, "is missing"),
        ("optimizer.learning_rate", float("nan"), "is nan"),
        ("optimizer.speed", 1, "not a known key"),
        ("network.activation", ["tanh"], "has length 1"),
        ("title", "\ud800", "UTF-8"),
        ("data.file", "caf\udce9.csv", "UTF-8"),
    ],
)
def test_with_value_checks_the_whole_experiment(key: str, value: object, fragment: str) -> None:
    with pytest.raises(InputError, match=fragment):
        Experiment().with_value(key, value)


def test_values_that_must_match_are_changed_together() -> None:
    experiment = Experiment().with_values({"network.hidden": [5], "network.activation": ["relu"]})
    assert experiment.network.activations == ("relu",)
    with pytest.raises(InputError, match="has length 1"):
        experiment.with_value("network.hidden", [5, 5])


def test_dataset_and_file_replace_each_other() -> None:
    by_file = Experiment().with_value("data.file", "a.csv")
    assert (by_file.data.dataset, by_file.data.file) == (None, "a.csv")
    by_name = by_file.with_value("data.dataset", "circles")
    assert (by_name.data.dataset, by_name.data.file) == ("circles", None)
    assert by_file.with_value("data.file", None) == Experiment()
    with pytest.raises(InputError, match="only one of the two"):
        Experiment().with_values({"data.file": "a.csv", "data.dataset": "moons"})


def test_with_value_in_a_lane() -> None:
    experiment = Experiment.loads("[[lanes]]\nname = 'A'\n[[lanes]]\nname = 'B'")
    changed = experiment.with_value("optimizer.l2", 1, lane="B")
    assert [lane.changes for lane in changed.lanes] == [{}, {"optimizer.l2": 1.0}]
    assert [changed.lane(name).optimizer.l2 for name in "AB"] == [0.0, 1.0]
    assert changed.with_value("optimizer.l2", None, lane="B") == experiment
    with pytest.raises(InputError, match=r"lane B: data\.samples is shared by all lanes"):
        experiment.with_value("data.samples", 10, lane="B")
    with pytest.raises(InputError, match='lane is "C"'):
        experiment.with_value("optimizer.l2", 1, lane="C")


def test_with_edit_keeps_the_order() -> None:
    experiment = Experiment()
    for update, value in ((7, 1), (3, 2), (7, 3)):
        experiment = experiment.with_edit(Edit(update, {"optimizer.l1": value}))
    assert [edit.changes["optimizer.l1"] for edit in experiment.edits] == [2.0, 1.0, 3.0]


@pytest.mark.parametrize(
    ("edit", "fragment"),
    [
        (Edit(1, {"optimizer.l1": -1}), "edit of update 1: optimizer.l1 is -1"),
        (Edit(1, {"optimizer.momentum": None}), "optimizer.momentum is missing"),
        (Edit(1, {"network.seed": 1}), "cannot change while training"),
        (Edit(1, {"loss.delta": 1.0}, lane="B"), "must be one of A"),
        (Edit(-1, {"loss.delta": 1.0}), "update is -1"),
        (Edit(1, {}), "changes nothing"),
        (Edit(1, {"network.activation": ("relu",)}), "has length 1"),
    ],
)
def test_with_edit_checks_the_edit(edit: Edit, fragment: str) -> None:
    with pytest.raises(InputError, match=fragment):
        Experiment().with_edit(edit)


def test_there_are_at_most_ten_thousand_edits() -> None:
    full = Experiment(edits=tuple(Edit(update, {"loss.delta": 1.0}) for update in range(MOST_EDITS)))
    assert len(full.checked().edits) == MOST_EDITS
    with pytest.raises(InputError, match="there are 10,001 edits"):
        full.with_edit(Edit(0, {"loss.delta": 1.0}))


def test_effective_settings_are_those_after_the_edits() -> None:
    experiment = Experiment.loads(
        "[[lanes]]\nname = 'A'\n[[lanes]]\nname = 'B'\nloss.objective = 'mse'\noptimizer.l1 = 1\n"
        "[[edits]]\nupdate = 2\nlane = 'B'\noptimizer.learning_rate = 0.25\n"
        "[[edits]]\nupdate = 4\nloss.objective = 'huber'\noptimizer.batch_size = 8\n"
        "[[edits]]\nupdate = 6\nlane = 'A'\nloss.objective = 'mae'\n"
    )
    base = dataclasses.replace(experiment, edits=())
    assert experiment.effective(1) == base
    assert experiment.effective(2) == base.with_value("optimizer.learning_rate", 0.25, lane="B")
    after = experiment.effective()
    assert after == experiment.effective(6)
    assert after.edits == ()
    assert [after.lane(name).loss.objective for name in "AB"] == ["mae", "huber"]
    assert [after.lane(name).optimizer.learning_rate for name in "AB"] == [0.5, 0.25]
    assert [after.lane(name).optimizer.l1 for name in "AB"] == [0.0, 1.0]
    assert after.optimizer.batch_size == 8
    assert after.checked() == after
    assert experiment.edits, "the experiment itself keeps its edits"


def test_an_edit_of_the_only_lane_changes_the_experiment() -> None:
    experiment = Experiment().with_edit(Edit(3, {"optimizer.momentum": 0.5}, lane="A"))
    assert experiment.effective() == Experiment().with_value("optimizer.momentum", 0.5)


def test_an_edit_of_all_lanes_may_leave_an_unused_value_that_does_not_fit() -> None:
    """The shared list of activations no longer fits, but every lane has its own that does."""
    experiment = Experiment.loads(
        "[network]\nactivation = ['relu', 'tanh']\n"
        "[[lanes]]\nname = 'A'\nnetwork.activation = 'tanh'\n"
        "[[lanes]]\nname = 'B'\nnetwork.activation = 'relu'\n"
        "[[edits]]\nupdate = 1\nnetwork.hidden = [3]\n"
    )
    after = experiment.effective().checked()
    assert [after.lane(name).network.activations for name in "AB"] == [("tanh",), ("relu",)]


def test_checked_normalises_a_hand_made_experiment() -> None:
    layers: Any = [3, 2]
    rough = Experiment(network=NetworkSettings(hidden=layers), loss=LossSettings(parameters={"delta": 2}))
    assert rough.checked().network.hidden == (3, 2)
    assert repr(rough.checked().loss.parameters["delta"]) == "2.0"
    wrong = Experiment(loss=LossSettings(parameters={"dleta": 2.0}))
    with pytest.raises(InputError, match=r"night\.toml: loss\.dleta is not a known key"):
        wrong.checked("night.toml")


def test_an_experiment_is_frozen_hashable_and_can_be_pickled() -> None:
    experiment = Experiment.loads(EXAMPLE + "loss.delta = 2\n", folder=Path("here"))
    copy = pickle.loads(pickle.dumps(experiment))
    assert copy == experiment
    assert copy.folder == Path("here")
    assert hash(copy) == hash(experiment)
    with pytest.raises(dataclasses.FrozenInstanceError):
        experiment.title = "x"  # type: ignore[misc]
    with pytest.raises(TypeError):
        experiment.edits[0].changes["loss.delta"] = 3.0  # type: ignore[index]
    parameters = {"delta": 1.0}
    loss = LossSettings(parameters=parameters)
    parameters["delta"] = 2.0
    assert loss.parameters == {"delta": 1.0}


def test_the_folder_is_not_part_of_the_value() -> None:
    assert Experiment(folder=Path("a")) == Experiment(folder=Path("b"))


# --- text ---


finite = st.floats(allow_nan=False, allow_infinity=False)


def values_of(setting: Setting) -> st.SearchStrategy[Any]:
    words = (
        st.from_regex(setting.pattern, fullmatch=True, alphabet=st.characters(codec="ascii"))
        if setting.pattern
        else (st.text(max_size=20))
    )
    match setting.kind:
        case "flag":
            return st.booleans()
        case "choice":
            return st.sampled_from(setting.choices)
        case "number":
            return st.floats(setting.low, setting.high, exclude_min=setting.above, exclude_max=setting.below)
        case "integer":
            return st.integers(int(setting.low), int(setting.high))
        case "integers":
            entry = st.integers(int(setting.low), int(setting.high))
            return st.lists(entry, max_size=setting.longest).map(tuple)
        case "numbers":
            return st.lists(st.floats(setting.low, setting.high), max_size=20).map(tuple)
        case "choices" if setting.single:
            return st.sampled_from(setting.choices)
        case "choices":
            return st.lists(st.sampled_from(setting.choices), unique=True).map(tuple)
        case "names":
            many = st.lists(words, min_size=1, max_size=5, unique=True).map(tuple)
            return st.one_of(words, many) if setting.single else many
        case "points":
            place = st.floats(-1e6, 1e6)
            return st.lists(st.tuples(place, place, st.sampled_from([0.0, 1.0])), max_size=5).map(tuple)
        case "scaling":
            pair = st.tuples(st.floats(-1e9, 1e9), st.floats(1e-300, 1e9))
            return st.fixed_dictionaries({"x1": pair, "x2": pair}).flatmap(
                lambda known: st.dictionaries(words, pair, max_size=2).map(lambda more: {**more, **known})
            )
    if setting.least:  # a path
        return st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
    return words


def changes_of(keys: list[str], least: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    chosen = st.lists(st.sampled_from(keys), unique=True, min_size=least, max_size=6)
    return chosen.flatmap(lambda selected: st.fixed_dictionaries({key: values_of(SETTINGS[key]) for key in selected}))


@st.composite
def experiments(draw: st.DrawFn) -> Experiment:
    names = ["A", "b 2", "C_c", "Gr\u00f6\u00dfe"][: draw(st.integers(1, 4))]
    per_lane = [key for key, setting in SETTINGS.items() if setting.per_lane]
    live = [key for key, setting in SETTINGS.items() if setting.live]
    changes = draw(changes_of(list(SETTINGS)))
    sources = [key for key in changes if key in ("data.dataset", "data.file", "data.points")]
    for key in sources[1:]:
        del changes[key]
    drawn = "data.points" in sources[:1]
    if not drawn:  # these belong to points alone
        for key in ("data.test_points", "data.scaling"):
            changes.pop(key, None)
        live = [key for key in live if key not in ("data.points", "data.test_points", "data.scaling")]
    experiment = Experiment().with_values(changes)
    lanes = tuple(LaneEntry(name, draw(changes_of(per_lane))) for name in names)
    experiment = dataclasses.replace(experiment, lanes=lanes)
    for _ in range(draw(st.integers(0, 4))):
        lane = draw(st.sampled_from([None, *names]))
        keys = live if lane is None else [key for key in live if SETTINGS[key].per_lane]
        weights = draw(st.dictionaries(st.sampled_from(["W1[0,1]", "b2[3]#1", "W9[7,70]"]), finite, max_size=2))
        update, changes = draw(st.integers(0, 10**12)), draw(changes_of(keys, 0 if weights else 1))
        experiment = experiment.with_edit(Edit(update, changes, lane, weights))
    return experiment.checked()


@given(experiments())
@settings(max_examples=150)
def test_a_written_experiment_reads_back_as_the_same(experiment: Experiment) -> None:
    text = experiment.dumps()
    again = Experiment.loads(text)
    assert again == experiment
    assert repr(again) == repr(experiment), "types and signs of zero too"
    assert again.dumps() == text
    assert pickle.loads(pickle.dumps(experiment)) == experiment
    after = experiment.effective()
    assert after.checked() == after


def test_a_file_has_every_setting_that_has_a_value() -> None:
    tables = tomllib.loads(Experiment().dumps())
    assert tables["format"] == 1
    assert tables["lanes"] == [{"name": "A"}]
    sections = {name: table for name, table in tables.items() if isinstance(table, dict)}
    written = {f"{name}.{key}" for name, table in sections.items() for key in table}
    left_out = {key for key, setting in SETTINGS.items() if setting.optional} - {"data.dataset"}
    assert written == set(SETTINGS) - left_out - {"title"}


def test_lists_stay_lists_where_one_name_is_allowed() -> None:
    experiment = Experiment().with_values({"network.activation": ["relu", "exp"], "data.target": ["u"]})
    assert 'activation = ["relu", "exp"]\n' in experiment.dumps()
    assert Experiment.loads(experiment.dumps()) == experiment


# --- files ---


def test_load_names_the_file_and_knows_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "night.toml"
    path.write_text("title = 'night'\n[network]\nweights = 'start.npz'\n", encoding="utf-8")
    experiment = Experiment.load(path)
    assert experiment.folder == tmp_path
    assert experiment.locate("start.npz") == tmp_path / "start.npz"
    assert Experiment.load(str(path)) == experiment


def test_load_takes_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "night.toml"
    path.write_bytes(b"\xef\xbb\xbftitle = 'night'\r\n[run]\r\nepochs = 3\r\n")
    assert Experiment.load(path) == Experiment(title="night", run=RunSettings(epochs=3))


@pytest.mark.parametrize(
    ("content", "fragments"),
    [
        (b"title = 'a'\n# caf\xe9\n", ["0xe9", "line 2", "UTF-8"]),
        (b"\xff\xfet\x00i\x00", ["0xff", "line 1", "UTF-8"]),
        (b"# " + b"x" * MOST_BYTES, ["too large", "8,000,000 bytes"]),
        (b"[run]\nepoch = 3\n", ["run.epoch", "did you mean run.epochs?"]),
    ],
)
def test_load_says_what_is_wrong_with_a_file(tmp_path: Path, content: bytes, fragments: list[str]) -> None:
    path = tmp_path / "night.toml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        Experiment.load(path)
    assert str(caught.value).startswith(str(path))
    for fragment in fragments:
        assert fragment in str(caught.value)


def test_load_says_why_a_path_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml: there is no such file"):
        Experiment.load(tmp_path / "none.toml")
    with pytest.raises(InputError, match="this is a folder"):
        Experiment.load(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        Experiment.load("nul\0name.toml")
    with pytest.raises(InputError, match="cannot be read"):
        Experiment.load(tmp_path / ("x" * 300))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="only Unix has named pipes")
def test_load_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="not an ordinary file"):
        Experiment.load(tmp_path / "pipe")


def test_save_keeps_paths_to_files_valid(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "points.csv").write_text("x,y\n", encoding="utf-8")
    absolute = str(tmp_path / "abs.npz")
    experiment = Experiment(
        data=DataSettings(dataset=None, file="points.csv"),
        network=NetworkSettings(weights="start.npz"),
        lanes=(LaneEntry("A"), LaneEntry("B", {"network.weights": absolute})),
        folder=tmp_path,
    )
    target = tmp_path / "deep" / "er" / "night.toml"
    saved = experiment.save(target)
    loaded = Experiment.load(target)
    assert loaded == saved
    assert loaded.folder == saved.folder == target.parent
    assert loaded.data.file == "../../points.csv"
    assert loaded.locate(loaded.data.file).read_text(encoding="utf-8") == "x,y\n"
    assert loaded.network.weights == "../../start.npz"
    assert loaded.lanes[1].changes["network.weights"] == absolute
    assert saved.save(tmp_path / "back.toml") == experiment
    assert experiment.save(tmp_path / "same.toml") == experiment


def test_save_without_a_folder_starts_from_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    saved = Experiment().with_value("data.file", "points.csv").save("out/night.toml")
    assert saved.data.file == "../points.csv"


def test_save_writes_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "night.toml"
    Experiment(title="first").save(path)
    before = path.read_bytes()

    def fail(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        with pytest.raises(InputError, match="no space left"):
            Experiment(title="second").save(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["night.toml"]
    Experiment(title="second").save(path)
    assert Experiment.load(path).title == "second"
    assert [entry.name for entry in tmp_path.iterdir()] == ["night.toml"]


def test_save_says_where_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="this is a folder"):
        Experiment().save(tmp_path)
    with pytest.raises(InputError, match="cannot be written"):
        Experiment().save(tmp_path / "none" / "night.toml")
    names = tuple("\u20ac" * 3_000 + str(number) for number in range(1_000))
    with pytest.raises(InputError, match="too large"):
        Experiment(data=DataSettings(features=names)).save(tmp_path / "huge.toml")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="only Unix has such permissions")
def test_save_leaves_permissions_to_the_umask(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    Experiment().save(tmp_path / "night.toml")
    assert stat.S_IMODE((tmp_path / "night.toml").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
