"""Published numbers, compared with what this installation computes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sandbox.arrays import Floats
from sandbox.data import Data, load_data
from sandbox.experiment import Experiment, Trainer

FLOWER = "Flower, course 1 week 3"
FLOWER_COSTS = (0.693048, 0.288083, 0.254385, 0.233864, 0.226792, 0.222644, 0.219731, 0.217504)
FLOWER_ACCURACIES = (67.5, 67.25, 90.75, 90.5, 91.25)  # percent, with 1 to 5 hidden units

NEURON = "Saturating neuron"
NEURON_OUTPUTS: dict[tuple[float, float], dict[int, float]] = {
    (0.6, 0.9): {0: 0.817574, 50: 0.387010, 300: 0.093956},
    (2.0, 2.0): {0: 0.982014, 150: 0.933417, 300: 0.202848},
}

HE = "He initialisation, course 2 week 1"
HE_COSTS = (
    0.8830537463419761, 0.6879825919728063, 0.6751286264523371, 0.6526117768893805, 0.6082958970572938,
    0.5304944491717495, 0.4138645817071794, 0.3117803464844441, 0.23696215330322556, 0.18597287209206834,
    0.15015556280371808, 0.12325079292273551, 0.09917746546525937, 0.08457055954024283, 0.07357895962677366,
)  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """A published number and this installation's: `ok` if they differ by at most `tolerance`."""

    what: str
    published: float
    here: float
    tolerance: float

    @property
    def ok(self) -> bool:
        return abs(self.here - self.published) <= self.tolerance  # False for nan


def rows() -> Iterator[Comparison]:
    """Yield every comparison, each as soon as it is computed."""
    yield from flower_data()
    yield from flower_costs()
    yield from flower_accuracies()
    yield from saturating_neuron()
    yield from he_costs()


def flower_data() -> Iterator[Comparison]:
    """Compare the planar data of deeplearning.ai, "Neural Networks and Deep Learning", week 3 (legacy seed 1)."""
    X = _flower().X_train
    for name, published, value in zip(("x1", "x2"), (1.20444229, 3.57611415), X[0], strict=True):
        yield Comparison(f"{FLOWER}: {name} of the first point", published, float(value), 5e-9)
    yield Comparison(f"{FLOWER}: sum of all coordinates", 10.087983277, float(X.sum()), 5e-10)


def flower_costs() -> Iterator[Comparison]:
    """Compare the costs printed in that exercise: 4 tanh units, learning rate 1.2, 0.01 * randn after seed 2."""
    trainer = _flower_trainer(4, every=1000)
    for k, published in enumerate(FLOWER_COSTS):
        yield Comparison(f"{FLOWER}: cost after {1000 * k}", published, _cost_after(trainer, 1000 * k), 5e-6)


def flower_accuracies() -> Iterator[Comparison]:
    """Compare the accuracies printed there after 5000 iterations, in percent; one sample of the 400 is 0.25."""
    for units, published in enumerate(FLOWER_ACCURACIES, start=1):
        trainer = _flower_trainer(units, every=5000)
        trainer.run(5000)
        accuracy = 100.0 * trainer.readings(trainer.lanes[0])["train_accuracy"]
        yield Comparison(f"{FLOWER}: accuracy in %, hidden units: {units}", published, accuracy, 1e-9)


def _flower() -> Data:
    return load_data(dataset="flower", test_fraction=0.0, standardize=False)


def _flower_trainer(units: int, every: int) -> Trainer:
    experiment = Experiment().with_values(
        {
            "data.dataset": "flower",
            "data.test_fraction": 0.0,
            "data.standardize": False,
            "network.hidden": (units,),
            "optimizer.learning_rate": 1.2,
        }
    )
    trainer = Trainer(experiment, _flower(), every)
    trainer.set_parameters(_drawn(np.random.RandomState(2), (2, units, 1), (0.01, 0.01)))
    return trainer


def saturating_neuron() -> Iterator[Comparison]:
    """Compare one neuron that must learn 0 for x = 1: Nielsen, "Neural Networks and Deep Learning", chapter 3."""
    experiment = Experiment().with_values(
        {
            "data.dataset": "one_point",
            "network.hidden": (),
            "loss.objective": "half_mse",
            "loss.monitors": ("mae",),  # the target is 0, so this is the output
            "optimizer.learning_rate": 0.15,
        }
    )
    for (w, b), outputs in NEURON_OUTPUTS.items():
        trainer = Trainer(experiment, every=10_000)
        trainer.set_parameters({"W1": np.array([[w]]), "b1": np.array([b])})
        for epoch, published in outputs.items():
            trainer.run(epoch - trainer.epoch)
            output = trainer.readings(trainer.lanes[0])["train_mae"]
            yield Comparison(f"{NEURON}, w = {w:g}, b = {b:g}: output after {epoch}", published, output, 5e-7)


def he_costs() -> Iterator[Comparison]:
    """Compare the costs printed in deeplearning.ai, "Improving Deep Neural Networks", week 1, with He's weights.

    300 points on two noisy circles, 2-10-5-1 with ReLU and sigmoid, learning rate 0.01, randn after seed 3.
    """
    X, y = _course_circles()
    experiment = Experiment().with_values(
        {
            "data.dataset": "circles",
            "data.test_fraction": 0.0,
            "data.standardize": False,
            "network.hidden": (10, 5),
            "network.activation": "relu",
            "optimizer.learning_rate": 0.01,
        }
    )
    circles = load_data(dataset="circles", samples=len(X), test_fraction=0.0, standardize=False)
    data = dataclasses.replace(circles, X_train=X, y_train=y, inputs_train=X)
    trainer = Trainer(experiment, data, every=1000)
    scales = (np.sqrt(2.0 / 2), np.sqrt(2.0 / 10), np.sqrt(2.0 / 5))
    trainer.set_parameters(_drawn(np.random.RandomState(3), (2, 10, 5, 1), scales))
    for k, published in enumerate(HE_COSTS):
        # only rounding may differ, between processors and libraries
        yield Comparison(f"{HE}: cost after {1000 * k}", published, _cost_after(trainer, 1000 * k), 1e-9)


def _course_circles() -> tuple[Floats, NDArray[np.int64]]:
    """Return the 300 points of that exercise, as scikit-learn's make_circles(300, noise=.05) draws them.

    Legacy seed 1; outer circle, then inner circle of radius 0.8; shuffled; noise added.
    """
    rng = np.random.RandomState(1)
    angle = np.linspace(0.0, 2.0 * np.pi, 150, endpoint=False)
    outer = np.column_stack((np.cos(angle), np.sin(angle)))
    order = np.arange(300)
    rng.shuffle(order)
    X = np.concatenate((outer, 0.8 * outer))[order] + rng.normal(scale=0.05, size=(300, 2))
    return X, np.repeat(np.arange(2), 150)[order]


def _drawn(rng: np.random.RandomState, sizes: tuple[int, ...], scales: tuple[float, ...]) -> Mapping[str, Floats]:
    """Draw standard normal weights, layer by layer, times their scales; biases are 0."""
    parameters: dict[str, Floats] = {}
    for l, scale in enumerate(scales, start=1):
        parameters[f"W{l}"] = rng.randn(sizes[l], sizes[l - 1]) * scale
        parameters[f"b{l}"] = np.zeros(sizes[l])
    return parameters


def _cost_after(trainer: Trainer, epoch: int) -> float:
    trainer.run(epoch - trainer.epoch)
    return trainer.readings(trainer.lanes[0])["train_cost"]
