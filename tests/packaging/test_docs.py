"""What the documents for contributors say is true of this checkout."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.training.snapshot import Wanted
from sandbox.nn import ACTIVATIONS, INITIALIZERS, LOSSES, METRICS, OPTIMIZERS
from tests.test_new_kinds import test_every_class_has_a_teaching_paragraph_and_a_source as check_docstring

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/*.md"))]
CONTRACT = (ROOT / "docs/contract.md").read_text(encoding="utf-8")


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), re.S)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_paths_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", prose) if not link.startswith("http")]
    assert all((document.parent / link).exists() for link in links), links
    named = set(re.findall(r"`((?:sandbox|tests|docs|resources|scripts)/[\w./]+)`", text))
    named |= {
        f"sandbox/{path}" for path in re.findall(r"`((?:nn|data|experiment|ui|worker|cli|document)/[\w./]+)`", text)
    }
    named = {path.replace("sandbox/document/", "sandbox/experiment/document/") for path in named}
    missing = {path for path in named if "NAME" not in path and not (ROOT / path).exists()}
    assert not missing


def test_the_layout_in_the_architecture_is_that_of_the_folders() -> None:
    (layout, *_) = re.findall(r"## Layout\n\n```\n(.*?)```", (ROOT / "docs/architecture.md").read_text("utf-8"), re.S)
    folders = {path.parent.name for path in (ROOT / "sandbox").rglob("__init__.py")} - {"sandbox"}
    assert folders == set(re.findall(r"(?<![\w/.])(\w+)/", layout)) - {"sandbox", "resources", "tests", "benchmarks"}


def test_the_contracts_example_has_the_defaults() -> None:
    (text,) = blocks(ROOT / "docs/contract.md", "toml")
    experiment = Experiment.loads(text)
    assert [lane.name for lane in experiment.lanes] == ["A", "B"] and len(experiment.edits) == 1
    plain, written = Experiment(), dataclasses.replace(experiment, lanes=Experiment().lanes, edits=())
    dataset = {"data.samples": 300, "data.noise": 0.16, "data.seed": 1}  # the defaults of moons
    assert written == plain.with_values({"data.dataset": "moons", **dataset})


def table(heading: str) -> Iterator[str]:
    """Yield the names in the first column of the table below a heading."""
    for row in CONTRACT.split(heading, 1)[1].strip().split("\n"):
        if not row.startswith("|"):
            return
        yield from re.findall(r"`(\w+)`", row.split("|")[1])


def test_names_in_the_contract_are_those_of_the_registries() -> None:
    losses = list(table("(r = a - y):\n"))
    assert sorted(losses) == sorted(LOSSES)
    for word, registry in (("Activations", ACTIVATIONS), ("Initialisers", INITIALIZERS), ("Optimisers", OPTIMIZERS)):
        (names,) = re.findall(rf"^{word}: `([\w\s]+)`", CONTRACT, re.M)
        assert sorted(names.split()) == sorted(registry)
    assert set(METRICS) <= set(re.findall(r"`(\w+)`", CONTRACT.split("\nMetrics:", 1)[1].split("\n\n", 1)[0]))


def test_make_check_runs_every_hook() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = set(re.findall(r'additional_dependencies: \["(.+)"\]', hooks))
    assert bounds and bounds <= set(project["optional-dependencies"]["dev"])
    for command in re.findall(r"entry: ([a-z]+(?: [a-z]+)?)", hooks):
        assert re.search(rf"\t.*\b{command}", makefile), command


def test_the_loss_of_the_guide_works(monkeypatch: pytest.MonkeyPatch) -> None:
    (text, *_) = blocks(ROOT / "CONTRIBUTING.md", "python")
    import sandbox.nn.losses as module

    names: dict[str, Any] = dict(vars(module))
    exec(compile(text, "guide", "exec", dont_inherit=True), names)
    kind = names["PseudoHuber"]
    check_docstring(kind)
    monkeypatch.setitem(LOSSES, kind.name, kind)
    rng, h = np.random.default_rng(1), 1e-6
    A, Y = rng.normal(size=(2, 20, 3))
    assert_allclose(kind().values(A, Y), np.sqrt(1.0 + (A - Y) ** 2) - 1.0, rtol=1e-12, atol=1e-15)
    slope = (kind().values(A + h, Y) - kind().values(A - h, Y)) / (2 * h)
    assert_allclose(kind().dA(A, Y), slope, atol=1e-8)
    trainer = Trainer(Experiment().with_value("loss.objective", kind.name))
    before = trainer.readings(trainer.lanes[0])["train_cost"]
    trainer.run(epochs=50)
    assert trainer.readings(trainer.lanes[0])["train_cost"] < before


def test_the_lens_of_the_guide_works(qtbot: Any) -> None:
    (_, text, test) = blocks(ROOT / "CONTRIBUTING.md", "python")
    text = text.replace("from sandbox.experiment.lens.length import AskLength\n", "")  # here it is one module
    names: dict[str, Any] = {"__name__": "guide"}
    exec(compile(text, "guide", "exec", dont_inherit=True), names)
    lens = names["LengthLens"]()
    qtbot.addWidget(lens)
    with qtbot.waitExposed(lens):
        lens.show()
    trainer = Trainer(Experiment())
    lens.draw(trainer.snapshot(wanted=Wanted(questions=lens.questions("A"))), "A")
    assert float(lens.number.text()) == pytest.approx(float(np.linalg.norm(trainer.probe("A").gradient())), rel=1e-3)
    names |= {"Trainer": Trainer, "Experiment": Experiment, "Wanted": Wanted, "pytest": pytest}
    exec(compile(test, "guide", "exec", dont_inherit=True), names)
    names["test_the_length_is_that_of_the_gradient"](qtbot)
