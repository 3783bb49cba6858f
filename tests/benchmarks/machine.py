"""The machine that is measured on: the same settings for all runs, a display, and a line that describes it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from sandbox.display import display_problem, library_problem

_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_TUNED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # would make BLAS different from the one that users have


def settle(module: str) -> None:
    """Restart with one BLAS thread and nothing tuned, if necessary: numpy reads this when it is imported."""
    environment = {name: value for name, value in os.environ.items() if name not in _TUNED} | dict.fromkeys(
        _THREADS, "1"
    )
    if environment == dict(os.environ):
        return
    completed = subprocess.run([sys.executable, "-m", module, *sys.argv[1:]], env=environment, check=False)
    sys.exit(completed.returncode)


@contextmanager
def display() -> Iterator[str]:
    """Provide a display for the windows and yield its name: the existing one, else Xvfb, else memory."""
    chosen = os.environ.get("QT_QPA_PLATFORM")
    if chosen:
        yield f"QT_QPA_PLATFORM={chosen}"
        return
    if sys.platform in ("darwin", "win32"):
        yield "the desktop"
        return
    if display_problem() is None:
        name = "WAYLAND_DISPLAY" if os.environ.get("WAYLAND_DISPLAY") else "DISPLAY"
        yield f"{name}={os.environ.get(name, '')}"
        return
    server = shutil.which("Xvfb")
    if server is None or library_problem("xcb") is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        yield "none: Qt drew into memory (offscreen)"
        return
    reading, writing = os.pipe()
    command = [server, "-displayfd", str(writing), "-screen", "0", "1920x1080x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL) as process:
        os.close(writing)
        try:
            with os.fdopen(reading) as pipe:
                number = pipe.readline().strip()
            if number:
                os.environ["DISPLAY"] = f":{number}"
                yield "Xvfb 1920x1080, started for this"
            else:
                os.environ["QT_QPA_PLATFORM"] = "offscreen"
                yield "none: Xvfb did not start, so Qt drew into memory (offscreen)"
        finally:
            process.terminate()


def missing(package: str) -> str | None:
    """Return why a package cannot be compared with, or None if it can."""
    names = {"sklearn": "scikit-learn", "torch": "PyTorch"}
    return None if find_spec(package) else f"{names[package]} is not installed"


def described(where: str) -> str:
    """Return the machine and the versions in one line."""
    packages = ("numpy", "PySide6-Essentials", "pyqtgraph", "torch", "scikit-learn")
    versions = ", ".join(f"{name} {number}" for name in packages if (number := _version(name)))
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    parts = (
        f"{_processor()}, {os.cpu_count()} cores",
        f"{_system()}, Python {platform.python_version()}",
        versions,
        load,
        f"display: {where}",
    )
    return "; ".join(filter(None, parts))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform(terse=True)


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def resident() -> float | None:
    """Return the memory of this process in MB, or None if unknown."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, ValueError):
        pass
    try:
        completed = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(os.getpid())], capture_output=True, text=True, check=True
        )
        return float(completed.stdout) * 1024 / 1e6
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
