"""What is said about one lane is true: each sentence against the weights and histories that it speaks of."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from sandbox import words
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document import texts
from sandbox.experiment.document.settings import SETTINGS
from sandbox.experiment.lens.equations import AskNumbers
from sandbox.experiment.lens.findings import AskFindings, Finding
from sandbox.experiment.lens.sample import FollowSample
from sandbox.experiment.lens.signal import AskSignals, Summary, sentence
from sandbox.experiment.training.snapshot import CurveRequest, MulticlassSurface, SurfaceRequest, Wanted
from sandbox.nn import ACTIVATIONS, INITIALIZERS, LOSSES, METRICS, OPTIMIZERS
from tests.experiment.lens.runs import numbers, trainer_of
from tests.experiment.strategies import trainers

Array = NDArray[np.float64]
CASES = Path(__file__).parents[2] / "cases"
FEW = settings(max_examples=25)

_FORWARD = {
    "linear": lambda z: z,
    "sigmoid": lambda z: 1.0 / (1.0 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0.0),
    "leaky_relu": lambda z: np.where(z > 0.0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0.0, z, np.expm1(np.minimum(z, 0.0))),
    "gelu": lambda z: 0.5 * z * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (z + 0.044715 * z**3))),
    "softplus": lambda z: np.logaddexp(0.0, z),
    "silu": lambda z: z / (1.0 + np.exp(-z)),
    "exp": np.exp,
    "softmax": lambda z: (e := np.exp(z - z.max(axis=1, keepdims=True))) / e.sum(axis=1, keepdims=True),
}


def forward(trainer: Trainer, X: Array, network: int = 0) -> tuple[Array, Array]:
    """Z and A of the last layer, by the book."""
    replica = trainer.lanes[0].replicas[network]
    parameters, A, Z = replica.parameters(), X, X
    with np.errstate(all="ignore"):
        for l, name in enumerate(replica.activations, start=1):
            Z = A @ parameters[f"W{l}"].T + parameters[f"b{l}"]
            A = _FORWARD[name](Z)
    return Z, A


def targets(trainer: Trainer, y: Any, coding: str) -> Array:
    """Y (m, n_out) by the book."""
    data = trainer.data
    if data.task == "regression":
        return np.asarray((y - data.target_mean) / data.target_scale, np.float64)
    hot = y[:, None] == (np.arange(1, 2) if data.task == "binary" else np.arange(len(data.class_names)))
    return np.where(hot, 1.0, 0.0 if coding == "zero_one" else -1.0)


def coding(trainer: Trainer, loss: str) -> str:
    """The coding in which a loss is read, by the contract."""
    lane = trainer.lanes[0].settings
    if lane.network.target_coding != "auto":
        return lane.network.target_coding
    logs = ("binary_cross_entropy", "categorical_cross_entropy", "focal", "poisson", "kl_divergence")
    signed = loss in ("hinge", "squared_hinge") or (loss not in logs and trainer.lanes[0].activations[-1] == "tanh")
    return "plus_minus_one" if signed else "zero_one"


def classes(trainer: Trainer, A: Array) -> Array:
    """The class that each row of outputs stands for."""
    middle = 0.5 if coding(trainer, trainer.lanes[0].objective.name) == "zero_one" else 0.0
    return A.argmax(axis=1) if A.shape[1] > 1 else (A[:, 0] > middle).astype(int)


def ask(trainer: Trainer, question: Any) -> Any:
    return trainer.snapshot(0, Wanted(questions=(question,))).answers[question]


def findings(trainer: Trainer, network: int | None = None) -> dict[str, Finding]:
    question = AskFindings("A")
    answer = trainer.snapshot(0, Wanted(questions=(question,), replica=network)).answers[question]
    return {finding.name: finding for finding in answer.findings}


# Why a lane stopped

_REASON = re.compile(
    r"(?P<cause>.+): sample (?P<sample>\d+)(?:, output (?P<unit>\d+),)? has output (?P<exactly>exactly )?(?P<a>\S+) "
    r"and target (?P<y>\S+)"
)


def number(text: str) -> float:
    return float(text.replace(words.MINUS, "-").replace(",", ""))


def check_reason(trainer: Trainer, network: int, stopped: str) -> None:
    """The sample, its output and its target are as the reason says, and the cause follows from the two."""
    match = _REASON.fullmatch(stopped)
    if match is None:
        assert stopped.startswith("overflow: ")
        return
    loss = trainer.lanes[0].objective.name
    row, unit = int(match["sample"]) - 1, int(match["unit"] or 1) - 1
    _, A = forward(trainer, trainer.data.X_train, network)
    Y = targets(trainer, trainer.data.y_train, coding(trainer, loss))
    assert (match["unit"] is None) == (Y.shape[1] == 1)
    a, y = A[row, unit], Y[row, unit]
    assert number(match["a"]) == pytest.approx(a, rel=1e-3, abs=1e-12)
    assert number(match["y"]) == pytest.approx(y, rel=1e-3, abs=1e-12)
    complement = loss in ("binary_cross_entropy", "focal")
    if match["exactly"]:
        assert number(match["a"]) == a
    causes = {
        "log of a negative output": a < 0.0,
        "log of 1 \u2212 a for an output above 1": a > 1.0 and complement,
        "0 log 0": a == y and (a == 0.0 or (a == 1.0 and complement)),
        "log of 0": a != y and (a == 0.0 or (a == 1.0 and complement)),
        "y log y of a negative target": y < 0.0 and loss == "kl_divergence",
        "no finite gradient": True,
    }
    assert causes[match["cause"]], stopped


@FEW
@given(trainers(lanes=1))
def test_a_lane_stopped_for_the_reason_that_is_given(trainer: Trainer) -> None:
    for network, replica in enumerate(trainer.lanes[0].replicas):
        if replica.stopped:
            check_reason(trainer, network, replica.stopped)


@pytest.mark.parametrize("numerics", ["naive", "clamped", "fused"])
@pytest.mark.parametrize("output", ["linear", "exp", "relu", "tanh", "softmax"])
@pytest.mark.parametrize(
    "loss", ["binary_cross_entropy", "categorical_cross_entropy", "focal", "poisson", "kl_divergence"]
)
def test_every_log_loss_stops_for_a_true_reason(loss: str, output: str, numerics: str) -> None:
    for coded, batch in (("auto", 0), ("plus_minus_one", 5)):
        trainer = trainer_of(
            data__dataset="blobs", data__samples=40, network__hidden=(), network__output=output, loss__objective=loss,
            loss__numerics=numerics, network__target_coding=coded, optimizer__learning_rate=30.0,
            optimizer__batch_size=batch,
        )  # fmt: skip
        trainer.run(8)
        if trainer.lanes[0].stopped:
            check_reason(trainer, 0, trainer.lanes[0].stopped)


def test_softmax_names_the_output_that_has_no_logarithm() -> None:
    """z = (800, 0): for class 2 the log of its own output is missing, which spoils dZ of both outputs."""
    trainer = trainer_of(
        data__dataset="blobs", data__samples=20, data__classes=2, data__test_fraction=0.0, data__task="multiclass",
        network__hidden=(), network__output="softmax", loss__objective="categorical_cross_entropy",
        loss__numerics="naive",
    )  # fmt: skip
    trainer.set_parameters({"W1": np.zeros((2, 2)), "b1": np.array([800.0, 0.0])})
    first = int(np.flatnonzero(trainer.data.y_train == 1)[0])
    before = int(np.flatnonzero(trainer.data.y_train == 0)[0])
    assert not trainer.step()
    if before < first:
        expected = f"0 log 0: sample {before + 1}, output 2, has output exactly 0 and target 0"
    else:
        expected = f"log of 0: sample {first + 1}, output 2, has output exactly 0 and target 1"
    assert trainer.lanes[0].stopped == expected


def test_a_negative_target_of_kl_divergence_is_the_reason() -> None:
    trainer = trainer_of(
        data__dataset="one_point", network__hidden=(), network__output="exp", loss__objective="kl_divergence",
        network__target_coding="plus_minus_one",
    )  # fmt: skip
    trainer.set_parameters({"W1": np.array([[1.0]]), "b1": np.array([0.0])})
    assert not trainer.step()
    assert trainer.lanes[0].stopped == ("y log y of a negative target: sample 1 has output 2.718 and target \u22121")


def test_the_sample_named_is_one_of_the_batch() -> None:
    """Two samples have no logarithm; the one of the first batch stops the run, though it comes later."""
    trainer = trainer_of(
        data__dataset="moons", data__samples=20, data__test_fraction=0.0, network__hidden=(), loss__numerics="naive",
        network__output="linear", network__target_coding="zero_one", optimizer__batch_size=1,
    )  # fmt: skip
    trainer.set_parameters({"W1": np.zeros((1, 2)), "b1": np.array([-1.0])})  # every output is -1
    used: list[int] = []
    next_batch = trainer._next_batch().X
    used = [i for i, x in enumerate(trainer.data.X_train) if np.array_equal(x, next_batch[:-1, 0])]
    assert not trainer.step() and used != [0]
    assert f": sample {used[0] + 1} has output \u22121" in trainer.lanes[0].stopped


# Which class is meant


def test_the_largest_output_is_the_class_where_outputs_are_no_probabilities() -> None:
    trainer = trainer_of(
        data__dataset="blobs", data__samples=30, network__hidden=(), network__output="linear", loss__objective="mse"
    )
    trainer.set_parameters({"W1": np.zeros((3, 2)), "b1": np.array([-1.0, -0.9, -1.1])})
    surface = trainer.snapshot(0, Wanted((SurfaceRequest("A", (0, 1), (-1.0, 1.0), (-1.0, 1.0), 4),))).surfaces[0]
    assert isinstance(surface, MulticlassSurface) and not surface.probable
    assert (surface.values.argmax(axis=2) == 1).all() and (surface.values.max(axis=2) > 0.35).all()


@FEW
@given(trainers(lanes=1, datasets=("blobs", "moons")))
def test_a_picture_shows_the_class_that_is_predicted(trainer: Trainer) -> None:
    request = SurfaceRequest("A", (0, 1), (-2.0, 2.0), (-2.0, 2.0), 5)
    surface: Any = trainer.snapshot(0, Wanted((request,), replica=0)).surfaces[0]
    data = trainer.data
    for part, X, y in (("train", data.X_train, data.y_train), ("test", data.X_test, data.y_test)):
        _, A = forward(trainer, X)
        clear = np.isfinite(A).all(axis=1) & (_ahead(trainer, A) > 1e-6)
        wrong = surface.wrong[part == "test"]
        np.testing.assert_array_equal(wrong[clear], (classes(trainer, A) != y)[clear])
    grid = np.stack(np.meshgrid(surface.x, surface.y), axis=-1).reshape(-1, 2)
    _, A = forward(trainer, (grid - data.mean) / data.scale)
    clear = np.isfinite(A).all(axis=1) & (np.abs(A).max(axis=1) < 1e6) & (_ahead(trainer, A) > 1e-3)
    if A.shape[1] > 1:
        shown = surface.values.reshape(len(grid), -1).argmax(axis=1)
    else:
        shown = surface.values.ravel() > surface.level
    clear &= np.isfinite(surface.values).reshape(len(grid), -1).all(axis=1)  # float32 overflows earlier
    np.testing.assert_array_equal(shown[clear], classes(trainer, A)[clear])


def _ahead(trainer: Trainer, A: Array) -> Array:
    """By how much an output decides for its class, relative to its size."""
    if A.shape[1] == 1:
        middle = 0.5 if coding(trainer, trainer.lanes[0].objective.name) == "zero_one" else 0.0
        return np.abs(A[:, 0] - middle)
    with np.errstate(all="ignore"):
        ordered = np.sort(A, axis=1)
        return (ordered[:, -1] - ordered[:, -2]) / np.maximum(1.0, np.abs(ordered).max(axis=1))


# One sample


@FEW
@given(trainers(lanes=1))
def test_a_sample_has_the_class_and_the_prediction_that_are_told(trainer: Trainer) -> None:
    data = trainer.data
    for part, index in (("train", 3), ("test", 5)):
        answer = ask(
            trainer, FollowSample("A", part, index, "mae" if trainer.lanes[0].objective.name != "mae" else "mse")
        )
        X, y = (data.X_train, data.y_train) if part == "train" else (data.X_test, data.y_test)
        Z, A = forward(trainer, X[index : index + 1])
        if not np.isfinite(A).all() or _near(trainer, A) or np.abs(A).max() > 1e6:
            continue
        if data.task == "regression":
            assert number(answer.target.removeprefix("target ")) == pytest.approx(float(y[index, 0]), rel=6e-3)
            told = float(A[0, 0] * data.target_scale[0] + data.target_mean[0])
            assert number(answer.prediction) == pytest.approx(told, rel=6e-3, abs=1e-9)
        else:
            assert answer.target == f"class {data.class_names[y[index]]}"
            assert answer.prediction == f"class {data.class_names[int(classes(trainer, A)[0])]}"
        for way in answer.back:
            loss = LOSSES[way.loss].tuned(trainer.lanes[0].settings.loss.parameters)
            Y = targets(trainer, y[index : index + 1], coding(trainer, way.loss))
            np.testing.assert_array_equal(way.target, Y[0])
            numerics, output = trainer.lanes[0].settings.loss.numerics, trainer.lanes[0].activations[-1]
            with np.errstate(all="ignore"):
                value, dZ = loss.value_and_delta(Z, Y, output, numerics)
            if np.isfinite(value).all() and abs(way.value) < 1e9:
                assert way.value == pytest.approx(float(value[0]), rel=1e-6, abs=1e-9)
                np.testing.assert_allclose(way.dZ[-1], dZ[0], rtol=1e-6, atol=1e-9)


def _near(trainer: Trainer, A: Array) -> bool:
    return trainer.data.task != "regression" and bool(_ahead(trainer, A)[0] < 1e-9)


# The signal


@FEW
@given(trainers(lanes=1))
def test_the_signal_counts_and_compares_what_is_there(trainer: Trainer) -> None:
    own = trainer.lanes[0].objective.name
    other = "mse" if own != "mse" else "huber"
    answer = ask(trainer, AskSignals("A", (other,), True))
    data, summary = trainer.data, answer.summary
    Z, A = forward(trainer, data.X_train)
    if (
        not np.isfinite(A).all()
        or np.abs(Z).max() > 1e3
        or (data.task != "regression" and (_ahead(trainer, A) < 1e-9).any())
    ):
        return
    text, m = sentence(summary, answer.setup), len(A)
    signals, bad = [], []
    for name in (own, other):
        loss = LOSSES[name].tuned(trainer.lanes[0].settings.loss.parameters)
        Y = targets(trainer, data.y_train, coding(trainer, name))
        with np.errstate(all="ignore"):
            values, dZ = loss.value_and_delta(
                Z, Y, trainer.lanes[0].activations[-1], trainer.lanes[0].settings.loss.numerics
            )
        signals.append(np.abs(dZ))
        bad.append(~(np.isfinite(values) & np.isfinite(dZ).all(axis=1)))
    if answer.setup.kind == "unit":
        return  # the loss of the true class's own unit only
    if answer.setup.kind == "residual":
        assert summary.undefined == tuple(int(b.sum()) for b in bad)
    if any(b.any() for b in bad):
        count = next(int(b.sum()) for b in bad if b.any())
        if f"{count} of {m} samples get" not in text and f"{count} of {m} samples gets" not in text:
            assert answer.setup.kind != "residual"
        return
    assert not any(summary.undefined)
    if data.task == "regression":
        count = max(1, A.size // 10)
        residuals = (A - targets(trainer, data.y_train, "zero_one")).ravel()
        far = np.argsort(-np.abs(residuals), kind="stable")[:count]
        for found, signal in zip(summary.focused, signals, strict=True):
            total = signal.sum()
            share = signal.ravel()[far].sum() / total if total else float("nan")
            assert found == pytest.approx(share, rel=1e-4, abs=1e-7, nan_ok=True)
        return
    true = np.arange(m), data.y_train if A.shape[1] > 1 else np.zeros(m, int)
    missed = classes(trainer, A) != data.y_train
    assert summary.wrong == missed.sum()
    if not missed.any():
        assert text.startswith(f"All {m} samples are right: ")
    elif summary.confident:
        assert text.startswith(f"{summary.confident} of {m} samples {'is' if summary.confident == 1 else 'are'} confid")
    else:
        assert text.startswith(f"{summary.wrong} of {m} samples {'is' if summary.wrong == 1 else 'are'} wrong, none")
    if not summary.confident:
        mask = missed if missed.any() else np.ones(m, bool)
        means = [float(signal[true][mask].mean()) for signal in signals]
        assert summary.focused == pytest.approx(means, rel=1e-4, abs=1e-12)
        weak, strong = sorted(means)
        labels = [LOSSES[name].label_within() for name in (own, other)]
        if strong > 1e-9 and weak / strong < 0.94:
            less, more = labels if means[0] < means[1] else labels[::-1]
            of = "" if not missed.any() else "for it, " if missed.sum() == 1 else "for these, "
            assert f": {of}{less} sends back " in text and text.endswith(f" of what {more} does.")
            told = text.split(f"{less} sends back ")[1].split(" of what")[0]
            assert (0.0 if told == "nothing" else number(told)) == pytest.approx(weak / strong, rel=0.06)


def test_undefined_signals_are_counted_by_sample() -> None:
    """Two targets: a sample whose two outputs both have no logarithm is one sample."""
    summary = Summary(56, (1.0,), (1.0,), (28,), 0, 0, 5, (0.5,), 28)
    setup = ask(trainer_of(data__dataset="sine", data__samples=40), AskSignals("A", ())).setup
    assert sentence(summary, setup) == "28 of 28 samples get no finite loss or signal from mean squared error."


def test_two_targets_of_one_sample_are_one_sample(tmp_path: Path) -> None:
    rows = "\n".join(f"{i / 10},{i},{-i}" for i in range(20))
    (tmp_path / "two.csv").write_text(f"x,p,q\n{rows}\n", encoding="utf-8")
    (tmp_path / "two.toml").write_text(
        '[data]\nfile = "two.csv"\ntarget = ["p", "q"]\ntask = "regression"\ntest_fraction = 0.0\n', encoding="utf-8"
    )
    trainer = Trainer(Experiment.load(tmp_path / "two.toml"))
    summary = ask(trainer, AskSignals("A", ("binary_cross_entropy",), True)).summary
    _, A = forward(trainer, trainer.data.X_train)
    outside = ((A <= 0.0) | (A >= 1.0)).any(axis=1)
    assert summary.undefined == (0, int(outside.sum())) and 0 < outside.sum() <= 20 < 2 * outside.sum()
    assert (summary.count, summary.samples) == (40, 20)


def test_a_loss_that_sends_nothing_back_does_not_hide_what_the_other_sends() -> None:
    trainer = trainer_of(data__dataset="sine", data__samples=40)
    setup, alone = (ask(trainer, AskSignals("A", others)).setup for others in (("hinge",), ()))
    summary = Summary(28, (0.1, 0.0), (0.2, 0.0), (0, 0), 0, 0, 2, (0.25, float("nan")), 28)
    text = "The 2 largest of 28 residuals make up 25\u2009% of the signal with mean squared error; "
    assert sentence(summary, setup) == f"{text}hinge sends nothing back."
    summary = Summary(28, (0.0, 0.0), (0.0, 0.0), (0, 0), 0, 0, 2, (float("nan"),) * 2, 28)
    assert sentence(summary, setup) == "No signal is left."
    single = Summary(9, (0.1,), (0.2,), (0,), 0, 0, 1, (0.25,), 9)
    assert (
        sentence(single, alone)
        == "The largest of 9 residuals makes up 25\u2009% of the signal with mean squared error."
    )


def test_no_mistake_is_confident_where_no_output_is_near_certain() -> None:
    trainer = trainer_of(
        data__dataset="blobs", data__samples=30, network__hidden=(), network__output="linear", loss__objective="mse"
    )
    trainer.set_parameters({"W1": np.zeros((3, 2)), "b1": np.array([-1.0, -0.9, -1.1])})
    summary = ask(trainer, AskSignals("A", ())).summary
    assert summary.wrong == (trainer.data.y_train != 1).sum() > 0 == summary.confident
    trainer.set_parameters({"W1": np.zeros((3, 2)), "b1": np.array([0.0, 0.95, 0.0])})
    summary = ask(trainer, AskSignals("A", ())).summary
    assert summary.confident == summary.wrong == (trainer.data.y_train != 1).sum()


# Read-outs at an epoch


@FEW
@given(trainers(lanes=1))
def test_an_epoch_pointed_at_is_read_from_the_history(trainer: Trainer) -> None:
    for network in (None, 0):
        lane = trainer.lanes[0]
        for epoch in (0, trainer.epoch // 2, trainer.epoch):
            wanted = Wanted(curves=CurveRequest(3, pointed=epoch), replica=network)  # three pixels lose most epochs
            for curve in trainer.snapshot(0, wanted).curves:
                column, history = curve.column, lane.history
                if network is not None and lane.replica_history is not None:
                    column, history = f"{column}#0", lane.replica_history
                rows = [row.values[column] for row in history.rows() if row.epoch == epoch and column in row.values]
                assert curve.reading is not None and curve.reading.asked == epoch
                if rows:
                    assert curve.reading.epoch == epoch
                    assert curve.reading.value == pytest.approx(rows[0], rel=0, abs=0, nan_ok=True)


def test_every_epoch_of_a_jumping_curve_is_read_as_it_was() -> None:
    trainer = trainer_of(
        data__dataset="gaussians", data__samples=60, optimizer__batch_size=5, optimizer__learning_rate=0.9
    )
    trainer.run(300)
    rows = {row.epoch: row.values["train_cost"] for row in trainer.history().rows()}
    read = {}
    for epoch in range(0, 301, 3):
        curves = trainer.snapshot(0, Wanted(curves=CurveRequest(100, pointed=epoch))).curves
        reading = next(
            curve.reading for curve in curves if curve.name == "binary_cross_entropy" and curve.part == "train"
        )
        assert reading is not None
        read[epoch] = reading.value
    assert read == {epoch: rows[epoch] for epoch in read} and np.ptp(list(read.values())) > 0.01


# The loss that changes, the sum


@pytest.mark.parametrize("output", ["auto", "sigmoid"])
def test_a_change_of_the_objective_to_hinge_changes_no_prediction(output: str) -> None:
    trainer = trainer_of(loss__monitors=("binary_cross_entropy",), network__output=output)
    trainer.run(100)
    before, request = trainer.readings(trainer.lanes[0]), SurfaceRequest("A", (0, 1), (-2.0, 3.0), (-2.0, 2.0), 9)
    drawn: Any = trainer.snapshot(0, Wanted((request,))).surfaces[0]
    trainer.edit({"loss.objective": "hinge"})
    after, now = trainer.readings(trainer.lanes[0]), trainer.snapshot(0, Wanted((request,))).surfaces[0]
    if output == "sigmoid":
        assert after["train_accuracy"] <= before["train_accuracy"]  # every output is above 0: the finding says so
        assert after["train_binary_cross_entropy"] == pytest.approx(before["train_binary_cross_entropy"], rel=1e-12)
        assert "margin_out_of_reach" in findings(trainer)
        return
    assert trainer.lanes[0].activations[-1] == "linear"
    assert after["train_accuracy"] == before["train_accuracy"] > 0.8
    np.testing.assert_array_equal(now.edge > 0.0, drawn.edge > 0.0)  # type: ignore[attr-defined]
    assert not after["train_binary_cross_entropy"] < 0.0


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "categorical_cross_entropy", "focal", "kl_divergence"])
def test_a_log_loss_takes_0_and_1_whatever_the_output(loss: str) -> None:
    for output in ACTIVATIONS:
        for task in ("moons", "blobs"):
            trainer = trainer_of(data__dataset=task, data__samples=30, network__output=output, loss__objective=loss)
            assert trainer.lanes[0].coding == "zero_one" == trainer.lanes[0].codings[loss]


def test_a_sum_is_called_a_sum() -> None:
    assert texts.reduced("mse", "sum") == "Squared error (sum)"  # "mean" would contradict it
    assert texts.reduced("mae", "sum", within=True) == "absolute error (sum)"
    for name in LOSSES:
        assert "mean" not in texts.reduced(name, "sum").lower()
    assert texts.reduced("kl_divergence", "sum", within=True) == "KL divergence (sum)"
    assert texts.reduced("cost", "sum") == "cost (sum)"
    for reduction in ("mean", "element_mean"):
        assert texts.reduced("mse", reduction, within=True) == "mean squared error"
    assert texts.reduced("accuracy", "sum") == "Accuracy"
    trainer = trainer_of(data__samples=40, loss__reduction="sum")
    assert trainer.snapshot().lanes[0].reduction == "sum"


@pytest.mark.parametrize("update", [30, 33])
@pytest.mark.parametrize(
    ("key", "value"),
    [("network.hidden", (8, 3)), ("network.activation", "relu"), ("network.output", "tanh"), ("optimizer.l2", 0.1),
     ("network.target_coding", "plus_minus_one"), ("loss.objective", "mse"), ("loss.reduction", "sum"),
     ("loss.numerics", "naive"), ("loss.positive_weight", 3.0)],
)  # fmt: skip
def test_after_an_edit_while_paused_the_readings_are_of_the_present_network(key: str, value: Any, update: int) -> None:
    trainer = Trainer(Experiment().with_values({"optimizer.batch_size": 50}), watched=True)
    trainer.advance(lambda: True, update)
    trainer.snapshot()
    trainer.edit({key: value})
    state, lane = trainer.snapshot().lanes[0], trainer.lanes[0]
    Z, _ = forward(trainer, trainer.data.X_train)
    Y = targets(trainer, trainer.data.y_train, coding(trainer, lane.objective.name))
    loss = LOSSES[lane.objective.name].tuned(lane.settings.loss.parameters)
    with np.errstate(all="ignore"):
        values, _ = loss.value_and_delta(Z, Y, lane.activations[-1], lane.settings.loss.numerics)
    own = values.sum() if lane.settings.loss.reduction == "sum" else values.mean()
    W = np.concatenate([v.ravel() for k, v in trainer.parameters().items() if k[0] == "W"])
    cost = own + 0.5 * lane.settings.optimizer.l2 * (W @ W)
    assert state.readings["train_cost"] == pytest.approx(cost, rel=1e-9, nan_ok=True)
    assert state.readings[f"train_{lane.objective.name}"] == pytest.approx(own, rel=1e-9, nan_ok=True)


# Equations


@pytest.mark.parametrize("columns", [False, True])
@pytest.mark.parametrize("name", ["X", "Y", "R", "Z", "A", "W", "b", "dZ", "dA", "dW", "db"])
def test_a_note_says_what_is_left_out_of_an_array_and_nothing_else(name: str, columns: bool) -> None:
    for samples, hidden in ((40, 4), (600, 250)):
        trainer = trainer_of(data__samples=samples, network__hidden=(hidden,))
        for layer in (0, 1, 2):
            shown = ask(trainer, AskNumbers("A", name, layer, columns)).shown
            if shown is None:
                continue
            if len(shown.shape) == 1:
                whole, kept = shown.shape[0], shown.values.size
                expected = "" if whole == kept else f"The first {kept} of {whole} values are shown."
            else:
                parts = [
                    f"{kept} of {whole} {what}"
                    for kept, whole, what in zip(shown.values.shape, shown.shape, ("rows", "columns"), strict=True)
                    if kept < whole
                ]
                expected = f"The first {' and '.join(parts)} are shown." if parts else ""
            assert shown.note == expected
            assert bool(expected) == (max(shown.shape) > 200)


# Findings


def test_what_cross_entropy_would_send_through_tanh() -> None:
    """By z, for p = (1 + a) / 2: |p - y| times the 2 in tanh z = 2 sigmoid(2 z) - 1."""
    trainer = trainer_of(
        data__dataset="moons", data__samples=60, network__hidden=(), network__output="tanh", loss__objective="mse"
    )
    trainer.set_parameters({"W1": np.zeros((1, 2)), "b1": np.array([3.8])})
    _, A = forward(trainer, trainer.data.X_train)
    wrong = trainer.data.y_train == 0
    p = (1.0 + A[wrong, 0]) / 2.0
    sent = np.abs(2.0 * (A[wrong, 0] + 1.0) * (1.0 - A[wrong, 0] ** 2))
    counted, m, _, sends, would = numbers(findings(trainer)["confident_mistakes"].evidence)
    assert (counted, m) == (wrong.sum(), len(A))
    assert sends == pytest.approx(sent.mean(), rel=6e-3)
    assert would == pytest.approx((2.0 * p).mean(), rel=6e-3) and would > 1.99


def test_whether_units_were_flat_at_the_start_is_asked_of_the_picked_network() -> None:
    trainer = trainer_of(
        data__samples=40, network__hidden=(3,), network__seed=7, network__initializer="normal",
        network__initializer_scale=4.0, run__replicas=2,
    )  # fmt: skip
    for replica in trainer.lanes[0].replicas:
        replica.theta[:9] *= 1e4  # the first layer: flat everywhere now
    assert _flat_at_start(trainer, 0) < 0.3 and _flat_at_start(trainer, 1) > 0.7
    assert "not flat at the start" in findings(trainer, 0)["saturated"].meaning
    assert "not flat at the start" not in findings(trainer, 1)["saturated"].meaning


def _flat_at_start(trainer: Trainer, number: int) -> float:
    settings = trainer.lanes[0].settings.network
    rng = np.random.default_rng(settings.seed + number)
    W = settings.initializer_scale * INITIALIZERS["normal"]().draw(rng, 3, 2)
    return float((1.0 - np.tanh(trainer.data.X_train @ W.T) ** 2 < 0.01).mean())


def layers(trainer: Trainer) -> list[tuple[str, Array, Array]]:
    """The activation, Z and A of each layer of the first network, by the book."""
    replica = trainer.lanes[0].replicas[0]
    parameters, A, found = replica.parameters(), trainer.data.X_train, []
    with np.errstate(all="ignore"):
        for l, name in enumerate(replica.activations, start=1):
            Z = A @ parameters[f"W{l}"].T + parameters[f"b{l}"]
            A = _FORWARD[name](Z)
            found.append((name, Z, A))
    return found


def dead_units(trainer: Trainer) -> str:
    """The sentence about units that are 0 for every training sample."""
    parts, units_in_all = [], 0
    for l, (name, Z, _) in enumerate(layers(trainer), start=1):
        dead = [str(unit) for unit, z in enumerate(Z.T, start=1) if name == "relu" and (z <= 0.0).all()]
        place = "the output layer" if l == len(trainer.lanes[0].sizes) - 1 else f"hidden layer {l}"
        if dead:
            listed = "units " + " and ".join([", ".join(dead[:-1]), dead[-1]]) if dead[1:] else f"unit {dead[0]}"
            everyone = len(dead) == Z.shape[1] > 1
            parts.append(f"{f'all {len(dead)} units' if everyone else listed} of {place}")
            units_in_all += len(dead)
    sentence = f"{' and '.join(parts)} {'are' if units_in_all > 1 else 'is'} 0 for all 28 training samples."
    return sentence[0].upper() + sentence[1:]


def flat_shares(trainer: Trainer) -> list[float]:
    """The per cent of samples and units of each layer at which a sigmoid or tanh has a slope below 0.01."""
    slopes = {"sigmoid": lambda a: a * (1.0 - a), "tanh": lambda a: 1.0 - a * a}
    return [100.0 * float((slopes[name](A) < 0.01).mean()) for name, _, A in layers(trainer) if name in slopes]


@settings(max_examples=100)
@given(trainers(lanes=1))
def test_the_numbers_of_findings_are_those_of_the_network(trainer: Trainer) -> None:
    found = findings(trainer, 0)
    data, lane = trainer.data, trainer.lanes[0]
    _, A = forward(trainer, data.X_train)
    Y = targets(trainer, data.y_train, coding(trainer, lane.objective.name))
    if not np.isfinite(A).all():
        return
    low, high = ACTIVATIONS[lane.activations[-1]].limits
    for name, finding in found.items():
        told = numbers(finding.evidence)
        if name == "out_of_reach":
            assert told[-4:-2] == [int(((low > Y) | (high < Y)).sum()), Y.size]
            assert told[-2:] == pytest.approx([Y.min(), Y.max()], rel=6e-3)
        elif name == "one_sided":
            own = A[Y.min() == Y]
            assert told[0] == pytest.approx(Y.min(), rel=6e-3)
            assert any(value == pytest.approx(own.mean(), rel=6e-3, abs=1e-9) for value in told[1:])
            if data.task != "regression":
                assert told[1:3] == [own.size, Y.size]
        elif name == "dead_units":
            assert finding.evidence == dead_units(trainer)
        elif name == "equal_units":
            W = trainer.lanes[0].replicas[0].parameters()
            assert any(np.ptp(W[f"W{l}"], axis=0).max() < 1e-9 for l in range(1, len(W) // 2)), finding.evidence
        elif name == "saturated":
            (share,) = re.findall(r"for >?\s?([\d.]+)\s%", finding.evidence)
            assert any(flat == pytest.approx(float(share), abs=1.01) for flat in flat_shares(trainer))
        elif name == "confident_mistakes":
            span = 1.0 if coding(trainer, lane.objective.name) == "zero_one" else 2.0
            assert told[:2] == [(np.abs(A - Y).max(axis=1) > 0.95 * span).sum(), len(A)]
        elif name == "overfitting" and not lane.has_replicas:
            rows = [row.values for row in lane.history.rows()]
            test = [row[f"test_{lane.objective.name}"] for row in rows]
            now = [rows[-1][f"{part}_{lane.objective.name}"] for part in ("test", "train")]
            assert told[1:] == pytest.approx([min(test), *now], rel=6e-3)
            assert now[0] > min(test) and now[1] < rows[int(told[0])][f"train_{lane.objective.name}"]
        elif name == "opposite":
            assert told[0] > told[1] and told[2] != told[3]
            assert ("rose" in finding.evidence) == (told[3] > told[2])
        elif name == "majority":
            assert told[0] == pytest.approx(100.0 * (classes(trainer, A) == data.y_train).mean(), abs=0.06)
            assert told[1] == pytest.approx(100.0 * np.bincount(data.y_train).max() / len(A), abs=0.06)
        elif name == "targets_outside":
            assert told[1] == Y.size and told[-2:] == pytest.approx([Y.min(), Y.max()], rel=6e-3)
            assert told[0] in ((Y < 0.0).sum(), (Y > 1.0).sum(), ((Y < 0.0) | (Y > 1.0)).sum())
        elif name == "diverging":
            costs = [row.values["train_cost"] for row in lane.history.rows()]
            if not lane.has_replicas:
                assert min(costs) * 0.99 <= told[0] < told[1] <= max(costs) * 1.01


# Words


def test_a_share_is_all_or_nothing_only_if_it_is() -> None:
    assert words.share(1.0) == "100.0\u2009%" and words.share(0.0) == "0.0\u2009%"
    assert words.share(0.9996) == ">\u200999.9\u2009%" and words.share(0.9994) == "99.9\u2009%"
    assert words.share(0.0004) == "<\u20090.1\u2009%" and words.share(0.996, 0) == ">\u200999\u2009%"
    assert words.share(0.99996, 2) == ">\u200999.99\u2009%"
    assert words.share(sum([0.1] * 10)) == "100.0\u2009%"  # 1 but for the rounding of the sum
    for m in (28, 210, 3_000, 1_000_000):
        for right in (1, m // 3, m - 1):
            for decimals in (0, 1, 2):
                text = words.share(right / m, decimals)
                told = number(text.removesuffix("\u2009%").lstrip("<>\u2009"))
                exact = 100.0 * right / m
                if text[0] == ">":
                    assert told < exact < 100.0
                elif text[0] == "<":
                    assert 0.0 < exact < told
                else:
                    assert told == pytest.approx(exact, abs=0.5000001 * 10.0**-decimals) and 0.0 < told < 100.0


def test_small_costs_have_three_digits() -> None:
    told = {
        0.00123456: "0.00123", 0.0098765: "0.00988", 8.7123e-4: "8.71e\u22124", 0.0123: "0.0123", 0.0999996: "0.1000",
        123.456: "123.46", 12.0: "12.0000", 123456.0: "1.2e5",
    }  # fmt: skip
    for value, text in told.items():
        assert words.cost(value) == text
        assert len(text) <= 7
    for value in (-0.00123456, -8.7123e-6, 1.2345e-12, 0.009999999):
        assert len(words.cost(value)) <= 7
        assert number(words.cost(value)) == pytest.approx(value, rel=0.05)


@pytest.mark.parametrize("registry", [LOSSES, METRICS, ACTIVATIONS, OPTIMIZERS, INITIALIZERS])
def test_a_label_within_a_sentence_keeps_its_proper_names(registry: dict[str, Any]) -> None:
    proper = (
        "Huber",
        "Poisson",
        "Nesterov",
        "Adam",
        "Adagrad",
        "RMSProp",
        "Xavier",
        "He ",
        "KL",
        "ReLU",
        "ELU",
        "GELU",
        "SiLU",
        "R",
    )
    for kind in registry.values():
        within = kind.label_within()
        expected = kind.label if kind.label.startswith(proper) else kind.label[0].lower() + kind.label[1:]
        assert within == expected
        if registry in (LOSSES, METRICS):
            noun = " loss" if registry is LOSSES and not within.endswith(("error", "entropy", "divergence")) else ""
            assert texts.column_words(f"test_{kind.name}") == f"Test {within}{noun}"


# Cases: ordinary files that went wrong


def case(name: str, epochs: int | None = None) -> Trainer:
    trainer = Trainer(Experiment.load(CASES / f"{name}.toml"))
    trainer.run(epochs)
    return trainer


def test_clamped_poisson_clips_no_rate_from_above() -> None:
    """PyTorch's poisson_nll_loss clips nothing from above: a = 2, y = 2 and a = 3.2, y = 5."""
    Z, Y = np.log([[2.0], [3.2]]), np.array([[2.0], [5.0]])
    values, dZ = LOSSES["poisson"]().value_and_delta(Z, Y, "exp", "clamped")
    np.testing.assert_allclose(values, [0.61370563, -2.61575406], atol=1e-7)
    np.testing.assert_allclose(dZ[:, 0], [0.0, -1.8], atol=1e-7)
    trainer = case("clamped_poisson")
    assert trainer.readings(trainer.lanes[0])["test_r2"] == pytest.approx(0.79, abs=0.01)
    assert not findings(trainer)


def test_a_loss_for_several_classes_with_one_output_is_found() -> None:
    finding = findings(case("cce_sigmoid_plain", 100))["one_sided"]
    assert "categorical cross-entropy is never above 0" in finding.evidence and "only rise" in finding.meaning
    assert finding.control is not None and finding.control.value == "binary_cross_entropy"


def test_an_l1_penalty_brings_weights_close_to_0_and_is_said_to() -> None:
    trainer = case("l1")
    W = np.concatenate([v.ravel() for k, v in trainer.parameters().items() if k[0] == "W"])
    assert (W != 0.0).all() and (np.abs(W) < 0.01).sum() >= 20
    assert "close to 0" in SETTINGS["optimizer.l1"].summary and "vanish" not in SETTINGS["optimizer.l1"].summary


def test_prices_are_learned_in_their_own_unit() -> None:
    trainer = case("prices")
    data = trainer.data
    X = np.column_stack((data.X_train, np.ones(len(data.X_train))))
    y = data.y_train[:, 0]
    residual = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    assert 1.0 - residual.var() / y.var() == pytest.approx(0.9988, abs=5e-4)
    assert data.standardizes_target and trainer.readings(trainer.lanes[0])["train_r2"] > 0.95
    answer = ask(trainer, FollowSample("A", "train", 0, "mae"))
    assert answer.target == f"target {y[0]:,.0f}"
    assert number(answer.prediction) == pytest.approx(y[0], rel=0.5) and number(answer.prediction) > 1e4


def test_every_rate_of_the_prices_is_finite_and_the_best_is_good() -> None:
    trainer = case("prices_rates", 400)
    scores = {lane.name: trainer.readings(lane)["test_r2"] for lane in trainer.lanes}
    assert not any(lane.stopped for lane in trainer.lanes)
    assert max(scores.values()) > 0.99


def test_line_breaks_in_names_are_blanks() -> None:
    trainer = case("newline_class", 1)
    data = trainer.data
    assert (data.inputs, data.target_names, data.class_names) == (
        ("first feature", "x2"),
        ("the target",),
        ("b", "class A"),
    )
    assert ask(trainer, FollowSample("A", "train", int(data.y_train.argmax()), "mse")).target == "class class A"
    named = trainer.experiment.with_values({"data.target": "the\ntarget", "data.features": ("first\nfeature",)})
    assert Trainer(named).data.inputs == ("first feature",)
