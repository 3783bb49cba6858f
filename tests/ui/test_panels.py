"""The panels: what they show of an experiment, and what they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget

from sandbox.data import DATASETS, Data, load_data
from sandbox.experiment.document.experiment import Experiment
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.document.settings import SETTINGS
from sandbox.nn import LOSSES, OPTIMIZERS
from sandbox.ui import kit, theme
from sandbox.ui.panels import (
    Change,
    DataPanel,
    LossPanel,
    NetworkPanel,
    OptimizerPanel,
    Panel,
    PanelColumn,
)
from sandbox.ui.panels.weights import WeightsButton

PANELS = {"data": DataPanel, "network": NetworkPanel, "loss": LossPanel, "optimizer": OptimizerPanel}
OF_ANOTHER_SECTION = {"network": {"run.replicas"}}
WITHOUT_A_CONTROL = {  # opened, drawn, or set in the network's picture
    "data.file",
    "data.points",
    "data.test_points",
    "data.scaling",
    "network.weights",
    "network.frozen",
}


@pytest.fixture(autouse=True, scope="module")
def light_theme(qapp: QApplication) -> None:
    theme.apply(qapp, theme.LIGHT)


@pytest.fixture
def make_panel(qtbot: Any) -> Any:
    """Make the panel of a kind, discarded after the test."""

    def make(kind: str) -> Panel:
        panel = PANELS[kind]()
        qtbot.addWidget(panel)
        return panel

    return make


@pytest.fixture
def open_panel(qtbot: Any, make_panel: Any) -> Iterator[Any]:
    """Show a panel with an experiment, with every row that applies if `more`."""
    panels: list[QWidget] = []

    def show(kind: str, experiment: Experiment, more: bool = False) -> Panel:
        panel = make_panel(kind)
        panels.append(panel)
        panel.show_settings(experiment, data_of(experiment), None)
        with qtbot.waitExposed(panel):
            panel.show()
        if more:
            qtbot.mouseClick(panel.more, Qt.MouseButton.LeftButton)
        return panel

    yield show
    panels.clear()


@cache
def built_in(name: str) -> Data:
    return load_data(dataset=name)


def data_of(experiment: Experiment) -> Data:
    assert experiment.data.dataset is not None
    return built_in(experiment.data.dataset)


def changes(panel: Panel) -> list[Change]:
    emitted: list[Change] = []
    panel.changed.connect(emitted.append)
    return emitted


def shown_keys(panel: Panel) -> set[str]:
    return {key for key, row in panel.rows.items() if not row.isHidden()}


def type_into(qtbot: Any, edit: QWidget, text: str) -> None:
    edit.setFocus()
    edit.selectAll()  # type: ignore[attr-defined]
    qtbot.keyClicks(edit, text)
    qtbot.keyClick(edit, Qt.Key.Key_Return)


@pytest.mark.parametrize("kind", PANELS)
def test_every_setting_has_a_row_with_its_summary(make_panel: Any, kind: str) -> None:
    panel = make_panel(kind)
    keys = {key for key in SETTINGS if key.startswith(f"{kind}.")} | OF_ANOTHER_SECTION.get(kind, set())
    assert set(panel.rows) == keys - WITHOUT_A_CONTROL
    for key, row in panel.rows.items():
        assert row.control.toolTip() == SETTINGS[key].summary
        assert row.control.accessibleName() == row.label.text() != ""


@pytest.mark.parametrize("name", DATASETS)
def test_showing_an_experiment_shows_its_values_and_asks_for_nothing(make_panel: Any, name: str) -> None:
    experiment = Experiment().with_value("data.dataset", name)
    for panel in map(make_panel, PANELS):
        emitted = changes(panel)
        panel.show_settings(experiment, None, None)
        panel.show_settings(experiment, built_in(name), None)
        assert emitted == []
        for key in shown_keys(panel) - {"data.features"}:
            assert panel.controls[key].value() == experiment.get(key), key


@pytest.mark.parametrize("kind", PANELS)
def test_every_control_asks_for_a_valid_change(qtbot: Any, open_panel: Any, kind: str) -> None:
    experiment = Experiment().with_values(
        {
            "optimizer.batch_size": 10,
            "loss.monitors": ("huber", "quantile", "focal"),
            "data.dataset": "imbalanced",
        }
    )
    panel = open_panel(kind, experiment, more=True)
    emitted = changes(panel)
    for key in sorted(shown_keys(panel)):
        before = len(emitted)
        use(qtbot, panel.controls[key])
        assert len(emitted) > before, key
        assert {change.key for change in emitted[before:]} == {key}
        assert emitted[-1].final
        changed = experiment.with_value(key, emitted[-1].value)
        assert changed != experiment, key


def use(qtbot: Any, control: QWidget) -> None:
    """Change a control as a person does."""
    match control:
        case kit.MultiChoice():
            qtbot.keyClick(control, Qt.Key.Key_Down)
            popup = QApplication.activePopupWidget()
            assert popup is not None
            box = popup.focusWidget()
            assert box is not None
            qtbot.keyClick(box, Qt.Key.Key_Space)
            qtbot.keyClick(popup, Qt.Key.Key_Escape)
        case kit.Choice():
            key = Qt.Key.Key_Down if control.currentIndex() == 0 else Qt.Key.Key_Up
            qtbot.keyClick(control, key)
        case kit.Toggle():
            qtbot.keyClick(control, Qt.Key.Key_Space)
        case kit.SeedField():
            qtbot.mouseClick(control.dice, Qt.MouseButton.LeftButton)
        case kit.NumberField():
            full = control.slider.value() == control.slider.maximum()
            qtbot.keyClick(control.slider, Qt.Key.Key_Left if full else Qt.Key.Key_Right)
        case kit.LayersEditor():
            qtbot.mouseClick(control.plus, Qt.MouseButton.LeftButton)
        case WeightsButton():
            qtbot.mouseClick(control, Qt.MouseButton.LeftButton)
            assert control.dialog is not None
            qtbot.mouseClick(control.dialog.buttons.buttons()[0], Qt.MouseButton.LeftButton)
        case _:
            raise AssertionError(type(control))


# Data


@pytest.mark.parametrize("name", DATASETS)
def test_a_data_set_shows_only_the_settings_it_uses(open_panel: Any, name: str) -> None:
    panel = open_panel("data", Experiment().with_value("data.dataset", name), more=True)
    dataset = DATASETS[name]
    shown = {key.removeprefix("data.") for key in shown_keys(panel)}
    assert shown & {"samples", "noise", "fraction", "classes"} == dataset.takes
    assert ("test_fraction" in shown) == dataset.tested
    assert ("standardize" in shown) == dataset.scaled
    assert "target" not in shown


def test_the_defaults_of_a_data_set_are_shown_until_changed(qtbot: Any, open_panel: Any) -> None:
    panel = open_panel("data", Experiment())
    emitted = changes(panel)
    noise = panel.controls["data.noise"]
    assert noise.edit.text() == str(DATASETS["moons"].noise)
    type_into(qtbot, noise.edit, "0.25")
    type_into(qtbot, panel.controls["data.samples"].edit, "123")
    assert emitted == [Change("data.noise", 0.25, True), Change("data.samples", 123, True)]


def test_invalid_values_are_refused_by_the_panel(qtbot: Any, open_panel: Any) -> None:
    panel = open_panel("data", Experiment())
    emitted = changes(panel)
    refused: list[str] = []
    panel.refused.connect(refused.append)
    type_into(qtbot, panel.controls["data.samples"].edit, "3")
    assert emitted == []
    assert refused == ['Samples takes a whole number from 4 to 100,000, not "3".']


def test_features_can_be_added_and_reset(qtbot: Any, open_panel: Any) -> None:
    experiment = Experiment()
    panel = open_panel("data", experiment, more=True)
    emitted = changes(panel)
    features = panel.controls["data.features"]
    assert features.value() == ("x1", "x2")
    features.showPopup()
    popup = QApplication.activePopupWidget()
    assert popup is not None
    boxes = {box.text(): box for box in popup.findChildren(kit.Toggle.__mro__[1])}
    assert set(boxes) == {"x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)", "cos(x1)", "cos(x2)"}
    for name in ("x1^2", "x1", "x2", "x1^2"):
        qtbot.keyClick(boxes[name], Qt.Key.Key_Space)
    popup.hide()
    assert [change.value for change in emitted] == [("x1", "x2", "x1^2"), ("x2", "x1^2"), ("x1^2",), None]
    for change in emitted:
        asked = experiment.with_value(change.key, change.value).data.features
        assert load_data(dataset="moons", features=asked).feature_names == (change.value or ("x1", "x2"))


def test_a_csv_file_offers_its_columns(qtbot: Any, make_panel: Any, tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    rows = (f"{i},{i * i % 7},{i % 3},{i % 2}" for i in range(12))
    file.write_text("\n".join(("a,b,c,label", *rows)))
    experiment = Experiment(folder=tmp_path).with_value("data.file", "points.csv")
    panel = make_panel("data")
    emitted = changes(panel)
    panel.show_settings(experiment, load_data(dataset=None, file=str(file)), None)
    assert panel.controls["data.dataset"].currentText() == "points.csv"
    target = panel.controls["data.target"]
    assert not panel.rows["data.target"].isHidden()
    assert [target.itemText(i) for i in range(target.count())] == ["a", "b", "c", "label"]
    assert target.value() == "label"
    qtbot.keyClicks(target, "b")
    assert emitted == [Change("data.target", "b", True)]
    chosen = experiment.with_value("data.target", "b").with_value("data.features", ("a",))
    panel.show_settings(chosen, load_data(dataset=None, file=str(file), target="b", features=("a",)), None)
    assert target.value() == "b"
    assert [target.itemText(i) for i in range(target.count())] == ["a", "b", "c", "label"]
    qtbot.keyClick(panel.controls["data.dataset"], Qt.Key.Key_Down)
    assert emitted[-1] == Change("data.dataset", next(iter(DATASETS)), True)


def test_the_button_asks_for_a_file(qtbot: Any, open_panel: Any) -> None:
    panel = open_panel("data", Experiment())
    with qtbot.waitSignal(panel.open_requested):
        qtbot.mouseClick(panel.open_button, Qt.MouseButton.LeftButton)


# Network


def test_the_subtitle_shows_the_sizes_of_the_layers(open_panel: Any) -> None:
    assert open_panel("network", Experiment()).subtitle.text() == "2 - 6 - 4 - 1"
    iris = Experiment().with_values({"data.dataset": "iris", "network.hidden": ()})
    assert open_panel("network", iris).subtitle.text() == "4 - 3"


def test_auto_says_what_it_means(open_panel: Any) -> None:
    for name, output, objective in (
        ("moons", "Sigmoid (auto)", "Binary cross-entropy (auto)"),
        ("blobs", "Softmax (auto)", "Categorical cross-entropy (auto)"),
        ("plane", "Linear (auto)", "Mean squared error (auto)"),
    ):
        experiment = Experiment().with_value("data.dataset", name)
        assert open_panel("network", experiment).controls["network.output"].currentText() == output
        assert open_panel("loss", experiment).controls["loss.objective"].currentText() == objective


def test_activations_per_layer_are_shown(open_panel: Any) -> None:
    experiment = Experiment().with_value("network.activation", ("tanh", "relu"))
    choice = open_panel("network", experiment).controls["network.activation"]
    assert choice.currentText() == "tanh, ReLU"
    assert choice.value() == ("tanh", "relu")


def test_a_lanes_own_settings_are_shown(make_panel: Any) -> None:
    lanes = (LaneEntry("A"), LaneEntry("B", {"network.hidden": (3,), "loss.objective": "mse"}))
    experiment = Experiment(lanes=lanes).checked()
    network, loss = make_panel("network"), make_panel("loss")
    for lane, text, objective in (("A", "2 - 6 - 4 - 1", "auto"), ("B", "2 - 3 - 1", "mse")):
        network.show_settings(experiment, built_in("moons"), lane)
        loss.show_settings(experiment, built_in("moons"), lane)
        assert network.subtitle.text() == text
        assert loss.controls["loss.objective"].value() == objective


# Loss


def test_objective_and_monitors_are_marked_and_labelled(open_panel: Any) -> None:
    panel = open_panel("loss", Experiment())
    labels = {}
    for key in ("loss.objective", "loss.monitors"):
        row = panel.rows[key]
        (glyph,) = row.findChildren(kit.LineGlyph)
        texts = [label.text() for label in row.findChildren(type(row.label))]
        labels[key] = (glyph.accessibleName(), *texts)
    assert labels == {
        "loss.objective": ("solid line", "Learn with", "decides every update"),
        "loss.monitors": ("dashed line", "Also show", "only shown"),
    }


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("role", ["objective", "monitor"])
def test_the_parameters_of_the_losses_in_use_are_shown(open_panel: Any, name: str, role: str) -> None:
    setting = {"loss.objective": name} if role == "objective" else {"loss.monitors": (name,)}
    experiment = Experiment().with_values({"data.dataset": "plane", **setting})
    panel = open_panel("loss", experiment, more=True)
    parameters = {f"loss.{parameter.name}" for loss in LOSSES.values() for parameter in loss.parameters}
    defaults = {f"loss.{parameter.name}": parameter.default for parameter in LOSSES[name].parameters}
    assert shown_keys(panel) & parameters == set(defaults)
    assert {key: panel.controls[key].value() for key in defaults} == defaults


def test_parameters_without_effect_are_behind_more(open_panel: Any) -> None:
    panel = open_panel("loss", Experiment())
    assert shown_keys(panel) == {"loss.objective", "loss.monitors"}
    weighted = open_panel("loss", Experiment().with_value("loss.positive_weight", 3.0))
    assert "loss.positive_weight" in shown_keys(weighted)
    huber = open_panel("loss", Experiment().with_value("loss.objective", "huber"))
    assert "loss.delta" in shown_keys(huber)


# Optimiser


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimiser_shows_its_parameters(open_panel: Any, name: str) -> None:
    panel = open_panel("optimizer", Experiment().with_value("optimizer.name", name))
    parameters = {f"optimizer.{parameter.name}" for method in OPTIMIZERS.values() for parameter in method.parameters}
    defaults = {f"optimizer.{parameter.name}": parameter.default for parameter in OPTIMIZERS[name].parameters}
    assert shown_keys(panel) & parameters == set(defaults)
    assert {key: panel.controls[key].value() for key in defaults} == defaults


def test_the_full_batch_is_called_all(qtbot: Any, open_panel: Any) -> None:
    panel = open_panel("optimizer", Experiment())
    emitted = changes(panel)
    batch = panel.controls["optimizer.batch_size"]
    assert batch.edit.text() == "all"
    assert batch.slider.value() == batch.slider.maximum()
    qtbot.keyClick(batch.slider, Qt.Key.Key_Left)
    assert emitted == [Change("optimizer.batch_size", 200, True)]  # of 210 training samples
    assert type(emitted[0].value) is int
    shuffled = open_panel("optimizer", Experiment().with_value("optimizer.batch_size", 10), more=True)
    assert {"optimizer.shuffle", "optimizer.seed"} <= shown_keys(shuffled)


def test_a_dragged_learning_rate_is_final_on_release(qtbot: Any, open_panel: Any) -> None:
    panel = open_panel("optimizer", Experiment())
    emitted = changes(panel)
    slider = panel.controls["optimizer.learning_rate"].slider
    middle = slider.height() // 2
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 4, middle))
    qtbot.mouseMove(slider, QPoint(slider.width() // 2, middle))
    assert emitted and not any(change.final for change in emitted)
    # An answer of the window during the drag must not move the knob.
    value = slider.value()
    panel.show_settings(Experiment(), built_in("moons"), None)
    assert slider.value() == value
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, middle))
    assert [change.final for change in emitted].count(True) == 1
    assert emitted[-1].final


# The column


def test_nothing_moves_sideways_when_the_scroll_bar_appears(qtbot: Any) -> None:
    panels = [make() for make in PANELS.values()]
    column = PanelColumn(panels)
    qtbot.addWidget(column)
    for panel in panels:
        panel.show_settings(Experiment(), built_in("moons"), None)
    column.resize(column.width(), 4000)
    with qtbot.waitExposed(column):
        column.show()
    wide = panels[0].width(), column.width()
    assert not column.verticalScrollBar().isVisible()
    column.resize(column.width(), 200)
    qtbot.waitUntil(column.verticalScrollBar().isVisible)
    qtbot.waitUntil(lambda: (panels[0].width(), column.width()) == wide)
    assert all(panel.width() >= panel.minimumSizeHint().width() for panel in panels)
