"""What a person names: every reader refuses what is no ordinary file in one sentence, at once and in little memory."""

from __future__ import annotations

import csv
import errno
import os
import pty
import re
import socket
import struct
import tokenize
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sandbox import cli, files
from sandbox.data import load_data
from sandbox.data.bounds import MAX_BYTES as TABLE_BYTES
from sandbox.errors import OUT_OF_MEMORY, InputError, shown
from sandbox.experiment import Experiment
from sandbox.experiment.document.toml_file import MOST_BYTES as TEXT_BYTES
from sandbox.experiment.results import sweep
from sandbox.experiment.training.weights import MOST_BYTES as WEIGHTS_BYTES
from sandbox.experiment.training.weights import load_weights, save_weights
from sandbox.ui.last_session import saved_sessions
from sandbox.ui.session import Session

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="only Unix has pipes and devices among its files")

SIZES = (2, 3, 1)
RAISING: dict[str, Callable[[Path], object]] = {
    "experiment": Experiment.load,
    "table": lambda path: load_data(file=str(path)),
    "weights": lambda path: load_weights(path, SIZES),
    "write": lambda path: files.write_atomic(path, ""),
}
"""Readers that raise an InputError."""


def kept_cell(path: Path, folder: Path) -> object:
    return sweep._read_result(path)


def digest(path: Path, folder: Path) -> object:
    experiment = Experiment().with_value("data.file", str(path))
    return None if sweep._digest(experiment) == sweep._digest(experiment) else "differs"


def last_session(path: Path, folder: Path) -> object:
    link = folder / "last.toml"
    link.unlink(missing_ok=True)
    link.symlink_to(path)
    return saved_sessions(folder) or None


SILENT: dict[str, Callable[[Path, Path], object]] = {
    "kept cell": kept_cell, "digest": digest, "last session": last_session,
}  # fmt: skip
"""Readers that go on without: nobody asked for this very file."""

MOST = {"experiment": TEXT_BYTES, "table": TABLE_BYTES, "weights": WEIGHTS_BYTES, "kept cell": sweep._MOST_RESULT_BYTES,
        "digest": WEIGHTS_BYTES, "last session": TEXT_BYTES}  # fmt: skip


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """Make a path of some sort, which is closed again after the test."""
    opened: list[int] = []
    listening = socket.socket(socket.AF_UNIX)

    def make(kind: str) -> Path:
        path = tmp_path / "named"
        match kind:
            case "pipe":
                os.mkfifo(path)
            case "zeros":
                path = Path("/dev/zero")
            case "terminal":
                opened.extend(pty.openpty())
                path = Path(os.ttyname(opened[-1]))
            case "socket":
                listening.bind(str(path))
            case "folder":
                path.mkdir()
            case "long name":
                path = tmp_path / ("x" * 256)
            case "locked folder":
                path = tmp_path / "locked" / "named"
                before = os.stat

                def stat(what: Any, *arguments: Any, **keywords: Any) -> os.stat_result:
                    if str(what) == str(path):
                        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
                    return before(what, *arguments, **keywords)

                monkeypatch.setattr(os, "stat", stat)
        return path

    yield make
    listening.close()
    for descriptor in opened:
        os.close(descriptor)


KINDS = {
    "pipe": "this is not an ordinary file, but must be",
    "zeros": "this is not an ordinary file, but must be",
    "terminal": "this is not an ordinary file, but must be",
    "socket": "this is not an ordinary file, but must be",
    "folder": "this is a folder, but must be",
    "long name": "file name too long.",
    "locked folder": "permission denied.",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reader", [name for name in RAISING if name != "write"])
def test_a_reader_refuses_what_is_no_ordinary_file(hostile: Callable[[str], Path], reader: str, kind: str) -> None:
    path = hostile(kind)
    with pytest.raises(InputError) as error:
        RAISING[reader](path)
    assert KINDS[kind] in str(error.value) and str(error.value).startswith(shown(path, 400))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reader", SILENT)
def test_what_nobody_asked_for_is_passed_over(
    tmp_path: Path, hostile: Callable[[str], Path], reader: str, kind: str
) -> None:
    assert SILENT[reader](hostile(kind), tmp_path) is None


@pytest.mark.parametrize("kind", ["folder", "long name", "locked folder"])
def test_a_writer_says_why_not(hostile: Callable[[str], Path], kind: str) -> None:
    path = hostile(kind)
    with pytest.raises(InputError) as error:
        RAISING["write"](path)
    assert KINDS[kind] in str(error.value)
    if kind != "folder":
        with pytest.raises(InputError, match=KINDS[kind]), files.write_together(path, []):
            pass


@pytest.mark.parametrize("reader", MOST)
def test_a_byte_too_long(tmp_path: Path, reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more is read than is allowed, whatever size the file claims; a file of that size is read."""
    read: list[int] = []
    before = files._read

    def count(file: Any, most: int) -> bytes | None:
        content = before(file, most)
        read.append(len(content or b""))
        return content

    monkeypatch.setattr(files, "_read", count)
    path = tmp_path / "named"
    for excess in (1, 10**9):
        with path.open("wb") as file:
            file.truncate(MOST[reader] + excess)
        if reader in RAISING:
            with pytest.raises(InputError, match=rf"this is too large: .* has at most {MOST[reader]:,} bytes\.$"):
                RAISING[reader](path)
        else:
            assert SILENT[reader](path, tmp_path) is None
        assert set(read) == {MOST[reader] + 1}


def test_a_log_that_would_have_to_be_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/proc/kmsg says of itself that it is an ordinary file."""
    path = tmp_path / "kmsg"
    path.write_text("[run]")
    reads = iter([b"[run]", None])

    class Log(files.io.FileIO):
        def read(self, size: int = -1) -> bytes | None:  # type: ignore[override]
            return next(reads)

    monkeypatch.setattr(files.io, "FileIO", Log)
    with pytest.raises(InputError, match=r"kmsg: reading this would not end, but this must be an experiment\.$"):
        Experiment.load(path)


def test_a_file_without_a_size_is_read(tmp_path: Path) -> None:
    """The system's own files have size 0, whatever is in them."""
    assert Path("/proc/self/status").stat().st_size == 0
    assert b"Pid" in files.read_file(Path("/proc/self/status"), 100_000, "a text")
    with pytest.raises(InputError, match="at most 10 bytes"):
        files.read_file(Path("/proc/self/status"), 10, "a text")


def test_there_is_one_door() -> None:
    """Nobody else reads a file that a person can name, parses TOML, or prints."""
    root = Path(cli.__file__).parents[1]
    owners = {
        r"\btomllib\.": {"experiment/document/toml_file.py"},
        r"\.read_(text|bytes)\(|(?<!\")\bnp\.load\(|open\([^)]*[\"']r": {
            "experiment/results/script.py",
            "ui/last_session.py",
        },
        r"\bos\.open\(|\bos\.stat\(": {"files.py", "cli/console.py", "signals.py"},
        r"(?<!\.)\bprint\(": {"cli/console.py", "ui/ending.py", "experiment/results/script.py"},
    }  # the script is a text; the last session reads again what it has just written
    for pattern, allowed in owners.items():
        found = set()
        for path in root.rglob("*.py"):
            lines = (line for line in path.read_text(encoding="utf-8").splitlines() if "resource(" not in line)
            if any(re.search(pattern, line) for line in lines):
                found.add(path.relative_to(root).as_posix())
        assert found <= allowed, (pattern, found - allowed)


# The command line


def good_experiment(folder: Path) -> Path:
    """An experiment that has a table and weights."""
    rows = "".join(f"{i},{i * i % 7},{i % 2}\n" for i in range(20))
    (folder / "points.csv").write_text("a,b,y\n" + rows)
    save_weights(folder / "w.npz", {"W1": np.ones((3, 2)), "b1": np.ones(3), "W2": np.ones((1, 3)), "b2": np.ones(1)})
    path = folder / "x.toml"
    path.write_text('[data]\nfile = "points.csv"\n[network]\nhidden = [3]\nweights = "w.npz"\n[run]\nepochs = 1\n')
    return path


OF_THE_SYSTEM = [OSError(errno.EIO, "Input/output error"), PermissionError(errno.EACCES, "Permission denied"),
                 OSError("nothing more is known"), ValueError("embedded null byte"), MemoryError()]  # fmt: skip
RAISED: list[tuple[Any, str, Exception]] = [
    *((files, "_read", error) for error in OF_THE_SYSTEM),
    *((files.os, "open", error) for error in OF_THE_SYSTEM),
    *((zipfile, "ZipFile", error) for error in (
        zipfile.BadZipFile("no zip"), zlib.error("no zlib"), NotImplementedError("strange"), RuntimeError("encrypted"),
        EOFError(), struct.error("short"), OverflowError("large"), tokenize.TokenError("EOF", (1, 0)),
        UnicodeDecodeError("utf-8", b"x", 0, 1, "no"), SyntaxError("no"), RecursionError(), MemoryError(),
        KeyError("x"), AttributeError("x"), TypeError("x"),
    )),
    (csv, "reader", MemoryError()),
    *((np, "loadtxt", error) for error in (ValueError("no"), MemoryError())),
    *((files.os, "stat", error) for error in (OSError(errno.ELOOP, "Too many levels"), ValueError("null"))),
]  # fmt: skip


@pytest.mark.parametrize(("owner", "name", "error"), RAISED, ids=lambda value: getattr(value, "__name__", repr(value)))
def test_main_says_whatever_a_reader_can_raise_in_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    owner: Any,
    name: str,
    error: Exception,
) -> None:
    path = good_experiment(tmp_path)
    monkeypatch.chdir(tmp_path)
    before, text = getattr(owner, name), isinstance(error, ValueError) and name == "loadtxt"

    def fail(*arguments: Any, **keywords: Any) -> Any:
        mine = not isinstance(arguments[0], (str, Path)) or Path(arguments[0]).parent == tmp_path
        if owner is files.os and not mine:
            return before(*arguments, **keywords)
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, fail)
        code = cli.main(["run", str(path), "--no-pictures", "--quiet"])
    said = capsys.readouterr().err
    if text:  # the careful reader takes over
        assert (code, said) == (0, "")
        return
    assert code == 2 and said.startswith("loss-sandbox: ") and said.count("\n") == 1 and said.rstrip().endswith(".")
    assert "Traceback" not in said and (
        not isinstance(error, MemoryError) or OUT_OF_MEMORY in said or name == "ZipFile"
    )
    assert not (tmp_path / "x").exists()


def test_a_cell_without_memory_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any, **keywords: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(sweep, "Trainer", fail)
    assert sweep.run_cell(Experiment().dumps(), None, "x").error == OUT_OF_MEMORY


def test_a_lack_of_memory_while_a_file_is_opened_is_a_sentence(
    qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the window, which goes on."""

    def fail(*arguments: Any, **keywords: Any) -> Any:
        raise MemoryError

    session = Session(Experiment())
    said: list[tuple[str, bool]] = []
    session.message.connect(lambda sentence, error: said.append((sentence, error)))
    monkeypatch.setattr(Experiment, "load", fail)
    session.open_experiment(tmp_path / "x.toml")
    session.close()
    assert said == [(OUT_OF_MEMORY[0].upper() + OUT_OF_MEMORY[1:], True)]


# Text that is shown


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("plain \u2212 \u00e9 \u4e2d \U0001f600", 60, "plain \u2212 \u00e9 \u4e2d \U0001f600"),
        ("97\u2009%", 60, "97\u2009%"),
        ("a\x1b[31mb\x07\r\n\t\x7f\x9b", 60, r"a\x1b[31mb\x07\r\n\t\x7f\x9b"),
        ("\u202eevil\u2066\u2028\u2029\ud800", 60, r"\u202eevil\u2066\u2028\u2029\ud800"),
        ("x" * 60, 60, "x" * 60),
        ("x" * 61, 60, "x" * 37 + "..." + "x" * 20),
        ("begin" + "x" * 30_000 + "end", 30, "begin" + "x" * 12 + "..." + "x" * 7 + "end"),
        ("\x1b" * 30, 60, r"\x1b" * 9 + r"\..." + r"\x1b" * 5),
        (Path("a/b"), 60, "a/b"),
        ("", 60, ""),
    ],
)
def test_a_text_is_shown_escaped_and_cut(text: object, most: int, expected: str) -> None:
    assert shown(text, most) == expected and len(expected) <= most
    assert shown(expected, most) == expected


def test_cutting_a_long_text_takes_no_more_than_its_ends() -> None:
    long = "\x1b" * 30_000_000
    tracemalloc.start()
    try:
        shown(long)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
