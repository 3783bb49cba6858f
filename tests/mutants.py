"""Mutated files: experiments, weights and tables with some bytes, marks or members changed; always the same ones."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np

from sandbox.experiment import Experiment
from sandbox.experiment.document.parts import Edit, LaneEntry

SIZES = (2, 6, 4, 1)  # of the network that the weights are for
_ROOT = Path(__file__).parents[1]
_TOML_MARKS = [
    b"[", b"]", b"{", b"}", b"=", b".", b",", b'"', b"'", b'"""', b"'''", b"#", b"\\", b"\n", b"\r", b"\0", b"_", b"+",
    b"\x1b[31m", b"[[lanes]]\n", b"[[edits]]\nupdate = 1\n", b"[" * 600, b"{a=" * 600, b"a." * 3_000, b"9" * 5_000,
    b"0x" + b"f" * 3_000, b"nan", b"inf", b"-1", b"1e999", b"true", b"1979-05-27T07:32:00Z", b"2021-13-45", b"\xff",
    b"\xc3\xa9", b"\xed\xa0\x80", b'"\\ud800"', b'"\\u0000"', b"\xe2\x80\xae", b"\xef\xbb\xbf", b"title = 1\n",
    b"[[lanes]]\nname = 'A'\n" * 20, b"1," * 30_000, b"x" * 70_000, b"[data]\n", b"run.replicas = 64\n",
    b"network.hidden = [1024, 1024, 1024, 1024, 1024, 1024, 1024, 1024]\n", b"samples = 100000\n",
    b"file = '/dev/zero'\n", b"weights = '/dev/zero'\n", b"format = 2\n",
]  # fmt: skip
_CSV_MARKS = [
    b",", b";", b"\t", b'"', b'""', b"\n", b"\r", b"\r\n", b"\0", b" ", b"nan", b"inf", b"-inf", b"1e999", b"NA", b"?",
    b"1_000", b"\xff", b"\xc3\xa9", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\x1b[31m", b"\x85", b"\x1c", b"," * 2_000,
    b"\n" * 50_000, b"x" * 140_000, b'"' + b"x" * 140_000, b"1" * 400, b"0x10", b"1.5.2", b"\xd9\xa1\xd9\xa2", b"-0",
    b"1e-400", b"99999999999999999999", b'"a\nb"', b"'", b"#", b"1,2,3\n" * 5_000, b"\xed\xa0\x80", b"True", b"1,5",
]  # fmt: skip
_ZIP_MARKS = [
    b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"\x93NUMPY\x01\x00", b"W1.npy",
    b"\x93NUMPY\x03\x00", b"\xff" * 4, b"\xff" * 8, b"\0" * 4, b"W9.npy", b"'descr': '<f8'", b"'descr': '|O'",
    b"(1000000000, 1000000)", b"(6, 2)", b"True", b"{" * 50, b"(" * 300, b"'", b'"""', b"\\", b"\n", b"<c16",
    b"<U100000000", b"0" * 200, b"9" * 5_000, b"\x0c\x00", b"\x0e\x00",
]  # fmt: skip


def experiments() -> list[bytes]:
    """Good experiment files."""
    lanes = (LaneEntry("A"), LaneEntry("B", {"loss.objective": "mse", "network.hidden": (8, 8)}), LaneEntry("C 3", {}))
    settings = {"title": "Fuzz \u00e9", "loss.monitors": ("mse", "accuracy"), "run.replicas": 3, "network.initial": ()}
    full = Experiment(lanes=lanes).with_values(settings)
    for update in range(12):
        full = full.with_edit(
            Edit(10 * update, {"optimizer.learning_rate": 0.1 + update, "loss.objective": "focal"}, "A")
        )
    full = full.with_edit(Edit(5, {}, "B", {"W1[0,1]": 0.5, "b2[3]#2": -1e-300}))
    shipped = sorted((_ROOT / "docs" / "experiments").glob("*.toml"))
    return [full.dumps().encode(), Experiment().dumps().encode(), *(path.read_bytes() for path in shipped)]


def tables() -> list[bytes]:
    """Good tables."""
    rng = np.random.default_rng(0)
    rows = [f"{x:.4f},{y:.4f},{'yes' if x > y else 'no'}" for x, y in rng.normal(size=(60, 2))]
    plain = "a,b,answer\n" + "\n".join(rows) + "\n"
    quoted = '"a ""b""","size, cm",y\n' + "".join(f'"{i}.5",{i % 7}.5,"kind, {i % 3}"\n' for i in range(40))
    decimal = "a;b;y\r\n" + "".join(f"{i},5;{i % 5},25;{i % 2}\r\n" for i in range(30))
    shipped = (_ROOT / "resources" / "datasets" / "iris.csv").read_bytes()
    return [plain.encode(), quoted.encode(), decimal.encode("utf-8-sig"), plain.replace(",", "\t").encode(), shipped]


def weights() -> list[bytes]:
    """Good files of weights, for a network of `SIZES`."""
    rng = np.random.default_rng(0)
    arrays = {}
    for l, (n_in, n_out) in enumerate(pairwise(SIZES), start=1):
        arrays[f"W{l}"], arrays[f"b{l}"] = rng.normal(size=(n_out, n_in)), rng.normal(size=n_out)
    files = []
    for write in (np.savez, np.savez_compressed):
        file = io.BytesIO()
        write(file, **arrays)
        files.append(file.getvalue())
    return files


GOOD: dict[str, tuple[Callable[[], list[bytes]], list[bytes]]] = {
    "experiment": (experiments, _TOML_MARKS), "table": (tables, _CSV_MARKS), "weights": (weights, _ZIP_MARKS),
}  # fmt: skip


def mutants(kind: str, numbers: range) -> list[bytes]:
    """Return mutated files of a kind, by their numbers: each number is always the same file."""
    make, marks = GOOD[kind]
    files = make()
    return [mutant(files, marks, number, kind == "weights") for number in numbers]


def mutant(files: list[bytes], marks: list[bytes], number: int, zipped: bool) -> bytes:
    """Return the mutant with this number of one of several good files."""
    rng = random.Random(number)
    content = bytearray(files[number % len(files)])
    if zipped and number % 3 == 0:
        content = bytearray(_repacked(bytes(content), marks, rng))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8, 30))):
        _change(content, marks, rng)
    return bytes(content)


def _change(content: bytearray, marks: list[bytes], rng: random.Random) -> None:
    """Make one change somewhere."""
    start = rng.randrange(len(content) + 1)
    end = min(len(content), start + rng.choice((1, 2, 5, 20, 200)))
    match rng.randrange(8):
        case 0:
            content[start:end] = bytes(byte ^ (1 << rng.randrange(8)) for byte in content[start:end])
        case 1:
            content[start:end] = rng.randbytes(end - start)
        case 2:
            del content[start:end]
        case 3:
            content[start:start] = content[start:end] * rng.choice((1, 2, 50))
        case 4:
            del content[start:]
        case 5:
            content[start:end] = rng.choice(marks)
        case _:
            content[start:start] = rng.choice(marks)


def _repacked(content: bytes, marks: list[bytes], rng: random.Random) -> bytes:
    """Return a sound zip file with one of its members changed, left out, repeated, or packed otherwise."""
    file = io.BytesIO()
    packing = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", packing) as new:
        chosen = rng.choice(old.namelist())
        for name in old.namelist():
            inner = bytearray(old.read(name))
            if name == chosen:
                _change(inner, [*marks, bytes(20_000_000)], rng)
                name = rng.choice((name, name, name, "../W1.npy", "W1", "W\x1b[31m.npy", "x" * 300))
            new.writestr(name, bytes(inner))
    return file.getvalue()
