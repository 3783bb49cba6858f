"""The commands: the window, run, sweep, list, check.

The exit codes are a contract: 0 done; 1 a lane stopped early, or something asked for is missing; 2 bad input,
with one clear message on standard error.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from sandbox import words
from sandbox.cli.check import check_command
from sandbox.cli.console import (
    BAD_INPUT,
    DONE,
    INCOMPLETE,
    PROGRAM,
    Parser,
    give_up_output,
    open_closed_streams,
    print_error,
    say,
)
from sandbox.cli.run import run_command
from sandbox.cli.sweep import sweep_command
from sandbox.cli.window import window_command
from sandbox.data import DATASETS
from sandbox.errors import OUT_OF_MEMORY, InputError, shown
from sandbox.files import reason
from sandbox.lessons import shipped_lessons
from sandbox.nn import ACTIVATIONS, INITIALIZERS, LOSSES, METRICS, OPTIMIZERS

KINDS: dict[str, Callable[[], Mapping[str, Any]]] = {
    "losses": lambda: LOSSES,
    "activations": lambda: ACTIVATIONS,
    "optimizers": lambda: OPTIMIZERS,
    "initializers": lambda: INITIALIZERS,
    "metrics": lambda: METRICS,
    "datasets": lambda: DATASETS,
    "lessons": shipped_lessons,  # read only when they are listed
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # do not fail if the console lacks a character
            stream.reconfigure(errors="replace")
    try:
        return _dispatch(arguments)
    except InputError as error:
        print_error(str(error))
        return BAD_INPUT
    except MemoryError:
        print_error(OUT_OF_MEMORY)
        return BAD_INPUT
    except KeyboardInterrupt:
        print_error("interrupted; nothing was written.")
        return INCOMPLETE
    except BrokenPipeError:  # the reader of the output has closed it
        give_up_output()
        return INCOMPLETE
    except OSError as error:  # of a file that nobody could foresee, such as a temporary one
        where = f"{error.filename}: " if error.filename else ""
        print_error(f"{where}this could not be read or written: {reason(error)}.")
        return BAD_INPUT
    except SystemExit as done:  # argparse, after --help or --version
        return int(done.code or 0)


def _dispatch(arguments: list[str]) -> int:
    name = arguments[0] if arguments else ""
    if name in _COMMANDS:
        return _COMMANDS[name](arguments[1:])
    close = get_close_matches(name, _COMMANDS, n=1)
    if close and name.isalpha() and not os.path.exists(name):
        meant = f"{PROGRAM} {close[0]}"
        raise InputError(f'there is no command and no file "{shown(name)}"; did you mean "{meant}"?')
    return window_command(arguments)


def _list(arguments: list[str]) -> int:
    parser = Parser("list", "List all that can be chosen, one line each.")
    parser.add_argument("kind", metavar="KIND", nargs="?", help=", ".join(KINDS))
    kind = parser.parse_args(arguments).kind
    if kind is not None and kind not in KINDS:
        raise InputError(f'there is no kind "{shown(kind)}"; {words.known_names(kind, KINDS)}.')
    groups = {name: KINDS[name]() for name in ([kind] if kind is not None else KINDS)}
    width = max(len(name) for entries in groups.values() for name in entries)
    for i, (group, entries) in enumerate(groups.items()):
        if kind is None:
            if i:
                say("")
            say(group)
        indent = "  " if kind is None else ""
        for name, entry in entries.items():
            say(f"{indent}{name.ljust(width)}  {entry.summary}")
    return DONE


_COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "run": run_command,
    "sweep": sweep_command,
    "list": _list,
    "check": check_command,
}
