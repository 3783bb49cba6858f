"""A new loss, activation or optimiser is one class, and everything that the program does works with it."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sandbox
from sandbox.cli import main
from sandbox.data import Data, load_data
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.lens.check import VERDICTS, CheckGradient, verdict_of
from sandbox.experiment.lens.findings import AskFindings
from sandbox.experiment.lens.signal import AskSignals, sentence
from sandbox.experiment.lens.update import NextUpdate
from sandbox.experiment.lens.whatif import AskWhatIf
from sandbox.experiment.results.sweep import axis, cells, run_cell
from sandbox.experiment.training.snapshot import Wanted
from sandbox.nn import ACTIVATIONS, LOSSES, OPTIMIZERS
from tests.experiment.results.scripts import Cases
from tests.toys import (
    TOY_ACTIVATIONS,
    TOY_LOSSES,
    ToyArctan,
    ToyCauchy,
    ToyExponential,
    ToyFading,
    ToyRamp,
    ToyTwice,
    registered,
)

SOURCES: dict[str, dict[str, Any]] = {
    "binary": {"dataset": "moons", "samples": 40, "seed": 4},
    "multi": {"dataset": "blobs", "samples": 40, "classes": 3, "seed": 5},
}
BINARY, MULTI = (load_data(**source) for source in SOURCES.values())
REAL = load_data(dataset="sine", samples=40, seed=6)


@pytest.fixture(autouse=True)
def toys() -> Iterator[None]:
    with registered():
        yield


def make_experiment(**values: Any) -> Experiment:
    base = {"network.hidden": (4, 3), "optimizer.learning_rate": 0.1, "run.epochs": 6}
    return Experiment().with_values(base | {key.replace("__", "."): value for key, value in values.items()})


def ask(trainer: Trainer, question: Any) -> Any:
    return trainer.snapshot(0, Wanted(questions=(question,))).answers[question]


PAIRINGS = [
    (loss.name, output, data, numerics)
    for loss in TOY_LOSSES
    for output in ("auto", "sigmoid", "softmax", "exp", "linear", ToyArctan.name, ToyRamp.name)
    for data in ("binary", "multi")
    for numerics in (("fused", "clamped", "naive") if loss.has_logs else ("fused",))
]
DATA = {"binary": BINARY, "multi": MULTI}


@pytest.mark.parametrize(("loss", "output", "data", "numerics"), PAIRINGS)
def test_a_new_loss_passes_the_gradient_check_with_every_output(
    loss: str, output: str, data: str, numerics: str
) -> None:
    experiment = make_experiment(loss__objective=loss, network__output=output, loss__numerics=numerics)
    trainer = Trainer(experiment, DATA[data])
    trainer.run(3)
    if trainer.lanes[0].stopped:  # naive numerics and outputs of exactly 0 or 1 meet log 0
        bounded = ACTIVATIONS[trainer.lanes[0].activations[-1]].is_share()
        assert loss == ToyFading.name and (numerics == "naive" or not bounded)
        return
    verdict = verdict_of(ask(trainer, CheckGradient("A", 1)))
    if verdict not in VERDICTS[:2]:
        assert loss == ToyFading.name and verdict == "not finite"


@pytest.mark.parametrize("activation", [kind.name for kind in TOY_ACTIVATIONS])
@pytest.mark.parametrize("data", [BINARY, MULTI, REAL], ids=["binary", "multiclass", "regression"])
def test_a_new_activation_trains_hidden_layers(activation: str, data: Data) -> None:
    trainer = Trainer(
        make_experiment(network__activation=activation, optimizer__name=ToyTwice.name, optimizer__learning_rate=0.01),
        data,
    )
    first = trainer.readings(trainer.lanes[0])["train_cost"]
    trainer.run(30)
    assert trainer.history().last.values["train_cost"] < first  # type: ignore[union-attr]
    assert verdict_of(ask(trainer, CheckGradient("A", 1))) in VERDICTS[:2]


def test_targets_are_coded_as_a_new_loss_needs_them() -> None:
    lane = Trainer(make_experiment(loss__objective=ToyExponential.name), BINARY).lanes[0]
    assert lane.coding == "plus_minus_one"
    assert Trainer(make_experiment(loss__objective=ToyCauchy.name), BINARY).lanes[0].coding == "zero_one"
    for loss, coding in (("mse", "plus_minus_one"), (ToyCauchy.name, "plus_minus_one"), (ToyFading.name, "zero_one")):
        experiment = make_experiment(network__output=ToyArctan.name, loss__objective=loss)
        assert Trainer(experiment, BINARY).lanes[0].coding == coding


def test_every_line_of_the_update_has_its_values() -> None:
    for loss, output, data, numerics in PAIRINGS:
        experiment = make_experiment(
            loss__objective=loss, network__output=output, loss__numerics=numerics, network__activation=ToyRamp.name,
            optimizer__name=ToyTwice.name,
        )  # fmt: skip
        steps = ask(Trainer(experiment, DATA[data]), NextUpdate("A"))
        lines = [line for phase in steps.phases for line in phase]
        assert all(name in steps.values for line in lines for name in line.names)
        assigned = {line.code.split(" =")[0].strip() for line in lines if " = " in line.code}
        shown_names = {name.split(" of ")[0] for line in lines for name in line.names}
        assert {"K1", "loss", "cost", "Z1", "dW1"} <= assigned & shown_names
        assert {"U", "K"} <= shown_names and steps.values["U of W1"].shape == (4, 2)


def test_every_question_is_answered() -> None:
    for loss, output, data, numerics in PAIRINGS:
        experiment = make_experiment(loss__objective=loss, network__output=output, loss__numerics=numerics)
        trainer = Trainer(experiment, DATA[data])
        trainer.run(2)
        rows = ask(trainer, AskWhatIf("A")).rows
        assert {kind.name for kind in TOY_LOSSES} <= {row.name for row in rows}
        signals = ask(trainer, AskSignals("A", ("mse", ToyFading.name), True))
        assert sentence(signals.summary, signals.setup)
        ask(trainer, AskFindings("A"))


def test_findings_know_the_traits_of_new_activations() -> None:
    saturating = make_experiment(
        network__activation=ToyArctan.name, network__initializer="normal", network__initializer_scale=1000.0
    )
    findings = {finding.name: finding for finding in ask(Trainer(saturating, BINARY), AskFindings("A")).findings}
    assert f"Where {ToyArctan.label_within()} is flat" in findings["saturated"].meaning
    confident = make_experiment(
        network__output=ToyRamp.name,
        loss__objective="mse",
        network__initializer="normal",
        network__initializer_scale=9.0,
    )
    findings = {finding.name: finding for finding in ask(Trainer(confident, BINARY), AskFindings("A")).findings}
    assert "confident_mistakes" in findings


def test_kinks_of_a_new_activation_are_left_out_of_the_check() -> None:
    trainer = Trainer(make_experiment(network__activation=ToyRamp.name, network__hidden=(1,)), BINARY)
    X = trainer.data.X_train
    trainer.set_parameters(
        {"W1": np.array([[1.0, 0.0]]), "b1": np.array([2.0 - X[5, 0]]), "W2": np.ones((1, 1)), "b2": np.zeros(1)}
    )
    check = ask(trainer, CheckGradient("A", 1))
    assert any(kink.kind == "activation" and kink.sample == 6 for kink in check.kinks)


def test_scripts_run_alone_and_reproduce_the_costs(tmp_path: Path) -> None:
    cases = Cases(tmp_path)
    for number, (loss, output, data, numerics) in enumerate(PAIRINGS):
        activation = itertools.cycle(("tanh", ToyArctan.name, ToyRamp.name))
        experiment = make_experiment(
            loss__objective=loss, network__output=output, loss__numerics=numerics,
            network__activation=next(itertools.islice(activation, number % 3, None)),
            optimizer__name=(ToyTwice.name, "gradient_descent", "adamw")[number % 3],
            optimizer__batch_size=(0, 7)[number % 2],
        )  # fmt: skip
        cases.add(f"{number} {loss} {output} {numerics}", experiment.dumps(), SOURCES[data])
    cases.check()


def test_a_sweep_over_new_kinds() -> None:
    axes = [
        axis("loss.objective", [kind.name for kind in TOY_LOSSES]),
        axis("network.activation", [kind.name for kind in TOY_ACTIVATIONS]),
        axis("optimizer.name", ["adam", ToyTwice.name]),
    ]
    grid = cells(make_experiment(data__samples=40, run__epochs=3), axes, replicas=3)
    assert len(grid) == 12
    for cell in grid:
        result = run_cell(cell.experiment.dumps(), None, cell.digest)
        assert not result.error and len(result.lanes[0].values[f"train_{ToyCauchy.name}"]) == 3


def test_the_command_line_lists_new_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    printed = capsys.readouterr().out
    for kind in (*TOY_LOSSES, *TOY_ACTIVATIONS, ToyTwice):
        assert kind.name in printed and kind.summary in printed


def test_a_file_can_use_and_record_new_kinds(tmp_path: Path) -> None:
    path = tmp_path / "toys.toml"
    make_experiment(
        data__samples=40, loss__objective=ToyFading.name, loss__monitors=(ToyCauchy.name, ToyExponential.name),
        network__activation=ToyRamp.name, optimizer__name=ToyTwice.name,
    ).save(path)  # fmt: skip
    assert main(["run", str(path), "--quiet", "--no-pictures", "--out", str(tmp_path / "toys")]) == 0
    header = (tmp_path / "toys" / "history.csv").read_text().splitlines()[0]
    assert f"train_{ToyExponential.name}" in header and f"test_{ToyFading.name}" in header


# What each class documents


@pytest.mark.parametrize(
    "kind", [*LOSSES.values(), *ACTIVATIONS.values(), *OPTIMIZERS.values()], ids=lambda kind: kind.name
)
def test_every_class_has_a_teaching_paragraph_and_a_source(kind: type) -> None:
    head, _, sources = (kind.__doc__ or "").partition("References\n")
    paragraphs = [" ".join(part.split()) for part in head.strip().split("\n\n")]
    assert len(paragraphs) == 2 and len(paragraphs[1]) > 100
    assert re.search(r"\b(1[5-9]|20)\d\d\b", sources)


# Names are spelled in one place

_DEFAULTS = {"experiment/document/defaults.py", "experiment/document/settings.py"}
_REFERENCES = {"published.py"}  # published experiments name what they were made with
# words with other meanings, checked by hand: QFont, distributions, scales
_OTHER_MEANINGS = {"normal", "uniform", "linear"}


def _own_names(tree: ast.Module) -> Iterator[int]:
    """Yield the ids of literals in which a class spells its own name, or a parameter its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            assigned = [part for part in node.body if isinstance(part, ast.Assign)]
            values = [
                part.value
                for part in assigned
                if isinstance(part.targets[0], ast.Name) and part.targets[0].id == "name"
            ]
            names = {part.value for part in values if isinstance(part, ast.Constant)}
            yield from (id(part) for part in ast.walk(node) if isinstance(part, ast.Constant) and part.value in names)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Parameter":
            yield id(node.args[0])


def test_no_name_of_a_kind_is_a_literal_outside_its_class_and_the_defaults() -> None:
    names = {*LOSSES, *ACTIVATIONS, *OPTIMIZERS} - _OTHER_MEANINGS
    root = Path(sandbox.__file__).parent
    literals = []
    for path in sorted(root.rglob("*.py")):
        module = path.relative_to(root).as_posix()
        if module in _DEFAULTS | _REFERENCES or module.startswith("resources"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        own_names = set(_own_names(tree)) if module.startswith("nn/") else set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and node.value in names and id(node) not in own_names:
                literals.append(f"{module}:{node.lineno} {node.value}")
    assert not literals
