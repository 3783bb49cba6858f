"""What the window and the command line say about one lane is true."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from sandbox import words
from sandbox.cli import main
from sandbox.cli.run import _summarise
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.training.samples import coded_targets
from sandbox.experiment.training.snapshot import CurveRequest, MulticlassSurface, SurfaceRequest, Wanted
from sandbox.nn import LOSSES
from sandbox.nn.network import with_ones
from sandbox.ui import pictures, theme
from sandbox.ui.views.cost import CostView
from sandbox.ui.views.surfaces import output_text
from tests.experiment.strategies import trainers
from tests.ui.conftest import Driver

# Classes in pictures


def surface_of(trainer: Trainer, replica: int | None = None) -> Any:
    request = SurfaceRequest("A", (0, 1), (-2.0, 2.0), (-2.0, 2.0), 6)
    return trainer.snapshot(0, Wanted((request,), replica=replica)).surfaces[0]


def blobs(**values: Any) -> Trainer:
    named = {key.replace("__", "."): value for key, value in values.items()}
    return Trainer(Experiment().with_values({"data.dataset": "blobs", "data.samples": 40, **named}))


def test_no_share_is_told_where_outputs_are_no_probabilities() -> None:
    trainer = blobs(network__hidden=(), network__output="linear", loss__objective="mse")
    trainer.set_parameters({"W1": np.zeros((3, 2)), "b1": np.array([-1.0, -0.9, -1.1])})
    assert output_text(surface_of(trainer), trainer.data, 0.0, 0.0) == "class 1, the largest output"
    trainer = blobs(network__hidden=())
    trainer.set_parameters({"W1": np.zeros((3, 2)), "b1": np.log([0.2, 0.7, 0.1])})
    assert output_text(surface_of(trainer), trainer.data, 0.0, 0.0) == "0.7000 (class 1)"
    trainer = blobs(network__hidden=(), network__target_coding="plus_minus_one", loss__objective="mse")
    trainer.set_parameters({"W1": np.zeros((3, 2)), "b1": np.log([0.2, 0.7, 0.1])})
    assert output_text(surface_of(trainer), trainer.data, 0.0, 0.0) == "0.7000 (class 1)"


def test_of_several_seeds_the_votes_are_told() -> None:
    trainer = blobs(run__replicas=5, network__hidden=(3,))
    surface = surface_of(trainer)
    assert isinstance(surface, MulticlassSurface)
    X = (np.array([[surface.x[2], surface.y[3]]]) - trainer.data.mean) / trainer.data.scale
    votes = []
    for replica in trainer.lanes[0].replicas:
        p = replica.parameters()
        votes.append(int((np.tanh(X @ p["W1"].T + p["b1"]) @ p["W2"].T + p["b2"]).argmax()))
    most = int(np.bincount(votes, minlength=3).argmax())
    share = words.share(votes.count(most) / 5)
    told = output_text(surface, trainer.data, surface.x[2], surface.y[3])
    assert told == f"{share} of 5 networks say class {most}"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"data.dataset": "blobs", "run.replicas": 3}, ["colours: the share of 3 seeds that say each class"]),
        ({"run.replicas": 3}, ["colours: the share of 3 seeds that say class 1; line: their median"]),
        ({"data.dataset": "plane", "run.replicas": 3}, ["the median of 3 seeds"]),
        ({"data.dataset": "sine", "run.replicas": 3}, ["the median of 3 seeds"]),
        ({"data.dataset": "blobs"}, []),
    ],
)
def test_a_picture_of_several_seeds_says_what_it_shows(values: dict[str, Any], expected: list[str]) -> None:
    trainer = Trainer(Experiment().with_values({"data.samples": 40, **values}))
    assert list(pictures.what_seeds_show(surface_of(trainer), trainer.data)) == expected


def test_the_saved_picture_says_it(qapp: QApplication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    subtitles: list[str] = []
    page = pictures._page

    def noted(title: str, subtitle: str, view: Any) -> Any:
        subtitles.append(subtitle)
        return page(title, subtitle, view)

    monkeypatch.setattr(pictures, "_page", noted)
    trainer = blobs(run__replicas=3, loss__reduction="sum")
    trainer.run(1)
    pictures.save_pictures(trainer, tmp_path)
    assert "colours: the share of 3 seeds that say each class" in subtitles[1]
    assert "learns with categorical cross-entropy (sum)" in subtitles[1] and "cost (sum) train" in subtitles[1]


# The curves


@pytest.fixture
def view(qtbot: QtBot) -> CostView:
    view = CostView()
    qtbot.addWidget(view)
    view.set_theme(theme.LIGHT, 1.0)
    view.resize(420, 320)
    with qtbot.waitExposed(view):
        view.show()
    return view


def drawn(view: CostView, trainer: Trainer) -> None:
    snapshot = trainer.snapshot(0, Wanted(curves=view.request()))
    view.draw(snapshot.curves, snapshot.marks, snapshot.lanes, snapshot.epoch_position)


def test_the_legend_shows_the_value_of_the_epoch_pointed_at(view: CostView) -> None:
    """A jumping cost over many more epochs than pixels: never another epoch's value, not even for a moment."""
    trainer = Trainer(
        Experiment().with_values(
            {"data.dataset": "gaussians", "data.samples": 40, "optimizer.batch_size": 5, "optimizer.learning_rate": 0.9}
        )
    )
    trainer.run(1000)
    drawn(view, trainer)
    rows = {row.epoch: row.values["train_binary_cross_entropy"] for row in trainer.history().rows()}
    asked: list[int] = []
    view.wanted_changed.connect(lambda: asked.append(view.request().pointed))  # type: ignore[arg-type]
    chip = view.legend.chips["A", "train_binary_cross_entropy"]
    for epoch in range(3, 1000, 53):
        before = chip.value
        view.plot.probed.emit(float(epoch), -1.0)
        assert view.readout.text() == f"epoch {epoch:,}" and asked[-1] == epoch
        assert chip.value == before  # until its own value is here
        drawn(view, trainer)
        assert chip.value == words.cost(rows[epoch])
    view.plot.probe_ended.emit()
    assert view.request().pointed is None
    assert chip.value == words.cost(trainer.readings(trainer.lanes[0])["train_binary_cross_entropy"])


def test_no_value_is_shown_beyond_the_last_epoch(view: CostView) -> None:
    trainer = Trainer(Experiment().with_values({"data.samples": 40}))
    trainer.run(20)
    drawn(view, trainer)
    view.plot.probed.emit(25.0, -1.0)
    chip = view.legend.chips["A", "train_binary_cross_entropy"]
    assert view.readout.text() == "epoch 25" and chip.value == words.NOTHING


def test_a_sum_is_called_a_sum_beside_its_value(view: CostView) -> None:
    changes = {"data.samples": 40, "loss.reduction": "sum", "loss.monitors": ("kl_divergence",), "optimizer.l2": 0.01}
    trainer = Trainer(Experiment().with_values(changes))
    trainer.run(2)
    drawn(view, trainer)
    assert [row.label for row in view.legend.rows] == [
        "Binary cross-entropy (sum)", "Cost with penalty (sum)", "KL divergence (sum)", "Accuracy",
    ]  # fmt: skip
    told = view.description()
    assert "binary cross-entropy (sum) " in told and "KL divergence (sum), only shown, " in told
    assert "cost with penalty (sum) " in told


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_losses_keep_their_proper_names_in_the_description(view: CostView, loss: str) -> None:
    trainer = Trainer(Experiment().with_values({"data.samples": 40, "loss.objective": loss}))
    trainer.run(1)
    drawn(view, trainer)
    assert f": {LOSSES[loss].label_within()} " in view.description()


def test_header_and_legend_show_one_number_after_an_edit_while_paused(open_window: Callable[..., Driver]) -> None:
    driver = open_window(Experiment().with_values({"data.samples": 60, "optimizer.batch_size": 20}))
    edits: dict[str, Any] = {
        "network.hidden": (8, 3), "network.activation": "relu", "loss.reduction": "sum", "loss.objective": "mse",
        "network.target_coding": "plus_minus_one", "network.output": "tanh", "optimizer.l2": 0.1,
    }  # fmt: skip
    for number, (key, value) in enumerate(edits.items(), start=1):
        driver.play(7)
        driver.pause()
        driver.session.change(key, value, True)
        driver.wait_drawn(lambda snapshot, number=number: len(snapshot.marks) == number)  # type: ignore[misc]
        state = driver.settle().lanes[0]
        assert driver.window.cost is not None
        chip = driver.window.cost.legend.chips[
            "A", "train_cost" if key == "optimizer.l2" else f"train_{state.objective}"
        ]
        cost = state.readings["train_cost"]
        assert driver.window.controls.train.number.text() == chip.value == words.cost(cost)
        assert cost == pytest.approx(driver.trainer().probe("A").cost() + state.readings["train_penalty"], rel=1e-9)


# Messages


def test_a_message_about_a_failure_goes_with_the_next_success(
    open_window: Callable[..., Driver], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = open_window(Experiment().with_values({"data.samples": 40}))
    notice, session = driver.window.notice, driver.session
    bad, good = tmp_path / "bad.toml", tmp_path / "good.toml"
    bad.write_text("[data]\nsamples = 0\n", encoding="utf-8")
    good.write_text("[data]\nsamples = 40\n", encoding="utf-8")
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n3\n", encoding="utf-8")

    def save_picture() -> None:
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "none" / "a.png"), ""))
        driver.window.ask_save_picture()

    failures: list[Callable[[], object]] = [
        lambda: session.open_experiment(bad),
        lambda: session.open_table(tmp_path / "bad.csv"),
        lambda: session.change("optimizer.learning_rate", -1.0, True),
        lambda: session.save_experiment(tmp_path / "none" / "a.toml"),
        save_picture,
    ]
    rates = iter(np.linspace(0.11, 0.2, 20).round(3).tolist())
    successes: list[Callable[[], object]] = [
        lambda: session.open_experiment(good),
        lambda: session.change("optimizer.learning_rate", next(rates), True),
        session.reset,
    ]
    for number, fail in enumerate((*failures, *failures[:1])):
        fail()
        driver.wait(notice.isVisible)
        assert notice._shown.error
        driver.settle()
        assert notice.isVisible()  # until something succeeds
        successes[number % len(successes)]()
        driver.settle()
        assert not notice.isVisible()


def test_a_message_with_an_action_stays(open_window: Callable[..., Driver]) -> None:
    driver = open_window(Experiment().with_values({"data.samples": 40}))
    driver.window.notice.say("Training stopped: overflow.", error=True, action="Reset", act=lambda: None)
    driver.session.change("optimizer.learning_rate", 0.2, True)
    driver.settle()
    assert driver.window.notice.isVisible()


# The command line


@settings(max_examples=12)
@given(trainers(lanes=1))
def test_the_summary_is_of_the_last_state(trainer: Trainer) -> None:
    trainer.run(0)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        _summarise(trainer, Path("out"), ["history.csv"], ("train_accuracy", 0.9))
    lines = printed.getvalue().splitlines()
    data, lane = trainer.data, trainer.lanes[0]
    seeds = f", medians of {len(lane.replicas)} seeds" if lane.has_replicas else ""
    assert lines[0].endswith(
        f": {words.count(trainer.epoch, 'epoch')}, {words.count(trainer.update, 'update')}, 28 training and "
        f"12 test samples{seeds}"
    )
    head = next(i for i, line in enumerate(lines) if line.startswith("lane  "))
    cells = [cell for cell in lines[head + 1].split("  ") if cell.strip()]
    last = lane.history.last
    ended_at_once = lane.stopped and last is not None and lane.edited == last.update  # its last row is from before
    for column, cell in zip(("train_cost", "test_cost"), () if ended_at_once else cells[1:3], strict=False):
        value = _cost(trainer, column.partition("_")[0])
        if np.isfinite(value) and abs(value) < 1e12:
            assert float(cell.replace(words.MINUS, "-").replace(",", "")) == pytest.approx(value, rel=2e-5, abs=1e-12)
    if data.task != "regression" and not lane.has_replicas and not ended_at_once:
        told = float(cells[3].strip().removesuffix("%").removesuffix("\u2009"))
        assert told == pytest.approx(100.0 * trainer.readings(lane)["train_accuracy"], abs=0.006)
    summed = "Costs are sums over the samples, not means." in lines
    assert summed == (lane.settings.loss.reduction == "sum")
    assert ("stopped" in lines[head + 1]) == bool(lane.stopped)


def _cost(trainer: Trainer, part: str) -> float:
    """The median cost of the running networks, with the penalty, from their weights."""
    lane, data = trainer.lanes[0], trainer.data
    X, y = (data.X_train, data.y_train) if part == "train" else (data.X_test, data.y_test)
    loss, output = lane.objective, lane.activations[-1]
    costs = []
    for replica in lane.running or lane.replicas:
        if lane.stopped and lane.has_replicas:
            return float("nan")
        probe = trainer.probe("A", replica.number)
        assert probe is not None
        Y = coded_targets(y, data, np.float64)[lane.coding]
        with np.errstate(all="ignore"):
            Z = probe.network.forward(with_ones(X)).Z[-1]
            values, _ = loss.value_and_delta(Z, Y, output, lane.settings.loss.numerics)
        scale = {"mean": 1.0 / len(X), "sum": 1.0, "element_mean": 1.0 / Y.size}[lane.settings.loss.reduction]
        W = np.concatenate([v.ravel() for k, v in replica.parameters().items() if k[0] == "W"])
        with np.errstate(all="ignore"):
            costs.append(float(values.sum()) * scale + 0.5 * lane.settings.optimizer.l2 * float(W @ W))
    return float(np.median(costs))


def test_the_summary_of_a_sweep_names_only_files_that_are_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.toml").write_text("[data]\nsamples = 40\n[run]\nepochs = 2\n", encoding="utf-8")
    grid = ["--set", "optimizer.learning_rate=0.1,0.2", "--workers", "1"]
    assert main(["sweep", "a.toml", *grid, "--out", "out", "--no-pictures"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "In out: sweep.csv, cells"
    assert sorted(path.name for path in Path("out").iterdir()) == ["cells", "sweep.csv"]


def test_the_curves_of_a_request_carry_readings_only_if_asked() -> None:
    trainer = Trainer(Experiment().with_values({"data.samples": 40}))
    trainer.run(3)
    curves = trainer.snapshot(0, Wanted(curves=CurveRequest(100))).curves
    assert curves and all(curve.reading is None for curve in curves)
