"""The table of settings: complete, consistent and fit for display."""

from __future__ import annotations

import pytest

from sandbox.data import DATASETS
from sandbox.errors import InputError
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.settings import SECTIONS, SETTINGS, parameter_settings
from sandbox.experiment.document.validation import check_value, nearest
from sandbox.nn import ACTIVATIONS, INITIALIZERS, LOSSES, METRICS, OPTIMIZERS
from sandbox.nn.parameters import Parameter

# key: default, as the contract's example file gives it
DEFAULTS = {
    "title": "",
    "data.dataset": "moons",
    "data.file": None,
    "data.points": None,
    "data.test_points": None,
    "data.scaling": None,
    "data.target": None,
    "data.task": "auto",
    "data.samples": None,
    "data.noise": None,
    "data.fraction": 0.5,
    "data.classes": 3,
    "data.test_fraction": 0.3,
    "data.label_noise": 0.0,
    "data.standardize": True,
    "data.standardize_target": "auto",
    "data.features": None,
    "data.seed": None,
    "network.hidden": (6, 4),
    "network.activation": "tanh",
    "network.output": "auto",
    "network.target_coding": "auto",
    "network.initializer": "xavier_normal",
    "network.initializer_scale": 1.0,
    "network.seed": 7,
    "network.weights": None,
    "network.initial": (),
    "network.frozen": (),
    "loss.objective": "auto",
    "loss.monitors": (),
    "loss.reduction": "mean",
    "loss.numerics": "fused",
    "loss.delta": 1.0,
    "loss.quantile": 0.9,
    "loss.positive_weight": 1.0,
    "loss.label_smoothing": 0.0,
    "loss.gamma": 2.0,
    "optimizer.name": "gradient_descent",
    "optimizer.learning_rate": 0.5,
    "optimizer.batch_size": 0,
    "optimizer.shuffle": True,
    "optimizer.seed": 3,
    "optimizer.l1": 0.0,
    "optimizer.l2": 0.0,
    "optimizer.momentum": 0.9,
    "optimizer.beta1": 0.9,
    "optimizer.beta2": 0.999,
    "optimizer.epsilon": None,  # adagrad has a different one
    "optimizer.rho": 0.99,
    "optimizer.weight_decay": 0.01,
    "run.epochs": 900,
    "run.precision": "float64",
    "run.replicas": 1,
}
SHARED = {"optimizer.batch_size", "optimizer.shuffle", "optimizer.seed"}
STARTING = {"network.seed", "network.initializer", "network.initializer_scale", "network.weights", "network.initial"}


@pytest.mark.parametrize("key", DEFAULTS)
def test_default_is_the_contracts(key: str) -> None:
    setting = SETTINGS[key]
    assert setting.default == DEFAULTS[key]
    assert type(setting.default) is type(DEFAULTS[key])
    assert Experiment().get(key) == DEFAULTS[key]


def test_table_holds_the_contracts_keys_and_every_parameter_of_the_registries() -> None:
    parameters = {f"loss.{parameter.name}" for loss in LOSSES.values() for parameter in loss.parameters}
    parameters |= {f"optimizer.{parameter.name}" for method in OPTIMIZERS.values() for parameter in method.parameters}
    assert parameters <= set(SETTINGS)
    assert set(SETTINGS) == set(DEFAULTS) | parameters
    assert {key.partition(".")[0] for key in SETTINGS} == {"title", *SECTIONS}


def test_what_lanes_and_edits_may_change() -> None:
    differing = {key for key in SETTINGS if key.partition(".")[0] in ("network", "loss", "optimizer")}
    assert {key for key, setting in SETTINGS.items() if setting.per_lane} == differing - SHARED
    fixed = {*STARTING, "optimizer.seed"}
    drawn = {"data.points", "data.test_points", "data.scaling"}
    assert {key for key, setting in SETTINGS.items() if setting.live} == differing - fixed | drawn | {"data.features"}


def test_choices_are_the_registries() -> None:
    assert SETTINGS["data.dataset"].choices == tuple(DATASETS)
    assert SETTINGS["network.activation"].choices == tuple(ACTIVATIONS)
    assert SETTINGS["network.output"].choices == ("auto", *ACTIVATIONS)
    assert SETTINGS["network.initializer"].choices == tuple(INITIALIZERS)
    assert SETTINGS["loss.objective"].choices == ("auto", *LOSSES)
    assert SETTINGS["loss.monitors"].choices == (*LOSSES, *METRICS)
    assert SETTINGS["optimizer.name"].choices == tuple(OPTIMIZERS)


@pytest.mark.parametrize("key", SETTINGS)
def test_every_setting_can_be_shown_and_accepts_its_default(key: str) -> None:
    setting = SETTINGS[key]
    assert setting.key == key
    assert 1 <= len(setting.label) <= 20
    assert setting.label[0].isupper()
    assert setting.summary.endswith(".")
    assert setting.summary.count(". ") == 0, "one sentence"
    assert setting.allowed
    if setting.default is not None:
        assert check_value(key, setting.default) == setting.default
    assert (check_value(key, None) is None) if setting.optional else setting.default is not None
    if setting.kind in ("number", "integer", "integers"):
        assert setting.low < setting.high


@pytest.mark.parametrize("key", [key for key, s in SETTINGS.items() if s.kind in ("number", "integer")])
def test_bounds_are_allowed_unless_excluded(key: str) -> None:
    setting = SETTINGS[key]
    step = 1 if setting.kind == "integer" else 1e-6
    convert = int if setting.kind == "integer" else float
    ends = ((setting.low, setting.above, -step), (setting.high, setting.below, step))
    for bound, excluded, outwards in ends:
        if excluded:
            with pytest.raises(InputError):
                check_value(key, convert(bound))
        else:
            assert check_value(key, convert(bound)) == bound
        with pytest.raises(InputError):
            check_value(key, convert(bound + outwards * max(1.0, abs(bound))))


def test_shared_parameters_take_the_narrowest_bounds_and_only_a_common_default() -> None:
    wide = Parameter("grip", 0.5, 0.0, 9.0, "Holds.", "Grip")
    tight = Parameter("grip", 0.5, 0.0, 4.0, "Holds.", "Grip", above=True, below=True)
    other = Parameter("grip", 0.7, -1.0, 4.0, "Holds.", "Grip")
    (merged,) = parameter_settings("loss", [(wide,), (tight,)])
    assert (merged.low, merged.above, merged.high, merged.below) == (0.0, True, 4.0, True)
    assert (merged.key, merged.default) == ("loss.grip", 0.5)
    (merged,) = parameter_settings("loss", [(wide,), (tight,), (other,)])
    assert (merged.low, merged.above, merged.high, merged.below) == (0.0, True, 4.0, True)
    assert merged.default is None


@pytest.mark.parametrize(
    ("key", "given", "kept"),
    [
        ("optimizer.learning_rate", 1, 1.0),
        ("network.hidden", [3, 2], (3, 2)),
        ("network.hidden", [], ()),
        ("network.activation", ["relu"], ("relu",)),
        ("network.activation", "relu", "relu"),
        ("data.target", ["a", "b"], ("a", "b")),
        ("data.target", "a", "a"),
        ("data.samples", None, None),
    ],
)
def test_values_get_their_proper_type(key: str, given: object, kept: object) -> None:
    value = check_value(key, given)
    assert value == kept
    assert type(value) is type(kept)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("MSE", "mse"),
        ("binary-cross-entropy", "binary_cross_entropy"),
        ("categorical_crossentropy", "categorical_cross_entropy"),
        ("hubber", "huber"),
        ("qqqq", None),
    ],
)
def test_nearest_name(word: str, meant: str | None) -> None:
    assert nearest(word, LOSSES) == meant
