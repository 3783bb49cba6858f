"""Training without a window, against PyTorch and scikit-learn on the same work.

Ours shuffles each epoch, trains its batches and records the history of every epoch: cost and accuracy over all
samples. PyTorch shuffles and trains alike in float32; it records only where a row says so.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.training.trainer import load_experiment_data
from tests.benchmarks.machine import missing
from tests.benchmarks.table import Effort, Row, at_least, skipped
from tests.benchmarks.timing import Work, in_turn, rate

Array = NDArray[Any]

_RATE = 0.1  # learning rate at which nothing saturates or overflows in the time measured


def planar(hidden: tuple[int, ...], batch: int) -> Experiment:
    """Return the experiment 2-...-1, tanh and sigmoid, on 250 samples; batch 0 is all of them."""
    return Experiment().with_values(
        {
            "data.dataset": "moons",
            "data.samples": 250,
            "data.test_fraction": 0.0,
            "network.hidden": hidden,
            "optimizer.batch_size": batch,
            "optimizer.learning_rate": _RATE,
        }
    )


def digits(batch: int) -> Experiment:
    """Return the experiment 64-128-10, relu and softmax, in float32 on all digits; batch 0 is all of them."""
    return Experiment().with_values(
        {
            "data.dataset": "digits",
            "data.test_fraction": 0.0,
            "network.hidden": (128,),
            "network.activation": "relu",
            "optimizer.batch_size": batch,
            "optimizer.learning_rate": _RATE,
            "run.precision": "float32",
        }
    )


def ours(experiment: Experiment, updates: int) -> Work:
    """Return training by whole epochs, about `updates` updates at once."""
    trainer = Trainer(experiment)
    samples, batch = len(trainer.data.X_train), experiment.optimizer.batch_size
    epochs = max(1, updates // (-(-samples // batch) if batch else 1))

    def work() -> int:
        before = trainer.update
        trainer.run(epochs)
        return trainer.update - before

    return work


def pytorch(experiment: Experiment, epochs: int, record: bool = False) -> Work:
    """Return the same work in PyTorch: eager, float32, one thread; `record` adds every epoch's cost and accuracy."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(0)
    X_array, y_array = _samples(experiment)
    X = torch.tensor(X_array, dtype=torch.float32)
    classes = int(y_array.max()) + 1
    hidden, batch = experiment.network.hidden, experiment.optimizer.batch_size
    loss: Any = nn.BCEWithLogitsLoss() if classes == 2 else nn.CrossEntropyLoss()
    Y = torch.tensor(y_array[:, None], dtype=torch.float32) if classes == 2 else torch.tensor(y_array)
    activation = {"tanh": nn.Tanh, "relu": nn.ReLU}[str(experiment.network.activation)]
    sizes = (X.shape[1], *hidden, 1 if classes == 2 else classes)
    layers: list[Any] = []
    for n_in, n_out in pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), activation()]
    net = nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(net.parameters(), lr=_RATE)
    history: list[tuple[float, float]] = []

    def reading(output: Any, cost: Any) -> tuple[float, float]:
        correct = (output > 0) == (Y > 0.5) if classes == 2 else output.argmax(1) == Y
        return cost.item(), correct.float().mean().item()

    def update(inputs: Any, targets: Any) -> tuple[Any, Any]:
        optimizer.zero_grad()
        output = net(inputs)
        cost = loss(output, targets)
        cost.backward()
        optimizer.step()
        return output, cost

    def full() -> int:
        for _ in range(epochs):
            output, cost = update(X, Y)
            if record:
                history.append(reading(output.detach(), cost))
        return epochs

    def shuffled() -> int:
        updates = 0
        for _ in range(epochs):
            if record:
                with torch.no_grad():
                    output = net(X)
                    history.append(reading(output, loss(output, Y)))
            order = torch.randperm(len(X))
            inputs, targets = X[order], Y[order]
            for start in range(0, len(X), batch):
                update(inputs[start : start + batch], targets[start : start + batch])
                updates += 1
        return updates

    return shuffled if batch else full


def partial_fit(experiment: Experiment, whole_epochs: bool) -> Work:
    """Return the same work in scikit-learn: one call per batch, or one per epoch that batches by itself."""
    from sklearn.neural_network import MLPClassifier  # type: ignore[import-untyped]

    X, y = _samples(experiment)
    batch = experiment.optimizer.batch_size or len(X)
    model = MLPClassifier(
        experiment.network.hidden,
        activation="tanh",
        solver="sgd",
        alpha=0.0,
        batch_size=batch,
        learning_rate_init=_RATE,
        momentum=0.0,
        nesterovs_momentum=False,
        random_state=0,
    )
    model.partial_fit(X, y, classes=np.unique(y))
    rng = np.random.default_rng(0)

    def batches() -> Iterator[tuple[Array, Array]]:
        order = rng.permutation(len(X)) if batch < len(X) else slice(None)
        inputs, targets = X[order], y[order]
        for start in range(0, len(X), batch):
            yield inputs[start : start + batch], targets[start : start + batch]

    def work() -> int:
        if whole_epochs:
            model.partial_fit(X, y)
            return len(X) // batch
        updates = 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for inputs, targets in batches():
                model.partial_fit(inputs, targets)
                updates += 1
        return updates

    return work


def _samples(experiment: Experiment) -> tuple[Array, Array]:
    data = load_experiment_data(experiment)
    return np.array(data.X_train), np.array(data.y_train)


# The rows

SMALL, WHOLE = "2-4-2-1, batch 10, float64", "2-8-8-1, all 250 samples, float64"


def against_pytorch(what: str, experiment: Experiment, epochs: int, wanted: float | None, effort: Effort) -> list[Row]:
    """Return the row of one experiment against PyTorch, and the row if PyTorch records too."""
    our_training = ours(experiment, updates=50)
    reason = missing("torch") if effort.compared else "not compared"
    if reason is not None:
        return [
            Row(what, f"{rate(our_training, effort.seconds):,.0f} updates/s"),
            skipped(f"{what}: against PyTorch", reason),
        ]
    rates = in_turn(our_training, pytorch(experiment, epochs), effort)
    if wanted is None:
        return [Row(f"{what}: updates/s against PyTorch", f"{rates.ratio:.3g} times ({rates.note})")]
    recorded = in_turn(our_training, pytorch(experiment, epochs, record=True), effort)
    return [
        at_least(f"{what}: updates/s against PyTorch", rates.ratio, wanted, rates.note),
        Row("... that records the same history", f"{recorded.ratio:.3g} times ({recorded.note})"),
    ]


def small(effort: Effort) -> list[Row]:
    """Mini-batches of 10."""
    return against_pytorch(SMALL, planar((4, 2), 10), epochs=2, wanted=8.0, effort=effort)


def whole(effort: Effort) -> list[Row]:
    """All samples in one batch."""
    return against_pytorch(WHOLE, planar((8, 8), 0), epochs=20, wanted=3.0, effort=effort)


def sklearn(effort: Effort) -> list[Row]:
    """Small and whole against partial_fit."""
    reason = missing("sklearn") if effort.compared else "not compared"
    if reason is not None:
        return [skipped("against scikit-learn's partial_fit", reason)]
    rows = []
    for what, experiment in ((SMALL, planar((4, 2), 10)), (WHOLE, planar((8, 8), 0))):
        our_training = ours(experiment, updates=50)
        rates = in_turn(our_training, partial_fit(experiment, whole_epochs=False), effort)
        rows.append(at_least(f"{what}: updates/s against partial_fit", rates.ratio, 15.0, rates.note))
        if experiment.optimizer.batch_size:
            rates = in_turn(our_training, partial_fit(experiment, whole_epochs=True), effort)
            rows.append(Row("... called once an epoch", f"{rates.ratio:.3g} times ({rates.note})"))
    return rows


def large(effort: Effort) -> list[Row]:
    """The digits."""
    return [
        *against_pytorch("64-128-10, all 1797 digits, float32", digits(0), epochs=5, wanted=1.0, effort=effort),
        *against_pytorch("64-128-10, digits, batch 64, float32", digits(64), epochs=1, wanted=None, effort=effort),
    ]
