"""The window, and pictures of it."""

from __future__ import annotations

import argparse
import os
from contextlib import suppress
from pathlib import Path

import sandbox
from sandbox.cli.console import (
    DONE,
    PROGRAM,
    Parser,
    use_offscreen,
    whole_number,
)
from sandbox.display import display_problem, library_problem
from sandbox.errors import InputError, shown
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.settings import MOST_EPOCHS
from sandbox.files import check_writable, draft_path, reason, remove_old_drafts
from sandbox.lessons import lesson_folder, read_lesson

_WINDOW_SIZE = (1400, 900)


SMALLEST, LARGEST = (880, 480), (8000, 8000)  # width and height of a screenshot; the window gets no smaller


_ABOUT = "Open the window: see how the loss function decides what a network learns."


_COMMANDS_HELP = f"""commands:
  {PROGRAM} run FILE      train without a display; write history, weights and pictures
  {PROGRAM} sweep FILE    run an experiment over a grid of settings, on all cores
  {PROGRAM} list [KIND]   list the losses, activations, data sets, ...
  {PROGRAM} check         compare this installation with published numbers
  Each has its own --help. If a FILE has the name of a command, give its folder too: ./run

exit codes:
  0  done
  1  a lane stopped early, a check failed, or something asked for could not be done
  2  bad input: one message says what"""


def window_command(arguments: list[str]) -> int:
    parser = Parser("", _ABOUT, _COMMANDS_HELP)
    parser.add_argument("file", metavar="FILE", nargs="?", type=Path, help="an experiment or a lesson to open")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {sandbox.__version__}")
    group = parser.add_argument_group("draw the window into a picture; needs no display")
    group.add_argument("--screenshot", metavar="PNG", type=Path, help="the picture to write")
    group.add_argument("--size", metavar="WxH", type=_size, help="in pixels (default: 1400x900)")
    group.add_argument("--theme", choices=("light", "dark"), help="(default: light)")
    group.add_argument(
        "--after", metavar="EPOCHS", type=whole_number(0, MOST_EPOCHS), help="epochs to train first (default: 0)"
    )
    options = parser.parse_args(arguments)
    if options.screenshot is None:
        for option in ("size", "theme", "after"):
            if getattr(options, option) is not None:
                parser.error(f"--{option} needs --screenshot")
    experiment, lesson = None, None
    if options.file is not None:
        lesson = lesson_folder(options.file)
        experiment = Experiment.load(options.file) if lesson is None else read_lesson(lesson).first
        Trainer(experiment)  # report bad data or weights here, not in a window
    if options.screenshot is not None:
        return _screenshot(options, experiment, lesson)
    problem = display_problem()
    if problem is not None:
        raise InputError(problem)
    from sandbox.ui.app import run_window

    return run_window(experiment, options.file) if lesson is None else run_window(path=options.file, lesson=lesson)


def _size(text: str) -> tuple[int, int]:
    parts = text.lower().split("x")
    if len(parts) == 2 and all(part.isdecimal() and len(part) < 6 for part in parts):
        width, height = int(parts[0]), int(parts[1])
        if SMALLEST[0] <= width <= LARGEST[0] and SMALLEST[1] <= height <= LARGEST[1]:
            return width, height
    least, most = ("x".join(map(str, ends)) for ends in (SMALLEST, LARGEST))
    raise argparse.ArgumentTypeError(f'"{shown(text)}" is not a size such as 1400x900, from {least} to {most} pixels')


def _screenshot(options: argparse.Namespace, experiment: Experiment | None, lesson: Path | None) -> int:
    png: Path = options.screenshot
    check_writable(png, "the name of a picture")
    if not os.path.isdir(png.absolute().parent):
        raise InputError(f"{png}: there is no such folder to write the picture into.")
    use_offscreen()
    problem = library_problem("offscreen")
    if problem is not None:
        raise InputError(problem)
    from sandbox.ui.app import screenshot

    remove_old_drafts(png.parent)
    draft = draft_path(png.parent, ".png")
    size, theme = options.size or _WINDOW_SIZE, options.theme or "light"
    try:
        draft.touch()  # so that a folder that cannot be written into is known before anything is trained
        screenshot(experiment, draft, size, theme, options.after or 0, lesson)
        os.replace(draft, png)
    except OSError as error:
        raise InputError(f"{png}: the picture cannot be written: {reason(error)}.") from None
    finally:
        with suppress(OSError):  # replaced, or never written
            draft.unlink()
    return DONE
