"""Initial weights typed in the window: the neuron that is wrong and sure of it, without a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QDialogButtonBox

from sandbox.errors import InputError
from sandbox.experiment import Experiment, Trainer
from sandbox.nn.network import layer_views

NEURON = {"data.dataset": "one_point", "network.hidden": (), "network.output": "sigmoid"}
OK, CANCEL = QDialogButtonBox.StandardButton.Ok, QDialogButtonBox.StandardButton.Cancel


def open_table(driver: Any) -> Any:
    """Click on the button behind "More", and return the dialog."""
    button = driver.control("network.initial")
    driver.click(button)
    driver.wait(lambda: button.dialog is not None and button.dialog.isVisible())
    return button.dialog


def test_the_saturated_neuron_is_typed(open_window: Callable[..., Any]) -> None:
    """w = b = 2 at x = 1, target 0: the output is sigmoid(4), and squared error sends back almost nothing."""
    driver = open_window(Experiment().with_values({**NEURON, "loss.objective": "mse"}))
    dialog = open_table(driver)
    (table,) = dialog.tables
    assert [table.horizontalHeaderItem(k).text() for k in range(2)] == ["x1", "bias"]
    for column in (0, 1):
        table.item(0, column).setText("2")
    driver.click(dialog.buttons.button(OK))
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    driver.settle()
    assert driver.field("network.initial") == (2.0, 2.0)
    weights = driver.weights()
    assert weights["W1"].tolist() == [[2.0]] and weights["b1"].tolist() == [2.0]
    assert driver.control("network.initial").text() == "typed (2)\u2026"
    driver.activate()
    driver.undo()
    driver.wait_drawn(lambda snapshot: snapshot.run == 0)
    assert driver.field("network.initial") == ()


def test_numbers_that_are_not_edited_stay_exact(driver: Any) -> None:
    before = driver.weights()
    dialog = open_table(driver)
    assert [table.rowCount() for table in dialog.tables] == [6, 4, 1]
    dialog.tables[0].item(2, 1).setText("\u22120,25")  # as shown elsewhere, and with a decimal comma
    driver.click(dialog.buttons.button(OK))
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    driver.settle()
    after = driver.weights()
    before["W1"][2, 1] = -0.25
    assert all(np.array_equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("text", ["", "two", "nan", "1e7"])
def test_a_cell_that_is_no_number_is_refused_in_the_dialog(driver: Any, text: str) -> None:
    dialog = open_table(driver)
    dialog.tables[1].item(3, 0).setText(text)
    driver.click(dialog.buttons.button(OK))
    assert dialog.isVisible() and dialog.problem.isVisible()
    assert "1,000,000" in dialog.problem.text()
    driver.click(dialog.buttons.button(CANCEL))
    assert driver.settle().run == 0


def test_typed_weights_are_drawn_again_with_another_seed(open_window: Callable[..., Any]) -> None:
    driver = open_window(Experiment().with_values({**NEURON, "network.initial": (2.0, 2.0)}))
    driver.click(driver.window.controls.new_weights)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    assert driver.field("network.initial") == ()
    dialog = open_table(driver)
    driver.click(dialog.draw)  # nothing to change
    assert driver.settle().run == 1


def test_layers_that_were_changed_are_drawn_at_the_next_reset(open_window: Callable[..., Any]) -> None:
    driver = open_window(Experiment().with_values({**NEURON, "network.initial": (2.0, 2.0)}))
    driver.play(updates=3)
    driver.pause()
    driver.session.change("network.hidden", (3,), True)
    driver.wait_drawn(lambda snapshot: snapshot.lanes[0].sizes == (1, 3, 1))
    driver.click(driver.window.controls.reset)
    driver.wait_drawn(lambda snapshot: snapshot.run == 1)
    assert driver.field("network.initial") == () and "no longer fit the layers" in driver.messages[-1][0]


def test_initial_weights_in_a_file_start_every_network_unit_by_unit() -> None:
    numbers = tuple(float(k) / 10.0 for k in range(13))
    text = f"[data]\nsamples = 40\n[network]\nhidden = [3]\ninitial = {list(numbers)}\n[run]\nreplicas = 2\n"
    experiment = Experiment.loads(text)
    assert Experiment.loads(experiment.dumps()) == experiment
    trainer = Trainer(experiment)
    parameters = trainer.parameters()
    np.testing.assert_array_equal(parameters["W1"][0], [0.0, 0.1])  # x1 and x2 of the first unit, then its bias
    assert parameters["b1"][0] == 0.2 and parameters["W2"].shape == (1, 3) and parameters["b2"].tolist() == [1.2]
    for replica in trainer.lanes[0].replicas:
        np.testing.assert_array_equal(replica.theta, numbers)
    W, _ = layer_views(np.array(numbers), (2, 3, 1))
    np.testing.assert_array_equal(W[0], parameters["W1"])
    probe = trainer.probe("A")
    assert probe is not None
    trainer.run(2)
    np.testing.assert_array_equal(probe.at_start(trainer.lanes[0].replicas[0]).replica.theta, numbers)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("initial = [1.0]", ["network.initial has 1 number", "2 - 6 - 4 - 1", "51"]),
        ('initial = [1.0]\nweights = "w.npz"', ["network.initial and network.weights are both given"]),
        ('initial = ["a"]', ["entry 1 of network.initial is", "from -1,000,000 to 1,000,000"]),
        ("initial = 3", ["network.initial is 3", "a list of 0 to 2,000 numbers"]),
    ],
)
def test_initial_weights_that_cannot_be_used_are_refused(text: str, parts: list[str]) -> None:
    with pytest.raises(InputError) as error:
        Trainer(Experiment.loads(f"[network]\n{text}\n"))
    assert all(part in str(error.value) for part in parts), str(error.value)
