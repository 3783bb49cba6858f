"""The next update: its lines, run as they are written, and the trainer itself give the numbers shown."""

from __future__ import annotations

import pickle
from itertools import product
from typing import Any

import numpy as np
import pytest

from sandbox.data import load_data
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.lens.update import NextUpdate, UpdateSteps, Value
from sandbox.experiment.training.snapshot import Wanted
from sandbox.nn import ACTIVATIONS, LOSSES, OPTIMIZERS
from sandbox.nn.losses import NUMERICS

MULTI = load_data(dataset="blobs", samples=30, classes=3, seed=5)
BINARY = load_data(dataset="moons", samples=30, seed=5)
REAL = load_data(dataset="sine", samples=30, seed=5)


def experiment(loss: str = "", optimizer: str = "", network: str = "", more: str = "") -> Experiment:
    return Experiment.loads(
        f"[network]\nhidden = [4, 3]\n{network}\n[loss]\n{loss}\n[optimizer]\nlearning_rate = 0.1\n{optimizer}\n{more}"
    )


def ask(trainer: Trainer, lane: str = "A") -> UpdateSteps:
    question = NextUpdate(lane)
    return trainer.snapshot(0, Wanted(questions=(question,))).answers[question]  # type: ignore[no-any-return]


def times(factor: Any, other: Any) -> Any:
    return np.where(factor == 0, 0.0, factor * other)


def run_lines(trainer: Trainer, steps: UpdateSteps, batch: slice | Any) -> list[tuple[str, Any, Value]]:
    """Run the lines one by one from the trainer's parameters; return each name's value beside what is shown."""
    lane, data = trainer.lanes[0], trainer.data
    X = data.X_train[batch].T
    if data.task == "regression":
        Y = data.y_train[batch].reshape(X.shape[1], -1).T
    else:
        classes = [1] if data.task == "binary" else range(lane.sizes[-1])
        Y = np.array([data.y_train[batch] == k for k in classes], float)
        Y = 2 * Y - 1 if lane.coding == "plus_minus_one" else Y
    space: dict[str, Any] = {"np": np, "times": times, "X": X, "Y": Y, "m": X.shape[1], "step": lane.replicas[0].steps}
    for key, value in lane.replicas[0].parameters().items():
        space[key] = value[:, None] if value.ndim == 1 else value
    optimizer = lane.settings.optimizer
    space |= {"learning_rate": optimizer.learning_rate, "l1": optimizer.l1, "l2": optimizer.l2}
    for parameter in OPTIMIZERS[optimizer.name].parameters:
        space[parameter.name] = optimizer.parameters.get(parameter.name, parameter.default)
    space |= vars(lane.objective)
    space["parameters"] = tuple(space[name] for name in steps.setup.parameters)
    letters = ("M", "V") if len(lane.replicas[0].memory) == 2 else ("V",)
    for letter, slot in zip(letters, lane.replicas[0].memory, strict=False):
        flat, start = [], 0
        for l in range(1, len(lane.sizes)):
            n, k = lane.sizes[l], lane.sizes[l - 1]
            joint = slot[start : start + n * (k + 1)].reshape(n, k + 1)
            flat += [joint[:, :-1].copy(), joint[:, -1:].copy()]
            start += n * (k + 1)
        space[f"{letter}s"] = flat
    results = []
    lines = [line for phase in steps.phases for line in phase]
    names = steps.setup.parameters
    while lines:
        block = [lines.pop(0)]
        while block[0].code.endswith(":") and lines and lines[0].code.startswith(" "):
            block.append(lines.pop(0))
        with np.errstate(all="ignore"):
            exec("\n".join(line.code for line in block), space)
        for name in (name for line in block for name in line.names):
            if " of " in name:
                letter, parameter = name.split(" of ")
                value = space[f"{letter[0]}s"][names.index(parameter)]
                if letter.endswith("_hat"):
                    value = value / (1 - space["beta1" if letter[0] == "M" else "beta2"] ** space["step"])
            else:
                value = space[name.removesuffix(" shrunk")]
            results.append((name, np.array(value), steps.values[name]))
    return results


def check(trainer: Trainer, steps: UpdateSteps, batch: slice | Any = slice(None)) -> None:
    results = run_lines(trainer, steps, batch)
    assert {name for name, _, _ in results} >= {"Z1", "A3", "loss", "cost", "dZ3", "dW3", "dW1", "db1", "W1", "b3"}
    for name, value, displayed in results:
        assert value.shape == displayed.shape, name
        corner = value[:24, :48] if value.ndim > 1 else value
        np.testing.assert_allclose(displayed.corner, corner, rtol=1e-9, atol=1e-12, err_msg=name)
        np.testing.assert_allclose(displayed.norm, np.sqrt((value.astype(float) ** 2).sum()), rtol=1e-9, err_msg=name)


def test_every_loss_output_and_numerics() -> None:
    for loss, output in product(LOSSES, ACTIVATIONS):
        for numerics in NUMERICS if LOSSES[loss].has_logs else ("fused",):
            text = f'objective = "{loss}"\nnumerics = "{numerics}"'
            trainer = Trainer(experiment(text, network=f'output = "{output}"'), MULTI)
            steps = ask(trainer)
            if steps.finite:
                check(trainer, steps)


@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_every_hidden_activation(hidden: str) -> None:
    trainer = Trainer(experiment(network=f'activation = "{hidden}"'), BINARY)
    check(trainer, ask(trainer))


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("size", [0, 8])
def test_training_does_what_is_shown_to_the_bit(name: str, size: int) -> None:
    optimizer = f'name = "{name}"\nbatch_size = {size}\nl1 = 0.001\nl2 = 0.01'
    trainer = Trainer(experiment(optimizer=optimizer), MULTI)
    for _ in range(7):
        steps = ask(trainer)
        trainer.step()
        np.testing.assert_array_equal(trainer.lanes[0].replicas[0].theta, steps.theta)
        for key, value in trainer.parameters().items():
            np.testing.assert_array_equal(steps.values[key].corner.reshape(value.shape), value)


def test_lanes_of_one_shape_are_shown_as_they_train() -> None:
    lanes = '[[lanes]]\nname = "A"\n[[lanes]]\nname = "B"\nloss.objective = "mse"\n'
    trainer = Trainer(experiment(optimizer='name = "adam"\nbatch_size = 8', more=lanes), BINARY)
    for _ in range(5):
        steps = [ask(trainer, name) for name in "AB"]
        trainer.step()
        for lane, answer in zip(trainer.lanes, steps, strict=True):
            np.testing.assert_allclose(answer.theta, lane.replicas[0].theta, rtol=1e-12, atol=1e-14)


def test_asking_changes_no_bit() -> None:
    optimizer = 'name = "adam"\nbatch_size = 8'
    asking, silent = (Trainer(experiment(optimizer=optimizer), BINARY) for _ in range(2))
    for _ in range(20):
        ask(asking)
        asking.step()
        silent.step()
    np.testing.assert_array_equal(asking.lanes[0].replicas[0].theta, silent.lanes[0].replicas[0].theta)
    np.testing.assert_array_equal(asking.lanes[0].replicas[0].memory, silent.lanes[0].replicas[0].memory)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_in_the_middle_of_a_run_with_penalties_and_parameters(name: str) -> None:
    loss = (
        'objective = "binary_cross_entropy"\nreduction = "element_mean"\npositive_weight = 2.0\nlabel_smoothing = 0.1'
    )
    optimizer = f'name = "{name}"\nbatch_size = 8\nshuffle = false\nl1 = 0.001\nl2 = 0.01'
    trainer = Trainer(experiment(loss, optimizer), MULTI)
    for _ in range(2):
        trainer.step()
    check(trainer, ask(trainer), slice(16, 21))  # the last, smaller batch of 21
    trainer.edit({"optimizer.learning_rate": 0.03})
    check(trainer, ask(trainer), slice(16, 21))


def test_a_regression() -> None:
    for loss in ("mse", "huber", "log_cosh", "quantile", "mae"):
        trainer = Trainer(experiment(f'objective = "{loss}"'), REAL)
        check(trainer, ask(trainer))


def test_only_the_lines_of_the_loss_are_marked() -> None:
    marked = {}
    for loss in ("binary_cross_entropy", "mse"):
        steps = ask(Trainer(experiment(f'objective = "{loss}"'), BINARY))
        marked[loss] = [line.code.split(" =")[0] for phase in steps.phases for line in phase if line.decided]
        same = [line.code for phase in steps.phases for line in phase if not line.decided]
        marked[loss + " same"] = [code for code in same if not code.startswith("dZ3")]
    assert marked["binary_cross_entropy"] == ["log_A", "log_C", "loss", "dZ3"]
    assert marked["mse"] == ["loss", "dA3"]
    assert marked["mse same"] == marked["binary_cross_entropy same"]


def test_large_arrays_keep_shape_and_norm() -> None:
    data = load_data(dataset="moons", samples=300, seed=1)
    steps = ask(Trainer(experiment(), data))
    value = steps.values["A1"]
    assert value.shape == (4, 210) and value.corner.shape == (4, 48) and not value.whole
    assert steps.values["W1"].whole


def test_a_lane_whose_next_update_fails() -> None:
    trainer = Trainer(
        experiment('objective = "binary_cross_entropy"\nnumerics = "naive"', network='output = "linear"'), BINARY
    )
    steps = ask(trainer)
    assert not steps.finite and not steps.stopped
    assert np.isnan(steps.theta).all()
    trainer.step()
    assert ask(trainer).stopped


def test_the_answer_is_frozen_and_can_be_pickled() -> None:
    steps = ask(Trainer(experiment(), BINARY))
    assert not steps.theta.flags.writeable and not steps.values["Z1"].corner.flags.writeable
    again = pickle.loads(pickle.dumps(steps))
    assert again.phases == steps.phases
    np.testing.assert_array_equal(again.values["W2"].corner, steps.values["W2"].corner)
