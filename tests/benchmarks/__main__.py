"""Measure, and print the table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from importlib import import_module

from tests.benchmarks import machine
from tests.benchmarks.table import FULL, QUICK, SHORTEST, Effort, Row, written

# function -> module; imported after machine.settle(), since numpy reads its settings when it is imported
GROUPS = {
    "small": "training",
    "whole": "training",
    "sklearn": "training",
    "large": "training",
    "lanes": "lanes",
    "replicas": "lanes",
    "sweep": "lanes",
    "speed": "window",
    "control": "window",
    "points": "window",
    "frames": "window",
    "lenses": "window",
    "equations": "window",
    "catch_up": "window",
    "six_lanes": "window",
    "looks": "window",
    "presenting": "window",
    "start": "start",
    "network": "network",
    "memory": "memory",
}


def measure(name: str, effort: Effort) -> list[Row]:
    """Return the rows of one group."""
    group: Callable[[Effort], list[Row]] = getattr(import_module(f"tests.benchmarks.{GROUPS[name]}"), name)
    return group(effort)


def main() -> int:
    """Measure and print the table; return 0 even if a goal is missed."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure how fast the program is.")
    parser.add_argument("--quick", action="store_true", help="shorter and less exact")
    parser.add_argument("--shortest", action="store_true", help="only check that all of it runs")
    parser.add_argument("--only", metavar="NAME", action="append", choices=GROUPS, help=", ".join(GROUPS))
    options = parser.parse_args()
    machine.settle("tests.benchmarks")
    effort = SHORTEST if options.shortest else QUICK if options.quick else FULL
    rows: list[Row] = []
    with machine.display() as where:
        described = machine.described(where)
        for name in options.only or GROUPS:
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            rows += measure(name, effort)
    print(f"\n{written(rows)}\n\n{described}")
    if options.quick or options.shortest:
        print("Measured in a hurry, and the memory over a shorter time than in a full run.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
