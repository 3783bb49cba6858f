"""What choosing other data brings, and what stays."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.data import DATASETS, FILE_RECOMMENDED
from sandbox.experiment import Experiment
from sandbox.experiment.document.defaults import FIRST_MONITORS
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.document.recommended import RECOMMENDED_KEYS, brought, with_dataset, with_file
from sandbox.experiment.document.settings import SETTINGS
from sandbox.experiment.document.validation import check_value

NAMES = sorted(DATASETS)


def first_experiment() -> Experiment:
    """The experiment of a new window."""
    return Experiment().with_value("loss.monitors", FIRST_MONITORS)


def values_of(experiment: Experiment) -> dict[str, Any]:
    return {key: experiment.get(key) for key in RECOMMENDED_KEYS}


@pytest.mark.parametrize("name", NAMES)
def test_a_data_set_brings_allowed_values_of_network_optimiser_and_run(name: str) -> None:
    source = DATASETS[name]
    for key, value in source.recommended.items():
        assert check_value(key, value) == value
        assert key.partition(".")[0] in ("network", "optimizer", "run")
        assert value != SETTINGS[key].default  # else it says nothing
    assert 0.0 < source.level <= 1.0
    chosen = with_dataset(first_experiment(), name)
    for key in RECOMMENDED_KEYS:
        assert chosen.get(key) == source.recommended.get(key, SETTINGS[key].default)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_data_before_stays(name: str) -> None:
    """From every other data set, and from a file, one arrives at the same experiment."""
    direct = with_dataset(first_experiment(), name)
    for other in NAMES:
        assert with_dataset(with_dataset(first_experiment(), other), name) == direct
    table = with_file(first_experiment(), "points.csv").with_values(
        {"data.target": ("a", "b"), "data.features": ("c",), "data.task": "regression", "data.standardize": False}
    )
    assert with_dataset(table, name) == direct


def test_a_file_starts_from_its_own_settings() -> None:
    direct = with_file(first_experiment(), "points.csv")
    assert values_of(direct) == {
        key: FILE_RECOMMENDED.get(key, SETTINGS[key].default) for key in RECOMMENDED_KEYS
    }  # fmt: skip
    for other in NAMES:
        settings = {"data.samples": 50, "data.noise": 0.3, "data.classes": 4} if other == "blobs" else {}
        before = with_dataset(first_experiment(), other).with_values(settings)
        assert with_file(before, "points.csv") == direct


CHOSEN = {
    "network.hidden": (3,), "network.activation": "relu", "optimizer.name": "momentum",
    "optimizer.learning_rate": 0.07, "optimizer.batch_size": 12, "run.epochs": 77,
}  # fmt: skip


@given(st.sampled_from(NAMES), st.sampled_from(NAMES), st.sets(st.sampled_from(sorted(CHOSEN))))
def test_what_was_chosen_stays(name: str, other: str, keys: set[str]) -> None:
    chosen = {key: CHOSEN[key] for key in keys}
    experiment = with_dataset(with_dataset(first_experiment(), name).with_values(chosen), other)
    for key in RECOMMENDED_KEYS:
        by_data = DATASETS[other].recommended.get(key, SETTINGS[key].default)
        assert experiment.get(key) == chosen.get(key, by_data), key


def test_what_lanes_differ_in_stays() -> None:
    lanes = (LaneEntry("A"), LaneEntry("B", {"optimizer.learning_rate": 0.5, "network.hidden": (2, 2)}))
    experiment = dataclasses.replace(first_experiment(), lanes=lanes).checked()
    chosen = with_dataset(experiment, "digits")
    assert chosen.get("network.hidden", "A") == (32,) and chosen.get("optimizer.learning_rate", "A") == 0.2
    assert chosen.get("network.hidden", "B") == (2, 2) and chosen.get("optimizer.learning_rate", "B") == 0.5


@pytest.mark.parametrize("lane", [None, "B"])
def test_an_activation_for_each_layer_keeps_its_layers(lane: str | None) -> None:
    lanes = (LaneEntry("A"), LaneEntry("B"))
    experiment = dataclasses.replace(first_experiment(), lanes=lanes).checked()
    experiment = experiment.with_values({"network.activation": ("tanh", "relu")}, lane)
    for name in NAMES:
        chosen = with_dataset(experiment, name)
        assert chosen.get("network.hidden") == (6, 4)
        assert chosen.get("network.activation", "B") == ("tanh", "relu")
        assert chosen.get("optimizer.learning_rate") == DATASETS[name].recommended.get("optimizer.learning_rate", 0.5)


def test_it_says_what_it_set() -> None:
    first = first_experiment()
    assert brought(first, with_dataset(first, "circles")) == ""
    assert brought(first, with_dataset(first, "digits")) == (
        "Set for Digits: hidden layers 32, learning rate 0.2, batch size 32, epochs 40."
    )
    assert brought(first, with_file(first, "/a/b/points.csv")) == (
        "Set for points.csv: method Adam, learning rate 0.01."
    )


def test_an_experiment_file_keeps_the_defaults_of_the_contract() -> None:
    for name in NAMES:
        read = Experiment.loads(f'[data]\ndataset = "{name}"\n')
        assert values_of(read) == {key: SETTINGS[key].default for key in RECOMMENDED_KEYS}
