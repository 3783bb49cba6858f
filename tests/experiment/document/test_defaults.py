"""What "auto" stands for."""

from __future__ import annotations

import pytest

from sandbox.experiment.document.defaults import coding_for, objective_for, output_for
from sandbox.experiment.document.parts import LossSettings, NetworkSettings
from sandbox.nn import ACTIVATIONS, LOSSES
from tests.toys import ToyExponential, registered

HINGES = ("hinge", "squared_hinge")
LOGARITHMS = ("binary_cross_entropy", "categorical_cross_entropy", "focal", "poisson", "kl_divergence")


@pytest.mark.parametrize(
    ("task", "output", "objective"),
    [
        ("binary", "sigmoid", "binary_cross_entropy"),
        ("multiclass", "softmax", "categorical_cross_entropy"),
        ("regression", "linear", "mse"),
    ],
)
def test_the_task_decides(task: str, output: str, objective: str) -> None:
    assert output_for(NetworkSettings(), LossSettings(), task) == output
    assert output in ACTIVATIONS
    assert objective_for(LossSettings(), task) == objective
    assert objective in LOSSES


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_choice_is_kept_whatever_the_task(task: str) -> None:
    for objective in LOSSES:
        assert output_for(NetworkSettings(output="exp"), LossSettings(objective=objective), task) == "exp"
    assert objective_for(LossSettings(objective="hinge"), task) == "hinge"


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("objective", LOSSES)
def test_the_output_is_linear_for_the_hinges_whatever_the_task(objective: str, task: str) -> None:
    by_task = {"binary": "sigmoid", "multiclass": "softmax", "regression": "linear"}[task]
    output = output_for(NetworkSettings(), LossSettings(objective=objective), task)
    assert output == ("linear" if objective in HINGES else by_task)


def test_a_new_loss_says_itself_which_output_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = LossSettings(objective=ToyExponential.name)
    with registered():
        assert output_for(NetworkSettings(), chosen, "binary") == "sigmoid"
        monkeypatch.setattr(ToyExponential, "takes_scores", True)
        assert output_for(NetworkSettings(), chosen, "binary") == "linear"
        assert coding_for(NetworkSettings(), ToyExponential.name, "linear") == "plus_minus_one"


@pytest.mark.parametrize("output", ACTIVATIONS)
@pytest.mark.parametrize("objective", LOSSES)
def test_coding_is_signed_for_hinges_and_for_tanh_without_a_logarithm(objective: str, output: str) -> None:
    signed = objective in HINGES or (output == "tanh" and objective not in LOGARITHMS)
    coding = coding_for(NetworkSettings(), objective, output)
    assert coding == ("plus_minus_one" if signed else "zero_one")
    for chosen in ("zero_one", "plus_minus_one"):
        assert coding_for(NetworkSettings(target_coding=chosen), objective, output) == chosen
