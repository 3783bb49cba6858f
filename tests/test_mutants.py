"""Mutated experiments, tables and weights: each is read, or refused in one sentence, quickly and in little memory.

A sample runs with all tests; ``MUTANTS=2000 python -m pytest -n0 tests/test_mutants.py`` runs them all.
"""

from __future__ import annotations

import os
import tracemalloc
import unicodedata
import warnings
from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest

from sandbox.data import load_data
from sandbox.errors import InputError
from sandbox.experiment import Experiment
from sandbox.experiment.training.weights import load_weights
from tests.mutants import GOOD, SIZES, mutants

COUNT = int(os.environ.get("MUTANTS", "240"))
PART = 80  # files of one test
MOST_SECONDS, MOST_BYTES = 2.0, 300_000_000

READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "experiment": ("x.toml", Experiment.load),
    "table": ("x.csv", lambda path: load_data(file=str(path))),
    "weights": ("x.npz", lambda path: load_weights(path, SIZES)),
}


def test_the_good_files_are_read(tmp_path: Path) -> None:
    for kind, (make, _) in GOOD.items():
        name, read = READERS[kind]
        for content in make():
            (tmp_path / name).write_bytes(content)
            read(tmp_path / name)


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("first", range(0, -(-COUNT // len(READERS)), PART))
def test_a_mutant_is_read_or_refused_in_one_sentence(tmp_path: Path, kind: str, first: int) -> None:
    name, read = READERS[kind]
    path = tmp_path / name
    last = min(first + PART, -(-COUNT // len(READERS)))
    for number, content in zip(range(first, last), mutants(kind, range(first, last)), strict=True):
        path.write_bytes(content)
        tracemalloc.start()
        begun, said = process_time(), None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                read(path)
        except InputError as error:
            said = str(error)
        except BaseException as error:
            pytest.fail(f"{kind} {number}: {error!r}")
        finally:
            seconds, most = process_time() - begun, tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert seconds < MOST_SECONDS and most < MOST_BYTES, (number, seconds, most, said)
        if said is not None:
            assert not {"Cc", "Cf", "Cs", "Zl", "Zp"} & set(map(unicodedata.category, said)), (number, said)
            assert said.rstrip()[-1] in ".?" and len(said) <= 2_000, (number, said)
