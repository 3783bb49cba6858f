"""What pyproject.toml promises: versions that work, layers without Qt, and resources in the wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIREMENTS = [Requirement(text) for text in PROJECT["dependencies"]]

without_checkout = pytest.mark.skipif(not (ROOT / "resources").is_dir(), reason="only a checkout can be built")


def allowed(name: str, version: str, python: str) -> bool:
    """Whether `version` of `name` may be installed on `python`; every applicable requirement must allow it."""
    environment = {"python_version": ".".join(python.split(".")[:2]), "python_full_version": python}
    applicable = [
        requirement
        for requirement in REQUIREMENTS
        if requirement.name.lower() == name.lower()
        and (requirement.marker is None or requirement.marker.evaluate(environment))
    ]
    assert applicable, f"{name} is not required on Python {python}"
    return all(requirement.specifier.contains(Version(version), prereleases=True) for requirement in applicable)


@pytest.mark.parametrize("python", ["3.11.0", "3.11.2", "3.11.99"])
@pytest.mark.parametrize("version", ["6.12.0", "6.12.1", "6.12.0.1", "6.13.0", "6.99", "7.0"])
def test_no_pyside_that_loses_references_on_python_3_11(python: str, version: str) -> None:
    assert not allowed("PySide6-Essentials", version, python)


@pytest.mark.parametrize(
    ("python", "version"),
    [
        ("3.11.0", "6.10.0"),
        ("3.11.9", "6.11.3"),
        ("3.12.0", "6.12.0"),
        ("3.13.1", "6.12.0"),
        ("3.14.0", "6.13.0"),
    ],
)
def test_pysides_that_work_are_allowed(python: str, version: str) -> None:
    assert allowed("PySide6-Essentials", version, python)


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_every_dependency_has_a_lower_and_an_upper_bound(requirement: Requirement) -> None:
    operators = {specifier.operator for specifier in requirement.specifier}
    assert operators == {">=", "<"}


WITHOUT_QT = """
import importlib, pkgutil, sys

QT = ("PySide6", "shiboken6", "pyqtgraph")

class Barrier:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in QT:
            raise ImportError(f"{name} must not be imported here")

sys.meta_path.insert(0, Barrier())
for name in ("sandbox.nn", "sandbox.notation", "sandbox.data", "sandbox.experiment", "sandbox.lessons"):
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        importlib.import_module(module.name)
        print(module.name)
assert not [name for name in sys.modules if name.partition(".")[0] in QT]
"""


def test_the_layers_below_the_worker_import_no_qt() -> None:
    child = subprocess.run([sys.executable, "-c", WITHOUT_QT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
    assert "sandbox.nn.parameters" in child.stdout.split()


@without_checkout
def test_a_wheel_contains_its_resources(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    shipped = sorted(path.relative_to(ROOT / "resources") for path in (ROOT / "resources").rglob("*") if path.is_file())
    assert shipped
    look_up = "import sys; from sandbox.resources import resource; print(*map(resource, sys.argv[1:]), sep='\\n')"
    names = [path.as_posix() for path in shipped]
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    child = subprocess.run(
        [sys.executable, "-P", "-c", look_up, *names],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    assert child.stdout.splitlines() == [str(installed / "sandbox" / "resources" / path) for path in shipped]


@without_checkout
def test_a_wheel_has_the_command_and_the_licence(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        texts = {
            name.rpartition("/")[2]: archive.read(name).decode() for name in archive.namelist() if "dist-info" in name
        }
    assert "loss-sandbox = sandbox.__main__:main" in texts["entry_points.txt"]
    assert texts["LICENSE"].startswith("MIT License")
    assert "License-Expression: MIT" in texts["METADATA"]
