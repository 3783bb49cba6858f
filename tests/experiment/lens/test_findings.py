"""Findings: none on healthy runs, present on runs built to have them, with correct numbers."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sandbox.experiment import Trainer
from sandbox.experiment.document import texts
from sandbox.experiment.document.validation import check_value
from sandbox.experiment.lens.findings import FINDINGS, Control, Debounced, Finding, Findings
from sandbox.experiment.training.snapshot import Wanted
from sandbox.nn import LOSSES
from tests.experiment.lens.runs import ASK, ask, numbers, trainer_of


def forward(trainer: Trainer, g: Callable[[Any], Any]) -> tuple[list[Any], list[Any]]:
    """Z and A by layer, l = 0 being the inputs, from the parameters alone; the last layer is left linear."""
    parameters = trainer.parameters()
    Z, A = [trainer.data.X_train], [trainer.data.X_train]
    for l in range(1, len(parameters) // 2 + 1):
        Z.append(A[-1] @ parameters[f"W{l}"].T + parameters[f"b{l}"])
        A.append(g(Z[-1]))
    return Z, A


def sigmoid(z: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-z))


# Healthy runs

HEALTHY: list[tuple[int, dict[str, Any]]] = [
    (900, {}),
    (300, {"data__dataset": "flower"}),
    (300, {"data__dataset": "penguins"}),
    (
        25,
        {
            "data__dataset": "digits", "optimizer__name": "adam", "optimizer__learning_rate": 0.01,
            "optimizer__batch_size": 32,
        },
    ),
    (300, {"data__dataset": "sine", "optimizer__learning_rate": 0.05}),
    (300, {"data__dataset": "hills", "optimizer__learning_rate": 0.05}),
    (200, {"loss__monitors": ("mse", "mae", "hinge")}),
    (100, {"data__dataset": "iris", "optimizer__batch_size": 10, "optimizer__learning_rate": 0.1}),
    (60, {"data__dataset": "circles", "optimizer__batch_size": 8}),
    (400, {"data__dataset": "xor", "optimizer__batch_size": 16, "optimizer__learning_rate": 0.1}),
    (400, {"data__dataset": "gaussians", "data__fraction": 0.1}),
    (400, {"data__dataset": "moons", "data__fraction": 0.3}),
    (400, {"data__dataset": "imbalanced", "optimizer__name": "adam", "optimizer__learning_rate": 0.01}),
    (400, {"data__dataset": "breast_cancer", "optimizer__batch_size": 16, "optimizer__learning_rate": 0.1}),
    (400, {"data__dataset": "blobs", "loss__objective": "mse"}),
    (400, {"data__dataset": "rings", "optimizer__name": "adam", "optimizer__learning_rate": 0.01}),
    (400, {"loss__objective": "hinge", "network__output": "linear"}),
    (400, {"loss__objective": "squared_hinge", "network__output": "tanh", "optimizer__learning_rate": 0.1}),
    (400, {"loss__objective": "mse", "network__output": "tanh"}),
    (400, {"loss__objective": "focal"}),
    (400, {"loss__numerics": "clamped"}),
    (400, {"loss__objective": "binary_cross_entropy", "loss__label_smoothing": 0.1, "loss__positive_weight": 2.0}),
    (200, {"data__dataset": "penguins", "loss__objective": "kl_divergence"}),
    (200, {"data__dataset": "penguins", "loss__objective": "binary_cross_entropy", "optimizer__l2": 1e-3}),
    (300, {"data__samples": 24, "data__dataset": "gaussians"}),
    (300, {"loss__reduction": "sum", "optimizer__learning_rate": 0.002}),
    (300, {"run__precision": "float32"}),
    (400, {"data__dataset": "hills", "loss__objective": "huber", "optimizer__learning_rate": 0.1}),
    (400, {"data__dataset": "plane", "loss__objective": "mae", "optimizer__learning_rate": 0.02}),
    (400, {"data__dataset": "sine", "optimizer__name": "adam", "optimizer__learning_rate": 0.01}),
    (400, {"data__dataset": "sine", "network__activation": "leaky_relu", "optimizer__learning_rate": 0.05}),
    (200, {"data__dataset": "line_with_outliers", "loss__objective": "log_cosh", "optimizer__learning_rate": 0.1}),
]  # fmt: skip


@pytest.mark.parametrize(("epochs", "values"), HEALTHY, ids=lambda value: str(value)[:60])
def test_a_healthy_run_has_no_finding(epochs: int, values: dict[str, Any]) -> None:
    trainer = trainer_of(**values)
    before = trainer.readings(trainer.lanes[0])["train_cost"]
    for epoch in range(epochs):
        if epoch < 40 or epoch % 5 == 0:
            assert ask(trainer) == {}, f"after {epoch} epochs"
        trainer.step_epoch()
    assert ask(trainer) == {}
    assert trainer.readings(trainer.lanes[0])["train_cost"] < 0.9 * before  # it did learn


def test_asking_changes_no_bit() -> None:
    observed, untouched = trainer_of(optimizer__batch_size=20), trainer_of(optimizer__batch_size=20)
    for _ in range(30):
        ask(observed)
        observed.step()
        untouched.step()
    np.testing.assert_array_equal(observed.lanes[0].replicas[0].theta, untouched.lanes[0].replicas[0].theta)


# Logarithms and overflow


def one_neuron(w: float, b: float, **values: Any) -> Trainer:
    """One neuron on one sample, x = 1 and target 0: z = w + b."""
    trainer = trainer_of(
        data__dataset="one_point", network__hidden=(), loss__objective="binary_cross_entropy", **values
    )
    trainer.set_parameters({"W1": np.array([[w]]), "b1": np.array([b])})
    return trainer


def test_a_lane_that_met_log_of_zero_says_where() -> None:
    trainer = one_neuron(30.0, 20.0, loss__numerics="naive")
    trainer.step()
    assert trainer.lanes[0].stopped
    (finding,) = ask(trainer).values()
    assert (finding.name, finding.stopped) == ("log_of_zero", True)
    assert finding.evidence.startswith("Log of 0: sample 1 has output exactly 1 and target 0.")
    assert finding.evidence.endswith("1 of 1 sample.")
    assert finding.control is not None
    assert (finding.control.key, finding.control.value) == ("loss.numerics", "fused")


@pytest.mark.parametrize(("z", "is_near"), [(20.0, False), (33.0, True), (-200.0, False), (-720.0, True)])
def test_log_of_zero_warns_before_it_is_met(z: float, is_near: bool) -> None:
    findings = ask(one_neuron(z, 0.0, loss__numerics="naive"))
    assert ("log_of_zero" in findings) == is_near
    if z == 33.0:  # 1 - a is exp(-33), in steps of 1e-16
        assert "is 1 \u2212 4.7e\u221215;" in findings["log_of_zero"].evidence


@pytest.mark.parametrize(("z", "is_clipped"), [(10.0, False), (17.0, True), (-17.0, False)])
def test_clipping_is_a_finding_where_the_output_is_wrong(z: float, is_clipped: bool) -> None:
    findings = ask(one_neuron(z, 0.0, loss__numerics="clamped"))
    assert ("log_of_zero" in findings) == is_clipped
    if is_clipped:
        assert numbers(findings["log_of_zero"].evidence)[:3] == [1, 1, 1e-7]


@pytest.mark.parametrize(("loss", "found"), [("poisson", False), ("focal", True)])
def test_clipping_is_a_finding_only_where_the_loss_clips(loss: str, found: bool) -> None:
    """Of a rate of 3.3 there is nothing to say; a share of it is clipped."""
    trainer = trainer_of(
        data__dataset="one_point", network__hidden=(), network__output="exp", loss__objective=loss,
        loss__numerics="clamped",
    )  # fmt: skip
    trainer.set_parameters({"W1": np.array([[1.2]]), "b1": np.array([0.0])})
    assert ("clipped_outputs" in ask(trainer)) == found


def test_an_output_without_logarithms_should_be_replaced() -> None:
    trainer = trainer_of(network__output="linear", loss__objective="binary_cross_entropy")
    trainer.step()
    (finding,) = ask(trainer).values()
    assert finding.name == "log_of_zero"
    assert finding.control == Control("network.output", "sigmoid", "Set output to Sigmoid")
    A = forward(trainer, np.tanh)[0][-1]
    y = trainer.data.y_train[:, None]
    # log a is needed only for class 1, log(1 - a) only for class 0
    assert numbers(finding.evidence)[-2] == int(np.where(y == 1, A <= 0.0, A >= 1.0).sum())


def test_targets_of_zero_in_naive_kl_divergence() -> None:
    trainer = trainer_of(data__dataset="iris", loss__objective="kl_divergence", loss__numerics="naive")
    finding = ask(trainer)["log_of_zero"]
    m = len(trainer.data.y_train)
    assert numbers(finding.evidence)[:2] == [2 * m, 3 * m]
    assert math.isnan(trainer.readings(trainer.lanes[0])["train_cost"])


def test_overflow_before_and_after_the_stop() -> None:
    trainer = trainer_of(data__dataset="sine", optimizer__learning_rate=50.0)
    while not ask(trainer).get("overflow"):
        assert trainer.step()
    findings = ask(trainer)
    assert list(findings) == ["overflow"]  # the rest only follows from it
    sizes = [np.abs(Z).max() for Z in forward(trainer, np.tanh)[0][1:]]
    layer, size = numbers(findings["overflow"].evidence)
    assert layer == 1 + int(np.argmax(sizes))
    assert size == pytest.approx(max(sizes), rel=0.05)
    assert findings["overflow"].control == Control("optimizer.learning_rate", 0.1, "Set learning rate to 0.1")
    while trainer.step():
        pass
    (stopped,) = ask(trainer).values()
    assert (stopped.name, stopped.stopped) == ("overflow", True)


# What the history shows


def test_a_rising_cost_is_measured_from_the_last_edit() -> None:
    trainer = trainer_of(data__dataset="plane", network__hidden=(), optimizer__learning_rate=0.1, data__noise=0.5)
    for _ in range(40):
        trainer.step()
    assert ask(trainer) == {}
    trainer.edit({"optimizer.learning_rate": 1.1})  # beyond 2 over the largest curvature, which is about 2
    costs = []
    for _ in range(40):
        trainer.step()
        X, y = trainer.data.X_train, trainer.data.y_train
        parameters = trainer.parameters()
        costs.append(float(np.mean((X @ parameters["W1"].T + parameters["b1"] - y) ** 2)))
    assert costs[-1] > 2.0 * costs[-30]
    finding = ask(trainer)["diverging"]
    recent = costs[-30:]
    first, last, rows = numbers(finding.evidence)
    assert rows == 30
    assert first == pytest.approx(np.median(recent[:10]), rel=0.01)
    assert last == pytest.approx(np.median(recent[20:]), rel=0.01)
    assert finding.control == Control("optimizer.learning_rate", 0.1, "Set learning rate to 0.1")  # one digit of 0.11
    trainer.edit({"optimizer.learning_rate": 0.1})
    assert "diverging" not in ask(trainer)
    for _ in range(40):
        trainer.step()
        assert "diverging" not in ask(trainer)


@pytest.mark.parametrize("batch_size", [0, 32])
def test_a_cost_that_an_edit_multiplied_has_not_risen(batch_size: int) -> None:
    trainer = trainer_of(optimizer__batch_size=batch_size, optimizer__learning_rate=0.02)
    trainer.run(20)
    for _ in range(3):  # into the middle of an epoch, if it has one
        trainer.step()
    trainer.edit({"loss.reduction": "sum", "optimizer.learning_rate": 0.02 / 210})
    for _ in range(50):
        trainer.step_epoch()
        assert ask(trainer) == {}


def test_a_monitor_that_gets_worse_while_the_objective_gets_better() -> None:
    trainer = trainer_of(
        data__dataset="line_with_outliers", network__hidden=(), optimizer__learning_rate=0.1, loss__monitors=("mae",)
    )
    trainer.set_parameters({"W1": np.array([[1.0]]), "b1": np.array([0.0])})
    trainer.edit({"loss.objective": "quantile"})  # of 0.9, where the line through the middle is best for mae
    findings: dict[str, Finding] = {}
    history: list[tuple[float, float]] = []
    for _ in range(60):
        trainer.step()
        parameters = trainer.parameters()
        R = trainer.data.y_train - (trainer.data.X_train @ parameters["W1"].T + parameters["b1"])
        history.append((float(np.mean(np.maximum(0.9 * R, -0.1 * R))), float(np.mean(np.abs(R)))))
        findings = ask(trainer)
        if findings:
            break
    finding = findings["opposite"]
    objective_first, objective_last, first, last = numbers(finding.evidence)
    recent = np.array(history)[-30:]
    assert objective_first == pytest.approx(np.median(recent[:10, 0]), rel=0.01)
    assert objective_last == pytest.approx(np.median(recent[20:, 0]), rel=0.01)
    assert first == pytest.approx(np.median(recent[:10, 1]), rel=0.01)
    assert last == pytest.approx(np.median(recent[20:, 1]), rel=0.01)
    assert objective_last < objective_first and last > first
    assert finding.control == Control("loss.objective", "mae", "Learn with mean absolute error")


# Units and layers


def test_a_softmax_of_one_unit_hides_its_consequences() -> None:
    trainer = trainer_of(network__output="softmax", loss__objective="mse")
    before = trainer.lanes[0].replicas[0].theta.copy()
    trainer.run(5)
    np.testing.assert_array_equal(trainer.lanes[0].replicas[0].theta, before)  # indeed nothing is learned
    (finding,) = ask(trainer).values()
    assert finding.name == "single_softmax"
    assert numbers(finding.evidence) == [1, 1, 210]
    assert finding.control == Control("network.output", "sigmoid", "Set output to Sigmoid")


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_units_that_start_equal_stay_equal(activation: str) -> None:
    trainer = trainer_of(network__initializer="zeros", network__activation=activation)
    for _ in range(10):
        (finding,) = ask(trainer).values()
        assert finding.name == "equal_units"
        assert numbers(finding.evidence) == [6, 1]
        trainer.step()
    assert np.ptp(trainer.parameters()["W1"], axis=0).max() < 1e-12  # rows of a product may round differently
    assert finding.control == Control("network.initializer", "xavier_normal", "Set initialiser to Xavier normal")


@pytest.mark.parametrize("objective", ["mse", "mae", "half_mse", "hinge"])
def test_confident_mistakes_that_a_loss_hardly_corrects(objective: str) -> None:
    trainer = trainer_of(
        network__hidden=(), network__output="sigmoid", network__target_coding="zero_one", loss__objective=objective
    )
    trainer.set_parameters({"W1": np.array([[-6.0, 9.0]]), "b1": np.array([0.5])})
    finding = ask(trainer)["confident_mistakes"]
    X, y = trainer.data.X_train, trainer.data.y_train
    sent, full, count = 0.0, 0.0, 0
    for x, target in zip(X, y, strict=True):
        a = 1.0 / (1.0 + math.exp(6.0 * x[0] - 9.0 * x[1] - 0.5))
        if abs(a - target) > 0.95:
            slope = {
                "mse": 2.0 * (a - target), "half_mse": a - target, "mae": math.copysign(1.0, a - target),
                "hinge": -target if target * a < 1.0 else 0.0,
            }[objective]  # fmt: skip
            sent, full, count = sent + abs(slope * a * (1.0 - a)), full + abs(a - target), count + 1
    assert count > 10
    reported = numbers(finding.evidence)
    assert reported[:3] == [count, len(y), 0.95]
    assert reported[3] == pytest.approx(sent / count, rel=0.01)
    assert reported[4] == pytest.approx(full / count, rel=0.01)
    assert finding.control is not None
    assert (finding.control.value, finding.control.text) == ("binary_cross_entropy", "Learn with binary cross-entropy")
    trainer.edit({finding.control.key: finding.control.value})
    assert "confident_mistakes" not in ask(trainer)


def test_confident_mistakes_of_a_softmax() -> None:
    values = {"data__dataset": "iris", "network__hidden": (), "network__initializer_scale": 20.0}
    finding = ask(trainer_of(loss__objective="mse", **values))["confident_mistakes"]
    assert finding.control is not None and finding.control.value == "categorical_cross_entropy"
    for objective in ("categorical_cross_entropy", "binary_cross_entropy", "focal"):
        assert "confident_mistakes" not in ask(trainer_of(loss__objective=objective, **values))


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_saturated_hidden_units(activation: str) -> None:
    values: dict[str, Any] = {"network__activation": activation, "network__hidden": (6,)}
    trainer = trainer_of(network__initializer="normal", network__initializer_scale=100.0, **values)
    finding = ask(trainer)["saturated"]
    Z = forward(trainer, np.tanh)[0][1]
    slopes = 1.0 - np.tanh(Z) ** 2 if activation == "tanh" else sigmoid(Z) * (1.0 - sigmoid(Z))
    flat = np.abs(slopes) < 0.01
    reported = numbers(finding.evidence)
    assert reported[:3] == [1, 0.01, round(100 * flat.mean())]
    units = [k + 1 for k in range(6) if flat[:, k].mean() >= 0.9]
    assert reported[3:] == ([6] if len(units) == 6 else units)
    assert finding.control == Control("network.initializer_scale", 1.0, "Set initialiser scale to 1")


def test_units_saturated_by_a_long_step_ask_for_a_shorter_one() -> None:
    trainer = trainer_of(network__hidden=(6,), optimizer__learning_rate=1e3)
    assert "saturated" not in ask(trainer)  # Xavier's weights leave tanh steep
    trainer.run(3)
    finding = ask(trainer)["saturated"]
    assert "too large a step" in finding.meaning
    assert finding.control == Control("optimizer.learning_rate", 2.0, "Set learning rate to 2") and finding.needs_reset


def test_a_sigmoid_output_saturated_below_its_targets() -> None:
    trainer = trainer_of(data__dataset="sine", network__output="sigmoid", loss__objective="mse")
    parameters = trainer.parameters()
    trainer.set_parameters({**parameters, "b3": np.array([12.0])})
    finding = ask(trainer)["saturated"]
    assert "output layer" in finding.evidence
    assert finding.control == Control("network.output", "linear", "Set output to Linear")


def test_an_output_that_is_confident_and_right_is_no_finding() -> None:
    trainer = trainer_of(network__hidden=(), data__dataset="gaussians", data__noise=0.1, loss__objective="mse")
    X, y = trainer.data.X_train, trainer.data.y_train
    direction = X[y == 1].mean(axis=0) - X[y == 0].mean(axis=0)
    trainer.set_parameters({"W1": 10.0 * direction[None], "b1": np.array([0.0])})
    a = forward(trainer, np.tanh)[0][-1]
    assert (np.abs(a) > 5.0).all()  # g' is below 0.01 for all of them
    assert ((a[:, 0] > 0.0) == (y == 1)).all()
    assert ask(trainer) == {}


_COME_BACK = "Only if the layers before them change what comes in can they come back."


def test_only_dead_units_behind_another_hidden_layer_may_come_back() -> None:
    for hidden, l in (((5,), 1), ((5, 3), 2)):
        trainer = trainer_of(network__activation="relu", network__hidden=hidden)
        parameters = trainer.parameters()
        parameters[f"b{l}"][1] = -1e4
        trainer.set_parameters(parameters)
        meaning = ask(trainer)["dead_units"].meaning
        assert "send such units no gradient" in meaning and meaning.endswith(_COME_BACK) == (l > 1)


def test_dead_units_are_named() -> None:
    trainer = trainer_of(network__activation="relu", network__hidden=(5, 3))
    parameters = trainer.parameters()
    parameters["b1"][[1, 3]] = -100.0
    parameters["b2"][2] = -1e4
    trainer.set_parameters(parameters)
    finding = ask(trainer)["dead_units"]
    Z, _ = forward(trainer, lambda z: np.maximum(z, 0.0))
    dead = {l: [k + 1 for k in range(Z[l].shape[1]) if (Z[l][:, k] <= 0.0).all()] for l in (1, 2)}
    assert dead[1] == [2, 4] and 3 in dead[2]
    assert finding.evidence.startswith("Units 2 and 4 of hidden layer 1 and unit")
    assert numbers(finding.evidence) == [*dead[1], 1, *dead[2], 2, 0, 210]
    assert finding.meaning.endswith(_COME_BACK)
    assert finding.control == Control("network.activation", "leaky_relu", "Set activation to Leaky ReLU")
    trainer.edit({finding.control.key: finding.control.value})
    assert "dead_units" not in ask(trainer)


def test_only_relu_layers_change_if_layers_differ() -> None:
    trainer = trainer_of(network__activation=("tanh", "relu"), network__hidden=(5, 3))
    parameters = trainer.parameters()
    parameters["b2"][...] = -1e4
    trainer.set_parameters(parameters)
    finding = ask(trainer)["dead_units"]
    assert finding.evidence.startswith("All 3 units of hidden layer 2 are 0")
    assert finding.control is not None and finding.control.value == ("tanh", "leaky_relu")


def test_vanishing_gradients() -> None:
    trainer = trainer_of(network__activation="sigmoid", network__hidden=(6,) * 6)
    for _ in range(60):  # at the plateau the gradient of the output layer is small too, and the finding stays
        finding = ask(trainer)["vanishing"]
        trainer.step()
    trainer = trainer_of(network__activation="sigmoid", network__hidden=(6,) * 6)
    finding = ask(trainer)["vanishing"]
    _, A = forward(trainer, sigmoid)
    parameters, m = trainer.parameters(), len(A[0])
    squares = [0.0] * 7
    for i in range(m):  # backpropagation of a textbook, sample by sample
        dz = np.array([A[7][i, 0] - trainer.data.y_train[i]]) / m
        for l in range(7, 0, -1):
            squares[l - 1] += float(np.mean(np.outer(dz, A[l - 1][i]) ** 2))
            if l > 1:
                dz = (parameters[f"W{l}"].T @ dz) * A[l - 1][i] * (1.0 - A[l - 1][i])
    pulls = [math.sqrt(square / m) for square in squares]
    layer, least, most, ratio = numbers(finding.evidence)
    assert layer == 1 + int(np.argmin(pulls))
    assert least == pytest.approx(min(pulls), rel=0.05)
    assert most == pytest.approx(pulls[-1], rel=0.05)
    assert ratio == pytest.approx(min(pulls) / pulls[-1], rel=0.5)
    assert finding.control == Control("network.activation", "relu", "Set activation to ReLU")


def test_the_table_and_its_controls() -> None:
    names = [kind.name for kind in FINDINGS]
    assert len(set(names)) == len(names)
    assert {hidden for kind in FINDINGS for hidden in kind.hides} <= {*names, "*"}
    trainer = trainer_of(network__output="relu", loss__numerics="naive")
    trainer.step()
    answer = trainer.snapshot(wanted=Wanted(questions=(ASK,))).answers[ASK]
    assert pickle.loads(pickle.dumps(answer)) == answer
    control = answer.findings[0].control
    assert check_value(control.key, control.value) == control.value
    assert texts.setting_within(control.key) in control.text


@pytest.mark.parametrize("objective", LOSSES)
@pytest.mark.parametrize("output", ["sigmoid", "tanh", "linear", "relu", "exp", "softmax"])
@pytest.mark.parametrize("dataset", ["moons", "iris", "sine"])
def test_every_control_is_allowed_and_changes_something(objective: str, output: str, dataset: str) -> None:
    trainer = trainer_of(
        data__dataset=dataset, loss__objective=objective, network__output=output, loss__numerics="naive",
        network__activation="relu", network__initializer_scale=30.0, optimizer__learning_rate=5.0,
    )  # fmt: skip
    for _ in range(6):
        for finding in ask(trainer).values():
            if finding.control is not None:
                key, value = finding.control.key, finding.control.value
                changed = trainer.current.with_value(key, value)
                assert changed.get(key) == value != trainer.current.get(key), finding
        trainer.step()


# What is shown, and when


def make_finding(name: str, evidence: str = "", stopped: bool = False) -> Finding:
    return Finding(name, name, evidence, "", None, stopped)


def feed(
    debounced: Debounced, *answers: tuple[int, list[Finding]], of: object = 1, edits: object = 0
) -> list[list[str]]:
    names = []
    for update, findings in answers:
        debounced.take(Findings(tuple(findings)), update, of, edits)
        names.append([finding.name for finding in debounced.shown])
    return names


def test_a_finding_appears_after_it_has_held() -> None:
    dead = [make_finding("dead_units")]
    assert feed(Debounced(), (0, dead), (50, dead), (100, dead)) == [[], [], ["dead_units"]]
    assert feed(Debounced(), (0, dead), (50, []), (100, dead), (150, dead)) == [[], [], [], []]
    assert feed(Debounced(), (0, dead), (1, dead), (2, dead), (3, dead))[-1] == []  # too few updates yet
    assert feed(Debounced(), (7, dead), (7, dead), (7, dead)) == [[], [], ["dead_units"]]  # paused: it stays true


def test_permanent_findings_are_shown_at_once() -> None:
    assert feed(Debounced(), (0, [make_finding("equal_units")])) == [["equal_units"]]
    assert feed(Debounced(), (5, [make_finding("overflow", stopped=True)])) == [["overflow"]]


def test_a_finding_stays_a_moment_and_then_disappears() -> None:
    debounced, dead = Debounced(), [make_finding("dead_units")]
    feed(debounced, (0, dead), (50, dead), (100, dead))
    assert debounced.settled
    assert feed(debounced, (150, []), (200, []), (250, dead)) == [["dead_units"]] * 3
    assert feed(debounced, (300, []), (350, [])) == [["dead_units"]] * 2
    assert not debounced.settled
    assert feed(debounced, (400, [])) == [[]]
    assert debounced.settled


def test_a_finding_that_flickers_never_flickers_on_screen() -> None:
    dead = [make_finding("dead_units")]
    shown = feed(Debounced(), *((20 * i, dead if i % 2 else []) for i in range(40)))
    assert all(names == [] for names in shown)


def test_an_edit_a_stop_and_another_run_clear_at_once() -> None:
    debounced, dead = Debounced(), [make_finding("dead_units")]
    feed(debounced, (0, dead), (50, dead), (100, dead))
    assert feed(debounced, (101, []), edits=1) == [[]]
    feed(debounced, (150, dead), (200, dead), (250, dead), edits=1)
    assert feed(debounced, (260, [make_finding("overflow", stopped=True)]), edits=1) == [["overflow"]]
    assert feed(debounced, (0, dead), of=2) == [[]]


def test_numbers_follow_and_the_order_is_that_of_the_table() -> None:
    debounced = Debounced()
    both = [make_finding("vanishing", "1"), make_finding("dead_units", "1")]
    feed(debounced, (0, both), (50, both), (100, both))
    feed(debounced, (150, [make_finding("vanishing", "2"), make_finding("dead_units", "3")]))
    assert [(shown.name, shown.evidence) for shown in debounced.shown] == [("dead_units", "3"), ("vanishing", "2")]
