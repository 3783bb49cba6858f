"""A fresh process that trains flat out with the window open: how its memory grows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.table import Effort, Row, at_most

_ROOT = Path(__file__).parents[2]


def memory(effort: Effort) -> list[Row]:
    """Read the memory twice."""
    first, last = effort.memory
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.memory", str(first), str(last)],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    before, after, epochs = json.loads(done.stdout.splitlines()[-1])
    what = f"memory after {_time(last)} of training flat out, against after {_time(first)}"
    if before is None:
        return [Row(what, "skipped: this system does not tell")]
    note = f"{before:.0f} MB to {after:.0f} MB, {epochs:,} epochs"
    return [at_most(what, after / before, 1.1, "times", note)]


def _time(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"


def main() -> None:
    """Train for as long as the arguments say, and tell the memory at both times."""
    from tests.benchmarks.driven import driven
    from tests.benchmarks.machine import resident
    from tests.benchmarks.training import planar

    first, last = map(float, sys.argv[1:])
    with driven(planar((8, 8), 0)) as driver:
        driver.play()
        driver.live(first)
        before = resident()
        driver.live(last - first)
        after = resident()
        driver.pause()
        print(json.dumps((before, after, driver.frames[-1].update)))


if __name__ == "__main__":
    main()
