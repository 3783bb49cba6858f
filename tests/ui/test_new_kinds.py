"""A loss, activation and optimiser that the window has never seen: chosen, trained, and looked at in every lens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.experiment import Experiment
from sandbox.ui.lens.whatif import WhatIfLens
from tests.toys import TOY_LOSSES, ToyArctan, ToyCauchy, ToyFading, ToyRamp, ToyTwice, registered


@pytest.fixture(autouse=True)
def toys() -> Iterator[None]:
    with registered():
        yield


def lens_of(driver: Any, kind: type) -> Any:
    return next(lens for lens in driver.window.lenses.lenses if isinstance(lens, kind))


@pytest.mark.parametrize("loss", [kind.name for kind in TOY_LOSSES])
def test_every_lens_shows_a_new_loss_activation_and_optimiser(loss: str, open_window: Callable[..., Any]) -> None:
    values = {
        "loss.objective": loss, "network.activation": (ToyArctan.name, ToyRamp.name), "optimizer.name": ToyTwice.name,
        "loss.monitors": tuple(kind.name for kind in TOY_LOSSES if kind.name != loss), "optimizer.learning_rate": 0.01,
    }  # fmt: skip
    driver = open_window(Experiment().with_values(values))
    driver.play(updates=20)
    driver.pause()
    for index, lens in enumerate(driver.window.lenses.lenses):
        driver.click(driver.window.lenses.tabs.button(index))
        assert lens.isVisible()
        driver.settle()
        assert not any(error for _, error in driver.messages), driver.messages
    assert driver.session.playing is False and driver.last.update >= 20
    assert {kind.name for kind in TOY_LOSSES} <= set(lens_of(driver, WhatIfLens).model.order)
    assert driver.last.lanes[0].objective == loss


def test_new_kinds_are_chosen_in_the_panels_like_others(driver: Any) -> None:
    driver.choose(driver.control("loss.objective"), ToyFading.label)
    driver.wait(lambda: driver.field("loss.objective") == ToyFading.name)
    driver.choose(driver.control("optimizer.name"), ToyTwice.label)
    driver.wait(lambda: driver.field("optimizer.name") == ToyTwice.name)
    driver.tick(driver.control("loss.monitors"), ToyCauchy.label)
    driver.wait(lambda: ToyCauchy.name in driver.field("loss.monitors"))
    driver.play(updates=5)
    driver.pause()
    names = {curve.name for curve in driver.last.curves}
    assert {ToyFading.name, ToyCauchy.name} <= names
    assert not any(error for _, error in driver.messages), driver.messages
