"""What "auto" stands for."""

from __future__ import annotations

import pytest

from sandbox.experiment.document.defaults import coding_for, objective_for, output_for
from sandbox.experiment.document.parts import LossSettings, NetworkSettings
from sandbox.nn import ACTIVATIONS, LOSSES


@pytest.mark.parametrize(
    ("task", "output", "objective"),
    [
        ("binary", "sigmoid", "binary_cross_entropy"),
        ("multiclass", "softmax", "categorical_cross_entropy"),
        ("regression", "linear", "mse"),
    ],
)
def test_the_task_decides(task: str, output: str, objective: str) -> None:
    assert output_for(NetworkSettings(), task) == output
    assert output in ACTIVATIONS
    assert objective_for(LossSettings(), task) == objective
    assert objective in LOSSES


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_choice_is_kept_whatever_the_task(task: str) -> None:
    assert output_for(NetworkSettings(output="exp"), task) == "exp"
    assert objective_for(LossSettings(objective="hinge"), task) == "hinge"


@pytest.mark.parametrize("output", ACTIVATIONS)
@pytest.mark.parametrize("objective", LOSSES)
def test_coding_is_signed_only_for_hinges_and_tanh(objective: str, output: str) -> None:
    signed = "hinge" in objective or output == "tanh"
    coding = coding_for(NetworkSettings(), objective, output)
    assert coding == ("plus_minus_one" if signed else "zero_one")
    for chosen in ("zero_one", "plus_minus_one"):
        assert coding_for(NetworkSettings(target_coding=chosen), objective, output) == chosen
