"""The changes that findings offer, and the words that they share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sandbox import words
from sandbox.arrays import Array
from sandbox.experiment.document import texts
from sandbox.experiment.document.defaults import OUTPUTS, objective_for, output_for
from sandbox.experiment.document.parts import LossSettings, NetworkSettings
from sandbox.experiment.document.settings import Value
from sandbox.experiment.lens.findings.report import Control
from sandbox.experiment.training.probe import LaneProbe
from sandbox.nn import ACTIVATIONS, LOSSES, OPTIMIZERS, Activation
from sandbox.nn.activations import Linear

AFTER = "After a change, Reset starts over."
_LISTED = 6  # most units named one by one
_ITERATIONS = 12  # enough for one digit of a curvature


# Changes


def set_to(key: str, value: Value, shown: str) -> Control:
    """Return a control for a setting, with the value as it reads in a sentence."""
    return Control(key, value, f"Set {texts.setting_within(key)} to {shown}")


def one_digit(value: float) -> float:
    """Round a positive number to one significant digit."""
    return float(f"{value:.0e}")


def slower(probe: LaneProbe) -> Control:
    """Return a control for a tenth of the learning rate, or less if the initial weights ask for it; to one digit.

    With a learning rate above 2 / c, where c is the largest curvature of the cost, gradient descent leaves a valley
    instead of descending into it; half of that leaves room for a curvature that grows. Methods that rescale their
    steps have no such limit.
    """
    optimizer = probe.lane.settings.optimizer
    rate = 0.1 * optimizer.learning_rate
    if not OPTIMIZERS[optimizer.name].rescales:
        rate = min(rate, 1.0 / max(_curvature(probe.at_start(probe.replica)), 1e-12))
    rate = max(one_digit(rate), 1e-12)
    return set_to("optimizer.learning_rate", rate, words.number(rate))


def _curvature(start: LaneProbe) -> float:
    """Return about the largest curvature of the cost at a probe's parameters: by power iteration, 0 if not finite."""
    network = start.network
    theta, gradient = network.theta.copy(), start.gradient()
    step = float(np.finfo(theta.dtype).eps) ** (1 / 3) * max(1.0, float(np.linalg.norm(theta)))
    curvature, direction = 0.0, gradient
    for _ in range(_ITERATIONS):
        length = float(np.linalg.norm(direction))
        if not 0.0 < length < np.inf:
            break
        ahead, behind = (_gradient_at(start, theta + side * (step / length) * direction) for side in (1.0, -1.0))
        direction = (ahead - behind) / (2.0 * step)
        curvature = float(np.linalg.norm(direction))
    return curvature if np.isfinite(curvature) else 0.0


def _gradient_at(start: LaneProbe, theta: Array) -> Array:
    """Return the gradient (P,) of the cost without penalties, at other parameters of the probe's network."""
    network, loss = start.network, start.objective
    network.theta[...] = theta
    done = network.forward(start.samples.X)
    dZ = loss.dZ(done.Z[-1], done.A[-1], start.targets(loss), start.output, start.numerics)
    network.backward(done, dZ * start.factor)
    return network.grad.copy()


def learn_with(name: str) -> Control:
    """Return a control for another objective."""
    return Control("loss.objective", name, f"Learn with {LOSSES[name].label_within()}")


def usual_objective(probe: LaneProbe) -> str:
    """Return the objective that suits the task."""
    return objective_for(LossSettings(), probe.data.task)


def use_output(name: str) -> Control:
    """Return a control for another output activation."""
    return set_to("network.output", name, ACTIVATIONS[name].label)


def usual_output(probe: LaneProbe) -> str:
    """Return the output activation that suits the task and the objective."""
    return output_for(NetworkSettings(), probe.lane.settings.loss, probe.data.task)


def use_optimizer(name: str) -> Control:
    """Return a control for another optimiser."""
    return Control("optimizer.name", name, f"Use {OPTIMIZERS[name].label_within()}")


def unbounded_output() -> Control:
    """Return a control for an output that can be any number."""
    return use_output(OUTPUTS["regression"])


def unsaturated(probe: LaneProbe) -> Control:
    """Replace saturating activations by the first nonlinear one that does not saturate."""
    return _activation(probe, lambda g: g.saturates, lambda g: not g.saturates)


def undying(probe: LaneProbe) -> Control:
    """Replace activations with dying units by the first nonlinear one that always has a slope."""
    return _activation(probe, lambda g: g.dies, lambda g: not (g.saturates or g.dies))


def _activation(
    probe: LaneProbe, old: Callable[[type[Activation]], bool], new: Callable[[type[Activation]], bool]
) -> Control:
    """Return a control for another activation in place of the old ones, layer by layer if each has its own."""
    nonlinear = (kind for kind in ACTIVATIONS.values() if kind.elementwise and not kind.has_slope_of(Linear))
    name = next(kind.name for kind in nonlinear if new(kind))
    given = probe.lane.settings.network.activation
    value = name if isinstance(given, str) else tuple(name if old(ACTIVATIONS[layer]) else layer for layer in given)
    return set_to("network.activation", value, ACTIVATIONS[name].label)


def heavy_penalty(probe: LaneProbe) -> Control | None:
    """Return a control that drops the penalty if it holds the weights down: if it outweighs half of the cost's slope.

    At rest, or nearly so, the gradient of the loss only balances that of the penalty.
    """
    optimizer = probe.lane.settings.optimizer
    if not (optimizer.l1 or optimizer.l2):
        return None
    pull = float(np.linalg.norm(probe.penalty_gradient()))
    if pull < 0.5 * float(np.linalg.norm(probe.gradient(penalty=False) * probe.network.weights)):
        return None
    name = "l2" if optimizer.l2 else "l1"
    return set_to(f"optimizer.{name}", 0.0, "0")


# Words


def sentence(text: str) -> str:
    """Return a text as a sentence: with a capital and a full stop."""
    return words.capital(text).rstrip(".") + "."


def samples(count: int, m: int) -> str:
    """Return "12 of 210 samples"."""
    return f"{count:,} of {words.count(m, 'sample')}"


def all_samples(m: int) -> str:
    """Return "all 210 training samples"."""
    return f"all {m:,} training samples" if m > 1 else "the only training sample"


def unit_list(units: list[int], all_units: int) -> str:
    """Return "unit 3", "units 1, 2 and 5", "12 of 64 units (1, 2, 4, 5, 7, 8, ...)"."""
    if len(units) == 1:
        return f"unit {units[0]}"
    if len(units) == all_units:
        return f"all {all_units} units"
    listed = ", ".join(map(str, units[:_LISTED]))
    if len(units) > _LISTED:
        return f"{len(units)} of {all_units} units ({listed}, ...)"
    return f"units {words.listed(map(str, units))}"
