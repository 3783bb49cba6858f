"""Initialisers: the weights a layer starts from; biases start at 0.

Each sets the spread of independent draws, most by the layer's numbers of inputs and outputs.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sandbox.nn.kind import Kind


class Initializer(Kind):
    """Draws the weights of one layer."""

    def draw(self, rng: np.random.Generator, n_out: int, n_in: int) -> NDArray[np.float64]:
        """Draw W of shape (n_out, n_in)."""
        raise NotImplementedError


class XavierNormal(Initializer):
    name = "xavier_normal"
    label = "Xavier normal"
    has_proper_name = True
    summary = "Normal, variance 2 / (inputs + outputs): keeps tanh and sigmoid layers in their steep range."

    def draw(self, rng: np.random.Generator, n_out: int, n_in: int) -> NDArray[np.float64]:
        return rng.normal(0.0, math.sqrt(2.0 / (n_in + n_out)), (n_out, n_in))


class XavierUniform(Initializer):
    name = "xavier_uniform"
    label = "Xavier uniform"
    has_proper_name = True
    summary = "Uniform with the variance of Xavier normal."

    def draw(self, rng: np.random.Generator, n_out: int, n_in: int) -> NDArray[np.float64]:
        bound = math.sqrt(6.0 / (n_in + n_out))
        return rng.uniform(-bound, bound, (n_out, n_in))


class HeNormal(Initializer):
    name = "he_normal"
    label = "He normal"
    has_proper_name = True
    summary = "Normal, variance 2 / inputs: makes up for the half that ReLU drops."

    def draw(self, rng: np.random.Generator, n_out: int, n_in: int) -> NDArray[np.float64]:
        return rng.normal(0.0, math.sqrt(2.0 / n_in), (n_out, n_in))


class HeUniform(Initializer):
    name = "he_uniform"
    label = "He uniform"
    has_proper_name = True
    summary = "Uniform with the variance of He normal."

    def draw(self, rng: np.random.Generator, n_out: int, n_in: int) -> NDArray[np.float64]:
        bound = math.sqrt(6.0 / n_in)
        return rng.uniform(-bound, bound, (n_out, n_in))


class Normal(Initializer):
    name = "normal"
    label = "Normal"
    summary = "Standard normal whatever the size of the layer: saturates wide layers."

    def draw(self, rng: np.random.Generator, n_out: int, n_in: int) -> NDArray[np.float64]:
        return rng.normal(0.0, 1.0, (n_out, n_in))


class Uniform(Initializer):
    name = "uniform"
    label = "Uniform"
    summary = "Uniform between -1 and 1 whatever the size of the layer."

    def draw(self, rng: np.random.Generator, n_out: int, n_in: int) -> NDArray[np.float64]:
        return rng.uniform(-1.0, 1.0, (n_out, n_in))


class Zeros(Initializer):
    name = "zeros"
    label = "Zeros"
    summary = "All weights 0: every unit of a layer then learns the same thing."

    def draw(self, rng: np.random.Generator, n_out: int, n_in: int) -> NDArray[np.float64]:
        return np.zeros((n_out, n_in))


INITIALIZERS: dict[str, type[Initializer]] = {
    kind.name: kind for kind in (XavierNormal, XavierUniform, HeNormal, HeUniform, Normal, Uniform, Zeros)
}
