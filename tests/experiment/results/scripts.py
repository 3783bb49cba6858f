"""Exported scripts, run in a separate process and compared with the trainer."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sandbox.data import Data, load_data
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.results.script import script

RUNNER = """
import contextlib, io, json, pathlib, runpy, sys
sys.modules["sandbox"] = None  # numpy alone: an import of the program fails
costs = {}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.py")):
    with contextlib.redirect_stdout(io.StringIO()):
        costs[path.stem] = runpy.run_path(str(path))["costs"]
print(json.dumps(costs))
"""


def run_scripts(folder: Path) -> dict[str, list[float]]:
    """Run all scripts of a folder in one process that has only numpy; return their costs."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error", "-c", RUNNER, str(folder)]
    child = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=environment, timeout=120, check=False
    )
    assert child.returncode == 0, child.stderr
    return json.loads(child.stdout)  # type: ignore[no-any-return]


def trained(experiment: Experiment, data: Data, lane: str | None = None, epochs: int | None = None) -> list[float]:
    """Return the costs that the trainer records."""
    trainer = Trainer(experiment, data)
    trainer.run(epochs)
    return [row.values["train_cost"] for row in trainer.history(lane).rows()]


def agree(actual: list[float], wanted: list[float]) -> bool:
    """Whether costs are the same to 1e-10, relative where they are large; nan equals nan."""
    if len(actual) != len(wanted):
        return False
    return all(
        (math.isnan(a) and math.isnan(b)) or a == b or abs(a - b) <= 1e-10 * max(1.0, abs(b))
        for a, b in zip(actual, wanted, strict=True)
    )


class Cases:
    """Experiments whose scripts are run together."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wanted: dict[str, list[float]] = {}
        self._data: dict[str, Data] = {}

    def add(self, name: str, text: str, source: dict[str, Any], lane: str = "A") -> None:
        key = json.dumps(source)
        if key not in self._data:
            self._data[key] = load_data(**source)
        experiment = Experiment.loads(text)
        name = name.replace(" ", "_")
        assert name not in self.wanted
        (self.folder / f"{name}.py").write_text(script(experiment, lane, self._data[key]), encoding="utf-8")
        self.wanted[name] = trained(experiment, self._data[key], lane)

    def check(self) -> None:
        costs = run_scripts(self.folder)
        wrong = [name for name, wanted in self.wanted.items() if not agree(costs[name], wanted)]
        assert not wrong, {name: (costs[name][-3:], self.wanted[name][-3:]) for name in wrong[:5]} | {
            "count": len(wrong)
        }
