"""What `make run` and `make test` do first: as little as they can, and they say what they cannot."""

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

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="make is not the way on Windows")


@pytest.fixture
def prepare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, at work in a folder of its own."""
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
    """What pip was asked to install, in turn; it succeeds."""
    asked: list[str] = []

    def run_pip(arguments: list[str]) -> tuple[bool, int]:
        asked.append(arguments[-1].removeprefix(str(prepare.ROOT)))
        return False, 0

    monkeypatch.setattr(prepare, "run_pip", run_pip)
    return asked


def test_it_installs_only_what_is_not_there(prepare: ModuleType, installations: list[str]) -> None:
    prepare.install("")
    prepare.install("")
    assert installations == [""]
    prepare.install("test")
    prepare.install("test")
    prepare.install("")
    assert installations == ["", "[test]"]
    prepare.install("dev")
    assert installations[2:] == ["[dev,test]"]


def test_it_installs_again_where_the_project_changed(prepare: ModuleType, installations: list[str]) -> None:
    prepare.install("test")
    (prepare.ROOT / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    prepare.install("")
    assert installations == ["[test]", "[test]"]


@pytest.mark.parametrize("content", ["", "[]", '{"pyproject": 1, "extras": "test"}'])
def test_a_stamp_that_says_nothing_is_as_good_as_none(
    prepare: ModuleType, installations: list[str], content: str
) -> None:
    prepare.STAMP.write_text(content)
    prepare.install("test")
    assert installations == ["[test]"]


@pytest.mark.parametrize(("offline", "said"), [(True, "index could not be reached"), (False, "pip says why")])
def test_a_failed_installation_is_no_success_the_next_time(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, offline: bool, said: str
) -> None:
    digest = hashlib.sha256((prepare.ROOT / "pyproject.toml").read_bytes()).hexdigest()
    before = {"pyproject": digest, "extras": ["test"]}
    prepare.STAMP.write_text(json.dumps(before))
    monkeypatch.setattr(prepare, "run_pip", lambda arguments: (offline, 1))
    with pytest.raises(SystemExit, match=said):
        prepare.install("bench")
    assert prepare.read_stamp() == before
    prepare.install("test")  # which is still there


def test_a_pip_without_network_is_recognised(prepare: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "Failed to establish a new connection: [Errno -3] Temporary failure in name resolution"
    failing = [sys.executable, "-c", f"print({said!r}); raise SystemExit(1)"]
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
    prepare.STAMP.write_text(json.dumps({"folder": "/elsewhere"}))  # installed from there, and copied here
    assert not prepare.venv_is_ours()
    prepare.STAMP.unlink()
    prepare.VENV_PYTHON.write_text(f"#!/bin/sh\necho '{here.replace('(3, ', '(2, ')}'\n")
    assert not prepare.venv_is_ours()


@pytest.mark.parametrize("debian", [True, False])
def test_without_a_way_to_install_packages_they_are_named(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, debian: bool
) -> None:
    monkeypatch.setattr(prepare, "is_debian", lambda: debian)
    monkeypatch.setattr(prepare, "administrator", lambda: None)
    with pytest.raises(SystemExit, match=r"Something is missing: .*sudo apt-get install libegl1 libgl1"):
        prepare.provide_packages(["libegl1", "libgl1"], "Something is missing")


def test_fonts_are_found_wherever_they_are(prepare: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "fonts" / "truetype"
    folder.mkdir(parents=True)
    (folder / "README.txt").touch()
    folders = [tmp_path / "nowhere", tmp_path / "fonts"]
    assert not prepare.has_font(folders)
    (folder / "Sans.TTF").touch()
    assert prepare.has_font(folders)


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_says_so_where_there_is_no_such_python() -> None:
    command = ["make", "test", "PYTHON=python-of-nowhere"]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert child.returncode != 0
    assert "Python 3.11 or newer is needed, and there is no python-of-nowhere here" in child.stderr


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_says_so_where_python_is_too_old(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    aged = "import sys; sys.version_info = (3, 9, 2); sys.version = '3.9.2 (default)'; exec(sys.argv[1])"
    old.write_text(f'#!/bin/sh\nshift\nexec "{sys.executable}" -c "{aged}" "$1"\n')
    old.chmod(0o755)
    command = ["make", "test", f"PYTHON={old}"]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert child.returncode != 0
    assert f"Python 3.11 or newer is needed, and {old} is 3.9.2" in child.stderr
