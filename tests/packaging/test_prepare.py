"""What `make run` and `make test` do first: as little as possible, and they say what they cannot do."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="make is not used on Windows")


@pytest.fixture
def prepare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, working in a temporary folder."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    spec = importlib.util.spec_from_file_location("prepare", ROOT / "scripts" / "prepare.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "VENV_PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "installed.json")
    return module


@pytest.fixture
def installations(prepare: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What pip was asked to install, in order; it always succeeds."""
    requested: list[str] = []

    def run_pip(arguments: list[str]) -> tuple[bool, int]:
        requested.append(arguments[-1].removeprefix(str(prepare.ROOT)))
        return False, 0

    monkeypatch.setattr(prepare, "run_pip", run_pip)
    return requested


def test_only_missing_extras_are_installed(prepare: ModuleType, installations: list[str]) -> None:
    prepare.install("")
    prepare.install("")
    assert installations == [""]
    prepare.install("test")
    prepare.install("test")
    prepare.install("")
    assert installations == ["", "[test]"]
    prepare.install("dev")
    assert installations[2:] == ["[dev,test]"]


def test_a_changed_project_is_installed_again(prepare: ModuleType, installations: list[str]) -> None:
    prepare.install("test")
    (prepare.ROOT / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    prepare.install("")
    assert installations == ["[test]", "[test]"]


@pytest.mark.parametrize("content", ["", "[]", '{"pyproject": 1, "extras": "test"}'])
def test_an_invalid_stamp_is_ignored(prepare: ModuleType, installations: list[str], content: str) -> None:
    prepare.STAMP.write_text(content)
    prepare.install("test")
    assert installations == ["[test]"]


@pytest.mark.parametrize(("offline", "message"), [(True, "index could not be reached"), (False, "pip says why")])
def test_a_failed_installation_leaves_the_stamp_as_it_was(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, offline: bool, message: str
) -> None:
    digest = hashlib.sha256((prepare.ROOT / "pyproject.toml").read_bytes()).hexdigest()
    before = {"pyproject": digest, "extras": ["test"]}
    prepare.STAMP.write_text(json.dumps(before))
    monkeypatch.setattr(prepare, "run_pip", lambda arguments: (offline, 1))
    with pytest.raises(SystemExit, match=message):
        prepare.install("bench")
    assert prepare.read_stamp() == before
    prepare.install("test")  # still installed


def test_a_pip_without_network_is_recognised(prepare: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    message = "Failed to establish a new connection: [Errno -3] Temporary failure in name resolution"
    failing = [sys.executable, "-c", f"print({message!r}); raise SystemExit(1)"]
    monkeypatch.setattr(prepare, "pip", lambda: failing)
    assert prepare.run_pip([]) == (True, 1)
    monkeypatch.setattr(prepare, "pip", lambda: [sys.executable, "-c", "print('done')"])
    assert prepare.run_pip([]) == (False, 0)


def test_a_venv_that_does_not_run_or_belongs_elsewhere_is_not_ours(prepare: ModuleType) -> None:
    assert not prepare.venv_is_ours()
    prepare.VENV_PYTHON.parent.mkdir()
    prepare.VENV_PYTHON.symlink_to(prepare.ROOT / "gone")
    assert not prepare.venv_is_ours()
    prepare.VENV_PYTHON.unlink()
    prepare.VENV_PYTHON.write_text("#!/bin/sh\nexit 1\n")
    prepare.VENV_PYTHON.chmod(0o755)
    assert not prepare.venv_is_ours()
    here = f"{sys.version_info[:3]} {sys.base_prefix} {prepare.VENV}"
    prepare.VENV_PYTHON.write_text(f"#!/bin/sh\necho '{here}'\n")
    assert prepare.venv_is_ours()
    prepare.STAMP.write_text(json.dumps({"folder": "/elsewhere"}))  # installed elsewhere and copied here
    assert not prepare.venv_is_ours()
    prepare.STAMP.unlink()
    prepare.VENV_PYTHON.write_text(f"#!/bin/sh\necho '{here.replace('(3, ', '(2, ')}'\n")
    assert not prepare.venv_is_ours()


@pytest.mark.parametrize("debian", [True, False])
def test_packages_that_cannot_be_installed_are_named(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, debian: bool
) -> None:
    monkeypatch.setattr(prepare, "is_debian", lambda: debian)
    monkeypatch.setattr(prepare, "administrator", lambda: None)
    with pytest.raises(SystemExit, match=r"Something is missing: .*sudo apt-get install libegl1 libgl1"):
        prepare.provide_packages(["libegl1", "libgl1"], "Something is missing")


def test_fonts_are_found_in_any_subfolder(prepare: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "fonts" / "truetype"
    folder.mkdir(parents=True)
    (folder / "README.txt").touch()
    folders = [tmp_path / "nowhere", tmp_path / "fonts"]
    assert not prepare.has_font(folders)
    (folder / "Sans.TTF").touch()
    assert prepare.has_font(folders)


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_reports_a_missing_python() -> None:
    command = ["make", "test", "PYTHON=python-of-nowhere"]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert child.returncode != 0
    assert "Python 3.11 or newer is needed, but python-of-nowhere was not found" in child.stderr


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_reports_an_old_python(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    aged = "import sys; sys.version_info = (3, 9, 2); sys.version = '3.9.2 (default)'; exec(sys.argv[1])"
    old.write_text(f'#!/bin/sh\nshift\nexec "{sys.executable}" -c "{aged}" "$1"\n')
    old.chmod(0o755)
    command = ["make", "test", f"PYTHON={old}"]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert child.returncode != 0
    assert f"Python 3.11 or newer is needed, and {old} is 3.9.2" in child.stderr
