"""A network in plain numpy that learns: tanh units, a linear output, half the squared error, Adam or descent."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SETTINGS: dict[str, Any] = {
    "data.samples": 40,
    "network.activation": "tanh",
    "network.output": "linear",
    "network.target_coding": "zero_one",
    "loss.objective": "half_mse",
    "optimizer.learning_rate": 0.05,
}


class ByHand:
    """One network.

    `parts` are W1, b1, W2, ..., which can be changed between two updates; `frozen` says of an array which numbers stay.
    """

    def __init__(self, parts: dict[str, Array], X: Array, y: Array, rate: float, adam: bool = False) -> None:
        self.parts = {name: np.array(value, float) for name, value in parts.items()}
        self.X, self.Y, self.rate, self.adam = X, y.reshape(len(y), -1).astype(float), rate, adam
        self.frozen: dict[str, NDArray[np.bool_]] = {}
        self.forget()

    def forget(self) -> None:
        """Start the optimiser anew."""
        self.count = 0
        self.memory = {name: (np.zeros_like(P), np.zeros_like(P)) for name, P in self.parts.items()}

    def gradients(self) -> dict[str, Array]:
        L, parts, A = len(self.parts) // 2, self.parts, [self.X]
        for l in range(1, L + 1):
            Z = A[-1] @ parts[f"W{l}"].T + parts[f"b{l}"]
            A.append(Z if l == L else np.tanh(Z))
        dZ, found = (A[-1] - self.Y) / len(self.X), {}
        for l in range(L, 0, -1):
            found[f"W{l}"], found[f"b{l}"] = dZ.T @ A[l - 1], dZ.sum(axis=0)
            dZ = dZ @ parts[f"W{l}"] * (1.0 - A[l - 1] ** 2)
        return found

    def updates(self, number: int) -> None:
        for _ in range(number):
            self.count += 1
            for name, g in self.gradients().items():
                step, (m, v) = g, self.memory[name]
                moves = ~self.frozen[name] if name in self.frozen else np.ones(g.shape, bool)
                if self.adam:
                    m[moves] = (0.9 * m + 0.1 * g)[moves]
                    v[moves] = (0.999 * v + 0.001 * g**2)[moves]
                    step = m / (1 - 0.9**self.count) / (np.sqrt(v / (1 - 0.999**self.count)) + 1e-8)
                self.parts[name][moves] -= self.rate * step[moves]

    def agrees(self, parts: dict[str, Array]) -> None:
        assert parts.keys() == self.parts.keys()
        for name, value in parts.items():
            np.testing.assert_allclose(value, self.parts[name], rtol=1e-7, atol=1e-9, err_msg=name)
