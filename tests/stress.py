"""End the real window again and again by every signal, at any moment: make stress ARGS="--times 100"

Each time the program starts in a process of its own, under Xvfb, changes a setting, trains, sweeps and draws. After the
signal its exit code, the work it kept, what it said and the processes it left are checked. Some more are ended while
they still start, before there is anything to keep.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.driven import DrivenProgram
from tests.processes import SIGNALS, heed_signals, virtual_display

_LATEST = 0.6  # seconds after it is ready; many frames, and the start of the workers of a sweep
_START = 0.1, 2.0  # seconds in which Python itself has started, and the program
_LONGEST = 5.0  # seconds from the signal to the end, on a busy machine
_AT_ONCE = 2  # programs


@dataclass(frozen=True)
class Ending:
    """One ending: by which signal, so many seconds after it is ready or, if early, after its start."""

    number: signal.Signals
    seconds: float
    early: bool

    @property
    def kind(self) -> str:
        """What is counted together."""
        return f"{self.number.name} {'while it starts' if self.early else 'while it trains, sweeps and draws'}"


def endings(times: int, early: int, seed: int) -> Iterator[Ending]:
    """Yield so many endings by each signal, and so many early ones."""
    chance = random.Random(seed)
    for turn in range(max(times, early)):
        for number in SIGNALS:
            if turn < times:
                yield Ending(number, chance.uniform(0.0, _LATEST), early=False)
            if turn < early:
                yield Ending(number, chance.uniform(*_START), early=True)


def faults(ending: Ending, folder: Path, display: dict[str, str]) -> list[str]:
    """Start and end the program; return what was wrong."""
    module = "sandbox" if ending.early else "tests.driven"
    with DrivenProgram(folder, "train", "sweep", module=module, **display) as program:
        if not ending.early:
            program.wait_until_ready()
        time.sleep(ending.seconds)
        sent = time.monotonic()
        program.send(ending.number, everyone=ending.number != signal.SIGTERM)  # as a terminal does
        code, output = program.end()
        seconds = time.monotonic() - sent
        expected = {128 + ending.number, -ending.number} if ending.early else {128 + ending.number}
        ready = program.reached
        said = program.errors.replace(f"ready {ready}\n", "")
        checks = {
            f"exit code {code}": code in expected,
            f"took {seconds:.1f} s": seconds < _LONGEST,
            f"said {said + output!r}": not said + output,
            "a process left": program.is_gone(),
            f"kept {program.kept()} of {ready} updates": ending.early or program.is_kept(),
        }
    return [fault for fault, right in checks.items() if not right]


def main() -> int:
    """Print how many endings of each kind were right; return 1 if any was not."""
    parser = argparse.ArgumentParser(prog="make stress", description="End the window by every signal.")
    parser.add_argument("--times", type=int, default=10, help="by each signal (default: 10; some minutes for 100)")
    parser.add_argument("--early", type=int, default=5, help="by each signal while it starts (default: 5)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default: 1)")
    options = parser.parse_args()
    heed_signals()
    done: Counter[str] = Counter()
    right: Counter[str] = Counter()
    with (
        virtual_display() as (_, display),
        tempfile.TemporaryDirectory() as home,
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):

        def run(number: int, ending: Ending) -> tuple[Ending, list[str]]:
            try:
                return ending, faults(ending, Path(home) / str(number), display)
            except (AssertionError, subprocess.TimeoutExpired) as error:
                return ending, [str(error)]

        for ending, found in pool.map(
            run, *zip(*enumerate(endings(options.times, options.early, options.seed)), strict=True)
        ):
            done[ending.kind] += 1
            right[ending.kind] += not found
            for fault in found:
                print(f"{ending}: {fault}", flush=True)
    for kind, count in sorted(done.items()):
        print(f"{right[kind]} of {count} right: {kind}")
    return int(right != done)


if __name__ == "__main__":
    sys.exit(main())
