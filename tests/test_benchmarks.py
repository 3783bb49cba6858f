"""Every group of benchmarks runs once, as briefly as possible, so that they do not rot."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from tests.benchmarks.__main__ import GROUPS, measure
from tests.benchmarks.machine import described
from tests.benchmarks.table import SHORTEST, at_least, at_most, skipped, written

IN_THIS_PROCESS = [name for name, module in GROUPS.items() if module in ("training", "lanes", "window", "network")]


@pytest.mark.parametrize("name", IN_THIS_PROCESS)
def test_every_group_has_rows(name: str, qtbot: QtBot) -> None:
    rows = measure(name, SHORTEST)
    assert rows
    assert all(row.what and row.measured for row in rows)


def test_the_table_says_which_targets_are_met() -> None:
    rows = [at_least("a", 8.0, 8.0), at_least("b", 7.9, 8.0), at_most("c", 51.0, 50.0, "ms"), skipped("d", "not here")]
    assert [row.ok for row in rows] == [True, False, False, None]
    lines = written(rows).splitlines()
    assert [line.split("|")[4].strip() for line in lines[2:]] == ["ok", "MISS", "MISS", ""]
    assert "7.9 times" in lines[3]
    assert len({len(line) for line in lines}) == 1


def test_the_machine_is_named() -> None:
    text = described("a screen")
    assert "cores" in text
    assert "numpy" in text
    assert text.endswith("a screen")
