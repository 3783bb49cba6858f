"""A fresh process that trains flat out with the window open: how its memory grows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.table import Effort, Row, at_most

_ROOT = Path(__file__).parents[2]


def memory(effort: Effort) -> list[Row]:
    """Read the memory at two times."""
    first, last = effort.memory
    completed = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.memory", str(first), str(last)],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    before, after, epochs = json.loads(completed.stdout.splitlines()[-1])
    what = f"memory after {_time(last)} of training flat out, against after {_time(first)}"
    if before is None:
        return [Row(what, "skipped: unknown on this system")]
    note = f"{before:.0f} MB to {after:.0f} MB, {epochs:,} epochs"
    return [at_most(what, after / before, 1.1, "times", note)]


def _time(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"


def main() -> None:
    """Train for as long as the arguments say, and print the memory at both times."""
    from tests.benchmarks.driven import driven
    from tests.benchmarks.machine import resident
    from tests.benchmarks.training import planar

    first, last = map(float, sys.argv[1:])
    with driven(planar((8, 8), 0)) as driver:
        driver.play()
        driver.run_for(first)
        before = resident()
        driver.run_for(last - first)
        after = resident()
        driver.pause()
        print(json.dumps((before, after, driver.frames[-1].update)))


if __name__ == "__main__":
    main()
