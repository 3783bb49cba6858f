"""The exported script: run in a separate process, it reproduces the trainer's costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sandbox.data import load_data
from sandbox.experiment import Experiment
from sandbox.experiment.results.script import script, write_script
from sandbox.nn import ACTIVATIONS, LOSSES, OPTIMIZERS
from sandbox.nn.losses import NUMERICS
from tests.experiment.results.scripts import Cases, agree, run_scripts, trained

BINARY = {"dataset": "moons", "samples": 40, "seed": 4}
MULTI = {"dataset": "blobs", "samples": 40, "classes": 3, "seed": 5}
REAL = {"dataset": "sine", "samples": 40, "seed": 6}


@pytest.fixture
def cases(tmp_path: Path) -> Cases:
    return Cases(tmp_path)


def case(
    loss: str = "auto", output: str = "auto", numerics: str = "fused", hidden: str = '"tanh"', rate: float = 0.3,
    epochs: int = 6, optimizer: str = "gradient_descent", network: str = "", losses: str = "", steps: str = "",
    end: str = "",
) -> str:  # fmt: skip
    """Return the text of an experiment."""
    return f"""
[network]
hidden = [4, 3]
activation = {hidden}
output = "{output}"
{network}
[loss]
objective = "{loss}"
numerics = "{numerics}"
{losses}
[optimizer]
name = "{optimizer}"
learning_rate = {rate}
{steps}
[run]
epochs = {epochs}
{end}
"""


def test_every_loss_with_every_output_and_numerics(cases: Cases) -> None:
    for loss in LOSSES:
        for output in ACTIVATIONS:
            for numerics in NUMERICS if LOSSES[loss].has_logs else ("fused",):
                cases.add(f"multi {loss} {output} {numerics}", case(loss, output, numerics), MULTI)
                if output in ("sigmoid", "softmax", "exp", "linear"):
                    cases.add(f"binary {loss} {output} {numerics}", case(loss, output, numerics), BINARY)
    cases.check()


def test_confident_mistakes_in_every_numerics(cases: Cases) -> None:
    """Large initial weights saturate the output, so that clamped, fused and naive costs differ."""
    for loss in (name for name, kind in LOSSES.items() if kind.has_logs):
        for output in ("sigmoid", "softmax"):
            for numerics in NUMERICS:
                text = case(
                    loss, output, numerics, rate=0.01, network='initializer = "normal"\ninitializer_scale = 400.0'
                )
                cases.add(f"{loss} {output} {numerics}", text, MULTI)
    cases.check()
    assert any(len(costs) == 1 for costs in cases.wanted.values())  # some of them stopped at once


def test_every_activation_optimiser_reduction_penalty_and_parameter(cases: Cases) -> None:
    for hidden in ACTIVATIONS:
        cases.add(f"hidden {hidden}", case(hidden=f'"{hidden}"', rate=0.05), BINARY)
    cases.add("hidden two", case(hidden='["relu", "silu"]'), REAL)
    for optimizer in OPTIMIZERS:
        penalties = "l1 = 0.001\nl2 = 0.01"
        cases.add(f"whole {optimizer}", case(optimizer=optimizer, rate=0.02, epochs=20), BINARY)
        cases.add(
            f"batch {optimizer}", case(optimizer=optimizer, rate=0.02, steps=f"batch_size = 9\n{penalties}"), MULTI
        )
    cases.add("momentum", case(optimizer="momentum", steps="momentum = 0.5"), BINARY)
    cases.add(
        "adamw", case(optimizer="adamw", steps="beta1 = 0.8\nbeta2 = 0.9\nepsilon = 1e-3\nweight_decay = 0.3"), REAL
    )
    for reduction in ("mean", "sum", "element_mean"):
        for loss in ("mse", "binary_cross_entropy"):
            losses = f'reduction = "{reduction}"'
            cases.add(f"{reduction} {loss}", case(loss, losses=losses, rate=0.01, steps="l2 = 0.1"), MULTI)
    cases.add("l1", case(steps="l1 = 0.05"), BINARY)
    for source, name in ((BINARY, "binary"), (MULTI, "multi")):
        for loss in ("binary_cross_entropy", "categorical_cross_entropy"):
            for output in ("sigmoid", "softmax", "tanh"):
                cases.add(f"{name} {loss} {output}", case(loss, output, losses="label_smoothing = 0.2"), source)
        for output in ("sigmoid", "softmax", "linear"):
            losses = "positive_weight = 3.0\nlabel_smoothing = 0.1"
            cases.add(f"{name} weight {output}", case("binary_cross_entropy", output, losses=losses), source)
            cases.add(f"{name} gamma {output}", case("focal", output, losses="gamma = 0.7"), source)
    cases.add("delta", case("huber", losses="delta = 0.1"), REAL)
    cases.add("quantile", case("quantile", losses="quantile = 0.3"), REAL)
    for coding in ("zero_one", "plus_minus_one"):
        text = case("categorical_cross_entropy", "softmax", network=f'target_coding = "{coding}"')
        cases.add(f"coding {coding}", text, MULTI)
    cases.add("no hidden", case().replace("hidden = [4, 3]", "hidden = []"), MULTI)
    cases.check()


def test_mini_batches(cases: Cases) -> None:
    for shuffle in ("true", "false"):
        for size in (1, 7, 28, 100):
            steps = f"batch_size = {size}\nshuffle = {shuffle}\nseed = 11"
            cases.add(f"{shuffle} {size}", case(steps=steps), BINARY)
            cases.add(f"{shuffle} {size} adam", case("mse", optimizer="adam", rate=0.01, steps=steps), MULTI)
    cases.check()


EDITS = {
    "rate": (30, "optimizer.learning_rate = 0.01"),
    "penalty": (31, "optimizer.l2 = 0.1"),
    "penalty off": (0, "optimizer.l1 = 0.01"),
    "momentum": (32, "optimizer.momentum = 0.2"),
    "weight": (33, "loss.positive_weight = 4.0"),
    "by hand": (33, 'weights."W1[0,1]" = 0.5\nweights."b2[2]" = -0.7'),
    "frozen": (33, 'network.frozen = ["1[2]", "2", "3[0]"]'),
    "let go": (34, 'network.frozen = ["1[0]", "3"]'),
    "free": (35, "network.frozen = []"),
    "smoothing": (34, "loss.label_smoothing = 0.3"),
    "numerics": (35, 'loss.numerics = "naive"'),
    "reduction": (36, 'loss.reduction = "sum"\noptimizer.learning_rate = 0.002'),
    "loss": (37, 'loss.objective = "mse"'),
    "coding": (37, 'loss.objective = "hinge"'),
    "output": (38, 'network.output = "tanh"'),
    "hidden": (39, 'network.activation = "gelu"'),
    "larger": (40, "network.hidden = [6, 5]"),
    "smaller": (41, "network.hidden = [2, 3]"),
    "deeper": (42, "network.hidden = [4, 3, 2]"),
    "shallower": (43, "network.hidden = [4]"),
    "none": (44, "network.hidden = []"),
    "optimizer": (45, 'optimizer.name = "adam"\noptimizer.learning_rate = 0.01'),
    "batch": (46, "optimizer.batch_size = 5"),
    "whole": (47, "optimizer.batch_size = 0"),
    "order": (48, "optimizer.shuffle = false"),
    "monitor": (49, 'loss.monitors = ["mae"]'),
    "by hand again": (49, 'weights."W1[0,0]" = 2.0\nweights."b1[0]#0" = 0.1'),
    "inputs": (50, 'data.features = ["x2", "x1", "x1*x2"]'),
    "more inputs": (51, 'data.features = ["x1", "x1*x2", "cos(x1)"]\nnetwork.hidden = [5]'),
    "late": (100_000, 'loss.objective = "mse"'),
}


def edit(update: int, changes: str, lane: str = "") -> str:
    """Return the text of an edit."""
    return f"[[edits]]\nupdate = {update}\n{lane}\n{changes}\n"


def test_edits(cases: Cases) -> None:
    for name, (update, changes) in EDITS.items():
        for size in (0, 9):
            steps = f"batch_size = {size}"
            text = case(
                optimizer="momentum", rate=0.05, epochs=60 if not size else 25, steps=steps, end=edit(update, changes)
            )
            cases.add(f"{name} {size}", text, BINARY)
    together = "".join(edit(update, changes) for update, changes in sorted(EDITS.values(), key=lambda item: item[0]))
    at_once = "".join(edit(21, changes) for update, changes in EDITS.values())
    for size in (0, 9):
        for name, end in (("together", together), ("at once", at_once)):
            text = case(optimizer="momentum", rate=0.02, epochs=70, steps=f"batch_size = {size}", end=end)
            cases.add(f"{name} {size}", text, BINARY)
    cases.check()


def test_units_and_inputs_that_come_and_go(cases: Cases) -> None:
    edits = [
        (7, 'network.hidden = [3, 3]\nunits.removed = ["1[1]"]'),
        (9, 'network.hidden = [3, 2, 3]\nunits.added = ["2"]\nweights."W2[1,2]" = 0.25\nnetwork.frozen = ["3"]'),
        (11, 'network.hidden = [3, 2, 3]\nunits.removed = ["3[0]"]\nunits.added = ["3[1]"]'),
        (11, 'data.features = ["cos(x1)", "x2"]'),
        (12, 'data.features = ["x2", "x1"]'),
        (13, 'network.hidden = [3]\nunits.removed = ["1", "2"]\nnetwork.frozen = []'),
    ]
    for size in (0, 9):
        for count in range(1, len(edits) + 1):
            end = "".join(edit(update, changes) for update, changes in edits[:count])
            steps = f"batch_size = {size}"
            cases.add(f"{count} {size}", case(optimizer="adam", rate=0.02, epochs=20, steps=steps, end=end), BINARY)
    cases.check()


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_frozen_units(cases: Cases, optimizer: str) -> None:
    for size in (0, 9):
        steps = f"batch_size = {size}"
        end = edit(7, 'network.frozen = ["1", "2[1]"]') + edit(15, "network.frozen = []")
        text = case(optimizer=optimizer, rate=0.02, epochs=20, network='frozen = ["1[0]", "3"]', steps=steps, end=end)
        cases.add(f"{optimizer} {size}", text, BINARY)
    cases.check()


def test_lanes_and_their_own_edits(cases: Cases) -> None:
    lanes = (
        '[[lanes]]\nname = "A"\n[[lanes]]\nname = "B"\nloss.objective = "mse"\noptimizer.learning_rate = 0.1\n'
        + edit(3, 'loss.objective = "mae"', 'lane = "A"')
        + edit(4, "optimizer.learning_rate = 0.7")
    )
    for lane in "AB":
        cases.add(lane, case(end=lanes), BINARY, lane)
    cases.check()


def test_a_lane_that_stops(cases: Cases) -> None:
    for size in (0, 9):
        steps = f"batch_size = {size}"
        cases.add(
            f"flies off {size}", case("mse", "linear", hidden='"linear"', rate=3.0, epochs=40, steps=steps), MULTI
        )
        cases.add(
            f"log {size}", case("binary_cross_entropy", "linear", "naive", rate=5.0, epochs=40, steps=steps), BINARY
        )
    cases.check()
    lengths = {name: len(costs) for name, costs in cases.wanted.items()}
    assert all(length < 40 for length in lengths.values()), lengths


def test_the_default_experiment_in_full(cases: Cases) -> None:
    cases.add("moons", Experiment().dumps(), {"dataset": "moons"})
    cases.check()
    assert len(cases.wanted["moons"]) == 901


def test_large_data_are_saved_beside_the_script(tmp_path: Path) -> None:
    experiment = Experiment.loads('[data]\ndataset = "digits"\n[network]\nhidden = [8]\n[run]\nepochs = 4\n')
    data = load_data(dataset="digits")
    written = write_script(tmp_path / "digits.py", experiment, "A", data)
    assert written == [tmp_path / "digits.py", tmp_path / "digits.npz"]
    assert len((tmp_path / "digits.py").read_text("utf-8")) < 10_000
    assert agree(run_scripts(tmp_path)["digits"], trained(experiment, data))


def test_weights_from_a_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    np.savez(
        tmp_path / "w.npz", W1=rng.normal(size=(2, 2)), b1=rng.normal(size=2), W2=rng.normal(size=(1, 2)), b2=[0.5]
    )
    text = '[network]\nhidden = [2]\nweights = "w.npz"\n[run]\nepochs = 5\n'
    experiment = Experiment.loads(text, folder=tmp_path)
    data = load_data(**BINARY)
    (tmp_path / "run.py").write_text(script(experiment, "A", data), encoding="utf-8")
    assert agree(run_scripts(tmp_path)["run"], trained(experiment, data))


def test_single_precision_is_close(tmp_path: Path) -> None:
    experiment = Experiment.loads('[run]\nepochs = 20\nprecision = "float32"\n')
    data = load_data(**BINARY)
    text = script(experiment, "A", data)
    (tmp_path / "run.py").write_text(text, encoding="utf-8")
    assert "1e-5" in text
    np.testing.assert_allclose(run_scripts(tmp_path)["run"], trained(experiment, data), rtol=1e-5)


def test_a_script_has_only_what_the_pairing_needs() -> None:
    data = load_data(**BINARY)
    text = script(Experiment(), "A", data)
    for word in ("times", "clip", "penalty", "label_smoothing", "momentum", "rng", "stopped =", "batch"):
        assert word not in text
    assert "dZ3 = (A3 - Y) / m" in text
    decided = [line.split("#")[0].strip() for line in text.splitlines() if line.endswith("decided by the loss")]
    assert [line.split(" =")[0] for line in decided] == ["log_A", "log_C", "loss", "dZ3"]


def test_no_title_can_become_code(tmp_path: Path) -> None:
    title = 'a\n\u2028\x0craise SystemExit """ \' \\'
    experiment = Experiment().with_values({"title": title, "run.epochs": 2})
    data = load_data(**BINARY)
    (tmp_path / "run.py").write_text(script(experiment, "A", data), encoding="utf-8")
    assert agree(run_scripts(tmp_path)["run"], trained(experiment, data))


def test_standardised_targets(cases: Cases, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    rng = np.random.default_rng(4)
    rows = [f"{a},{b},{2e5 + 3e4 * a - 1e3 * b},{b - a}" for a, b in rng.uniform(-1, 1, (30, 2)).round(3)]
    path.write_text("\n".join(["a,b,price,gap", *rows]), encoding="utf-8")
    one = {"file": str(path), "dataset": None, "features": ["a", "b"], "target": "price", "standardize_target": True}
    for loss in ("mse", "huber", "quantile"):
        cases.add(f"one {loss}", case(loss, rate=0.05), one)
    cases.add("batch", case("mae", steps="batch_size = 8", rate=0.05), one)
    cases.add("two", case(rate=0.05), {**one, "target": ["price", "gap"]})
    cases.check()
    text = (tmp_path / "one_mse.py").read_text(encoding="utf-8")
    data = load_data(**one)  # type: ignore[arg-type]
    assert f"# price = {float(data.target_scale[0])!r} * output + {float(data.target_mean[0])!r}" in text
    assert "Costs are in standard deviations of price (" in text
    both = (tmp_path / "two.py").read_text(encoding="utf-8")
    assert "# gap = " in both and "Costs are in standard deviations of each target." in both
    assert "standard" not in script(Experiment.loads(case()), "A", load_data(**{**one, "standardize_target": False}))  # type: ignore[arg-type]
