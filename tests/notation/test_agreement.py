"""Which lines of a listing a change of the network would change, against the arrays that networks compute."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.lens.equations import AskNumbers, setup_of
from sandbox.experiment.training.snapshot import Wanted
from sandbox.nn import LOSSES
from sandbox.notation.agreement import changed
from sandbox.notation.equations import EquationSetup

PLAIN = {
    "data.samples": 30, "network.hidden": (3,), "network.activation": "sigmoid", "network.output": "sigmoid",
    "loss.objective": "half_mse", "loss.reduction": "sum",
}  # fmt: skip
# Of a listing such as that of lesson 1: each name, and which of the others its line reads.
READS = {
    "A1": (), "A2": ("A1",), "dZ2": ("A2",), "dW2": ("dZ2", "A1"), "db2": ("dZ2",), "dZ1": ("dZ2", "A1"),
    "dW1": ("dZ1",), "db1": ("dZ1",),
}  # fmt: skip


def trained(changes: dict[str, Any]) -> Trainer:
    trainer = Trainer(Experiment().with_values(PLAIN | changes))
    start = Trainer(Experiment().with_values(PLAIN)).parameters()
    for name, value in trainer.parameters().items():
        if value.shape == start[name].shape:
            np.testing.assert_array_equal(value, start[name])  # all else being equal
    return trainer


def setup(trainer: Trainer) -> EquationSetup:
    found = setup_of(trainer.snapshot(0, Wanted()), "A")
    assert found is not None
    return found


def arrays(trainer: Trainer) -> dict[str, Any]:
    found = {}
    for name in READS:
        question = AskNumbers("A", name.rstrip("12"), int(name[-1]))
        shown = trainer.snapshot(0, Wanted(questions=(question,))).answers[question].shown
        found[name] = None if shown is None else shown.values
    return found


def reaches(name: str, wanted: frozenset[str]) -> bool:
    """Return whether a line is one of those wanted, or reads any of them however indirectly."""
    return name in wanted or any(reaches(other, wanted) for other in READS[name])


CHANGES: list[dict[str, Any]] = [
    *({"loss.objective": name, "loss.delta": 0.1} for name in sorted(LOSSES) if name != "half_mse"),
    {"loss.reduction": "mean"},
    {"network.activation": "tanh"},
    {"network.output": "tanh"},
    {"optimizer.l2": 0.1},
    {"optimizer.l1": 0.1},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_what_is_computed_otherwise_is_said_and_nothing_else(change: dict[str, Any]) -> None:
    before, after = trained({}), trained(change)
    found = changed(setup(before), setup(after), READS)
    mine, other = arrays(before), arrays(after)
    for name in READS:
        same = np.allclose(mine[name], other[name], rtol=1e-9, atol=1e-12)
        if not same:
            assert reaches(name, found), name  # its line, or one that leads to it, is among them
        elif name in found:
            pytest.fail(f"{name} is the same, but its line is said to be another one")


def test_the_loss_changes_the_line_of_dZ2_alone() -> None:
    before = setup(trained({}))
    assert changed(before, setup(trained({"loss.objective": "binary_cross_entropy"})), READS) == {"dZ2"}
    with_dA = (*READS, "dA2")
    assert changed(before, setup(trained({"loss.objective": "mae"})), with_dA) == {"dA2"}  # dZ2 is taken from it


def test_the_activation_changes_its_own_line_and_its_slope() -> None:
    before = setup(trained({}))
    assert changed(before, setup(trained({"network.activation": "tanh"})), READS) == {"A1", "dZ1"}
    assert changed(before, setup(trained({"network.activation": "tanh"})), [*READS, "Z1"]) == {"A1", "dZ1"}
    assert changed(before, setup(trained({"network.output": "tanh"})), READS) == {"A2", "dZ2"}


def test_a_penalty_changes_dW_alone() -> None:
    assert changed(setup(trained({})), setup(trained({"optimizer.l2": 0.1})), READS) == {"dW1", "dW2"}


def test_a_parameter_of_the_loss_changes_the_line_of_dZ2() -> None:
    small, large = (setup(trained({"loss.objective": "huber", "loss.delta": delta})) for delta in (0.3, 0.5))
    assert changed(small, large, READS) == {"dZ2"}


@pytest.mark.parametrize(
    "change",
    [{"optimizer.learning_rate": 0.5}, {"optimizer.name": "adam"}, {"loss.monitors": ("mae",)}, {"data.samples": 40}],
    ids=str,
)
def test_other_settings_change_no_line(change: dict[str, Any]) -> None:
    trainer = Trainer(Experiment().with_values(PLAIN | change))
    assert not changed(setup(trained({})), setup(trainer), [*READS, "cost"])


def test_layers_more_or_less_change_what_follows_from_the_last_one() -> None:
    before = setup(trained({}))
    deeper = Trainer(Experiment().with_values(PLAIN | {"network.hidden": (3, 3)}))
    assert changed(before, setup(deeper), READS) == {"dZ2"}
    flat = Trainer(Experiment().with_values(PLAIN | {"network.hidden": ()}))
    assert {"A2", "dZ2", "dW2", "db2", "dZ1"} <= changed(before, setup(flat), READS)
